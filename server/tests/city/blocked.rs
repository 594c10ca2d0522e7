//! People whom the registers keep secret: Auskunftssperre (§ 51 BMG), bedingter Sperrvermerk (§ 52 BMG), the use of an
//! entry after an adoption (§ 63 PStG) and a Sperrvermerk in it (§ 64 PStG). Whoever may not know of them gets what they
//! would get if there were no such person: on every list, page and export, in number and words, and in time as far as that
//! can be measured here.

use std::time::{Duration, Instant};

use db::Engine;
use meer::modules::MODULES;
use serde_json::Value;
use testkit::{Browser, Page, TestCity};

use crate::{
    persons::contents,
    walks::{self, STAFF_PASSWORD},
};

/// A page or a text without what must differ: ids, numbers, times and the given words.
fn bare(text: &str, words: &[&str]) -> String {
    let mut text = text.to_owned();
    for word in words {
        text = text.replace(word, "WORT");
    }
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let id = rest.get(..36).is_some_and(|id| {
            id.bytes().enumerate().all(|(at, b)| match at {
                8 | 13 | 18 | 23 => b == b'-',
                _ => b.is_ascii_hexdigit(),
            })
        });
        let taken = if id {
            out.push_str("ID");
            36
        } else if first.is_ascii_digit() {
            out.push('0');
            rest.bytes().take_while(u8::is_ascii_digit).count()
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = &rest[taken..];
    }
    // The clock of the test stands still: what happens at one moment is told in any order.
    let mut lines: Vec<&str> = out.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.join("\n")
}

/// Shows where two texts begin to differ.
#[track_caller]
fn same(what: &str, one: &str, other: &str) {
    if let Some(at) =
        one.bytes().zip(other.bytes()).position(|(a, b)| a != b).or((one.len() != other.len()).then_some(0))
    {
        let around = |text: &str| {
            let start = text.floor_char_boundary(at.saturating_sub(80));
            text[start..text.floor_char_boundary(at + 120)].to_owned()
        };
        panic!("{what} differs: …{}… and …{}…", around(one), around(other));
    }
}

/// A card whose holder the population register does not tell about, and the words that are the holder's own.
struct Secret {
    card: &'static str,
    words: &'static [&'static str],
}

const SECRETS: [Secret; 3] = [
    // Nobody: what all others must look like.
    Secret { card: "unknown", words: &["Probe-Unbekannt", "Renate", "Anderswoweg"] },
    Secret { card: "blocked-differing", words: &["Beispiel-Wacholder", "Carla Ines", "Vormalsweg"] },
    Secret { card: "conditional-differing", words: &["Vorlage-Holunder", "Tamara", "Ehemalsweg"] },
];

/// What the applicant and the clerk see of an application, and what the export says.
async fn seen_by_all(test: &TestCity, secret: &Secret) -> Vec<(&'static str, String)> {
    let mut browser = test.browser();
    let draft = walks::certificate_of(&mut browser, secret.card).await;
    let check = browser.get(&format!("{draft}/pruefen")).await;
    let case = walks::submit(&mut browser, &draft).await;
    test.settle().await;
    let mut clerk = test.browser();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let page = clerk.get(&format!("/intern/vorgang/{case}")).await;
    page.is(200).shows("Abweichung prüfen").hides("Sperrvermerk").hides("Auskunftssperre").hides("gesperrt");
    let task = walks::claim(&mut clerk, &case).await;
    let task_page = clerk.get(&task).await;
    let task_page = clerk.follow(task_page).await;
    task_page.is(200);
    let fields = [("entscheidung", "ablehnen"), ("ablehnungsgrund", "nicht-gemeldet"), ("ablehnung_text", "Keine.")];
    walks::decide(test, &mut clerk, &task, &fields).await;
    let own = browser.get(&format!("/vorgang/{case}")).await;
    own.is(200).shows("Abgelehnt");
    let export = browser.post("/konto/meine-daten", &[]).await;
    let all = [
        ("the page to check", check.body),
        ("the mismatch view of the clerk", page.body),
        ("the clerk's task", task_page.body),
        ("the applicant's page", own.body),
        ("the postbox", browser.get("/postfach").await.body),
        ("the list of own cases", browser.get("/meine-vorgaenge").await.body),
        ("the export", coded(&contents(&export.bytes), secret.words).to_string()),
    ];
    all.map(|(what, text)| (what, bare(&text, secret.words))).to_vec()
}

