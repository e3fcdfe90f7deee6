//! The whole scenario of an export, and the runs beside it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::catalog;
use crate::import::aws::definitions::{Definitions, retry_of};
use crate::import::aws::environments::{Account, Wanted};
use crate::import::aws::export::Export;
use crate::import::aws::history::History;
use crate::import::aws::instance_types::{instance_types, names};
use crate::import::aws::kinds::Kind;
use crate::import::aws::workload::workload;
use crate::import::runs::{self, RunsError};
use crate::import::workload::RUNS_FILE;
use crate::import::{Imported, Notes};

/// Where no ARN names a region that has prices.
const REGION: &str = "us-east-1";
/// The queue of jobs of which nothing says where they were.
const QUEUE: &str = "imported";
/// The share of jobs in a fair-share queue of which none is known.
const SHARE: &str = "default";
/// AWS Batch's least `attemptDurationSeconds`.
const TIMEOUT_SECONDS_MIN: u64 = 60;

impl Export {
    /// Turns the export into a scenario that reads its runs from `runs.csv` beside it.
    pub fn scenario(mut self) -> Result<Imported, RunsError> {
        self.account_for_pages();
        let region = self.region();
        let Self { account, definitions, instance_types: described, subnets, mut history, mut notes, begins, .. } =
            self;
        history.settle(&mut notes);
        let types = match catalog::region(&region) {
            Ok(priced) => instance_types(&described, priced, &mut notes),
            Err(_) => Vec::new(),
        };
        let mut definitions = Definitions::new(definitions, &history, &mut notes);
        let (mut queues, mut unqueued) = (BTreeSet::new(), false);
        // Children are where their arrays are.
        for same in history.jobs.chunk_by(|one, next| one.id == next.id) {
            let kind = history.kinds.get(same[0].kind);
            match kind.queue {
                Some(queue) => drop(queues.insert(history.kinds.texts.get(queue).to_owned())),
                None => unqueued = true,
            }
        }
        if unqueued && account.queues.len() != 1 {
            queues.insert(QUEUE.to_owned());
        }
        let has_gpus = definitions.gpus(&history) > 0;
        let names = names(&types);
        let wanted = Wanted { region: &region, types: &names, queues, has_gpus };
        let account = Account::new(account, &wanted, &mut notes);
        told_of_jobs(&history, &mut notes);
        let mut own = Notes::default();
        let mut submit =
            |kind: &Kind, history: &History| submission(kind, history, &mut definitions, &account, &mut own);
        let work = workload(&mut history, &mut submit, begins, &mut notes);
        notes.extend(own);
        if unqueued && work.jobs > 0 {
            let queue = account.only_queue().unwrap_or(QUEUE);
            notes.made_up(format!(
                "jobs that only list-jobs tells of were in `{queue}`: it does not say where they were"
            ));
        }
        let attempts: usize = work.runs.values().map(Vec::len).sum();
        let since = date(work.begun);
        let mut scenario = json!({
            "description": description(work.jobs, since.as_deref()),
            "region": region,
            "computeEnvironments": account.environments,
            "jobQueues": account.queues,
            "jobDefinitions": documents(&definitions, &account, &mut notes),
            "workload": work.entries,
        });
        for (key, list) in [
            ("schedulingPolicies", account.policies.clone()),
            ("consumableResources", account.consumables.clone()),
            ("operations", work.operations),
        ] {
            if !list.is_empty() {
                scenario[key] = Value::Array(list);
            }
        }
        if !types.is_empty() {
            scenario["cluster"] = json!({ "instanceTypes": types });
        }
        let subnets = zones_of(subnets, &account, &region, &mut notes);
        if !subnets.is_empty() {
            scenario["cluster"]["subnets"] = json!(subnets);
        }
        if let Some(since) = since {
            notes.used(format!("{} submissions and {attempts} recorded attempts; time 0 is {since}", work.jobs));
        }
        let mut files = BTreeMap::new();
        if attempts > 0 {
            files.insert(RUNS_FILE.to_owned(), runs::write(&work.runs, |jobs| work.arrays.contains(jobs))?);
        }
        Ok(Imported { scenario, files, notes })
    }

    /// The region that most ARNs name, if it has prices.
    fn region(&mut self) -> String {
        let most = self.regions.iter().max_by_key(|(_, count)| **count).map(|(region, _)| region.clone());
        if self.regions.len() > 1 {
            let all = self.regions.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            self.notes.made_up(format!("all is in one region, though ARNs name {all}"));
        }
        match most {
            Some(region) if catalog::region(&region).is_ok() => region,
            Some(region) => {
                self.notes.made_up(format!("{REGION} stands for {region}, of which the catalog has no prices"));
                REGION.to_owned()
            }
            None => {
                self.notes.made_up(format!("the region, {REGION}: no ARN names one"));
                REGION.to_owned()
            }
        }
    }
}

fn description(jobs: u64, since: Option<&str>) -> String {
    match since {
        Some(since) => format!("{jobs} submissions to AWS Batch since {since}, from its own descriptions."),
        None => "An account of AWS Batch, from its own descriptions; what jobs it has is to be added to `workload`."
            .to_owned(),
    }
}

