use house::InCity;
use kernel::{Cx, Result};
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
    loop {
        let past = store::past(&mut city.db.read().await?, cx.today()).await?;
        if past.is_empty() {
            return Ok(());
        }
        for participation in past {
            db::write!(city.db, |tx| {
                // Somebody may have ended it meanwhile.
                let participation = store::one(tx, participation.id).await?;
                match participation.ended_at {
                    Some(_) => Ok(()),
                    None => service::finish(&cx, tx, &participation).await,
                }
            })?;
        }
    }
}
