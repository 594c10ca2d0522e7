//! PostgreSQL: SERIALIZABLE for writes, REPEATABLE READ READ ONLY for reads, row-level security on the tenant.

use std::{fmt, time::Duration};

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use kernel::{Error, Result, TenantId};
use tokio_postgres::{NoTls, error::SqlState, types::ToSql};

use crate::{
    V,
    row::{Inner, Row},
};

/// The role that the program works as; it owns no table, so row-level security binds it.
pub(crate) const APP_ROLE: &str = "meer_app";

/// Longest wait for a free connection, a new one included. Whoever waits longer is told to come again: a queue without end
/// would keep everybody waiting when the server is slow or away.
const ACQUIRE: Duration = Duration::from_secs(5);
/// Connections of one process to a city's database.
const CONNECTIONS: usize = 16;

/// How to reach the server. The password never appears in `Debug`.
#[derive(Clone)]
pub struct Config(pub(crate) tokio_postgres::Config);

impl Config {
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let config = url.parse::<tokio_postgres::Config>();
        config.map(Self).map_err(|_| Error::internal("database: give sqlite:PATH or postgres://user@host/name"))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "postgres database {:?} on {:?}", self.0.get_dbname(), self.0.get_hosts())
    }
}

pub(crate) fn error(e: tokio_postgres::Error) -> Error {
    match e.code() {
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED) => Error::Again,
        Some(&SqlState::QUERY_CANCELED) => Error::internal("a statement took too long and was stopped"),
        _ => Error::Internal(e.into()),
    }
}

pub(crate) struct Pg {
    pool: Pool,
    tenant: TenantId,
}

impl Pg {
    pub(crate) fn open(config: &Config, tenant: TenantId) -> Result<Self> {
        let manager =
            Manager::from_config(config.0.clone(), NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let set_role = Hook::async_fn(|client, _| {
            Box::pin(async move {
                let role = format!("SET ROLE {APP_ROLE}");
                client.batch_execute(&role).await.map_err(HookError::Backend)
            })
        });
        let pool =
            Pool::builder(manager).max_size(CONNECTIONS).post_create(set_role).build().map_err(Error::internal)?;
        Ok(Self { pool, tenant })
    }

    pub(crate) async fn begin(&self, write: bool, limit: Duration) -> Result<Lease> {
        let Ok(client) = tokio::time::timeout(ACQUIRE, self.pool.get()).await else {
            tracing::warn!("no connection to the database was free within {ACQUIRE:?}");
            return Err(Error::Again);
        };
        let client = client.map_err(Error::internal)?;
        let mode = if write { "SERIALIZABLE" } else { "REPEATABLE READ READ ONLY" };
        let begin = format!(
            "BEGIN ISOLATION LEVEL {mode}; SET LOCAL meer.tenant = '{}'; SET LOCAL statement_timeout = {}",
            self.tenant.0,
            limit.as_millis()
        );
        let lease = Lease { client: Some(client) };
        lease.client()?.batch_execute(&begin).await.map_err(error)?;
        Ok(lease)
    }
}

pub(crate) struct Lease {
    client: Option<Object>,
}

impl Lease {
    fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or_else(|| Error::internal("transaction is over"))
    }

    pub(crate) async fn query(&mut self, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<Vec<Row>> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(error)?;
        let bound = bound(&tenant, params, statement.params().len())?;
        let rows = client.query(&statement, &bound).await.map_err(error)?;
        Ok(rows.into_iter().map(|row| Row(Inner::Pg(row))).collect())
    }

    pub(crate) async fn exec(&mut self, sql: &'static str, tenant: TenantId, params: &[V]) -> Result<u64> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(error)?;
        let bound = bound(&tenant, params, statement.params().len())?;
        client.execute(&statement, &bound).await.map_err(error)
    }

    pub(crate) async fn batch(&mut self, sql: &'static str) -> Result<()> {
        self.client()?.batch_execute(sql).await.map_err(error)
    }

    pub(crate) async fn commit(mut self) -> Result<()> {
        let Some(client) = self.client.take() else { return Err(Error::internal("transaction is over")) };
        match client.batch_execute("COMMIT").await {
            Ok(()) => Ok(()),
            Err(e) => {
                let _ = client.batch_execute("ROLLBACK").await;
                Err(error(e))
            }
        }
    }

    pub(crate) async fn rollback(mut self) {
        if let Some(client) = self.client.take() {
            let _ = client.batch_execute("ROLLBACK").await;
        }
    }
}

fn bound<'a>(tenant: &'a TenantId, params: &'a [V], wanted: usize) -> Result<Vec<&'a (dyn ToSql + Sync)>> {
    if wanted != params.len() + 1 {
        return Err(Error::internal(format!("a statement wants {wanted} values and got {}", params.len() + 1)));
    }
    let mut bound: Vec<&(dyn ToSql + Sync)> = Vec::with_capacity(wanted);
    bound.push(&tenant.0);
    bound.extend(params.iter().map(|p| p as &(dyn ToSql + Sync)));
    Ok(bound)
}

impl Drop for Lease {
    /// A dropped request or a finished read leaves no open transaction in the pool.
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                if client.batch_execute("ROLLBACK").await.is_err() {
                    drop(Object::take(client));
                }
            });
        }
    }
}
