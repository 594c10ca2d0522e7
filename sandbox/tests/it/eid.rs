use data_encoding::BASE64URL_NOPAD;
use ed25519_dalek::{Signature, VerifyingKey};
use sandbox::Running;
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};
use url::Url;

use crate::client::{MEERBUSCH, REGISTER_TOKEN, Reply, config, fresh, get, get_as, post_form, post_json, send, start};

const CLIENT: &str = "meer-meerbusch";
const SECRET: &str = "sandbox-eid-secret-meerbusch";
const REDIRECT: &str = "http://localhost:8080/anmelden/zurueck?weg=eid";
const VERIFIER: &str = "a-verifier-with-at-least-forty-three-characters-0123456789";

fn challenge() -> String {
    BASE64URL_NOPAD.encode(&Sha256::digest(VERIFIER))
}

/// The parameters of a correct authorisation request, some of them replaced or (empty) left out.
fn authorisation(sandbox: &Running, changes: &[(&str, &str)]) -> String {
    let mut params = vec![
        ("response_type", "code".to_owned()),
        ("client_id", CLIENT.to_owned()),
        ("redirect_uri", REDIRECT.to_owned()),
        ("scope", "openid profile address".to_owned()),
        ("state", "zustand-1".to_owned()),
        ("nonce", "einmal-1".to_owned()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".to_owned()),
        ("acr_values", "http://eidas.europa.eu/LoA/high".to_owned()),
    ];
    for (name, value) in changes {
        params.retain(|(known, _)| known != name);
        params.push((name, (*value).to_owned()));
    }
    params.retain(|(_, value)| !value.is_empty());
    Url::parse_with_params(&format!("{}/eid/authorize", sandbox.base_url), params).unwrap().into()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Chooses a card on the page, as the browser would.
async fn choose(sandbox: &Running, page: &Reply, card: &str) -> Reply {
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    assert!(text.contains(&format!("value=\"{card}\"")), "no card {card}");
    let (_, after) = text.split_once("name=\"choice\" value=\"").unwrap();
    let (choice, _) = after.split_once('"').unwrap();
    post_form(&format!("{}/eid/karte", sandbox.base_url), &[("choice", choice), ("card", card)]).await
}

async fn code(sandbox: &Running, card: &str) -> String {
    let page = get(&authorisation(sandbox, &[])).await;
    let back = choose(sandbox, &page, card).await.location();
    assert!(back.as_str().starts_with(REDIRECT));
    assert_eq!(parameter(&back, "state").as_deref(), Some("zustand-1"));
    assert_eq!(parameter(&back, "iss"), Some(format!("{}/eid", sandbox.base_url)));
    parameter(&back, "code").unwrap()
}

async fn redeem(sandbox: &Running, code: &str, changes: &[(&str, &str)]) -> Reply {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("client_id", CLIENT),
        ("client_secret", SECRET),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in changes {
        form.retain(|(known, _)| known != name);
        form.push((name, value));
    }
    form.retain(|(_, value)| !value.is_empty());
    post_form(&format!("{}/eid/token", sandbox.base_url), &form).await
}

/// Checks the signature with the published key and gives the claims.
async fn verified(sandbox: &Running, id_token: &str) -> Value {
    let discovery = get(&format!("{}/eid/.well-known/openid-configuration", sandbox.base_url)).await.json();
    let keys = get(discovery["jwks_uri"].as_str().unwrap()).await.json();
    let parts: Vec<&str> = id_token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("three parts expected") };
    let decode = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
    let header: Value = serde_json::from_slice(&decode(header)).unwrap();
    assert_eq!(header["alg"], "EdDSA");
    let key = keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == header["kid"]).unwrap();
    let public: [u8; 32] = decode(key["x"].as_str().unwrap()).try_into().unwrap();
    let signature = Signature::from_slice(&decode(signature)).unwrap();
    let signed = id_token.rsplit_once('.').unwrap().0;
    VerifyingKey::from_bytes(&public).unwrap().verify_strict(signed.as_bytes(), &signature).unwrap();
    serde_json::from_slice(&decode(claims)).unwrap()
}

struct Login {
    id: Value,
    user: Value,
}

