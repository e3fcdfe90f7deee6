//! Jobs behind what they wait for, as AWS Batch takes it: no circles, nothing submitted before what it waits for, 20
//! dependencies at most.

use std::collections::BTreeMap;

use crate::import::Notes;
use crate::import::work::error::WorkError;
use crate::import::work::job::{RecordedAttempt, RecordedJob, RecordedRequests};
use crate::units::{MiB, MilliCpu, SimDuration};

/// `dependsOn` has so many entries at most (`API:SubmitJob`).
pub(super) const DEPENDENCIES_MAX: usize = 20;
/// What jobs are called that stand between a job and more dependencies than AWS Batch takes.
const JOIN: &str = "join";
/// The least that AWS Batch takes of CPU and memory.
const LEAST: RecordedRequests = RecordedRequests { cpu: MilliCpu(250), memory: Some(MiB(4)), gpus: 0 };

/// Jobs in an order to submit them, and how many others each has at least before it.
pub(super) struct Ordered {
    pub(super) jobs: Vec<RecordedJob>,
    /// By job: the length of the longest chain of dependencies to it.
    pub(super) depths: Vec<usize>,
    /// Jobs by depth, time of submission, and place in the archive.
    pub(super) order: Vec<usize>,
}

/// Puts jobs in order.
pub(super) fn ordered(mut jobs: Vec<RecordedJob>, notes: &mut Notes) -> Result<Ordered, WorkError> {
    for job in &mut jobs {
        job.depends_on.sort_unstable();
        job.depends_on.dedup();
    }
    let sequence = sequence(&jobs)?;
    let mut late = 0_u64;
    for &job in &sequence {
        let first = jobs[job].depends_on.iter().map(|&parent| jobs[parent].submit).max();
        if let Some(first) = first.filter(|&first| first > jobs[job].submit) {
            jobs[job].submit = first;
            late += 1;
        }
    }
    if late > 0 {
        notes.made_up(format!(
            "{late} jobs were submitted before a job that they wait for: they are submitted with it, as AWS Batch must know \
             what a job depends on"
        ));
    }
    limit(&mut jobs, &sequence, notes);
    let depths = depths(&jobs)?;
    let mut order: Vec<_> = (0..jobs.len()).collect();
    order.sort_by_key(|&job| (depths[job], jobs[job].submit, job));
    Ok(Ordered { jobs, depths, order })
}

/// All jobs, each after those it waits for.
fn sequence(jobs: &[RecordedJob]) -> Result<Vec<usize>, WorkError> {
    let mut children = vec![Vec::new(); jobs.len()];
    let mut waits: Vec<_> = jobs.iter().map(|job| job.depends_on.len()).collect();
    for (child, job) in jobs.iter().enumerate() {
        for &parent in &job.depends_on {
            children[parent].push(child);
        }
    }
    let mut sequence: Vec<_> = (0..jobs.len()).filter(|&job| waits[job] == 0).collect();
    let mut next = 0;
    while let Some(&job) = sequence.get(next) {
        next += 1;
        for &child in &children[job] {
            waits[child] -= 1;
            if waits[child] == 0 {
                sequence.push(child);
            }
        }
    }
    match waits.iter().position(|&left| left > 0) {
        None => Ok(sequence),
        Some(job) => {
            let (kind, place) = (&jobs[job].kind, &jobs[job].place);
            let message = format!("`{kind}` ({place}) waits, through others, for itself");
            Err(WorkError::new(message, "break the circle of dependencies"))
        }
    }
}

fn depths(jobs: &[RecordedJob]) -> Result<Vec<usize>, WorkError> {
    let mut depths = vec![0; jobs.len()];
    for job in sequence(jobs)? {
        depths[job] = jobs[job].depends_on.iter().map(|&parent| depths[parent] + 1).max().unwrap_or(0);
    }
    Ok(depths)
}

/// Keeps to the limit of dependencies: leaves away those that follow from others, and where that is not enough puts jobs of
/// no length between.
fn limit(jobs: &mut Vec<RecordedJob>, sequence: &[usize], notes: &mut Notes) {
    let mut rank = vec![0; jobs.len()];
    for (at, &job) in sequence.iter().enumerate() {
        rank[job] = at;
    }
    let many: Vec<_> = (0..jobs.len()).filter(|&job| jobs[job].depends_on.len() > DEPENDENCIES_MAX).collect();
    let (mut implied, mut helped) = (0, 0_u64);
    let mut joins = BTreeMap::new();
    for job in many {
        let before = jobs[job].depends_on.len();
        let mut parents = needed(jobs, &rank, job);
        implied += before - parents.len();
        helped += u64::from(parents.len() > DEPENDENCIES_MAX);
        while parents.len() > DEPENDENCIES_MAX {
            parents = parents.chunks(DEPENDENCIES_MAX).map(|part| join(jobs, &mut joins, part)).collect();
        }
        jobs[job].depends_on = parents;
    }
    if implied > 0 {
        notes.used(format!(
            "{implied} dependencies were left unwritten that follow from others, for AWS Batch takes {DEPENDENCIES_MAX} a job"
        ));
    }
    if helped > 0 {
        notes.made_up(format!(
            "{} jobs called `{JOIN}`, of no length and the least size, to stand between {helped} of the jobs and what they wait \
             for, which is more than the {DEPENDENCIES_MAX} that AWS Batch takes",
            joins.len()
        ));
    }
}

