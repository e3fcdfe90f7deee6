//! Wrong operations, dependencies, shares, consumable resources and failures.

use serde_json::{Value, json};

use crate::Scenario;

/// The findings about a scenario with these operations.
fn operated(operations: Value) -> Vec<String> {
    Scenario::with(|whole, _, _| {
        whole["workload"][0]["name"] = "work".into();
        whole["workload"][0]["arrivals"] = json!({ "fixed": { "start": "1h", "every": "1m" } });
        whole["operations"] = operations;
    })
    .findings()
}

#[test]
fn operations_are_refused_as_by_aws_batch() {
    let call = |at: &str, name: &str, input: Value| json!({ "at": at, "operation": name, "input": input });
    let cases = [
        (
            call("1h", "DeleteJobQueue", json!({ "jobQueue": "queue" })),
            "/operations/0/input/jobQueue: Cannot delete, `queue` is ENABLED: update it to `\"state\": \"DISABLED\"` before",
        ),
        (
            call("1h", "UpdateComputeEnvironment", json!({ "computeEnvironment": "enviroment" })),
            "/operations/0/input/computeEnvironment: no compute environment is called `enviroment`: did you mean `environment`?",
        ),
        (
            call(
                "1h",
                "UpdateComputeEnvironment",
                json!({ "computeEnvironment": "environment",
                "computeResources": { "desiredvCpus": 2 } }),
            ),
            "/operations/0/input/computeResources/desiredvCpus: AWS Batch does not take it for environments on Amazon EKS: \
             it moves it by itself: remove it; `minvCpus` keeps capacity",
        ),
        (
            call("2h", "CancelJob", json!({ "jobId": "work", "reason": "x" })),
            "/operations/0/input/jobId: `work` is submitted 10 times: name one of them, `0-0` to `0-9`",
        ),
        (
            call("2h", "TerminateJob", json!({ "jobId": "0-10", "reason": "x" })),
            "/operations/0/input/jobId: no job has the id `0-10`: name a job by its id, `entry-index`, or \
             `entry-index:child` for a child of an array",
        ),
        (
            call("1h", "TerminateJob", json!({ "jobId": "0-9", "reason": "x" })),
            "/operations/0/input/jobId: `0-9` is submitted at 1h9m at the earliest, and this comes before that, at 1h: \
             make the call later",
        ),
        (
            call("1h", "SubmitJob", json!({ "jobName": "j", "jobQueue": "queue", "jobDefinition": "definition" })),
            "/operations/0: `runtime` is missing: how long an attempt of the job runs: add `runtime`",
        ),
    ];
    for (operation, message) in cases {
        let said = operated(json!([operation]));
        assert_eq!(said.len(), 1, "{}", said.join("\n"));
        assert!(said[0].starts_with("scenario.json:") && said[0].ends_with(message), "{}\n{message}", said[0]);
    }
}

#[test]
fn an_operations_input_is_held_against_its_own_schema() {
    let said = operated(json!([
        { "at": "1h", "operation": "UpdateJobQueu", "input": { "nonsense": 1 } },
        { "at": "later", "operation": "DeleteJobQueue", "input": { "jobQueu": "queue" } },
        { "at": "1h", "operation": "CancelJob", "input": { "jobId": "0-0", "reason": "x" }, "runtime": { "constant": "1m" } }
    ]));
    assert_eq!(said.len(), 4, "{}", said.join("\n"));
    assert!(
        said[0].contains("/operations/0/operation: `UpdateJobQueu` is not known here: did you mean `UpdateJobQueue`?")
    );
    assert!(said[1].contains("/operations/1/at: `later` is no span of time"), "{}", said[1]);
    assert!(said[2].ends_with("/operations/1/input/jobQueu: unknown field `jobQueu`: write `jobQueue`"), "{}", said[2]);
    assert!(said[3].ends_with("/operations/2/runtime: `runtime` goes with `SubmitJob` only: remove it"), "{}", said[3]);
}

