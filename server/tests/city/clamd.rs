//! The real clamd, with a signature of its own for the test file of EICAR: what it finds inside other files, what is too large
//! for it, and what happens when it dies. Where ClamAV is not installed these tests say so and check nothing.

use std::{
    fs,
    io::{Cursor, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use db::Engine;
use meer::modules::MODULES;
use testkit::{Browser, TestCity};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    scanner::{documents, eicar, notice},
    walks::at_case,
};

const PROGRAMS: [&str; 2] = ["/usr/sbin/clamd", "/usr/bin/clamd"];
/// MD5 and size of the file of EICAR: it is found only where clamd takes out the file itself, whatever it is in.
const SIGNATURE: &str = "44d88612fea8a8f36de82e1278abb02f:68:Test.EICAR";
/// clamd says so of each signature that is not from ClamAV.
const FOUND: &str = "gesperrt: Schadsoftware gefunden (Test.EICAR.UNOFFICIAL)";
const WAITS: &str = "Die Datei wird noch geprüft";

/// A clamd of ours; it ends with this value.
struct Clamd {
    child: Child,
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("clamd.ctl")
}

impl Clamd {
    /// With a largest stream in MiB; none where clamd is not installed.
    fn start(folder: &Path, largest: u32) -> Option<Clamd> {
        let Some(program) = PROGRAMS.iter().find(|program| Path::new(program).exists()) else {
            println!("not checked: clamd is not installed");
            return None;
        };
        let database = folder.join("database");
        fs::create_dir_all(&database).unwrap();
        fs::write(database.join("test.hdb"), format!("{SIGNATURE}\n")).unwrap();
        let (dir, database, socket) = (folder.display(), database.display(), socket(folder));
        // One that was killed leaves its socket.
        let _ = fs::remove_file(&socket);
        let settings = format!(
            "DatabaseDirectory {database}\nTemporaryDirectory {dir}\nLocalSocket {}\nForeground yes\n\
             StreamMaxLength {largest}M\n",
            socket.display()
        );
        let file = folder.join("clamd.conf");
        fs::write(&file, settings).unwrap();
        let log = fs::File::create(folder.join("clamd.log")).unwrap();
        let child = Command::new(program)
            .arg(format!("--config-file={}", file.display()))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let clamd = Clamd { child };
        let begun = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            let log = || fs::read_to_string(folder.join("clamd.log")).unwrap_or_default();
            assert!(begun.elapsed() < Duration::from_secs(30), "clamd does not answer: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(clamd)
    }

    /// Lets it hang: it still takes connections and answers none.
    fn hang(&self) {
        let stopped = Command::new("/bin/kill").args(["-STOP", &self.child.id().to_string()]).status().unwrap();
        assert!(stopped.success());
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Clamd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A city on one engine whose files are scanned by this clamd.
async fn city(engine: Engine, folder: &Path) -> Option<TestCity> {
    let scanner = format!("unix:{}", socket(folder).display());
    TestCity::open_with(MODULES, engine, |config| config.scanner = Some(scanner)).await
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        zip.start_file(*name, stored).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn docx(enclosed: &[u8]) -> Vec<u8> {
    archive(&[
        ("[Content_Types].xml", b"<Types/>".as_slice()),
        ("word/document.xml", b"<w:document/>".as_slice()),
        ("word/embeddings/oleObject1.bin", enclosed),
    ])
}

/// A PDF with an attached file, as hexadecimal digits (ISO 32000-2, 7.4.2 and 7.11.4).
fn pdf(attached: &[u8]) -> Vec<u8> {
    let hex: String = attached.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Names<</EmbeddedFiles<</Names[(a.txt) 4 0 R]>>>>>>\nendobj\n\
         4 0 obj\n<</Type/Filespec/F(a.txt)/EF<</F 5 0 R>>>>\nendobj\n\
         5 0 obj\n<</Type/EmbeddedFile/Filter/ASCIIHexDecode/Length {}>>\nstream\n{hex}>\nendstream\nendobj\n\
         trailer<</Root 1 0 R/Size 6>>\n%%EOF\n",
        hex.len() + 1
    )
    .into_bytes()
}

/// A message with so many times the same attachment, in base64 (RFC 2045, 6.8).
fn mail(subject: &str, attached: &[u8], times: usize) -> Vec<u8> {
    let encoded = BASE64_STANDARD.encode(attached);
    let lines: Vec<String> = encoded.as_bytes().chunks(76).map(|line| String::from_utf8_lossy(line).into()).collect();
    let attachment = format!(
        "--aussen\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"anlage.bin\"\r\n\r\n{}\r\n",
        lines.join("\r\n")
    );
    format!(
        "From: juergen@post.example\r\nTo: stadt@musterstadt.example\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@post.example>\r\nDate: Mon, 23 Nov 2026 22:30:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=aussen\r\n\r\n\
         --aussen\r\nContent-Type: text/plain\r\n\r\nGuten Tag\r\n{}--aussen--\r\n",
        attachment.repeat(times)
    )
    .into_bytes()
}

async fn send(clerk: &mut Browser, case: &str, title: &str, name: &str, bytes: &[u8]) -> String {
    let at = format!("/intern/vorgang/{case}/dokumente");
    let sent = clerk.post_files(&at, &[("titel", title)], &[("datei", name, bytes)]).await;
    let page = clerk.follow(sent).await;
    page.is(200);
    page.body
}

/// What the answers to opening all documents of a case say, in the order of the case.
async fn opened(clerk: &mut Browser, case: &str) -> Vec<&'static str> {
    let mut all = Vec::new();
    for link in documents(clerk, case).await {
        let page = clerk.get(&link).await;
        all.push(match page.status.as_u16() {
            200 => "open",
            409 if page.body.contains(FOUND) => "infected",
            409 if page.body.contains(WAITS) => "waits",
            _ => panic!("{link}: {page:?}"),
        });
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn clamd_finds_malware_inside_other_files() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_clamd) = Clamd::start(folder.path(), 25) else { return };
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(test) = city(engine, folder.path()).await else { continue };
        let asked = test.city.files.scanner().engine().await.unwrap().unwrap();
        assert!(asked.starts_with("ClamAV "), "{asked}");
        let (mut rita, case) = at_case(&test, "Ortstermin").await;
        let clean: [(&str, Vec<u8>); 3] =
            [("plan.pdf", pdf(b"Plan")), ("brief.docx", docx(b"Brief")), ("gruss.eml", mail("Gruss", b"Plan", 1))];
        for (name, bytes) in &clean {
            send(&mut rita, &case, "Sauber", name, bytes).await;
        }
        // The message and what is in it.
        assert_eq!(opened(&mut rita, &case).await, ["open"; 4]);
        let zip = archive(&[("anlage.txt", eicar().as_slice())]);
        let bad: [(&str, Vec<u8>); 5] = [
            ("anlage.txt", eicar()),
            ("anlage.pdf", pdf(&eicar())),
            ("anlage.docx", docx(&eicar())),
            ("direkt.eml", mail("Direkt", &eicar(), 1)),
            ("zip.eml", mail("Zip", &zip, 1)),
        ];
        for (name, bytes) in &bad {
            test.minutes_later(1);
            let page = send(&mut rita, &case, "Anlage", name, bytes).await;
            assert!(page.contains("gesperrt: Schadsoftware gefunden") && page.contains(FOUND), "{name}");
        }
        test.settle().await;
        let all = opened(&mut rita, &case).await;
        let infected = all.iter().filter(|found| **found == "infected").count();
        assert_eq!((all.len(), infected), (4 + 7, 7), "{all:?}");
        rita.get(&format!("/intern/vorgang/{case}")).await.shows("In diesem Vorgang ist eine Datei gesperrt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_for_clamd_stays_closed_until_it_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let Some(clamd) = Clamd::start(folder.path(), 1) else { return };
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(test) = city(engine, folder.path()).await else { continue };
        let (mut rita, case) = at_case(&test, "Ortstermin").await;
        let page = send(&mut rita, &case, "Lang", "lang.txt", "x".repeat(3 << 20).as_bytes()).await;
        assert!(page.contains("wird noch auf Schadsoftware geprüft"));
        test.minutes_later(1);
        send(&mut rita, &case, "Kurz", "kurz.txt", b"kurz").await;
        test.minutes_later(20);
        test.settle().await;
        assert_eq!(opened(&mut rita, &case).await, ["waits", "open"]);
        let (title, text) = notice(&test).await.expect("somebody has to know of it");
        assert_eq!(title, "Eine Datei wartet auf den Virenscanner");
        assert!(text.contains("StreamMaxLength"), "{text}");
    }
    drop(clamd);
    let Some(_clamd) = Clamd::start(folder.path(), 25) else { return };
    let Some(test) = city(Engine::Sqlite, folder.path()).await else { return };
    let (mut rita, case) = at_case(&test, "Ortstermin").await;
    send(&mut rita, &case, "Lang", "lang.txt", "x".repeat(3 << 20).as_bytes()).await;
    assert_eq!(opened(&mut rita, &case).await, ["open"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clamd_that_dies_in_the_middle_lets_nothing_through_and_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let Some(mut clamd) = Clamd::start(folder.path(), 25) else { return };
        let Some(test) = city(engine, folder.path()).await else { continue };
        let (mut rita, case) = at_case(&test, "Ortstermin").await;
        clamd.hang();
        // Whoever sends it waits two seconds for the scanner, and not for each of what the message holds.
        let begun = Instant::now();
        let page = send(&mut rita, &case, "", "gruss.eml", &mail("Gruss", b"Plan", 5)).await;
        assert!(
            page.contains("Die E-Mail liegt mit ihren Anlagen im Vorgang. Sie wird noch"),
            "it says what it waits for"
        );
        assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
        test.minutes_later(1);
        let dies = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            clamd.kill();
        };
        let bad = eicar();
        let (page, ()) = tokio::join!(send(&mut rita, &case, "Anlage", "anlage.txt", &bad), dies);
        assert!(page.contains("wird noch auf Schadsoftware geprüft"));
        test.settle().await;
        assert_eq!(opened(&mut rita, &case).await, ["waits"; 7]);

        let Some(_clamd) = Clamd::start(folder.path(), 25) else { return };
        test.minutes_later(10);
        test.settle().await;
        assert_eq!(opened(&mut rita, &case).await, ["open", "open", "open", "open", "open", "open", "infected"]);
    }
}
