//! A case with a thousand documents: its pages through the router, as the browser gets them, with the line of the access
//! log that every look writes.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use contract_records::{AddDocument, Audience};
use db::Engine;
use house::Call as _;
use kernel::{CaseId, FileId};
use meer::modules::MODULES;
use testkit::{Browser, TestCity};

use crate::figures::{Figure, millis, quantile};

const DOCUMENTS: usize = 1_000;
/// How often each page is opened.
const ASKED: usize = 200;
/// The demo's password of the clerk who leads the case.
const PASSWORD: &str = "Muster-Demo-2026";

pub async fn measure() -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for (engine, name) in [(Engine::Sqlite, "SQLite"), (Engine::Postgres, "PostgreSQL")] {
        match TestCity::open(MODULES, engine).await {
            Some(test) => figures.extend(on(&test, name).await?),
            None => {
                let name = format!("case with {DOCUMENTS} documents, {name}");
                figures.push(Figure::not_measured(name, "MEER_TEST_DATABASE=none"));
            }
        }
    }
    Ok(figures)
}

async fn on(test: &TestCity, engine: &str) -> Result<Vec<Figure>> {
    let mut clerk = test.browser();
    let page = clerk.staff_sign_in("rita.registratur", PASSWORD).await;
    ensure!(page.status == 200, "the clerk could not sign in: {}", page.status);
    let case = open_case(&mut clerk).await?;
    let mut cx = test.app.cx(&test.city, "bench");
    cx.actor.via = vec!["desk"];
    for hundred in 0..DOCUMENTS / 100 {
        db::write!(test.city.db, |tx| {
            for number in 0..100 {
                let document = AddDocument {
                    case,
                    kind: "schriftstueck".into(),
                    title: format!("Vermerk {}", hundred * 100 + number),
                    file: FileId::from_uuid(cx.sources.uuid()),
                    direction: "intern".into(),
                    audience: Audience::Staff,
                };
                cx.call(tx, document).await?;
            }
            Ok(())
        })?;
    }
    let case_page = format!("/intern/vorgang/{case}");
    Ok(vec![
        opened(&mut clerk, &case_page, &format!("case with {DOCUMENTS} documents opens, {engine}, p95")).await?,
        opened(&mut clerk, &format!("{case_page}/dokumente"), "  its documents and versions, p95").await?,
    ])
}

/// A file and a case in it, as the clerk opens them.
async fn open_case(clerk: &mut Browser) -> Result<CaseId> {
    let last = |location: Option<String>| -> Result<String> {
        let location = location.context("nothing was opened")?;
        Ok(location.rsplit('/').next().unwrap_or_default().to_owned())
    };
    let fields = [
        ("entry", "61.50"),
        ("title", "Radweg am Musterbach"),
        ("unit", "dezernat-1"),
        ("confidentiality", "normal"),
        ("medium", "electronic"),
    ];
    let file = last(clerk.post("/intern/akten", &fields).await.location)?;
    let case = last(clerk.post(&format!("/intern/akte/{file}/vorgang"), &[("title", "Ortstermin")]).await.location)?;
    case.parse::<CaseId>().ok().context("the id of the case")
}

async fn opened(clerk: &mut Browser, path: &str, name: &str) -> Result<Figure> {
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let start = Instant::now();
        let page = clerk.get(path).await;
        times.push(start.elapsed());
        ensure!(page.status == 200, "{path} answered {}", page.status);
        ensure!(page.body.contains("1–100 von 1.000") && page.body.contains("</html>"), "{path} is not the whole page");
    }
    let half = quantile(&mut times, 0.5);
    let mut figure = Figure::at_most(name, quantile(&mut times, 0.95), Duration::from_millis(100));
    figure.measured = format!("{} (p50 {})", figure.measured, millis(half));
    Ok(figure)
}
