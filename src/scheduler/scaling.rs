//! The scaling decision: what the RUNNABLE jobs need beyond what is free or on its way, and what to ask EC2 for.
//!
//! Source: `HPCblog:optimizing-aws-batch-with-observability-dashboards` (the backlog becomes a list of types, handed over to
//! EC2), `UG:compute_environments` (environments in order), `UG:allocation-strategies` (`maxvCpus` is exceeded by one
//! instance at most). How far ahead Batch looks and how it nets capacity on its way is not published; here a job is
//! covered once, by room on a node, by a node on its way, or by an open request.

use crate::ids::{ComputeEnvironmentId, InstanceTypeId, JobQueueId, LaunchId};
use crate::model::{PurchaseOption, Resources, SpillPolicy};
use crate::scheduler::decision::{Command, Decision, LaunchRequest};
use crate::scheduler::environment::{Environment, Launch, Totals};
use crate::scheduler::machine::Scheduler;
use crate::scheduler::reason::{Blocked, Demand, PassedOver, PassedOverCause, Reason};
use crate::scheduler::shapes::{ByShape, ShapeId};
use crate::scheduler::strategy::{Ask, Candidate, Choice, strategy};
use crate::scheduler::timers::Timer;
use crate::scheduler::{ManagedSpec, TypeFacts};

/// What an environment could still take, while demand is netted against it.
struct Supply {
    /// Room on nodes, as if all were one.
    free: Totals,
    /// Jobs that capacity on its way was asked for.
    covered: ByShape,
}

/// What capacity is asked for.
#[derive(Clone, Copy)]
struct Want {
    /// `None` for `minvCpus`.
    shape: Option<ShapeId>,
    jobs: u64,
    demand: Demand,
}

impl Scheduler {
    /// Decides on scaling up, for all environments.
    pub(super) fn scale(&mut self, out: &mut Decision) {
        for index in 0..self.environments.len() {
            let id = ComputeEnvironmentId(u16::try_from(index).expect("ids are 16 bits"));
            self.keep_minimum(id, out);
        }
        let mut supplies: Vec<_> = (0..self.environments.len()).map(|index| self.supply(index)).collect();
        let order = std::mem::take(&mut self.queue_order);
        for &queue in &order {
            self.scale_for(queue, &mut supplies, out);
        }
        self.queue_order = order;
    }

    /// Launches what is missing to `minvCpus`, whether the environment is ENABLED or not.
    fn keep_minimum(&mut self, id: ComputeEnvironmentId, out: &mut Decision) {
        let Some(environment) = self.environments[id.index()].as_ref() else { return };
        let Some(managed) = environment.spec.managed.as_ref() else { return };
        let have = environment.vcpus - environment.terminating_vcpus + environment.outstanding();
        if have < managed.min_vcpus && !environment.invalid {
            let want = Want { shape: None, jobs: u64::from(managed.min_vcpus - have), demand: Demand::MinVcpus };
            self.launch_for(id, want, out);
        }
    }

    fn supply(&self, index: usize) -> Supply {
        let Some(environment) = self.environments[index].as_ref().filter(|e| e.is_usable().is_ok()) else {
            return Supply { free: Totals::default(), covered: ByShape::new() };
        };
        let mut supply = Supply { free: environment.free, covered: environment.covered.clone() };
        // More on its way for a shape than jobs of it wait: others can have the rest.
        for (shape, covered) in environment.covered.iter() {
            let waiting: u64 = self.queues_of[index].iter().map(|q| self.queues[q.index()].backlog.get(shape)).sum();
            let surplus = covered.saturating_sub(waiting * u64::from(self.specs.nodes(shape)));
            supply.covered.take(shape, surplus);
            supply.free.add_jobs(self.specs.requests(shape), surplus);
        }
        supply
    }

