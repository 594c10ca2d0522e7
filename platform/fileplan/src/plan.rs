//! The file plan (Aktenplan): which matters a city has, how long each of them is kept, and what the archive said of it.
//!
//! It is city data (`file-plan.toml`) in versions. A rule holds from its day on; what was closed before keeps the one of
//! its day.

use std::{collections::HashMap, fmt, sync::Arc};

use content::{Content, Item};
use kernel::{Date, Error, Result};
use serde::{Deserialize, Serialize};

pub const KIND: &str = "city";
pub const KEY: &str = "file-plan";

/// What becomes of a matter when its retention has ended (Aussonderungsart, code list of xdomea).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Appraisal {
    /// Archivwürdig: goes to the archive.
    A,
    /// Bewerten: the archive looks at each of them.
    B,
    /// Vernichten: the archive has said once for all that it does not want them (Bewertungskatalog).
    V,
}

impl Appraisal {
    pub const ALL: [Appraisal; 3] = [Appraisal::A, Appraisal::B, Appraisal::V];

    pub fn code(self) -> &'static str {
        match self {
            Appraisal::A => "A",
            Appraisal::B => "B",
            Appraisal::V => "V",
        }
    }

    pub fn from_code(code: &str) -> Option<Appraisal> {
        Appraisal::ALL.into_iter().find(|a| a.code().eq_ignore_ascii_case(code.trim()))
    }
}

/// How matters of an entry are kept that are closed from a day on (Aufbewahrungsregel).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub valid_from: Date,
    pub years: u16,
    /// The paragraph that says so.
    pub basis: String,
    pub appraisal: Appraisal,
}

/// An entry (Aktenplaneinheit). Files can be opened under an entry with rules; the others are headings.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Kennzeichen, e.g. `34.20`.
    pub key: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub parent: String,
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
}

impl Entry {
    /// The rule for what is closed on this day.
    pub fn rule_on(&self, day: Date) -> Option<&Rule> {
        self.rules.iter().rfind(|rule| rule.valid_from <= day)
    }

    pub fn is_heading(&self) -> bool {
        self.rules.is_empty()
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    #[serde(default)]
    entry: Vec<Entry>,
}

/// A faulty line of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// Key of the text that says what is wrong: `records-plan-fault-<code>`.
    pub code: &'static str,
    pub value: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.code {
            "key" => "kein Kennzeichen (Ziffern und Buchstaben, durch Punkte getrennt)",
            "title" => "Titel fehlt",
            "double" => "Kennzeichen kommt zweimal vor",
            "parent" => "der Oberpunkt steht nicht davor",
            "years" => "mehr als 130 Jahre Aufbewahrung",
            "basis" => "Rechtsgrundlage fehlt",
            "order" => "Regeln stehen nicht nach ihrem Datum",
            "date" => "kein Datum (JJJJ-MM-TT)",
            "number" => "keine Zahl von Jahren",
            "appraisal" => "Aussonderungsart ist A, B oder V",
            "columns" => "Spalten fehlen",
            _ => "nicht lesbar",
        };
        write!(f, "{}: {what}: {}", self.line, self.value)
    }
}

/// Longest retention that is not a typing error, in years.
pub const MOST_YEARS: u16 = 130;

/// A plan without faults.
#[derive(Default, Debug)]
pub struct Plan {
    entries: Vec<Entry>,
    at: HashMap<String, usize>,
}

