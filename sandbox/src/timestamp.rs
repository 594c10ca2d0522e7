//! A time-stamping authority (RFC 3161), for which the machine's `openssl` answers: a second implementation of the
//! standard. Its root and its certificate are made at first use.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::Context;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Extensions, HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::process::Command;
use tokio::sync::Mutex;

use crate::app::{App, random_token};
use crate::http::{AppState, Problem};

const QUERY_TYPE: &str = "application/timestamp-query";
const REPLY_TYPE: &str = "application/timestamp-reply";

/// Names of the files of the authority.
const CONFIG_FILE: &str = "openssl.cnf";
const ROOT: &str = "ca.pem";

/// Policies under the number for examples of RFC 5612.
const CONFIG: &str = "[req]
distinguished_name = name
prompt = no
[name]
CN = unused
[root]
basicConstraints = critical,CA:TRUE,pathlen:0
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[stamps]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
[authority]
serial = serial
default_policy = 1.3.6.1.4.1.32473.1
digests = sha256, sha384, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
ess_cert_id_chain = no
accuracy = secs:1
ordering = no
tsa_name = yes
";

/// The authority. One question at a time: the number of the stamp lies in a file.
pub struct Authority {
    folder: PathBuf,
    /// Without a data folder the files go with the sandbox.
    fleeting: bool,
    turn: Mutex<()>,
}

impl Drop for Authority {
    fn drop(&mut self) {
        if self.fleeting {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

/// The next answer is about something else than what was asked.
#[derive(Clone, Copy)]
pub struct WrongImprint;

impl WrongImprint {
    pub fn mark(extensions: &mut Extensions) {
        extensions.insert(WrongImprint);
    }
}

impl Authority {
    pub fn build(data: Option<&Path>) -> Self {
        let folder = match data {
            Some(data) => data.join("timestamp"),
            None => std::env::temp_dir().join(format!("meer-sandbox-timestamp-{}", random_token())),
        };
        Self { folder, fleeting: data.is_none(), turn: Mutex::new(()) }
    }

    /// Keys and certificates, made when there are none.
    async fn ready(&self) -> anyhow::Result<()> {
        if self.folder.join("tsa.pem").is_file() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.folder).with_context(|| format!("folder {}", self.folder.display()))?;
        std::fs::write(self.folder.join(CONFIG_FILE), CONFIG)?;
        std::fs::write(self.folder.join("serial"), "01\n")?;
        for key in ["ca.key", "tsa.key"] {
            self.openssl(&["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]).await?;
        }
        let root = "/O=Sandbox MUSTER/CN=Muster-Wurzel der Sandbox";
        self.openssl(&[
            "req",
            "-x509",
            "-new",
            "-config",
            CONFIG_FILE,
            "-extensions",
            "root",
            "-key",
            "ca.key",
            "-subj",
            root,
            "-days",
            "3650",
            "-out",
            ROOT,
        ])
        .await?;
        let subject = "/O=Sandbox MUSTER/CN=Muster-Zeitstempelstelle der Sandbox";
        self.openssl(&["req", "-new", "-config", CONFIG_FILE, "-key", "tsa.key", "-subj", subject, "-out", "tsa.csr"])
            .await?;
        // Written last under its name: an authority that was not finished is made anew.
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "tsa.csr",
            "-CA",
            ROOT,
            "-CAkey",
            "ca.key",
            "-set_serial",
            "2",
            "-days",
            "3649",
            "-extfile",
            CONFIG_FILE,
            "-extensions",
            "stamps",
            "-out",
            "tsa.unfinished",
        ])
        .await?;
        std::fs::rename(self.folder.join("tsa.unfinished"), self.folder.join("tsa.pem"))?;
        Ok(())
    }

    async fn openssl(&self, arguments: &[&str]) -> anyhow::Result<()> {
        let done = Command::new("openssl")
            .args(arguments)
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .output()
            .await
            .context("openssl cannot be started; is it installed?")?;
        let said = String::from_utf8_lossy(&done.stderr);
        anyhow::ensure!(done.status.success(), "openssl {}: {said}", arguments.first().unwrap_or(&""));
        Ok(())
    }

    /// The root's certificate as PEM: whom to trust.
    async fn root(&self) -> anyhow::Result<Vec<u8>> {
        let _turn = self.turn.lock().await;
        self.ready().await?;
        Ok(std::fs::read(self.folder.join(ROOT))?)
    }

    /// What `openssl ts` answers to a question, in DER both.
    async fn answer(&self, question: &[u8]) -> anyhow::Result<Vec<u8>> {
        let _turn = self.turn.lock().await;
        self.ready().await?;
        std::fs::write(self.folder.join("question.tsq"), question)?;
        self.openssl(&[
            "ts",
            "-reply",
            "-config",
            CONFIG_FILE,
            "-section",
            "authority",
            "-queryfile",
            "question.tsq",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-out",
            "answer.tsr",
        ])
        .await?;
        Ok(std::fs::read(self.folder.join("answer.tsr"))?)
    }

    /// Makes keys and certificates at the start, where they are to be found by name.
    pub async fn prepare(&self) {
        if self.fleeting {
            return;
        }
        if let Err(error) = self.root().await {
            tracing::warn!("no time-stamps: {error:#}");
        }
    }
}

pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/timestamp", post(stamp)).route("/timestamp/ca.pem", get(root))
}

fn failed(error: &anyhow::Error) -> Problem {
    tracing::error!("time-stamp: {error:#}");
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "openssl does not answer; see the sandbox's log")
}

/// `GET /timestamp/ca.pem`
async fn root(State(app): AppState) -> Result<Response, Problem> {
    let pem = app.timestamps.root().await.map_err(|error| failed(&error))?;
    Ok(([(header::CONTENT_TYPE, "application/x-pem-file")], pem).into_response())
}

/// `POST /timestamp`, RFC 3161 section 3.4.
async fn stamp(
    State(app): AppState,
    headers: HeaderMap,
    wrong: Option<Extension<WrongImprint>>,
    question: Bytes,
) -> Result<Response, Problem> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != QUERY_TYPE) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, format!("content type {QUERY_TYPE} expected")));
    }
    let question = if wrong.is_some() { with_other_imprint(&question) } else { question.to_vec() };
    let answer = app.timestamps.answer(&question).await.map_err(|error| failed(&error))?;
    Ok(([(header::CONTENT_TYPE, REPLY_TYPE)], answer).into_response())
}

/// The question with another SHA-256: the OCTET STRING of 32 bytes behind the hash's identifier.
fn with_other_imprint(question: &[u8]) -> Vec<u8> {
    let mut question = question.to_vec();
    let at = question.windows(2).position(|bytes| bytes == [0x04, 0x20]);
    if let Some(byte) = at.and_then(|at| question.get_mut(at + 2)) {
        *byte ^= 1;
    }
    question
}
