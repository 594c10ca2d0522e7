//! Secrets that people type or carry: codes in groups of four, and tokens for cookies and links.

use data_encoding::BASE64URL_NOPAD;
use kernel::{Cx, Hash, sha256};

/// 24 signs of which no two look alike in print or handwriting: of each pair 0/O, 1/I/L, 2/Z, 5/S, 8/B and U/V at
/// most one is left.
pub const ALPHABET: &[u8; 24] = b"34679ACDEFGHJKMNPQRTVWXY";

/// A random code of `GROUPS` groups of four signs, e.g. `7GQX-M3PA`: log2(24) = 4.58 bits each sign, so seven groups
/// hold 128 bits.
pub fn random_code<const GROUPS: usize>(cx: &Cx) -> String {
    let mut signs = Vec::with_capacity(GROUPS * 4);
    while signs.len() < GROUPS * 4 {
        // 240 is the largest multiple of 24 in a byte: above it the first signs would be more likely.
        let fresh = cx.random::<32>().into_iter().filter(|byte| *byte < 240);
        signs.extend(fresh.map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])));
    }
    signs.truncate(GROUPS * 4);
    let groups: Vec<String> = signs.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// What somebody typed, as bare signs: case, spaces and hyphens do not matter. `None` when it cannot be such a code.
pub fn read_code(typed: &str, groups: usize) -> Option<String> {
    let mut signs = String::with_capacity(groups * 4);
    for c in typed.chars() {
        match c.to_ascii_uppercase() {
            c if c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '.') => {}
            'U' => signs.push('V'),
            c if c.is_ascii() && ALPHABET.contains(&(c as u8)) => signs.push(c),
            _ => return None,
        }
        if signs.len() > groups * 4 {
            return None;
        }
    }
    (signs.len() == groups * 4).then_some(signs)
}

/// 256 random bits for a cookie or a link.
pub fn random_token(cx: &Cx) -> String {
    BASE64URL_NOPAD.encode(&cx.random::<32>())
}

/// What the table keeps of a token: enough to find it, useless to whoever reads the table.
pub fn token_hash(token: &str) -> Hash {
    sha256(&[b"token", token.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::{Principal, SeededRandom, Sources, SystemClock, TenantId};
    use proptest::prelude::*;

    use super::*;

    fn cx(seed: u64) -> Cx {
        let sources = Sources { clock: Arc::new(SystemClock), random: Arc::new(SeededRandom::new(seed)) };
        Cx::new(TenantId(1), Principal::Anonymous, sources)
    }

    #[test]
    fn the_alphabet_holds_no_look_alikes() {
        for pair in ["0OQ", "1IL", "2Z", "5S", "8B", "UV"] {
            let kept = pair.bytes().filter(|sign| ALPHABET.contains(sign)).count();
            assert!(kept <= 1, "{pair}");
        }
        assert!(7.0 * 4.0 * (ALPHABET.len() as f64).log2() >= 128.0);
    }

    #[test]
    fn every_sign_is_about_equally_likely() {
        let cx = cx(5);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..2000 {
            for c in random_code::<6>(&cx).chars().filter(|c| *c != '-') {
                *seen.entry(c).or_insert(0) += 1;
            }
        }
        assert_eq!(seen.len(), 24);
        assert!(seen.values().all(|n| (1700..2300).contains(n)), "{seen:?}");
    }

    proptest! {
        #[test]
        fn a_code_is_read_back_however_it_is_typed(seed: u64, spaces in "[ -]{0,3}") {
            let code = random_code::<7>(&cx(seed));
            let bare = code.replace('-', "");
            prop_assert_eq!(read_code(&code, 7), Some(bare.clone()));
            prop_assert_eq!(read_code(&code.to_lowercase().replace('-', &spaces), 7), Some(bare.clone()));
            prop_assert_eq!(read_code(&bare[1..], 7), None);
        }

        #[test]
        fn nothing_typed_panics(typed in ".{0,60}") {
            if let Some(code) = read_code(&typed, 2) {
                prop_assert_eq!(code.len(), 8);
            }
        }
    }
}
