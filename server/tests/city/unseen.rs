//! A reader without rights finds nothing: by list, search, count, link, API, ZIP or export. A town with hidden things, each
//! with a word of its own, is walked route by route by everybody who may not see them. No word, title or id appears,
//! lists are as they were before, and what is hidden answers like what does not exist.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use axum::{Router, body::Body, http::Request};
use house::RouteInfo;
use identity::NewStaff;
use kernel::{Cx, StaffId};
use meer::modules::MODULES;
use serde_json::{Value, json};
use testkit::{Browser, Page, TestCity};
use tower::ServiceExt as _;

use crate::walks::{self, STAFF_PASSWORD, id_in};

/// An id that nothing has.
const NOWHERE: &str = "01900000-0000-7000-8000-00000000dead";
const API: &str = "/api/fachverfahren/v1";
const BOUNDARY: &str = "meer-test-grenze";

/// One for each place where something is written about a hidden thing.
const WORDS: [&str; 18] = [
    "Zwirbelholz",
    "Quastenflosser",
    "Rhabarberplan",
    "Wackelkontakt",
    "Blaubeerfassung",
    "Haselmausnotiz",
    "Kronleuchtermappe",
    "Zitronenauftrag",
    "Pusteblumenvermerk",
    "Sauerampferkontakt",
    "Tausendfusssystem",
    "Wurzelwerksperre",
    "Nudelholzentwurf",
    "Murmeltiersuche",
    "Silberdistelakte",
    "Hirschkaeferblatt",
    "Lavendelempfang",
    "Drachenfruchtverfahren",
];

/// What a form of any page asks for, so that a request is refused for what it asks after and not for how.
const FIELDS: [(&str, &str); 32] = [
    ("titel", "Klopfen"),
    ("title", "Klopfen"),
    ("text", "Klopfen"),
    ("grund", "Klopfen"),
    ("reason", "Klopfen"),
    ("stelle", "dezernat-3"),
    ("recht", "lesen"),
    ("fassung", "1"),
    ("stand", "1"),
    ("notiz", "Klopfen"),
    ("merken", "ja"),
    ("vermerk", "Klopfen"),
    ("faellig", "1"),
    ("faellig-month", "3"),
    ("faellig-year", "2099"),
    ("aktenzeichen", "10.10/1999/000001"),
    ("art", "see-also"),
    ("name", "Klopfen"),
    ("rolle", "Klopfen"),
    ("mail", "klopfen@example.org"),
    ("email", "klopfen@example.org"),
    ("zweck", "Klopfen"),
    ("tage", "7"),
    ("dokument", NOWHERE),
    ("ablauf", "nacheinander"),
    ("system", "Klopfen"),
    ("kennung", "K 1"),
    ("adresse", "https://klopfen.example/1"),
    ("revision", "1"),
    ("antwort", "Klopfen"),
    ("code", "0000 0000"),
    ("note", "Klopfen"),
];

async fn staff(test: &TestCity, login: &str) -> (StaffId, Browser) {
    let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    (all.iter().find(|s| s.login == login).unwrap().id, browser)
}

/// Somebody new who holds one role in one unit.
async fn hire(test: &TestCity, login: &str, role: &str, unit: &str) -> (StaffId, Browser) {
    let cx = test.app.cx(&test.city, "test");
    let new = NewStaff {
        login: login.to_owned(),
        name: "Robin Muster".to_owned(),
        email: format!("{login}@example.org"),
        unit: unit.to_owned(),
    };
    let id = db::write!(test.city.db, |tx| {
        let id = identity::add_staff(tx, &cx, &new).await?;
        identity::give_grant(tx, &cx, id, role, Some(unit), cx.today(), None).await?;
        Ok(id)
    })
    .unwrap();
    test.city.identity.seed_staff_password(&test.city.db, &cx, id, STAFF_PASSWORD).await.unwrap();
    let (_, browser) = staff(test, login).await;
    (id, browser)
}

fn system(test: &TestCity) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["accounts"];
    cx
}

/// What stands behind `before` on a page, up to the next slash or quotation mark.
fn behind(page: &Page, before: &str) -> String {
    let rest = page.is(200).body.split(before).nth(1).unwrap_or_else(|| panic!("no {before}: {}", page.body));
    rest.split(['/', '"', '<', '?']).next().unwrap_or_default().to_owned()
}

struct NewFile<'a> {
    entry: &'a str,
    unit: &'a str,
    confidentiality: &'a str,
    title: &'a str,
    case: &'a str,
}

/// A file with a case; answers both ids.
async fn open(clerk: &mut Browser, new: &NewFile<'_>) -> (String, String) {
    let fields =
        [("entry", new.entry), ("title", new.title), ("unit", new.unit), ("confidentiality", new.confidentiality)];
    let file = id_in(&clerk.post("/intern/akten", &fields).await);
    let case = id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", new.case)]).await);
    (file, case)
}

