//! Lines of standard input, read by a thread of their own so that nobody waits for who types them; answers go to standard
//! output.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::driver::DriverError;
use crate::live::jobs::documents::{Answered, Source};

/// Lines from a reader, until it ends.
#[derive(Debug)]
pub struct Lines {
    read: Receiver<io::Result<String>>,
    number: u64,
    ended: bool,
}

impl Lines {
    /// Lines of standard input.
    pub fn of_stdin() -> Self {
        Self::of(io::BufReader::new(io::stdin()))
    }

    /// Lines of a reader.
    pub fn of(reader: impl BufRead + Send + 'static) -> Self {
        let (send, read) = channel();
        std::thread::spawn(move || {
            for line in reader.lines() {
                let failed = line.is_err();
                if send.send(line).is_err() || failed {
                    return;
                }
            }
        });
        Self { read, number: 0, ended: false }
    }
}

impl Source for Lines {
    fn lines(&mut self) -> Result<Vec<(String, String)>, DriverError> {
        let mut all = Vec::new();
        loop {
            match self.read.try_recv() {
                Ok(Ok(line)) => {
                    self.number += 1;
                    all.push((format!("stdin:{}", self.number), line));
                }
                Ok(Err(source)) => {
                    return Err(DriverError::Io {
                        context: "can't read submissions from standard input".to_owned(),
                        source,
                    });
                }
                Err(TryRecvError::Empty) => return Ok(all),
                Err(TryRecvError::Disconnected) => {
                    self.ended = true;
                    return Ok(all);
                }
            }
        }
    }

    fn is_done(&self) -> bool {
        self.ended
    }

    fn answered(&mut self, answers: &[Answered]) -> Result<(), DriverError> {
        let mut out = io::stdout().lock();
        let written = answers.iter().try_for_each(|answered| writeln!(out, "{}", answered.answer));
        written.and_then(|()| out.flush()).or_else(|source| match source.kind() {
            // Who asked does not listen: no reason to let go of a cluster.
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(DriverError::Io { context: "can't write answers to standard output".to_owned(), source }),
        })
    }

    /// What standard input gave to an earlier program it does not give again.
    fn remember(&mut self, _: &Answered) {}
}
