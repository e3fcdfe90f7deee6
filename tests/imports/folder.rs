//! A folder to import into, and the program run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

/// A folder of its own, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("windtunnel-imports-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    pub(crate) fn output(&self, words: &[&str]) -> Output {
        Command::cargo_bin("windtunnel").unwrap().current_dir(&self.0).args(words).output().unwrap()
    }

    /// Runs the program and gives what it printed; it must end well.
    pub(crate) fn windtunnel(&self, words: &[&str]) -> String {
        let output = self.output(words);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "windtunnel {}: {told}", words.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the program, which must refuse, and gives its words.
    pub(crate) fn refused(&self, words: &[&str]) -> String {
        let output = self.output(words);
        assert_eq!(output.status.code(), Some(2), "windtunnel {}", words.join(" "));
        String::from_utf8(output.stderr).unwrap()
    }

    /// Imports with `words` into `imported`: the scenario, and what was told.
    pub(crate) fn import(&self, words: &[&str]) -> (Value, String) {
        let told = self.windtunnel(&[&["import"], words, &["-o", "imported"]].concat());
        (serde_json::from_str(&self.read("imported/scenario.json")).unwrap(), told)
    }

    /// Validates and runs what was imported: the summary.
    pub(crate) fn run(&self) -> Value {
        let validated = self.windtunnel(&["validate", "imported/scenario.json"]);
        assert!(!validated.contains("warning"), "{validated}");
        let told = self.windtunnel(&["run", "imported/scenario.json", "--out", "results", "--output", "json"]);
        serde_json::from_str(&told).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
