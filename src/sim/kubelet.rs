//! Pods on the synthetic nodes: the kubelet's admission against what a node truly has, image pulls, the run, its end.
//!
//! There is no table of pods: an admitted pod has exactly one happening ahead, which carries all that is to be known of it;
//! or none, and its node has it parked until it is deleted.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{JobRef, JobSpecId, NodeId, PodId};
use crate::model::{Assumptions, Resources};
use crate::scheduler::{Event, PodFailure, PodStuck};
use crate::sim::arrivals::Fate;
use crate::sim::keyed::Purpose;
use crate::sim::sampler::normal;
use crate::sim::spec::{Failure, WorldSpec};
use crate::sim::world::{Happening, SimWorld};
use crate::units::{SimDuration, SimTime};

/// AWS Batch kills a container this long after SIGTERM (documented, `UG:job_timeouts`).
const SIGTERM_GRACE: SimDuration = SimDuration::from_secs(30);

/// A pod that was admitted to a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted {
    pub(super) pod: PodId,
    node: NodeId,
    spec: JobSpecId,
    /// What goes wrong with it, if anything does.
    failure: Option<Failure>,
}

/// A pod that the core wants on a node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) pod: PodId,
    pub(super) job: JobRef,
    pub(super) spec: JobSpecId,
    pub(super) attempt: u8,
    pub(super) node: NodeId,
    /// Of a multi-node parallel job: which of its nodes.
    pub(super) node_index: Option<u16>,
}

/// What pulls cost, and pods whose end was overtaken.
#[derive(Debug)]
pub(super) struct Kubelets {
    /// Seconds that the transfer of an image takes at the median.
    transfers_s: Vec<f64>,
    pull_base: SimDuration,
    pull_sigma: f64,
    sigterm_to_exit: SimDuration,
    /// How long pods take to stop of which that was recorded.
    stops: BTreeMap<PodId, SimDuration>,
    /// Pods that were told to end and have not yet.
    deleted: BTreeSet<PodId>,
    /// Pods that were stopped; what else was to happen to them will not.
    stopped: BTreeSet<PodId>,
}

impl Kubelets {
    pub(super) fn new(world: &WorldSpec) -> Self {
        let all = &world.assumptions;
        Self {
            transfers_s: world.images.iter().map(|&mib| transfer_s(mib, all)).collect(),
            pull_base: all.image_pull_base.0,
            pull_sigma: all.image_pull_sigma,
            sigterm_to_exit: all.sigterm_to_exit.0.min(SIGTERM_GRACE),
            stops: BTreeMap::new(),
            deleted: BTreeSet::new(),
            stopped: BTreeSet::new(),
        }
    }
}

impl Kubelets {
    /// One more image.
    pub(super) fn add_image(&mut self, mib: u32, all: &Assumptions) {
        self.transfers_s.push(transfer_s(mib, all));
    }
}

/// Seconds that the transfer of an image takes at the median.
fn transfer_s(mib: u32, all: &Assumptions) -> f64 {
    f64::from(mib) / all.image_pull_mib_per_second
}

impl SimWorld {
    /// A pod was bound to a node: the kubelet admits it or turns it away.
    pub(super) fn create_pod(&mut self, wanted: Wanted) {
        let Wanted { pod, job, spec, attempt, node, node_index } = wanted;
        let requests = self.spec.specs[spec.index()].requests;
        let Some(host) = self.instances.get_mut(node) else {
            // The node went while the pod was being created; the pod is collected with it.
            self.facts.push(Event::PodFailed { pod, failure: PodFailure::Deleted });
            return;
        };
        if let Some(failure) = shortfall(requests, host.free) {
            self.facts.push(Event::PodFailed { pod, failure });
            return;
        }
        host.free -= requests;
        let image = self.spec.image_of[spec.index()];
        let pulled_at = host.image_ready(image);
        let transfer_s = self.kubelets.transfers_s[image as usize];
        let Fate { start, runtime, stop, failure } = self.entry(job.job, spec).fate(job, attempt, self.streams);
        if let Some(stop) = stop {
            self.kubelets.stops.insert(pod, stop);
        }
        let mut starts_at = self.now + start.unwrap_or_default();
        if start.is_some() {
            // What was recorded holds the pull.
            if pulled_at.is_none() {
                self.instances.get_mut(node).expect("just seen").pull(image, starts_at);
            }
        } else if !self.latencies.pod_start.is_zero() || (pulled_at.is_none() && transfer_s > 0.0) {
            // Nodes of a multi-node parallel job start each in its own time.
            let part = u64::from(node_index.unwrap_or(0)) << 32;
            let key = part | u64::from(job.child.unwrap_or(0)) << 8 | u64::from(attempt);
            let mut stream = self.streams.of(Purpose::PodStart, job.job.raw(), key);
            starts_at = starts_at + self.latencies.pod_start.draw(&mut stream);
            let ready_at = pulled_at.unwrap_or_else(|| {
                let transfer_s = transfer_s * (self.kubelets.pull_sigma * normal(&mut stream)).exp();
                self.now + self.kubelets.pull_base + SimDuration::from_secs_f64(transfer_s)
            });
            starts_at = starts_at.max(ready_at);
            if pulled_at.is_none() {
                self.instances.get_mut(node).expect("just seen").pull(image, ready_at);
            }
        }
        let main = self.spec.specs[spec.index()].multi_node.as_ref().map(|multi_node| multi_node.main);
        // A multi-node parallel job's other nodes run until they are stopped.
        let runtime = (main == node_index).then_some(runtime);
        self.schedule(starts_at, Happening::Start(Admitted { pod, node, spec, failure }, runtime));
    }

