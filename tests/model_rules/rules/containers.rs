//! Containers: names, images, variables, resources, mounts, security contexts, and what is not offered.

use crate::documents::Change::{Fill, Pad, Remove, Repeat, Set};

rules! {
    "container/name-alphabet" Documented "UG:create-job-definition-eks": "A container's name has letters, digits and hyphens."
        Container [Set("/name", r#""my_main""#)] => "/name", "my_main";
    "container/name-start" Documented "UG:create-job-definition-eks": "A container's name starts with a letter or digit."
        Container [Set("/name", r#""-main""#)] => "/name", "-main";
    "container/name-end" Assumption "Kubernetes: container names are DNS labels": "A container's name ends with a letter or digit."
        Container [Set("/name", r#""main-""#)] => "/name", "main-";
    "container/name-length" Documented "UG:create-job-definition-eks": "A container's name has 63 characters at most."
        Container [Repeat("/name", "a", 64)] => "/name", "61";
    "container/image-required" Documented "API:EksContainer": "A container has an image."
        Container [Remove("/image")] => "", "image";
    "container/image-not-empty" Documented "API:EksContainer": "A container's image is not empty."
        Container [Set("/image", r#""""#)] => "/image", "1";
    "container/image-length" Documented "UG:create-job-definition-eks": "The name of an image has 255 characters at most."
        Container [Repeat("/image", "a", 256)] => "/image", "255";
    "container/image-alphabet" Documented "UG:create-job-definition-eks": "The name of an image has letters, digits and a few signs."
        Container [Set("/image", r#""my image""#)] => "/image", "my image";
    "container/pull-policy-known" Documented "API:EksContainer": "An image is pulled Always, IfNotPresent or Never."
        Container [Set("/imagePullPolicy", r#""Sometimes""#)] => "/imagePullPolicy", "Sometimes";
    "container/env-reserved" Documented "API:EksContainer": "A variable's name does not start with AWS_BATCH."
        Container [Set("/env", r#"[{ "name": "AWS_BATCH_X", "value": "1" }]"#)] => "/env/0/name", "reserved";
    "container/env-named" Documented "API:EksContainerEnvironmentVariable": "A variable has a name."
        Container [Set("/env", r#"[{ "value": "1" }]"#)] => "/env/0", "name";
    "container/env-name-not-empty" Assumption "Kubernetes: environment variables": "A variable's name is not empty."
        Container [Set("/env", r#"[{ "name": "" }]"#)] => "/env/0/name", "does not match";
    "container/env-name-alphabet" Assumption "Kubernetes: environment variables": "A variable's name has no equals sign."
        Container [Set("/env", r#"[{ "name": "A=B" }]"#)] => "/env/0/name", "A=B";
    "container/env-unique" Assumption "Kubernetes: environment variables": "A container sets a variable once."
        Container [Fill("/env", 2, r#"{ "name": "A", "value": "%" }"#)] => "/env/1/name", "twice";
    "resources/cpu-required" Documented "UG:memory-cpu-batch-eks": "A container asks for CPU, in requests or limits."
        Container [Remove("/resources/limits/cpu")] => "/resources", "`cpu`";
    "resources/memory-required" Documented "UG:memory-cpu-batch-eks": "A container asks for memory, in requests or limits."
        Container [Remove("/resources/limits/memory")] => "/resources", "`memory`";
    "resources/cpu-quarters" Documented "API:EksContainerResourceRequirements": "CPU is a multiple of 0.25."
        Container [Set("/resources/limits/cpu", r#""0.3""#)] => "/resources/limits/cpu", "multiple of 0.25";
    "resources/cpu-min" Documented "API:EksContainerResourceRequirements": "CPU is 0.25 at least."
        Container [Set("/resources/limits/cpu", r#""0""#)] => "/resources/limits/cpu", "less than 0.25";
    "resources/cpu-no-suffix" Documented "UG:memory-cpu-batch-eks": "CPU has no suffix."
        Container [Set("/resources/limits/cpu", r#""500m""#)] => "/resources/limits/cpu", "suffix `m`";
    "resources/cpu-text" Documented "API:EksLimits": "A quantity is a text."
        Container [Set("/resources/limits/cpu", "1")] => "/resources/limits/cpu", "string";
    "resources/cpu-limit-at-least-request" Documented "API:EksContainerResourceRequirements": "The limit of CPU is not below the request."
        Container [Set("/resources/requests/cpu", r#""2""#)] => "/resources/requests/cpu", "above the limit";
    "resources/memory-suffix" Documented "API:EksContainerResourceRequirements": "Memory is in whole MiB, with the suffix Mi."
        Container [Set("/resources/limits/memory", r#""1Gi""#)] => "/resources/limits/memory", "`1024Mi`";
    "resources/memory-whole" Documented "API:EksContainerResourceRequirements": "Memory has no fraction of a MiB."
        Container [Set("/resources/limits/memory", r#""1.5Mi""#)] => "/resources/limits/memory", "no memory quantity";
    "resources/memory-min" Documented "API:EksContainerResourceRequirements": "Memory is 4 MiB at least."
        Container [Set("/resources/limits/memory", r#""3Mi""#)] => "/resources/limits/memory", "4 MiB";
    "resources/memory-limit-is-request" Documented "API:EksContainerResourceRequirements": "The limit of memory is the request."
        Container [Set("/resources/requests/memory", r#""256Mi""#)] => "/resources/requests/memory", "wants them equal";
    "resources/gpu-whole" Documented "API:EksContainerResourceRequirements": "GPUs are whole."
        Container [Set("/resources/limits/nvidia.com~1gpu", r#""0.5""#)] => "/resources/limits/nvidia.com~1gpu", "GPUs";
    "resources/gpu-no-sign" Documented "API:EksContainerResourceRequirements": "The number of GPUs has no sign."
        Container [Set("/resources/limits/nvidia.com~1gpu", r#""+1""#)] => "/resources/limits/nvidia.com~1gpu", "GPUs";
    "resources/gpu-limit-is-request" Documented "API:EksContainerResourceRequirements": "The limit of GPUs is the request."
        Container [Set("/resources/limits/nvidia.com~1gpu", r#""2""#), Set("/resources/requests/nvidia.com~1gpu", r#""1""#)] => "/resources/requests/nvidia.com~1gpu", "wants them equal";
    "resources/known" Documented "API:EksContainerResourceRequirements": "A container asks for cpu, memory and nvidia.com/gpu alone."
        Container [Set("/resources/limits/ephemeral-storage", r#""1Gi""#)] => "/resources/limits", "ephemeral-storage";
    "resources/quantity-length" Documented "API:Quantity": "The quantity of a resource has 256 characters at most."
        Container [Pad("/resources/limits/cpu", "1.", "0", 255)] => "/resources/limits/cpu", "256";
    "mount/volume-declared" Documented "API:EksContainerVolumeMount": "A mount names a volume of the pod."
        Container [Set("/volumeMounts", r#"[{ "name": "dat", "mountPath": "/a" }]"#)] => "/volumeMounts/0/name", "name one of `data`";
    "mount/path-absolute" Assumption "API:EksContainerVolumeMount": "A mount's path is absolute."
        Container [Set("/volumeMounts", r#"[{ "name": "data", "mountPath": "a" }]"#)] => "/volumeMounts/0/mountPath", "does not match";
    "mount/path-without-colon" Assumption "Kubernetes: volumeMounts": "A mount's path has no colon."
        Container [Set("/volumeMounts", r#"[{ "name": "data", "mountPath": "/a:b" }]"#)] => "/volumeMounts/0/mountPath", "/a:b";
    "mount/path-unique" Assumption "Kubernetes: volumeMounts": "The mounts of a container have different paths."
        Container [Fill("/volumeMounts", 2, r#"{ "name": "data", "mountPath": "/a", "subPath": "%" }"#)] => "/volumeMounts/1/mountPath", "two volumes at `/a`";
    "mount/sub-path-relative" Assumption "Kubernetes: volumeMounts": "The path in a volume is relative."
        Container [Set("/volumeMounts", r#"[{ "name": "data", "mountPath": "/a", "subPath": "/b" }]"#)] => "/volumeMounts/0/subPath", "out of the volume";
    "mount/sub-path-stays" Assumption "Kubernetes: volumeMounts": "The path in a volume does not go up."
        Container [Set("/volumeMounts", r#"[{ "name": "data", "mountPath": "/a", "subPath": "b/../../c" }]"#)] => "/volumeMounts/0/subPath", "out of the volume";
    "security/run-as-user-max" Documented "API:EksContainerSecurityContext": "A container's user id is 2147483647 at most."
        Container [Set("/securityContext/runAsUser", "2147483648")] => "/securityContext/runAsUser", "2147483647";
    "security/run-as-group-max" Documented "API:EksContainerSecurityContext": "A container's group id is 2147483647 at most."
        Container [Set("/securityContext/runAsGroup", "2147483648")] => "/securityContext/runAsGroup", "2147483647";
    "security/no-fs-group" Documented "API:EksContainerSecurityContext": "A group id of volumes is the pod's, not a container's."
        Container [Set("/securityContext/fsGroup", "1")] => "/securityContext", "fsGroup";
    "security/privileged-may-escalate" Assumption "Kubernetes: securityContext": "A privileged container can't be kept from escalation."
        Container [Set("/securityContext", r#"{ "privileged": true, "allowPrivilegeEscalation": false }"#)] => "/securityContext/allowPrivilegeEscalation", "privileged";
    "security/capabilities-add-max" Documented "API:EksContainerLinuxCapabilityList": "A container adds 64 capabilities at most."
        Container [Fill("/securityContext/capabilities/add", 65, r#""C%""#)] => "/securityContext/capabilities/add", "64";
    "security/capabilities-drop-max" Documented "API:EksContainerLinuxCapabilityList": "A container drops 64 capabilities at most."
        Container [Fill("/securityContext/capabilities/drop", 65, r#""C%""#)] => "/securityContext/capabilities/drop", "64";
    "security/capability-prefix" Documented "API:EksContainerLinuxCapabilities": "A capability has no prefix CAP_."
        Container [Set("/securityContext/capabilities/add", r#"["CAP_NET_ADMIN"]"#)] => "/securityContext/capabilities/add/0", "write `NET_ADMIN`";
    "security/capability-not-empty" Documented "API:EksContainerLinuxCapability": "A capability's name is not empty."
        Container [Set("/securityContext/capabilities/drop", r#"[""]"#)] => "/securityContext/capabilities/drop/0", "1";
    "security/capability-length" Documented "API:EksContainerLinuxCapability": "A capability's name has 128 characters at most."
        Container [Set("/securityContext/capabilities/drop", r#"[""]"#), Repeat("/securityContext/capabilities/drop/0", "A", 129)] => "/securityContext/capabilities/drop/0", "128";
    "security/localhost-needs-profile" Documented "API:EksSeccompProfile": "A container's type Localhost names a profile too."
        Container [Set("/securityContext/seccompProfile/type", r#""Localhost""#)] => "/securityContext/seccompProfile", "needs `localhostProfile`";
    "container/no-ports" Documented "API:EksContainer": "A container has no ports."
        Container [Set("/ports", "[]")] => "", "ports";
    "container/no-probes" Documented "API:EksContainer": "A container has no probes."
        Container [Set("/livenessProbe", "{}")] => "", "livenessProbe";
    "container/no-lifecycle" Documented "API:EksContainer": "A container has no lifecycle hooks."
        Container [Set("/lifecycle", "{}")] => "", "lifecycle";
    "container/no-env-from" Documented "API:EksContainer": "A container takes its variables one by one."
        Container [Set("/envFrom", "[]")] => "", "envFrom";
    "container/no-vcpus" Documented "API:EksContainer": "A container of EKS has no vcpus field."
        Container [Set("/vcpus", "1")] => "", "vcpus";
}