/// The dependencies of a job that do not follow from its others.
fn needed(jobs: &[RecordedJob], rank: &[usize], job: usize) -> Vec<usize> {
    let parents = &jobs[job].depends_on;
    let lowest = parents.iter().map(|&parent| rank[parent]).min().unwrap_or(0);
    let mut reached = vec![false; jobs.len()];
    let mut open: Vec<_> = parents.clone();
    while let Some(at) = open.pop() {
        for &above in &jobs[at].depends_on {
            // Jobs put between are no dependency of the archive, and have no rank.
            let worth = rank.get(above).is_none_or(|&rank| rank >= lowest);
            if worth && !reached[above] {
                reached[above] = true;
                open.push(above);
            }
        }
    }
    parents.iter().copied().filter(|&parent| !reached[parent]).collect()
}

/// A job of no length that waits for these; the same for all who wait for the same.
fn join(jobs: &mut Vec<RecordedJob>, known: &mut BTreeMap<Vec<usize>, usize>, parents: &[usize]) -> usize {
    if let [only] = parents {
        return *only;
    }
    *known.entry(parents.to_vec()).or_insert_with(|| {
        let first = &jobs[parents[0]];
        let submit = parents.iter().map(|&parent| jobs[parent].submit).max().unwrap_or(first.submit);
        jobs.push(RecordedJob {
            kind: JOIN.to_owned(),
            place: String::new(),
            queue: first.queue.clone(),
            user: first.user.clone(),
            requests: LEAST,
            submit,
            attempts: vec![RecordedAttempt { runtime: SimDuration::ZERO, failure: None }],
            depends_on: parents.to_vec(),
        });
        jobs.len() - 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::SimTime;

    fn job(submit: u64, depends_on: &[usize]) -> RecordedJob {
        RecordedJob {
            kind: "task".to_owned(),
            place: "line 1".to_owned(),
            queue: None,
            user: None,
            requests: LEAST,
            submit: SimTime::from_millis(submit),
            attempts: Vec::new(),
            depends_on: depends_on.to_vec(),
        }
    }

    #[test]
    fn nothing_is_submitted_before_what_it_waits_for() {
        let mut notes = Notes::default();
        let ordered = ordered(vec![job(0, &[1]), job(5, &[2]), job(9, &[])], &mut notes).unwrap();
        assert_eq!(ordered.order, [2, 1, 0]);
        assert_eq!(ordered.depths, [2, 1, 0]);
        assert!(ordered.jobs.iter().all(|job| job.submit == SimTime::from_millis(9)));
        assert!(notes.to_string().contains("2 jobs were submitted before"), "{notes}");
    }

    #[test]
    fn circles_are_named() {
        let error = ordered(vec![job(0, &[]), job(0, &[2]), job(0, &[1])], &mut Notes::default()).err().unwrap();
        assert!(error.to_string().contains("waits, through others, for itself"), "{error}");
    }

    /// 21 parents of which one is the parent of another are 20 dependencies; 45 that know nothing of each other need joins, the
    /// same for both jobs that wait for them.
    #[test]
    fn more_dependencies_than_aws_takes() {
        let mut notes = Notes::default();
        let mut jobs: Vec<_> = (0..20).map(|_| job(0, &[])).collect();
        jobs.push(job(0, &[0]));
        jobs.push(job(0, &(0..21).collect::<Vec<_>>()));
        let plain = ordered(jobs, &mut notes).unwrap();
        assert_eq!(plain.jobs.len(), 22);
        assert_eq!(plain.jobs[21].depends_on, (1..21).collect::<Vec<_>>());

        let all: Vec<_> = (0..45).collect();
        let mut jobs: Vec<_> = all.iter().map(|_| job(0, &[])).collect();
        jobs.extend([job(0, &all), job(0, &all)]);
        let joined = ordered(jobs, &mut notes).unwrap();
        assert_eq!(joined.jobs.len(), 47 + 3, "45 in three parts");
        assert_eq!(joined.jobs[45].depends_on, joined.jobs[46].depends_on);
        assert!(joined.jobs.iter().all(|job| job.depends_on.len() <= DEPENDENCIES_MAX));
        assert_eq!(joined.depths[45], 2);
        assert!(notes.to_string().contains("3 jobs called `join`"), "{notes}");
    }
}
