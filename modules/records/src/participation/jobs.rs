use house::InCity;
use kernel::{Cx, Result, Uuid};
use serde::{Deserialize, Serialize};

use super::{service, store};

/// Ends what was agreed until a day that is over.
#[derive(Serialize, Deserialize)]
pub struct EndParticipations {}

impl jobs::Job for EndParticipations {
    const NAME: &'static str = "records.end-participations";
}

pub async fn end_participations(cx: Cx, _: EndParticipations) -> Result<()> {
    let city = cx.city()?;
    let (mut after, mut failed) = (Uuid::nil(), None);
    loop {
        let past = store::past(&mut city.db.read().await?, cx.today(), after).await?;
        let Some(last) = past.last() else { return failed.map_or(Ok(()), Err) };
        after = last.id;
        for participation in past {
            let ended: Result<()> = db::write!(city.db, |tx| {
                // Somebody may have ended it meanwhile.
                let participation = store::one(tx, participation.id).await?;
                match participation.ended_at {
                    Some(_) => Ok(()),
                    None => service::finish(&cx, tx, &participation).await,
                }
            });
            // One that cannot be ended keeps none of the others open.
            if let Err(error) = ended {
                failed = Some(error);
            }
        }
    }
}
