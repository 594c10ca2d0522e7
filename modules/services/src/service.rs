//! Drafts and submission: who may touch a draft, what is kept, and how it becomes a case in one transaction.

use std::{collections::BTreeMap, sync::Arc};

use contract_payments::SetFees;
use contract_processes::StartProcess;
use contract_records::{AddDocument, Audience, OpenCase};
use contract_services::{Application, ApplicationOf, ApplicationSubmitted, Section};
use db::{Rx, Tx};
use forms::{AcceptError, Accepted, Account, Answers, Facts, FileRef, Form, Kind, Submitted, Value};
use house::{Call, City, InCity};
use jiff::ToSpan as _;
use kernel::{AccountId, Actor, CaseId, Cx, Error, FieldError, Hash, Lang, Level, Result, Timestamp, sha256};

use crate::{
    catalogue::{self, Service},
    fees::Fees,
    jobs::PrintApplication,
    store::{self, Draft, DraftId, Typed},
    submission,
};

/// Days a draft is kept when its form says nothing.
const DRAFT_DAYS: u32 = 30;

/// How somebody stands to a draft.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    Owner,
    /// The browser that began it, without the session of the account it belongs to: may add, sees nothing.
    WriteOnly,
}

/// What a browser shows of itself, besides who is signed in.
#[derive(Clone, Copy, Default)]
pub struct Bearer {
    /// Of the browser's draft cookie.
    pub token: Option<Hash>,
    /// The account that was signed in here before the person fetched a higher level and came back with another one.
    pub continues: Option<AccountId>,
}

/// Who may touch a draft.
///
/// # Errors
/// [`Error::NotFound`] for everybody else, as if there were no such draft.
pub fn standing(draft: &Draft, actor: &Actor, bearer: Bearer) -> Result<Standing> {
    let browser = bearer.token == Some(draft.token_hash);
    match (draft.account, actor.account()) {
        (Some(owner), Some(account)) if owner == account => Ok(Standing::Owner),
        (Some(owner), Some(_)) if browser && bearer.continues == Some(owner) => Ok(Standing::Owner),
        (Some(_), None) if browser => Ok(Standing::WriteOnly),
        (None, _) if browser => Ok(Standing::Owner),
        _ => Err(Error::NotFound),
    }
}

pub fn token_hash(token: &str) -> Hash {
    sha256(&[b"services draft\0", token.as_bytes()])
}

/// What rules may know at this moment, of the city and of who asks.
pub async fn facts(cx: &Cx, rx: &mut Rx, city: &City) -> Result<Facts> {
    let mut facts = Facts::new(Account::of(&cx.actor), cx.today());
    facts.city = Fees::of(&city.content)?.facts(facts.today);
    if let Some(known) = identity::person_of(rx, &cx.actor).await? {
        facts.known = known_values(&known);
    }
    if let Some(account) = cx.actor.account()
        && let Some((email, _)) = identity::contact(rx, account).await?
    {
        facts.known.insert("account.email".into(), Value::Text(email));
    }
    Ok(facts)
}

fn known_values(known: &identity::Known) -> BTreeMap<String, Value> {
    let person = &known.person;
    let mut values = BTreeMap::new();
    let mut put = |name: &str, value: Value| values.insert(format!("identity.{name}"), value);
    put("family_name", Value::Text(person.family_name.clone()));
    // An eID that names no first name says that there is none.
    if !person.given_names.is_empty() || known.level >= Level::Substantiell {
        put("first_names", Value::Text(person.given_names.clone()));
    }
    if let Some(date) = person.birth_date {
        put("birth_date", Value::PartialDate(date));
    }
    if let Some(address) = &person.address {
        let (street, house_number) = split_house_number(&address.street);
        put(
            "address",
            Value::Address(forms::Address {
                street,
                house_number,
                addition: String::new(),
                postal_code: address.postal_code.clone(),
                city: address.city.clone(),
                country: if address.country == "DE" || address.country == "D" {
                    forms::GERMANY.into()
                } else {
                    address.country.clone()
                },
            }),
        );
    }
    values
}

