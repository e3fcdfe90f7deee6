//! Short names for the fields that studies vary: `maxvCpus`, `spot.allocationStrategy`, `spotStress`. Says which parts of a
//! scenario a name stands for; knows where AWS's documents have their fields, not what these mean.

use serde_json::Value;

use crate::model::Assumptions;
use crate::nearest::nearest;
use crate::scenario::file::ScenarioFile;
use crate::scenario::finding::Finding;
use crate::scenario::text::child;

/// Whose field an alias stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Compute environments that a job queue names.
    Environment,
    /// Job queues.
    Queue,
    /// Job definitions.
    Definition,
    /// What Windtunnel does beyond AWS Batch, by queue.
    Policy,
    /// Workload entries.
    Workload,
    /// The scenario itself.
    Scenario,
}

/// A short name and where its field stands within its owner. `*` is every entry of a list, or field of an object.
struct Alias {
    name: &'static str,
    owner: Owner,
    path: &'static str,
}

const fn alias(name: &'static str, owner: Owner, path: &'static str) -> Alias {
    Alias { name, owner, path }
}

const ALIASES: &[Alias] = &[
    alias("allocationStrategy", Owner::Environment, "/computeResources/allocationStrategy"),
    alias("bidPercentage", Owner::Environment, "/computeResources/bidPercentage"),
    alias("instanceTypes", Owner::Environment, "/computeResources/instanceTypes"),
    alias("maxvCpus", Owner::Environment, "/computeResources/maxvCpus"),
    alias("minvCpus", Owner::Environment, "/computeResources/minvCpus"),
    alias("minScaleDownDelayMinutes", Owner::Environment, "/computeResources/scalingPolicy/minScaleDownDelayMinutes"),
    alias("type", Owner::Environment, "/computeResources/type"),
    alias("computeEnvironment", Owner::Queue, "/computeEnvironmentOrder/0/computeEnvironment"),
    alias("priority", Owner::Queue, "/priority"),
    alias("schedulingPolicyArn", Owner::Queue, "/schedulingPolicyArn"),
    alias("attempts", Owner::Definition, "/retryStrategy/attempts"),
    alias("attemptDurationSeconds", Owner::Definition, "/timeout/attemptDurationSeconds"),
    alias("cpu", Owner::Definition, "/eksProperties/podProperties/containers/*/resources/*/cpu"),
    alias("memory", Owner::Definition, "/eksProperties/podProperties/containers/*/resources/*/memory"),
    alias("backfill", Owner::Policy, "/backfill"),
    alias("backfillOrder", Owner::Policy, "/backfillOrder"),
    alias("order", Owner::Policy, "/order"),
    alias("count", Owner::Workload, "/count"),
    alias("failureProbability", Owner::Workload, "/failureProbability"),
    alias("perHour", Owner::Workload, "/arrivals/*/perHour"),
    alias("daemonSets", Owner::Scenario, "/cluster/daemonSets"),
    alias("spot", Owner::Scenario, "/market/spot"),
    alias("preset", Owner::Scenario, "/assumptions/preset"),
];

impl ScenarioFile {
    /// The JSON pointers that a field stands for: itself if it is a pointer (`*` stands for every entry of a list), else
    /// those of an alias, like `maxvCpus` (in every compute environment that a queue names), `spot.maxvCpus` (in the one
    /// called `spot`), or the name of an assumption. At least one.
    pub fn pointers_of(&self, field: &str) -> Result<Vec<String>, Finding> {
        if field.starts_with('/') {
            return self.found(self.expanded(field), field);
        }
        let (owner, name) = field.split_once('.').map_or((None, field), |(owner, name)| (Some(owner), name));
        if let Some(alias) = ALIASES.iter().find(|alias| alias.name == name) {
            return self.places_of(alias, owner, field);
        }
        if owner.is_none() && Assumptions::default().rows().iter().any(|row| row.name == name) {
            return Ok(vec![child("/assumptions", name)]);
        }
        let rows = Assumptions::default().rows();
        let known = ALIASES.iter().map(|alias| alias.name).chain(rows.iter().map(|row| row.name));
        let help = nearest(name, known).map(|meant| format!("did you mean `{meant}`?"));
        Err(self.unknown(field, help.unwrap_or_else(|| format!("write a JSON pointer, or one of {}", names()))))
    }

    fn places_of(&self, alias: &Alias, owner: Option<&str>, field: &str) -> Result<Vec<String>, Finding> {
        let owners = match alias.owner {
            Owner::Scenario => vec![String::new()],
            Owner::Workload => self.entries("workload", "name", owner),
            Owner::Queue => self.entries("jobQueues", "jobQueueName", owner),
            Owner::Definition => self.entries("jobDefinitions", "jobDefinitionName", owner),
            Owner::Policy => {
                let queues = self.entries("jobQueues", "jobQueueName", owner);
                let names = queues.iter().filter_map(|at| self.value.pointer(at)?.get("jobQueueName")?.as_str());
                names.map(|name| child("/policies", name)).collect()
            }
            Owner::Environment => {
                let mut places = self.entries("computeEnvironments", "computeEnvironmentName", owner);
                if owner.is_none() {
                    places.retain(|at| self.is_used(at));
                }
                places
            }
        };
        if owners.is_empty() || (alias.owner == Owner::Scenario && owner.is_some()) {
            let what = owner.map_or_else(|| "it".to_owned(), |owner| format!("`{owner}`"));
            return Err(
                self.unknown(field, format!("nothing in the scenario is called {what} and has `{}`", alias.name))
            );
        }
        self.found(owners.iter().flat_map(|at| self.expanded(&format!("{at}{}", alias.path))).collect(), field)
    }

