use contract_records::{Change, ChangesWithin, Reach};
use db::{Rx, V, params};
use identity::access::Confidentiality;
use kernel::{CaseId, DocumentId, Result, Timestamp, Uuid};

pub async fn confidentiality(rx: &mut Rx, case: CaseId) -> Result<String> {
    let sql = "SELECT confidentiality FROM records_case WHERE tenant = $1 AND id = $2";
    Ok(rx.one::<(String,)>(sql, params![case]).await?.0)
}

db::record! {
    struct ChangeRow {
        at: Timestamp,
        what: String,
        id: Uuid,
        case_id: CaseId,
    }
}

/// Changes of cases in reach behind a change, oldest first; up to this level.
pub async fn changes(rx: &mut Rx, q: &ChangesWithin, most: Confidentiality) -> Result<Vec<Change>> {
    let sql = "SELECT x.at, x.what, x.id, x.case_id
               FROM (SELECT opened_at AS at, '1' AS what, id, id AS case_id FROM records_case
                     WHERE tenant = $1 AND opened_at >= $2 AND opened_at < $3
                     UNION ALL
                     SELECT added_at AS at, '2' AS what, id, case_id FROM records_document
                     WHERE tenant = $1 AND added_at >= $2 AND added_at < $3
                     UNION ALL
                     SELECT v.at, '3' AS what, v.document_id AS id, d.case_id FROM records_version v
                     JOIN records_document d ON d.tenant = v.tenant AND d.id = v.document_id
                     WHERE v.tenant = $1 AND v.at >= $2 AND v.at < $3 AND v.n > 1
                     UNION ALL
                     SELECT closed_at AS at, '4' AS what, id, id AS case_id FROM records_case
                     WHERE tenant = $1 AND closed_at >= $2 AND closed_at < $3) x
               JOIN records_case c ON c.tenant = $1 AND c.id = x.case_id
               JOIN records_file f ON f.tenant = c.tenant AND f.id = c.file_id
               WHERE (x.at > $2 OR x.what > $4 OR (x.what = $4 AND x.id > $5))
                 AND c.unit = $6 AND c.confidentiality IN ($7, $8, $9)
                 AND f.entry IN ($10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
               ORDER BY x.at, x.what, x.id LIMIT $20";
    let Some(entries) = ten(&q.reach) else { return Ok(Vec::new()) };
    let (at, what, id) = match &q.after {
        Some(change) => (change.at, change.what.as_str(), change.id),
        None => (Timestamp::UNIX_EPOCH, "", Uuid::nil()),
    };
    let mut bound: Vec<V> = vec![at.into(), q.before.into(), what.into(), id.into(), (&q.reach.unit).into()];
    bound.extend(levels(most).map(V::from));
    bound.extend(entries);
    bound.push(q.limit.into());
    let rows = rx.list::<ChangeRow>(sql, &bound).await?;
    Ok(rows.into_iter().map(change).collect())
}

fn change(row: ChangeRow) -> Change {
    let document = matches!(row.what.as_str(), "2" | "3").then(|| DocumentId::from_uuid(row.id));
    Change { at: row.at, what: row.what, id: row.id, case: row.case_id, document }
}

/// `$10` to `$19`; fewer than that are filled up with the first.
fn ten(reach: &Reach) -> Option<Vec<V>> {
    let first = reach.entries.first()?;
    Some((0..Reach::MOST_ENTRIES).map(|n| V::from(reach.entries.get(n).unwrap_or(first))).collect())
}

/// The levels up to this one, filled up with the lowest.
fn levels(most: Confidentiality) -> [&'static str; 3] {
    let all = [Confidentiality::Normal, Confidentiality::Vertraulich, Confidentiality::StrengVertraulich];
    all.map(|level| if level <= most { level.code() } else { Confidentiality::Normal.code() })
}
