//! Where a node's CPU time went, and its bill with it: every milli-CPU·millisecond between launch and end belongs to
//! exactly one [`Part`], so shares sum to one and split money to the bill.

use std::ops::{AddAssign, Index};

use crate::metrics::billing::Charge;
use crate::scheduler::{AttemptOutcome, NodeLossCause};
use crate::units::{MilliCpu, SimDuration, SimTime};

/// What a node's CPU was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Requested by attempts that succeeded.
    Useful,
    /// Requested by attempts that ended with their node.
    Interrupted,
    /// Requested by attempts that failed, timed out or were turned away.
    Failed,
    /// Requested by attempts that had not ended when the run did.
    Unfinished,
    /// Kept by kubelet and daemonsets while the node was ready.
    Overhead,
    /// Paid for before the node was ready.
    Startup,
    /// On offer and not requested.
    Idle,
}

/// Number of parts.
const PARTS: usize = 7;

/// CPU time in milli-CPU·milliseconds by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Usage([u128; PARTS]);

/// Money by part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Bill([Charge; PARTS]);

impl Part {
    /// The part of a finished attempt.
    pub(super) const fn of(outcome: AttemptOutcome) -> Self {
        match outcome {
            AttemptOutcome::Succeeded => Self::Useful,
            AttemptOutcome::HostTerminated | AttemptOutcome::EnvironmentUpdated => Self::Interrupted,
            AttemptOutcome::Failed(_)
            | AttemptOutcome::TimedOut
            | AttemptOutcome::Terminated
            | AttemptOutcome::VolumeNotAttached
            | AttemptOutcome::MainNodeEnded => Self::Failed,
        }
    }
}

impl Usage {
    /// All vCPU time of the node: launched.
    pub(super) fn total(&self) -> u128 {
        self.0.iter().sum()
    }

    /// What pods requested while STARTING or RUNNING.
    pub(super) fn requested(&self) -> u128 {
        use Part::{Failed, Interrupted, Unfinished, Useful};
        [Useful, Interrupted, Failed, Unfinished].into_iter().map(|part| self[part]).sum()
    }

    /// What pods requested in vain.
    pub(super) fn lost(&self) -> u128 {
        self[Part::Interrupted] + self[Part::Failed]
    }

    /// Splits `charge` in proportion. Parts round down and idle takes the rest, so the sum is exact. The bill of a node
    /// that lived for no time is start-up.
    pub(super) fn split(&self, charge: Charge) -> Bill {
        let total = self.total();
        let mut bill = Bill(self.0.map(|part| charge.share(part, total)));
        let rest = if total == 0 { Part::Startup } else { Part::Idle };
        let others = bill.total().saturating_sub(bill[rest]);
        bill.0[rest as usize] = charge.saturating_sub(others);
        bill
    }
}

impl Bill {
    /// The whole bill.
    pub(super) fn total(&self) -> Charge {
        self.0.iter().copied().sum()
    }

    /// What was paid for attempts thrown away.
    pub(super) fn lost(&self) -> Charge {
        self[Part::Interrupted] + self[Part::Failed]
    }
}

impl Index<Part> for Usage {
    type Output = u128;
    fn index(&self, part: Part) -> &u128 {
        &self.0[part as usize]
    }
}

impl Index<Part> for Bill {
    type Output = Charge;
    fn index(&self, part: Part) -> &Charge {
        &self.0[part as usize]
    }
}

impl AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, part)| *sum += part);
    }
}

impl AddAssign for Bill {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, part)| *sum += part);
    }
}

/// The CPU meter of one node. Each placed or ended attempt costs two multiplications, whatever its length: of attempts
/// in flight only the sum of requests and the sum of requests × start are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CpuMeter {
    cpu: MilliCpu,
    launched: SimTime,
    /// Counted from here on: the launch, or the beginning of a window after it.
    from: SimTime,
    ready: Option<(SimTime, MilliCpu)>,
    held: u128,
    held_start: u128,
    ended: [u128; 3],
}

impl CpuMeter {
    /// A node with all its vCPUs, from its launch on.
    pub(super) const fn new(cpu: MilliCpu, launched: SimTime) -> Self {
        Self { cpu, launched, from: launched, ready: None, held: 0, held_start: 0, ended: [0; 3] }
    }

    /// When the node was launched.
    pub(super) const fn launched(&self) -> SimTime {
        self.launched
    }

    /// From now on, time is counted afresh: attempts in flight hold their CPU as if they had just begun.
    pub(super) fn begin_window(&mut self, now: SimTime) {
        self.from = now;
        self.held_start = self.held * u128::from(now.as_millis());
        self.ended = [0; 3];
    }

    /// When the node became ready, if it did.
    pub(super) fn ready_at(&self) -> Option<SimTime> {
        self.ready.map(|(at, _)| at)
    }

    /// All its vCPUs.
    pub(super) const fn cpu(&self) -> MilliCpu {
        self.cpu
    }

    /// The node joined and offers `free` to jobs. Only the first time counts.
    pub(super) fn ready(&mut self, now: SimTime, free: MilliCpu) {
        self.ready.get_or_insert((now, self.cpu.saturating_sub(free)));
    }

    /// An attempt holds `cpu` from now on.
    pub(super) fn hold(&mut self, cpu: MilliCpu, start: SimTime) {
        self.held += u128::from(cpu.0);
        self.held_start += u128::from(cpu.0) * u128::from(start.as_millis());
    }

