//! Conformance: every documented rule that a scheduler can keep, and small stories of the core that keep them.
//!
//! Each file of `transcripts` names its rule and source, then goes block by block: a time, what the world reports then,
//! `----`, and what the core makes of it. `facts` is the language, `rules` the table of rules, which `README.md` shows. To
//! write down what the core makes of it now, and review the difference: `BLESS=1 cargo test --test conformance`
//!
//! `beyond` holds the same of what AWS Batch does not do: policies of Windtunnel's own, after the literature.

mod facts;
mod page;
mod print;
mod rules;
mod shares;
mod specs;
mod words;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use windtunnel::scheduler::{Decision, Observation, Scheduler};
use windtunnel::units::SimTime;

const FENCE: &str = "----";

/// Plays a file's facts and returns the file as it should be.
fn play(text: &str) -> String {
    let (head, blocks) = text.split_once("\n\n").expect("a heading and blocks, separated by empty lines");
    let mut scheduler = Scheduler::new(facts::config(head));
    let mut numbers = facts::Numbers::default();
    let mut decision = Decision::default();
    let mut played = head.to_owned();
    for block in blocks.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
        let (given, _) = block.split_once(FENCE).unwrap_or((block, ""));
        let mut lines = given.trim().lines();
        let at = lines.next().and_then(|line| line.strip_prefix("at ")).expect("a block begins with `at TIME`");
        let now = SimTime::ZERO + words::span(at);
        let events = lines.map(|line| numbers.event(line.trim(), now)).collect();
        let absorbed = scheduler.absorbed();
        scheduler.step(&Observation { now, events }, &mut decision);
        assert_eq!(scheduler.audit(), [""; 0], "after `{given}`");
        write!(played, "\n\n{}\n{FENCE}\n", given.trim()).unwrap();
        print::decision(&decision, absorbed, scheduler.absorbed(), &mut played);
        played.truncate(played.trim_end().len());
    }
    played + "\n"
}

fn transcripts() -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let folders = ["beyond", "transcripts"].map(|folder| fs::read_dir(here.join(folder)).unwrap());
    let mut files: Vec<_> = folders.into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn the_core_decides_as_written_down() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut differ = String::new();
    for file in transcripts() {
        let written = fs::read_to_string(&file).unwrap();
        assert!(written.starts_with("# "), "{}: begins with no rule", file.display());
        let played = play(&written);
        if played != written && bless {
            fs::write(&file, &played).unwrap();
        } else if played != written {
            let number = played.lines().zip(written.lines()).take_while(|(now, before)| now == before).count();
            let line = |text: &str| text.lines().nth(number).unwrap_or("(nothing)").to_owned();
            let (before, now) = (line(&written), line(&played));
            let place = format!("{}:{}", file.display(), number + 1);
            writeln!(differ, "{place}\n  written: {before}\n  decided: {now}").unwrap();
        }
    }
    assert!(differ.is_empty(), "decisions differ (to write them down: BLESS=1):\n{differ}");
}
