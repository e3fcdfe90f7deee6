//! Archives of recorded work, one file per format: what stands there, as jobs. What becomes of them is for `work`.

mod nextflow;
mod openb;
mod swf;
mod table;
mod wfcommons;

pub use nextflow::nextflow;
pub use openb::{Openb, openb};
pub use swf::{Swf, swf};
pub use table::{COLUMNS as TABLE_COLUMNS, table};
pub use wfcommons::wfcommons;
