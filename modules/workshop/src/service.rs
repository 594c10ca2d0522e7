use bpmn::Edit;
use content::Item;
use db::Tx;
use house::InCity;
use journal::{Evidence, Kind};
use kernel::{Cx, Error, Event, Result, StaffId, Subject, Uuid};
use process_rules::load;
use serde::{Deserialize, Serialize};

use super::{
    lint,
    store::{self, Decision, Draft},
};

/// Longest text of a process or decision, in bytes; as much as a form of a page carries.
pub const LONGEST_BODY: usize = 1_500_000;

/// Drafts are evidence: who changed what, and who released it, cannot be changed afterwards. The people stand in the
/// entries of the journal, so that a row stays provable when somebody is forgotten.
pub const DRAFT: Evidence = Evidence {
    subject: "process-draft",
    table: "processes_draft",
    one: "SELECT kind, key, base_version, body, state, note, reason, decided_at, revision, released_version
          FROM processes_draft WHERE tenant = $1 AND id = $2",
    page: "SELECT id, kind, key, base_version, body, state, note, reason, decided_at, revision, released_version
           FROM processes_draft WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3",
    columns: &[
        ("kind", Kind::Text),
        ("key", Kind::Text),
        ("base_version", Kind::Int),
        ("body", Kind::Text),
        ("state", Kind::Text),
        ("note", Kind::Text),
        ("reason", Kind::Text),
        ("decided_at", Kind::Time),
        ("revision", Kind::Int),
        ("released_version", Kind::Int),
    ],
};

/// A draft was begun.
#[derive(Serialize, Deserialize)]
struct Begun {
    draft: Uuid,
    kind: String,
    key: String,
    base: i64,
}

impl Event for Begun {
    const NAME: &'static str = "processes.draft-begun";
    fn subject(&self) -> Subject {
        of(self.draft)
    }
}

/// A draft was changed.
#[derive(Serialize, Deserialize)]
struct Saved {
    draft: Uuid,
    revision: i64,
}

impl Event for Saved {
    const NAME: &'static str = "processes.draft-saved";
    fn subject(&self) -> Subject {
        of(self.draft)
    }
}

/// A draft was put to review, taken or given back, set upon a newer version, or dropped.
#[derive(Serialize, Deserialize)]
struct Moved {
    draft: Uuid,
    /// `submitted`, `recalled`, `returned`, `rebased` or `dropped`.
    how: String,
}

impl Event for Moved {
    const NAME: &'static str = "processes.draft-moved";
    fn subject(&self) -> Subject {
        of(self.draft)
    }
}

/// A draft became the version that holds.
#[derive(Serialize, Deserialize)]
struct Released {
    draft: Uuid,
    kind: String,
    key: String,
    version: i64,
}

impl Event for Released {
    const NAME: &'static str = "processes.released";
    fn subject(&self) -> Subject {
        of(self.draft)
    }
}

fn of(draft: Uuid) -> Subject {
    Subject { kind: DRAFT.subject, id: draft }
}

pub fn staff(cx: &Cx) -> Result<StaffId> {
    cx.actor.staff().ok_or(Error::StaffSignIn)
}

/// Begins a draft of what is released.
///
/// # Errors
/// `NotFound` when nothing of this kind and key is.
pub async fn begin(cx: &Cx, tx: &mut Tx, kind: &str, key: &str) -> Result<Uuid> {
    if !matches!(kind, "processes" | "decisions") {
        return Err(Error::NotFound);
    }
    let item = cx.city()?.content.get(kind, key).ok_or(Error::NotFound)?;
    add(cx, tx, kind, key, item.version, &item.body).await
}

