//! The result on stdout. A reader that has seen enough (`| head`) is no failure.

use std::io::{self, ErrorKind, Write};

use super::error::{CliError, ExitStatus};

/// Prints the result, ending in one newline.
pub(super) fn print(text: &str) -> Result<ExitStatus, CliError> {
    match writeln!(io::stdout().lock(), "{}", text.trim_end()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Failed(format!("can't write to stdout: {error}")))
        }
        _ => Ok(ExitStatus::Done),
    }
}
