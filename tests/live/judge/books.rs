//! The judge's books: what nodes offer, what pods hold of them, and who was alive when.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt;

use super::Verdict;
use super::follow::Seen;
use super::quantity::{RESOURCES, Sums, add, asked, sums};

/// A node asked for more than it offers.
#[derive(Debug, Clone)]
pub(crate) struct OverCommit {
    pub(crate) node: String,
    /// `cpu`, `memory` or `pods`.
    pub(crate) resource: &'static str,
    /// Thousandths, as is what the node offers.
    pub(crate) asked: i128,
    pub(crate) offered: i128,
    /// The pods that asked, with their namespaces.
    pub(crate) pods: Vec<(String, String)>,
}

/// Two pods of one job, alive at once.
#[derive(Debug, Clone)]
pub(crate) struct Twice {
    pub(crate) job: String,
    /// Who was there, and who came.
    pub(crate) pods: [String; 2],
}

/// What a pod came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// Nothing yet.
    Alive,
    /// `Succeeded`.
    Succeeded,
    /// `Failed`, with the largest exit code of its containers.
    Failed(i32),
    /// Removed before it had ended.
    Removed,
}

/// A pod's life.
#[derive(Debug, Clone)]
pub(crate) struct PodStory {
    pub(crate) name: String,
    pub(crate) node: String,
    /// `AWS_BATCH_JOB_ATTEMPT`; 0 where it has none.
    pub(crate) attempt: u32,
    /// Whether it was ever `Running`.
    pub(crate) ran: bool,
    pub(crate) end: End,
}

struct PodBook {
    namespace: String,
    job: Option<String>,
    story: PodStory,
    asked: Sums,
    /// Versions of its first and latest sight. One etcd counts them for all kinds.
    first: u64,
    version: String,
    gone: bool,
}

#[derive(Default)]
struct NodeBook {
    offered: Sums,
    version: String,
    uid: String,
    /// The version of its end.
    gone: Option<u64>,
}

struct Pair {
    job: String,
    uids: [String; 2],
}

/// All books. Pods are by uid: a name may live twice.
#[derive(Default)]
pub(super) struct Books {
    nodes: BTreeMap<String, NodeBook>,
    pods: BTreeMap<String, PodBook>,
    on_node: BTreeMap<String, BTreeSet<String>>,
    /// Uids by namespace and job.
    alive: BTreeMap<(String, String), BTreeSet<String>>,
    order: Vec<String>,
    over: BTreeSet<(String, &'static str)>,
    over_commits: Vec<OverCommit>,
    pairs: Vec<Pair>,
    lists: [usize; 2],
}

impl Books {
    pub(super) fn nodes(&mut self, seen: Seen<Node>) {
        match seen {
            Seen::All(nodes) => {
                self.lists[0] += 1;
                let there: BTreeSet<String> = nodes.iter().map(ResourceExt::name_any).collect();
                for (_, book) in self.nodes.iter_mut().filter(|(name, _)| !there.contains(*name)) {
                    book.gone.get_or_insert(number(&book.version) + 1);
                }
                for node in &nodes {
                    self.node(node);
                }
            }
            Seen::Is(node) => self.node(&node),
            Seen::Gone(node) => {
                if let Some(book) = self.nodes.get_mut(&node.name_any()) {
                    book.gone = Some(number(&node.resource_version().unwrap_or_default()));
                }
            }
        }
    }

    fn node(&mut self, node: &Node) {
        let offered = sums(node.status.as_ref().and_then(|status| status.allocatable.as_ref()));
        let (version, uid) = (node.resource_version().unwrap_or_default(), node.uid().unwrap_or_default());
        self.nodes.insert(node.name_any(), NodeBook { offered, version, uid, gone: None });
        self.weigh(&node.name_any());
    }

