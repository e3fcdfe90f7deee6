//! Fair share: whose turn it is among the shares of a queue, and what is reserved for those that are not there.
//!
//! Source: `UG:share-identifiers` (the lowest usage × weight first), `API:FairsharePolicy` (window, reservation),
//! `UG:fair-share-scheduling` (what an active share is).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::ids::{JobRef, ShareId};
use crate::scheduler::lane::{Head, Lane};
use crate::scheduler::usage::{Usage, Window};
use crate::scheduler::{FairShare, JobSpec, Settings};
use crate::units::SimTime;

/// Active shares of a queue at most (documented, `API:SubmitJobRequest.shareIdentifier`).
pub(super) const ACTIVE_SHARES_MAX: usize = 500;
/// The weight of a share that the policy does not name (documented, `API:ShareAttributes`), in ten-thousandths.
const DEFAULT_WEIGHT: u32 = 10_000;

/// A share of a queue.
#[derive(Debug, Clone)]
struct Share {
    usage: Usage,
    /// By falling priority; they stay when nobody waits.
    lanes: BTreeMap<Reverse<u16>, Lane>,
    weight: u32,
    prefix: Option<u16>,
    /// Jobs from SUBMITTED to RUNNING.
    jobs: u64,
    /// Until when its past keeps it active.
    active_until: SimTime,
}

impl Share {
    /// The lane of the highest priority in which someone waits.
    fn first_lane(&self) -> Option<&Lane> {
        self.lanes.values().find(|lane| !lane.is_empty())
    }

    /// Usage × weight.
    fn score(&mut self, now: SimTime, window: &Window) -> u128 {
        self.usage.score(now, window).saturating_mul(self.weight.into())
    }
}

/// The shares of a queue.
#[derive(Debug, Clone)]
pub(super) struct Shares {
    policy: FairShare,
    window: Window,
    split_prefixes: bool,
    by_id: BTreeMap<ShareId, Share>,
    /// Shares with RUNNABLE jobs, the lowest usage first; as of `turn_at`.
    turn: BinaryHeap<Reverse<(u128, ShareId)>>,
    turn_at: Option<SimTime>,
}

impl Shares {
    pub(super) fn new(policy: FairShare, settings: &Settings) -> Self {
        let window = policy.share_decay.max(settings.fair_share_minimum_window);
        Self {
            window: Window::new(window, settings.fair_share_decay_shape, settings.fair_share_start_charge),
            policy,
            split_prefixes: settings.prefix_weight_split,
            by_id: BTreeMap::new(),
            turn: BinaryHeap::new(),
            turn_at: None,
        }
    }

    /// Goes on under another policy. What was used stays, in the buckets of the new window.
    pub(super) fn follow(&mut self, policy: FairShare, settings: &Settings) {
        let old = std::mem::replace(self, Self::new(policy, settings));
        let same_window = old.window.length() == self.window.length();
        for (id, mut share) in old.by_id {
            if !same_window {
                share.usage = share.usage.moved(&self.window);
            }
            (share.weight, share.prefix) = weight(&self.policy, id);
            self.by_id.insert(id, share);
        }
    }

    /// Whether a submission by a share would be one share too many.
    pub(super) fn is_full_for(&self, id: ShareId, now: SimTime) -> bool {
        let is_active = |share: &Share| share.jobs > 0 || share.active_until > now;
        !self.by_id.get(&id).is_some_and(is_active)
            && self.by_id.values().filter(|share| is_active(share)).count() >= ACTIVE_SHARES_MAX
    }

    /// Jobs of a share came in.
    pub(super) fn join(&mut self, id: ShareId, jobs: u64) {
        self.share(id).jobs += jobs;
    }

    /// A job of a share ended.
    pub(super) fn leave(&mut self, id: ShareId) {
        self.share(id).jobs -= 1;
    }

    /// A job's attempt was placed.
    pub(super) fn start(&mut self, id: ShareId, cpu: u64, now: SimTime) {
        if let Some(share) = self.by_id.get_mut(&id) {
            share.usage.start(cpu, now, &self.window);
        }
    }

    /// A job's attempt ended.
    pub(super) fn stop(&mut self, id: ShareId, cpu: u64, now: SimTime) {
        if let Some(share) = self.by_id.get_mut(&id) {
            share.usage.stop(cpu, now, &self.window);
            share.active_until = now + self.window.length();
        }
    }

    /// A share, known from its first submission on.
    fn share(&mut self, id: ShareId) -> &mut Share {
        let policy = &self.policy;
        self.by_id.entry(id).or_insert_with(|| {
            let (weight, prefix) = weight(policy, id);
            Share { usage: Usage::new(), lanes: BTreeMap::new(), weight, prefix, jobs: 0, active_until: SimTime::ZERO }
        })
    }

