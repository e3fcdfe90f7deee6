//! Journals from outside: the form of every record, files that are whole or not.

mod files;
mod records;
mod world;
