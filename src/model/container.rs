//! One container of an EKS job's pod, and Batch's rules for what it asks. Source: `API:EksContainer`,
//! `API:EksContainerResourceRequirements`, `UG:memory-cpu-batch-eks`. Knows nothing of nodes.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::quantity::{self, QuantityError};
use crate::model::security_context::ContainerSecurityContext;
use crate::model::volume::VolumeMount;
use crate::model::{Problem, Resources};
use crate::units::{MiB, MilliCpu};

/// The console's rule, with Kubernetes' for the last character. Source: `UG:create-job-definition-eks`.
pub(super) const CONTAINER_NAME_PATTERN: &str = "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";
/// Source: `UG:create-job-definition-eks`; `@` stands before a digest.
pub(super) const IMAGE_PATTERN: &str = "^[A-Za-z0-9_:./#@-]*$";
/// Source: `UG:create-job-definition-eks`.
pub(super) const IMAGE_LENGTH_MAX: usize = 255;
/// What a container without a name is called. Source: `API:EksContainer`.
pub const DEFAULT_CONTAINER_NAME: &str = "Default";

/// A container.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksContainer {
    /// Up to 63 letters, digits and hyphens, unique in the pod; `Default` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = CONTAINER_NAME_PATTERN))]
    pub name: Option<String>,
    /// The image: 1 to 255 letters, digits and `-_:./#@`.
    #[schemars(length(min = 1, max = IMAGE_LENGTH_MAX), regex(pattern = IMAGE_PATTERN))]
    pub image: String,
    /// When the image is pulled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// Entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Arguments of the entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvironmentVariable>,
    /// What it asks for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
    /// Where volumes are mounted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volume_mounts: Vec<VolumeMount>,
    /// Its security context.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_context: Option<ContainerSecurityContext>,
}

/// When an image is pulled. Source: `API:EksContainer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "Kubernetes' names say it")]
pub enum ImagePullPolicy {
    Always,
    IfNotPresent,
    Never,
}

/// An environment variable. Source: `API:EksContainerEnvironmentVariable`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvironmentVariable {
    /// Its name: printable characters without `=`; `AWS_BATCH…` is reserved.
    #[schemars(regex(pattern = "^[ -<>-~]+$"))]
    pub name: String,
    /// Its value.
    #[serde(default)]
    pub value: String,
}

/// What a container asks for. Source: `API:EksContainerResourceRequirements`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRequirements {
    /// What it may use at most; copied into `requests` where that is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<ResourceList>,
    /// What it is scheduled by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<ResourceList>,
}

/// Quantities by resource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceList {
    /// vCPUs: a multiple of 0.25, at least 0.25, no `m` suffix.
    #[schemars(length(min = 1, max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Whole mebibytes with the suffix `Mi`, at least `4Mi`.
    #[schemars(length(min = 1, max = 256))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Whole GPUs.
    #[schemars(length(min = 1, max = 256))]
    #[serde(rename = "nvidia.com/gpu", skip_serializing_if = "Option::is_none")]
    pub gpu: Option<String>,
}

/// How a resource is read and judged.
struct Rule<T> {
    name: &'static str,
    required: bool,
    /// Whether limits above requests are taken.
    limit_may_exceed: bool,
    pick: fn(&ResourceList) -> Option<&String>,
    parse: fn(&str) -> Result<T, QuantityError>,
}

const CPU: Rule<MilliCpu> = Rule {
    name: "cpu",
    required: true,
    limit_may_exceed: true,
    pick: |list| list.cpu.as_ref(),
    parse: quantity::container_cpu,
};
const MEMORY: Rule<MiB> = Rule {
    name: "memory",
    required: true,
    limit_may_exceed: false,
    pick: |list| list.memory.as_ref(),
    parse: quantity::container_memory,
};
const GPU: Rule<u16> = Rule {
    name: "nvidia.com/gpu",
    required: false,
    limit_may_exceed: false,
    pick: |list| list.gpu.as_ref(),
    parse: quantity::container_gpus,
};

