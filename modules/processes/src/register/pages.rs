//! The register, and the figures of one process as a page and as a table to take home.

use askama::Template;
use axum::extract::Query;
use contract_records::MediaBreaks;
use house::{Answer, Call, Csv, Path, Req};
use jiff::SignedDuration;
use kernel::{Error, Result, Timestamp};
use process_rules::load;
use serde::Deserialize;
use ui::{Page, Row};

use super::figures::{self, Count, Figures, MOST_INSTANCES, MOST_STAYS, Took};

/// Periods to choose from, in days.
const PERIODS: [u16; 3] = [30, 90, 365];
const USUAL_PERIOD: u16 = 90;

const REGISTER: &str = "/intern/prozessregister";

/// The address of a process: its key may name a folder.
fn href(key: &str) -> String {
    format!("{REGISTER}/{}", key.replace('/', "%2F"))
}

/// A line of the register, ready to be shown.
struct Line {
    href: String,
    entry: super::Entry,
    since: String,
}

#[derive(Template)]
#[template(path = "register.html")]
struct Register<'a> {
    page: &'a Page,
    lines: Vec<Line>,
}

pub async fn register(rq: Req) -> Answer {
    let released = content::released_at(&mut rq.city.db.read().await?, "processes").await?;
    let page = rq.page("processes-register-title");
    let mut lines = Vec::new();
    for item in rq.city.content.all("processes") {
        let at = released.iter().find(|(key, _)| *key == item.key).map(|(_, at)| *at);
        let since = at.map(|at| page.date(at.to_zoned(kernel::berlin()).date())).unwrap_or_default();
        lines.push(Line { href: href(&item.key), entry: super::entry(&rq.city.content, &item)?, since });
    }
    rq.html(&Register { page: &page, lines })
}

#[derive(Deserialize)]
pub struct Asked {
    /// Days; what is not one of the periods is the usual one.
    tage: Option<String>,
}

impl Asked {
    fn days(&self) -> u16 {
        let days = self.tage.as_deref().and_then(|days| days.parse::<u16>().ok());
        days.filter(|days| PERIODS.contains(days)).unwrap_or(USUAL_PERIOD)
    }
}

fn since(rq: &Req, days: u16) -> Result<Timestamp> {
    let period = SignedDuration::from_hours(24 * i64::from(days));
    rq.cx.now().saturating_sub(period).map_err(Error::internal)
}

/// What a process is and what its instances say since a moment.
struct Known {
    entry: super::Entry,
    figures: Figures,
    /// Of all services whose applications it works on.
    media_breaks: Count,
}

async fn known(rq: &Req, key: &str, since: Timestamp) -> Result<Known> {
    let content = &rq.city.content;
    let item = content.get("processes", key).ok_or(Error::NotFound)?;
    let model = content.parse(&item, load)?;
    let services = super::services_of(content, key);
    let mut rx = rq.city.db.read_long().await?;
    let figures = figures::of(&mut rx, key, &model, since).await?;
    let breaks = rq.cx.ask(&mut rx, MediaBreaks { since }).await?;
    let breaks: i64 = breaks.iter().filter(|line| services.contains(&line.service)).map(|line| line.count).sum();
    Ok(Known { entry: super::entry(content, &item)?, figures, media_breaks: Count::of(breaks) })
}

/// A number as it may be shown.
pub fn count(page: &Page, count: Count) -> String {
    match count {
        Count::Known(n) => page.number(n),
        Count::Few => page.t("processes-figures-few"),
    }
}

/// A duration to the unit that says enough.
fn duration(page: &Page, seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    let (key, unit) = match seconds {
        ..MINUTE => ("processes-duration-seconds", 1),
        MINUTE..HOUR => ("processes-duration-minutes", MINUTE),
        HOUR..172_800 => ("processes-duration-hours", HOUR),
        _ => ("processes-duration-days", DAY),
    };
    page.t1(key, "n", (seconds + unit / 2) / unit)
}

/// Median and the time within which nine of ten were done.
fn took(page: &Page, took: Took) -> [String; 2] {
    match took {
        Took::Known(spread) => [duration(page, spread.median), duration(page, spread.ninety)],
        Took::Few => [page.t("processes-figures-few"), page.t("processes-figures-few")],
        Took::Nothing => ["–".to_owned(), "–".to_owned()],
    }
}

/// A step, ready to be shown.
struct StepLine {
    name: String,
    /// How often, median, 90 %, lying there, again, incidents, transfer by hand.
    cells: Vec<String>,
}

struct Bar {
    name: String,
    median: String,
    /// Of 100.
    width: i64,
}

struct Period {
    days: u16,
    href: String,
}

#[derive(Template)]
#[template(path = "figures.html")]
struct FiguresPage<'a> {
    page: &'a Page,
    back: &'static str,
    about: Vec<Row>,
    totals: Vec<Row>,
    days: u16,
    periods: Vec<Period>,
    is_part: bool,
    most_instances: i64,
    most_stays: i64,
    steps: Vec<StepLine>,
    bars: Vec<Bar>,
    download: String,
}

pub async fn figures(rq: Req, Path(key): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let days = asked.days();
    let Known { entry, figures, media_breaks } = known(&rq, &key, since(&rq, days)?).await?;
    let mut page = rq.untitled();
    page.title = entry.name.clone();
    let address = href(&key);
    let template = FiguresPage {
        back: REGISTER,
        about: about(&page, &entry),
        totals: totals(&page, &figures, media_breaks),
        days,
        periods: PERIODS.map(|days| Period { days, href: format!("{address}?tage={days}") }).into(),
        is_part: figures.is_part,
        most_instances: MOST_INSTANCES,
        most_stays: MOST_STAYS,
        steps: figures.steps.iter().map(|step| line(&page, step)).collect(),
        bars: bars(&page, &figures),
        download: format!("{address}/zahlen.csv?tage={days}"),
        page: &page,
    };
    rq.html(&template)
}

