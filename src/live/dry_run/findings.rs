//! From ids to names: what a plan, a snapshot and the API server's verdicts say together.

use std::collections::BTreeMap;

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, JobSpecId};
use crate::live::dry_run::Question;
use crate::live::dry_run::plan::{Plan, PlannedLaunch, WaitsFor};
use crate::live::dry_run::pods::WantedPod;
use crate::live::dry_run::report::{
    DaemonSetRow, EarlierPodRow, EnvironmentRow, JobCounts, LaunchRow, NodeRow, OfferRow, OtherPodRow, PassedOverRow,
    PodRow, RefusedRow, Report, VerdictRow, WaitingRow,
};
use crate::live::dry_run::verdicts::Verdict;
use crate::live::facts::{NodeFacts, NodeState};
use crate::live::folded::FoldedNode;
use crate::live::snapshot::Snapshot;
use crate::model::{PurchaseOption, Resources};
use crate::scheduler::{Blocked, Demand};
use crate::units::MicroUsd;

/// A question, and the cluster that it is about.
struct Asked<'a> {
    question: &'a Question<'a>,
    snapshot: &'a Snapshot,
    /// Its nodes that take jobs.
    nodes: &'a [FoldedNode],
}

/// Brings it together; a verdict for each pod, in order.
pub fn report(
    question: &Question<'_>,
    (snapshot, nodes): (&Snapshot, &[FoldedNode]),
    plan: &Plan,
    wanted: Vec<WantedPod>,
    verdicts: &[Verdict],
) -> Report {
    let asked = Asked { question, snapshot, nodes };
    Report {
        scenario: question.scenario.to_owned(),
        seed: question.seed,
        context: question.context.to_owned(),
        server_version: asked.snapshot.server_version.clone(),
        backend: question.backend.to_string(),
        horizon_s: plan.horizon.as_secs_f64(),
        jobs: JobCounts {
            submitted: plan.jobs,
            placed: plan.pods.iter().map(|pod| u64::from(pod.node_index.unwrap_or(0) == 0)).sum(),
            waiting: plan.waiting.iter().map(|row| row.jobs).sum(),
            refused: plan.refused.iter().map(|row| u64::from(row.jobs)).sum(),
        },
        compute_environments: asked.environments(),
        nodes: asked.nodes(plan),
        launches: plan.launches.iter().map(|launch| asked.launch(launch)).collect(),
        waiting: asked.waiting(plan),
        refused_submissions: asked.refused(plan),
        verdicts: summed_up(&wanted, verdicts),
        pods: wanted.into_iter().zip(verdicts).map(|(pod, verdict)| asked.pod(pod, verdict)).collect(),
        daemon_sets_without_toleration: asked.daemon_sets(),
        pods_of_others: asked.pods_of_others(),
        pods_of_earlier_runs: asked.pods_of_earlier_runs(),
        not_checked: asked.not_checked(plan),
    }
}

fn name(names: &[String], index: usize) -> String {
    names.get(index).cloned().unwrap_or_default()
}

