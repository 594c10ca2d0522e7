/// Why a time-stamp is not taken. The text is German, for operators and for whoever checks a proof.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("Die Antwort ist mit {0} Byte zu groß; erlaubt sind {max}.", max = crate::MAX_ANSWER)]
    TooLarge(usize),
    /// Not DER, cut, or not what the standard has in this place.
    #[error("Feld {0}: fehlt oder ist nicht so aufgebaut, wie RFC 3161 und X.690 (DER) es verlangen.")]
    Format(&'static str),
    /// The field is well-formed and holds something that is not supported.
    #[error("Feld {0}: dieses Verfahren oder diese Angabe wird nicht unterstützt.")]
    Unsupported(&'static str),
    /// PKIStatus is neither granted nor grantedWithMods (RFC 3161 section 2.4.2).
    #[error("Feld status: Die Zeitstempelstelle hat abgelehnt (Status {status}{}{text}).", if text.is_empty() { "" } else { ": " })]
    Refused { status: u8, text: String },
    #[error("Feld messageImprint: Der Zeitstempel gehört zu etwas anderem.")]
    OtherImprint,
    #[error("Feld nonce: Die Antwort gehört nicht zu dieser Anfrage.")]
    OtherNonce,
    #[error("Feld policy: Die Antwort nennt eine andere Regel als die verlangte.")]
    OtherPolicy,
    #[error("Feld certificates: Das Zertifikat, mit dem unterschrieben wurde, liegt nicht bei.")]
    NoSigner,
    /// The attribute contentType or messageDigest does not fit what was signed (RFC 5652 section 5.4).
    #[error("Feld signedAttrs, {0}: passt nicht zum Inhalt.")]
    Attribute(&'static str),
    /// ESSCertID or ESSCertIDv2 names another certificate (RFC 5035).
    #[error("Feld signedAttrs, signingCertificate: nennt ein anderes Zertifikat.")]
    OtherCertificate,
    #[error("Feld signature: Die Unterschrift stimmt nicht.")]
    Signature,
    /// id-kp-timeStamping has to be the only purpose, and critical (RFC 3161 section 2.3).
    #[error("Feld extendedKeyUsage: Das Zertifikat ist nicht oder nicht nur für Zeitstempel ausgestellt.")]
    Purpose,
    #[error("Feld validity: Ein Zertifikat galt zur Zeit des Zeitstempels nicht.")]
    NotValid,
    #[error("Feld issuer: Das Zertifikat führt zu keiner Stelle, der Sie vertrauen.")]
    NotTrusted,
    #[error("Die Datei mit den Zertifikaten ist keine PEM-Datei mit Zertifikaten.")]
    Anchors,
    #[error("Die Datei mit den Zertifikaten enthält eines, das keine ausstellende Stelle ist (basicConstraints CA).")]
    AnchorNoAuthority,
}
