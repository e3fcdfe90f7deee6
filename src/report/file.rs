//! One file that grows with a run: under a temporary name in its own folder until it is whole, so that nothing half-written
//! is ever taken for it.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::experiment::PARTIAL_PREFIX;
use crate::report::output::{temporary, temporary_as};

/// A file that can't be written.
#[derive(Debug, thiserror::Error)]
#[error("can't write {file}: {source}; name a file in a folder that you may write to")]
pub struct FileError {
    /// The file.
    file: String,
    /// What the system says.
    source: io::Error,
}

impl FileError {
    /// A file that can't be written, and what the system says.
    pub(in crate::report) fn new(path: &Path, source: io::Error) -> Self {
        Self { file: path.display().to_string(), source }
    }
}

/// A file being written. Dropped without [`finish`](Self::finish), it leaves none behind.
#[derive(Debug)]
pub struct OutputFile {
    file: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl OutputFile {
    /// Begins a file that will stand at `path`. Call it before the run: a file that can't be written should not cost one.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        Self::begin(path, temporary)
    }

    /// The same for a study's results: what a study that is killed leaves of it, the next one of its folder removes.
    pub(super) fn of_study(path: &Path) -> Result<Self, FileError> {
        Self::begin(path, |folder| temporary_as(folder, PARTIAL_PREFIX))
    }

    fn begin(path: &Path, temporary: impl Fn(&Path) -> io::Result<NamedTempFile>) -> Result<Self, FileError> {
        let failed = |source| FileError::new(path, source);
        // A device like `/dev/null` would be replaced by a file.
        if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
            return Err(failed(io::Error::new(io::ErrorKind::InvalidInput, "it exists and is not a regular file")));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let file = temporary(folder).map_err(failed)?;
        Ok(Self { file: BufWriter::new(file), path: path.to_owned() })
    }

    /// Ends the file and gives it its name, in place of any earlier one; returns the name.
    pub fn finish(self) -> Result<PathBuf, FileError> {
        let Self { file, path } = self;
        let failed = |source| FileError::new(&path, source);
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(path)
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"one\n").unwrap();
        assert!(!path.exists());
        drop(file);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        let mut file = OutputFile::create(&path).unwrap();
        file.write_all(b"two\n").unwrap();
        assert_eq!(file.finish().unwrap(), path);
        assert_eq!(fs::read(&path).unwrap(), b"two\n");
    }

    #[test]
    fn a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let message = OutputFile::create(folder.path()).unwrap_err().to_string();
        assert!(message.ends_with("name a file in a folder that you may write to"), "{message}");
    }
}
