//! Names in a package, and packages that are incomplete or dangerous.

use xdomea::model::*;
use xdomea::package::{Entry, Finding, Limits, check, files, message_name, package_name, parse_name};
use xdomea::{DateTime, Dateiname, Message, Uuid};

const PROZESS: &str = "0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a01";

fn uuid(last: u8) -> Uuid {
    Uuid::parse(&format!("0b0d1f6e-2a77-4d0e-9c51-5d8f4f4f1a{last:02x}")).unwrap()
}

fn dateiname(last: u8, rest: &str) -> Dateiname {
    Dateiname::parse(&format!("{}{rest}", uuid(last))).unwrap()
}

fn dokument(files: &[Dateiname]) -> Dokument {
    let format = |dateiname: &Dateiname| Format {
        primaerdokument: Primaerdokument { dateiname: dateiname.clone(), ..Primaerdokument::default() },
        ..Format::default()
    };
    let version = Dokumentversion { nummer: "1".to_owned(), formate: files.iter().map(format).collect() };
    Dokument { versionen: vec![version], ..Dokument::default() }
}

/// A hand-over with a letter, a document with an attachment, and a signature in a file of its own.
fn handover() -> Message {
    let mut with_signature = dokument(&[dateiname(3, "_Bescheid.pdf")]);
    with_signature.versionen[0].formate[0].primaerdokument.signatur_siegel =
        Some(SignaturSiegel::Dateien(vec![dateiname(4, ".p7s")]));
    with_signature.anlagen.push(Anlage { dokument: dokument(&[dateiname(5, "")]), nummer: None });
    let vorgang = Vorgang { dokumente: vec![with_signature], ..Vorgang::default() };
    let akte = Akte { teilakten: vec![Akte { vorgaenge: vec![vorgang], ..Akte::default() }], ..Akte::default() };
    message(Inhalt::Aussonderung(Aussonderung {
        anschreiben: vec![dokument(&[dateiname(2, "_Vorblatt.pdf")])],
        schriftgutobjekte: vec![Schriftgutobjekt::Akte(akte)],
        ..Aussonderung::default()
    }))
}

fn message(inhalt: Inhalt) -> Message {
    let kopf = Nachrichtenkopf {
        prozess_id: Uuid::parse(PROZESS).unwrap(),
        erstellungszeitpunkt: DateTime::parse("2026-11-23T12:00:00Z").unwrap(),
        ..Nachrichtenkopf::default()
    };
    Message { kopf, inhalt }
}

fn found(message: &Message, names: &[&str]) -> Vec<Finding> {
    let entries: Vec<Entry> = names.iter().map(|name| Entry { name, size: 7 }).collect();
    check(message, &entries, Limits::default())
}

fn complete(message: &Message) -> Vec<String> {
    let files = files(message).into_iter().map(|file| file.as_str().to_owned());
    std::iter::once(message_name(message)).chain(files).collect()
}

#[test]
fn packages_and_messages_are_called_after_process_and_type() {
    let message = handover();
    assert_eq!(package_name(&message), format!("{PROZESS}_Aussonderung.Aussonderung.0503.zip"));
    assert_eq!(message_name(&message), format!("{PROZESS}_Aussonderung.Aussonderung.0503.xml"));
    let parsed = parse_name(&package_name(&message)).unwrap();
    assert_eq!(parsed, (Uuid::parse(PROZESS).unwrap(), "Aussonderung.Aussonderung.0503"));
    for other in
        ["a.zip", "a_Aussonderung.Aussonderung.0503.zip", &format!("{PROZESS}_0503_1.zip"), &format!("{PROZESS}_.xml")]
    {
        assert_eq!(parse_name(other), None, "{other}");
    }
}

#[test]
fn every_file_a_message_names_must_lie_beside_it() {
    let message = handover();
    assert_eq!(files(&message).len(), 4);
    let names = complete(&message);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(found(&message, &names), []);
    for missing in 1..names.len() {
        let mut left = names.clone();
        let name = left.remove(missing).to_owned();
        assert_eq!(found(&message, &left), [Finding::Missing(name)]);
    }
    assert_eq!(found(&message, &names[1..]), [Finding::NoMessage(names[0].to_owned())]);
    let more = [&names[..], &["Thumbs.db"]].concat();
    assert_eq!(found(&message, &more), [Finding::Extra("Thumbs.db".to_owned())]);
}

