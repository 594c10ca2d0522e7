//! The words of an export. Each module names its tables, columns, codes and events in its own texts:
//!
//! | key | of |
//! |---|---|
//! | `<module>-table-<table>` | a table, without the module's name in front |
//! | `<module>-field-<column>` | a column, or a name inside a JSON value |
//! | `<module>-value-<column>-<code>` | a code in it |
//! | `<module>-value-<column>` | an amount in cents in it, as `{ $amount }` |
//! | `<module>-event-<name>` | an entry of the journal |
//!
//! What has no text is shown as it is called in the database; an entry of the journal that has none is not in the export.

use std::sync::Arc;

use content::Content;
use forms::{Form, Kind};
use kernel::Money;
use ui::{Lang, Page};

use crate::register;

/// Codes whose texts several modules share: timeline steps (`records::AddStep`), messages (`postbox`), where a case stands
/// and trust levels.
const SHARED: [(&str, &str); 4] =
    [("code", "timeline"), ("subject", "message"), ("status", "status"), ("level", "level")];

/// `family_name`, `familyName` and `Family-Name` as text keys have it: `family-name`.
fn dashed(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        out.push(if c == '_' { '-' } else { c.to_ascii_lowercase() });
    }
    out
}

pub fn table_key(module: &str, table: &str) -> String {
    let own = table.strip_prefix(module).and_then(|rest| rest.strip_prefix('_'));
    format!("{module}-table-{}", dashed(own.unwrap_or(table)))
}

pub fn field_key(module: &str, name: &str) -> String {
    format!("{module}-field-{}", dashed(name))
}

pub fn event_key(name: &str) -> String {
    name.replacen('.', "-event-", 1)
}

/// Codes are short words of the program, never what a person typed.
fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// The texts of the page's language, and the questions of the city's forms.
pub struct Labels<'a> {
    pub page: &'a Page,
    forms: Vec<(String, Arc<Form>)>,
}

impl<'a> Labels<'a> {
    /// A form that cannot be read gives no words; the export does not fail for it.
    pub fn new(page: &'a Page, content: &Content) -> Self {
        let forms = content.all("forms").into_iter().filter_map(|item| {
            let form = content.parsed("forms", &item.key, register::read_form).ok()?;
            Some((item.key.clone(), form))
        });
        Self { page, forms: forms.collect() }
    }

    #[cfg(test)]
    pub fn without_forms(page: &'a Page) -> Self {
        Self { page, forms: Vec::new() }
    }

    fn text(&self, key: &str) -> Option<String> {
        self.page.texts.has(Lang::De, key).then(|| self.page.t(key))
    }

    pub fn table(&self, module: &str, table: &str) -> String {
        self.text(&table_key(module, table)).unwrap_or_else(|| table.to_owned())
    }

    /// A name that several modules use inside their values, such as the parts of an address, may stand in our own texts.
    fn known_field(&self, module: &str, name: &str) -> Option<String> {
        self.text(&field_key(module, name)).or_else(|| self.text(&field_key("privacy", name)))
    }

    pub fn column(&self, module: &str, name: &str) -> String {
        self.known_field(module, name).unwrap_or_else(|| name.to_owned())
    }

    /// A name inside a value: a question of the row's form, if the row names one.
    pub fn name(&self, module: &str, form: Option<&str>, name: &str) -> String {
        let asked = || self.question(form, name).map(|field| field.label.get(self.page.lang).to_owned());
        let found = if form.is_some() {
            asked().or_else(|| self.known_field(module, name))
        } else {
            self.known_field(module, name).or_else(asked)
        };
        found.unwrap_or_else(|| name.to_owned())
    }

    fn question(&self, form: Option<&str>, name: &str) -> Option<&forms::Field> {
        let mut forms = self.forms.iter().filter(|(key, _)| form.is_none_or(|form| form == key));
        forms.find_map(|(_, form)| form.field_at(name))
    }

    /// The word for a code.
    pub fn code(
        &self,
        module: &str,
        form: Option<&str>,
        name: &str,
        code: &str,
        args: &[(String, String)],
    ) -> Option<String> {
        if !is_code(code) {
            return None;
        }
        let (name, value) = (dashed(name), dashed(code));
        let shared = SHARED.iter().filter(|(field, _)| *field == name).map(|(_, family)| format!("{family}-{value}"));
        let key = std::iter::once(format!("{module}-value-{name}-{value}")).chain(shared);
        let args: Vec<_> = args.iter().map(|(name, value)| (name.as_str(), value.as_str().into())).collect();
        let mut known = key.filter(|key| self.page.texts.has(Lang::De, key));
        known.next().map(|key| self.page.tf(&key, &args)).or_else(|| self.option(form, &name, code))
    }

    /// The option of a form's question; the key of a question never has a hyphen.
    fn option(&self, form: Option<&str>, name: &str, code: &str) -> Option<String> {
        match &self.question(form, &name.replace('-', "_"))?.kind {
            Kind::Choice { options, .. } | Kind::Choices { options } => {
                let option = options.iter().find(|option| option.code == code)?;
                Some(option.label.get(self.page.lang).to_owned())
            }
            _ => None,
        }
    }

    /// A number, as an amount where the module says that it is one.
    pub fn number(&self, module: &str, name: &str, number: i64) -> String {
        let key = format!("{module}-value-{}", dashed(name));
        if self.page.texts.has(Lang::De, &key) {
            self.page.t1(&key, "amount", self.page.money(Money(number)))
        } else {
            number.to_string()
        }
    }

    pub fn event(&self, name: &str) -> String {
        self.text(&event_key(name)).unwrap_or_else(|| name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_any_spelling_have_one_key() {
        for name in ["family_name", "familyName", "family-name"] {
            assert_eq!(field_key("records", name), "records-field-family-name");
        }
        assert_eq!(table_key("records", "records_access_log"), "records-table-access-log");
        assert_eq!(event_key("records.case-opened"), "records-event-case-opened");
        assert_eq!(table_key("accounts", "identity_account"), "accounts-table-identity-account");
        assert!(is_code("waiting-payment") && !is_code("Erika Beispiel") && !is_code(""));
    }
}
