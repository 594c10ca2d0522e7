//! What was erased here and is still in the export of another system: a keyed hash of its old id stays, so that nobody brings it
//! back by taking the same folder over again (Art. 17 DSGVO). Nothing of it can be read, but who has the city's key and the ids of
//! the other system can compare: for the city it is a pseudonym (Art. 4 Nr. 5 DSGVO), so it is forgotten too in the end.

use contract_records::KeepErased;
use db::{Rx, Tx};
use house::InCity;
use jiff::ToSpan as _;
use kernel::{Cx, Date, Hash, Result};
use serde::{Deserialize, Serialize};

use super::store;

/// Years that a trace is kept (Art. 5 Abs. 1 Buchst. e DSGVO). No law says how many: nobody takes an export over that is older.
const YEARS: i64 = 10;

/// Forgets traces that are old enough; every night.
#[derive(Serialize, Deserialize)]
pub struct ForgetErased {}

impl jobs::Job for ForgetErased {
    const NAME: &'static str = "records.forget-erased";
}

/// What is known of an old id. Cases and documents have ids of their own.
#[derive(Clone, Copy)]
pub enum Old<'a> {
    Case(&'a str),
    Document(&'a str),
}

fn trace(cx: &Cx, source: &str, old: Old<'_>) -> Result<Hash> {
    let (kind, old) = match old {
        Old::Case(old) => ("case", old),
        Old::Document(old) => ("document", old),
    };
    cx.city()?.identity.keyed_hash("records erased origin", &[kind.as_bytes(), source.as_bytes(), old.as_bytes()])
}

/// On which day it was erased here.
pub async fn day(cx: &Cx, rx: &mut Rx, source: &str, old: Old<'_>) -> Result<Option<Date>> {
    let trace = trace(cx, source, old)?;
    store::erased_on(rx, trace).await
}

/// See [`KeepErased`].
pub async fn keep(cx: &Cx, tx: &mut Tx, c: KeepErased) -> Result<()> {
    for (source, old) in store::origins_of_case(tx, c.case).await? {
        let trace = trace(cx, &source, Old::Case(&old))?;
        store::add_erased(tx, trace, cx.today()).await?;
    }
    for (source, old) in store::origins_of_documents(tx, c.case).await? {
        let trace = trace(cx, &source, Old::Document(&old))?;
        store::add_erased(tx, trace, cx.today()).await?;
    }
    Ok(())
}

pub async fn forget(cx: Cx, _: ForgetErased) -> Result<()> {
    let before = cx.today().saturating_sub(YEARS.years());
    let city = cx.city()?;
    db::write!(city.db, |tx| { store::forget_erased(tx, before).await })
}
