//! Which spans identify which assumption, and what is left out of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog;
use crate::import::aws::{self, JobTime};
use crate::import::kubectl;
use crate::import::{LeftOut, Notes};

/// What is told by whoever calibrates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Wanted {
    /// How long an instance takes from its start until its kubelet registers, in milliseconds, where no file tells when
    /// instances started.
    pub boot: Option<u64>,
}

/// What spans are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    PendingToReady,
    PendingToReadyGpu,
    PendingToReadyMetal,
    PodStart,
    RegisteredToReady,
    SubmitToRunning,
}

impl Kind {
    pub(super) const ALL: [Self; 6] = [
        Self::PendingToReady,
        Self::PendingToReadyGpu,
        Self::PendingToReadyMetal,
        Self::PodStart,
        Self::RegisteredToReady,
        Self::SubmitToRunning,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PendingToReady => "pendingToReady",
            Self::PendingToReadyGpu => "pendingToReadyGpu",
            Self::PendingToReadyMetal => "pendingToReadyMetal",
            Self::PodStart => "podStart",
            Self::RegisteredToReady => "registeredToReady",
            Self::SubmitToRunning => "submitToRunning",
        }
    }

    /// From what to what.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::PendingToReady => "instance's start to its node's Ready",
            Self::PendingToReadyGpu => "the same, of types with GPUs",
            Self::PendingToReadyMetal => "the same, of bare metal",
            Self::PodStart => "pod's creation to its first container's start, its image being on the node",
            Self::RegisteredToReady => "kubelet's registration to its node's Ready",
            Self::SubmitToRunning => "createdAt to startedAt of jobs whose node had room for them all the while",
        }
    }

    /// Why it is no assumption's value, if it is none.
    pub(super) const fn unidentified(self) -> Option<&'static str> {
        match self {
            Self::PendingToReady | Self::PendingToReadyMetal | Self::PodStart => None,
            Self::PendingToReadyGpu => Some(
                "a lower bound: the assumption ends where the device plugin offers the GPUs, which comes after Ready and stands \
                 in no object",
            ),
            Self::RegisteredToReady => Some(
                "a part of pendingToReady: when instances started is told by `aws ec2 describe-instances`, or by --boot",
            ),
            Self::SubmitToRunning => Some(
                "a sum: submitToRunnable, the wait for schedulingCycle and podStart can't be told apart in it, and long ones are missed \
                 more often, as what they waited for can't be told",
            ),
        }
    }
}

/// Spans by kind, in milliseconds, and what was left out.
#[derive(Debug, Default)]
pub(super) struct Spans {
    pub(super) of: BTreeMap<Kind, Vec<u64>>,
    pub(super) notes: Notes,
}

impl Spans {
    pub(super) fn new(times: &aws::Times, cluster: &kubectl::Times, wanted: Wanted) -> Self {
        let mut spans = Self { notes: cluster.notes.clone(), ..Self::default() };
        spans.nodes(times, cluster, wanted);
        spans.pods(cluster);
        spans.jobs(&times.jobs);
        spans
    }

    fn add(&mut self, kind: Kind, (from, to): (u64, u64), place: &str) {
        if let Some(span) = to.checked_sub(from) {
            self.of.entry(kind).or_default().push(span);
        } else {
            let reason = format!("{}: spans that end before they begin (clocks that differ)", kind.name());
            self.notes.leave_out(&reason, place);
        }
    }

