//! Versions of documents (Fassungen), and who has one out to work on it.

pub mod list;
pub mod pages;
pub mod service;
pub mod store;
pub mod viewer;
