use std::collections::BTreeMap;

use axum::{Router, body::Body};
use http::{Request, StatusCode, header};
use tower::ServiceExt as _;

/// A browser without a window and without scripts: cookies, links, forms.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    host: String,
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

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), host: "localhost".into() }
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
        self.send("GET", path, None).await
    }

    /// Posts fields as a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> = fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        let body = ("application/x-www-form-urlencoded".to_owned(), body.join("&").into_bytes());
        self.send("POST", path, Some(body)).await
    }

    /// Posts fields and files: (field, name, content).
    pub async fn post_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Page {
        let boundary = "----meer-test-boundary";
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                    .as_bytes(),
            );
        }
        for (field, name, content) in files {
            let head = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
                 Content-Type: application/octet-stream\r\n\r\n"
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
        self.send("POST", path, Some((format!("multipart/form-data; boundary={boundary}"), body))).await
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

    async fn send(&mut self, method: &str, path: &str, body: Option<(String, Vec<u8>)>) -> Page {
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
                Body::from(bytes)
            }
            None => Body::empty(),
        };
        let request = request.body(body).expect("a request");
        let response = self.router.clone().oneshot(request).await.expect("the router answers");
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().expect("a cookie");
            let (pair, rest) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').expect("name=value");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let text =
            |name| response.headers().get(name).and_then(|v: &http::HeaderValue| v.to_str().ok()).map(str::to_owned);
        let (status, location) = (response.status(), text(header::LOCATION));
        let content_type = text(header::CONTENT_TYPE).unwrap_or_default();
        let bytes = axum::body::to_bytes(response.into_body(), 64 << 20).await.expect("a body").to_vec();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        Page { status, location, body, bytes, content_type }
    }
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
