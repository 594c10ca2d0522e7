//! The counter: a clerk compares a person with a document ("vor Ort geprüft"), or helps somebody who lost the second
//! factor.

use askama::Template;
use axum::Form;
use house::{Answer, Req};
use identity::{CounterMatch, Document};
use kernel::Error;
use serde::Deserialize;
use ui::{Choice, DateParts, Page};

use super::{
    Field, FormPage, Trouble, again,
    citizen::{PersonForm, person_rows, typed_date},
};

#[derive(Deserialize)]
pub struct LookForm {
    #[serde(default)]
    code: String,
}

fn look_page<'a>(page: &'a Page, code: &str, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/intern/vor-ort", "accounts-continue")
        .intro(page.t("accounts-counter-text"))
        .field(Field::Text {
            name: "code",
            label: page.t("accounts-counter-code"),
            value: code.to_owned(),
            hint: page.t("accounts-counter-code-hint"),
            autocomplete: "off",
        })
        .trouble(trouble)
}

pub async fn show(rq: Req) -> Answer {
    let page = rq.page("accounts-counter-title");
    rq.html(&look_page(&page, "", Trouble::default()))
}

#[derive(Deserialize)]
pub struct ConfirmForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    document: String,
    #[serde(flatten)]
    person: PersonForm,
}

fn confirm_page<'a>(
    page: &'a Page,
    found: &CounterMatch,
    code: &str,
    document: &str,
    person: &PersonForm,
    trouble: Trouble,
) -> FormPage<'a> {
    let form = FormPage::new(page, "/intern/vor-ort/bestaetigen", "accounts-counter-confirm")
        .back("/intern/vor-ort")
        .intro(page.t1("accounts-counter-account", "label", &found.label))
        .intro(page.t("accounts-counter-compare"));
    let choices = Document::ALL.map(|kind| {
        Choice::new(kind.code(), page.t(&format!("accounts-document-{}", kind.code())))
            .selected(kind.code() == document)
    });
    let form = form
        .field(Field::Text {
            name: "code",
            label: page.t("accounts-counter-code"),
            value: code.to_owned(),
            hint: String::new(),
            autocomplete: "off",
        })
        .field(Field::Radios {
            name: "document",
            label: page.t("accounts-counter-document"),
            choices: choices.to_vec(),
        });
    person.fields(page, form).trouble(trouble)
}

pub async fn look(rq: Req, Form(form): Form<LookForm>) -> Answer {
    let found = rq.city.identity.account_at_counter(&mut rq.city.db.read().await?, &rq.cx, &form.code).await;
    match found {
        Ok(found) => {
            let page = rq.page("accounts-counter-title");
            let person = found.known.as_ref().map(|k| PersonForm::of(&k.person)).unwrap_or_default();
            rq.html(&confirm_page(&page, &found, &form.code, "", &person, Trouble::default()))
        }
        Err(error) => {
            let mut page = rq.page("accounts-counter-title");
            again(&rq, &mut page, error, |page, trouble| look_page(page, &form.code, trouble))
        }
    }
}

pub async fn confirm(rq: Req, Form(form): Form<ConfirmForm>) -> Answer {
    let document = Document::from_code(&form.document).ok_or_else(|| Error::invalid("document", "choose"));
    let asked = document.and_then(|document| Ok((document, form.person.person()?)));
    let done = match asked {
        Ok((document, person)) => db::write!(rq.city.db, |tx| {
            rq.city.identity.confirm_onsite(tx, &rq.cx, &form.code, document, person.clone()).await
        }),
        Err(error) => Err(error),
    };
    match done {
        Ok(_) => rq.see_other_with("/intern/vor-ort", "accounts-counter-done"),
        Err(error) => {
            let found = rq.city.identity.account_at_counter(&mut rq.city.db.read().await?, &rq.cx, &form.code).await;
            let mut page = rq.page("accounts-counter-title");
            match found {
                Ok(found) => again(&rq, &mut page, error, |page, trouble| {
                    confirm_page(page, &found, &form.code, &form.document, &form.person, trouble)
                }),
                Err(error) => again(&rq, &mut page, error, |page, trouble| look_page(page, &form.code, trouble)),
            }
        }
    }
}

