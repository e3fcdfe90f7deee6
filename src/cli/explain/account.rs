//! What is known of a job, by name and in seconds: the JSON of `windtunnel explain`. Computes figures; knows no layout.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::history::{AttemptRecord, Follow, JobRecord, JobState, NodeFacts, StatusSummary, Waits, status_reason};
use crate::ids::JobRef;
use crate::metrics::PodCost;
use crate::metrics::billing::Charge;
use crate::model::{Names, PurchaseOption};
use crate::scheduler::{AttemptEnd, AttemptOutcome, Blocked, Dependency, JobSpec};
use crate::units::{SimDuration, SimTime};

/// Children shown, the slowest first, and as many that failed.
const CHILDREN_SHOWN: usize = 10;
/// Points at which the children of an array are counted.
const COUNTS_SHOWN: usize = 12;

/// Everything about one job.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    pub(super) job: String,
    pub(super) job_name: String,
    pub(super) job_definition: String,
    pub(super) queue: String,
    pub(super) asks: Option<Asks>,
    pub(super) depends_on: Vec<String>,
    pub(super) state: JobState,
    pub(super) status_reason: Option<String>,
    pub(super) submitted_s: f64,
    /// When it ended, if it did.
    pub(super) ended_s: Option<f64>,
    /// When the run ended, as far as it is known.
    pub(super) run_ended_s: f64,
    pub(super) states: Vec<Stay>,
    pub(super) waits: Waited,
    pub(super) attempts: Vec<Attempt>,
    pub(super) cost_usd: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) children: Option<Children>,
}

/// What a job asks for.
#[derive(Debug, Serialize)]
pub(super) struct Asks {
    pub(super) vcpus: f64,
    pub(super) memory_mib: u32,
    pub(super) gpus: u16,
    /// Of a multi-node parallel job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nodes: Option<u16>,
    pub(super) attempts: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timeout_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) share: Option<String>,
    pub(super) scheduling_priority: u16,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) consumable_resources: Vec<Holds>,
}

/// What a job holds of a consumable resource.
#[derive(Debug, Serialize)]
pub(super) struct Holds {
    pub(super) resource: String,
    pub(super) quantity: u64,
}

/// A state, from when and for how long.
#[derive(Debug, Serialize)]
pub(super) struct Stay {
    pub(super) state: JobState,
    pub(super) at_s: f64,
    pub(super) for_s: f64,
}

/// What it waited for while RUNNABLE; the longest first.
#[derive(Debug, Serialize)]
pub(super) struct Waited {
    pub(super) runnable_s: f64,
    pub(super) as_head: Vec<AsHead>,
    pub(super) behind: Vec<BehindOthers>,
    /// While its queue moved: for its turn, and for the scheduling cycle.
    pub(super) in_turn_s: f64,
    /// By a policy beyond AWS Batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) went_ahead: Option<Ahead>,
}

/// Placed ahead of a head of the queue.
#[derive(Debug, Serialize)]
pub(super) struct Ahead {
    /// How often, over all attempts, and children of an array.
    pub(super) times: u32,
    /// The head that was overtaken last.
    pub(super) head: String,
    /// Until when a place was kept for it, if that was known.
    pub(super) until_s: Option<f64>,
}

/// As the head of its queue.
#[derive(Debug, Serialize)]
pub(super) struct AsHead {
    pub(super) why: &'static str,
    pub(super) for_s: f64,
    #[serde(skip)]
    pub(super) blocked: Blocked,
}

/// Behind other heads that waited for the same.
#[derive(Debug, Serialize)]
pub(super) struct BehindOthers {
    pub(super) why: &'static str,
    pub(super) for_s: f64,
    pub(super) heads: u32,
    pub(super) longest_head: String,
    pub(super) longest_s: f64,
    #[serde(skip)]
    pub(super) blocked: Blocked,
}

