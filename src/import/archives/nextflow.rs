//! What Nextflow writes with `-with-trace`: one line per task, in the fields that were asked for, for people or raw.
//!
//! Source: Nextflow's documentation, "Trace file" and `trace.fields`, `trace.raw`. Raw spans are milliseconds, raw sizes
//! bytes, raw times milliseconds since 1970; `-` is what was not measured. A task that is tried again is a line of its own. What a
//! task waited for is not in a trace.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use crate::import::Notes;
use crate::import::runs::RunFailure;
use crate::import::work::{RecordedAttempt, RecordedJob, RecordedRequests, RecordedWork, WorkError, plain, time};
use crate::model::duration;
use crate::units::{MiB, MilliCpu, SimDuration, SimTime};

/// Fields that are used; others are told.
const FIELDS: [&str; 15] = [
    "task_id",
    "hash",
    "native_id",
    "name",
    "process",
    "tag",
    "status",
    "exit",
    "submit",
    "start",
    "complete",
    "duration",
    "realtime",
    "cpus",
    "attempt",
];
const MORE_FIELDS: [&str; 3] = ["memory", "peak_rss", "queue"];
/// Units of Nextflow's sizes, which are powers of 1024.
const UNITS: [(&str, f64); 6] = [
    ("B", 1.0),
    ("KB", 1_024.0),
    ("MB", 1_048_576.0),
    ("GB", 1_073_741_824.0),
    ("TB", 1_099_511_627_776.0),
    ("PB", 1_125_899_906_842_624.0),
];

/// A line's fields, by name.
struct Line<'a> {
    record: &'a csv::StringRecord,
    columns: &'a BTreeMap<String, usize>,
    number: u64,
}

impl Line<'_> {
    fn text(&self, field: &str) -> Option<&str> {
        let text = self.record.get(*self.columns.get(field)?)?.trim();
        (!text.is_empty() && text != "-").then_some(text)
    }

    /// A field that is what it should be; what is something else is told.
    fn read<T>(&self, field: &str, read: impl Fn(&str) -> Option<T>, notes: &mut Notes) -> Option<T> {
        let text = self.text(field)?;
        let found = read(text);
        if found.is_none() {
            notes.leave_out(&format!("`{field}` that can't be read"), format!("line {}: {text}", self.number));
        }
        found
    }
}

/// An attempt, before it is known whose it is.
struct Row {
    name: String,
    kind: String,
    queue: Option<String>,
    submit_ms: Option<i64>,
    attempt: Option<u32>,
    requests: RecordedRequests,
    run: RecordedAttempt,
    line: u64,
}

/// Reads a trace, plain or gzipped.
pub fn nextflow(file: impl Read, name: &str) -> Result<RecordedWork, WorkError> {
    let unreadable = |error: &dyn std::fmt::Display| WorkError::new(format!("{name}: {error}"), "fetch the file again");
    let text = plain(file).map_err(|error| unreadable(&error))?;
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').quoting(false).flexible(true).from_reader(text);
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    let columns: BTreeMap<_, _> = headers.iter().enumerate().map(|(at, field)| (field.trim().to_owned(), at)).collect();
    if !columns.contains_key("name") && !columns.contains_key("process") {
        let message = format!("{name} has no column `name` or `process`: it is no trace of Nextflow");
        return Err(WorkError::new(message, "name the trace.txt of `nextflow run … -with-trace`"));
    }
    let mut notes = Notes::default();
    for field in
        columns.keys().filter(|field| !FIELDS.contains(&field.as_str()) && !MORE_FIELDS.contains(&field.as_str()))
    {
        notes.leave_out("columns that a scenario has no use for", field.as_str());
    }
    let (mut rows, mut lines, mut known) = (Vec::new(), 0_u64, BTreeSet::new());
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                lines += 1;
                let line = Line {
                    record: &record,
                    columns: &columns,
                    number: record.position().map_or(0, csv::Position::line),
                };
                // Of one work folder there is one task: a line told twice, not a retry.
                let own = line.text("task_id").zip(line.text("hash"));
                if own.is_some_and(|(id, hash)| !known.insert((id.to_owned(), hash.to_owned()))) {
                    notes.leave_out("tasks that stand there before", format!("line {}", line.number));
                } else {
                    rows.extend(row(&line, &mut notes));
                }
            }
            Err(error) if matches!(error.kind(), csv::ErrorKind::Io(_)) => return Err(unreadable(&error)),
            Err(error) => notes.leave_out("lines that can't be read", error.to_string()),
        }
    }
    rows.sort_by_key(|row| (row.submit_ms, row.line));
    let jobs = jobs(rows, &columns, &mut notes);
    notes.used(format!("{lines} lines of {name}"));
    notes.made_up(
        "arrivals: tasks are submitted when they were in the recorded run, since a trace does not tell what they waited for",
    );
    let description = format!("{} tasks of a Nextflow run, from its trace {name}.", jobs.len());
    Ok(RecordedWork { description, jobs, notes, ..RecordedWork::default() })
}

