//! Asking for stamps. What has none is asked for again with growing gaps, and every night; each gets its real, later time.

use house::InCity;
use jobs::Job;
use kernel::{Cx, Error, Event, Result, Subject, Timestamp};
use serde::{Deserialize, Serialize};
use timestamp::Fault;

use super::{ANSWER, Authority, PEER, QUESTION, check, hex, missing, subject, wish};

/// Signs the journal's present state, notes that it is to be stamped, and sees to whatever is still missing.
#[derive(Serialize, Deserialize)]
pub struct Nightly {}

impl Job for Nightly {
    const NAME: &'static str = "evidence.nightly";
}

/// Asks for the stamp of one checkpoint.
#[derive(Serialize, Deserialize)]
pub struct AskForStamp {
    pub size: u64,
}

impl Job for AskForStamp {
    const NAME: &'static str = "evidence.ask-for-stamp";
    /// Some days of an authority that does not answer; then a person should know.
    const MAX_ATTEMPTS: u32 = 30;

    fn dedup_key(&self) -> Option<String> {
        Some(self.size.to_string())
    }
}

/// A checkpoint has its time-stamp.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Stamped {
    /// Entries that the checkpoint covers.
    pub size: u64,
    /// Time of the stamp, as the authority says.
    pub stamped_at: Timestamp,
    /// SHA-256 of the answer, hexadecimal.
    pub answer: String,
}

impl Event for Stamped {
    const NAME: &'static str = "evidence.stamped";
    fn subject(&self) -> Subject {
        subject()
    }
}

/// The authority answered something that is no stamp of this checkpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StampRefused {
    pub size: u64,
    /// Why, in words for operators.
    pub fault: String,
}

impl Event for StampRefused {
    const NAME: &'static str = "evidence.stamp-refused";
    fn subject(&self) -> Subject {
        subject()
    }
}

pub async fn nightly(cx: Cx, _: Nightly) -> Result<()> {
    let city = cx.city()?;
    let Some(authority) = Authority::of(&city)? else { return Ok(()) };
    city.checkpoints.write(&mut city.db.read().await?, cx.now()).await?;
    let Some(newest) = city.checkpoints.latest()? else { return Ok(()) };
    let mut nonce = [0; 8];
    cx.sources.random.fill(&mut nonce);
    wish(&city.checkpoints, &authority, newest.size, u64::from_be_bytes(nonce))?;
    for size in missing(&city.checkpoints)? {
        let job = AskForStamp { size };
        // One that was given up waits for a person, who lets it run again.
        if jobs::is_given_up(&mut city.db.read().await?, AskForStamp::NAME, &size.to_string()).await? {
            continue;
        }
        db::write!(city.db, |tx| { jobs::enqueue(tx, &cx, &job).await })?;
    }
    Ok(())
}

pub async fn ask(cx: Cx, job: AskForStamp) -> Result<()> {
    let city = cx.city()?;
    let (checkpoints, size) = (&city.checkpoints, job.size);
    // Switched off meanwhile: the question stays, and is asked when there is an authority again.
    let Some(authority) = Authority::of(&city)? else { return Ok(()) };
    let Some(question) = checkpoints.beside(size, QUESTION)? else { return Ok(()) };
    let kept = checkpoints.beside(size, ANSWER)?;
    let answer = match &kept {
        // An earlier run was cut short after it had kept the answer: the journal has still to be told, or has been.
        Some(answer) => answer.clone(),
        None => authority.ask(question).await?,
    };
    match check(checkpoints, size, &answer, &authority.anchors)? {
        Ok(stamp) => {
            checkpoints.keep_beside(size, ANSWER, &answer)?;
            // What is kept is what counts, should somebody have been faster.
            let answer = checkpoints.beside(size, ANSWER)?.unwrap_or(answer);
            let event = Stamped { size, stamped_at: stamp.at, answer: hex(&kernel::sha256(&[&answer])) };
            db::write!(city.db, |tx| { journal::emit(tx, &cx, &event).await.map(|_| ()) })
        }
        // The authority's own no, such as "no reliable clock at present": worth another attempt.
        Err(refused @ Fault::Refused { .. }) => {
            tracing::warn!(city = %city.key, size, "time-stamp: {refused}");
            Err(Error::Peer { peer: PEER, message: refused.to_string() })
        }
        Err(fault) => {
            tracing::error!(city = %city.key, size, "time-stamp: {fault}");
            let event = StampRefused { size, fault: fault.to_string() };
            db::write!(city.db, |tx| { journal::emit(tx, &cx, &event).await.map(|_| ()) })?;
            Err(Error::refused("evidence-stamp-refused"))
        }
    }
}
