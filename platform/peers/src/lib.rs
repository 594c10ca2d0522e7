//! Calls to outside systems: a time-out and a size limit on every answer, and errors that name the peer and never
//! repeat what was sent.
//!
//! Architecture invariant: the only crate that names an HTTP client. Nothing here is called inside a write
//! transaction.

use std::time::Duration;

use kernel::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

/// Largest answer that is read from a peer.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// One outside system: its name in error texts, its address, and its secret where it has one.
#[derive(Clone)]
pub struct Peer {
    name: &'static str,
    base: String,
    bearer: Option<String>,
    client: reqwest::Client,
}

/// An answer with its status; the caller decides which statuses are an answer and which a fault.
pub struct Answer {
    pub status: u16,
    /// Where a redirect leads; none is followed.
    pub location: Option<String>,
    body: Vec<u8>,
    peer: &'static str,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as it came, for protocols that are no text.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|e| Error::Peer {
            peer: self.peer,
            message: format!("answered {} with something unreadable at column {}", self.status, e.column()),
        })
    }

    /// The answer if the peer says it did what was asked, else a fault that is worth another attempt.
    pub fn expect_success(self) -> Result<Self> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.fault()) }
    }

    pub fn fault(&self) -> Error {
        Error::Peer { peer: self.peer, message: format!("answered {}", self.status) }
    }
}

impl Peer {
    /// # Errors
    /// When the program's TLS set-up is broken.
    pub fn new(name: &'static str, base: &str, bearer: Option<String>) -> Result<Self> {
        // A second call finds the provider installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(3))
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| Error::internal(format!("HTTP client: {e}")))?;
        Ok(Self { name, base: base.trim_end_matches('/').to_owned(), bearer, client })
    }

    /// The same peer with another secret, e.g. a fresh access token.
    #[must_use]
    pub fn with_bearer(&self, token: String) -> Self {
        Self { bearer: Some(token), ..self.clone() }
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    pub async fn get(&self, path: &str) -> Result<Answer> {
        self.send(self.client.get(format!("{}{path}", self.base))).await
    }

    pub async fn post_json(&self, path: &str, body: &impl Serialize) -> Result<Answer> {
        self.send(self.client.post(format!("{}{path}", self.base)).json(body)).await
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Result<Answer> {
        self.send(self.client.post(format!("{}{path}", self.base)).form(fields)).await
    }

    /// Sends a body of this media type as it is.
    pub async fn post_bytes(&self, path: &str, media_type: &'static str, body: Vec<u8>) -> Result<Answer> {
        self.send(self.client.post(format!("{}{path}", self.base)).header("content-type", media_type).body(body)).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Result<Answer> {
        if let Some(token) = &self.bearer {
            request = request.bearer_auth(token);
        }
        let mut response = request.send().await.map_err(|e| self.unreachable(&e))?;
        let status = response.status().as_u16();
        let location = response.headers().get("location").and_then(|v| v.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| self.unreachable(&e))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(Error::Peer { peer: self.name, message: "answer is larger than 4 MiB".into() });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, location, body, peer: self.name })
    }

    fn unreachable(&self, e: &reqwest::Error) -> Error {
        let message = if e.is_timeout() { "did not answer in time" } else { "cannot be reached" };
        tracing::warn!(peer = self.name, error = %e.without_url_text(), "{message}");
        Error::Peer { peer: self.name, message: message.into() }
    }
}

/// An error text without the address: addresses may carry codes.
trait WithoutUrl {
    fn without_url_text(&self) -> String;
}

impl WithoutUrl for reqwest::Error {
    fn without_url_text(&self) -> String {
        let mut text = String::from("request failed");
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use axum::{Router, http::StatusCode, routing::get};

    use super::*;

    async fn serve() -> String {
        let app = Router::new()
            .route("/ok", get(|| async { "{\"a\":1}" }))
            .route("/bad", get(|| async { (StatusCode::BAD_GATEWAY, "<html>") }))
            .route("/huge", get(|| async { vec![b' '; MAX_ANSWER + 1] }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn faults_name_the_peer_and_not_the_address() {
        let base = serve().await;
        let peer = Peer::new("test", &base, Some("secret".into())).unwrap();
        let ok: serde_json::Value = peer.get("/ok").await.unwrap().expect_success().unwrap().json().unwrap();
        assert_eq!(ok["a"], 1);
        let answer = peer.get("/bad").await.unwrap();
        assert!(answer.json::<serde_json::Value>().unwrap_err().to_string().contains("test"));
        assert!(answer.expect_success().is_err());
        assert!(peer.get("/huge").await.is_err());
        let nobody = Peer::new("nobody", "http://127.0.0.1:1", None).unwrap();
        let text = nobody.get("/x?code=geheim").await.err().unwrap().to_string();
        assert!(text.contains("nobody") && !text.contains("geheim"));
    }
}
