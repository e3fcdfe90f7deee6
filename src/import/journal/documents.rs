//! What AWS has documents for, written back from what the core was told: environments, queues, policies, consumable
//! resources, job definitions. What a journal does not hold (images, commands, subnets) is stood in for.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::ids::{ConsumableResourceId, InstanceTypeId, JobSpecId, ShareId};
use crate::import::Notes;
use crate::import::journal::day::Day;
use crate::import::stand_ins::{ACCOUNT, NAMESPACE, cluster_arn, with_network};
use crate::import::workload::resources;
use crate::model::PurchaseOption;
use crate::scheduler::{
    Blocked, EndKind, EnvironmentSpec, ExitCodePattern, ExitRule, FairShare, JobOrder, JobSpec, QueueSpec,
};

/// Stands for images, which nothing runs.
const IMAGE: &str = "recorded";
/// What AWS Batch keeps of an exit: the words by which a lost node is known.
const HOST_TERMINATED: &str = "Host EC2*";

/// Writes documents, and notes what they can't say.
pub(super) struct Documents<'a> {
    day: &'a Day,
    /// Names of job definitions, by spec.
    pub(super) definitions: BTreeMap<JobSpecId, String>,
    pub(super) notes: Notes,
}

impl<'a> Documents<'a> {
    pub(super) fn new(day: &'a Day) -> Self {
        let mut documents = Self { day, definitions: BTreeMap::new(), notes: Notes::default() };
        documents.name_definitions();
        documents
    }

    /// A definition for each spec, by the recorded name where that is not taken.
    fn name_definitions(&mut self) {
        let mut taken = BTreeSet::new();
        for &id in self.day.specs.keys() {
            let known = self.day.header.names.job_specs.get(id.index());
            let own = known.map(|spec| plain_name(&spec.job_definition)).filter(|name| !name.is_empty());
            let own = own.unwrap_or_else(|| "job".to_owned());
            let mut name = own.clone();
            while !taken.insert(name.clone()) {
                name = format!("{}-{id}", own.chars().take(100).collect::<String>());
            }
            self.definitions.insert(id, name);
        }
    }

    pub(super) fn environments(&mut self) -> Vec<Value> {
        let names = &self.day.header.names.compute_environments;
        let live = self.day.header.live.as_ref().map_or(&[][..], |live| &live.environments);
        let rows = self.day.environments.iter().zip(names).enumerate();
        let namespace = |at: usize| live.get(at).map_or(NAMESPACE, |known| &known.namespace);
        rows.map(|(at, (spec, name))| self.environment(spec, name, namespace(at))).collect()
    }

    fn environment(&self, spec: &EnvironmentSpec, name: &str, namespace: &str) -> Value {
        let mut document = json!({
            "computeEnvironmentName": name,
            "type": if spec.managed.is_some() { "MANAGED" } else { "UNMANAGED" },
            "state": state(spec.enabled),
            "eksConfiguration": {
                "eksClusterArn": cluster_arn(&self.region()),
                "kubernetesNamespace": namespace
            }
        });
        if let Some(vcpus) = spec.unmanaged_vcpus {
            document["unmanagedvCpus"] = json!(vcpus);
        }
        if let Some(managed) = &spec.managed {
            let mut resources = with_network(json!({
                "type": managed.purchase,
                "allocationStrategy": managed.strategy,
                "minvCpus": managed.min_vcpus,
                "maxvCpus": managed.max_vcpus,
                "instanceTypes": managed.instance_types.iter().map(|list| self.entry(list)).collect::<Vec<_>>()
            }));
            if let Some(bid) = managed.bid_percentage.filter(|_| managed.purchase == PurchaseOption::Spot) {
                resources["bidPercentage"] = json!(bid);
            }
            if let Some(delay) = managed.min_scale_down_delay {
                resources["scalingPolicy"] = json!({ "minScaleDownDelayMinutes": delay.as_millis() / 60_000 });
            }
            document["computeResources"] = resources;
        }
        document
    }

    /// What was written in `instanceTypes` for these.
    fn entry(&self, types: &[InstanceTypeId]) -> String {
        let names: Vec<_> = types.iter().map(|&id| self.type_name(id)).collect();
        let families: BTreeSet<_> = names.iter().map(|name| name.split('.').next().unwrap_or(name)).collect();
        match (names.as_slice(), families.first()) {
            ([only], _) => (*only).to_owned(),
            (_, Some(family)) if families.len() == 1 => (*family).to_owned(),
            _ => "optimal".to_owned(),
        }
    }

