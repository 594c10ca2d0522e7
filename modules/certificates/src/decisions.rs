//! Decision types of a city (`decisions.toml`): which template, which remedy, which sentences.
//!
//! A Verwaltungsakt without a remedy text that is valid on the day can neither be loaded nor printed
//! (§ 37 (6) VwVfG NRW); a letter that decides nothing never carries one.

use std::collections::BTreeSet;

use content::{Content, Item, position};
use kernel::{Date, Error, Result};
use serde::Deserialize;
use toml::Spanned;

/// Values that every letter can name in braces; a decision adds the answers of the clerk's task.
pub const VALUES: &[&str] = &["aktenzeichen", "antrag_vom", "leistung", "heute", "name", "amt", "gebuehr"];

/// `cities/<city>/decisions.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    #[serde(default)]
    remedy: Vec<Remedy>,
    #[serde(default)]
    decision: Vec<Decision>,
}

/// A remedy text (Rechtsbehelfsbelehrung) while it is the law. Several rows of one key follow each other in time.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remedy {
    pub key: Spanned<String>,
    pub valid_from: Date,
    /// Last day; none while nothing newer is known.
    pub valid_to: Option<Date>,
    /// Where the law says so, e.g. `§ 110 JustG NRW`.
    pub basis: String,
    pub text: Vec<String>,
}

impl Remedy {
    fn valid_on(&self, day: Date) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|to| day <= to)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Verwaltungsakt,
    KeinVerwaltungsakt,
}

impl Kind {
    pub fn code(self) -> &'static str {
        match self {
            Kind::Verwaltungsakt => "verwaltungsakt",
            Kind::KeinVerwaltungsakt => "kein-verwaltungsakt",
        }
    }
}

/// One kind of letter.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub key: Spanned<String>,
    pub kind: Kind,
    /// Letter template of the city, without ending.
    pub template: String,
    /// Kind of the document in the case: `bescheid` or `schreiben`.
    pub document: String,
    /// Subject of the letter and title of the document.
    pub title: String,
    /// Key of the remedy; a Verwaltungsakt only.
    pub remedy: Option<String>,
    /// Answer keys of the clerk's task that the sentences name.
    #[serde(default)]
    pub texts: Vec<String>,
    /// What is decided (Tenor); a Verwaltungsakt only.
    #[serde(default)]
    pub tenor: Vec<String>,
    /// Reasons of a decision, or the text of a plain letter. A paragraph that is one value in braces becomes as many
    /// paragraphs as the value has.
    pub paragraphs: Vec<String>,
    /// How the fee of this outcome is demanded, unless it is zero; a Verwaltungsakt only.
    pub fee: Option<FeePart>,
    /// Note below a letter without signature (§ 37 (5) VwVfG NRW).
    pub signature_note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeePart {
    /// Key of the fee row in `fees.toml`.
    pub row: String,
    pub tenor: String,
    #[serde(default)]
    pub text: Vec<String>,
    /// Key of the remedy against the fee.
    pub remedy: String,
}

/// The part of `fees.toml` that a letter prints; `services` checks the whole of it.
#[derive(Debug, Default, Deserialize)]
pub struct Fees {
    #[serde(default)]
    fee: Vec<FeeRow>,
}

/// A fee while it is the law.
#[derive(Debug, Deserialize)]
pub struct FeeRow {
    key: String,
    pub text: String,
    /// Of a fee by effort (Rahmengebühr) the lower end.
    pub cents: i64,
    valid_from: Date,
    valid_to: Option<Date>,
    pub basis: String,
}

impl Fees {
    /// # Errors
    /// What cannot be read, with file, line and column.
    pub fn of(content: &Content) -> Result<std::sync::Arc<Fees>> {
        match content.get("city", "fees") {
            Some(_) => content.toml("city", "fees"),
            None => Ok(std::sync::Arc::default()),
        }
    }

    fn row(&self, key: &str, day: Date) -> Option<&FeeRow> {
        self.fee.iter().find(|r| r.key == key && r.valid_from <= day && r.valid_to.is_none_or(|to| day <= to))
    }

    /// The fee of a decision by the row of the day of application; none when it is zero.
    ///
    /// # Errors
    /// The city has no such row on that day.
    pub fn of_decision(&self, decision: &Decision, applied: Date) -> Result<Option<&FeeRow>> {
        let Some(part) = &decision.fee else { return Ok(None) };
        let row = self.row(&part.row, applied);
        let row = row.ok_or_else(|| Error::internal(format!("fee {} has no row on {applied}", part.row)))?;
        Ok(Some(row).filter(|row| row.cents > 0))
    }
}

