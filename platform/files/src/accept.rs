//! Which uploads are taken in: by their content, never by their name or by what the browser says.

/// A kind of file that people may send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Type {
    Pdf,
    Jpeg,
    Png,
}

impl Type {
    pub fn media_type(self) -> &'static str {
        match self {
            Type::Pdf => "application/pdf",
            Type::Jpeg => "image/jpeg",
            Type::Png => "image/png",
        }
    }
}

/// What a place takes.
#[derive(Clone, Copy, Debug)]
pub struct Accept {
    pub types: &'static [Type],
    /// Bytes.
    pub max: usize,
}

/// Why a file is not taken; the code is translated as `error-<code>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    Empty,
    TooLarge,
    WrongType,
    /// It begins as one kind of file and holds another, or active content.
    Suspicious,
}

impl Refusal {
    pub fn code(self) -> &'static str {
        match self {
            Refusal::Empty => "file-empty",
            Refusal::TooLarge => "file-too-large",
            Refusal::WrongType => "file-wrong-type",
            Refusal::Suspicious => "file-suspicious",
        }
    }
}

/// Decides by the content.
pub fn accept(bytes: &[u8], rules: Accept) -> Result<Type, Refusal> {
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if bytes.len() > rules.max {
        return Err(Refusal::TooLarge);
    }
    let found = match infer::get(bytes).map(|t| t.mime_type()) {
        Some("application/pdf") => Type::Pdf,
        Some("image/jpeg") => Type::Jpeg,
        Some("image/png") => Type::Png,
        _ => return Err(Refusal::WrongType),
    };
    if !rules.types.contains(&found) {
        return Err(Refusal::WrongType);
    }
    if whole(found, bytes) { Ok(found) } else { Err(Refusal::Suspicious) }
}

/// The file ends where its kind says it ends: nothing else hangs on it, such as an archive or a page.
fn whole(found: Type, bytes: &[u8]) -> bool {
    let tail = bytes.trim_ascii_end();
    let archive_at_the_end = bytes[bytes.len().saturating_sub(66_000)..].windows(4).any(|w| w == b"PK\x05\x06");
    match found {
        Type::Png => bytes.ends_with(b"IEND\xaeB`\x82"),
        Type::Jpeg => tail.ends_with(&[0xff, 0xd9]),
        Type::Pdf => {
            let last = &tail[tail.len().saturating_sub(1024)..];
            !archive_at_the_end && last.windows(5).any(|w| w == b"%%EOF")
        }
    }
}

/// A name that is safe to show and to save: no folders, no control or direction-changing characters, at most 120.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String =
        last.chars().filter(|c| !hidden(*c) && !matches!(c, '"' | '<' | '>' | '|' | ':' | '*' | '?')).collect();
    let clean = clean.trim().trim_start_matches('.');
    let short: String = if clean.chars().count() <= 120 {
        clean.to_owned()
    } else {
        // The ending stays, so that the file still opens.
        let ending = clean.rsplit_once('.').map(|(_, e)| e).filter(|e| e.len() <= 5).unwrap_or_default();
        let kept: String = clean.chars().take(114).collect();
        format!("{kept}.{ending}")
    };
    if short.is_empty() { "dokument".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png], max: 1000 };

    #[test]
    fn content_decides() {
        let pdf = b"%PDF-1.7\n...\n%%EOF\n";
        let png = b"\x89PNG\r\n\x1a\n....IEND\xaeB`\x82";
        assert_eq!(accept(pdf, ANY), Ok(Type::Pdf));
        assert_eq!(accept(png, ANY), Ok(Type::Png));
        assert_eq!(accept(png, Accept { types: &[Type::Pdf], max: 1000 }), Err(Refusal::WrongType));
        assert_eq!(accept(b"", ANY), Err(Refusal::Empty));
        assert_eq!(accept(&[b'%'; 1001], ANY), Err(Refusal::TooLarge));
        for wrong in
            [&b"<svg xmlns='http://www.w3.org/2000/svg'><script>"[..], b"<html>", b"PK\x03\x04", b"MZ\x90\0", b"text"]
        {
            assert_eq!(accept(wrong, ANY), Err(Refusal::WrongType));
        }
    }

    #[test]
    fn files_that_are_two_things_are_refused() {
        assert_eq!(accept(b"%PDF-1.7\n%%EOF\nPK\x03\x04...PK\x05\x06....", ANY), Err(Refusal::Suspicious));
        assert_eq!(accept(b"\x89PNG\r\n\x1a\n....IEND\xaeB`\x82<script>", ANY), Err(Refusal::Suspicious));
        assert_eq!(accept(b"\xff\xd8\xff\xe0....<?php", ANY), Err(Refusal::Suspicious));
    }

    #[test]
    fn names_are_cleaned() {
        assert_eq!(clean_name("C:\\geheim\\nachweis.pdf"), "nachweis.pdf");
        assert_eq!(clean_name("../../etc/passwd"), "passwd");
        assert_eq!(clean_name("rechnung\u{202e}fdp.exe"), "rechnungfdp.exe");
        assert_eq!(clean_name(" .\u{7} "), "dokument");
        assert_eq!(clean_name(&format!("{}.pdf", "ä".repeat(300))).chars().count(), 118);
    }
}
