//! The actuator against an API server that makes trouble. What a run would notice: what there is in the end, what it is told,
//! and that it never writes more at once than it may.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use super::fake::{Fake, Trouble};
use super::{Actuator, Halt};
use crate::ids::LaunchId;
use crate::live::acts::{Act, MANAGED_BY, Manifest, RUN_LABEL};
use crate::live::error::LiveError;
use crate::live::facts::{Answer, Refusal, Sighting};
use crate::live::guard::{Guard, Scope};
use crate::live::lease::Hold;
use crate::live::settings::LiveSettings;
use crate::live::telemetry::Metrics;
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, JOB_ID_LABEL, NODE_UID_LABEL};

const RUN: &str = "0b5f9c1e-6f1d-4a7e-9a53-0f4f6f5b7a11";
const PODS: &str = "/api/v1/namespaces/jobs/pods";
const CLAIMS: &str = "/apis/karpenter.sh/v1/nodeclaims";

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// An actuator at work.
struct Bench {
    fake: Fake,
    acts: mpsc::UnboundedSender<Act>,
    out: Receiver<Sighting>,
    halt: watch::Sender<Halt>,
    work: JoinHandle<Result<(), LiveError>>,
    metrics: Metrics,
    guard: Guard,
    lines: Lines,
}

fn settings() -> LiveSettings {
    LiveSettings {
        writes_per_minute: 1_000_000,
        writes_in_flight: 4,
        request_timeout: Duration::from_millis(300),
        retry_delay_max: Duration::from_millis(400),
        ..LiveSettings::default()
    }
}

async fn bench(settings: LiveSettings, hold: Option<Hold>) -> Bench {
    let fake = Fake::start().await;
    let scope = Scope {
        run: RUN.to_owned(),
        namespaces: BTreeSet::from(["jobs".to_owned()]),
        environments: BTreeSet::from(["env".to_owned()]),
    };
    let guard = Guard::new(scope, &settings);
    for node in 0..10 {
        assert!(guard.allow_node(&format!("node-{node}"), "env"));
    }
    let (acts, received) = mpsc::unbounded_channel();
    let (out, told) = channel();
    let (halt, halted) = watch::channel(Halt::Go);
    let (metrics, lines) = (Metrics::new(), Lines::default());
    let actuator = Actuator {
        client: fake.client(),
        guard: guard.clone(),
        hold,
        settings,
        metrics: metrics.clone(),
        announce: Box::new(lines.clone()),
        out,
        halt: halted,
    };
    Bench { fake, acts, out: told, halt, work: tokio::spawn(actuator.run(received)), metrics, guard, lines }
}

impl Bench {
    fn act(&self, act: Act) {
        self.acts.send(act).unwrap();
    }

    /// No more acts: what was told until all of them are done.
    async fn end(self) -> (Fake, Vec<Answer>, Metrics) {
        drop(self.acts);
        timeout(Duration::from_secs(20), self.work).await.expect("it ends").unwrap().unwrap();
        let answers = self.out.try_iter().map(|told| match told {
            Sighting::Answer(answer) => answer,
            other => panic!("{other:?} is no answer"),
        });
        (self.fake, answers.collect(), self.metrics)
    }

    async fn answer(&self) -> Answer {
        for _ in 0..1_000 {
            if let Ok(Sighting::Answer(answer)) = self.out.try_recv() {
                return answer;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("no answer")
    }
}

fn pod_name(number: u32) -> String {
    format!("aws-batch.14638eb9-d218-372d-ba5c-{number:012x}")
}

fn manifest(number: u32) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": { "name": pod_name(number), "namespace": "jobs", "labels": {
            RUN_LABEL: RUN, MANAGED_BY.0: MANAGED_BY.1, COMPUTE_ENVIRONMENT_LABEL: "env",
            JOB_ID_LABEL: format!("job-{number}"), NODE_UID_LABEL: "n",
        }},
        "spec": { "nodeName": "node-1" },
    })
}

fn create(number: u32) -> Act {
    Act::CreatePod { namespace: "jobs".to_owned(), name: pod_name(number), manifest: Manifest::from(&manifest(number)) }
}

fn delete(number: u32, uid: Option<&str>) -> Act {
    let uid = uid.map(str::to_owned);
    Act::DeletePod { namespace: "jobs".to_owned(), name: pod_name(number), uid, grace_seconds: 30 }
}

fn pod_path(number: u32) -> String {
    format!("{PODS}/{}", pod_name(number))
}

fn claim_name(number: u32) -> String {
    format!("windtunnel-0b5f9c1e-1-{number}")
}

fn claim(number: u32, run: &str) -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim",
        "metadata": { "name": claim_name(number), "labels": {
            RUN_LABEL: run, MANAGED_BY.0: MANAGED_BY.1, COMPUTE_ENVIRONMENT_LABEL: "env",
        }},
    })
}

