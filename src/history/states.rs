//! The fold from facts and decisions to transitions: it knows which job stands where, and forgets a job with its end.
//!
//! Memory: what is in the system; a byte per child of an array, until the array ends. It knows nothing of reasons to wait.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::history::transition::{Cause, JobState, Transition};
use crate::ids::{JobId, JobRef, JobSpecId, NodeId, PodId};
use crate::scheduler::{
    AttemptEnd, Command, Decision, Dependency, Ending, Event, JobEnd, Observation, Reason, SchedulerConfig,
};
use crate::units::{SimDuration, SimTime};

/// Where every job in the system stands.
#[derive(Debug, Clone)]
pub struct States {
    submit_to_runnable: SimDuration,
    /// The only job that is looked at; `None` for all.
    only: Option<JobId>,
    /// By spec: the main node of a multi-node parallel job, whose pod decides.
    main_nodes: Vec<Option<u16>>,
    jobs: BTreeMap<JobId, Job>,
    /// By slot: the generation, and the job whose attempt the pod decides.
    pods: Vec<Option<(u32, JobRef)>>,
    /// Jobs to be evaluated, in order of time: the latency is the same for all.
    unevaluated: VecDeque<(SimTime, JobId)>,
}

#[derive(Debug, Clone)]
struct Job {
    /// Of an array: the array's own.
    state: JobState,
    /// It depends on others, or its children on each other.
    waits: bool,
    /// By index, `None` before they begin; empty for a plain job.
    children: Vec<Option<JobState>>,
}

impl States {
    /// The states of all jobs under this core's settings.
    pub const fn new(config: &SchedulerConfig) -> Self {
        Self {
            submit_to_runnable: config.settings.submit_to_runnable,
            only: None,
            main_nodes: Vec::new(),
            jobs: BTreeMap::new(),
            pods: Vec::new(),
            unevaluated: VecDeque::new(),
        }
    }

    /// The states of one job, or of one array and its children.
    #[must_use]
    pub const fn only(mut self, job: JobId) -> Self {
        self.only = Some(job);
        self
    }

    /// Whether a pod decides what becomes of a job of this spec: it does, unless it is one of a multi-node parallel job's
    /// other nodes (`UG:job-lifecycle`).
    pub fn decides(&self, spec: JobSpecId, node_index: Option<u16>) -> bool {
        self.main_nodes.get(spec.index()).copied().flatten() == node_index
    }

    /// Adds a step's transitions to `out`, in order of time.
    pub fn fold(&mut self, seen: &Observation, decision: &Decision, out: &mut Vec<Transition>) {
        let now = seen.now;
        self.evaluate(now, out);
        let refused: BTreeSet<JobId> = decision.reasons.iter().filter_map(refused).collect();
        for event in &seen.events {
            match event {
                Event::JobSpecRegistered { spec, job } => {
                    if self.main_nodes.len() <= spec.index() {
                        self.main_nodes.resize(spec.index() + 1, None);
                    }
                    self.main_nodes[spec.index()] = job.multi_node.as_ref().map(|multi_node| multi_node.main);
                }
                Event::JobSubmitted { job, array_size, depends_on, .. } if !refused.contains(job) => {
                    self.submit(now, *job, *array_size, depends_on, out);
                }
                Event::PodRunning { pod } => self.running(now, *pod, out),
                _ => {}
            }
        }
        self.evaluate(now, out);
        self.endings(now, &decision.endings, out);
        for reason in &decision.reasons {
            if let Reason::Released { job } = reason {
                self.release(now, *job, out);
            }
        }
        for command in &decision.commands {
            if let Command::CreatePod { pod, job, spec, attempt, node, node_index } = command
                && self.decides(*spec, *node_index)
            {
                self.place(now, *job, (*pod, *attempt, *node), out);
            }
        }
    }

    fn submit(
        &mut self,
        now: SimTime,
        job: JobId,
        array_size: Option<u32>,
        depends_on: &[Dependency],
        out: &mut Vec<Transition>,
    ) {
        if self.only.is_some_and(|only| only != job) || array_size == Some(0) {
            return;
        }
        let children = vec![None; array_size.unwrap_or(0) as usize];
        self.jobs.insert(job, Job { state: JobState::Submitted, waits: !depends_on.is_empty(), children });
        self.unevaluated.push_back((now + self.submit_to_runnable, job));
        let job = JobRef { job, child: None };
        out.push(Transition { job, at: now, from: None, to: JobState::Submitted, cause: Cause::Submitted });
    }

    /// Moves on what was submitted long enough ago.
    fn evaluate(&mut self, now: SimTime, out: &mut Vec<Transition>) {
        while let Some(&(at, id)) = self.unevaluated.front().filter(|(at, _)| *at <= now) {
            self.unevaluated.pop_front();
            let Some(job) = self.jobs.get(&id) else { continue };
            let (waits, children) = (job.waits, job.children.len());
            let whole = JobRef { job: id, child: None };
            if children == 0 {
                let nothing = (JobState::Runnable, Cause::Evaluated);
                let to = if waits { (JobState::Pending, Cause::Depends) } else { nothing };
                self.step_from(JobState::Submitted, whole, at, to, out);
                continue;
            }
            if waits {
                self.step_from(JobState::Submitted, whole, at, (JobState::Pending, Cause::Depends), out);
            }
            for child in (0..).take(children) {
                let child_ref = JobRef { child: Some(child), ..whole };
                self.spawn(at, child_ref, out);
                if !waits {
                    self.step_from(JobState::Pending, child_ref, at, (JobState::Runnable, Cause::Evaluated), out);
                }
            }
        }
    }

