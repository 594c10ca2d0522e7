use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use askama::Template;
use axum::{Form, extract::Multipart};
use contract_records::{
    CaseForArchive, CaseToOffer, CaseView, CasesSeen, DocumentKinds, DocumentsForArchive, LogSeen, VisibleCase,
    deletable_from,
};
use db::Rx;
use fileplan::Plan;
use house::{Answer, Call, FormData, Path, Req, attachment};
use kernel::{CaseId, Error, Result, Timestamp, Uuid};
use serde::Deserialize;
use ui::{Choice, Errors, Page};

use crate::{
    guidelines, perm,
    service::{self, Imported, Offered, day},
    store::{self, Hold, Message, Offer},
};

/// Largest message of the archive, in bytes.
const LARGEST: usize = 20 * 1024 * 1024;

#[derive(Template)]
#[template(path = "offers.html")]
struct Disposal<'a> {
    page: &'a Page,
    due: Vec<CaseToOffer>,
    offers: Vec<Offer>,
    may_offer: bool,
    guidelines: Vec<ui::Guideline>,
}

impl Disposal<'_> {
    fn coded(&self, key: &str, code: &str) -> String {
        self.page.t(&format!("{key}-{code}"))
    }

    fn from(&self, case: &CaseToOffer) -> String {
        self.page.date(deletable_from(case.closed_at, case.retention_years))
    }
}

/// Cases shown of those that are due.
const SHOWN: usize = 50;

pub async fn disposal(rq: Req) -> Answer {
    let mut rx = rq.city.db.read().await?;
    // The archive sees what is offered to it.
    let due = match rq.cx.actor.allows(perm::DISPOSE) {
        true => service::to_offer(&rq.cx, &mut rx).await?,
        false => Vec::new(),
    };
    let offers = store::offers(&mut rx).await?;
    let guidelines = guidelines::beside(&rq, &mut rx, "disposal.offer").await?;
    drop(rx);
    let page = rq.page("disposal-title");
    rq.html(&Disposal { page: &page, due, offers, may_offer: rq.cx.actor.allows(perm::DISPOSE), guidelines })
}

pub async fn offer(rq: Req) -> Answer {
    let offer = db::write!(rq.city.db, |tx| { service::offer(&rq.cx, tx).await })?;
    match offer {
        Some(offer) => rq.see_other_with(format!("/intern/aussonderung/{offer}"), "disposal-done-offered"),
        None => rq.see_other("/intern/aussonderung"),
    }
}

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferPage<'a> {
    page: &'a Page,
    offer: Offer,
    cases: Vec<Offered>,
    /// Of each case how many documents of each kind.
    kinds: HashMap<CaseId, Vec<(String, i64)>>,
    units: identity::Units,
    plan: Arc<Plan>,
    messages: Vec<Message>,
    may_appraise: bool,
    may_answer: bool,
    errors: Errors,
}

