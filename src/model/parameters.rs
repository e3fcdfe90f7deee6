//! Parameter substitution: `Ref::name` in a pod's texts. Source: `UG:job_definition_parameters`, which shows it in a
//! container's command; how far it goes on EKS is the assumption `parameterSubstitution`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Problem;
use crate::model::container::IMAGE_LENGTH_MAX;
use crate::model::pod::EksPodProperties;

/// Which texts of a container `Ref::name` is replaced in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ParameterSubstitution {
    /// `command` alone, as the user guide shows it.
    Command,
    /// `command` and `args`.
    CommandAndArgs,
    /// `command`, `args`, the values of `env`, and `image`.
    CommandArgsEnvAndImage,
}

const MARK: &str = "Ref::";

/// Replaces every `Ref::name` whose name has a value; others stay as they are. Says where the result is none that AWS
/// Batch takes.
pub(super) fn substitute(
    pod: &mut EksPodProperties,
    values: &BTreeMap<String, String>,
    reach: ParameterSubstitution,
) -> Option<Problem> {
    let mut problem = None;
    for container in pod.containers.iter_mut().chain(&mut pod.init_containers) {
        let mut texts: Vec<&mut String> = container.command.iter_mut().collect();
        if reach != ParameterSubstitution::Command {
            texts.extend(&mut container.args);
        }
        if reach == ParameterSubstitution::CommandArgsEnvAndImage {
            texts.extend(container.env.iter_mut().map(|variable| &mut variable.value));
            let image = replaced(&container.image, values);
            if image != container.image && image.len() > IMAGE_LENGTH_MAX {
                let message = format!("with these, an image's name has {} characters", image.len());
                problem = Some(Problem::new("/parameters", message, format!("write {IMAGE_LENGTH_MAX} at most")));
            }
            container.image = image;
        }
        for text in texts.into_iter().filter(|text| text.contains(MARK)) {
            *text = replaced(text, values);
        }
    }
    problem
}

/// The text with its parameters in place. A name is the longest run of letters, digits, `_` and `-` after the mark;
/// what is put in is not looked at again.
fn replaced(text: &str, values: &BTreeMap<String, String>) -> String {
    let mut parts = text.split(MARK);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        match values.get(name) {
            Some(value) => out.push_str(value),
            None => out.extend([MARK, name]),
        }
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_whole_and_once() {
        let values = BTreeMap::from([("in", "a.mp4"), ("codec", "Ref::in")].map(|(k, v)| (k.to_owned(), v.to_owned())));
        assert_eq!(replaced("Ref::in", &values), "a.mp4");
        assert_eq!(replaced("cp Ref::in/x Ref::codec", &values), "cp a.mp4/x Ref::in");
        assert_eq!(replaced("Ref::inputfile Ref:: Ref::", &values), "Ref::inputfile Ref:: Ref::");
    }
}
