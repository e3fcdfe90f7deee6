//! What documents make together: a submission of a job definition, an update of what was created.

use serde_json::{Value, json};
use windtunnel::model::operations::{UpdateComputeEnvironment, UpdateConsumableResource, UpdateJobQueue, UpdateKind};
use windtunnel::model::{
    Assumptions, ComputeEnvironment, EffectiveJob, JobQueue, ParameterSubstitution, Resources, effective,
};
use windtunnel::units::{MiB, MilliCpu};

use crate::documents::{Base, Change, changed};

/// The job that a submission makes of a definition, neither of which has a fault.
fn job(definition: Value, submit: Value, assumptions: &Assumptions) -> EffectiveJob {
    let definition = serde_json::from_value(definition).expect("a definition");
    let submit = serde_json::from_value(submit).expect("a submission");
    let (job, problems) = effective(&definition, &submit, assumptions);
    assert_eq!(problems, []);
    job.expect("a job")
}

#[test]
fn a_submission_goes_before_the_definition() {
    let definition = changed(
        Base::JobDefinition,
        &[
            Change::Set("/parameters", r#"{ "a": "1", "b": "2" }"#),
            Change::Set("/retryStrategy/attempts", "3"),
            Change::Set("/timeout/attemptDurationSeconds", "600"),
            Change::Set("/schedulingPriority", "7"),
            Change::Set(
                "/consumableResourceProperties/consumableResourceList",
                r#"[{ "consumableResource": "license", "quantity": 2 }]"#,
            ),
        ],
    );
    let plain = job(definition.clone(), Base::Submit.document(), &Assumptions::default());
    assert_eq!((plain.retry_strategy.attempts_or_default(), plain.scheduling_priority), (3, 7));
    assert_eq!(plain.timeout.map(|timeout| timeout.attempt_duration_seconds), Some(600));
    assert_eq!(plain.consumable_resources["license"], 2);
    assert_eq!(plain.groups[0].requests, Resources::pod(MilliCpu(1_000), MiB(512), 0));

    let submit = changed(
        Base::Submit,
        &[
            Change::Set("/parameters", r#"{ "b": "3" }"#),
            Change::Set("/retryStrategy/attempts", "1"),
            Change::Set("/timeout/attemptDurationSeconds", "60"),
            Change::Set("/schedulingPriorityOverride", "0"),
            Change::Set("/arrayProperties/size", "5"),
            Change::Set(
                "/consumableResourcePropertiesOverride/consumableResourceList",
                r#"[{ "consumableResource": "arn:aws:batch:us-east-1:123456789012:consumable-resource/token", "quantity": 1 }]"#,
            ),
            Change::Set(
                "/eksPropertiesOverride/podProperties/containers",
                r#"[{ "name": "main", "resources": { "limits": { "cpu": "4" } } }]"#,
            ),
        ],
    );
    let own = job(definition, submit, &Assumptions::default());
    assert_eq!((own.retry_strategy.attempts_or_default(), own.scheduling_priority), (1, 0));
    assert_eq!(own.timeout.map(|timeout| timeout.attempt_duration_seconds), Some(60));
    assert_eq!(own.parameters.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>(), ["a=1", "b=3"]);
    assert_eq!(own.consumable_resources.keys().collect::<Vec<_>>(), ["token"]);
    assert_eq!(own.array_size, Some(5));
    assert_eq!(own.groups[0].requests, Resources::pod(MilliCpu(4_000), MiB(512), 0), "memory stays");
}

#[test]
fn faults_of_an_override_are_told_where_it_stands() {
    let container = r#"{ "name": "c%", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "64Mi" } } }"#;
    let before = r#"{ "name": "before", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "64Mi" } } }"#;
    let changes = [Change::Fill("/containers", 3, container), Change::Fill("/initContainers", 1, before)];
    let definition = changed(Base::Pod, &changes);
    let submit = changed(
        Base::Submit,
        &[Change::Set(
            "/eksPropertiesOverride/podProperties",
            r#"{ "containers": [{ "name": "c2", "resources": { "limits": { "cpu": "0.1" } } }, { "name": "c1", "resources": { "requests": { "memory": "32Mi" } } }],
                 "initContainers": [{ "name": "before", "env": [{ "name": "AWS_BATCH_X" }], "resources": { "limits": { "memory": "1Mi" } } }] }"#,
        )],
    );
    let (_, problems) = effective(
        &serde_json::from_value(definition).expect("a definition"),
        &serde_json::from_value(submit).expect("a submission"),
        &Assumptions::default(),
    );
    let mut pointers: Vec<_> = problems.iter().map(|problem| problem.pointer.as_str()).collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/eksPropertiesOverride/podProperties/containers/0/resources/limits/cpu",
            "/eksPropertiesOverride/podProperties/containers/1/resources/requests/memory",
            "/eksPropertiesOverride/podProperties/initContainers/0/env/0/name",
            "/eksPropertiesOverride/podProperties/initContainers/0/resources/limits/memory",
        ]
    );
}

