use contract_payments::{FeeItem, PaymentId, RefundId};
use db::{FromRow, Row, Rx, Tx, params};
use kernel::{CaseId, Money, Result, StaffId, TaskToken, Timestamp, Uuid};
use serde_json::Value;

use crate::model::{RefundState, State, TxState};

/// What a case costs.
pub struct Fees {
    pub items: Vec<FeeItem>,
    pub total: Money,
}

impl FromRow for Fees {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self { items: serde_json::from_value(row.get("items")?)?, total: row.get("total")? })
    }
}

pub async fn set_fees(tx: &mut Tx, case: CaseId, items: &[FeeItem], total: Money, at: Timestamp) -> Result<()> {
    let sql = "INSERT INTO payments_fees (tenant, case_id, items, total, set_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (tenant, case_id) DO UPDATE SET items = excluded.items, total = excluded.total,
                   set_at = excluded.set_at";
    tx.exec_one(sql, params![case, serde_json::to_value(items)?, total, at]).await
}

pub async fn fees(rx: &mut Rx, case: CaseId) -> Result<Option<Fees>> {
    let sql = "SELECT items, total FROM payments_fees WHERE tenant = $1 AND case_id = $2";
    rx.opt(sql, params![case]).await
}

/// A demand.
#[derive(Clone, Debug)]
pub struct Payment {
    pub id: PaymentId,
    pub case: CaseId,
    /// Aktenzeichen.
    pub number: String,
    pub unit: String,
    pub purpose: String,
    pub cents: Money,
    pub state: State,
    pub token: TaskToken,
    pub current: Option<Uuid>,
    pub paid_by: Option<Uuid>,
    /// Kassenzeichen of the transaction that met the demand.
    pub reference: Option<String>,
    pub requested_at: Timestamp,
    pub settled_at: Option<Timestamp>,
}

impl FromRow for Payment {
    fn from_row(row: &Row) -> Result<Self> {
        let token = row.get::<i64>("token")?;
        Ok(Self {
            id: row.get("id")?,
            case: row.get("case_id")?,
            number: row.get("number")?,
            unit: row.get("unit")?,
            purpose: row.get("purpose")?,
            cents: row.get("cents")?,
            state: State::read(&row.get::<String>("state")?)?,
            token: TaskToken { instance: row.get("instance")?, token: token.unsigned_abs() },
            current: row.get("latest")?,
            paid_by: row.get("paid_by")?,
            reference: row.get("reference")?,
            requested_at: row.get("requested_at")?,
            settled_at: row.get("settled_at")?,
        })
    }
}

/// Adds the demand, or writes its new state.
pub async fn save_payment(tx: &mut Tx, p: &Payment) -> Result<()> {
    let sql = "INSERT INTO payments_payment (tenant, id, case_id, number, unit, purpose, cents, state, instance, token,
                   latest, paid_by, reference, requested_at, settled_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
               ON CONFLICT (tenant, id) DO UPDATE SET cents = excluded.cents, state = excluded.state,
                   instance = excluded.instance, token = excluded.token, latest = excluded.latest,
                   paid_by = excluded.paid_by, reference = excluded.reference, settled_at = excluded.settled_at";
    let token = i64::try_from(p.token.token).map_err(kernel::Error::internal)?;
    tx.exec_one(
        sql,
        params![
            p.id,
            p.case,
            &p.number,
            &p.unit,
            &p.purpose,
            p.cents,
            p.state.code(),
            p.token.instance,
            token,
            p.current,
            p.paid_by,
            p.reference.clone(),
            p.requested_at,
            p.settled_at,
        ],
    )
    .await
}

