//! Turns a recorded item into rows of a path and a text that a person can compare: ids by name, times by the clock.
//!
//! It goes by the keys of the item's JSON, so that it shows what the journal holds and needs no word about any one event
//! or command. A key it does not know is shown with its bare value. It decides nothing.

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use crate::ids::{
    ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, JobQueueId, JobSpecId, LaunchId, NodeId, ShareId,
    ZoneId,
};
use crate::model::Names;
use crate::units::{MiB, MilliCpu, SimTime};

/// One value of an item: where it stands (`demand.Jobs.queue`) and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) path: String,
    pub(super) text: String,
}

/// Every value of an item, in the order of its fields.
///
/// # Panics
/// If the item can't be written as JSON, and so could not have been in a journal.
pub(super) fn rows(item: &impl Serialize, names: &Names) -> Vec<Row> {
    let value = serde_json::to_value(item).expect("what a journal holds can be written as JSON");
    let mut rows = Vec::new();
    flatten("", "", &value, names, &mut rows);
    rows
}

/// An item in one line: `JobSubmitted job 0-17, queue jq-0 (urgent), spec spec-0 (hello)`.
pub(super) fn sentence(item: &impl Serialize, names: &Names) -> String {
    let rows = rows(item, names);
    let Some((kind, fields)) = rows.split_first() else { return String::new() };
    let fields: Vec<_> = fields.iter().map(|row| format!("{} {}", row.path, row.text)).collect();
    format!("{} {}", kind.text, fields.join(", ")).trim_end().to_owned()
}

/// A time to the millisecond, which the largest two units would hide.
pub(super) fn time(at: SimTime) -> String {
    format!("{} ms ({at})", at.as_millis())
}

fn flatten(path: &str, key: &str, value: &Value, names: &Names, rows: &mut Vec<Row>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flatten(&path, key, value, names, rows);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (i, value) in items.iter().enumerate() {
                flatten(&format!("{path}[{i}]"), key, value, names, rows);
            }
        }
        leaf => rows.push(Row { path: path.to_owned(), text: say(key, leaf, names) }),
    }
}

fn say(key: &str, value: &Value, names: &Names) -> String {
    match value {
        Value::Number(number) => number.as_u64().and_then(|n| say_number(key, n, names)).unwrap_or(number.to_string()),
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    }
}

/// What a number stands for, by its key; `None` where it is just a number.
fn say_number(key: &str, n: u64, names: &Names) -> Option<String> {
    let index = usize::try_from(n).ok()?;
    Some(match key {
        "node" => NodeId(n.try_into().ok()?).to_string(),
        "launch" => LaunchId(n.try_into().ok()?).to_string(),
        "environment" | "environments" => {
            named(ComputeEnvironmentId(n.try_into().ok()?), names.compute_environments.get(index))
        }
        "queue" => named(JobQueueId(n.try_into().ok()?), names.job_queues.get(index)),
        "spec" => named(JobSpecId(n.try_into().ok()?), names.job_specs.get(index).map(|spec| &spec.job_name)),
        "instance_type" | "instance_types" => {
            named(InstanceTypeId(n.try_into().ok()?), names.instance_types.get(index))
        }
        "zone" => named(ZoneId(n.try_into().ok()?), names.zones.get(index)),
        "share" => named(ShareId(n.try_into().ok()?), names.shares.get(index)),
        "resource" => named(ConsumableResourceId(n.try_into().ok()?), names.consumable_resources.get(index)),
        "cpu" => MilliCpu(n.try_into().ok()?).to_string(),
        "memory" => MiB(n.try_into().ok()?).to_string(),
        "until"
        | "since"
        | "runnable"
        | "last_run"
        | "timeout"
        | "min_scale_down_delay"
        | "after"
        | "share_decay"
        | "job_execution_timeout" => time(SimTime::from_millis(n)),
        key if key.ends_with("_at") => time(SimTime::from_millis(n)),
        _ => return None,
    })
}

