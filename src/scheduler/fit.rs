//! Which node has room: an index over the free resources of an environment's nodes.
//!
//! A tree with sixteen children per node; every inner node holds the component-wise maximum of what is free below it, so
//! a subtree in which no single component suffices is skipped whole. Finding room and taking it cost a handful of
//! contiguous comparisons, whatever the number of nodes. It knows positions and resources, nothing else.

use crate::model::Resources;

const FAN_OUT: usize = 16;

/// Free resources by position.
#[derive(Debug, Clone)]
pub(super) struct FitTree {
    /// `levels[0]` are the positions; `levels[k + 1][i]` is the maximum of its sixteen children in `levels[k]`. The last
    /// level has a single entry.
    levels: Vec<Vec<Resources>>,
}

impl Default for FitTree {
    fn default() -> Self {
        Self { levels: vec![vec![Resources::ZERO; FAN_OUT], vec![Resources::ZERO]] }
    }
}

impl FitTree {
    /// What is free at `position`; nothing where nothing was ever set.
    pub(super) fn get(&self, position: usize) -> Resources {
        self.levels[0].get(position).copied().unwrap_or_default()
    }

    /// Sets what is free at `position`.
    pub(super) fn set(&mut self, position: usize, free: Resources) {
        self.grow(position);
        let mut index = position;
        let mut old = std::mem::replace(&mut self.levels[0][index], free);
        let mut new = free;
        for level in 1..self.levels.len() {
            if old == new {
                return;
            }
            index /= FAN_OUT;
            let above = self.levels[level][index];
            // Only a child that held a maximum and gave it up makes us look at its siblings.
            let lost = |old, new, max| old == max && new < max;
            let rescan = lost(old.cpu.0, new.cpu.0, above.cpu.0)
                || lost(old.memory.0, new.memory.0, above.memory.0)
                || lost(old.gpus.into(), new.gpus.into(), above.gpus.into())
                || lost(old.pods.into(), new.pods.into(), above.pods.into());
            let max = if rescan {
                let children = &self.levels[level - 1][index * FAN_OUT..(index + 1) * FAN_OUT];
                children.iter().fold(Resources::ZERO, |max, &child| max.max(child))
            } else {
                above.max(new)
            };
            self.levels[level][index] = max;
            (old, new) = (above, max);
        }
    }

    /// The first position at or after `from` where `need` fits.
    pub(super) fn first_fit(&self, need: Resources, from: usize) -> Option<usize> {
        self.search(self.levels.len() - 1, 0, need, from)
    }

    fn search(&self, level: usize, index: usize, need: Resources, from: usize) -> Option<usize> {
        if !need.fits(self.levels[level][index]) {
            return None;
        }
        if level == 0 {
            return (index >= from).then_some(index);
        }
        let span = FAN_OUT.pow(u32::try_from(level - 1).expect("a handful of levels"));
        let first = index * FAN_OUT;
        // Children that end before `from` are out of the question.
        let skip = (from / span).saturating_sub(first).min(FAN_OUT);
        (first + skip..first + FAN_OUT).find_map(|child| self.search(level - 1, child, need, from))
    }

    fn grow(&mut self, position: usize) {
        while position >= self.levels[0].len() {
            let mut size = self.levels[0].len() * FAN_OUT;
            for level in &mut self.levels {
                level.resize(size, Resources::ZERO);
                size /= FAN_OUT;
            }
            let last = self.levels.last().expect("never empty");
            let root = last.iter().fold(Resources::ZERO, |max, &child| max.max(child));
            self.levels.push(vec![root]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::units::{MiB, MilliCpu};

    fn resources() -> impl Strategy<Value = Resources> {
        (0..8u32, 0..8u32, 0..3u16, 0..4u16).prop_map(|(cpu, memory, gpus, pods)| Resources {
            cpu: MilliCpu(cpu * 250),
            memory: MiB(memory * 512),
            gpus,
            pods,
        })
    }

    proptest! {
        /// Against a plain scan, over random updates of up to 600 positions (three levels).
        #[test]
        fn finds_what_a_scan_finds(
            updates in prop::collection::vec((0usize..600, resources()), 1..300),
            asks in prop::collection::vec((resources(), 0usize..700), 1..20),
        ) {
            let mut tree = FitTree::default();
            let mut plain = vec![Resources::ZERO; 4096];
            for (position, free) in updates {
                tree.set(position, free);
                plain[position] = free;
                prop_assert_eq!(tree.get(position), free);
            }
            for (mut need, from) in asks {
                need.pods = 1;
                let scanned = (from..plain.len()).find(|&position| need.fits(plain[position]));
                prop_assert_eq!(tree.first_fit(need, from), scanned);
            }
        }
    }
}
