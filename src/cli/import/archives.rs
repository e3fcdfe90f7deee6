//! `windtunnel import swf`, `wfcommons`, `nextflow`, `openb`, `csv`: archives of recorded work.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::Into;
use crate::cli::import::target::{TargetArgs, bad_input, name, open};
use crate::cli::{CliError, ExitStatus};
use crate::import::archives::{self, Openb, Swf};

/// A job log in the Standard Workload Format, plain or gzipped, as a scenario whose `trace` entry reads it.
///
/// The folder holds the log, unpacked, and scenario.json. Logs are at
/// <https://www.cs.huji.ac.il/labs/parallel/workload/logs.html>.
#[derive(Debug, Args)]
pub(super) struct SwfArgs {
    /// The log.
    log: PathBuf,
    /// vCPUs that a processor of the log stands for.
    #[arg(long, default_value_t = 1.0, value_name = "VCPUS", value_parser = vcpus)]
    vcpus_per_processor: f64,
    /// Make the requested times of jobs their attemptDurationSeconds, which end them.
    #[arg(long)]
    timeouts: bool,
    /// Let jobs fail that failed or were cancelled in the log.
    #[arg(long)]
    failures: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    into: Into,
}

fn vcpus(text: &str) -> Result<f64, String> {
    let vcpus = text.parse().ok().filter(|vcpus| (0.001..=1_000.0).contains(vcpus));
    vcpus.ok_or_else(|| "write a number from 0.001 to 1000".to_owned())
}

pub(super) fn swf(args: &SwfArgs) -> Result<ExitStatus, CliError> {
    let options =
        Swf { vcpus_per_processor: args.vcpus_per_processor, timeouts: args.timeouts, failures: args.failures };
    let name = name(&args.log);
    let name = name.strip_suffix(".swf").unwrap_or(&name);
    let imported = archives::swf(open(&args.log)?, name, options, &args.target.target());
    args.into.write(&imported.map_err(|error| bad_input(&error))?)
}

/// A workflow in `WfFormat` (1.3 to 1.6), plain or gzipped: tasks and what they wait for, cores, memory, runtimes.
///
/// Instances are at <https://github.com/wfcommons/WfInstances>.
#[derive(Debug, Args)]
pub(super) struct WfcommonsArgs {
    /// The instance.
    instance: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    into: Into,
}

pub(super) fn wfcommons(args: &WfcommonsArgs) -> Result<ExitStatus, CliError> {
    let work = archives::wfcommons(open(&args.instance)?, &name(&args.instance)).map_err(|error| bad_input(&error))?;
    args.into.write(&args.target.scenario(work)?)
}

/// The trace.txt of a Nextflow run (`-with-trace`), for people or raw: tasks at the times at which they were submitted, how long
/// each attempt ran and how it ended.
///
/// `trace.fields` should have name, process, status, exit, submit, realtime, cpus, memory and attempt.
#[derive(Debug, Args)]
pub(super) struct NextflowArgs {
    /// The trace.
    trace: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    into: Into,
}

pub(super) fn nextflow(args: &NextflowArgs) -> Result<ExitStatus, CliError> {
    let work = archives::nextflow(open(&args.trace)?, &name(&args.trace)).map_err(|error| bad_input(&error))?;
    args.into.write(&args.target.scenario(work)?)
}

/// Alibaba's GPU cluster trace of 2023: a list of pods on a list of nodes, which become an UNMANAGED environment.
///
/// The lists are at <https://github.com/alibaba/clusterdata>, cluster-trace-gpu-v2023.
#[derive(Debug, Args)]
pub(super) struct OpenbArgs {
    /// The list of pods: `openb_pod_list_default.csv` or another.
    pods: PathBuf,
    /// The list of nodes: `openb_node_list_all_node.csv` or another.
    #[arg(long, value_name = "FILE")]
    node_list: PathBuf,
    /// Let all pods come at the beginning and stay: how full do the nodes get before one finds no place?
    #[arg(long)]
    hold: bool,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    into: Into,
}

pub(super) fn openb(args: &OpenbArgs) -> Result<ExitStatus, CliError> {
    let (pods, nodes) = (open(&args.pods)?, open(&args.node_list)?);
    let work = archives::openb(pods, nodes, Openb { hold: args.hold }).map_err(|error| bad_input(&error))?;
    args.into.write(&args.target.scenario(work)?)
}

/// A table of jobs, one row per attempt, plain or gzipped.
///
/// Its first line names the columns. Needed are: name; submit (a date and time in ISO 8601, or a span or seconds from the
/// beginning); runtime (90s, 15m, 1h30m, PT2H, or seconds); cpus (2, 0.5, 500m). Further ones: memory (4Gi, 512Mi, or MiB),
/// gpus, user, queue, kind (jobs of one kind are one entry of the workload; the name without its last number where absent),
/// `depends_on` (names, separated by spaces or semicolons), exit (0 to 255, `OOMKilled`, volume, imagePull), attempt (from 1).
#[derive(Debug, Args)]
pub(super) struct CsvArgs {
    /// The table.
    table: PathBuf,
    #[command(flatten)]
    target: TargetArgs,
    #[command(flatten)]
    into: Into,
}

pub(super) fn csv(args: &CsvArgs) -> Result<ExitStatus, CliError> {
    let work = archives::table(open(&args.table)?, &name(&args.table)).map_err(|errors| {
        let lines: Vec<_> = errors.iter().map(ToString::to_string).collect();
        CliError::BadInput(lines.join("\n"))
    })?;
    args.into.write(&args.target.scenario(work)?)
}
