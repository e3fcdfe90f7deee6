//! Rules of AWS Batch's documents, one row each: a valid document, what breaks it, where that is said and how. And the
//! other side: documents at the very limits are accepted.
//!
//! A document is judged as a scenario's is: by the published schema, then by its `problems()`.

mod documents;
mod effective;
mod fuzzed;
mod limits;
mod rules;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::documents::{Base, Change, changed};
use crate::rules::{Mark, Rule, all};

#[test]
fn every_rule_is_kept_and_said_where_it_is_broken() {
    let mut wrong = String::new();
    for rule in all() {
        let found = rule.base.judge(&changed(rule.base, rule.changes));
        let pointer = format!("{}{}", rule.base.root(), rule.pointer);
        let said = found.iter().any(|(at, message)| *at == pointer && message.contains(rule.says));
        if !said {
            let found: Vec<_> = found.iter().map(|(at, message)| format!("{at}: {message}")).collect();
            writeln!(wrong, "{}\n  wanted {pointer}: …{}…\n  found {}", rule.id, rule.says, found.join("\n        "))
                .unwrap();
        }
    }
    assert!(wrong.is_empty(), "rules that are not kept:\n{wrong}");
}

#[test]
fn a_fault_is_said_once() {
    let mut wrong = String::new();
    for rule in all() {
        let found = rule.base.judge(&changed(rule.base, rule.changes));
        let pointer = format!("{}{}", rule.base.root(), rule.pointer);
        // Entries that are too many may be wrong besides; nothing else may.
        let below = |at: &str| at.strip_prefix(&pointer).is_some_and(|rest| rest.starts_with('/'));
        let others = found.iter().filter(|(at, _)| !below(at)).count();
        if others != 1 {
            writeln!(wrong, "{}: {found:?}", rule.id).unwrap();
        }
    }
    assert!(wrong.is_empty(), "said twice, or more than was broken:\n{wrong}");
}

#[test]
fn documents_without_fault_are_accepted() {
    for base in Base::ALL {
        assert_eq!(base.judge(&base.document()), [], "{base:?}");
    }
}

#[test]
fn documents_at_their_limits_are_accepted() {
    let mut wrong = String::new();
    for (what, base, changes) in limits::ACCEPTED {
        let found = base.judge(&changed(*base, changes));
        if !found.is_empty() {
            writeln!(wrong, "{what}: {found:?}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "refused:\n{wrong}");
}

#[test]
fn rules_can_be_cited() {
    let ids: Vec<_> = all().map(|rule| rule.id).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "an id stands for one rule");
    let documented = all().filter(|rule| rule.mark == Mark::Documented).count();
    assert!(documented > 200 && ids.len() - documented < 80, "{documented} documented rules of {}", ids.len());
    for Rule { id, sentence, source, .. } in all() {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        assert!(id.split_once('/').is_some_and(|(noun, name)| word(noun) && word(name)), "{id}");
        assert!(
            sentence.ends_with('.') && sentence.starts_with(|c: char| c.is_ascii_uppercase() || c == '`'),
            "{id}: {sentence}"
        );
        let known = ["API:", "UG:", "Kubernetes:", "seed"].iter().any(|start| source.starts_with(start));
        assert!(known, "{id}: {source}");
    }
}

#[test]
fn six_conditions_are_a_matter_of_assumption() {
    use windtunnel::model::{Assumptions, JobDefinition};
    let entries = Change::Fill("/retryStrategy/evaluateOnExit", 6, r#"{ "onExitCode": "%", "action": "RETRY" }"#);
    let document = changed(Base::JobDefinition, &[Change::Set("/retryStrategy", r#"{ "attempts": 2 }"#), entries]);
    let definition: JobDefinition = serde_json::from_value(document).unwrap();
    let six = Assumptions { evaluate_on_exit_limit: 6, ..Assumptions::default() };
    assert_eq!(definition.problems(&six), []);
    assert_eq!(definition.problems(&Assumptions::default()).len(), 1);
}
