//! From the process step to the reader, on both engines.

mod rooms;

use contract_postbox::{AskApplicant, Deliver, MessageId, Notify};
use house::Call;
use kernel::{CaseId, Command, Cx, DocumentId, Result, StaffId, TaskOutcome, TaskToken, Uuid};
use serde_json::{Value, json};
use testkit::{Browser, TestCity};

use crate::{MODULE, model::LetterState, service, store};
use rooms::{ROOMS, book};

const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";

async fn cities() -> Vec<TestCity> {
    TestCity::both(&[MODULE, certificates::MODULE, ROOMS]).await
}

fn cx(test: &TestCity, module: &'static str) -> Cx {
    let mut cx = test.app.cx(&test.city, "test");
    cx.actor.via = vec![module];
    cx
}

fn token(cx: &Cx) -> TaskToken {
    TaskToken { instance: cx.sources.uuid(), token: 5 }
}

async fn step<C: Command<Answer = TaskOutcome> + Clone>(test: &TestCity, command: C) -> Result<TaskOutcome> {
    let cx = cx(test, "processes");
    db::write!(test.city.db, |tx| { cx.call(tx, command.clone()).await })
}

fn done(name: &str, value: &str) -> TaskOutcome {
    TaskOutcome::done([(name, Value::String(value.into()))])
}

async fn messages(test: &TestCity, case: CaseId) -> Vec<store::Message> {
    store::messages_of_case(&mut test.city.db.read().await.unwrap(), case).await.unwrap()
}

async fn told(test: &TestCity, name: &str, about: Uuid) -> usize {
    let entries = journal::entries(&mut test.city.db.read().await.unwrap(), 0, 10_000).await.unwrap();
    entries.iter().filter(|e| e.name == name && e.subject_id == about).count()
}

/// State and document of a letter, without the rights of a reader.
async fn letter(test: &TestCity, id: MessageId) -> Option<(String, Option<DocumentId>)> {
    let sql = "SELECT state, document_id FROM postbox_letter WHERE tenant = $1 AND id = $2";
    test.city.db.read().await.unwrap().opt(sql, db::params![id]).await.unwrap()
}

async fn guest(test: &TestCity, case: CaseId) -> Browser {
    let mut browser = test.browser();
    browser.get(&format!("/test-gast/{case}")).await.is(303);
    browser
}

