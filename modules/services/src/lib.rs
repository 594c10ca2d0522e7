//! The module services
