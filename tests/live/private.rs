//! A bed of a test's own, to do things to that others would feel: its API server is killed and comes back.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::bed::Bed;

/// Its processes end with it.
pub(crate) struct PrivateBed {
    bed: Arc<Bed>,
    processes: Processes,
}

/// What the script started in a folder of its own.
struct Processes(TempDir);

impl PrivateBed {
    /// With KWOK in the kubelets' place.
    pub(crate) async fn start() -> PrivateBed {
        let processes = Processes(TempDir::new().unwrap());
        let started = processes.script(&["up", "--kwok"]).await;
        let kubeconfig = started.lines().last().unwrap_or_default().to_owned();
        let bed = Arc::new(Bed::of(kubeconfig.as_ref()).await);
        PrivateBed { bed, processes }
    }

    /// The bed itself.
    pub(crate) fn bed(&self) -> &Arc<Bed> {
        &self.bed
    }

    /// Kills a part: `etcd`, `apiserver` or `kwok`.
    pub(crate) async fn stop(&self, part: &str) {
        self.processes.script(&["stop", part]).await;
    }

    /// Starts a part again, on what it left, and waits until it is well.
    pub(crate) async fn go_on(&self, part: &str) {
        self.processes.script(&["start", part]).await;
    }

    /// What the script says of the bed's health; `Err` where anything is down.
    pub(crate) async fn health(&self) -> Result<String, String> {
        self.processes.try_script(&["health"]).await
    }
}

impl Processes {
    fn command(&self, arguments: &[&str]) -> Command {
        let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR for tests"));
        let mut command = Command::new(root.join("tests/live/apiserver/testbed"));
        command.args(arguments).env("WINDTUNNEL_TESTBED_STATE", self.0.path().join("bed"));
        command
    }

    async fn try_script(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command(arguments);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        if output.status.success() { Ok(said) } else { Err(format!("{said}{complaint}")) }
    }

    async fn script(&self, arguments: &[&str]) -> String {
        let said = self.try_script(arguments).await;
        said.unwrap_or_else(|said| panic!("testbed {}: {said}", arguments.join(" ")))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        let _ = self.command(&["down"]).output();
    }
}
