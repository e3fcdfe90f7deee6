//! Random worlds, run to their ends and judged from outside after every step.
//!
//! The ordinary run tries the same cases every time, so that a failure is everybody's. To look for new ones:
//! `cargo test --test properties -- --ignored --nocapture`, with as many as `PROPTEST_CASES` says.

#[macro_use]
#[path = "../common/tally.rs"]
mod tally;

mod judge;
mod worlds;

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed, TestRunner};
use windtunnel::driver::Driver;
use windtunnel::scheduler::{Decision, Observation, Scheduler, SchedulerConfig, Settings};
use windtunnel::sim::SimWorld;

use judge::{Judge, Tally};
use worlds::{World, worlds};

/// More steps than any of these worlds takes; who reaches it goes round in circles.
const STEPS_MAX: u32 = 60_000;

/// One copy of a run.
struct Run {
    world: SimWorld,
    scheduler: Scheduler,
    seen: Observation,
    decision: Decision,
}

impl Run {
    fn new(world: &World) -> Self {
        let config = SchedulerConfig {
            settings: Settings::from(&world.spec.assumptions),
            instance_types: world.spec.instance_types.iter().map(|one| one.facts).collect(),
        };
        Self {
            world: SimWorld::new(world.spec.clone(), world.seed),
            scheduler: Scheduler::new(config),
            seen: Observation::default(),
            decision: Decision::default(),
        }
    }

    /// What `driver::run` does in one turn, up to the decision.
    fn decide(&mut self) -> bool {
        let more = self.world.observe(self.decision.wake_at, &mut self.seen).unwrap();
        if more {
            self.scheduler.step(&self.seen, &mut self.decision);
        }
        more
    }
}

/// Runs a world twice, side by side, and judges every step.
fn hold(world: &World) -> Result<Tally, TestCaseError> {
    let (mut run, mut twin) = (Run::new(world), Run::new(world));
    let mut judge = Judge::new(&world.spec);
    for step in 0.. {
        prop_assert!(step < STEPS_MAX, "no end after {step} steps, at {}", run.seen.now);
        let more = run.decide();
        prop_assert_eq!(more, twin.decide(), "one of two equal runs ended");
        if !more {
            break;
        }
        let at = |finding: String| TestCaseError::fail(format!("step {step}, {}: {finding}", run.seen.now));
        judge.seen(&run.seen).map_err(at)?;
        judge.decided(&run.decision).map_err(at)?;
        prop_assert_eq!(&run.seen, &twin.seen, "two equal runs saw different worlds");
        prop_assert_eq!(&run.decision, &twin.decision, "two equal runs decided differently");
        let findings = run.scheduler.audit();
        prop_assert!(findings.is_empty(), "step {step}, {}: {findings:?}", run.seen.now);
        run.world.apply(&run.decision).unwrap();
        twin.world.apply(&twin.decision).unwrap();
    }
    let drained = run.world.ended_at() < world.spec.stop_at;
    prop_assert!(drained || world.scarce, "capacity is there and work is left at the end of time");
    let (waiting, placed) = run.scheduler.jobs_in_system();
    judge.ended(drained, waiting + placed).map_err(TestCaseError::fail)?;
    Ok(judge.tally)
}

fn config(cases: u32, rng_seed: RngSeed) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed,
        max_shrink_iters: 500,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/properties/regressions.txt"))),
        ..ProptestConfig::default()
    }
}

/// Holds as many worlds as `config` says, and sees to it that among them everything happened that can.
fn hold_all(config: ProptestConfig) {
    let tally = RefCell::new(Tally::default());
    let outcome = TestRunner::new(config).run(&worlds(), |world| {
        let seen = hold(&world)?;
        tally.borrow_mut().add(&seen);
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
    println!("{:#?}", tally.borrow());
    assert_eq!(tally.borrow().never(), [""; 0], "never happened in any world");
}

#[test]
fn every_world_keeps_the_rules() {
    hold_all(config(4_000, RngSeed::Fixed(12)));
}

#[test]
#[ignore = "looks for new cases: cargo test --test properties -- --ignored --nocapture"]
fn new_worlds_keep_the_rules() {
    hold_all(config(ProptestConfig::default().cases.max(20_000), RngSeed::Random));
}