/// An export without what is secret by its nature: hashes, sizes and bytes of documents.
fn coded(export: &Value, words: &[&str]) -> Value {
    match export {
        Value::Object(map) => {
            let random = ["sha256", "size", "pdf_sha256", "code_hash", "token_hash"];
            map.iter()
                .filter(|(key, _)| !random.contains(&key.as_str()))
                .map(|(k, v)| (k.clone(), coded(v, words)))
                .collect()
        }
        Value::Array(list) => {
            let mut list: Vec<Value> = list.iter().map(|value| coded(value, words)).collect();
            list.sort_by_key(|value| bare(&value.to_string(), words));
            list.into()
        }
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_kept_secret_by_the_population_register_looks_like_nobody() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut nobody = Vec::new();
    for secret in &SECRETS {
        let seen = seen_by_all(&test, secret).await;
        if nobody.is_empty() {
            nobody = seen;
            continue;
        }
        for ((what, one), (_, other)) in nobody.iter().zip(&seen) {
            same(&format!("{what} of {}", secret.card), one, other);
        }
    }
}

/// An entry of the civil register that somebody asks for.
struct Entry {
    what: &'static str,
    name: (&'static str, &'static str),
    born: (&'static str, &'static str, &'static str),
}

const ENTRIES: [Entry; 4] = [
    Entry { what: "nobody", name: ("Probe-Niemand", "Nina"), born: ("1", "1", "1990") },
    Entry { what: "an open entry", name: ("Test-Amsel", "Mia"), born: ("4", "4", "2004") },
    Entry { what: "§ 63 PStG", name: ("Probe-Kastanie", "Emil"), born: ("31", "12", "1999") },
    Entry { what: "§ 64 PStG", name: ("Vorlage-Dachs", "Rosa"), born: ("17", "1", "1985") },
];

impl Entry {
    /// The words that are this entry's own.
    fn words(&self) -> [&'static str; 5] {
        [self.name.0, self.name.1, "Januar", "April", "Dezember"]
    }
}

/// What a clerk answers in the task, whoever the entry is about.
const REFUSAL: [(&str, &str); 4] = [
    ("register_gesehen", "ja"),
    ("ergebnis", "ablehnen"),
    ("ablehnungsgrund", "nicht-berechtigt"),
    ("ablehnung_text", "Sie gehören nicht zu den Berechtigten."),
];

/// What the applicant's export says of the case about each entry, without what must differ.
async fn exported(
    test: &TestCity,
    applicant: &mut Browser,
    cases: &[(&'static str, String)],
) -> Vec<(&'static str, String)> {
    let export = contents(&applicant.post("/konto/meine-daten", &[]).await.bytes);
    assert!(!export.to_string().to_lowercase().contains("sperr"), "the applicant's export speaks of a Sperrvermerk");
    let mut parts = Vec::new();
    for (entry, (what, case)) in ENTRIES.iter().zip(cases) {
        let words = entry.words();
        let number = walks::number_of(test, case).await;
        let of_case = |list: &str| {
            let entries = export[list].as_array().unwrap().iter().filter(|entry| entry["case"] == number.as_str());
            coded(&entries.cloned().collect(), &words).to_string()
        };
        parts.push((*what, bare(&["tables", "journal", "documents"].map(of_case).concat(), &words)));
    }
    parts
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_kept_secret_by_the_civil_register_is_seen_by_the_named_role_only() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut staff = Vec::new();
    for login in ["melde.muster", "stefan.muster", "sabine.beispiel"] {
        let mut browser = test.browser();
        browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
        staff.push(browser);
    }
    let [melde, stefan, sabine] = &mut staff[..] else { unreachable!() };
    let mut browser = test.browser();
    browser.eid_sign_in("erika", "/").await.is(200);
    let lists = ["/intern", "/intern/aufgaben", "/intern/vorgaenge", "/intern/vorgaenge?erledigt=true"];
    let mut before = Vec::new();
    for list in lists {
        before.push(melde.get(list).await.body);
    }

    let (mut outside, mut cases) = (Vec::new(), Vec::new());
    for entry in &ENTRIES {
        let draft = walks::birth_certificate_of(&mut browser, entry.name, entry.born).await;
        let case = walks::submit(&mut browser, &draft).await;
        walks::pay(&test, &mut browser, &case).await;
        let page = browser.get(&format!("/vorgang/{case}")).await;
        page.is(200).shows("In Bearbeitung").hides("Sperr").hides("sperr");
        outside.push((entry.what, bare(&page.body, &entry.words())));
        cases.push((entry.what, case));
    }
    for (what, page) in &outside[1..] {
        same(&format!("the applicant's page of {what}"), &outside[0].1, page);
    }
    // The applicant's own data say the same of each of the four, case by case.
    let before_work = exported(&test, &mut browser, &cases).await;
    for (what, part) in &before_work[1..] {
        same(&format!("the export of {what}"), &before_work[0].1, part);
    }

    // Inside: ordinary work is offered to the Standesamt; a case about a secret entry is no case for its clerks.
    let mut inside = Vec::new();
    for (what, case) in &cases {
        let page = stefan.get(&format!("/intern/vorgang/{case}")).await;
        page.hides("Sperrvermerk nach");
        inside.push((*what, case, page));
    }
    let by_name = |wanted: &str| inside.iter().find(|(what, ..)| *what == wanted).unwrap();
    for ordinary in ["nobody", "an open entry"] {
        by_name(ordinary).2.is(200).shows("/uebernehmen");
    }
    let (adopted, witness) = (by_name("§ 63 PStG"), by_name("§ 64 PStG"));
    let none = stefan.get("/intern/vorgang/01900000-0000-7000-8000-00000000dead").await;
    for (what, _, page) in [adopted, witness] {
        page.is(404);
        same(&format!("the clerk's page of {what}"), &bare(&none.body, &[]), &bare(&page.body, &[]));
    }
    let page = sabine.get(&format!("/intern/vorgang/{}", witness.1)).await;
    page.is(200).shows("Sperrvermerk nach § 64 PStG").shows("/uebernehmen");
    sabine.get(&format!("/intern/vorgang/{}", adopted.1)).await.is(200).hides("nach § 64 PStG").shows("/uebernehmen");
    // Whoever looks into the journal later finds which unit was given the case.
    let entries = journal::entries(&mut test.city.db.read().await.unwrap(), 0, 10_000).await.unwrap();
    for (what, case, _) in &inside {
        let unit = if what.starts_with('§') { "standesamt-sperrvermerke" } else { "standesamt" };
        let of_case = entries.iter().filter(|e| e.name == "records.unit-decided" && e.fact["case"] == case.as_str());
        let units: Vec<&Value> = of_case.map(|entry| &entry.fact["unit"]).collect();
        assert_eq!(units, [unit], "{what}");
    }

    // The Bürgerbüro has nothing to do with it: lists, numbers and searches are as before, the cases are no cases.
    for (list, before) in lists.iter().zip(&before) {
        same(&format!("{list} of the Bürgerbüro"), &bare(before, &[]), &bare(&melde.get(list).await.body, &[]));
    }
    for (_, case, ..) in &inside {
        let real = melde.get(&format!("/intern/vorgang/{case}")).await;
        let none = melde.get("/intern/vorgang/01900000-0000-7000-8000-00000000dead").await;
        real.is(404);
        same("the page of a case that one may not see", &bare(&none.body, &[]), &bare(&real.body, &[]));
    }
    searches(&test, melde, &mut browser.clone()).await;

    // When all four are decided, in the same words, nothing tells them apart either.
    for (what, case, ..) in &inside {
        let clerk = if what.starts_with('§') { &mut *sabine } else { &mut *stefan };
        let task = walks::claim(clerk, case).await;
        walks::decide(&test, clerk, &task, &REFUSAL).await;
    }
    let mut decided = Vec::new();
    for (entry, (what, case)) in ENTRIES.iter().zip(&cases) {
        let page = browser.get(&format!("/vorgang/{case}")).await;
        page.is(200).shows("Abgelehnt").hides("Sperr").hides("sperr");
        decided.push((what, bare(&page.body, &entry.words())));
    }
    for (what, page) in &decided[1..] {
        same(&format!("the applicant's page of {what} after the decision"), &decided[0].1, page);
    }
    let after_work = exported(&test, &mut browser, &cases).await;
    for ((what, part), (_, before)) in after_work.iter().zip(&before_work) {
        assert!(part.len() > before.len(), "the export of {what} says nothing of the decision");
        same(&format!("the export of {what} after the decision"), &after_work[0].1, part);
    }

    let mut dora = test.browser();
    dora.staff_sign_in("dora.datenschutz", STAFF_PASSWORD).await.is(200);
    // Who answers requests under Art. 15 DSGVO gives the applicant's data out, and reads no more in them than they do.
    let number = walks::number_of(&test, witness.1).await;
    let page = dora.post("/intern/datenauskunft", &[("number", &number)]).await;
    page.is(200);
    assert!(!contents(&page.bytes).to_string().to_lowercase().contains("sperr"));
    dora.get(&format!("/intern/vorgang/{}", witness.1)).await.is(403);
}

/// Whoever searches finds as much of somebody whose cases they may not see as of nobody.
async fn searches(test: &TestCity, clerk: &mut Browser, citizen: &mut Browser) {
    let born = [("born", "12"), ("born-month", "6"), ("born-year", "1984")];
    let ask = |name| [[("name", name)].as_slice(), &born].concat();
    let real = clerk.post("/intern/auskunft", &ask("Beispiel-Ahorn")).await;
    let none = clerk.post("/intern/auskunft", &ask("Beispiel-Niemand")).await;
    same("the caller's view", &bare(&none.body, &["Beispiel-Niemand"]), &bare(&real.body, &["Beispiel-Ahorn"]));
    // Every search of staff, whoever adds one.
    let route = |route: &house::RouteInfo| route.method == "GET" && route.path.ends_with("/suche");
    for route in house::table(&test.app).into_iter().filter(|r| route(r) && r.access.is_staff()) {
        for name in ["Vorlage-Dachs", "Probe-Kastanie", "Beispiel-Ahorn"] {
            let real = clerk.get(&format!("{}?q={name}", route.path)).await;
            let none = clerk.get(&format!("{}?q=Gibtesnicht-Nirgends", route.path)).await;
            assert_eq!(real.status, none.status, "{}", route.path);
            let words = [name, "Gibtesnicht-Nirgends"];
            same(&format!("{}?q={name}", route.path), &bare(&none.body, &words), &bare(&real.body, &words));
        }
    }
    // The search of the portal knows services and no people.
    let found = citizen.get("/leistungen?q=Vorlage-Dachs").await;
    found.is(200).hides("/vorgang/").hides("34.20/");
}

/// How long each of two requests takes, asked in turns so that the machine's moods hit both.
///
/// It fails when one takes more than 2 ms and more than twice as long: when the hash of a password, a question to a
/// register or a letter is made for one of the two only. One look more by a key takes some ten microseconds; that is lost in
/// the noise of a machine and not found here.
async fn compare(what: &str, browser: &mut Browser, one: &Request<'_>, other: &Request<'_>) {
    const TURNS: usize = 60;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        first.push(one.time(browser).await);
        second.push(other.time(browser).await);
    }
    let middle = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2]
    };
    let (a, b) = (middle(&mut first), middle(&mut second));
    // Both: a slow machine makes large differences, a fast answer large factors.
    let far = a.abs_diff(b) > Duration::from_millis(2) && a.max(b) > a.min(b) * 2;
    assert!(!far, "{what}: {a:?} for a person who is there, {b:?} for nobody");
}

struct Request<'a> {
    path: String,
    fields: &'a [(&'a str, &'a str)],
    status: u16,
}

