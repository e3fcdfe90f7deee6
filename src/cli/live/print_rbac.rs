//! `windtunnel live --print-rbac`: what the user of `--apply` must be allowed, as `kubectl apply` takes it.

use clap::Args;

use crate::cli::live::{LiveArgs, Prepared};
use crate::cli::output::print;
use crate::cli::{CliError, ExitStatus};
use crate::live::rbac;

/// Who AWS Batch is in a cluster. Source: `UG:getting-started-eks`.
const AWS_BATCH: &str = "aws-batch";

/// What only `--print-rbac` asks for.
#[derive(Debug, Args)]
#[command(next_help_heading = "With --print-rbac")]
pub(super) struct PrintRbacArgs {
    /// Who is to have the permissions; `aws-batch` if not given, as AWS's guide has it.
    #[arg(long, value_name = "NAME")]
    pub(super) user: Option<String>,
}

/// Runs the mode.
pub(super) fn run(args: &LiveArgs, prepared: &Prepared) -> Result<ExitStatus, CliError> {
    let user = args.print_rbac.user.as_deref().unwrap_or(AWS_BATCH);
    print(rbac::manifest(&prepared.backend, &prepared.pods.namespaces(), user).trim_end())
}
