//! The typed model of BPMN 2.0.2 files: read and written, not executed.
//!
//! What a process does is in the crate `bpmn`, which shows all of this again.

mod error;
mod limits;
pub mod model;
mod read;
mod write;

pub use error::{ModelError, Position, Rule};
pub use limits::{MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS};
pub use read::read;
pub use write::write;
