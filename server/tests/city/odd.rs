//! What is rare and happens: two who work on one thing at the same moment, a check-out that has run out, a case that
//! goes elsewhere and rights that end while somebody has a form open, days and nights on which calendars and clocks are
//! not like others, and models made to cost.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use contract_records::{DueCase, DueForDeletion};
use db::Engine;
use house::Call as _;
use identity::NewStaff;
use kernel::{CaseId, Cx, Date, StaffId, Timestamp, berlin};
use meer::modules::MODULES;
use serde::{Deserialize, Serialize};
use testkit::{Browser, Page, TestCity, form_of};

use crate::walks::{self, STAFF_PASSWORD, id_in};

/// Generous for a busy machine and a build without optimisation.
const SOON: Duration = Duration::from_secs(20);
const BOTH: &str = "Zwei haben gleichzeitig gespeichert";
const NO_PAGE: &str = "Diese Seite gibt es nicht";

async fn staff(test: &TestCity, login: &str) -> (StaffId, Browser) {
    let all = identity::all_staff(&mut test.city.db.read().await.unwrap()).await.unwrap();
    let mut browser = test.browser();
    browser.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
    (all.iter().find(|s| s.login == login).unwrap().id, browser)
}

fn within(test: &TestCity, module: &'static str) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec![module];
    cx
}

async fn open_file(clerk: &mut Browser, entry: &str, unit: &str) -> String {
    let fields = [("entry", entry), ("title", "Trauort am Musterbach"), ("unit", unit), ("confidentiality", "normal")];
    id_in(&clerk.post("/intern/akten", &fields).await)
}

async fn open_case(clerk: &mut Browser, file: &str) -> String {
    id_in(&clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await)
}

/// A document with this text; answers its address below the case.
async fn add(clerk: &mut Browser, case: &str) -> String {
    let at = format!("/intern/vorgang/{case}/dokumente");
    clerk.post_files(&at, &[("titel", "Vermerk")], &[("datei", "a.txt", b"Anfang\n".as_slice())]).await.is(303);
    let page = clerk.get(&at).await;
    let id = page.is(200).body.split("/dokument/").nth(1).and_then(|rest| rest.split('/').next());
    format!("/intern/vorgang/{case}/dokument/{}", id.expect("a document"))
}

async fn save(clerk: &mut Browser, document: &str, based_on: &str, text: &str) -> Page {
    let fields = [("stand", based_on), ("notiz", "")];
    clerk.post_files(&format!("{document}/fassungen"), &fields, &[("datei", "b.txt", text.as_bytes())]).await
}

/// Where a button of the page leads whose address ends so.
fn button(page: &Page, what: &str) -> Option<String> {
    let mut actions = page.body.split("action=\"").skip(1).filter_map(|part| part.split('"').next());
    actions.find(|action| action.ends_with(what)).map(str::to_owned)
}

/// What the button of a page sends.
fn value_of(page: &Page, action: &str, name: &str) -> String {
    let form = page.body.split(&format!("action=\"{action}\"")).nth(1).unwrap_or_else(|| panic!("no {action}"));
    let form = form.split("</form>").next().unwrap_or_default();
    let tag =
        form.split('<').find(|tag| tag.contains(&format!("name=\"{name}\""))).unwrap_or_else(|| panic!("no {name}"));
    tag.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a value").to_owned()
}

