//! A witness to what really happened on the cluster. It watches all pods and nodes for itself, keeps its own books, and
//! shares nothing with the adapter that it is to judge.

mod books;
mod follow;
mod quantity;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::ListParams;
use kube::{Api, Client};
use tokio::task::JoinHandle;

use crate::bed::{Bed, until};
use books::Books;
pub(crate) use books::{End, OverCommit, PodStory, Twice};

/// Follows pods and nodes from its start on.
pub(crate) struct Judge {
    client: Client,
    namespace: String,
    books: Arc<Mutex<Books>>,
    followers: [JoinHandle<()>; 2],
}

/// What became of a test's namespace.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// Nodes on which pods that had not ended asked for more than the node offers, a pod of the namespace among them.
    pub(crate) over_commits: Vec<OverCommit>,
    /// Jobs of which two pods were alive at once, on nodes that were both there.
    pub(crate) twice: Vec<Twice>,
    /// Per job (`AWS_BATCH_JOB_ID`, else the label), its pods in the order in which they appeared.
    pub(crate) jobs: BTreeMap<String, Vec<PodStory>>,
    /// Pods that belong to no job.
    pub(crate) strangers: Vec<PodStory>,
    /// Pods that are still there.
    pub(crate) leftovers: Vec<String>,
    /// Pods bound to a node that never existed.
    pub(crate) nowhere: Vec<String>,
    /// How often events may have been missed: the API server had forgotten them, and the judge had to list again.
    pub(crate) gaps: usize,
}

impl Verdict {
    /// How many pods ever existed, by job and attempt.
    pub(crate) fn pods_by_attempt(&self) -> BTreeMap<(&str, u32), usize> {
        let mut counts = BTreeMap::new();
        for (job, stories) in &self.jobs {
            for story in stories {
                *counts.entry((job.as_str(), story.attempt)).or_default() += 1;
            }
        }
        counts
    }

    /// What the last pod of each job came to.
    pub(crate) fn ends(&self) -> BTreeMap<&str, End> {
        self.jobs.iter().filter_map(|(job, stories)| Some((job.as_str(), stories.last()?.end))).collect()
    }

    /// Fails unless capacity was kept, no job ran twice at once, no attempt had two pods, and nothing is left.
    pub(crate) fn assert_clean(&self) {
        assert!(self.over_commits.is_empty(), "over-committed: {:#?}", self.over_commits);
        assert!(self.twice.is_empty(), "two pods of one job at once: {:#?}", self.twice);
        let doubled: Vec<_> = self.pods_by_attempt().into_iter().filter(|(_, pods)| *pods != 1).collect();
        assert!(doubled.is_empty(), "attempts with more than one pod: {doubled:?}");
        assert!(self.nowhere.is_empty(), "bound to nodes that never were: {:?}", self.nowhere);
        assert!(self.leftovers.is_empty(), "left behind: {:?}", self.leftovers);
        assert_eq!(self.gaps, 0, "the judge missed events and can't judge");
    }
}

impl Judge {
    /// Begins to watch. What is there by now is in the books when this returns.
    pub(crate) async fn start(bed: &Bed) -> Judge {
        let (client, books) = (bed.admin(), Arc::new(Mutex::new(Books::default())));
        // Nodes first: a pod is held against the node that it is on.
        let nodes = {
            let books = books.clone();
            follow::begin(Api::<Node>::all(client.clone()), move |seen| locked(&books, |books| books.nodes(seen))).await
        };
        let pods = {
            let books = books.clone();
            follow::begin(Api::<Pod>::all(client.clone()), move |seen| locked(&books, |books| books.pods(seen))).await
        };
        Judge { client, namespace: bed.namespace().to_owned(), books, followers: [nodes, pods] }
    }

    /// How many pods of the namespace have ended or gone so far: for a test that waits.
    pub(crate) fn ended(&self) -> usize {
        locked(&self.books, |books| books.stories(&self.namespace).filter(|(_, story)| story.end != End::Alive).count())
    }

    /// Catches up with the cluster as it is now, and judges.
    pub(crate) async fn verdict(self) -> Verdict {
        let all: Api<Pod> = Api::namespaced(self.client.clone(), &self.namespace);
        let mut there = BTreeMap::new();
        until("the judge has seen what the API server shows", async || {
            there = follow::versions(&all.list(&ListParams::default()).await.unwrap().items);
            let nodes: Api<Node> = Api::all(self.client.clone());
            let nodes = follow::versions(&nodes.list(&ListParams::default()).await.unwrap().items);
            locked(&self.books, |books| books.agrees(&self.namespace, &there, &nodes))
        })
        .await;
        for follower in &self.followers {
            follower.abort();
        }
        let leftovers = there.into_keys().map(|(name, _)| name).collect();
        locked(&self.books, |books| books.verdict(&self.namespace, leftovers))
    }
}

fn locked<T>(books: &Mutex<Books>, act: impl FnOnce(&mut Books) -> T) -> T {
    act(&mut books.lock().unwrap_or_else(PoisonError::into_inner))
}