/// Identity cards print street and house number in one line.
fn split_house_number(line: &str) -> (String, String) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let starts_with_digit = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let at = match words.as_slice() {
        [_, .., last] if starts_with_digit(last) => words.len() - 1,
        [_, .., number, letter] if starts_with_digit(number) && letter.chars().count() == 1 => words.len() - 2,
        _ => return (words.join(" "), String::new()),
    };
    (words[..at].join(" "), words[at..].join(" "))
}

/// A draft with everything needed to show a page of it.
pub struct Opened {
    pub draft: Draft,
    pub service: Arc<Service>,
    pub form: Arc<Form>,
    pub facts: Facts,
}

/// Begins an application.
pub async fn begin(cx: &Cx, tx: &mut Tx, city: &City, service: &Service, token: &str) -> Result<Draft> {
    let online = service.online.as_ref().ok_or(Error::NotFound)?;
    let (form_version, form) = catalogue::form(&city.content, online.form.get_ref())?;
    let facts = facts(cx, tx, city).await?;
    let draft = Draft {
        id: cx.new_id(),
        service: service.key.clone(),
        form: form.key.clone(),
        form_version,
        account: cx.actor.account(),
        token_hash: token_hash(token),
        answers: form.blank(&facts),
        typed: Typed::new(),
        revision: 0,
        updated_at: cx.now(),
        expires_at: expiry(cx, &form)?,
    };
    store::add_draft(tx, &draft).await?;
    Ok(draft)
}

fn expiry(cx: &Cx, form: &Form) -> Result<Timestamp> {
    let days = form.privacy.as_ref().map_or(DRAFT_DAYS, |p| p.draft_days);
    let until = cx.local_now().checked_add(i64::from(days).days()).map_err(Error::internal)?;
    Ok(until.timestamp())
}

/// Opens the draft of whoever asks. Answers to an older version of the form are carried over, and the draft of a guest
/// who has signed in since becomes the account's. So does, in the browser that began it, the draft of the account the
/// person was signed in with before they fetched a higher level.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::SignIn`] in the browser that began it, while the session of its account is missing.
pub async fn open(cx: &Cx, city: &City, id: DraftId, bearer: Bearer) -> Result<Opened> {
    let mut rx = city.db.read().await?;
    let mut draft = store::draft(&mut rx, id, cx.now()).await?;
    if standing(&draft, &cx.actor, bearer)? == Standing::WriteOnly {
        return Err(Error::SignIn(Level::Basis));
    }
    let service = catalogue::service(&city.content, &draft.service)?;
    let (form_version, form) = catalogue::form(&city.content, &draft.form)?;
    let facts = facts(cx, &mut rx, city).await?;
    drop(rx);
    let before = draft.revision;
    let mut changed = false;
    if cx.actor.account().is_some() && draft.account != cx.actor.account() {
        draft.account = cx.actor.account();
        changed = true;
    }
    if draft.answers.version != form.version {
        (draft.answers, _) = form.migrate(std::mem::take(&mut draft.answers));
        (draft.form_version, draft.revision, changed) = (form_version, before + 1, true);
    }
    if changed {
        draft.updated_at = cx.now();
        draft.expires_at = expiry(cx, &form)?;
        // Another tab may have been faster with the same; its outcome is as good.
        db::write!(city.db, |tx| { store::put_draft(tx, &draft, before).await })?;
    }
    Ok(Opened { draft, service, form, facts })
}

/// What a browser sent, with the files that were good stored on disk.
#[derive(Default)]
pub struct Sent {
    pub fields: Vec<(String, String)>,
    pub files: Vec<(String, FileRef, files::Stored)>,
    pub refused: Vec<FieldError>,
    /// A file was refused because the address or the city has had its share.
    pub exhausted: bool,
}

impl Sent {
    fn submitted(&self) -> Submitted {
        let files = self.files.iter().map(|(field, file, _)| (field.clone(), file.clone())).collect();
        Submitted { fields: self.fields.clone(), files }
    }
}

/// What became of a page that was sent.
pub enum Kept {
    /// Taken in; go on.
    Next,
    /// Show the page again: an item or file was added or removed.
    Stay,
    /// Answers are missing or wrong.
    Invalid(Vec<FieldError>),
    /// The answers were changed elsewhere meanwhile; nothing was overwritten.
    Conflict { theirs: Box<Draft> },
}

