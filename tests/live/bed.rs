//! A disposable cluster to test against: who one is on it, a namespace of one's own, and nothing left behind.

use std::ffi::OsStr;
use std::fmt::Debug;
use std::future::Future;
use std::io::Write;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use std::{env, fs, thread};

use futures::FutureExt;
use k8s_openapi::api::authorization::v1::SelfSubjectAccessReview;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use kube::api::{ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::config::{AuthInfo, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedContext};
use kube::{Api, Client, Config, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Names the kubeconfig of a cluster that tests may do anything to.
pub(crate) const KUBECONFIG: &str = "WINDTUNNEL_TEST_KUBECONFIG";
/// Label of whatever a test makes for itself, with the name of its first namespace.
pub(crate) const TEST_LABEL: &str = "windtunnel.dev/test";
/// The name of cluster and context in every kubeconfig that a bed hands out.
pub(crate) const CLUSTER: &str = "windtunnel-test";

/// Namespaced objects that tests make, by group and plural. Pods first: they are many.
const KINDS: &[(&str, &str)] = &[
    ("api/v1", "pods"),
    ("api/v1", "configmaps"),
    ("api/v1", "events"),
    ("api/v1", "limitranges"),
    ("api/v1", "persistentvolumeclaims"),
    ("api/v1", "resourcequotas"),
    ("api/v1", "secrets"),
    ("api/v1", "serviceaccounts"),
    ("apis/apps/v1", "daemonsets"),
    ("apis/coordination.k8s.io/v1", "leases"),
    ("apis/rbac.authorization.k8s.io/v1", "rolebindings"),
    ("apis/rbac.authorization.k8s.io/v1", "roles"),
];

/// Tests share the bed; what measures it has it to itself.
static SHARED: RwLock<()> = RwLock::new(());

/// Who one is to the API server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum User {
    /// May do everything.
    Admin,
    /// Who AWS Batch is in a cluster: what AWS's getting-started page grants, once `grant_aws_batch` was called.
    AwsBatch,
    /// Known, and allowed nothing.
    Nobody,
}

impl User {
    fn name(self) -> &'static str {
        match self {
            User::Admin => "admin",
            User::AwsBatch => "aws-batch",
            User::Nobody => "nobody",
        }
    }
}

/// The cluster, as one test has it.
pub(crate) struct Bed {
    kubeconfig: Kubeconfig,
    admin: Client,
    namespace: String,
    files: TempDir,
}

/// Runs a test on the bed, beside others, and removes what it made, also when it fails.
pub(crate) fn with<F: Future<Output = ()>>(test: impl FnOnce(Arc<Bed>) -> F) {
    let _beside = SHARED.read().unwrap_or_else(PoisonError::into_inner);
    run(test);
}

/// As `with`, while no other test is on the bed: for what measures speed.
pub(crate) fn alone<F: Future<Output = ()>>(test: impl FnOnce(Arc<Bed>) -> F) {
    let _alone = SHARED.write().unwrap_or_else(PoisonError::into_inner);
    run(test);
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(Arc<Bed>) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let Some(bed) = Bed::find().await else {
            let name = thread::current().name().unwrap_or("a live test").to_owned();
            // Past the test harness, which would keep it to itself.
            let said = format!("{name} skipped: set {KUBECONFIG} (tests/live/apiserver/README.md)\n");
            std::io::stderr().write_all(said.as_bytes()).unwrap();
            return;
        };
        let bed = Arc::new(bed);
        let ended = AssertUnwindSafe(test(bed.clone())).catch_unwind().await;
        bed.clean().await;
        if let Err(panic) = ended {
            resume_unwind(panic);
        }
    });
}

impl Bed {
    /// The bed that the environment names, with a fresh namespace; `None` where it names none.
    pub(crate) async fn find() -> Option<Bed> {
        let path = env::var_os(KUBECONFIG)?;
        Some(Bed::of(&path).await)
    }

    /// The bed of a kubeconfig, whose current context may do everything.
    pub(crate) async fn of(path: &OsStr) -> Bed {
        let kubeconfig =
            Kubeconfig::read_from(path).unwrap_or_else(|e| panic!("{KUBECONFIG}={}: {e}", Path::new(path).display()));
        let admin = client(&for_user(&kubeconfig, User::Admin)).await;
        let namespace = new_namespace(&admin, None).await;
        Bed { kubeconfig, admin, namespace, files: TempDir::new().unwrap() }
    }

    /// The namespace of this test, also the value of `TEST_LABEL` on what it made.
    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// One more namespace, which goes with the first.
    pub(crate) async fn another_namespace(&self) -> String {
        new_namespace(&self.admin, Some(&self.namespace)).await
    }

