//! Job definitions but for their pods: names, types, retries, timeouts, consumable resources, tags, size.

use crate::documents::Change::{Fields, Fill, Remove, Repeat, Set};

rules! {
    "job-definition/name-alphabet" Documented "API:RegisterJobDefinitionRequest": "A name has letters, digits, hyphens and underscores."
        JobDefinition [Set("/jobDefinitionName", r#""a b""#)] => "/jobDefinitionName", "a b";
    "job-definition/name-length" Documented "API:RegisterJobDefinitionRequest": "A name has 128 characters at most."
        JobDefinition [Repeat("/jobDefinitionName", "a", 129)] => "/jobDefinitionName", "127";
    "job-definition/name-required" Documented "API:RegisterJobDefinitionRequest": "A job definition has a name."
        JobDefinition [Remove("/jobDefinitionName")] => "", "jobDefinitionName";
    "job-definition/type-known" Documented "API:JobDefinitionType": "The type is container or multinode."
        JobDefinition [Set("/type", r#""array""#)] => "/type", "array";
    "job-definition/type-required" Documented "API:RegisterJobDefinitionRequest": "A job definition has a type."
        JobDefinition [Remove("/type")] => "", "type";
    "job-definition/container-needs-eks-properties" Documented "API:RegisterJobDefinitionRequest": "A container job definition for EKS has eksProperties."
        JobDefinition [Remove("/eksProperties")] => "", "needs `eksProperties`";
    "job-definition/container-has-no-node-properties" Documented "API:RegisterJobDefinitionRequest": "A container job definition has no nodeProperties."
        JobDefinition [Set("/nodeProperties", r#"{ "numNodes": 1, "mainNode": 0, "nodeRangeProperties": [{ "targetNodes": "0:", "eksProperties": { "podProperties": { "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }] } } }] }"#)] => "/nodeProperties", "has no `nodeProperties`";
    "job-definition/multinode-needs-node-properties" Documented "API:RegisterJobDefinitionRequest": "A multinode job definition has nodeProperties."
        MultiNode [Remove("/nodeProperties")] => "", "needs `nodeProperties`";
    "job-definition/multinode-has-no-eks-properties" Documented "API:RegisterJobDefinitionRequest": "A multinode job definition has its pods in its node ranges, not beside them."
        MultiNode [Set("/eksProperties", r#"{ "podProperties": { "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }] } }"#)] => "/eksProperties", "has no `eksProperties`";
    "job-definition/no-container-properties" Documented "API:RegisterJobDefinitionRequest": "EKS job definitions have no containerProperties."
        JobDefinition [Set("/containerProperties", "{}")] => "", "containerProperties";
    "job-definition/no-ecs-properties" Documented "API:RegisterJobDefinitionRequest": "EKS job definitions have no ecsProperties."
        JobDefinition [Set("/ecsProperties", "{}")] => "", "ecsProperties";
    "job-definition/no-platform-capabilities" Documented "API:RegisterJobDefinitionRequest": "EKS job definitions have no platformCapabilities."
        JobDefinition [Set("/platformCapabilities", r#"["EC2"]"#)] => "", "platformCapabilities";
    "job-definition/no-propagate-tags" Documented "API:RegisterJobDefinitionRequest": "EKS job definitions have no propagateTags."
        JobDefinition [Set("/propagateTags", "true")] => "", "propagateTags";
    "job-definition/scheduling-priority-max" Documented "API:RegisterJobDefinitionRequest": "The scheduling priority is 9999 at most."
        JobDefinition [Set("/schedulingPriority", "10000")] => "/schedulingPriority", "9999";
    "job-definition/scheduling-priority-min" Documented "API:RegisterJobDefinitionRequest": "The scheduling priority is not negative."
        JobDefinition [Set("/schedulingPriority", "-1")] => "/schedulingPriority", "-1";
    "job-definition/size-max" Documented "UG:service_limits": "A job definition has 24 KiB at most."
        JobDefinition [Fill("/eksProperties/podProperties/containers/0/args", 1000, r#""an argument of 25 letters""#)] => "", "24 KiB";
    "retry-strategy/attempts-max" Documented "API:RetryStrategy": "A job has ten attempts at most."
        JobDefinition [Set("/retryStrategy/attempts", "11")] => "/retryStrategy/attempts", "10";
    "retry-strategy/attempts-min" Documented "API:RetryStrategy": "A job has one attempt at least."
        JobDefinition [Set("/retryStrategy/attempts", "0")] => "/retryStrategy/attempts", "1";
    "retry-strategy/conditions-need-attempts" Documented "API:RetryStrategy": "Conditions need a number of attempts."
        JobDefinition [Set("/retryStrategy", r#"{ "evaluateOnExit": [{ "onReason": "*", "action": "EXIT" }] }"#)] => "/retryStrategy", "`evaluateOnExit` needs `attempts`";
    "retry-strategy/conditions-max" Documented "API:RetryStrategy": "A strategy has five conditions at most, or six by the user guide."
        JobDefinition [Set("/retryStrategy/attempts", "2"), Fill("/retryStrategy/evaluateOnExit", 6, r#"{ "onExitCode": "%", "action": "RETRY" }"#)] => "/retryStrategy/evaluateOnExit", "5 at most";
    "retry-strategy/condition-not-empty" Assumption "API:EvaluateOnExit": "A condition says what it is about: status reason, reason or exit code."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0", "no condition";
    "retry-strategy/condition-needs-action" Documented "API:EvaluateOnExit": "A condition has an action."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onReason": "*" }] }"#)] => "/retryStrategy/evaluateOnExit/0", "action";
    "retry-strategy/action-known" Documented "API:RetryAction": "The action is RETRY or EXIT."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onReason": "*", "action": "STOP" }] }"#)] => "/retryStrategy/evaluateOnExit/0/action", "STOP";
    "retry-strategy/status-reason-alphabet" Documented "API:EvaluateOnExit": "A pattern on the status reason has letters, digits, periods, colons and white space."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onStatusReason": "Host (EC2)", "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0/onStatusReason", "Host (EC2)";
    "retry-strategy/status-reason-asterisk" Documented "API:EvaluateOnExit": "An asterisk in a pattern on the status reason stands at its end."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onStatusReason": "*EC2", "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0/onStatusReason", "*EC2";
    "retry-strategy/status-reason-length" Documented "API:EvaluateOnExit": "A pattern on the status reason has 512 characters at most."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "action": "EXIT" }] }"#), Repeat("/retryStrategy/evaluateOnExit/0/onStatusReason", "a", 513)] => "/retryStrategy/evaluateOnExit/0/onStatusReason", "512";
    "retry-strategy/reason-alphabet" Documented "API:EvaluateOnExit": "A pattern on the reason has letters, digits, periods, colons and white space."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onReason": "a_b", "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0/onReason", "a_b";
    "retry-strategy/reason-asterisk" Documented "API:EvaluateOnExit": "An asterisk in a pattern on the reason stands at its end."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onReason": "a*b", "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0/onReason", "a*b";
    "retry-strategy/reason-length" Documented "API:EvaluateOnExit": "A pattern on the reason has 512 characters at most."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "action": "EXIT" }] }"#), Repeat("/retryStrategy/evaluateOnExit/0/onReason", "a", 513)] => "/retryStrategy/evaluateOnExit/0/onReason", "512";
    "retry-strategy/exit-code-alphabet" Documented "API:EvaluateOnExit": "A pattern on the exit code has digits."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onExitCode": "-1", "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0/onExitCode", "-1";
    "retry-strategy/exit-code-asterisk" Documented "API:EvaluateOnExit": "An asterisk in a pattern on the exit code stands at its end."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "onExitCode": "1*7", "action": "EXIT" }] }"#)] => "/retryStrategy/evaluateOnExit/0/onExitCode", "1*7";
    "retry-strategy/exit-code-length" Documented "API:EvaluateOnExit": "A pattern on the exit code has 512 characters at most."
        JobDefinition [Set("/retryStrategy", r#"{ "attempts": 2, "evaluateOnExit": [{ "action": "EXIT" }] }"#), Repeat("/retryStrategy/evaluateOnExit/0/onExitCode", "1", 513)] => "/retryStrategy/evaluateOnExit/0/onExitCode", "512";
    "timeout/min" Documented "API:JobTimeout": "A timeout is 60 seconds at least."
        JobDefinition [Set("/timeout/attemptDurationSeconds", "59")] => "/timeout/attemptDurationSeconds", "60";
    "consumables/per-job-max" Documented "UG:resource-aware-scheduling-how-to-for-jobs": "A job asks for five consumable resources at most."
        JobDefinition [Fill("/consumableResourceProperties/consumableResourceList", 6, r#"{ "consumableResource": "r%", "quantity": 1 }"#)] => "/consumableResourceProperties/consumableResourceList", "5";
    "consumables/named-once" Assumption "API:ConsumableResourceProperties": "A job names a consumable resource once, by name or ARN."
        JobDefinition [Set("/consumableResourceProperties/consumableResourceList", r#"[{ "consumableResource": "r", "quantity": 1 }, { "consumableResource": "arn:aws:batch:us-east-1:123456789012:consumable-resource/r", "quantity": 1 }]"#)] => "/consumableResourceProperties/consumableResourceList/1/consumableResource", "twice";
    "consumables/quantity-min" Assumption "API:ConsumableResourceRequirement": "A job asks for one at least of each consumable resource."
        JobDefinition [Set("/consumableResourceProperties/consumableResourceList", r#"[{ "consumableResource": "r", "quantity": 0 }]"#)] => "/consumableResourceProperties/consumableResourceList/0/quantity", "1";
    "tags/max" Documented "API:TagrisTagsMap": "A resource has 50 tags at most."
        JobDefinition [Fields("/tags", 51)] => "/tags", "50 at most";
    "tags/key-length" Documented "API:TagKey": "A tag's key has 128 characters at most."
        JobDefinition [Set("/tags/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", r#""""#)] => "/tags/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "129";
    "tags/key-not-empty" Documented "API:TagKey": "A tag's key is not empty."
        JobDefinition [Set("/tags/", r#""""#)] => "/tags/", "0 characters";
    "tags/key-prefix" Documented "API:TagrisTagsMap": "A tag's key does not start with aws:."
        JobDefinition [Set("/tags/AWS:x", r#""""#)] => "/tags/AWS:x", "reserved";
    "tags/value-length" Documented "API:TagValue": "A tag's value has 256 characters at most."
        JobDefinition [Repeat("/tags/key", "a", 257)] => "/tags/key", "257";
}
