//! What is kept of an unfinished study: a line for each finished run, so that a study that was killed goes on where it
//! stopped. A line that was cut short is dropped. The file goes when the results are there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::experiment::executor::Sample;

/// The ledger's name in its study's folder. It is no result: it begins with a dot.
const NAME: &str = ".windtunnel-study.jsonl";

/// What names of results begin with while they are being written.
pub const PARTIAL_PREFIX: &str = ".windtunnel-study-";

/// The file's first line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// Digest of all that the runs depend on.
    fingerprint: String,
}

/// A ledger that can't be written, read, or used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// What the system says.
    #[error("{file}: {source}; name a folder that you may write to with --out")]
    Io {
        /// The file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// Another process works on the same study.
    #[error("{file} is in use: another process works on this study; wait for it, or name another folder with --out")]
    InUse {
        /// The file.
        file: String,
    },
    /// There is an unfinished study, and nobody said that it shall go on.
    #[error(
        "{folder} holds an unfinished study with {runs} finished runs: go on with --resume, remove {file} to start anew, or name another folder with --out"
    )]
    Unfinished {
        /// The folder.
        folder: String,
        /// The file.
        file: String,
        /// How many runs it keeps.
        runs: usize,
    },
    /// What is kept is of another study.
    #[error(
        "{file} is of another study (scenario, variants, seed, catalog or version differ): remove it to start anew, or name another folder with --out"
    )]
    OtherStudy {
        /// The file.
        file: String,
    },
}

/// A ledger being kept.
#[derive(Debug)]
pub struct Ledger {
    file: File,
    path: PathBuf,
}

impl Ledger {
    /// Opens the ledger of a study in a folder, and gives what it keeps. A study that was begun goes on only with `resume`.
    pub fn open(folder: &Path, fingerprint: &str, resume: bool) -> Result<(Self, Vec<Sample>), LedgerError> {
        let path = folder.join(NAME);
        let shown = path.display().to_string();
        let failed = |source| LedgerError::Io { file: shown.clone(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::InUse { file: shown }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        remove_partial(folder).map_err(failed)?;
        let header = Header { fingerprint: fingerprint.to_owned() };
        let Kept { header: found, samples, whole } = read(&file).map_err(failed)?;
        if !samples.is_empty() {
            if !resume {
                let folder = folder.display().to_string();
                return Err(LedgerError::Unfinished { folder, file: shown, runs: samples.len() });
            }
            if found.as_ref() != Some(&header) {
                return Err(LedgerError::OtherStudy { file: shown });
            }
        }
        // What follows the last whole line was cut short.
        file.set_len(if samples.is_empty() { 0 } else { whole }).map_err(failed)?;
        file.seek(SeekFrom::End(0)).map_err(failed)?;
        let mut ledger = Self { file, path };
        if samples.is_empty() {
            ledger.line(&header)?;
        }
        Ok((ledger, samples))
    }

    /// Keeps a finished run.
    pub fn add(&mut self, sample: &Sample) -> Result<(), LedgerError> {
        self.line(sample)
    }

    /// Takes the ledger away: the results are there.
    pub fn remove(self) -> Result<(), LedgerError> {
        std::fs::remove_file(&self.path)
            .map_err(|source| LedgerError::Io { file: self.path.display().to_string(), source })
    }

    /// Writes a line in one go: whoever is killed leaves all of it, or an end that shows to be cut.
    fn line(&mut self, value: &impl Serialize) -> Result<(), LedgerError> {
        let failed = |source| LedgerError::Io { file: self.path.display().to_string(), source };
        let mut line = serde_json::to_vec(value).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(failed)
    }
}

/// Removes what a study that was killed left of its results. Nobody else writes such files while the ledger is locked.
fn remove_partial(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(PARTIAL_PREFIX) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What a ledger holds.
struct Kept {
    /// Its first line; `None` if that was cut short.
    header: Option<Header>,
    samples: Vec<Sample>,
    /// Length of its whole lines.
    whole: u64,
}

fn read(file: &File) -> io::Result<Kept> {
    let mut reader = BufReader::new(file);
    let (mut header, mut samples, mut whole, mut line) = (None, Vec::new(), 0, Vec::new());
    loop {
        line.clear();
        let length = reader.read_until(b'\n', &mut line)? as u64;
        if length == 0 || line.last() != Some(&b'\n') {
            break;
        }
        if header.is_none() {
            match serde_json::from_slice::<Header>(&line) {
                Ok(found) => header = Some(found),
                Err(_) => break,
            }
        } else {
            match serde_json::from_slice(&line) {
                Ok(sample) => samples.push(sample),
                Err(_) => break,
            }
        }
        whole += length;
    }
    Ok(Kept { header, samples, whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(replication: u32) -> Sample {
        let value = 0.1 + f64::from(replication) / 3.0;
        let measures = [("cost.total".to_owned(), Some(value)), ("wait_s.p95".to_owned(), None)].into();
        Sample { variant: 1, replication, seed: 7, measures }
    }

    fn begun(folder: &Path) -> Vec<u8> {
        let (mut ledger, kept) = Ledger::open(folder, "abc", false).unwrap();
        assert!(kept.is_empty());
        for replication in 0..3 {
            ledger.add(&sample(replication)).unwrap();
        }
        std::fs::read(folder.join(NAME)).unwrap()
    }

    #[test]
    fn a_study_cut_anywhere_keeps_its_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let whole = begun(folder.path());
        for cut in 0..=whole.len() {
            std::fs::write(folder.path().join(NAME), &whole[..cut]).unwrap();
            let (mut ledger, kept) = Ledger::open(folder.path(), "abc", true).unwrap();
            let lines = whole[..cut].split(|&byte| byte == b'\n').count() - 1;
            assert_eq!(kept, (0..3).map(sample).take(lines.saturating_sub(1)).collect::<Vec<_>>(), "cut at {cut}");
            ledger.add(&sample(9)).unwrap();
            drop(ledger);
            let again = Ledger::open(folder.path(), "abc", true).unwrap().1;
            assert_eq!(again.last(), Some(&sample(9)), "cut at {cut}");
            assert_eq!(again.len(), kept.len() + 1);
        }
    }

    #[test]
    fn what_is_kept_is_neither_lost_nor_mixed_up() {
        let folder = tempfile::tempdir().unwrap();
        begun(folder.path());
        let said = |fingerprint, resume| Ledger::open(folder.path(), fingerprint, resume).unwrap_err().to_string();
        assert!(said("abc", false).contains("3 finished runs") && said("abc", false).contains("--resume"));
        assert!(said("other", true).contains("another study"));
        std::fs::write(folder.path().join(format!("{PARTIAL_PREFIX}x.part")), "cut").unwrap();
        let (held, _) = Ledger::open(folder.path(), "abc", true).unwrap();
        assert!(said("abc", true).contains("is in use"));
        held.remove().unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
