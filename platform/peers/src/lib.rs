//! Calls to outside systems with time-outs and size limits; the only crate that names an HTTP client
