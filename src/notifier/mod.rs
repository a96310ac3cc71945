//! Tells people by chat and mail what concerns them. It follows the log: an entry that is there is told, so that nothing is told that
//! was not decided, and nothing is lost while a channel is away.
//!
//! How far each channel was told is written down before and after each message. What was being sent when the server fell over is sent
//! again as the same message, with the same id: at least once, and whoever hears it twice can tell (mail does, by its
//! `Message-ID`; chats show it twice).
//!
//! - [`channels`]: where the settings say that messages go; [`chat`]: as Slack and Teams take them; [`mail`]: by SMTP.

pub mod channels;
pub mod chat;
pub mod mail;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::{
    clock::Clock,
    config::channels::Channel,
    domain::{
        ids::{IssueRef, RepoId, RepoName, TenantId},
        notification::{self, Around, Hearer, Item, MOST, Message, Told as Heard, due},
        planning::Line,
        policy::{Mode, Notify},
    },
    planner::{self, Planner, rulebook::Rulebook},
    post::Told,
    store::{Held, Notified, Store, StoreError},
    worker::Worked,
};

use channels::Channels;

/// How long a channel is one replica's: longer than a message may take.
const HELD: SignedDuration = SignedDuration::from_mins(1);
/// For so long it is known what policy says, or for as long as nothing happens.
const KNOWN: SignedDuration = SignedDuration::from_secs(10);
/// After so long it is forgotten how far a channel was that policy names no more: should it come back, it begins anew.
const GONE: SignedDuration = SignedDuration::from_hours(24);
/// Entries read in one go.
const PAGE: usize = 500;
/// A message that was refused is sent again so much later: somebody has to mend the channel first.
const BEFORE_LONG: SignedDuration = SignedDuration::from_hours(1);
/// A message that is refused so often is given up: it would keep back all that comes after it.
const REFUSED: u32 = 24;

/// Follows the log for every channel.
#[derive(Debug, Clone)]
pub struct Notifier {
    pub store: Store,
    pub clock: Clock,
    pub channels: Arc<Channels>,
    /// What policy said last, of each account.
    pub known: Arc<Mutex<BTreeMap<TenantId, Known>>>,
}

/// What is known of an account.
#[derive(Debug, Clone)]
pub struct Known {
    at: Timestamp,
    /// The last entry of the log then.
    head: i64,
    login: String,
    rules: Arc<Rulebook>,
}

/// One channel, and what it is told.
#[derive(Debug, Clone, Copy)]
struct Follower<'a> {
    tenant: &'a TenantId,
    known: &'a Known,
    channel: &'a Channel,
    notify: &'a Notify,
    /// Of this repository alone.
    only: Option<RepoId>,
}

impl Notifier {
    /// Follows no log yet.
    #[must_use]
    pub fn new(store: Store, clock: Clock, channels: Channels) -> Self {
        Self { store, clock, channels: Arc::new(channels), known: Arc::default() }
    }

    /// Tells every channel what is due. Returns how many messages were taken.
    ///
    /// # Errors
    /// When the store fails; a message that was sent is then sent once more, with the same id.
    pub async fn round(&self) -> Result<Worked, StoreError> {
        if self.channels.is_empty() {
            return Ok(Worked::Idle);
        }
        let mut told = 0;
        for (tenant, head) in self.store.heads().await? {
            told += self.tell(&tenant, head).await?;
        }
        Ok(told.into())
    }

    async fn tell(&self, tenant: &TenantId, head: i64) -> Result<usize, StoreError> {
        let Some(known) = self.known(tenant, head).await? else { return Ok(0) };
        let held = self.store.notified(tenant).await?;
        let mut told = 0;
        let mut meant = BTreeSet::new();
        for (only, notify) in known.rules.notify() {
            let name = name(notify, only);
            if let Some(channel) = self.channels.find(&known.login, &notify.to) {
                let follower = Follower { tenant, known: &known, channel, notify, only };
                told += usize::from(self.follow(follower, held.get(&name), head).await?);
            }
            meant.insert(name);
        }
        let now = self.clock.now();
        let is_gone = |name: &String, held: &Held| {
            !meant.contains(name) && now.duration_since(held.notified.told_at) > GONE
        };
        for (name, _) in held.iter().filter(|(name, held)| is_gone(name, held)) {
            self.store.forget_notified(tenant, name).await?;
        }
        Ok(told)
    }

