//! What is known about a person (Art. 15 DSGVO), gathered from the tables that the modules declare.

use contract_records::{Audience, CaseView, CasesOfAccount, DocumentView, DocumentsOfCase};
use db::{Rx, params};
use house::{App, Call, Holds, Key};
use kernel::{AccountId, Cx, Lang, Result, Subject, Timestamp, Uuid};
use serde_json::Value;

use crate::{
    deletion,
    labels::event_key,
    schema::{Cell, Schema},
};

/// Entries of the journal about one subject that an export holds; nobody's case comes near.
const ENTRIES: i64 = 10_000;

/// Whose data are asked for.
pub enum Whose {
    Account(AccountId),
    /// A person without account is known by a case only.
    Case(Box<CaseView>),
}

/// The rows of one table about the person.
#[derive(Debug)]
pub struct Part {
    pub module: &'static str,
    pub table: &'static str,
    /// Aktenzeichen of the case that the rows belong to; none for those of the account.
    pub case: Option<String>,
    pub rows: Vec<Vec<(String, Cell)>>,
}

/// An entry of the journal about the person's account, case, document or file, of a kind that people may read of.
#[derive(Debug)]
pub struct Said {
    pub at: Timestamp,
    pub name: String,
    pub case: Option<String>,
    /// Personal data of the entry, unless erased.
    pub private: Option<Value>,
}

/// A document of one of the person's cases.
#[derive(Debug)]
pub struct Document {
    pub case: String,
    pub title: String,
    pub added_at: Timestamp,
    pub file: files::Meta,
    /// The person may see it in the portal; others are handed out after somebody has looked for data of third persons
    /// in them (Art. 15 Abs. 4 DSGVO).
    pub open: bool,
}

#[derive(Debug, Default)]
pub struct Export {
    pub parts: Vec<Part>,
    pub journal: Vec<Said>,
    pub documents: Vec<Document>,
}

/// A table that holds data of persons, and the statement that finds those of one.
struct Source {
    module: &'static str,
    table: &'static str,
    export: &'static str,
}

fn sources(app: &App, key: Key) -> Vec<Source> {
    let mut all = Vec::new();
    for module in &app.modules {
        for table in module.tables {
            if let Holds::Person { by, export, .. } = table.holds
                && by == key
            {
                all.push(Source { module: module.name, table: table.name, export });
            }
        }
    }
    all
}

/// Everything about the person, from one view of the database.
///
/// # Errors
/// Those of the database; a faulty `export` statement of a module.
pub async fn gather(cx: &Cx, rx: &mut Rx, app: &App, whose: &Whose) -> Result<Export> {
    let schema = Schema::of(&app.migrations());
    let mut export = Export::default();
    match whose {
        Whose::Account(account) => {
            let cases = cx.ask(rx, CasesOfAccount { account: *account }).await?;
            export.tables(rx, app, &schema, Key::Account, account.uuid(), None).await?;
            export.entries(rx, app, &(*account).into(), None).await?;
            for case in &cases {
                export.case(cx, rx, app, &schema, case).await?;
            }
        }
        Whose::Case(case) => export.case(cx, rx, app, &schema, case).await?,
    }
    export.journal.sort_by_key(|said| said.at);
    Ok(export)
}

impl Export {
    async fn case(&mut self, cx: &Cx, rx: &mut Rx, app: &App, schema: &Schema, case: &CaseView) -> Result<()> {
        self.tables(rx, app, schema, Key::Case, case.id.uuid(), Some(&case.number)).await?;
        self.entries(rx, app, &case.id.into(), Some(&case.number)).await?;
        for (evidence, id) in deletion::evidential_rows(rx, app, case.id).await? {
            // Documents and files speak for themselves below.
            if !matches!(evidence.subject, "case" | "document" | "file") {
                self.entries(rx, app, &Subject { kind: evidence.subject, id }, Some(&case.number)).await?;
            }
        }
        for document in cx.ask(rx, DocumentsOfCase { case: case.id }).await? {
            self.document(rx, app, &case.number, document).await?;
        }
        Ok(())
    }

    async fn document(&mut self, rx: &mut Rx, app: &App, case: &str, document: DocumentView) -> Result<()> {
        self.entries(rx, app, &document.id.into(), Some(case)).await?;
        self.entries(rx, app, &document.file.into(), Some(case)).await?;
        self.documents.push(Document {
            case: case.to_owned(),
            title: document.title,
            added_at: document.added_at,
            file: files::meta(rx, document.file).await?,
            open: document.audience == Audience::Applicant,
        });
        Ok(())
    }

    async fn tables(
        &mut self,
        rx: &mut Rx,
        app: &App,
        schema: &Schema,
        key: Key,
        id: Uuid,
        case: Option<&str>,
    ) -> Result<()> {
        for Source { module, table, export } in sources(app, key) {
            let rows = rx.query(export, params![id]).await?;
            let rows = rows.iter().map(|row| schema.read(table, export, row)).collect::<Result<Vec<_>>>()?;
            if !rows.is_empty() {
                self.parts.push(Part { module, table, case: case.map(str::to_owned), rows });
            }
        }
        Ok(())
    }

    /// Only what its module has a text for: a name that nobody wrote for the person to read may tell them what they must
    /// not know, such as that there is a Sperrvermerk (§ 64 PStG).
    async fn entries(&mut self, rx: &mut Rx, app: &App, subject: &Subject, case: Option<&str>) -> Result<()> {
        let entries = journal::of_subject(rx, subject, ENTRIES).await?;
        let named = entries.into_iter().filter(|entry| app.texts.has(Lang::De, &event_key(&entry.name)));
        self.journal.extend(named.map(|entry| Said {
            at: entry.at,
            name: entry.name,
            case: case.map(str::to_owned),
            private: entry.private,
        }));
        Ok(())
    }
}
