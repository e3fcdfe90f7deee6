//! How files are built: short, opened by a word about what they own, with nothing left for later.

use crate::source::{File, files, line_of, report};

const FILE_LINES_MAX: usize = 500;
const FUNCTION_LINES_MAX: usize = 100;

/// `mod.rs` files that hold more than the map, and why they may.
const MAPS_WITH_MORE: &[(&str, &str)] = &[("src/cli/mod.rs", "the list of commands is the map of the command line")];

/// Words that stand for work not done. Put together here, so that this file does not find itself.
const UNFINISHED: &[&str] = &[
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("TO", "DO"),
];

fn rust() -> Vec<File> {
    ["src", "tests", "benches"].into_iter().flat_map(|folder| files(folder, "rs")).collect()
}

#[test]
fn every_file_opens_with_what_it_owns() {
    let silent = rust().into_iter().filter(|file| !file.text.starts_with("//! "));
    let why = "a reader who comes to check one claim must see whether it is here";
    report(&silent.map(|file| file.finding(1, "the file does not open with `//!`", why)).collect::<Vec<_>>());
}

#[test]
fn files_and_functions_are_short() {
    let mut findings = Vec::new();
    for file in rust() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            let rule = format!("{lines} lines, {FILE_LINES_MAX} at most");
            findings.push(file.finding(FILE_LINES_MAX, &rule, "a file fits in a head"));
        }
        for (line, name, length) in functions(&file.code()) {
            if length > FUNCTION_LINES_MAX {
                let rule = format!("`fn {name}` has {length} lines, {FUNCTION_LINES_MAX} at most");
                findings.push(file.finding(line, &rule, "a function is read in one look"));
            }
        }
    }
    report(&findings);
}

/// Line, name and length of every function with a body.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let mut found = Vec::new();
    for (at, keyword) in code.match_indices("fn ") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let name: String =
            code[at + keyword.len()..].chars().take_while(|&c| c.is_alphanumeric() || c == '_').collect();
        let (mut nested, mut braces, mut body) = (0, 0, None);
        for (offset, c) in code[at..].char_indices() {
            match c {
                '(' | '[' => nested += 1,
                ')' | ']' => nested -= 1,
                ';' if nested == 0 && braces == 0 => break,
                '{' => braces += 1,
                '}' => {
                    braces -= 1;
                    if braces == 0 {
                        body = Some(at + offset);
                        break;
                    }
                }
                _ => {}
            }
        }
        if let Some(end) = body.filter(|_| !name.is_empty()) {
            let line = line_of(code, at);
            found.push((line, name, line_of(code, end) - line + 1));
        }
    }
    found
}

#[test]
fn mod_files_are_maps() {
    let mut findings = Vec::new();
    for file in files("src", "rs").into_iter().filter(|file| file.path.ends_with("/mod.rs")) {
        if MAPS_WITH_MORE.iter().any(|(path, _)| *path == file.path) {
            continue;
        }
        let code = file.code();
        if let Some(offset) = first_other_item(&code) {
            let rule = "a mod.rs holds docs, `mod` and `use` items, nothing else (exceptions: tests/house/shape.rs)";
            findings.push(file.finding(
                line_of(&code, offset),
                rule,
                "what a module does stands in a file named for it",
            ));
        }
    }
    report(&findings);
}

/// The offset of the first item that is neither `mod name;` nor `use …;`.
fn first_other_item(code: &str) -> Option<usize> {
    let mut start = 0;
    for item in code.split_inclusive(';') {
        let mut words = item.trim_start();
        let offset = start + (item.len() - words.len());
        start += item.len();
        while let Some(after) = words.strip_prefix("#[") {
            words = after.split_once(']').map_or("", |(_, rest)| rest).trim_start();
        }
        if let Some(public) = words.strip_prefix("pub") {
            words = public.trim_start();
            if words.starts_with('(') {
                words = words.split_once(')').map_or("", |(_, rest)| rest).trim_start();
            }
        }
        let inline_module = words.starts_with("mod ") && words.contains('{');
        if !words.is_empty() && (inline_module || !(words.starts_with("mod ") || words.starts_with("use "))) {
            return Some(offset);
        }
    }
    None
}

#[test]
fn the_core_has_no_hash_order() {
    let mut findings = Vec::new();
    for file in files("src/scheduler", "rs") {
        let code = file.code();
        for name in ["HashMap", "HashSet"] {
            let why = "its order differs from run to run; a decision that hangs on it can't be replayed";
            let rule = format!("`{name}` in the core");
            findings.extend(code.match_indices(name).map(|(at, _)| file.finding(line_of(&code, at), &rule, why)));
        }
    }
    report(&findings);
}

#[test]
fn nothing_is_left_for_later() {
    let mut findings = Vec::new();
    for file in rust() {
        for word in UNFINISHED {
            let found = file.text.match_indices(word).filter(|(at, _)| {
                let around = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
                let end = file.text[at + word.len()..].chars().next();
                !around(file.text[..*at].chars().next_back()) && (word.ends_with('(') || !around(end))
            });
            let rule = format!("`{word}` marks unfinished work");
            let why = "what is missing is named as a known limit in src/ARCHITECTURE.md, or done";
            findings.extend(found.map(|(at, _)| file.finding(line_of(&file.text, at), &rule, why)));
        }
    }
    report(&findings);
}

#[test]
fn items_and_functions_are_told_apart() {
    assert_eq!(functions("fn a() {\n x;\n}\ntrait T { fn b(c: [u8; 2]); }\n"), [(1, "a".to_owned(), 3)]);
    assert_eq!(first_other_item("mod a;\n#[cfg(test)]\nmod b;\npub(crate) use a::{\n c, d};\n"), None);
    assert_eq!(first_other_item("mod a;\nconst B: u8 = 1;\n"), Some(7));
    assert_eq!(first_other_item("mod a;\nmod b { fn c() { d; } }\n"), Some(7));
}
