//! A backup taken while people work, put back into an empty folder: whole.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use db::Engine;
use kernel::CaseId;
use testkit::{Browser, form_of};

use crate::{
    applications,
    program::{Place, copy},
    walks,
};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";

/// A time in which a few people get their applications sent off on any machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Applicants who come one after the other until they are told to stop.
async fn apply(
    address: std::net::SocketAddr,
    stop: Arc<AtomicBool>,
    told: Arc<Mutex<BTreeSet<CaseId>>>,
    number: Arc<AtomicUsize>,
) {
    while !stop.load(Ordering::Relaxed) {
        let number = number.fetch_add(1, Ordering::Relaxed);
        let mut ready = applications::fill_in(Browser::of_program(address), number).await.unwrap();
        let case = ready.send_off().await.unwrap();
        told.lock().unwrap().insert(case);
    }
}

/// Somebody who cannot decide: puts evidence to a draft and takes it away again.
async fn hesitate(mut browser: Browser, step: String, stop: Arc<AtomicBool>, rounds: Arc<AtomicUsize>) {
    while !stop.load(Ordering::Relaxed) {
        for (aktion, files) in [
            ("", [("nachweis_beziehung", "a.pdf", PDF), ("nachweis_beziehung", "b.pdf", PDF)].as_slice()),
            ("datei-weg:nachweis_beziehung:2", &[]),
            ("datei-weg:nachweis_beziehung:1", &[]),
        ] {
            let mut fields = form_of(&browser.get(&step).await.body, &step);
            fields.retain(|(name, _)| name == "stand");
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            // Without a reason the page comes back, and the files are kept.
            fields.push(("berechtigtes_interesse", ""));
            if !aktion.is_empty() {
                fields.push(("aktion", aktion));
            }
            let page = browser.post_files(&step, &fields, files).await;
            assert!(matches!(page.status.as_u16(), 303 | 422), "{} {}", page.status, page.body);
        }
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// A draft that is at the page for evidence.
async fn at_evidence(browser: &mut Browser) -> String {
    browser.eid_sign_in("erika", "/").await.is(200);
    let draft = walks::begin(browser, "personenstandsurkunde").await;
    let fields = [
        ("standesamt", "meerbusch"),
        ("ereignis", "geburt"),
        ("ereignis_datum", "1"),
        ("ereignis_datum-month", "2"),
        ("ereignis_datum-year", "1990"),
        ("person_familienname", "Muster-Kind"),
        ("beziehung", "geschwister"),
    ];
    for _ in 0..12 {
        let at = browser.get(&draft).await.location.unwrap();
        if at.ends_with("/berechtigtes-interesse") {
            return at;
        }
        walks::answer(browser, &draft, &fields).await;
    }
    panic!("the page for evidence does not come")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_under_load_is_whole_when_it_is_restored_into_an_empty_folder() {
    let folder = testkit::cities().join("meerbusch");
    let sandbox = sandbox::start(sandbox::Config::for_tests(vec![folder])).await.unwrap();
    let place = Place::with(&sandbox, Engine::Sqlite).await.unwrap();
    let program = place.serve();
    let (stop, told, number) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()), Arc::default());
    let mut people = tokio::task::JoinSet::new();
    for _ in 0..3 {
        people.spawn(apply(program.address, Arc::clone(&stop), Arc::clone(&told), Arc::clone(&number)));
    }
    let mut browser = Browser::of_program(program.address);
    let step = at_evidence(&mut browser).await;
    let rounds = Arc::new(AtomicUsize::new(0));
    let hesitating = tokio::spawn(hesitate(browser, step, stop.clone(), Arc::clone(&rounds)));
    let mut backups = Vec::new();
    for n in 0..4 {
        // So much has happened since the last backup, however slow the machine is.
        let (applications, files) = (told.lock().unwrap().len() + 5, rounds.load(Ordering::Relaxed) + 1);
        let begun = Instant::now();
        tokio::time::sleep(Duration::from_millis(300)).await;
        while told.lock().unwrap().len() < applications || rounds.load(Ordering::Relaxed) < files {
            assert!(begun.elapsed() < PATIENCE, "too little happens: {} applications", told.lock().unwrap().len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let before: BTreeSet<CaseId> = told.lock().unwrap().clone();
        let target = place.path(&format!("backup-{n}"));
        let said = place.run(&["backup", target.to_str().unwrap()]);
        assert!(said.good && said.out.contains("gesichert"), "{}", said.all());
        backups.push((target, before));
    }
    stop.store(true, Ordering::Relaxed);
    people.join_all().await;
    hesitating.await.unwrap();
    program.kill();

    for (target, before) in &backups {
        let mut other = Place::with(&sandbox, Engine::Sqlite).await.unwrap();
        let target = target.to_str().unwrap();
        let restored = other.run(&["restore", target]);
        assert!(restored.good && restored.out.contains("zurückgespielt"), "{}", restored.all());
        // Keys are kept apart from backups; without them no document can be read, and the check says so.
        copy(&place.config.data.join("keys"), &other.config.data.join("keys"));
        other.config.demo = false;
        other.write_config();
        let checked = other.run(&["check"]);
        assert!(checked.good && checked.out.contains("meerbusch: unversehrt"), "{}", checked.all());
        let db = other.database().await;
        let sql = "SELECT id FROM records_case WHERE tenant = $1";
        let cases = db.read().await.unwrap().list::<(CaseId,)>(sql, &[]).await.unwrap();
        let there: BTreeSet<CaseId> = cases.into_iter().map(|(id,)| id).collect();
        let lost: Vec<_> = before.difference(&there).collect();
        assert!(lost.is_empty(), "acknowledged before the backup began and not in it: {lost:?}");
        let again = other.run(&["restore", target]);
        assert!(!again.good && again.err.contains("holds a city already"), "{}", again.all());
        let again = place.run(&["backup", target]);
        assert!(!again.good && again.err.contains("exists"), "no backup is overwritten: {}", again.all());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_city_on_postgresql_is_told_to_use_its_own_tools() {
    let folder = testkit::cities().join("meerbusch");
    let sandbox = sandbox::start(sandbox::Config::for_tests(vec![folder])).await.unwrap();
    let Some(place) = Place::with(&sandbox, Engine::Postgres).await else {
        return eprintln!("PostgreSQL left out: MEER_TEST_DATABASE=none");
    };
    let target = place.path("backup");
    let said = place.run(&["backup", target.to_str().unwrap()]);
    assert!(!said.good && said.err.contains("pg_dump"), "{}", said.all());
}
