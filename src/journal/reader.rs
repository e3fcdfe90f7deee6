//! Reads a journal record by record, in memory bounded by its longest line, and refuses whatever is not one: it is the
//! only judge of a journal's shape and order. Never knows what the records mean, save that time does not go back.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use serde::Deserialize;

use crate::journal::error::{JournalError, json_fault};
use crate::journal::format::{FORMAT, Header, Named, OPENING, Record, Stamp};
use crate::journal::seal::unseal;
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
    /// Of a live journal: the decision that was read ahead, to know that its step is whole.
    ahead: Option<Decision>,
    /// Of a live journal: an observation at the end that no decision follows.
    undecided: Option<Observation>,
    /// What was named since it was last asked for.
    named: Named,
    ended: Ended,
    /// Bytes up to the end of the last line that counts.
    whole: u64,
    /// Bytes read.
    read: u64,
}

/// How a journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Not read to its end yet.
    NotYet,
    /// With an `end` record: the run is over.
    Whole,
    /// Of a live run: between two records. It was stopped, or goes on.
    Open,
    /// Of a live run: in the middle of a line, which counts for nothing.
    Torn,
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
        let read = line.len() as u64;
        let header: Header = place.parse(&line)?;
        if header.is_sealed() && !(line.pop() == Some(b'\n') && unseal(&mut line)) {
            return Err(place.damaged("its checksum is not that of the line".to_owned()));
        }
        Ok(Self {
            input,
            path: path.to_owned(),
            header,
            line,
            line_number: 1,
            steps: 0,
            now: SimTime::ZERO,
            ahead: None,
            undecided: None,
            named: Named::default(),
            ended: Ended::NotYet,
            whole: read,
            read,
        })
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
    ///
    /// Of a live journal only steps with their decision are told; an observation at the end without one is
    /// [`undecided`](Self::undecided).
    pub fn observation(&mut self) -> Result<Option<Observation>, JournalError> {
        loop {
            return match self.record()? {
                Some(Record::Named(named)) => {
                    let Named { nodes, jobs } = named.into_owned();
                    self.named.nodes.extend(nodes);
                    self.named.jobs.extend(jobs);
                    continue;
                }
                Some(Record::Seen(seen)) => {
                    if seen.now < self.now {
                        let (now, then) = (seen.now.as_millis(), self.now.as_millis());
                        return Err(self.place().damaged(format!("time goes back from {then} ms to {now} ms")));
                    }
                    self.now = seen.now;
                    if self.header.is_sealed() {
                        self.look_ahead(seen.into_owned())
                    } else {
                        Ok(Some(seen.into_owned()))
                    }
                }
                Some(Record::End { steps }) if steps != self.steps => {
                    let read = self.steps;
                    Err(self.place().damaged(format!("the journal claims {steps} steps and holds {read}")))
                }
                Some(Record::End { .. }) => self.nothing_more(),
                Some(found @ Record::Decided(_)) => Err(self.place().out_of_order(&found, "`seen` or `end`")),
                None if self.header.is_sealed() => {
                    self.ended = self.ended.or_open();
                    Ok(None)
                }
                None => Err(self.place().cut_off()),
            };
        }
    }

    /// Reads the decision that makes the step whole.
    fn look_ahead(&mut self, seen: Observation) -> Result<Option<Observation>, JournalError> {
        self.whole = self.read;
        match self.record()? {
            Some(Record::Decided(decision)) => {
                self.whole = self.read;
                self.ahead = Some(decision.into_owned());
                Ok(Some(seen))
            }
            None => {
                self.ended = self.ended.or_open();
                self.undecided = Some(seen);
                Ok(None)
            }
            Some(found) => Err(self.place().out_of_order(&found, "`decided`")),
        }
    }

    /// The decision that belongs to the observation just read.
    pub fn decision(&mut self) -> Result<Decision, JournalError> {
        if let Some(decision) = self.ahead.take() {
            self.steps += 1;
            return Ok(decision);
        }
        match self.record()? {
            Some(Record::Decided(decision)) => {
                self.steps += 1;
                Ok(decision.into_owned())
            }
            Some(found @ (Record::Seen(_) | Record::End { .. } | Record::Named(_))) => {
                Err(self.place().out_of_order(&found, "`decided`"))
            }
            None => Err(self.place().cut_off()),
        }
    }

    /// How the journal ends, once [`observation`](Self::observation) gave `None`.
    pub const fn ended(&self) -> Ended {
        self.ended
    }

    /// Of a live journal: the observation at its end that no decision follows, with what was named for it.
    pub const fn undecided(&self) -> Option<&Observation> {
        self.undecided.as_ref()
    }

    /// What was named since this was last asked.
    pub fn take_named(&mut self) -> Named {
        std::mem::take(&mut self.named)
    }

    /// Bytes up to the end of the last record that counts: a decision, or an observation.
    pub(super) const fn whole(&self) -> u64 {
        self.whole
    }

    fn nothing_more(&mut self) -> Result<Option<Observation>, JournalError> {
        match self.record()? {
            None => {
                self.ended = Ended::Whole;
                Ok(None)
            }
            Some(found) => Err(self.place().out_of_order(&found, "the end of the file")),
        }
    }

    fn record(&mut self) -> Result<Option<Record<'static>>, JournalError> {
        self.line.clear();
        self.line_number += 1;
        let place = Place { path: &self.path, line: self.line_number, steps: self.steps };
        let length = self.input.read_until(b'\n', &mut self.line).map_err(|e| place.unreadable(e))?;
        if length == 0 {
            return Ok(None);
        }
        self.read += length as u64;
        if !self.header.is_sealed() {
            return place.parse(&self.line).map(Some);
        }
        let is_line = self.line.pop_if(|last| *last == b'\n').is_some();
        if is_line && unseal(&mut self.line) {
            return serde_json::from_slice(&self.line).map(Some).map_err(|error| place.damaged(json_fault(&error)));
        }
        let place_is_last = self.input.fill_buf().map_err(|e| place.unreadable(e))?.is_empty();
        if place_is_last {
            self.ended = Ended::Torn;
            return Ok(None);
        }
        Err(place.damaged("its checksum is not that of the line".to_owned()))
    }

    fn place(&self) -> Place<'_> {
        Place { path: &self.path, line: self.line_number, steps: self.steps }
    }
}

impl Ended {
    /// What a journal without an end may mean; `None` for one with an end.
    pub const fn in_words(self) -> Option<&'static str> {
        match self {
            Self::NotYet | Self::Whole => None,
            Self::Open => Some("the run goes on, or was stopped"),
            Self::Torn => Some("the run goes on, or was killed while it wrote a line, which does not count"),
        }
    }

    /// The end of the file, where it was not found torn.
    const fn or_open(self) -> Self {
        match self {
            Self::Torn => Self::Torn,
            _ => Self::Open,
        }
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
