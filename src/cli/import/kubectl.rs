//! `windtunnel import kubectl`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::{Into, open, workload};
use crate::cli::{CliError, ExitStatus};
use crate::import::kubectl::{Reading, Wanted, scenario};

/// A cluster as kubectl shows it: what nodes of each type offer, what daemonsets ask for, and the nodes that carry AWS Batch's
/// label with what others' pods take of them.
///
/// `kubectl get nodes,daemonsets,pods -A -o json > cluster.json` makes the file; each kind may stand in a file of its own, and
/// files may be gzipped. Where no scenario is named with --workload, a few jobs are made up, so that the result runs.
#[derive(Debug, Args)]
pub(super) struct KubectlArgs {
    /// What `kubectl get … -o json` printed; `-` is the standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Nodes with this label are nodes for jobs, too, of one more UNMANAGED environment.
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    nodes_labelled: Option<(String, String)>,
    /// A scenario to run on this cluster: its queues, job definitions and jobs, instead of made-up ones.
    #[arg(long, value_name = "SCENARIO")]
    workload: Option<PathBuf>,
    /// The region, where nodes have no zone.
    #[arg(long, conflicts_with = "workload")]
    region: Option<String>,
    #[command(flatten)]
    into: Into,
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE, like team=science")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) fn run(args: &KubectlArgs) -> Result<ExitStatus, CliError> {
    let mut reading = Reading::default();
    for file in &args.files {
        reading
            .read(&file.display().to_string(), open(file)?)
            .map_err(|error| CliError::BadInput(error.to_string()))?;
    }
    let wanted = Wanted {
        nodes_labelled: args.nodes_labelled.clone(),
        workload: args.workload.as_deref().map(workload).transpose()?,
        region: args.region.clone(),
    };
    args.into.write(&scenario(reading, &wanted))
}