    pub(super) fn type_name(&self, id: InstanceTypeId) -> &str {
        self.day.header.names.instance_types.get(id.index()).map_or("", String::as_str)
    }

    /// The region of the zones.
    pub(super) fn region(&self) -> String {
        let zone = self.day.header.names.zones.first().map_or("us-east-1a", String::as_str);
        zone.trim_end_matches(|c: char| c.is_ascii_lowercase()).to_owned()
    }

    pub(super) fn queues(&mut self) -> Vec<Value> {
        let names = self.day.header.names.job_queues.clone();
        let rows: Vec<_> = self.day.queues.iter().zip(&names).map(|(spec, name)| self.queue(spec, name)).collect();
        rows
    }

    fn queue(&self, spec: &QueueSpec, name: &str) -> Value {
        let environments = &self.day.header.names.compute_environments;
        let order = (1..)
            .zip(&spec.environments)
            .map(|(order, id)| json!({ "order": order, "computeEnvironment": environments.get(id.index()) }));
        let mut document = json!({
            "jobQueueName": name,
            "state": state(spec.enabled),
            "priority": spec.priority,
            "computeEnvironmentOrder": order.collect::<Vec<_>>()
        });
        if spec.fair_share.is_some() {
            document["schedulingPolicyArn"] = json!(self.policy_arn(name));
        }
        let limits: Vec<_> = spec
            .time_limits
            .iter()
            .filter(|limit| limit.why != Blocked::EnvironmentInvalid)
            .map(|limit| {
                let seconds = limit.after.as_millis() / 1_000;
                json!({ "reason": limit.why.name(), "state": "RUNNABLE", "maxTimeSeconds": seconds, "action": "CANCEL" })
            })
            .collect();
        if !limits.is_empty() {
            document["jobStateTimeLimitActions"] = json!(limits);
        }
        document
    }

    fn policy_arn(&self, queue: &str) -> String {
        format!("arn:aws:batch:{}:{ACCOUNT}:scheduling-policy/{queue}", self.region())
    }

    /// The scheduling policies, one for each fair-share queue, by its name.
    pub(super) fn scheduling_policies(&self) -> Vec<Value> {
        let names = &self.day.header.names.job_queues;
        let shares =
            self.day.queues.iter().zip(names).filter_map(|(spec, name)| Some((spec.fair_share.as_ref()?, name)));
        shares.map(|(share, name)| json!({ "name": name, "fairsharePolicy": self.fair_share(share) })).collect()
    }

    fn fair_share(&self, share: &FairShare) -> Value {
        let weights = share.weights.iter().map(|weight| {
            json!({ "shareIdentifier": self.share(weight.share), "weightFactor": f64::from(weight.weight) / 1e4 })
        });
        json!({
            "shareDecaySeconds": share.share_decay.as_millis() / 1_000,
            "computeReservation": share.compute_reservation,
            "shareDistribution": weights.collect::<Vec<_>>()
        })
    }

    fn share(&self, id: ShareId) -> &str {
        self.day.header.names.shares.get(id.index()).map_or("", String::as_str)
    }

    /// What queues do beyond AWS Batch.
    pub(super) fn policies(&self) -> Map<String, Value> {
        let names = &self.day.header.names.job_queues;
        let beyond = self.day.queues.iter().zip(names).filter(|(spec, _)| !spec.policy.is_plain());
        let written = beyond.map(|(spec, name)| {
            let word_of = |order| match order {
                JobOrder::Submission => "submission",
                JobOrder::ShortestJobFirst => "shortestJobFirst",
                JobOrder::LargestJobFirst => "largestJobFirst",
            };
            let mut policy = json!({ "order": word_of(spec.policy.order) });
            if let Some(easy) = spec.policy.backfill {
                policy["backfill"] = json!("easy");
                if let Some(depth) = easy.depth {
                    policy["backfillDepth"] = json!(depth);
                }
                if let Some(order) = easy.order {
                    policy["backfillOrder"] = json!(word_of(order));
                }
            }
            (name.clone(), policy)
        });
        written.collect()
    }

    pub(super) fn consumable_resources(&self) -> Vec<Value> {
        let rows = (0..).map(ConsumableResourceId).zip(&self.day.consumables).map(|(id, spec)| {
            json!({
                "consumableResourceName": self.resource(id),
                "totalQuantity": spec.total,
                "resourceType": if spec.replenishable { "REPLENISHABLE" } else { "NON_REPLENISHABLE" }
            })
        });
        rows.collect()
    }

    fn resource(&self, id: ConsumableResourceId) -> &str {
        self.day.header.names.consumable_resources.get(id.index()).map_or("", String::as_str)
    }