impl OfferPage<'_> {
    fn coded(&self, key: &str, code: &str) -> String {
        self.page.t(&format!("{key}-{code}"))
    }

    fn state_text(&self) -> String {
        self.page.t(&format!("disposal-offer-{}-text", self.offer.state))
    }

    fn choices(&self, offered: &Offered) -> Vec<Choice> {
        let choice = |code: &str| {
            Choice::new(code, self.page.t(&format!("disposal-appraisal-{code}"))).selected(offered.proposal == code)
        };
        vec![choice("A"), choice("V")]
    }

    fn decision(&self, offered: &Offered) -> String {
        match offered.decision.as_deref() {
            Some(code) => self.page.t(&format!("disposal-appraisal-{code}")),
            None => self.page.t("disposal-offer-undecided"),
        }
    }

    fn years(&self, offered: &Offered) -> String {
        years(&offered.case)
    }

    fn file(&self, offered: &Offered) -> String {
        let CaseForArchive { file_number, file_title, .. } = &offered.case;
        format!("{file_number} {file_title}")
    }

    /// The entry of the file plan with its heading.
    fn entry(&self, offered: &Offered) -> String {
        let key = &offered.case.entry;
        let heading = self.plan.entry(key).map_or("", |entry| entry.title.as_str());
        format!("{key} {heading}").trim().to_owned()
    }

    fn unit(&self, offered: &Offered) -> String {
        let key = &offered.case.unit;
        self.units.get(key).map_or_else(|| key.clone(), |unit| unit.name.clone())
    }

    /// How many documents there are, and of which kinds.
    fn documents(&self, offered: &Offered) -> String {
        let kinds = self.kinds.get(&offered.case.id).map_or(&[][..], Vec::as_slice);
        let n: i64 = kinds.iter().map(|(_, n)| n).sum();
        let all = self.page.t1("disposal-offer-documents", "n", n);
        if kinds.is_empty() {
            return all;
        }
        let each: Vec<String> = kinds.iter().map(|(kind, n)| format!("{n} × {}", kind_text(self.page, kind))).collect();
        format!("{all} ({})", each.join(", "))
    }

    /// What an archivist has to know to say whether a case is of lasting value (§ 2 Abs. 6 ArchivG NRW).
    fn about(&self, offered: &Offered) -> String {
        let parts = [
            self.page.t1("disposal-offer-in-file", "file", self.file(offered)),
            self.page.t1("disposal-offer-in-plan", "entry", self.entry(offered)),
            self.unit(offered),
            self.documents(offered),
            self.page.t(&format!("disposal-medium-{}", offered.case.medium)),
        ];
        parts.join(" · ")
    }

    fn href(&self, offered: &Offered) -> String {
        format!("/intern/aussonderung/{}/vorgang/{}", self.offer.id, offered.case.id)
    }
}

/// The kind of a document in the words of the files; one that only a city's own process knows, as that calls it.
fn kind_text(page: &Page, kind: &str) -> String {
    let key = format!("records-value-kind-{kind}");
    if page.texts.has(page.lang, &key) { page.t(&key) } else { kind.to_owned() }
}

/// Years of the first and the last day of a case (Laufzeit): one year where both days lie in it.
fn years(case: &CaseForArchive) -> String {
    let opened = day(case.opened_at).year();
    match case.closed_at.map(|at| day(at).year()) {
        Some(closed) if closed == opened => opened.to_string(),
        Some(closed) => format!("{opened}–{closed}"),
        None => format!("{opened}–"),
    }
}

/// Those of an offer that the reader may see: the archive sees all that is offered to it, a Registratur of some units
/// their own.
async fn seen(rq: &Req, rx: &mut Rx, mut offered: Vec<Offered>) -> Result<Vec<Offered>> {
    let ids = offered.iter().map(|offered| offered.case.id).collect();
    let seen: HashSet<CaseId> = rq.cx.ask(rx, CasesSeen { ids }).await?.into_iter().map(|case| case.id).collect();
    offered.retain(|offered| seen.contains(&offered.case.id));
    Ok(offered)
}

async fn shown<'a>(rq: &Req, page: &'a Page, id: Uuid, errors: Errors) -> Result<OfferPage<'a>> {
    let mut rx = rq.city.db.read().await?;
    let offer = store::offer(&mut rx, id).await?;
    let archive = rq.cx.actor.allows(perm::ARCHIVE);
    let (all, mut messages) = (service::offered(&rq.cx, &mut rx, id).await?, store::messages(&mut rx, id).await?);
    let offered = all.len();
    let cases = if archive { all } else { seen(rq, &mut rx, all).await? };
    let mut kinds: HashMap<CaseId, Vec<(String, i64)>> = HashMap::new();
    let asked = DocumentKinds { cases: cases.iter().map(|offered| offered.case.id).collect() };
    for (case, kind, n) in rq.cx.ask(&mut rx, asked).await? {
        kinds.entry(case).or_default().push((kind, n));
    }
    let (units, plan) = (identity::units(&mut rx).await?, Plan::of(&rq.city.content)?);
    drop(rx);
    // Each of them names every case of the offer, also when it is deleted.
    if cases.len() < offered || (!archive && offered == 0) {
        messages.clear();
    }
    let may_appraise = archive && offer.state == "offered" && offer.made_by != rq.cx.actor.staff();
    let may_answer = archive && matches!(offer.state.as_str(), "appraised" | "handed-over");
    Ok(OfferPage { page, offer, cases, kinds, units, plan, messages, may_appraise, may_answer, errors })
}

