//! Templates by hand and as the CDK synthesises them; every function that a template can be resolved by.

use serde_json::{Value, json};

use crate::folder::Folder;

/// Written by hand: short tags, parameters, a mapping, conditions, tags as a list.
const YAML: &str = r#"
AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Env: { Type: String, Default: dev }
  MaxVCpus: { Type: Number, Default: 64 }
  Types: { Type: CommaDelimitedList, Default: "m5.xlarge, m5.2xlarge" }
  ClusterArn: { Type: String }
Mappings:
  Sizes:
    dev: { memory: 1024Mi, cpu: "0.5" }
    prod: { memory: 8192Mi, cpu: "2" }
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  NotProd: !Not [!Condition IsProd]
  Either: !Or [!Condition IsProd, !Equals [a, a]]
  Both: !And [!Condition IsProd, !Condition Either]
Resources:
  Fleet:
    Type: AWS::Batch::ComputeEnvironment
    Properties:
      ComputeEnvironmentName: !Sub "${Env}-fleet"
      Type: managed
      State: enabled
      ReplaceComputeEnvironment: false
      EksConfiguration: { EksClusterArn: !Ref ClusterArn, KubernetesNamespace: jobs }
      ComputeResources:
        Type: !If [IsProd, EC2, SPOT]
        AllocationStrategy: !If [IsProd, BEST_FIT_PROGRESSIVE, SPOT_CAPACITY_OPTIMIZED]
        BidPercentage: !If [IsProd, !Ref "AWS::NoValue", "80"]
        MinvCpus: 0
        MaxvCpus: !Ref MaxVCpus
        InstanceTypes: !Ref Types
        Subnets: [!Ref SubnetA, !ImportValue shared-subnet]
        SecurityGroupIds: [!GetAtt Group.GroupId]
        InstanceRole: !GetAtt Profile.Arn
        Tags: { "team-Name": science }
  SubnetA: { Type: AWS::EC2::Subnet, Properties: {} }
  Policy:
    Type: AWS::Batch::SchedulingPolicy
    Properties:
      Name: shares
      FairsharePolicy:
        ShareDecaySeconds: 600
        ShareDistribution: [{ ShareIdentifier: "blue*", WeightFactor: 0.5 }]
  Queue:
    Type: AWS::Batch::JobQueue
    Properties:
      JobQueueName: !Join ["-", [!Ref Env, !Select [1, !Split ["/", "a/queue/c"]]]]
      Priority: 10
      SchedulingPolicyArn: !GetAtt Policy.Arn
      ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: !Ref Fleet }]
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      Type: Container
      RetryStrategy: { Attempts: 3, EvaluateOnExit: [{ OnStatusReason: "Host EC2*", Action: RETRY }, { OnReason: "*", Action: EXIT }] }
      Timeout: { AttemptDurationSeconds: 600 }
      EksProperties:
        PodProperties:
          HostNetwork: false
          Metadata: { Labels: { Team-Of: me } }
          Containers:
            - Image: !Sub ["${Repo}:${Tag}", { Repo: !Sub "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/x", Tag: 1 }]
              Command: [echo, "Ref::word"]
              Env: [{ Name: REGION, Value: !Sub "${AWS::Region} ${!v}" }]
              Resources:
                Limits: { cpu: !FindInMap [Sizes, !Ref Env, cpu], memory: !FindInMap [Sizes, !Ref Env, memory] }
  Only:
    Type: AWS::Batch::JobQueue
    Condition: Both
    Properties: { JobQueueName: prod-only, Priority: 1, ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: !Ref Fleet }] }
  Other:
    Type: AWS::Batch::JobQueue
    Condition: NotProd
    Properties: { JobQueueName: dev-only, Priority: 1, ComputeEnvironmentOrder: [{ Order: 1, ComputeEnvironment: !GetAtt Fleet.ComputeEnvironmentArn }] }
  Role: { Type: AWS::IAM::Role, Properties: { Path: / } }
