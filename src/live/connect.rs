//! The way to a cluster: a kubeconfig, the context that names cluster and user, and a runtime for whoever has none.

use std::future::Future;
use std::path::Path;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};

pub use kube::Client;

use crate::live::error::LiveError;

/// A client of the cluster that a context of a kubeconfig names; of $KUBECONFIG, else `~/.kube/config`, where no file is
/// given.
pub async fn client(kubeconfig: Option<&Path>, context: &str) -> Result<Client, LiveError> {
    let read = match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let from = kubeconfig.map_or_else(|| "the kubeconfig".to_owned(), |path| path.display().to_string());
    let known = read.map_err(|error| config(format!("{from} can't be read; name another with --kubeconfig"), error))?;
    if !known.contexts.iter().any(|one| one.name == context) {
        let names: Vec<_> = known.contexts.iter().map(|one| one.name.as_str()).collect();
        let names = names.join(", ");
        return Err(LiveError::Refused(format!("{from} has no context `{context}`: it has {names}")));
    }
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    let made = Config::from_custom_kubeconfig(known, &options).await;
    let made = made.map_err(|error| config(format!("context `{context}` of {from} can't be used"), error))?;
    Client::try_from(made).map_err(|error| config(format!("context `{context}` of {from} can't be used"), error))
}

fn config(context: String, source: impl std::error::Error + Send + Sync + 'static) -> LiveError {
    LiveError::Config { context, source: Box::new(source) }
}

/// Waits for what is asynchronous, on this thread.
pub fn wait_for<T>(future: impl Future<Output = Result<T, LiveError>>) -> Result<T, LiveError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| config("the asynchronous runtime can't be started".to_owned(), error))?;
    runtime.block_on(future)
}
