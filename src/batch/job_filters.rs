//! Filters of `ListJobs`. Source: `API:ListJobsRequest.filters`. Knows one job at a time.

use serde::{Deserialize, Serialize};

use crate::batch::named_job::NamedJob;
use crate::history::unix_ms;
use crate::model::Problem;
use crate::model::job_queue::name_of;

/// A filter as it is written. Source: `API:KeyValuesPair`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "AWS's names say it")]
pub struct KeyValuesPair {
    pub name: String,
    /// A job is taken if it matches one of them.
    pub values: Vec<String>,
}

/// A filter with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// In any case; `*` at the end stands for any rest.
    JobName(Vec<String>),
    /// Names, which may end in `*`, or ARNs of revisions.
    JobDefinition(Vec<String>),
    /// Milliseconds since 1970.
    BeforeCreatedAt(Vec<u64>),
    /// Milliseconds since 1970.
    AfterCreatedAt(Vec<u64>),
    /// Shares.
    ShareIdentifier(Vec<String>),
}

/// What `name` may be; filter names are case-sensitive.
const NAMES: &str = "`JOB_NAME`, `JOB_DEFINITION`, `BEFORE_CREATED_AT`, `AFTER_CREATED_AT` or `SHARE_IDENTIFIER`";

impl Filter {
    /// The only filter of a request, if it has one.
    pub(super) fn read(written: &[KeyValuesPair]) -> Result<Option<Self>, Problem> {
        let filter = match written {
            [] => return Ok(None),
            [only] => only,
            more => {
                let message = format!("{} filters in one call, but AWS Batch takes 1", more.len());
                return Err(Problem::new("/filters", message, "keep one, and sift the answer"));
            }
        };
        let values = filter.values.clone();
        if values.is_empty() {
            let message = format!("filter `{}` has no values", filter.name);
            return Err(Problem::new("/filters/0/values", message, "write one"));
        }
        Ok(Some(match filter.name.as_str() {
            "JOB_NAME" => Self::JobName(values),
            "JOB_DEFINITION" => match values.iter().find(|value| value.starts_with("arn:") && value.ends_with('*')) {
                None => Self::JobDefinition(values),
                Some(arn) => {
                    let message = format!("`{arn}` is an ARN, and `*` stands at the end of names only");
                    return Err(Problem::new("/filters/0/values", message, "write a name, or a whole ARN"));
                }
            },
            "BEFORE_CREATED_AT" => Self::BeforeCreatedAt(times(&values)?),
            "AFTER_CREATED_AT" => Self::AfterCreatedAt(times(&values)?),
            "SHARE_IDENTIFIER" => Self::ShareIdentifier(values),
            other => {
                let message = format!("no filter is called `{other}`");
                return Err(Problem::new("/filters/0/name", message, format!("write {NAMES}")));
            }
        }))
    }

    /// Whether a job is wanted.
    pub(super) fn takes(&self, named: &NamedJob<'_>) -> bool {
        let job = &named.known.job;
        let created_at = unix_ms(named.record.created_at());
        match self {
            Self::JobName(patterns) => {
                let own = job.job_name.to_lowercase();
                patterns.iter().any(|pattern| matches(&pattern.to_lowercase(), &own))
            }
            Self::JobDefinition(definitions) => {
                let own = named.known.job_definition.as_str();
                let name = own.rsplit_once(':').map_or(own, |(name, _)| name);
                let is_own = |wanted: &String| {
                    if wanted.starts_with("arn:") { name_of(wanted) == own } else { matches(wanted, name) }
                };
                definitions.iter().any(is_own)
            }
            Self::BeforeCreatedAt(times) => times.iter().any(|&time| created_at < time),
            Self::AfterCreatedAt(times) => times.iter().any(|&time| created_at > time),
            Self::ShareIdentifier(shares) => job.share_identifier.as_ref().is_some_and(|own| shares.contains(own)),
        }
    }
}

fn times(values: &[String]) -> Result<Vec<u64>, Problem> {
    let time = |value: &String| {
        let help = "write milliseconds since 1970, in digits";
        let wrong = |_| Problem::new("/filters/0/values", format!("`{value}` is no time"), help);
        value.parse().map_err(wrong)
    };
    values.iter().map(time).collect()
}

/// Whether a text is the pattern, or begins with what stands before its `*`.
fn matches(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |prefix| text.starts_with(prefix))
}
