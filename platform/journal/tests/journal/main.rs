//! The journal on both engines.

mod append;
mod checkpoints;
mod city;
mod numbering;
mod speed;
