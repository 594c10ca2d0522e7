use std::io::{Cursor, Write as _};

use contract_records::DocumentsForArchive;
use house::{Call, InCity};
use kernel::{Cx, Error, FileId, Result, Uuid};
use serde::{Deserialize, Serialize};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use crate::{
    service,
    store::{self, Message},
    xdomea::{self, Letter, Primary},
};

/// Largest package, in bytes; a larger offer is handed over in two.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Kind {
    /// 0501, without documents.
    Offer,
    /// 0503, with documents.
    HandOver,
}

impl Kind {
    fn number(self) -> &'static str {
        match self {
            Kind::Offer => "0501",
            Kind::HandOver => "0503",
        }
    }
}

/// Writes a package of an offer and keeps it with the offer.
#[derive(Serialize, Deserialize)]
pub struct WritePackage {
    pub offer: Uuid,
    pub kind: Kind,
}

impl jobs::Job for WritePackage {
    const NAME: &'static str = "records.write-package";

    fn dedup_key(&self) -> Option<String> {
        Some(format!("{} {}", self.offer, self.kind.number()))
    }
}

/// Removes the bytes of a package whose documents the archive has.
#[derive(Serialize, Deserialize)]
pub struct RemovePackage {
    pub file: FileId,
}

impl jobs::Job for RemovePackage {
    const NAME: &'static str = "records.remove-package";
}

/// Forgets the messages of offers of which no case is left; every night.
#[derive(Serialize, Deserialize)]
pub struct ForgetMessages {}

impl jobs::Job for ForgetMessages {
    const NAME: &'static str = "disposal.forget-messages";
}

pub async fn forget_messages(cx: Cx, _: ForgetMessages) -> Result<()> {
    let city = cx.city()?;
    let offers = store::without_cases(&mut city.db.read().await?).await?;
    for offer in offers {
        db::write!(city.db, |tx| { service::forget_messages(&cx, tx, offer).await })?;
    }
    Ok(())
}

pub async fn remove_package(cx: Cx, job: RemovePackage) -> Result<()> {
    cx.city()?.files.remove(job.file).await
}

pub async fn write_package(cx: Cx, job: WritePackage) -> Result<()> {
    let city = cx.city()?;
    let mut rx = city.db.read_long().await?;
    let number = job.kind.number();
    if store::messages(&mut rx, job.offer).await?.iter().any(|message| message.kind == number) {
        return Ok(());
    }
    let offered = service::offered(&cx, &mut rx, job.offer).await?;
    let units = identity::units(&mut rx).await?;
    let mut letters = Vec::with_capacity(offered.len());
    for one in offered {
        if job.kind == Kind::HandOver && one.decision.as_deref() != Some("A") {
            continue;
        }
        let mut documents = Vec::new();
        if job.kind == Kind::HandOver {
            for (view, versions) in cx.ask(&mut rx, DocumentsForArchive { case: one.case.id }).await? {
                let mut all = Vec::with_capacity(versions.len());
                for version in versions {
                    let meta = files::meta(&mut rx, version.file).await?;
                    all.push(Primary::new(version.id, version.n, meta)?);
                }
                documents.push((view, all));
            }
        }
        let leading = &one.case.unit;
        let unit = units.get(leading).map_or_else(|| leading.clone(), |unit| unit.name.clone());
        letters.push(Letter { offered: one, unit, documents });
    }
    drop(rx);
    let message = xdomea::message(&city.file.name, cx.local_now(), job.offer, job.kind, &letters)?;
    let (name, bytes) = pack(&cx, &message, &letters).await?;
    let stored = city.files.put(&cx, bytes).await?;
    let message = Message {
        id: cx.sources.uuid(),
        kind: number.to_owned(),
        name: name.clone(),
        file_id: stored.id,
        at: cx.now(),
    };
    db::write!(city.db, |tx| {
        // Twice is once: the job may run again after a crash.
        if store::messages(tx, job.offer).await?.iter().any(|message| message.kind == number) {
            return Ok(());
        }
        files::record(tx, &cx, &stored, &name, "application/zip").await?;
        store::add_message(tx, job.offer, &message).await?;
        if job.kind == Kind::HandOver {
            store::set_handed_over(tx, job.offer, cx.now()).await?;
        }
        Ok(())
    })
}

/// The ZIP with the message and the files it names.
async fn pack(cx: &Cx, message: &::xdomea::Message, letters: &[Letter]) -> Result<(String, Vec<u8>)> {
    let city = cx.city()?;
    let xml = ::xdomea::write(message).map_err(|faults| Error::internal(format!("{faults:?}")))?;
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut size = 0;
    let mut put = |zip: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, bytes: &[u8]| -> Result<()> {
        size += bytes.len() as u64;
        if size > MOST_BYTES {
            return Err(Error::internal("the package would be larger than 1 GiB: offer fewer cases at once"));
        }
        zip.start_file(name, options).map_err(Error::internal)?;
        zip.write_all(bytes).map_err(Error::internal)
    };
    put(&mut zip, &::xdomea::package::message_name(message), xml.as_bytes())?;
    for (_, primaries) in letters.iter().flat_map(|letter| &letter.documents) {
        for primary in primaries {
            let bytes = match &primary.instead {
                Some(text) => text.clone().into_bytes(),
                None => city.files.read_verified(&primary.meta).await?,
            };
            put(&mut zip, xdomea::file_name(primary)?.as_str(), &bytes)?;
        }
    }
    let bytes = zip.finish().map_err(Error::internal)?.into_inner();
    Ok((::xdomea::package::package_name(message), bytes))
}
