//! From the assembled house to a running program: the router with its layers, and the work in the background.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use askama::Template;
use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, MatchedPath, Path, Query, Request, State},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use kernel::{Cx, Error, Lang, Principal, Result};
use tower_http::{compression::CompressionLayer, csrf::CsrfLayer};
use ui::{Message, assets, paths};
use web::{Access, Failure, RouteInfo, Routes, Side, allowed, secure};

use crate::{
    App, City, Req,
    app::without_port,
    follow, problem,
    request::{cookie, is_internal},
    stuck,
};

/// The table of all routes of the modules, for tests and the OpenAPI document.
pub fn table(app: &App) -> Vec<RouteInfo> {
    routes(app, None).1
}

fn routes(app: &App, only: Option<Side>) -> (Router<Arc<App>>, Vec<RouteInfo>) {
    let mut routes = Routes::new(only);
    for module in &app.modules {
        routes.enter(module.name);
        (module.routes)(&mut routes);
    }
    routes.finish()
}

/// The router with all its layers.
pub fn router(app: &Arc<App>) -> Router {
    let (modules, table) = routes(app, app.config.role.side());
    let table: HashMap<(&str, &str), RouteInfo> = table.into_iter().map(|r| ((r.method, r.path), r)).collect();
    let table = Arc::new(table);
    modules
        .route_layer(from_fn(move |request: Request, next: Next| gate(table.clone(), request, next)))
        .route("/assets/{file}", get(asset))
        .route("/sprache/{code}", get(choose_language))
        .route("/gesund", get(healthy))
        .fallback(|| async { Failure::from(Error::NotFound) })
        .layer(CsrfLayer::new())
        .layer(from_fn_with_state(app.clone(), context))
        .layer(CompressionLayer::new())
        .with_state(app.clone())
}

/// Checks the right to use a route before its handler runs, and that its module is switched on.
async fn gate(
    table: Arc<HashMap<(&'static str, &'static str), RouteInfo>>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let method = if request.method() == http::Method::HEAD { "GET" } else { request.method().as_str() };
    let matched = request.extensions().get::<MatchedPath>().map(|m| m.as_str().to_owned()).unwrap_or_default();
    let route = table.iter().find(|((m, p), _)| *m == method && *p == matched).map(|(_, r)| r);
    let Some(route) = route else {
        let path = request.uri().path();
        let page = if method == "GET" && !path.starts_with("/api/") { page_above(&table, path) } else { None };
        return Ok(
            page.map_or_else(|| StatusCode::METHOD_NOT_ALLOWED.into_response(), |p| Redirect::to(&p).into_response())
        );
    };
    let Some(mut rq) = request.extensions().get::<Req>().cloned() else {
        return Err(Error::internal("request without context").into());
    };
    if !rq.city.offers(route.module) {
        return Err(Error::NotAvailable(route.module).into());
    }
    if route.access == Access::Machine {
        let token = bearer(request.headers());
        rq.cx.actor.principal = machine(&rq, route.module, token.as_deref()).await?;
    }
    allowed(route.access, &rq.cx.actor.principal)?;
    rq.cx.actor.via = vec![route.module];
    request.extensions_mut().insert(rq);
    Ok(next.run(request).await)
}

/// The nearest page above an address that takes forms only. People come to such an address by its line in the browser,
/// by choosing the language or by signing in again after an error; browsers show nothing of ours for a bare 405.
fn page_above(table: &HashMap<(&'static str, &'static str), RouteInfo>, path: &str) -> Option<String> {
    let mut below = path;
    while let Some((above, _)) = below.rsplit_once('/') {
        let page = if above.is_empty() { "/" } else { above };
        if table.keys().any(|(method, pattern)| *method == "GET" && fits(pattern, page)) {
            return Some(page.to_owned());
        }
        below = above;
    }
    None
}

/// Whether a path has the shape of a route, as `/intern/vorgang/7` that of `/intern/vorgang/{case}`.
fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(|(p, part)| p.starts_with('{') || p == part)
}

