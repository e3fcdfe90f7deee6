//! The program itself, as a user starts it, on a scenario that belongs to a test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use assert_cmd::cargo::cargo_bin;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::bed::{Bed, CLUSTER, User};

/// A live run: a scenario, a journal and the words of the command line, in a folder of their own.
pub(crate) struct Run {
    folder: TempDir,
    kubeconfig: PathBuf,
    words: Vec<String>,
    programs: usize,
}

/// A program that was started.
pub(crate) struct Program {
    child: Child,
    folder: PathBuf,
    number: usize,
}

/// What a program came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// What it printed as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }

    /// Fails unless it ended well.
    #[track_caller]
    pub(crate) fn assert_done(&self) -> &Self {
        assert!(self.status.success(), "{}\n{}\n{}", self.status, self.stdout, self.stderr);
        self
    }
}

impl Run {
    /// A run of a scenario's file of the repository in the test's namespace, whose nodes carry the namespace as the
    /// environment's uuid.
    pub(crate) fn of_file(bed: &Bed, user: User, scenario: &str, environment: &str) -> Self {
        let place = format!("/computeEnvironments/0/eksConfiguration/kubernetesNamespace={}", bed.namespace());
        let mut run = Self::begin(bed, user, Path::new(scenario), environment);
        run.words.extend(["--set".to_owned(), place]);
        run
    }

    /// A run of a scenario of the test's own.
    pub(crate) fn of(bed: &Bed, user: User, scenario: &Value) -> Self {
        let mut run = Self::begin(bed, user, Path::new("scenario.json"), "CE");
        let path = run.folder.path().join("scenario.json");
        fs::write(&path, scenario.to_string()).unwrap();
        run.words[1] = path.display().to_string();
        run
    }

    fn begin(bed: &Bed, user: User, scenario: &Path, environment: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let words =
            ["live", &scenario.display().to_string(), "--context", CLUSTER, "--output", "json", "--environment"];
        let mut words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        words.push(format!("{environment}={}", bed.namespace()));
        Self { folder, kubeconfig: bed.kubeconfig(user), words, programs: 0 }
    }

    /// The same through another address of the API server.
    pub(crate) fn through(mut self, kubeconfig: PathBuf) -> Self {
        self.kubeconfig = kubeconfig;
        self
    }

    /// With more words.
    pub(crate) fn with(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    /// The journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.path().join("journal.jsonl")
    }

    /// A file of the run's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// How many programs were started.
    pub(crate) fn programs(&self) -> usize {
        self.programs
    }

    /// Starts a program that looks: `--shadow` or the like stands among the words.
    pub(crate) fn look(&mut self) -> Program {
        self.start(&[])
    }

    /// Starts a program that drives the cluster; from the second on, it goes on with the journal.
    pub(crate) fn apply(&mut self) -> Program {
        let journal = self.journal().display().to_string();
        let mut words = vec!["--apply", "--kwok", "--confirm", CLUSTER, "--journal", &journal];
        if self.journal().exists() {
            words.push("--resume");
        }
        let words: Vec<_> = words.iter().map(|word| (*word).to_owned()).collect();
        self.start(&words)
    }

    fn start(&mut self, more: &[String]) -> Program {
        self.programs += 1;
        let folder = self.folder.path().to_owned();
        let file = |name: &str| File::create(folder.join(format!("{name}-{}", self.programs))).unwrap();
        let child = Command::new(cargo_bin("windtunnel"))
            .args(&self.words)
            .args(more)
            .arg("--kubeconfig")
            .arg(&self.kubeconfig)
            .stdin(Stdio::piped())
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .unwrap();
        Program { child, folder, number: self.programs }
    }
}

impl Program {
    /// Its process.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Where its standard output goes.
    pub(crate) fn stdout_file(&self) -> PathBuf {
        self.folder.join(format!("stdout-{}", self.number))
    }

    /// What it has said so far on stderr.
    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.folder.join(format!("stderr-{}", self.number))).unwrap()
    }

    /// Whether it still goes on.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end, at most so long.
    pub(crate) async fn done(mut self, within: Duration) -> Done {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let stdout = fs::read_to_string(self.folder.join(format!("stdout-{}", self.number))).unwrap();
                return Done { status, stdout, stderr: self.stderr() };
            }
            if began.elapsed() > within {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                panic!("it did not end within {within:?}:\n{}", tail(&self.stderr()));
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The last lines of a text.
pub(crate) fn tail(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

/// One UNMANAGED environment, one queue, one job definition `Job` of half a vCPU, and a workload.
pub(crate) fn scenario(namespace: &str, retries: u32, workload: &Value) -> Value {
    json!({
        "region": "us-east-1",
        "computeEnvironments": [{
            "computeEnvironmentName": "CE", "type": "UNMANAGED", "state": "ENABLED",
            "eksConfiguration": {
                "eksClusterArn": "arn:aws:eks:us-east-1:123456789012:cluster/test", "kubernetesNamespace": namespace,
            },
        }],
        "jobQueues": [{
            "jobQueueName": "JQ", "priority": 1, "state": "ENABLED",
            "computeEnvironmentOrder": [{ "order": 1, "computeEnvironment": "CE" }],
        }],
        "jobDefinitions": [{
            "jobDefinitionName": "Job", "type": "container",
            "retryStrategy": { "attempts": retries },
            "eksProperties": { "podProperties": { "containers": [{
                "image": "busybox", "command": ["sleep", "60"],
                "resources": { "limits": { "cpu": "0.5", "memory": "512Mi" } },
            }] } },
        }],
        "workload": workload,
    })
}
