//! Labels, annotations and namespace of an EKS job's pod. Source: `API:EksMetadata`, `UG:create-job-definition-eks`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::text::{DNS_LABEL, is_dns_subdomain, is_word, namespace_problem, segment};

/// Labels, annotations and namespace of a pod.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EksMetadata {
    /// Labels; keys and values of up to 63 letters, digits, hyphens and underscores.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; values of up to 255 characters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The pod's namespace where it is not the environment's: 1 to 63 lower-case letters, digits and hyphens.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 63), regex(pattern = DNS_LABEL))]
    pub namespace: Option<String>,
}

/// Prefixes that users must not set, for labels and annotations both.
const RESERVED_PREFIXES: [&str; 3] = ["kubernetes.io/", "k8s.io/", "batch.amazonaws.com/"];
const ANNOTATION_LENGTH_MAX: usize = 255;

impl EksMetadata {
    /// What AWS Batch or Kubernetes would reject of it.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, value) in &self.labels {
            let at = format!("/labels/{}", segment(key));
            problems.extend(key_problem(key, "_-", &at));
            // Kubernetes takes an empty value, and letters or digits at the ends of any other.
            if !value.is_empty() && !is_word(value, "_-") {
                problems.push(Problem::new(
                    at,
                    format!("`{value}` is no value that a label can have"),
                    "write up to 63 letters, digits, hyphens and underscores, with a letter or digit at both ends",
                ));
            }
        }
        for (key, value) in &self.annotations {
            let at = format!("/annotations/{}", segment(key));
            problems.extend(key_problem(key, "_.-", &at));
            if value.chars().count() > ANNOTATION_LENGTH_MAX {
                problems.push(Problem::new(
                    at,
                    format!("the annotation has {} characters", value.chars().count()),
                    format!("write {ANNOTATION_LENGTH_MAX} at most"),
                ));
            }
        }
        // The API says `kube`, the user guide `kube-`: what the API refuses is refused.
        problems.extend(self.namespace.as_deref().and_then(|name| namespace_problem(name, "kube", "/namespace")));
        problems
    }

    /// This metadata with what a submission changes: labels and annotations are added or replaced key by key, as
    /// `API:EksMetadata` says that they can be added or modified; the namespace is replaced.
    #[must_use]
    pub fn overridden_by(&self, other: &Self) -> Self {
        let merge = |own: &BTreeMap<String, String>, new: &BTreeMap<String, String>| {
            own.iter().chain(new).map(|(key, value)| (key.clone(), value.clone())).collect()
        };
        Self {
            labels: merge(&self.labels, &other.labels),
            annotations: merge(&self.annotations, &other.annotations),
            namespace: other.namespace.clone().or_else(|| self.namespace.clone()),
        }
    }
}

/// What is wrong with a key: an optional DNS subdomain and a slash, then a name of the alphabet.
fn key_problem(key: &str, others: &str, at: &str) -> Option<Problem> {
    // The user guide says "can't contain": `app.kubernetes.io/` is reserved like `kubernetes.io/`.
    if RESERVED_PREFIXES.iter().any(|prefix| key.contains(prefix)) {
        return Some(Problem::new(
            at,
            format!("`{key}` has a reserved prefix"),
            format!("choose a key without {}", RESERVED_PREFIXES.map(|p| format!("`{p}`")).join(", ")),
        ));
    }
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    if prefix.is_some_and(|prefix| !is_dns_subdomain(prefix)) {
        return Some(Problem::new(
            at,
            format!("what stands before the slash in `{key}` is no DNS subdomain of up to 253 characters"),
            "write it like `example.com/name`, or leave it out",
        ));
    }
    (!is_word(name, others)).then(|| {
        Problem::new(
            at,
            format!("`{key}` is no key that AWS Batch takes"),
            format!("write up to 63 letters, digits and characters of `{others}`, with a letter or digit at both ends"),
        )
    })
}
