//! What the journal proves to people outside: a document's proof holds on the page and offline, also after another case
//! was erased, and the published log shows that nothing was taken back.

use std::process::Command;

use ::evidence::Fault;
use contract_records::{
    AddDocument, Address, Audience, DocumentView, DocumentsOfCase, OpenCase, Party, SetStatus, Status,
};
use db::Engine;
use house::Call as _;
use kernel::{CaseId, Cx, FileId, Hash, Lang, TaskToken, Uuid, sha256};
use meer::modules::MODULES;
use serde::{Deserialize, Serialize};
use testkit::{Browser, TestCity};
use tlog::{Checkpoint, Frontier, Note, Tile, TileKind, Verifier};

use crate::walks::{self, STAFF_PASSWORD};

fn within(test: &TestCity, module: &'static str) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec![module];
    cx
}

/// Erika's certificate; her browser comes with it.
pub async fn certificate(test: &TestCity) -> (Browser, DocumentView) {
    let mut browser = test.browser();
    let draft = walks::certificate_of(&mut browser, "erika").await;
    let case: CaseId = walks::submit(&mut browser, &draft).await.parse().unwrap();
    test.settle().await;
    let mut rx = test.city.db.read().await.unwrap();
    let documents = within(test, "evidence").ask(&mut rx, DocumentsOfCase { case }).await.unwrap();
    let document = documents.into_iter().find(|document| document.kind == "bescheinigung");
    (browser, document.expect("a certificate"))
}

async fn sign_checkpoint(test: &TestCity) {
    let mut rx = test.city.db.read().await.unwrap();
    test.city.checkpoints.write(&mut rx, test.app.sources.now()).await.unwrap().expect("the journal has grown");
}

fn verified(test: &TestCity, bytes: &[u8], proof: &str) -> Result<u64, Fault> {
    ::evidence::verify(&sha256(&[bytes]), proof, &test.city.checkpoints.verifier()).map(|proven| proven.size)
}

/// Another person's case with a document, closed; its retention ends with it.
async fn another_case(test: &TestCity) -> FileId {
    let cx = within(test, "services");
    let stored = test.city.files.put(&cx, b"%PDF-1.7 fremd".to_vec()).await.unwrap();
    let file = stored.id;
    let case = db::write!(test.city.db, |tx| {
        let command = OpenCase {
            service: "meldebescheinigung".into(),
            plan: "33.20".into(),
            unit: "buergerbuero-osterath".into(),
            title: "Meldebescheinigung".into(),
            confidentiality: "normal".into(),
            party: Party {
                family_name: "Müller-Beispiel".into(),
                first_names: "Jörg".into(),
                birth_date: None,
                address: Address::default(),
                email: None,
                provenance: "typed".into(),
            },
            account: None,
            lang: Lang::De,
            retention_years: 0,
            retention_basis: "§ 1 Mustergesetz".into(),
        };
        let case = cx.call(tx, command).await?.case;
        files::record(tx, &cx, &stored, "fremd.pdf", "application/pdf").await?;
        let document = AddDocument {
            case,
            kind: "schreiben".into(),
            title: "Fremdes Schreiben".into(),
            file,
            direction: "ausgang".into(),
            audience: Audience::Applicant,
        };
        cx.call(tx, document).await?;
        Ok(case)
    })
    .unwrap();
    let cx = within(test, "processes");
    db::write!(test.city.db, |tx| {
        let token = TaskToken { instance: Uuid::nil(), token: 0 };
        cx.call(tx, SetStatus { case, token, status: Status::Done }).await
    })
    .unwrap();
    test.settle().await;
    file
}

/// The nightly search of `privacy`.
#[derive(Serialize, Deserialize)]
struct FindDue {}

impl jobs::Job for FindDue {
    const NAME: &'static str = "privacy.find-due";
}

/// Deletes every case whose retention has ended a year later.
pub async fn erase(test: &TestCity) {
    release(test).await;
    test.settle().await;
}