    /// The client of a user who may do everything.
    pub(crate) fn admin(&self) -> Client {
        self.admin.clone()
    }

    /// A client of its own for a user. It retries nothing by itself: a test wants to see what it was told.
    pub(crate) async fn client(&self, user: User) -> Client {
        client(&for_user(&self.kubeconfig, user)).await
    }

    /// The pods of this test's namespace, as admin.
    pub(crate) fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.admin(), &self.namespace)
    }

    /// A kubeconfig file with one context, `CLUSTER`, for the binary to read.
    pub(crate) fn kubeconfig(&self, user: User) -> PathBuf {
        self.write(user.name(), &for_user(&self.kubeconfig, user))
    }

    /// As `kubeconfig`, with another address in the API server's place.
    pub(crate) fn kubeconfig_at(&self, user: User, server: &str) -> PathBuf {
        let file = format!("{}-{}", user.name(), server.rsplit(':').next().unwrap_or_default());
        self.write(&file, &self.moved_to(user, server))
    }

    /// A client as `client` gives it, with another address in the API server's place.
    pub(crate) async fn client_at(&self, user: User, server: &str) -> Client {
        client(&self.moved_to(user, server)).await
    }

    /// How to reach the API server without being anyone.
    pub(crate) async fn anonymous(&self) -> Config {
        let mut config = config(&for_user(&self.kubeconfig, User::Admin)).await;
        config.auth_info = AuthInfo::default();
        config
    }

    fn moved_to(&self, user: User, server: &str) -> Kubeconfig {
        let mut kubeconfig = for_user(&self.kubeconfig, user);
        for cluster in kubeconfig.clusters.iter_mut().filter_map(|cluster| cluster.cluster.as_mut()) {
            cluster.server = Some(server.to_owned());
        }
        kubeconfig
    }

    fn write(&self, name: &str, kubeconfig: &Kubeconfig) -> PathBuf {
        let path = self.files.path().join(format!("{name}.kubeconfig"));
        fs::write(&path, serde_json::to_vec(kubeconfig).unwrap()).unwrap();
        path
    }

    /// Gives `aws-batch` what AWS's getting-started page gives it, in the test's namespace, and waits until it holds.
    pub(crate) async fn grant_aws_batch(&self) {
        let text = include_str!("rbac.json").replace("NAMESPACE", &self.namespace);
        let [cluster_role, cluster_binding, role, binding]: [Value; 4] = serde_json::from_str(&text).unwrap();
        apply::<ClusterRole>(&Api::all(self.admin()), cluster_role).await;
        apply::<ClusterRoleBinding>(&Api::all(self.admin()), cluster_binding).await;
        apply::<Role>(&Api::namespaced(self.admin(), &self.namespace), role).await;
        apply::<RoleBinding>(&Api::namespaced(self.admin(), &self.namespace), binding).await;
        let client = self.client(User::AwsBatch).await;
        until("the rules hold", async || {
            allowed(&client, Some(&self.namespace), "create", "pods").await
                && allowed(&client, None, "watch", "nodes").await
        })
        .await;
    }

    /// Removes what this test made. A cluster without a controller manager empties no namespace, so this does.
    async fn clean(&self) {
        let ours = ListParams::default().labels(&format!("{TEST_LABEL}={}", self.namespace));
        let namespaces: Api<Namespace> = Api::all(self.admin());
        for namespace in namespaces.list(&ours).await.unwrap() {
            let name = namespace.name_any();
            for (group, plural) in KINDS {
                self.delete_all(&format!("/{group}/namespaces/{name}/{plural}")).await;
            }
            namespaces.delete(&name, &kube::api::DeleteParams::default()).await.unwrap();
            let released = json!({
                "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name }, "spec": { "finalizers": [] }
            });
            let path = format!("/api/v1/namespaces/{name}/finalize");
            let request = hyper::Request::put(path).header("Content-Type", "application/json");
            let request = request.body(serde_json::to_vec(&released).unwrap()).unwrap();
            self.admin.request_text(request).await.unwrap();
        }
        self.delete_all(&format!("/api/v1/nodes?labelSelector={TEST_LABEL}%3D{}", self.namespace)).await;
    }

    /// Deletes a collection at once, and takes finalizers from what nobody else would.
    async fn delete_all(&self, path: &str) {
        let mark = if path.contains('?') { '&' } else { '?' };
        // An API server deletes thousands of objects for a minute at a time, then hangs up.
        for tries in 1.. {
            let request = hyper::Request::delete(format!("{path}{mark}gracePeriodSeconds=0")).body(Vec::new()).unwrap();
            match self.admin.request_text(request).await {
                Ok(_) => break,
                Err(error) => assert!(tries < 10, "{path} is not deleted: {error}"),
            }
        }
        let request = hyper::Request::get(path).body(Vec::new()).unwrap();
        let left: Value = self.admin.request(request).await.unwrap();
        for object in left["items"].as_array().into_iter().flatten() {
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            let path = path.split('?').next().unwrap_or_default();
            let request = hyper::Request::patch(format!("{path}/{name}"))
                .header("Content-Type", "application/merge-patch+json")
                .body(br#"{"metadata":{"finalizers":null}}"#.to_vec())
                .unwrap();
            // Gone by itself in the meantime is as well.
            let _ = self.admin.request_text(request).await;
        }
    }
}

