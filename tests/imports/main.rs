//! What was exported elsewhere becomes scenarios that run.

mod cloudformation;
mod folder;
mod kubectl;
mod terraform;