    fn found(&self, pointers: Vec<String>, field: &str) -> Result<Vec<String>, Finding> {
        let help = "see what the scenario has there, or vary another field";
        if pointers.is_empty() { Err(self.unknown(field, help)) } else { Ok(pointers) }
    }

    /// Pointers of a list's entries: all, or the one that bears a name.
    fn entries(&self, list: &str, name_field: &str, name: Option<&str>) -> Vec<String> {
        let entries = self.value.get(list).and_then(Value::as_array).into_iter().flatten().enumerate();
        let named = entries.filter(|(_, entry)| name.is_none() || entry[name_field].as_str() == name);
        named.map(|(index, _)| format!("/{list}/{index}")).collect()
    }

    /// Whether a job queue names the compute environment at a pointer (by name, or as the end of an ARN).
    fn is_used(&self, at: &str) -> bool {
        let name = self.value.pointer(at).and_then(|environment| environment["computeEnvironmentName"].as_str());
        let queues = self.value.get("jobQueues").and_then(Value::as_array).into_iter().flatten();
        let mut orders = queues.filter_map(|queue| queue["computeEnvironmentOrder"].as_array()).flatten();
        orders.any(|order| {
            let named = order["computeEnvironment"].as_str().map(|arn| arn.rsplit('/').next().unwrap_or(arn));
            name.is_some() && named == name
        })
    }

    /// A pointer with every `*` replaced by what is there. One without stands for itself, whether it is there or not.
    fn expanded(&self, pattern: &str) -> Vec<String> {
        if !pattern.contains("/*") {
            return vec![pattern.to_owned()];
        }
        let mut found = vec![String::new()];
        for step in pattern.split('/').skip(1) {
            let next = found.iter().flat_map(|at| match (step, self.value.pointer(at)) {
                ("*", Some(Value::Array(entries))) => (0..entries.len()).map(|n| format!("{at}/{n}")).collect(),
                ("*", Some(Value::Object(fields))) => fields.keys().map(|name| child(at, name)).collect(),
                ("*", _) => Vec::new(),
                (step, _) => vec![format!("{at}/{step}")],
            });
            found = next.collect();
        }
        // What follows the last `*` must be there: `resources/*/cpu` is not to add a CPU to every object.
        found.retain(|at| self.value.pointer(at).is_some());
        found
    }

    fn unknown(&self, field: &str, help: impl Into<String>) -> Finding {
        Finding::about_file(format!("--vary {field}"), format!("{} has no such field", self.name()), help)
    }
}

fn names() -> String {
    ALIASES.iter().map(|alias| format!("`{}`", alias.name)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn scenario() -> ScenarioFile {
        let text = br#"{
            "computeEnvironments": [ { "computeEnvironmentName": "spot" }, { "computeEnvironmentName": "idle" } ],
            "jobQueues": [ { "jobQueueName": "q", "computeEnvironmentOrder": [ { "computeEnvironment": "spot" } ] } ],
            "jobDefinitions": [ { "jobDefinitionName": "d", "eksProperties": { "podProperties": { "containers": [
                { "resources": { "limits": { "cpu": "1" } } }, { "resources": { "requests": { "cpu": "1" }, "limits": {} } }
            ] } } } ] }"#;
        ScenarioFile::read("x", "x.json", Path::new(""), text).expect("JSON")
    }

    fn pointers(field: &str) -> Vec<String> {
        scenario().pointers_of(field).expect("known")
    }

    #[test]
    fn an_alias_stands_for_what_jobs_can_reach() {
        assert_eq!(pointers("maxvCpus"), ["/computeEnvironments/0/computeResources/maxvCpus"]);
        assert_eq!(pointers("idle.maxvCpus"), ["/computeEnvironments/1/computeResources/maxvCpus"]);
        assert_eq!(pointers("backfill"), ["/policies/q/backfill"]);
        assert_eq!(pointers("spotStress"), ["/assumptions/spotStress"]);
        let containers = "/jobDefinitions/0/eksProperties/podProperties/containers";
        let both = [format!("{containers}/0/resources/limits/cpu"), format!("{containers}/1/resources/requests/cpu")];
        assert_eq!(pointers("cpu"), both);
        assert_eq!(pointers("/computeEnvironments/*/computeEnvironmentName").len(), 2);
        assert_eq!(pointers("/seed"), ["/seed"]);
    }

    #[test]
    fn an_unknown_name_says_which_was_meant() {
        let said = |field: &str| scenario().pointers_of(field).unwrap_err().to_string();
        assert!(said("maxVcpu").contains("did you mean `maxvCpus`?"), "{}", said("maxVcpu"));
        assert!(said("spotstres").contains("`spotStress`"), "{}", said("spotstres"));
        assert!(said("other.maxvCpus").contains("`other`"), "{}", said("other.maxvCpus"));
        assert!(said("/workload/*/count").contains("no such field"), "{}", said("/workload/*/count"));
    }
}
