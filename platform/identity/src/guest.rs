//! Guests: whoever knows a claim code (Abholcode) sees one case, without an account.

use db::{Db, Tx, params};
use kernel::{CaseId, Cx, Error, Hash, Principal, Result, Timestamp};

use crate::{
    Client, Identity, NewSession, Owner,
    code::{random_code, read_code},
    events::{ClaimIssued, ClaimsRevoked},
    session::{self, Start},
};

/// Seven groups of four of 24 signs: 128 bits.
const GROUPS: usize = 7;

impl Identity {
    /// Makes a code for a case; it is shown once and cannot be read again.
    pub async fn issue_claim(&self, tx: &mut Tx, cx: &Cx, case: CaseId, good_until: Timestamp) -> Result<String> {
        let code = random_code::<GROUPS>(cx);
        let hash = self.claim_hash(&code)?;
        let sql = "INSERT INTO identity_claim (tenant, hash, case_id, expires_at) VALUES ($1, $2, $3, $4)";
        tx.exec_one(sql, params![hash, case, good_until]).await?;
        journal::emit(tx, cx, &ClaimIssued { case }).await?;
        Ok(code)
    }

    /// Opens a session for the case of a code. The code stays good until its date: people come back.
    ///
    /// # Errors
    /// `Invalid` with `code: code-unknown`; `Throttled`.
    pub async fn redeem_claim(&self, db: &Db, cx: &Cx, client: &Client, typed: &str) -> Result<NewSession> {
        let hash = self.claim_hash(typed)?;
        let session = db::write!(db, |tx| {
            let admitted = self.admit_from(tx, cx, client, "claim").await?;
            let sql = "SELECT case_id FROM identity_claim WHERE tenant = $1 AND hash = $2 AND expires_at > $3";
            let Some((case,)) = tx.opt::<(CaseId,)>(sql, params![hash, cx.now()]).await? else { return Ok(None) };
            self.forgive(tx, &admitted).await?;
            let cx = cx.as_principal(Principal::Guest { case });
            self.start_guest(tx, &cx, client, case).await.map(Some)
        })?;
        session.ok_or_else(|| Error::invalid("code", "code-unknown"))
    }

    /// A session for somebody who has just submitted a case without an account, so that they see what becomes of it.
    pub async fn start_guest(&self, tx: &mut Tx, cx: &Cx, client: &Client, case: CaseId) -> Result<NewSession> {
        let start = Start {
            owner: Owner::Case(case),
            level: None,
            source: "claim",
            person: None,
            second_factor: false,
            continues: None,
        };
        self.start_session(tx, cx, client, start).await
    }

    /// What cannot be a code is hashed too: it is counted and refused like an unknown one.
    fn claim_hash(&self, typed: &str) -> Result<Hash> {
        let code = read_code(typed, GROUPS).unwrap_or_default();
        self.vault.hash("claim code", &[code.as_bytes()])
    }
}

/// Takes all codes of a case back and ends the guests' sessions, e.g. when it is deleted or somebody else saw a code.
pub async fn revoke_claims(tx: &mut Tx, cx: &Cx, case: CaseId) -> Result<()> {
    let gone = tx.exec("DELETE FROM identity_claim WHERE tenant = $1 AND case_id = $2", params![case]).await?;
    session::end_all(tx, cx, case.uuid(), None, "staff").await?;
    if gone > 0 {
        journal::emit(tx, cx, &ClaimsRevoked { case }).await?;
    }
    Ok(())
}
