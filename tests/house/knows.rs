//! Dependencies point one way. The tables are exhaustive: a new module or a new dependency fails until it has its row.

use std::collections::BTreeSet;
use std::fs;

use crate::source::{File, files, line_of, report, root};

/// A module, what of the crate it may know besides itself, and why no more. A row may only name rows above it.
struct Row {
    module: &'static str,
    knows: &'static [&'static str],
    why: &'static str,
}

const fn row(module: &'static str, knows: &'static [&'static str], why: &'static str) -> Row {
    Row { module, knows, why }
}

const MODULES: &[Row] = &[
    row("units", &[], "quantities are the ground that everything stands on"),
    row("ids", &[], "an id is a number; what it names is known elsewhere"),
    row("nearest", &[], "which word was meant is a question about words"),
    row("wheel", &["units"], "the event queue sorts times and knows nothing of what it carries"),
    row("model", &["units", "ids"], "nouns of AWS and Kubernetes say what is written, not what is done with it"),
    row(
        "pod",
        &["ids", "model"],
        "a pod is written from a description, whoever decided it and whichever world it is for",
    ),
    row(
        "kubernetes",
        &["units", "model", "pod"],
        "what an object says is the same whether an API server answered or kubectl wrote a file",
    ),
    row("catalog", &["units", "ids", "model"], "facts about EC2 hold for every run"),
    row(
        "scheduler",
        &["units", "ids", "model"],
        "the core must not be able to tell a simulated world from a live one, and replays on every platform",
    ),
    row("driver", &["units", "ids", "model", "scheduler"], "the seam knows no particular world"),
    row(
        "journal",
        &["units", "ids", "model", "scheduler", "driver"],
        "a journal holds what crosses the seam, whatever world is behind it",
    ),
    row(
        "sim",
        &["units", "ids", "wheel", "model", "scheduler", "driver"],
        "the world is given as ids and numbers; files, names and results are other people's business",
    ),
    row(
        "metrics",
        &["units", "ids", "model", "scheduler", "driver"],
        "a fold over observations and decisions judges every world alike, and can't peek at hidden truth",
    ),
    row(
        "history",
        &["units", "ids", "model", "scheduler", "driver"],
        "what AWS would say of a job follows from what crossed the seam, whatever world is behind it; money is for metrics",
    ),
    row(
        "batch",
        &["units", "ids", "nearest", "model", "catalog", "scheduler", "driver", "history"],
        "the control plane turns documents into facts for the core, and history into answers; it holds no core, no clock \
         and no world",
    ),
    row(
        "export",
        &["units", "ids", "model", "pod", "scheduler", "driver", "history", "batch"],
        "a run is written as AWS would tell of it, from what crossed the seam, whatever world was behind it",
    ),
    row(
        "live",
        &[
            "units",
            "ids",
            "nearest",
            "model",
            "pod",
            "catalog",
            "scheduler",
            "driver",
            "journal",
            "history",
            "batch",
            "kubernetes",
        ],
        "a real cluster is a world like the other, and the worlds don't know each other; what it was is in its journal",
    ),
    row(
        "import",
        &["units", "ids", "model", "pod", "kubernetes", "catalog", "scheduler", "journal"],
        "foreign formats, and journals, are read into plain rows and documents; scenarios are built from them, not by them",
    ),
    row(
        "scenario",
        &["units", "ids", "nearest", "model", "catalog", "scheduler", "batch", "history", "sim", "import"],
        "it builds a world and never runs one",
    ),
    row(
        "experiment",
        &["units", "ids", "nearest", "model", "scheduler", "driver", "sim", "metrics", "scenario"],
        "many runs and what they say together; how that is shown is for report and cli",
    ),
    row(
        "calibrate",
        &["units", "model", "catalog", "driver", "metrics", "import", "scenario", "experiment"],
        "it holds what was measured against what is assumed: imports know no statistics, statistics no clusters",
    ),
    row(
        "report",
        &["units", "ids", "model", "pod", "scheduler", "driver", "live", "metrics", "experiment", "calibrate"],
        "it formats what others computed",
    ),
    row(
        "cli",
        &[
            "units",
            "ids",
            "wheel",
            "model",
            "pod",
            "catalog",
            "scheduler",
            "batch",
            "driver",
            "journal",
            "sim",
            "live",
            "metrics",
            "history",
            "export",
            "import",
            "scenario",
            "experiment",
            "calibrate",
            "report",
        ],
        "commands put the parts together",
    ),
];

/// Where each dependency may be used. Everything not named here is out of bounds for a module, the core above all.
const CRATES: &[(&str, &[&str])] = &[
    ("clap", &["cli"]),
    ("comfy_table", &["cli", "report"]),
    ("crc32fast", &["journal"]),
    ("csv", &["catalog", "metrics", "report", "import", "experiment"]),
    ("ctrlc", &["cli"]),
    ("flate2", &["journal", "import", "scenario"]),
    ("futures", &["live"]),
    ("hdrhistogram", &["metrics"]),
    ("http_body_util", &["live"]),
    ("hyper", &["live"]),
    ("hyper_util", &["live"]),
    ("indicatif", &["cli"]),
    ("jiff", &["live", "import"]),
    ("jsonc_parser", &["scenario"]),
    ("jsonschema", &["scenario"]),
    ("k8s_openapi", &["live"]),
    ("kube", &["live"]),
    ("maud", &["report"]),
    ("plotters", &["report"]),
    ("prometheus_client", &["live"]),
    ("rand", &["sim", "experiment"]),
    ("rand_distr", &["sim"]),
    ("rand_xoshiro", &["sim", "experiment"]),
    ("rayon", &["experiment"]),
    ("schemars", &["model", "scenario"]),
    ("saphyr_parser", &["import"]),
    ("serde", ANYWHERE),
    ("serde_json", NOT_IN_THE_CORE),
    ("statrs", &["experiment"]),
    ("strsim", &["nearest", "catalog", "cli"]),
    ("tempfile", &["journal", "experiment", "report", "cli", "live", "export"]),
    ("thiserror", NOT_IN_THE_CORE),
    ("tokio", &["live"]),
    ("tracing", &["live"]),
    ("tracing_subscriber", &["live"]),
    ("uuid", &["pod"]),
];

const ANYWHERE: &[&str] = &[
    "units",
    "ids",
    "wheel",
    "model",
    "pod",
    "kubernetes",
    "catalog",
    "scheduler",
    "batch",
    "driver",
    "journal",
    "sim",
    "live",
    "metrics",
    "history",
    "export",
    "import",
    "scenario",
    "experiment",
    "calibrate",
    "report",
    "cli",
];

/// The core cannot fail and has no text form of its own: `thiserror` and `serde_json` have no business there.
const NOT_IN_THE_CORE: &[&str] = &[
    "ids",
    "model",
    "pod",
    "kubernetes",
    "catalog",
    "batch",
    "driver",
    "journal",
    "live",
    "metrics",
    "history",
    "export",
    "import",
    "scenario",
    "experiment",
    "calibrate",
    "report",
    "cli",
];

/// Modules that are pure: no clock, no file, no thread, no process, no environment.
const PURE: &[&str] = &["units", "ids", "nearest", "wheel", "model", "pod", "kubernetes", "scheduler", "batch", "sim"];
const IMPURE_STD: &[&str] = &["time", "fs", "io", "net", "thread", "env", "process", "os"];

/// The top-level module of a source file; `None` for the crate's root and its binary.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/").expect("a source file");
    let name = inside.split('/').next().expect("never empty").trim_end_matches(".rs");
    (!matches!(name, "lib" | "main")).then_some(name)
}