impl Plan {
    /// # Errors
    /// Every fault; the line is that of `line_of`.
    pub fn new(entries: Vec<Entry>, line_of: impl Fn(usize) -> usize) -> Result<Plan, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut at = HashMap::new();
        for (index, entry) in entries.iter().enumerate() {
            let mut fault = |code, value: &str| {
                faults.push(Fault { line: line_of(index), code, value: value.to_owned() });
            };
            if !is_key(&entry.key) {
                fault("key", &entry.key);
            }
            if entry.title.trim().is_empty() {
                fault("title", &entry.key);
            }
            if !entry.parent.is_empty() && !at.contains_key(&entry.parent) {
                fault("parent", &entry.parent);
            }
            for rule in &entry.rules {
                if rule.years > MOST_YEARS {
                    fault("years", &rule.years.to_string());
                }
                if rule.basis.trim().is_empty() {
                    fault("basis", &entry.key);
                }
            }
            if !entry.rules.windows(2).all(|pair| pair[0].valid_from < pair[1].valid_from) {
                fault("order", &entry.key);
            }
            if at.insert(entry.key.clone(), index).is_some() {
                fault("double", &entry.key);
            }
        }
        if faults.is_empty() { Ok(Plan { entries, at }) } else { Err(faults) }
    }

    /// The city's plan; an empty one where the city has none.
    ///
    /// # Errors
    /// Every fault, with file and line.
    pub fn of(content: &Content) -> Result<Arc<Plan>> {
        match content.parsed(KIND, KEY, Plan::read) {
            Err(Error::NotFound) => Ok(Arc::default()),
            found => found,
        }
    }

    pub fn read(item: &Item) -> Result<Plan> {
        let file: PlanFile = content::read_toml(item)?;
        let lines: Vec<usize> = item
            .body
            .lines()
            .enumerate()
            .filter(|(_, line)| line.trim() == "[[entry]]")
            .map(|(number, _)| number + 1)
            .collect();
        let line_of = |index: usize| lines.get(index).copied().unwrap_or(1);
        Plan::new(file.entry, line_of).map_err(|faults| {
            let all: Vec<String> = faults.iter().map(|fault| format!("{}:{fault}", item.name)).collect();
            Error::internal(all.join("\n"))
        })
    }

    /// Reads a table (CSV, UTF-8) with the columns `kennzeichen`, `titel`, `oberpunkt`, `gueltig_ab`, `jahre`,
    /// `grundlage`, `aussonderungsart`, separated by semicolons. A second line with the same Kennzeichen is a further
    /// rule of the entry.
    ///
    /// # Errors
    /// Every faulty line.
    pub fn from_csv(text: &str) -> Result<Plan, Vec<Fault>> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
        let fault = |line: usize, code, value: &str| Fault { line, code, value: value.to_owned() };
        let header = reader.headers().map_err(|_| vec![fault(1, "columns", "")])?.clone();
        let column = |name: &str| header.iter().position(|h| h.eq_ignore_ascii_case(name));
        let names = ["kennzeichen", "titel", "oberpunkt", "gueltig_ab", "jahre", "grundlage", "aussonderungsart"];
        let missing: Vec<Fault> =
            names.iter().filter(|name| column(name).is_none()).map(|name| fault(1, "columns", name)).collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        let (mut entries, mut lines, mut faults) = (Vec::<Entry>::new(), Vec::new(), Vec::new());
        for row in reader.records() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let line = error.position().map_or(1, |p| usize::try_from(p.line()).unwrap_or(1));
                    faults.push(fault(line, "unreadable", &error.to_string()));
                    continue;
                }
            };
            let line = row.position().map_or(1, |p| usize::try_from(p.line()).unwrap_or(1));
            let cell = |name: &str| column(name).and_then(|at| row.get(at)).unwrap_or_default();
            let rule = match rule_of(&cell) {
                Ok(rule) => rule,
                Err((code, value)) => {
                    faults.push(fault(line, code, &value));
                    continue;
                }
            };
            match (entries.last_mut(), rule) {
                (Some(last), Some(rule)) if last.key == cell("kennzeichen") => last.rules.push(rule),
                (_, rule) => {
                    entries.push(Entry {
                        key: cell("kennzeichen").to_owned(),
                        title: cell("titel").to_owned(),
                        parent: cell("oberpunkt").to_owned(),
                        rules: rule.into_iter().collect(),
                    });
                    lines.push(line);
                }
            }
        }
        match Plan::new(entries, |index| lines.get(index).copied().unwrap_or(1)) {
            Ok(plan) if faults.is_empty() => Ok(plan),
            Ok(_) => Err(faults),
            Err(more) => {
                faults.extend(more);
                faults.sort_by_key(|fault| fault.line);
                Err(faults)
            }
        }
    }

    /// Reads a filing plan of xdomea (message 0301, versions 2.3.0 to 3.0.0). Its rules hold from the first day of the
    /// plan's validity, or from `today` where it names none; entries without Kennzeichen are refused.
    ///
    /// # Errors
    /// Every fault of the message, or of the plan in it with the number of the entry as the line.
    pub fn from_xdomea(text: &str, today: Date) -> Result<Plan, Vec<Fault>> {
        let reading = xdomea::read(text).map_err(|faults| {
            let fault = |fault: xdomea::Fault| {
                let line = usize::try_from(fault.at.line).unwrap_or(1);
                Fault { line, code: "unreadable", value: format!("{}: {}", fault.path, fault.message) }
            };
            faults.into_iter().map(fault).collect::<Vec<_>>()
        })?;
        let xdomea::Inhalt::Aktenplan(message) = reading.message.inhalt else {
            return Err(vec![Fault { line: 1, code: "unreadable", value: "0301".to_owned() }]);
        };
        let plan = message.aktenplan;
        let begin = plan.gueltigkeit.as_ref().and_then(first_day);
        let basis = format!("{} {}", plan.bezeichnung, plan.version).trim().to_owned();
        let mut entries = Vec::new();
        for unit in &plan.einheiten {
            add_unit(unit, "", begin.unwrap_or(today), &basis, &mut entries);
        }
        Plan::new(entries, |index| index + 1)
    }

    /// The plan as the city's file.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written, which does not happen for a plan without faults.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string(&PlanFile { entry: self.entries.clone() }).map_err(Error::internal)
    }

    /// In the order of the file: parents before their children.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.at.get(key).map(|index| &self.entries[*index])
    }

    /// What is different in another plan.
    pub fn changes(&self, new: &Plan) -> Changes {
        let keys = |entries: Vec<&Entry>| entries.into_iter().map(|e| (e.key.clone(), e.title.clone())).collect();
        Changes {
            added: keys(new.entries.iter().filter(|e| self.entry(&e.key).is_none()).collect()),
            changed: keys(new.entries.iter().filter(|e| self.entry(&e.key).is_some_and(|old| old != *e)).collect()),
            gone: keys(self.entries.iter().filter(|e| new.entry(&e.key).is_none()).collect()),
        }
    }
}

