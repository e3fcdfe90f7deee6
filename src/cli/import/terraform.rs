//! `windtunnel import terraform`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::{Into, open, workload};
use crate::cli::{CliError, ExitStatus};
use crate::import::terraform::{Wanted, read, scenario};

/// Resources of AWS Batch in a Terraform plan or state.
///
/// `terraform plan -out plan && terraform show -json plan > plan.json` makes the file, or `terraform show -json` of a state.
/// What is known only after apply is told; queues find their environments by the configuration's references.
#[derive(Debug, Args)]
pub(super) struct TerraformArgs {
    /// What `terraform show -json` printed; `-` is the standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The region, instead of the one that resources or the provider tell.
    #[arg(long)]
    region: Option<String>,
    /// A scenario whose jobs run there, instead of made-up ones: its workload, operations, policies, cluster and assumptions.
    #[arg(long, value_name = "SCENARIO")]
    workload: Option<PathBuf>,
    #[command(flatten)]
    into: Into,
}

pub(super) fn run(args: &TerraformArgs) -> Result<ExitStatus, CliError> {
    let file = args.file.display().to_string();
    let shown = read(&file, open(&args.file)?).map_err(CliError::BadInput)?;
    let workload = args.workload.as_deref().map(workload).transpose()?;
    args.into.write(&scenario(&file, &shown, &Wanted { region: args.region.clone(), workload }))
}
