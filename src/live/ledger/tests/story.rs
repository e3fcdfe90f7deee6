//! One object after the other, in the order in which a cluster tells of it.
