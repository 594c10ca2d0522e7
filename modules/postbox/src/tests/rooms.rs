//! The rooms that are asked here, reduced to a book of what they know and were told; and a door for guests.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, MutexGuard},
};

use axum::extract::Path;
use contract_desk::TaskTexts;
use contract_records::{
    AddDocument, AddStep, Address, Audience, CaseView, Cases, DocumentView, Documents, Party, Status, VisibleCase,
};
use db::{Rx, Tx};
use house::{Access, Answer, Module, Req, answer, handler, set_session_cookie};
use identity::Client;
use kernel::{AccountId, CaseId, Cx, DocumentId, Error, FileId, Lang, Principal, Result};
use testkit::TestCity;

#[derive(Default)]
pub struct Book {
    cases: HashMap<CaseId, CaseView>,
    questions: HashMap<CaseId, String>,
    pub documents: Vec<DocumentView>,
    pub steps: Vec<AddStep>,
}

static BOOK: LazyLock<Mutex<Book>> = LazyLock::new(Mutex::default);

pub fn book() -> MutexGuard<'static, Book> {
    BOOK.lock().unwrap()
}

pub const ROOMS: Module = Module {
    name: "rooms",
    routes: |r| {
        r.get(Access::Public, "/test-gast/{case}", sign_in);
    },
    commands: |c| {
        c.on(handler!(add_document: AddDocument));
        c.on(handler!(add_step: AddStep));
        c.answers(answer!(cases: Cases));
        c.answers(answer!(visible: VisibleCase));
        c.answers(answer!(documents: Documents));
        c.answers(answer!(texts: TaskTexts));
    },
    ..Module::EMPTY
};

async fn sign_in(rq: Req, Path(case): Path<CaseId>) -> Answer {
    let client = Client::new(rq.caller, "", None, None);
    let identity = &rq.city.identity;
    let session = db::write!(rq.city.db, |tx| {
        // A guest's session lives as long as a claim code of the case does.
        let good_until = rq.cx.local_now().saturating_add(jiff::Span::new().days(30)).timestamp();
        identity.issue_claim(tx, &rq.cx, case, good_until).await?;
        identity.start_guest(tx, &rq.cx, &client, case).await
    })?;
    let mut response = rq.see_other("/")?;
    set_session_cookie(&mut response, &rq, &session.token)?;
    Ok(response)
}

pub fn add_case(test: &TestCity, account: bool, email: Option<&str>) -> CaseId {
    let sources = &test.app.sources;
    let id = CaseId::from_uuid(sources.uuid());
    let case = CaseView {
        id,
        number: "34.10/2026/000001".into(),
        service: "personenstandsurkunde".into(),
        title: "Personenstandsurkunde".into(),
        unit: "standesamt".into(),
        cls: 1,
        status: Status::InProgress,
        opened_at: sources.now(),
        closed_at: None,
        account: account.then(|| AccountId::from_uuid(sources.uuid())),
        lang: Lang::De,
        party: Party {
            family_name: "Muster-Beispiel".into(),
            first_names: "Erika".into(),
            birth_date: None,
            address: Address {
                street: "Beispielweg".into(),
                house_number: "3".into(),
                postal_code: "40667".into(),
                city: "Meerbusch".into(),
                ..Address::default()
            },
            email: email.map(str::to_owned),
            provenance: "typed".into(),
        },
    };
    book().cases.insert(id, case);
    id
}

/// An account that somebody can sign in with.
pub async fn open_account(test: &TestCity, case: CaseId) -> AccountId {
    let cx = test.app.cx(&test.city, "test");
    let email = format!("{case}@beispiel.example");
    let account = test.city.identity.seed_account(&test.city.db, &cx, &email, "Erika", "Regen auf dem Deich").await;
    let account = account.unwrap();
    if let Some(case) = book().cases.get_mut(&case) {
        case.account = Some(account);
    }
    account
}

/// The person of the case has no address any more.
pub fn move_away(case: CaseId) {
    if let Some(case) = book().cases.get_mut(&case) {
        case.party.address = Address::default();
    }
}

pub fn close(case: CaseId) {
    if let Some(case) = book().cases.get_mut(&case) {
        case.status = Status::Done;
    }
}

pub fn add_question(case: CaseId, text: &str) {
    book().questions.insert(case, text.into());
}

pub fn add_document_to(test: &TestCity, case: CaseId) -> DocumentId {
    let sources = &test.app.sources;
    let document = DocumentView {
        id: DocumentId::from_uuid(sources.uuid()),
        case,
        kind: "bescheid".into(),
        title: "Bescheid".into(),
        file: FileId::from_uuid(sources.uuid()),
        direction: "ausgang".into(),
        audience: Audience::Applicant,
        added_at: sources.now(),
    };
    let id = document.id;
    book().documents.push(document);
    id
}

async fn add_document(cx: &Cx, _: &mut Tx, c: AddDocument) -> Result<DocumentId> {
    let document = DocumentView {
        id: cx.new_id(),
        case: c.case,
        kind: c.kind,
        title: c.title,
        file: c.file,
        direction: c.direction,
        audience: c.audience,
        added_at: cx.now(),
    };
    let id = document.id;
    book().documents.push(document);
    Ok(id)
}

async fn add_step(_: &Cx, _: &mut Tx, c: AddStep) -> Result<()> {
    book().steps.push(c);
    Ok(())
}

async fn cases(_: &Cx, _: &mut Rx, q: Cases) -> Result<Vec<CaseView>> {
    Ok(q.ids.iter().filter_map(|id| book().cases.get(id).cloned()).collect())
}

async fn visible(cx: &Cx, _: &mut Rx, q: VisibleCase) -> Result<CaseView> {
    let case = book().cases.get(&q.case).cloned().ok_or(Error::NotFound)?;
    match cx.actor.principal {
        Principal::Guest { case: own } if own == case.id => Ok(case),
        Principal::Citizen { account, .. } if case.account == Some(account) => Ok(case),
        _ => Err(Error::NotFound),
    }
}

async fn documents(_: &Cx, _: &mut Rx, q: Documents) -> Result<Vec<DocumentView>> {
    Ok(book().documents.iter().filter(|d| q.ids.contains(&d.id)).cloned().collect())
}

async fn texts(_: &Cx, _: &mut Rx, q: TaskTexts) -> Result<Vec<(String, String)>> {
    let question = book().questions.get(&q.case).cloned();
    Ok(question.map(|text| ("rueckfrage_text".to_owned(), text)).into_iter().collect())
}
