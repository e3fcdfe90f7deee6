//! The shipped scenarios, through the binary: each is valid, runs, accounts for its jobs, runs again to the same bytes,
//! and shows what `scenarios/README.md` says it shows. The stored pictures of results are those of today's binary.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Needs a log that is not ours to ship.
const RECORDED: &str = "lcg-2005";
const TRACES: &str = "WINDTUNNEL_TRACES";

fn scenario(name: &str) -> PathBuf {
    Path::new(ROOT).join("scenarios").join(format!("{name}.json"))
}

/// Names of all shipped scenarios.
fn all() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(Path::new(ROOT).join("scenarios"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| file.strip_suffix(".json").map(str::to_owned))
        .filter(|name| name != "scenario.schema")
        .collect();
    names.sort();
    assert!(names.len() >= 7, "{names:?}");
    names
}

/// Those that run here: without the log, all but the recorded one.
fn runnable() -> Vec<String> {
    let mut names = all();
    if std::env::var_os(TRACES).is_none_or(|folder| folder.is_empty()) {
        // Past the test harness, which would keep it to itself.
        let told = format!("skipped {RECORDED}: {TRACES} does not say where its log is\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        names.retain(|name| name != RECORDED);
    }
    names
}

/// Exit code, stdout and stderr.
fn windtunnel(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("windtunnel").unwrap().current_dir(ROOT).args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The summary of a run with these settings.
fn run(name: &str, settings: &[&str]) -> Value {
    let path = scenario(name);
    let mut args = vec!["run", path.to_str().unwrap(), "--output", "json"];
    args.extend(settings.iter().flat_map(|setting| ["--set", *setting]));
    let (code, stdout, stderr) = windtunnel(&args);
    assert_eq!(code, 0, "{name} {settings:?}: {stderr}");
    serde_json::from_str(&stdout).unwrap()
}

fn number(summary: &Value, pointer: &str) -> f64 {
    let value = summary.pointer(pointer).unwrap_or_else(|| panic!("no {pointer}"));
    value.as_f64().unwrap_or_else(|| panic!("{pointer} is {value}"))
}

/// A figure of the queue's row.
fn queue(summary: &Value, name: &str, figure: &str) -> f64 {
    let rows = summary["queues"].as_array().unwrap();
    number(rows.iter().find(|row| row["queue"] == name).unwrap(), figure)
}

/// Names and bytes of all files in a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let read = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap());
    fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect()
}

/// One run of a scenario with all its files: the output folder's, and the journal.
fn run_to_files(name: &str, into: &Path) -> BTreeMap<String, Vec<u8>> {
    let (path, out, journal) = (scenario(name), into.join("out"), into.join("journal.jsonl.gz"));
    let [path, out_text, journal_text] = [&path, &out, &journal].map(|path| path.to_str().unwrap());
    let (code, _, stderr) = windtunnel(&["run", path, "--out", out_text, "--journal", journal_text]);
    assert_eq!(code, 0, "{name}: {stderr}");
    let mut written = files(&out);
    assert!(written.contains_key("summary.json") && written.contains_key("timeline.svg"), "{:?}", written.keys());
    written.insert("journal".to_owned(), fs::read(journal).unwrap());
    written
}

#[test]
fn every_scenario_is_valid() {
    for name in runnable() {
        let (code, stdout, stderr) = windtunnel(&["validate", scenario(&name).to_str().unwrap()]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{name}");
        assert!(stdout.contains("is valid"), "{stdout}");
    }
}

#[test]
fn every_scenario_asks_its_question_in_its_description() {
    for name in all() {
        let text: Value = serde_json::from_slice(&fs::read(scenario(&name)).unwrap()).unwrap();
        assert!(text["description"].as_str().is_some_and(|description| description.contains('?')), "{name}");
    }
}

#[test]
fn every_job_is_accounted_for_and_a_second_run_has_the_same_bytes() {
    for name in runnable() {
        let (first, second) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let files = run_to_files(&name, first.path());
        let again = run_to_files(&name, second.path());
        assert!(files.keys().eq(again.keys()), "{name}: {:?}, then {:?}", files.keys(), again.keys());
        for (file, bytes) in &files {
            assert!(*bytes == again[file], "{name}: {file} differs from one run to the next");
        }

        let summary: Value = serde_json::from_slice(&files["summary.json"]).unwrap();
        let jobs = |state: &str| summary["jobs"][state].as_u64().unwrap();
        assert!(jobs("submitted") > 0, "{name}");
        assert_eq!(jobs("submitted"), jobs("succeeded") + jobs("failed") + jobs("unfinished"), "{name}");
        let rows = std::str::from_utf8(&files["jobs.csv"]).unwrap().lines().count() as u64 - 1;
        assert_eq!(rows, jobs("succeeded") + jobs("failed"), "{name}: a row of jobs.csv per ended job");

        let journal = first.path().join("journal.jsonl.gz");
        let (code, stdout, stderr) = windtunnel(&["replay", journal.to_str().unwrap()]);
        assert_eq!(code, 0, "{name}: {stdout}{stderr}");
        assert!(stdout.starts_with("equal: "), "{name}: {stdout}");
    }
}

/// Sends a pod of the journal's second half to another node; returns the step that says so.
fn tamper(lines: &mut [String]) -> usize {
    let decided: Vec<usize> = (0..lines.len()).filter(|&line| lines[line].starts_with("{\"decided\"")).collect();
    for (step, &line) in decided.iter().enumerate().skip(decided.len() / 2) {
        let mut decision: Value = serde_json::from_str(&lines[line]).unwrap();
        let commands = decision["decided"]["commands"].as_array_mut();
        let Some(node) = commands.into_iter().flatten().find_map(|command| command.get_mut("node")) else { continue };
        *node = (node.as_u64().unwrap() + 1).into();
        lines[line] = decision.to_string();
        return step + 1;
    }
    panic!("no pod was placed in the second half");
}

#[test]
fn a_journal_with_one_changed_decision_diverges_at_its_step() {
    for name in runnable().iter().filter(|&name| name != RECORDED) {
        let folder = TempDir::new().unwrap();
        let journal = folder.path().join("journal.jsonl");
        let journal_text = journal.to_str().unwrap();
        let (code, ..) = windtunnel(&["run", scenario(name).to_str().unwrap(), "--journal", journal_text]);
        assert_eq!(code, 0, "{name}");
        let mut lines: Vec<String> = fs::read_to_string(&journal).unwrap().lines().map(str::to_owned).collect();
        let step = tamper(&mut lines);
        fs::write(&journal, lines.join("\n") + "\n").unwrap();
        let (code, stdout, stderr) = windtunnel(&["replay", journal_text]);
        assert_eq!(code, 3, "{name}: {stdout}{stderr}");
        assert!(stdout.starts_with(&format!("step {step} at ")) && stdout.contains("≠ node"), "{name}: {stdout}");
    }
}

#[test]
fn the_index_links_to_every_scenario() {
    let index = fs::read_to_string(Path::new(ROOT).join("scenarios/README.md")).unwrap();
    for name in all() {
        assert!(index.contains(&format!("({name}.json)")), "scenarios/README.md has no link to {name}.json");
    }
}

/// Every `$ …` of a page's console blocks.
fn commands_of(page: &str) -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join(page)).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
#[cfg(unix)]
fn every_command_of_the_pages_works() {
    let here = TempDir::new().unwrap();
    for (name, bytes) in files_below(&Path::new(ROOT).join("scenarios")) {
        let copy = here.path().join("scenarios").join(name);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::write(copy, bytes).unwrap();
    }
    // `windtunnel` is the one that was built.
    let folder = assert_cmd::cargo::cargo_bin("windtunnel").parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path))).unwrap();
    let commands = [commands_of("README.md"), commands_of("scenarios/README.md")].concat();
    let (mut ran, recorded) = (0, runnable().iter().any(|name| name == RECORDED));
    for line in commands.iter().filter(|line| recorded || !line.contains(RECORDED)) {
        let mut shell = Command::new("sh");
        let output = shell.arg("-c").arg(line).current_dir(&here).env("PATH", &path).output().unwrap();
        assert!(output.status.success(), "$ {line}\n{}", String::from_utf8_lossy(&output.stderr));
        ran += 1;
    }
    assert!(ran >= 20, "{ran} commands");
}

