//! The skeleton of a page. It asks for nothing from anywhere: style, script and charts are part of it, and its policy
//! forbids the browser to fetch.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::charts::palette;

const STYLE: &str = include_str!("style.css");
/// Sorts tables by a click on a head; without it they are as they are.
const SCRIPT: &str = include_str!("sort.js");
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// A whole page.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="generator" content=(concat!("windtunnel ", env!("CARGO_PKG_VERSION")));
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(palette::style())) (PreEscaped(STYLE)) }
            }
            body {
                main { (body) }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string() + "\n"
}
