//! Where the work of an archive shall run: the options that all imports of archives share.

use std::fs::File;
use std::path::Path;

use clap::Args;
use serde_json::Value;

use crate::cli::CliError;
use crate::import::Imported;
use crate::import::work::{RecordedNodes, RecordedWork, Target, WorkError, scenario};
use crate::model::{AllocationStrategy, quantity};
use crate::units::MiB;

/// Where the work shall run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Where the work runs")]
pub(super) struct TargetArgs {
    /// AWS Region.
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// `instanceTypes` of the compute environment, with commas between; where absent, families that can carry the jobs.
    #[arg(long, value_delimiter = ',', value_name = "TYPE")]
    instance_types: Vec<String>,
    /// `maxvCpus` of the compute environment [default: 10000, or the machine's size where the archive tells it].
    #[arg(long, value_name = "VCPUS")]
    max_vcpus: Option<u32>,
    /// `allocationStrategy` of the compute environment; one of Spot's makes it buy Spot instances.
    #[arg(long, default_value = "BEST_FIT_PROGRESSIVE", value_parser = strategy, value_name = "STRATEGY")]
    allocation_strategy: AllocationStrategy,
    /// Fixed nodes in an UNMANAGED environment instead of instances: `COUNTxVCPUSxMEMORY` or `COUNTxVCPUSxMEMORYxGPUS`, like
    /// `100x16x64Gi`; several with commas between.
    #[arg(long, value_delimiter = ',', value_parser = nodes, value_name = "NODES")]
    nodes: Vec<RecordedNodes>,
    /// Memory per vCPU, in MiB, of jobs whose memory is not recorded.
    #[arg(long, default_value_t = Target::MEMORY_PER_VCPU.0, value_name = "MIB", value_parser = clap::value_parser!(u32).range(4..=1_000_000))]
    memory: u32,
    /// Make each user a share of a fair-share queue.
    #[arg(long)]
    fair_share: bool,
}

impl TargetArgs {
    pub(super) fn target(&self) -> Target {
        Target {
            region: self.region.clone(),
            instance_types: self.instance_types.clone(),
            max_vcpus: self.max_vcpus,
            strategy: self.allocation_strategy,
            nodes: self.nodes.clone(),
            memory_per_vcpu: MiB(self.memory),
            fair_share: self.fair_share,
        }
    }

    /// The scenario of what was read.
    pub(super) fn scenario(&self, work: RecordedWork) -> Result<Imported, CliError> {
        scenario(work, &self.target()).map_err(|error| bad_input(&error))
    }
}

fn strategy(text: &str) -> Result<AllocationStrategy, String> {
    let known = serde_json::from_value(Value::String(text.to_ascii_uppercase().replace('-', "_")));
    known.map_err(|error| error.to_string())
}

fn nodes(text: &str) -> Result<RecordedNodes, String> {
    let form = "write COUNTxVCPUSxMEMORY or COUNTxVCPUSxMEMORYxGPUS, like 100x16x64Gi";
    let wrong = |what: &str| format!("{what}: {form}");
    let parts: Vec<_> = text.split('x').collect();
    let (&[count, cpu, memory] | &[count, cpu, memory, _]) = parts.as_slice() else { return Err(form.to_owned()) };
    let gpus = parts.get(3).map_or(Ok(0), |gpus| gpus.parse());
    Ok(RecordedNodes {
        count: count
            .parse()
            .ok()
            .filter(|count| (1..=100_000).contains(count))
            .ok_or_else(|| wrong("1 to 100000 nodes"))?,
        cpu: quantity::cpu(cpu).map_err(|error| wrong(&error.message))?,
        memory: quantity::memory(memory).map_err(|error| wrong(&error.message))?,
        gpus: gpus.ok().filter(|&gpus| gpus <= 64).ok_or_else(|| wrong("0 to 64 GPUs"))?,
    })
}

/// Opens an archive.
pub(super) fn open(path: &Path) -> Result<File, CliError> {
    File::open(path).map_err(|error| CliError::BadInput(format!("{} can't be read: {error}", path.display())))
}

/// What a file is called, without its folder and without `.gz`.
pub(super) fn name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.trim_end_matches(".gz").to_owned()
}

pub(super) fn bad_input(error: &WorkError) -> CliError {
    CliError::BadInput(error.to_string())
}
