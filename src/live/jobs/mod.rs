//! Where jobs come from while a run goes on: the scenario's own by the clock, and documents of people and tools. Knows the
//! account that takes them, no cluster and no core.

mod documents;
mod feed;
mod folder;
mod lines;

pub use documents::{Answered, Documents, Source};
pub use feed::{Feed, Taken};
pub use folder::Folder;
pub use lines::Lines;
