//! The answers seen through the rules: which pages are asked, what is visible, locked, offered, computed and missing.
//!
//! One walk from the first page on decides everything. A rule sees only what stands before it, and only answers that
//! are visible; so hiding one answer can never change what was decided before, and a single walk is the fixed point.
//! The walk ends at the first page that is not complete: what comes after it is not decided yet.

use std::collections::BTreeMap;

use kernel::{FieldError, Lang};
use serde_json::json;

use crate::definition::{Body, Choice, Field, Form, Group, Kind, Step};
use crate::display;
use crate::facts::{Fact, Facts};
use crate::input;
use crate::rules::{RuleFault, World};
use crate::text::Template;
use crate::value::{Answers, Item, Value};

/// The outcome of the walk.
#[derive(Clone, Debug)]
pub struct Reading<'f> {
    form: &'f Form,
    pages: Vec<Page<'f>>,
    end: End<'f>,
    /// Every key the walk came past, with the answer that counts; `None` for hidden, foreign or missing ones.
    passed: BTreeMap<&'f str, Option<Value>>,
    /// Visible fields with values, for slots in texts.
    shown: BTreeMap<&'f str, (&'f Field, Value)>,
    city: BTreeMap<String, Fact>,
}

/// Where the walk ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End<'f> {
    /// This page is not complete.
    Open(&'f str),
    /// This page says that it does not go on here.
    Exit(&'f str),
    /// Everything is answered: check your answers.
    Check,
}

/// A page that is asked.
#[derive(Clone, Debug)]
pub struct Page<'f> {
    pub step: &'f Step,
    /// The visible fields, of all items one after the other.
    pub fields: Vec<Asked<'f>>,
    /// Number of items of a repeated group.
    pub items: usize,
    /// The fields of an empty item, with the path of the first.
    pub blank: Vec<Asked<'f>>,
    /// Why the page is not complete.
    pub errors: Vec<FieldError>,
}

impl<'f> Page<'f> {
    fn new(step: &'f Step, items: usize) -> Self {
        Page { step, fields: Vec::new(), items, blank: Vec::new(), errors: Vec::new() }
    }
}

/// A visible field.
#[derive(Clone, Debug)]
pub struct Asked<'f> {
    pub field: &'f Field,
    /// Name of the control: the field's key, or `group.1.key`.
    pub path: String,
    pub value: Option<Value>,
    /// The value is the server's and cannot be changed.
    pub locked: bool,
    /// The options that are offered.
    pub options: Vec<&'f Choice>,
}

/// What follows a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next<'f> {
    Step(&'f str),
    Check,
}

/// One block of check-your-answers: the answers of one page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// Key of the page where the answers can be changed.
    pub step: String,
    pub title: String,
    pub rows: Vec<SummaryRow>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SummaryRow {
    /// Path of the field.
    pub field: String,
    pub label: String,
    /// Lines are parted by `\n`.
    pub value: String,
}

impl Form {
    /// Walks through the form.
    ///
    /// # Errors
    /// A rule that cannot be decided or a fact that was not given: for the operator, not for the citizen.
    pub fn read(&self, answers: &Answers, facts: &Facts) -> Result<Reading<'_>, RuleFault> {
        let mut world = World::new(facts.today, &facts.account);
        world.set_facts(self.given(facts)?.into_iter());
        let mut reading = Reading {
            form: self,
            pages: Vec::new(),
            end: End::Check,
            passed: BTreeMap::new(),
            shown: BTreeMap::new(),
            city: facts.city.clone(),
        };
        for step in &self.steps {
            if !step.when.as_ref().map_or(Ok(true), |when| when.holds(&world))? {
                reading.hide(step, &mut world);
                continue;
            }
            let page = match &step.body {
                Body::Exit(_) => {
                    reading.end = End::Exit(&step.key);
                    reading.pages.push(Page::new(step, 0));
                    break;
                }
                Body::Questions(fields) => reading.questions(step, fields, answers, facts, &mut world)?,
                Body::Items(group) => reading.items(step, group, answers, facts, &mut world)?,
            };
            let open = !page.errors.is_empty();
            reading.pages.push(page);
            if open {
                reading.end = End::Open(&step.key);
                break;
            }
        }
        Ok(reading)
    }

    /// The declared facts, all of them and of the declared kinds.
    fn given<'a>(&'a self, facts: &'a Facts) -> Result<Vec<(&'a str, &'a Fact)>, RuleFault> {
        let given = self.facts.iter().map(|(name, kind)| match facts.city.get(name) {
            Some(fact) if fact.kind() == *kind => Ok((name.as_str(), fact)),
            found => {
                let what = if found.is_some() { "hat eine andere Art als im Formular" } else { "fehlt" };
                Err(RuleFault {
                    file: self.file.clone(),
                    line: 1,
                    column: 1,
                    rule: String::new(),
                    text: format!("Die Angabe „{name}“ der Stadt {what}."),
                })
            }
        });
        given.collect()
    }
}

