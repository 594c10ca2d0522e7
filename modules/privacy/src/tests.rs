//! A house with a module that keeps cases for `privacy` to ask about: the rules hold for whatever a module declares.

use std::sync::Arc;

use contract_records::{
    Address, Audience, CaseView, CasesOfAccount, DocumentView, DocumentsOfCase, DueCase, DueForDeletion, FilesOfCase,
    KeepErased, Party, Status,
};
use db::{Row, Rx, Tx, params};
use house::{App, City, Config, Holds, Key, Module, Retention, Table, answer, handler};
use journal::{Evidence, Kind};
use kernel::{
    AccountId, CaseId, Cx, Date, DocumentId, Event, FileId, Lang, Principal, Result, Sources, StaffId, Subject,
    Timestamp, Uuid,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    deletion,
    export::{self, Whose},
    labels::Labels,
    package::{self, Label},
    store,
};

const SCHEMA: db::Migrations = db::Migrations {
    module: "filing",
    steps: &[db::Step {
        name: "0001_init",
        sql: "CREATE TABLE filing_case (
                tenant BIGINT NOT NULL, id UUID NOT NULL, number TEXT NOT NULL, account_id UUID, name TEXT NOT NULL,
                closed_at TIMESTAMPTZ, PRIMARY KEY (tenant, id));
              CREATE TABLE filing_note (
                tenant BIGINT NOT NULL, id UUID NOT NULL, case_id UUID NOT NULL, body JSONB NOT NULL, secret BYTEA,
                seen BOOLEAN NOT NULL, day DATE, at TIMESTAMPTZ NOT NULL, PRIMARY KEY (tenant, id),
                FOREIGN KEY (tenant, case_id) REFERENCES filing_case (tenant, id));
              CREATE TABLE filing_document (
                tenant BIGINT NOT NULL, id UUID NOT NULL, case_id UUID NOT NULL, title TEXT NOT NULL,
                file_id UUID NOT NULL, open BOOLEAN NOT NULL, at TIMESTAMPTZ NOT NULL, PRIMARY KEY (tenant, id));
              CREATE TABLE filing_payment (
                tenant BIGINT NOT NULL, id UUID NOT NULL, case_id UUID NOT NULL, amount BIGINT NOT NULL,
                at TIMESTAMPTZ NOT NULL, PRIMARY KEY (tenant, id));
              CREATE TABLE filing_profile (
                tenant BIGINT NOT NULL, account_id UUID NOT NULL, hobby TEXT NOT NULL,
                PRIMARY KEY (tenant, account_id));",
    }],
};

const EVIDENCE: Evidence = Evidence {
    subject: "note",
    table: "filing_note",
    one: "SELECT id, body FROM filing_note WHERE tenant = $1 AND id = $2",
    page: "SELECT id, body FROM filing_note WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[("id", Kind::Uuid), ("body", Kind::Json)],
};

const PAID: Evidence = Evidence {
    subject: "payment",
    table: "filing_payment",
    one: "SELECT id, amount FROM filing_payment WHERE tenant = $1 AND id = $2",
    page: "SELECT id, amount FROM filing_payment WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[("id", Kind::Uuid), ("amount", Kind::Int)],
};

const TABLES: &[Table] = &[
    Table {
        name: "filing_case",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT number, name, closed_at FROM filing_case WHERE tenant = $1 AND id = $2",
            erase: "DELETE FROM filing_case WHERE tenant = $1 AND id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "filing_note",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT n.body, n.secret, n.seen, n.day, n.at, c.number, COUNT(*) OVER () AS notes
                     FROM filing_note n JOIN filing_case c ON c.tenant = n.tenant AND c.id = n.case_id
                     WHERE n.tenant = $1 AND n.case_id = $2",
            erase: "DELETE FROM filing_note WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "filing_document",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT title, file_id, at FROM filing_document WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM filing_document WHERE tenant = $1 AND case_id = $2",
            retention: Retention::WithCase,
        },
    },
    Table {
        name: "filing_payment",
        holds: Holds::Person {
            by: Key::Case,
            export: "SELECT amount FROM filing_payment WHERE tenant = $1 AND case_id = $2",
            erase: "DELETE FROM filing_payment WHERE tenant = $1 AND case_id = $2",
            retention: Retention::Aged {
                days: 3653,
                basis: "§ 59 KomHVO NRW",
                expire: "DELETE FROM filing_payment WHERE tenant = $1 AND at < $2",
            },
        },
    },
    Table {
        name: "filing_profile",
        holds: Holds::Person {
            by: Key::Account,
            export: "SELECT hobby FROM filing_profile WHERE tenant = $1 AND account_id = $2",
            erase: "DELETE FROM filing_profile WHERE tenant = $1 AND account_id = $2",
            retention: Retention::WithAccount,
        },
    },
];

