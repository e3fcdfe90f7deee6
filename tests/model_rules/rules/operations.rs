//! Requests that change or end what documents created.

use crate::documents::Change::{Fill, Remove, Repeat, Set};

rules! {
    "update-compute-environment/named" Documented "API:UpdateComputeEnvironmentRequest": "An update names the environment."
        UpdateComputeEnvironment [Remove("/computeEnvironment")] => "", "computeEnvironment";
    "update-compute-environment/no-desired" Documented "API:ComputeResourceUpdate": "The desired capacity of an EKS environment is not changed."
        UpdateComputeEnvironment [Set("/computeResources/desiredvCpus", "8")] => "/computeResources/desiredvCpus", "Amazon EKS";
    "update-compute-environment/no-best-fit" Documented "API:CRUpdateAllocationStrategy": "The strategy does not become BEST_FIT."
        UpdateComputeEnvironment [Set("/computeResources/allocationStrategy", r#""BEST_FIT""#)] => "/computeResources/allocationStrategy", "BEST_FIT";
    "update-compute-environment/min-below-max" Documented "API:ComputeResourceUpdate": "The limits of an update are in order."
        UpdateComputeEnvironment [Set("/computeResources/minvCpus", "257")] => "/computeResources/minvCpus", "above `maxvCpus`";
    "update-compute-environment/scale-down-delay-min" Documented "API:ComputeScalingPolicy": "A new scale-down delay is 20 minutes at least, or 0."
        UpdateComputeEnvironment [Set("/computeResources/scalingPolicy/minScaleDownDelayMinutes", "1")] => "/computeResources/scalingPolicy/minScaleDownDelayMinutes", "20 to 10080";
    "update-compute-environment/image-type-of-eks" Documented "API:Ec2Configuration": "A new image's type is one of EKS's."
        UpdateComputeEnvironment [Set("/computeResources/ec2Configuration", r#"[{ "imageType": "ECS_AL2" }]"#)] => "/computeResources/ec2Configuration/0/imageType", "no image type of Amazon EKS";
    "update-compute-environment/launch-template-id-or-name" Documented "API:LaunchTemplateSpecification": "A new launch template is named by its id or its name, not both."
        UpdateComputeEnvironment [Set("/computeResources/launchTemplate", r#"{ "launchTemplateId": "a", "launchTemplateName": "b" }"#)] => "/computeResources/launchTemplate", "stand together";
    "update-compute-environment/type-known" Documented "API:ComputeResourceUpdate": "Capacity becomes EC2 or SPOT on EKS."
        UpdateComputeEnvironment [Set("/computeResources/type", r#""FARGATE""#)] => "/computeResources/type", "FARGATE";
    "update-compute-environment/managed-or-unmanaged" Documented "API:UpdateComputeEnvironmentRequest": "An update is of a MANAGED or of an UNMANAGED environment."
        UpdateComputeEnvironment [Set("/unmanagedvCpus", "8")] => "/unmanagedvCpus", "keep one";
    "update-compute-environment/cluster-stays" Documented "API:EksConfigurationUpdate": "An environment keeps its cluster."
        UpdateComputeEnvironment [Set("/eksConfiguration/eksClusterArn", r#""arn:aws:eks:x""#)] => "/eksConfiguration", "eksClusterArn";
    "update-compute-environment/namespace-stays" Documented "API:EksConfigurationUpdate": "An environment keeps its namespace."
        UpdateComputeEnvironment [Set("/eksConfiguration/kubernetesNamespace", r#""other""#)] => "/eksConfiguration", "kubernetesNamespace";
    "update-compute-environment/kind-stays" Documented "API:UpdateComputeEnvironmentRequest": "An environment stays MANAGED or UNMANAGED."
        UpdateComputeEnvironment [Set("/type", r#""UNMANAGED""#)] => "", "type";
    "update-compute-environment/job-timeout-min" Documented "API:UpdatePolicy": "Running jobs are given one minute at least."
        UpdateComputeEnvironment [Set("/updatePolicy/jobExecutionTimeoutMinutes", "0")] => "/updatePolicy/jobExecutionTimeoutMinutes", "1";
    "update-compute-environment/job-timeout-max" Documented "API:UpdatePolicy": "Running jobs are given 7200 minutes at most."
        UpdateComputeEnvironment [Set("/updatePolicy/jobExecutionTimeoutMinutes", "7201")] => "/updatePolicy/jobExecutionTimeoutMinutes", "7200";
    "delete-compute-environment/named" Documented "API:DeleteComputeEnvironmentRequest": "A deletion names the environment."
        DeleteComputeEnvironment [Remove("/computeEnvironment")] => "", "computeEnvironment";
    "update-job-queue/named" Documented "API:UpdateJobQueueRequest": "An update names the queue."
        UpdateJobQueue [Remove("/jobQueue")] => "", "jobQueue";
    "update-job-queue/environments-max" Documented "API:UpdateJobQueueRequest": "An update gives a queue three environments at most."
        UpdateJobQueue [Fill("/computeEnvironmentOrder", 4, r#"{ "order": %, "computeEnvironment": "e%" }"#)] => "/computeEnvironmentOrder", "3";
    "update-job-queue/environment-once" Assumption "API:ComputeEnvironmentOrder": "An update names an environment once."
        UpdateJobQueue [Fill("/computeEnvironmentOrder", 2, r#"{ "order": %, "computeEnvironment": "e" }"#)] => "/computeEnvironmentOrder/1/computeEnvironment", "twice";
    "update-job-queue/time-limit-cancels" Documented "API:JobStateTimeLimitActionsAction": "A new time limit cancels."
        UpdateJobQueue [Set("/jobStateTimeLimitActions", r#"[{ "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT", "state": "RUNNABLE", "maxTimeSeconds": 600, "action": "TERMINATE" }]"#)] => "/jobStateTimeLimitActions/0/action", "write `CANCEL`";
    "update-job-queue/fifo-stays" Documented "API:UpdateJobQueueRequest": "A FIFO queue never becomes a fair-share queue."
        UpdateJobQueue [Set("/schedulingPolicyArn", r#""arn:aws:batch:us-east-1:123456789012:scheduling-policy/p""#)] => "/schedulingPolicyArn", "FIFO";
    "update-job-queue/policy-not-removed" Documented "API:UpdateJobQueueRequest": "A scheduling policy is replaced, not removed."
        UpdateJobQueue [Set("/schedulingPolicyArn", r#""""#)] => "/schedulingPolicyArn", "1";
    "delete-job-queue/named" Documented "API:DeleteJobQueueRequest": "A deletion names the queue."
        DeleteJobQueue [Remove("/jobQueue")] => "", "jobQueue";
    "update-scheduling-policy/named" Documented "API:UpdateSchedulingPolicyRequest": "An update names the policy by its ARN."
        UpdateSchedulingPolicy [Remove("/arn")] => "", "arn";
    "update-scheduling-policy/shares-apart" Documented "API:ShareAttributes": "The entries of an updated policy do not overlap."
        UpdateSchedulingPolicy [Fill("/fairsharePolicy/shareDistribution", 2, r#"{ "shareIdentifier": "A*" }"#)] => "/fairsharePolicy/shareDistribution/1/shareIdentifier", "overlaps";
    "update-scheduling-policy/no-quota-shares" Documented "API:UpdateSchedulingPolicyRequest": "A fair-share policy does not become one of quota shares."
        UpdateSchedulingPolicy [Set("/quotaSharePolicy", "{}")] => "/quotaSharePolicy", "SageMaker";
    "delete-scheduling-policy/named" Documented "API:DeleteSchedulingPolicyRequest": "A deletion names the policy by its ARN."
        DeleteSchedulingPolicy [Remove("/arn")] => "", "arn";
    "update-consumable-resource/named" Documented "API:UpdateConsumableResourceRequest": "An update names the consumable resource."
        UpdateConsumableResource [Remove("/consumableResource")] => "", "consumableResource";
    "update-consumable-resource/operation-known" Documented "API:UpdateConsumableResourceRequest": "A total is SET, or changes by ADD or REMOVE."
        UpdateConsumableResource [Set("/operation", r#""DOUBLE""#)] => "/operation", "DOUBLE";
    "update-consumable-resource/quantity-not-negative" Documented "API:UpdateConsumableResourceRequest": "The quantity of an update is not negative."
        UpdateConsumableResource [Set("/quantity", "-1")] => "/quantity", "-1";
    "update-consumable-resource/operation-needs-quantity" Assumption "API:UpdateConsumableResourceRequest": "An operation has a quantity."
        UpdateConsumableResource [Remove("/quantity")] => "", "add `quantity`";
    "update-consumable-resource/quantity-needs-operation" Assumption "API:UpdateConsumableResourceRequest": "A quantity has an operation."
        UpdateConsumableResource [Remove("/operation")] => "", "add `operation`";
    "update-consumable-resource/token-not-empty" Documented "API:ClientRequestToken": "A client token is not empty."
        UpdateConsumableResource [Set("/clientToken", r#""""#)] => "/clientToken", "1";
    "update-consumable-resource/token-length" Documented "API:ClientRequestToken": "A client token has 64 characters at most."
        UpdateConsumableResource [Repeat("/clientToken", "a", 65)] => "/clientToken", "64";
    "delete-consumable-resource/named" Documented "API:DeleteConsumableResourceRequest": "A deletion names the consumable resource."
        DeleteConsumableResource [Remove("/consumableResource")] => "", "consumableResource";
    "deregister-job-definition/revision" Documented "API:DeregisterJobDefinitionRequest": "A revision of a job definition is deregistered."
        DeregisterJobDefinition [Set("/jobDefinition", r#""definition""#)] => "/jobDefinition", "names no revision";
    "cancel-job/job-required" Documented "API:CancelJobRequest": "Cancelling names a job."
        CancelJob [Remove("/jobId")] => "", "jobId";
    "cancel-job/reason-required" Documented "API:CancelJobRequest": "Cancelling has a reason."
        CancelJob [Remove("/reason")] => "", "reason";
    "cancel-job/reason-length" Documented "API:CancelJobRequest": "The reason of cancelling has 1024 characters at most."
        CancelJob [Repeat("/reason", "a", 1025)] => "/reason", "1024";
    "terminate-job/job-required" Documented "API:TerminateJobRequest": "Terminating names a job."
        TerminateJob [Remove("/jobId")] => "", "jobId";
    "terminate-job/reason-required" Documented "API:TerminateJobRequest": "Terminating has a reason."
        TerminateJob [Remove("/reason")] => "", "reason";
    "terminate-job/reason-length" Documented "API:TerminateJobRequest": "The reason of terminating has 1024 characters at most."
        TerminateJob [Repeat("/reason", "a", 1025)] => "/reason", "1024";
    "cancel-jobs/max" Documented "API:CancelJobsRequest": "No more than 50 jobs are cancelled at once."
        CancelJobs [Fill("/jobs", 51, r#""id-%""#)] => "/jobs", "50";
    "cancel-jobs/min" Assumption "API:CancelJobsRequest": "A job at least is cancelled."
        CancelJobs [Set("/jobs", "[]")] => "/jobs", "1";
    "terminate-jobs/max" Documented "API:TerminateJobsRequest": "No more than 50 jobs are terminated at once."
        TerminateJobs [Fill("/jobs", 51, r#""id-%""#)] => "/jobs", "50";
    "terminate-jobs/min" Assumption "API:TerminateJobsRequest": "A job at least is terminated."
        TerminateJobs [Set("/jobs", "[]")] => "/jobs", "1";
    "terminate-jobs/reason-length" Documented "API:TerminateJobsRequest": "The reason of terminating many has 1024 characters at most."
        TerminateJobs [Repeat("/reason", "a", 1025)] => "/reason", "1024";
}