/// First day of a period of xdomea; none where it is not given.
fn first_day(period: &xdomea::model::Zeitraum) -> Option<Date> {
    // A time zone may stand behind the day.
    period.beginn.as_ref()?.as_str().get(..10)?.parse().ok()
}

/// Adds an entry of a filing plan of xdomea and those below it. Unlimited retention has no number of years here: the
/// archive takes such files, and they stay as long as a rule can say.
fn add_unit(
    unit: &xdomea::model::AktenplaneinheitAktenplan,
    parent: &str,
    from: Date,
    basis: &str,
    entries: &mut Vec<Entry>,
) {
    let key = unit.einheit.kennzeichen.clone().unwrap_or_default();
    let title = unit.einheit.inhaltsangabe.clone().or_else(|| unit.einheit.betreff_kurz.clone()).unwrap_or_default();
    let years = match unit.aufbewahrungsdauer {
        xdomea::model::Aufbewahrungsdauer::Jahre(years) => years,
        xdomea::model::Aufbewahrungsdauer::Unbefristet => MOST_YEARS,
    };
    let appraisal = match &unit.aussonderungsart {
        xdomea::model::Bewertung::Aussonderungsart(coded) => match coded.code {
            xdomea::Aussonderungsart::Archivwuerdig => Appraisal::A,
            xdomea::Aussonderungsart::Bewerten => Appraisal::B,
            xdomea::Aussonderungsart::Vernichten => Appraisal::V,
        },
        // Agreed on between others: the archive looks at each of them.
        xdomea::model::Bewertung::Konfigurierbar(_) => Appraisal::B,
    };
    // What holds entries or is out of use holds no new files.
    let heading = !unit.einheiten.is_empty() || unit.stillgelegt;
    let rule = Rule {
        valid_from: unit.gueltigkeit.as_ref().and_then(first_day).unwrap_or(from),
        years,
        basis: basis.to_owned(),
        appraisal,
    };
    entries.push(Entry {
        key: key.clone(),
        title,
        parent: parent.to_owned(),
        rules: if heading { Vec::new() } else { vec![rule] },
    });
    for inner in &unit.einheiten {
        add_unit(inner, &key, from, basis, entries);
    }
}

/// What an import of a plan would do; Kennzeichen and title of each entry.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: Vec<(String, String)>,
    pub changed: Vec<(String, String)>,
    /// They stay when files lie under them; the room that leads them looks.
    pub gone: Vec<(String, String)>,
}

/// The rule of a line, if there is one.
fn rule_of<'a>(cell: &impl Fn(&str) -> &'a str) -> Result<Option<Rule>, (&'static str, String)> {
    let [from, years, basis, appraisal] = ["gueltig_ab", "jahre", "grundlage", "aussonderungsart"].map(cell);
    if [from, years, basis, appraisal].iter().all(|cell| cell.is_empty()) {
        return Ok(None);
    }
    Ok(Some(Rule {
        valid_from: from.parse().map_err(|_| ("date", from.to_owned()))?,
        years: years.parse().map_err(|_| ("number", years.to_owned()))?,
        basis: basis.to_owned(),
        appraisal: Appraisal::from_code(appraisal).ok_or_else(|| ("appraisal", appraisal.to_owned()))?,
    }))
}

