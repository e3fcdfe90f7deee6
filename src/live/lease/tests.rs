//! Two instances and one environment, on an API server that makes trouble. Times are short, and real.

use std::future::pending;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::Lease;
use crate::live::actuate::fake::{Fake, Trouble};
use crate::live::error::LiveError;
use crate::live::settings::LiveSettings;
use crate::live::telemetry::Metrics;

const PODS: &str = "/api/v1/namespaces/jobs/pods";
const DURATION: Duration = Duration::from_millis(1_200);

fn settings() -> LiveSettings {
    LiveSettings { lease_duration: DURATION, lease_renewal: Duration::from_millis(200), ..LiveSettings::default() }
}

fn path(environment: &str) -> String {
    format!("{PODS}/windtunnel-lease.{environment}")
}

async fn acquire(fake: &Fake, environments: &[&str], holder: &str, run: &str) -> Result<Lease, LiveError> {
    let environments: Vec<_> = environments.iter().map(|&uuid| (uuid.to_owned(), "jobs".to_owned())).collect();
    Lease::acquire(fake.client(), &environments, holder, run, &settings(), Metrics::new()).await
}

fn renewals(fake: &Fake, environment: &str) -> u64 {
    let pod = fake.get(&path(environment)).expect("the lease's pod");
    pod["metadata"]["annotations"]["windtunnel.dev/lease-renewals"].as_str().unwrap().parse().unwrap()
}

/// Renews for a while.
async fn keep_for(lease: &mut Lease, span: Duration) -> Result<(), LiveError> {
    lease.keep(sleep(span)).await
}

#[tokio::test]
async fn a_lease_is_taken_renewed_and_given_back() {
    let fake = Fake::start().await;
    let mut lease = acquire(&fake, &["a", "b", "a"], "host-1", "run-1").await.unwrap();
    assert_eq!(fake.count(), 2);
    let pod = fake.get(&path("a")).unwrap();
    assert_eq!(pod["spec"]["schedulingGates"][0]["name"], "windtunnel.dev/lease");
    assert!(pod["spec"].get("nodeName").is_none());
    keep_for(&mut lease, DURATION * 2).await.unwrap();
    assert!(lease.hold().holds(Instant::now()), "it lasts longer than its duration, for it is renewed");
    assert!(renewals(&fake, "a") >= 5 && renewals(&fake, "b") >= 5, "{}", renewals(&fake, "a"));
    let hold = lease.hold();
    lease.release().await.unwrap();
    assert_eq!(fake.count(), 0);
    assert!(!hold.holds(Instant::now()));
}

#[tokio::test]
async fn another_instance_is_told_who_holds_it() {
    let fake = Fake::start().await;
    let mut lease = acquire(&fake, &["b"], "host-1 pid 7", "run-1").await.unwrap();
    let second = acquire(&fake, &["a", "b"], "host-2", "run-2");
    let (kept, refused) = tokio::join!(keep_for(&mut lease, DURATION), second);
    kept.unwrap();
    let error = refused.err().expect("only one may").to_string();
    assert!(error.contains("host-1 pid 7") && error.contains("run run-1") && error.contains("since 2"), "{error}");
    assert_eq!(fake.get(&path("a")), None, "what it had taken is given back");
    assert!(lease.hold().holds(Instant::now()));
}

#[tokio::test]
async fn a_dead_instance_s_lease_is_taken_over_after_its_duration() {
    let fake = Fake::start().await;
    drop(acquire(&fake, &["a"], "host-1", "run-1").await.unwrap());
    let began = Instant::now();
    let taken = acquire(&fake, &["a"], "host-2", "run-2").await.unwrap();
    assert!(began.elapsed() >= DURATION, "after {:?}", began.elapsed());
    assert!(taken.hold().holds(Instant::now()));
    let pod = fake.get(&path("a")).unwrap();
    assert_eq!(pod["metadata"]["annotations"]["windtunnel.dev/lease-run"], "run-2");
}

#[tokio::test]
async fn the_same_run_goes_on_at_once_and_its_old_process_is_out() {
    let fake = Fake::start().await;
    let mut old = acquire(&fake, &["a"], "host-1", "run-1").await.unwrap();
    let began = Instant::now();
    let new = acquire(&fake, &["a"], "host-1", "run-1").await.unwrap();
    assert!(began.elapsed() < DURATION / 2, "after {:?}", began.elapsed());
    let error = timeout(DURATION, old.keep(pending())).await.expect("it notices").unwrap_err().to_string();
    assert!(error.contains("lost") && error.contains("run-1"), "{error}");
    assert!(!old.hold().holds(Instant::now()));
    old.release().await.unwrap();
    assert_eq!(fake.count(), 1, "what is lost is not given back");
    assert!(new.hold().holds(Instant::now()));
}

#[tokio::test]
async fn silence_ends_it_before_another_could_take_it() {
    for trouble in [Trouble::Hang, Trouble::Reset, Trouble::status(500, "InternalError", "etcdserver: no leader")] {
        let fake = Fake::start().await;
        let mut lease = acquire(&fake, &["a"], "host-1", "run-1").await.unwrap();
        let began = Instant::now();
        fake.curse("", trouble);
        lease.keep(pending()).await.unwrap_err();
        let ended = began.elapsed();
        assert!(ended > DURATION / 3 && ended < DURATION, "after {ended:?}");
        assert!(!lease.hold().holds(Instant::now()));
    }
}

#[tokio::test]
async fn troubles_that_pass_are_borne() {
    let fake = Fake::start().await;
    let busy = || Trouble::Reply { status: 429, retry_after: Some(1), body: String::new() };
    fake.next([Trouble::status(503, "ServiceUnavailable", "starting"), Trouble::Reset, busy()]);
    let mut lease = acquire(&fake, &["a"], "host-1", "run-1").await.unwrap();
    fake.next([Trouble::Hang, Trouble::Lost, busy()]);
    keep_for(&mut lease, DURATION * 2).await.unwrap();
    // Others write to a pod too, its status above all.
    for _ in 0..3 {
        fake.change(&path("a"), |pod| pod["status"] = json!({ "conditions": ["SchedulingGated"] }));
        keep_for(&mut lease, DURATION / 2).await.unwrap();
    }
    fake.remove(&path("a"));
    keep_for(&mut lease, DURATION).await.unwrap();
    assert!(fake.get(&path("a")).is_some(), "who deletes the pod by mistake ends nothing");
    fake.change(&path("a"), |pod| pod["status"] = json!({}));
    lease.release().await.unwrap();
    assert_eq!(fake.count(), 0);
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_one_s_own() {
    let fake = Fake::start().await;
    fake.next([Trouble::Lost]);
    let began = Instant::now();
    acquire(&fake, &["a"], "host-1", "run-1").await.unwrap();
    assert!(began.elapsed() < DURATION / 2);
}

#[tokio::test]
async fn what_is_no_lease_and_what_is_forbidden_is_told() {
    let fake = Fake::start().await;
    fake.put(&path("a"), json!({ "metadata": { "name": "windtunnel-lease.a" } }));
    let error = acquire(&fake, &["a"], "host-1", "run-1").await.err().unwrap().to_string();
    assert!(error.contains("windtunnel-lease.a") && error.contains("delete it"), "{error}");
    fake.next([Trouble::status(403, "Forbidden", "pods is forbidden: User \"nobody\"")]);
    let error = acquire(&fake, &["b"], "host-1", "run-1").await.err().unwrap().to_string();
    assert!(error.contains("create, get, patch and delete") && error.contains("nobody"), "{error}");
}
