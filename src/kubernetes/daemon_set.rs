//! On which nodes a `DaemonSet` wants a pod, by the rules of its controller, and what such a pod asks for.

use crate::kubernetes::objects::{DaemonSetObject, NodeObject, NodeTerm, PodSpec, Requirement, Taint, Toleration};
use crate::kubernetes::requests;
use crate::model::Resources;
use crate::pod::TAINT;

/// Taints that daemonset controllers make all their pods tolerate, beside those that their templates name.
const ALWAYS_TOLERATED: &[(&str, &str)] = &[
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];
/// The same, for those in their node's network.
const TOLERATED_IN_HOST_NETWORK: (&str, &str) = ("node.kubernetes.io/network-unavailable", "NoSchedule");

/// A daemonset, as far as it concerns what is left of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonSet {
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.uid`: what its pods name as their owner.
    pub uid: String,
    /// What each of its pods asks for.
    pub requests: Resources,
    spec: PodSpec,
}

impl DaemonSet {
    /// What matters of it.
    pub fn of(object: DaemonSetObject) -> Self {
        let requests = requests::of_pod(&object.spec.template.spec);
        let DaemonSetObject { metadata, spec } = object;
        let spec = PodSpec { containers: Vec::new(), init_containers: Vec::new(), ..spec.template.spec };
        Self { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid, requests, spec }
    }

    /// Whether it wants a pod on a node.
    pub fn wants(&self, node: &NodeObject) -> bool {
        let labels = &node.metadata.labels;
        let selected = self.spec.node_selector.iter().all(|(name, text)| labels.get(name) == Some(text));
        let named = self.spec.node_name.is_empty() || self.spec.node_name == node.metadata.name;
        let required = self.spec.affinity.node_affinity.required.as_ref();
        let near = required.is_none_or(|any| any.node_selector_terms.iter().any(|term| holds(term, node)));
        selected && named && near && node.spec.taints.iter().all(|taint| self.tolerates(taint))
    }

    /// Whether its pods tolerate the taint of AWS Batch's nodes, with both effects.
    pub fn tolerates_batch_taint(&self) -> bool {
        ["NoSchedule", "NoExecute"].iter().all(|&effect| {
            self.tolerates(&Taint { key: TAINT.to_owned(), value: String::new(), effect: effect.to_owned() })
        })
    }

    fn tolerates(&self, taint: &Taint) -> bool {
        let same = |&(key, effect): &(&str, &str)| (key, effect) == (taint.key.as_str(), taint.effect.as_str());
        let hard = matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute");
        !hard
            || ALWAYS_TOLERATED.iter().any(same)
            || (self.spec.host_network && same(&TOLERATED_IN_HOST_NETWORK))
            || self.spec.tolerations.iter().any(|toleration| covers(toleration, taint))
    }
}

fn covers(toleration: &Toleration, taint: &Taint) -> bool {
    let exists = toleration.operator == "Exists";
    let effect = toleration.effect.is_empty() || toleration.effect == taint.effect;
    // Without a key, `Exists` stands for every taint.
    let key = toleration.key == taint.key || (toleration.key.is_empty() && exists);
    effect && key && (exists || toleration.value == taint.value)
}

/// A term without requirements holds nowhere.
fn holds(term: &NodeTerm, node: &NodeObject) -> bool {
    let label = |required: &Requirement| meets(required, node.metadata.labels.get(&required.key).map(String::as_str));
    let field = |required: &Requirement| {
        meets(required, Some(node.metadata.name.as_str()).filter(|_| required.key == "metadata.name"))
    };
    let empty = term.match_expressions.is_empty() && term.match_fields.is_empty();
    !empty && term.match_expressions.iter().all(label) && term.match_fields.iter().all(field)
}

fn meets(required: &Requirement, found: Option<&str>) -> bool {
    let listed = |found: &str| required.values.iter().any(|value| value == found);
    let number = |text: &str| text.parse::<i64>().ok();
    let against = || found.and_then(number).zip(required.values.first().and_then(|value| number(value)));
    match required.operator.as_str() {
        "In" => found.is_some_and(listed),
        "NotIn" => !found.is_some_and(listed),
        "Exists" => found.is_some(),
        "DoesNotExist" => found.is_none(),
        "Gt" => against().is_some_and(|(found, bound)| found > bound),
        "Lt" => against().is_some_and(|(found, bound)| found < bound),
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::units::{MiB, MilliCpu};

    fn daemon_set(spec: Value) -> DaemonSet {
        let object = json!({
            "metadata": { "namespace": "kube-system", "name": "d", "uid": "d" }, "spec": { "template": { "spec": spec } },
        });
        DaemonSet::of(serde_json::from_value(object).expect("a daemonset"))
    }

    fn node(taints: Value) -> NodeObject {
        let labels = json!({ "kubernetes.io/os": "linux", "eks.amazonaws.com/compute-type": "ec2", "gpus": "4" });
        let object = json!({ "metadata": { "name": "n", "labels": labels }, "spec": { "taints": taints } });
        serde_json::from_value(object).expect("a node")
    }

    fn batch_taints() -> Value {
        json!([{ "key": TAINT, "effect": "NoSchedule" }, { "key": TAINT, "effect": "NoExecute" }])
    }

    #[test]
    fn eks_own_daemonsets_are_everywhere() {
        // kube-proxy as EKS installs it: tolerates everything, keeps off Fargate.
        let proxy = daemon_set(json!({
            "affinity": { "nodeAffinity": { "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": [{
                "matchExpressions": [
                    { "key": "kubernetes.io/os", "operator": "In", "values": ["linux"] },
                    { "key": "eks.amazonaws.com/compute-type", "operator": "NotIn", "values": ["fargate", "auto"] },
                ],
            }] } } },
            "hostNetwork": true,
            "tolerations": [{ "operator": "Exists" }],
            "containers": [{ "name": "kube-proxy", "resources": { "requests": { "cpu": "100m" } } }],
        }));
        assert!(proxy.wants(&node(batch_taints())) && proxy.tolerates_batch_taint());
        assert_eq!(proxy.requests, Resources::pod(MilliCpu(100), MiB(0), 0));
    }

    #[test]
    fn taints_keep_others_off() {
        let of = |tolerations: Value| daemon_set(json!({ "tolerations": tolerations }));
        let plain = of(json!([]));
        assert!(!plain.wants(&node(batch_taints())) && !plain.tolerates_batch_taint());
        let half = of(json!([{ "key": TAINT, "operator": "Exists", "effect": "NoSchedule" }]));
        assert!(!half.wants(&node(batch_taints())) && !half.tolerates_batch_taint(), "it would be evicted");
        let both = of(json!([{ "key": TAINT, "operator": "Exists" }]));
        assert!(both.wants(&node(batch_taints())) && both.tolerates_batch_taint());
        let value = of(json!([{ "key": "team", "value": "a" }]));
        assert!(
            value.wants(&node(json!([{ "key": "team", "value": "a", "effect": "NoSchedule" }]))),
            "`Equal` by default"
        );
        assert!(!value.wants(&node(json!([{ "key": "team", "value": "b", "effect": "NoSchedule" }]))));
        assert!(plain.wants(&node(json!([{ "key": "x", "effect": "PreferNoSchedule" }]))));
        assert!(plain.wants(&node(json!([{ "key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule" }]))));
        let network = json!([{ "key": "node.kubernetes.io/network-unavailable", "effect": "NoSchedule" }]);
        assert!(!plain.wants(&node(network.clone())));
        assert!(daemon_set(json!({ "hostNetwork": true })).wants(&node(network)));
    }

    #[test]
    fn selectors_and_affinity_choose() {
        let here = node(json!([]));
        assert!(daemon_set(json!({ "nodeSelector": { "kubernetes.io/os": "linux" } })).wants(&here));
        assert!(!daemon_set(json!({ "nodeSelector": { "kubernetes.io/os": "windows" } })).wants(&here));
        assert!(!daemon_set(json!({ "nodeName": "other" })).wants(&here));
        let terms = |terms: Value| {
            let required = json!({ "requiredDuringSchedulingIgnoredDuringExecution": { "nodeSelectorTerms": terms } });
            daemon_set(json!({ "affinity": { "nodeAffinity": required } })).wants(&here)
        };
        let one = |key: &str, operator: &str, values: Value| {
            terms(json!([{ "matchExpressions": [{ "key": key, "operator": operator, "values": values }] }]))
        };
        assert!(one("gpus", "Gt", json!(["3"])) && !one("gpus", "Gt", json!(["4"])));
        assert!(one("gpus", "Lt", json!(["5"])) && !one("kubernetes.io/os", "Lt", json!(["5"])));
        assert!(one("gpus", "Exists", json!([])) && !one("absent", "Exists", json!([])));
        assert!(one("absent", "DoesNotExist", json!([])) && one("absent", "NotIn", json!(["x"])));
        assert!(!one("gpus", "Somehow", json!(["4"])));
        let field = |name: &str| {
            terms(json!([{ "matchFields": [{ "key": "metadata.name", "operator": "In", "values": [name] }] }]))
        };
        assert!(field("n") && !field("m"));
        assert!(!terms(json!([{}])) && !terms(json!([])), "nothing to hold");
        let either = json!([{}, { "matchExpressions": [{ "key": "gpus", "operator": "Exists" }] }]);
        assert!(terms(either), "one term is enough");
    }
}
