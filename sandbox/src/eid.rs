//! eID login source: an OpenID Connect provider whose users are test cards.
//!
//! Code flow with PKCE (RFC 7636, S256 only) and `client_secret_post`; ID tokens are signed with Ed25519 (RFC 8037).
//! The level of assurance is the one of the card, whatever the client asked for, so a client has to check `acr`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use axum::Router;
use axum::extract::{RawForm, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::{Signer, SigningKey};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::app::{App, City, Expiring, random_token, same_secret};
use crate::city::{CardEntry, CardOutcome, CityFile, EidClient, Level};
use crate::http::{AppState, Problem, bearer, json as json_answer};
use crate::pages;
use crate::residents::Registers;

/// Time to choose a card.
const CHOICE_VALID: SignedDuration = SignedDuration::from_mins(15);
/// Validity of a code (RFC 6749, section 4.1.2 recommends at most ten minutes).
const CODE_VALID: SignedDuration = SignedDuration::from_secs(60);
/// Validity of access and ID token.
const TOKEN_VALID: SignedDuration = SignedDuration::from_mins(5);

/// The provider with its clients, cards and running logins.
pub struct Provider {
    issuer: String,
    key: SigningKey,
    key_id: String,
    clients: Vec<Client>,
    logins: Mutex<Logins>,
}

struct Client {
    city: String,
    account: EidClient,
    cards: Vec<Card>,
}

/// A test card with what its chip tells the client.
#[derive(Clone, Debug)]
pub struct Card {
    pub key: String,
    pub label: String,
    pub expect: String,
    pub level: Level,
    pub outcome: CardOutcome,
    profile: Map<String, Value>,
    address: Option<Value>,
}

impl Card {
    /// Name on the card for pages.
    pub fn holder(&self) -> String {
        let part = |claim: &str| self.profile.get(claim).and_then(Value::as_str).unwrap_or_default();
        format!("{} {}", part("given_name"), part("family_name")).trim().to_owned()
    }
}

#[derive(Default)]
struct Logins {
    choices: Expiring<Request>,
    codes: Expiring<Code>,
    access: Expiring<Access>,
}

/// An authorisation request whose parameters were accepted.
#[derive(Clone, Debug)]
struct Request {
    client: usize,
    redirect_uri: String,
    scope: String,
    state: Option<String>,
    nonce: Option<String>,
    challenge: String,
}

struct Code {
    request: Request,
    card: usize,
    chosen_at: Timestamp,
    /// Set when the code was used; a second use revokes this token (RFC 6749, section 4.1.2).
    issued: Option<String>,
}

struct Access {
    client: usize,
    card: usize,
    scope: String,
}

impl Provider {
    pub fn build(cities: &[City], data: Option<&Path>, issuer: String) -> anyhow::Result<Self> {
        let key = signing_key(data)?;
        let key_id = HEXLOWER.encode(&Sha256::digest(key.verifying_key().as_bytes())[..8]);
        let clients = cities.iter().map(|city| Client {
            city: city.file.name.clone(),
            account: city.file.eid.clone(),
            cards: city.cards.clone(),
        });
        let clients = clients.collect();
        Ok(Self { issuer, key, key_id, clients, logins: Mutex::default() })
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.key_id });
        let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(&signature.to_bytes()))
    }

    /// Stable pseudonym of a card towards one client, as the dienste- und kartenspezifisches Kennzeichen of an eID.
    fn subject(&self, client: usize, card: usize) -> String {
        let client = &self.clients[client];
        let text = format!("{}\n{}", client.account.client_id, client.cards[card].key);
        BASE64URL_NOPAD.encode(&Sha256::digest(text.as_bytes()))
    }
}

