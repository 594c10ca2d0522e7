//! What a case or file has to do with others (Verweise), and whom to talk to about a case (Ansprechpartner).

pub mod pages;
pub mod service;
pub mod store;
