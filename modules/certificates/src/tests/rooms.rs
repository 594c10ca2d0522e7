//! The rooms that are asked here, reduced to a book of what they know and were told.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, MutexGuard},
};

use contract_desk::TaskTexts;
use contract_records::{AddDocument, AddStep, Address, CaseView, Cases, Party, Status, VisibleCase};
use contract_registers::{Answered, PopulationAnswer};
use contract_services::{Application, ApplicationOf};
use db::{Rx, Tx};
use house::{Module, answer, handler};
use kernel::{CaseId, Cx, DocumentId, Error, Lang, Result};
use serde_json::{Value, json};
use testkit::TestCity;

#[derive(Default)]
pub struct Book {
    pub cases: HashMap<CaseId, CaseView>,
    answers: HashMap<CaseId, Value>,
    texts: HashMap<CaseId, Vec<(String, String)>>,
    pub documents: Vec<AddDocument>,
}

static BOOK: LazyLock<Mutex<Book>> = LazyLock::new(Mutex::default);

pub fn book() -> MutexGuard<'static, Book> {
    BOOK.lock().unwrap()
}

pub const ROOMS: Module = Module {
    name: "rooms",
    commands: |c| {
        c.on(handler!(add_document: AddDocument));
        c.on(handler!(add_step: AddStep));
        c.answers(answer!(cases: Cases));
        c.answers(answer!(visible: VisibleCase));
        c.answers(answer!(texts: TaskTexts));
        c.answers(answer!(record: PopulationAnswer));
        c.answers(answer!(application: ApplicationOf));
    },
    ..Module::EMPTY
};

pub fn add_case(test: &TestCity) -> CaseId {
    let sources = &test.app.sources;
    let id = CaseId::from_uuid(sources.uuid());
    let case = CaseView {
        id,
        number: "33.20/2026/000001".into(),
        service: "meldebescheinigung".into(),
        title: "Meldebescheinigung".into(),
        unit: "buergerbuero".into(),
        cls: 1,
        status: Status::InProgress,
        opened_at: sources.now(),
        closed_at: None,
        account: None,
        lang: Lang::De,
        party: Party {
            family_name: "Muster-Beispiel".into(),
            first_names: "Erika".into(),
            birth_date: "1964-08-12".parse().ok(),
            address: Address {
                street: "Beispielweg".into(),
                house_number: "3".into(),
                postal_code: "40667".into(),
                city: "Meerbusch".into(),
                ..Address::default()
            },
            email: None,
            provenance: "eid".into(),
        },
    };
    book().cases.insert(id, case);
    id
}

/// The register knows the person of the case; `answers` is the application.
pub fn add_record(case: CaseId, answers: Value) {
    book().answers.insert(case, answers);
}

pub fn add_texts(case: CaseId, texts: &[(&str, &str)]) {
    book().texts.insert(case, texts.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
}

async fn add_document(cx: &Cx, _: &mut Tx, c: AddDocument) -> Result<DocumentId> {
    book().documents.push(c);
    Ok(cx.new_id())
}

async fn add_step(_: &Cx, _: &mut Tx, _: AddStep) -> Result<()> {
    Ok(())
}

async fn cases(_: &Cx, _: &mut Rx, q: Cases) -> Result<Vec<CaseView>> {
    Ok(q.ids.iter().filter_map(|id| book().cases.get(id).cloned()).collect())
}

async fn visible(_: &Cx, _: &mut Rx, q: VisibleCase) -> Result<CaseView> {
    book().cases.get(&q.case).cloned().ok_or(Error::NotFound)
}

async fn texts(_: &Cx, _: &mut Rx, q: TaskTexts) -> Result<Vec<(String, String)>> {
    Ok(book().texts.get(&q.case).cloned().unwrap_or_default())
}

async fn record(cx: &Cx, _: &mut Rx, q: PopulationAnswer) -> Result<Option<Answered>> {
    let record = json!({
        "familyName": "Muster-Beispiel", "firstNames": ["Erika", "Łucja"], "callNameIndex": 0, "birthDate": "1964-08-12",
        "addresses": [{"kind": "main", "street": "Beispielweg", "houseNumber": "3", "postalCode": "40667",
                       "city": "Meerbusch", "movedIn": "2011-03-01"}],
        "birthPlace": "Musterdorf",
    });
    let known = book().answers.contains_key(&q.case);
    Ok(known.then(|| Answered { result: "full".into(), at: cx.now(), record: Some(record) }))
}

async fn application(_: &Cx, _: &mut Rx, q: ApplicationOf) -> Result<Option<Application>> {
    let answers = book().answers.get(&q.case).cloned();
    Ok(answers.map(|answers| Application {
        service: "meldebescheinigung".into(),
        form: "meldebescheinigung".into(),
        form_version: 1,
        codes: answers.as_object().cloned().unwrap_or_default(),
        sections: Vec::new(),
        sections_german: Vec::new(),
    }))
}