/// A pod of the job.
#[derive(Debug, Serialize)]
pub(super) struct Attempt {
    /// 1 for the first.
    #[serde(rename = "attempt")]
    pub(super) number: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) node_index: Option<u16>,
    pub(super) node: String,
    pub(super) instance_type: Option<String>,
    pub(super) zone: Option<String>,
    pub(super) purchase: Option<PurchaseOption>,
    pub(super) starting_s: f64,
    pub(super) running_s: Option<f64>,
    pub(super) stopped_s: Option<f64>,
    /// How it ended, in a word or two; none while it goes on.
    pub(super) outcome: Option<String>,
    pub(super) exit_code: Option<i32>,
    pub(super) status_reason: Option<String>,
    pub(super) retried: bool,
    /// Why it was retried or not, if it failed.
    pub(super) retry: Option<String>,
    pub(super) cost_usd: Option<f64>,
}

/// The children of an array.
#[derive(Debug, Serialize)]
pub(super) struct Children {
    pub(super) size: u32,
    pub(super) status_summary: BTreeMap<JobState, u32>,
    pub(super) over_time: Vec<Counted>,
    pub(super) slowest: Vec<Child>,
    pub(super) failed: Vec<Child>,
}

/// The children by state at a time.
#[derive(Debug, Serialize)]
pub(super) struct Counted {
    pub(super) at_s: f64,
    pub(super) status_summary: BTreeMap<JobState, u32>,
}

/// A child in a line.
#[derive(Debug, Serialize)]
pub(super) struct Child {
    pub(super) job: String,
    pub(super) state: JobState,
    pub(super) since_created_s: f64,
    pub(super) runnable_s: f64,
    pub(super) attempts: usize,
    pub(super) status_reason: Option<String>,
}

impl Account {
    /// The account of the followed job; `None` if the run had no such job.
    pub(super) fn of(follow: &Follow, costs: &[PodCost]) -> Option<Self> {
        let record = follow.record()?;
        let (names, end) = (follow.names(), follow.ended_at());
        let spec_name = names.job_specs.get(record.spec.index()).cloned().unwrap_or_default();
        let mine = |cost: &&PodCost| cost.job == record.job || record.array_size.is_some();
        let cost: Charge = costs.iter().filter(mine).map(|cost| cost.cost).sum();
        let attempts = record.attempts.iter().map(|attempt| {
            let paid = costs.iter().find(|cost| cost.job == record.job && cost.pod == attempt.pod);
            attempt_of(attempt, follow, paid.map(|paid| paid.cost))
        });
        Some(Self {
            job: record.job.to_string(),
            job_name: spec_name.job_name,
            job_definition: spec_name.job_definition,
            queue: name(&names.job_queues, record.queue.index(), record.queue),
            asks: follow.spec().map(|spec| asks(spec, names)),
            depends_on: record.depends_on.iter().map(dependency).collect(),
            state: record.state,
            status_reason: record.status_reason.clone(),
            submitted_s: record.created_at().as_secs_f64(),
            ended_s: record.stopped_at().map(SimTime::as_secs_f64),
            run_ended_s: end.as_secs_f64(),
            states: stays(record, end),
            waits: waited(&follow.waits(), record.job),
            attempts: attempts.collect(),
            cost_usd: cost.as_usd_fine(),
            children: record.array_size.map(|size| children(size, follow)),
        })
    }
}

fn name(names: &[String], index: usize, id: impl std::fmt::Display) -> String {
    names.get(index).cloned().unwrap_or_else(|| id.to_string())
}

fn dependency(dependency: &Dependency) -> String {
    match dependency {
        Dependency::Job(job) => job.to_string(),
        Dependency::NToN(job) => format!("{job} (N_TO_N)"),
        Dependency::Sequential => "the child before (SEQUENTIAL)".to_owned(),
    }
}

fn asks(spec: &JobSpec, names: &Names) -> Asks {
    let holds = spec.consumables.iter().map(|required| Holds {
        resource: name(&names.consumable_resources, required.resource.index(), required.resource),
        quantity: required.quantity,
    });
    Asks {
        vcpus: f64::from(spec.requests.cpu.0) / 1_000.0,
        memory_mib: spec.requests.memory.0,
        gpus: spec.requests.gpus,
        nodes: spec.multi_node.as_ref().map(|multi_node| multi_node.nodes),
        attempts: spec.attempts,
        timeout_s: spec.timeout.map(SimDuration::as_secs_f64),
        share: spec.share.map(|share| name(&names.shares, share.index(), share)),
        scheduling_priority: spec.scheduling_priority,
        consumable_resources: holds.collect(),
    }
}

