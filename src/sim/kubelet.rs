//! Pods on the synthetic nodes: the kubelet's admission against what a node truly has, image pulls, the run, its end.

use crate::ids::{JobRef, JobSpecId, NodeId, PodId};
use crate::model::Resources;
use crate::scheduler::{Event, PodFailure};
use crate::sim::keyed::Purpose;
use crate::sim::sampler::normal;
use crate::sim::spec::WorldSpec;
use crate::sim::world::{Happening, SimWorld};
use crate::units::{SimDuration, SimTime};

/// AWS Batch kills a container this long after SIGTERM (documented, `UG:job_timeouts`).
const SIGTERM_GRACE: SimDuration = SimDuration::from_secs(30);

/// The pods and what pulls cost.
#[derive(Debug)]
pub(super) struct Kubelets {
    /// By the slot of the core's pod id.
    pods: Vec<Option<WorldPod>>,
    /// Bytes to pull by image.
    images: Vec<Image>,
    pull_base: SimDuration,
    pull_sigma: f64,
    sigterm_to_exit: SimDuration,
}

#[derive(Debug)]
struct Image {
    transfer_s: f64,
}

/// A pod that was admitted.
#[derive(Debug, Clone, Copy)]
struct WorldPod {
    generation: u32,
    node: NodeId,
    requests: Resources,
    job: JobRef,
    attempt: u8,
    exit_code: i32,
}

impl Kubelets {
    pub(super) fn new(world: &WorldSpec) -> Self {
        let all = &world.assumptions;
        let transfer_s = |&mib: &u32| f64::from(mib) / all.image_pull_mib_per_second;
        Self {
            pods: Vec::new(),
            images: world.images.iter().map(|mib| Image { transfer_s: transfer_s(mib) }).collect(),
            pull_base: all.image_pull_base.0,
            pull_sigma: all.image_pull_sigma,
            sigterm_to_exit: all.sigterm_to_exit.0.min(SIGTERM_GRACE),
        }
    }

    fn get(&self, id: PodId) -> Option<&WorldPod> {
        self.pods.get(id.slot as usize)?.as_ref().filter(|pod| pod.generation == id.generation)
    }

    fn take(&mut self, id: PodId) -> Option<WorldPod> {
        self.get(id)?;
        self.pods[id.slot as usize].take()
    }

    fn put(&mut self, id: PodId, pod: WorldPod) {
        let index = id.slot as usize;
        if index >= self.pods.len() {
            self.pods.resize_with(index + 1, || None);
        }
        self.pods[index] = Some(pod);
    }
}

impl SimWorld {
    /// A pod was bound to a node: the kubelet admits it or turns it away.
    pub(super) fn create_pod(&mut self, id: PodId, job: JobRef, spec: JobSpecId, attempt: u8, node: NodeId) {
        let requests = self.spec.specs[spec.index()].requests;
        let Some(host) = self.instances.get_mut(node) else {
            // The node went while the pod was being created; the pod is collected with it.
            self.facts.push(Event::PodFailed { pod: id, failure: PodFailure::Deleted });
            return;
        };
        if let Some(failure) = shortfall(requests, host.free) {
            self.facts.push(Event::PodFailed { pod: id, failure });
            return;
        }
        host.free -= requests;
        let image = self.spec.image_of[spec.index()];
        let pulled_at = host.image_ready(image);
        let mut starts = self.now;
        let key = u64::from(job.child.unwrap_or(0)) << 8 | u64::from(attempt);
        let pull = &self.kubelets.images[image as usize];
        if !self.latencies.pod_start.is_zero() || (pulled_at.is_none() && pull.transfer_s > 0.0) {
            let mut stream = self.streams.of(Purpose::PodStart, job.job.raw(), key);
            starts = starts + self.latencies.pod_start.draw(&mut stream);
            let ready = pulled_at.unwrap_or_else(|| {
                let transfer_s = pull.transfer_s * (self.kubelets.pull_sigma * normal(&mut stream)).exp();
                self.now + self.kubelets.pull_base + SimDuration::from_secs_f64(transfer_s)
            });
            starts = starts.max(ready);
            if pulled_at.is_none() {
                self.instances.get_mut(node).expect("just seen").pull(image, ready);
            }
        }
        let pod = WorldPod { generation: id.generation, node, requests, job, attempt, exit_code: 0 };
        self.kubelets.put(id, pod);
        self.schedule(starts, Happening::Start(id));
    }

    /// The containers run.
    pub(super) fn start_pod(&mut self, id: PodId) {
        let Some(&pod) = self.kubelets.get(id) else { return };
        if self.instances.get(pod.node).is_none() {
            // The pod went with its node.
            self.kubelets.take(id);
            return;
        }
        let fate = self.entry(pod.job.job).fate(pod.job, pod.attempt, self.streams);
        self.kubelets.put(id, WorldPod { exit_code: fate.exit_code, ..pod });
        self.facts.push(Event::PodRunning { pod: id });
        self.schedule(self.now + fate.runtime, Happening::End(id));
    }

    /// The containers are done.
    pub(super) fn end_pod(&mut self, id: PodId) {
        let Some(pod) = self.leave(id) else { return };
        self.facts.push(match pod.exit_code {
            0 => Event::PodSucceeded { pod: id },
            code => Event::PodFailed { pod: id, failure: PodFailure::ExitCode(code) },
        });
    }

    /// The core wants a pod gone: SIGTERM, and SIGKILL after the grace period.
    pub(super) fn delete_pod(&mut self, id: PodId) {
        if self.kubelets.get(id).is_some() {
            let at = self.now + self.kubelets.sigterm_to_exit;
            self.schedule(at, Happening::Killed(id));
        }
    }

    /// A deleted pod has stopped.
    pub(super) fn kill_pod(&mut self, id: PodId) {
        let Some(_) = self.leave(id) else { return };
        self.facts.push(Event::PodFailed { pod: id, failure: PodFailure::Deleted });
    }

    /// Takes a pod off its node; `None` if it ended before, or went with its node.
    fn leave(&mut self, id: PodId) -> Option<WorldPod> {
        let pod = self.kubelets.take(id)?;
        let host = self.instances.get_mut(pod.node)?;
        host.free += pod.requests;
        Some(pod)
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
