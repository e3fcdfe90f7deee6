//! What the Spot strategies share: they hand EC2 many types, so that it has many pools to choose from, and differ in how
//! EC2 is to choose.

use std::cmp::Ordering;

use super::ask::{Ask, Candidate, Choice};

/// All types that serve the jobs well enough, in the given order.
///
/// Left out are types much of which these jobs could not use (assumption `spotTypeEfficiencyPercent`): EC2 sees vCPUs and
/// prices, not pods, and would take a 24xlarge for one small job.
pub(super) fn choose(ask: &Ask<'_>, order: impl Fn(&Candidate, &Candidate) -> Ordering) -> Option<Choice> {
    let mut candidates = ask.within_room();
    let better = |a: &Candidate, b: &Candidate| {
        (a.serves(ask) * u64::from(b.vcpus))
            .cmp(&(b.serves(ask) * u64::from(a.vcpus)))
            .then(b.vcpus.cmp(&a.vcpus))
            .then(b.id.cmp(&a.id))
    };
    let best = candidates.iter().copied().max_by(better)?;
    candidates.retain(|one| {
        // serves / vcpus of this one, against a percentage of the best one's.
        one.serves(ask) * u64::from(best.vcpus) * 100
            >= best.serves(ask) * u64::from(one.vcpus) * u64::from(ask.spot_type_efficiency_percent)
    });
    candidates.sort_by(|a, b| order(a, b).then(a.id.cmp(&b.id)));
    let wanted = (ask.jobs * u64::from(best.vcpus)).div_ceil(best.serves(ask));
    let target_vcpus = u32::try_from(wanted).unwrap_or(u32::MAX).min(ask.room);
    let largest = candidates.iter().map(|candidate| candidate.vcpus).max()?;
    Some(Choice {
        instance_types: candidates.iter().map(|candidate| candidate.id).collect(),
        target_vcpus,
        overshoot: largest - 1,
        jobs: (u64::from(target_vcpus) * best.serves(ask)).div_ceil(best.vcpus.into()).min(ask.jobs),
    })
}
