//! The data that components show. All texts are already in the language of the page.

use crate::page::{Page, Tone};
use crate::texts::Arg;

/// An error at a form field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Name of the field; also the `id` of its first control, so the error summary can link to it.
    pub field: String,
    /// What is wrong and how to put it right, one sentence.
    pub text: String,
}

/// The errors of a form in the order of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Errors(Vec<FieldError>);

impl Errors {
    pub fn new() -> Errors {
        Errors::default()
    }

    pub fn push(&mut self, field: impl Into<String>, text: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), text: text.into() });
    }

    /// The errors of a command or form in the language of the page; the text key of a code is `error-<code>`.
    pub fn translated(page: &Page, errors: &[kernel::FieldError]) -> Errors {
        errors
            .iter()
            .map(|e| {
                let args: Vec<(&str, Arg<'_>)> = e.args.iter().map(|(name, v)| (name.as_str(), v.into())).collect();
                (e.field.as_str(), page.tf(&format!("error-{}", e.code), &args))
            })
            .collect()
    }

    /// The first error of a field, or an empty text.
    pub fn of(&self, field: &str) -> &str {
        self.0.iter().find(|e| e.field == field).map_or("", |e| e.text.as_str())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn iter(&self) -> std::slice::Iter<'_, FieldError> {
        self.0.iter()
    }
}

impl<F: Into<String>, T: Into<String>> FromIterator<(F, T)> for Errors {
    fn from_iter<I: IntoIterator<Item = (F, T)>>(iter: I) -> Errors {
        Errors(iter.into_iter().map(|(f, t)| FieldError { field: f.into(), text: t.into() }).collect())
    }
}

impl<'a> IntoIterator for &'a Errors {
    type Item = &'a FieldError;
    type IntoIter = std::slice::Iter<'a, FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One choice of a select, radio or checkbox group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    pub value: String,
    pub label: String,
    /// Explains the choice; empty for none.
    pub hint: String,
    pub selected: bool,
}

impl Choice {
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into(), ..Choice::default() }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Choice {
        self.hint = hint.into();
        self
    }

    pub fn selected(mut self, selected: bool) -> Choice {
        self.selected = selected;
        self
    }
}

/// A date as it was typed, part by part; nothing is corrected.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DateParts {
    pub day: String,
    pub month: String,
    pub year: String,
}

impl From<kernel::Date> for DateParts {
    fn from(date: kernel::Date) -> Self {
        DateParts { day: date.day().to_string(), month: date.month().to_string(), year: date.year().to_string() }
    }
}

/// A line of a description list or of a check-your-answers page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    pub key: String,
    /// Line breaks in the value are kept.
    pub value: String,
    /// Where the answer can be changed; empty for none.
    pub change_href: String,
}

impl Row {
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Row {
        Row { key: key.into(), value: value.into(), change_href: String::new() }
    }

    pub fn change(mut self, href: impl Into<String>) -> Row {
        self.change_href = href.into();
        self
    }
}

/// A paragraph of the city's rules (Richtlinien zur Anwendung, Rechtskonzept) beside the button that it governs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guideline {
    pub title: String,
    /// Document and place in it.
    pub source: String,
    pub version: i64,
    /// One text for each paragraph of running text, in German.
    pub text: Vec<String>,
    /// Where it stands among the others.
    pub href: String,
    /// Where to post that it was read; empty when the reader has said so before.
    pub acknowledge: String,
}

/// One entry of a task list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Task {
    pub title: String,
    /// Empty while the task cannot be started.
    pub href: String,
    /// One or two words, e.g. `Erledigt`.
    pub status: String,
    pub tone: Tone,
}

/// One entry of a timeline, newest first by the caller's order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimelineEntry {
    /// When, as people read it.
    pub when: String,
    /// When, for machines: RFC 3339 or `2026-03-12`; empty for none.
    pub machine_time: String,
    /// Who did it; empty where it is not said.
    pub who: String,
    pub title: String,
    /// More about it; empty for none.
    pub text: String,
    /// A document or page that belongs to it; empty for none.
    pub href: String,
    pub link_text: String,
    pub tone: Tone,
    /// False for what is still to come.
    pub done: bool,
}

/// A page of a long list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pagination {
    /// 1-based.
    pub current: u64,
    pub total: u64,
    /// Address up to and including `seite=`.
    pub href: String,
}

impl Pagination {
    /// `path` may carry a query; the page number is appended as `seite`.
    pub fn new(path: &str, current: u64, total: u64) -> Pagination {
        let total = total.max(1);
        let joint = if path.contains('?') { '&' } else { '?' };
        Pagination { current: current.clamp(1, total), total, href: format!("{path}{joint}seite=") }
    }

    pub fn previous(&self) -> Option<u64> {
        (self.current > 1).then(|| self.current - 1)
    }

    pub fn next(&self) -> Option<u64> {
        (self.current < self.total).then(|| self.current + 1)
    }

    /// The numbers to show: first, last and the neighbours of the current one; `None` stands for a gap.
    pub fn numbers(&self) -> Vec<Option<u64>> {
        let near = self.current.saturating_sub(1)..=self.current.saturating_add(1);
        let mut shown: Vec<u64> =
            [1, self.total].into_iter().chain(near).filter(|n| (1..=self.total).contains(n)).collect();
        shown.sort_unstable();
        shown.dedup();
        let mut out = Vec::with_capacity(shown.len() + 2);
        let mut last = 0;
        for n in shown {
            match n - last {
                1 => {}
                2 => out.push(Some(n - 1)),
                _ => out.push(None),
            }
            out.push(Some(n));
            last = n;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(current: u64, total: u64) -> String {
        let shown = Pagination::new("/x", current, total).numbers();
        shown.iter().map(|n| n.map_or("…".to_owned(), |n| n.to_string())).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn pagination_shows_ends_and_neighbours() {
        assert_eq!(numbers(1, 1), "1");
        assert_eq!(numbers(1, 5), "1 2 … 5");
        assert_eq!(numbers(3, 5), "1 2 3 4 5");
        assert_eq!(numbers(4, 9), "1 2 3 4 5 … 9");
        assert_eq!(numbers(50, 99), "1 … 49 50 51 … 99");
        assert_eq!(numbers(u64::MAX, u64::MAX), format!("1 … {} {}", u64::MAX - 1, u64::MAX));
    }

    #[test]
    fn pagination_never_leaves_its_range() {
        let beyond = Pagination::new("/x?q=a", 12, 3);
        assert_eq!((beyond.current, beyond.next(), beyond.previous()), (3, None, Some(2)));
        assert_eq!(beyond.href, "/x?q=a&seite=");
        assert_eq!(Pagination::new("/x", 0, 0).current, 1);
    }

    #[test]
    fn the_first_error_of_a_field_is_shown_at_it() {
        let errors: Errors = [("mail", "a"), ("name", "b"), ("mail", "c")].into_iter().collect();
        assert_eq!(errors.of("mail"), "a");
        assert_eq!(errors.of("other"), "");
        assert_eq!(errors.len(), 3);
    }
}
