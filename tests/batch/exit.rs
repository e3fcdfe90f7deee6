//! `evaluateOnExit` without its strings. Source: `API:EvaluateOnExit`, `UG:job_retries`.

use serde_json::{Value, json};
use windtunnel::batch::EndTexts;
use windtunnel::model::Assumptions;
use windtunnel::scheduler::{EndKind, ExitCodePattern, ExitRule};

use crate::read;

fn compiled(entries: &Value) -> Vec<ExitRule> {
    let strategy = json!({ "attempts": 3, "evaluateOnExit": entries });
    EndTexts::new(&Assumptions::default()).compile(&read(strategy))
}

fn ends(entry: &Value) -> Vec<EndKind> {
    compiled(&json!([entry])).into_iter().flat_map(|rule| rule.ends.unwrap_or_default()).collect()
}

// `UG:job_retries`, the example: hosts that go away are retried, all else is not.
#[test]
fn the_user_guides_example_compiles() {
    let rules = compiled(&json!([
        { "onStatusReason": "Host EC2*", "action": "RETRY" },
        { "onReason": "*", "action": "EXIT" }
    ]));
    let rule = |ends: &[EndKind], retry| ExitRule { exit_code: None, ends: Some(ends.to_vec()), retry };
    assert_eq!(
        rules,
        [rule(&[EndKind::HostTerminated, EndKind::EnvironmentUpdated], true), rule(&EndKind::ALL, false)]
    );
}

#[test]
fn reasons_are_the_kubelets() {
    assert_eq!(ends(&json!({ "onReason": "OOMKilled", "action": "retry" })), [EndKind::OomKilled]);
    assert_eq!(ends(&json!({ "onReason": "Error", "action": "RETRY" })), [EndKind::Exited]);
    assert_eq!(ends(&json!({ "onReason": "OutOf*", "action": "RETRY" })), [EndKind::Rejected]);
    assert_eq!(ends(&json!({ "onReason": "OutOfcpu", "action": "RETRY" })), [], "what varies can't be named");
    assert_eq!(
        ends(&json!({ "onReason": "Err*", "onStatusReason": "Host*", "action": "RETRY" })),
        [],
        "both must match"
    );
}

// A prefix may reach up to the part of a text that differs from attempt to attempt.
#[test]
fn a_prefix_reaches_up_to_the_variable_part() {
    let all = Assumptions { host_terminated_status_reason: "Node lost: {id}".to_owned(), ..Assumptions::default() };
    let kinds = |pattern: &str| {
        let strategy = json!({ "attempts": 2, "evaluateOnExit": [{ "onStatusReason": pattern, "action": "RETRY" }] });
        let rules = EndTexts::new(&all).compile(&read(strategy));
        rules.into_iter().flat_map(|rule| rule.ends.unwrap_or_default()).collect::<Vec<_>>()
    };
    assert_eq!(kinds("Node lost: *"), [EndKind::HostTerminated]);
    assert_eq!(kinds("Node lost: i*"), []);
    assert_eq!(kinds("Node lost: "), []);
}

// `API:EvaluateOnExit`: digits, with an optional `*` at the end.
#[test]
fn exit_codes_are_digits_or_their_beginning() {
    let codes = |pattern: &str| {
        let rules = compiled(&json!([{ "onExitCode": pattern, "action": "EXIT" }]));
        rules.first().and_then(|rule| rule.exit_code)
    };
    assert_eq!(codes("137"), Some(ExitCodePattern::Is(137)));
    assert_eq!(codes("13*"), Some(ExitCodePattern::BeginsWith(13)));
    assert_eq!(codes("*"), Some(ExitCodePattern::Any));
    for never in ["013", "00*", "99999999999"] {
        assert_eq!(codes(never), None, "{never} is no exit code");
    }
}

#[test]
fn every_kind_of_end_has_its_text() {
    let texts = EndTexts::new(&Assumptions::default());
    assert_eq!(texts.all().iter().map(|text| text.kind).collect::<Vec<_>>(), EndKind::ALL);
    assert_eq!(texts.of(EndKind::HostTerminated).status_reason, "Host EC2 (instance {id}) terminated.");
}
