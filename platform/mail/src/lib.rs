//! E-mail notices by SMTP (RFC 5321).
//!
//! An e-mail is as open as a postcard: what this crate sends says that there is something to read, never what. Texts
//! come in ready; nothing here knows a case.
//!
//! Architecture invariant: the only crate that names an SMTP library. Nothing is sent inside a write transaction.

use std::time::Duration;

use kernel::{Error, Result};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::authentication::Credentials,
};
use uuid::Uuid;

const PEER: &str = "smtp";
/// For connecting and for each answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What became of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// The server took it over.
    Accepted,
    /// The server will never take it (reply 5yz, RFC 5321 § 4.2.1), or the address cannot be one: do not try again.
    Refused,
}

/// One SMTP server and the address that the city writes from.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// `server` is `host:port`, optionally with a scheme:
    ///
    /// | scheme | connection |
    /// | --- | --- |
    /// | none, `smtp://` | STARTTLS, required; without encryption to this machine itself |
    /// | `smtps://` | TLS from the first byte |
    /// | `smtp+plain://` | without encryption, for a relay inside the city's own network |
    ///
    /// `from` is an address with or without a name: `Stadt Musterstadt <portal@musterstadt.example>`.
    ///
    /// # Errors
    /// What cannot be read of the two.
    pub fn new(server: &str, from: &str) -> Result<Self> {
        Self::with_login(server, from, None)
    }

    /// Like [`new`](Self::new), signing in with user name and password.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_login(server: &str, from: &str, login: Option<(String, String)>) -> Result<Self> {
        let from = from.parse().map_err(|e| Error::internal(format!("{PEER}: sender address: {e}")))?;
        let Server { mode, host, port } = Server::parse(server)?;
        let builder = match mode {
            Mode::Plain => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)),
            Mode::StartTls => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host),
            Mode::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
        };
        let mut builder = builder.map_err(|e| Error::internal(format!("{PEER}: {e}")))?.timeout(Some(TIMEOUT));
        if let Some(port) = port {
            builder = builder.port(port);
        }
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { transport: builder.build(), from })
    }

    /// Sends a plain text and marks it as made by a program (RFC 3834 § 5), so that no absence notice answers it.
    ///
    /// # Errors
    /// [`Error::Peer`] where another attempt may succeed. Errors never name the recipient.
    pub async fn send(&self, to: &str, subject: &str, text: &str) -> Result<Sent> {
        let Ok(to) = to.trim().parse::<Mailbox>() else { return Ok(Sent::Refused) };
        let message_id = format!("<{}@{}>", Uuid::new_v4(), self.from.email.domain());
        let message = Message::builder()
            .message_id(Some(message_id))
            .from(self.from.clone())
            .to(to)
            .subject(one_line(subject))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(|e| Error::internal(format!("{PEER}: message: {e}")))?;
        match self.transport.send(message).await {
            Ok(_) => Ok(Sent::Accepted),
            Err(error) if error.is_permanent() => {
                tracing::warn!(status = error.status().map(|code| code.to_string()), "mail refused for good");
                Ok(Sent::Refused)
            }
            Err(error) => Err(Error::Peer { peer: PEER, message: fault(&error) }),
        }
    }
}

/// A kind of fault without the server's words, which may repeat the recipient.
fn fault(error: &lettre::transport::smtp::Error) -> String {
    match error.status() {
        Some(code) => format!("answered {code}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        None if error.is_tls() => "no encrypted connection".to_owned(),
        None => "no connection, or an answer that is none".to_owned(),
    }
}

/// A header is one line whatever the text was made of.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `Auto-Submitted: auto-generated`
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Plain,
    StartTls,
    Tls,
}

#[derive(PartialEq, Eq, Debug)]
struct Server<'a> {
    mode: Mode,
    host: &'a str,
    port: Option<u16>,
}

