//! What a job definition and a submission make together: the job that AWS Batch would run. Defaults and overrides are
//! merged, parameters substituted, every pod with its effective requests.
//!
//! Knows two documents. Which queue takes the job, and whether a node could carry it, is for others.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::consumable_resource::{ConsumableResourceProperties, RESOURCES_PER_JOB_MAX};
use crate::model::node_overrides::NodePropertyOverride;
use crate::model::node_properties::{NodeProperties, NodeRangeProperty, TargetNodes};
use crate::model::pod::EksPodProperties;
use crate::model::pod_override::EksPropertiesOverride;
use crate::model::retry::{JobTimeout, RetryStrategy};
use crate::model::{Assumptions, JobDefinition, Problem, Resources, SubmitJob, parameters};

/// A job as it would run.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveJob {
    /// `jobName`.
    pub job_name: String,
    /// Its pods: one group for a plain job (each child of an array has its own such pod), one or more for a multi-node
    /// parallel job, by first node; together they hold every node once.
    pub groups: Vec<PodGroup>,
    /// What makes it a multi-node parallel job.
    pub nodes: Option<Nodes>,
    /// Children of an array job.
    pub array_size: Option<u32>,
    /// The submission's, else the definition's, else one attempt.
    pub retry_strategy: RetryStrategy,
    /// The submission's, else the definition's.
    pub timeout: Option<JobTimeout>,
    /// The submission's `schedulingPriorityOverride`, else the definition's, else 0. Counts within a share only.
    pub scheduling_priority: i32,
    /// `shareIdentifier`.
    pub share_identifier: Option<String>,
    /// What the job (or each child of an array) holds of each consumable resource while it runs, by name.
    pub consumable_resources: BTreeMap<String, u64>,
    /// Substitution parameters: the definition's defaults under the submission's.
    pub parameters: BTreeMap<String, String>,
}

/// Nodes of a multi-node parallel job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nodes {
    /// `numNodes`.
    pub count: u32,
    /// `mainNode`.
    pub main: u32,
}

/// Pods that are the same: the nodes `first` to `last` of a multi-node parallel job, or the one pod of a plain job.
#[derive(Debug, Clone, PartialEq)]
pub struct PodGroup {
    /// Index of the first node; 0 for a plain job.
    pub first: u32,
    /// Index of the last node; 0 for a plain job.
    pub last: u32,
    /// The pod, overridden and substituted.
    pub pod: EksPodProperties,
    /// Its effective requests by Kubernetes' rule.
    pub requests: Resources,
    /// The instance type that the job asks for.
    pub instance_type: Option<String>,
}

impl PodGroup {
    /// How many pods it has.
    pub fn count(&self) -> u32 {
        self.last - self.first + 1
    }
}

impl EffectiveJob {
    /// The group that a node of a multi-node parallel job belongs to; the only one of a plain job for node 0.
    pub fn group_of(&self, node: u32) -> Option<&PodGroup> {
        self.groups.iter().find(|group| group.first <= node && node <= group.last)
    }
}

/// What the submission makes of the definition, and everything that AWS Batch would reject of the submission, alone and
/// with this definition; pointers start at the submission's root. What is wrong with the definition by itself is for
/// [`JobDefinition::problems`] to say. `None` where the definition holds no pod at all.
pub fn effective(
    definition: &JobDefinition,
    submit: &SubmitJob,
    assumptions: &Assumptions,
) -> (Option<EffectiveJob>, Vec<Problem>) {
    let mut problems = submit.problems(assumptions);
    let mut merged = definition.parameters.clone();
    merged.extend(submit.parameters.iter().map(|(name, value)| (name.clone(), value.clone())));
    let mut held = BTreeMap::new();
    let own = submit.consumable_resource_properties_override.as_ref();
    hold(own.or(definition.consumable_resource_properties.as_ref()), 1, &mut held);

    let (nodes, mut groups) = match (&definition.node_properties, &definition.eks_properties) {
        (Some(nodes), _) => {
            let groups = multi_node(nodes, submit, &mut held, &mut problems);
            let count = submit.node_overrides.as_ref().and_then(|o| o.num_nodes).unwrap_or(nodes.num_nodes);
            (Some(Nodes { count, main: nodes.main_node }), groups)
        }
        (None, Some(eks)) => (None, vec![single(&eks.pod_properties, submit, &mut problems)]),
        (None, None) => return (None, problems),
    };
    for group in &mut groups {
        problems.extend(parameters::substitute(&mut group.pod, &merged, assumptions.parameter_substitution));
        // What is wrong with the pod has been said, of the definition or of the overrides.
        group.requests = group.pod.requests(&mut Vec::new());
    }
    // Of one list the schema says it.
    if nodes.is_some() && held.len() > RESOURCES_PER_JOB_MAX {
        problems.push(Problem::new(
            "",
            format!(
                "the job's nodes hold {} consumable resources, but AWS Batch takes {RESOURCES_PER_JOB_MAX}",
                held.len()
            ),
            "hold fewer",
        ));
    }
    let retry = submit.retry_strategy.as_ref().or(definition.retry_strategy.as_ref());
    let job = EffectiveJob {
        job_name: submit.job_name.clone(),
        groups,
        nodes,
        array_size: submit.array_properties.map(|array| array.size),
        retry_strategy: retry.cloned().unwrap_or_default(),
        timeout: submit.timeout.or(definition.timeout),
        scheduling_priority: submit.scheduling_priority_override.or(definition.scheduling_priority).unwrap_or(0),
        share_identifier: submit.share_identifier.clone(),
        consumable_resources: held,
        parameters: merged,
    };
    (Some(job), problems)
}

