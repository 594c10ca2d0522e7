//! The journal on both engines.

mod append;
mod check;
mod checkpoints;
mod city;
mod numbering;
mod speed;