/// What a letter says about remedies.
#[derive(Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Never empty.
    Verwaltungsakt {
        text: Vec<String>,
        basis: String,
    },
    KeinVerwaltungsakt,
}

impl Decisions {
    /// The city's decision types.
    ///
    /// # Errors
    /// [`Error::NotFound`] for a city without any; what cannot be read, with file, line and column.
    pub fn of(content: &Content) -> Result<std::sync::Arc<Decisions>> {
        content.toml("city", "decisions")
    }

    pub fn get(&self, key: &str) -> Result<&Decision> {
        let found = self.decision.iter().find(|d| d.key.get_ref() == key);
        found.ok_or_else(|| Error::internal(format!("decision type {key} is unknown")))
    }

    /// The remedy on a day. `with_fee` adds the one against the fee.
    ///
    /// # Errors
    /// Refused with `certificates-no-remedy` when the law of the day is not in the data.
    pub fn instruction(&self, decision: &Decision, day: Date, with_fee: bool) -> Result<Instruction> {
        if decision.kind == Kind::KeinVerwaltungsakt {
            return Ok(Instruction::KeinVerwaltungsakt);
        }
        let fee = decision.fee.as_ref().filter(|_| with_fee).map(|fee| fee.remedy.as_str());
        let keys: Vec<&str> = decision.remedy.as_deref().into_iter().chain(fee).collect();
        let (mut text, mut basis) = (Vec::new(), Vec::new());
        for key in &keys {
            let row = self.valid(key, day).ok_or_else(|| Error::refused("certificates-no-remedy"))?;
            text.extend(row.text.iter().filter(|t| !t.trim().is_empty()).cloned());
            basis.push(row.basis.as_str());
        }
        if keys.is_empty() || text.is_empty() {
            return Err(Error::refused("certificates-no-remedy"));
        }
        Ok(Instruction::Verwaltungsakt { text, basis: basis.join("; ") })
    }

    fn valid(&self, key: &str, day: Date) -> Option<&Remedy> {
        self.remedy.iter().find(|r| r.key.get_ref() == key && r.valid_on(day))
    }

    /// Every fault of the data on a day, with file, line and column.
    pub fn check(&self, item: &Item, letters: &BTreeSet<String>, fees: &Fees, day: Date) -> Vec<String> {
        let mut faults = Vec::new();
        let mut fault = |at: &Spanned<String>, text: String| {
            let (line, column) = position(&item.body, at.span().start);
            faults.push(format!("{}:{line}:{column}: „{}“: {text}", item.name, at.get_ref()));
        };
        for (i, remedy) in self.remedy.iter().enumerate() {
            if remedy.valid_to.is_some_and(|to| to < remedy.valid_from) {
                fault(&remedy.key, "gilt bis vor den ersten Tag.".into());
            }
            if remedy.text.iter().all(|t| t.trim().is_empty()) || remedy.basis.trim().is_empty() {
                fault(&remedy.key, "Text und Rechtsgrundlage dürfen nicht leer sein.".into());
            }
            let same = self.remedy[..i].iter().filter(|r| r.key.get_ref() == remedy.key.get_ref());
            if same.clone().any(|r| r.valid_on(remedy.valid_from) || remedy.valid_on(r.valid_from)) {
                fault(&remedy.key, "gilt zur selben Zeit wie eine andere Zeile mit diesem Namen.".into());
            }
        }
        let mut seen = BTreeSet::new();
        for decision in &self.decision {
            let at = &decision.key;
            if !seen.insert(at.get_ref().as_str()) {
                fault(at, "steht zweimal da.".into());
            }
            if !letters.contains(&decision.template) {
                fault(at, format!("Die Vorlage „letters/{}.typ“ fehlt.", decision.template));
            }
            if decision.paragraphs.is_empty() {
                fault(at, "Ein Schreiben braucht Text (paragraphs).".into());
            }
            for used in decision.named() {
                if !VALUES.contains(&used.as_str()) && !decision.texts.contains(&used) {
                    fault(at, format!("{{{used}}} ist kein bekannter Wert. Antworten der Aufgabe nennt „texts“."));
                }
            }
            if let Some(part) = decision.fee.as_ref().filter(|part| fees.row(&part.row, day).is_none()) {
                fault(at, format!("fees.toml hat für „{}“ keine Zeile, die am {day} gilt.", part.row));
            }
            match decision.kind {
                Kind::KeinVerwaltungsakt => {
                    if decision.remedy.is_some() || decision.fee.is_some() || !decision.tenor.is_empty() {
                        fault(at, "Was kein Verwaltungsakt ist, hat keinen Tenor, keine Gebühr und keine Rechtsbehelfsbelehrung.".into());
                    }
                }
                Kind::Verwaltungsakt => {
                    if decision.tenor.is_empty() {
                        fault(at, "Ein Verwaltungsakt braucht einen Tenor (tenor).".into());
                    }
                    if decision.remedy.is_none() || self.instruction(decision, day, true).is_err() {
                        fault(
                            at,
                            format!(
                                "Ein Verwaltungsakt braucht eine Rechtsbehelfsbelehrung, die am {day} gilt (remedy)."
                            ),
                        );
                    }
                }
            }
        }
        faults
    }
}

