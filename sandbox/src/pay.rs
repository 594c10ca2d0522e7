//! Payment provider after XBezahldienste.
//!
//! The field names are those of the standard, `grosAmount` and `PAYED` included. What the browser brings back proves
//! nothing and a notification only announces that something changed; the truth is the answer to GET.

pub mod amount;
mod pages;
pub use pages::Choice;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::bail;
use axum::Router;
use axum::extract::{Path as UrlPath, RawForm, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use url::Url;

use crate::Config;
use crate::app::{App, City, Expiring, now, random_token, same_secret};
use crate::city::PayOriginator;
use crate::eid::TokenError;
use crate::http::{AppState, JsonBody, Problem, bearer, json as json_answer};
use crate::names::check_text;
use crate::outgoing;
use crate::persist::Lines;

use amount::Amount;

/// Validity of an access token.
const TOKEN_VALID: SignedDuration = SignedDuration::from_mins(30);

/// Body of the creating request.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRequest {
    pub request_id: String,
    pub request_timestamp: Timestamp,
    pub currency: String,
    /// Sum to pay.
    pub gros_amount: Amount,
    pub purpose: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where the browser goes afterwards.
    pub redirect_url: String,
    pub items: Vec<Item>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requestor: Option<Requestor>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Per cent.
    pub tax_rate: Amount,
    pub quantity: u32,
    pub total_net_amount: Amount,
    pub total_tax_amount: Amount,
    pub single_net_amount: Amount,
    pub single_tax_amount: Amount,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub booking_data: Map<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Requestor {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    pub is_organization: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Map<String, Value>>,
}

/// State of a payment; the spelling is the standard's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Status {
    Initial,
    Payed,
    Failed,
    Canceled,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    originator: String,
    endpoint: String,
    request: PaymentRequest,
    id: String,
    /// Kassenzeichen.
    reference: String,
    created: Timestamp,
    status: Status,
    detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<Due>,
}

/// A change of state that is still to come.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
struct Due {
    at: Timestamp,
    status: Status,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentTransaction<'a> {
    payment_request: &'a PaymentRequest,
    payment_information: PaymentInformation<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PaymentInformation<'a> {
    transaction_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction_redirect_url: Option<String>,
    transaction_id: &'a str,
    transaction_reference: &'a str,
    transaction_timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method_detail: Option<&'static str>,
    status: Status,
    status_detail: &'a str,
}

/// All transactions, with the originators that may start them.
pub struct Payments {
    originators: Vec<PayOriginator>,
    notification_urls: BTreeMap<String, String>,
    pay_later_after: Duration,
    state: Mutex<Ledger>,
    lines: Lines,
}

#[derive(Default)]
struct Ledger {
    transactions: HashMap<String, Transaction>,
    /// (originator, requestId) → transaction id
    by_request: HashMap<(String, String), String>,
    by_reference: HashMap<String, String>,
    tokens: Expiring<usize>,
}

impl Ledger {
    fn insert(&mut self, transaction: Transaction) {
        let request = (transaction.originator.clone(), transaction.request.request_id.clone());
        self.by_request.insert(request, transaction.id.clone());
        self.by_reference.insert(transaction.reference.clone(), transaction.id.clone());
        self.transactions.insert(transaction.id.clone(), transaction);
    }
}

/// What the treasury needs to know of a paid transaction.
pub struct PaidTransaction {
    pub originator: String,
    pub cents: i64,
}

impl Payments {
    /// More transactions than this are refused; the sandbox must not grow without bound.
    const MAX_TRANSACTIONS: usize = 200_000;