    /// The lane of a job.
    pub(super) fn lane(&mut self, spec: &JobSpec) -> &mut Lane {
        // Who waits may have changed: whose turn it is must be found anew.
        self.turn_at = None;
        let id = spec.share.unwrap_or(ShareId(0));
        self.share(id).lanes.entry(Reverse(spec.scheduling_priority)).or_default()
    }

    /// The job whose turn it is now.
    pub(super) fn head(&mut self, now: SimTime) -> Option<Head> {
        if self.turn_at != Some(now) {
            self.find_turns(now);
        }
        let Reverse((_, id)) = *self.turn.peek()?;
        self.by_id[&id].first_lane().and_then(Lane::head)
    }

    /// Takes the head off.
    pub(super) fn pop(&mut self, head: &Head, skipped: &mut BTreeSet<JobRef>) {
        let Some(Reverse((_, id))) = self.turn.pop() else { return };
        if let Some(lane) = self.share(id).lanes.values_mut().find(|lane| !lane.is_empty()) {
            lane.pop(head, skipped);
        }
    }

    /// After its head was popped and placed, a share takes its new place among those that have more.
    pub(super) fn queue_up_again(&mut self, id: ShareId, now: SimTime) {
        if self.turn_at == Some(now) && self.by_id[&id].first_lane().is_some() {
            let score = self.score(id, now);
            self.turn.push(Reverse((score, id)));
        }
    }

    /// Lets the other shares pass until turns are found anew; whether there are any.
    pub(super) fn pass_over(&mut self) -> bool {
        self.turn.pop();
        !self.turn.is_empty()
    }

    /// Has turns found anew.
    pub(super) fn forget_turns(&mut self) {
        self.turn_at = None;
    }

    fn find_turns(&mut self, now: SimTime) {
        let mut turn = std::mem::take(&mut self.turn).into_vec();
        turn.clear();
        let waiting = self.by_id.iter_mut().filter(|(_, share)| share.first_lane().is_some());
        turn.extend(waiting.map(|(&id, share)| Reverse((share.score(now, &self.window), id))));
        if self.split_prefixes {
            for Reverse((score, id)) in &mut turn {
                *score = score.saturating_mul(self.siblings(*id));
            }
        }
        self.turn = turn.into();
        self.turn_at = Some(now);
    }

    /// Usage × weight.
    fn score(&mut self, id: ShareId, now: SimTime) -> u128 {
        let Some(share) = self.by_id.get_mut(&id) else { return 0 };
        let score = share.score(now, &self.window);
        if self.split_prefixes { score.saturating_mul(self.siblings(id)) } else { score }
    }

    /// Active shares that took their weight from the same prefix, itself included.
    fn siblings(&self, id: ShareId) -> u128 {
        let Some(prefix) = self.by_id.get(&id).and_then(|share| share.prefix) else { return 1 };
        self.by_id.values().filter(|share| share.prefix == Some(prefix) && share.jobs > 0).count() as u128
    }

    /// CPU that the active shares may still take of `max_cpu` before what is reserved for others; thousandths of a vCPU.
    ///
    /// `(computeReservation / 100) ^ active shares` of the most that the environments may grow to is kept back.
    pub(super) fn unreserved(&self, max_cpu: u64, now: SimTime) -> u64 {
        let active = self.by_id.values().filter(|share| share.jobs > 0 || share.active_until > now).count();
        let mut reserved = max_cpu;
        for _ in 0..active {
            reserved = reserved * u64::from(self.policy.compute_reservation) / 100;
            if reserved == 0 {
                break;
            }
        }
        let used: u64 = self.by_id.values().map(|share| share.usage.cpu()).sum();
        (max_cpu - reserved).saturating_sub(used)
    }

    /// Whether anything is reserved.
    pub(super) const fn reserves(&self) -> bool {
        self.policy.compute_reservation > 0
    }

    /// Forgets who waits.
    pub(super) fn clear_lanes(&mut self) {
        for share in self.by_id.values_mut() {
            share.lanes.clear();
        }
        self.turn_at = None;
    }

    /// Jobs from SUBMITTED to RUNNING and CPU in use, by share. For the audit.
    pub(super) fn books(&self) -> impl Iterator<Item = (ShareId, u64, u64)> {
        self.by_id.iter().map(|(&id, share)| (id, share.jobs, share.usage.cpu()))
    }

    /// All lanes. For the audit and for lists.
    pub(super) fn lanes(&self) -> impl Iterator<Item = &Lane> {
        self.by_id.values().flat_map(|share| share.lanes.values())
    }
}

/// Weight and prefix of a share under a policy.
fn weight(policy: &FairShare, id: ShareId) -> (u32, Option<u16>) {
    let known = policy.weights.binary_search_by_key(&id, |weight| weight.share);
    known.map_or((DEFAULT_WEIGHT, None), |at| (policy.weights[at].weight, policy.weights[at].prefix))
}

#[cfg(test)]
mod tests;
