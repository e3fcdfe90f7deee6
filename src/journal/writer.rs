//! Writes a journal while a run goes on, as one of its watchers. Under a temporary name until `finish`, so that a
//! half-written file is never taken for a whole one. Never knows what the records mean.

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::driver::{DriverError, Watcher};
use crate::journal::format::{Header, Named, Record};
use crate::scheduler::{Decision, Observation};

/// A journal being written. Dropped without [`finish`](Self::finish), it leaves no file behind.
#[derive(Debug)]
pub struct Writer {
    sink: Sink,
    path: PathBuf,
    /// Reused between records; as long as the longest.
    line: Vec<u8>,
    steps: u64,
}

#[derive(Debug)]
enum Sink {
    Plain(BufWriter<NamedTempFile>),
    Gz(GzEncoder<BufWriter<NamedTempFile>>),
}

impl Writer {
    /// Begins a journal that will stand at `path`; compressed when its name ends in `.gz`.
    pub fn create(path: &Path, header: &Header) -> Result<Self, DriverError> {
        let sink = Sink::create(path).map_err(|source| failed(path, source))?;
        let mut writer = Self { sink, path: path.to_owned(), line: Vec::new(), steps: 0 };
        writer.put(header)?;
        Ok(writer)
    }

    /// Ends the journal and gives it its name, in place of any earlier file of that name.
    pub fn finish(mut self) -> Result<(), DriverError> {
        self.put(&Record::End { steps: self.steps })?;
        self.sink.finish(&self.path).map_err(|source| failed(&self.path, source))
    }

    /// Observations and decisions written so far, in pairs.
    pub const fn steps(&self) -> u64 {
        self.steps
    }

    /// Writes what ids in the next observation stand for.
    pub fn named(&mut self, named: &Named) -> Result<(), DriverError> {
        self.put(&Record::Named(Cow::Borrowed(named)))
    }

    fn put(&mut self, record: &impl Serialize) -> Result<(), DriverError> {
        self.line.clear();
        serde_json::to_writer(&mut self.line, record)
            .map_err(io::Error::from)
            .and_then(|()| {
                self.line.push(b'\n');
                match &mut self.sink {
                    Sink::Plain(file) => file.write_all(&self.line),
                    Sink::Gz(file) => file.write_all(&self.line),
                }
            })
            .map_err(|source| failed(&self.path, source))
    }
}

impl Watcher for Writer {
    fn seen(&mut self, seen: &Observation) -> Result<(), DriverError> {
        self.put(&Record::Seen(Cow::Borrowed(seen)))
    }

    fn decided(&mut self, _: &Observation, decision: &Decision) -> Result<(), DriverError> {
        self.put(&Record::Decided(Cow::Borrowed(decision)))?;
        self.steps += 1;
        Ok(())
    }
}

impl Sink {
    fn create(path: &Path) -> io::Result<Self> {
        // A folder would be found out after hours of running only; a device like `/dev/null` would be replaced by a file.
        if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it exists and is not a regular file"));
        }
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let mut prefix = name.to_owned();
        prefix.push(".");
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix).suffix(".tmp");
        #[cfg(unix)]
        builder.permissions(shareable());
        // In the same folder: a rename is atomic within one file system only.
        let file = BufWriter::new(builder.tempfile_in(folder(path))?);
        Ok(if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) {
            // The run waits while the journal is written, so the fastest level. The gzip header's time stays 0.
            Self::Gz(GzEncoder::new(file, Compression::fast()))
        } else {
            Self::Plain(file)
        })
    }

    fn finish(self, path: &Path) -> io::Result<()> {
        let buffered = match self {
            Self::Plain(file) => file,
            Self::Gz(file) => file.finish()?,
        };
        let temporary = buffered.into_inner().map_err(io::IntoInnerError::into_error)?;
        // On disk before it has its name, so that the name stands for a whole journal even after a power cut.
        temporary.as_file().sync_all()?;
        let _: File = temporary.persist(path)?;
        Ok(())
    }
}

/// What a file made by any other program would be allowed; temporary files are private by default.
#[cfg(unix)]
fn shareable() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn failed(path: &Path, source: io::Error) -> DriverError {
    DriverError::Io {
        context: format!("can't write the journal {}; name a file in a folder that you may write to", path.display()),
        source,
    }
}
