//! Tells another system what changed, as Standard Webhooks (<https://www.standardwebhooks.com>) describes it: posted as
//! JSON, signed, and with the same `webhook-id` however often it is tried.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{
    Method, Request, Uri,
    header::{CONTENT_TYPE, USER_AGENT},
};
use http_body_util::Full;
use hyper::body::Bytes;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretSlice, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::{
    clock::Clock,
    domain::{
        announcement::{Announcement, News},
        bell::{self, Callable},
        change_request::Stage,
        effect::{CHANGE_CHECK, CheckStatus},
        event::Pipeline,
        finding::Outcome,
        ids::{GateId, RepoId, RepoName, Sha},
    },
    post::{Post, Told},
    reach,
};

/// The version of what is told.
const VERSION: u32 = 1;

/// Why nothing can be announced.
#[derive(Debug, thiserror::Error)]
pub enum AnnounceError {
    #[error("the address of who is told what changes is no web address")]
    Address,
    #[error("a secret for announcements is not `whsec_` and base64")]
    Secret,
    #[error("the certificates of this machine cannot be read: {0}")]
    Certificates(std::io::Error),
}

/// Tells other systems.
#[derive(Debug)]
pub struct Announcer {
    /// Who is told everything.
    listener: Option<(Uri, Poster)>,
    /// Who may be called where somebody asked for it.
    called: Option<(Callable, Poster)>,
    clock: Clock,
}

/// Posts, and signs with each of its keys.
#[derive(Debug)]
struct Poster {
    post: Post,
    keys: Vec<SecretSlice<u8>>,
}

impl Announcer {
    /// Tells nobody yet.
    #[must_use]
    pub const fn new(clock: Clock) -> Self {
        Self { listener: None, called: None, clock }
    }

    /// Posts everything to `url` and signs with each of the secrets.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn telling(mut self, url: &SecretString, secrets: &[SecretString]) -> Result<Self, AnnounceError> {
        let to = url.expose_secret().parse().map_err(|_| AnnounceError::Address)?;
        self.listener = Some((to, Poster::new(secrets, true)?));
        Ok(self)
    }

    /// Calls whoever somebody asked to have called, where that is allowed, and signs with each of the secrets.
    ///
    /// # Errors
    /// When one of them cannot be used.
    pub fn calling(mut self, callable: Callable, secrets: &[SecretString]) -> Result<Self, AnnounceError> {
        let poster = Poster::new(secrets, callable.private)?;
        self.called = Some((callable, poster));
        Ok(self)
    }

    /// Tells what stands under this key, which was tried `attempts` times before.
    pub async fn tell(&self, key: &str, announcement: &Announcement, attempts: u32) -> Told {
        let now = self.clock.now();
        let (to, poster) = match self.whom(announcement) {
            Ok(Some(found)) => found,
            // What one was owed waits until it is back.
            Ok(None) => {
                return Told::in_an_hour(now, "nobody is told by these settings");
            }
            Err(why) => return Told::Refused { why },
        };
        let message = Message::new(key, announcement);
        let request = match poster.request(to, &message, now) {
            Ok(request) => request,
            Err(error) => return Told::Refused { why: format!("it cannot be written: {error}") },
        };
        poster.post.send(request, (attempts, now)).await
    }

    /// Whom to tell; `None`: who is told everything, and nobody is.
    fn whom(&self, announcement: &Announcement) -> Result<Option<(Uri, &Poster)>, String> {
        let Some(url) = &announcement.to else {
            return Ok(self.listener.as_ref().map(|(to, poster)| (to.clone(), poster)));
        };
        let (callable, poster) =
            self.called.as_ref().ok_or("nobody may be called by these settings (CHANGEGATE_NOTIFY_HOSTS)")?;
        callable.allows(url)?;
        let to: Uri = url.parse().map_err(|_| "the address to call is no web address")?;
        if !callable.private && !reach::may_be_public(to.host().unwrap_or_default()) {
            return Err("the address to call is that of a private network".into());
        }
        Ok(Some((to, poster)))
    }
}

impl Poster {
    /// `private`: addresses of private networks are reached.
    fn new(secrets: &[SecretString], private: bool) -> Result<Self, AnnounceError> {
        let post = Post::new(private).map_err(AnnounceError::Certificates)?;
        let keys = secrets.iter().map(key).collect::<Option<Vec<_>>>();
        let keys = keys.filter(|keys| !keys.is_empty()).ok_or(AnnounceError::Secret)?;
        Ok(Self { post, keys })
    }

    fn request(
        &self,
        to: Uri,
        message: &Message<'_>,
        now: Timestamp,
    ) -> Result<Request<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        let body = serde_json::to_vec(message)?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(to)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("changegate/", env!("CARGO_PKG_VERSION")))
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", now.as_second())
            .header("webhook-signature", self.signatures(&message.id, now, &body));
        Ok(request.body(Full::new(body.into()))?)
    }

    /// One of each secret, with a space between.
    fn signatures(&self, id: &str, now: Timestamp, body: &[u8]) -> String {
        let sign = |key: &SecretSlice<u8>| {
            let mac = Hmac::<Sha256>::new_from_slice(key.expose_secret()).ok()?;
            let mac = mac.chain_update(format!("{id}.{}.", now.as_second())).chain_update(body);
            Some(format!("v1,{}", BASE64.encode(mac.finalize().into_bytes())))
        };
        self.keys.iter().filter_map(sign).collect::<Vec<_>>().join(" ")
    }
}

