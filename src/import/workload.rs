//! Jobs of one kind as an entry of a scenario's workload: when they come, how long they run, and where it stands how each
//! attempt went.

use serde_json::{Value, json};

use crate::import::fit;
use crate::import::runs::Run;
use crate::model::{Resources, duration};
use crate::units::{SimDuration, SimTime};

/// Scenarios call their runs so.
pub(super) const RUNS_FILE: &str = "runs.csv";
/// What an attempt is taken to run of whose kind none ran to its end.
pub(super) const UNKNOWN_RUNTIME: SimDuration = SimDuration::from_mins(5);
/// An attempt that a timeout ended is taken to need so many times what it was given: under the same timeout it ends as it
/// did, and under a longer one it has a chance.
pub(super) const TIMED_OUT_FACTOR: u64 = 2;

/// An entry of the workload. What is not recorded of its jobs runs as long as is drawn from what its runs that succeeded
/// took.
pub(super) fn workload_entry(name: &str, submit: &Value, times: &[SimTime], runs: &[Run]) -> Value {
    let kind = runs.iter().filter(|run| run.failure.is_none()).map(|run| run.runtime);
    let runtime = fit::distribution(kind).unwrap_or_else(|| json!({ "constant": duration::to_text(UNKNOWN_RUNTIME) }));
    let times: Vec<_> = times.iter().map(|at| duration::to_text(at.since(SimTime::ZERO))).collect();
    let mut written = json!({
        "name": name,
        "submit": submit,
        "arrivals": { "list": times },
        "runtime": runtime,
    });
    if !runs.is_empty() {
        written["recorded"] = json!(RUNS_FILE);
    }
    written
}

/// Thousandths of a vCPU as AWS Batch takes them in pods: without the suffix `m`.
fn vcpus(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1_000, milli % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a container asks for, as its `resources`.
pub(super) fn resources(requests: Resources) -> Value {
    let mut list = json!({ "cpu": vcpus(requests.cpu.0), "memory": format!("{}Mi", requests.memory.0) });
    if requests.gpus > 0 {
        list["nvidia.com/gpu"] = json!(requests.gpus.to_string());
    }
    json!({ "limits": list, "requests": list })
}