async fn add(clerk: &mut Browser, case: &str, title: &str, content: &str) -> String {
    let at = format!("/intern/vorgang/{case}/dokumente");
    clerk.post_files(&at, &[("titel", title)], &[("datei", "vermerk.txt", content.as_bytes())]).await.is(303);
    behind(&clerk.get(&at).await, "/dokument/")
}

/// Calls of the interface for specialist systems.
#[derive(Clone)]
struct Machine {
    router: Router,
    token: String,
}

/// Each call has a key of its own, so that none is answered with what another got.
static CALLS: AtomicUsize = AtomicUsize::new(0);

impl Machine {
    async fn open(test: &TestCity, rita: &mut Browser, name: &str, entries: &str) -> Self {
        let fields = [
            ("name", name),
            ("unit", "dezernat-1"),
            ("entries", entries),
            ("level", "vertraulich"),
            ("per_hour", "3600"),
        ];
        let shown = rita.post("/intern/fachverfahren", &fields).await;
        let body = &shown.is(200).body;
        let at = body.find("mfv_").unwrap_or_else(|| panic!("no token: {body}"));
        let token = body[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        Self { router: house::router(&test.app), token }
    }

    async fn send(&self, method: &str, path: &str, sent: Sent) -> Page {
        let key = CALLS.fetch_add(1, Ordering::Relaxed);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "localhost")
            .header("accept-language", "de")
            .header("authorization", format!("Bearer {}", self.token));
        let body = match sent {
            Sent::Nothing => Vec::new(),
            Sent::Fields => json!({"betreff": "Klopfen", "aktenplaneinheit": "61.26"}).to_string().into_bytes(),
            Sent::File => format!(
                "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"metadaten\"\r\n\r\n{}\r\n--{BOUNDARY}\r\n\
                 Content-Disposition: form-data; name=\"datei\"; filename=\"a.txt\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\nKlopfen\r\n--{BOUNDARY}--\r\n",
                match path.ends_with("/fassungen") {
                    true => json!({"grundlage": 1}),
                    false => json!({"betreff": "Klopfen"}),
                }
            )
            .into_bytes(),
        };
        if method != "GET" {
            let kind = match sent {
                Sent::File => format!("multipart/form-data; boundary={BOUNDARY}"),
                _ => "application/json".to_owned(),
            };
            request = request.header("idempotency-key", format!("k{key}")).header("content-type", kind);
        }
        let response = self.router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
        let text = |name: &str| head.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        Page {
            status: head.status,
            location: text("location"),
            body: String::from_utf8_lossy(&bytes).into_owned(),
            content_type: text("content-type").unwrap_or_default(),
            bytes,
            headers: head.headers,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let request = Request::post(format!("{API}{path}"))
            .header("host", "localhost")
            .header("authorization", format!("Bearer {}", self.token))
            .header("idempotency-key", format!("k{}", CALLS.fetch_add(1, Ordering::Relaxed)))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let body: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(status, 201, "{body}");
        body
    }
}

/// What a request carries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Nothing,
    Fields,
    File,
}

enum Way {
    Person(Browser),
    Machine(Machine),
}

/// Somebody who may not see what is hidden.
struct Visitor {
    who: &'static str,
    way: Way,
    /// A case that this visitor sees, to be asked for with hidden parts.
    own_case: Option<String>,
    /// Pages that count all cases by their task, whoever leads them (what becomes due when; systems; deletion).
    counts_all: bool,
}

impl Visitor {
    fn person(who: &'static str, browser: Browser) -> Self {
        Self { who, way: Way::Person(browser), own_case: None, counts_all: false }
    }

    /// A request of its own: what a page leaves in the browser is gone with the next.
    async fn send(&self, method: &str, path: &str, sent: Sent) -> Page {
        let browser = match &self.way {
            Way::Person(browser) => browser,
            Way::Machine(machine) => return machine.send(method, path, sent).await,
        };
        let mut browser = browser.clone();
        match (method, sent) {
            ("GET", _) => browser.get(path).await,
            (_, Sent::Nothing) => browser.post(path, &[]).await,
            (_, Sent::Fields) => browser.post(path, &FIELDS).await,
            (_, Sent::File) => browser.post_files(path, &FIELDS, &[("datei", "a.txt", b"Klopfen\n".as_slice())]).await,
        }
    }

    async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Option<Page> {
        match &self.way {
            Way::Person(browser) => Some(browser.clone().post(path, fields).await),
            Way::Machine(_) => None,
        }
    }
}

/// Ids of hidden things and what is known of them.
struct Hidden {
    file: String,
    case: String,
    number: String,
    document: String,
    folder: String,
    step: String,
    note: String,
    reference: String,
    contact: String,
    participation: String,
    hold: String,
    follow_up: String,
    search: String,
    shared_case: String,
    share: String,
    token: String,
    draft: String,
    /// A case that somebody applied for, led by the office for Sperrvermerke, with its task.
    order: String,
    order_number: String,
    task: String,
    export: String,
    /// A case that a specialist system opened.
    system_case: String,
    system_document: String,
}

