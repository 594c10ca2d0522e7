//! Tables to take home.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use kernel::Error;
use web::Answer;

/// Comma-separated values (RFC 4180) in UTF-8 with a byte order mark, which spreadsheet programs need to see umlauts.
pub struct Csv(String);

impl Csv {
    pub fn new(header: &[&str]) -> Csv {
        let mut csv = Csv("\u{feff}".into());
        csv.line(header);
        csv
    }

    pub fn line(&mut self, fields: &[&str]) {
        for (index, field) in fields.iter().enumerate() {
            if index > 0 {
                self.0.push(';');
            }
            self.0.push('"');
            // A spreadsheet runs what begins like a formula.
            if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
                self.0.push('\'');
            }
            self.0.push_str(&field.replace('"', "\"\""));
            self.0.push('"');
        }
        self.0.push_str("\r\n");
    }

    /// The table itself, to be put beside other files.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }

    /// The answer that a browser stores under this name.
    pub fn download(self, name: &str) -> Answer {
        let mut response: Response = self.0.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
        let disposition =
            HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")).map_err(Error::internal)?;
        headers.insert(header::CONTENT_DISPOSITION, disposition);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_formulas_are_text() {
        let mut csv = Csv::new(&["a"]);
        csv.line(&["1;2\"3", "=1+1"]);
        assert_eq!(csv.0, "\u{feff}\"a\"\r\n\"1;2\"\"3\";\"'=1+1\"\r\n");
    }
}