    /// The containers run.
    pub(super) fn start_pod(&mut self, admitted: Admitted, runtime: Option<SimDuration>) {
        if self.is_overtaken(admitted) {
            return;
        }
        let stuck = match admitted.failure {
            Some(Failure::Volume) => Some(PodStuck::Volume),
            Some(Failure::ImagePull) => Some(PodStuck::Image),
            Some(Failure::ExitCode(_) | Failure::OomKilled) | None => None,
        };
        if let Some(why) = stuck {
            self.park(admitted);
            self.facts.push(Event::PodStuck { pod: admitted.pod, why });
            return;
        }
        self.facts.push(Event::PodRunning { pod: admitted.pod });
        match runtime {
            Some(runtime) => self.schedule(self.now + runtime, Happening::End(admitted)),
            None => self.park(admitted),
        }
    }

    /// The containers are done.
    pub(super) fn end_pod(&mut self, admitted: Admitted) {
        if self.is_overtaken(admitted) {
            return;
        }
        self.kubelets.deleted.remove(&admitted.pod);
        self.leave(admitted);
        let pod = admitted.pod;
        self.facts.push(match admitted.failure {
            Some(Failure::ExitCode(code)) => Event::PodFailed { pod, failure: PodFailure::ExitCode(code) },
            Some(Failure::OomKilled) => Event::PodFailed { pod, failure: PodFailure::OomKilled },
            // Those never started.
            Some(Failure::Volume | Failure::ImagePull) | None => Event::PodSucceeded { pod },
        });
    }

    /// The core wants a pod gone: SIGTERM, and SIGKILL after the grace period.
    pub(super) fn delete_pod(&mut self, pod: PodId, node: NodeId, spec: JobSpecId) {
        if self.kubelets.deleted.insert(pod) {
            let stop = self.kubelets.stops.get(&pod).copied().unwrap_or(self.kubelets.sigterm_to_exit);
            let at = self.now + stop;
            self.schedule(at, Happening::Stop(Admitted { pod, node, spec, failure: None }));
        }
    }

    /// A deleted pod's containers have stopped, unless they ended by themselves or went with their node.
    pub(super) fn stop_pod(&mut self, admitted: Admitted) {
        let pod = admitted.pod;
        if self.kubelets.deleted.remove(&pod)
            && let Some(host) = self.instances.get_mut(admitted.node)
        {
            if !host.unpark(pod) {
                self.kubelets.stopped.insert(pod);
            }
            self.leave(admitted);
            self.facts.push(Event::PodFailed { pod, failure: PodFailure::Deleted });
        }
    }

    /// Whether a pod went with its node, or was stopped, before what is happening to it.
    fn is_overtaken(&mut self, admitted: Admitted) -> bool {
        let stopped = !self.kubelets.stopped.is_empty() && self.kubelets.stopped.remove(&admitted.pod);
        stopped || self.instances.get(admitted.node).is_none()
    }

    /// Nothing lies ahead of a pod until it is deleted.
    fn park(&mut self, admitted: Admitted) {
        if let Some(host) = self.instances.get_mut(admitted.node) {
            host.park(admitted.pod);
        }
    }

    /// Gives the node back what the pod held.
    fn leave(&mut self, admitted: Admitted) {
        if let Some(host) = self.instances.get_mut(admitted.node) {
            host.free += self.spec.specs[admitted.spec.index()].requests;
        }
    }
}

/// Why a pod does not fit, in the order in which the kubelet looks.
const fn shortfall(requests: Resources, free: Resources) -> Option<PodFailure> {
    if requests.pods > free.pods {
        Some(PodFailure::OutOfPods)
    } else if requests.cpu.0 > free.cpu.0 {
        Some(PodFailure::OutOfCpu)
    } else if requests.memory.0 > free.memory.0 {
        Some(PodFailure::OutOfMemory)
    } else if requests.gpus > free.gpus {
        Some(PodFailure::OutOfGpu)
    } else {
        None
    }
}

/// When an image is on a node.
pub(super) type ImageReady = (u32, SimTime);
