use std::collections::BTreeMap;

use askama::Template;
use axum::{
    Form,
    response::{IntoResponse, Response},
};
use contract_postbox::MessageId;
use contract_records::{CaseView, Cases, Documents};
use db::Rx;
use house::{Answer, Call, Path, Req};
use http::{HeaderValue, header};
use kernel::{CaseId, Error, Result, StaffId, Timestamp, Uuid};
use ui::{Page, Tone};

use super::Linked;
use crate::{
    bundle,
    model::{Channel, Kind, LetterState},
    service,
    store::{self, Delivery, Letter, Message},
    texts,
};

const STACK: &str = "/intern/postausgang";
/// Letters that are printed in one go; more would make a file that no printer likes.
const MAX_BATCH: usize = 100;

/// A letter with what the envelope says.
struct Sheet {
    letter: Letter,
    /// Name and place of the addressee.
    to: String,
    case: CaseView,
}

/// Letters printed together.
struct Batch {
    id: Uuid,
    printed_at: Option<Timestamp>,
    sheets: Vec<Sheet>,
}

#[derive(Template)]
#[template(path = "stack.html")]
struct Stack<'a> {
    page: &'a Page,
    waiting: Vec<Sheet>,
    waiting_count: i64,
    making: i64,
    batches: Vec<Batch>,
    printed_count: i64,
}

fn staff(rq: &Req) -> Result<StaffId> {
    rq.cx.actor.staff().ok_or(Error::NotFound)
}

pub async fn stack(rq: Req) -> Answer {
    let me = staff(&rq)?;
    let mut rx = rq.city.db.read().await?;
    let waiting = store::letters(&mut rx, me, LetterState::Waiting).await?;
    let waiting = sheets(&rq, &mut rx, waiting).await?;
    let printed = store::letters(&mut rx, me, LetterState::Printed).await?;
    let mut batches: BTreeMap<Uuid, Batch> = BTreeMap::new();
    for sheet in sheets(&rq, &mut rx, printed).await? {
        let id = sheet.letter.batch.unwrap_or_default();
        let printed_at = sheet.letter.printed_at;
        batches.entry(id).or_insert_with(|| Batch { id, printed_at, sheets: Vec::new() }).sheets.push(sheet);
    }
    let waiting_count = store::count(&mut rx, me, LetterState::Waiting).await?;
    let making = store::count(&mut rx, me, LetterState::Making).await?;
    let printed_count = store::count(&mut rx, me, LetterState::Printed).await?;
    drop(rx);
    let page = rq.page("postbox-stack-title");
    let batches = batches.into_values().collect();
    rq.html(&Stack { page: &page, waiting, waiting_count, making, batches, printed_count })
}

async fn sheets(rq: &Req, rx: &mut Rx, letters: Vec<Letter>) -> Result<Vec<Sheet>> {
    let mut ids: Vec<CaseId> = letters.iter().map(|l| l.case).collect();
    ids.sort_unstable();
    ids.dedup();
    let cases = rq.cx.ask(rx, Cases { ids }).await?;
    let sheet = |letter: Letter| {
        let case = cases.iter().find(|c| c.id == letter.case)?.clone();
        let party = &case.party;
        let to = format!("{} {}, {}", party.first_names, party.family_name, party.address.city);
        Some(Sheet { letter, to: to.trim().to_owned(), case })
    };
    Ok(letters.into_iter().filter_map(sheet).collect())
}

