//! The payment provider after XBezahldienste, with OAuth client credentials. Names are spelled as in the standard,
//! `grosAmount` and `PAYED` included. Persons are not sent: the provider need not know who asks.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use contract_payments::FeeItem;
use house::{App, City};
use jiff::SignedDuration;
use kernel::{Error, Money, Result, Timestamp, Uuid};
use peers::Peer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, value::RawValue};

use crate::model::{self, Said, Status};

const NAME: &str = "payment";
/// A token is renewed this long before it ends.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_secs(60);
/// Longest transaction id that is taken from the provider.
const MAX_ID: usize = 100;

/// Access tokens by city, kept in memory only.
#[derive(Default)]
struct Tokens(Mutex<HashMap<String, (String, Timestamp)>>);

/// The provider of one city.
pub struct Provider {
    peer: Peer,
    city: String,
    client: String,
    secret: String,
    /// `/paymenttransaction/{originatorId}/{endpointId}`
    path: String,
    tokens: Arc<Tokens>,
    production: bool,
}

/// What is asked for; the same content every time for one id.
pub struct Request<'a> {
    pub id: Uuid,
    pub at: Timestamp,
    pub cents: Money,
    pub purpose: &'a str,
    /// Aktenzeichen.
    pub number: &'a str,
    pub redirect_url: &'a str,
    pub items: &'a [FeeItem],
}

/// A transaction as it stands at the provider.
#[derive(Debug)]
pub struct Stands {
    pub id: String,
    pub pay_url: Option<String>,
    pub said: Said,
}