    pub(super) fn pods(&mut self, seen: Seen<Pod>) {
        match seen {
            Seen::All(pods) => {
                self.lists[1] += 1;
                let there: BTreeSet<String> = pods.iter().filter_map(ResourceExt::uid).collect();
                let missing: Vec<String> = self.pods.keys().filter(|uid| !there.contains(*uid)).cloned().collect();
                for uid in &missing {
                    self.went(uid);
                }
                for pod in &pods {
                    self.pod(pod);
                }
            }
            Seen::Is(pod) => self.pod(&pod),
            Seen::Gone(pod) => {
                // Its last state may be news.
                self.pod(&pod);
                self.went(&pod.uid().unwrap_or_default());
            }
        }
    }

    fn pod(&mut self, pod: &Pod) {
        let uid = pod.uid().unwrap_or_default();
        let version = pod.resource_version().unwrap_or_default();
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default();
        let end = match phase {
            "Succeeded" => End::Succeeded,
            "Failed" => End::Failed(exit_code(pod)),
            _ => End::Alive,
        };
        let node = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default();
        let order = &mut self.order;
        let book = self.pods.entry(uid.clone()).or_insert_with(|| {
            order.push(uid.clone());
            let attempt = variable(pod, "AWS_BATCH_JOB_ATTEMPT").and_then(|text| text.parse().ok()).unwrap_or(0);
            let name = pod.name_any();
            PodBook {
                namespace: pod.namespace().unwrap_or_default(),
                job: variable(pod, "AWS_BATCH_JOB_ID")
                    .or_else(|| pod.labels().get("batch.amazonaws.com/job-id").cloned()),
                story: PodStory { name, node: node.clone(), attempt, ran: false, end: End::Alive },
                asked: asked(pod),
                first: number(&version),
                version: String::new(),
                gone: false,
            }
        });
        book.version = version;
        book.story.ran |= phase == "Running";
        book.story.node.clone_from(&node);
        // An end is for good; what is told of it later is an echo.
        if book.story.end == End::Alive {
            book.story.end = end;
        }
        let alive = book.story.end == End::Alive && !node.is_empty();
        let job = book.job.clone().map(|job| (book.namespace.clone(), job));
        let held = self.on_node.entry(node.clone()).or_default();
        let news = if alive { held.insert(uid.clone()) } else { held.remove(&uid) };
        if let Some(job) = job {
            self.count_alive(job, &uid, alive);
        }
        if news {
            self.weigh(&node);
        }
    }

    fn count_alive(&mut self, key: (String, String), uid: &str, alive: bool) {
        let job = key.1.clone();
        let together = self.alive.entry(key).or_default();
        if !alive {
            together.remove(uid);
        } else if together.insert(uid.to_owned()) {
            let others = together.iter().filter(|other| *other != uid);
            self.pairs.extend(others.map(|other| Pair { job: job.clone(), uids: [other.clone(), uid.to_owned()] }));
        }
    }

    fn went(&mut self, uid: &str) {
        let Some(book) = self.pods.get_mut(uid) else { return };
        book.gone = true;
        if book.story.end == End::Alive {
            book.story.end = End::Removed;
        }
        let node = book.story.node.clone();
        let job = book.job.clone().map(|job| (book.namespace.clone(), job));
        if let Some(held) = self.on_node.get_mut(&node) {
            held.remove(uid);
        }
        if let Some(job) = job {
            self.count_alive(job, uid, false);
        }
        self.weigh(&node);
    }

    /// Holds what a node's pods ask for against what it offers; notes where that begins to be too much.
    fn weigh(&mut self, name: &str) {
        let (Some(node), Some(held)) = (self.nodes.get(name), self.on_node.get(name)) else { return };
        let mut total = Sums::new();
        for uid in held {
            add(&mut total, &self.pods[uid].asked);
        }
        for resource in RESOURCES {
            let asked = total.get(resource).copied().unwrap_or(0);
            let offered = node.offered.get(resource).copied().unwrap_or(0);
            let key = (name.to_owned(), resource);
            if asked <= offered {
                self.over.remove(&key);
            } else if self.over.insert(key) {
                let who = |uid: &String| (self.pods[uid].namespace.clone(), self.pods[uid].story.name.clone());
                let pods = held.iter().map(who).collect();
                self.over_commits.push(OverCommit { node: name.to_owned(), resource, asked, offered, pods });
            }
        }
    }

