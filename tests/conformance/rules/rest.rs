//! Rules of nodes, of pods, and of multi-node parallel jobs.

use super::Mark::Documented;
use super::Tested::{LeftOut, Pod, Test, Transcript};
use super::{Rule, rules};

pub(super) const NODES: &[Rule] = rules! {
    "node/cpu-reserve", "The kubelet keeps 6 % of the first core, 1 % of the second, 0.5 % of the next two, 0.25 % of the rest.",
        "AMI:nodeadm/internal/kubelet/config.go", Documented, [Test("src/catalog/kubelet.rs::cpu_reserves_are_those_of_the_ami"), Test("tests/catalog.rs::allocatable_agrees_with_the_amis_formulas")];
    "node/memory-reserve", "The kubelet keeps 11 MiB per pod, 255 MiB, and 100 MiB for eviction.",
        "AMI:nodeadm/internal/kubelet/config.go", Documented, [Test("src/catalog/kubelet.rs::the_example_of_the_user_guide"), Test("tests/truth/karpenter.rs::nodes_offer_what_karpenter_says")];
    "node/fits", "On 2 vCPUs a job of 2 does not fit and one of 1.75 does; 8192 MiB do not fit an 8 GiB node.",
        "UG:memory-cpu-batch-eks", Documented, [Test("tests/catalog.rs::the_user_guides_examples_of_what_fits")];
};

pub(super) const PODS: &[Rule] = rules! {
    "pod/identity", "A pod carries the labels of its environment, job and node, and is placed by Batch itself.",
        "UG:eks-jobs-map-running-pod-to-job", Documented, [Pod("plain")];
    "pod/environment", "Batch's variables are injected: job id, attempt, queue, environment, node.",
        "UG:job_env_vars", Documented, [Pod("plain")];
    "pod/array-variables", "A child's pod has its index and the array's size.",
        "UG:job_env_vars", Documented, [Pod("array_child")];
    "pod/multi-node-variables", "A node's pod has its index, the number of nodes and the main node; all but the main one its address.",
        "UG:job_env_vars", Documented, [Pod("multi_node_main"), Pod("multi_node_child")];
    "pod/network", "hostNetwork is the default, and decides on the default of dnsPolicy.",
        "API:EksPodProperties", Documented, [Pod("pod_network"), Pod("dns_policy")];
    "pod/init-containers", "Init containers run before the others.",
        "API:EksPodProperties", Documented, [Pod("init_containers")];
    "pod/namespace", "A job's own namespace, claims and annotations are its pod's.",
        "API:EksMetadata", Documented, [Pod("namespace_claim_annotations")];
    "pod/security-contexts", "Security contexts of pod and containers are its own.",
        "API:EksPodProperties", Documented, [Pod("security_contexts")];
    "pod/deleted-soon", "Pods are deleted soon after they are over.",
        "UG:batch-eks-cloudwatch-logs", Documented, [LeftOut("a pod that is over holds nothing, so no result can show it")];
};

pub(super) const MULTI_NODE: &[Rule] = rules! {
    "multi-node/all-or-nothing", "A multi-node parallel job starts when all of its nodes are there.",
        "UG:mnp-eks-running-mnp-jobs", Documented, [Transcript("multi_node_all_or_nothing")];
    "multi-node/single-tenant", "One pod per node, and nothing beside it.",
        "UG:mnp-eks-running-mnp-jobs", Documented, [Transcript("multi_node_all_or_nothing")];
    "multi-node/main-first", "The main node starts first, the others when it runs.",
        "UG:job-lifecycle", Documented, [Transcript("multi_node_all_or_nothing")];
    "multi-node/main-decides", "The main node's end is the job's, and stops the others; only its failure is retried.",
        "UG:job-lifecycle", Documented, [Transcript("multi_node_main_decides"), Test("tests/history/lives.rs::the_main_node_of_a_multi_node_parallel_job_decides")];
    "multi-node/child-death", "The death of another node does nothing.",
        "UG:job-lifecycle", Documented, [Transcript("multi_node_main_decides")];
    "multi-node/on-demand", "Neither Spot nor UNMANAGED environments run multi-node parallel jobs.",
        "UG:mnp-ce", Documented, [Transcript("multi_node_needs_on_demand")];
    "multi-node/one-type", "All nodes are of one type, and no other takes its place.",
        "API:CRAllocationStrategy", Documented, [Transcript("multi_node_one_type")];
    "multi-node/beyond-max", "A job whose nodes are more than maxvCpus allows waits in RUNNABLE.",
        "UG:mnp-ce", Documented, [Transcript("multi_node_beyond_max")];
};
