//! From TOML to a checked definition.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use kernel::{Lang, Level};
use toml::de::DeValue;

use crate::definition::{
    Body, Check, Choice, ComputeRule, DayRule, Exit, ExitLink, Field, FileKind, Form, Group, Kind, LegalBasis, Privacy,
    ResultKind, Retention, Service, Step, TextBlock, TextCharset,
};
use crate::facts::{ACCOUNT, FactKind, NO_LEVEL, TODAY};
use crate::rules::{self, Known, Rule};
use crate::source::{At, LoadError, Source, Table};
use crate::text::Template;

/// What `prefill` may name, with the types of fields that can show it.
pub const SOURCES: &[(&str, &[&str])] = &[
    ("identity.family_name", &["name"]),
    ("identity.first_names", &["name"]),
    ("identity.birth_name", &["name"]),
    ("identity.doctorate", &["text", "name"]),
    ("identity.birth_date", &["date", "partial-date"]),
    ("identity.address", &["address"]),
    ("account.email", &["email"]),
];

/// The step key that stands for "check your answers" in addresses; no step may have it.
pub const CHECK_STEP: &str = "pruefen";

const DEFAULT_TEXT: usize = 200;
/// Longest name of a natural person, in characters.
const DEFAULT_NAME: usize = 120;
const DEFAULT_TEXTAREA: usize = 2_000;
const MOST_CHARACTERS: u32 = 20_000;
const MOST_ITEMS: u32 = 50;
const MOST_FILES: u32 = 20;
const MOST_MEGABYTES: u32 = 50;
const MOST_CENTS: i64 = 100_000_000_000;
const MOST_YEARS: u32 = 130;

/// Tokens of the HTML standard for data about the person who fills in the form (WCAG 1.3.5); `address` and `bday` fill
/// all parts of the field.
const AUTOCOMPLETE: &[&str] = &[
    "name",
    "honorific-prefix",
    "given-name",
    "additional-name",
    "family-name",
    "organization",
    "street-address",
    "postal-code",
    "country-name",
    "bday",
    "address",
    "email",
    "tel",
    "off",
];

impl Form {
    /// Reads a definition. `name` is its path as people know it and stands in every error.
    ///
    /// # Errors
    /// All faults with line and column, at least one.
    pub fn load(name: &str, text: &str) -> Result<Form, Vec<LoadError>> {
        let source = Source::new(name, text);
        let Some(document) = source.parse() else { return Err(source.into_faults()) };
        let root = Table::new(&source, document.get_ref(), 0..0);
        let form = Loader { source: &source, known: Known::default(), slots: BTreeSet::new(), keys: BTreeSet::new() }
            .form(&root);
        root.finish();
        if source.has_faults() { Err(source.into_faults()) } else { Ok(form) }
    }
}

/// What has been read so far; rules may use what stands before them.
struct Loader<'t> {
    source: &'t Source<'t>,
    known: Known,
    /// Names texts may show.
    slots: BTreeSet<String>,
    /// Keys of fields and repeated groups.
    keys: BTreeSet<String>,
}

impl<'t> Loader<'t> {
    fn form(mut self, root: &Table<'t>) -> Form {
        let key = root.string_required("key").map(|key| self.step_key(&key)).unwrap_or_default();
        let title = root.text_required("title");
        let service = root.table("service").map(|t| self.service(&t));
        let privacy = root.table("privacy").map(|t| self.privacy(&t));
        let facts = root.table("facts").map(|t| self.facts(&t)).unwrap_or_default();
        self.known.declare(TODAY, feel_date(), false);
        self.known.declare(ACCOUNT, rules::account_type(), false);
        for level in Level::ALL {
            self.known.code(level.code());
        }
        self.known.code(NO_LEVEL);
        self.declare_facts(&facts);

        let tables = root.tables("step");
        if tables.is_empty() {
            self.source.fault(&(0..0), "Das Formular hat keinen Schritt ([[step]]).");
        }
        let mut steps: Vec<Step> = Vec::new();
        for table in &tables {
            let step = self.step(table);
            if steps.iter().any(|s| s.key == step.key) {
                self.source.fault(&table.span, format!("Den Schritt „{}“ gibt es schon.", step.key));
            }
            steps.push(step);
        }
        Form {
            key,
            version: version(self.source.text),
            title,
            service,
            privacy,
            steps,
            facts,
            untranslated: self.source.untranslated.take(),
            file: self.source.name.to_owned(),
        }
    }

