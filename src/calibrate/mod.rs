//! What was measured of a cluster, as values for assumptions: how long nodes and pods take, with what fits and how well, and
//! what the files don't tell. Then the past played again under them.
//!
//! | file | claim to check there |
//! |---|---|
//! | `observed` | which file is whose: AWS's answers or Kubernetes' objects |
//! | `spans` | which spans identify which assumption, and what is left out of them |
//! | `fit` | which law is taken of a sample, and why |
//! | `calibration` | the whole: latencies, fragment of a scenario, what can't be known |
//! | `back_test` | predicted against actual |
//!
//! A span that doesn't identify an assumption is measured and told, and no value is made of it.

mod back_test;
mod calibration;
mod fit;
mod observed;
mod spans;

pub use back_test::{Actual, BackTest, Compared, back_test};
pub use calibration::{Calibration, Latency, NotTold, calibrate};
pub use fit::{Candidate, Fitted, SAMPLE_MIN};
pub use observed::Observed;
pub use spans::Wanted;
