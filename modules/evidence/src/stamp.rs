//! Time-stamps (Zeitstempel, RFC 3161) of the nightly checkpoints. A checkpoint says itself when it was signed; a stamp is
//! somebody else's word for it.
//!
//! Question (`.tsq`) and answer (`.tsr`) lie beside the checkpoint, outside the database. A question without an answer is
//! what is still to be asked: the queue cannot be lost with the database, and nothing but an answer that holds ends it.

pub mod nightly;
pub mod pages;

use std::sync::Arc;

use house::City;
use journal::{
    Checkpoints,
    check::{Fault as Broken, Finding},
};
use kernel::{Error, Result, Subject, Timestamp, Uuid, sha256};
use peers::Peer;
use timestamp::{Anchors, Expected, Fault, Request, Stamp};
use tlog::Note;

use nightly::Stamped;

/// Name of the time-stamping authority among the peers of a city.
pub const PEER: &str = "timestamp";
/// Endings of the files beside a checkpoint, as `openssl ts` and others name them.
const QUESTION: &str = "tsq";
const ANSWER: &str = "tsr";
/// Stamps that the journal is asked for: more than two hundred years of nights.
const ALL: i64 = 100_000;

/// What the journal's entries about stamps are about: the city's log, of which there is one.
pub fn subject() -> Subject {
    Subject { kind: "log", id: Uuid::nil() }
}

/// The time-stamping authority (Zeitstempelstelle) of a city, from the operator's configuration.
pub struct Authority {
    url: String,
    secret: Option<String>,
    /// Rule that is asked for; else the authority takes its own.
    policy: Option<String>,
    pub anchors: Anchors,
}

impl Authority {
    /// None when the operator has configured none.
    ///
    /// # Errors
    /// A file of certificates that is not named or cannot be read.
    pub fn of(city: &City) -> Result<Option<Self>> {
        let Some(config) = city.peers.get(PEER) else { return Ok(None) };
        let file = config.more.get("certificate").ok_or_else(|| {
            Error::internal("peers.timestamp: more.certificate fehlt, die PEM-Datei der ausstellenden Stelle")
        })?;
        let text = std::fs::read_to_string(file).map_err(|e| Error::internal(format!("{file}: {e}")))?;
        let anchors = Anchors::from_pem(&text).map_err(|fault| Error::internal(format!("{file}: {fault}")))?;
        let (url, policy) = (config.url.clone(), config.more.get("policy").cloned());
        Ok(Some(Self { url, secret: city.secret(PEER)?, policy, anchors }))
    }

    /// Sends a question and answers what came back, unchecked.
    ///
    /// # Errors
    /// An authority that does not answer, worth another attempt.
    async fn ask(&self, question: Vec<u8>) -> Result<Vec<u8>> {
        let peer = Peer::new(PEER, &self.url, self.secret.clone())?;
        let answer = peer.post_bytes("", timestamp::QUERY_TYPE, question).await?.expect_success()?;
        Ok(answer.bytes().to_vec())
    }
}

/// The authority for pages and checks, which go on without it; what is wrong with its configuration goes to the log.
fn readable(city: &City) -> Result<Option<Authority>> {
    Authority::of(city).inspect_err(|error| tracing::error!(city = %city.key, "time-stamps: {error:#}"))
}

/// Notes that the checkpoint of this size is to be stamped, unless that is noted already.
fn wish(checkpoints: &Checkpoints, authority: &Authority, size: u64, nonce: u64) -> Result<()> {
    if checkpoints.beside(size, QUESTION)?.is_some() {
        return Ok(());
    }
    let Some(text) = checkpoints.text(size)? else { return Err(Error::NotFound) };
    let request = Request { imprint: sha256(&[&text]), nonce, policy: authority.policy.clone() };
    checkpoints.keep_beside(size, QUESTION, &request.to_der().map_err(Error::internal)?)
}

/// Sizes whose stamp is still missing, oldest first.
fn missing(checkpoints: &Checkpoints) -> Result<Vec<u64>> {
    let there = checkpoints.sizes_with(ANSWER)?;
    let mut sizes = checkpoints.sizes_with(QUESTION)?;
    sizes.retain(|size| there.binary_search(size).is_err());
    Ok(sizes)
}