fn files_below(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_path_buf()]);
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            } else {
                let name = entry.path().strip_prefix(folder).unwrap().to_path_buf();
                found.push((name, fs::read(entry.path()).unwrap()));
            }
        }
    }
    found
}

#[test]
fn stored_results_are_those_of_today() {
    let out = TempDir::new().unwrap();
    let (path, out_text) = (scenario("getting-started"), out.path().to_str().unwrap());
    assert_eq!(windtunnel(&["run", path.to_str().unwrap(), "--out", out_text]).0, 0);
    for (stored, fresh) in [("getting-started.json", "summary.json"), ("getting-started.svg", "timeline.svg")] {
        let stored_text =
            fs::read_to_string(Path::new(ROOT).join("reports/reference").join(stored)).unwrap_or_default();
        let fresh_text = fs::read_to_string(out.path().join(fresh)).unwrap();
        assert!(
            stored_text == fresh_text,
            "reports/reference/{stored} is out of date; look at what changed, then regenerate it:\n  \
             cargo run -- run scenarios/getting-started.json --out target/getting-started\n  \
             cp target/getting-started/{fresh} reports/reference/{stored}"
        );
    }
}

mod claims {
    //! What the index says a reader will see, loosely enough for small changes of the model.

    use super::*;

    const ON_DEMAND: &str = "/jobQueues/0/computeEnvironmentOrder/0/computeEnvironment=on-demand";

