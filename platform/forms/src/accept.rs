//! Taking in what a page sent. The server decides alone: only visible, unlocked fields of that page are looked at, and
//! every other name in the request is as if it had not been sent.

use std::collections::BTreeMap;

use kernel::FieldError;
use serde::{Deserialize, Serialize};

use crate::definition::{Body, Field, Form, Group, Kind, Step};
use crate::facts::Facts;
use crate::input::{self, ACTION, ADD_ITEM, REMOVE_FILE, REMOVE_ITEM, Raw, Submitted};
use crate::reading::{Asked, End, Page, Reading, is_empty_text, item_number, item_path};
use crate::rules::RuleFault;
use crate::value::{Answers, Item, Value};

/// What follows a page that was taken in.
#[derive(Clone, PartialEq, Debug)]
pub enum Accepted {
    /// The page is complete: go on.
    Next,
    /// An item or file was added or removed: show the page again with these values.
    Stay(Submitted),
}

/// Why a page was not taken in.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum AcceptError {
    /// The page is not asked with these answers: lead to [`Reading::resume`].
    #[error("the page is not on the path")]
    NotOnPath,
    #[error("{} fields are wrong", .0.len())]
    Fields(Vec<FieldError>),
    #[error(transparent)]
    Rule(#[from] RuleFault),
}

/// Why a form cannot be submitted.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum SubmitError {
    /// The answers were given to another version: [`Form::migrate`] first.
    #[error("the answers belong to another version of the form")]
    OtherVersion,
    /// Step and error of everything that is missing or wrong on the first open page.
    #[error("{} answers are missing or wrong", .0.len())]
    Incomplete(Vec<(String, FieldError)>),
    /// The answers lead to this exit.
    #[error("the answers lead to the exit {0}")]
    Exit(String),
    #[error(transparent)]
    Rule(#[from] RuleFault),
}

/// A submitted form: checked answers, computed values and what they were computed from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Complete {
    pub answers: Answers,
    pub computed: BTreeMap<String, Value>,
    /// Facts of the moment of submission, without those about the person. With them the case reads the same for ever.
    pub facts: Facts,
}

/// What became of an answer when the form changed under a draft.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Migrated {
    /// The question is gone.
    Dropped { key: String },
    /// The question is there, the answer does not fit it any more and must be given again.
    Review { key: String },
}

impl Form {
    /// Answers to begin with: what is known of the person.
    pub fn blank(&self, facts: &Facts) -> Answers {
        let mut answers = Answers { form: self.key.clone(), version: self.version.clone(), values: BTreeMap::new() };
        for field in self.steps.iter().filter(|s| matches!(s.body, Body::Questions(_))).flat_map(Step::fields) {
            let known = field.prefill.as_ref().and_then(|source| facts.known.get(source));
            let known = known.and_then(|value| input::converted(&field.kind, value));
            if let Some(value) = known.filter(|value| !is_empty_text(value)) {
                answers.values.insert(field.key.clone(), value);
            }
        }
        answers
    }

    /// Takes in a page. With an error the answers stay as they were, except for files that were good.
    ///
    /// # Errors
    /// [`AcceptError`]
    pub fn accept(
        &self,
        step: &str,
        submitted: &Submitted,
        answers: &mut Answers,
        facts: &Facts,
    ) -> Result<Accepted, AcceptError> {
        let reading = self.read(answers, facts)?;
        let page = reading.page(step).filter(|page| !page.step.is_exit()).ok_or(AcceptError::NotOnPath)?;
        let raw = Raw::new(submitted);
        if let Some(changed) = act(page, &raw, submitted) {
            let mut candidate = answers.clone();
            put(&mut candidate, parse(page, &Raw::new(&changed.submitted), Empty::Keep).values);
            if let Some((field, n)) = &changed.removed_file {
                remove_file(&mut candidate, field, *n);
            }
            self.prune(&mut candidate, facts)?;
            *answers = candidate;
            return Ok(Accepted::Stay(changed.submitted));
        }

        let mut parsed = parse(page, &raw, Empty::Drop);
        let mut candidate = answers.clone();
        put(&mut candidate, std::mem::take(&mut parsed.values));
        let after = self.read(&candidate, facts)?;
        let errors = parsed.errors_with(after.page(step));
        if errors.is_empty() {
            self.keep_passed(&after, &mut candidate);
            *answers = candidate;
            return Ok(Accepted::Next);
        }
        keep_good_files(page, &candidate, &errors, answers);
        Err(AcceptError::Fields(errors))
    }

