//! `meer verify`: checks the proof of a document, without configuration, database or network.

use std::path::Path;

use evidence::{Fault, Proven};
use kernel::{Error, Result, sha256};
use tlog::Verifier;

/// Checks a file against its proof and prints what was found; answers whether the proof holds. `key` is the log's public
/// key or a file that holds it.
///
/// # Errors
/// A file that cannot be read, or a key that is none.
pub fn run(file: &Path, proof: &Path, key: Option<&str>) -> Result<bool> {
    let bytes = std::fs::read(file).map_err(|e| Error::internal(format!("{}: {e}", file.display())))?;
    let proof = std::fs::read(proof).map_err(|e| Error::internal(format!("{}: {e}", proof.display())))?;
    let Some(key) = key else {
        println!("NICHT geprüft: Ohne den öffentlichen Schlüssel der Stadt zeigt ein Nachweis nichts, denn jeder");
        println!("könnte ihn geschrieben haben. Nennen Sie ihn mit --key; er steht unter /protokoll/schluessel.");
        return Ok(false);
    };
    let key = public_key(key)?;
    match evidence::verify(&sha256(&[&bytes]), &String::from_utf8_lossy(&proof), &key) {
        Ok(proven) => {
            holds(&proven, &key);
            Ok(true)
        }
        Err(fault) => {
            println!("Der Nachweis stimmt NICHT: {}", in_words(fault, &key));
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
