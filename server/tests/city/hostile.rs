//! Bad input of every kind against the whole house: a clear German answer, nothing lost, nothing believed.

use std::collections::BTreeSet;

use db::{Engine, params};
use kernel::{CaseId, Timestamp};
use meer::modules::MODULES;
use testkit::{Browser, TestCity, form_of};

use crate::{
    applications,
    walks::{self, STAFF_PASSWORD},
};

async fn count(test: &TestCity, sql: &'static str) -> i64 {
    test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0
}

const CASES: &str = "SELECT COUNT(*) AS n FROM records_case WHERE tenant = $1";

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_fee_and_forged_answers_reach_neither_the_demand_nor_the_case() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut browser = test.browser();
    browser.eid_sign_in("erika", "/").await.is(200);
    let draft = walks::begin(&mut browser, "meldebescheinigung").await;
    let forged = [
        ("fuer_wen", "selbst"),
        ("art", "einfach"),
        ("zustellung", "papier"),
        ("erklaerung", "ja"),
        // Computed, locked, not asked on this way, and never a field.
        ("gebuehr", "0"),
        ("zustellweg", "elektronisch"),
        ("familienname", "Muster-Fremd"),
        ("geburtsdatum-year", "1950"),
        ("anschrift", "Fremdweg"),
        ("papier_weiter", "papier"),
        ("weitere_daten", "religion"),
        ("konto.level", "hoch"),
        ("payments.total", "0"),
    ];
    walks::answer_all(&mut browser, &draft, &forged).await;
    browser.get(&format!("{draft}/pruefen")).await.shows("Beispiel-Ahorn").shows("9,00").hides("Fremd");
    let case = walks::submit(&mut browser, &draft).await;
    let id: CaseId = case.parse().unwrap();
    let mut rx = test.city.db.read().await.unwrap();
    let sql = "SELECT cents FROM payments_payment WHERE tenant = $1 AND case_id = $2";
    let (cents,) = rx.one::<(i64,)>(sql, params![id]).await.unwrap();
    assert_eq!(cents, 900, "the fee is the city's row of the day, whatever the browser says");
    let sql = "SELECT party FROM records_case WHERE tenant = $1 AND id = $2";
    let (party,) = rx.one::<(serde_json::Value,)>(sql, params![id]).await.unwrap();
    assert_eq!((&party["family_name"], &party["provenance"]), (&"Beispiel-Ahorn".into(), &"eid".into()));
    assert_eq!((&party["birth_date"], &party["address"]["street"]), (&"1984-06-12".into(), &"Musterweg".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clicks_at_once_make_one_case_and_one_demand() {
    for test in TestCity::both(MODULES).await {
        let ready = applications::fill_in(test.browser(), 1).await.unwrap();
        let mut clicks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (browser, action, revision) = (ready.browser.clone(), ready.action.clone(), ready.revision.clone());
            clicks.spawn(async move { applications::Ready { browser, action, revision }.send_off().await.unwrap() });
        }
        let cases: BTreeSet<CaseId> = clicks.join_all().await.into_iter().collect();
        assert_eq!(cases.len(), 1, "every click is answered with the same case: {cases:?}");
        assert_eq!(count(&test, CASES).await, 1);
        assert_eq!(count(&test, "SELECT COUNT(*) AS n FROM payments_payment WHERE tenant = $1").await, 1);
        assert_eq!(count(&test, "SELECT COUNT(*) AS n FROM processes_instance WHERE tenant = $1").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_is_asked_which_answer_counts_and_an_old_page_submits_nothing() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut browser = test.browser();
    let draft = walks::certificate_of(&mut browser, "erika").await;
    let step = format!("{draft}/zweck");
    let page = browser.get(&step).await;
    let shown = form_of(&page.body, &step);
    let stand = shown.iter().find(|(name, _)| name == "stand").map(|(_, value)| value.clone()).unwrap();
    let check = form_of(&browser.get(&format!("{draft}/pruefen")).await.body, &format!("{draft}/absenden"));
    let old = check.iter().find(|(name, _)| name == "stand").map(|(_, value)| value.clone()).unwrap();
    browser.post(&step, &[("stand", &stand), ("zweck", "Bank")]).await.is(303);
    let conflict = browser.post(&step, &[("stand", &stand), ("zweck", "Hochzeit")]).await;
    conflict.is(409).shows("Es ist nichts verloren").shows("Bank").shows("Hochzeit");
    // A page to check that was opened before the change sends nothing off.
    let sent = browser.post(&format!("{draft}/absenden"), &[("stand", &old)]).await;
    let page = browser.follow(sent).await;
    page.is(200).shows("Der Antrag hat sich inzwischen geändert").shows("Bank").hides("Hochzeit");
    assert_eq!(count(&test, CASES).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_an_expired_session_everything_typed_is_there_and_nothing_is_shown_before() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut browser = test.browser();
    let draft = walks::certificate_of(&mut browser, "erika").await;
    let step = format!("{draft}/zweck");
    let shown = form_of(&browser.get(&step).await.body, &step);
    let stand = shown.iter().find(|(name, _)| name == "stand").map(|(_, value)| value.clone()).unwrap();
    // Three quarters of an hour without a click.
    let since = Timestamp::from_second(test.app.sources.now().as_second() - 45 * 60).unwrap();
    db::write!(test.city.db, |tx| {
        tx.exec("UPDATE identity_session SET seen_at = $2 WHERE tenant = $1", params![since]).await
    })
    .unwrap();
    let sent = browser.post(&step, &[("stand", &stand), ("zweck", "Wohnungssuche am Deich")]).await;
    assert_eq!(sent.is(303).location.as_deref(), Some(format!("/anmelden?zurueck={step}").as_str()));
    let sign_in = browser.follow(sent).await;
    sign_in.is(200).shows("Anmelden").hides("Wohnungssuche").hides("Beispiel-Ahorn");
    browser.get(&step).await.is(303).hides("Wohnungssuche");
    let submitted = browser.post(&format!("{draft}/absenden"), &[("stand", &stand)]).await;
    assert!(submitted.is(303).location.as_deref().is_some_and(|l| l.starts_with("/anmelden")), "{submitted:?}");
    assert_eq!(count(&test, CASES).await, 0);
    browser.eid_sign_in("erika", &step).await.is(200).shows("Wohnungssuche am Deich");
    // Somebody else at the same computer sees nothing of it.
    let mut other = browser.clone();
    other.post("/abmelden", &[]).await;
    other.eid_sign_in("max", "/").await.is(200);
    other.get(&step).await.is(404).hides("Wohnungssuche");
}

/// A clerk has asked the applicant something; answers the applicant, the clerk, the case and the path of the question.
async fn asked_back(test: &TestCity, question: &str) -> (Browser, Browser, String, String) {
    let mut browser = test.browser();
    let draft = walks::certificate_of(&mut browser, "differing-address").await;
    let step = format!("{draft}/zweck");
    let shown = form_of(&browser.get(&step).await.body, &step);
    let stand = shown.iter().find(|(name, _)| name == "stand").map(|(_, value)| value.clone()).unwrap();
    browser.post(&step, &[("stand", &stand), ("zweck", question)]).await.is(303);
    let case = walks::submit(&mut browser, &draft).await;
    test.settle().await;
    let mut clerk = test.browser();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let task = walks::claim(&mut clerk, &case).await;
    let fields = [("entscheidung", "rueckfrage"), ("rueckfrage_text", question)];
    walks::decide(test, &mut clerk, &task, &fields).await;
    let postbox = browser.get("/postfach").await;
    let message = postbox.body.split("href=\"").find(|part| part.starts_with("/postfach/"));
    let message = message.and_then(|part| part.split('"').next()).unwrap_or_else(|| panic!("no question: {postbox:?}"));
    (browser, clerk, case, message.to_owned())
}

/// A picture that says it is enormous: opened, it would fill the memory.
fn pixel_bomb() -> Vec<u8> {
    let mut png = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR".to_vec();
    png.extend([0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff, 8, 6, 0, 0, 0, 0, 0, 0, 0]);
    png.extend(b"\x00\x00\x00\x00IEND\xaeB`\x82");
    png
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_with_a_bad_file_comes_back_with_its_text_and_says_what_is_wrong() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (mut browser, _, case, message) = asked_back(&test, "Seit wann wohnen Sie dort?").await;
    let page = browser.get(&message).await;
    page.is(200).shows("Seit wann wohnen Sie dort?");
    let action = page.body.split("action=\"").find(|part| part.starts_with("/postfach/")).expect("a form to answer");
    let action = action.split('"').next().unwrap().to_owned();
    let huge = vec![b'%'; 100_000_000];
    let large = [b"%PDF-1.7\n".as_slice(), &vec![b' '; 10_500_000], b"%%EOF"].concat();
    let polyglot = b"%PDF-1.7\n%%EOF\n<script>alert(1)</script>PK\x03\x04....PK\x05\x06..............%%EOF";
    for (name, bytes, text) in [
        ("leer.pdf", b"".as_slice(), "ist leer"),
        ("seite.pdf", b"<html><script>alert(1)</script>", "ist kein PDF, JPEG oder PNG"),
        ("programm.exe", b"MZ\x90\x00", "ist kein PDF, JPEG oder PNG"),
        ("bombe.zip", b"PK\x03\x04\x14\x00\x00\x00\x08\x00", "ist kein PDF, JPEG oder PNG"),
        ("zwitter.pdf", polyglot, "enthält mehr als ein Dokument"),
        ("abgebrochen.pdf", b"%PDF-1.7\n1 0 obj", "ist beschädigt"),
        ("riese.png", &pixel_bomb(), "ist zu groß. Fotografieren Sie mit kleinerer Auflösung"),
        ("gross.pdf", &large, "ist größer als 10 MB"),
        ("riesig.pdf", &huge, "ist größer als 10 MB"),
    ] {
        let fields = [("antwort", "Seit dem 15. November, wie besprochen")];
        let sent = browser.post_files(&action, &fields, &[("datei", name, bytes)]).await;
        sent.is(422).shows(name).shows("Seit dem 15. November, wie besprochen");
        assert!(sent.body.contains(text), "{name}: the error must say „{text}“");
    }
    let sql = "SELECT COUNT(*) AS n FROM postbox_message WHERE tenant = $1 AND kind = 'reply'";
    assert_eq!(count(&test, sql).await, 0, "nothing was taken in");
    let pdf: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
    let good = browser.post_files(&action, &[("antwort", "Seit November")], &[("datei", "a.pdf", pdf)]).await;
    good.is(303);
    browser.get(&format!("/vorgang/{case}")).await.is(200);
    assert_eq!(count(&test, sql).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_file_to_compare_is_refused_in_words() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut browser = test.browser();
    let huge = vec![b'%'; 100_000_000];
    let sent = browser.post_files("/pruefen/-/datei", &[], &[("datei", "riesig.pdf", &huge)]).await;
    assert!(sent.status == 413 || sent.status == 422, "{}", sent.status);
    sent.shows("groß");
    browser.post_files("/pruefen/-/datei", &[], &[("datei", "leer.pdf", b"")]).await.is(422).shows("Datei");
}

const SCRIPT: &str = "\"><script>alert('meer')</script><img src=x onerror=alert(1)>{{7*7}}";

/// Fails when a page holds what was typed as anything but text.
#[track_caller]
fn harmless(at: &str, body: &str) {
    for danger in ["<script>alert", "<img src=x", "\"><script"] {
        assert!(!body.contains(danger), "{at} holds {danger}");
    }
}

/// Follows every link of this site from these pages on; answers how many pages showed what was typed.
async fn crawl(browser: &mut Browser, from: &[String]) -> usize {
    let mut open: Vec<String> = from.to_vec();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut shown = 0;
    while let Some(path) = open.pop() {
        let elsewhere = ["/sprache/", "/assets/", "/abmelden", "/leistungen"].iter().any(|p| path.starts_with(p));
        if elsewhere || !seen.insert(path.clone()) || seen.len() > 150 {
            continue;
        }
        let page = browser.get(&path).await;
        assert!(page.status.as_u16() < 500, "{path}: {}", page.status);
        if !page.content_type.starts_with("text/html") {
            continue;
        }
        harmless(&path, &page.body);
        shown += usize::from(page.body.contains("alert("));
        let links = page.body.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
        open.extend(links.filter(|link| link.starts_with('/')).map(|link| link.replace("&amp;", "&")));
        open.extend(page.location);
    }
    shown
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_every_text_field_stays_text_on_every_page() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    // Names and addresses take the letters of DIN SPEC 91379 only; the page comes back with what was typed, as text.
    let mut guest = test.browser();
    let draft = walks::begin(&mut guest, "meldebescheinigung").await;
    for fields in [("fuer_wen", "selbst"), ("art", "einfach"), ("papier_weiter", "papier")] {
        walks::answer(&mut guest, &draft, &[fields]).await;
    }
    let step = guest.get(&draft).await.location.unwrap();
    let fields = [
        ("stand", "3"),
        ("familienname", SCRIPT),
        ("vornamen", SCRIPT),
        ("geburtsdatum", SCRIPT),
        ("geburtsdatum-month", SCRIPT),
        ("geburtsdatum-year", SCRIPT),
    ];
    let page = guest.post(&step, &fields).await;
    page.is(422).shows("alert(");
    harmless("the page of a person", &page.body);
    for (path, field) in [
        ("/anmelden", "email"),
        ("/registrieren", "email"),
        ("/passwort-vergessen", "email"),
        ("/abholen", "code"),
        ("/intern/anmelden", "login"),
        ("/feedback", "message"),
        ("/feedback", "reply_to"),
    ] {
        let page = guest.post(path, &[(field, SCRIPT), ("kind", SCRIPT), ("seite", SCRIPT)]).await;
        assert!(page.status.as_u16() < 500, "{path}: {}", page.status);
        harmless(path, &page.body);
    }
    for path in ["/leistungen?q=", "/anmelden?zurueck=", "/feedback?seite=", "/intern/anmelden?zurueck=", "/pruefen/"] {
        let page = guest.get(&format!("{path}%22%3E%3Cscript%3Ealert('meer')%3C/script%3E")).await;
        harmless(path, &page.body);
    }

    // What people and clerks write freely goes through the whole house.
    let (mut browser, mut clerk, case, message) = asked_back(&test, SCRIPT).await;
    let page = browser.get(&message).await;
    let action = page.body.split("action=\"").find(|part| part.starts_with("/postfach/")).expect("a form to answer");
    let action = action.split('"').next().unwrap().to_owned();
    let pdf: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
    let name = "><script>alert('meer')<script>.pdf";
    browser.post_files(&action, &[("antwort", SCRIPT)], &[("datei", name, pdf)]).await.is(303);
    test.settle().await;
    let task = walks::claim(&mut clerk, &case).await;
    let fields = [("entscheidung", "ausstellen"), ("ausstellen_grund", "umzug"), ("ausstellen_vermerk", SCRIPT)];
    walks::decide(&test, &mut clerk, &task, &fields).await;
    browser.get(&format!("/vorgang/{case}")).await.is(200).shows("Erledigt");
    let (public, internal) = (format!("/vorgang/{case}"), format!("/intern/vorgang/{case}"));
    let seen = crawl(&mut browser, &["/".into(), public, "/postfach".into(), "/konto".into(), message]).await;
    assert!(seen >= 2, "the citizen sees the own words on {seen} pages");
    let lists =
        ["/intern/vorgaenge?erledigt=true", "/intern/aufgaben", "/intern/auskunft", "/intern"].map(String::from);
    let seen = crawl(&mut clerk, &[[internal].as_slice(), &lists].concat()).await;
    assert!(seen >= 1, "the clerk sees the applicant's words on {seen} pages");
    let asked = [("name", SCRIPT), ("born", SCRIPT), ("born-month", SCRIPT), ("born-year", SCRIPT)];
    harmless("the caller's view", &clerk.post("/intern/auskunft", &asked).await.body);
    let export = browser.post("/konto/meine-daten", &[]).await;
    export.is(200);
    let page = export.body.find("<!").map_or("", |at| &export.body[at..]);
    let page = page.find("</html>").map_or(page, |end| &page[..end]);
    assert!(page.contains("alert("), "the export shows what was written");
    harmless("auskunft.html", page);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_database_is_told_to_those_who_look_and_to_those_who_send() {
    let Some(test) = TestCity::open(MODULES, Engine::Postgres).await else {
        return eprintln!("PostgreSQL left out: MEER_TEST_DATABASE=none");
    };
    let (mut looking, mut sending) = (test.browser(), test.browser());
    sending.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let mut held = Vec::new();
    for _ in 0..15 {
        held.push(test.city.db.read().await.unwrap());
    }
    let (looked, sent) = tokio::join!(looking.get("/gesund"), sending.post("/intern/auskunft", &[]));
    looked.is(503).shows("Gerade ist sehr viel los").shows("laden Sie die Seite").hides("nicht angekommen");
    sent.is(503).shows("Gerade ist sehr viel los").shows("nicht angekommen").hides("laden Sie die Seite");
    held.clear();
    test.browser().get("/gesund").await.is(200);
}