/// The date of a time; `None` where there were no jobs.
fn date(millis: u64) -> Option<String> {
    let at = i64::try_from(millis).ok().filter(|&at| at > 0)?;
    Timestamp::from_millisecond(at).ok().map(|at| at.to_string())
}

fn told_of_jobs(history: &History, notes: &mut Notes) {
    let History { details, summaries, skewed, .. } = history;
    if details + summaries > 0 {
        let jobs = history.jobs.len();
        notes.used(format!("{details} descriptions and {summaries} summaries of {jobs} jobs and array children"));
    }
    if *skewed > 0 {
        notes.made_up(format!(
            "{skewed} jobs started before they were created (clock skew): they arrive when they were created"
        ));
    }
    if history.kinds.has_common_names() {
        notes.made_up(
            "names of jobs are what is common to them, for there are over a thousand: `align-0017` is `align`",
        );
    }
    history.tell_contradictory(notes);
}

/// Zones of subnets that an environment has, as far as they are the region's; says which environments launch anywhere.
fn zones_of(
    mut all: BTreeMap<String, String>,
    account: &Account,
    region: &str,
    notes: &mut Notes,
) -> BTreeMap<String, String> {
    let zones = catalog::region(region).map(catalog::Region::zones).unwrap_or_default();
    let environments = || account.environments.iter().filter(|one| one["type"] == "MANAGED");
    let subnets = |one: &Value| one["computeResources"]["subnets"].as_array().cloned().unwrap_or_default();
    let used: BTreeSet<String> =
        environments().flat_map(subnets).filter_map(|subnet| subnet.as_str().map(str::to_owned)).collect();
    all.retain(|subnet, zone| {
        let is_known = zones.contains(zone);
        if used.contains(subnet) && !is_known {
            notes.leave_out("subnets in zones that the catalog has not", format!("{subnet}: {zone}"));
        }
        used.contains(subnet) && is_known
    });
    if environments().any(|one| !subnets(one).iter().any(|subnet| subnet.as_str().is_some_and(|s| all.contains_key(s))))
    {
        notes.made_up(
            "environments of whose subnets no zone is told (aws ec2 describe-subnets) launch in all zones of the region",
        );
    }
    all
}

/// The definitions, holding only consumable resources that are known.
fn documents(definitions: &Definitions, account: &Account, notes: &mut Notes) -> Vec<Value> {
    const MEMBER: &str = "consumableResourceProperties";
    let mut all = definitions.documents.clone();
    for document in &mut all {
        let mut holders: Vec<&mut Value> = Vec::new();
        if document["type"] == "multinode" {
            holders.extend(document["nodeProperties"]["nodeRangeProperties"].as_array_mut().into_iter().flatten());
        } else {
            holders.push(document);
        }
        for holder in holders {
            let Some(members) = holder.as_object_mut() else { continue };
            let Some(written) = members.shift_remove(MEMBER) else { continue };
            let held = account.held(&written, notes);
            if !held.is_null() {
                members.insert(MEMBER.to_owned(), held);
            }
        }
    }
    all
}

/// What a job of a kind was submitted with; `None` where its definition is not known.
fn submission(
    kind: &Kind,
    history: &History,
    definitions: &mut Definitions,
    account: &Account,
    notes: &mut Notes,
) -> Option<Value> {
    let texts = &history.kinds.texts;
    let full = texts.get(kind.definition);
    let defaults = definitions.defaults(full)?;
    let ask = kind.ask.map(|ask| history.kinds.asked(ask));
    let (definition, changes) = definitions.submitted(full, ask, notes)?;
    let queue = kind.queue.map_or_else(|| account.only_queue().unwrap_or(QUEUE), |queue| texts.get(queue));
    let mut submit = json!({ "jobName": history.kinds.name_of(kind), "jobQueue": queue, "jobDefinition": definition });
    if account.is_fair(queue) {
        let share = kind.share.map_or(SHARE, |share| texts.get(share));
        if kind.share.is_none() {
            notes.made_up(format!("the share `{SHARE}` of jobs in fair-share queues of which none is known"));
        }
        submit["shareIdentifier"] = json!(share);
        if let Some(priority) = kind.priority.filter(|&own| i64::from(own) != defaults.priority.unwrap_or(0)) {
            submit["schedulingPriorityOverride"] = json!(priority);
        }
    } else if kind.share.is_some() {
        notes.leave_out("shares of jobs in queues without a scheduling policy", queue);
    }
    if let Some(retry) = kind.retry.and_then(|retry| serde_json::from_str(texts.get(retry)).ok()) {
        let retry = retry_of(&retry);
        if retry != defaults.retry {
            submit["retryStrategy"] = json!(retry);
        }
    }
    if let Some(timeout) = kind.timeout.filter(|&own| Some(own) != defaults.timeout) {
        submit["timeout"] = json!({ "attemptDurationSeconds": timeout.max(TIMEOUT_SECONDS_MIN) });
    }
    if let Some(changes) = changes {
        submit["eksPropertiesOverride"] = changes;
    }
    let held: Option<Value> = kind.consumables.and_then(|held| serde_json::from_str(texts.get(held)).ok());
    if let Some(held) = held {
        let (own, default) = (account.held(&held, notes), account.held(&defaults.consumables, &mut Notes::default()));
        if own != default && !own.is_null() {
            submit["consumableResourcePropertiesOverride"] = own;
        }
    }
    Some(submit)
}
