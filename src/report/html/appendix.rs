//! The end of any page: what was assumed, where the numbers come from, what is not modelled.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::metrics::Summary;
use crate::metrics::figures::usd;
use crate::report::form::NONE;
use crate::report::html::blocks::{prose, section};
use crate::report::provenance::Provenance;
use crate::report::tables::{Assumed, assumptions};

const LIMITS: &str = "The simulator has not been held against a real cluster yet, and does not model data transfer, quotas \
                      of EC2 other than the depth of its pools, or pod scheduling beyond CPU, memory, GPUs and pod slots: \
                      trust differences between two runs more than either number. The whole list is in the project's \
                      src/ARCHITECTURE.md under “Known limits”, what is modelled in README.md.";

/// All assumptions; those that differ from their default first, and marked by more than weight.
pub(super) fn assumed(values: &Map<String, Value>) -> Markup {
    let all = assumptions(values);
    let row = |one: &Assumed| {
        let value = if one.differs() { format!("{} (default {})", one.value, one.default) } else { one.value.clone() };
        (one.differs(), vec![one.about.name.to_owned(), value, one.about.range.to_owned(), one.about.reason.to_owned()])
    };
    let changed: Vec<_> = all.iter().filter(|one| one.differs()).map(row).collect();
    let rows: Vec<_> = all.iter().map(row).collect();
    let heads = ["name", "value", "plausible range", "reason"];
    section(
        "assumptions",
        "Assumptions",
        &html! {
            p { "What AWS does not publish is assumed, with a range in which it may plausibly lie." }
            @if changed.is_empty() {
                p { "Here all " (all.len()) " have their default value." }
            } @else {
                (prose("Those that differ from their default", &heads, &changed))
            }
            details {
                summary { "All " (all.len()) " assumptions" }
                (prose("All assumptions", &heads, &rows))
            }
        },
    )
}

/// Where the numbers come from.
pub(super) fn provenance(seeds: &str, used: Option<&Summary>, provenance: &Provenance) -> Markup {
    let told = [
        ("program", html! { "windtunnel " (env!("CARGO_PKG_VERSION")) }),
        ("command", html! { code { (provenance.command) } }),
        ("seed", html! { (seeds) }),
        ("region of the prices", html! { (provenance.region) }),
    ];
    let sources = provenance.sources.iter();
    let sources: Vec<_> =
        sources.map(|one| (false, vec![one.what.clone(), one.as_of.clone(), one.from.clone()])).collect();
    section(
        "provenance",
        "Where the numbers come from",
        &html! {
            p { "The same program, scenario and seed give the same numbers, byte by byte." }
            div.table { div.scroll { table { tbody {
                @for (what, value) in &told { tr { th scope="row" { (what) } td.words { (value) } } }
            } } } }
            (prices(used, provenance))
            @if !sources.is_empty() { (prose("The catalog", &["facts", "as of", "from"], &sources)) }
            p.quiet { (LIMITS) }
        },
    )
}

/// Prices of the types that a run used; without one, of all that may be used.
fn prices(used: Option<&Summary>, provenance: &Provenance) -> Markup {
    let is_used = |name: &str| {
        used.is_none_or(|summary| summary.instance_types.iter().any(|row| row.instance_type.as_deref() == Some(name)))
    };
    let rows: Vec<_> = provenance
        .prices
        .iter()
        .filter(|price| is_used(&price.instance_type))
        .map(|price| {
            let as_of = price.as_of.as_deref().unwrap_or(NONE).to_owned();
            let spot = price.spot_usd.map_or_else(|| NONE.to_owned(), usd);
            (false, vec![price.instance_type.clone(), usd(price.on_demand_usd), spot, as_of, price.basis.clone()])
        })
        .collect();
    let heads = ["type", "On-Demand per hour", "Spot per hour, mean", "as of", "basis of the On-Demand price"];
    html! {
        @if used.is_some() && !rows.is_empty() { (prose("Prices of the types that were used", &heads, &rows)) }
        @else if !rows.is_empty() {
            details {
                summary { "Prices of " (rows.len()) " instance types" }
                (prose("Prices of the types that may be used", &heads, &rows))
            }
        }
    }
}
