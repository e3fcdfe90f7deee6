//! `windtunnel live --dry-run`: what would be done to a cluster, now, and why.

use crate::cli::live::{LiveArgs, Prepared};
use crate::cli::{CliError, ExitStatus};

/// Runs the mode.
pub(super) fn run(_: &LiveArgs, _: Prepared) -> Result<ExitStatus, CliError> {
    Err(CliError::BadInput("the dry run needs a look at the cluster".to_owned()))
}
