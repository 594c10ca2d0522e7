//! The pages as a browser without scripts walks through them, with the real mail and eID peers, on both engines.

use std::collections::BTreeSet;

use db::params;
use house::{Holds, Key};
use jiff::SignedDuration;
use kernel::{CaseId, Timestamp, Uuid};
use testkit::{Browser, Page, TestCity};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::MODULE;

const MAIL: &str = "mia.muster@example.org";
const PASSWORD: &str = "Regen auf dem Deich";

async fn cities() -> Vec<TestCity> {
    TestCity::both(&[MODULE]).await
}

/// Asks a peer of the sandbox: status, `Location`, body.
async fn ask(url: &str, form: Option<&str>) -> (u16, Option<String>, String) {
    let rest = url.strip_prefix("http://").expect("plain HTTP in tests");
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host.replace("localhost", "127.0.0.1")).await.unwrap();
    let (method, body) = form.map_or(("GET", ""), |body| ("POST", body));
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    let location = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
    });
    (status, location, body.to_owned())
}

/// Text of the newest mail to an address, after everything due was sent.
async fn newest_mail(city: &TestCity, to: &str) -> String {
    city.settle().await;
    let (status, _, body) = ask(&format!("{}/mail/api?to={to}&limit=1", city.sandbox.base_url), None).await;
    assert_eq!(status, 200);
    // Chunked or not: the JSON is one line of it.
    let json = body.lines().find(|line| line.trim_start().starts_with('[')).expect("a list of mails");
    let mails: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
    mails[0]["text"].as_str().unwrap_or_else(|| panic!("no mail to {to}")).to_owned()
}

/// The path of the link in a mail.
fn link(mail: &str) -> String {
    let start = mail.find("http://localhost:8080/").unwrap_or_else(|| panic!("no link in {mail}"));
    let link = mail[start..].split_whitespace().next().unwrap();
    link.trim_start_matches("http://localhost:8080").to_owned()
}

async fn registered(city: &TestCity, browser: &mut Browser) -> Page {
    browser.post("/registrieren?zurueck=/konto/sitzungen", &[("email", MAIL)]).await.is(200).shows("E-Mail-Postfach");
    let path = link(&newest_mail(city, MAIL).await);
    browser.get(&path).await.is(200).shows(MAIL).hides("schon ein Konto");
    browser.post(&path, &[("password", "kurz"), ("label", "Mia")]).await.is(422).shows("mindestens 10 Zeichen");
    let done = browser.post(&path, &[("password", PASSWORD), ("label", "Mia")]).await;
    done.is(303);
    assert_eq!(done.location.as_deref(), Some("/konto/sitzungen"), "back to where one came from");
    browser.follow(done).await
}

/// What follows a label's field or copy field on a page: `value="…"` of the input with this id.
fn value_of(page: &Page, id: &str) -> String {
    let at = page.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("no field {id}"));
    let rest = &page.body[at..];
    let start = rest.find('>').expect("a value") + 1;
    rest[start..start + rest[start..].find('<').unwrap()].to_owned()
}

fn code(city: &TestCity, secret: &str) -> String {
    identity::current_code(secret, city.app.sources.now()).unwrap()
}