    /// Takes in what is good of a page and leaves the rest as it was: for drafts saved while typing.
    ///
    /// # Errors
    /// [`AcceptError::NotOnPath`] and [`AcceptError::Rule`]
    pub fn keep(
        &self,
        step: &str,
        submitted: &Submitted,
        answers: &mut Answers,
        facts: &Facts,
    ) -> Result<(), AcceptError> {
        let reading = self.read(answers, facts)?;
        let page = reading.page(step).filter(|page| !page.step.is_exit()).ok_or(AcceptError::NotOnPath)?;
        let mut candidate = answers.clone();
        let good =
            parse(page, &Raw::new(submitted), Empty::Keep).values.into_iter().filter(|(_, value)| value.is_some());
        put(&mut candidate, good.collect());
        self.prune(&mut candidate, facts)?;
        *answers = candidate;
        Ok(())
    }

    /// Drops answers that are hidden, unknown to the form or not offered, and sets locked ones to the server's values.
    /// Answers to pages that are not decided yet stay. Doing it twice changes nothing more.
    ///
    /// # Errors
    /// A rule that cannot be decided.
    pub fn prune(&self, answers: &mut Answers, facts: &Facts) -> Result<(), RuleFault> {
        let reading = self.read(answers, facts)?;
        self.keep_passed(&reading, answers);
        Ok(())
    }

    fn keep_passed(&self, reading: &Reading<'_>, answers: &mut Answers) {
        for (key, value) in reading.passed() {
            let computed = self.field(key).is_some_and(|f| !f.kind.is_input());
            match value {
                Some(value) if !computed => answers.values.insert((*key).to_owned(), value.clone()),
                _ => answers.values.remove(*key),
            };
        }
        let known = |key: &str| {
            let question = self.field(key).is_some_and(|f| f.kind.is_input());
            let group = self.step(key).is_some_and(|s| matches!(s.body, Body::Items(_)));
            question || group
        };
        answers.values.retain(|key, _| known(key));
    }

    /// Decides everything anew, as at the moment of submission.
    ///
    /// # Errors
    /// [`SubmitError`]
    pub fn validate_all(&self, answers: &Answers, facts: &Facts) -> Result<Complete, SubmitError> {
        if answers.form != self.key || answers.version != self.version {
            return Err(SubmitError::OtherVersion);
        }
        let reading = self.read(answers, facts)?;
        match reading.end() {
            End::Exit(step) => Err(SubmitError::Exit(step.to_owned())),
            End::Open(step) => {
                let errors = reading.page(step).map(|page| page.errors.clone()).unwrap_or_default();
                Err(SubmitError::Incomplete(errors.into_iter().map(|e| (step.to_owned(), e)).collect()))
            }
            End::Check => {
                let mut answers = answers.clone();
                self.keep_passed(&reading, &mut answers);
                let facts = Facts { known: BTreeMap::new(), ..facts.clone() };
                Ok(Complete { answers, computed: reading.computed(), facts })
            }
        }
    }

    /// Carries answers to an older version over to this one.
    pub fn migrate(&self, old: Answers) -> (Answers, Vec<Migrated>) {
        let mut answers = Answers { form: self.key.clone(), version: self.version.clone(), values: BTreeMap::new() };
        let mut report = Vec::new();
        for (key, value) in old.values {
            let fitting = match (self.field(&key), self.step(&key).map(|s| &s.body), value) {
                (Some(field), None | Some(Body::Questions(_) | Body::Exit(_)), value) if self.is_top_level(field) => {
                    fitting(field, value)
                }
                (_, Some(Body::Items(group)), Value::Items(items)) => {
                    Some(carried_items(group, &key, items, &mut report))
                }
                (_, Some(Body::Items(_)), _) => None,
                _ => {
                    report.push(Migrated::Dropped { key });
                    continue;
                }
            };
            match fitting {
                Some(value) => {
                    answers.values.insert(key, value);
                }
                None => report.push(Migrated::Review { key }),
            }
        }
        (answers, report)
    }

