//! Scheduling policies and the shares that they weigh.

use serde_json::json;
use windtunnel::ids::ShareId;
use windtunnel::scheduler::{Event, FairShare, ShareWeight};
use windtunnel::units::SimDuration;

use crate::{Account, account, events, is, ok, queue, read, submission, with};

const ARN: &str = "arn:aws:batch:us-east-1:123456789012:scheduling-policy/p";

/// Queue `fair` with policy `p`: shares with prefix A weigh 0.5, B weighs 2.
fn fair() -> Account {
    let mut batch = account();
    let policy = json!({ "name": "p", "fairsharePolicy": { "shareDecaySeconds": 3600, "computeReservation": 25,
        "shareDistribution": [{ "shareIdentifier": "A*", "weightFactor": 0.5 },
            { "shareIdentifier": "B", "weightFactor": 2.0 }] } });
    ok(batch.create_scheduling_policy(&read(policy)));
    ok(batch.create_job_queue(&read(with(queue("fair", &["e"]), "/schedulingPolicyArn", json!(ARN)))));
    batch
}

fn share(name: &str) -> serde_json::Value {
    with(with(submission(), "/jobQueue", json!("fair")), "/shareIdentifier", json!(name))
}

/// The fair share that the queue is told to have from here on.
fn told(events: &[Event]) -> Option<&FairShare> {
    events.iter().find_map(|event| match event {
        Event::JobQueueUpdated { spec, .. } => spec.fair_share.as_ref(),
        _ => None,
    })
}

// `UG:fair-share-scheduling`, `API:ShareAttributes`.
#[test]
fn a_share_weighs_from_its_first_submission_on() {
    let mut batch = fair();
    let weight = |share, weight, prefix| ShareWeight { share: ShareId(share), weight, prefix };
    let first = events(batch.prepare_submission(&read(share("A1"))));
    let fair = told(&first).expect("a new share that weighs other than 1");
    assert_eq!((fair.share_decay, fair.compute_reservation), (SimDuration::from_mins(60), 25));
    assert_eq!(fair.weights, [weight(0, 5_000, Some(0))]);
    assert_eq!(told(&events(batch.prepare_submission(&read(share("A1"))))), None, "it is known");
    assert_eq!(told(&events(batch.prepare_submission(&read(share("other"))))), None, "it weighs 1");
    let second = events(batch.prepare_submission(&read(share("B"))));
    let weights = &told(&second).expect("another").weights;
    assert_eq!(weights[..], [weight(0, 5_000, Some(0)), weight(2, 20_000, None)]);
    assert_eq!(batch.names().shares, ["A1", "other", "B"]);
}

// `API:UpdateSchedulingPolicy`: the queues that use it follow.
#[test]
fn an_updated_policy_reaches_its_queues() {
    let mut batch = fair();
    ok(batch.prepare_submission(&read(share("B"))));
    let request = json!({ "arn": ARN, "fairsharePolicy": { "computeReservation": 50 } });
    let updated = events(batch.update_scheduling_policy(&read(request)));
    let fair = told(&updated).expect("a queue uses it");
    assert_eq!((fair.compute_reservation, fair.share_decay), (50, SimDuration::ZERO));
    assert_eq!(fair.weights, [], "the document replaces the one before");
}

// `API:DeleteSchedulingPolicy`: not while a queue uses it.
#[test]
fn a_policy_in_use_stays() {
    let mut batch = fair();
    let delete = read(json!({ "arn": ARN }));
    is(batch.delete_scheduling_policy(&delete), "/arn", "Cannot delete, job queue `fair` uses `p`");
    ok(batch.update_job_queue(&read(json!({ "jobQueue": "fair", "state": "DISABLED" }))));
    ok(batch.delete_job_queue(&read(json!({ "jobQueue": "fair" }))));
    ok(batch.delete_scheduling_policy(&delete));
    is(batch.delete_scheduling_policy(&delete), "/arn", "no scheduling policy is called `p`");
}

// `API:SubmitJobRequest`: mandatory on fair-share queues, refused on others.
#[test]
fn shares_go_with_fair_share_queues() {
    let mut batch = fair();
    let without = with(submission(), "/jobQueue", json!("fair"));
    is(
        batch.prepare_submission(&read(without)),
        "",
        "queue `fair` has a scheduling policy, and a submission to it needs `shareIdentifier`",
    );
    is(
        batch.prepare_submission(&read(with(submission(), "/shareIdentifier", json!("A1")))),
        "/shareIdentifier",
        "queue `q` is FIFO, and AWS Batch takes share identifiers on fair-share queues only",
    );
}
