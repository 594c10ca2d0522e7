use std::time::{Duration, Instant};

use sandbox::Running;
use serde_json::{Value, json};

use crate::client::{MEERBUSCH, REGISTER_TOKEN, fresh, get, get_as, post_json, send, start};
use crate::mail::Smtp;
use crate::pay::{access_token, request};

async fn inject(sandbox: &Running, fault: Value) -> u16 {
    post_json(&format!("{}/sandbox/faults", sandbox.base_url), "", &fault).await.status
}

fn question() -> Value {
    json!({ "requestId": fresh(), "purpose": "Test", "person": { "familyName": "Muster", "birthDate": "1990" } })
}

async fn ask(sandbox: &Running, question: &Value) -> Result<crate::client::Reply, String> {
    let bearer = format!("Bearer {REGISTER_TOKEN}");
    let url = format!("{}/register/{MEERBUSCH}/population/match", sandbox.base_url);
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    send("POST", &url, &headers, question.to_string()).await.map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_register_fails_in_every_way_and_recovers() {
    let sandbox = start().await;
    assert_eq!(inject(&sandbox, json!({ "peer": "population", "mode": "down", "count": 2 })).await, 204);
    assert!(ask(&sandbox, &question()).await.is_err());
    assert!(ask(&sandbox, &question()).await.is_err());
    assert_eq!(ask(&sandbox, &question()).await.unwrap().status, 200);

    inject(&sandbox, json!({ "peer": "population", "mode": "error500", "count": 1 })).await;
    assert_eq!(ask(&sandbox, &question()).await.unwrap().status, 500);

    inject(&sandbox, json!({ "peer": "population", "mode": "garbage", "count": 1 })).await;
    let reply = ask(&sandbox, &question()).await.unwrap();
    assert_eq!(reply.status, 200);
    assert!(serde_json::from_slice::<Value>(&reply.body).is_err());

    inject(&sandbox, json!({ "peer": "population", "mode": "slow", "count": 1, "delayMs": 150 })).await;
    let started = Instant::now();
    assert_eq!(ask(&sandbox, &question()).await.unwrap().status, 200);
    assert!(started.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_fault_hits_its_peer_only_and_ends_in_time() {
    let sandbox = start().await;
    inject(&sandbox, json!({ "peer": "civil", "mode": "down", "seconds": 600 })).await;
    inject(&sandbox, json!({ "peer": "population", "mode": "error500", "seconds": 1 })).await;
    assert_eq!(get(&format!("{}/eid/jwks", sandbox.base_url)).await.status, 200);
    assert_eq!(ask(&sandbox, &question()).await.unwrap().status, 500);
    tokio::time::sleep(Duration::from_millis(1050)).await;
    assert_eq!(ask(&sandbox, &question()).await.unwrap().status, 200);
    let list = get(&format!("{}/sandbox/faults", sandbox.base_url)).await.json();
    assert_eq!(list, json!([{ "peer": "civil", "mode": "down", "seconds": 600 }]));
    send("DELETE", &format!("{}/sandbox/faults", sandbox.base_url), &[], "").await.unwrap();
    assert_eq!(get(&format!("{}/sandbox/faults", sandbox.base_url)).await.json(), json!([]));
}

#[tokio::test]
async fn a_lost_answer_leaves_its_effect_and_the_repetition_finds_it() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let url = format!("{}/pay/paymenttransaction/meerbusch/buergerportal", sandbox.base_url);
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let request = request().to_string();
    inject(&sandbox, json!({ "peer": "pay", "mode": "lost_answer", "count": 1 })).await;
    assert!(send("POST", &url, &headers, request.clone()).await.is_err());
    // 200 and not 201: the payment was there already.
    let again = send("POST", &url, &headers, request).await.unwrap();
    assert_eq!(again.status, 200);
    let transaction = again.json()["paymentInformation"]["transactionUrl"].as_str().unwrap().to_owned();
    assert_eq!(get_as(&transaction, &token).await.status, 200);
}

#[tokio::test]
async fn a_mail_server_out_of_order() {
    let sandbox = start().await;
    inject(&sandbox, json!({ "peer": "mail", "mode": "down", "count": 1 })).await;
    assert_eq!(Smtp::connect(&sandbox).await.reply().await, "");
    inject(&sandbox, json!({ "peer": "mail", "mode": "error500", "count": 1 })).await;
    let mut smtp = Smtp::connect(&sandbox).await;
    smtp.reply().await;
    smtp.say("EHLO t.example").await;
    assert!(smtp.say("MAIL FROM:<a@x.example>").await.starts_with("451"));
    inject(&sandbox, json!({ "peer": "mail", "mode": "lost_answer", "count": 1 })).await;
    let mut smtp = Smtp::connect(&sandbox).await;
    smtp.reply().await;
    for line in ["EHLO t.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>", "DATA"] {
        smtp.say(line).await;
    }
    assert_eq!(smtp.say("Subject: x\r\n\r\ny\r\n.").await, "");
    let mails = get(&format!("{}/mail/api?to=b@x.example", sandbox.base_url)).await.json();
    assert_eq!(mails.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn bad_faults_are_refused() {
    let sandbox = start().await;
    for fault in [
        json!({ "peer": "population", "mode": "down" }),
        json!({ "peer": "moon", "mode": "down", "count": 1 }),
        json!({ "peer": "pay", "mode": "happy", "count": 1 }),
        json!({ "peer": "pay", "mode": "down", "count": -1 }),
    ] {
        assert_eq!(inject(&sandbox, fault.clone()).await, 400, "{fault}");
    }
}
