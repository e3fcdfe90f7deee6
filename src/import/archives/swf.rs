//! Logs in the Standard Workload Format. A scenario reads them itself (its `trace` entry), so that the log is put beside it and
//! named, not copied row by row; here is decided on which nodes, and what the entry says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Read};

use serde_json::json;

use crate::import::swf::{self, SwfLog};
use crate::import::work::{
    Capacity, QUEUE, Target, WorkError, definition, environment_notes, frame, plain, plain_name, queues,
};
use crate::import::{Imported, Notes};
use crate::model::Resources;
use crate::units::{MiB, MilliCpu};

/// The name of the job definition, and of the workload's entry.
const DEFINITION: &str = "recorded";
/// AWS Batch takes CPU in quarters of a vCPU.
const QUARTER: u32 = 250;
/// On Spot instances jobs are tried again: interruptions are nobody's record.
const SPOT_ATTEMPTS: u8 = 3;

/// What becomes of what a log holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Swf {
    /// vCPUs that a processor stands for.
    pub vcpus_per_processor: f64,
    /// Whether requested times become timeouts, and end jobs.
    pub timeouts: bool,
    /// Whether jobs that failed in the log fail.
    pub failures: bool,
}

impl Default for Swf {
    fn default() -> Self {
        Self { vcpus_per_processor: 1.0, timeouts: false, failures: false }
    }
}

/// What a `trace` entry can't say of records.
#[derive(Default)]
struct Unsaid {
    users: BTreeSet<Vec<u8>>,
    queues: BTreeSet<Vec<u8>>,
    partitions: BTreeSet<Vec<u8>>,
    memory: u64,
    preceding: u64,
}

/// Makes a scenario of a log. `name` is what the log's copy beside the scenario is called, without its ending.
pub fn swf(file: impl Read, name: &str, options: Swf, target: &Target) -> Result<Imported, WorkError> {
    let mut text = Vec::new();
    let unreadable = |error: std::io::Error| WorkError::new(format!("{name}: {error}"), "fetch the file again");
    plain(file).map_err(unreadable)?.read_to_end(&mut text).map_err(unreadable)?;
    let mut log = parse(&text, name)?;
    let mut notes = Notes::default();
    let jobs = log.jobs.len();
    let requests = |processors| requests(processors, options, target);
    let shapes: BTreeSet<_> = log.jobs.iter().map(|job| requests(job.processors)).collect();
    let max_vcpus = target.max_vcpus.or_else(|| machine(&log, options, &mut notes));
    let target = &Target { max_vcpus, ..target.clone() };
    let capacity = Capacity::new(target, &[], &shapes, &mut notes)?;
    let too_large: BTreeSet<u32> = log
        .jobs
        .iter()
        .map(|job| job.processors)
        .filter(|&processors| !capacity.carries(requests(processors)))
        .collect();
    if let Some(&smallest) = too_large.first() {
        text = without(&text, smallest, &mut notes);
        log = parse(
            &text,
            &format!(
                "{name}, of whose jobs none fits a node (allow larger ones, or fewer \
             `--vcpus-per-processor`)"
            ),
        )?;
    }
    if log.left_out > 0 {
        notes.leave_out_many("records of jobs that never ran, or of parts of jobs", log.left_out as u64);
    }
    unsaid_notes(&unsaid(&text), &mut notes);
    rule_notes(&log, options, target, &mut notes);
    notes.used(format!("{} of {jobs} jobs, submitted as the log says, each for as long as it ran", log.jobs.len()));
    notes.used(format!("the log as {name}.swf, unpacked, beside the scenario, which reads it anew at each run"));
    environment_notes(&mut notes);

    let mut scenario = frame(&description(&log, name), target, capacity);
    let template = Resources::pod(MilliCpu(QUARTER).max(requests(1).cpu), requests(1).memory, 0);
    let (queues, _) = queues(std::iter::once(QUEUE), target);
    scenario["jobQueues"] = json!(queues);
    let attempts = if target.is_spot() { SPOT_ATTEMPTS } else { 1 };
    scenario["jobDefinitions"] = json!([definition(DEFINITION, template, attempts)]);
    scenario["workload"] = json!([{
        "name": DEFINITION,
        "trace": format!("{name}.swf"),
        "submit": { "jobName": plain_name(name), "jobQueue": QUEUE, "jobDefinition": DEFINITION },
        "vcpusPerProcessor": options.vcpus_per_processor,
        "memoryMiBPerVcpu": target.memory_per_vcpu.0,
        "failedJobs": if options.failures { "fail" } else { "succeed" },
        "requestedTimes": if options.timeouts { "timeout" } else { "ignore" }
    }]);
    // Headers may hold any bytes; records are digits.
    let text = String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Imported { scenario, files: BTreeMap::from([(format!("{name}.swf"), text)]), notes })
}

fn parse(text: &[u8], name: &str) -> Result<SwfLog, WorkError> {
    swf::parse(text).map_err(|errors| {
        let lines = errors.iter().map(|error| match error.line {
            Some(line) => format!("\n  line {line}: {error}"),
            None => format!("\n  {error}"),
        });
        WorkError::new(
            format!("{name} can't be read{}\n", lines.collect::<String>()),
            "mend the lines, or take them out",
        )
    })
}

