//! Fees and periods of the city as dated rows with their legal basis: `fees.toml`. A row holds from its first to its
//! last day; the row of the day of submission counts. Gaps and overlaps are faults of the file.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use content::{Content, Item};
use contract_payments::FeeItem;
use forms::{Fact, FactKind};
use kernel::{Date, Error, Money, Result};
use serde::Deserialize;
use toml::Spanned;

use crate::catalogue::Service;

/// Prefix of fees among the facts of a form.
const FEES: &str = "gebuehren.";
/// Outcomes of a case that have fees of their own.
const OUTCOMES: [&str; 3] = ["refused", "withdrawn", "nothing-found"];
/// Prefix of periods among the facts of a form.
const PERIODS: &str = "fristen.";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    fee: Vec<Spanned<Row>>,
    #[serde(default)]
    period: Vec<Spanned<PeriodRow>>,
}

/// One fee (Tarifstelle) while it holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    pub key: String,
    /// For the payer, in German.
    pub text: String,
    pub cents: i64,
    /// Upper end of a fee by effort (Rahmengebühr); `cents` is then the lower end.
    pub max_cents: Option<i64>,
    pub valid_from: Date,
    /// The last day; open without it.
    pub valid_to: Option<Date>,
    /// Statute and tariff number.
    pub basis: String,
    /// Not compared with the city's statute yet.
    #[serde(default)]
    pub sample: bool,
    /// Service and outcome this row is for, instead of the regular fee; `payments` reads them.
    service: Option<String>,
    outcome: Option<String>,
}

/// A period or age limit of the law while it holds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodRow {
    pub key: String,
    pub value: i64,
    pub valid_from: Date,
    pub valid_to: Option<Date>,
    basis: String,
}

trait Dated {
    fn key(&self) -> &str;
    fn from(&self) -> Date;
    fn to(&self) -> Option<Date>;

    fn holds(&self, day: Date) -> bool {
        self.from() <= day && self.to().is_none_or(|last| day <= last)
    }
}

impl Dated for Row {
    fn key(&self) -> &str {
        &self.key
    }
    fn from(&self) -> Date {
        self.valid_from
    }
    fn to(&self) -> Option<Date> {
        self.valid_to
    }
}

impl Dated for PeriodRow {
    fn key(&self) -> &str {
        &self.key
    }
    fn from(&self) -> Date {
        self.valid_from
    }
    fn to(&self) -> Option<Date> {
        self.valid_to
    }
}

/// The checked rows.
#[derive(Debug, Default)]
pub struct Fees {
    rows: Vec<Row>,
    periods: Vec<PeriodRow>,
}

impl Fees {
    /// The city's rows; none if it has no file.
    ///
    /// # Errors
    /// Every fault with file, line and column, one per line.
    pub fn of(content: &Content) -> Result<Arc<Fees>> {
        if content.get("city", "fees").is_none() {
            return Ok(Arc::default());
        }
        content.parsed("city", "fees", Fees::read)
    }

    /// # Errors
    /// As [`Fees::of`].
    pub fn read(item: &Item) -> Result<Fees> {
        let file: File = content::read_toml(item)?;
        let mut faults = timeline_faults(item, &file.fee);
        faults.extend(timeline_faults(item, &file.period));
        for row in &file.fee {
            let (span, row) = (row.span(), row.get_ref());
            if row.cents < 0 || row.max_cents.is_some_and(|max| max < row.cents) {
                faults.push(fault(
                    item,
                    span.clone(),
                    "Der Betrag ist kleiner als 0 oder größer als sein Höchstbetrag.",
                ));
            }
            if row.basis.trim().is_empty() {
                faults.push(fault(item, span.clone(), "Es fehlt die Rechtsgrundlage (basis)."));
            }
            let outcome = row.outcome.as_deref();
            if outcome.is_some() != row.service.is_some() || outcome.is_some_and(|code| !OUTCOMES.contains(&code)) {
                let text =
                    format!("Zu einem Ausgang gehören „service“ und „outcome“, eins von: {}.", OUTCOMES.join(", "));
                faults.push(fault(item, span, &text));
            }
        }
        for row in file.period.iter().filter(|row| row.get_ref().basis.trim().is_empty()) {
            faults.push(fault(item, row.span(), "Es fehlt die Rechtsgrundlage (basis)."));
        }
        if !faults.is_empty() {
            return Err(Error::internal(faults.join("\n")));
        }
        Ok(Fees {
            rows: file.fee.into_iter().map(Spanned::into_inner).collect(),
            periods: file.period.into_iter().map(Spanned::into_inner).collect(),
        })
    }

    pub fn has(&self, key: &str) -> bool {
        self.rows.iter().any(|row| row.key == key)
    }

    /// Whether a form that declares this fact gets it.
    pub fn gives(&self, name: &str, kind: FactKind) -> bool {
        match (name.strip_prefix(FEES), name.strip_prefix(PERIODS)) {
            (Some(key), _) => kind == FactKind::Money && self.has(key),
            (_, Some(key)) => kind == FactKind::Integer && self.periods.iter().any(|row| row.key == key),
            _ => false,
        }
    }