"#;

fn at<'a>(scenario: &'a Value, pointer: &str) -> &'a Value {
    scenario.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer}: {scenario:#}"))
}

#[test]
fn every_function_is_resolved() {
    let folder = Folder::new("cfn-yaml");
    folder.write("batch.yaml", YAML);
    let (scenario, told) = folder.import(&["cloudformation", "batch.yaml", "--region", "eu-west-1"]);
    let resources = json!({
        "type": "SPOT", "allocationStrategy": "SPOT_CAPACITY_OPTIMIZED", "bidPercentage": 80, "minvCpus": 0, "maxvCpus": 64,
        "instanceTypes": ["m5.xlarge", "m5.2xlarge"], "subnets": ["SubnetA", "unresolved"],
        "securityGroupIds": ["Group-GroupId"], "instanceRole": "Profile-Arn", "tags": { "team-Name": "science" },
    });
    assert_eq!(at(&scenario, "/computeEnvironments/0/computeResources"), &resources, "{told}");
    assert_eq!(at(&scenario, "/computeEnvironments/0/computeEnvironmentName"), "dev-fleet");
    assert_eq!(at(&scenario, "/computeEnvironments/0/type"), "MANAGED");
    let queues: Vec<_> = scenario["jobQueues"].as_array().unwrap().iter().map(|queue| &queue["jobQueueName"]).collect();
    assert_eq!(queues, ["dev-queue", "dev-only"]);
    for n in [0, 1] {
        let order = at(&scenario, &format!("/jobQueues/{n}/computeEnvironmentOrder"));
        assert_eq!(order, &json!([{ "order": 1, "computeEnvironment": "dev-fleet" }]));
    }
    let arn = "arn:aws:batch:eu-west-1:000000000000:scheduling-policy/shares";
    assert_eq!(at(&scenario, "/jobQueues/0/schedulingPolicyArn"), arn);
    let definition = at(&scenario, "/jobDefinitions/0");
    assert_eq!((&definition["jobDefinitionName"], &definition["type"]), (&json!("Job"), &json!("container")));
    let container = at(definition, "/eksProperties/podProperties/containers/0");
    assert_eq!(container["image"], "000000000000.dkr.ecr.eu-west-1.amazonaws.com/x:1");
    assert_eq!(container["env"], json!([{ "name": "REGION", "value": "eu-west-1 ${v}" }]));
    assert_eq!(container["resources"]["limits"], json!({ "cpu": "0.5", "memory": "1024Mi" }));
    assert_eq!(at(definition, "/eksProperties/podProperties/metadata/labels"), &json!({ "Team-Of": "me" }));
    for words in [
        "batch.yaml /Resources/Queue",
        "1 × resources whose condition does not hold (batch.yaml /Resources/Only: Both)",
        "2 × resources that are not AWS Batch's (batch.yaml /Resources/SubnetA, batch.yaml /Resources/Role)",
        "/Resources/Fleet/Properties/ComputeResources/Subnets/1: Fn::ImportValue of \"shared-subnet\" can't be resolved",
        "parameter ClusterArn has no default (--parameter ClusterArn=… gives it)",
        "/Resources/Job/Properties: the name Job, for it declares none",
    ] {
        let words = if words.ends_with("Queue") { "2 of 2 jobQueues" } else { words };
        assert!(told.contains(words), "`{words}` is not in\n{told}");
    }
    assert_eq!(scenario["workload"][0]["submit"]["shareIdentifier"], "blue");
    let summary = folder.run(&[]);
    assert_eq!((&summary["jobs"]["submitted"], &summary["jobs"]["succeeded"]), (&json!(40), &json!(40)));
}

