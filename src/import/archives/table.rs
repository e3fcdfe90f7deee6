//! A table of jobs in our own columns, for those who have a spreadsheet: one row per attempt.
//!
//! ```text
//! name,submit,runtime,cpus,memory,depends_on,exit,attempt
//! fetch,0,90s,1,2Gi,,,
//! align-1,10m,1h30m,4,16Gi,fetch,137,1
//! align-1,10m,1h10m,4,16Gi,fetch,,2
//! ```

use std::collections::BTreeMap;
use std::io::Read;

use crate::import::Notes;
use crate::import::runs::RunFailure;
use crate::import::work::{RecordedAttempt, RecordedJob, RecordedRequests, RecordedWork, WorkError, plain, time};
use crate::model::{duration, quantity};
use crate::units::{MiB, SimDuration, SimTime};

/// Columns, and what stands in them; the first four are needed.
pub const COLUMNS: [(&str, &str); 12] = [
    ("name", "what the job is called; several jobs may share a name, unless one depends on it"),
    ("submit", "when it was submitted: a date and time (ISO 8601), or a span or number of seconds from the beginning"),
    ("runtime", "how long it ran: a span like 90s, 15m, 1h30m, PT2H, or a number of seconds; empty if unknown"),
    ("cpus", "vCPUs, like 2, 0.5 or 500m"),
    ("memory", "like 4Gi or 512Mi, or a number of MiB"),
    ("gpus", "whole GPUs"),
    ("user", "who sent it"),
    ("queue", "where it was sent"),
    ("kind", "what jobs like it are called, which become one entry; the name without its last number where absent"),
    ("depends_on", "names of jobs that must succeed first, separated by spaces or semicolons"),
    ("exit", "exit code, OOMKilled, volume or imagePull; empty or 0 if it succeeded"),
    ("attempt", "from 1; further attempts of a job are rows of its name"),
];
const NEEDED: usize = 4;
/// Rows that are told one by one.
const TOLD: usize = 100;

struct Row {
    name: String,
    kind: String,
    user: Option<String>,
    queue: Option<String>,
    submit: Submit,
    requests: RecordedRequests,
    run: Option<RecordedAttempt>,
    depends_on: Vec<String>,
    attempt: u32,
    line: u64,
}

#[derive(Clone, Copy)]
enum Submit {
    /// Milliseconds since 1970.
    Date(i64),
    From(SimDuration),
}

/// Reads a table, plain or gzipped; all its faults in one pass.
pub fn table(file: impl Read, name: &str) -> Result<RecordedWork, Vec<WorkError>> {
    let unreadable =
        |error: &dyn std::fmt::Display| vec![WorkError::new(format!("{name}: {error}"), "make it readable")];
    let text = plain(file).map_err(|error| unreadable(&error))?;
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(text);
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let columns: BTreeMap<String, usize> =
        headers.iter().enumerate().map(|(at, head)| (head.trim_start_matches('\u{feff}').to_lowercase(), at)).collect();
    let named = headers.iter().filter(|head| !head.is_empty()).count();
    if columns.keys().filter(|head| !head.is_empty()).count() < named {
        return Err(vec![WorkError::new(
            format!("{name} has two columns of one name"),
            "rename or remove one of them",
        )]);
    }
    let missing: Vec<_> =
        COLUMNS[..NEEDED].iter().map(|(head, _)| *head).filter(|head| !columns.contains_key(*head)).collect();
    if !missing.is_empty() {
        let message = format!("{name} has no column {}", missing.join(", "));
        return Err(vec![WorkError::new(
            message,
            "its first line names the columns; `windtunnel import csv --help` lists them",
        )]);
    }
    let mut notes = Notes::default();
    for head in columns.keys().filter(|head| !head.is_empty() && COLUMNS.iter().all(|(known, _)| known != head)) {
        notes.leave_out("columns that are not known", head.as_str());
    }
    let (mut rows, mut faults) = (Vec::new(), Faults::default());
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(0, csv::Position::line);
                match row(&record, &columns, headers.len(), line) {
                    Ok(row) => rows.push(row),
                    Err(own) => own.into_iter().for_each(|fault| faults.tell(line, fault)),
                }
            }
            Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(unreadable(&error)),
            Err(error) => faults.tell(error.position().map_or(0, csv::Position::line), error.to_string()),
        }
    }
    let count = rows.len();
    let jobs = jobs(rows, &mut faults);
    faults.done(name)?;
    if count == 0 {
        return Err(vec![WorkError::new(format!("{name} holds no row"), "write one row per attempt of a job")]);
    }
    notes.used(format!("{count} rows of {name}"));
    let description = format!("{} jobs of the table {name}.", jobs.len());
    Ok(RecordedWork { description, jobs, notes, ..RecordedWork::default() })
}

