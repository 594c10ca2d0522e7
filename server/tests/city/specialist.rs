//! The interface for specialist systems: what a machine account may do, and that it finds nothing beyond its reach.

use axum::{Router, body::Body, http::Request};
use meer::modules::MODULES;
use serde_json::{Value, json};
use testkit::{Browser, TestCity};
use tower::ServiceExt as _;

use crate::walks::{self, STAFF_PASSWORD};

const V: &str = "/api/fachverfahren/v1";
const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
const BOUNDARY: &str = "meer-test-grenze";

/// A specialist system with the token of its account.
struct Machine {
    router: Router,
    token: String,
    /// Address of its page.
    page: String,
}

/// An answer: status, address of what was made, body.
struct Told {
    status: u16,
    location: String,
    kind: String,
    body: Value,
}

impl Told {
    #[track_caller]
    fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status, status, "{}", self.body);
        if status >= 400 {
            assert_eq!(self.kind, "application/problem+json");
            assert!(self.body["title"].is_string() && self.body["detail"].is_string(), "{}", self.body);
            assert_eq!(self.body["status"], json!(status));
        }
        self
    }

    fn text(&self, field: &str) -> String {
        self.body[field].as_str().unwrap_or_else(|| panic!("no {field}: {}", self.body)).to_owned()
    }
}

impl Machine {
    async fn send(&self, request: axum::http::request::Builder, body: Vec<u8>) -> Told {
        let request = request
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.token))
            .body(Body::from(body))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let text =
            |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
        let (status, location, kind) = (response.status().as_u16(), text("location"), text("content-type"));
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Told { status, location, kind, body }
    }

    async fn get(&self, path: &str) -> Told {
        self.send(Request::get(format!("{V}{path}")), Vec::new()).await
    }

    async fn post(&self, path: &str, key: &str, body: &Value) -> Told {
        let request = Request::post(format!("{V}{path}"))
            .header("idempotency-key", key)
            .header("content-type", "application/json");
        self.send(request, body.to_string().into_bytes()).await
    }

    async fn file(&self, path: &str, key: &str, described: &Value, name: &str, content: &[u8]) -> Told {
        let mut body = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"metadaten\"\r\n\r\n{described}\r\n\
             --{BOUNDARY}\r\nContent-Disposition: form-data; name=\"datei\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        let request = Request::post(format!("{V}{path}"))
            .header("idempotency-key", key)
            .header("content-type", format!("multipart/form-data; boundary={BOUNDARY}"));
        self.send(request, body).await
    }
}

async fn rita(test: &TestCity) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in("rita.registratur", STAFF_PASSWORD).await.is(200);
    browser
}

