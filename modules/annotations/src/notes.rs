//! Notes (Notizen) on a case and its documents, for the office; and what somebody marks for themselves (Merkliste).

pub mod pages;
pub mod service;
pub mod store;