/// Source files with their module's row; files that exist only for tests are left out.
fn modules() -> Vec<(File, &'static Row)> {
    let all = files("src", "rs");
    let tests_only: BTreeSet<String> = all.iter().flat_map(test_files).collect();
    let known = |path: &str| MODULES.iter().find(|row| Some(row.module) == module_of(path));
    all.into_iter()
        .filter(|file| !tests_only.contains(&file.path))
        .filter_map(|file| known(&file.path).map(|row| (file, row)))
        .collect()
}

/// The files of `#[cfg(test)] mod name;` in a file.
fn test_files(file: &File) -> Vec<String> {
    let folder = file.path.trim_end_matches("mod.rs").trim_end_matches(".rs").trim_end_matches('/').to_owned();
    let code = file.code();
    let declared = code.split("#[cfg(test)]").skip(1).filter_map(|after| {
        let name = after.trim_start().strip_prefix("mod ")?.split_once([';', ' '])?;
        after.trim_start().split_once('{').is_none_or(|(before, _)| before.contains(';')).then_some(name.0)
    });
    declared.map(|name| format!("{folder}/{name}.rs")).collect()
}

/// Every name of the crate's root that code mentions, with its offset: `crate::name`, `crate::{a, b::c}`.
fn crate_names(code: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for (offset, prefix) in code.match_indices("crate::") {
        if code[..offset].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let after = &code[offset + prefix.len()..];
        if let Some(group) = after.strip_prefix('{') {
            let mut depth = 1;
            let mut item = String::new();
            for c in group.chars() {
                depth += i32::from(c == '{') - i32::from(c == '}');
                match c {
                    _ if depth == 0 => break,
                    ',' if depth == 1 => names.push((offset, first_name(&std::mem::take(&mut item)))),
                    c => item.push(c),
                }
            }
            names.push((offset, first_name(&item)));
        } else {
            names.push((offset, first_name(after)));
        }
    }
    names.retain(|(_, name)| !name.is_empty());
    names
}

