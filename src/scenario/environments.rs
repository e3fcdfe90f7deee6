//! Compute environments, their nodes and the queues before them, from documents to what core and world are told.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Architecture;
use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId};
use crate::model::compute_environment::{ComputeResource, EnvironmentType, State};
use crate::model::{PurchaseOption, Resources, quantity};
use crate::nearest::nearest;
use crate::scenario::judge::Judge;
use crate::scenario::schema::Scenario;
use crate::scenario::types::Types;
use crate::scheduler::{EnvironmentSpec, ManagedSpec, QueueSpec};
use crate::sim::FixedNode;
use crate::units::SimDuration;

/// A node that a job could run on: what it is called, and what it offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub(super) name: String,
    pub(super) free: Resources,
}

/// An environment as far as it is known before all types have their ids.
#[derive(Debug)]
pub(super) struct Environment<'a> {
    pub(super) name: &'a str,
    enabled: bool,
    unmanaged_vcpus: Option<u32>,
    resources: Option<&'a ComputeResource>,
    /// Types by entry of `instanceTypes`.
    types: Vec<Vec<String>>,
    architecture: Option<Architecture>,
    /// What its nodes can be.
    pub(super) hosts: Vec<Host>,
}

/// A queue.
#[derive(Debug)]
pub(super) struct Queue<'a> {
    pub(super) name: &'a str,
    pub(super) enabled: bool,
    pub(super) spec: QueueSpec,
    /// Whether all of its environments are known, so that what fits none of their nodes fits nowhere.
    pub(super) complete: bool,
}

/// Judges the environments.
pub(super) fn environments<'a>(
    scenario: &'a Scenario,
    types: &mut Types<'_>,
    judge: &mut Judge<'_>,
) -> Vec<Environment<'a>> {
    let mut names = BTreeSet::new();
    let mut environments = Vec::new();
    for (index, document) in scenario.compute_environments.iter().enumerate() {
        let (environment, at) = (&document.0, format!("/computeEnvironments/{index}"));
        let name = environment.compute_environment_name.as_str();
        if !names.insert(name) {
            judge.error(
                format!("{at}/computeEnvironmentName"),
                format!("two environments are called `{name}`"),
                "give each a name of its own",
            );
        }
        judge.errors(&at, environment.problems());
        if environment.eks_configuration.is_none() {
            judge.warn(
                at.as_str(),
                "without `eksConfiguration` AWS Batch makes this an Amazon ECS environment",
                "add `eksConfiguration` with `eksClusterArn` and `kubernetesNamespace` before giving it to AWS",
            );
        }
        let resources = environment.compute_resources.as_ref().filter(|_| environment.kind == EnvironmentType::Managed);
        let mut built = Environment {
            name,
            enabled: environment.state == State::Enabled,
            unmanaged_vcpus: environment.unmanaged_vcpus,
            resources,
            types: Vec::new(),
            architecture: None,
            hosts: Vec::new(),
        };
        if let Some(resources) = resources {
            let at = format!("{at}/computeResources");
            if resources.allocation_strategy.is_none() {
                judge.warn(
                    at.as_str(),
                    "`allocationStrategy` is missing, which AWS requires for EKS",
                    format!(
                        "add `\"allocationStrategy\": \"{}\"`, which is assumed here",
                        resources.strategy_or_default()
                    ),
                );
            }
            built.expand(resources, &format!("{at}/instanceTypes"), types, judge);
        }
        environments.push(built);
    }
    environments
}

