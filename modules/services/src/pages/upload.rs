//! What a page of a form sends: fields and files, read piece by piece and looked at before anything is kept.

use axum::{
    Form,
    extract::{FromRequest, Multipart, Request},
};
use files::{Accept, Refusal, Scan, Type};
use forms::{FieldError, FileKind, FileRef, Kind};
use house::{FormData, FormField, Req};
use http::header;
use kernel::{Error, Result};

use super::minutes;
use crate::{
    service::{self, Sent},
    store::{self, DraftBytes},
};

/// Largest body of a page with files. Of larger files the rest is read and thrown away, so that the person gets a page
/// that says so and not a broken connection.
pub const MOST_BYTES: usize = 256 * 1024 * 1024;
/// Files of one page that are kept together, in bytes.
const MOST_KEPT: usize = 60_000_000;
/// Longest text of all fields of a page, in bytes.
const MOST_TEXT: usize = 1_000_000;
const MOST_PARTS: usize = 2_000;

/// Reads the page. Files go to disk now and get a row only with the answer they belong to.
///
/// # Errors
/// What no browser sends is [`Error::Invalid`].
pub async fn read(rq: &Req, form: &forms::Form, step: &str, request: Request) -> Result<Sent> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    if content_type.starts_with("multipart/form-data") {
        let multipart = Multipart::from_request(request, &()).await.map_err(|_| malformed())?;
        let mut sent = Sent::default();
        let patience = files::Patience::default();
        let parts = Parts { rq, form, step, kept: 0, text: 0, told: false, patience };
        let read = parts.read(FormData::new(multipart), &mut sent).await;
        if read.is_err() {
            service::drop_files(&rq.city, &sent, &[]).await?;
        }
        return read.map(|()| sent);
    }
    let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &()).await.map_err(|_| malformed())?;
    if fields.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MOST_TEXT {
        return Err(malformed());
    }
    Ok(Sent { fields, ..Sent::default() })
}

fn malformed() -> Error {
    Error::invalid("", "malformed")
}

struct Parts<'a> {
    rq: &'a Req,
    form: &'a forms::Form,
    step: &'a str,
    kept: usize,
    text: usize,
    /// That the form broke off was said at the file in which it did.
    told: bool,
    patience: files::Patience,
}

/// How a file field limits what it takes.
struct Limits {
    accept: Accept,
    kinds: String,
}

