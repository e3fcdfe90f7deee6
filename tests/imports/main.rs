//! What others export, imported by the program itself and run.

mod archives;
mod command;
mod openb;
mod wfcommons;