impl<'f> Reading<'f> {
    fn hide(&mut self, step: &'f Step, world: &mut World) {
        if let Body::Items(_) = step.body {
            self.pass(&step.key, None, world);
        } else {
            for field in step.fields() {
                self.pass(&field.key, None, world);
            }
        }
    }

    fn pass(&mut self, key: &'f str, value: Option<Value>, world: &mut World) {
        world.set(key, value.as_ref());
        self.passed.insert(key, value);
    }

    fn questions(
        &mut self,
        step: &'f Step,
        fields: &'f [Field],
        answers: &Answers,
        facts: &Facts,
        world: &mut World,
    ) -> Result<Page<'f>, RuleFault> {
        let mut page = Page::new(step, 0);
        for field in fields {
            let asked = ask(field, field.key.clone(), answers.get(&field.key), facts, world)?;
            if let Some(asked) = &asked {
                page.errors.extend(fault_of(asked, world)?);
                if let Some(value) = &asked.value {
                    self.shown.insert(&field.key, (field, value.clone()));
                }
            }
            self.pass(&field.key, asked.as_ref().and_then(|a| a.value.clone()), world);
            page.fields.extend(asked);
        }
        check(&mut page, world)?;
        Ok(page)
    }

    fn items(
        &mut self,
        step: &'f Step,
        group: &'f Group,
        answers: &Answers,
        facts: &Facts,
        world: &mut World,
    ) -> Result<Page<'f>, RuleFault> {
        let empty = Item::new();
        let stored = match answers.get(&step.key) {
            Some(Value::Items(items)) => items.as_slice(),
            _ => &[],
        };
        let stored = &stored[..stored.len().min(group.max)];
        let mut page = Page::new(step, stored.len().max(group.min));
        for field in &group.fields {
            page.blank.extend(ask(field, item_path(&step.key, 0, &field.key), None, facts, world)?);
        }
        let mut items = Vec::with_capacity(page.items);
        for n in 0..page.items {
            let item = stored.get(n).unwrap_or(&empty);
            let mut kept = Item::new();
            for field in &group.fields {
                let path = item_path(&step.key, n, &field.key);
                let Some(asked) = ask(field, path, item.get(&field.key), facts, world)? else { continue };
                page.errors.extend(fault_of(&asked, world)?);
                if let Some(value) = &asked.value {
                    kept.insert(field.key.clone(), value.clone());
                }
                page.fields.push(asked);
            }
            items.push(kept);
        }
        let answered = matches!(answers.get(&step.key), Some(Value::Items(_)));
        self.pass(&step.key, (answered || group.min == 0).then_some(Value::Items(items)), world);
        check(&mut page, world)?;
        Ok(page)
    }

    pub fn form(&self) -> &'f Form {
        self.form
    }

    /// The pages that are asked, in order; the last may be incomplete or an exit.
    pub fn pages(&self) -> &[Page<'f>] {
        &self.pages
    }

    /// The keys of [`Reading::pages`].
    pub fn path(&self) -> impl Iterator<Item = &'f str> {
        self.pages.iter().map(|page| page.step.key.as_str())
    }

    pub fn page(&self, step: &str) -> Option<&Page<'f>> {
        self.pages.iter().find(|page| page.step.key == step)
    }

    pub fn end(&self) -> End<'f> {
        self.end
    }

    /// The page to begin or resume with.
    pub fn resume(&self) -> Next<'f> {
        match self.end {
            End::Open(step) | End::Exit(step) => Next::Step(step),
            End::Check => Next::Check,
        }
    }

    /// What follows a page; from a page that is not on the path, the page to resume with.
    pub fn next(&self, after: &str) -> Next<'f> {
        match self.pages.iter().position(|page| page.step.key == after) {
            Some(at) => self.pages.get(at + 1).map_or_else(|| self.resume(), |page| Next::Step(&page.step.key)),
            None => self.resume(),
        }
    }

    /// The page before; `None` for the first. Before check-your-answers lies the last page.
    pub fn previous(&self, step: &str) -> Option<&'f str> {
        let at = self.pages.iter().position(|page| page.step.key == step).unwrap_or(self.pages.len());
        at.checked_sub(1).and_then(|at| self.pages.get(at)).map(|page| page.step.key.as_str())
    }

    /// The answer, computed value or repeated group that counts; `None` if it is hidden or missing.
    pub fn value(&self, key: &str) -> Option<&Value> {
        self.passed.get(key)?.as_ref()
    }

    /// Every key the walk came past with what counts.
    pub(crate) fn passed(&self) -> &BTreeMap<&'f str, Option<Value>> {
        &self.passed
    }

    /// The values the server computed, for the record of a submission.
    pub fn computed(&self) -> BTreeMap<String, Value> {
        let computed = self.shown.iter().filter(|(_, (field, _))| matches!(field.kind, Kind::Computed { .. }));
        computed.map(|(key, (_, value))| ((*key).to_owned(), value.clone())).collect()
    }

    /// A text of the definition with its slots filled.
    pub fn fill(&self, template: &Template, lang: Lang) -> String {
        template.fill(lang, |name| match (self.shown.get(name), self.city.get(name)) {
            (Some((field, value)), _) => display::value(field, value, lang).replace('\n', ", "),
            (None, Some(fact)) => display::fact(fact, lang),
            (None, None) => "–".to_owned(),
        })
    }

    /// The visible answers and shown computed values, page by page. Screen, print and the clerk's view all show this.
    pub fn summary(&self, lang: Lang) -> Vec<Section> {
        let section = |page: &Page<'f>| {
            let rows: Vec<SummaryRow> = page.fields.iter().filter_map(|asked| row(page, asked, lang)).collect();
            (!rows.is_empty()).then(|| Section {
                step: page.step.key.clone(),
                title: page.step.title.get(lang).to_owned(),
                rows,
            })
        };
        self.pages.iter().filter_map(section).collect()
    }

    /// Codes, yes and no, whole numbers, amounts in cents, numbers of files: what a process may know. Nothing that
    /// speaks of a person.
    pub fn facts(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut facts = serde_json::Map::new();
        for page in &self.pages {
            if let Body::Items(_) = page.step.body {
                let mut items = vec![serde_json::Map::new(); page.items];
                for asked in &page.fields {
                    let number = item_number(&asked.path);
                    if let (Some(fact), Some(item)) = (process_fact(asked), items.get_mut(number)) {
                        item.insert(asked.field.key.clone(), fact);
                    }
                }
                facts.insert(page.step.key.clone(), json!(items));
            } else {
                let own = page.fields.iter().filter_map(|asked| Some((asked.field.key.clone(), process_fact(asked)?)));
                facts.extend(own);
            }
        }
        facts
    }
}

