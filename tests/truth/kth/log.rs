//! The log, and what is measured of a schedule.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;

use flate2::read::GzDecoder;

/// The machine.
pub(super) const PROCESSORS: u32 = 100;
/// In the folder of traces.
pub(super) const FILE: &str = "swf/KTH-SP2.swf.gz";
const TRACES: &str = "WINDTUNNEL_TRACES";

/// A job; times in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Job {
    pub(super) submit: u64,
    pub(super) runtime: u64,
    pub(super) estimate: u64,
    pub(super) processors: u32,
}

/// The jobs of the log, in its order; none, and a word to whoever looks on, where nobody said where it is. As in the
/// source, a job takes the processors that it asked for, which are not those that it was given in 219 cases.
pub(super) fn read() -> Option<Vec<Job>> {
    let Some(folder) = std::env::var_os(TRACES).filter(|folder| !folder.is_empty()) else {
        // Past the test harness, which would keep it to itself.
        let told = format!("skipped KTH-SP2: {TRACES} does not say where its log is\n");
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        return None;
    };
    let path = PathBuf::from(folder).join(FILE);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut jobs = Vec::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line = line.unwrap();
        if line.starts_with(';') || line.trim().is_empty() {
            continue;
        }
        let fields: Vec<i64> = line.split_whitespace().map(|field| field.parse().unwrap()).collect();
        let at = |index: usize| u64::try_from(fields[index]).unwrap_or_else(|_| panic!("field {index} of `{line}`"));
        let processors = u32::try_from(at(7)).unwrap();
        jobs.push(Job { submit: at(1), runtime: at(3), estimate: at(8), processors });
    }
    assert!(jobs.iter().all(|job| 0 < job.runtime && job.runtime <= job.estimate), "none runs out of its time");
    Some(jobs)
}

/// Means and the longest over all jobs.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) slowdown: f64,
    pub(super) flow: f64,
    pub(super) longest_flow: u64,
}

impl Figures {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a year")]
    pub(super) fn of(jobs: &[Job], starts: &[u64]) -> Self {
        assert_eq!(jobs.len(), starts.len());
        let flows: Vec<u64> = jobs.iter().zip(starts).map(|(job, start)| start - job.submit + job.runtime).collect();
        let slowdown = |(job, &flow): (&Job, &u64)| (flow as f64 / job.runtime.max(10) as f64).max(1.0);
        let n = jobs.len() as f64;
        Self {
            slowdown: jobs.iter().zip(&flows).map(slowdown).sum::<f64>() / n,
            flow: flows.iter().sum::<u64>() as f64 / n,
            longest_flow: *flows.iter().max().unwrap(),
        }
    }
}