impl Decision {
    /// Names in braces in all sentences.
    fn named(&self) -> BTreeSet<String> {
        let fee = self.fee.iter().flat_map(|f| f.text.iter().chain([&f.tenor]));
        let texts = self.tenor.iter().chain(&self.paragraphs).chain([&self.title]).chain(fee);
        texts.flat_map(|text| names(text)).collect()
    }
}

/// The names in braces of a sentence.
fn names(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        found.push(name.to_owned());
        rest = after;
    }
    found
}

/// Puts values in the place of names in braces. What a value says is text, also where it holds braces.
///
/// # Errors
/// A value that is not there or empty: a letter with a hole is not written.
pub fn fill(text: &str, value: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        let found = value(name).filter(|v| !v.trim().is_empty());
        out.push_str(found.ok_or_else(|| Error::internal(format!("the letter needs {name}, and it is empty")))?.trim());
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// Fills paragraphs; line breaks in values make paragraphs of their own.
pub fn fill_all(texts: &[String], value: &dyn Fn(&str) -> Option<String>) -> Result<Vec<String>> {
    let mut out = Vec::with_capacity(texts.len());
    for text in texts {
        let filled = fill(text, value)?;
        out.extend(filled.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(body: &str) -> Item {
        Item {
            kind: "city".into(),
            key: "decisions".into(),
            version: 1,
            name: "decisions.toml".into(),
            body: body.into(),
        }
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    const DATA: &str = r#"
[[remedy]]
key = "klage"
valid_from = "2020-01-01"
valid_to = "2025-12-31"
basis = "§ 1 AltG"
text = ["Alt."]

[[remedy]]
key = "klage"
valid_from = "2026-01-01"
basis = "§ 2 NeuG"
text = ["Neu."]

[[remedy]]
key = "gebuehr"
valid_from = "2026-01-01"
basis = "§ 3 NeuG"
text = ["Gegen die Gebühr."]

[[decision]]
key = "ablehnung"
kind = "verwaltungsakt"
template = "bescheid-ablehnung"
document = "bescheid"
title = "Ablehnung"
remedy = "klage"
texts = ["grund"]
tenor = ["Ihren Antrag vom {antrag_vom} lehne ich ab."]
paragraphs = ["{grund}"]
fee = { row = "abgelehnt", tenor = "Die Gebühr beträgt {gebuehr}.", remedy = "gebuehr" }

[[decision]]
key = "hinweis"
kind = "kein-verwaltungsakt"
template = "mitteilung"
document = "schreiben"
title = "Hinweis"
paragraphs = ["{grund}"]
texts = ["grund"]
"#;

    fn fees() -> Fees {
        let row = "[[fee]]\nkey = \"abgelehnt\"\ntext = \"Ablehnung\"\nbasis = \"§ 4\"\nsample = true\n";
        let rows = [
            format!("{row}cents = 750\nvalid_from = \"2019-01-01\"\nvalid_to = \"2026-06-30\"\n"),
            format!("{row}cents = 0\nvalid_from = \"2026-07-01\"\n"),
        ];
        content::read_toml(&Item { name: "fees.toml".into(), ..item(&rows.concat()) }).unwrap()
    }

    fn letters() -> BTreeSet<String> {
        ["bescheid-ablehnung", "mitteilung"].map(str::to_owned).into()
    }

    #[test]
    fn the_remedy_is_that_of_the_day_and_the_fee_has_its_own() {
        let item = item(DATA);
        let data: Decisions = content::read_toml(&item).unwrap();
        let decision = data.get("ablehnung").unwrap();
        let on = |at, fee| data.instruction(decision, day(at), fee);
        let act = |text: &[&str], basis: &str| Instruction::Verwaltungsakt {
            text: text.iter().map(|t| (*t).to_owned()).collect(),
            basis: basis.into(),
        };
        assert_eq!(on("2025-12-31", false).unwrap(), act(&["Alt."], "§ 1 AltG"));
        assert_eq!(on("2026-01-01", false).unwrap(), act(&["Neu."], "§ 2 NeuG"));
        assert_eq!(on("2026-01-01", true).unwrap(), act(&["Neu.", "Gegen die Gebühr."], "§ 2 NeuG; § 3 NeuG"));
        // No row for the refusal on that day, none for the fee on that day.
        for (at, fee) in [("2019-12-31", false), ("2025-12-31", true)] {
            let refused = on(at, fee).unwrap_err();
            assert_eq!(refused.code(), "certificates-no-remedy", "{at}");
        }
        let note = data.get("hinweis").unwrap();
        assert_eq!(data.instruction(note, day("1999-01-01"), true).unwrap(), Instruction::KeinVerwaltungsakt);
        assert_eq!(data.check(&item, &letters(), &fees(), day("2026-06-01")), Vec::<String>::new());
    }

    #[test]
    fn a_verwaltungsakt_without_a_remedy_of_today_does_not_load() {
        let faults = |body: &str, at| {
            let item = item(body);
            content::read_toml::<Decisions>(&item).unwrap().check(&item, &letters(), &fees(), day(at))
        };
        let fault = faults(DATA, "2019-06-01");
        assert_eq!(fault.len(), 1, "{fault:?}");
        assert!(
            fault[0].starts_with("decisions.toml:22:7: „ablehnung“") && fault[0].contains("2019-06-01"),
            "{fault:?}"
        );
        for (what, broken) in [
            ("Rechtsbehelfsbelehrung", DATA.replace("remedy = \"klage\"", "")),
            ("Tenor", DATA.replace("tenor = [\"Ihren Antrag vom {antrag_vom} lehne ich ab.\"]", "")),
            ("kein bekannter Wert", DATA.replace("{antrag_vom}", "{antrag}")),
            ("fehlt", DATA.replace("template = \"mitteilung\"", "template = \"brief\"")),
            ("fees.toml", DATA.replace("row = \"abgelehnt\"", "row = \"andere\"")),
            ("selben Zeit", DATA.replace("valid_to = \"2025-12-31\"", "")),
            ("zweimal", DATA.replace("key = \"hinweis\"", "key = \"ablehnung\"")),
            (
                "Was kein Verwaltungsakt ist",
                DATA.replace("title = \"Hinweis\"", "title = \"Hinweis\"\nremedy = \"klage\""),
            ),
        ] {
            let found = faults(&broken, "2026-06-01");
            assert!(found.iter().any(|f| f.contains(what)), "{what}: {found:?}");
        }
        let unreadable = content::read_toml::<Decisions>(&item(&DATA.replace("kein-verwaltungsakt", "vielleicht")));
        let line = DATA.lines().position(|l| l.contains("kein-verwaltungsakt")).unwrap() + 1;
        let error = unreadable.unwrap_err().to_string();
        assert!(error.starts_with(&format!("decisions.toml:{line}:")), "{error}");
    }

    #[test]
    fn the_fee_is_that_of_the_day_of_application_and_zero_is_none() {
        let data: Decisions = content::read_toml(&item(DATA)).unwrap();
        let (fees, decision) = (fees(), data.get("ablehnung").unwrap());
        let on = |at| fees.of_decision(decision, day(at)).map(|row| row.map(|r| r.cents)).map_err(|e| e.to_string());
        assert_eq!(on("2026-06-30"), Ok(Some(750)));
        assert_eq!(on("2026-07-01"), Ok(None));
        assert!(on("2018-12-31").unwrap_err().contains("abgelehnt"));
        assert_eq!(fees.of_decision(data.get("hinweis").unwrap(), day("2018-12-31")).unwrap().map(|r| r.cents), None);
    }

    #[test]
    fn values_are_text_and_a_hole_is_no_letter() {
        let value = |name: &str| match name {
            "grund" => Some("Es fehlt {name}.\n\nUnd mehr.".to_owned()),
            "leer" => Some("  ".to_owned()),
            _ => None,
        };
        let fill = |texts: &[&str]| fill_all(&texts.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>(), &value);
        assert_eq!(
            fill(&["Grund: {grund}", "{grund}"]).unwrap(),
            ["Grund: Es fehlt {name}.", "Und mehr.", "Es fehlt {name}.", "Und mehr."]
        );
        assert_eq!(fill(&["Mengen { und }} und {"]).ok(), None);
        assert_eq!(fill(&["offen {"]).unwrap(), ["offen {"]);
        assert!(fill(&["{leer}"]).is_err() && fill(&["{unbekannt}"]).is_err());
    }
}
