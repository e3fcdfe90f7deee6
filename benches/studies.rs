//! Replications beside each other: the same study on one thread and on two. The ratio of the two is what a second core
//! gives; everything else of a study (paired intervals, files) is not worth measuring beside its runs.
//!
//! `cargo bench --bench studies`

use std::path::Path;
use std::sync::atomic::AtomicBool;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use windtunnel::experiment::{Executor, Study, parse_axis};
use windtunnel::scenario::StudyFile;

const REPLICATIONS: u32 = 30;

fn study() -> Study {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/spot-against-on-demand.json");
    let strategies =
        "spot.allocationStrategy=SPOT_PRICE_CAPACITY_OPTIMIZED,SPOT_CAPACITY_OPTIMIZED,BEST_FIT_PROGRESSIVE";
    let vary = vec![parse_axis(strategies).expect("an axis")];
    Study::new(&StudyFile { vary, ..StudyFile::of_scenario(&scenario) }).expect("the shipped scenario is valid")
}

fn replications(criterion: &mut Criterion) {
    let study = study();
    let all: Vec<usize> = (0..study.variants.len()).collect();
    let never = AtomicBool::new(false);
    let mut group = criterion.benchmark_group("replications");
    group.sample_size(10);
    group.throughput(Throughput::Elements(u64::from(REPLICATIONS) * all.len() as u64));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        group.bench_function(format!("threads_{threads}"), |bencher| {
            bencher.iter(|| {
                pool.install(|| {
                    let mut executor = Executor::new(&study, &never);
                    executor.run(&all, REPLICATIONS, &()).expect("it runs");
                    executor.runs()
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, replications);
criterion_main!(benches);
