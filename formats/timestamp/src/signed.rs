//! Signed data (CMS, RFC 5652) around a time-stamp.

use ring::digest;

use crate::{
    Fault,
    certificate::Certificate,
    der::{self, Element, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, SET, constructed, primitive},
    oid, signature,
};

/// Most certificates that a stamp may bring along.
const MAX_CERTIFICATES: usize = 16;
/// Most attributes that a signer may sign.
const MAX_ATTRIBUTES: usize = 32;

/// What was signed, and by whom. The signature holds; whether the signer is trusted is not decided here.
pub struct Signed<'a> {
    /// TSTInfo, with its tag.
    pub content: &'a [u8],
    pub signer: Certificate<'a>,
    pub others: Vec<Certificate<'a>>,
}

/// Reads a TimeStampToken (RFC 3161 section 2.4.2) and checks its signature: attributes, certificate named in them, key.
pub fn open(token: &[u8]) -> Result<Signed<'_>, Fault> {
    let mut info = der::only(token, SEQUENCE, "timeStampToken")?.reader();
    if info.expect(OID, "contentType")?.content != oid::SIGNED_DATA {
        return Err(Fault::Unsupported("contentType"));
    }
    let explicit = info.expect(constructed(0), "content")?;
    info.end("timeStampToken")?;
    let mut data = der::only(explicit.content, SEQUENCE, "signedData")?.reader();
    data.expect(INTEGER, "signedData.version")?;
    data.expect(SET, "digestAlgorithms")?;
    let content = content(&data.expect(SEQUENCE, "encapContentInfo")?)?;
    let (certificates, unreadable) = certificates(data.optional(constructed(0), "certificates")?)?;
    data.optional(constructed(1), "crls")?;
    let mut signers = data.expect(SET, "signerInfos")?.reader();
    data.end("signedData")?;
    let mut signer = signers.expect(SEQUENCE, "signerInfos")?.reader();
    // RFC 3161 section 2.4.2: the signature of the authority and no other.
    signers.end("signerInfos")?;

    signer.expect(INTEGER, "signerInfo.version")?;
    let place = match find(&signer.next("sid")?, &certificates) {
        // It may be there and not be understood: that says more.
        Err(Fault::NoSigner) => return Err(unreadable.unwrap_or(Fault::NoSigner)),
        found => found?,
    };
    let hash_id = signature::algorithm(&mut signer, "digestAlgorithm")?;
    let attributes = signer.expect(constructed(0), "signedAttrs")?;
    let algorithm = signature::algorithm(&mut signer, "signatureAlgorithm")?;
    let signature_bytes = signer.expect(OCTET_STRING, "signature")?.content;
    signer.optional(constructed(1), "unsignedAttrs")?;
    signer.end("signerInfo")?;

    let mut others = certificates;
    let certificate = others.swap_remove(place);
    let hash = signature::digest_of(hash_id, "digestAlgorithm")?;
    let parts = check_attributes(&attributes, digest::digest(hash, content).as_ref(), &certificate)?;
    // RFC 5652 section 5.4: signed is the SET OF with its own tag, in the order of DER.
    let message = der::write(SET, &parts);
    signature::check(certificate.key, algorithm, Some(hash_id), &message, signature_bytes, "signatureAlgorithm")?;
    Ok(Signed { content, signer: certificate, others })
}

fn content<'a>(encapsulated: &Element<'a>) -> Result<&'a [u8], Fault> {
    let mut reader = encapsulated.reader();
    if reader.expect(OID, "eContentType")?.content != oid::TST_INFO {
        return Err(Fault::Unsupported("eContentType"));
    }
    let explicit = reader.expect(constructed(0), "eContent")?;
    reader.end("encapContentInfo")?;
    Ok(der::only(explicit.content, OCTET_STRING, "eContent")?.content)
}

/// The certificates that the stamp brings along, and what is wrong with the first that cannot be read. Authorities add some that
/// nobody needs (cross certificates, older roots): one that is not understood only matters where it is on the way.
fn certificates<'a>(set: Option<Element<'a>>) -> Result<(Vec<Certificate<'a>>, Option<Fault>), Fault> {
    let (mut found, mut unreadable) = (Vec::new(), None);
    let Some(set) = set else { return Ok((found, unreadable)) };
    let mut reader = set.reader();
    let mut elements = 0;
    while !reader.is_empty() {
        if elements == MAX_CERTIFICATES {
            return Err(Fault::Format("certificates"));
        }
        elements += 1;
        let element = reader.next("certificates")?;
        // Other forms than an X.509 certificate (RFC 5652 section 10.2.2) help nobody here.
        if element.tag == SEQUENCE {
            match Certificate::read(element.whole) {
                Ok(certificate) => found.push(certificate),
                Err(fault) => unreadable = unreadable.or(Some(fault)),
            }
        }
    }
    Ok((found, unreadable))
}

