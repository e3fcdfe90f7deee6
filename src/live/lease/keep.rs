//! A lease while it is held: renewed, lost, or given back.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::live::actuate::wire::Wire;
use crate::live::error::LiveError;
use crate::live::lease::hold::Hold;
use crate::live::lease::record::{Holder, Record, key};
use crate::live::lease::take::{self, Held, Try, failed};
use crate::live::settings::LiveSettings;
use crate::live::telemetry::Metrics;

/// Ticks per renewal interval: how fast a failed renewal is tried again, and how fresh the age is that figures tell.
const TICKS: u32 = 5;
/// The part of its duration by which a holder stops early: for calls under way, and for clocks that run at different speeds.
const MARGIN: u32 = 3;

/// The right to drive some environments, and nobody else's meanwhile.
pub struct Lease {
    wire: Wire,
    holder: Holder,
    held: Vec<Held>,
    hold: Hold,
    duration: Duration,
    renewal: Duration,
    metrics: Metrics,
}

/// What came of a renewal.
enum Renewal {
    Renewed(Held),
    /// Try again soon.
    Failed(kube::Error),
    /// Someone else's.
    Lost(String),
}

impl Lease {
    /// Takes the lease on all environments, given as (uuid, namespace), or on none. Waits for the lease of a dead instance
    /// to run out; where another is alive, the error says who it is. `holder` is for people: host and process, say.
    pub async fn acquire(
        client: kube::Client,
        environments: &[(String, String)],
        holder: &str,
        run: &str,
        settings: &LiveSettings,
        metrics: Metrics,
    ) -> Result<Self, LiveError> {
        let (duration, renewal) = (settings.lease_duration, settings.lease_renewal);
        // A call must be over before the next is due.
        let wire = Wire::new(client, settings.request_timeout.min(renewal / 2), metrics.clone());
        let holder = Holder::new(holder, run, duration);
        // In one order everywhere, so that two instances don't take one environment each and then wait.
        let keys: BTreeSet<_> = environments.iter().map(|(uuid, namespace)| key(uuid, namespace)).collect();
        let mut lease =
            Self { wire, holder, held: Vec::new(), hold: Hold::new(Instant::now()), duration, renewal, metrics };
        for key in keys {
            match take::take(&lease.wire, &key, &lease.holder, duration, renewal).await {
                Ok(held) => lease.held.push(held),
                Err(error) => {
                    // What was taken runs out by itself if it can't be given back.
                    let _ = lease.release().await;
                    return Err(error);
                }
            }
            // Taking one may have waited for as long as the others last.
            if lease.held.len() > 1 {
                lease.renew_all().await?;
            }
        }
        lease.extend();
        Ok(lease)
    }

    /// What writers look at before each write.
    pub fn hold(&self) -> Hold {
        self.hold.clone()
    }

    /// Renews until `stop`. An error means that the lease is lost: by then nobody who looks at [`Hold`] writes any more.
    pub async fn keep(&mut self, stop: impl Future<Output = ()>) -> Result<(), LiveError> {
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = sleep(self.renewal / TICKS) => {}
            }
            if self.oldest().is_some_and(|at| at.elapsed() >= self.renewal) {
                let renewed = {
                    let renewal = self.renew_all();
                    tokio::select! {
                        () = &mut stop => return Ok(()),
                        renewed = renewal => renewed,
                    }
                };
                renewed?;
            }
            self.extend();
            if !self.held.is_empty() && !self.hold.holds(Instant::now()) {
                return Err(LiveError::Refused(self.hold.lost()));
            }
        }
    }

    /// Gives the lease back, where it is still held.
    pub async fn release(self) -> Result<(), LiveError> {
        self.hold.end();
        let mut problem = Ok(());
        for held in &self.held {
            let mut given = self.give_back(held).await;
            for _ in 0..TICKS {
                if given.is_ok() {
                    break;
                }
                sleep(self.renewal / (TICKS * TICKS)).await;
                given = self.give_back(held).await;
            }
            if let Err(error) = given {
                let context = format!("can't delete {}; the lease runs out by itself", held.key);
                problem = Err(LiveError::api(context, error));
            }
        }
        problem
    }

    async fn give_back(&self, held: &Held) -> Result<(), kube::Error> {
        let (mut uid, mut version) = (held.uid.clone(), held.resource_version.clone());
        loop {
            let options = json!({
                "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
                "preconditions": { "uid": uid, "resourceVersion": version },
            });
            let reply = self.wire.delete(&held.key, &options).await.map_err(|silence| failed(&silence))?;
            match reply.status {
                404 => return Ok(()),
                // Something about the pod has changed: whose is it?
                409 => match take::read(&self.wire, &held.key).await? {
                    Some(found) if Record::read(&found).is_some_and(|record| self.holder.is(&record)) => {
                        (uid, version) = (found.uid, found.resource_version);
                    }
                    _ => return Ok(()),
                },
                _ if reply.is_success() => return Ok(()),
                _ => return Err(reply.error()),
            }
        }
    }

    /// Renews all that are held, side by side. What fails for now keeps its age.
    async fn renew_all(&mut self) -> Result<(), LiveError> {
        let renewals = join_all(self.held.iter().map(|held| self.renew(held))).await;
        for (held, renewal) in self.held.iter_mut().zip(renewals) {
            match renewal {
                Renewal::Renewed(renewed) => *held = renewed,
                Renewal::Failed(error) => tracing::warn!(lease = %held.key, %error, "the lease could not be renewed"),
                Renewal::Lost(why) => {
                    self.hold.end();
                    return Err(LiveError::Refused(format!("the lease is lost: {why}")));
                }
            }
        }
        Ok(())
    }

    async fn renew(&self, held: &Held) -> Renewal {
        let mut held = Held { renewals: held.renewals + 1, ..held.clone() };
        let mut create = false;
        loop {
            let attempt = if create {
                take::create(&self.wire, &held.key, &self.holder).await
            } else {
                take::write(&self.wire, &held, &self.holder).await
            };
            match attempt {
                Try::Held(renewed) => return Renewal::Renewed(renewed),
                Try::Failed(error) => return Renewal::Failed(error),
                // Someone deleted the pod. Whoever creates it next holds the lease.
                Try::Absent => create = true,
                Try::Exists | Try::Conflict => match take::read(&self.wire, &held.key).await {
                    Ok(Some(found)) => match Record::read(&found) {
                        // Others write to pods too, their status above all.
                        Some(record) if self.holder.is(&record) => {
                            create = false;
                            (held.uid, held.resource_version) = (found.uid, found.resource_version);
                        }
                        Some(record) => return Renewal::Lost(take::held_by(&held.key, &record)),
                        None => return Renewal::Lost(format!("{} is no lease any more", held.key)),
                    },
                    Ok(None) => create = true,
                    Err(error) => return Renewal::Failed(error),
                },
            }
        }
    }

    fn oldest(&self) -> Option<Instant> {
        self.held.iter().map(|held| held.renewed).min()
    }

    /// Tells writers and figures how long the lease lasts.
    fn extend(&self) {
        if let Some(oldest) = self.oldest() {
            self.hold.set(oldest + self.duration.saturating_sub(self.duration / MARGIN));
            self.metrics.lease_age.set(oldest.elapsed().as_secs_f64());
        }
    }
}