#[test]
fn parameters_reach_as_far_as_is_assumed() {
    let definition = changed(
        Base::Container,
        &[
            Change::Set("/image", r#""repo:Ref::tag""#),
            Change::Set("/command", r#"["run", "Ref::tag", "Ref::unknown"]"#),
            Change::Set("/args", r#"["--tag=Ref::tag"]"#),
            Change::Set("/env", r#"[{ "name": "TAG", "value": "Ref::tag" }]"#),
        ],
    );
    let submit = changed(Base::Submit, &[Change::Set("/parameters/tag", r#""v1""#)]);
    let said = |reach| {
        let assumptions = Assumptions { parameter_substitution: reach, ..Assumptions::default() };
        let job = job(definition.clone(), submit.clone(), &assumptions);
        let container = &job.groups[0].pod.containers[0];
        assert_eq!(container.command, ["run", "v1", "Ref::unknown"]);
        format!("{} {} {}", container.args[0], container.env[0].value, container.image)
    };
    assert_eq!(said(ParameterSubstitution::Command), "--tag=Ref::tag Ref::tag repo:Ref::tag");
    assert_eq!(said(ParameterSubstitution::CommandAndArgs), "--tag=v1 Ref::tag repo:Ref::tag");
    assert_eq!(said(ParameterSubstitution::CommandArgsEnvAndImage), "--tag=v1 v1 repo:v1");
}

#[test]
fn an_image_that_parameters_make_too_long_is_refused() {
    let definition = changed(Base::Container, &[Change::Set("/image", r#""Ref::image""#)]);
    let submit = changed(Base::Submit, &[Change::Repeat("/parameters/image", "a", 256)]);
    let reach = ParameterSubstitution::CommandArgsEnvAndImage;
    let assumptions = Assumptions { parameter_substitution: reach, ..Assumptions::default() };
    let (_, problems) = effective(
        &serde_json::from_value(definition).expect("a definition"),
        &serde_json::from_value(submit).expect("a submission"),
        &assumptions,
    );
    assert_eq!(problems.iter().map(|p| p.pointer.as_str()).collect::<Vec<_>>(), ["/parameters"]);
}

#[test]
fn every_node_has_the_pod_of_its_range_and_overrides() {
    let consumables =
        |quantity| json!({ "consumableResourceList": [{ "consumableResource": "token", "quantity": quantity }] });
    let mut definition = Base::MultiNode.document();
    definition["nodeProperties"]["nodeRangeProperties"][1]["consumableResourceProperties"] = consumables(1);
    let cpu = |name: &str, cpu: &str| json!({ "podProperties": { "containers": [{ "name": name, "resources": { "limits": { "cpu": cpu } } }] } });
    let submit = json!({
        "jobName": "job", "jobQueue": "queue", "jobDefinition": "multi",
        "nodeOverrides": { "numNodes": 10, "nodePropertyOverrides": [
            { "targetNodes": "4:5", "eksPropertiesOverride": cpu("worker", "8") },
            { "targetNodes": "3:", "eksPropertiesOverride": cpu("worker", "2"),
              "consumableResourcePropertiesOverride": consumables(10) },
            { "targetNodes": "0:1", "instanceTypes": ["c5.large"] }
        ] }
    });
    let job = job(definition, submit, &Assumptions::default());
    let nodes = job.nodes.expect("nodes");
    assert_eq!((nodes.count, nodes.main), (10, 3));
    let groups: Vec<_> = job.groups.iter().map(|g| (g.first, g.last, g.count(), g.requests.cpu.0 / 1_000)).collect();
    assert_eq!(groups, [(0, 1, 2, 1), (2, 2, 1, 1), (3, 3, 1, 2), (4, 5, 2, 8), (6, 9, 4, 2)], "the narrower wins");
    assert_eq!(job.group_of(9).map(|group| group.first), Some(6));
    assert_eq!(job.group_of(10), None);
    assert_eq!(job.groups[0].instance_type.as_deref(), Some("c5.large"));
    assert_eq!(job.consumable_resources["token"], 1 + 7 * 10, "each node holds its own");
}

#[test]
fn updates_change_what_they_name() {
    let environment: ComputeEnvironment = serde_json::from_value(Base::ComputeEnvironment.document()).expect("one");
    let update = |resources: Value| -> UpdateComputeEnvironment {
        serde_json::from_value(json!({ "computeEnvironment": "environment", "computeResources": resources }))
            .expect("one")
    };
    let scaling = update(json!({ "minvCpus": 4, "maxvCpus": 8 }));
    assert_eq!(scaling.kind(), UpdateKind::Scaling);
    let changed = scaling.applied_to(&environment).compute_resources.expect("resources");
    assert_eq!((changed.min_vcpus, changed.max_vcpus, changed.instance_types.len()), (4, 8, 2));
    let replacing = update(json!({ "instanceTypes": ["c6i"] }));
    assert_eq!(replacing.kind(), UpdateKind::Infrastructure);
    let problems = replacing.applied_to(&environment).problems();
    assert_eq!(problems.len(), 1, "the launch template's override names a type that is gone: {problems:?}");
    assert_eq!(problems[0].pointer, "/computeResources/launchTemplate/overrides/0/targetInstanceTypes/0");

    let queue: JobQueue = serde_json::from_value(Base::JobQueue.document()).expect("a queue");
    let update: UpdateJobQueue =
        serde_json::from_value(json!({ "jobQueue": "queue", "priority": 9, "jobStateTimeLimitActions": [] }))
            .expect("one");
    let changed = update.applied_to(&queue);
    assert_eq!((changed.priority, changed.job_state_time_limit_actions.len()), (9, 0));
    assert_eq!(changed.compute_environment_order, queue.compute_environment_order);

    let total = |operation: &str| {
        let update = json!({ "consumableResource": "license", "operation": operation, "quantity": 12 });
        serde_json::from_value::<UpdateConsumableResource>(update).expect("an update").applied_to(10)
    };
    assert_eq!([total("SET"), total("ADD"), total("REMOVE")], [12, 22, 0]);
}
