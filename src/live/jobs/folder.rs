//! A watched folder: every file `*.json` or `*.jsonl` in it holds submissions, one per line. Once they are in the journal, the
//! file is moved to `done/`, with the answers beside it.
//!
//! A file must come whole: write it under another name and rename it, as `mv` does within one file system.

use std::collections::BTreeMap;
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
    /// Answers to lines that an earlier program had taken, by what these are called.
    before: BTreeMap<String, String>,
    /// Files that were read and not moved yet, by the key of their lines.
    taken: BTreeMap<String, Taken>,
}

/// A file that was read.
#[derive(Debug)]
struct Taken {
    path: PathBuf,
    /// Answers to its lines, by number.
    answers: BTreeMap<usize, String>,
}

impl Folder {
    /// Watches a folder, which must be there.
    pub fn watch(path: &Path, poll: Duration) -> Result<Self, DriverError> {
        let done = path.join(DONE);
        fs::create_dir_all(&done).map_err(|source| failed("can't make the folder", &done, source))?;
        Ok(Self { path: path.to_owned(), poll, looked_at: None, before: BTreeMap::new(), taken: BTreeMap::new() })
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
            if is_one && path.is_file() && !self.taken.values().any(|taken| taken.path == path) {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

impl Folder {
    /// Moves a file to where those are that were taken, its answers first: who waits for the file finds them.
    fn move_away(&self, file: &Taken) -> Result<(), DriverError> {
        let target = self.path.join(DONE).join(file.path.file_name().unwrap_or_default());
        let mut answers = target.clone().into_os_string();
        answers.push(".answers");
        let text = file.answers.values().fold(String::new(), |text, answer| text + answer + "\n");
        fs::write(&answers, text).map_err(|source| failed("can't write", Path::new(&answers), source))?;
        fs::rename(&file.path, &target).map_err(|source| failed("can't move away", &file.path, source))
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
            let (mut answers, mut is_new) = (BTreeMap::new(), false);
            for (number, line) in (1..).zip(documents(&text)) {
                let source = format!("{key}:{number}");
                if let Some(answer) = self.before.get(&source) {
                    answers.insert(number, answer.clone());
                } else {
                    is_new = true;
                    lines.push((source, line));
                }
            }
            let file = Taken { path, answers };
            if is_new {
                self.taken.insert(key, file);
            } else {
                // All lines were taken before an earlier program was killed.
                self.move_away(&file)?;
            }
        }
        Ok(lines)
    }

    fn is_done(&self) -> bool {
        false
    }

    fn answered(&mut self, answers: &[Answered]) -> Result<(), DriverError> {
        for Answered { source, answer, .. } in answers {
            let line = source.rsplit_once(':').and_then(|(key, number)| Some((key, number.parse().ok()?)));
            if let Some((key, number)) = line
                && let Some(file) = self.taken.get_mut(key)
            {
                file.answers.insert(number, answer.to_string());
            }
        }
        for file in std::mem::take(&mut self.taken).into_values() {
            self.move_away(&file)?;
        }
        Ok(())
    }

    fn remember(&mut self, taken: &Answered) {
        self.before.insert(taken.source.clone(), taken.answer.to_string());
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let at = tempfile::tempdir().unwrap();
        let folder = Folder::watch(at.path(), Duration::ZERO).unwrap();
        (at, folder)
    }

    fn answered(source: &str, id: u64) -> Answered {
        Answered { source: source.to_owned(), answer: json!({ "jobId": id }), taken: true }
    }

    #[test]
    fn a_file_stays_until_its_lines_are_recorded() {
        let (at, mut folder) = folder();
        fs::write(at.path().join("one.jsonl"), "{\"jobName\":\"a\"}\nnonsense\n").unwrap();
        let lines = folder.lines().unwrap();
        assert_eq!(lines.len(), 2, "{lines:?}");
        // Looked at again before anything is recorded.
        assert_eq!(folder.lines().unwrap(), []);
        assert!(at.path().join("one.jsonl").exists());
        folder.answered(&[answered(&lines[1].0, 2), answered(&lines[0].0, 1)]).unwrap();
        assert!(!at.path().join("one.jsonl").exists());
        assert_eq!(
            fs::read_to_string(at.path().join("done/one.jsonl.answers")).unwrap(),
            "{\"jobId\":1}\n{\"jobId\":2}\n"
        );
    }

    #[test]
    fn lines_of_an_earlier_program_are_answered_and_not_taken_again() {
        let (at, mut folder) = folder();
        let text = "{\"jobName\":\"a\"}\n{\"jobName\":\"b\"}\n";
        let key = |number: usize| format!("many.jsonl#{}:{number}", checksum(text.as_bytes()));
        folder.remember(&answered(&key(1), 1));
        fs::write(at.path().join("many.jsonl"), text).unwrap();
        assert_eq!(folder.lines().unwrap(), [(key(2), "{\"jobName\":\"b\"}".to_owned())]);
        folder.answered(&[answered(&key(2), 2)]).unwrap();
        let answers = at.path().join("done/many.jsonl.answers");
        assert_eq!(fs::read_to_string(&answers).unwrap(), "{\"jobId\":1}\n{\"jobId\":2}\n");
        // All of it known: nothing to take, and the file goes.
        folder.remember(&answered(&key(2), 2));
        fs::write(at.path().join("many.jsonl"), text).unwrap();
        fs::remove_file(&answers).unwrap();
        assert_eq!(folder.lines().unwrap(), []);
        assert!(answers.exists() && !at.path().join("many.jsonl").exists());
    }
}
