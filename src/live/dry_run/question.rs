//! What a dry run is asked, and the way to its answer.

use kube::Client;

use crate::live::backend::Backend;
use crate::live::dry_run::{Report, judge, plan, report, wanted};
use crate::live::error::LiveError;
use crate::live::folded::{Account, usable_nodes};
use crate::live::pods::RunPods;
use crate::live::settings::LiveSettings;
use crate::live::snapshot::Snapshot;
use crate::model::Names;
use crate::scheduler::{Event, SchedulerConfig};

/// What a dry run is asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Question<'a> {
    /// Name of the scenario.
    pub scenario: &'a str,
    /// Seed of what is drawn.
    pub seed: u64,
    /// Context of the kubeconfig.
    pub context: &'a str,
    /// Who would provide nodes.
    pub backend: &'a Backend,
    /// What the core is told.
    pub config: &'a SchedulerConfig,
    /// Names by id.
    pub names: &'a Names,
    /// Calls to AWS Batch during the run, which a dry run leaves out.
    pub operations: usize,
    /// What the documents come to, under the back end.
    pub account: &'a Account,
    /// What pods are made from.
    pub pods: &'a RunPods,
}

/// Answers it: what would be done to the cluster of the snapshot, each pod judged by its API server.
pub async fn answer(
    question: &Question<'_>,
    snapshot: &Snapshot,
    submissions: impl IntoIterator<Item = Event>,
    client: &Client,
    settings: &LiveSettings,
) -> Result<Report, LiveError> {
    let nodes = usable_nodes(snapshot, &question.pods.environments);
    let plan = plan(question.config.clone(), question.account, &nodes, submissions)
        .map_err(|error| LiveError::Refused(format!("the scheduler can't be run: {error}")))?;
    let wanted = wanted(&plan, &nodes, question.account, question.pods);
    let pods: Vec<_> = wanted.iter().map(|wanted| &wanted.pod).collect();
    let verdicts = judge(client, &pods, settings.writes_in_flight).await?;
    Ok(report(question, (snapshot, &nodes), &plan, wanted, &verdicts))
}