impl Hidden {
    fn ids(&self) -> Vec<&str> {
        let all = [
            &self.file,
            &self.case,
            &self.document,
            &self.folder,
            &self.step,
            &self.note,
            &self.reference,
            &self.contact,
            &self.participation,
            &self.hold,
            &self.follow_up,
            &self.search,
            &self.shared_case,
            &self.share,
            &self.draft,
            &self.order,
            &self.task,
            &self.export,
            &self.system_case,
            &self.system_document,
        ];
        all.map(String::as_str).to_vec()
    }

    /// The hidden thing that a part of a route's path names; none for what is no secret, e.g. a service of the catalogue.
    fn named(&self, path: &str, part: &str) -> Option<&str> {
        let found = match part {
            "{case}" if path.starts_with("/api/") => &self.system_case,
            "{case}" if path.starts_with("/vorgang/") => &self.order,
            "{case}" if path.contains("/freigabe/{share}") => &self.shared_case,
            "{case}" => &self.case,
            "{document}" if path.starts_with("/api/") => &self.system_document,
            "{document}" => &self.document,
            "{file}" => &self.file,
            "{folder}" => &self.folder,
            "{step}" if path.contains("/laufmappe/") => &self.step,
            "{note}" => &self.note,
            "{reference}" => &self.reference,
            "{contact}" => &self.contact,
            "{participation}" => &self.participation,
            "{hold}" => &self.hold,
            "{search}" => &self.search,
            "{share}" => &self.share,
            "{task}" => &self.task,
            "{export}" => &self.export,
            "{id}" if path.contains("/wiedervorlage/") => &self.follow_up,
            "{id}" if path.contains("/prozesswerkstatt/") => &self.draft,
            _ => return None,
        };
        Some(found.as_str())
    }
}

/// A path of the route, with the hidden things and with ids that nothing has. With `own` it is that case that is asked
/// for the hidden parts.
fn paths(route: &RouteInfo, hidden: &Hidden, own: Option<&str>) -> (String, String) {
    let with = |real: bool| {
        let part = |part: &'static str| match (part, own) {
            ("{case}", Some(own)) => own.to_owned(),
            ("{token}", _) if real && route.path.starts_with("/freigabe/") => hidden.token.clone(),
            ("{n}", _) => "1".to_owned(),
            (part, _) if part.starts_with('{') => {
                let named = hidden.named(route.path, part).filter(|_| real);
                named.unwrap_or(NOWHERE).to_owned()
            }
            (part, _) => part.to_owned(),
        };
        route.path.split('/').map(part).collect::<Vec<_>>().join("/")
    };
    (with(true), with(false))
}

/// Signing out would end the walk.
fn ends_the_walk(route: &RouteInfo) -> bool {
    route.path == "/abmelden" || route.path.starts_with("/konto/schliessen") || route.path.ends_with("/sitzungen")
}

/// No word, no number and no id of what is hidden stands in an answer that was not in the question.
#[track_caller]
fn silent(at: &str, path: &str, page: &Page, hidden: &Hidden) {
    let headers: Vec<&str> = page.headers.values().filter_map(|value| value.to_str().ok()).collect();
    let told = format!("{}\n{}", headers.join("\n"), page.body);
    let words = WORDS.into_iter().chain([hidden.number.as_str(), hidden.order_number.as_str()]);
    for word in words {
        assert!(path.contains(word) || !told.contains(word), "{at}: says {word}: {}", page.body);
    }
    for id in hidden.ids() {
        assert!(path.contains(id) || !told.contains(id), "{at}: names {id}: {}", page.body);
    }
}

/// Status, headers and body of an answer without the ids that were asked for.
fn bare(page: &Page, ids: &[&str]) -> (u16, Vec<String>, String) {
    let without = |text: &str| ids.iter().fold(text.to_owned(), |text, id| text.replace(id, "ID"));
    let mut headers: Vec<String> = page
        .headers
        .iter()
        // Follows from the body, in which names of different length were exchanged.
        .filter(|(name, _)| name.as_str() != "content-length")
        .map(|(name, value)| format!("{name}: {}", without(value.to_str().unwrap_or("?"))))
        .collect();
    headers.sort();
    (page.status.as_u16(), headers, without(&page.body))
}

#[track_caller]
fn alike(at: &str, there: &Page, none: &Page, hidden: &Hidden) {
    let mut ids = hidden.ids();
    ids.push(NOWHERE);
    assert_eq!(bare(there, &ids), bare(none, &ids), "{at}: what is hidden answers otherwise than what is not there");
}

/// Pages that are not the same twice, or that grow with the journal, which everybody may watch.
fn changes(path: &str) -> bool {
    ["zweiter-faktor", "vor-ort", "einrichten", "/protokoll/"].iter().any(|part| path.contains(part))
}