/// A new key, or the one kept in the data folder.
fn signing_key(data: Option<&Path>) -> anyhow::Result<SigningKey> {
    let path = data.map(|dir| dir.join("eid-signing-key"));
    if let Some(path) = path.as_deref().filter(|path| path.exists()) {
        let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
        let bytes: [u8; 32] =
            bytes.try_into().ok().with_context(|| format!("{}: 32 bytes expected", path.display()))?;
        return Ok(SigningKey::from_bytes(&bytes));
    }
    let bytes: [u8; 32] = rand::rng().random();
    if let Some(path) = path {
        std::fs::write(&path, bytes).with_context(|| format!("{}", path.display()))?;
    }
    Ok(SigningKey::from_bytes(&bytes))
}

/// The test cards of a city.
pub fn cards(file: &CityFile, registers: &Registers) -> anyhow::Result<Vec<Card>> {
    let cards = file.cards.iter();
    cards.map(|entry| card(entry, registers).with_context(|| format!("card {:?}", entry.key))).collect()
}

fn card(entry: &CardEntry, registers: &Registers) -> anyhow::Result<Card> {
    let person = match &entry.person {
        None => None,
        Some(key) => Some(registers.by_key(key).with_context(|| format!("no person has the key {key:?}"))?),
    };
    let family_name = entry.family_name.clone().or_else(|| person.map(|p| p.family_name.clone()));
    let given_name = entry.given_name.clone().or_else(|| person.map(|p| p.first_names.join(" ")));
    let birth_date = entry.birth_date.or(person.map(|p| p.birth_date));
    if entry.outcome == CardOutcome::Ok && (family_name.is_none() || birth_date.is_none()) {
        bail!("a card needs a person, or a family name and a birth date");
    }
    let mut profile = Map::new();
    let claims = [
        ("family_name", family_name),
        ("given_name", given_name),
        ("birthdate", birth_date.and_then(|date| date.to_claim())),
    ];
    for (claim, value) in claims {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            profile.insert(claim.to_owned(), Value::String(value));
        }
    }
    let address = match (&entry.address, person.and_then(|p| p.addresses.iter().find(|a| !a.secondary))) {
        _ if entry.without_address => None,
        (Some(a), _) => Some(address_claim(&a.street_address, &a.postal_code, &a.locality, &a.country)),
        (None, Some(a)) => {
            let street = format!("{} {}", a.street, a.house_number);
            Some(address_claim(street.trim(), &a.postal_code, &a.city, a.country.as_deref().unwrap_or("DE")))
        }
        (None, None) => None,
    };
    Ok(Card {
        key: entry.key.clone(),
        label: entry.label.clone(),
        expect: entry.expect.clone(),
        level: entry.level,
        outcome: entry.outcome,
        profile,
        address,
    })
}

fn address_claim(street_address: &str, postal_code: &str, locality: &str, country: &str) -> Value {
    json!({
        "street_address": street_address,
        "postal_code": postal_code,
        "locality": locality,
        "country": country,
    })
}

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/eid/.well-known/openid-configuration", get(discovery))
        .route("/eid/jwks", get(jwks))
        .route("/eid/authorize", get(authorize_get).post(authorize_post))
        .route("/eid/karte", post(choose))
        .route("/eid/token", post(token))
        .route("/eid/userinfo", get(userinfo).post(userinfo))
}

