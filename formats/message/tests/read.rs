use std::io::{Cursor, Write as _};

use message::{Content, Fault, Kind, Person, kind_of, read};
use proptest::prelude::*;

const MAIL: &str = "From: =?utf-8?q?J=C3=BCrgen_Muster-Birke?= <juergen@post.example>\r\n\
    To: \"Stadt Musterstadt\" <stadt@musterstadt.example>, amt@musterstadt.example\r\n\
    Cc: erika@post.example\r\n\
    Date: Mon, 23 Nov 2026 23:30:00 +0100\r\n\
    Subject: =?iso-8859-1?q?Einwand_gegen_den_Bebauungsplan_f=FCr_die_Stra=DFe?=\r\n\
    Message-ID: <a1@post.example>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=aussen\r\n\
    \r\n\
    --aussen\r\n\
    Content-Type: text/plain; charset=windows-1252\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\
    \r\n\
    Gr=FC=DFe f=FCr 5 =80\r\n\
    --aussen\r\n\
    Content-Type: application/pdf\r\n\
    Content-Disposition: attachment; filename*=utf-8''Lageplan%20S%C3%BCd.pdf\r\n\
    Content-Transfer-Encoding: base64\r\n\
    \r\n\
    JVBERi0=\r\n\
    --aussen\r\n\
    Content-Type: message/rfc822\r\n\
    \r\n\
    From: erika@post.example\r\n\
    Subject: Innen\r\n\
    Content-Type: multipart/mixed; boundary=innen\r\n\
    \r\n\
    --innen\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    Anbei\r\n\
    --innen\r\n\
    Content-Type: text/csv; name=\"../../liste.csv\"\r\n\
    Content-Disposition: attachment\r\n\
    \r\n\
    a;b\r\n\
    --innen--\r\n\
    --aussen--\r\n";

#[test]
fn a_sender_cannot_turn_the_direction_of_what_is_shown() {
    let mail =
        "From: =?utf-8?q?=E2=80=AEgnp.exe?= <a@post.example>\r\nSubject: =?utf-8?q?Plan=E2=81=A7S=C3=BCd?=\r\n\r\nText";
    let message = read(Kind::Eml, mail.as_bytes()).unwrap();
    assert_eq!(message.from.unwrap().to_string(), "gnp.exe <a@post.example>");
    assert_eq!(message.subject, "Plan Süd");
}

#[test]
fn an_internet_message_with_its_enclosures_and_the_message_in_it() {
    let message = read(Kind::Eml, MAIL.as_bytes()).unwrap();
    let from = message.from.clone().unwrap();
    assert_eq!(from.to_string(), "Jürgen Muster-Birke <juergen@post.example>");
    assert_eq!(message.to.len(), 2);
    assert_eq!(
        (message.to[0].name.as_str(), message.cc[0].address.as_str()),
        ("Stadt Musterstadt", "erika@post.example")
    );
    assert_eq!(message.sent_at.unwrap().to_string(), "2026-11-23T22:30:00Z");
    assert_eq!(message.subject, "Einwand gegen den Bebauungsplan für die Straße");
    assert_eq!(message.id.as_deref(), Some("a1@post.example"));
    assert!(message.text.contains("Grüße für 5 €"), "{}", message.text);
    let [plan, inner] = message.enclosures.as_slice() else { panic!("{:?}", message.enclosures) };
    assert_eq!((plan.name.as_str(), &plan.content), ("Lageplan Süd.pdf", &Content::Bytes(b"%PDF-".to_vec())));
    assert_eq!(inner.name, "Innen.eml");
    let Content::Message { message: inner, bytes: Some(bytes) } = &inner.content else { panic!("{inner:?}") };
    assert!(bytes.starts_with(b"From: erika@post.example"), "{}", String::from_utf8_lossy(bytes));
    assert_eq!((inner.subject.as_str(), inner.enclosures[0].name.as_str()), ("Innen", "liste.csv"));
}

#[test]
fn what_is_no_message_is_said_in_german() {
    for text in ["", "Guten Tag,\r\n\r\nein Brief", "%PDF-1.7\n%%EOF"] {
        assert_eq!(read(Kind::Eml, text.as_bytes()), Err(Fault::NoMessage), "{text}");
    }
    assert_eq!(read(Kind::Msg, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), Err(Fault::NoMessage));
    assert!(Fault::NoMessage.to_string().contains("keine E-Mail"));
    let bomb = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    assert_eq!(read(Kind::Eml, format!("Subject: x\r\n{bomb}").as_bytes()), Err(Fault::TooManyParts));
}

