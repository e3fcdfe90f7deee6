//! Who may do what, and what it is for. Source of AWS Batch's rules: `UG:getting-started-eks`; they are granted whole, as
//! AWS documents them, and the adapter does with what is marked.

use crate::live::backend::Backend;

/// What a run does with a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Looks once, and asks what the API server would say of the pods.
    DryRun,
    /// Looks once, and simulates the rest.
    Shadow,
    /// Drives the cluster.
    Apply,
}

/// Whose rule it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// AWS Batch's own, which every cluster that is registered with it has.
    AwsBatch,
    /// Beyond them, for the back end `karpenter`.
    Karpenter,
}

/// Where a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere: a `ClusterRole`.
    Cluster,
    /// In each of the run's namespaces: a `Role`.
    Namespace,
}

/// What needs a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Nothing here: AWS grants it.
    Unused,
    /// Every mode.
    Reading,
    /// Whatever sends pods, be it only to hear what would be said of them.
    Sending,
    /// Driving the cluster.
    Driving,
    /// Driving the cluster, which does without where it must.
    Helping,
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is.
    pub origin: Origin,
    /// Where it holds.
    pub scope: Scope,
    /// API group; empty for Kubernetes' core.
    pub group: &'static str,
    /// Resources, each as `name` or `name/subresource`.
    pub resources: &'static [&'static str],
    /// Verbs, and what needs them.
    pub verbs: &'static [(&'static str, Use)],
    /// What it is for, where something needs it.
    pub purpose: &'static str,
}

/// A permission that is asked for before a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Whose rule grants it.
    pub origin: Origin,
    /// Where it is needed.
    pub scope: Scope,
    /// API group.
    pub group: &'static str,
    /// The resource.
    pub resource: &'static str,
    /// What of it, if not the resource itself.
    pub subresource: Option<&'static str>,
    /// What is done.
    pub verb: &'static str,
    /// What for.
    pub purpose: &'static str,
}

const fn aws(
    scope: Scope,
    group: &'static str,
    resources: &'static [&'static str],
    verbs: &'static [(&'static str, Use)],
    purpose: &'static str,
) -> Grant {
    Grant { origin: Origin::AwsBatch, scope, group, resources, verbs, purpose }
}

use Use::{Driving, Helping, Reading, Sending, Unused};

/// All rules, in the order of the manifest.
pub const GRANTS: &[Grant] = &[
    aws(Scope::Cluster, "", &["namespaces"], &[("get", Reading)], "to see that the namespaces are there"),
    aws(
        Scope::Cluster,
        "",
        &["nodes"],
        &[("get", Unused), ("list", Reading), ("watch", Driving)],
        "to know the nodes of the compute environments",
    ),
    aws(
        Scope::Cluster,
        "",
        &["pods"],
        &[("get", Unused), ("list", Reading), ("watch", Driving)],
        "to know what others take of a node, and what becomes of the run's pods",
    ),
    aws(
        Scope::Cluster,
        "",
        &["events"],
        &[("list", Helping)],
        "to see that a pod's volumes can't be attached or mounted",
    ),
    aws(Scope::Cluster, "", &["configmaps"], &[("get", Unused), ("list", Unused), ("watch", Unused)], ""),
    aws(
        Scope::Cluster,
        "apps",
        &["daemonsets"],
        &[("get", Unused), ("list", Reading), ("watch", Unused)],
        "to know what daemonsets take of a node",
    ),
    aws(
        Scope::Cluster,
        "apps",
        &["deployments", "statefulsets", "replicasets"],
        &[("get", Unused), ("list", Unused), ("watch", Unused)],
        "",
    ),
    aws(
        Scope::Cluster,
        "rbac.authorization.k8s.io",
        &["clusterroles", "clusterrolebindings"],
        &[("get", Unused), ("list", Unused)],
        "",
    ),
    aws(
        Scope::Namespace,
        "",
        &["pods"],
        &[
            ("create", Sending),
            ("get", Driving),
            ("list", Unused),
            ("watch", Unused),
            ("delete", Driving),
            ("patch", Unused),
        ],
        "to run jobs",
    ),
    aws(
        Scope::Namespace,
        "",
        &["serviceaccounts"],
        &[("get", Reading), ("list", Unused)],
        "to see that the service accounts of jobs are there",
    ),
    aws(
        Scope::Namespace,
        "rbac.authorization.k8s.io",
        &["roles", "rolebindings"],
        &[("get", Unused), ("list", Unused)],
        "",
    ),
    Grant {
        origin: Origin::Karpenter,
        scope: Scope::Cluster,
        group: "karpenter.sh",
        resources: &["nodeclaims"],
        verbs: &[("create", Driving), ("get", Driving), ("list", Driving), ("watch", Driving), ("delete", Driving)],
        purpose: "to ask Karpenter for instances, and to give them back",
    },
];

