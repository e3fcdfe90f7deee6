//! What a person can set about the adapter itself, each with its default and the reason. None of it is known to the core.

use std::time::Duration;

/// How the adapter treats a cluster. Times are the wall's.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSettings {
    /// Writes per minute at most. 3,000: a batch of a hundred pods in two seconds, a tenth of what a small API server takes.
    pub writes_per_minute: u32,
    /// Writes under way at once. 32: beyond that, an API server on two cores takes no more pods per second.
    pub writes_in_flight: usize,
    /// A call that is not answered by then is given up and made again. 15 s: admission webhooks may take 10 s by default.
    pub request_timeout: Duration,
    /// The longest wait between two tries of a write. 30 s: as often as an API server that comes back should be asked.
    pub retry_delay_max: Duration,
    /// Share of an environment's nodes that may be removed within a minute, percent. 20, and always one: a mistake can be
    /// noticed before the cluster is gone, and scaling in waits a minute or five at most.
    pub node_removal_percent: u32,
    /// A node that has not been ready for so long is taken for lost. 5 min: Kubernetes evicts pods from it then
    /// (`tolerationSeconds: 300`).
    pub not_ready_timeout: Duration,
    /// How long a call that reads may take. 30 s: a page of a list takes less than one, and the client library has no limit.
    pub answer_timeout: Duration,
    /// How long the API server is to keep a watch open before it ends it; a few seconds later it is given up as dead. 30 s: so
    /// long a connection that was cut off in silence goes unnoticed, and opening another costs next to nothing.
    pub watch_timeout: Duration,
    /// How long the lease holds without renewal. 15 s, as Kubernetes' own controllers.
    pub lease_duration: Duration,
    /// How often it is renewed. 5 s: two renewals may fail.
    pub lease_renewal: Duration,
    /// How often a watched folder is looked at. 500 ms: nobody waits for it, and network file systems send no notices.
    pub folder_poll: Duration,
    /// A pod that has waited for so long with its volumes has its events looked at, for failures to attach or mount them, and
    /// again after as long. 3 min: a kubelet waits for a volume for two minutes before it complains, and most failures of the
    /// first minute mend themselves.
    pub volume_patience: Duration,
}

impl Default for LiveSettings {
    fn default() -> Self {
        Self {
            writes_per_minute: 3_000,
            writes_in_flight: 32,
            request_timeout: Duration::from_secs(15),
            retry_delay_max: Duration::from_secs(30),
            node_removal_percent: 20,
            not_ready_timeout: Duration::from_mins(5),
            answer_timeout: Duration::from_secs(30),
            watch_timeout: Duration::from_secs(30),
            lease_duration: Duration::from_secs(15),
            lease_renewal: Duration::from_secs(5),
            folder_poll: Duration::from_millis(500),
            volume_patience: Duration::from_mins(3),
        }
    }
}
