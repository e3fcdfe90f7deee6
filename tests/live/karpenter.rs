//! The back end `karpenter`: claims become nodes, jobs run on them, and both go again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kube::ResourceExt;
use kube::core::DynamicObject;
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::apply::{LONG, assert_replays};
use crate::bed::{Bed, User, until, with};
use crate::judge::{End, Judge, Verdict};
use crate::program::{Run, scenario};
use crate::stand_in::{Doings, Habits, Karpenter};

/// The scenario of other tests before a MANAGED environment of these types, in which everything about nodes goes fast.
pub(crate) fn managed(bed: &Bed, types: &[&str], max_vcpus: u32, workload: &Value) -> Value {
    let mut document = scenario(bed.namespace(), 3, workload);
    document["computeEnvironments"][0]["type"] = json!("MANAGED");
    document["computeEnvironments"][0]["computeResources"] = json!({
        "type": "EC2", "allocationStrategy": "BEST_FIT_PROGRESSIVE", "minvCpus": 0, "maxvCpus": max_vcpus,
        "instanceTypes": types, "subnets": ["subnet-1"], "securityGroupIds": ["sg-1"], "instanceRole": "role",
    });
    document["assumptions"] = json!({ "scaleDecisionPeriod": "10s", "idleScaleDownDelay": "30s" });
    document
}

/// Jobs that come at once and run so long.
pub(crate) fn burst(count: u32, start: &str, run: &str) -> Value {
    json!({
        "submit": { "jobName": format!("burst-{start}"), "jobQueue": "JQ", "jobDefinition": "Job" },
        "count": count, "arrivals": { "fixed": { "start": start } }, "runtime": { "constant": run },
    })
}

fn program(bed: &Bed, document: &Value, speed: &str) -> Run {
    // Nodes go one after the other otherwise, a minute apart.
    let words = ["--speed", speed, "--backend", "karpenter", "--node-removal-percent", "100", "--node-class", "jobs"];
    Run::of(bed, User::Admin, document).with(&words)
}

fn succeeded(verdict: &Verdict) -> usize {
    verdict.ends().values().filter(|end| matches!(end, End::Succeeded)).count()
}

/// Nothing of the run is left: claims went, and nodes with them.
async fn assert_all_gone(bed: &Bed, karpenter: Karpenter) {
    assert_eq!(karpenter.stop().await, Vec::<String>::new(), "claims that are left");
    assert_eq!(nodes(bed).await, Vec::<String>::new(), "nodes that are left");
}

/// Nodes of the test.
async fn nodes(bed: &Bed) -> Vec<String> {
    let ours = kube::api::ListParams::default().labels(&format!("{}={}", crate::bed::TEST_LABEL, bed.namespace()));
    let all = kube::Api::<k8s_openapi::api::core::v1::Node>::all(bed.admin());
    all.list_metadata(&ours).await.unwrap().items.iter().map(ResourceExt::name_any).collect()
}

#[test]
fn claims_become_nodes_jobs_run_and_idle_nodes_go() {
    with(async |bed| {
        let habits =
            Habits { launch: Duration::from_millis(500), join: Duration::from_millis(500), ..Habits::default() };
        let karpenter = Karpenter::start(&bed, habits).await;
        let judge = Judge::start(&bed).await;
        // The second burst comes when the nodes of the first are gone.
        let workload = json!([burst(30, "5s", "60s"), burst(6, "8m", "60s")]);
        let document = managed(&bed, &["m5.xlarge", "c5.xlarge"], 16, &workload);
        let mut run = program(&bed, &document, "30");
        let started = run.apply();
        until("a claim is Ready", async || {
            let claims = karpenter.claims().await;
            claims.iter().any(|claim| claim.data["status"]["conditions"].as_array().is_some_and(|all| all.len() == 4))
        })
        .await;
        let claim = karpenter.claims().await.remove(0);
        assert_eq!(claim.data["spec"]["nodeClassRef"]["name"], "jobs");
        until("idle nodes have gone", async || judge.ended() >= 30 && nodes(&bed).await.is_empty()).await;
        let first = karpenter.doings().claims.len();
        started.done(LONG).await.assert_done();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!((verdict.jobs.len(), succeeded(&verdict)), (36, 36));
        let doings = karpenter.doings();
        assert!((1..=4).contains(&first), "{first} claims of 4 vCPUs where 16 are allowed");
        assert!(doings.claims.len() > first, "the second burst has nodes of its own");
        assert_eq!(doings.launched.len(), doings.claims.len());
        assert_all_gone(&bed, karpenter).await;
        assert_replays(&run.journal());
    });
}

