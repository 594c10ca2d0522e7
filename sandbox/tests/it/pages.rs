use sandbox::Config;
use serde_json::json;

use crate::client::{MEERBUSCH, city, get, post_form, start};

#[tokio::test]
async fn the_start_page_lists_cards_persons_and_entries() {
    let sandbox = start().await;
    let page = get(&format!("{}/", sandbox.base_url)).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["server"], "meer-sandbox");
    assert!(page.headers["content-type"].to_str().unwrap().starts_with("text/html"));
    for text in ["Erika Maria Beispiel-Ahorn", "Auskunftssperre", "Anna Muster-Apfel", "needs_registrar", "lang=\"de\""]
    {
        assert!(page.text().contains(text), "{text}");
    }
    assert_eq!(
        get(&format!("{}/sandbox.css", sandbox.base_url)).await.headers["content-type"],
        "text/css; charset=utf-8"
    );
    assert_eq!(get(&format!("{}/sandbox/health", sandbox.base_url)).await.text(), "ok");
    assert_eq!(get(&format!("{}/nirgends", sandbox.base_url)).await.status, 404);
}

#[tokio::test]
async fn named_persons_as_data() {
    let sandbox = start().await;
    let cities = get(&format!("{}/sandbox/persons", sandbox.base_url)).await.json();
    assert_eq!(cities[0]["ags"], MEERBUSCH);
    let persons = cities[0]["persons"].as_array().unwrap();
    let erika = persons.iter().find(|person| person["key"] == "erika").unwrap();
    assert_eq!(erika["address"]["street"], "Musterweg");
    assert!(cities[0]["cards"].as_array().unwrap().iter().any(|card| card["key"] == "cancelled"));
    let page = get(&format!("{}/sandbox/residents?ags={MEERBUSCH}&offset=5&limit=2", sandbox.base_url)).await.json();
    assert_eq!(page.as_array().unwrap().len(), 2);
    assert_eq!(get(&format!("{}/sandbox/residents?ags=0", sandbox.base_url)).await.status, 404);
    assert_eq!(get(&format!("{}/sandbox/residents", sandbox.base_url)).await.status, 400);
}

#[tokio::test]
async fn the_residents_are_the_same_after_every_start() {
    let mut lists = Vec::new();
    for _ in 0..2 {
        let sandbox = start().await;
        lists.push(get(&format!("{}/sandbox/residents?ags={MEERBUSCH}&limit=5000", sandbox.base_url)).await.body);
    }
    assert_eq!(lists[0], lists[1]);
    let first = serde_json::from_slice::<serde_json::Value>(&lists[0]).unwrap()[0].clone();
    let pinned = json!({
        "familyName": "Test-Roggen", "firstNames": "Maria", "birthDate": "1947-05-18",
        "address": { "street": "Musterstraße", "houseNumber": "121", "postalCode": "40667", "city": "Meerbusch" },
    });
    assert_eq!(first, pinned, "the generator changed: other tests and screenshots rely on its people");
}

#[tokio::test]
async fn two_cities_may_not_share_an_account() {
    let twice = Config::for_tests(vec![city("meerbusch"), city("meerbusch")]);
    let error = sandbox::start(twice).await.err().unwrap().to_string();
    assert!(error.contains("share"), "{error}");
}

#[tokio::test]
async fn a_wrong_city_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(city("musterstadt").join("sandbox.toml")).unwrap();
    for (from, to, expected) in [
        ("person = \"anna\"", "person = \"nobody\"", "nobody"),
        ("ags = \"99000001\"", "ags = \"990\"", "eight digits"),
        ("residents = 2000", "resident = 2000", ":6:1:"),
        ("birth_date = \"1991-09-01\"", "birth_date = \"1991-13-01\"", "expected a date"),
    ] {
        std::fs::write(dir.path().join("sandbox.toml"), text.replace(from, to)).unwrap();
        let error = sandbox::start(Config::for_tests(vec![dir.path().to_owned()])).await.err().unwrap();
        let error = format!("{error:#}");
        assert!(error.contains("sandbox.toml") && error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn demo_accounts_of_the_program_are_shown() {
    let dir = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(city("musterstadt").join("sandbox.toml")).unwrap();
    let top = "program_url = \"http://musterstadt.localhost:8080\"\n";
    std::fs::write(dir.path().join("sandbox.toml"), format!("{top}{}", text.replace("program_url", "# program_url")))
        .unwrap();
    let people = "[[staff]]\nlogin = \"standesamt@example\"\nname = \"A\"\nunit = \"standesamt\"\n\
                  password = \"<geheim>\"\nrole = []\n";
    std::fs::write(dir.path().join("people.toml"), people).unwrap();
    let sandbox = sandbox::start(Config::for_tests(vec![dir.path().to_owned()])).await.unwrap();
    let page = get(&format!("{}/", sandbox.base_url)).await.text();
    assert!(page.contains("href=\"http://musterstadt.localhost:8080\"") && page.contains("standesamt@example"));
    assert!(page.contains("geheim") && !page.contains("<geheim>"));
}

#[tokio::test]
async fn odd_requests_do_no_harm() {
    let sandbox = start().await;
    for path in [
        "/%00",
        "/mail/%ff",
        "/register/%2e%2e/population/match",
        "/pay/seite/%0a",
        "/kasse/refunds/%00",
        "/mail?to=%ff",
    ] {
        let status = get(&format!("{}{path}", sandbox.base_url)).await.status;
        assert!(status < 500, "{path}: {status}");
    }
    assert_eq!(post_form(&format!("{}/eid/authorize", sandbox.base_url), &[("client_id", "x")]).await.status, 400);
    assert_eq!(get(&format!("{}/sandbox/health", sandbox.base_url)).await.text(), "ok");
}
