//! Multi-node parallel jobs: nodes and their ranges, in definitions and submissions.

use crate::documents::Change::{Fill, Remove, Set};

rules! {
    "nodes/count-min" Assumption "API:NodeProperties": "A multi-node parallel job has a node."
        MultiNode [Set("/nodeProperties/numNodes", "0")] => "/nodeProperties/numNodes", "1";
    "nodes/count-max" Documented "UG:mnp-eks-running-mnp-jobs": "A multi-node parallel job has 1000 nodes at most."
        MultiNode [Set("/nodeProperties/numNodes", "1001")] => "/nodeProperties/numNodes", "1000";
    "nodes/main-required" Documented "API:NodeProperties": "A multi-node parallel job has a main node."
        MultiNode [Remove("/nodeProperties/mainNode")] => "/nodeProperties", "mainNode";
    "nodes/main-below-count" Documented "API:NodeProperties": "The main node's index is below the number of nodes."
        MultiNode [Set("/nodeProperties/mainNode", "4")] => "/nodeProperties/mainNode", "no node 4";
    "nodes/ranges-min" Documented "API:NodeProperties": "A multi-node parallel job has a range."
        MultiNode [Set("/nodeProperties/nodeRangeProperties", "[]")] => "/nodeProperties/nodeRangeProperties", "1";
    "nodes/ranges-max" Documented "UG:mnp-eks-running-mnp-jobs": "A multi-node parallel job has five ranges at most."
        MultiNode [Fill("/nodeProperties/nodeRangeProperties", 6, r#"{ "targetNodes": "0:", "eksProperties": { "podProperties": { "containers": [{ "image": "i", "resources": { "limits": { "cpu": "1", "memory": "4Mi" } } }] } } }"#)] => "/nodeProperties/nodeRangeProperties", "5";
    "nodes/range-required" Documented "API:NodeRangeProperty": "A range says which nodes it holds."
        MultiNode [Remove("/nodeProperties/nodeRangeProperties/0/targetNodes")] => "/nodeProperties/nodeRangeProperties/0", "targetNodes";
    "nodes/range-form" Documented "API:NodeRangeProperty": "A range is written like 0:3, :3 or 4:."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/0/targetNodes", r#""0-1""#)] => "/nodeProperties/nodeRangeProperties/0/targetNodes", "0-1";
    "nodes/range-forward" Assumption "API:NodeRangeProperty": "A range does not end before it begins."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/1/targetNodes", r#""3:2""#), Set("/nodeProperties/nodeRangeProperties/0/targetNodes", r#""0:""#)] => "/nodeProperties/nodeRangeProperties/1/targetNodes", "before it begins";
    "nodes/range-within" Assumption "API:NodeRangeProperty": "A range does not go beyond the last node."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/1/targetNodes", r#""2:4""#)] => "/nodeProperties/nodeRangeProperties/1/targetNodes", "no node 4";
    "nodes/range-begins-within" Assumption "API:NodeRangeProperty": "A range does not begin after the last node."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/0/targetNodes", r#"":""#), Set("/nodeProperties/nodeRangeProperties/1/targetNodes", r#""4:""#)] => "/nodeProperties/nodeRangeProperties/1/targetNodes", "no node 4";
    "nodes/ranges-cover" Documented "API:NodeRangeProperty": "The ranges hold every node."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/1/targetNodes", r#""3:""#)] => "/nodeProperties/nodeRangeProperties", "node 2";
    "nodes/range-needs-pod" Assumption "API:NodeRangeProperty": "A range says what its nodes run."
        MultiNode [Remove("/nodeProperties/nodeRangeProperties/1/eksProperties")] => "/nodeProperties/nodeRangeProperties/1", "no `eksProperties`";
    "nodes/no-ecs-container" Documented "API:NodeRangeProperty": "A range of an EKS job has no container, which is ECS's."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/0/container", "{}")] => "/nodeProperties/nodeRangeProperties/0", "container";
    "nodes/instance-types-max" Documented "API:NodeRangeProperty": "A range names one instance type at most."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/0/instanceTypes", r#"["m5.large", "m5.xlarge"]"#)] => "/nodeProperties/nodeRangeProperties/0/instanceTypes", "1";
    "nodes/one-instance-type" Documented "UG:mnp-eks-running-mnp-jobs": "All nodes of a job are of one instance type."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/1/instanceTypes", r#"["c5.large"]"#)] => "/nodeProperties/nodeRangeProperties/1/instanceTypes/0", "`c5.large` is not `m5.large`";
    "nodes/one-namespace" Documented "API:EksMetadata": "All nodes of a job are in one namespace."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/1/eksProperties/podProperties/metadata/namespace", r#""team-a""#)] => "/nodeProperties/nodeRangeProperties/1/eksProperties/podProperties/metadata", "first range";
    "nodes/pods-follow-the-rules" Documented "API:NodeRangeProperty": "The pods of ranges follow the rules of pods."
        MultiNode [Set("/nodeProperties/nodeRangeProperties/1/eksProperties/podProperties/containers/0/resources/limits/cpu", r#""0.1""#)] => "/nodeProperties/nodeRangeProperties/1/eksProperties/podProperties/containers/0/resources/limits/cpu", "0.25";
    "nodes/consumables-named-once" Assumption "API:ConsumableResourceProperties": "A range names a consumable resource once."
        MultiNode [Fill("/nodeProperties/nodeRangeProperties/0/consumableResourceProperties/consumableResourceList", 2, r#"{ "consumableResource": "r", "quantity": 1 }"#)] => "/nodeProperties/nodeRangeProperties/0/consumableResourceProperties/consumableResourceList/1/consumableResource", "twice";
    "node-overrides/multinode-only" Documented "API:NodeOverrides": "Node overrides are for multi-node parallel jobs."
        Submit [Set("/nodeOverrides", r#"{ "nodePropertyOverrides": [] }"#)] => "/nodeOverrides", "`container`";
    "node-overrides/count-max" Documented "UG:mnp-eks-running-mnp-jobs": "A submission asks for 1000 nodes at most."
        SubmitMultiNode [Set("/nodeOverrides/numNodes", "1001")] => "/nodeOverrides/numNodes", "1000";
    "node-overrides/count-needs-open-range" Documented "API:NodeOverrides": "Another number of nodes needs a range with an open upper end."
        SubmitFixedNodes [Set("/nodeOverrides/numNodes", "8")] => "/nodeOverrides/numNodes", "open upper end";
    "node-overrides/count-above-ranges" Documented "API:NodeOverrides": "With another number of nodes every range still has one."
        SubmitMultiNode [Set("/nodeOverrides/numNodes", "2")] => "/nodeOverrides/numNodes", "range `2:` has none";
    "node-overrides/count-above-main" Documented "API:NodeOverrides": "With another number of nodes there still is a main node."
        SubmitMultiNode [Set("/nodeOverrides/numNodes", "3")] => "/nodeOverrides/numNodes", "main node";
    "node-overrides/range-form" Documented "API:NodePropertyOverride": "An override's range is written like 0:3, :3 or 4:."
        SubmitMultiNode [Set("/nodeOverrides/nodePropertyOverrides", r#"[{ "targetNodes": "all" }]"#)] => "/nodeOverrides/nodePropertyOverrides/0/targetNodes", "all";
    "node-overrides/range-within" Assumption "API:NodePropertyOverride": "An override's range does not go beyond the last node."
        SubmitMultiNode [Set("/nodeOverrides/nodePropertyOverrides", r#"[{ "targetNodes": "0:4" }]"#)] => "/nodeOverrides/nodePropertyOverrides/0/targetNodes", "no node 4";
    "node-overrides/container-known" Documented "API:EksContainerOverride": "An override by range names a container of the range's pod."
        SubmitMultiNode [Set("/nodeOverrides/nodePropertyOverrides", r#"[{ "targetNodes": "0:1", "eksPropertiesOverride": { "podProperties": { "containers": [{ "name": "worker" }] } } }]"#)] => "/nodeOverrides/nodePropertyOverrides/0/eksPropertiesOverride/podProperties/containers/0/name", "name one of `main`";
    "node-overrides/one-namespace" Documented "API:EksMetadata": "Overrides leave all nodes of a job in one namespace."
        SubmitMultiNode [Set("/nodeOverrides/nodePropertyOverrides", r#"[{ "targetNodes": "2:", "eksPropertiesOverride": { "podProperties": { "metadata": { "namespace": "team-a" } } } }]"#)] => "/nodeOverrides/nodePropertyOverrides", "different namespaces";
    "node-overrides/consumables-named-once" Assumption "API:NodePropertyOverride": "An override by range names a consumable resource once."
        SubmitMultiNode [Set("/nodeOverrides/nodePropertyOverrides", r#"[{ "targetNodes": "2:", "consumableResourcePropertiesOverride": { "consumableResourceList": [{ "consumableResource": "r", "quantity": 1 }, { "consumableResource": "r", "quantity": 1 }] } }]"#)] => "/nodeOverrides/nodePropertyOverrides/0/consumableResourcePropertiesOverride/consumableResourceList/1/consumableResource", "twice";
    "node-overrides/no-pod-override-beside" Assumption "API:SubmitJobRequest": "The pods of a multi-node parallel job are overridden by range."
        SubmitMultiNode [Set("/eksPropertiesOverride", "{}")] => "/eksPropertiesOverride", "`multinode`";
    "node-overrides/no-array" Assumption "API:ArrayProperties": "A multi-node parallel job is no array job."
        SubmitMultiNode [Set("/arrayProperties/size", "2")] => "/arrayProperties", "array job";
}
