use std::{future::Future, pin::Pin, sync::Arc};

use db::{Migrations, Rx, Tx, params};
use kernel::{CaseId, Cx, DocumentId, Permission, Principal, Result, Uuid};
use web::Routes;

use crate::{App, Commands, Events, Jobs, Req};

/// A room of the house: everything it adds, as data.
#[derive(Clone, Copy)]
pub struct Module {
    pub name: &'static str,
    pub migrations: Option<Migrations>,
    pub permissions: &'static [Permission],
    /// Fluent sources by language code.
    pub locales: &'static [(&'static str, &'static str)],
    pub routes: fn(&mut Routes<Arc<App>>),
    pub commands: fn(&mut Commands),
    pub events: fn(&mut Events),
    pub jobs: fn(&mut Jobs),
    pub menu: &'static [Menu],
    pub tables: &'static [Table],
    /// Tables whose rows are evidence: their state hash is in the journal.
    pub evidence: &'static [journal::Evidence],
    /// Parts of the page of a case.
    pub panels: &'static [Panel],
    /// Parts of the pages of a file and of a document.
    pub view_panels: &'static [ViewPanel],
    /// Things of the module that staff find by their words.
    pub searchable: &'static [Searchable],
    /// Looks through the city's data at start and names every fault with file and line.
    pub check_content: fn(&App, &content::Content) -> Vec<String>,
    /// Takes city data that lives in the module's own tables (units, roles) over; runs at every start, idempotent.
    pub seed: Option<Seed>,
    /// Who shows this token at a route of the module for machines ([`web::Access::Machine`]).
    pub machines: Option<Machines>,
}

impl Module {
    pub const EMPTY: Module = Module {
        name: "",
        migrations: None,
        permissions: &[],
        locales: &[],
        routes: |_| {},
        commands: |_| {},
        events: |_| {},
        jobs: |_| {},
        menu: &[],
        tables: &[],
        evidence: &[],
        panels: &[],
        view_panels: &[],
        searchable: &[],
        check_content: |_, _| Vec::new(),
        seed: None,
        machines: None,
    };
}

/// Takes a city's data over into the module's tables. `demo` adds sample accounts and staff.
pub type Seed = for<'a> fn(&'a Cx, bool) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// The machine account behind a token; none when it is not, or no longer, good.
pub type Machines =
    for<'a> fn(&'a Cx, &'a mut Rx, &'a str) -> Pin<Box<dyn Future<Output = Result<Option<Principal>>> + Send + 'a>>;

/// An entry of the navigation.
#[derive(Clone, Copy, Debug)]
pub struct Menu {
    /// Text key.
    pub label: &'static str,
    pub href: &'static str,
    pub access: web::Access,
    pub order: u16,
}

/// How long personal data are kept, and why.
#[derive(Clone, Copy, Debug)]
pub enum Retention {
    /// As long as the case (its service's own years), then deleted with it.
    WithCase,
    /// As long as the account; gone when it is closed.
    WithAccount,
    /// As long as the member of staff is known: made anonymous some time after they left.
    WithStaff,
    /// Days after the row's last change; the module removes them itself.
    Days(u16, &'static str),
    /// Days, then the nightly run of `privacy` deletes them. `expire` is `DELETE FROM .. WHERE tenant = $1 AND <instant>
    /// < $2`.
    Aged { days: u16, basis: &'static str, expire: &'static str },
}

/// Whose data a row is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key {
    Case,
    Account,
    Staff,
}

/// What a table holds.
#[derive(Clone, Copy, Debug)]
pub enum Holds {
    /// No data of persons; the reason is for the reader.
    NoPerson(&'static str),
    Person {
        by: Key,
        /// `SELECT .. WHERE tenant = $1 AND <key> = $2`: every datum of the person, for Art. 15 DSGVO.
        export: &'static str,
        /// Deletes or empties those rows: the deletion run for cases, [`erase_rows`] for the others.
        erase: &'static str,
        retention: Retention,
    },
    /// Numbers of rows, without a datum of a person. `leave` takes a case's rows out of them before those are deleted:
    /// `UPDATE .. WHERE tenant = $1 AND <row of case $2>`.
    Sum { leave: &'static str },
}

/// One table of a module.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub name: &'static str,
    pub holds: Holds,
}

/// Deletes or empties the rows of all tables that are kept about an account or a member of staff, as they declare it.
/// Answers how many. Cases go with their retention, and not here.
///
/// # Errors
/// Those of the database.
pub async fn erase_rows(cx: &Cx, tx: &mut Tx, whose: Key, id: Uuid) -> Result<u64> {
    let app = App::of(cx)?;
    let mut rows = 0;
    // Backwards: rows that point at others are declared after them.
    for table in app.modules.iter().flat_map(|m| m.tables).rev() {
        if let Holds::Person { by, erase, .. } = table.holds
            && by == whose
            && whose != Key::Case
        {
            rows += tx.exec(erase, params![id]).await?;
        }
    }
    Ok(rows)
}

pub type CardsFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<search::Card>>> + Send + 'a>>;

/// Things of one kind that staff find by their words. Whatever entry of the journal is about one of them, its card is
/// made again.
#[derive(Clone, Copy)]
pub struct Searchable {
    /// As the journal names the subject, e.g. `case`.
    pub kind: &'static str,
    /// The cards of those that exist; at most [`crate::CARDS`] are asked for at once. Only what the thing's own access
    /// class covers may stand on a card: nothing that fewer people see.
    pub cards: for<'a> fn(&'a Cx, &'a mut Rx, &'a [Uuid]) -> CardsFuture<'a>,
}

pub type PanelFuture<'a> = Pin<Box<dyn Future<Output = Result<Option<String>>> + Send + 'a>>;

/// A part of the page of a case, shown to the applicant, to staff or to both; answers nothing where it has nothing to
/// say. Who may see the case has been checked before.
#[derive(Clone, Copy)]
pub struct Panel {
    pub name: &'static str,
    pub order: u16,
    pub staff: bool,
    pub applicant: bool,
    pub render: for<'a> fn(&'a Req, &'a mut Rx, CaseId) -> PanelFuture<'a>,
}

/// What a page for staff shows that is no case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Viewed {
    /// A file (Akte) with its cases.
    File(Uuid),
    /// A version of a document of a case; the versions count from 1.
    Document { case: CaseId, document: DocumentId, version: i64 },
}

/// A part of such a page, as a [`Panel`] is one of the page of a case; answers nothing where it has nothing to say. Who
/// may see the page has been checked before.
#[derive(Clone, Copy)]
pub struct ViewPanel {
    pub name: &'static str,
    pub order: u16,
    pub render: for<'a> fn(&'a Req, &'a mut Rx, Viewed) -> PanelFuture<'a>,
}
