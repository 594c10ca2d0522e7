//! The retention simulator: what would become due when, if cases were closed on some day or a rule were another one.
//! Nothing is changed. Numbers are of all cases; single cases are shown to who may see them.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::Query;
use contract_records::{ClosedCase, ClosedCases, CountDue, deletable_from};
use db::Rx;
use fileplan::{Appraisal, MOST_YEARS, Plan};
use house::{Answer, Call, Csv, Req};
use kernel::{Cx, Date, Error, Result};
use serde::Deserialize;
use ui::{Choice, DateParts, Errors, Page};

use crate::{SEE_CASES, service::day};

/// Cases of one entry that are shown.
const SHOWN: i64 = 50;
/// Years that are no typing error.
const FIRST: i64 = 1900;
const LAST: i64 = 2200;

/// Cases that become due alike.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    entry: String,
    /// Not closed yet; assumed to be closed on a day.
    open: bool,
    /// Year of closing on the city's calendar.
    year: i64,
    /// Years of retention as things are.
    years: i64,
    appraisal: String,
    /// A hold keeps them from becoming due.
    held: bool,
    n: i64,
}

/// A rule as it might be.
#[derive(Clone, Debug, Default, PartialEq)]
struct Change {
    /// Only matters of this entry; all for none.
    entry: Option<String>,
    years: Option<i64>,
    appraisal: Option<Appraisal>,
    /// As if it had held for what is closed, too.
    closed_too: bool,
}

impl Change {
    fn concerns(&self, group: &Group) -> bool {
        (group.open || self.closed_too) && self.entry.as_ref().is_none_or(|entry| *entry == group.entry)
    }

    fn years(&self, group: &Group) -> i64 {
        self.years.filter(|_| self.concerns(group)).unwrap_or(group.years)
    }

    fn appraisal<'a>(&self, group: &'a Group) -> &'a str {
        self.appraisal.filter(|_| self.concerns(group)).map_or(group.appraisal.as_str(), |appraisal| appraisal.code())
    }
}

/// The year on whose 1 January matters become due: [`deletable_from`], by year.
fn due(closed: i64, years: i64) -> i64 {
    closed.saturating_add(years).saturating_add(1)
}

/// What becomes due under an entry on 1 January of a year.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Line {
    /// As things are.
    now: i64,
    /// With the change.
    then: i64,
    /// Of the latter those not closed yet.
    open: i64,
    /// Not due with the change, because a hold is in force.
    held: i64,
    /// Of those due with the change: offered to the archive, and those that it has refused once for all.
    offered: i64,
    destroyed: i64,
}

fn lines(groups: &[Group], change: &Change) -> BTreeMap<(String, i64), Line> {
    let mut lines: BTreeMap<(String, i64), Line> = BTreeMap::new();
    for group in groups {
        let at = |years: i64| (group.entry.clone(), due(group.year, years));
        if !group.held {
            lines.entry(at(group.years)).or_default().now += group.n;
        }
        let line = lines.entry(at(change.years(group))).or_default();
        if group.held {
            line.held += group.n;
            continue;
        }
        line.then += group.n;
        if group.open {
            line.open += group.n;
        }
        if change.appraisal(group) == Appraisal::V.code() {
            line.destroyed += group.n;
        } else {
            line.offered += group.n;
        }
    }
    lines
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
struct Question {
    change: Change,
    /// On this day everything open is assumed to be closed.
    closing: Date,
    /// Years of closing, both included.
    from: i64,
    to: i64,
}

/// All cases in question, by what they have in common.
async fn groups(cx: &Cx, rx: &mut Rx, plan: &Plan, question: &Question) -> Result<Vec<Group>> {
    let wanted = |entry: &str| question.change.entry.as_ref().is_none_or(|only| only == entry);
    let mut groups = Vec::new();
    for alike in cx.ask(rx, CountDue { from: question.from, to: question.to }).await? {
        if !wanted(&alike.entry) {
            continue;
        }
        let group = match alike.closed {
            Some(year) => Group {
                entry: alike.entry,
                open: false,
                year,
                years: alike.years,
                appraisal: alike.appraisal,
                held: alike.held,
                n: alike.n,
            },
            None => {
                let year = i64::from(question.closing.year());
                if !(question.from..=question.to).contains(&year) {
                    continue;
                }
                // As when it is closed: staff's cases by the rule of that day, a service's keep its own years.
                let rule = plan.entry(&alike.entry).and_then(|entry| entry.rule_on(question.closing));
                let years = rule.filter(|_| alike.by_hand).map_or(alike.years, |rule| i64::from(rule.years));
                let appraisal = rule.map_or(Appraisal::B, |rule| rule.appraisal).code().to_owned();
                Group { entry: alike.entry, open: true, year, years, appraisal, held: alike.held, n: alike.n }
            }
        };
        groups.push(group);
    }
    Ok(groups)
}

/// The form, as it was sent in the address: nothing is changed, so the question can be kept and passed on.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    eintrag: String,
    #[serde(default)]
    jahre: String,
    #[serde(default)]
    art: String,
    #[serde(default)]
    auch: String,
    #[serde(default)]
    schluss: String,
    #[serde(default, rename = "schluss-month")]
    schluss_month: String,
    #[serde(default, rename = "schluss-year")]
    schluss_year: String,
    #[serde(default)]
    von: String,
    #[serde(default)]
    bis: String,
}

