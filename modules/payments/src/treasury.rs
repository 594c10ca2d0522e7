//! The treasury's system (Kasse): takes orders to give money back and says what became of them. It books, not we
//! (§ 94 (2) GO NRW).

use contract_payments::RefundId;
use house::City;
use kernel::{Error, Money, Result};
use peers::{Answer, Peer};
use serde::{Deserialize, Serialize};

use crate::store::Refund;

const NAME: &str = "treasury";

pub struct Treasury(Peer);

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    order_id: String,
    transaction_reference: &'a str,
    cents: Money,
    reason: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderAnswer {
    order_id: String,
    state: String,
    #[serde(default)]
    rejection: Option<String>,
}

/// What became of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    Accepted,
    Executed,
    /// Code of the reason.
    Rejected(String),
}

impl Treasury {
    /// # Errors
    /// What the operator has not configured.
    pub fn of(city: &City) -> Result<Treasury> {
        Ok(Treasury(Peer::new(NAME, &city.peer(NAME)?.url, city.secret(NAME)?)?))
    }

    /// Hands an order over; the same order a second time is the same order there.
    pub async fn order(&self, refund: &Refund) -> Result<Outcome> {
        let order = Order {
            order_id: refund.id.to_string(),
            transaction_reference: &refund.reference,
            cents: refund.cents,
            reason: &refund.reason,
        };
        let answer = self.0.post_json("/refunds", &order).await?;
        if matches!(answer.status, 400 | 409 | 422) {
            return Ok(Outcome::Rejected("order-refused".into()));
        }
        read(answer, refund.id)
    }

    pub async fn look(&self, id: RefundId) -> Result<Outcome> {
        read(self.0.get(&format!("/refunds/{id}")).await?, id)
    }
}

fn read(answer: Answer, id: RefundId) -> Result<Outcome> {
    let answer: OrderAnswer = answer.expect_success()?.json()?;
    let fault = |message: &str| Error::Peer { peer: NAME, message: message.to_owned() };
    if answer.order_id != id.to_string() {
        return Err(fault("answered for another order"));
    }
    match answer.state.as_str() {
        "accepted" => Ok(Outcome::Accepted),
        "executed" => Ok(Outcome::Executed),
        "rejected" => Ok(Outcome::Rejected(answer.rejection.unwrap_or_else(|| "unknown".into()))),
        _ => Err(fault("answered with an unknown state")),
    }
}
