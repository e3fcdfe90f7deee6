//! What others published, beside what Windtunnel makes of it: recorded workloads, queueing theory, instance types, AWS's
//! worked examples, Spot figures.
//!
//! Every row is measured when a test runs, and stands in `reports/reference/truth.md` as it was measured, also where it falls
//! short. To renew the page: `BLESS=1 cargo test --test truth`, and `-- --include-ignored` for the long runs too.

mod aws;
#[path = "../common/farm.rs"]
mod farm;
mod karpenter;
mod kth;
mod page;
mod queueing;
mod scenario;
mod spot;