async fn discovery(State(app): AppState) -> Response {
    let issuer = &app.eid.issuer;
    json_answer(
        StatusCode::OK,
        &json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "userinfo_endpoint": format!("{issuer}/userinfo"),
            "jwks_uri": format!("{issuer}/jwks"),
            "scopes_supported": ["openid", "profile", "address"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code"],
            "acr_values_supported": [Level::Low.uri(), Level::Substantial.uri(), Level::High.uri()],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "claim_types_supported": ["normal"],
            "claims_supported": ["sub", "acr", "auth_time", "family_name", "given_name", "birthdate", "address"],
            "code_challenge_methods_supported": ["S256"],
            "ui_locales_supported": ["de"],
            "claims_parameter_supported": false,
            "request_parameter_supported": false,
            "request_uri_parameter_supported": false,
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

async fn jwks(State(app): AppState) -> Response {
    let public = BASE64URL_NOPAD.encode(app.eid.key.verifying_key().as_bytes());
    let key = json!({
        "kty": "OKP", "crv": "Ed25519", "x": public, "kid": app.eid.key_id, "use": "sig", "alg": "EdDSA",
    });
    json_answer(StatusCode::OK, &json!({ "keys": [key] }))
}

async fn authorize_get(State(app): AppState, RawQuery(query): RawQuery) -> Response {
    authorize(&app, query.unwrap_or_default().as_bytes())
}

async fn authorize_post(State(app): AppState, RawForm(form): RawForm) -> Response {
    authorize(&app, &form)
}

/// Form parameters; none may come twice (RFC 6749, section 3.1).
struct Params(HashMap<String, String>);

impl Params {
    fn parse(encoded: &[u8]) -> Result<Self, &'static str> {
        let mut map = HashMap::new();
        for (name, value) in url::form_urlencoded::parse(encoded) {
            if map.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err("a parameter comes twice");
            }
        }
        Ok(Self(map))
    }

    /// A parameter without a value counts as left out.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

fn authorize(app: &App, encoded: &[u8]) -> Response {
    let params = match Params::parse(encoded) {
        Ok(params) => params,
        Err(_) => return refuse("Die Anmeldung wurde mit doppelten Angaben aufgerufen."),
    };
    // Until client and redirect URI are known to belong together, nothing may be sent to the redirect URI.
    let clients = &app.eid.clients;
    let Some(client) = clients.iter().position(|c| params.get("client_id") == Some(c.account.client_id.as_str()))
    else {
        return refuse("Die aufrufende Anwendung ist hier nicht bekannt.");
    };
    let account = &clients[client].account;
    let Some(redirect_uri) = params.get("redirect_uri").filter(|uri| may_redirect(account, uri)) else {
        return refuse("Die Adresse für den Rücksprung gehört nicht zur aufrufenden Anwendung.");
    };
    let state = params.get("state");
    let back = |error: &str, description: &str| {
        redirect(&app.eid.issuer, redirect_uri, &[("error", error), ("error_description", description)], state)
    };
    let scope = params.get("scope").unwrap_or_default();
    if params.get("response_type") != Some("code") {
        return back("unsupported_response_type", "response_type must be code");
    }
    if !scope.split(' ').any(|s| s == "openid") {
        return back("invalid_scope", "scope must contain openid");
    }
    if params.get("request").is_some() {
        return back("request_not_supported", "no request objects");
    }
    if params.get("request_uri").is_some() {
        return back("request_uri_not_supported", "no request objects");
    }
    if params.get("prompt") == Some("none") {
        return back("login_required", "a card has to be chosen");
    }
    if params.get("code_challenge_method") != Some("S256") {
        return back("invalid_request", "code_challenge_method must be S256");
    }
    let Some(challenge) = params.get("code_challenge").filter(|challenge| is_challenge(challenge)) else {
        return back("invalid_request", "code_challenge must be a base64url SHA-256 value");
    };
    let request = Request {
        client,
        redirect_uri: redirect_uri.to_owned(),
        scope: scope.to_owned(),
        state: state.map(str::to_owned),
        nonce: params.get("nonce").map(str::to_owned),
        challenge: challenge.to_owned(),
    };
    let choice = random_token();
    let now = app.now();
    let mut logins = app.eid.logins.lock().unwrap_or_else(PoisonError::into_inner);
    logins.choices.insert(choice.clone(), now + CHOICE_VALID, request, now);
    drop(logins);
    let client = &clients[client];
    pages::render(StatusCode::OK, &pages::ChooseCard { city: &client.city, choice: &choice, cards: &client.cards })
}

fn refuse(reason: &str) -> Response {
    pages::message(StatusCode::BAD_REQUEST, "Anmeldung nicht möglich", reason)
}

fn is_challenge(text: &str) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
}

/// Whether a redirect URI belongs to the client: exactly, or without regard to the port on this machine.
fn may_redirect(account: &EidClient, given: &str) -> bool {
    if account.redirect_uris.iter().any(|known| known == given) {
        return true;
    }
    let Some(url) = Url::parse(given).ok().filter(is_loopback) else { return false };
    account.any_loopback_redirect
        || account.redirect_uris.iter().filter_map(|known| Url::parse(known).ok()).any(|known| {
            is_loopback(&known)
                && known.host_str() == url.host_str()
                && known.path() == url.path()
                && known.query() == url.query()
        })
}

/// Plain HTTP on this machine, without user name or fragment.
fn is_loopback(url: &Url) -> bool {
    let here = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    here && url.scheme() == "http" && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
}

/// Sends the browser back with the parameters, `state` and `iss` (RFC 9207).
fn redirect(issuer: &str, uri: &str, params: &[(&str, &str)], state: Option<&str>) -> Response {
    let Ok(mut url) = Url::parse(uri) else { return refuse("Die Adresse für den Rücksprung ist ungültig.") };
    {
        let mut query = url.query_pairs_mut();
        query.extend_pairs(params);
        if let Some(state) = state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", issuer);
    }
    (StatusCode::SEE_OTHER, [(header::LOCATION, String::from(url))]).into_response()
}

/// The button of a card.
async fn choose(State(app): AppState, RawForm(form): RawForm) -> Response {
    let params = Params::parse(&form).unwrap_or(Params(HashMap::new()));
    let now = app.now();
    let mut logins = app.eid.logins.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(request) = params.get("choice").and_then(|choice| logins.choices.get(choice, now)).cloned() else {
        return refuse("Die Anmeldung ist abgelaufen. Starten Sie sie in der Anwendung neu.");
    };
    let cards = &app.eid.clients[request.client].cards;
    let Some(card) = cards.iter().position(|card| params.get("card") == Some(card.key.as_str())) else {
        return refuse("Diese Testkarte gibt es nicht.");
    };
    let (issuer, state) = (&app.eid.issuer, request.state.clone());
    let uri = request.redirect_uri.clone();
    let error = match cards[card].outcome {
        CardOutcome::Ok => None,
        CardOutcome::Cancelled => Some(("access_denied", "the user cancelled the login")),
        CardOutcome::Error => Some(("server_error", "the card could not be read")),
    };
    if let Some((error, description)) = error {
        let params = [("error", error), ("error_description", description)];
        return redirect(issuer, &uri, &params, state.as_deref());
    }
    let code = random_token();
    logins.codes.insert(code.clone(), now + CODE_VALID, Code { request, card, chosen_at: now, issued: None }, now);
    redirect(issuer, &uri, &[("code", &code)], state.as_deref())
}

/// An error of the token endpoint (RFC 6749, section 5.2).
#[derive(Debug)]
pub struct TokenError(pub StatusCode, pub &'static str, pub &'static str);

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        json_answer(self.0, &json!({ "error": self.1, "error_description": self.2 }))
    }
}