/// Name of a field of the `n`-th item (from 0).
pub(crate) fn item_path(group: &str, n: usize, field: &str) -> String {
    format!("{group}.{}.{field}", n + 1)
}

/// Number of the item (from 0) in a path.
pub(crate) fn item_number(path: &str) -> usize {
    path.split('.').nth(1).and_then(|n| n.parse::<usize>().ok()).unwrap_or(1).saturating_sub(1)
}

/// A field, if it is visible.
fn ask<'f>(
    field: &'f Field,
    path: String,
    stored: Option<&Value>,
    facts: &Facts,
    world: &World,
) -> Result<Option<Asked<'f>>, RuleFault> {
    if !field.when.as_ref().map_or(Ok(true), |when| when.holds(world))? {
        return Ok(None);
    }
    if let Kind::Computed { rule, result, options, .. } = &field.kind {
        let value = rule.0.compute(world, *result, options.iter().map(|o| o.code.as_str()))?;
        return Ok(Some(Asked { field, path, value: Some(value), locked: true, options: Vec::new() }));
    }
    let mut options = Vec::new();
    for option in field.kind.options() {
        if option.when.as_ref().map_or(Ok(true), |when| when.holds(world))? {
            options.push(option);
        }
    }
    let known = field.prefill.as_ref().and_then(|source| facts.known.get(source));
    let known = known.and_then(|value| input::converted(&field.kind, value));
    // "Known to be empty", e.g. the first name of somebody who has one name only, is an answer to an optional question.
    let empty = known.as_ref().is_some_and(is_empty_text);
    let can_lock = known.is_some() && !(empty && field.required);
    let locked = can_lock && field.locked.as_ref().map_or(Ok(false), |locked| locked.holds(world))?;
    let value = if locked {
        known.filter(|_| !empty)
    } else {
        stored
            .filter(|value| input::fits(&field.kind, value) && !is_empty_text(value))
            .and_then(|value| offered(value, &options))
    };
    Ok(Some(Asked { field, path, value, locked, options }))
}

