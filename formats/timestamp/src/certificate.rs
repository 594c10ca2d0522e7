//! Certificates (RFC 5280), as far as the check of a time-stamp needs them. Revocation is not looked up: the check is
//! offline.

use base64::{Engine, prelude::BASE64_STANDARD};
use jiff::Timestamp;

use crate::{
    Fault,
    der::{
        self, BIT_STRING, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET,
        UTC_TIME, constructed, primitive,
    },
    oid, signature,
};

/// Bit 5 of KeyUsage: keyCertSign, RFC 5280 section 4.2.1.3.
const SIGNS_CERTIFICATES: u8 = 0x04;
/// Largest file of certificates, in bytes.
const MAX_PEM: usize = 256 * 1024;
/// Most certificates in such a file.
const MAX_ANCHORS: usize = 16;

/// What the check looks at in one certificate.
#[derive(Clone)]
pub struct Certificate<'a> {
    /// All of it: what ESSCertID hashes.
    pub whole: &'a [u8],
    /// INTEGER with sign byte, and Name with its tag: what a signer is found by.
    pub serial: &'a [u8],
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    pub key: &'a [u8],
    pub subject_key: Option<&'a [u8]>,
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    from: Timestamp,
    to: Timestamp,
    /// basicConstraints: may issue certificates, and how many authorities may follow.
    authority: bool,
    path_length: Option<u8>,
    key_usage: Option<&'a [u8]>,
    /// id-kp-timeStamping is its only purpose, and the extension is critical.
    stamps_only: bool,
}

impl<'a> Certificate<'a> {
    pub fn read(whole: &'a [u8]) -> Result<Self, Fault> {
        const FIELD: &str = "certificate";
        let mut outer = der::only(whole, SEQUENCE, FIELD)?.reader();
        let body = outer.expect(SEQUENCE, "tbsCertificate")?;
        let algorithm = signature::algorithm(&mut outer, "signatureAlgorithm")?;
        let signature = signature::bits(outer.expect(BIT_STRING, "signatureValue")?.content, "signatureValue")?;
        outer.end(FIELD)?;

        let mut reader = body.reader();
        let version = reader.expect(constructed(0), "version")?;
        // Version 3: only these have extensions.
        if version.content != [INTEGER, 1, 2] {
            return Err(Fault::Unsupported("version"));
        }
        let serial = reader.expect(INTEGER, "serialNumber")?.content;
        // What is signed names the same algorithm as what stands around it (RFC 5280 section 4.1.1.2).
        if signature::algorithm(&mut reader, "signature")? != algorithm {
            return Err(Fault::Format("signature"));
        }
        let issuer = reader.expect(SEQUENCE, "issuer")?.whole;
        let mut validity = reader.expect(SEQUENCE, "validity")?.reader();
        let (from, to) = (point_in_time(&mut validity)?, point_in_time(&mut validity)?);
        validity.end("validity")?;
        let subject = reader.expect(SEQUENCE, "subject")?.whole;
        let key = reader.expect(SEQUENCE, "subjectPublicKeyInfo")?.whole;
        reader.optional(primitive(1), "issuerUniqueID")?;
        reader.optional(primitive(2), "subjectUniqueID")?;
        let extensions = reader.optional(constructed(3), "extensions")?;
        reader.end("tbsCertificate")?;
        let mut read = Self {
            whole,
            serial,
            issuer,
            subject,
            key,
            subject_key: None,
            signed: body.whole,
            algorithm,
            signature,
            from,
            to,
            authority: false,
            path_length: None,
            key_usage: None,
            stamps_only: false,
        };
        if let Some(extensions) = extensions {
            read.extensions(&extensions)?;
        }
        Ok(read)
    }

    fn extensions(&mut self, explicit: &Element<'a>) -> Result<(), Fault> {
        let mut list = der::only(explicit.content, SEQUENCE, "extensions")?.reader();
        let mut seen: Vec<&[u8]> = Vec::new();
        while !list.is_empty() {
            let mut extension = list.expect(SEQUENCE, "extensions")?.reader();
            let id = extension.expect(OID, "extensions")?.content;
            let critical = match extension.optional(BOOLEAN, "critical")? {
                Some(flag) => der::boolean(&flag, "critical")?,
                None => false,
            };
            let value = extension.expect(OCTET_STRING, "extensions")?.content;
            extension.end("extensions")?;
            // A second one of the same kind could say the opposite of the first.
            if seen.contains(&id) || seen.len() == 64 {
                return Err(Fault::Format("extensions"));
            }
            seen.push(id);
            match id {
                oid::BASIC_CONSTRAINTS => self.basic_constraints(value)?,
                oid::KEY_USAGE => self.key_usage = Some(der::only(value, BIT_STRING, "keyUsage")?.content),
                oid::SUBJECT_KEY => {
                    self.subject_key = Some(der::only(value, OCTET_STRING, "subjectKeyIdentifier")?.content);
                }
                oid::EXTENDED_KEY_USAGE => {
                    let mut purposes = der::only(value, SEQUENCE, "extendedKeyUsage")?.reader();
                    let first = purposes.expect(OID, "extendedKeyUsage")?.content;
                    self.stamps_only = critical && first == oid::TIME_STAMPING && purposes.is_empty();
                }
                // Any policy will do: which authority is trusted is decided by the operator.
                oid::CERTIFICATE_POLICIES => {}
                // RFC 5280 section 4.2: what is critical and not understood makes the certificate useless.
                _ if critical => return Err(Fault::Unsupported("extensions")),
                _ => {}
            }
        }
        Ok(())
    }

