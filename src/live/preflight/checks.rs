//! All checks, in the order in which they are told.

use kube::Client;

use crate::live::backend::Backend;
use crate::live::observe::call::Caller;
use crate::live::pods::RunPods;
use crate::live::preflight::check::Check;
use crate::live::preflight::{names, nodes, permissions};
use crate::live::rbac::Mode;
use crate::live::settings::LiveSettings;

/// What is about to be done.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    /// What a run does with the cluster.
    pub mode: Mode,
    /// Where capacity comes from.
    pub backend: &'a Backend,
    /// The run's environments and jobs.
    pub pods: &'a RunPods,
    /// How long to wait for answers.
    pub settings: &'a LiveSettings,
}

/// Checks everything that the plan will need. Nothing in the cluster is changed.
pub async fn check(client: &Client, plan: &Plan<'_>) -> Vec<Check> {
    let caller = Caller::new(client, plan.settings);
    let mut all = vec![match caller.within(client.apiserver_version()).await {
        Ok(version) => Check::ok("API server", version.git_version),
        // Nothing else could be asked either.
        Err(error) => return vec![Check::failed("API server", error.to_string())],
    }];
    let namespaces = plan.pods.namespaces();
    let permitted = permissions::check(&caller, plan, &namespaces);
    let named = names::check(&caller, plan.pods, &namespaces);
    let nodes = nodes::check(&caller, plan, &namespaces);
    let (permitted, named, nodes) = futures::join!(permitted, named, nodes);
    all.extend(permitted);
    all.extend(named);
    all.extend(nodes);
    all
}
