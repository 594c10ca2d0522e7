use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Level;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What one field of a form got wrong. The code is translated where the page is made (`error-<code>`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FieldError {
    /// Path of the field, e.g. `kinder[1].geburtsdatum`.
    pub field: String,
    pub code: String,
    /// Values for the text, e.g. `("max", "120")`.
    #[serde(default)]
    pub args: Vec<(String, String)>,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), args: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.args.push((name.to_owned(), value.to_string()));
        self
    }
}

/// A business rule said no. The code is translated where the page is made (`refusal-<code>`), and the text says the
/// next step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub code: &'static str,
    pub args: Vec<(&'static str, String)>,
}

/// Every way a request can fail. The web side makes a page or an RFC 9457 problem of it.
#[derive(thiserror::Error, Debug)]
pub enum Error {
    /// Not there, or not yours: the two are never told apart to the outside.
    #[error("not found")]
    NotFound,
    /// Signed in, and the right is missing for the page itself (never for an object: that is `NotFound`).
    #[error("forbidden")]
    Forbidden,
    #[error("sign-in with level {0:?} needed")]
    SignIn(Level),
    #[error("staff sign-in needed")]
    StaffSignIn,
    #[error("invalid input: {0:?}")]
    Invalid(Vec<FieldError>),
    #[error("refused: {}", .0.code)]
    Refused(Refusal),
    /// Somebody else was faster; the page shows both versions.
    #[error("conflict: {0}")]
    Conflict(&'static str),
    /// The module is switched off for this city.
    #[error("module {0} is not available")]
    NotAvailable(&'static str),
    #[error("throttled for {seconds} s")]
    Throttled { seconds: u32 },
    /// An outside system did not answer as agreed.
    #[error("peer {peer}: {message}")]
    Peer { peer: &'static str, message: String },
    /// The database asks to run the transaction again, which `db::write!` does; callers see it when the database goes on
    /// being busy, or when no connection to it is free or can be made.
    #[error("transaction must be run again")]
    Again,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl Error {
    pub fn internal(message: impl fmt::Display) -> Self {
        Error::Internal(anyhow::anyhow!("{message}"))
    }

    pub fn invalid(field: impl Into<String>, code: impl Into<String>) -> Self {
        Error::Invalid(vec![FieldError::new(field, code)])
    }

    pub fn refused(code: &'static str) -> Self {
        Error::Refused(Refusal { code, args: Vec::new() })
    }

    pub fn refused_with(code: &'static str, args: Vec<(&'static str, String)>) -> Self {
        Error::Refused(Refusal { code, args })
    }

    /// HTTP status of the problem (RFC 9457 `status`).
    pub fn status(&self) -> u16 {
        match self {
            Error::NotFound | Error::NotAvailable(_) => 404,
            Error::Forbidden => 403,
            Error::SignIn(_) | Error::StaffSignIn => 401,
            Error::Invalid(_) => 422,
            Error::Refused(_) | Error::Conflict(_) => 409,
            Error::Throttled { .. } => 429,
            Error::Peer { .. } => 502,
            Error::Again => 503,
            Error::Internal(_) => 500,
        }
    }

    /// Stable code of the problem (RFC 9457 `type` suffix).
    pub fn code(&self) -> &str {
        match self {
            Error::NotFound | Error::NotAvailable(_) => "not-found",
            Error::Forbidden => "forbidden",
            Error::SignIn(_) | Error::StaffSignIn => "sign-in",
            Error::Invalid(_) => "invalid",
            Error::Refused(refusal) => refusal.code,
            Error::Conflict(code) => code,
            Error::Throttled { .. } => "throttled",
            Error::Peer { .. } => "peer",
            Error::Again => "busy",
            Error::Internal(_) => "internal",
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Error::Internal(error.into())
    }
}