fn row(line: &Line<'_>, notes: &mut Notes) -> Option<Row> {
    let place = || format!("line {}", line.number);
    let name = line.text("name").or_else(|| line.text("process"));
    let Some(name) = name else {
        notes.leave_out("tasks without a name", place());
        return None;
    };
    // `process (tag)` where the process has no column.
    let kind = line.text("process").unwrap_or_else(|| name.split_once(" (").map_or(name, |(process, _)| process));
    let status = line.text("status").unwrap_or("COMPLETED");
    match status {
        "COMPLETED" | "FAILED" => {}
        "CACHED" => {
            notes.leave_out("CACHED tasks, which ran in an earlier run", place());
            return None;
        }
        _ => {
            notes.leave_out("tasks that were aborted or had not ended: how long they take is not known", place());
            return None;
        }
    }
    let point = |text: &str| text.parse().ok().or_else(|| time(text));
    let (submit, start) = (line.read("submit", point, notes), line.read("start", point, notes));
    let complete = line.read("complete", point, notes);
    let between = || u64::try_from(complete?.checked_sub(start?)?).ok().map(SimDuration::from_millis);
    let runtime = line.read("realtime", span, notes).or_else(between).or_else(|| {
        let waited_too = line.read("duration", span, notes)?;
        notes.made_up("tasks without `realtime` run for their `duration`, which holds the time they waited");
        Some(waited_too)
    });
    let Some(runtime) = runtime else {
        notes.leave_out("tasks without realtime, start and complete, or duration", place());
        return None;
    };
    let exit: Option<i32> = line.read("exit", |text| text.parse().ok(), notes);
    let failure = match (status, exit) {
        ("FAILED", Some(code @ 1..=255)) => Some(RunFailure::ExitCode(code)),
        ("FAILED", _) => {
            notes.made_up(
                "tasks that FAILED without an exit code from 1 to 255 (no output, no log) end with exit code 1",
            );
            Some(RunFailure::ExitCode(1))
        }
        _ => None,
    };
    let asked = line.read("memory", bytes, notes).filter(|&bytes| bytes > 0.0);
    let memory = asked.or_else(|| {
        let used = line.read("peak_rss", bytes, notes).filter(|&bytes| bytes > 0.0)?;
        notes.made_up("tasks without `memory` ask for their peak_rss");
        Some(used)
    });
    let cpus = line.read("cpus", |text| text.parse::<u32>().ok().filter(|cpus| (1..1_000_000).contains(cpus)), notes);
    if cpus.is_none() {
        notes.made_up("tasks without `cpus` ask for 1");
    }
    Some(Row {
        name: name.to_owned(),
        kind: kind.to_owned(),
        queue: line.text("queue").map(str::to_owned),
        submit_ms: submit.or(start),
        attempt: line.read("attempt", |text| text.parse().ok(), notes),
        requests: RecordedRequests {
            cpu: MilliCpu(cpus.unwrap_or(1) * 1_000),
            memory: memory.map(|bytes| MiB(mib(bytes))),
            gpus: 0,
        },
        run: RecordedAttempt { runtime, failure },
        line: line.number,
    })
}