/// The token on a page that shows it.
fn token_on(body: &str) -> String {
    let at = body.find("mfv_").unwrap_or_else(|| panic!("no token: {body}"));
    body[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

async fn machine(test: &TestCity, name: &str, entries: &str, level: &str, per_hour: &str) -> Machine {
    let mut rita = rita(test).await;
    let fields =
        [("name", name), ("unit", "dezernat-1"), ("entries", entries), ("level", level), ("per_hour", per_hour)];
    let shown = rita.post("/intern/fachverfahren", &fields).await;
    let token = token_on(&shown.is(200).body);
    let list = rita.get("/intern/fachverfahren").await;
    list.is(200).shows(name).hides(&token);
    let page = list.body.split("href=\"/intern/fachverfahren/").find(|part| part.contains(name));
    let id = page.and_then(|part| part.split('"').next()).unwrap_or_else(|| panic!("no link to {name}"));
    let page = format!("/intern/fachverfahren/{id}");
    rita.get(&page).await.is(200).hides(&token);
    Machine { router: house::router(&test.app), token, page }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_leads_a_case_from_opening_to_closing() {
    for test in TestCity::both(MODULES).await {
        let system = machine(&test, "Muster-Bauverfahren", "61.50, 61.26", "normal", "1000").await;
        let sent = json!({"betreff": "Radweg", "aktenplaneinheit": "61.50", "fremdesGeschaeftszeichen": "BV-2026-7"});
        let opened = system.post("/vorgaenge", "a", &sent).await;
        let case = opened.is(201).text("vorgang");
        assert_eq!(opened.location, format!("{V}/vorgaenge/{case}"));

        // The same again is the first answer; something else under the key is refused.
        let again = system.post("/vorgaenge", "a", &sent).await;
        assert_eq!(again.is(201).body, opened.body);
        let other = json!({"betreff": "Radweg B", "aktenplaneinheit": "61.50"});
        system.post("/vorgaenge", "a", &other).await.is(409);

        // A second case in the same file.
        let sent = json!({"betreff": "Nachtrag", "aktenzeichen": opened.text("akte")});
        let second = system.post("/vorgaenge", "b", &sent).await;
        assert_eq!(second.is(201).text("akte"), opened.text("akte"));

        let described = json!({
            "betreff": "Plan", "typ": "schreiben", "richtung": "eingang",
            "fremdesGeschaeftszeichen": "DOK-1", "datumDesSchreibens": "2026-02-28",
        });
        let at = format!("/vorgaenge/{case}/dokumente");
        let filed = system.file(&at, "c", &described, "plan.pdf", PDF).await;
        let document = filed.is(201).text("dokument");
        assert_eq!(system.file(&at, "c", &described, "plan.pdf", PDF).await.is(201).body, filed.body);
        system.file(&at, "d", &described, "plan.pdf", b"MZ\0\0").await.is(422);
        system.file(&at, "d", &json!({"betreff": ""}), "plan.pdf", PDF).await.is(422);

        let at = format!("{at}/{document}/fassungen");
        let saved = system.file(&at, "e", &json!({"grundlage": 1}), "b.txt", b"anders\n").await;
        assert_eq!((&saved.is(201).body["fassung"], &saved.body["konflikt"]), (&json!(2), &json!(false)));
        let late = system.file(&at, "f", &json!({"grundlage": 1}), "c.txt", b"zu sp\xc3\xa4t\n").await;
        assert_eq!((&late.is(201).body["fassung"], &late.body["konflikt"]), (&json!(3), &json!(true)));

        let read = system.get(&format!("/vorgaenge/{case}")).await;
        assert_eq!(read.is(200).text("fremdesGeschaeftszeichen"), "BV-2026-7");
        let documents = read.body["dokumente"].as_array().unwrap();
        assert_eq!(documents.len(), 1, "a repeated request puts nothing a second time");
        assert_eq!(documents[0]["datumDesSchreibens"], json!("2026-02-28"));
        let number = read.text("aktenzeichen");
        for question in
            [format!("aktenzeichen={}", number.replace('/', "%2F")), "fremdesGeschaeftszeichen=DOK-1".into()]
        {
            let found = system.get(&format!("/vorgaenge?{question}")).await;
            assert_eq!(found.is(200).body["vorgaenge"][0]["vorgang"], json!(case), "{question}");
        }
        system.get("/vorgaenge").await.is(422);
        let sql = "SELECT COUNT(*) AS n FROM specialist_call WHERE tenant = $1 AND what = 'read'";
        let (reads,) = test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap();
        assert_eq!(reads, 3, "what a search finds is read as much as what is asked for by its id");

        let at = format!("/vorgaenge/{case}/zda");
        let closed = system.post(&at, "g", &Value::Null).await;
        assert_eq!(system.post(&at, "g", &Value::Null).await.is(200).body, closed.is(200).body);
        let at = format!("/vorgaenge/{case}/dokumente");
        system.file(&at, "h", &described, "plan.pdf", PDF).await.is(409);

        // Changes appear when they are settled, each once.
        assert_eq!(system.get("/aenderungen").await.is(200).body["aenderungen"], json!([]));
        test.minutes_later(2);
        let changes = system.get("/aenderungen").await;
        let kinds: Vec<&str> =
            changes.is(200).body["aenderungen"].as_array().unwrap().iter().filter_map(|c| c["art"].as_str()).collect();
        let mut sorted = kinds.clone();
        sorted.sort_unstable();
        let (document, version) = ("dokument-hinzugefuegt", "fassung-gespeichert");
        assert_eq!(sorted, [document, version, version, "vorgang-angelegt", "vorgang-angelegt", "zu-den-akten"]);
        let next = changes.text("weiter");
        let rest = system.get(&format!("/aenderungen?seit={next}")).await;
        assert_eq!(rest.is(200).body["aenderungen"], json!([]));
        assert_eq!(rest.text("weiter"), next);
        system.get("/aenderungen?seit=gestern").await.is(422);

        // Staff see the case, and the journal names the system.
        let mut rita = rita(&test).await;
        rita.get(&format!("/intern/vorgang/{case}")).await.is(200).shows(&number).shows("Plan");
        rita.get(&system.page).await.is(200).shows("Dokument ablegen").shows("Zu den Akten");
        test.settle().await;
        let mut rx = test.city.db.read().await.unwrap();
        let entries = journal::entries(&mut rx, 0, 10_000).await.unwrap();
        let by_it = entries.iter().filter(|e| e.fact_text.contains("Muster-Bauverfahren")).count();
        assert!(by_it >= 6, "{by_it} entries name the system");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_finds_nothing_beyond_its_reach() {
    for test in TestCity::both(MODULES).await {
        let service_case = walks::matched_certificate(&test).await;
        let service_number = walks::number_of(&test, &service_case).await;
        let owner = machine(&test, "Muster-Bauverfahren", "61.50", "vertraulich", "1000").await;
        let stranger = machine(&test, "Muster-Grünverfahren", "61.26", "vertraulich", "1000").await;
        let low = machine(&test, "Muster-Leseverfahren", "61.50", "normal", "1000").await;
        let sent = json!({
            "betreff": "Vertrauliches", "aktenplaneinheit": "61.50", "vertraulichkeitsstufe": "vertraulich",
            "fremdesGeschaeftszeichen": "X-1",
        });
        let opened = owner.post("/vorgaenge", "a", &sent).await;
        let (case, file) = (opened.is(201).text("vorgang"), opened.text("akte"));
        let described = json!({"betreff": "Vermerk"});
        let at = format!("/vorgaenge/{case}/dokumente");
        let document = owner.file(&at, "b", &described, "a.pdf", PDF).await.is(201).text("dokument");

        let nowhere = "01900000-0000-7000-8000-00000000dead";
        let none = stranger.get(&format!("/vorgaenge/{nowhere}")).await;
        for outside in [&stranger, &low] {
            for id in [&case, &service_case] {
                assert_eq!(outside.get(&format!("/vorgaenge/{id}")).await.is(404).body, none.is(404).body);
                outside.post(&format!("/vorgaenge/{id}/zda"), "k", &Value::Null).await.is(404);
                let at = format!("/vorgaenge/{id}/dokumente");
                outside.file(&at, "l", &described, "a.pdf", PDF).await.is(404);
                // What is wrong with the file is told only to who sees the case.
                outside.file(&at, "m", &described, "a.exe", b"MZ\0\0").await.is(404);
                let at = format!("{at}/{document}/fassungen");
                outside.file(&at, "n", &json!({"grundlage": 1}), "a.pdf", PDF).await.is(404);
            }
            for number in [&opened.text("aktenzeichen"), &service_number] {
                let found = outside.get(&format!("/vorgaenge?aktenzeichen={}", number.replace('/', "%2F"))).await;
                assert_eq!(found.is(200).body, json!({"vorgaenge": []}));
            }
            let found = outside.get("/vorgaenge?fremdesGeschaeftszeichen=X-1").await;
            assert_eq!(found.is(200).body, json!({"vorgaenge": []}));
            outside.post("/vorgaenge", "o", &json!({"betreff": "Nachtrag", "aktenzeichen": file})).await.is(404);
        }
        low.post("/vorgaenge", "p", &sent).await.is(404);
        stranger.post("/vorgaenge", "q", &json!({"betreff": "X", "aktenplaneinheit": "61.50"})).await.is(404);
        test.minutes_later(2);
        for outside in [&stranger, &low] {
            assert_eq!(outside.get("/aenderungen").await.is(200).body["aenderungen"], json!([]));
        }
        assert_eq!(owner.get("/aenderungen").await.is(200).body["aenderungen"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_good_until_it_is_revoked_and_for_so_many_calls() {
    for test in TestCity::both(MODULES).await {
        let mut system = machine(&test, "Muster-Bauverfahren", "61.50", "normal", "3").await;
        // A key is needed for what changes something; each call counts, whatever comes of it.
        let sent = json!({"betreff": "Radweg", "aktenplaneinheit": "61.50"});
        system.post("/vorgaenge", "", &sent).await.is(422);
        system.post("/vorgaenge", "a", &json!({"betreff": "Radweg", "unbekannt": 1})).await.is(422);
        system.get("/aenderungen").await.is(200);
        system.get("/aenderungen").await.is(429);
        test.later(2);
        system.get("/aenderungen").await.is(200);

        let mut rita = rita(&test).await;
        let renewed = rita.post(&format!("{}/kennwort", system.page), &[]).await;
        let fresh = token_on(&renewed.is(200).body);
        system.get("/aenderungen").await.is(401);
        system.token = fresh;
        system.get("/aenderungen").await.is(200);
        rita.post(&format!("{}/sperren", system.page), &[]).await.is(303);
        system.get("/aenderungen").await.is(401);
        rita.post(&format!("{}/kennwort", system.page), &[]).await.is(404);
        rita.get(&system.page).await.is(200).shows("gesperrt");

        // A session of a person is worth nothing here, nor is no token at all.
        rita.get(&format!("{V}/aenderungen")).await.is(401);
        let page = test.browser().get(&format!("{V}/openapi.json")).await;
        assert!(page.is(200).content_type.starts_with("application/json"));
        assert!(serde_json::from_slice::<Value>(&page.bytes).is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_account_is_named_field_by_field() {
    for test in TestCity::both(MODULES).await {
        let mut rita = rita(&test).await;
        let fields = [("name", ""), ("unit", ""), ("entries", "99.99"), ("level", "geheim"), ("per_hour", "0")];
        let page = rita.post("/intern/fachverfahren", &fields).await;
        page.is(422).shows("99.99").shows("Geben Sie den Namen").shows("Wählen Sie die Organisationseinheit");
        rita.get("/intern/fachverfahren").await.is(200).shows("Noch hat kein Fachverfahren");
    }
}

/// As `specialist` calls what it does every night.
#[derive(serde::Serialize, serde::Deserialize)]
struct ForgetAnswers {}

impl jobs::Job for ForgetAnswers {
    const NAME: &'static str = "specialist.forget-answers";
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_forgotten_after_a_week_also_when_nobody_calls() {
    for test in TestCity::both(MODULES).await {
        let system = machine(&test, "Muster-Bauverfahren", "61.50", "normal", "1000").await;
        let sent = json!({"betreff": "Radweg", "aktenplaneinheit": "61.50"});
        system.post("/vorgaenge", "a", &sent).await.is(201);
        let cx = test.app.cx(&test.city, "test");
        for (hours, left) in [(24 * 6, 1), (24 * 2, 0)] {
            test.later(hours);
            db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &ForgetAnswers {}).await }).unwrap();
            test.settle().await;
            let sql = "SELECT COUNT(*) AS n FROM specialist_answer WHERE tenant = $1";
            let (n,) = test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap();
            assert_eq!(n, left);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_handler_sees_is_refused_as_a_problem_too() {
    let test = TestCity::open(MODULES, db::Engine::Sqlite).await.unwrap();
    let system = machine(&test, "Muster-Bauverfahren", "61.50", "normal", "1000").await;
    let large = json!({"betreff": "x".repeat(3 * 1024 * 1024), "aktenplaneinheit": "61.50"});
    let told = system.post("/vorgaenge", "a", &large).await;
    assert_eq!(told.is(413).body["type"], "urn:meer:problem:too-large");
    let foreign = Request::post(format!("{V}/vorgaenge"))
        .header("idempotency-key", "b")
        .header("content-type", "application/json")
        .header("origin", "https://fremd.example")
        .header("sec-fetch-site", "cross-site");
    let sent = json!({"betreff": "Radweg", "aktenplaneinheit": "61.50"});
    let told = system.send(foreign, sent.to_string().into_bytes()).await;
    assert_eq!(told.is(403).body["type"], "urn:meer:problem:foreign");
    // A page stays a page.
    let page = Request::post("/intern/anmelden").header("sec-fetch-site", "cross-site");
    let told = system.send(page, Vec::new()).await;
    assert_eq!((told.status, told.kind.starts_with("text/html")), (403, true));
}
