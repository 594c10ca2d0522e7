//! Pages of a form as HTML, from the components of `ui`. What comes from people is escaped by the templates.

use askama::Template;
use kernel::{FieldError, Lang, Money, PartialDate};
use ui::{DateParts, Errors, Row, Tone};

use crate::accept::{count_name, field_of, items_sent};
use crate::definition::{Body, Exit, Field, FileKind, Form, Group, Kind, Privacy, TextBlock, TextCharset};
use crate::display;
use crate::input::{self, ACTION, ADD_ITEM, LATER, REMOVE_FILE, REMOVE_ITEM, Raw, Submitted};
use crate::reading::{Asked, Page, Reading, item_path};
use crate::text::{Block, blocks};
use crate::value::{Address, GERMANY, Value};

/// The texts of this crate, for [`ui::Texts::build`].
pub const TEXTS: &[ui::texts::Source] =
    &[("forms", "de", include_str!("../locales/de.ftl")), ("forms", "en", include_str!("../locales/en.ftl"))];

/// What a page needs beside the answers.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub page: &'a ui::Page,
    /// Where the form posts to.
    pub action: &'a str,
    /// The page before; empty for none.
    pub back: &'a str,
    /// Where drafts are posted while typing; empty for none.
    pub autosave: &'a str,
    /// Offers a button to continue later ([`crate::LATER`]).
    pub later: bool,
}

/// The errors as texts in the language of the page, each with the label of its field.
pub fn translated(form: &Form, errors: &[FieldError], page: &ui::Page) -> Errors {
    errors.iter().map(|error| (error.field.as_str(), error_text(form, error, page))).collect()
}

