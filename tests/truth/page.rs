//! The page of all rows. Each source has its section, which its test measures, compares, and under `BLESS` writes.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Sections in order, by heading; what is said of each stands with it.
const SECTIONS: [&str; 6] = [
    "A recorded workload: KTH-SP2",
    "Queueing theory",
    "Queueing theory, long runs",
    "What a node offers",
    "AWS's worked examples",
    "Spot interruptions",
];

/// A figure that somebody published, and ours.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) published: String,
    pub(crate) ours: String,
    /// What counts as agreement.
    pub(crate) tolerance: String,
    pub(crate) holds: bool,
    /// Why it is known not to.
    pub(crate) falls_short: Option<&'static str>,
}

impl Row {
    /// A row whose value must be within so much of the published one.
    pub(crate) fn near(
        what: impl Into<String>,
        (published, ours): (f64, f64),
        tolerance: f64,
        decimals: usize,
    ) -> Self {
        Self {
            what: what.into(),
            published: format!("{published:.decimals$}"),
            ours: format!("{ours:.decimals$}"),
            tolerance: format!("± {tolerance}"),
            holds: (ours - published).abs() <= tolerance,
            falls_short: None,
        }
    }

    /// A row whose value must be the published one, in words.
    pub(crate) fn same(what: impl Into<String>, published: impl Into<String>, ours: impl Into<String>) -> Self {
        let (published, ours) = (published.into(), ours.into());
        let holds = published == ours;
        Self { what: what.into(), published, ours, tolerance: "equal".to_owned(), holds, falls_short: None }
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/reference/truth.md")
}

const INTRODUCTION: &str = "# Published truth\n\n\
    What others published, and what Windtunnel gives. Every figure under \"ours\" was measured by `cargo test --test truth`, which\n\
    compares this page with what it finds; `BLESS=1 cargo test --test truth -- --include-ignored` writes it. Recorded workloads are\n\
    not shipped: `WINDTUNNEL_TRACES` names a folder with them, and without it their section is left as it stands.\n";

/// The page's sections as they are stored.
fn stored(page: &str, title: &str) -> Option<String> {
    let start = page.find(&format!("\n## {title}\n"))?;
    let rest = &page[start..];
    let end = rest[1..].find("\n## ").map_or(rest.len(), |end| end + 1);
    Some(rest[..end].trim_end().to_owned() + "\n")
}

fn section(title: &str, about: &str, rows: &[Row]) -> String {
    let mut text =
        format!("\n## {title}\n\n{about}\n\n| what | published | ours | tolerance | |\n|---|---|---|---|---|\n");
    for Row { what, published, ours, tolerance, holds, falls_short } in rows {
        let verdict = match falls_short {
            _ if *holds => "holds".to_owned(),
            Some(why) => format!("**falls short**: {why}"),
            None => "**falls short**".to_owned(),
        };
        writeln!(text, "| {what} | {published} | {ours} | {tolerance} | {verdict} |").unwrap();
    }
    text
}

/// Compares a section with the page, or writes it there. Every row must hold but those that are known to fall short, and those
/// must still.
pub(crate) fn keep(title: &str, about: &str, rows: &[Row]) {
    static WRITING: Mutex<()> = Mutex::new(());
    assert!(SECTIONS.contains(&title), "{title} has no place on the page");
    let fresh = section(title, about, rows);
    println!("{fresh}");
    {
        let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let page = fs::read_to_string(file()).unwrap_or_default();
        if std::env::var_os("BLESS").is_some() {
            let kept = |name: &&str| if **name == *title { Some(fresh.clone()) } else { stored(&page, name) };
            let sections: String = SECTIONS.iter().filter_map(kept).collect();
            fs::write(file(), format!("{INTRODUCTION}{sections}")).unwrap();
        } else {
            let written = stored(&page, title).unwrap_or_default();
            assert!(
                written == fresh,
                "{}: section \"{title}\" is not today's; renew it with BLESS=1 cargo test --test truth, and look at the \
                 change. It should be:\n{fresh}",
                file().display()
            );
        }
    }
    let short: Vec<_> = rows.iter().filter(|row| row.holds == row.falls_short.is_some()).collect();
    assert!(short.is_empty(), "not as is known of them: {short:#?}");
}

/// Where README.md has its part of the page.
const BEGINS: &str = "<!-- written by `BLESS=1 cargo test --test truth` -->\n";
const ENDS: &str = "<!-- to here -->\n";
/// Rows for README.md, by what they begin with.
const SHOWN: [&str; 13] = [
    "| EASY: mean bounded slowdown |",
    "| EASY, clairvoyant: mean bounded slowdown |",
    "| EASY-SJBF: mean bounded slowdown |",
    "| EASY-SJBF, clairvoyant: mean bounded slowdown |",
    "| EASY: mean flow time",
    "| EASY: longest flow time",
    "| M/M/10, 8 offered: mean wait",
    "| M/G/1, lognormal",
    "| M/M/1, two queues by priority, ρ = 0.3 + 0.4: mean wait of class 2",
    "| allocatable CPU |",
    "| array job workflow: children of JobC",
    "| frequency of interruption, bucket 0",
    "| frequency of interruption, bucket 3",
];

/// The page in short: some rows of every section as they stand, and how many hold.
fn digest(page: &str) -> String {
    let mut text = "| from | what | published | ours | rows that hold |\n|---|---|---|---|---|\n".to_owned();
    for title in SECTIONS {
        let section = stored(page, title).unwrap_or_default();
        let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
        let holding = rows.iter().filter(|row| row.ends_with("| holds |")).count();
        let (mut from, mut hold) = (title, format!("{holding} of {}", rows.len()));
        for row in rows.iter().filter(|row| SHOWN.iter().any(|shown| row.starts_with(shown))) {
            let cells: Vec<_> = row.split(" | ").collect();
            let what = cells[0].trim_start_matches("| ");
            writeln!(text, "| {from} | {what} | {} | {} | {hold} |", cells[1], cells[2]).unwrap();
            (from, hold) = ("", String::new());
            if title == "Queueing theory, long runs" {
                break;
            }
        }
    }
    text
}

/// README.md shows what the page says.
#[test]
fn the_readme_shows_some_of_it() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&readme).unwrap();
    let begins = text.find(BEGINS).expect("README.md has a place for rows of the page") + BEGINS.len();
    let ends = begins + text[begins..].find(ENDS).expect("that place has an end");
    let fresh = digest(&fs::read_to_string(file()).unwrap());
    if std::env::var_os("BLESS").is_some() {
        fs::write(readme, format!("{}{fresh}{}", &text[..begins], &text[ends..])).unwrap();
    } else {
        let shown = &text[begins..ends];
        assert!(shown == fresh, "README.md shows other rows: BLESS=1 cargo test --test truth. It should be:\n{fresh}");
    }
    for shown in SHOWN {
        assert!(fresh.contains(&shown[2..]), "no row begins with {shown}");
    }
}

#[test]
fn the_page_has_every_section() {
    if std::env::var_os("BLESS").is_some() {
        return;
    }
    let page = fs::read_to_string(file()).unwrap();
    assert!(page.starts_with(INTRODUCTION), "the introduction is not today's: BLESS=1 cargo test --test truth");
    let titles: Vec<_> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(titles, SECTIONS);
}