/// Begins a draft of something that there is not yet: from the empty template, or as a copy of what is released.
///
/// # Errors
/// Refused when the key is taken; `NotFound` when there is nothing to copy.
pub async fn begin_new(cx: &Cx, tx: &mut Tx, kind: &str, key: &str, name: &str, copy: Option<&str>) -> Result<Uuid> {
    let city = cx.city()?;
    if city.content.get(kind, key).is_some() {
        return Err(Error::refused("processes-key-taken"));
    }
    let body = match (kind, copy) {
        ("processes", None) => empty_process(key, name),
        ("decisions", None) => empty_decision(key, name),
        ("processes", Some(source)) => {
            let item = city.content.get(kind, source).ok_or(Error::NotFound)?;
            let model = city.content.parse(&item, load)?;
            let renamed = model.edit(&Edit::SetName { name: name.to_owned() }).map_err(Error::internal)?;
            renamed.to_xml()
        }
        ("decisions", Some(source)) => {
            let item = city.content.get(kind, source).ok_or(Error::NotFound)?;
            dmn::Model::renamed(&item.body, name).map_err(Error::internal)?
        }
        _ => return Err(Error::NotFound),
    };
    add(cx, tx, kind, key, 0, &body).await
}

async fn add(cx: &Cx, tx: &mut Tx, kind: &str, key: &str, base: i64, body: &str) -> Result<Uuid> {
    let author = staff(cx)?;
    let now = cx.now();
    let draft = Draft {
        id: cx.sources.uuid(),
        kind: kind.to_owned(),
        key: key.to_owned(),
        base_version: base,
        body: body.to_owned(),
        state: "draft".to_owned(),
        note: String::new(),
        reason: String::new(),
        author: Some(author),
        reviewer: None,
        created_at: now,
        changed_at: now,
        revision: 1,
        released_version: None,
    };
    store::add(tx, &draft).await?;
    store::add_editor(tx, draft.id, author).await?;
    let event = Begun { draft: draft.id, kind: draft.kind, key: draft.key, base };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(draft.id)
}

/// The draft, if it can be changed: no other one was saved since `revision`.
async fn changeable(tx: &mut Tx, id: Uuid, revision: i64) -> Result<Draft> {
    let draft = store::draft(tx, id).await?;
    if !draft.is_open() {
        return Err(Error::refused("processes-draft-closed"));
    }
    unchanged(&draft, revision)?;
    Ok(draft)
}

/// Saves a new text; `what` names the change for who wants to undo it.
///
/// # Errors
/// `Conflict` when somebody saved after `revision`; refused while it is in review and when it is decided.
pub async fn save(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64, body: &str, what: &str) -> Result<()> {
    let draft = changeable(tx, id, revision).await?;
    if draft.body == body {
        return Ok(());
    }
    store::push_step(tx, &draft, what, cx.now()).await?;
    write(cx, tx, id, revision, body).await
}

async fn write(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64, body: &str) -> Result<()> {
    if !store::set_body(tx, id, revision, body, cx.now()).await? {
        return Err(Error::Conflict("processes-draft-changed"));
    }
    store::add_editor(tx, id, staff(cx)?).await?;
    let event = Saved { draft: id, revision: revision.saturating_add(1) };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(())
}

/// Takes the last change back.
///
/// # Errors
/// As [`save`]; refused when nothing is left to undo.
pub async fn undo(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64) -> Result<()> {
    changeable(tx, id, revision).await?;
    let step = store::last_step(tx, id).await?.ok_or_else(|| Error::refused("processes-nothing-to-undo"))?;
    store::drop_step(tx, id, step.revision).await?;
    write(cx, tx, id, revision, &step.body).await
}

/// Says what changes, and why.
///
/// # Errors
/// As [`save`].
pub async fn describe(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64, note: &str) -> Result<()> {
    let draft = changeable(tx, id, revision).await?;
    if draft.note == note {
        return Ok(());
    }
    if !store::set_note(tx, id, revision, note, cx.now()).await? {
        return Err(Error::Conflict("processes-draft-changed"));
    }
    store::add_editor(tx, id, staff(cx)?).await?;
    let event = Saved { draft: id, revision: revision.saturating_add(1) };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(())
}

