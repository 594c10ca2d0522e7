//! The whole house on a test city: how it holds together, who gets where, and the two services from click to delivery.

mod coverage;
mod desk;
mod manipulation;
mod processes;
mod search;
mod structure;
mod walks;