/// Takes the files that nobody holds off the disk again: they would lie there until the orphans are collected.
pub async fn drop_files(city: &City, sent: &Sent, kept: &[store::Upload]) -> Result<()> {
    for (_, file, _) in &sent.files {
        if !kept.iter().any(|upload| upload.file == file.id) {
            city.files.remove(file.id).await?;
        }
    }
    Ok(())
}

/// What was typed in a draft and is not taken in, over all its pages, in bytes.
const MOST_TYPED: usize = 1_000_000;

/// Keeps what was typed on a page, unless the draft would grow beyond what anybody types.
fn keep(typed: &mut Typed, step: &str, fields: &[(String, String)]) {
    typed.insert(step.to_owned(), fields.to_vec());
    if typed.values().flatten().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MOST_TYPED {
        typed.remove(step);
    }
}

/// Takes in a page made from `revision`. What cannot be taken in stays as typed.
///
/// # Errors
/// [`Error::NotFound`] if the page is not asked any more or the draft is gone.
pub async fn take_in(
    cx: &Cx,
    city: &City,
    opened: &mut Opened,
    step: &str,
    revision: i64,
    sent: &Sent,
) -> Result<Kept> {
    let kept = take_in_page(cx, city, opened, step, revision, sent).await;
    // After another error it is not known what was stored; files nobody names go with the orphans.
    if matches!(kept, Ok(_) | Err(Error::NotFound)) {
        drop_files(city, sent, &submission::uploads(&opened.draft.answers)).await?;
    }
    kept
}

async fn take_in_page(
    cx: &Cx,
    city: &City,
    opened: &mut Opened,
    step: &str,
    revision: i64,
    sent: &Sent,
) -> Result<Kept> {
    let before = opened.draft.clone();
    let mut after = before.clone();
    let submitted = sent.submitted();
    let outcome = opened.form.accept(step, &submitted, &mut after.answers, &opened.facts);
    let mut kept = match outcome {
        Ok(Accepted::Next) => {
            after.typed.remove(step);
            Kept::Next
        }
        Ok(Accepted::Stay(page)) => {
            keep(&mut after.typed, step, &page.fields);
            Kept::Stay
        }
        Err(AcceptError::NotOnPath) => return Err(Error::NotFound),
        Err(AcceptError::Fields(errors)) => {
            keep(&mut after.typed, step, &sent.fields);
            Kept::Invalid(errors)
        }
        Err(AcceptError::Rule(fault)) => return Err(Error::internal(fault)),
    };
    if !sent.refused.is_empty() {
        let mut errors = sent.refused.clone();
        if let Kept::Invalid(others) = &kept {
            errors.extend(others.iter().filter(|e| !sent.refused.iter().any(|r| r.field == e.field)).cloned());
        }
        keep(&mut after.typed, step, &sent.fields);
        kept = Kept::Invalid(errors);
    }
    let stale = revision != before.revision;
    // The same page sent twice says the same twice: no conflict.
    if stale && after.answers == before.answers && matches!(kept, Kept::Next) {
        return Ok(Kept::Next);
    }
    if stale {
        if !sent.files.is_empty() {
            let mut with_files = before.clone();
            attach(&opened.form, &mut with_files.answers, sent);
            save(cx, city, opened, &before, with_files, sent).await?;
        }
        return Ok(Kept::Conflict { theirs: Box::new(opened.draft.clone()) });
    }
    if save(cx, city, opened, &before, after, sent).await? {
        return Ok(kept);
    }
    let theirs = store::draft(&mut city.db.read().await?, before.id, cx.now()).await?;
    Ok(Kept::Conflict { theirs: Box::new(theirs) })
}

