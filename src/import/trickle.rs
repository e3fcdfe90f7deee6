//! Work for imports that bring none: a trickle of jobs, made up, so that what was imported runs.

use serde_json::{Value, json};

/// Jobs of the trickle: a few of them per entry, far enough apart that each finds an idle cluster.
const COUNT: u32 = 20;
const EVERY: &str = "1m";
const RUNTIME: &str = "5m";

/// An entry of `workload`.
pub(super) fn entry(queue: &str, definition: &str) -> Value {
    let name: String = format!("{queue}-{definition}").chars().take(120).collect();
    json!({
        "name": name,
        "submit": { "jobName": name, "jobQueue": queue, "jobDefinition": definition },
        "count": COUNT,
        "arrivals": { "fixed": { "every": EVERY } },
        "runtime": { "constant": RUNTIME },
    })
}

/// What is said of it.
pub(super) fn told() -> String {
    format!(
        "the workload: {COUNT} jobs for each entry, one every {EVERY}, that run for {RUNTIME}; put your own in `workload`"
    )
}
