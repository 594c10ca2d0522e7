use std::{collections::BTreeMap, io, net::SocketAddr};

use axum::{Router, body::Body};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tower::ServiceExt as _;

/// A browser without a window and without scripts: cookies, links, forms.
#[derive(Clone)]
pub struct Browser {
    site: Site,
    cookies: BTreeMap<String, String>,
    host: String,
}

/// Where requests go.
#[derive(Clone)]
enum Site {
    /// The house in this process.
    House(Router),
    /// A running program.
    Program(SocketAddr),
}

/// What came back.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    /// Where a redirect leads.
    pub location: Option<String>,
    pub body: String,
    pub bytes: Vec<u8>,
    pub content_type: String,
    pub headers: HeaderMap,
}

impl Page {
    /// A header as text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Page {
    /// # Panics
    /// When the text is not on the page; shows the page's text.
    #[track_caller]
    pub fn shows(&self, text: &str) -> &Self {
        assert!(self.body.contains(text), "„{text}“ is not on the page ({}): {}", self.status, plain(&self.body));
        self
    }

    /// # Panics
    /// When the text is on the page.
    #[track_caller]
    pub fn hides(&self, text: &str) -> &Self {
        assert!(!self.body.contains(text), "„{text}“ is on the page");
        self
    }

    /// # Panics
    /// When the page has another status.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{:?} {}", self.location, plain(&self.body));
        self
    }
}