pub async fn offer_page(rq: Req, Path(id): Path<Uuid>) -> Answer {
    let page = rq.page("disposal-offer-title");
    rq.html(&shown(&rq, &page, id, Errors::new()).await?)
}

struct DocumentLine {
    title: String,
    kind: String,
    added_at: Timestamp,
    versions: usize,
}

#[derive(Template)]
#[template(path = "offered_documents.html")]
struct OfferedDocuments<'a> {
    page: &'a Page,
    offer: Uuid,
    case: CaseForArchive,
    documents: Vec<DocumentLine>,
}

/// What lies in an offered case, by its titles: the archive may inspect what it has to appraise (§ 4 Abs. 1 Satz 4, § 10
/// Abs. 5 ArchivG NRW). Only until it has decided, and every look is in the access log.
pub async fn documents(rq: Req, Path((id, case)): Path<(Uuid, CaseId)>) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let offer = store::offer(&mut rx, id).await?;
    let offered = service::offered(&rq.cx, &mut rx, id).await?.into_iter().find(|offered| offered.case.id == case);
    let case = offered.filter(|_| offer.state == "offered").ok_or(Error::NotFound)?.case;
    let found = rq.cx.ask(&mut rx, DocumentsForArchive { case: case.id }).await?;
    drop(rx);
    let page = rq.page("disposal-documents-title");
    let documents = found.into_iter().map(|(document, versions)| DocumentLine {
        kind: kind_text(&page, &document.kind),
        title: document.title,
        added_at: document.added_at,
        versions: versions.len(),
    });
    let documents = documents.collect();
    db::write!(rq.city.db, |tx| { rq.cx.call(tx, LogSeen { case: case.id, what: "appraisal".into() }).await })?;
    rq.html(&OfferedDocuments { page: &page, offer: id, case, documents })
}

/// The decisions come as `<case>=A` or `<case>=V`.
pub async fn appraise(rq: Req, Path(id): Path<Uuid>, Form(sent): Form<Vec<(String, String)>>) -> Answer {
    let decisions: HashMap<CaseId, String> =
        sent.into_iter().filter_map(|(case, decision)| Some((case.parse().ok()?, decision))).collect();
    db::write!(rq.city.db, |tx| { service::appraise(&rq.cx, tx, id, &decisions).await })?;
    rq.see_other_with(format!("/intern/aussonderung/{id}"), "disposal-done-appraised")
}

pub async fn package(rq: Req, Path((offer, message)): Path<(Uuid, Uuid)>) -> Answer {
    let mut rx = rq.city.db.read().await?;
    let messages = store::messages(&mut rx, offer).await?;
    let message = messages.into_iter().find(|m| m.id == message).ok_or(Error::NotFound)?;
    if !rq.cx.actor.allows(perm::ARCHIVE) {
        // The hand-over holds the documents themselves: it is the archive's. The others name every case of the offer.
        let all = service::offered(&rq.cx, &mut rx, offer).await?;
        let offered = all.len();
        if message.kind == "0503" || offered == 0 || seen(&rq, &mut rx, all).await?.len() < offered {
            return Err(Error::NotFound.into());
        }
    }
    let meta = files::meta(&mut rx, message.file_id).await?;
    drop(rx);
    let bytes = rq.city.files.read_verified(&meta).await?;
    Ok(attachment(&meta.media_type, &message.name, bytes))
}

/// Takes a message of the archive: 0502, 0504, 0506 or 0507 of this offer.
pub async fn answer(rq: Req, Path(id): Path<Uuid>, form: Multipart) -> Answer {
    let (mut form, mut sent) = (FormData::new(form), None);
    while let Some(mut field) = form.next().await {
        if field.name() == "datei" {
            sent = field.bytes(LARGEST).await;
        }
    }
    let page = rq.page("disposal-offer-title");
    let taken = match form.cut() {
        Some(_) => Err(page.t("disposal-answer-broken")),
        None => take(&rq, id, sent.unwrap_or_default()).await?,
    };
    match taken {
        Ok(notice) => rq.see_other_with(format!("/intern/aussonderung/{id}"), notice),
        Err(text) => {
            let mut errors = Errors::new();
            errors.push("datei", text.as_str());
            let page = page.checked(&errors);
            rq.invalid(&shown(&rq, &page, id, errors).await?)
        }
    }
}