impl Asked<'_> {
    fn environment(&self, id: ComputeEnvironmentId) -> String {
        name(&self.question.names.compute_environments, id.index())
    }

    fn queue(&self, id: JobQueueId) -> String {
        name(&self.question.names.job_queues, id.index())
    }

    fn job_name(&self, id: JobSpecId) -> String {
        self.question.names.job_specs.get(id.index()).map(|spec| spec.job_name.clone()).unwrap_or_default()
    }

    fn instance_type(&self, id: InstanceTypeId) -> String {
        name(&self.question.names.instance_types, id.index())
    }

    fn environments(&self) -> Vec<EnvironmentRow> {
        let rows =
            self.question.pods.environments.iter().zip(&self.question.account.environments).map(|(known, spec)| {
                let labelled = self.snapshot.nodes.iter().filter(|node| node.environment_uuid == known.uuid).count();
                let usable: Vec<_> = self.nodes.iter().filter(|n| n.facts.environment_uuid == known.uuid).collect();
                EnvironmentRow {
                    name: known.name.clone(),
                    uuid: known.uuid.clone(),
                    namespace: known.namespace.clone(),
                    launches: spec.managed.is_some(),
                    nodes: usable.len() as u64,
                    unusable_nodes: (labelled - usable.len()) as u64,
                    vcpus: usable.iter().map(|node| u64::from(node.facts.vcpus)).sum(),
                }
            });
        rows.collect()
    }

    fn nodes(&self, plan: &Plan) -> Vec<NodeRow> {
        let mut placed = vec![(0, Resources::ZERO); self.nodes.len()];
        for pod in &plan.pods {
            let requests =
                self.question.account.specs.get(pod.spec.index()).map_or(Resources::ZERO, |spec| spec.requests);
            if let Some((pods, sum)) = placed.get_mut(pod.node.index()) {
                *pods += 1;
                *sum += requests;
            }
        }
        let rows = self.snapshot.nodes.iter().map(|facts| {
            let usable = self.nodes.iter().position(|node| node.facts.name == facts.name);
            let (pods, requested) = usable.map_or((0, Resources::ZERO), |at| placed[at]);
            let environment = self.question.pods.environments.iter().find(|known| known.uuid == facts.environment_uuid);
            NodeRow {
                name: facts.name.clone(),
                compute_environment: environment.map(|known| known.name.clone()).unwrap_or_default(),
                instance_type: facts.instance_type.clone(),
                zone: facts.zone.clone(),
                unusable: unusable(facts),
                vcpus: facts.vcpus,
                allocatable: facts.allocatable,
                free: facts.free,
                estimated: self.estimated(facts),
                pods,
                requested,
            }
        });
        rows.collect()
    }

    fn estimated(&self, facts: &NodeFacts) -> Option<Resources> {
        let wanted = facts.instance_type.as_ref()?;
        let at = self.question.names.instance_types.iter().position(|name| name == wanted)?;
        Some(self.question.config.instance_types.get(at)?.estimate(&self.question.config.settings))
    }

    fn launch(&self, launch: &PlannedLaunch) -> LaunchRow {
        let request = &launch.request;
        let environment = self.question.account.environments.get(request.environment.index());
        let (job_queue, jobs, requests) = match launch.demand {
            Some(Demand::Jobs { queue, requests, jobs }) => (Some(self.queue(queue)), Some(jobs), Some(requests)),
            Some(Demand::MinVcpus) | None => (None, None, None),
        };
        let offers = request.instance_types.iter().filter_map(|&id| {
            let facts = self.question.config.instance_types.get(id.index())?;
            let nodes = request.target_vcpus.div_ceil(facts.vcpus.max(1));
            let price = match request.purchase {
                PurchaseOption::Ec2 => facts.on_demand_per_hour,
                PurchaseOption::Spot => facts.spot_per_hour,
            };
            Some(OfferRow {
                name: self.instance_type(id),
                vcpus: facts.vcpus,
                on_demand_per_hour: facts.on_demand_per_hour.as_usd(),
                spot_per_hour: facts.spot_per_hour.as_usd(),
                nodes,
                per_hour: MicroUsd(price.0 * u64::from(nodes)).as_usd(),
            })
        });
        let mut passed_over: Vec<PassedOverRow> = Vec::new();
        for one in &launch.passed_over {
            let passed = self.instance_type(one.instance_type);
            match passed_over.iter_mut().find(|row| row.why == one.why) {
                Some(row) => row.instance_types.push(passed),
                None => passed_over.push(PassedOverRow { why: one.why, instance_types: vec![passed] }),
            }
        }
        LaunchRow {
            compute_environment: self.environment(request.environment),
            purchase: request.purchase,
            strategy: environment.and_then(|spec| Some(spec.managed.as_ref()?.strategy)),
            fleet: request.fleet,
            target_vcpus: request.target_vcpus,
            job_queue,
            jobs,
            requests,
            instance_types: offers.collect(),
            passed_over,
        }
    }

    fn waiting(&self, plan: &Plan) -> Vec<WaitingRow> {
        let rows = plan.waiting.iter().map(|row| WaitingRow {
            job_queue: self.queue(row.queue),
            job_name: self.job_name(row.spec),
            jobs: row.jobs,
            why: row.why.name(),
            means: row.why.means(),
            first: row.first.to_string(),
        });
        rows.collect()
    }

    fn refused(&self, plan: &Plan) -> Vec<RefusedRow> {
        let rows = plan.refused.iter().map(|row| RefusedRow {
            job_queue: self.queue(row.queue),
            job: row.job.to_string(),
            jobs: row.jobs,
            why: row.why,
        });
        rows.collect()
    }

    fn pod(&self, wanted: WantedPod, verdict: &Verdict) -> PodRow {
        PodRow {
            job: wanted.job.to_string(),
            job_name: self.job_name(wanted.spec),
            job_queue: self.queue(wanted.queue),
            compute_environment: self.environment(wanted.environment),
            node_index: wanted.node_index,
            node: wanted.node,
            stands_for: wanted.stands_for,
            namespace: wanted.pod.namespace,
            name: wanted.pod.name,
            verdict: verdict.name(),
            message: verdict.message().map(str::to_owned),
            manifest: wanted.pod.manifest,
        }
    }

    fn daemon_sets(&self) -> Vec<DaemonSetRow> {
        let without = self.snapshot.daemon_sets.iter().filter(|set| !set.tolerates_batch_taint);
        let rows = without.map(|set| DaemonSetRow {
            namespace: set.namespace.clone(),
            name: set.name.clone(),
            requests: set.requests,
        });
        rows.collect()
    }

    fn pods_of_others(&self) -> Vec<OtherPodRow> {
        let rows = self.snapshot.foreign_pods.iter().map(|pod| OtherPodRow {
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            node: pod.node.clone(),
            requests: pod.requests,
            of_aws_batch: pod.of_aws_batch,
        });
        rows.collect()
    }

    fn pods_of_earlier_runs(&self) -> Vec<EarlierPodRow> {
        let rows = self.snapshot.earlier_runs.iter().map(|(run, pod)| EarlierPodRow {
            run: run.clone(),
            namespace: pod.namespace.clone(),
            name: pod.name.clone(),
            node: pod.node.clone(),
        });
        rows.collect()
    }

    fn not_checked(&self, plan: &Plan) -> Vec<String> {
        let mut all = Vec::new();
        if !plan.launches.is_empty() {
            all.push("whether EC2 has the types that would be asked for, and at what price today".to_owned());
        }
        if plan.waiting.iter().any(|row| row.jobs > 1) {
            all.push("jobs that wait, one by one: one pod of each kind was judged for all, without a node".to_owned());
        }
        if plan.pods.len() > 1 {
            all.push(
                "quotas for all pods together: the API server judges each pod as if it were the only new one"
                    .to_owned(),
            );
        }
        if plan.cut_off {
            let jobs = plan.jobs;
            all.push(format!("jobs after the first {jobs}: submittedJobsLimit lets no more be SUBMITTED"));
        }
        if self.question.operations > 0 {
            all.push(format!("the scenario's {} operations, which come later", self.question.operations));
        }
        all.push("images, volumes and secrets: a kubelet looks for them when the pod starts".to_owned());
        all
    }
}

