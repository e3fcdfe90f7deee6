//! The tests' own tools, tested: a judge that never finds anything, or a fault that never happens, would let all else pass.

mod bed;
mod judge;
mod proxy;
