use crate::{
    Fault,
    der::{BOOLEAN, OCTET_STRING, OID, SEQUENCE, write, write_unsigned},
    oid,
};

/// Media type of [`Request::to_der`], RFC 3161 section 3.4.
pub const QUERY_TYPE: &str = "application/timestamp-query";

/// What a time-stamping authority is asked (TimeStampReq, RFC 3161 section 2.4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// SHA-256 of what is to be stamped; the authority sees nothing else.
    pub imprint: [u8; 32],
    /// Random number used once: an old answer cannot be played again.
    pub nonce: u64,
    /// Rule under which the authority shall stamp, e.g. `1.3.6.1.4.1.99999.1`; else it takes its own.
    pub policy: Option<String>,
}

impl Request {
    /// The bytes that are sent. The authority is asked to put its certificate into the answer (certReq).
    ///
    /// # Errors
    /// A policy that is no object identifier.
    pub fn to_der(&self) -> Result<Vec<u8>, Fault> {
        let algorithm = write(SEQUENCE, &[&write(OID, &[oid::SHA256]), &[0x05, 0x00]]);
        let imprint = write(SEQUENCE, &[&algorithm, &write(OCTET_STRING, &[&self.imprint])]);
        let policy = match &self.policy {
            Some(policy) => write(OID, &[&oid::encode(policy).ok_or(Fault::Format("reqPolicy"))?]),
            None => Vec::new(),
        };
        let nonce = write_unsigned(self.nonce);
        Ok(write(SEQUENCE, &[&write_unsigned(1), &imprint, &policy, &nonce, &write(BOOLEAN, &[&[0xff]])]))
    }
}
