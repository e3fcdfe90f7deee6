//! `windtunnel live SCENARIO`: the same scheduler, and a real cluster. What the three modes share stands here, a mode has a
//! file of its own.

mod apply;
mod dry_run;
mod feed;
mod modes;
mod print_rbac;
mod shadow;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::batch::Batch;
use crate::cli::output::OutputFormat;
use crate::cli::provenance::file_word;
use crate::cli::{CliError, ExitStatus, run};
use crate::live::backend::{Backend, NodeClass};
use crate::live::connect::{Client, Connection};
use crate::live::error::LiveError;
use crate::live::folded::Account;
use crate::live::jobs::{Documents, Feed, Folder, Lines};
use crate::live::pods::{RunEnvironment, RunPods};
use crate::live::settings::LiveSettings;
use crate::live::snapshot::{self, Snapshot};
use crate::pod;
use crate::scenario::{self, KnownTypes, Resolved};
use crate::sim::WorldSpec;

/// Look at a real cluster, or drive it.
#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct LiveArgs {
    /// The scenario, a JSON file.
    scenario: PathBuf,
    /// The context of the kubeconfig that names cluster and user; every mode but --print-rbac needs it.
    #[arg(long, value_name = "CONTEXT", required_unless_present = "print_rbac")]
    context: Option<String>,
    /// The kubeconfig; $KUBECONFIG, else ~/.kube/config, if not given.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    #[command(flatten)]
    mode: Mode,
    /// Who provides nodes.
    #[arg(long, value_enum, value_name = "BACKEND", default_value_t)]
    backend: BackendName,
    /// With `--backend karpenter`: the node class that instances are made from; of the kind `EC2NodeClass` where none is named.
    /// EC2NodeClass/default if not given.
    #[arg(long, value_name = "[KIND/]NAME", value_parser = node_class)]
    node_class: Option<NodeClass>,
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
    /// Take jobs, beside the scenario's own, from a folder (files of `SubmitJob` documents, one per line) or, with `-`, from
    /// standard input. Files that were taken are moved to DIR/done, with the answers beside them.
    #[arg(long, value_name = "DIR|-")]
    jobs: Option<PathBuf>,
    /// How many seconds of the run are a second of the wall clock: more than 1 for rehearsals. With --shadow also `max`: as
    /// fast as it can, which is the default there unless jobs come from outside. Else 1.
    #[arg(long, value_name = "N|max", value_parser = Speed::parse)]
    speed: Option<Speed>,
    /// The form of the result: a table, if not given.
    #[arg(long, value_enum, value_name = "FORMAT")]
    output: Option<OutputFormat>,
    #[command(flatten)]
    shadow: shadow::ShadowArgs,
    #[command(flatten)]
    apply: apply::ApplyArgs,
    #[command(flatten)]
    print_rbac: print_rbac::PrintRbacArgs,
}

/// `--speed`.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Speed {
    /// So many seconds in one of the wall clock.
    Times(f64),
    /// As fast as it can.
    Max,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done; of a dry run: the API server would take every pod
  1  the API server can't be reached, or does not let us look
  2  bad usage, bad input, or a kubeconfig that can't be used
  3  of a dry run: the API server would refuse pods, or did not answer for them";

/// How far it goes.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of which exactly one is given")]
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
    /// Ask no cluster: print the permissions that --apply needs, for `kubectl apply -f -`.
    #[arg(long)]
    print_rbac: bool,
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
    /// The account as its documents leave it.
    account: Batch<KnownTypes>,
    seed: u64,
    backend: Backend,
    /// What pods are made from; the run's id is the scenario's name until a mode gives it one.
    pods: RunPods,
}

/// Runs the command.
pub(super) fn run(args: &LiveArgs) -> Result<ExitStatus, CliError> {
    modes::refuse_strangers(args)?;
    let prepared = prepare(args)?;
    for warning in &prepared.scenario.warnings {
        eprintln!("{warning}");
    }
    if args.mode.print_rbac {
        return print_rbac::run(args, &prepared);
    }
    if args.mode.dry_run {
        return dry_run::run(args, prepared);
    }
    if args.mode.shadow {
        return shadow::run(args, prepared);
    }
    apply::run(args, prepared)
}

