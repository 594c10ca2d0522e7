//! How often one network may ask about codes. Codes cannot be guessed; this keeps the page from being worn out.

use std::net::IpAddr;

use house::Req;
use jiff::SignedDuration;
use kernel::{Error, Hash, Result, sha256};

use crate::store;

/// Questions of one network in one window: an office that checks a stack of paper stays below.
const MOST: i64 = 60;
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// Counts a question.
///
/// # Errors
/// [`Error::Throttled`] with the seconds until the window ends.
pub async fn admit(rq: &Req) -> Result<()> {
    let now = rq.cx.now();
    let bucket = bucket(rq.caller);
    let ends = now.checked_add(WINDOW).map_err(Error::internal)?;
    let (count, ends) = db::write!(rq.city.db, |tx| { store::count_attempt(tx, bucket, now, ends).await })?;
    if count > MOST {
        let left = now.duration_until(ends).as_secs().max(1);
        return Err(Error::Throttled { seconds: u32::try_from(left).unwrap_or(u32::MAX) });
    }
    Ok(())
}

/// The network of an address: /24 of IPv4, /56 of IPv6, what one household or customer is given.
fn bucket(caller: IpAddr) -> Hash {
    let kept = match caller.to_canonical() {
        IpAddr::V4(ip) => ip.octets()[..3].to_vec(),
        IpAddr::V6(ip) => ip.octets()[..7].to_vec(),
    };
    sha256(&[b"certificates attempt", &kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_bucket_and_strangers_do_not() {
        let of = |text: &str| bucket(text.parse().unwrap());
        assert_eq!(of("192.0.2.1"), of("192.0.2.200"));
        assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.9"));
        assert_ne!(of("192.0.2.1"), of("192.0.3.1"));
        assert_eq!(of("2001:db8:0:100::1"), of("2001:db8:0:1ff::1"));
        assert_ne!(of("2001:db8:0:100::1"), of("2001:db8:0:200::1"));
    }
}