fn create_claim(number: u32) -> Act {
    Act::CreateNodeClaim {
        launch: LaunchId(1),
        name: claim_name(number),
        manifest: Manifest::from(&claim(number, RUN)),
    }
}

fn is_created(answer: &Answer, expected_again: bool) -> bool {
    matches!(answer, Answer::PodCreated { again, pod } if *again == expected_again && !pod.uid.is_empty())
}

fn refusal(answer: &Answer) -> &Refusal {
    match answer {
        Answer::PodRefused { why, .. } => why,
        other => panic!("{other:?} is no refusal"),
    }
}

#[tokio::test]
async fn creating_again_is_harmless_and_a_name_of_others_is_told() {
    let bench = bench(settings(), None).await;
    bench.act(create(1));
    bench.act(create(1));
    let mut foreign = manifest(2);
    foreign["metadata"]["labels"][RUN_LABEL] = json!("another");
    bench.fake.put(&pod_path(2), foreign);
    bench.act(create(2));
    let mut other_job = manifest(3);
    other_job["metadata"]["labels"][JOB_ID_LABEL] = json!("another");
    bench.fake.put(&pod_path(3), other_job);
    bench.act(create(3));
    let (fake, answers, metrics) = bench.end().await;
    assert_eq!(answers.len(), 4);
    assert!(
        answers.iter().any(|answer| is_created(answer, false)) && answers.iter().any(|answer| is_created(answer, true))
    );
    let taken = answers.iter().filter(|answer| matches!(answer, Answer::PodRefused { why: Refusal::NameTaken(_), .. }));
    assert_eq!(taken.count(), 2, "{answers:?}");
    let gets = fake.log().iter().filter(|line| line.starts_with("GET")).count();
    assert_eq!(gets, 3, "a look only where the name was taken");
    let text = metrics.text();
    assert!(text.contains(r#"windtunnel_acts_done_total{kind="create_pod"} 4"#), "{text}");
    assert!(text.contains(r#"windtunnel_acts_refused_total{kind="create_pod",by="server"} 2"#), "{text}");
}

#[tokio::test]
async fn one_object_s_acts_are_done_in_order_while_others_go_on() {
    let bench = bench(settings(), None).await;
    bench.fake.next([Trouble::Slow(Duration::from_millis(150))]);
    bench.act(create(1));
    bench.act(delete(1, None));
    bench.act(create(2));
    let (fake, answers, _) = bench.end().await;
    let log = fake.log();
    assert_eq!(log[..2], [format!("POST {PODS}"), format!("POST {PODS}")], "the second pod did not wait: {log:?}");
    assert_eq!(log[2..], [format!("DELETE {}", pod_path(1))], "and no look was needed: {log:?}");
    assert_eq!((fake.count(), fake.get(&pod_path(2)).is_some(), answers.len()), (1, true, 2));
}

#[tokio::test]
async fn what_passes_is_tried_again_until_it_is_done() {
    let bench = bench(settings(), None).await;
    let throttled = Trouble::Reply { status: 429, retry_after: Some(1), body: "Too many requests".to_owned() };
    bench.fake.next([
        Trouble::status(500, "InternalError", "etcdserver: leader changed"),
        Trouble::status(409, "Conflict", "Operation cannot be fulfilled on resourcequotas"),
        Trouble::status(503, "ServiceUnavailable", "the server is shutting down"),
        Trouble::Reset,
        Trouble::Lost,
        Trouble::Hang,
        throttled,
        Trouble::status(504, "Timeout", "request did not complete"),
        Trouble::status(401, "Unauthorized", "Unauthorized"),
        Trouble::Reply { status: 502, retry_after: None, body: "<html>Bad gateway</html>".to_owned() },
        Trouble::Reply { status: 201, retry_after: None, body: "{\"metadata\": {\"na".to_owned() },
    ]);
    let began = Instant::now();
    (0..6).for_each(|number| bench.act(create(number)));
    let (fake, answers, metrics) = bench.end().await;
    assert_eq!(fake.count(), 6);
    assert_eq!(answers.len(), 6);
    assert!(answers.iter().all(|answer| matches!(answer, Answer::PodCreated { .. })), "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| is_created(answer, true)).count(), 1, "the lost answer's");
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After was not honoured");
    let text = metrics.text();
    assert!(text.contains(r#"windtunnel_acts_retried_total{kind="create_pod"} 11"#), "{text}");
    assert!(
        text.contains(r#"windtunnel_api_request_duration_seconds_count{verb="create",outcome="timeout"} 1"#),
        "{text}"
    );
}

#[tokio::test]
async fn one_object_in_trouble_holds_nobody_up() {
    let bench = bench(settings(), None).await;
    bench.fake.curse(&pod_name(0), Trouble::status(500, "InternalError", "failed calling webhook"));
    (0..40).for_each(|number| bench.act(create(number)));
    for _ in 0..39 {
        assert!(is_created(&bench.answer().await, false));
    }
    bench.fake.curse("nothing", Trouble::None);
    assert!(is_created(&bench.answer().await, false));
    let (fake, _, _) = bench.end().await;
    assert_eq!(fake.count(), 40);
    assert!(fake.under_way_max() <= 4, "{} under way", fake.under_way_max());
}

#[tokio::test]
async fn a_server_that_takes_nothing_is_left_alone() {
    let bench = bench(settings(), None).await;
    bench.fake.curse("", Trouble::status(503, "ServiceUnavailable", "apiserver is shutting down"));
    (0..200).for_each(|number| bench.act(create(number)));
    sleep(Duration::from_secs(2)).await;
    let asked = bench.fake.log().len();
    assert!((8..80).contains(&asked), "{asked} requests in two seconds for two hundred pods");
    bench.fake.curse("nothing", Trouble::None);
    let (fake, answers, _) = bench.end().await;
    assert_eq!((fake.count(), answers.len()), (200, 200));
}

#[tokio::test]
async fn what_the_server_will_never_take_is_told_in_its_words() {
    let bench = bench(settings(), None).await;
    let troubles = [
        Trouble::status(403, "Forbidden", "exceeded quota: compute, requested: pods=1, used: pods=9, limited: pods=9"),
        Trouble::status(403, "Forbidden", "violates PodSecurity \"restricted:latest\""),
        Trouble::status(422, "Invalid", "spec.containers[0].image: Required value"),
        Trouble::status(404, "NotFound", "namespaces \"jobs\" not found"),
        Trouble::status(400, "BadRequest", "json: cannot unmarshal"),
    ];
    for (number, trouble) in (0..).zip(troubles) {
        let quota = number == 0;
        let Trouble::Reply { body, .. } = &trouble else { panic!("a reply") };
        let words = serde_json::from_str::<Value>(body).unwrap()["message"].as_str().unwrap().to_owned();
        bench.fake.next([trouble]);
        bench.act(create(number));
        let expected = if quota { Refusal::Quota(words) } else { Refusal::Forbidden(words) };
        assert_eq!(*refusal(&bench.answer().await), expected);
    }
    bench.fake.next([Trouble::status(404, "NotFound", "the server could not find the requested resource")]);
    bench.act(create_claim(1));
    let Answer::NodeClaimRefused { name, message } = bench.answer().await else { panic!("a refusal") };
    assert_eq!((name, message.contains("could not find")), (claim_name(1), true));
    // Refused is done: the object's next act has its turn.
    bench.act(create(0));
    assert!(is_created(&bench.answer().await, false));
    bench.end().await;
}

#[tokio::test]
async fn only_the_run_s_own_pods_are_deleted() {
    let bench = bench(settings(), None).await;
    let absent = |number| Answer::PodAbsent { namespace: "jobs".to_owned(), name: pod_name(number) };
    bench.fake.put(&pod_path(1), manifest(1));
    bench.act(delete(1, None));
    bench.act(delete(2, None));
    assert_eq!(bench.answer().await, absent(2));
    let mut of_aws = manifest(3);
    of_aws["metadata"]["labels"].as_object_mut().unwrap().shift_remove(RUN_LABEL);
    bench.fake.put(&pod_path(3), of_aws);
    bench.act(delete(3, None));
    assert_eq!(bench.answer().await, absent(3));
    let uid = bench.fake.get(&pod_path(3)).unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    bench.act(delete(3, Some(&uid)));
    assert_eq!(bench.answer().await, absent(3), "knowing its uid makes it nobody's own");
    bench.act(create(4));
    bench.answer().await;
    bench.act(delete(4, Some("of-an-earlier-one")));
    assert_eq!(bench.answer().await, absent(4));
    let elsewhere =
        Act::DeletePod { namespace: "kube-system".to_owned(), name: pod_name(1), uid: None, grace_seconds: 0 };
    bench.act(elsewhere);
    bench.act(delete(4, None));
    let (fake, answers, metrics) = bench.end().await;
    assert_eq!(answers, []);
    assert_eq!((fake.get(&pod_path(1)), fake.get(&pod_path(3)).is_some(), fake.get(&pod_path(4))), (None, true, None));
    assert!(!fake.log().iter().any(|line| line.contains("kube-system")));
    assert!(
        metrics.text().contains(r#"windtunnel_acts_refused_total{kind="delete_pod",by="guard"} 3"#),
        "{}",
        metrics.text()
    );
}

#[tokio::test]
async fn what_the_guard_refuses_never_reaches_the_wire() {
    let bench = bench(settings(), None).await;
    bench.guard.forget_node("node-1");
    bench.act(create(1));
    let told = bench.answer().await;
    assert!(matches!(refusal(&told), Refusal::Forbidden(why) if why.contains("node-1")), "{told:?}");
    let name = claim_name(1);
    let manifest = Manifest::from(&claim(1, "another-run"));
    bench.act(Act::CreateNodeClaim { launch: LaunchId(1), name, manifest });
    assert!(matches!(bench.answer().await, Answer::NodeClaimRefused { .. }));
    let (fake, _, _) = bench.end().await;
    assert_eq!(fake.log(), Vec::<String>::new());
}

#[tokio::test]
async fn claims_are_made_and_given_back_a_few_nodes_at_a_time() {
    let bench = bench(settings(), None).await;
    for number in 0..4 {
        bench.act(create_claim(number));
        bench.act(create_claim(number));
    }
    let path = |number| format!("{CLAIMS}/{}", claim_name(number));
    bench.fake.put(&path(9), claim(9, "another-run"));
    bench.act(Act::DeleteNodeClaim { name: claim_name(9) });
    while bench.fake.log().iter().filter(|line| line.starts_with("POST")).count() < 8 {
        sleep(Duration::from_millis(5)).await;
    }
    for number in 0..3 {
        bench.fake.change(&path(number), |claim| claim["status"] = json!({ "nodeName": format!("node-{number}") }));
    }
    for number in [0, 1, 2, 3, 5] {
        bench.act(Act::DeleteNodeClaim { name: claim_name(number) });
    }
    sleep(Duration::from_millis(300)).await;
    let left: Vec<_> = (0..10).filter(|&number| bench.fake.get(&path(number)).is_some()).collect();
    assert_eq!(left, [2, 9], "a fifth of ten nodes may go in a minute; one that never became a node goes at once");
    assert!(bench.metrics.text().contains("windtunnel_acts_delayed 1"), "{}", bench.metrics.text());
    let told: Vec<_> = bench.out.try_iter().collect();
    let absent = |number| Sighting::Answer(Answer::NodeClaimAbsent { name: claim_name(number) });
    assert_eq!(
        told,
        [9, 5].map(absent),
        "a claim that is there already is no news; one of others is none of the run's"
    );
    bench.halt.send(Halt::Finish).unwrap();
    bench.end().await;
}

#[tokio::test]
async fn writes_keep_to_their_pace() {
    let bench = bench(LiveSettings { writes_per_minute: 600, ..settings() }, None).await;
    let began = Instant::now();
    (0..15).for_each(|number| bench.act(create(number)));
    let (_, answers, _) = bench.end().await;
    assert_eq!(answers.len(), 15);
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(450), "ten at once, then ten a second: {took:?}");
}

#[tokio::test]
async fn stopping_finishes_what_is_under_way_and_drops_the_rest() {
    let bench = bench(LiveSettings { writes_in_flight: 2, ..settings() }, None).await;
    bench.fake.next([Trouble::Slow(Duration::from_millis(200)), Trouble::Slow(Duration::from_millis(200))]);
    (0..10).for_each(|number| bench.act(create(number)));
    sleep(Duration::from_millis(80)).await;
    bench.halt.send(Halt::Finish).unwrap();
    let (fake, answers, _) = bench.end().await;
    assert_eq!((fake.count(), answers.len()), (2, 2));
}

#[tokio::test]
async fn abandoning_waits_for_nothing() {
    let bench = bench(settings(), None).await;
    bench.fake.curse("", Trouble::Hang);
    bench.act(create(1));
    sleep(Duration::from_millis(50)).await;
    bench.halt.send(Halt::Abandon).unwrap();
    timeout(Duration::from_millis(150), bench.work).await.expect("at once").unwrap().unwrap();
    assert_eq!(bench.fake.log().len(), 1);
}

#[tokio::test]
async fn a_lost_right_to_write_ends_everything_at_once() {
    let bench = bench(settings(), Some(Hold::new(Instant::now() + Duration::from_millis(200)))).await;
    bench.act(create(1));
    assert!(is_created(&bench.answer().await, false));
    bench.fake.curse("", Trouble::Hang);
    bench.act(create(2));
    let error = timeout(Duration::from_secs(2), bench.work).await.unwrap().unwrap().unwrap_err();
    assert!(error.to_string().contains("lease"), "{error}");
}

#[tokio::test]
async fn announcements_are_lines() {
    let bench = bench(settings(), None).await;
    bench.act(Act::Announce(Box::new(json!({ "wanted": "launch", "launch": 1 }))));
    bench.act(Act::Announce(Box::new(json!({ "wanted": "removal" }))));
    let lines = bench.lines.clone();
    bench.end().await;
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    assert_eq!(text, "{\"wanted\":\"launch\",\"launch\":1}\n{\"wanted\":\"removal\"}\n");
}
