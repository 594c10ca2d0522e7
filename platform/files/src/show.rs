//! Which files a browser may show in place: by their content, never by their name or by what somebody said of them.

use crate::accept::{Accept, HEAD, Type, accept, ends_as_zip, looks_active};

/// How a file may be shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shown {
    /// By the browser, in a frame, as this media type.
    Frame(&'static str),
    /// As text that the page escapes.
    Text(String),
    /// Only to be saved: markup, scripts, drawings that may hold scripts, and all that nobody here knows.
    Not,
}

/// Most bytes of a text that a page shows; the rest is for who saves it.
const MOST_TEXT: usize = 512 * 1024;

/// Decides by the bytes. A PDF or picture that is damaged, holds a second file or begins with markup is not shown.
pub fn shown(bytes: &[u8]) -> Shown {
    let rules = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png, Type::Text], max: usize::MAX };
    match accept(bytes, rules) {
        // Text by its bytes, and nobody reads it as that.
        Ok(Type::Text) if bytes.starts_with(RTF) => Shown::Not,
        Ok(Type::Text) => text(bytes).map_or(Shown::Not, Shown::Text),
        Ok(kind) => Shown::Frame(kind.media_type()),
        Err(_) => match picture(bytes) {
            Some(media_type) if !is_more(bytes) => Shown::Frame(media_type),
            Some(_) => Shown::Not,
            None => latin(bytes).map_or(Shown::Not, Shown::Text),
        },
    }
}

const RTF: &[u8] = b"{\\rtf";

/// Pictures that are shown and not taken from the public.
fn picture(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

/// It is also something else.
fn is_more(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    looks_active(head) || ends_as_zip(bytes) || head.windows(5).any(|word| word == b"%PDF-")
}

/// The beginning of a text, up to a whole character.
fn text(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    let end = text.floor_char_boundary(MOST_TEXT.min(text.len()));
    Some(text[..end].trim_start_matches('\u{feff}').to_owned())
}

/// Tables of older programs are written in Windows-1252; its letters are those of Latin-1 but for a few signs.
fn latin(bytes: &[u8]) -> Option<String> {
    let plain = |byte: &u8| matches!(*byte, b'\n' | b'\r' | b'\t' | 0x20..=0x7e | 0x80..=0xff);
    let known = [b"%PDF".as_slice(), b"PK", b"\x89PNG", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0", RTF];
    let is_text = !bytes.is_empty() && bytes.iter().all(plain) && !known.iter().any(|head| bytes.starts_with(head));
    if !is_text || is_more(bytes) {
        return None;
    }
    Some(bytes.iter().take(MOST_TEXT).map(|byte| windows_1252(*byte)).collect())
}

/// The signs between 0x80 and 0x9f (WHATWG Encoding, index windows-1252) that occur in German texts.
fn windows_1252(byte: u8) -> char {
    match byte {
        0x80 => '€',
        0x84 => '„',
        0x85 => '…',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x95 => '•',
        0x96 => '–',
        0x97 => '—',
        0x81..=0x83 | 0x86..=0x90 | 0x98..=0x9f => '\u{fffd}',
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n1 0 obj\n<< >>\nendobj\n%%EOF\n";

    #[test]
    fn the_content_decides() {
        assert_eq!(shown(PDF), Shown::Frame("application/pdf"));
        assert_eq!(shown(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), Shown::Frame("image/gif"));
        assert_eq!(shown(b"RIFF\x04\x00\x00\x00WEBPVP8 "), Shown::Frame("image/webp"));
        assert_eq!(shown("\u{feff}Größe;Preis\n1;2 €\n".as_bytes()), Shown::Text("Größe;Preis\n1;2 €\n".into()));
        assert_eq!(shown(b"Gr\xf6\xdfe;2 \x80\r\n"), Shown::Text("Größe;2 €\r\n".into()));
        assert_eq!(shown(b""), Shown::Not);
        assert_eq!(shown(b"{\\rtf1 Brief}"), Shown::Not);
        assert_eq!(shown(b"\x00\x01\x02"), Shown::Not);
        assert_eq!(shown(b"PK\x03\x04rest"), Shown::Not);
    }

    #[test]
    fn markup_and_drawings_are_not_shown_whatever_they_are_called() {
        let hostile: [&[u8]; 9] = [
            b"<html><script>alert(1)</script></html>",
            b"  <!DOCTYPE html><p>x",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            b"<?xml version=\"1.0\"?><svg/>",
            b"%PDF-1.7\n<html><script>alert(1)</script>\n%%EOF\n",
            b"%PDF-1.7\n%%EOF\n<script>alert(1)</script>",
            b"GIF89a<script>alert(1)</script>",
            b"GIF89a/*%PDF-1.7*/",
            b"\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00",
        ];
        for bytes in hostile {
            assert_eq!(shown(bytes), Shown::Not, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let Shown::Text(text) = shown("ä".repeat(MOST_TEXT).as_bytes()) else { panic!("a text") };
        assert_eq!(text.len(), MOST_TEXT);
        let Shown::Text(text) = shown(format!("x{}", "ä".repeat(MOST_TEXT)).as_bytes()) else { panic!("a text") };
        assert_eq!(text.len(), MOST_TEXT - 1);
    }
}
