//! Workload and operations in order of time, given to the control plane as they would come: everything that AWS Batch would
//! refuse during the run is found before it. Submissions of an entry are judged once, at the time of its first.

use crate::batch::{BatchError, Outcome, Variation};
use crate::ids::JobRef;
use crate::model::SubmitJob;
use crate::model::operations::{CancelJob, CancelJobs, TerminateJob, TerminateJobs};
use crate::scenario::account::{Account, Initial};
use crate::scenario::depend::dependencies;
use crate::scenario::hosts::Hosts;
use crate::scenario::judge::Judge;
use crate::scenario::operations::{Call, OperationFields};
use crate::scenario::plan::{Meant, Plan};
use crate::scenario::schema::Scenario;
use crate::scenario::work::WorkloadEntry as Written;
use crate::scenario::workload::Read;
use crate::scenario::{trace, workload};
use crate::scheduler::Event;
use crate::sim::{Arrivals, Tracked, WorkloadEntry, WorkloadSource};
use crate::units::{SimDuration, SimTime};

/// An operation, read.
#[derive(Debug)]
pub(super) struct PlannedCall {
    /// Its place in the scenario.
    index: usize,
    at: SimTime,
    pub(super) call: Call,
}

/// The run as it was judged.
pub(super) struct Timeline<'a, 'b> {
    scenario: &'a Scenario,
    calls: &'a [PlannedCall],
    plan: Plan<'a>,
    files: Vec<Read>,
    pub(super) account: Account<'b>,
    pub(super) hosts: Hosts,
    default_image_mib: u32,
    tracked: Vec<Tracked>,
    /// Entries by number, as far as nothing is wrong with them.
    built: Vec<Option<WorkloadEntry>>,
    operations: Vec<(SimTime, Vec<Event>)>,
    initial: Option<Initial>,
}

/// What a scenario comes to.
pub(super) struct Run {
    pub(super) initial: Initial,
    pub(super) workload: Vec<WorkloadEntry>,
    pub(super) operations: Vec<(SimTime, Vec<Event>)>,
}

/// Reads the operations, in order of time.
pub(super) fn calls(scenario: &Scenario, judge: &mut Judge<'_>) -> Vec<PlannedCall> {
    let mut calls = Vec::new();
    for (index, operation) in scenario.operations.iter().enumerate() {
        let (fields, at) = (&operation.0, format!("/operations/{index}"));
        let call = match fields.operation.call(&fields.input) {
            Ok(call) => call,
            Err(error) => {
                if judge.is_complete_to(&at, 0) {
                    judge.error(format!("{at}/input"), format!("it can't be read: {error}"), "");
                }
                continue;
            }
        };
        if !judge.is_mended(&at) {
            calls.push(PlannedCall { index, at: SimTime::ZERO + fields.at.0, call });
        }
    }
    calls.sort_by_key(|call| call.at);
    calls
}

impl PlannedCall {
    pub(super) const fn index(&self) -> usize {
        self.index
    }

    pub(super) const fn at(&self) -> SimTime {
        self.at
    }
}

