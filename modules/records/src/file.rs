//! Files (Akten) of one matter: opened under an entry of the file plan, with the cases that lie in them.

pub mod pages;
pub mod service;
pub mod store;
