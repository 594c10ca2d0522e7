//! E-mails that file themselves: the message as it came, and each enclosure, as one set of documents.

pub mod pages;
pub mod service;
pub mod store;
