use jiff::Timestamp;

use crate::{
    Anchors, Fault,
    certificate::plain,
    der::{self, BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, constructed},
    oid, signature, signed,
};

/// Largest answer that is read, in bytes: a stamp with its certificates has 2,000 to 8,000.
pub const MAX_ANSWER: usize = 64 * 1024;

/// What the stamp has to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256 of what was stamped.
    pub imprint: [u8; 32],
    /// The number of the question, when the answer has just come; later nobody knows it any more.
    pub nonce: Option<u64>,
    /// The rule that was asked for.
    pub policy: Option<String>,
}

/// A time-stamp that holds: somebody trusted says that the imprint existed at this time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// genTime, in UTC.
    pub at: Timestamp,
    /// Name of the time-stamping authority in its certificate; empty when that has none.
    pub authority: String,
    /// Rule under which it stamps, an object identifier.
    pub policy: String,
    /// Number of the stamp at this authority, hexadecimal.
    pub serial: String,
}

/// Reads the answer of a time-stamping authority (TimeStampResp) and checks all of it.
///
/// Checked are status, imprint, nonce, policy; one signer, whose certificate is named among the signed attributes, is for
/// time-stamps only, was valid at genTime and leads in one or two steps to an anchor; the signature. Not checked is
/// whether a certificate was revoked.
///
/// # Errors
/// The first [`Fault`]; it names the field.
pub fn verify(answer: &[u8], expected: &Expected, anchors: &Anchors) -> Result<Stamp, Fault> {
    if answer.len() > MAX_ANSWER {
        return Err(Fault::TooLarge(answer.len()));
    }
    let mut response = der::only(answer, SEQUENCE, "timeStampResp")?.reader();
    granted(&mut response)?;
    let token = response.expect(SEQUENCE, "timeStampToken")?;
    response.end("timeStampResp")?;
    let signed = signed::open(token.whole)?;
    let info = Info::read(signed.content)?;
    if info.imprint != expected.imprint {
        return Err(Fault::OtherImprint);
    }
    if let Some(nonce) = expected.nonce {
        let ours = der::write_unsigned(nonce);
        if info.nonce != Some(der::unsigned(&der::only(&ours, INTEGER, "nonce")?, "nonce")?) {
            return Err(Fault::OtherNonce);
        }
    }
    let policy = oid::dotted(info.policy).ok_or(Fault::Format("policy"))?;
    if expected.policy.as_ref().is_some_and(|asked| *asked != policy) {
        return Err(Fault::OtherPolicy);
    }
    if !signed.signer.stamps_only() {
        return Err(Fault::Purpose);
    }
    anchors.lead_to(&signed.signer, &signed.others, info.at)?;
    let serial = info.serial.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Stamp { at: info.at, authority: signed.signer.name().unwrap_or_default(), policy, serial })
}

/// PKIStatusInfo: 0 is granted, 1 granted with changes.
fn granted(response: &mut Reader) -> Result<(), Fault> {
    let mut info = response.expect(SEQUENCE, "status")?.reader();
    let status = der::small(&info.expect(INTEGER, "status")?, "status")?;
    let mut text = String::new();
    if let Some(list) = info.optional(SEQUENCE, "statusString")? {
        let mut list = list.reader();
        if !list.is_empty() {
            text = plain(list.next("statusString")?.content);
        }
    }
    info.optional(BIT_STRING, "failInfo")?;
    info.end("status")?;
    if status <= 1 { Ok(()) } else { Err(Fault::Refused { status, text }) }
}

/// TSTInfo, RFC 3161 section 2.4.2.
struct Info<'a> {
    policy: &'a [u8],
    imprint: &'a [u8],
    serial: &'a [u8],
    at: Timestamp,
    nonce: Option<&'a [u8]>,
}

impl<'a> Info<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = der::only(bytes, SEQUENCE, "tstInfo")?.reader();
        if der::small(&reader.expect(INTEGER, "version")?, "version")? != 1 {
            return Err(Fault::Unsupported("version"));
        }
        let policy = reader.expect(OID, "policy")?.content;
        let mut imprint = reader.expect(SEQUENCE, "messageImprint")?.reader();
        // We ask with SHA-256; a stamp over another hash of the same length is another one.
        if signature::algorithm(&mut imprint, "messageImprint")? != oid::SHA256 {
            return Err(Fault::OtherImprint);
        }
        let hashed = imprint.expect(OCTET_STRING, "messageImprint")?.content;
        imprint.end("messageImprint")?;
        let serial = reader.expect(INTEGER, "serialNumber")?.content;
        let at = der::time(&reader.expect(GENERALIZED_TIME, "genTime")?, "genTime")?;
        reader.optional(SEQUENCE, "accuracy")?;
        reader.optional(BOOLEAN, "ordering")?;
        let nonce = match reader.optional(INTEGER, "nonce")? {
            Some(element) => Some(der::unsigned(&element, "nonce")?),
            None => None,
        };
        reader.optional(constructed(0), "tsa")?;
        reader.optional(constructed(1), "extensions")?;
        reader.end("tstInfo")?;
        Ok(Self { policy, imprint: hashed, serial, at, nonce })
    }
}
