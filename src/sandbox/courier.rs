//! Carries the webhooks to the App, over HTTP, one after the other, as GitHub does.

use std::time::Duration;

use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::hooks::{Attempt, Delivery};
use super::{Mishap, Sandbox, Shared};
use std::sync::{Arc, PoisonError};

/// How long GitHub waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the App answered: status, headers, body.
type Answered = (u16, Vec<(String, String)>, String);

impl Sandbox {
    /// Sets where webhooks go.
    pub fn set_webhook_target(&self, url: &str) {
        self.hooks(|hooks| hooks.target = Some(url.to_owned()));
    }

    /// Sends everything that is pending, in order, and answers how many were sent.
    pub async fn deliver(&self) -> usize {
        self.shared.deliver().await
    }

    /// From now on, sends everything as it comes.
    pub fn deliver_continuously(&self) {
        let shared = self.shared.clone();
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(pump(shared));
    }

    /// What is still to be sent.
    pub fn pending_deliveries(&self) -> Vec<Delivery> {
        self.hooks(|hooks| hooks.pending.iter().cloned().collect())
    }

    /// Takes what is still to be sent, to send it in any order, several times, or never.
    pub fn take_deliveries(&self) -> Vec<Delivery> {
        self.hooks(|hooks| hooks.pending.drain(..).collect())
    }

    /// Sends one delivery now.
    pub async fn send(&self, delivery: &Delivery) -> Attempt {
        self.shared.send(delivery).await
    }

    /// The headers with which a delivery is sent, for those who send it themselves.
    pub fn delivery_headers(&self, delivery: &Delivery) -> Vec<(&'static str, String)> {
        self.hooks(|hooks| hooks.headers(delivery))
    }

    /// Every attempt to deliver, oldest first.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.hooks(|hooks| hooks.attempts.clone())
    }

    /// Something will go wrong with the next delivery, or with the next one of this event.
    pub fn mishap(&self, event: Option<&str>, mishap: Mishap) {
        self.hooks(|hooks| hooks.ask_for(event, mishap));
    }
}

async fn pump(shared: Arc<Shared>) {
    loop {
        shared.deliver().await;
        shared.news.notified().await;
    }
}

impl Shared {
    async fn deliver(&self) -> usize {
        let batch = self.with(|state| {
            let now = state.now();
            state.hooks.take_batch(now)
        });
        for delivery in &batch {
            self.send(delivery).await;
        }
        batch.len()
    }

    async fn send(&self, delivery: &Delivery) -> Attempt {
        let (target, headers) =
            self.with(|state| (state.hooks.target.clone(), state.hooks.headers(delivery)));
        let posted = tokio::time::timeout(PATIENCE, post(target.as_deref(), &headers, &delivery.body)).await;
        let at = self.with(|state| state.now());
        let attempt = match posted.ok().flatten() {
            Some((status, answer_headers, answer)) => {
                Attempt { delivery: delivery.clone(), at, status, answer, answer_headers }
            }
            None => Attempt::failed(delivery.clone(), at),
        };
        self.with(|state| state.hooks.attempts.push(attempt.clone()));
        attempt
    }
}

/// Posts a body; `None` where nobody answers.
async fn post(target: Option<&str>, headers: &[(&'static str, String)], body: &str) -> Option<Answered> {
    let uri: Uri = target?.parse().ok()?;
    let authority = uri.authority()?.clone();
    let stream = TcpStream::connect((authority.host(), authority.port_u16().unwrap_or(80))).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    let mut request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()));
    request = request.header("host", authority.as_str());
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let request = request.body(Full::new(Bytes::from(body.to_owned()))).ok()?;
    let exchange = async move {
        let (head, body) = sender.send_request(request).await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let text = |value: &http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Some((head.status.as_u16(), headers, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::join!(exchange, connection).0
}
