//! The peers from outside, over HTTP and SMTP, as the city's program meets them.

mod client;
mod eid;
mod faults;
mod kasse;
mod mail;
mod pages;
mod pay;
mod registers;
mod timestamp;
