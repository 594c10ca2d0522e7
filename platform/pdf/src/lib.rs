//! Letters, certificates and application prints as PDF/A-2a and PDF/UA-1; the only crate that names typst.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (source, data) = (String::new(), serde_json::json!({}));
//! let press = pdf::Press::new(pdf::bundled_fonts())?;
//! let template = pdf::Template::parse("mitteilung.typ", &source, &[("stadt.typ", "…")])?;
//! let meta = pdf::Meta {
//!     title: "Ihre Anfrage vom 3. November",
//!     author: "Stadt Musterstadt, Bürgerbüro",
//!     lang: "de-DE",
//!     created: jiff::Timestamp::UNIX_EPOCH,
//!     id: "0193-…",
//!     watermark: None,
//! };
//! let bytes: Vec<u8> = press.print(&template, &data, &meta)?;
//! # Ok(()) }
//! ```
//!
//! - **Same input, same bytes**: nothing is read from the clock, the file system, the network or a random source.
//! - **Data is text**: a template reads the data with `json("/data.json")`; strings are printed as they are, typst code in
//!   them is never run, and a template that names `eval` is refused when it is parsed.
//! - **A letter nobody can read is an error**: a missing glyph, a missing alternative text, a missing title or a layout
//!   that does not settle ends in [`PrintError`], never in a box on paper.
//! - **Bounded**: [`Limits`] caps data, pages and time.
//!
//! What templates can use is described in this crate's README.

mod clusters;
mod fonts;
mod press;
mod qr;
mod template;
mod world;

pub use fonts::{FontError, bundled_fonts};
pub use press::{Limits, Meta, Press, PrintError};
pub use template::{Template, TemplateError};
