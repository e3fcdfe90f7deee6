//! What a core would do at once: a world in which time passes and nothing ever comes of a command. Pure.
//!
//! It ends when the core has had nothing more to do for as long as a cycle and a scaling decision take: room on nodes and
//! `maxvCpus` are finite, so it always does.

use std::collections::BTreeMap;

use crate::driver::{self, Driver, DriverError};
use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId, NodeId};
use crate::live::folded::{Account, FoldedNode};
use crate::scheduler::{
    Blocked, Command, Decision, Demand, Dependency, Event, LaunchRequest, Observation, PassedOver, Reason, Refusal,
    Scheduler, SchedulerConfig, Settings,
};
use crate::units::{SimDuration, SimTime};

/// What a core would do at once, and what would have to wait.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// Pods that would be created, in this order.
    pub pods: Vec<PlannedPod>,
    /// Capacity that would be asked for, in this order.
    pub launches: Vec<PlannedLaunch>,
    /// Jobs that would not be placed, by queue, spec and what they wait for.
    pub waiting: Vec<Waiting>,
    /// Submissions that the queue would not take.
    pub refused: Vec<RefusedSubmission>,
    /// Jobs and array children that were submitted.
    pub jobs: u64,
    /// There were more, beyond `submittedJobsLimit`, that nobody would have taken.
    pub cut_off: bool,
    /// How long the core was given, from the submissions on.
    pub horizon: SimDuration,
}

/// A pod that would be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlannedPod {
    /// The job, or child.
    pub job: JobRef,
    /// Children of its array.
    pub array_size: Option<u32>,
    /// Its spec.
    pub spec: JobSpecId,
    /// Its queue.
    pub queue: JobQueueId,
    /// Of a multi-node parallel job: which of its nodes.
    pub node_index: Option<u16>,
    /// Where.
    pub node: NodeId,
}

/// Capacity that would be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedLaunch {
    /// The request.
    pub request: LaunchRequest,
    /// What for; a launch without a reason would be a defect of the core.
    pub demand: Option<Demand>,
    /// Types that were allowed and not asked for.
    pub passed_over: Vec<PassedOver>,
}

/// Jobs that wait for the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Their queue.
    pub queue: JobQueueId,
    /// Their spec.
    pub spec: JobSpecId,
    /// What they wait for.
    pub why: WaitsFor,
    /// How many jobs and array children.
    pub jobs: u64,
    /// The first of them.
    pub first: JobRef,
    /// Children of the first one's array.
    pub array_size: Option<u32>,
}

/// What jobs wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WaitsFor {
    /// Jobs that they depend on.
    OtherJobs,
    /// The head of their queue, which waits for this.
    Queue(Blocked),
    /// The core said nothing: there was no time left to look at them.
    Turn,
}

/// A submission that the queue would not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedSubmission {
    /// The job or array.
    pub job: JobId,
    /// Its queue.
    pub queue: JobQueueId,
    /// Jobs and array children.
    pub jobs: u32,
    /// Why.
    pub why: Refusal,
}

/// Shows a core the account, the nodes and the jobs, all at once, and notes what it makes of them.
///
/// `submissions` are [`Event::JobSubmitted`]s in an order that makes sense of them.
pub fn plan(
    config: SchedulerConfig,
    account: &Account,
    nodes: &[FoldedNode],
    submissions: impl IntoIterator<Item = Event>,
) -> Result<Plan, DriverError> {
    let mut config = config;
    // Nobody answers requests here, and that says nothing of EC2; nor is it the pace of submissions that is asked about.
    config.settings.launch_response_deadline = SimDuration::from_millis(u64::MAX);
    config.settings.submit_job_rate_limit = 0;
    let mut world = Still::new(&config.settings, account.beginning(nodes), submissions);
    driver::run(&mut Scheduler::new(config), &mut world, &mut ())?;
    Ok(world.finish())
}

/// A submission, and what has become of it.
#[derive(Debug)]
struct Submitted {
    queue: JobQueueId,
    spec: JobSpecId,
    array_size: Option<u32>,
    depends: Depends,
    /// Jobs or children that are placed.
    placed: u32,
    /// The first job or child that is not: children are placed in order.
    next: u32,
    refused: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depends {
    Nothing,
    TheChildBefore,
    Others,
}

/// The world in which nothing comes of a command.
struct Still {
    now: SimTime,
    until: SimTime,
    patience: SimDuration,
    facts: Option<Vec<Event>>,
    submitted: BTreeMap<JobId, Submitted>,
    blocked: BTreeMap<JobQueueId, Blocked>,
    plan: Plan,
}

impl Still {
    fn new(settings: &Settings, mut facts: Vec<Event>, submissions: impl IntoIterator<Item = Event>) -> Self {
        let patience = settings.scheduling_cycle + settings.scale_decision_period;
        let mut world = Self {
            now: SimTime::ZERO,
            until: SimTime::ZERO + settings.submit_to_runnable + patience,
            patience,
            submitted: BTreeMap::new(),
            facts: None,
            blocked: BTreeMap::new(),
            plan: Plan::default(),
        };
        let limit = match settings.submitted_jobs_limit {
            0 => u64::MAX,
            limit => limit.into(),
        };
        for event in submissions {
            let Some((job, one)) = submitted(&event) else { continue };
            let jobs = u64::from(one.array_size.unwrap_or(1));
            if world.plan.jobs.saturating_add(jobs) > limit {
                world.plan.cut_off = true;
                break;
            }
            world.plan.jobs += jobs;
            world.submitted.insert(job, one);
            facts.push(event);
        }
        world.facts = Some(facts);
        world
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::CreatePod { pod: _, job, spec, attempt: _, node, node_index } => {
                let Some(submitted) = self.submitted.get_mut(&job.job) else { return };
                if node_index.is_none_or(|index| index == 0) {
                    submitted.placed += 1;
                    submitted.next = submitted.next.max(job.child.map_or(1, |child| child + 1));
                }
                let Submitted { queue, array_size, .. } = *submitted;
                let (job, spec, node, node_index) = (*job, *spec, *node, *node_index);
                self.plan.pods.push(PlannedPod { job, array_size, spec, queue, node_index, node });
            }
            Command::LaunchNodes(request) => {
                let request = request.as_ref().clone();
                self.plan.launches.push(PlannedLaunch { request, demand: None, passed_over: Vec::new() });
            }
            // Nodes that were adopted are not the core's to give back, and nothing runs that could be ended.
            Command::TerminateNode { .. } | Command::DeletePod { .. } => {}
        }
    }