/// Equal answers together: what was not accepted first, the most frequent first.
fn summed_up(wanted: &[WantedPod], verdicts: &[Verdict]) -> Vec<VerdictRow> {
    let mut rows: BTreeMap<&Verdict, VerdictRow> = BTreeMap::new();
    for (pod, verdict) in wanted.iter().zip(verdicts) {
        let (code, reason) = match verdict {
            Verdict::Refused { code, reason, .. } => (Some(*code), Some(reason.clone())),
            Verdict::Accepted | Verdict::Unanswered(_) => (None, None),
        };
        let row = rows.entry(verdict).or_insert_with(|| VerdictRow {
            verdict: verdict.name(),
            code,
            reason,
            message: verdict.message().map(str::to_owned),
            namespaces: Vec::new(),
            asked: 0,
            pods: 0,
            first: pod.job.to_string(),
        });
        row.asked += 1;
        row.pods += pod.stands_for;
        if !row.namespaces.contains(&pod.pod.namespace) {
            row.namespaces.push(pod.pod.namespace.clone());
        }
    }
    let mut rows: Vec<_> = rows.into_values().collect();
    rows.sort_by_key(|row| (row.verdict == "accepted", std::cmp::Reverse(row.pods)));
    rows
}

/// Why a node takes no jobs.
fn unusable(facts: &NodeFacts) -> Option<&'static str> {
    match facts.state {
        NodeState::NotUsable => Some("not ready, or cordoned"),
        NodeState::Unreachable => Some("not heard of for notReadyTimeout"),
        NodeState::Ready if facts.notice => Some("it will be taken away"),
        NodeState::Ready => None,
    }
}

impl Verdict {
    /// In one word.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused { .. } => "refused",
            Self::Unanswered(_) => "unanswered",
        }
    }

    /// In the API server's words, where it does not accept.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Accepted => None,
            Self::Refused { message, .. } | Self::Unanswered(message) => Some(message),
        }
    }
}

impl WaitsFor {
    /// The reason's name: that of `blocked_s` in results where the queue is blocked.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtherJobs => "DEPENDENCY",
            Self::Queue(why) => why.name(),
            Self::Turn => "TURN",
        }
    }

    /// The reason in words.
    pub const fn means(self) -> &'static str {
        match self {
            Self::OtherJobs => "jobs that they depend on come first",
            Self::Turn => "their queue has not come to them",
            Self::Queue(why) => match why {
                Blocked::AwaitingCapacity => "capacity would be asked for",
                Blocked::AtMaxVcpus => "every compute environment is at maxvCpus, and full",
                Blocked::InsufficientInstanceCapacity => "EC2 has none of the types that fit",
                Blocked::JobResourceRequirement => "no node, and no allowed type, is large enough",
                Blocked::NoRoomOnNodes => "the nodes are full, and nobody launches any",
                Blocked::EnvironmentDisabled => "every compute environment is DISABLED",
                Blocked::DispatchRate => "the cap on pods created per second is reached",
                Blocked::EnvironmentInvalid => "every compute environment is INVALID",
                Blocked::ComputeEnvironmentMaxResource => "they ask for more vCPUs than maxvCpus allows",
                Blocked::ConsumableResource => "a consumable resource is in use",
                Blocked::InstanceConfigurationUnsupported => "no environment can run multi-node parallel jobs",
                Blocked::ShareReservation => "what is left is reserved for other shares",
            },
        }
    }
}
