//! `meer check` after the work of a year's beginning: whole; and after somebody's hand in the file or in the folder:
//! named, with table and id. The program is the real one, the hand is the sqlite3 shell.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use db::Engine;
use meer::modules::MODULES;
use testkit::TestCity;

use crate::{
    applications,
    program::{Place, Said, copy},
    walks,
};

/// Applications in a large city, and in one that is checked again and again.
const MANY: usize = 1_000;
const FEW: usize = 40;
/// How many of them come at the same time.
const LANES: usize = 8;
/// Those of them that a citizen with an online ID sends and that run through to the certificate.
const WHOLE_WAY: usize = 5;

/// A city after some applications, and what it was a little earlier.
struct City {
    place: Place,
    /// A copy of the data folder that no manipulation has touched.
    good: PathBuf,
    yesterday: PathBuf,
}

impl City {
    async fn after(applications: usize) -> City {
        // All of them come from one address.
        let many = |config: &mut house::Config| config.limits.drafts_per_hour = u32::MAX;
        let test = TestCity::open_with(MODULES, Engine::Sqlite, many).await.unwrap();
        for _ in 0..WHOLE_WAY {
            walks::matched_certificate(&test).await;
        }
        let mut lanes = tokio::task::JoinSet::new();
        for lane in 0..LANES {
            let visitors: Vec<_> =
                (lane..applications - WHOLE_WAY).step_by(LANES).map(|n| (n, test.browser())).collect();
            lanes.spawn(async move {
                for (number, browser) in visitors {
                    applications::fill_in(browser, number).await.unwrap().send_off().await.unwrap();
                }
            });
        }
        lanes.join_all().await;

        let mut place = Place::alone();
        place.config.demo = false;
        place.write_config();
        let (good, yesterday) = (place.path("good"), place.path("yesterday.db"));
        test.city.db.copy_to(yesterday.clone()).await.unwrap();
        // Another morning, with documents that yesterday does not know.
        walks::matched_certificate(&test).await;
        let data = &test.app.config.data;
        copy(&data.join("meerbusch/files"), &good.join("meerbusch/files"));
        copy(&data.join("keys"), &good.join("keys"));
        test.city.db.copy_to(good.join("meerbusch/city.db")).await.unwrap();
        let city = City { place, good, yesterday };
        city.put_back();
        let written = city.place.run(&["checkpoint"]);
        assert!(written.good && written.out.contains("Prüfpunkt über"), "{}", written.all());
        city
    }

    fn put_back(&self) {
        let data = &self.place.config.data;
        let _ = std::fs::remove_dir_all(data);
        copy(&self.good, data);
    }

    fn database(&self) -> PathBuf {
        self.place.config.data.join("meerbusch/city.db")
    }

