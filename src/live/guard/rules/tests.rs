//! Each rule of the guard, by a write that breaks it alone.

use serde_json::{Value, json};

use super::*;

const RUN: &str = "0b5f9c1e-6f1d-4a7e-9a53-0f4f6f5b7a11";
const ENVIRONMENT: &str = "5e1a52b3-6f0c-3b0f-8d55-5d8f6b2d1f00";
const POD: &str = "aws-batch.14638eb9-d218-372d-ba5c-1c9ab9c7f2a1";
const CLAIM: &str = "windtunnel-0b5f9c1e-3-0";

fn guard() -> Guard {
    let scope = Scope {
        run: RUN.to_owned(),
        namespaces: BTreeSet::from(["jobs".to_owned()]),
        environments: BTreeSet::from([ENVIRONMENT.to_owned(), "another-of-the-run".to_owned()]),
    };
    let guard = Guard::new(scope, &LiveSettings::default());
    assert!(guard.allow_node("node-1", ENVIRONMENT));
    assert!(guard.allow_node("node-2", "another-of-the-run"));
    guard
}

fn pod() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": POD, "namespace": "jobs", "labels": {
            RUN_LABEL: RUN, MANAGED_BY.0: MANAGED_BY.1, COMPUTE_ENVIRONMENT_LABEL: ENVIRONMENT,
            JOB_ID_LABEL: "3ac3a4d8", NODE_UID_LABEL: "n", "own": "quo\"ted",
        }},
        "spec": { "nodeName": "node-1", "containers": [{ "name": "a", "image": "b" }] },
    })
}

fn claim() -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
        "metadata": { "name": CLAIM, "labels": {
            RUN_LABEL: RUN, MANAGED_BY.0: MANAGED_BY.1, COMPUTE_ENVIRONMENT_LABEL: ENVIRONMENT,
        }},
        "spec": { "requirements": [] },
    })
}

fn pod_key(namespace: &str, name: &str) -> Key {
    Key::Pod { namespace: namespace.to_owned(), name: name.to_owned() }
}

fn claim_key(name: &str) -> Key {
    Key::NodeClaim { name: name.to_owned() }
}

/// Why the guard refuses to create what `change` makes of an object.
fn refused(key: &Key, mut object: Value, change: impl FnOnce(&mut Value)) -> String {
    let guard = guard();
    guard.check(&Write::Create(key, object.to_string().as_bytes())).expect("nothing wrong yet");
    change(&mut object);
    guard.check(&Write::Create(key, object.to_string().as_bytes())).unwrap_err()
}

fn pod_refused(change: impl FnOnce(&mut Value)) -> String {
    refused(&pod_key("jobs", POD), pod(), change)
}

fn without(object: &mut Value, label: &str) {
    object["metadata"]["labels"].as_object_mut().unwrap().shift_remove(label);
}

#[test]
fn a_pod_carries_the_labels_of_the_run_and_of_aws_batch() {
    assert!(pod_refused(|pod| without(pod, RUN_LABEL)).contains("belongs to others"));
    assert!(
        pod_refused(|pod| pod["metadata"]["labels"][RUN_LABEL] = json!("of-yesterday")).contains("run of-yesterday")
    );
    for label in [MANAGED_BY.0, COMPUTE_ENVIRONMENT_LABEL, JOB_ID_LABEL, NODE_UID_LABEL] {
        let why = pod_refused(|pod| without(pod, label));
        assert!(why.contains(label), "{why}");
    }
    let foreign = pod_refused(|pod| pod["metadata"]["labels"][COMPUTE_ENVIRONMENT_LABEL] = json!("of-aws"));
    assert!(foreign.contains("of-aws is no environment of this run"), "{foreign}");
}

#[test]
fn a_pod_stays_in_the_scenario_s_namespaces_under_its_own_name() {
    let guard = guard();
    let elsewhere = guard.check(&Write::Create(&pod_key("kube-system", POD), pod().to_string().as_bytes()));
    assert!(elsewhere.unwrap_err().contains("kube-system"));
    assert!(pod_refused(|pod| pod["metadata"]["namespace"] = json!("kube-system")).contains("another inside"));
    assert!(pod_refused(|pod| pod["metadata"]["name"] = json!("other")).contains("another inside"));
    assert!(pod_refused(|pod| pod["kind"] = json!("Secret")).contains("not a pod"));
    for name in [
        "nginx",
        "aws-batch.",
        "aws-batch.14638eb9-d218-472d-ba5c-1c9ab9c7f2a1",
        "aws-batch.14638eb9-d218-372d-ba5c-1c9ab9c7f2a1x",
        "aws-batch.14638eb9/d218-372d-ba5c-1c9ab9c7f2a1",
    ] {
        assert!(guard.check(&Write::Delete(&pod_key("jobs", name))).is_err(), "{name}");
    }
    guard.check(&Write::Delete(&pod_key("jobs", POD))).unwrap();
    assert!(guard.check(&Write::Delete(&pod_key("default", POD))).is_err());
}

