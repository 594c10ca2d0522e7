use std::sync::{Arc, Mutex};
use std::time::Duration;

use sandbox::{Config, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::client::{Reply, config, fresh, get, get_as, post_form, post_json, post_raw, send, start};

const CLIENT: &str = "meer-meerbusch-pay";
const SECRET: &str = "sandbox-pay-secret-meerbusch";

pub async fn access_token(sandbox: &Running) -> String {
    token_of(sandbox, CLIENT, SECRET).await
}

async fn token_of(sandbox: &Running, client: &str, secret: &str) -> String {
    let form = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret)];
    let reply = post_form(&format!("{}/pay/oauth/token", sandbox.base_url), &form).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["access_token"].as_str().unwrap().to_owned()
}

fn endpoint(sandbox: &Running) -> String {
    format!("{}/pay/paymenttransaction/meerbusch/buergerportal", sandbox.base_url)
}

/// Two copies at 15.00 and postage of 0.855 with 19 per cent tax, to have fractions of a cent in the sum.
pub fn request() -> Value {
    serde_json::from_str(&format!(
        r#"{{
            "requestId": "{}", "requestTimestamp": "2026-11-23T08:00:00+01:00", "currency": "EUR", "grosAmount": 31.02,
            "purpose": "Geburtsurkunde", "redirectUrl": "http://localhost:8080/zahlung/zurueck?vorgang=1",
            "items": [
                {{ "id": "1", "taxRate": 0, "quantity": 2, "totalNetAmount": 30.00, "totalTaxAmount": 0,
                   "singleNetAmount": 15, "singleTaxAmount": 0, "bookingData": {{ "konto": "431100" }} }},
                {{ "id": "2", "taxRate": 19, "quantity": 1, "totalNetAmount": 0.855, "totalTaxAmount": 0.16245,
                   "singleNetAmount": 0.855, "singleTaxAmount": 0.16245 }}
            ],
            "requestor": {{ "name": "Beispiel-Ahorn", "firstName": "Erika", "isOrganization": false }}
        }}"#,
        fresh()
    ))
    .unwrap()
}

async fn create(sandbox: &Running, token: &str) -> Value {
    let reply = post_json(&endpoint(sandbox), token, &request()).await;
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["paymentInformation"].clone()
}

async fn status(token: &str, payment: &Value) -> String {
    let answer = get_as(payment["transactionUrl"].as_str().unwrap(), token).await.json();
    answer["paymentInformation"]["status"].as_str().unwrap().to_owned()
}

async fn choose(payment: &Value, choice: &str) -> Reply {
    post_form(payment["transactionRedirectUrl"].as_str().unwrap(), &[("choice", choice)]).await
}

