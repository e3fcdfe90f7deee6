//! Which jobs are one entry of the workload. Jobs without dependencies go by their kind; jobs that wait for each other go
//! together: where small graphs of the same shape come again and again, the n-th of an entry waits for the n-th of another,
//! else jobs wait for jobs by their ids.

use std::collections::BTreeMap;

use crate::model::submit_job::ArrayJobDependency;

/// A job to be placed. They come in order of time, and after all that they wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Top {
    /// Milliseconds since 1970.
    pub(super) created: u64,
    pub(super) kind: u32,
    pub(super) waits: Vec<Wait>,
}

/// What a job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wait {
    /// The other job's number; `None` for its own children among themselves.
    pub(super) on: Option<u32>,
    /// A child of it, by index.
    pub(super) child: Option<u32>,
    pub(super) kind: Option<ArrayJobDependency>,
}

/// An entry of the workload: jobs by number, in order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) kind: u32,
    pub(super) jobs: Vec<u32>,
    pub(super) waits: Vec<GroupWait>,
}

/// What the jobs of an entry wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupWait {
    /// The n-th for the n-th of another entry.
    Paired { group: usize, kind: Option<ArrayJobDependency> },
    /// All for the same.
    Same(Wait),
}

/// Graphs of more jobs are not compared with each other.
const SHAPE_JOBS_MAX: usize = 64;
/// So many rows of graphs of one shape are kept open: graphs that overtake each other can't stand in one row.
const ROWS_MAX: usize = 32;

/// A job of a graph: its kind, and what it waits for, by place in the graph.
type Shape = Vec<(u32, Vec<Wait>)>;

/// All jobs as entries, in an order in which entries come after those that they wait for.
pub(super) fn groups(tops: &[Top]) -> Vec<Group> {
    let (alone, graphs) = graphs(tops);
    let mut groups: Vec<Group> = alone;
    let mut rows: BTreeMap<Shape, Vec<Vec<Vec<u32>>>> = BTreeMap::new();
    let mut plain = Vec::new();
    for graph in graphs {
        let in_row = shape(tops, &graph).filter(|_| graph.len() <= SHAPE_JOBS_MAX);
        let Some(shape) = in_row else {
            plain.push(graph);
            continue;
        };
        let follows = |last: &Vec<u32>| {
            let pairs = last.iter().zip(&graph);
            pairs.into_iter().all(|(&a, &b)| tops[a as usize].created <= tops[b as usize].created)
        };
        let open = rows.entry(shape).or_default();
        let first = open.len().saturating_sub(ROWS_MAX);
        match open[first..].iter_mut().find(|row| row.last().is_some_and(follows)) {
            Some(row) => row.push(graph),
            None => open.push(vec![graph]),
        }
    }
    for (shape, rows) in rows {
        for row in rows {
            if let [only] = row.as_slice() {
                plain.push(only.clone());
            } else {
                paired(&shape, &row, &mut groups);
            }
        }
    }
    plain.sort_unstable();
    for graph in plain {
        by_id(tops, &graph, &mut groups);
    }
    groups
}

/// Jobs alone, by kind, and graphs of several, each in order of time.
fn graphs(tops: &[Top]) -> (Vec<Group>, Vec<Vec<u32>>) {
    let mut joined: Vec<u32> = (0..).take(tops.len()).collect();
    for (own, top) in (0..).zip(tops) {
        for on in top.waits.iter().filter_map(|wait| wait.on) {
            let (a, b) = (root(&mut joined, own), root(&mut joined, on));
            joined[a.max(b) as usize] = a.min(b);
        }
    }
    let roots: Vec<_> = (0..).take(tops.len()).map(|at| root(&mut joined, at)).collect();
    let mut sizes = vec![0_u32; tops.len()];
    for &root in &roots {
        sizes[root as usize] += 1;
    }
    let mut alone: BTreeMap<(u32, Vec<Wait>), usize> = BTreeMap::new();
    let (mut groups, mut graphs) = (Vec::new(), BTreeMap::<u32, Vec<u32>>::new());
    for (own, (top, &root)) in (0..).zip(tops.iter().zip(&roots)) {
        if sizes[root as usize] > 1 {
            graphs.entry(root).or_default().push(own);
            continue;
        }
        // Here only an array's own children wait for each other.
        let at = *alone.entry((top.kind, top.waits.clone())).or_insert_with(|| {
            let waits = top.waits.iter().map(|&wait| GroupWait::Same(wait)).collect();
            groups.push(Group { kind: top.kind, jobs: Vec::new(), waits });
            groups.len() - 1
        });
        groups[at].jobs.push(own);
    }
    (groups, graphs.into_values().collect())
}