fn error_text(form: &Form, error: &FieldError, page: &ui::Page) -> String {
    let arg = |name: &str| error.args.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
    if error.code == "rule" {
        let number = arg("check").and_then(|n| n.parse::<usize>().ok());
        let check = arg("step").and_then(|key| form.step(key)).zip(number).and_then(|(step, n)| step.checks.get(n));
        return check.map_or_else(|| page.t("error-rule"), |check| check.text.get(page.lang).to_owned());
    }
    let label = form.field_at(field_of(&error.field)).map(|f| f.label.get(page.lang)).unwrap_or_default();
    let shown: Vec<(&str, String)> = error.args.iter().map(|(name, value)| (name.as_str(), day(value, page))).collect();
    let mut args: Vec<(&str, ui::Arg<'_>)> = shown.iter().map(|(name, value)| (*name, value.into())).collect();
    args.push(("label", label.into()));
    // A sign that cannot be seen comes as its number.
    let invisible = error.code == "characters" && arg("sign").is_some_and(|sign| sign.starts_with("U+"));
    let code = if invisible { "characters-invisible" } else { error.code.as_str() };
    page.tf(&format!("error-{code}"), &args)
}

/// Bounds of dates come as ISO dates.
fn day(value: &str, page: &ui::Page) -> String {
    match value.parse::<kernel::Date>() {
        Ok(date) if value.len() == 10 => page.date(date),
        _ => value.to_owned(),
    }
}

/// One page of the form, with what was typed if it is shown again (`raw`).
///
/// # Errors
/// Only if a template fails, which no input can cause.
pub fn render_step(
    reading: &Reading<'_>,
    step: &Page<'_>,
    errors: &[FieldError],
    raw: Option<&Submitted>,
    view: &View<'_>,
) -> askama::Result<String> {
    let Cx { lang, .. } = Cx::new(reading, view.page);
    let mut text = step.step.text.as_ref().map(|t| blocks(&reading.fill(t, lang))).unwrap_or_default();
    let title = step.step.title.get(lang);
    let form_title = reading.form().title.get(lang);
    if let Body::Exit(exit) = &step.step.body {
        return exit_page(exit, title, form_title, text, view);
    }
    let errors = translated(reading.form(), errors, view.page);
    let raw = raw.map(Raw::new);
    let maker = Maker { cx: Cx::new(reading, view.page), errors: &errors, raw: raw.as_ref() };
    let (locked, open): (Vec<&Asked<'_>>, Vec<&Asked<'_>>) =
        step.fields.iter().partition(|a| a.locked && a.field.kind.is_input());
    let group = match &step.step.body {
        Body::Items(group) => Some(maker.group(step, group)?),
        _ => None,
    };
    let mut fields: Vec<FieldView> = match group {
        Some(_) => Vec::new(),
        None => open.iter().map(|asked| maker.field(asked, &asked.path)).collect(),
    };
    let heading = locked.is_empty() && fields.len() == 1 && fields[0].takes_heading(title, &mut text);
    let side_buttons = group.is_some() || fields.iter().any(FieldView::has_buttons);
    StepTemplate {
        page: view.page,
        errors: &errors,
        title: if heading { "" } else { title },
        form_title,
        text,
        action: view.action,
        back: view.back,
        autosave: view.autosave,
        multipart: step.step.takes_files(),
        side_buttons,
        locked: locked.iter().filter_map(|a| maker.locked_row(a)).collect(),
        fields: fields.iter().map(|f| f.html(view.page)).collect::<askama::Result<_>>()?,
        group,
        later: view.later,
        later_name: ACTION,
        later_value: LATER,
    }
    .render()
}

fn exit_page(exit: &Exit, title: &str, form_title: &str, text: Vec<Block>, view: &View<'_>) -> askama::Result<String> {
    let lang = view.page.lang;
    let links = exit.links.iter().map(|link| (link.label.get(lang), link.href.as_str())).collect();
    ExitTemplate { page: view.page, title, form_title, text, back: view.back, links }.render()
}

/// Check your answers: `change` makes the address of a page from its key, `submit` is the text of the button.
///
/// # Errors
/// Only if a template fails, which no input can cause.
pub fn render_check(
    reading: &Reading<'_>,
    errors: &[FieldError],
    change: impl Fn(&str) -> String,
    submit: &str,
    view: &View<'_>,
) -> askama::Result<String> {
    let errors = translated(reading.form(), errors, view.page);
    CheckTemplate {
        page: view.page,
        errors: &errors,
        form_title: reading.form().title.get(view.page.lang),
        sections: sections(reading, view.page.lang, change),
        action: view.action,
        back: view.back,
        submit,
    }
    .render()
}

/// The answers for printing and for the clerk; `meta` says whose they are and when they came in.
///
/// # Errors
/// Only if a template fails, which no input can cause.
pub fn render_print(reading: &Reading<'_>, meta: &[Row], page: &ui::Page) -> askama::Result<String> {
    let sections = sections(reading, page.lang, |_| String::new());
    PrintTemplate { form_title: reading.form().title.get(page.lang), meta, sections }.render()
}

/// What a person must be told before the first question (Art. 13 GDPR). `contact` names the authority and its data
/// protection officer and stands first.
///
/// # Errors
/// Only if a template fails, which no input can cause.
pub fn render_privacy(privacy: &Privacy, contact: &[Row], page: &ui::Page) -> askama::Result<String> {
    let mut rows = contact.to_vec();
    rows.extend(privacy_rows(privacy, page));
    PrivacyTemplate { rows: &rows }.render()
}

fn privacy_rows(privacy: &Privacy, page: &ui::Page) -> Vec<Row> {
    let lang = page.lang;
    let bases = privacy.legal_basis.iter().map(|b| format!("{}: {}", b.paragraph, b.text.get(lang)));
    let recipients = privacy.recipients.iter().map(|r| r.get(lang).to_owned());
    let years = privacy.retention.iter().map(|r| {
        let args = [
            ("years", i64::from(r.years).into()),
            ("what", r.what.get(lang).into()),
            ("paragraph", r.paragraph.as_str().into()),
        ];
        page.tf("forms-privacy-years", &args)
    });
    let draft = page.t1("forms-privacy-draft", "days", privacy.draft_days);
    let joined = |lines: Vec<String>| lines.join("\n");
    let mut rows = vec![
        Row::new(page.t("forms-privacy-purpose"), privacy.purpose.get(lang)),
        Row::new(page.t("forms-privacy-basis"), joined(bases.collect())),
        Row::new(page.t("forms-privacy-recipients"), joined(recipients.collect())),
        Row::new(page.t("forms-privacy-retention"), joined(years.chain([draft]).collect())),
        Row::new(page.t("forms-privacy-duty"), privacy.duty.get(lang)),
    ];
    let more = [("forms-privacy-sources", &privacy.sources), ("forms-privacy-automated", &privacy.automated_decision)];
    rows.extend(more.into_iter().filter_map(|(key, text)| Some(Row::new(page.t(key), text.as_ref()?.get(lang)))));
    rows.push(Row::new(page.t("forms-privacy-rights"), page.t("forms-privacy-rights-text")));
    rows
}

fn sections(reading: &Reading<'_>, lang: Lang, change: impl Fn(&str) -> String) -> Vec<SectionView> {
    let sections = reading.summary(lang).into_iter();
    sections
        .map(|section| SectionView {
            change: change(&section.step),
            title: section.title,
            rows: section.rows.into_iter().map(|row| Row::new(row.label, row.value)).collect(),
        })
        .collect()
}

struct SectionView {
    title: String,
    rows: Vec<Row>,
    /// Where the answers can be changed; empty for none.
    change: String,
}

impl SectionView {
    /// A page that asks one question is named after it.
    fn repeats_title(&self) -> bool {
        matches!(self.rows.as_slice(), [row] if row.key == self.title)
    }
}

/// A field as the template shows it.
struct FieldView {
    path: String,
    label: String,
    hint: String,
    help: Vec<Block>,
    error: String,
    optional: bool,
    /// The label is the heading of the page.
    heading: bool,
    control: Control,
}

enum Control {
    Input(Input),
    Textarea { value: String, maxlength: String, ready: Vec<ReadyText> },
    Radios(Vec<ui::Choice>),
    Select(Vec<ui::Choice>),
    Checkboxes(Vec<ui::Choice>),
    Date { parts: DateParts, birthday: bool },
    Address(Vec<Part>),
    File(FileView),
    Declaration { text: String, checked: bool },
    Rows(Vec<Row>),
    Note { tone: Tone, blocks: Vec<Block> },
}

#[derive(Default)]
struct Input {
    value: String,
    kind: &'static str,
    autocomplete: String,
    inputmode: &'static str,
    width: &'static str,
    maxlength: String,
}

struct Part {
    name: String,
    label: String,
    hint: String,
    error: String,
    optional: bool,
    input: Input,
}

/// A text block as the template shows it.
struct ReadyText {
    id: String,
    label: String,
    text: String,
}

struct FileView {
    action: &'static str,
    present: Vec<Present>,
    full: bool,
    accept: String,
    multiple: bool,
}

struct Present {
    text: String,
    remove: String,
    remove_label: String,
}

struct GroupView {
    key: String,
    count_name: String,
    action: &'static str,
    add: &'static str,
    add_label: String,
    more: bool,
    items: Vec<ItemView>,
}

struct ItemView {
    title: String,
    /// HTML.
    fields: Vec<String>,
    remove: String,
    remove_label: String,
}

impl FieldView {
    fn html(&self, page: &ui::Page) -> askama::Result<String> {
        FieldTemplate { page, f: self }.render()
    }

    fn has_buttons(&self) -> bool {
        matches!(&self.control, Control::File(file) if !file.present.is_empty())
    }

    /// A page that asks one thing has its question as heading. A short text of the page then becomes the hint.
    fn takes_heading(&mut self, title: &str, text: &mut Vec<Block>) -> bool {
        let group = matches!(
            self.control,
            Control::Radios(_) | Control::Checkboxes(_) | Control::Date { .. } | Control::Address(_)
        );
        if !group || self.label != title {
            return false;
        }
        match text.as_slice() {
            [] => {}
            [Block::Paragraph(only)] if self.hint.is_empty() => {
                self.hint = only.clone();
                text.clear();
            }
            _ => return false,
        }
        self.heading = true;
        true
    }
}

struct Cx<'a> {
    reading: &'a Reading<'a>,
    page: &'a ui::Page,
    lang: Lang,
}

