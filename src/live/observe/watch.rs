//! All watches of a run, side by side.

use std::pin::pin;
use std::sync::mpsc::Sender;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{self, BoxFuture};
use kube::Client;
use tokio::sync::mpsc::unbounded_channel;

use crate::kubernetes::objects::{NodeObject, PodObject};
use crate::live::acts::RUN_LABEL;
use crate::live::error::LiveError;
use crate::live::facts::Sighting;
use crate::live::observe::call::{Caller, Query};
use crate::live::observe::claims;
use crate::live::observe::follow::{Unheard, follow};
use crate::live::observe::nodes::{Means, keep};
use crate::live::observe::pods::{Desk, EVERYWHERE};
use crate::live::observe::volumes;
use crate::live::settings::LiveSettings;
use crate::pod::COMPUTE_ENVIRONMENT_LABEL;

/// What is watched.
#[derive(Debug, Clone, PartialEq)]
pub struct Watch {
    /// `uuid`s of the run's environments: what the label of their nodes says.
    pub environments: Vec<String>,
    /// The run's id: what the label of its pods says.
    pub run: String,
    /// Where its pods can be; asked one by one where all namespaces at once are forbidden.
    pub namespaces: Vec<String>,
    /// Whether there are `NodeClaim`s.
    pub claims: bool,
    /// How long to wait for what.
    pub settings: LiveSettings,
}

/// Selects the nodes of environments.
fn nodes_of(environments: &[String]) -> String {
    format!("{COMPUTE_ENVIRONMENT_LABEL} in ({})", environments.join(","))
}

/// Tells what is seen of a cluster for as long as someone receives it; to end it at once, drop the future. Whatever the API
/// server answers, it is asked again, and the reason is logged; only that Karpenter is not there at all is an error.
///
/// A kind is told anew from [`ListBegun`](Sighting::ListBegun) to [`ListEnded`](Sighting::ListEnded) whenever its watch can't
/// be taken up where it broke. A list that breaks off begins again, without having ended.
pub async fn run(client: Client, watch: Watch, out: Sender<Sighting>) -> Result<(), LiveError> {
    if watch.environments.is_empty() {
        return Err(LiveError::Refused("the run has no compute environment whose nodes could be watched".to_owned()));
    }
    let caller = Caller::new(&client, &watch.settings);
    let of_run = format!("{RUN_LABEL}={}", watch.run);
    let scopes = scopes(&caller, &of_run, &watch.namespaces).await;
    let desk = Desk::new(out.clone(), &scopes);
    let means = Means {
        caller: &caller,
        namespaces: &watch.namespaces,
        run: &watch.run,
        not_ready_timeout: watch.settings.not_ready_timeout,
        desk: &desk,
        out: out.clone(),
    };
    let mut all: Vec<BoxFuture<'_, Result<(), LiveError>>> = vec![nodes(&means, &watch.environments).boxed()];
    all.extend(scopes.iter().map(|scope| pods(&caller, &desk, scope, &of_run).boxed()));
    all.push(volumes(&caller, &desk, watch.settings.volume_patience).boxed());
    if watch.claims {
        all.push(claims::run(&caller, &watch.run, out).boxed());
    }
    future::select_all(all).await.0
}

/// Where pods are watched: everywhere at once, or in each of the run's namespaces where that is forbidden.
async fn scopes(caller: &Caller, of_run: &str, namespaces: &[String]) -> Vec<String> {
    let everywhere = Query::pods().labelled(of_run);
    match caller.page::<PodObject>(&everywhere, None).await {
        Err(error) if error.is_forbidden() && !namespaces.is_empty() => {
            tracing::warn!(%error, "pods are watched in the run's namespaces one by one");
            namespaces.to_vec()
        }
        _ => vec![EVERYWHERE.to_owned()],
    }
}

async fn pods(caller: &Caller, desk: &Desk, scope: &str, of_run: &str) -> Result<(), LiveError> {
    let all = if scope == EVERYWHERE { Query::pods() } else { Query::pods_in(scope) };
    follow::<PodObject>(caller, &all.labelled(of_run), &[], |told| desk.told(scope, told)).await;
    Ok(())
}

async fn volumes(caller: &Caller, desk: &Desk, patience: Duration) -> Result<(), LiveError> {
    // Nobody listens any more: that is no error.
    let _ = volumes::run(caller, desk, patience).await;
    Ok(())
}

async fn nodes(means: &Means<'_>, environments: &[String]) -> Result<(), LiveError> {
    let (tell, told) = unbounded_channel();
    let query = Query::nodes().labelled(nodes_of(environments));
    let watching = follow::<NodeObject>(means.caller, &query, &[], |told| tell.send(told).map_err(|_| Unheard));
    future::select(pin!(watching), pin!(keep(means, told))).await;
    Ok(())
}