impl Environment<'_> {
    fn expand(&mut self, resources: &ComputeResource, at: &str, types: &mut Types<'_>, judge: &mut Judge<'_>) {
        let entries = &resources.instance_types;
        // A type that has an entry of its own keeps its place there, whatever family comes before.
        let single: BTreeSet<&str> =
            entries.iter().map(String::as_str).filter(|entry| types.is_single(entry)).collect();
        let mut taken = BTreeSet::new();
        let mut not_spot = 0;
        for (index, entry) in entries.iter().enumerate() {
            let expanded = match types.expand(entry) {
                Ok(expanded) => expanded,
                Err(error) => {
                    judge.worded(format!("{at}/{index}"), error);
                    continue;
                }
            };
            let mut own = Vec::new();
            for name in expanded {
                let Some(found) = types.get(&name) else { continue };
                if resources.kind == PurchaseOption::Spot && found.price.spot_per_hour.is_none() {
                    not_spot += 1;
                    continue;
                }
                if (name != *entry && single.contains(name.as_str())) || !taken.insert(name.clone()) {
                    continue;
                }
                match self.architecture {
                    Some(known) if known != found.instance_type.arch => {
                        judge.error(
                            format!("{at}/{index}"),
                            format!(
                                "`{entry}` is {} and the entries before it are {}: an environment's types share one architecture",
                                found.instance_type.arch, known
                            ),
                            "give it an environment of its own",
                        );
                        break;
                    }
                    _ => self.architecture = Some(found.instance_type.arch),
                }
                self.hosts.push(Host { name: name.clone(), free: found.free });
                own.push(name);
            }
            if !own.is_empty() {
                self.types.push(own);
            }
        }
        if taken.is_empty() && not_spot > 0 {
            judge.error(at, "EC2 offers none of these types as Spot", "name other types, or write `\"type\": \"EC2\"`");
        }
        let smallest =
            self.types.iter().flatten().filter_map(|name| types.get(name)).map(|t| t.instance_type.vcpus).min();
        if smallest.is_some_and(|vcpus| vcpus > resources.max_vcpus) && resources.max_vcpus > 0 {
            judge.warn(
                at,
                format!("the smallest of these types has more vCPUs than `maxvCpus`, {}", resources.max_vcpus),
                "raise `maxvCpus`: Batch goes beyond it by less than one instance",
            );
        }
    }

    /// What the core is told.
    pub(super) fn spec(&self, ids: &BTreeMap<String, InstanceTypeId>) -> EnvironmentSpec {
        EnvironmentSpec {
            enabled: self.enabled,
            unmanaged_vcpus: self.unmanaged_vcpus,
            managed: self.resources.map(|resources| ManagedSpec {
                purchase: resources.kind,
                strategy: resources.strategy_or_default(),
                min_vcpus: resources.min_vcpus,
                max_vcpus: resources.max_vcpus,
                instance_types: self
                    .types
                    .iter()
                    .map(|entry| entry.iter().filter_map(|name| ids.get(name).copied()).collect())
                    .collect(),
                min_scale_down_delay: resources
                    .scaling_policy
                    .as_ref()
                    .filter(|policy| policy.min_scale_down_delay_minutes > 0)
                    .map(|policy| SimDuration::from_mins(policy.min_scale_down_delay_minutes.into())),
                bid_percentage: resources.bid_percentage,
            }),
        }
    }
}