fn description(log: &SwfLog, name: &str) -> String {
    let mut text = format!("{} recorded jobs of the log {name}", log.jobs.len());
    if let Some(computer) = &log.header.computer {
        text.extend([" (", computer, ")"]);
    }
    if let Some(whom) = &log.header.acknowledge {
        text.extend([". The log's users are asked to acknowledge ", whom]);
    }
    text + "."
}

/// What a job of so many processors asks for, as the `trace` entry has it.
fn requests(processors: u32, options: Swf, target: &Target) -> Resources {
    const CPU_MAX: f64 = 2e9;
    let milli = (f64::from(processors) * options.vcpus_per_processor * 1e3).min(CPU_MAX);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded and positive")]
    let cpu = (milli.ceil() as u32).div_ceil(QUARTER).max(1) * QUARTER;
    let mib = (u64::from(target.memory_per_vcpu.0) * u64::from(cpu)).div_ceil(1_000);
    Resources::pod(MilliCpu(cpu), MiB(u32::try_from(mib).unwrap_or(u32::MAX)), 0)
}

/// `maxvCpus` of the machine's size.
fn machine(log: &SwfLog, options: Swf, notes: &mut Notes) -> Option<u32> {
    /// `maxvCpus` is bounded by its type at AWS; no machine comes near.
    const MOST: f64 = 1e9;
    let processors = log.header.max_procs?;
    let vcpus = (f64::from(processors) * options.vcpus_per_processor).ceil().clamp(1.0, MOST);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let vcpus = vcpus as u32;
    notes.used(format!("`maxvCpus`: {vcpus}, for the log's MaxProcs is {processors}"));
    Some(vcpus)
}

/// The log without jobs of so many processors and more.
fn without(text: &[u8], processors: u32, notes: &mut Notes) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    for (number, line) in (1_u64..).zip(text.split_inclusive(|&byte| byte == b'\n')) {
        let number_of =
            |at: usize| column(line, at).and_then(|text| text.parse::<f64>().ok()).filter(|&number| number > 0.0);
        let is_record = !line.trim_ascii_start().starts_with(b";");
        let asked = number_of(4).or_else(|| number_of(7)).filter(|_| is_record);
        if asked.is_some_and(|asked| asked >= f64::from(processors)) {
            let reason = format!("jobs of {processors} processors and more: no node could carry one as one pod");
            notes.leave_out(&reason, format!("line {number}"));
        } else {
            kept.extend_from_slice(line);
        }
    }
    kept
}

fn column(line: &[u8], at: usize) -> Option<&str> {
    let found = line.split(u8::is_ascii_whitespace).filter(|column| !column.is_empty()).nth(at)?;
    std::str::from_utf8(found).ok()
}

fn unsaid(text: &[u8]) -> Unsaid {
    let mut unsaid = Unsaid::default();
    for line in text.lines().map_while(Result::ok).filter(|line| !line.trim_start().starts_with(';')) {
        let columns: Vec<_> = line.split_ascii_whitespace().collect();
        let known = |at: usize| columns.get(at).filter(|text| !text.starts_with('-')).copied();
        for (at, set) in [(11, &mut unsaid.users), (14, &mut unsaid.queues), (15, &mut unsaid.partitions)] {
            if let Some(text) = known(at)
                && !set.contains(text.as_bytes())
            {
                set.insert(text.as_bytes().to_vec());
            }
        }
        unsaid.memory += u64::from(known(9).is_some());
        unsaid.preceding += u64::from(known(16).is_some());
    }
    unsaid
}

fn unsaid_notes(unsaid: &Unsaid, notes: &mut Notes) {
    let trace = "one entry for all jobs of the log can't say it";
    for (count, what) in [
        (unsaid.users.len() as u64, "users"),
        (unsaid.queues.len() as u64, "queues"),
        (unsaid.partitions.len() as u64, "partitions"),
        (unsaid.memory, "requests for memory"),
        (unsaid.preceding, "dependencies on a preceding job"),
    ] {
        if count > 0 {
            notes.leave_out_many(&format!("{what}: {trace}"), count);
        }
    }
}

fn rule_notes(log: &SwfLog, options: Swf, target: &Target, notes: &mut Notes) {
    let failed = log.jobs.iter().filter(|job| job.failed).count();
    if failed > 0 && !options.failures {
        notes.made_up(format!(
            "{failed} jobs failed or were cancelled in the log: they run as long and succeed (`--failures`)"
        ));
    }
    let requested = log.jobs.iter().filter(|job| job.requested_ms.is_some()).count();
    if requested > 0 && !options.timeouts {
        let reason = "requested times (`--timeouts` makes them attemptDurationSeconds, which end a job)";
        notes.leave_out_many(reason, requested as u64);
    }
    notes.made_up(format!(
        "{} vCPUs for each processor (`--vcpus-per-processor`), {} MiB of memory per vCPU (`--memory`); all processors of a job \
         in one pod",
        options.vcpus_per_processor, target.memory_per_vcpu.0
    ));
    if target.fair_share {
        notes.leave_out("--fair-share: one entry for all jobs of the log has one share at most", "");
    }
}
