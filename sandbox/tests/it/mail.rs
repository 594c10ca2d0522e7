use std::time::Duration;

use sandbox::{Config, Running};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::client::{config, get, send, start};

/// A client that says exactly what it is told to.
pub struct Smtp {
    stream: BufReader<TcpStream>,
}

impl Smtp {
    pub async fn connect(sandbox: &Running) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(sandbox.smtp_addr).await.unwrap()) }
    }

    /// The last line of a reply.
    pub async fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).await.unwrap();
            assert!(line.is_empty() || line.ends_with("\r\n"), "{line:?}");
            if line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.stream.get_mut().write_all(bytes).await.unwrap();
    }

    pub async fn say(&mut self, line: &str) -> String {
        self.write(format!("{line}\r\n").as_bytes()).await;
        self.reply().await
    }

    #[track_caller]
    fn expect(reply: &str, code: &str) {
        assert!(reply.starts_with(code), "expected {code}, got {reply}");
    }

    /// Greets and opens a message from one address to another.
    async fn to_data(sandbox: &Running, to: &str) -> Self {
        let mut smtp = Self::connect(sandbox).await;
        Self::expect(&smtp.reply().await, "220");
        Self::expect(&smtp.say("EHLO test.example").await, "250");
        Self::expect(&smtp.say("MAIL FROM:<stadt@meerbusch.example> BODY=8BITMIME").await, "250");
        Self::expect(&smtp.say(&format!("RCPT TO:<{to}>")).await, "250");
        Self::expect(&smtp.say("DATA").await, "354");
        smtp
    }
}

async fn mails(sandbox: &Running, to: &str) -> Vec<Value> {
    let reply = get(&format!("{}/mail/api?to={to}", sandbox.base_url)).await;
    reply.json().as_array().unwrap().clone()
}

const MESSAGE: &str = "From: Stadt <stadt@meerbusch.example>\r\n\
    To: erika@post.example\r\n\
    Subject: =?utf-8?q?Sie_haben_eine_neue_Nachricht_=E2=80=93_Gr=C3=BC=C3=9Fe?=\r\n\
    MIME-Version: 1.0\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\
    \r\n\
    Zum Postfach: http://localhost:8080/postfach?n=3D1=20\r\n\
    ..Zeile mit Punkt\r\n\
    <script>alert(1)</script>\r\n";

#[tokio::test]
async fn a_mail_is_taken_decoded_and_shown() {
    let sandbox = start().await;
    let mut smtp = Smtp::to_data(&sandbox, "Erika@post.example").await;
    let done = smtp.say(&format!("{MESSAGE}.")).await;
    Smtp::expect(&done, "250");
    Smtp::expect(&smtp.say("QUIT").await, "221");

    let mails = mails(&sandbox, "erika@POST.example").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["subject"], "Sie haben eine neue Nachricht – Grüße");
    assert_eq!(mails[0]["from"], "stadt@meerbusch.example");
    assert_eq!(mails[0]["to"], json!(["Erika@post.example"]));
    let text = mails[0]["text"].as_str().unwrap();
    assert!(text.contains("http://localhost:8080/postfach?n=1") && text.contains("\n.Zeile mit Punkt"), "{text}");
    assert_eq!(self::mails(&sandbox, "max@post.example").await, Vec::<Value>::new());

    let list = get(&format!("{}/mail", sandbox.base_url)).await.text();
    assert!(list.contains("erika@post.example") && list.contains("Grüße"));
    let page = get(&format!("{}/mail/{}", sandbox.base_url, mails[0]["id"])).await;
    assert!(page.text().contains("<a href=\"http://localhost:8080/postfach?n=1\">"), "{}", page.text());
    assert!(!page.text().contains("<script>"));
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    let source = get(&format!("{}/mail/{}/quelltext", sandbox.base_url, mails[0]["id"])).await;
    assert!(source.text().contains("=C3=BC"));
    assert_eq!(source.headers["content-type"], "text/plain; charset=utf-8");

    assert_eq!(send("DELETE", &format!("{}/mail/api", sandbox.base_url), &[], "").await.unwrap().status, 204);
    assert_eq!(self::mails(&sandbox, "erika@post.example").await, Vec::<Value>::new());
    for missing in ["1", "99999999999999999999", "x"] {
        assert_eq!(get(&format!("{}/mail/{missing}", sandbox.base_url)).await.status, 404);
    }
}