/// Judges the fixed nodes, and adds them to the hosts of their environments.
pub(super) fn nodes(
    scenario: &Scenario,
    environments: &mut [Environment<'_>],
    judge: &mut Judge<'_>,
) -> Vec<FixedNode> {
    let mut nodes = Vec::new();
    for (index, group) in scenario.cluster.nodes.iter().enumerate() {
        let at = format!("/cluster/nodes/{index}");
        let names: Vec<_> = environments.iter().map(|environment| environment.name).collect();
        let found = names.iter().position(|name| *name == group.compute_environment);
        let known = found.is_some() || !judge.is_list_complete("/computeEnvironments");
        if !known {
            unknown(
                judge,
                format!("{at}/computeEnvironment"),
                "compute environment",
                &group.compute_environment,
                &names,
            );
        }
        let cpu = quantity::cpu(&group.cpu).map_err(|e| judge.error(format!("{at}/cpu"), e.message, e.help));
        let memory =
            quantity::memory(&group.memory).map_err(|e| judge.error(format!("{at}/memory"), e.message, e.help));
        let (Some(found), Ok(cpu), Ok(memory)) = (found, cpu, memory) else { continue };
        let environment = &mut environments[found];
        if environment.resources.is_some() {
            judge.error(
                format!("{at}/computeEnvironment"),
                format!("`{}` is MANAGED: Batch launches its nodes", environment.name),
                "name an environment of `\"type\": \"UNMANAGED\"`",
            );
        }
        let free = Resources { cpu, memory, gpus: group.gpus, pods: group.pods };
        environment.hosts.push(Host { name: format!("a node of {}", environment.name), free });
        let node = FixedNode { environment: environment_id(found), vcpus: cpu.0.div_ceil(1_000), free };
        nodes.extend(std::iter::repeat_n(node, group.count as usize));
    }
    nodes
}

fn environment_id(index: usize) -> ComputeEnvironmentId {
    // The schema takes 50; beyond, the id is of no use, for the scenario is wrong.
    ComputeEnvironmentId(u16::try_from(index).unwrap_or(u16::MAX))
}

/// Judges the queues.
pub(super) fn queues<'a>(
    scenario: &'a Scenario,
    environments: &[Environment<'_>],
    judge: &mut Judge<'_>,
) -> Vec<Queue<'a>> {
    let names: Vec<_> = environments.iter().map(|environment| environment.name).collect();
    let mut seen = BTreeSet::new();
    let mut queues = Vec::new();
    for (index, document) in scenario.job_queues.iter().enumerate() {
        let (queue, at) = (&document.0, format!("/jobQueues/{index}"));
        let name = queue.job_queue_name.as_str();
        if !seen.insert(name) {
            let message = format!("two queues are called `{name}`");
            judge.error(format!("{at}/jobQueueName"), message, "give each a name of its own");
        }
        judge.errors(&at, queue.problems());
        if queue.scheduling_policy_arn.is_some() {
            let help = "remove it: the queue is then FIFO";
            judge.error(format!("{at}/schedulingPolicyArn"), "fair-share queues are not supported yet", help);
        }
        if !queue.job_state_time_limit_actions.is_empty() {
            judge.warn(
                format!("{at}/jobStateTimeLimitActions"),
                "these actions are not simulated yet",
                "jobs that block the queue stay RUNNABLE",
            );
        }
        let (mut order, mut complete, mut architecture) = (Vec::new(), true, None);
        for (entry, environment) in queue.environments() {
            let at = format!("{at}/computeEnvironmentOrder/{entry}/computeEnvironment");
            let Some(found) = names.iter().position(|name| *name == environment) else {
                complete = false;
                if judge.is_list_complete("/computeEnvironments") {
                    unknown(judge, at, "compute environment", environment, &names);
                }
                continue;
            };
            complete &= !environments[found].hosts.is_empty();
            match (architecture, environments[found].architecture) {
                (Some(known), Some(own)) if known != own => judge.error(
                    at,
                    format!("`{environment}` is {own} and the environments before it are {known}: a queue's environments share one architecture"),
                    "give it a queue of its own",
                ),
                (known, own) => architecture = known.or(own),
            }
            order.push(environment_id(found));
        }
        queues.push(Queue {
            name,
            enabled: queue.state == State::Enabled,
            spec: QueueSpec { enabled: queue.state == State::Enabled, ..QueueSpec::fifo(queue.priority, order) },
            complete,
        });
    }
    queues
}

/// Says that a name is unknown, and which was probably meant.
pub(super) fn unknown(judge: &mut Judge<'_>, at: String, what: &str, name: &str, known: &[&str]) {
    let help = match nearest(name, known.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("known: {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")),
    };
    judge.error(at, format!("no {what} is called `{name}`"), help);
}

/// The id of the queue at an index.
pub(super) fn queue_id(index: usize) -> JobQueueId {
    JobQueueId(u16::try_from(index).unwrap_or(u16::MAX))
}
