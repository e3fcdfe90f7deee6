//! From a kubeconfig to a client, and the proof that it is the cluster that was meant.

use std::path::PathBuf;
use std::time::Duration;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

pub use kube::Client;

use crate::live::error::LiveError;

/// A connection is made within this time or not at all.
const CONNECT: Duration = Duration::from_secs(10);

/// Which cluster, as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The kubeconfig; `$KUBECONFIG`, else `~/.kube/config`, if `None`.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it.
    pub context: String,
}

impl Connection {
    fn read(&self) -> Result<Kubeconfig, LiveError> {
        let read = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path),
            None => Kubeconfig::read(),
        };
        let file =
            self.kubeconfig.as_ref().map_or_else(|| "the kubeconfig".to_owned(), |path| path.display().to_string());
        read.map_err(|error| LiveError::Config {
            context: format!(
                "can't read {file}; write one with `aws eks update-kubeconfig`, or name it with --kubeconfig"
            ),
            source: Box::new(error),
        })
    }

    /// Name of the cluster that the context stands for.
    pub fn cluster_name(&self) -> Result<String, LiveError> {
        let kubeconfig = self.read()?;
        let found = kubeconfig.contexts.iter().find(|known| known.name == self.context);
        let cluster = found.and_then(|known| known.context.as_ref()).map(|context| context.cluster.clone());
        cluster.ok_or_else(|| {
            let known: Vec<_> = kubeconfig.contexts.iter().map(|known| known.name.as_str()).collect();
            LiveError::Refused(format!(
                "the kubeconfig has no context `{}`: it has {}",
                self.context,
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ))
        })
    }

    /// A client. Nothing is asked of the cluster yet.
    pub async fn client(&self) -> Result<Client, LiveError> {
        self.cluster_name()?;
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| LiveError::Config {
            context: format!("can't use context `{}` of the kubeconfig", self.context),
            source,
        };
        let options = KubeConfigOptions { context: Some(self.context.clone()), ..KubeConfigOptions::default() };
        let mut config = Config::from_custom_kubeconfig(self.read()?, &options).await.map_err(|e| failed(e.into()))?;
        config.connect_timeout = Some(CONNECT);
        // Who waits for an answer knows for how long, and what to do without one.
        config.read_timeout = None;
        config.default_retry = false;
        Client::try_from(config).map_err(|error| failed(error.into()))
    }
}

/// Waits for what is asynchronous, on this thread.
pub fn wait_for<T>(future: impl Future<Output = Result<T, LiveError>>) -> Result<T, LiveError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| LiveError::Refused(format!("the system gives no runtime: {error}")))?;
    runtime.block_on(future)
}
