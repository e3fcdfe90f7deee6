//! The event queue: a hierarchical timing wheel over integer time, with insertion order on ties.
//!
//! Varghese and Lauck's wheel (1987), one digit of the time in base 64 per level, reaching down to single milliseconds,
//! so that nothing is ever compared: an entry waits at the level of the highest digit in which its time differs from
//! the present, and moves down at most once per level. Push and pop cost the same few sequential copies for a hundred
//! entries as for a million, where a heap pays a cache miss per level. It knows nothing of what it carries.

use crate::units::SimTime;

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;

/// A priority queue of items by time, earliest first; items of one time leave in the order they came.
///
/// Time is monotone: nothing may be pushed before the time of the last item popped.
#[derive(Debug, Clone)]
pub struct Wheel<T> {
    /// No entry is earlier, and none was popped later.
    now: u64,
    len: usize,
    levels: Vec<Level<T>>,
    /// The slot of level 0 that is being handed out, reversed, so that `pop` takes the oldest.
    current: Vec<Entry<T>>,
}

#[derive(Debug, Clone)]
struct Level<T> {
    /// Bit `s` is set while slot `s` holds entries.
    occupied: u64,
    slots: Vec<Vec<Entry<T>>>,
    /// Emptied buffers, for slots of this level that fill next: those of one level hold about as much.
    spare: Vec<Vec<Entry<T>>>,
}

#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    at: u64,
    item: T,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        let slots = || std::iter::repeat_with(Vec::new).take(SLOTS).collect();
        let level = || Level { occupied: 0, slots: slots(), spare: Vec::new() };
        Self { now: 0, len: 0, levels: std::iter::repeat_with(level).take(LEVELS).collect(), current: Vec::new() }
    }
}

impl<T> Wheel<T> {
    /// Number of items waiting.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether no item waits.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an item for the time `at`.
    ///
    /// # Panics
    /// If `at` is before the time of the last item popped: causes precede effects.
    pub fn push(&mut self, at: SimTime, item: T) {
        let at = at.as_millis();
        assert!(at >= self.now, "an event for {at} ms was scheduled at {} ms", self.now);
        self.len += 1;
        self.place(Entry { at, item });
    }

    /// Takes the earliest item if its time is not after `limit`.
    pub fn pop_until(&mut self, limit: SimTime) -> Option<(SimTime, T)> {
        let limit = limit.as_millis();
        loop {
            if let Some(last) = self.current.last() {
                if last.at > limit {
                    return None;
                }
                self.len -= 1;
                return self.current.pop().map(|entry| (SimTime::from_millis(entry.at), entry.item));
            }
            if !self.advance(limit) {
                return None;
            }
        }
    }

    /// Moves time to the first occupied slot that begins at or before `limit` and opens it.
    fn advance(&mut self, limit: u64) -> bool {
        let Some(level) = self.levels.iter().position(|level| level.occupied != 0) else { return false };
        let slot = self.levels[level].occupied.trailing_zeros();
        let shift = DIGIT_BITS * u32::try_from(level).expect("eleven levels");
        // Above the slot's digit its entries share the digits of the present, below it the slot begins with zeros.
        let digit = u64::from(slot) << shift;
        let above = self.now.checked_shr(shift + DIGIT_BITS).map_or(0, |high| high << (shift + DIGIT_BITS));
        let begins = above | digit;
        if begins > limit {
            return false;
        }
        self.now = begins;
        let slots = &mut self.levels[level];
        slots.occupied &= slots.occupied - 1;
        let mut opened = std::mem::take(&mut slots.slots[slot as usize]);
        if level == 0 {
            opened.reverse();
            let emptied = std::mem::replace(&mut self.current, opened);
            self.levels[0].spare.push(emptied);
        } else {
            for entry in opened.drain(..) {
                self.place(entry);
            }
            self.levels[level].spare.push(opened);
        }
        true
    }

    fn place(&mut self, entry: Entry<T>) {
        let differing = entry.at ^ self.now;
        // A differing digit of zero bits means now: the lowest level.
        let level = (u64::BITS - 1 - (differing | 1).leading_zeros()) / DIGIT_BITS;
        let slot = (entry.at >> (DIGIT_BITS * level)) % SLOTS as u64;
        let level = &mut self.levels[level as usize];
        level.occupied |= 1 << slot;
        let slot = &mut level.slots[usize::try_from(slot).expect("below 64")];
        if slot.capacity() == 0
            && let Some(buffer) = level.spare.pop()
        {
            *slot = buffer;
        }
        slot.push(entry);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against an ordered map keyed by (time, insertion number): the textbook event list.
        #[test]
        fn pops_in_order_of_time_then_insertion(
            operations in prop::collection::vec((0u8..4, 0u64..5, 0u32..40), 1..400)
        ) {
            let mut wheel = Wheel::default();
            let mut model = BTreeMap::new();
            let mut now = 0;
            for (number, (kind, mantissa, exponent)) in operations.into_iter().enumerate() {
                let at = now + (mantissa << exponent) / 3;
                if kind == 0 {
                    let expected = model.first_key_value().filter(|((time, _), _)| *time <= at).map(|(key, item)| (*key, *item));
                    let popped = wheel.pop_until(SimTime::from_millis(at));
                    prop_assert_eq!(popped, expected.map(|((time, _), item)| (SimTime::from_millis(time), item)));
                    if let Some((key, _)) = expected {
                        model.remove(&key);
                        now = key.0;
                    } else {
                        now = at;
                    }
                } else {
                    wheel.push(SimTime::from_millis(at), number);
                    model.insert((at, number), number);
                }
                prop_assert_eq!(wheel.len(), model.len());
            }
        }
    }

    #[test]
    fn looking_ahead_does_not_move_time() {
        let mut wheel = Wheel::default();
        wheel.push(SimTime::from_millis(10_000), 'b');
        assert_eq!(wheel.pop_until(SimTime::from_millis(4_000)), None);
        wheel.push(SimTime::from_millis(4_000), 'a');
        assert_eq!(wheel.pop_until(SimTime::MAX), Some((SimTime::from_millis(4_000), 'a')));
        assert_eq!(wheel.pop_until(SimTime::MAX), Some((SimTime::from_millis(10_000), 'b')));
    }

    #[test]
    fn the_end_of_time_is_a_time() {
        let mut wheel = Wheel::default();
        wheel.push(SimTime::MAX, ());
        assert_eq!(wheel.pop_until(SimTime::MAX), Some((SimTime::MAX, ())));
        assert!(wheel.is_empty());
    }
}
