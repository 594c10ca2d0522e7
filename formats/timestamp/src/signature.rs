//! Hashes and signatures, by `ring`: RSA (PKCS #1 v1.5, 2048 to 8192 bit) and ECDSA on P-256 and P-384.

use ring::{
    digest,
    signature::{self, UnparsedPublicKey, VerificationAlgorithm},
};

use crate::{
    Fault,
    der::{self, BIT_STRING, OID, Reader, SEQUENCE},
    oid,
};

/// The hash named in an AlgorithmIdentifier.
pub fn digest_of(algorithm: &[u8], field: &'static str) -> Result<&'static digest::Algorithm, Fault> {
    match algorithm {
        oid::SHA256 => Ok(&digest::SHA256),
        oid::SHA384 => Ok(&digest::SHA384),
        oid::SHA512 => Ok(&digest::SHA512),
        _ => Err(Fault::Unsupported(field)),
    }
}

/// Identifier of an AlgorithmIdentifier without parameters, or with NULL.
pub fn algorithm<'a>(reader: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8], Fault> {
    let mut inside = reader.expect(SEQUENCE, field)?.reader();
    let id = inside.expect(OID, field)?.content;
    if !inside.is_empty() && inside.next(field)?.whole != [0x05, 0x00] {
        return Err(Fault::Unsupported(field));
    }
    inside.end(field)?;
    Ok(id)
}

/// Checks a signature with a key as a certificate holds it (SubjectPublicKeyInfo). `hash` is the hash that stands beside
/// the signature where its algorithm does not name one itself (rsaEncryption, RFC 3370 section 3.2).
///
/// # Errors
/// Another algorithm than the supported ones, or [`Fault::Signature`].
pub fn check(
    key: &[u8],
    algorithm: &[u8],
    hash: Option<&[u8]>,
    message: &[u8],
    signature: &[u8],
    field: &'static str,
) -> Result<(), Fault> {
    let info = der::only(key, SEQUENCE, "subjectPublicKeyInfo")?;
    let mut info = info.reader();
    let kind = info.expect(SEQUENCE, "subjectPublicKeyInfo")?;
    let bits = bits(info.expect(BIT_STRING, "subjectPublicKey")?.content, "subjectPublicKey")?;
    info.end("subjectPublicKeyInfo")?;
    let mut kind = kind.reader();
    let family = kind.expect(OID, "subjectPublicKeyInfo")?.content;
    let with: &dyn VerificationAlgorithm = match (family, algorithm, hash) {
        (oid::RSA, oid::RSA_SHA256, _) | (oid::RSA, oid::RSA, Some(oid::SHA256)) => {
            &signature::RSA_PKCS1_2048_8192_SHA256
        }
        (oid::RSA, oid::RSA_SHA384, _) | (oid::RSA, oid::RSA, Some(oid::SHA384)) => {
            &signature::RSA_PKCS1_2048_8192_SHA384
        }
        (oid::RSA, oid::RSA_SHA512, _) | (oid::RSA, oid::RSA, Some(oid::SHA512)) => {
            &signature::RSA_PKCS1_2048_8192_SHA512
        }
        (oid::EC_KEY, ..) => match (kind.expect(OID, "subjectPublicKeyInfo")?.content, algorithm) {
            (oid::P256, oid::ECDSA_SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
            (oid::P256, oid::ECDSA_SHA384) => &signature::ECDSA_P256_SHA384_ASN1,
            (oid::P384, oid::ECDSA_SHA256) => &signature::ECDSA_P384_SHA256_ASN1,
            (oid::P384, oid::ECDSA_SHA384) => &signature::ECDSA_P384_SHA384_ASN1,
            _ => return Err(Fault::Unsupported(field)),
        },
        _ => return Err(Fault::Unsupported(field)),
    };
    UnparsedPublicKey::new(with, bits).verify(message, signature).map_err(|_| Fault::Signature)
}

/// Content of a BIT STRING of whole bytes.
pub fn bits<'a>(content: &'a [u8], field: &'static str) -> Result<&'a [u8], Fault> {
    match content {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(Fault::Format(field)),
    }
}
