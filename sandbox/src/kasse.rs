//! Kasse: the treasury's system, which carries out refunds the city has ordered.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::http::{AppState, JsonBody, Problem, has_token, json};
use crate::names::check_text;
use crate::pages;
use crate::persist::Lines;

/// Body of `POST /kasse/refunds`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RefundRequest {
    pub order_id: String,
    /// Kassenzeichen of the payment.
    pub transaction_reference: String,
    pub cents: i64,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    Accepted,
    Executed,
    Rejected,
}

/// An order with its outcome, which becomes visible at `decided_at`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    originator: String,
    request: RefundRequest,
    accepted_at: Timestamp,
    decided_at: Timestamp,
    #[serde(default)]
    rejection: Option<Rejection>,
}

/// Why the treasury does not pay back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Rejection {
    /// No paid transaction has this Kassenzeichen.
    UnknownPayment,
    /// More than was paid and not yet paid back.
    AmountTooHigh,
}

impl Order {
    fn state(&self, now: Timestamp) -> RefundState {
        match self.rejection {
            _ if now < self.decided_at => RefundState::Accepted,
            None => RefundState::Executed,
            Some(_) => RefundState::Rejected,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderAnswer<'a> {
    #[serde(flatten)]
    request: &'a RefundRequest,
    state: RefundState,
    accepted_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection: Option<Rejection>,
}

/// All orders.
pub struct Treasury {
    orders: Mutex<Orders>,
    refund_after: Duration,
    lines: Lines,
}

#[derive(Default)]
struct Orders {
    by_id: HashMap<(String, String), Order>,
}

impl Orders {
    fn insert(&mut self, order: Order) {
        self.by_id.insert((order.originator.clone(), order.request.order_id.clone()), order);
    }

    /// Cents of orders for a Kassenzeichen that were not rejected.
    fn refunded(&self, reference: &str) -> i64 {
        let orders = self.by_id.values().filter(|o| o.rejection.is_none());
        orders.filter(|o| o.request.transaction_reference == reference).map(|o| o.request.cents).sum()
    }
}

impl Treasury {
    const MAX_ORDERS: usize = 100_000;

    pub fn build(data: Option<&Path>, refund_after: Duration) -> anyhow::Result<Self> {
        let (lines, known) = Lines::open::<Order>(data, "refunds.jsonl")?;
        let mut orders = Orders::default();
        for order in known {
            orders.insert(order);
        }
        Ok(Self { orders: Mutex::new(orders), refund_after, lines })
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/kasse", get(page))
        .route("/kasse/refunds", post(order))
        .route("/kasse/refunds/{id}", get(read))
}

/// Originator whose treasury token the request carries.
fn authorised(app: &App, headers: &HeaderMap) -> Result<String, Problem> {
    let city = app.cities.iter().find(|city| has_token(headers, &city.file.kasse.token));
    city.map(|city| city.file.pay.originator_id.clone()).ok_or_else(Problem::unauthorized)
}

/// `POST /kasse/refunds`
async fn order(
    State(app): AppState,
    headers: HeaderMap,
    body: Result<JsonBody<RefundRequest>, Problem>,
) -> Result<Response, Problem> {
    let originator = authorised(&app, &headers)?;
    let JsonBody(request) = body?;
    check(&request)?;
    let now = app.now();
    let mut orders = app.treasury.orders();
    if let Some(known) = orders.by_id.get(&(originator.clone(), request.order_id.clone())) {
        return if known.request == request {
            Ok(json(StatusCode::ACCEPTED, &shown(known, now)))
        } else {
            Err(Problem::conflict("this orderId was used for another refund"))
        };
    }
    if orders.by_id.len() >= Treasury::MAX_ORDERS {
        return Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, "too many orders"));
    }
    let payment = app.payments.paid(&request.transaction_reference).filter(|paid| paid.originator == originator);
    let rejection = match payment {
        None => Some(Rejection::UnknownPayment),
        Some(paid) if request.cents > paid.cents - orders.refunded(&request.transaction_reference) => {
            Some(Rejection::AmountTooHigh)
        }
        Some(_) => None,
    };
    let wait = SignedDuration::try_from(app.treasury.refund_after).unwrap_or(SignedDuration::ZERO);
    let order = Order { originator, request, accepted_at: now, decided_at: now + wait, rejection };
    app.treasury.lines.append(&order);
    let answer = json(StatusCode::ACCEPTED, &shown(&order, now));
    orders.insert(order);
    Ok(answer)
}

fn check(request: &RefundRequest) -> Result<(), Problem> {
    let id = &request.order_id;
    if !(1..=64).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return Err(Problem::bad_request("orderId: 1 to 64 letters, digits, '-', '_' or '.' expected"));
    }
    if request.cents <= 0 {
        return Err(Problem::bad_request("cents: must be above 0"));
    }
    check_text("reason", &request.reason).map_err(Problem::bad_request)?;
    check_text("transactionReference", &request.transaction_reference).map_err(Problem::bad_request)?;
    if request.reason.trim().is_empty() {
        return Err(Problem::bad_request("reason: empty"));
    }
    Ok(())
}

/// `GET /kasse/refunds/{orderId}`
async fn read(State(app): AppState, UrlPath(id): UrlPath<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let originator = authorised(&app, &headers)?;
    let orders = app.treasury.orders();
    let order = orders.by_id.get(&(originator, id)).ok_or_else(|| Problem::not_found("no such order"))?;
    Ok(json(StatusCode::OK, &shown(order, app.now())))
}

fn shown(order: &Order, now: Timestamp) -> OrderAnswer<'_> {
    let state = order.state(now);
    let decided = state != RefundState::Accepted;
    OrderAnswer {
        request: &order.request,
        state,
        accepted_at: order.accepted_at,
        decided_at: decided.then_some(order.decided_at),
        rejection: order.rejection.filter(|_| decided),
    }
}

/// `GET /kasse`: all orders, newest first.
async fn page(State(app): AppState) -> Response {
    let now = app.now();
    let orders = app.treasury.orders();
    let mut orders: Vec<&Order> = orders.by_id.values().collect();
    orders.sort_by_key(|order| std::cmp::Reverse(order.accepted_at));
    let rows = orders
        .into_iter()
        .take(500)
        .map(|order| pages::RefundRow {
            accepted_at: pages::local_time(order.accepted_at),
            reference: order.request.transaction_reference.clone(),
            amount: pages::euros(order.request.cents),
            reason: order.request.reason.clone(),
            state: match (order.state(now), order.rejection) {
                (RefundState::Accepted, _) => "angenommen",
                (RefundState::Executed, _) => "ausgezahlt",
                (RefundState::Rejected, Some(Rejection::AmountTooHigh)) => "abgelehnt: Betrag zu hoch",
                (RefundState::Rejected, _) => "abgelehnt: keine solche Zahlung",
            },
        })
        .collect();
    pages::render(StatusCode::OK, &pages::Refunds { rows })
}
