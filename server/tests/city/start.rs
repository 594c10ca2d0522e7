//! How the program starts, and when it refuses: faults in a city's data, and a demo that is to serve real people.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use house::{Config, PeerConfig};

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

const PEERS: [&str; 6] = ["population", "civil", "payment", "treasury", "eid", "smtp"];

#[tokio::test(flavor = "multi_thread")]
async fn production_with_the_demo_is_refused_with_every_reason_and_makes_nothing() {
    let mut place = Place::alone();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../meer.demo.toml");
    let shipped = meer::config::read(&demo).unwrap();
    copy(&testkit::cities().join("musterstadt"), &place.config.cities.join("musterstadt"));
    place.config = Config {
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
        for peer in PEERS {
            reasons.push(if peer == "smtp" {
                "peers.smtp is a sandbox".to_owned()
            } else {
                format!("city.{city}.peers.{peer} is a sandbox")
            });
        }
        reasons.push(format!("city {city}: no key signs the journal"));
    }
    reasons.push("peers.timestamp is a sandbox".to_owned());
    let missing: Vec<_> = reasons.iter().filter(|reason| lacks_words(&said, reason)).collect();
    assert!(missing.is_empty(), "not named: {missing:?}\n{}", said.all());
    let named = said.err.lines().filter(|line| line.starts_with("  - ")).count();
    assert!(said.err.contains(&format!("{named} reasons")), "it says how many there are: {}", said.err);
    assert!(!place.config.data.exists(), "a start that is refused opens no city and makes no key");

    // With fit settings and keys it says what is in the cities: each of the demo's people is named.
    let seeded = place.run(&["seed"]);
    assert!(seeded.good, "{}", seeded.all());
    let made = place.run(&["keys"]);
    assert!(made.good, "{}", made.all());
    let peer = |url: &str| PeerConfig { url: url.to_owned(), ..PeerConfig::default() };
    place.config = Config {
        demo: false,
        https: true,
        scanner: None,
        scanned_by: Some("Gateway des Rechenzentrums".into()),
        checkpoints: Some(place.path("outside")),
        proxies: vec!["10.0.0.5".parse().unwrap()],
        peers: PEERS.into_iter().map(|name| (name.to_owned(), peer("https://gegenstelle.example"))).collect(),
        city: BTreeMap::new(),
        ..place.config.clone()
    };
    place.write_config();
    let said = place.run(&["serve", "--production"]);
    assert!(!said.good && said.out.is_empty(), "{}", said.all());
    for city in ["meerbusch", "musterstadt"] {
        for reason in ["second factor", "people.toml", "fees.toml"] {
            assert!(!lacks_words(&said, &format!("city {city}: {reason}")), "{city}: {reason}: {}", said.err);
        }
    }
    for login in ["melde.muster", "stefan.muster", "sabine.beispiel", "paula.poststelle", "dora.datenschutz"] {
        assert!(!lacks(&said, &format!("city meerbusch: demo account {login}")), "{login}: {}", said.err);
    }
    // A peer that is missing or without encryption is a reason too.
    assert!(lacks(&said, "scanner"), "the statement counts: {}", said.err);
    place.config.scanned_by = None;
    place.config.peers.remove("eid");
    let own = place.config.city.entry("meerbusch".into()).or_default();
    own.peers.insert("payment".to_owned(), peer("http://gegenstelle.example"));
    place.write_config();
    let said = place.run(&["serve", "--production"]);
    for reason in [
        "peers.eid is not configured for meerbusch",
        "city.meerbusch.peers.payment is reached without encryption",
        "city musterstadt: no scanner for malware is configured",
    ] {
        assert!(!lacks(&said, reason), "{reason}: {}", said.err);
    }
}