    fn scale_for(&mut self, id: JobQueueId, supplies: &mut [Supply], out: &mut Decision) {
        let mut unreserved = self.unreserved(id).unwrap_or(u64::MAX);
        let queue = &mut self.queues[id.index()];
        let Some(head) = queue.head(self.now) else { return };
        if !head.holds && queue.blocked.is_some_and(|blocked| blocked.why == Blocked::ConsumableResource) {
            // Nodes would wait as long as the job does.
            return;
        }
        let head_shape = self.specs.shape(head.spec);
        let asked_before = self.next_launch;
        let mut shapes: Vec<_> = queue.backlog.iter().collect();
        // The head's shape comes first, then in order of first appearance.
        shapes.sort_by_key(|&(shape, _)| (shape != head_shape, shape));
        let environments = queue.spec.environments.clone();
        let stuck = queue.blocked.is_some();
        let waits = self.settings.spill_policy == SpillPolicy::OnMaxOrIce;
        let mut look_ahead = match self.settings.scale_look_ahead {
            0 => u64::MAX,
            jobs => jobs.into(),
        };
        for (shape, waiting) in shapes {
            let requests = self.specs.requests(shape);
            // One job may cross the line beyond which capacity is reserved for others.
            let allowed = unreserved.div_ceil(self.specs.cpu(shape).max(1));
            let wanted = waiting.min(look_ahead).min(allowed);
            look_ahead -= wanted;
            unreserved = unreserved.saturating_sub(wanted * self.specs.cpu(shape));
            let multi_node = self.specs.is_multi_node(shape);
            let mut jobs = wanted;
            for &environment in &environments {
                if jobs == 0 {
                    break;
                }
                let supply = &mut supplies[environment.index()];
                if multi_node {
                    jobs -= self.scale_for_gangs(environment, id, shape, jobs, &mut supply.covered, out);
                } else {
                    jobs -= supply.covered.take(shape, jobs);
                    // A head that every node turned away is not helped by what they have left.
                    if !(stuck && shape == head_shape) || self.has_room(environment, requests) {
                        jobs -= supply.free.take_jobs(requests, jobs);
                    }
                    if jobs > 0 && self.is_worth_asking(environment, shape) {
                        jobs = self.ask_for(environment, id, shape, jobs, out);
                    }
                }
                if jobs > 0 {
                    let why = self.why_short(environment, shape);
                    if waits && why.passes() {
                        break;
                    }
                    self.report_refusal(environment, id, shape, why, out);
                }
            }
            if shape == head_shape && jobs == wanted {
                // Nodes for jobs behind a head that nothing helps would stand idle, be given back and launched again.
                break;
            }
        }
        if self.next_launch != asked_before && self.queues[id.index()].spec.policy.backfill.is_some() {
            // What was kept for a head may be free for others, now that a node is on its way.
            self.request_cycle(self.now);
        }
    }

    /// Whether capacity may be asked for at all: not where a job would go beyond `maxvCpus`.
    pub(super) fn is_worth_asking(&self, id: ComputeEnvironmentId, shape: ShapeId) -> bool {
        let environment = self.environments[id.index()].as_ref();
        let managed = environment.and_then(|environment| environment.spec.managed.as_ref());
        managed.is_some_and(|managed| self.specs.cpu(shape) <= u64::from(managed.max_vcpus) * 1_000)
    }

    /// Asks EC2 for nodes for so many pods of a shape; returns those left uncovered.
    pub(super) fn ask_for(
        &mut self,
        environment: ComputeEnvironmentId,
        queue: JobQueueId,
        shape: ShapeId,
        pods: u64,
        out: &mut Decision,
    ) -> u64 {
        let jobs = u32::try_from(pods).unwrap_or(u32::MAX);
        let demand = Demand::Jobs { queue, requests: self.specs.requests(shape), jobs };
        self.launch_for(environment, Want { shape: Some(shape), jobs: pods, demand }, out)
    }

    /// Whether a type may carry jobs of a shape: a multi-node parallel job keeps to the type that was chosen for it.
    pub(super) fn may_use(&self, environment: &Environment, shape: ShapeId, id: InstanceTypeId) -> bool {
        let chosen = self.gang_type(environment, shape);
        chosen.is_none_or(|chosen| chosen == id)
    }

    pub(super) fn has_room(&self, id: ComputeEnvironmentId, need: Resources) -> bool {
        self.environments[id.index()].as_ref().is_some_and(|environment| environment.has_room(need))
    }

    /// Asks EC2 for capacity until the jobs are covered or nothing more is to be had; returns the jobs left uncovered.
    fn launch_for(&mut self, id: ComputeEnvironmentId, mut want: Want, out: &mut Decision) -> u64 {
        let Some(environment) = self.environments[id.index()].as_ref() else { return want.jobs };
        let Some(managed) = environment.spec.managed.clone() else { return want.jobs };
        if want.shape.is_some() && environment.is_usable().is_err() {
            return want.jobs;
        }
        let candidates = self.candidates(environment, &managed, &want);
        if candidates.is_empty() {
            return want.jobs;
        }
        while want.jobs > 0 {
            // minvCpus never exceeds maxvCpus, so the room is above 0 while it is not reached.
            let room = self.environment(id).room(&managed);
            if room == 0 {
                break;
            }
            let ask = Ask {
                candidates: &candidates,
                jobs: want.jobs,
                room,
                objective: self.settings.best_fit_objective,
                spot_type_efficiency_percent: self.settings.spot_type_efficiency_percent,
            };
            let Some(choice) = strategy(managed.strategy).choose(&ask) else { break };
            want.jobs -= choice.jobs.min(want.jobs);
            self.launch(id, &managed, &want, choice, &candidates, room, out);
        }
        want.jobs
    }

    /// The environment's types that could hold one of the jobs.
    fn candidates(&self, environment: &Environment, managed: &ManagedSpec, want: &Want) -> Vec<Candidate> {
        let types =
            managed.instance_types.iter().enumerate().flat_map(|(entry, ids)| ids.iter().map(move |&id| (entry, id)));
        types
            .filter_map(|(entry, id)| {
                let facts = self.facts(id);
                let fit = match want.shape {
                    Some(shape) if !self.may_use(environment, shape, id) => 0,
                    Some(shape) => self.specs.times_in(shape, environment.offer(id, facts, &self.settings)),
                    // minvCpus counts nominal vCPUs.
                    None => facts.vcpus,
                };
                let avoided = environment.avoids(id, self.now);
                let price = price(facts, managed.purchase);
                (fit > 0).then_some(Candidate { id, entry, vcpus: facts.vcpus, price, fit, avoided })
            })
            .collect()
    }