/// Kennzeichen: groups of digits and letters, separated by points. A hyphen begins the number of a file.
fn is_key(key: &str) -> bool {
    key.len() <= 40 && key.split('.').all(|group| !group.is_empty() && group.chars().all(|c| c.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "kennzeichen;titel;oberpunkt;gueltig_ab;jahre;grundlage;aussonderungsart
34;Personenstand;;;;;
34.20;Urkunden;34;2020-01-01;5;Beispielregel 1;B
34.20;Urkunden;34;2025-07-01;10;Beispielregel 2;A
";

    #[test]
    fn a_table_is_read_and_written_as_the_citys_file() {
        let plan = Plan::from_csv(TABLE).unwrap();
        let entry = plan.entry("34.20").unwrap();
        assert_eq!((plan.entries().len(), entry.parent.as_str(), entry.rules.len()), (2, "34", 2));
        let on = |day: &str| entry.rule_on(day.parse().unwrap()).map(|rule| (rule.years, rule.appraisal));
        assert_eq!(on("2019-12-31"), None);
        assert_eq!(on("2025-06-30"), Some((5, Appraisal::B)));
        assert_eq!(on("2025-07-01"), Some((10, Appraisal::A)));
        let body: Arc<str> = plan.to_toml().unwrap().into();
        let item = Item { kind: KIND.into(), key: KEY.into(), version: 1, name: "file-plan.toml".into(), body };
        assert_eq!(Plan::read(&item).unwrap().entries(), plan.entries());
    }

    #[test]
    fn every_faulty_line_is_named() {
        let table = "Kennzeichen;Titel;Oberpunkt;gueltig_ab;jahre;grundlage;aussonderungsart
34;Personenstand;;;;;
34/20;Urkunden;34;2020-01-01;5;Regel;B
35;;99;2020-01-01;5;Regel;B
36;Titel;;2020-13-01;5;Regel;B
37;Titel;;2020-01-01;fünf;Regel;B
38;Titel;;2020-01-01;5;Regel;X
34;Noch einmal;;;;;
39;Titel;;2020-01-01;500;;B
";
        let faults = Plan::from_csv(table).unwrap_err();
        let found: Vec<(usize, &str)> = faults.iter().map(|fault| (fault.line, fault.code)).collect();
        let expected = [
            (3, "key"),
            (4, "title"),
            (4, "parent"),
            (5, "date"),
            (6, "number"),
            (7, "appraisal"),
            (8, "double"),
            (9, "years"),
            (9, "basis"),
        ];
        assert_eq!(found, expected);
        assert_eq!(Plan::from_csv("a;b\n1;2\n").unwrap_err().len(), 7);
    }

    #[test]
    fn a_filing_plan_of_xdomea_becomes_the_citys_plan() {
        use xdomea::model::{Aktenplan, Aktenplaneinheit, AktenplaneinheitAktenplan, Aufbewahrungsdauer};
        let unit = |key: &str, years: u16, inner: Vec<AktenplaneinheitAktenplan>| AktenplaneinheitAktenplan {
            einheit: Aktenplaneinheit {
                kennzeichen: Some(key.into()),
                inhaltsangabe: Some(format!("Titel {key}")),
                ..Aktenplaneinheit::default()
            },
            aufbewahrungsdauer: Aufbewahrungsdauer::Jahre(years),
            einheiten: inner,
            ..AktenplaneinheitAktenplan::default()
        };
        let plan = Aktenplan {
            bezeichnung: "Musterplan".into(),
            version: "1".into(),
            einheiten: vec![unit("34", 0, vec![unit("34.20", 5, Vec::new())])],
            ..Aktenplan::default()
        };
        let mut entries = Vec::new();
        for unit in &plan.einheiten {
            add_unit(unit, "", Date::constant(2026, 1, 1), "Musterplan 1", &mut entries);
        }
        assert!(entries[0].is_heading() && entries[1].parent == "34");
        assert_eq!((entries[1].rules[0].years, entries[1].rules[0].basis.as_str()), (5, "Musterplan 1"));
        assert!(Plan::new(entries, |index| index + 1).is_ok());
        assert_eq!(Plan::from_xdomea("<a/>", Date::constant(2026, 1, 1)).unwrap_err()[0].code, "unreadable");
    }

    #[test]
    fn the_changes_of_an_import_are_named() {
        let old = Plan::from_csv(TABLE).unwrap();
        let new = TABLE.replace("34;Personenstand", "34;Personenstandswesen").replace("34.20;", "34.30;");
        let changes = old.changes(&Plan::from_csv(&new).unwrap());
        assert_eq!(changes.changed, [("34".to_owned(), "Personenstandswesen".to_owned())]);
        assert_eq!(changes.added, [("34.30".to_owned(), "Urkunden".to_owned())]);
        assert_eq!(changes.gone, [("34.20".to_owned(), "Urkunden".to_owned())]);
    }
}