const FILING: Module = Module {
    name: "filing",
    migrations: Some(SCHEMA),
    locales: &[
        (
            "de",
            "filing-table-note = Notizen\nfiling-field-number = Aktenzeichen\nfiling-event-filed = Abgelegt\n\
             filing-event-note-written = Notiz geschrieben\n",
        ),
        (
            "en",
            "filing-table-note = Notes\nfiling-field-number = Reference\nfiling-event-filed = Filed\n\
             filing-event-note-written = Note written\n",
        ),
    ],
    commands: |c| {
        c.answers(answer!(cases: CasesOfAccount));
        c.answers(answer!(documents: DocumentsOfCase));
        c.answers(answer!(files_of: FilesOfCase));
        c.answers(answer!(due: DueForDeletion));
        c.on(handler!(keep_erased: KeepErased));
    },
    tables: TABLES,
    evidence: &[EVIDENCE, PAID],
    ..Module::EMPTY
};

fn view(row: &Row) -> Result<CaseView> {
    Ok(CaseView {
        id: row.get("id")?,
        number: row.get("number")?,
        service: "muster".into(),
        title: "Muster".into(),
        unit: "amt".into(),
        cls: 1,
        status: Status::Received,
        opened_at: Timestamp::UNIX_EPOCH,
        closed_at: row.get("closed_at")?,
        account: row.get("account_id")?,
        lang: Lang::De,
        party: Party {
            family_name: row.get("name")?,
            first_names: String::new(),
            birth_date: None,
            address: Address::default(),
            email: None,
            provenance: "typed".into(),
        },
    })
}

async fn cases(_: &Cx, rx: &mut Rx, q: CasesOfAccount) -> Result<Vec<CaseView>> {
    let sql = "SELECT id, number, account_id, name, closed_at FROM filing_case WHERE tenant = $1 AND account_id = $2";
    rx.query(sql, params![q.account]).await?.iter().map(view).collect()
}

async fn files_of(_: &Cx, rx: &mut Rx, q: FilesOfCase) -> Result<Vec<FileId>> {
    let sql = "SELECT file_id FROM filing_document WHERE tenant = $1 AND case_id = $2 ORDER BY id";
    Ok(rx.list::<(FileId,)>(sql, params![q.case]).await?.into_iter().map(|(file,)| file).collect())
}

async fn documents(_: &Cx, rx: &mut Rx, q: DocumentsOfCase) -> Result<Vec<DocumentView>> {
    let sql = "SELECT id, case_id, title, file_id, open, at FROM filing_document
               WHERE tenant = $1 AND case_id = $2 ORDER BY id";
    let document = |row: &Row| {
        Ok(DocumentView {
            id: row.get("id")?,
            case: row.get("case_id")?,
            kind: "antrag".into(),
            title: row.get("title")?,
            file: row.get("file_id")?,
            direction: "eingang".into(),
            audience: if row.get("open")? { Audience::Applicant } else { Audience::Staff },
            added_at: row.get("at")?,
        })
    };
    rx.query(sql, params![q.case]).await?.iter().map(document).collect()
}

/// Nothing of this house came from another system.
async fn keep_erased(_: &Cx, _: &mut Tx, _: KeepErased) -> Result<()> {
    Ok(())
}

