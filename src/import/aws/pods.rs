//! What a job definition, or a job, runs, as a pod: EKS's own, or one that stands for containers of Amazon ECS. Source:
//! `API:EksPodProperties`, `API:NodeProperties`.

use serde_json::{Map, Value, json};

use crate::import::ecs;
use crate::import::workload::resources;
use crate::model::Resources;
use crate::model::container::ResourceRequirements;

/// What runs.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Body {
    /// `podProperties`.
    Pod(Value),
    /// `nodeProperties`, with pods in every range.
    Nodes(Value),
}

/// What a pod, or each range of a job's nodes, asks for, container by container.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ask {
    /// How many nodes; `None` of a job that is a pod.
    pub(super) nodes: Option<u64>,
    pub(super) pods: Vec<PodAsk>,
}

/// What a pod's containers ask for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct PodAsk {
    pub(super) containers: Vec<Resources>,
    pub(super) init: Vec<Resources>,
}

/// The pod or nodes of a definition or job, and whether it was one of Amazon ECS. An error says what it is instead.
pub(super) fn body(detail: &Value) -> Result<(Body, bool), &'static str> {
    if detail["nodeProperties"].is_object() {
        return nodes(&detail["nodeProperties"]).map(|(nodes, ecs)| (Body::Nodes(nodes), ecs));
    }
    pod(detail).map(|(pod, ecs)| (Body::Pod(pod), ecs))
}

fn pod(detail: &Value) -> Result<(Value, bool), &'static str> {
    if detail["eksProperties"]["podProperties"].is_object() {
        let mut pod = detail["eksProperties"]["podProperties"].clone();
        plain(&mut pod);
        return Ok((pod, false));
    }
    ecs::pod(detail).map(|pod| (pod, true))
}

/// Takes away what AWS Batch tells of a pod that ran.
fn plain(pod: &mut Value) {
    let Some(members) = pod.as_object_mut() else { return };
    members.retain(|name, _| !matches!(name.as_str(), "podName" | "nodeName"));
    for list in ["containers", "initContainers"] {
        for container in members.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                container.retain(|name, _| !matches!(name.as_str(), "exitCode" | "reason"));
            }
        }
    }
}

fn nodes(written: &Value) -> Result<(Value, bool), &'static str> {
    let mut any_ecs = false;
    let ranges = written["nodeRangeProperties"].as_array().into_iter().flatten().map(|range| {
        let (pod, ecs) = pod(range)?;
        any_ecs |= ecs;
        let mut own = json!({ "targetNodes": range["targetNodes"], "eksProperties": { "podProperties": pod } });
        for member in ["instanceTypes", "consumableResourceProperties"] {
            if !range[member].is_null() {
                own[member] = range[member].clone();
            }
        }
        Ok::<_, &'static str>(own)
    });
    let ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    let nodes =
        json!({ "numNodes": written["numNodes"], "mainNode": written["mainNode"], "nodeRangeProperties": ranges });
    Ok((nodes, any_ecs))
}

impl Body {
    /// What is asked for; `None` where a container says it in a way that none can be asked in.
    pub(super) fn ask(&self) -> Option<Ask> {
        match self {
            Self::Pod(pod) => Some(Ask { nodes: None, pods: vec![pod_ask(pod)?] }),
            Self::Nodes(nodes) => {
                let ranges = nodes["nodeRangeProperties"].as_array().into_iter().flatten();
                let pods = ranges.map(|range| pod_ask(&range["eksProperties"]["podProperties"]));
                Some(Ask { nodes: nodes["numNodes"].as_u64(), pods: pods.collect::<Option<_>>()? })
            }
        }
    }

    /// The same with other requests, where it has as many containers.
    pub(super) fn asking(&self, ask: &Ask) -> Option<Self> {
        let own = self.ask()?;
        let alike = |(one, other): (&PodAsk, &PodAsk)| {
            (one.containers.len(), one.init.len()) == (other.containers.len(), other.init.len())
        };
        if own.nodes.is_some() != ask.nodes.is_some()
            || own.pods.len() != ask.pods.len()
            || !own.pods.iter().zip(&ask.pods).all(alike)
        {
            return None;
        }
        let mut changed = self.clone();
        match &mut changed {
            Self::Pod(pod) => set_asks(pod, &ask.pods[0]),
            Self::Nodes(nodes) => {
                nodes["numNodes"] = json!(ask.nodes);
                let ranges = nodes["nodeRangeProperties"].as_array_mut().into_iter().flatten();
                for (range, ask) in ranges.zip(&ask.pods) {
                    set_asks(&mut range["eksProperties"]["podProperties"], ask);
                }
            }
        }
        Some(changed)
    }
}

