//! The module processes