    fn service(&self, t: &Table<'t>) -> Service {
        let leika = t.string_required("leika");
        if let Some(leika) =
            leika.as_ref().filter(|l| l.value.len() != 14 || !l.value.bytes().all(|b| b.is_ascii_digit()))
        {
            self.source.fault(&leika.span, "Ein LeiKa-Schlüssel hat 14 Ziffern.");
        }
        let level = t.string("level").and_then(|code| {
            let level = Level::from_code(code.value);
            if level.is_none() {
                self.source.fault(&code.span, format!("Das Vertrauensniveau „{}“ gibt es nicht.", code.value));
            }
            level
        });
        let unit = t.string_required("unit").map(|u| u.value.to_owned()).unwrap_or_default();
        t.finish();
        Service { leika: leika.map(|l| l.value.to_owned()).unwrap_or_default(), unit, level }
    }

    fn privacy(&self, t: &Table<'t>) -> Privacy {
        let legal_basis: Vec<LegalBasis> = t.tables("legal_basis").iter().map(|t| self.legal_basis(t)).collect();
        let recipients = t.tables("recipients");
        let retention: Vec<Retention> = t.tables("retention").iter().map(|t| self.retention(t)).collect();
        for (key, none) in [
            ("legal_basis", legal_basis.is_empty()),
            ("recipients", recipients.is_empty()),
            ("retention", retention.is_empty()),
        ] {
            if none {
                t.missing(key);
            }
        }
        let privacy = Privacy {
            purpose: t.text_required("purpose"),
            legal_basis,
            recipients: recipients
                .iter()
                .map(|r| {
                    let text = r.text_required("text");
                    r.finish();
                    text
                })
                .collect(),
            retention,
            duty: t.text_required("duty"),
            sources: t.text("sources"),
            automated_decision: t.text("automated_decision"),
            draft_days: t.count("draft_days", 366).unwrap_or(30),
        };
        t.finish();
        privacy
    }

    fn legal_basis(&self, t: &Table<'t>) -> LegalBasis {
        let paragraph = t.string_required("paragraph").map(|p| p.value.to_owned()).unwrap_or_default();
        let basis = LegalBasis { paragraph, text: t.text_required("text") };
        t.finish();
        basis
    }

    fn retention(&self, t: &Table<'t>) -> Retention {
        if !t.has("years") {
            t.missing("years");
        }
        let string = |key| t.string_required(key).map(|s| s.value.to_owned()).unwrap_or_default();
        let retention = Retention {
            key: string("key"),
            what: t.text_required("what"),
            years: t.count("years", MOST_YEARS).unwrap_or_default(),
            paragraph: string("paragraph"),
        };
        t.finish();
        retention
    }

    fn facts(&self, t: &Table<'t>) -> BTreeMap<String, FactKind> {
        let mut facts = BTreeMap::new();
        for (name, value, span) in t.entries() {
            if !is_name(name.value) || [TODAY, ACCOUNT].contains(&name.value) {
                self.source.fault(&name.span, "So kann eine Angabe der Stadt nicht heißen.");
                continue;
            }
            let DeValue::Table(members) = value else {
                facts.extend(self.fact(value, &span).map(|kind| (name.value.to_owned(), kind)));
                continue;
            };
            for (member, value, span) in Table::new(self.source, members, span).entries() {
                if is_name(member.value) {
                    facts
                        .extend(self.fact(value, &span).map(|kind| (format!("{}.{}", name.value, member.value), kind)));
                } else {
                    self.source.fault(&member.span, "So kann eine Angabe der Stadt nicht heißen.");
                }
            }
        }
        facts
    }

