//! Attempts and their pods.

use serde_json::Value;

use super::*;
use crate::live::facts::{Answer, Refusal};
use crate::model::Nodes;
use crate::scheduler::{PodFailure, PodStuck};

/// A node, and the first attempt's pod on it, asked for.
fn placed() -> (Story, Act) {
    let mut story = Story::new(Setting::new(&[(3, None)]));
    story.see(node("a", "n-1"));
    let act = story.place(1).remove(0);
    (story, act)
}

fn running() -> Event {
    Event::PodRunning { pod: pod_id(1) }
}

fn failed(failure: PodFailure) -> Event {
    Event::PodFailed { pod: pod_id(1), failure }
}

fn gone(act: &Act) -> Sighting {
    let PodFacts { namespace, name, uid, .. } = pod(act, PodPhase::Pending);
    Sighting::PodGone(ObjectName { namespace, name, uid })
}

fn refused(act: &Act, why: Refusal) -> Answer {
    let PodFacts { namespace, name, .. } = pod(act, PodPhase::Pending);
    Answer::PodRefused { namespace, name, why }
}

fn created(act: &Act) -> Answer {
    let PodFacts { namespace, name, uid, .. } = pod(act, PodPhase::Pending);
    Answer::PodCreated { pod: ObjectName { namespace, name, uid }, again: false }
}

#[test]
fn a_pod_runs_and_is_cleaned_up() {
    let (mut story, act) = placed();
    assert_eq!(story.see(pod(&act, PodPhase::Pending)).0, []);
    assert_eq!(story.see(pod(&act, PodPhase::Running)).0, [running()]);
    assert_eq!(story.see(pod(&act, PodPhase::Running)).0, [], "doubled");
    assert_eq!(story.see(pod(&act, PodPhase::Succeeded)).0, [Event::PodSucceeded { pod: pod_id(1) }]);
    assert_eq!(story.see(pod(&act, PodPhase::Succeeded)).0, [], "doubled");
    assert_eq!(story.see(pod(&act, PodPhase::Running)).0, [], "out of order");
    let cleaned = story.end(1, AttemptOutcome::Succeeded);
    assert!(
        matches!(&cleaned[..], [Act::DeletePod { uid: Some(_), grace_seconds: 0, .. }])
            && name(&cleaned[0]) == name(&act),
        "{cleaned:?}"
    );
    assert_eq!(story.see(pod(&act, PodPhase::Succeeded)), (vec![], vec![]), "it is being deleted");
    assert_eq!(story.see(gone(&act)), (vec![], vec![]));
}

#[test]
fn what_ended_has_run_even_if_nobody_saw_it() {
    let (mut story, act) = placed();
    let ended = story.see(pod(&act, PodPhase::Succeeded)).0;
    assert_eq!(ended, [running(), Event::PodSucceeded { pod: pod_id(1) }]);
    let (mut story, act) = placed();
    let exit = PodFailure::ExitCode(3);
    assert_eq!(story.see(pod(&act, PodPhase::Failed(exit))).0, [running(), failed(exit)]);
    let (mut story, act) = placed();
    let turned_away = PodFailure::OutOfCpu;
    assert_eq!(story.see(pod(&act, PodPhase::Failed(turned_away))).0, [failed(turned_away)], "it never ran");
}

#[test]
fn a_pod_that_someone_else_deletes_has_failed_once() {
    let (mut story, act) = placed();
    story.see(pod(&act, PodPhase::Running));
    assert_eq!(story.see(gone(&act)).0, [failed(PodFailure::Deleted)]);
    assert_eq!(story.see(gone(&act)).0, []);
}

#[test]
fn a_pod_that_is_refused_waits_or_fails() {
    let (mut story, act) = placed();
    let quota = refused(&act, Refusal::Quota("exceeded quota".to_owned()));
    assert_eq!(story.see(quota.clone()).0, [failed(PodFailure::OutOfPods)]);
    assert_eq!(story.see(quota).0, []);
    let (mut story, act) = placed();
    let forbidden = refused(&act, Refusal::Forbidden("PodSecurity".to_owned()));
    assert_eq!(story.see(forbidden).0, [failed(PodFailure::Refused)]);
}

#[test]
fn a_stuck_pod_is_told_once() {
    let (mut story, act) = placed();
    let stuck = pod(&act, PodPhase::Stuck(PodStuck::Image));
    assert_eq!(story.see(stuck.clone()).0, [Event::PodStuck { pod: pod_id(1), why: PodStuck::Image }]);
    assert_eq!(story.see(stuck).0, []);
    assert_eq!(story.see(pod(&act, PodPhase::Running)).0, [running()], "the image came after all");
}

