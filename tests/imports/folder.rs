//! The program, run in a folder of the test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

/// A folder, removed at the end.
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

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).unwrap()
    }

    /// Exit code, stdout and stderr of `windtunnel WORDS`.
    pub(crate) fn try_command(&self, words: &[&str]) -> (i32, String, String) {
        let output = Command::cargo_bin("windtunnel").unwrap().current_dir(&self.0).args(words).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Stdout of a command that must succeed.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let (code, stdout, stderr) = self.try_command(words);
        assert_eq!(code, 0, "windtunnel {}: {stderr}", words.join(" "));
        stdout
    }

    /// What a command says that must refuse.
    pub(crate) fn refused(&self, words: &[&str]) -> String {
        let (code, _, stderr) = self.try_command(words);
        assert_eq!(code, 2, "windtunnel {}: {stderr}", words.join(" "));
        stderr
    }

    /// Imports with `words` into `imported`, which must be valid, without a warning: the scenario, and what was told.
    pub(crate) fn import(&self, words: &[&str]) -> (Value, String) {
        let told = self.command(&[&["import"], words, &["-o", "imported"]].concat());
        let valid = self.command(&["validate", "imported/scenario.json"]);
        assert!(valid.contains("is valid") && !valid.contains("warning"), "{valid}");
        assert_eq!(told.split("\nwrote ").next().unwrap().trim_end(), self.text("imported/notes.txt").trim_end());
        (self.json("imported/scenario.json"), told)
    }

    /// Runs what was imported: the summary.
    pub(crate) fn run(&self, words: &[&str]) -> Value {
        let run = ["run", "imported/scenario.json", "--out", "results", "--output", "json"];
        serde_json::from_str(&self.command(&[&run, words].concat())).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
