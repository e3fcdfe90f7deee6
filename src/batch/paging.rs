//! Answers in pages: `maxResults` and `nextToken`. Source: `API:DescribeComputeEnvironmentsRequest` and its kin. Knows
//! places in an order, not what stands there.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::batch::error::BatchError;
use crate::model::Problem;

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageRequest {
    /// Entries at most; as many as the operation gives where absent, 100 of most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
    /// What the page before gave; the first page where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<R> {
    /// What stands on it; of a noun of the control plane, in order of creation.
    pub items: Vec<R>,
    /// Gives the next page; `None` on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// Entries of a page at most, for every noun of the control plane.
const RESULTS_MAX: u32 = 100;

impl PageRequest {
    /// The page of `all`, which gives each entry with its position, of a noun of the control plane.
    pub(super) fn page<R>(
        &self,
        operation: &'static str,
        all: impl Iterator<Item = (usize, R)>,
    ) -> Result<Page<R>, BatchError> {
        self.page_of(operation, RESULTS_MAX, all)
    }

    /// The page of `all`, which gives each entry with its place, in order of places. A token names a place, so that what is
    /// created or deleted between two pages shifts nothing.
    pub(super) fn page_of<K: Ord + Display + FromStr, R>(
        &self,
        operation: &'static str,
        limit: u32,
        all: impl Iterator<Item = (K, R)>,
    ) -> Result<Page<R>, BatchError> {
        let most = self.max_results.unwrap_or(limit);
        if !(1..=limit).contains(&most) {
            let message = format!("{most} results on a page");
            let problem = Problem::new("/maxResults", message, format!("write 1 to {limit}"));
            return Err(BatchError::refused(operation, problem));
        }
        let from: Option<K> = match &self.next_token {
            None => None,
            Some(token) => Some(token.parse().map_err(|_| {
                let problem = Problem::new("/nextToken", "Invalid nextToken", "write what the page before gave");
                BatchError::refused(operation, problem)
            })?),
        };
        let mut rest = all.filter(|(place, _)| from.as_ref().is_none_or(|from| place >= from));
        let items = rest.by_ref().take(most as usize).map(|(_, item)| item).collect();
        Ok(Page { items, next_token: rest.next().map(|(place, _)| place.to_string()) })
    }
}
