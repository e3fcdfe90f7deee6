//! A run as it goes, and what of it is written down: a job when it is over, with its array's children, so that memory is for
//! jobs in the system and for places of the others; the account at the end.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;

use crate::batch::{Batch, InstanceTypes, JobDefinitionFilter, Page, PageRequest};
use crate::driver::{DriverError, Watcher};
use crate::export::ids::Ids;
use crate::export::pages::{Call, ExportError, Pages};
use crate::export::spool::{Line, Spool};
use crate::history::status_reason::Texts;
use crate::history::{JobLog, JobState, Keep};
use crate::ids::{JobId, JobQueueId, JobRef, JobSpecId};
use crate::model::{JobSpecName, Names};
use crate::scheduler::{Decision, Observation, SchedulerConfig};
use crate::units::SimTime;

const ENVIRONMENTS: Call = nouns("computeEnvironments");
const QUEUES: Call = nouns("jobQueues");
const DEFINITIONS: Call = nouns("jobDefinitions");
const CONSUMABLES: Call = nouns("consumableResources");
/// Source: `API:DescribeSchedulingPoliciesRequest`, which takes 100 ARNs.
const POLICIES: Call = Call { has_token: false, ..nouns("schedulingPolicies") };
/// Source: `API:DescribeJobsRequest`, which takes 100 ids.
const JOBS: Call = Call { has_token: false, is_numbered: true, ..nouns("jobs") };
/// Source: `API:ListJobsRequest.maxResults`.
const SUMMARIES: Call = Call { items_max: 1_000, is_numbered: true, ..nouns("jobSummaryList") };

/// Source: `API:DescribeComputeEnvironmentsRequest.maxResults` and its kin.
const fn nouns(member: &'static str) -> Call {
    Call { member, items_max: 100, has_token: true, is_numbered: false }
}

/// When the whole job was submitted, and which job: what lists are sorted by.
type Place = (SimTime, JobRef);

/// A run on its way into a folder of answers of AWS.
#[derive(Debug)]
pub struct AwsExport<T> {
    batch: Batch<T>,
    log: JobLog,
    ids: Ids,
    pages: Pages,
    details: Spool,
    summaries: Spool,
    described: Vec<(Place, Line)>,
    listed: BTreeMap<(JobQueueId, JobState), Vec<(Place, Line)>>,
    /// Over, but with pods that have not ended yet.
    ending: Vec<JobId>,
    over: Vec<JobId>,
}

impl<T: InstanceTypes> AwsExport<T> {
    /// Begins an export that will stand at `folder`, of a run of this scenario. Call it before the run: a folder that can't be
    /// written should not cost one.
    pub fn create(
        folder: &Path,
        scenario: &str,
        batch: Batch<T>,
        (config, names, texts): (&SchedulerConfig, Names, Texts),
    ) -> Result<Self, ExportError> {
        let pages = Pages::create(folder)?;
        let spool = || Spool::create(pages.folder()).map_err(|error| pages.failed(error));
        let (details, summaries) = (spool()?, spool()?);
        Ok(Self {
            batch,
            log: JobLog::new(config, names, Keep::All).with_texts(texts),
            ids: Ids::new(scenario),
            pages,
            details,
            summaries,
            described: Vec::new(),
            listed: BTreeMap::new(),
            ending: Vec::new(),
            over: Vec::new(),
        })
    }

    /// Writes the rest and gives the folder its name; returns how many files stand there.
    pub fn finish(mut self) -> Result<u64, ExportError> {
        // What is not over when a run stops is described as it stands.
        let open: Vec<_> = self.log.iter().filter(|record| record.job.child.is_none()).map(|one| one.job.job).collect();
        for job in open {
            self.keep(job).map_err(|error| self.pages.failed(error))?;
        }
        let Self { batch, mut pages, details, summaries, mut described, listed, .. } = self;
        let written = account(&batch, &mut pages).and_then(|()| {
            described.sort_unstable_by_key(|(place, _)| *place);
            lines(&mut pages, ("describe-jobs", &JOBS), details, [("", described)])?;
            let lists = listed.into_iter().map(|((queue, state), mut all)| {
                // `API:ListJobs`: the latest first.
                all.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
                let queue = batch.job_queue(queue).map_or("", |document| &document.job_queue_name);
                (format!("-{queue}-{}", state.name()), all)
            });
            lines(&mut pages, ("list-jobs", &SUMMARIES), summaries, lists)
        });
        written.map_err(|error| pages.failed(error))?;
        pages.finish()
    }

