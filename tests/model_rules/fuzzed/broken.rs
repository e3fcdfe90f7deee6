//! A broken rule is told whatever else the document says, and whatever else is broken: users mend all in one pass.

use std::fmt::Write;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{RngSeed, TestRunner};
use serde_json::Value;

use super::calls::{Account, account, call};
use super::edit::{limits, rules};
use crate::documents::{Base, Change, Faults, alter};
use crate::rules::{Rule, all};

/// Parts that a rule hangs on besides those that its change touches: whoever changes them may mend its fault, or turn it
/// into another.
const HANGS_ON: &[(&str, &[&str])] = &[
    ("submit-job/sequential-needs-array", &["/arrayProperties"]),
    ("submit-job/n-to-n-needs-array", &["/arrayProperties"]),
    ("capacity/spot-capacity-optimized-is-spot", &["/computeResources/type"]),
    ("capacity/spot-price-capacity-optimized-is-spot", &["/computeResources/type"]),
    ("capacity/spot-capacity-optimized-prioritized-is-spot", &["/computeResources/type"]),
    ("capacity/bid-is-spot", &["/computeResources/type"]),
    ("capacity/min-below-max", &["/computeResources/maxvCpus"]),
    ("capacity/desired-between", &["/computeResources/maxvCpus", "/computeResources/minvCpus"]),
    ("compute-environment/unmanaged-vcpus", &["/type"]),
    ("compute-environment/managed-needs-resources", &["/type"]),
    ("compute-environment/unmanaged-has-no-resources", &["/computeResources"]),
    ("launch-template/override-target-in-environment", &["/computeResources/instanceTypes"]),
    ("launch-template/override-targets-apart", &["/computeResources/instanceTypes"]),
    ("mount/volume-declared", &["/eksProperties/podProperties/volumes"]),
    ("resources/cpu-limit-at-least-request", &["/eksProperties/podProperties/containers/0/resources/limits"]),
    ("resources/memory-limit-is-request", &["/eksProperties/podProperties/containers/0/resources/limits"]),
    ("update-compute-environment/min-below-max", &["/computeResources/maxvCpus"]),
    ("launch-template/override-named", &["/computeResources/launchTemplate/overrides/0"]),
    ("launch-template/override-targets-apart", &["/computeResources/launchTemplate/overrides/0/targetInstanceTypes"]),
    ("node-overrides/one-namespace", &["/nodeOverrides/numNodes"]),
    ("node-overrides/range-within", &["/nodeOverrides/numNodes"]),
    ("nodes/main-below-count", &["/nodeProperties/numNodes"]),
    ("nodes/range-begins-within", &["/nodeProperties/numNodes"]),
    ("nodes/range-forward", &["/nodeProperties/numNodes"]),
    ("nodes/range-within", &["/nodeProperties/numNodes"]),
    ("nodes/ranges-cover", &["/nodeProperties/numNodes", "/nodeProperties/nodeRangeProperties"]),
    ("pod/container-names-differ-beyond-case", &["/eksProperties/podProperties/containers"]),
    ("pod/init-container-names-unique", &["/eksProperties/podProperties/containers"]),
    ("resources/cpu-required", &["/eksProperties/podProperties/containers/0/resources"]),
    ("scheduling-policy/prefixes-apart", &["/fairsharePolicy/shareDistribution/0/shareIdentifier"]),
    ("scheduling-policy/share-not-under-prefix", &["/fairsharePolicy/shareDistribution/0/shareIdentifier"]),
    ("update-compute-environment/managed-or-unmanaged", &["/computeResources"]),
    ("update-consumable-resource/operation-needs-quantity", &["/operation"]),
    ("volume/has-a-source", &["/eksProperties/podProperties/volumes"]),
];

/// Where a change puts or removes something.
fn place(change: &Change) -> &'static str {
    match *change {
        Change::Set(at, _)
        | Change::Remove(at)
        | Change::Repeat(at, ..)
        | Change::Pad(at, ..)
        | Change::Fill(at, ..)
        | Change::Fields(at, _) => at,
    }
}

/// Pointers of what changes touch.
fn touched(base: Base, changes: &[Change]) -> Vec<String> {
    changes.iter().map(|change| format!("{}{}", base.root(), place(change))).collect()
}

/// Pointers of what a rule's fault hangs on: what its change touches, where it is told, and more for a few.
fn footprint(rule: &Rule) -> Vec<String> {
    let mut all = touched(rule.base, rule.changes);
    let told = format!("{}{}", rule.base.root(), rule.pointer);
    // A part that is missing, or too much, is told at what it is missing from.
    if !all.iter().any(|changed| is_within(changed, &told)) {
        all.push(told);
    }
    let more = HANGS_ON.iter().filter(|(id, _)| *id == rule.id).flat_map(|(_, more)| *more);
    all.extend(more.map(|at| (*at).to_owned()));
    all
}

