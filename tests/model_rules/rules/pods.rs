//! Pods but for their containers and metadata: volumes, network, secrets, security context, and what is not offered.

use crate::documents::Change::{Fill, Pad, Remove, Repeat, Set};

rules! {
    "pod/containers-max" Documented "API:EksPodProperties": "A pod has ten containers at most."
        Pod [Fill("/containers", 11, r#"{ "name": "c%", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }"#)] => "/containers", "10";
    "pod/containers-min" Assumption "API:EksPodProperties": "A pod has a container."
        Pod [Set("/containers", "[]")] => "/containers", "1";
    "pod/containers-required" Assumption "API:EksPodProperties": "A pod says which containers it has."
        Pod [Remove("/containers")] => "", "containers";
    "pod/init-containers-max" Documented "API:EksPodProperties": "A pod has ten init containers at most."
        Pod [Fill("/initContainers", 11, r#"{ "name": "c%", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }"#)] => "/initContainers", "10";
    "pod/container-names-unique" Documented "API:EksContainer": "The containers of a pod have different names."
        Pod [Fill("/containers", 2, r#"{ "name": "same", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }"#)] => "/containers/1/name", "two containers named `same`";
    "pod/default-name-once" Documented "API:EksContainer": "One container of a pod may do without a name."
        Pod [Fill("/containers", 2, r#"{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }"#)] => "/containers/1", "`Default`";
    "pod/init-container-names-unique" Documented "API:EksContainer": "An init container has another name than the pod's containers."
        Pod [Set("/initContainers", r#"[{ "name": "main", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }]"#)] => "/initContainers/0/name", "two containers named `main`";
    "pod/container-names-differ-beyond-case" Assumption "Kubernetes: names are lower-case": "Names of containers that differ in case alone are the same to Kubernetes."
        Pod [Set("/initContainers", r#"[{ "name": "Main", "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }]"#)] => "/initContainers/0/name", "two containers named `Main`";
    "pod/service-account-name" Documented "API:EksPodProperties": "The service account has a name that Kubernetes takes."
        Pod [Set("/serviceAccountName", r#""My_Account""#)] => "/serviceAccountName", "My_Account";
    "pod/dns-policy-known" Documented "API:EksPodProperties": "The DNS policy is Default, ClusterFirst or ClusterFirstWithHostNet."
        Pod [Set("/dnsPolicy", r#""None""#)] => "/dnsPolicy", "None";
    "pod/host-network-boolean" Documented "API:EksPodProperties": "Whether the pod uses the node's network is true or false."
        Pod [Set("/hostNetwork", r#""true""#)] => "/hostNetwork", "boolean";
    "pod/image-pull-secret-named" Documented "API:ImagePullSecret": "A secret for images has a name."
        Pod [Set("/imagePullSecrets", "[{}]")] => "/imagePullSecrets/0", "name";
    "pod/image-pull-secret-alphabet" Documented "API:ImagePullSecret": "A secret's name is lower-case, with letters or digits at its ends."
        Pod [Set("/imagePullSecrets", r#"[{ "name": "Secret" }]"#)] => "/imagePullSecrets/0/name", "Secret";
    "pod/image-pull-secret-length" Documented "API:ImagePullSecret": "A secret's name has 253 characters at most."
        Pod [Set("/imagePullSecrets", "[{}]"), Repeat("/imagePullSecrets/0/name", "a", 254)] => "/imagePullSecrets/0/name", "253";
    "pod/no-node-selector" Documented "API:EksPodProperties": "Users do not select nodes: AWS Batch places the pod."
        Pod [Set("/nodeSelector", "{}")] => "", "nodeSelector";
    "pod/no-affinity" Documented "API:EksPodProperties": "A pod has no affinity."
        Pod [Set("/affinity", "{}")] => "", "affinity";
    "pod/no-tolerations" Documented "API:EksPodProperties": "A pod has no tolerations but AWS Batch's."
        Pod [Set("/tolerations", "[]")] => "", "tolerations";
    "pod/no-priority-class" Documented "API:EksPodProperties": "A pod has no priority class."
        Pod [Set("/priorityClassName", r#""high""#)] => "", "priorityClassName";
    "pod/no-runtime-class" Documented "API:EksPodProperties": "A pod has no runtime class."
        Pod [Set("/runtimeClassName", r#""gvisor""#)] => "", "runtimeClassName";
    "pod/no-termination-grace-period" Documented "API:EksPodProperties": "A pod's grace period is AWS Batch's."
        Pod [Set("/terminationGracePeriodSeconds", "60")] => "", "terminationGracePeriodSeconds";
    "pod/no-restart-policy" Documented "API:EksPodProperties": "A pod's restart policy is AWS Batch's."
        Pod [Set("/restartPolicy", r#""Always""#)] => "", "restartPolicy";
    "volume/name-required" Documented "API:EksVolume": "A volume has a name."
        Pod [Remove("/volumes/0/name")] => "/volumes/0", "name";
    "volume/name-alphabet" Documented "API:EksVolume": "A volume's name is a DNS subdomain."
        Pod [Set("/volumes/0/name", r#""My_Data""#)] => "/volumes/0/name", "My_Data";
    "volume/name-length" Documented "API:EksVolume": "A volume's name has 253 characters at most."
        Pod [Repeat("/volumes/0/name", "a", 254)] => "/volumes/0/name", "253";
    "volume/names-unique" Assumption "Kubernetes: volumes": "The volumes of a pod have different names."
        Pod [Fill("/volumes", 2, r#"{ "name": "data", "emptyDir": {} }"#)] => "/volumes/1/name", "two volumes";
    "volume/has-a-source" Assumption "Kubernetes: volumes": "A volume has a source."
        Pod [Remove("/volumes/0/emptyDir")] => "/volumes/0", "0 sources";
    "volume/has-one-source" Assumption "Kubernetes: volumes": "A volume has no second source."
        Pod [Set("/volumes/0/hostPath", r#"{ "path": "/data" }"#)] => "/volumes/0", "2 sources";
    "volume/source-known" Documented "API:EksVolume": "A volume is a path of the node, an empty directory, a secret or a claim."
        Pod [Set("/volumes/0/configMap", "{}")] => "/volumes/0", "configMap";
    "volume/host-path-not-empty" Assumption "Kubernetes: hostPath": "A path of the node is not empty."
        Pod [Set("/volumes/0", r#"{ "name": "data", "hostPath": { "path": "" } }"#)] => "/volumes/0/hostPath/path", "1";
    "volume/host-path-stays" Assumption "Kubernetes: hostPath": "A path of the node does not go up."
        Pod [Set("/volumes/0", r#"{ "name": "data", "hostPath": { "path": "/data/../etc" } }"#)] => "/volumes/0/hostPath/path", "..";
    "volume/medium-known" Documented "API:EksEmptyDir": "An empty directory lies on the node's disk or in its memory."
        Pod [Set("/volumes/0/emptyDir/medium", r#""HugePages""#)] => "/volumes/0/emptyDir/medium", "HugePages";
    "volume/size-limit-quantity" Documented "API:EksEmptyDir": "The size of an empty directory is a quantity."
        Pod [Set("/volumes/0/emptyDir/sizeLimit", r#""large""#)] => "/volumes/0/emptyDir/sizeLimit", "no memory quantity";
    "volume/size-limit-length" Documented "API:Quantity": "A quantity has 256 characters at most."
        Pod [Pad("/volumes/0/emptyDir/sizeLimit", "1.", "0", 255)] => "/volumes/0/emptyDir/sizeLimit", "256";
    "volume/secret-named" Documented "API:EksSecret": "A secret that is a volume is named."
        Pod [Set("/volumes/0", r#"{ "name": "data", "secret": {} }"#)] => "/volumes/0/secret", "secretName";
    "volume/secret-name" Documented "API:EksSecret": "A secret's name is a DNS subdomain."
        Pod [Set("/volumes/0", r#"{ "name": "data", "secret": { "secretName": "A_B" } }"#)] => "/volumes/0/secret/secretName", "A_B";
    "volume/claim-named" Documented "API:EksPersistentVolumeClaim": "A claim is named."
        Pod [Set("/volumes/0", r#"{ "name": "data", "persistentVolumeClaim": { "readOnly": true } }"#)] => "/volumes/0/persistentVolumeClaim", "claimName";
    "volume/claim-name" Assumption "Kubernetes: object names": "A claim's name is a DNS subdomain."
        Pod [Set("/volumes/0", r#"{ "name": "data", "persistentVolumeClaim": { "claimName": "-a" } }"#)] => "/volumes/0/persistentVolumeClaim/claimName", "-a";
    "pod-security/run-as-user-max" Documented "API:EksPodSecurityContext": "A pod's user id is 2147483647 at most."
        Pod [Set("/securityContext/runAsUser", "2147483648")] => "/securityContext/runAsUser", "2147483647";
    "pod-security/run-as-user-min" Documented "API:EksPodSecurityContext": "A pod's user id is not negative."
        Pod [Set("/securityContext/runAsUser", "-1")] => "/securityContext/runAsUser", "-1";
    "pod-security/run-as-group-max" Documented "API:EksPodSecurityContext": "A pod's group id is 2147483647 at most."
        Pod [Set("/securityContext/runAsGroup", "2147483648")] => "/securityContext/runAsGroup", "2147483647";
    "pod-security/fs-group-max" Documented "API:EksPodSecurityContext": "The group id of a pod's volumes is 2147483647 at most."
        Pod [Set("/securityContext/fsGroup", "2147483648")] => "/securityContext/fsGroup", "2147483647";
    "pod-security/no-privileged" Documented "API:EksPodSecurityContext": "A pod as a whole is not privileged; a container may be."
        Pod [Set("/securityContext/privileged", "true")] => "/securityContext", "privileged";
    "pod-security/seccomp-type-known" Documented "API:EksSeccompProfileType": "A seccomp profile is RuntimeDefault, Localhost or Unconfined."
        Pod [Set("/securityContext/seccompProfile/type", r#""Strict""#)] => "/securityContext/seccompProfile/type", "Strict";
    "pod-security/seccomp-type-required" Documented "API:EksSeccompProfile": "A seccomp profile has a type."
        Pod [Set("/securityContext/seccompProfile", "{}")] => "/securityContext/seccompProfile", "type";
    "pod-security/localhost-needs-profile" Documented "API:EksSeccompProfile": "The type Localhost names a profile."
        Pod [Set("/securityContext/seccompProfile/type", r#""Localhost""#)] => "/securityContext/seccompProfile", "needs `localhostProfile`";
    "pod-security/profile-needs-localhost" Documented "API:EksSeccompProfile": "No other type than Localhost names a profile."
        Pod [Set("/securityContext/seccompProfile", r#"{ "type": "RuntimeDefault", "localhostProfile": "a.json" }"#)] => "/securityContext/seccompProfile/localhostProfile", "alone";
    "pod-security/profile-not-empty" Documented "API:EksSeccompLocalhostProfile": "The name of a profile is not empty."
        Pod [Set("/securityContext/seccompProfile", r#"{ "type": "Localhost", "localhostProfile": "" }"#)] => "/securityContext/seccompProfile/localhostProfile", "1";
    "pod-security/profile-length" Documented "API:EksSeccompLocalhostProfile": "The name of a profile has 4095 characters at most."
        Pod [Set("/securityContext/seccompProfile/type", r#""Localhost""#), Repeat("/securityContext/seccompProfile/localhostProfile", "a", 4096)] => "/securityContext/seccompProfile/localhostProfile", "4095";
}
