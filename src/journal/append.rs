//! Writes the journal of a live run: in place and ahead of every act, each decision on disk before it is carried out, so
//! that whatever ends the program leaves a journal that a new one can go on from. The file is locked meanwhile.

use std::borrow::Cow;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::driver::DriverError;
use crate::journal::error::JournalError;
use crate::journal::format::{Header, Named, Record};
use crate::journal::reader::Ended;
use crate::journal::seal::seal;
use crate::journal::{Reader, ReplayError, replay_into};
use crate::scheduler::{Decision, Observation, Scheduler};
use crate::units::SimTime;

/// A live journal being written. Dropped, it stays as it is, to be gone on from.
#[derive(Debug)]
pub struct Appender {
    file: File,
    path: PathBuf,
    /// Records since the last sync, reused.
    buffer: Vec<u8>,
    line: Vec<u8>,
    steps: u64,
    written: u64,
}

/// A live journal that was read to its end and can be gone on from.
#[derive(Debug)]
pub struct Resumed {
    /// Where to go on writing.
    pub appender: Appender,
    /// What the run is.
    pub header: Header,
    /// The observation that the program had written when it ended, and not yet decided upon.
    pub undecided: Option<Observation>,
    /// Time of the last observation.
    pub now: SimTime,
    /// When the core wanted to be woken after its last decision.
    pub wake_at: Option<SimTime>,
    /// Bytes of a torn last line that were cut off.
    pub cut: u64,
}

/// What a resumed run is told of its past, in order.
pub trait Past {
    /// What ids stand for.
    fn named(&mut self, named: Named) -> Result<(), DriverError>;
    /// A step that was taken.
    fn step(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError>;
}

/// Passes the past on, and remembers how it ended.
struct Passed<'a, P> {
    to: &'a mut P,
    now: SimTime,
    wake_at: Option<SimTime>,
}

impl<P: Past> Past for Passed<'_, P> {
    fn named(&mut self, named: Named) -> Result<(), DriverError> {
        self.to.named(named)
    }

    fn step(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.now = seen.now;
        self.wake_at = decision.wake_at;
        self.to.step(seen, decision)
    }
}

impl Appender {
    /// Begins a journal in a new file.
    pub fn create(path: &Path, header: &Header) -> Result<Self, DriverError> {
        let opened = OpenOptions::new().write(true).create_new(true).open(path);
        let file = opened.map_err(|source| {
            if source.kind() == io::ErrorKind::AlreadyExists {
                let context =
                    format!("the journal {} exists: go on from it with --resume, or name another", path.display());
                DriverError::Io { context, source }
            } else {
                failed(path, source)
            }
        })?;
        lock(&file, path)?;
        let mut appender = Self::over(file, path, 0);
        appender.put(header)?;
        appender.sync()?;
        Ok(appender)
    }

    fn over(file: File, path: &Path, steps: u64) -> Self {
        Self { file, path: path.to_owned(), buffer: Vec::new(), line: Vec::new(), steps, written: 0 }
    }

    /// Goes on from a journal: the core and `past` are told everything that it holds, whatever was torn is cut off.
    pub fn resume(
        path: &Path,
        core: impl FnOnce(&Header) -> Scheduler,
        past: &mut impl Past,
    ) -> Result<(Resumed, Scheduler), ReplayError> {
        let unreadable = |source| ReplayError::Journal(JournalError::Unreadable { path: path.to_owned(), source });
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(unreadable)?;
        lock(&file, path).map_err(ReplayError::Watcher)?;
        let mut reader = Reader::read(BufReader::new(file.try_clone().map_err(unreadable)?), path)?;
        let header = reader.header().clone();
        if header.live.is_none() {
            return Err(ReplayError::Journal(JournalError::NotLive { path: path.to_owned() }));
        }
        let mut scheduler = core(&header);
        let mut passed = Passed { to: past, now: SimTime::ZERO, wake_at: None };
        replay_into(&mut scheduler, &mut reader, &mut passed)?;
        let Passed { now, wake_at, .. } = passed;
        if reader.ended() == Ended::Whole {
            return Err(ReplayError::Journal(JournalError::Over { path: path.to_owned(), steps: reader.steps() }));
        }
        let undecided = reader.undecided().cloned();
        let now = undecided.as_ref().map_or(now, |seen| seen.now);
        let (whole, steps) = (reader.whole(), reader.steps());
        drop(reader);
        let mut file = file;
        let length = file.metadata().map_err(unreadable)?.len();
        file.set_len(whole).and_then(|()| file.sync_all()).map_err(unreadable)?;
        file.seek(SeekFrom::Start(whole)).map_err(unreadable)?;
        let appender = Self::over(file, path, steps);
        Ok((Resumed { appender, header, undecided, now, wake_at, cut: length - whole }, scheduler))
    }

    /// What ids in the next observation stand for.
    pub fn named(&mut self, named: &Named) -> Result<(), DriverError> {
        self.put(&Record::Named(Cow::Borrowed(named)))
    }

    /// What the core is shown.
    pub fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        self.put(&Record::Seen(Cow::Borrowed(seen)))
    }

    /// What it made of it. On disk, with everything before it, when this returns; says how long that took.
    pub fn decided(&mut self, decision: &Decision) -> Result<Duration, DriverError> {
        self.put(&Record::Decided(Cow::Borrowed(decision)))?;
        self.steps += 1;
        self.sync()
    }

    /// Ends the journal: the run is over, and nobody will go on from here.
    pub fn finish(mut self) -> Result<(), DriverError> {
        self.put(&Record::End { steps: self.steps })?;
        self.sync().map(drop)
    }

    /// Steps written so far, over all its programs.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Bytes written by this program.
    pub const fn written(&self) -> u64 {
        self.written
    }

    fn put(&mut self, record: &impl Serialize) -> Result<(), DriverError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record).map_err(|error| failed(&self.path, error.into()))?;
        seal(&mut self.line);
        self.line.push(b'\n');
        self.buffer.extend_from_slice(&self.line);
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "how long the disk takes is a fact about the machine, for its metrics"
    )]
    fn sync(&mut self) -> Result<Duration, DriverError> {
        let began = std::time::Instant::now();
        let done = self.file.write_all(&self.buffer).and_then(|()| self.file.sync_data());
        done.map_err(|source| failed(&self.path, source))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(began.elapsed())
    }
}

/// No two programs write one journal.
fn lock(file: &File, path: &Path) -> Result<(), DriverError> {
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => DriverError::Io {
            context: format!("the journal {} is in use: another run writes it", path.display()),
            source: io::ErrorKind::WouldBlock.into(),
        },
        TryLockError::Error(source) => failed(path, source),
    })
}

fn failed(path: &Path, source: io::Error) -> DriverError {
    DriverError::Io { context: format!("can't write the journal {}", path.display()), source }
}
