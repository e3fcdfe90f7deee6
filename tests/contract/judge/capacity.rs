//! Capacity: what may be asked for and given back, between `minvCpus` and `maxvCpus`, and what may be left in the end.

use std::collections::BTreeSet;

use windtunnel::ids::{ComputeEnvironmentId, NodeId};
use windtunnel::scheduler::{Demand, LaunchRequest, Reason, ScaleInCause};

use super::{Judge, Launch, Node, Verdict, demand};
use crate::settings::vcpus;

impl Judge<'_> {
    fn nodes_of(&self, id: ComputeEnvironmentId) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(move |node| node.environment == id)
    }

    /// vCPUs of nodes that were not told to go.
    fn kept_vcpus(&self, id: ComputeEnvironmentId) -> u32 {
        self.nodes_of(id).filter(|node| !node.terminating).map(|node| node.vcpus).sum()
    }

    /// vCPUs that requests may still bring.
    fn coming_vcpus(&self, id: ComputeEnvironmentId) -> u32 {
        let deadline = self.settings.launch_response_deadline;
        let open = self
            .launches
            .values()
            .filter(|launch| launch.environment == id && !launch.closed && self.now < launch.asked_at + deadline);
        open.map(|launch| {
            let largest = launch.instance_types.iter().map(|&one| vcpus(one)).max().unwrap_or(0);
            match launch.instance_types.len() {
                1 => (launch.target - launch.given).next_multiple_of(largest),
                _ => launch.target - launch.given + largest - 1,
            }
        })
        .sum()
    }

    pub(super) fn launch(&mut self, request: &LaunchRequest, reasons: &[Reason]) -> Verdict {
        let id = request.environment;
        let why = reasons.iter().find_map(|reason| match reason {
            Reason::Launching { launch, demand, .. } if *launch == request.launch => Some(demand),
            _ => None,
        });
        let for_minimum = *why.ok_or("a launch without a reason")? == Demand::MinVcpus;
        let environment = self.environments[id.index()].as_ref().ok_or("a launch for no environment")?;
        demand!(!environment.deleted, "asks for capacity for {id}, which was deleted");
        demand!(!environment.invalid, "asks for capacity for {id}, which is INVALID");
        demand!(environment.spec.enabled || for_minimum, "asks for capacity for {id}, which is DISABLED");
        let managed = environment.spec.managed.as_ref().ok_or("asks for capacity for an UNMANAGED environment")?;
        let asked: BTreeSet<_> = request.instance_types.iter().collect();
        let allowed: BTreeSet<_> = managed.instance_types.iter().flatten().collect();
        demand!(!asked.is_empty() && asked.is_subset(&allowed), "asked for {asked:?} of {allowed:?}");
        demand!(request.purchase == managed.purchase, "asked for the wrong purchase option");
        demand!(request.target_vcpus > 0, "asked for nothing");
        let (have, coming) = (self.nodes_of(id).map(|node| node.vcpus).sum::<u32>(), self.coming_vcpus(id));
        let max = managed.max_vcpus;
        demand!(have + coming < max, "{id} has {have} vCPUs, {coming} on their way of {max}, and asks for more");
        if for_minimum {
            self.tally.for_minimum += 1;
            self.tally.minimum_while_disabled += u64::from(!environment.spec.enabled);
            demand!(
                self.kept_vcpus(id) < managed.min_vcpus,
                "asks for a minimum of {} that {id} has",
                managed.min_vcpus
            );
        }
        let launch = Launch {
            environment: id,
            instance_types: request.instance_types.clone(),
            asked_at: self.now,
            target: request.target_vcpus,
            given: 0,
            closed: false,
        };
        demand!(self.launches.insert(request.launch, launch).is_none(), "{} was used twice", request.launch);
        Ok(())
    }

    pub(super) fn terminated(&mut self, id: NodeId, reasons: &[Reason]) -> Verdict {
        let why = reasons.iter().find_map(|reason| match reason {
            Reason::ScalingIn { node, why } if *node == id => Some(*why),
            _ => None,
        });
        let why = why.ok_or("a termination without a reason")?;
        self.tally.scaled_in(why);
        // Who was lost after the core gave it back in the same step is out of these books already.
        let Some(node) = self.nodes.get(&id) else { return Ok(()) };
        let deleted = matches!(why, ScaleInCause::EnvironmentDeleted);
        demand!(!node.terminating, "{id} is told to go twice");
        demand!(node.pods.is_empty() || deleted, "{id} is to go with jobs on it");
        let environment = self.environments[node.environment.index()].as_ref().ok_or("a node of no environment")?;
        let managed = environment.spec.managed.as_ref().ok_or("a node that is nobody's to terminate")?;
        demand!(node.instance_type.is_some(), "{id} was adopted and is nobody's to terminate");
        match why {
            ScaleInCause::Idle { since } => {
                demand!(node.offers.is_some(), "{id} is idle and has not joined");
                let idle = self.settings.idle_scale_down_delay;
                let delay = managed.min_scale_down_delay.filter(|_| node.used).unwrap_or(idle);
                demand!(
                    since >= node.idle_since && since + delay <= self.now,
                    "{id} goes too early, idle since {since}"
                );
                let kept = self.kept_vcpus(node.environment) - node.vcpus;
                let min = if environment.invalid || environment.deleted { 0 } else { managed.min_vcpus };
                demand!(kept >= min, "{} keeps {kept} vCPUs of {min}", node.environment);
            }
            ScaleInCause::NeverJoined => {
                demand!(node.offers.is_none(), "{id} is said never to have joined");
                let due = node.launched_at + self.settings.node_join_deadline;
                demand!(due <= self.now, "{id} had until {due} to join");
            }
            ScaleInCause::EnvironmentInvalid => {
                let now = |reason: &Reason| matches!(reason, Reason::EnvironmentInvalid { environment, .. } if *environment == node.environment);
                demand!(environment.invalid || reasons.iter().any(now), "{} is not INVALID", node.environment);
            }
            ScaleInCause::EnvironmentDeleted => demand!(environment.deleted, "{} was not deleted", node.environment),
            ScaleInCause::Replaced => demand!(node.outdated, "{id} is not to be replaced"),
        }
        let owner = node.environment;
        let environment = self.environments[owner.index()].as_mut().expect("just seen");
        environment.never_joined += u32::from(why == ScaleInCause::NeverJoined);
        environment.excused |= !matches!(why, ScaleInCause::Idle { .. });
        self.nodes.get_mut(&id).expect("just seen").terminating = true;
        Ok(())
    }

    /// After every step: below `maxvCpus` and one instance, and not below `minvCpus` without a loss.
    pub(super) fn check_capacity(&mut self) -> Verdict {
        for index in 0..self.environments.len() {
            let id = ComputeEnvironmentId(u16::try_from(index).expect("a handful"));
            let kept = self.kept_vcpus(id);
            let asked: u32 = self.nodes_of(id).filter(|node| !node.late).map(|node| node.vcpus).sum();
            let Some(environment) = self.environments[index].as_mut() else { continue };
            let Some(managed) = &environment.spec.managed else { continue };
            let ceiling = environment.ceiling;
            demand!(asked < ceiling, "{id} has {asked} vCPUs where there are less than {ceiling} at any time");
            if kept >= managed.min_vcpus {
                (environment.reached_minimum, environment.excused) = (true, false);
            }
            let excused = environment.excused || environment.invalid || environment.deleted;
            demand!(
                !environment.reached_minimum || excused || kept >= managed.min_vcpus,
                "{id} fell to {kept} vCPUs of minvCpus {}",
                managed.min_vcpus
            );
        }
        Ok(())
    }

    /// In the end only `minvCpus` keeps nodes.
    pub(super) fn nothing_idle_is_kept(&self) -> Verdict {
        for (id, node) in &self.nodes {
            let environment = self.environments[node.environment.index()].as_ref().ok_or("a node of no environment")?;
            let Some(managed) = &environment.spec.managed else { continue };
            let min = if environment.invalid || environment.deleted { 0 } else { managed.min_vcpus };
            let kept = self.kept_vcpus(node.environment);
            demand!(
                node.terminating || kept < min + node.vcpus,
                "{} keeps {id}, idle, of {} vCPUs, {kept} in all",
                node.environment,
                node.vcpus
            );
        }
        Ok(())
    }
}
