use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

/// Most browsers need a style of their own for a bare picture; nothing else may run or be fetched.
const CSP_PICTURE: &str =
    "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox";
/// Without `sandbox`: Chromium opens no PDF in a sandboxed document. Its viewer is a plug-in (`object-src`) that runs in a
/// process of its own and knows nothing of our origin; Firefox shows PDF in an origin of its own.
const CSP_PDF: &str =
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'";

/// A file that is always saved and never shown in place: what people upload must not run in our origin.
pub fn attachment(media_type: &str, name: &str, bytes: Vec<u8>) -> Response {
    answer(media_type, "attachment", name, bytes)
}

/// A PDF or a picture to be shown in a frame of one of our pages, by no other site. Whoever calls has looked at the bytes:
/// `media_type` is what they are, not what somebody said of them. Browsers are told not to guess (`nosniff`, from
/// [`secure`](crate::secure)).
pub fn inline(media_type: &'static str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = answer(media_type, "inline", name, bytes);
    let headers = response.headers_mut();
    let csp = if media_type == "application/pdf" { CSP_PDF } else { CSP_PICTURE };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    response
}

fn answer(media_type: &str, how: &str, name: &str, bytes: Vec<u8>) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_str(media_type).unwrap_or(HeaderValue::from_static("application/octet-stream")),
    );
    // RFC 6266 with the UTF-8 form of RFC 8187; older programs take the plain word.
    let encoded: String = name
        .bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            _ => format!("%{b:02X}"),
        })
        .collect();
    let value = format!("{how}; filename=\"dokument\"; filename*=UTF-8''{encoded}");
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[test]
    fn a_name_cannot_add_a_header_or_change_the_way() {
        let name = "\"; filename=\"x.html\r\nSet-Cookie: a=b; grün.pdf";
        let response = attachment("text/html\r\nX: y", name, Vec::new());
        let disposition = text(&response, header::CONTENT_DISPOSITION);
        assert!(disposition.starts_with("attachment; filename=\"dokument\"; filename*=UTF-8''%22%3B%20filename"));
        assert_eq!(disposition.matches('"').count(), 2);
        assert_eq!(text(&response, header::CONTENT_TYPE), "application/octet-stream");
        assert!(response.headers().get(header::SET_COOKIE).is_none());
    }

    #[test]
    fn what_is_shown_runs_nothing_and_stays_in_our_frames() {
        for media_type in ["application/pdf", "image/png"] {
            let response = inline(media_type, "a", Vec::new());
            let csp = text(&response, header::CONTENT_SECURITY_POLICY);
            assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'self'"), "{csp}");
            assert!(!csp.contains("script-src"), "{csp}");
            assert_eq!(csp.contains("sandbox"), media_type != "application/pdf");
            assert_eq!(text(&response, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            assert_eq!(text(&response, header::X_FRAME_OPTIONS), "SAMEORIGIN");
        }
    }
}