fn stays(record: &JobRecord, end: SimTime) -> Vec<Stay> {
    let stay = |(state, at, time): (JobState, SimTime, SimDuration)| Stay {
        state,
        at_s: at.as_secs_f64(),
        for_s: if state.is_terminal() { 0.0 } else { time.as_secs_f64() },
    };
    record.stays(end).map(stay).collect()
}

fn waited(waits: &Waits, job: JobRef) -> Waited {
    let mut as_head: Vec<_> = waits.as_head.iter().filter(|(_, time)| **time > SimDuration::ZERO).collect();
    let mut behind: Vec<_> = waits.behind.iter().collect();
    // The longest first; equal ones in the order of the reasons.
    as_head.sort_by_key(|(why, time)| (std::cmp::Reverse(**time), **why));
    behind.sort_by_key(|(why, behind)| (std::cmp::Reverse(behind.time), **why));
    let head_time: SimDuration = as_head.iter().map(|(_, time)| **time).sum();
    let behind_time: SimDuration = behind.iter().map(|(_, behind)| behind.time).sum();
    debug_assert!(behind.iter().all(|(_, behind)| behind.longest.0 != job), "a job does not wait behind itself");
    Waited {
        runnable_s: (head_time + behind_time + waits.in_turn).as_secs_f64(),
        as_head: as_head
            .into_iter()
            .map(|(&blocked, time)| AsHead { why: blocked.name(), for_s: time.as_secs_f64(), blocked })
            .collect(),
        behind: behind
            .into_iter()
            .map(|(&blocked, behind)| BehindOthers {
                why: blocked.name(),
                for_s: behind.time.as_secs_f64(),
                heads: behind.heads,
                longest_head: behind.longest.0.to_string(),
                longest_s: behind.longest.1.as_secs_f64(),
                blocked,
            })
            .collect(),
        in_turn_s: waits.in_turn.as_secs_f64(),
        went_ahead: waits.went_ahead.map(|ahead| Ahead {
            times: ahead.times,
            head: ahead.head.to_string(),
            until_s: ahead.until.map(SimTime::as_secs_f64),
        }),
    }
}

fn attempt_of(attempt: &AttemptRecord, follow: &Follow, cost: Option<Charge>) -> Attempt {
    let names = follow.names();
    let (instance_type, zone, purchase) = match follow.node(attempt.node) {
        Some(NodeFacts::Launched { instance_type, zone, purchase }) => (
            Some(name(&names.instance_types, instance_type.index(), instance_type)),
            Some(name(&names.zones, zone.index(), zone)),
            Some(purchase),
        ),
        Some(NodeFacts::Adopted) | None => (None, None, None),
    };
    Attempt {
        number: attempt.attempt,
        node_index: attempt.node_index,
        node: attempt.node.to_string(),
        instance_type,
        zone,
        purchase,
        starting_s: attempt.starting_at.as_secs_f64(),
        running_s: attempt.running_at.map(SimTime::as_secs_f64),
        stopped_s: attempt.end.map(|end| end.stopped_at.as_secs_f64()),
        outcome: attempt.end.map(|end| outcome(end.outcome)),
        exit_code: attempt.end.and_then(|end| status_reason::exit_code(end.outcome)),
        status_reason: attempt.status_reason.clone(),
        retried: attempt.end.is_some_and(|end| end.retried),
        retry: attempt.end.and_then(|end| retry(&end, follow.spec())),
        cost_usd: cost.map(Charge::as_usd_fine),
    }
}

