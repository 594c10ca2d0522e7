//! The list of documents over all cases and 500 access classes, with exact counts: all of them, and those of one kind.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use db::{Db, Tx, Url, either, params};
use kernel::{DocumentId, StaffId, TenantId, Timestamp, Uuid};
use records::{Count, Filter, listing};

use crate::{
    desk_list::{CLASSES, Clerks, analyse, classes},
    figures::{Figure, millis, quantile},
};

/// Lists that are asked for per clerk.
const ASKED: i64 = 400;
/// Documents per statement of the filling; whole cases.
const BATCH: i64 = 50_000;
/// Documents of a case.
const OF_CASE: i64 = 10;

pub async fn measure(folder: &Path, documents: i64) -> Result<Vec<Figure>> {
    let migrations =
        [journal::MIGRATIONS, identity::MIGRATIONS].into_iter().chain(records::MODULE.migrations).collect::<Vec<_>>();
    let mut figures = Vec::new();

    // Kept from run to run: the name says what lies in it.
    let path = folder.join(format!("documents-{documents}.db"));
    let db = Db::open(&Url::Sqlite(path), TenantId(1), &migrations).await?;
    figures.extend(on(&db, documents, "SQLite").await?);
    drop(db);

    match db::testing::postgres(&migrations).await {
        Some(test) => {
            filled(&test.db, documents).await?;
            analyse(&test.url_text())?;
            figures.extend(on(&test.db, documents, "PostgreSQL").await?);
        }
        None => {
            figures.push(Figure::not_measured("list of documents, PostgreSQL", "MEER_TEST_DATABASE=none"));
        }
    }
    Ok(figures)
}

async fn on(db: &Db, documents: i64, engine: &str) -> Result<Vec<Figure>> {
    let clerks = filled(db, documents).await?;
    let mut figures = Vec::new();
    for (who, clerk) in [("scattered", clerks.little), ("most", clerks.much)] {
        for kind in [None, Some("bescheid")] {
            let filter = Filter { kind: kind.map(str::to_owned), ..Filter::default() };
            let (mut times, visible) = ask(db, clerk, documents, &filter).await?;
            let share = 100.0 * visible as f64 / documents as f64;
            let of = if kind.is_some() { ", one kind" } else { "" };
            let name = format!(
                "list of {documents} documents{of}, {CLASSES} classes, {engine}, sees {share:.2} % ({who}), p95"
            );
            let half = quantile(&mut times, 0.5);
            let mut figure = Figure::at_most(name, quantile(&mut times, 0.95), Duration::from_millis(20));
            figure.measured = format!("{} (p50 {})", figure.measured, millis(half));
            figures.push(figure);
        }
    }
    Ok(figures)
}

/// The first page and pages from the middle in turn, each with the exact count; answers the count too.
async fn ask(db: &Db, clerk: StaffId, documents: i64, filter: &Filter) -> Result<(Vec<Duration>, i64)> {
    let (mut times, mut counted) = (Vec::new(), None);
    for round in 0..ASKED {
        let after = match round % 2 {
            0 => None,
            _ => Some((added_at((round * 7919) % documents)?, DocumentId::from_uuid(Uuid::nil()))),
        };
        let start = Instant::now();
        let found = listing(&mut db.read().await?, clerk, filter, after).await?;
        times.push(start.elapsed());
        let Count::Exactly(count) = found.count else { anyhow::bail!("the count is not exact") };
        ensure!(*counted.get_or_insert(count) == count, "the count changed while nobody wrote");
        ensure!(round % 2 == 1 || !found.lines.is_empty(), "the first page is empty");
    }
    Ok((times, counted.unwrap_or_default()))
}

/// One document is added every minute from the start of 2024.
const FIRST: i64 = 1_704_063_600_000_000;

fn added_at(number: i64) -> Result<Timestamp> {
    Ok(Timestamp::from_microsecond(FIRST + number * 60_000_000)?)
}

