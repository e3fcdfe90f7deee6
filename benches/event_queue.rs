//! The event queue under the hold model: take the earliest, put a later one back, with ever more waiting. Beside it a
//! binary heap, the textbook's choice.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_distr::Exp1;
use rand_xoshiro::Xoshiro256PlusPlus;
use windtunnel::units::{SimDuration, SimTime};
use windtunnel::wheel::Wheel;

const HOLDS: u64 = 100_000;
const MEAN_GAP_S: f64 = 428.0;

fn gaps() -> impl FnMut() -> SimDuration {
    let mut stream = Xoshiro256PlusPlus::seed_from_u64(1);
    move || SimDuration::from_secs_f64(MEAN_GAP_S * stream.sample::<f64, _>(Exp1))
}

fn hold(c: &mut Criterion) {
    let mut group = c.benchmark_group("event_queue");
    group.throughput(Throughput::Elements(HOLDS));
    for waiting in [1_000_u64, 30_000, 1_000_000] {
        group.bench_with_input(BenchmarkId::new("wheel", waiting), &waiting, |b, &waiting| {
            let mut gap = gaps();
            let mut wheel = Wheel::default();
            (0..waiting).for_each(|item| wheel.push(SimTime::ZERO + gap(), item));
            b.iter(|| {
                for _ in 0..HOLDS {
                    let (now, item) = wheel.pop_until(SimTime::MAX).expect("never empty");
                    wheel.push(now + gap(), black_box(item));
                }
            });
        });
        group.bench_with_input(BenchmarkId::new("binary_heap", waiting), &waiting, |b, &waiting| {
            let mut gap = gaps();
            let mut pushed = 0_u64;
            let mut heap = BinaryHeap::new();
            for item in 0..waiting {
                heap.push(Reverse((SimTime::ZERO + gap(), pushed, item)));
                pushed += 1;
            }
            b.iter(|| {
                for _ in 0..HOLDS {
                    let Reverse((now, _, item)) = heap.pop().expect("never empty");
                    heap.push(Reverse((now + gap(), pushed, black_box(item))));
                    pushed += 1;
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, hold);
criterion_main!(benches);