/// Every page without a name in its path, and lists asked for more closely.
fn lists(test: &TestCity, visitor: &Visitor) -> Vec<String> {
    let all = house::table(&test.app).into_iter();
    let mut lists: Vec<String> = all
        .filter(|route| route.method == "GET" && !route.path.contains('{') && !ends_the_walk(route))
        .map(|route| route.path.to_owned())
        .filter(|path| !changes(path))
        .collect();
    let closer = [
        "/intern/vorgaenge?erledigt=true",
        "/intern/akten?plan=61.26",
        "/intern/akten?plan=61.50",
        "/intern/akten?nach=2000-01-01T00:00:00Z,01900000-0000-7000-8000-00000000dead",
        "/intern/dokumente?stelle=standesamt",
        "/intern/dokumente?art=schreiben",
        "/intern/dokumente?von=2020-01-01&bis=2090-12-31",
        "/intern/suche?q=Quastenflosser",
        "/intern/auskunft?name=Quastenflosser",
        "/leistungen?q=Quastenflosser",
        "/suche?q=Quastenflosser",
        "/intern/gibtesnicht",
        "/intern/vorgang/keine-kennung",
        "/intern/akte/keine-kennung",
        "/gesund",
    ];
    lists.extend(closer.map(str::to_owned));
    if let Some(case) = &visitor.own_case {
        let parts = ["", "/dokumente", "/beteiligung", "/verweis", "/verweise", "/freigaben", "/nachweise", "/sperre"];
        lists.extend(parts.map(|part| format!("/intern/vorgang/{case}{part}")));
    }
    if visitor.counts_all {
        let all = ["/intern/aussonderung", "/intern/fachverfahren", "/intern/zugangsanfragen", "/intern/loeschlauf"];
        lists.retain(|path| !all.iter().any(|all| path.starts_with(all)));
    }
    if matches!(visitor.way, Way::Machine(_)) {
        lists.push(format!("{API}/vorgaenge?fremdesGeschaeftszeichen=FREMD-7"));
        let year = system(test).today().year();
        lists.push(format!("{API}/vorgaenge?aktenzeichen=61.50-1%2F{year}%2F000001"));
    }
    lists
}

async fn read(visitor: &Visitor, lists: &[String]) -> Vec<Page> {
    let mut pages = Vec::new();
    for path in lists {
        pages.push(visitor.send("GET", path, Sent::Nothing).await);
    }
    pages
}

