//! Results for people and for files: the table on the terminal, the files of `--out`, the chart.
//!
//! It formats what `metrics` computed; it computes nothing of its own but sentences and layout.

mod calibration;
mod charts;
mod file;
mod form;
mod html;
#[cfg(feature = "live")]
mod live;
mod output;
mod provenance;
mod study;
mod tables;
mod terminal;

pub use calibration::{back_test_table, calibration_svg, calibration_table};
pub use charts::vcpus::{reading, timeline_svg};
pub use file::{FileError, OutputFile};
pub use html::run_page;
#[cfg(feature = "live")]
pub use live::dry_run_table;
pub use output::{OutputDir, OutputError, json, temporary};
pub use provenance::{PriceSource, Provenance, Source};
pub use study::{comparison_table, plan_table, sensitivity_table, write_comparison, write_plan, write_sensitivity};
pub use terminal::table;