impl Asked {
    fn day(&self) -> DateParts {
        DateParts { day: self.schluss.clone(), month: self.schluss_month.clone(), year: self.schluss_year.clone() }
    }

    /// The day in the form; today when nothing was typed, none when there is no such day.
    fn closing(&self, today: Date) -> Option<Date> {
        let parts = [&self.schluss, &self.schluss_month, &self.schluss_year].map(|part| part.trim());
        if parts.iter().all(|part| part.is_empty()) {
            return Some(today);
        }
        let [day, month, year] = parts;
        let day = Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()?;
        (FIRST..=LAST).contains(&i64::from(day.year())).then_some(day)
    }

    fn read(&self, page: &Page, plan: &Plan, today: Date) -> Result<Question, Errors> {
        let mut errors = Errors::new();
        let entry = Some(self.eintrag.trim().to_owned()).filter(|entry| !entry.is_empty());
        if entry.as_ref().is_some_and(|entry| plan.entry(entry).is_none_or(|entry| entry.is_heading())) {
            errors.push("eintrag", page.t("disposal-entry-missing"));
        }
        let years = match self.jahre.trim() {
            "" => None,
            typed => {
                let years = typed.parse::<u16>().ok().filter(|years| *years <= MOST_YEARS);
                if years.is_none() {
                    errors.push("jahre", page.t1("disposal-preview-years-wrong", "max", MOST_YEARS));
                }
                years.map(i64::from)
            }
        };
        let closing = self.closing(today);
        if closing.is_none() {
            errors.push("schluss", page.t("disposal-preview-day-wrong"));
        }
        let mut year = |field: &str, typed: &str, otherwise: i64| match typed.trim() {
            "" => otherwise,
            typed => typed.parse::<i64>().ok().filter(|year| (FIRST..=LAST).contains(year)).unwrap_or_else(|| {
                errors.push(field, page.t("disposal-preview-year-wrong"));
                otherwise
            }),
        };
        let (from, to) = (year("von", &self.von, FIRST), year("bis", &self.bis, LAST));
        if from > to && errors.is_empty() {
            errors.push("bis", page.t("disposal-preview-period-wrong"));
        }
        match closing {
            Some(closing) if errors.is_empty() => {
                let appraisal = Appraisal::from_code(&self.art);
                let change = Change { entry, years, appraisal, closed_too: self.auch == "ja" };
                Ok(Question { change, closing, from, to })
            }
            _ => Err(errors),
        }
    }

    /// The same question for the table to take home.
    fn csv_href(&self) -> String {
        let fields = [
            ("eintrag", &self.eintrag),
            ("jahre", &self.jahre),
            ("art", &self.art),
            ("auch", &self.auch),
            ("schluss", &self.schluss),
            ("schluss-month", &self.schluss_month),
            ("schluss-year", &self.schluss_year),
            ("von", &self.von),
            ("bis", &self.bis),
        ];
        // What is right has digits, letters and dots only.
        let plain = |value: &str| value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
        let said = fields
            .into_iter()
            .map(|(name, value)| (name, value.trim()))
            .filter(|(_, value)| !value.is_empty() && plain(value))
            .map(|(name, value)| format!("{name}={value}"));
        format!("/intern/aussonderung/vorschau.csv?{}", said.collect::<Vec<_>>().join("&"))
    }
}

