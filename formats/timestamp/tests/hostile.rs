//! Bytes from a stranger: refused, never a panic, never without end.

use proptest::prelude::*;
use timestamp::{Anchors, Expected, verify};

/// The root of a test authority, made with openssl for this test and for nothing else; its key is thrown away.
const ROOT: &str = include_str!("data/root.pem");
/// A stamp whose root that is.
const ANSWER: &[u8] = include_bytes!("data/answer.tsr");

fn expected() -> Expected {
    Expected { imprint: [0x5a; 32], nonce: None, policy: None }
}

#[test]
fn the_stored_stamp_holds_without_openssl() {
    let stamp = verify(ANSWER, &expected(), &Anchors::from_pem(ROOT).unwrap()).unwrap();
    assert_eq!(stamp.authority, "Zeitstempelstelle tsa");
}

proptest! {
    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(verify(&bytes, &expected(), &Anchors::from_pem(ROOT).unwrap()).is_err());
    }

    /// Several places of a real answer changed, parts cut out and repeated.
    #[test]
    fn torn_answers_never_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        length in 0..40usize,
        repeat in any::<bool>(),
    ) {
        let mut bytes = ANSWER.to_vec();
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        let from = cut.index(bytes.len());
        let to = (from + length).min(bytes.len());
        if repeat {
            let part = bytes[from..to].to_vec();
            bytes.splice(from..from, part);
        } else {
            bytes.drain(from..to);
        }
        let _ = verify(&bytes, &expected(), &Anchors::from_pem(ROOT).unwrap());
    }

    /// A file of certificates that somebody has damaged.
    #[test]
    fn torn_anchors_never_panic(place in any::<prop::sample::Index>(), with in "\\PC{0,3}") {
        let lines: Vec<char> = ROOT.chars().collect();
        let at = place.index(lines.len());
        let text: String = lines[..at].iter().copied().chain(with.chars()).chain(lines[at..].iter().copied().skip(1)).collect();
        let _ = Anchors::from_pem(&text);
    }
}
