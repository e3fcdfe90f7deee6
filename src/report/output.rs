//! The files of `--out DIR`: written under temporary names in the same folder and renamed at the end, so that nothing
//! half-written is ever taken for whole. Same run, same bytes: no file holds wall-clock time.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::driver::DriverError;
use crate::metrics::{Results, Sinks, Summary};
use crate::report::charts::vcpus::timeline_svg;
use crate::report::html::run_page;
use crate::report::provenance::Provenance;

/// A folder or one of its files that can't be written.
#[derive(Debug, thiserror::Error)]
#[error("can't write {file} in the folder {folder}: {source}; name a folder that you may write to with --out")]
pub struct OutputError {
    /// The folder.
    folder: String,
    /// The file, or `files` if it is not about one.
    file: &'static str,
    /// What the system says.
    source: io::Error,
}

/// A summary as JSON text, the form of `summary.json` and of `--output json`.
///
/// # Panics
/// Never: every summary has a JSON form.
pub fn json(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary has a JSON form");
    text.push('\n');
    text
}

/// A folder that receives a run's results.
#[derive(Debug)]
pub struct OutputDir {
    folder: PathBuf,
    jobs: NamedTempFile,
    nodes: NamedTempFile,
}

impl OutputDir {
    /// Creates the folder if need be and opens the files that grow with the run. Call it before the run: a folder that
    /// can't be written should not cost one.
    pub fn create(folder: &Path) -> Result<Self, OutputError> {
        std::fs::create_dir_all(folder).map_err(|source| error(folder, "files", source))?;
        let open = |file| temporary(folder).map_err(|source| error(folder, file, source));
        Ok(Self { folder: folder.to_owned(), jobs: open("jobs.csv")?, nodes: open("nodes.csv")? })
    }

    /// Where the metrics write their rows.
    pub fn sinks(&self) -> Result<Sinks, DriverError> {
        let clone = |file: &NamedTempFile, name: &str| {
            let context = || format!("can't open {name} in the folder {}", self.folder.display());
            file.as_file().try_clone().map_err(|source| DriverError::Io { context: context(), source })
        };
        Sinks::new(clone(&self.jobs, "jobs.csv")?, clone(&self.nodes, "nodes.csv")?)
    }

    /// Writes the other files, gives all their names and returns these, `summary.json` last: where it is, the rest is.
    pub fn write(self, results: &Results, provenance: &Provenance) -> Result<Vec<PathBuf>, OutputError> {
        let folder = &self.folder;
        let mut summary = results.summary.clone();
        summary.sim.wall_s = None;
        let new = |file: &'static str, fill: &dyn Fn(&mut NamedTempFile) -> io::Result<()>| {
            let mut temporary = temporary(folder).map_err(|source| error(folder, file, source))?;
            fill(&mut temporary).map_err(|source| error(folder, file, source))?;
            Ok((file, temporary))
        };
        let files = [
            ("jobs.csv", self.jobs),
            ("nodes.csv", self.nodes),
            new("timeline.csv", &|file| timeline_csv(results, file))?,
            new("timeline.svg", &|file| file.write_all(timeline_svg(results).as_bytes()))?,
            new("report.html", &|file| file.write_all(run_page(results, provenance).as_bytes()))?,
            new("summary.json", &|file| file.write_all(json(&summary).as_bytes()))?,
        ];
        let mut written = Vec::with_capacity(files.len());
        for (name, temporary) in files {
            let path = folder.join(name);
            temporary.persist(&path).map_err(|failed| error(folder, name, failed.error))?;
            written.push(path);
        }
        Ok(written)
    }
}

fn error(folder: &Path, file: &'static str, source: io::Error) -> OutputError {
    OutputError { folder: folder.display().to_string(), file, source }
}

/// A file without a name yet, in a folder, as readable as the user's other files.
pub fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    temporary_as(folder, ".windtunnel-")
}

/// The same with a name that begins so.
pub(super) fn temporary_as(folder: &Path, prefix: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).suffix(".part");
    // Temporary files are private by default; results are as readable as the user's other files (the umask applies).
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

const TIMELINE_COLUMNS: [&str; 12] = [
    "start_s",
    "end_s",
    "demand_vcpus",
    "launched_vcpus",
    "requested_vcpus",
    "waiting_jobs",
    "running_jobs",
    "nodes",
    "cost_usd_per_hour",
    "interruptions",
    "interrupted_attempts",
    "retries",
];

fn timeline_csv(results: &Results, file: &mut NamedTempFile) -> io::Result<()> {
    let mut rows = csv::WriterBuilder::new().has_headers(false).from_writer(file);
    rows.write_record(TIMELINE_COLUMNS)?;
    for row in &results.timeline {
        rows.serialize(row)?;
    }
    rows.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Metrics;
    use crate::model::{Assumptions, Names};
    use crate::units::SimTime;

    fn files(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn write_to(folder: &Path) -> Vec<PathBuf> {
        let out = OutputDir::create(folder).unwrap();
        let metrics = Metrics::new(Vec::new(), Names::default(), &Assumptions::default());
        let metrics = metrics.with_sinks(out.sinks().unwrap());
        let mut results = metrics.finish("empty", 1, SimTime::from_millis(90_500)).unwrap();
        results.summary.sim.wall_s = Some(1.25);
        assert!(files(folder).iter().any(|name| name.starts_with(".windtunnel-")), "rows go to temporary files");
        out.write(&results, &Provenance::default()).unwrap()
    }

    #[test]
    fn all_files_appear_at_once_and_again_with_the_same_bytes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a/b");
        let first: Vec<_> = write_to(&folder).iter().map(|path| std::fs::read(path).unwrap()).collect();
        assert_eq!(
            files(&folder),
            ["jobs.csv", "nodes.csv", "report.html", "summary.json", "timeline.csv", "timeline.svg"]
        );
        let again: Vec<_> = write_to(&folder).iter().map(|path| std::fs::read(path).unwrap()).collect();
        assert_eq!(first, again);
        let summary = String::from_utf8(first.last().unwrap().clone()).unwrap();
        assert!(!summary.contains("wall_s"));
        let read: Summary = serde_json::from_str(&summary).unwrap();
        assert_eq!((read.scenario.as_str(), read.sim.end_s, read.wait_s.p95), ("empty", 90.5, None));
    }

    #[test]
    fn an_unwritable_folder_is_named_with_the_way_out() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("taken");
        std::fs::write(&file, "").unwrap();
        let message = OutputDir::create(&file.join("results")).unwrap_err().to_string();
        assert!(message.contains("taken/results"), "{message}");
        assert!(message.ends_with("with --out"), "{message}");
    }
}
