//! The clerk's list over many cases and 500 access classes, with exact counts.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use db::{Db, Tx, Url, either, params};
use desk::{After, counts, items};
use identity::access::Confidentiality;
use kernel::{CaseId, Cx, Principal, Sources, StaffId, TenantId, Timestamp, Uuid};

use crate::{
    figures::{Figure, millis, quantile},
    town,
};

pub const CLASSES: usize = 500;
/// The first hundred classes share a fiftieth of all cases, the other four hundred the rest.
const SMALL: usize = 100;
/// Lists that are asked for per clerk.
const ASKED: usize = 400;
/// Cases per statement of the filling.
const BATCH: i64 = 50_000;

/// Somebody who sees a thousandth of all cases, and somebody who sees six tenths.
pub struct Clerks {
    pub little: StaffId,
    pub much: StaffId,
}

pub async fn measure(folder: &Path, cases: i64) -> Result<Vec<Figure>> {
    let migrations =
        [journal::MIGRATIONS, identity::MIGRATIONS].into_iter().chain(desk::MODULE.migrations).collect::<Vec<_>>();
    let mut figures = Vec::new();

    // Kept from run to run: the name says what lies in it.
    let path = folder.join(format!("desk-{cases}.db"));
    let db = Db::open(&Url::Sqlite(path), TenantId(1), &migrations).await?;
    figures.extend(on(&db, cases, "SQLite").await?);
    drop(db);

    match db::testing::postgres(&migrations).await {
        Some(test) => {
            filled(&test.db, cases).await?;
            analyse(&test.url_text())?;
            figures.extend(on(&test.db, cases, "PostgreSQL").await?);
        }
        None => figures.push(Figure::not_measured("list of cases, PostgreSQL", "MEER_TEST_DATABASE=none")),
    }
    Ok(figures)
}

/// What PostgreSQL's autovacuum does by itself a minute after a load.
pub fn analyse(url: &str) -> Result<()> {
    let done = std::process::Command::new("psql").args(["-q", "-c", "VACUUM ANALYZE", url]).status();
    let done = done.context("psql, to have the freshly filled tables analysed")?;
    anyhow::ensure!(done.success(), "psql did not analyse the tables");
    Ok(())
}

async fn on(db: &Db, cases: i64, engine: &str) -> Result<Vec<Figure>> {
    let clerks = filled(db, cases).await?;
    let mut figures = Vec::new();
    for (who, clerk) in [("scattered", clerks.little), ("most", clerks.much)] {
        let (visible, total) = counts(&mut db.read().await?, clerk, false).await?;
        anyhow::ensure!(total == cases, "{total} cases are counted, {cases} are there");
        let mut times = ask(db, clerk, cases, visible).await?;
        let share = 100.0 * visible as f64 / total as f64;
        let name = format!("list of {total} cases, {CLASSES} classes, {engine}, sees {share:.1} % ({who}), p99");
        let half = quantile(&mut times, 0.5);
        let mut figure = Figure::at_most(name, quantile(&mut times, 0.99), Duration::from_millis(20));
        figure.measured = format!("{} (p50 {})", figure.measured, millis(half));
        figures.push(figure);
    }
    Ok(figures)
}

/// The first page and pages from the middle in turn, each with both counts.
async fn ask(db: &Db, clerk: StaffId, cases: i64, visible: i64) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(ASKED);
    for round in 0..ASKED as i64 {
        let after = match round % 2 {
            0 => After::START,
            _ => After { at: opened_at((round * 7919) % cases)?, case: CaseId::from_uuid(Uuid::nil()) },
        };
        let start = Instant::now();
        let mut rx = db.read().await?;
        let share = counts(&mut rx, clerk, false).await?;
        let page = items(&mut rx, clerk, false, after, share).await?;
        times.push(start.elapsed());
        anyhow::ensure!(share.0 == visible, "the count changed while nobody wrote");
        anyhow::ensure!(round % 2 == 1 || !page.is_empty(), "the first page is empty");
    }
    Ok(times)
}

/// One case is opened every minute from the start of 2024.
const FIRST: i64 = 1_704_063_600_000_000;

fn opened_at(number: i64) -> Result<Timestamp> {
    Ok(Timestamp::from_microsecond(FIRST + number * 60_000_000)?)
}

