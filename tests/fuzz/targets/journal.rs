//! Any bytes as a journal, plain or gzip, read to its end: steps or an error, never a panic.

#![no_main]

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use windtunnel::journal::Reader;

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut reader) = Reader::read(Cursor::new(bytes.to_vec()), Path::new("fuzzed.jsonl")) else { return };
    while let Ok(Some(_)) = reader.observation() {
        if reader.decision().is_err() {
            break;
        }
    }
});