impl Grant {
    /// Whether a back end has it in its manifest.
    pub fn is_for(&self, backend: &Backend) -> bool {
        match self.origin {
            Origin::AwsBatch => true,
            Origin::Karpenter => matches!(backend, Backend::Karpenter(_)),
        }
    }
}

impl Use {
    /// Whether a mode needs it.
    const fn is_for(self, mode: Mode) -> bool {
        match self {
            Unused | Helping => false,
            Reading => true,
            Sending => matches!(mode, Mode::DryRun | Mode::Apply),
            Driving => matches!(mode, Mode::Apply),
        }
    }
}

/// Every permission that a mode can't do without, with a back end.
pub fn needed(mode: Mode, backend: &Backend) -> Vec<Needed> {
    let mut all = Vec::new();
    for grant in GRANTS.iter().filter(|grant| grant.is_for(backend)) {
        for &full in grant.resources {
            let (resource, subresource) = full.split_once('/').map_or((full, None), |(name, part)| (name, Some(part)));
            for &(verb, _) in grant.verbs.iter().filter(|(_, needs)| needs.is_for(mode)) {
                let Grant { origin, scope, group, purpose, .. } = *grant;
                all.push(Needed { origin, scope, group, resource, subresource, verb, purpose });
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::backend::NodeClass;

    fn words(mode: Mode, backend: &Backend) -> Vec<String> {
        let word = |needed: &Needed| format!("{:?} {} {}", needed.scope, needed.verb, needed.resource);
        needed(mode, backend).iter().map(word).collect()
    }

    #[test]
    fn looking_needs_no_more_than_looking() {
        let reading = [
            "Cluster get namespaces",
            "Cluster list nodes",
            "Cluster list pods",
            "Cluster list daemonsets",
            "Namespace get serviceaccounts",
        ];
        assert_eq!(words(Mode::Shadow, &Backend::Unmanaged), reading);
        let beyond: Vec<_> = words(Mode::DryRun, &Backend::Render)
            .into_iter()
            .filter(|word| !reading.contains(&word.as_str()))
            .collect();
        assert_eq!(beyond, ["Namespace create pods"]);
    }

    #[test]
    fn only_karpenter_needs_more_than_aws_grants() {
        for backend in [Backend::Unmanaged, Backend::Render] {
            assert!(needed(Mode::Apply, &backend).iter().all(|needed| needed.origin == Origin::AwsBatch));
        }
        let karpenter = Backend::Karpenter(NodeClass::default());
        let beyond = needed(Mode::Apply, &karpenter).into_iter().filter(|needed| needed.origin == Origin::Karpenter);
        assert_eq!(beyond.count(), 5);
        assert!(needed(Mode::DryRun, &karpenter).iter().all(|needed| needed.origin == Origin::AwsBatch));
    }

    #[test]
    fn what_is_needed_says_what_for() {
        for needed in needed(Mode::Apply, &Backend::Karpenter(NodeClass::default())) {
            assert!(!needed.purpose.is_empty(), "{needed:?}");
        }
    }
}
