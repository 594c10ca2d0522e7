//! The list of all documents: exact counts whatever happens to a case, pages, and nothing wrong for wrong days.

use contract_records::{AddDocument, Audience, HandOver};
use db::params;
use house::{Call as _, Holds};
use kernel::{CaseId, FileId, TaskToken, Uuid};
use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

async fn open_case(clerk: &mut Browser) -> CaseId {
    let fields = [
        ("entry", "61.50"),
        ("title", "Radweg am Musterbach"),
        ("unit", "dezernat-1"),
        ("confidentiality", "normal"),
        ("medium", "electronic"),
        ("storage", ""),
        ("part_of", ""),
    ];
    let file = id_in(clerk.post("/intern/akten", &fields).await.is(303));
    let sent = clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await;
    id_in(sent.is(303)).parse().unwrap()
}

/// Puts so many documents into a case, as another room does.
async fn add(test: &TestCity, case: CaseId, n: usize) {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["desk"];
    db::write!(test.city.db, |tx| {
        for number in 0..n {
            let document = AddDocument {
                case,
                kind: "schriftstueck".into(),
                title: format!("Vermerk {number}"),
                file: FileId::from_uuid(cx.sources.uuid()),
                direction: "intern".into(),
                audience: Audience::Staff,
            };
            cx.call(tx, document).await?;
        }
        Ok(())
    })
    .unwrap();
}

/// What is counted, and what is there, by class and kind.
async fn counted(test: &TestCity) -> [Vec<(i64, String, i64)>; 2] {
    let mut rx = test.city.db.read().await.unwrap();
    let counts = "SELECT cls, kind, n FROM records_document_count WHERE tenant = $1 AND n <> 0 ORDER BY cls, kind";
    let rows = "SELECT c.cls, d.kind, COUNT(*) AS n FROM records_document d
                JOIN records_case c ON c.tenant = d.tenant AND c.id = d.case_id
                WHERE d.tenant = $1 AND d.cls = c.cls GROUP BY c.cls, d.kind ORDER BY c.cls, d.kind";
    [rx.list(counts, &[]).await.unwrap(), rx.list(rows, &[]).await.unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_listed_with_exact_counts() {
    for test in TestCity::both(MODULES).await {
        let mut rita = test.browser();
        rita.staff_sign_in("rita.registratur", STAFF_PASSWORD).await.is(200);
        rita.get("/intern/dokumente").await.is(200).shows("Hier ist kein Dokument");
        let case = open_case(&mut rita).await;
        add(&test, case, 120).await;

        let page = rita.get("/intern/dokumente").await;
        page.is(200).shows("1–50 von 120").shows("Schriftstück");
        let next = page.body.split("href=\"").find(|part| part.starts_with("/intern/dokumente?nach=")).unwrap();
        let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
        let page = rita.get(&next).await;
        page.is(200).shows("51–100 von 120");
        rita.get("/intern/dokumente?art=schriftstueck&stelle=dezernat-1").await.is(200).shows("1–50 von 120");
        rita.get("/intern/dokumente?art=bescheid").await.is(200).shows("Hier ist kein Dokument");
        rita.get("/intern/dokumente?von=2000-01-01").await.is(200).shows("1–50 von 120");
        rita.get("/intern/dokumente?bis=31.12.2000").await.is(200).shows("Hier ist kein Dokument");
        rita.get("/intern/dokumente?von=30.2.2026").await.is(422).shows("einen Tag ein, den es gibt");
        rita.get("/intern/dokumente?von=2026-02-02&bis=2026-02-01").await.is(422).shows("vor dem ersten");
        rita.get("/intern/akten").await.is(200).shows("1–1 von 1");

        // The page of the case shows a hundred of them, and where the others are.
        for path in [format!("/intern/vorgang/{case}"), format!("/intern/vorgang/{case}/dokumente")] {
            let page = rita.get(&path).await;
            page.is(200).shows("1–100 von 120").shows("Weitere Dokumente");
            let next = page.body.split("href=\"").find(|part| part.starts_with(&format!("{path}?nach="))).unwrap();
            let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
            rita.get(&next).await.is(200).shows("101–120 von 120").hides("Weitere Dokumente");
        }

        let [counts, rows] = counted(&test).await;
        assert_eq!(counts, rows);
        let mut cx = test.app.cx(&test.city, "test");
        cx.actor.via = vec!["processes"];
        db::write!(test.city.db, |tx| {
            let token = TaskToken { instance: Uuid::nil(), token: 1 };
            cx.call(tx, HandOver { case, token, unit: "standesamt".into() }).await.map(|_| ())
        })
        .unwrap();
        let [moved, rows] = counted(&test).await;
        assert!(moved == rows && moved != counts && moved.len() == 1, "{moved:?} {rows:?}");

        // What a deletion run does, before the rows go.
        let table = records::MODULE.tables.iter().find(|table| table.name == "records_document_count").unwrap();
        let Holds::Sum { leave } = table.holds else { panic!("counts are a sum") };
        db::write!(test.city.db, |tx| {
            tx.exec(leave, params![case]).await?;
            tx.exec("DELETE FROM records_document WHERE tenant = $1 AND case_id = $2", params![case]).await
        })
        .unwrap();
        assert_eq!(counted(&test).await, [Vec::new(), Vec::new()]);
    }
}
