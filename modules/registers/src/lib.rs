//! The module registers
