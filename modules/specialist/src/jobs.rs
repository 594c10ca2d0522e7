use house::InCity;
use kernel::{Cx, Error, Result};
use serde::{Deserialize, Serialize};

use crate::{service::KEPT, store};

/// Forgets what requests were answered, when they are no longer repeated; every night, whether anybody calls or not.
#[derive(Serialize, Deserialize)]
pub struct ForgetAnswers {}

impl jobs::Job for ForgetAnswers {
    const NAME: &'static str = "specialist.forget-answers";
}

pub async fn forget_answers(cx: Cx, _: ForgetAnswers) -> Result<()> {
    let before = cx.now().checked_sub(KEPT).map_err(Error::internal)?;
    let city = cx.city()?;
    db::write!(city.db, |tx| { store::forget_answers(tx, before).await })
}
