//! Durable submissions: what the portal writes when somebody sends an application, 14 statements, by many at once.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use contract_records::{AddDocument, AddStep, Address, Audience, OpenCase, Party};
use house::{App, Call, City};
use kernel::{Cx, Lang};

use crate::{
    figures::{Figure, quantile},
    town,
};

const WRITERS: usize = 64;
/// Submissions of the measurement with one writer.
const SINGLE: usize = 300;

/// What one run came to.
struct Run {
    per_second: f64,
    p99: Duration,
    /// Submissions for each time the disk was asked to keep them.
    per_commit: f64,
    /// Submissions that were refused as busy.
    refused: usize,
}

pub async fn measure(folder: &Path, total: usize) -> Result<Vec<Figure>> {
    let data = folder.join("submissions");
    let _ = std::fs::remove_dir_all(&data);
    let (app, city) = prepared(&data, None).await?;
    let grouped = run(&app, &city, WRITERS, total).await?;
    let single = run(&app, &city, 1, SINGLE).await?;
    let mut figures = vec![
        Figure::at_least("submissions, SQLite, 64 writers, 14 statements", grouped.per_second, 3000.0, "/s"),
        Figure::at_least("  submissions per fsync", grouped.per_commit, 10.0, ""),
        Figure::at_most("  p99", grouped.p99, Duration::from_millis(50)),
        Figure::stated(
            "  one writer, one fsync each",
            format!("{:.0}/s, {:.2} submissions per fsync", single.per_second, single.per_commit),
        ),
        Figure::stated(
            "  grouped against single commits",
            format!("{:.1} times", grouped.per_second / single.per_second),
        ),
    ];
    figures.extend(postgres(folder, total / 5).await?);
    Ok(figures)
}

async fn postgres(folder: &Path, total: usize) -> Result<Vec<Figure>> {
    const NAME: &str = "submissions, PostgreSQL, 64 writers";
    let Some(test) = db::testing::postgres(&[]).await else {
        return Ok(vec![Figure::not_measured(NAME, "MEER_TEST_DATABASE=none")]);
    };
    let data = folder.join("submissions-postgres");
    let _ = std::fs::remove_dir_all(&data);
    let (app, city) = prepared(&data, Some(test.url_text())).await?;
    let run = run(&app, &city, WRITERS, total).await?;
    let p99 = run.p99.as_secs_f64() * 1000.0;
    let more =
        format!("p99 {p99:.0} ms, {:.0} submissions per commit (the test server runs with fsync=off)", run.per_commit);
    Ok(vec![
        Figure::at_least(NAME, run.per_second, 1000.0, "/s"),
        Figure::stated("  its waits and commits", more),
        Figure {
            kept: run.refused == 0,
            promised: "0".into(),
            ..Figure::stated("  refused as busy", run.refused.to_string())
        },
    ])
}

async fn prepared(data: &Path, database: Option<String>) -> Result<(Arc<App>, Arc<City>)> {
    let (app, city) = town::open(data, database).await?;
    let cx = app.cx(&city, "bench");
    let organisation = town::organisation(4);
    db::write!(city.db, |tx| { identity::load_organisation(tx, &cx, &organisation).await })?;
    Ok((app, city))
}

async fn run(app: &Arc<App>, city: &Arc<City>, writers: usize, total: usize) -> Result<Run> {
    // The first ones find empty caches and are not counted.
    for number in 0..8 {
        submit(&town::portal(app, city), city, number).await?;
    }
    let (before, start) = (city.db.commit_count(), Instant::now());
    let each = total / writers;
    let tasks = (0..writers).map(|writer| {
        let (app, city) = (app.clone(), city.clone());
        tokio::spawn(async move {
            let cx = town::portal(&app, &city);
            let (mut times, mut refused) = (Vec::with_capacity(each), 0);
            for number in 0..each {
                let start = Instant::now();
                match submit(&cx, &city, writer * each + number).await {
                    Ok(()) => times.push(start.elapsed()),
                    Err(kernel::Error::Again) => refused += 1,
                    Err(error) => return Err(error),
                }
            }
            Ok((times, refused))
        })
    });
    let (mut times, mut refused) = (Vec::with_capacity(total), 0);
    for task in tasks.collect::<Vec<_>>() {
        let (some, again) = task.await.map_err(|e| anyhow!(e))??;
        times.extend(some);
        refused += again;
    }
    let (took, commits) = (start.elapsed(), city.db.commit_count() - before);
    Ok(Run {
        per_second: times.len() as f64 / took.as_secs_f64(),
        per_commit: times.len() as f64 / commits.max(1) as f64,
        p99: quantile(&mut times, 0.99),
        refused,
    })
}

/// One application: case, list of the desk, document, two steps, journal.
async fn submit(cx: &Cx, city: &City, number: usize) -> kernel::Result<()> {
    let account = cx.new_id();
    db::write!(city.db, |tx| {
        let opened = cx.call(tx, application(number, account)).await?;
        let document = AddDocument {
            case: opened.case,
            kind: "antrag".into(),
            title: "Antrag".into(),
            file: cx.new_id(),
            direction: "eingang".into(),
            audience: Audience::Applicant,
        };
        cx.call(tx, document).await?;
        for code in ["submitted", "paid"] {
            let step = AddStep {
                case: opened.case,
                code: code.into(),
                args: vec![("number".into(), opened.number.clone())],
                audience: Audience::Applicant,
                media_break: false,
            };
            cx.call(tx, step).await?;
        }
        Ok(())
    })
}

fn application(number: usize, account: kernel::AccountId) -> OpenCase {
    OpenCase {
        service: "meldebescheinigung".into(),
        plan: format!("33.{}", number % 20),
        unit: town::unit_key(number % 4),
        title: "Meldebescheinigung".into(),
        confidentiality: "normal".into(),
        party: Party {
            family_name: format!("Muster-{number}"),
            first_names: "Beispiel".into(),
            birth_date: "1985-03-27".parse().ok(),
            address: Address {
                street: "Musterstraße".into(),
                house_number: "1".into(),
                postal_code: "40667".into(),
                city: "Meerbusch".into(),
                ..Address::default()
            },
            email: None,
            provenance: "typed".into(),
        },
        account: Some(account),
        lang: Lang::De,
        retention_years: 1,
        retention_basis: "Art. 5 Abs. 1 Buchst. e DSGVO".into(),
    }
}
