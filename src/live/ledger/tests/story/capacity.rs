//! Launch requests, claims, and people who are told.

use super::*;
use crate::live::backend::Backend;
use crate::live::facts::Answer;
use crate::scheduler::NodeLossCause;

const FIRST: &str = "windtunnel-6f1d9f5e-0-0";
const SECOND: &str = "windtunnel-6f1d9f5e-0-1";

fn karpenter() -> Story {
    Story::new(Setting::new(&[(3, None)]).on_karpenter())
}

fn render() -> Story {
    let setting = Setting::new(&[(3, None)]).on_karpenter();
    Story::new(Setting { backend: Backend::Render, ..setting })
}

/// Two claims of four vCPUs.
fn asked() -> Story {
    let mut story = karpenter();
    let names: Vec<_> = story.command(launch(0, &[1], 8)).iter().map(|act| name(act).to_owned()).collect();
    assert_eq!(names, [FIRST, SECOND]);
    story
}

fn launched(node: u32) -> Event {
    Event::NodeLaunched {
        launch: LaunchId(0),
        environment: ComputeEnvironmentId(0),
        node: NodeId(node),
        instance_type: InstanceTypeId(1),
        zone: crate::ids::ZoneId(0),
        purchase: PurchaseOption::Ec2,
    }
}

fn short(vcpus_short: u32) -> Event {
    Event::CapacityUnavailable { launch: LaunchId(0), instance_types: vec![InstanceTypeId(1)], vcpus_short }
}

fn lost(node: u32, cause: NodeLossCause) -> Event {
    Event::NodeLost { node: NodeId(node), cause }
}

fn removed(name: &str) -> Act {
    Act::DeleteNodeClaim { name: name.to_owned() }
}

fn of_claim(claim: &str) -> NodeFacts {
    NodeFacts { claim: Some(claim.to_owned()), ..node("ip-1", "n-1") }
}

#[test]
fn a_claim_becomes_a_node_and_goes_with_it() {
    let mut story = asked();
    assert_eq!(story.see(claim(FIRST, ClaimPhase::Pending)), (vec![], vec![]));
    assert_eq!(story.see(claim(FIRST, ClaimPhase::Launched)), (vec![launched(0)], vec![]));
    assert_eq!(story.see(claim(FIRST, ClaimPhase::Launched)), (vec![], vec![]), "told again");
    let ready = Event::NodeReady { node: NodeId(0), free: node_room(4) };
    assert_eq!(story.see(of_claim(FIRST)), (vec![ready], vec![]));
    assert_eq!(story.command(Command::TerminateNode { node: NodeId(0) }), [removed(FIRST)]);
    let going = NodeClaimFacts { deleting: true, ..claim(FIRST, ClaimPhase::Launched) };
    assert_eq!(story.see(going), (vec![], vec![]));
    assert_eq!(story.see(Sighting::NodeGone(object("ip-1", "n-1"))).0, [lost(0, NodeLossCause::Terminated)]);
    assert_eq!(story.see(Sighting::NodeClaimGone(object(FIRST, "c"))), (vec![], vec![]));
}

#[test]
fn a_node_may_be_seen_before_its_claim_says_so() {
    let mut story = asked();
    assert_eq!(story.see(of_claim(FIRST)), (vec![], vec![]));
    let ready = Event::NodeReady { node: NodeId(0), free: node_room(4) };
    assert_eq!(story.see(claim(FIRST, ClaimPhase::Launched)).0, [launched(0), ready]);
}

#[test]
fn a_node_that_went_before_its_claim_said_so_is_not_ready() {
    let mut story = asked();
    story.see(of_claim(FIRST));
    story.relist(vec![claim(FIRST, ClaimPhase::Pending).into()]);
    assert_eq!(story.see(claim(FIRST, ClaimPhase::Launched)).0, [launched(0)]);
}

#[test]
fn a_claim_that_vanishes_between_launch_and_node_is_a_lost_node() {
    let mut story = asked();
    story.see(claim(FIRST, ClaimPhase::Launched));
    let gone = story.see(Sighting::NodeClaimGone(object(FIRST, "c")));
    assert_eq!(gone, (vec![lost(0, NodeLossCause::Failed)], vec![]));
}

