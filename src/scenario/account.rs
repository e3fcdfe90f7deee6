//! The account that a scenario begins with: its documents given to the control plane in order, and what is not wrong but
//! worth a hint. What AWS Batch refuses is for `batch` to say.

use std::collections::BTreeMap;

use crate::batch::{Batch, BatchError, InstanceTypes, Noun};
use crate::model::{Assumptions, ComputeEnvironment, JobDefinition};
use crate::scenario::judge::Judge;
use crate::scenario::operations::Call;
use crate::scenario::policies;
use crate::scenario::schema::Scenario;
use crate::scenario::timeline::PlannedCall;
use crate::scenario::types::Types;
use crate::scheduler::{ConsumableSpec, EnvironmentSpec, QueueSpec};

/// The control plane under a scenario's documents.
#[derive(Debug)]
pub(super) struct Account<'a> {
    pub(super) batch: Batch<&'a Types<'a>>,
    /// Pointers of job definitions, by `name:revision`.
    definitions: BTreeMap<String, String>,
    revisions: BTreeMap<String, u32>,
}

/// What the run begins with, by id.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Initial {
    pub(super) environments: Vec<EnvironmentSpec>,
    pub(super) queues: Vec<QueueSpec>,
    pub(super) consumables: Vec<ConsumableSpec>,
}

/// Lists of documents and what they create.
const LISTS: [(&str, Noun); 5] = [
    ("/computeEnvironments", Noun::ComputeEnvironment),
    ("/schedulingPolicies", Noun::SchedulingPolicy),
    ("/consumableResources", Noun::ConsumableResource),
    ("/jobQueues", Noun::JobQueue),
    ("/jobDefinitions", Noun::JobDefinition),
];

/// So deep stands what an operation names or is named by: `/operations/0/input/jobQueueName`.
pub(super) const OPERATION_DEPTH: usize = 3;

/// Entries of `instanceTypes` in all documents and operations: ids are given before the first is judged.
pub(super) fn instance_types<'a>(scenario: &'a Scenario, calls: &'a [PlannedCall]) -> Vec<&'a str> {
    let mut entries: Vec<&str> = Vec::new();
    let environment = |entries: &mut Vec<&'a str>, document: &'a ComputeEnvironment| {
        let resources = document.compute_resources.iter();
        entries.extend(resources.flat_map(|resources| &resources.instance_types).map(String::as_str));
    };
    let definition = |entries: &mut Vec<&'a str>, document: &'a JobDefinition| {
        let ranges = document.node_properties.iter().flat_map(|nodes| &nodes.node_range_properties);
        entries.extend(ranges.flat_map(|range| &range.instance_types).map(String::as_str));
    };
    scenario.compute_environments.iter().for_each(|document| environment(&mut entries, &document.0));
    scenario.job_definitions.iter().for_each(|document| definition(&mut entries, &document.0));
    let mut submissions: Vec<_> = scenario.workload.iter().map(super::work::WorkloadEntry::submit).collect();
    for call in calls {
        match &call.call {
            Call::CreateComputeEnvironment(document) => environment(&mut entries, document),
            Call::UpdateComputeEnvironment(request) => {
                let types = request.compute_resources.iter().filter_map(|resources| resources.instance_types.as_ref());
                entries.extend(types.flatten().map(String::as_str));
            }
            Call::RegisterJobDefinition(document) => definition(&mut entries, document),
            Call::SubmitJob(submit) => submissions.push(submit),
            _ => {}
        }
    }
    for submit in submissions {
        let changes = submit.node_overrides.iter().flat_map(|nodes| &nodes.node_property_overrides);
        entries.extend(changes.flat_map(|change| &change.instance_types).map(String::as_str));
    }
    entries
}