pub async fn payment(rx: &mut Rx, id: PaymentId) -> Result<Payment> {
    let sql = "SELECT id, case_id, number, unit, purpose, cents, state, instance, token, latest, paid_by, reference,
                      requested_at, settled_at
               FROM payments_payment WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

pub async fn payment_of(rx: &mut Rx, case: CaseId) -> Result<Option<Payment>> {
    let sql = "SELECT id, case_id, number, unit, purpose, cents, state, instance, token, latest, paid_by, reference,
                      requested_at, settled_at
               FROM payments_payment WHERE tenant = $1 AND case_id = $2";
    rx.opt(sql, params![case]).await
}

/// The demands since a moment, newest first.
pub async fn payments_since(rx: &mut Rx, since: Timestamp, limit: i64) -> Result<Vec<Payment>> {
    let sql = "SELECT id, case_id, number, unit, purpose, cents, state, instance, token, latest, paid_by, reference,
                      requested_at, settled_at
               FROM payments_payment WHERE tenant = $1 AND requested_at >= $2
               ORDER BY requested_at DESC, id DESC LIMIT $3";
    rx.list(sql, params![since, limit]).await
}

/// A transaction at the provider; its id is the requestId.
#[derive(Clone, Debug)]
pub struct Transaction {
    pub id: Uuid,
    pub payment: PaymentId,
    pub case: CaseId,
    pub cents: Money,
    pub items: Vec<FeeItem>,
    pub redirect_url: String,
    pub state: TxState,
    pub provider_id: Option<String>,
    pub reference: Option<String>,
    pub pay_url: Option<String>,
    pub asked_at: Timestamp,
    pub checks: i64,
}

impl FromRow for Transaction {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            payment: row.get("payment_id")?,
            case: row.get("case_id")?,
            cents: row.get("cents")?,
            items: serde_json::from_value(row.get::<Value>("items")?)?,
            redirect_url: row.get("redirect_url")?,
            state: TxState::read(&row.get::<String>("state")?)?,
            provider_id: row.get("provider_id")?,
            reference: row.get("reference")?,
            pay_url: row.get("pay_url")?,
            asked_at: row.get("asked_at")?,
            checks: row.get("checks")?,
        })
    }
}

pub async fn add_transaction(tx: &mut Tx, t: &Transaction) -> Result<()> {
    let sql = "INSERT INTO payments_transaction (tenant, id, payment_id, case_id, cents, items, redirect_url, state,
                   asked_at, checks)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)";
    let items = serde_json::to_value(&t.items)?;
    tx.exec_one(sql, params![t.id, t.payment, t.case, t.cents, items, &t.redirect_url, t.state.code(), t.asked_at])
        .await
}

pub async fn transaction(rx: &mut Rx, id: Uuid) -> Result<Transaction> {
    let sql = "SELECT id, payment_id, case_id, cents, items, redirect_url, state, provider_id, reference, pay_url,
                      asked_at, checks
               FROM payments_transaction WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

pub async fn transactions_of(rx: &mut Rx, payment: PaymentId) -> Result<Vec<Transaction>> {
    let sql = "SELECT id, payment_id, case_id, cents, items, redirect_url, state, provider_id, reference, pay_url,
                      asked_at, checks
               FROM payments_transaction WHERE tenant = $1 AND payment_id = $2 ORDER BY asked_at, id";
    rx.list(sql, params![payment]).await
}

/// Our id of a transaction that the provider names.
pub async fn by_provider_id(rx: &mut Rx, provider_id: &str) -> Result<Option<Uuid>> {
    let sql = "SELECT id FROM payments_transaction WHERE tenant = $1 AND provider_id = $2";
    Ok(rx.opt::<(Uuid,)>(sql, params![provider_id]).await?.map(|(id,)| id))
}

/// What the provider answered to the creating request.
pub struct Opened<'a> {
    pub provider_id: &'a str,
    pub reference: &'a str,
    pub pay_url: &'a str,
}

/// Stores the provider's answer; false when it is stored already.
pub async fn open_transaction(tx: &mut Tx, id: Uuid, o: &Opened<'_>, next: Option<Timestamp>) -> Result<bool> {
    let sql = "UPDATE payments_transaction SET state = 'initial', provider_id = $3, reference = $4, pay_url = $5,
                   next_check = $6
               WHERE tenant = $1 AND id = $2 AND state = 'asked'";
    Ok(tx.exec(sql, params![id, o.provider_id, o.reference, o.pay_url, next]).await? == 1)
}

pub async fn set_transaction(tx: &mut Tx, id: Uuid, state: TxState, next: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE payments_transaction SET state = $3, next_check = $4 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, state.code(), next]).await
}