pub(crate) fn is_empty_text(value: &Value) -> bool {
    matches!(value, Value::Text(text) if text.is_empty())
}

/// The value without options that are not offered.
fn offered(value: &Value, options: &[&Choice]) -> Option<Value> {
    let is_offered = |code: &String| options.iter().any(|o| o.code == *code);
    match value {
        Value::Choice(code) => is_offered(code).then(|| value.clone()),
        Value::Choices(codes) => {
            let codes: Vec<String> = codes.iter().filter(|code| is_offered(code)).cloned().collect();
            (!codes.is_empty()).then_some(Value::Choices(codes))
        }
        _ => Some(value.clone()),
    }
}

/// What is missing or wrong at a visible field.
fn fault_of(asked: &Asked<'_>, world: &World) -> Result<Option<FieldError>, RuleFault> {
    match &asked.value {
        Some(_) if asked.locked => Ok(None),
        Some(value) => input::check(asked.field, &asked.path, value, world),
        None if asked.field.required && !asked.locked => {
            Ok(Some(FieldError::new(&asked.path, required_code(&asked.field.kind))))
        }
        None => Ok(None),
    }
}

pub(crate) fn required_code(kind: &Kind) -> &'static str {
    match kind {
        Kind::Choice { .. } | Kind::YesNo => "required-choice",
        Kind::Choices { .. } => "required-choices",
        Kind::Date { .. } | Kind::PartialDate { .. } => "required-date",
        Kind::Address => "required-address",
        Kind::File { .. } => "required-file",
        Kind::Declaration { .. } => "required-declaration",
        _ => "required",
    }
}

/// The rules over several answers, once each answer for itself is right.
fn check(page: &mut Page<'_>, world: &World) -> Result<(), RuleFault> {
    if !page.errors.is_empty() {
        return Ok(());
    }
    for (n, check) in page.step.checks.iter().enumerate() {
        if !check.rule.holds(world)? {
            let error = FieldError::new(&check.field, "rule").with("step", &page.step.key).with("check", n);
            page.errors.push(error.with("text", check.text.get(Lang::De)));
        }
    }
    Ok(())
}

fn row(page: &Page<'_>, asked: &Asked<'_>, lang: Lang) -> Option<SummaryRow> {
    if matches!(asked.field.kind, Kind::Computed { shown: false, .. }) {
        return None;
    }
    let value = display::value(asked.field, asked.value.as_ref()?, lang);
    let label = asked.field.label.get(lang);
    let label = match &page.step.body {
        Body::Items(group) => format!("{} {}: {label}", group.item.get(lang), item_number(&asked.path) + 1),
        _ => label.to_owned(),
    };
    Some(SummaryRow { field: asked.path.clone(), label, value })
}

fn process_fact(asked: &Asked<'_>) -> Option<serde_json::Value> {
    let value = asked.value.as_ref()?;
    if let Value::Files(files) = value {
        return Some(json!(files.len()));
    }
    if asked.field.personal {
        return None;
    }
    match value {
        Value::Choice(code) => Some(json!(code)),
        Value::Choices(codes) => Some(json!(codes)),
        Value::YesNo(yes) => Some(json!(yes)),
        Value::Integer(n) => Some(json!(n)),
        Value::Money(money) => Some(json!(money.cents())),
        _ => None,
    }
}
