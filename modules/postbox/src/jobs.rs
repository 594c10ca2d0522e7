//! Notices by e-mail: that there is something to read, and nothing of what it is. Guests, who have no postbox to look
//! into, are told where the portal is. An Aktenzeichen begins with the entry of the file plan, which tells the kind of
//! service, and nobody has confirmed the address: it is not in the mail.

use contract_postbox::MessageId;
use contract_records::Cases;
use house::{Call, City, InCity};
use jobs::Job;
use kernel::{Cx, Error, Result};
use mail::Mailer;
use serde::{Deserialize, Serialize};

use crate::store;

/// Peer that takes e-mail: `client` is the sender's address, and with a secret the setting `user` (else that address)
/// is the name to sign in with.
const PEER: &str = "smtp";

#[derive(Serialize, Deserialize)]
pub struct Mail {
    pub message: MessageId,
}

impl Job for Mail {
    const NAME: &'static str = "postbox.mail";
    /// Two days; later nobody needs the notice.
    const MAX_ATTEMPTS: u32 = 14;

    fn dedup_key(&self) -> Option<String> {
        Some(self.message.to_string())
    }
}

pub async fn mail(cx: Cx, job: Mail) -> Result<()> {
    let (app, city) = (cx.app()?, cx.city()?);
    let mut rx = city.db.read().await?;
    let message = match store::message(&mut rx, job.message).await {
        Err(Error::NotFound) => return Ok(()),
        found => found?,
    };
    if message.read_at.is_some() {
        return Ok(());
    }
    let (to, lang, key) = match message.account {
        Some(account) => match identity::contact(&mut rx, account).await? {
            Some((to, lang)) => (to, lang, "postbox-mail"),
            None => return Ok(()),
        },
        None => match cx.ask(&mut rx, Cases { ids: vec![message.case] }).await?.pop() {
            Some(case) if case.account.is_none() => match case.party.email {
                Some(to) => (to, case.lang, "postbox-mail-guest"),
                None => return Ok(()),
            },
            _ => return Ok(()),
        },
    };
    drop(rx);
    let Some(mailer) = mailer(&city)? else {
        tracing::warn!("no notice was sent: the peer {PEER} is not configured");
        return Ok(());
    };
    let portal = app.public_address(&city);
    let args = [("city", city.file.name.as_str().into()), ("portal", portal.as_str().into())];
    let subject = app.texts.get(lang, &format!("{key}-subject"), &args);
    let text = app.texts.get(lang, &format!("{key}-text"), &args);
    mailer.send(&to, &subject, &text).await.map(|_| ())
}

fn mailer(city: &City) -> Result<Option<Mailer>> {
    let Some(peer) = city.peers.get(PEER) else { return Ok(None) };
    let name: String = city.file.name.chars().filter(|c| !matches!(c, '"' | '\\')).collect();
    let user = peer.more.get("user").unwrap_or(&peer.client);
    let login = city.secret(PEER)?.map(|password| (user.clone(), password));
    Mailer::with_login(&peer.url, &format!("\"{name}\" <{}>", peer.client), login).map(Some)
}