db::record! {
    /// A transaction the poller has to ask about.
    pub struct Due {
        pub id: Uuid,
        pub state: String,
        pub asked_at: Timestamp,
        pub checks: i64,
    }
}

pub async fn due(rx: &mut Rx, now: Timestamp, limit: i64) -> Result<Vec<Due>> {
    let sql = "SELECT id, state, asked_at, checks FROM payments_transaction
               WHERE tenant = $1 AND next_check <= $2 ORDER BY next_check, id LIMIT $3";
    rx.list(sql, params![now, limit]).await
}

pub async fn checked(tx: &mut Tx, id: Uuid, next: Option<Timestamp>) -> Result<()> {
    let sql = "UPDATE payments_transaction SET checks = checks + 1, next_check = $3 WHERE tenant = $1 AND id = $2";
    tx.exec_one(sql, params![id, next]).await
}

db::record! {
    /// The provider said something that does not fit.
    #[derive(Clone, Debug)]
    pub struct Mismatch {
        pub id: Uuid,
        pub case_id: CaseId,
        pub transaction_id: Uuid,
        pub code: String,
        pub expected: Money,
        pub got: Money,
        pub paid: bool,
        pub seen_at: Timestamp,
        pub resolved_at: Option<Timestamp>,
    }
}

/// Notes a mismatch; false when the same one is noted already.
pub async fn add_mismatch(tx: &mut Tx, m: &Mismatch) -> Result<bool> {
    let sql = "INSERT INTO payments_mismatch (tenant, id, case_id, transaction_id, code, expected, got, paid, seen_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               ON CONFLICT (tenant, transaction_id, code) DO NOTHING";
    let values = params![m.id, m.case_id, m.transaction_id, &m.code, m.expected, m.got, m.paid, m.seen_at];
    Ok(tx.exec(sql, values).await? == 1)
}

pub async fn mismatches_of(rx: &mut Rx, case: CaseId) -> Result<Vec<Mismatch>> {
    let sql = "SELECT id, case_id, transaction_id, code, expected, got, paid, seen_at, resolved_at
               FROM payments_mismatch WHERE tenant = $1 AND case_id = $2 ORDER BY seen_at, id";
    rx.list(sql, params![case]).await
}

pub async fn open_mismatches(rx: &mut Rx, limit: i64) -> Result<Vec<Mismatch>> {
    let sql = "SELECT id, case_id, transaction_id, code, expected, got, paid, seen_at, resolved_at
               FROM payments_mismatch WHERE tenant = $1 AND resolved_at IS NULL ORDER BY seen_at, id LIMIT $2";
    rx.list(sql, params![limit]).await
}

pub async fn mismatch(rx: &mut Rx, id: Uuid) -> Result<Mismatch> {
    let sql = "SELECT id, case_id, transaction_id, code, expected, got, paid, seen_at, resolved_at
               FROM payments_mismatch WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

/// Marks a mismatch as dealt with; not found when somebody else did.
pub async fn resolve_mismatch(tx: &mut Tx, id: Uuid, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE payments_mismatch SET resolved_at = $3, resolved_by = $4
               WHERE tenant = $1 AND id = $2 AND resolved_at IS NULL";
    tx.exec_one(sql, params![id, at, by]).await
}

/// An order to give money back.
#[derive(Clone, Debug)]
pub struct Refund {
    pub id: RefundId,
    pub payment: PaymentId,
    pub case: CaseId,
    pub number: String,
    pub unit: String,
    /// Kassenzeichen of the payment it is taken from.
    pub reference: String,
    pub cents: Money,
    pub reason: String,
    pub state: RefundState,
    pub prepared_at: Timestamp,
    pub proposed_by: Option<StaffId>,
    pub decided_at: Option<Timestamp>,
    pub rejection: Option<String>,
}

impl FromRow for Refund {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            payment: row.get("payment_id")?,
            case: row.get("case_id")?,
            number: row.get("number")?,
            unit: row.get("unit")?,
            reference: row.get("reference")?,
            cents: row.get("cents")?,
            reason: row.get("reason")?,
            state: RefundState::read(&row.get::<String>("state")?)?,
            prepared_at: row.get("prepared_at")?,
            proposed_by: row.get("proposed_by")?,
            decided_at: row.get("decided_at")?,
            rejection: row.get("rejection")?,
        })
    }
}

