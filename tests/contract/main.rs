//! Random scripts of everything that may happen to a scheduler, driven straight into its step and judged from outside:
//! what is submitted, changed, cancelled and taken away, in a world that answers late, partly, wrongly or not at all, and
//! turns benign in the end, so that everything must finish.
//!
//! The ordinary run tries the same cases every time, so that a failure is everybody's. To look for new ones:
//! `cargo test --test contract -- --ignored --nocapture`, with as many as `PROPTEST_CASES` says.

#[macro_use]
#[path = "../common/tally.rs"]
mod tally;

mod chance;
mod exact;
mod judge;
mod scripts;
mod settings;
mod stage;
mod world;

use std::cell::RefCell;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed, TestRunner};
use windtunnel::scheduler::{Decision, Observation, Scheduler};

use judge::{Judge, Tally};
use scripts::{Script, scripts};
use world::World;

/// More steps than any of these scripts takes; who reaches it goes round in circles.
const STEPS_MAX: u32 = 20_000;

/// Runs a script through two copies of the core, side by side, and judges every step.
fn hold(script: &Script) -> Result<Tally, TestCaseError> {
    let mut world = World::new(script);
    let mut core = Scheduler::new(settings::config(&script.settings));
    let mut twin = core.clone();
    let mut judge = Judge::new(&script.settings);
    let (mut seen, mut decision, mut other) = (Observation::default(), Decision::default(), Decision::default());
    for step in 0.. {
        prop_assert!(step < STEPS_MAX, "no end after {step} steps, at {}", seen.now);
        if !world.observe(decision.wake_at, &mut seen) {
            break;
        }
        core.step(&seen, &mut decision);
        twin.step(&seen, &mut other);
        prop_assert_eq!(&decision, &other, "two equal cores decided differently");
        let at = |finding: String| TestCaseError::fail(format!("step {step}, {}: {finding}", seen.now));
        judge.seen(&seen);
        judge.decided(&decision, &core).map_err(at)?;
        let findings = core.audit();
        prop_assert!(findings.is_empty(), "step {step}, {}: {findings:?}", seen.now);
        world.apply(&decision);
    }
    judge.ended().map_err(TestCaseError::fail)?;
    Ok(judge.tally)
}

fn config(cases: u32, rng_seed: RngSeed) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed,
        max_shrink_iters: 2_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("tests/contract/regressions.txt"))),
        ..ProptestConfig::default()
    }
}

/// Holds as many scripts as `config` says, and sees to it that among them everything happened that can.
fn hold_all(config: ProptestConfig) {
    let tally = RefCell::new(Tally::default());
    let outcome = TestRunner::new(config).run(&scripts(), |script| {
        let seen = hold(&script)?;
        tally.borrow_mut().add(&seen);
        Ok(())
    });
    if let Err(why) = outcome {
        panic!("{why}");
    }
    println!("{:#?}", tally.borrow());
    assert_eq!(tally.borrow().never(), [""; 0], "never happened in any script");
}

#[test]
fn every_script_keeps_the_contract() {
    hold_all(config(3_000, RngSeed::Fixed(12)));
}

#[test]
#[ignore = "looks for new cases: cargo test --test contract -- --ignored --nocapture"]
fn new_scripts_keep_the_contract() {
    hold_all(config(ProptestConfig::default().cases.max(20_000), RngSeed::Random));
}
