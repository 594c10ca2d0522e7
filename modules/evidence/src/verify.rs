//! Checking a proof: pure, for the page and for `meer verify`.

use kernel::{Hash, Timestamp};
use tlog::{CheckpointError, Proof, ProofFileError, Verifier};

/// What a proof that holds shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Proven {
    /// Name of the log.
    pub origin: String,
    /// Number of the entry, from 1.
    pub number: u64,
    /// Entries that the signed checkpoint covers.
    pub size: u64,
    /// When the file was taken in, as the entry says.
    pub stored_at: Option<Timestamp>,
    /// When the checkpoint was signed, as it says itself.
    pub signed_at: Option<Timestamp>,
}

/// Why a proof does not hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Not a proof file.
    NoProof,
    /// No signature of this key.
    OtherKey,
    /// This key's signature does not belong to the checkpoint's text.
    Signature,
    /// Entry and path do not lead to the root of the checkpoint.
    NotInTree,
    /// The entry is about something else than a stored file.
    OtherEntry,
    /// The entry names other bytes.
    OtherBytes,
}

/// Checks signature, place in the tree and the file's hash, in this order.
///
/// # Errors
/// The first [`Fault`].
pub fn verify(sha256: &Hash, proof: &str, key: &Verifier) -> Result<Proven, Fault> {
    let proof = Proof::parse(proof).map_err(|_| Fault::NoProof)?;
    let evidence = proof.verify_file(sha256, files::SHA256_POINTER, key).map_err(|error| fault(error, &proof, key))?;
    if evidence.fact["name"] != files::STORED {
        return Err(Fault::OtherEntry);
    }
    let stored_at = evidence.fact["at"].as_i64().and_then(|at| Timestamp::from_microsecond(at).ok());
    let signed_at = evidence.checkpoint.extensions.iter().find_map(|line| line.strip_prefix("time ")?.parse().ok());
    let (origin, size) = (evidence.checkpoint.origin, evidence.checkpoint.size);
    Ok(Proven { origin, number: evidence.index + 1, size, stored_at, signed_at })
}

fn fault(error: ProofFileError, proof: &Proof, key: &Verifier) -> Fault {
    let hash = key.hash().to_be_bytes();
    let claims_key = proof.checkpoint.signatures().iter().any(|s| s.name == key.name() && s.bytes.starts_with(&hash));
    match error {
        ProofFileError::Checkpoint(CheckpointError::NotFromThisLog) if claims_key => Fault::Signature,
        ProofFileError::Checkpoint(CheckpointError::NotFromThisLog) => Fault::OtherKey,
        ProofFileError::NotInTree => Fault::NotInTree,
        ProofFileError::OtherFile => Fault::OtherBytes,
        ProofFileError::Format | ProofFileError::Entry(_) | ProofFileError::Note(_) | ProofFileError::Checkpoint(_) => {
            Fault::NoProof
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use kernel::sha256;
    use tlog::{Checkpoint, Entry, Frontier, Note, Signer};

    use super::*;

    const FILE: &[u8] = b"%PDF-1.7 Muster";

    fn city() -> Signer {
        Signer::new("meer/05162022", &[1; 32]).unwrap()
    }

    /// The proof of an entry of this name about [`FILE`], the tenth of 300.
    fn proof(name: &str) -> Proof {
        let hex: String = sha256(&[FILE]).iter().map(|byte| format!("{byte:02x}")).collect();
        let fact = format!(r#"{{"at":1795000000000000,"name":"{name}","sha256":"{hex}"}}"#);
        let entry = Entry { fact: fact.into_bytes(), private: sha256(&[]) };
        let (mut tree, mut nodes) = (Frontier::new(), HashMap::new());
        for n in 0..300u64 {
            let leaf = if n == 9 { entry.leaf_hash().unwrap() } else { tlog::leaf_hash(&n.to_be_bytes()) };
            nodes.extend(tree.append(leaf).into_iter().map(|node| ((node.level, node.index), node.hash)));
        }
        let path = tlog::inclusion_proof(9, 300, |level, index| nodes.get(&(level, index)).copied()).unwrap();
        let mut checkpoint = Checkpoint::of("meer/05162022", &tree);
        checkpoint.extensions.push("time 2026-11-23T10:00:00Z".into());
        Proof { entry, index: 9, path, checkpoint: checkpoint.sign(&[city()]).unwrap() }
    }

    fn checked(proof: &Proof) -> Result<Proven, Fault> {
        verify(&sha256(&[FILE]), &proof.to_text().unwrap(), &city().verifier())
    }

    #[test]
    fn a_proof_says_what_it_shows() {
        let proven = checked(&proof(files::STORED)).unwrap();
        assert_eq!((proven.origin.as_str(), proven.number, proven.size), ("meer/05162022", 10, 300));
        assert_eq!(proven.stored_at.unwrap().as_second(), 1_795_000_000);
        assert_eq!(proven.signed_at.unwrap().to_string(), "2026-11-23T10:00:00Z");
    }

    #[test]
    fn each_fault_has_its_name() {
        let good = proof(files::STORED);
        let text = good.to_text().unwrap();
        let key = city().verifier();
        let changed = sha256(&[FILE, b"\n"]);
        assert_eq!(verify(&changed, &text, &key), Err(Fault::OtherBytes));

        for nothing in ["", "%PDF-1.7", &text[..text.len() / 2], &text.replace("index 9", "index 09")] {
            assert_eq!(verify(&sha256(&[FILE]), nothing, &key), Err(Fault::NoProof), "{nothing}");
        }

        let stranger = Signer::new("meer/05162022", &[2; 32]).unwrap();
        let other_city = Signer::new("meer/05162024", &[1; 32]).unwrap();
        for foreign in [&stranger, &other_city] {
            assert_eq!(verify(&sha256(&[FILE]), &text, &foreign.verifier()), Err(Fault::OtherKey));
        }

        // The city's own signature under another text.
        let forged = good.checkpoint.to_string().replace("\n300\n", "\n301\n");
        let forged = Proof { checkpoint: Note::parse(&forged).unwrap(), ..good.clone() };
        assert_eq!(checked(&forged), Err(Fault::Signature));

        let mut path = good.path.clone();
        path[0][0] ^= 1;
        assert_eq!(checked(&Proof { path, ..good.clone() }), Err(Fault::NotInTree));
        assert_eq!(checked(&Proof { index: 8, ..good.clone() }), Err(Fault::NotInTree));
        let later = String::from_utf8(good.entry.fact.clone()).unwrap().replace("1795", "1796");
        let entry = Entry { fact: later.into_bytes(), ..good.entry.clone() };
        assert_eq!(checked(&Proof { entry, ..good }), Err(Fault::NotInTree));

        assert_eq!(checked(&proof("records.something-else")), Err(Fault::OtherEntry));
    }
}