#[derive(Serialize)]
struct TokenAnswer {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    scope: String,
    id_token: String,
}

async fn token(State(app): AppState, headers: HeaderMap, RawForm(form): RawForm) -> Result<Response, TokenError> {
    let bad_request = |error, text| TokenError(StatusCode::BAD_REQUEST, error, text);
    let params = Params::parse(&form).map_err(|text| bad_request("invalid_request", text))?;
    let provider = &app.eid;
    let client = authenticate(provider, &params, &headers)?;
    if params.get("grant_type") != Some("authorization_code") {
        return Err(bad_request("unsupported_grant_type", "only authorization_code"));
    }
    let code = params.get("code").ok_or(bad_request("invalid_request", "code is missing"))?;
    let verifier = params.get("code_verifier").ok_or(bad_request("invalid_request", "code_verifier is missing"))?;
    let now = app.now();
    let mut logins = provider.logins.lock().unwrap_or_else(PoisonError::into_inner);
    let logins = &mut *logins;
    let invalid = |text| bad_request("invalid_grant", text);
    let entry = logins.codes.get_mut(code, now).ok_or(invalid("unknown or expired code"))?;
    if let Some(issued) = &entry.issued {
        logins.access.remove(issued);
        return Err(invalid("the code was used before"));
    }
    if entry.request.client != client {
        return Err(invalid("the code belongs to another client"));
    }
    if params.get("redirect_uri") != Some(entry.request.redirect_uri.as_str()) {
        return Err(invalid("redirect_uri is not the one of the authorisation request"));
    }
    let challenge = BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes()));
    if !(43..=128).contains(&verifier.len()) || !same_secret(&challenge, &entry.request.challenge) {
        return Err(invalid("code_verifier does not fit code_challenge"));
    }
    let access_token = random_token();
    entry.issued = Some(access_token.clone());
    let (card, scope) = (entry.card, entry.request.scope.clone());
    let mut claims = json!({
        "iss": provider.issuer,
        "sub": provider.subject(client, card),
        "aud": provider.clients[client].account.client_id,
        "iat": now.as_second(),
        "exp": (now + TOKEN_VALID).as_second(),
        "auth_time": entry.chosen_at.as_second(),
        "acr": provider.clients[client].cards[card].level.uri(),
        "at_hash": at_hash(&access_token),
    });
    if let Some(nonce) = &entry.request.nonce {
        claims["nonce"] = Value::String(nonce.clone());
    }
    let access = Access { client, card, scope: scope.clone() };
    logins.access.insert(access_token.clone(), now + TOKEN_VALID, access, now);
    let answer = TokenAnswer {
        access_token,
        token_type: "Bearer",
        expires_in: TOKEN_VALID.as_secs(),
        scope,
        id_token: provider.sign(&claims),
    };
    Ok(json_answer(StatusCode::OK, &answer))
}