async fn due(_: &Cx, rx: &mut Rx, q: DueForDeletion) -> Result<Vec<DueCase>> {
    let sql = "SELECT id, number, closed_at FROM filing_case
               WHERE tenant = $1 AND closed_at IS NOT NULL ORDER BY id";
    let due = |row: &Row| {
        Ok(DueCase {
            case: row.get("id")?,
            number: row.get("number")?,
            closed_at: row.get("closed_at")?,
            retention_years: 1,
            retention_basis: "§ 1 Mustergesetz".into(),
            deletable_from: Date::constant(2026, 1, 1),
        })
    };
    let mut all = rx.query(sql, &[]).await?.iter().map(due).collect::<Result<Vec<DueCase>>>()?;
    all.retain(|due| q.only.as_ref().is_none_or(|only| only.contains(&due.case)));
    Ok(all)
}

#[derive(Serialize, Deserialize)]
struct NoteWritten {
    note: Uuid,
}

impl Event for NoteWritten {
    const NAME: &'static str = "filing.note-written";
    fn subject(&self) -> Subject {
        Subject { kind: "note", id: self.note }
    }
}

#[derive(Serialize, Deserialize)]
struct Paid {
    payment: Uuid,
}

impl Event for Paid {
    const NAME: &'static str = "filing.paid";
    fn subject(&self) -> Subject {
        Subject { kind: "payment", id: self.payment }
    }
}

#[derive(Serialize, Deserialize)]
struct Filed {
    case: CaseId,
}

impl Event for Filed {
    const NAME: &'static str = "filing.filed";
    fn subject(&self) -> Subject {
        self.case.into()
    }
}

struct Town {
    app: Arc<App>,
    city: Arc<City>,
    cx: Cx,
    _folder: tempfile::TempDir,
    _db: Option<db::testing::TestDb>,
}

impl Town {
    async fn open(database: Option<db::testing::TestDb>) -> Town {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let musterstadt = folder.path().join("musterstadt");
        std::fs::create_dir_all(&musterstadt).unwrap();
        let text = "tenant = 1\nags = \"00000000\"\nname = \"Stadt Musterstadt\"\nplace = \"Musterstadt\"\n\
                    hosts = [\"localhost\"]\n[sender]\nstreet = \"Musterweg 1\"\npostal_code = \"00000\"\n\
                    city = \"Musterstadt\"\n";
        std::fs::write(musterstadt.join("city.toml"), text).unwrap();
        let config = Config { data, database: database.as_ref().map(|db| db.url_text()), ..Config::default() };
        let app = App::new(config, Sources::system(), vec![FILING, crate::MODULE]).unwrap();
        let city = house::open_city(&app, &musterstadt).await.unwrap();
        let mut cx = app.cx(&city, "test");
        cx.actor.via = vec!["privacy"];
        Town { app, city, cx, _folder: folder, _db: database }
    }

    async fn both() -> Vec<Town> {
        let mut all = vec![Town::open(None).await];
        if let Some(db) = db::testing::postgres(&[]).await {
            all.push(Town::open(Some(db)).await);
        }
        all
    }

