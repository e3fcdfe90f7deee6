//! The members of AWS Batch's documents that scenarios take, as `aws batch … --cli-input-json` names them, and those for Amazon
//! ECS that something follows from.

use crate::import::declared::shape::Shape::{self, Any, Flag, List, Number, Object, Text, Texts};

/// A kind of resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::import) enum Kind {
    ComputeEnvironment,
    SchedulingPolicy,
    ConsumableResource,
    JobQueue,
    JobDefinition,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::ComputeEnvironment,
        Self::SchedulingPolicy,
        Self::ConsumableResource,
        Self::JobQueue,
        Self::JobDefinition,
    ];

    /// What a document of this kind looks like.
    pub(super) const fn shape(self) -> Shape {
        Object(match self {
            Self::ComputeEnvironment => ENVIRONMENT,
            Self::SchedulingPolicy => POLICY,
            Self::ConsumableResource => RESOURCE,
            Self::JobQueue => QUEUE,
            Self::JobDefinition => DEFINITION,
        })
    }

    /// Its list in a scenario.
    pub(super) const fn list(self) -> &'static str {
        match self {
            Self::ComputeEnvironment => "computeEnvironments",
            Self::SchedulingPolicy => "schedulingPolicies",
            Self::ConsumableResource => "consumableResources",
            Self::JobQueue => "jobQueues",
            Self::JobDefinition => "jobDefinitions",
        }
    }

    /// The member that names it.
    pub(in crate::import) const fn name(self) -> &'static str {
        match self {
            Self::ComputeEnvironment => "computeEnvironmentName",
            Self::SchedulingPolicy => "name",
            Self::ConsumableResource => "consumableResourceName",
            Self::JobQueue => "jobQueueName",
            Self::JobDefinition => "jobDefinitionName",
        }
    }

    /// The same, as CloudFormation writes it.
    pub(in crate::import) fn member(self) -> String {
        let mut member = self.name().to_owned();
        member[..1].make_ascii_uppercase();
        member
    }

    /// The word for it in its ARN.
    pub(in crate::import) const fn in_arn(self) -> &'static str {
        match self {
            Self::ComputeEnvironment => "compute-environment",
            Self::SchedulingPolicy => "scheduling-policy",
            Self::ConsumableResource => "consumable-resource",
            Self::JobQueue => "job-queue",
            Self::JobDefinition => "job-definition",
        }
    }
}

type Members = &'static [(&'static str, Shape)];

const TEXTS: Shape = List(&Text);

const ENVIRONMENT: Members = &[
    ("computeEnvironmentName", Text),
    ("type", Text),
    ("state", Text),
    ("unmanagedvCpus", Number),
    ("eksConfiguration", Object(&[("eksClusterArn", Text), ("kubernetesNamespace", Text)])),
    ("tags", Texts),
    (
        "computeResources",
        Object(&[
            ("type", Text),
            ("allocationStrategy", Text),
            ("minvCpus", Number),
            ("maxvCpus", Number),
            ("desiredvCpus", Number),
            ("instanceTypes", TEXTS),
            ("bidPercentage", Number),
            ("scalingPolicy", Object(&[("minScaleDownDelayMinutes", Number)])),
            ("subnets", TEXTS),
            ("securityGroupIds", TEXTS),
            ("instanceRole", Text),
            ("ec2KeyPair", Text),
            ("tags", Texts),
            ("placementGroup", Text),
            ("imageId", Text),
            (
                "ec2Configuration",
                List(&Object(&[
                    ("imageType", Text),
                    ("imageIdOverride", Text),
                    ("imageKubernetesVersion", Text),
                    ("batchImageStatus", Text),
                ])),
            ),
            (
                "launchTemplate",
                Object(&[
                    ("launchTemplateId", Text),
                    ("launchTemplateName", Text),
                    ("version", Text),
                    ("userdataType", Text),
                ]),
            ),
        ]),
    ),
];

const POLICY: Members = &[
    ("name", Text),
    ("tags", Texts),
    (
        "fairsharePolicy",
        Object(&[
            ("shareDecaySeconds", Number),
            ("computeReservation", Number),
            ("shareDistribution", List(&Object(&[("shareIdentifier", Text), ("weightFactor", Number)]))),
        ]),
    ),
];

const RESOURCE: Members =
    &[("consumableResourceName", Text), ("totalQuantity", Number), ("resourceType", Text), ("tags", Texts)];

