//! Commands and queries: typed calls between rooms inside the caller's transaction or view.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    future::Future,
    pin::Pin,
};

use db::{Rx, Tx, params};
use kernel::{Command, Cx, Error, Query, Result, TaskOutcome, Timestamp, sha256};
use serde_json::Value;

use crate::App;

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
pub type CommandHandler<C> = for<'a> fn(&'a Cx, &'a mut Tx, C) -> BoxFuture<'a, Result<<C as Command>::Answer>>;
pub type QueryHandler<Q> = for<'a> fn(&'a Cx, &'a mut Rx, Q) -> BoxFuture<'a, Result<<Q as Query>::Answer>>;
type TaskCall = Box<dyn for<'a> Fn(&'a Cx, &'a mut Tx, Value) -> BoxFuture<'a, Result<TaskOutcome>> + Send + Sync>;

/// How deep calls may nest; deeper is a cycle.
const DEPTH: usize = 12;

/// A command that a process may call by name.
pub struct TaskInfo {
    pub name: &'static str,
    pub schema: Value,
    call: TaskCall,
}

/// Every command and query of the house; one handler each.
#[derive(Default)]
pub struct Commands {
    handlers: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    names: Vec<&'static str>,
    tasks: HashMap<&'static str, TaskInfo>,
    twice: Vec<&'static str>,
}

impl Commands {
    pub fn on<C: Command>(&mut self, handler: CommandHandler<C>) -> &mut Self {
        self.put(TypeId::of::<C>(), C::NAME, Box::new(handler))
    }

    /// A command that processes may call by its name as a service task.
    pub fn task<C: Command<Answer = TaskOutcome>>(&mut self, handler: CommandHandler<C>) -> &mut Self {
        let call: TaskCall = Box::new(move |cx, tx, input| {
            Box::pin(async move {
                let command: C =
                    serde_json::from_value(input).map_err(|e| Error::internal(format!("input of {}: {e}", C::NAME)))?;
                cx.call(tx, command).await
            })
        });
        let schema = serde_json::to_value(schemars::schema_for!(C)).unwrap_or(Value::Null);
        self.tasks.insert(C::NAME, TaskInfo { name: C::NAME, schema, call });
        self.on(handler)
    }

    pub fn answers<Q: Query>(&mut self, handler: QueryHandler<Q>) -> &mut Self {
        self.put(TypeId::of::<Q>(), Q::NAME, Box::new(handler))
    }

    fn put(&mut self, id: TypeId, name: &'static str, handler: Box<dyn Any + Send + Sync>) -> &mut Self {
        if self.handlers.insert(id, handler).is_some() || self.names.contains(&name) {
            self.twice.push(name);
        }
        self.names.push(name);
        self
    }

    /// Names that were registered more than once: a fault of the house.
    pub fn registered_twice(&self) -> &[&'static str] {
        &self.twice
    }

    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Commands that processes may call, by name.
    pub fn tasks(&self) -> &HashMap<&'static str, TaskInfo> {
        &self.tasks
    }
}

