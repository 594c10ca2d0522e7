//! Delivering, telling and asking; reading, replying and posting.

use contract_certificates::{NoteWritten, WriteNote};
use contract_desk::TaskTexts;
use contract_postbox::{AskApplicant, Deliver, Delivered, MessageId, Notify};
use contract_processes::TaskFinished;
use contract_records::{AddDocument, AddStep, Audience, CaseView, Cases, Documents};
use db::{Rx, Tx};
use files::Stored;
use house::{Call, InCity};
use kernel::{CaseId, Cx, DocumentId, Error, Event, Lang, Result, StaffId, Subject, TaskOutcome, TaskToken, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    EVIDENCE,
    jobs::Mail,
    model::{self, Channel, Kind, LetterState},
    store::{self, Delivery, Letter, Message},
    texts,
};

/// # Errors
/// Refused with `postbox-no-address` when a letter has nowhere to go.
pub async fn deliver(cx: &Cx, tx: &mut Tx, c: Deliver) -> Result<TaskOutcome> {
    if let Some(channel) = store::delivered(tx, c.token).await? {
        return Ok(TaskOutcome::done([("delivered", Value::String(channel))]));
    }
    let case = case(cx, tx, c.case).await?;
    let document = cx.ask(tx, Documents { ids: vec![c.document] }).await?.pop();
    let Some(document) = document.filter(|d| d.case == case.id) else {
        return Err(Error::internal("a document is delivered that does not lie in the case"));
    };
    let channel = Channel::choose(&c.channel, case.account.is_some())?;
    let on_screen = document.audience == Audience::Applicant;
    if channel == Channel::Postbox && !on_screen {
        return Err(Error::internal("a document that is not for the applicant's screen is put into the postbox"));
    }
    let out = Out { token: c.token, kind: Kind::Document, subject: c.subject, document: Some(c.document), on_screen };
    let id = send(cx, tx, &case, channel, out, "").await?;
    if channel == Channel::Letter {
        put_on_stack(cx, tx, &case, id, Some(c.document)).await?;
    }
    Ok(TaskOutcome::done([("delivered", Value::String(channel.code().into()))]))
}

/// # Errors
/// As [`deliver`].
pub async fn notify(cx: &Cx, tx: &mut Tx, c: Notify) -> Result<TaskOutcome> {
    if let Some(channel) = store::delivered(tx, c.token).await? {
        return Ok(TaskOutcome::done([("notified", Value::String(channel))]));
    }
    let case = case(cx, tx, c.case).await?;
    let channel = Channel::choose("postbox", case.account.is_some())?;
    let out = Out { token: c.token, kind: Kind::Notice, subject: c.subject.clone(), document: None, on_screen: true };
    let id = send(cx, tx, &case, channel, out, "").await?;
    if channel == Channel::Letter {
        let text = texts::body(&cx.app()?.texts, Lang::De, &c.subject);
        write(cx, tx, &case, id, &c.subject, model::paragraphs(&text)).await?;
    }
    Ok(TaskOutcome::done([("notified", Value::String(channel.code().into()))]))
}

/// # Errors
/// Refused with `postbox-no-question` when the clerk's task holds none, and as [`deliver`].
pub async fn ask_applicant(cx: &Cx, tx: &mut Tx, c: AskApplicant) -> Result<TaskOutcome> {
    if store::delivered(tx, c.token).await?.is_some() {
        return Ok(TaskOutcome::Waiting);
    }
    let case = case(cx, tx, c.case).await?;
    let answers = cx.ask(tx, TaskTexts { case: c.case, element: c.task }).await?;
    let question = model::question(&answers).ok_or_else(|| Error::refused("postbox-no-question"))?.to_owned();
    let channel = Channel::choose("postbox", case.account.is_some())?;
    reachable(&case, channel)?;
    store::close_questions(tx, case.id, cx.now()).await?;
    let out =
        Out { token: c.token, kind: Kind::Question, subject: texts::QUESTION.into(), document: None, on_screen: true };
    let id = send(cx, tx, &case, channel, out, &question).await?;
    if channel == Channel::Letter {
        let app = cx.app()?;
        let mut paragraphs = vec![app.texts.plain(Lang::De, "postbox-letter-question-before")];
        paragraphs.extend(model::paragraphs(&question));
        paragraphs.push(app.texts.plain(Lang::De, "postbox-letter-question-after"));
        write(cx, tx, &case, id, texts::QUESTION, paragraphs).await?;
    }
    step(cx, tx, case.id, "question-asked", false).await?;
    Ok(TaskOutcome::Waiting)
}

