//! The messages of an offer in the words of xdomea 3.0.0.

use ::xdomea::{
    Aussonderungsart, Bewertungsvorschlag, Coded, Date as Day, Dateiname, Inhalt, Message, Uuid as Id,
    Vertraulichkeitsstufe,
    model::{
        Aktenplaneinheit, AllgemeineMetadaten, Anbieteverzeichnis, ArchivspezifischeMetadaten, Aufbewahrungsdauer,
        Aussonderung, Bewertung, Dateiformat, Dokument, Dokumentversion, Format, Identifikation, Kontakt,
        Nachrichtenkopf, NameOrganisation, Primaerdokument, Schriftgutobjekt, SendendesSystem, Vorgang, Zeitraum,
    },
};
use contract_records::{DocumentView, deletable_from};
use files::{Meta, Scan};
use jiff::Zoned;
use kernel::{Error, Result, Uuid};

use crate::{
    jobs::Kind,
    service::{Offered, day},
};

/// A case with everything a message says of it.
pub struct Letter {
    pub offered: Offered,
    /// Name of the leading unit.
    pub unit: String,
    /// Empty in an offer.
    pub documents: Vec<(DocumentView, Vec<Primary>)>,
}

/// Bytes of a version.
pub struct Primary {
    /// Of the version: one that took over an older one shares its bytes, and has a file of its own.
    pub id: Uuid,
    pub n: i64,
    pub meta: Meta,
    /// What lies in the package in place of bytes with malware.
    pub instead: Option<String>,
}

impl Primary {
    /// # Errors
    /// [`Error::Peer`] for bytes that nobody has scanned: the hand-over waits for the scanner.
    pub fn new(id: Uuid, n: i64, meta: Meta) -> Result<Primary> {
        match &meta.scan {
            Scan::Own | Scan::Clean { .. } | Scan::Elsewhere { .. } => Ok(Primary { id, n, meta, instead: None }),
            Scan::Unchecked => Err(Error::Peer {
                peer: "scanner",
                message: format!("{:?} is to be handed over and was not scanned yet", meta.id),
            }),
            Scan::Infected { signature, .. } => {
                let hash: String = meta.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
                let text = format!(
                    "Die Datei „{}“ wurde nicht übergeben. Sie ist gesperrt: Schadsoftware gefunden ({signature}).\n\
                     SHA-256 der gesperrten Datei: {hash}\n",
                    meta.name
                );
                let name = format!("nicht-uebergeben-{}.txt", meta.name);
                let media_type = "text/plain; charset=utf-8".to_owned();
                Ok(Primary { id, n, meta: Meta { name, media_type, ..meta }, instead: Some(text) })
            }
        }
    }
}

/// Version of the code list `dateiformat` that the codes below are of.
const FORMATS: &str = "2.0";

/// Code of the list `dateiformat`, ending and, for what the list does not have, a name.
fn format_of(media_type: &str) -> (&'static str, &'static str, Option<&'static str>) {
    match media_type.split(';').next().unwrap_or_default() {
        "application/pdf" => ("018", "pdf", None),
        "image/jpeg" => ("011", "jpg", None),
        "image/png" => ("019", "png", None),
        "text/plain" => ("045", "txt", None),
        "message/rfc822" => ("100", "eml", Some("E-Mail (RFC 5322)")),
        "application/vnd.ms-outlook" => ("100", "msg", Some("E-Mail (Outlook)")),
        _ => ("100", "bin", Some("unbekannt")),
    }
}

/// Name of a file beside the message: a UUID of its own, not that of the document.
pub fn file_name(primary: &Primary) -> Result<Dateiname> {
    let (_, ending, _) = format_of(&primary.meta.media_type);
    let id = id(primary.id)?;
    Dateiname::new(&id, None, ending).ok_or_else(|| Error::internal("a file name that xdomea does not know"))
}

fn id(uuid: Uuid) -> Result<Id> {
    Id::parse(&uuid.to_string()).ok_or_else(|| Error::internal("a UUID that xdomea does not know"))
}

fn xs(date: kernel::Date) -> Option<Day> {
    Day::parse(&date.to_string())
}

