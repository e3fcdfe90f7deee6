//! Random scripts: what the account's owner, EC2 and chance do to a scheduler, and when.

use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use windtunnel::ids::{ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, ShareId};
use windtunnel::model::{AllocationStrategy, PurchaseOption, Resources};
use windtunnel::scheduler::{
    Blocked, ConsumableRequirement, ConsumableSpec, EasyBackfill, EndKind, EnvironmentSpec, ExitCodePattern, ExitRule,
    FairShare, JobOrder, JobSpec, ManagedSpec, MultiNode, QueuePolicy, QueueSpec, Settings, ShareWeight, TimeLimit,
};
use windtunnel::units::{MiB, MilliCpu, SimDuration};

use super::settings::{TYPES, settings};

/// Shares that jobs may belong to.
pub(crate) const SHARES: u32 = 3;
/// Consumable resources.
const CONSUMABLES: u16 = 2;

/// What happens to a scheduler.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) settings: Settings,
    pub(crate) environments: Vec<EnvironmentSpec>,
    pub(crate) queues: Vec<QueueSpec>,
    /// By base: without a share, then one per share.
    pub(crate) specs: Vec<JobSpec>,
    pub(crate) consumables: Vec<ConsumableSpec>,
    /// Seconds after the act before, and the act.
    pub(crate) acts: Vec<(u64, Act)>,
    /// How badly the world behaves until it turns benign, percent.
    pub(crate) malice: u64,
    /// Of the world's choices.
    pub(crate) seed: u64,
}

/// Something that someone does, or that happens. Indices are resolved against what there is at the time.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Submit { queue: Index, base: Index, share: Index, array: Option<u32>, depends_on: Vec<On>, tracked: bool },
    Cancel { job: Index, child: Option<u32> },
    Terminate { job: Index, child: Option<u32> },
    Consumable { resource: Index, total: u64 },
    UpdateQueue { queue: Index, spec: QueueSpec },
    DeleteQueue { queue: Index },
    UpdateEnvironment { environment: Index, spec: EnvironmentSpec, infrastructure: Option<(bool, u64)> },
    Invalidate { environment: Index },
    DeleteEnvironment { environment: Index },
    LoseNode { node: Index },
    WarnNode { node: Index },
    Adopt { environment: Index, vcpus: u32 },
    Noise { kind: u8, which: Index },
}

/// What a submission depends on.
#[derive(Debug, Clone)]
pub(crate) enum On {
    Job(Index),
    NToN(Index),
    Sequential,
    Unknown,
}

pub(crate) fn scripts() -> impl Strategy<Value = Script> {
    let parts = (
        settings(),
        prop::collection::vec(environment(), 1..4),
        prop::collection::vec(queue(), 1..4),
        prop::collection::vec(spec(), 1..5),
        prop::collection::vec((0..6u64, any::<bool>()), usize::from(CONSUMABLES)),
        prop::collection::vec((gap(), act()), 1..40),
        select(vec![0, 10, 30, 60]),
        any::<u64>(),
    );
    parts.prop_map(|(settings, environments, queues, bases, consumables, acts, malice, seed)| Script {
        settings,
        environments,
        queues,
        specs: bases
            .iter()
            .flat_map(|base| [None, Some(0), Some(1), Some(2)].map(|share| of_share(base, share)))
            .collect(),
        consumables: consumables
            .into_iter()
            .map(|(total, replenishable)| ConsumableSpec { total, replenishable })
            .collect(),
        acts,
        malice,
        seed,
    })
}

fn of_share(base: &JobSpec, share: Option<u32>) -> JobSpec {
    let scheduling_priority = if share.is_some() { base.scheduling_priority } else { 0 };
    JobSpec { share: share.map(ShareId), scheduling_priority, ..base.clone() }
}

fn gap() -> impl Strategy<Value = u64> {
    prop_oneof![4 => Just(0), 4 => 1..5u64, 3 => 5..120u64, 1 => 120..2_000u64]
}