/// Puts a draft to review.
///
/// # Errors
/// Refused with what is missing: nothing is said of what changes and why, nothing has changed, or it has faults.
pub async fn submit(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64) -> Result<()> {
    let draft = changeable(tx, id, revision).await?;
    if draft.note.is_empty() {
        return Err(Error::refused("processes-note-missing"));
    }
    let city = cx.city()?;
    let released = city.content.get(&draft.kind, &draft.key);
    if released.as_ref().is_some_and(|item| *item.body == *draft.body) {
        return Err(Error::refused("processes-nothing-changed"));
    }
    sound(cx, &draft)?;
    moved(cx, tx, id, "review", "submitted").await
}

/// # Errors
/// Refused with the number of faults.
fn sound(cx: &Cx, draft: &Draft) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let faults = lint::whole(&app, &city.content, draft);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::refused_with("processes-has-faults", vec![("n", faults.len().to_string())]))
}

async fn moved(cx: &Cx, tx: &mut Tx, id: Uuid, state: &str, how: &str) -> Result<()> {
    store::set_state(tx, id, state, cx.now()).await?;
    let event = Moved { draft: id, how: how.to_owned() };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(())
}

async fn in_review(tx: &mut Tx, id: Uuid) -> Result<Draft> {
    let draft = store::draft(tx, id).await?;
    if draft.state == "review" { Ok(draft) } else { Err(Error::refused("processes-not-in-review")) }
}

/// # Errors
/// `Conflict` when somebody saved after `revision`.
fn unchanged(draft: &Draft, revision: i64) -> Result<()> {
    if draft.revision == revision { Ok(()) } else { Err(Error::Conflict("processes-draft-changed")) }
}

/// Takes a draft back from review, to go on with it.
///
/// # Errors
/// Refused when it is not in review; `Conflict` when it is another state than the one that was seen.
pub async fn recall(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64) -> Result<()> {
    unchanged(&in_review(tx, id).await?, revision)?;
    moved(cx, tx, id, "draft", "recalled").await
}

/// Gives a draft back with a reason.
///
/// # Errors
/// As [`recall`].
pub async fn give_back(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64, reason: &str) -> Result<()> {
    unchanged(&in_review(tx, id).await?, revision)?;
    let decision = Decision { state: "draft", reviewer: staff(cx)?, reason, version: None, at: cx.now() };
    store::decide(tx, id, &decision).await?;
    let event = Moved { draft: id, how: "returned".to_owned() };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(())
}

/// Makes a draft the version that holds from now on; the caller takes it over with `Content::refresh` after the
/// transaction. Instances that run keep theirs.
///
/// # Errors
/// Refused for everybody who changed the draft (Vier-Augen-Prinzip), also where they stand in for somebody who did not;
/// when it is not in review; when it has faults; when another version was released since it began.
pub async fn release(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64) -> Result<i64> {
    let draft = in_review(tx, id).await?;
    let reviewer = staff(cx)?;
    if store::editors(tx, id).await?.contains(&reviewer) || draft.author == Some(reviewer) {
        return Err(Error::refused("processes-own-draft"));
    }
    unchanged(&draft, revision)?;
    sound(cx, &draft)?;
    let outdated = |error| match error {
        Error::Conflict("content-changed") => Error::refused("processes-outdated"),
        other => other,
    };
    let version = if draft.base_version == 0 {
        let name = file_of(&draft);
        content::create(tx, cx, &draft.kind, &draft.key, &name, &draft.body).await.map_err(outdated)?
    } else {
        let seen = content::version(tx, &draft.kind, &draft.key, draft.base_version).await?;
        content::edit(tx, cx, &seen, &draft.body).await.map_err(outdated)?
    };
    let decision = Decision { state: "released", reviewer, reason: "", version: Some(version), at: cx.now() };
    store::decide(tx, id, &decision).await?;
    store::drop_steps(tx, id).await?;
    let event = Released { draft: id, kind: draft.kind, key: draft.key, version };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(version)
}

/// Path of a new process or decision below the city's folder.
pub fn file_of(draft: &Draft) -> String {
    let ending = if draft.is_decision() { "dmn" } else { "bpmn" };
    format!("{}/{}.{ending}", draft.kind, draft.key)
}

