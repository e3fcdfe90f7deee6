//! Pages of runs and studies as a reader meets them, in headless Chromium: every chart is there, nothing overlaps, is cut off or too
//! pale, in light, dark and on paper, on a phone and on a desk; and nothing is fetched. Without Chromium the test says
//! that it was skipped, unless `WINDTUNNEL_REQUIRE_CHROMIUM` is set.

mod browser;
mod runs;

use browser::{Look, Seen, look_at};
use runs::{Page, pages};

/// What every run with jobs and nodes has.
const USUAL: [&str; 6] = ["vcpus", "nodes", "queue", "waits", "cost", "blocked"];

/// Charts that the page of a run must have, in any order; the others are a sentence.
fn expected(name: &str) -> Vec<&'static str> {
    let more: &[&str] = match name {
        "nothing" => return Vec::new(),
        "plan" => return vec!["front"],
        "sensitivity" => return vec!["tornado", "tornado-2", "tornado-3"],
        "comparison" => {
            return vec![
                "means",
                "front",
                "differences",
                "differences-2",
                "differences-3",
                "differences-4",
                "differences-5",
            ];
        }
        "spot-against-on-demand" | "grid-array" => &["losses"],
        "two-teams" => &["shares"],
        _ => &[],
    };
    USUAL.iter().chain(more).copied().collect()
}

fn judge(page: &Page, look: Look, width: u32, seen: &Seen) -> Vec<String> {
    let mut wrong: Vec<String> = seen.wrong.clone();
    let mut expected = expected(&page.name);
    let mut charts: Vec<&str> = seen.charts.iter().map(String::as_str).collect();
    expected.sort_unstable();
    charts.sort_unstable();
    if charts != expected {
        wrong.push(format!("shows {charts:?} instead of {expected:?}"));
    }
    let place = format!("{} as {look:?} at {width} px: ", page.name);
    wrong.into_iter().map(|finding| place.clone() + &finding).collect()
}

#[test]
fn pages_are_readable_wherever_they_are_opened() {
    let Some(chromium) = browser::chromium() else { return };
    let pages = pages();
    let mut wrong = Vec::new();
    for (look, widths) in [(Look::Light, &[1_280, 390][..]), (Look::Dark, &[1_280, 390]), (Look::Paper, &[690])] {
        for (page, width, seen) in look_at(&chromium, pages, look, widths) {
            wrong.extend(judge(page, look, width, &seen));
        }
    }
    assert!(wrong.is_empty(), "{} finding(s)\n{}", wrong.len(), wrong.join("\n"));
}

/// The judge itself: a page with one fault of each kind.
#[test]
fn faults_are_found() {
    let Some(chromium) = browser::chromium() else { return };
    let text = include_str!("faults.html").to_owned();
    let pages = [Page { name: "faults".to_owned(), text }];
    let seen = look_at(&chromium, &pages, Look::Light, &[390]).remove(0).2;
    for fault in [
        "twice shows 2 of 2 pictures",
        "chart text outside: far",
        "chart texts overlap: one and two",
        "chart text of 6.0 px: small",
        "pale words has a contrast of",
        "chart pale has a contrast of",
        "the page is 700 px wide",
        "cut off: far out",
        "not sorted downwards",
        "fetched",
    ] {
        assert!(seen.wrong.iter().any(|found| found.contains(fault)), "{fault} is not among {:#?}", seen.wrong);
    }
}

#[test]
fn pages_ask_for_nothing_from_anywhere() {
    for page in pages() {
        for attribute in ["src=\"", "href=\"", "url(", "srcset=\"", "action=\""] {
            for (at, _) in page.text.match_indices(attribute) {
                let target = &page.text[at + attribute.len()..];
                let inside = target.starts_with("data:") || target.starts_with('#');
                assert!(inside, "{}: {attribute}{}", page.name, &target[..target.len().min(40)]);
            }
        }
        assert!(!page.text.contains("@import"), "{}", page.name);
        assert!(page.text.contains("default-src 'none'"), "{}: the browser is told to fetch nothing", page.name);
    }
}

#[test]
fn a_page_says_what_it_rests_on_and_nothing_of_where_it_was_made() {
    for page in pages() {
        for word in [env!("CARGO_PKG_VERSION"), "seed", "2026-07-20", "spotStress", "windtunnel ", "Known limits"] {
            assert!(page.text.contains(word), "{}: no {word}", page.name);
        }
        for word in ["/tmp", "/home", env!("CARGO_MANIFEST_DIR"), "--out"] {
            assert!(!page.text.contains(word), "{}: {word}", page.name);
        }
    }
}
