//! `windtunnel live SCENARIO`: the same scheduler, and a real cluster. What the three modes share stands here, a mode has a
//! file of its own.

mod dry_run;
mod shadow;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::output::OutputFormat;
use crate::cli::{CliError, ExitStatus, run};
use crate::live::backend::{Backend, NodeClass};
use crate::live::connect;
use crate::live::error::LiveError;
use crate::live::folded::Account;
use crate::live::pods::{RunEnvironment, RunPods};
use crate::live::settings::LiveSettings;
use crate::live::snapshot::{self, Snapshot};
use crate::pod;
use crate::scenario::Resolved;
use crate::sim::WorldSpec;

/// Look at a real cluster, or drive it.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct LiveArgs {
    /// The scenario, a JSON file.
    scenario: PathBuf,
    /// The context of the kubeconfig that names cluster and user.
    #[arg(long, value_name = "CONTEXT")]
    context: String,
    /// The kubeconfig; $KUBECONFIG, else ~/.kube/config, if not given.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    #[command(flatten)]
    mode: Mode,
    /// Who provides nodes.
    #[arg(long, value_enum, value_name = "BACKEND", default_value_t)]
    backend: BackendName,
    /// The `uuid` of a compute environment, which its nodes carry as label batch.amazonaws.com/compute-environment-uuid;
    /// repeat for more. One that follows from the scenario's and the environment's name, if not given.
    #[arg(long, value_name = "NAME=UUID")]
    environment: Vec<String>,
    /// The seed of all randomness; the scenario's own (or 1) if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Change a value of the scenario, by JSON pointer; repeat for more.
    #[arg(long, value_name = "POINTER=VALUE")]
    set: Vec<String>,
    /// With --shadow: write report.html, summary.json and the other files of `run` into this folder.
    #[arg(long, value_name = "DIR", requires = "shadow")]
    out: Option<PathBuf>,
    /// With --shadow: write every observation and decision as JSON Lines; compressed when the name ends in .gz.
    #[arg(long, value_name = "FILE", requires = "shadow")]
    journal: Option<PathBuf>,
    /// The form of the result.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output: OutputFormat,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; of a dry run: the API server would take every pod
  1  the API server can't be reached, or does not let us look
  2  bad usage, bad input, or a kubeconfig that can't be used
  3  of a dry run: the API server would refuse pods, or did not answer for them";

/// How far it goes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Mode {
    /// Look once, change nothing, and say what would be done and why; each pod is judged by the API server.
    #[arg(long)]
    dry_run: bool,
    /// Look once, then simulate what follows: the report of `run`, from the cluster as it is.
    #[arg(long)]
    shadow: bool,
    /// Drive the cluster.
    #[arg(long)]
    apply: bool,
}

/// `--backend`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum BackendName {
    /// Nobody: jobs are placed on nodes that carry the environment's label.
    #[default]
    Unmanaged,
    /// Karpenter, asked by `NodeClaim`s.
    Karpenter,
    /// A person or another tool, told by lines of JSON.
    Render,
}

/// What every mode begins with.
struct Prepared {
    scenario: Resolved,
    seed: u64,
    backend: Backend,
    /// What pods are made from; the run's id is the scenario's name until a mode gives it one.
    pods: RunPods,
}

/// Runs the command.
pub(super) fn run(args: &LiveArgs) -> Result<ExitStatus, CliError> {
    let prepared = prepare(args)?;
    for warning in &prepared.scenario.warnings {
        eprintln!("{warning}");
    }
    if args.mode.dry_run {
        return dry_run::run(args, prepared);
    }
    if args.mode.shadow {
        return shadow::run(args, prepared);
    }
    Err(CliError::BadInput("this build knows --dry-run and --shadow alone".to_owned()))
}

fn prepare(args: &LiveArgs) -> Result<Prepared, CliError> {
    let scenario = run::load(&args.scenario, &args.set)?;
    let environments = environments(&scenario, &args.environment)?;
    let pods = RunPods {
        run: scenario.scenario_name.clone(),
        job_queues: scenario.names.job_queues.clone(),
        environments,
        jobs: scenario.jobs.clone(),
    };
    let backend = match args.backend {
        BackendName::Unmanaged => Backend::Unmanaged,
        BackendName::Karpenter => Backend::Karpenter(NodeClass::default()),
        BackendName::Render => Backend::Render,
    };
    Ok(Prepared { seed: args.seed.unwrap_or(scenario.seed), scenario, backend, pods })
}

/// What a person can mend in what was given is bad input; the rest is the cluster's doing.
fn told(error: &LiveError) -> CliError {
    match error {
        LiveError::Config { .. } | LiveError::Refused(_) => CliError::BadInput(error.to_string()),
        LiveError::Api { .. } => CliError::Failed(error.to_string()),
    }
}

/// Looks at the cluster of `--context` once.
async fn look_at(
    args: &LiveArgs,
    pods: &RunPods,
    settings: &LiveSettings,
) -> Result<(connect::Client, Snapshot), LiveError> {
    let uuids: Vec<_> = pods.environments.iter().map(|environment| environment.uuid.clone()).collect();
    let client = connect::client(args.kubeconfig.as_deref(), &args.context).await?;
    let snapshot = snapshot::read(&client, &uuids, &pods.namespaces(), settings).await?;
    Ok((client, snapshot))
}

/// What a scenario's documents come to.
fn account(world: &WorldSpec) -> Account {
    Account {
        environments: world.environments.clone(),
        queues: world.queues.clone(),
        consumables: world.consumables.clone(),
        specs: world.specs.clone(),
    }
}

/// The environments with their `uuid`s: the given ones, else those that follow from names.
fn environments(scenario: &Resolved, given: &[String]) -> Result<Vec<RunEnvironment>, CliError> {
    let names = &scenario.names.compute_environments;
    let mut uuids = vec![None; names.len()];
    for text in given {
        let Some((name, uuid)) = text.split_once('=').filter(|(_, uuid)| !uuid.is_empty()) else {
            return Err(CliError::BadInput(format!("--environment {text}: write it as NAME=UUID")));
        };
        let Some(at) = names.iter().position(|known| known == name) else {
            let known = names.join(", ");
            return Err(CliError::BadInput(format!("--environment {text}: the scenario has {known}, and no `{name}`")));
        };
        if uuids[at].replace(uuid.to_owned()).is_some() {
            return Err(CliError::BadInput(format!("--environment {text}: `{name}` was given before; give it once")));
        }
    }
    let own = |name: &str| pod::compute_environment_uuid(&scenario.scenario_name, name).to_string();
    let all = names.iter().zip(uuids).zip(&scenario.namespaces).map(|((name, uuid), namespace)| RunEnvironment {
        uuid: uuid.unwrap_or_else(|| own(name)),
        name: name.clone(),
        namespace: namespace.clone().unwrap_or_default(),
    });
    Ok(all.collect())
}
