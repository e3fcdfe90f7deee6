//! What `DescribeJobs` says of jobs, arrays, children and nodes. Source: `API:JobDetail`.

use serde_json::{Value, json};

use crate::is;
use crate::world::{World, ms};

#[test]
fn a_job_is_told_with_its_attempts() {
    let mut world = World::new();
    let job = world.submit(&[("/retryStrategy", json!({ "attempts": 2 })), ("/parameters", json!({ "a": "b" }))]);
    assert_eq!(world.describe(&job)["status"], "SUBMITTED");
    world.until(5);
    world.running(&job);
    world.until(9);
    world.exited(&job, 3);
    world.until(12);
    world.running(&job);
    let told = world.describe(&job);
    let arn = |part: &str| format!("arn:aws:batch:us-east-1:123456789012:{part}");
    assert_eq!(told["jobArn"], arn("job/0-0"));
    assert_eq!(told["jobQueue"], arn("job-queue/q"));
    assert_eq!(told["jobDefinition"], arn("job-definition/d:1"));
    assert_eq!((&told["jobName"], &told["status"]), (&json!("j"), &json!("RUNNING")));
    assert_eq!((&told["createdAt"], &told["startedAt"]), (&json!(ms(0)), &json!(ms(12))));
    assert_eq!(told.get("stoppedAt"), None);
    assert_eq!(told["retryStrategy"]["attempts"], 2);
    assert_eq!(told["parameters"], json!({ "a": "b" }));
    let attempt = json!({ "container": { "exitCode": 3, "reason": "Error" }, "startedAt": ms(5), "stoppedAt": ms(9),
        "statusReason": "Essential container in task exited" });
    assert_eq!(told["attempts"], json!([attempt]));
    let pod = &told["eksAttempts"][0];
    assert_eq!(
        (&pod["podNamespace"], &pod["eksClusterArn"]),
        (&json!("jobs"), &json!("arn:aws:eks:us-east-1:1:cluster/e"))
    );
    assert_eq!(pod["containers"][0]["exitCode"], 3);
    assert_eq!(told["eksProperties"]["podProperties"]["containers"][0]["image"], "i");
    assert_eq!(told["eksProperties"]["podProperties"]["nodeName"], pod["nodeName"]);
    assert_eq!((&told["isCancelled"], &told["isTerminated"]), (&json!(false), &json!(false)));
}

// `API:DescribeJobsRequest`.
#[test]
fn one_call_names_a_hundred_jobs_and_unknown_ones_are_passed_over() {
    let mut world = World::new();
    let job = world.submit(&[]);
    let ids = |count| vec![job.clone(); count];
    assert_eq!(world.batch.describe_jobs(&ids(100), &world.log).expect("an answer").len(), 100);
    let message = "101 names in one call, but AWS Batch takes 100";
    is(world.batch.describe_jobs(&ids(101), &world.log), "/jobs", message);
    for unknown in ["0-9", "elsewhere", "0-0:1", "0-0#0", "0-0#x"] {
        assert_eq!(world.describe(unknown), Value::Null, "{unknown}");
    }
}

// `API:ArrayPropertiesDetail`: size and children by state for the array, the index for a child.
#[test]
fn an_array_counts_its_children() {
    let mut world = World::new();
    let first = world.submit(&[]);
    let after = json!([{ "jobId": first }]);
    let array = world.submit(&[("/arrayProperties", json!({ "size": 3 })), ("/dependsOn", after.clone())]);
    world.until(2);
    assert_eq!(world.describe(&array)["dependsOn"], after);
    world.running(&first);
    world.succeeded(&first);
    world.until(4);
    world.running("0-1:0");
    let summary = json!({ "SUBMITTED": 0, "PENDING": 0, "RUNNABLE": 1, "STARTING": 1, "RUNNING": 1, "SUCCEEDED": 0,
        "FAILED": 0 });
    let told = world.describe(&array);
    assert_eq!(told["arrayProperties"], json!({ "size": 3, "statusSummary": summary }));
    assert_eq!((&told["status"], &told["eksAttempts"]), (&json!("PENDING"), &json!([])));
    let child = world.describe("0-1:1");
    assert_eq!((&child["jobId"], &child["status"]), (&json!("0-1:1"), &json!("STARTING")));
    assert_eq!(child["arrayProperties"], json!({ "index": 1 }));
}

// `API:NodeDetails`: a node is `id#index`.
#[test]
fn a_multi_node_job_has_nodes() {
    let mut world = World::new();
    world.launch_three();
    let job = world.submit(&[("/jobDefinition", json!("many")), ("/jobQueue", json!("managed"))]);
    world.until(2);
    // The other nodes follow when the main node runs.
    world.running("0-0#1");
    world.until(3);
    world.running("0-0#0");
    world.until(4);
    world.exited("0-0#0", 7);
    let told = world.describe(&job);
    assert_eq!((&told["status"], &told["nodeProperties"]["numNodes"]), (&json!("RUNNING"), &json!(3)));
    assert_eq!(told["nodeProperties"]["nodeRangeProperties"][0]["targetNodes"], "0:2");
    assert_eq!((told.get("eksProperties"), &told["attempts"]), (None, &json!([])));
    let main = world.describe("0-0#1");
    assert_eq!((&main["jobId"], &main["status"]), (&json!("0-0#1"), &json!("RUNNING")));
    assert_eq!(main["nodeDetails"], json!({ "nodeIndex": 1, "isMainNode": true }));
    assert_eq!(main["eksProperties"]["podProperties"]["containers"][0]["image"], "i");
    let other = world.describe("0-0#0");
    assert_eq!((&other["status"], &other["stoppedAt"]), (&json!("FAILED"), &json!(ms(4))));
    assert_eq!(other["attempts"][0]["container"]["exitCode"], 7);
    assert_eq!(world.describe("0-0#3"), Value::Null);
}

// `API:CancelJobRequest`, `API:TerminateJobRequest`: the reason is what later answers say.
#[test]
fn whoever_ends_a_job_gives_its_status_reason() {
    let mut world = World::new();
    let running = world.submit(&[]);
    let array = world.submit(&[("/arrayProperties", json!({ "size": 3 }))]);
    world.until(2);
    world.running(&running);
    world.cancel(&running, "too late to cancel");
    world.cancel("0-1:2", "not this one");
    world.terminate(&running, "stop it");
    world.terminate(&running, "and again");
    world.exited(&running, 137);
    let told = world.describe(&running);
    assert_eq!((&told["status"], &told["statusReason"]), (&json!("FAILED"), &json!("stop it")));
    assert_eq!((&told["isCancelled"], &told["isTerminated"]), (&json!(true), &json!(true)));
    assert_eq!(world.describe("0-1:2")["statusReason"], "not this one");
    world.terminate(&array, "none of them");
    world.exited("0-1:0", 137);
    for job in ["0-1", "0-1:0", "0-1:1"] {
        let told = world.describe(job);
        if told["status"] == "FAILED" {
            assert_eq!(told["statusReason"], "none of them", "{job}");
        }
    }
    assert_eq!(world.describe("0-1:0")["status"], "FAILED");
}

// A reason that ended nothing is not told.
#[test]
fn a_request_that_came_too_late_gives_no_reason() {
    let mut world = World::new();
    let job = world.submit(&[]);
    world.until(2);
    world.running(&job);
    world.cancel(&job, "never mind");
    world.exited(&job, 1);
    assert_eq!(world.describe(&job)["statusReason"], "Essential container in task exited");
}