fn outcome(outcome: AttemptOutcome) -> String {
    match outcome {
        AttemptOutcome::Succeeded => "succeeded".to_owned(),
        AttemptOutcome::Failed(_) => match (status_reason::exit_code(outcome), status_reason::of_container(outcome)) {
            (Some(code), Some("Error") | None) => format!("exit code {code}"),
            (Some(code), Some(reason)) => format!("{reason}, exit code {code}"),
            (None, Some(reason)) => format!("turned away: {reason}"),
            (None, None) => "pod deleted".to_owned(),
        },
        AttemptOutcome::HostTerminated => "host terminated".to_owned(),
        AttemptOutcome::TimedOut => "timed out".to_owned(),
        AttemptOutcome::Terminated => "terminated".to_owned(),
        AttemptOutcome::VolumeNotAttached => "volume not attached".to_owned(),
        AttemptOutcome::EnvironmentUpdated => "environment updated".to_owned(),
        AttemptOutcome::MainNodeEnded => "main node ended".to_owned(),
    }
}

/// Why a failed attempt was retried or not.
fn retry(end: &AttemptEnd, spec: Option<&JobSpec>) -> Option<String> {
    let spec = spec?;
    let rules = !spec.evaluate_on_exit.is_empty();
    Some(match end.outcome {
        AttemptOutcome::Succeeded => return None,
        AttemptOutcome::Failed(failure) if end.retried && failure.is_rejection() && end.attempt >= spec.attempts => {
            "retried: a pod that the kubelet turns away costs no attempt".to_owned()
        }
        _ if end.retried => format!("retried: attempt {} of {}", end.attempt, spec.attempts),
        AttemptOutcome::TimedOut => "not retried: a timeout is final".to_owned(),
        AttemptOutcome::Terminated => "not retried: it was ended on purpose".to_owned(),
        AttemptOutcome::MainNodeEnded => "not retried by itself: the main node decides".to_owned(),
        _ if end.attempt >= spec.attempts => {
            format!("not retried: attempt {} of {} was the last", end.attempt, spec.attempts)
        }
        _ if rules => "not retried: evaluateOnExit says EXIT".to_owned(),
        _ => "not retried: the job was ended meanwhile".to_owned(),
    })
}

fn children(size: u32, follow: &Follow) -> Children {
    let end = follow.ended_at();
    let mut all: Vec<(SimDuration, &JobRecord)> = follow.children().map(|child| (life(child, end), child)).collect();
    all.sort_by_key(|(life, child)| (std::cmp::Reverse(*life), child.job));
    let failed = all.iter().filter(|(_, child)| child.state == JobState::Failed);
    let row = |(life, child): &(SimDuration, &JobRecord)| Child {
        job: child.job.to_string(),
        state: child.state,
        since_created_s: life.as_secs_f64(),
        runnable_s: child
            .stays(end)
            .filter(|(state, ..)| *state == JobState::Runnable)
            .map(|(.., time)| time)
            .sum::<SimDuration>()
            .as_secs_f64(),
        attempts: child.attempts.len(),
        status_reason: child.status_reason.clone(),
    };
    let summaries = follow.summaries();
    let last = summaries.len().saturating_sub(1);
    // Evenly over the changes, the first and the last among them.
    let mut points: Vec<usize> = (0..COUNTS_SHOWN).map(|n| n * last / (COUNTS_SHOWN - 1)).collect();
    points.dedup();
    let counted = |index: usize| summaries.get(index).map(|(at, summary)| (at.as_secs_f64(), by_state(*summary)));
    Children {
        size,
        status_summary: summaries.last().map(|(_, summary)| by_state(*summary)).unwrap_or_default(),
        over_time: points
            .into_iter()
            .filter_map(counted)
            .map(|(at_s, status_summary)| Counted { at_s, status_summary })
            .collect(),
        slowest: all.iter().take(CHILDREN_SHOWN).map(row).collect(),
        failed: failed.take(CHILDREN_SHOWN).map(row).collect(),
    }
}

/// From a child's beginning to its end, or to the run's.
fn life(child: &JobRecord, end: SimTime) -> SimDuration {
    child.stopped_at().unwrap_or(end).since(child.created_at())
}

fn by_state(summary: StatusSummary) -> BTreeMap<JobState, u32> {
    JobState::ALL.into_iter().map(|state| (state, summary.count(state))).filter(|(_, count)| *count > 0).collect()
}