fn module_of(name: &'static str) -> &'static str {
    name.split('.').next().unwrap_or(name)
}

/// The context inside the called module, or why the call is not allowed.
fn enter(
    cx: &Cx,
    app: &App,
    name: &'static str,
    permission: Option<kernel::Permission>,
    callers: &[&str],
) -> Result<Cx> {
    let module = module_of(name);
    if !app.city_of(cx)?.offers(module) {
        return Err(Error::NotAvailable(module));
    }
    let caller = cx.actor.via.last().copied().unwrap_or("");
    let allowed = caller == module || callers.contains(&caller) || permission.is_some_and(|p| cx.actor.allows(p));
    if !allowed {
        tracing::error!(command = name, caller, "call refused: the caller is not declared and has no permission");
        return Err(Error::Forbidden);
    }
    if cx.actor.via.len() >= DEPTH {
        return Err(Error::internal(format!("calls nest too deep at {name}: {:?}", cx.actor.via)));
    }
    let mut inner = cx.clone();
    if caller != module {
        inner.actor.via.push(module);
    }
    Ok(inner)
}

/// Calls and questions to other rooms, on the context.
pub trait Call {
    /// Runs a command in the caller's transaction.
    fn call<C: Command>(&self, tx: &mut Tx, command: C) -> impl Future<Output = Result<C::Answer>> + Send;

    /// Runs a command at most once per key: the second call with the same key and content gets the first one's answer,
    /// with another content a conflict.
    fn call_once<C: Command>(
        &self,
        tx: &mut Tx,
        key: &str,
        command: C,
    ) -> impl Future<Output = Result<C::Answer>> + Send;

    /// Runs a process task by name.
    fn call_task(&self, tx: &mut Tx, name: &str, input: Value) -> impl Future<Output = Result<TaskOutcome>> + Send;

    /// Asks another room within the caller's view.
    fn ask<Q: Query>(&self, rx: &mut Rx, query: Q) -> impl Future<Output = Result<Q::Answer>> + Send;
}

impl Call for Cx {
    async fn call<C: Command>(&self, tx: &mut Tx, command: C) -> Result<C::Answer> {
        let app = App::of(self)?;
        let inner = enter(self, &app, C::NAME, C::PERMISSION, C::CALLERS)?;
        let handler = app.commands.handlers.get(&TypeId::of::<C>());
        let handler = handler.and_then(|h| h.downcast_ref::<CommandHandler<C>>());
        let handler = handler.ok_or_else(|| Error::internal(format!("nobody handles {}", C::NAME)))?;
        handler(&inner, tx, command).await
    }

    async fn call_once<C: Command>(&self, tx: &mut Tx, key: &str, command: C) -> Result<C::Answer> {
        let request = sha256(&[C::NAME.as_bytes(), b"\0", serde_json::to_string(&command)?.as_bytes()]);
        let sql = "SELECT request, answer FROM house_command_key WHERE tenant = $1 AND key = $2";
        if let Some((have, answer)) = tx.opt::<([u8; 32], Value)>(sql, params![key]).await? {
            if have != request {
                return Err(Error::Conflict("key-used"));
            }
            return Ok(serde_json::from_value(answer)?);
        }
        let answer = self.call(tx, command).await?;
        let sql = "INSERT INTO house_command_key (tenant, key, request, answer, at) VALUES ($1, $2, $3, $4, $5)";
        tx.exec_one(sql, params![key, request, serde_json::to_value(&answer)?, self.now()]).await?;
        Ok(answer)
    }

    async fn call_task(&self, tx: &mut Tx, name: &str, input: Value) -> Result<TaskOutcome> {
        let app = App::of(self)?;
        let task = app.commands.tasks.get(name);
        let task = task.ok_or_else(|| Error::internal(format!("no task is called {name}")))?;
        (task.call)(self, tx, input).await
    }

    async fn ask<Q: Query>(&self, rx: &mut Rx, query: Q) -> Result<Q::Answer> {
        let app = App::of(self)?;
        let inner = enter(self, &app, Q::NAME, Q::PERMISSION, Q::CALLERS)?;
        let handler = app.commands.handlers.get(&TypeId::of::<Q>());
        let handler = handler.and_then(|h| h.downcast_ref::<QueryHandler<Q>>());
        let handler = handler.ok_or_else(|| Error::internal(format!("nobody answers {}", Q::NAME)))?;
        handler(&inner, rx, query).await
    }
}

/// The room's city and house, on the context.
pub trait InCity {
    fn app(&self) -> Result<std::sync::Arc<App>>;
    fn city(&self) -> Result<std::sync::Arc<crate::City>>;
}

/// Forgets the answers of commands that were given before; a caller who repeats one later has it done anew.
///
/// # Errors
/// Those of the database.
pub async fn forget_answers(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.exec("DELETE FROM house_command_key WHERE tenant = $1 AND at < $2", params![before]).await
}

impl InCity for Cx {
    fn app(&self) -> Result<std::sync::Arc<App>> {
        App::of(self)
    }

    fn city(&self) -> Result<std::sync::Arc<crate::City>> {
        App::of(self)?.city_of(self)
    }
}
