//! Lines on disk until their order is known: jobs end in one order and are listed in another. A file without a name; in
//! memory stand only places.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::Serialize;

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    at: u64,
    length: usize,
}

/// Lines that can be read again.
#[derive(Debug)]
pub(super) struct Spool {
    file: BufWriter<File>,
    length: u64,
    line: Vec<u8>,
}

impl Spool {
    /// Begins a file that is gone when it is closed.
    pub(super) fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: BufWriter::new(tempfile::tempfile_in(folder)?), length: 0, line: Vec::new() })
    }

    /// Keeps a value as JSON.
    pub(super) fn keep(&mut self, value: &impl Serialize) -> io::Result<Line> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, value)?;
        self.file.write_all(&self.line)?;
        let line = Line { at: self.length, length: self.line.len() };
        self.length += self.line.len() as u64;
        Ok(line)
    }

    /// Ends the writing.
    pub(super) fn finish(self) -> io::Result<Kept> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(Kept { file: BufReader::new(file), at: None, line: Vec::new() })
    }
}

/// What was kept.
#[derive(Debug)]
pub(super) struct Kept {
    file: BufReader<File>,
    /// Where the next byte comes from.
    at: Option<u64>,
    line: Vec<u8>,
}

impl Kept {
    /// A line, as it was written.
    pub(super) fn read(&mut self, line: Line) -> io::Result<&[u8]> {
        match self.at.and_then(|at| line.at.checked_signed_diff(at)) {
            // Within what was read ahead it costs nothing.
            Some(offset) => self.file.seek_relative(offset)?,
            None => drop(self.file.seek(SeekFrom::Start(line.at))?),
        }
        self.at = None;
        self.line.resize(line.length, 0);
        self.file.read_exact(&mut self.line)?;
        self.at = Some(line.at + line.length as u64);
        Ok(&self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_in_any_order() {
        let mut spool = Spool::create(&std::env::temp_dir()).unwrap();
        let lines: Vec<_> = (0..5_000_u32).map(|n| (n, spool.keep(&format!("line {n}")).unwrap())).collect();
        let mut kept = spool.finish().unwrap();
        for (n, line) in lines.iter().rev().chain(&lines) {
            assert_eq!(kept.read(*line).unwrap(), format!("\"line {n}\"").as_bytes());
        }
    }
}