fn named(id: impl Display, name: Option<&String>) -> String {
    name.map_or_else(|| id.to_string(), |name| format!("{id} ({name})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{JobId, JobRef, PodId};
    use crate::model::Resources;
    use crate::scheduler::{
        Blocked, Command, ConsumableRequirement, Demand, Event, JobSpec, QueueSpec, Reason, TimeLimit,
    };
    use crate::units::SimDuration;

    #[test]
    fn items_read_by_name_and_unit() {
        let names = Names {
            job_queues: vec!["urgent".to_owned()],
            compute_environments: vec!["spot-fleet".to_owned()],
            ..Names::default()
        };
        let free = Resources { cpu: MilliCpu(1_930), memory: MiB(7_000), gpus: 0, pods: 27 };
        let ready = Event::NodeReady { node: NodeId(3), free };
        assert_eq!(sentence(&ready, &names), "NodeReady node node-3, free.cpu 1930m, free.memory 7000Mi, free.pods 27");

        let job = JobRef { job: JobId::new(0, 17), child: None };
        let pod = PodId { slot: 2, generation: 1 };
        let create = Command::CreatePod { pod, job, spec: JobSpecId(4), attempt: 1, node: NodeId(3), node_index: None };
        let said = "CreatePod pod 2.1, job 0-17, spec spec-4, attempt 1, node node-3";
        assert_eq!(sentence(&create, &names), said);

        let demand =
            Demand::Jobs { queue: JobQueueId(0), requests: Resources::pod(MilliCpu(250), MiB(64), 0), jobs: 12 };
        let environment = ComputeEnvironmentId(0);
        let why = Reason::Launching { launch: LaunchId(9), environment, demand, passed_over: Vec::new() };
        let said = "Launching launch launch-9, environment ce-0 (spot-fleet), demand.Jobs.queue jq-0 (urgent), \
                    demand.Jobs.requests.cpu 250m, demand.Jobs.requests.memory 64Mi, \
                    demand.Jobs.requests.pods 1, demand.Jobs.jobs 12";
        assert_eq!(sentence(&why, &names), said);
    }

    #[test]
    fn shares_consumable_resources_and_heads_have_their_names() {
        let names = Names {
            job_queues: vec!["urgent".to_owned()],
            shares: vec!["teamA".to_owned()],
            consumable_resources: vec!["licence".to_owned()],
            ..Names::default()
        };
        let consumables = vec![ConsumableRequirement { resource: ConsumableResourceId(0), quantity: 2 }];
        let share = Some(ShareId(0));
        let job = JobSpec { attempts: 1, share, consumables, ..JobSpec::default() };
        let registered = Event::JobSpecRegistered { spec: JobSpecId(0), job: Box::new(job) };
        let said = sentence(&registered, &names);
        assert!(said.contains("job.share share-0 (teamA)"), "{said}");
        assert!(said.contains("job.consumables[0].resource consumable-0 (licence)"), "{said}");

        let head = JobRef { job: JobId::new(0, 17), child: Some(3) };
        let why = Blocked::ConsumableResource;
        let blocked = Reason::HeadBlocked { queue: JobQueueId(0), head, why };
        let said = "HeadBlocked queue jq-0 (urgent), head 0-17:3, why ConsumableResource";
        assert_eq!(sentence(&blocked, &names), said);

        let limit = TimeLimit { why, after: SimDuration::from_secs(600) };
        let queue = QueueSpec { time_limits: vec![limit], ..QueueSpec::fifo(1, Vec::new()) };
        let updated = Event::JobQueueUpdated { queue: JobQueueId(0), spec: Box::new(queue) };
        let said = sentence(&updated, &names);
        assert!(said.contains("spec.time_limits[0].after 600000 ms (10m)"), "{said}");
    }

    #[test]
    fn times_keep_their_milliseconds() {
        let warning = Event::SpotInterruptionWarning { node: NodeId(1), terminates_at: SimTime::from_millis(130_007) };
        let said = "SpotInterruptionWarning node node-1, terminates_at 130007 ms (2m10s)";
        assert_eq!(sentence(&warning, &Names::default()), said);
    }
}