#[test]
fn what_failed_is_told_once_all_of_the_request_is_known() {
    let mut story = asked();
    let failed = claim(FIRST, ClaimPhase::Failed("no capacity".to_owned()));
    assert_eq!(story.see(failed.clone()), (vec![], vec![removed(FIRST)]), "the other is still waited for");
    assert_eq!(story.see(failed), (vec![], vec![]), "it is being removed");
    let (events, acts) = story.see(claim(SECOND, ClaimPhase::Launched));
    assert_eq!((events, acts), (vec![launched(0), short(4)], vec![]));
}

#[test]
fn claims_that_karpenter_deletes_found_no_capacity() {
    let mut story = asked();
    for name in [FIRST, SECOND] {
        let doomed = NodeClaimFacts {
            deleting: true,
            ..claim(name, ClaimPhase::Failed("deleted before it launched".to_owned()))
        };
        assert_eq!(story.see(doomed).1, [], "nobody has to delete it again");
    }
    assert_eq!(story.past.last().map(|(seen, _)| seen.events.clone()), Some(vec![short(8)]));
    assert!(!story.ledger.is_drained(), "claims are still there");
    let mut other = asked();
    other.see(Sighting::NodeClaimGone(object(FIRST, "c")));
    let refused = Answer::NodeClaimRefused { name: SECOND.to_owned(), message: "quota".to_owned() };
    assert_eq!(other.see(refused).0, [short(8)]);
}

#[test]
fn a_claim_that_vanished_while_nobody_watched_has_failed() {
    let mut story = asked();
    story.see(claim(FIRST, ClaimPhase::Pending));
    // The second may not have been created yet.
    assert_eq!(story.relist(vec![]), (vec![], vec![]));
    assert_eq!(story.see(claim(SECOND, ClaimPhase::Launched)).0, [launched(0), short(4)]);
}

#[test]
fn a_list_that_breaks_off_says_nothing() {
    let mut story = asked();
    story.see(claim(FIRST, ClaimPhase::Pending));
    story.see(Sighting::ListBegun(Kind::NodeClaim));
    story.see(Sighting::ListBegun(Kind::NodeClaim));
    story.see(claim(FIRST, ClaimPhase::Pending));
    assert_eq!(story.see(Sighting::ListEnded(Kind::NodeClaim)), (vec![], vec![]));
    story.see(Sighting::ListBegun(Kind::NodeClaim));
    story.see(claim(FIRST, ClaimPhase::Pending));
    story.see(Sighting::ListBegun(Kind::NodeClaim));
    story.see(Sighting::ListEnded(Kind::NodeClaim));
    assert_eq!(story.see(claim(SECOND, ClaimPhase::Launched)).0, [launched(0), short(4)]);
}

#[test]
fn what_is_not_launched_in_time_is_taken_back() {
    let mut story = asked();
    story.see(claim(FIRST, ClaimPhase::Launched));
    story.see(claim(SECOND, ClaimPhase::Pending));
    assert_eq!(story.wait(299), (vec![], vec![]));
    assert_eq!(story.wait(1), (vec![], vec![removed(SECOND)]), "as long as launchResponseDeadline");
    assert_eq!(story.wait(1), (vec![], vec![]));
    assert_eq!(story.see(claim(SECOND, ClaimPhase::Launched)), (vec![], vec![]), "too late, and asked to go");
    story.see(Answer::NodeClaimAbsent { name: SECOND.to_owned() });
    let late = story.see(claim(SECOND, ClaimPhase::Launched));
    assert_eq!(late, (vec![], vec![removed(SECOND)]), "it was created after all");
}

#[test]
fn a_node_that_goes_takes_its_claim_along() {
    let mut story = asked();
    story.see(claim(FIRST, ClaimPhase::Launched));
    story.see(of_claim(FIRST));
    let gone = story.see(Sighting::NodeGone(object("ip-1", "n-1")));
    assert_eq!(gone, (vec![lost(0, NodeLossCause::Failed)], vec![removed(FIRST)]));
    assert_eq!(story.see(claim(FIRST, ClaimPhase::Launched)), (vec![], vec![]));
}

#[test]
fn a_restart_asks_for_what_is_missing_and_removes_what_is_nobody_s() {
    let mut story = asked();
    let stranger = "windtunnel-6f1d9f5e-7-0";
    let listed = vec![claim(FIRST, ClaimPhase::Pending).into(), claim(stranger, ClaimPhase::Launched).into()];
    let (events, acts) = story.restart(listed);
    assert_eq!(events, []);
    assert_eq!(acts.iter().map(name).collect::<Vec<_>>(), [SECOND, stranger]);
    assert!(matches!(acts[0], Act::CreateNodeClaim { .. }) && acts[1] == removed(stranger), "{acts:?}");
}