/// A paid payment; its Kassenzeichen.
pub async fn paid(sandbox: &Running, token: &str) -> String {
    let payment = create(sandbox, token).await;
    choose(&payment, "bezahlen").await;
    payment["transactionReference"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_payment_from_creation_to_success() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let reply = post_json(&endpoint(&sandbox), &token, &request()).await;
    assert_eq!(reply.status, 201);
    assert!(reply.text().contains(r#""grosAmount":31.02"#), "{}", reply.text());
    assert!(reply.text().contains(r#""totalTaxAmount":0.16245"#), "{}", reply.text());
    let payment = reply.json()["paymentInformation"].clone();
    assert_eq!(payment["status"], "INITIAL");
    assert_eq!(payment.get("paymentMethod"), None);
    let page = get(payment["transactionRedirectUrl"].as_str().unwrap()).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("31,02 €") && page.text().contains("Geburtsurkunde"));
    let back = choose(&payment, "bezahlen").await.location();
    assert_eq!(back.as_str(), "http://localhost:8080/zahlung/zurueck?vorgang=1");
    let answer = get_as(payment["transactionUrl"].as_str().unwrap(), &token).await.json();
    assert_eq!(answer["paymentInformation"]["status"], "PAYED");
    assert_eq!(answer["paymentInformation"]["paymentMethod"], "CREDITCARD");
    assert_eq!(answer["paymentInformation"].get("transactionRedirectUrl"), None);
    assert_eq!(answer["paymentInformation"]["transactionReference"], payment["transactionReference"]);
    assert_eq!(answer["paymentRequest"]["items"][0]["bookingData"], json!({ "konto": "431100" }));
}

#[tokio::test]
async fn every_way_a_payment_can_end() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    for (choice, at_once, in_the_end) in [
        ("ablehnen", "FAILED", "FAILED"),
        ("abbrechen", "CANCELED", "CANCELED"),
        ("spaeter", "INITIAL", "PAYED"),
        ("verfaelscht", "PAYED", "PAYED"),
        ("vorgetaeuscht", "INITIAL", "INITIAL"),
        ("abbrechen-und-bezahlen", "CANCELED", "PAYED"),
    ] {
        let payment = create(&sandbox, &token).await;
        let back = choose(&payment, choice).await.location();
        assert!(back.as_str().starts_with("http://localhost:8080/zahlung/zurueck?vorgang=1"));
        let claimed = back.query_pairs().find(|(key, _)| key == "status").map(|(_, value)| value.into_owned());
        match choice {
            "verfaelscht" => assert_eq!(claimed.as_deref(), Some("FAILED")),
            "vorgetaeuscht" => assert_eq!(claimed.as_deref(), Some("PAYED")),
            _ => assert_eq!(claimed, None),
        }
        assert_eq!(status(&token, &payment).await, at_once, "{choice}");
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(status(&token, &payment).await, in_the_end, "{choice}");
    }
    let payment = create(&sandbox, &token).await;
    let page = choose(&payment, "ohne-ruecksprung").await;
    assert_eq!((page.status, page.headers.get("location")), (200, None));
    assert_eq!(status(&token, &payment).await, "PAYED");
}

#[tokio::test]
async fn nobody_pays_twice() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let payment = create(&sandbox, &token).await;
    choose(&payment, "abbrechen").await;
    assert_eq!(choose(&payment, "bezahlen").await.status, 409);
    assert_eq!(status(&token, &payment).await, "CANCELED");
    let waiting = create(&sandbox, &token).await;
    choose(&waiting, "spaeter").await;
    assert_eq!(choose(&waiting, "abbrechen").await.status, 409);
    let page = get(waiting["transactionRedirectUrl"].as_str().unwrap()).await;
    assert_eq!(page.status, 409);
    let other = create(&sandbox, &token).await;
    assert_eq!(choose(&other, "geschenkt").await.status, 400);
    assert_eq!(status(&token, &other).await, "INITIAL");
    assert_eq!(get(&format!("{}/pay/seite/unbekannt", sandbox.base_url)).await.status, 404);
    assert_eq!(
        post_form(&format!("{}/pay/seite/unbekannt", sandbox.base_url), &[("choice", "bezahlen")]).await.status,
        404
    );
}

#[tokio::test]
async fn a_repeated_request_is_one_payment() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let request = request();
    let first = post_json(&endpoint(&sandbox), &token, &request).await;
    let second = post_json(&endpoint(&sandbox), &token, &request).await;
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json(), second.json());
    let mut other = request.clone();
    other["purpose"] = json!("Eheurkunde");
    assert_eq!(post_json(&endpoint(&sandbox), &token, &other).await.status, 409);
}

#[tokio::test]
async fn concurrent_repetitions_are_one_payment() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let request = request();
    let url = endpoint(&sandbox);
    let replies = (0..16).map(|_| {
        let (url, token, request) = (url.clone(), token.clone(), request.clone());
        tokio::spawn(async move { post_json(&url, &token, &request).await })
    });
    let mut created = 0;
    let mut ids = std::collections::BTreeSet::new();
    for reply in replies.collect::<Vec<_>>() {
        let reply = reply.await.unwrap();
        created += usize::from(reply.status == 201);
        ids.insert(reply.json()["paymentInformation"]["transactionId"].to_string());
    }
    assert_eq!((created, ids.len()), (1, 1));
}

#[tokio::test]
async fn only_the_originator_sees_its_payments() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let foreign = token_of(&sandbox, "meer-musterstadt-pay", "sandbox-pay-secret-musterstadt").await;
    let payment = create(&sandbox, &token).await;
    let url = payment["transactionUrl"].as_str().unwrap();
    assert_eq!(get_as(url, &foreign).await.status, 403);
    assert_eq!(get_as(&url.replace("/meerbusch/", "/musterstadt/"), &foreign).await.status, 404);
    assert_eq!(get(url).await.status, 401);
    assert_eq!(get_as(url, "made-up").await.status, 401);
    assert_eq!(post_json(&endpoint(&sandbox), "made-up", &request()).await.status, 401);
    let elsewhere = endpoint(&sandbox).replace("buergerportal", "anderswo");
    assert_eq!(post_json(&elsewhere, &token, &request()).await.status, 404);
    assert_eq!(get_as(&format!("{}/{}", endpoint(&sandbox), fresh()), &token).await.status, 404);
}

#[tokio::test]
async fn the_token_endpoint_takes_both_ways_of_client_authentication() {
    let sandbox = start().await;
    let url = format!("{}/pay/oauth/token", sandbox.base_url);
    let basic = format!("Basic {}", data_encoding::BASE64.encode(format!("{CLIENT}:{SECRET}").as_bytes()));
    let form = ("content-type", "application/x-www-form-urlencoded");
    let reply = send("POST", &url, &[("authorization", &basic), form], "grant_type=client_credentials").await.unwrap();
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    create(&sandbox, &token).await;
    for (params, status, error) in [
        (
            &[("grant_type", "client_credentials"), ("client_id", CLIENT), ("client_secret", "wrong")][..],
            401,
            "invalid_client",
        ),
        (&[("grant_type", "client_credentials")], 401, "invalid_client"),
        (
            &[("grant_type", "password"), ("client_id", CLIENT), ("client_secret", SECRET)],
            400,
            "unsupported_grant_type",
        ),
        (&[("grant_type", "a"), ("grant_type", "b")], 400, "invalid_request"),
    ] {
        let reply = post_form(&url, params).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (status, Some(error)), "{params:?}");
    }
}

