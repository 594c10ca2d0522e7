//! How long a large hand-over takes: 1,000 cases of 20 documents, written and read.
//! `cargo run --release -p xdomea --example speed`

use std::time::Instant;

use xdomea::model::*;
use xdomea::{DateTime, Dateiname, Message, Uuid, read, write};

const ROUNDS: u32 = 5;

fn uuid(number: usize) -> Option<Uuid> {
    Uuid::parse(&format!("0b0d1f6e-2a77-4d0e-9c51-{number:012x}"))
}

fn handover() -> Option<Message> {
    let mut vorgaenge = Vec::new();
    for case in 0..1_000 {
        let mut dokumente = Vec::new();
        for number in 0..20 {
            let id = uuid(case * 100 + number)?;
            let metadaten = AllgemeineMetadaten {
                betreff: Some(format!("Antrag {number} auf Erteilung einer Bescheinigung")),
                kennzeichen: Some(format!("33.20/2026/{case:06}-{number}")),
                ..AllgemeineMetadaten::default()
            };
            let primaerdokument = Primaerdokument {
                dateiname: Dateiname::new(&id, Some("Antrag"), "pdf")?,
                datum_uhrzeit: DateTime::parse("2026-11-23T12:00:00Z"),
                ..Primaerdokument::default()
            };
            let name = Dateiformat { code: "018".to_owned(), list_version: "2.0".to_owned() };
            let format = Format { name, version: "2b".to_owned(), primaerdokument, sonstiger_name: None };
            let version = Dokumentversion { nummer: "1".to_owned(), formate: vec![format] };
            dokumente.push(Dokument {
                identifikation: Identifikation { id, nummer_im_uebergeordneten_container: Some(number.to_string()) },
                allgemeine_metadaten: Some(metadaten),
                versionen: vec![version],
                ..Dokument::default()
            });
        }
        let identifikation = Identifikation { id: uuid(case)?, nummer_im_uebergeordneten_container: None };
        vorgaenge.push(Schriftgutobjekt::Vorgang(Vorgang { identifikation, dokumente, ..Vorgang::default() }));
    }
    let kopf = Nachrichtenkopf {
        prozess_id: uuid(0)?,
        erstellungszeitpunkt: DateTime::parse("2026-11-23T12:00:00Z")?,
        ..Nachrichtenkopf::default()
    };
    let inhalt = Inhalt::Aussonderung(Aussonderung { schriftgutobjekte: vorgaenge, ..Aussonderung::default() });
    Some(Message { kopf, inhalt })
}

fn main() {
    let message = handover().expect("the sample's own values are valid");
    let xml = write(&message).expect("the sample can be written");
    println!("{} documents, {} kB", 20_000, xml.len() / 1024);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        assert!(write(&message).is_ok());
    }
    println!("write: {:?}", start.elapsed() / ROUNDS);
    let start = Instant::now();
    for _ in 0..ROUNDS {
        assert!(read(&xml).is_ok());
    }
    println!("read: {:?}", start.elapsed() / ROUNDS);
}
