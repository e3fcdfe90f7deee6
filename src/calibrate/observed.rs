//! Files of both kinds, told apart by what is in them.

use std::io::{self, Read};

use crate::import::aws::{self, Export};
use crate::import::kubectl;
use crate::import::{Notes, unpacked};

/// What was read so far.
#[derive(Debug)]
pub struct Observed {
    export: Export,
    cluster: kubectl::Times,
    files: u64,
}

impl Default for Observed {
    fn default() -> Self {
        Self { export: Export::with_times(), cluster: kubectl::Times::default(), files: 0 }
    }
}

/// How much of a file is looked at to tell whose it is; Kubernetes names the version of its API first.
const HEAD: usize = 4_096;

impl Observed {
    /// Reads a file of AWS's answers or of Kubernetes' objects, gzipped or not. What is wrong with it is noted; an error is one
    /// of the disk, or a file that says it is Kubernetes' and can't be read.
    pub fn read(&mut self, file: &str, from: impl Read) -> io::Result<()> {
        let mut from = unpacked(from)?;
        let mut head = Vec::new();
        from.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let is_kubernetes = String::from_utf8_lossy(&head).contains("\"apiVersion\"");
        let whole = head.as_slice().chain(from);
        self.files += 1;
        if is_kubernetes {
            self.cluster.read(file, whole).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        } else {
            self.export.read(file, whole);
            Ok(())
        }
    }

    /// Whether nothing that can be measured was found.
    pub fn is_empty(&self) -> bool {
        self.export.is_empty() && self.cluster.nodes.is_empty() && self.cluster.pods.is_empty()
    }

    /// What was left out so far.
    pub fn notes(&self) -> Notes {
        let mut notes = self.export.notes().clone();
        notes.extend(self.cluster.notes.clone());
        notes
    }

    /// The times that were read, and the export for what else is in it.
    pub fn take(mut self) -> (aws::Times, kubectl::Times, Export) {
        let times = self.export.take_times();
        (times, self.cluster, self.export)
    }
}
