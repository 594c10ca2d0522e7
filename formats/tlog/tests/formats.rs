//! Tiles, signed notes, checkpoints and proof files.

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tlog::{
    BundleError, Checkpoint, CheckpointError, Entry, Frontier, Hash, KeyError, Note, NoteError, Proof, ProofFileError,
    Signer, Tile, TileKind, Verifier, decode_bundle, encode_bundle, inclusion_proof,
};

/// The worked example of the tlog-tiles specification: a tree of 70,000 entries.
#[test]
fn tiles_of_70_000_entries() {
    let tiles: Vec<Tile> = Tile::of_tree(70_000).collect();
    let of_level = |n: u8| tiles.iter().filter(move |tile| tile.kind == TileKind::Hashes { level: n });
    assert_eq!(of_level(0).filter(|tile| tile.width == 256).count(), 273);
    assert_eq!(of_level(0).next_back().unwrap().path(), "tile/0/273.p/112");
    assert_eq!(of_level(1).map(Tile::path).collect::<Vec<_>>(), ["tile/1/000", "tile/1/001.p/17"]);
    assert_eq!(of_level(2).map(Tile::path).collect::<Vec<_>>(), ["tile/2/000.p/1"]);
    assert_eq!(tiles.len(), 274 + 2 + 1);
    assert_eq!(Tile::bundles(70_000).last().unwrap().path(), "tile/entries/273.p/112");
    assert_eq!(Tile::of_tree(0).count(), 0);
}

