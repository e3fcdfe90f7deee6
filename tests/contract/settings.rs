//! What the core is told once: instance types, and assumptions from ideal to contrary.

use proptest::prelude::*;
use proptest::sample::select;
use windtunnel::ids::InstanceTypeId;
use windtunnel::model::{Assumptions, DecayShape, Resources, SpillPolicy};
use windtunnel::scheduler::{ManagedSpec, SchedulerConfig, Settings, TypeFacts};
use windtunnel::units::{MiB, MicroUsd, MilliCpu, SimDuration};

/// Number of instance types.
pub(crate) const TYPES: u16 = 4;
const VCPUS: [u32; TYPES as usize] = [2, 4, 4, 8];

/// vCPUs of a type.
pub(crate) fn vcpus(id: InstanceTypeId) -> u32 {
    VCPUS[id.index()]
}

/// vCPUs of the largest type that an environment may have.
pub(crate) fn largest(managed: &ManagedSpec) -> u32 {
    managed.instance_types.iter().flatten().map(|&id| vcpus(id)).max().unwrap_or(0)
}

/// The facts of a type.
pub(crate) fn facts(id: InstanceTypeId) -> TypeFacts {
    let vcpus = vcpus(id);
    let price = MicroUsd(u64::from(vcpus) * (24_000 + u64::from(id.0) * 1_000));
    TypeFacts {
        vcpus,
        allocatable: Resources { cpu: MilliCpu(vcpus * 1_000 - 70), memory: MiB(vcpus * 3_500), gpus: 0, pods: 20 },
        on_demand_per_hour: price,
        spot_per_hour: MicroUsd(price.0 / 3),
    }
}

/// Everything that the core is told.
pub(crate) fn config(settings: &Settings) -> SchedulerConfig {
    SchedulerConfig { settings: settings.clone(), instance_types: (0..TYPES).map(InstanceTypeId).map(facts).collect() }
}

pub(crate) fn settings() -> impl Strategy<Value = Settings> {
    let secs = |choices: &'static [u64]| select(choices).prop_map(SimDuration::from_secs);
    let times = (secs(&[0, 2]), secs(&[0, 1, 5]), secs(&[0, 30]), secs(&[0, 180]), secs(&[0, 120]), secs(&[0, 60]));
    let shares = (secs(&[0, 600]), secs(&[0, 60]), any::<bool>(), any::<bool>(), shape());
    let rest = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        1..4u32,
        select(vec![0, 0, 0, 2]),
        select(vec![SpillPolicy::OnMaxOrIce, SpillPolicy::OnMaxOrIce, SpillPolicy::OnNoIdle]),
        select(vec![0, 0, 0, 3]),
    );
    (times, shares, rest).prop_map(|(times, shares, rest)| Settings {
        scheduling_cycle: times.0,
        submit_to_runnable: times.1,
        scale_decision_period: times.2,
        capacity_retry_delay: times.3,
        idle_scale_down_delay: times.4,
        blocked_detection_delay: times.5,
        fair_share_minimum_window: shares.0,
        fair_share_start_charge: shares.1,
        fair_share_skip_blocked_share: shares.2,
        prefix_weight_split: shares.3,
        fair_share_decay_shape: shares.4,
        rejected_pod_charges_attempt: rest.0,
        placement_after_notice: rest.1,
        consumables_held_across_retries: rest.2,
        invalid_after_failed_joins: rest.3,
        dispatch_rate: rest.4,
        spill_policy: rest.5,
        scale_look_ahead: rest.6,
        ..Settings::from(&Assumptions::default())
    })
}

fn shape() -> impl Strategy<Value = DecayShape> {
    select(vec![DecayShape::Linear, DecayShape::Linear, DecayShape::Exponential, DecayShape::Box])
}
