//! What a user sees of wrong input, through the binary: exit code 2, the file, the line, the pointer and the way out.

mod accounts;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A valid scenario whose documents stand in files of their own, written with one field per line.
struct Scenario {
    folder: TempDir,
}

impl Scenario {
    fn new() -> Self {
        let scenario = Self { folder: tempfile::tempdir().expect("a folder") };
        scenario.write("ce.json", &environment());
        scenario.write("jd.json", &definition());
        scenario.write("scenario.json", &whole());
        scenario
    }

    /// With the documents as they are after a change.
    fn with(change: impl FnOnce(&mut Value, &mut Value, &mut Value)) -> Self {
        let scenario = Self::new();
        let (mut whole, mut environment, mut definition) = (whole(), environment(), definition());
        change(&mut whole, &mut environment, &mut definition);
        scenario.write("ce.json", &environment);
        scenario.write("jd.json", &definition);
        scenario.write("scenario.json", &whole);
        scenario
    }

    fn write(&self, name: &str, value: &Value) {
        self.write_bytes(name, serde_json::to_string_pretty(value).expect("JSON").as_bytes());
    }

    fn write_bytes(&self, name: &str, bytes: &[u8]) {
        fs::write(self.folder.path().join(name), bytes).expect("written");
    }

    fn command(&self) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("windtunnel"));
        command.current_dir(self.folder.path()).env_remove("WINDTUNNEL_TRACES").args(["validate", "scenario.json"]);
        command
    }

    /// What is said of it, one finding a line, file names without folder; the exit code must be 2.
    fn findings(&self) -> Vec<String> {
        let output = self.command().output().expect("it runs");
        let said = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!(output.status.code(), Some(2), "{said}");
        said.lines().skip(1).map(str::to_owned).collect()
    }

    /// The only finding.
    fn finding(&self) -> String {
        let findings = self.findings();
        assert_eq!(findings.len(), 1, "{}", findings.join("\n"));
        findings.into_iter().next().unwrap_or_default()
    }
}

fn whole() -> Value {
    json!({
        "region": "us-east-1",
        "computeEnvironments": [{ "file": "ce.json" }],
        "jobQueues": [{
            "jobQueueName": "queue", "priority": 1,
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "environment" }]
        }],
        "jobDefinitions": [{ "file": "jd.json" }],
        "workload": [{
            "submit": { "jobName": "job", "jobQueue": "queue", "jobDefinition": "definition" },
            "count": 10,
            "arrivals": { "poisson": { "perHour": 60 } },
            "runtime": { "constant": "1m" }
        }]
    })
}

fn environment() -> Value {
    json!({
        "computeEnvironmentName": "environment",
        "type": "MANAGED",
        "eksConfiguration": {
            "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/c",
            "kubernetesNamespace": "jobs"
        },
        "computeResources": {
            "type": "EC2",
            "allocationStrategy": "BEST_FIT_PROGRESSIVE",
            "minvCpus": 0,
            "maxvCpus": 128,
            "instanceTypes": ["m5"]
        }
    })
}

fn definition() -> Value {
    json!({
        "jobDefinitionName": "definition",
        "type": "container",
        "eksProperties": { "podProperties": { "containers": [
            { "image": "i", "resources": { "limits": { "cpu": "1", "memory": "1024Mi" } } }
        ] } }
    })
}

const LIMITS: &str = "/eksProperties/podProperties/containers/0/resources/limits";

fn limits(definition: &mut Value) -> &mut Value {
    definition.pointer_mut(LIMITS).expect("it is there")
}

#[test]
fn a_valid_scenario_is_summed_up() {
    let output = Scenario::new().command().output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "scenario.json is valid: 1 compute environment, 1 job queue, 8 instance types, 0 fixed nodes, 10 jobs in us-east-1\n"
    );
}

#[test]
fn truncated_json_names_line_and_column() {
    let scenario = Scenario::new();
    scenario.write_bytes("scenario.json", b"{\n  \"region\": \"us-east-1\",\n  \"jobQueues\": [");
    let said = scenario.finding();
    assert!(said.starts_with("scenario.json:3: no valid JSON at column 16: EOF"), "{said}");
    assert!(said.ends_with("close what is open"), "{said}");
    scenario.write("scenario.json", &whole());
    scenario.write_bytes("jd.json", b"{\n");
    assert!(scenario.finding().starts_with("jd.json:2: no valid JSON at column 0"), "{}", scenario.finding());
}

