//! The two services from the first click to delivery, without a window and without scripts.

use db::Engine;
use kernel::CaseId;
use meer::modules::MODULES;
use testkit::{Browser, Page, TestCity, form_of};

pub const CITIZEN: &str = "erika.beispiel@example.org";
pub const PASSWORD: &str = "Beispiel-Demo-2026";
pub const STAFF_PASSWORD: &str = "Muster-Demo-2026";

/// The id of what was made, at the end of the address that its page leads to.
pub fn id_in(page: &Page) -> String {
    let location = page.is(303).location.as_deref();
    location.and_then(|l| l.rsplit('/').next()).unwrap_or_else(|| panic!("no way on")).to_owned()
}

/// A clerk with an open case of this title, in a file of its own.
pub async fn at_case(test: &TestCity, title: &str) -> (Browser, String) {
    let mut rita = test.browser();
    rita.staff_sign_in("rita.registratur", STAFF_PASSWORD).await.is(200);
    let fields = [
        ("entry", "61.50"),
        ("title", "Radweg am Musterbach"),
        ("unit", "dezernat-1"),
        ("confidentiality", "normal"),
        ("medium", "electronic"),
        ("storage", ""),
        ("part_of", ""),
    ];
    let file = id_in(&rita.post("/intern/akten", &fields).await);
    let case = id_in(&rita.post(&format!("/intern/akte/{file}/vorgang"), &[("title", title)]).await);
    (rita, case)
}

/// Begins an application and answers the path of its draft.
pub async fn begin(browser: &mut Browser, service: &str) -> String {
    browser.get(&format!("/leistungen/{service}")).await.is(200);
    browser.get(&format!("/leistungen/{service}/antrag")).await.is(200).shows("Datenschutz");
    let page = browser.post(&format!("/leistungen/{service}/antrag"), &[]).await;
    page.location.unwrap_or_else(|| panic!("no draft was begun: {}", page.status))
}

/// Answers the step a draft is at with these fields; untouched fields go as the page shows them.
pub async fn answer(browser: &mut Browser, draft: &str, fields: &[(&str, &str)]) -> Page {
    let page = browser.get(draft).await;
    let at = page.location.unwrap_or_else(|| panic!("the draft leads nowhere: {}", page.body));
    let shown = browser.get(&at).await;
    shown.is(200);
    let mut all = form_of(&shown.body, &at);
    all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    all.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let all: Vec<_> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let sent = browser.post_files(&at, &all, &[]).await;
    assert_eq!(sent.status, 303, "step {at} was not taken: {}", sent.body);
    sent
}

/// Submits a finished draft and answers the case's id.
pub async fn submit(browser: &mut Browser, draft: &str) -> String {
    let check = format!("{draft}/pruefen");
    browser.get(&check).await.is(200).shows("absenden");
    let fields = form_of(&browser.get(&check).await.body, &format!("{draft}/absenden"));
    let fields: Vec<_> = fields.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let sent = browser.post(&format!("{draft}/absenden"), &fields).await;
    sent.location.as_deref().and_then(case_in).unwrap_or_else(|| panic!("not submitted: {sent:?}"))
}

fn case_in(location: &str) -> Option<String> {
    let rest = location.split("/vorgang/").nth(1)?;
    Some(rest.split(['/', '?']).next().unwrap_or(rest).to_owned())
}

/// A citizen whose card agrees with the register gets the simple certificate; answers the case's id.
pub async fn matched_certificate(test: &TestCity) -> String {
    let mut browser = test.browser();
    let draft = certificate_of(&mut browser, "erika").await;
    let case = submit(&mut browser, &draft).await;
    test.settle().await;
    case
}

/// The draft of a simple certificate, ready to be checked and sent off, of whoever this card belongs to.
pub async fn certificate_of(browser: &mut Browser, card: &str) -> String {
    browser.eid_sign_in(card, "/").await.is(200);
    let draft = begin(browser, "meldebescheinigung").await;
    answer(browser, &draft, &[("fuer_wen", "selbst")]).await;
    answer(browser, &draft, &[("art", "einfach")]).await;
    answer(browser, &draft, &[("zustellung", "elektronisch")]).await;
    // Person, address, purpose, e-mail, declaration: as far as the form asks for them.
    answer_all(browser, &draft, &[("erklaerung", "ja")]).await;
    draft
}

/// Answers whatever the draft asks with these fields, up to check-your-answers.
pub async fn answer_all(browser: &mut Browser, draft: &str, fields: &[(&str, &str)]) {
    let mut left = 20;
    while browser.get(draft).await.location.is_some_and(|l| !l.ends_with("/pruefen")) {
        answer(browser, draft, fields).await;
        left -= 1;
        assert!(left > 0, "the form does not end");
    }
}