    pub(super) fn job_definitions(&mut self) -> Vec<Value> {
        let day = self.day;
        day.specs.iter().map(|(id, spec)| self.job_definition(*id, spec)).collect()
    }

    fn job_definition(&mut self, id: JobSpecId, spec: &JobSpec) -> Value {
        let name = self.definitions.get(&id).cloned().unwrap_or_default();
        let pod =
            json!({ "podProperties": { "containers": [{ "image": IMAGE, "resources": resources(spec.requests) }] } });
        let mut document = json!({ "jobDefinitionName": name });
        if let Some(nodes) = &spec.multi_node {
            document["type"] = json!("multinode");
            let mut range = json!({ "targetNodes": "0:", "eksProperties": pod });
            if let Some(instance_type) = nodes.instance_type {
                range["instanceTypes"] = json!([self.type_name(instance_type)]);
            }
            document["nodeProperties"] =
                json!({ "numNodes": nodes.nodes, "mainNode": nodes.main, "nodeRangeProperties": [range] });
            let note =
                "nodes of a multi-node parallel job ask for as much as the largest of them: a journal holds no more";
            self.notes.made_up(note);
        } else {
            document["type"] = json!("container");
            document["eksProperties"] = pod;
        }
        if spec.scheduling_priority > 0 {
            document["schedulingPriority"] = json!(spec.scheduling_priority);
        }
        let mut retry = json!({ "attempts": spec.attempts.max(1) });
        let rules: Vec<_> = spec.evaluate_on_exit.iter().filter_map(|rule| self.exit_rule(rule)).collect();
        if !rules.is_empty() {
            retry["evaluateOnExit"] = json!(rules);
        }
        document["retryStrategy"] = retry;
        if let Some(timeout) = spec.timeout {
            document["timeout"] = json!({ "attemptDurationSeconds": (timeout.as_millis() / 1_000).max(60) });
        }
        let held = spec
            .consumables
            .iter()
            .map(|one| json!({ "consumableResource": self.resource(one.resource), "quantity": one.quantity }));
        let held: Vec<_> = held.collect();
        if !held.is_empty() {
            let key = "consumableResourceProperties";
            // Of a multi-node parallel job AWS Batch takes it by range of nodes, and multiplies: said once, by one node.
            if spec.multi_node.is_none() {
                document[key] = json!({ "consumableResourceList": held });
            } else {
                self.notes.leave_out("consumable resources of multi-node parallel jobs", "");
            }
        }
        document
    }

    fn exit_rule(&mut self, rule: &ExitRule) -> Option<Value> {
        let mut written = json!({ "action": if rule.retry { "RETRY" } else { "EXIT" } });
        match rule.exit_code {
            None => {}
            Some(ExitCodePattern::Is(code)) => written["onExitCode"] = json!(code.to_string()),
            Some(ExitCodePattern::BeginsWith(code)) => written["onExitCode"] = json!(format!("{code}*")),
            Some(ExitCodePattern::Any) => written["onExitCode"] = json!("*"),
        }
        match rule.ends.as_deref() {
            None => {}
            Some(ends) if ends.len() == EndKind::ALL.len() => written["onReason"] = json!("*"),
            Some([EndKind::HostTerminated] | [EndKind::HostTerminated, EndKind::EnvironmentUpdated]) => {
                written["onStatusReason"] = json!(HOST_TERMINATED);
            }
            Some([EndKind::OomKilled]) => written["onReason"] = json!("OOMKilled"),
            Some(ends) => {
                let kinds: Vec<_> = ends.iter().map(|kind| format!("{kind:?}")).collect();
                self.notes.leave_out("conditions of evaluateOnExit that AWS Batch has no words for", kinds.join(", "));
                return None;
            }
        }
        Some(written)
    }

    /// `shareIdentifier` of a spec's submissions.
    pub(super) fn share_of(&self, spec: JobSpecId) -> Option<&str> {
        Some(self.share(self.day.specs.get(&spec)?.share?))
    }

    /// `jobName` of a spec's submissions.
    pub(super) fn job_name(&self, spec: JobSpecId) -> String {
        let known = self.day.header.names.job_specs.get(spec.index()).map(|names| names.job_name.clone());
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| "job".to_owned())
    }
}

const fn state(enabled: bool) -> &'static str {
    if enabled { "ENABLED" } else { "DISABLED" }
}

/// A definition's name without ARN and revision.
fn plain_name(text: &str) -> String {
    let name = text.rsplit('/').next().unwrap_or(text);
    name.split(':').next().unwrap_or(name).to_owned()
}
