//! What a RUNNABLE job waited for, as head of its queue and behind others.

use windtunnel::history::{Follow, WentAhead};
use windtunnel::scheduler::Blocked;
use windtunnel::units::{SimDuration, SimTime};

use crate::played::{names, play};

const STORY: &str = "set submitToRunnable=1s

at 0s
environment UNMANAGED
queue ce-0
adopted node-0 ce-0 cpu=2
spec cpu=2
submit 0-0 jq-0 spec-0

at 10s
submit 0-1 jq-0 spec-0
submit 0-2 jq-0 spec-0

at 31s
succeeded 0.0

at 61s
succeeded 0.1

at 90s";

fn follow(job: &str) -> Follow {
    play(STORY, |config| Follow::new(job.parse().unwrap(), config, names()))
}

#[test]
fn time_in_runnable_is_told_by_reason() {
    // RUNNABLE from 11 s to 61 s: behind 0-1 until 31 s, then as the head.
    let waits = follow("0-2").waits();
    assert_eq!(waits.as_head.get(&Blocked::NoRoomOnNodes), Some(&SimDuration::from_secs(30)));
    let behind = waits.behind[&Blocked::NoRoomOnNodes];
    assert_eq!((behind.time, behind.heads), (SimDuration::from_secs(20), 1));
    assert_eq!(behind.longest, ("0-1".parse().unwrap(), SimDuration::from_secs(20)));
    assert_eq!(waits.in_turn, SimDuration::ZERO);
}

#[test]
fn a_job_that_found_room_at_once_waited_for_nothing() {
    let waits = follow("0-0").waits();
    assert!(waits.as_head.is_empty() && waits.behind.is_empty());
    assert_eq!(waits.in_turn, SimDuration::ZERO);
}

#[test]
fn whoever_was_backfilled_knows_whom_it_overtook() {
    let story = "x

at 0s
environment UNMANAGED
queue ce-0 easy
adopted node-0 ce-0 cpu=2
spec cpu=1 timeout=60s
spec cpu=2 timeout=60s
spec cpu=1 timeout=50s
submit 0-0 jq-0 spec-0
submit 0-1 jq-0 spec-1

at 10s
submit 0-2 jq-0 spec-2";
    let follow = |job: &str| play(story, |config| Follow::new(job.parse().unwrap(), config, names()));
    let until = Some(SimTime::from_millis(70_000));
    let ahead = WentAhead { times: 1, head: "0-1".parse().unwrap(), until };
    assert_eq!(follow("0-2").waits().went_ahead, Some(ahead));
    assert_eq!(follow("0-1").waits().went_ahead, None);
}

#[test]
fn whoever_asks_for_another_id_learns_which_there_are() {
    let follow = follow("7-0");
    assert!(follow.record().is_none());
    let ranges: Vec<_> = follow.ids().iter().map(|(first, last)| format!("{first} to {last}")).collect();
    assert_eq!(ranges, ["0-0 to 0-2"]);
}
