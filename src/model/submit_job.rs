//! `SubmitJob` for Amazon EKS, as `--cli-input-json` takes it. Source: `API:SubmitJobRequest`,
//! `API:EksPodPropertiesOverride`. Knows how an override changes a job definition's pod; knows no queue.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::container::{EksContainer, EnvironmentVariable, ResourceRequirements};
use crate::model::job_definition::{ConsumableResourceProperties, JobTimeout, RetryStrategy};
use crate::model::pod::{EksMetadata, EksPodProperties};

/// A submission.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SubmitJob {
    /// Up to 128 characters, the first a letter or digit.
    #[schemars(regex(pattern = "^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$"))]
    pub job_name: String,
    /// Name or ARN of the queue.
    pub job_queue: String,
    /// Name, `name:revision` or ARN of the job definition; the latest revision by name alone.
    pub job_definition: String,
    /// Share of a fair-share queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_identifier: Option<String>,
    /// Order within a share.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9_999))]
    pub scheduling_priority_override: Option<i32>,
    /// Makes it an array job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub array_properties: Option<ArrayProperties>,
    /// Jobs that must succeed before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    pub depends_on: Vec<JobDependency>,
    /// Substitution parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, String>,
    /// Replaces the job definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_strategy: Option<RetryStrategy>,
    /// Replaces the job definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<JobTimeout>,
    /// Changes the pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eks_properties_override: Option<EksPropertiesOverride>,
    /// Replaces the job definition's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumable_resource_properties_override: Option<ConsumableResourceProperties>,
    /// Tags of the job.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Source: `API:ArrayProperties`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrayProperties {
    /// Number of children.
    #[schemars(range(min = 2, max = 10_000))]
    pub size: u32,
}

/// Source: `API:JobDependency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobDependency {
    /// The job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// Between array children.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ArrayJobDependency>,
}

/// Source: `API:ArrayJobDependency`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "AWS's names say it")]
pub enum ArrayJobDependency {
    NToN,
    Sequential,
}

/// Source: `API:EksPropertiesOverride`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EksPropertiesOverride {
    /// What changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_properties: Option<PodPropertiesOverride>,
}

/// Source: `API:EksPodPropertiesOverride`. Nothing else of a pod can be overridden.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PodPropertiesOverride {
    /// Changed containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub containers: Vec<ContainerOverride>,
    /// Changed init containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub init_containers: Vec<ContainerOverride>,
    /// Changed labels, annotations, namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<EksMetadata>,
}

/// Source: `API:EksContainerOverride`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerOverride {
    /// Which container; the pod's first where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Replaces the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Replaces the entry point.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Replaces the arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Adds or replaces variables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<EnvironmentVariable>,
    /// Replaces what it asks for, resource by resource.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<ResourceRequirements>,
}

impl SubmitJob {
    /// What AWS Batch, or this simulator for now, would reject of the submission by itself.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.share_identifier.is_some() {
            problems.push(Problem::new(
                "/shareIdentifier",
                "the queue is FIFO, and AWS Batch takes share identifiers on fair-share queues only",
                "remove it; fair share is not supported yet",
            ));
        }
        if !self.depends_on.is_empty() {
            problems.push(Problem::new("/dependsOn", "dependencies are not supported yet", "remove it"));
        }
        if self.consumable_resource_properties_override.is_some() {
            problems.push(Problem::new(
                "/consumableResourcePropertiesOverride",
                "consumable resources are not supported yet",
                "remove it",
            ));
        }
        problems
    }

    /// The pod as submitted: the definition's with the override applied, and overrides that name no container.
    pub fn pod(&self, definition: &EksPodProperties, problems: &mut Vec<Problem>) -> EksPodProperties {
        let mut pod = definition.clone();
        let Some(changes) = self.eks_properties_override.as_ref().and_then(|o| o.pod_properties.as_ref()) else {
            return pod;
        };
        let lists = [
            ("containers", &changes.containers, &mut pod.containers),
            ("initContainers", &changes.init_containers, &mut pod.init_containers),
        ];
        for (list, overrides, containers) in lists {
            for (index, change) in overrides.iter().enumerate() {
                let at = format!("/eksPropertiesOverride/podProperties/{list}/{index}");
                let names: Vec<_> =
                    containers.iter().map(|c| format!("`{}`", c.name.as_deref().unwrap_or("Default"))).collect();
                match containers.iter_mut().enumerate().find(|(at, container)| change.is_for(*at, container)) {
                    Some((_, container)) => change.apply(container),
                    None => problems.push(Problem::new(
                        format!("{at}/name"),
                        format!("the job definition has no such entry in `{list}`"),
                        if names.is_empty() {
                            "remove it".to_owned()
                        } else {
                            format!("name one of {}", names.join(", "))
                        },
                    )),
                }
            }
        }
        if let Some(metadata) = &changes.metadata {
            let at = "/eksPropertiesOverride/podProperties/metadata";
            problems.extend(metadata.problems().into_iter().map(|problem| problem.under(at)));
        }
        pod
    }
}

impl ContainerOverride {
    fn is_for(&self, index: usize, container: &EksContainer) -> bool {
        match (&self.name, &container.name) {
            (None, _) => index == 0,
            (Some(name), None) => name.eq_ignore_ascii_case("default"),
            (Some(name), Some(own)) => name == own,
        }
    }

    fn apply(&self, container: &mut EksContainer) {
        if let Some(image) = &self.image {
            container.image.clone_from(image);
        }
        if !self.command.is_empty() {
            container.command.clone_from(&self.command);
        }
        if !self.args.is_empty() {
            container.args.clone_from(&self.args);
        }
        for variable in &self.env {
            match container.env.iter_mut().find(|own| own.name == variable.name) {
                Some(own) => own.value.clone_from(&variable.value),
                None => container.env.push(variable.clone()),
            }
        }
        if let Some(resources) = &self.resources {
            let own = container.resources.clone().unwrap_or_default();
            container.resources = Some(own.overridden_by(resources));
        }
    }
}
