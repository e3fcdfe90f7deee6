//! Answers of AWS as files, a page each: `describe-jobs-000001.json` and on. The folder gets its name when all are whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// An export that can't be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is something already, perhaps pages of another run.
    #[error(
        "{folder} is there already and not empty: name a new folder, so that no pages of another export stay among its own"
    )]
    NotEmpty {
        /// The folder.
        folder: String,
    },
    /// What the system says.
    #[error("can't write the export {folder}: {source}; name a folder beside which you may write")]
    Io {
        /// The folder.
        folder: String,
        /// What the system says.
        source: io::Error,
    },
}

/// A folder of pages being written. Dropped without [`finish`](Self::finish), it leaves nothing behind.
#[derive(Debug)]
pub(super) struct Pages {
    folder: TempDir,
    target: PathBuf,
    files: u64,
}

impl Pages {
    /// Begins a folder that will stand at `target`.
    pub(super) fn create(target: &Path) -> Result<Self, ExportError> {
        match fs::read_dir(target).map(|mut entries| entries.next().is_some()) {
            Ok(true) => return Err(ExportError::NotEmpty { folder: target.display().to_string() }),
            Ok(false) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(target, error)),
        }
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::create_dir_all(parent).and_then(|()| {
            let mut builder = tempfile::Builder::new();
            builder.prefix(".windtunnel-").suffix(".part");
            // Temporary folders are private by default; results are as readable as the user's others (the umask applies).
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                builder.permissions(fs::Permissions::from_mode(0o777));
            }
            builder.tempdir_in(parent)
        });
        let folder = folder.map_err(|error| failed(target, error))?;
        Ok(Self { folder, target: target.to_owned(), files: 0 })
    }

    /// Where temporary files may stand.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn failed(&self, error: io::Error) -> ExportError {
        failed(&self.target, error)
    }

    /// All pages of an answer of `count` items, which `write` writes by their place; none where there is no item.
    pub(super) fn write(
        &mut self,
        name: &str,
        call: &Call,
        count: usize,
        mut write: impl FnMut(usize, &mut BufWriter<File>) -> io::Result<()>,
    ) -> io::Result<()> {
        let pages = count.div_ceil(call.items_max);
        for page in 0..pages {
            let mut file = BufWriter::new(File::create_new(self.folder().join(call.file_name(name, page, pages)))?);
            write!(file, "{{\"{}\":[", call.member)?;
            let first = page * call.items_max;
            for item in first..count.min(first + call.items_max) {
                file.write_all(if item == first { b"\n" } else { b",\n" })?;
                write(item, &mut file)?;
            }
            file.write_all(b"\n]")?;
            if call.has_token && page + 1 < pages {
                // Opaque to callers; here it is what the next page begins with.
                write!(file, ",\"nextToken\":\"{}\"", first + call.items_max)?;
            }
            file.write_all(b"}\n")?;
            file.into_inner().map_err(io::IntoInnerError::into_error)?;
            self.files += 1;
        }
        Ok(())
    }

    /// Gives the folder its name; returns how many files stand there.
    pub(super) fn finish(self) -> Result<u64, ExportError> {
        let Self { folder, target, files } = self;
        // An empty folder gives way.
        match fs::remove_dir(&target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&target, error)),
            _ => {}
        }
        fs::rename(folder.path(), &target).map_err(|error| failed(&target, error))?;
        // It stands under its own name now: there is nothing to remove.
        let _ = folder.keep();
        Ok(files)
    }
}

/// A call to AWS: how its answers are written.
#[derive(Debug)]
pub(super) struct Call {
    /// The member that holds the items.
    pub(super) member: &'static str,
    /// Items of an answer at most.
    pub(super) items_max: usize,
    /// Whether an answer says that it goes on; others are answers to one question after the other.
    pub(super) has_token: bool,
    /// Whether files have numbers even where there is one.
    pub(super) is_numbered: bool,
}

impl Call {
    fn file_name(&self, name: &str, page: usize, pages: usize) -> String {
        if pages == 1 && !self.is_numbered { format!("{name}.json") } else { format!("{name}-{:06}.json", page + 1) }
    }
}

fn failed(folder: &Path, source: io::Error) -> ExportError {
    ExportError::Io { folder: folder.display().to_string(), source }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const CALL: Call = Call { member: "jobs", items_max: 2, has_token: true, is_numbered: false };

    fn written(folder: &Path, count: usize) -> Result<u64, ExportError> {
        let mut pages = Pages::create(folder)?;
        pages.write("list", &CALL, count, |item, file| write!(file, "{item}")).map_err(|error| pages.failed(error))?;
        assert!(fs::read_dir(folder).map_or(true, |mut there| there.next().is_none()), "nothing before all is whole");
        pages.finish()
    }

    #[test]
    fn an_answer_goes_on_on_the_next_page() {
        let parent = tempfile::tempdir().unwrap();
        let read =
            |name: &str| -> Value { serde_json::from_slice(&fs::read(parent.path().join(name)).unwrap()).unwrap() };
        assert_eq!(written(&parent.path().join("three"), 3).unwrap(), 2);
        assert_eq!(read("three/list-000001.json"), json!({ "jobs": [0, 1], "nextToken": "2" }));
        assert_eq!(read("three/list-000002.json"), json!({ "jobs": [2] }));
        assert_eq!(written(&parent.path().join("a/two"), 2).unwrap(), 1);
        assert_eq!(read("a/two/list.json"), json!({ "jobs": [0, 1] }));
        fs::create_dir(parent.path().join("none")).unwrap();
        assert_eq!(written(&parent.path().join("none"), 0).unwrap(), 0);
    }

    #[test]
    fn what_is_there_stays_and_what_fails_leaves_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let there = parent.path().join("there");
        written(&there, 3).unwrap();
        let refused = written(&there, 1).unwrap_err().to_string();
        assert!(refused.contains("name a new folder"), "{refused}");
        let mut pages = Pages::create(&parent.path().join("broken")).unwrap();
        pages.write("list", &CALL, 2, |_, _| Err(io::Error::other("full"))).unwrap_err();
        drop(pages);
        let left: Vec<_> = fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["there"]);
    }
}
