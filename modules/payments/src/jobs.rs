//! Asking provider and treasury, outside any transaction. Every job may run twice.

use contract_payments::RefundId;
use house::InCity;
use jobs::Job;
use kernel::{Cx, Error, Result, Uuid};
use serde::{Deserialize, Serialize};

use crate::{
    model::{self, RefundState, TxState},
    provider::Provider,
    refunds, service,
    store::{self, Due},
    treasury::{Outcome, Treasury},
};

/// How many rows one run of the poller takes.
const BATCH: i64 = 200;

/// Asks the provider how a transaction stands.
#[derive(Serialize, Deserialize)]
pub struct Check {
    pub transaction: Uuid,
}

impl Job for Check {
    const NAME: &'static str = "payments.check";
    /// The poller comes back anyway.
    const MAX_ATTEMPTS: u32 = 8;

    fn dedup_key(&self) -> Option<String> {
        Some(self.transaction.to_string())
    }
}

pub async fn check(cx: Cx, job: Check) -> Result<()> {
    match look(&cx, job.transaction).await {
        // The case was deleted meanwhile.
        Err(Error::NotFound) => Ok(()),
        done => done,
    }
}

/// Asks the provider and takes its answer in. A transaction the provider never confirmed is not asked about: nobody was
/// sent there.
pub async fn look(cx: &Cx, transaction: Uuid) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let known = store::transaction(&mut city.db.read().await?, transaction).await?;
    let Some(provider_id) = known.provider_id else { return Ok(()) };
    let stands = Provider::of(&app, &city)?.look(&provider_id, cx.now()).await?;
    db::write!(city.db, |tx| { service::hear(cx, tx, transaction, &stands.said).await })
}

/// Looks for transactions whose notification may be lost and for orders at the treasury.
#[derive(Serialize, Deserialize)]
pub struct Poll {}

impl Job for Poll {
    const NAME: &'static str = "payments.poll";
}

pub async fn poll(cx: Cx, _: Poll) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read().await?;
    let due = store::due(&mut rx, cx.now(), BATCH).await?;
    let mut orders = store::refunds_in(&mut rx, RefundState::Ordered, BATCH).await?;
    let approved = store::refunds_in(&mut rx, RefundState::Approved, BATCH).await?;
    drop(rx);
    for Due { id, state, asked_at, checks } in due {
        let next = model::next_check(TxState::read(&state)?, asked_at, checks + 1, cx.now());
        db::write!(city.db, |tx| {
            store::checked(tx, id, next).await?;
            jobs::enqueue(tx, &cx, &Check { transaction: id }).await
        })?;
    }
    for refund in orders.drain(..) {
        db::write!(city.db, |tx| { jobs::enqueue(tx, &cx, &Follow { refund }).await })?;
    }
    for refund in approved {
        db::write!(city.db, |tx| { jobs::enqueue(tx, &cx, &HandOver { refund }).await })?;
    }
    Ok(())
}

/// Hands an approved refund to the treasury.
#[derive(Serialize, Deserialize)]
pub struct HandOver {
    pub refund: RefundId,
}

impl Job for HandOver {
    const NAME: &'static str = "payments.hand-over";
    const MAX_ATTEMPTS: u32 = 200;

    fn dedup_key(&self) -> Option<String> {
        Some(self.refund.to_string())
    }
}

pub async fn hand_over(cx: Cx, job: HandOver) -> Result<()> {
    let city = cx.city()?;
    let refund = match store::refund(&mut city.db.read().await?, job.refund).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    if refund.state != RefundState::Approved {
        return Ok(());
    }
    let outcome = Treasury::of(&city)?.order(&refund).await?;
    db::write!(city.db, |tx| { refunds::heard(&cx, tx, refund.id, &outcome).await })
}

/// Asks the treasury what became of an order.
#[derive(Serialize, Deserialize)]
pub struct Follow {
    pub refund: RefundId,
}

impl Job for Follow {
    const NAME: &'static str = "payments.follow";
    const MAX_ATTEMPTS: u32 = 8;

    fn dedup_key(&self) -> Option<String> {
        Some(self.refund.to_string())
    }
}

pub async fn follow(cx: Cx, job: Follow) -> Result<()> {
    let city = cx.city()?;
    let refund = match store::refund(&mut city.db.read().await?, job.refund).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    if refund.state != RefundState::Ordered {
        return Ok(());
    }
    let outcome = Treasury::of(&city)?.look(refund.id).await?;
    if outcome == Outcome::Accepted {
        return Ok(());
    }
    db::write!(city.db, |tx| { refunds::heard(&cx, tx, refund.id, &outcome).await })
}