fn environment() -> impl Strategy<Value = EnvironmentSpec> {
    let managed = (any::<bool>(), 0..6u32, 0..24u32, prop::collection::vec(0..TYPES, 1..4), any::<bool>(), strategy());
    let managed = managed.prop_map(|(spot, min, more, types, slow, (on_demand, on_spot))| {
        let mut kept = Vec::new();
        for id in types.into_iter().map(InstanceTypeId) {
            if !kept.contains(&vec![id]) {
                kept.push(vec![id]);
            }
        }
        ManagedSpec {
            purchase: if spot { PurchaseOption::Spot } else { PurchaseOption::Ec2 },
            strategy: if spot { on_spot } else { on_demand },
            min_vcpus: min / 2 * (min % 2),
            max_vcpus: min + more,
            instance_types: kept,
            min_scale_down_delay: slow.then(|| SimDuration::from_mins(20)),
            bid_percentage: None,
        }
    });
    let unmanaged = option::of(1..16u32).prop_map(|unmanaged_vcpus| (unmanaged_vcpus, None));
    let either = prop_oneof![4 => managed.prop_map(|managed| (None, Some(managed))), 1 => unmanaged];
    (either, prop::bool::weighted(0.9)).prop_map(|((unmanaged_vcpus, managed), enabled)| EnvironmentSpec {
        enabled,
        managed,
        unmanaged_vcpus,
    })
}

fn strategy() -> impl Strategy<Value = (AllocationStrategy, AllocationStrategy)> {
    (
        select(vec![AllocationStrategy::BestFitProgressive, AllocationStrategy::BestFitProgressiveOrdered]),
        select(vec![
            AllocationStrategy::SpotCapacityOptimized,
            AllocationStrategy::SpotPriceCapacityOptimized,
            AllocationStrategy::SpotCapacityOptimizedPrioritized,
        ]),
    )
}

/// Of environments that may not all be there; the world leaves the others out.
fn queue() -> impl Strategy<Value = QueueSpec> {
    let limit = (select(limits()), 600..3_000u64);
    let limit = limit.prop_map(|(why, secs)| TimeLimit { why, after: SimDuration::from_secs(secs) });
    let parts = (
        0..3i32,
        prop::collection::vec(0..3u16, 1..4),
        prop::bool::weighted(0.9),
        option::of(fair_share()),
        prop::collection::vec(limit, 0..3),
        policy(),
    );
    parts.prop_map(|(priority, ids, enabled, fair_share, time_limits, policy)| {
        let mut environments = Vec::new();
        for id in ids.into_iter().map(ComputeEnvironmentId) {
            if !environments.contains(&id) {
                environments.push(id);
            }
        }
        QueueSpec { priority, environments, enabled, fair_share, time_limits, policy }
    })
}

/// What AWS Batch does half of the time.
fn policy() -> impl Strategy<Value = QueuePolicy> {
    let orders = || select(vec![JobOrder::Submission, JobOrder::ShortestJobFirst, JobOrder::LargestJobFirst]);
    let easy = (option::of(1..5u32), option::of(orders())).prop_map(|(depth, order)| EasyBackfill { depth, order });
    let beyond = (orders(), option::weighted(0.8, easy)).prop_map(|(order, backfill)| QueuePolicy { order, backfill });
    prop_oneof![Just(QueuePolicy::default()), beyond]
}

fn limits() -> Vec<Blocked> {
    vec![
        Blocked::InsufficientInstanceCapacity,
        Blocked::ComputeEnvironmentMaxResource,
        Blocked::JobResourceRequirement,
        Blocked::InstanceConfigurationUnsupported,
    ]
}

fn fair_share() -> impl Strategy<Value = FairShare> {
    let weights = prop::collection::vec(option::of((1_000..40_000u32, option::of(0..2u16))), SHARES as usize);
    let parts = (select(vec![0, 0, 1_200, 7_200]), select(vec![0, 0, 25, 60]), weights);
    parts.prop_map(|(decay, compute_reservation, weights)| FairShare {
        share_decay: SimDuration::from_secs(decay),
        compute_reservation,
        weights: (0..)
            .map(ShareId)
            .zip(weights)
            .filter_map(|(share, weight)| weight.map(|(weight, prefix)| ShareWeight { share, weight, prefix }))
            .collect(),
    })
}