/// The draft of a birth certificate, ready to be checked and sent off, of whoever is signed in with the online ID; for
/// a person that the applicant has a legal interest in.
pub async fn birth_certificate_of(browser: &mut Browser, name: (&str, &str), born: (&str, &str, &str)) -> String {
    let draft = begin(browser, "personenstandsurkunde").await;
    let fields = [
        ("standesamt", "meerbusch"),
        ("ereignis", "geburt"),
        ("ereignis_datum", born.0),
        ("ereignis_datum-month", born.1),
        ("ereignis_datum-year", born.2),
        ("person_familienname", name.0),
        ("person_vornamen", name.1),
        ("ereignis_ort", "Meerbusch"),
        ("beziehung", "geschwister"),
        ("berechtigtes_interesse", "Familienforschung"),
        ("zweck", "privat"),
        ("urkunden.1.urkunde_art", "a4"),
        ("urkunden.1.urkunde_anzahl", "1"),
        ("erklaerung", "ja"),
    ];
    answer_all(browser, &draft, &fields).await;
    draft
}

/// Pays the fee of a case at the provider and lets everything happen that follows.
pub async fn pay(test: &TestCity, browser: &mut Browser, case: &str) {
    let page = browser.post(&format!("/vorgang/{case}/bezahlen"), &[]).await;
    let way = page.location.unwrap_or_else(|| panic!("no way to the provider: {}", page.body));
    let (base, rest) = way.split_at(way.find("/pay/").expect("an address of the sandbox"));
    let provider = peers::Peer::new("payment", base, None).unwrap();
    let paid = provider.post_form(rest, &[("choice", "bezahlen")]).await.unwrap();
    assert_eq!(paid.status, 303, "{}", paid.text());
    browser.get(&format!("/vorgang/{case}/zahlung")).await.is(200);
    test.settle().await;
}

/// The clerk takes the free task of a case; answers its path.
pub async fn claim(clerk: &mut Browser, case: &str) -> String {
    let page = clerk.get(&format!("/intern/vorgang/{case}")).await;
    page.is(200);
    let claim = page.body.split("action=\"").find(|part| part.split('"').next().unwrap().ends_with("/uebernehmen"));
    let claim = claim.and_then(|part| part.split('"').next()).unwrap_or_else(|| panic!("no task to claim: {page:?}"));
    clerk.post(claim, &[]).await.is(303);
    claim.strip_suffix("/uebernehmen").unwrap().to_owned()
}

/// The clerk answers the pages of a task with these fields and finishes it. That takes a minute: of two answers of a
/// register the later one counts.
pub async fn decide(test: &TestCity, clerk: &mut Browser, task: &str, fields: &[(&str, &str)]) {
    test.minutes_later(1);
    for _ in 0..5 {
        let at = clerk.get(task).await.location.expect("a step");
        if at.ends_with("/pruefen") {
            break;
        }
        clerk.post(&at, fields).await.is(303);
    }
    clerk.post(&format!("{task}/abschliessen"), &[]).await.is(303);
    test.settle().await;
}

pub async fn number_of(test: &TestCity, case: &str) -> String {
    let id: CaseId = case.parse().unwrap();
    let mut rx = test.city.db.read().await.unwrap();
    let sql = "SELECT number FROM records_case WHERE tenant = $1 AND id = $2";
    rx.one::<(String,)>(sql, db::params![id]).await.unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_matching_certificate_lies_in_the_postbox_without_a_clerk() {
    for test in TestCity::both(MODULES).await {
        let mut browser = test.browser();
        let draft = certificate_of(&mut browser, "erika").await;
        let case = submit(&mut browser, &draft).await;
        test.settle().await;
        let page = browser.get(&format!("/vorgang/{case}")).await;
        page.is(200).shows("Erledigt").shows("Meldebescheinigung");
        browser.get("/postfach").await.is(200);
        let link = page.body.split("href=\"").find(|part| part.contains("/dokument/")).expect("a document");
        let pdf = browser.get(link.split('"').next().unwrap()).await;
        assert!(pdf.bytes.starts_with(b"%PDF"), "{:?}", pdf.content_type);

        // The register of another person, the same case: nothing of it is to be seen.
        let mut other = test.browser();
        other.eid_sign_in("max", "/").await;
        other.get(&format!("/vorgang/{case}")).await.is(404);
        // Submitting the same draft again makes no second case.
        let again = browser.post(&format!("{draft}/absenden"), &[]).await;
        assert!(again.status.as_u16() < 500);
        let mut rx = test.city.db.read().await.unwrap();
        let n = rx.one::<(i64,)>("SELECT COUNT(*) AS n FROM records_case WHERE tenant = $1", &[]).await.unwrap().0;
        assert_eq!(n, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mismatch_is_decided_by_a_clerk_and_then_delivered() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut browser = test.browser();
    let draft = certificate_of(&mut browser, "differing-address").await;
    let case = submit(&mut browser, &draft).await;
    test.settle().await;
    browser.get(&format!("/vorgang/{case}")).await.is(200).hides("Erledigt");

    // The clerk comes a few minutes later; what the register answered last is what counts.
    test.minutes_later(5);
    let mut clerk = test.browser();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    let page = clerk.get("/intern/aufgaben").await;
    page.is(200).shows("Abweichung prüfen");
    clerk.get(&format!("/intern/vorgang/{case}")).await.is(200).shows("Abweichung prüfen");
    let task = claim(&mut clerk, &case).await;
    let fields =
        [("entscheidung", "ausstellen"), ("ausstellen_grund", "umzug"), ("ausstellen_vermerk", "am Telefon geklärt")];
    decide(&test, &mut clerk, &task, &fields).await;
    browser.get(&format!("/vorgang/{case}")).await.is(200).shows("Erledigt");
}
