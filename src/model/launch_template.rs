//! Launch templates of an environment's instances, and which types take which. Source:
//! `API:LaunchTemplateSpecification`, `API:LaunchTemplateSpecificationOverride`. Knows types by name alone: a family is
//! what stands before the period.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;

/// A launch template. Source: `API:LaunchTemplateSpecification`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchTemplate {
    /// By id, or …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template_id: Option<String>,
    /// … by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template_name: Option<String>,
    /// `$Default`, `$Latest` or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How the node joins the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userdata_type: Option<UserdataType>,
    /// Other templates for some of the types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub overrides: Vec<LaunchTemplateOverride>,
}

/// A launch template for some types. Source: `API:LaunchTemplateSpecificationOverride`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LaunchTemplateOverride {
    /// By id, or …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template_id: Option<String>,
    /// … by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_template_name: Option<String>,
    /// `$Default`, `$Latest` or a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How the node joins the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userdata_type: Option<UserdataType>,
    /// Types or families of `instanceTypes`, at least one.
    #[schemars(length(min = 1))]
    pub target_instance_types: Vec<String>,
}

/// How a node joins its cluster. Source: `API:UserdataType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserdataType {
    /// By `bootstrap.sh`, as images of Amazon Linux 2 do.
    EksBootstrapSh,
    /// By `nodeadm`, as images of Amazon Linux 2023 do.
    EksNodeadm,
}

/// Words of `instanceTypes` that stand for families and can't be the target of an override.
const KEYWORDS: [&str; 3] = ["optimal", "default_x86_64", "default_arm64"];

/// The family of a type, or the family itself.
fn family(name: &str) -> &str {
    name.split_once('.').map_or(name, |(family, _)| family)
}

/// Whether all types of the entry `narrow` are among those of `wide`: the same entry, or a type and its family.
fn is_within(narrow: &str, wide: &str) -> bool {
    narrow == wide || (!wide.contains('.') && family(narrow) == wide)
}

/// A template is named by its id or by its name.
fn reference_problem(id: Option<&String>, name: Option<&String>, at: &str) -> Option<Problem> {
    match (id, name) {
        (None, None) => {
            let help = "add `launchTemplateId` or `launchTemplateName`";
            Some(Problem::new(at, "it names no launch template", help))
        }
        (Some(_), Some(_)) => {
            let message = "`launchTemplateId` and `launchTemplateName` stand together";
            Some(Problem::new(at, message, "keep one"))
        }
        _ => None,
    }
}

fn version_problem(version: Option<&String>, at: &str) -> Option<Problem> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let version = version.filter(|v| !matches!(v.as_str(), "$Default" | "$Latest") && !is_number(v))?;
    let message = format!("`{version}` is no version of a launch template");
    Some(Problem::new(format!("{at}/version"), message, "write `$Default`, `$Latest` or a number"))
}

impl LaunchTemplate {
    /// What AWS Batch would reject of it in an environment of these `instanceTypes`, where they are known.
    pub fn problems(&self, instance_types: Option<&[String]>) -> Vec<Problem> {
        let mut problems = Vec::new();
        // With overrides, types that none of them names may do without a template of their own.
        if self.overrides.is_empty() || self.launch_template_id.is_some() {
            problems.extend(reference_problem(
                self.launch_template_id.as_ref(),
                self.launch_template_name.as_ref(),
                "",
            ));
        }
        problems.extend(version_problem(self.version.as_ref(), ""));
        let mut targets: Vec<&str> = Vec::new();
        for (index, other) in self.overrides.iter().enumerate() {
            let at = format!("/overrides/{index}");
            problems.extend(reference_problem(
                other.launch_template_id.as_ref(),
                other.launch_template_name.as_ref(),
                &at,
            ));
            problems.extend(version_problem(other.version.as_ref(), &at));
            for (target, name) in other.target_instance_types.iter().enumerate() {
                let at = format!("{at}/targetInstanceTypes/{target}");
                if let Some((message, help)) = target_fault(name, &targets, instance_types) {
                    problems.push(Problem::new(at, message, help));
                }
                targets.push(name);
            }
        }
        problems
    }
}

/// What is wrong with a target, after those before it.
fn target_fault(name: &str, before: &[&str], instance_types: Option<&[String]>) -> Option<(String, String)> {
    if KEYWORDS.contains(&name) {
        return Some((format!("`{name}` can't be the target of an override"), "name types or families".to_owned()));
    }
    if let Some(other) = before.iter().find(|other| is_within(name, other) || is_within(other, name)) {
        return Some((
            format!("`{name}` overlaps with `{other}`, a target before it"),
            "give every type one launch template".to_owned(),
        ));
    }
    // What a keyword expands to depends on the Region: a type may be among its families.
    let is_keyword = |entry: &String| KEYWORDS.contains(&entry.as_str());
    let instance_types = instance_types.filter(|entries| !entries.is_empty() && !entries.iter().any(is_keyword))?;
    (!instance_types.iter().any(|entry| is_within(name, entry))).then(|| {
        let known: Vec<_> = instance_types.iter().map(|entry| format!("`{entry}`")).collect();
        (
            format!("`{name}` is not among the environment's `instanceTypes`"),
            format!("name types or families of {}", known.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_holds_its_types() {
        assert!(is_within("m5.large", "m5") && is_within("m5", "m5") && is_within("m5.large", "m5.large"));
        assert!(!is_within("m5", "m5.large") && !is_within("m5a.large", "m5") && !is_within("m5.xlarge", "m5.large"));
    }
}