/// The case; without its account when that was closed, so that nothing is put into a postbox that nobody can open.
async fn case(cx: &Cx, rx: &mut Rx, id: CaseId) -> Result<CaseView> {
    let mut case = cx.ask(rx, Cases { ids: vec![id] }).await?.pop().ok_or(Error::NotFound)?;
    if let Some(account) = case.account
        && !identity::is_active(rx, account).await?
    {
        case.account = None;
    }
    Ok(case)
}

/// What goes out for a process step.
struct Out {
    token: TaskToken,
    kind: Kind,
    subject: String,
    document: Option<DocumentId>,
    /// Whether the applicant may open the document, too; else it goes on paper only.
    on_screen: bool,
}

/// A letter needs an address. Asked before anything is written: the process goes on after a refusal.
fn reachable(case: &CaseView, channel: Channel) -> Result<()> {
    let address = &case.party.address;
    if channel == Channel::Letter && (address.street.trim().is_empty() || address.city.trim().is_empty()) {
        return Err(Error::refused("postbox-no-address"));
    }
    Ok(())
}

/// Writes message and delivery, and lets the notice by e-mail follow.
async fn send(cx: &Cx, tx: &mut Tx, case: &CaseView, channel: Channel, out: Out, body: &str) -> Result<MessageId> {
    reachable(case, channel)?;
    let (id, now): (MessageId, Timestamp) = (cx.new_id(), cx.now());
    let delivery = Delivery {
        id,
        case_id: case.id,
        channel: channel.code().into(),
        subject: out.subject.clone(),
        document_id: out.document,
        delivered_at: now,
        read_at: None,
        posted_at: None,
    };
    store::add_delivery(tx, &delivery, out.token).await?;
    let message = Message {
        id,
        case: case.id,
        account: case.account.filter(|_| channel == Channel::Postbox),
        kind: out.kind,
        subject: out.subject,
        body: body.to_owned(),
        document: out.document.filter(|_| out.on_screen),
        token: (out.kind == Kind::Question).then_some(out.token),
        answers: None,
        at: now,
        read_at: None,
        closed_at: None,
    };
    store::add_message(tx, &message).await?;
    let event = Delivered { message: id, case: case.id, channel: channel.code().into() };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE).await?;
    // Guests see the message on the page of their case, besides the letter.
    if channel == Channel::Postbox || case.account.is_none() {
        jobs::enqueue(tx, cx, &Mail { message: id }).await?;
    }
    if channel == Channel::Postbox {
        step(cx, tx, case.id, "delivered-postbox", false).await?;
    }
    Ok(id)
}

async fn put_on_stack(
    cx: &Cx,
    tx: &mut Tx,
    case: &CaseView,
    id: MessageId,
    document: Option<DocumentId>,
) -> Result<()> {
    let state = if document.is_some() { LetterState::Waiting } else { LetterState::Making };
    let letter = Letter {
        id,
        case: case.id,
        cls: case.cls,
        document,
        state,
        batch: None,
        created_at: cx.now(),
        printed_at: None,
    };
    store::add_letter(tx, &letter).await
}

/// Has a letter written for what is no document yet.
async fn write(
    cx: &Cx,
    tx: &mut Tx,
    case: &CaseView,
    id: MessageId,
    subject: &str,
    paragraphs: Vec<String>,
) -> Result<()> {
    put_on_stack(cx, tx, case, id, None).await?;
    let title = texts::title(&cx.app()?.texts, Lang::De, subject);
    cx.call(tx, WriteNote { case: case.id, reference: id.uuid(), title, paragraphs }).await
}