fn is_within(at: &str, whole: &str) -> bool {
    at.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a part is the other, or holds it.
fn meet(some: &[String], others: &[String]) -> bool {
    some.iter().any(|one| others.iter().any(|other| is_within(one, other) || is_within(other, one)))
}

fn is_told(rule: &Rule, faults: &Faults) -> bool {
    let pointer = format!("{}{}", rule.base.root(), rule.pointer);
    faults.iter().any(|(at, message)| *at == pointer && message.contains(rule.says))
}

/// Whether a document can be read; of one that can't, the schema alone tells faults.
fn reads(account: &Account, base: Base, document: &Value) -> bool {
    call(&mut account.clone(), base, document, 0).is_some()
}

/// The rules of `broken` that are not told where all are broken together.
fn hidden<'a>(account: &Account, broken: &[&'a Rule]) -> Vec<&'a Rule> {
    let base = broken[0].base.whole();
    let mut document = base.document();
    for rule in broken {
        assert!(alter(&mut document, rule.base, rule.changes), "{}", rule.id);
    }
    let faults = base.judge(&document);
    let missing: Vec<_> = broken.iter().filter(|rule| !is_told(rule, &faults)).copied().collect();
    if missing.is_empty() || reads(account, base, &document) {
        return missing;
    }
    let of_schema = |rule: &&Rule| {
        let mut alone = base.document();
        alter(&mut alone, rule.base, rule.changes) && !reads(account, base, &alone)
    };
    missing.into_iter().filter(of_schema).collect()
}

/// Those of the rules that don't touch what one before hangs on.
fn apart(rules: Vec<&'static Rule>) -> Vec<&'static Rule> {
    let mut kept: Vec<&'static Rule> = Vec::new();
    for rule in rules {
        if kept.iter().all(|other| !meet(&footprint(rule), &footprint(other))) {
            kept.push(rule);
        }
    }
    kept
}

#[test]
fn no_broken_rule_hides_another() {
    let account = account();
    let mut wrong = String::new();
    for base in Base::ALL.into_iter().filter(|base| base.whole() == *base) {
        let rules: Vec<_> = rules(base).collect();
        for (index, one) in rules.iter().enumerate() {
            for other in rules[index + 1..].iter().filter(|other| !meet(&footprint(one), &footprint(other))) {
                for missing in hidden(&account, &[one, other]) {
                    writeln!(wrong, "{} is not told: {} with {}", missing.id, one.id, other.id).unwrap();
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} pairs:\n{wrong}", wrong.lines().count());
}

/// Three or four rules of one kind of document.
fn several() -> impl Strategy<Value = Vec<&'static Rule>> {
    let all: Vec<_> = all().collect();
    (select(all), prop::collection::vec(any::<Index>(), 2..4)).prop_map(|(first, others)| {
        let same: Vec<_> = rules(first.base.whole()).collect();
        let others = others.iter().map(|index| *index.get(&same));
        apart([first].into_iter().chain(others).collect())
    })
}

#[test]
fn many_broken_rules_are_told_in_one_pass() {
    let account = account();
    let config = ProptestConfig {
        cases: 4_000,
        rng_seed: RngSeed::Fixed(6),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let outcome = TestRunner::new(config).run(&several(), |broken| {
        let missing: Vec<_> = hidden(&account, &broken).iter().map(|rule| rule.id).collect();
        prop_assert_eq!(missing, [""; 0], "of {:?}", broken.iter().map(|rule| rule.id).collect::<Vec<_>>());
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
}

/// Fields in reverse, all the way down.
fn reversed(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields.iter().rev().map(|(name, inner)| (name.clone(), reversed(inner))).collect(),
        Value::Array(entries) => entries.iter().map(reversed).collect(),
        scalar => scalar.clone(),
    }
}

#[test]
fn nothing_that_is_allowed_makes_up_for_a_broken_rule() {
    let mut wrong = String::new();
    for rule in all() {
        let base = rule.base.whole();
        let others = limits(base).filter(|(limited, changes)| !meet(&touched(*limited, changes), &footprint(rule)));
        for (limited, changes) in others {
            let mut document = base.document();
            assert!(alter(&mut document, limited, changes));
            document = reversed(&document);
            // Some limits leave no room for the part in question.
            if alter(&mut document, rule.base, rule.changes) && !is_told(rule, &base.judge(&document)) {
                writeln!(wrong, "{} is not told after {changes:?}", rule.id).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{wrong}", wrong.lines().count());
}