/// The token of an `Authorization: Bearer` header (RFC 6750).
fn bearer(headers: &http::HeaderMap) -> Option<String> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
}

/// Who shows this token at a route for machines; a session that came along counts for nothing.
async fn machine(rq: &Req, module: &str, token: Option<&str>) -> Result<Principal> {
    let asked = rq.app.modules.iter().find(|m| m.name == module).and_then(|m| m.machines);
    let (Some(asked), Some(token)) = (asked, token) else { return Ok(Principal::Anonymous) };
    let found = asked(&rq.cx, &mut rq.city.db.read().await?, token).await?;
    Ok(found.unwrap_or(Principal::Anonymous))
}

/// Finds city, person and language, and makes a page of whatever failed inside.
async fn context(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let https = app.config.https;
    let safe = request.method().is_safe();
    let back = sent_from(&request);
    let Some((mut rq, json)) = asked(app, &request) else {
        return (StatusCode::NOT_FOUND, "Unter diesem Namen gibt es hier keine Stadt.").into_response();
    };
    if let Some(token) = cookie(&rq.cookies, Req::session_cookie(&rq.app)).filter(|t| !t.is_empty()) {
        match identity::resolve(&rq.city.db, &rq.cx.sources, token).await {
            Ok(Some(session)) => {
                rq.cx.actor.principal = session.principal.clone();
                rq.session = Some(Arc::new(session));
            }
            Ok(None) => {}
            Err(error) => return secure(failed(&rq, &error, json, safe, back), https),
        }
    }
    request.extensions_mut().insert(rq.clone());
    let mut response = next.run(request).await;
    if let Some(Failure(error)) = response.extensions_mut().remove::<Failure>() {
        response = failed(&rq, &error, json, safe, back);
    } else if response.extensions().get::<tower_http::csrf::ProtectionError>().is_some() {
        response = match json {
            true => problem::of_layer(&rq, StatusCode::FORBIDDEN, "foreign"),
            false => message(&rq, StatusCode::FORBIDDEN, "error-page-foreign", None, &[]),
        };
    } else if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
        response = match json {
            true => problem::of_layer(&rq, StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            false => message(&rq, StatusCode::PAYLOAD_TOO_LARGE, "error-page-too-large", None, &[]),
        };
    } else if rq.flash.is_some() && response.status().is_success() && is_html(&response) {
        let gone = HeaderValue::from_static("meer_flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    secure(response, https)
}

/// What can be known of a request before its session is looked up, and whether it asks for JSON; none when its host
/// name leads to no city.
fn asked(app: Arc<App>, request: &Request) -> Option<(Req, bool)> {
    let header_text =
        |name| request.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok()).unwrap_or("").to_owned();
    let host = request.uri().host().map_or_else(|| header_text(header::HOST), str::to_owned);
    let city = app.city_at(&host)?;
    let host = city.file.hosts.iter().find(|own| *own == without_port(&host)).map(|own| own.as_str().into());
    let cookies: Arc<str> = header_text(header::COOKIE).into();
    let lang = cookie(&cookies, "meer_lang")
        .and_then(Lang::from_code)
        .unwrap_or_else(|| ui::lang::from_accept_language(&header_text(header::ACCEPT_LANGUAGE)));
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|c| c.0.ip());
    let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let forwarded = request.headers().get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok());
    let forwarded: Vec<&str> = forwarded.flat_map(|line| line.split(',')).collect();
    let caller = caller(&app.config.proxies, peer, &forwarded);
    let json = path.starts_with("/api/") || header_text(header::ACCEPT).starts_with("application/json");
    let mut cx = Cx::new(city.tenant(), Principal::Anonymous, app.sources.clone());
    cx.lang = lang;
    cx.house = Some(app.clone());
    let rq = Req {
        path: path.into(),
        host,
        flash: cookie(&cookies, "meer_flash").filter(|key| is_text_key(key)).map(Into::into),
        caller,
        user_agent: header_text(header::USER_AGENT).into(),
        cookies,
        session: None,
        cx,
        city,
        app,
    };
    Some((rq, json))
}

