//! The `windtunnel` binary: arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use windtunnel::cli::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(status) => ExitCode::from(status.code()),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.code())
        }
    }
}
