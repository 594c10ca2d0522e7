//! OpenID Connect client (code flow with PKCE) for an eID server: one way of signing in behind
//! [`identity::LoginSource`].

use data_encoding::BASE64URL_NOPAD;
use house::City;
use identity::{Address, Answer, ExternalPerson, LoginSource, Person, Request, Returned};
use jiff::SignedDuration;
use kernel::{Error, Level, PartialDate, Result, Timestamp, sha256};
use peers::Peer;
use ring::signature::{ECDSA_P256_SHA256_FIXED, ED25519, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

/// Clocks of two machines differ by no more.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);
const PEER: &str = "eid";

/// A client of one provider.
pub struct Oidc {
    peer: Peer,
    issuer: String,
    client_id: String,
    client_secret: String,
}

/// Provider metadata (OpenID Connect Discovery 1.0 section 3), as far as it is used.
#[derive(Deserialize)]
struct Provider {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
    id_token: String,
}

/// RFC 7517, Ed25519 (RFC 8037) and P-256 keys.
#[derive(Deserialize)]
struct Key {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    kid: String,
    #[serde(default)]
    x: String,
    #[serde(default)]
    y: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Value,
    exp: i64,
    iat: i64,
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    acr: String,
    #[serde(default)]
    azp: Option<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    sub: String,
    #[serde(default)]
    family_name: Option<String>,
    #[serde(default)]
    given_name: Option<String>,
    #[serde(default)]
    birthdate: Option<String>,
    #[serde(default)]
    address: Option<UserAddress>,
}

#[derive(Deserialize)]
struct UserAddress {
    #[serde(default)]
    street_address: String,
    #[serde(default)]
    postal_code: String,
    #[serde(default)]
    locality: String,
    #[serde(default)]
    country: String,
}

fn untrusted(why: &'static str) -> Error {
    tracing::warn!(why, "an answer of the eID server was refused");
    Error::refused("external-failed")
}

impl Oidc {
    /// The provider of a city: peer `eid`, whose `url` is the issuer.
    ///
    /// # Errors
    /// `Internal` when the operator has configured none.
    pub fn of(city: &City) -> Result<Oidc> {
        let config = city.peer(PEER)?;
        Oidc::new(&config.url, &config.client, &city.secret(PEER)?.unwrap_or_default())
    }

    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(issuer: &str, client_id: &str, client_secret: &str) -> Result<Oidc> {
        let issuer = issuer.trim_end_matches('/').to_owned();
        Ok(Oidc {
            peer: Peer::new(PEER, &issuer, None)?,
            issuer,
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
        })
    }

    /// Whether the operator has configured a provider for the city.
    pub fn is_configured(city: &City) -> bool {
        city.peer(PEER).is_ok()
    }

    async fn provider(&self) -> Result<Provider> {
        let answer = self.peer.get("/.well-known/openid-configuration").await?.expect_success()?;
        let provider: Provider = answer.json()?;
        // Discovery section 4.3: the issuer must be the one that was asked.
        if provider.issuer != self.issuer {
            return Err(untrusted("metadata of another issuer"));
        }
        Ok(provider)
    }

    /// A peer for one of the provider's addresses; all must lie at the provider's own host.
    fn at(&self, url: &str, bearer: Option<String>) -> Result<Peer> {
        let origin = |url: &str| url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        if origin(url) != origin(&self.issuer) {
            return Err(untrusted("an address at another host"));
        }
        Peer::new(PEER, url, bearer)
    }

    async fn begin_here(&self, request: &Request) -> Result<String> {
        let provider = self.provider().await?;
        let challenge = BASE64URL_NOPAD.encode(&sha256(&[request.verifier.as_bytes()]));
        let query = [
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", &request.redirect),
            ("scope", "openid profile address"),
            ("state", &request.state),
            ("nonce", &request.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("acr_values", "http://eidas.europa.eu/LoA/high"),
        ];
        let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
        let joint = if provider.authorization_endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{}{joint}{}", provider.authorization_endpoint, query.join("&")))
    }

    async fn finish_here(&self, returned: &Returned) -> Result<ExternalPerson> {
        // RFC 9207: an answer of another issuer must not be taken.
        if returned.params.get("iss").is_some_and(|iss| *iss != self.issuer) {
            return Err(untrusted("an answer of another issuer"));
        }
        if let Some(error) = returned.params.get("error") {
            return Err(match error.as_str() {
                "access_denied" => Error::refused("external-cancelled"),
                _ => untrusted("the provider reports an error"),
            });
        }
        let code = returned.params.get("code").ok_or_else(|| untrusted("an answer without a code"))?;
        let provider = self.provider().await?;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &returned.redirect),
            ("client_id", &self.client_id),
            ("client_secret", &self.client_secret),
            ("code_verifier", &returned.verifier),
        ];
        let answer = self.at(&provider.token_endpoint, None)?.post_form("", &form).await?;
        if (400..500).contains(&answer.status) {
            return Err(untrusted("the code is not taken"));
        }
        let tokens: Tokens = answer.expect_success()?.json()?;
        let keys: Keys = self.at(&provider.jwks_uri, None)?.get("").await?.expect_success()?.json()?;
        // A key of a kind that is not known here may stand beside the others.
        let keys: Vec<Key> = keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        let claims = verified(&tokens.id_token, &keys)?;
        self.check(&claims, &returned.nonce, returned.now)?;
        let info = self.at(&provider.userinfo_endpoint, Some(tokens.access_token))?.get("").await?;
        let info: UserInfo = info.expect_success()?.json()?;
        // OpenID Connect Core section 5.3.2: otherwise the answer could be somebody else's.
        if info.sub != claims.sub {
            return Err(untrusted("user data of somebody else"));
        }
        Ok(ExternalPerson { level: level(&claims.acr), person: person(info)?, subject: claims.sub })
    }

    /// OpenID Connect Core section 3.1.3.7.
    fn check(&self, claims: &Claims, nonce: &str, now: Timestamp) -> Result<()> {
        let for_us = match &claims.aud {
            Value::String(aud) => *aud == self.client_id,
            Value::Array(all) => {
                all.iter().any(|aud| *aud == self.client_id) && (all.len() == 1 || claims.azp.is_some())
            }
            _ => false,
        };
        if claims.iss != self.issuer {
            return Err(untrusted("a token of another issuer"));
        }
        if !for_us || claims.azp.as_ref().is_some_and(|azp| *azp != self.client_id) {
            return Err(untrusted("a token for another client"));
        }
        let (second, skew) = (now.as_second(), CLOCK_SKEW.as_secs());
        if claims.exp <= second - skew {
            return Err(untrusted("an expired token"));
        }
        if claims.iat > second + skew {
            return Err(untrusted("a token from the future"));
        }
        if nonce.is_empty() || !bool::from(subtle::ConstantTimeEq::ct_eq(claims.nonce.as_bytes(), nonce.as_bytes())) {
            return Err(untrusted("a token of another sign-in"));
        }
        if claims.sub.is_empty() || claims.sub.len() > 255 {
            return Err(untrusted("a token without a subject"));
        }
        Ok(())
    }
}