/// What is wrong, by line.
#[derive(Default)]
struct Faults {
    told: Vec<(u64, String)>,
    more: u64,
}

impl Faults {
    fn tell(&mut self, line: u64, fault: String) {
        if self.told.len() < TOLD {
            self.told.push((line, fault));
        } else {
            self.more += 1;
        }
    }

    fn done(mut self, name: &str) -> Result<(), Vec<WorkError>> {
        self.told.sort();
        let fault = |(line, fault): (u64, String)| WorkError::new(format!("{name}:{line}: {fault}"), "mend the row");
        let mut faults: Vec<_> = self.told.into_iter().map(fault).collect();
        if self.more > 0 {
            faults.push(WorkError::new(format!("{} more like these", self.more), "mend the first ones"));
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }
}

fn row(
    record: &csv::StringRecord,
    columns: &BTreeMap<String, usize>,
    width: usize,
    line: u64,
) -> Result<Row, Vec<String>> {
    let text = |head: &str| columns.get(head).and_then(|&at| record.get(at)).filter(|text| !text.is_empty());
    let mut faults = Vec::new();
    let mut fault = |head: &str, text: &str, help: &str| faults.push(format!("`{text}` is no {head}: write {help}"));
    if record.len() > width {
        return Err(vec![format!("{} fields under {} columns: quote those that hold commas", record.len(), width)]);
    }
    let name = text("name").unwrap_or_default();
    if name.is_empty() {
        fault("name", "", "what the job is called");
    }
    let submit = match text("submit") {
        None => None,
        Some(text) => duration::parse(text).ok().map(Submit::From).or_else(|| time(text).map(Submit::Date)),
    };
    if submit.is_none() {
        fault(
            "submit",
            text("submit").unwrap_or_default(),
            "a time like 2026-03-01T12:00:00Z, a span like 1h30m, or seconds",
        );
    }
    let runtime = text("runtime").map(|text| duration::parse(text).map_err(|_| text));
    if let Some(Err(text)) = runtime {
        fault("runtime", text, "a span like 90s, 15m or 1h30m, or seconds");
    }
    let cpu = quantity::cpu(text("cpus").unwrap_or_default()).map_err(|_| text("cpus").unwrap_or_default());
    if let Err(text) = cpu {
        fault("cpus", text, "vCPUs like 2, 0.5 or 500m");
    }
    // A bare number is MiB: bytes are nobody's unit in a spreadsheet.
    let memory = text("memory").map(|text| match text.parse::<u32>() {
        Ok(mib) => Ok(MiB(mib)),
        Err(_) => quantity::memory(text).map_err(|_| text),
    });
    if let Some(Err(text)) = memory {
        fault("memory", text, "a quantity like 4Gi or 512Mi, or a number of MiB");
    }
    let gpus = text("gpus").map_or(Ok(0), |text| quantity::container_gpus(text).map_err(|_| text));
    if let Err(text) = gpus {
        fault("gpus", text, "a whole number");
    }
    let attempt = text("attempt").map_or(Ok(1), |text| text.parse().ok().filter(|&attempt| attempt > 0).ok_or(text));
    if let Err(text) = attempt {
        fault("attempt", text, "a number from 1");
    }
    let failure = text("exit").map_or(Ok(None), failure);
    if let Err(text) = failure {
        fault("exit", text, "an exit code from 0 to 255, OOMKilled, volume or imagePull");
    }
    let (Some(submit), Ok(cpu), Ok(gpus), Ok(attempt), Ok(failure), true) =
        (submit, cpu, gpus, attempt, failure, faults.is_empty())
    else {
        return Err(faults);
    };
    Ok(Row {
        name: name.to_owned(),
        kind: text("kind").map_or_else(|| kind_of(name), str::to_owned),
        user: text("user").map(str::to_owned),
        queue: text("queue").map(str::to_owned),
        submit,
        requests: RecordedRequests { cpu, memory: memory.and_then(Result::ok), gpus },
        run: runtime.and_then(Result::ok).map(|runtime| RecordedAttempt { runtime, failure }),
        depends_on: text("depends_on")
            .map(|text| text.split([' ', ';']).filter(|name| !name.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default(),
        attempt,
        line,
    })
}

/// A name without the number at its end.
fn kind_of(name: &str) -> String {
    let kind = name.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches(['-', '_', '.', ' ']);
    if kind.is_empty() { name.to_owned() } else { kind.to_owned() }
}

/// What went wrong, if anything did; the text itself where it says neither.
fn failure(text: &str) -> Result<Option<RunFailure>, &str> {
    Ok(match text {
        "0" => None,
        "OOMKilled" => Some(RunFailure::OomKilled),
        "volume" => Some(RunFailure::Volume),
        "imagePull" => Some(RunFailure::ImagePull),
        code => Some(RunFailure::ExitCode(code.parse().ok().filter(|code| (1..=255).contains(code)).ok_or(text)?)),
    })
}

/// Rows as jobs: further attempts join the job of their name, names become places.
fn jobs(mut rows: Vec<Row>, faults: &mut Faults) -> Vec<RecordedJob> {
    let dates = rows.iter().filter_map(|row| if let Submit::Date(ms) = row.submit { Some(ms) } else { None });
    let first = dates.min();
    if first.is_some()
        && let Some(row) = rows.iter().find(|row| matches!(row.submit, Submit::From(_)))
    {
        faults.tell(row.line, "`submit` is a span here and a date in other rows: write one or the other".to_owned());
    }
    // A further attempt may stand before the first.
    rows.sort_by_key(|row| (row.attempt, row.line));
    let mut jobs: Vec<RecordedJob> = Vec::with_capacity(rows.len());
    let mut named: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut waits = Vec::new();
    for row in rows {
        let own = named.entry(row.name.clone()).or_default();
        if row.attempt > 1 {
            let before = own.iter().find(|&&job| jobs[job].attempts.len() + 1 == row.attempt as usize);
            match (before, row.run) {
                (Some(&job), Some(run)) if jobs[job].attempts.last().is_some_and(|last| last.failure.is_some()) => {
                    jobs[job].attempts.push(run);
                }
                (_, None) => faults.tell(row.line, "an attempt after the first without a runtime".to_owned()),
                (Some(_), _) => {
                    faults.tell(row.line, format!("attempt {} of `{}`, which had succeeded", row.attempt, row.name));
                }
                (None, _) => faults.tell(
                    row.line,
                    format!(
                        "attempt {} of `{}` without the one before (or with no runtime there)",
                        row.attempt, row.name
                    ),
                ),
            }
            continue;
        }
        let submit = match row.submit {
            Submit::From(span) => SimTime::ZERO + span,
            Submit::Date(ms) => {
                SimTime::from_millis(u64::try_from(ms.saturating_sub(first.unwrap_or(ms))).unwrap_or(0))
            }
        };
        own.push(jobs.len());
        waits.push((row.line, row.depends_on));
        jobs.push(RecordedJob {
            kind: row.kind,
            place: format!("line {}", row.line),
            queue: row.queue,
            user: row.user,
            requests: row.requests,
            submit,
            attempts: row.run.into_iter().collect(),
            depends_on: Vec::new(),
        });
    }
    for (job, (line, names)) in waits.into_iter().enumerate() {
        for name in names {
            match named.get(&name).map(Vec::as_slice) {
                Some(&[only]) if only == job => faults.tell(line, format!("`{name}` waits for itself")),
                Some(&[only]) => jobs[job].depends_on.push(only),
                Some(several) if !several.is_empty() => {
                    let count = several.len();
                    faults.tell(
                        line,
                        format!("it waits for `{name}`, which {count} jobs are called: give each a name of its own"),
                    );
                }
                _ => faults.tell(line, format!("it waits for `{name}`, and no job is called so")),
            }
        }
    }
    jobs
}
