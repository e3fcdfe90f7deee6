//! Keys of what is said of a run's steady state: which part of the run was counted, and what that part allows to say.
//! Only the form stands here; `experiment` computes it.

use serde::{Deserialize, Serialize};

/// A mean and how far off it may be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// How many observations.
    pub n: u64,
    /// Their arithmetic mean.
    pub mean: f64,
    /// Their standard deviation, with n - 1; null for a single observation.
    pub deviation: Option<f64>,
    /// Half the width of the confidence interval; null for a single observation.
    pub half_width: Option<f64>,
}

/// The part of a run that the other keys count. Jobs, waits, turnarounds and slowdowns are those of jobs submitted in
/// it; attempts, retries, interruptions, warnings, blocked time and peaks are those that fall into it; vCPU-hours and
/// money are those of nodes from its beginning on. The simulation's own figures (`sim`), the timeline and `node_sizes`
/// are the whole run's, and there is no makespan.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// Where the warm-up ends.
    pub from_s: f64,
    /// Where the run ends.
    pub until_s: f64,
}

/// How the length of the warm-up was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WarmupMethod {
    /// It was given.
    #[serde(rename = "FIXED")]
    Fixed,
    /// By MSER-5, on the number of jobs in the system during pilot runs under other seeds.
    #[serde(rename = "MSER_5")]
    Mser5,
    /// MSER-5 found no end of the warm-up in the first half of the pilot runs, so that half was left out.
    #[serde(rename = "MSER_5_NOT_FOUND")]
    Mser5NotFound,
}

/// What a single long run says of the system after its warm-up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SteadyState {
    /// Length of the warm-up, which is left out.
    pub warmup_s: f64,
    /// How it was chosen.
    pub method: WarmupMethod,
    /// From the warm-up's end to the last submission.
    pub window_s: f64,
    /// Jobs submitted in the window, per hour.
    pub jobs_per_hour: f64,
    /// Mean time from submission to the first RUNNING of jobs submitted in the window, with the 95 % interval by batch
    /// means. Null where the number of jobs grows without end, or too little was seen.
    pub wait_mean: Option<Estimate>,
    /// Number of batches.
    pub batches: Option<u64>,
    /// Correlation of neighbouring batches.
    pub lag1: Option<f64>,
    /// Whether the number of jobs in the system stays bounded; null where the run is too short to tell.
    pub stable: Option<bool>,
    /// By how many the jobs in the system become more.
    pub growth_jobs_per_hour: Option<f64>,
    /// Half the width of its 95 % interval.
    pub growth_half_width: Option<f64>,
    /// What a reader should know before using these figures.
    pub notes: Vec<String>,
}
