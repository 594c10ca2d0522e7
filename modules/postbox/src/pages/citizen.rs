use askama::Template;
use axum::extract::{FromRequest as _, Multipart, Request};
use contract_postbox::MessageId;
use contract_records::{CaseView, Cases, Documents, VisibleCase};
use db::Rx;
use files::{Accept, Scan, Type};
use house::{Answer, Call, FormData, Path, Req};
use http::StatusCode;
use kernel::{CaseId, DocumentId, Error, Result};
use ui::{Errors, Page};

use super::Linked;
use crate::{
    model::{self, Kind},
    service::{self, Attachment},
    store::{self, Message},
    texts,
};

/// Files of a reply.
const MAX_FILES: usize = 5;
/// Largest file of a reply, in bytes.
const MAX_FILE: usize = 10 * 1024 * 1024;
/// All files of a reply together, in bytes.
const MAX_ALL: usize = 3 * MAX_FILE;
/// Largest body of a reply. Of larger files the rest is read and thrown away, so that the person gets the page back with
/// what was typed and not a broken connection.
pub const MAX_FORM: usize = 256 * 1024 * 1024;
/// Longest field that is read at all, in bytes; no person types as much.
const MAX_FIELD: usize = 1024 * 1024;
/// Longest text of a reply, in characters.
const MAX_TEXT: usize = 5000;
const ACCEPT: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png], max: MAX_FILE };

/// A message in a list.
struct Line {
    title: String,
    href: String,
    /// What it belongs to.
    case: String,
    message: Message,
    /// A question that waits for an answer.
    open: bool,
}

#[derive(Template)]
#[template(path = "postbox.html")]
struct Postbox<'a> {
    page: &'a Page,
    lines: Vec<Line>,
    unread: usize,
}

pub async fn list(rq: Req) -> Answer {
    let account = rq.cx.actor.account().ok_or(Error::NotFound)?;
    let mut rx = rq.city.db.read().await?;
    let messages = store::messages_of_account(&mut rx, account).await?;
    let mut ids: Vec<CaseId> = messages.iter().map(|m| m.case).collect();
    ids.sort_unstable();
    ids.dedup();
    let cases = rq.cx.ask(&mut rx, Cases { ids }).await?;
    drop(rx);
    let page = rq.page("postbox-title");
    let lines: Vec<Line> = messages
        .into_iter()
        .filter_map(|m| cases.iter().find(|c| c.id == m.case).map(|case| line(&page, case, m)))
        .collect();
    let unread = lines.iter().filter(|l| l.message.read_at.is_none()).count();
    rq.html(&Postbox { page: &page, lines, unread })
}

fn line(page: &Page, case: &CaseView, message: Message) -> Line {
    Line {
        title: texts::title(&page.texts, page.lang, &message.subject),
        href: format!("/postfach/{}", message.id),
        case: format!("{}, {}", case.title, case.number),
        open: is_open(case, &message),
        message,
    }
}

fn is_open(case: &CaseView, message: &Message) -> bool {
    message.kind == Kind::Question && message.closed_at.is_none() && !case.status.closed()
}

/// A reply as it is shown below its question.
struct Replied {
    message: Message,
    documents: Vec<Linked>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage<'a> {
    page: &'a Page,
    case: CaseView,
    message: Message,
    text: Vec<String>,
    documents: Vec<Linked>,
    replies: Vec<Replied>,
    open: bool,
    /// A citizen comes from the postbox, a guest from the case.
    back: String,
    typed: String,
    errors: Errors,
}

/// Everything of a message's page that lies in the database.
struct Shown {
    case: CaseView,
    message: Message,
    documents: Vec<Linked>,
    replies: Vec<Replied>,
}

async fn shown(rq: &Req, id: MessageId) -> Result<Shown> {
    let mut rx = rq.city.db.read().await?;
    let message = store::message(&mut rx, id).await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case: message.case }).await?;
    if message.kind == Kind::Reply {
        return Err(Error::NotFound);
    }
    let documents = linked(rq, &mut rx, message.document.into_iter().collect()).await?;
    let mut replies = Vec::new();
    for reply in store::messages_of_case(&mut rx, case.id).await? {
        if reply.answers == Some(id.uuid()) {
            let ids = store::attachments(&mut rx, reply.id).await?;
            replies.push(Replied { documents: linked(rq, &mut rx, ids).await?, message: reply });
        }
    }
    Ok(Shown { case, message, documents, replies })
}

