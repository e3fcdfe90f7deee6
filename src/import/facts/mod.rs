//! Newer facts about EC2, from what AWS publishes and its commands print, put into the catalog's own tables.
//!
//! `published` reads the files and says what each of them is, `refresh` puts their facts into tables, `table` keeps a table's
//! columns and rows as they stand.

mod published;
mod refresh;
mod table;

pub use published::{Facts, FactsError};
pub use refresh::{Refreshed, Told, refresh};