impl<'a> Account<'a> {
    /// Judges the documents that a scenario begins with.
    pub(super) fn new(
        scenario: &Scenario,
        types: &'a Types<'a>,
        assumptions: &Assumptions,
        judge: &mut Judge<'_>,
    ) -> Self {
        let unread = LISTS.iter().filter(|(list, _)| !judge.is_list_complete(list)).map(|(_, noun)| *noun).collect();
        let mut batch = Batch::new(types, assumptions.clone(), &scenario.region);
        batch.be_lenient(unread);
        batch.follow(policies::by_queue(scenario));
        let mut account = Self { batch, definitions: BTreeMap::new(), revisions: BTreeMap::new() };
        for (index, document) in scenario.scheduling_policies.iter().enumerate() {
            let outcome = account.batch.create_scheduling_policy(&document.0);
            judge.refused(&format!("/schedulingPolicies/{index}"), outcome);
        }
        for (index, document) in scenario.consumable_resources.iter().enumerate() {
            let outcome = account.batch.create_consumable_resource(&document.0);
            judge.refused(&format!("/consumableResources/{index}"), outcome);
        }
        for (index, document) in scenario.compute_environments.iter().enumerate() {
            let at = format!("/computeEnvironments/{index}");
            judge.refused(&at, account.batch.create_compute_environment(&document.0));
            account.hint_at_environment(&document.0, &at, judge);
        }
        for (index, document) in scenario.job_queues.iter().enumerate() {
            let outcome = account.batch.create_job_queue(&document.0);
            judge.refused(&format!("/jobQueues/{index}"), outcome);
        }
        for (index, document) in scenario.job_definitions.iter().enumerate() {
            let at = format!("/jobDefinitions/{index}");
            let outcome = account.register(&document.0, &at);
            judge.refused(&at, outcome);
        }
        if !judge.is_complete_to("/operations", OPERATION_DEPTH) {
            // One that can't be read may have created anything.
            account.batch.be_lenient(LISTS.map(|(_, noun)| noun).to_vec());
        }
        account
    }

    /// Registers a job definition whose document stands at `at`.
    pub(super) fn register(
        &mut self,
        document: &JobDefinition,
        at: &str,
    ) -> Result<crate::batch::Outcome<crate::batch::RegisteredJobDefinition>, BatchError> {
        let name = &document.job_definition_name;
        let revision = self.revisions.entry(name.clone()).or_default();
        *revision += 1;
        self.definitions.insert(format!("{name}:{revision}"), at.to_owned());
        self.batch.register_job_definition(document)
    }

    /// Where the document of `name:revision` stands.
    pub(super) fn definition_at(&self, full_name: &str) -> &str {
        self.definitions.get(full_name).map_or("", String::as_str)
    }

    /// What the run begins with.
    pub(super) fn initial(&self) -> Initial {
        Initial {
            environments: self.batch.environment_specs().cloned().collect(),
            queues: self.batch.queue_specs().cloned().collect(),
            consumables: self.batch.consumable_specs().collect(),
        }
    }

    /// What AWS takes and a user may not mean.
    pub(super) fn hint_at_environment(&self, document: &ComputeEnvironment, at: &str, judge: &mut Judge<'_>) {
        if document.eks_configuration.is_none() {
            judge.warn(
                at,
                "without `eksConfiguration` AWS Batch makes this an Amazon ECS environment",
                "add `eksConfiguration` with `eksClusterArn` and `kubernetesNamespace` before giving it to AWS",
            );
        }
        let Some(resources) = &document.compute_resources else { return };
        let at = format!("{at}/computeResources");
        if resources.allocation_strategy.is_none() {
            judge.warn(
                at.as_str(),
                "`allocationStrategy` is missing, which AWS requires for EKS",
                format!("add `\"allocationStrategy\": \"{}\"`, which is assumed here", resources.strategy_or_default()),
            );
        }
        let types = self.batch.types();
        let offers = resources.instance_types.iter().flat_map(|entry| types.expand(entry).unwrap_or_default());
        let smallest = offers.filter_map(|offer| types.get(offer.id)).map(|found| found.instance_type.vcpus).min();
        if smallest.is_some_and(|vcpus| vcpus > resources.max_vcpus) && resources.max_vcpus > 0 {
            judge.warn(
                format!("{at}/instanceTypes"),
                format!("the smallest of these types has more vCPUs than `maxvCpus`, {}", resources.max_vcpus),
                "raise `maxvCpus`: Batch goes beyond it by less than one instance",
            );
        }
    }
}