    /// The row of a key that holds on a day.
    pub fn on(&self, key: &str, day: Date) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == key && row.holds(day))
    }

    /// The rows of the day that may be charged for what a service gives.
    pub fn of_lines(&self, service: &Service, day: Date) -> Vec<&Row> {
        let lines = service.online.iter().flat_map(|online| &online.fee);
        lines.filter_map(|rule| self.on(rule.row.get_ref(), day)).collect()
    }

    /// The rows of the day that are charged when a service ends without it.
    pub fn of_outcomes(&self, service: &Service, day: Date) -> Vec<&Row> {
        let rows =
            self.rows.iter().filter(|row| row.service.as_deref() == Some(service.key.as_str()) && row.holds(day));
        // That nothing is charged for nothing goes without saying.
        rows.filter(|row| row.cents > 0 || row.max_cents.is_some()).collect()
    }

    /// What forms may know: `gebuehren.<key>` and `fristen.<key>` of the day.
    pub fn facts(&self, day: Date) -> BTreeMap<String, Fact> {
        let fees = self.rows.iter().filter(|row| row.holds(day));
        let fees = fees.map(|row| (format!("{FEES}{}", row.key), Fact::Money(Money(row.cents))));
        let periods = self.periods.iter().filter(|row| row.holds(day));
        fees.chain(periods.map(|row| (format!("{PERIODS}{}", row.key), Fact::Integer(row.value)))).collect()
    }

    /// A line of a fee by the row of the day.
    ///
    /// # Errors
    /// No row of this key holds on the day.
    pub fn item(&self, key: &str, quantity: i64, day: Date) -> Result<FeeItem> {
        let row = self.on(key, day).ok_or_else(|| Error::internal(format!("no row of fee {key} holds on {day}")))?;
        Ok(FeeItem {
            fee: row.key.clone(),
            text: row.text.clone(),
            quantity,
            single: Money(row.cents),
            basis: row.basis.clone(),
        })
    }
}

fn fault(item: &Item, span: Range<usize>, text: &str) -> String {
    let (line, column) = content::position(&item.body, span.start);
    format!("{}:{line}:{column}: {text}", item.name)
}

/// Rows of one key must follow each other day by day.
fn timeline_faults<R: Dated>(item: &Item, rows: &[Spanned<R>]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut by_key: BTreeMap<&str, Vec<&Spanned<R>>> = BTreeMap::new();
    for row in rows {
        by_key.entry(row.get_ref().key()).or_default().push(row);
    }
    for (key, mut rows) in by_key {
        rows.sort_by_key(|row| row.get_ref().from());
        for row in &rows {
            if row.get_ref().to().is_some_and(|last| last < row.get_ref().from()) {
                faults.push(fault(item, row.span(), &format!("„{key}“ endet, bevor es beginnt.")));
            }
        }
        for pair in rows.windows(2) {
            let (before, after) = (pair[0].get_ref(), pair[1]);
            let first = after.get_ref().from();
            match before.to().map(|last| last.tomorrow()) {
                Some(Ok(next)) if next == first => {}
                Some(Ok(next)) if next < first => {
                    let text = format!("Für „{key}“ gilt vom {next} bis zum Tag vor dem {first} nichts.");
                    faults.push(fault(item, after.span(), &text));
                }
                _ => {
                    let text = format!("Für „{key}“ gelten ab dem {first} zwei Zeilen zugleich.");
                    faults.push(fault(item, after.span(), &text));
                }
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Fees> {
        Fees::read(&Item {
            kind: "city".into(),
            key: "fees".into(),
            version: 1,
            name: "fees.toml".into(),
            body: body.into(),
        })
    }

    fn row(cents: i64, from: &str, to: &str) -> String {
        let to = if to.is_empty() { String::new() } else { format!("valid_to = \"{to}\"\n") };
        format!(
            "[[fee]]\nkey = \"papier\"\ntext = \"Papier\"\ncents = {cents}\nvalid_from = \"{from}\"\n{to}basis = \"Satzung\"\n"
        )
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn the_row_of_the_day_counts_up_to_its_last_day() {
        let fees = read(&[row(900, "2024-01-01", "2026-12-31"), row(1100, "2027-01-01", "")].concat()).unwrap();
        let cents = |at: &str| fees.item("papier", 1, day(at)).map(|item| item.single.cents()).ok();
        assert_eq!(cents("2023-12-31"), None);
        assert_eq!(cents("2024-01-01"), Some(900));
        assert_eq!(cents("2026-12-31"), Some(900));
        assert_eq!(cents("2027-01-01"), Some(1100));
        assert_eq!(cents("2099-01-01"), Some(1100));
        assert_eq!(fees.facts(day("2026-12-31"))["gebuehren.papier"], Fact::Money(Money(900)));
        assert_eq!(fees.item("papier", 3, day("2027-01-01")).unwrap().total(), Some(Money(3300)));
    }

    #[test]
    fn gaps_and_overlaps_are_named_with_their_line() {
        let gap = read(&[row(900, "2024-01-01", "2026-12-30"), row(1100, "2027-01-01", "")].concat());
        assert_eq!(
            gap.unwrap_err().to_string(),
            "fees.toml:8:1: Für „papier“ gilt vom 2026-12-31 bis zum Tag vor dem 2027-01-01 nichts."
        );
        let overlap = read(&[row(900, "2024-01-01", "2027-01-01"), row(1100, "2027-01-01", "")].concat());
        assert_eq!(
            overlap.unwrap_err().to_string(),
            "fees.toml:8:1: Für „papier“ gelten ab dem 2027-01-01 zwei Zeilen zugleich."
        );
        let endless = read(&[row(900, "2024-01-01", ""), row(1100, "2027-01-01", "")].concat());
        assert!(endless.unwrap_err().to_string().starts_with("fees.toml:7:1: "));
        let backwards = read(&row(900, "2024-01-02", "2024-01-01"));
        assert!(backwards.unwrap_err().to_string().contains("endet, bevor es beginnt"));
    }

    #[test]
    fn negative_amounts_and_rows_without_basis_are_faults() {
        assert!(read(&row(-1, "2024-01-01", "")).is_err());
        assert!(read(&row(1, "2024-01-01", "").replace("Satzung", " ")).is_err());
        assert!(read("[[fee]]\nkey = 1").unwrap_err().to_string().starts_with("fees.toml:2:7: "));
    }
}