    pub fn build(cities: &[City], data: Option<&Path>, config: &Config) -> anyhow::Result<Self> {
        let originators: Vec<PayOriginator> = cities.iter().map(|city| city.file.pay.clone()).collect();
        let mut notification_urls = BTreeMap::new();
        for originator in &originators {
            if let Some(url) = &originator.notification_url {
                notification_urls.insert(originator.originator_id.clone(), url.clone());
            }
        }
        notification_urls.extend(config.notification_urls.clone());
        if let Some(url) = notification_urls.values().find(|url| !url.starts_with("http://")) {
            bail!("notification URL {url}: only http:// is possible");
        }
        let (lines, known) = Lines::open::<Transaction>(data, "payments.jsonl")?;
        let mut state = Ledger::default();
        for transaction in known {
            state.insert(transaction);
        }
        let pay_later_after = config.pay_later_after;
        Ok(Self { originators, notification_urls, pay_later_after, state: Mutex::new(state), lines })
    }

    fn state(&self) -> MutexGuard<'_, Ledger> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn originator(&self, id: &str) -> Option<&PayOriginator> {
        self.originators.iter().find(|originator| originator.originator_id == id)
    }

    /// The transaction of a Kassenzeichen, if it is paid.
    pub fn paid(&self, reference: &str) -> Option<PaidTransaction> {
        let state = self.state();
        let transaction = state.transactions.get(state.by_reference.get(reference)?)?;
        let cents = transaction.request.gros_amount.cents().filter(|_| transaction.status == Status::Payed)?;
        Some(PaidTransaction { originator: transaction.originator.clone(), cents })
    }

    /// Changes a transaction and keeps the new state; `None` if there is no such transaction.
    fn change(&self, id: &str, change: impl FnOnce(&mut Transaction)) -> Option<Transaction> {
        let mut state = self.state();
        let transaction = state.transactions.get_mut(id)?;
        change(transaction);
        self.lines.append(transaction);
        Some(transaction.clone())
    }

    /// Carries out a change that is due.
    fn settle_due(&self, id: &str, at: Timestamp) -> Option<Transaction> {
        let due = self.state().transactions.get(id)?.due.filter(|due| due.at <= at)?;
        self.change(id, |transaction| {
            transaction.due = None;
            transaction.status = due.status;
            transaction.detail = "nachträglich bezahlt".to_owned();
        })
    }
}

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/pay/oauth/token", post(token))
        .route("/pay/paymenttransaction/{originator}/{endpoint}", post(create))
        .route("/pay/paymenttransaction/{originator}/{endpoint}/{id}", get(read))
        .route("/pay/seite/{id}", get(pages::choose).post(pages::chosen))
        .route("/sandbox/notifications/{originator}", get(notification_url))
}

/// Starts the changes that were still to come when the sandbox ended.
pub fn resume(app: &Arc<App>) {
    let waiting: Vec<(String, Timestamp)> = {
        let state = app.payments.state();
        state.transactions.values().filter_map(|t| t.due.map(|due| (t.id.clone(), due.at))).collect()
    };
    for (id, at) in waiting {
        settle_later(Arc::clone(app), id, at);
    }
}

fn settle_later(app: Arc<App>, id: String, at: Timestamp) {
    tokio::spawn(async move {
        let wait = at.duration_since(now());
        tokio::time::sleep(wait.try_into().unwrap_or(Duration::ZERO)).await;
        // GET may have carried out the change in the meantime; the notification goes out in any case.
        let settled = app.payments.settle_due(&id, now());
        let transaction = settled.or_else(|| app.payments.state().transactions.get(&id).cloned());
        if let Some(transaction) = transaction {
            notify(&app, &transaction, 1);
        }
    });
}

/// Announces a change: the transaction id and nothing else.
fn notify(app: &Arc<App>, transaction: &Transaction, times: usize) {
    let Some(url) = app.payments.notification_urls.get(&transaction.originator).cloned() else { return };
    let body = json!({ "transactionId": transaction.id }).to_string();
    tokio::spawn(async move {
        for _ in 0..times {
            match outgoing::post_json(&url, body.clone().into_bytes()).await {
                Ok(status) => tracing::info!(%url, status, "payment announced"),
                Err(error) => tracing::warn!(%url, %error, "payment not announced"),
            }
        }
    });
}

/// `GET /sandbox/notifications/{originator}`: where changes are announced.
async fn notification_url(State(app): AppState, UrlPath(originator): UrlPath<String>) -> Response {
    json_answer(StatusCode::OK, &json!({ "notificationUrl": app.payments.notification_urls.get(&originator) }))
}

