//! `windtunnel assumptions`: every value that AWS does not publish, with its range and its reason.

use std::path::PathBuf;

use clap::Args;
use comfy_table::{ContentArrangement, Table, presets};

use crate::cli::output::{OutputFormat, json, print};
use crate::cli::{CliError, ExitStatus};
use crate::model::{Assumption, Assumptions};
use crate::scenario;

/// Show every value that AWS does not publish: default, plausible range, reason
#[derive(Debug, Args)]
pub(super) struct AssumptionsArgs {
    /// Show the values of this scenario instead of the defaults
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,

    /// The form of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// Runs the command.
pub(super) fn run(args: &AssumptionsArgs) -> Result<ExitStatus, CliError> {
    let assumptions = match &args.scenario {
        None => Assumptions::default(),
        Some(path) => {
            let resolved = scenario::load(path, &[]).map_err(|findings| CliError::BadInput(findings.to_string()))?;
            resolved.world.assumptions
        }
    };
    let rows = assumptions.rows();
    match args.output {
        OutputFormat::Table => print(&table(&rows)),
        OutputFormat::Json => print(&json("the assumptions", &rows)?),
    }
}

fn table(rows: &[Assumption]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(160);
    table.set_header(["NAME", "VALUE", "RANGE", "REASON"]);
    for row in rows {
        table.add_row([row.name, &shown(&row.value), row.range, row.reason]);
    }
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// A value as a scenario would write it, text without quotes.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string().replace(['"', '{', '}'], "").replace([':', ','], " "),
    }
}
