//! Journals from outside: the form of every record, files that are whole or not, and replays through the binary.

mod decisions;
mod events;
mod files;
mod live;
mod records;
mod replay;
mod world;