/// A line, ready to be shown.
struct Shown {
    entry: String,
    title: String,
    year: i64,
    line: Line,
}

struct Detail {
    number: String,
    title: String,
    closed: String,
    due: String,
    held: bool,
}

#[derive(Template)]
#[template(path = "preview.html")]
struct Preview<'a> {
    page: &'a Page,
    asked: Asked,
    day: DateParts,
    entries: Vec<Choice>,
    appraisals: Vec<Choice>,
    errors: Errors,
    lines: Vec<Shown>,
    details: Vec<Detail>,
    csv: String,
}

impl Preview<'_> {
    /// The change is asked for what is closed, too.
    fn also(&self) -> bool {
        self.asked.auch == "ja"
    }
}

fn choices(page: &Page, plan: &Plan, asked: &Asked) -> (Vec<Choice>, Vec<Choice>) {
    let leaves = plan.entries().iter().filter(|entry| !entry.is_heading());
    let entries = leaves
        .map(|e| Choice::new(&e.key, format!("{} {}", e.key, e.title)).selected(e.key == asked.eintrag))
        .collect();
    let appraisals = Appraisal::ALL
        .map(|a| {
            Choice::new(a.code(), page.t(&format!("disposal-appraisal-{}", a.code()))).selected(a.code() == asked.art)
        })
        .to_vec();
    (entries, appraisals)
}

async fn shown(cx: &Cx, rx: &mut Rx, plan: &Plan, question: &Question) -> Result<Vec<Shown>> {
    let groups = groups(cx, rx, plan, question).await?;
    let lines = lines(&groups, &question.change).into_iter().map(|((entry, year), line)| Shown {
        title: plan.entry(&entry).map_or_else(String::new, |entry| entry.title.clone()),
        entry,
        year,
        line,
    });
    Ok(lines.collect())
}

/// Single cases of the chosen entry, as far as the reader may see them.
async fn details(rq: &Req, rx: &mut Rx, page: &Page, question: &Question) -> Result<Vec<Detail>> {
    let Some(entry) = &question.change.entry else { return Ok(Vec::new()) };
    if !rq.cx.actor.allows(SEE_CASES) {
        return Ok(Vec::new());
    }
    let (from, to) = (question.from.max(FIRST), question.to.min(LAST));
    let cases = rq.cx.ask(rx, ClosedCases { entry: entry.clone(), from, to, limit: SHOWN }).await?;
    let change = &question.change;
    let years = |case: &ClosedCase| change.years.filter(|_| change.closed_too).unwrap_or(case.retention_years);
    let details = cases.into_iter().map(|case| Detail {
        closed: page.date(day(case.closed_at)),
        due: page.date(deletable_from(case.closed_at, years(&case))),
        held: case.held,
        number: case.number,
        title: case.title,
    });
    Ok(details.collect())
}

pub async fn preview(rq: Req, Query(asked): Query<Asked>) -> Answer {
    let plan = Plan::of(&rq.city.content)?;
    let page = rq.page("disposal-preview-title");
    let (entries, appraisals) = choices(&page, &plan, &asked);
    let (day, csv) = (asked.day(), asked.csv_href());
    let question = match asked.read(&page, &plan, rq.cx.today()) {
        Ok(question) => question,
        Err(errors) => {
            let page = page.checked(&errors);
            let (lines, details) = (Vec::new(), Vec::new());
            return rq.invalid(&Preview {
                page: &page,
                asked,
                day,
                entries,
                appraisals,
                errors,
                lines,
                details,
                csv: String::new(),
            });
        }
    };
    let mut rx = rq.city.db.read_long().await?;
    let lines = shown(&rq.cx, &mut rx, &plan, &question).await?;
    let details = details(&rq, &mut rx, &page, &question).await?;
    drop(rx);
    let errors = Errors::new();
    rq.html(&Preview { page: &page, asked, day, entries, appraisals, errors, lines, details, csv })
}

