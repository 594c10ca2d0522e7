//! The scanner `clamd` of ClamAV, over a unix socket or TCP (manual page clamd(8): commands with the prefix `z` end with a
//! null byte, and so do their answers).

use std::{fmt, path::PathBuf};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

/// Bytes that are sent at once.
const CHUNK: usize = 64 * 1024;
/// Longest answer, in bytes.
const MOST: usize = 4096;

/// Where a clamd listens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    Unix(PathBuf),
    /// Name or number with port.
    Tcp(String),
}

impl Address {
    /// `unix:/path` or `tcp:host:port`.
    pub fn parse(text: &str) -> Option<Address> {
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Address::Unix(path.into()));
        }
        let address = text.strip_prefix("tcp:")?;
        let (host, port) = address.rsplit_once(':')?;
        (!host.is_empty() && port.parse::<u16>().is_ok()).then(|| Address::Tcp(address.to_owned()))
    }
}

/// What a scan said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    Clean,
    /// Name of the signature.
    Found(String),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    Io(std::io::Error),
    /// An answer that is neither "clean" nor "found".
    Said(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Io(error) => write!(f, "{error}"),
            Failure::Said(text) => write!(f, "it said {text:?}"),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::Io(error)
    }
}

/// `zVERSION`: program, number and day of the signatures.
pub(crate) async fn version(at: &Address) -> Result<String, Failure> {
    let said = talk(at, b"zVERSION\0", None).await?;
    if said.is_empty() || said.contains("UNKNOWN COMMAND") { Err(Failure::Said(said)) } else { Ok(said) }
}

/// `zINSTREAM`: the bytes in pieces, each after its length (four bytes, big-endian), ended by a length of zero.
pub(crate) async fn scan(at: &Address, bytes: &[u8]) -> Result<Answer, Failure> {
    let said = talk(at, b"zINSTREAM\0", Some(bytes)).await?;
    answer(&said).ok_or(Failure::Said(said))
}

fn answer(said: &str) -> Option<Answer> {
    let said = said.strip_prefix("stream: ")?;
    match said.strip_suffix(" FOUND") {
        Some(signature) if !signature.is_empty() => Some(Answer::Found(signature.to_owned())),
        _ => (said == "OK").then_some(Answer::Clean),
    }
}

async fn talk(at: &Address, command: &[u8], bytes: Option<&[u8]>) -> Result<String, Failure> {
    match at {
        Address::Unix(path) => exchange(UnixStream::connect(path).await?, command, bytes).await,
        Address::Tcp(address) => exchange(TcpStream::connect(address.as_str()).await?, command, bytes).await,
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    command: &[u8],
    bytes: Option<&[u8]>,
) -> Result<String, Failure> {
    // A scanner that has had enough answers and closes before all is sent: what it said counts more than the broken pipe.
    let sent = send(&mut stream, command, bytes).await;
    match receive(&mut stream).await {
        Ok(said) if !said.is_empty() => Ok(said),
        received => {
            sent?;
            Ok(received?)
        }
    }
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, command: &[u8], bytes: Option<&[u8]>) -> std::io::Result<()> {
    stream.write_all(command).await?;
    if let Some(bytes) = bytes {
        for chunk in bytes.chunks(CHUNK) {
            let length = u32::try_from(chunk.len()).map_err(std::io::Error::other)?;
            stream.write_all(&length.to_be_bytes()).await?;
            stream.write_all(chunk).await?;
        }
        stream.write_all(&0u32.to_be_bytes()).await?;
    }
    stream.flush().await
}

/// The answer up to its null byte or the end of the connection.
async fn receive<S: AsyncRead + Unpin>(stream: &mut S) -> std::io::Result<String> {
    let mut said = Vec::new();
    let mut piece = [0u8; 512];
    loop {
        let read = stream.read(&mut piece).await?;
        said.extend_from_slice(&piece[..read]);
        let end = said.iter().position(|byte| *byte == 0);
        if read == 0 || end.is_some() || said.len() > MOST {
            said.truncate(end.unwrap_or(said.len()).min(MOST));
            return Ok(String::from_utf8_lossy(&said).trim().to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_nothing_else_is_clean() {
        assert_eq!(answer("stream: OK"), Some(Answer::Clean));
        assert_eq!(answer("stream: Win.Test.EICAR_HDB-1 FOUND"), Some(Answer::Found("Win.Test.EICAR_HDB-1".into())));
        for unclear in
            ["", "OK", "stream: ", "stream:  FOUND", "INSTREAM size limit exceeded. ERROR", "stream: x ERROR", "PONG"]
        {
            assert_eq!(answer(unclear), None, "{unclear}");
        }
    }

    #[tokio::test]
    async fn bytes_go_in_pieces_with_their_lengths() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let bytes = vec![7u8; CHUNK + 3];
        let scanner = tokio::spawn(async move {
            let mut got = vec![0; 10 + 4 + CHUNK + 4 + 3 + 4];
            theirs.read_exact(&mut got).await.unwrap();
            theirs.write_all(b"stream: OK\0").await.unwrap();
            got
        });
        assert_eq!(exchange(ours, b"zINSTREAM\0", Some(&bytes)).await.unwrap(), "stream: OK");
        let got = scanner.await.unwrap();
        assert!(
            got.starts_with(b"zINSTREAM\0\x00\x01\x00\x00\x07") && got.ends_with(&[0, 0, 0, 3, 7, 7, 7, 0, 0, 0, 0])
        );
    }

    #[tokio::test]
    async fn an_early_answer_counts_and_silence_does_not() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let scanner = tokio::spawn(async move {
            theirs.write_all(b"INSTREAM size limit exceeded. ERROR\0").await.unwrap();
        });
        let said = exchange(ours, b"zINSTREAM\0", Some(&[0; 100_000])).await.unwrap();
        assert!(said.contains("size limit"), "{said}");
        scanner.await.unwrap();
        let (ours, theirs) = tokio::io::duplex(64);
        drop(theirs);
        assert!(exchange(ours, b"zVERSION\0", None).await.is_err());
    }
}
