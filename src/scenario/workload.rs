//! The work: entries of `workload` to what the simulated world submits. Knows queues and specs by id; draws nothing.

use crate::model::duration::TextDuration;
use crate::model::job_queue::name_of;
use crate::scenario::environments::{Environment, Queue, queue_id, unknown};
use crate::scenario::file::ScenarioFile;
use crate::scenario::jobs::{Jobs, Shape};
use crate::scenario::judge::Judge;
use crate::scenario::schema::Scenario;
use crate::scenario::trace;
use crate::scenario::work::{ArrivalProcess, Submissions, WorkloadEntry as Written};
use crate::sim::{Arrivals, WorkloadEntry, WorkloadSource};
use crate::units::{SimDuration, SimTime};

/// An entry with its queue and its shape found.
pub(super) struct Entry<'a, 'b> {
    /// Pointer of the entry.
    pub(super) at: String,
    pub(super) shape: Shape<'a>,
    pub(super) queue: (usize, &'b Queue<'b>),
    pub(super) environments: &'b [Environment<'b>],
    /// Image size where the entry gives none.
    pub(super) default_image_mib: u32,
}

/// Judges the workload.
pub(super) fn workload<'a>(
    scenario: &'a Scenario,
    file: &ScenarioFile,
    (environments, queues): (&[Environment<'_>], &[Queue<'_>]),
    default_image_mib: u32,
    jobs: &mut Jobs<'a>,
    judge: &mut Judge<'_>,
) -> Vec<WorkloadEntry> {
    let mut built = Vec::new();
    for (index, written) in scenario.workload.iter().enumerate() {
        let at = format!("/workload/{index}");
        let submit = written.submit();
        let shape = jobs.shape(submit, &format!("{at}/submit"), judge);
        let queue = find_queue(&submit.job_queue, queues, &format!("{at}/submit/jobQueue"), judge);
        if let Written::Submissions(submissions) = written {
            judge_distribution(submissions, &at, judge);
        }
        let (Some(shape), Some(found)) = (shape, queue) else { continue };
        let entry = Entry { at, shape, queue: (found, &queues[found]), environments, default_image_mib };
        let (source, failure_probability) = match written {
            Written::Submissions(submissions) => {
                (submitted(submissions, &entry, jobs, judge), submissions.failure_probability)
            }
            Written::Trace(written) => match trace::recorded(written, file, &entry, jobs, judge) {
                Some(source) => (source, 0.0),
                None => continue,
            },
        };
        built.push(WorkloadEntry { queue: queue_id(found), source, failure_probability });
    }
    if scenario.workload.len() > usize::from(u16::MAX) {
        judge.error("/workload", format!("{} entries", scenario.workload.len()), "write 65535 at most");
    }
    built
}

fn find_queue(name_or_arn: &str, queues: &[Queue<'_>], at: &str, judge: &mut Judge<'_>) -> Option<usize> {
    let name = name_of(name_or_arn);
    let found = queues.iter().position(|queue| queue.name == name);
    match found {
        None if judge.is_list_complete("/jobQueues") => {
            let known: Vec<_> = queues.iter().map(|queue| queue.name).collect();
            unknown(judge, at.to_owned(), "job queue", name, &known);
        }
        Some(found) if !queues[found].enabled => {
            judge.error(
                at,
                format!("queue `{name}` is DISABLED and takes no submissions"),
                "write `\"state\": \"ENABLED\"` there",
            );
        }
        _ => {}
    }
    found
}

fn judge_distribution(submissions: &Submissions, at: &str, judge: &mut Judge<'_>) {
    if let Some(problem) = submissions.runtime.problem() {
        let at = format!("{at}/runtime{}", submissions.runtime.problem_pointer());
        judge.error(at, format!("the distribution can't be: {problem}"), "mend its parameters");
    }
}

fn submitted(
    written: &Submissions,
    entry: &Entry<'_, '_>,
    jobs: &mut Jobs<'_>,
    judge: &mut Judge<'_>,
) -> WorkloadSource {
    let (at, shape) = (&entry.at, &entry.shape);
    let overrides = written.submit.0.eks_properties_override.as_ref().and_then(|o| o.pod_properties.as_ref());
    let own = overrides
        .filter(|pod| pod.containers.iter().chain(&pod.init_containers).any(|change| change.resources.is_some()))
        .map(|_| format!("{at}/submit/eksPropertiesOverride"));
    jobs.judge_size(shape, entry.queue, entry.environments, own, judge);
    let (arrivals, listed) = arrivals(&written.arrivals);
    if let (Some(count), Some(listed)) = (written.count, listed)
        && count != listed
    {
        judge.error(
            format!("{at}/count"),
            format!("it is {count}, but `arrivals.list` gives {listed} times"),
            format!("write {listed}, or leave it out"),
        );
    }
    WorkloadSource::Synthetic {
        spec: jobs.intern(shape, written.image_size_mib.unwrap_or(entry.default_image_mib)),
        array_size: written.submit.0.array_properties.map(|array| array.size),
        count: listed.or(written.count).unwrap_or(1),
        arrivals,
        runtime: written.runtime.clone(),
    }
}

/// The arrivals, and how many there are where they are listed.
fn arrivals(written: &ArrivalProcess) -> (Arrivals, Option<u64>) {
    let time = |span: TextDuration| SimTime::ZERO + span.0;
    match written {
        ArrivalProcess::Fixed { start, every } => (Arrivals::Fixed { start: time(*start), every: every.0 }, None),
        ArrivalProcess::Poisson { per_hour, start } => {
            let mean_gap_s = SimDuration::HOUR.as_secs_f64() / per_hour;
            (Arrivals::Poisson { start: time(*start), mean_gap_s }, None)
        }
        ArrivalProcess::List(times) => {
            let mut times: Vec<_> = times.iter().copied().map(time).collect();
            times.sort_unstable();
            let count = times.len() as u64;
            (Arrivals::List(times.into()), Some(count))
        }
    }
}
