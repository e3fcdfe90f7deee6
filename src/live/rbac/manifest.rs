//! The table of permissions as `kubectl apply` takes it.

use std::fmt::Write;

use crate::live::backend::Backend;
use crate::live::rbac::table::{GRANTS, Grant, Needed, Origin, Scope};

/// Name of AWS Batch's role for the whole cluster. Source: `UG:getting-started-eks`.
const CLUSTER_ROLE: &str = "aws-batch-cluster-role";
/// Name of its role in each namespace.
const NAMESPACE_ROLE: &str = "aws-batch-compute-environment-role";
/// Name of the role for what `karpenter` needs beyond these.
const KARPENTER_ROLE: &str = "windtunnel-karpenter-role";

/// Everything that a back end needs, as YAML: AWS Batch's own rules, then apart what goes beyond them, for a user in the
/// run's namespaces.
pub fn manifest(backend: &Backend, namespaces: &[String], user: &str) -> String {
    let of = |origin: Origin, scope: Scope| {
        let all = GRANTS.iter().filter(move |grant| grant.is_for(backend));
        all.filter(|grant| grant.origin == origin && grant.scope == scope).copied().collect::<Vec<_>>()
    };
    let mut text = String::from(
        "# AWS Batch's own rules, as its guide to getting started on Amazon EKS lists them: once for the cluster, and once\n\
         # for each namespace that jobs run in. A cluster that is registered with AWS Batch has them already.\n",
    );
    role(&mut text, CLUSTER_ROLE, None, user, &of(Origin::AwsBatch, Scope::Cluster));
    for namespace in namespaces {
        text.push_str("---\n");
        role(&mut text, NAMESPACE_ROLE, Some(namespace), user, &of(Origin::AwsBatch, Scope::Namespace));
    }
    let beyond = of(Origin::Karpenter, Scope::Cluster);
    if beyond.is_empty() {
        return text;
    }
    text.push_str("---\n# Beyond AWS Batch's rules: what the back end `karpenter` needs.\n");
    role(&mut text, KARPENTER_ROLE, None, user, &beyond);
    text
}

/// The rule that grants one permission, as YAML for the `rules` of a role.
pub fn rule(needed: &Needed) -> String {
    let resource = match needed.subresource {
        Some(part) => format!("{}/{part}", needed.resource),
        None => needed.resource.to_owned(),
    };
    let mut text = String::new();
    entry(&mut text, "", needed.group, &[&resource], &[needed.verb]);
    text
}

/// A role and its binding.
fn role(text: &mut String, name: &str, namespace: Option<&str>, user: &str, grants: &[Grant]) {
    let kind = if namespace.is_some() { "Role" } else { "ClusterRole" };
    let place = namespace.map(|namespace| format!("  namespace: {}\n", quoted(namespace))).unwrap_or_default();
    let head = |kind: &str, name: &str| {
        format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n{place}")
    };
    text.push_str(&head(kind, name));
    text.push_str("rules:\n");
    for grant in grants {
        let verbs: Vec<_> = grant.verbs.iter().map(|&(verb, _)| verb).collect();
        entry(text, "  ", grant.group, grant.resources, &verbs);
    }
    text.push_str("---\n");
    text.push_str(&head(&format!("{kind}Binding"), &format!("{name}-binding")));
    let user = quoted(user);
    let group = "rbac.authorization.k8s.io";
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "subjects:\n  - kind: User\n    name: {user}\n    apiGroup: {group}\nroleRef:\n  kind: {kind}\n  name: {name}\n  \
         apiGroup: {group}\n"
    );
}

fn entry(text: &mut String, indent: &str, group: &str, resources: &[&str], verbs: &[&str]) {
    let list = |of: &[&str]| of.iter().map(|one| quoted(one)).collect::<Vec<_>>().join(", ");
    let _ = write!(
        text,
        "{indent}- apiGroups: [{}]\n{indent}  resources: [{}]\n{indent}  verbs: [{}]\n",
        quoted(group),
        list(resources),
        list(verbs)
    );
}

