//! What a pod asks for, by Kubernetes' rule: its containers together, or its most demanding moment before they start,
//! and the overhead of its runtime. Source: Kubernetes' pages on init containers, sidecars, and pod overhead.

use crate::kubernetes::objects::{Container, PodSpec};
use crate::kubernetes::quantity::{asked, sum};
use crate::model::Resources;

/// What a pod of this spec asks for, its slot included.
pub fn of_pod(spec: &PodSpec) -> Resources {
    let mut sidecars = Resources::ZERO;
    let mut before = Resources::ZERO;
    // Init containers run one after the other, beside the sidecars that stand before them.
    for container in &spec.init_containers {
        let own = of_container(container);
        if container.is_sidecar() {
            sidecars = sum(sidecars, own);
            before = before.max(sidecars);
        } else {
            before = before.max(sum(sidecars, own));
        }
    }
    let together = spec.containers.iter().map(of_container).fold(sidecars, sum);
    let mut all = together.max(before);
    // Requests of the pod as a whole, where it makes some, count instead of its containers'.
    let whole = asked(&spec.resources.requests);
    if spec.resources.requests.contains_key("cpu") {
        all.cpu = whole.cpu;
    }
    if spec.resources.requests.contains_key("memory") {
        all.memory = whole.memory;
    }
    Resources { pods: 1, ..sum(all, asked(&spec.overhead)) }
}

/// A limit without a request is the request. The API server writes it there for containers, but not in templates.
fn of_container(container: &Container) -> Resources {
    let mut texts = container.resources.limits.clone();
    texts.extend(container.resources.requests.iter().map(|(name, text)| (name.clone(), text.clone())));
    asked(&texts)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::units::{MiB, MilliCpu};

    fn of(spec: Value) -> Resources {
        of_pod(&serde_json::from_value(spec).expect("a spec"))
    }

    fn container(cpu: &str, memory: &str) -> Value {
        json!({ "name": "c", "resources": { "requests": { "cpu": cpu, "memory": memory } } })
    }

    #[test]
    fn containers_add_up_and_init_containers_do_not() {
        let spec = json!({
            "containers": [container("500m", "1Gi"), container("250m", "512Mi")],
            "initContainers": [container("2", "64Mi"), container("1", "128Mi")],
        });
        assert_eq!(of(spec), Resources::pod(MilliCpu(2_000), MiB(1_536), 0));
    }

    #[test]
    fn a_sidecar_counts_from_where_it_stands() {
        let mut sidecar = container("300m", "100Mi");
        sidecar["restartPolicy"] = json!("Always");
        let spec = json!({
            "containers": [container("500m", "200Mi")],
            // The first runs without the sidecar, the last beside it.
            "initContainers": [container("600m", "500Mi"), sidecar, container("700m", "100Mi")],
        });
        assert_eq!(of(spec), Resources::pod(MilliCpu(1_000), MiB(500), 0));
    }

    #[test]
    fn overhead_limits_and_the_whole_pod_count() {
        let spec = json!({
            "containers": [{ "name": "c", "resources": { "limits": { "cpu": "1", "nvidia.com/gpu": "2" } } }],
            "overhead": { "cpu": "250m", "memory": "120Mi" },
        });
        assert_eq!(of(spec), Resources::pod(MilliCpu(1_250), MiB(120), 2));
        let spec = json!({
            "containers": [container("1", "1Gi")],
            "resources": { "requests": { "cpu": "3", "memory": "2Gi" } },
        });
        assert_eq!(of(spec), Resources::pod(MilliCpu(3_000), MiB(2_048), 0));
        assert_eq!(of(json!({ "containers": [{ "name": "c" }] })), Resources::pod(MilliCpu(0), MiB(0), 0));
    }
}