/// Checks an answer against the checkpoint of this size as it is kept, and against the question.
fn check(checkpoints: &Checkpoints, size: u64, answer: &[u8], anchors: &Anchors) -> Result<Result<Stamp, Fault>> {
    let Some(text) = checkpoints.text(size)? else { return Ok(Err(Fault::OtherImprint)) };
    let question = checkpoints.beside(size, QUESTION)?.and_then(|bytes| Request::from_der(&bytes).ok());
    let (nonce, policy) = question.map_or((None, None), |question| (Some(question.nonce), question.policy));
    let expected = Expected { imprint: sha256(&[&text]), nonce, policy };
    Ok(timestamp::verify(answer, &expected, anchors))
}

/// Whether a stamp holds for the checkpoint that a proof carries: the proof's entry existed at that time. Pure, for
/// `meer verify`; that the proof itself holds is [`verify`](crate::verify())'s affair.
///
/// # Errors
/// [`Fault::OtherImprint`] also for a proof that is none.
pub fn verify_of_proof(proof: &str, answer: &[u8], anchors: &Anchors) -> Result<Stamp, Fault> {
    let proof = tlog::Proof::parse(proof).map_err(|_| Fault::OtherImprint)?;
    let imprint = sha256(&[proof.checkpoint.to_string().as_bytes()]);
    timestamp::verify(answer, &Expected { imprint, nonce: None, policy: None }, anchors)
}

/// One checkpoint that was to be stamped.
pub struct Line {
    /// Entries that the checkpoint covers.
    pub size: u64,
    /// When it was signed, as it says itself.
    pub signed_at: Option<Timestamp>,
    pub state: State,
}

pub enum State {
    Holds(Stamp),
    Missing,
    Wrong(Fault),
}

/// How the stamps of a city stand.
#[derive(Default)]
pub struct Standing {
    /// An authority is configured.
    pub on: bool,
    /// Its certificates cannot be read; the log says why.
    pub unreadable: bool,
    /// The newest ones, newest first.
    pub lines: Vec<Line>,
    /// How many are missing, and since when: the time of the oldest such checkpoint.
    pub missing: usize,
    pub missing_since: Option<Timestamp>,
}

impl Standing {
    /// The newest stamp that holds, with the size of its checkpoint.
    pub fn latest(&self) -> Option<(u64, &Stamp)> {
        self.lines.iter().find_map(|line| match &line.state {
            State::Holds(stamp) => Some((line.size, stamp)),
            _ => None,
        })
    }

    pub fn has_wrong(&self) -> bool {
        self.lines.iter().any(|line| matches!(line.state, State::Wrong(_)))
    }
}

fn signed_at(checkpoints: &Checkpoints, size: u64) -> Option<Timestamp> {
    let checkpoint = checkpoints.open(size).ok()?;
    checkpoint.extensions.iter().find_map(|line| line.strip_prefix("time ")?.parse().ok())
}

/// Reads how the stamps stand, the newest `most` of them in lines. The folder may lie on a slow disk of another machine.
pub async fn standing(city: &Arc<City>, most: usize) -> Result<Standing> {
    let city = city.clone();
    let read = move || -> Result<Standing> {
        let Ok(authority) = readable(&city) else {
            return Ok(Standing { on: true, unreadable: true, ..Standing::default() });
        };
        let Some(authority) = authority else { return Ok(Standing::default()) };
        let checkpoints = &city.checkpoints;
        let missing = missing(checkpoints)?;
        let missing_since = missing.first().and_then(|&size| signed_at(checkpoints, size));
        let mut lines = Vec::new();
        for size in checkpoints.sizes_with(QUESTION)?.into_iter().rev().take(most) {
            let state = match checkpoints.beside(size, ANSWER)? {
                None => State::Missing,
                Some(answer) => match check(checkpoints, size, &answer, &authority.anchors)? {
                    Ok(stamp) => State::Holds(stamp),
                    Err(fault) => State::Wrong(fault),
                },
            };
            lines.push(Line { size, signed_at: signed_at(checkpoints, size), state });
        }
        Ok(Standing { on: true, unreadable: false, lines, missing: missing.len(), missing_since })
    };
    tokio::task::spawn_blocking(read).await.map_err(Error::internal)?
}

