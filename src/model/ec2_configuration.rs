//! Which machine images an environment's nodes run: `ec2Configuration`. Source: `API:Ec2Configuration`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;

/// An image. Source: `API:Ec2Configuration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ec2Configuration {
    /// `EKS_AL2023`, `EKS_AL2023_NVIDIA`, `EKS_AL2`, `EKS_AL2_NVIDIA`.
    #[schemars(length(min = 1, max = 256))]
    pub image_type: String,
    /// An own image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id_override: Option<String>,
    /// Its Kubernetes version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_kubernetes_version: Option<String>,
    /// Reported by AWS Batch, never set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_image_status: Option<String>,
}

/// Images for nodes of an EKS cluster. The first two are of Amazon Linux 2023, the defaults without and with GPUs.
const IMAGE_TYPES: [&str; 2] = ["EKS_AL2023", "EKS_AL2023_NVIDIA"];
/// AWS ended support for these on 2025-11-26.
const ENDED_TYPES: [&str; 2] = ["EKS_AL2", "EKS_AL2_NVIDIA"];

/// What AWS Batch would reject of an environment's `ec2Configuration`.
pub(super) fn problems(images: &[Ec2Configuration]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, image) in images.iter().enumerate() {
        let at = format!("/ec2Configuration/{index}");
        let name = image.image_type.as_str();
        if images[..index].iter().any(|before| before.image_type == name) {
            let message = format!("`{name}` stands twice");
            problems.push(Problem::new(format!("{at}/imageType"), message, "give one entry per image type"));
        }
        if ENDED_TYPES.contains(&name) {
            if image.image_id_override.is_none() {
                problems.push(Problem::new(
                    format!("{at}/imageType"),
                    format!("AWS ended its support for `{name}`, images of Amazon Linux 2, on 2025-11-26"),
                    format!("write `{}`", name.replace("AL2", "AL2023")),
                ));
            }
        } else if !IMAGE_TYPES.contains(&name) {
            problems.push(Problem::new(
                format!("{at}/imageType"),
                format!("`{name}` is no image type of Amazon EKS"),
                "write `EKS_AL2023`, or `EKS_AL2023_NVIDIA` for GPUs",
            ));
        }
        if image.batch_image_status.is_some() {
            problems.push(Problem::new(
                format!("{at}/batchImageStatus"),
                "AWS Batch reports it and does not take it",
                "remove it",
            ));
        }
    }
    problems
}
