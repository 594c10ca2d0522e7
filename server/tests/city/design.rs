//! Processes are changed in the browser: in the list, by forms alone, and released by somebody else.

use db::{Engine, params};
use kernel::{CaseId, Cx, StaffId, Uuid};
use meer::modules::MODULES;
use serde_json::Value;
use testkit::{Browser, Page, TestCity, form_of};

use crate::walks::{self, STAFF_PASSWORD};

const WORKSHOP: &str = "/intern/prozesswerkstatt";
const ORDER: &str = "personenstandsurkunde";

async fn staff(test: &TestCity, login: &str) -> (StaffId, Browser) {
    let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    (all.iter().find(|s| s.login == login).unwrap().id, browser)
}

fn system(test: &TestCity) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["accounts"];
    cx
}

/// Begins a draft and answers its address.
async fn begin(clerk: &mut Browser, kind: &str, key: &str) -> String {
    let page = clerk.post(&format!("{WORKSHOP}/beginnen"), &[("art", kind), ("key", key)]).await;
    page.is(303).location.clone().expect("a draft")
}

/// Sends the form of a page: what stands in it, and these fields.
async fn send(browser: &mut Browser, shown: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
    let mut all = form_of(&shown.body, action);
    all.retain(|(name, _)| !fields.iter().any(|(given, _)| given == name));
    all.extend(fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    let all: Vec<_> = all.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    browser.post(action, &all).await
}

/// Presses a button of a draft's page.
async fn press(browser: &mut Browser, draft: &str, what: &str, fields: &[(&str, &str)]) -> Page {
    let shown = browser.get(draft).await;
    shown.is(200);
    send(browser, &shown, &format!("{draft}/{what}"), fields).await
}

/// Where a page leads, without the place on it.
fn way_on(page: &Page) -> String {
    let location = page.is(303).location.clone().expect("a way on");
    location.split('#').next().unwrap_or_default().to_owned()
}

/// One more approval on the way to the certificate, where the fee is above an amount, in the list alone.
async fn add_approval(clerk: &mut Browser, draft: &str) -> Page {
    let list = clerk.get(&format!("{draft}/schritte")).await;
    list.is(200).shows("Urkunde im Fachverfahren ausstellen").shows("Schritt auf diesem Weg einfügen");
    let insert = format!("{draft}/schritte/neu?weg=f7");
    assert!(list.body.contains(&insert), "the way to the certificate can take a step");
    clerk.get(&insert).await.is(200).shows("nur unter einer Bedingung");
    let form = clerk.get(&format!("{insert}&art=aufgabe&wann=bedingt")).await;
    form.is(200).shows("Gebühr in Cent").shows("wie im Schritt").shows("Vorgang freigeben");
    let action = format!("{draft}/schritte/neu");
    // Bad input comes back with what was entered.
    let bad =
        [("name", "Freigabe"), ("variable", "gebuehr_cents"), ("vergleich", "mehr"), ("wert", ""), ("frist", "bald")];
    send(clerk, &form, &action, &bad).await.is(422).shows("unter welcher Bedingung").shows("bald");
    let fields = [
        ("name", "Freigabe durch eine zweite Person"),
        ("variable", "gebuehr_cents"),
        ("vergleich", "mehr"),
        ("wert", "500"),
        ("frage", "Mehr als 5 Euro?"),
        ("ja", "mehr"),
        ("nein", "höchstens"),
        ("einheit", "= stelle"),
        ("formular", "tasks/freigabe"),
        ("frist", "3"),
        ("vieraugen", "bearbeiten"),
        ("medienbruch", "nein"),
    ];
    let saved = send(clerk, &form, &action, &fields).await;
    assert!(saved.location.as_deref().is_some_and(|l| l.contains("#schritt-")), "the step is where one lands");
    let list = clerk.get(&way_on(&saved)).await;
    list.is(200).shows("Freigabe durch eine zweite Person").shows("gebuehr_cents").shows("gespeichert");
    list.shows("3 Tage").shows("Letzte Änderung rückgängig machen");
    list
}

/// Puts a draft to review and lets somebody else release it.
async fn release(test: &TestCity, author: &mut Browser, draft: &str) {
    press(author, draft, "beschreibung", &[("note", "Höhere Gebühren prüft eine zweite Person.")]).await.is(303);
    press(author, draft, "vorlegen", &[]).await.is(303);
    let (_, mut sabine) = staff(test, "sabine.beispiel").await;
    press(&mut sabine, draft, "freigeben", &[]).await.is(303);
    sabine.get(draft).await.is(200).shows("Freigegeben als Fassung 2");
}

async fn instance(test: &TestCity, case: &str) -> (i64, String) {
    let case: CaseId = case.parse().unwrap();
    let sql = "SELECT version, status FROM processes_instance WHERE tenant = $1 AND case_id = $2";
    test.city.db.read().await.unwrap().one(sql, params![case]).await.unwrap()
}

async fn order(applicant: &mut Browser) -> String {
    let draft = walks::birth_certificate_of(applicant, ("Muster-Kind", "Toni"), ("1", "2", "1990")).await;
    walks::submit(applicant, &draft).await
}

const ISSUED: [(&str, &str); 6] = [
    ("register_gesehen", "ja"),
    ("ergebnis", "ausgestellt"),
    ("urkunde_registernummer", "G 12/1990"),
    ("versandt_am", "1"),
    ("versandt_am-month", "2"),
    ("versandt_am-year", "2020"),
];

async fn is_whole(test: &TestCity) {
    test.settle().await;
    let report = journal::check::run(&test.city.db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_approval_is_added_in_the_list_and_what_runs_keeps_its_version() {
    for test in TestCity::both(MODULES).await {
        let mut applicant = test.browser();
        applicant.eid_sign_in("erika", "/").await.is(200);
        let old = order(&mut applicant).await;
        walks::pay(&test, &mut applicant, &old).await;

        let (petra_id, mut petra) = staff(&test, "petra.prozess").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        stefan.get(WORKSHOP).await.is(403);
        petra.get(WORKSHOP).await.is(200).shows("prozesswerkstatt/beginnen").shows("Personenstandsurkunde");
        sabine.get(WORKSHOP).await.is(200).hides("prozesswerkstatt/beginnen");
        sabine.post(&format!("{WORKSHOP}/beginnen"), &[("art", "processes"), ("key", ORDER)]).await.is(403);
        let draft = begin(&mut petra, "processes", ORDER).await;
        press(&mut petra, &draft, "vorlegen", &[]).await.is(409).shows("was Sie ändern und warum");
        press(&mut petra, &draft, "beschreibung", &[("note", "Zweite Person")]).await.is(303);
        press(&mut petra, &draft, "vorlegen", &[]).await.is(409).shows("noch genau wie");
        let list = add_approval(&mut petra, &draft).await;
        let page = petra.get(&draft).await;
        page.is(200).shows("keine Fehler").shows("Freigabe durch eine zweite Person").shows(">Neu<");
        page.shows("(nach „").hides("„nach-");

        // Undone and done again.
        send(&mut petra, &list, &format!("{draft}/rueckgaengig"), &[]).await.is(303);
        petra.get(&format!("{draft}/schritte")).await.is(200).hides("Freigabe durch eine zweite Person");
        add_approval(&mut petra, &draft).await;

        press(&mut petra, &draft, "vorlegen", &[]).await.is(303);
        petra.get(&format!("{draft}/schritt/bearbeiten")).await.is(409);
        press(&mut sabine, &draft, "zurueckgeben", &[("grund", " ")]).await.is(422);
        press(&mut sabine, &draft, "zurueckgeben", &[("grund", "Bitte die Frist prüfen.")]).await.is(303);
        petra.get(&draft).await.is(200).shows("Bitte die Frist prüfen.");
        press(&mut petra, &draft, "vorlegen", &[]).await.is(303);

        // Four eyes: without the right, and with it as a deputy.
        let seen = [("revision", "1")];
        petra.post(&format!("{draft}/freigeben"), &seen).await.is(403);
        let cx = system(&test);
        let today = cx.today();
        db::write!(test.city.db, |tx| { identity::set_deputy(tx, &cx, sabine_id, petra_id, today, today).await })
            .unwrap();
        petra.post(&format!("{draft}/freigeben"), &seen).await.is(409).shows("gibt ihn nicht selbst frei");
        press(&mut sabine, &draft, "freigeben", &[]).await.is(303);
        sabine.get(&draft).await.is(200).shows("Freigegeben als Fassung 2");

        // A new order goes by the new version, with the approval of somebody else.
        let new = order(&mut applicant).await;
        walks::pay(&test, &mut applicant, &new).await;
        assert_eq!(instance(&test, &new).await, (2, "running".to_owned()));
        let task = walks::claim(&mut stefan, &new).await;
        walks::decide(&test, &mut stefan, &task, &ISSUED).await;
        assert_eq!(instance(&test, &new).await.1, "running");
        let shown = sabine.get(&format!("/intern/vorgang/{new}")).await;
        shown.is(200).shows("Freigabe durch eine zweite Person");
        let task = walks::claim(&mut sabine, &new).await;
        walks::decide(&test, &mut sabine, &task, &[("freigegeben", "ja")]).await;
        assert_eq!(instance(&test, &new).await, (2, "completed".to_owned()));

        // The old one ends on the old version, without it.
        let task = walks::claim(&mut stefan, &old).await;
        walks::decide(&test, &mut stefan, &task, &ISSUED).await;
        assert_eq!(instance(&test, &old).await, (1, "completed".to_owned()));
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_edit_one_draft_see_each_other_and_nothing_is_lost() {
    for test in TestCity::both(MODULES).await {
        let (_, mut petra) = staff(&test, "petra.prozess").await;
        let (_, mut admin) = staff(&test, "admin.muster").await;
        let draft = begin(&mut petra, "processes", ORDER).await;
        let step = format!("{draft}/schritt/mitteilen");
        let (hers, his) = (petra.get(&step).await, admin.get(&step).await);
        let drawing = admin.get(&format!("{draft}/zeichnung")).await;
        let command = ("befehl", "postbox.notify");
        send(&mut petra, &hers, &step, &[("name", "Versand melden"), command]).await.is(303);
        let conflict = send(&mut admin, &his, &step, &[("name", "Bescheid geben"), command]).await;
        conflict.is(409).shows("inzwischen geändert").shows("Bescheid geben");
        petra.get(&format!("{draft}/schritte")).await.shows("Versand melden").hides("Bescheid geben");

        // The text of the drawing that was open all the time.
        let body = "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"d\"
            targetNamespace=\"urn:t\"><bpmn:process id=\"p\" name=\"Seiner\" isExecutable=\"true\"/></bpmn:definitions>";
        let at = format!("{draft}/zeichnung");
        let conflict = send(&mut admin, &drawing, &at, &[("body", body)]).await;
        conflict.is(409).shows("Unten stehen beide Texte").shows("Versand melden").shows("Seiner");
        // Saved on the new state it counts, and can be undone.
        send(&mut admin, &conflict, &at, &[("body", body)]).await.is(303);
        press(&mut admin, &draft, "rueckgaengig", &[]).await.is(303);
        petra.get(&format!("{draft}/schritte")).await.is(200).shows("Versand melden");

        // Another draft is released first: this one is refused, and says what to do.
        let other = begin(&mut admin, "processes", ORDER).await;
        let step = format!("{other}/schritt/mitteilen");
        let shown = admin.get(&step).await;
        send(&mut admin, &shown, &step, &[("name", "Nachricht geben"), command]).await.is(303);
        press(&mut petra, &draft, "beschreibung", &[("note", "Anderes Wort")]).await.is(303);
        press(&mut petra, &draft, "vorlegen", &[]).await.is(303);
        release(&test, &mut admin, &other).await;
        let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
        press(&mut sabine, &draft, "freigeben", &[]).await.is(409).shows("andere Fassung freigegeben");
        press(&mut petra, &draft, "zurueckholen", &[]).await.is(303);
        press(&mut petra, &draft, "abgleichen", &[]).await.is(303);
        press(&mut petra, &draft, "vorlegen", &[]).await.is(303);
        press(&mut sabine, &draft, "freigeben", &[]).await.is(303);
        sabine.get(&draft).await.is(200).shows("Freigegeben als Fassung 3");
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_done_with_a_whole_draft_counts_for_the_state_that_was_seen() {
    for test in TestCity::both(MODULES).await {
        let (_, mut petra) = staff(&test, "petra.prozess").await;
        let (_, mut admin) = staff(&test, "admin.muster").await;
        let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
        let draft = begin(&mut petra, "processes", ORDER).await;
        let (hers, his) = (petra.get(&draft).await, admin.get(&draft).await);
        let drop = format!("{draft}/verwerfen");
        let stale = form_revision(&hers, &format!("{draft}/beschreibung"));

        // Two describe it.
        let at = format!("{draft}/beschreibung");
        send(&mut petra, &hers, &at, &[("note", "Zwei Personen prüfen.")]).await.is(303);
        let conflict = send(&mut admin, &his, &at, &[("note", "Drei Personen prüfen.")]).await;
        conflict.is(409).shows("inzwischen geändert").shows("Zwei Personen prüfen.").shows("Drei Personen prüfen.");
        petra.get(&draft).await.is(200).shows("Zwei Personen prüfen.").hides("Drei Personen prüfen.");
        send(&mut admin, &conflict, &at, &[("note", "Drei Personen prüfen.")]).await.is(303);
        petra.get(&draft).await.is(200).shows("Drei Personen prüfen.");

        // One drops what the other goes on with.
        admin.post(&drop, &[("revision", &stale)]).await.is(409).shows("inzwischen geändert");
        petra.get(&draft).await.is(200).shows("in Arbeit");

        // What is in review was taken back and submitted anew meanwhile.
        let step = format!("{draft}/schritt/mitteilen");
        let shown = petra.get(&step).await;
        let fields = [("name", "Versand melden"), ("befehl", "postbox.notify")];
        send(&mut petra, &shown, &step, &fields).await.is(303);
        press(&mut petra, &draft, "vorlegen", &[]).await.is(303);
        let (seen, hers) = (sabine.get(&draft).await, petra.get(&draft).await);
        press(&mut admin, &draft, "zurueckholen", &[]).await.is(303);
        press(&mut admin, &draft, "beschreibung", &[("note", "Der Versand heißt anders.")]).await.is(303);
        press(&mut admin, &draft, "vorlegen", &[]).await.is(303);
        let returned = [("grund", "Bitte die Frist prüfen.")];
        let conflict = send(&mut sabine, &seen, &format!("{draft}/zurueckgeben"), &returned).await;
        conflict.is(409).shows("inzwischen geändert").shows("Bitte die Frist prüfen.").shows("zur Prüfung");
        send(&mut sabine, &seen, &format!("{draft}/freigeben"), &[]).await.is(409);
        send(&mut petra, &hers, &format!("{draft}/zurueckholen"), &[]).await.is(409).shows("inzwischen geändert");
        send(&mut sabine, &conflict, &format!("{draft}/zurueckgeben"), &returned).await.is(303);

        // Seen as it is, it is dropped.
        let now = form_revision(&petra.get(&draft).await, &at);
        petra.get(&drop).await.is(200).shows(&format!("value=\"{now}\""));
        petra.post(&drop, &[("revision", &now)]).await.is(303);
        petra.get(&draft).await.is(200).shows("verworfen");
        is_whole(&test).await;
    }
}

/// The revision that a form of a page was made for.
fn form_revision(shown: &Page, action: &str) -> String {
    let fields = form_of(&shown.body, action);
    fields.into_iter().find(|(name, _)| name == "revision").expect("a revision").1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_with_faults_is_not_submitted_and_an_unreadable_text_comes_back() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (_, mut petra) = staff(&test, "petra.prozess").await;
    let make = format!("{WORKSHOP}/neu");
    petra.get(&make).await.is(200);
    let wrong = [("art", "processes"), ("name", "Muster"), ("key", "Ä"), ("vorlage", "")];
    petra.post(&make, &wrong).await.is(422).shows("Kleinbuchstaben").shows("Muster");
    let right = [("art", "processes"), ("name", "Muster"), ("key", "muster"), ("vorlage", "")];
    let draft = way_on(&petra.post(&make, &right).await);
    petra.get(&draft).await.is(200).shows("Wählen Sie für diesen Schritt ein Formular");
    press(&mut petra, &draft, "beschreibung", &[("note", "Neu")]).await.is(303);
    press(&mut petra, &draft, "vorlegen", &[]).await.is(409).shows("noch Fehler");

    let at = format!("{draft}/zeichnung");
    let shown = petra.get(&at).await;
    shown.is(200).shows("data-designer=\"bpmn\"").shows("data-element=\"bearbeiten\"").shows("BPMNDiagram");
    let page = send(&mut petra, &shown, &at, &[("body", "<kaputt")]).await;
    page.is(422).shows("Zeile 1").shows("kaputt");

    // Tried out as it stands: nothing of it is stored.
    let trial = format!("{draft}/probelauf");
    let shown = petra.get(&trial).await;
    let begun = send(&mut petra, &shown, &trial, &[]).await;
    begun.is(200).shows("Bearbeiten erreicht").shows("Wartet auf eine Person");
    let done = send(&mut petra, &begun, &trial, &[("aktion", "fertig")]).await;
    done.is(200).shows("bis zum Ende gelaufen");
    send(&mut petra, &begun, &trial, &[("aktion", "fertig"), ("marke", "99")]).await.is(422);
    let sql = "SELECT COUNT(*) AS n FROM processes_instance WHERE tenant = $1";
    assert_eq!(test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0, 0);

    // With its form it can be put to review.
    let step = format!("{draft}/schritt/bearbeiten");
    let shown = petra.get(&step).await;
    let fields =
        [("formular", "tasks/freigabe"), ("einheit", "standesamt"), ("vieraugen", ""), ("medienbruch", "nein")];
    send(&mut petra, &shown, &step, &fields).await.is(303);
    press(&mut petra, &draft, "vorlegen", &[]).await.is(303);
    let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
    press(&mut sabine, &draft, "freigeben", &[]).await.is(303);
    assert_eq!(test.city.content.get("processes", "muster").unwrap().version, 1);

    // A copy of a decision bears the name that was typed.
    let copy = [
        ("art", "decisions"),
        ("name", "Muster einer Kopie"),
        ("key", "kopie"),
        ("vorlage", "decisions/personenstandsurkunde"),
    ];
    let copied = way_on(&petra.post(&make, &copy).await);
    petra.get(&copied).await.is(200).shows("Entwurf: Muster einer Kopie");

    // A decision whose change would break a process that asks it.
    let rule = begin(&mut petra, "decisions", ORDER).await;
    let at = format!("{rule}/zeichnung");
    let shown = petra.get(&at).await;
    shown.is(200).shows("data-designer=\"dmn\"");
    let text = test.city.content.get("decisions", ORDER).unwrap().body.replace("name=\"stelle\"", "name=\"amt\"");
    send(&mut petra, &shown, &at, &[("body", &text)]).await.is(303);
    petra.get(&rule).await.is(200).shows("processes/personenstandsurkunde.bpmn");
    let trial = format!("{rule}/probelauf");
    let shown = petra.get(&trial).await;
    let answer = send(&mut petra, &shown, &trial, &[("entscheidung", "amt"), ("eingabe-1", "found")]).await;
    answer.is(200).shows("standesamt");

    let list = petra.get(&format!("{WORKSHOP}/auswahl.json")).await;
    let list: Value = serde_json::from_str(&list.is(200).body).unwrap();
    assert!(list["commands"].as_array().unwrap().iter().any(|c| c["key"] == "payments.request"));
    assert!(list["forms"].as_array().unwrap().iter().any(|f| f["key"] == "tasks/freigabe"));
}

#[tokio::test(flavor = "multi_thread")]
async fn running_cases_are_led_over_to_the_version_that_holds() {
    for test in TestCity::both(MODULES).await {
        let mut applicant = test.browser();
        applicant.eid_sign_in("erika", "/").await.is(200);
        let case = order(&mut applicant).await;
        test.settle().await;
        let (_, mut petra) = staff(&test, "petra.prozess").await;
        let draft = begin(&mut petra, "processes", ORDER).await;
        add_approval(&mut petra, &draft).await;
        release(&test, &mut petra, &draft).await;
        assert_eq!(instance(&test, &case).await, (1, "running".to_owned()));

        let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
        let at = format!("/intern/prozesse/{ORDER}/versionen");
        sabine.get(&at).await.is(200).shows("Laufende umstellen").shows("weniger als 5");
        petra.get(&format!("{at}/1")).await.is(403);
        let shown = sabine.get(&format!("{at}/1")).await;
        shown.is(200).shows("Gebühr bezahlen").shows("Auf Fassung 2 umstellen");
        sabine.post(&format!("{at}/1"), &[("auf", "1")]).await.is(409);
        let run = way_on(&sabine.post(&format!("{at}/1"), &[("auf", "2")]).await);
        sabine.get(&run).await.is(200).shows("läuft im Hintergrund");
        sabine.post(&format!("{at}/1"), &[("auf", "2")]).await.is(409).shows("schon umgestellt");
        petra.get(&run).await.is(403);
        test.settle().await;
        assert_eq!(instance(&test, &case).await, (2, "running".to_owned()));
        sabine.get(&run).await.is(200).shows("Umstellung ist seit").shows("Umgestellte Vorgänge: weniger als 5");
        sabine.get(&at).await.is(200).shows(&run);
        let entries = journal::entries(&mut test.city.db.read().await.unwrap(), 0, 100_000).await.unwrap();
        let led: Vec<_> = entries.iter().filter(|entry| entry.name == "processes.migrated").collect();
        assert_eq!(led.len(), 1);
        let steps = led[0].fact["steps"].as_array().expect("which step became which");
        assert!(!steps.is_empty() && steps.iter().all(|step| step["from"] == step["to"]), "{steps:?}");

        // It goes on by the new version.
        walks::pay(&test, &mut applicant, &case).await;
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let task = walks::claim(&mut stefan, &case).await;
        walks::decide(&test, &mut stefan, &task, &ISSUED).await;
        sabine.get(&format!("/intern/vorgang/{case}")).await.is(200).shows("Freigabe durch eine zweite Person");
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_does_not_exist_is_a_page_that_does_not_exist() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (_, mut petra) = staff(&test, "petra.prozess").await;
    let id = Uuid::from_u128(7);
    for page in ["", "/schritte", "/zeichnung", "/probelauf", "/schritt/x", "/weg/x", "/verwerfen"] {
        petra.get(&format!("{WORKSHOP}/{id}{page}")).await.is(404);
    }
    petra.post(&format!("{WORKSHOP}/{id}/vorlegen"), &[("revision", "1")]).await.is(404);
    petra.post(&format!("{WORKSHOP}/beginnen"), &[("art", "forms"), ("key", "x")]).await.is(404);
}

/// Where a step is inserted behind an element of the list.
fn insert_behind(list: &Page, element: &str) -> String {
    let from = list.body.find(&format!("id=\"schritt-{element}\"")).expect("the element is in the list");
    let rest = &list.body[from..];
    let at = rest.find("/schritte/neu?weg=").expect("a way on");
    let begin = rest[..at].rfind('"').expect("an address") + 1;
    rest[begin..].split('"').next().expect("an address").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_added_in_the_list_fires_in_a_running_case() {
    for test in TestCity::both(MODULES).await {
        let (_, mut petra) = staff(&test, "petra.prozess").await;
        let draft = begin(&mut petra, "processes", ORDER).await;
        let at = format!("{draft}/schritt/bearbeiten/ereignis");
        let list = petra.get(&format!("{draft}/schritte")).await;
        assert!(list.is(200).body.contains(&at), "an event can be put at the step");
        petra.get(&at).await.is(200).shows("Frist an einem Schritt").hides("Fehler an einem Schritt");
        let form = petra.get(&format!("{at}?art=frist")).await;
        form.is(200).shows("ein neues Ende").shows("Er läuft weiter");
        let fields = [
            ("name", "Zu lange offen"),
            ("zeitart", "dauer"),
            ("dauer", "3"),
            ("dauer_einheit", "stunden"),
            ("abbruch", "nein"),
            ("ziel", "+ende"),
            ("ende", "Nachgehakt"),
        ];
        let saved = send(&mut petra, &form, &at, &fields).await;
        let list = petra.get(&way_on(&saved)).await;
        list.is(200).shows("Zu lange offen").shows("3 Stunden").shows("der Schritt läuft weiter").shows("gespeichert");
        let form = petra.get(&format!("{}&art=aufgabe", insert_behind(&list, "zu-lange-offen"))).await;
        let fields = [
            ("name", "Nachhaken"),
            ("einheit", "= stelle"),
            ("formular", "tasks/freigabe"),
            ("frist", "1"),
            ("vieraugen", ""),
            ("medienbruch", "nein"),
        ];
        send(&mut petra, &form, &format!("{draft}/schritte/neu"), &fields).await.is(303);
        petra.get(&draft).await.is(200).shows("keine Fehler").shows("Zu lange offen");
        release(&test, &mut petra, &draft).await;

        let mut applicant = test.browser();
        applicant.eid_sign_in("erika", "/").await.is(200);
        let case = order(&mut applicant).await;
        walks::pay(&test, &mut applicant, &case).await;
        let shown = format!("/intern/vorgang/{case}");
        for (hours, is_over) in [(0, false), (2, false), (2, true)] {
            test.later(hours);
            test.settle().await;
            let (_, mut stefan) = staff(&test, "stefan.muster").await;
            let page = stefan.get(&shown).await;
            page.is(200).shows("Urkunde im Fachverfahren ausstellen");
            if is_over {
                page.shows("Nachhaken")
            } else {
                page.hides("Nachhaken")
            };
        }
        assert_eq!(instance(&test, &case).await, (2, "running".to_owned()));
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn times_errors_repetition_and_outside_programs_are_entered_in_the_list() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (_, mut petra) = staff(&test, "petra.prozess").await;
    let draft = begin(&mut petra, "processes", ORDER).await;
    let list = format!("{draft}/schritte");

    // Waiting on the way, until a day.
    let form = petra.get(&format!("{list}/neu?weg=f15&art=warten")).await;
    form.is(200).shows("Zeitpunkt").hides("immer wieder</option>");
    let action = format!("{list}/neu");
    let bad = [("name", "Stichtag abwarten"), ("zeitart", "zeitpunkt"), ("zeitpunkt", "31.02.2027")];
    send(&mut petra, &form, &action, &bad).await.is(422).shows("den es gibt").shows("31.02.2027");
    let good = [("name", "Stichtag abwarten"), ("zeitart", "zeitpunkt"), ("zeitpunkt", "31.01.2027 12:00")];
    send(&mut petra, &form, &action, &good).await.is(303);
    petra.get(&list).await.shows("Warten bis zu einer Zeit").shows("31.01.2027 12:00");

    // A time is said once.
    let at = format!("{draft}/schritt/bearbeiten/ereignis");
    let form = petra.get(&format!("{at}?art=frist")).await;
    let twice =
        [("dauer", "3"), ("dauer_einheit", "tage"), ("zeitart", "dauer"), ("zeit", "= frist"), ("ziel", "+ende")];
    send(&mut petra, &form, &at, &twice).await.is(422).shows("entweder").shows("= frist");
    // What the list would say and the engine not do, or what would be dropped without a word, is told.
    let often = [("zeitart", "wiederholung"), ("dauer", "7"), ("dauer_einheit", "tage"), ("ziel", "+ende")];
    let stops: Vec<_> = often.into_iter().chain([("abbruch", "ja")]).collect();
    send(&mut petra, &form, &at, &stops).await.is(422).shows("kommt nur einmal");
    let counted = [("zeitart", "dauer"), ("dauer", "7"), ("dauer_einheit", "tage"), ("mal", "3"), ("ziel", "+ende")];
    send(&mut petra, &form, &at, &counted).await.is(422).shows("leeren Sie das Feld „Wie oft?“");
    let far = [("zeitart", "dauer"), ("dauer", "99999"), ("dauer_einheit", "monate"), ("ziel", "+ende")];
    send(&mut petra, &form, &at, &far).await.is(422).shows("zu weit in der Zukunft");
    let broken = [("zeitart", "dauer"), ("zeit", "= 1 +"), ("ziel", "+ende")];
    send(&mut petra, &form, &at, &broken).await.is(422).shows("hört zu früh auf");
    petra.get(&format!("{draft}/schritt/zuordnen/ereignis")).await.is(404);

    // An error leads to an end that is one itself.
    let at = format!("{draft}/schritt/auskunft/ereignis");
    let form = petra.get(&format!("{at}?art=fehler")).await;
    let fields = [("fehler", "kein-eintrag"), ("ziel", "+ende"), ("ende", "Ohne Auskunft")];
    send(&mut petra, &form, &at, &fields).await.is(303);
    petra.get(&list).await.shows("bei dem Fehler „kein-eintrag“").shows("Ohne Auskunft");
    let end = format!("{draft}/schritt/ohne-auskunft");
    let form = petra.get(&end).await;
    send(&mut petra, &form, &end, &[("fehler", "ohne-auskunft")]).await.is(303);
    petra.get(&list).await.shows("endet mit dem Fehler „ohne-auskunft“");

    // Repetition, and offices of one name that can be told apart.
    let step = format!("{draft}/schritt/bearbeiten");
    let form = petra.get(&step).await;
    form.is(200)
        .shows("Standesamt (Standesbeamtin oder Standesbeamter mit Sperrvermerken)")
        .shows("Mehrmals ausführen");
    let same = [
        ("einheit", "= stelle"),
        ("formular", "tasks/personenstandsurkunde-bearbeiten"),
        ("medienbruch", "nein"),
        ("mehrmals", "liste"),
        ("reihenfolge", "gleichzeitig"),
        ("element", "amt"),
    ];
    let once = [("mehrmals", "einmal"), ("liste", "beteiligte")];
    send(&mut petra, &form, &step, &once).await.is(422).shows("Wählen Sie hier aus, wie oft").shows("beteiligte");
    let no_list: Vec<_> = same.into_iter().chain([("liste", "")]).collect();
    send(&mut petra, &form, &step, &no_list).await.is(422).shows("Geben Sie die Liste an");
    let whole: Vec<_> = same.into_iter().chain([("liste", "beteiligte")]).collect();
    send(&mut petra, &form, &step, &whole).await.is(303);
    petra.get(&list).await.shows("für jedes Element von „beteiligte“, alle gleichzeitig");

    // A program outside, with more inputs than anybody wants to type.
    let step = format!("{draft}/schritt/auskunft");
    let form = petra.get(&step).await;
    send(&mut petra, &form, &step, &[("befehl", "external:"), ("thema", "Muster Druck")]).await.is(422);
    let rows: Vec<(String, String)> = (1..=45)
        .flat_map(|n| {
            [(format!("ein-name-{n}"), format!("angabe_{n}")), (format!("ein-wert-{n}"), format!("= {n} + 1"))]
        })
        .collect();
    let mut fields: Vec<_> = rows.iter().map(|(field, value)| (field.as_str(), value.as_str())).collect();
    fields.extend([("befehl", "external:"), ("thema", "muster-druck")]);
    send(&mut petra, &form, &step, &fields).await.is(303);
    petra.get(&list).await.shows("externes Programm, Thema muster-druck");
    // Saved once more as it is shown, nothing is lost.
    let form = petra.get(&step).await;
    send(&mut petra, &form, &step, &[("befehl", "external:"), ("name", "Auskunft holen")]).await.is(303);
    let form = petra.get(&step).await;
    assert_eq!(form.is(200).body.matches("value=\"angabe_").count(), 45);
    assert!(form.body.contains("value=\"45 + 1\""), "the file says expressions without the sign before them");

    petra.get(&format!("{draft}/zeichnung")).await.is(200).shows("bpmnElement=&#34;ohne-auskunft&#34;");
}
