//! GPUs of nodes while they lived, and how long pods held them. Totals alone, for a node's bill is split by its vCPUs.

use crate::units::SimTime;

/// GPU time in GPU·milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct GpuMeter {
    /// Of nodes.
    pub(super) launched: Held,
    /// Of pods, on nodes that lived.
    pub(super) requested: Held,
}

/// How long something was held: of what is held now only the sum, and the sum of amounts × start, are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Held {
    now: u128,
    now_start: u128,
    ended: u128,
    /// Counted from here on.
    from: SimTime,
}

impl Held {
    /// So many are held from `start` on.
    pub(super) fn hold(&mut self, count: u16, start: SimTime) {
        self.now += u128::from(count);
        self.now_start += u128::from(count) * u128::from(start.as_millis());
    }

    /// What was held from `start` is held no longer.
    pub(super) fn release(&mut self, count: u16, start: SimTime, stop: SimTime) {
        let count = u128::from(count);
        let start = start.max(self.from);
        self.now = self.now.saturating_sub(count);
        self.now_start = self.now_start.saturating_sub(count * u128::from(start.as_millis()));
        self.ended += count * u128::from(stop.since(start).as_millis());
    }

    /// From now on, time is counted afresh.
    pub(super) fn begin_window(&mut self, now: SimTime) {
        *self = Self { now: self.now, now_start: self.now * u128::from(now.as_millis()), ended: 0, from: now };
    }

    /// All until `end`.
    pub(super) fn total(&self, end: SimTime) -> u128 {
        self.ended + (self.now * u128::from(end.as_millis())).saturating_sub(self.now_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_from_the_beginning_of_the_window() {
        let at = SimTime::from_millis;
        let mut held = Held::default();
        held.hold(2, at(10));
        held.hold(1, at(20));
        assert_eq!(held.total(at(30)), 2 * 20 + 10);
        held.begin_window(at(40));
        assert_eq!(held.total(at(40)), 0);
        held.release(2, at(10), at(50));
        held.hold(4, at(55));
        assert_eq!(held.total(at(60)), 2 * 10 + 20 + 4 * 5);
    }
}
