//! Documents that nobody wrote: valid ones changed at random. None makes anything panic, none is accepted that AWS
//! forbids, and no fault hides another.
//!
//! `edit` changes documents, `calls` makes them calls of AWS Batch, `outside` judges them a second time, `any` and
//! `broken` are the tests. The ordinary run tries the same cases every time; to look for new ones:
//! `cargo test --test model_rules -- --ignored --nocapture`, with as many as `PROPTEST_CASES` says.

mod any;
mod broken;
mod calls;
mod edit;
mod outside;
