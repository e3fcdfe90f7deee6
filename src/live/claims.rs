//! Karpenter's side of a launch request: one `NodeClaim` per instance, written as `karpenter.sh/v1` has them. Pure.
//!
//! The core asks as AWS Batch asks EC2: acceptable types, and vCPUs. A `NodeClaim` is one instance of one of several types, so a
//! request becomes as many claims as cover its vCPUs, each for the most wanted type or any other of the request with as many
//! vCPUs: then it doesn't matter which of them it becomes. Among those the provider chooses by its own rules (lowest
//! price; for Spot, price and capacity), not by the request's fleet strategy, which a claim can't express.
//!
//! Claims without a `NodePool` are meant to be possible: Karpenter's design for v1 calls them entities of their own, like
//! pods without a Deployment. What its controllers do with them (v1 of mid-2026, `pkg/controllers/`):
//! - they are launched, registered, initialised and, on deletion, drained and terminated like all others; labels,
//!   annotations and taints of the claim come to the node (`nodeclaim/lifecycle`);
//! - they are never consolidated, found empty or replaced for drift: all of that wants the label `karpenter.sh/nodepool`
//!   (`disruption`, `state/statenode.go`), which is why it must not be put on. `do-not-disrupt` says so once more to people;
//! - they expire by `expireAfter`, 720 h unless it is `Never`; and they are garbage-collected only once the provider knows of no
//!   such instance and the node is not ready;
//! - **a claim that finds no capacity is deleted by Karpenter**, as is one whose node class is missing (both count as
//!   insufficient capacity) or not ready; other launch errors stand in `Launched=Unknown` with a reason, and the claim is
//!   deleted after 5 min without a launch, or 15 min without a node. A failure is seen as the claim going away;
//! - a node that stays unhealthy is repaired, that is deleted, only while at most a fifth of the whole cluster is unhealthy;
//! - AWS' provider tags the instance `karpenter.sh/nodepool` with an empty value, which the policies of its getting-started
//!   guide (`*`) allow; a policy that names pools would not.
//!
//! `spec` is immutable. `resources.requests` is a lower bound on a type's allocatable, so it must stay below what any node
//! class leaves of the types named.

use serde_json::{Value, json};

use crate::catalog::{Architecture, InstanceType};
use crate::ids::{InstanceTypeId, LaunchId};
use crate::live::acts::{Act, LAUNCH_LABEL, MANAGED_BY, Manifest, RUN_LABEL};
use crate::live::backend::NodeClass;
use crate::live::guard::claim_prefix;
use crate::live::pods::RunEnvironment;
use crate::model::PurchaseOption;
use crate::pod::{COMPUTE_ENVIRONMENT_LABEL, TAINT};
use crate::scheduler::LaunchRequest;

/// How long Karpenter lets pods go by themselves when a claim is deleted, before it removes them: as long as Spot warns.
/// Without it, a pod that can't be evicted would keep a node for ever.
const TERMINATION_GRACE: &str = "2m";
/// Asked for of each instance, milli-CPU per vCPU: a half. It only has to be there, for the types are given by name; whatever
/// a node class reserves for kubelet and system, half of an instance is left.
const REQUEST_MILLIS_PER_VCPU: u32 = 500;

/// What claims are made from, beside the requests.
#[derive(Debug, Clone, Copy)]
pub struct Claims<'a> {
    /// The run's id.
    pub run: &'a str,
    /// The environments, by id.
    pub environments: &'a [RunEnvironment],
    /// The run's instance types, by id.
    pub instance_types: &'a [&'a InstanceType],
    /// What the instances are made from.
    pub node_class: &'a NodeClass,
}