#[derive(Default, Deserialize)]
pub struct SearchForm {
    #[serde(default)]
    email: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default, rename = "birth_date-month")]
    birth_month: String,
    #[serde(default, rename = "birth_date-year")]
    birth_year: String,
}

#[derive(Template)]
#[template(path = "help.html")]
struct HelpPage<'a> {
    page: &'a Page,
    form: FormPage<'a>,
    found: Option<Vec<CounterMatch>>,
}

impl HelpPage<'_> {
    fn rows(&self, found: &CounterMatch) -> Vec<ui::Row> {
        let page = self.page;
        let opened = page.date(found.opened_at.to_zoned(kernel::berlin()).date());
        let mut rows = vec![ui::Row::new(page.t("accounts-opened-on"), opened)];
        rows.extend(found.known.iter().flat_map(|k| person_rows(page, &k.person)));
        rows
    }
}

fn help_form<'a>(page: &'a Page, asked: &SearchForm, trouble: Trouble) -> FormPage<'a> {
    FormPage::new(page, "/intern/vor-ort/hilfe", "accounts-search")
        .field(Field::Email {
            name: "email",
            label: page.t("accounts-email"),
            value: asked.email.clone(),
            hint: page.t("accounts-help-email-hint"),
        })
        .field(Field::Text {
            name: "family_name",
            label: page.t("accounts-family-name"),
            value: asked.family_name.clone(),
            hint: String::new(),
            autocomplete: "off",
        })
        .field(Field::Date {
            name: "birth_date",
            label: page.t("accounts-birth-date"),
            parts: DateParts {
                day: asked.birth_date.clone(),
                month: asked.birth_month.clone(),
                year: asked.birth_year.clone(),
            },
            hint: page.t("accounts-birth-date-hint"),
            birthday: false,
        })
        .trouble(trouble)
}

pub async fn show_help(rq: Req) -> Answer {
    let page = rq.page("accounts-help-title");
    let asked = SearchForm::default();
    rq.html(&HelpPage { page: &page, form: help_form(&page, &asked, Trouble::default()), found: None })
}

pub async fn help(rq: Req, Form(asked): Form<SearchForm>) -> Answer {
    let typed = [&asked.birth_date, &asked.birth_month, &asked.birth_year];
    let born = typed_date(&asked.birth_date, &asked.birth_month, &asked.birth_year);
    let found = if born.is_none() && typed.iter().any(|part| !part.trim().is_empty()) {
        Err(Error::invalid("birth_date", "date"))
    } else {
        let mut rx = rq.city.db.read().await?;
        identity::counter_search(&mut rx, &rq.cx, &asked.email, &asked.family_name, born).await
    };
    let mut page = rq.page("accounts-help-title");
    match found {
        Ok(found) => {
            let form = help_form(&page, &asked, Trouble::default());
            rq.html(&HelpPage { page: &page, form, found: Some(found) })
        }
        Err(error) => {
            let trouble = Trouble::of(&mut page, error)?;
            let form = help_form(&page, &asked, trouble);
            rq.invalid(&HelpPage { page: &page, form, found: None })
        }
    }
}

#[derive(Deserialize)]
pub struct ResetForm {
    #[serde(default)]
    account: String,
}

pub async fn reset_factor(rq: Req, Form(form): Form<ResetForm>) -> Answer {
    let account = identity::id_from(&form.account)?;
    db::write!(rq.city.db, |tx| { identity::reset_account_factor(tx, &rq.cx, account).await })?;
    rq.see_other_with("/intern/vor-ort/hilfe", "accounts-help-done")
}