async fn linked(rq: &Req, rx: &mut Rx, ids: Vec<DocumentId>) -> Result<Vec<Linked>> {
    let documents = rq.cx.ask(rx, Documents { ids }).await?;
    Linked::all(&rq.untitled(), rx, &documents, false).await
}

/// Opening a message is reading it: the first time is kept, and the page says so.
pub async fn message(rq: Req, Path(id): Path<MessageId>) -> Answer {
    let mut shown = shown(&rq, id).await?;
    if shown.message.read_at.is_none() {
        db::write!(rq.city.db, |tx| { service::read(&rq.cx, tx, &shown.message).await })?;
        shown.message.read_at = Some(rq.cx.now());
    }
    let page = page_of(&rq, &shown.message);
    rq.html(&template(&rq, &page, shown, String::new(), Errors::new()))
}

fn page_of(rq: &Req, message: &Message) -> Page {
    let mut page = rq.untitled();
    page.title = texts::title(&page.texts, page.lang, &message.subject);
    page
}

fn template<'a>(rq: &Req, page: &'a Page, shown: Shown, typed: String, errors: Errors) -> MessagePage<'a> {
    let Shown { case, message, documents, replies } = shown;
    let text = match message.kind {
        Kind::Question => model::paragraphs(&message.body),
        _ => model::paragraphs(&texts::body(&page.texts, page.lang, &message.subject)),
    };
    let back = match rq.cx.actor.account() {
        Some(_) => ui::paths::POSTBOX.to_owned(),
        None => format!("/vorgang/{}", case.id),
    };
    MessagePage { open: is_open(&case, &message), page, case, message, text, documents, replies, back, typed, errors }
}

/// What was typed and chosen.
#[derive(Default)]
struct Typed {
    text: String,
    files: Vec<Chosen>,
    /// The body ended before its end.
    broken: bool,
}

struct Chosen {
    name: String,
    /// Or the key of the text that says why they were not kept.
    bytes: Result<Vec<u8>, &'static str>,
}

/// Reads the form; files that were not chosen come with an empty name and are none. Of a body that breaks off the text
/// is kept, so that it comes back to the page.
///
/// # Errors
/// What no browser sends is [`Error::Invalid`].
async fn read_form(request: Request) -> Result<Typed> {
    let malformed = || Error::invalid("", "malformed");
    let mut form = FormData::new(Multipart::from_request(request, &()).await.map_err(|_| malformed())?);
    let (mut typed, mut kept) = (Typed::default(), 0);
    while let Some(mut field) = form.next().await {
        match field.name() {
            "antwort" => typed.text = field.text(MAX_FIELD).await.ok_or_else(malformed)?,
            "datei" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                // Files beyond the allowed number are counted and not kept.
                let room = if typed.files.len() < MAX_FILES { MAX_ALL - kept } else { 0 };
                let bytes = match field.bytes(MAX_FILE.min(room)).await {
                    Some(bytes) => Ok(bytes),
                    None if room < MAX_FILE => Err("postbox-files-too-large"),
                    None => Err("postbox-file-too-large"),
                };
                kept += bytes.as_ref().map_or(0, Vec::len);
                if !name.is_empty() && field.cut().is_none() {
                    typed.files.push(Chosen { name, bytes });
                }
            }
            _ => {}
        }
    }
    typed.broken = form.cut().is_some();
    Ok(typed)
}

/// Every fault of a reply; the text comes back to the page, files have to be chosen again.
fn check(page: &Page, typed: &Typed) -> (Vec<Type>, Errors) {
    let mut errors = Errors::new();
    let length = typed.text.trim().chars().count();
    if length == 0 {
        errors.push("antwort", page.t("postbox-reply-missing"));
    } else if length > MAX_TEXT {
        errors.push("antwort", page.t1("postbox-reply-too-long", "max", MAX_TEXT));
    }
    if typed.broken {
        errors.push("datei", page.t("postbox-upload-broken"));
    }
    if typed.files.len() > MAX_FILES {
        errors.push("datei", page.t1("postbox-too-many-files", "max", MAX_FILES));
    }
    let mut types = Vec::with_capacity(typed.files.len());
    for file in typed.files.iter().take(MAX_FILES) {
        let mut refused = |key: &str| {
            errors.push("datei", page.t1(key, "name", files::clean_name(&file.name).as_str()));
        };
        match file.bytes.as_deref().map(|bytes| files::accept(bytes, ACCEPT)) {
            Ok(Ok(found)) => types.push(found),
            Ok(Err(refusal)) => refused(&format!("postbox-{}", refusal.code())),
            Err(key) => refused(key),
        }
    }
    (types, errors)
}

