//! `live --shadow` as a person calls it: the cluster's nodes and people's jobs, and consequences that are simulated.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use kube::api::ListParams;
use serde_json::{Value, json};

use crate::apply::{LONG, shape};
use crate::bed::{User, with};
use crate::program::{Run, scenario};

/// Jobs that are piped in run on nodes that are there, the report has them, and the cluster knows of nothing.
#[test]
fn jobs_are_piped_in_and_nothing_is_changed() {
    with(async |bed| {
        bed.grant_aws_batch().await;
        bed.add_nodes(2, &shape(&bed)).await;
        let workload = json!([{ "submit": { "jobName": "own", "jobQueue": "JQ", "jobDefinition": "Job" },
                                "count": 3, "runtime": { "constant": "40s" } }]);
        let mut scenario = scenario(bed.namespace(), 1, &workload);
        let mut other = scenario["jobDefinitions"][0].clone();
        other["jobDefinitionName"] = json!("Other");
        scenario["jobDefinitions"].as_array_mut().unwrap().push(other);
        // The loader wants a node that could hold the jobs.
        scenario["cluster"] = json!({ "nodes": [{ "computeEnvironment": "CE", "cpu": "4", "memory": "16Gi" }] });
        let mut run = Run::of(&bed, User::AwsBatch, &scenario);
        let journal = run.journal();
        let words = ["--shadow", "--jobs", "-", "--speed", "60", "--runtime", "90s", "--journal"];
        run = run.with(&words).with(&[journal.to_str().unwrap()]);
        let mut program = run.look();
        let mut stdin = program.child().stdin.take().unwrap();
        for (name, definition, size) in [("like", "Job", None), ("array", "Other", Some(5)), ("wrong", "Nothing", None)]
        {
            let mut submit = json!({ "jobName": name, "jobQueue": "JQ", "jobDefinition": definition });
            if let Some(size) = size {
                submit["arrayProperties"] = json!({ "size": size });
            }
            writeln!(stdin, "{submit}").unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        drop(stdin);
        let done = program.done(LONG).await;
        done.assert_done();
        let mut told = serde_json::Deserializer::from_str(&done.stdout).into_iter::<Value>().map(Result::unwrap);
        let answers: Vec<_> = told.by_ref().take(3).collect();
        assert_eq!((&answers[0]["jobName"], &answers[1]["jobName"]), (&json!("like"), &json!("array")));
        assert!(answers[2]["error"].as_str().unwrap().contains("Nothing"), "{}", answers[2]);
        let summary = told.next().unwrap();
        assert_eq!((&summary["jobs"]["submitted"], &summary["jobs"]["succeeded"]), (&json!(9), &json!(9)));
        let names = summary["job_names"].as_array().unwrap();
        let names: Vec<_> = names.iter().map(|row| (row["job_name"].as_str().unwrap(), &row["succeeded"])).collect();
        assert_eq!(names, [("own", &json!(3)), ("like", &json!(1)), ("array", &json!(5))]);
        assert!(done.stderr.contains("Other: no workload entry has this job definition"), "{}", done.stderr);
        assert!(!done.stderr.contains("\nJob: no workload entry"), "{}", done.stderr);
        let pods = bed.pods().list(&ListParams::default()).await.unwrap();
        assert!(pods.items.is_empty(), "{} pods", pods.items.len());
        crate::apply::assert_replays(&journal);
        let explained =
            Command::new(cargo_bin("windtunnel")).arg("explain").arg(&journal).args(["--job", "1-1"]).output();
        let explained = String::from_utf8(explained.unwrap().stdout).unwrap();
        assert!(explained.starts_with("1-1: array of 5 array (Other) in JQ"), "{explained}");
    });
}

/// Ctrl-C ends it, and what was simulated until then is reported.
#[test]
fn it_is_stopped_and_reports() {
    with(async |bed| {
        bed.add_nodes(1, &shape(&bed)).await;
        let workload = json!([{ "submit": { "jobName": "own", "jobQueue": "JQ", "jobDefinition": "Job" },
                                "count": 3, "runtime": { "constant": "2h" } }]);
        let mut scenario = scenario(bed.namespace(), 1, &workload);
        scenario["cluster"] = json!({ "nodes": [{ "computeEnvironment": "CE", "cpu": "4", "memory": "16Gi" }] });
        let mut run = Run::of(&bed, User::Admin, &scenario).with(&["--shadow", "--speed", "10"]);
        let mut program = run.look();
        tokio::time::sleep(Duration::from_secs(4)).await;
        let id = program.child().id().to_string();
        assert!(program.is_alive(), "{}", program.stderr());
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let done = program.done(Duration::from_secs(20)).await;
        let summary = done.assert_done().json();
        assert!(done.stderr.contains("stopped"), "{}", done.stderr);
        assert_eq!((&summary["jobs"]["submitted"], &summary["jobs"]["unfinished"]), (&json!(3), &json!(3)));
        let end_s = summary["sim"]["end_s"].as_f64().unwrap();
        assert!((5.0..600.0).contains(&end_s), "{end_s}");
    });
}