fn spec() -> impl Strategy<Value = JobSpec> {
    let needs = prop::collection::vec(1..3u64, usize::from(CONSUMABLES));
    let consumables = prop_oneof![3 => Just(Vec::new()), 1 => needs];
    let multi_node = (1..5u16, any::<Index>(), option::weighted(0.3, 0..TYPES));
    let multi_node = multi_node.prop_map(|(nodes, main, instance_type)| MultiNode {
        nodes,
        main: u16::try_from(main.index(nodes.into())).expect("a node"),
        instance_type: instance_type.map(InstanceTypeId),
    });
    let parts = (
        select(vec![250, 500, 1_000, 1_500, 3_000]),
        select(vec![256, 1_024, 3_000]),
        1..4u8,
        option::of(60..900u64),
        prop::collection::vec(exit_rule(), 0..3),
        0..3u16,
        consumables,
        option::weighted(0.25, multi_node),
    );
    // Whatever is submitted fits some type: a type that the definition names, too.
    let fitting =
        |cpu: u32, one: MultiNode| MultiNode { instance_type: one.instance_type.filter(|_| cpu <= 1_000), ..one };
    parts.prop_map(move |(cpu, memory, attempts, timeout, rules, scheduling_priority, consumables, multi_node)| {
        JobSpec {
            requests: Resources::pod(MilliCpu(cpu), MiB(memory), 0),
            attempts,
            timeout: timeout.map(SimDuration::from_secs),
            evaluate_on_exit: rules,
            share: None,
            scheduling_priority,
            consumables: (0..)
                .map(ConsumableResourceId)
                .zip(consumables)
                .map(|(resource, quantity)| ConsumableRequirement { resource, quantity })
                .collect(),
            multi_node: multi_node.map(|one| fitting(cpu, one)),
        }
    })
}

fn exit_rule() -> impl Strategy<Value = ExitRule> {
    let code = select(vec![ExitCodePattern::Is(1), ExitCodePattern::BeginsWith(13), ExitCodePattern::Any]);
    let ends = prop::collection::vec(select(EndKind::ALL.to_vec()), 1..4);
    (option::of(code), option::of(ends), any::<bool>()).prop_map(|(exit_code, ends, retry)| ExitRule {
        exit_code,
        ends,
        retry,
    })
}

fn act() -> impl Strategy<Value = Act> {
    let index = any::<Index>;
    let child = || option::of(0..6u32);
    let submit = (index(), index(), index(), option::weighted(0.35, 2..6u32), depends_on(), prop::bool::weighted(0.8));
    let submit = submit.prop_map(|(queue, base, share, array, depends_on, tracked)| Act::Submit {
        queue,
        base,
        share,
        array,
        depends_on,
        tracked,
    });
    let infrastructure = option::weighted(0.4, (prop::bool::weighted(0.3), 1..30u64));
    let update = (index(), environment(), infrastructure);
    let update = update.prop_map(|(environment, spec, infrastructure)| Act::UpdateEnvironment {
        environment,
        spec,
        infrastructure,
    });
    prop_oneof![
        24 => submit,
        4 => (index(), child()).prop_map(|(job, child)| Act::Cancel { job, child }),
        4 => (index(), child()).prop_map(|(job, child)| Act::Terminate { job, child }),
        2 => (index(), 0..8u64).prop_map(|(resource, total)| Act::Consumable { resource, total }),
        2 => (index(), queue()).prop_map(|(queue, spec)| Act::UpdateQueue { queue, spec }),
        1 => index().prop_map(|queue| Act::DeleteQueue { queue }),
        3 => update,
        1 => index().prop_map(|environment| Act::Invalidate { environment }),
        1 => index().prop_map(|environment| Act::DeleteEnvironment { environment }),
        2 => index().prop_map(|node| Act::LoseNode { node }),
        2 => index().prop_map(|node| Act::WarnNode { node }),
        3 => (index(), 1..9u32).prop_map(|(environment, vcpus)| Act::Adopt { environment, vcpus }),
        3 => (0..10u8, index()).prop_map(|(kind, which)| Act::Noise { kind, which }),
    ]
}

fn depends_on() -> impl Strategy<Value = Vec<On>> {
    let one = prop_oneof![
        6 => any::<Index>().prop_map(On::Job),
        4 => any::<Index>().prop_map(On::NToN),
        2 => Just(On::Sequential),
        1 => Just(On::Unknown),
    ];
    prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(one, 1..3)]
}