/// Text in quotes: JSON's are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::live::backend::NodeClass;
    use crate::live::rbac::table::{Mode, needed};

    /// Group, resource and verb of what is granted.
    type Granted = BTreeSet<(String, String, String)>;

    /// Kind, namespace, and what its rules grant, of each role of a manifest. It reads only what is written above.
    fn roles(text: &str) -> Vec<(String, String, Granted)> {
        let field = |document: &str, name: &str| {
            let line = document.lines().find_map(|line| line.trim().strip_prefix(&format!("{name}: ")));
            line.unwrap_or_default().trim_matches('"').to_owned()
        };
        let list = |line: Option<&str>, name: &str| -> Vec<String> {
            let line = line.expect("a line").trim().trim_start_matches("- ");
            serde_json::from_str(line.strip_prefix(&format!("{name}: ")).expect(name)).expect("a list")
        };
        let mut found = Vec::new();
        for document in text.split("---\n").filter(|document| document.contains("\nrules:")) {
            let mut grants = BTreeSet::new();
            let mut lines = document.lines().skip_while(|line| *line != "rules:").skip(1);
            while let Some(line) = lines.next() {
                let groups = list(Some(line), "apiGroups");
                let (resources, verbs) = (list(lines.next(), "resources"), list(lines.next(), "verbs"));
                for (resource, verb) in resources.iter().flat_map(|one| verbs.iter().map(move |verb| (one, verb))) {
                    grants.insert((groups[0].clone(), resource.clone(), verb.clone()));
                }
            }
            found.push((field(document, "kind"), field(document, "namespace"), grants));
        }
        found
    }

    fn both() -> [String; 2] {
        ["jobs".to_owned(), "more".to_owned()]
    }

    #[test]
    fn the_manifest_is_the_table() {
        let karpenter = Backend::Karpenter(NodeClass::default());
        for backend in [Backend::Unmanaged, Backend::Render, karpenter] {
            let text = manifest(&backend, &both(), "aws-batch");
            let roles = roles(&text);
            let kinds: Vec<_> = roles.iter().map(|(kind, place, _)| format!("{kind} {place}")).collect();
            let beyond = matches!(backend, Backend::Karpenter(_));
            let expected = ["ClusterRole ", "Role jobs", "Role more", "ClusterRole "];
            assert_eq!(kinds, expected[..if beyond { 4 } else { 3 }]);
            let union = |wanted: &str, place: &str| -> BTreeSet<_> {
                let these = roles.iter().filter(|(kind, at, _)| kind == wanted && at == place);
                these.flat_map(|(_, _, grants)| grants.clone()).collect()
            };
            for needed in needed(Mode::Apply, &backend) {
                let it = (needed.group.to_owned(), needed.resource.to_owned(), needed.verb.to_owned());
                let granted = match needed.scope {
                    Scope::Cluster => union("ClusterRole", ""),
                    Scope::Namespace => union("Role", "more"),
                };
                assert!(granted.contains(&it), "{it:?}");
            }
            let in_table: usize = GRANTS
                .iter()
                .filter(|grant| grant.is_for(&backend))
                .map(|grant| grant.resources.len() * grant.verbs.len())
                .sum();
            assert_eq!(union("ClusterRole", "").len() + union("Role", "jobs").len(), in_table);
            assert_eq!(text.matches("name: \"aws-batch\"\n").count(), expected[..kinds.len()].len());
        }
    }

    #[test]
    fn aws_batch_has_what_its_guide_grants() {
        let roles = roles(&manifest(&Backend::Unmanaged, &both(), "aws-batch"));
        let count = |at: usize| roles[at].2.len();
        // Namespaces 1; nodes, pods, configmaps 3 each; events 1; four kinds of workloads 3 each; two of roles 2 each.
        assert_eq!(count(0), 1 + 3 * 3 + 1 + 4 * 3 + 2 * 2);
        // Pods 6; service accounts 2; two kinds of roles 2 each.
        assert_eq!((count(1), count(2)), (6 + 2 + 2 * 2, count(1)));
    }

    #[test]
    fn a_rule_is_written_as_it_is_needed() {
        let all = needed(Mode::Apply, &Backend::Unmanaged);
        let create = all.iter().find(|needed| needed.verb == "create").expect("pods are created");
        assert_eq!(rule(create), "- apiGroups: [\"\"]\n  resources: [\"pods\"]\n  verbs: [\"create\"]\n");
        let part = Needed { subresource: Some("status"), ..*create };
        assert!(rule(&part).contains("[\"pods/status\"]"));
    }

    #[test]
    fn names_can_not_break_out() {
        let text = manifest(&Backend::Unmanaged, &both(), "x\"\nkind: Evil");
        assert!(text.contains(r#"name: "x\"\nkind: Evil""#));
    }
}
