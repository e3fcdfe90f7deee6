//! `windtunnel plan SCENARIO|STUDY`: the cheapest of many designs that keeps its objectives.

use clap::Args;

use crate::cli::output::{OutputFormat, json, print};
use crate::cli::study::{StudyArgs, StudyProgress, bad_input, judge};
use crate::cli::{CliError, ExitStatus};
use crate::experiment::plan::{PlanRequest, plan};
use crate::report;

/// Find the cheapest design that keeps its objectives.
///
/// All designs get a few runs; only those get more that could still be the best. The design found is run again under
/// seeds that the search did not see.
#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    study: StudyArgs,
    /// An objective, like 'wait.p95 <= 15m', 'jobs.failed == 0' or 'makespan <= 8h in 90%'; repeat for more. A bound is
    /// about the mean over runs, or about so many runs with `in`; `==` is about every run.
    #[arg(long, value_name = "OBJECTIVE")]
    slo: Vec<String>,
    /// The key of the results to make as small as can be [default: cost.total]
    #[arg(long, value_name = "KEY")]
    minimize: Option<String>,
    /// Runs of a design at most [default: 40]
    #[arg(long, value_name = "N")]
    max_replications: Option<u32>,
    /// Runs of the chosen design under fresh seeds [default: 20]
    #[arg(long, value_name = "N")]
    fresh: Option<u32>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

/// Runs the command.
pub(super) fn run(args: &PlanArgs) -> Result<ExitStatus, CliError> {
    let mut file = args.study.file()?;
    if !args.slo.is_empty() {
        file.slo.clone_from(&args.slo);
    }
    file.minimize = args.minimize.clone().or(file.minimize);
    file.max_replications = args.max_replications.or(file.max_replications);
    file.fresh = args.fresh.or(file.fresh);
    let study = judge(&file)?;
    let request = PlanRequest::new(&file, &study).map_err(|findings| bad_input(&findings))?;
    let mut executor = args.study.executor(&study)?;
    let progress = StudyProgress::new();
    let found = plan(&mut executor, &study, &request, &progress);
    progress.finish();
    let found = found.map_err(|error| args.study.failed(&error))?;

    print(&match args.output {
        OutputFormat::Table => report::plan_table(&found),
        OutputFormat::Json => json("the plan", &found)?,
    })?;
    if let Some(folder) = &args.study.out {
        let files = report::write_plan(folder, &found, executor.samples())
            .map_err(|error| CliError::Failed(error.to_string()))?;
        for file in files {
            eprintln!("wrote {}", file.display());
        }
    }
    executor.close().map_err(|error| args.study.failed(&error))?;
    Ok(if found.chosen.is_some() { ExitStatus::Done } else { ExitStatus::Diverged })
}