#[tokio::test]
async fn attachments_are_listed() {
    let sandbox = start().await;
    let mut smtp = Smtp::to_data(&sandbox, "erika@post.example").await;
    let message = "Subject: Anlage\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nText\r\n\
        --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n\
        Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--b--\r\n.";
    Smtp::expect(&smtp.say(message).await, "250");
    let mail = &mails(&sandbox, "erika@post.example").await[0];
    assert_eq!(mail["attachments"], json!([{ "name": "a.pdf", "contentType": "application/pdf", "size": 5 }]));
    assert_eq!(mail["text"].as_str().map(str::trim), Some("Text"));
}

#[tokio::test]
async fn international_addresses_need_smtputf8() {
    let sandbox = start().await;
    let mut smtp = Smtp::connect(&sandbox).await;
    smtp.reply().await;
    smtp.say("EHLO test.example").await;
    Smtp::expect(&smtp.say("MAIL FROM:<grüße@meerbusch.example>").await, "553");
    Smtp::expect(&smtp.say("MAIL FROM:<a@meerbusch.example>").await, "250");
    Smtp::expect(&smtp.say("RCPT TO:<jürgen@post.example>").await, "553");
    Smtp::expect(&smtp.say("RSET").await, "250");
    Smtp::expect(&smtp.say("MAIL FROM:<grüße@meerbusch.example> SMTPUTF8 BODY=8BITMIME").await, "250");
    Smtp::expect(&smtp.say("RCPT TO:<jürgen@post.example>").await, "250");
    Smtp::expect(&smtp.say("DATA").await, "354");
    Smtp::expect(&smtp.say("Subject: Grüße\r\n\r\nÄÖÜ\r\n.").await, "250");
    let mail = &mails(&sandbox, "j%C3%BCrgen@post.example").await[0];
    assert_eq!((mail["subject"].as_str(), mail["text"].as_str().map(str::trim)), (Some("Grüße"), Some("ÄÖÜ")));
}

#[tokio::test]
async fn commands_in_the_wrong_order_or_form_are_refused() {
    let sandbox = start().await;
    let mut smtp = Smtp::connect(&sandbox).await;
    smtp.reply().await;
    for (line, code) in [
        ("MAIL FROM:<a@x.example>", "503"),
        ("HELO test.example", "250"),
        ("RCPT TO:<b@x.example>", "503"),
        ("DATA", "503"),
        ("MAIL FROM:<a@x.example> SIZE=99999999", "552"),
        ("MAIL FROM:<a@x.example> BODY=BINARYMIME", "555"),
        ("MAIL FROM:a@x.example", "501"),
        ("MAIL FROM:<>", "250"),
        ("MAIL FROM:<a@x.example>", "503"),
        ("DATA", "503"),
        ("RCPT TO:<>", "501"),
        ("STARTTLS", "502"),
        ("AUTH PLAIN AGEAYg==", "502"),
        ("GET / HTTP/1.1", "500"),
        ("NOOP", "250"),
        ("VRFY b", "252"),
        ("RSET", "250"),
    ] {
        let reply = smtp.say(line).await;
        assert!(reply.starts_with(code), "{line}: expected {code}, got {reply}");
    }
    smtp.write(b"NOOP\n").await;
    Smtp::expect(&smtp.reply().await, "500");
    smtp.write(b"NOOP \xff\xfe\r\n").await;
    Smtp::expect(&smtp.reply().await, "500");
    let mut line = vec![b'x'; 5000];
    line.extend_from_slice(b"\r\n");
    smtp.write(&line).await;
    Smtp::expect(&smtp.reply().await, "500");
}

