//! Webhooks: which are owed to the App, in which order, what they say, and what became of them.

use std::collections::VecDeque;

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::Sha256;

use super::faults::Mishap;
use super::objects;
use super::state::State;
use super::world::{Installation, hash};

/// A webhook that is owed or was sent.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The number of this delivery; a redelivery has another.
    pub id: u64,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub installation: Option<u64>,
    pub repository: Option<u64>,
    pub redelivery: bool,
    /// When it happened.
    pub at: Timestamp,
    /// The exact bytes that are signed and sent.
    pub body: String,
}

/// What became of a delivery.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub delivery: Delivery,
    pub at: Timestamp,
    /// The App's answer; 502 where it could not be reached.
    pub status: u16,
    pub answer: String,
    pub answer_headers: Vec<(String, String)>,
}

/// The App's webhook: secret, target, what is owed, what was sent.
#[derive(Debug)]
pub(super) struct Hooks {
    secret: String,
    app_id: u64,
    pub target: Option<String>,
    pub pending: VecDeque<Delivery>,
    late: Vec<Delivery>,
    mishaps: VecDeque<(Option<String>, Mishap)>,
    pub attempts: Vec<Attempt>,
    last: u64,
}

impl Hooks {
    pub fn new(secret: &str, app_id: u64) -> Self {
        Self {
            secret: secret.to_owned(),
            app_id,
            target: None,
            pending: VecDeque::new(),
            late: Vec::new(),
            mishaps: VecDeque::new(),
            attempts: Vec::new(),
            last: 0,
        }
    }

    pub fn secret(&self) -> &str {
        &self.secret
    }

    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn owe(&mut self, at: Timestamp, event: &str, installation: &Installation, payload: &Value) {
        self.last += 1;
        let number = self.last.to_string();
        let name = hash(["delivery", &number]);
        let (a, b, c, d, e) = (&name[..8], &name[8..12], &name[12..16], &name[16..20], &name[20..32]);
        self.pending.push_back(Delivery {
            id: 9_000_000 + self.last,
            guid: format!("{a}-{b}-{c}-{d}-{e}"),
            event: event.to_owned(),
            action: payload["action"].as_str().map(str::to_owned),
            installation: Some(installation.id),
            repository: payload["repository"]["id"].as_u64(),
            redelivery: false,
            at,
            body: payload.to_string(),
        });
    }

    /// Owes a delivery once more, under its old GUID.
    pub fn owe_again(&mut self, id: u64) -> Option<()> {
        let attempt = self.attempts.iter().find(|attempt| attempt.delivery.id == id)?;
        self.last += 1;
        let again = Delivery { id: 9_000_000 + self.last, redelivery: true, ..attempt.delivery.clone() };
        self.pending.push_back(again);
        Some(())
    }

    pub fn ask_for(&mut self, event: Option<&str>, mishap: Mishap) {
        self.mishaps.push_back((event.map(str::to_owned), mishap));
    }

    /// Takes what is to be sent now, after mishaps. What is late comes along at the end of the next batch.
    pub fn take_batch(&mut self, now: Timestamp) -> Vec<Delivery> {
        let mut batch = Vec::new();
        let late = std::mem::take(&mut self.late);
        for delivery in std::mem::take(&mut self.pending) {
            let hit = |(event, _): &(Option<String>, Mishap)| {
                event.as_ref().is_none_or(|event| *event == delivery.event)
            };
            let place = self.mishaps.iter().position(hit);
            match place.and_then(|place| self.mishaps.remove(place)).map(|(_, mishap)| mishap) {
                None => batch.push(delivery),
                Some(Mishap::Duplicate) => batch.extend([delivery.clone(), delivery]),
                Some(Mishap::Late) => self.late.push(delivery),
                Some(Mishap::Drop) => self.attempts.push(Attempt::failed(delivery, now)),
            }
        }
        batch.extend(late);
        batch
    }

    /// The headers that GitHub sends with a delivery.
    pub fn headers(&self, delivery: &Delivery) -> Vec<(&'static str, String)> {
        vec![
            ("accept", "*/*".to_owned()),
            ("content-type", "application/json".to_owned()),
            ("user-agent", "GitHub-Hookshot/5ab0d0x".to_owned()),
            ("x-github-delivery", delivery.guid.clone()),
            ("x-github-event", delivery.event.clone()),
            ("x-github-hook-id", "481516".to_owned()),
            ("x-github-hook-installation-target-id", self.app_id.to_string()),
            ("x-github-hook-installation-target-type", "integration".to_owned()),
            ("x-hub-signature-256", self.signature(delivery.body.as_bytes())),
        ]
    }

    fn signature(&self, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes());
        let digest = mac.map(|mac| mac.chain_update(body).finalize().into_bytes());
        digest.map(|digest| format!("sha256={}", hex::encode(digest))).unwrap_or_default()
    }
}

impl Attempt {
    /// An attempt that found nobody.
    pub(super) fn failed(delivery: Delivery, at: Timestamp) -> Self {
        Self { delivery, at, status: 502, answer: String::new(), answer_headers: Vec::new() }
    }
}

impl State {
    /// Tells the App of something in a repository, if it is installed there, not suspended, and listens.
    pub fn announce(&mut self, repo: u64, sender: u64, event: &str, more: Value) {
        let Some(repo) = self.world.repos.get(&repo) else { return };
        let Some(installation) = self.world.installation_for(repo) else { return };
        let object = if event == "push" { objects::pushed_repository } else { objects::repository };
        let mut payload = json!({
            "repository": object(&self.world, repo),
            "sender": objects::user(&self.world, sender),
        });
        if let Some(organization) = objects::member_organization(&self.world, repo.owner) {
            payload["organization"] = organization;
        }
        merge(&mut payload, more);
        self.owe(installation.id, event, payload);
    }

    /// Tells the App of something in an organisation.
    pub fn announce_org(&mut self, org: u64, sender: u64, event: &str, more: Value) {
        let Some(installation) = self.world.installations.values().find(|it| it.account == org) else {
            return;
        };
        let mut payload = json!({
            "organization": objects::organization(&self.world, org),
            "sender": objects::user(&self.world, sender),
        });
        merge(&mut payload, more);
        self.owe(installation.id, event, payload);
    }

    /// Tells the App of something about its installation; no subscription is needed.
    pub fn announce_installation(
        &mut self,
        installation: &Installation,
        sender: u64,
        event: &str,
        more: Value,
    ) {
        let mut payload = json!({
            "installation": objects::installation(&self.world, installation),
            "sender": objects::user(&self.world, sender),
        });
        merge(&mut payload, more);
        let now = self.now();
        self.hooks.owe(now, event, installation, &payload);
    }

    fn owe(&mut self, installation: u64, event: &str, mut payload: Value) {
        let Some(installation) = self.world.installations.get(&installation) else { return };
        if installation.suspended.is_none() && self.world.app.events.contains(event) {
            payload["installation"] = objects::simple_installation(installation);
            self.hooks.owe(self.clock.now(), event, installation, &payload);
        }
    }
}

/// Adds fields to a payload.
pub(super) fn merge(payload: &mut Value, more: Value) {
    if let (Value::Object(payload), Value::Object(more)) = (payload, more) {
        payload.extend(more);
    }
}
