//! Nodes that come, change, and go.

use super::*;
use crate::scheduler::NodeLossCause;

fn unmanaged() -> Story {
    Story::new(Setting::new(&[(3, None)]))
}

fn adopted(node: u32) -> Event {
    Event::NodeAdopted { environment: ComputeEnvironmentId(0), node: NodeId(node), vcpus: 4, free: node_room(4) }
}

fn lost(node: u32, cause: NodeLossCause) -> Event {
    Event::NodeLost { node: NodeId(node), cause }
}

#[test]
fn a_node_is_taken_when_it_is_ready_and_once() {
    let mut story = unmanaged();
    let early = NodeFacts { state: NodeState::NotUsable, ..node("a", "n-1") };
    assert_eq!(story.see(early).0, []);
    assert_eq!(story.see(NodeFacts { notice: true, ..node("a", "n-1") }).0, []);
    assert_eq!(story.see(NodeFacts { environment_uuid: "other".to_owned(), ..node("a", "n-1") }).0, []);
    assert_eq!(story.see(node("a", "n-1")).0, [adopted(0)]);
    assert_eq!(story.see(node("a", "n-1")).0, []);
}

#[test]
fn another_machine_under_the_same_name_is_another_node() {
    let mut story = unmanaged();
    story.see(node("a", "n-1"));
    assert_eq!(story.see(node("a", "n-2")).0, [lost(0, NodeLossCause::Failed), adopted(1)]);
    assert_eq!(story.see(Sighting::NodeGone(object("a", "n-1"))).0, [], "that is over");
    assert_eq!(story.relist(vec![node("a", "n-3").into()]).0, [lost(1, NodeLossCause::Failed), adopted(2)]);
    assert_eq!(story.relist(vec![]).0, [lost(2, NodeLossCause::Failed)]);
}

#[test]
fn a_node_that_goes_as_announced_was_interrupted() {
    let mut story = unmanaged();
    story.see(node("a", "n-1"));
    let warned = NodeFacts { notice: true, ..node("a", "n-1") };
    let told = story.see(warned.clone()).0;
    assert!(matches!(told[..], [Event::SpotInterruptionWarning { node: NodeId(0), .. }]), "{told:?}");
    assert_eq!(story.see(warned).0, [], "it was told");
    assert_eq!(story.see(Sighting::NodeGone(object("a", "n-1"))).0, [lost(0, NodeLossCause::SpotInterruption)]);
}

#[test]
fn nobody_waits_for_the_pod_of_a_node_that_is_gone() {
    let mut story = unmanaged();
    story.see(node("a", "n-1"));
    let created = story.place(1);
    story.see(pod(&created[0], PodPhase::Running));
    assert_eq!(story.see(Sighting::NodeGone(object("a", "n-1"))).0, [lost(0, NodeLossCause::Failed)]);
    // No kubelet is left that could let it end in its own time, and Kubernetes would keep the object for minutes.
    let gone = story.end(1, AttemptOutcome::HostTerminated);
    assert!(matches!(gone[..], [Act::DeletePod { grace_seconds: 0, .. }]), "{gone:?}");
}

#[test]
fn the_pod_of_an_unreachable_node_may_still_run() {
    let mut story = unmanaged();
    story.see(node("a", "n-1"));
    let created = story.place(1);
    story.see(pod(&created[0], PodPhase::Running));
    let silent = NodeFacts { state: NodeState::Unreachable, ..node("a", "n-1") };
    assert_eq!(story.see(silent).0, [lost(0, NodeLossCause::Failed)]);
    let gone = story.end(1, AttemptOutcome::HostTerminated);
    assert!(matches!(gone[..], [Act::DeletePod { grace_seconds: 30, .. }]), "{gone:?}");
    story.see(node("b", "n-2"));
    assert_eq!(story.command(create(2, 1, None)), [], "the next attempt waits for it");
    // The machine is gone indeed: nobody else will say that its pods are.
    let (events, acts) = story.see(Sighting::NodeGone(object("a", "n-1")));
    assert_eq!(events, []);
    assert!(matches!(acts[..], [Act::DeletePod { grace_seconds: 0, .. }]), "{acts:?}");
    let there = pod(&created[0], PodPhase::Running);
    let gone = ObjectName { namespace: there.namespace, name: there.name, uid: there.uid };
    story.see(Sighting::PodGone(gone));
    assert!(matches!(story.ledger.repeat(&mut |_, _| None)[..], [Act::CreatePod { .. }]));
}

#[test]
fn a_node_that_nobody_can_remove_is_not_taken_again() {
    let mut story = unmanaged();
    story.see(node("a", "n-1"));
    assert_eq!(story.command(Command::TerminateNode { node: NodeId(0) }), []);
    assert_eq!(story.take().0, [lost(0, NodeLossCause::Terminated)]);
    assert_eq!(story.see(node("a", "n-1")).0, []);
    assert_eq!(story.restart(vec![node("a", "n-1").into()]).0, [], "nor by the next program");
    assert_eq!(story.see(node("a", "n-2")).0, [adopted(1)], "another machine is");
}
