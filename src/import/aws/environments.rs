//! Compute environments, job queues and scheduling policies, as they were described; those that jobs need and nobody exported
//! are made up, and so is what stands for an environment of Amazon ECS.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::catalog;
use crate::import::Notes;
use crate::import::aws::documents::{Described, fitting, plain};
use crate::import::ecs;
use crate::import::stand_ins::{eks_configuration, with_network};
use crate::model::job_queue::name_of;
use crate::model::{ComputeEnvironment, ConsumableResource, JobQueue, SchedulingPolicy};

/// The environment that is made up: AWS Batch's own default types, and room for what any queue is likely to hold, for a
/// history doesn't say where the limit was.
const MADE_UP: &str = "imported";
const MADE_UP_MAX_VCPUS: u32 = 10_000;
const MADE_UP_TYPES: &str = "optimal";
/// `optimal` has no GPUs.
const MADE_UP_GPU_TYPES: &str = "g5";
/// A queue has so many environments at most.
const ENVIRONMENTS_MAX: usize = 3;

/// The account's nouns but job definitions.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) environments: Vec<Value>,
    pub(super) queues: Vec<Value>,
    pub(super) policies: Vec<Value>,
    pub(super) consumables: Vec<Value>,
    queue_names: BTreeSet<String>,
    fair: BTreeSet<String>,
    consumable_names: BTreeSet<String>,
}

/// What the account is asked to hold.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) region: &'a str,
    /// Types beside the catalog's.
    pub(super) types: &'a BTreeSet<String>,
    /// Queues that jobs were in.
    pub(super) queues: BTreeSet<String>,
    pub(super) has_gpus: bool,
}

/// What was described.
#[derive(Debug, Default)]
pub(super) struct DescribedAccount {
    pub(super) environments: Vec<Described>,
    pub(super) queues: Vec<Described>,
    pub(super) policies: Vec<Described>,
    pub(super) consumables: Vec<Described>,
}

fn text<'a>(document: &'a Map<String, Value>, member: &str) -> &'a str {
    document.get(member).and_then(Value::as_str).unwrap_or_default()
}

impl Account {
    pub(super) fn new(described: DescribedAccount, wanted: &Wanted<'_>, notes: &mut Notes) -> Self {
        let mut account = Self::default();
        account.consumables(described.consumables, notes);
        account.environments(described.environments, wanted, notes);
        account.policies(described.policies, notes);
        account.queues(described.queues, wanted, notes);
        account
    }

    /// Whether submissions to a queue have a share.
    pub(super) fn is_fair(&self, queue: &str) -> bool {
        self.fair.contains(queue)
    }

    /// The only queue, for jobs of which nothing says where they were.
    pub(super) fn only_queue(&self) -> Option<&str> {
        self.queue_names.first().filter(|_| self.queue_names.len() == 1).map(String::as_str)
    }

    /// A document's consumable resources, those that are known; the rest is told.
    pub(super) fn held(&self, written: &Value, notes: &mut Notes) -> Value {
        let list = written["consumableResourceList"].as_array().into_iter().flatten();
        let (known, unknown): (Vec<_>, Vec<_>) = list
            .map(|one| (name_of(one["consumableResource"].as_str().unwrap_or_default()), one["quantity"].clone()))
            .partition(|(name, _)| self.consumable_names.contains(*name));
        for (name, _) in unknown {
            let reason = "consumable resources of jobs that were not exported (aws batch list-consumable-resources)";
            notes.leave_out(reason, name);
        }
        let rows =
            known.into_iter().map(|(name, quantity)| json!({ "consumableResource": name, "quantity": quantity }));
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() { Value::Null } else { json!({ "consumableResourceList": rows }) }
    }

    fn consumables(&mut self, all: Vec<Described>, notes: &mut Notes) {
        for mut one in all {
            plain(&mut one.document);
            for member in ["consumableResourceArn", "inUseQuantity", "availableQuantity", "createdAt"] {
                one.document.shift_remove(member);
            }
            let kept = fitting::<ConsumableResource>(one, "consumable resources", |_| Vec::new(), notes);
            let Some(document) = kept else { continue };
            if self.consumable_names.insert(text(&document, "consumableResourceName").to_owned()) {
                self.consumables.push(Value::Object(document));
            }
        }
        count(notes, self.consumables.len(), "consumable resources");
    }

