//! A sandbox in this process and a plain HTTP client without any cleverness.

use std::path::PathBuf;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sandbox::{Config, Running};
use serde_json::Value;

pub const MEERBUSCH: &str = "05162022";
pub const MUSTERSTADT: &str = "99000001";
pub const REGISTER_TOKEN: &str = "sandbox-register-meerbusch";
pub const KASSE_TOKEN: &str = "sandbox-kasse-meerbusch";

pub fn city(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../cities").join(name)
}

pub fn config() -> Config {
    Config::for_tests(vec![city("meerbusch"), city("musterstadt")])
}

pub async fn start() -> Running {
    sandbox::start(config()).await.unwrap()
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: hyper::HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn location(&self) -> url::Url {
        assert_eq!(self.status, 303, "{}", self.text());
        self.headers["location"].to_str().unwrap().parse().unwrap()
    }
}

/// Sends one request on a connection of its own; an error if there is no answer.
pub async fn send(
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
    let mut request = hyper::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.body(Full::new(body.into()))?).await?;
    let (parts, body) = response.into_parts();
    let body = body.collect().await?.to_bytes().to_vec();
    Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
}

pub async fn get(url: &str) -> Reply {
    send("GET", url, &[], "").await.unwrap()
}

pub async fn get_as(url: &str, token: &str) -> Reply {
    send("GET", url, &[("authorization", &format!("Bearer {token}"))], "").await.unwrap()
}

pub async fn post_json(url: &str, token: &str, body: &Value) -> Reply {
    post_raw(url, token, body.to_string()).await
}

pub async fn post_raw(url: &str, token: &str, body: impl Into<Bytes>) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    send("POST", url, &headers, body).await.unwrap()
}

pub async fn post_form(url: &str, form: &[(&str, &str)]) -> Reply {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    send("POST", url, &[("content-type", "application/x-www-form-urlencoded")], body).await.unwrap()
}

/// A fresh request id.
pub fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}
