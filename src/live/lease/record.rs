//! What is written of a lease, and read.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use serde_json::{Value, json};

use crate::live::acts::MANAGED_BY;
use crate::live::actuate::wire::ObjectMetadata;
use crate::live::clock::wall;
use crate::live::guard::Key;

/// Label and scheduling gate of lease pods.
const LEASE: &str = "windtunnel.dev/lease";
const HOLDER: &str = "windtunnel.dev/lease-holder";
const RUN: &str = "windtunnel.dev/lease-run";
const SECONDS: &str = "windtunnel.dev/lease-duration-seconds";
const ACQUIRED: &str = "windtunnel.dev/lease-acquired-at";
const RENEWED: &str = "windtunnel.dev/lease-renewed-at";
const RENEWALS: &str = "windtunnel.dev/lease-renewals";
/// It is never pulled. Where admission allows only some registries, this is one that clusters know.
const IMAGE: &str = "registry.k8s.io/pause:3.10";

/// Who this process is.
#[derive(Debug, Clone)]
pub(super) struct Holder {
    /// For people, and different in every process.
    name: String,
    /// The run's id.
    run: String,
    duration: Duration,
    acquired: String,
}

/// What a lease pod says. A renewal changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) holder: String,
    pub(super) run: String,
    pub(super) duration: Duration,
    pub(super) acquired: String,
    pub(super) renewed: String,
    renewals: String,
}

/// The pod that keeps the lease on an environment.
pub(super) fn key(environment: &str, namespace: &str) -> Key {
    Key::Pod { namespace: namespace.to_owned(), name: format!("windtunnel-lease.{environment}") }
}

impl Holder {
    pub(super) fn new(name: &str, run: &str, duration: Duration) -> Self {
        // The same host may give the same process id again.
        let nonce = RandomState::new().hash_one(name);
        Self { name: format!("{name} {nonce:016x}"), run: run.to_owned(), duration, acquired: now() }
    }

    pub(super) fn is(&self, record: &Record) -> bool {
        self.name == record.holder && self.run == record.run
    }

    /// An earlier process of the same run.
    pub(super) fn succeeds(&self, record: &Record) -> bool {
        self.run == record.run
    }

    /// The annotations of the n-th renewal.
    pub(super) fn annotations(&self, renewals: u64) -> Value {
        json!({
            HOLDER: self.name,
            RUN: self.run,
            SECONDS: self.duration.as_secs_f64().to_string(),
            ACQUIRED: self.acquired,
            RENEWED: now(),
            RENEWALS: renewals.to_string(),
        })
    }

    /// The pod. It satisfies the strictest level of `PodSecurity`, and quotas that want to see requests and limits.
    pub(super) fn manifest(&self, key: &Key) -> Value {
        let (Key::Pod { name, .. } | Key::NodeClaim { name }) = key;
        let environment = name.split_once('.').map_or(name.as_str(), |(_, uuid)| uuid);
        let none = json!({ "cpu": "0", "memory": "0" });
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": { MANAGED_BY.0: MANAGED_BY.1, LEASE: environment },
                "annotations": self.annotations(0),
            },
            "spec": {
                "schedulingGates": [{ "name": LEASE }],
                "restartPolicy": "Never",
                "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": false,
                "securityContext": {
                    "runAsNonRoot": true,
                    "runAsUser": 65_534,
                    "seccompProfile": { "type": "RuntimeDefault" },
                },
                "containers": [{
                    "name": "never-runs",
                    "image": IMAGE,
                    "resources": { "requests": none, "limits": none },
                    "securityContext": {
                        "allowPrivilegeEscalation": false,
                        "readOnlyRootFilesystem": true,
                        "capabilities": { "drop": ["ALL"] },
                    },
                }],
            },
        })
    }
}

impl Record {
    /// What a pod of a lease's name says; `None` where it is something else.
    pub(super) fn read(metadata: &ObjectMetadata) -> Option<Self> {
        let annotations: &BTreeMap<_, _> = &metadata.annotations;
        let text = |name: &str| annotations.get(name).cloned();
        let seconds = text(SECONDS)?.parse().ok()?;
        Some(Self {
            holder: text(HOLDER)?,
            run: text(RUN)?,
            duration: Duration::try_from_secs_f64(seconds).ok()?,
            acquired: text(ACQUIRED).unwrap_or_default(),
            renewed: text(RENEWED).unwrap_or_default(),
            renewals: text(RENEWALS).unwrap_or_default(),
        })
    }
}

/// The wall's time for people: `2026-08-21T16:33:55Z`.
fn now() -> String {
    jiff::Timestamp::try_from(wall()).map_or_else(|_| "unknown".to_owned(), |at| format!("{at:.0}"))
}