/// Client credentials (RFC 6749, section 4.4), in the body or as HTTP Basic.
async fn token(State(app): AppState, headers: HeaderMap, RawForm(form): RawForm) -> Result<Response, TokenError> {
    let mut params: HashMap<String, String> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(&form) {
        if params.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(TokenError(StatusCode::BAD_REQUEST, "invalid_request", "a parameter comes twice"));
        }
    }
    let in_body = params.get("client_id").cloned().zip(params.get("client_secret").cloned());
    let refused = TokenError(StatusCode::UNAUTHORIZED, "invalid_client", "unknown client or wrong secret");
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        None => in_body.ok_or(refused)?,
        Some(_) if in_body.is_some() => {
            return Err(TokenError(StatusCode::BAD_REQUEST, "invalid_request", "two ways of authentication"));
        }
        Some(value) => value.to_str().ok().and_then(basic_credentials).ok_or(refused)?,
    };
    let known = app
        .payments
        .originators
        .iter()
        .position(|originator| originator.client_id == id && same_secret(&originator.client_secret, &secret));
    let Some(originator) = known else {
        return Err(TokenError(StatusCode::UNAUTHORIZED, "invalid_client", "unknown client or wrong secret"));
    };
    if params.get("grant_type").map(String::as_str) != Some("client_credentials") {
        return Err(TokenError(StatusCode::BAD_REQUEST, "unsupported_grant_type", "only client_credentials"));
    }
    let (token, now) = (random_token(), app.now());
    app.payments.state().tokens.insert(token.clone(), now + TOKEN_VALID, originator, now);
    let answer = json!({ "access_token": token, "token_type": "Bearer", "expires_in": TOKEN_VALID.as_secs() });
    Ok(json_answer(StatusCode::OK, &answer))
}

