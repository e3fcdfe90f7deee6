//! Reads environments, queues and job specs from the words of a transcript.
//!
//! | words | of |
//! |---|---|
//! | `UNMANAGED vcpus=N`, or `max=N min=N types=FAMILY,… types=… strategy=NAME SPOT bid=N minScaleDownDelay=T`; `DISABLED` | environment |
//! | `ce-0 ce-1 priority=N DISABLED limit=REASON:T`, `fair decay=T reservation=N weight=share-0:W weight=share-1:W:pN`, `order=NAME easy depth=N` | queue |
//! | `cpu=N attempts=N timeout=T share=share-0 priority=N consumables=consumable-0:N nodes=N main=N type=a` | spec |
//! | `on=exit:13*:RETRY on=end:HostTerminated\|Rejected+exit:1:EXIT` | spec: an entry of evaluateOnExit each |

use windtunnel::ids::{ComputeEnvironmentId, ConsumableResourceId, InstanceTypeId, ShareId};
use windtunnel::model::{AllocationStrategy, PurchaseOption};
use windtunnel::scheduler::{
    Blocked, ConsumableRequirement, EasyBackfill, EndKind, EnvironmentSpec, ExitCodePattern, ExitRule, FairShare,
    JobSpec, ManagedSpec, MultiNode, QueuePolicy, QueueSpec, ShareWeight, TimeLimit,
};

use crate::words::{TYPES, Words, decimal, id_in, milli, number, pair, resources, span};

/// What an entry of `jobStateTimeLimitActions` may name.
const LIMITS: [Blocked; 4] = [
    Blocked::InsufficientInstanceCapacity,
    Blocked::JobResourceRequirement,
    Blocked::ComputeEnvironmentMaxResource,
    Blocked::InstanceConfigurationUnsupported,
];

pub(crate) fn environment(words: &Words<'_>) -> EnvironmentSpec {
    let spot = words.has("SPOT");
    let strategy = words.value("strategy").map(|name| {
        let quoted = format!("\"{name}\"");
        serde_json::from_str(&quoted).unwrap_or_else(|_| panic!("no strategy is called {name}"))
    });
    let usual =
        if spot { AllocationStrategy::SpotPriceCapacityOptimized } else { AllocationStrategy::BestFitProgressive };
    let managed = (!words.has("UNMANAGED")).then(|| ManagedSpec {
        purchase: if spot { PurchaseOption::Spot } else { PurchaseOption::Ec2 },
        strategy: strategy.unwrap_or(usual),
        min_vcpus: words.number("min", 0),
        max_vcpus: number(words.needed("max")),
        instance_types: words.values("types").map(type_list).collect(),
        min_scale_down_delay: words.value("minScaleDownDelay").map(span),
        bid_percentage: words.value("bid").map(number),
    });
    EnvironmentSpec {
        enabled: !words.has("DISABLED"),
        unmanaged_vcpus: words.value("vcpus").map(number).filter(|_| managed.is_none()),
        managed,
    }
}

fn type_list(names: &str) -> Vec<InstanceTypeId> {
    names.split(',').map(type_named).collect()
}

fn type_named(name: &str) -> InstanceTypeId {
    let index =
        TYPES.iter().position(|&(known, ..)| known == name).unwrap_or_else(|| panic!("no type is called {name}"));
    InstanceTypeId(u16::try_from(index).unwrap())
}

pub(crate) fn queue(words: &Words<'_>) -> QueueSpec {
    let environments = words.ids("ce-").into_iter().map(ComputeEnvironmentId).collect();
    let fair_share = words.has("fair").then(|| FairShare {
        share_decay: words.value("decay").map(span).unwrap_or_default(),
        compute_reservation: words.number("reservation", 0),
        weights: words.values("weight").map(weight).collect(),
    });
    let limit = |text| {
        let (name, after) = pair(text);
        let why = LIMITS.into_iter().find(|why| why.name() == name).unwrap_or_else(|| panic!("no limit on {name}"));
        TimeLimit { why, after: span(after) }
    };
    QueueSpec {
        enabled: !words.has("DISABLED"),
        fair_share,
        time_limits: words.values("limit").map(limit).collect(),
        policy: policy(words),
        ..QueueSpec::fifo(words.number("priority", 1), environments)
    }
}

fn policy(words: &Words<'_>) -> QueuePolicy {
    let order = |word| {
        words.value(word).map(|name| {
            let quoted = format!("\"{name}\"");
            serde_json::from_str(&quoted).unwrap_or_else(|_| panic!("no order is called {name}"))
        })
    };
    let easy =
        words.has("easy").then(|| EasyBackfill { depth: words.value("depth").map(number), order: order("ahead") });
    QueuePolicy { order: order("order").unwrap_or_default(), backfill: easy }
}

fn weight(text: &str) -> ShareWeight {
    let mut parts = text.split(':');
    let share = ShareId(id_in(parts.next().expect("a share"), "share-"));
    let weight = decimal(parts.next().expect("SHARE:WEIGHT"), 4);
    ShareWeight { share, weight, prefix: parts.next().map(|prefix| id_in(prefix, "p")) }
}

pub(crate) fn job(words: &Words<'_>) -> JobSpec {
    let consumables = words.values("consumables").flat_map(|list| list.split(',')).map(|text| {
        let (resource, quantity) = pair(text);
        let resource = ConsumableResourceId(id_in(resource, "consumable-"));
        ConsumableRequirement { resource, quantity: number(quantity) }
    });
    let instance_type = words.value("type").map(type_named);
    let multi_node = words.value("nodes").map(|nodes| MultiNode {
        nodes: number(nodes),
        main: words.number("main", 0),
        instance_type,
    });
    JobSpec {
        requests: resources(milli(words.needed("cpu")), 1),
        attempts: words.number("attempts", 1),
        timeout: words.value("timeout").map(span),
        evaluate_on_exit: words.values("on").map(exit_rule).collect(),
        share: words.value("share").map(|share| ShareId(id_in(share, "share-"))),
        scheduling_priority: words.number("priority", 0),
        consumables: consumables.collect(),
        multi_node,
    }
}

fn exit_rule(text: &str) -> ExitRule {
    let (conditions, action) = pair(text);
    let retry = match action {
        "RETRY" => true,
        "EXIT" => false,
        other => panic!("no action is called {other}"),
    };
    let mut rule = ExitRule { exit_code: None, ends: None, retry };
    for condition in conditions.split('+') {
        match pair(condition) {
            ("exit", "*") => rule.exit_code = Some(ExitCodePattern::Any),
            ("exit", code) => {
                let begins = code.strip_suffix('*').map(|digits| ExitCodePattern::BeginsWith(number(digits)));
                rule.exit_code = Some(begins.unwrap_or_else(|| ExitCodePattern::Is(number(code))));
            }
            ("end", kinds) => rule.ends = Some(kinds.split('|').map(end_kind).collect()),
            _ => panic!("no condition is called `{condition}`"),
        }
    }
    rule
}

fn end_kind(name: &str) -> EndKind {
    let found = EndKind::ALL.into_iter().find(|kind| format!("{kind:?}") == name);
    found.unwrap_or_else(|| panic!("no end is called {name}"))
}
