//! A scanner for malware that knows one piece of it: the EICAR test string. Speaks the part of clamd's protocol that programs
//! need to scan what they hold (manual page clamd(8)): `zPING`, `zVERSION` and `zINSTREAM`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use crate::app::App;
use crate::faults::{Fault, Mode, Peer};

/// Largest stream, in bytes: the default of Debian's `StreamMaxLength`.
const MAX_STREAM: usize = 25 * 1024 * 1024;
const MAX_COMMAND: usize = 1024;
const MAX_CONNECTIONS: usize = 64;
const TIMEOUT: Duration = Duration::from_secs(30);

/// A program in production notices by this name that the scanner is only a sandbox.
const VERSION: &str = "ClamAV sandbox/1/Thu Jan  1 00:00:00 2026";
const SIGNATURE: &str = "Eicar-Test-Signature";

/// The test string of EICAR, in two halves: otherwise scanners would take this program for malware.
fn eicar() -> String {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat()
}

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
            let Ok(_permit) = permit else { return };
            tokio::select! {
                ended = tokio::time::timeout(TIMEOUT, converse(stream, &app)) => {
                    if let Ok(Err(error)) = ended {
                        tracing::debug!(%error, "scanner connection");
                    }
                }
                _ = stopped.wait_for(|stop| *stop) => {}
            }
        });
    }
}

async fn converse(stream: TcpStream, app: &App) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let fault = app.faults.take(Peer::Scanner);
    match fault {
        Some(Fault { mode: Mode::Down, .. }) => return Ok(()),
        Some(Fault { mode: Mode::Slow, delay }) => tokio::time::sleep(delay).await,
        Some(Fault { mode: Mode::Garbage, .. }) => return writer.write_all(b"{\"hello\": \xff\r\n\0").await,
        Some(Fault { mode: Mode::Error500, .. }) => return writer.write_all(b"Can't allocate memory ERROR\0").await,
        _ => {}
    }
    let mut reader = BufReader::new(reader);
    let reply = answer(&mut reader).await?;
    if matches!(fault, Some(Fault { mode: Mode::LostAnswer, .. })) {
        return Ok(());
    }
    writer.write_all(reply.as_bytes()).await?;
    writer.write_all(b"\0").await?;
    writer.shutdown().await
}

/// Reads one command and answers it; as with clamd the connection ends afterwards.
async fn answer<R: AsyncRead + Unpin>(reader: &mut R) -> io::Result<String> {
    let mut command = Vec::new();
    while command.len() < MAX_COMMAND {
        match reader.read_u8().await? {
            0 => break,
            byte => command.push(byte),
        }
    }
    Ok(match command.as_slice() {
        b"zPING" => "PONG".to_owned(),
        b"zVERSION" => VERSION.to_owned(),
        b"zINSTREAM" => match stream(reader).await? {
            Some(bytes) if holds(&bytes, eicar().as_bytes()) => format!("stream: {SIGNATURE} FOUND"),
            Some(_) => "stream: OK".to_owned(),
            None => "INSTREAM size limit exceeded. ERROR".to_owned(),
        },
        _ => "UNKNOWN COMMAND".to_owned(),
    })
}

/// Pieces, each after its length in four bytes, up to one of length zero; none when they are too many.
async fn stream<R: AsyncRead + Unpin>(reader: &mut R) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        let length = reader.read_u32().await? as usize;
        if length == 0 {
            return Ok(Some(bytes));
        }
        if bytes.len() + length > MAX_STREAM {
            return Ok(None);
        }
        let from = bytes.len();
        bytes.resize(from + length, 0);
        reader.read_exact(&mut bytes[from..]).await?;
    }
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn said(sent: &[u8]) -> io::Result<String> {
        answer(&mut &*sent).await
    }

    fn instream(pieces: &[&[u8]]) -> Vec<u8> {
        let mut sent = b"zINSTREAM\0".to_vec();
        for piece in pieces {
            sent.extend((piece.len() as u32).to_be_bytes());
            sent.extend(*piece);
        }
        sent.extend([0u8; 4]);
        sent
    }

    #[tokio::test]
    async fn it_knows_the_test_string_in_whatever_pieces_and_nothing_else() {
        assert_eq!(said(b"zPING\0").await.unwrap(), "PONG");
        assert!(said(b"zVERSION\0").await.unwrap().contains("sandbox"));
        assert_eq!(said(b"zSHUTDOWN\0").await.unwrap(), "UNKNOWN COMMAND");
        assert_eq!(said(&instream(&[b"ein Brief"])).await.unwrap(), "stream: OK");
        let eicar = eicar();
        assert_eq!(eicar.len(), 68);
        let (first, second) = eicar.as_bytes().split_at(30);
        let found = said(&instream(&[b"%PDF-1.7\n", first, second, b"\n%%EOF"])).await.unwrap();
        assert_eq!(found, "stream: Eicar-Test-Signature FOUND");
        let large = vec![0; MAX_STREAM];
        assert!(said(&instream(&[&large, b"x"])).await.unwrap().ends_with("ERROR"));
        assert!(said(b"zINSTREAM\0\0\0\0\x09kurz").await.is_err(), "a stream that breaks off is not clean");
    }
}