/// Says that the newer released version was looked at: the draft replaces that one then. Its text stays as it is.
///
/// # Errors
/// As [`save`]; `NotFound` when nothing is released.
pub async fn rebase(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64) -> Result<()> {
    let draft = changeable(tx, id, revision).await?;
    let item: std::sync::Arc<Item> = cx.city()?.content.get(&draft.kind, &draft.key).ok_or(Error::NotFound)?;
    store::set_base(tx, id, item.version, cx.now()).await?;
    store::add_editor(tx, id, staff(cx)?).await?;
    let event = Moved { draft: id, how: "rebased".to_owned() };
    journal::emit_evidence(tx, cx, &event, None, &DRAFT).await?;
    Ok(())
}

/// Puts a draft aside for good.
///
/// # Errors
/// As [`save`].
pub async fn drop_draft(cx: &Cx, tx: &mut Tx, id: Uuid, revision: i64) -> Result<()> {
    changeable(tx, id, revision).await?;
    store::drop_steps(tx, id).await?;
    moved(cx, tx, id, "dropped", "dropped").await
}

/// Whether a key may be that of a new process: it becomes the name of a file and an id in it.
pub fn is_key(text: &str) -> bool {
    text.len() <= 60
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn xml(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace(|c: char| c.is_control(), " ")
}

/// A process that begins, has one task for a person, and ends.
pub fn empty_process(key: &str, name: &str) -> String {
    let name = xml(name);
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:meer="urn:meer:bpmn:1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="{key}-datei" targetNamespace="urn:meer:processes:{key}">
  <bpmn:process id="{key}" name="{name}" isExecutable="true">
    <bpmn:startEvent id="anfang" name="Anfang"><bpmn:outgoing>weg-1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="weg-1" sourceRef="anfang" targetRef="bearbeiten"/>
    <bpmn:userTask id="bearbeiten" name="Bearbeiten"><bpmn:incoming>weg-1</bpmn:incoming><bpmn:outgoing>weg-2</bpmn:outgoing></bpmn:userTask>
    <bpmn:sequenceFlow id="weg-2" sourceRef="bearbeiten" targetRef="ende"/>
    <bpmn:endEvent id="ende" name="Ende"><bpmn:incoming>weg-2</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
</bpmn:definitions>
"#
    )
}

/// A decision with one table of one rule.
pub fn empty_decision(key: &str, name: &str) -> String {
    let name = xml(name);
    format!(
        r##"<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="{key}-datei" name="{name}"
  namespace="urn:meer:decisions:{key}">
  <inputData id="eingabe_daten" name="eingabe"><variable name="eingabe" typeRef="string"/></inputData>
  <decision id="ergebnis" name="ergebnis">
    <variable name="ergebnis" typeRef="string"/>
    <informationRequirement id="braucht_eingabe"><requiredInput href="#eingabe_daten"/></informationRequirement>
    <decisionTable id="tabelle" hitPolicy="UNIQUE">
      <input id="spalte"><inputExpression typeRef="string"><text>eingabe</text></inputExpression></input>
      <output id="antwort" typeRef="string"/>
      <rule id="regel-1"><inputEntry id="regel-1-wenn"><text>-</text></inputEntry><outputEntry id="regel-1-dann"><text>"muster"</text></outputEntry></rule>
    </decisionTable>
  </decision>
</definitions>
"##
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_can_be_read() {
        let process = bpmn::Model::parse(&empty_process("muster", "Muster & Söhne")).unwrap();
        assert_eq!(process.name(), Some("Muster & Söhne"));
        let faults = process.check(&bpmn::Known::default());
        assert_eq!(faults.len(), 1, "only the form is missing: {faults:?}");
        dmn::Model::parse(&empty_decision("muster", "Muster")).unwrap();
    }

    #[test]
    fn a_key_is_a_plain_word() {
        assert!(is_key("hundesteuer-2"));
        for bad in ["", "2-mal", "Hund", "hund/steuer", "hund steuer", "ä", "../x"] {
            assert!(!is_key(bad), "{bad}");
        }
    }
}
