//! What `ListJobs` lists. Source: `API:ListJobsRequest`.

use serde_json::{Value, json};
use windtunnel::batch::ListJobs;

use crate::world::{World, ms};
use crate::{is, ok, read};

/// Jobs 0-0 (`Fetch`, RUNNING), 0-1 (`fetch-all`, STARTING) and 0-2 (`sum`, of definition `d2`, RUNNABLE), ten seconds apart.
fn three() -> World {
    let mut world = World::new();
    ok(world.batch.register_job_definition(&read(crate::definition("d2"))));
    world.submit(&[("/jobName", json!("Fetch"))]);
    world.until(10);
    world.running("0-0");
    world.submit(&[("/jobName", json!("fetch-all"))]);
    world.until(20);
    world.submit(&[("/jobName", json!("sum")), ("/jobDefinition", json!("d2"))]);
    world.until(30);
    world
}

fn filter(name: &str, value: impl Into<Value>) -> Value {
    json!({ "jobQueue": "q", "filters": [{ "name": name, "values": [value.into()] }] })
}

#[test]
fn running_jobs_are_listed_unless_a_status_is_given() {
    let world = three();
    assert_eq!(world.list(json!({ "jobQueue": "q" })), ["0-0"]);
    assert_eq!(world.list(json!({ "jobQueue": "q", "jobStatus": "STARTING" })), ["0-1"]);
    assert_eq!(world.list(json!({ "jobQueue": "q", "jobStatus": "RUNNABLE" })), ["0-2"]);
    assert_eq!(world.list(json!({ "jobQueue": "fair", "jobStatus": "RUNNABLE" })), [""; 0]);
}

#[test]
fn a_summary_is_as_aws_writes_it() {
    let summary = serde_json::to_value(&three().summaries(json!({ "jobQueue": "q" }))[0]).expect("JSON");
    let expected = json!({
        "jobArn": "arn:aws:batch:us-east-1:123456789012:job/0-0", "jobId": "0-0", "jobName": "Fetch",
        "capacityUsage": [{ "capacityUnit": "cpu", "quantity": 1.0 }], "createdAt": ms(0), "scheduledAt": ms(1),
        "startedAt": ms(10), "status": "RUNNING",
        "jobDefinition": "arn:aws:batch:us-east-1:123456789012:job-definition/d:1" });
    assert_eq!(summary, expected);
}

#[test]
fn a_filter_lists_jobs_of_any_status_the_latest_first() {
    let world = three();
    let some = |name: &str, value: &str| world.list(filter(name, value));
    assert_eq!(some("JOB_NAME", "fetch"), ["0-0"]);
    assert_eq!(some("JOB_NAME", "FETCH*"), ["0-1", "0-0"]);
    assert_eq!(some("JOB_DEFINITION", "d"), ["0-1", "0-0"]);
    assert_eq!(some("JOB_DEFINITION", "d*"), ["0-2", "0-1", "0-0"]);
    assert_eq!(some("JOB_DEFINITION", "D"), [""; 0]);
    let arn = "arn:aws:batch:us-east-1:123456789012:job-definition/d2:1";
    assert_eq!(some("JOB_DEFINITION", arn), ["0-2"]);
    assert_eq!(some("JOB_DEFINITION", &arn.replace(":1", ":2")), [""; 0]);
    assert_eq!(some("BEFORE_CREATED_AT", &ms(10).to_string()), ["0-0"]);
    assert_eq!(some("AFTER_CREATED_AT", &ms(10).to_string()), ["0-2"]);
    let with_status =
        json!({ "jobQueue": "q", "jobStatus": "FAILED", "filters": filter("JOB_NAME", "sum")["filters"] });
    assert_eq!(world.list(with_status), ["0-2"], "the status counts for nothing");
}

#[test]
fn a_share_goes_with_a_status() {
    let mut world = World::new();
    for share in ["A", "A", "B", "A"] {
        world.submit(&[("/jobQueue", json!("fair")), ("/shareIdentifier", json!(share))]);
    }
    world.until(2);
    let of_share = |status: Option<&str>| {
        let filters = json!([{ "name": "SHARE_IDENTIFIER", "values": ["A"] }]);
        world.list(json!({ "jobQueue": "fair", "jobStatus": status, "filters": filters }))
    };
    assert_eq!(of_share(None), ["0-3", "0-1", "0-0"]);
    let (starting, runnable) = (of_share(Some("STARTING")), of_share(Some("RUNNABLE")));
    assert_eq!((starting, runnable), (ids(&["0-0"]), ids(&["0-3", "0-1"])));
}

