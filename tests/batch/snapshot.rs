//! What `GetJobQueueSnapshot` shows. Source: `API:GetJobQueueSnapshotResponse`.

use serde_json::{Value, json};

use crate::world::{World, ms};
use crate::{definition, is, ok, read, with};

/// Ids in order, each with the seconds since when it is there.
fn front(snapshot: &Value) -> Vec<(&str, u64)> {
    let place = |job: &Value| (job["earliestTimeAtPosition"].as_u64().expect("a time") - ms(0)) / 1_000;
    let jobs = snapshot["frontOfQueue"]["jobs"].as_array().expect("a list").iter();
    jobs.map(|job| (job["jobArn"].as_str().and_then(|arn| arn.rsplit('/').next()).expect("an ARN"), place(job)))
        .collect()
}

#[test]
fn a_fifo_queue_goes_by_submission() {
    let mut world = World::new();
    ok(world.batch.register_job_definition(&read(large())));
    world.submit(&[]);
    world.submit(&[]);
    world.until(5);
    world.submit(&[("/jobDefinition", json!("large"))]);
    world.submit(&[("/arrayProperties", json!({ "size": 2 }))]);
    world.until(10);
    let snapshot = world.snapshot("q");
    assert_eq!(front(&snapshot), [("0-2", 6), ("0-3:0", 6), ("0-3:1", 6)]);
    assert_eq!(snapshot["frontOfQueue"]["lastUpdatedAt"], ms(10));
    assert_eq!(snapshot["queueUtilization"]["totalCapacityUsage"], json!([{ "capacityUnit": "cpu", "quantity": 2.0 }]));
    world.until(20);
    world.terminate("0-2", "too large");
    assert_eq!(front(&world.snapshot("q")), [("0-3:0", 20), ("0-3:1", 20)], "those behind moved up");
}

/// More than the node has.
fn large() -> Value {
    with(definition("large"), "/eksProperties/podProperties/containers/0/resources/limits/cpu", json!("4"))
}

// `UG:bestpractice6`.
#[test]
fn a_retry_stands_in_front() {
    let mut world = World::new();
    let attempts = [("/retryStrategy", json!({ "attempts": 2 }))];
    for _ in 0..2 {
        world.submit(&attempts);
    }
    world.until(5);
    world.submit(&[]);
    world.until(7);
    assert_eq!(front(&world.snapshot("q")), [("0-2", 6)]);
    world.until(8);
    world.lose_node();
    assert_eq!(front(&world.snapshot("q")), [("0-0", 8), ("0-1", 8), ("0-2", 8)]);
}

// By share usage, then by priority within the share.
#[test]
fn a_fair_share_queue_takes_shares_in_turn() {
    let mut world = World::new();
    let submit = |world: &mut World, share: &str, priority: u32| {
        let fair = ("/jobQueue", json!("fair"));
        world.submit(&[fair, ("/shareIdentifier", json!(share)), ("/schedulingPriorityOverride", json!(priority))])
    };
    submit(&mut world, "A", 0);
    submit(&mut world, "A", 0);
    world.until(2);
    submit(&mut world, "A", 0);
    submit(&mut world, "B", 1);
    submit(&mut world, "B", 9);
    world.until(100);
    let snapshot = world.snapshot("fair");
    let ids: Vec<_> = front(&snapshot).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids[0], "0-4", "B used nothing yet, and its job of higher priority goes first: {ids:?}");
    assert_eq!(ids.len(), 3);
    assert_eq!(world.snapshot("fair"), snapshot, "asking changes nothing");
    let shares = &snapshot["queueUtilization"]["fairshareUtilization"];
    assert_eq!(shares["activeShareCount"], 1);
    assert_eq!(shares["topCapacityUtilization"][0]["shareIdentifier"], "A");
}

#[test]
fn a_hundred_jobs_are_shown_of_a_queue_that_exists() {
    let mut world = World::new();
    world.submit(&[("/arrayProperties", json!({ "size": 200 }))]);
    world.until(2);
    let snapshot = world.snapshot("q");
    let all = front(&snapshot);
    assert_eq!((all.len(), all[0], all[99]), (100, ("0-0:2", 1), ("0-0:101", 1)));
    let unknown = world.batch.get_job_queue_snapshot("nowhere", &world.log, |_, _| Vec::new());
    is(unknown, "/jobQueue", "no job queue is called `nowhere`");
}
