//! The catalogue of services (Leistungskatalog) as the city's data: `services/<key>.toml`.

use std::{borrow::Borrow, collections::BTreeMap, ops::Range, sync::Arc};

use content::{Content, Item};
use forms::Form;
use kernel::{Error, Lang, Result, UnitKey};
use serde::Deserialize;
use toml::Spanned;

use crate::{fees::Fees, search::Index, submission};

/// Kind of the catalogue's files in the city's data.
const KIND: &str = "services";

/// A text in German and, where somebody has written it, in English.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    de: String,
    #[serde(default)]
    en: String,
}

impl Words {
    /// The text in this language, in German if the language has none.
    pub fn get(&self, lang: impl Borrow<Lang>) -> &str {
        if *lang.borrow() == Lang::En && !self.en.is_empty() { &self.en } else { &self.de }
    }
}

/// A service of the city (Verwaltungsleistung).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    #[serde(skip)]
    pub key: String,
    #[serde(skip)]
    pub index: Index,
    /// LeiKa key, 14 digits; empty where it has not been looked up yet.
    #[serde(default)]
    pub leika: String,
    pub title: Words,
    /// One or two sentences for lists.
    pub teaser: Words,
    /// Paragraphs and lists of the service's page.
    pub text: Words,
    /// Everyday words under which people look for it.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// The office that answers, as people know it.
    pub office: Words,
    /// What to bring or have at hand.
    #[serde(default)]
    pub bring: Vec<Words>,
    pub fee: Words,
    pub duration: Words,
    pub legal_basis: Vec<LegalBasis>,
    /// How to get it, the easiest way first.
    #[serde(default)]
    pub way: Vec<Way>,
    /// Present if it can be applied for here.
    pub online: Option<Online>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegalBasis {
    /// e.g. `§ 18 BMG`
    pub paragraph: String,
    #[serde(default)]
    pub text: Words,
}

/// One way to get a service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Way {
    pub kind: WayKind,
    pub text: Words,
    pub link: Option<Link>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayKind {
    Counter,
    Writing,
    /// Another authority.
    Elsewhere,
}

impl WayKind {
    /// Text key of its name.
    pub fn text_key(self) -> &'static str {
        match self {
            WayKind::Counter => "services-way-counter",
            WayKind::Writing => "services-way-writing",
            WayKind::Elsewhere => "services-way-elsewhere",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub label: Words,
    pub href: String,
}

/// What the program needs to know to take an application.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Online {
    pub form: Spanned<String>,
    pub process: Spanned<String>,
    /// Leading organisation unit (Federführung).
    pub unit: UnitKey,
    /// Entry of the file plan (Aktenplan).
    pub plan: String,
    /// `offen` or `vertraulich`.
    pub confidentiality: String,
    /// Years the closed case is kept, and the paragraph.
    pub retention_years: u16,
    pub retention_basis: String,
    /// The form's computed amount that the applicant saw; the fee must come to the same.
    pub total: Spanned<String>,
    #[serde(default)]
    pub fee: Vec<FeeRule>,
    /// Variables of the process as FEEL over the form's codes.
    #[serde(default)]
    pub vars: BTreeMap<String, Spanned<String>>,
    pub applicant: ApplicantFields,
    /// What to look for in the civil register (Personenstandsregister).
    pub civil_entry: Option<CivilFields>,
}

/// A line of the fee.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeRule {
    /// Key of the row in `fees.toml`.
    pub row: Spanned<String>,
    /// How many, FEEL over the form's codes; 0 leaves the line out.
    pub quantity: Spanned<String>,
}

/// Keys of the form's fields that name the applicant.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicantFields {
    pub family_name: Spanned<String>,
    pub first_names: Spanned<String>,
    pub birth_date: Spanned<String>,
    pub address: Spanned<String>,
    pub email: Option<Spanned<String>>,
}

/// Keys of the form's fields about a register entry; of several the first answered one counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CivilFields {
    pub family_name: Vec<Spanned<String>>,
    pub first_names: Vec<Spanned<String>>,
    pub date: Spanned<String>,
    pub place: Spanned<String>,
    pub register_number: Spanned<String>,
}

fn read(item: &Item) -> Result<Service> {
    let mut service: Service = content::read_toml(item)?;
    service.key.clone_from(&item.key);
    service.index = Index::new(&service);
    Ok(service)
}

/// A service by its key.
///
/// # Errors
/// [`Error::NotFound`]
pub fn service(content: &Content, key: &str) -> Result<Arc<Service>> {
    content.parsed(KIND, key, read)
}

