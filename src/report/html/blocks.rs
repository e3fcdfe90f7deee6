//! What pages are made of: sections, key figures, charts with their captions, tables. Texts are escaped by construction.

use maud::{Markup, PreEscaped, html};

use crate::report::charts::Figure;
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

/// Columns of figures that a phone has room for; of more, each row becomes a block of figures with their heads.
const COLUMNS_ON_PHONE: usize = 4;

/// A table of figures; nothing for one without rows.
pub(super) fn table(table: &Table) -> Markup {
    html! {
        @if !table.rows.is_empty() {
            div.table {
                div.scroll tabindex="0" role="region" aria-label=(table.name) {
                    table.sortable[!table.ordered && table.rows.len() > 1].many[table.heads.len() > COLUMNS_ON_PHONE] {
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
                td.name[head.is_some_and(String::is_empty)] data-v=[cell.value] data-head=[head] { (cell.text) }
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
