//! Work beside the requests: the print of an application, and what is kept too long.

use contract_records::{AddDocument, Audience};
use house::{App, Call, City, InCity};
use jiff::ToSpan as _;
use kernel::{CaseId, Cx, DocumentId, Error, Result};
use pdf::{Meta, Press, Template};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    catalogue, service,
    store::{self, Application, Upload},
};

/// Prints a submitted application and puts it into the case.
#[derive(Serialize, Deserialize)]
pub struct PrintApplication {
    pub case: CaseId,
}

impl jobs::Job for PrintApplication {
    const NAME: &'static str = "services.print-application";
}

/// Deletes drafts after their last day, and feedback after a year.
#[derive(Serialize, Deserialize)]
pub struct Expire;

impl jobs::Job for Expire {
    const NAME: &'static str = "services.expire";
}

pub async fn print_application(cx: Cx, job: PrintApplication) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read().await?;
    let Some(application) = store::application(&mut rx, job.case).await? else { return Ok(()) };
    if application.print_id.is_some() {
        return Ok(());
    }
    let uploads: Vec<Upload> = serde_json::from_value(application.uploads.clone())?;
    let mut attachments = Vec::new();
    for upload in &uploads {
        let meta = files::meta(&mut rx, upload.file).await?;
        attachments.push(json!({
            "name": upload.name,
            "kind": kind_of(&upload.media_type),
            "bytes": upload.size,
            "sha256": data_encoding::HEXLOWER.encode(&meta.sha256),
        }));
    }
    drop(rx);
    let bytes = print(&cx, &city, &application, attachments).await?;
    let stored = city.files.put(&cx, bytes).await?;
    let name = format!("antrag-{}.pdf", application.number.replace(['/', '.'], "-"));
    db::write!(city.db, |tx| {
        // A second run after a crash finds the print of the first.
        let now = store::application(tx, job.case).await?.ok_or(Error::NotFound)?;
        if now.print_id.is_some() {
            return Ok(());
        }
        files::record(tx, &cx, &stored, &name, "application/pdf").await?;
        let document = AddDocument {
            case: job.case,
            kind: "antrag".into(),
            title: "Antrag".into(),
            file: stored.id,
            direction: "eingang".into(),
            audience: Audience::Applicant,
        };
        let document: DocumentId = cx.call(tx, document).await?;
        store::set_print(tx, job.case, document).await?;
        Ok(())
    })
}

fn kind_of(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "PDF",
        "image/jpeg" => "Bild (JPEG)",
        "image/png" => "Bild (PNG)",
        _ => "Datei",
    }
}

async fn print(cx: &Cx, city: &City, application: &Application, attachments: Vec<Value>) -> Result<Vec<u8>> {
    let app = App::of(cx)?;
    let press = app.shared(|_| Press::new(pdf::bundled_fonts()).map_err(Error::internal))?;
    let includes: Vec<_> = city.content.all("letters").into_iter().filter(|i| i.key != "antrag").collect();
    let template = city.content.parsed("letters", "antrag", |item| {
        let names: Vec<(String, &str)> = includes.iter().map(|i| (format!("{}.typ", i.key), &*i.body)).collect();
        let includes: Vec<(&str, &str)> = names.iter().map(|(name, body)| (name.as_str(), *body)).collect();
        Template::parse("antrag.typ", &item.body, &includes).map_err(Error::internal)
    })?;
    let service = catalogue::service(&city.content, &application.service)?;
    let office = service.office.get(kernel::Lang::De).to_owned();
    let data = print_data(city, application, &office, service.title.get(kernel::Lang::De), attachments)?;
    let (title, id) = (format!("Antrag {}", application.number), application.case_id.to_string());
    let created = application.submitted_at;
    let watermark = app.config.demo.then_some("MUSTER – nicht gültig");
    tokio::task::spawn_blocking(move || {
        let meta = Meta { title: &title, author: &office, lang: "de-DE", created, id: &id, watermark };
        press.print(&template, &data, &meta).map_err(Error::internal)
    })
    .await
    .map_err(Error::internal)?
}

/// What the print shows: the sections as the applicant saw them before submitting.
fn print_data(
    city: &City,
    application: &Application,
    office: &str,
    title: &str,
    attachments: Vec<Value>,
) -> Result<Value> {
    let sender = &city.file.sender;
    let lines = |value: &str| value.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let sections: Vec<Value> = service::stored_sections(&application.sections)?
        .iter()
        .map(|section| {
            let items: Vec<Value> =
                section.rows.iter().map(|(label, value)| json!({"label": label, "value": lines(value)})).collect();
            json!({"title": section.heading(), "items": items})
        })
        .collect();
    let received = application.submitted_at.to_zoned(kernel::berlin()).strftime("%Y-%m-%dT%H:%M").to_string();
    Ok(json!({
        "office": {
            "name": office,
            "address": [sender.street, format!("{} {}", sender.postal_code, sender.city)],
        },
        "title": title,
        "case_number": application.number,
        "received": received,
        "facts": [{"label": "Angemeldet", "value": signed_in(&application.level)}],
        "sections": sections,
        "attachments": attachments,
    }))
}

fn signed_in(level: &str) -> &'static str {
    match level {
        "hoch" => "mit Online-Ausweis, Vertrauensniveau „hoch“",
        "substantiell" => "Vertrauensniveau „substantiell“",
        "vor-ort" => "mit Konto, Ausweis im Bürgerbüro geprüft",
        "basis" => "mit Konto und Passwort",
        _ => "ohne Anmeldung",
    }
}

/// Days feedback is kept.
const FEEDBACK_DAYS: i64 = 365;
const BATCH: i64 = 100;

pub async fn expire(cx: Cx, _: Expire) -> Result<()> {
    let city = cx.city()?;
    loop {
        let drafts = store::expired_drafts(&mut city.db.read().await?, cx.now(), BATCH).await?;
        for draft in &drafts {
            service::discard(&cx, &city, draft.id).await?;
        }
        if drafts.is_empty() {
            break;
        }
    }
    let before = cx.local_now().checked_sub(FEEDBACK_DAYS.days()).map_err(Error::internal)?.timestamp();
    db::write!(city.db, |tx| { store::delete_feedback_before(tx, before).await })?;
    Ok(())
}
