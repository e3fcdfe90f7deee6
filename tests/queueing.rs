//! With every assumption at its ideal the simulator is a queueing system, and queueing theory says what it must give.

mod common;

use common::{interval, mean_wait_s, server_farm};
use windtunnel::model::Distribution;

#[test]
fn m_m_1() {
    let waits = (1..=20)
        .map(|seed| mean_wait_s(&server_farm(1, 0.9, Distribution::Exponential { mean: common::secs(1) }), seed));
    interval(waits).covers(9.0, 0.05);
}
