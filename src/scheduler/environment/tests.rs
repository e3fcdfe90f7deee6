//! Placement against a plain scan over all nodes.

use proptest::prelude::*;

use super::*;
use crate::units::{MiB, MilliCpu};

/// A node as a scan sees it: what is free, and whether nothing runs there.
type Plain = Option<(NodeSlot, Resources, bool)>;

#[derive(Debug, Clone)]
enum Act {
    Settle,
    Vacate(prop::sample::Index),
    Index(prop::sample::Index, Resources, bool),
    /// Packing or not; every other node barred or none.
    Find(Resources, bool, bool),
}

fn resources() -> impl Strategy<Value = Resources> {
    (0..8u32, 0..8u32, 0..4u16).prop_map(|(cpu, memory, pods)| Resources {
        cpu: MilliCpu(cpu * 250),
        memory: MiB(memory * 512),
        gpus: 0,
        pods,
    })
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let index = any::<prop::sample::Index>;
    let one = prop_oneof![
        2 => Just(Act::Settle),
        1 => index().prop_map(Act::Vacate),
        4 => (index(), resources(), any::<bool>()).prop_map(|(at, free, idle)| Act::Index(at, free, idle)),
        4 => (resources(), any::<bool>(), any::<bool>())
            .prop_map(|(need, pack, bars)| Act::Find(Resources { pods: 1, ..need }, pack, bars)),
    ];
    prop::collection::vec(one, 1..200)
}

/// The lowest position from `from` on where `need` fits on a node that is idle, or busy.
fn scan(plain: &[Plain], need: Resources, idle: bool, from: usize) -> Option<usize> {
    (from..plain.len()).find(|&at| plain[at].is_some_and(|(_, free, is_idle)| is_idle == idle && need.fits(free)))
}

/// Packing: the lowest busy node with room, else the lowest idle one. Spreading: the next idle one after the last choice,
/// round and round, else the next busy one.
fn expected(plain: &[Plain], need: Resources, pack: bool, cursor: usize) -> Option<usize> {
    let (first, second) = (!pack, pack);
    let from = if pack { 0 } else { cursor };
    let round = |idle| scan(plain, need, idle, from).or_else(|| scan(plain, need, idle, 0));
    round(first).or_else(|| round(second))
}

proptest! {
    #[test]
    fn finds_the_node_that_a_scan_finds(acts in acts()) {
        let mut environment = Environment::new(EnvironmentSpec { enabled: true, unmanaged_vcpus: None, managed: None });
        let mut plain: Vec<Plain> = Vec::new();
        let (mut next, mut cursor) = (0, 0);
        for act in acts {
            let taken: Vec<_> = (0..plain.len()).filter(|&at| plain[at].is_some()).collect();
            match act {
                Act::Settle => {
                    let lowest = (0..=plain.len()).find(|&at| plain.get(at).is_none_or(Option::is_none)).unwrap();
                    prop_assert_eq!(environment.settle(next) as usize, lowest, "not the lowest free position");
                    plain.resize(plain.len().max(lowest + 1), None);
                    plain[lowest] = Some((next, Resources::ZERO, true));
                    next += 1;
                }
                Act::Vacate(at) if !taken.is_empty() => {
                    let at = *at.get(&taken);
                    environment.vacate(u32::try_from(at).unwrap());
                    plain[at] = None;
                }
                Act::Index(at, free, idle) if !taken.is_empty() => {
                    let at = *at.get(&taken);
                    environment.index(u32::try_from(at).unwrap(), free, idle);
                    let (slot, ..) = plain[at].unwrap();
                    plain[at] = Some((slot, free, idle));
                }
                Act::Find(need, pack, bars) => {
                    prop_assert_eq!(environment.has_room(need), expected(&plain, need, pack, cursor).is_some());
                    // Barred is every other node, or none.
                    let is_barred = |slot: NodeSlot| bars && slot.is_multiple_of(2);
                    let barred: Vec<_> = (0..next).filter(|&slot| is_barred(slot)).collect();
                    let open: Vec<_> = plain.iter().map(|one| one.filter(|&(slot, ..)| !is_barred(slot))).collect();
                    let at = expected(&open, need, pack, cursor);
                    prop_assert_eq!(environment.find_room(need, pack, &barred), at.map(|at| plain[at].unwrap().0));
                    if let (Some(at), false) = (at, pack) {
                        cursor = at + 1;
                    }
                }
                Act::Vacate(_) | Act::Index(..) => {}
            }
            let mut free = Totals::default();
            plain.iter().flatten().for_each(|&(_, one, _)| free.add(one));
            prop_assert_eq!(environment.free, free);
        }
    }
}
