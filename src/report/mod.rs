//! Results for people and for files: the table on the terminal, the files of `--out`, the chart.
//!
//! It formats what `metrics` computed; it computes nothing of its own but sentences and layout.

mod chart;
mod file;
mod output;
mod plan;
mod sensitivity;
mod study;
mod table;

pub use chart::{reading, timeline_svg};
pub use file::{FileError, OutputFile};
pub use output::{OutputDir, OutputError, json};
pub use plan::{plan_table, write_plan};
pub use sensitivity::{sensitivity_table, write_sensitivity};
pub use study::{comparison_table, write_comparison};
pub use table::table;