    fn basic_constraints(&mut self, value: &[u8]) -> Result<(), Fault> {
        const FIELD: &str = "basicConstraints";
        let mut reader = der::only(value, SEQUENCE, FIELD)?.reader();
        if let Some(flag) = reader.optional(BOOLEAN, FIELD)? {
            self.authority = der::boolean(&flag, FIELD)?;
        }
        if let Some(length) = reader.optional(INTEGER, FIELD)? {
            self.path_length = Some(der::small(&length, FIELD)?);
        }
        reader.end(FIELD)
    }

    /// Issues certificates, as its extensions say.
    pub fn is_authority(&self) -> bool {
        let usage = self.key_usage.is_none_or(|bits| bits.get(1).is_some_and(|byte| byte & SIGNS_CERTIFICATES != 0));
        self.authority && usage
    }

    pub fn stamps_only(&self) -> bool {
        self.stamps_only
    }

    fn is_valid(&self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at)
    }

    /// `issuer` has signed this certificate and may do so; `below` is how many authorities stand between it and the end.
    fn is_issued_by(&self, issuer: &Certificate, below: u8) -> bool {
        self.issuer == issuer.subject
            && issuer.is_authority()
            && issuer.path_length.is_none_or(|most| below <= most)
            && signature::check(issuer.key, self.algorithm, None, self.signed, self.signature, "signatureAlgorithm")
                .is_ok()
    }

    /// Name of the holder for people: commonName, else organizationName.
    pub fn name(&self) -> Option<String> {
        let mut found = [None, None];
        let mut names = der::only(self.subject, SEQUENCE, "subject").ok()?.reader();
        while !names.is_empty() {
            let mut set = names.expect(SET, "subject").ok()?.reader();
            while !set.is_empty() {
                let mut pair = set.expect(SEQUENCE, "subject").ok()?.reader();
                let kind = pair.expect(OID, "subject").ok()?.content;
                let text = pair.next("subject").ok()?.content;
                let place = match kind {
                    oid::COMMON_NAME => 0,
                    oid::ORGANIZATION => 1,
                    _ => continue,
                };
                found[place].get_or_insert_with(|| plain(text));
            }
        }
        let [common, organization] = found;
        common.or(organization)
    }
}

/// Text of an authority for people: at most 200 characters, none of them a control character.
pub fn plain(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().filter(|c| !c.is_control()).take(200).collect()
}

fn point_in_time(reader: &mut Reader) -> Result<Timestamp, Fault> {
    let element = reader.next("validity")?;
    match element.tag {
        UTC_TIME | GENERALIZED_TIME => der::time(&element, "validity"),
        _ => Err(Fault::Format("validity")),
    }
}

/// The certificates of authorities that are trusted to issue those of time-stamping authorities.
#[derive(Clone, Debug)]
pub struct Anchors(Vec<Vec<u8>>);

impl Anchors {
    /// Reads a PEM file with one or more certificates; text around them is passed over.
    ///
    /// # Errors
    /// No certificate, more than 16, one that cannot be read, or one that is no authority.
    pub fn from_pem(text: &str) -> Result<Self, Fault> {
        const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
        const END: &str = "-----END CERTIFICATE-----";
        if text.len() > MAX_PEM {
            return Err(Fault::Anchors);
        }
        let mut found = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once(BEGIN) {
            let (body, after) = after.split_once(END).ok_or(Fault::Anchors)?;
            let body: String = body.split_ascii_whitespace().collect();
            let bytes = BASE64_STANDARD.decode(body).map_err(|_| Fault::Anchors)?;
            if !Certificate::read(&bytes)?.is_authority() {
                return Err(Fault::AnchorNoAuthority);
            }
            found.push(bytes);
            rest = after;
        }
        if found.is_empty() || found.len() > MAX_ANCHORS { Err(Fault::Anchors) } else { Ok(Self(found)) }
    }

    /// Looks for a way from the signer to one of these, of one or two steps; `others` came with the stamp.
    ///
    /// # Errors
    /// [`Fault::NotTrusted`]; [`Fault::NotValid`] when the only ways lead over a certificate that was not valid then.
    pub fn lead_to(&self, signer: &Certificate, others: &[Certificate], at: Timestamp) -> Result<(), Fault> {
        if !signer.is_valid(at) {
            return Err(Fault::NotValid);
        }
        let anchors: Vec<Certificate> =
            self.0.iter().map(|bytes| Certificate::read(bytes)).collect::<Result<_, Fault>>()?;
        let mut expired = false;
        for anchor in &anchors {
            if signer.is_issued_by(anchor, 0) {
                if anchor.is_valid(at) {
                    return Ok(());
                }
                expired = true;
            }
        }
        for between in others.iter().filter(|other| signer.is_issued_by(other, 0)) {
            for anchor in anchors.iter().filter(|anchor| between.is_issued_by(anchor, 1)) {
                if between.is_valid(at) && anchor.is_valid(at) {
                    return Ok(());
                }
                expired = true;
            }
        }
        Err(if expired { Fault::NotValid } else { Fault::NotTrusted })
    }
}