impl Request<'_> {
    async fn time(&self, browser: &mut Browser) -> Duration {
        let begun = Instant::now();
        let page: Page = if self.fields.is_empty() {
            browser.get(&self.path).await
        } else {
            browser.post(&self.path, self.fields).await
        };
        let took = begun.elapsed();
        page.is(self.status);
        took
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_yours_takes_no_milliseconds_longer_than_not_there() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut browser = test.browser();
    browser.eid_sign_in("erika", "/").await.is(200);
    let Entry { name, born, .. } = ENTRIES[3];
    let draft = walks::birth_certificate_of(&mut browser, name, born).await;
    let case = walks::submit(&mut browser, &draft).await;
    walks::pay(&test, &mut browser, &case).await;
    let nothing = "01900000-0000-7000-8000-00000000dead";
    let get = |path: String| Request { path, fields: &[], status: 404 };
    let mut other = test.browser();
    other.eid_sign_in("max", "/").await.is(200);
    for path in ["/vorgang/ID", "/vorgang/ID/zahlung", "/vorgang/ID/eingang"] {
        let (real, none) = (get(path.replace("ID", &case)), get(path.replace("ID", nothing)));
        compare(path, &mut other, &real, &none).await;
    }
    let mut clerk = test.browser();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let (real, none) = (get(format!("/intern/vorgang/{case}")), get(format!("/intern/vorgang/{nothing}")));
    compare("the page of a case for staff", &mut clerk, &real, &none).await;
    let fields = |name| [("name", name), ("born", "12"), ("born-month", "6"), ("born-year", "1984")];
    let (there, nobody) = (fields("Beispiel-Ahorn"), fields("Beispiel-Niemand"));
    let ask = |fields| Request { path: "/intern/auskunft".into(), fields, status: 200 };
    compare("the caller's view", &mut clerk, &ask(&there), &ask(&nobody)).await;
}
