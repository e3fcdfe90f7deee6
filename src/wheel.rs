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
/// Entries per chunk: a few cache lines, and little to waste in a slot that holds one.
const CHUNK: usize = 32;

/// A priority queue of items by time, earliest first; items of one time leave in the order they came.
///
/// Time is monotone: nothing may be pushed before the time of the last item popped.
#[derive(Debug, Clone)]
pub struct Wheel<T> {
    /// No entry is earlier, and none was popped later.
    now: u64,
    len: usize,
    levels: Vec<Level>,
    /// Entries of all slots. A slot's are a list of chunks; emptied ones are reused at once, while still in the cache, and
    /// memory stays in proportion to what waits.
    chunks: Vec<Chunk<T>>,
    vacant: Vec<u32>,
    /// The slot of level 0 that is being handed out, reversed, so that `pop` takes the oldest.
    current: Vec<Entry<T>>,
}

#[derive(Debug, Clone)]
struct Level {
    /// Bit `s` is set while slot `s` holds entries.
    occupied: u64,
    slots: [Slot; SLOTS],
}

/// The first and last chunk of a slot, meaningful while its bit is set.
#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    first: u32,
    last: u32,
}

#[derive(Debug, Clone)]
struct Chunk<T> {
    entries: Vec<Entry<T>>,
    /// The slot's next chunk, meaningful in all but its last.
    next: u32,
}

#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    at: u64,
    item: T,
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        let level = Level { occupied: 0, slots: [Slot::default(); SLOTS] };
        Self {
            now: 0,
            len: 0,
            levels: vec![level; LEVELS],
            chunks: Vec::new(),
            vacant: Vec::new(),
            current: Vec::new(),
        }
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

    /// The time of the earliest item. It looks for it, and moves nothing: not for every turn of a loop.
    pub fn next_at(&self) -> Option<SimTime> {
        if let Some(last) = self.current.last() {
            return Some(SimTime::from_millis(last.at));
        }
        let level = self.levels.iter().find(|level| level.occupied != 0)?;
        let Slot { first, last } = level.slots[level.occupied.trailing_zeros() as usize];
        let mut earliest = u64::MAX;
        let mut index = first;
        loop {
            let chunk = &self.chunks[index as usize];
            earliest = chunk.entries.iter().fold(earliest, |earliest, entry| earliest.min(entry.at));
            if index == last {
                return Some(SimTime::from_millis(earliest));
            }
            index = chunk.next;
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
        self.levels[level].occupied &= self.levels[level].occupied - 1;
        let Slot { first, last } = self.levels[level].slots[slot as usize];
        let mut index = first;
        loop {
            let mut entries = std::mem::take(&mut self.chunks[index as usize].entries);
            if level == 0 {
                self.current.append(&mut entries);
            } else {
                for entry in entries.drain(..) {
                    self.place(entry);
                }
            }
            let chunk = &mut self.chunks[index as usize];
            chunk.entries = entries;
            self.vacant.push(index);
            if index == last {
                break;
            }
            index = chunk.next;
        }
        self.current.reverse();
        true
    }

    fn place(&mut self, entry: Entry<T>) {
        let differing = entry.at ^ self.now;
        // A differing digit of zero bits means now: the lowest level.
        let level = (u64::BITS - 1 - (differing | 1).leading_zeros()) / DIGIT_BITS;
        let digit = (entry.at >> (DIGIT_BITS * level)) % SLOTS as u64;
        let level = &mut self.levels[level as usize];
        let slot = &mut level.slots[usize::try_from(digit).expect("below 64")];
        let occupied = level.occupied & 1 << digit != 0;
        if occupied && self.chunks[slot.last as usize].entries.len() < CHUNK {
            self.chunks[slot.last as usize].entries.push(entry);
            return;
        }
        let fresh = self.vacant.pop().unwrap_or_else(|| {
            self.chunks.push(Chunk { entries: Vec::with_capacity(CHUNK), next: 0 });
            u32::try_from(self.chunks.len() - 1).expect("fewer than 2^37 entries")
        });
        self.chunks[fresh as usize].entries.push(entry);
        if occupied {
            self.chunks[slot.last as usize].next = fresh;
        } else {
            level.occupied |= 1 << digit;
            slot.first = fresh;
        }
        slot.last = fresh;
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
                let next = model.first_key_value().map(|((time, _), _)| SimTime::from_millis(*time));
                prop_assert_eq!(wheel.next_at(), next);
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
