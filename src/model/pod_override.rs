//! What a submission changes of a job definition's pod: `eksPropertiesOverride`. Source: `API:EksPropertiesOverride`,
//! `API:EksPodPropertiesOverride`, `API:EksContainerOverride`. Knows pods, not jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::container::{
    CONTAINER_NAME_PATTERN, EksContainer, EnvironmentVariable, IMAGE_LENGTH_MAX, IMAGE_PATTERN, ResourceRequirements,
    environment_problems,
};
use crate::model::metadata::EksMetadata;
use crate::model::pod::EksPodProperties;

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
    #[schemars(regex(pattern = CONTAINER_NAME_PATTERN))]
    pub name: Option<String>,
    /// Replaces the image: 1 to 255 letters, digits and `-_:./#@`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = IMAGE_LENGTH_MAX), regex(pattern = IMAGE_PATTERN))]
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

impl EksPropertiesOverride {
    /// The pod with these changes; and what is wrong with them, alone or in this pod. What is wrong with the pod before
    /// is the job definition's affair and not said again.
    pub fn applied_to(&self, definition: &EksPodProperties, problems: &mut Vec<Problem>) -> EksPodProperties {
        let mut pod = definition.clone();
        let Some(changes) = &self.pod_properties else { return pod };
        let mut own = Vec::new();
        let containers = apply_all("containers", &changes.containers, &mut pod.containers, &mut own);
        let init = apply_all("initContainers", &changes.init_containers, &mut pod.init_containers, &mut own);
        if let Some(metadata) = &changes.metadata {
            pod.metadata = Some(pod.metadata.unwrap_or_default().overridden_by(metadata));
        }
        let (mut before, mut after) = (Vec::new(), Vec::new());
        definition.requests(&mut before);
        pod.requests(&mut after);
        // Variables have been judged where the override gives them.
        let news = |problem: &Problem| !before.contains(problem) && !problem.pointer.contains("/env/");
        own.extend(after.into_iter().filter(news).map(|problem| {
            let place = place_of(&problem.pointer, "/containers/", &containers)
                .or_else(|| place_of(&problem.pointer, "/initContainers/", &init));
            Problem { pointer: place.unwrap_or(problem.pointer), ..problem }
        }));
        problems.extend(own.into_iter().map(|problem| problem.under("/podProperties")));
        pod
    }
}

/// Where the override stands that a fault of the pod's container at `pointer` comes from: it need not be the entry of the
/// same index. `None` where the pointer leads to no container of the list.
fn place_of(pointer: &str, list: &str, places: &[(usize, usize)]) -> Option<String> {
    let within = pointer.strip_prefix(list)?;
    let (index, rest) = within.split_at(within.find('/').unwrap_or(within.len()));
    let overridden = places.iter().rev().find(|(container, _)| container.to_string() == index);
    Some(overridden.map_or_else(String::new, |(_, place)| format!("{list}{place}{rest}")))
}

/// Applies the overrides of one list; gives (index of the container, index of its override).
fn apply_all(
    list: &str,
    overrides: &[ContainerOverride],
    containers: &mut [EksContainer],
    problems: &mut Vec<Problem>,
) -> Vec<(usize, usize)> {
    let names: Vec<_> = containers.iter().map(|container| format!("`{}`", container.name_or_default())).collect();
    let mut places: Vec<(usize, usize)> = Vec::new();
    for (index, change) in overrides.iter().enumerate() {
        let at = format!("/{list}/{index}");
        problems.extend(environment_problems(&change.env).into_iter().map(|problem| problem.under(&at)));
        let Some(found) = containers.iter().enumerate().position(|(at, container)| change.is_for(at, container)) else {
            problems.push(Problem::new(
                format!("{at}/name"),
                format!("the job definition has no such entry in `{list}`"),
                if names.is_empty() { "remove it".to_owned() } else { format!("name one of {}", names.join(", ")) },
            ));
            continue;
        };
        if places.iter().any(|&(before, _)| before == found) {
            problems.push(Problem::new(
                if change.name.is_some() { format!("{at}/name") } else { at },
                format!("the container {} is overridden twice", names[found]),
                "put all changes of a container into one entry",
            ));
        }
        change.apply(&mut containers[found]);
        places.push((found, index));
    }
    places
}

impl ContainerOverride {
    fn is_for(&self, index: usize, container: &EksContainer) -> bool {
        match (&self.name, &container.name) {
            (None, _) => index == 0,
            // AWS writes `Default`, Kubernetes `default`.
            (Some(name), None) => name.eq_ignore_ascii_case(container.name_or_default()),
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
