//! Versions of a process with their instances, and how running ones are led over to another version.

pub mod pages;
pub mod store;
pub mod switch;
