//! Several files or cases at once (Sammelaktion). Each is checked and done on its own; what was not done is listed with the
//! reason.

use std::collections::HashMap;

use askama::Template;
use axum::Form;
use contract_circulation::{AddFollowUp, SendFolder, StepKind};
use house::{Answer, Call, Req};
use kernel::{CaseId, Date, Error, Result, StaffId, Uuid};
use ui::{Choice, DateParts, Errors, Page};

use crate::{
    file::{self, service::staff},
    package, perm,
    plan::Plan,
    service, store,
};

/// Most things at once.
const MOST: usize = 200;
/// What can be done with what was chosen.
const ACTIONS: [&str; 4] = ["zda", "abgabe", "wiedervorlage", "laufmappe"];
/// The room that does some of it, which a city may do without.
const CIRCULATION: &str = "circulation";
const OF_CIRCULATION: [&str; 2] = ["wiedervorlage", "laufmappe"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Case,
}

/// Something that was chosen and that the reader may see.
struct Item {
    kind: Kind,
    id: Uuid,
    number: String,
    title: String,
}

impl Item {
    fn field(&self) -> &'static str {
        match self.kind {
            Kind::File => "akte",
            Kind::Case => "vorgang",
        }
    }
}

/// What the form sent, by field; the chosen things apart.
struct Asked {
    chosen: Vec<(Kind, Uuid)>,
    fields: HashMap<String, String>,
}

impl Asked {
    fn of(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", |text| text.trim())
    }

    fn parts(&self) -> DateParts {
        let text = |field| self.of(field).to_owned();
        DateParts { day: text("faellig"), month: text("faellig-month"), year: text("faellig-year") }
    }

    fn due(&self) -> Option<Date> {
        let (day, month) = (self.of("faellig").parse().ok()?, self.of("faellig-month").parse().ok()?);
        Date::new(self.of("faellig-year").parse().ok()?, month, day).ok()
    }

    /// Where the list was; only ours.
    fn back(&self) -> &str {
        let from = self.of("von");
        if from.starts_with("/intern/akte") { from } else { "/intern/akten" }
    }
}

fn asked(sent: Vec<(String, String)>) -> Asked {
    let mut asked = Asked { chosen: Vec::new(), fields: HashMap::new() };
    for (field, text) in sent {
        let kind = match field.as_str() {
            "akte" => Kind::File,
            "vorgang" => Kind::Case,
            _ => {
                asked.fields.insert(field, text);
                continue;
            }
        };
        if let Ok(id) = text.parse::<Uuid>()
            && !asked.chosen.contains(&(kind, id))
        {
            asked.chosen.push((kind, id));
        }
    }
    asked
}

/// Those of the chosen that the reader may see. Of others nothing is said: they were not in their list.
async fn seen(rq: &Req, chosen: &[(Kind, Uuid)]) -> Result<Vec<Item>> {
    let me = staff(&rq.cx)?;
    let mut rx = rq.city.db.read_long().await?;
    let mut items = Vec::new();
    for (kind, id) in chosen.iter().copied() {
        let found = match kind {
            Kind::File => file::store::file_for_staff(&mut rx, id, me).await.map(|file| (file.number(), file.title)),
            Kind::Case => {
                let case = store::case_for_staff(&mut rx, CaseId::from_uuid(id), me).await;
                case.map(|case| (case.number, case.title))
            }
        };
        match found {
            Ok((number, title)) => items.push(Item { kind, id, number, title }),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(items)
}

#[derive(Template)]
#[template(path = "bulk.html")]
struct ChoicePage<'a> {
    page: &'a Page,
    items: Vec<Item>,
    actions: Vec<Choice>,
    units: Vec<Choice>,
    people: Vec<Choice>,
    kinds: Vec<Choice>,
    /// There are follow-ups and circulation folders.
    circulation: bool,
    asked: &'a Asked,
    errors: Errors,
}

async fn choice_page<'a>(
    rq: &Req,
    page: &'a Page,
    asked: &'a Asked,
    items: Vec<Item>,
    errors: Errors,
) -> Result<ChoicePage<'a>> {
    let mut rx = rq.city.db.read().await?;
    let units = identity::units(&mut rx).await?;
    let holders = identity::holders_of(&mut rx, perm::VIEW, rq.cx.today()).await?;
    drop(rx);
    let choice = |value: &str, label: &str, field: &str| Choice::new(value, label).selected(asked.of(field) == value);
    let mut people: Vec<Choice> = Vec::new();
    for holder in holders {
        let id = holder.id.to_string();
        // Somebody may hold it in several units.
        if people.iter().all(|other| other.value != id) {
            people.push(choice(&id, &holder.name, "person"));
        }
    }
    let open = units.all().iter().filter(|unit| !unit.sealed);
    let circulation = rq.city.offers(CIRCULATION);
    let actions = ACTIONS.into_iter().filter(|code| circulation || !OF_CIRCULATION.contains(code));
    Ok(ChoicePage {
        page,
        items,
        actions: actions.map(|code| choice(code, &page.t(&format!("records-bulk-{code}")), "aktion")).collect(),
        units: open.map(|unit| choice(&unit.key, &unit.name, "stelle")).collect(),
        people,
        kinds: StepKind::ALL
            .map(|kind| choice(kind.code(), &page.t(&format!("records-bulk-kind-{}", kind.code())), "art"))
            .to_vec(),
        circulation,
        asked,
        errors,
    })
}

/// What is to be done, with what it needs.
enum Action {
    Close,
    HandOver(String),
    FollowUp(Date, String),
    Circulate(StaffId, StepKind, String),
}