#[test]
fn parameters_and_exports_of_other_templates_count() {
    let folder = Folder::new("cfn-parameters");
    folder.write("batch.yaml", YAML);
    let shared = json!({
        "Resources": { "N": { "Type": "AWS::EC2::Subnet" } },
        "Outputs": { "S": { "Value": "subnet-shared", "Export": { "Name": { "Fn::Sub": "shared-${What}" } } } },
        "Parameters": { "What": { "Type": "String", "Default": "subnet" } },
    });
    folder.write("shared.json", shared.to_string());
    let given = [
        "cloudformation",
        "batch.yaml",
        "shared.json",
        "--parameter",
        "Env=prod",
        "--parameter",
        "MaxVCpus=96",
        "--parameter",
        "Wrong=1",
    ];
    let (scenario, told) = folder.import(&given);
    let resources = at(&scenario, "/computeEnvironments/0/computeResources");
    assert_eq!((&resources["type"], &resources["maxvCpus"]), (&json!("EC2"), &json!(96)));
    assert!(resources.get("bidPercentage").is_none(), "AWS::NoValue takes a member away");
    assert_eq!(resources["subnets"], json!(["SubnetA", "subnet-shared"]));
    let queues: Vec<_> = scenario["jobQueues"].as_array().unwrap().iter().map(|queue| &queue["jobQueueName"]).collect();
    assert_eq!(queues, ["prod-queue", "prod-only"]);
    assert!(told.contains("1 × parameters that no template has (Wrong)"), "{told}");
    assert!(
        folder
            .refused(&["import", "cloudformation", "batch.yaml", "--parameter", "Env", "-o", "x"])
            .contains("KEY=VALUE")
    );
}

/// For Amazon ECS, in JSON, as the CDK synthesises it.
fn ecs() -> Value {
    json!({ "Resources": {
        "Ec2CE99": { "Type": "AWS::Batch::ComputeEnvironment", "Properties": {
            "Type": "managed", "State": "ENABLED", "ServiceRole": { "Fn::GetAtt": ["Role1", "Arn"] },
            "ComputeResources": {
                "Type": "EC2", "AllocationStrategy": "BEST_FIT", "MinvCpus": 0, "MaxvCpus": 32, "InstanceTypes": ["m5"],
                "Subnets": [{ "Fn::Select": [0, { "Fn::GetAZs": "" }] }], "SecurityGroupIds": [{ "Ref": "Sg" }],
                "InstanceRole": { "Fn::GetAtt": ["P", "Arn"] }, "Ec2Configuration": [{ "ImageType": "ECS_AL2" }],
            } } },
        "Fargate11": { "Type": "AWS::Batch::ComputeEnvironment", "Properties": {
            "Type": "managed", "ComputeResources": { "Type": "FARGATE", "MaxvCpus": 32, "Subnets": [] } } },
        "Queue1": { "Type": "AWS::Batch::JobQueue", "Properties": { "Priority": 1, "ComputeEnvironmentOrder": [
            { "Order": 1, "ComputeEnvironment": { "Fn::GetAtt": ["Ec2CE99", "ComputeEnvironmentArn"] } },
            { "Order": 2, "ComputeEnvironment": { "Ref": "Fargate11" } } ] } },
        "Lost": { "Type": "AWS::Batch::JobQueue", "Properties": { "Priority": 1, "ComputeEnvironmentOrder": [
            { "Order": 1, "ComputeEnvironment": { "Ref": "Fargate11" } } ] } },
        "Small": { "Type": "AWS::Batch::JobDefinition", "Properties": { "Type": "container", "PlatformCapabilities": ["EC2"],
            "ContainerProperties": {
                "Image": "busybox", "Command": ["true"], "Environment": [{ "Name": "A", "Value": 1 }], "JobRoleArn": "arn:x",
                "ResourceRequirements": [{ "Type": "VCPU", "Value": "1" }, { "Type": "MEMORY", "Value": "2048" }] } } },
        "Gpu": { "Type": "AWS::Batch::JobDefinition", "Properties": { "Type": "container", "ContainerProperties": {
            "Image": "cuda", "Vcpus": 4, "Memory": 8192, "ResourceRequirements": [{ "Type": "GPU", "Value": "1" }] } } },
        "Vague": { "Type": "AWS::Batch::JobDefinition", "Properties": { "Type": "container", "ContainerProperties": {
            "Image": "busybox", "Vcpus": { "Ref": "Nowhere" }, "Memory": 64 } } },
    } })
}