impl<'a, 'b> Timeline<'a, 'b> {
    pub(super) fn new(
        scenario: &'a Scenario,
        calls: &'a [PlannedCall],
        plan: (Plan<'a>, Vec<Read>),
        (mut account, hosts): (Account<'b>, Hosts),
        default_image_mib: u32,
    ) -> Self {
        let (plan, files) = plan;
        for (number, entry) in (0..=u16::MAX).zip(&plan.entries) {
            // Of a log that can't be read, nothing can be said to be beyond it.
            let count = entry.count.unwrap_or(1 << 47);
            let array_size = entry.submit.array_properties.map(|array| array.size);
            account.batch.know_jobs(crate::ids::JobId::new(number, 0), count, array_size);
        }
        let entries = plan.entries.len();
        Self {
            scenario,
            calls,
            plan,
            files,
            account,
            hosts,
            default_image_mib,
            tracked: vec![Tracked::None; entries],
            built: vec![None; entries],
            operations: Vec::new(),
            initial: None,
        }
    }

    /// Gives everything to the control plane in order of time.
    pub(super) fn run(&mut self, judge: &mut Judge<'_>) -> Run {
        let first = |entry: usize| self.plan.entries[entry].times.of(0).0;
        // Entries between two operations may come in any order: theirs keeps the numbers of specs.
        let segments: Vec<usize> = (0..self.scenario.workload.len())
            .map(|entry| self.calls.partition_point(|call| call.at <= first(entry)))
            .collect();
        for segment in 0..=self.calls.len() {
            for entry in (0..segments.len()).filter(|&entry| segments[entry] == segment) {
                self.entry(entry, judge);
            }
            if let Some(call) = self.calls.get(segment) {
                self.initial.get_or_insert_with(|| self.account.initial());
                self.call(call, judge);
            }
        }
        let initial = self.initial.take().unwrap_or_else(|| self.account.initial());
        let tracked = std::mem::take(&mut self.tracked);
        let built = std::mem::take(&mut self.built).into_iter().zip(tracked);
        let workload = built.filter_map(|(entry, tracked)| Some(WorkloadEntry { tracked, ..entry? })).collect();
        Run { initial, workload, operations: std::mem::take(&mut self.operations) }
    }

    /// Judges a workload entry at the time of its first submission.
    fn entry(&mut self, number: usize, judge: &mut Judge<'_>) {
        let written = &self.scenario.workload[number];
        let at = format!("/workload/{number}");
        let submit = written.submit();
        let judged = judge.refused(&format!("{at}/submit"), self.account.batch.judge_submission(submit));
        let depends_on = self.depend(number, judge);
        let (Some(judged), Some(depends_on)) = (judged, depends_on) else { return };
        let entry = match written {
            Written::Submissions(written) => {
                let image_mib = Some(written.image_size_mib.unwrap_or(self.default_image_mib));
                let admitted = self.account.batch.admit(&judged, Variation { image_mib, ..Variation::default() });
                let (submission, events) = (admitted.response, admitted.events);
                self.note(events);
                self.judge_size(submit, submission.spec, submission.queue, &format!("{at}/submit"), judge);
                let (arrivals, listed) = workload::arrivals(&written.arrivals);
                let source = WorkloadSource::Synthetic {
                    spec: submission.spec,
                    array_size: submission.array_size,
                    count: listed.or(written.count).unwrap_or(1),
                    arrivals,
                    runtime: written.runtime.clone(),
                };
                WorkloadEntry {
                    failure_probability: written.failure_probability,
                    failures: workload::failures(&written.failures),
                    recorded: self.files[number].runs.clone(),
                    ..WorkloadEntry::new(submission.queue, source)
                }
            }
            Written::Trace(written) => {
                let Some(log) = self.files[number].log.clone() else { return };
                let image_mib = written.image_size_mib.unwrap_or(self.default_image_mib);
                let recorded = trace::convert(written, &log, image_mib, (&judged, &mut self.account.batch));
                self.note(recorded.events);
                if let Some(spec) = recorded.largest {
                    let spec = self.account.batch.job_specs()[spec.index()].spec.clone();
                    let at = format!("{at}/trace");
                    self.hosts.judge_size(&spec, recorded.queue, &at, &self.account, judge);
                }
                WorkloadEntry::new(recorded.queue, WorkloadSource::Trace(recorded.jobs))
            }
        };
        self.built[number] = Some(WorkloadEntry { depends_on, ..entry });
    }

    /// What an entry waits for; `None` where something is wrong with that.
    fn depend(&mut self, number: usize, judge: &mut Judge<'_>) -> Option<Vec<crate::sim::WorkloadDependency>> {
        let entry = u16::try_from(number).ok()?;
        match dependencies(&self.plan, entry, &self.account.batch, &mut self.tracked) {
            Ok(found) => Some(found),
            Err(problems) => {
                judge.errors(&self.plan.entries[number].at, problems);
                None
            }
        }
    }

    fn judge_size(
        &mut self,
        submit: &SubmitJob,
        spec: crate::ids::JobSpecId,
        queue: crate::ids::JobQueueId,
        at: &str,
        judge: &mut Judge<'_>,
    ) {
        let known = &self.account.batch.job_specs()[spec.index()];
        let overrides = submit.eks_properties_override.as_ref().and_then(|o| o.pod_properties.as_ref());
        let own = overrides.is_some_and(|pod| {
            pod.containers.iter().chain(&pod.init_containers).any(|change| change.resources.is_some())
        });
        let at = if own {
            format!("{at}/eksPropertiesOverride")
        } else if known.job.nodes.is_some() {
            format!("{}/nodeProperties/nodeRangeProperties", self.account.definition_at(&known.job_definition))
        } else {
            let at = self.account.definition_at(&known.job_definition);
            format!("{at}/eksProperties/podProperties/containers/0/resources")
        };
        let spec = known.spec.clone();
        self.hosts.judge_size(&spec, queue, &at, &self.account, judge);
    }

    /// Notes what the core must hear once operations have begun; what comes before is how the run begins. Specs are known
    /// to the world from the start.
    fn note(&mut self, events: Vec<Event>) {
        let mut events: Vec<_> =
            events.into_iter().filter(|event| !matches!(event, Event::JobSpecRegistered { .. })).collect();
        if let Some((_, last)) = self.operations.last_mut() {
            last.append(&mut events);
        }
    }

    fn call(&mut self, planned: &'a PlannedCall, judge: &mut Judge<'_>) {
        let at = format!("/operations/{}/input", planned.index);
        self.operations.push((planned.at, Vec::new()));
        let batch = &mut self.account.batch;
        let outcome = match &planned.call {
            Call::CreateComputeEnvironment(document) => {
                let outcome = events(batch.create_compute_environment(document));
                self.account.hint_at_environment(document, &at, judge);
                outcome
            }
            Call::UpdateComputeEnvironment(request) => events(batch.update_compute_environment(request)),
            Call::DeleteComputeEnvironment(request) => events(batch.delete_compute_environment(request)),
            Call::CreateJobQueue(document) => events(batch.create_job_queue(document)),
            Call::UpdateJobQueue(request) => events(batch.update_job_queue(request)),
            Call::DeleteJobQueue(request) => events(batch.delete_job_queue(request)),
            Call::CreateSchedulingPolicy(document) => events(batch.create_scheduling_policy(document)),
            Call::UpdateSchedulingPolicy(request) => events(batch.update_scheduling_policy(request)),
            Call::DeleteSchedulingPolicy(request) => events(batch.delete_scheduling_policy(request)),
            Call::CreateConsumableResource(document) => events(batch.create_consumable_resource(document)),
            Call::UpdateConsumableResource(request) => events(batch.update_consumable_resource(request)),
            Call::DeleteConsumableResource(request) => events(batch.delete_consumable_resource(request)),
            Call::RegisterJobDefinition(document) => events(self.account.register(document, &at)),
            Call::DeregisterJobDefinition(request) => events(batch.deregister_job_definition(request)),
            Call::SubmitJob(submit) => return self.submit(planned, submit, judge),
            Call::CancelJob(request) => {
                let Some(job_id) = self.meant(&request.job_id, planned, "jobId", judge) else { return };
                events(self.account.batch.cancel_job(&CancelJob { job_id, ..(**request).clone() }))
            }
            Call::TerminateJob(request) => {
                let Some(job_id) = self.meant(&request.job_id, planned, "jobId", judge) else { return };
                events(self.account.batch.terminate_job(&TerminateJob { job_id, ..(**request).clone() }))
            }
            Call::CancelJobs(request) => {
                let jobs = self.all_meant(&request.jobs, planned, judge);
                events(self.account.batch.cancel_jobs(&CancelJobs { jobs, ..(**request).clone() }))
            }
            Call::TerminateJobs(request) => {
                let jobs = self.all_meant(&request.jobs, planned, judge);
                events(self.account.batch.terminate_jobs(&TerminateJobs { jobs, ..(**request).clone() }))
            }
        };
        let told = judge.refused(&at, outcome).unwrap_or_default();
        self.note(told);
    }

    /// `SubmitJob`: an entry of one submission.
    fn submit(&mut self, planned: &PlannedCall, submit: &SubmitJob, judge: &mut Judge<'_>) {
        let at = format!("/operations/{}", planned.index);
        let fields: &OperationFields = &self.scenario.operations[planned.index].0;
        let Some(number) = self.plan.entries.iter().position(|entry| entry.at == format!("{at}/input")) else { return };
        let judged = judge.refused(&format!("{at}/input"), self.account.batch.judge_submission(submit));
        let depends_on = self.depend(number, judge);
        if fields.runtime.is_none() {
            judge.error(at.as_str(), "`runtime` is missing: how long an attempt of the job runs", "add `runtime`");
        }
        let (Some(judged), Some(depends_on), Some(runtime)) = (judged, depends_on, &fields.runtime) else { return };
        let image_mib = Some(fields.image_size_mib.unwrap_or(self.default_image_mib));
        let admitted = self.account.batch.admit(&judged, Variation { image_mib, ..Variation::default() });
        self.note(admitted.events);
        let submission = admitted.response;
        self.judge_size(submit, submission.spec, submission.queue, &format!("{at}/input"), judge);
        let source = WorkloadSource::Synthetic {
            spec: submission.spec,
            array_size: submission.array_size,
            count: 1,
            arrivals: Arrivals::Fixed { start: planned.at, every: SimDuration::ZERO },
            runtime: runtime.clone(),
        };
        self.built[number] = Some(WorkloadEntry {
            failure_probability: fields.failure_probability.unwrap_or(0.0),
            failures: workload::failures(&fields.failures),
            depends_on,
            ..WorkloadEntry::new(submission.queue, source)
        });
    }

    /// The id of the job that an operation names, which is tracked from now on; `None` where that is wrong.
    fn meant(&mut self, text: &str, planned: &PlannedCall, field: &str, judge: &mut Judge<'_>) -> Option<String> {
        let pointer = format!("/operations/{}/input/{field}", planned.index);
        let found = self.plan.find(text, &pointer).and_then(|meant| match meant {
            Meant::Job(reference) => Ok(reference),
            Meant::Entry(entry) => Ok(JobRef { job: self.plan.only(entry, text, &pointer)?, child: None }),
        });
        let reference = match found {
            Ok(reference) => reference,
            Err(problem) => {
                judge.errors("", problem.into_iter().collect());
                return None;
            }
        };
        if let Some((time, _)) = self.plan.time_of(reference.job).filter(|(time, _)| *time > planned.at) {
            let message = format!(
                "`{text}` is submitted at {time} at the earliest, and this comes before that, at {}",
                planned.at
            );
            judge.error(pointer, message, "make the call later");
            return None;
        }
        if let Some(tracked) = self.tracked.get_mut(usize::from(reference.job.entry())) {
            tracked.insert(reference.job.index());
        }
        Some(reference.to_string())
    }

    fn all_meant(&mut self, texts: &[String], planned: &PlannedCall, judge: &mut Judge<'_>) -> Vec<String> {
        let each = texts.iter().enumerate();
        each.filter_map(|(index, text)| self.meant(text, planned, &format!("jobs/{index}"), judge)).collect()
    }
}

fn events<R>(outcome: Result<Outcome<R>, BatchError>) -> Result<Vec<Event>, BatchError> {
    outcome.map(|outcome| outcome.events)
}