#[test]
fn files_that_are_not_there_are_named() {
    let scenario = Scenario::with(|whole, _, _| whole["jobDefinitions"][0]["file"] = "nowhere.json".into());
    let said = scenario.finding();
    assert!(said.contains("/jobDefinitions/0/file: `nowhere.json` can't be read (No such file"), "{said}");
    fs::remove_file(scenario.folder.path().join("scenario.json")).expect("removed");
    assert!(scenario.finding().starts_with("scenario.json: can't be read (No such file"));
}

#[test]
fn wrong_types_say_what_stands_there_and_what_should() {
    let scenario = Scenario::with(|_, environment, definition| {
        environment["computeResources"]["maxvCpus"] = "128".into();
        environment["computeResources"]["instanceTypes"] = "m5".into();
        limits(definition)["cpu"] = 1.into();
    });
    let findings = scenario.findings();
    assert_eq!(
        findings,
        [
            "ce.json:12: /computeResources/maxvCpus: `128` stands where an integer is expected: write it without quotes: `128`",
            "ce.json:13: /computeResources/instanceTypes: `m5` stands where a list is expected: put it in brackets: `[ … ]`",
            "jd.json:11: /eksProperties/podProperties/containers/0/resources/limits/cpu: `1` stands where a string is expected: write it in double quotes: `\"1\"`",
        ]
    );
}

#[test]
fn a_field_one_letter_off_names_the_right_one() {
    let scenario = Scenario::with(|whole, environment, _| {
        let resources = environment["computeResources"].as_object_mut().expect("an object");
        let max = resources.shift_remove("maxvCpus").expect("it is there");
        resources.insert("maxvCpu".to_owned(), max);
        whole["sed"] = 7.into();
    });
    assert_eq!(
        scenario.findings(),
        [
            "ce.json:15: /computeResources/maxvCpu: unknown field `maxvCpu`: write `maxvCpus`",
            "scenario.json:43: /sed: unknown field `sed`: write `seed`",
        ]
    );
}

#[test]
fn resources_follow_the_rules_of_aws_batch() {
    let cases = [
        ("cpu", "0.3", "`0.3` is no multiple of 0.25: write `0.25` or `0.5`", 11),
        ("cpu", "2000m", "`2000m` has the suffix `m`, which AWS Batch does not take: write `2`", 11),
        (
            "memory",
            "1Gi",
            "`1Gi` is no memory quantity that AWS Batch takes: write whole mebibytes with the suffix `Mi`: `1024Mi`",
            12,
        ),
        ("memory", "2Mi", "`2Mi` is less than AWS Batch's least, 4 MiB: write `4Mi` or more", 12),
    ];
    for (resource, quantity, message, line) in cases {
        let scenario = Scenario::with(|_, _, definition| limits(definition)[resource] = quantity.into());
        assert_eq!(scenario.finding(), format!("jd.json:{line}: {LIMITS}/{resource}: {message}"));
    }
}

#[test]
fn more_than_any_type_has_names_the_largest() {
    let scenario = Scenario::with(|_, _, definition| limits(definition)["cpu"] = "200".into());
    let said = scenario.finding();
    assert!(
        said.starts_with(
            "jd.json:9: /eksProperties/podProperties/containers/0/resources: the job asks for 200000m CPU"
        ),
        "{said}"
    );
    assert!(said.contains("of queue `queue` offers: the largest, m5.24xlarge, has 95"), "{said}");
    assert!(said.ends_with("ask for less, or allow larger types in `instanceTypes`"), "{said}");
}

#[test]
fn references_to_nothing_name_the_nearest() {
    let scenario = Scenario::with(|whole, _, _| {
        whole["jobQueues"][0]["computeEnvironmentOrder"][0]["computeEnvironment"] = "enviroment".into();
        whole["workload"][0]["submit"]["jobQueue"] = "other".into();
        whole["workload"][0]["submit"]["jobDefinition"] = "definition:2".into();
        whole["region"] = "us-east-7".into();
    });
    let findings = scenario.findings();
    assert_eq!(findings.len(), 4, "{}", findings.join("\n"));
    assert!(findings[0].starts_with("scenario.json:2: /region: no region is called `us-east-7`"));
    assert!(findings[1].ends_with("no compute environment is called `enviroment`: did you mean `environment`?"));
    assert!(findings[2].ends_with("/workload/0/submit/jobQueue: no job queue is called `other`: known: `queue`"));
    assert!(findings[3].ends_with("job definition `definition` has no revision 2: the latest is `definition:1`"));
}