#[test]
fn what_is_for_ecs_becomes_pods_where_it_can() {
    let folder = Folder::new("cfn-ecs");
    folder.write("stack.template.json", ecs().to_string());
    let (scenario, told) = folder.import(&["cloudformation", "stack.template.json"]);
    assert_eq!(scenario["computeEnvironments"].as_array().unwrap().len(), 1);
    let resources = at(&scenario, "/computeEnvironments/0/computeResources");
    assert_eq!(
        (&resources["allocationStrategy"], resources.get("ec2Configuration")),
        (&json!("BEST_FIT_PROGRESSIVE"), None)
    );
    assert_eq!(resources["subnets"], json!(["us-east-1a"]));
    let definitions = scenario["jobDefinitions"].as_array().unwrap();
    let containers: Vec<_> =
        definitions.iter().map(|one| at(one, "/eksProperties/podProperties/containers/0")).collect();
    let small = json!({ "image": "busybox", "command": ["true"], "env": [{ "name": "A", "value": "1" }],
                        "resources": { "limits": { "cpu": "1", "memory": "2048Mi" }, "requests": { "cpu": "1", "memory": "2048Mi" } } });
    assert_eq!(containers[0], &small);
    let limits = json!({ "cpu": "4", "memory": "8192Mi", "nvidia.com/gpu": "1" });
    assert_eq!(containers[1]["resources"]["limits"], limits);
    for words in [
        "environments that are neither EC2 nor SPOT: Fargate has no nodes to simulate (stack.template.json /Resources/Fargate11",
        "1 × queues without an environment that could be taken (stack.template.json /Resources/Lost",
        "1 × job definitions that no pod can stand for (stack.template.json /Resources/Vague",
        "a container does not say how many vCPUs",
        "1 × jobs that no node of the queue would carry, or that ask for nothing (Gpu in Queue1)",
        "ContainerProperties/JobRoleArn",
        "compute environments of Amazon ECS are of Amazon EKS",
        "1 × settings of instances of Amazon ECS (stack.template.json /Resources/Ec2CE99/Properties: ec2Configuration)",
    ] {
        assert!(told.contains(words), "`{words}` is not in\n{told}");
    }
    assert_eq!(folder.run(&[])["jobs"]["succeeded"], 20);
}

#[test]
fn circles_and_what_is_no_template_are_told() {
    let folder = Folder::new("cfn-bad");
    let circle = "Conditions: { A: !Not [!Condition B], B: !Not [!Condition A] }\nResources:\n  Q:\n    Type: AWS::Batch::JobQueue\n    \
                  Condition: A\n    Properties: { JobQueueName: !GetAtt Q.JobQueueArn, Priority: 1 }\n";
    folder.write("circle.yaml", circle);
    let told = folder.command(&["import", "cloudformation", "circle.yaml", "-o", "out"]);
    assert!(told.contains("condition A, which is not known, is taken to hold"), "{told}");
    assert!(told.contains("1 × queues without an environment"), "{told}");
    folder.write("other.yaml", "hello: world\n");
    assert!(folder.refused(&["import", "cloudformation", "other.yaml", "-o", "x"]).contains("no `Resources`"));
    folder.write("torn.yaml", "Resources:\n  A: [1,\n");
    assert!(
        folder
            .refused(&["import", "cloudformation", "torn.yaml", "-o", "x"])
            .contains("torn.yaml is neither JSON nor YAML: line ")
    );
}