/// Waits until a condition holds; fails after a minute, saying which.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1200 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("waited a minute in vain until {what}");
}

/// Whether the API server would let the client's user do something.
pub(crate) async fn allowed(client: &Client, namespace: Option<&str>, verb: &str, resource: &str) -> bool {
    let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
    let asked = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "metadata": {},
        "spec": { "resourceAttributes": {
            "namespace": namespace, "verb": verb, "resource": resource, "subresource": subresource,
        } },
    });
    let asked: SelfSubjectAccessReview = serde_json::from_value(asked).unwrap();
    let answer = Api::all(client.clone()).create(&PostParams::default(), &asked).await.unwrap();
    answer.status.is_some_and(|status| status.allowed)
}

async fn new_namespace(admin: &Client, test: Option<&str>) -> String {
    let namespaces: Api<Namespace> = Api::all(admin.clone());
    let fresh = Namespace {
        metadata: ObjectMeta { generate_name: Some("live-".to_owned()), ..ObjectMeta::default() },
        ..Namespace::default()
    };
    let name = namespaces.create(&PostParams::default(), &fresh).await.unwrap().name_any();
    let label = json!({ "metadata": { "labels": { TEST_LABEL: test.unwrap_or(&name) } } });
    namespaces.patch(&name, &PatchParams::default(), &Patch::Merge(label)).await.unwrap();
    name
}

async fn apply<K>(api: &Api<K>, object: Value)
where
    K: Resource + Clone + Debug + Serialize + DeserializeOwned,
{
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    api.patch(&name, &PatchParams::apply("windtunnel-tests").force(), &Patch::Apply(object)).await.unwrap();
}

/// A kubeconfig of one user alone. Where the file has no context for the user, the user of its current one is asked to
/// speak for it.
fn for_user(kubeconfig: &Kubeconfig, user: User) -> Kubeconfig {
    let current = kubeconfig.current_context.as_deref().expect("the kubeconfig has a current context");
    let context = |name: &str| -> Option<Context> {
        kubeconfig.contexts.iter().find(|context| context.name == name).and_then(|found| found.context.clone())
    };
    let main = context(current).expect("the current context is in the kubeconfig");
    let own = context(&format!("{current}-{}", user.name()));
    let chosen = own.clone().unwrap_or_else(|| main.clone());
    let auth = kubeconfig.auth_infos.iter().find(|auth| Some(&auth.name) == chosen.user.as_ref());
    let mut auth = auth.and_then(|auth| auth.auth_info.clone()).unwrap_or_default();
    if own.is_none() && user != User::Admin {
        auth.impersonate = Some(user.name().to_owned());
    }
    let mut cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == chosen.cluster).unwrap().clone();
    CLUSTER.clone_into(&mut cluster.name);
    let context = Context { cluster: CLUSTER.to_owned(), user: Some(user.name().to_owned()), ..Context::default() };
    Kubeconfig {
        kind: Some("Config".to_owned()),
        api_version: Some("v1".to_owned()),
        clusters: vec![cluster],
        auth_infos: vec![NamedAuthInfo {
            name: user.name().to_owned(),
            auth_info: Some(auth),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext { name: CLUSTER.to_owned(), context: Some(context), ..NamedContext::default() }],
        current_context: Some(CLUSTER.to_owned()),
        ..Kubeconfig::default()
    }
}

async fn config(kubeconfig: &Kubeconfig) -> Config {
    let mut config = Config::from_custom_kubeconfig(kubeconfig.clone(), &KubeConfigOptions::default()).await.unwrap();
    config.default_retry = false;
    config
}

async fn client(kubeconfig: &Kubeconfig) -> Client {
    Client::try_from(config(kubeconfig).await).unwrap()
}