    /// Writes a job down, with all its children.
    fn keep(&mut self, job: JobId) -> io::Result<()> {
        let whole = JobRef { job, child: None };
        let Some(record) = self.log.get(whole) else { return Ok(()) };
        let submitted = record.created_at();
        let list = (record.queue, record.state);
        if let Some(mut summary) = self.batch.summarize_job(whole, &self.log) {
            self.ids.of_summary(&mut summary);
            let line = self.summaries.keep(&summary)?;
            self.listed.entry(list).or_default().push(((submitted, whole), line));
        }
        for job in std::iter::once(whole).chain(self.log.children(job).map(|child| child.job)) {
            let Some(mut detail) = self.batch.describe_job(job, &self.log) else { continue };
            self.ids.of_detail(&mut detail);
            self.described.push(((submitted, job), self.details.keep(&detail)?));
        }
        Ok(())
    }

    /// Whether nothing more can become known of a job.
    fn is_complete(&self, job: JobId) -> bool {
        let whole = self.log.get(JobRef { job, child: None });
        whole.into_iter().chain(self.log.children(job)).flat_map(|record| &record.attempts).all(|one| one.end.is_some())
    }
}

/// The account's nouns, as they are when the run is over.
fn account<T: InstanceTypes>(batch: &Batch<T>, pages: &mut Pages) -> io::Result<()> {
    let environments = all(|page| batch.describe_compute_environments(&[], page))?;
    nouns_of(pages, "describe-compute-environments", &ENVIRONMENTS, &environments)?;
    let queues = all(|page| batch.describe_job_queues(&[], page))?;
    nouns_of(pages, "describe-job-queues", &QUEUES, &queues)?;
    let policies = all(|page| batch.list_scheduling_policies(page))?;
    nouns_of(pages, "describe-scheduling-policies", &POLICIES, &policies)?;
    let definitions = all(|page| batch.describe_job_definitions(&JobDefinitionFilter::default(), page))?;
    nouns_of(pages, "describe-job-definitions", &DEFINITIONS, &definitions)?;
    let consumables = all(|page| batch.list_consumable_resources(page))?;
    nouns_of(pages, "list-consumable-resources", &CONSUMABLES, &consumables.iter().map(summary).collect::<Vec<_>>())
}

/// What `ListConsumableResources` says of one. Source: `API:ConsumableResourceSummary`.
fn summary(detail: &Value) -> Value {
    const MEMBERS: [&str; 4] = ["consumableResourceArn", "consumableResourceName", "resourceType", "totalQuantity"];
    MEMBERS.iter().map(|member| ((*member).to_owned(), detail[*member].clone())).collect()
}

/// All items of an answer, page by page.
fn all<R: serde::Serialize, E: std::fmt::Display>(
    mut ask: impl FnMut(&PageRequest) -> Result<Page<R>, E>,
) -> io::Result<Vec<Value>> {
    let (mut items, mut request) = (Vec::new(), PageRequest::default());
    loop {
        let page = ask(&request).map_err(|error| io::Error::other(error.to_string()))?;
        for item in &page.items {
            items.push(serde_json::to_value(item)?);
        }
        let Some(token) = page.next_token else { return Ok(items) };
        request.next_token = Some(token);
    }
}

fn nouns_of(pages: &mut Pages, name: &str, call: &Call, items: &[Value]) -> io::Result<()> {
    pages.write(name, call, items.len(), |item, file| Ok(serde_json::to_writer(file, &items[item])?))
}

/// Answers whose items are on disk, each list under the call's name and its own.
fn lines<N: AsRef<str>>(
    pages: &mut Pages,
    (name, call): (&str, &Call),
    spool: Spool,
    lists: impl IntoIterator<Item = (N, Vec<(Place, Line)>)>,
) -> io::Result<()> {
    let mut kept = spool.finish()?;
    for (list, places) in lists {
        let name = format!("{name}{}", list.as_ref());
        pages.write(&name, call, places.len(), |item, file| file.write_all(kept.read(places[item].1)?))?;
    }
    Ok(())
}

impl<T: InstanceTypes> Watcher for AwsExport<T> {
    fn called(&mut self, spec: JobSpecId, name: &JobSpecName) {
        self.log.called(spec, name);
    }

    fn seen(&mut self, _: &Observation) -> Result<(), DriverError> {
        Ok(())
    }

    fn decided(&mut self, seen: &Observation, decision: &Decision) -> Result<(), DriverError> {
        for reason in &decision.reasons {
            self.batch.hear(reason);
        }
        let ending = &mut self.ending;
        self.log.fold(seen, decision, |record, transition, _| {
            let is_over = transition.is_some_and(|it| it.to.is_terminal()) && record.job.child.is_none();
            ending.extend(is_over.then_some(record.job.job));
            Ok(())
        })?;
        if self.ending.is_empty() {
            return Ok(());
        }
        let mut over = std::mem::take(&mut self.over);
        let mut ending = std::mem::take(&mut self.ending);
        ending.retain(|&job| {
            let complete = self.is_complete(job);
            over.extend(complete.then_some(job));
            !complete
        });
        self.ending = ending;
        for job in over.drain(..) {
            let kept = self.keep(job);
            kept.map_err(|source| DriverError::Io { context: "writing the export for AWS".to_owned(), source })?;
            self.log.remove(job);
        }
        self.over = over;
        Ok(())
    }
}