/// Stores a changed draft unless another was faster; files that no answer names any more go.
async fn save(
    cx: &Cx,
    city: &City,
    opened: &mut Opened,
    before: &Draft,
    mut after: Draft,
    sent: &Sent,
) -> Result<bool> {
    if after.answers != before.answers {
        after.revision += 1;
    }
    after.updated_at = cx.now();
    after.expires_at = expiry(cx, &opened.form)?;
    let has = |answers: &Answers, id| submission::uploads(answers).iter().any(|upload| upload.file == id);
    let gone: Vec<_> =
        submission::uploads(&before.answers).into_iter().filter(|u| !has(&after.answers, u.file)).collect();
    let saved = db::write!(city.db, |tx| {
        if !store::put_draft(tx, &after, before.revision).await? {
            return Ok(false);
        }
        for (_, file, stored) in &sent.files {
            if has(&after.answers, file.id) {
                files::record(tx, cx, stored, &file.name, &file.media_type).await?;
            }
        }
        for upload in &gone {
            files::forget(tx, cx, upload.file).await?;
        }
        Ok(true)
    })?;
    if saved {
        for upload in &gone {
            city.files.remove(upload.file).await?;
        }
        opened.draft = after;
    }
    Ok(saved)
}

/// Puts files to the answers without looking at the rest of the page.
fn attach(form: &Form, answers: &mut Answers, sent: &Sent) {
    for (field, file, _) in &sent.files {
        let Some(Kind::File { max_count, .. }) = form.field(field).map(|f| &f.kind) else { continue };
        let files = answers.values.entry(field.clone()).or_insert_with(|| Value::Files(Vec::new()));
        if let Value::Files(files) = files
            && files.len() < *max_count
        {
            files.push(file.clone());
        }
    }
}

/// What was kept of a page that was not checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unchecked {
    All,
    /// What was typed, and not every file.
    WithoutFiles,
    /// Nothing: the page was made from older answers.
    Nothing,
}

/// Keeps what was typed without checking it: while typing, for later, and when the session has ended meanwhile.
pub async fn keep_typed(
    cx: &Cx,
    city: &City,
    id: DraftId,
    bearer: Bearer,
    page: (&str, i64),
    sent: &Sent,
) -> Result<Unchecked> {
    let kept = match keep_typed_page(cx, city, id, bearer, page, sent).await {
        Err(Error::NotFound) => {
            drop_files(city, sent, &[]).await?;
            return Err(Error::NotFound);
        }
        // After another error it is not known what was stored; files nobody names go with the orphans.
        kept => kept?,
    };
    let uploads = kept.as_ref().map(submission::uploads).unwrap_or_default();
    drop_files(city, sent, &uploads).await?;
    let has = |file: &FileRef| uploads.iter().any(|upload| upload.file == file.id);
    Ok(match kept {
        None => Unchecked::Nothing,
        Some(_) if sent.refused.is_empty() && sent.files.iter().all(|(_, file, _)| has(file)) => Unchecked::All,
        Some(_) => Unchecked::WithoutFiles,
    })
}

/// The answers as they are stored now; none when nothing was kept.
async fn keep_typed_page(
    cx: &Cx,
    city: &City,
    id: DraftId,
    bearer: Bearer,
    page: (&str, i64),
    sent: &Sent,
) -> Result<Option<Answers>> {
    let (step, revision) = page;
    let draft = store::draft(&mut city.db.read().await?, id, cx.now()).await?;
    standing(&draft, &cx.actor, bearer)?;
    let (_, form) = catalogue::form(&city.content, &draft.form)?;
    if form.step(step).is_none() {
        return Err(Error::NotFound);
    }
    db::write!(city.db, |tx| {
        let before = store::draft(tx, id, cx.now()).await?;
        if before.revision != revision {
            return Ok(None);
        }
        let mut after = before.clone();
        keep(&mut after.typed, step, &sent.fields);
        // Text is small and is looked at later. Files are taken only on a page that whoever sends them is asked:
        // otherwise strangers could fill the disk behind a page that sends them to the online ID.
        if !sent.files.is_empty() {
            let facts = facts(cx, tx, city).await?;
            if form.read(&before.answers, &facts).map_err(Error::internal)?.page(step).is_some() {
                attach(&form, &mut after.answers, sent);
            }
        }
        for (_, file, stored) in &sent.files {
            if submission::uploads(&after.answers).iter().any(|upload| upload.file == file.id) {
                files::record(tx, cx, stored, &file.name, &file.media_type).await?;
            }
        }
        after.revision += i64::from(after.answers != before.answers);
        after.updated_at = cx.now();
        after.expires_at = expiry(cx, &form)?;
        let stored = store::put_draft(tx, &after, before.revision).await?;
        Ok(stored.then_some(after.answers))
    })
}

