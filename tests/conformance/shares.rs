//! Rules of fair share that need more shares than a transcript has room for.

use windtunnel::scheduler::{Decision, Observation, Reason, Refusal, Scheduler};
use windtunnel::units::SimTime;

use crate::facts::{Numbers, config};

#[test]
fn the_501st_active_share_is_refused() {
    let mut numbers = Numbers::default();
    let mut lines = vec!["environment UNMANAGED".to_owned(), "queue ce-0 fair".to_owned()];
    lines.extend((0..501).map(|share| format!("spec cpu=1 share=share-{share}")));
    lines.extend((0..501).map(|share| format!("submit 0-{share} jq-0 spec-{share}")));
    // A share that is active already may have more jobs.
    lines.push("submit 0-501 jq-0 spec-0".to_owned());
    let now = SimTime::ZERO;
    let events = lines.iter().map(|line| numbers.event(line, now)).collect();
    let mut decision = Decision::default();
    Scheduler::new(config("")).step(&Observation { now, events }, &mut decision);
    let refused: Vec<_> = decision
        .reasons
        .iter()
        .filter_map(|reason| match reason {
            Reason::SubmissionRefused { job, why, .. } => Some((job.to_string(), *why)),
            _ => None,
        })
        .collect();
    assert_eq!(refused, [("0-500".to_owned(), Refusal::ActiveShares)]);
}
