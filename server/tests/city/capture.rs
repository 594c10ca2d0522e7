//! E-mails that file themselves: the message, its enclosures, and the message in it, as one set.

use meer::modules::MODULES;
use testkit::TestCity;

use crate::walks::at_case;

const MAIL: &str = "From: =?utf-8?q?J=C3=BCrgen_Muster-Birke?= <juergen@post.example>\r\n\
    To: stadt@musterstadt.example\r\n\
    Date: Mon, 23 Nov 2026 22:30:00 +0000\r\n\
    Subject: Einwand gegen den Radweg\r\n\
    Message-ID: <a1@post.example>\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: multipart/mixed; boundary=aussen\r\n\
    \r\n\
    --aussen\r\n\
    Content-Type: text/plain\r\n\
    \r\n\
    Guten Tag\r\n\
    --aussen\r\n\
    Content-Type: application/pdf\r\n\
    Content-Disposition: attachment; filename=\"lageplan.pdf\"\r\n\
    \r\n\
    %PDF-1.7\n%%EOF\r\n\
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
    Content-Type: application/octet-stream\r\n\
    Content-Disposition: attachment; filename=\"tabelle.xyz\"\r\n\
    \r\n\
    abc\r\n\
    --innen--\r\n\
    --aussen--\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_files_itself_with_what_is_in_it_and_only_once() {
    for test in TestCity::both(MODULES).await {
        let (mut rita, case) = at_case(&test, "Beteiligung").await;
        let at = format!("/intern/vorgang/{case}/dokumente");
        let mail = [("datei", "einwand.eml", MAIL.as_bytes())];
        let sent = rita.post_files(&at, &[("titel", "")], &mail).await;
        let page = rita.follow(sent).await;
        page.is(200).shows("liegt mit ihren Anlagen im Vorgang").shows("Einwand gegen den Radweg");
        page.shows("E-Mail von Jürgen Muster-Birke &#60;juergen@post.example&#62;, 23.11.2026, 23:30");
        page.shows("Anlage zu „Einwand gegen den Radweg“").shows("Anlage zu „Innen“");
        let places = ["Einwand gegen den Radweg</a>", "lageplan.pdf</a>", "Innen</a>", "tabelle.xyz</a>"];
        let places = places.map(|title| page.body.find(title).unwrap_or_else(|| panic!("{title}: {page:?}")));
        assert!(places.is_sorted(), "each follows what it was in: {places:?}");

        // The original is as it came.
        let case_page = rita.get(&format!("/intern/vorgang/{case}")).await;
        let base = format!("/intern/vorgang/{case}/dokument/");
        let links = case_page.body.split("href=\"").skip(1).filter_map(|part| part.split('"').next());
        let links: Vec<String> = links
            .filter(|link| link.strip_prefix(&base).is_some_and(|id| !id.contains('/')))
            .map(str::to_owned)
            .collect();
        assert_eq!(links.len(), 4, "{links:?}");
        let mut all = Vec::new();
        for link in &links {
            all.push(rita.get(link).await.is(200).bytes.clone());
        }
        assert!(all.iter().any(|bytes| bytes == MAIL.as_bytes()));
        assert!(all.iter().any(|bytes| bytes.as_slice() == b"abc"));

        let sent = rita.post_files(&at, &[("titel", "")], &mail).await;
        let page = rita.follow(sent).await;
        page.is(200).shows("liegt schon in diesem Vorgang");
        assert_eq!(page.body.matches("lageplan.pdf</a>").count(), 1);

        // What only calls itself a message comes back with the title as typed.
        let wrong = [("datei", "brief.eml", b"Guten Tag,\n\nein Brief\n".as_slice())];
        rita.post_files(&at, &[("titel", "Mein Brief")], &wrong)
            .await
            .is(422)
            .shows("keine E-Mail")
            .shows("Mein Brief");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_off_is_not_kept_and_its_title_comes_back() {
    for test in TestCity::both(MODULES).await {
        let (mut rita, case) = at_case(&test, "Beteiligung").await;
        let at = format!("/intern/vorgang/{case}/dokumente");
        let title = [("titel", "Stellungnahme der Nachbarin")];
        // In the middle of the file, and in the middle of its head.
        for missing in [60, 150] {
            let file = [("datei", "stellungnahme.txt", &b"Der Radweg liegt zu nah am Bach."[..])];
            let page = rita.post_files_broken(&at, &title, &file, missing).await;
            page.is(422).shows("Die Datei ist nicht ganz angekommen").shows("Stellungnahme der Nachbarin");
        }
        // An e-mail of which a part is missing does not file itself.
        let mail = [("datei", "einwand.eml", MAIL.as_bytes())];
        let page = rita.post_files_broken(&at, &[("titel", "")], &mail, 60).await;
        page.is(422).shows("Die Datei ist nicht ganz angekommen");
        rita.get(&at).await.is(200).hides("Stellungnahme der Nachbarin").hides("Einwand gegen den Radweg");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_files_at_once_are_a_document_each_and_one_that_is_refused_takes_none_with_it() {
    for test in TestCity::both(MODULES).await {
        let (mut rita, case) = at_case(&test, "Beteiligung").await;
        let at = format!("/intern/vorgang/{case}/dokumente");
        let good = [("datei", "erste.txt", &b"Eins\n"[..]), ("datei", "zweite.txt", &b"Zwei\n"[..])];
        let sent = rita.post_files(&at, &[("titel", "Gemeinsam")], &good).await;
        let page = rita.follow(sent).await;
        page.is(200).shows("Die Dokumente liegen im Vorgang").shows("erste.txt</a>").shows("zweite.txt</a>");
        page.hides("Gemeinsam");

        // The refused ones stand in the middle; what comes before and after them is kept, and the typed title, too.
        let mixed = [
            ("datei", "dritte.txt", &b"Drei\n"[..]),
            ("datei", "programm.exe", &b"MZ\x90\x00\x03\x00"[..]),
            ("datei", "brief.eml", &b"Guten Tag,\n\nein Brief\n"[..]),
            ("datei", "einwand.eml", MAIL.as_bytes()),
            ("datei", "vierte.txt", &b"Vier\n"[..]),
        ];
        let page = rita.post_files(&at, &[("titel", "Gemeinsam")], &mixed).await;
        page.is(422)
            .shows("„programm.exe“ ist kein PDF")
            .shows("brief.eml: ")
            .shows("keine E-Mail")
            .shows("value=\"Gemeinsam\"");
        page.hides("dritte.txt: ").hides("vierte.txt: ").hides("einwand.eml: ");
        page.shows("Die Dokumente liegen im Vorgang").shows("dritte.txt</a>").shows("vierte.txt</a>");
        page.shows("Einwand gegen den Radweg</a>").hides("programm.exe</a>").hides("brief.eml</a>");

        // The same message again is named and not stored twice; the text is a second document.
        let again = [("datei", "einwand.eml", MAIL.as_bytes()), ("datei", "erste.txt", &b"Eins\n"[..])];
        let page = rita.post_files(&at, &[("titel", "")], &again).await;
        page.is(422).shows("einwand.eml: Diese E-Mail liegt schon");
        assert_eq!(page.body.matches("erste.txt</a>").count(), 2);
        assert_eq!(page.body.matches("Einwand gegen den Radweg</a>").count(), 1);

        // One file alone keeps the typed title, and has its own name without one.
        let one = [("datei", "fuenfte.txt", &b"Lang\n"[..])];
        for (typed, shown) in [("Stellungnahme", "Stellungnahme</a>"), ("", "fuenfte.txt</a>")] {
            let sent = rita.post_files(&at, &[("titel", typed)], &one).await;
            rita.follow(sent).await.is(200).shows("Das Dokument liegt im Vorgang").shows(shown);
        }
        rita.post_files(&at, &[("titel", "")], &[("datei", "", &b""[..])]).await.is(422).shows("Wählen Sie eine Datei");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_files_those_before_a_break_are_kept_and_the_page_says_so() {
    for test in TestCity::both(MODULES).await {
        let (mut rita, case) = at_case(&test, "Beteiligung").await;
        let at = format!("/intern/vorgang/{case}/dokumente");
        let files = [
            ("datei", "erste.txt", &b"Eins\n"[..]),
            ("datei", "zweite.txt", &b"Zwei\n"[..]),
            ("datei", "dritte.txt", &b"Der Radweg liegt zu nah am Bach, und die Bank steht im Weg."[..]),
        ];
        let page = rita.post_files_broken(&at, &[("titel", "Gemeinsam")], &files, 60).await;
        page.is(422).shows("dritte.txt: Die Datei ist nicht ganz angekommen").shows("Die Übertragung brach ab");
        page.shows("erste.txt</a>").shows("zweite.txt</a>").hides("dritte.txt</a>").shows("value=\"Gemeinsam\"");
    }
}
