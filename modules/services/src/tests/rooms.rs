//! The rooms that the portal calls, reduced to a book of what they were asked for; and a door for test citizens.

use axum::extract::Path;
use contract_payments::{Fees, FeesOf, SetFees};
use contract_processes::StartProcess;
use contract_records::{AddDocument, CaseOpened, CaseView, OpenCase, Status, VisibleCase};
use contract_registers::NoteCivilEntry;
use db::{Migrations, Rx, Step, Tx, params};
use house::{Access, Answer, Holds, InCity, Module, Req, Table, answer, handler, set_session_cookie};
use identity::{Client, ExternalPerson, LoginSource, Person, Request, Returned};
use kernel::{CaseId, Command, Cx, DocumentId, Error, Level, Money, Principal, Result, Uuid};
use serde_json::Value;
use testkit::TestCity;

pub const ROOMS: Module = Module {
    name: "rooms",
    migrations: Some(Migrations {
        module: "rooms",
        steps: &[Step {
            name: "0001_init",
            sql: "CREATE TABLE rooms_call (
                    tenant BIGINT NOT NULL, id UUID NOT NULL, at TIMESTAMPTZ NOT NULL, name TEXT NOT NULL,
                    case_id UUID NOT NULL, body JSONB NOT NULL, PRIMARY KEY (tenant, id));",
        }],
    }),
    routes: |r| {
        r.get(Access::Public, "/test-anmelden/{level}", sign_in);
    },
    commands: |c| {
        c.on(handler!(open_case: OpenCase));
        c.on(handler!(add_document: AddDocument));
        c.on(handler!(set_fees: SetFees));
        c.on(handler!(note_entry: NoteCivilEntry));
        c.on(handler!(start: StartProcess));
        c.answers(answer!(visible: VisibleCase));
        c.answers(answer!(fees_of: FeesOf));
    },
    tables: &[Table { name: "rooms_call", holds: Holds::NoPerson("tests") }],
    ..Module::EMPTY
};

async fn note<C: Command>(cx: &Cx, tx: &mut Tx, case: CaseId, command: &C) -> Result<()> {
    let sql = "INSERT INTO rooms_call (tenant, id, at, name, case_id, body) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.exec_one(sql, params![cx.sources.uuid(), cx.now(), C::NAME, case, serde_json::to_value(command)?]).await
}

/// What a command was called with, in no particular order.
pub async fn calls(test: &TestCity, name: &str) -> Vec<Value> {
    let sql = "SELECT body FROM rooms_call WHERE tenant = $1 AND name = $2";
    let rows = test.city.db.read().await.unwrap().list::<(Value,)>(sql, params![name]).await.unwrap();
    rows.into_iter().map(|(body,)| body).collect()
}

async fn open_case(cx: &Cx, tx: &mut Tx, c: OpenCase) -> Result<CaseOpened> {
    let case = cx.new_id();
    note(cx, tx, case, &c).await?;
    let claim_code = match c.account {
        Some(_) => None,
        None => {
            let until = "2030-01-01T00:00:00Z".parse().map_err(Error::internal)?;
            Some(cx.city()?.identity.issue_claim(tx, cx, case, until).await?)
        }
    };
    Ok(CaseOpened { case, number: format!("{}/2026/000001", c.plan), claim_code })
}

async fn add_document(cx: &Cx, tx: &mut Tx, c: AddDocument) -> Result<DocumentId> {
    note(cx, tx, c.case, &c).await?;
    Ok(cx.new_id())
}

async fn set_fees(cx: &Cx, tx: &mut Tx, c: SetFees) -> Result<Money> {
    note(cx, tx, c.case, &c).await?;
    Ok(c.items.iter().filter_map(contract_payments::FeeItem::total).sum())
}

async fn note_entry(cx: &Cx, tx: &mut Tx, c: NoteCivilEntry) -> Result<()> {
    note(cx, tx, c.case, &c).await
}

async fn start(cx: &Cx, tx: &mut Tx, c: StartProcess) -> Result<Uuid> {
    note(cx, tx, c.case, &c).await?;
    Ok(cx.sources.uuid())
}

async fn fees_of(_: &Cx, rx: &mut Rx, q: FeesOf) -> Result<Option<Fees>> {
    let sql = "SELECT body FROM rooms_call WHERE tenant = $1 AND name = $2 AND case_id = $3";
    let Some((body,)) = rx.opt::<(Value,)>(sql, params![SetFees::NAME, q.case]).await? else { return Ok(None) };
    let items = serde_json::from_value::<SetFees>(body)?.items;
    let total = items.iter().filter_map(contract_payments::FeeItem::total).sum();
    Ok(Some(Fees { items, total, state: "none".into(), reference: None }))
}

async fn visible(cx: &Cx, rx: &mut Rx, q: VisibleCase) -> Result<CaseView> {
    let sql = "SELECT body FROM rooms_call WHERE tenant = $1 AND name = $2 AND case_id = $3";
    let (body,) = rx.one::<(Value,)>(sql, params![OpenCase::NAME, q.case]).await?;
    let case: OpenCase = serde_json::from_value(body)?;
    let own = match cx.actor.principal {
        Principal::Citizen { account, .. } => case.account == Some(account),
        Principal::Guest { case } => case == q.case,
        _ => false,
    };
    if !own {
        return Err(Error::NotFound);
    }
    Ok(CaseView {
        id: q.case,
        number: format!("{}/2026/000001", case.plan),
        service: case.service,
        title: case.title,
        unit: case.unit,
        cls: 1,
        status: Status::Received,
        opened_at: cx.now(),
        closed_at: None,
        account: case.account,
        lang: case.lang,
        party: case.party,
    })
}

/// A login source that knows one person, by one means per level.
struct Card(Level);

impl LoginSource for Card {
    fn key(&self) -> &str {
        "eid"
    }

    fn begin<'a>(&'a self, request: &'a Request) -> identity::Answer<'a, String> {
        Box::pin(async move { Ok(request.state.clone()) })
    }

    fn finish<'a>(&'a self, _: &'a Returned) -> identity::Answer<'a, ExternalPerson> {
        Box::pin(async move {
            Ok(ExternalPerson {
                subject: self.0.code().into(),
                level: self.0,
                person: Some(Person {
                    family_name: "Muster-Karte".into(),
                    given_names: "Kim".into(),
                    birth_date: "1985-03-27".parse().ok(),
                    address: Some(identity::Address {
                        street: "Beispielweg 5 a".into(),
                        postal_code: "40667".into(),
                        city: "Meerbusch".into(),
                        country: "DE".into(),
                    }),
                }),
            })
        })
    }
}

async fn sign_in(rq: Req, Path(level): Path<String>) -> Answer {
    let (city, card) = (&rq.city, Card(Level::from_code(&level).ok_or(Error::NotFound)?));
    let current = rq.session.as_ref().map(|session| session.id);
    let client = Client::new(rq.caller, "", None, current);
    let begun = city.identity.begin_external(&city.db, &rq.cx, &card, "/", None, identity::Linking::WhenNew).await?;
    let params = [("state".to_owned(), begun.url)].into();
    let (session, _) =
        city.identity.finish_external(&city.db, &rq.cx, &client, &card, params, Some(&begun.browser)).await?;
    let mut response = rq.see_other("/")?;
    set_session_cookie(&mut response, &rq, &session.token)?;
    Ok(response)
}