    fn fact(&self, value: &DeValue<'_>, span: &Range<usize>) -> Option<FactKind> {
        let kind = value.as_str().and_then(|kind| named(FactKind::NAMES, kind));
        if kind.is_none() {
            self.source.fault(span, format!("Möglich sind hier {}.", listed(FactKind::NAMES)));
        }
        kind
    }

    fn declare_facts(&mut self, facts: &BTreeMap<String, FactKind>) {
        let mut contexts: BTreeMap<&str, Vec<(&str, FactKind)>> = BTreeMap::new();
        for (name, kind) in facts {
            self.slots.insert(name.clone());
            match name.split_once('.') {
                None => {
                    self.keys.insert(name.clone());
                    self.known.declare(name, rules::fact_type(*kind), *kind == FactKind::Text);
                }
                Some((head, member)) => contexts.entry(head).or_default().push((member, *kind)),
            }
        }
        for (head, members) in contexts {
            self.keys.insert(head.to_owned());
            let free = members.iter().any(|(_, kind)| *kind == FactKind::Text);
            let members = members.iter().map(|(name, kind)| ((*name).into(), rules::fact_type(*kind))).collect();
            self.known.declare(head, feel::Type::Context(members), free);
        }
    }

    fn step_key(&self, key: &At<&str>) -> String {
        let good = key.value.len() <= 60
            && key.value.starts_with(|c: char| c.is_ascii_lowercase())
            && key.value.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
        if !good {
            self.source.fault(
                &key.span,
                "Ein Schlüssel beginnt mit einem kleinen Buchstaben und besteht aus a–z, 0–9, - und _.",
            );
        } else if key.value == CHECK_STEP {
            self.source.fault(&key.span, format!("„{CHECK_STEP}“ ist für die Seite zum Prüfen vergeben."));
        }
        key.value.to_owned()
    }

    /// Key of a field or group: a name in rules.
    fn name(&mut self, key: &At<&str>) -> String {
        if !is_name(key.value) {
            self.source
                .fault(&key.span, "Ein Feldname beginnt mit einem kleinen Buchstaben und besteht aus a–z, 0–9 und _.");
        } else if [TODAY, ACCOUNT].contains(&key.value) || !self.keys.insert(key.value.to_owned()) {
            self.source.fault(&key.span, format!("Den Namen „{}“ gibt es schon.", key.value));
        }
        key.value.to_owned()
    }

    fn condition(&self, t: &Table<'t>, key: &str) -> Option<Rule> {
        let text = t.string(key)?;
        Rule::load(self.source, &text, &self.known, &feel::Type::Boolean)
    }

    fn check_slots(&self, template: &At<Template>) {
        for slot in template.value.slots() {
            if !self.slots.contains(slot) {
                let text = format!("Die Angabe {{{slot}}} gibt es vor dieser Stelle nicht.");
                self.source.fault(&template.span, text);
            }
        }
    }

