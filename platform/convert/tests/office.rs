//! The real LibreOffice in the real bubblewrap, where both are installed and the machine lets us make a sandbox.

use std::{
    fs,
    io::{ErrorKind, Write as _},
    net::TcpListener,
    path::Path,
    time::{Duration, Instant},
};

use convert::{Fault, Format, MOST_TIME, Programs};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The programs, unless they are missing or must not be used here; then the output says which test checked nothing.
async fn programs(scratch: &Path) -> Option<Programs> {
    let Some(programs) = Programs::installed() else {
        println!("not checked: LibreOffice or bubblewrap is not installed");
        return None;
    };
    match programs.try_sandbox(scratch).await {
        Ok(()) => Some(programs),
        Err(fault) => {
            println!("not checked: {fault}");
            None
        }
    }
}

fn archive(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(CompressionMethod::Stored)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A file of Office Open XML (ECMA-376) with one part and what that part refers to.
fn open_xml(part: &str, content_type: &str, content: &str, relations: &str) -> Vec<u8> {
    let types = format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Default Extension=\"xml\" \
         ContentType=\"application/xml\"/><Override PartName=\"/{part}\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.{content_type}.main+xml\"/></Types>"
    );
    let root = format!(
        "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"r1\" Type=\"{OFFICE}/officeDocument\" \
         Target=\"{part}\"/></Relationships>"
    );
    let relations = format!("<Relationships xmlns=\"{PACKAGE}/relationships\">{relations}</Relationships>");
    let (folder, name) = part.split_once('/').unwrap();
    let beside = format!("{folder}/_rels/{name}.rels");
    archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", root.as_bytes()),
        (part, content.as_bytes()),
        (beside.as_str(), relations.as_bytes()),
    ])
}

fn docx(body: &str, relations: &str) -> Vec<u8> {
    let content = format!(
        "<w:document xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" xmlns:r=\"{OFFICE}\">\
         <w:body>{body}</w:body></w:document>"
    );
    open_xml("word/document.xml", "wordprocessingml.document", &content, relations)
}

fn paragraph(text: &str) -> String {
    format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
}

fn xlsx() -> Vec<u8> {
    let sheet = "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData><row r=\"1\">\
                 <c r=\"A1\" t=\"inlineStr\"><is><t>Größe</t></is></c><c r=\"B1\"><v>2.5</v></c></row></sheetData></worksheet>";
    let book = format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{OFFICE}\"><sheets>\
         <sheet name=\"Liste\" sheetId=\"1\" r:id=\"s1\"/></sheets></workbook>"
    );
    let types = format!(
        "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/><Override \
         PartName=\"/xl/sheet1.xml\" \
         ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml\"/></Types>"
    );
    let relation = |id: &str, kind: &str, target: &str| {
        format!(
            "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"{id}\" Type=\"{OFFICE}/{kind}\" \
             Target=\"{target}\"/></Relationships>"
        )
    };
    archive(&[
        ("[Content_Types].xml", types.as_bytes()),
        ("_rels/.rels", relation("r1", "officeDocument", "xl/workbook.xml").as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relation("s1", "worksheet", "sheet1.xml").as_bytes()),
        ("xl/sheet1.xml", sheet.as_bytes()),
    ])
}

/// A file of OpenDocument (ODF 1.3) of this kind; `content` stands in the element of its kind, `doctype` before all.
fn open_document(kind: &str, element: &str, content: &str, doctype: &str) -> Vec<u8> {
    let urn = "urn:oasis:names:tc:opendocument:xmlns";
    let media_type = format!("application/vnd.oasis.opendocument.{kind}");
    let manifest = format!(
        "<manifest:manifest xmlns:manifest=\"{urn}:manifest:1.0\" manifest:version=\"1.3\"><manifest:file-entry \
         manifest:full-path=\"/\" manifest:media-type=\"{media_type}\"/><manifest:file-entry \
         manifest:full-path=\"content.xml\" manifest:media-type=\"text/xml\"/></manifest:manifest>"
    );
    let content = format!(
        "{doctype}<office:document-content xmlns:office=\"{urn}:office:1.0\" xmlns:text=\"{urn}:text:1.0\" \
         xmlns:draw=\"{urn}:drawing:1.0\" xmlns:table=\"{urn}:table:1.0\" xmlns:svg=\"{urn}:svg-compatible:1.0\" \
         xmlns:xlink=\"http://www.w3.org/1999/xlink\" office:version=\"1.3\"><office:body>\
         <office:{element}>{content}</office:{element}></office:body></office:document-content>"
    );
    archive(&[
        ("mimetype", media_type.as_bytes()),
        ("META-INF/manifest.xml", manifest.as_bytes()),
        ("content.xml", content.as_bytes()),
    ])
}

fn odt(content: &str) -> Vec<u8> {
    open_document("text", "text", content, "")
}

