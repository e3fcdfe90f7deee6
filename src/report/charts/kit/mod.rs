//! What all charts share.
//!
//! | file | what |
//! |---|---|
//! | `palette` | colours, each with its place in light and dark |
//! | `axis` | ranges, ticks and their labels |
//! | `picture` | a sheet that grows downwards: shapes and texts, drawn by plotters at the end |
//! | `panel` | a frame with axes, grid and legend; areas and lines in it |
//! | `bars` | horizontal bars with a label above each |
//! | `text` | how wide a text may get, and how to make it fit |
//! | `figure` | a chart with its title and its sentence, in two widths |

mod axis;
mod bars;
mod figure;
pub(in crate::report) mod palette;
mod panel;
mod picture;
mod text;

pub(in crate::report) use axis::Axis;
pub(in crate::report) use bars::{Bar, bars};
pub(in crate::report) use figure::Figure;
pub(in crate::report) use panel::{Frame, Key, Mark, Panel, cross, dashed, legend, note, ruled};
pub(in crate::report) use picture::{Anchor, Picture};
pub(in crate::report) use text::{fit, width};
