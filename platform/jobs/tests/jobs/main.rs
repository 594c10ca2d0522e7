//! Jobs on both engines.

mod bench;
mod failures;
mod nodes;
mod schedules;
