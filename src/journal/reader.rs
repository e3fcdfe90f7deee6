//! Reads a journal record by record, in memory bounded by its longest line, and refuses whatever is not one: it is the
//! only judge of a journal's shape and order. Never knows what the records mean, save that time does not go back.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use crate::journal::error::{JournalError, json_fault};
use crate::journal::format::{FORMAT, Header, OPENING, Record, Stamp};
use crate::scheduler::{Decision, Observation};
use crate::units::SimTime;

/// How every gzip file begins.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A journal being read. Call [`observation`](Self::observation) and [`decision`](Self::decision) in turn.
pub struct Reader {
    input: Box<dyn BufRead + Send>,
    path: PathBuf,
    header: Header,
    /// The current line, its buffer reused.
    line: Vec<u8>,
    line_number: u64,
    steps: u64,
    now: SimTime,
}

impl Reader {
    /// Opens a journal, plain or gzip, whatever its name, and reads its header.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let file = File::open(path).map_err(|source| JournalError::Unreadable { path: path.to_owned(), source })?;
        Self::read(BufReader::new(file), path)
    }

    /// Reads the header of a journal, plain or gzip, that is no file; errors call it `path`.
    pub fn read(mut input: impl BufRead + Send + 'static, path: &Path) -> Result<Self, JournalError> {
        let start = input.fill_buf().map_err(|source| JournalError::Unreadable { path: path.to_owned(), source })?;
        let input: Box<dyn BufRead + Send> = if start.starts_with(&GZIP) {
            Box::new(BufReader::new(MultiGzDecoder::new(input)))
        } else {
            Box::new(input)
        };
        Self::begin(input, path)
    }

    fn begin(mut input: Box<dyn BufRead + Send>, path: &Path) -> Result<Self, JournalError> {
        let place = Place { path, line: 1, steps: 0 };
        let mut line = Vec::new();
        // A file of another kind may be one endless line: look at its beginning before reading on.
        input.by_ref().take(OPENING.len() as u64).read_to_end(&mut line).map_err(|e| place.unreadable(e))?;
        if line != OPENING {
            return Err(JournalError::NotAJournal { path: path.to_owned() });
        }
        input.read_until(b'\n', &mut line).map_err(|e| place.unreadable(e))?;
        let stamp: Stamp = place.parse(&line)?;
        if stamp.format != FORMAT {
            let path = path.to_owned();
            return Err(JournalError::OtherFormat { path, found: stamp.format, written_by: stamp.windtunnel });
        }
        let header = place.parse(&line)?;
        Ok(Self { input, path: path.to_owned(), header, line, line_number: 1, steps: 0, now: SimTime::ZERO })
    }

    /// Where the journal came from, and what the core was told.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Whole steps read so far.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// The next step's observation, or `None` after the last.
    pub fn observation(&mut self) -> Result<Option<Observation>, JournalError> {
        match self.record()? {
            Some(Record::Seen(seen)) => {
                if seen.now < self.now {
                    let (now, then) = (seen.now.as_millis(), self.now.as_millis());
                    return Err(self.place().damaged(format!("time goes back from {then} ms to {now} ms")));
                }
                self.now = seen.now;
                Ok(Some(seen.into_owned()))
            }
            Some(Record::End { steps }) if steps != self.steps => {
                let read = self.steps;
                Err(self.place().damaged(format!("the journal claims {steps} steps and holds {read}")))
            }
            Some(Record::End { .. }) => self.nothing_more(),
            Some(found @ Record::Decided(_)) => Err(self.place().out_of_order(&found, "`seen` or `end`")),
            None => Err(self.place().cut_off()),
        }
    }

    /// The decision that belongs to the observation just read.
    pub fn decision(&mut self) -> Result<Decision, JournalError> {
        match self.record()? {
            Some(Record::Decided(decision)) => {
                self.steps += 1;
                Ok(decision.into_owned())
            }
            Some(found @ (Record::Seen(_) | Record::End { .. })) => Err(self.place().out_of_order(&found, "`decided`")),
            None => Err(self.place().cut_off()),
        }
    }

    fn nothing_more(&mut self) -> Result<Option<Observation>, JournalError> {
        match self.record()? {
            None => Ok(None),
            Some(found) => Err(self.place().out_of_order(&found, "the end of the file")),
        }
    }

    fn record(&mut self) -> Result<Option<Record<'static>>, JournalError> {
        self.line.clear();
        self.line_number += 1;
        let place = Place { path: &self.path, line: self.line_number, steps: self.steps };
        let length = self.input.read_until(b'\n', &mut self.line).map_err(|e| place.unreadable(e))?;
        if length == 0 { Ok(None) } else { place.parse(&self.line).map(Some) }
    }

    fn place(&self) -> Place<'_> {
        Place { path: &self.path, line: self.line_number, steps: self.steps }
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("path", &self.path).field("line", &self.line_number).finish_non_exhaustive()
    }
}

/// Where in the file a fault is.
struct Place<'a> {
    path: &'a Path,
    line: u64,
    steps: u64,
}

impl Place<'_> {
    /// Reads a line as JSON. A last line that lacks its line feed and does not parse was torn by whatever cut the file.
    fn parse<'de, T: Deserialize<'de>>(&self, line: &'de [u8]) -> Result<T, JournalError> {
        let whole = line.strip_suffix(b"\n");
        serde_json::from_slice(whole.unwrap_or(line))
            .map_err(|error| if whole.is_some() { self.damaged(json_fault(&error)) } else { self.cut_off() })
    }

    /// Tells a fault of the content, which a decompressor reports as an error of reading, from a fault of the system.
    fn unreadable(&self, source: io::Error) -> JournalError {
        match source.kind() {
            io::ErrorKind::UnexpectedEof => self.cut_off(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => self.damaged(format!("gzip: {source}")),
            _ => JournalError::Unreadable { path: self.path.to_owned(), source },
        }
    }

    fn damaged(&self, what: String) -> JournalError {
        JournalError::Damaged { path: self.path.to_owned(), line: self.line, what }
    }

    fn out_of_order(&self, found: &Record<'_>, expected: &'static str) -> JournalError {
        JournalError::OutOfOrder { path: self.path.to_owned(), line: self.line, found: found.kind(), expected }
    }

    fn cut_off(&self) -> JournalError {
        JournalError::CutOff { path: self.path.to_owned(), line: self.line, steps: self.steps }
    }
}