const QUEUE: Members = &[
    ("jobQueueName", Text),
    ("state", Text),
    ("priority", Number),
    ("computeEnvironmentOrder", List(&Object(&[("order", Number), ("computeEnvironment", Text)]))),
    ("schedulingPolicyArn", Text),
    (
        "jobStateTimeLimitActions",
        List(&Object(&[("reason", Text), ("state", Text), ("maxTimeSeconds", Number), ("action", Text)])),
    ),
    ("tags", Texts),
];

const CONSUMABLES: Shape =
    Object(&[("consumableResourceList", List(&Object(&[("consumableResource", Text), ("quantity", Number)])))]);

const REQUIREMENTS: Shape = Object(&[("limits", Texts), ("requests", Texts)]);

const POD_CONTAINER: Shape = Object(&[
    ("name", Text),
    ("image", Text),
    ("imagePullPolicy", Text),
    ("command", TEXTS),
    ("args", TEXTS),
    ("env", List(&Object(&[("name", Text), ("value", Text)]))),
    ("resources", REQUIREMENTS),
    ("volumeMounts", List(&Object(&[("name", Text), ("mountPath", Text), ("subPath", Text), ("readOnly", Flag)]))),
    (
        "securityContext",
        Object(&[
            ("runAsUser", Number),
            ("runAsGroup", Number),
            ("privileged", Flag),
            ("allowPrivilegeEscalation", Flag),
            ("readOnlyRootFilesystem", Flag),
            ("runAsNonRoot", Flag),
        ]),
    ),
]);

const EKS: Shape = Object(&[(
    "podProperties",
    Object(&[
        ("containers", List(&POD_CONTAINER)),
        ("initContainers", List(&POD_CONTAINER)),
        (
            "volumes",
            List(&Object(&[
                ("name", Text),
                ("hostPath", Object(&[("path", Text)])),
                ("emptyDir", Object(&[("medium", Text), ("sizeLimit", Text)])),
                ("secret", Object(&[("secretName", Text), ("optional", Flag)])),
                ("persistentVolumeClaim", Object(&[("claimName", Text), ("readOnly", Flag)])),
            ])),
        ),
        ("serviceAccountName", Text),
        ("hostNetwork", Flag),
        ("dnsPolicy", Text),
        ("imagePullSecrets", List(&Object(&[("name", Text)]))),
        ("metadata", Object(&[("labels", Texts), ("annotations", Texts), ("namespace", Text)])),
        ("shareProcessNamespace", Flag),
    ]),
)]);

/// A container of Amazon ECS: what it asks for, and what a pod has, too.
pub(super) const ECS_CONTAINER: Shape = Object(&[
    ("name", Text),
    ("image", Text),
    ("vcpus", Number),
    ("memory", Number),
    ("command", TEXTS),
    ("environment", List(&Object(&[("name", Text), ("value", Text)]))),
    ("resourceRequirements", List(&Object(&[("type", Text), ("value", Text)]))),
    ("privileged", Flag),
    ("readonlyRootFilesystem", Flag),
]);

const ECS: Shape = Object(&[("taskProperties", List(&Object(&[("containers", List(&ECS_CONTAINER))])))]);

const DEFINITION: Members = &[
    ("jobDefinitionName", Text),
    ("type", Text),
    ("eksProperties", EKS),
    ("containerProperties", ECS_CONTAINER),
    ("ecsProperties", ECS),
    (
        "nodeProperties",
        Object(&[
            ("numNodes", Number),
            ("mainNode", Number),
            (
                "nodeRangeProperties",
                List(&Object(&[
                    ("targetNodes", Text),
                    ("eksProperties", EKS),
                    ("container", ECS_CONTAINER),
                    ("ecsProperties", ECS),
                    ("instanceTypes", TEXTS),
                    ("consumableResourceProperties", CONSUMABLES),
                ])),
            ),
        ]),
    ),
    ("parameters", Texts),
    ("schedulingPriority", Number),
    (
        "retryStrategy",
        Object(&[
            ("attempts", Number),
            (
                "evaluateOnExit",
                List(&Object(&[("onStatusReason", Text), ("onReason", Text), ("onExitCode", Text), ("action", Text)])),
            ),
        ]),
    ),
    ("timeout", Object(&[("attemptDurationSeconds", Number)])),
    ("consumableResourceProperties", CONSUMABLES),
    ("platformCapabilities", Any),
    ("tags", Texts),
];