/// The text of a page without tags, for messages.
fn plain(html: &str) -> String {
    let main = html.find("<main").map_or(html, |at| &html[at..]);
    let mut out = String::new();
    let mut inside = false;
    for c in main.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The fields of the form on a page that posts to this address, as a browser would send them untouched.
pub fn form_of(body: &str, action: &str) -> Vec<(String, String)> {
    let start = body.find(&format!("action=\"{action}\"")).unwrap_or_else(|| panic!("no form posts to {action}"));
    let form = &body[start..];
    let form = &form[..form.find("</form>").unwrap_or(form.len())];
    let mut fields = Vec::new();
    for tag in form.split("<input").skip(1) {
        let tag = &tag[..tag.find('>').unwrap_or(tag.len())];
        let attribute = |name: &str| {
            let at = tag.find(&format!(" {name}=\""))? + name.len() + 3;
            Some(tag[at..at + tag[at..].find('"')?].to_owned())
        };
        let kind = attribute("type").unwrap_or_default();
        let ticked = tag.contains(" checked");
        if kind == "file" || (matches!(kind.as_str(), "radio" | "checkbox") && !ticked) {
            continue;
        }
        if let Some(name) = attribute("name") {
            let value = attribute("value").unwrap_or_default();
            fields.push((name, value.replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&")));
        }
    }
    fields
}

const BOUNDARY: &str = "----meer-test-boundary";

/// The body of a form with files.
fn multipart(fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend_from_slice(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    for (field, name, content) in files {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl Browser {
    /// A visitor of a house in this process.
    pub fn new(router: Router) -> Self {
        Self { site: Site::House(router), cookies: BTreeMap::new(), host: "localhost".into() }
    }

    /// A visitor of a program that listens at this address.
    pub fn of_program(address: SocketAddr) -> Self {
        let host = format!("localhost:{}", address.port());
        Self { site: Site::Program(address), cookies: BTreeMap::new(), host }
    }

    /// The same visitor, with the same cookies, after the program was started again elsewhere.
    #[must_use]
    pub fn at_program(self, address: SocketAddr) -> Self {
        Self { cookies: self.cookies, ..Self::of_program(address) }
    }

    /// The same visitor at another city's address.
    #[must_use]
    pub fn at_host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// The same browser after this cookie was lost.
    #[must_use]
    pub fn without(mut self, cookie: &str) -> Self {
        self.cookies.remove(cookie);
        self
    }

    pub async fn get(&mut self, path: &str) -> Page {
        self.send("GET", path, None).await.expect("an answer")
    }

    /// Posts fields as a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.try_post(path, fields).await.expect("an answer")
    }

    /// The same at a program that may end at any moment.
    ///
    /// # Errors
    /// No answer, or not a whole one.
    pub async fn try_post(&mut self, path: &str, fields: &[(&str, &str)]) -> io::Result<Page> {
        let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        let body = ("application/x-www-form-urlencoded".to_owned(), body.join("&").into_bytes());
        self.send("POST", path, Some(body)).await
    }

    /// Posts fields and files: (field, name, content).
    pub async fn post_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Page {
        self.post_multipart(path, multipart(fields, files)).await
    }

    /// The same from a browser whose connection breaks off so many bytes before the end.
    pub async fn post_files_broken(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &str, &[u8])],
        missing: usize,
    ) -> Page {
        let mut body = multipart(fields, files);
        body.truncate(body.len().saturating_sub(missing));
        self.post_multipart(path, body).await
    }

    async fn post_multipart(&mut self, path: &str, body: Vec<u8>) -> Page {
        let body = (format!("multipart/form-data; boundary={BOUNDARY}"), body);
        self.send("POST", path, Some(body)).await.expect("an answer")
    }

    /// Signs in with the city account of the demo, or as staff of it.
    pub async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        let page = self.post("/anmelden", &[("email", email), ("password", password)]).await;
        self.follow(page).await
    }

    pub async fn staff_sign_in(&mut self, login: &str, password: &str) -> Page {
        let page = self.post("/intern/anmelden", &[("login", login), ("password", password)]).await;
        self.follow(page).await
    }

    /// Signs in with a test card of the sandbox's eID source and goes where that leads; `back` is a path of this site.
    ///
    /// # Panics
    /// When the sandbox does not play along.
    pub async fn eid_sign_in(&mut self, card: &str, back: &str) -> Page {
        let begun = self.post(&format!("/anmelden/eid?zurueck={back}"), &[]).await;
        let authorize = begun.location.clone().unwrap_or_else(|| panic!("no redirect to the eID source: {begun:?}"));
        let (base, rest) = authorize.split_at(authorize.find("/eid/").expect("an address of the sandbox"));
        let peer = peers::Peer::new("eid", base, None).expect("a client");
        let chooser = peer.get(rest).await.expect("the sandbox answers").text();
        let fields = form_of(&chooser, "/eid/karte");
        let choice = fields.iter().find(|(name, _)| name == "choice").map(|(_, value)| value.clone());
        let choice = choice.unwrap_or_else(|| panic!("no cards to choose from: {chooser}"));
        let chosen = peer.post_form("/eid/karte", &[("choice", &choice), ("card", card)]).await.expect("a choice");
        let returned = chosen.location.clone().unwrap_or_else(|| panic!("{}: {}", chosen.status, chosen.text()));
        let path = returned.splitn(4, '/').nth(3).map(|p| format!("/{p}")).expect("an address with a path");
        let page = self.get(&path).await;
        self.follow(page).await
    }

    /// Follows redirects of this site to the page they end at.
    pub async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..10 {
            match &page.location {
                Some(location) if location.starts_with('/') => page = self.get(&location.clone()).await,
                _ => return page,
            }
        }
        panic!("redirects without end, last to {:?}", page.location)
    }

    async fn send(&mut self, method: &str, path: &str, body: Option<(String, Vec<u8>)>) -> io::Result<Page> {
        let cookies: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::ACCEPT_LANGUAGE, "de")
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, cookies.join("; "));
        let body = match body {
            Some((kind, bytes)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                bytes
            }
            None => Vec::new(),
        };
        let request = request.body(body).expect("a request");
        let (status, headers, bytes) = match &self.site {
            Site::House(router) => {
                let response = router.clone().oneshot(request.map(Body::from)).await.expect("the router answers");
                let (head, body) = response.into_parts();
                (head.status, head.headers, axum::body::to_bytes(body, 64 << 20).await.expect("a body").to_vec())
            }
            Site::Program(address) => over_the_wire(*address, &request).await?,
        };
        for cookie in headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            let (pair, rest) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("name=value");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text = |name| headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok()).map(str::to_owned);
        let location = text(header::LOCATION);
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Page { status, location, body, bytes, content_type, headers })
    }
}

/// One request on a connection of its own (RFC 9112).
async fn over_the_wire(
    address: SocketAddr,
    request: &Request<Vec<u8>>,
) -> io::Result<(StatusCode, HeaderMap, Vec<u8>)> {
    let mut sent = format!("{} {} HTTP/1.1\r\n", request.method(), request.uri()).into_bytes();
    for (name, value) in request.headers() {
        sent.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    sent.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n", request.body().len()).into_bytes());
    sent.extend(request.body());
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&sent).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    read_answer(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "not a whole answer"))
}

fn read_answer(answer: &[u8]) -> Option<(StatusCode, HeaderMap, Vec<u8>)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = StatusCode::from_bytes(lines.next()?.split(' ').nth(1)?.as_bytes()).ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(name.parse::<HeaderName>().ok()?, value.trim().parse().ok()?);
    }
    let body = &answer[end + 4..];
    let length = headers.get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok()).unwrap_or(0);
    (body.len() == length).then(|| (status, headers, body.to_vec()))
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            b' ' => "+".to_owned(),
            _ => format!("%{b:02X}"),
        })
        .collect()
}
