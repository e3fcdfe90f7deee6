//! vCPUs of an environment between `minvCpus` and `maxvCpus`, and what may be left when nothing happens any more.

use windtunnel::ids::{ComputeEnvironmentId, InstanceTypeId};
use windtunnel::model::Resources;

use super::{Judge, Launch, Node, Turn, Verdict, demand};

impl Judge<'_> {
    fn nodes_of(&self, id: ComputeEnvironmentId) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(move |node| node.environment == id)
    }

    /// vCPUs of instances that EC2 bills.
    pub(super) fn live_vcpus(&self, id: ComputeEnvironmentId) -> u32 {
        self.nodes_of(id).map(|node| node.vcpus).sum()
    }

    /// The same without those that were told to go.
    pub(super) fn kept_vcpus(&self, id: ComputeEnvironmentId) -> u32 {
        self.nodes_of(id).filter(|node| !node.terminating).map(|node| node.vcpus).sum()
    }

    /// vCPUs that requests may still bring, whatever EC2 makes of them: the last instance may be of the largest type.
    pub(super) fn coming_vcpus(&self, id: ComputeEnvironmentId) -> u32 {
        let deadline = self.world.assumptions.launch_response_deadline.0;
        let open = self
            .launches
            .values()
            .filter(|launch| launch.environment == id && !launch.closed && self.now < launch.asked_at + deadline);
        let largest = |launch: &Launch| {
            let types = launch.instance_types.iter();
            types.map(|&one| self.world.instance_type(one).vcpus()).max().unwrap_or(0)
        };
        open.map(|launch| match launch.instance_types.len() {
            1 => (launch.target - launch.given).next_multiple_of(largest(launch)),
            _ => launch.target - launch.given + largest(launch) - 1,
        })
        .sum()
    }

    /// After every step: below `maxvCpus` and one instance, and not below `minvCpus` without a loss.
    pub(super) fn check_capacity(&mut self) -> Verdict {
        for (id, spec) in (0..).map(ComputeEnvironmentId).zip(&self.world.environments) {
            let Some(managed) = &spec.managed else { continue };
            let types = managed.instance_types.iter().flatten();
            let largest = types.map(|&one| self.world.instance_type(one).vcpus()).max().unwrap_or(0);
            // Whoever comes after its request was given up comes on top.
            let asked: u32 = self.nodes_of(id).filter(|node| !node.late).map(|node| node.vcpus).sum();
            demand!(asked < managed.max_vcpus + largest, "{id} has {asked} vCPUs of {}", managed.max_vcpus);
            let kept = self.kept_vcpus(id);
            let environment = &mut self.environments[id.index()];
            if kept >= managed.min_vcpus {
                environment.reached_minimum = true;
                environment.excused = false;
            }
            demand!(
                !environment.reached_minimum || environment.excused || environment.invalid || kept >= managed.min_vcpus,
                "{id} fell to {kept} vCPUs of minvCpus {}",
                managed.min_vcpus
            );
        }
        Ok(())
    }

    /// In the end only `minvCpus` keeps nodes.
    pub(super) fn nothing_idle_is_kept(&self) -> Verdict {
        for (id, spec) in (0..).map(ComputeEnvironmentId).zip(&self.world.environments) {
            let Some(managed) = &spec.managed else { continue };
            let kept = self.kept_vcpus(id);
            let min = if self.environments[id.index()].invalid { 0 } else { managed.min_vcpus };
            for node in self.nodes_of(id).filter(|node| !node.terminating && !node.warned) {
                let needed = kept < min + node.vcpus;
                demand!(needed, "{id} keeps an idle node of {} vCPUs, {kept} in all", node.vcpus);
            }
        }
        Ok(())
    }

    /// In the end whoever still waits stands behind a head that nothing could ever serve.
    pub(super) fn heads_wait_in_vain(&self) -> Verdict {
        for (queue, waiting) in self.world.queues.iter().zip(&self.waiting) {
            let Some(Turn::Retry(_, head) | Turn::Fresh(_, head)) = waiting.first() else { continue };
            for &environment in &queue.environments {
                demand!(
                    self.cannot_serve(environment, self.requests(*head)),
                    "the run ended and {head} waits, which {environment} could serve"
                );
            }
        }
        Ok(())
    }

    fn cannot_serve(&self, id: ComputeEnvironmentId, need: Resources) -> bool {
        let spec = &self.world.environments[id.index()];
        let room_on_a_node = || self.nodes_of(id).any(|node| node.offers.is_some_and(|offers| need.fits(offers)));
        if !spec.enabled || self.environments[id.index()].invalid {
            return true;
        }
        let Some(managed) = &spec.managed else { return !room_on_a_node() };
        if need.cpu.0 > managed.max_vcpus * 1_000 {
            // More than the environment may ever have (documented as a misconfiguration).
            return !room_on_a_node();
        }
        let fits = |&one: &InstanceTypeId| need.fits(self.believed_offer(id, one));
        let full = self.live_vcpus(id) >= managed.max_vcpus && !room_on_a_node();
        full || !managed.instance_types.iter().flatten().any(fits)
    }

    /// What Batch knows of an empty node of a type: as seen, else its documented estimate.
    fn believed_offer(&self, id: ComputeEnvironmentId, one: InstanceTypeId) -> Resources {
        let all = &self.world.assumptions;
        self.environments[id.index()].seen.get(&one).copied().unwrap_or_else(|| {
            let mut offer = self.world.instance_type(one).facts.allocatable;
            offer.cpu.0 = offer.cpu.0.saturating_sub(all.cold_daemon_set_cpu_milli);
            offer.memory.0 = offer.memory.0.saturating_sub(all.cold_daemon_set_memory_mib);
            offer
        })
    }
}
