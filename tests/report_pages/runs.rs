//! Pages of some shipped scenarios, of a run in which nothing happens, and of three studies, made by the binary.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A page of a run.
pub(crate) struct Page {
    pub(crate) name: String,
    pub(crate) text: String,
}

const SCENARIOS: [&str; 6] =
    ["getting-started", "spot-against-on-demand", "scarce-capacity", "two-teams", "multi-node", "grid-array"];

/// What of `scenarios/studies` is opened: a name for the page, the command, the study, and what keeps it short.
const STUDIES: [(&str, &str, &str, &[&str]); 3] = [
    ("comparison", "compare", "spot-retries", &["--replications", "3"]),
    ("plan", "plan", "nightly-burst", &["--max-replications", "5", "--fresh", "2", "--slo", "makespan <= 5h"]),
    ("sensitivity", "sensitivity", "nightly-burst", &["--replications", "3"]),
];

/// All pages; they are made once.
pub(crate) fn pages() -> &'static [Page] {
    static PAGES: OnceLock<Vec<Page>> = OnceLock::new();
    PAGES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
        let shipped = SCENARIOS.map(|name| page(name, "run", &folder.join(format!("{name}.json")), &[]));
        let studies = STUDIES.map(|(name, command, study, more)| {
            page(name, command, &folder.join("studies").join(format!("{study}.json")), more)
        });
        let own = TempDir::new().unwrap();
        let file = own.path().join("nothing.json");
        let mut nothing: Value = serde_json::from_slice(&fs::read(folder.join("two-queues.json")).unwrap()).unwrap();
        nothing["workload"] = Value::Array(Vec::new());
        fs::write(&file, nothing.to_string()).unwrap();
        shipped.into_iter().chain(studies).chain([page("nothing", "run", &file, &[])]).collect()
    })
}

fn page(name: &str, command: &str, file: &Path, more: &[&str]) -> Page {
    let out = TempDir::new().unwrap();
    let mut run = Command::cargo_bin("windtunnel").unwrap();
    let output = run.arg(command).arg(file).args(more).arg("--out").arg(out.path()).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Page { name: name.to_owned(), text: fs::read_to_string(out.path().join("report.html")).unwrap() }
}
