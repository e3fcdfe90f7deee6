//! What the world reports, taken down.

use windtunnel::ids::{InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId, PodId};
use windtunnel::model::Resources;
use windtunnel::scheduler::{AttemptOutcome, Event, PodFailure};
use windtunnel::units::SimDuration;

use super::{Job, Judge, Node, Turn, Verdict, demand};

impl Judge<'_> {
    pub(super) fn fact(&mut self, event: &Event) -> Verdict {
        match event {
            Event::JobSubmitted { job, queue, spec, array_size, .. } => {
                self.submitted(*job, *queue, *spec, *array_size);
            }
            &Event::NodeLaunched { launch, environment, node, instance_type, zone, .. } => {
                demand!(self.launches.contains_key(&launch), "{node} comes of no request");
                demand!(self.launches[&launch].environment == environment, "{node} came to {environment}");
                let zones = &self.world.environment_zones[environment.index()];
                demand!(zones.is_empty() || zones.contains(&zone), "{environment} has no subnet in {zone:?}");
                self.launched(launch, node, instance_type)?;
            }
            Event::CapacityUnavailable { launch, .. } => {
                self.launches.get_mut(launch).ok_or("no capacity for no request")?.closed = true;
            }
            Event::NodeReady { node, free } => self.ready(*node, *free),
            &Event::NodeAdopted { environment, node, vcpus, free } => {
                let fixed = Node { offers: Some(free), ..self.node(environment, vcpus) };
                self.nodes.insert(node, fixed);
            }
            Event::SpotInterruptionWarning { node, .. } => {
                self.nodes.get_mut(node).ok_or("a warning for no node")?.warned = true;
            }
            Event::NodeLost { node, .. } => self.lost(*node)?,
            Event::PodRunning { pod } => {
                let now = self.now;
                let pod = self.pods.get_mut(pod).ok_or("no such pod runs")?;
                demand!(pod.running_at.replace(now).is_none(), "{} runs twice", pod.job);
                let job = self.jobs.get_mut(&pod.job).expect("pods have jobs");
                job.first_running_at.get_or_insert(now);
            }
            Event::PodSucceeded { pod } => self.pod_over(*pod, AttemptOutcome::Succeeded)?,
            Event::PodFailed { pod, failure } => {
                demand!(
                    matches!(failure, PodFailure::ExitCode(_) | PodFailure::Deleted),
                    "a kubelet turned {pod} away: {failure:?}"
                );
                self.pod_over(*pod, AttemptOutcome::Failed(*failure))?;
            }
            Event::ComputeEnvironmentCreated { .. }
            | Event::JobQueueCreated { .. }
            | Event::JobSpecRegistered { .. }
            | Event::SpotPriceChanged { .. } => {}
            // These worlds stay as they are, and nobody calls for an end.
            other => return Err(format!("unexpected here: {other:?}")),
        }
        Ok(())
    }

    fn submitted(&mut self, job: JobId, queue: JobQueueId, spec: JobSpecId, array_size: Option<u32>) {
        let children = array_size.map_or(vec![None], |size| (0..size).map(Some).collect());
        for child in children {
            let job = JobRef { job, child };
            let book = Job {
                queue,
                spec,
                submitted_at: self.now,
                runnable_since: self.now + self.world.assumptions.submit_to_runnable.0,
                runnable: SimDuration::ZERO,
                first_running_at: None,
                attempts: 0,
                pod: None,
                over: None,
                terminal: false,
            };
            self.jobs.insert(job, book);
            self.waiting[queue.index()].insert(Turn::Fresh(self.submissions, job));
        }
        self.submissions += 1;
        self.arrays.extend(array_size.map(|_| job));
    }

    fn node(&self, environment: windtunnel::ids::ComputeEnvironmentId, vcpus: u32) -> Node {
        Node {
            environment,
            vcpus,
            launched_at: self.now,
            offers: None,
            held: Resources::ZERO,
            pods: std::collections::BTreeSet::new(),
            idle_since: self.now,
            used: false,
            warned: false,
            terminating: false,
            late: false,
        }
    }

    fn launched(&mut self, launch: LaunchId, id: NodeId, instance_type: InstanceTypeId) -> Verdict {
        let vcpus = self.world.instance_type(instance_type).vcpus();
        let given_up_after = self.world.assumptions.launch_response_deadline.0;
        let request = self.launches.get_mut(&launch).expect("just seen");
        demand!(request.instance_types.contains(&instance_type), "{id} is of a type that {launch} did not name");
        let late = self.now > request.asked_at + given_up_after;
        self.tally.late += u64::from(late);
        request.given += vcpus;
        request.closed |= late || request.given >= request.target;
        let environment = request.environment;
        let node = Node { late, ..self.node(environment, vcpus) };
        self.nodes.insert(id, node);
        self.types.insert(id, instance_type);
        Ok(())
    }

    fn ready(&mut self, id: NodeId, free: Resources) {
        let now = self.now;
        let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.terminating) else { return };
        node.offers = Some(free);
        node.idle_since = now;
        self.environments[node.environment.index()].failed_joins = 0;
        self.environments[node.environment.index()].seen.insert(self.types[&id], free);
    }

    fn lost(&mut self, id: NodeId) -> Verdict {
        let pods = self.nodes.get(&id).ok_or("no such node is lost")?.pods.clone();
        for pod in pods {
            self.pod_over(pod, AttemptOutcome::HostTerminated)?;
        }
        let node = self.nodes.remove(&id).expect("just seen");
        self.environments[node.environment.index()].excused |= !node.terminating;
        Ok(())
    }

    fn pod_over(&mut self, id: PodId, outcome: AttemptOutcome) -> Verdict {
        let pod = self.pods.remove(&id).ok_or_else(|| format!("{id} ended, which is not there"))?;
        let node = self.nodes.get_mut(&pod.node).ok_or_else(|| format!("{id} ended on a node that is gone"))?;
        node.held -= pod.requests;
        node.pods.remove(&id);
        if node.pods.is_empty() {
            node.idle_since = self.now;
        }
        self.jobs.get_mut(&pod.job).expect("pods have jobs").pod = None;
        // Whoever ran into its timeout has timed out, however the end came about.
        let outcome = match outcome {
            AttemptOutcome::Succeeded => outcome,
            _ if pod.timed_out => AttemptOutcome::TimedOut,
            _ => outcome,
        };
        self.ended.insert(id, (pod, outcome));
        Ok(())
    }
}
