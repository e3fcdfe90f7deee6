//! The history of jobs from outside: short worlds in the words of the transcripts, whole runs, and `windtunnel explain`.

mod explain;
#[path = "../conformance/facts.rs"]
mod facts;
mod lives;
mod played;
mod runs;
#[path = "../conformance/specs.rs"]
mod specs;
mod waits;
#[path = "../conformance/words.rs"]
mod words;