    fn step(&mut self, t: &Table<'t>) -> Step {
        let key = t.string_required("key").map(|key| self.step_key(&key)).unwrap_or_default();
        let title = t.text_required("title");
        let when = self.condition(t, "when");
        let text = t.template("text");
        let fields_of = t.tables("field");
        let group = t.table("repeat");
        let exit = t.table("exit");

        let mut fields = Vec::new();
        let mut own = Known::clone(&self.known);
        let in_group = group.is_some();
        for table in &fields_of {
            fields.extend(self.field(table, in_group, &mut own));
        }
        if let Some(text) = &text {
            self.check_slots(text);
        }

        let body = match (group, exit) {
            (Some(group), None) => {
                let group = self.group(&group, fields);
                if let Some(at) = t.string("key") {
                    self.name(&at);
                }
                own.declare(&key, feel::Type::list_of(rules::item_type(&group.fields)), false);
                self.known = own;
                Body::Items(group)
            }
            (None, Some(exit)) => {
                if when.is_none() && !t.has("when") {
                    self.source
                        .fault(&t.span, "Ein Ausgang braucht eine Bedingung (when), sonst käme niemand an ihm vorbei.");
                }
                if !fields.is_empty() {
                    self.source.fault(&t.span, "Ein Ausgang hat keine Felder.");
                }
                if text.is_none() {
                    t.missing("text.de");
                }
                Body::Exit(self.exit(&exit))
            }
            (Some(_), Some(exit)) => {
                self.source.fault(&exit.span, "Ein Schritt ist entweder wiederholte Gruppe oder Ausgang.");
                Body::Questions(fields)
            }
            (None, None) => {
                self.slots
                    .extend(fields.iter().filter(|f| rules::field_type(&f.kind).is_some()).map(|f| f.key.clone()));
                self.known = own;
                Body::Questions(fields)
            }
        };
        let mut step = Step { key, title, text: text.map(|t| t.value), when, body, checks: Vec::new() };
        step.checks = t.tables("check").iter().filter_map(|c| self.check(c, &step)).collect();
        t.finish();
        step
    }

    fn group(&self, t: &Table<'t>, fields: Vec<Field>) -> Group {
        let min = t.count("min", MOST_ITEMS).unwrap_or(1) as usize;
        let max = t.count("max", MOST_ITEMS).unwrap_or(10) as usize;
        if max == 0 || min > max {
            self.source.fault(&t.span, "„max“ muss mindestens 1 und darf nicht kleiner als „min“ sein.");
        }
        if fields.is_empty() {
            self.source.fault(&t.span, "Eine wiederholte Gruppe braucht Felder.");
        }
        let group = Group { min, max, item: t.text_required("item"), add: t.text("add"), fields };
        t.finish();
        group
    }

    fn exit(&self, t: &Table<'t>) -> Exit {
        let links = t.tables("links");
        let links = links.iter().map(|link| {
            let href = link.string_required("href");
            if let Some(href) = href.as_ref().filter(|h| !is_href(h.value)) {
                self.source.fault(&href.span, "Ein Verweis beginnt mit / oder https:// oder mailto: oder tel:");
            }
            let made = ExitLink {
                label: link.text_required("label"),
                href: href.map(|h| h.value.to_owned()).unwrap_or_default(),
            };
            link.finish();
            made
        });
        let exit = Exit { links: links.collect() };
        t.finish();
        exit
    }

    fn check(&self, t: &Table<'t>, step: &Step) -> Option<Check> {
        let text = t.text_required("text");
        let first = match &step.body {
            Body::Items(_) => Some(step.key.clone()),
            _ => step.fields().iter().find(|f| f.kind.is_input()).map(|f| f.key.clone()),
        };
        let field = match (t.string("field"), first) {
            (Some(named), _) if step.fields().iter().any(|f| f.key == named.value && f.kind.is_input()) => {
                Some(named.value.to_owned())
            }
            (Some(named), _) => {
                self.source.fault(&named.span, format!("Das Feld „{}“ gibt es in diesem Schritt nicht.", named.value));
                None
            }
            (None, Some(first)) => Some(first),
            (None, None) => {
                self.source.fault(&t.span, "Ein Schritt ohne Felder kann nichts prüfen.");
                None
            }
        };
        let rule = t.string_required("rule");
        t.finish();
        let rule = Rule::load(self.source, &rule?, &self.known, &feel::Type::Boolean)?;
        Some(Check { rule, field: field?, text })
    }