impl<'a> Cx<'a> {
    fn new(reading: &'a Reading<'a>, page: &'a ui::Page) -> Self {
        Cx { reading, page, lang: page.lang }
    }
}

/// Makes the fields of one page.
struct Maker<'a> {
    cx: Cx<'a>,
    errors: &'a Errors,
    raw: Option<&'a Raw<'a>>,
}

impl Maker<'_> {
    fn locked_row(&self, asked: &Asked<'_>) -> Option<Row> {
        let value = display::value(asked.field, asked.value.as_ref()?, self.cx.lang);
        Some(Row::new(asked.field.label.get(self.cx.lang), value))
    }

    fn group(&self, step: &Page<'_>, group: &Group) -> askama::Result<GroupView> {
        let key = &step.step.key;
        let count = self.raw.map_or(step.items, |raw| items_sent(key, group, raw));
        let item = |n: usize| {
            let title = format!("{} {}", group.item.get(self.cx.lang), n + 1);
            let removable = count > group.min;
            let fields = step.blank.iter().map(|blank| {
                let path = item_path(key, n, &blank.field.key);
                let asked = step.fields.iter().find(|a| a.path == path).unwrap_or(blank);
                self.field(asked, &path).html(self.cx.page)
            });
            Ok(ItemView {
                fields: fields.collect::<askama::Result<_>>()?,
                remove: if removable { format!("{REMOVE_ITEM}{}", n + 1) } else { String::new() },
                remove_label: self.cx.page.t1("forms-item-remove", "item", &title),
                title,
            })
        };
        Ok(GroupView {
            key: key.clone(),
            count_name: count_name(key),
            action: ACTION,
            add: ADD_ITEM,
            add_label: match &group.add {
                Some(add) => add.get(self.cx.lang).to_owned(),
                None => self.cx.page.t("forms-item-add"),
            },
            more: count < group.max,
            items: (0..count).map(item).collect::<askama::Result<_>>()?,
        })
    }

    fn field(&self, asked: &Asked<'_>, path: &str) -> FieldView {
        let (field, lang) = (asked.field, self.cx.lang);
        let control = self.control(asked, path);
        let mut hint = field.hint.as_ref().map(|h| h.get(lang).to_owned()).unwrap_or_default();
        if let Kind::File { accept, max_bytes, .. } = &field.kind {
            let kinds = accept.iter().map(|k| k.label()).collect::<Vec<_>>().join(", ");
            let rules = self.cx.page.t2("forms-file-rules", "kinds", kinds, "max", max_bytes / 1_000_000);
            hint = if hint.is_empty() { rules } else { format!("{hint}. {rules}") };
        }
        FieldView {
            path: path.to_owned(),
            label: field.label.get(lang).to_owned(),
            hint,
            help: field.help.as_ref().map(|h| blocks(&self.cx.reading.fill(h, lang))).unwrap_or_default(),
            error: self.errors.of(path).to_owned(),
            optional: !field.required,
            heading: false,
            control,
        }
    }

    /// What was typed, else what is stored.
    fn typed(&self, path: &str, stored: impl FnOnce() -> String) -> String {
        self.raw.map_or_else(stored, |raw| raw.get(path).to_owned())
    }

    fn control(&self, asked: &Asked<'_>, path: &str) -> Control {
        let (field, lang) = (asked.field, self.cx.lang);
        let value = asked.value.as_ref();
        let text = || match value {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Integer(n)) => n.to_string(),
            Some(Value::Money(money)) => plain_amount(*money),
            _ => String::new(),
        };
        let autocomplete = field.autocomplete.clone().unwrap_or_default();
        let input = |kind, inputmode, width, max: Option<usize>| {
            Control::Input(Input {
                value: self.typed(path, text),
                kind,
                autocomplete: autocomplete.clone(),
                inputmode,
                width,
                maxlength: max.map(|max| max.to_string()).unwrap_or_default(),
            })
        };
        match &field.kind {
            Kind::Text { max, charset: TextCharset::Any | TextCharset::Latin } => {
                input("text", "", if *max <= 20 { "20" } else { "" }, Some(*max))
            }
            Kind::Name { max } => input("text", "", "", Some(*max)),
            Kind::Textarea { max, blocks } => Control::Textarea {
                value: self.typed(path, text),
                maxlength: max.to_string(),
                ready: self.ready_texts(path, blocks),
            },
            Kind::Email => input("email", "email", "", None),
            Kind::Phone => input("tel", "tel", "20", None),
            Kind::Iban => input("text", "", "", None),
            Kind::Integer { .. } => input("text", "numeric", "4", None),
            Kind::Money { .. } => input("text", "decimal", "10", None),
            Kind::Date { .. } | Kind::PartialDate { .. } => Control::Date {
                parts: self.date_parts(path, value),
                birthday: field.autocomplete.as_deref() == Some("bday"),
            },
            Kind::Address => Control::Address(self.address(field, path, value)),
            Kind::Choice { select, .. } => {
                let choices = self.choices(asked, path);
                if *select { Control::Select(choices) } else { Control::Radios(choices) }
            }
            Kind::Choices { .. } => Control::Checkboxes(self.choices(asked, path)),
            Kind::YesNo => {
                let now = self.typed(path, || match value {
                    Some(Value::YesNo(true)) => "ja".into(),
                    Some(Value::YesNo(false)) => "nein".into(),
                    _ => String::new(),
                });
                let choice = |code: &str, key: &str| ui::Choice::new(code, self.cx.page.t(key)).selected(now == code);
                Control::Radios(vec![choice("ja", "forms-yes"), choice("nein", "forms-no")])
            }
            Kind::File { accept, max_count, .. } => self.file(path, accept, *max_count, value),
            Kind::Declaration { text } => {
                let checked = self.typed(path, || if value.is_some() { "ja".into() } else { String::new() }) == "ja";
                Control::Declaration { text: self.cx.reading.fill(text, lang), checked }
            }
            Kind::Computed { shown: false, .. } => Control::Rows(Vec::new()),
            Kind::Computed { .. } => Control::Rows(self.locked_row(asked).into_iter().collect()),
            Kind::Note { text, tone } => {
                Control::Note { tone: *tone, blocks: blocks(&self.cx.reading.fill(text, lang)) }
            }
        }
    }

    fn ready_texts(&self, path: &str, blocks: &[TextBlock]) -> Vec<ReadyText> {
        let ready = |block: &TextBlock| ReadyText {
            id: format!("{path}-block-{}", block.key),
            label: block.label.get(self.cx.lang).to_owned(),
            text: self.cx.reading.fill(&block.text, Lang::De),
        };
        blocks.iter().map(ready).collect()
    }

    fn choices(&self, asked: &Asked<'_>, path: &str) -> Vec<ui::Choice> {
        let selected = |code: &str| match (self.raw, &asked.value) {
            (Some(raw), _) => raw.all(path).contains(&code),
            (None, Some(Value::Choice(chosen))) => chosen == code,
            (None, Some(Value::Choices(chosen))) => chosen.iter().any(|c| c == code),
            _ => false,
        };
        let choice = |option: &&crate::definition::Choice| {
            let hint = option.hint.as_ref().map(|h| h.get(self.cx.lang)).unwrap_or_default();
            let choice = ui::Choice::new(option.code.clone(), option.label.get(self.cx.lang));
            choice.hint(hint).selected(selected(&option.code))
        };
        asked.options.iter().map(choice).collect()
    }

    fn date_parts(&self, path: &str, value: Option<&Value>) -> DateParts {
        if let Some(raw) = self.raw {
            let part = |name| raw.part(path, name).to_owned();
            return DateParts { day: raw.get(path).to_owned(), month: part(input::MONTH), year: part(input::YEAR) };
        }
        match value {
            Some(Value::Date(date)) => (*date).into(),
            Some(Value::PartialDate(date)) => known_parts(*date),
            _ => DateParts::default(),
        }
    }

    fn address(&self, field: &Field, path: &str, value: Option<&Value>) -> Vec<Part> {
        let empty = Address { country: GERMANY.to_owned(), ..Address::default() };
        let stored = match value {
            Some(Value::Address(address)) => address,
            _ => &empty,
        };
        let own = field.autocomplete.as_deref() == Some("address");
        let part = |suffix: &str, label: &str, stored: &str, fill: &str, width: &'static str, optional: bool| {
            let name = if suffix.is_empty() { path.to_owned() } else { format!("{path}-{suffix}") };
            Part {
                label: self.cx.page.t(label),
                hint: if suffix == input::ADDITION {
                    self.cx.page.t("forms-address-addition-hint")
                } else {
                    String::new()
                },
                error: self.errors.of(&name).to_owned(),
                optional,
                input: Input {
                    value: self.typed(&name, || stored.to_owned()),
                    kind: "text",
                    autocomplete: if own { fill.to_owned() } else { String::new() },
                    width,
                    maxlength: "120".into(),
                    ..Input::default()
                },
                name,
            }
        };
        vec![
            part("", "forms-address-street", &stored.street, "address-line1", "", false),
            part(input::HOUSE_NUMBER, "forms-address-house-number", &stored.house_number, "", "10", false),
            part(input::ADDITION, "forms-address-addition", &stored.addition, "address-line2", "", true),
            part(input::POSTAL_CODE, "forms-address-postal-code", &stored.postal_code, "postal-code", "10", false),
            part(input::CITY, "forms-address-city", &stored.city, "address-level2", "", false),
            part(input::COUNTRY, "forms-address-country", &stored.country, "country-name", "", false),
        ]
    }

    fn file(&self, path: &str, accept: &[FileKind], max_count: usize, value: Option<&Value>) -> Control {
        let files = match value {
            Some(Value::Files(files)) => files.as_slice(),
            _ => &[],
        };
        let present = files.iter().enumerate().map(|(n, file)| Present {
            text: format!("{} ({})", file.name, ui::format::file_size(self.cx.lang, file.size)),
            remove: format!("{REMOVE_FILE}{path}:{}", n + 1),
            remove_label: self.cx.page.t1("forms-file-remove", "name", &file.name),
        });
        Control::File(FileView {
            action: ACTION,
            present: present.collect(),
            full: files.len() >= max_count,
            accept: accept.iter().map(|k| k.extensions()).collect::<Vec<_>>().join(","),
            multiple: max_count > 1,
        })
    }
}

