//! One SQL text on SQLite and PostgreSQL.
//!
//! A city is one [`Db`]: a SQLite file or its rows in a PostgreSQL schema. Statements are written once, with `$1` to
//! `$n`, and **`$1` is always the tenant and is bound here**, so no caller can forget or forge it. Reads go through
//! [`Rx`], writes through [`Tx`] inside [`write!`](crate::write), which joins concurrent writers into one commit.
//!
//! Architecture invariant: only this crate names a database driver. Store functions take `&mut Rx` or `&mut Tx`, never
//! a pool, so nothing can wait for a second connection while it holds one.

mod engine;
mod group;
mod lite;
mod migrate;
mod pg;
mod row;
mod sql;
#[cfg(feature = "testing")]
pub mod testing;
mod value;

pub use engine::{BeforeCommit, Db, Engine, Finish, Runs, Rx, Tx, Url};
pub use migrate::{Migrations, Step, sqlite_ddl, statements};
pub use row::{Column, FromRow, Row};
pub use sql::{Sql, either};
pub use value::V;

/// Parameters after the tenant: `params![id, title]` are `$2` and `$3`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::V::from($value)),*] };
}

/// The migrations of a module, one file each under `migrations/`: `migrations!("payments": "0001_init", "0002_x")`.
#[macro_export]
macro_rules! migrations {
    ($module:literal : $($name:literal),+ $(,)?) => {
        $crate::Migrations {
            module: $module,
            steps: &[$($crate::Step {
                name: $name,
                sql: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/", $name, ".sql")),
            }),+],
        }
    };
}

/// A struct whose fields are columns of the same name: `record! { pub struct Note { pub id: Uuid, .. } }`.
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$fmeta:meta])* $fvis:vis $field:ident : $ty:ty),* $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($(#[$fmeta])* $fvis $field: $ty),* }
        impl $crate::FromRow for $name {
            fn from_row(row: &$crate::Row) -> ::kernel::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field))?),* })
            }
        }
    };
}

/// Runs a write transaction: `db::write!(db, |tx| { store::add(tx, ..).await?; Ok(()) }).await`-free, it expands in
/// place so the body may borrow. The body's value is returned after the commit is durable. The body may run again
/// when the engine asks for it, so it must not move captured values or talk to anybody outside.
#[macro_export]
macro_rules! write {
    ($db:expr, |$tx:ident| $body:block) => {{
        let __db: &$crate::Db = &$db;
        let mut __runs = $crate::Runs::default();
        loop {
            let mut __tx = match __db.begin().await {
                Ok(tx) => tx,
                Err(error) => break Err(error),
            };
            let __result: ::kernel::Result<_> = {
                let $tx: &mut $crate::Tx = &mut __tx;
                async { $body }.await
            };
            match __tx.finish(__result, &mut __runs).await {
                $crate::Finish::Done(result) => break result,
                $crate::Finish::Again => continue,
            }
        }
    }};
}
