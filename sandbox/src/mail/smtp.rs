//! SMTP receiver (RFC 5321) with 8BITMIME (RFC 6152), SMTPUTF8 (RFC 6531), SIZE (RFC 1870) and PIPELINING (RFC 2920).
//!
//! It is strict where a lenient server would hide a client's mistake: lines end in CRLF and hold at most 1,000 octets,
//! and addresses beyond ASCII need SMTPUTF8. Undeclared 8-bit text is taken, as common servers do.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use smtp_proto::{Error as SyntaxError, MAIL_BODY_BINARYMIME, MAIL_SMTPUTF8, MailFrom, RcptTo, Request};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::faults::{Fault, Mode, Peer};

/// Largest message, in bytes.
pub const MAX_MESSAGE: usize = 10 * 1024 * 1024;
const MAX_RECIPIENTS: usize = 100;
/// Longest line of a message with its CRLF (RFC 5321, section 4.5.3.1.6).
const MAX_TEXT_LINE: usize = 1000;
/// Longest command line; extensions lengthen the 512 octets of RFC 5321.
const MAX_COMMAND_LINE: usize = 2048;
const MAX_ERRORS: usize = 20;
const MAX_CONNECTIONS: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(300);

/// Accepts connections until `stopped` turns true.
pub async fn serve(listener: TcpListener, app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (app, mut stopped) = (Arc::clone(&app), stopped.clone());
        let permit = Arc::clone(&connections).try_acquire_owned();
        tokio::spawn(async move {
            let Ok(_permit) = permit else {
                refuse_connection(stream).await;
                return;
            };
            tokio::select! {
                ended = converse(stream, &app) => {
                    if let Err(error) = ended {
                        tracing::debug!(%error, "mail connection");
                    }
                }
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
    }
}

async fn refuse_connection(mut stream: TcpStream) {
    let _ = stream.write_all(b"421 4.7.0 too many connections\r\n").await;
}

async fn converse(stream: TcpStream, app: &App) -> io::Result<()> {
    let fault = app.faults.take(Peer::Mail);
    let (reader, mut writer) = stream.into_split();
    match fault {
        Some(Fault { mode: Mode::Down, .. }) => return Ok(()),
        Some(Fault { mode: Mode::Slow, delay }) => tokio::time::sleep(delay).await,
        Some(Fault { mode: Mode::Garbage, .. }) => return writer.write_all(b"{\"hello\": \x00\xff\r\n\r\n").await,
        _ => {}
    }
    let mut session = Session {
        reader: BufReader::new(reader),
        writer,
        app,
        fault: fault.map(|fault| fault.mode),
        greeted: false,
        envelope: None,
        errors: 0,
    };
    session.run().await
}

struct Envelope {
    from: String,
    to: Vec<String>,
    utf8: bool,
}

struct Session<'a, R, W> {
    reader: R,
    writer: W,
    app: &'a App,
    fault: Option<Mode>,
    greeted: bool,
    envelope: Option<Envelope>,
    errors: usize,
}

enum Next {
    Go,
    Quit,
}

/// Why a message is not taken although it came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    TooLarge,
    LongLine,
    BareLineEnd,
}

impl Refusal {
    fn reply(self) -> &'static str {
        match self {
            Self::TooLarge => "552 5.3.4 message too large",
            Self::LongLine => "554 5.6.0 a line is longer than 1000 octets",
            Self::BareLineEnd => "554 5.6.0 CR and LF are allowed only together",
        }
    }
}