/// The chosen letters of a form: fields `brief`.
fn chosen(form: &[(String, String)]) -> Vec<MessageId> {
    let mut ids: Vec<MessageId> =
        form.iter().filter(|(name, _)| name == "brief").filter_map(|(_, id)| id.parse().ok()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// Takes the chosen letters from the stack into a batch. Every letter is in at most one: who comes second with the
/// same letter is told so, and nothing is printed twice.
pub async fn print(rq: Req, Form(form): Form<Vec<(String, String)>>) -> Answer {
    let me = staff(&rq)?;
    let ids = chosen(&form);
    if ids.is_empty() {
        return rq.see_other_with(STACK, "postbox-none-chosen-fehler");
    }
    if ids.len() > MAX_BATCH {
        return rq.see_other_with(STACK, "postbox-too-many-fehler");
    }
    let batch = rq.cx.sources.uuid();
    let printed = db::write!(rq.city.db, |tx| {
        for id in &ids {
            store::letter(tx, me, *id).await?;
            if !store::print(tx, *id, batch, me, rq.cx.now()).await? {
                return Err(Error::refused("postbox-printed"));
            }
        }
        Ok(())
    });
    match printed {
        Err(Error::Refused(_)) => rq.see_other_with(STACK, "postbox-printed-fehler"),
        printed => {
            printed?;
            rq.see_other_with(STACK, "postbox-batch-made")
        }
    }
}

/// One file for the printer; may be fetched again while the letters are not posted, e.g. after a paper jam.
pub async fn batch(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let me = staff(&rq)?;
    let letters = store::batch(&mut rq.city.db.read().await?, me, id).await?;
    if letters.is_empty() {
        return Err(Error::NotFound.into());
    }
    let mut all = Vec::with_capacity(letters.len());
    for letter in &letters {
        all.push(bytes(&rq, letter).await?);
    }
    // Joining takes a core for a while: not on a thread that answers requests.
    let joined = tokio::task::spawn_blocking(move || bundle::join(&all)).await.map_err(Error::internal)??;
    Ok(download(joined, &format!("postausgang-{}.pdf", rq.cx.today())))
}

pub async fn single(rq: Req, Path(id): Path<MessageId>) -> Answer {
    let letter = store::letter(&mut rq.city.db.read().await?, staff(&rq)?, id).await?;
    let bytes = bytes(&rq, &letter).await?;
    Ok(download(bytes, &format!("brief-{}.pdf", rq.cx.today())))
}

async fn bytes(rq: &Req, letter: &Letter) -> Result<Vec<u8>> {
    let mut rx = rq.city.db.read().await?;
    let ids = letter.document.into_iter().collect();
    let document = rq.cx.ask(&mut rx, Documents { ids }).await?.pop().ok_or(Error::NotFound)?;
    let meta = files::meta(&mut rx, document.file).await?;
    drop(rx);
    rq.city.files.read_verified(&meta).await
}

fn download(bytes: Vec<u8>, name: &str) -> Response {
    let mut response = bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// What becomes of printed letters: handed to the post, or back on the stack.
pub async fn after_print(rq: Req, Form(form): Form<Vec<(String, String)>>) -> Answer {
    let me = staff(&rq)?;
    let ids = chosen(&form);
    if ids.is_empty() {
        return rq.see_other_with(STACK, "postbox-none-chosen-fehler");
    }
    let posted = form.iter().any(|(name, value)| name == "aktion" && value == "verschickt");
    db::write!(rq.city.db, |tx| {
        for id in &ids {
            let letter = store::letter(tx, me, *id).await?;
            if posted {
                service::post(&rq.cx, tx, &letter, me).await?;
            } else {
                store::put_back(tx, *id).await?;
            }
        }
        Ok(())
    })?;
    rq.see_other_with(STACK, if posted { "postbox-posted" } else { "postbox-put-back" })
}

/// A delivery, question or reply as staff see it.
struct Entry {
    title: String,
    at: Timestamp,
    /// Where it stands, in plain words.
    state: String,
    tone: Tone,
    /// Text of a question or reply.
    body: String,
    documents: Vec<Linked>,
}

#[derive(Template)]
#[template(path = "staff_panel.html")]
struct StaffPanel<'a> {
    page: &'a Page,
    entries: Vec<Entry>,
}

pub async fn case_panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let messages = store::messages_of_case(rx, case).await?;
    if messages.is_empty() {
        return Ok(None);
    }
    let deliveries = store::deliveries_of_case(rx, case).await?;
    let page = rq.untitled();
    let mut entries = Vec::with_capacity(messages.len());
    for message in messages {
        let mut ids: Vec<_> = message.document.into_iter().collect();
        ids.extend(store::attachments(rx, message.id).await?);
        let documents = rq.cx.ask(rx, Documents { ids }).await?;
        let delivery = deliveries.iter().find(|d| d.id == message.id);
        let (state, tone) = state(&page, &message, delivery);
        entries.push(Entry {
            title: texts::title(&page.texts, page.lang, &message.subject),
            at: message.at,
            state,
            tone,
            body: message.body,
            documents: Linked::all(&page, rx, &documents, true).await?,
        });
    }
    StaffPanel { page: &page, entries }.render().map(Some).map_err(Error::internal)
}

fn state(page: &Page, message: &Message, delivery: Option<&Delivery>) -> (String, Tone) {
    let Some(delivery) = delivery.filter(|_| message.kind != Kind::Reply) else {
        return (page.t("postbox-state-reply"), Tone::Info);
    };
    if let Some(at) = delivery.read_at {
        return (page.t1("postbox-state-read", "at", page.datetime(at)), Tone::Success);
    }
    if delivery.channel == Channel::Letter.code() {
        return match delivery.posted_at {
            Some(at) => (page.t1("postbox-state-posted", "at", page.datetime(at)), Tone::Success),
            None => (page.t("postbox-state-stack"), Tone::Warning),
        };
    }
    (page.t("postbox-state-unread"), Tone::Info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_names_each_letter_once_and_nothing_else() {
        let id = "01900000-0000-7000-8000-000000000001";
        let form = [("brief", id), ("brief", id), ("brief", "x"), ("anderes", id), ("aktion", "verschickt")];
        let form: Vec<_> = form.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        assert_eq!(chosen(&form), [id.parse().unwrap()]);
    }
}