/// Everything that a clerk can do about a case, each with its word.
async fn hide(test: &TestCity, open_case: &str) -> Hidden {
    let (_, mut stefan) = staff(test, "stefan.muster").await;
    let (sabine_id, mut sabine) = staff(test, "sabine.beispiel").await;
    let (_, mut rita) = staff(test, "rita.registratur").await;
    let (_, mut petra) = staff(test, "petra.prozess").await;
    let new = NewFile {
        entry: "61.26",
        unit: "standesamt",
        confidentiality: "vertraulich",
        title: "Akte Zwirbelholz",
        case: "Vorgang Quastenflosser",
    };
    let (file, case) = open(&mut stefan, &new).await;
    let number = walks::number_of(test, &case).await;
    let at = format!("/intern/vorgang/{case}");
    let document = add(&mut stefan, &case, "Rhabarberplan", "Der Inhalt: Wackelkontakt\n").await;
    let save = [("stand", "1"), ("notiz", "Blaubeerfassung")];
    let versions = format!("{at}/dokument/{document}/fassungen");
    stefan.post_files(&versions, &save, &[("datei", "b.txt", b"Wackelkontakt, neu\n".as_slice())]).await.is(303);
    stefan.post(&format!("{at}/notiz"), &[("text", "Haselmausnotiz")]).await.is(303);
    let contact = [("name", "Sauerampferkontakt"), ("rolle", "Planung"), ("telefon", "02159 000")];
    stefan.post(&format!("{at}/ansprechpartner"), &contact).await.is(303);
    let elsewhere = [("system", "Tausendfusssystem"), ("kennung", "T 7"), ("adresse", "https://bau.example/7")];
    stefan.post(&format!("{at}/verweise"), &elsewhere).await.is(303);
    let invited = [("stelle", "dezernat-4"), ("recht", "lesen"), ("grund", "Stellungnahme")];
    stefan.post(&format!("{at}/beteiligung"), &invited).await.is(303);
    rita.post(&format!("{at}/sperre"), &[("reason", "Wurzelwerksperre")]).await.is(303);
    // A reference to a case that others see: from there it must not be seen.
    let to = walks::number_of(test, open_case).await;
    rita.post(&format!("{at}/verweis"), &[("aktenzeichen", &to), ("art", "successor")]).await.is(303);

    let day = system(test).today();
    let (d, m, y) = (day.day().to_string(), day.month().to_string(), day.year().to_string());
    let due = [("faellig", &*d), ("faellig-month", &*m), ("faellig-year", &*y), ("vermerk", "Pusteblumenvermerk")];
    stefan.post(&format!("{at}/wiedervorlage"), &due).await.is(303);
    let follow_up = behind(&stefan.get("/intern/wiedervorlagen").await, "action=\"/intern/wiedervorlage/");
    stefan.post(&format!("{at}/merken"), &[("merken", "ja")]).await.is(303);
    stefan.post("/intern/suche/merken", &[("q", "Murmeltiersuche"), ("name", "Murmeltiersuche")]).await.is(303);
    let search = behind(&stefan.get("/intern/suche").await, "action=\"/intern/suche/");

    let sabine_id = sabine_id.to_string();
    let folder = [
        ("titel", "Kronleuchtermappe"),
        ("auftrag", "Zitronenauftrag"),
        ("ablauf", "nacheinander"),
        ("person-1", sabine_id.as_str()),
        ("art-1", "final"),
    ];
    let folder = id_in(&stefan.post(&format!("{at}/laufmappe"), &folder).await);
    let step = behind(&sabine.get(&format!("/intern/laufmappe/{folder}")).await, "/schritt/");
    let page = rita.get(&at).await;
    let (note, contact) = (behind(&page, &format!("{at}/notiz/")), behind(&page, &format!("{at}/ansprechpartner/")));
    let reference = behind(&page, &format!("{at}/verweis/"));
    let participation = behind(&rita.get(&format!("{at}/beteiligung")).await, &format!("{at}/beteiligung/"));
    let hold = behind(&rita.get(&format!("{at}/sperre")).await, &format!("{at}/sperre/"));

    // Documents leave the house from ordinary cases only: one of an office that none of the visitors belongs to.
    let new = NewFile {
        entry: "10.10",
        unit: "dezernat-1",
        confidentiality: "normal",
        title: "Silberdistelakte",
        case: "Silberdistelakte, Vorgang",
    };
    let (_, shared_case) = open(&mut rita, &new).await;
    let shared = add(&mut rita, &shared_case, "Hirschkaeferblatt", "Hirschkaeferblatt\n").await;
    let shares = format!("/intern/vorgang/{shared_case}/freigaben");
    let fields = [
        ("dokument", &*shared),
        ("name", "Lavendelempfang"),
        ("email", "lavendel@example.org"),
        ("zweck", "Akteneinsicht"),
        ("tage", "7"),
    ];
    let token = behind(&rita.post(&shares, &fields).await, "/freigabe/");
    let share = behind(&rita.get(&shares).await, &format!("/intern/vorgang/{shared_case}/freigabe/"));

    let begun = [("art", "processes"), ("key", "personenstandsurkunde")];
    let draft = id_in(&petra.post("/intern/prozesswerkstatt/beginnen", &begun).await);
    let said = [("revision", "1"), ("note", "Nudelholzentwurf")];
    petra.post(&format!("/intern/prozesswerkstatt/{draft}/beschreibung"), &said).await.is(303);

    // Somebody's order about an entry with a Sperrvermerk.
    let mut erika = test.browser();
    erika.eid_sign_in("erika", "/").await.is(200);
    let order = walks::birth_certificate_of(&mut erika, ("Vorlage-Dachs", "Rosa"), ("17", "1", "1985")).await;
    let order = walks::submit(&mut erika, &order).await;
    walks::pay(test, &mut erika, &order).await;
    let order_number = walks::number_of(test, &order).await;
    let task = behind(&sabine.get(&format!("/intern/vorgang/{order}")).await, "action=\"/intern/aufgabe/");

    let system = Machine::open(test, &mut rita, "Muster-Bauverfahren", "61.50").await;
    let sent = json!({
        "betreff": "Drachenfruchtverfahren", "aktenplaneinheit": "61.50", "vertraulichkeitsstufe": "vertraulich",
        "fremdesGeschaeftszeichen": "FREMD-7",
    });
    let opened = system.post("/vorgaenge", &sent).await;
    let system_case = opened["vorgang"].as_str().unwrap().to_owned();
    let filed = system.send("POST", &format!("{API}/vorgaenge/{system_case}/dokumente"), Sent::File).await;
    let filed: Value = serde_json::from_slice(&filed.is(201).bytes).unwrap();
    let system_document = filed["dokument"].as_str().unwrap().to_owned();

    rita.post("/intern/ausgabe", &[]).await.is(303);
    test.settle().await;
    let export = behind(&rita.get("/intern/ausgabe").await, "href=\"/intern/ausgabe/");
    rita.get(&format!("/intern/ausgabe/{export}/inhalt")).await.is(200).shows("Zwirbelholz").shows("Silberdistelakte");
    Hidden {
        file,
        case,
        number,
        document,
        folder,
        step,
        note,
        reference,
        contact,
        participation,
        hold,
        follow_up,
        search,
        shared_case,
        share,
        token,
        draft,
        order,
        order_number,
        task,
        export,
        system_case,
        system_document,
    }
}

