//! The source tree as the rules see it: files, their code without comments and texts, and findings.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// A file of the repository.
pub(crate) struct File {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Where the repository stands: asked at run time, so that a test binary also judges another copy of it.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR for tests"))
}

/// All files below a folder (or the one file) with an extension, by path. Build output and dot-folders that hold no
/// pages of ours are left out.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<File> {
    let mut found = Vec::new();
    collect(&root(), &root().join(folder), extension, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, extension: &str, found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.expect("a readable folder").path()) {
        let name = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if entry.is_dir() {
            if !matches!(name, "target" | ".git") {
                collect(root, &entry, extension, found);
            }
        } else if entry.extension().is_some_and(|found| found == extension) {
            let text = fs::read_to_string(&entry).unwrap_or_else(|error| panic!("{}: {error}", entry.display()));
            let path = entry.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            found.push(File { path, text });
        }
    }
}

impl File {
    /// The code alone: comments and the insides of texts are blank, lines stay where they are.
    pub(crate) fn code(&self) -> String {
        blank(&self.text)
    }

    /// The code without its tests, which stand last and may know more than the module does.
    pub(crate) fn product_code(&self) -> String {
        let code = self.code();
        let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
        code[..end].to_owned()
    }

    /// A finding about a line of the file, counted from 1.
    pub(crate) fn finding(&self, line: usize, rule: &str, reason: &str) -> String {
        format!("{}:{line}: {rule}\n    why: {reason}", self.path)
    }
}

/// The line, from 1, of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Fails with all findings at once.
pub(crate) fn report(findings: &[String]) {
    assert!(findings.is_empty(), "{} finding(s)\n\n{}\n", findings.len(), findings.join("\n\n"));
}

/// Blanks comments, texts and character literals, byte by byte, so that offsets and lines stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => at + text[at..].find('\n').unwrap_or(text.len() - at),
            [b'/', b'*', ..] => block_comment_end(bytes, at),
            [b'r', b'"' | b'#', ..] if !part_of_name(bytes, at) => raw_text_end(text, at),
            [b'"', ..] => text_end(bytes, at, b'"'),
            // A lifetime has no closing quote two or more characters on.
            [b'\'', b'\\', ..] => text_end(bytes, at, b'\''),
            [b'\'', ..] if closes_after_one_char(text, at) => text_end(bytes, at, b'\''),
            _ => at,
        };
        for byte in &mut out[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("whole characters are blanked")
}

fn part_of_name(bytes: &[u8], at: usize) -> bool {
    // `br"…"` is a text too.
    at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') && bytes[at - 1] != b'b'
}

fn block_comment_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at < bytes.len() {
        match &bytes[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(bytes.len())
}

fn raw_text_end(text: &str, start: usize) -> usize {
    let hashes = text[start + 1..].bytes().take_while(|&byte| byte == b'#').count();
    let open = start + 1 + hashes;
    if text.as_bytes().get(open) != Some(&b'"') {
        // A raw identifier.
        return start;
    }
    let close = format!("\"{}", "#".repeat(hashes));
    text[open + 1..].find(&close).map_or(text.len(), |end| open + 1 + end + close.len())
}

fn text_end(bytes: &[u8], start: usize, quote: u8) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

fn closes_after_one_char(text: &str, at: usize) -> bool {
    let mut chars = text[at + 1..].chars();
    chars.next().is_some_and(|first| first != '\'') && chars.next() == Some('\'')
}

#[test]
fn comments_and_texts_are_no_code() {
    let code = blank("a // b\n\"c \\\" d\" 'e' 'f: &'g h /* i /* j */ k */ r#\"l \" m\"# '\\'' n");
    let words: Vec<_> = code.split_whitespace().collect();
    assert_eq!(words, ["a", "'f:", "&'g", "h", "n"]);
    assert_eq!(line_of(&code, code.find('h').unwrap()), 2);
}