impl Parts<'_> {
    async fn read(mut self, mut parts: FormData, sent: &mut Sent) -> Result<()> {
        let mut room = MOST_PARTS;
        while room > 0
            && let Some(part) = parts.next().await
        {
            room -= 1;
            self.part(part, sent).await?;
        }
        let whole = room > 0 && parts.cut().is_none();
        if whole || self.told {
            return Ok(());
        }
        // What came before the break is kept.
        let first = self.form.step(self.step).and_then(|s| s.fields().iter().find(|f| is_file(&f.kind)));
        let field = first.map(|f| f.key.clone()).unwrap_or_default();
        sent.refused.push(FieldError::new(field, "upload-broken"));
        Ok(())
    }

    async fn part(&mut self, mut part: FormField<'_>, sent: &mut Sent) -> Result<()> {
        let name = part.name().to_owned();
        let Some(file_name) =
            part.file_name().map(|name| if name.is_empty() { String::new() } else { files::clean_name(name) })
        else {
            let mut value = Vec::new();
            while let Some(chunk) = part.chunk().await {
                self.text += chunk.len();
                if self.text > MOST_TEXT {
                    return Err(malformed());
                }
                value.extend_from_slice(&chunk);
            }
            sent.fields.push((name, String::from_utf8_lossy(&value).into_owned()));
            return Ok(());
        };
        let limits = self.limits(&name);
        let room = limits.as_ref().map_or(0, |l| l.accept.max.min(MOST_KEPT - self.kept));
        let (mut bytes, mut size) = (Vec::new(), 0usize);
        while let Some(chunk) = part.chunk().await {
            size = size.saturating_add(chunk.len());
            if size <= room {
                bytes.extend_from_slice(&chunk);
            } else {
                bytes = Vec::new();
            }
        }
        if part.cut().is_some() {
            sent.refused.push(FieldError::new(&name, "upload-broken"));
            self.told = true;
            return Ok(());
        }
        // A field that takes no files, and a file control left empty.
        let Some(limits) = limits else { return Ok(()) };
        if file_name.is_empty() && size == 0 {
            return Ok(());
        }
        let found = if size > room { Err(Refusal::TooLarge) } else { files::accept(&bytes, limits.accept) };
        match found {
            Ok(found) => {
                if let Some(error) = self.exhausted(&name, size).await? {
                    sent.exhausted = true;
                    sent.refused.push(error);
                    return Ok(());
                }
                self.kept += size;
                let stored = self.rq.city.files.take_in_within(&self.rq.cx, bytes, &mut self.patience).await?;
                if let Scan::Infected { signature, .. } = &stored.scan {
                    // Whoever sent it is still there and can choose another one: nothing of it stays.
                    self.rq.city.files.remove(stored.id).await?;
                    let error = FieldError::new(&name, files::INFECTED).with("name", &file_name);
                    sent.refused.push(error.with("signature", signature));
                    return Ok(());
                }
                let file = FileRef {
                    id: stored.id,
                    name: file_name,
                    size: u64::try_from(size).map_err(Error::internal)?,
                    media_type: found.media_type().to_owned(),
                };
                sent.files.push((name, file, stored));
            }
            Err(refusal) => {
                let error = FieldError::new(&name, code(refusal)).with("name", &file_name);
                sent.refused.push(error.with("max", limits.accept.max / 1_000_000).with("kinds", &limits.kinds));
            }
        }
        Ok(())
    }

    /// Counts a good file before it goes to disk; what speaks against one more, if the address or the city has had its
    /// share.
    async fn exhausted(&self, name: &str, size: usize) -> Result<Option<FieldError>> {
        let (city, limits) = (&self.rq.city, &self.rq.app.config.limits);
        let bytes = |size: usize| i64::try_from(size).map_err(Error::internal);
        let waiting = store::draft_bytes(&mut city.db.read().await?).await?;
        let signed_in = self.rq.cx.actor.account().is_some();
        if bytes(self.kept + size)? > room(waiting, signed_in, i64::from(limits.draft_megabytes) * 1_000_000) {
            tracing::warn!(city = %city.key, signed_in, waiting = waiting.total, guests = waiting.guests, "files of drafts have reached their limit (limits.draft_megabytes)");
            return Ok(Some(FieldError::new(name, "upload-full")));
        }
        let (size, most) = (bytes(size)?, i64::from(limits.upload_megabytes_per_hour) * 1_000_000);
        let admitted = db::write!(city.db, |tx| {
            city.identity.admit_hourly(tx, &self.rq.cx, self.rq.caller, "upload", size, most).await
        });
        match admitted {
            Ok(()) => Ok(None),
            Err(Error::Throttled { seconds }) => {
                Ok(Some(FieldError::new(name, "upload-hour").with("wait", minutes(self.rq, seconds))))
            }
            Err(error) => Err(error),
        }
    }

    fn limits(&self, name: &str) -> Option<Limits> {
        let step = self.form.step(self.step)?;
        let key = name.rsplit('.').next().unwrap_or(name);
        let field = step.fields().iter().find(|f| f.key == key)?;
        let Kind::File { accept, max_bytes, .. } = &field.kind else { return None };
        let types: &'static [Type] = match accept.as_slice() {
            [FileKind::Pdf] => &[Type::Pdf],
            kinds if kinds.contains(&FileKind::Pdf) => &[Type::Pdf, Type::Jpeg, Type::Png],
            _ => &[Type::Jpeg, Type::Png],
        };
        let kinds = accept.iter().map(|kind| kind.label()).collect::<Vec<_>>().join(", ");
        let max = usize::try_from(*max_bytes).unwrap_or(usize::MAX);
        Some(Limits { accept: Accept { types, max }, kinds })
    }
}

/// Bytes by which the files of drafts may still grow. Drafts without an account fill at most half of what a city
/// allows: strangers cannot shut out whoever is signed in.
fn room(waiting: DraftBytes, signed_in: bool, most: i64) -> i64 {
    let all = most.saturating_sub(waiting.total);
    if signed_in { all } else { all.min((most / 2).saturating_sub(waiting.guests)) }
}

/// The text is `error-<code>`; two of them belong to the forms.
pub(crate) fn code(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::WrongType => "file-type",
        refusal => refusal.code(),
    }
}

fn is_file(kind: &Kind) -> bool {
    matches!(kind, Kind::File { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_without_an_account_leave_half_of_the_room_to_those_who_are_signed_in() {
        for (total, guests, signed_in, left) in [
            (0, 0, false, 50),
            (0, 0, true, 100),
            (50, 50, false, 0),
            (50, 50, true, 50),
            (80, 0, false, 20),
            (100, 20, false, 0),
            (100, 20, true, 0),
            (120, 60, false, -20),
        ] {
            assert_eq!(room(DraftBytes { total, guests }, signed_in, 100), left, "{total} {guests} {signed_in}");
        }
    }
}
