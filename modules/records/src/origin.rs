//! Where things came from that were taken over from another system, and what is still led elsewhere.

pub mod erased;
pub mod pages;
pub mod service;
pub mod store;