/// Attempts of one task are one job.
fn jobs(rows: Vec<Row>, columns: &BTreeMap<String, usize>, notes: &mut Notes) -> Vec<RecordedJob> {
    let first = rows.iter().find_map(|row| row.submit_ms).unwrap_or(0);
    let mut jobs: Vec<RecordedJob> = Vec::with_capacity(rows.len());
    let mut failed: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let (mut retries, mut grown) = (0_u64, BTreeSet::new());
    for row in rows {
        let earlier = failed.get_mut(&row.name).and_then(|open| {
            let fits =
                |job: &usize| row.attempt.is_none_or(|attempt| jobs[*job].attempts.len() + 1 == attempt as usize);
            let at = open.iter().position(fits)?;
            Some(open.remove(at))
        });
        let failure = row.run.failure;
        let at = if let Some(at) = earlier {
            retries += 1;
            let job = &mut jobs[at];
            job.attempts.push(row.run);
            let (own, more) = (job.requests, row.requests);
            job.requests =
                RecordedRequests { cpu: own.cpu.max(more.cpu), memory: own.memory.max(more.memory), gpus: own.gpus };
            if own != more {
                grown.insert(at);
            }
            at
        } else {
            if row.attempt.is_some_and(|attempt| attempt > 1) {
                let reason = "earlier attempts of tasks, which the trace lacks: the task begins with a later one";
                notes.leave_out(reason, format!("{} (line {})", row.name, row.line));
            }
            if row.submit_ms.is_none() {
                notes.made_up("tasks without `submit` and `start` are submitted at the beginning");
            }
            let since = u64::try_from(row.submit_ms.unwrap_or(first).saturating_sub(first)).unwrap_or(0);
            jobs.push(RecordedJob {
                kind: row.kind,
                place: format!("line {}", row.line),
                queue: row.queue,
                user: None,
                requests: row.requests,
                submit: SimTime::from_millis(since),
                attempts: vec![row.run],
                depends_on: Vec::new(),
            });
            jobs.len() - 1
        };
        if failure.is_some() {
            failed.entry(row.name).or_default().push(at);
        }
    }
    if retries > 0 {
        let by = if columns.contains_key("attempt") {
            "their number"
        } else {
            "their name, as there is no column `attempt`"
        };
        notes.used(format!("{retries} attempts joined to earlier ones that failed, by {by}"));
    }
    if !grown.is_empty() {
        let count = grown.len();
        notes.made_up(format!(
            "{count} tasks asked for more, or less, when tried again: they ask for the most from the start"
        ));
    }
    jobs
}

/// A span as Nextflow writes it: `1m 30s`, `1.2s`, or raw milliseconds.
fn span(text: &str) -> Option<SimDuration> {
    if let Ok(millis) = text.parse::<u64>() {
        return Some(SimDuration::from_millis(millis));
    }
    let compact: String = text.split_ascii_whitespace().collect();
    if compact.starts_with(|c: char| c.is_ascii_digit()) { duration::parse(&compact).ok() } else { None }
}

/// A size as Nextflow writes it: `1.5 GB`, or raw bytes.
fn bytes(text: &str) -> Option<f64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: f64 = number.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)?;
    if unit.is_empty() {
        return Some(number);
    }
    UNITS.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)).map(|(_, size)| number * size)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; the cast saturates")]
fn mib(bytes: f64) -> u32 {
    (bytes / 1_048_576.0).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_nextflows_units() {
        let millis = |text| span(text).map(SimDuration::as_millis);
        assert_eq!((millis("1m 30s"), millis("1.2s"), millis("931ms")), (Some(90_000), Some(1_200), Some(931)));
        assert_eq!((millis("2d 3h"), millis("1500"), millis("soon")), (Some(183_600_000), Some(1_500), None));
        assert_eq!(
            (bytes("1.5 GB"), bytes("29 KB"), bytes("4096"), bytes("0")),
            (Some(1_610_612_736.0), Some(29_696.0), Some(4_096.0), Some(0.0))
        );
        assert_eq!((bytes("many"), bytes("3 XB")), (None, None));
    }
}