    /// Reads a field. What it declares goes to `own`: rules of the same step do not see it, except computed values.
    fn field(&mut self, t: &Table<'t>, in_group: bool, own: &mut Known) -> Option<Field> {
        let key = t.string_required("key");
        let kind_name = t.string_required("type");
        let kind = kind_name.as_ref().and_then(|name| self.kind(t, name));
        let key = key.map(|key| self.name(&key)).unwrap_or_default();
        let note = matches!(kind, Some(Kind::Note { .. }));
        let label = if note { t.text("label").unwrap_or_default() } else { t.text_required("label") };
        let help = t.template("help");
        if let Some(help) = &help {
            self.check_slots(help);
        }
        let type_name = kind_name.as_ref().map_or("", |k| k.value);
        if type_name != "textarea" && t.has("blocks") {
            let blocks = t.tables("blocks");
            let span = blocks.first().map_or(&t.span, |block| &block.span);
            self.source.fault(span, "Textbausteine (blocks) gibt es nur an Feldern vom Typ textarea.");
        }
        let prefill = self.prefill(t, type_name);
        let locked = match t.string("locked") {
            Some(text) => Rule::load(self.source, &text, &self.known, &feel::Type::Boolean),
            None => None,
        };
        if t.has("locked") && !t.has("prefill") {
            self.source.fault(&t.span, "Ein gesperrtes Feld braucht eine Quelle (prefill).");
        }
        let autocomplete = t.string("autocomplete");
        if let Some(token) = autocomplete.as_ref().filter(|a| !AUTOCOMPLETE.contains(&a.value)) {
            self.source.fault(&token.span, format!("Möglich sind hier {}.", AUTOCOMPLETE.join(", ")));
        }
        let required = t.bool("required");
        let personal = t.bool("personal");
        let special = t.bool("special").unwrap_or(false);
        let (hint, when) = (t.text("hint"), self.condition(t, "when"));
        t.finish();
        let kind = kind?;
        if in_group && (matches!(kind, Kind::File { .. } | Kind::Declaration { .. }) || !kind.is_input()) {
            self.source.fault(
                &t.span,
                "In einer wiederholten Gruppe gibt es keine Dateien, Erklärungen, Hinweise und berechneten Werte.",
            );
        }
        let field = Field {
            key,
            label,
            hint,
            help: help.map(|h| h.value),
            required: kind.is_input() && required.unwrap_or(true),
            personal: special || personal.unwrap_or(is_personal(&kind)),
            special,
            kind,
            prefill,
            autocomplete: autocomplete.map(|a| a.value.to_owned()),
            when,
            locked,
        };
        self.declare(&field, in_group, own);
        Some(field)
    }

    fn declare(&mut self, field: &Field, in_group: bool, own: &mut Known) {
        for option in field.kind.options() {
            own.code(&option.code);
        }
        let Some(ty) = rules::field_type(&field.kind).filter(|_| !in_group) else { return };
        let free = rules::is_free_text(&field.kind);
        own.declare(&field.key, ty.clone(), free);
        if let Kind::Computed { options, .. } = &field.kind {
            self.known.declare(&field.key, ty, free);
            for option in options {
                self.known.code(&option.code);
            }
            self.slots.insert(field.key.clone());
        }
    }

    fn prefill(&self, t: &Table<'t>, type_name: &str) -> Option<String> {
        let source = t.string("prefill")?;
        match SOURCES.iter().find(|(name, _)| *name == source.value) {
            Some((_, types)) if types.contains(&type_name) => Some(source.value.to_owned()),
            Some((_, types)) => {
                self.source
                    .fault(&source.span, format!("„{}“ passt nur zum Typ {}.", source.value, types.join(" oder ")));
                None
            }
            None => {
                let names: Vec<&str> = SOURCES.iter().map(|(name, _)| *name).collect();
                self.source.fault(&source.span, format!("Möglich sind hier {}.", names.join(", ")));
                None
            }
        }
    }

