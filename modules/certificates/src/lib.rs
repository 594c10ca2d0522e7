//! The module certificates