/// The notice, or what is wrong with the message.
async fn take(rq: &Req, id: Uuid, bytes: Vec<u8>) -> Result<Result<&'static str, String>> {
    let page = rq.untitled();
    let Some(text) = String::from_utf8(bytes).ok().filter(|text| !text.is_empty() && text.len() <= LARGEST) else {
        return Ok(Err(page.t("disposal-answer-unreadable")));
    };
    let reading = match xdomea::read(&text) {
        Ok(reading) => reading,
        Err(faults) => {
            let all: Vec<String> = faults.iter().take(5).map(ToString::to_string).collect();
            return Ok(Err(format!("{} {}", page.t("disposal-answer-unreadable"), all.join(" "))));
        }
    };
    let same = reading.message.kopf.prozess_id.as_str().eq_ignore_ascii_case(&id.to_string());
    if !same {
        return Ok(Err(page.t("disposal-answer-other")));
    }
    let (kind, notice) = match &reading.message.inhalt {
        xdomea::Inhalt::AnbietungEmpfang => ("0504", "disposal-done-answer"),
        xdomea::Inhalt::Bewertungsverzeichnis(_) => ("0502", "disposal-done-appraised"),
        xdomea::Inhalt::AussonderungImport(_) => ("0506", "disposal-done-imported"),
        xdomea::Inhalt::AussonderungEmpfang => ("0507", "disposal-done-answer"),
        _ => return Ok(Err(page.t("disposal-answer-kind"))),
    };
    let stored = rq.city.files.take_in(&rq.cx, text.into_bytes()).await?;
    if let files::Scan::Infected { signature, .. } = &stored.scan {
        rq.city.files.remove(stored.id).await?;
        return Ok(Err(page.t1("disposal-answer-infected", "signature", signature.as_str())));
    }
    let name = xdomea::package::message_name(&reading.message);
    let message = Message {
        id: rq.cx.sources.uuid(),
        kind: kind.into(),
        name: name.clone(),
        file_id: stored.id,
        at: rq.cx.now(),
    };
    db::write!(rq.city.db, |tx| {
        match &reading.message.inhalt {
            xdomea::Inhalt::Bewertungsverzeichnis(appraisal) => {
                service::appraise(&rq.cx, tx, id, &decisions(appraisal)).await?;
            }
            xdomea::Inhalt::AussonderungImport(import) => {
                let all = imports(import, &store::offered(tx, id).await?);
                service::imported(&rq.cx, tx, id, &all).await?;
            }
            xdomea::Inhalt::AussonderungEmpfang => service::received(&rq.cx, tx, id).await?,
            _ => {}
        }
        files::record(tx, &rq.cx, &stored, &name, "application/xml").await?;
        store::add_message(tx, id, &message).await
    })?;
    Ok(Ok(notice))
}

fn decisions(appraisal: &xdomea::model::Bewertungsverzeichnis) -> HashMap<CaseId, String> {
    let decided = appraisal.bewertete_objekte.iter().filter_map(|object| {
        let xdomea::model::Bewertung::Aussonderungsart(code) = &object.aussonderungsart else { return None };
        let code = match code.code {
            xdomea::Aussonderungsart::Archivwuerdig => "A",
            xdomea::Aussonderungsart::Vernichten => "V",
            xdomea::Aussonderungsart::Bewerten => return None,
        };
        Some((object.id.as_str().parse().ok()?, code.to_owned()))
    });
    decided.collect()
}

fn imports(import: &xdomea::model::AussonderungImport, offered: &[store::Offered]) -> Vec<Imported> {
    match import {
        xdomea::model::AussonderungImport::JeObjekt(all) => all
            .iter()
            .filter_map(|object| {
                Some(Imported {
                    case: object.id.as_str().parse().ok()?,
                    good: object.erfolgreich,
                    archive_id: object.archivkennung.clone().unwrap_or_default(),
                })
            })
            .collect(),
        // Older programs answer once for everything.
        xdomea::model::AussonderungImport::Gesamt(all) => offered
            .iter()
            .map(|case| Imported { case: case.case_id, good: all.erfolgreich, archive_id: String::new() })
            .collect(),
    }
}