    /// What policy says there; `None`: no channel is for this account.
    async fn known(&self, tenant: &TenantId, head: i64) -> Result<Option<Known>, StoreError> {
        let now = self.clock.now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(tenant).cloned();
        let is_fresh = |known: &Known| known.head == head || now.duration_since(known.at) < KNOWN;
        let known = match known.filter(is_fresh) {
            Some(known) => known,
            None => {
                let login = planner::login(&self.store, tenant).await?;
                let rules = Arc::new(planner::rulebook(&self.store, tenant).await?);
                let read = Known { at: now, head, login, rules };
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                known.insert(tenant.clone(), read.clone());
                read
            }
        };
        Ok(Some(known).filter(|known| self.channels.has(&known.login)))
    }

    /// Tells one channel what is due. `true`: it was told.
    async fn follow(
        &self,
        follower: Follower<'_>,
        was: Option<&Held>,
        head: i64,
    ) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let name = name(follower.notify, follower.only);
        let key = (follower.tenant, name.as_str());
        let Some(was) = was else {
            // It hears of what happens from now on.
            let begins = Notified::beginning(head, now);
            self.store.take_notified(key, None, (now, &begins)).await?;
            return Ok(false);
        };
        if !follower.is_due(was, head, now) {
            return Ok(false);
        }
        let until = now + HELD;
        let mut notified = was.notified.clone();
        let to = *notified.sending.get_or_insert(head);
        let message = self.message(follower, (notified.seen, to), now).await?;
        // What is being sent is written down before it leaves.
        let sending = if message.is_some() { &notified } else { &was.notified };
        if !self.store.take_notified(key, Some(was), (until, sending)).await? {
            return Ok(false);
        }
        let mut next_at = now;
        let mut is_told = false;
        if let Some(message) = message {
            let id = id(key, (notified.seen, to));
            let told = self.channels.send(follower.channel, &message, &id, (notified.attempts, now)).await;
            is_told = told == Told::Yes;
            next_at = notified.heard(told, to, now, &name);
        } else {
            notified.told(to, now);
        }
        let held = Held { next_at: until, notified: was.notified.clone() };
        self.store.take_notified(key, Some(&held), (next_at, &notified)).await?;
        Ok(is_told)
    }

    /// What happened between two entries, as far as it concerns the channel; `None`: nothing did.
    async fn message(
        &self,
        follower: Follower<'_>,
        (mut after, to): (i64, i64),
        now: Timestamp,
    ) -> Result<Option<Message>, StoreError> {
        let hearer = follower.hearer();
        let mut heard: Vec<Heard> = vec![];
        while after < to {
            let entries = self.store.audit_entries(follower.tenant, after, PAGE).await?;
            let Some(last) = entries.last() else { break };
            after = last.seq;
            let entries = entries.iter().filter(|entry| entry.seq <= to);
            let told = entries.filter_map(|entry| notification::told(&entry.entry, entry.at));
            heard.extend(told.filter(|told| hearer.hears(told)));
        }
        let asked: Vec<IssueRef> = heard.iter().filter_map(Heard::change_request).collect();
        let lines = self.store.lines_of(follower.tenant, &asked).await?;
        let surroundings = Surroundings { follower, lines };
        let mut items: Vec<Item> = hearer.items(&heard, &surroundings);
        let queue = match follower.notify.digest {
            Some(_) => {
                let waiting = self.waiting(follower, now).await?;
                hearer.queue(waiting.iter().map(|(line, overdue)| (line, *overdue)), &surroundings)
            }
            None => None,
        };
        if items.is_empty() && queue.is_none() {
            return Ok(None);
        }
        let more = items.len().saturating_sub(MOST);
        items.truncate(MOST);
        Ok(Some(Message { owner: follower.known.login.clone(), items, more, queue }))
    }

    /// What waits for a decision, the oldest first, each with whether it is overdue.
    async fn waiting(&self, follower: Follower<'_>, now: Timestamp) -> Result<Vec<(Line, bool)>, StoreError> {
        let planner = Planner::by(&self.store, follower.tenant, now, follower.known.rules.clone());
        let (mut all, mut after) = (vec![], None);
        loop {
            let page = planner.queue(after, PAGE).await?;
            let is_last = page.len() < PAGE;
            after = page.last().map(|(_, place)| place.clone());
            all.extend(page.into_iter().map(|(waits, _)| (waits.shown.line, waits.is_overdue)));
            if is_last {
                return Ok(all);
            }
        }
    }
}

