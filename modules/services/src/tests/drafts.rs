use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_second_tab_overwrites_nothing_and_loses_nothing() {
    for test in both().await {
        let mut browser = test.browser();
        let draft = begin(&mut browser, "meldebescheinigung").await;
        answer(&mut browser, &draft, &[("fuer_wen", "selbst")]).await.is(303);
        let step = format!("{draft}/art");
        // Both tabs show the page before either sends it.
        let page = browser.get(&step).await;
        let shown = form_of(&page.body, &step);
        browser.post(&step, &with(&shown, &[("art", "einfach")])).await.is(303);
        let (first, _, revision) = stored(&test, &draft).await;

        // The same again, as by a double click: no conflict, nothing changes.
        browser.post(&step, &with(&shown, &[("art", "einfach")])).await.is(303);
        assert_eq!(stored(&test, &draft).await.2, revision);

        let conflict = browser.post(&step, &with(&shown, &[("art", "erweitert")])).await;
        conflict.is(409).shows("Einfache Meldebescheinigung").shows("Erweiterte Meldebescheinigung");
        assert_eq!(stored(&test, &draft).await.0, first, "the newer tab must not overwrite");

        // What was typed can be taken over with one click.
        let mine = form_of(&conflict.body, &step);
        browser.post(&step, &with(&mine, &[])).await.is(303);
        let (answers, ..) = stored(&test, &draft).await;
        assert_eq!(answers["values"]["art"]["value"], "erweitert");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_come_back_as_typed() {
    let test = one().await;
    let mut browser = test.browser();
    let draft = begin(&mut browser, "meldebescheinigung").await;
    answer(&mut browser, &draft, &[]).await.is(422).shows("Wählen Sie eine Antwort aus");
    answer(&mut browser, &draft, &[("fuer_wen", "selbst")]).await.is(303);
    answer(&mut browser, &draft, &[("art", "einfach")]).await.is(303);
    answer(&mut browser, &draft, &[("papier_weiter", "papier")]).await.is(303);
    let typed = [
        ("familienname", "Muster-<script>alert(1)</script>"),
        ("geburtsdatum", "31"),
        ("geburtsdatum-month", "2"),
        ("geburtsdatum-year", "1985"),
    ];
    let page = answer(&mut browser, &draft, &typed).await;
    page.is(422).shows("Dieses Datum gibt es nicht").shows("value=\"31\"").hides("<script>alert");
    page.shows("Muster-&#60;script&#62;alert(1)&#60;/script&#62;");
    // It is still there after coming back later.
    browser.get(&format!("{draft}/person")).await.is(200).shows("value=\"31\"");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_typed_is_kept_while_typing_but_not_over_newer_answers() {
    let test = one().await;
    let mut browser = test.browser();
    let draft = begin(&mut browser, "meldebescheinigung").await;
    let step = at(&mut browser, &draft).await;
    let shown = form_of(&browser.get(&step).await.body, &step);
    let save = format!("{step}/entwurf");
    browser.post(&save, &with(&shown, &[("fuer_wen", "vertretung")])).await.is(204);
    browser.get(&step).await.shows("value=\"vertretung\" checked");
    browser.post(&step, &with(&shown, &[("fuer_wen", "selbst")])).await.is(303);
    browser.post(&save, &with(&shown, &[("fuer_wen", "vertretung")])).await.is(409);
    let (answers, typed, _) = stored(&test, &draft).await;
    assert_eq!((answers["values"]["fuer_wen"]["value"].as_str(), typed), (Some("selbst"), serde_json::json!({})));
    browser.post(&format!("{draft}/gibt-es-nicht/entwurf"), &[]).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn others_find_no_draft() {
    let test = one().await;
    let (mut browser, mut other) = (test.browser(), test.browser());
    let draft = filled_in(&mut browser).await;
    begin(&mut other, "meldebescheinigung").await;
    for path in ["", "/art", "/pruefen", "/loeschen"] {
        other.get(&format!("{draft}{path}")).await.is(404);
    }
    for path in ["/art", "/art/entwurf", "/absenden", "/loeschen"] {
        other.post(&format!("{draft}{path}"), &[("art", "erweitert")]).await.is(404);
    }
    other.get("/").await.is(200).hides(&draft);
    browser.get("/").await.is(200).shows(&draft);
    browser.get(&format!("{draft}/loeschen")).await.is(200).shows("„Meldebescheinigung“ wird");
    browser.post(&format!("{draft}/loeschen"), &[]).await.is(303);
    browser.get(&draft).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_loses_nothing_and_shows_nothing() {
    for test in both().await {
        let mut browser = test.browser();
        browser.get("/test-anmelden/hoch").await.is(303);
        let draft = begin(&mut browser, "meldebescheinigung").await;
        answer(&mut browser, &draft, &[("fuer_wen", "selbst")]).await.is(303);
        answer(&mut browser, &draft, &[("art", "einfach")]).await.is(303);
        answer(&mut browser, &draft, &[("zustellung", "papier")]).await.is(303);
        // The card's data are locked.
        let person = browser.get(&format!("{draft}/person")).await;
        person.is(200).shows("Muster-Karte").hides("name=\"familienname\"");
        let step = format!("{draft}/zweck");
        let shown = form_of(&browser.get(&step).await.body, &step);

        test.later(24 * 7);
        let sent = browser.post(&step, &with(&shown, &[("zweck", "Wohnungssuche")])).await;
        assert_eq!(sent.is(303).location.as_deref(), Some(format!("/anmelden?zurueck={step}").as_str()));
        let page = browser.get(&step).await;
        page.is(303).hides("Wohnungssuche");
        assert!(page.location.unwrap().starts_with("/anmelden?zurueck="));
        // A stranger's session in the same browser sees nothing either.
        assert_eq!(stored(&test, &draft).await.1["zweck"].to_string().matches("Wohnungssuche").count(), 1);

        browser.get("/test-anmelden/hoch").await.is(303);
        browser.get(&step).await.is(200).shows("Wohnungssuche");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_waits_for_a_higher_level_and_then_belongs_to_the_account() {
    let test = one().await;
    let mut browser = test.browser();
    let draft = begin(&mut browser, "personenstandsurkunde").await;
    answer(&mut browser, &draft, &[("standesamt", "meerbusch")]).await.is(303);
    let exit = at(&mut browser, &draft).await;
    let page = browser.get(&exit).await;
    page.is(200).shows(&format!("/anmelden?zurueck={exit}&amp;niveau=hoch"));

    browser.get("/test-anmelden/hoch").await.is(303);
    browser.get(&exit).await.is(303);
    // The card has answered who applies.
    assert_eq!(at(&mut browser, &draft).await, format!("{draft}/ereignis"));
    browser.get(&format!("{draft}/antragsteller")).await.is(200).shows("Muster-Karte");
    let sql = "SELECT COUNT(*) AS n FROM services_draft WHERE tenant = $1 AND account_id IS NOT NULL";
    assert_eq!(test.city.db.read().await.unwrap().one::<(i64,)>(sql, &[]).await.unwrap().0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_goes_on_with_the_account_that_the_card_opens() {
    for test in both().await {
        let mut at_home = test.browser();
        at_home.get("/test-anmelden/hoch").await.is(303);

        let mut browser = test.browser();
        browser.get("/test-anmelden/basis").await.is(303);
        let draft = begin(&mut browser, "personenstandsurkunde").await;
        answer(&mut browser, &draft, &[("standesamt", "meerbusch")]).await.is(303);
        // Another account, which does not come from there, sees nothing.
        let (mut stranger, mut same_browser) = (test.browser(), browser.clone().without("meer_session"));
        stranger.get("/test-anmelden/hoch").await.is(303);
        stranger.get(&draft).await.is(404);
        same_browser.get("/test-anmelden/hoch").await.is(303);
        same_browser.get(&draft).await.is(404);

        browser.get("/test-anmelden/hoch").await.is(303);
        assert_eq!(at(&mut browser, &draft).await, format!("{draft}/ereignis"));
        assert!(stored(&test, &draft).await.0.to_string().contains("meerbusch"), "nothing is asked twice");
        stranger.get(&draft).await.is(303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_to_an_older_form_are_carried_over() {
    let test = one().await;
    let mut browser = test.browser();
    let draft = filled_in(&mut browser).await;
    let form = test.city.content.get("forms", "meldebescheinigung").unwrap();
    let body = form.body.replace("code = \"einfach\"", "code = \"schlicht\"");
    db::write!(test.city.db, |tx| {
        let sql = "UPDATE content_item SET body = $2, version = version + 1
                   WHERE tenant = $1 AND kind = 'forms' AND key = 'meldebescheinigung'";
        tx.exec_one(sql, db::params![&body]).await
    })
    .unwrap();
    test.city.content.refresh(&test.city.db).await.unwrap();
    // The option is gone, so that question is open again; all other answers are there.
    assert_eq!(at(&mut browser, &draft).await, format!("{draft}/art"));
    answer(&mut browser, &draft, &[("art", "schlicht")]).await.is(303);
    assert_eq!(at(&mut browser, &draft).await, format!("{draft}/pruefen"));
    browser.get(&format!("{draft}/pruefen")).await.is(200).shows("Muster-Beispiel");
}

#[tokio::test(flavor = "multi_thread")]
async fn drafts_go_after_thirty_days_without_a_change() {
    for test in both().await {
        let mut browser = test.browser();
        let draft = begin(&mut browser, "meldebescheinigung").await;
        let expire = || crate::jobs::expire(test.app.cx(&test.city, "test"), crate::jobs::Expire);
        test.later(24 * 29);
        answer(&mut browser, &draft, &[("fuer_wen", "selbst")]).await.is(303);
        test.later(24 * 29);
        expire().await.unwrap();
        browser.get(&draft).await.is(303);
        test.later(24 * 2);
        browser.get(&draft).await.is(404);
        assert_eq!(count(&test).await, 1);
        expire().await.unwrap();
        assert_eq!(count(&test).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_begins_so_many_applications_an_hour_and_goes_on_with_those_it_has() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let three = |config: &mut house::Config| config.limits.drafts_per_hour = 3;
        let Some(test) = TestCity::open_with(&[MODULE, rooms::ROOMS], engine, three).await else { continue };
        let mut browser = test.browser();
        let draft = begin(&mut browser, "meldebescheinigung").await;
        for _ in 0..2 {
            begin(&mut test.browser(), "meldebescheinigung").await;
        }
        let page = test.browser().post("/leistungen/meldebescheinigung/antrag", &[]).await;
        page.is(429).shows("In 60 Minuten können Sie wieder einen Antrag beginnen.").shows("rufen Sie uns an");
        assert_eq!(test.app.texts.get(kernel::Lang::De, "services-minutes", &[("n", 1i64.into())]), "einer Minute");
        assert_eq!(count(&test).await, 3);
        answer(&mut browser, &draft, &[("fuer_wen", "selbst")]).await.is(303);
        test.later(1);
        begin(&mut browser, "meldebescheinigung").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_at_the_same_address_do_not_use_up_the_allowance_of_an_account() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let two = |config: &mut house::Config| config.limits.drafts_per_hour = 2;
        let Some(test) = TestCity::open_with(&[MODULE, rooms::ROOMS], engine, two).await else { continue };
        let address = "/leistungen/meldebescheinigung/antrag";
        for _ in 0..2 {
            begin(&mut test.browser(), "meldebescheinigung").await;
        }
        test.browser().post(address, &[]).await.is(429);
        let (mut browser, mut at_work) = (test.browser(), test.browser());
        for own in [&mut browser, &mut at_work] {
            own.get("/test-anmelden/hoch").await.is(303);
            begin(own, "meldebescheinigung").await;
        }
        // The allowance is the account's, whichever browser it is used from.
        browser.post(address, &[]).await.is(429);
    }
}