#[test]
fn a_file_is_known_by_its_beginning_or_its_ending() {
    assert_eq!(kind_of("post.EML", b"From: x"), Some(Kind::Eml));
    assert_eq!(kind_of("ohne", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"), Some(Kind::Msg));
    assert_eq!(kind_of("post.eml", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"), Some(Kind::Msg));
    assert_eq!(kind_of("Brief.DOC", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"), None);
    assert_eq!(kind_of("brief.pdf", b"%PDF-"), None);
    assert_eq!(kind_of("eml", b"From: x"), None);
}

/// A message of Outlook, written by hand.
struct Outlook(cfb::CompoundFile<Cursor<Vec<u8>>>);

impl Outlook {
    fn new() -> Self {
        Self(cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap())
    }

    fn put(&mut self, path: &str, bytes: &[u8]) {
        self.0.create_stream(path).unwrap().write_all(bytes).unwrap();
    }

    fn wide(&mut self, at: &str, id: &str, text: &str) {
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        self.put(&format!("{at}__substg1.0_{id}001F"), &bytes);
    }

    fn fixed(&mut self, at: &str, header: usize, values: &[(u32, u64)]) {
        let mut bytes = vec![0; header];
        for (tag, value) in values {
            bytes.extend(tag.to_le_bytes());
            bytes.extend([0u8; 4]);
            bytes.extend(value.to_le_bytes());
        }
        self.put(&format!("{at}__properties_version1.0"), &bytes);
    }

    fn storage(&mut self, path: &str) {
        self.0.create_storage(path).unwrap();
    }

    fn bytes(mut self) -> Vec<u8> {
        self.0.flush().unwrap();
        self.0.into_inner().into_inner()
    }
}

/// 23 November 2026, 22:30 UTC, in steps of 100 ns since 1601.
const SENT: u64 = (1_795_473_000 + 11_644_473_600) * 10_000_000;

fn outlook() -> Vec<u8> {
    let mut file = Outlook::new();
    file.fixed("/", 32, &[(0x0039_0040, SENT), (0x3ffd_0003, 1252)]);
    file.wide("/", "0037", "Einwand für die Straße");
    file.wide("/", "0042", "Jürgen Muster-Birke");
    file.wide("/", "0065", "/O=STADT/CN=JUERGEN");
    file.wide("/", "5D02", "juergen@post.example");
    file.wide("/", "1035", "<a1@post.example>");
    // Narrow: the code page of the message.
    file.put("/__substg1.0_1000001E", b"Gr\xfc\xdfe f\xfcr 5 \x80\0");
    for (n, kind, address) in [(0, 1, "stadt@musterstadt.example"), (1, 2, "erika@post.example")] {
        let at = format!("/__recip_version1.0_#0000000{n}/");
        file.storage(&at);
        file.fixed(&at, 8, &[(0x0c15_0003, kind)]);
        file.wide(&at, "39FE", address);
    }
    let at = "/__attach_version1.0_#00000000/";
    file.storage(at);
    file.wide(at, "3704", "LAGEPL~1.PDF");
    file.wide(at, "3707", "C:\\Pläne\\Lageplan Süd.pdf");
    file.put(&format!("{at}__substg1.0_37010102"), b"%PDF-");
    let at = "/__attach_version1.0_#00000001/";
    file.storage(at);
    file.wide(at, "3001", "Innen");
    let inner = format!("{at}__substg1.0_3701000D/");
    file.storage(&inner);
    file.fixed(&inner, 24, &[]);
    file.wide(&inner, "0037", "Innen");
    file.wide(&inner, "0C1A", "Erika");
    // A link into a network has no data.
    let at = "/__attach_version1.0_#00000002/";
    file.storage(at);
    file.wide(at, "3707", "verweis.docx");
    file.bytes()
}

#[test]
fn a_message_of_outlook_with_its_enclosures_and_the_message_in_it() {
    let bytes = outlook();
    assert_eq!(kind_of("x", &bytes), Some(Kind::Msg));
    let message = read(Kind::Msg, &bytes).unwrap();
    let juergen = Person { name: "Jürgen Muster-Birke".into(), address: "juergen@post.example".into() };
    assert_eq!(message.from, Some(juergen));
    assert_eq!(message.to[0].address, "stadt@musterstadt.example");
    assert_eq!(message.cc[0].address, "erika@post.example");
    assert_eq!(message.sent_at.unwrap().to_string(), "2026-11-23T22:30:00Z");
    assert_eq!(message.subject, "Einwand für die Straße");
    assert_eq!(message.id.as_deref(), Some("a1@post.example"));
    assert_eq!(message.text, "Grüße für 5 €");
    let [plan, inner] = message.enclosures.as_slice() else { panic!("{:?}", message.enclosures) };
    assert_eq!((plan.name.as_str(), &plan.content), ("Lageplan Süd.pdf", &Content::Bytes(b"%PDF-".to_vec())));
    let Content::Message { message: inner, bytes: None } = &inner.content else { panic!("{inner:?}") };
    assert_eq!((inner.subject.as_str(), inner.from.as_ref().unwrap().name.as_str()), ("Innen", "Erika"));
    assert_eq!(message.left_out, ["verweis.docx"]);
}

#[test]
fn another_compound_file_is_no_message() {
    let mut file = Outlook::new();
    file.put("/WordDocument", b"x");
    assert_eq!(read(Kind::Msg, &file.bytes()), Err(Fault::NoMessage));
}

proptest! {
    #[test]
    fn nothing_panics_on_damaged_messages(at in 0usize..10_000, byte in any::<u8>(), cut in 0usize..10_000) {
        for (kind, whole) in [(Kind::Eml, MAIL.as_bytes().to_vec()), (Kind::Msg, outlook())] {
            let mut bytes = whole;
            let place = at % bytes.len();
            bytes[place] = byte;
            let _ = read(kind, &bytes);
            bytes.truncate(cut % bytes.len());
            let _ = read(kind, &bytes);
        }
    }

    #[test]
    fn nothing_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let _ = read(Kind::Eml, &bytes);
        let _ = read(Kind::Msg, &bytes);
    }
}