/// Everybody who is to find nothing. The deputy saw what is confidential until just now.
async fn visitors(test: &TestCity) -> Vec<Visitor> {
    let (_, mut mara) = staff(test, "melde.muster").await;
    let new = NewFile {
        entry: "10.10",
        unit: "buergerbuero",
        confidentiality: "normal",
        title: "Für alle im Bürgerbüro",
        case: "Öffnungszeiten",
    };
    let (_, own) = open(&mut mara, &new).await;
    add(&mut mara, &own, "Aushang", "Montag bis Freitag\n").await;

    let mut max = test.browser();
    max.eid_sign_in("max", "/").await.is(200);
    let (_, cleared_for_less) = hire(test, "nora.normal", "sachbearbeitung-meldewesen", "standesamt").await;
    let (_, registrar) = hire(test, "karl.kartei", "registratur", "buergerbuero").await;
    let deputy = former_deputy(test).await;
    house::open_city(&test.app, &testkit::cities().join("musterstadt")).await.unwrap();
    let mut stranger = test.browser().at_host("musterstadt.localhost");
    stranger.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let (_, mut rita) = staff(test, "rita.registratur").await;
    let machine = Machine::open(test, &mut rita, "Muster-Grünverfahren", "61.26").await;

    let with = |visitor: Visitor, counts_all: bool| Visitor { own_case: Some(own.clone()), counts_all, ..visitor };
    vec![
        Visitor::person("nobody signed in", test.browser()),
        Visitor::person("another citizen", max),
        with(Visitor::person("a clerk of another office", mara), false),
        Visitor::person("a clerk of the office without the clearance", cleared_for_less),
        with(Visitor::person("a deputy whose time is over", deputy), false),
        with(Visitor::person("the registrar of another office", registrar), true),
        Visitor::person("a clerk of the other city", stranger),
        Visitor { who: "a system of another entry", way: Way::Machine(machine), own_case: None, counts_all: false },
    ]
}

/// Somebody of the Bürgerbüro who stood in for a clerk of the Standesamt.
async fn former_deputy(test: &TestCity) -> Browser {
    let (stefan_id, mut stefan) = staff(test, "stefan.muster").await;
    let (deputy_id, mut deputy) = hire(test, "vera.vertretung", "sachbearbeitung-meldewesen", "buergerbuero").await;
    let new = NewFile {
        entry: "10.10",
        unit: "standesamt",
        confidentiality: "vertraulich",
        title: "Vor der Vertretung",
        case: "Vor der Vertretung",
    };
    let (_, case) = open(&mut stefan, &new).await;
    let at = format!("/intern/vorgang/{case}");
    deputy.get(&at).await.is(404);
    let cx = system(test);
    let today = cx.today();
    let id = db::write!(test.city.db, |tx| {
        identity::set_deputy(tx, &cx, stefan_id, deputy_id, today.yesterday().unwrap(), today).await
    })
    .unwrap();
    deputy.get(&at).await.is(200).shows("Vor der Vertretung");
    db::write!(test.city.db, |tx| { identity::end_deputy(tx, &cx, id).await }).unwrap();
    deputy.get(&at).await.is(404);
    deputy
}

/// All routes, with what is hidden and with what is not there.
async fn walk(test: &TestCity, visitor: &Visitor, hidden: &Hidden) -> usize {
    let mut tried = 0;
    for route in house::table(&test.app).into_iter().filter(|route| !ends_the_walk(route)) {
        let (own, kinds) = (
            visitor.own_case.as_deref().filter(|_| route.path.starts_with("/intern/")),
            match route.method {
                "GET" => &[Sent::Nothing][..],
                // What is asked for nothing in particular must change nothing.
                _ if !route.path.contains('{') => &[Sent::Nothing][..],
                _ => &[Sent::Nothing, Sent::Fields, Sent::File][..],
            },
        );
        for own in std::iter::once(None).chain(own.map(Some)) {
            let ((real, none), second) = (paths(&route, hidden, own), own.is_some());
            if second && (!route.path.contains("{case}") || real == none) {
                continue;
            }
            for kind in kinds {
                let there = visitor.send(route.method, &real, *kind).await;
                let at = format!("{}: {} {real} → {}", visitor.who, route.method, there.status);
                assert!(there.status.as_u16() < 500, "{at}: {}", there.body);
                silent(&at, &real, &there, hidden);
                tried += 1;
                // Who has the link of a share has the link; without the code it says nothing.
                if real == none || route.path.starts_with("/freigabe/") {
                    continue;
                }
                let nothing = visitor.send(route.method, &none, *kind).await;
                alike(&at, &there, &nothing, hidden);
            }
        }
    }
    tried
}

