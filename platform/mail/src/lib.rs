//! E-mail notices; the only crate that names an SMTP library
