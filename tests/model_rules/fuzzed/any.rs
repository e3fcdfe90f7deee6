//! Whatever becomes of a document, nothing panics, and what is accepted keeps the rules as they are written outside.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::{Value, json};
use windtunnel::model::{Assumptions, JobDefinition, SubmitJob, effective};
use windtunnel::pod::{Attempt, JobNode, render};

use super::calls::{Account, account, call};
use super::edit::{Edit, edited};
use super::outside;
use crate::documents::Base;

/// Documents that were tried, and those of them that were accepted.
type Tally = BTreeMap<String, (u32, u32)>;

/// What AWS would refuse of a document that windtunnel accepts.
fn breaches(base: Base, document: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    match base {
        Base::JobDefinition | Base::MultiNode => return outside::job_definition(document),
        Base::Submit | Base::SubmitMultiNode | Base::SubmitFixedNodes => return outside::submission(document),
        Base::ComputeEnvironment => return outside::compute_environment(document),
        Base::JobQueue => return outside::job_queue(document),
        Base::SchedulingPolicy => return outside::scheduling_policy(document),
        Base::ConsumableResource => return outside::consumable_resource(document),
        Base::UpdateSchedulingPolicy => outside::fairshare(&document["fairsharePolicy"], &mut wrong),
        Base::CancelJobs | Base::TerminateJobs => {
            let jobs = document["jobs"].as_array().map_or(0, Vec::len);
            if !(1..=50).contains(&jobs) {
                wrong.push(format!("{jobs} jobs"));
            }
        }
        _ => {}
    }
    wrong
}

/// Renders the pods of the job that an accepted document makes with its valid counterpart.
fn rendered(base: Base, document: &Value) -> Vec<Value> {
    let (definition, submit) = match base {
        Base::JobDefinition | Base::MultiNode => (document.clone(), Base::Submit.document()),
        Base::Submit | Base::SubmitMultiNode | Base::SubmitFixedNodes => (base.definition(), document.clone()),
        _ => return Vec::new(),
    };
    let definition: JobDefinition = serde_json::from_value(definition).expect("it was accepted");
    let submit: SubmitJob = serde_json::from_value(submit).expect("it was accepted");
    let (job, problems) = effective(&definition, &submit, &Assumptions::default());
    // A default parameter may spoil a text that it is put into; only the two together show it.
    let Some(job) = job.filter(|_| problems.is_empty()) else { return Vec::new() };
    let attempt = |group: &windtunnel::model::PodGroup| {
        render(&Attempt {
            job_id: "30d8a2a4-3f5c-4b51-9d0e-3a4b5c6d7e8f",
            number: 1,
            array: None,
            node: job.nodes.map(|nodes| JobNode {
                index: group.first,
                count: nodes.count,
                main: nodes.main,
                main_address: None,
            }),
            job_queue: "queue",
            compute_environment: "environment",
            compute_environment_uuid: "5c19160b-d450-31c9-8454-86cf5b30548f",
            compute_environment_namespace: "jobs",
            node_name: "node",
            node_uid: "a5a9b3a2-2f2e-4a07-8a0c-0c9e0f6f2f11",
            pod: &group.pod,
        })
    };
    job.groups.iter().map(attempt).collect()
}

/// What Kubernetes would refuse of a pod: every container asks for CPU and memory, and has its own name.
fn is_a_pod(pod: &Value) -> bool {
    let containers = pod["spec"]["containers"].as_array().expect("a pod has containers");
    let asks = |container: &&Value, what: &str| container["resources"]["requests"][what].is_string();
    let names: std::collections::BTreeSet<_> = containers.iter().map(|one| one["name"].to_string()).collect();
    names.len() == containers.len() && containers.iter().all(|one| asks(&one, "cpu") && asks(&one, "memory"))
}

/// Tries one document: judged, rendered, called.
fn hold(base: Base, edits: &[Edit], account: &mut Account, number: u64) -> Result<bool, TestCaseError> {
    let mut document = base.document();
    for edit in edits {
        edit.apply(base, &mut document);
    }
    let faults = base.judge(&document);
    prop_assert!(faults.iter().all(|(_, message)| !message.is_empty()));
    if faults.is_empty() {
        prop_assert_eq!(breaches(base, &document), [""; 0], "accepted: {:?} {}", base, document);
        prop_assert!(rendered(base, &document).iter().all(is_a_pod), "no pod: {}", document);
    }
    if let Some(Err(error)) = call(account, base, &document, number) {
        let worded = error.problems.iter().all(|problem| !problem.message.is_empty());
        prop_assert!(!error.problems.is_empty() && worded, "{}", error);
    }
    Ok(faults.is_empty())
}

fn hold_all(cases: u32, rng_seed: RngSeed) -> Tally {
    let tally = RefCell::new(Tally::new());
    let whole = account();
    let config = ProptestConfig { cases, rng_seed, failure_persistence: None, ..ProptestConfig::default() };
    let calls = prop::collection::vec(edited(), 1..8);
    let outcome = TestRunner::new(config).run(&calls, |calls| {
        let mut account = whole.clone();
        for (number, (base, edits)) in (0..).zip(&calls) {
            let accepted = hold(*base, edits, &mut account, number)?;
            let mut tally = tally.borrow_mut();
            let (tried, good) = tally.entry(format!("{base:?}")).or_default();
            *tried += 1;
            *good += u32::from(accepted);
        }
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
    tally.into_inner()
}

#[test]
fn no_change_makes_a_panic_or_gets_past_the_rules() {
    let tally = hold_all(26_000, RngSeed::Fixed(5));
    println!("{tally:#?}");
    let tried: u32 = tally.values().map(|(tried, _)| tried).sum();
    assert!(tried >= 100_000, "{tried} documents");
    for (base, (tried, accepted)) in tally {
        assert!(
            accepted * 20 > tried && accepted * 20 < tried * 19,
            "{base}: {accepted} of {tried} accepted say little"
        );
    }
}

#[test]
#[ignore = "looks for new cases: cargo test --test model_rules -- --ignored --nocapture"]
fn no_new_change_makes_a_panic_or_gets_past_the_rules() {
    println!("{:#?}", hold_all(ProptestConfig::default().cases.max(100_000), RngSeed::Random));
}

#[test]
fn the_outside_judge_takes_what_is_valid_and_knows_what_is_not() {
    for base in Base::ALL.map(Base::whole) {
        assert_eq!(breaches(base, &base.document()), [""; 0], "{base:?}");
    }
    let mut queue = Base::JobQueue.document();
    queue["jobStateTimeLimitActions"][0]["maxTimeSeconds"] = json!(599);
    assert_eq!(breaches(Base::JobQueue, &queue), ["maxTimeSeconds 599"]);
}