    fn is_top_level(&self, field: &Field) -> bool {
        let questions = self.steps.iter().filter(|s| matches!(s.body, Body::Questions(_)));
        field.kind.is_input() && questions.flat_map(Step::fields).any(|f| f.key == field.key)
    }
}

/// The value, if the field can still hold it.
fn fitting(field: &Field, value: Value) -> Option<Value> {
    let value = input::converted(&field.kind, &value)?;
    let exists = |code: &String| field.kind.options().iter().any(|o| o.code == *code);
    match &value {
        Value::Choice(code) => exists(code).then_some(value),
        Value::Choices(codes) => codes.iter().all(exists).then_some(value),
        _ => Some(value),
    }
}

fn carried_items(group: &Group, key: &str, items: Vec<Item>, report: &mut Vec<Migrated>) -> Value {
    let mut carried = Vec::new();
    for (n, item) in items.into_iter().enumerate() {
        let mut kept = Item::new();
        for (name, value) in item {
            let path = item_path(key, n, &name);
            match group.fields.iter().find(|f| f.key == name) {
                None => report.push(Migrated::Dropped { key: path }),
                Some(field) => match fitting(field, value) {
                    Some(value) => {
                        kept.insert(name, value);
                    }
                    None => report.push(Migrated::Review { key: path }),
                },
            }
        }
        carried.push(kept);
    }
    Value::Items(carried)
}

/// The values of a page and what could not be read.
struct ParsedPage {
    /// By key; `None` takes an answer away.
    values: Vec<(String, Option<Value>)>,
    errors: Vec<FieldError>,
    /// Paths in the order of the page.
    order: Vec<String>,
}

impl ParsedPage {
    /// The errors of reading and then those the rules found at other fields, in the order of the page.
    fn errors_with(self, page: Option<&Page<'_>>) -> Vec<FieldError> {
        let mut errors = self.errors;
        let base = |error: &FieldError| field_of(&error.field).to_owned();
        for found in page.map(|p| p.errors.as_slice()).unwrap_or_default() {
            if !errors.iter().any(|e| base(e) == base(found)) {
                errors.push(found.clone());
            }
        }
        errors.sort_by_key(|e| self.order.iter().position(|path| *path == base(e)).unwrap_or(usize::MAX));
        errors
    }
}

/// The field of a control: `anschrift` of `anschrift-city`.
pub(crate) fn field_of(path: &str) -> &str {
    path.split('-').next().unwrap_or(path)
}

/// What becomes of items in which nothing was filled in, where the group may have none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Empty {
    Keep,
    Drop,
}

fn parse(page: &Page<'_>, raw: &Raw<'_>, empty: Empty) -> ParsedPage {
    let mut parsed = ParsedPage { values: Vec::new(), errors: Vec::new(), order: Vec::new() };
    let Body::Items(group) = &page.step.body else {
        for asked in page.fields.iter().filter(|a| !a.locked && a.field.kind.is_input()) {
            let value = parsed.read(&asked.field.kind, &asked.path, raw, asked.value.as_ref());
            parsed.values.push((asked.field.key.clone(), value));
        }
        return parsed;
    };
    let sent = items_sent(&page.step.key, group, raw);
    let mut items = Vec::with_capacity(sent);
    for n in 0..sent {
        let mut item = Item::new();
        // Which fields items have does not depend on the item: rules see only earlier pages.
        for Asked { field, .. } in &page.blank {
            let path = item_path(&page.step.key, n, &field.key);
            if let Some(value) = parsed.read(&field.kind, &path, raw, None) {
                item.insert(field.key.clone(), value);
            }
        }
        items.push(item);
    }
    if group.min == 0 && empty == Empty::Drop {
        items.retain(|item| !item.is_empty());
    }
    parsed.values.push((page.step.key.clone(), Some(Value::Items(items))));
    parsed
}

impl ParsedPage {
    fn read(&mut self, kind: &Kind, path: &str, raw: &Raw<'_>, before: Option<&Value>) -> Option<Value> {
        self.order.push(path.to_owned());
        input::parse(kind, path, raw, before).unwrap_or_else(|error| {
            self.errors.push(error);
            None
        })
    }
}