fn step(city: &TestCity) {
    city.clock.advance(SignedDuration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_from_the_mail_to_the_second_factor_and_back() {
    for city in cities().await {
        let mut browser = city.browser();
        browser.get("/konto").await.is(303);
        registered(&city, &mut browser).await.is(200).shows("Dieses Gerät");
        browser.get("/konto").await.is(200).shows("Mia").shows("Basis").shows("nicht eingerichtet");

        let page = browser.get("/konto/zweiter-faktor").await;
        page.is(200).shows("<svg").shows("Schlüssel");
        let secret = value_of(&page, "secret");
        browser.post("/konto/zweiter-faktor", &[("code", "000000")]).await.is(422).shows("Der Code stimmt nicht");
        assert_eq!(
            value_of(&browser.get("/konto/zweiter-faktor").await, "secret"),
            secret,
            "the same until it is used"
        );
        let page = browser.post("/konto/zweiter-faktor", &[("code", &code(&city, &secret))]).await;
        page.is(200).shows("Wiederherstellungscodes");
        assert_eq!(page.body.matches("<code>").count(), 10);

        let out = browser.post("/abmelden", &[]).await;
        assert_eq!(out.location.as_deref(), Some("/"));
        browser.get("/konto").await.is(303);

        step(&city);
        let start = "/anmelden?zurueck=%2Fkonto%2Fpasswort";
        browser.post(start, &[("email", MAIL), ("password", "falsch geraten")]).await.is(422).shows("passen zu keinem");
        let page = browser.post(start, &[("email", MAIL), ("password", PASSWORD)]).await;
        assert_eq!(page.location.as_deref(), Some("/anmelden/code?zurueck=/konto/passwort"));
        let page = browser.follow(page).await;
        page.is(200).shows("Code aus der App");
        let page = browser.post("/anmelden/code?zurueck=/konto/passwort", &[("code", &code(&city, &secret))]).await;
        assert_eq!(page.location.as_deref(), Some("/konto/passwort"));
        browser.follow(page).await.is(200).shows("Bisheriges Passwort");

        let fields = [("old_password", PASSWORD), ("password", "Ganz neues Wort")];
        let page = browser.post("/konto/passwort", &fields).await;
        browser.follow(page).await.is(200).shows("Ihr neues Passwort gilt");
        assert!(newest_mail(&city, MAIL).await.contains("neues Passwort"));
        assert_eq!(city.app.texts.missed(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_and_a_shared_address() {
    for city in cities().await {
        let mut browser = city.browser();
        registered(&city, &mut browser).await;
        let system = city.app.cx(&city.city, "test");
        let seeded = city.city.identity.seed_account(&city.city.db, &system, MAIL, "Max", "Nebel am Langst").await;
        let max = seeded.unwrap().to_string();
        let mut other = city.browser();
        other.post("/passwort-vergessen", &[("email", "kein @")]).await.is(422).shows("unvollständig");
        other.post("/passwort-vergessen", &[("email", MAIL)]).await.is(200).shows("60 Minuten");
        let path = link(&newest_mail(&city, MAIL).await);
        other.get(&path).await.is(200).shows("Mia").shows("Max");
        other.post(&path, &[("password", "Ganz neues Wort")]).await.is(422).shows("Wählen Sie etwas aus");
        let page = other.post(&path, &[("password", PASSWORD), ("account", &max)]).await;
        page.is(422).shows("schon ein Konto mit diesem Passwort");
        let page = other.post(&path, &[("password", "Ganz neues Wort"), ("account", &max)]).await;
        other.follow(page).await.is(200).shows("Melden Sie sich damit an");
        other.get(&path).await.is(410).shows("gilt nicht mehr");
        let page = other.post("/anmelden", &[("email", MAIL), ("password", "Ganz neues Wort")]).await;
        other.follow(page).await.is(200).shows("Max");
        browser.get("/konto").await.is(200).shows("Mia");

        // An unknown address gets a mail that says so; the page is the same.
        other.post("/passwort-vergessen", &[("email", "niemand@example.org")]).await.is(200).shows("60 Minuten");
        assert!(newest_mail(&city, "niemand@example.org").await.contains("kein Konto"));
        let stored = "SELECT COUNT(*) AS n FROM accounts_mail WHERE tenant = $1";
        let (left,) = city.city.db.read().await.unwrap().one::<(i64,)>(stored, &[]).await.unwrap();
        assert_eq!(left, 0, "sent mails are forgotten");
        assert_eq!(city.app.texts.missed(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_sent_elsewhere_after_signing_in() {
    for city in cities().await {
        let system = city.app.cx(&city.city, "test");
        city.city.identity.seed_account(&city.city.db, &system, MAIL, "Mia", PASSWORD).await.unwrap();
        for wanted in ["//evil.example", "https://evil.example", "/%5Cevil.example", "/intern", "/anmelden"] {
            let mut browser = city.browser();
            let start = format!("/anmelden?zurueck={wanted}");
            browser.get(&start).await.is(200).shows("action=\"/anmelden?zurueck=/konto\"");
            let page = browser.post(&start, &[("email", MAIL), ("password", PASSWORD)]).await;
            assert_eq!(page.location.as_deref(), Some("/konto"), "{wanted}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_slowed_down_and_the_page_says_for_how_long() {
    for city in cities().await {
        let mut browser = city.browser();
        for _ in 0..5 {
            browser.post("/anmelden", &[("email", MAIL), ("password", "falsch geraten")]).await.is(422);
        }
        let page = browser.post("/anmelden", &[("email", MAIL), ("password", "falsch geraten")]).await;
        page.is(429).shows("Warten Sie").shows(MAIL).hides("falsch geraten");
        for _ in 0..5 {
            browser.post("/abholen", &[("code", "kein Code")]).await.is(422).shows("Diesen Code gibt es nicht");
        }
        browser.post("/abholen", &[("code", "kein Code")]).await.is(429);
        assert_eq!(city.app.texts.missed(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_opens_the_case_of_the_code() {
    for city in cities().await {
        let case = CaseId::from_uuid(Uuid::from_u128(77));
        let (db, system) = (&city.city.db, city.app.cx(&city.city, "test"));
        let until = city.app.sources.now() + SignedDuration::from_hours(24);
        let code = db::write!(db, |tx| { city.city.identity.issue_claim(tx, &system, case, until).await }).unwrap();
        let mut browser = city.browser();
        let page = browser.post("/abholen", &[("code", &code.to_lowercase())]).await;
        assert_eq!(page.location, Some(format!("/vorgang/{case}")));
        browser.get("/konto").await.is(303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_online_id_is_offered_first_to_whoever_needs_it() {
    let city = TestCity::open(&[MODULE], db::Engine::Sqlite).await.unwrap();
    let mut browser = city.browser();
    for (address, first) in [("/anmelden", false), ("/anmelden?niveau=hoch", true), ("/anmelden?niveau=basis", false)] {
        let page = browser.get(address).await;
        let card = page.is(200).body.find("Mit Online-Ausweis anmelden").expect("the online ID");
        let password = page.body.find("type=\"password\"").expect("the password");
        assert_eq!(card < password, first, "{address}");
    }
}

/// From the button to the card and back; ends where the city's page redirects to.
async fn with_card(city: &TestCity, browser: &mut Browser, fields: &[(&str, &str)], card: &str) -> Page {
    let page = browser.post("/anmelden/eid?zurueck=/konto", fields).await;
    let url = page.is(303).location.clone().expect("the eID server's address");
    let (status, _, body) = ask(&url, None).await;
    assert_eq!(status, 200, "{body}");
    let at = body.find("name=\"choice\"").expect("the cards");
    let start = body[at..].find("value=\"").unwrap() + at + 7;
    let choice = &body[start..start + body[start..].find('"').unwrap()];
    let form = format!("choice={choice}&card={card}");
    let (_, location, body) = ask(&format!("{}/eid/karte", city.sandbox.base_url), Some(&form)).await;
    let location = location.unwrap_or_else(|| panic!("no way back: {body}"));
    let path = location.strip_prefix("http://localhost:8080").expect("back to the city").to_owned();
    browser.get(&path).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_online_id_card_signs_in_with_its_level_and_is_linked_on_request() {
    for city in cities().await {
        // The eID server signs with the present time.
        city.clock.set(Timestamp::now());
        let mut browser = city.browser();
        browser.get("/anmelden").await.is(200).shows("Mit Online-Ausweis anmelden");
        let page = with_card(&city, &mut browser, &[], "erika").await;
        assert_eq!(page.location.as_deref(), Some("/konto"));
        browser.follow(page).await.is(200).shows("Hoch").shows("Beispiel-Ahorn").shows("Aus dem Online-Ausweis");
        browser.post("/abmelden", &[]).await;
        let page = with_card(&city, &mut browser, &[], "year-only").await;
        browser.follow(page).await.is(200).shows("00.00.");

        // Linked with an account: signed in to it with the card's level.
        let mut linked = city.browser();
        registered(&city, &mut linked).await;
        let page = with_card(&city, &mut linked, &[("verknuepfen", "ja")], "max").await;
        linked.follow(page).await.is(200).shows("Mia").shows("Hoch").shows("BEISPIEL-AHORN");
        let page = with_card(&city, &mut linked, &[("verknuepfen", "ja")], "erika").await;
        linked.follow(page).await.is(200).shows("gehört einer anderen Person");

        // Another browser cannot use the way back.
        let page = linked.post("/anmelden/eid", &[]).await;
        let url = page.location.clone().unwrap();
        let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
        let mut thief = city.browser();
        let page = thief.get(&format!("/anmelden/eid/zurueck?code=x&state={state}")).await;
        thief.follow(page).await.is(200).shows("zu lange gedauert");
        thief.get("/konto").await.is(303);
        assert_eq!(city.app.texts.missed(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clerk_checks_a_document_at_the_counter() {
    for city in cities().await {
        let mut citizen = city.browser();
        registered(&city, &mut citizen).await;
        let person = [
            ("family_name", "Muster-Linde"),
            ("given_names", "Mia"),
            ("birth_date", "12"),
            ("birth_date-month", "6"),
            ("birth_date-year", "1984"),
            ("street", "Musterweg 1"),
            ("postal_code", "40667"),
            ("city", "Meerbusch"),
        ];
        let mut wrong = person;
        wrong[2].1 = "32";
        citizen.post("/konto/vor-ort", &wrong).await.is(422).shows("Dieses Datum gibt es nicht").shows("Muster-Linde");
        let page = citizen.post("/konto/vor-ort", &person).await;
        page.is(200).shows("zweiter Faktor");
        let at = page.body.find("meer-receipt__reference\">").expect("the code") + 25;
        let counter_code = page.body[at..].split('<').next().unwrap().to_owned();

        let mut clerk = city.browser();
        clerk.get("/intern/vor-ort").await.is(303);
        let sign_in = [("login", "melde.muster"), ("password", "Muster-Demo-2026")];
        let page = clerk.post("/intern/anmelden?zurueck=/intern/vor-ort", &sign_in).await;
        clerk.follow(page).await.is(200).shows("Code aus dem Konto");
        clerk.post("/intern/vor-ort", &[("code", "3333-3333")]).await.is(422).shows("Diesen Code gibt es nicht");
        let page = clerk.post("/intern/vor-ort", &[("code", &counter_code)]).await;
        page.is(200).shows("Muster-Linde").shows("Konto: Mia");
        let mut confirm: Vec<(&str, &str)> = person.to_vec();
        confirm.push(("code", &counter_code));
        clerk.post("/intern/vor-ort/bestaetigen", &confirm).await.is(422).shows("Wählen Sie etwas aus");
        confirm.push(("document", "personalausweis"));
        let page = clerk.post("/intern/vor-ort/bestaetigen", &confirm).await;
        clerk.follow(page).await.is(200).shows("Die Prüfung ist eingetragen");
        citizen.get("/konto").await.is(200).shows("Personalausweis").shows("Es fehlt noch ein zweiter Faktor");

        // The clerk may check documents and not take second factors away.
        clerk.get("/intern/vor-ort/hilfe").await.is(403);
        clerk.get("/konto").await.is(303);
        citizen.get("/intern/vor-ort").await.is(303);

        let mut admin = city.browser();
        admin.post("/intern/anmelden", &[("login", "admin.muster"), ("password", "Muster-Demo-2026")]).await.is(303);
        admin.post("/intern/vor-ort/hilfe", &[]).await.is(422).shows("oder Familienname und Geburtsdatum");
        let page = admin.post("/intern/vor-ort/hilfe", &[("email", MAIL)]).await;
        page.is(200).shows("Ein Konto gefunden").shows("keinen zweiten Faktor");
        assert_eq!(city.app.texts.missed(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_name_their_deputies_and_keep_their_account() {
    for city in cities().await {
        let mut browser = city.browser();
        browser.post("/intern/anmelden", &[("login", "stefan.muster"), ("password", "falsch")]).await.is(422);
        let sign_in = [("login", "STEFAN.muster"), ("password", "Muster-Demo-2026")];
        browser.post("/intern/anmelden", &sign_in).await.is(303);
        let account = browser.get("/intern/konto").await;
        account.is(200).shows("Stefan Muster-Standesamt").shows("Standesamt").hides("abel.example");
        browser.get("/intern/konto/sitzungen").await.is(200).shows("Dieses Gerät");
        browser.get("/intern/konto/zweiter-faktor").await.is(200).shows("<svg");

        let page = browser.get("/intern/vertretung").await;
        page.is(200).shows("Es ist keine Vertretung eingetragen").shows("Sabine Beispiel-Standesamt");
        let at = page.body.find("Sabine Beispiel-Standesamt").unwrap();
        let before = &page.body[..at];
        let deputy = before[before.rfind("value=\"").unwrap() + 7..].split('"').next().unwrap().to_owned();
        let mut fields = vec![
            ("deputy", deputy.as_str()),
            ("from", "24"),
            ("from-month", "11"),
            ("from-year", "2026"),
            ("to", "20"),
            ("to-month", "11"),
            ("to-year", "2026"),
        ];
        browser.post("/intern/vertretung", &fields).await.is(422).shows("liegt vor dem ersten");
        fields[4].1 = "27";
        let page = browser.post("/intern/vertretung", &fields).await;
        let page = browser.follow(page).await;
        page.is(200).shows("Die Vertretung ist eingetragen").shows("27.11.2026");
        let at = page.body.find("/intern/vertretung/").expect("a button to end it");
        let action = page.body[at..].split('"').next().unwrap().to_owned();

        let mut other = city.browser();
        let sign_in = [("login", "paula.poststelle"), ("password", "Muster-Demo-2026")];
        other.post("/intern/anmelden", &sign_in).await.is(303);
        other.get("/intern/vertretung").await.is(200).hides("27.11.2026");
        other.post(&action, &[]).await.is(404);
        let page = browser.post(&action, &[]).await;
        browser.follow(page).await.is(200).shows("Es ist keine Vertretung eingetragen");

        browser.post("/intern/passwort-vergessen", &[("login", "niemand")]).await.is(200).shows("Wenn es diesen");
        browser.post("/intern/passwort-vergessen", &[("login", "stefan.muster")]).await.is(200).shows("Wenn es diesen");
        let mail = newest_mail(&city, "stefan.muster@example.org").await;
        assert!(mail.contains("neues Passwort") && mail.contains("nichts angefordert"), "{mail}");
        let path = link(&mail);
        browser.get(&path).await.is(200).shows("stefan.muster");
        let page = browser.post(&path, &[("password", "Ganz neues Wort")]).await;
        browser.follow(page).await.is(200);
        browser.get("/intern/konto").await.is(303);
        assert_eq!(city.app.texts.missed(), []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_kept_alive_and_ends_in_time() {
    for city in cities().await {
        let mut browser = city.browser();
        browser.post("/sitzung/verlaengern", &[]).await.is(401);
        registered(&city, &mut browser).await;
        for _ in 0..3 {
            city.clock.advance(SignedDuration::from_mins(25));
            browser.post("/sitzung/verlaengern", &[]).await.is(204);
        }
        city.clock.advance(SignedDuration::from_mins(32));
        browser.post("/sitzung/verlaengern", &[]).await.is(401);
        let page = browser.get("/konto/sitzungen").await;
        assert_eq!(page.location.as_deref(), Some("/anmelden?zurueck=/konto/sitzungen"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_address_and_the_end_of_an_account() {
    for city in cities().await {
        let mut browser = city.browser();
        registered(&city, &mut browser).await;
        let page = browser.post("/konto/bezeichnung", &[("label", "  Mia   M. ")]).await;
        browser.follow(page).await.is(200).shows("Mia M.");
        browser.post("/konto/email", &[("email", "neu@example.org")]).await.is(303);
        let path = link(&newest_mail(&city, "neu@example.org").await);
        browser.get(&path).await.is(200).shows("neu@example.org");
        browser.post(&path, &[("password", "falsch geraten")]).await.is(422).shows("Das Passwort stimmt nicht");
        let page = browser.post(&path, &[("password", PASSWORD)]).await;
        browser.follow(page).await.is(200).shows("Ihre neue E-Mail-Adresse gilt").shows("neu@example.org");
        assert!(newest_mail(&city, MAIL).await.contains("andere E-Mail-Adresse"));
        browser.get("/konto/schliessen").await.is(200).shows("Konto schließen");
        browser.post("/konto/schliessen", &[]).await.is(303);
        browser.get("/konto").await.is(303);
        browser.post("/anmelden", &[("email", "neu@example.org"), ("password", PASSWORD)]).await.is(422);
        assert_eq!(city.app.texts.missed(), []);
    }
}

/// Rows that the tables declare as somebody's.
async fn rows_of(city: &TestCity, whose: Key, id: Uuid) -> usize {
    let mut rows = 0;
    for table in MODULE.tables {
        if let Holds::Person { by, export, .. } = table.holds
            && by == whose
        {
            rows += city.city.db.read().await.unwrap().query(export, params![id]).await.unwrap().len();
        }
    }
    rows
}

/// Private parts of the journal about somebody, and whether the journal is whole.
async fn told(city: &TestCity, id: Uuid) -> i64 {
    city.settle().await;
    let report = journal::check::run(&city.city.db, &city.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
    let sql = "SELECT COUNT(*) AS n FROM journal_entry WHERE tenant = $1 AND subject_id = $2 AND private IS NOT NULL";
    city.city.db.read().await.unwrap().one::<(i64,)>(sql, params![id]).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_account_leaves_nothing_of_the_person_in_any_table_nor_in_the_journal() {
    for city in cities().await {
        let mut browser = city.browser();
        registered(&city, &mut browser).await;
        let person = [("family_name", "Muster"), ("given_names", "Mia"), ("birth_date", "7")];
        let born = [("birth_date-month", "3"), ("birth_date-year", "1985")];
        let rest = [("street", "Musterweg 1"), ("postal_code", "40667"), ("city", "Meerbusch")];
        browser.post("/konto/vor-ort", &[&person[..], &born, &rest].concat()).await.is(200);
        let sql = "SELECT id FROM identity_account WHERE tenant = $1 AND email = $2";
        let (id,) = city.city.db.read().await.unwrap().one::<(Uuid,)>(sql, params![MAIL]).await.unwrap();
        assert!(rows_of(&city, Key::Account, id).await >= 3, "account, person and session");
        assert_eq!(told(&city, id).await, 2, "opened, person stated");
        browser.post("/konto/schliessen", &[]).await.is(303);
        assert_eq!(rows_of(&city, Key::Account, id).await, 0);
        assert_eq!(told(&city, id).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_who_left_long_ago_are_made_anonymous() {
    for city in cities().await {
        let cx = city.app.cx(&city.city, "test");
        let staff = identity::all_staff(&mut city.city.db.read().await.unwrap()).await.unwrap();
        let id = staff.iter().find(|s| s.login == "melde.muster").expect("a clerk of the demo").id;
        db::write!(city.city.db, |tx| { identity::set_staff_active(tx, &cx, id, false).await }).unwrap();
        let days = i64::from(city.city.identity.policy().staff_left_days);
        city.later(24 * days - 1);
        crate::city::upkeep(cx.clone(), crate::city::Upkeep {}).await.unwrap();
        assert_eq!(told(&city, id.uuid()).await, 1);
        city.later(2);
        crate::city::upkeep(cx.clone(), crate::city::Upkeep {}).await.unwrap();
        assert_eq!(told(&city, id.uuid()).await, 0);
        let mut rx = city.city.db.read().await.unwrap();
        let line = identity::staff_line(&mut rx, id).await.unwrap();
        assert_eq!((line.name.as_str(), line.email.as_str(), line.active), ("–", "", false));
        assert_eq!(line.login, id.to_string());
        assert!(identity::grants_held(&mut rx, id).await.unwrap().is_empty());
        assert!(identity::all_staff(&mut rx).await.unwrap().iter().all(|s| s.id != id));
        drop(rx);
        let back = db::write!(city.city.db, |tx| { identity::set_staff_active(tx, &cx, id, true).await });
        assert_eq!(back.unwrap_err().code(), "not-found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_english_pages_are_complete_and_every_key_exists() {
    let city = TestCity::open(&[MODULE], db::Engine::Sqlite).await.unwrap();
    let texts = &city.app.texts;
    let ours = |key: &str| key.starts_with("accounts-") || key.starts_with("level-") || key.starts_with("refusal-");
    let missing: Vec<_> = texts.missing_in(kernel::Lang::En).into_iter().filter(|key| ours(key)).collect();
    assert!(missing.is_empty(), "not in English: {missing:?}");
    let missing: Vec<_> = texts.missing_in(kernel::Lang::De).into_iter().filter(|key| ours(key)).collect();
    assert!(missing.is_empty(), "not in German: {missing:?}");
    let sources = [
        include_str!("mails.rs"),
        include_str!("pages/mod.rs"),
        include_str!("pages/citizen.rs"),
        include_str!("pages/counter.rs"),
        include_str!("pages/eid.rs"),
        include_str!("pages/factor.rs"),
        include_str!("pages/guest.rs"),
        include_str!("pages/password.rs"),
        include_str!("pages/register.rs"),
        include_str!("pages/sessions.rs"),
        include_str!("pages/staff.rs"),
        include_str!("lib.rs"),
        include_str!("../templates/account.html"),
        include_str!("../templates/close.html"),
        include_str!("../templates/codes.html"),
        include_str!("../templates/deputies.html"),
        include_str!("../templates/factor.html"),
        include_str!("../templates/form.html"),
        include_str!("../templates/help.html"),
        include_str!("../templates/onsite.html"),
        include_str!("../templates/sessions.html"),
        include_str!("../templates/staff_account.html"),
    ];
    let mut named = BTreeSet::new();
    for source in sources {
        // Every literal that is a key of ours, wherever it is handed on before it is looked up.
        named.extend(source.split('"').filter(|part| part.starts_with("accounts-") && !part.contains(['{', ' '])));
    }
    let unknown: Vec<_> = named.iter().filter(|key| !texts.has(kernel::Lang::De, key)).collect();
    assert!(unknown.is_empty(), "no text for {unknown:?}");
    assert!(named.len() > 120, "only {} keys were found", named.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_listed_and_can_be_exported_and_erased() {
    let schema = [
        include_str!("../migrations/0001_init.sql"),
        include_str!("../../../platform/identity/migrations/0001_init.sql"),
    ];
    let made: BTreeSet<&str> = schema
        .iter()
        .flat_map(|sql| sql.split("CREATE TABLE ").skip(1))
        .filter_map(|rest| rest.split(' ').next())
        .collect();
    let listed: BTreeSet<&str> = MODULE.tables.iter().map(|table| table.name).collect();
    assert_eq!(made, listed);
    for city in cities().await {
        for table in MODULE.tables {
            let Holds::Person { export, erase, .. } = table.holds else { continue };
            let nobody = params![Uuid::from_u128(1)];
            let found = city.city.db.read().await.unwrap().query(export, nobody).await;
            assert!(found.unwrap_or_else(|e| panic!("{}: {e:#}", table.name)).is_empty());
            let erased = db::write!(city.city.db, |tx| { tx.exec(erase, nobody).await });
            assert_eq!(erased.unwrap_or_else(|e| panic!("{}: {e:#}", table.name)), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_adds_somebody_who_then_signs_in_and_has_the_role() {
    for city in cities().await {
        let mut admin = city.browser();
        admin.staff_sign_in("admin.muster", "Muster-Demo-2026").await;
        admin.get("/intern/personal").await.is(200).shows("melde.muster");
        let new =
            [("name", "Nora Muster"), ("login", "Nora.Muster"), ("email", "nora@example"), ("unit", "buergerbuero")];
        admin
            .post("/intern/personal/neu", &new)
            .await
            .is(422)
            .shows("E-Mail-Adresse ist unvollständig")
            .shows("Nora Muster");
        let new = [new[0], new[1], ("email", "nora@example.org"), new[3]];
        let page = admin.post("/intern/personal/neu", &new).await;
        let person = page.is(303).location.clone().unwrap();
        admin.follow(page).await.is(200).shows("noch keine Rolle").shows("nora.muster");
        admin.post("/intern/personal/neu", &new).await.is(422).shows("Diesen Anmeldenamen gibt es schon");

        let role = format!("{person}/rolle");
        admin.post(&role, &[("role", "nichts")]).await.is(422).shows("aus der Liste");
        let wrong_day = [("role", "schalter"), ("to", "31"), ("to-month", "2"), ("to-year", "2027")];
        admin.post(&role, &wrong_day).await.is(422).shows("Dieses Datum gibt es nicht");
        let page = admin.post(&role, &[("role", "schalter"), ("place", "buergerbuero")]).await;
        let page = admin.follow(page).await;
        page.is(200).shows("gilt ab sofort");

        let mail = newest_mail(&city, "nora@example.org").await;
        assert!(mail.contains("eingerichtet") && mail.contains("sieben Tagen"), "{mail}");
        assert!(!mail.contains("angefordert"), "an invitation was not asked for: {mail}");
        let link = link(&mail);
        let mut nora = city.browser();
        nora.get(&link).await.is(200).shows("nora.muster");
        let password = "Wolken über Nierst 7";
        nora.post(&link, &[("password", password)]).await.is(303);
        nora.post("/intern/anmelden", &[("login", "nora.muster"), ("password", password)]).await.is(303);
        nora.get("/intern/vor-ort").await.is(200);
        nora.get("/intern/personal").await.is(403);

        // The role ends at once, and whoever leaves is signed out.
        let end = page.body.split("action=\"").find(|part| part.contains("/beenden")).expect("a role to end");
        let end = end.split('"').next().unwrap();
        let grant = end.split('/').nth_back(1).unwrap();
        let other = format!("/intern/personal/{}/rolle/{grant}/beenden", Uuid::from_u128(1));
        admin.post(&other, &[]).await.is(404);
        nora.get("/intern/vor-ort").await.is(200);
        admin.post(end, &[]).await.is(303);
        nora.get("/intern/vor-ort").await.is(403);
        admin.post(&format!("{person}/zustand"), &[("zustand", "weg")]).await.is(303);
        nora.get("/intern/konto").await.is(303);

        // Nobody changes the own rights.
        let list = admin.get("/intern/personal").await.body;
        let own = list
            .split("href=\"")
            .find(|part| part.starts_with("/intern/personal/0") && part.contains("Adrian Muster"))
            .expect("the own line");
        let own = own.split('"').next().unwrap();
        admin.post(&format!("{own}/rolle"), &[("role", "schalter")]).await.is(422).shows("immer jemand anderes");
        assert_eq!(city.app.texts.missed(), []);
    }
}