    fn spawn(&mut self, at: SimTime, child: JobRef, out: &mut Vec<Transition>) {
        if self.state(child).is_none() {
            self.step(child, at, (JobState::Pending, Cause::Spawned), out);
        }
    }

    fn release(&mut self, now: SimTime, job: JobRef, out: &mut Vec<Transition>) {
        let Some(known) = self.jobs.get(&job.job) else { return };
        if job.child.is_none() && !known.children.is_empty() {
            for child in (0..).take(known.children.len()) {
                self.to_runnable(now, JobRef { child: Some(child), ..job }, out);
            }
        } else {
            self.to_runnable(now, job, out);
        }
    }

    fn to_runnable(&mut self, now: SimTime, job: JobRef, out: &mut Vec<Transition>) {
        if job.child.is_some() {
            self.spawn(now, job, out);
        }
        if matches!(self.state(job), Some(JobState::Submitted | JobState::Pending)) {
            self.step(job, now, (JobState::Runnable, Cause::Released), out);
        }
    }

    fn place(
        &mut self,
        now: SimTime,
        job: JobRef,
        (pod, attempt, node): (PodId, u8, NodeId),
        out: &mut Vec<Transition>,
    ) {
        if self.only.is_some_and(|only| only != job.job) {
            return;
        }
        self.to_runnable(now, job, out);
        self.step(job, now, (JobState::Starting, Cause::Placed { pod, attempt, node }), out);
        let slot = pod.slot as usize;
        if self.pods.len() <= slot {
            self.pods.resize(slot + 1, None);
        }
        self.pods[slot] = Some((pod.generation, job));
    }

    fn running(&mut self, now: SimTime, pod: PodId, out: &mut Vec<Transition>) {
        if let Some(&Some((generation, job))) = self.pods.get(pod.slot as usize)
            && generation == pod.generation
        {
            self.step_from(JobState::Starting, job, now, (JobState::Running, Cause::Started { pod }), out);
        }
    }

    fn endings(&mut self, now: SimTime, endings: &[Ending], out: &mut Vec<Transition>) {
        let mut last: Option<AttemptEnd> = None;
        for ending in endings {
            match ending {
                Ending::Attempt(end) if self.decides(end.spec, end.node_index) => {
                    if let Some(pod) = self.pods.get_mut(end.pod.slot as usize) {
                        *pod = None;
                    }
                    if end.retried {
                        self.step(end.job, now, (JobState::Runnable, Cause::Retried(*end)), out);
                    }
                    last = Some(*end);
                }
                Ending::Attempt(_) => {}
                Ending::Job(end) => {
                    let attempt = last.filter(|last| last.job == end.job && !last.retried);
                    self.end(now, end, attempt, out);
                }
                Ending::Array(end) => {
                    let to = if end.failed == 0 { JobState::Succeeded } else { JobState::Failed };
                    let job = JobRef { job: end.job, child: None };
                    self.step(job, now, (to, Cause::ChildrenEnded(*end)), out);
                    self.jobs.remove(&end.job);
                }
            }
        }
    }

    fn end(&mut self, now: SimTime, end: &JobEnd, attempt: Option<AttemptEnd>, out: &mut Vec<Transition>) {
        if end.job.child.is_some() {
            self.spawn(now, end.job, out);
        }
        let to = if end.succeeded() { JobState::Succeeded } else { JobState::Failed };
        self.step(end.job, now, (to, Cause::Ended { job: *end, attempt }), out);
        if end.job.child.is_none() {
            self.jobs.remove(&end.job.job);
        }
    }

    fn state(&self, job: JobRef) -> Option<JobState> {
        let known = self.jobs.get(&job.job)?;
        job.child.map_or(Some(known.state), |child| known.children.get(child as usize).copied().flatten())
    }

    fn step_from(
        &mut self,
        from: JobState,
        job: JobRef,
        at: SimTime,
        to: (JobState, Cause),
        out: &mut Vec<Transition>,
    ) {
        if self.state(job) == Some(from) {
            self.step(job, at, to, out);
        }
    }

    /// Moves a job that is in the system, and its array with its first RUNNABLE child.
    fn step(&mut self, job: JobRef, at: SimTime, (to, cause): (JobState, Cause), out: &mut Vec<Transition>) {
        let Some(known) = self.jobs.get_mut(&job.job) else { return };
        let from = match job.child {
            None => Some(std::mem::replace(&mut known.state, to)),
            Some(child) => match known.children.get_mut(child as usize) {
                Some(state) => state.replace(to),
                None => return,
            },
        };
        out.push(Transition { job, at, from, to, cause });
        if job.child.is_some() && to == JobState::Runnable && known.state == JobState::Submitted {
            known.state = JobState::Pending;
            let (job, from) = (JobRef { child: None, ..job }, Some(JobState::Submitted));
            out.push(Transition { job, at, from, to: JobState::Pending, cause: Cause::ChildRunnable });
        }
    }
}

const fn refused(reason: &Reason) -> Option<JobId> {
    match reason {
        Reason::SubmissionRefused { job, .. } => Some(*job),
        _ => None,
    }
}