    /// Runs statements as somebody with the file and a shell would.
    fn shell(&self, sql: &str) -> String {
        let output = Command::new("sqlite3").arg("-bail").arg(self.database()).arg(sql).output();
        let output = output.expect("the sqlite3 shell is installed");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The id of the first row of a table, as the report writes it.
    fn id(&self, table: &str, which: &str) -> String {
        let hex = self.shell(&format!("SELECT lower(hex(id)) FROM {table} {which} LIMIT 1"));
        assert_eq!(hex.len(), 32, "{table} has such a row: {which}");
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    }

    fn check(&self) -> Said {
        self.place.run(&["check"])
    }

    /// Checks that the report names each of these, and puts everything back.
    fn names(&self, what: &str, expected: &[&str]) {
        let said = self.check();
        assert!(!said.good, "{what}: `meer check` must fail\n{}", said.all());
        assert!(said.out.contains("meerbusch: NICHT unversehrt"), "{what}: {}", said.all());
        for text in expected {
            let named = said.out.lines().any(|line| line.contains("FEHLER") && line.contains(text));
            assert!(named, "{what}: nothing names „{text}“\n{}", said.all());
        }
        self.put_back();
    }
}

/// The stored files below a folder, in a fixed order.
fn stored(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(stored(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_thousand_applications_everything_is_whole_and_every_table_is_covered() {
    let city = City::after(MANY).await;
    let said = city.check();
    assert!(said.good && said.out.contains("meerbusch: unversehrt"), "{}", said.all());
    assert!(said.out.contains("1 Prüfpunkte von außen"), "{}", said.out);
    // It says which tables it covers: all evidential ones of all modules, and how much of each it has seen.
    for evidence in crate::program::house(&city.place.config).evidence() {
        assert!(said.out.contains(&format!("  {}: ", evidence.table)), "{} is not named\n{}", evidence.table, said.out);
    }
    let cases = format!("  records_case: {} Zeilen verglichen", MANY + 1);
    assert!(said.out.contains(&cases), "{cases}\n{}", said.out);
    assert!(said.out.contains(" Zeilen und ihre Inhalte verglichen"), "the bytes of files too\n{}", said.out);

    city.shell("UPDATE journal_entry SET fact = replace(fact, '{', '{\"x\":1,') WHERE seq = 5000");
    city.names("an entry changed", &["Der Journaleintrag 5000 ist nicht mehr der, der geschrieben wurde."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_manipulation_behind_the_program_is_named() {
    let city = City::after(FEW).await;
    assert!(city.check().good, "whole at first");
    // The journal.
    let entry = "UPDATE journal_entry SET fact = replace(fact, '{', '{\"x\":1,') WHERE seq = 50";
    city.shell(entry);
    city.names("an entry changed", &["Der Journaleintrag 50 ist nicht mehr der, der geschrieben wurde."]);
    city.shell("DELETE FROM journal_entry WHERE seq = 50");
    city.names("an entry deleted", &["Der Journaleintrag 50 fehlt. Er wurde gelöscht."]);
    city.shell(
        "UPDATE journal_entry SET seq = -1 WHERE seq = 50; UPDATE journal_entry SET seq = 50 WHERE seq = 90;
         UPDATE journal_entry SET seq = 90 WHERE seq = -1",
    );
    city.names("two entries swapped", &["Die Journaleinträge 50 und 90 haben ihre Plätze getauscht."]);

    // Evidential rows, one of each table that this work has filled.
    for (table, change) in [
        ("records_case", "status = 'refused'"),
        ("records_document", "title = 'Geburtsurkunde'"),
        ("payments_payment", "cents = 1"),
        ("files_file", "name = 'anders.pdf'"),
        ("certificates_certificate", "issued_on = '2020-01-01'"),
        ("postbox_delivery", "channel = 'letter'"),
    ] {
        let (first, second) = (city.id(table, "ORDER BY id"), city.id(table, "ORDER BY id DESC"));
        assert_ne!(first, second, "{table} has two rows");
        let is = |id: &str| format!("id = x'{}'", id.replace('-', ""));
        city.shell(&format!("UPDATE {table} SET {change} WHERE {}", is(&first)));
        city.names("a row changed", &[&format!("In {table} wurde die Zeile {first} am Journal vorbei verändert.")]);
        city.shell(&format!("PRAGMA foreign_keys = OFF; DELETE FROM {table} WHERE {}", is(&first)));
        city.names("a row deleted", &[&format!("In {table} fehlt die Zeile {first}.")]);
    }
    let (first, second) = (city.id("payments_payment", "ORDER BY id"), city.id("payments_payment", "ORDER BY id DESC"));
    city.shell(&format!(
        "UPDATE payments_payment SET id = zeroblob(16) WHERE id = x'{a}'; UPDATE payments_payment SET id = x'{a}'
         WHERE id = x'{b}'; UPDATE payments_payment SET id = x'{b}' WHERE id = zeroblob(16)",
        a = first.replace('-', ""),
        b = second.replace('-', ""),
    ));
    let swapped = format!("In payments_payment haben die Zeilen {first} und {second} ihren Inhalt getauscht.");
    city.names("two rows swapped", &[&swapped]);

    // One byte of a stored document, and a whole one.
    let files = stored(&city.place.config.data.join("meerbusch/files"));
    let file = files.first().expect("a stored document");
    let mut bytes = std::fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(file, bytes).unwrap();
    city.names("one byte of a document", &["wurde der gespeicherte Inhalt verändert."]);
    std::fs::remove_file(file).unwrap();
    city.names("a document taken away", &["fehlt der gespeicherte Inhalt."]);

    // Against the checkpoint kept outside: the tail cut off, and yesterday's file put in place.
    city.shell("DELETE FROM journal_entry WHERE seq > (SELECT MAX(seq) FROM journal_entry) - 10");
    let size: u64 = city.shell("SELECT size FROM journal_head").parse().unwrap();
    let missing: Vec<String> = (size - 9..=size).map(|seq| format!("Der Journaleintrag {seq} fehlt.")).collect();
    city.names("the last ten entries cut", &missing.iter().map(String::as_str).collect::<Vec<_>>());

    std::fs::copy(&city.yesterday, city.database()).unwrap();
    let old: u64 = city.shell("SELECT size FROM journal_head").parse().unwrap();
    assert!(old < size, "yesterday had fewer entries");
    let restored = format!("Das Journal hat {old} Einträge, ein außerhalb verwahrter Prüfpunkt bezeugt {size}.");
    let refused = city.place.run(&["checkpoint"]);
    assert!(!refused.good, "an older state is never signed\n{}", refused.all());
    city.names("yesterday's file restored", &[&restored]);
    assert!(city.check().good, "put back as it was, everything is whole");
}
