//! What the jobs of an entry wait for: `dependsOn`, in the words of a scenario, as the world is told it. Knows the plan;
//! which jobs exist, and whether arrays match, is for the control plane to say.

use crate::batch::{Batch, InstanceTypes};
use crate::ids::JobId;
use crate::model::Problem;
use crate::scenario::plan::{Meant, Plan, Planned, Times};
use crate::scheduler::Dependency;
use crate::sim::{Tracked, WorkloadDependency};
use crate::units::SimTime;

/// Finds the dependencies of an entry, and marks the jobs that are waited for.
pub(super) fn dependencies<T: InstanceTypes>(
    plan: &Plan<'_>,
    number: u16,
    batch: &Batch<T>,
    tracked: &mut [Tracked],
) -> Result<Vec<WorkloadDependency>, Vec<Problem>> {
    let own = &plan.entries[usize::from(number)];
    let (mut submit, mut pairs, mut problems) = (own.submit.clone(), Vec::new(), Vec::new());
    let mut sound = true;
    for (index, dependency) in submit.depends_on.iter_mut().enumerate() {
        let at = format!("/dependsOn/{index}/jobId");
        let Some(text) = dependency.job_id.clone() else {
            pairs.push(false);
            continue;
        };
        match target(plan, number, &text, &at) {
            Ok((paired, id)) => {
                pairs.push(paired);
                dependency.job_id = Some(id);
            }
            Err(problem) => {
                sound = false;
                problems.extend(problem);
                // The rest is judged without it.
                (dependency.job_id, dependency.kind) = (None, None);
            }
        }
    }
    let found = batch.dependencies(&submit).unwrap_or_else(|own| {
        sound = false;
        problems.extend(own);
        Vec::new()
    });
    if !sound {
        return Err(problems);
    }
    Ok(found
        .into_iter()
        .zip(pairs)
        .map(|(dependency, paired)| match dependency {
            Dependency::Sequential => WorkloadDependency::All(dependency),
            Dependency::Job(job) | Dependency::NToN(job) => {
                let tracked = &mut tracked[usize::from(job.entry())];
                if paired {
                    *tracked = Tracked::All;
                    return WorkloadDependency::Paired {
                        entry: job.entry(),
                        n_to_n: matches!(dependency, Dependency::NToN(_)),
                    };
                }
                tracked.insert(job.index());
                WorkloadDependency::All(dependency)
            }
        })
        .collect())
}

/// The id that a `jobId` stands for, and whether it stands for a pair of entries (then it is their first).
fn target(plan: &Plan<'_>, number: u16, text: &str, at: &str) -> Result<(bool, String), Option<Problem>> {
    let own = &plan.entries[usize::from(number)];
    let entry_of = |meant| match meant {
        Meant::Entry(entry) => entry,
        Meant::Job(reference) => reference.job.entry(),
    };
    let meant = plan.find(text, at)?;
    if entry_of(meant) == number {
        let message = format!("`{text}` is of the entry itself, whose jobs would wait for each other");
        return Err(Some(Problem::new(at, message, "give the jobs that come first an entry of their own")));
    }
    let (paired, id) = match meant {
        Meant::Job(reference) => {
            if let Some(time) = plan.time_of(reference.job) {
                judge_times(std::iter::once((time, own.times.of(0))), reference.job.entry() < number, text, at)?;
            }
            return Ok((false, reference.to_string()));
        }
        Meant::Entry(entry) => {
            let other = &plan.entries[usize::from(entry)];
            match (other.count, own.count) {
                (Some(1), _) => (false, entry),
                (Some(theirs), Some(ours)) if theirs == ours => (true, entry),
                (Some(theirs), Some(ours)) => {
                    let message = format!("`{text}` is submitted {theirs} times, and this entry {ours} times");
                    let help = "submit both equally often, which pairs them, or the other once";
                    return Err(Some(Problem::new(at, message, help)));
                }
                (None, _) | (_, None) => (true, entry),
            }
        }
    };
    let other = &plan.entries[usize::from(id)];
    let pairs = indexes(other, own, paired).map(|(theirs, ours)| (other.times.of(theirs), own.times.of(ours)));
    judge_times(pairs, id < number, text, at)?;
    Ok((paired, JobId::new(id, 0).to_string()))
}

/// Pairs of indexes whose times must be in order; those of straight lines are, if both ends are.
fn indexes(other: &Planned<'_>, own: &Planned<'_>, paired: bool) -> impl Iterator<Item = (u64, u64)> {
    let last = own.count.map_or(0, |count| count.saturating_sub(1));
    let listed = matches!(own.times, Times::List(_)) || matches!(other.times, Times::List(_));
    let step = if listed { 1 } else { last.max(1) };
    let last = if paired { last } else { 0 };
    (0..=last).step_by(usize::try_from(step).unwrap_or(usize::MAX)).map(move |index| (index, index))
}

/// Says it where a job is certainly submitted before the one that it depends on. At one time, entries submit in order.
fn judge_times(
    pairs: impl Iterator<Item = ((SimTime, bool), (SimTime, bool))>,
    before: bool,
    text: &str,
    at: &str,
) -> Result<(), Problem> {
    for ((theirs, certain), (ours, own_certain)) in pairs {
        let late = theirs > ours || (theirs == ours && certain && !before);
        if own_certain && late {
            let message = if theirs == ours {
                format!("`{text}` is submitted at the same time, {theirs}, but by an entry that stands later")
            } else {
                format!("`{text}` is submitted at {theirs}, and the job that depends on it before that, at {ours}")
            };
            return Err(Problem::new(at, message, "submit first what is waited for"));
        }
    }
    Ok(())
}
