//! From the process step to the public page, on both engines.

mod rooms;

use std::collections::BTreeSet;

use contract_certificates::{CertificateId, IssueCertificate, WriteLetter, WriteNote};
use contract_records::Audience;
use db::{Engine, params};
use house::Call;
use kernel::{CaseId, Cx, Principal, Result, StaffId, TaskOutcome, TaskToken, Uuid};
use serde_json::json;
use testkit::TestCity;

use crate::{MODULE, code, service, store};
use rooms::{ROOMS, book};

fn cx(test: &TestCity, module: &'static str) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec![module];
    cx
}

fn token(cx: &Cx) -> TaskToken {
    TaskToken { instance: cx.sources.uuid(), token: 3 }
}

async fn issue(test: &TestCity, case: CaseId, token: TaskToken) -> Result<TaskOutcome> {
    let cx = cx(test, "processes");
    let command = IssueCertificate { case, token, kind: "meldebescheinigung".into() };
    db::write!(test.city.db, |tx| { cx.call(tx, command.clone()).await })
}

async fn letter(test: &TestCity, case: CaseId, token: TaskToken, decision: &str) -> Result<TaskOutcome> {
    let cx = cx(test, "processes");
    let command = WriteLetter { case, token, decision: decision.into(), task: "bearbeiten".into() };
    db::write!(test.city.db, |tx| { cx.call(tx, command.clone()).await })
}

/// How often an event about a process instance or document stands in the journal.
async fn told(test: &TestCity, name: &str, about: Uuid) -> usize {
    let entries = journal::entries(&mut test.city.db.read().await.unwrap(), 0, 10_000).await.unwrap();
    entries.iter().filter(|e| e.name == name && e.subject_id == about).count()
}

/// The bytes of the only document of a kind in a case.
async fn only_document(test: &TestCity, case: CaseId, kind: &str) -> Vec<u8> {
    let documents: Vec<_> = book().documents.iter().filter(|d| d.case == case).cloned().collect();
    assert_eq!(documents.iter().map(|d| d.kind.as_str()).collect::<Vec<_>>(), [kind]);
    let meta = files::meta(&mut test.city.db.read().await.unwrap(), documents[0].file).await.unwrap();
    assert_eq!(meta.media_type, "application/pdf");
    test.city.files.read_verified(&meta).await.unwrap()
}

