//! Job logs in the Standard Workload Format, version 2, plain or gzipped: the form of the Parallel Workloads Archive.
//!
//! Source: <https://www.cs.huji.ac.il/labs/parallel/workload/swf.html>. Reads records as they stand; what becomes of
//! them (how many vCPUs a processor is, whether failures count) is for the scenario to say.

use std::io::Read;

use flate2::read::MultiGzDecoder;

/// Columns of a record.
const COLUMNS: usize = 18;
/// More than the largest log of the archive, unpacked.
const BYTES_MAX: u64 = 4 << 30;
/// Errors reported one by one; the rest are counted.
const ERRORS_MAX: usize = 10;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A log.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SwfLog {
    /// What its header says.
    pub header: SwfHeader,
    /// Its jobs, by submission.
    pub jobs: Vec<SwfJob>,
    /// How many records stood before one submitted earlier; they were sorted in.
    pub unsorted: usize,
    /// How many records were left out: never started, no processors, or a part of a job that stands as a whole elsewhere.
    pub left_out: usize,
}

/// Comments of a log's header worth showing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SwfHeader {
    /// `Computer`.
    pub computer: Option<String>,
    /// `Installation`.
    pub installation: Option<String>,
    /// `Acknowledge`: whom the log's users are asked to thank.
    pub acknowledge: Option<String>,
    /// `MaxProcs`.
    pub max_procs: Option<u32>,
}

/// A job of a log that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwfJob {
    /// Submission, milliseconds from the log's beginning.
    pub submit_ms: u64,
    /// How long it ran, milliseconds.
    pub run_ms: u64,
    /// Processors it was given, or asked for where the log doesn't say.
    pub processors: u32,
    /// How long its user said it would run at most, milliseconds.
    pub requested_ms: Option<u64>,
    /// Memory it asked for, KiB per processor.
    pub memory_kib_per_processor: Option<u64>,
    /// Whether the log says that it failed or was cancelled after its start.
    pub failed: bool,
}

/// Why a log can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}: {help}")]
pub struct SwfError {
    /// The line; `None` where it concerns the whole file.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

impl SwfError {
    fn new(line: Option<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { line, message: message.into(), help: help.into() }
    }
}

/// Reads a log, unpacking it if it is gzipped (whatever its name says).
pub fn parse(bytes: &[u8]) -> Result<SwfLog, Vec<SwfError>> {
    if !bytes.starts_with(&GZIP_MAGIC) {
        return parse_plain(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len().saturating_mul(6));
    match MultiGzDecoder::new(bytes).take(BYTES_MAX).read_to_end(&mut plain) {
        Ok(_) if plain.len() as u64 == BYTES_MAX => {
            let message = format!("it unpacks to more than {} GiB", BYTES_MAX >> 30);
            Err(vec![SwfError::new(None, message, "cut the log")])
        }
        Ok(_) => parse_plain(&plain),
        Err(error) => Err(vec![SwfError::new(
            None,
            format!("the gzip data is corrupt after {} bytes of text ({error})", plain.len()),
            "fetch the file again",
        )]),
    }
}

fn parse_plain(bytes: &[u8]) -> Result<SwfLog, Vec<SwfError>> {
    let mut log = SwfLog { jobs: Vec::with_capacity(bytes.len() / 80), ..SwfLog::default() };
    let mut errors = Vec::new();
    let (mut more, mut records) = (0_usize, 0_usize);
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        if let Some(comment) = line.strip_prefix(b";") {
            log.header.read(comment);
        } else if !line.is_empty() {
            records += 1;
            match record(line, index + 1) {
                Ok(Some(job)) => log.jobs.push(job),
                Ok(None) => log.left_out += 1,
                Err(error) if errors.len() < ERRORS_MAX => errors.push(error),
                Err(_) => more += 1,
            }
        }
    }
    if more > 0 {
        errors.push(SwfError::new(None, format!("{more} more lines like these"), "check that it is an SWF log"));
    }
    if errors.is_empty() && log.jobs.is_empty() {
        let message = if records == 0 {
            "the log holds no record".to_owned()
        } else {
            format!("none of its {records} records ran")
        };
        errors.push(SwfError::new(None, message, "name a log of the Standard Workload Format"));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    log.unsorted = log.jobs.windows(2).filter(|pair| pair[1].submit_ms < pair[0].submit_ms).count();
    if log.unsorted > 0 {
        log.jobs.sort_by_key(|job| job.submit_ms);
    }
    Ok(log)
}

/// One record; `None` where it stands for nothing that ran.
fn record(line: &[u8], number: usize) -> Result<Option<SwfJob>, SwfError> {
    let mut columns = [&[][..]; COLUMNS];
    let mut found = 0;
    for column in line.split(u8::is_ascii_whitespace).filter(|column| !column.is_empty()) {
        if let Some(slot) = columns.get_mut(found) {
            *slot = column;
        }
        found += 1;
    }
    if found < COLUMNS {
        return Err(SwfError::new(
            Some(number),
            format!("{found} columns instead of {COLUMNS}"),
            "write -1 for what is unknown",
        ));
    }
    let read = |column: usize, what: &str| {
        millis(columns[column]).ok_or_else(|| {
            SwfError::new(
                Some(number),
                format!("column {}, {what}, is no number: `{}`", column + 1, String::from_utf8_lossy(columns[column])),
                "write a number, or -1 for what is unknown",
            )
        })
    };
    let (submit, run) = (read(1, "submit time")?, read(3, "run time")?);
    let (allocated, requested) = (read(4, "allocated processors")?, read(7, "requested processors")?);
    let (memory, status) = (read(9, "requested memory")?, read(10, "status")?);
    let processors = if allocated > 0 { allocated } else { requested } / 1_000;
    let (Ok(submit_ms), Ok(run_ms), Ok(processors)) =
        (u64::try_from(submit), u64::try_from(run), u32::try_from(processors))
    else {
        return Ok(None);
    };
    // 2 to 4 are parts of a job that was checkpointed; 5 without a run time never started.
    if processors == 0 || matches!(status, 2_000..=4_999) || (status == 5_000 && run_ms == 0) {
        return Ok(None);
    }
    let requested_ms = u64::try_from(read(8, "requested time")?).ok().filter(|&ms| ms > 0);
    let memory_kib_per_processor = u64::try_from(memory / 1_000).ok().filter(|&kib| kib > 0);
    let failed = matches!(status, 0 | 5_000);
    Ok(Some(SwfJob { submit_ms, run_ms, processors, requested_ms, memory_kib_per_processor, failed }))
}

/// A number in thousandths: by hand where it is a plain integer, as nearly all are.
fn millis(column: &[u8]) -> Option<i64> {
    let (negative, digits) = match column.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, column),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= 15 && digits.iter().all(u8::is_ascii_digit) {
        let whole = digits.iter().fold(0_i64, |sum, &digit| sum * 10 + i64::from(digit - b'0'));
        return Some(if negative { -whole * 1_000 } else { whole * 1_000 });
    }
    let value: f64 = std::str::from_utf8(column).ok()?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "checked against the range where f64 is exact")]
    (value.is_finite() && value.abs() < 1e15).then(|| (value * 1e3).round() as i64)
}

