//! Job definitions and their revisions.

use serde_json::json;
use windtunnel::batch::{JobDefinitionFilter, PageRequest};

use crate::{account, definition, done, fault, is, ok, read, submission, with};

// `UG:job_definitions`: each registration under a name is its next revision, also after a deregistration.
#[test]
fn registrations_are_counted() {
    let mut batch = account();
    let second = done(batch.register_job_definition(&read(definition("d")))).response;
    assert_eq!(second.revision, 2);
    assert_eq!(second.job_definition_arn, "arn:aws:batch:us-east-1:123456789012:job-definition/d:2");
    ok(batch.deregister_job_definition(&read(json!({ "jobDefinition": "d:2" }))));
    assert_eq!(done(batch.register_job_definition(&read(definition("d")))).response.revision, 3);
}

// `API:SubmitJobRequest`: by name alone the latest ACTIVE revision.
#[test]
fn a_name_alone_is_the_latest_active_revision() {
    let mut batch = account();
    let larger = with(definition("d"), "/eksProperties/podProperties/containers/0/resources/limits/cpu", json!("2"));
    ok(batch.register_job_definition(&read(larger)));
    let cpu = |batch: &crate::Account, name: &str| {
        let judged = batch.judge_submission(&read(with(submission(), "/jobDefinition", json!(name))));
        judged.expect("it is taken").requests().cpu.0
    };
    assert_eq!((cpu(&batch, "d"), cpu(&batch, "d:1")), (2_000, 1_000));
    assert_eq!(cpu(&batch, "arn:aws:batch:us-east-1:123456789012:job-definition/d:1"), 1_000);
    ok(batch.deregister_job_definition(&read(json!({ "jobDefinition": "d:2" }))));
    assert_eq!(cpu(&batch, "d"), 1_000);
}

// `API:DeregisterJobDefinition`: INACTIVE revisions take no submissions.
#[test]
fn inactive_and_unknown_definitions_are_refused() {
    let mut batch = account();
    ok(batch.register_job_definition(&read(definition("d"))));
    ok(batch.deregister_job_definition(&read(json!({ "jobDefinition": "d:1" }))));
    let said = |batch: &crate::Account, name: &str| {
        fault(batch.judge_submission(&read(with(submission(), "/jobDefinition", json!(name)))))
    };
    let at = |message: &str| ("/jobDefinition".to_owned(), message.to_owned());
    assert_eq!(said(&batch, "d:1"), at("job definition `d:1` is INACTIVE"));
    assert_eq!(said(&batch, "d:7"), at("job definition `d` has no revision 7"));
    assert_eq!(said(&batch, "b"), at("no job definition is called `b`"));
    ok(batch.deregister_job_definition(&read(json!({ "jobDefinition": "d:2" }))));
    assert_eq!(said(&batch, "d"), at("job definition `d` has no ACTIVE revision"));
    is(
        batch.deregister_job_definition(&read(json!({ "jobDefinition": "d" }))),
        "/jobDefinition",
        "`d` names no revision",
    );
}

#[test]
fn a_faulty_document_is_not_registered() {
    let mut batch = account();
    let faulty = with(
        definition("d"),
        "/eksProperties/podProperties/containers/0/resources/limits",
        json!({ "cpu": "0.3", "memory": "1Gi" }),
    );
    let error = batch.register_job_definition(&read(faulty)).expect_err("it is faulty");
    let pointers: Vec<_> = error.problems.iter().map(|problem| problem.pointer.as_str()).collect();
    let at = "/eksProperties/podProperties/containers/0/resources/limits";
    assert_eq!(pointers, [format!("{at}/cpu"), format!("{at}/memory")]);
    let page =
        batch.describe_job_definitions(&JobDefinitionFilter::default(), &PageRequest::default()).expect("a page");
    assert_eq!(page.items.len(), 1);
}

// `API:DescribeJobDefinitionsRequest`: by name, by revision, by status.
#[test]
fn revisions_are_filtered() {
    let mut batch = account();
    for name in ["d", "other"] {
        ok(batch.register_job_definition(&read(definition(name))));
    }
    ok(batch.deregister_job_definition(&read(json!({ "jobDefinition": "d:1" }))));
    let found = |filter: JobDefinitionFilter| {
        let page = batch.describe_job_definitions(&filter, &PageRequest::default()).expect("a page");
        let name = |one: &windtunnel::batch::JobDefinitionDetail| {
            format!("{}:{} {}", one.document.job_definition_name, one.revision, one.status)
        };
        page.items.iter().map(name).collect::<Vec<_>>()
    };
    let all = JobDefinitionFilter::default();
    assert_eq!(found(all.clone()), ["d:1 INACTIVE", "d:2 ACTIVE", "other:1 ACTIVE"]);
    let status = Some("ACTIVE".to_owned());
    assert_eq!(
        found(JobDefinitionFilter { job_definition_name: Some("d".to_owned()), status, ..all.clone() }),
        ["d:2 ACTIVE"]
    );
    assert_eq!(found(JobDefinitionFilter { job_definitions: vec!["d:1".to_owned()], ..all }), ["d:1 INACTIVE"]);
}
