use sandbox::Running;
use serde_json::json;

use crate::client::{Reply, get, post_json, send, start};

/// A question about SHA-256 of nothing in particular, with a number used once and the wish for the certificate, as RFC 3161
/// writes it.
fn question() -> Vec<u8> {
    let head = [0x30, 0x3f, 0x02, 0x01, 0x01, 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09];
    let sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
    let tail = [0x02, 0x04, 0x12, 0x34, 0x56, 0x78, 0x01, 0x01, 0xff];
    [&head[..], &sha256, &[0x5a; 32], &tail].concat()
}

async fn ask(sandbox: &Running, kind: &str) -> Result<Reply, String> {
    let url = format!("{}/timestamp", sandbox.base_url);
    send("POST", &url, &[("content-type", kind)], question()).await.map_err(|error| error.to_string())
}

fn holds(reply: &Reply, bytes: &[u8]) -> bool {
    reply.body.windows(bytes.len()).any(|part| part == bytes)
}

#[tokio::test]
async fn openssl_stamps_what_was_asked_and_fails_on_request() {
    let sandbox = start().await;
    let root = get(&format!("{}/timestamp/ca.pem", sandbox.base_url)).await;
    if root.status == 503 {
        return println!("skipped: openssl is not installed");
    }
    assert!(root.text().starts_with("-----BEGIN CERTIFICATE-----"), "{}", root.text());

    let kind = "application/timestamp-query";
    let reply = ask(&sandbox, kind).await.unwrap();
    assert_eq!((reply.status, &reply.headers["content-type"]), (200, &"application/timestamp-reply".parse().unwrap()));
    assert!(holds(&reply, &[0x5a; 32]) && holds(&reply, &[0x02, 0x04, 0x12, 0x34, 0x56, 0x78]));
    assert_eq!(ask(&sandbox, "application/json").await.unwrap().status, 415);

    let faults = format!("{}/sandbox/faults", sandbox.base_url);
    post_json(&faults, "", &json!({ "peer": "timestamp", "mode": "wrong_imprint", "count": 1 })).await;
    let other = ask(&sandbox, kind).await.unwrap();
    assert!(other.status == 200 && holds(&other, &[0x5a; 31]) && !holds(&other, &[0x5a; 32]));
    post_json(&faults, "", &json!({ "peer": "timestamp", "mode": "down", "count": 1 })).await;
    assert!(ask(&sandbox, kind).await.is_err());
    assert!(holds(&ask(&sandbox, kind).await.unwrap(), &[0x5a; 32]));
}
