//! The pods that attempts become. Each file of `tests/pods/stories` tells one: the documents, the attempt, and the pod
//! as Kubernetes is given it.
//!
//! To write the pods anew after a change that is meant: `BLESS=1 cargo test --test pods`

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use windtunnel::model::{Assumptions, JobDefinition, SubmitJob, effective};
use windtunnel::pod::{ArrayChild, Attempt, JobNode, render};

/// What stands in the file of a story.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Golden {
    story: String,
    job_definition: JobDefinition,
    submit_job: SubmitJob,
    attempt: Told,
    #[serde(default)]
    pod: Value,
}

/// What the story tells of the attempt; the rest is the same in all stories.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Told {
    number: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    array_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    main_node_address: Option<String>,
}

/// The pod that the story's attempt becomes.
fn pod(story: &Golden) -> Value {
    let assumptions = Assumptions::default();
    assert_eq!(story.job_definition.problems(&assumptions), [], "{}", story.story);
    let (job, problems) = effective(&story.job_definition, &story.submit_job, &assumptions);
    assert_eq!(problems, [], "{}", story.story);
    let job = job.expect("the definition holds a pod");
    let told = &story.attempt;
    let node = told.node_index.zip(job.nodes).map(|(index, nodes)| JobNode {
        index,
        count: nodes.count,
        main: nodes.main,
        main_address: told.main_node_address.as_deref(),
    });
    render(&Attempt {
        job_id: "30d8a2a4-3f5c-4b51-9d0e-3a4b5c6d7e8f",
        number: told.number,
        array: told.array_index.zip(job.array_size).map(|(index, size)| ArrayChild { index, size }),
        node,
        job_queue: "My-Eks-JQ1",
        compute_environment: "My-Eks-CE1",
        compute_environment_uuid: "5c19160b-d450-31c9-8454-86cf5b30548f",
        compute_environment_namespace: "my-aws-batch-namespace",
        node_name: "ip-10-0-1-23.ec2.internal",
        node_uid: "a5a9b3a2-2f2e-4a07-8a0c-0c9e0f6f2f11",
        pod: &job.group_of(told.node_index.unwrap_or(0)).expect("every node has its group").pod,
    })
}

fn stories() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pods/stories");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn attempts_become_the_pods_that_are_written_down() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut differ = String::new();
    for file in stories() {
        let text = fs::read_to_string(&file).unwrap();
        let story: Golden = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let now = pod(&story);
        if now == story.pod {
            continue;
        }
        if bless {
            let mut value: Value = serde_json::from_str(&text).unwrap();
            value["pod"] = now;
            fs::write(&file, serde_json::to_string_pretty(&value).unwrap() + "\n").unwrap();
        } else {
            let pretty = |value: &Value| serde_json::to_string_pretty(value).unwrap();
            let (written, now) = (pretty(&story.pod), pretty(&now));
            let at = written.lines().zip(now.lines()).take_while(|(before, now)| before == now).count();
            let line = |text: &str| text.lines().nth(at).unwrap_or("(nothing)").trim().to_owned();
            let name = file.file_name().unwrap_or_default().display();
            writeln!(
                differ,
                "{name}, line {} of the pod\n  written: {}\n  now: {}",
                at + 1,
                line(&written),
                line(&now)
            )
            .unwrap();
        }
    }
    assert!(differ.is_empty(), "pods differ (to write them down: BLESS=1):\n{differ}");
}

#[test]
fn every_pod_can_be_created_and_found_again() {
    for file in stories() {
        let story: Golden = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
        let pod = pod(&story);
        let label =
            |value: &str| value.len() <= 63 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        for (key, value) in pod["metadata"]["labels"].as_object().unwrap() {
            assert!(label(value.as_str().unwrap()), "{}: label {key}: {value}", file.display());
        }
        for list in ["containers", "initContainers"] {
            for container in pod["spec"][list].as_array().into_iter().flatten() {
                let name = container["name"].as_str().unwrap();
                assert_eq!(name, name.to_lowercase(), "{}", file.display());
                for (resource, limit) in container["resources"]["limits"].as_object().into_iter().flatten() {
                    let request = &container["resources"]["requests"][resource];
                    assert!(!request.is_null() && !limit.is_null(), "{}: {resource}", file.display());
                }
            }
        }
    }
}
