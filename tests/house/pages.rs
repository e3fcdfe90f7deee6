//! Pages that stay true: commands in README.md exist, links lead somewhere, and every scenario is in the index.

use std::process::Command;

use crate::source::{File, files, report, root};

fn pages() -> Vec<File> {
    files("", "md")
}

/// Lines of a page with their numbers, and the language of the fence that they stand in.
fn lines(page: &File) -> Vec<(usize, Option<&str>, &str)> {
    let mut fence = None;
    let mut found = Vec::new();
    for (number, line) in (1..).zip(page.text.lines()) {
        match (line.trim_start().strip_prefix("```"), fence) {
            (Some(language), None) => fence = Some(language.trim()),
            (Some(_), Some(_)) => fence = None,
            (None, _) => found.push((number, fence, line)),
        }
    }
    found
}

/// The subcommand of a line like `$ windtunnel run …` or `$ cargo run --release -- run …`.
fn subcommand(line: &str) -> Option<&str> {
    let words: Vec<_> = line.trim_start().strip_prefix("$ ")?.split_whitespace().collect();
    let at = match *words.first()? {
        "windtunnel" => 1,
        "cargo" if words.get(1) == Some(&"run") => words.iter().position(|word| *word == "--")? + 1,
        _ => return None,
    };
    words.get(at).copied().filter(|word| !word.starts_with('-'))
}

#[test]
fn commands_in_the_readme_exist() {
    let mut findings = Vec::new();
    for page in pages().iter().filter(|page| page.path == "README.md") {
        for (number, fence, line) in lines(page) {
            let Some(name) = subcommand(line).filter(|_| fence == Some("console")) else { continue };
            if name == "live" && !cfg!(feature = "live") {
                continue;
            }
            let output = Command::new(env!("CARGO_BIN_EXE_windtunnel")).args([name, "--help"]).output();
            if !output.expect("the binary runs").status.success() {
                let rule = format!("`windtunnel {name}` is no command");
                findings.push(page.finding(number, &rule, "the first thing that people paste must work"));
            }
        }
    }
    report(&findings);
}

#[test]
fn links_lead_somewhere() {
    let mut findings = Vec::new();
    for page in pages() {
        let folder = root().join(&page.path);
        let folder = folder.parent().expect("a file stands in a folder");
        for (number, fence, line) in lines(&page) {
            for target in link_targets(line).filter(|_| fence.is_none()) {
                let file = target.split('#').next().unwrap_or_default();
                let elsewhere = target.contains("://") || target.starts_with("mailto:");
                if !elsewhere && !file.is_empty() && !folder.join(file).exists() {
                    let rule = format!("the link to `{target}` leads nowhere");
                    findings.push(page.finding(number, &rule, "a page that lies is worse than none"));
                }
            }
        }
    }
    report(&findings);
}

/// What `[text](target)` on a line, code left out, points to.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    let prose = line.split('`').step_by(2);
    let direct = prose.flat_map(|text| text.split("](").skip(1)).filter_map(|after| after.split_once(')'));
    // A link whose text is code ends in the prose after it: "](target)" stands there whole.
    direct.map(|(target, _)| target.split_whitespace().next().unwrap_or_default())
}

#[test]
fn every_scenario_is_in_the_index() {
    let index = pages().into_iter().find(|page| page.path == "scenarios/README.md").expect("scenarios/README.md");
    let mut findings = Vec::new();
    for file in files("scenarios", "json").iter().filter(|file| file.path.matches('/').count() == 1) {
        let name = file.path.trim_start_matches("scenarios/");
        if !name.ends_with(".schema.json") && !index.text.contains(name) {
            let rule = "the scenario is not in scenarios/README.md";
            findings.push(file.finding(1, rule, "people come with a question, not with a file name"));
        }
    }
    report(&findings);
}

#[test]
fn commands_and_links_are_recognised() {
    assert_eq!(subcommand("$ windtunnel run a.json"), Some("run"));
    assert_eq!(subcommand("$ cargo run --release -- plan x"), Some("plan"));
    assert_eq!(subcommand("$ windtunnel --version"), None);
    assert_eq!(subcommand("$ cargo test"), None);
    let targets: Vec<_> = link_targets("[a](b.md), [`c`](d.md#e \"t\") and `[x](y)`").collect();
    assert_eq!(targets, ["b.md", "d.md#e"]);
}
