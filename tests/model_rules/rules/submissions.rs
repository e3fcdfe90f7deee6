//! Submissions: names, shares, arrays, dependencies, and what they change of a plain job.

use crate::documents::Change::{Fill, Remove, Repeat, Set};

rules! {
    "submit-job/name-required" Documented "API:SubmitJobRequest": "A job has a name."
        Submit [Remove("/jobName")] => "", "jobName";
    "submit-job/name-start" Documented "API:SubmitJobRequest": "A job's name starts with a letter or digit."
        Submit [Set("/jobName", r#""_job""#)] => "/jobName", "_job";
    "submit-job/name-alphabet" Documented "API:SubmitJobRequest": "A job's name has letters, digits, hyphens and underscores."
        Submit [Set("/jobName", r#""job 1""#)] => "/jobName", "job 1";
    "submit-job/name-length" Documented "API:SubmitJobRequest": "A job's name has 128 characters at most."
        Submit [Repeat("/jobName", "a", 129)] => "/jobName", "127";
    "submit-job/queue-required" Documented "API:SubmitJobRequest": "A job is submitted to a queue."
        Submit [Remove("/jobQueue")] => "", "jobQueue";
    "submit-job/definition-required" Documented "API:SubmitJobRequest": "A job has a job definition."
        Submit [Remove("/jobDefinition")] => "", "jobDefinition";
    "submit-job/share-alphabet" Documented "API:SubmitJobRequest": "A share identifier has letters and digits."
        Submit [Set("/shareIdentifier", r#""team-a""#)] => "/shareIdentifier", "team-a";
    "submit-job/share-asterisk" Documented "API:SubmitJobRequest": "An asterisk in a share identifier stands at its end."
        Submit [Set("/shareIdentifier", r#""a*b""#)] => "/shareIdentifier", "a*b";
    "submit-job/share-length" Documented "API:SubmitJobRequest": "A share identifier has 255 letters and digits at most."
        Submit [Repeat("/shareIdentifier", "a", 256)] => "/shareIdentifier", "255";
    "submit-job/scheduling-priority-max" Documented "API:SubmitJobRequest": "The scheduling priority of a submission is 9999 at most."
        Submit [Set("/schedulingPriorityOverride", "10000")] => "/schedulingPriorityOverride", "9999";
    "submit-job/scheduling-priority-min" Documented "API:SubmitJobRequest": "The scheduling priority of a submission is not negative."
        Submit [Set("/schedulingPriorityOverride", "-1")] => "/schedulingPriorityOverride", "-1";
    "submit-job/array-size-min" Documented "API:ArrayProperties": "An array has two children at least."
        Submit [Set("/arrayProperties/size", "1")] => "/arrayProperties/size", "2";
    "submit-job/array-size-max" Documented "API:ArrayProperties": "An array has 10000 children at most."
        Submit [Set("/arrayProperties/size", "10001")] => "/arrayProperties/size", "10000";
    "submit-job/array-size-required" Documented "API:ArrayProperties": "An array has a size."
        Submit [Set("/arrayProperties", "{}")] => "/arrayProperties", "size";
    "submit-job/depends-on-limit" Documented "API:SubmitJobRequest": "A job depends on twenty others at most."
        Submit [Fill("/dependsOn", 21, r#"{ "jobId": "id-%" }"#)] => "/dependsOn", "20";
    "submit-job/depends-on-names-a-job" Assumption "API:JobDependency": "A dependency without a type names a job."
        Submit [Set("/dependsOn", "[{}]")] => "/dependsOn/0", "names no job";
    "submit-job/depends-on-id-not-empty" Assumption "API:JobDependency": "The id of a dependency is not empty."
        Submit [Set("/dependsOn", r#"[{ "jobId": "" }]"#)] => "/dependsOn/0/jobId", "1";
    "submit-job/depends-on-type-known" Documented "API:ArrayJobDependency": "A dependency is N_TO_N or SEQUENTIAL."
        Submit [Set("/dependsOn", r#"[{ "type": "ALL" }]"#)] => "/dependsOn/0/type", "ALL";
    "submit-job/sequential-needs-array" Documented "API:SubmitJobRequest": "SEQUENTIAL is for array jobs."
        Submit [Set("/dependsOn", r#"[{ "type": "SEQUENTIAL" }]"#)] => "/dependsOn/0/type", "SEQUENTIAL";
    "submit-job/sequential-names-no-job" Documented "API:SubmitJobRequest": "SEQUENTIAL names no job."
        Submit [Set("/arrayProperties/size", "2"), Set("/dependsOn", r#"[{ "type": "SEQUENTIAL", "jobId": "id" }]"#)] => "/dependsOn/0/jobId", "names no job";
    "submit-job/n-to-n-needs-array" Documented "API:SubmitJobRequest": "N_TO_N is for array jobs."
        Submit [Set("/dependsOn", r#"[{ "type": "N_TO_N", "jobId": "id" }]"#)] => "/dependsOn/0/type", "N_TO_N";
    "submit-job/n-to-n-names-a-job" Documented "API:SubmitJobRequest": "N_TO_N names a job."
        Submit [Set("/arrayProperties/size", "2"), Set("/dependsOn", r#"[{ "type": "N_TO_N" }]"#)] => "/dependsOn/0", "add `jobId`";
    "submit-job/depends-on-once" Assumption "API:SubmitJobRequest": "A job depends on another once."
        Submit [Fill("/dependsOn", 2, r#"{ "jobId": "id" }"#)] => "/dependsOn/1", "twice";
    "submit-job/sequential-once" Assumption "API:SubmitJobRequest": "SEQUENTIAL stands once."
        Submit [Set("/arrayProperties/size", "2"), Fill("/dependsOn", 2, r#"{ "type": "SEQUENTIAL" }"#)] => "/dependsOn/1", "twice";
    "submit-job/attempts-max" Documented "API:RetryStrategy": "A submission asks for ten attempts at most."
        Submit [Set("/retryStrategy/attempts", "11")] => "/retryStrategy/attempts", "10";
    "submit-job/conditions-max" Documented "API:RetryStrategy": "A submission's strategy has five conditions at most, or six by the user guide."
        Submit [Set("/retryStrategy/attempts", "2"), Fill("/retryStrategy/evaluateOnExit", 6, r#"{ "onExitCode": "%", "action": "RETRY" }"#)] => "/retryStrategy/evaluateOnExit", "5 at most";
    "submit-job/timeout-min" Documented "API:JobTimeout": "A submission's timeout is 60 seconds at least."
        Submit [Set("/timeout/attemptDurationSeconds", "59")] => "/timeout/attemptDurationSeconds", "60";
    "submit-job/parameters-are-text" Documented "API:ParametersMap": "The value of a parameter is a text."
        Submit [Set("/parameters/a", "1")] => "/parameters/a", "string";
    "submit-job/consumables-max" Documented "UG:resource-aware-scheduling-how-to-for-jobs": "A submission asks for five consumable resources at most."
        Submit [Fill("/consumableResourcePropertiesOverride/consumableResourceList", 6, r#"{ "consumableResource": "r%", "quantity": 1 }"#)] => "/consumableResourcePropertiesOverride/consumableResourceList", "5";
    "submit-job/consumables-named-once" Assumption "API:ConsumableResourceProperties": "A submission names a consumable resource once."
        Submit [Fill("/consumableResourcePropertiesOverride/consumableResourceList", 2, r#"{ "consumableResource": "r", "quantity": 1 }"#)] => "/consumableResourcePropertiesOverride/consumableResourceList/1/consumableResource", "twice";
    "submit-job/tag-key-prefix" Documented "API:TagrisTagsMap": "The key of a job's tag does not start with aws:."
        Submit [Set("/tags/aws:x", r#""""#)] => "/tags/aws:x", "reserved";
    "submit-job/size-max" Documented "UG:service_limits": "A submission has 30 KiB at most."
        Submit [Repeat("/parameters/a", "a", 30720)] => "", "30 KiB";
    "submit-job/no-container-overrides" Documented "API:SubmitJobRequest": "Jobs on EKS take no containerOverrides."
        Submit [Set("/containerOverrides", "{}")] => "", "containerOverrides";
    "submit-job/no-ecs-override" Documented "API:SubmitJobRequest": "Jobs on EKS take no ecsPropertiesOverride."
        Submit [Set("/ecsPropertiesOverride", "{}")] => "", "ecsPropertiesOverride";
    "pod-override/container-known" Documented "API:EksContainerOverride": "An override names a container of the job definition."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "name": "other" }]"#)] => "/eksPropertiesOverride/podProperties/containers/0/name", "name one of `main`";
    "pod-override/init-container-known" Documented "API:EksContainerOverride": "An override names an init container of the job definition."
        Submit [Set("/eksPropertiesOverride/podProperties/initContainers", r#"[{ "name": "main" }]"#)] => "/eksPropertiesOverride/podProperties/initContainers/0/name", "no such entry";
    "pod-override/container-once" Assumption "API:EksContainerOverride": "A container is overridden once."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "name": "main", "image": "j" }, { "image": "k" }]"#)] => "/eksPropertiesOverride/podProperties/containers/1", "overridden twice";
    "pod-override/containers-max" Documented "API:EksPodPropertiesOverride": "Ten containers at most are overridden."
        Submit [Fill("/eksPropertiesOverride/podProperties/containers", 11, r#"{ "name": "c%" }"#)] => "/eksPropertiesOverride/podProperties/containers", "10";
    "pod-override/image-length" Documented "UG:create-job-definition-eks": "The name of another image has 255 characters at most."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", "[{}]"), Repeat("/eksPropertiesOverride/podProperties/containers/0/image", "a", 256)] => "/eksPropertiesOverride/podProperties/containers/0/image", "255";
    "pod-override/env-reserved" Documented "API:EksContainerOverride": "A variable that is added does not start with AWS_BATCH."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "env": [{ "name": "AWS_BATCH_A" }] }]"#)] => "/eksPropertiesOverride/podProperties/containers/0/env/0/name", "reserved";
    "pod-override/cpu-quarters" Documented "API:EksContainerOverride": "CPU that is overridden is a multiple of 0.25."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "resources": { "limits": { "cpu": "0.3" } } }]"#)] => "/eksPropertiesOverride/podProperties/containers/0/resources/limits/cpu", "multiple of 0.25";
    "pod-override/resources-agree" Documented "API:EksContainerOverride": "Resources that are overridden agree with those that are not."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "resources": { "requests": { "memory": "1024Mi" } } }]"#)] => "/eksPropertiesOverride/podProperties/containers/0/resources/requests/memory", "above the limit";
    "pod-override/label-reserved" Documented "API:EksMetadata": "A label that is added has no reserved prefix."
        Submit [Set("/eksPropertiesOverride/podProperties/metadata/labels/k8s.io~1x", r#""x""#)] => "/eksPropertiesOverride/podProperties/metadata/labels/k8s.io~1x", "reserved";
    "pod-override/annotation-length" Documented "API:EksMetadata": "An annotation that is added has 255 characters at most."
        Submit [Repeat("/eksPropertiesOverride/podProperties/metadata/annotations/a", "x", 256)] => "/eksPropertiesOverride/podProperties/metadata/annotations/a", "255";
    "pod-override/namespace-not-kube" Documented "API:EksMetadata": "Another namespace does not start with kube."
        Submit [Set("/eksPropertiesOverride/podProperties/metadata/namespace", r#""kube-system""#)] => "/eksPropertiesOverride/podProperties/metadata/namespace", "starting with `kube`";
    "pod-override/nothing-else-of-a-pod" Documented "API:EksPodPropertiesOverride": "Of a pod, containers and metadata alone are overridden."
        Submit [Set("/eksPropertiesOverride/podProperties/serviceAccountName", r#""a""#)] => "/eksPropertiesOverride/podProperties", "serviceAccountName";
    "pod-override/nothing-else-of-a-container" Documented "API:EksContainerOverride": "Of a container, image, command, args, env and resources alone are overridden."
        Submit [Set("/eksPropertiesOverride/podProperties/containers", r#"[{ "volumeMounts": [] }]"#)] => "/eksPropertiesOverride/podProperties/containers/0", "volumeMounts";
}
