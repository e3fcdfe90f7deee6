//! The shape of a scenario's `workload`: submissions that are drawn, and recorded ones.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::duration::TextDuration;
use crate::model::{Distribution, SubmitJob};
use crate::scenario::schema::Document;

/// One entry of a workload.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum WorkloadEntry {
    /// Submissions that are drawn.
    Submissions(Box<Submissions>),
    /// Submissions that were recorded.
    Trace(Box<Trace>),
}

/// The same submission, many times.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Submissions {
    /// What other entries and operations call its jobs by, in `dependsOn[].jobId` and `jobId`.
    #[schemars(regex(pattern = JOBS_NAME_PATTERN))]
    pub name: Option<String>,
    /// A document as `aws batch submit-job --cli-input-json` takes it.
    pub submit: Document<SubmitJob>,
    /// How often it is submitted; once where absent, or once for each time that `arrivals.list` gives.
    #[schemars(range(min = 1, max = 281_474_976_710_655_u64))]
    pub count: Option<u64>,
    /// When the submissions come; all at the beginning where absent.
    #[serde(default)]
    pub arrivals: ArrivalProcess,
    /// How long an attempt runs, from RUNNING.
    pub runtime: Distribution,
    /// A CSV file, relative to the scenario's folder, of how long attempts ran and how they ended: columns `jobs` (the
    /// entry's `name`), `index`, `child`, `attempt`, `runtime`, `failure`. Jobs of which it says nothing are drawn.
    #[schemars(length(min = 1))]
    pub recorded: Option<String>,
    /// Probability that an attempt ends with exit code 1.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub failure_probability: f64,
    /// Other ways in which an attempt fails.
    #[serde(default)]
    pub failures: Vec<FailureMode>,
    /// Size of the container image; the assumption `imageSizeMiB` where absent.
    #[serde(rename = "imageSizeMiB")]
    #[schemars(range(max = 1_000_000))]
    pub image_size_mib: Option<u32>,
}

/// A name that can't be taken for a job's id.
pub(super) const JOBS_NAME_PATTERN: &str = "^[A-Za-z][A-Za-z0-9_-]{0,127}$";

/// A way in which attempts fail: an exit code, or a reason.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FailureMode {
    /// How likely it is, for each attempt.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// A container ends with this exit code.
    #[schemars(range(min = 1, max = 255))]
    pub exit_code: Option<i32>,
    /// What else goes wrong.
    pub reason: Option<FailureReason>,
}

/// What can go wrong with an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub(super) enum FailureReason {
    /// A container uses more memory than its limit.
    #[serde(rename = "OOMKilled")]
    OomKilled,
    /// A volume can't be attached or mounted.
    #[serde(rename = "volume")]
    Volume,
    /// An image can't be pulled.
    #[serde(rename = "imagePull")]
    ImagePull,
}

/// When submissions come.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum ArrivalProcess {
    /// The first at `start`, then one every `every`; all at once where `every` is 0.
    Fixed {
        /// The first.
        #[serde(default)]
        start: TextDuration,
        /// The gap between two.
        #[serde(default)]
        every: TextDuration,
    },
    /// At random, independently of each other.
    #[serde(rename_all = "camelCase")]
    Poisson {
        /// How many come in an hour on average.
        #[schemars(range(min = 0.000_001, max = 1e12))]
        per_hour: f64,
        /// From when on.
        #[serde(default)]
        start: TextDuration,
    },
    /// At these times; as many as the entry's `count`.
    List(#[schemars(length(min = 1))] Vec<TextDuration>),
}

impl Default for ArrivalProcess {
    fn default() -> Self {
        Self::Fixed { start: TextDuration::default(), every: TextDuration::default() }
    }
}

/// A job log in the Standard Workload Format.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Trace {
    /// What other entries and operations call its jobs by, in `dependsOn[].jobId` and `jobId`.
    #[schemars(regex(pattern = JOBS_NAME_PATTERN))]
    pub name: Option<String>,
    /// The log, plain or gzipped: relative to the scenario's folder, or in the folder that the environment variable
    /// `WINDTUNNEL_TRACES` names.
    #[serde(rename = "trace")]
    #[schemars(length(min = 1))]
    pub log: String,
    /// What every recorded job is submitted as; its CPU comes from the log.
    pub submit: Document<SubmitJob>,
    /// vCPUs that a processor of the log stands for.
    #[serde(default = "one_f64")]
    #[schemars(range(min = 0.001, max = 1_000.0))]
    pub vcpus_per_processor: f64,
    /// Memory per vCPU; the job definition's memory, whatever the CPU, where absent.
    #[serde(rename = "memoryMiBPerVcpu")]
    #[schemars(range(min = 4, max = 1_000_000))]
    pub memory_mib_per_vcpu: Option<u32>,
    /// Only the first jobs of the log.
    #[schemars(range(min = 1))]
    pub max_jobs: Option<u64>,
    /// Stretches the times of submission: 0.5 lets the jobs come twice as densely. Runtimes stay.
    #[serde(default = "one_f64")]
    #[schemars(range(min = 0.0, max = 1e6))]
    pub time_scale: f64,
    /// What becomes of jobs that the log says failed or were cancelled.
    #[serde(default)]
    pub failed_jobs: FailedJobs,
    /// What becomes of the times for which users asked.
    #[serde(default)]
    pub requested_times: RequestedTimes,
    /// Size of the container image; the assumption `imageSizeMiB` where absent.
    #[serde(rename = "imageSizeMiB")]
    #[schemars(range(max = 1_000_000))]
    pub image_size_mib: Option<u32>,
}

/// What becomes of the times for which users asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum RequestedTimes {
    /// Nothing.
    #[default]
    Ignore,
    /// Each is its job's `attemptDurationSeconds`, and ends it; 60 seconds at least, as AWS Batch takes it. A job of which
    /// the log knows none has that of the submission.
    Timeout,
}

const fn one_f64() -> f64 {
    1.0
}

/// What becomes of jobs that the log says failed or were cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum FailedJobs {
    /// They run as long and succeed.
    #[default]
    Succeed,
    /// Every attempt of theirs ends with exit code 1.
    Fail,
}

impl WorkloadEntry {
    /// What its jobs are called by.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Submissions(entry) => entry.name.as_deref(),
            Self::Trace(entry) => entry.name.as_deref(),
        }
    }

    /// The submission, or its template.
    pub(super) const fn submit(&self) -> &SubmitJob {
        match self {
            Self::Submissions(entry) => &entry.submit.0,
            Self::Trace(entry) => &entry.submit.0,
        }
    }
}