    fn kind(&self, t: &Table<'t>, name: &At<&str>) -> Option<Kind> {
        Some(match name.value {
            "text" => Kind::Text { max: self.length(t, DEFAULT_TEXT), charset: self.charset(t) },
            "textarea" => {
                let max = self.length(t, DEFAULT_TEXTAREA);
                Kind::Textarea { max, blocks: self.blocks(t, max) }
            }
            "name" => Kind::Name { max: self.length(t, DEFAULT_NAME) },
            "email" => Kind::Email,
            "phone" => Kind::Phone,
            "iban" => Kind::Iban,
            "date" => Kind::Date { min: self.day(t, "min"), max: self.day(t, "max") },
            "partial-date" => Kind::PartialDate { min: self.day(t, "min"), max: self.day(t, "max") },
            "address" => Kind::Address,
            "choice" => Kind::Choice { options: self.options(t), select: t.bool("select").unwrap_or(false) },
            "choices" => Kind::Choices { options: self.options(t) },
            "yes-no" => Kind::YesNo,
            "integer" => {
                let (min, max) = self.bounds(t, i64::from(i32::MIN), i64::from(i32::MAX));
                Kind::Integer { min, max }
            }
            "money" => {
                let (min, max) = self.bounds(t, 0, MOST_CENTS);
                Kind::Money { min, max }
            }
            "file" => self.file(t),
            "declaration" => {
                let text = t.template_required("text");
                self.check_slots(&text);
                Kind::Declaration { text: text.value }
            }
            "computed" => self.computed(t)?,
            "note" => {
                let text = t.template_required("text");
                self.check_slots(&text);
                Kind::Note { text: text.value, tone: self.tone(t) }
            }
            _ => {
                self.source
                    .fault(&name.span, format!("Den Feldtyp „{}“ gibt es nicht. Möglich sind {TYPES}.", name.value));
                return None;
            }
        })
    }

    fn length(&self, t: &Table<'t>, default: usize) -> usize {
        t.count("max_length", MOST_CHARACTERS).filter(|n| *n > 0).map_or(default, |n| n as usize)
    }

    fn charset(&self, t: &Table<'t>) -> TextCharset {
        match t.bool("latin") {
            Some(true) => TextCharset::Latin,
            _ => TextCharset::Any,
        }
    }

    fn day(&self, t: &Table<'t>, key: &str) -> Option<DayRule> {
        let text = t.string(key)?;
        Rule::load(self.source, &text, &self.known, &feel_date()).map(DayRule)
    }

    fn bounds(&self, t: &Table<'t>, least: i64, most: i64) -> (i64, i64) {
        let min = t.integer("min").map_or(least, |n| n.value);
        let max = t.integer("max").map_or(most, |n| n.value);
        if min > max {
            self.source.fault(&t.span, "„min“ ist größer als „max“.");
        }
        (min, max)
    }

    fn file(&self, t: &Table<'t>) -> Kind {
        let named_kinds = t.strings("accept");
        let mut accept: Vec<FileKind> = Vec::new();
        for kind in &named_kinds {
            match named(FileKind::NAMES, kind.value) {
                Some(kind) => accept.push(kind),
                None => self.source.fault(&kind.span, format!("Möglich sind hier {}.", listed(FileKind::NAMES))),
            }
        }
        if named_kinds.is_empty() {
            t.missing("accept");
        }
        let megabytes = t.count("max_megabytes", MOST_MEGABYTES).filter(|n| *n > 0).unwrap_or(10);
        let max_count = t.count("max_count", MOST_FILES).filter(|n| *n > 0).unwrap_or(1) as usize;
        Kind::File { accept, max_bytes: u64::from(megabytes) * 1_000_000, max_count }
    }

    fn computed(&self, t: &Table<'t>) -> Option<Kind> {
        let result = t.string_required("result").and_then(|name| {
            let kind = named(ResultKind::NAMES, name.value);
            if kind.is_none() {
                self.source.fault(&name.span, format!("Möglich sind hier {}.", listed(ResultKind::NAMES)));
            }
            kind
        });
        let options = if result == Some(ResultKind::Choice) { self.options(t) } else { Vec::new() };
        let shown = t.bool("shown").unwrap_or(true);
        let text = t.string_required("value");
        let result = result?;
        let mut known = self.known.clone();
        for option in &options {
            known.code(&option.code);
        }
        let rule = Rule::load(self.source, &text?, &known, &rules::result_type(result))?;
        Some(Kind::Computed { rule: ComputeRule(rule), result, options, shown })
    }

