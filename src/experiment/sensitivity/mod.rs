//! Which of the values that AWS doesn't publish matter: for a metric, and for which variant is best.
//!
//! | where | claim to check there |
//! |---|---|
//! | `levels` | which assumptions are varied, from what to what, and why others are not |
//! | `design` | the runs: variants times levels, or trajectories |
//! | `one_at_a_time` | what each level does to the metrics, and how sure that is |
//! | `ranking` | whether another variant is best under a level |
//! | `morris` | elementary effects: influence with everything else varied too |
//! | `result` | what is told, and its JSON form |

mod design;
mod levels;
mod morris;
mod one_at_a_time;
mod ranking;
mod result;

pub use design::{Design, REPLICATIONS};
pub use levels::{End, NotVaried, Why};
pub use morris::{Elementary, Screened, Screening};
pub use one_at_a_time::sensitivity;
pub use ranking::{Change, ChangeKind, Order, PairChange, Ranking};
pub use result::{Effect, Influence, LevelRow, Row, Sensitivity, VariantMeans};
