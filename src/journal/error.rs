//! Why a file can't be read as a journal: each message names the file, the line where there is one, and the way out.
//! Knows nothing of replays: a journal that reads well and replays otherwise is no error of the journal.

use std::io;
use std::path::PathBuf;

use crate::journal::format::FORMAT;

/// What is wrong with a journal. All but [`Unreadable`](Self::Unreadable) are faults of the file's content.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the fields are named for what they hold")]
pub enum JournalError {
    /// The system can't open or read the file.
    #[error("{path}: can't be read: {source}", path = path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file does not begin as a journal does.
    #[error(
        "{path}: not a journal (it does not begin with `{{\"windtunnel\":`); write one with `windtunnel run SCENARIO --journal FILE`",
        path = path.display()
    )]
    NotAJournal { path: PathBuf },
    /// The journal is of another format.
    #[error(
        "{path}:1: a journal of format {found}, written by windtunnel {written_by}; this is {ours}, which reads format {FORMAT}: replay it with the version that wrote it",
        path = path.display(), ours = env!("CARGO_PKG_VERSION")
    )]
    OtherFormat { path: PathBuf, found: u32, written_by: String },
    /// A line is no record.
    #[error("{path}:{line}: damaged: {what}; restore the file, or write the journal again", path = path.display())]
    Damaged { path: PathBuf, line: u64, what: String },
    /// A line is a record that does not belong there.
    #[error(
        "{path}:{line}: record out of order: `{found}` where {expected} belongs; restore the file, or write the journal again",
        path = path.display()
    )]
    OutOfOrder { path: PathBuf, line: u64, found: &'static str, expected: &'static str },
    /// The file stops before its `end` record.
    #[error(
        "{path}:{line}: cut off: the file stops after {steps} whole steps, without an `end` record; the run was stopped or the copy is not complete",
        path = path.display()
    )]
    CutOff { path: PathBuf, line: u64, steps: u64 },
    /// The journal is of a simulated run, which nobody can go on from.
    #[error("{path}: the journal of a simulated run: a live run can't go on from it", path = path.display())]
    NotLive { path: PathBuf },
    /// The run came to its end.
    #[error("{path}: its run is over, after {steps} steps; begin another with another journal", path = path.display())]
    Over { path: PathBuf, steps: u64 },
}

impl JournalError {
    /// Whether the file's content is at fault, rather than the way to it.
    pub const fn is_bad_input(&self) -> bool {
        match self {
            Self::Unreadable { .. } => false,
            Self::NotAJournal { .. }
            | Self::OtherFormat { .. }
            | Self::Damaged { .. }
            | Self::OutOfOrder { .. }
            | Self::CutOff { .. }
            | Self::NotLive { .. }
            | Self::Over { .. } => true,
        }
    }
}

/// What a JSON error says, with the column in the line alone: its own "line 1" would contradict the file's.
pub(super) fn json_fault(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    if error.column() > 0 { format!("column {}: {what}", error.column()) } else { what.to_owned() }
}