    fn cpu(of: &str) -> String {
        format!("/jobDefinitions/0/eksProperties/podProperties/containers/0/resources/limits/cpu={of}")
    }

    /// Nodes of an instance type.
    fn nodes(summary: &Value, name: &str) -> u64 {
        let rows = summary["instance_types"].as_array().unwrap();
        rows.iter().filter(|row| row["instance_type"] == name).map(|row| row["nodes"].as_u64().unwrap()).sum()
    }

    #[test]
    fn one_burst_leaves_one_large_node_behind() {
        let (whole, small) = (
            run("getting-started", &[]),
            run(
                "getting-started",
                &["/computeEnvironments/0/computeResources/instanceTypes=[\"m5.large\",\"m5.xlarge\"]"],
            ),
        );
        assert_eq!(nodes(&whole, "m5.24xlarge"), 1);
        assert!(number(&whole, "/capacity/idle_share") > 0.6);
        assert!(number(&small, "/cost/total") < 0.7 * number(&whole, "/cost/total"));
    }

    #[test]
    fn spot_is_cheaper_and_its_last_job_is_later() {
        let (spot, on_demand) = (run("spot-against-on-demand", &[]), run("spot-against-on-demand", &[ON_DEMAND]));
        assert!(number(&spot, "/cost/total") < 0.6 * number(&on_demand, "/cost/total"));
        assert_eq!(spot["jobs"]["failed"], 0);
        assert!(number(&spot, "/jobs/interrupted_attempts") >= 1.0);
        assert!(number(&spot, "/capacity/vcpu_hours_lost") < 0.05 * number(&spot, "/capacity/vcpu_hours_launched"));
        assert!(number(&spot, "/makespan_s") > number(&on_demand, "/makespan_s") + 1_800.0);
        assert_eq!(on_demand["jobs"]["interrupted_attempts"], 0);
        // The same jobs: what succeeded is the same work.
        let useful = |summary| number(summary, "/capacity/vcpu_hours_useful");
        assert!((useful(&spot) / useful(&on_demand) - 1.0).abs() < 0.01);

        let harsh = run("spot-against-on-demand", &["/market/spot=harsh"]);
        assert!(number(&harsh, "/jobs/failed") > 100.0, "five attempts are not enough for ten hours");
        assert!(number(&harsh, "/cost/lost") > 0.4 * number(&harsh, "/cost/instances"));
    }

