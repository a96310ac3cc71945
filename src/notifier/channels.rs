//! Where messages go: the channels that the settings name, each of one account on GitHub, so that nobody is told what belongs to
//! another.

use std::{io, sync::Arc};

use http::{
    Method, Request, Uri,
    header::{CONTENT_TYPE, USER_AGENT},
};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::{
    config::channels::{Address, Channel},
    domain::notification::Message,
    post::{Post, Told},
};

use super::{chat, mail::Mailer};

/// All channels.
#[derive(Debug, Clone)]
pub struct Channels {
    channels: Arc<[Channel]>,
    post: Post,
    /// `None`: no server takes mail from us.
    mailer: Option<Mailer>,
    /// GitHub for people, without a slash at the end.
    web_url: Arc<str>,
}

impl Channels {
    /// # Errors
    /// When the certificates of this machine cannot be read.
    pub fn new(channels: Vec<Channel>, mailer: Option<Mailer>, web_url: &str) -> io::Result<Self> {
        // Whoever runs the server names the addresses: they may lie in a network of their own.
        Ok(Self { channels: channels.into(), post: Post::new(true)?, mailer, web_url: web_url.into() })
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }

    /// Whether any of them is of this account.
    #[must_use]
    pub fn has(&self, owner: &str) -> bool {
        self.channels.iter().any(|channel| channel.owner.eq_ignore_ascii_case(owner))
    }

    /// The channel of this name of an account.
    #[must_use]
    pub fn find(&self, owner: &str, name: &str) -> Option<&Channel> {
        let is = |channel: &&Channel| channel.owner.eq_ignore_ascii_case(owner) && channel.name == name;
        self.channels.iter().find(is)
    }

    /// Sends a message that was tried `attempts` times before.
    pub async fn send(
        &self,
        channel: &Channel,
        message: &Message,
        id: &str,
        (attempts, now): (u32, Timestamp),
    ) -> Told {
        let (url, body) = match &channel.to {
            Address::Slack(url) => (url, chat::slack(message, &self.web_url)),
            Address::Teams(url) => (url, chat::teams(message, &self.web_url)),
            Address::Mail(to) => {
                let Some(mailer) = &self.mailer else {
                    return Told::in_an_hour(now, "no mail server is set (CHANGEGATE_SMTP_URL)");
                };
                return mailer.send((to, id), message, &self.web_url, (attempts, now)).await;
            }
        };
        match request(url, &body, id) {
            Ok(request) => self.post.send(request, (attempts, now)).await,
            Err(error) => Told::Refused { why: format!("it cannot be written: {error}") },
        }
    }
}

fn request(url: &SecretString, body: &Value, id: &str) -> Result<Request<Full<Bytes>>, http::Error> {
    let to: Uri = url.expose_secret().parse()?;
    let request = Request::builder()
        .method(Method::POST)
        .uri(to)
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, concat!("changegate/", env!("CARGO_PKG_VERSION")))
        // Chats do not read it; whoever stands between us and them can.
        .header("idempotency-key", id);
    request.body(Full::new(body.to_string().into()))
}