impl<R: AsyncBufRead + Unpin, W: AsyncWrite + Unpin> Session<'_, R, W> {
    async fn run(&mut self) -> io::Result<()> {
        self.reply("220 sandbox ESMTP mail sink").await?;
        let mut line = Vec::new();
        loop {
            let length = match read_line(&mut self.reader, &mut line, MAX_COMMAND_LINE).await? {
                Line::End => return Ok(()),
                Line::Whole(length) => length,
                Line::TooLong => {
                    self.error("500 5.5.2 line too long").await?;
                    0
                }
            };
            let next = if length == 0 { Next::Go } else { self.command(&line).await? };
            if matches!(next, Next::Quit) {
                return Ok(());
            }
            if self.errors > MAX_ERRORS {
                return self.reply("421 4.7.0 too many errors").await;
            }
        }
    }

    async fn command(&mut self, line: &[u8]) -> io::Result<Next> {
        if !line.ends_with(b"\r\n") || std::str::from_utf8(line).is_err() {
            self.error("500 5.5.2 a line of UTF-8 with CRLF at its end expected").await?;
            return Ok(Next::Go);
        }
        let request = match Request::parse(&mut line.iter()) {
            Ok(request) => request.into_owned(),
            Err(error) => {
                self.error(syntax_reply(&error)).await?;
                return Ok(Next::Go);
            }
        };
        match request {
            Request::Ehlo { .. } => {
                self.greeted = true;
                self.envelope = None;
                let size = format!("250-SIZE {MAX_MESSAGE}");
                let lines = ["250-sandbox", "250-8BITMIME", "250-SMTPUTF8", &size, "250-PIPELINING"];
                self.reply(&[&lines[..], &["250 ENHANCEDSTATUSCODES"]].concat().join("\r\n")).await?;
            }
            Request::Helo { .. } => {
                self.greeted = true;
                self.envelope = None;
                self.reply("250 sandbox").await?;
            }
            Request::Mail { from } => self.mail(from).await?,
            Request::Rcpt { to } => self.rcpt(to).await?,
            Request::Data => return self.data().await,
            Request::Rset => {
                self.envelope = None;
                self.reply("250 2.0.0 forgotten").await?;
            }
            Request::Noop { .. } => self.reply("250 2.0.0 ok").await?,
            Request::Vrfy { .. } => self.reply("252 2.5.0 every address is taken").await?,
            Request::Quit => {
                self.reply("221 2.0.0 bye").await?;
                return Ok(Next::Quit);
            }
            _ => self.error("502 5.5.1 command not implemented").await?,
        }
        Ok(Next::Go)
    }

    async fn mail(&mut self, from: MailFrom<String>) -> io::Result<()> {
        if self.fault == Some(Mode::Error500) {
            return self.error("451 4.3.0 out of order").await;
        }
        if !self.greeted || self.envelope.is_some() {
            return self.error("503 5.5.1 bad sequence of commands").await;
        }
        let utf8 = from.flags & MAIL_SMTPUTF8 != 0;
        if from.size > MAX_MESSAGE {
            return self.error(Refusal::TooLarge.reply()).await;
        }
        if from.flags & MAIL_BODY_BINARYMIME != 0 {
            return self.error("555 5.5.4 BINARYMIME not supported").await;
        }
        if !from.address.is_ascii() && !utf8 {
            return self.error("553 5.6.7 the address needs SMTPUTF8").await;
        }
        self.envelope = Some(Envelope { from: from.address, to: Vec::new(), utf8 });
        self.reply("250 2.1.0 sender ok").await
    }

    async fn rcpt(&mut self, to: RcptTo<String>) -> io::Result<()> {
        let reply = match &mut self.envelope {
            None => Err("503 5.5.1 bad sequence of commands"),
            Some(envelope) if envelope.to.len() >= MAX_RECIPIENTS => Err("452 4.5.3 too many recipients"),
            Some(_) if to.address.is_empty() => Err("501 5.1.3 recipient expected"),
            Some(envelope) if !to.address.is_ascii() && !envelope.utf8 => Err("553 5.6.7 the address needs SMTPUTF8"),
            Some(envelope) => {
                envelope.to.push(to.address);
                Ok("250 2.1.5 recipient ok")
            }
        };
        match reply {
            Ok(reply) => self.reply(reply).await,
            Err(reply) => self.error(reply).await,
        }
    }

    async fn data(&mut self) -> io::Result<Next> {
        let Some(envelope) = self.envelope.take_if(|envelope| !envelope.to.is_empty()) else {
            self.error("503 5.5.1 no valid recipients").await?;
            return Ok(Next::Go);
        };
        self.reply("354 end with a line of one dot").await?;
        match self.message().await? {
            None => return Ok(Next::Quit),
            Some(Err(refusal)) => self.error(refusal.reply()).await?,
            Some(Ok(raw)) => {
                self.app.mailbox.receive(self.app.now(), envelope.from, envelope.to, raw);
                if self.fault == Some(Mode::LostAnswer) {
                    return Ok(Next::Quit);
                }
                self.reply("250 2.0.0 mail kept").await?;
            }
        }
        Ok(Next::Go)
    }

    /// Reads to the line with one dot, also when the message is refused; `None` if the connection ends before.
    async fn message(&mut self) -> io::Result<Option<Result<Vec<u8>, Refusal>>> {
        let mut raw = Vec::new();
        let mut line = Vec::new();
        let mut refusal = None;
        // The rest of a line that was too long must not be taken for the end of the message.
        let mut at_line_start = true;
        loop {
            let ended = match read_line(&mut self.reader, &mut line, MAX_TEXT_LINE).await? {
                Line::End => return Ok(None),
                Line::TooLong => {
                    refusal = refusal.or(Some(Refusal::LongLine));
                    at_line_start = false;
                    continue;
                }
                Line::Whole(_) => line.ends_with(b"\r\n"),
            };
            if at_line_start && line == b".\r\n" {
                return Ok(Some(refusal.map_or(Ok(raw), Err)));
            }
            let text = if ended { &line[..line.len() - 2] } else { &line[..] };
            if !ended || text.contains(&b'\r') {
                refusal = refusal.or(Some(Refusal::BareLineEnd));
            }
            // Only CRLF begins a new line for the purposes of the dot.
            let unstuffed = if at_line_start { line.strip_prefix(b".").unwrap_or(&line) } else { &line };
            at_line_start = ended;
            if raw.len() + unstuffed.len() > MAX_MESSAGE {
                refusal = refusal.or(Some(Refusal::TooLarge));
            }
            if refusal.is_none() {
                raw.extend_from_slice(unstuffed);
            }
        }
    }

    async fn error(&mut self, line: &str) -> io::Result<()> {
        self.errors += 1;
        self.reply(line).await
    }

    async fn reply(&mut self, line: &str) -> io::Result<()> {
        self.writer.write_all(line.as_bytes()).await?;
        self.writer.write_all(b"\r\n").await?;
        self.writer.flush().await
    }
}

