//! Tokens made here, good and bad; the way through a real provider is in `tests/`.

use ed25519_dalek::{Signer as _, SigningKey};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::json;

use super::*;

const NOW: i64 = 1_795_420_800;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn jwk(kid: &str) -> Key {
    let x = BASE64URL_NOPAD.encode(key().verifying_key().as_bytes());
    Key { kty: "OKP".into(), crv: "Ed25519".into(), kid: kid.into(), x, y: String::new() }
}

fn claims() -> Value {
    json!({"iss": "https://eid.example", "sub": "abc", "aud": "meer", "iat": NOW, "exp": NOW + 300, "nonce": "n",
           "acr": "http://eidas.europa.eu/LoA/high"})
}

fn part(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

fn token(header: Value, claims: &Value) -> String {
    let signed = format!("{}.{}", part(&header), part(claims));
    format!("{signed}.{}", BASE64URL_NOPAD.encode(&key().sign(signed.as_bytes()).to_bytes()))
}

fn good() -> String {
    token(json!({"alg": "EdDSA", "kid": "k"}), &claims())
}

#[test]
fn a_signed_token_is_read_and_nothing_else_is() {
    assert_eq!(verified(&good(), &[jwk("other"), jwk("k")]).unwrap().sub, "abc");
    let mut changed = claims();
    changed["sub"] = json!("somebody-else");
    let forged = {
        let good = good();
        let mut parts: Vec<&str> = good.split('.').collect();
        let body = part(&changed);
        parts[1] = &body;
        parts.join(".")
    };
    let unsigned = format!("{}.{}.", part(&json!({"alg": "none", "kid": "k"})), part(&claims()));
    for bad in [
        forged,
        unsigned,
        token(json!({"alg": "HS256", "kid": "k"}), &claims()),
        token(json!({"alg": "ES256", "kid": "k"}), &claims()),
        token(json!({"alg": "EdDSA", "kid": "unknown"}), &claims()),
        token(json!({"alg": "EdDSA", "kid": "k"}), &json!({"iss": 7})),
        format!("{}.x", good()),
        String::new(),
        "..".into(),
        "ä.ö.ü".into(),
    ] {
        assert!(verified(&bad, &[jwk("other"), jwk("k")]).is_err(), "{bad}");
    }
}

#[test]
fn a_token_without_a_key_id_is_taken_only_when_there_is_one_key() {
    let plain = token(json!({"alg": "EdDSA"}), &claims());
    assert!(verified(&plain, &[jwk("k")]).is_ok());
    assert!(verified(&plain, &[jwk("k"), jwk("l")]).is_err());
    assert!(verified(&plain, &[]).is_err());
}

#[test]
fn tokens_on_the_curve_p_256_are_read() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = Key {
        kty: "EC".into(),
        crv: "P-256".into(),
        kid: "e".into(),
        x: BASE64URL_NOPAD.encode(&point[1..33]),
        y: BASE64URL_NOPAD.encode(&point[33..]),
    };
    let signed = format!("{}.{}", part(&json!({"alg": "ES256", "kid": "e"})), part(&claims()));
    let signature = pair.sign(&random, signed.as_bytes()).unwrap();
    let token = format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()));
    assert!(verified(&token, std::slice::from_ref(&jwk)).is_ok());
    let broken = format!("{signed}.{}", BASE64URL_NOPAD.encode(&[0; 64]));
    assert!(verified(&broken, &[jwk]).is_err());
}

#[test]
fn claims_of_another_time_client_issuer_or_sign_in_are_refused() {
    let oidc = Oidc::new("https://eid.example/", "meer", "secret").unwrap();
    let now = Timestamp::from_second(NOW).unwrap();
    let check = |change: &dyn Fn(&mut Value), nonce: &str| {
        let mut claims = claims();
        change(&mut claims);
        oidc.check(&serde_json::from_value(claims).unwrap(), nonce, now)
    };
    let same = |_: &mut Value| {};
    assert!(check(&same, "n").is_ok());
    assert!(check(&|c| c["aud"] = json!(["meer"]), "n").is_ok());
    assert!(
        check(
            &|c| {
                c["aud"] = json!(["meer", "x"]);
                c["azp"] = json!("meer")
            },
            "n"
        )
        .is_ok()
    );
    assert!(check(&|c| c["exp"] = json!(NOW - 59), "n").is_ok(), "clocks differ a little");
    for (why, change) in [
        ("issuer", &(|c: &mut Value| c["iss"] = json!("https://eid.example.evil")) as &dyn Fn(&mut Value)),
        ("audience", &|c| c["aud"] = json!("other")),
        ("audience list", &|c| c["aud"] = json!(["meer", "x"])),
        ("authorised party", &|c| c["azp"] = json!("x")),
        ("expired", &|c| c["exp"] = json!(NOW - 61)),
        ("future", &|c| c["iat"] = json!(NOW + 61)),
        ("subject", &|c| c["sub"] = json!("")),
        ("no nonce", &|c| c["nonce"] = json!("")),
    ] {
        assert!(check(change, "n").is_err(), "{why}");
    }
    assert!(check(&same, "other").is_err());
    assert!(check(&|c| c["nonce"] = json!(""), "").is_err());
}

#[test]
fn levels_and_persons_are_read_as_the_card_gives_them() {
    assert_eq!(level("http://eidas.europa.eu/LoA/high"), Level::Hoch);
    assert_eq!(level("http://eidas.europa.eu/LoA/substantial"), Level::Substantiell);
    for other in ["http://eidas.europa.eu/LoA/low", "", "high", "HTTP://eidas.europa.eu/LoA/high"] {
        assert_eq!(level(other), Level::Basis, "{other}");
    }
    let read = |info: Value| person(serde_json::from_value(info).unwrap());
    let full = read(json!({"sub": "a", "family_name": "Muster", "given_name": "Mia", "birthdate": "1950-03",
        "address": {"street_address": "Musterweg 1", "postal_code": "40667", "locality": "Meerbusch", "country": "DE"}}));
    let full = full.unwrap().unwrap();
    assert_eq!(full.birth_date.unwrap().to_string(), "1950-03-00");
    assert_eq!(full.address.unwrap().street, "Musterweg 1");
    let one_name = read(json!({"sub": "a", "family_name": "Mustersurya", "birthdate": "1950"})).unwrap().unwrap();
    assert_eq!((one_name.given_names.as_str(), one_name.birth_date.unwrap().to_string().as_str()), ("", "1950-00-00"));
    assert!(read(json!({"sub": "a", "family_name": "X", "birthdate": "gestern"})).is_err());
    assert!(read(json!({"sub": "a", "given_name": "Mia"})).unwrap().is_none());
    let partial = read(json!({"sub": "a", "family_name": "X", "address": {"locality": "Meerbusch"}}));
    assert!(partial.unwrap().unwrap().address.is_none());
}

#[test]
fn addresses_at_another_host_are_not_followed() {
    let oidc = Oidc::new("https://eid.example/eid", "meer", "secret").unwrap();
    assert!(oidc.at("https://eid.example/eid/token", None).is_ok());
    for url in ["https://evil.example/token", "http://eid.example/token", "https://eid.example.evil/t", "token"] {
        assert!(oidc.at(url, None).is_err(), "{url}");
    }
}
