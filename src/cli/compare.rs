//! `windtunnel compare SCENARIO|STUDY`: variants of a scenario under the same seeds, and which is better beyond doubt.

use clap::Args;

use crate::cli::output::{OutputFormat, json, print};
use crate::cli::provenance::provenance;
use crate::cli::study::{StudyArgs, StudyProgress, judge, option, parse_share};
use crate::cli::{CliError, ExitStatus};
use crate::experiment::{StudyError, compare};
use crate::report;

/// Compare variants of a scenario: means with confidence intervals, paired differences, ranks.
///
/// All variants meet the same seeds, and so the same jobs; and the same Spot weather, if they allow the same instance types.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// Runs of each variant [default: 20]
    #[arg(long, value_name = "N", conflicts_with = "precision")]
    replications: Option<u32>,
    /// Add runs until the first metric's interval is this narrow in every variant: half its width over its mean.
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    precision: Option<f64>,
    /// With --precision, runs of each variant at most [default: 200]
    #[arg(long, value_name = "N", requires = "precision")]
    max_replications: Option<u32>,
    /// The variant that the others are compared with; the scenario as written if it is one of them, else the first.
    #[arg(long, value_name = "NAME")]
    baseline: Option<String>,
    /// A key of the results to compare, like cost.total or wait.p95; repeat for more. Variants are ranked by the first.
    #[arg(long = "metric", value_name = "KEY")]
    metrics: Vec<String>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// Runs the command.
pub(super) fn run(args: &CompareArgs) -> Result<ExitStatus, CliError> {
    let mut file = args.study.file()?;
    if args.precision.is_some() {
        (file.precision, file.replications) = (args.precision, None);
    }
    if args.replications.is_some() {
        (file.precision, file.replications) = (None, args.replications);
    }
    file.max_replications = args.max_replications.or(file.max_replications);
    file.baseline = args.baseline.clone().or(file.baseline);
    if !args.metrics.is_empty() {
        file.metrics.clone_from(&args.metrics);
    }
    let study = judge(&file)?;
    let mut executor = args.study.executor(&study)?;
    let progress = StudyProgress::new();
    let comparison = compare(&mut executor, &study, &progress);
    progress.finish();
    let comparison = comparison.map_err(|error| args.study.failed(&error))?;

    print(&match args.output {
        OutputFormat::Table => report::comparison_table(&comparison),
        OutputFormat::Json => json("the comparison", &comparison)?,
    })?;
    if comparison.interrupted.is_some() {
        return Err(args.study.failed(&StudyError::Interrupted));
    }
    if let Some(folder) = &args.study.out {
        let provenance = provenance(&words(args), &study.designs[study.baseline]);
        let files = report::write_comparison(folder, &comparison, executor.samples(), &provenance)
            .map_err(|error| CliError::Failed(error.to_string()))?;
        for file in files {
            eprintln!("wrote {}", file.display());
        }
    }
    executor.close().map_err(|error| args.study.failed(&error))?;
    Ok(ExitStatus::Done)
}

/// The command that gives the same numbers again.
fn words(args: &CompareArgs) -> Vec<String> {
    let metrics = args.metrics.iter().flat_map(|metric| option("--metric", Some(metric)));
    let more = [
        option("--replications", args.replications.as_ref()),
        option("--precision", args.precision.as_ref()),
        option("--max-replications", args.max_replications.as_ref()),
        option("--baseline", args.baseline.as_ref()),
        metrics.collect(),
    ];
    args.study.words("compare", more.concat())
}
