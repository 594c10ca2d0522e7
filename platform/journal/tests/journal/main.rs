//! The journal on both engines.

mod append;
mod city;
mod numbering;
mod speed;
