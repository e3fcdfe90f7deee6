//! What is wrong inside one document, before anyone knows the file and line it stands in: a pointer from the document's
//! root, the fault, and what to write instead.

/// A fault of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// JSON pointer from the document's root; empty for the document itself.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

impl Problem {
    /// A fault at `pointer`.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), help: help.into() }
    }

    /// The same fault, seen from a document that holds this one at `prefix`.
    #[must_use]
    pub fn under(mut self, prefix: &str) -> Self {
        self.pointer.insert_str(0, prefix);
        self
    }
}
