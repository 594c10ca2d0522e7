//! The HTTP port: connections, faults, request bodies, errors.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use bytes::Bytes;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt;

use crate::app::{App, same_secret};
use crate::faults::{Mode, Peer};
use crate::{eid, faults, kasse, mail, pages, pay, register, timestamp};

/// Largest request body, in bytes.
pub const MAX_BODY: usize = 256 * 1024;

pub type AppState = State<Arc<App>>;

fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(pages::start))
        .route("/sandbox.css", get(pages::stylesheet))
        .route("/sandbox/health", get(async || "ok"))
        .route("/sandbox/faults", post(faults::add).get(faults::list).delete(faults::clear))
        .route("/sandbox/persons", get(pages::persons))
        .route("/sandbox/residents", get(pages::residents))
        .route("/register/{ags}/population/match", post(register::population::answer))
        .route("/register/{ags}/civil/lookup", post(register::civil::answer))
        .merge(eid::routes())
        .merge(pay::routes())
        .merge(kasse::routes())
        .merge(mail::pages::routes())
        .merge(timestamp::routes())
        .fallback(async || Problem::new(StatusCode::NOT_FOUND, "no such address"))
        .method_not_allowed_fallback(async || Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method not allowed here"))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::map_response(add_headers))
        .with_state(app)
}

async fn add_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let values = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        // Lets a program in production notice that a configured peer is only a sandbox.
        (header::SERVER, "meer-sandbox"),
    ];
    for (name, value) in values {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// The answer was dropped on purpose; the connection closes.
#[derive(Debug, thiserror::Error)]
#[error("connection closed by a fault of the sandbox")]
struct Dropped;

/// Serves until `stopped` turns true. Connections are driven here and not by `axum::serve`, because a fault must be
/// able to close one without an answer.
pub async fn serve(listener: TcpListener, app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let router = router(Arc::clone(&app));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "accept");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, app) = (router.clone(), Arc::clone(&app));
        let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
            answer(Arc::clone(&app), router.clone(), request.map(Body::new))
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection");
            }
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), graceful.shutdown()).await;
}

async fn answer(app: Arc<App>, router: Router, mut request: Request) -> Result<Response, Dropped> {
    let fault = Peer::of_path(request.uri().path()).and_then(|peer| app.faults.take(peer));
    match fault {
        None => Ok(never(router.oneshot(request).await)),
        Some(fault) => match fault.mode {
            Mode::Down => Err(Dropped),
            Mode::Slow => {
                tokio::time::sleep(fault.delay).await;
                Ok(never(router.oneshot(request).await))
            }
            Mode::Error500 => Ok((StatusCode::INTERNAL_SERVER_ERROR, "Interner Fehler").into_response()),
            Mode::Garbage => {
                let broken = "{\"result\": \"ma\u{0}\u{1}tch\", \"requestId\": [[[";
                Ok(([(header::CONTENT_TYPE, "application/json")], broken).into_response())
            }
            Mode::WrongImprint => {
                timestamp::WrongImprint::mark(request.extensions_mut());
                Ok(never(router.oneshot(request).await))
            }
            Mode::LostAnswer => {
                let _ = never(router.oneshot(request).await);
                Err(Dropped)
            }
        },
    }
}

fn never(result: Result<Response, Infallible>) -> Response {
    match result {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// An error answer (RFC 9457).
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    detail: String,
}

#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "a valid bearer token is needed")
    }

    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("error"),
            status: self.status.as_u16(),
            detail: &self.detail,
        };
        let mut response = json(self.status, &body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A JSON answer.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => json_bytes(status, body),
        Err(error) => {
            tracing::error!(%error, "answer not serialisable");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A JSON answer from ready-made text.
pub fn json_bytes(status: StatusCode, body: Vec<u8>) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A JSON request body. Parsed from the bytes, so that amounts keep their digits.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Arc<App>) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content type application/json expected"));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Problem::new(rejection.status(), rejection.body_text()))?;
        let value = serde_json::from_slice(&bytes).map_err(|error| Problem::bad_request(error.to_string()))?;
        Ok(Self(value))
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

/// The token of an `Authorization: Bearer` header.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Whether the request carries exactly this token.
pub fn has_token(headers: &HeaderMap, token: &str) -> bool {
    bearer(headers).is_some_and(|given| same_secret(given, token))
}