fn key(secret: &SecretString) -> Option<SecretSlice<u8>> {
    let key = BASE64.decode(secret.expose_secret().strip_prefix("whsec_")?).ok()?;
    Some(key.into())
}

/// What is posted.
#[derive(Debug, Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    version: u32,
    /// The idempotency key: the same for the same change, whoever tells it and however often.
    id: String,
    timestamp: Timestamp,
    data: Data<'a>,
}

#[derive(Debug, Serialize)]
struct Data<'a> {
    repository: Repository<'a>,
    #[serde(flatten)]
    what: What<'a>,
}

#[derive(Debug, Serialize)]
struct Repository<'a> {
    id: RepoId,
    name: Option<&'a RepoName>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum What<'a> {
    Stage {
        number: u64,
        stage: Option<Stage>,
        was: Option<Stage>,
        since: Option<Timestamp>,
    },
    Verdict {
        sha: &'a Sha,
        check: &'static str,
        outcome: Outcome,
        was: Option<Outcome>,
        shown: Option<CheckStatus>,
        obstacles: &'a [String],
        pull_requests: &'a [u64],
    },
    Gate {
        gate: &'a GateId,
        /// `allowed`, `not_enforced`, `denied` or `over`. It lets nobody through: whoever is told asks the gate.
        decision: &'static str,
        environment: &'a str,
        sha: &'a Sha,
        pipeline: String,
        run_id: String,
        run_attempt: u64,
        obstacles: &'a [String],
    },
}

impl<'a> What<'a> {
    fn gate(told: &'a bell::Told) -> Self {
        let bell::Told { gate, environment, sha, pipeline, attempt, rung, obstacles } = told;
        let (pipeline, run_id) = match pipeline {
            Pipeline::Actions { run } => ("github-actions".to_owned(), run.to_string()),
            Pipeline::Other { name, run } => (name.clone(), run.clone()),
        };
        let decision = rung.as_str();
        Self::Gate { gate, decision, environment, sha, pipeline, run_id, run_attempt: *attempt, obstacles }
    }
}

impl<'a> Message<'a> {
    fn new(key: &str, announcement: &'a Announcement) -> Self {
        let Announcement { at, repo, name, news, to: _ } = announcement;
        let (kind, what) = match news {
            News::Gate(told) => ("gate.decided", What::gate(told)),
            News::Stage { number, stage, was, since } => (
                "change_request.stage_changed",
                What::Stage { number: *number, stage: *stage, was: *was, since: *since },
            ),
            News::Verdict { sha, outcome, was, check, obstacles, pull_requests } => (
                "commit.verdict_changed",
                What::Verdict {
                    sha,
                    check: CHANGE_CHECK,
                    outcome: *outcome,
                    was: *was,
                    shown: *check,
                    obstacles,
                    pull_requests,
                },
            ),
        };
        let data = Data { repository: Repository { id: *repo, name: name.as_ref() }, what };
        Self { kind, version: VERSION, id: id(key), timestamp: *at, data }
    }
}

fn id(key: &str) -> String {
    let digest = hex::encode(Sha256::digest(key));
    format!("msg_{}", digest.get(..32).unwrap_or(&digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the reference libraries.
    #[test]
    fn the_signature_is_that_of_the_published_example() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let poster = Poster::new(&[secret], true).unwrap();
        let at = Timestamp::from_second(1_614_265_330).unwrap();
        let signature = poster.signatures("msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    fn shown(at: Timestamp, news: News) -> String {
        let name = "acme/web".parse().ok();
        let announcement = Announcement { at, repo: RepoId(7), name, news, to: None };
        serde_json::to_string_pretty(&Message::new("announce/7", &announcement)).unwrap()
    }

    #[test]
    fn what_is_told_is_small_and_has_nothing_that_a_person_wrote() {
        let at: Timestamp = "2026-11-23T10:04:30Z".parse().unwrap();
        let told = |news| shown(at, news);
        let stage = told(News::Stage {
            number: 12,
            stage: Some(Stage::Accepted),
            was: Some(Stage::Requested),
            since: Some(at),
        });
        let verdict = told(News::Verdict {
            sha: "a".repeat(40).parse().unwrap(),
            outcome: Outcome::Fail,
            was: None,
            check: Some(CheckStatus::Failure),
            obstacles: vec!["change_request_not_accepted".into()],
            pull_requests: vec![41],
        });
        insta::assert_snapshot!(format!("{stage}\n{verdict}"), @r#"
        {
          "type": "change_request.stage_changed",
          "version": 1,
          "id": "msg_a386208306422f3fb5540ca83c0f4c2d",
          "timestamp": "2026-11-23T10:04:30Z",
          "data": {
            "repository": {
              "id": 7,
              "name": "acme/web"
            },
            "number": 12,
            "stage": "accepted",
            "was": "requested",
            "since": "2026-11-23T10:04:30Z"
          }
        }
        {
          "type": "commit.verdict_changed",
          "version": 1,
          "id": "msg_a386208306422f3fb5540ca83c0f4c2d",
          "timestamp": "2026-11-23T10:04:30Z",
          "data": {
            "repository": {
              "id": 7,
              "name": "acme/web"
            },
            "sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "check": "changegate/change",
            "outcome": "fail",
            "was": null,
            "shown": "failure",
            "obstacles": [
              "change_request_not_accepted"
            ],
            "pull_requests": [
              41
            ]
          }
        }
        "#);
    }
}
