//! The only requests the sandbox sends: notifications of the payment provider.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

/// Where to connect to, and the host to name there. Names under `.localhost` are this machine (RFC 6761, section 6.3),
/// also where the resolver does not know them: a second city is told by its name alone.
fn destination(url: &str) -> Result<(Uri, String), String> {
    let uri = url.parse::<Uri>().map_err(|error| error.to_string())?;
    let host = uri.authority().ok_or("no host")?.clone();
    if !host.host().ends_with(".localhost") {
        return Ok((uri, host.to_string()));
    }
    let here = format!("127.0.0.1:{}", host.port_u16().unwrap_or(80));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let here = format!("http://{here}{path}").parse::<Uri>().map_err(|error| error.to_string())?;
    Ok((here, host.to_string()))
}

/// Posts JSON to a plain HTTP address; reports the status or why there was none.
pub async fn post_json(url: &str, body: Vec<u8>) -> Result<u16, String> {
    let (uri, host) = destination(url)?;
    let request = hyper::Request::post(uri)
        .header("host", host)
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| error.to_string())?;
    let client = Client::builder(TokioExecutor::new()).build_http();
    match tokio::time::timeout(Duration::from_secs(10), client.request(request)).await {
        Ok(Ok(response)) => Ok(response.status().as_u16()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer within 10 s".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_under_localhost_is_reached_without_a_resolver() {
        let (uri, host) = destination("http://musterstadt.localhost:8080/api/v1/x?y=1").unwrap();
        assert_eq!(uri.to_string(), "http://127.0.0.1:8080/api/v1/x?y=1");
        assert_eq!(host, "musterstadt.localhost:8080");
        let (uri, host) = destination("http://meer.example:81/x").unwrap();
        assert_eq!((uri.to_string().as_str(), host.as_str()), ("http://meer.example:81/x", "meer.example:81"));
        assert!(destination("/x").is_err());
    }
}