/// Deletes a draft and its files. One that was submitted meanwhile stays what it became.
pub async fn discard(cx: &Cx, city: &City, id: DraftId) -> Result<()> {
    let gone = db::write!(city.db, |tx| {
        let Some(draft) = store::any_draft(tx, id).await? else { return Ok(Vec::new()) };
        store::delete_draft(tx, id).await?;
        let uploads = submission::uploads(&draft.answers);
        for upload in &uploads {
            files::forget(tx, cx, upload.file).await?;
        }
        Ok(uploads)
    })?;
    for upload in &gone {
        city.files.remove(upload.file).await?;
    }
    Ok(())
}

/// A submitted application.
pub struct Received {
    pub case: CaseId,
    /// For applicants without account; shown once.
    pub claim_code: Option<String>,
}

/// Why nothing was submitted.
pub enum NotSubmitted {
    /// Something is missing, or the way leads elsewhere: back to the form.
    Incomplete,
    /// The answers are not those that were shown for checking.
    Changed,
}

/// Makes a case of a draft, in the caller's transaction. Sent twice, it is the same case.
///
/// # Errors
/// [`Error::NotFound`] for a draft that is not one's own.
pub async fn submit(
    cx: &Cx,
    tx: &mut Tx,
    id: DraftId,
    bearer: Bearer,
    revision: i64,
) -> Result<Result<Received, NotSubmitted>> {
    let city = cx.city()?;
    let draft = match store::draft(tx, id, cx.now()).await {
        Ok(draft) => draft,
        Err(Error::NotFound) => return again(cx, tx, id, bearer.token).await.map(Ok),
        Err(error) => return Err(error),
    };
    if standing(&draft, &cx.actor, bearer)? != Standing::Owner {
        return Err(Error::SignIn(Level::Basis));
    }
    if draft.revision != revision {
        return Ok(Err(NotSubmitted::Changed));
    }
    let service = catalogue::service(&city.content, &draft.service)?;
    let online = service.online.as_ref().ok_or(Error::NotFound)?;
    let (form_version, form) = catalogue::form(&city.content, &draft.form)?;
    let facts = facts(cx, tx, &city).await?;
    let complete = match form.validate_all(&draft.answers, &facts) {
        Ok(complete) => complete,
        Err(forms::SubmitError::Rule(fault)) => return Err(Error::internal(fault)),
        Err(_) => return Ok(Err(NotSubmitted::Incomplete)),
    };
    let reading = form.read(&complete.answers, &facts).map_err(Error::internal)?;
    let env = feel::Env::at(cx.local_now());
    let level = facts.account.level_code();
    let codes = submission::codes(&reading, level);
    let items = submission::fee(online, &codes, &complete, &*Fees::of(&city.content)?, facts.today, &env)?;
    let fee = items.iter().filter_map(contract_payments::FeeItem::total).sum();
    let vars = submission::process_vars(online, codes, fee, &env)?;
    let party = submission::party(online, &complete.answers, &facts.known, facts.account.level);

    let opened = cx
        .call(
            tx,
            OpenCase {
                service: service.key.clone(),
                plan: online.plan.clone(),
                unit: online.unit.clone(),
                title: service.title.get(Lang::De).to_owned(),
                confidentiality: online.confidentiality.clone(),
                party,
                account: cx.actor.account(),
                lang: cx.lang,
                retention_years: online.retention_years,
                retention_basis: online.retention_basis.clone(),
            },
        )
        .await?;
    let uploads = submission::uploads(&complete.answers);
    let application = store::Application {
        case_id: opened.case,
        draft_id: draft.id,
        number: opened.number,
        service: service.key.clone(),
        form: form.key.clone(),
        form_version,
        account_id: cx.actor.account(),
        token_hash: draft.token_hash,
        answers: serde_json::to_value(&complete)?,
        sections: serde_json::to_value(submission::sections(&reading, cx.lang))?,
        sections_german: serde_json::to_value(submission::sections(&reading, Lang::De))?,
        uploads: serde_json::to_value(&uploads)?,
        level: level.to_owned(),
        submitted_at: cx.now(),
        print_id: None,
    };
    store::add_application(tx, &application).await?;
    for upload in &uploads {
        let document = AddDocument {
            case: opened.case,
            kind: "nachweis".into(),
            title: upload.name.clone(),
            file: upload.file,
            direction: "eingang".into(),
            audience: Audience::Applicant,
        };
        cx.call(tx, document).await?;
    }
    cx.call(tx, SetFees { case: opened.case, items }).await?;
    if let Some(fields) = &online.civil_entry {
        cx.call(tx, submission::civil_entry(fields, &complete.answers, opened.case)).await?;
    }
    cx.call(tx, StartProcess { process: online.process.get_ref().clone(), case: opened.case, vars }).await?;
    let event = ApplicationSubmitted {
        case: opened.case,
        service: service.key.clone(),
        form: form.key.clone(),
        form_version,
        level: level.to_owned(),
        fee_cents: fee,
        uploads: uploads.len(),
    };
    journal::emit(tx, cx, &event).await?;
    jobs::enqueue(tx, cx, &PrintApplication { case: opened.case }).await?;
    // Files of answers that fell away belong to nobody now; their bytes go with the orphans.
    for upload in submission::uploads(&draft.answers) {
        if !uploads.iter().any(|kept| kept.file == upload.file) {
            files::forget(tx, cx, upload.file).await?;
        }
    }
    store::delete_draft(tx, draft.id).await?;
    Ok(Ok(Received { case: opened.case, claim_code: opened.claim_code }))
}

