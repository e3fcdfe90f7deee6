//! What others export, imported by the program itself and run.

mod archives;
mod aws;
mod botocore;
mod cloudformation;
mod facts;
mod folder;
mod kubectl;
mod openb;
mod round_trip;
mod spot;
mod spot_fit;
mod terraform;
mod traces;
mod wfcommons;