    /// A person with an account, one case, and data everywhere; each datum begins with the person's name.
    async fn settle_in(&self, name: &str, closed: bool) -> Person {
        let cx = &self.cx;
        let (account, case): (AccountId, CaseId) = (cx.new_id(), cx.new_id());
        let (note, number) = (cx.sources.uuid(), format!("{name}/2024/1"));
        let closed_at = closed.then(|| "2024-05-01T10:00:00Z".parse::<Timestamp>().unwrap());
        let mut files = Vec::new();
        for (what, open) in [("offen", true), ("intern", false)] {
            let bytes = format!("{name}-bytes-{what}").into_bytes();
            files.push((self.city.files.put(cx, bytes).await.unwrap(), what, open));
        }
        db::write!(self.city.db, |tx| {
            let sql = "INSERT INTO filing_profile (tenant, account_id, hobby) VALUES ($1, $2, $3)";
            tx.exec_one(sql, params![account, format!("{name}-hobby")]).await?;
            let sql = "INSERT INTO filing_case (tenant, id, number, account_id, name, closed_at)
                       VALUES ($1, $2, $3, $4, $5, $6)";
            tx.exec_one(sql, params![case, &number, account, format!("{name}-name"), closed_at]).await?;
            let sql = "INSERT INTO filing_note (tenant, id, case_id, body, secret, seen, day, at)
                       VALUES ($1, $2, $3, $4, $5, TRUE, $6, $7)";
            let day = Date::constant(1985, 3, 27);
            let body = json!({"text": format!("{name}-note")});
            tx.exec_one(sql, params![note, case, body, vec![1u8, 255], day, cx.now()]).await?;
            journal::emit_evidence(
                tx,
                cx,
                &NoteWritten { note },
                Some(json!({"who": format!("{name}-wrote")})),
                &EVIDENCE,
            )
            .await?;
            let sql = "INSERT INTO filing_payment (tenant, id, case_id, amount, at) VALUES ($1, $2, $3, 900, $4)";
            let payment = cx.sources.uuid();
            tx.exec_one(sql, params![payment, case, cx.now()]).await?;
            journal::emit_evidence(tx, cx, &Paid { payment }, None, &PAID).await?;
            for (stored, what, open) in &files {
                files::record(tx, cx, stored, &format!("{name}-{what}.pdf"), "application/pdf").await?;
                let sql = "INSERT INTO filing_document (tenant, id, case_id, title, file_id, open, at)
                           VALUES ($1, $2, $3, $4, $5, $6, $7)";
                let (id, title): (DocumentId, _) = (cx.new_id(), format!("{name}-title-{what}"));
                tx.exec_one(sql, params![id, case, title, stored.id, *open, cx.now()]).await?;
            }
            journal::emit_private(tx, cx, &Filed { case }, json!({"said": format!("{name}-private")})).await?;
            Ok(())
        })
        .unwrap();
        Person { account, case, note, files: files.iter().map(|(stored, ..)| stored.id).collect() }
    }

    /// Numbers what was written and does the work that is due.
    async fn work(&self) {
        let failures = house::settle(&self.app, &self.city).await.unwrap();
        assert!(failures.is_empty());
    }

    async fn count(&self, sql: &'static str, case: CaseId) -> i64 {
        self.city.db.read().await.unwrap().one::<(i64,)>(sql, params![case]).await.unwrap().0
    }

    async fn package(&self, whose: &Whose, internal: bool) -> Vec<u8> {
        let mut rx = self.city.db.read_long().await.unwrap();
        let found = export::gather(&self.cx, &mut rx, &self.app, whose).await.unwrap();
        drop(rx);
        let page = ui::Page::new(Lang::De, self.app.texts.clone(), self.city.info.clone());
        let label = Label { about: "Konto", made_at: self.cx.now(), internal };
        let labels = Labels::new(&page, &self.city.content);
        package::pack(&labels, &self.city.files, &found, &label).await.unwrap()
    }
}

struct Person {
    account: AccountId,
    case: CaseId,
    note: Uuid,
    files: Vec<FileId>,
}