#[test]
fn rates_probabilities_and_distributions_have_their_ranges() {
    let scenario = Scenario::with(|whole, _, _| {
        let entry = &mut whole["workload"][0];
        entry["arrivals"] = json!({ "poisson": { "perHour": -1 } });
        entry["failureProbability"] = 1.5.into();
        entry["count"] = 0.into();
        entry["runtime"] = json!({ "lognormal": { "median": "5m", "p95": "1m" } });
    });
    let findings = scenario.findings().join("\n");
    for expected in [
        "/workload/0/arrivals/poisson/perHour: `-1` is below",
        "/workload/0/failureProbability: `1.5` is above 1",
        "/workload/0/count: `0` is below 1: write 1 to ",
        "/workload/0/runtime/lognormal/p95: the distribution can't be: its p95 is below its median",
    ] {
        assert!(findings.contains(expected), "{expected}\n{findings}");
    }
}

#[test]
fn unions_speak_of_the_form_that_was_meant() {
    let said = |runtime: Value| Scenario::with(|whole, _, _| whole["workload"][0]["runtime"] = runtime).finding();
    let finding = said(json!({ "lognormal": { "median": "5m" } }));
    assert!(finding.contains("/workload/0/runtime/lognormal: `p95` is missing"), "{finding}");
    let finding = said(json!({ "lognorml": { "median": "5m", "p95": "6m" } }));
    assert!(finding.contains("/workload/0/runtime: unknown form `lognorml`: write `lognormal`"), "{finding}");
    let finding = said(json!("5m"));
    assert!(finding.contains("`5m` stands where an object is expected"), "{finding}");
    let finding = said(json!({ "constant": "5 minuten" }));
    assert!(finding.contains("/runtime/constant: `5 minuten` is no span of time: write it like 90s"), "{finding}");
    let scenario = Scenario::with(|whole, _, _| {
        whole["workload"][0]["arivals"] = whole["workload"][0]["arrivals"].take();
        whole["workload"][0].as_object_mut().expect("an object").remove("arrivals");
    });
    assert!(scenario.finding().ends_with("/workload/0/arivals: unknown field `arivals`: write `arrivals`"));
}

#[test]
fn what_eks_does_not_take_is_told_with_the_reason() {
    let said = |field: &str, value: &str| {
        Scenario::with(|_, environment, _| environment["computeResources"][field] = value.into()).finding()
    };
    assert!(said("type", "FARGATE").ends_with("AWS Batch runs EKS jobs on EC2 instances only: write `EC2` or `SPOT`"));
    assert!(said("allocationStrategy", "BEST_FIT").contains("Amazon EKS does not take `BEST_FIT`"));
    assert!(said("allocationStrategy", "SPOT_CAPACITY_OPTIMIZED").contains("write `\"type\": \"SPOT\"`"));
    assert!(said("allocationStrategy", "BEST_FIT_PROGRESIVE").contains("did you mean `BEST_FIT_PROGRESSIVE`?"));
    let mixed = Scenario::with(|_, e, _| e["computeResources"]["instanceTypes"] = json!(["m5", "m6g"])).finding();
    assert!(mixed.contains("/computeResources/instanceTypes/1: `m6g` is arm64"), "{mixed}");
    let minimum = Scenario::with(|_, e, _| e["computeResources"]["minvCpus"] = 256.into()).finding();
    assert!(minimum.contains("/minvCpus: 256 is above `maxvCpus`, 128"), "{minimum}");
}

#[test]
fn container_properties_name_the_field_of_the_pod() {
    let scenario = Scenario::with(|_, _, definition| {
        *definition = json!({
            "jobDefinitionName": "definition", "type": "container",
            "containerProperties": { "image": "i", "vcpus": 1, "memory": 1024, "command": ["true"] }
        });
    });
    let findings = scenario.findings();
    assert_eq!(findings.len(), 5, "{}", findings.join("\n"));
    assert!(findings[0].starts_with("jd.json:4: /containerProperties: `containerProperties` is for Amazon ECS"));
    assert!(
        findings[1]
            .ends_with("/image: `image` has no effect on EKS: write `eksProperties.podProperties.containers[].image`")
    );
    assert!(findings[2].contains("/vcpus") && findings[2].contains("containers[].resources.limits.cpu"));
}

#[test]
fn overrides_go_with_the_kind_of_job() {
    let said = Scenario::with(|whole, _, _| whole["workload"][0]["submit"]["nodeOverrides"] = json!({ "numNodes": 2 }));
    let said = said.finding();
    assert!(said.contains("/nodeOverrides: the job definition is of type `container`"), "{said}");
}

