//! Documents in the browser: what their bytes say they are decides, not their name and not what somebody said of them.

use contract_records::{AddDocument, Audience};
use db::Engine;
use house::Call as _;
use kernel::{CaseId, DocumentId};
use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::{STAFF_PASSWORD, id_in};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

async fn staff(test: &TestCity, login: &str) -> Browser {
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    browser
}

async fn case(clerk: &mut Browser) -> CaseId {
    let fields = [("entry", "10.10"), ("title", "Ansicht"), ("unit", "standesamt"), ("confidentiality", "normal")];
    let file = id_in(&clerk.post("/intern/akten", &fields).await);
    id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ansicht")]).await).parse().unwrap()
}

/// Puts bytes into a case as another room might, with whatever name and type.
async fn put(test: &TestCity, case: CaseId, name: &str, media_type: &str, bytes: &[u8]) -> DocumentId {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec!["services"];
    let stored = test.city.files.put(&cx, bytes.to_vec()).await.unwrap();
    db::write!(test.city.db, |tx| {
        files::record(tx, &cx, &stored, name, media_type).await?;
        let new = AddDocument {
            case,
            kind: "nachweis".into(),
            title: format!("Titel <b>{name}</b>"),
            file: stored.id,
            direction: "eingang".into(),
            audience: Audience::Staff,
        };
        cx.call(tx, new).await
    })
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_safe_is_shown_in_its_frame_and_nowhere_else() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let case = case(&mut stefan).await;
        for (name, bytes, media_type) in [("a.pdf", PDF, "application/pdf"), ("a.gif", GIF, "image/gif")] {
            // The type that was noted is not believed.
            let id = put(&test, case, name, "text/html", bytes).await;
            let page = stefan.get(&format!("/intern/dokument/{id}/ansehen")).await;
            page.is(200).shows("<iframe").shows("Herunterladen").hides("<b>a.");
            let csp = page.header("content-security-policy");
            assert!(csp.contains("frame-src 'self'") && csp.contains("frame-ancestors 'none'"), "{csp}");
            let framed = stefan.get(&format!("/intern/dokument/{id}/anzeige")).await;
            assert_eq!((framed.is(200).content_type.as_str(), framed.bytes.as_slice()), (media_type, bytes));
            assert!(framed.header("content-disposition").starts_with("inline"));
            assert_eq!(framed.header("x-content-type-options"), "nosniff");
            let csp = framed.header("content-security-policy");
            assert!(csp.contains("default-src 'none'") && csp.contains("frame-ancestors 'self'"), "{csp}");
            let mut mara = staff(&test, "melde.muster").await;
            mara.get(&format!("/intern/dokument/{id}/ansehen")).await.is(404);
            mara.get(&format!("/intern/dokument/{id}/anzeige")).await.is(404);
        }
        // Only this page frames anything.
        let other = stefan.get(&format!("/intern/vorgang/{case}")).await;
        assert!(!other.header("content-security-policy").contains("frame-src"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_and_what_pretends_is_never_shown_in_place() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let case = case(&mut stefan).await;
    let hostile: [(&str, &str, &[u8]); 6] = [
        ("rechnung.pdf", "application/pdf", b"<html><script>alert(1)</script></html>"),
        ("bild.png", "image/png", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("seite.html", "text/html", b"<!doctype html><script>alert(1)</script>"),
        ("zwei.pdf", "application/pdf", b"%PDF-1.7\n%%EOF\n<script>alert(1)</script>"),
        ("a.gif", "image/gif", b"GIF89a<script>alert(1)</script>"),
        ("../../x\"><script>\u{202e}fdp.exe", "application/pdf", b"MZ\x00\x01"),
    ];
    for (name, media_type, bytes) in hostile {
        let id = put(&test, case, name, media_type, bytes).await;
        let page = stefan.get(&format!("/intern/dokument/{id}/ansehen")).await;
        page.is(200).shows("zeigen wir nicht im Browser").hides("<iframe").hides("alert(1)").hides("<script>");
        stefan.get(&format!("/intern/dokument/{id}/anzeige")).await.is(404);
        let saved = stefan.get(&format!("/intern/vorgang/{case}/dokument/{id}")).await;
        assert_eq!(saved.is(200).bytes, bytes);
        assert!(saved.header("content-disposition").starts_with("attachment"), "{name}");
        assert_eq!(saved.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_escaped_mails_too_and_versions_can_be_switched() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let case = case(&mut stefan).await;
    let mail = b"From: a@example.org\r\nSubject: x\r\n\r\nPreis < 5 & <b>fett</b>\r\n";
    let id = put(&test, case, "nachricht.eml", "message/rfc822", mail).await;
    let page = stefan.get(&format!("/intern/dokument/{id}/ansehen")).await;
    page.is(200).shows("a@example.org").shows("Preis &#60; 5").hides("Subject:").hides("<b>fett");
    let id = put(&test, case, "liste.csv", "text/csv", b"Gr\xf6\xdfe;2 \x80\n").await;
    stefan.get(&format!("/intern/dokument/{id}/ansehen")).await.is(200).shows("Größe;2 €");

    let at = format!("/intern/vorgang/{case}/dokument/{id}/fassungen");
    let save = [("stand", "1"), ("notiz", "")];
    stefan.post_files(&at, &save, &[("datei", "b.txt", b"zweite Fassung\n".as_slice())]).await.is(303);
    let view = format!("/intern/dokument/{id}/ansehen");
    stefan.get(&view).await.is(200).shows("zweite Fassung").shows("fassung=1");
    stefan.get(&format!("{view}?fassung=1")).await.is(200).shows("Größe;2 €");
    for wrong in ["3", "0", "x", ""] {
        stefan.get(&format!("{view}?fassung={wrong}")).await.is(404);
    }
}

/// An OpenDocument text as far as its kind is told by: the first entry of the archive.
fn odt(more: &[u8]) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.resize(30, 0);
    bytes.extend_from_slice(b"mimetypeapplication/vnd.oasis.opendocument.textPK");
    bytes.extend_from_slice(more);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_put_office_files_into_a_case_but_none_with_macros() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let case = case(&mut stefan).await;
    let at = format!("/intern/vorgang/{case}/dokumente");
    let titled = [("titel", "Entwurf")];
    stefan.post_files(&at, &titled, &[("datei", "entwurf.odt", odt(b"").as_slice())]).await.is(303);
    stefan.get(&at).await.is(200).shows("Entwurf");
    let macros = odt(b"Basic/script-lc.xml");
    let refused = stefan.post_files(&at, &titled, &[("datei", "makro.odt", macros.as_slice())]).await;
    refused.is(422).shows("ohne Makros");
    stefan.post_files(&at, &titled, &[("datei", "a.zip", b"PK\x03\x04rest".as_slice())]).await.is(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_office_file_is_converted_where_that_can_be_done_and_else_offered() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let mut stefan = staff(&test, "stefan.muster").await;
    let case = case(&mut stefan).await;
    let id = put(&test, case, "brief.rtf", "application/rtf", b"{\\rtf1\\ansi Sehr geehrte Frau Beispiel\\par}").await;
    let view = format!("/intern/dokument/{id}/ansehen");
    let page = stefan.get(&view).await;
    page.is(200).hides("<iframe");
    // LibreOffice or bubblewrap is not installed, or the machine lets nobody make a sandbox.
    if !page.body.contains("wird umgewandelt") {
        page.shows("können hier nicht angezeigt werden").shows("Herunterladen");
        return;
    }
    page.shows("Neu laden");
    test.settle().await;
    stefan.get(&view).await.is(200).shows("<iframe");
    let framed = stefan.get(&format!("/intern/dokument/{id}/anzeige")).await;
    assert_eq!(framed.is(200).content_type, "application/pdf");
    // What is damaged says so, and is not tried again with each look.
    let id = put(&test, case, "kaputt.odt", "application/vnd.oasis.opendocument.text", &odt(b"")).await;
    let view = format!("/intern/dokument/{id}/ansehen");
    stefan.get(&view).await.is(200).shows("wird umgewandelt");
    test.settle().await;
    stefan.get(&view).await.is(200).shows("ließ sich nicht umwandeln").shows("Herunterladen").hides("<iframe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_of_an_old_system_is_shown_without_any_other_program() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let case = case(&mut stefan).await;
        let fax = include_bytes!("../../../platform/convert/tests/data/fax.tif");
        let at = format!("/intern/vorgang/{case}/dokumente");
        stefan.post_files(&at, &[("titel", "Bauplan")], &[("datei", "plan.tif", fax.as_slice())]).await.is(303);
        let id = put(&test, case, "alt.pdf", "application/pdf", fax).await;
        let view = format!("/intern/dokument/{id}/ansehen");
        stefan.get(&view).await.is(200).shows("wird umgewandelt");
        test.settle().await;
        stefan.get(&view).await.is(200).shows("<iframe");
        let framed = stefan.get(&format!("/intern/dokument/{id}/anzeige")).await;
        assert_eq!(framed.is(200).content_type, "application/pdf");
        let broken = put(&test, case, "kaputt.tif", "image/tiff", &fax[..60]).await;
        stefan.get(&format!("/intern/dokument/{broken}/ansehen")).await.is(200);
        test.settle().await;
        stefan.get(&format!("/intern/dokument/{broken}/ansehen")).await.is(200).shows("ließ sich nicht umwandeln");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_on_a_page_leads_to_the_page() {
    for test in TestCity::both(MODULES).await {
        let mut stefan = staff(&test, "stefan.muster").await;
        let case = case(&mut stefan).await;
        let id = put(&test, case, "a.pdf", "application/pdf", PDF).await.to_string();
        let (at, view) = (format!("/intern/vorgang/{case}/notiz"), format!("/intern/dokument/{id}/ansehen"));
        for wrong in ["0", "-1", "drei", "1.5", "100000"] {
            let fields = [("text", "Maß prüfen"), ("dokument", id.as_str()), ("seite", wrong), ("von", "ansicht")];
            stefan.post(&at, &fields).await.is(422).shows("Seitenzahl").shows("Maß prüfen");
        }
        let of_none = [("text", "Maß prüfen"), ("dokument", ""), ("seite", "3")];
        stefan.post(&at, &of_none).await.is(422).shows("Wählen Sie das Dokument");
        for (text, number) in [("Schluss fehlt", "12"), ("Maß prüfen", "3"), ("Alles gelesen", "")] {
            let fields = [("text", text), ("dokument", id.as_str()), ("seite", number), ("von", "ansicht")];
            assert_eq!(stefan.post(&at, &fields).await.is(303).location.as_deref(), Some(view.as_str()));
        }
        let page = stefan.get(&view).await;
        let places = ["Alles gelesen", "Maß prüfen", "Schluss fehlt"].map(|text| page.body.find(text).unwrap());
        assert!(places.is_sorted(), "{places:?}");
        page.is(200).shows("Seite 12 zeigen").hides("#page=");
        stefan.get(&format!("{view}?seite=12")).await.is(200).shows("#page=12");
        stefan.get(&format!("/intern/vorgang/{case}")).await.is(200).shows("Seite 12");
        let mut mara = staff(&test, "melde.muster").await;
        mara.post(&at, &[("text", "x"), ("dokument", id.as_str())]).await.is(404);
    }
}
