//! Letters and certificates as PDF/A and PDF/UA; the only crate that names typst
