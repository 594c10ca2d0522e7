//! The interface itself: JSON over HTTPS, modelled on the xdomea messages between a document management system and
//! specialist systems (group 0601 to 0632). Field names are German and those of the xdomea data model where it has them.

use std::collections::HashMap;

use axum::{
    body::Bytes,
    extract::{Multipart, Query, multipart::MultipartRejection},
    response::{IntoResponse, Response},
};
use contract_records::{
    AddDocumentWithin, CaseWithin, Change, ChangesWithin, CloseCaseWithin, FoundCase, OpenCaseWithin, Place,
    SaveVersionWithin, Which,
};
use files::{Accept, Scan, Stored, Type};
use house::{Answer, Call, FormData, Path, Req};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jiff::SignedDuration;
use kernel::{CaseId, Date, DocumentId, Error, Result, Timestamp, Uuid, berlin};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    OPENAPI,
    service::{self, Once},
    store::{self, Reference, System},
};

/// Largest document, in bytes.
const MAX_FILE: usize = 20 * 1024 * 1024;
/// Largest description of a document, in bytes.
const MAX_FIELD: usize = 20_000;
/// Longest title, reference and note, in characters.
const LONGEST: usize = 200;
const ACCEPT: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png, Type::Text], max: MAX_FILE };
/// Changes of one answer.
const CHANGES: i64 = 200;
/// A change is listed when it is so old: on PostgreSQL an earlier one may become visible after a later one, and who has read
/// past it would never see it. Longer than any write takes.
const SETTLED: SignedDuration = SignedDuration::from_secs(40);

const VERSION: &str = "/api/fachverfahren/v1";

pub async fn openapi(_: Req) -> Answer {
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], OPENAPI).into_response())
}

fn answer(status: StatusCode, body: &Value) -> Response {
    let kind = HeaderValue::from_static("application/json");
    let nowhere = HeaderValue::from_static("no-store");
    (status, [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, nowhere)], body.to_string()).into_response()
}

/// Something was made; it lies at this address.
fn created(at: &str, body: &Value) -> Answer {
    let mut response = answer(StatusCode::CREATED, body);
    response.headers_mut().insert(header::LOCATION, HeaderValue::from_str(at).map_err(Error::internal)?);
    Ok(response)
}

fn key(headers: &HeaderMap) -> Option<&str> {
    headers.get("idempotency-key").and_then(|value| value.to_str().ok())
}

fn read<T: DeserializeOwned>(field: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| Error::invalid(field, "unreadable"))
}

/// A text that must be there.
fn needed(field: &str, text: &str) -> Result<String> {
    let text = short(field, text)?;
    if text.is_empty() { Err(Error::invalid(field, "required")) } else { Ok(text) }
}

/// A text that is not too long and has no control characters.
fn short(field: &str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err(Error::invalid(field, "unreadable"));
    }
    if text.chars().count() > LONGEST { Err(Error::invalid(field, "too-long")) } else { Ok(text.to_owned()) }
}