fn syntax_reply(error: &SyntaxError) -> &'static str {
    match error {
        SyntaxError::UnknownCommand => "500 5.5.1 unknown command",
        SyntaxError::InvalidSenderAddress => "501 5.1.7 invalid sender address",
        SyntaxError::InvalidRecipientAddress => "501 5.1.3 invalid recipient address",
        SyntaxError::UnsupportedParameter { .. } => "555 5.5.4 parameter not supported",
        _ => "501 5.5.4 syntax error",
    }
}

enum Line {
    /// The connection has ended.
    End,
    /// A line with its LF, or the rest before the end of the connection; its length.
    Whole(usize),
    /// `limit` octets without LF were read; the line goes on.
    TooLong,
}

/// Reads up to the next LF, at most `limit` octets.
async fn read_line<R: AsyncBufRead + Unpin>(reader: &mut R, line: &mut Vec<u8>, limit: usize) -> io::Result<Line> {
    line.clear();
    let mut limited = reader.take(limit as u64);
    let read = tokio::time::timeout(TIMEOUT, limited.read_until(b'\n', line));
    let length = read.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok(match length {
        0 => Line::End,
        _ if line.last() == Some(&b'\n') => Line::Whole(length),
        _ if length >= limit => Line::TooLong,
        _ => Line::End,
    })
}
