//! HTTP glue that knows no module: who may use a route, the table of all routes, failures on their way to a page,
//! headers that every answer carries, forms with files, files as answers.
//!
//! Architecture invariant: nothing here reads the database or renders a page.

mod access;
mod failure;
mod file;
mod form_data;
mod headers;
mod path;
mod routes;

pub use access::{Access, allowed};
pub use failure::{Answer, Failure};
pub use file::{attachment, inline};
pub use form_data::{Cut, FormData, FormField};
pub use headers::{framing, secure};
pub use path::Path;
pub use routes::{RouteInfo, Routes, Side};