/// Every question that can be put in words, about what is hidden and about nonsense.
async fn questions(visitor: &Visitor, hidden: &Hidden) {
    let numbers =
        [(hidden.number.as_str(), "61.26-9/1999/000009"), (hidden.order_number.as_str(), "34.20/1999/000009")];
    let asked = WORDS.into_iter().map(|word| (word, "Gibtesnicht")).chain(numbers);
    for (real, none) in asked {
        for (path, field) in [("/intern/suche", "q"), ("/intern/auskunft", "name")] {
            let with = |word| [(field, word), ("born", "17"), ("born-month", "1"), ("born-year", "1985")];
            let (Some(there), Some(nothing)) =
                (visitor.ask(path, &with(real)).await, visitor.ask(path, &with(none)).await)
            else {
                continue;
            };
            let at = format!("{}: {path} for {real}", visitor.who);
            assert_eq!(bare(&there, &[real]), bare(&nothing, &[none]), "{at}");
        }
    }
    let born = [("born", "12"), ("born-month", "6"), ("born-year", "1984")];
    let about = |name| [[("name", name)].as_slice(), &born].concat();
    if let (Some(there), Some(nothing)) = (
        visitor.ask("/intern/auskunft", &about("Beispiel-Ahorn")).await,
        visitor.ask("/intern/auskunft", &about("Beispiel-Niemand")).await,
    ) {
        let at = format!("{}: the applicant asked for by name", visitor.who);
        assert_eq!(bare(&there, &["Beispiel-Ahorn"]), bare(&nothing, &["Beispiel-Niemand"]), "{at}");
    }
    // Chosen from a list in which they never were, and named beside something of one's own.
    let chosen = |case, file| [("vorgang", case), ("akte", file), ("weiter", "ja"), ("aktion", "zip")];
    let mut pairs = vec![(
        "/intern/auswahl".to_owned(),
        chosen(hidden.case.as_str(), hidden.file.as_str()).to_vec(),
        chosen(NOWHERE, NOWHERE).to_vec(),
    )];
    if let Some(own) = &visitor.own_case {
        let at = format!("/intern/vorgang/{own}");
        let refer = |number| vec![("aktenzeichen", number), ("art", "see-also")];
        pairs.push((format!("{at}/verweis"), refer(hidden.number.as_str()), refer("61.26-9/1999/000009")));
        pairs.push((format!("{at}/zip"), vec![("dokument", hidden.document.as_str())], vec![("dokument", NOWHERE)]));
        let share = |document| {
            let who = [("name", "Rea Beispiel"), ("email", "rea@example.org"), ("zweck", "Einsicht"), ("tage", "7")];
            [[("dokument", document)].as_slice(), &who].concat()
        };
        pairs.push((format!("{at}/freigaben"), share(hidden.document.as_str()), share(NOWHERE)));
    }
    let ids = [hidden.ids(), vec![NOWHERE, hidden.number.as_str(), "61.26-9/1999/000009"]].concat();
    for (path, real, none) in &pairs {
        let (Some(there), Some(nothing)) = (visitor.ask(path, real).await, visitor.ask(path, none).await) else {
            continue;
        };
        assert_eq!(bare(&there, &ids), bare(&nothing, &ids), "{}: {path}", visitor.who);
    }
}

/// All texts below a folder.
fn texts(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts(&path, into);
        } else {
            into.push_str(&path.display().to_string());
            into.push_str(&String::from_utf8_lossy(&std::fs::read(&path).unwrap()));
        }
    }
}

