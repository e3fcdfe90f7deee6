//! What the API server says of pods that it is asked to create and told not to: admission, quota, `PodSecurity` and RBAC
//! answer as they would.

use std::time::Duration;

use futures::StreamExt;
use kube::Client;
use kube::api::PostParams;
use kube::core::Request;
use serde_json::Value;

use crate::live::error::LiveError;
use crate::live::pods::RunPod;

/// What the API server says of a pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It would create it.
    Accepted,
    /// It would not.
    Refused {
        /// The HTTP status, like 403.
        code: u16,
        /// `reason`, like `Forbidden`.
        reason: String,
        /// `message`.
        message: String,
    },
    /// It was too busy, or failed, as often as it was asked.
    Unanswered(String),
}

/// How often a pod is asked about before the API server is taken to be unable to answer.
const ASKED: u32 = 4;
/// How long to wait before asking again; each time twice as long.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Asks about every pod, `in_flight` at once; the verdicts are in the order of the pods.
///
/// Nothing is created: every request carries `dryRun=All`. An error is one of the way to the API server.
pub async fn judge(client: &Client, pods: &[&RunPod], in_flight: usize) -> Result<Vec<Verdict>, LiveError> {
    let mut answers = futures::stream::iter(pods.iter().map(|pod| ask(client, pod))).buffered(in_flight.max(1));
    let mut verdicts = Vec::with_capacity(pods.len());
    while let Some(answer) = answers.next().await {
        verdicts.push(answer?);
    }
    Ok(verdicts)
}

async fn ask(client: &Client, pod: &RunPod) -> Result<Verdict, LiveError> {
    let mut wait = ASK_AGAIN;
    let mut asked = 1;
    loop {
        match client.request::<Value>(request(pod)?).await {
            Ok(_) => return Ok(Verdict::Accepted),
            Err(kube::Error::Api(status)) if status.code == 429 || status.code >= 500 => {
                if asked == ASKED {
                    return Ok(Verdict::Unanswered(status.message.clone()));
                }
            }
            Err(kube::Error::Api(status)) => {
                let (code, reason, message) = (status.code, status.reason.clone(), unnamed(&status.message, &pod.name));
                return Ok(Verdict::Refused { code, reason, message });
            }
            Err(error) => {
                let context = "asking the API server about a pod failed: is the cluster of --context reachable?";
                return Err(LiveError::api(context, error));
            }
        }
        tokio::time::sleep(wait).await;
        wait *= 2;
        asked += 1;
    }
}

fn request(pod: &RunPod) -> Result<hyper::Request<Vec<u8>>, LiveError> {
    let unfit = |error: &dyn std::fmt::Display| LiveError::Refused(format!("pod {} can't be sent: {error}", pod.name));
    let body = serde_json::to_vec(&pod.manifest).map_err(|error| unfit(&error))?;
    let path = format!("/api/v1/namespaces/{}/pods", pod.namespace);
    let params = PostParams { dry_run: true, field_manager: None };
    Request::new(path).create(&params, body).map_err(|error| unfit(&error))
}

/// The message without the pod's name, which is another for each: so that equal causes read equal.
fn unnamed(message: &str, name: &str) -> String {
    message.replace(&format!("\"{name}\""), "…").replace(name, "…")
}
