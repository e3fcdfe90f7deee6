//! What the core has started: whether it may.

use std::collections::BTreeSet;

use windtunnel::ids::{JobRef, NodeId, PodId};
use windtunnel::scheduler::{Command, Demand, LaunchRequest, Reason, ScaleInCause};

use super::{Judge, Launch, Pod, Turn, Verdict, demand};

impl Judge<'_> {
    pub(super) fn command(&mut self, command: &Command, reasons: &[Reason]) -> Verdict {
        match command {
            Command::LaunchNodes(request) => {
                let demand = reasons.iter().find_map(|reason| match reason {
                    Reason::Launching { launch, demand, .. } if *launch == request.launch => Some(demand),
                    _ => None,
                });
                self.launch(request, demand.ok_or("a launch without a reason")?)
            }
            Command::TerminateNode { node } => {
                let why = reasons.iter().find_map(|reason| match reason {
                    Reason::ScalingIn { node: about, why } if about == node => Some(why),
                    _ => None,
                });
                self.terminate(*node, why.ok_or("a termination without a reason")?)
            }
            &Command::CreatePod { pod, job, attempt, node, .. } => self.create(pod, job, attempt, node),
            Command::DeletePod { pod, .. } => self.delete(*pod),
        }
    }

    fn create(&mut self, id: PodId, name: JobRef, attempt: u8, on: NodeId) -> Verdict {
        let requests = self.requests(name);
        let job = self.jobs.get_mut(&name).expect("looked up");
        demand!(job.pod.is_none() && !job.terminal, "{name} runs twice at once, or after its end");
        demand!(attempt == job.attempts + 1, "attempt {attempt} of {name} after {}", job.attempts);
        let limit = self.world.specs[job.spec.index()].attempts;
        demand!(attempt <= limit, "attempt {attempt} of {name}, which has {limit}");
        demand!(job.runnable_since <= self.now, "{name} is not RUNNABLE yet");
        let first = self.waiting[job.queue.index()].pop_first();
        let Some(Turn::Retry(_, turn) | Turn::Fresh(_, turn)) = first else {
            return Err(format!("{name} was dispatched and nobody waits"));
        };
        demand!(turn == name, "{name} was dispatched out of turn: {turn} stands first in {}", job.queue);

        let node = self.nodes.get_mut(&on).ok_or_else(|| format!("{name} was sent to {on}, which is not there"))?;
        demand!(!node.terminating, "{name} was sent to {on}, which was told to go");
        let after_notice = self.world.assumptions.placement_after_notice;
        demand!(after_notice || !node.warned, "{name} was sent to {on}, which EC2 announced to take");
        let queue = &self.world.queues[job.queue.index()];
        demand!(queue.environments.contains(&node.environment), "{name} was sent to an environment of others");
        demand!(self.world.environments[node.environment.index()].enabled, "{name} was sent to a DISABLED environment");
        demand!(!self.environments[node.environment.index()].invalid, "{name} was sent to an INVALID environment");
        node.held += requests;
        let offers = node.offers.ok_or_else(|| format!("{name} was sent to {on}, which has not joined"))?;
        demand!(node.held.fits(offers), "{on} offers {offers} and is to hold {}", node.held);
        node.pods.insert(id);
        node.used = true;

        job.runnable += self.now.since(job.runnable_since);
        job.attempts = attempt;
        job.pod = Some(id);
        let environment = node.environment;
        let starting_at = self.now;
        let pod = Pod { job: name, attempt, node: on, requests, starting_at, running_at: None, timed_out: false };
        demand!(self.pods.insert(id, pod).is_none(), "{id} was used for two pods at once");
        self.within_dispatch_rate(environment)
    }

    /// No more than the rate allows since the first pod, and what one cycle may save up.
    fn within_dispatch_rate(&mut self, id: windtunnel::ids::ComputeEnvironmentId) -> Verdict {
        let created = self.environments[id.index()].created.get_or_insert((self.now, 0));
        created.1 += 1;
        let rate = u64::from(self.world.assumptions.dispatch_rate);
        let span = self.now.since(created.0) + self.world.assumptions.scheduling_cycle.0;
        let allowed = rate * span.as_millis() / 1_000 + 1;
        demand!(rate == 0 || created.1 <= allowed, "{} pods in {id} where {rate}/s allow {allowed}", created.1);
        Ok(())
    }

    /// Nothing but the job's own timeout ends a pod.
    fn delete(&mut self, id: PodId) -> Verdict {
        let pod = self.pods.get_mut(&id).ok_or_else(|| format!("{id} is to be deleted and is not there"))?;
        let timeout = self.world.specs[self.jobs[&pod.job].spec.index()].timeout.ok_or("deleted without a timeout")?;
        let due = pod.running_at.ok_or("deleted before it ran")? + timeout;
        demand!(self.now == due, "{id} was deleted at {} and timed out at {due}", self.now);
        demand!(!std::mem::replace(&mut pod.timed_out, true), "{id} was deleted twice");
        Ok(())
    }

    fn launch(&mut self, request: &LaunchRequest, demand: &Demand) -> Verdict {
        let environment = &self.world.environments[request.environment.index()];
        let managed = environment.managed.as_ref().ok_or("a launch for an UNMANAGED environment")?;
        demand!(
            environment.enabled || *demand == Demand::MinVcpus,
            "a launch for {}, which is DISABLED",
            request.environment
        );
        let asked: BTreeSet<_> = request.instance_types.iter().collect();
        let allowed: BTreeSet<_> = managed.instance_types.iter().flatten().collect();
        demand!(!asked.is_empty() && asked.is_subset(&allowed), "asked for {asked:?} of {allowed:?}");
        demand!(asked.len() == request.instance_types.len(), "asked for a type twice");
        demand!(request.purchase == managed.purchase, "asked for the wrong purchase option");
        let (have, coming) = (self.live_vcpus(request.environment), self.coming_vcpus(request.environment));
        demand!(
            have + coming < managed.max_vcpus,
            "{} has {have} vCPUs and {coming} on their way of {} and asks for {}",
            request.environment,
            managed.max_vcpus,
            request.target_vcpus
        );
        let launch = Launch {
            environment: request.environment,
            instance_types: request.instance_types.clone(),
            asked_at: self.now,
            target: request.target_vcpus,
            given: 0,
            closed: false,
        };
        demand!(self.launches.insert(request.launch, launch).is_none(), "{} was used twice", request.launch);
        Ok(())
    }

    fn terminate(&mut self, id: NodeId, why: &ScaleInCause) -> Verdict {
        let all = &self.world.assumptions;
        let node = self.nodes.get(&id).ok_or_else(|| format!("{id} is to go and is not there"))?;
        let managed = self.world.environments[node.environment.index()].managed.as_ref();
        let managed = managed.ok_or_else(|| format!("{id} is nobody's to terminate"))?;
        demand!(node.pods.is_empty(), "{id} is to go with jobs on it");
        demand!(!node.terminating, "{id} is told to go twice");
        let environment = node.environment;
        match why {
            ScaleInCause::Idle { since } => {
                demand!(node.offers.is_some(), "{id} is idle and has not joined");
                let delay = managed.min_scale_down_delay.filter(|_| node.used).unwrap_or(all.idle_scale_down_delay.0);
                let due = node.idle_since + delay;
                demand!(*since == node.idle_since && due <= self.now, "{id} goes before {due}");
                let kept = self.kept_vcpus(environment) - node.vcpus;
                let min = if self.environments[environment.index()].invalid { 0 } else { managed.min_vcpus };
                demand!(kept >= min, "{environment} keeps {kept} vCPUs of {}", managed.min_vcpus);
            }
            ScaleInCause::NeverJoined => {
                demand!(node.offers.is_none(), "{id} is said never to have joined");
                let due = node.launched_at + all.node_join_deadline.0;
                demand!(due <= self.now, "{id} had until {due} to join");
                let environment = &mut self.environments[environment.index()];
                environment.excused = true;
                environment.failed_joins += 1;
            }
            ScaleInCause::EnvironmentInvalid => {
                demand!(self.environments[environment.index()].invalid, "{environment} is not INVALID");
            }
            other => return Err(format!("{id} goes for no reason here: {other:?}")),
        }
        self.nodes.get_mut(&id).expect("just seen").terminating = true;
        Ok(())
    }
}
