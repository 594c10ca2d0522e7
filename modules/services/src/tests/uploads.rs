use super::{rooms::calls, *};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";

/// A citizen's Urkunde up to the page that asks for evidence.
async fn at_evidence(browser: &mut Browser) -> (String, String) {
    browser.get("/test-anmelden/hoch").await.is(303);
    let draft = begin(browser, "personenstandsurkunde").await;
    let answers = [
        ("standesamt", "meerbusch"),
        ("ereignis", "geburt"),
        ("ereignis_datum", "1"),
        ("ereignis_datum-month", "2"),
        ("ereignis_datum-year", "1990"),
        ("person_familienname", "Muster-Kind"),
        ("person_vornamen", "Toni"),
        ("registernummer", "G 12/1990"),
        ("beziehung", "geschwister"),
    ];
    let mut left = 12;
    loop {
        let at = at(browser, &draft).await;
        if at.ends_with("/berechtigtes-interesse") {
            // Nothing there must be answered, so a draft does not stop at it.
            answer_at(browser, &format!("{draft}/eintrag"), &answers).await.is(303);
            return (draft, at);
        }
        answer(browser, &draft, &answers).await.is(303);
        left -= 1;
        assert!(left > 0, "at {at}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_judged_by_their_content_and_nothing_else_is_lost() {
    let test = one().await;
    let mut browser = test.browser();
    let (draft, step) = at_evidence(&mut browser).await;
    let large = vec![b'%'; 10_000_001];
    let huge = vec![b'%'; 100_000_000];
    let page = b"%PDF-1.7\n%%EOF\n<script>alert(1)</script>PK\x03\x04....PK\x05\x06..............%%EOF";
    for (name, bytes, text) in [
        ("leer.pdf", &b""[..], "ist leer"),
        ("seite.pdf", &b"<html><script>alert(1)</script>"[..], "hat eine Art, die wir nicht öffnen können"),
        ("bild.png", &b"<svg xmlns='http://www.w3.org/2000/svg'/>"[..], "hat eine Art, die wir nicht öffnen können"),
        ("bombe.zip", &b"PK\x03\x04"[..], "hat eine Art, die wir nicht öffnen können"),
        ("zwitter.pdf", &page[..], "steckt etwas, das dort nicht hingehört"),
        ("gross.pdf", &large[..], "ist zu groß. Erlaubt sind 10 MB."),
        ("riesig.pdf", &huge[..], "ist zu groß. Erlaubt sind 10 MB."),
    ] {
        let shown = form_of(&browser.get(&step).await.body, &step);
        let fields = with(&shown, &[("berechtigtes_interesse", "Familienforschung")]);
        let sent = browser.post_files(&step, &fields, &[("nachweis_beziehung", name, bytes)]).await;
        sent.is(422).shows(text).shows(name).shows("Familienforschung");
    }
    assert_eq!(stored(&test, &draft).await.0["values"].get("nachweis_beziehung"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn malware_is_not_taken_and_the_page_says_what_was_found() {
    for test in TestCity::both_scanned(&[MODULE, rooms::ROOMS]).await {
        let mut browser = test.browser();
        let (draft, step) = at_evidence(&mut browser).await;
        // The test string of EICAR, in two halves: otherwise scanners would take this file for malware.
        let eicar = [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat();
        let bad = format!("%PDF-1.7\n{eicar}\n%%EOF\n");
        let shown = form_of(&browser.get(&step).await.body, &step);
        let fields = with(&shown, &[("berechtigtes_interesse", "Familienforschung")]);
        let sent = browser.post_files(&step, &fields, &[("nachweis_beziehung", "urkunde.pdf", bad.as_bytes())]).await;
        sent.is(422).shows("wurde Schadsoftware gefunden (Eicar-Test-Signature)").shows("Familienforschung");
        assert_eq!(stored(&test, &draft).await.0["values"].get("nachweis_beziehung"), None);
        let sql = "SELECT COUNT(*) AS n FROM files_file WHERE tenant = $1";
        assert_eq!(test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn good_files_reach_the_case_and_removed_ones_are_gone() {
    for test in both().await {
        let mut browser = test.browser();
        let (draft, step) = at_evidence(&mut browser).await;
        let shown = form_of(&browser.get(&step).await.body, &step);
        let files = [
            ("nachweis_beziehung", "C:\\daten\\geburt\u{202e}.pdf", PDF),
            ("nachweis_beziehung", "zweite.pdf", PDF),
            ("familienname", "fremd.pdf", PDF),
        ];
        // Without the reason the page comes back, and the files are kept.
        browser.post_files(&step, &with(&shown, &[("berechtigtes_interesse", "")]), &files).await.is(422);
        let page = browser.get(&step).await;
        page.is(200).shows("geburt.pdf").shows("zweite.pdf").hides("fremd.pdf").hides("C:");
        let shown = form_of(&page.body, &step);
        let remove = [("aktion", "datei-weg:nachweis_beziehung:2"), ("berechtigtes_interesse", "Forschung")];
        browser.post_files(&step, &with(&shown, &remove), &[]).await.is(303);
        let page = browser.get(&step).await;
        page.shows("geburt.pdf").hides("zweite.pdf").shows("Forschung");
        let sql = "SELECT COUNT(*) AS n FROM files_file WHERE tenant = $1";
        assert_eq!(test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0, 1);

        let answers = [
            ("berechtigtes_interesse", "Familienforschung"),
            ("zweck", "privat"),
            ("urkunden.1.urkunde_art", "a4"),
            ("urkunden.1.urkunde_anzahl", "3"),
            ("erklaerung", "ja"),
        ];
        let mut left = 8;
        while !at(&mut browser, &draft).await.ends_with("/pruefen") {
            answer(&mut browser, &draft, &answers).await.is(303);
            left -= 1;
            assert!(left > 0);
        }
        let action = format!("{draft}/absenden");
        let check = browser.get(&format!("{draft}/pruefen")).await;
        check.is(200).shows("geburt.pdf").shows("20,00");
        browser.post(&action, &with(&form_of(&check.body, &action), &[])).await.is(303);

        let [document] = calls(&test, "records.add-document").await.try_into().unwrap();
        assert_eq!((&document["kind"], &document["title"]), (&"nachweis".into(), &"geburt.pdf".into()));
        let [entry] = calls(&test, "registers.note-civil-entry").await.try_into().unwrap();
        assert_eq!((&entry["family_name"], &entry["date"]), (&"Muster-Kind".into(), &"1990-02-01".into()));
        assert_eq!(entry["register_number"], "G 12/1990");
        let [fees] = calls(&test, "payments.set-fees").await.try_into().unwrap();
        let rows: Vec<(&str, i64)> = fees["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| (i["fee"].as_str().unwrap(), i["quantity"].as_i64().unwrap()))
            .collect();
        assert_eq!(rows, [("urkunde_erste", 1), ("urkunde_weitere", 2)]);
        let [started] = calls(&test, "processes.start").await.try_into().unwrap();
        assert_eq!((&started["vars"]["ereignis"], &started["vars"]["lieferung"]), (&"geburt".into(), &"papier".into()));
        assert!(!started["vars"].to_string().contains("Muster"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_file_has_words_in_both_languages() {
    let test = one().await;
    let keys = files::Refusal::ALL.map(|refusal| format!("error-{}", crate::pages::upload::code(refusal)));
    for (lang, key) in [kernel::Lang::De, kernel::Lang::En].into_iter().flat_map(|l| keys.iter().map(move |k| (l, k))) {
        assert!(!test.app.texts.plain(lang, key).contains(key.as_str()), "{key} in {lang:?}");
    }
}

/// Files below a folder.
fn on_disk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { on_disk(&path) } else { 1 }).sum()
}

async fn send_evidence(browser: &mut Browser, step: &str, reason: &str, name: &str) -> Page {
    let pdf = [b"%PDF-1.7\n".to_vec(), vec![b' '; 600_000], b"%%EOF\n".to_vec()].concat();
    let shown = form_of(&browser.get(step).await.body, step);
    let fields = with(&shown, &[("berechtigtes_interesse", reason)]);
    browser.post_files(step, &fields, &[("nachweis_beziehung", name, &pdf)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_one_address_and_of_all_drafts_have_a_limit_and_nothing_typed_is_lost() {
    let cases = [
        (1, 5_000, "Fügen Sie die Datei in 60 Minuten noch einmal hinzu."),
        (200, 1, "Versuchen Sie es morgen noch einmal"),
    ];
    for (hour, drafts, words) in cases {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let limits = |config: &mut house::Config| {
                config.limits.upload_megabytes_per_hour = hour;
                config.limits.draft_megabytes = drafts;
            };
            let Some(test) = TestCity::open_with(&[MODULE, rooms::ROOMS], engine, limits).await else { continue };
            let files = test.app.config.data.join("meerbusch/files");
            let mut browser = test.browser();
            let (draft, step) = at_evidence(&mut browser).await;
            send_evidence(&mut browser, &step, "Familienforschung", "eins.pdf").await.is(303);
            let page = send_evidence(&mut browser, &step, "Ahnenforschung", "zwei.pdf").await;
            page.is(429).shows(words).shows("Ahnenforschung");
            browser.get(&step).await.is(200).shows("eins.pdf").hides("zwei.pdf");
            let sql = "SELECT COUNT(*) AS n FROM files_file WHERE tenant = $1";
            assert_eq!(test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0, 1);
            assert_eq!(on_disk(&files), 1);
            // Whoever deletes the draft gives its room back.
            browser.post(&format!("{draft}/loeschen"), &[]).await.is(303);
            let mut rx = test.city.db.read().await.unwrap();
            assert_eq!((crate::store::draft_bytes(&mut rx).await.unwrap().total, on_disk(&files)), (0, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_answer_takes_does_not_stay_on_the_disk() {
    let test = one().await;
    let mut browser = test.browser();
    browser.get("/test-anmelden/hoch").await.is(303);
    let draft = begin(&mut browser, "personenstandsurkunde").await;
    // The page is not asked yet, and nobody else may add to the draft.
    let step = format!("{draft}/berechtigtes-interesse");
    let files = [("nachweis_beziehung", "eins.pdf", PDF)];
    browser.post_files(&step, &[("stand", "0")], &files).await.is(303);
    test.browser().post_files(&step, &[("stand", "0")], &files).await.is(404);
    assert_eq!(on_disk(&test.app.config.data.join("meerbusch/files")), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_behind_the_online_id_takes_no_files_from_a_guest() {
    for test in both().await {
        let mut browser = test.browser();
        let draft = begin(&mut browser, "personenstandsurkunde").await;
        answer(&mut browser, &draft, &[("standesamt", "meerbusch")]).await.is(303);
        let revision = stored(&test, &draft).await.2.to_string();
        let step = format!("{draft}/berechtigtes-interesse");
        let fields = [("stand", revision.as_str()), ("aktion", "spaeter"), ("berechtigtes_interesse", "Forschung")];
        browser.post_files(&step, &fields, &[("nachweis_beziehung", "eins.pdf", PDF)]).await.is(303);
        assert_eq!(stored(&test, &draft).await.0["values"].get("nachweis_beziehung"), None);
        let mut rx = test.city.db.read().await.unwrap();
        let sql = "SELECT COUNT(*) AS n FROM files_file WHERE tenant = $1";
        assert_eq!(rx.one::<(i64,)>(sql, &[]).await.unwrap().0, 0);
        assert_eq!(crate::store::draft_bytes(&mut rx).await.unwrap().total, 0);
        assert_eq!(on_disk(&test.app.config.data.join("meerbusch/files")), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_keeps_a_page_with_its_files_for_later() {
    let test = one().await;
    let mut browser = test.browser();
    let (draft, step) = at_evidence(&mut browser).await;
    let shown = form_of(&browser.get(&step).await.body, &step);
    let fields = with(&shown, &[("aktion", "spaeter"), ("berechtigtes_interesse", "Familienforschung")]);
    browser.post_files(&step, &fields, &[("nachweis_beziehung", "eins.pdf", PDF)]).await.is(303);
    browser.get(&format!("{draft}/berechtigtes-interesse")).await.shows("eins.pdf").shows("Familienforschung");
}

const NOT_ALL: &str = "Ihre Angaben sind gespeichert, aber nicht alle Dateien.";

#[tokio::test(flavor = "multi_thread")]
async fn keeping_a_page_for_later_says_which_files_were_not_kept() {
    for test in both().await {
        let mut browser = test.browser();
        let (draft, step) = at_evidence(&mut browser).await;
        let shown = form_of(&browser.get(&step).await.body, &step);
        let later = [("aktion", "spaeter"), ("berechtigtes_interesse", "Familienforschung")];
        let html = &b"<html><script>alert(1)</script>"[..];
        let files = [("nachweis_beziehung", "eins.pdf", PDF), ("nachweis_beziehung", "seite.pdf", html)];
        let kept = browser.post_files(&step, &with(&shown, &later), &files).await;
        assert_eq!(kept.is(303).location.as_deref(), Some("/"));
        browser.get("/").await.is(200).shows(NOT_ALL);
        browser.get(&step).await.is(200).shows("Familienforschung").shows("eins.pdf").hides("seite.pdf");

        // The same page once more is made from older answers: both values are shown, and nothing is overwritten.
        let later = [("aktion", "spaeter"), ("berechtigtes_interesse", "Ahnenforschung")];
        let files = [("nachweis_beziehung", "zwei.pdf", PDF)];
        browser.post_files(&step, &with(&shown, &later), &files).await.is(409).shows("Ahnenforschung");
        browser.get(&format!("{draft}/berechtigtes-interesse")).await.shows("Familienforschung").hides("zwei.pdf");
        assert_eq!(on_disk(&test.app.config.data.join("meerbusch/files")), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_has_ended_says_what_was_not_kept() {
    for test in both().await {
        let mut browser = test.browser();
        let (draft, step) = at_evidence(&mut browser).await;
        let shown = form_of(&browser.get(&step).await.body, &step);
        test.later(24 * 7);
        // Nobody is signed in, so nobody is asked this page: text is kept, files are not.
        let fields = with(&shown, &[("berechtigtes_interesse", "Familienforschung")]);
        let files = [("nachweis_beziehung", "eins.pdf", PDF)];
        let sent = browser.post_files(&step, &fields, &files).await;
        let sign_in = sent.is(303).location.clone().unwrap();
        assert_eq!(sign_in, format!("/anmelden?zurueck={step}"));
        browser.get("/").await.is(200).shows(NOT_ALL);
        assert_eq!(on_disk(&test.app.config.data.join("meerbusch/files")), 0);

        let stale = with(&shown, &[("stand", "0"), ("berechtigtes_interesse", "Ahnenforschung")]);
        browser.post_files(&step, &stale, &files).await.is(303);
        browser.get("/").await.is(200).shows("Was Sie zuletzt abgeschickt haben, ist nicht gespeichert.");
        let typed = stored(&test, &draft).await.1.to_string();
        assert!(typed.contains("Familienforschung") && !typed.contains("Ahnenforschung"), "{typed}");
    }
}
