//! Charts, one per file over a common kit: each is a picture in two widths with a sentence computed from the data.
//!
//! | file | what it shows of a run |
//! |---|---|
//! | `vcpus` | demand, what was launched, what was used |
//! | `queue` | jobs waiting and running |
//! | `waits` | how long jobs waited, as a distribution |
//! | `cost` | what was paid for, by instance type |
//! | `losses` | interruptions and retries |
//! | `nodes` | nodes one by one, or by type where they are many |
//! | `blocked` | what heads of queues waited for |
//! | `over_time` | what those over time share: panels under one time axis, layers that add up |
//! | `shares` | who had how much of fair-share queues |
//! | `intervals` | of a comparison: means and paired differences with their intervals |
//! | `front` | of a comparison or a plan: two metrics against each other |
//! | `fits` | of a calibration: what was measured, and the law that fits |
//! | `tornado` | of a sensitivity study: effects of assumptions, the largest first |
//!
//! They draw what `metrics` computed and know nothing of the page around them.

pub(in crate::report) mod blocked;
pub(in crate::report) mod cost;
pub(in crate::report) mod fits;
pub(in crate::report) mod front;
pub(in crate::report) mod intervals;
pub(in crate::report) mod kit;
pub(in crate::report) mod losses;
pub(in crate::report) mod nodes;
pub(in crate::report) mod over_time;
pub(in crate::report) mod queue;
pub(in crate::report) mod shares;
pub(in crate::report) mod tornado;
pub(in crate::report) mod vcpus;
pub(in crate::report) mod waits;

pub(in crate::report) use kit::{Figure, palette, width};
