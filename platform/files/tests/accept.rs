use files::{Accept, Refusal, Type, accept};
use proptest::prelude::*;

const ANY: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png, Type::Text], max: 10_000_000 };
const SCANS: Accept = Accept { types: &[Type::Pdf, Type::Jpeg, Type::Png], max: 10_000_000 };

fn pdf() -> Vec<u8> {
    b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n".to_vec()
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], kind, data, &[0; 4]].concat()
}

fn png(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &header),
        chunk(b"IDAT", &[1, 2, 3]),
        b"\0\0\0\0IEND\xaeB`\x82".to_vec(),
    ]
    .concat()
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let (w, h) = (width.to_be_bytes(), height.to_be_bytes());
    let frame = [0xff, 0xc0, 0, 11, 8, h[0], h[1], w[0], w[1], 1, 1, 0x11, 0];
    let exif = [&[0xff, 0xe1, 0, 8][..], b"Exif\0\0"].concat();
    let scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x55, 0x55, 0xff, 0xd9];
    [&[0xff, 0xd8][..], &exif, &frame, &scan].concat()
}

/// An archive of no files: the shortest there is, here with a comment.
fn zip_end(comment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(comment.len()).unwrap().to_le_bytes();
    [b"PK\x05\x06", &[0; 16][..], &length, comment].concat()
}

fn looks(bytes: &[u8]) -> Result<Type, Refusal> {
    accept(bytes, ANY)
}

#[test]
fn whole_files_of_each_kind_are_taken() {
    assert_eq!(looks(&pdf()), Ok(Type::Pdf));
    assert_eq!(looks(&png(2480, 3508)), Ok(Type::Png));
    assert_eq!(looks(&jpeg(4000, 3000)), Ok(Type::Jpeg));
    // Telephones append short films and previews to photos.
    assert_eq!(looks(&[jpeg(4000, 3000), b"....ftypmp42 film".to_vec()].concat()), Ok(Type::Jpeg));
    assert_eq!(looks("Sehr geehrte Damen und Herren,\r\n1 < 2\n".as_bytes()), Ok(Type::Text));
}

#[test]
fn what_is_not_allowed_is_refused_by_content() {
    assert_eq!(looks(b""), Err(Refusal::Empty));
    assert_eq!(accept(&pdf(), Accept { max: 20, ..ANY }), Err(Refusal::TooLarge));
    assert_eq!(accept(&png(10, 10), Accept { types: &[Type::Pdf], ..ANY }), Err(Refusal::WrongType));
    let utf16: Vec<u8> = "<html>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let bomb = [&b"PK\x03\x04\x14\0\0\0\x08\0"[..], &[0; 4096], &zip_end(b"")].concat();
    let docx = [b"PK\x03\x04\x14\0\x06\0\x08\0\0\0!\0".to_vec(), b"[Content_Types].xml".to_vec()].concat();
    for (what, wrong) in [
        ("plain text where scans are wanted", &b"Guten Tag"[..]),
        ("another kind of picture", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"),
        ("a program", b"\x7fELF\x02\x01\x01\0"),
        ("a program with a PDF inside", b"MZ\x90\0%PDF-1.7 %%EOF"),
        ("a PDF version that does not exist", b"%PDF-9.9\n\0%%EOF\n"),
        ("text in UTF-16", &utf16),
        ("an archive that grows when opened", &bomb),
        ("a document that is an archive", &docx),
        ("a compressed file", b"\x1f\x8b\x08\0\0\0\0\0"),
        ("a drawing with a program", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x\"/>"),
        ("a page", b"<!DOCTYPE html><script>alert(1)</script>"),
        ("noise", &[1, 2, 3]),
    ] {
        assert_eq!(accept(wrong, SCANS), Err(Refusal::WrongType), "{what}");
    }
}

#[test]
fn markup_that_could_run_is_no_text() {
    for active in [
        &b"<!DOCTYPE html><p>x"[..],
        b"\n\n  <HTML><body onload=x>",
        b"<?xml version=\"1.0\"?><a/>",
        b"\xef\xbb\xbf<!-- x --><b>",
        b"Hallo <ScRiPt>alert(1)</script>",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"x\"/>",
    ] {
        assert_eq!(looks(active), Err(Refusal::Suspicious), "{active:?}");
    }
}

#[test]
fn two_kinds_in_one_are_refused() {
    let comment = [&b"\n"[..], &[b' '; 300]].concat();
    let mut marked_jpeg = jpeg(10, 10);
    marked_jpeg.splice(2..2, [&[0xff, 0xfe, 0, 10][..], b"%PDF-1.7"].concat());
    let scripted_pdf = [b"%PDF-1.7\n% <script>alert(1)</script>\n".to_vec(), pdf()[9..].to_vec()].concat();
    let hidden = [&pdf()[..60], &zip_end(&[&pdf()[60..], &comment].concat())].concat();
    for (what, bytes) in [
        ("archive behind a picture", [png(10, 10), zip_end(b"")].concat()),
        ("archive behind a photo", [jpeg(10, 10), zip_end(b"with a comment")].concat()),
        ("archive whose comment is the end of the PDF", hidden),
        ("archive behind a PDF", [pdf(), zip_end(b"")].concat()),
        ("page behind a PDF", [pdf(), b"<html>".to_vec()].concat()),
        ("page at the head of a PDF", scripted_pdf),
        ("PDF at the head of a photo", marked_jpeg),
    ] {
        assert_eq!(looks(&bytes), Err(Refusal::Suspicious), "{what}");
    }
}

#[test]
fn broken_and_monstrous_pictures_are_refused() {
    for whole in [pdf(), png(10, 10), jpeg(10, 10)] {
        for cut in [10, whole.len() / 2] {
            assert!(matches!(looks(&whole[..cut]), Err(Refusal::Damaged)), "{whole:02x?} at {cut}");
        }
    }
    assert_eq!(looks(&png(0, 10)), Err(Refusal::Damaged));
    assert_eq!(looks(&png(60_000, 60_000)), Err(Refusal::TooManyPixels));
    assert_eq!(looks(&png(u32::MAX, u32::MAX)), Err(Refusal::TooManyPixels));
    assert_eq!(looks(&jpeg(65_535, 65_535)), Err(Refusal::TooManyPixels));
}

#[test]
fn each_refusal_has_its_own_code_and_says_how_much_is_taken() {
    let codes: std::collections::BTreeSet<_> = Refusal::ALL.into_iter().map(Refusal::code).collect();
    assert_eq!(codes.len(), Refusal::ALL.len());
    let error = Refusal::TooLarge.on_field("nachweis", ANY);
    assert_eq!((error.field.as_str(), error.args), ("nachweis", vec![("megabytes".to_owned(), "10".to_owned())]));
}

proptest! {
    #[test]
    fn no_input_panics_and_changed_files_are_judged_too(
        seed in 0usize..3, at in 0usize..200, byte: u8, noise in proptest::collection::vec(any::<u8>(), 0..400)
    ) {
        let mut bytes = [pdf(), png(10, 10), jpeg(10, 10)][seed].clone();
        let at = at % bytes.len();
        bytes[at] = byte;
        let _ = looks(&bytes);
        let _ = looks(&[&bytes[..at], &noise].concat());
        let _ = looks(&noise);
    }
}
