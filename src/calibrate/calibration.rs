//! The whole: what was measured, the fragment of a scenario that follows, and what can't be known from such files.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::calibrate::fit::{Fitted, fit, seconds};
use crate::calibrate::spans::{Kind, Spans, Wanted};
use crate::import::Notes;
use crate::import::aws;
use crate::import::kubectl;
use crate::model::Assumptions;

/// A latency that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Latency {
    /// The assumption's name, or what is measured instead.
    pub name: &'static str,
    /// From what to what.
    pub meaning: &'static str,
    /// How many were measured.
    pub samples: usize,
    /// The least and the most, in seconds.
    pub range_s: Option<[f64; 2]>,
    /// The mean, in seconds.
    pub mean_s: Option<f64>,
    /// The median and the 95th percentile, in seconds.
    pub quantiles_s: Option<[f64; 2]>,
    /// What fits, and what was taken.
    #[serde(flatten)]
    pub fitted: Fitted,
    /// Whether it is in the fragment.
    pub taken: bool,
    /// Why it is not, though something was measured.
    pub not_taken_because: Option<&'static str>,
    /// The assumption's default, where it is one.
    pub default: Option<Value>,
    /// What was measured, in seconds, the least first.
    #[serde(skip)]
    pub sample_s: Vec<f64>,
}

/// An assumption of which the files don't tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NotTold {
    /// Its name.
    pub assumption: &'static str,
    /// Why, and what would tell.
    pub why: &'static str,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// What was measured.
    pub latencies: Vec<Latency>,
    /// What can't be told from such files.
    pub not_identified: Vec<NotTold>,
    /// What was left out, and made up.
    pub notes: Notes,
}

const NOT_TOLD: [NotTold; 6] = [
    NotTold { assumption: "requestToPending", why: "no such file says when capacity was asked for" },
    NotTold {
        assumption: "imagePullBase, imagePullMiBPerSecond, imagePullSigma",
        why: "pulls stand in events (`Successfully pulled image`), which are kept for an hour, not in pods",
    },
    NotTold {
        assumption: "schedulingCycle, submitToRunnable",
        why: "only their sum with podStart can be measured (submitToRunning)",
    },
    NotTold {
        assumption: "scaleDecisionPeriod",
        why: "the wait for a scaling decision can't be told from the wait for EC2",
    },
    NotTold { assumption: "terminateToGone", why: "nodes that are gone have no object" },
    NotTold {
        assumption: "neverJoinsProbability",
        why: "instances that never joined have no node, like those of others",
    },
];

/// Measures and fits.
pub fn calibrate(times: &aws::Times, cluster: &kubectl::Times, wanted: Wanted) -> Calibration {
    let Spans { mut of, mut notes } = Spans::new(times, cluster, wanted);
    let defaults = serde_json::to_value(Assumptions::default()).unwrap_or_default();
    let launches = [Kind::PendingToReady, Kind::PendingToReadyGpu, Kind::PendingToReadyMetal];
    let has_launches = launches.iter().any(|kind| of.contains_key(kind));
    if let Some(boot) = wanted.boot.filter(|_| has_launches) {
        notes.made_up(format!(
            "instances that describe-instances doesn't tell of started {boot} ms before their kubelet registered (--boot)"
        ));
    }
    let latencies = Kind::ALL.into_iter().map(|kind| latency(kind, of.remove(&kind).unwrap_or_default(), &defaults));
    // A class of which there is nothing is no finding, and a part is none beside the whole.
    let latencies = latencies.filter(|latency| latency.samples > 0).collect();
    Calibration { latencies, not_identified: NOT_TOLD.to_vec(), notes }
}

fn latency(kind: Kind, mut millis: Vec<u64>, defaults: &Value) -> Latency {
    millis.sort_unstable();
    let fitted = fit(&millis);
    let sample_s = seconds(&millis, fitted.resolution_s);
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a place in the sample"
        )]
        let rank = (share * sample_s.len() as f64).ceil() as usize;
        sample_s.get(rank.saturating_sub(1)).copied()
    };
    #[expect(clippy::cast_precision_loss, reason = "a sample is far smaller than 2^52")]
    let mean_s = (!sample_s.is_empty()).then(|| sample_s.iter().sum::<f64>() / sample_s.len() as f64);
    Latency {
        name: kind.name(),
        meaning: kind.meaning(),
        samples: millis.len(),
        range_s: at(0.0).zip(at(1.0)).map(|(least, most)| [least, most]),
        mean_s,
        quantiles_s: at(0.5).zip(at(0.95)).map(|(median, high)| [median, high]),
        taken: fitted.distribution.is_some() && kind.unidentified().is_none(),
        not_taken_because: kind.unidentified(),
        default: defaults.get(kind.name()).cloned(),
        fitted,
        sample_s,
    }
}

impl Calibration {
    /// `assumptions`, with the values that were fitted.
    pub fn assumptions(&self) -> Map<String, Value> {
        let taken = self.latencies.iter().filter(|latency| latency.taken);
        taken.filter_map(|latency| Some((latency.name.to_owned(), latency.fitted.distribution.clone()?))).collect()
    }

    /// The fragment of a scenario.
    pub fn fragment(&self) -> Value {
        json!({ "assumptions": self.assumptions() })
    }
}