#[tokio::test(flavor = "multi_thread")]
async fn office_files_become_a_pdf_and_two_at_once_do_not_disturb_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let Some(programs) = programs(folder.path()).await else { return };
    let slide = "<draw:page draw:name=\"Folie\"><draw:frame svg:width=\"10cm\" svg:height=\"2cm\" svg:x=\"1cm\" svg:y=\"1cm\">\
                 <draw:text-box><text:p>Folie</text:p></draw:text-box></draw:frame></draw:page>";
    let samples: [(&str, Format, Vec<u8>); 5] = [
        ("brief.docx", Format::Docx, docx(&paragraph("Grüße äöüß"), "")),
        ("liste.xlsx", Format::Xlsx, xlsx()),
        ("brief.odt", Format::Odt, odt("<text:p>Guten Tag</text:p>")),
        ("brief.rtf", Format::Rtf, b"{\\rtf1\\ansi Sehr geehrte Frau Beispiel\\par}".to_vec()),
        ("folien.odp", Format::Odp, open_document("presentation", "presentation", slide, "")),
    ];
    let opened = samples.into_iter().filter(|(name, format, bytes)| {
        assert_eq!(Format::of(bytes, name), Some(*format), "{name}");
        let open = programs.opens(*format);
        if !open {
            println!("not checked: {name}, this part of LibreOffice is not installed");
        }
        open
    });
    let mut running = Vec::new();
    for (name, format, bytes) in opened {
        let (programs, scratch) = (programs.clone(), folder.path().to_owned());
        running.push(tokio::spawn(async move {
            let begun = Instant::now();
            let made = programs.to_pdf(&scratch, format, &bytes, MOST_TIME).await;
            println!("{name}: {:?} since all began", begun.elapsed());
            made.unwrap_or_else(|fault| panic!("{name}: {fault}"))
        }));
    }
    assert!(!running.is_empty(), "LibreOffice without any of its parts");
    for made in running {
        assert!(made.await.unwrap().starts_with(b"%PDF-"));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_links_to_outside_is_not_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let Some(programs) = programs(folder.path()).await else { return };
    let outside = TcpListener::bind("127.0.0.1:0").unwrap();
    outside.set_nonblocking(true).unwrap();
    let url = format!("http://{}/bild.png", outside.local_addr().unwrap());
    let picture = format!(
        "<text:p><draw:frame svg:width=\"3cm\" svg:height=\"3cm\"><draw:image xlink:href=\"{url}\" \
         xlink:type=\"simple\" xlink:show=\"embed\" xlink:actuate=\"onLoad\"/></draw:frame></text:p>"
    );
    let template = format!(
        "<Relationship Id=\"t\" Type=\"{OFFICE}/attachedTemplate\" Target=\"{url}\" TargetMode=\"External\"/><Relationship \
         Id=\"p\" Type=\"{OFFICE}/image\" Target=\"{url}\" TargetMode=\"External\"/>"
    );
    for (format, bytes) in [(Format::Odt, odt(&picture)), (Format::Docx, docx(&paragraph("Bild"), &template))] {
        let made = programs.to_pdf(folder.path(), format, &bytes, MOST_TIME).await;
        assert!(made.unwrap().starts_with(b"%PDF-"), "the rest of it is shown");
        assert_eq!(outside.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "{format:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_files_and_bombs_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(programs) = programs(folder.path()).await else { return };
    let whole = docx(&paragraph(&"Ein Brief ".repeat(500)), "");
    // Entities of entities: a kilobyte that would be 70 gigabytes.
    let nested = (b'b'..=b'f').map(|name| {
        let (name, inner) = (char::from(name), format!("&{};", char::from(name - 1)));
        format!("<!ENTITY {name} \"{}\">", inner.repeat(30))
    });
    let doctype = format!("<!DOCTYPE x [<!ENTITY a \"{}\">{}]>", "lol".repeat(1_000), nested.collect::<String>());
    let bomb = open_document("text", "text", "<text:p>&f;</text:p>", &doctype);
    for (what, format, bytes) in
        [("broken off", Format::Docx, &whole[..whole.len() - 300]), ("a bomb", Format::Odt, bomb.as_slice())]
    {
        let made = programs.to_pdf(folder.path(), format, bytes, MOST_TIME).await;
        assert!(matches!(made, Err(Fault::NoPdf(_))), "{what}: {:?}", made.map(|pdf| pdf.len()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{what}");
    }
}

/// Processes of the sandbox: for them this folder of ours is `/job`.
fn inside(folder: &Path) -> usize {
    // A mount names the path in its own file system.
    let folder = folder.file_name().unwrap().to_str().unwrap();
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path().join("mountinfo"));
    let sees = |mounts: &String| mounts.lines().any(|line| line.contains(folder) && line.contains(" /job "));
    processes.filter_map(|mounts| fs::read_to_string(mounts).ok()).filter(sees).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_ended_with_all_its_processes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(programs) = programs(folder.path()).await else { return };
    if !programs.opens(Format::Ods) {
        println!("not checked: Calc is not installed");
        return;
    }
    // A billion cells, by two numbers.
    let cells = "<table:table table:name=\"a\"><table:table-row table:number-rows-repeated=\"1048576\"><table:table-cell \
                 office:value-type=\"string\" table:number-columns-repeated=\"1024\"><text:p>x</text:p></table:table-cell>\
                 </table:table-row></table:table>";
    let endless = open_document("spreadsheet", "spreadsheet", cells, "");
    let scratch = folder.path().to_owned();
    let running = tokio::spawn(async move {
        programs.to_pdf(&scratch, Format::Ods, &endless, Duration::from_secs(5)).await.map(|pdf| pdf.len())
    });
    let mut most = 0;
    while !running.is_finished() {
        most = most.max(inside(folder.path()));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(most >= 2, "LibreOffice and who started it were to be seen, not {most}");
    let made = running.await.unwrap();
    assert!(matches!(made, Err(Fault::TooSlow)), "{made:?}");
    let begun = Instant::now();
    while inside(folder.path()) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(5), "something still runs");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
