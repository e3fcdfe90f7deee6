//! `windtunnel import spot`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::import::{Into, open};
use crate::cli::{CliError, ExitStatus};
use crate::import::spot::{Wanted, read, scenario};

/// Recorded Spot capacity and prices, as a small scenario around them.
///
/// Files are availability traces, `{"metadata": {"gap_seconds": 300}, "data": [4, 4, 1]}` (the format of skypilot-org/spot-traces),
/// or what `aws ec2 describe-spot-price-history` prints. Types and zones of traces are taken from their files' names, like
/// r5.16xlarge-us-east-1b.json, or from the options. The jobs are made up, so that it runs.
#[derive(Debug, Args)]
pub(super) struct SpotArgs {
    /// Traces and price histories, gzipped or not.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The instance type of traces whose file's name tells none.
    #[arg(long, value_name = "TYPE")]
    instance_type: Option<String>,
    /// The zone of traces whose file's name tells none.
    #[arg(long, value_name = "ZONE")]
    availability_zone: Option<String>,
    /// Instances that one of a trace stands for.
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0)]
    instances_per_unit: f64,
    /// Which product's prices.
    #[arg(long, value_name = "PRODUCT", default_value = crate::import::spot::LINUX)]
    product_description: String,
    #[command(flatten)]
    into: Into,
}

pub(super) fn run(args: &SpotArgs) -> Result<ExitStatus, CliError> {
    let wanted = Wanted {
        instance_type: args.instance_type.clone(),
        availability_zone: args.availability_zone.clone(),
        instances_per_unit: args.instances_per_unit,
        product_description: args.product_description.clone(),
    };
    let mut files = Vec::new();
    for path in &args.files {
        files.push(read(&path.display().to_string(), open(path)?).map_err(CliError::BadInput)?);
    }
    args.into.write(&scenario(files, &wanted).map_err(CliError::BadInput)?)
}