/// The first job of a graph, as far as it is joined.
fn root(joined: &mut [u32], mut at: u32) -> u32 {
    while joined[at as usize] != at {
        joined[at as usize] = joined[joined[at as usize] as usize];
        at = joined[at as usize];
    }
    at
}

/// `None` where someone waits for a child, which pairs can't say.
fn shape(tops: &[Top], graph: &[u32]) -> Option<Shape> {
    let place = |on: u32| graph.binary_search(&on).ok().and_then(|at| u32::try_from(at).ok());
    let of = |own: &u32| {
        let top = &tops[*own as usize];
        let mut waits = top.waits.iter().map(|&wait| match wait.on {
            None => Some(wait),
            Some(_) if wait.child.is_some() => None,
            Some(on) => Some(Wait { on: Some(place(on)?), ..wait }),
        });
        let mut waits = waits.by_ref().collect::<Option<Vec<_>>>()?;
        waits.sort_unstable();
        Some((top.kind, waits))
    };
    if graph.len() > SHAPE_JOBS_MAX {
        return None;
    }
    graph.iter().map(of).collect()
}

/// A row of graphs: an entry for each of their jobs.
fn paired(shape: &Shape, row: &[Vec<u32>], groups: &mut Vec<Group>) {
    let first = groups.len();
    for (at, (kind, waits)) in shape.iter().enumerate() {
        let waits = waits.iter().map(|&wait| match wait.on {
            Some(on) => GroupWait::Paired { group: first + on as usize, kind: wait.kind },
            None => GroupWait::Same(wait),
        });
        let waits = waits.collect();
        groups.push(Group { kind: *kind, jobs: row.iter().map(|graph| graph[at]).collect(), waits });
    }
}

/// A graph for itself: what is alike and waits for the same is one entry.
fn by_id(tops: &[Top], graph: &[u32], groups: &mut Vec<Group>) {
    let mut known: BTreeMap<(u32, Vec<Wait>), usize> = BTreeMap::new();
    for &own in graph {
        let top = &tops[own as usize];
        let mut waits = top.waits.clone();
        waits.sort_unstable();
        let at = *known.entry((top.kind, waits.clone())).or_insert_with(|| {
            let waits = waits.iter().map(|&wait| GroupWait::Same(wait)).collect();
            groups.push(Group { kind: top.kind, jobs: Vec::new(), waits });
            groups.len() - 1
        });
        groups[at].jobs.push(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn top(created: u64, kind: u32, on: &[u32]) -> Top {
        let waits = on.iter().map(|&on| Wait { on: Some(on), child: None, kind: None }).collect();
        Top { created, kind, waits }
    }

    #[test]
    fn jobs_without_dependencies_go_by_kind() {
        let tops: Vec<_> = (0..6).map(|n| top(u64::from(n), n % 2, &[])).collect();
        let jobs: Vec<_> = groups(&tops).into_iter().map(|group| (group.kind, group.jobs)).collect();
        assert_eq!(jobs, [(0, vec![0, 2, 4]), (1, vec![1, 3, 5])]);
    }

    #[test]
    fn graphs_of_one_shape_are_paired_while_they_keep_their_order() {
        // Two steps, three times; the third graph's second step overtakes the second's.
        let tops = [top(0, 1, &[]), top(1, 1, &[]), top(2, 1, &[]), top(5, 2, &[0]), top(6, 2, &[2]), top(7, 2, &[1])];
        let made = groups(&tops);
        assert_eq!(made.len(), 4, "{made:?}");
        assert_eq!((&made[0].jobs, &made[1].jobs), (&vec![0, 1], &vec![3, 5]));
        assert_eq!(made[1].waits, [GroupWait::Paired { group: 0, kind: None }]);
        assert_eq!(made[3].waits, [GroupWait::Same(Wait { on: Some(2), child: None, kind: None })]);
    }

    #[test]
    fn a_graph_that_comes_once_puts_together_what_is_alike() {
        let mut tops = vec![top(0, 1, &[])];
        tops.extend((1..=100).map(|n| top(n, 2, &[0])));
        tops.push(top(200, 3, &[1, 2]));
        let jobs: Vec<_> = groups(&tops).iter().map(|group| group.jobs.len()).collect();
        assert_eq!(jobs, [1, 100, 1]);
    }
}