#[test]
fn a_pod_goes_only_to_a_node_of_its_environment() {
    let spec = |node: Value| pod_refused(|pod| pod["spec"]["nodeName"] = node);
    assert!(spec(Value::Null).contains("names no node"));
    assert!(spec(json!("node-2")).contains("belongs to environment another-of-the-run"));
    assert!(spec(json!("of-aws-batch")).contains("`of-aws-batch` is not known"));

    let guard = guard();
    let create = |guard: &Guard| guard.check(&Write::Create(&pod_key("jobs", POD), pod().to_string().as_bytes()));
    assert!(!guard.allow_node("of-aws-batch", "a-managed-environment-of-aws"), "its label is none of the run's");
    create(&guard).unwrap();
    guard.clone().forget_node("node-1");
    assert!(create(&guard).is_err(), "clones share what they know");
    assert!(guard.allow_node("node-1", ENVIRONMENT));
    create(&guard).unwrap();
    assert!(!guard.allow_node("node-1", "relabelled"));
    assert!(create(&guard).is_err(), "its label was taken away");
}

#[test]
fn a_claim_is_this_run_s() {
    let refused = |change: fn(&mut Value)| refused(&claim_key(CLAIM), claim(), change);
    assert!(refused(|claim| without(claim, RUN_LABEL)).contains("belongs to others"));
    assert!(refused(|claim| claim["metadata"]["labels"][RUN_LABEL] = json!("x")).contains("run x"));
    assert!(refused(|claim| without(claim, COMPUTE_ENVIRONMENT_LABEL)).contains(COMPUTE_ENVIRONMENT_LABEL));
    assert!(refused(|claim| claim["kind"] = json!("NodePool")).contains("not a NodeClaim"));
    assert!(refused(|claim| claim["metadata"]["name"] = json!("default-x7")).contains("another inside"));
    let guard = guard();
    for name in ["default-x7", "windtunnel-ffffffff-3-0", "windtunnel-0b5f9c1e-/../nodes"] {
        assert!(guard.check(&Write::Delete(&claim_key(name))).unwrap_err().contains(name), "{name}");
        assert!(guard.check(&Write::Create(&claim_key(name), claim().to_string().as_bytes())).is_err(), "{name}");
    }
}

#[test]
fn only_what_the_run_created_is_deleted() {
    let guard = guard();
    let found = |labels: &[(&str, &str)]| {
        let labels = labels.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        guard.check_found(&labels)
    };
    found(&[(RUN_LABEL, RUN), ("more", "labels")]).unwrap();
    let of_aws = [(COMPUTE_ENVIRONMENT_LABEL, ENVIRONMENT), (JOB_ID_LABEL, "j"), (NODE_UID_LABEL, "n")];
    assert!(found(&of_aws).unwrap_err().contains("belongs to others"));
    assert!(found(&[]).is_err());
    assert!(found(&[(RUN_LABEL, "another")]).unwrap_err().contains("run another"));

    let key = pod_key("jobs", POD);
    assert_eq!(guard.uid(&key), None);
    guard.know(key.clone(), "u".to_owned());
    assert_eq!(guard.uid(&key).as_deref(), Some("u"));
    guard.forget(&key);
    assert_eq!(guard.uid(&key), None);
}

#[test]
fn what_can_t_be_read_is_not_sent() {
    let why = guard().check(&Write::Create(&pod_key("jobs", POD), b"{\"kind\":")).unwrap_err();
    assert!(why.contains("can't be judged"), "{why}");
}

#[test]
fn nodes_go_one_after_the_other() {
    let guard = guard();
    let now = Instant::now();
    guard.allow_node("node-3", ENVIRONMENT);
    guard.take_removal("node-1", now).unwrap();
    let later = guard.take_removal("node-3", now).unwrap_err();
    guard.take_removal("node-3", later).unwrap();
}