impl Claims<'_> {
    /// The claims of a request, under names that are the same whenever they are asked for. `None` where an id is none of this
    /// run's, or no type is acceptable.
    pub fn of(&self, request: &LaunchRequest) -> Option<Vec<Act>> {
        let environment = self.environments.get(request.environment.index())?;
        let alike = self.alike(request);
        let wanted = self.instance_types.get(alike.first()?.index())?;
        let types: Vec<_> = alike.iter().map(|id| self.instance_types[id.index()].name.as_str()).collect();
        let spec = self.spec(request, wanted, &types);
        let count = request.target_vcpus.div_ceil(wanted.vcpus.max(1));
        let claim = |index: u32| {
            let name = format!("{}{}-{index}", claim_prefix(self.run), request.launch.0);
            let manifest = json!({
                "apiVersion": "karpenter.sh/v1",
                "kind": "NodeClaim",
                "metadata": {
                    "name": name,
                    "labels": {
                        COMPUTE_ENVIRONMENT_LABEL: environment.uuid,
                        RUN_LABEL: self.run,
                        LAUNCH_LABEL: request.launch.0.to_string(),
                        MANAGED_BY.0: MANAGED_BY.1,
                    },
                    "annotations": { "karpenter.sh/do-not-disrupt": "true" },
                },
                "spec": spec,
            });
            Act::CreateNodeClaim { launch: request.launch, name, manifest: Manifest::from(&manifest) }
        };
        Some((0..count).map(claim).collect())
    }

    /// What each claim of a request may become: the most wanted type and all others of the request of its size. None where
    /// an id is none of this run's.
    pub fn alike(&self, request: &LaunchRequest) -> Vec<InstanceTypeId> {
        let known = |id: &InstanceTypeId| self.instance_types.get(id.index());
        let all_known = request.instance_types.iter().all(|id| known(id).is_some());
        let Some(wanted) = request.instance_types.first().and_then(known).filter(|_| all_known) else {
            return Vec::new();
        };
        let alike = request.instance_types.iter().filter(|id| {
            known(id).is_some_and(|of| of.vcpus == wanted.vcpus && of.arch == wanted.arch && of.gpus == wanted.gpus)
        });
        alike.copied().collect()
    }

    fn spec(&self, request: &LaunchRequest, wanted: &InstanceType, types: &[&str]) -> Value {
        let is_in = |key: &str, values: Value| json!({ "key": key, "operator": "In", "values": values });
        let requirements = [
            is_in("node.kubernetes.io/instance-type", json!(types)),
            is_in("karpenter.sh/capacity-type", json!([capacity_type(request.purchase)])),
            is_in("kubernetes.io/arch", json!([architecture(wanted.arch)])),
            is_in("kubernetes.io/os", json!(["linux"])),
        ];
        let taint = |effect: &str| json!({ "key": TAINT, "effect": effect });
        json!({
            "nodeClassRef": {
                "group": self.node_class.group,
                "kind": self.node_class.kind,
                "name": self.node_class.name,
            },
            "requirements": requirements,
            "resources": { "requests": { "cpu": format!("{}m", wanted.vcpus * REQUEST_MILLIS_PER_VCPU) } },
            "taints": [taint("NoSchedule"), taint("NoExecute")],
            "expireAfter": "Never",
            "terminationGracePeriod": TERMINATION_GRACE,
        })
    }

    /// A request in words for a person or another tool: what is wanted, and the label and taints that make a node usable.
    pub fn announcement(&self, request: &LaunchRequest) -> Option<Value> {
        let environment = self.environments.get(request.environment.index())?;
        let types: Option<Vec<_>> = request
            .instance_types
            .iter()
            .map(|id| {
                let of = self.instance_types.get(id.index())?;
                Some(json!({ "instanceType": of.name, "vcpus": of.vcpus }))
            })
            .collect();
        let mut wanted = json!({
            "wanted": "launch",
            "run": self.run,
            "launch": request.launch.0,
            "computeEnvironment": environment.name,
            "targetVcpus": request.target_vcpus,
            "instanceTypes": types?,
            "capacityType": capacity_type(request.purchase),
            "fleetStrategy": request.fleet,
            "nodeLabels": { COMPUTE_ENVIRONMENT_LABEL: environment.uuid },
            "nodeTaints": [format!("{TAINT}:NoSchedule"), format!("{TAINT}:NoExecute")],
        });
        if let Some(percentage) = request.bid_percentage {
            wanted["bidPercentage"] = json!(percentage);
        }
        Some(wanted)
    }
}

