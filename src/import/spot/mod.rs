//! Recorded Spot capacity and prices: availability traces and `aws ec2 describe-spot-price-history`, as plain rows; and the small
//! scenario that is written around them.

mod availability;
mod error;
mod history;
mod scenario;

pub use availability::Availability;
pub use error::SpotError;
pub use history::{LINUX, PriceChange, PriceHistory};
pub use scenario::{SpotFile, Wanted, read, scenario};
