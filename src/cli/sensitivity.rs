//! `windtunnel sensitivity SCENARIO|STUDY`: which of the values that AWS doesn't publish matter, and whether the ranking of
//! variants hangs on one of them.

use clap::Args;

use crate::cli::output::{OutputFormat, json, print};
use crate::cli::provenance::provenance;
use crate::cli::study::{StudyArgs, StudyProgress, bad_input, judge, option};
use crate::cli::{CliError, ExitStatus};
use crate::experiment::StudyError;
use crate::experiment::sensitivity::{Design, REPLICATIONS, sensitivity};
use crate::report;

/// Find out which of the values that AWS doesn't publish matter.
///
/// Each assumption is set to both ends of its plausible range, with everything else and all seeds as they are. With --vary,
/// or a study that has variants: whether the best variant is the best under all of them.
#[derive(Debug, Args)]
pub(super) struct SensitivityArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// A key of the results, like cost.total or wait.p95; repeat for more. Variants are ranked by the first
    /// [default: cost.total]
    #[arg(long = "metric", value_name = "KEY")]
    metrics: Vec<String>,
    /// Vary this assumption only; repeat for more. `windtunnel assumptions` lists them with their ranges.
    #[arg(long = "assumption", value_name = "NAME")]
    assumptions: Vec<String>,
    /// Runs of each level [default: 10]
    #[arg(long, value_name = "N", conflicts_with = "morris")]
    replications: Option<u32>,
    /// Vary all assumptions together instead, along so many trajectories (Morris's elementary effects): shows what acts
    /// together. 10 are usual.
    #[arg(long, value_name = "R")]
    morris: Option<u32>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// Runs the command.
pub(super) fn run(args: &SensitivityArgs) -> Result<ExitStatus, CliError> {
    let mut file = args.study.file()?;
    (file.precision, file.max_replications) = (None, None);
    file.replications = args.replications.or(file.replications).or(Some(REPLICATIONS));
    if !args.metrics.is_empty() {
        file.metrics.clone_from(&args.metrics);
    } else if file.metrics.is_empty() {
        file.metrics = vec!["cost.total".to_owned()];
    }
    let study = judge(&file)?;
    let design = match args.morris {
        None => Design::one_at_a_time(study, &file, &args.assumptions),
        Some(trajectories) => Design::morris(study, &file, &args.assumptions, trajectories),
    };
    let design = design.map_err(|findings| bad_input(&findings))?;
    let mut executor = args.study.executor(&design.study)?;
    let progress = StudyProgress::new();
    let found = sensitivity(&mut executor, &design, &progress);
    progress.finish();
    let found = found.map_err(|error| args.study.failed(&error))?;

    print(&match args.output {
        OutputFormat::Table => report::sensitivity_table(&found),
        OutputFormat::Json => json("the study", &found)?,
    })?;
    if found.interrupted.is_some() {
        return Err(args.study.failed(&StudyError::Interrupted));
    }
    if let Some(folder) = &args.study.out {
        let provenance = provenance(&words(args), &design.study.designs[design.study.baseline]);
        let files = report::write_sensitivity(folder, &found, &design, executor.samples(), &provenance)
            .map_err(|error| CliError::Failed(error.to_string()))?;
        for file in files {
            eprintln!("wrote {}", file.display());
        }
    }
    executor.close().map_err(|error| args.study.failed(&error))?;
    Ok(ExitStatus::Done)
}

/// The command that gives the same numbers again.
fn words(args: &SensitivityArgs) -> Vec<String> {
    let more = [
        args.metrics.iter().flat_map(|metric| option("--metric", Some(metric))).collect(),
        args.assumptions.iter().flat_map(|name| option("--assumption", Some(name))).collect(),
        option("--replications", args.replications.as_ref()),
        option("--morris", args.morris.as_ref()),
    ];
    args.study.words("sensitivity", more.concat())
}
