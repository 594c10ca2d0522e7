use contract_records::CaseView;
use house::Req;
use kernel::{Error, Result};
use message::{Kind, Message};
use ui::Page;

use super::{
    service::{self, Filed, Piece, Words},
    store,
};

fn words(page: &Page) -> Words {
    Words {
        from: page.t("records-mail-from"),
        to: page.t("records-mail-to"),
        sent: page.t("records-mail-sent"),
        subject: page.t("records-mail-subject"),
        untitled: page.t("records-mail-untitled"),
    }
}

/// Reads a message and files it with its enclosures; the notice, or what is wrong with the file.
pub async fn capture(
    rq: &Req,
    page: &Page,
    case: &CaseView,
    kind: Kind,
    name: &str,
    bytes: Vec<u8>,
) -> Result<Result<&'static str, String>> {
    // Taking a message apart takes a core for a while: not on a thread that answers requests.
    let read = tokio::task::spawn_blocking(move || (message::read(kind, &bytes), bytes)).await;
    let (read, bytes) = read.map_err(Error::internal)?;
    let message: Message = match read {
        Ok(message) => message,
        Err(fault) => return Ok(Err(fault.to_string())),
    };
    let identity = service::identity(&message, &bytes);
    if store::known(&mut rq.city.db.read().await?, case.id, &identity).await?.is_some() {
        return Ok(Ok("records-done-mail-known-fehler"));
    }
    let (mut stored, mut patience) = (Vec::new(), files::Patience::default());
    for piece in service::pieces(&words(page), &message, kind, &files::clean_name(name), bytes) {
        let content = rq.city.files.take_in_within(&rq.cx, piece.content, &mut patience).await?;
        let Piece { parent, title, name, media_type, .. } = piece;
        stored.push(Piece { parent, title, name, media_type, content });
    }
    let filed = db::write!(rq.city.db, |tx| { service::file(&rq.cx, tx, case, &message, &identity, &stored).await });
    // Refused, or somebody else was faster. After another error it is not known what was stored; files nobody names go with
    // the orphans.
    if matches!(filed, Ok(Filed::Known(_)) | Err(Error::Refused(_) | Error::Forbidden)) {
        for piece in &stored {
            rq.city.files.remove(piece.content.id).await?;
        }
    }
    let infected = stored.iter().any(|piece| matches!(piece.content.scan, files::Scan::Infected { .. }));
    Ok(Ok(match filed? {
        Filed::Known(_) => "records-done-mail-known-fehler",
        Filed::Filed(_) if infected => "records-done-infected-fehler",
        Filed::Filed(_) if stored.iter().any(|piece| piece.content.scan == files::Scan::Unchecked) => {
            "records-done-mail-unchecked"
        }
        Filed::Filed(_) if !message.left_out.is_empty() => "records-done-mail-without",
        Filed::Filed(_) => "records-done-mail",
    }))
}