/// Who called: the last address of the chain that none of our proxies wrote for another of ours. What a caller wrote
/// there before is not believed.
fn caller(proxies: &[IpAddr], peer: IpAddr, forwarded: &[&str]) -> IpAddr {
    let mut caller = peer;
    for address in forwarded.iter().rev() {
        if !proxies.contains(&caller) {
            break;
        }
        let Ok(before) = address.trim().parse() else { break };
        caller = before;
    }
    caller
}

/// A path for the log: links from mails carry secrets that may still be good.
fn without_secrets(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let shown = path.split('/').map(|part| if part.len() > 40 { "…" } else { part });
    shown.collect::<Vec<_>>().join("/")
}

fn is_html(response: &Response) -> bool {
    response.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes().starts_with(b"text/html"))
}

fn is_text_key(key: &str) -> bool {
    !key.is_empty() && key.len() <= 80 && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// When to come again to a database that is busy.
pub(crate) const BUSY_SECONDS: u32 = 10;

/// The page of ours from which something was sent or followed, as its path. Browsers say it within one site
/// (`<meta name="referrer" content="same-origin">`).
fn sent_from(request: &Request) -> Option<String> {
    let text = |name| request.headers().get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    let from: http::Uri = text(header::REFERER)?.parse().ok()?;
    let here = request.uri().authority().map(http::uri::Authority::as_str).or_else(|| text(header::HOST))?;
    let path = from.path_and_query()?.as_str();
    // Two slashes would lead to another site, and browsers take a backslash for one.
    (from.authority()?.as_str() == here && !path.starts_with("//") && !path.contains('\\')).then(|| path.to_owned())
}

/// The page, redirect or RFC 9457 problem for an error; `back` leads to where somebody was.
fn failed(rq: &Req, error: &Error, json: bool, safe: bool, back: Option<String>) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let number = if let Error::Internal(cause) = error {
        let number = rq.cx.sources.uuid().simple().to_string()[20..].to_owned();
        tracing::error!(number, path = without_secrets(&rq.path), "{cause:#}");
        Some(number)
    } else {
        None
    };
    if json {
        return problem::answer(rq, error, status, number.as_deref());
    }
    let back: Vec<_> =
        back.filter(|path| *path != *rq.path).map(|path| ("error-page-back", path)).into_iter().collect();
    match error {
        Error::SignIn(_) | Error::StaffSignIn => {
            let staff = matches!(error, Error::StaffSignIn) || is_internal(&rq.path);
            let start = if staff { paths::STAFF_SIGN_IN } else { paths::SIGN_IN };
            if safe {
                return Redirect::to(&paths::with_return(start, &rq.path)).into_response();
            }
            let link = ("error-page-sign-in-link", paths::with_return(start, &rq.path));
            message(rq, status, "error-page-sign-in", None, &[link])
        }
        Error::NotFound | Error::NotAvailable(_) => {
            // Of a thing that is not theirs staff learn as much as of one that is not there: how to ask for it.
            let path = rq.path.split('?').next().unwrap_or_default();
            let why = ("error-page-not-found-why", paths::with_return(paths::STAFF_ACCESS, path));
            let staff = is_internal(&rq.path) && rq.cx.actor.staff().is_some();
            message(rq, status, "error-page-not-found", None, if staff { std::slice::from_ref(&why) } else { &[] })
        }
        Error::Forbidden => message(rq, status, "error-page-forbidden", None, &[]),
        Error::Invalid(_) => message(rq, status, "error-page-invalid", None, &back),
        Error::Refused(refusal) if [files::UNCHECKED, files::INFECTED].contains(&refusal.code) => {
            let args: Vec<_> = refusal.args.iter().map(|(k, v)| (*k, v.as_str().into())).collect();
            let key = format!("error-page-{}", refusal.code);
            let text = rq.app.texts.get(rq.cx.lang, &format!("{key}-text"), &args);
            message(rq, status, &key, Some(text), &[])
        }
        Error::Refused(refusal) => {
            let args: Vec<_> = refusal.args.iter().map(|(k, v)| (*k, v.as_str().into())).collect();
            let text = rq.app.texts.get(rq.cx.lang, &format!("refusal-{}", refusal.code), &args);
            message(rq, status, "error-page-refused", Some(text), &back)
        }
        Error::Conflict(_) => message(rq, status, "error-page-conflict", None, &back),
        Error::Throttled { seconds } => {
            let args = [("seconds", i64::from(*seconds).into())];
            let text = rq.app.texts.get(rq.cx.lang, "error-page-throttled-text", &args);
            let mut response = message(rq, status, "error-page-throttled", Some(text), &[]);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            response
        }
        Error::Peer { .. } => message(rq, status, "error-page-peer", None, &[]),
        Error::Again => {
            // Who only looked has lost nothing and sends nothing again.
            let key = if safe { "error-page-busy-look" } else { "error-page-busy-text" };
            let text = rq.app.texts.get(rq.cx.lang, key, &[("seconds", i64::from(BUSY_SECONDS).into())]);
            let mut response = message(rq, status, "error-page-busy", Some(text), &[]);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(BUSY_SECONDS));
            response
        }
        Error::Internal(_) => {
            let args = [("number", number.as_deref().unwrap_or("").into())];
            let text = rq.app.texts.get(rq.cx.lang, "error-page-internal-number", &args);
            let both = format!("{}\n{text}", rq.app.texts.plain(rq.cx.lang, "error-page-internal-text"));
            message(rq, status, "error-page-internal", Some(both), &[])
        }
    }
}

