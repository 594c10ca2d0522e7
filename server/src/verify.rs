//! `meer verify`: checks the proof of a document, without configuration, database or network.

use std::path::Path;

use evidence::{Fault, Proven};
use kernel::{Error, Result, sha256};
use timestamp::Anchors;
use tlog::Verifier;

/// Checks a file against its proof and prints what was found; answers whether the proof holds. `key` is the log's public
/// key or a file that holds it; `stamp` names a time-stamp over the proof's checkpoint and the file with the certificates
/// of the authorities that are trusted.
///
/// # Errors
/// A file that cannot be read, a key that is none, certificates that are none.
pub fn run(file: &Path, proof: &Path, key: Option<&str>, stamp: Option<(&Path, &Path)>) -> Result<bool> {
    let bytes = read(file)?;
    let proof = read(proof)?;
    let proof = String::from_utf8_lossy(&proof);
    let Some(key) = key else {
        println!("NICHT geprüft: Ohne den öffentlichen Schlüssel der Stadt zeigt ein Nachweis nichts, denn jeder");
        println!("könnte ihn geschrieben haben. Nennen Sie ihn mit --key; er steht unter /protokoll/schluessel.");
        return Ok(false);
    };
    let key = public_key(key)?;
    match evidence::verify(&sha256(&[&bytes]), &proof, &key) {
        Ok(proven) => {
            holds(&proven, &key);
            stamp.map_or(Ok(true), |(answer, authority)| stamped(&proof, answer, authority))
        }
        Err(fault) => {
            println!("Der Nachweis stimmt NICHT: {}", in_words(fault, &key));
            Ok(false)
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| Error::internal(format!("{}: {e}", path.display())))
}

/// Checks the time-stamp and prints what was found; answers whether it holds.
fn stamped(proof: &str, answer: &Path, authority: &Path) -> Result<bool> {
    let certificates = read(authority)?;
    let anchors = Anchors::from_pem(&String::from_utf8_lossy(&certificates))
        .map_err(|fault| Error::internal(format!("{}: {fault}", authority.display())))?;
    match evidence::verify_of_proof(proof, &read(answer)?, &anchors) {
        Ok(stamp) => {
            println!("Der Zeitstempel stimmt: Der Prüfpunkt bestand spätestens zu dieser Zeit.");
            println!("  Zeit:         {}", stamp.at);
            println!("  Stelle:       {}", stamp.authority);
            println!("  Regel:        {}", stamp.policy);
            println!("  Ob das Zertifikat der Stelle widerrufen wurde, ist ohne Netz nicht zu sehen.");
            Ok(true)
        }
        Err(fault) => {
            println!("Der Zeitstempel stimmt NICHT: {fault}");
            Ok(false)
        }
    }
}

/// A key never contains a line feed, and a file's name hardly the form of a key.
fn public_key(given: &str) -> Result<Verifier> {
    if let Ok(key) = Verifier::parse(given) {
        return Ok(key);
    }
    let text = std::fs::read_to_string(given).map_err(|e| {
        Error::internal(format!("{given} ist weder ein Schlüssel (name+hash+base64) noch eine lesbare Datei: {e}"))
    })?;
    Verifier::parse(&text).map_err(|e| Error::internal(format!("{given}: {e}")))
}

fn holds(proven: &Proven, key: &Verifier) {
    println!("Der Nachweis stimmt.");
    println!("  Unterschrift: vom Schlüssel {}+{:08x}", key.name(), key.hash());
    println!("  Protokoll:    Eintrag {} von {} in {}", proven.number, proven.size, proven.origin);
    println!("  Datei:        Byte für Byte die aufgenommene");
    if let Some(at) = proven.stored_at {
        println!("  Aufgenommen:  {at}");
    }
    if let Some(at) = proven.signed_at {
        println!("  Prüfpunkt:    {at}");
    }
}

fn in_words(fault: Fault, key: &Verifier) -> String {
    match fault {
        Fault::NoProof => "Das ist kein Nachweis, oder er ist beschädigt.".to_owned(),
        Fault::OtherKey => {
            format!("Er trägt keine Unterschrift mit dem Schlüssel {}+{:08x}.", key.name(), key.hash())
        }
        Fault::Signature => "Die Unterschrift gehört nicht zu diesem Prüfpunkt; er wurde verändert.".to_owned(),
        Fault::NotInTree => "Der Eintrag führt nicht zur Wurzel des unterschriebenen Prüfpunkts.".to_owned(),
        Fault::OtherEntry => "Der Eintrag handelt von keinem Dokument.".to_owned(),
        Fault::OtherBytes => "Die Datei hat andere Bytes als die, von denen der Eintrag spricht.".to_owned(),
    }
}