impl Speed {
    fn parse(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let speed = text.parse::<f64>().map_err(|error| format!("{error}; or `max`"))?;
        let is_one = speed.is_finite() && speed > 0.0;
        if is_one { Ok(Self::Times(speed)) } else { Err("give a number above 0, or `max`".to_owned()) }
    }
}

fn node_class(text: &str) -> Result<NodeClass, String> {
    let named = NodeClass::default();
    let (kind, name) = text.split_once('/').unwrap_or((&named.kind, text));
    let is_word = |word: &str| !word.is_empty() && !word.contains('/');
    if is_word(kind) && is_word(name) {
        // Kinds of AWS' provider, and of EKS Auto Mode (`NodeClass`).
        let group = if kind == "NodeClass" { "eks.amazonaws.com" } else { &named.group };
        Ok(NodeClass { group: group.to_owned(), kind: kind.to_owned(), name: name.to_owned() })
    } else {
        Err("give a name, or a kind and a name, as in EC2NodeClass/default".to_owned())
    }
}

impl LiveArgs {
    fn connection(&self) -> Connection {
        Connection { kubeconfig: self.kubeconfig.clone(), context: self.context().to_owned() }
    }

    fn context(&self) -> &str {
        self.context.as_deref().unwrap_or_default()
    }

    fn output(&self) -> OutputFormat {
        self.output.unwrap_or_default()
    }

    /// The words that began the run.
    fn words(&self) -> Vec<String> {
        let mut words = vec!["live".to_owned(), file_word(&self.scenario)];
        words.extend(self.seed.iter().flat_map(|seed| ["--seed".to_owned(), seed.to_string()]));
        words.extend(self.set.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]));
        words
    }
}

fn prepare(args: &LiveArgs) -> Result<Prepared, CliError> {
    let settings = run::parse_settings(&args.set)?;
    let (scenario, account) = scenario::load_with_account(&args.scenario, &settings)
        .map_err(|findings| CliError::BadInput(findings.to_string()))?;
    let environments = environments(&scenario, &args.environment)?;
    let pods = RunPods {
        run: scenario.scenario_name.clone(),
        job_queues: scenario.names.job_queues.clone(),
        environments,
        jobs: scenario.jobs.clone(),
    };
    let backend = match args.backend {
        BackendName::Unmanaged => Backend::Unmanaged,
        BackendName::Karpenter => Backend::Karpenter(args.node_class.clone().unwrap_or_default()),
        BackendName::Render => Backend::Render,
    };
    Ok(Prepared { seed: args.seed.unwrap_or(scenario.seed), scenario, account, backend, pods })
}

/// What a person can mend in what was given is bad input; the rest is the cluster's doing.
fn told(error: &LiveError) -> CliError {
    match error {
        LiveError::Config { .. } | LiveError::Refused(_) => CliError::BadInput(error.to_string()),
        LiveError::Api { .. } | LiveError::Forbidden { .. } => CliError::Failed(error.to_string()),
    }
}

/// Looks at the cluster of `--context` once.
async fn look_at(args: &LiveArgs, pods: &RunPods, settings: &LiveSettings) -> Result<(Client, Snapshot), LiveError> {
    let uuids: Vec<_> = pods.environments.iter().map(|environment| environment.uuid.clone()).collect();
    let client = args.connection().client().await?;
    let snapshot = snapshot::read(&client, &uuids, &pods.namespaces(), settings).await?;
    Ok((client, snapshot))
}

/// Jobs from outside, where `--jobs` says from where.
fn outside(args: &LiveArgs, world: &WorldSpec, batch: Batch<KnownTypes>) -> Result<Option<Box<dyn Feed>>, CliError> {
    let Some(jobs) = &args.jobs else { return Ok(None) };
    let entry = u16::try_from(world.workload.len()).map_err(|_| {
        CliError::BadInput("--jobs: the workload has 65,536 entries, which leaves no number for one more".to_owned())
    })?;
    if jobs.as_os_str() == "-" {
        return Ok(Some(Box::new(Documents::new(Lines::of_stdin(), batch, entry))));
    }
    let folder = Folder::watch(jobs, LiveSettings::default().folder_poll);
    let folder = folder.map_err(|error| CliError::Failed(error.to_string()))?;
    Ok(Some(Box::new(Documents::new(folder, batch, entry))))
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