impl LoginSource for Oidc {
    fn key(&self) -> &str {
        PEER
    }

    fn begin<'a>(&'a self, request: &'a Request) -> Answer<'a, String> {
        Box::pin(self.begin_here(request))
    }

    fn finish<'a>(&'a self, returned: &'a Returned) -> Answer<'a, ExternalPerson> {
        Box::pin(self.finish_here(returned))
    }
}

/// The claims of a signed token. The algorithm is that of the key, never what the token asks for.
fn verified(token: &str, keys: &[Key]) -> Result<Claims> {
    let fault = || untrusted("a malformed token");
    let mut parts = token.split('.');
    let (Some(head), Some(body), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(fault());
    };
    let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| fault());
    let header: Header = serde_json::from_slice(&decode(head)?).map_err(|_| fault())?;
    let signature = decode(signature)?;
    let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
    let key = match (header.kid.as_str(), keys) {
        ("", [only]) => Some(only),
        (kid, keys) => keys.iter().find(|key| !kid.is_empty() && key.kid == kid),
    };
    let key = key.ok_or_else(|| untrusted("a token with an unknown key"))?;
    let genuine = match (header.alg.as_str(), key.kty.as_str(), key.crv.as_str()) {
        ("EdDSA", "OKP", "Ed25519") => {
            UnparsedPublicKey::new(&ED25519, decode(&key.x)?).verify(signed.as_bytes(), &signature)
        }
        ("ES256", "EC", "P-256") => {
            let point = [vec![4], decode(&key.x)?, decode(&key.y)?].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed.as_bytes(), &signature)
        }
        _ => return Err(untrusted("a token with another algorithm")),
    };
    genuine.map_err(|_| untrusted("a token with a wrong signature"))?;
    serde_json::from_slice(&decode(body)?).map_err(|_| fault())
}

/// Levels of assurance of eIDAS (Implementing Regulation (EU) 2015/1502); what is not known counts for nothing.
fn level(acr: &str) -> Level {
    match acr {
        "http://eidas.europa.eu/LoA/high" => Level::Hoch,
        "http://eidas.europa.eu/LoA/substantial" => Level::Substantiell,
        _ => Level::Basis,
    }
}

fn person(info: UserInfo) -> Result<Option<Person>> {
    let Some(family_name) = info.family_name.filter(|name| !name.trim().is_empty()) else { return Ok(None) };
    let birth_date = info.birthdate.as_deref().map(birth_date).transpose()?;
    let address = info.address.map(|a| Address {
        street: a.street_address,
        postal_code: a.postal_code,
        city: a.locality,
        country: a.country,
    });
    // An address without its parts is none.
    let address = address.filter(|a| ![&a.street, &a.postal_code, &a.city, &a.country].iter().any(|t| t.is_empty()));
    Ok(Some(Person { family_name, given_names: info.given_name.unwrap_or_default(), birth_date, address }))
}

/// `1984-06-12`, `1950-03` or `1950` (OpenID Connect Core section 5.1 allows the year alone).
fn birth_date(text: &str) -> Result<PartialDate> {
    let parts: Vec<&str> = text.split('-').collect();
    let whole = match parts.as_slice() {
        [year] => format!("{year}-00-00"),
        [year, month] => format!("{year}-{month}-00"),
        _ => text.to_owned(),
    };
    whole.parse().map_err(|_| untrusted("a birth date that is none"))
}

fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