/// A list of containers, and what is asked for them.
type List = (&'static str, fn(&PodAsk) -> &[Resources]);

const LISTS: [List; 2] = [("containers", |ask| &ask.containers), ("initContainers", |ask| &ask.init)];

fn set_asks(pod: &mut Value, ask: &PodAsk) {
    for (list, asks) in LISTS {
        let containers = pod.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten();
        for (container, &ask) in containers.zip(asks(ask)) {
            container["resources"] = resources(ask);
        }
    }
}

/// `eksPropertiesOverride` of a pod that asks for something else: of those containers that do.
pub(super) fn pod_override(pod: &Value, ask: &PodAsk) -> Option<Value> {
    let own = pod_ask(pod)?;
    let mut lists = Map::new();
    for (list, asks) in LISTS {
        let containers = pod[list].as_array().into_iter().flatten().enumerate();
        let differing = containers.zip(asks(&own).iter().zip(asks(ask))).filter(|(_, (before, after))| before != after);
        let changed: Vec<_> = differing
            .map(|((index, container), (_, &after))| {
                let mut change = json!({ "resources": resources(after) });
                match container["name"].as_str() {
                    Some(name) => change["name"] = json!(name),
                    // A container without a name is called so, and only the first may go unnamed.
                    None if index > 0 => change["name"] = json!(crate::model::container::DEFAULT_CONTAINER_NAME),
                    None => {}
                }
                change
            })
            .collect();
        if !changed.is_empty() {
            lists.insert(list.to_owned(), Value::Array(changed));
        }
    }
    (!lists.is_empty()).then(|| json!({ "podProperties": lists }))
}

fn pod_ask(pod: &Value) -> Option<PodAsk> {
    let of = |list: &str| {
        let containers = pod[list].as_array().into_iter().flatten();
        let each = containers.map(|container| {
            let written: ResourceRequirements = serde_json::from_value(container["resources"].clone()).ok()?;
            let mut problems = Vec::new();
            let asked = written.requests(&mut problems);
            problems.is_empty().then_some(asked)
        });
        each.collect::<Option<Vec<_>>>()
    };
    Some(PodAsk { containers: of("containers")?, init: of("initContainers")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{MiB, MilliCpu};

    #[test]
    fn containers_of_ecs_become_pods_with_the_same_requests() {
        let definition = json!({ "containerProperties": {
            "image": "repo/image:1", "command": ["run"], "vcpus": 0, "memory": 0, "environment": [],
            "resourceRequirements": [{ "type": "VCPU", "value": "0.5" }, { "type": "MEMORY", "value": "2048" },
                                     { "type": "GPU", "value": "1" }] } });
        let (body, ecs) = body(&definition).unwrap();
        let list = json!({ "cpu": "0.5", "memory": "2048Mi", "nvidia.com/gpu": "1" });
        let resources = json!({ "limits": list, "requests": list });
        let pod = json!({ "containers": [{ "image": "repo/image:1", "resources": resources, "command": ["run"] }] });
        assert_eq!((&body, ecs), (&Body::Pod(pod.clone()), true));
        let ask = body.ask().unwrap();
        assert_eq!(ask.pods[0].containers, [Resources { cpu: MilliCpu(500), memory: MiB(2_048), gpus: 1, pods: 0 }]);
        assert_eq!(pod_override(&pod, &ask.pods[0]), None);
        let legacy = json!({ "container": { "image": "a b", "vcpus": 4, "memory": 512 } });
        let (body, _) = super::body(&legacy).unwrap();
        let more = body.ask().unwrap();
        assert_eq!(more.pods[0].containers, [Resources { cpu: MilliCpu(4_000), memory: MiB(512), gpus: 0, pods: 0 }]);
        let changes = pod_override(&pod, &more.pods[0]).unwrap();
        assert_eq!(changes["podProperties"]["containers"][0]["resources"]["requests"]["cpu"], "4");
        assert!(super::body(&json!({ "container": { "image": "a" } })).is_err());
    }

    #[test]
    fn nodes_of_a_job_ask_range_by_range() {
        let pod = |cpu: &str| {
            json!({ "containers": [{ "image": "i", "exitCode": 0,
                                     "resources": { "limits": { "cpu": cpu, "memory": "1024Mi" } } }], "nodeName": "n" })
        };
        let range = |at: &str, cpu: &str| json!({ "targetNodes": at, "eksProperties": { "podProperties": pod(cpu) } });
        let detail = |cpu: &str, count: u32| {
            json!({ "nodeProperties": { "numNodes": count, "mainNode": 0,
                                        "nodeRangeProperties": [range("0:0", "1"), range("1:", cpu)] } })
        };
        let (one, ecs) = body(&detail("2", 4)).unwrap();
        let (other, _) = body(&detail("3", 8)).unwrap();
        assert!(!ecs && one.ask() != other.ask());
        let changed = one.asking(&other.ask().unwrap()).unwrap();
        assert_eq!(changed.ask(), other.ask());
        let Body::Nodes(nodes) = one else { panic!("nodes") };
        assert_eq!(nodes.to_string().matches("nodeName").count(), 0);
    }
}
