//! `windtunnel replay`, through the binary: exit codes and what a user reads.

use std::path::Path;

use assert_cmd::Command;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::world::{journal, lines, quiet, three_jobs, write_lines};

/// Runs `windtunnel replay` and returns exit code, stdout and stderr.
fn replay(path: &Path, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_windtunnel"));
    let output = command.arg("replay").arg(path).args(more).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Adds an item to a list of the decision on the journal's `step`-th step: one that no core decides on nothing.
fn tamper(path: &Path, step: usize, list: &str, item: Value) {
    let mut lines = lines(path);
    let line = &mut lines[2 * step];
    let mut record: Value = serde_json::from_str(line).unwrap();
    let items = &mut record["decided"][list];
    match items.as_array_mut() {
        Some(items) => items.push(item),
        None => *items = json!([item]),
    }
    *line = record.to_string();
    write_lines(path, &lines);
}

#[test]
fn a_journal_of_this_very_core_replays_equal() {
    let folder = tempdir().unwrap();
    for name in ["a.jsonl", "a.jsonl.gz"] {
        let path = journal(folder.path(), name, three_jobs());
        let (code, out, err) = replay(&path, &[]);
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.starts_with("equal: 6 steps, ") && out.ends_with(" commands\n"), "{out}");
    }
    let (code, out, _) = replay(&journal(folder.path(), "a.jsonl", vec![quiet(0)]), &["--output", "json"]);
    assert_eq!(
        (code, serde_json::from_str(&out).unwrap()),
        (0, json!({ "equal": true, "steps": 1, "commands": 0, "ended": true }))
    );
}

#[test]
fn a_tampered_command_is_caught_and_shown() {
    let folder = tempdir().unwrap();
    let path = journal(folder.path(), "a.jsonl", vec![quiet(0), quiet(2_000), quiet(4_000)]);
    tamper(&path, 2, "commands", json!({ "command": "TerminateNode", "node": 41 }));
    let (code, out, err) = replay(&path, &[]);
    assert_eq!((code, err.as_str()), (3, ""));
    let expected = "\
step 2 at 2000 ms (2s): the core decides otherwise than the journal says, first in commands[0]

             journal        now
  ≠ command  TerminateNode  -
  ≠ node     node-41        -
";
    assert!(out.starts_with(expected), "{out}");
    assert!(out.contains("\n  ≠ commands  1 "), "{out}");
    assert!(out.ends_with("\nobserved events: 0\n"), "{out}");

    let (code, out, _) = replay(&path, &["--output", "json"]);
    let out: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &out["equal"], &out["step"], &out["time_ms"]), (3, &json!(false), &json!(2), &json!(2_000)));
    assert_eq!(out["first_difference"], json!({ "part": "commands", "index": 0 }));
    assert_eq!(out["expected"]["commands"][0]["node"], json!(41));
}

#[test]
fn a_tampered_reason_is_caught_with_its_names() {
    let folder = tempdir().unwrap();
    let path = journal(folder.path(), "a.jsonl", three_jobs());
    // On the first step, so that the events that it saw are shown too.
    tamper(&path, 1, "reasons", json!({ "reason": "QueueBlocked", "queue": 0, "head": "9-9", "why": "DispatchRate" }));
    let (code, out, _) = replay(&path, &[]);
    assert_eq!(code, 3);
    assert!(out.contains("first in reasons["), "{out}");
    assert!(out.contains("≠ head    9-9"), "{out}");
    assert!(out.contains("jq-0 (My-Eks-JQ1)"), "{out}");
    assert!(out.contains("\n  JobSubmitted job 0-2, queue jq-0 (My-Eks-JQ1), spec spec-0 (hello)\n"), "{out}");
}

#[test]
fn faults_of_the_file_and_of_the_way_to_it_have_their_own_exit_codes() {
    let folder = tempdir().unwrap();
    let missing = folder.path().join("missing.jsonl");
    let (code, out, err) = replay(&missing, &[]);
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.starts_with("error: ") && err.contains("missing.jsonl: can't be read"), "{err}");

    let path = journal(folder.path(), "a.jsonl", three_jobs());
    let mut cut = lines(&path);
    cut.truncate(4);
    write_lines(&path, &cut);
    let (code, out, err) = replay(&path, &[]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("a.jsonl:5: cut off: the file stops after 1 whole steps"), "{err}");

    std::fs::write(&path, "{ \"description\": \"a scenario\" }\n").unwrap();
    let (code, _, err) = replay(&path, &[]);
    assert_eq!(code, 2);
    assert!(err.contains("a.jsonl: not a journal"), "{err}");
}
