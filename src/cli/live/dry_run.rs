//! `windtunnel live --dry-run`: what would be done to a cluster, now, and why.

use crate::cli::live::{LiveArgs, Prepared, account, look_at, told};
use crate::cli::output::{OutputFormat, json, print};
use crate::cli::{CliError, ExitStatus};
use crate::live::connect;
use crate::live::dry_run::{Question, Report, answer};
use crate::live::error::LiveError;
use crate::live::settings::LiveSettings;
use crate::pod;
use crate::report::dry_run_table;
use crate::sim::Submissions;

/// Runs the mode.
pub(super) fn run(args: &LiveArgs, prepared: Prepared) -> Result<ExitStatus, CliError> {
    let report = connect::wait_for(look(args, prepared)).map_err(|error| told(&error))?;
    print(&match args.output() {
        OutputFormat::Table => dry_run_table(&report),
        OutputFormat::Json => json("the dry run", &report)?,
    })?;
    Ok(if report.not_accepted() > 0 { ExitStatus::Diverged } else { ExitStatus::Done })
}

async fn look(args: &LiveArgs, prepared: Prepared) -> Result<Report, LiveError> {
    let Prepared { scenario, account: _, seed, backend, mut pods } = prepared;
    pods.run = pod::run_uuid(&scenario.scenario_name, None).to_string();
    let settings = LiveSettings::default();
    let (client, snapshot) = look_at(args, &pods, &settings).await?;
    let world = &scenario.world;
    let account = account(world).under(&backend);
    let question = Question {
        scenario: &scenario.scenario_name,
        seed,
        context: args.context(),
        backend: &backend,
        config: &scenario.config,
        names: &scenario.names,
        operations: world.operations.len(),
        account: &account,
        pods: &pods,
    };
    let submissions = Submissions::new(&world.workload, seed).map(|(_, event)| event);
    answer(&question, &snapshot, submissions, &client, &settings).await
}