/// The address that the QR code and the link of a certificate lead to.
fn address(pdf: &[u8]) -> String {
    let pdf = lopdf::Document::load_mem(pdf).unwrap();
    let uris = pdf.objects.values().filter_map(|o| o.as_dict().ok()).filter_map(|annotation| {
        let action = annotation.get(b"A").ok()?;
        let action = pdf.dereference(action).ok()?.1.as_dict().ok()?;
        String::from_utf8(action.get(b"URI").ok()?.as_str().ok()?.to_vec()).ok()
    });
    uris.into_iter().find(|uri| uri.contains("/pruefen/")).expect("a link to the page that checks")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_made_once_and_anybody_can_check_it() {
    for test in TestCity::both(&[MODULE, ROOMS]).await {
        let cx = cx(&test, "certificates");
        let case = rooms::add_case(&test);
        rooms::add_record(case, json!({"art": "erweitert", "weitere_daten": ["geburtsort"]}));
        let token = token(&cx);
        // The step runs twice before the job, and once more after it.
        for _ in 0..2 {
            assert_eq!(issue(&test, case, token).await.unwrap(), TaskOutcome::Waiting);
        }
        test.settle().await;
        issue(&test, case, token).await.unwrap();
        test.settle().await;

        let bytes = only_document(&test, case, "bescheinigung").await;
        let made = store::certificates_of(&mut test.city.db.read().await.unwrap(), case).await.unwrap();
        assert_eq!((made.len(), made[0].title.as_str()), (1, "Erweiterte Meldebescheinigung"));
        assert_eq!(told(&test, "processes.task-finished", token.instance).await, 1);
        assert_eq!(told(&test, "certificates.issued", made[0].id.uuid()).await, 1);

        let address = address(&bytes);
        let printed =
            address.strip_prefix("http://localhost:8080/pruefen/").expect("the city's own address").to_owned();
        let bare = code::read(&printed).expect("a code of the right form");
        let mut anybody = test.browser();
        let today = cx.today();
        for path in [printed.clone(), bare.to_lowercase(), printed.replace('-', "%20")] {
            let page = anybody.get(&format!("/pruefen/{path}")).await;
            page.is(200)
                .shows("ist von uns und gilt")
                .shows("Erweiterte Meldebescheinigung")
                .shows(&format!("{}. ", today.day()))
                .shows(&today.year().to_string());
            page.hides("Muster-Beispiel").hides("33.20/2026");
        }
        let typed = anybody.post("/pruefen", &[("code", &bare.to_lowercase())]).await;
        assert_eq!(typed.location.as_deref(), Some(format!("/pruefen/{printed}").as_str()));
        anybody.post("/pruefen", &[("code", "abc")]).await.is(422).shows("sieben Gruppen");

        let check = format!("/pruefen/{printed}/datei");
        anybody.post_files(&check, &[], &[("datei", "a.pdf", &bytes)]).await.is(200).shows("Die Datei ist unverändert");
        let mut changed = bytes.clone();
        *changed.last_mut().unwrap() ^= 1;
        let different = "Die Datei ist verändert oder nicht von uns";
        anybody.post_files(&check, &[], &[("datei", "a.pdf", &changed)]).await.is(200).shows(different);
        anybody.post_files(&check, &[], &[("datei", "", b"")]).await.is(422).shows("Wählen Sie die Datei aus");
        // Part of a file is not told to be a changed one.
        let page = anybody.post_files_broken(&check, &[], &[("datei", "a.pdf", &bytes)], 60).await;
        page.is(422).shows("nicht ganz angekommen").hides(different);
        let big = vec![0; 10 * 1024 * 1024 + 1];
        anybody.post_files(&check, &[], &[("datei", "a.pdf", &big)]).await.is(413);
        // Nothing that was sent for comparing was kept.
        assert_eq!(book().documents.iter().filter(|d| d.case == case).count(), 1);

        // Codes that never were: one answer, whatever they look like, also for the right file.
        let unknown = code::fresh(&cx);
        for path in [unknown.as_str(), "x", "-"] {
            anybody.get(&format!("/pruefen/{path}")).await.is(200).shows("Diesen Code kennen wir nicht");
            let compared = anybody.post_files(&format!("/pruefen/{path}/datei"), &[], &[("datei", "a", &bytes)]).await;
            compared.is(200).shows(different);
        }

        let staff = StaffId::from_uuid(cx.sources.uuid());
        for _ in 0..2 {
            let id = made[0].id;
            db::write!(test.city.db, |tx| { service::withdraw(&cx, tx, id, staff, "Irrtum").await }).unwrap();
        }
        test.settle().await;
        let page = anybody.get(&format!("/pruefen/{printed}")).await;
        page.is(200).shows("gilt nicht mehr").hides("ist von uns und gilt").hides("Irrtum");
        assert_eq!(told(&test, "certificates.withdrawn", made[0].id.uuid()).await, 1);
        let unknown = CertificateId::from_uuid(cx.sources.uuid());
        let missing = db::write!(test.city.db, |tx| { service::withdraw(&cx, tx, unknown, staff, "x").await });
        assert!(matches!(missing, Err(kernel::Error::NotFound)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_record_there_is_no_certificate() {
    for test in TestCity::both(&[MODULE, ROOMS]).await {
        let case = rooms::add_case(&test);
        let cx = cx(&test, "certificates");
        let refused = issue(&test, case, token(&cx)).await.unwrap_err();
        assert_eq!(refused.code(), "certificates-no-record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_names_its_remedy_and_has_no_holes() {
    for test in TestCity::both(&[MODULE, ROOMS]).await {
        let cx = cx(&test, "certificates");
        let case = rooms::add_case(&test);
        let first = token(&cx);
        // The clerk's reasons are missing: nothing is written, and the job says why.
        letter(&test, case, first, "urkunde-ablehnung").await.unwrap();
        let failed = house::settle(&test.app, &test.city).await.unwrap();
        assert!(failed.iter().any(|f| f.error.to_string().contains("ablehnungsgrund")), "{failed:?}");
        assert!(!store::decision_made(&mut test.city.db.read().await.unwrap(), first).await.unwrap());

        rooms::add_texts(case, &[("ablehnungsgrund", "nicht berechtigt"), ("ablehnung_text", "Erstens.\n\nZweitens.")]);
        test.later(24);
        test.settle().await;
        only_document(&test, case, "bescheid").await;
        let sql = "SELECT kind, remedy_basis FROM certificates_decision WHERE tenant = $1 AND instance = $2";
        let mut rx = test.city.db.read().await.unwrap();
        let (kind, basis) = rx.one::<(String, String)>(sql, params![first.instance]).await.unwrap();
        drop(rx);
        assert_eq!(kind, "verwaltungsakt");
        // The refusal costs a fee, so both remedies are named.
        assert!(basis.contains("49, 50 PStG") && basis.contains("110 JustG NRW"), "{basis}");
        assert_eq!(told(&test, "processes.task-finished", first.instance).await, 1);

        // On a day whose law is not in the data no decision is written; a plain letter is.
        test.clock.set("2008-06-01T10:00:00Z".parse().unwrap());
        let refused = letter(&test, case, token(&cx), "urkunde-ablehnung").await.unwrap_err();
        assert_eq!(refused.code(), "certificates-no-remedy");
        letter(&test, case, token(&cx), "urkunde-versandt").await.unwrap();
        assert!(letter(&test, case, token(&cx), "gibt-es-nicht").await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_letter_is_written_once_per_reference() {
    for test in TestCity::both(&[MODULE, ROOMS]).await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test);
        let note = WriteNote {
            case,
            reference: cx.sources.uuid(),
            title: "Ihre Urkunde ist unterwegs".into(),
            paragraphs: vec!["wir haben sie heute abgeschickt.".into()],
        };
        for _ in 0..2 {
            db::write!(test.city.db, |tx| { cx.call(tx, note.clone()).await }).unwrap();
            test.settle().await;
        }
        only_document(&test, case, "schreiben").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_cannot_wear_the_page_out() {
    for test in TestCity::both(&[MODULE, ROOMS]).await {
        let mut anybody = test.browser();
        for _ in 0..60 {
            anybody.get("/pruefen/x").await.is(200);
        }
        anybody.get("/pruefen/x").await.is(429);
        anybody.get("/pruefen").await.is(200);
        test.later(1);
        anybody.get("/pruefen/x").await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_cities_load_and_a_broken_file_is_named() {
    let test = TestCity::open(&[MODULE, ROOMS], Engine::Sqlite).await.unwrap();
    let fresh = db::testing::sqlite(&[content::MIGRATIONS]).await;
    let db = fresh.db.clone();
    let mut cx = cx(&test, "certificates");
    cx.actor.principal = Principal::System { name: "test" };
    let folder = testkit::cities().join("musterstadt");
    db::write!(db, |tx| { content::import(tx, &cx, &folder).await }).unwrap();
    let content = content::Content::load(&db).await.unwrap();
    assert_eq!(service::check(&test.app, &content), Vec::<String>::new());
    assert_eq!(service::check(&test.app, &test.city.content), Vec::<String>::new());

    db::write!(db, |tx| {
        let sql = "UPDATE content_item SET body = 'x = [' WHERE tenant = $1 AND key IN ('decisions', 'mitteilung')";
        tx.exec(sql, &[]).await
    })
    .unwrap();
    let faults = service::check(&test.app, &content::Content::load(&db).await.unwrap());
    assert!(faults.iter().any(|f| f.contains("decisions.toml:1:")), "{faults:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_for_somebody_who_was_not_proved_is_for_the_office_to_post() {
    for test in TestCity::both(&[MODULE, ROOMS]).await {
        for (provenance, audience) in
            [("eid", Audience::Applicant), ("account", Audience::Staff), ("typed", Audience::Staff)]
        {
            let case = rooms::add_case(&test);
            rooms::book().cases.get_mut(&case).unwrap().party.provenance = provenance.into();
            rooms::add_record(case, json!({"art": "einfach"}));
            issue(&test, case, token(&cx(&test, "certificates"))).await.unwrap();
            test.settle().await;
            only_document(&test, case, "bescheinigung").await;
            let found: Vec<_> = book().documents.iter().filter(|d| d.case == case).map(|d| d.audience).collect();
            assert_eq!(found, [audience], "{provenance}");
        }
    }
}

#[test]
fn the_errors_name_the_signs_that_no_code_has() {
    let signs = ('0'..='9').chain('A'..='Z');
    let never: BTreeSet<char> = signs.filter(|c| !identity::ALPHABET.contains(&(*c as u8))).collect();
    for texts in [include_str!("../../locales/de.ftl"), include_str!("../../locales/en.ftl")] {
        for key in ["certificates-code-wrong = ", "certificates-unknown-text = "] {
            let text = texts.lines().find_map(|line| line.strip_prefix(key)).unwrap();
            let words = text.split([' ', ',']).filter(|word| word.chars().count() == 1);
            let named: BTreeSet<char> = words.flat_map(str::chars).collect();
            assert_eq!(named, never, "{key}");
        }
    }
}
