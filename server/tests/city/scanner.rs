//! Malware: found at once, found later, and a scanner that is away. The sandbox knows the EICAR test string; the real scanner
//! stands in `clamd.rs`.

use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::walks::at_case;

/// The test file of EICAR, in two halves: otherwise scanners would take this one for malware.
pub fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";
const FOUND: &str = "gesperrt: Schadsoftware gefunden (Eicar-Test-Signature)";

/// Lets the sandbox's scanner fail for the next requests, or not any more.
async fn away(test: &TestCity, away: bool) {
    let peer = peers::Peer::new("sandbox", &test.sandbox.base_url, None).unwrap();
    let fault = if away {
        serde_json::json!({ "peer": "scanner", "mode": "down", "seconds": 600 })
    } else {
        // The newest fault counts: late by nothing is none.
        serde_json::json!({ "peer": "scanner", "mode": "slow", "delayMs": 0, "seconds": 600 })
    };
    peer.post_json("/sandbox/faults", &fault).await.unwrap();
}

/// Addresses of the documents of a case, as its page links them.
pub async fn documents(clerk: &mut Browser, case: &str) -> Vec<String> {
    let page = clerk.get(&format!("/intern/vorgang/{case}")).await;
    let base = format!("/intern/vorgang/{case}/dokument/");
    let links = page.is(200).body.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
    links.filter(|link| link.strip_prefix(&base).is_some_and(|id| !id.contains('/'))).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn malware_is_locked_for_everybody_and_the_case_says_so() {
    for test in TestCity::both_scanned(MODULES).await {
        let (mut rita, case) = at_case(&test, "Ortstermin").await;
        let at = format!("/intern/vorgang/{case}/dokumente");
        rita.post_files(&at, &[("titel", "Lageplan")], &[("datei", "plan.pdf", PDF)]).await.is(303);
        test.minutes_later(1);
        let sent = rita.post_files(&at, &[("titel", "Anlage")], &[("datei", "anlage.txt", &eicar())]).await;
        let page = rita.follow(sent).await;
        page.is(200).shows("abgelegt und gesperrt").shows(FOUND).hides("noch nicht geprüft");
        let both = documents(&mut rita, &case).await;
        let [plan, bad] = both.as_slice() else { panic!("{both:?}") };
        assert_eq!(rita.get(plan).await.is(200).bytes, PDF);
        let refused = rita.get(bad).await;
        refused.is(409).shows("Die Datei ist gesperrt").shows(FOUND).hides("EICAR-STANDARD");
        let page = rita.get(&format!("/intern/vorgang/{case}")).await;
        page.shows("In diesem Vorgang ist eine Datei gesperrt").shows("„Anlage“ gesperrt: Schadsoftware gefunden");
        // Nothing of it stands in the journal but the finding; what is there is whole.
        test.settle().await;
        let (db, files) = (&test.city.db, &*test.city.files);
        let report = journal::check::run(db, &test.app.evidence(), &[], &[files], &mut |_| {}).await.unwrap();
        assert!(report.is_whole(), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scanner_that_is_away_leaves_files_closed_until_it_is_back() {
    for test in TestCity::both_scanned(MODULES).await {
        let (mut rita, case) = at_case(&test, "Ortstermin").await;
        away(&test, true).await;
        let at = format!("/intern/vorgang/{case}/dokumente");
        let sent = rita.post_files(&at, &[("titel", "Lageplan")], &[("datei", "plan.pdf", PDF)]).await;
        rita.follow(sent).await.is(200).shows("wird noch auf Schadsoftware geprüft").shows("noch nicht geprüft");
        test.minutes_later(1);
        rita.post_files(&at, &[("titel", "Anlage")], &[("datei", "anlage.txt", &eicar())]).await.is(303);
        let both = documents(&mut rita, &case).await;
        let [plan, bad] = both.as_slice() else { panic!("{both:?}") };
        for closed in [plan, bad] {
            rita.get(closed).await.is(409).shows("Die Datei wird noch geprüft").hides("EICAR-STANDARD");
        }
        // The job finds nobody either, and fails nothing; after a while it is an incident.
        test.settle().await;
        rita.get(plan).await.is(409);
        test.minutes_later(20);
        test.settle().await;
        rita.get(plan).await.is(409);
        let waiting = files::waiting(&mut test.city.db.read().await.unwrap()).await.unwrap();
        assert_eq!(waiting.files, 2);
        assert_eq!(notice(&test).await.unwrap().0, "2 Dateien warten auf den Virenscanner");

        away(&test, false).await;
        test.minutes_later(10);
        test.settle().await;
        assert_eq!(rita.get(plan).await.is(200).bytes, PDF);
        rita.get(bad).await.is(409).shows(FOUND);
        let page = rita.get(&format!("/intern/vorgang/{case}")).await;
        page.shows("In diesem Vorgang ist eine Datei gesperrt").shows("„Anlage“ gesperrt: Schadsoftware gefunden");
        assert_eq!(notice(&test).await, None);
    }
}

/// What the overview of the processes says of the scanner: title and text.
pub async fn notice(test: &TestCity) -> Option<(String, String)> {
    let page = ui::Page::new(kernel::Lang::De, test.app.texts.clone(), test.city.info.clone());
    let now = test.app.cx(&test.city, "test").now();
    house::scanner_notice(&page, &test.city, &mut test.city.db.read().await.unwrap(), now).await.unwrap()
}
