//! How the program starts, and when it refuses: faults in a city's data, and a demo that is to serve real people.

use std::path::Path;

use crate::program::{Place, Said, copy};

/// Changes one place of a file of the city; answers the line it stands in. A place in a drawn process is that of the
/// element it belongs to.
fn change(place: &Place, file: &str, from: &str, to: &str) -> usize {
    let path = place.config.cities.join("meerbusch").join(file);
    let body = std::fs::read_to_string(&path).unwrap();
    let at = body.find(from).unwrap_or_else(|| panic!("{file} does not hold {from}"));
    std::fs::write(path, body.replacen(from, to, 1)).unwrap();
    let element = ["<bpmn:serviceTask", "<bpmn:userTask", "<bpmn:businessRuleTask", "<bpmn:sequenceFlow"];
    let start = element.iter().filter_map(|tag| body[..at].rfind(tag)).max().unwrap_or(at);
    body[..start].matches('\n').count() + 1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_the_citys_data_stops_the_start_and_names_file_line_and_column() {
    let place = Place::alone();
    let good = place.config.cities.join("meerbusch");
    let kept = place.path("kept");
    copy(&good, &kept);
    let started = place.run(&["migrate"]);
    assert!(started.good, "the city's own data are good: {}", started.all());
    let bpmn = "processes/meldebescheinigung.bpmn";
    let form = "forms/meldebescheinigung.toml";
    let service = "services/meldebescheinigung.toml";
    for (file, from, to, words) in [
        // FEEL, wherever it may stand.
        (form, "when = 'art = \"erweitert\"'", "when = 'art = = \"erweitert\"'", "FEEL"),
        (form, "when = 'fuer_wen = \"vertretung\"'", "when = 'fuer_wem = \"vertretung\"'", "fuer_wem"),
        (form, "value = 'if zustellweg = \"papier\"", "value = 'if zustellweg + = \"papier\"", "FEEL"),
        (service, "quantity = 'if zustellweg", "quantity = 'if zustelweg", "zustelweg"),
        (bpmn, ">lieferung = \"papier\"<", ">lieferung = = \"papier\"<", "Ausdruck"),
        (bpmn, "value=\"result.match\"", "value=\"result..match\"", "Ausdruck"),
        ("decisions/meldebescheinigung.dmn", "<text>match</text>", "<text>match +</text>", "Entscheidung"),
        // BPMN.
        (bpmn, "meer:command=\"payments.request\"", "meer:command=\"payments.requets\"", "payments.requets"),
        (bpmn, "meer:decision=\"meldebescheinigung#weg\"", "meer:decision=\"meldebescheinigung#fort\"", "fort"),
        (bpmn, "meer:form=\"tasks/meldebescheinigung-abgleich\"", "meer:form=\"tasks/abgleich\"", "abgleich"),
        (bpmn, "targetRef=\"papier\"", "targetRef=\"papyrus\"", "papyrus"),
        (bpmn, "<bpmn:outgoing>f1</bpmn:outgoing></bpmn:startEvent>", "<bpmn:outgoing>f1</bpmn:startEvent>", "XML"),
        // The rest of a city.
        ("fees.toml", "cents = 900", "cents = 9,00", "fees.toml"),
        ("city.toml", "ags = \"05162022\"", "agz = \"05162022\"", "agz"),
    ] {
        let line = change(&place, file, from, to);
        let said = place.run(&["serve"]);
        assert!(!said.good, "{file}: {to}: the program must not start");
        let expected = format!("{file}:{line}:");
        let named = said.err.lines().find(|text| text.contains(&expected));
        let named = named.unwrap_or_else(|| panic!("{to}: „{expected}“ is not named\n{}", said.all()));
        assert!(named.contains(words), "{to}: „{words}“ is not said: {named}");
        let column = named.split(&expected).nth(1).and_then(|rest| rest.split(':').next());
        assert!(column.is_some_and(|column| column.parse::<u32>().is_ok_and(|n| n > 0)), "no column: {named}");
        std::fs::copy(kept.join(file), good.join(file)).unwrap();
    }
    // Several faults are told at once, and with the files put right everything is as before.
    change(&place, form, "type = \"partial-date\"", "type = \"datum\"");
    change(&place, bpmn, "meer:command=\"payments.request\"", "meer:command=\"payments.requets\"");
    let said = place.run(&["serve"]);
    assert!(said.err.contains("meldebescheinigung.toml:") && said.err.contains(".bpmn:"), "{}", said.all());
    assert!(said.err.contains("meerbusch"), "which city it is: {}", said.all());
    copy(&kept, &good);
    drop(place.serve());
    assert!(place.run(&["check"]).good, "no refused start has left anything behind");
}

fn lacks(said: &Said, reason: &str) -> bool {
    !said.err.lines().any(|line| line.starts_with("  - ") && line.contains(reason))
}

#[tokio::test(flavor = "multi_thread")]
async fn production_with_the_demo_is_refused_with_every_reason_and_leaves_no_demo_people() {
    let mut place = Place::alone();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../meer.demo.toml");
    let shipped = meer::config::read(&demo).unwrap();
    copy(&testkit::cities().join("musterstadt"), &place.config.cities.join("musterstadt"));
    place.config = house::Config {
        data: place.config.data.clone(),
        cities: place.config.cities.clone(),
        listen: place.config.listen.clone(),
        ..shipped
    };
    place.write_config();
    let said = place.run(&["serve", "--production"]);
    assert!(!said.good && said.out.is_empty(), "it must not come as far as to listen: {}", said.all());
    let mut reasons = vec!["demo = true".to_owned(), "https = false".to_owned(), "checkpoints is not set".to_owned()];
    for city in ["meerbusch", "musterstadt"] {
        for peer in ["population", "civil", "payment", "treasury", "eid", "smtp"] {
            reasons.push(if peer == "smtp" {
                "peers.smtp is a sandbox".to_owned()
            } else {
                format!("city.{city}.peers.{peer} is a sandbox")
            });
        }
        for reason in ["development key", "second factor", "people.toml", "fees.toml"] {
            reasons.push(format!("city {city}: ").to_owned() + reason);
        }
    }
    let missing: Vec<_> = reasons.iter().filter(|reason| lacks_words(&said, reason)).collect();
    assert!(missing.is_empty(), "not named: {missing:?}\n{}", said.all());
    let named = said.err.lines().filter(|line| line.starts_with("  - ")).count();
    assert!(said.err.contains(&format!("{named} reasons")), "it says how many there are: {}", said.err);
    assert!(lacks(&said, "demo account"), "a start that is refused must not make the demo's accounts: {}", said.err);

    // With the demo's people in the database each of them is named.
    let seeded = place.run(&["seed"]);
    assert!(seeded.good, "{}", seeded.all());
    let said = place.run(&["serve", "--production"]);
    for login in ["melde.muster", "stefan.muster", "sabine.beispiel", "paula.poststelle", "dora.datenschutz"] {
        assert!(!lacks(&said, &format!("city meerbusch: demo account {login}")), "{login}: {}", said.err);
    }
    // A peer that is missing or without encryption is a reason too.
    let peers = place.config.city.entry("meerbusch".into()).or_default();
    peers.peers.remove("eid");
    peers.peers.get_mut("payment").unwrap().sandbox = false;
    place.write_config();
    let said = place.run(&["serve", "--production"]);
    for reason in
        ["peers.eid is not configured for meerbusch", "city.meerbusch.peers.payment is reached without encryption"]
    {
        assert!(!lacks(&said, reason), "{reason}: {}", said.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_made_by_the_operator_are_no_reason_against_production_and_never_overwritten() {
    let place = Place::alone();
    let made = place.run(&["keys"]);
    assert!(made.good && made.out.contains("meerbusch: "), "{}", made.all());
    let said = place.run(&["serve", "--production"]);
    assert!(!said.good && lacks(&said, "development key"), "{}", said.all());
    let again = place.run(&["keys"]);
    assert!(!again.good && again.err.contains("meerbusch.key"), "a key must not be overwritten: {}", again.all());
}

/// Whether no reason holds all words of this one, city first.
fn lacks_words(said: &Said, reason: &str) -> bool {
    let (city, words) = reason.split_once(": ").unwrap_or(("", reason));
    let reasons = said.err.lines().filter(|line| line.starts_with("  - "));
    reasons.filter(|line| line.contains(city)).all(|line| !line.contains(words))
}

/// Rows of the city's content and of its journal.
async fn rows(place: &Place) -> (i64, i64) {
    let url = db::Url::Sqlite(place.config.data.join("meerbusch/city.db"));
    let migrations = crate::program::house(&place.config).migrations();
    let db = db::Db::open_to_look(&url, kernel::TenantId(1), &migrations).await.unwrap();
    let sql = "SELECT (SELECT COUNT(*) FROM content_item WHERE tenant = $1) AS items,
                      (SELECT COUNT(*) FROM journal_entry WHERE tenant = $1) AS entries";
    db.read().await.unwrap().one(sql, &[]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn check_checkpoint_and_backup_change_no_database_and_want_the_schema_of_the_program() {
    let place = Place::alone();
    let backup = place.path("backup");
    let commands = [vec!["check"], vec!["checkpoint"], vec!["backup", backup.to_str().unwrap()]];
    let refused = |words: &str| {
        for command in &commands {
            let said = place.run(command);
            assert!(!said.good && said.err.contains(words), "{command:?}: {}", said.all());
        }
    };
    refused("bitte zuerst `meer migrate`");
    assert!(!place.config.data.join("meerbusch/city.db").exists());

    assert!(place.run(&["migrate"]).good);
    let before = rows(&place).await;
    // The next start would take this over.
    let text = place.config.cities.join("meerbusch/texts/impressum.md");
    std::fs::write(&text, std::fs::read_to_string(&text).unwrap() + "\nEin neuer Satz.\n").unwrap();
    for command in &commands {
        let said = place.run(command);
        assert!(said.good, "{command:?}: {}", said.all());
        assert_eq!(rows(&place).await, before, "{command:?}");
    }

    std::fs::remove_dir_all(&backup).unwrap();
    let db = place.database().await;
    db::write!(db, |tx| {
        tx.exec("DELETE FROM meer_migration WHERE module = 'services' AND step = '0002_upload_bytes'", &[]).await
    })
    .unwrap();
    refused("hat den Stand services/0001_init, dieses Programm braucht services/0002_upload_bytes; bitte zuerst");
    db::write!(db, |tx| {
        tx.exec("INSERT INTO meer_migration (module, step, sha) VALUES ('services', '9999_spaeter', 'x')", &[]).await
    })
    .unwrap();
    refused("hat den Stand services/9999_spaeter, den dieses Programm nicht kennt");
    assert!(!backup.exists());
}
