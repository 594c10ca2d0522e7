use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Scripts and styles only from ourselves, no inline code, no frames (BSI TR-03174 and OWASP agree on this set).
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                   connect-src 'self'; form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'; \
                   manifest-src 'self'";

/// The same for a page that shows a file of ours in a frame.
const CSP_FRAMING: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                           font-src 'self'; connect-src 'self'; form-action 'self' http: https:; base-uri 'none'; \
                           frame-ancestors 'none'; manifest-src 'self'; frame-src 'self'; object-src 'self'";

/// Lets this one page show files of ours in a frame; they come from [`inline`](crate::inline).
pub fn framing(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(CSP_FRAMING));
    response
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.entry(name).or_insert(HeaderValue::from_static(value));
}

/// Adds the headers that protect a page; what a handler set itself stays.
pub fn secure(mut response: Response, https: bool) -> Response {
    let headers = response.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, CSP);
    set(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(headers, header::X_FRAME_OPTIONS, "DENY");
    set(headers, header::REFERRER_POLICY, "same-origin");
    set(headers, header::CACHE_CONTROL, "no-store");
    set(headers, HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(
        headers,
        HeaderName::from_static("permissions-policy"),
        "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    );
    if https {
        set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}
