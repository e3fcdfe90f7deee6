//! Any bytes as a scenario, read and resolved in memory: findings or a world, never a panic, and soon.
//! Files that the bytes name are looked for where there are none.

#![no_main]

mod json;

use std::path::Path;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};
use windtunnel::scenario::ScenarioFile;

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let read = ScenarioFile::read("fuzzed", "fuzzed.json", Path::new("/nowhere"), bytes);
    let Ok(scenario) = read else { return Corpus::Reject };
    if let Err(findings) = scenario.resolve() {
        assert!(findings.has_errors(), "refused without an error");
        assert!(findings.as_slice().iter().all(|finding| !finding.message.is_empty()), "an error without words");
    }
    Corpus::Keep
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { json::mutate(data, size, max_size, seed) });