/// The certificate that the signer says is theirs: by issuer and number, or by the identifier of the key.
fn find(sid: &Element, certificates: &[Certificate]) -> Result<usize, Fault> {
    let found = if sid.tag == SEQUENCE {
        let mut reader = sid.reader();
        let issuer = reader.expect(SEQUENCE, "sid")?.whole;
        let serial = reader.expect(INTEGER, "sid")?.content;
        reader.end("sid")?;
        certificates.iter().position(|c| c.issuer == issuer && c.serial == serial)
    } else if sid.tag == primitive(0) {
        certificates.iter().position(|c| c.subject_key == Some(sid.content))
    } else {
        return Err(Fault::Format("sid"));
    };
    found.ok_or(Fault::NoSigner)
}

/// Checks contentType, messageDigest and the certificate's hash; answers the attributes in the order of DER.
fn check_attributes<'a>(set: &Element<'a>, digest: &[u8], signer: &Certificate) -> Result<Vec<&'a [u8]>, Fault> {
    let (mut parts, mut seen): (Vec<&[u8]>, Vec<&[u8]>) = (Vec::new(), Vec::new());
    let (mut content_type, mut message_digest, mut named) = (false, false, false);
    let mut reader = set.reader();
    while !reader.is_empty() {
        let attribute = reader.expect(SEQUENCE, "signedAttrs")?;
        let mut inside = attribute.reader();
        let id = inside.expect(OID, "signedAttrs")?.content;
        let mut values = inside.expect(SET, "signedAttrs")?.reader();
        inside.end("signedAttrs")?;
        if seen.contains(&id) || seen.len() == MAX_ATTRIBUTES {
            return Err(Fault::Format("signedAttrs"));
        }
        seen.push(id);
        parts.push(attribute.whole);
        match id {
            oid::CONTENT_TYPE => {
                let value = values.expect(OID, "signedAttrs")?.content;
                values.end("signedAttrs")?;
                content_type = value == oid::TST_INFO;
                if !content_type {
                    return Err(Fault::Attribute("contentType"));
                }
            }
            oid::MESSAGE_DIGEST => {
                let value = values.expect(OCTET_STRING, "signedAttrs")?.content;
                values.end("signedAttrs")?;
                message_digest = value == digest;
                if !message_digest {
                    return Err(Fault::Attribute("messageDigest"));
                }
            }
            oid::SIGNING_CERTIFICATE | oid::SIGNING_CERTIFICATE_V2 => {
                names(&mut values, id == oid::SIGNING_CERTIFICATE_V2, signer)?;
                named = true;
            }
            _ => {}
        }
    }
    for (there, name) in [(content_type, "contentType"), (message_digest, "messageDigest")] {
        if !there {
            return Err(Fault::Attribute(name));
        }
    }
    if !named {
        return Err(Fault::Attribute("signingCertificate"));
    }
    parts.sort_unstable();
    Ok(parts)
}

/// The first certificate that SigningCertificate (SHA-1, RFC 2634) or SigningCertificateV2 (RFC 5035) names is the
/// signer's. The hash says it all; issuer and number beside it are not needed.
fn names(values: &mut Reader, second: bool, signer: &Certificate) -> Result<(), Fault> {
    const FIELD: &str = "signingCertificate";
    let mut value = values.expect(SEQUENCE, FIELD)?.reader();
    values.end(FIELD)?;
    let mut list = value.expect(SEQUENCE, FIELD)?.reader();
    let mut first = list.expect(SEQUENCE, FIELD)?.reader();
    let hash = if second {
        // SHA-256 is the default and then left out.
        let explicit = first.clone().next(FIELD)?.tag == SEQUENCE;
        let id = if explicit { signature::algorithm(&mut first, FIELD)? } else { oid::SHA256 };
        signature::digest_of(id, FIELD)?
    } else {
        &digest::SHA1_FOR_LEGACY_USE_ONLY
    };
    let expected = first.expect(OCTET_STRING, FIELD)?.content;
    if digest::digest(hash, signer.whole).as_ref() == expected { Ok(()) } else { Err(Fault::OtherCertificate) }
}