/// Answer to the creating request.
pub enum Created {
    Stands(Stands),
    /// The request itself was refused: sending it again would not help.
    Refused(u16),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    request_id: String,
    request_timestamp: Timestamp,
    currency: &'static str,
    gros_amount: Box<RawValue>,
    purpose: &'a str,
    description: String,
    redirect_url: &'a str,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    id: String,
    reference: &'a str,
    description: &'a str,
    /// Per cent; fees of an authority carry no tax.
    tax_rate: u8,
    quantity: i64,
    total_net_amount: Box<RawValue>,
    total_tax_amount: Box<RawValue>,
    single_net_amount: Box<RawValue>,
    single_tax_amount: Box<RawValue>,
    booking_data: Map<String, Value>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    expires_in: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PaymentTransaction {
    payment_request: Echo,
    payment_information: Information,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Echo {
    gros_amount: Box<RawValue>,
    currency: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Information {
    transaction_id: String,
    transaction_reference: String,
    #[serde(default)]
    transaction_redirect_url: Option<String>,
    status: String,
}

fn fault(message: &str) -> Error {
    Error::Peer { peer: NAME, message: message.to_owned() }
}

fn raw(amount: Money) -> Result<Box<RawValue>> {
    Ok(RawValue::from_string(model::decimal(amount))?)
}

impl Provider {
    /// The city's provider: peer `payment` with `client`, `more.originator` and `more.endpoint`.
    ///
    /// # Errors
    /// What the operator has not configured.
    pub fn of(app: &App, city: &City) -> Result<Provider> {
        let config = city.peer(NAME)?;
        let more = |name: &str, default: &str| config.more.get(name).cloned().unwrap_or_else(|| default.to_owned());
        let (originator, endpoint) = (more("originator", &city.key), more("endpoint", "buergerportal"));
        Ok(Provider {
            peer: Peer::new(NAME, &config.url, None)?,
            city: city.key.clone(),
            client: config.client.clone(),
            secret: city.secret(NAME)?.ok_or_else(|| Error::internal("peer payment has no secret_file"))?,
            path: format!("/paymenttransaction/{originator}/{endpoint}"),
            tokens: app.shared(|_| Ok(Tokens::default()))?,
            production: app.config.production,
        })
    }

    async fn token(&self, now: Timestamp) -> Result<String> {
        let known = {
            let tokens = self.tokens.0.lock().unwrap_or_else(|e| e.into_inner());
            tokens.get(&self.city).filter(|(_, good_until)| now < *good_until).map(|(token, _)| token.clone())
        };
        if let Some(token) = known {
            return Ok(token);
        }
        let form = [("grant_type", "client_credentials"), ("client_id", &self.client), ("client_secret", &self.secret)];
        let answer: TokenAnswer = self.peer.post_form("/oauth/token", &form).await?.expect_success()?.json()?;
        let lives = SignedDuration::from_secs(answer.expires_in.clamp(0, 86_400));
        let good_until = now.saturating_add(lives - RENEW_BEFORE).unwrap_or(now);
        let mut tokens = self.tokens.0.lock().unwrap_or_else(|e| e.into_inner());
        tokens.insert(self.city.clone(), (answer.access_token.clone(), good_until));
        Ok(answer.access_token)
    }

    fn forget_token(&self) {
        self.tokens.0.lock().unwrap_or_else(|e| e.into_inner()).remove(&self.city);
    }

    /// Creates a transaction, or gets the one that this id created before.
    pub async fn create(&self, request: &Request<'_>, now: Timestamp) -> Result<Created> {
        let body = body(request)?;
        let mut answer = self.peer.with_bearer(self.token(now).await?).post_json(&self.path, &body).await?;
        if answer.status == 401 {
            self.forget_token();
            answer = self.peer.with_bearer(self.token(now).await?).post_json(&self.path, &body).await?;
        }
        if matches!(answer.status, 400 | 409 | 422) {
            return Ok(Created::Refused(answer.status));
        }
        let stands = self.read(&answer.expect_success()?)?;
        if stands.said.cents != request.cents {
            return Err(fault("created a transaction over another amount"));
        }
        Ok(Created::Stands(stands))
    }

    /// How a transaction stands: the one proof there is.
    pub async fn look(&self, id: &str, now: Timestamp) -> Result<Stands> {
        let path = format!("{}/{id}", self.path);
        let mut answer = self.peer.with_bearer(self.token(now).await?).get(&path).await?;
        if answer.status == 401 {
            self.forget_token();
            answer = self.peer.with_bearer(self.token(now).await?).get(&path).await?;
        }
        let stands = self.read(&answer.expect_success()?)?;
        if stands.id != id {
            return Err(fault("answered for another transaction"));
        }
        Ok(stands)
    }

    fn read(&self, answer: &peers::Answer) -> Result<Stands> {
        let PaymentTransaction { payment_request, payment_information: info } = answer.json()?;
        let status = match info.status.as_str() {
            "INITIAL" => Status::Initial,
            // FIT-Connect's metadata say BOOKED for the same thing.
            "PAYED" | "BOOKED" => Status::Payed,
            "FAILED" => Status::Failed,
            "CANCELED" => Status::Canceled,
            _ => return Err(fault("answered with an unknown status")),
        };
        if payment_request.currency != "EUR" {
            return Err(fault("answered with another currency"));
        }
        let cents = model::cents(payment_request.gros_amount.get()).ok_or_else(|| fault("answered with no amount"))?;
        let id = info.transaction_id;
        let harmless = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if id.is_empty() || id.len() > MAX_ID || !id.bytes().all(harmless) {
            return Err(fault("gave an unusable transaction id"));
        }
        let pay_url = info.transaction_redirect_url.filter(|url| self.acceptable(url));
        Ok(Stands { id, pay_url, said: Said { status, cents, reference: info.transaction_reference } })
    }

    /// Where a browser may be sent: encrypted in production, and nothing but a plain address.
    fn acceptable(&self, url: &str) -> bool {
        let known = url.starts_with("https://") || (!self.production && url.starts_with("http://"));
        known && url.len() <= 2000 && url.bytes().all(|b| b.is_ascii_graphic())
    }
}

fn body<'a>(request: &Request<'a>) -> Result<Body<'a>> {
    let overflow = || Error::internal("a fee is too large");
    let items = request.items.iter().enumerate().map(|(index, item)| {
        Ok(Item {
            id: (index + 1).to_string(),
            reference: &item.fee,
            description: &item.text,
            tax_rate: 0,
            quantity: item.quantity,
            total_net_amount: raw(item.total().ok_or_else(overflow)?)?,
            total_tax_amount: raw(Money::ZERO)?,
            single_net_amount: raw(item.single)?,
            single_tax_amount: raw(Money::ZERO)?,
            booking_data: Map::new(),
        })
    });
    Ok(Body {
        request_id: request.id.to_string(),
        request_timestamp: request.at,
        currency: "EUR",
        gros_amount: raw(request.cents)?,
        purpose: request.purpose,
        description: request.number.to_owned(),
        redirect_url: request.redirect_url,
        items: items.collect::<Result<_>>()?,
    })
}
