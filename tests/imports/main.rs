//! What was recorded elsewhere becomes a scenario that runs: through the binary, one file per source.

mod aws;