fn action(rq: &Req, page: &Page, asked: &Asked, errors: &mut Errors) -> Option<Action> {
    match asked.of("aktion") {
        "zda" => Some(Action::Close),
        "abgabe" => {
            let unit = asked.of("stelle");
            if unit.is_empty() {
                errors.push("stelle", page.t("records-bulk-unit-missing"));
                return None;
            }
            Some(Action::HandOver(unit.to_owned()))
        }
        "wiedervorlage" => {
            let due = asked.due().filter(|day| *day >= rq.cx.today());
            if due.is_none() {
                errors.push("faellig", page.t("records-bulk-day-wrong"));
            }
            Some(Action::FollowUp(due?, asked.of("vermerk").chars().take(1000).collect()))
        }
        "laufmappe" => {
            let person = asked.of("person").parse::<StaffId>().ok();
            if person.is_none() {
                errors.push("person", page.t("records-bulk-person-missing"));
            }
            let kind = StepKind::from_code(asked.of("art"));
            let title: String = asked.of("vermerk").chars().take(200).collect();
            let title = if title.is_empty() { page.t("records-bulk-folder") } else { title };
            Some(Action::Circulate(person?, kind, title))
        }
        _ => {
            errors.push("aktion", page.t("records-bulk-action-missing"));
            None
        }
    }
}

#[derive(Template)]
#[template(path = "bulk_result.html")]
struct ResultPage<'a> {
    page: &'a Page,
    back: &'a str,
    done: Vec<Item>,
    /// With the reason.
    not_done: Vec<(Item, String)>,
}

/// Why something was not done, in words.
fn why(page: &Page, error: &Error) -> String {
    match error {
        Error::Refused(refusal) => {
            let args: Vec<_> = refusal.args.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
            page.tf(&format!("refusal-{}", refusal.code), &args)
        }
        Error::Forbidden => page.t("records-bulk-forbidden"),
        Error::NotFound => page.t("records-bulk-gone"),
        _ => page.t("records-bulk-failed"),
    }
}

async fn run(rq: &Req, plan: &Plan, item: &Item, action: &Action) -> Result<()> {
    let (cx, me, case) = (&rq.cx, staff(&rq.cx)?, CaseId::from_uuid(item.id));
    db::write!(rq.city.db, |tx| {
        match (item.kind, action) {
            (Kind::File, Action::Close) => file::service::set_closed(cx, tx, item.id, true).await,
            (Kind::Case, Action::Close) => file::service::close_case(cx, tx, plan, case).await,
            (Kind::File, Action::HandOver(unit)) => service::hand_over_file(cx, tx, item.id, unit).await,
            (Kind::Case, Action::HandOver(unit)) => service::hand_over_case(cx, tx, case, unit).await,
            (Kind::Case, Action::FollowUp(due, note)) => {
                let case = store::case_for_staff(tx, case, me).await?.id;
                cx.call(tx, AddFollowUp { case, staff: me, due: *due, note: note.clone() }).await
            }
            (Kind::Case, Action::Circulate(person, kind, title)) => {
                let new = SendFolder {
                    case,
                    title: title.clone(),
                    instruction: String::new(),
                    parallel: false,
                    steps: vec![(*person, *kind)],
                };
                cx.call(tx, new).await.map(|_| ())
            }
            (Kind::File, Action::FollowUp(..) | Action::Circulate(..)) => {
                Err(Error::refused("records-bulk-cases-only"))
            }
        }
    })
}

/// First asks what is to be done with what was chosen, then does it.
pub async fn chosen(rq: Req, Form(sent): Form<Vec<(String, String)>>) -> Answer {
    let asked = asked(sent);
    let page = rq.page("records-bulk-title");
    if asked.chosen.len() > MOST {
        return Err(Error::refused_with("records-bulk-many", vec![("max", MOST.to_string())]).into());
    }
    let items = seen(&rq, &asked.chosen).await?;
    let mut errors = Errors::new();
    if items.is_empty() {
        errors.push("aktion", page.t("records-bulk-none"));
    } else if asked.of("aktion") == "zip" {
        let mut cases = Vec::new();
        for item in &items {
            match item.kind {
                Kind::File => cases.extend(package::cases_in(&rq, item.id).await?),
                Kind::Case => {
                    let mut rx = rq.city.db.read().await?;
                    cases.push(store::case_for_staff(&mut rx, CaseId::from_uuid(item.id), staff(&rq.cx)?).await?);
                }
            }
        }
        // A part may have been chosen beside its whole.
        cases.sort_by_key(|case| case.id);
        cases.dedup_by_key(|case| case.id);
        return package::send(&rq, &cases, None, &page.t("records-bulk-zip-name")).await;
    } else if !asked.fields.contains_key("aktion") && !asked.fields.contains_key("weiter") {
        return rq.html(&choice_page(&rq, &page, &asked, items, errors).await?);
    }
    let wanted = if errors.is_empty() { action(&rq, &page, &asked, &mut errors) } else { None };
    let Some(wanted) = wanted else {
        let page = page.checked(&errors);
        return rq.invalid(&choice_page(&rq, &page, &asked, items, errors).await?);
    };
    let plan = Plan::of(&rq.city.content)?;
    let (mut done, mut not_done) = (Vec::new(), Vec::new());
    for item in items {
        match run(&rq, &plan, &item, &wanted).await {
            Ok(()) => done.push(item),
            Err(error) => {
                if let Error::Internal(cause) = &error {
                    tracing::error!(number = %item.number, "{cause:#}");
                }
                not_done.push((item, why(&page, &error)));
            }
        }
    }
    let page = rq.page("records-bulk-result");
    rq.html(&ResultPage { page: &page, back: asked.back(), done, not_done })
}
