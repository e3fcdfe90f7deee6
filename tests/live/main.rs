//! The adapter against a real API server. `WINDTUNNEL_TEST_KUBECONFIG` names a disposable cluster, best one of
//! `apiserver/testbed`; without it every test says that it was skipped.
#![cfg(feature = "live")]

mod apply;
mod bare;
mod bed;
mod course;
mod dry_run;
mod faults;
mod imports;
mod jobs;
mod judge;
mod karpenter;
mod nodes;
mod private;
mod program;
mod proxy;
mod render;
mod same_decisions;
mod shadow;
mod speed;
mod stand_in;
mod supports;
mod survival;