/// Name of the hidden control that says how many items the page showed.
pub(crate) fn count_name(group: &str) -> String {
    format!("{group}-anzahl")
}

/// How many items were sent, at most the group's maximum.
pub(crate) fn items_sent(key: &str, group: &Group, raw: &Raw<'_>) -> usize {
    let said = raw.get(&count_name(key)).parse::<usize>().unwrap_or(0);
    let prefix = format!("{key}.");
    let highest = raw.names().filter(|name| name.starts_with(&prefix)).map(|name| item_number(name) + 1).max();
    said.max(highest.unwrap_or(0)).clamp(group.min, group.max)
}

fn put(answers: &mut Answers, values: Vec<(String, Option<Value>)>) {
    for (key, value) in values {
        match value {
            Some(value) => answers.values.insert(key, value),
            None => answers.values.remove(&key),
        };
    }
}

struct Changed {
    submitted: Submitted,
    removed_file: Option<(String, usize)>,
}

/// A button that changes the page itself.
fn act(page: &Page<'_>, raw: &Raw<'_>, submitted: &Submitted) -> Option<Changed> {
    let action = raw.get(ACTION);
    let number = |text: &str| text.parse::<usize>().ok().filter(|n| *n > 0);
    if let Some(rest) = action.strip_prefix(REMOVE_FILE) {
        let (path, n) = rest.rsplit_once(':')?;
        let asked = page.fields.iter().find(|a| a.path == path && matches!(a.field.kind, Kind::File { .. }))?;
        let submitted = without_action(submitted);
        return Some(Changed { submitted, removed_file: Some((asked.field.key.clone(), number(n)?)) });
    }
    let Body::Items(group) = &page.step.body else { return None };
    let key = &page.step.key;
    let sent = items_sent(key, group, raw);
    if action == ADD_ITEM && sent < group.max {
        return Some(Changed { submitted: with_count(without_action(submitted), key, sent + 1), removed_file: None });
    }
    let n = action.strip_prefix(REMOVE_ITEM).and_then(number).filter(|n| *n <= sent && sent > group.min)?;
    let mut left = without_action(submitted);
    left.fields =
        left.fields.into_iter().filter_map(|(name, value)| Some((renumbered(&name, key, n)?, value))).collect();
    Some(Changed { submitted: with_count(left, key, sent - 1), removed_file: None })
}

fn without_action(submitted: &Submitted) -> Submitted {
    let fields = submitted.fields.iter().filter(|(name, _)| name != ACTION).cloned().collect();
    Submitted { fields, files: submitted.files.clone() }
}

fn with_count(mut submitted: Submitted, key: &str, count: usize) -> Submitted {
    let name = count_name(key);
    submitted.fields.retain(|(field, _)| *field != name);
    submitted.fields.push((name, count.to_string()));
    submitted
}

/// The name a field has after item `gone` (from 1) was removed; `None` for a field of that item.
fn renumbered(name: &str, group: &str, gone: usize) -> Option<String> {
    let rest = name.strip_prefix(group).and_then(|rest| rest.strip_prefix('.'));
    let Some((number, field)) = rest.and_then(|rest| rest.split_once('.')) else { return Some(name.to_owned()) };
    match number.parse::<usize>() {
        Ok(n) if n == gone => None,
        Ok(n) if n > gone => Some(format!("{group}.{}.{field}", n - 1)),
        _ => Some(name.to_owned()),
    }
}

fn remove_file(answers: &mut Answers, key: &str, n: usize) {
    if let Some(Value::Files(files)) = answers.values.get_mut(key) {
        if n <= files.len() {
            files.remove(n - 1);
        }
        if files.is_empty() {
            answers.values.remove(key);
        }
    }
}

/// A file that was good need not be chosen again because another answer was wrong.
fn keep_good_files(page: &Page<'_>, candidate: &Answers, errors: &[FieldError], answers: &mut Answers) {
    let files = page.fields.iter().filter(|a| matches!(a.field.kind, Kind::File { .. }));
    for asked in files.filter(|a| !errors.iter().any(|e| e.field == a.path)) {
        if let Some(value) = candidate.get(&asked.field.key) {
            answers.values.insert(asked.field.key.clone(), value.clone());
        }
    }
}
