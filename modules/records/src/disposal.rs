//! What becomes of closed cases when their retention has ended (Aussonderung): offered to the archive, appraised, handed
//! over, and only then free to be deleted; and what holds them back.

pub mod jobs;
pub mod pages;
pub mod preview;
pub mod service;
pub mod store;
mod xdomea;
