//! What was exported elsewhere becomes scenarios that run.

mod folder;
mod kubectl;