#[test]
fn dependencies_lead_back_in_time() {
    let said = |change: fn(&mut Value)| {
        Scenario::with(|whole, _, _| {
            let mut after = whole["workload"][0].clone();
            whole["workload"][0]["name"] = "before".into();
            whole["workload"][0]["arrivals"] = json!({ "fixed": { "every": "1m" } });
            after["arrivals"] = json!({ "fixed": { "every": "1m" } });
            after["submit"]["dependsOn"] = json!([{ "jobId": "before" }]);
            whole["workload"].as_array_mut().expect("a list").push(after);
            change(whole);
        })
        .finding()
    };
    let at = "/workload/1/submit/dependsOn/0/jobId";
    let later = said(|whole| whole["workload"][0]["arrivals"] = json!({ "fixed": { "start": "1h" } }));
    let message = "`before` is submitted at 1h, and the job that depends on it before that, at 0s: submit first what is waited for";
    assert!(later.ends_with(&format!("{at}: {message}")), "{later}");
    let more = said(|whole| whole["workload"][1]["count"] = 7.into());
    assert!(more.contains(&format!("{at}: `before` is submitted 10 times, and this entry 7 times")), "{more}");
    let unknown = said(|whole| whole["workload"][1]["submit"]["dependsOn"][0]["jobId"] = "befor".into());
    assert!(unknown.ends_with(&format!("{at}: no job is called `befor`: did you mean `before`?")), "{unknown}");
    let itself = said(|whole| whole["workload"][1]["submit"]["dependsOn"][0]["jobId"] = "1-0".into());
    assert!(itself.contains("`1-0` is of the entry itself"), "{itself}");
    let array = said(|whole| {
        whole["workload"][1]["submit"]["dependsOn"][0]["type"] = "N_TO_N".into();
        whole["workload"][1]["submit"]["arrayProperties"] = json!({ "size": 5 });
    });
    assert!(array.contains("`N_TO_N` is between arrays of one size, but `0-0` is no array"), "{array}");
}

#[test]
fn shares_policies_and_resources_are_held_together() {
    let said = |change: fn(&mut Value)| Scenario::with(|whole, _, _| change(whole)).finding();
    let policy = said(|whole| {
        whole["jobQueues"][0]["schedulingPolicyArn"] = "fair".into();
        whole["workload"][0]["submit"]["shareIdentifier"] = "A".into();
    });
    assert!(
        policy.ends_with(
            "/jobQueues/0/schedulingPolicyArn: no scheduling policy is called `fair`: create a scheduling policy first"
        ),
        "{policy}"
    );
    let share = said(|whole| whole["workload"][0]["submit"]["shareIdentifier"] = "A".into());
    assert!(share.contains("/workload/0/submit/shareIdentifier: queue `queue` is FIFO"), "{share}");
    let resource = said(|whole| {
        whole["workload"][0]["submit"]["consumableResourcePropertiesOverride"] =
            json!({ "consumableResourceList": [{ "consumableResource": "license", "quantity": 1 }] });
    });
    assert!(resource.contains("no consumable resource is called `license`"), "{resource}");
    let overlap = said(|whole| {
        whole["schedulingPolicies"] = json!([{ "name": "p", "fairsharePolicy": { "shareDistribution": [
            { "shareIdentifier": "A*" }, { "shareIdentifier": "A1" }] } }]);
    });
    assert!(
        overlap.contains("/schedulingPolicies/0/fairsharePolicy/shareDistribution/1/shareIdentifier: `A1` overlaps"),
        "{overlap}"
    );
}

#[test]
fn failures_say_what_goes_wrong_and_how_often() {
    let said = |failures: Value| Scenario::with(|whole, _, _| whole["workload"][0]["failures"] = failures).finding();
    let sum = said(json!([{ "probability": 0.75, "exitCode": 1 }, { "probability": 0.5, "reason": "volume" }]));
    assert!(
        sum.ends_with(
            "/failures: the probabilities, with `failureProbability`, add up to 1.25: let them add up to 1 at most"
        ),
        "{sum}"
    );
    let silent = said(json!([{ "probability": 0.5 }]));
    assert!(silent.ends_with("/failures/0: it does not say what goes wrong: add `exitCode` or `reason`"), "{silent}");
    let word = said(json!([{ "probability": 0.5, "reason": "oomkilled" }]));
    assert!(word.contains("/failures/0/reason: `oomkilled` is not known here: did you mean `OOMKilled`?"), "{word}");
}