/// Fills an empty database; a filled one stays as it is.
async fn filled(db: &Db, documents: i64) -> Result<Clerks> {
    if let Some(clerks) = Clerks::there(db).await? {
        return Ok(clerks);
    }
    classes(db).await?;
    let first = added_at(0)?;
    db::write!(db, |tx| {
        let sql = "INSERT INTO records_file (tenant, id, plan, year, title, opened_at, entry)
                   VALUES ($1, $2, 'B', 2024, 'Sammelakte', $3, 'B')";
        tx.exec_one(sql, params![Uuid::nil(), first]).await
    })?;
    let mut from = 0;
    while from < documents {
        let upto = (from + BATCH).min(documents);
        db::write!(db, |tx| {
            fill_cases(tx, first, from / OF_CASE, (upto + OF_CASE - 1) / OF_CASE).await?;
            fill(tx, first, from, upto).await
        })?;
        from = upto;
    }
    db::write!(db, |tx| {
        let sql = "INSERT INTO records_document_count (tenant, cls, kind, unit, n)
                   SELECT d.tenant, d.cls, d.kind, MIN(c.unit), COUNT(*) FROM records_document d
                   JOIN records_case c ON c.tenant = d.tenant AND c.id = d.case_id
                   WHERE d.tenant = $1 GROUP BY d.tenant, d.cls, d.kind";
        tx.exec(sql, &[]).await.map(|_| ())
    })?;
    Clerks::made(db).await
}

/// The cases from one number to another; those of each class are scattered over all of the time.
async fn fill_cases(tx: &mut Tx, first: Timestamp, from: i64, upto: i64) -> kernel::Result<()> {
    let sql = either(
        "WITH RECURSIVE n(i) AS (SELECT $3 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4)
         INSERT INTO records_case (tenant, id, file_id, number, service, title, unit, confidentiality, cls, status, lang,
                                   party, family_key, opened_at, retention_years, retention_basis)
         SELECT $1, CAST(printf('%016d', i) AS BLOB), $5, 'B/2024/' || i, '', 'Vorgang', c.unit, 'normal', c.id,
                'in-progress', 'de', '{}', '', $2 + i * 600000000, 1, ''
         FROM n CROSS JOIN identity_class c ON c.tenant = $1 AND c.unit =
           printf('amt-%03d', CASE WHEN i % 50 = 0 THEN (i / 50) % 100 ELSE 100 + (i * 31 + i / 400) % 400 END)",
        "INSERT INTO records_case (tenant, id, file_id, number, service, title, unit, confidentiality, cls, status, lang,
                                   party, family_key, opened_at, retention_years, retention_basis)
         SELECT $1, CAST(lpad(to_hex(i), 32, '0') AS UUID), CAST($5 AS UUID), 'B/2024/' || i, '', 'Vorgang', c.unit,
                'normal', c.id, 'in-progress', 'de', CAST('{}' AS JSONB), '',
                CAST($2 AS TIMESTAMPTZ) + i * INTERVAL '10 minutes', 1, ''
         FROM generate_series(CAST($3 AS BIGINT), CAST($4 AS BIGINT) - 1) i
         JOIN identity_class c ON c.tenant = $1 AND c.unit = 'amt-' || lpad(CAST(
           CASE WHEN i % 50 = 0 THEN (i / 50) % 100 ELSE 100 + (i * 31 + i / 400) % 400 END AS TEXT), 3, '0')",
    );
    tx.exec(sql, params![first, from, upto, Uuid::nil()]).await.map(|_| ())
}

/// The documents from one number to another, in their cases.
async fn fill(tx: &mut Tx, first: Timestamp, from: i64, upto: i64) -> kernel::Result<()> {
    let sql = either(
        "WITH RECURSIVE n(i) AS (SELECT $3 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $4)
         INSERT INTO records_document (tenant, id, case_id, kind, title, file_id, direction, audience, added_at, cls)
         SELECT $1, randomblob(16), c.id,
                CASE i % 4 WHEN 0 THEN 'antrag' WHEN 1 THEN 'nachweis' WHEN 2 THEN 'bescheid' ELSE 'schreiben' END,
                'Schriftstück', randomblob(16), 'eingang', 'staff', $2 + i * 60000000, c.cls
         FROM n CROSS JOIN records_case c ON c.tenant = $1 AND c.id = CAST(printf('%016d', i / 10) AS BLOB)",
        "INSERT INTO records_document (tenant, id, case_id, kind, title, file_id, direction, audience, added_at, cls)
         SELECT $1, gen_random_uuid(), c.id,
                CASE i % 4 WHEN 0 THEN 'antrag' WHEN 1 THEN 'nachweis' WHEN 2 THEN 'bescheid' ELSE 'schreiben' END,
                'Schriftstück', gen_random_uuid(), 'eingang', 'staff',
                CAST($2 AS TIMESTAMPTZ) + i * INTERVAL '1 minute', c.cls
         FROM generate_series(CAST($3 AS BIGINT), CAST($4 AS BIGINT) - 1) i
         JOIN records_case c ON c.tenant = $1 AND c.id = CAST(lpad(to_hex(i / 10), 32, '0') AS UUID)",
    );
    tx.exec(sql, params![first, from, upto]).await.map(|_| ())
}
