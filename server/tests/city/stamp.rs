//! Time-stamps of the nightly checkpoints by an authority that another program plays: each holds for everybody, a missing one
//! is caught up and never made up, a wrong one is refused, and a changed one is found.

use std::process::Command;

use ::evidence::{Nightly, check_all};
use db::Engine;
use house::PeerConfig;
use journal::check::Fault;
use kernel::{Event, Subject, Uuid, sha256};
use meer::modules::MODULES;
use peers::Peer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use testkit::TestCity;
use timestamp::{Anchors, Expected};

use crate::{evidence::certificate, walks::STAFF_PASSWORD};

const AUTHORITY: &str = "Muster-Zeitstempelstelle der Sandbox";

/// Anything that lets the journal grow over a day.
#[derive(Serialize, Deserialize)]
struct DayWentBy {}

impl Event for DayWentBy {
    const NAME: &'static str = "test.day-went-by";
    fn subject(&self) -> Subject {
        Subject { kind: "log", id: Uuid::nil() }
    }
}

/// A city whose time-stamping authority is the sandbox.
struct Stamped {
    test: TestCity,
    root: String,
    sandbox: Peer,
    folder: tempfile::TempDir,
}

impl Stamped {
    /// None when this machine offers no such engine, or no openssl.
    async fn open(engine: Engine) -> Option<Stamped> {
        let folder = tempfile::tempdir().unwrap();
        let certificate = folder.path().join("ca.pem");
        let test = TestCity::open_with(MODULES, engine, |config| {
            let base = config.peers["population"].url.trim_end_matches("/register/05162022").to_owned();
            let authority = PeerConfig {
                url: format!("{base}/timestamp"),
                more: [("certificate".to_owned(), certificate.display().to_string())].into(),
                sandbox: true,
                ..PeerConfig::default()
            };
            config.peers.insert("timestamp".to_owned(), authority);
        })
        .await?;
        let sandbox = Peer::new("sandbox", &test.sandbox.base_url, None).unwrap();
        let answer = sandbox.get("/timestamp/ca.pem").await.unwrap();
        if answer.status == 503 {
            println!("skipped: openssl is not installed");
            return None;
        }
        let root = answer.expect_success().unwrap().text();
        std::fs::write(&certificate, &root).unwrap();
        Some(Stamped { test, root, sandbox, folder })
    }

    async fn fault(&self, mode: &str, count: u32) {
        let fault = json!({ "peer": "timestamp", "mode": mode, "count": count });
        self.sandbox.post_json("/sandbox/faults", &fault).await.unwrap().expect_success().unwrap();
    }

    /// A day with something in the journal, then the job of the night. Answers what failed.
    async fn night(&self) -> Vec<jobs::Failure> {
        let cx = self.test.app.cx(&self.test.city, "test");
        db::write!(self.test.city.db, |tx| { journal::emit(tx, &cx, &DayWentBy {}).await.map(|_| ()) }).unwrap();
        house::settle(&self.test.app, &self.test.city).await.unwrap();
        db::write!(self.test.city.db, |tx| { jobs::enqueue(tx, &cx, &Nightly {}).await }).unwrap();
        house::settle(&self.test.app, &self.test.city).await.unwrap()
    }

    fn newest(&self) -> u64 {
        self.test.city.checkpoints.latest().unwrap().expect("a checkpoint").size
    }

    fn stamped(&self) -> Vec<u64> {
        self.test.city.checkpoints.sizes_with("tsr").unwrap()
    }

    fn file(&self, size: u64) -> std::path::PathBuf {
        house::checkpoint_folder(&self.test.app.config, &self.test.city.key).join(format!("{size:015}.tsr"))
    }

    /// What `meer check` finds wrong, by the size of the checkpoint.
    async fn faults(&self) -> Vec<(Fault, i64)> {
        let checked = check_all(&self.test.city).await.unwrap();
        checked.findings.iter().map(|finding| (finding.fault, finding.seq.unwrap())).collect()
    }