async fn log_in(sandbox: &Running, card: &str) -> Login {
    let code = code(sandbox, card).await;
    let tokens = redeem(sandbox, &code, &[]).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    assert_eq!(tokens.headers["cache-control"], "no-store");
    let tokens = tokens.json();
    assert_eq!(tokens["token_type"], "Bearer");
    let access = tokens["access_token"].as_str().unwrap();
    let id = verified(sandbox, tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(id["at_hash"], BASE64URL_NOPAD.encode(&Sha512::digest(access)[..32]));
    let user = get_as(&format!("{}/eid/userinfo", sandbox.base_url), access).await.json();
    Login { id, user }
}

#[tokio::test]
async fn a_login_with_a_card() {
    let sandbox = start().await;
    let login = log_in(&sandbox, "erika").await;
    let issuer = format!("{}/eid", sandbox.base_url);
    assert_eq!(login.id["iss"], issuer.as_str());
    assert_eq!(login.id["aud"], CLIENT);
    assert_eq!(login.id["nonce"], "einmal-1");
    assert_eq!(login.id["acr"], "http://eidas.europa.eu/LoA/high");
    assert!(login.id["exp"].as_i64().unwrap() > login.id["iat"].as_i64().unwrap());
    assert_eq!(
        login.user,
        json!({
            "sub": login.id["sub"], "family_name": "Beispiel-Ahorn", "given_name": "Erika Maria", "birthdate": "1984-06-12",
            "address": { "street_address": "Musterweg 12", "postal_code": "40667", "locality": "Meerbusch", "country": "DE" },
        })
    );
    let discovery = get(&format!("{issuer}/.well-known/openid-configuration")).await.json();
    assert_eq!(discovery["issuer"], issuer.as_str());
    assert_eq!(discovery["code_challenge_methods_supported"], json!(["S256"]));
}

#[tokio::test]
async fn the_pseudonym_is_stable_and_differs_between_cards() {
    let sandbox = start().await;
    let erika = log_in(&sandbox, "erika").await.id["sub"].clone();
    assert_eq!(log_in(&sandbox, "erika").await.id["sub"], erika);
    assert_ne!(log_in(&sandbox, "max").await.id["sub"], erika);
    sandbox.shutdown().await;
    let again = start().await;
    assert_eq!(log_in(&again, "erika").await.id["sub"], erika);
}

#[tokio::test]
async fn what_special_cards_say() {
    let sandbox = start().await;
    let one_name = log_in(&sandbox, "one-name").await.user;
    assert_eq!((one_name["family_name"].as_str(), one_name.get("given_name")), (Some("Mustersurya"), None));
    assert_eq!(log_in(&sandbox, "year-only").await.user["birthdate"], "1950");
    assert_eq!(log_in(&sandbox, "year-and-month").await.user["birthdate"], "1950-03");
    assert_eq!(log_in(&sandbox, "no-birth-date").await.user.get("birthdate"), None);
    assert_eq!(log_in(&sandbox, "differing-address").await.user["address"]["street_address"], "Teststraße 20");
    assert_eq!(log_in(&sandbox, "long-name").await.user["family_name"].as_str().unwrap().chars().count(), 120);
    let foreign = log_in(&sandbox, "eu-substantial").await;
    // The level is the card's, although "high" was asked for.
    assert_eq!(foreign.id["acr"], "http://eidas.europa.eu/LoA/substantial");
    assert_eq!(foreign.user.get("address"), None);
    assert_eq!(log_in(&sandbox, "low").await.id["acr"], "http://eidas.europa.eu/LoA/low");
    assert_eq!(log_in(&sandbox, "unknown").await.user["family_name"], "Probe-Unbekannt");
}

#[tokio::test]
async fn claims_follow_the_scope() {
    let sandbox = start().await;
    let page = get(&authorisation(&sandbox, &[("scope", "openid"), ("nonce", "")])).await;
    let back = choose(&sandbox, &page, "erika").await.location();
    let tokens = redeem(&sandbox, &parameter(&back, "code").unwrap(), &[]).await.json();
    let user =
        get_as(&format!("{}/eid/userinfo", sandbox.base_url), tokens["access_token"].as_str().unwrap()).await.json();
    assert_eq!(user.as_object().unwrap().keys().collect::<Vec<_>>(), ["sub"]);
    assert_eq!(verified(&sandbox, tokens["id_token"].as_str().unwrap()).await.get("nonce"), None);
}

#[tokio::test]
async fn cancelled_and_failed_logins_come_back_as_errors() {
    let sandbox = start().await;
    for (card, error) in [("cancelled", "access_denied"), ("error", "server_error")] {
        let page = get(&authorisation(&sandbox, &[])).await;
        let back = choose(&sandbox, &page, card).await.location();
        assert_eq!(parameter(&back, "error").as_deref(), Some(error));
        assert_eq!(parameter(&back, "state").as_deref(), Some("zustand-1"));
        assert_eq!(parameter(&back, "code"), None);
    }
}

#[tokio::test]
async fn wrong_requests_go_back_only_to_a_known_address() {
    let sandbox = start().await;
    for changes in [
        [("client_id", "somebody")],
        [("redirect_uri", "https://example.org/")],
        [("redirect_uri", "http://localhost.example.org/")],
        [("redirect_uri", "http://user@localhost/")],
        [("redirect_uri", "javascript:alert(1)")],
        [("redirect_uri", "")],
    ] {
        let reply = get(&authorisation(&sandbox, &changes)).await;
        assert_eq!((reply.status, reply.headers.get("location")), (400, None), "{changes:?}");
    }
    for (changes, error) in [
        ([("response_type", "token")], "unsupported_response_type"),
        ([("scope", "profile")], "invalid_scope"),
        ([("code_challenge", "")], "invalid_request"),
        ([("code_challenge", "kurz")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("code_challenge_method", "")], "invalid_request"),
        ([("prompt", "none")], "login_required"),
        ([("request", "e30.e30.")], "request_not_supported"),
    ] {
        let back = get(&authorisation(&sandbox, &changes)).await.location();
        assert_eq!(parameter(&back, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("zustand-1"));
    }
    let twice = format!("{}&scope=openid", authorisation(&sandbox, &[]));
    assert_eq!(get(&twice).await.status, 400);
    let karte = format!("{}/eid/karte", sandbox.base_url);
    assert_eq!(post_form(&karte, &[("choice", "made-up"), ("card", "erika")]).await.status, 400);
    assert_eq!(post_form(&karte, &[]).await.status, 400);
}

#[tokio::test]
async fn a_code_is_bound_to_client_redirect_and_verifier_and_works_once() {
    let sandbox = start().await;
    let other = [("client_id", "meer-musterstadt"), ("client_secret", "sandbox-eid-secret-musterstadt")];
    let code = code(&sandbox, "erika").await;
    for (changes, status, error) in [
        (&[("code_verifier", "another-verifier-with-at-least-forty-three-characters")][..], 400, "invalid_grant"),
        (&[("code_verifier", "")], 400, "invalid_request"),
        (&[("redirect_uri", "http://localhost:8080/")], 400, "invalid_grant"),
        (&[("client_secret", "wrong")], 401, "invalid_client"),
        (&[("client_secret", "")], 401, "invalid_client"),
        (&other, 400, "invalid_grant"),
        (&[("grant_type", "password")], 400, "unsupported_grant_type"),
        (&[("code", "made-up")], 400, "invalid_grant"),
    ] {
        let reply = redeem(&sandbox, &code, changes).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (status, Some(error)), "{changes:?}");
    }
    let tokens = redeem(&sandbox, &code, &[]).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    let userinfo = format!("{}/eid/userinfo", sandbox.base_url);
    assert_eq!(get_as(&userinfo, access).await.status, 200);
    assert_eq!(redeem(&sandbox, &code, &[]).await.json()["error"], "invalid_grant");
    assert_eq!(get_as(&userinfo, access).await.status, 401, "a code used twice revokes its token");
}

#[tokio::test]
async fn basic_authentication_and_foreign_tokens_are_refused() {
    let sandbox = start().await;
    let token = format!("{}/eid/token", sandbox.base_url);
    let headers = [("authorization", "Basic bTptCg=="), ("content-type", "application/x-www-form-urlencoded")];
    let reply = send("POST", &token, &headers, "grant_type=authorization_code").await.unwrap();
    assert_eq!((reply.status, reply.json()["error"].as_str()), (401, Some("invalid_client")));
    assert_eq!(post_form(&token, &[("grant_type", "x"), ("grant_type", "y")]).await.json()["error"], "invalid_request");
    let huge = "x".repeat(300_000);
    assert_eq!(post_form(&token, &[("code", &huge)]).await.status, 413);
    assert_eq!(get(&format!("{}/eid/userinfo", sandbox.base_url)).await.status, 401);
    assert_eq!(get_as(&format!("{}/eid/userinfo", sandbox.base_url), "made-up").await.status, 401);
}

#[tokio::test]
async fn the_key_outlives_a_restart_with_a_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let config = sandbox::Config { data: Some(data.path().to_owned()), ..config() };
    let mut keys = Vec::new();
    for _ in 0..2 {
        let sandbox = sandbox::start(config.clone()).await.unwrap();
        keys.push(get(&format!("{}/eid/jwks", sandbox.base_url)).await.json());
        sandbox.shutdown().await;
    }
    assert_eq!(keys[0], keys[1]);
}

