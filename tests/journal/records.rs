//! What the records' examples share: ids, and the check that a value has exactly this text. The text is the published
//! format: change it, and `journal::FORMAT` must change too.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use windtunnel::ids::{
    ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, JobId, JobQueueId, JobRef, JobSpecId, LaunchId, NodeId,
    PodId, ShareId, ZoneId,
};
use windtunnel::model::Resources;
use windtunnel::units::{MiB, MilliCpu, SimTime};

pub(crate) const CE: ComputeEnvironmentId = ComputeEnvironmentId(1);
pub(crate) const JQ: JobQueueId = JobQueueId(2);
pub(crate) const SPEC: JobSpecId = JobSpecId(3);
pub(crate) const TYPE: InstanceTypeId = InstanceTypeId(4);
pub(crate) const ZONE: ZoneId = ZoneId(5);
pub(crate) const NODE: NodeId = NodeId(6);
pub(crate) const LAUNCH: LaunchId = LaunchId(7);
pub(crate) const SHARE: ShareId = ShareId(10);
pub(crate) const LICENCE: ConsumableResourceId = ConsumableResourceId(11);
pub(crate) const POD: PodId = PodId { slot: 8, generation: 9 };
pub(crate) const FREE: Resources = Resources { cpu: MilliCpu(1_930), memory: MiB(7_000), gpus: 1, pods: 29 };
pub(crate) const FREE_TEXT: &str = r#"{"cpu":1930,"memory":7000,"gpus":1,"pods":29}"#;

pub(crate) fn job() -> JobRef {
    JobRef { job: JobId::new(0, 17), child: None }
}

pub(crate) fn child() -> JobRef {
    JobRef { child: Some(3), ..job() }
}

pub(crate) const fn at(millis: u64) -> SimTime {
    SimTime::from_millis(millis)
}

pub(crate) fn check<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, text: &str) {
    let text = text.replace("FREE", FREE_TEXT);
    assert_eq!(serde_json::to_string(value).unwrap(), text);
    assert_eq!(serde_json::from_str::<T>(&text).unwrap_or_else(|e| panic!("{text}: {e}")), *value);
}

/// Every variant of these must have an example here; the match makes a new one break the build.
macro_rules! all_covered {
    ($examples:expr, $($variant:pat),+ $(,)?) => {
        let examples = &$examples;
        for (value, text) in examples { crate::records::check(value, text); }
        for (value, _) in examples { match value { $($variant)|+ => {} } }
        $(assert!(examples.iter().any(|(value, _)| matches!(value, $variant)), "no example of {}", stringify!($variant));)+
    };
}
pub(crate) use all_covered;
