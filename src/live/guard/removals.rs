//! How many of an environment's nodes may go within a minute: a mistake can be noticed before the cluster is gone.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

/// How long a removal counts.
const WINDOW: Duration = Duration::from_mins(1);

/// Nodes that pods may be put on, and those that were lately taken away.
#[derive(Debug)]
pub(super) struct Removals {
    percent: u32,
    /// Environment of each node, by the node's name.
    nodes: BTreeMap<String, String>,
    /// Nodes in each environment.
    sizes: BTreeMap<String, usize>,
    /// When, in which environment, and which node; oldest first.
    recent: VecDeque<(Instant, String, String)>,
}

impl Removals {
    pub(super) const fn new(percent: u32) -> Self {
        Self { percent, nodes: BTreeMap::new(), sizes: BTreeMap::new(), recent: VecDeque::new() }
    }

    /// The environment of a node.
    pub(super) fn environment(&self, node: &str) -> Option<&str> {
        self.nodes.get(node).map(String::as_str)
    }

    pub(super) fn add(&mut self, node: &str, environment: &str) {
        self.drop_node(node);
        self.nodes.insert(node.to_owned(), environment.to_owned());
        *self.sizes.entry(environment.to_owned()).or_default() += 1;
    }

    pub(super) fn drop_node(&mut self, node: &str) {
        if let Some(environment) = self.nodes.remove(node)
            && let Some(size) = self.sizes.get_mut(&environment)
        {
            *size -= 1;
        }
    }

    /// Takes leave to remove a node, or says when to ask again. Asking for the same node twice costs nothing more, nor does
    /// one that is not known: it carries no job.
    pub(super) fn take(&mut self, node: &str, now: Instant) -> Result<(), Instant> {
        while self.recent.front().is_some_and(|(at, _, _)| now.duration_since(*at) >= WINDOW) {
            self.recent.pop_front();
        }
        let Some(environment) = self.nodes.get(node) else { return Ok(()) };
        let of_it = || self.recent.iter().filter(|(_, of, _)| of == environment);
        if of_it().any(|(_, _, name)| name == node) {
            return Ok(());
        }
        // Those that are gone already belonged to what the share is taken of.
        let gone = of_it().filter(|(_, _, name)| !self.nodes.contains_key(name)).count();
        let size = self.sizes.get(environment).copied().unwrap_or(0) + gone;
        let percent = usize::try_from(self.percent.min(100)).unwrap_or(100);
        let allowed = (size * percent / 100).max(1);
        if of_it().count() < allowed {
            self.recent.push_back((now, environment.clone(), node.to_owned()));
            return Ok(());
        }
        Err(of_it().next().map_or(now, |(at, _, _)| *at) + WINDOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(nodes: usize, percent: u32) -> Removals {
        let mut removals = Removals::new(percent);
        for index in 0..nodes {
            removals.add(&format!("n{index}"), "spot");
        }
        removals.add("other", "on-demand");
        removals
    }

    /// Of the nodes in order, how many may go at once.
    fn at_once(removals: &mut Removals, now: Instant) -> usize {
        let names: Vec<_> = removals.nodes.keys().filter(|name| name.starts_with('n')).cloned().collect();
        names.iter().filter(|name| removals.take(name, now).is_ok()).count()
    }

    #[test]
    fn a_share_may_go_and_always_one() {
        let now = Instant::now();
        for (nodes, percent, expected) in [(20, 20, 4), (3, 20, 1), (1, 20, 1), (10, 0, 1), (10, 100, 10), (14, 20, 2)]
        {
            assert_eq!(at_once(&mut cluster(nodes, percent), now), expected, "{percent} % of {nodes}");
        }
    }

    #[test]
    fn the_rest_is_told_when_to_come_back() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut removals = cluster(10, 20);
        removals.take("n0", start).unwrap();
        removals.take("n1", start + second).unwrap();
        assert_eq!(removals.take("n2", start + second * 2), Err(start + WINDOW));
        removals.take("n0", start + second * 2).expect("leave was given before");
        removals.take("other", start + second * 2).expect("another environment");
        removals.take("joins-no-more", start).expect("it never became a node");
        removals.take("n2", start + WINDOW).unwrap();
        assert_eq!(removals.take("n3", start + WINDOW), Err(start + second + WINDOW));
    }

    #[test]
    fn the_share_is_not_taken_of_what_is_left() {
        let now = Instant::now();
        let mut removals = cluster(10, 50);
        for index in 0..5 {
            let node = format!("n{index}");
            removals.take(&node, now).unwrap();
            removals.drop_node(&node);
        }
        assert!(removals.take("n5", now).is_err(), "five of ten are gone");
    }
}
