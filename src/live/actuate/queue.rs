//! Whose turn it is: first come, first served, but one after the other for one object, also while a try of the first waits
//! for its next. What waits for a time comes before what waits for its turn, once the time has come: it is older.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use crate::live::actuate::order::Order;
use crate::live::guard::Key;

/// All orders that are not under way.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// Orders whose object nothing else is under way for.
    ready: VecDeque<Order>,
    /// Objects with an order that is ready, delayed or under way, and the orders behind it.
    behind: BTreeMap<Arc<Key>, VecDeque<Order>>,
    /// Orders that wait for a time; the number keeps those of one time apart and in order.
    delayed: BTreeMap<(Instant, u64), Order>,
    delays: u64,
    waiting: usize,
}

impl Queue {
    /// A new order.
    pub(super) fn push(&mut self, order: Order) {
        self.waiting += 1;
        match self.behind.entry(Arc::clone(&order.key)) {
            Entry::Vacant(free) => {
                free.insert(VecDeque::new());
                self.ready.push_back(order);
            }
            Entry::Occupied(mut busy) => busy.get_mut().push_back(order),
        }
    }

    /// Whether there is one to be started.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        !self.ready.is_empty() || self.next_delayed().is_some_and(|at| at <= now)
    }

    /// The next to be started. Its object is busy until the order is [`done`](Self::done).
    pub(super) fn pop(&mut self, now: Instant) -> Option<Order> {
        if self.next_delayed().is_some_and(|at| at <= now) {
            return self.delayed.pop_first().map(|(_, order)| order);
        }
        let order = self.ready.pop_front()?;
        self.waiting -= 1;
        Some(order)
    }

    /// An order that was started is to be tried again, not before a time.
    pub(super) fn delay(&mut self, order: Order, until: Instant) {
        self.delays += 1;
        self.delayed.insert((until, self.delays), order);
    }

    /// An order is done, and the next one for its object is ready.
    pub(super) fn done(&mut self, key: &Key) {
        let Some(behind) = self.behind.get_mut(key) else { return };
        match behind.pop_front() {
            Some(next) => self.ready.push_back(next),
            None => {
                self.behind.remove(key);
            }
        }
    }

    /// When the first of those that wait for a time can go.
    pub(super) fn next_delayed(&self) -> Option<Instant> {
        self.delayed.first_key_value().map(|((at, _), _)| *at)
    }

    /// Orders that wait for their turn.
    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Orders that wait for a time.
    pub(super) fn delayed(&self) -> usize {
        self.delayed.len()
    }

    /// Nothing is left to be started.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0 && self.delayed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::live::acts::Act;
    use crate::live::actuate::order::Taken;

    fn order(name: &str, grace_seconds: u32) -> Order {
        let act = Act::DeletePod { namespace: "n".to_owned(), name: name.to_owned(), uid: None, grace_seconds };
        let Taken::Order(order) = Taken::from(act) else { panic!("a delete is an order") };
        order
    }

    fn name(order: &Order) -> String {
        let super::super::order::What::DeletePod { grace_seconds, .. } = order.what else { panic!("a delete") };
        format!("{}{grace_seconds}", order.key.to_string().trim_start_matches("pod n/"))
    }

    #[test]
    fn one_after_the_other_for_one_object_side_by_side_for_others() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for (object, number) in [("a", 1), ("a", 2), ("b", 1), ("a", 3)] {
            queue.push(order(object, number));
        }
        assert_eq!(queue.waiting(), 4);
        let a = queue.pop(now).unwrap();
        let b = queue.pop(now).unwrap();
        assert_eq!((name(&a).as_str(), name(&b).as_str()), ("a1", "b1"));
        assert!(!queue.is_due(now) && queue.pop(now).is_none(), "the rest is for `a`, which is busy");

        let later = now + Duration::from_secs(1);
        queue.delay(a, later);
        queue.done(&b.key);
        queue.push(order("b", 2));
        assert_eq!(name(&queue.pop(now).unwrap()), "b2");
        assert!(queue.pop(now).is_none(), "a2 waits while a1 waits for its next try");
        assert_eq!((queue.waiting(), queue.delayed(), queue.next_delayed()), (2, 1, Some(later)));
        queue.push(order("c", 1));
        let a = queue.pop(later).unwrap();
        assert_eq!(name(&a), "a1", "the older one first");
        queue.done(&a.key);
        assert_eq!(name(&queue.pop(later).unwrap()), "c1");
        let a = queue.pop(later).unwrap();
        assert_eq!(name(&a), "a2");
        queue.done(&a.key);
        assert_eq!(name(&queue.pop(later).unwrap()), "a3");
        queue.done(&a.key);
        assert!(queue.is_empty());
        queue.done(&b.key);
        queue.done(&order("c", 1).key);
        assert!(queue.behind.is_empty(), "nothing is kept of objects that nothing is to be done to: {queue:?}");
    }
}
