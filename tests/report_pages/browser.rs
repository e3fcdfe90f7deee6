//! Opens pages in headless Chromium. A copy of each page, with a script that measures it from inside, stands in a frame of
//! its width; what the frames report is read from the outer page. So one start of the browser serves all pages.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;
use tempfile::TempDir;

use crate::runs::Page;

const MEASURE: &str = include_str!("measure.js");
/// Collects what frames report; the characters that a page escapes are written as JSON may write them.
const COLLECT: &str = r#"
addEventListener("message", ({ data }) => {
  const line = document.createElement("pre");
  line.textContent = JSON.stringify(data).replace(/[<>&]/g, (c) => "\\u00" + c.charCodeAt(0).toString(16));
  document.body.append(line);
});
"#;

/// How a page is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Light,
    Dark,
    Paper,
}

/// What a page said of itself.
#[derive(Debug, Deserialize)]
pub(crate) struct Seen {
    page: usize,
    width: u32,
    /// Charts that can be seen, by id.
    pub(crate) charts: Vec<String>,
    pub(crate) wrong: Vec<String>,
}

/// The browser, if there is one. Says so if not, or fails where one is required.
pub(crate) fn chromium() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(|name| env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()));
    if found.is_none() {
        assert!(
            env::var_os("WINDTUNNEL_REQUIRE_CHROMIUM").is_none(),
            "WINDTUNNEL_REQUIRE_CHROMIUM is set, and there is no chromium on PATH"
        );
        // Past the test harness, which would keep it to itself.
        std::io::stderr().write_all(b"skipped the pages in a browser: no chromium on PATH\n").unwrap();
    }
    found
}

/// Every page at every width.
pub(crate) fn look_at<'a>(
    chromium: &PathBuf,
    pages: &'a [Page],
    look: Look,
    widths: &[u32],
) -> Vec<(&'a Page, u32, Seen)> {
    let folder = TempDir::new().unwrap();
    let mut outer = format!("<!DOCTYPE html><body><script>{COLLECT}</script>\n");
    for (index, page) in pages.iter().enumerate() {
        for &width in widths {
            let file = format!("{index}-{width}.html");
            let facts = format!("const PAGE = {index}, WIDTH = {width}, LOOK = \"{look:?}\";\n");
            let script = format!("<script>{facts}{MEASURE}</script></body>");
            let copy = if look == Look::Paper { on_paper(&page.text) } else { page.text.clone() };
            fs::write(folder.path().join(&file), copy.replacen("</body>", &script, 1)).unwrap();
            let frame = format!("<iframe src=\"{file}\" style=\"border:0;width:{width}px;height:900px\"></iframe>\n");
            outer.write_str(&frame).unwrap();
        }
    }
    let file = folder.path().join("all.html");
    fs::write(&file, outer).unwrap();
    let scheme = i32::from(look != Look::Dark);
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000", "--hide-scrollbars"])
        .args(["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=60000", "--dump-dom"])
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", file.display()))
        .output()
        .unwrap();
    let dom = String::from_utf8(output.stdout).unwrap();
    let lines = dom.split("<pre>").skip(1).map(|after| after.split("</pre>").next().unwrap_or_default());
    let seen: Vec<Seen> =
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    assert_eq!(seen.len(), pages.len() * widths.len(), "{look:?}: {}", String::from_utf8_lossy(&output.stderr));
    seen.into_iter().map(|seen| (&pages[seen.page], seen.width, seen)).collect()
}

/// The page with the rules for paper in force, and without those for screens.
fn on_paper(text: &str) -> String {
    text.replace("@media print", "@media all").replace("@media screen and", "@media (max-width:0) and")
}
