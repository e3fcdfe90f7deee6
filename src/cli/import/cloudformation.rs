//! `windtunnel import cloudformation`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::{Into, open, workload};
use crate::cli::{CliError, ExitStatus};
use crate::import::cloudformation::{Template, Wanted, scenario};

/// Resources of AWS Batch in CloudFormation templates, as `cdk synth` writes them or by hand, in JSON or YAML.
///
/// Intrinsic functions, conditions, mappings and parameters are resolved where the templates tell; for the rest stands a
/// placeholder, and notes.txt says where. Environments and job definitions for Amazon ECS become what Amazon EKS has for them.
#[derive(Debug, Args)]
pub(super) struct CloudformationArgs {
    /// Templates; exports of one are imports of another.
    #[arg(required = true, value_name = "TEMPLATE")]
    templates: Vec<PathBuf>,
    /// A parameter's value, instead of its default.
    #[arg(long = "parameter", value_name = "KEY=VALUE", value_parser = parameter)]
    parameters: Vec<(String, String)>,
    /// The region of the stack, and of the scenario.
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// A scenario whose jobs run there, instead of made-up ones: its workload, operations, policies, cluster and assumptions.
    #[arg(long, value_name = "SCENARIO")]
    workload: Option<PathBuf>,
    #[command(flatten)]
    into: Into,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write it as KEY=VALUE, like MaxVCpus=256")?;
    Ok((key.to_owned(), value.to_owned()))
}

pub(super) fn run(args: &CloudformationArgs) -> Result<ExitStatus, CliError> {
    let read = args
        .templates
        .iter()
        .map(|path| Template::read(&path.display().to_string(), open(path)?).map_err(CliError::BadInput));
    let templates = read.collect::<Result<Vec<_>, CliError>>()?;
    let wanted = Wanted {
        parameters: args.parameters.iter().cloned().collect(),
        region: args.region.clone(),
        workload: args.workload.as_deref().map(workload).transpose()?,
    };
    args.into.write(&scenario(&templates, &wanted))
}
