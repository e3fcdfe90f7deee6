//! Documents at their very limits, and forms that look wrong and are not.

use crate::documents::Base;
use crate::documents::Change::{self, Fields, Fill, Repeat, Set};

/// What is at its limit, and how the base is changed to be there.
pub(crate) const ACCEPTED: &[(&str, Base, &[Change])] = &[
    ("names of 128 characters", Base::JobDefinition, &[Repeat("/jobDefinitionName", "a", 128)]),
    ("names that start with a digit", Base::JobQueue, &[Set("/jobQueueName", r#""0_-a""#)]),
    ("the highest scheduling priority", Base::JobDefinition, &[Set("/schedulingPriority", "9999")]),
    (
        "ten attempts and five conditions",
        Base::JobDefinition,
        &[
            Set("/retryStrategy/attempts", "10"),
            Fill("/retryStrategy/evaluateOnExit", 5, r#"{ "onExitCode": "%*", "action": "Exit" }"#),
        ],
    ),
    (
        "the conditions that AWS recommends for Spot",
        Base::JobDefinition,
        &[Set(
            "/retryStrategy",
            r#"{ "attempts": 3, "evaluateOnExit": [{ "onStatusReason": "Host EC2*", "action": "RETRY" }, { "onReason": "*", "action": "exit" }] }"#,
        )],
    ),
    (
        "a pattern of 512 characters",
        Base::JobDefinition,
        &[
            Set("/retryStrategy", r#"{ "attempts": 1, "evaluateOnExit": [{ "action": "EXIT" }] }"#),
            Repeat("/retryStrategy/evaluateOnExit/0/onReason", "a b:1.\t", 73),
        ],
    ),
    ("a timeout of a minute", Base::JobDefinition, &[Set("/timeout/attemptDurationSeconds", "60")]),
    ("50 tags", Base::JobDefinition, &[Fields("/tags", 50)]),
    ("tags with empty values and any characters", Base::Submit, &[Set("/tags/a b:c~1ü", r#""""#)]),
    (
        "five consumable resources",
        Base::JobDefinition,
        &[Fill(
            "/consumableResourceProperties/consumableResourceList",
            5,
            r#"{ "consumableResource": "r%", "quantity": 1 }"#,
        )],
    ),
    (
        "ten containers and ten init containers",
        Base::Pod,
        &[
            Fill(
                "/containers",
                10,
                r#"{ "name": "c%", "image": "i", "resources": { "limits": { "cpu": "0.25", "memory": "4Mi" } } }"#,
            ),
            Fill(
                "/initContainers",
                10,
                r#"{ "name": "i%", "image": "i", "resources": { "limits": { "cpu": "0.25", "memory": "4Mi" } } }"#,
            ),
        ],
    ),
    ("a container's name of 63 characters", Base::Container, &[Repeat("/name", "A", 63)]),
    ("an image of 255 characters", Base::Container, &[Repeat("/image", "a", 255)]),
    (
        "an image with registry, port, path and digest",
        Base::Container,
        &[Set("/image", r#""registry.example:5000/team/app_1@sha256:0123abcd""#)],
    ),
    (
        "a request below the limit of CPU, and GPUs",
        Base::Container,
        &[
            Set("/resources/requests", r#"{ "cpu": "0.25", "nvidia.com/gpu": "1" }"#),
            Set("/resources/limits/nvidia.com~1gpu", r#""1""#),
        ],
    ),
    (
        "one volume mounted twice, at different paths",
        Base::Container,
        &[Fill("/volumeMounts", 2, r#"{ "name": "data", "mountPath": "/a%", "subPath": "x..y/%", "readOnly": true }"#)],
    ),
    (
        "every kind of volume",
        Base::Pod,
        &[Set(
            "/volumes",
            r#"[{ "name": "a.b", "hostPath": { "path": "/" } }, { "name": "b", "emptyDir": { "medium": "", "sizeLimit": "1Gi" } }, { "name": "c", "secret": { "secretName": "s.t" } }, { "name": "d", "persistentVolumeClaim": { "claimName": "claim", "readOnly": true } }]"#,
        )],
    ),
    (
        "security contexts at their limits",
        Base::Container,
        &[
            Set(
                "/securityContext",
                r#"{ "runAsUser": 2147483647, "runAsGroup": 0, "privileged": true, "allowPrivilegeEscalation": true }"#,
            ),
            Fill("/securityContext/capabilities/add", 64, r#""C%""#),
            Set("/securityContext/seccompProfile/type", r#""Localhost""#),
            Repeat("/securityContext/seccompProfile/localhostProfile", "a", 4095),
        ],
    ),
    (
        "labels and annotations at their limits",
        Base::Pod,
        &[
            Repeat("/metadata/labels/example.com~1a_b-c", "x", 63),
            Set("/metadata/labels/empty", r#""""#),
            Repeat("/metadata/annotations/example.com~1a_b-c.d", "x", 255),
            Repeat("/metadata/namespace", "a", 63),
        ],
    ),
    ("a service account with a period", Base::Pod, &[Set("/serviceAccountName", r#""team.trainer""#)]),
    ("a variable without a value", Base::Container, &[Set("/env", r#"[{ "name": "my.var-1" }]"#)]),
    (
        "1000 nodes in five nested ranges",
        Base::MultiNode,
        &[
            Set("/nodeProperties/numNodes", "1000"),
            Set("/nodeProperties/mainNode", "999"),
            Fill(
                "/nodeProperties/nodeRangeProperties",
                5,
                r#"{ "targetNodes": "%:", "eksProperties": { "podProperties": { "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }] } } }"#,
            ),
        ],
    ),
    (
        "a node alone as a range",
        Base::MultiNode,
        &[
            Set("/nodeProperties/nodeRangeProperties/0/targetNodes", r#"":""#),
            Set("/nodeProperties/nodeRangeProperties/1/targetNodes", r#""3""#),
        ],
    ),
    ("more nodes than defined", Base::SubmitMultiNode, &[Set("/nodeOverrides/numNodes", "1000")]),
    ("as many nodes as the main node needs", Base::SubmitMultiNode, &[Set("/nodeOverrides/numNodes", "4")]),
    ("the largest array", Base::Submit, &[Set("/arrayProperties/size", "10000")]),
    ("twenty dependencies", Base::Submit, &[Fill("/dependsOn", 20, r#"{ "jobId": "id-%" }"#)]),
    (
        "both kinds of array dependency together",
        Base::Submit,
        &[
            Set("/arrayProperties/size", "2"),
            Set(
                "/dependsOn",
                r#"[{ "type": "SEQUENTIAL" }, { "type": "N_TO_N", "jobId": "id" }, { "jobId": "other" }]"#,
            ),
        ],
    ),
    ("a share of 255 characters", Base::Submit, &[Repeat("/shareIdentifier", "a", 255)]),
    (
        "an override of the container by its default name",
        Base::Submit,
        &[Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "image": "j", "args": ["a"] }]"#)],
    ),
    ("a submission just below 30 KiB", Base::Submit, &[Repeat("/parameters/a", "a", 30_620)]),
    (
        "an UNMANAGED environment",
        Base::ComputeEnvironment,
        &[Set("/type", r#""UNMANAGED""#), Change::Remove("/computeResources"), Set("/unmanagedvCpus", "64")],
    ),
    (
        "no scale-down delay, and the longest",
        Base::ComputeResources,
        &[Set("/scalingPolicy/minScaleDownDelayMinutes", "10080")],
    ),
    ("equal limits", Base::ComputeResources, &[Set("/minvCpus", "128"), Set("/desiredvCpus", "128")]),
    (
        "an own image of Amazon Linux 2",
        Base::ComputeResources,
        &[Set("/ec2Configuration", r#"[{ "imageType": "EKS_AL2", "imageIdOverride": "ami-1" }]"#)],
    ),
    (
        "a type of a family that a keyword may hold",
        Base::ComputeResources,
        &[Set("/instanceTypes", r#"["default_x86_64"]"#)],
    ),
    (
        "the service-linked role by name",
        Base::ComputeEnvironment,
        &[Set(
            "/serviceRole",
            r#""arn:aws:iam::123456789012:role/aws-service-role/batch.amazonaws.com/AWSServiceRoleForBatch""#,
        )],
    ),
    (
        "three environments",
        Base::JobQueue,
        &[Fill("/computeEnvironmentOrder", 3, r#"{ "order": %, "computeEnvironment": "e%" }"#)],
    ),
    ("the longest time limit", Base::JobQueue, &[Set("/jobStateTimeLimitActions/0/maxTimeSeconds", "86400")]),
    ("a policy that says nothing", Base::SchedulingPolicy, &[Change::Remove("/fairsharePolicy")]),
    (
        "a policy at its limits",
        Base::SchedulingPolicy,
        &[Set(
            "/fairsharePolicy",
            r#"{ "shareDecaySeconds": 604800, "computeReservation": 99, "shareDistribution": [{ "shareIdentifier": "A*", "weightFactor": 0.0001 }, { "shareIdentifier": "B", "weightFactor": 999.9999 }, { "shareIdentifier": "B1" }] }"#,
        )],
    ),
    ("a consumable resource of which there is none", Base::ConsumableResource, &[Set("/totalQuantity", "0")]),
    (
        "an update of state alone",
        Base::UpdateComputeEnvironment,
        &[Change::Remove("/computeResources"), Set("/state", r#""DISABLED""#)],
    ),
    (
        "the longest job timeout",
        Base::UpdateComputeEnvironment,
        &[Set("/updatePolicy", r#"{ "jobExecutionTimeoutMinutes": 7200 }"#)],
    ),
    ("a client token of 64 characters", Base::UpdateConsumableResource, &[Repeat("/clientToken", "a", 64)]),
    (
        "a definition's ARN with its revision",
        Base::DeregisterJobDefinition,
        &[Set("/jobDefinition", r#""arn:aws:batch:us-east-1:123456789012:job-definition/definition:3""#)],
    ),
    ("a reason of 1024 characters", Base::CancelJob, &[Repeat("/reason", "a", 1024)]),
    ("50 jobs at once", Base::TerminateJobs, &[Fill("/jobs", 50, r#""id-%""#)]),
];