/// Minutes in which the browser that submitted gets a claim code again: the first answer may have been lost.
const CLAIM_AGAIN_MINUTES: i64 = 15;

/// What was submitted before.
async fn again(cx: &Cx, tx: &mut Tx, id: DraftId, token: Option<Hash>) -> Result<Received> {
    let application = store::application_of_draft(tx, id).await?.ok_or(Error::NotFound)?;
    let owner = match application.account_id {
        Some(account) => cx.actor.account() == Some(account),
        None => token == Some(application.token_hash),
    };
    if !owner {
        return Err(Error::NotFound);
    }
    let fresh = cx.now().duration_since(application.submitted_at).as_mins() < CLAIM_AGAIN_MINUTES;
    let claim_code = if application.account_id.is_none() && fresh {
        let until = cx.local_now().checked_add(1.year()).map_err(Error::internal)?.timestamp();
        Some(cx.city()?.identity.issue_claim(tx, cx, application.case_id, until).await?)
    } else {
        None
    };
    Ok(Received { case: application.case_id, claim_code })
}

pub fn stored_sections(value: &serde_json::Value) -> Result<Vec<Section>> {
    Ok(serde_json::from_value(value.clone())?)
}

fn codes(answers: &Answers) -> serde_json::Map<String, serde_json::Value> {
    let code = |value: &Value| match value {
        Value::Choice(code) => Some(code.as_str().into()),
        Value::Choices(codes) => Some(codes.clone().into()),
        _ => None,
    };
    answers.values.iter().filter_map(|(key, value)| Some((key.clone(), code(value)?))).collect()
}

pub async fn application_of(_: &Cx, rx: &mut Rx, q: ApplicationOf) -> Result<Option<Application>> {
    let Some(a) = store::application(rx, q.case).await? else { return Ok(None) };
    Ok(Some(Application {
        sections: stored_sections(&a.sections)?,
        sections_german: stored_sections(&a.sections_german)?,
        service: a.service,
        form: a.form,
        form_version: a.form_version,
        codes: codes(&serde_json::from_value::<forms::Complete>(a.answers)?.answers),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn house_numbers_are_found_at_the_end_only() {
        for (line, street, number) in [
            ("Beispielweg 5", "Beispielweg", "5"),
            ("Beispielweg 12 a", "Beispielweg", "12 a"),
            ("Beispielweg 12a", "Beispielweg", "12a"),
            ("Straße des 17. Juni 135", "Straße des 17. Juni", "135"),
            ("Straße des 17. Juni", "Straße des 17. Juni", ""),
            ("Musterhof", "Musterhof", ""),
            ("7", "7", ""),
            ("", "", ""),
        ] {
            assert_eq!(split_house_number(line), (street.to_owned(), number.to_owned()), "{line}");
        }
    }
}
