//! Which kinds of files are taken over: by content, and where the content does not say it alone, by the ending too. They
//! are more than people may upload, because another system holds them already; they are given out as files to be saved
//! and never shown in place.

use files::{Accept, Refusal, Type};

/// Largest file that is taken over, in bytes.
pub const LARGEST: u64 = 100 * 1024 * 1024;

const UPLOADS: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png, Type::Text], max: 100 * 1024 * 1024 };

const ZIP: &[u8] = b"PK\x03\x04";
/// Compound files of older office programs and mails (MS-CFB).
const COMPOUND: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// Beginning, ending and media type.
const OTHERS: [(&[u8], &str, &str); 18] = [
    (ZIP, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (ZIP, "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (ZIP, "pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    (ZIP, "odt", "application/vnd.oasis.opendocument.text"),
    (ZIP, "ods", "application/vnd.oasis.opendocument.spreadsheet"),
    (ZIP, "odp", "application/vnd.oasis.opendocument.presentation"),
    (COMPOUND, "doc", "application/msword"),
    (COMPOUND, "xls", "application/vnd.ms-excel"),
    (COMPOUND, "ppt", "application/vnd.ms-powerpoint"),
    (COMPOUND, "msg", "application/vnd.ms-outlook"),
    (b"II*\0", "tif", "image/tiff"),
    (b"II*\0", "tiff", "image/tiff"),
    (b"MM\0*", "tif", "image/tiff"),
    (b"MM\0*", "tiff", "image/tiff"),
    (b"{\\rtf", "rtf", "application/rtf"),
    (b"<?xml", "xml", "application/xml"),
    (b"", "eml", "message/rfc822"),
    (b"", "txt", "text/plain; charset=windows-1252"),
];

/// The media type of a file.
///
/// # Errors
/// The code of the reason against it.
pub fn of(name: &str, bytes: &[u8]) -> Result<&'static str, &'static str> {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
    let other = || {
        let found = OTHERS.iter().find(|(start, known, _)| *known == ending && bytes.starts_with(start));
        // Without a beginning of its own it has to be text at least.
        let found = found.filter(|(start, _, _)| !start.is_empty() || !bytes.contains(&0));
        found.map(|(_, _, media_type)| *media_type)
    };
    if matches!(ending.as_str(), "eml" | "rtf" | "xml")
        && !bytes.is_empty()
        && let Some(media_type) = other()
    {
        return Ok(media_type);
    }
    match files::accept(bytes, UPLOADS) {
        Ok(kind) => Ok(kind.media_type()),
        Err(Refusal::WrongType) => other().ok_or(Refusal::WrongType.code()),
        Err(refusal) => Err(refusal.code()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides_and_programs_are_refused() {
        assert_eq!(of("a.txt", "Grüße\n".as_bytes()), Ok("text/plain; charset=utf-8"));
        assert_eq!(of("a.txt", b"Gr\xfc\xdfe"), Ok("text/plain; charset=windows-1252"));
        assert_eq!(of("a.MSG", &[COMPOUND, b"rest"].concat()), Ok("application/vnd.ms-outlook"));
        assert_eq!(of("a.eml", b"From: a@example.org\r\n\r\nx"), Ok("message/rfc822"));
        assert_eq!(
            of("a.docx", b"PK\x03\x04rest"),
            Ok("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
        );
        assert_eq!(of("a.exe", b"MZ\x90\x00"), Err("file-wrong-type"));
        assert_eq!(of("a.txt", b"MZ\x90\x00"), Err("file-wrong-type"));
        assert_eq!(of("a.zip", b"PK\x03\x04rest"), Err("file-wrong-type"));
        assert_eq!(of("a.pdf", b""), Err("file-empty"));
        assert_eq!(of("a.html", b"<html><script>"), Err("file-suspicious"));
    }
}