/// The file with the key of Meerbusch.
fn key_file(place: &Place) -> PathBuf {
    house::signing_key(&place.config, "meerbusch")
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_may_be_made_after_the_database_and_are_never_overwritten() {
    let place = Place::alone();
    assert!(place.run(&["migrate"]).good);
    let development = std::fs::read(key_file(&place)).unwrap();
    let said = place.run(&["serve", "--production"]);
    assert!(!said.good && !lacks(&said, "city meerbusch: the journal is signed with a development key"), "{said:?}");
    let made = place.run(&["keys"]);
    assert!(made.good && made.out.contains("meerbusch: Entwicklungsschlüssel durch"), "{}", made.all());
    let aside = key_file(&place).with_extension("key.development");
    assert_eq!(std::fs::read(aside).unwrap(), development, "put aside, not thrown away");
    let key = std::fs::read(key_file(&place)).unwrap();
    let said = place.run(&["serve", "--production"]);
    assert!(!said.good && lacks(&said, "city meerbusch: the journal"), "{}", said.all());

    // A further city gets its key beside those that are there.
    copy(&testkit::cities().join("musterstadt"), &place.config.cities.join("musterstadt"));
    let again = place.run(&["keys"]);
    assert!(again.good && again.out.contains("ist schon da"), "{}", again.all());
    assert!(again.out.contains("musterstadt: Schlüssel") && again.out.contains("angelegt"), "{}", again.all());
    assert_eq!(std::fs::read(key_file(&place)).unwrap(), key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_development_key_that_has_signed_something_goes_only_when_the_operator_says_so() {
    let place = Place::alone();
    assert!(place.run(&["migrate"]).good && place.run(&["checkpoint"]).good);
    let key = std::fs::read(key_file(&place)).unwrap();
    // Another city does not wait for this one.
    copy(&testkit::cities().join("musterstadt"), &place.config.cities.join("musterstadt"));
    let said = place.run(&["keys"]);
    assert!(!said.good && said.err.contains("--replace-development"), "{}", said.all());
    assert!(said.out.contains("musterstadt: Schlüssel"), "{}", said.all());
    assert_eq!(std::fs::read(key_file(&place)).unwrap(), key);
    let said = place.run(&["keys", "--replace-development"]);
    assert!(said.good && said.out.contains("meerbusch: Entwicklungsschlüssel durch"), "{}", said.all());
    assert!(place.run(&["migrate"]).good);
    let said = place.run(&["checkpoint"]);
    assert!(said.good && place.run(&["check"]).good, "the new key begins anew: {}", said.all());
    let kept = std::fs::read_dir(place.path("outside/meerbusch.development")).unwrap();
    assert_eq!(kept.count(), 1, "what the old key signed is kept");
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
async fn check_checkpoint_and_backup_change_no_database_and_only_backup_takes_an_older_schema() {
    let place = Place::alone();
    let backup = place.path("backup");
    let commands = [vec!["check"], vec!["checkpoint"], vec!["backup", backup.to_str().unwrap()]];
    let refused = |commands: &[Vec<&str>], words: &str| {
        for command in commands {
            let said = place.run(command);
            assert!(!said.good && said.err.contains(words), "{command:?}: {}", said.all());
        }
    };
    refused(&commands, "bitte zuerst `meer migrate`");
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
    let older = "hat den Stand services/0001_init, dieses Programm braucht services/0002_upload_bytes; bitte zuerst";
    refused(&commands[..2], older);
    // Before a migration a backup is wanted most.
    let said = place.run(&commands[2]);
    assert!(
        said.good && said.out.contains("gesichert") && backup.join("meerbusch/city.db").is_file(),
        "{}",
        said.all()
    );
    std::fs::remove_dir_all(&backup).unwrap();
    db::write!(db, |tx| {
        tx.exec("INSERT INTO meer_migration (module, step, sha) VALUES ('services', '9999_spaeter', 'x')", &[]).await
    })
    .unwrap();
    refused(&commands, "hat den Stand services/9999_spaeter, den dieses Programm nicht kennt");
    assert!(!backup.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_a_city_without_its_keys_names_them_and_makes_none() {
    let place = Place::alone();
    assert!(place.run(&["migrate"]).good);
    let (keys, away) = (place.config.data.join("keys"), place.path("away"));
    std::fs::rename(&keys, &away).unwrap();
    for command in ["check", "checkpoint"] {
        let said = place.run(&[command]);
        assert!(!said.good, "{command}: {}", said.all());
        assert!(said.err.contains("meerbusch.key und ") && said.err.contains("meerbusch.secret"), "{}", said.all());
        assert!(!keys.exists(), "{command}: no key is made");
    }
    let backup = place.path("backup");
    let said = place.run(&["backup", backup.to_str().unwrap()]);
    assert!(said.good && !keys.exists(), "a backup needs no keys: {}", said.all());
    std::fs::create_dir(&keys).unwrap();
    std::fs::copy(away.join("meerbusch.key"), keys.join("meerbusch.key")).unwrap();
    let said = place.run(&["check"]);
    assert!(!said.good && said.err.contains("meerbusch.secret"), "{}", said.all());
    assert!(!said.err.contains("meerbusch.key"), "only what is missing: {}", said.all());
    assert!(!keys.join("meerbusch.secret").exists());
    copy(&away, &keys);
    let said = place.run(&["check"]);
    assert!(said.good, "{}", said.all());
}