pub async fn add_refund(tx: &mut Tx, r: &Refund) -> Result<()> {
    let sql = "INSERT INTO payments_refund (tenant, id, payment_id, case_id, number, unit, reference, cents, reason,
                   state, prepared_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    tx.exec_one(
        sql,
        params![
            r.id,
            r.payment,
            r.case,
            &r.number,
            &r.unit,
            &r.reference,
            r.cents,
            &r.reason,
            r.state.code(),
            r.prepared_at,
        ],
    )
    .await
}

pub async fn refund(rx: &mut Rx, id: RefundId) -> Result<Refund> {
    let sql = "SELECT id, payment_id, case_id, number, unit, reference, cents, reason, state, prepared_at, proposed_by,
                      decided_at, rejection
               FROM payments_refund WHERE tenant = $1 AND id = $2";
    rx.one(sql, params![id]).await
}

pub async fn refunds_of(rx: &mut Rx, case: CaseId) -> Result<Vec<Refund>> {
    let sql = "SELECT id, payment_id, case_id, number, unit, reference, cents, reason, state, prepared_at, proposed_by,
                      decided_at, rejection
               FROM payments_refund WHERE tenant = $1 AND case_id = $2 ORDER BY prepared_at, id";
    rx.list(sql, params![case]).await
}

/// Refunds since a moment, newest first.
pub async fn refunds_since(rx: &mut Rx, since: Timestamp, limit: i64) -> Result<Vec<Refund>> {
    let sql = "SELECT id, payment_id, case_id, number, unit, reference, cents, reason, state, prepared_at, proposed_by,
                      decided_at, rejection
               FROM payments_refund WHERE tenant = $1 AND prepared_at >= $2
               ORDER BY prepared_at DESC, id DESC LIMIT $3";
    rx.list(sql, params![since, limit]).await
}

pub async fn refunds_in(rx: &mut Rx, state: RefundState, limit: i64) -> Result<Vec<RefundId>> {
    let sql = "SELECT id FROM payments_refund WHERE tenant = $1 AND state = $2 ORDER BY prepared_at, id LIMIT $3";
    Ok(rx.list::<(RefundId,)>(sql, params![state.code(), limit]).await?.into_iter().map(|(id,)| id).collect())
}

pub async fn propose(tx: &mut Tx, id: RefundId, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE payments_refund SET state = 'proposed', proposed_by = $3, proposed_at = $4
               WHERE tenant = $1 AND id = $2 AND state = 'prepared'";
    tx.exec_one(sql, params![id, by, at]).await
}

/// The database holds the four eyes by itself: the proposer's own approval changes no row.
pub async fn approve(tx: &mut Tx, id: RefundId, by: StaffId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE payments_refund SET state = 'approved', approved_by = $3, approved_at = $4
               WHERE tenant = $1 AND id = $2 AND state = 'proposed' AND proposed_by <> $3";
    tx.exec_one(sql, params![id, by, at]).await
}

pub async fn send_back(tx: &mut Tx, id: RefundId) -> Result<()> {
    let sql = "UPDATE payments_refund SET state = 'prepared', proposed_by = NULL, proposed_at = NULL
               WHERE tenant = $1 AND id = $2 AND state = 'proposed'";
    tx.exec_one(sql, params![id]).await
}

/// The treasury has the order; false when that is known already.
pub async fn ordered(tx: &mut Tx, id: RefundId) -> Result<bool> {
    let sql = "UPDATE payments_refund SET state = 'ordered' WHERE tenant = $1 AND id = $2 AND state = 'approved'";
    Ok(tx.exec(sql, params![id]).await? == 1)
}

/// The treasury has decided; false when that is known already.
pub async fn decided(
    tx: &mut Tx,
    id: RefundId,
    state: RefundState,
    rejection: Option<String>,
    at: Timestamp,
) -> Result<bool> {
    let sql = "UPDATE payments_refund SET state = $3, rejection = $4, decided_at = $5
               WHERE tenant = $1 AND id = $2 AND state IN ('approved', 'ordered')";
    Ok(tx.exec(sql, params![id, state.code(), rejection, at]).await? == 1)
}
