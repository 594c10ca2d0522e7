//! `POST /api/v1/payments/notification`: the provider announces that something changed. It proves nothing; the answer
//! to GET does.

use axum::{body::Bytes, response::IntoResponse};
use house::{Answer, Req};
use http::StatusCode;
use kernel::Error;
use serde::Deserialize;

use crate::{jobs::Check, store};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    transaction_id: String,
}

/// Answers the same whether the transaction is known here or not.
pub async fn notification(rq: Req, body: Bytes) -> Answer {
    let notification: Notification =
        serde_json::from_slice(&body).map_err(|_| Error::invalid("transactionId", "unreadable"))?;
    let known = store::by_provider_id(&mut rq.city.db.read().await?, &notification.transaction_id).await?;
    if let Some(transaction) = known {
        db::write!(rq.city.db, |tx| { ::jobs::enqueue(tx, &rq.cx, &Check { transaction }).await })?;
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}