    #[test]
    fn half_a_gigabyte_too_much_makes_a_node_take_one_job_instead_of_two() {
        let memory = "/jobDefinitions/0/eksProperties/podProperties/containers/0/resources/limits/memory=7168Mi";
        let (fits, wastes) = (run("spot-against-on-demand", &[]), run("spot-against-on-demand", &[memory]));
        assert!(number(&wastes, "/cost/total") > 1.15 * number(&fits, "/cost/total"));
    }

    #[test]
    fn a_type_that_nobody_has_seen_is_too_small_until_somebody_has() {
        let (path, out) = (scenario("daemonset-overhead"), TempDir::new().unwrap());
        let out_text = out.path().to_str().unwrap();
        assert_eq!(windtunnel(&["run", path.to_str().unwrap(), "--out", out_text]).0, 0);
        let jobs = fs::read_to_string(out.path().join("jobs.csv")).unwrap();
        let heads: Vec<&str> = jobs.lines().next().unwrap().split(',').collect();
        let column = |name: &str| heads.iter().position(|&head| head == name).unwrap();
        let types_of = |job: &str| {
            let rows = jobs.lines().map(|row| row.split(',').collect::<Vec<_>>());
            let mut types: Vec<_> = rows
                .filter(|row| row[column("job_name")] == job)
                .map(|row| row[column("instance_type")].to_owned())
                .collect();
            types.sort();
            types.dedup();
            types
        };
        assert_eq!(types_of("before"), ["m5.xlarge"]);
        assert_eq!(types_of("scout"), ["m5.large"]);
        assert_eq!(types_of("after"), ["m5.large"]);
        assert_eq!(types_of("two"), ["m5.xlarge"]);
    }

    #[test]
    fn priority_helps_only_jobs_as_small_as_what_is_freed() {
        let wait = |summary: &Value, name| queue(summary, name, "/wait_s/p95");
        let large = run("two-queues", &[]);
        assert!(wait(&large, "urgent") > 3_600.0);
        let reversed = run("two-queues", &["/jobQueues/0/priority=1", "/jobQueues/1/priority=100"]);
        assert!((wait(&reversed, "urgent") / wait(&large, "urgent") - 1.0).abs() < 0.1, "priority changes little");
        let small = run("two-queues", &[&cpu("1")]);
        assert!(wait(&small, "urgent") < 120.0);
        assert!(wait(&small, "bulk") > 3_600.0);
    }

    #[test]
    fn shallow_pools_spill_and_more_types_are_the_cheaper_way_out() {
        let scarce = run("scarce-capacity", &[]);
        assert!(number(&scarce, "/cost/on_demand") > 0.4 * number(&scarce, "/cost/instances"));
        assert!(number(&scarce, "/blocked_s/CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY") > 600.0);
        let deep = run("scarce-capacity", &["/assumptions/poolDepthVcpus=20000"]);
        assert!(number(&deep, "/cost/on_demand") < 0.005);
        let wide = "/computeEnvironments/0/computeResources/instanceTypes=[\"m5\",\"m6i\",\"c5\",\"c6i\"]";
        let diverse = run("scarce-capacity", &[wide]);
        assert!(number(&diverse, "/cost/total") < 0.9 * number(&scarce, "/cost/total"));
        assert!(number(&diverse, "/wait_s/p95") < 0.3 * number(&scarce, "/wait_s/p95"));
    }

    #[test]
    fn large_arrays_buy_large_nodes_and_the_long_tail_keeps_them() {
        let summary = run("grid-array", &[]);
        assert_eq!(summary["jobs"]["submitted"], 33_901);
        assert!(number(&summary, "/capacity/idle_share") > 0.4);
        assert!(number(&summary, "/wait_s/p50") < 30.0);
        // As in the log: a mean of 2.2 h, half of the jobs within minutes.
        let hours_per_job = number(&summary, "/capacity/vcpu_hours_useful") / number(&summary, "/jobs/succeeded");
        assert!((1.8..2.7).contains(&hours_per_job), "{hours_per_job}");
    }
}
