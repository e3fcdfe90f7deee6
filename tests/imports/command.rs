//! The program, run in a folder of the test's own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::CommandCargoExt;
use serde_json::Value;

/// Where recorded work lies that is not ours to ship.
const TRACES: &str = "WINDTUNNEL_TRACES";

/// A folder, removed at the end.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("windtunnel-imports-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), text).unwrap();
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

    /// Imports into `out`, and holds the outcome against `validate`: no error, no warning. What was told is returned.
    pub(crate) fn import(&self, words: &[&str]) -> String {
        let told = self.command(&[&["import"], words, &["-o", "out"]].concat());
        let valid = self.command(&["validate", "out/scenario.json"]);
        assert!(valid.contains("is valid") && !valid.contains("warning"), "{valid}");
        assert_eq!(told.split("\nwrote ").next().unwrap().trim_end(), self.text("out/notes.txt").trim_end());
        told
    }

    /// The summary of a run of what was imported.
    pub(crate) fn run(&self, words: &[&str]) -> Value {
        let run = ["run", "out/scenario.json", "--output", "json"];
        serde_json::from_str(&self.command(&[&run, words].concat())).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A folder of recorded work; told past the test harness, which would keep it to itself, where there is none.
pub(crate) fn traces(folder: &str) -> Option<PathBuf> {
    let traces = std::env::var_os(TRACES).filter(|value| !value.is_empty());
    if traces.is_none() {
        say(&format!("skipped {folder}: {TRACES} does not say where its files are"));
    }
    traces.map(|traces| Path::new(&traces).join(folder).canonicalize().unwrap())
}

/// A line past the test harness.
pub(crate) fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