fn ids(all: &[&str]) -> Vec<String> {
    all.iter().map(|&id| id.to_owned()).collect()
}

#[test]
fn children_and_nodes_are_listed_by_their_job() {
    let mut world = World::new();
    world.launch_three();
    let many = world.submit(&[("/jobDefinition", json!("many")), ("/jobQueue", json!("managed"))]);
    let array = world.submit(&[("/arrayProperties", json!({ "size": 3 }))]);
    world.until(2);
    world.running("0-0#1");
    let children = |status: &str| world.list(json!({ "arrayJobId": array, "jobStatus": status }));
    assert_eq!((children("STARTING"), children("RUNNABLE")), (ids(&["0-1:0", "0-1:1"]), ids(&["0-1:2"])));
    assert_eq!(world.list(json!({ "arrayJobId": array })), [""; 0]);
    assert_eq!(world.list(json!({ "jobQueue": "q", "jobStatus": "PENDING" })), ["0-1"], "children are not the queue's");
    let nodes = world.summaries(json!({ "multiNodeJobId": many }));
    let ids: Vec<_> = nodes.iter().map(|node| node.job_id.as_str()).collect();
    assert_eq!(ids, ["0-0#0", "0-0#1", "0-0#2"]);
    let node = serde_json::to_value(&nodes[1]).expect("JSON");
    assert_eq!(node["nodeProperties"], json!({ "isMainNode": true, "nodeIndex": 1, "numNodes": 3 }));
}

#[test]
fn pages_follow_each_other_while_jobs_come_in() {
    let mut world = three();
    let page = |world: &World, token: Option<String>| {
        let filters = json!([{ "name": "JOB_NAME", "values": ["*"] }]);
        let request = json!({ "jobQueue": "q", "filters": filters, "maxResults": 2, "nextToken": token });
        world.batch.list_jobs(&read::<ListJobs>(request), &world.log).expect("a page")
    };
    let first = page(&world, None);
    assert_eq!(first.items.iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(), ["0-2", "0-1"]);
    world.submit(&[]);
    let second = page(&world, first.next_token);
    assert_eq!(second.items.iter().map(|job| job.job_id.as_str()).collect::<Vec<_>>(), ["0-0"]);
    assert_eq!(second.next_token, None);
}

#[test]
fn what_is_not_allowed_is_refused() {
    let mut world = World::new();
    world.submit(&[("/arrayProperties", json!({ "size": 3 }))]);
    let said = |request: Value, at: &str, message: &str| {
        is(world.batch.list_jobs(&read::<ListJobs>(request), &world.log), at, message);
    };
    let one = "jobs are listed by exactly one of `jobQueue`, `arrayJobId` and `multiNodeJobId`";
    said(json!({}), "", one);
    said(json!({ "jobQueue": "q", "arrayJobId": "0-0" }), "", one);
    said(json!({ "jobQueue": "nowhere" }), "/jobQueue", "no job queue is called `nowhere`");
    said(json!({ "arrayJobId": "0-5" }), "/arrayJobId", "no job has the id `0-5`");
    said(json!({ "arrayJobId": "0-0:1" }), "/arrayJobId", "`0-0:1` is a child of an array");
    said(json!({ "jobQueue": "q", "maxResults": 1001 }), "/maxResults", "1001 results on a page");
    let filtered = |values: Value| json!({ "jobQueue": "q", "maxResults": 101, "filters": values });
    let by_name = json!({ "name": "JOB_NAME", "values": ["j"] });
    said(filtered(json!([by_name])), "/maxResults", "101 results on a page");
    said(filtered(json!([by_name, by_name])), "/filters", "2 filters in one call, but AWS Batch takes 1");
    let filter = |name: &str, values: Value| filtered(json!([{ "name": name, "values": values }]));
    said(filter("job_name", json!(["j"])), "/filters/0/name", "no filter is called `job_name`");
    said(filter("JOB_NAME", json!([])), "/filters/0/values", "filter `JOB_NAME` has no values");
    said(filter("AFTER_CREATED_AT", json!(["now"])), "/filters/0/values", "`now` is no time");
    let arn = "`arn:aws:batch:x:1:job-definition/d*` is an ARN, and `*` stands at the end of names only";
    said(filter("JOB_DEFINITION", json!(["arn:aws:batch:x:1:job-definition/d*"])), "/filters/0/values", arn);
    said(json!({ "jobQueue": "q", "nextToken": "next" }), "/nextToken", "Invalid nextToken");
}
