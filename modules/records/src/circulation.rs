//! What goes round about a case: the Laufmappe (circulation folder) with its signatures, and the Wiedervorlage
//! (follow-up) that brings a case back to somebody's mind on a day.

pub mod pages;
pub mod service;
pub mod store;