    #[expect(clippy::too_many_arguments, reason = "one request is written down in one place")]
    fn launch(
        &mut self,
        id: ComputeEnvironmentId,
        managed: &ManagedSpec,
        want: &Want,
        choice: Choice,
        candidates: &[Candidate],
        room: u32,
        out: &mut Decision,
    ) {
        let launch = self.next_launch;
        self.next_launch = LaunchId(launch.0 + 1);
        let multi_node = want.shape.is_some_and(|shape| self.specs.is_multi_node(shape));
        let environment = self.environment_mut(id);
        let jobs = u32::try_from(choice.jobs).unwrap_or(u32::MAX);
        environment.launches.push(Launch {
            id: launch,
            shape: want.shape,
            vcpus: choice.target_vcpus,
            overshoot: choice.overshoot,
            jobs,
        });
        if let Some(shape) = want.shape {
            environment.covered.add(shape, jobs.into());
        }
        if let Some(shape) = want.shape {
            environment.last_refusal.remove(&shape);
            if multi_node {
                environment.gang_types.insert(shape, choice.instance_types[0]);
            }
        }
        let news = environment.last_choice.get(&want.shape) != Some(&choice.instance_types);
        let passed_over = if news { passed_over(managed, &choice, candidates, room) } else { Vec::new() };
        if news {
            environment.last_choice.insert(want.shape, choice.instance_types.clone());
        }
        self.timers.set(self.now + self.settings.launch_response_deadline, Timer::Response(launch));
        out.reasons.push(Reason::Launching {
            launch,
            environment: id,
            demand: want.demand.with_jobs(jobs),
            passed_over,
        });
        out.commands.push(Command::LaunchNodes(Box::new(LaunchRequest {
            launch,
            environment: id,
            purchase: managed.purchase,
            fleet: strategy(managed.strategy).fleet(),
            instance_types: choice.instance_types,
            target_vcpus: choice.target_vcpus,
            bid_percentage: managed.bid_percentage,
        })));
    }

    /// Why an environment leaves demand unmet.
    fn why_short(&self, id: ComputeEnvironmentId, shape: ShapeId) -> Blocked {
        match &self.environments[id.index()] {
            Some(environment) => environment.is_usable().err().unwrap_or_else(|| self.outlook(id, shape)),
            None => Blocked::EnvironmentDisabled,
        }
    }

    /// Says why an environment leaves demand unmet, when that changed.
    fn report_refusal(
        &mut self,
        id: ComputeEnvironmentId,
        queue: JobQueueId,
        shape: ShapeId,
        why: Blocked,
        out: &mut Decision,
    ) {
        let Some(environment) = self.environments[id.index()].as_mut() else { return };
        if environment.last_refusal.insert(shape, why) != Some(why) {
            out.reasons.push(Reason::CannotProvide { environment: id, queue, why });
        }
    }
}

impl Demand {
    /// The same demand for the jobs that one request covers.
    const fn with_jobs(self, covered: u32) -> Self {
        match self {
            Self::MinVcpus => Self::MinVcpus,
            Self::Jobs { queue, requests, .. } => Self::Jobs { queue, requests, jobs: covered },
        }
    }
}

const fn price(facts: &TypeFacts, purchase: PurchaseOption) -> crate::units::MicroUsd {
    match purchase {
        PurchaseOption::Ec2 => facts.on_demand_per_hour,
        PurchaseOption::Spot => facts.spot_per_hour,
    }
}

/// Every allowed type that was not asked for, and why not.
fn passed_over(managed: &ManagedSpec, choice: &Choice, candidates: &[Candidate], room: u32) -> Vec<PassedOver> {
    let entry_of = |id| candidates.iter().find(|candidate| candidate.id == id).map(|candidate| candidate.entry);
    let chosen_entry = entry_of(choice.instance_types[0]);
    let ordered = managed.strategy == crate::model::AllocationStrategy::BestFitProgressiveOrdered;
    let verdict = |id| match candidates.iter().find(|candidate| candidate.id == id) {
        None => PassedOverCause::TooSmall,
        Some(one) if one.avoided => PassedOverCause::Avoided,
        Some(one) if one.vcpus > room => PassedOverCause::TooLarge,
        Some(one) if ordered && Some(one.entry) > chosen_entry => PassedOverCause::LaterInOrder,
        Some(_) => PassedOverCause::CostsMore,
    };
    let types = managed.instance_types.iter().flatten().copied();
    types
        .filter(|id| !choice.instance_types.contains(id))
        .map(|instance_type| PassedOver { instance_type, why: verdict(instance_type) })
        .collect()
}
