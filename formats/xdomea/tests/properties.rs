//! Random messages of all kinds come back as they were; damaged ones never panic.

mod support;

use proptest::prelude::*;
use xdomea::{Version, read, write_as};

const DAMAGE: [&str; 9] = ["", "<", "</", "&", "]]>", "<x/>", "<!DOCTYPE a>", "\u{0}", "<xdomea:ID/>"];

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..3000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_message_written_and_read_is_the_same(bytes in bytes(), version in prop::sample::select(&Version::ALL[..])) {
        let message = support::message(&bytes, version);
        let xml = write_as(&message, version).map_err(|faults| TestCaseError::fail(format!("{faults:?}")))?;
        let again = read(&xml).map_err(|faults| TestCaseError::fail(format!("{faults:?}\n{xml}")))?;
        prop_assert_eq!(&again.dropped, &[]);
        prop_assert_eq!(again.version, version);
        prop_assert_eq!(&again.message, &message);
        prop_assert_eq!(write_as(&again.message, version), Ok(xml));
    }

    #[test]
    fn a_damaged_message_never_panics(
        bytes in bytes(),
        from in any::<prop::sample::Index>(),
        length in 0usize..40,
        insert in prop::sample::select(&DAMAGE[..]),
    ) {
        let version = Version::V3_0_0;
        let xml = write_as(&support::message(&bytes, version), version).unwrap();
        let chars: Vec<char> = xml.chars().collect();
        let start = from.index(chars.len());
        let end = (start + length).min(chars.len());
        let (before, after) = (chars[..start].iter().copied(), chars[end..].iter().copied());
        let damaged: String = before.chain(insert.chars()).chain(after).collect();
        if let Ok(reading) = read(&damaged) {
            let _ = write_as(&reading.message, version);
        }
    }

    #[test]
    fn what_an_older_version_cannot_say_is_refused_or_comes_back(bytes in bytes()) {
        let message = support::message(&bytes, Version::V3_0_0);
        match write_as(&message, Version::V2_4_0) {
            Ok(xml) => prop_assert_eq!(read(&xml).unwrap().message, message),
            Err(faults) => prop_assert!(faults.iter().all(|fault| !fault.path.is_empty() && !fault.message.is_empty())),
        }
    }
}