/// Until the moment before the deletion: two people have let everything go that is due.
pub async fn release(test: &TestCity) {
    test.later(24 * 366);
    let cx = test.app.cx(&test.city, "test");
    db::write!(test.city.db, |tx| { jobs::enqueue(tx, &cx, &FindDue {}).await }).unwrap();
    test.settle().await;
    for (login, action) in
        [("rita.registratur", "/intern/loeschlauf/pruefen"), ("dora.datenschutz", "/intern/loeschlauf")]
    {
        let mut privacy = test.browser();
        privacy.staff_sign_in(login, STAFF_PASSWORD).await.is(200);
        let list = privacy.get("/intern/loeschlauf").await;
        let upto = list.body.split("name=\"upto\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let upto = upto.unwrap_or_else(|| panic!("nothing to delete: {list:?}"));
        privacy.post(action, &[("upto", upto)]).await.is(303);
    }
}

/// What somebody outside sees who knows the city's name only: the newest checkpoint, and all leaves under it.
async fn monitored(test: &TestCity) -> (Checkpoint, Vec<Hash>) {
    let mut anybody = test.browser();
    let key = Verifier::parse(&anybody.get("/protokoll/schluessel").await.is(200).body).unwrap();
    let note = Note::parse(&anybody.get("/protokoll/checkpoint").await.is(200).body).unwrap();
    let checkpoint = Checkpoint::open(&note, &key).unwrap();
    let mut leaves = Vec::new();
    for tile in Tile::of_tree(checkpoint.size) {
        let page = anybody.get(&format!("/protokoll/{}", tile.path())).await;
        assert_eq!(page.is(200).bytes.len(), 32 * usize::from(tile.width), "{}", tile.path());
        if tile.kind == (TileKind::Hashes { level: 0 }) {
            leaves.extend(page.bytes.chunks(32).map(|hash| Hash::try_from(hash).unwrap()));
        }
    }
    let mut tree = Frontier::new();
    for leaf in &leaves {
        tree.append(*leaf);
    }
    assert_eq!((tree.size(), tree.root()), (checkpoint.size, checkpoint.root), "the tiles are those that were signed");
    (checkpoint, leaves)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_outlives_the_erasure_of_others() {
    for test in TestCity::both(MODULES).await {
        test.browser().get("/protokoll/checkpoint").await.is(404);
        let (mut erika, document) = certificate(&test).await;
        let erased = another_case(&test).await;
        let at = format!("/vorgang/{}", document.case);
        let (shown, asked) =
            (format!("{at}/dokument/{}", document.id), format!("{at}/dokument/{}/nachweis", document.id));
        erika.get(&asked).await.is(200).shows("Den Echtheitsnachweis gibt es noch nicht");

        sign_checkpoint(&test).await;
        erika.get(&at).await.is(200).shows(&format!("{at}/nachweise"));
        erika.get(&format!("{at}/nachweise")).await.is(200).shows(&asked);
        let bytes = erika.get(&shown).await.is(200).bytes.clone();
        let proof = erika.get(&asked).await.is(200).body.clone();
        let size = verified(&test, &bytes, &proof).expect("the proof holds");
        let (before, leaves) = monitored(&test).await;
        assert_eq!(before.size, size);

        erase(&test).await;
        assert!(!test.city.files.holds(erased), "the other document is gone");
        sign_checkpoint(&test).await;
        assert_eq!(verified(&test, &bytes, &proof), Ok(size), "the proof of before");
        let (after, more) = monitored(&test).await;
        assert!(after.size > before.size && more.starts_with(&leaves), "nothing was taken back");
        let newest = test.city.checkpoints.latest_note().unwrap().unwrap();
        let mut rx = test.city.db.read().await.unwrap();
        let later =
            ::evidence::of_file(&mut rx, document.file, newest, &test.city.checkpoints.verifier()).await.unwrap();
        let later = later.expect("a proof under the new checkpoint").to_text().unwrap();
        assert_eq!(verified(&test, &bytes, &later), Ok(after.size));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_what_is_wrong() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (mut erika, document) = certificate(&test).await;
    sign_checkpoint(&test).await;
    let shown = format!("/vorgang/{}/dokument/{}", document.case, document.id);
    let bytes = erika.get(&shown).await.is(200).bytes.clone();
    let proof = erika.get(&format!("{shown}/nachweis")).await.is(200).bytes.clone();

    let mut anybody = test.browser();
    anybody.get("/nachweis").await.is(200).shows("Echtheitsnachweis prüfen");
    let mut changed = bytes.clone();
    changed[20] ^= 1;
    let text = String::from_utf8(proof.clone()).unwrap();
    let index = text.lines().find(|line| line.starts_with("index ")).unwrap();
    let moved = text.replace(index, "index 0");
    let resigned = text.replace("\ntime 2", "\ntime 3");
    assert_ne!(text, resigned);
    for (file, proof, said) in [
        (&bytes, proof.as_slice(), "Der Echtheitsnachweis stimmt"),
        (&changed, proof.as_slice(), "Das Dokument ist ein anderes oder verändert"),
        (&bytes, moved.as_bytes(), "Der Eintrag steht nicht im Protokoll"),
        (&bytes, resigned.as_bytes(), "Die Unterschrift stimmt nicht"),
        (&bytes, &bytes[..64], "Das ist kein Echtheitsnachweis"),
    ] {
        let files = [("datei", "bescheinigung.pdf", file.as_slice()), ("nachweis", "a.tlog-proof", proof)];
        anybody.post_files("/nachweis", &[], &files).await.is(200).shows(said);
    }
    let without = anybody.post_files("/nachweis", &[], &[("datei", "", b""), ("nachweis", "", b"")]).await;
    without.is(422).shows("Wählen Sie das Dokument aus.").shows("Wählen Sie den Echtheitsnachweis aus.");
    let files = [("datei", "bescheinigung.pdf", bytes.as_slice()), ("nachweis", "a.tlog-proof", proof.as_slice())];
    let broken = anybody.post_files_broken("/nachweis", &[], &files, 60).await;
    broken.is(422).shows("Die Dateien sind nicht ganz angekommen");
    let large = vec![0; 300 * 1024];
    anybody.post_files("/nachweis", &[], &[("datei", "a", b"a"), ("nachweis", "b", &large)]).await.is(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn proofs_are_for_those_who_see_the_document_and_entries_for_nobody() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (_, document) = certificate(&test).await;
    sign_checkpoint(&test).await;
    let at = format!("/vorgang/{}/dokument/{}/nachweis", document.case, document.id);
    let mut clerk = test.browser();
    clerk.staff_sign_in("melde.muster", STAFF_PASSWORD).await.is(200);
    clerk.get(&format!("/intern{at}")).await.is(200).shows("c2sp.org/tlog-proof@v1");
    clerk.get(&format!("/intern/vorgang/{}/nachweise", document.case)).await.is(200).shows("Meldebescheinigung");
    let mut other_office = test.browser();
    other_office.staff_sign_in("paula.poststelle", STAFF_PASSWORD).await.is(200);
    other_office.get(&format!("/intern{at}")).await.is(403);
    let mut max = test.browser();
    max.eid_sign_in("max", "/").await;
    max.get(&at).await.is(404);

    let mut anybody = test.browser();
    for path in ["entries/000.p/1", "entries/000", "0/999", "0/x001/000.p/3", "0/0", "7/000", "8/000", "0/000.p/256"] {
        anybody.get(&format!("/protokoll/tile/{path}")).await.is(404);
    }
}

/// `meer verify` in a folder that has no configuration.
fn meer_verify(folder: &std::path::Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_meer"));
    let output = command.current_dir(folder).arg("verify").args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_verifies_without_configuration_and_database() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    let (mut erika, document) = certificate(&test).await;
    sign_checkpoint(&test).await;
    let shown = format!("/vorgang/{}/dokument/{}", document.case, document.id);
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    let bytes = erika.get(&shown).await.is(200).bytes.clone();
    put("bescheinigung.pdf", &bytes);
    put("anders.pdf", &[bytes.as_slice(), b"\n"].concat());
    put("nachweis", &erika.get(&format!("{shown}/nachweis")).await.is(200).bytes);
    put("stadt.key", &erika.get("/protokoll/schluessel").await.is(200).bytes);
    drop(test);

    let key = std::fs::read_to_string(folder.path().join("stadt.key")).unwrap();
    let stranger = tlog::Signer::new("meer/05162022", &[7; 32]).unwrap().verifier().to_string();
    for (file, key, holds, said) in [
        ("bescheinigung.pdf", Some("stadt.key"), true, "Der Nachweis stimmt."),
        ("bescheinigung.pdf", Some(key.trim()), true, "von"),
        ("anders.pdf", Some("stadt.key"), false, "andere Bytes"),
        ("bescheinigung.pdf", Some(stranger.as_str()), false, "keine Unterschrift mit dem Schlüssel"),
        ("bescheinigung.pdf", None, false, "NICHT geprüft"),
        ("fehlt.pdf", Some("stadt.key"), false, "fehlt.pdf"),
        ("bescheinigung.pdf", Some("fehlt.key"), false, "weder ein Schlüssel"),
    ] {
        let mut arguments = vec![file, "nachweis"];
        arguments.extend(key.into_iter().flat_map(|key| ["--key", key]));
        let (good, out) = meer_verify(folder.path(), &arguments);
        assert!(good == holds && out.contains(said), "{arguments:?}: {out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_checks_or_fetches_too_often_waits() {
    let test = TestCity::open(MODULES, Engine::Sqlite).await.unwrap();
    certificate(&test).await;
    sign_checkpoint(&test).await;
    let mut anybody = test.browser();
    for _ in 0..120 {
        anybody.get("/nachweis").await.is(200);
    }
    anybody.get("/nachweis").await.is(429);
    let files = [("datei", "a.pdf", b"a".as_slice()), ("nachweis", "a.tlog-proof", b"b".as_slice())];
    anybody.post_files("/nachweis", &[], &files).await.is(429);
    // The log has a count of its own.
    anybody.get("/protokoll/checkpoint").await.is(200);
    anybody.get("/protokoll/tile/0/000.p/1").await.is(200);
    let cx = test.app.cx(&test.city, "test");
    let here = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    db::write!(test.city.db, |tx| { test.city.identity.admit_hourly(tx, &cx, here, "log", 9_998, 10_000).await })
        .unwrap();
    anybody.get("/protokoll/checkpoint").await.is(429);
    anybody.get("/protokoll/tile/0/000.p/1").await.is(429);
    test.later(2);
    anybody.get("/protokoll/checkpoint").await.is(200);
}
