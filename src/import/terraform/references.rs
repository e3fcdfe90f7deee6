//! Whom an expression of the configuration refers to. A plan has no ARNs yet; its configuration says which resource's it will be.

use serde_json::{Value, json};

use crate::import::declared::{Kind, unresolved, why_unresolved};
use crate::import::notes::Notes;
use crate::import::stand_ins::ACCOUNT;
use crate::import::terraform::resources::{Resource, kind};

/// Puts ARNs that follow from references into a queue's members.
pub(super) fn settle(queue: &mut Resource, all: &[Resource], shown: &Value, region: &str, notes: &mut Notes) {
    let configured = configuration(shown, queue);
    let find = Find { all, module: &queue.module, region, address: &queue.address };
    let one = |value: &mut Value, expression: Option<&Value>, kind: Kind, notes: &mut Notes| {
        if why_unresolved(value).is_some() {
            *value = find.arns(expression, kind, notes).into_iter().next().unwrap_or_else(|| value.clone());
        }
    };
    let expressions = configured.map(|resource| &resource["expressions"]);
    if let Some(policy) = queue.values.get_mut("scheduling_policy_arn") {
        one(policy, expressions.map(|all| &all["scheduling_policy_arn"]), Kind::SchedulingPolicy, notes);
    }
    for (n, entry) in queue.values["compute_environment_order"].as_array_mut().into_iter().flatten().enumerate() {
        let expression = expressions.map(|all| &all["compute_environment_order"][n]["compute_environment"]);
        if let Some(environment) = entry.get_mut("compute_environment") {
            one(environment, expression, Kind::ComputeEnvironment, notes);
        }
    }
    // How queues named their environments before the provider's version 6.
    if let Some(list) = queue.values.get_mut("compute_environments") {
        let unknown = why_unresolved(list).is_some()
            || list.as_array().is_some_and(|list| list.iter().any(|one| why_unresolved(one).is_some()));
        if unknown {
            let expression = expressions.map(|all| &all["compute_environments"]);
            *list = Value::Array(find.arns(expression, Kind::ComputeEnvironment, notes));
        }
        let rows = list.as_array().into_iter().flatten().enumerate();
        let order: Vec<_> = rows.map(|(n, one)| json!({ "order": n + 1, "compute_environment": one })).collect();
        if let Some(fields) = queue.values.as_object_mut() {
            fields.shift_remove("compute_environments");
            if !order.is_empty() {
                fields.insert("compute_environment_order".to_owned(), Value::Array(order));
            }
        }
    }
}

struct Find<'a> {
    all: &'a [Resource],
    module: &'a str,
    region: &'a str,
    address: &'a str,
}

impl Find<'_> {
    /// ARNs of the resources that an expression refers to, in its order.
    fn arns(&self, expression: Option<&Value>, wanted: Kind, notes: &mut Notes) -> Vec<Value> {
        let references = expression.and_then(|expression| expression["references"].as_array()).into_iter().flatten();
        let mut found: Vec<&Resource> = Vec::new();
        for reference in references.filter_map(Value::as_str) {
            for resource in self.referred(reference).filter(|resource| resource.kind == wanted) {
                if !found.iter().any(|known| known.address == resource.address) {
                    found.push(resource);
                }
            }
        }
        if found.is_empty() {
            let mut of_kind = self.all.iter().filter(|resource| resource.kind == wanted);
            if let (Some(only), None) = (of_kind.next(), of_kind.next()) {
                notes.made_up(format!(
                    "that {} means {}, the only one: its ARN is known after apply",
                    self.address, only.address
                ));
                found.push(only);
            }
        }
        if found.is_empty() {
            return vec![unresolved(
                "its ARN is known after apply, and the plan does not say whose it is",
                "known-after-apply",
            )];
        }
        found.iter().map(|resource| json!(self.arn(resource))).collect()
    }

    fn arn(&self, resource: &Resource) -> String {
        format!("arn:aws:batch:{}:{ACCOUNT}:{}/{}", self.region, resource.kind.in_arn(), name(resource))
    }

    /// Resources of the same module that `aws_batch_compute_environment.fleet[0].arn` may mean.
    fn referred<'s>(&'s self, reference: &'s str) -> impl Iterator<Item = &'s Resource> {
        let prefix = if self.module.is_empty() { String::new() } else { format!("{}.", self.module) };
        self.all.iter().filter(move |resource| {
            let own = resource.address.strip_prefix(&prefix).filter(|_| resource.module == self.module);
            own.is_some_and(|own| {
                let bare = own.split('[').next().unwrap_or(own);
                let exact = reference == own || reference.strip_prefix(own).is_some_and(|rest| rest.starts_with('.'));
                let each = reference == bare || reference.strip_prefix(bare).is_some_and(|rest| rest.starts_with('.'));
                exact || each
            })
        })
    }
}

/// The name of a resource: its own, else that in the configuration.
pub(super) fn name(resource: &Resource) -> String {
    let own = ["name", resource_name(resource.kind)].into_iter().find_map(|key| resource.values[key].as_str());
    own.filter(|name| !name.is_empty()).map_or_else(|| resource.id.clone(), str::to_owned)
}

/// The member that names it in versions of the provider before 6, where it was another.
pub(super) const fn resource_name(kind: Kind) -> &'static str {
    match kind {
        Kind::ComputeEnvironment => "compute_environment_name",
        _ => "name",
    }
}

/// What the configuration says of a resource.
fn configuration<'a>(shown: &'a Value, resource: &Resource) -> Option<&'a Value> {
    let mut module = &shown["configuration"]["root_module"];
    // `module.a["x"].module.b[0]`: indexes are not part of the configuration.
    for step in resource.module.split("module.").filter(|step| !step.is_empty()) {
        let name = step.split(['[', '.']).next()?;
        module = &module["module_calls"][name]["module"];
    }
    let in_module = resource.address.strip_prefix(&resource.module)?.trim_start_matches('.');
    let bare = in_module.split('[').next()?;
    let (resource_type, _) = bare.split_once('.')?;
    kind(resource_type)?;
    module["resources"].as_array()?.iter().find(|one| one["address"].as_str() == Some(bare))
}