/// Fills an empty database; a filled one stays as it is.
async fn filled(db: &Db, cases: i64) -> Result<Clerks> {
    if let Some(clerks) = Clerks::there(db).await? {
        return Ok(clerks);
    }
    classes(db).await?;
    let mut from = 0;
    while from < cases {
        let upto = (from + BATCH).min(cases);
        db::write!(db, |tx| { fill(tx, from, upto).await })?;
        from = upto;
    }
    db::write!(db, |tx| {
        let sql = "INSERT INTO desk_count (tenant, cls, closed, n)
                   SELECT tenant, cls, closed, COUNT(*) FROM desk_item WHERE tenant = $1 GROUP BY tenant, cls, closed";
        tx.exec(sql, &[]).await.map(|_| ())
    })?;
    Clerks::made(db).await
}

/// One class for each of the units.
pub async fn classes(db: &Db) -> Result<()> {
    let cx = Cx::new(db.tenant(), Principal::System { name: "bench" }, Sources::system());
    let organisation = town::organisation(CLASSES);
    db::write!(db, |tx| {
        identity::load_organisation(tx, &cx, &organisation).await?;
        for unit in (0..CLASSES).map(town::unit_key) {
            identity::access::class_for(tx, cx.today(), &unit, Confidentiality::Normal, None).await?;
        }
        Ok(())
    })?;
    Ok(())
}

impl Clerks {
    /// Those of a database that was filled to its end.
    pub async fn there(db: &Db) -> Result<Option<Clerks>> {
        let staff = identity::all_staff(&mut db.read().await?).await?;
        let clerk = |login: &str| staff.iter().find(|s| s.login == login).map(|s| s.id);
        Ok(clerk("little").zip(clerk("much")).map(|(little, much)| Clerks { little, much }))
    }

    /// Made last: they say that the database is filled.
    pub async fn made(db: &Db) -> Result<Clerks> {
        let cx = Cx::new(db.tenant(), Principal::System { name: "bench" }, Sources::system());
        // 5 of the small classes are a thousandth of all cases, 245 of the large ones about sixty hundredths.
        let little: Vec<usize> = (0..SMALL).step_by(SMALL / 5).collect();
        let much: Vec<usize> = (SMALL..SMALL + 245).collect();
        Ok(Clerks {
            little: clerk_in(db, &cx, "little", &little).await?,
            much: clerk_in(db, &cx, "much", &much).await?,
        })
    }
}

/// The cases from one number to another; those of each class are scattered over all of the time.
async fn fill(tx: &mut Tx, from: i64, upto: i64) -> kernel::Result<()> {
    let sql = either(
        "WITH RECURSIVE n(i) AS (SELECT $3 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4)
         INSERT INTO desk_item (tenant, case_id, cls, number, title, unit, status, opened_at, closed)
         SELECT $1, randomblob(16), c.id, 'B/2024/' || i, 'Meldebescheinigung', c.unit, 'received',
                $2 + i * 60000000, 0
         FROM n CROSS JOIN identity_class c ON c.tenant = $1 AND c.unit =
           printf('amt-%03d', CASE WHEN i % 50 = 0 THEN (i / 50) % 100 ELSE 100 + (i * 31 + i / 400) % 400 END)",
        "INSERT INTO desk_item (tenant, case_id, cls, number, title, unit, status, opened_at, closed)
         SELECT $1, gen_random_uuid(), c.id, 'B/2024/' || i, 'Meldebescheinigung', c.unit, 'received',
                CAST($2 AS TIMESTAMPTZ) + i * INTERVAL '1 minute', FALSE
         FROM generate_series(CAST($3 AS BIGINT), CAST($4 AS BIGINT) - 1) i
         JOIN identity_class c ON c.tenant = $1 AND c.unit = 'amt-' || lpad(CAST(
           CASE WHEN i % 50 = 0 THEN (i / 50) % 100 ELSE 100 + (i * 31 + i / 400) % 400 END AS TEXT), 3, '0')",
    );
    let first = opened_at(0).map_err(kernel::Error::internal)?;
    tx.exec(sql, params![first, from, upto]).await.map(|_| ())
}

async fn clerk_in(db: &Db, cx: &Cx, login: &str, units: &[usize]) -> Result<StaffId> {
    let new = identity::NewStaff {
        login: login.to_owned(),
        name: format!("Beispiel-{login}"),
        email: format!("{login}@example.org"),
        unit: town::unit_key(0),
    };
    Ok(db::write!(db, |tx| {
        let id = identity::add_staff(tx, cx, &new).await?;
        for unit in units {
            identity::give_grant(tx, cx, id, town::ROLE, Some(&town::unit_key(*unit)), cx.today(), None).await?;
        }
        Ok(id)
    })?)
}
