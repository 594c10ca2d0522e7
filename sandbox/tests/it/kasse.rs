use std::time::Duration;

use sandbox::{Config, Running};
use serde_json::{Value, json};

use crate::client::{KASSE_TOKEN, config, fresh, get, get_as, post_json, post_raw, start};
use crate::pay::{access_token, paid};

fn refunds(sandbox: &Running) -> String {
    format!("{}/kasse/refunds", sandbox.base_url)
}

fn order(id: &str, reference: &str, cents: i64) -> Value {
    json!({ "orderId": id, "transactionReference": reference, "cents": cents, "reason": "Antrag abgelehnt" })
}

async fn state(sandbox: &Running, id: &str) -> Value {
    get_as(&format!("{}/{id}", refunds(sandbox)), KASSE_TOKEN).await.json()
}

#[tokio::test]
async fn an_order_is_accepted_first_and_executed_later() {
    let sandbox = sandbox::start(Config { refund_after: Duration::from_millis(400), ..config() }).await.unwrap();
    let reference = paid(&sandbox, &access_token(&sandbox).await).await;
    let first = post_json(&refunds(&sandbox), KASSE_TOKEN, &order("o-1", &reference, 3102)).await;
    assert_eq!((first.status, first.json()["state"].as_str()), (202, Some("accepted")));
    let again = post_json(&refunds(&sandbox), KASSE_TOKEN, &order("o-1", &reference, 3102)).await;
    assert_eq!((again.status, again.json()), (202, first.json()));
    assert_eq!(post_json(&refunds(&sandbox), KASSE_TOKEN, &order("o-1", &reference, 3101)).await.status, 409);
    tokio::time::sleep(Duration::from_millis(450)).await;
    let answer = state(&sandbox, "o-1").await;
    assert_eq!((answer["state"].as_str(), answer["cents"].as_i64()), (Some("executed"), Some(3102)));
    let page = get(&format!("{}/kasse", sandbox.base_url)).await.text();
    assert!(page.contains(&reference) && page.contains("31,02 €") && page.contains("ausgezahlt"));
}

#[tokio::test]
async fn more_than_was_paid_is_not_paid_back() {
    let sandbox = start().await;
    let reference = paid(&sandbox, &access_token(&sandbox).await).await;
    for (id, reference, cents) in [
        ("a", reference.as_str(), 2000),
        ("b", &reference, 1103),
        ("c", &reference, 1102),
        ("d", &reference, 1),
        ("e", "MB0", 1),
    ] {
        assert_eq!(post_json(&refunds(&sandbox), KASSE_TOKEN, &order(id, reference, cents)).await.status, 202);
    }
    tokio::time::sleep(Duration::from_millis(150)).await;
    for (id, expected, rejection) in [
        ("a", "executed", Value::Null),
        ("b", "rejected", json!("amount_too_high")),
        ("c", "executed", Value::Null),
        ("d", "rejected", json!("amount_too_high")),
        ("e", "rejected", json!("unknown_payment")),
    ] {
        let answer = state(&sandbox, id).await;
        assert_eq!((answer["state"].as_str(), &answer["rejection"]), (Some(expected), &rejection), "{id}");
    }
}

#[tokio::test]
async fn cities_do_not_see_each_others_payments_and_orders() {
    let sandbox = start().await;
    let reference = paid(&sandbox, &access_token(&sandbox).await).await;
    let foreign = "sandbox-kasse-musterstadt";
    assert_eq!(post_json(&refunds(&sandbox), foreign, &order("x", &reference, 1)).await.status, 202);
    tokio::time::sleep(Duration::from_millis(150)).await;
    let answer = get_as(&format!("{}/x", refunds(&sandbox)), foreign).await.json();
    assert_eq!(answer["rejection"], "unknown_payment");
    assert_eq!(get_as(&format!("{}/x", refunds(&sandbox)), KASSE_TOKEN).await.status, 404);
}

#[tokio::test]
async fn bad_orders_are_refused() {
    let sandbox = start().await;
    for body in [
        json!({}),
        order("", "MB1", 1),
        order("../x", "MB1", 1),
        order(&"x".repeat(65), "MB1", 1),
        order("o", "MB1", 0),
        order("o", "MB1", -5),
        json!({ "orderId": "o", "transactionReference": "MB1", "cents": 1.5, "reason": "x" }),
        json!({ "orderId": "o", "transactionReference": "MB1", "cents": 1, "reason": "" }),
        json!({ "orderId": "o", "transactionReference": "MB1", "cents": 1, "reason": "x", "iban": "DE" }),
    ] {
        assert_eq!(post_json(&refunds(&sandbox), KASSE_TOKEN, &body).await.status, 400, "{body}");
    }
    assert_eq!(post_raw(&refunds(&sandbox), KASSE_TOKEN, "{").await.status, 400);
    assert_eq!(post_raw(&refunds(&sandbox), KASSE_TOKEN, vec![b' '; 300_000]).await.status, 413);
    assert_eq!(post_json(&refunds(&sandbox), "made-up", &order(&fresh(), "MB1", 1)).await.status, 401);
    assert_eq!(get(&format!("{}/o", refunds(&sandbox))).await.status, 401);
}

#[tokio::test]
async fn orders_outlive_a_restart_with_a_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let config = Config { data: Some(data.path().to_owned()), ..config() };
    let sandbox = sandbox::start(config.clone()).await.unwrap();
    let reference = paid(&sandbox, &access_token(&sandbox).await).await;
    post_json(&refunds(&sandbox), KASSE_TOKEN, &order("o-1", &reference, 3102)).await;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(config).await.unwrap();
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(state(&sandbox, "o-1").await["state"], "executed");
    post_json(&refunds(&sandbox), KASSE_TOKEN, &order("o-2", &reference, 1)).await;
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(state(&sandbox, "o-2").await["rejection"], "amount_too_high");
}
