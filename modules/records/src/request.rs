//! "Warum darf ich das nicht sehen?": reasons, the reader's own rights and whom to ask, and a request to the Registratur.
//! What somebody asks for is never looked up, so that page and answer are the same for what exists and what does not.

pub mod pages;
pub mod service;
pub mod store;