/// Adds what `times` pods hold.
fn hold(asked: Option<&ConsumableResourceProperties>, times: u64, held: &mut BTreeMap<String, u64>) {
    for (name, quantity) in asked.into_iter().flat_map(|asked| asked.quantities(times)) {
        let sum = held.entry(name.to_owned()).or_default();
        *sum = sum.saturating_add(quantity);
    }
}

/// The pod of a job that is not multi-node.
fn single(definition: &EksPodProperties, submit: &SubmitJob, problems: &mut Vec<Problem>) -> PodGroup {
    if submit.node_overrides.is_some() {
        problems.push(Problem::new(
            "/nodeOverrides",
            "the job definition is of type `container`: AWS Batch takes node overrides for multi-node parallel jobs only",
            "write `eksPropertiesOverride`",
        ));
    }
    let pod = overridden(definition, submit.eks_properties_override.as_ref(), "/eksPropertiesOverride", problems);
    PodGroup { first: 0, last: 0, pod, requests: Resources::ZERO, instance_type: None }
}

fn overridden(
    definition: &EksPodProperties,
    changes: Option<&EksPropertiesOverride>,
    at: &str,
    problems: &mut Vec<Problem>,
) -> EksPodProperties {
    let Some(changes) = changes else { return definition.clone() };
    let mut own = Vec::new();
    let pod = changes.applied_to(definition, &mut own);
    problems.extend(own.into_iter().map(|problem| problem.under(at)));
    pod
}

/// The pods of a multi-node parallel job. Nodes that the same range rules and the same overrides change are one group.
fn multi_node(
    nodes: &NodeProperties,
    submit: &SubmitJob,
    held: &mut BTreeMap<String, u64>,
    problems: &mut Vec<Problem>,
) -> Vec<PodGroup> {
    if submit.eks_properties_override.is_some() {
        problems.push(Problem::new(
            "/eksPropertiesOverride",
            "the job definition is of type `multinode`: its pods are changed by range of nodes",
            "write `nodeOverrides.nodePropertyOverrides[].eksPropertiesOverride`",
        ));
    }
    if submit.array_properties.is_some() {
        problems.push(Problem::new(
            "/arrayProperties",
            "a multi-node parallel job can't be an array job",
            "remove it, and submit the job as often as it shall run",
        ));
    }
    let changes = submit.node_overrides.as_ref();
    if let Some(changes) = changes {
        problems.extend(changes.problems_for(nodes).into_iter().map(|problem| problem.under("/nodeOverrides")));
    }
    let count = changes.and_then(|changes| changes.num_nodes).unwrap_or(nodes.num_nodes);
    let changes = changes.map_or(&[][..], |changes| &changes.node_property_overrides);
    let targets: Vec<_> = changes.iter().map(NodePropertyOverride::target).collect();
    let mut groups: Vec<PodGroup> = Vec::new();
    let mut said = Vec::new();
    for (first, last) in segments(nodes, &targets, count) {
        let Some(range) = nodes.range_of(first, count).map(|index| &nodes.node_range_properties[index]) else {
            continue;
        };
        let Some(eks) = &range.eks_properties else { continue };
        let mut pod = eks.pod_properties.clone();
        let mut instance_type = range.instance_types.first();
        let mut asked = range.consumable_resource_properties.as_ref();
        for index in covering(&targets, first, count) {
            let at = format!("/nodeOverrides/nodePropertyOverrides/{index}/eksPropertiesOverride");
            pod = overridden(&pod, changes[index].eks_properties_override.as_ref(), &at, &mut said);
            instance_type = changes[index].instance_types.first().or(instance_type);
            asked = changes[index].consumable_resource_properties_override.as_ref().or(asked);
        }
        hold(asked, u64::from(last - first + 1), held);
        groups.push(PodGroup { first, last, pod, requests: Resources::ZERO, instance_type: instance_type.cloned() });
    }
    // One override may change several groups; its faults are said once.
    for problem in said {
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems.extend(namespaces_differ(&groups));
    groups
}

/// Stretches of nodes within which no range begins or ends.
fn segments(nodes: &NodeProperties, targets: &[Option<TargetNodes>], count: u32) -> Vec<(u32, u32)> {
    let ranges = nodes.node_range_properties.iter().map(NodeRangeProperty::target);
    let mut starts = BTreeSet::from([0]);
    for range in ranges.chain(targets.iter().copied()).flatten() {
        starts.insert(range.first);
        starts.extend(range.last.and_then(|last| last.checked_add(1)));
    }
    let starts: Vec<_> = starts.into_iter().filter(|&start| start < count).collect();
    let ends = starts.iter().skip(1).copied().chain([count]);
    starts.iter().copied().zip(ends).map(|(start, end)| (start, end - 1)).collect()
}

/// Overrides that change a node, in the order they are applied: the wider before the narrower, equals as written.
fn covering(targets: &[Option<TargetNodes>], node: u32, count: u32) -> Vec<usize> {
    let width = |index: usize| targets[index].map_or(0, |range| range.width(count));
    let mut found: Vec<_> =
        (0..targets.len()).filter(|&index| targets[index].is_some_and(|range| range.contains(node))).collect();
    found.sort_by_key(|&index| (std::cmp::Reverse(width(index)), index));
    found
}

/// An override can break the rule that all nodes share a namespace.
fn namespaces_differ(groups: &[PodGroup]) -> Option<Problem> {
    let namespace = |group: &PodGroup| group.pod.metadata.as_ref().and_then(|metadata| metadata.namespace.clone());
    let first = groups.first().map(namespace)?;
    groups.iter().any(|group| namespace(group) != first).then(|| {
        Problem::new(
            "/nodeOverrides/nodePropertyOverrides",
            "with these the nodes are in different namespaces: the nodes of a job share one",
            "give all nodes the same `namespace`",
        )
    })
}