/// The message of an offer; its id is the ProzessID.
pub fn message(city: &str, now: Zoned, offer: Uuid, kind: Kind, letters: &[Letter]) -> Result<Message> {
    let office = |name: &str| Kontakt {
        institution: Some(NameOrganisation { name: Some(name.to_owned()), kurzbezeichnung: None }),
        ..Kontakt::default()
    };
    let written = now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let kopf = Nachrichtenkopf {
        prozess_id: id(offer)?,
        erstellungszeitpunkt: ::xdomea::DateTime::parse(&written).ok_or_else(|| Error::internal(&written))?,
        absender: office(city),
        empfaenger: office(&format!("{city}, Stadtarchiv")),
        sendendes_system: Some(SendendesSystem {
            produktname: Some("Meer".into()),
            version: Some(env!("CARGO_PKG_VERSION").into()),
            ..SendendesSystem::default()
        }),
        ..Nachrichtenkopf::default()
    };
    let schriftgutobjekte =
        letters.iter().map(|letter| Ok(Schriftgutobjekt::Vorgang(case(letter)?))).collect::<Result<Vec<_>>>()?;
    let inhalt = match kind {
        Kind::Offer => Inhalt::Anbieteverzeichnis(Anbieteverzeichnis {
            empfangsbestaetigung: true,
            schriftgutobjekte,
            ..Anbieteverzeichnis::default()
        }),
        Kind::HandOver => Inhalt::Aussonderung(Aussonderung {
            rueckmeldung_archivkennung: true,
            empfangsbestaetigung: true,
            schriftgutobjekte,
            ..Aussonderung::default()
        }),
    };
    Ok(Message { kopf, inhalt })
}

fn case(letter: &Letter) -> Result<Vorgang> {
    let (offered, case) = (&letter.offered, &letter.offered.case);
    let closed = case.closed_at.map(day);
    let years = u16::try_from(case.retention_years).unwrap_or(u16::MAX);
    let ende = case.closed_at.and_then(|at| deletable_from(at, case.retention_years).yesterday().ok());
    let confidentiality = match case.confidentiality.as_str() {
        "normal" => Vertraulichkeitsstufe::Offen,
        "vertraulich" => Vertraulichkeitsstufe::NurFuerDenDienstgebrauch,
        _ => Vertraulichkeitsstufe::Vertraulich,
    };
    let decided = match offered.decision.as_deref() {
        Some("A") => Aussonderungsart::Archivwuerdig,
        Some("V") => Aussonderungsart::Vernichten,
        _ => Aussonderungsart::Bewerten,
    };
    let dokumente = letter.documents.iter().map(|(view, all)| document(view, all)).collect::<Result<Vec<_>>>()?;
    Ok(Vorgang {
        identifikation: Identifikation { id: id(case.id.uuid())?, ..Identifikation::default() },
        allgemeine_metadaten: Some(AllgemeineMetadaten {
            betreff: Some(case.title.clone()),
            kennzeichen: Some(case.number.clone()),
            federfuehrung: Some(letter.unit.clone()),
            vertraulichkeitsstufe: Some(Coded::from(confidentiality)),
            medium: Some(Coded::from(match case.medium.as_str() {
                "hybrid" => ::xdomea::Medium::Hybrid,
                "paper" => ::xdomea::Medium::Papier,
                _ => ::xdomea::Medium::Elektronisch,
            })),
            aktenplaneinheit: Some(Aktenplaneinheit {
                kennzeichen: Some(case.entry.clone()),
                ..Aktenplaneinheit::default()
            }),
            ..AllgemeineMetadaten::default()
        }),
        archivspezifische_metadaten: Some(ArchivspezifischeMetadaten {
            aufbewahrungsdauer: Some(Aufbewahrungsdauer::Jahre(years)),
            aussonderungsart: Some(Bewertung::Aussonderungsart(Coded::from(decided))),
            bewertungsvorschlag: (offered.proposal == "A").then(|| Coded::from(Bewertungsvorschlag::Archivwuerdig)),
            aufbewahrungsende: ende.and_then(xs),
            ..ArchivspezifischeMetadaten::default()
        }),
        zda: Some(closed.is_some()),
        zda_datum: closed.and_then(xs),
        laufzeit: Some(Zeitraum { beginn: xs(day(case.opened_at)), ende: closed.and_then(xs) }),
        dokumente,
        ..Vorgang::default()
    })
}

fn document(view: &DocumentView, versions: &[Primary]) -> Result<Dokument> {
    let versionen = versions
        .iter()
        .map(|primary| {
            let (code, _, other) = format_of(&primary.meta.media_type);
            Ok(Dokumentversion {
                nummer: primary.n.to_string(),
                formate: vec![Format {
                    name: Dateiformat { code: code.into(), list_version: FORMATS.into() },
                    sonstiger_name: other.map(str::to_owned),
                    version: String::new(),
                    primaerdokument: Primaerdokument {
                        dateiname: file_name(primary)?,
                        dateiname_original: Some(primary.meta.name.clone()),
                        ..Primaerdokument::default()
                    },
                }],
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let added = xs(day(view.added_at));
    Ok(Dokument {
        identifikation: Identifikation { id: id(view.id.uuid())?, ..Identifikation::default() },
        allgemeine_metadaten: Some(AllgemeineMetadaten {
            betreff: Some(view.title.clone()),
            ..AllgemeineMetadaten::default()
        }),
        posteingangsdatum: added.clone().filter(|_| view.direction == "eingang"),
        postausgangsdatum: added.filter(|_| view.direction == "ausgang"),
        typ: Some(view.kind.clone()),
        versionen,
        ..Dokument::default()
    })
}
