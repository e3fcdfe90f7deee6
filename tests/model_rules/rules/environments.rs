//! Compute environments: capacity, cluster, images, launch templates.

use crate::documents::Change::{Fill, Remove, Repeat, Set};

rules! {
    "compute-environment/name-alphabet" Documented "API:CreateComputeEnvironmentRequest": "An environment's name has letters, digits, hyphens and underscores."
        ComputeEnvironment [Set("/computeEnvironmentName", r#""a.b""#)] => "/computeEnvironmentName", "a.b";
    "compute-environment/name-length" Documented "API:CreateComputeEnvironmentRequest": "An environment's name has 128 characters at most."
        ComputeEnvironment [Repeat("/computeEnvironmentName", "a", 129)] => "/computeEnvironmentName", "127";
    "compute-environment/type-known" Documented "API:CEType": "An environment is MANAGED or UNMANAGED."
        ComputeEnvironment [Set("/type", r#""SHARED""#)] => "/type", "SHARED";
    "compute-environment/state-known" Documented "API:CEState": "An environment is ENABLED or DISABLED."
        ComputeEnvironment [Set("/state", r#""PAUSED""#)] => "/state", "PAUSED";
    "compute-environment/managed-needs-resources" Documented "API:CreateComputeEnvironmentRequest": "A MANAGED environment has computeResources."
        ComputeEnvironment [Remove("/computeResources")] => "", "needs `computeResources`";
    "compute-environment/unmanaged-has-no-resources" Documented "UG:create-compute-environment-unmanaged-eks": "An UNMANAGED environment has no computeResources."
        ComputeEnvironment [Set("/type", r#""UNMANAGED""#)] => "/computeResources", "UNMANAGED";
    "compute-environment/unmanaged-vcpus" Documented "API:CreateComputeEnvironmentRequest": "A MANAGED environment has no unmanagedvCpus."
        ComputeEnvironment [Set("/unmanagedvCpus", "64")] => "/unmanagedvCpus", "UNMANAGED";
    "compute-environment/service-linked-role" Documented "seed000: UG:getting-started-eks": "An EKS environment has the service-linked role."
        ComputeEnvironment [Set("/serviceRole", r#""arn:aws:iam::123456789012:role/service-role/AWSBatchServiceRole""#)] => "/serviceRole", "AWSServiceRoleForBatch";
    "compute-environment/cluster-required" Documented "API:EksConfiguration": "An EKS environment names its cluster."
        ComputeEnvironment [Remove("/eksConfiguration/eksClusterArn")] => "/eksConfiguration", "eksClusterArn";
    "compute-environment/namespace-required" Documented "API:EksConfiguration": "An EKS environment names its namespace."
        ComputeEnvironment [Remove("/eksConfiguration/kubernetesNamespace")] => "/eksConfiguration", "kubernetesNamespace";
    "compute-environment/namespace-not-default" Documented "API:EksConfiguration": "An environment's namespace is not default."
        ComputeEnvironment [Set("/eksConfiguration/kubernetesNamespace", r#""default""#)] => "/eksConfiguration/kubernetesNamespace", "`default`";
    "compute-environment/namespace-not-kube" Documented "API:EksConfiguration": "An environment's namespace does not start with kube-."
        ComputeEnvironment [Set("/eksConfiguration/kubernetesNamespace", r#""kube-jobs""#)] => "/eksConfiguration/kubernetesNamespace", "`kube-`";
    "compute-environment/namespace-length" Documented "API:EksConfiguration": "An environment's namespace has 63 characters at most."
        ComputeEnvironment [Repeat("/eksConfiguration/kubernetesNamespace", "a", 64)] => "/eksConfiguration/kubernetesNamespace", "63";
    "compute-environment/namespace-alphabet" Documented "API:EksConfiguration": "An environment's namespace has lower-case letters, digits and hyphens."
        ComputeEnvironment [Set("/eksConfiguration/kubernetesNamespace", r#""Jobs""#)] => "/eksConfiguration/kubernetesNamespace", "Jobs";
    "compute-environment/access-entry-known" Documented "API:EksAccessEntryDesiredState": "An access entry is ENABLED, DISABLED or INHERIT_FROM_CLUSTER."
        ComputeEnvironment [Set("/eksConfiguration/accessEntry/desiredState", r#""ON""#)] => "/eksConfiguration/accessEntry/desiredState", "ON";
    "compute-environment/access-entry-status-read-only" Documented "API:EksAccessEntry": "The status of an access entry is reported, not set."
        ComputeEnvironment [Set("/eksConfiguration/accessEntry", r#"{ "desiredState": "ENABLED", "status": "ACTIVE" }"#)] => "/eksConfiguration/accessEntry", "status";
    "compute-environment/tag-value-length" Documented "API:TagValue": "The value of an environment's tag has 256 characters at most."
        ComputeEnvironment [Repeat("/tags/key", "a", 257)] => "/tags/key", "257";
    "capacity/type-known" Documented "API:ComputeResource": "Capacity on EKS is EC2 or SPOT."
        ComputeResources [Set("/type", r#""FARGATE""#)] => "/type", "FARGATE";
    "capacity/max-required" Documented "API:ComputeResource": "Capacity has an upper limit."
        ComputeResources [Remove("/maxvCpus")] => "", "maxvCpus";
    "capacity/min-below-max" Documented "API:ComputeResource": "The least capacity is not above the upper limit."
        ComputeResources [Set("/minvCpus", "129")] => "/minvCpus", "above `maxvCpus`";
    "capacity/min-not-negative" Documented "API:ComputeResource": "The least capacity is not negative."
        ComputeResources [Set("/minvCpus", "-1")] => "/minvCpus", "-1";
    "capacity/desired-between" Documented "API:ComputeResource": "The desired capacity is between the limits."
        ComputeResources [Set("/desiredvCpus", "129")] => "/desiredvCpus", "between";
    "capacity/instance-types-min" Documented "API:ComputeResource": "Capacity names an instance type."
        ComputeResources [Set("/instanceTypes", "[]")] => "/instanceTypes", "1";
    "capacity/strategy-not-best-fit" Documented "API:ComputeResource": "EKS does not take BEST_FIT."
        ComputeResources [Set("/allocationStrategy", r#""BEST_FIT""#)] => "/allocationStrategy", "BEST_FIT";
    "capacity/strategy-known" Documented "API:CRAllocationStrategy": "A strategy is one of AWS Batch's."
        ComputeResources [Set("/allocationStrategy", r#""CHEAPEST""#)] => "/allocationStrategy", "CHEAPEST";
    "capacity/spot-capacity-optimized-is-spot" Documented "API:CRAllocationStrategy": "SPOT_CAPACITY_OPTIMIZED is for SPOT."
        ComputeResources [Set("/allocationStrategy", r#""SPOT_CAPACITY_OPTIMIZED""#)] => "/allocationStrategy", "Spot pools";
    "capacity/spot-price-capacity-optimized-is-spot" Documented "API:CRAllocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED is for SPOT."
        ComputeResources [Set("/allocationStrategy", r#""SPOT_PRICE_CAPACITY_OPTIMIZED""#)] => "/allocationStrategy", "Spot pools";
    "capacity/spot-capacity-optimized-prioritized-is-spot" Documented "API:CRAllocationStrategy": "SPOT_CAPACITY_OPTIMIZED_PRIORITIZED is for SPOT."
        ComputeResources [Set("/allocationStrategy", r#""SPOT_CAPACITY_OPTIMIZED_PRIORITIZED""#)] => "/allocationStrategy", "Spot pools";
    "capacity/ordered-is-on-demand" Documented "API:CRAllocationStrategy": "BEST_FIT_PROGRESSIVE_ORDERED is for EC2."
        ComputeResources [Set("/allocationStrategy", r#""BEST_FIT_PROGRESSIVE_ORDERED""#), Set("/type", r#""SPOT""#)] => "/allocationStrategy", "On-Demand";
    "capacity/bid-is-spot" Documented "API:ComputeResource": "A bid percentage is for SPOT."
        ComputeResources [Set("/bidPercentage", "50")] => "/bidPercentage", "Spot";
    "capacity/bid-max" Documented "API:ComputeResource": "A bid is 100 percent at most."
        ComputeResources [Set("/type", r#""SPOT""#), Set("/bidPercentage", "101")] => "/bidPercentage", "100";
    "capacity/scale-down-delay-min" Documented "API:ComputeScalingPolicy": "A scale-down delay is 20 minutes at least, or 0."
        ComputeResources [Set("/scalingPolicy/minScaleDownDelayMinutes", "19")] => "/scalingPolicy/minScaleDownDelayMinutes", "20 to 10080";
    "capacity/scale-down-delay-max" Documented "API:ComputeScalingPolicy": "A scale-down delay is 10080 minutes at most."
        ComputeResources [Set("/scalingPolicy/minScaleDownDelayMinutes", "10081")] => "/scalingPolicy/minScaleDownDelayMinutes", "10080";
    "image/entries-max" Documented "API:ComputeResource": "An environment has two images at most."
        ComputeResources [Set("/ec2Configuration", r#"[{ "imageType": "EKS_AL2023" }, { "imageType": "EKS_AL2023_NVIDIA" }, { "imageType": "EKS_AL2023" }]"#)] => "/ec2Configuration", "2";
    "image/type-required" Documented "API:Ec2Configuration": "An image has a type."
        ComputeResources [Set("/ec2Configuration", "[{}]")] => "/ec2Configuration/0", "imageType";
    "image/type-of-eks" Documented "API:Ec2Configuration": "An image's type is one of EKS's."
        ComputeResources [Set("/ec2Configuration", r#"[{ "imageType": "ECS_AL2023" }]"#)] => "/ec2Configuration/0/imageType", "no image type of Amazon EKS";
    "image/al2-ended" Documented "API:Ec2Configuration": "AWS's images of Amazon Linux 2 ended on 2025-11-26."
        ComputeResources [Set("/ec2Configuration", r#"[{ "imageType": "EKS_AL2_NVIDIA" }]"#)] => "/ec2Configuration/0/imageType", "EKS_AL2023_NVIDIA";
    "image/type-once" Assumption "API:Ec2Configuration": "An image type stands once."
        ComputeResources [Fill("/ec2Configuration", 2, r#"{ "imageType": "EKS_AL2023" }"#)] => "/ec2Configuration/1/imageType", "twice";
    "image/status-read-only" Documented "API:Ec2Configuration": "The status of an image is reported, not set."
        ComputeResources [Set("/ec2Configuration", r#"[{ "imageType": "EKS_AL2023", "batchImageStatus": "LATEST" }]"#)] => "/ec2Configuration/0/batchImageStatus", "reports";
    "launch-template/named" Documented "API:LaunchTemplateSpecification": "A launch template is named."
        ComputeResources [Set("/launchTemplate", r#"{ "version": "1" }"#)] => "/launchTemplate", "names no launch template";
    "launch-template/id-or-name" Documented "API:LaunchTemplateSpecification": "A launch template is named by its id or its name, not both."
        ComputeResources [Set("/launchTemplate/launchTemplateId", r#""lt-2""#)] => "/launchTemplate", "stand together";
    "launch-template/version" Documented "API:LaunchTemplateSpecification": "A version is $Default, $Latest or a number."
        ComputeResources [Set("/launchTemplate/version", r#""latest""#)] => "/launchTemplate/version", "no version";
    "launch-template/version-digits" Documented "API:LaunchTemplateSpecification": "The number of a version has no sign."
        ComputeResources [Set("/launchTemplate/version", r#""+1""#)] => "/launchTemplate/version", "no version";
    "launch-template/userdata-known" Documented "API:UserdataType": "A node joins by EKS_BOOTSTRAP_SH or EKS_NODEADM."
        ComputeResources [Set("/launchTemplate/userdataType", r#""CLOUD_INIT""#)] => "/launchTemplate/userdataType", "CLOUD_INIT";
    "launch-template/overrides-max" Documented "API:LaunchTemplateSpecification": "A launch template has ten overrides at most."
        ComputeResources [Set("/instanceTypes", r#"["optimal"]"#), Fill("/launchTemplate/overrides", 11, r#"{ "launchTemplateId": "lt-%", "targetInstanceTypes": ["m%.large"] }"#)] => "/launchTemplate/overrides", "10";
    "launch-template/override-named" Documented "API:LaunchTemplateSpecificationOverride": "An override names its launch template."
        ComputeResources [Remove("/launchTemplate/overrides/0/launchTemplateId")] => "/launchTemplate/overrides/0", "names no launch template";
    "launch-template/override-id-or-name" Documented "API:LaunchTemplateSpecificationOverride": "An override names its launch template by id or name, not both."
        ComputeResources [Set("/launchTemplate/overrides/0/launchTemplateName", r#""other""#)] => "/launchTemplate/overrides/0", "stand together";
    "launch-template/override-version" Documented "API:LaunchTemplateSpecificationOverride": "An override's version is $Default, $Latest or a number."
        ComputeResources [Set("/launchTemplate/overrides/0/version", r#""1.0""#)] => "/launchTemplate/overrides/0/version", "no version";
    "launch-template/override-has-targets" Documented "API:LaunchTemplateSpecificationOverride": "An override names its instance types."
        ComputeResources [Remove("/launchTemplate/overrides/0/targetInstanceTypes")] => "/launchTemplate/overrides/0", "targetInstanceTypes";
    "launch-template/override-target-no-keyword" Documented "API:LaunchTemplateSpecificationOverride": "An override's target is no keyword."
        ComputeResources [Set("/launchTemplate/overrides/0/targetInstanceTypes", r#"["optimal"]"#)] => "/launchTemplate/overrides/0/targetInstanceTypes/0", "optimal";
    "launch-template/override-target-in-environment" Documented "API:LaunchTemplateSpecificationOverride": "An override's target is among the environment's instance types."
        ComputeResources [Set("/launchTemplate/overrides/0/targetInstanceTypes", r#"["c5.xlarge"]"#)] => "/launchTemplate/overrides/0/targetInstanceTypes/0", "not among";
    "launch-template/override-targets-apart" Documented "API:LaunchTemplateSpecificationOverride": "No instance type is the target of two overrides."
        ComputeResources [Set("/launchTemplate/overrides/1", r#"{ "launchTemplateId": "lt-2", "targetInstanceTypes": ["c5.large", "m5"] }"#)] => "/launchTemplate/overrides/1/targetInstanceTypes/1", "overlaps with `m5.large`";
}