#[tokio::test]
async fn bad_payment_requests_are_refused() {
    let sandbox = start().await;
    let token = access_token(&sandbox).await;
    let good = request().to_string();
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replace(from, to)
    };
    for body in [
        "{".to_owned(),
        "[]".to_owned(),
        replaced("grosAmount", "grossAmount"),
        replaced("31.02", "31.01"),
        replaced("31.02", "31.020001"),
        replaced("31.02", "\"31.02\""),
        replaced("31.02", "-31.02"),
        replaced("31.02", "1e99"),
        replaced("31.02", "null"),
        replaced("\"EUR\"", "\"USD\""),
        replaced("\"quantity\":2", "\"quantity\":3"),
        replaced("\"quantity\":2", "\"quantity\":0"),
        replaced("http://localhost:8080/", "javascript:"),
        replaced("http://localhost:8080/", "/"),
        replaced("Geburtsurkunde", " "),
        replaced("2026-11-23T08", "gestern"),
        replaced("\"requestId\":\"", "\"requestId\":\"0123456789"),
    ] {
        let reply = post_raw(&endpoint(&sandbox), &token, body.clone()).await;
        assert_eq!(reply.status, 400, "{body}");
    }
    let mut empty = request();
    empty["items"] = json!([]);
    assert_eq!(post_json(&endpoint(&sandbox), &token, &empty).await.status, 400);
    let huge = replaced("Geburtsurkunde", &"x".repeat(300_000));
    assert_eq!(post_raw(&endpoint(&sandbox), &token, huge).await.status, 413);
    assert_eq!(post_raw(&endpoint(&sandbox), &token, good.clone()).await.status, 201);
}

/// A listener that answers 204 to everything and remembers the bodies.
async fn listener() -> (String, Arc<Mutex<Vec<String>>>) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/bezahldienst/meldung", socket.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let remember = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            let mut request = Vec::new();
            let mut buffer = [0; 1024];
            loop {
                let length = stream.read(&mut buffer).await.unwrap();
                request.extend_from_slice(&buffer[..length]);
                if length == 0 || request.ends_with(b"}") {
                    break;
                }
            }
            let text = String::from_utf8(request).unwrap();
            remember.lock().unwrap().push(text.split_once("\r\n\r\n").unwrap().1.to_owned());
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
        }
    });
    (url, heard)
}

async fn wait_for(heard: &Mutex<Vec<String>>, count: usize) -> Vec<String> {
    for _ in 0..200 {
        if heard.lock().unwrap().len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // A notification too many would come about now.
    tokio::time::sleep(Duration::from_millis(50)).await;
    std::mem::take(&mut heard.lock().unwrap())
}

#[tokio::test]
async fn changes_are_announced_without_saying_what_changed() {
    let (url, heard) = listener().await;
    let notification_urls = [("meerbusch".to_owned(), url)].into();
    let sandbox = sandbox::start(Config { notification_urls, ..config() }).await.unwrap();
    let token = access_token(&sandbox).await;
    for (choice, notifications) in
        [("bezahlen", 1), ("doppelt", 2), ("ablehnen", 1), ("vorgetaeuscht", 0), ("spaeter", 1)]
    {
        let payment = create(&sandbox, &token).await;
        choose(&payment, choice).await;
        let expected = json!({ "transactionId": payment["transactionId"] }).to_string();
        assert_eq!(wait_for(&heard, notifications).await, vec![expected; notifications], "{choice}");
    }
}

#[tokio::test]
async fn payments_outlive_a_restart_with_a_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let config = Config { data: Some(data.path().to_owned()), pay_later_after: Duration::from_millis(50), ..config() };
    let sandbox = sandbox::start(config.clone()).await.unwrap();
    let token = access_token(&sandbox).await;
    let paid = create(&sandbox, &token).await;
    choose(&paid, "bezahlen").await;
    let later = create(&sandbox, &token).await;
    choose(&later, "spaeter").await;
    let request = request();
    let open = post_json(&endpoint(&sandbox), &token, &request).await.json();
    sandbox.shutdown().await;

    let sandbox = sandbox::start(config).await.unwrap();
    let token = access_token(&sandbox).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    for (payment, expected) in [(&paid, "PAYED"), (&later, "PAYED"), (&open["paymentInformation"], "INITIAL")] {
        let id = payment["transactionId"].as_str().unwrap();
        let answer = get_as(&format!("{}/{id}", endpoint(&sandbox)), &token).await.json();
        assert_eq!(answer["paymentInformation"]["status"], expected);
    }
    let again = post_json(&endpoint(&sandbox), &token, &request).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.json()["paymentInformation"]["transactionId"], open["paymentInformation"]["transactionId"]);
}
