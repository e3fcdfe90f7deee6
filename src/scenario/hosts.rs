//! What nodes a job could run on, and whether any could carry it: launched ones by their types, fixed ones as the scenario
//! gives them.

use std::collections::{BTreeMap, BTreeSet};

use crate::batch::Noun;
use crate::ids::{ComputeEnvironmentId, JobQueueId};
use crate::model::{Resources, quantity};
use crate::nearest::nearest;
use crate::scenario::account::Account;
use crate::scenario::judge::Judge;
use crate::scenario::schema::Scenario;
use crate::scheduler::{EnvironmentSpec, JobSpec};
use crate::sim::FixedNode;

/// A node that a job could run on: what it is called, and what it offers.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Host {
    name: String,
    free: Resources,
}

/// Fixed nodes, and what was said of too large jobs.
#[derive(Debug)]
pub(super) struct Hosts {
    pub(super) nodes: Vec<FixedNode>,
    /// A fixed node of each kind.
    fixed: BTreeMap<ComputeEnvironmentId, Vec<Host>>,
    /// Findings, each said once: place and queue.
    said: BTreeSet<(String, JobQueueId)>,
}

impl Hosts {
    /// Judges the fixed nodes.
    pub(super) fn new(scenario: &Scenario, account: &Account<'_>, judge: &mut Judge<'_>) -> Self {
        let mut hosts = Self { nodes: Vec::new(), fixed: BTreeMap::new(), said: BTreeSet::new() };
        for (index, group) in scenario.cluster.nodes.iter().enumerate() {
            let at = format!("/cluster/nodes/{index}");
            let name = &group.compute_environment;
            let found = account.batch.compute_environment_id(name);
            if found.is_none() && judge.is_list_complete("/computeEnvironments") {
                let known = account.batch.names().compute_environments;
                let help =
                    nearest(name, known.iter().map(String::as_str)).map(|meant| format!("did you mean `{meant}`?"));
                let message = format!("no {} is called `{name}`", Noun::ComputeEnvironment.name());
                judge.error(format!("{at}/computeEnvironment"), message, help.unwrap_or_default());
            }
            let cpu = quantity::cpu(&group.cpu).map_err(|e| judge.error(format!("{at}/cpu"), e.message, e.help));
            let memory =
                quantity::memory(&group.memory).map_err(|e| judge.error(format!("{at}/memory"), e.message, e.help));
            let (Some(environment), Ok(cpu), Ok(memory)) = (found, cpu, memory) else { continue };
            let specs: Vec<_> = account.batch.environment_specs().collect();
            if specs[environment.index()].managed.is_some() {
                judge.error(
                    format!("{at}/computeEnvironment"),
                    format!("`{name}` is MANAGED: Batch launches its nodes"),
                    "name an environment of `\"type\": \"UNMANAGED\"`",
                );
            }
            let taken = group.taken.as_ref().map(|taken| taken.resources(&format!("{at}/taken"), judge));
            let free = Resources { cpu, memory, gpus: group.gpus, pods: group.pods };
            let free = free.saturating_sub(taken.unwrap_or_default());
            let host = Host { name: format!("a node of {name}"), free };
            hosts.fixed.entry(environment).or_default().push(host);
            let node = FixedNode { environment, vcpus: cpu.0.div_ceil(1_000), free };
            hosts.nodes.extend(std::iter::repeat_n(node, group.count as usize));
        }
        hosts
    }

    fn of(&self, id: ComputeEnvironmentId, spec: &EnvironmentSpec, account: &Account<'_>) -> Vec<Host> {
        let types = spec.managed.iter().flat_map(|managed| managed.instance_types.iter().flatten());
        let launched = types.filter_map(|id| account.batch.types().get(*id));
        let launched = launched.map(|found| Host { name: found.instance_type.name.clone(), free: found.free });
        launched.chain(self.fixed.get(&id).into_iter().flatten().cloned()).collect()
    }

    /// Says it where no node that the queue could get would carry the job. `at` is where its requests are written.
    pub(super) fn judge_size(
        &mut self,
        job: &JobSpec,
        queue: JobQueueId,
        at: &str,
        account: &Account<'_>,
        judge: &mut Judge<'_>,
    ) {
        let requests = job.requests;
        let specs: Vec<_> = account.batch.environment_specs().collect();
        let Some(document) = account.batch.job_queue(queue) else { return };
        let Some(spec) = account.batch.queue_specs().nth(queue.index()) else { return };
        let hosts: Vec<_> = spec.environments.iter().map(|id| self.of(*id, specs[id.index()], account)).collect();
        let complete =
            document.compute_environment_order.len() == hosts.len() && hosts.iter().all(|own| !own.is_empty());
        let hosts = || hosts.iter().flatten();
        if !complete || hosts().any(|host| requests.fits(host.free)) || !self.said.insert((at.to_owned(), queue)) {
            return;
        }
        let largest = hosts().max_by_key(|host| {
            let (cpu, memory, gpus) = (host.free.cpu, host.free.memory, host.free.gpus);
            // The largest in what is lacking.
            match requests {
                _ if hosts().all(|host| host.free.gpus < requests.gpus) => (u64::from(gpus), cpu, memory),
                _ if hosts().all(|host| host.free.cpu < requests.cpu) => (u64::from(cpu.0), cpu, memory),
                _ => (u64::from(memory.0), cpu, memory),
            }
        });
        let Some(largest) = largest else { return };
        judge.error(
            at,
            format!(
                "the job asks for {requests}, more than any node of queue `{}` offers: the largest, {}, has {} for jobs",
                document.job_queue_name, largest.name, largest.free
            ),
            "ask for less, or allow larger types in `instanceTypes`",
        );
    }
}