fn about(page: &Page, entry: &super::Entry) -> Vec<Row> {
    let said = [
        ("processes-register-trigger", &entry.trigger),
        ("processes-register-result", &entry.result),
        ("processes-register-basis", &entry.legal_basis),
        ("processes-register-leika", &entry.leika),
        ("processes-register-owner", &entry.owner),
    ];
    let mut rows: Vec<Row> =
        said.into_iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| Row::new(page.t(key), text)).collect();
    rows.push(Row::new(page.t("processes-register-version"), page.number(entry.version)));
    rows
}

fn totals(page: &Page, figures: &Figures, media_breaks: Count) -> Vec<Row> {
    let [median, ninety] = took(page, figures.took);
    vec![
        Row::new(page.t("processes-figures-started"), count(page, figures.started)),
        Row::new(page.t("processes-figures-ended"), count(page, figures.ended)),
        Row::new(page.t("processes-figures-through-median"), median),
        Row::new(page.t("processes-figures-through-ninety"), ninety),
        Row::new(page.t("processes-figures-with-incident"), count(page, figures.incidents)),
        Row::new(page.t("processes-figures-media-breaks"), count(page, media_breaks)),
    ]
}

fn line(page: &Page, step: &figures::Step) -> StepLine {
    let [median, ninety] = took(page, step.took);
    let again = step.again.map_or_else(|| "–".to_owned(), |again| count(page, again));
    let by_hand = page.t(if step.may_break { "processes-yes" } else { "processes-no" });
    let (visits, lying, incidents) = (step.visits, step.lying, step.incidents);
    StepLine {
        name: step.name.clone(),
        cells: vec![count(page, visits), median, ninety, count(page, lying), again, count(page, incidents), by_hand],
    }
}

/// The medians as lengths; the longest is 100.
fn bars(page: &Page, figures: &Figures) -> Vec<Bar> {
    let known = figures.steps.iter().filter_map(|step| match step.took {
        Took::Known(spread) => Some((&step.name, spread.median)),
        Took::Few | Took::Nothing => None,
    });
    let known: Vec<(&String, i64)> = known.collect();
    let longest = known.iter().map(|(_, median)| *median).max().unwrap_or(0).max(1);
    let bar = |(name, median): (&String, i64)| Bar {
        name: name.clone(),
        median: duration(page, median),
        width: (median.saturating_mul(100) / longest).max(1),
    };
    known.into_iter().map(bar).collect()
}

/// Durations in seconds, so that they can be counted with.
fn seconds(page: &Page, took: Took) -> [String; 2] {
    match took {
        Took::Known(spread) => [spread.median.to_string(), spread.ninety.to_string()],
        Took::Few => [page.t("processes-figures-few"), page.t("processes-figures-few")],
        Took::Nothing => [String::new(), String::new()],
    }
}

pub async fn download(rq: Req, Path(key): Path<String>, Query(asked): Query<Asked>) -> Answer {
    let days = asked.days();
    let Known { figures, media_breaks, .. } = known(&rq, &key, since(&rq, days)?).await?;
    let page = rq.page("processes-register-title");
    let plain = |count: Count| match count {
        Count::Known(n) => n.to_string(),
        Count::Few => page.t("processes-figures-few"),
    };
    let headers = [
        page.t("processes-figures-step"),
        page.t("processes-figures-visits"),
        page.t("processes-figures-median-seconds"),
        page.t("processes-figures-ninety-seconds"),
        page.t("processes-figures-lying"),
        page.t("processes-figures-again"),
        page.t("processes-figures-incidents"),
        page.t("processes-figures-by-hand"),
    ];
    let mut csv = Csv::new(&headers.each_ref().map(String::as_str));
    for step in &figures.steps {
        let [median, ninety] = seconds(&page, step.took);
        csv.line(&[
            &step.name,
            &plain(step.visits),
            &median,
            &ninety,
            &plain(step.lying),
            &step.again.map(plain).unwrap_or_default(),
            &plain(step.incidents),
            &page.t(if step.may_break { "processes-yes" } else { "processes-no" }),
        ]);
    }
    let [median, ninety] = seconds(&page, figures.took);
    let totals = [
        (page.t("processes-figures-started"), plain(figures.started)),
        (page.t("processes-figures-ended"), plain(figures.ended)),
        (page.t("processes-figures-through-median-seconds"), median),
        (page.t("processes-figures-through-ninety-seconds"), ninety),
        (page.t("processes-figures-with-incident"), plain(figures.incidents)),
        (page.t("processes-figures-media-breaks"), plain(media_breaks)),
        (page.t("processes-figures-days"), days.to_string()),
    ];
    for (name, value) in &totals {
        csv.line(&[name, value]);
    }
    csv.download("prozess.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_periods_of_the_page_can_be_asked_for() {
        let days = |tage: Option<&str>| Asked { tage: tage.map(str::to_owned) }.days();
        assert_eq!([days(None), days(Some("30")), days(Some("365"))], [90, 30, 365]);
        // One day would tell of single cases.
        assert_eq!([days(Some("1")), days(Some("-30")), days(Some("x"))], [90, 90, 90]);
    }

    #[test]
    fn a_process_in_a_folder_has_an_address() {
        assert_eq!(href("amt/muster"), "/intern/prozessregister/amt%2Fmuster");
    }
}