impl<'a> Follower<'a> {
    fn hearer(&self) -> Hearer<'a> {
        Hearer { notify: self.notify, zone: self.known.rules.zone() }
    }

    fn is_due(&self, was: &Held, head: i64, now: Timestamp) -> bool {
        if was.next_at > now {
            return false;
        }
        if was.notified.sending.is_some() {
            return true;
        }
        let is_news = self.notify.digest.is_some() || head > was.notified.seen;
        is_news && due::is_due(self.notify, self.known.rules.zone(), was.notified.told_at, now)
    }
}

/// How far it is, is kept under this name.
fn name(notify: &Notify, only: Option<RepoId>) -> String {
    let only = only.map(|repo| format!("/{repo}")).unwrap_or_default();
    format!("{}{only}", notify.name())
}

/// What is known beside the log.
struct Surroundings<'a> {
    follower: Follower<'a>,
    lines: BTreeMap<IssueRef, Line>,
}

impl Around for Surroundings<'_> {
    fn name(&self, repo: RepoId) -> Option<RepoName> {
        let rules = &self.follower.known.rules;
        let is_told = self.follower.only.is_none_or(|only| only == repo) && rules.mode(repo) > Mode::Observe;
        rules.name(repo).filter(|_| is_told).cloned()
    }

    fn line(&self, at: IssueRef) -> Option<&Line> {
        self.lines.get(&at)
    }

    fn is_whole(&self) -> bool {
        self.follower.only.is_none() && self.follower.known.rules.speaks()
    }
}

impl Notified {
    /// A channel that is new.
    const fn beginning(head: i64, now: Timestamp) -> Self {
        Self { seen: head, sending: None, told_at: now, attempts: 0, refused: 0, why: None }
    }

    /// It knows everything up to this entry.
    fn told(&mut self, to: i64, now: Timestamp) {
        *self = Self::beginning(to, now);
    }

    /// What came of a message. Returns before when nothing more is sent.
    fn heard(&mut self, told: Told, to: i64, now: Timestamp, name: &str) -> Timestamp {
        let (at, why) = match told {
            Told::Yes => {
                self.told(to, now);
                return now;
            }
            Told::Later { at, why } | Told::Away { at, why } => (at, why),
            Told::Refused { why } => {
                self.refused += 1;
                if self.refused >= REFUSED {
                    tracing::error!(channel = name, why, "a message was refused for a day, and is given up");
                    self.told(to, now);
                    return now;
                }
                (now + BEFORE_LONG, why)
            }
        };
        tracing::warn!(channel = name, %at, why, "a message waits");
        self.attempts += 1;
        self.why = Some(why);
        at
    }
}

/// The same for the same message, however often it is sent.
fn id((tenant, name): (&TenantId, &str), (seen, to): (i64, i64)) -> String {
    let digest = hex::encode(Sha256::digest(format!("{tenant} {name} {seen} {to}")));
    digest.get(..32).unwrap_or(&digest).to_owned()
}
