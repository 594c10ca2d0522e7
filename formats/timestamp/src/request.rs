use crate::{
    Fault,
    der::{self, BOOLEAN, INTEGER, OCTET_STRING, OID, SEQUENCE, write, write_unsigned},
    oid, signature,
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
    /// Reads what [`Request::to_der`] wrote, so that the answer can be compared with the question years later.
    ///
    /// # Errors
    /// Another form, another hash than SHA-256, no nonce or one of more than 64 bit.
    pub fn from_der(bytes: &[u8]) -> Result<Self, Fault> {
        let mut reader = der::only(bytes, SEQUENCE, "timeStampReq")?.reader();
        if der::small(&reader.expect(INTEGER, "version")?, "version")? != 1 {
            return Err(Fault::Unsupported("version"));
        }
        let mut imprint = reader.expect(SEQUENCE, "messageImprint")?.reader();
        if signature::algorithm(&mut imprint, "messageImprint")? != oid::SHA256 {
            return Err(Fault::Unsupported("messageImprint"));
        }
        let hashed = imprint.expect(OCTET_STRING, "messageImprint")?.content;
        imprint.end("messageImprint")?;
        let policy = match reader.optional(OID, "reqPolicy")? {
            Some(id) => Some(oid::dotted(id.content).ok_or(Fault::Format("reqPolicy"))?),
            None => None,
        };
        let digits = reader.expect(INTEGER, "nonce")?;
        let digits = der::unsigned(&digits, "nonce")?;
        if digits.len() > 8 {
            return Err(Fault::Unsupported("nonce"));
        }
        reader.expect(BOOLEAN, "certReq")?;
        reader.end("timeStampReq")?;
        Ok(Self {
            imprint: hashed.try_into().map_err(|_| Fault::Format("messageImprint"))?,
            nonce: digits.iter().fold(0, |nonce, digit| (nonce << 8) | u64::from(*digit)),
            policy,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_as_it_was_written() {
        for nonce in [0, 0x7f, 0x80, u64::MAX] {
            for policy in [None, Some("1.3.6.1.4.1.99999.1".to_owned())] {
                let request = Request { imprint: [7; 32], nonce, policy };
                let bytes = request.to_der().unwrap();
                assert_eq!(Request::from_der(&bytes), Ok(request));
                for length in 0..bytes.len() {
                    assert!(Request::from_der(&bytes[..length]).is_err());
                }
            }
        }
    }
}
