//! Job queues, scheduling policies and consumable resources.

use crate::documents::Change::{Fields, Fill, Remove, Repeat, Set};

rules! {
    "job-queue/name-alphabet" Documented "API:CreateJobQueueRequest": "A queue's name has letters, digits, hyphens and underscores."
        JobQueue [Set("/jobQueueName", r#""a/b""#)] => "/jobQueueName", "a/b";
    "job-queue/name-length" Documented "API:CreateJobQueueRequest": "A queue's name has 128 characters at most."
        JobQueue [Repeat("/jobQueueName", "a", 129)] => "/jobQueueName", "127";
    "job-queue/priority-required" Documented "API:CreateJobQueueRequest": "A queue has a priority."
        JobQueue [Remove("/priority")] => "", "priority";
    "job-queue/state-known" Documented "API:JQState": "A queue is ENABLED or DISABLED."
        JobQueue [Set("/state", r#""OPEN""#)] => "/state", "OPEN";
    "job-queue/type-eks" Documented "API:JobQueueType": "A queue of EKS environments is of type EKS."
        JobQueue [Set("/jobQueueType", r#""ECS""#)] => "/jobQueueType", "EKS";
    "job-queue/environments-min" Documented "API:CreateJobQueueRequest": "A queue has an environment."
        JobQueue [Set("/computeEnvironmentOrder", "[]")] => "/computeEnvironmentOrder", "1";
    "job-queue/environments-max" Documented "API:CreateJobQueueRequest": "A queue has three environments at most."
        JobQueue [Fill("/computeEnvironmentOrder", 4, r#"{ "order": %, "computeEnvironment": "e%" }"#)] => "/computeEnvironmentOrder", "3";
    "job-queue/order-unique" Assumption "API:ComputeEnvironmentOrder": "The environments of a queue have different orders."
        JobQueue [Fill("/computeEnvironmentOrder", 2, r#"{ "order": 1, "computeEnvironment": "e%" }"#)] => "/computeEnvironmentOrder/1/order", "twice";
    "job-queue/environment-once" Assumption "API:ComputeEnvironmentOrder": "A queue names an environment once, by name or ARN."
        JobQueue [Set("/computeEnvironmentOrder/1", r#"{ "order": 2, "computeEnvironment": "arn:aws:batch:us-east-1:123456789012:compute-environment/environment" }"#)] => "/computeEnvironmentOrder/1/computeEnvironment", "twice";
    "job-queue/no-service-environments" Documented "API:CreateJobQueueRequest": "A queue of compute environments has no service environments."
        JobQueue [Set("/serviceEnvironmentOrder", "[]")] => "", "serviceEnvironmentOrder";
    "job-queue/tags-max" Documented "API:TagrisTagsMap": "A queue has 50 tags at most."
        JobQueue [Fields("/tags", 51)] => "/tags", "50 at most";
    "time-limit/reason-known" Documented "UG:job_stuck_in_runnable_time_limit_actions": "A time limit is for a reason that AWS Batch can act on."
        JobQueue [Set("/jobStateTimeLimitActions/0/reason", r#""ACTION_REQUIRED""#)] => "/jobStateTimeLimitActions/0/reason", "ACTION_REQUIRED";
    "time-limit/state-runnable" Documented "API:JobStateTimeLimitActionsState": "A time limit is for jobs that are RUNNABLE."
        JobQueue [Set("/jobStateTimeLimitActions/0/state", r#""STARTING""#)] => "/jobStateTimeLimitActions/0/state", "RUNNABLE";
    "time-limit/min" Documented "API:JobStateTimeLimitAction": "A time limit is 600 seconds at least."
        JobQueue [Set("/jobStateTimeLimitActions/0/maxTimeSeconds", "599")] => "/jobStateTimeLimitActions/0/maxTimeSeconds", "600";
    "time-limit/max" Documented "API:JobStateTimeLimitAction": "A time limit is 86400 seconds at most."
        JobQueue [Set("/jobStateTimeLimitActions/0/maxTimeSeconds", "86401")] => "/jobStateTimeLimitActions/0/maxTimeSeconds", "86400";
    "time-limit/action-cancel" Documented "API:JobStateTimeLimitActionsAction": "A time limit cancels; TERMINATE is for SageMaker."
        JobQueue [Set("/jobStateTimeLimitActions/0/action", r#""TERMINATE""#)] => "/jobStateTimeLimitActions/0/action", "write `CANCEL`";
    "time-limit/action-known" Documented "API:JobStateTimeLimitActionsAction": "A time limit does nothing but CANCEL."
        JobQueue [Set("/jobStateTimeLimitActions/0/action", r#""RETRY""#)] => "/jobStateTimeLimitActions/0/action", "RETRY";
    "time-limit/complete" Documented "API:JobStateTimeLimitAction": "A time limit says for what reason it is."
        JobQueue [Remove("/jobStateTimeLimitActions/0/reason")] => "/jobStateTimeLimitActions/0", "reason";
    "scheduling-policy/name-alphabet" Documented "API:CreateSchedulingPolicyRequest": "A policy's name has letters, digits, hyphens and underscores."
        SchedulingPolicy [Set("/name", r#""a b""#)] => "/name", "a b";
    "scheduling-policy/name-required" Documented "API:CreateSchedulingPolicyRequest": "A policy has a name."
        SchedulingPolicy [Remove("/name")] => "", "name";
    "scheduling-policy/decay-max" Documented "API:FairsharePolicy": "Usage counts for 604800 seconds at most."
        SchedulingPolicy [Set("/fairsharePolicy/shareDecaySeconds", "604801")] => "/fairsharePolicy/shareDecaySeconds", "604800";
    "scheduling-policy/decay-min" Documented "API:FairsharePolicy": "The time that usage counts for is not negative."
        SchedulingPolicy [Set("/fairsharePolicy/shareDecaySeconds", "-1")] => "/fairsharePolicy/shareDecaySeconds", "-1";
    "scheduling-policy/reservation-max" Documented "API:FairsharePolicy": "The reservation is 99 percent at most."
        SchedulingPolicy [Set("/fairsharePolicy/computeReservation", "100")] => "/fairsharePolicy/computeReservation", "99";
    "scheduling-policy/reservation-min" Documented "API:FairsharePolicy": "The reservation is not negative."
        SchedulingPolicy [Set("/fairsharePolicy/computeReservation", "-1")] => "/fairsharePolicy/computeReservation", "-1";
    "scheduling-policy/weight-min" Documented "API:ShareAttributes": "A weight is 0.0001 at least."
        SchedulingPolicy [Set("/fairsharePolicy/shareDistribution/0/weightFactor", "0")] => "/fairsharePolicy/shareDistribution/0/weightFactor", "0.0001";
    "scheduling-policy/weight-max" Documented "API:ShareAttributes": "A weight is 999.9999 at most."
        SchedulingPolicy [Set("/fairsharePolicy/shareDistribution/0/weightFactor", "1000")] => "/fairsharePolicy/shareDistribution/0/weightFactor", "999.9999";
    "scheduling-policy/share-required" Documented "API:ShareAttributes": "A weight is of a share."
        SchedulingPolicy [Remove("/fairsharePolicy/shareDistribution/0/shareIdentifier")] => "/fairsharePolicy/shareDistribution/0", "shareIdentifier";
    "scheduling-policy/share-alphabet" Documented "API:ShareAttributes": "A policy's share identifier has letters and digits."
        SchedulingPolicy [Set("/fairsharePolicy/shareDistribution/0/shareIdentifier", r#""a_b""#)] => "/fairsharePolicy/shareDistribution/0/shareIdentifier", "a_b";
    "scheduling-policy/share-length" Documented "API:ShareAttributes": "A policy's share identifier has 255 letters and digits at most."
        SchedulingPolicy [Repeat("/fairsharePolicy/shareDistribution/0/shareIdentifier", "a", 256)] => "/fairsharePolicy/shareDistribution/0/shareIdentifier", "255";
    "scheduling-policy/shares-unique" Documented "API:ShareAttributes": "A share has one weight."
        SchedulingPolicy [Fill("/fairsharePolicy/shareDistribution", 2, r#"{ "shareIdentifier": "A" }"#)] => "/fairsharePolicy/shareDistribution/1/shareIdentifier", "overlaps";
    "scheduling-policy/share-not-under-prefix" Documented "API:ShareAttributes": "A share under a prefix has no weight of its own."
        SchedulingPolicy [Set("/fairsharePolicy/shareDistribution/1", r#"{ "shareIdentifier": "A1" }"#)] => "/fairsharePolicy/shareDistribution/1/shareIdentifier", "overlaps with `A*`";
    "scheduling-policy/prefixes-apart" Documented "API:ShareAttributes": "No prefix is under another."
        SchedulingPolicy [Set("/fairsharePolicy/shareDistribution/1", r#"{ "shareIdentifier": "AB*" }"#)] => "/fairsharePolicy/shareDistribution/1/shareIdentifier", "overlaps with `A*`";
    "scheduling-policy/no-quota-shares" Documented "API:QuotaSharePolicy": "Quota shares are for SageMaker queues."
        SchedulingPolicy [Set("/quotaSharePolicy", "{}")] => "/quotaSharePolicy", "SageMaker";
    "scheduling-policy/tag-key-prefix" Documented "API:TagrisTagsMap": "The key of a policy's tag does not start with aws:."
        SchedulingPolicy [Set("/tags/aws:a", r#""""#)] => "/tags/aws:a", "reserved";
    "consumable-resource/name-required" Documented "API:CreateConsumableResourceRequest": "A consumable resource has a name."
        ConsumableResource [Remove("/consumableResourceName")] => "", "consumableResourceName";
    "consumable-resource/name-alphabet" Assumption "API:CreateConsumableResourceRequest": "A consumable resource's name has letters, digits, hyphens and underscores."
        ConsumableResource [Set("/consumableResourceName", r#""a b""#)] => "/consumableResourceName", "a b";
    "consumable-resource/total-not-negative" Documented "API:CreateConsumableResourceRequest": "The total of a consumable resource is not negative."
        ConsumableResource [Set("/totalQuantity", "-1")] => "/totalQuantity", "-1";
    "consumable-resource/type-known" Documented "API:CreateConsumableResourceRequest": "A consumable resource is REPLENISHABLE or NON_REPLENISHABLE."
        ConsumableResource [Set("/resourceType", r#""ENDLESS""#)] => "/resourceType", "ENDLESS";
    "consumable-resource/tags-max" Documented "API:TagrisTagsMap": "A consumable resource has 50 tags at most."
        ConsumableResource [Fields("/tags", 51)] => "/tags", "50 at most";
}