impl ResourceRequirements {
    /// What the container is scheduled by, and everything that breaks Batch's rules; pointers start at `resources`' parent.
    pub fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        Resources {
            cpu: self.one(&CPU, problems).unwrap_or_default(),
            memory: self.one(&MEMORY, problems).unwrap_or_default(),
            gpus: self.one(&GPU, problems).unwrap_or_default(),
            pods: 0,
        }
    }

    /// These requirements with every resource that `other` names taken from there.
    #[must_use]
    pub fn overridden_by(&self, other: &Self) -> Self {
        let merge = |ours: &Option<ResourceList>, theirs: &Option<ResourceList>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => Some(ResourceList {
                cpu: theirs.cpu.clone().or_else(|| ours.cpu.clone()),
                memory: theirs.memory.clone().or_else(|| ours.memory.clone()),
                gpu: theirs.gpu.clone().or_else(|| ours.gpu.clone()),
            }),
            (ours, theirs) => theirs.clone().or_else(|| ours.clone()),
        };
        Self { limits: merge(&self.limits, &other.limits), requests: merge(&self.requests, &other.requests) }
    }

    fn one<T: Copy + Ord>(&self, rule: &Rule<T>, problems: &mut Vec<Problem>) -> Option<T> {
        let mut failed = false;
        let mut read = |list: Option<&ResourceList>, kind: &str| {
            let text = list.and_then(rule.pick)?;
            match (rule.parse)(text) {
                Ok(value) => Some((value, text.clone())),
                Err(error) => {
                    failed = true;
                    let at = format!("/resources/{kind}/{}", rule.name.replace('/', "~1"));
                    problems.push(Problem::new(at, error.message, error.help));
                    None
                }
            }
        };
        let limit = read(self.limits.as_ref(), "limits");
        let request = read(self.requests.as_ref(), "requests");
        match (request, limit) {
            _ if failed => None,
            (None, None) => {
                if rule.required {
                    problems.push(Problem::new(
                        "/resources",
                        format!("neither `requests` nor `limits` gives `{}`", rule.name),
                        "add it, like `\"limits\": { \"cpu\": \"1\", \"memory\": \"1024Mi\" }`",
                    ));
                }
                None
            }
            (None, Some((value, _))) | (Some((value, _)), None) => Some(value),
            (Some((request, asked)), Some((limit, most))) => {
                let at = || format!("/resources/requests/{}", rule.name.replace('/', "~1"));
                if request > limit {
                    problems.push(Problem::new(
                        at(),
                        format!("the request `{asked}` is above the limit `{most}`"),
                        format!("write `{most}`, or raise the limit"),
                    ));
                } else if request < limit && !rule.limit_may_exceed {
                    problems.push(Problem::new(
                        at(),
                        format!(
                            "the request `{asked}` is not the limit `{most}`: for {} AWS Batch wants them equal",
                            rule.name
                        ),
                        format!("write `{most}` in both"),
                    ));
                }
                Some(request)
            }
        }
    }
}

impl EksContainer {
    /// Its name; [`DEFAULT_CONTAINER_NAME`] where the document gives none.
    pub fn name_or_default(&self) -> &str {
        self.name.as_deref().unwrap_or(DEFAULT_CONTAINER_NAME)
    }

    /// What AWS Batch or Kubernetes would reject of it by itself, and what it is scheduled by.
    pub fn requests(&self, problems: &mut Vec<Problem>) -> Resources {
        problems.extend(environment_problems(&self.env));
        if let Some(context) = &self.security_context {
            problems.extend(context.problems().into_iter().map(|problem| problem.under("/securityContext")));
        }
        let none = ResourceRequirements::default();
        self.resources.as_ref().unwrap_or(&none).requests(problems)
    }
}

/// What is wrong with a container's `env`, in a definition or an override.
pub(super) fn environment_problems(variables: &[EnvironmentVariable]) -> Vec<Problem> {
    let (mut problems, mut names) = (Vec::new(), BTreeSet::new());
    for (index, variable) in variables.iter().enumerate() {
        let at = format!("/env/{index}/name");
        if variable.name.starts_with("AWS_BATCH") {
            problems.push(Problem::new(
                at.as_str(),
                format!("`{}` starts with `AWS_BATCH`, which is reserved", variable.name),
                "choose another name",
            ));
        }
        if !names.insert(&variable.name) {
            problems.push(Problem::new(
                at,
                format!("`{}` is set twice, and only one of the values would be seen", variable.name),
                "keep one",
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str) -> (Resources, Vec<String>) {
        let requirements: ResourceRequirements = serde_json::from_str(json).expect("a document");
        let mut problems = Vec::new();
        let requests = requirements.requests(&mut problems);
        (requests, problems.into_iter().map(|p| format!("{}: {}", p.pointer, p.message)).collect())
    }

    #[test]
    fn requests_count_and_limits_stand_in() {
        let (requests, problems) = check(
            r#"{ "limits": { "cpu": "2", "memory": "512Mi", "nvidia.com/gpu": "1" }, "requests": { "cpu": "0.5" } }"#,
        );
        assert_eq!(problems, [""; 0]);
        assert_eq!(requests, Resources { cpu: MilliCpu(500), memory: MiB(512), gpus: 1, pods: 0 });
    }

    #[test]
    fn every_broken_rule_is_named() {
        let (_, problems) = check(
            r#"{ "limits": { "cpu": "1", "memory": "512Mi" }, "requests": { "cpu": "2", "memory": "256Mi", "nvidia.com/gpu": "x" } }"#,
        );
        assert_eq!(
            problems,
            [
                "/resources/requests/cpu: the request `2` is above the limit `1`",
                "/resources/requests/memory: the request `256Mi` is not the limit `512Mi`: for memory AWS Batch wants them equal",
                "/resources/requests/nvidia.com~1gpu: `x` is no number of GPUs",
            ]
        );
        assert_eq!(check("{}").1.len(), 2);
    }
}
