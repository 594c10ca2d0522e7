use std::net::IpAddr;

use kernel::{Error, Id, Kind, Result};

use crate::{SessionId, code::token_hash};

/// From where a request comes, as far as sign-in needs to know it.
#[derive(Clone, Debug)]
pub struct Client {
    /// Network part of the address: /24 of IPv4, /56 of IPv6 (what one household or customer is given).
    pub(crate) network: String,
    /// Browser family, the only part of the user agent that is kept.
    pub(crate) agent: &'static str,
    /// Token of the device cookie.
    pub(crate) device: Option<String>,
    /// The session this browser has now; a new one takes its place.
    pub(crate) current: Option<SessionId>,
}

impl Client {
    pub fn new(ip: IpAddr, user_agent: &str, device: Option<String>, current: Option<SessionId>) -> Self {
        // A cookie that is no token of ours is no cookie.
        let device = device.filter(|token| token.len() == 43 && token.is_ascii());
        Self { network: network(ip), agent: family(user_agent), device, current }
    }

    pub(crate) fn device_hash(&self) -> Option<kernel::Hash> {
        self.device.as_deref().map(token_hash)
    }
}

fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, c, _] = ip.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(ip) => {
            let prefix: String = ip.octets()[..7].iter().map(|byte| format!("{byte:02x}")).collect();
            format!("{prefix}/56")
        }
    }
}

/// Newer browsers name their ancestors too: the order decides.
fn family(user_agent: &str) -> &'static str {
    let known = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("FxiOS/", "Firefox"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    known.into_iter().find(|(sign, _)| user_agent.contains(sign)).map_or("", |(_, name)| name)
}

/// Reads an id that came from outside; what is none belongs to nothing.
pub fn id_from<K: Kind>(text: &str) -> Result<Id<K>> {
    text.parse().map_err(|_| Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_network_and_mapped_addresses_are_the_same() {
        let net = |ip: &str| network(ip.parse().unwrap());
        assert_eq!(net("192.0.2.7"), net("192.0.2.250"));
        assert_ne!(net("192.0.2.7"), net("192.0.3.7"));
        assert_eq!(net("::ffff:192.0.2.7"), net("192.0.2.9"));
        assert_eq!(net("2001:db8:1:aa01::1"), net("2001:db8:1:aaff::2"));
        assert_ne!(net("2001:db8:1:aa01::1"), net("2001:db8:1:ab01::1"));
    }

    #[test]
    fn the_family_is_all_that_is_kept() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        assert_eq!(family(chrome), "Chrome");
        assert_eq!(family(&format!("{chrome} Edg/156.0")), "Edge");
        assert_eq!(family("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"), "Firefox");
        assert_eq!(family("curl/8"), "");
    }
}