#[test]
fn documents_are_judged_by_all_of_their_rules() {
    let scenario = Scenario::with(|whole, environment, definition| {
        environment["computeResources"]["launchTemplate"] =
            json!({ "overrides": [{ "launchTemplateId": "lt-1", "targetInstanceTypes": ["c5.large"] }] });
        let pod = &mut definition["eksProperties"]["podProperties"];
        pod["containers"][0]["volumeMounts"] = json!([{ "name": "data", "mountPath": "data" }]);
        whole["workload"][0]["submit"]["eksPropertiesOverride"] =
            json!({ "podProperties": { "metadata": { "labels": { "app.kubernetes.io/name": "x" } } } });
    });
    let findings = scenario.findings().join("\n");
    for expected in [
        "/computeResources/launchTemplate/overrides/0/targetInstanceTypes/0: `c5.large` is not among",
        "/containers/0/volumeMounts/0/name: the pod has no volume named `data`: declare it in `volumes`",
        "/containers/0/volumeMounts/0/mountPath: `data` is not of the form that AWS Batch takes: Absolute path",
        "/metadata/labels/app.kubernetes.io~1name: `app.kubernetes.io/name` has a reserved prefix",
    ] {
        assert!(findings.contains(expected), "{expected}\n{findings}");
    }
    assert_eq!(findings.lines().count(), 4, "{findings}");
}

#[test]
fn traces_say_what_is_wrong_with_them() {
    let scenario = Scenario::with(|whole, _, _| {
        let submit = whole["workload"][0]["submit"].clone();
        whole["workload"] = json!([{ "trace": "log.swf", "submit": submit }]);
    });
    let said = scenario.finding();
    assert!(said.contains("/workload/0/trace: there is no log `log.swf`"), "{said}");
    assert!(
        said.contains("https://www.cs.huji.ac.il/labs/parallel/workload") && said.contains("WINDTUNNEL_TRACES"),
        "{said}"
    );
    scenario.write_bytes("log.swf", b"; nothing\n");
    assert_eq!(scenario.finding(), "log.swf: the log holds no record: name a log of the Standard Workload Format");
    scenario.write_bytes("log.swf", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3, 4]);
    assert!(scenario.finding().starts_with("log.swf: the gzip data is corrupt"), "{}", scenario.finding());
    scenario.write_bytes("log.swf", b"; x\n1 0 0 sixty 1 -1 -1 1 1 -1 1 1 1 -1 -1 -1 -1 -1\n1 2\n");
    let findings = scenario.findings();
    assert!(findings[0].starts_with("log.swf:2: column 4, run time, is no number: `sixty`"), "{}", findings[0]);
    assert!(findings[1].starts_with("log.swf:3: 2 columns instead of 18"), "{}", findings[1]);
}

#[test]
fn every_fault_comes_in_one_pass() {
    let scenario = Scenario::with(|whole, environment, definition| {
        environment["computeResources"]["minvCpus"] = 1_000.into();
        environment["computeResources"]["instanceTypes"] = json!(["m5", "m55"]);
        environment["colour"] = "blue".into();
        limits(definition)["cpu"] = "0.3".into();
        limits(definition)["memory"] = 5.into();
        whole["workload"][0]["submit"]["jobQueue"] = "nowhere".into();
        whole["workload"][0]["failureProbability"] = 2.into();
        whole["assumptions"] = json!({ "schedulingCycl": "2s" });
        whole["consumableResources"] = json!([{}]);
    });
    let findings = scenario.findings();
    assert_eq!(findings.len(), 9, "{}", findings.join("\n"));
    let place = |finding: &String| {
        let (file, rest) = finding.split_once(':').expect("a file");
        (file.to_owned(), rest.split(':').next().and_then(|line| line.parse::<u32>().ok()))
    };
    assert!(findings.iter().map(place).is_sorted(), "{}", findings.join("\n"));
}

#[test]
fn settings_are_named_as_the_place() {
    let said = |set: &str| {
        let output = Scenario::new().command().args(["--set", set]).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, text) = said("/computeEnvironments/0/computeResources/maxvCpus=many");
    assert_eq!(code, Some(2));
    assert!(text.contains("--set /computeEnvironments/0/computeResources/maxvCpus=many: "), "{text}");
    let (code, text) = said("/computeEnvironment/0/type=x");
    assert_eq!(code, Some(2));
    assert!(text.contains("did you mean `/computeEnvironments`?"), "{text}");
    assert_eq!(said("/assumptions/schedulingCycle=5s").0, Some(0));
}

#[test]
fn the_shipped_scenarios_are_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("windtunnel"));
    let output =
        command.current_dir(root).args(["validate", "scenarios/getting-started.json"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}