async fn is_whole(test: &TestCity) {
    test.settle().await;
    let report = journal::check::run(&test.city.db, &test.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
    assert!(report.is_whole(), "{report:?}");
}

/// A moment on the city's clock.
fn moment(day: Date, hour: i8, minute: i8) -> Timestamp {
    day.at(hour, minute, 0, 0).to_zoned(berlin()).unwrap().timestamp()
}

/// Last Sunday of March or October, in whose night the clock changes.
fn clock_change(year: i16, month: i8) -> Date {
    let mut day = Date::new(year, month, 31).unwrap();
    while day.weekday().to_sunday_zero_offset() != 0 {
        day = day.yesterday().unwrap();
    }
    day
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_saved_at_one_moment_is_kept_and_one_of_it_counts() {
    const EACH: usize = 3;
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (_, sabine) = staff(&test, "sabine.beispiel").await;
        let file = open_file(&mut stefan, "10.10", "standesamt").await;
        let case = open_case(&mut stefan, &file).await;
        let document = add(&mut stefan, &case).await;
        let mut all = tokio::task::JoinSet::new();
        for n in 0..EACH {
            for (who, browser) in [("Stefan", &stefan), ("Sabine", &sabine)] {
                let (mut browser, document, text) = (browser.clone(), document.clone(), format!("{who} {n}\n"));
                all.spawn(async move { save(&mut browser, &document, "1", &text).await.is(303).status });
            }
        }
        assert_eq!(all.join_all().await.len(), 2 * EACH);

        let page = stefan.get(&format!("{document}/fassungen")).await;
        page.is(200).shows(BOTH).shows(&format!("Fassung {}", 2 * EACH + 1));
        let mut kept = Vec::new();
        for n in 1..=2 * EACH + 1 {
            kept.push(stefan.get(&format!("{document}/fassung/{n}")).await.is(200).body.clone());
        }
        assert_eq!(kept[0], "Anfang\n");
        // The first that came counts; whoever came later changed something else than they saw.
        assert_eq!(stefan.get(&document).await.is(200).body, kept[1]);
        kept.sort();
        kept.dedup();
        assert_eq!(kept.len(), 2 * EACH + 1, "a version was lost: {kept:?}");

        // The same with what is decided once: one invitation counts, the other is told so.
        let invited = [("stelle", "buergerbuero"), ("recht", "lesen"), ("grund", "Stellungnahme")];
        let at = format!("/intern/vorgang/{case}/beteiligung");
        let (mut one, mut other) = (stefan.clone(), sabine.clone());
        let (one, other) = tokio::join!(one.post(&at, &invited), other.post(&at, &invited));
        let mut told = [one.status.as_u16(), other.status.as_u16()];
        told.sort_unstable();
        assert_eq!(told, [303, 409]);
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_out_that_ran_out_is_taken_over_and_the_first_one_loses_nothing() {
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let file = open_file(&mut stefan, "10.10", "standesamt").await;
        let case = open_case(&mut stefan, &file).await;
        let document = add(&mut stefan, &case).await;
        stefan.post(&format!("{document}/ausleihen"), &[]).await.is(303);
        let give_back = format!("{document}/zurueckgeben");
        let his = value_of(&stefan.get(&format!("{document}/fassungen")).await, &give_back, "von");

        test.later(24 * 4);
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
        sabine.post(&format!("{document}/ausleihen"), &[]).await.is(303);
        // His page of before: neither does it end her check-out, nor does he get the document back.
        stefan.post(&give_back, &[("von", &his)]).await.is(409).shows("jemand anderes");
        stefan.post(&give_back, &[]).await.is(409);
        stefan.post(&format!("{document}/ausleihen"), &[]).await.is(409);
        save(&mut stefan, &document, "1", "Stefans vier Tage\n").await.is(303);
        let at = format!("{document}/fassungen");
        let page = sabine.get(&at).await;
        page.is(200).shows(BOTH).shows("Sabine Beispiel-Standesamt arbeitet daran");
        assert_eq!(sabine.get(&document).await.is(200).body, "Anfang\n", "who has it out is not overtaken");

        // She sees his version before hers counts; both are there.
        let seen = form_of(&page.body, &at);
        let seen = &seen.iter().find(|(name, _)| name == "stand").expect("what she saw").1;
        assert_eq!(seen, "2");
        save(&mut sabine, &document, seen, "Sabines Fassung\n").await.is(303);
        let page = stefan.get(&at).await;
        page.is(200).hides(BOTH).hides("arbeitet daran");
        assert_eq!(stefan.get(&format!("{document}/fassung/2")).await.is(200).body, "Stefans vier Tage\n");
        assert_eq!(stefan.get(&document).await.is(200).body, "Sabines Fassung\n");
        // By the button for it a colleague's document is given back, when it is that colleague who is seen.
        sabine.post(&format!("{document}/ausleihen"), &[]).await.is(303);
        let hers = value_of(&stefan.get(&at).await, &give_back, "von");
        stefan.post(&give_back, &[("von", &hers)]).await.is(303);
        stefan.post(&format!("{document}/ausleihen"), &[]).await.is(303);
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_goes_to_another_office_takes_everything_along_and_open_forms_say_so() {
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let (sabine_id, mut sabine) = staff(&test, "sabine.beispiel").await;
        let (_, mut mara) = staff(&test, "melde.muster").await;
        let file = open_file(&mut stefan, "10.10", "standesamt").await;
        let (case, stays) = (open_case(&mut stefan, &file).await, open_case(&mut stefan, &file).await);
        let document = add(&mut stefan, &case).await;
        let at = format!("/intern/vorgang/{case}");
        let number = walks::number_of(&test, &case).await;
        stefan.post(&format!("/intern/vorgang/{stays}/verweis"), &[("aktenzeichen", &number)]).await.is(303);
        stefan.post(&format!("{at}/merken"), &[("merken", "ja")]).await.is(303);
        let sabine_id = sabine_id.to_string();
        let folder = [
            ("titel", "Bitte mitzeichnen"),
            ("ablauf", "nacheinander"),
            ("person-1", sabine_id.as_str()),
            ("art-1", "cosign"),
        ];
        let folder = id_in(&stefan.post(&format!("{at}/laufmappe"), &folder).await);
        let folder = format!("/intern/laufmappe/{folder}");
        let sign = button(&sabine.get(&folder).await, "/zeichnen").expect("to sign");
        // Stefan has all of these open.
        let forms = ["/dokumente", "/notiz", "/verweis", "/ansprechpartner", "/laufmappe", "/beteiligung"];
        for form in forms {
            stefan.get(&format!("{at}{form}")).await.is(200);
        }

        let over = [("vorgang", case.as_str()), ("aktion", "abgabe"), ("stelle", "buergerbuero")];
        sabine.post("/intern/auswahl", &over).await.is(200).shows("Eines ist erledigt");

        let fields = [("titel", "Nachtrag"), ("text", "Nachtrag"), ("name", "Nachtrag"), ("grund", "Nachtrag")];
        for form in &forms[1..] {
            let page = stefan.post(&format!("{at}{form}"), &fields).await;
            page.is(404).shows(NO_PAGE).shows("/intern/warum?zurueck=").hides("Ortstermin");
        }
        let files = [("datei", "n.txt", b"Nachtrag\n".as_slice())];
        stefan.post_files(&format!("{at}/dokumente"), &fields, &files).await.is(404).shows(NO_PAGE);
        save(&mut stefan, &document, "1", "Nachtrag\n").await.is(404).shows(NO_PAGE);
        for button in [format!("{at}/zda"), format!("{document}/ausleihen"), sign.clone()] {
            stefan.post(&button, &[]).await.is(404);
        }
        sabine.post(&sign, &[]).await.is(404);
        for list in ["/intern/merkliste", "/intern/laufmappen", "/intern/dokumente"] {
            stefan.get(list).await.is(200).hides(&number).hides("Bitte mitzeichnen");
        }
        stefan.get(&format!("/intern/vorgang/{stays}")).await.is(200).hides(&number);
        stefan.get(&format!("/intern/akte/{file}")).await.is(200).hides(&number);

        // The same addresses lead the new office to it; the folder that went round is theirs to take back.
        mara.get(&at).await.is(200).shows(&number).shows("Abgegeben an: Bürgerbüro").hides("Nachtrag");
        assert_eq!(mara.get(&document).await.is(200).body, "Anfang\n");
        save(&mut mara, &document, "1", "Fassung des Bürgerbüros\n").await.is(303);
        mara.post(&format!("{at}/zda"), &[]).await.is(409).shows("noch eine Laufmappe");
        let withdraw = button(&mara.get(&folder).await, "/zurueckziehen").expect("to withdraw");
        mara.post(&withdraw, &[]).await.is(303);
        mara.post(&format!("{at}/zda"), &[]).await.is(303);

        // A whole file: whoever was about to open a case in it is told, and the new office can.
        let over = [("akte", file.as_str()), ("aktion", "abgabe"), ("stelle", "buergerbuero")];
        sabine.post("/intern/auswahl", &over).await.is(200).shows("Eines ist erledigt");
        let open = format!("/intern/akte/{file}/vorgang");
        stefan.post(&open, &[("title", "Zu spät")]).await.is(404).shows(NO_PAGE);
        stefan.get(&format!("/intern/vorgang/{stays}")).await.is(404);
        mara.get(&format!("/intern/vorgang/{stays}")).await.is(200).shows(&number);
        mara.post(&open, &[("title", "Rechtzeitig")]).await.is(303);
        is_whole(&test).await;
    }
}

/// Somebody new who holds these roles.
async fn hire(test: &TestCity, login: &str, role: &str, units: &[&str]) -> (StaffId, Browser) {
    let cx = within(test, "accounts");
    let new = NewStaff {
        login: login.to_owned(),
        name: "Robin Muster".to_owned(),
        email: format!("{login}@example.org"),
        unit: "standesamt".to_owned(),
    };
    let id = db::write!(test.city.db, |tx| {
        let id = identity::add_staff(tx, &cx, &new).await?;
        for unit in units {
            identity::give_grant(tx, &cx, id, role, Some(*unit), cx.today(), None).await?;
        }
        Ok(id)
    })
    .unwrap();
    test.city.identity.seed_staff_password(&test.city.db, &cx, id, STAFF_PASSWORD).await.unwrap();
    let (_, browser) = staff(test, login).await;
    (id, browser)
}

/// Takes the role in this unit away.
async fn revoke(test: &TestCity, who: StaffId, unit: &str) {
    let cx = within(test, "accounts");
    let held = identity::grants_held(&mut test.city.db.read().await.unwrap(), who).await.unwrap();
    let yesterday = cx.today().yesterday().unwrap();
    db::write!(test.city.db, |tx| {
        for grant in held.iter().filter(|grant| grant.unit.as_deref() == Some(unit)) {
            identity::end_grant(tx, &cx, grant.id, yesterday).await?;
        }
        Ok(())
    })
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_end_in_the_middle_of_a_form_end_at_once() {
    for test in TestCity::both(MODULES).await {
        let (_, mut stefan) = staff(&test, "stefan.muster").await;
        let units = ["standesamt", "buergerbuero"];
        let (robin_id, mut robin) = hire(&test, "robin.muster", "sachbearbeitung-standesamt", &units).await;
        let file = open_file(&mut stefan, "10.10", "standesamt").await;
        let case = open_case(&mut stefan, &file).await;
        let document = add(&mut stefan, &case).await;
        let at = format!("/intern/vorgang/{case}");
        let robin_text = robin_id.to_string();
        let folder = [
            ("titel", "Bitte mitzeichnen"),
            ("ablauf", "nacheinander"),
            ("person-1", robin_text.as_str()),
            ("art-1", "cosign"),
        ];
        let folder = id_in(&stefan.post(&format!("{at}/laufmappe"), &folder).await);
        let folder = format!("/intern/laufmappe/{folder}");
        let sign = button(&robin.get(&folder).await, "/zeichnen").expect("to sign");
        robin.post(&format!("{document}/ausleihen"), &[]).await.is(303);
        // The first look still says that the folder is on its way.
        stefan.get(&at).await.is(200);
        let before = stefan.get(&at).await.is(200).body.clone();

        // First they belong to another office only, then to none: the case is no case, then there are no cases.
        for (unit, status) in [("standesamt", 404), ("buergerbuero", 403)] {
            revoke(&test, robin_id, unit).await;
            for page in [&at, &document, &folder, &format!("{at}/zip"), &format!("/intern/akte/{file}")] {
                robin.get(page).await.is(status).hides("Ortstermin").hides("Trauort");
            }
            save(&mut robin, &document, "1", "Heimlich\n").await.is(status);
            robin.post(&sign, &[]).await.is(status);
            for (what, fields) in [
                ("notiz", [("text", "Heimlich")]),
                ("ansprechpartner", [("name", "Heimlich")]),
                ("laufmappe", [("titel", "Heimlich")]),
                ("zda", [("grund", "Heimlich")]),
            ] {
                robin.post(&format!("{at}/{what}"), &fields).await.is(status);
            }
            let chosen = [("vorgang", case.as_str()), ("aktion", "zda")];
            robin.post("/intern/auswahl", &chosen).await.is(if status == 404 { 422 } else { 403 });
        }
        let after = stefan.get(&at).await;
        assert_eq!(after.is(200).body, before, "nothing of it was done");
        stefan.get(&format!("{document}/fassungen")).await.is(200).hides("Fassung 2").shows("arbeitet daran");
        // What waits for somebody who is gone does not wait for ever.
        let hers =
            value_of(&stefan.get(&format!("{document}/fassungen")).await, &format!("{document}/zurueckgeben"), "von");
        stefan.post(&format!("{document}/zurueckgeben"), &[("von", &hers)]).await.is(303);
        let withdraw = button(&stefan.get(&folder).await, "/zurueckziehen").expect("to withdraw");
        stefan.post(&withdraw, &[]).await.is(303);
        stefan.post(&format!("{at}/zda"), &[]).await.is(303);
        is_whole(&test).await;
    }
}

async fn due(test: &TestCity, today: Date, only: Option<&str>) -> Vec<DueCase> {
    let only = only.map(|case| vec![case.parse::<CaseId>().unwrap()]);
    let asked = DueForDeletion { today, only, limit: 100 };
    within(test, "privacy").ask(&mut test.city.db.read().await.unwrap(), asked).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_begins_with_the_end_of_the_citys_year_whatever_day_it_was() {
    for test in TestCity::both(MODULES).await {
        let mut leap = within(&test, "records").today().year() + 1;
        while !Date::new(leap, 1, 1).unwrap().in_leap_year() {
            leap += 1;
        }
        // In Greenwich the last one is still in the year before.
        let closings = [
            (moment(Date::new(leap, 2, 29).unwrap(), 23, 30), leap),
            (moment(Date::new(leap, 12, 31).unwrap(), 23, 30), leap),
            (moment(Date::new(leap + 1, 1, 1).unwrap(), 0, 15), leap + 1),
        ];
        for (at, year) in closings {
            test.clock.set(at);
            let (_, mut rita) = staff(&test, "rita.registratur").await;
            // One year of retention, and the archive refused such cases once for all.
            let file = open_file(&mut rita, "33.20", "dezernat-1").await;
            let case = open_case(&mut rita, &file).await;
            rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
            let first = Date::new(year + 2, 1, 1).unwrap();
            let last = first.yesterday().unwrap();
            assert_eq!(due(&test, last, Some(&case)).await, [], "closed {at}");
            let found = due(&test, first, Some(&case)).await;
            assert_eq!(found.iter().map(|due| due.deletable_from).collect::<Vec<_>>(), [first], "closed {at}");
            // The nightly search, which goes by moments, agrees.
            let listed = |all: &[DueCase]| all.iter().any(|due| due.case.to_string() == case);
            assert!(!listed(&due(&test, last, None).await), "closed {at}");
            assert!(listed(&due(&test, first, None).await), "closed {at}");
        }
        is_whole(&test).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn around_new_year_files_keep_their_year_and_the_archive_is_asked_on_the_day() {
    for test in TestCity::both(MODULES).await {
        let year = within(&test, "records").today().year() + 1;
        let eve = |year: i16| moment(Date::new(year, 12, 31).unwrap(), 23, 30);
        let after = |year: i16| moment(Date::new(year + 1, 1, 1).unwrap(), 0, 15);
        test.clock.set(eve(year));
        let (_, mut rita) = staff(&test, "rita.registratur").await;
        let file = open_file(&mut rita, "61.50", "dezernat-1").await;
        let case = open_case(&mut rita, &file).await;
        assert_eq!(walks::number_of(&test, &case).await, format!("61.50-1/{year}/000001"));
        rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);

        // Three quarters of an hour later the session is the same, and the year is not.
        test.clock.set(after(year));
        let late = open_case(&mut rita, &file).await;
        assert_eq!(walks::number_of(&test, &late).await, format!("61.50-1/{year}/000002"), "the number of its file");
        let other = open_file(&mut rita, "61.50", "dezernat-1").await;
        let first = open_case(&mut rita, &other).await;
        assert_eq!(walks::number_of(&test, &first).await, format!("61.50-1/{}/000001", year + 1));
        for case in [&late, &first] {
            rita.post(&format!("/intern/vorgang/{case}/zda"), &[]).await.is(303);
        }

        // Two years of retention: on their last evening nothing is to be offered, in the night what was closed by then.
        for (at, shown) in [
            (eve(year + 2), "Nichts ist fällig"),
            (after(year + 2), "Ein Vorgang ist anzubieten"),
            (eve(year + 3), "Ein Vorgang ist anzubieten"),
            (after(year + 3), "3 Vorgänge sind anzubieten"),
        ] {
            test.clock.set(at);
            let (_, mut rita) = staff(&test, "rita.registratur").await;
            rita.get("/intern/aussonderung").await.is(200).shows(shown);
        }
        is_whole(&test).await;
    }
}

/// As `records` calls what it does every night.
#[derive(Serialize, Deserialize)]
struct EndParticipations {}

impl jobs::Job for EndParticipations {
    const NAME: &'static str = "records.end-participations";
}

async fn nightly(test: &TestCity) {
    let cx = within(test, "records");
    db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &EndParticipations {}).await }).unwrap();
    test.settle().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_23_and_25_hours_are_days() {
    for test in TestCity::both(MODULES).await {
        let year = within(&test, "records").today().year() + 1;
        for month in [3, 10] {
            let sunday = clock_change(year, month);
            let saturday = sunday.yesterday().unwrap();
            let (friday, monday) = (saturday.yesterday().unwrap(), sunday.tomorrow().unwrap());
            test.clock.set(moment(friday, 10, 0));
            let (_, mut stefan) = staff(&test, "stefan.muster").await;
            let file = open_file(&mut stefan, "10.10", "standesamt").await;
            let case = open_case(&mut stefan, &file).await;
            let document = add(&mut stefan, &case).await;
            let at = format!("/intern/vorgang/{case}");
            // Three days out are 71 or 73 hours, until the same time of day.
            stefan.post(&format!("{document}/ausleihen"), &[]).await.is(303);
            let (d, m, y) = (sunday.day().to_string(), sunday.month().to_string(), sunday.year().to_string());
            let on_sunday =
                [("faellig", &*d), ("faellig-month", &*m), ("faellig-year", &*y), ("vermerk", "Am Sonntag")];
            stefan.post(&format!("{at}/wiedervorlage"), &on_sunday).await.is(303);
            let until = [
                ("stelle", "buergerbuero"),
                ("recht", "lesen"),
                ("grund", "Bis Sonntag"),
                ("bis", &*d),
                ("bis-month", &*m),
                ("bis-year", &*y),
            ];
            stefan.post(&format!("{at}/beteiligung"), &until).await.is(303);

            test.clock.set(moment(saturday, 23, 45));
            let (_, mut stefan) = staff(&test, "stefan.muster").await;
            stefan.get("/intern/wiedervorlagen").await.is(200).hides("Am Sonntag");
            test.clock.set(moment(sunday, 0, 15));
            stefan.get("/intern/wiedervorlagen").await.is(200).shows("Am Sonntag");
            let done = button(&stefan.get("/intern/wiedervorlagen").await, "/erledigt").expect("due");
            stefan.post(&done, &[]).await.is(303);
            // In spring this time of day does not exist, in autumn it comes twice; pages tell it all the same.
            test.clock.set(moment(sunday, 2, 30));
            let (_, mut stefan) = staff(&test, "stefan.muster").await;
            stefan.post(&format!("{at}/notiz"), &[("text", "In der Nacht der Umstellung")]).await.is(303);
            stefan.get(&at).await.is(200).shows("In der Nacht der Umstellung");

            // The last day is a whole day.
            test.clock.set(moment(sunday, 23, 30));
            nightly(&test).await;
            let (_, mut mara) = staff(&test, "melde.muster").await;
            mara.get(&at).await.is(200);
            test.clock.set(moment(monday, 0, 21));
            nightly(&test).await;
            mara.get(&at).await.is(404);

            test.clock.set(moment(monday, 9, 59));
            let (_, mut sabine) = staff(&test, "sabine.beispiel").await;
            sabine.post(&format!("{document}/ausleihen"), &[]).await.is(409);
            test.clock.set(moment(monday, 10, 1));
            sabine.post(&format!("{document}/ausleihen"), &[]).await.is(303);
        }
        is_whole(&test).await;
    }
}

/// A process around these elements.
fn process(elements: &str) -> String {
    format!(
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" id=\"d\" \
         targetNamespace=\"urn:t\"><bpmn:process id=\"p\" name=\"Bombe\" isExecutable=\"true\">{elements}\
         </bpmn:process></bpmn:definitions>"
    )
}

fn decision(logic: &str) -> String {
    format!(
        "<definitions xmlns=\"https://www.omg.org/spec/DMN/20191111/MODEL/\" name=\"Bombe\" id=\"d\" \
         namespace=\"urn:t\"><decision id=\"a\" name=\"A\"><variable name=\"A\"/>{logic}</decision></definitions>"
    )
}

/// Entities that grow, and one that reads a file of the server.
const ENTITIES: [&str; 2] = [
    "<!DOCTYPE l [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>",
    "<!DOCTYPE l [<!ENTITY c SYSTEM \"file:///etc/passwd\">]>",
];

async fn begin(clerk: &mut Browser, kind: &str) -> String {
    let fields = [("art", kind), ("key", "personenstandsurkunde")];
    let page = clerk.post("/intern/prozesswerkstatt/beginnen", &fields).await;
    page.is(303).location.clone().expect("a draft")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_made_to_cost_is_refused_in_words_and_soon() {
    let mut tasks = String::new();
    for n in 0..10_000 {
        write!(tasks, "<bpmn:manualTask id=\"n{n}\"/>").unwrap();
    }
    let nested =
        (0..100).fold(String::new(), |inner, n| format!("<bpmn:subProcess id=\"u{n}\">{inner}</bpmn:subProcess>"));
    let attributes = (0..200).fold(String::new(), |mut all, n| {
        write!(all, " a{n}=\"x\"").unwrap();
        all
    });
    let attributes = format!("<bpmn:task id=\"t\"{attributes}/>");
    let contexts = (0..200).fold("<literalExpression><text>1</text></literalExpression>".to_owned(), |inner, _| {
        format!("<context><contextEntry><variable name=\"v\"/>{inner}</contextEntry></context>")
    });
    let brackets = format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000));
    let brackets = format!("<literalExpression><text>{brackets}</text></literalExpression>");
    let mut processes = vec![
        (process(&tasks), "mehr als 10000 Elemente"),
        (process(&nested), "geschachtelt"),
        ("<a>".repeat(300_000), "geschachtelt"),
        (process(&attributes), "Attribute oder Namensräume"),
        (process("&unbekannt;"), "Zeile 1"),
    ];
    processes.extend(ENTITIES.map(|entities| (format!("{entities}{}", process("&c;")), "Dokumenttyp-Deklaration")));
    let mut decisions = vec![
        (decision(&contexts), "nicht lesbar"),
        (decision(&brackets), "nicht lesbar"),
        ("<a>".repeat(300_000), "nicht lesbar"),
    ];
    decisions.extend(ENTITIES.map(|entities| (format!("{entities}{}", decision("&c;")), "nicht lesbar")));

    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (_, mut petra) = staff(&test, "petra.prozess").await;
    for (kind, bombs) in [("processes", &processes), ("decisions", &decisions)] {
        let draft = begin(&mut petra, kind).await;
        let at = format!("{draft}/zeichnung");
        // The first look still says that the draft was begun.
        petra.get(&at).await.is(200);
        let before = petra.get(&at).await.is(200).body.clone();
        for (n, (bomb, said)) in bombs.iter().enumerate() {
            let begun = Instant::now();
            let page = petra.post(&at, &[("revision", "1"), ("body", bomb)]).await;
            assert!(begun.elapsed() < SOON, "{kind} {n}: {:?}", begun.elapsed());
            assert_eq!(page.status, 422, "{kind} {n}");
            page.shows(said).hides("root:");
        }
        // Too long to be looked at: by what the program takes of a text, and by what it takes at all.
        let long = process(&" ".repeat(1_600_000));
        petra.post(&at, &[("revision", "1"), ("body", &long)]).await.is(409).shows("Der Text ist zu groß");
        let huge = "x".repeat(7 << 20);
        petra.post(&at, &[("revision", "1"), ("body", &huge)]).await.is(413);
        assert_eq!(petra.get(&at).await.is(200).body, before, "{kind}: the draft is what it was");
    }

    // The same as a file plan that is taken in.
    let (_, mut rita) = staff(&test, "rita.registratur").await;
    let plan = "/intern/aktenplan/einspielen/datei";
    let before = rita.get("/intern/aktenplan").await.is(200).body.clone();
    let mut plans = vec!["<a>".repeat(300_000), format!("<a>{}</a>", "<b/>".repeat(200_000)), process(&tasks)];
    plans.extend(ENTITIES.map(|entities| format!("{entities}<a>&c;</a>")));
    for (n, bomb) in plans.iter().enumerate() {
        let begun = Instant::now();
        let page = rita.post_files(plan, &[], &[("datei", "plan.xml", bomb.as_bytes())]).await;
        assert!(begun.elapsed() < SOON, "plan {n}: {:?}", begun.elapsed());
        page.is(422).shows("nicht lesbar").hides("root:");
    }
    assert_eq!(rita.get("/intern/aktenplan").await.is(200).body, before);
}