fn first_name(text: &str) -> String {
    text.trim_start().chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect()
}

/// Offsets of `name::` as a path's first segment.
fn paths_into(code: &str, name: &str) -> Vec<usize> {
    let inner = |before: &str| before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
    code.match_indices(&format!("{name}::")).map(|(at, _)| at).filter(|&at| !inner(&code[..at])).collect()
}

#[test]
fn every_module_has_its_row() {
    let known: BTreeSet<_> = MODULES.iter().map(|row| row.module).collect();
    let missing =
        files("src", "rs").into_iter().filter(|file| module_of(&file.path).is_some_and(|m| !known.contains(m)));
    let rule = "this module has no row in MODULES (tests/house/knows.rs)";
    report(
        &missing
            .map(|file| file.finding(1, rule, "what a module may know is decided when it is made"))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn the_table_points_one_way() {
    for (index, row) in MODULES.iter().enumerate() {
        for known in row.knows {
            let above = MODULES[..index].iter().any(|row| row.module == *known);
            assert!(above, "tests/house/knows.rs: `{}` may not know `{known}`, which stands below it", row.module);
        }
    }
}

#[test]
fn modules_know_only_what_their_row_allows() {
    let mut findings = Vec::new();
    for (file, row) in modules() {
        let code = file.product_code();
        for (offset, name) in crate_names(&code) {
            if name != row.module && !row.knows.contains(&name.as_str()) {
                let rule = format!("`{}` must not know `{name}`", row.module);
                findings.push(file.finding(line_of(&code, offset), &rule, row.why));
            }
        }
        // `super::` may not climb out of the module: directions are read from `crate::`.
        let inside = file.path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
        let climb = "super::".repeat(inside.split('/').count());
        for (offset, _) in code.match_indices(&climb) {
            let rule = "`super::` leads out of the module; write `crate::`";
            findings.push(file.finding(line_of(&code, offset), rule, "dependencies are read from `crate::` paths"));
        }
    }
    report(&findings);
}

#[test]
fn dependencies_are_used_where_they_belong() {
    let mut findings = Vec::new();
    for (file, row) in modules() {
        let code = file.product_code();
        for (name, homes) in CRATES.iter().filter(|(_, homes)| !homes.contains(&row.module)) {
            for offset in paths_into(&code, name) {
                let rule = format!("`{}` must not use `{name}`, which belongs to {}", row.module, homes.join(", "));
                findings.push(file.finding(line_of(&code, offset), &rule, row.why));
            }
        }
        for name in IMPURE_STD.iter().filter(|_| PURE.contains(&row.module)) {
            let path = format!("std::{name}");
            for (offset, _) in code.match_indices(&path).filter(|(at, _)| first_name(&code[at + 5..]) == **name) {
                let rule = format!("`{}` must not use `{path}`", row.module);
                findings.push(file.finding(line_of(&code, offset), &rule, row.why));
            }
        }
    }
    report(&findings);
}

#[test]
fn every_dependency_has_its_place() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let mut section = "";
    for (number, line) in manifest.lines().enumerate() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        } else if let Some((name, _)) = line.split_once(" = ").filter(|_| section == "dependencies") {
            let name = name.trim().replace('-', "_");
            assert!(
                CRATES.iter().any(|(known, _)| *known == name),
                "Cargo.toml:{}: `{name}` has no row in CRATES (tests/house/knows.rs)\n    why: dependencies are chosen, \
                 not collected, and each serves a few modules",
                number + 1
            );
        }
    }
}

#[test]
fn paths_are_found_in_every_form() {
    let names = |code: &str| crate_names(code).into_iter().map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names("use crate::{a, b::{c, d},\n e as f};"), ["a", "b", "e"]);
    assert_eq!(names("let x = crate::sim::World; pub(crate) fn f()"), ["sim"]);
    assert_eq!(paths_into("use rand::Rng; my_rand::x; a::rand::y", "rand").len(), 1);
}