    /// An attempt that held `cpu` from `start` to `stop` ended.
    pub(super) fn release(&mut self, cpu: MilliCpu, start: SimTime, stop: SimTime, part: Part) {
        let cpu = u128::from(cpu.0);
        let start = start.max(self.from);
        self.held = self.held.saturating_sub(cpu);
        self.held_start = self.held_start.saturating_sub(cpu * u128::from(start.as_millis()));
        let slot = match part {
            Part::Useful => 0,
            Part::Interrupted => 1,
            _ => 2,
        };
        self.ended[slot] += cpu * u128::from(stop.since(start).as_millis());
    }

    /// Where the time from launch to `end` went. Should facts contradict each other (pods beyond what the node offers),
    /// the parts are cut in the order of the code below, so that they never exceed the whole.
    pub(super) fn usage(&self, end: SimTime) -> Usage {
        let times = |cpu: MilliCpu, span: SimDuration| u128::from(cpu.0) * u128::from(span.as_millis());
        let mut rest = times(self.cpu, end.since(self.from));
        let mut take = |amount: u128| {
            let taken = amount.min(rest);
            rest -= taken;
            taken
        };
        let ready_at = self.ready_at().unwrap_or(end).min(end);
        let startup = take(times(self.cpu, ready_at.since(self.from)));
        let [useful, interrupted, failed] = self.ended.map(&mut take);
        let in_flight = (self.held * u128::from(end.as_millis())).saturating_sub(self.held_start);
        let unfinished = take(in_flight);
        let overhead = take(self.ready.map_or(0, |(at, kept)| times(kept, end.since(at.max(self.from)))));
        Usage([useful, interrupted, failed, unfinished, overhead, startup, rest])
    }
}

/// A node's end, for the sinks and the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NodeEnd {
    /// When billing ended.
    pub at: SimTime,
    /// Why, or `None` if the run ended first.
    pub cause: Option<NodeLossCause>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::MicroUsd;
    use proptest::prelude::*;

    const fn at(secs: u64) -> SimTime {
        SimTime::from_millis(secs * 1_000)
    }

    const fn cpu_secs(cpu: u32, secs: u128) -> u128 {
        cpu as u128 * secs * 1_000
    }

    #[test]
    fn every_part_of_a_nodes_life() {
        // 4 vCPUs, launched at 100 s, ready at 150 s with 3.5 vCPUs on offer, gone at 1100 s.
        let mut node = CpuMeter::new(MilliCpu(4_000), at(100));
        node.ready(at(150), MilliCpu(3_500));
        node.ready(at(160), MilliCpu(1));
        node.hold(MilliCpu(1_000), at(200));
        node.hold(MilliCpu(2_000), at(300));
        node.release(MilliCpu(1_000), at(200), at(700), Part::Useful);
        node.hold(MilliCpu(500), at(800));
        node.release(MilliCpu(2_000), at(300), at(900), Part::Failed);
        let usage = node.usage(at(1_100));
        assert_eq!(usage.total(), cpu_secs(4_000, 1_000));
        assert_eq!(usage[Part::Startup], cpu_secs(4_000, 50));
        assert_eq!(usage[Part::Overhead], cpu_secs(500, 950));
        assert_eq!(usage[Part::Useful], cpu_secs(1_000, 500));
        assert_eq!(usage.lost(), cpu_secs(2_000, 600));
        assert_eq!(usage[Part::Unfinished], cpu_secs(500, 300));
        assert_eq!(usage.requested(), cpu_secs(1_000, 500 + 1_200 + 150));
    }

    #[test]
    fn a_node_that_never_joined_is_all_startup() {
        let node = CpuMeter::new(MilliCpu(2_000), at(10));
        let usage = node.usage(at(70));
        assert_eq!(usage[Part::Startup], usage.total());
        let bill =
            CpuMeter::new(MilliCpu(2_000), at(10)).usage(at(10)).split(Charge::new(MicroUsd(7), SimDuration::HOUR));
        assert_eq!(bill[Part::Startup].micro_usd(), MicroUsd(7));
    }

    proptest! {
        /// Whatever happens on a node, nothing of its time or bill is counted twice or gets lost.
        #[test]
        fn parts_sum_to_the_whole(
            vcpus in 1_u32..200,
            free in 0_u32..200_000,
            ready in 0_u64..5_000,
            end in 0_u64..10_000,
            price in 0_u64..50_000_000,
            attempts in prop::collection::vec((1_u32..64_000, 0_u64..9_000, 0_u64..3_000, 0_usize..4), 0..20),
        ) {
            let mut node = CpuMeter::new(MilliCpu::from_vcpus(vcpus), at(0));
            node.ready(at(ready), MilliCpu(free));
            for (cpu, start, length, fate) in attempts {
                node.hold(MilliCpu(cpu), at(start));
                if let Some(&part) = [Part::Useful, Part::Interrupted, Part::Failed].get(fate) {
                    node.release(MilliCpu(cpu), at(start), at(start + length), part);
                }
            }
            let usage = node.usage(at(end));
            prop_assert_eq!(usage.total(), u128::from(vcpus) * 1_000 * u128::from(end) * 1_000);
            let charge = Charge::new(MicroUsd(price), SimDuration::from_secs(end.max(60)));
            prop_assert_eq!(usage.split(charge).total(), charge);
        }
    }
}
