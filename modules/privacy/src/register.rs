//! The record of processing activities (Verzeichnis der Verarbeitungstätigkeiten, Art. 30 DSGVO), made of what the city's
//! forms and services say about themselves, so that it cannot differ from what people are told (Art. 13 DSGVO).

use content::{Content, Item};
use forms::Form;
use house::City;
use identity::Units;
use kernel::{Error, Lang, Result};
use serde::Deserialize;

/// One processing activity.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activity {
    pub service: String,
    pub title: String,
    /// Leading organisation unit.
    pub unit: String,
    pub purpose: String,
    /// Paragraph and what it says.
    pub legal_basis: Vec<String>,
    /// Whose data: those the form asks for are the applicant's and of persons named there.
    pub fields: Vec<String>,
    /// Special categories among them (Art. 9 DSGVO).
    pub special: Vec<String>,
    /// Where data come from that the person does not give.
    pub sources: String,
    pub recipients: Vec<String>,
    /// What, how many years after the end of the year of closing, by which paragraph.
    pub retention: Vec<Kept>,
    /// Days an unsent draft is kept.
    pub draft_days: u32,
    /// Whether a program decides alone (Art. 22 DSGVO).
    pub automated_decision: String,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub what: String,
    pub years: u32,
    pub paragraph: String,
}

/// What the register needs of `services/<key>.toml`; the rest belongs to the module `services`.
#[derive(Deserialize)]
struct Service {
    title: Words,
    online: Option<Online>,
}

#[derive(Deserialize)]
struct Words {
    de: String,
    #[serde(default)]
    en: String,
}

impl Words {
    fn get(&self, lang: Lang) -> &str {
        if lang == Lang::En && !self.en.is_empty() { &self.en } else { &self.de }
    }
}

#[derive(Deserialize)]
struct Online {
    form: String,
    unit: String,
}

pub fn read_form(item: &Item) -> Result<Form> {
    Form::load(&item.name, &item.body)
        .map_err(|faults| Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// All activities, by service.
///
/// # Errors
/// A service or a form that cannot be read; the house does not start with one.
pub fn activities(content: &Content, units: &Units, lang: Lang) -> Result<Vec<Activity>> {
    let mut all = Vec::new();
    for item in content.all("services") {
        let service = content.parse(&item, content::read_toml::<Service>)?;
        let Some(online) = &service.online else { continue };
        let form = content.parsed("forms", &online.form, read_form)?;
        let unit = units.get(&online.unit).map_or(&online.unit, |unit| &unit.name);
        all.extend(activity(&item.key, &service, unit, &form, lang));
    }
    Ok(all)
}

fn activity(key: &str, service: &Service, unit: &str, form: &Form, lang: Lang) -> Option<Activity> {
    let privacy = form.privacy.as_ref()?;
    let personal = form.personal_fields();
    let labels = |special: bool| {
        personal.iter().filter(|f| f.special == special).map(|f| f.label.get(lang).to_owned()).collect()
    };
    let optional = |text: &Option<forms::Text>| text.as_ref().map_or(String::new(), |t| t.get(lang).to_owned());
    Some(Activity {
        service: key.to_owned(),
        title: service.title.get(lang).to_owned(),
        unit: unit.to_owned(),
        purpose: privacy.purpose.get(lang).to_owned(),
        legal_basis: privacy.legal_basis.iter().map(|b| format!("{}: {}", b.paragraph, b.text.get(lang))).collect(),
        fields: labels(false),
        special: labels(true),
        sources: optional(&privacy.sources),
        recipients: privacy.recipients.iter().map(|r| r.get(lang).to_owned()).collect(),
        retention: privacy
            .retention
            .iter()
            .map(|r| Kept { what: r.what.get(lang).to_owned(), years: r.years, paragraph: r.paragraph.clone() })
            .collect(),
        draft_days: privacy.draft_days,
        automated_decision: optional(&privacy.automated_decision),
    })
}

/// Who is responsible (Art. 30 Abs. 1 Buchst. a DSGVO).
pub fn controller(city: &City) -> String {
    let sender = &city.file.sender;
    format!("{}, {}, {} {}", city.file.name, sender.street, sender.postal_code, sender.city)
}

/// The register as CSV (RFC 4180) with semicolons, as German spreadsheets read it, in UTF-8 with a mark at the start.
pub fn csv(controller: &str, activities: &[Activity]) -> String {
    let mut out = String::from("\u{feff}");
    line(
        &mut out,
        &[
            "Verantwortlich",
            "Verarbeitung",
            "Organisationseinheit",
            "Zweck",
            "Rechtsgrundlage",
            "Datenkategorien",
            "Besondere Kategorien",
            "Herkunft",
            "Empfänger",
            "Aufbewahrung",
            "Entwürfe (Tage)",
            "Automatisierte Entscheidung",
        ],
    );
    for a in activities {
        let kept = a.retention.iter().map(|k| format!("{}: {} Jahre ({})", k.what, k.years, k.paragraph));
        line(
            &mut out,
            &[
                controller,
                &a.title,
                &a.unit,
                &a.purpose,
                &a.legal_basis.join("\n"),
                &a.fields.join("\n"),
                &a.special.join("\n"),
                &a.sources,
                &a.recipients.join("\n"),
                &kept.collect::<Vec<_>>().join("\n"),
                &a.draft_days.to_string(),
                &a.automated_decision,
            ],
        );
    }
    out
}

fn line(out: &mut String, fields: &[&str]) {
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            out.push(';');
        }
        // A leading sign would make a formula of a text in a spreadsheet.
        let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        out.push('"');
        out.push_str(guard);
        out.push_str(&field.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_keeps_quotes_and_lines_and_starts_no_formula() {
        let activity = Activity {
            service: "muster".into(),
            title: "=1+1".into(),
            unit: "amt".into(),
            purpose: "Ein \"Zweck\"; mit Strichpunkt".into(),
            legal_basis: vec!["§ 1: a".into(), "§ 2: b".into()],
            fields: vec!["Name".into()],
            special: Vec::new(),
            sources: String::new(),
            recipients: Vec::new(),
            retention: vec![Kept { what: "Antrag".into(), years: 3, paragraph: "§ 3".into() }],
            draft_days: 30,
            automated_decision: String::new(),
        };
        let text = csv("Stadt Musterstadt", &[activity]);
        let second = text.split("\r\n").nth(1).unwrap();
        assert!(second.starts_with("\"Stadt Musterstadt\";\"'=1+1\";\"amt\";\"Ein \"\"Zweck\"\"; mit Strichpunkt\";"));
        assert!(second.contains("\"§ 1: a\n§ 2: b\";\"Name\";\"\";"));
        assert!(second.contains("\"Antrag: 3 Jahre (§ 3)\";\"30\";\"\""));
    }

    #[test]
    fn the_register_says_what_the_citys_form_says() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../cities/meerbusch/forms/meldebescheinigung.toml");
        let body = std::fs::read_to_string(file).unwrap();
        let form = Form::load("meldebescheinigung.toml", &body).unwrap();
        let service = Service { title: Words { de: "Meldebescheinigung".into(), en: String::new() }, online: None };
        let activity = activity("meldebescheinigung", &service, "Bürgerbüro", &form, Lang::De).unwrap();
        assert!(activity.legal_basis.iter().any(|b| b.contains("§ 18 BMG")));
        assert!(!activity.fields.is_empty() && !activity.recipients.is_empty());
        assert!(activity.retention.iter().any(|k| k.years == 10 && k.paragraph.contains("KomHVO")));
    }
}
