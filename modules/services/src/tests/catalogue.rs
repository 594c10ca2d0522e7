use kernel::{Error, Lang};

use super::*;
use crate::{catalogue, search};

#[tokio::test(flavor = "multi_thread")]
async fn services_are_found_by_everyday_words_and_in_spite_of_typing_errors() {
    let test = one().await;
    let all = catalogue::all(&test.city.content, Lang::De).unwrap();
    assert_eq!(all.len(), 15);
    for (query, first) in [
        ("Perso verlängern", "personalausweis"),
        ("perso verlaengern", "personalausweis"),
        ("meldebescheinung", "meldebescheinigung"),
        ("Meldebescheinigungen", "meldebescheinigung"),
        ("Bescheinigung Meldebehörde", "meldebescheinigung"),
        ("Geburtsurkunde", "personenstandsurkunde"),
        ("gebursturkunde", "personenstandsurkunde"),
        ("Heiratsurkunde bestellen", "personenstandsurkunde"),
        ("ich bin umgezogen", "wohnung-anmelden"),
        ("hundemarke", "hundesteuer"),
        ("fuhrerschein", "fuehrerschein"),
        ("FÜHRERSCHEIN UMTAUSCHEN", "fuehrerschein"),
        ("polizeiliches Führungszeugnis", "fuehrungszeugnis"),
        ("Auto anmelden", "auto-zulassen"),
        ("Mietzuschuss", "wohngeld"),
        ("renew my passport", "reisepass"),
        ("99115003000000", "meldebescheinigung"),
    ] {
        let found = search::find(&all, query);
        assert_eq!(found.first().map(|s| s.key.as_str()), Some(first), "{query}");
    }
    for nothing in ["Quantenphysik", "xyzzy", "", "?", "der die das"] {
        assert!(search::find(&all, nothing).is_empty(), "{nothing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_service_costs_is_told_before_it_is_begun() {
    let test = one().await;
    let mut browser = test.browser();
    let page = browser.get("/leistungen/personenstandsurkunde").await;
    page.is(200).shows("Personenstandsurkunde, erste Ausfertigung").shows("10,00\u{a0}€ (Muster)");
    page.shows("17,00\u{a0}€ bis 66,00\u{a0}€ (Muster)").shows("§ 64 Abs. 2 SGB X");
    let free = page.body.split("Personenstandsurkunde für Rente oder Sozialversicherung").nth(1).expect("the free row");
    assert!(free.split("</dd>").next().unwrap().contains(">kostenlos<"), "{free}");
    // What is charged when nothing is issued is folded away.
    let (before, folded) = page.body.split_once("Wenn es anders ausgeht").expect("the other outcomes");
    for outcome in ["Antrag abgelehnt", "Antrag zurückgenommen", "Suche nach einem Eintrag ohne Ergebnis"] {
        assert!(!before.contains(outcome) && folded.contains(outcome), "{outcome}");
    }
    let page = browser.get("/leistungen/meldebescheinigung").await;
    page.is(200).shows("9,00\u{a0}€ (Muster)").hides("erste Ausfertigung");
    // What costs nothing when a service ends without it is not told at all.
    page.hides("keine Person gefunden").hides("kostenlos (Muster)").hides("Wenn es anders ausgeht");
    browser.get("/leistungen/hundesteuer").await.is(200).hides("Muster)");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_catalogue_is_there_in_both_languages() {
    let test = one().await;
    let mut browser = test.browser();
    browser.get("/").await.is(200).shows("Meldebescheinigung").shows("/leistungen/personalausweis");
    browser.get("/suche?q=perso").await.is(303);
    browser.get("/leistungen?q=perso+verl%C3%A4ngern").await.is(200).shows("Personalausweis");
    browser.get("/leistungen?q=%3Cscript%3Ealert(1)%3C/script%3E").await.is(200).hides("<script>alert");
    for lang in ["de", "en"] {
        browser.get(&format!("/sprache/{lang}?zurueck=/")).await.is(303);
        for service in catalogue::all(&test.city.content, Lang::De).unwrap() {
            let page = browser.get(&format!("/leistungen/{}", service.key)).await;
            page.is(200).shows(&service.legal_basis[0].paragraph).hides("⟦");
        }
        for page in ["/impressum", "/datenschutz", "/barrierefreiheit", "/kontakt", "/feedback", "/leistungen"] {
            browser.get(page).await.is(200).hides("⟦").hides("bisher nur auf Deutsch");
        }
    }
    browser.get("/leistungen/gibt-es-nicht").await.is(404);
    browser.get("/leistungen/personalausweis").await.shows("Not available online yet").hides("/personalausweis/antrag");
    browser.post("/leistungen/personalausweis/antrag", &[]).await.is(404);
    assert_eq!(test.app.texts.missed(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_is_kept_without_a_name_and_goes_after_a_year() {
    for test in both().await {
        let mut browser = test.browser();
        browser.post("/feedback", &[("kind", "")]).await.is(422).shows("Wählen Sie aus, worum es geht.");
        let sent = [("kind", "barriere"), ("message", "Der Knopf ist <b>zu klein</b>"), ("seite", "/antrag?name=x")];
        browser.post("/feedback", &sent).await.is(303);
        let sql = "SELECT page, message, reply_to FROM services_feedback WHERE tenant = $1";
        let rows = test.city.db.read().await.unwrap().list::<(String, String, String)>(sql, &[]).await.unwrap();
        assert_eq!(rows, [("/antrag".to_owned(), "Der Knopf ist <b>zu klein</b>".to_owned(), String::new())]);

        test.later(24 * 366);
        crate::jobs::expire(test.app.cx(&test.city, "test"), crate::jobs::Expire).await.unwrap();
        assert!(test.city.db.read().await.unwrap().query(sql, &[]).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn feedback_of_one_address_has_a_limit_and_the_message_is_not_lost() {
    let single = |config: &mut house::Config| config.limits.feedback_per_hour = 1;
    let test = TestCity::open_with(&[MODULE, rooms::ROOMS], Engine::Sqlite, single).await.unwrap();
    let sent = [("kind", "idee"), ("message", "Mehr Bänke am Rhein")];
    test.browser().post("/feedback", &sent).await.is(303);
    let page = test.browser().post("/feedback", &sent).await;
    page.is(429).shows("Schicken Sie diese in 60 Minuten noch einmal ab.").shows("Mehr Bänke am Rhein");
}

/// Opens a copy of a city with one file changed.
async fn open(
    city: &str,
    file: &str,
    change: impl Fn(String) -> String,
) -> kernel::Result<std::sync::Arc<house::City>> {
    let folder = std::env::temp_dir().join(format!("meer-services-{}", kernel::Sources::system().uuid()));
    let (from, city) = (testkit::cities().join(city), folder.join(city));
    for (_, _, name, path) in content::files(&from).unwrap() {
        let to = city.join(&name);
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        let body = std::fs::read_to_string(path).unwrap();
        std::fs::write(to, if name == file { change(body) } else { body }).unwrap();
    }
    let config = house::Config { data: folder.join("data"), ..house::Config::default() };
    let app = house::App::new(config, kernel::Sources::system(), vec![MODULE, rooms::ROOMS]).unwrap();
    let outcome = house::open_city(&app, &city).await;
    std::fs::remove_dir_all(&folder).unwrap();
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_city_has_its_own_services_and_fees() {
    let city = open("musterstadt", "", |body| body).await.unwrap();
    assert_eq!(catalogue::all(&city.content, Lang::De).unwrap().len(), 4);
    let fees = crate::fees::Fees::of(&city.content).unwrap();
    let item = fees.item("meldebescheinigung_papier", 1, "2026-11-23".parse().unwrap()).unwrap();
    assert_eq!(item.single.cents(), 1200);
    for item in ["services", "texts", "forms"].iter().flat_map(|kind| city.content.all(kind)) {
        assert!(!item.body.contains("Meerbusch"), "{} speaks of another city", item.name);
    }
}

async fn fault_of(file: &str, change: impl Fn(String) -> String) -> String {
    match open("meerbusch", file, change).await {
        Err(Error::Internal(error)) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the fault was not found"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_in_the_citys_data_are_named_with_file_line_and_column() {
    let online = "services/meldebescheinigung.toml";
    let replaced = |from: &'static str, to: &'static str| {
        move |body: String| {
            assert!(body.contains(from), "{from}");
            body.replacen(from, to, 1)
        }
    };
    for (file, from, to, expected) in [
        (online, "total = \"gebuehr\"", "total = \"gebur\"", "Das Feld „gebur“ gibt es im Formular nicht."),
        (
            online,
            "row = \"meldebescheinigung_papier\"",
            "row = \"papier\"",
            "Die Gebühr „papier“ steht nicht in fees.toml.",
        ),
        (online, "if zustellweg =", "if zustelweg =", "Die Regel „if zustelweg ="),
        (online, "process = \"meldebescheinigung\"", "process = \"x\"", "Den Prozess „x“ gibt es nicht."),
        (online, "leika = \"99115003000000\"", "leika = \"99\"", "Der LeiKa-Schlüssel „99“ hat nicht 14 Ziffern."),
        (online, "[online.applicant]", "[online.applicants]", "unknown field `applicants`"),
        (
            "fees.toml",
            "key = \"urkunde_weitere\"",
            "key = \"urkunde_erste\"",
            "gelten ab dem 2023-08-08 zwei Zeilen zugleich",
        ),
        ("fees.toml", "key = \"tod_jahre\"", "key = \"tot_jahre\"", "Das Formular braucht „fristen.tod_jahre“"),
        ("forms/meldebescheinigung.toml", "type = \"partial-date\"", "type = \"datum\"", "meldebescheinigung.toml"),
    ] {
        let faults = fault_of(file, replaced(from, to)).await;
        let line = faults.lines().find(|line| line.contains(expected));
        let line = line.unwrap_or_else(|| panic!("{expected} is not among: {faults}"));
        let mut parts = line.split(':').skip(1);
        let number = |part: Option<&str>| part.and_then(|p| p.parse::<usize>().ok()).is_some_and(|n| n > 0);
        assert!(number(parts.next()) && number(parts.next()), "no line and column: {line}");
    }
}