    fn reason(&mut self, reason: &Reason) {
        match reason {
            Reason::QueueBlocked { queue, why, .. } | Reason::HeadBlocked { queue, why, .. } => {
                self.blocked.insert(*queue, *why);
            }
            Reason::QueueUnblocked { queue } => {
                self.blocked.remove(queue);
            }
            Reason::Launching { launch, demand, passed_over, .. } => {
                if let Some(planned) = self.plan.launches.iter_mut().find(|one| one.request.launch == *launch) {
                    planned.demand = Some(*demand);
                    planned.passed_over.clone_from(passed_over);
                }
            }
            Reason::SubmissionRefused { job, queue, jobs, why, .. } => {
                if let Some(submitted) = self.submitted.get_mut(job) {
                    submitted.refused = true;
                }
                self.plan.refused.push(RefusedSubmission { job: *job, queue: *queue, jobs: *jobs, why: *why });
            }
            Reason::Backfilled { .. }
            | Reason::Released { .. }
            | Reason::EnvironmentInvalid { .. }
            | Reason::EnvironmentValid { .. }
            | Reason::EnvironmentUpdated { .. }
            | Reason::CannotProvide { .. }
            | Reason::ScalingIn { .. }
            | Reason::TypeAvoided { .. }
            | Reason::Learned { .. } => {}
        }
    }

    fn finish(mut self) -> Plan {
        let mut waiting: BTreeMap<_, Waiting> = BTreeMap::new();
        for (&job, one) in self.submitted.iter().filter(|(_, one)| !one.refused) {
            let why = self.blocked.get(&one.queue).map_or(WaitsFor::Turn, |&why| WaitsFor::Queue(why));
            let left = one.array_size.unwrap_or(1) - one.placed;
            let (first_why, rest_why) = match one.depends {
                Depends::Nothing => (why, why),
                Depends::TheChildBefore if one.placed == 0 => (why, WaitsFor::OtherJobs),
                Depends::TheChildBefore | Depends::Others => (WaitsFor::OtherJobs, WaitsFor::OtherJobs),
            };
            for (why, jobs, child) in
                [(first_why, left.min(1), one.next), (rest_why, left.saturating_sub(1), one.next + 1)]
            {
                if jobs > 0 {
                    let first = JobRef { job, child: one.array_size.map(|_| child) };
                    let (queue, spec, array_size) = (one.queue, one.spec, one.array_size);
                    let row = Waiting { queue, spec, why, jobs: 0, first, array_size };
                    waiting.entry((queue, spec, why)).or_insert(row).jobs += u64::from(jobs);
                }
            }
        }
        self.plan.waiting = waiting.into_values().collect();
        self.plan.horizon = self.now.since(SimTime::ZERO);
        self.plan
    }
}

fn submitted(event: &Event) -> Option<(JobId, Submitted)> {
    let Event::JobSubmitted { job, queue, spec, array_size, depends_on, .. } = event else { return None };
    let depends = match depends_on.as_ref() {
        [] => Depends::Nothing,
        [Dependency::Sequential] => Depends::TheChildBefore,
        _ => Depends::Others,
    };
    let (queue, spec, array_size) = (*queue, *spec, *array_size);
    Some((*job, Submitted { queue, spec, array_size, depends, placed: 0, next: 0, refused: false }))
}

impl Driver for Still {
    fn observe(&mut self, wake_at: Option<SimTime>, seen: &mut Observation) -> Result<bool, DriverError> {
        let Some(facts) = self.facts.take() else {
            let Some(at) = wake_at.filter(|&at| at <= self.until) else {
                self.now = self.until;
                return Ok(false);
            };
            self.now = self.now.max(at);
            seen.now = self.now;
            seen.events.clear();
            return Ok(true);
        };
        *seen = Observation { now: self.now, events: facts };
        Ok(true)
    }

    fn apply(&mut self, decision: &Decision) -> Result<(), DriverError> {
        for command in &decision.commands {
            self.command(command);
        }
        for reason in &decision.reasons {
            self.reason(reason);
        }
        if !decision.commands.is_empty() {
            self.until = self.until.max(self.now + self.patience);
        }
        Ok(())
    }
}