    /// The pods of a namespace, in the order in which they appeared.
    pub(super) fn stories<'a>(
        &'a self,
        namespace: &'a str,
    ) -> impl Iterator<Item = (Option<&'a String>, &'a PodStory)> {
        let ours = self.order.iter().map(|uid| &self.pods[uid]).filter(move |book| book.namespace == namespace);
        ours.map(|book| (book.job.as_ref(), &book.story))
    }

    /// Whether the books show what the API server does.
    pub(super) fn agrees(
        &self,
        namespace: &str,
        pods: &BTreeMap<(String, String), String>,
        nodes: &BTreeMap<(String, String), String>,
    ) -> bool {
        let ours = self.pods.iter().filter(|(_, book)| book.namespace == namespace && !book.gone);
        let ours: BTreeMap<_, _> =
            ours.map(|(uid, book)| ((book.story.name.clone(), uid.clone()), book.version.clone())).collect();
        let known = self.nodes.iter().filter(|(_, book)| book.gone.is_none());
        let known: BTreeMap<_, _> =
            known.map(|(name, book)| ((name.clone(), book.uid.clone()), book.version.clone())).collect();
        ours == *pods && known.keys().eq(nodes.keys())
    }

    pub(super) fn verdict(&self, namespace: &str, leftovers: Vec<String>) -> Verdict {
        let ours = |over: &&OverCommit| over.pods.iter().any(|(of, _)| of == namespace);
        let (mut jobs, mut strangers) = (BTreeMap::<String, Vec<PodStory>>::new(), Vec::new());
        let mut nowhere = Vec::new();
        for (job, story) in self.stories(namespace) {
            if !story.node.is_empty() && !self.nodes.contains_key(&story.node) {
                nowhere.push(story.name.clone());
            }
            match job {
                Some(job) => jobs.entry(job.clone()).or_default().push(story.clone()),
                None => strangers.push(story.clone()),
            }
        }
        let twice = self.pairs.iter().filter(|pair| self.overlapped(pair, namespace)).map(|pair| {
            let pods = pair.uids.each_ref().map(|uid| self.pods[uid].story.name.clone());
            Twice { job: pair.job.clone(), pods }
        });
        Verdict {
            over_commits: self.over_commits.iter().filter(ours).cloned().collect(),
            twice: twice.collect(),
            jobs,
            strangers,
            leftovers,
            nowhere,
            gaps: self.lists.iter().sum::<usize>() - self.lists.len(),
        }
    }

    /// Whether two pods really ran beside each other: not if the node of the first had gone before the second came.
    fn overlapped(&self, pair: &Pair, namespace: &str) -> bool {
        let [first, second] = pair.uids.each_ref().map(|uid| &self.pods[uid]);
        let gone = self.nodes.get(&first.story.node).and_then(|node| node.gone);
        first.namespace == namespace && gone.is_none_or(|gone| gone > second.first)
    }
}

fn number(version: &str) -> u64 {
    version.parse().unwrap_or(0)
}

/// The value of a variable of a pod's first container.
fn variable(pod: &Pod, name: &str) -> Option<String> {
    let variables = pod.spec.as_ref()?.containers.first()?.env.as_ref()?;
    variables.iter().find(|variable| variable.name == name)?.value.clone()
}

fn exit_code(pod: &Pod) -> i32 {
    let statuses = pod.status.as_ref().and_then(|status| status.container_statuses.as_ref()).into_iter().flatten();
    let codes = statuses.filter_map(|status| Some(status.state.as_ref()?.terminated.as_ref()?.exit_code));
    codes.max().unwrap_or(-1)
}
