//! Where recorded work lies that is not ours to ship, and what is said where it is missing.

use std::io::Write;
use std::path::{Path, PathBuf};

const TRACES: &str = "WINDTUNNEL_TRACES";

/// A folder of recorded work; told past the test harness, which would keep it to itself, where there is none.
pub(crate) fn traces(folder: &str) -> Option<PathBuf> {
    let traces = std::env::var_os(TRACES).filter(|value| !value.is_empty());
    if traces.is_none() {
        say(&format!("skipped {folder}: {TRACES} does not say where its files are"));
    }
    traces.map(|traces| Path::new(&traces).join(folder).canonicalize().unwrap())
}

/// A line past the test harness.
pub(crate) fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
