//! Tags of AWS Batch's own resources. Source: `API:TagrisTagsMap`, `API:TagKey`, `API:TagValue`; the reserved prefix is
//! AWS's for all services.

use std::collections::BTreeMap;

use crate::model::Problem;
use crate::model::text::{segment, too_long};

/// Tags of one resource at most.
const TAGS_MAX: usize = 50;
const KEY_LENGTH_MAX: usize = 128;
const VALUE_LENGTH_MAX: usize = 256;

/// What AWS would reject of a resource's `tags`.
pub(super) fn problems(tags: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems: Vec<_> = too_long("/tags", "tags", tags.len(), TAGS_MAX).into_iter().collect();
    for (key, value) in tags {
        let at = format!("/tags/{}", segment(key));
        if key.is_empty() || key.chars().count() > KEY_LENGTH_MAX {
            problems.push(Problem::new(
                at.as_str(),
                format!("the tag's key has {} characters", key.chars().count()),
                format!("write 1 to {KEY_LENGTH_MAX}"),
            ));
        }
        if key.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:")) {
            problems.push(Problem::new(
                at.as_str(),
                format!("`{key}` starts with `aws:`, which is reserved"),
                "choose another key",
            ));
        }
        if value.chars().count() > VALUE_LENGTH_MAX {
            problems.push(Problem::new(
                at,
                format!("the tag's value has {} characters", value.chars().count()),
                format!("write {VALUE_LENGTH_MAX} at most"),
            ));
        }
    }
    problems
}
