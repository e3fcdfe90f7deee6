//! The stored results of the shipped studies are those of today's binary. A change of the scheduler, the catalog, an
//! assumption or the world shows up as a difference that a person can read.
//!
//! To renew them: `BLESS=1 cargo test --test reports`

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::tempdir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// What is kept of a study besides what it prints; the runs themselves and the page are too large.
const KEPT: [&str; 4] = ["comparison.json", "plan.json", "intervals.svg", "front.svg"];

fn studies() -> Vec<String> {
    let entries = fs::read_dir(Path::new(ROOT).join("scenarios/studies")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .filter(|name| name != "study.schema")
        .collect();
    names.sort();
    assert!(names.len() >= 6, "{names:?}");
    names
}

/// What a study prints, and the files that are kept of it.
fn results(name: &str) -> Vec<(String, String)> {
    let file = format!("scenarios/studies/{name}.json");
    let study: Value = serde_json::from_str(&fs::read_to_string(Path::new(ROOT).join(&file)).unwrap()).unwrap();
    let command = if study.get("slo").is_some() { "plan" } else { "compare" };
    let folder = tempdir().unwrap();
    let output = Command::cargo_bin("windtunnel")
        .unwrap()
        .current_dir(ROOT)
        .args([command, &file, "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let mut results = vec![(format!("{command}.txt"), String::from_utf8(output.stdout).unwrap())];
    let kept = KEPT.iter().map(|file| (*file, folder.path().join(file))).filter(|(_, path)| path.exists());
    results.extend(kept.map(|(file, path)| (file.to_owned(), fs::read_to_string(path).unwrap())));
    assert_eq!(results.len(), 3, "{name} leaves a table, its numbers and a picture");
    let page = fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("</html>") && page.contains(&format!("windtunnel {command} {file}")), "{name}");
    results
}

fn stored(name: &str) -> PathBuf {
    Path::new(ROOT).join("reports/reference").join(name)
}

#[test]
fn stored_studies_are_those_of_today() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut stale = Vec::new();
    for name in studies() {
        let folder = stored(&name);
        let results = results(&name);
        if bless {
            fs::create_dir_all(&folder).unwrap();
        }
        let names: BTreeSet<String> = results.iter().map(|(file, _)| file.clone()).collect();
        for (file, text) in results {
            if bless {
                fs::write(folder.join(&file), text).unwrap();
            } else if fs::read_to_string(folder.join(&file)).ok().as_ref() != Some(&text) {
                stale.push(format!("{name}/{file}"));
            }
        }
        let kept =
            fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        stale.extend(kept.filter(|file| !names.contains(file)).map(|file| format!("{name}/{file} (of no study)")));
    }
    assert!(
        stale.is_empty(),
        "not today's: {stale:?}; renew with BLESS=1 cargo test --test reports, and look at the change"
    );
}

#[test]
fn every_stored_study_is_told_of() {
    let index = fs::read_to_string(Path::new(ROOT).join("reports/README.md")).unwrap();
    for name in studies() {
        assert!(index.contains(&format!("studies/{name}.json")), "reports/README.md does not speak of {name}");
        assert!(index.contains(&format!("reference/{name}/")), "reports/README.md does not show {name}'s results");
    }
}