/// A node that is not wanted any more, for a person or another tool.
pub fn removal(run: &str, environment: &RunEnvironment, node: &str) -> Value {
    json!({ "wanted": "removal", "run": run, "computeEnvironment": environment.name, "node": node })
}

/// A launch request that was not answered in time and counts no more, for a person or another tool.
pub fn withdrawal(run: &str, environment: &RunEnvironment, launch: LaunchId) -> Value {
    json!({ "wanted": "withdrawal", "run": run, "computeEnvironment": environment.name, "launch": launch.0 })
}

/// The values of label `karpenter.sh/capacity-type`.
const fn capacity_type(purchase: PurchaseOption) -> &'static str {
    match purchase {
        PurchaseOption::Ec2 => "on-demand",
        PurchaseOption::Spot => "spot",
    }
}

/// The values of label `kubernetes.io/arch`.
const fn architecture(arch: Architecture) -> &'static str {
    match arch {
        Architecture::X86_64 => "amd64",
        Architecture::Arm64 => "arm64",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::instance_type;
    use crate::ids::ComputeEnvironmentId;
    use crate::live::guard::{Guard, Key, Scope, Write};
    use crate::live::settings::LiveSettings;
    use crate::model::FleetStrategy;

    const RUN: &str = "0b5f9c1e-6f1d-4a7e-9a53-0f4f6f5b7a11";

    fn with<T>(ask: impl FnOnce(&Claims<'_>) -> T) -> T {
        let environment = |name: &str, uuid: &str| RunEnvironment {
            name: name.to_owned(),
            uuid: uuid.to_owned(),
            namespace: "jobs".to_owned(),
        };
        let names = ["c5.xlarge", "m5.xlarge", "m5.2xlarge", "r5.xlarge", "m6g.xlarge", "g4dn.xlarge"];
        ask(&Claims {
            run: RUN,
            environments: &[environment("on-demand", "uuid-0"), environment("spot", "uuid-1")],
            instance_types: &names.map(|name| instance_type(name).unwrap()),
            node_class: &NodeClass::default(),
        })
    }

    fn request(environment: u16, types: &[u16], target_vcpus: u32) -> LaunchRequest {
        LaunchRequest {
            launch: LaunchId(7),
            environment: ComputeEnvironmentId(environment),
            purchase: if environment == 0 { PurchaseOption::Ec2 } else { PurchaseOption::Spot },
            fleet: FleetStrategy::PriceCapacityOptimized,
            instance_types: types.iter().copied().map(InstanceTypeId).collect(),
            target_vcpus,
            bid_percentage: (environment == 1).then_some(60),
        }
    }

    fn claims(request: &LaunchRequest) -> Vec<(String, Value)> {
        let acts = with(|claims| claims.of(request)).unwrap();
        acts.into_iter()
            .map(|act| {
                let Act::CreateNodeClaim { launch, name, manifest } = act else { panic!("{act:?} is no claim") };
                let manifest = manifest.to_value();
                assert_eq!(launch, LaunchId(7));
                assert_eq!(manifest["metadata"]["name"], *name);
                (name, manifest)
            })
            .collect()
    }

    fn values(claim: &Value, key: &str) -> Option<Value> {
        let requirements = claim["spec"]["requirements"].as_array().unwrap();
        requirements.iter().find(|one| one["key"] == key && one["operator"] == "In").map(|one| one["values"].clone())
    }

    #[test]
    fn claims_cover_what_is_wanted_with_instances_of_one_size() {
        let names =
            |vcpus| claims(&request(0, &[1, 2, 0, 3], vcpus)).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(9), ["windtunnel-0b5f9c1e-7-0", "windtunnel-0b5f9c1e-7-1", "windtunnel-0b5f9c1e-7-2"]);
        assert_eq!(names(8).len(), 2);
        assert_eq!(names(1).len(), 1);
        let (_, claim) = claims(&request(0, &[1, 2, 0, 3], 9)).pop().unwrap();
        let types = values(&claim, "node.kubernetes.io/instance-type");
        assert_eq!(
            types,
            Some(json!(["m5.xlarge", "c5.xlarge", "r5.xlarge"])),
            "m5.2xlarge would be another number of claims"
        );
        let (_, larger) = claims(&request(0, &[2, 1], 9)).pop().unwrap();
        assert_eq!(values(&larger, "node.kubernetes.io/instance-type"), Some(json!(["m5.2xlarge"])));
        assert_eq!(larger["spec"]["resources"]["requests"]["cpu"], "4000m");
        let (_, plain) = claims(&request(0, &[0, 4, 5], 4)).pop().unwrap();
        let types = values(&plain, "node.kubernetes.io/instance-type");
        assert_eq!(types, Some(json!(["c5.xlarge"])), "another processor is another claim, and so is a GPU");
    }

    #[test]
    fn a_claim_makes_a_node_that_jobs_can_use_and_karpenter_leaves_alone() {
        let (_, claim) = claims(&request(1, &[1], 4)).pop().unwrap();
        assert_eq!(values(&claim, "karpenter.sh/capacity-type"), Some(json!(["spot"])));
        assert_eq!(values(&claim, "kubernetes.io/arch"), Some(json!(["amd64"])));
        let labels = &claim["metadata"]["labels"];
        assert_eq!((&labels[COMPUTE_ENVIRONMENT_LABEL], &labels[LAUNCH_LABEL]), (&json!("uuid-1"), &json!("7")));
        assert!(labels.get("karpenter.sh/nodepool").is_none(), "it would be consolidated");
        let effects: BTreeSet<_> =
            claim["spec"]["taints"].as_array().unwrap().iter().map(|taint| taint["effect"].as_str().unwrap()).collect();
        assert_eq!(effects, BTreeSet::from(["NoExecute", "NoSchedule"]));
        assert_eq!(claim["spec"]["expireAfter"], "Never");
        assert_eq!(claim["spec"]["nodeClassRef"]["kind"], "EC2NodeClass");

        let (_, on_demand) = claims(&request(0, &[4], 4)).pop().unwrap();
        assert_eq!(values(&on_demand, "karpenter.sh/capacity-type"), Some(json!(["on-demand"])));
        assert_eq!(values(&on_demand, "kubernetes.io/arch"), Some(json!(["arm64"])));
    }

    #[test]
    fn claims_pass_the_guard() {
        let scope = Scope {
            run: RUN.to_owned(),
            namespaces: BTreeSet::new(),
            environments: BTreeSet::from(["uuid-1".to_owned()]),
        };
        let guard = Guard::new(scope, &LiveSettings::default());
        for (name, claim) in claims(&request(1, &[1], 40)) {
            guard.check(&Write::Create(&Key::NodeClaim { name }, claim.to_string().as_bytes())).unwrap();
        }
    }

    #[test]
    fn what_is_none_of_the_run_s_gives_nothing() {
        assert_eq!(with(|claims| claims.of(&request(2, &[1], 4))), None);
        assert_eq!(with(|claims| claims.of(&request(0, &[1, 99], 4))), None);
        assert_eq!(with(|claims| claims.announcement(&request(0, &[99], 4))), None);
    }

    #[test]
    fn an_announcement_says_all_that_someone_needs() {
        let wanted = with(|claims| claims.announcement(&request(1, &[1, 2], 9))).unwrap();
        assert_eq!(
            wanted,
            json!({
                "wanted": "launch", "run": RUN, "launch": 7, "computeEnvironment": "spot", "targetVcpus": 9,
                "instanceTypes": [
                    { "instanceType": "m5.xlarge", "vcpus": 4 },
                    { "instanceType": "m5.2xlarge", "vcpus": 8 },
                ],
                "capacityType": "spot",
                "fleetStrategy": serde_json::to_value(FleetStrategy::PriceCapacityOptimized).unwrap(),
                "nodeLabels": { "batch.amazonaws.com/compute-environment-uuid": "uuid-1" },
                "nodeTaints": ["batch.amazonaws.com/batch-node:NoSchedule", "batch.amazonaws.com/batch-node:NoExecute"],
                "bidPercentage": 60,
            })
        );
    }
}
