//! What a run would look like from outside: its account and its jobs as the AWS CLI would print them.
//!
//! `account` watches a run and writes down each job once it is over, `spool` keeps what was written until its place is known,
//! `pages` are the files, in a folder that has its name when all of them are whole; `ids` the ids that AWS would give.

mod account;
mod ids;
mod pages;
mod spool;

pub use account::AwsExport;
pub use pages::ExportError;