/// The kept answer over a checkpoint, byte for byte.
pub async fn kept(city: &Arc<City>, size: u64) -> Result<Option<Vec<u8>>> {
    let checkpoints = city.checkpoints.clone();
    tokio::task::spawn_blocking(move || checkpoints.beside(size, ANSWER)).await.map_err(Error::internal)?
}

/// The stamp over the checkpoint of this size, if there is one that holds.
pub async fn of_size(city: &Arc<City>, size: u64) -> Result<Option<Stamp>> {
    let city = city.clone();
    let read = move || -> Result<Option<Stamp>> {
        let Ok(Some(authority)) = readable(&city) else { return Ok(None) };
        let Some(answer) = city.checkpoints.beside(size, ANSWER)? else { return Ok(None) };
        Ok(check(&city.checkpoints, size, &answer, &authority.anchors)?.ok())
    };
    tokio::task::spawn_blocking(read).await.map_err(Error::internal)?
}

/// The earliest stamped checkpoint that covers the entry at this index: a proof under it says the earliest time.
pub async fn earliest_over(city: &Arc<City>, index: u64) -> Result<Option<Note>> {
    let checkpoints = city.checkpoints.clone();
    let read = move || -> Result<Option<Note>> {
        let Some(size) = checkpoints.sizes_with(ANSWER)?.into_iter().find(|size| *size > index) else {
            return Ok(None);
        };
        let text = checkpoints.text(size)?;
        Ok(text.and_then(|text| Note::parse(std::str::from_utf8(&text).ok()?).ok()))
    };
    tokio::task::spawn_blocking(read).await.map_err(Error::internal)?
}

/// What [`check_all`] found.
#[derive(Default)]
pub struct Checked {
    pub holding: usize,
    /// Not there yet: no fault.
    pub missing: usize,
    /// Kept, and no authority is configured whose certificate they could be checked with.
    pub unchecked: usize,
    pub findings: Vec<Finding>,
}

/// Checks every kept stamp, and that each one of which the journal tells is there: for `meer check`.
///
/// # Errors
/// A folder or database that cannot be read.
pub async fn check_all(city: &City) -> Result<Checked> {
    let checkpoints = &city.checkpoints;
    let mut told = std::collections::BTreeMap::new();
    let mut rx = city.db.read_long().await?;
    for entry in journal::of_subject(&mut rx, &subject(), ALL).await? {
        if let Some(stamped) = entry.event::<Stamped>()? {
            told.insert(stamped.size, stamped.answer);
        }
    }
    drop(rx);
    // Without a certificate there is still the journal, which knows every answer's hash.
    let authority = readable(city).unwrap_or_default();
    let there = checkpoints.sizes_with(ANSWER)?;
    let mut checked = Checked { missing: missing(checkpoints)?.len(), ..Checked::default() };
    for &size in told.keys().filter(|size| !there.contains(size)) {
        checked.missing = checked.missing.saturating_sub(1);
        checked.findings.push(Finding::stamp(Broken::StampMissing, size, ""));
    }
    for size in there {
        let Some(answer) = checkpoints.beside(size, ANSWER)? else { continue };
        if told.get(&size).is_some_and(|told| *told != hex(&sha256(&[&answer]))) {
            let why = "Die Datei ist nicht die, von der das Journal spricht.";
            checked.findings.push(Finding::stamp(Broken::StampChanged, size, why));
            continue;
        }
        let Some(authority) = &authority else {
            checked.unchecked += 1;
            continue;
        };
        match check(checkpoints, size, &answer, &authority.anchors)? {
            Ok(_) => checked.holding += 1,
            Err(fault) => checked.findings.push(Finding::stamp(Broken::StampChanged, size, &fault.to_string())),
        }
    }
    Ok(checked)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
