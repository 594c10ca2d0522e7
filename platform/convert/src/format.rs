/// A file that is converted: an office file, or a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    Docx,
    Xlsx,
    Pptx,
    Odt,
    Ods,
    Odp,
    Rtf,
    Doc,
    Xls,
    Ppt,
    /// A scan, which needs no LibreOffice.
    Tiff,
}

/// Compound File Binary (MS-CFB, 2.2): Word, Excel and PowerPoint before 2007.
const COMPOUND: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

impl Format {
    /// By the content; only among the older files of Microsoft, which look alike, the ending of the name decides.
    pub fn of(bytes: &[u8], name: &str) -> Option<Format> {
        if bytes.starts_with(b"{\\rtf") {
            return Some(Format::Rtf);
        }
        if crate::scan::is_tiff(bytes) {
            return Some(Format::Tiff);
        }
        if bytes.starts_with(COMPOUND) {
            let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase()).unwrap_or_default();
            return match ending.as_str() {
                "doc" | "dot" => Some(Format::Doc),
                "xls" | "xlt" => Some(Format::Xls),
                "ppt" | "pps" => Some(Format::Ppt),
                _ => None,
            };
        }
        if !bytes.starts_with(b"PK\x03\x04") {
            return None;
        }
        // OpenDocument 1.3 part 2, 3.3: the first entry is `mimetype`, not compressed.
        if let Some(rest) = bytes.get(30..).and_then(|rest| rest.strip_prefix(b"mimetype")) {
            let rest = rest.strip_prefix(b"application/vnd.oasis.opendocument.")?;
            let known: [(&[u8], Format); 3] =
                [(b"text", Format::Odt), (b"spreadsheet", Format::Ods), (b"presentation", Format::Odp)];
            // Templates and drawings have longer names.
            let found = known.into_iter().find(|(word, _)| rest.starts_with(word));
            return found.filter(|(word, _)| rest.get(word.len()) != Some(&b'-')).map(|(_, format)| format);
        }
        // Office Open XML (ECMA-376 part 2): the names of its parts stand in the directory at the end of the archive.
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        if !has(b"[Content_Types].xml") {
            return None;
        }
        let known: [(&[u8], Format); 3] = [
            (b"word/document.xml", Format::Docx),
            (b"xl/workbook.xml", Format::Xlsx),
            (b"ppt/presentation.xml", Format::Pptx),
        ];
        known.into_iter().find(|(part, _)| has(part)).map(|(_, format)| format)
    }

    /// LibreOffice converts it.
    pub fn is_office(self) -> bool {
        self != Format::Tiff
    }

    /// Media type of the formats that staff may put into a case: scans, OpenDocument and Office Open XML. None for the older ones,
    /// of which nobody can say without opening them whether they hold macros.
    pub fn media_type(self) -> Option<&'static str> {
        match self {
            Format::Tiff => Some("image/tiff"),
            Format::Odt => Some("application/vnd.oasis.opendocument.text"),
            Format::Ods => Some("application/vnd.oasis.opendocument.spreadsheet"),
            Format::Odp => Some("application/vnd.oasis.opendocument.presentation"),
            Format::Docx => Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            Format::Xlsx => Some("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            Format::Pptx => Some("application/vnd.openxmlformats-officedocument.presentationml.presentation"),
            _ => None,
        }
    }

    /// It brings macros: the names of their parts stand in the directory of the archive.
    pub fn has_macros(bytes: &[u8]) -> bool {
        [b"vbaProject.bin".as_slice(), b"Basic/script-lc.xml", b"Scripts/"]
            .iter()
            .any(|part| bytes.windows(part.len()).any(|window| window == *part))
    }

    /// The file by which Writer, Calc or Impress makes itself known to LibreOffice as the part that opens it.
    pub(crate) fn registry(self) -> &'static str {
        match self {
            Format::Docx | Format::Odt | Format::Rtf | Format::Doc => "writer.xcd",
            Format::Xlsx | Format::Ods | Format::Xls => "calc.xcd",
            Format::Pptx | Format::Odp | Format::Ppt => "impress.xcd",
            Format::Tiff => "draw.xcd",
        }
    }

    /// The ending by which LibreOffice knows it.
    pub(crate) fn ending(self) -> &'static str {
        match self {
            Format::Docx => "docx",
            Format::Xlsx => "xlsx",
            Format::Pptx => "pptx",
            Format::Odt => "odt",
            Format::Ods => "ods",
            Format::Odp => "odp",
            Format::Rtf => "rtf",
            Format::Doc => "doc",
            Format::Xls => "xls",
            Format::Ppt => "ppt",
            Format::Tiff => "tif",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(first: &str, content: &str, more: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(30, 0);
        bytes.extend([first, content, more].concat().bytes());
        bytes
    }

    #[test]
    fn the_content_decides_and_the_name_only_among_alike() {
        let odt = archive("mimetype", "application/vnd.oasis.opendocument.text", "PK");
        assert_eq!(Format::of(&odt, "rechnung.exe"), Some(Format::Odt));
        assert!(!Format::has_macros(&odt));
        let macros = archive("mimetype", "application/vnd.oasis.opendocument.text", "Basic/script-lc.xml");
        assert!(Format::has_macros(&macros));
        let template = archive("mimetype", "application/vnd.oasis.opendocument.text-template", "PK");
        assert_eq!(Format::of(&template, "a.odt"), None);
        let docx = archive("[Content_Types].xml", "", "PK word/document.xml");
        assert_eq!(Format::of(&docx, "a.xlsx"), Some(Format::Docx));
        assert_eq!(Format::of(&archive("a", "", "word/document.xml"), "a.docx"), None);
        assert_eq!(Format::of(COMPOUND, "Brief.DOC"), Some(Format::Doc));
        assert_eq!(Format::of(COMPOUND, "Brief.exe"), None);
        assert_eq!(Format::of(b"{\\rtf1 x}", "x"), Some(Format::Rtf));
        assert_eq!(Format::of(b"II*\0", "a.pdf"), Some(Format::Tiff));
        assert_eq!(Format::of(b"MM\0*", "a"), Some(Format::Tiff));
        for bytes in [b"".as_slice(), b"PK\x03\x04", b"<html>", b"%PDF-1.7"] {
            assert_eq!(Format::of(bytes, "a.docx"), None);
        }
    }
}
