//! Dry runs: what a core makes of a snapshot, without a cluster; and with one, where `WINDTUNNEL_TEST_KUBECONFIG` names it.
#![cfg(feature = "live")]

mod plans;
mod support;
