//! A request as the handlers see it, and the answers that they give, with GitHub's words for what is refused.

use axum::extract::Query;
use http::request::Parts;
use http::{HeaderMap, Response, Uri};
use http_body_util::Full;
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// A request.
pub(super) struct Call {
    pub method: String,
    pub uri: Uri,
    pub headers: HeaderMap,
    /// The body as JSON; null where there is none.
    pub body: Value,
    /// There is a body, and it is no JSON.
    pub malformed: bool,
}

impl Call {
    pub fn new(head: &Parts, body: &[u8]) -> Self {
        let parsed = serde_json::from_slice(body);
        Self {
            method: head.method.to_string(),
            uri: head.uri.clone(),
            headers: head.headers.clone(),
            malformed: !body.is_empty() && parsed.is_err(),
            body: parsed.unwrap_or_default(),
        }
    }

    /// The decoded parts of the path.
    pub fn segments(&self) -> Vec<String> {
        let decode = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        self.uri.path().split('/').filter(|part| !part.is_empty()).map(decode).collect()
    }

    /// A parameter of the query.
    pub fn query(&self, name: &str) -> Option<String> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&self.uri).ok()?;
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }
}

/// An answer: a JSON value or a plain text, with headers.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        let kind = ("content-type", "application/json; charset=utf-8".to_owned());
        Self { status, headers: vec![kind], body: body.to_string() }
    }

    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub fn created(body: &Value) -> Self {
        Self::json(201, body)
    }

    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }

    /// A refusal in GitHub's form.
    pub fn refused(status: u16, message: &str) -> Self {
        let body = json!({ "message": message, "documentation_url": "https://docs.github.com/rest",
            "status": status.to_string() });
        Self::json(status, &body)
    }

    pub fn not_found() -> Self {
        Self::refused(404, "Not Found")
    }

    pub fn bad_credentials() -> Self {
        Self::refused(401, "Bad credentials")
    }

    pub fn forbidden() -> Self {
        Self::refused(403, "Resource not accessible by integration")
    }

    /// What the body says is not possible: one field, and GitHub's code for why.
    pub fn invalid(resource: &str, field: &str, code: &str) -> Self {
        let body = json!({ "message": "Validation Failed",
            "errors": [{ "resource": resource, "field": field, "code": code }],
            "documentation_url": "https://docs.github.com/rest", "status": "422" });
        Self::json(422, &body)
    }

    pub fn into_response(self) -> Option<Response<Full<Bytes>>> {
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        response.body(Full::new(Bytes::from(self.body))).ok()
    }
}

/// One page of a list, with the `Link` header that leads to the others.
pub(super) fn page(call: &Call, base: &str, items: &[Value], wrap: impl FnOnce(Value) -> Value) -> Answer {
    let number = |name: &str| call.query(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("per_page").unwrap_or(30).clamp(1, 100);
    let current = number("page").unwrap_or(1).max(1);
    let last = items.len().div_ceil(size).max(1);
    let shown: Value = items.iter().skip((current - 1) * size).take(size).cloned().collect();
    let answer = Answer::ok(&wrap(shown));
    let link = |page: usize, rel: &str| format!("<{}>; rel=\"{rel}\"", page_url(call, base, page));
    let mut links = Vec::new();
    if current > 1 {
        links.extend([link(current - 1, "prev"), link(1, "first")]);
    }
    if current < last {
        links.extend([link(current + 1, "next"), link(last, "last")]);
    }
    if links.is_empty() { answer } else { answer.with("link", links.join(", ")) }
}

fn page_url(call: &Call, base: &str, page: usize) -> String {
    let query = call.uri.query().unwrap_or_default();
    let others = query.split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page="));
    let query: Vec<String> = others.map(str::to_owned).chain([format!("page={page}")]).collect();
    format!("{base}{}?{}", call.uri.path(), query.join("&"))
}