/// What the register says to the data of each card, asked as the city's program asks.
#[tokio::test]
async fn every_card_leads_to_the_answer_it_promises() {
    let sandbox = start().await;
    for (card, expected) in [
        ("erika", "match"),
        ("max", "match"),
        ("differing-address", "differs"),
        ("one-name", "match"),
        ("diacritics", "match"),
        ("long-name", "match"),
        ("year-only", "match"),
        ("year-and-month", "match"),
        ("no-birth-date", "match"),
        ("moved-away", "differs"),
        ("blocked", "match"),
        ("blocked-differing", "not_found"),
        ("conditional-differing", "not_found"),
        ("spouse-of-blocked", "match"),
        ("adopted", "match"),
        ("unknown", "not_found"),
        ("namesake", "ambiguous"),
        ("eu-substantial", "differs"),
        ("low", "match"),
    ] {
        let user = log_in(&sandbox, card).await.user;
        let address = user.get("address").map(|address| {
            json!({ "street": address["street_address"], "postalCode": address["postal_code"], "city": address["locality"] })
        });
        let person = json!({
            "familyName": user["family_name"], "firstNames": user["given_name"], "address": address,
            "birthDate": user.get("birthdate").unwrap_or(&json!("0000-00-00")),
        });
        let question = json!({ "requestId": fresh(), "purpose": "Test", "identityProven": true, "person": person });
        let url = format!("{}/register/{MEERBUSCH}/population/match", sandbox.base_url);
        let answer = post_json(&url, REGISTER_TOKEN, &question).await.json();
        assert_eq!(answer["result"], expected, "{card}: {answer}");
    }
}