    fn environments(&mut self, all: Vec<Described>, wanted: &Wanted<'_>, notes: &mut Notes) {
        let mut known = BTreeSet::new();
        for one in all {
            let place = one.place.clone();
            let Some(document) = environment(one, wanted, notes) else { continue };
            if known.insert(text(&document, "computeEnvironmentName").to_owned()) {
                self.environments.push(Value::Object(document));
            } else {
                notes.leave_out("compute environments that stand in the export twice: the first counts", place);
            }
        }
        count(notes, self.environments.len(), "compute environments");
    }

    /// The names of the first environments, with the made-up one where there is none.
    fn any_environments(&mut self, wanted: &Wanted<'_>, notes: &mut Notes) -> Vec<String> {
        if self.environments.is_empty() {
            self.make_environment(wanted, notes);
        }
        let names = self.environments.iter().filter_map(|one| one["computeEnvironmentName"].as_str());
        names.take(ENVIRONMENTS_MAX).map(str::to_owned).collect()
    }

    fn make_environment(&mut self, wanted: &Wanted<'_>, notes: &mut Notes) -> String {
        let is_made = |one: &Value| one["computeEnvironmentName"] == MADE_UP;
        if !self.environments.iter().any(is_made) {
            let mut types = vec![MADE_UP_TYPES];
            types.extend(wanted.has_gpus.then_some(MADE_UP_GPU_TYPES));
            notes.made_up(format!(
                "the compute environment `{MADE_UP}`: On-Demand, {} up to {MADE_UP_MAX_VCPUS} vCPUs, for none was exported",
                types.join(" and ")
            ));
            let document = json!({
                "computeEnvironmentName": MADE_UP,
                "type": "MANAGED",
                "state": "ENABLED",
                "computeResources": with_network(json!({
                    "type": "EC2",
                    "allocationStrategy": "BEST_FIT_PROGRESSIVE",
                    "minvCpus": 0,
                    "maxvCpus": MADE_UP_MAX_VCPUS,
                    "instanceTypes": types
                })),
                "eksConfiguration": eks_configuration(wanted.region)
            });
            self.environments.push(document);
        }
        MADE_UP.to_owned()
    }

    fn policies(&mut self, all: Vec<Described>, notes: &mut Notes) {
        for mut one in all {
            plain(&mut one.document);
            let kept = fitting::<SchedulingPolicy>(one, "scheduling policies", SchedulingPolicy::problems, notes);
            let Some(document) = kept else { continue };
            let is_new = self.policies.iter().all(|known| known["name"] != document["name"]);
            if is_new {
                self.policies.push(Value::Object(document));
            }
        }
        count(notes, self.policies.len(), "scheduling policies");
    }

    fn queues(&mut self, all: Vec<Described>, wanted: &Wanted<'_>, notes: &mut Notes) {
        for one in all {
            self.queue(one, wanted, notes);
        }
        count(notes, self.queues.len(), "job queues");
        let missing: Vec<_> = wanted.queues.iter().filter(|name| !self.queue_names.contains(*name)).cloned().collect();
        for name in missing {
            let environments = self.any_environments(wanted, notes);
            notes.made_up(format!("the job queue `{name}`, on {}: it was not exported", environments.join(", ")));
            let order = (1..).zip(&environments).map(|(n, one)| json!({ "order": n, "computeEnvironment": one }));
            let order: Vec<_> = order.collect();
            self.queues.push(json!({
                "jobQueueName": name, "state": "ENABLED", "priority": 1, "computeEnvironmentOrder": order
            }));
            self.queue_names.insert(name);
        }
        if self.environments.is_empty() {
            self.make_environment(wanted, notes);
        }
    }

    fn queue(&mut self, mut one: Described, wanted: &Wanted<'_>, notes: &mut Notes) {
        plain(&mut one.document);
        let place = one.place.clone();
        let name = text(&one.document, "jobQueueName").to_owned();
        if one.document.contains_key("serviceEnvironmentOrder") {
            return notes.leave_out("job queues of service environments (SageMaker)", format!("{place} {name}"));
        }
        one.document.shift_remove("jobQueueType");
        self.order(&mut one.document, &name, wanted, notes);
        let policy = name_of(text(&one.document, "schedulingPolicyArn")).to_owned();
        let Some(mut document) = fitting::<JobQueue>(one, "job queues", JobQueue::problems, notes) else { return };
        if document.get("state").and_then(Value::as_str) == Some("DISABLED") && wanted.queues.contains(&name) {
            notes.made_up(format!("the job queue `{name}` is DISABLED now and had jobs: it is ENABLED"));
            document.insert("state".to_owned(), json!("ENABLED"));
        }
        if !self.queue_names.insert(name.clone()) {
            return notes.leave_out("job queues that stand in the export twice: the first counts", place);
        }
        if !policy.is_empty() {
            self.fair.insert(name);
            if self.policies.iter().all(|known| known["name"] != policy.as_str()) {
                notes.made_up(format!(
                    "the scheduling policy `{policy}`, in which all shares are alike: it was not exported"
                ));
                self.policies.push(json!({ "name": policy, "fairsharePolicy": {} }));
            }
        }
        self.queues.push(Value::Object(document));
    }

