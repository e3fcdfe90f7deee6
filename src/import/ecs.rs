//! What was meant for Amazon ECS, as Amazon EKS would have it: containers as a pod that asks for as much, instances as nodes.
//! Source: `API:ContainerProperties`, `API:EcsTaskProperties`.

use serde_json::{Map, Value, json};

use crate::import::Notes;
use crate::import::stand_ins::eks_configuration;
use crate::import::workload::resources;
use crate::model::{Resources, quantity};
use crate::units::{MiB, MilliCpu};

/// Stands for an image whose name a pod's can't be.
const IMAGE: &str = "imported";
const IMAGE_LENGTH_MAX: usize = 255;
/// Members of a container that are a pod's too, in another form or another place.
const TAKEN_OVER: &[&str] =
    &["name", "image", "command", "environment", "vcpus", "memory", "resourceRequirements", "essential"];
/// Members that AWS Batch tells of a container that ran.
const OF_ANSWERS: &[&str] =
    &["exitCode", "reason", "taskArn", "containerInstanceArn", "logStreamName", "networkInterfaces"];
/// What an environment has for instances of Amazon ECS alone: their images, and what those start with.
const OF_INSTANCES: &[&str] = &["ec2Configuration", "imageId", "launchTemplate", "ec2KeyPair", "placementGroup"];

/// The containers of a definition, a range of nodes, or a job, as a pod's `podProperties`. An error says what it is instead.
pub(super) fn pod(detail: &Value) -> Result<Value, &'static str> {
    let (written, is_task) = containers(detail);
    if written.is_empty() {
        return Err("it has neither a pod nor a container");
    }
    let made: Option<Vec<_>> = written.into_iter().map(|one| container(one, is_task)).collect();
    Ok(json!({ "containers": made.ok_or("a container does not say how many vCPUs and how much memory it asks for")? }))
}

/// Tells what a pod does not take over.
pub(super) fn tell(detail: &Value, place: &str, notes: &mut Notes) {
    notes.made_up(
        "job definitions of Amazon ECS and Fargate are pods with the same image, command, environment, vCPUs, memory and GPUs",
    );
    for container in containers(detail).0 {
        let members = container.as_object().into_iter().flatten();
        let left = members.filter(|(name, value)| {
            !TAKEN_OVER.contains(&name.as_str()) && !OF_ANSWERS.contains(&name.as_str()) && !is_empty(value)
        });
        for (name, _) in left {
            notes.leave_out(
                "what containers of Amazon ECS have and pods don't, or otherwise",
                format!("{place}: {name}"),
            );
        }
    }
}

/// An environment without `eksConfiguration`: its instances are nodes of a cluster.
pub(super) fn environment(document: &mut Map<String, Value>, region: &str, place: &str, notes: &mut Notes) {
    notes.made_up(
        "compute environments of Amazon ECS are of Amazon EKS: the same instances are nodes, with what a kubelet and daemonsets \
         keep of them",
    );
    document.insert("eksConfiguration".to_owned(), eks_configuration(region));
    let Some(Value::Object(resources)) = document.get_mut("computeResources") else { return };
    for member in OF_INSTANCES {
        if resources.shift_remove(*member).is_some_and(|value| !is_empty(&value)) {
            notes.leave_out("settings of instances of Amazon ECS", format!("{place}: {member}"));
        }
    }
    if resources.get("allocationStrategy").is_none_or(|strategy| strategy == "BEST_FIT") {
        let is_spot = resources.get("type").is_some_and(|kind| kind == "SPOT");
        let strategy = if is_spot { "SPOT_PRICE_CAPACITY_OPTIMIZED" } else { "BEST_FIT_PROGRESSIVE" };
        notes.made_up(format!("{strategy} stands for BEST_FIT, which Amazon EKS does not take"));
        resources.insert("allocationStrategy".to_owned(), json!(strategy));
    }
}

/// The containers as they are written, and whether they are a task's, which have names.
fn containers(detail: &Value) -> (Vec<&Value>, bool) {
    if let Some(task) = detail["ecsProperties"]["taskProperties"].get(0) {
        return (task["containers"].as_array().into_iter().flatten().collect(), true);
    }
    let own = ["containerProperties", "container"].into_iter().map(|name| &detail[name]).find(|own| own.is_object());
    (own.into_iter().collect(), false)
}

fn container(written: &Value, has_name: bool) -> Option<Value> {
    let asked = |kind: &str| {
        let list = written["resourceRequirements"].as_array().into_iter().flatten();
        list.into_iter().find(|one| one["type"] == kind).and_then(|one| text_of(&one["value"]))
    };
    let own = |member: &str| text_of(&written[member]).filter(|number| number != "0");
    let cpu = asked("VCPU").or_else(|| own("vcpus"))?;
    let memory = asked("MEMORY").or_else(|| own("memory"))?;
    let requests = Resources {
        cpu: quantity::container_cpu(&cpu).unwrap_or(MilliCpu(0)),
        memory: MiB(memory.parse().ok()?),
        gpus: asked("GPU").map_or(Some(0), |count| count.parse().ok())?,
        pods: 0,
    };
    if requests.cpu.0 == 0 || requests.memory.0 == 0 {
        return None;
    }
    let image = written["image"].as_str().filter(|image| is_image(image)).unwrap_or(IMAGE);
    let mut own = Map::from_iter([("image".to_owned(), json!(image)), ("resources".to_owned(), resources(requests))]);
    if let Some(name) = written["name"].as_str().filter(|_| has_name) {
        own.insert("name".to_owned(), json!(name.replace('_', "-")));
    }
    for (theirs, ours) in [("command", "command"), ("environment", "env")] {
        if !is_empty(&written[theirs]) {
            own.insert(ours.to_owned(), written[theirs].clone());
        }
    }
    Some(Value::Object(own))
}

/// A number as AWS has it in answers, or as templates do, in words.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn is_image(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_:./#@-".contains(c);
    !name.is_empty() && name.len() <= IMAGE_LENGTH_MAX && name.chars().all(allowed)
}

/// Whether a member says nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}
