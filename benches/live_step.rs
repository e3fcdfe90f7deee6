//! Steps of a live run at 5,000 nodes and 20,000 pods, as its driver's thread takes them: what was seen is taken in, the core
//! decides, the journal is on disk, the acts are on their way. Measured are a scheduling cycle and the step after it together;
//! prints their distribution, for a mean hides the one that a lease or a watch had to wait for.

mod on_paper;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

use on_paper::OnPaper;

const NODES: u32 = 5_000;
const PODS_PER_NODE: u32 = 4;
/// Pods that end between two steps, with as many created, seen and gone: as many as are written at once, and what comes
/// together in a scheduling cycle of 2 s at 175 pods a second.
const ENDING: [usize; 2] = [32, 350];

fn steps(c: &mut Criterion) {
    let mut paper = OnPaper::new(NODES, PODS_PER_NODE);
    let mut group = c.benchmark_group("live_step");
    for ending in ENDING {
        measure(&mut group, &format!("{ending}_ending"), || {
            paper.play();
            paper.end(ending);
            paper.step()
        });
    }
    measure(&mut group, "listed_again", || {
        paper.play();
        paper.list_again();
        paper.end(1);
        paper.step()
    });
    group.finish();
    println!("{}", peak_memory());
}

fn measure(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    mut step: impl FnMut() -> Duration,
) {
    let mut took = Vec::new();
    group.bench_function(name, |b| {
        b.iter_custom(|iterations| {
            let taken: Vec<_> = (0..iterations).map(|_| step()).collect();
            took.extend_from_slice(&taken);
            taken.iter().sum()
        });
    });
    took.sort_unstable();
    if let Some(last) = took.len().checked_sub(1) {
        let at = |percent: usize| took[last * percent / 100];
        println!("{name}: {} steps: p50 {:?}, p99 {:?}, max {:?}", took.len(), at(50), at(99), at(100));
    }
}

/// The most memory that the process has had, with the cluster on paper.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM is not told here").to_owned()
}

criterion_group!(benches, steps);
criterion_main!(benches);