/// Left half of the hash that belongs to the signature algorithm (OpenID Connect Core 1.0, section 3.1.3.6); Ed25519
/// hashes with SHA-512.
fn at_hash(access_token: &str) -> String {
    BASE64URL_NOPAD.encode(&sha2::Sha512::digest(access_token.as_bytes())[..32])
}

fn authenticate(provider: &Provider, params: &Params, headers: &HeaderMap) -> Result<usize, TokenError> {
    let refused = |text| TokenError(StatusCode::UNAUTHORIZED, "invalid_client", text);
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(refused("only client_secret_post"));
    }
    let secret = params.get("client_secret").unwrap_or_default();
    provider
        .clients
        .iter()
        .position(|client| {
            params.get("client_id") == Some(client.account.client_id.as_str())
                && same_secret(secret, &client.account.client_secret)
        })
        .ok_or(refused("unknown client or wrong secret"))
}

async fn userinfo(State(app): AppState, headers: HeaderMap) -> Result<Response, Problem> {
    let token = bearer(&headers).ok_or_else(Problem::unauthorized)?;
    let logins = app.eid.logins.lock().unwrap_or_else(PoisonError::into_inner);
    let access = logins.access.get(token, app.now()).ok_or_else(Problem::unauthorized)?;
    let card = &app.eid.clients[access.client].cards[access.card];
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), Value::String(app.eid.subject(access.client, access.card)));
    let asked = |scope: &str| access.scope.split(' ').any(|s| s == scope);
    if asked("profile") {
        claims.extend(card.profile.clone());
    }
    if let Some(address) = card.address.as_ref().filter(|_| asked("address")) {
        claims.insert("address".to_owned(), address.clone());
    }
    Ok(json_answer(StatusCode::OK, &claims))
}