/// Counts the files of a reply before they go to disk; the seconds to wait, if whoever sends them has had their share.
async fn wait(rq: &Req, typed: &Typed) -> Result<Option<u32>> {
    let size: usize = typed.files.iter().map(|file| file.bytes.as_ref().map_or(0, Vec::len)).sum();
    if size == 0 {
        return Ok(None);
    }
    let size = i64::try_from(size).map_err(Error::internal)?;
    let most = i64::from(rq.app.config.limits.upload_megabytes_per_hour) * 1_000_000;
    let admitted = db::write!(rq.city.db, |tx| {
        rq.city.identity.admit_hourly(tx, &rq.cx, rq.caller, "upload", size, most).await
    });
    match admitted {
        Ok(()) => Ok(None),
        Err(Error::Throttled { seconds }) => Ok(Some(seconds)),
        Err(error) => Err(error),
    }
}

/// What the scanner found in the files. Whoever sent them is still there and can choose others: none of them stays.
fn infected(page: &Page, attachments: &[Attachment]) -> Errors {
    let mut errors = Errors::new();
    for attachment in attachments {
        if let Scan::Infected { signature, .. } = &attachment.stored.scan {
            let name = files::clean_name(&attachment.name);
            errors.push("datei", page.t2("postbox-file-infected", "name", name, "signature", signature.as_str()));
        }
    }
    errors
}

pub async fn reply(rq: Req, Path(id): Path<MessageId>, request: Request) -> Answer {
    let shown = shown(&rq, id).await?;
    if !is_open(&shown.case, &shown.message) {
        return Err(Error::refused("postbox-answered").into());
    }
    let typed = read_form(request).await?;
    let page = page_of(&rq, &shown.message);
    let (types, errors) = check(&page, &typed);
    if !errors.is_empty() {
        let page = page.checked(&errors);
        return rq.invalid(&template(&rq, &page, shown, typed.text, errors));
    }
    if let Some(seconds) = wait(&rq, &typed).await? {
        let mut errors = Errors::new();
        errors.push("datei", page.t1("postbox-files-hour", "minutes", seconds.div_ceil(60)));
        let page = page.checked(&errors);
        let mut response = rq.invalid(&template(&rq, &page, shown, typed.text, errors))?;
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        return Ok(response);
    }
    let mut attachments = Vec::with_capacity(types.len());
    let mut patience = files::Patience::default();
    for (file, found) in typed.files.into_iter().zip(types) {
        let stored = rq.city.files.take_in_within(&rq.cx, file.bytes.unwrap_or_default(), &mut patience).await?;
        attachments.push(Attachment { stored, name: file.name, media_type: found.media_type() });
    }
    let errors = infected(&page, &attachments);
    if !errors.is_empty() {
        for attachment in &attachments {
            rq.city.files.remove(attachment.stored.id).await?;
        }
        let page = page.checked(&errors);
        return rq.invalid(&template(&rq, &page, shown, typed.text, errors));
    }
    let text = typed.text.trim();
    let question = &shown.message;
    let replied = db::write!(rq.city.db, |tx| { service::reply(&rq.cx, tx, question, text, &attachments).await });
    // A second click came too late. After another error it is not known what was stored; files nobody names go with the
    // orphans.
    if matches!(replied, Err(Error::Refused(_))) {
        for attachment in &attachments {
            rq.city.files.remove(attachment.stored.id).await?;
        }
    }
    replied?;
    rq.see_other_with(format!("/postfach/{id}"), "postbox-replied")
}

#[derive(Template)]
#[template(path = "case_panel.html")]
struct CasePanel<'a> {
    page: &'a Page,
    lines: Vec<Line>,
    /// The question that waits, with its text.
    question: Option<(Message, Vec<String>)>,
    typed: String,
    errors: Errors,
}

/// Messages of the case and the form for an open question; for guests the only place where they see both.
pub async fn case_panel(rq: &Req, rx: &mut Rx, case: CaseId) -> Result<Option<String>> {
    let messages = store::messages_of_case(rx, case).await?;
    if messages.is_empty() {
        return Ok(None);
    }
    let case = rq.cx.ask(rx, VisibleCase { case }).await?;
    let page = rq.untitled();
    let question = messages.iter().rfind(|m| is_open(&case, m)).map(|m| (m.clone(), model::paragraphs(&m.body)));
    let lines = messages.into_iter().rev().filter(|m| m.kind != Kind::Reply).map(|m| line(&page, &case, m)).collect();
    let panel = CasePanel { page: &page, lines, question, typed: String::new(), errors: Errors::new() };
    panel.render().map(Some).map_err(Error::internal)
}
