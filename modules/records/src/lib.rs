//! The module records