    fn nodes(&mut self, times: &aws::Times, cluster: &kubectl::Times, wanted: Wanted) {
        let by_id: BTreeMap<&str, _> = times.instances.iter().map(|known| (known.id.as_str(), known)).collect();
        let by_dns: BTreeMap<&str, _> =
            times.instances.iter().map(|known| (known.private_dns_name.as_str(), known)).collect();
        let mut joined = BTreeSet::new();
        for node in cluster.nodes.values() {
            let id = node.instance_id.as_deref();
            let instance = id.and_then(|id| by_id.get(id)).or_else(|| by_dns.get(node.name.as_str()));
            joined.extend(instance.map(|instance| instance.id.as_str()));
            let Some(ready) = node.ready else { continue };
            self.add(Kind::RegisteredToReady, (node.created, ready), &node.name);
            let started = instance
                .map(|instance| instance.launched)
                .or_else(|| wanted.boot.map(|boot| node.created.saturating_sub(boot)));
            let Some(started) = started else { continue };
            let of_type = node.instance_type.as_deref().or(instance.map(|instance| instance.instance_type.as_str()));
            let facts = of_type.map(catalog::instance_type);
            let kind = match facts {
                Some(Ok(facts)) if facts.bare_metal => Kind::PendingToReadyMetal,
                Some(Ok(facts)) if facts.gpus > 0 => Kind::PendingToReadyGpu,
                Some(Ok(_)) => Kind::PendingToReady,
                Some(Err(_)) => {
                    self.notes.leave_out("nodes of types that the catalog lacks: their class is not known", &node.name);
                    continue;
                }
                None => {
                    self.notes.leave_out("nodes whose instance type is not told", &node.name);
                    continue;
                }
            };
            self.add(kind, (started, ready), &node.name);
        }
        for instance in times.instances.iter().filter(|instance| !joined.contains(instance.id.as_str())) {
            self.notes.leave_out("instances without a node object: when they were Ready is not told", &instance.id);
        }
    }

    /// Pods whose image a node had for certain: an earlier pod with the same images had started there. Of others the pull is
    /// part of the span, or not.
    fn pods(&mut self, cluster: &kubectl::Times) {
        let mut had: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for pod in cluster.pods.values() {
            let since = had.entry((&pod.node, &pod.images)).or_insert(pod.started);
            *since = (*since).min(pod.started);
        }
        for pod in cluster.pods.values() {
            if pod.started < pod.created || had[&(pod.node.as_str(), pod.images.as_str())] <= pod.created {
                self.add(Kind::PodStart, (pod.created, pod.started), &pod.name);
            } else {
                let reason = "podStart: pods before which no other with their image had started on their node (the pull counts in)";
                self.notes.leave_out(reason, &pod.name);
            }
        }
    }

    /// Jobs that did not wait for capacity, for certain: before such a job came, another with its definition had started on its
    /// node, and until it started no job there ended, so that its room was there when it came; and no job of its queue that
    /// had come before it was still waiting.
    fn jobs(&mut self, jobs: &[JobTime]) {
        let mut on: BTreeMap<&str, Vec<&JobTime>> = BTreeMap::new();
        for job in jobs {
            if let Some(node) = &job.node {
                on.entry(node).or_default().push(job);
            }
        }
        let ahead = ahead(jobs);
        let mut unknown = LeftOut::default();
        for (job, ahead) in jobs.iter().zip(ahead) {
            let Some(node) = &job.node else {
                unknown.count += 1;
                continue;
            };
            if job.started < job.created {
                self.add(Kind::SubmitToRunning, (job.created, job.started), &job.id);
                continue;
            }
            // A slot that a retried job left is not told by its first attempt alone.
            let others = || on[node.as_str()].iter().filter(|other| other.id != job.id);
            let warm = others().any(|other| other.started <= job.created && other.definition == job.definition);
            let freed = others().any(|other| {
                other.is_retried || other.first_stopped.is_some_and(|at| (job.created..=job.started).contains(&at))
            });
            if warm && !freed && !ahead && !job.is_dependent && !job.is_child && !job.is_retried {
                self.add(Kind::SubmitToRunning, (job.created, job.started), &job.id);
            } else {
                let reason =
                    "submitToRunning: jobs that may have waited for a node, for room, for another job or for an image";
                self.notes.leave_out(reason, &job.id);
            }
        }
        if unknown.count > 0 {
            let reason = "submitToRunning: jobs whose node is not told, so that nothing says whether it was there";
            self.notes.leave_out_many(reason, unknown.count);
        }
    }
}

/// Of each job, whether one of its queue that had come before it started no earlier.
fn ahead(jobs: &[JobTime]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&at| (&jobs[at].queue, jobs[at].created, jobs[at].started));
    let mut ahead = vec![false; jobs.len()];
    let mut latest: Option<(&str, u64)> = None;
    for at in order {
        let job = &jobs[at];
        match &mut latest {
            Some((queue, started)) if *queue == job.queue => {
                ahead[at] = *started > job.started;
                *started = (*started).max(job.started);
            }
            _ => latest = Some((&job.queue, job.started)),
        }
    }
    ahead
}