#[tokio::test]
async fn a_client_that_only_errs_is_sent_away() {
    let sandbox = start().await;
    let mut smtp = Smtp::connect(&sandbox).await;
    smtp.reply().await;
    let mut replies = Vec::new();
    for _ in 0..30 {
        smtp.stream.get_mut().write_all(b"FOO\r\n").await.ok();
        let reply = smtp.reply().await;
        if reply.is_empty() {
            break;
        }
        replies.push(reply);
    }
    assert!(replies.last().unwrap().starts_with("421"), "{replies:?}");
    assert!(replies.len() < 30);
}

/// A bare LF around the dot must not end the message, or one mail could smuggle in a second one.
#[tokio::test]
async fn only_crlf_dot_crlf_ends_a_message_and_bare_line_ends_are_refused() {
    let sandbox = start().await;
    for smuggled in ["\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\n"] {
        let mut smtp = Smtp::to_data(&sandbox, "erika@post.example").await;
        let message = format!("Subject: eins\r\n\r\nText{smuggled}MAIL FROM:<evil@x.example>\r\n.\r\n");
        smtp.write(message.as_bytes()).await;
        Smtp::expect(&smtp.reply().await, "554");
        Smtp::expect(&smtp.say("NOOP").await, "250");
    }
    assert_eq!(mails(&sandbox, "erika@post.example").await, Vec::<Value>::new());
}

#[tokio::test]
async fn too_long_lines_and_too_large_messages_are_refused_whole() {
    let sandbox = start().await;
    let mut smtp = Smtp::to_data(&sandbox, "erika@post.example").await;
    // The rest of the long line looks like the end of the message, but is not at the start of a line.
    let mut message = vec![b'x'; 1000];
    message.extend_from_slice(b".\r\nmore\r\n.\r\n");
    smtp.write(&message).await;
    Smtp::expect(&smtp.reply().await, "554");
    Smtp::expect(&smtp.say("NOOP").await, "250");

    let mut smtp = Smtp::to_data(&sandbox, "erika@post.example").await;
    let line = [vec![b'y'; 998], b"\r\n".to_vec()].concat();
    for _ in 0..10_600 {
        smtp.write(&line).await;
    }
    smtp.write(b".\r\n").await;
    Smtp::expect(&smtp.reply().await, "552");
    assert_eq!(mails(&sandbox, "erika@post.example").await, Vec::<Value>::new());
}

#[tokio::test]
async fn commands_may_come_in_one_piece() {
    let sandbox = start().await;
    let mut smtp = Smtp::connect(&sandbox).await;
    smtp.write(b"EHLO t.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n").await;
    for code in ["220", "250", "250", "250", "354"] {
        Smtp::expect(&smtp.reply().await, code);
    }
    smtp.write(b"Subject: x\r\n\r\ny\r\n.\r\nQUIT\r\n").await;
    Smtp::expect(&smtp.reply().await, "250");
    Smtp::expect(&smtp.reply().await, "221");
    let mut rest = Vec::new();
    smtp.stream.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"");
    assert_eq!(mails(&sandbox, "b@x.example").await.len(), 1);
}

#[tokio::test]
async fn a_message_without_its_end_is_no_mail() {
    let sandbox = start().await;
    let mut smtp = Smtp::to_data(&sandbox, "erika@post.example").await;
    smtp.write(b"Subject: halb\r\n\r\nText\r\n.").await;
    drop(smtp);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(mails(&sandbox, "erika@post.example").await, Vec::<Value>::new());
}

#[tokio::test]
async fn mails_outlive_a_restart_with_a_data_folder() {
    let data = tempfile::tempdir().unwrap();
    let config = Config { data: Some(data.path().to_owned()), ..config() };
    let sandbox = sandbox::start(config.clone()).await.unwrap();
    let mut smtp = Smtp::to_data(&sandbox, "erika@post.example").await;
    Smtp::expect(&smtp.say(&format!("{MESSAGE}.")).await, "250");
    let before = mails(&sandbox, "erika@post.example").await;
    sandbox.shutdown().await;
    let sandbox = sandbox::start(config).await.unwrap();
    assert_eq!(mails(&sandbox, "erika@post.example").await, before);
}
