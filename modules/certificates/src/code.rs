//! The code on a certificate: 128 random bits as seven groups of four signs of which no two look alike.

use kernel::{Cx, Hash, sha256};

const GROUPS: usize = 7;

/// A fresh code as it is printed: `7KQM-R3TX-…`.
pub fn fresh(cx: &Cx) -> String {
    identity::random_code::<GROUPS>(cx)
}

/// What somebody typed, scanned or followed as the bare signs; case, spaces and hyphens do not matter.
pub fn read(typed: &str) -> Option<String> {
    identity::read_code(typed, GROUPS)
}

/// Groups of four, to be compared with the paper.
pub fn grouped(bare: &str) -> String {
    let signs: Vec<char> = bare.chars().collect();
    signs.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What the table keeps. The code is as random as a key, so a plain hash gives nothing away.
pub fn hash(bare: &str) -> Hash {
    sha256(&[b"certificate code", bare.as_bytes()])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::{Principal, SeededRandom, Sources, SystemClock, TenantId};

    use super::*;

    #[test]
    fn a_code_is_found_again_however_it_is_written() {
        let sources = Sources { clock: Arc::new(SystemClock), random: Arc::new(SeededRandom::new(3)) };
        let cx = Cx::new(TenantId(1), Principal::Anonymous, sources);
        let printed = fresh(&cx);
        assert_eq!(printed.split('-').map(str::len).collect::<Vec<_>>(), [4; GROUPS]);
        let bare = read(&printed).unwrap();
        for typed in [printed.to_lowercase(), bare.clone(), printed.replace('-', " "), format!("  {printed}\n")] {
            assert_eq!(read(&typed).map(|b| hash(&b)), Some(hash(&bare)), "{typed}");
        }
        assert_eq!(grouped(&bare), printed);
        for wrong in ["", "7KQM", &format!("{printed}A"), &printed[1..], "../../../etc/passwd"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_ne!(fresh(&cx), printed);
    }
}