    /// A queue's environments, those that are there; the made-up one where none is.
    fn order(&mut self, document: &mut Map<String, Value>, queue: &str, wanted: &Wanted<'_>, notes: &mut Notes) {
        let known: BTreeSet<_> =
            self.environments.iter().filter_map(|one| one["computeEnvironmentName"].as_str()).collect();
        let listed = document.get("computeEnvironmentOrder").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut order = Vec::new();
        for mut entry in listed {
            let name = name_of(entry["computeEnvironment"].as_str().unwrap_or_default()).to_owned();
            if known.contains(name.as_str()) {
                entry["computeEnvironment"] = json!(name);
                order.push(entry);
            } else {
                let reason = "compute environments of queues that were not exported, or could not be taken";
                notes.leave_out(reason, format!("`{name}` of `{queue}`"));
            }
        }
        order.sort_by_key(|entry| entry["order"].as_i64());
        if order.is_empty() {
            let name = self.make_environment(wanted, notes);
            notes.made_up(format!("`{queue}` has none of its compute environments, and is on `{name}`"));
            order.push(json!({ "order": 1, "computeEnvironment": name }));
        }
        document.insert("computeEnvironmentOrder".to_owned(), Value::Array(order));
    }
}

fn count(notes: &mut Notes, count: usize, what: &str) {
    if count > 0 {
        notes.used(format!("{what}: {count}"));
    }
}

/// An environment as a scenario has it; `None`, told, where no nodes of EKS can stand for its own.
fn environment(mut one: Described, wanted: &Wanted<'_>, notes: &mut Notes) -> Option<Map<String, Value>> {
    plain(&mut one.document);
    let place = one.place.clone();
    let name = text(&one.document, "computeEnvironmentName").to_owned();
    one.document.shift_remove("serviceRole");
    let is_eks = one.document.contains_key("eksConfiguration");
    let resources = one.document.get("computeResources").cloned().unwrap_or_default();
    let kind = resources["type"].as_str().unwrap_or_default();
    if kind.starts_with("FARGATE") {
        notes.leave_out("compute environments of Fargate, which has no nodes", format!("{place} {name}"));
        return None;
    }
    if !is_eks {
        ecs::environment(&mut one.document, wanted.region, &format!("{place} {name}"), notes);
    }
    if let Some(Value::Object(own)) = one.document.get_mut("computeResources") {
        own.shift_remove("placementGroup");
        // AWS Batch says 0 where no bid was given.
        if kind == "EC2" || own.get("bidPercentage").is_some_and(|bid| bid == 0) {
            own.shift_remove("bidPercentage");
        }
        instance_types(own, &format!("{place} {name}"), wanted, notes);
    }
    fitting::<ComputeEnvironment>(one, "compute environments", ComputeEnvironment::problems, notes)
}

/// Only types that the catalog knows, or the export described.
fn instance_types(resources: &mut Map<String, Value>, place: &str, wanted: &Wanted<'_>, notes: &mut Notes) {
    let Ok(region) = catalog::region(wanted.region) else { return };
    let Some(Value::Array(types)) = resources.get_mut("instanceTypes") else { return };
    types.retain(|entry| {
        let entry = entry.as_str().unwrap_or_default();
        let family = format!("{entry}.");
        let described = wanted.types.iter().any(|name| name == entry || name.starts_with(&family));
        let known = described || catalog::expand(entry, region).is_ok();
        if !known {
            let reason =
                "instance types that neither the catalog nor the export knows (aws ec2 describe-instance-types)";
            notes.leave_out(reason, format!("{place}: {entry}"));
        }
        known
    });
    if types.is_empty() {
        notes.made_up(format!("`{MADE_UP_TYPES}` stands for instance types none of which is known"));
        types.push(json!(MADE_UP_TYPES));
    }
}
