//! Studies through the binary: the same bytes on one thread or two, killed or not; what is finished is kept; bad input is
//! told with a way out; a replication is the run that `run` makes.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::{TempDir, tempdir};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SCENARIO: &str = "scenarios/getting-started.json";
const LEDGER: &str = ".windtunnel-study.jsonl";

/// A study of some hundred runs.
fn study(out: &Path, more: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("windtunnel"));
    let args =
        ["compare", SCENARIO, "--vary", "maxvCpus=16,32,256", "--replications", "60", "--output", "json", "--out"];
    command.current_dir(ROOT).args(args).arg(out).args(more).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Exit code, stdout and stderr of a comparison.
fn compare(args: &[&str]) -> (i32, String, String) {
    let output =
        Command::cargo_bin("windtunnel").unwrap().current_dir(ROOT).arg("compare").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Files of a folder with their bytes, but for those that begin with a dot.
fn results(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap());
    let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    let mut files: Vec<_> =
        named.filter(|(name, _)| !name.starts_with('.')).map(|(name, path)| (name, fs::read(path).unwrap())).collect();
    files.sort();
    files
}

fn undisturbed() -> (TempDir, Vec<(String, Vec<u8>)>) {
    let folder = tempdir().unwrap();
    assert!(study(folder.path(), &[]).status().unwrap().success());
    let files = results(folder.path());
    assert!(files.iter().any(|(name, _)| name == "comparison.json") && files.len() >= 2, "{files:?}");
    assert!(!folder.path().join(LEDGER).exists(), "the ledger goes when the results are there");
    (folder, files)
}

/// Lines of a ledger, as far as it is written.
fn finished(folder: &Path) -> usize {
    fs::read(folder.join(LEDGER)).map_or(0, |bytes| bytes.split(|&byte| byte == b'\n').count() - 1)
}