/// The package is not compressed, so whatever is in it can be found in its bytes.
fn holds(package: &[u8], text: &str) -> bool {
    package.windows(text.len()).any(|w| w == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_gets_everything_about_them_and_nothing_about_anybody_else() {
    for town in Town::both().await {
        let anna = town.settle_in("Anna", false).await;
        town.settle_in("Bert", true).await;
        town.work().await;

        let own = town.package(&Whose::Account(anna.account), false).await;
        let data =
            ["hobby", "name", "note", "wrote", "private", "title-offen", "title-intern", "bytes-offen", "offen.pdf"];
        for datum in data {
            assert!(holds(&own, &format!("Anna-{datum}")), "{datum} is missing");
        }
        assert!(holds(&own, "Anna/2024/1"));
        // Every kind of value is shown as what it is: a day, bytes, yes, a number; the word for a known column.
        for shown in [
            "27.03.1985",
            "01ff",
            "<dd>ja</dd>",
            "<dd>900</dd>",
            "<dt>Aktenzeichen</dt>",
            "1985-03-27",
            ">Notizen, Vorgang",
            ": Abgelegt,",
        ] {
            assert!(holds(&own, shown), "{shown} is missing");
        }
        assert!(!holds(&own, "filing.paid"), "an event that nobody has written a text for");
        assert!(!holds(&own, "Bert"), "somebody else's data");
        assert!(!holds(&own, "Anna-bytes-intern"), "an internal document that nobody has looked through");

        let mut rx = town.city.db.read().await.unwrap();
        let cases = cases(&town.cx, &mut rx, CasesOfAccount { account: anna.account }).await.unwrap();
        drop(rx);
        let by_case = Whose::Case(Box::new(cases.into_iter().next().unwrap()));
        let handed_out = town.package(&by_case, true).await;
        assert!(holds(&handed_out, "Anna-bytes-intern") && holds(&handed_out, "Anna-note"));
        assert!(!holds(&handed_out, "Anna-hobby"), "the account was not asked for");
        assert!(!holds(&handed_out, "Bert"));

        let nobody = town.package(&Whose::Account(town.cx.new_id()), true).await;
        assert!(!holds(&nobody, "Anna") && !holds(&nobody, "Bert"));
    }
}

const CASES: &str = "SELECT COUNT(*) AS n FROM filing_case WHERE tenant = $1 AND id = $2";
const NOTES: &str = "SELECT COUNT(*) AS n FROM filing_note WHERE tenant = $1 AND case_id = $2";
const DOCUMENTS: &str = "SELECT COUNT(*) AS n FROM filing_document WHERE tenant = $1 AND case_id = $2";
const PAYMENTS: &str = "SELECT COUNT(*) AS n FROM filing_payment WHERE tenant = $1 AND case_id = $2";

#[tokio::test(flavor = "multi_thread")]
async fn what_was_released_is_deleted_everywhere_and_the_journal_stays_whole() {
    for town in Town::both().await {
        let anna = town.settle_in("Anna", false).await;
        let bert = town.settle_in("Bert", true).await;
        let clara = town.settle_in("Clara", true).await;
        let db = &town.city.db;

        // Found, and nothing happens before somebody has looked.
        deletion::find(town.cx.clone(), deletion::Find {}).await.unwrap();
        town.work().await;
        // Two people of the office.
        let person = || {
            let user = StaffId::from_uuid(town.cx.sources.uuid());
            town.cx.as_principal(Principal::Staff { user, unit: "datenschutz".into(), grants: Arc::default() })
        };
        let (one, other) = (person(), person());
        let reader = one.actor.staff().unwrap();
        let (waiting, counts) = store::waiting(&mut db.read().await.unwrap(), reader, 10).await.unwrap();
        assert_eq!(waiting, [bert.case, clara.case]);
        assert_eq!((counts.all, counts.unchecked, counts.checked_by_others), (2, 2, 0));
        assert_eq!(town.count(CASES, bert.case).await, 1);
        // What the page shows: the list in its order, without a case that is not due or not there.
        let listed = [clara.case, anna.case, bert.case, CaseId::from_uuid(Uuid::nil())];
        let shown = deletion::still_due(&town.cx, &mut db.read().await.unwrap(), &listed).await.unwrap();
        let numbers: Vec<&str> = shown.iter().map(|due| due.number.as_str()).collect();
        assert_eq!(numbers, ["Clara/2024/1", "Bert/2024/1"]);

        // What came onto the list after the page was made is not released with it.
        let early = town.cx.now().checked_sub(jiff::SignedDuration::from_hours(1)).unwrap();
        let none = db::write!(db, |tx| { deletion::check(&one, tx, clara.case, early).await }).unwrap();
        assert_eq!(none, 0);
        let none = db::write!(db, |tx| { deletion::release(&other, tx, clara.case, town.cx.now()).await }).unwrap();
        assert_eq!(none, 0, "nobody has looked at them");
        let both = db::write!(db, |tx| { deletion::check(&one, tx, clara.case, town.cx.now()).await }).unwrap();
        assert_eq!(both, 2);
        let none = db::write!(db, |tx| { deletion::release(&one, tx, clara.case, town.cx.now()).await }).unwrap();
        assert_eq!(none, 0, "nobody releases what they have checked themselves");

        // Somebody opens Clara's case again between release and run.
        let both = db::write!(db, |tx| { deletion::release(&other, tx, clara.case, town.cx.now()).await }).unwrap();
        assert_eq!(both, 2);
        db::write!(db, |tx| {
            let sql = "UPDATE filing_case SET closed_at = NULL WHERE tenant = $1 AND id = $2";
            tx.exec_one(sql, params![clara.case]).await
        })
        .unwrap();
        town.work().await;

        for table in [CASES, NOTES, DOCUMENTS] {
            assert_eq!(town.count(table, bert.case).await, 0, "{table}");
            for other in [anna.case, clara.case] {
                assert_ne!(town.count(table, other).await, 0, "{table}");
            }
        }
        assert_eq!(town.count(PAYMENTS, bert.case).await, 1, "it has a retention of its own");
        for file in &bert.files {
            assert_eq!(town.city.files.hash(*file).await.unwrap(), None, "the bytes are gone");
        }
        assert!(town.city.files.hash(anna.files[0]).await.unwrap().is_some());

        let mut rx = db.read().await.unwrap();
        for (person, gone) in [(&bert, true), (&anna, false), (&clara, false)] {
            for subject in [Subject::from(person.case), Subject { kind: "note", id: person.note }] {
                let entries = journal::of_subject(&mut rx, &subject, 100).await.unwrap();
                assert_eq!(entries.iter().all(|e| e.private.is_none()), gone, "{subject:?}");
            }
        }
        let protocol = store::deletions(&mut rx, 10).await.unwrap();
        let [line] = protocol.as_slice() else { panic!("one line for one case: {protocol:?}") };
        assert_eq!(line.number_hash, kernel::sha256(&[b"Bert/2024/1"]));
        assert_eq!((line.basis.as_str(), line.row_count, line.file_count), ("§ 1 Mustergesetz", 4, 2));
        assert_eq!(store::waiting(&mut rx, reader, 10).await.unwrap().1, store::Waiting::default());
        drop(rx);

        let report = journal::check::run(db, &town.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_reached_its_own_age_goes_by_itself_and_the_journal_knows() {
    for town in Town::both().await {
        let (anna, bert) = (town.settle_in("Anna", false).await, town.settle_in("Bert", false).await);
        let db = &town.city.db;
        let long_ago = "2011-03-01T10:00:00Z".parse::<Timestamp>().unwrap();
        db::write!(db, |tx| {
            let sql = "UPDATE filing_payment SET at = $3 WHERE tenant = $1 AND case_id = $2";
            tx.exec_one(sql, params![anna.case, long_ago]).await
        })
        .unwrap();
        deletion::find(town.cx.clone(), deletion::Find {}).await.unwrap();
        town.work().await;
        assert_eq!(town.count(PAYMENTS, anna.case).await, 0);
        assert_eq!(town.count(PAYMENTS, bert.case).await, 1);
        assert_eq!(town.count(CASES, anna.case).await, 1, "the case stays");
        let report = journal::check::run(db, &town.app.evidence(), &[], &[], &mut |_| {}).await.unwrap();
        assert!(report.is_whole(), "{:?}", report.findings);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_of_the_house_is_declared() {
    for town in Town::both().await {
        let tables = store::tables(&mut town.city.db.read().await.unwrap()).await.unwrap();
        assert!(tables.iter().any(|t| t == "filing_note") && tables.iter().any(|t| t == "privacy_due"));
        // The module `accounts` declares identity's tables; this house has none.
        let rest: Vec<_> = tables.iter().filter(|t| !t.starts_with("identity_")).collect();
        let found = crate::uncovered(&rest, &town.app.modules);
        assert!(found.is_empty(), "{found:?}");
    }
}

#[test]
fn every_text_of_the_templates_exists_in_both_languages() {
    let app = App::new(Config::default(), Sources::system(), vec![crate::MODULE]).unwrap();
    let sources = [
        include_str!("../templates/own_data.html"),
        include_str!("../templates/case_data.html"),
        include_str!("../templates/register.html"),
        include_str!("../templates/deletion.html"),
        include_str!("../templates/package.html"),
        include_str!("pages.rs"),
        include_str!("package.rs"),
        include_str!("labels.rs"),
        include_str!("lib.rs"),
    ];
    let mut seen = 0;
    for key in sources.iter().flat_map(|source| ui::texts::keys_used(source)).filter(|key| key.starts_with("privacy-"))
    {
        assert!(app.texts.has(Lang::De, key), "{key}");
        seen += 1;
    }
    assert!(seen > 40, "{seen}");
    let missing: Vec<_> =
        app.texts.missing_in(Lang::En).into_iter().filter(|key| key.starts_with("privacy-")).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