    /// Facts of the journal's entries of this name, newest first.
    async fn told(&self, name: &str) -> Vec<Value> {
        let mut rx = self.test.city.db.read().await.unwrap();
        let subject = Subject { kind: "log", id: Uuid::nil() };
        let entries = journal::of_subject(&mut rx, &subject, 1000).await.unwrap();
        entries.into_iter().filter(|entry| entry.name == name).map(|entry| entry.fact).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_night_gets_a_stamp_that_holds_for_everybody() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(city) = Stamped::open(engine).await else { continue };
        let mut anybody = city.test.browser();
        anybody.get("/nachweis").await.is(200).hides(AUTHORITY);
        let before = kernel::Sources::system().now().as_second(); // stamps are in whole seconds
        assert!(city.night().await.is_empty());
        let size = city.newest();
        let address = format!("/protokoll/zeitstempel/{size}");
        let answer = anybody.get(&address).await.is(200).bytes.clone();
        let text = city.test.city.checkpoints.text(size).unwrap().unwrap();
        let expected = Expected { imprint: sha256(&[&text]), nonce: None, policy: None };
        let stamp = timestamp::verify(&answer, &expected, &Anchors::from_pem(&city.root).unwrap()).unwrap();
        assert_eq!(stamp.authority, AUTHORITY);
        assert!(stamp.at.as_second() >= before, "the real time: {stamp:?}");
        anybody.get("/nachweis").await.is(200).shows(AUTHORITY).shows(&address);
        for nothing in ["0", "x", "18446744073709551616", "..%2Fx"] {
            anybody.get(&format!("/protokoll/zeitstempel/{nothing}")).await.is(404);
        }

        // The next night has its own, and the first one stays as it is.
        assert!(city.night().await.is_empty());
        assert_eq!(city.stamped(), [size, city.newest()]);
        assert_eq!(anybody.get(&address).await.is(200).bytes, answer);
        assert_eq!(city.told("evidence.stamped").await.len(), 2);
        let checked = check_all(&city.test.city).await.unwrap();
        assert_eq!((checked.holding, checked.missing, checked.findings), (2, 0, vec![]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_authority_that_is_down_did_not_stamp_is_caught_up_later() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(city) = Stamped::open(engine).await else { continue };
        // One attempt in the first night, two in the second one.
        city.fault("down", 3).await;
        let failed = city.night().await;
        assert!(failed.iter().all(|failure| !failure.dead) && failed.len() == 1, "{failed:?}");
        let first = city.newest();
        assert_eq!(city.night().await.len(), 2);
        let second = city.newest();
        assert!(city.stamped().is_empty(), "nothing is made up");
        assert_eq!(check_all(&city.test.city).await.unwrap().missing, 2);

        let mut it = city.test.browser();
        it.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
        let page = it.get("/intern/zeitstempel").await;
        page.is(200).shows("Zeitstempel fehlen").shows("fehlt noch").hides("falsch geantwortet");
        city.test.browser().get("/nachweis").await.is(200).shows("Ein Zeitstempel fehlt seit");
        city.test.browser().get(&format!("/protokoll/zeitstempel/{first}")).await.is(404);

        let back = kernel::Sources::system().now().as_second();
        city.test.minutes_later(1);
        city.test.settle().await;
        assert_eq!(city.stamped(), [first, second]);
        for told in city.told("evidence.stamped").await {
            let at: kernel::Timestamp = told["stamped_at"].as_str().unwrap().parse().unwrap();
            assert!(at.as_second() >= back, "the later time and not that of the night: {told}");
        }
        assert_eq!(city.faults().await, []);
        it.staff_sign_in("admin.muster", STAFF_PASSWORD).await;
        it.get("/intern/zeitstempel").await.is(200).hides("Zeitstempel fehlen").shows(AUTHORITY);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_is_refused_and_a_person_is_asked() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(city) = Stamped::open(engine).await else { continue };
        city.fault("wrong_imprint", 1).await;
        let failed = city.night().await;
        assert!(failed.len() == 1 && failed[0].dead, "{failed:?}");
        let first = city.newest();
        assert!(city.stamped().is_empty());
        let told = city.told("evidence.stamp-refused").await;
        assert!(told[0]["fault"].as_str().unwrap().contains("messageImprint"), "{told:?}");

        let mut it = city.test.browser();
        it.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
        it.get("/intern/zeitstempel").await.is(200).shows("falsch geantwortet").shows("/intern/prozesse");
        let page = it.get("/intern/prozesse").await;
        page.is(200).shows("evidence.ask-for-stamp");
        let retry = page.body.split("action=\"").find(|part| part.starts_with("/intern/prozesse/auftrag/"));
        let retry = retry.and_then(|part| part.split('"').next()).expect("a button").to_owned();

        // The next night is not held up, and does not ask again behind the person's back.
        assert!(city.night().await.is_empty());
        assert_eq!(city.stamped(), [city.newest()]);
        it.post(&retry, &[]).await.is(303);
        city.test.settle().await;
        assert_eq!(city.stamped().first(), Some(&first));
        assert_eq!(city.faults().await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_replaced_or_removed_stamp_is_found() {
    let Some(city) = Stamped::open(Engine::Sqlite).await else { return };
    assert!(city.night().await.is_empty());
    let first = city.newest();
    assert!(city.night().await.is_empty());
    let second = city.newest();
    let (one, two) = (std::fs::read(city.file(first)).unwrap(), std::fs::read(city.file(second)).unwrap());
    assert_eq!(city.faults().await, []);
    let number = i64::try_from(first).unwrap();

    let mut changed = one.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    for bytes in [&changed, &two, &one[..one.len() / 2].to_vec(), &Vec::new()] {
        std::fs::write(city.file(first), bytes).unwrap();
        assert_eq!(city.faults().await, [(Fault::StampChanged, number)]);
    }
    std::fs::remove_file(city.file(first)).unwrap();
    assert_eq!(city.faults().await, [(Fault::StampMissing, number)]);
    std::fs::write(city.file(first), &one).unwrap();
    assert_eq!(city.faults().await, []);

    // A certificate that others cannot read keeps no page and no check from working.
    std::fs::write(city.folder.path().join("ca.pem"), "").unwrap();
    let checked = check_all(&city.test.city).await.unwrap();
    assert_eq!((checked.holding, checked.unchecked, checked.findings.len()), (0, 2, 0));
    city.test.browser().get("/nachweis").await.is(200);
    let mut it = city.test.browser();
    it.staff_sign_in("admin.muster", STAFF_PASSWORD).await.is(200);
    it.get("/intern/zeitstempel").await.is(200).shows("falsch eingerichtet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_and_its_stamp_are_verified_offline() {
    let Some(city) = Stamped::open(Engine::Sqlite).await else { return };
    let (mut erika, document) = certificate(&city.test).await;
    assert!(city.night().await.is_empty());
    let size = city.newest();
    assert!(city.night().await.is_empty());
    let shown = format!("/vorgang/{}/dokument/{}", document.case, document.id);
    let file = erika.get(&shown).await.is(200).bytes.clone();
    let proof = erika.get(&format!("{shown}/nachweis")).await.is(200).bytes.clone();
    let key = erika.get("/protokoll/schluessel").await.is(200).body.clone();
    let [early, late] = [size, city.newest()].map(|size| format!("/protokoll/zeitstempel/{size}"));
    let stamp = erika.get(&early).await.is(200).bytes.clone();
    let other = erika.get(&late).await.is(200).bytes.clone();
    let files = [("datei", "b.pdf", file.as_slice()), ("nachweis", "a.tlog-proof", proof.as_slice())];
    let page = city.test.browser().post_files("/nachweis", &[], &files).await;
    page.is(200).shows("Der Echtheitsnachweis stimmt").shows(AUTHORITY).shows(&early);

    let folder = tempfile::tempdir().unwrap();
    let own = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Fremde Wurzel", "-keyout", "k", "-out"])
        .arg("fremd.pem")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(own.status.success(), "{}", String::from_utf8_lossy(&own.stderr));
    for (name, bytes) in [
        ("b.pdf", file.as_slice()),
        ("nachweis", proof.as_slice()),
        ("stadt.key", key.as_bytes()),
        ("frueh.tsr", stamp.as_slice()),
        ("spaet.tsr", other.as_slice()),
        ("ca.pem", city.root.as_bytes()),
    ] {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    for (stamp, authority, holds, said) in [
        ("frueh.tsr", "ca.pem", true, "Der Zeitstempel stimmt: "),
        ("spaet.tsr", "ca.pem", false, "Der Zeitstempel stimmt NICHT: Feld messageImprint"),
        ("frueh.tsr", "fremd.pem", false, "zu keiner Stelle, der Sie vertrauen"),
        ("nachweis", "ca.pem", false, "Der Zeitstempel stimmt NICHT"),
        ("frueh.tsr", "stadt.key", false, "stadt.key"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_meer"))
            .current_dir(folder.path())
            .args(["verify", "b.pdf", "nachweis", "--key", "stadt.key", "--timestamp", stamp, "--authority", authority])
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() == holds && out.contains(said), "{stamp} {authority}: {out}");
    }
}