    fn tone(&self, t: &Table<'t>) -> ui::Tone {
        let Some(tone) = t.string("tone") else { return ui::Tone::Info };
        match tone.value {
            "info" => ui::Tone::Info,
            "success" => ui::Tone::Success,
            "warning" => ui::Tone::Warning,
            _ => {
                self.source.fault(&tone.span, "Möglich sind hier info, success, warning.");
                ui::Tone::Info
            }
        }
    }

    fn blocks(&self, t: &Table<'t>, max: usize) -> Vec<TextBlock> {
        let mut blocks: Vec<TextBlock> = Vec::new();
        for table in t.tables("blocks") {
            let key = table.string_required("key");
            if let Some(key) = &key {
                if !is_code(key.value) {
                    self.source.fault(&key.span, "Der Schlüssel eines Textbausteins besteht aus a–z, 0–9, - und _.");
                }
                if blocks.iter().any(|b| b.key == key.value) {
                    self.source.fault(&key.span, format!("Den Textbaustein „{}“ gibt es hier schon.", key.value));
                }
            }
            let text = table.german_template_required("text");
            self.check_slots(&text);
            if text.value.fill(Lang::De, |_| String::new()).chars().count() > max {
                self.source.fault(&text.span, format!("Der Textbaustein ist länger als das Feld ({max} Zeichen)."));
            }
            let block = TextBlock {
                key: key.map(|k| k.value.to_owned()).unwrap_or_default(),
                label: table.text_required("label"),
                text: text.value,
            };
            table.finish();
            blocks.push(block);
        }
        blocks
    }

    fn options(&self, t: &Table<'t>) -> Vec<Choice> {
        let mut options: Vec<Choice> = Vec::new();
        for table in t.tables("options") {
            let code = table.string_required("code");
            if let Some(code) = &code {
                if !is_code(code.value) {
                    self.source.fault(&code.span, "Ein Code besteht aus a–z, 0–9, - und _.");
                }
                if options.iter().any(|o| o.code == code.value) {
                    self.source.fault(&code.span, format!("Den Code „{}“ gibt es hier schon.", code.value));
                }
            }
            let option = Choice {
                code: code.map(|c| c.value.to_owned()).unwrap_or_default(),
                label: table.text_required("label"),
                hint: table.text("hint"),
                when: self.condition(&table, "when"),
            };
            table.finish();
            options.push(option);
        }
        if options.len() < 2 {
            self.source.fault(&t.span, "Eine Auswahl braucht mindestens zwei Möglichkeiten (options).");
        }
        options
    }
}

const TYPES: &str = "text, textarea, name, email, phone, iban, date, partial-date, address, choice, choices, yes-no, integer, money, file, declaration, computed, note";

fn feel_date() -> feel::Type {
    feel::Type::Date
}

fn version(text: &str) -> String {
    kernel::sha256(&[text.as_bytes()])[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_name(name: &str) -> bool {
    name.len() <= 60
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Code of an option or key of a text block.
fn is_code(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
}

fn is_href(href: &str) -> bool {
    let local = href.starts_with('/') && !href.starts_with("//") && !href.starts_with("/\\");
    local || ["https://", "mailto:", "tel:"].iter().any(|start| href.starts_with(start))
}

fn is_personal(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Choice { .. }
            | Kind::Choices { .. }
            | Kind::YesNo
            | Kind::Integer { .. }
            | Kind::Money { .. }
            | Kind::Declaration { .. }
            | Kind::Computed { .. }
            | Kind::Note { .. }
    )
}

fn named<T: Copy>(names: &[(&str, T)], name: &str) -> Option<T> {
    names.iter().find(|(n, _)| *n == name).map(|(_, value)| *value)
}

fn listed<T>(names: &[(&str, T)]) -> String {
    names.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