/// What the registrar of another office gives out, on the page and in the folder.
async fn given_out(test: &TestCity, visitor: &Visitor, hidden: &Hidden) {
    let Way::Person(browser) = &visitor.way else { return };
    let mut registrar = browser.clone();
    registrar.post("/intern/ausgabe", &[]).await;
    test.settle().await;
    let id = behind(&registrar.get("/intern/ausgabe").await, "href=\"/intern/ausgabe/");
    let contents = registrar.get(&format!("/intern/ausgabe/{id}/inhalt")).await;
    contents.is(200).shows("Öffnungszeiten");
    silent("the contents of an export", "", &contents, hidden);
    let mut all = String::new();
    texts(&test.app.config.data.join("exports").join("meerbusch").join(&id), &mut all);
    assert!(all.contains("Montag bis Freitag"), "the own document is in the folder");
    for word in WORDS.into_iter().chain([hidden.number.as_str(), hidden.case.as_str(), hidden.file.as_str()]) {
        assert!(!all.contains(word), "the exported folder says {word}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_without_rights_finds_nothing_anywhere() {
    for test in TestCity::both(MODULES).await {
        let visitors = visitors(&test).await;
        let own = visitors.iter().find_map(|visitor| visitor.own_case.clone()).unwrap();
        test.settle().await;
        let mut before = Vec::new();
        for visitor in &visitors {
            before.push(read(visitor, &lists(&test, visitor)).await);
        }
        let hidden = hide(&test, &own).await;
        test.settle().await;

        // Lists, counts, tables and feeds are what they were.
        for (visitor, before) in visitors.iter().zip(&before) {
            let lists = lists(&test, visitor);
            let after = read(visitor, &lists).await;
            for ((path, before), after) in lists.iter().zip(before).zip(&after) {
                let at = format!("{}: {path}", visitor.who);
                silent(&at, path, after, &hidden);
                assert_eq!(bare(before, &[]), bare(after, &[]), "{at}: changed by what is hidden");
            }
            questions(visitor, &hidden).await;
        }

        // Every address leads to what leads nowhere.
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let pages =
            ["", "/dokumente", "/beteiligung", "/sperre"].map(|part| format!("/intern/vorgang/{}{part}", hidden.case));
        let mut untouched = Vec::new();
        for path in &pages {
            untouched.push(stefan.get(path).await.is(200).body.clone());
        }
        for visitor in &visitors {
            let tried = walk(&test, visitor, &hidden).await;
            assert!(tried > 200, "{}: {tried} requests: are the modules there?", visitor.who);
            if visitor.counts_all {
                given_out(&test, visitor, &hidden).await;
            }
        }
        test.settle().await;
        for (path, before) in pages.iter().zip(&untouched) {
            assert_eq!(stefan.get(path).await.is(200).body, *before, "{path}: somebody without rights changed it");
        }
    }
}

/// The nightly work of `accounts`, with who sees what on the new day.
#[derive(serde::Serialize, serde::Deserialize)]
struct Upkeep {}

impl jobs::Job for Upkeep {
    const NAME: &'static str = "accounts.upkeep";
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deputyship_ends_with_its_last_day() {
    for test in TestCity::both(MODULES).await {
        let (stefan_id, mut stefan) = staff(&test, "stefan.muster").await;
        let (deputy_id, mut deputy) =
            hire(&test, "vera.vertretung", "sachbearbeitung-meldewesen", "buergerbuero").await;
        let new = NewFile {
            entry: "61.26",
            unit: "standesamt",
            confidentiality: "vertraulich",
            title: "Akte Zwirbelholz",
            case: "Vorgang Quastenflosser",
        };
        let (file, case) = open(&mut stefan, &new).await;
        let document = add(&mut stefan, &case, "Rhabarberplan", "Wackelkontakt\n").await;
        test.settle().await;
        let cx = system(&test);
        let today = cx.today();
        db::write!(test.city.db, |tx| { identity::set_deputy(tx, &cx, stefan_id, deputy_id, today, today).await })
            .unwrap();
        let ways = [
            format!("/intern/akte/{file}"),
            format!("/intern/akte/{file}/zip"),
            format!("/intern/vorgang/{case}"),
            format!("/intern/vorgang/{case}/zip"),
            format!("/intern/vorgang/{case}/dokument/{document}"),
            format!("/intern/dokument/{document}/ansehen"),
        ];
        for way in &ways {
            deputy.get(way).await.is(200);
        }
        let found = deputy.post("/intern/suche", &[("q", "Quastenflosser")]).await;
        found.is(200).shows("Ein Vorgang gefunden");

        test.later(24);
        let cx = system(&test);
        db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &Upkeep {}).await }).unwrap();
        test.settle().await;
        let (_, mut deputy) = staff(&test, "vera.vertretung").await;
        for way in &ways {
            deputy.get(way).await.is(404).hides("Quastenflosser").hides("Rhabarberplan");
        }
        let found = deputy.post("/intern/suche", &[("q", "Quastenflosser")]).await;
        found.is(200).shows("Kein Vorgang gefunden");
        for list in ["/intern/vorgaenge", "/intern/akten", "/intern/dokumente"] {
            deputy.get(list).await.is(200).hides("Zwirbelholz").hides("Quastenflosser").hides("Rhabarberplan");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_to_the_archive_shows_a_registrar_their_own_cases_only() {
    for test in TestCity::both(MODULES).await {
        let (_, mut rita) = staff(&test, "rita.registratur").await;
        hire(&test, "karl.kartei", "registratur", "buergerbuero").await;
        for (unit, title) in [("dezernat-1", "Quastenflosser"), ("buergerbuero", "Bordsteine")] {
            let new = NewFile { entry: "61.50", unit, confidentiality: "normal", title: "Anliegen", case: title };
            let (_, case) = open(&mut rita, &new).await;
            rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        }
        test.later(24 * 366 * 4);
        let (_, mut rita) = staff(&test, "rita.registratur").await;
        let (_, mut karl) = staff(&test, "karl.kartei").await;
        karl.get("/intern/aussonderung").await.is(200).shows("Ein Vorgang ist anzubieten").hides("Quastenflosser");
        let offer = id_in(&rita.post("/intern/aussonderung", &[]).await);
        test.settle().await;
        let at = format!("/intern/aussonderung/{offer}");
        let page = rita.get(&at).await;
        page.is(200).shows("Quastenflosser").shows("Bordsteine");
        let message = behind(&page, &format!("href=\"{at}/nachricht/"));
        let message = format!("{at}/nachricht/{message}");
        rita.get(&message).await.is(200);
        karl.get(&at).await.is(200).shows("Bordsteine").hides("Quastenflosser").hides("/nachricht/");
        karl.get(&message).await.is(404);
        let (_, mut anton) = staff(&test, "anton.archiv").await;
        anton.get(&at).await.is(200).shows("Quastenflosser").shows("Bordsteine");
        anton.get(&message).await.is(200);
    }
}