impl SwfHeader {
    fn read(&mut self, comment: &[u8]) {
        let text = String::from_utf8_lossy(comment);
        let Some((key, value)) = text.split_once(':') else { return };
        let value = value.trim();
        let slot = match key.trim() {
            "Computer" => &mut self.computer,
            "Installation" => &mut self.installation,
            "Acknowledge" => &mut self.acknowledge,
            "MaxProcs" => {
                self.max_procs = value.parse().ok();
                return;
            }
            _ => return,
        };
        if slot.is_none() && !value.is_empty() {
            *slot = Some(value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    const LOG: &str = "; Computer: a cluster\n; MaxProcs: 8\n\
        1 0 5 60 4 -1 -1 4 100 -1 1 1 1 -1 -1 -1 -1 -1\n\
        2 30 5 90.5 -1 -1 -1 2 100 2048 0 1 1 -1 -1 -1 -1 -1\n\
        3 20 -1 -1 1 -1 -1 1 100 -1 5 1 1 -1 -1 -1 -1 -1\n";

    #[test]
    fn reads_plain_and_gzipped_logs_alike() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(LOG.as_bytes()).expect("memory takes it");
        let log = parse(LOG.as_bytes()).expect("a log");
        assert_eq!(parse(&gzip.finish().expect("memory takes it")), Ok(log.clone()));
        assert_eq!(log.header.computer.as_deref(), Some("a cluster"));
        assert_eq!(log.header.max_procs, Some(8));
        assert_eq!(
            log.jobs,
            [
                SwfJob {
                    submit_ms: 0,
                    run_ms: 60_000,
                    processors: 4,
                    requested_ms: Some(100_000),
                    memory_kib_per_processor: None,
                    failed: false
                },
                SwfJob {
                    submit_ms: 30_000,
                    run_ms: 90_500,
                    processors: 2,
                    requested_ms: Some(100_000),
                    memory_kib_per_processor: Some(2_048),
                    failed: true
                },
            ]
        );
        assert_eq!(log.left_out, 1);
    }

    #[test]
    fn sorts_what_stands_late_and_says_so() {
        let line = |id, submit| format!("{id} {submit} 0 1 1 -1 -1 1 1 -1 1 1 1 -1 -1 -1 -1 -1\n");
        let log = parse([line(1, 10), line(2, 5), line(3, 10)].concat().as_bytes()).expect("a log");
        assert_eq!(log.unsorted, 1);
        assert_eq!(log.jobs.iter().map(|job| job.submit_ms).collect::<Vec<_>>(), [5_000, 10_000, 10_000]);
    }

    #[test]
    fn names_the_line_of_every_fault() {
        let errors = parse(b"; x\n1 2 3\n1 a 0 1 1 -1 -1 1 1 -1 1 1 1 -1 -1 -1 -1 -1\n").unwrap_err();
        let said: Vec<_> = errors.iter().map(|e| (e.line, e.message.as_str())).collect();
        assert_eq!(said, [(Some(2), "3 columns instead of 18"), (Some(3), "column 2, submit time, is no number: `a`")]);
        assert_eq!(parse(b"").unwrap_err()[0].message, "the log holds no record");
        assert!(parse(&[0x1f, 0x8b, 8, 0, 1, 2, 3]).unwrap_err()[0].message.contains("corrupt"));
        assert_eq!(parse("x\n".repeat(100).as_bytes()).unwrap_err().len(), ERRORS_MAX + 1);
    }
}