/// One of some codes, the first when nothing was said.
fn one_of(field: &str, said: &str, codes: &[&str]) -> Result<String> {
    let wanted = if said.is_empty() { codes.first().copied().unwrap_or_default() } else { said };
    let known = codes.iter().find(|code| **code == wanted);
    known.map(|code| (*code).to_owned()).ok_or_else(|| Error::invalid(field, "unknown"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    #[serde(rename = "betreff")]
    title: String,
    #[serde(default, rename = "aktenplaneinheit")]
    entry: String,
    #[serde(default, rename = "aktenzeichen")]
    file: String,
    #[serde(default, rename = "vertraulichkeitsstufe")]
    confidentiality: String,
    #[serde(default, rename = "fremdesGeschaeftszeichen")]
    reference: String,
}

/// Opens a case, in a new file under an entry of the plan or in a file that is there.
pub async fn open_case(rq: Req, headers: HeaderMap, body: Bytes) -> Answer {
    let system = service::admit(&rq, "open-case", None).await?;
    let once = Once::new(key(&headers), &[b"open-case".as_slice(), &body])?;
    let sent: Opening = read("body", &body)?;
    let title = needed("betreff", &sent.title)?;
    let reference = short("fremdesGeschaeftszeichen", &sent.reference)?;
    let levels = ["normal", "vertraulich", "streng-vertraulich"];
    let confidentiality = one_of("vertraulichkeitsstufe", &sent.confidentiality, &levels)?;
    let place = match (sent.entry.trim(), sent.file.trim()) {
        ("", "") => return Err(Error::invalid("aktenplaneinheit", "required").into()),
        (entry, "") => Place::Entry(entry.to_owned()),
        ("", file) => Place::File(file.to_owned()),
        _ => return Err(Error::invalid("aktenplaneinheit", "other").into()),
    };
    let done = db::write!(rq.city.db, |tx| {
        if let Some(first) = once.answered(tx, &system).await? {
            return Ok(first);
        }
        let open = OpenCaseWithin {
            reach: system.reach(),
            place: place.clone(),
            title: title.clone(),
            confidentiality: confidentiality.clone(),
        };
        let opened = rq.cx.call(tx, open).await?;
        if !reference.is_empty() {
            let reference = Reference {
                id: rq.cx.sources.uuid(),
                case_id: opened.case,
                document_id: None,
                reference: reference.clone(),
                written: None,
                received: None,
            };
            store::add_reference(tx, system.id, &reference).await?;
        }
        let done = json!({"vorgang": opened.case, "aktenzeichen": opened.number, "akte": opened.file_number});
        once.keep(&rq.cx, tx, &system, &done).await?;
        Ok(done)
    })?;
    created(&format!("{VERSION}/vorgaenge/{}", done["vorgang"].as_str().unwrap_or_default()), &done)
}

/// Cases by their Aktenzeichen, or by what the system calls them or one of their documents.
pub async fn find(rq: Req, Query(asked): Query<HashMap<String, String>>) -> Answer {
    let system = service::admit(&rq, "find", None).await?;
    let asked_for = |name: &str| asked.get(name).map(|text| text.trim()).filter(|text| !text.is_empty());
    let mut rx = rq.city.db.read().await?;
    let wanted = match (asked_for("aktenzeichen"), asked_for("fremdesGeschaeftszeichen")) {
        (Some(number), _) => vec![Which::Number(number.to_owned())],
        (None, Some(reference)) => {
            store::called_so(&mut rx, system.id, reference).await?.into_iter().map(Which::Id).collect()
        }
        (None, None) => return Err(Error::invalid("aktenzeichen", "required").into()),
    };
    let (mut found, mut read) = (Vec::new(), Vec::new());
    for which in wanted {
        match rq.cx.ask(&mut rx, CaseWithin { reach: system.reach(), which }).await {
            Ok(case) => {
                let references = store::references(&mut rx, system.id, case.id).await?;
                found.push(metadata(&case, &references));
                read.push(case.id);
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    drop(rx);
    service::note_read(&rq, &system, &read).await?;
    Ok(answer(StatusCode::OK, &json!({"vorgaenge": found})))
}

/// The metadata of a case and its documents.
pub async fn case(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let system = service::admit(&rq, "read", Some(id)).await?;
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, CaseWithin { reach: system.reach(), which: Which::Id(id) }).await?;
    let references = store::references(&mut rx, system.id, id).await?;
    Ok(answer(StatusCode::OK, &metadata(&case, &references)))
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(berlin()).date()
}

fn metadata(case: &FoundCase, references: &[Reference]) -> Value {
    let own = references.iter().find(|r| r.document_id.is_none()).map(|r| r.reference.as_str());
    let documents: Vec<Value> = case
        .documents
        .iter()
        .map(|document| {
            let said = references.iter().find(|r| r.document_id == Some(document.id));
            json!({
                "dokument": document.id,
                "betreff": document.title,
                "typ": document.kind,
                "richtung": document.direction,
                "hinzugefuegt": document.added_at.to_string(),
                "fassung": document.version,
                "fremdesGeschaeftszeichen": said.map(|r| r.reference.as_str()).filter(|text| !text.is_empty()),
                "datumDesSchreibens": said.and_then(|r| r.written).map(|day| day.to_string()),
                "posteingangsdatum": said.and_then(|r| r.received).map(|day| day.to_string()),
            })
        })
        .collect();
    json!({
        "vorgang": case.id,
        "aktenzeichen": case.number,
        "betreff": case.title,
        "akte": case.file_number,
        "aktenplaneinheit": case.entry,
        "federfuehrung": case.unit,
        "vertraulichkeitsstufe": case.confidentiality,
        "stand": case.status.code(),
        "beginn": case.opened_at.to_string(),
        "zdaDatum": case.closed_at.map(|at| day(at).to_string()),
        "fremdesGeschaeftszeichen": own,
        "dokumente": documents,
    })
}

/// Closes a case (zu den Akten).
pub async fn close_case(rq: Req, Path(id): Path<CaseId>, headers: HeaderMap) -> Answer {
    let system = service::admit(&rq, "close-case", Some(id)).await?;
    let once = Once::new(key(&headers), &[b"close-case".as_slice(), id.uuid().as_bytes()])?;
    let done = db::write!(rq.city.db, |tx| {
        if let Some(first) = once.answered(tx, &system).await? {
            return Ok(first);
        }
        rq.cx.call(tx, CloseCaseWithin { reach: system.reach(), case: id }).await?;
        let done = json!({"vorgang": id, "zdaDatum": rq.cx.today().to_string()});
        once.keep(&rq.cx, tx, &system, &done).await?;
        Ok(done)
    })?;
    Ok(answer(StatusCode::OK, &done))
}

/// A form with a file, or why it is none: only who sees the case is told.
type Form = Result<Multipart, MultipartRejection>;

/// A description and a file, as the fields `metadaten` and `datei` of a form.
#[derive(Default)]
struct Sent {
    described: Vec<u8>,
    name: String,
    /// None: larger than allowed, or none was sent.
    bytes: Option<Vec<u8>>,
}

async fn received(form: Form) -> Result<(Sent, Type)> {
    let unreadable = || Error::invalid("body", "unreadable");
    let mut form = FormData::new(form.map_err(|_| unreadable())?);
    let mut sent = Sent::default();
    let mut is_there = false;
    while let Some(mut field) = form.next().await {
        match field.name() {
            "datei" => {
                is_there = true;
                sent.name = field.file_name().unwrap_or_default().to_owned();
                sent.bytes = field.bytes(MAX_FILE).await;
            }
            "metadaten" => {
                let described = field.bytes(MAX_FIELD).await;
                sent.described = described.ok_or_else(|| Error::invalid("metadaten", "too-long"))?;
            }
            other => return Err(Error::invalid(other, "unknown")),
        }
    }
    if form.cut().is_some() {
        return Err(unreadable());
    }
    if !is_there {
        return Err(Error::invalid("datei", "required"));
    }
    if sent.described.is_empty() {
        return Err(Error::invalid("metadaten", "required"));
    }
    let refused = |refusal: files::Refusal| Error::Invalid(vec![refusal.on_field("datei", ACCEPT)]);
    let Some(bytes) = &sent.bytes else { return Err(refused(files::Refusal::TooLarge)) };
    let kind = files::accept(bytes, ACCEPT).map_err(refused)?;
    Ok((sent, kind))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filing {
    #[serde(rename = "betreff")]
    title: String,
    #[serde(default, rename = "typ")]
    kind: String,
    #[serde(default, rename = "richtung")]
    direction: String,
    #[serde(default, rename = "fremdesGeschaeftszeichen")]
    reference: String,
    #[serde(default, rename = "datumDesSchreibens")]
    written: Option<Date>,
    #[serde(default, rename = "posteingangsdatum")]
    received: Option<Date>,
}

/// Stores what a system sent. Malware is not taken at all: the system is told at once, and sends again.
async fn take_in(rq: &Req, bytes: Vec<u8>) -> Result<Stored> {
    let stored = rq.city.files.take_in(&rq.cx, bytes).await?;
    if matches!(stored.scan, Scan::Infected { .. }) {
        rq.city.files.remove(stored.id).await?;
        return Err(Error::invalid("datei", "infected"));
    }
    Ok(stored)
}

/// Puts a document into a case.
pub async fn add_document(rq: Req, Path(id): Path<CaseId>, headers: HeaderMap, form: Form) -> Answer {
    let system = service::admit(&rq, "add-document", Some(id)).await?;
    // Before the file is read: nobody learns by a fault of the file that the case is there.
    look(&rq, &system, id).await?;
    let (Sent { described, name, bytes }, kind) = received(form).await?;
    let bytes = bytes.unwrap_or_default();
    let case = id.uuid();
    let parts: [&[u8]; 5] = [b"add-document", case.as_bytes(), &described, name.as_bytes(), &bytes];
    let once = Once::new(key(&headers), &parts)?;
    let filing: Filing = read("metadaten", &described)?;
    let title = needed("betreff", &filing.title)?;
    let reference = short("fremdesGeschaeftszeichen", &filing.reference)?;
    let kinds = ["schriftstueck", "antrag", "nachweis", "bescheinigung", "bescheid", "schreiben"];
    let document_kind = one_of("typ", &filing.kind, &kinds)?;
    let direction = one_of("richtung", &filing.direction, &["intern", "eingang", "ausgang"])?;
    let stored = take_in(&rq, bytes).await?;
    let done = db::write!(rq.city.db, |tx| {
        if let Some(first) = once.answered(tx, &system).await? {
            return Ok(first);
        }
        files::record(tx, &rq.cx, &stored, &name, kind.media_type()).await?;
        let add = AddDocumentWithin {
            reach: system.reach(),
            case: id,
            kind: document_kind.clone(),
            title: title.clone(),
            direction: direction.clone(),
            file: stored.id,
        };
        let document = rq.cx.call(tx, add).await?;
        if !reference.is_empty() || filing.written.is_some() || filing.received.is_some() {
            let reference = Reference {
                id: rq.cx.sources.uuid(),
                case_id: id,
                document_id: Some(document),
                reference: reference.clone(),
                written: filing.written,
                received: filing.received,
            };
            store::add_reference(tx, system.id, &reference).await?;
        }
        let done = json!({"vorgang": id, "dokument": document, "fassung": 1});
        once.keep(&rq.cx, tx, &system, &done).await?;
        Ok(done)
    })?;
    created(&format!("{VERSION}/vorgaenge/{id}"), &done)
}

async fn look(rq: &Req, system: &System, id: CaseId) -> Result<FoundCase> {
    let mut rx = rq.city.db.read().await?;
    rq.cx.ask(&mut rx, CaseWithin { reach: system.reach(), which: Which::Id(id) }).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saving {
    /// Number of the version that was changed.
    #[serde(rename = "grundlage")]
    based_on: i64,
    #[serde(default, rename = "notiz")]
    note: String,
}

/// Saves a version of a document; nothing is ever overwritten.
pub async fn save_version(
    rq: Req,
    Path((id, document)): Path<(CaseId, DocumentId)>,
    headers: HeaderMap,
    form: Form,
) -> Answer {
    let system = service::admit(&rq, "save-version", Some(id)).await?;
    let case = look(&rq, &system, id).await?;
    if !case.documents.iter().any(|known| known.id == document) {
        return Err(Error::NotFound.into());
    }
    let (Sent { described, name, bytes }, kind) = received(form).await?;
    let bytes = bytes.unwrap_or_default();
    let (in_case, of) = (id.uuid(), document.uuid());
    let parts: [&[u8]; 6] = [b"save-version", in_case.as_bytes(), of.as_bytes(), &described, name.as_bytes(), &bytes];
    let once = Once::new(key(&headers), &parts)?;
    let saving: Saving = read("metadaten", &described)?;
    let note = short("notiz", &saving.note)?;
    let stored = take_in(&rq, bytes).await?;
    let done = db::write!(rq.city.db, |tx| {
        if let Some(first) = once.answered(tx, &system).await? {
            return Ok(first);
        }
        files::record(tx, &rq.cx, &stored, &name, kind.media_type()).await?;
        let save = SaveVersionWithin {
            reach: system.reach(),
            case: id,
            document,
            based_on: saving.based_on,
            note: note.clone(),
            file: stored.id,
        };
        let saved = rq.cx.call(tx, save).await?;
        let done = json!({"vorgang": id, "dokument": document, "fassung": saved.n, "konflikt": saved.conflict});
        once.keep(&rq.cx, tx, &system, &done).await?;
        Ok(done)
    })?;
    created(&format!("{VERSION}/vorgaenge/{id}"), &done)
}

/// A place in the list of changes: `<microseconds>.<code>.<id>`.
fn cursor(change: &Change) -> String {
    format!("{}.{}.{}", change.at.as_microsecond(), change.what, change.id.simple())
}

fn place(text: &str) -> Option<Change> {
    let mut parts = text.split('.');
    let at = Timestamp::from_microsecond(parts.next()?.parse().ok()?).ok()?;
    let what = parts.next().filter(|code| ["1", "2", "3", "4"].contains(code))?.to_owned();
    let id: Uuid = parts.next()?.parse().ok()?;
    parts.next().is_none().then(|| Change { at, what, id, case: CaseId::from_uuid(id), document: None })
}

fn kind_of(change: &Change) -> &'static str {
    match change.what.as_str() {
        "1" => "vorgang-angelegt",
        "2" => "dokument-hinzugefuegt",
        "3" => "fassung-gespeichert",
        _ => "zu-den-akten",
    }
}

/// What happened to the cases in reach since a place in this list.
pub async fn changes(rq: Req, Query(asked): Query<HashMap<String, String>>) -> Answer {
    let system = service::admit(&rq, "changes", None).await?;
    let after = match asked.get("seit").map(String::as_str).filter(|text| !text.is_empty()) {
        Some(text) => Some(place(text).ok_or_else(|| Error::invalid("seit", "unreadable"))?),
        None => None,
    };
    let before = rq.cx.now().checked_sub(SETTLED).map_err(Error::internal)?;
    let query = ChangesWithin { reach: system.reach(), after, before, limit: CHANGES };
    let found = rq.cx.ask(&mut rq.city.db.read().await?, query).await?;
    let next = match found.last() {
        Some(last) => Some(cursor(last)),
        None => asked.get("seit").cloned().filter(|text| !text.is_empty()),
    };
    let changes: Vec<Value> = found
        .iter()
        .map(|change| {
            json!({
                "art": kind_of(change),
                "zeitpunkt": change.at.to_string(),
                "vorgang": change.case,
                "dokument": change.document,
            })
        })
        .collect();
    let more = i64::try_from(changes.len()).is_ok_and(|n| n == CHANGES);
    Ok(answer(StatusCode::OK, &json!({"aenderungen": changes, "weiter": next, "mehr": more})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_the_list_reads_back() {
        let id = Uuid::from_u128(7);
        let at = "2026-11-23T10:00:00.000001Z".parse().unwrap();
        let change = Change { at, what: "2".into(), id, case: CaseId::from_uuid(id), document: None };
        assert_eq!(place(&cursor(&change)), Some(change));
        for bad in
            ["", "1", "1.2", "x.1.y", "1.9.00000000000000000000000000000007", "1.1.7", "99999999999999999999.1.7"]
        {
            assert_eq!(place(bad), None, "{bad}");
        }
    }

    #[test]
    fn texts_have_bounds() {
        assert_eq!(needed("betreff", " a ").unwrap(), "a");
        assert!(needed("betreff", " ").is_err() && short("betreff", "a\nb").is_err());
        assert!(short("betreff", &"ä".repeat(201)).is_err() && short("betreff", &"ä".repeat(200)).is_ok());
        assert_eq!(one_of("richtung", "", &["intern", "eingang"]).unwrap(), "intern");
        assert!(one_of("richtung", "quer", &["intern"]).is_err());
    }

    #[test]
    fn the_document_names_every_route() {
        let document: Value = serde_json::from_str(OPENAPI).unwrap();
        let paths = document["paths"].as_object().unwrap();
        let mut routes = house::Routes::new(None);
        (crate::MODULE.routes)(&mut routes);
        let (_, table) = routes.finish();
        let mut known = 0;
        for route in table.iter().filter(|route| route.path.starts_with(VERSION)) {
            let operation = &paths[route.path][route.method.to_lowercase()];
            assert!(operation.is_object(), "{} {}", route.method, route.path);
            known += 1;
        }
        let written: usize = paths.values().map(|path| path.as_object().map_or(0, |all| all.len())).sum();
        assert_eq!(known, written, "the document names a route that is not there");
    }
}