/// All services by title.
pub fn all(content: &Content, lang: Lang) -> Result<Vec<Arc<Service>>> {
    let mut services = content.all(KIND).iter().map(|item| content.parse(item, read)).collect::<Result<Vec<_>>>()?;
    services.sort_by_cached_key(|s| crate::search::fold(s.title.get(lang)));
    Ok(services)
}

/// The released form of a key with the version of its content.
pub fn form(content: &Content, key: &str) -> Result<(i64, Arc<Form>)> {
    let item = content.get("forms", key).ok_or(Error::NotFound)?;
    Ok((item.version, content.parse(&item, read_form)?))
}

fn read_form(item: &Item) -> Result<Form> {
    Form::load(&item.name, &item.body)
        .map_err(|faults| Error::internal(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")))
}

/// Every fault of the catalogue, the forms and the fees: file, line, column and a German sentence.
pub fn check(content: &Content) -> Vec<String> {
    let mut faults = Vec::new();
    let fees = Fees::of(content);
    match &fees {
        Ok(_) => {}
        Err(error) => faults.extend(error.to_string().lines().map(str::to_owned)),
    }
    for item in content.all("forms") {
        if let Err(error) = content.parse(&item, read_form) {
            faults.extend(error.to_string().lines().map(str::to_owned));
        }
    }
    for item in content.all(KIND) {
        match content.parse(&item, read) {
            Ok(service) => {
                Checked { content, item: &item, faults: &mut faults }.service(&service, fees.as_deref().ok())
            }
            Err(error) => faults.push(error.to_string()),
        }
    }
    faults
}

struct Checked<'a> {
    content: &'a Content,
    item: &'a Item,
    faults: &'a mut Vec<String>,
}

impl Checked<'_> {
    fn fault(&mut self, span: Range<usize>, text: String) {
        let (line, column) = content::position(&self.item.body, span.start);
        self.faults.push(format!("{}:{line}:{column}: {text}", self.item.name));
    }

    fn service(&mut self, service: &Service, fees: Option<&Fees>) {
        let leika = &service.leika;
        if !leika.is_empty() && (leika.len() != 14 || !leika.bytes().all(|b| b.is_ascii_digit())) {
            self.fault(0..0, format!("Der LeiKa-Schlüssel „{leika}“ hat nicht 14 Ziffern."));
        }
        let Some(online) = &service.online else {
            if service.way.is_empty() {
                self.fault(0..0, "Es fehlt, wie man die Leistung bekommt ([[way]] oder [online]).".into());
            }
            return;
        };
        let process = &online.process;
        if self.content.get("processes", process.get_ref()).is_none() {
            self.fault(process.span(), format!("Den Prozess „{}“ gibt es nicht.", process.get_ref()));
        }
        let Ok((_, form)) = form(self.content, online.form.get_ref()) else {
            let text = format!("Das Formular „{}“ gibt es nicht, oder es hat Fehler.", online.form.get_ref());
            return self.fault(online.form.span(), text);
        };
        if form.privacy.is_none() {
            self.fault(online.form.span(), "Im Formular fehlt der Hinweis zum Datenschutz ([privacy]).".into());
        }
        for field in fields_named(online) {
            if form.field(field.get_ref()).is_none() {
                self.fault(field.span(), format!("Das Feld „{}“ gibt es im Formular nicht.", field.get_ref()));
            }
        }
        for rule in &online.fee {
            if fees.is_some_and(|fees| !fees.has(rule.row.get_ref())) {
                self.fault(rule.row.span(), format!("Die Gebühr „{}“ steht nicht in fees.toml.", rule.row.get_ref()));
            }
        }
        let rules = online.fee.iter().map(|rule| &rule.quantity).chain(online.vars.values());
        for rule in rules {
            for text in submission::rule_faults(&form, rule.get_ref()) {
                self.fault(rule.span(), text);
            }
        }
        for (name, kind) in &form.facts {
            if fees.is_some_and(|fees| !fees.gives(name, *kind)) {
                self.fault(online.form.span(), format!("Das Formular braucht „{name}“, fees.toml nennt es nicht."));
            }
        }
    }
}

fn fields_named(online: &Online) -> Vec<&Spanned<String>> {
    let who = &online.applicant;
    let mut fields = vec![&online.total, &who.family_name, &who.first_names, &who.birth_date, &who.address];
    fields.extend(&who.email);
    if let Some(entry) = &online.civil_entry {
        fields.extend(entry.family_name.iter().chain(&entry.first_names));
        fields.extend([&entry.date, &entry.place, &entry.register_number]);
    }
    fields
}