/// `12,50`, as it is typed.
fn plain_amount(money: Money) -> String {
    let cents = money.cents();
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{},{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// Unknown parts are empty.
fn known_parts(date: PartialDate) -> DateParts {
    let iso = date.to_string();
    let part = |range| {
        let digits: &str = iso.get(range).unwrap_or_default();
        digits.trim_start_matches('0').to_owned()
    };
    DateParts { day: part(8..10), month: part(5..7), year: date.year().to_string() }
}

#[derive(Template)]
#[template(path = "forms-step.html")]
struct StepTemplate<'a> {
    page: &'a ui::Page,
    errors: &'a Errors,
    title: &'a str,
    form_title: &'a str,
    text: Vec<Block>,
    action: &'a str,
    back: &'a str,
    autosave: &'a str,
    multipart: bool,
    /// There are buttons before "Weiter"; Enter must still mean "Weiter".
    side_buttons: bool,
    locked: Vec<Row>,
    /// HTML.
    fields: Vec<String>,
    group: Option<GroupView>,
    later: bool,
    later_name: &'a str,
    later_value: &'a str,
}

#[derive(Template)]
#[template(path = "forms-field.html")]
struct FieldTemplate<'a> {
    page: &'a ui::Page,
    f: &'a FieldView,
}

#[derive(Template)]
#[template(path = "forms-exit.html")]
struct ExitTemplate<'a> {
    page: &'a ui::Page,
    title: &'a str,
    form_title: &'a str,
    text: Vec<Block>,
    back: &'a str,
    links: Vec<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "forms-check.html")]
struct CheckTemplate<'a> {
    page: &'a ui::Page,
    errors: &'a Errors,
    form_title: &'a str,
    sections: Vec<SectionView>,
    action: &'a str,
    back: &'a str,
    submit: &'a str,
}

#[derive(Template)]
#[template(path = "forms-print.html")]
struct PrintTemplate<'a> {
    form_title: &'a str,
    meta: &'a [Row],
    sections: Vec<SectionView>,
}

#[derive(Template)]
#[template(path = "forms-privacy.html")]
struct PrivacyTemplate<'a> {
    rows: &'a [Row],
}
