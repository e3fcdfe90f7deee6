//! `README.md` of this folder: the table of rules as a page, and the proof that what it names is there.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::rules::{Mark, Rule, SECTIONS, Tested};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn all() -> impl Iterator<Item = &'static Rule> {
    SECTIONS.iter().flat_map(|section| section.rules)
}

/// The names of a folder's files without their extension, in order.
fn names(folder: &Path, extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let wanted = entries.filter(|path| path.extension().is_some_and(|found| found == extension));
    wanted.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

/// A rule of a single document, as a row of `tests/model_rules` says it: `"id" Mark "source": "Rule." …`.
struct DocumentRule {
    id: String,
    mark: String,
    source: String,
    says: String,
}

fn document_rules() -> Vec<DocumentRule> {
    let folder = root().join("tests/model_rules/rules");
    let mut rules = Vec::new();
    for name in names(&folder, "rs") {
        let text = fs::read_to_string(folder.join(format!("{name}.rs"))).unwrap();
        for line in text.lines().map(str::trim) {
            let parts: Vec<_> = line.split('"').collect();
            if let ["", id, mark, source, ": ", says, ..] = parts[..] {
                let [id, mark, source, says] = [id, mark.trim(), source, says].map(str::to_owned);
                rules.push(DocumentRule { id, mark, source, says });
            }
        }
    }
    rules
}

fn tested(one: &Tested) -> String {
    match one {
        Tested::Transcript(name) => format!("[{name}](transcripts/{name}.txt)"),
        Tested::Pod(name) => format!("[pod: {name}](../pods/stories/{name}.json)"),
        Tested::Test(test) => {
            let (file, function) = test.split_once("::").expect("file.rs::function");
            format!("[{function}](../../{file})")
        }
        Tested::LeftOut(why) => format!("left out: {why}"),
    }
}

fn page() -> String {
    let documents = document_rules();
    let mut text = String::from(
        "# Rules of AWS Batch on Amazon EKS\n\n\
         What AWS documents, users report, or an assumption stands in for, and the test that keeps it. `UG:page` is a page of\n\
         the user guide, `API:Shape` a shape of the API reference, `AMI:path` a file of the EKS-optimized AMI's source. An\n\
         assumption is named as in `windtunnel assumptions`, or reasoned in a few words.\n\n\
         This page is written by `BLESS=1 cargo test --test conformance` from the tables in `rules/`; a rule whose test is\n\
         not there fails, and so does a transcript that no rule names.\n",
    );
    let count = |wanted: fn(&Mark) -> bool| all().filter(|rule| wanted(&rule.mark)).count();
    writeln!(
        text,
        "\n{} rules of behaviour: {} documented, {} observed, {} rest on an assumption.",
        all().count(),
        count(|mark| matches!(mark, Mark::Documented)),
        count(|mark| matches!(mark, Mark::Observed)),
        count(|mark| matches!(mark, Mark::Assumption(_)))
    )
    .unwrap();
    for section in SECTIONS {
        write!(text, "\n## {}\n\n| rule | | source | tested by |\n|---|---|---|---|\n", section.title).unwrap();
        for rule in section.rules {
            let source = match rule.mark {
                Mark::Documented => rule.source.to_owned(),
                Mark::Observed => format!("{} (observed)", rule.source),
                Mark::Assumption(name) => format!("{} (assumption: {name})", rule.source),
            };
            let tests: Vec<_> = rule.tested.iter().map(tested).collect();
            writeln!(text, "| `{}` | {} | {source} | {} |", rule.id, rule.says, tests.join(", ")).unwrap();
        }
    }
    if !documents.is_empty() {
        write!(
            text,
            "\n## Documents\n\nEach rule of a single document has a valid document and a change that breaks it in \
             `tests/model_rules`.\n\n| rule | | source |\n|---|---|---|\n"
        )
        .unwrap();
        for DocumentRule { id, mark, source, says } in documents {
            let mark = if mark == "Documented" { String::new() } else { " (inferred)".to_owned() };
            writeln!(text, "| `{id}` | {says} | {source}{mark} |").unwrap();
        }
    }
    text
}

#[test]
fn the_page_shows_the_tables() {
    let file = root().join("tests/conformance/README.md");
    let page = page();
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    let line = page.lines().zip(written.lines()).position(|(now, before)| now != before);
    assert!(page == written, "{}:{}: differs (to write it: BLESS=1)", file.display(), line.map_or(0, |line| line + 1));
}

#[test]
fn ids_are_unique() {
    let mut seen = BTreeSet::new();
    let documents = document_rules();
    for id in all().map(|rule| rule.id).chain(documents.iter().map(|rule| rule.id.as_str())) {
        assert!(seen.insert(id), "two rules are called {id}");
    }
}

#[test]
fn every_transcript_keeps_a_rule() {
    let transcripts = names(&root().join("tests/conformance/transcripts"), "txt");
    let named: BTreeSet<String> = all()
        .flat_map(|rule| rule.tested)
        .filter_map(|one| match one {
            Tested::Transcript(name) => Some((*name).to_owned()),
            Tested::Pod(_) | Tested::Test(_) | Tested::LeftOut(_) => None,
        })
        .collect();
    assert_eq!(transcripts, named, "left: the files; right: what the rules name");
}

#[test]
fn every_test_that_a_rule_names_is_there() {
    for rule in all() {
        assert!(!rule.tested.is_empty(), "{} is tested nowhere", rule.id);
        for one in rule.tested {
            match one {
                Tested::Pod(name) => {
                    let story = root().join(format!("tests/pods/stories/{name}.json"));
                    assert!(story.is_file(), "{}: no story is called {name}", rule.id);
                }
                Tested::Test(test) => {
                    let (file, function) = test.split_once("::").expect("file.rs::function");
                    let text =
                        fs::read_to_string(root().join(file)).unwrap_or_else(|e| panic!("{}: {file}: {e}", rule.id));
                    assert!(text.contains(&format!("fn {function}(")), "{}: no {function} in {file}", rule.id);
                }
                Tested::Transcript(_) | Tested::LeftOut(_) => {}
            }
        }
    }
}
