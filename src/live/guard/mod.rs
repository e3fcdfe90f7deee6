//! The last look before the wire: what the adapter may write at all, how fast, and how many nodes it may take away at once.
//!
//! `rules` judges a write by what is about to be sent, not by what someone meant to send; `pace` is the bucket of writes
//! per minute, `removals` the share of nodes that may go within a minute. All of it is pure: time is an argument.

mod pace;
mod removals;
mod rules;

pub use pace::Pace;
pub(in crate::live) use rules::claim_prefix;
pub use rules::{Guard, Key, Scope, Write};