#[test]
fn an_offer_brings_no_files_of_what_is_offered() {
    let Inhalt::Aussonderung(aussonderung) = handover().inhalt else { panic!() };
    let offer = message(Inhalt::Anbieteverzeichnis(Anbieteverzeichnis {
        anschreiben: aussonderung.anschreiben,
        schriftgutobjekte: aussonderung.schriftgutobjekte,
        ..Anbieteverzeichnis::default()
    }));
    assert_eq!(files(&offer), [&dateiname(2, "_Vorblatt.pdf")]);
}

#[test]
fn names_that_lead_out_of_the_folder_are_dangerous() {
    let message = handover();
    let names = complete(&message);
    for name in [
        "../x",
        "..\\x",
        "/etc/passwd",
        "C:x",
        "c:\\x",
        "a/b",
        "ordner/",
        "..",
        "",
        "a\u{0}b",
        "a\nb",
        "NUL",
        "con.txt",
        "Com1.pdf",
        "LPT9",
    ] {
        let entries: Vec<&str> = names.iter().map(String::as_str).chain([name]).collect();
        let found = found(&message, &entries);
        assert_eq!(found, [Finding::Unsafe(name.to_owned())]);
        assert!(found[0].is_danger());
    }
    assert!(Dateiname::parse(&format!("{}/../x", uuid(1))).is_none());
    assert!(Dateiname::parse(&format!("{}\\x", uuid(1))).is_none());
}

#[test]
fn doubled_names_are_dangerous_and_odd_ones_are_told() {
    let message = handover();
    let mut names = complete(&message);
    names.push(names[1].to_uppercase());
    let entries: Vec<&str> = names.iter().map(String::as_str).collect();
    let all = found(&message, &entries);
    assert!(all.contains(&Finding::Twice(names[1].to_uppercase())), "{all:?}");
    for odd in ["AW: x.pdf", "a?.pdf", "x\u{202E}fdp.exe", " a", "a.", &"x".repeat(256)] {
        assert!(found(&message, &[odd]).contains(&Finding::Unportable(odd.to_owned())), "{odd}");
    }
}

#[test]
fn a_file_named_twice_and_an_empty_one_are_told() {
    let file = dateiname(3, ".pdf");
    let twice = message(Inhalt::Aussonderung(Aussonderung {
        schriftgutobjekte: vec![Schriftgutobjekt::Dokument(dokument(&[file.clone(), file.clone()]))],
        ..Aussonderung::default()
    }));
    let own = message_name(&twice);
    let entries = [Entry { name: &own, size: 1 }, Entry { name: file.as_str(), size: 0 }];
    let name = file.as_str().to_owned();
    assert_eq!(check(&twice, &entries, Limits::default()), [Finding::NamedTwice(name.clone()), Finding::Empty(name)]);
}

#[test]
fn packages_that_unpack_to_too_much_are_refused() {
    let message = handover();
    let limits = Limits { entries: 2, file: 10, all: 15 };
    let names = complete(&message);
    let entries: Vec<Entry> = names.iter().map(|name| Entry { name, size: u64::MAX }).collect();
    let found = check(&message, &entries, limits);
    assert_eq!(found.iter().filter(|finding| matches!(finding, Finding::TooLarge(_))).count(), 2 + names.len());
    assert!(found.iter().all(Finding::is_danger));
}

#[test]
fn file_names_are_made_from_any_subject() {
    let id = uuid(9);
    let made = Dateiname::new(&id, Some("../AW: Grüße/Ä <1>"), "PDF").unwrap();
    assert_eq!(made.as_str(), format!("{id}_.._AW__Grüße_Ä__1_.PDF"));
    assert_eq!(Dateiname::new(&id, None, "txt").unwrap().as_str(), format!("{id}.txt"));
    assert!(Dateiname::new(&id, Some(&"ä".repeat(500)), "pdf").unwrap().as_str().len() < 255);
    for extension in ["", "p/f", "tar.gz", "waytoolongforextension"] {
        assert_eq!(Dateiname::new(&id, None, extension), None);
    }
}
