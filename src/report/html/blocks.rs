//! What pages are made of: sections, key figures, charts with their captions, tables. Texts are escaped by construction.

use maud::{Markup, PreEscaped, html};

use crate::report::charts::{Figure, width};
use crate::report::form::{Cell, Table};

/// A part of the page under a heading.
pub(super) fn section(id: &str, heading: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) {
            h2 { (heading) }
            (body)
        }
    }
}

/// Figures that say how it went, each with a word on what it is beside.
pub(super) fn key_figures(figures: &[(&str, String, String)]) -> Markup {
    html! {
        dl.key {
            @for (name, figure, beside) in figures {
                div {
                    dt { (name) }
                    dd { (figure) @if !beside.is_empty() { small { (beside) } } }
                }
            }
        }
    }
}

/// A chart in both widths, of which the page shows one; or the sentence that stands in for it.
pub(super) fn figure(figure: &Figure) -> Markup {
    html! {
        figure id=(figure.id) {
            h3 { (figure.title) }
            figcaption { (unbroken(&figure.sentence)) }
            @if let Some([wide, narrow]) = &figure.pictures {
                div.wide { (PreEscaped(wide)) }
                div.narrow { (PreEscaped(narrow)) }
            }
        }
    }
}

/// A text whose figures keep their units: no line ends before a percent sign.
pub(super) fn unbroken(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// What a phone has room for, in pixels; of a wider table, each row becomes a block of figures with their heads.
const PHONE: i32 = 358;

/// Whether a table is wider than a phone, as the style sheet draws it there.
fn is_wide(table: &Table) -> bool {
    const NAMES_AT_MOST: i32 = 130;
    let column =
        |column: usize| table.rows.iter().filter_map(move |row| row.get(column)).map(|cell| width(&cell.text, 13));
    // A head breaks between its words.
    let head = |head: &String| head.split([' ', '-']).map(|word| width(word, 13)).max();
    let names = column(0).max().unwrap_or(0).min(NAMES_AT_MOST);
    let figures =
        table.heads.iter().enumerate().map(|(at, text)| 10 + column(at + 1).chain(head(text)).max().unwrap_or(0));
    names + figures.sum::<i32>() > PHONE
}

/// A table of figures; nothing for one without rows.
pub(super) fn table(table: &Table) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            div.table {
                div.scroll tabindex="0" role="region" aria-label=(table.name) {
                    table.sortable[!table.ordered && table.rows.len() > 1].many[is_wide(table)] {
                        caption { (table.name) }
                        thead { tr {
                            th scope="col" { (table.row) }
                            @for head in &table.heads { th scope="col" { (head) } }
                        } }
                        tbody { @for row in &table.rows { tr { (cells(row, &table.heads)) } } }
                    }
                }
                @for note in &table.notes { p.notes { (unbroken(note)) } }
            }
        }
    }
}

fn cells(row: &[Cell], heads: &[String]) -> Markup {
    html! {
        @for (column, cell) in row.iter().enumerate() {
            @if column == 0 { th scope="row" { (cell.text) } }
            @else {
                @let head = heads.get(column - 1);
                td.name[head.is_some_and(String::is_empty)] data-v=[cell.value] data-head=[head] { (unbroken(&cell.text)) }
            }
        }
    }
}

/// A table of words: heads, and rows with whether each stands out.
pub(super) fn prose(caption: &str, heads: &[&str], rows: &[(bool, Vec<String>)]) -> Markup {
    html! {
        div.table {
            div.scroll tabindex="0" role="region" aria-label=(caption) {
                table.prose {
                    caption { (caption) }
                    thead { tr { @for head in heads { th.words scope="col" { (head) } } } }
                    tbody {
                        @for (stands_out, row) in rows {
                            tr.changed[*stands_out] {
                                @for (column, text) in row.iter().enumerate() {
                                    @if column == 0 { th scope="row" { (text) } }
                                    @else { td.words.reason[column + 1 == row.len()] data-head=[heads.get(column)] { (text) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