fn basic_credentials(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // RFC 6749, section 2.3.1: both parts are form-encoded before they are joined.
    let decode = |text: &str| {
        let encoded = format!("v={text}");
        url::form_urlencoded::parse(encoded.as_bytes()).next().map(|(_, value)| value.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

/// Checks token, originator and endpoint. Another originator's address is answered as a wrong token.
fn authorise(app: &App, headers: &HeaderMap, originator: &str, endpoint: &str) -> Result<(), Problem> {
    let token = bearer(headers).ok_or_else(Problem::unauthorized)?;
    let owner = app.payments.state().tokens.get(token, app.now()).copied().ok_or_else(Problem::unauthorized)?;
    let owner = &app.payments.originators[owner];
    if owner.originator_id != originator {
        return Err(Problem::new(StatusCode::FORBIDDEN, "the token belongs to another originator"));
    }
    if !owner.endpoint_ids.iter().any(|id| id == endpoint) {
        return Err(Problem::not_found("no such endpoint"));
    }
    Ok(())
}

/// `POST /pay/paymenttransaction/{originatorId}/{endpointId}`
async fn create(
    State(app): AppState,
    UrlPath((originator, endpoint)): UrlPath<(String, String)>,
    headers: HeaderMap,
    body: Result<JsonBody<PaymentRequest>, Problem>,
) -> Result<Response, Problem> {
    authorise(&app, &headers, &originator, &endpoint)?;
    let JsonBody(request) = body?;
    check(&request)?;
    let prefix = app.payments.originator(&originator).map_or("", |o| o.reference_prefix.as_str());
    let mut state = app.payments.state();
    let key = (originator.clone(), request.request_id.clone());
    if let Some(known) = state.by_request.get(&key).and_then(|id| state.transactions.get(id)) {
        return if known.request == request && known.endpoint == endpoint {
            Ok(show(&app, known, StatusCode::OK))
        } else {
            Err(Problem::conflict("this requestId was used for another payment"))
        };
    }
    if state.transactions.len() >= Payments::MAX_TRANSACTIONS {
        return Err(Problem::new(StatusCode::INSUFFICIENT_STORAGE, "too many transactions"));
    }
    let reference = loop {
        let candidate = reference(prefix, rand::rng().random_range(0..10_000_000_000));
        if !state.by_reference.contains_key(&candidate) {
            break candidate;
        }
    };
    let transaction = Transaction {
        originator,
        endpoint,
        request,
        id: uuid::Uuid::new_v4().to_string(),
        reference,
        created: app.now(),
        status: Status::Initial,
        detail: "offen".to_owned(),
        due: None,
    };
    app.payments.lines.append(&transaction);
    let answer = show(&app, &transaction, StatusCode::CREATED);
    state.insert(transaction);
    Ok(answer)
}

/// Kassenzeichen: prefix, ten digits and a check digit after Luhn.
fn reference(prefix: &str, number: u64) -> String {
    let digits = format!("{number:010}");
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(index, digit)| {
            let digit = u32::from(digit - b'0');
            if index % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    format!("{prefix}{digits}{}", (10 - sum % 10) % 10)
}

/// `GET /pay/paymenttransaction/{originatorId}/{endpointId}/{transactionId}`
async fn read(
    State(app): AppState,
    UrlPath((originator, endpoint, id)): UrlPath<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorise(&app, &headers, &originator, &endpoint)?;
    app.payments.settle_due(&id, app.now());
    let state = app.payments.state();
    let transaction = state.transactions.get(&id).filter(|t| t.originator == originator && t.endpoint == endpoint);
    let transaction = transaction.ok_or_else(|| Problem::not_found("no such transaction"))?;
    Ok(show(&app, transaction, StatusCode::OK))
}

fn show(app: &App, transaction: &Transaction, status: StatusCode) -> Response {
    let base = &app.base_url;
    let payed = transaction.status == Status::Payed;
    let Transaction { originator, endpoint, id, .. } = transaction;
    let answer = PaymentTransaction {
        payment_request: &transaction.request,
        payment_information: PaymentInformation {
            transaction_url: format!("{base}/pay/paymenttransaction/{originator}/{endpoint}/{id}"),
            transaction_redirect_url: (transaction.status == Status::Initial).then(|| format!("{base}/pay/seite/{id}")),
            transaction_id: id,
            transaction_reference: &transaction.reference,
            transaction_timestamp: transaction.created,
            payment_method: payed.then_some("CREDITCARD"),
            payment_method_detail: payed.then_some("Testkarte"),
            status: transaction.status,
            status_detail: &transaction.detail,
        },
    };
    json_answer(status, &answer)
}

fn check(request: &PaymentRequest) -> Result<(), Problem> {
    let id = &request.request_id;
    if !(1..=36).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Problem::bad_request("requestId: 1 to 36 visible ASCII characters expected"));
    }
    if request.currency != "EUR" {
        return Err(Problem::bad_request("currency: EUR expected"));
    }
    check_text("purpose", &request.purpose).map_err(Problem::bad_request)?;
    check_text("description", request.description.as_deref().unwrap_or_default()).map_err(Problem::bad_request)?;
    if request.purpose.trim().is_empty() {
        return Err(Problem::bad_request("purpose: empty"));
    }
    let redirect = Url::parse(&request.redirect_url).ok();
    if !redirect.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Err(Problem::bad_request("redirectUrl: an absolute http or https address expected"));
    }
    if !(1..=100).contains(&request.items.len()) {
        return Err(Problem::bad_request("items: 1 to 100 expected"));
    }
    amount::check_sum(request).map_err(Problem::bad_request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digit_of_the_kassenzeichen() {
        // 7992739871 with check digit 3 is the worked example of the Luhn formula.
        assert_eq!(reference("MB", 7_992_739_871), "MB79927398713");
    }

    #[test]
    fn basic_credentials_are_form_encoded() {
        // "a%3Ab:c+d"
        assert_eq!(basic_credentials("Basic YSUzQWI6Yytk"), Some(("a:b".into(), "c d".into())));
        assert_eq!(basic_credentials("Basic !!"), None);
        assert_eq!(basic_credentials("Bearer YSUzQWI6Yytk"), None);
    }
}
