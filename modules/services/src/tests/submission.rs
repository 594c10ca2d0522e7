use serde_json::json;

use super::{rooms::calls, *};

async fn send(browser: &mut Browser, draft: &str) -> Page {
    let page = browser.get(&format!("{draft}/pruefen")).await;
    let action = format!("{draft}/absenden");
    let shown = form_of(page.is(200).body.as_str(), &action);
    browser.post(&action, &with(&shown, &[])).await
}

fn claim_code(page: &Page) -> String {
    let field = page.body.split("id=\"abholcode\"").nth(1).expect("a field with the code");
    field.split('>').nth(1).and_then(|rest| rest.split('<').next()).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_submits_once_and_gets_a_number_and_a_code() {
    for test in both().await {
        let mut browser = test.browser();
        let draft = filled_in(&mut browser).await;
        let check = browser.get(&format!("{draft}/pruefen")).await;
        check.is(200).shows("Muster-Beispiel").shows("27.03.1985").shows("Kostenpflichtig abschicken (9,00");
        let action = format!("{draft}/absenden");
        let shown = form_of(&check.body, &action);
        let sent = browser.post(&action, &with(&shown, &[])).await;
        let receipt = sent.is(303).location.clone().unwrap();
        let page = browser.get(&receipt).await;
        page.is(200).shows("33.20/2026/000001").shows("Notieren Sie Ihren Abholcode");
        let code = claim_code(&page);
        browser.get(&receipt).await.is(200).shows("33.20/2026/000001").hides(&code);
        // The code leads another browser to this case.
        let client = identity::Client::new([127, 0, 0, 1].into(), "", None, None);
        let cx = test.app.cx(&test.city, "test");
        test.city.identity.redeem_claim(&test.city.db, &cx, &client, &code).await.unwrap();
        test.browser().get(&receipt).await.is(303);

        // Back and again, as by a double click: the same case, and a code again for this browser.
        let again = browser.post(&action, &with(&shown, &[])).await;
        assert_eq!(again.is(303).location.as_deref(), Some(receipt.as_str()));
        browser.get(&receipt).await.is(200).shows("Notieren Sie Ihren Abholcode");
        test.browser().post(&action, &with(&shown, &[])).await.is(404);
        // Much later, whoever sits there is asked for the code.
        test.later(1);
        browser.post(&action, &with(&shown, &[])).await.is(303);
        browser.get(&receipt).await.is(303);

        let [case] = calls(&test, "records.open-case").await.try_into().unwrap();
        assert_eq!(case["party"]["family_name"], "Muster-Beispiel");
        assert_eq!(case["party"]["birth_date"], "1985-03-27");
        assert_eq!(case["party"]["address"]["house_number"], "5");
        assert_eq!(case["party"]["provenance"], "typed");
        assert_eq!((&case["plan"], &case["unit"]), (&json!("33.20"), &json!("buergerbuero")));
        let [fees] = calls(&test, "payments.set-fees").await.try_into().unwrap();
        assert_eq!(fees["items"].as_array().map(Vec::len), Some(1));
        assert_eq!((&fees["items"][0]["single"], &fees["items"][0]["quantity"]), (&json!(900), &json!(1)));
        let [started] = calls(&test, "processes.start").await.try_into().unwrap();
        let vars = &started["vars"];
        assert_eq!(vars["lieferung"], "papier");
        assert_eq!(vars["felder"], json!(["base"]));
        assert_eq!((&vars["gebuehr_cents"], &vars["konto_level"]), (&json!(900), &json!("ohne")));
        for personal in ["Muster", "Mia", "1985", "Beispielweg", "40667", "Bank"] {
            assert!(!vars.to_string().contains(personal), "{personal} in {vars}");
        }
        assert_eq!(count(&test).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_receipt_says_how_it_goes_on() {
    let test = one().await;
    let mut guest = test.browser();
    let draft = filled_in(&mut guest).await;
    let receipt = send(&mut guest, &draft).await.is(303).location.clone().unwrap();
    let case = receipt.trim_end_matches("/eingang").to_owned();
    let page = guest.get(&receipt).await;
    page.is(200).shows("Ihr Antrag ist bei uns angekommen").shows("33.20/2026/000001").shows("Meldebescheinigung");
    page.shows("Bezahlen Sie die Gebühr von 9,00").shows("kommt mit der Post").shows("Mit dem Code sehen Sie");
    page.shows(&format!("href=\"{case}\"")).hides("Zum Postfach");
    assert_eq!(test.app.texts.missed(), []);

    // Signed in with the online ID, and electronic: free, without a code, and the result comes into the postbox.
    let mut browser = test.browser();
    browser.get("/test-anmelden/hoch").await.is(303);
    let draft = begin(&mut browser, "meldebescheinigung").await;
    let answers = [("fuer_wen", "selbst"), ("art", "einfach"), ("zustellung", "elektronisch"), ("erklaerung", "ja")];
    let mut left = 12;
    while !at(&mut browser, &draft).await.ends_with("/pruefen") {
        answer(&mut browser, &draft, &answers).await.is(303);
        left -= 1;
        assert!(left > 0, "the form does not end");
    }
    let receipt = send(&mut browser, &draft).await.is(303).location.clone().unwrap();
    let page = browser.get(&receipt).await;
    page.is(200).shows("Das Ergebnis und alle Nachrichten finden Sie in Ihrem Postfach").shows("Zum Postfach");
    page.hides("Bezahlen Sie").hides("Notieren Sie Ihren Abholcode").hides("kommt mit der Post");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_is_printed_into_the_case_with_what_was_on_the_screen() {
    let test = one().await;
    let mut browser = test.browser();
    let draft = filled_in(&mut browser).await;
    let check = browser.get(&format!("{draft}/pruefen")).await;
    send(&mut browser, &draft).await.is(303);
    let sql = "SELECT sections FROM services_application WHERE tenant = $1";
    let (sections,) = test.city.db.read().await.unwrap().one::<(Value,)>(sql, &[]).await.unwrap();
    for section in crate::service::stored_sections(&sections).unwrap() {
        for (label, value) in section.rows {
            check.shows(&label);
            value.lines().for_each(|line| {
                check.shows(line);
            });
        }
    }
    test.settle().await;
    // A second run of the job adds nothing.
    let case = calls(&test, "records.add-document").await[0]["case"].clone();
    let job = crate::jobs::PrintApplication { case: serde_json::from_value(case).unwrap() };
    let mut cx = test.app.cx(&test.city, "job");
    cx.actor.via = vec!["services"];
    crate::jobs::print_application(cx, job).await.unwrap();
    let [document] = calls(&test, "records.add-document").await.try_into().unwrap();
    assert_eq!((&document["kind"], &document["direction"]), (&json!("antrag"), &json!("eingang")));
    let file = serde_json::from_value(document["file"].clone()).unwrap();
    let meta = files::meta(&mut test.city.db.read().await.unwrap(), file).await.unwrap();
    let pdf = test.city.files.read_verified(&meta).await.unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7") && pdf.len() > 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn hidden_locked_and_computed_fields_cannot_be_forged() {
    let test = one().await;
    let mut browser = test.browser();
    browser.get("/test-anmelden/hoch").await.is(303);
    let draft = begin(&mut browser, "meldebescheinigung").await;
    let forged = [
        ("gebuehr", "0"),
        ("zustellweg", "elektronisch"),
        ("familienname", "Muster-Fremd"),
        ("anschrift", "Fremdweg"),
        ("papier_weiter", "papier"),
        ("konto.level", "hoch"),
        ("weitere_daten", "religion"),
    ];
    let mut left = 12;
    while !at(&mut browser, &draft).await.ends_with("/pruefen") {
        let true_answers = [("fuer_wen", "selbst"), ("art", "einfach"), ("zustellung", "papier"), ("erklaerung", "ja")];
        answer(&mut browser, &draft, &[true_answers.as_slice(), forged.as_slice()].concat()).await.is(303);
        left -= 1;
        assert!(left > 0, "the form does not end");
    }
    browser.get(&format!("{draft}/pruefen")).await.shows("Muster-Karte").shows("9,00").hides("Fremd");
    send(&mut browser, &draft).await.is(303);
    let [case] = calls(&test, "records.open-case").await.try_into().unwrap();
    assert_eq!(case["party"]["family_name"], "Muster-Karte");
    assert_eq!(case["party"]["address"]["house_number"], "5 a");
    assert_eq!(case["party"]["provenance"], "eid");
    let [fees] = calls(&test, "payments.set-fees").await.try_into().unwrap();
    assert_eq!(fees["items"][0]["single"], 900);
    let [started] = calls(&test, "processes.start").await.try_into().unwrap();
    assert_eq!((&started["vars"]["lieferung"], &started["vars"]["konto_level"]), (&json!("papier"), &json!("hoch")));
    assert_eq!(started["vars"]["felder"], json!(["base"]));
    assert!(started["vars"].get("weitere_daten").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_submitted_that_was_not_checked_or_is_not_complete() {
    let test = one().await;
    let mut browser = test.browser();
    let draft = begin(&mut browser, "meldebescheinigung").await;
    let early = browser.post(&format!("{draft}/absenden"), &[("stand", "0")]).await;
    assert_eq!(early.is(303).location.as_deref(), Some(draft.as_str()));

    let draft = filled_in(&mut browser).await;
    let action = format!("{draft}/absenden");
    let shown = form_of(&browser.get(&format!("{draft}/pruefen")).await.body, &action);
    let art = format!("{draft}/art");
    let page = form_of(&browser.get(&format!("{art}?ziel=pruefen")).await.body, &art);
    browser.post(&art, &with(&page, &[("art", "erweitert")])).await.is(303);
    // The other tab still shows the old answers.
    let stale = browser.post(&action, &with(&shown, &[])).await;
    assert_eq!(stale.is(303).location.as_deref(), Some(format!("{draft}/pruefen").as_str()));
    assert!(calls(&test, "records.open-case").await.is_empty());
    // From check-your-answers and back: first the page that is open now, then check-your-answers.
    assert_eq!(at(&mut browser, &draft).await, format!("{draft}/weitere-daten"));
    answer(&mut browser, &draft, &[("weitere_daten", "geburtsort")]).await.is(303);
    send(&mut browser, &draft).await.is(303);
    let [started] = calls(&test, "processes.start").await.try_into().unwrap();
    assert_eq!(started["vars"]["felder"], json!(["base", "geburtsort"]));
}
