//! Joint work of several offices (Beteiligung anderer Stellen): the leading unit invites others to see a case or a whole
//! file, or to work on it.

pub mod jobs;
pub mod pages;
pub mod service;
pub mod store;