#[derive(Template)]
#[template(path = "holds.html")]
struct Holds<'a> {
    page: &'a Page,
    case: CaseView,
    holds: Vec<Hold>,
    may_hold: bool,
    guidelines: Vec<ui::Guideline>,
    errors: Errors,
}

async fn holds_of<'a>(rq: &Req, page: &'a Page, id: CaseId, errors: Errors) -> Result<Holds<'a>> {
    let mut rx = rq.city.db.read().await?;
    let case = rq.cx.ask(&mut rx, VisibleCase { case: id }).await?;
    let holds = store::holds(&mut rx, id).await?;
    let guidelines = guidelines::beside(rq, &mut rx, "records.hold").await?;
    let may_hold = rq.cx.actor.allows_in(perm::HOLD, &case.unit);
    Ok(Holds { page, case, holds, may_hold, guidelines, errors })
}

pub async fn holds(rq: Req, Path(id): Path<CaseId>) -> Answer {
    let page = rq.page("disposal-hold-title");
    rq.html(&holds_of(&rq, &page, id, Errors::new()).await?)
}

#[derive(Deserialize)]
pub struct HoldForm {
    #[serde(default)]
    reason: String,
}

pub async fn hold(rq: Req, Path(id): Path<CaseId>, Form(sent): Form<HoldForm>) -> Answer {
    let page = rq.page("disposal-hold-title");
    let mut errors = Errors::new();
    let reason: String = sent.reason.trim().chars().take(500).collect();
    if reason.is_empty() {
        errors.push("reason", page.t("disposal-hold-reason-missing"));
        let page = page.checked(&errors);
        return rq.invalid(&holds_of(&rq, &page, id, errors).await?);
    }
    db::write!(rq.city.db, |tx| {
        let case = rq.cx.ask(tx, VisibleCase { case: id }).await?;
        service::hold(&rq.cx, tx, &case, reason.clone()).await
    })?;
    rq.see_other_with(format!("/intern/vorgang/{id}/sperre"), "disposal-done-held")
}

pub async fn lift(rq: Req, Path((id, hold)): Path<(CaseId, Uuid)>) -> Answer {
    db::write!(rq.city.db, |tx| {
        let case = rq.cx.ask(tx, VisibleCase { case: id }).await?;
        service::lift(&rq.cx, tx, &case, hold).await
    })?;
    rq.see_other_with(format!("/intern/vorgang/{id}/sperre"), "disposal-done-lifted")
}

#[derive(Template)]
#[template(path = "panel.html")]
struct Panel<'a> {
    page: &'a Page,
    case: CaseId,
    holds: Vec<Hold>,
}

/// The holds of a case that are in force, and the way to set or lift one for who may.
pub async fn panel(rq: &Req, rx: &mut Rx, id: CaseId) -> Result<Option<String>> {
    let case = rq.cx.ask(rx, VisibleCase { case: id }).await?;
    let mut holds = store::holds(rx, id).await?;
    holds.retain(|hold| hold.lifted_at.is_none());
    if holds.is_empty() && !rq.cx.actor.allows_in(perm::HOLD, &case.unit) {
        return Ok(None);
    }
    let page = rq.untitled();
    Panel { page: &page, case: id, holds }.render().map(Some).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(opened: &str, closed: Option<&str>) -> CaseForArchive {
        CaseForArchive {
            id: CaseId::from_uuid(Uuid::nil()),
            number: String::new(),
            title: String::new(),
            unit: String::new(),
            confidentiality: String::new(),
            entry: String::new(),
            opened_at: opened.parse().unwrap(),
            closed_at: closed.map(|at| at.parse().unwrap()),
            retention_years: 10,
            medium: String::new(),
            file_number: String::new(),
            file_title: String::new(),
        }
    }

    #[test]
    fn the_years_of_a_case_are_those_of_the_city_and_one_is_named_once() {
        assert_eq!(years(&case("2026-03-01T10:00:00Z", Some("2026-11-30T10:00:00Z"))), "2026");
        // In Meerbusch the new year has begun.
        assert_eq!(years(&case("2026-03-01T10:00:00Z", Some("2026-12-31T23:00:00Z"))), "2026–2027");
        assert_eq!(years(&case("2026-03-01T10:00:00Z", None)), "2026–");
    }
}