#[test]
fn a_restart_after_the_deadline_asks_for_nothing_any_more() {
    let mut story = asked();
    story.now = SimTime::from_millis(400_000);
    let (events, acts) = story.restart(vec![claim(FIRST, ClaimPhase::Launched).into()]);
    assert_eq!((events, acts), (vec![launched(0)], vec![]), "what was launched counts");
    assert_eq!(story.wait(0).1, [removed(SECOND)], "it may have been created a moment ago");
}

#[test]
fn a_restart_gives_nodes_back_again() {
    let mut story = asked();
    story.see(claim(FIRST, ClaimPhase::Launched));
    story.see(of_claim(FIRST));
    story.see(claim(SECOND, ClaimPhase::Launched));
    story.command(Command::TerminateNode { node: NodeId(0) });
    let there = |name: &str| claim(name, ClaimPhase::Launched).into();
    let (events, acts) = story.restart(vec![there(FIRST), of_claim(FIRST).into(), there(SECOND)]);
    assert_eq!((events, acts), (vec![], vec![removed(FIRST)]));
    let (events, _) = story.restart(vec![there(FIRST), of_claim(FIRST).into()]);
    assert_eq!(events, [lost(1, NodeLossCause::Failed)], "its claim went while nobody looked");
}

#[test]
fn a_run_is_not_over_while_a_claim_is_left() {
    let mut story = asked();
    story.decide(Decision { endings: job_over(), ..Decision::default() });
    story.wait(300);
    assert!(!story.ledger.is_drained(), "nobody has said that the claims are gone");
    story.see(Answer::NodeClaimAbsent { name: FIRST.to_owned() });
    story.see(Sighting::NodeClaimGone(object(SECOND, "c")));
    assert!(story.ledger.is_drained());
}

/// The array is over, and the run with it.
fn job_over() -> Vec<Ending> {
    vec![Ending::Array(crate::scheduler::ArrayEnd {
        job: JobId::new(0, 0),
        queue: JobQueueId(0),
        size: 1,
        failed: 0,
        submitted_at: SimTime::ZERO,
        ended_at: SimTime::ZERO,
    })]
}

/// What a person is told: the word and the launch or node.
fn announced(acts: &[Act]) -> Vec<String> {
    let line = |act: &Act| match act {
        Act::Announce(line) => format!("{} {}{}", line["wanted"], line["launch"], line["node"]),
        other => panic!("{other:?} in a run that only tells"),
    };
    acts.iter().map(line).collect()
}

#[test]
fn a_person_is_told_what_is_wanted_and_what_no_longer() {
    let mut story = render();
    let told = story.command(launch(0, &[1], 8));
    assert_eq!(announced(&told), [r#""launch" 0null"#]);
    let at = |node, zone| {
        let Event::NodeLaunched { launch, environment, instance_type, purchase, .. } = launched(node) else { panic!() };
        Event::NodeLaunched { launch, environment, node: NodeId(node), instance_type, zone, purchase }
    };
    let ready = Event::NodeReady { node: NodeId(0), free: node_room(4) };
    assert_eq!(story.see(node("mine", "n-1")).0, [at(0, crate::ids::ZoneId(1)), ready]);
    let (_, again) = story.restart(vec![node("mine", "n-1").into()]);
    assert_eq!(announced(&again), [r#""launch" 0null"#], "half of it is still wanted");
    assert_eq!(announced(&story.wait(300).1), [r#""withdrawal" 0null"#]);
    assert!(matches!(story.see(node("late", "n-2")).0[..], [Event::NodeAdopted { .. }]), "it answers nothing");
    let told = story.command(Command::TerminateNode { node: NodeId(0) });
    assert_eq!(announced(&told), [r#""removal" null"mine""#]);
    let (_, again) = story.restart(vec![node("mine", "n-1").into(), node("late", "n-2").into()]);
    assert_eq!(announced(&again), [r#""removal" null"mine""#]);
    assert_eq!(story.see(Sighting::NodeGone(object("mine", "n-1"))).0, [lost(0, NodeLossCause::Terminated)]);
}
