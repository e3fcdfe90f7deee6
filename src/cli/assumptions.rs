//! `windtunnel assumptions`: every value that AWS does not publish, with its range and its reason.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};

use super::error::{CliError, ExitStatus};
use super::stdout;
use crate::model::{Assumption, Assumptions};
use crate::scenario;

/// Show every value that AWS does not publish: default, plausible range, reason
#[derive(Debug, Args)]
pub(super) struct AssumptionsArgs {
    /// Show the values of this scenario instead of the defaults
    #[arg(value_name = "SCENARIO")]
    scenario: Option<PathBuf>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Table,
    /// For programs: a list of objects with name, value, range and reason
    Json,
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
        Output::Table => stdout::print(&table(&rows)),
        Output::Json => {
            let text = serde_json::to_string_pretty(&rows)
                .map_err(|error| CliError::Failed(format!("the assumptions have no JSON form: {error}")))?;
            stdout::print(&text)
        }
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