pub async fn preview_csv(rq: Req, Query(asked): Query<Asked>) -> Answer {
    let plan = Plan::of(&rq.city.content)?;
    let page = rq.untitled();
    let question = asked.read(&page, &plan, rq.cx.today()).map_err(|_| Error::invalid("vorschau", "other"))?;
    let lines = shown(&rq.cx, &mut rq.city.db.read_long().await?, &plan, &question).await?;
    let header = [
        "disposal-plan-key",
        "disposal-plan-entry",
        "disposal-preview-due",
        "disposal-preview-now",
        "disposal-preview-then",
        "disposal-preview-open",
        "disposal-preview-held",
        "disposal-preview-offered",
        "disposal-preview-destroyed",
    ]
    .map(|key| page.t(key));
    let mut csv = Csv::new(&header.each_ref().map(String::as_str));
    for shown in lines {
        let Line { now, then, open, held, offered, destroyed } = shown.line;
        let numbers = [shown.year, now, then, open, held, offered, destroyed].map(|n| n.to_string());
        let mut fields = vec![shown.entry.as_str(), shown.title.as_str()];
        fields.extend(numbers.iter().map(String::as_str));
        csv.line(&fields);
    }
    csv.download("aussonderung-vorschau.csv")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(open: bool, year: i64, years: i64, appraisal: &str, held: bool, n: i64) -> Group {
        Group { entry: "61.50".into(), open, year, years, appraisal: appraisal.into(), held, n }
    }

    fn at(lines: &BTreeMap<(String, i64), Line>, year: i64) -> Line {
        lines.get(&("61.50".to_owned(), year)).copied().unwrap_or_default()
    }

    #[test]
    fn the_year_is_that_of_the_rule_also_on_leap_days_and_at_the_turn_of_the_year() {
        for closed in ["2024-02-29T12:00:00Z", "2026-12-31T22:30:00Z", "2026-12-31T23:30:00Z", "2027-01-01T00:30:00Z"] {
            let closed: kernel::Timestamp = closed.parse().unwrap();
            let year = i64::from(day(closed).year());
            for years in [0, 1, 2, 10] {
                assert_eq!(i64::from(deletable_from(closed, years).year()), due(year, years), "{closed} {years}");
            }
        }
    }

    #[test]
    fn a_changed_rule_moves_what_is_open_and_only_if_asked_what_is_closed() {
        let groups = [group(false, 2024, 2, "B", false, 3), group(true, 2026, 2, "B", false, 4)];
        let as_is = lines(&groups, &Change::default());
        assert_eq!((at(&as_is, 2027).now, at(&as_is, 2027).then), (3, 3));
        assert_eq!((at(&as_is, 2029).now, at(&as_is, 2029).open), (4, 4));

        let change = Change { years: Some(5), appraisal: Some(Appraisal::V), ..Change::default() };
        let moved = lines(&groups, &change);
        assert_eq!((at(&moved, 2027).then, at(&moved, 2027).offered), (3, 3));
        assert_eq!((at(&moved, 2029).now, at(&moved, 2029).then), (4, 0));
        assert_eq!((at(&moved, 2032).then, at(&moved, 2032).destroyed), (4, 4));

        let both = lines(&groups, &Change { closed_too: true, ..change.clone() });
        assert_eq!((at(&both, 2030).then, at(&both, 2030).destroyed), (3, 3));
        let other = Change { entry: Some("10.10".into()), closed_too: true, ..change };
        assert_eq!(lines(&groups, &other), as_is, "another entry stays as it is");
    }

    #[test]
    fn what_is_held_is_not_due() {
        let groups = [group(false, 2024, 2, "A", true, 2), group(false, 2024, 2, "A", false, 1)];
        let line = at(&lines(&groups, &Change::default()), 2027);
        assert_eq!(line, Line { now: 1, then: 1, held: 2, offered: 1, ..Line::default() });
    }

    #[test]
    fn a_day_that_does_not_exist_is_no_day() {
        let today = Date::constant(2026, 11, 23);
        let asked = |day: &str, month: &str, year: &str| Asked {
            schluss: day.into(),
            schluss_month: month.into(),
            schluss_year: year.into(),
            ..Asked::default()
        };
        assert_eq!(Asked::default().closing(today), Some(today));
        assert_eq!(asked("29", "2", "2028").closing(today), Some(Date::constant(2028, 2, 29)));
        assert_eq!(asked("29", "2", "2027").closing(today), None);
        assert_eq!(asked("", "2", "2027").closing(today), None);
        assert_eq!(asked("1", "1", "30000").closing(today), None);
    }
}
