//! The module payments
