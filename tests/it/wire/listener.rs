//! Another system that is told what changes: it writes down what it hears, and answers as it was asked to.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Bytes, http::HeaderMap};
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;

/// What it shares with the program, as Standard Webhooks writes it.
pub const SIGNING: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
pub const NEXT_SIGNING: &str = "whsec_d2hhdCBjb21lcyBhZnRlciB0aGUgZmlyc3QgIQ==";

/// How it answers.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    Status(u16),
    /// 429, and how many seconds to wait.
    Busy(u32),
    /// Never.
    Silence,
}

/// One announcement, as it arrived.
#[derive(Debug, Clone)]
pub struct Heard {
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Heard {
    pub fn id(&self) -> String {
        self.headers["webhook-id"].to_str().unwrap().to_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether the reference library takes it as ours.
    pub fn is_proven_by(&self, secret: &str) -> bool {
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        webhook.verify(&self.body, &self.headers).is_ok()
    }

    /// The stage or the outcome that it tells, and the one before.
    pub fn in_short(&self) -> String {
        let json = self.json();
        let data = &json["data"];
        let now = if data["sha"].is_null() { &data["stage"] } else { &data["outcome"] };
        format!("{}: {} -> {now}", json["type"].as_str().unwrap(), data["was"])
    }
}

#[derive(Debug, Default)]
struct Inner {
    heard: Vec<Heard>,
    replies: VecDeque<Reply>,
}

#[derive(Debug, Clone)]
pub struct Listener {
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

impl Listener {
    /// Takes everything, until it is asked to answer otherwise.
    pub async fn start() -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks/of-changegate", socket.local_addr().unwrap());
        let listener = Self { url, inner: Arc::default() };
        let hear = listener.clone();
        let router = Router::new().fallback(async move |headers: HeaderMap, body: Bytes| {
            hear.answer(Heard { headers, body: body.to_vec() }).await
        });
        tokio::spawn(async move { axum::serve(socket, router).await });
        listener
    }

    async fn answer(&self, heard: Heard) -> (StatusCode, HeaderMap) {
        let reply = {
            let mut inner = self.inner.lock().unwrap();
            inner.heard.push(heard);
            inner.replies.pop_front().unwrap_or(Reply::Status(204))
        };
        match reply {
            Reply::Status(status) => (StatusCode::from_u16(status).unwrap(), HeaderMap::new()),
            Reply::Busy(seconds) => {
                let wait = [(http::header::RETRY_AFTER, seconds.into())];
                (StatusCode::TOO_MANY_REQUESTS, wait.into_iter().collect())
            }
            Reply::Silence => std::future::pending().await,
        }
    }

    /// The next announcements are answered so.
    pub fn reply(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inner.lock().unwrap().replies.extend(replies);
    }

    /// What it heard, in the order of arrival.
    pub fn heard(&self) -> Vec<Heard> {
        self.inner.lock().unwrap().heard.clone()
    }
}
