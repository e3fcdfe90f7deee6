//! A watched folder: every file `*.json` or `*.jsonl` in it holds submissions, one per line. Once they are in the journal, the
//! file is moved to `done/`, with the answers beside it.
//!
//! A file must come whole: write it under another name and rename it, as `mv` does within one file system.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::driver::DriverError;
use crate::journal::checksum;
use crate::live::jobs::documents::{Answered, Source};

/// Where files go that were taken.
const DONE: &str = "done";

/// A folder of submissions.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    poll: Duration,
    looked_at: Option<Instant>,
    /// Lines that an earlier program had taken, by what they are called.
    before: BTreeSet<String>,
    /// Files that were read and not moved yet, by the key of their lines.
    taken: BTreeMap<String, PathBuf>,
}

impl Folder {
    /// Watches a folder, which must be there.
    pub fn watch(path: &Path, poll: Duration) -> Result<Self, DriverError> {
        let done = path.join(DONE);
        fs::create_dir_all(&done).map_err(|source| failed("can't make the folder", &done, source))?;
        Ok(Self { path: path.to_owned(), poll, looked_at: None, before: BTreeSet::new(), taken: BTreeMap::new() })
    }

    #[expect(clippy::disallowed_methods, reason = "a real folder is looked at by the wall clock")]
    fn is_due(&mut self) -> bool {
        let now = Instant::now();
        let due = self.looked_at.is_none_or(|at| now.duration_since(at) >= self.poll);
        if due {
            self.looked_at = Some(now);
        }
        due
    }

    /// Files that were not read yet, oldest name first.
    fn new_files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let is_one = path.extension().is_some_and(|extension| extension == "json" || extension == "jsonl");
            if is_one && path.is_file() && !self.taken.values().any(|taken| *taken == path) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

impl Source for Folder {
    fn lines(&mut self) -> Result<Vec<(String, String)>, DriverError> {
        if !self.is_due() {
            return Ok(Vec::new());
        }
        let files = self.new_files().map_err(|source| failed("can't look into", &self.path, source))?;
        let mut lines = Vec::new();
        for path in files {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                // Someone took it back.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(failed("can't read", &path, source)),
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // The content is part of the key: another file may come under the same name.
            let key = format!("{name}#{}", checksum(text.as_bytes()));
            let all = documents(&text);
            let numbered = all.into_iter().enumerate().map(|(at, line)| (format!("{key}:{}", at + 1), line));
            lines.extend(numbered.filter(|(source, _)| !self.before.contains(source)));
            self.taken.insert(key, path);
        }
        if lines.is_empty() {
            // All lines of a file may have been taken before the program was killed.
            self.answered(&[])?;
        }
        Ok(lines)
    }

    fn is_done(&self) -> bool {
        false
    }

    fn answered(&mut self, answers: &[Answered]) -> Result<(), DriverError> {
        for (key, path) in std::mem::take(&mut self.taken) {
            let own = answers.iter().filter(|answered| answered.source.starts_with(&key));
            let lines: Vec<_> = own.map(|answered| answered.answer.to_string()).collect();
            let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
            let name = path.file_name().unwrap_or_default();
            let target = self.path.join(DONE).join(name);
            let mut answer = target.clone().into_os_string();
            answer.push(".answers");
            fs::write(&answer, text).map_err(|source| failed("can't write", Path::new(&answer), source))?;
            fs::rename(&path, &target).map_err(|source| failed("can't move away", &path, source))?;
        }
        Ok(())
    }

    fn remember(&mut self, source: &str) {
        self.before.insert(source.to_owned());
    }
}

/// The documents of a file: one per line, or one over all lines.
fn documents(text: &str) -> Vec<String> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(whole) => vec![whole.to_string()],
        Err(_) => text.lines().map(str::to_owned).collect(),
    }
}

fn failed(what: &str, path: &Path, source: io::Error) -> DriverError {
    DriverError::Io { context: format!("{what} {}", path.display()), source }
}
