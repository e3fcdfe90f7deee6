//! `windtunnel catalog`: what an instance type is, what is left of a node of it for jobs, and what it costs.
//!
//! Looks facts up and prints them; what follows from them is computed in [`facts`], how they look is [`table`]'s.

mod facts;
mod refresh;
mod table;

use clap::{Args, Subcommand};

use self::facts::{FamilyList, Report};
pub(super) use self::refresh::take_up;
use crate::catalog::{self as ec2, CatalogError, InstanceType, Region};
use crate::cli::output::{OutputFormat, json, print};
use crate::cli::{CliError, ExitStatus};
use crate::model::Assumptions;

/// Show instance types: size, what is left for jobs, price, Spot figures
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
pub(super) struct CatalogArgs {
    #[command(subcommand)]
    command: Option<Command>,

    /// A type (`m5.large`), a family (`m5`), or a keyword of AWS Batch (`optimal`, `default_x86_64`, `default_arm64`)
    #[arg(value_name = "TYPE|FAMILY|KEYWORD")]
    entries: Vec<String>,

    /// Whose prices and zones
    #[arg(long, default_value = "us-east-1")]
    region: String,

    /// The form of the result
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// What else can be done with it.
#[derive(Debug, Subcommand)]
enum Command {
    Refresh(refresh::RefreshArgs),
}

const AFTER_HELP: &str = "\
Without an argument, lists the families. One type is shown step by step, several in a table.
What is left for jobs rests on the defaults of some assumptions: vmMemoryOverheadPpm, and those whose \
names begin with coldDaemonSet and typicalDaemonSet. See `windtunnel assumptions`.";

/// Runs the command.
pub(super) fn run(args: &CatalogArgs) -> Result<ExitStatus, CliError> {
    if let Some(Command::Refresh(args)) = &args.command {
        return refresh::run(args);
    }
    let region = ec2::region(&args.region).map_err(|error| CliError::BadInput(format!("--region: {error}")))?;
    let text = if args.entries.is_empty() {
        let families = FamilyList::of(region);
        match args.output {
            OutputFormat::Table => table::families(&families),
            OutputFormat::Json => json("the catalog", &families)?,
        }
    } else {
        let report = Report::new(region, &select(&args.entries, region)?, &Assumptions::default());
        match (args.output, report.instance_types.as_slice()) {
            (OutputFormat::Json, _) => json("the catalog", &report)?,
            (OutputFormat::Table, [one]) => table::one(&report, one),
            (OutputFormat::Table, _) => table::several(&report),
        }
    };
    print(&text)
}

/// The types that the entries stand for. A type that is named is shown even where the region has no price for it, with
/// a word on stderr; entries that stand for nothing are bad input, all of them told at once.
fn select(entries: &[String], region: &Region) -> Result<Vec<&'static InstanceType>, CliError> {
    let (mut types, mut errors) = (Vec::new(), Vec::new());
    for entry in entries {
        match ec2::expand(entry, region) {
            Ok(expanded) => types.extend(expanded),
            Err(error @ (CatalogError::NotOffered { .. } | CatalogError::NoOnDemandPrice { .. })) => {
                eprintln!("note: {error}");
                types.extend(ec2::instance_type(entry));
            }
            Err(error) => errors.push(error.to_string()),
        }
    }
    if !errors.is_empty() {
        return Err(CliError::BadInput(errors.join("\n")));
    }
    types.sort_unstable_by_key(|t| (t.vcpus, t.name.as_str()));
    types.dedup_by_key(|t| t.name.as_str());
    Ok(types)
}