fn message(rq: &Req, status: StatusCode, key: &str, text: Option<String>, links: &[(&str, String)]) -> Response {
    let page = rq.page(key);
    let text = text.unwrap_or_else(|| page.t(&format!("{key}-text")));
    let mut paragraphs = text.split('\n');
    let mut message = Message::new(&page, paragraphs.next().unwrap_or_default());
    for paragraph in paragraphs {
        message = message.and(paragraph);
    }
    for (label, href) in links {
        message = message.link(page.t(label), href);
    }
    message = message.link(page.t("house-home"), if is_internal(&rq.path) { paths::STAFF_HOME } else { paths::HOME });
    match message.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    }
}

async fn asset(Path(file): Path<String>) -> Response {
    match assets::file(&file) {
        Some(asset) => {
            let head = [(header::CONTENT_TYPE, asset.content_type), (header::CACHE_CONTROL, assets::CACHE_CONTROL)];
            (head, Body::from(asset.bytes.as_ref())).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn choose_language(Path(code): Path<String>, Query(query): Query<HashMap<String, String>>) -> Response {
    let back = query.get(paths::RETURN_FIELD).map_or("/", String::as_str);
    let local = back.starts_with('/') && !back.starts_with("//") && !back.starts_with("/\\");
    let mut response = Redirect::to(if local { back } else { "/" }).into_response();
    if let Some(lang) = Lang::from_code(&code)
        && let Ok(cookie) = HeaderValue::from_str(&format!(
            "meer_lang={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=31536000",
            lang.code()
        ))
    {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Ready: every city's database answers.
async fn healthy(State(app): State<Arc<App>>) -> Result<&'static str, Failure> {
    for city in app.cities() {
        let mut rx = city.db.read().await?;
        rx.query("SELECT 1 AS one WHERE $1 = CAST($1 AS BIGINT)", &[]).await?;
    }
    Ok("bereit\n")
}

/// How often another process is asked for what it released: a process or file plan is used on every node this much later.
const CONTENT: Duration = Duration::from_secs(3);

/// Starts what runs beside the requests, for every city: numbering (PostgreSQL), subscriptions, jobs, checkpoints, content
/// that other nodes release, and the search index where staff are served.
/// Ends when `shutdown` turns true.
pub async fn run_background(app: Arc<App>, shutdown: tokio::sync::watch::Receiver<bool>) -> Result<()> {
    let mut work: Vec<crate::BoxFuture<'static, Result<()>>> = Vec::new();
    for city in app.cities() {
        if city.db.engine() == db::Engine::Postgres {
            let (db, sources) = (city.db.clone(), app.sources.clone());
            work.push(Box::pin(journal::run_sequencer(db, sources, ended(shutdown.clone()))));
        }
        work.push(Box::pin(run_subscriptions(app.clone(), city.clone(), shutdown.clone())));
        work.push(Box::pin(run_checkpoints(city.clone(), app.clone(), shutdown.clone())));
        work.push(Box::pin(run_clean_up(city.clone(), shutdown.clone())));
        work.push(Box::pin(follow_content(app.clone(), city.clone(), CONTENT, shutdown.clone())));
        if app.config.role != crate::Role::Public {
            work.push(Box::pin(follow::run(app.clone(), city.clone(), shutdown.clone())));
        }
        let runner = runner(&app, &city);
        let stop = ended(shutdown.clone());
        work.push(Box::pin(async move { runner.run(stop).await }));
    }
    for result in futures_util::future::join_all(work).await {
        result?;
    }
    Ok(())
}

async fn ended(mut shutdown: tokio::sync::watch::Receiver<bool>) {
    let _ = shutdown.wait_for(|end| *end).await;
}

/// The job runner of a city with all handlers and schedules.
pub(crate) fn runner(app: &Arc<App>, city: &Arc<City>) -> jobs::Runner {
    let make_cx = {
        let (app, city) = (app.clone(), city.clone());
        move || app.cx(&city, "job")
    };
    let mut handlers = jobs::Handlers::default();
    for (name, (run, attempts)) in &app.jobs.handlers {
        let run = run.clone();
        handlers.add(name, *attempts, Arc::new(move |cx, body, _| run(cx, body)));
    }
    let mut schedules = jobs::Schedules::default();
    for schedule in &app.jobs.schedules {
        schedules.add(schedule.name, schedule.cron, schedule.body.clone(), schedule.priority);
    }
    jobs::Runner::new(city.db.clone(), Arc::new(make_cx), handlers, schedules).telling(stuck::tell)
}

/// Does all work of a city that is due, with what follows from it, until nothing is left: for tests. Answers what
/// failed.
///
/// # Errors
/// Those of the database.
pub async fn settle(app: &Arc<App>, city: &Arc<City>) -> Result<Vec<jobs::Failure>> {
    let runner = runner(app, city);
    let mut failures = Vec::new();
    loop {
        if city.db.engine() == db::Engine::Postgres {
            journal::settle(&city.db).await?;
        }
        let delivered = deliver(app, city).await?;
        let drained = runner.drain().await?;
        failures.extend(drained.failures);
        if delivered == 0 && drained.ran == 0 {
            follow::catch_up(app, city).await?;
            return Ok(failures);
        }
    }
}

/// Delivers journal entries to the subscribers of a city as they are numbered.
async fn run_subscriptions(
    app: Arc<App>,
    city: Arc<City>,
    mut shutdown: tokio::sync::watch::Receiver<bool>,
) -> Result<()> {
    let mut commits = city.db.commits();
    loop {
        commits.mark_unchanged();
        let delivered = match deliver(&app, &city).await {
            Ok(delivered) => delivered,
            Err(error) => {
                tracing::error!(city = %city.key, "subscription: {error:#}");
                tokio::time::sleep(Duration::from_secs(1)).await;
                0
            }
        };
        if delivered > 0 {
            continue;
        }
        tokio::select! {
            _ = shutdown.wait_for(|end| *end) => return Ok(()),
            _ = commits.changed() => {}
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
    }
}

/// One round over all subscribers; answers how many entries moved a cursor past something new.
pub(crate) async fn deliver(app: &Arc<App>, city: &Arc<City>) -> Result<usize> {
    let mut delivered = 0;
    let mut failed = None;
    for name in app.events.subscribers.keys() {
        match deliver_to(app, city, name).await {
            Ok(count) => delivered += count,
            // One that cannot go on keeps nobody else waiting.
            Err(error) => {
                failed.get_or_insert(Error::internal(format!("{name}: {error:#}")));
            }
        }
    }
    failed.map_or(Ok(delivered), Err)
}

async fn deliver_to(app: &Arc<App>, city: &Arc<City>, name: &str) -> Result<usize> {
    let mut delivered = 0;
    let cx = app.cx(city, "subscription");
    if let Some((name, subscriber)) = app.events.subscribers.get_key_value(name) {
        let mut rx = city.db.read().await?;
        let from = journal::cursor(&mut rx, name).await?;
        let entries = journal::entries(&mut rx, from, 200).await?;
        drop(rx);
        let Some(last) = entries.last().map(|e| e.seq) else { return Ok(0) };
        let wanted: Vec<_> = entries.iter().filter(|e| subscriber.handlers.contains_key(e.name.as_str())).collect();
        let mut cx = cx.clone();
        cx.actor.via = vec![subscriber.module];
        let mut at = from;
        for entry in &wanted {
            let handler = &subscriber.handlers[entry.name.as_str()];
            db::write!(city.db, |tx| {
                handler(&cx, tx, &entry.fact_text, entry.at).await?;
                journal::advance(tx, name, at, entry.seq, cx.now()).await
            })?;
            at = entry.seq;
            delivered += 1;
        }
        // Entries nobody here waits for move the cursor only when there is something to gain from it.
        if at < last && (wanted.is_empty() && last - from >= 200 || !wanted.is_empty()) {
            db::write!(city.db, |tx| { journal::advance(tx, name, at, last, cx.now()).await })?;
        }
    }
    Ok(delivered)
}

/// Removes files without a row once they are older than any backup that could still name them, once a day.
async fn run_clean_up(city: Arc<City>, mut shutdown: tokio::sync::watch::Receiver<bool>) -> Result<()> {
    loop {
        tokio::select! {
            _ = shutdown.wait_for(|end| *end) => return Ok(()),
            () = tokio::time::sleep(Duration::from_secs(24 * 3600)) => {}
        }
        match city.files.collect(&city.db, std::time::SystemTime::now()).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(city = %city.key, removed, "files without a row removed"),
            Err(error) => tracing::error!(city = %city.key, "clean-up: {error:#}"),
        }
    }
}

/// Every fault that the modules find in a city's data.
pub fn content_faults(app: &App, content: &content::Content) -> Vec<String> {
    app.modules.iter().flat_map(|m| (m.check_content)(app, content)).collect()
}

/// Takes over what was released since, by this process or another one on the same database. What this program finds faults
/// in, a newer one may have released: of that the versions that were good stay in use.
///
/// # Errors
/// Those of the database.
pub async fn take_released(app: &App, city: &City) -> Result<()> {
    let Some(newer) = content::Content::newer(&city.db, city.content.versions()).await? else { return Ok(()) };
    let (usable, faults) = city.content.usable(newer, |content| content_faults(app, content));
    city.content.take(usable);
    if faults.is_empty() {
        tracing::info!(city = %city.key, "what was released is used now");
    } else {
        let faults = faults.join("\n");
        tracing::error!(city = %city.key, "of what was released this is not used:\n{faults}");
    }
    Ok(())
}

/// Takes over what other processes on the same database release, asked for this often, until `shutdown`.
///
/// # Errors
/// None on its own: what fails is logged and tried again.
pub async fn follow_content(
    app: Arc<App>,
    city: Arc<City>,
    every: Duration,
    mut shutdown: tokio::sync::watch::Receiver<bool>,
) -> Result<()> {
    loop {
        tokio::select! {
            _ = shutdown.wait_for(|end| *end) => return Ok(()),
            () = tokio::time::sleep(every) => {}
        }
        if let Err(error) = take_released(&app, &city).await {
            tracing::error!(city = %city.key, "content: {error:#}");
        }
    }
}

/// Writes a signed checkpoint when the journal has grown, once a minute and at the end.
async fn run_checkpoints(
    city: Arc<City>,
    app: Arc<App>,
    mut shutdown: tokio::sync::watch::Receiver<bool>,
) -> Result<()> {
    loop {
        let ended = tokio::select! {
            _ = shutdown.wait_for(|end| *end) => true,
            () = tokio::time::sleep(Duration::from_secs(60)) => false,
        };
        let written = async { city.checkpoints.write(&mut city.db.read().await?, app.sources.now()).await };
        if let Err(error) = written.await {
            tracing::error!(city = %city.key, "checkpoint: {error:#}");
        }
        if ended {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_to_a_page_of_ours_somebody_is_led_back() {
        let from = |referer: &str| {
            let request =
                http::Request::builder().header(header::HOST, "stadt.example").header(header::REFERER, referer);
            sent_from(&request.body(Body::empty()).unwrap())
        };
        assert_eq!(from("https://stadt.example/intern/vorgang/1?a=b").as_deref(), Some("/intern/vorgang/1?a=b"));
        let others = [
            "https://other.example/intern",
            "https://stadt.example//other.example",
            "https://stadt.example/\\other.example",
            "/intern",
            "stadt.example",
            "",
        ];
        for other in others {
            assert_eq!(from(other), None, "{other}");
        }
    }

    #[test]
    fn an_address_for_forms_leads_to_the_page_above_it() {
        let route = |method, path| {
            let side = Side::Internal;
            ((method, path), RouteInfo { method, path, access: Access::EverySide, module: "records", side })
        };
        let table = HashMap::from([
            route("GET", "/intern"),
            route("GET", "/intern/vorgang/{case}"),
            route("POST", "/intern/vorgang/{case}/wiedervorlage"),
            route("POST", "/intern/vorgang/{case}/sperre/{hold}/aufheben"),
        ]);
        let above = |path| page_above(&table, path);
        assert_eq!(above("/intern/vorgang/7/wiedervorlage").as_deref(), Some("/intern/vorgang/7"));
        assert_eq!(above("/intern/vorgang/7/sperre/3/aufheben").as_deref(), Some("/intern/vorgang/7"));
        assert_eq!(above("/intern/auswahl").as_deref(), Some("/intern"));
        assert_eq!(above("/abmelden"), None, "no page stands above it");
    }

    #[test]
    fn secrets_of_links_stay_out_of_the_log() {
        let token = "x".repeat(43);
        assert_eq!(without_secrets(&format!("/passwort-neu/{token}?a=b")), "/passwort-neu/…");
        let case = "/vorgang/01a207d3-0284-72c2-9158-ccfd27d21e26";
        assert_eq!(without_secrets(case), case);
    }

    #[test]
    fn only_our_proxies_are_believed() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.5"), ip("10.0.0.6")];
        let forged = ["203.0.113.9", " 198.51.100.7"];
        assert_eq!(caller(&[], ip("10.0.0.5"), &forged), ip("10.0.0.5"), "no proxy is configured");
        assert_eq!(caller(&proxies, ip("192.0.2.1"), &forged), ip("192.0.2.1"), "the caller is no proxy");
        assert_eq!(caller(&proxies, ip("10.0.0.5"), &forged), ip("198.51.100.7"), "what the proxy saw");
        let chain = ["203.0.113.9", "198.51.100.7", "10.0.0.6"];
        assert_eq!(caller(&proxies, ip("10.0.0.5"), &chain), ip("198.51.100.7"), "two proxies in a row");
        assert_eq!(caller(&proxies, ip("10.0.0.5"), &["unknown"]), ip("10.0.0.5"));
        assert_eq!(caller(&proxies, ip("10.0.0.5"), &[]), ip("10.0.0.5"));
    }
}