#[test]
fn without_capacity_of_one_type_another_is_taken() {
    with(async |bed| {
        let habits = Habits { sold_out: BTreeSet::from(["c5.xlarge"]), ..Habits::default() };
        let karpenter = Karpenter::start(&bed, habits).await;
        let judge = Judge::start(&bed).await;
        let document = managed(&bed, &["c5.xlarge", "m5.2xlarge"], 16, &json!([burst(20, "5s", "60s")]));
        let mut run = program(&bed, &document, "30");
        run.apply().done(LONG).await.assert_done();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!((verdict.jobs.len(), succeeded(&verdict)), (20, 20));
        let doings = karpenter.doings();
        assert!(
            doings.refused.values().all(|types| *types == ["c5.xlarge"]) && !doings.refused.is_empty(),
            "{doings:?}"
        );
        let types: BTreeSet<_> = doings.launched.values().map(String::as_str).collect();
        assert_eq!(types, BTreeSet::from(["m5.2xlarge"]));
        assert_all_gone(&bed, karpenter).await;
        assert_replays(&run.journal());
    });
}

#[test]
fn jobs_of_a_node_that_vanishes_run_elsewhere() {
    with(async |bed| {
        let karpenter = Karpenter::start(&bed, Habits::default()).await;
        let judge = Judge::start(&bed).await;
        let document = managed(&bed, &["m5.xlarge"], 8, &json!([burst(10, "5s", "150s")]));
        let mut run = program(&bed, &document, "15");
        let started = run.apply();
        until("pods run on two nodes", async || {
            let pods = bed.pods().list(&kube::api::ListParams::default()).await.unwrap().items;
            let running = pods
                .iter()
                .filter(|pod| pod.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Running"));
            running.count() == 10
        })
        .await;
        let victim = nodes(&bed).await.remove(0);
        bed.remove_node(&victim).await;
        started.done(LONG).await.assert_done();
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!((verdict.jobs.len(), succeeded(&verdict)), (10, 10));
        let retried: Vec<_> = verdict.jobs.values().filter(|stories| stories.len() > 1).collect();
        assert!(!retried.is_empty() && retried.iter().all(|stories| stories[0].node == victim), "{retried:?}");
        assert!(retried.iter().all(|stories| stories[1].node != victim), "{retried:?}");
        assert_all_gone(&bed, karpenter).await;
        assert_replays(&run.journal());
    });
}

/// Every claim was made once, and none that belongs to a request is missing.
fn assert_claimed_once(doings: &Doings) {
    let mut parts: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for (name, uids) in &doings.claims {
        assert_eq!(uids.len(), 1, "{name} was made more than once: {uids:?}");
        let mut words = name.rsplit('-').map(|word| word.parse::<u32>().unwrap());
        let (part, launch) = (words.next().unwrap(), words.next().unwrap());
        parts.entry(launch).or_default().insert(part);
    }
    for (launch, parts) in parts {
        assert_eq!(parts, (0..u32::try_from(parts.len()).unwrap()).collect(), "claims of request {launch}");
    }
}

#[test]
fn killed_while_claims_are_pending_none_comes_twice_and_none_is_lost() {
    with(async |bed| {
        // Longer than a program waits for the lease of the one before: claims are pending when it is gone, and when the next
        // begins; well within `launchResponseDeadline`.
        let launch = Duration::from_secs(14);
        let habits = Habits { launch, join: Duration::from_millis(700), ..Habits::default() };
        let karpenter = Karpenter::start(&bed, habits).await;
        let judge = Judge::start(&bed).await;
        let workload = json!([burst(24, "5s", "40s"), burst(16, "400s", "40s"), burst(20, "800s", "40s")]);
        let document = managed(&bed, &["m5.xlarge"], 16, &workload);
        let mut run = program(&bed, &document, "15").with(&["--log", "warn"]);
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(5);
        let mut killed = BTreeSet::new();
        loop {
            let mut started = run.apply();
            let mut pending = BTreeSet::new();
            until("claims are pending, or the run is over", async || {
                let claims = karpenter.claims().await;
                let waits = |claim: &&DynamicObject| !claim.data["status"]["providerID"].is_string();
                pending = claims.iter().filter(waits).map(ResourceExt::name_any).collect();
                !pending.is_subset(&killed) || !started.is_alive()
            })
            .await;
            if !started.is_alive() {
                started.done(LONG).await.assert_done();
                break;
            }
            // At any moment of their making.
            sleep(Duration::from_millis(dice.random_range(0..150))).await;
            killed.extend(karpenter.claims().await.iter().map(ResourceExt::name_any));
            started.kill();
        }
        assert!(run.programs() > 3, "{} programs only", run.programs());
        let verdict = judge.verdict().await;
        verdict.assert_clean();
        assert_eq!((verdict.jobs.len(), succeeded(&verdict)), (60, 60));
        assert_claimed_once(&karpenter.doings());
        assert_all_gone(&bed, karpenter).await;
        assert_replays(&run.journal());
    });
}