#[test]
fn tile_paths() {
    let tile = |level, index, width| Tile { kind: TileKind::Hashes { level }, index, width };
    for (tile, path) in [
        (tile(0, 1_234_067, 256), "tile/0/x001/x234/067"),
        (tile(5, 0, 1), "tile/5/000.p/1"),
        (tile(1, 1_000, 256), "tile/1/x001/000"),
    ] {
        assert_eq!(tile.path(), path);
        assert_eq!(Tile::parse(path), Some(tile));
    }
    for wrong in [
        "tile/0/67",
        "tile/0/x000/067",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/00/067",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/+1",
        "tile/9/000",
        "tile/0/+67",
        "tile/entries/",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "",
    ] {
        assert_eq!(Tile::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn tile_content_is_the_hashes_of_its_level() {
    let mut tree = Frontier::new();
    let mut nodes = std::collections::HashMap::new();
    for n in 0..700u32 {
        for node in tree.append(tlog::leaf_hash(&n.to_be_bytes())) {
            nodes.insert((node.level, node.index), node.hash);
        }
    }
    let upper = Tile { kind: TileKind::Hashes { level: 1 }, index: 0, width: 2 };
    let content = upper.hashes(|level, index| nodes.get(&(level, index)).copied()).unwrap();
    let mut second_256 = Frontier::new();
    for n in 256..512u32 {
        second_256.append(tlog::leaf_hash(&n.to_be_bytes()));
    }
    assert_eq!(content.len(), 64);
    assert_eq!(content[32..], second_256.root());
    assert_eq!(Tile { width: 3, ..upper }.hashes(|level, index| nodes.get(&(level, index)).copied()), None);
}

#[test]
fn bundles() {
    assert_eq!(encode_bundle([b"ab".as_slice(), b""]).unwrap(), [0, 2, b'a', b'b', 0, 0]);
    assert_eq!(decode_bundle(&[0, 2, b'a', b'b', 0, 0]).unwrap(), [b"ab".as_slice(), b""]);
    assert_eq!(decode_bundle(&[0, 1, b'a', 0]), Err(BundleError::Truncated(1)));
    assert_eq!(encode_bundle([vec![0; 65_536].as_slice()]), Err(BundleError::EntryTooLong(0)));
    assert_eq!(encode_bundle(vec![b"".as_slice(); 257]), Err(BundleError::TooMany));
    assert_eq!(decode_bundle(&[0; 514]), Err(BundleError::TooMany));
}

/// A published note and key of another implementation (the example of the Go note package).
#[test]
fn a_note_signed_elsewhere() {
    let verifier = Verifier::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let text = "If you think cryptography is the answer to your problem,\n\
                then you don't know what your problem is.\n\n\
                — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    let note = Note::parse(text).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&verifier)).unwrap(), [&verifier]);
    assert_eq!(note.to_string(), text);
    let signer =
        Signer::parse("PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    assert_eq!(signer.verifier(), verifier);
    assert_eq!(Note::sign(note.text(), &[signer]).unwrap(), note);
}

#[test]
fn keys_are_checked() {
    let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(Verifier::parse(key).unwrap().to_string(), key);
    for (wrong, error) in [
        (key.replace("Peter", "Paul"), KeyError::Hash),
        (key.replace("c74f20a3", "c74f20a4"), KeyError::Hash),
        (key.replace("+c74f20a3", "+c74f20a"), KeyError::Format),
        (key.replace("+AR", "+BB"), KeyError::Algorithm),
        (key.replace("PeterNeumann", "Peter Neumann"), KeyError::Name),
        (String::new(), KeyError::Format),
    ] {
        assert_eq!(Verifier::parse(&wrong), Err(error), "{wrong}");
    }
    assert_eq!(Signer::new("a+b", &[1; 32]).unwrap_err(), KeyError::Name);
    let signer = Signer::new("log.example", &[1; 32]).unwrap();
    assert_eq!(Signer::parse(&signer.to_secret_text()).unwrap().verifier(), signer.verifier());
    assert!(!format!("{signer:?}").contains("[1"), "the secret is not printed");
}

#[test]
fn several_signatures() {
    let log = Signer::new("log.example", &[1; 32]).unwrap();
    let witness = Signer::new("witness.example", &[2; 32]).unwrap();
    let stranger = Signer::new("witness.example", &[3; 32]).unwrap();
    let mut note = Note::sign("text\n", std::slice::from_ref(&log)).unwrap();
    note.add_signature(&witness);
    note.add_signature(&stranger);
    let note = Note::parse(&note.to_string()).unwrap();
    let known = [witness.verifier(), log.verifier()];
    assert_eq!(note.verify(&known).unwrap(), [&known[0], &known[1]]);
    assert_eq!(note.verify(&[Signer::new("other", &[1; 32]).unwrap().verifier()]), Err(NoteError::Unsigned));

    let changed = Note::parse(&note.to_string().replace("text\n", "test\n")).unwrap();
    assert_eq!(changed.verify(&known), Err(NoteError::Unsigned));
}

#[test]
fn notes_are_checked() {
    let good = Note::sign("text\n", &[Signer::new("log.example", &[1; 32]).unwrap()]).unwrap().to_string();
    let line = good.lines().last().unwrap();
    for wrong in [
        "text\n".to_owned(),
        good.trim_end().to_owned(),
        good.replace("text\n", "te\rxt\n"),
        good.replace("— ", "- "),
        good.replace(line, &line[..line.len() - 1]),
        format!("{good}\n"),
        format!("\n{}", good.trim_start_matches("text\n")),
        format!("text\n\n{}", format!("{line}\n").repeat(101)),
    ] {
        assert!(Note::parse(&wrong).is_err(), "{wrong:?}");
    }
    assert_eq!(Note::sign("text", &[]), Err(NoteError::Text));
}

#[test]
fn checkpoint_text() {
    let root: Hash = Sha256::digest(b"any").into();
    let checkpoint =
        Checkpoint { origin: "log.example/journal".into(), size: 20_852_163, root, extensions: vec!["note 1".into()] };
    let log = Signer::new("log.example/journal", &[1; 32]).unwrap();
    let note = checkpoint.sign(std::slice::from_ref(&log)).unwrap();
    let lines: Vec<&str> = note.text().split('\n').collect();
    assert_eq!(lines[..2], ["log.example/journal", "20852163"]);
    assert_eq!(lines[2].len(), 44);
    assert_eq!(lines[3..], ["note 1", ""]);
    assert_eq!(Checkpoint::open(&note, &log.verifier()).unwrap(), checkpoint);

    let other = Signer::new("other.example", &[1; 32]).unwrap();
    assert_eq!(checkpoint.sign(&[other.clone(), log.clone()]), Err(CheckpointError::NotFromThisLog));
    assert_eq!(Checkpoint::open(&note, &other.verifier()), Err(CheckpointError::NotFromThisLog));
    let text = note.text();
    for wrong in [
        text.replace("20852163", "020852163"),
        text.replace("20852163", "+20852163"),
        text.replace("20852163", "0"),
        text.replace("note 1\n", "\n"),
        text.replace(lines[2], &lines[2][..43]),
        text.replace("log.example/journal\n", "\n"),
        text.trim_end().to_owned(),
        "log.example\n1\n".to_owned(),
    ] {
        assert_eq!(Checkpoint::parse_text(&wrong), Err(CheckpointError::Format), "{wrong:?}");
    }
    let empty = Checkpoint::of("log.example/journal", &Frontier::new());
    assert_eq!(Checkpoint::open(&empty.sign(std::slice::from_ref(&log)).unwrap(), &log.verifier()), Ok(empty));
}

fn proof(file: &[u8]) -> (Proof, Signer) {
    let hex: String = Sha256::digest(file).iter().map(|b| format!("{b:02x}")).collect();
    let entry =
        Entry { fact: format!(r#"{{"kind":"document","note":"x","sha256":"{hex}"}}"#).into_bytes(), private: [9; 32] };
    let mut tree = Frontier::new();
    let mut nodes = std::collections::HashMap::new();
    for n in 0..13u8 {
        let leaf = if n == 5 { entry.leaf_hash().unwrap() } else { tlog::leaf_hash(&[n]) };
        for node in tree.append(leaf) {
            nodes.insert((node.level, node.index), node.hash);
        }
    }
    let log = Signer::new("log.example", &[1; 32]).unwrap();
    let path = inclusion_proof(5, 13, |level, index| nodes.get(&(level, index)).copied()).unwrap();
    let checkpoint = Checkpoint::of("log.example", &tree).sign(std::slice::from_ref(&log)).unwrap();
    (Proof { entry, index: 5, path, checkpoint }, log)
}

#[test]
fn a_document_is_proven_offline() {
    let (proof, log) = proof(b"certificate");
    let text = proof.to_text().unwrap();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
    let read = Proof::parse(&text).unwrap();
    assert_eq!(read, proof);
    let file: Hash = Sha256::digest(b"certificate").into();
    let evidence = read.verify_file(&file, "/sha256", &log.verifier()).unwrap();
    assert_eq!((evidence.index, evidence.checkpoint.size), (5, 13));
    assert_eq!(evidence.fact["kind"], "document");

    assert_eq!(read.verify_file(&[0; 32], "/sha256", &log.verifier()), Err(ProofFileError::OtherFile));
    assert_eq!(read.verify_file(&file, "/note", &log.verifier()), Err(ProofFileError::OtherFile));
    let stranger = Signer::new("log.example", &[2; 32]).unwrap();
    assert!(read.verify_file(&file, "/sha256", &stranger.verifier()).is_err());
    let moved = Proof { index: 6, ..read.clone() };
    assert_eq!(moved.verify_file(&file, "/sha256", &log.verifier()), Err(ProofFileError::NotInTree));
    let private = Entry { private: [8; 32], ..read.entry.clone() };
    let other = Proof { entry: private, ..read };
    assert_eq!(other.verify_file(&file, "/sha256", &log.verifier()), Err(ProofFileError::NotInTree));
}

#[test]
fn an_entry_fits_into_a_bundle() {
    let long = Entry { fact: vec![b'1'; tlog::ENTRY_MAX_BYTES - 33], private: [0; 32] };
    assert_eq!(encode_bundle([long.encode().unwrap().as_slice()]).unwrap().len(), 65_537);
    let longer = Entry { fact: vec![b'1'; tlog::ENTRY_MAX_BYTES - 32], private: [0; 32] };
    assert!(longer.encode().is_err());
    assert!(Entry::decode(&[1; 32]).is_err());
    assert!(Entry::decode(&[2; 40]).is_err());
}

proptest! {
    #[test]
    fn a_changed_byte_of_a_proof_file_never_proves(at: prop::sample::Index, byte in 0x20u8..0x7f) {
        let (proof, log) = proof(b"certificate");
        let mut bytes = proof.to_text().unwrap().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let file: Hash = Sha256::digest(b"certificate").into();
        let accepted = String::from_utf8(bytes).ok()
            .and_then(|text| Proof::parse(&text).ok())
            .is_some_and(|proof| proof.verify_file(&file, "/sha256", &log.verifier()).is_ok());
        prop_assert!(!accepted);
    }

    #[test]
    fn no_text_breaks_the_parsers(text in "(c2sp.org/tlog-proof@v1\n)?(extra [A-Za-z0-9+/=]{0,60}\n)?(index [0-9]{0,22}\n)?(\\PC|\n|— ){0,80}") {
        let _ = Proof::parse(&text);
        let _ = Note::parse(&text);
        let _ = Checkpoint::parse_text(&text);
        let _ = Verifier::parse(&text);
        let _ = Tile::parse(&text);
        let _ = decode_bundle(text.as_bytes());
    }

    #[test]
    fn tile_paths_round_trip(level in 0u8..8, index: u64, width in 1u16..=256, entries: bool) {
        let kind = if entries { TileKind::Entries } else { TileKind::Hashes { level } };
        let tile = Tile { kind, index, width };
        prop_assert_eq!(Tile::parse(&tile.path()), Some(tile));
    }

    #[test]
    fn bundles_round_trip(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..256)) {
        let content = encode_bundle(entries.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(decode_bundle(&content).unwrap(), entries);
    }
}