/// A letter that was asked for lies in the case: it goes on the stack.
pub async fn note_written(_: &Cx, tx: &mut Tx, event: NoteWritten, _: Timestamp) -> Result<()> {
    store::letter_made(tx, event.reference, event.document).await
}

async fn step(cx: &Cx, tx: &mut Tx, case: CaseId, code: &str, media_break: bool) -> Result<()> {
    let step = AddStep { case, code: code.into(), args: Vec::new(), audience: Audience::Applicant, media_break };
    cx.call(tx, step).await
}

/// A message was opened for the first time. The state of its delivery is evidence.
#[derive(Serialize, Deserialize)]
struct MessageRead {
    message: MessageId,
    case: CaseId,
}

impl Event for MessageRead {
    const NAME: &'static str = "postbox.read";
    fn subject(&self) -> Subject {
        self.message.into()
    }
}

/// Notes the first time that the applicant has opened a message.
pub async fn read(cx: &Cx, tx: &mut Tx, message: &Message) -> Result<()> {
    if message.kind == Kind::Reply || !store::mark_read(tx, message.id, cx.now()).await? {
        return Ok(());
    }
    store::delivery_read(tx, message.id, cx.now()).await?;
    let event = MessageRead { message: message.id, case: message.case };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE).await.map(|_| ())
}

/// A file of a reply: stored, its row still to be written.
pub struct Attachment {
    pub stored: Stored,
    pub name: String,
    pub media_type: &'static str,
}

/// The applicant's answer: text and files go into the case, and the waiting process goes on.
///
/// # Errors
/// Refused with `postbox-answered` when the question is no longer open.
pub async fn reply(cx: &Cx, tx: &mut Tx, question: &Message, text: &str, files: &[Attachment]) -> Result<()> {
    let now = cx.now();
    if !store::close_question(tx, question.id, now).await? {
        return Err(Error::refused("postbox-answered"));
    }
    read(cx, tx, question).await?;
    let reply = Message {
        id: cx.new_id(),
        case: question.case,
        account: question.account,
        kind: Kind::Reply,
        subject: texts::REPLY.into(),
        body: text.to_owned(),
        document: None,
        token: None,
        answers: Some(question.id.uuid()),
        at: now,
        read_at: None,
        closed_at: None,
    };
    store::add_message(tx, &reply).await?;
    for (position, file) in (0..).zip(files) {
        files::record(tx, cx, &file.stored, &file.name, file.media_type).await?;
        let document = AddDocument {
            case: question.case,
            kind: "nachweis".into(),
            title: files::clean_name(&file.name),
            file: file.stored.id,
            direction: "eingang".into(),
            audience: Audience::Applicant,
        };
        let document = cx.call(tx, document).await?;
        store::add_attachment(tx, reply.id, position, document).await?;
    }
    step(cx, tx, question.case, "reply-received", false).await?;
    if let Some(token) = question.token {
        journal::emit(tx, cx, &TaskFinished::new(token, [("reply", Value::String("yes".into()))])).await?;
    }
    Ok(())
}

/// A letter was handed to the post. The state of its delivery is evidence.
#[derive(Serialize, Deserialize)]
struct LetterPosted {
    message: MessageId,
    case: CaseId,
}

impl Event for LetterPosted {
    const NAME: &'static str = "postbox.letter-posted";
    fn subject(&self) -> Subject {
        self.message.into()
    }
}

/// Marks a printed letter as posted: somebody folded paper into an envelope, which counts as one Medienbruch.
/// A second time changes nothing.
pub async fn post(cx: &Cx, tx: &mut Tx, letter: &Letter, by: StaffId) -> Result<()> {
    if !store::post(tx, letter.id, by, cx.now()).await? {
        return Ok(());
    }
    store::delivery_posted(tx, letter.id, cx.now()).await?;
    let event = LetterPosted { message: letter.id, case: letter.case };
    journal::emit_evidence(tx, cx, &event, None, &EVIDENCE).await?;
    step(cx, tx, letter.case, "letter-printed", true).await
}