/// Everything the sandbox's mail server took for an address.
async fn mails(test: &TestCity, to: &str) -> Vec<Value> {
    let peer = peers::Peer::new("mail", &test.sandbox.base_url, None).unwrap();
    peer.get(&format!("/mail/api?to={to}")).await.unwrap().json().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_delivered_once_into_the_postbox() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test, true, None);
        rooms::open_account(&test, case).await;
        let document = rooms::add_document_to(&test, case);
        let token = token(&cx);
        let deliver = |document, channel: &str| Deliver {
            case,
            token,
            document,
            channel: channel.into(),
            subject: "certificate-ready".into(),
        };
        for _ in 0..2 {
            let outcome = step(&test, deliver(document, "postbox")).await.unwrap();
            assert_eq!(outcome, done("delivered", "postbox"));
        }
        let lying = messages(&test, case).await;
        assert_eq!(lying.len(), 1);
        assert_eq!((lying[0].document, lying[0].read_at, lying[0].account.is_some()), (Some(document), None, true));
        assert_eq!(letter(&test, lying[0].id).await, None);
        test.settle().await;
        assert_eq!(told(&test, "postbox.delivered", lying[0].id.uuid()).await, 1);
        // A document of another case is not delivered into this one.
        let foreign = rooms::add_document_to(&test, rooms::add_case(&test, true, None));
        let mut wrong = deliver(foreign, "postbox");
        wrong.token.token += 1;
        assert!(step(&test, wrong).await.is_err());

        // Reading is kept once, with the first time.
        test.later(1);
        let first = cx.now();
        for _ in 0..2 {
            let message = lying[0].clone();
            db::write!(test.city.db, |tx| { service::read(&cx, tx, &message).await }).unwrap();
            test.later(1);
        }
        test.settle().await;
        assert_eq!(messages(&test, case).await[0].read_at, Some(first));
        assert_eq!(told(&test, "postbox.read", lying[0].id.uuid()).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_printed_once_and_counts_as_one_media_break() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test, true, None);
        let document = rooms::add_document_to(&test, case);
        let command =
            Deliver { case, token: token(&cx), document, channel: "letter".into(), subject: "decision-ready".into() };
        assert_eq!(step(&test, command).await.unwrap(), done("delivered", "letter"));
        let id = messages(&test, case).await[0].id;
        assert_eq!(letter(&test, id).await, Some(("waiting".into(), Some(document))));

        let (staff, first, second) = (StaffId::from_uuid(cx.sources.uuid()), cx.sources.uuid(), cx.sources.uuid());
        let now = cx.now();
        let print = async |batch| db::write!(test.city.db, |tx| { store::print(tx, id, batch, staff, now).await });
        assert!(print(first).await.unwrap());
        assert!(!print(second).await.unwrap(), "a printed letter is not printed again");
        // After a paper jam it goes back and may be printed again.
        assert!(db::write!(test.city.db, |tx| { store::put_back(tx, id).await }).unwrap());
        assert!(print(second).await.unwrap());

        let printed = store::Letter {
            id,
            case,
            cls: 1,
            document: Some(document),
            state: LetterState::Printed,
            batch: Some(second),
            created_at: now,
            printed_at: Some(now),
        };
        for _ in 0..2 {
            db::write!(test.city.db, |tx| { service::post(&cx, tx, &printed, staff).await }).unwrap();
        }
        assert!(!db::write!(test.city.db, |tx| { store::put_back(tx, id).await }).unwrap(), "it is gone");
        assert!(!print(first).await.unwrap());
        test.settle().await;
        assert_eq!(told(&test, "postbox.letter-posted", id.uuid()).await, 1);
        let breaks: Vec<_> =
            book().steps.iter().filter(|s| s.case == case && s.media_break).map(|s| s.code.clone()).collect();
        assert_eq!(breaks, ["letter-printed"]);
        // Whoever has no access class of the case sees no letter.
        let mut rx = test.city.db.read().await.unwrap();
        assert!(matches!(store::letter(&mut rx, staff, id).await, Err(kernel::Error::NotFound)));
        assert_eq!(store::count(&mut rx, staff, LetterState::Posted).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_account_and_address_nothing_can_be_delivered() {
    for test in cities().await {
        let case = rooms::add_case(&test, false, None);
        rooms::move_away(case);
        let cx = cx(&test, "postbox");
        let document = rooms::add_document_to(&test, case);
        let command =
            Deliver { case, token: token(&cx), document, channel: "postbox".into(), subject: "letter-ready".into() };
        assert_eq!(step(&test, command).await.unwrap_err().code(), "postbox-no-address");
        let ask = AskApplicant { case, token: token(&cx), task: "bearbeiten".into() };
        assert_eq!(step(&test, ask).await.unwrap_err().code(), "postbox-no-question");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_is_told_by_letter_and_by_a_mail_that_says_where_and_not_what() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let to = "gast@beispiel.example";
        let case = rooms::add_case(&test, false, Some(to));
        let notify = Notify { case, token: token(&cx), subject: "urkunde-versandt".into() };
        assert_eq!(step(&test, notify).await.unwrap(), done("notified", "letter"));
        let id = messages(&test, case).await[0].id;
        assert_eq!(letter(&test, id).await.unwrap().0, "making");
        test.settle().await;
        let (state, document) = letter(&test, id).await.unwrap();
        assert_eq!(state, "waiting");
        let written = book().documents.iter().find(|d| Some(d.id) == document).map(|d| (d.case, d.title.clone()));
        assert_eq!(written, Some((case, "Ihre Urkunde ist unterwegs".into())));

        let mails = mails(&test, to).await;
        assert_eq!(mails.len(), 1);
        let mail = mails[0].to_string();
        for told in ["Stadt Meerbusch", "Abholcode", &test.app.public_address(&test.city)] {
            assert!(mail.contains(told), "{told}: {mail}");
        }
        for secret in ["Muster-Beispiel", "Erika", "Urkunde", "Aktenzeichen", "34.10/", &case.to_string()] {
            assert!(!mail.contains(secret), "{secret}: {mail}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_once_with_files_and_the_process_goes_on() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test, false, None);
        rooms::add_question(case, "Welches Jahr?\nWelcher Ort?");
        let token = token(&cx);
        let ask = AskApplicant { case, token, task: "bearbeiten".into() };
        for _ in 0..2 {
            assert_eq!(step(&test, ask.clone()).await.unwrap(), TaskOutcome::Waiting);
        }
        let question = messages(&test, case).await.remove(0);
        test.settle().await;
        assert_eq!(letter(&test, question.id).await.unwrap().0, "waiting");

        let path = format!("/postfach/{}", question.id);
        let action = format!("{path}/antwort");
        // Others get the answer of a message that is not there.
        let mut stranger = guest(&test, rooms::add_case(&test, false, None)).await;
        stranger.get(&path).await.is(404).hides("Welches Jahr");
        stranger.post_files(&action, &[("antwort", "1985")], &[]).await.is(404);
        assert_eq!(messages(&test, case).await[0].read_at, None);

        let mut guest = guest(&test, case).await;
        guest
            .get(&path)
            .await
            .is(200)
            .shows("Welches Jahr?")
            .shows("Welcher Ort?")
            .shows(&cx.today().strftime("Gelesen am %d.%m.%Y").to_string());
        let kept = [("antwort", "1985 in <Musterdorf>")];
        guest.post_files(&action, &[("antwort", " ")], &[]).await.is(422).shows("Schreiben Sie Ihre Antwort");
        for (file, text) in [(&b"MZ"[..], "kein PDF"), (b"", "ist leer")] {
            let page = guest.post_files(&action, &kept, &[("datei", "nachweis.pdf", file)]).await;
            page.is(422).shows(text).shows("nachweis.pdf").shows("1985 in &#60;Musterdorf&#62;");
        }
        assert_eq!(messages(&test, case).await.len(), 1, "nothing of a refused reply is kept");

        let sent = guest.post_files(&action, &kept, &[("datei", "../nachweis.pdf", PDF), ("datei", "", b"")]).await;
        sent.is(303);
        test.settle().await;
        guest
            .get(&path)
            .await
            .is(200)
            .shows("1985 in &#60;Musterdorf&#62;")
            .shows("nachweis.pdf")
            .hides("action=\"/postfach");
        assert_eq!(told(&test, "processes.task-finished", token.instance).await, 1);
        // The second tab comes too late, and changes nothing.
        guest.post_files(&action, &kept, &[]).await.is(409);
        test.settle().await;
        assert_eq!(told(&test, "processes.task-finished", token.instance).await, 1);
        let files: Vec<_> = book()
            .documents
            .iter()
            .filter(|d| d.case == case && d.kind == "nachweis")
            .map(|d| d.title.clone())
            .collect();
        assert_eq!(files, ["nachweis.pdf"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_question_takes_the_place_of_the_old_one_and_a_closed_case_takes_none() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test, false, None);
        rooms::add_question(case, "Welches Jahr?");
        for _ in 0..2 {
            let ask = AskApplicant { case, token: token(&cx), task: "bearbeiten".into() };
            step(&test, ask).await.unwrap();
            test.later(1);
        }
        let asked = messages(&test, case).await;
        let mut guest = guest(&test, case).await;
        let reply = [("antwort", "1985")];
        guest.post_files(&format!("/postfach/{}/antwort", asked[0].id), &reply, &[]).await.is(409);
        rooms::close(case);
        guest.post_files(&format!("/postfach/{}/antwort", asked[1].id), &reply, &[]).await.is(409);
        assert_eq!(messages(&test, case).await.len(), 2);
        assert_eq!(json!(asked[1].closed_at), json!(null));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_closed_their_account_gets_letters() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test, true, None);
        let account = rooms::open_account(&test, case).await;
        let document = rooms::add_document_to(&test, case);
        rooms::add_question(case, "Welches Jahr?");
        let deliver = || Deliver {
            case,
            token: token(&cx),
            document,
            channel: "postbox".into(),
            subject: "decision-ready".into(),
        };
        assert_eq!(step(&test, deliver()).await.unwrap(), done("delivered", "postbox"));
        let citizen = kernel::Principal::Citizen { account, level: kernel::Level::Basis };
        let own = cx.as_principal(citizen);
        db::write!(test.city.db, |tx| { identity::close_account(tx, &own).await }).unwrap();

        assert_eq!(step(&test, deliver()).await.unwrap(), done("delivered", "letter"));
        let notify = Notify { case, token: token(&cx), subject: "urkunde-versandt".into() };
        assert_eq!(step(&test, notify).await.unwrap(), done("notified", "letter"));
        let ask = AskApplicant { case, token: token(&cx), task: "bearbeiten".into() };
        assert_eq!(step(&test, ask).await.unwrap(), TaskOutcome::Waiting);
        let lying = messages(&test, case).await;
        assert_eq!(lying.len(), 4);
        for message in lying.iter().filter(|m| m.account.is_none()) {
            assert!(letter(&test, message.id).await.is_some(), "{message:?}");
        }
        assert_eq!(lying.iter().filter(|m| m.account.is_some()).count(), 1, "the one from before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_cannot_be_sent_leaves_the_old_one_open() {
    for test in cities().await {
        let cx = cx(&test, "postbox");
        let case = rooms::add_case(&test, false, None);
        rooms::add_question(case, "Welches Jahr?");
        let ask = || AskApplicant { case, token: token(&cx), task: "bearbeiten".into() };
        step(&test, ask()).await.unwrap();
        rooms::move_away(case);
        // As a process does it: the refusal is a way, and the transaction goes on.
        let again = ask();
        db::write!(test.city.db, |tx| {
            let cx = self::cx(&test, "processes");
            assert_eq!(cx.call(tx, again.clone()).await.unwrap_err().code(), "postbox-no-address");
            Ok(())
        })
        .unwrap();
        assert_eq!(messages(&test, case).await[0].closed_at, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_file_has_words_in_both_languages() {
    let test = cities().await.into_iter().next().unwrap();
    let keys = files::Refusal::ALL.map(|refusal| format!("postbox-{}", refusal.code()));
    for (lang, key) in [kernel::Lang::De, kernel::Lang::En].into_iter().flat_map(|l| keys.iter().map(move |k| (l, k))) {
        assert!(!test.app.texts.plain(lang, key).contains(key.as_str()), "{key} in {lang:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mangled_id_is_a_page_that_does_not_exist() {
    for test in cities().await {
        let mut browser = guest(&test, rooms::add_case(&test, false, None)).await;
        browser.get("/postfach/xyz").await.is(404).shows("Diese Seite gibt es nicht").hides("Invalid URL");
    }
}

/// Files below a folder.
fn on_disk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { on_disk(&path) } else { 1 }).sum()
}

/// Asks the guest of a new case a question; answers the case and where the reply goes.
async fn ask_guest(test: &TestCity) -> (CaseId, String) {
    let case = rooms::add_case(test, false, None);
    rooms::add_question(case, "Welches Jahr?");
    let ask = AskApplicant { case, token: token(&cx(test, "postbox")), task: "bearbeiten".into() };
    step(test, ask).await.unwrap();
    test.settle().await;
    let question = messages(test, case).await.remove(0);
    (case, format!("/postfach/{}/antwort", question.id))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_leaves_no_files_behind() {
    for test in cities().await {
        let (case, action) = ask_guest(&test).await;
        let files = test.app.config.data.join("meerbusch/files");
        let before = on_disk(&files);
        let mut first = guest(&test, case).await;
        let mut second = first.clone();
        let (text, file) = ([("antwort", "1985")], [("datei", "nachweis.pdf", PDF)]);
        let (one, two) =
            tokio::join!(first.post_files(&action, &text, &file), second.post_files(&action, &text, &file));
        let mut answers = [one.status.as_u16(), two.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [303, 409]);
        assert_eq!(on_disk(&files), before + 1);
        assert_eq!(messages(&test, case).await.len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_replies_count_towards_the_hourly_allowance_and_the_text_is_not_lost() {
    for engine in [db::Engine::Sqlite, db::Engine::Postgres] {
        let one = |config: &mut house::Config| config.limits.upload_megabytes_per_hour = 1;
        let modules = &[MODULE, certificates::MODULE, ROOMS];
        let Some(test) = TestCity::open_with(modules, engine, one).await else { continue };
        let (case, action) = ask_guest(&test).await;
        let files = test.app.config.data.join("meerbusch/files");
        let before = on_disk(&files);
        let large = [b"%PDF-1.7\n".to_vec(), vec![b' '; 1_100_000], b"%%EOF\n".to_vec()].concat();
        let mut guest = guest(&test, case).await;
        let text = [("antwort", "1985 in Musterdorf")];
        let page = guest.post_files(&action, &text, &[("datei", "nachweis.pdf", &large)]).await;
        page.is(429).shows("in 60 Minuten noch einmal").shows("1985 in Musterdorf");
        assert_eq!((on_disk(&files), messages(&test, case).await.len()), (before, 1));
        guest.post_files(&action, &text, &[]).await.is(303);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_breaks_off_comes_back_with_its_text() {
    for test in cities().await {
        let (case, action) = ask_guest(&test).await;
        let mut guest = guest(&test, case).await;
        let text = [("antwort", "1985 in Musterdorf")];
        // In the middle of the file, and in the middle of its head.
        for missing in [60, 150] {
            let page = guest.post_files_broken(&action, &text, &[("datei", "nachweis.pdf", PDF)], missing).await;
            page.is(422).shows("Die Dateien sind nicht ganz angekommen").shows("1985 in Musterdorf");
        }
        // What no browser sends.
        guest.post(&action, &text).await.is(422).hides("multipart");
        assert_eq!(messages(&test, case).await.len(), 1);
    }
}