#[test]
fn the_next_attempt_waits_for_what_is_left_of_the_last() {
    let (mut story, act) = placed();
    story.see(pod(&act, PodPhase::Running));
    story.end(1, AttemptOutcome::TimedOut);
    assert_eq!(story.place(2), [], "two pods of one job");
    assert_eq!(story.ledger.repeat(&mut |_, _| None), []);
    story.see(gone(&act));
    let second = story.ledger.repeat(&mut |_, _| None);
    assert!(matches!(&second[..], [Act::CreatePod { .. }]) && name(&second[0]) != name(&act), "{second:?}");
}

#[test]
fn an_attempt_that_waits_and_is_not_wanted_any_more_is_never_created() {
    let (mut story, act) = placed();
    story.see(pod(&act, PodPhase::Running));
    story.end(1, AttemptOutcome::TimedOut);
    story.place(2);
    assert_eq!(story.command(delete(2)), [], "there is nothing to delete");
    assert_eq!(story.take().0, [Event::PodFailed { pod: pod_id(2), failure: PodFailure::Deleted }]);
    story.see(gone(&act));
    assert_eq!(story.ledger.repeat(&mut |_, _| None), []);
}

#[test]
fn a_list_says_what_is_missing_but_not_of_a_pod_that_was_just_created() {
    let (mut story, act) = placed();
    story.see(Sighting::ListBegun(Kind::Pod));
    story.see(created(&act));
    assert_eq!(story.see(Sighting::ListEnded(Kind::Pod)).0, [], "it came while the list was made");
    let again = vec![node("a", "n-1").into()];
    assert_eq!(story.relist(again).0, [failed(PodFailure::Deleted)]);
}

#[test]
fn a_restart_creates_what_never_ran_and_gives_up_what_did() {
    let (mut story, act) = placed();
    let there = || vec![node("a", "n-1").into()];
    let (events, acts) = story.restart(there());
    assert_eq!((events, acts.iter().map(name).collect::<Vec<_>>()), (vec![], vec![name(&act)]));
    story.see(pod(&act, PodPhase::Running));
    assert_eq!(
        story.restart(there()),
        (vec![failed(PodFailure::Deleted)], vec![]),
        "its containers may have ended well"
    );
}

#[test]
fn a_restart_deletes_what_is_left_and_what_is_not_wanted() {
    let (mut story, act) = placed();
    story.see(pod(&act, PodPhase::Running));
    story.command(delete(1));
    let there = vec![node("a", "n-1").into(), pod(&act, PodPhase::Running).into()];
    let (_, acts) = story.restart(there.clone());
    assert!(matches!(&acts[..], [Act::DeletePod { grace_seconds: 30, .. }]), "{acts:?}");
    story.end(1, AttemptOutcome::TimedOut);
    let (_, acts) = story.restart(there);
    assert!(matches!(&acts[..], [Act::DeletePod { uid: Some(_), grace_seconds: 30, .. }]), "{acts:?}");
    assert_eq!(story.place(2), [], "the stray pod may still run");
}

#[test]
fn the_nodes_of_a_job_are_told_the_address_of_the_main_one() {
    let mut setting = Setting::new(&[(3, None)]);
    setting.run.jobs[0].nodes = Some(Nodes { count: 2, main: 0 });
    setting.run.jobs[0].groups[0].last = 1;
    let mut story = Story::new(setting);
    story.see(node("a", "n-1"));
    let main = story.command(create(1, 0, Some(0))).remove(0);
    story.see(PodFacts { ip: Some("10.1.2.3".to_owned()), ..pod(&main, PodPhase::Running) });
    let child = story.command(create(1, 0, Some(1))).remove(0);
    let address = |act: &Act| {
        let Act::CreatePod { manifest, .. } = act else { panic!("{act:?}") };
        let variables = manifest.to_value()["spec"]["containers"][0]["env"].as_array().cloned().unwrap_or_default();
        let name = "AWS_BATCH_JOB_MAIN_NODE_PRIVATE_IPV4_ADDRESS";
        variables.into_iter().find(|variable| variable["name"] == name).map(|variable| variable["value"].clone())
    };
    assert_eq!((address(&main), address(&child)), (None, Some(Value::from("10.1.2.3"))));
}