impl<'a> Server<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let text = text.trim().trim_end_matches('/');
        let (scheme, address) = text.split_once("://").unwrap_or(("smtp", text));
        let (host, port) = match address.rsplit_once(':') {
            // An IPv6 address stands in brackets; its colons separate no port.
            Some((host, port)) if !port.ends_with(']') => {
                let port = port.parse().map_err(|_| Error::internal(format!("{PEER}: {port} is no port")))?;
                (host, Some(port))
            }
            _ => (address, None),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if bare.is_empty() || bare.contains(['/', '@', ' ']) {
            return Err(Error::internal(format!("{PEER}: host:port expected")));
        }
        let here = bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let mode = match scheme {
            "smtp" if here => Mode::Plain,
            "smtp" => Mode::StartTls,
            "smtps" => Mode::Tls,
            "smtp+plain" => Mode::Plain,
            _ => return Err(Error::internal(format!("{PEER}: the scheme {scheme} is unknown"))),
        };
        Ok(Self { mode, host: bare, port })
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
        net::TcpListener,
        task::JoinHandle,
    };

    use super::*;

    /// Takes one session and answers what the client said; `recipient` is the reply to RCPT.
    async fn server(recipient: &'static str) -> (String, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let session = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            let mut heard = String::new();
            let mut in_data = false;
            writer.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                heard.push_str(&line);
                heard.push('\n');
                let reply = match (in_data, line.split_whitespace().next().unwrap_or_default()) {
                    (true, ".") => {
                        in_data = false;
                        "250 taken"
                    }
                    (true, _) => continue,
                    (false, "EHLO") => "250 test",
                    (false, "RCPT") => recipient,
                    (false, "DATA") => {
                        in_data = true;
                        "354 go on"
                    }
                    (false, "QUIT") => "221 bye",
                    (false, _) => "250 ok",
                };
                writer.write_all(format!("{reply}\r\n").as_bytes()).await.unwrap();
            }
            heard
        });
        (address, session)
    }

    const FROM: &str = "Stadt Musterstadt <portal@musterstadt.example>";

    #[tokio::test]
    async fn a_notice_arrives_with_its_headers_and_as_one_line_each() {
        let (address, session) = server("250 ok").await;
        let mailer = Mailer::new(&address, FROM).unwrap();
        let subject = "Neue Nachricht\r\nBcc: alle@beispiel.example";
        let sent = mailer.send("erika@beispiel.example", subject, "Im Postfach liegt etwas für Sie.\n.\n").await;
        assert_eq!(sent.unwrap(), Sent::Accepted);
        drop(mailer);
        let heard = session.await.unwrap();
        assert!(heard.contains("MAIL FROM:<portal@musterstadt.example>"), "{heard}");
        assert!(heard.contains("RCPT TO:<erika@beispiel.example>"), "{heard}");
        assert!(heard.contains("Auto-Submitted: auto-generated"), "{heard}");
        assert!(heard.contains("@musterstadt.example>\n"), "the message id is of our domain: {heard}");
        assert!(!heard.lines().any(|line| line.starts_with("Bcc:")), "{heard}");
        // The lone dot of the text is doubled on the wire (RFC 5321 § 4.5.2) and did not end the message.
        assert!(heard.lines().any(|line| line == ".." || line.starts_with("..")), "{heard}");
    }

    #[tokio::test]
    async fn what_is_refused_for_good_is_not_tried_again_and_what_may_pass_is() {
        let (address, _session) = server("550 no such user: erika@beispiel.example").await;
        let mailer = Mailer::new(&address, FROM).unwrap();
        assert_eq!(mailer.send("erika@beispiel.example", "x", "y").await.unwrap(), Sent::Refused);
        assert_eq!(mailer.send("no address\r\nat all", "x", "y").await.unwrap(), Sent::Refused);

        let (address, _session) = server("451 later, erika@beispiel.example").await;
        let mailer = Mailer::new(&address, FROM).unwrap();
        let error = mailer.send("erika@beispiel.example", "x", "y").await.unwrap_err();
        assert!(matches!(error, Error::Peer { .. }), "{error}");
        assert!(!error.to_string().contains("erika"), "{error}");

        // Nobody listens.
        let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
        let mailer = Mailer::new(&closed, FROM).unwrap();
        assert!(matches!(mailer.send("erika@beispiel.example", "x", "y").await, Err(Error::Peer { .. })));
    }

    #[test]
    fn only_this_machine_and_a_named_relay_are_spoken_to_without_encryption() {
        let mode = |text| Server::parse(text).map(|s| (s.mode, s.host.to_owned(), s.port)).ok();
        assert_eq!(mode("127.0.0.1:2525"), Some((Mode::Plain, "127.0.0.1".into(), Some(2525))));
        assert_eq!(mode("smtp://[::1]:2525/"), Some((Mode::Plain, "::1".into(), Some(2525))));
        assert_eq!(mode("mail.example:587"), Some((Mode::StartTls, "mail.example".into(), Some(587))));
        assert_eq!(mode("smtps://mail.example"), Some((Mode::Tls, "mail.example".into(), None)));
        assert_eq!(mode("smtp+plain://relay:25"), Some((Mode::Plain, "relay".into(), Some(25))));
        for bad in ["", "mail:port", "http://mail:25", "user@mail:25", ":25", "smtp://"] {
            assert_eq!(mode(bad), None, "{bad}");
        }
    }
}
