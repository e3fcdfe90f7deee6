//! Pages: one file each that needs nothing else, readable with and without script, in light and dark, on a phone and on
//! paper.
//!
//! | file | what |
//! |---|---|
//! | `page` | the skeleton of any page, its style sheet and its one small script |
//! | `blocks` | sections, key figures, charts with captions, tables |
//! | `appendix` | assumptions, provenance, known limits: the end of any page |
//! | `run` | the page of one run |
//! | `study` | the pages of a comparison, a plan and a sensitivity study |

mod appendix;
mod blocks;
mod page;
mod run;
mod study;

pub use run::run_page;
pub(super) use study::{comparison_page, plan_page, sensitivity_page};