/// Waits until a ledger has so many lines, or the study is over; whether the study still goes on.
fn wait_for(child: &mut Child, folder: &Path, lines: usize) -> bool {
    loop {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if finished(folder) >= lines {
            return true;
        }
        sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_same_bytes_on_one_thread_and_on_two() {
    let (_two, files) = undisturbed();
    let one = tempdir().unwrap();
    assert!(study(one.path(), &["--threads", "1"]).status().unwrap().success());
    assert_eq!(results(one.path()), files);
}

#[test]
fn killed_at_any_moment_and_resumed_it_ends_the_same() {
    let (_whole, files) = undisturbed();
    let mut cut = 0;
    for lines in [1, 2, 7, 30, 90, 150, 178, 181] {
        let folder = tempdir().unwrap();
        let mut child = study(folder.path(), &[]).spawn().unwrap();
        let was_running = wait_for(&mut child, folder.path(), lines);
        child.kill().unwrap();
        child.wait().unwrap();
        let left = results(folder.path());
        assert!(left.iter().all(|file| files.contains(file)), "a file under its final name is whole: {lines} lines");
        cut += usize::from(was_running && left.len() < files.len());
        // The first line is the header.
        if finished(folder.path()) > 1 {
            assert!(!study(folder.path(), &[]).status().unwrap().success(), "what is kept is not overwritten");
        }
        assert!(study(folder.path(), &["--resume"]).status().unwrap().success());
        assert_eq!(results(folder.path()), files, "killed after {lines} lines");
        let hidden = fs::read_dir(folder.path()).unwrap().count() - files.len();
        assert_eq!(hidden, 0, "nothing else is left behind");
    }
    assert!(cut >= 5, "most were killed while they ran: {cut}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_shows_what_is_finished_and_keeps_it() {
    let (_whole, files) = undisturbed();
    let folder = tempdir().unwrap();
    let mut command = study(folder.path(), &[]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert!(wait_for(&mut child, folder.path(), 20), "it ended before it could be interrupted");
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("--resume"), "{said}");
    let partial: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(partial["interrupted"]["wanted"], 180);
    let finished = partial["interrupted"]["finished"].as_u64().unwrap();
    assert!((19..180).contains(&finished), "{finished}");
    assert!(partial["replications"].as_u64().unwrap() >= 6);
    assert!(results(folder.path()).is_empty());
    assert!(study(folder.path(), &["--resume"]).status().unwrap().success());
    assert_eq!(results(folder.path()), files);
}

#[test]
fn a_replication_is_the_run_that_run_makes() {
    let (folder, _) = undisturbed();
    let mut rows = csv::Reader::from_path(folder.path().join("replications.csv")).unwrap();
    let heads: Vec<_> = rows.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(heads, ["variant", "maxvCpus", "replication", "seed", "metric", "unit", "value"]);
    let mut found = Vec::new();
    for row in rows.records().map(Result::unwrap) {
        if &row[0] == "32" && &row[2] == "3" && &row[4] == "cost.total" {
            assert_eq!(&row[5], "USD");
            found.push((row[3].to_owned(), row[6].parse::<f64>().unwrap()));
        }
    }
    let [(seed, cost)] = found.as_slice() else { panic!("one row per variant, replication and metric: {found:?}") };
    let set = "/computeEnvironments/0/computeResources/maxvCpus=32";
    let output = Command::cargo_bin("windtunnel")
        .unwrap()
        .current_dir(ROOT)
        .args(["run", SCENARIO, "--seed", seed, "--set", set, "--output", "json"])
        .output()
        .unwrap();
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["cost"]["total"].as_f64(), Some(*cost));
}

#[test]
fn precision_adds_runs_until_it_is_there_or_says_that_it_is_not() {
    let base = [SCENARIO, "--vary", "maxvCpus=32,64", "--output", "json", "--precision"];
    let run = |more: &[&str]| {
        let (code, stdout, stderr) = compare(&[&base, more].concat());
        assert_eq!(code, 0, "{stderr}");
        serde_json::from_str::<Value>(&stdout).unwrap()
    };
    let found = run(&["4%"]);
    assert_eq!(found["precision"]["capped"], false);
    assert!(found["precision"]["reached"].as_f64().unwrap() <= 0.04);
    for variant in found["variants"].as_array().unwrap() {
        let cost = &variant["metrics"][0]["estimate"];
        assert!(cost["half_width"].as_f64().unwrap() <= 0.04 * cost["mean"].as_f64().unwrap());
    }
    let capped = run(&["0.01%", "--max-replications", "12"]);
    assert_eq!((&capped["precision"]["capped"], &capped["replications"]), (&true.into(), &12.into()));
}

#[test]
fn what_is_equal_is_not_called_different() {
    let (code, stdout, stderr) =
        compare(&[SCENARIO, "--vary", "maxvCpus=1000,2000", "--replications", "5", "--output", "json"]);
    assert_eq!(code, 0, "{stderr}");
    let found: Value = serde_json::from_str(&stdout).unwrap();
    let difference = &found["variants"][1]["metrics"][0]["difference"];
    assert_eq!(difference["verdict"], "not_distinguishable");
    assert_eq!(difference["estimate"]["mean"], 0.0);
    assert_eq!(found["variants"][0]["standing"]["not_distinguishable_from"], serde_json::json!([1]));
}

#[test]
fn bad_input_is_told_with_a_way_out_before_anything_runs() {
    for (args, told) in [
        (&["--vary", "maxvcpu=1,2"][..], "did you mean `maxvCpus`?"),
        (&["--vary", "maxvCpus"], "it has no `=`"),
        (&["--vary", "maxvCpus=8,x"], "variant `x`"),
        (&["--vary", "maxvCpus=8,16", "--baseline", "9"], "name `8` or `16`"),
        (&["--vary", "maxvCpus=8,16", "--metric", "cost.totl"], "did you mean `cost.total`?"),
        (&["--vary", "maxvCpus=8,16", "--level", "95"], "write a share like 0.95"),
        (&["--vary", "maxvCpus=8,16", "--precision", "much"], "write a share like 2%"),
        (&["--vary", "maxvCpus=8,16", "--replications", "0"], "write 1 or more"),
        (&["--vary", "maxvCpus=8,16", "--set", "/nothing/here=1"], "has no `nothing`"),
    ] {
        let (code, stdout, stderr) = compare(&[&[SCENARIO], args].concat());
        assert_eq!((code, stdout.as_str()), (2, ""), "{args:?}: {stderr}");
        assert!(stderr.contains(told), "{args:?}: {stderr}");
    }
    let (code, _, stderr) = compare(&["scenarios/none.json"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("can't be read"), "{stderr}");
}
