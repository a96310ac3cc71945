//! Who is told by chat or mail, of what, and when.

use super::cadence::Cadence;
use super::error::{Refusal, nearest, one_of, shortened};
use super::names::plain_name;
use super::people::{Account, SPONSOR, Signers};
use super::place::Place;
use super::windows::Window;
use super::written;
pub use super::written::Topic;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Somebody who is told by chat or mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Notify {
    /// The channel, as the settings of the server call it.
    pub to: String,
    /// A role, a group or `sponsor`.
    #[serde(rename = "for")]
    pub whom: Option<String>,
    pub about: BTreeSet<Topic>,
    /// Of what this account asked for, and of nothing else.
    pub account: Option<String>,
    /// In one message at these times; `None`: at once.
    pub digest: Option<Cadence>,
    /// In these hours alone; empty: at any time.
    pub hours: Vec<Window>,
}

impl Notify {
    /// By what it is known: how far it was told is kept under this name.
    #[must_use]
    pub fn name(&self) -> String {
        let parts = [Some(self.to.as_str()), self.whom.as_deref(), self.account.as_deref()];
        parts.map(Option::unwrap_or_default).join("/")
    }

    fn check(place: &Place<'_>, written: &written::Notify, known: &Known<'_>) -> Option<Self> {
        let to = place.key("to").take(channel(&written.to));
        let whom = place.maybe("for", written.r#for.as_ref(), |text| known.whom(text));
        let account = place.maybe("account", written.account.as_ref(), |text| known.account(text));
        let digest = place.maybe("digest", written.digest.as_ref(), Cadence::read);
        let hours = place.key("hours").each(&written.hours, Window::read);
        let named: BTreeSet<Topic> = written.about.iter().copied().collect();
        if written.r#for.is_none() && named.is_empty() {
            place.refuse(Refusal::new(
                "says neither `for` whom nor `about` what",
                "name a role or a group, or list what is told",
            ));
        }
        if whom.as_deref() == Some(SPONSOR) && written.account.is_none() {
            place.key("for").refuse(Refusal::new(
                "is `sponsor`, and `account` is missing",
                "name the account whose sponsor is told",
            ));
        }
        if named.contains(&Topic::Queue) && digest.is_none() && written.digest.is_none() {
            place.key("about").refuse(Refusal::new(
                "lists `queue`, and nothing says when",
                "write `digest: Mon-Fri 09:00` beside it: what waits is told at times, not at once",
            ));
        }
        let about = if named.is_empty() { whom.as_deref().map(usual).unwrap_or_default() } else { named };
        Some(Self { to: to?, whom, about, account, digest, hours })
    }
}

fn channel(text: &str) -> Result<String, Refusal> {
    let cure =
        "write the channel as the settings of the server call it, in lower-case letters, digits and hyphens";
    plain_name(text).map_err(|_| Refusal::of(text, cure))
}

/// What concerns a role or a group.
fn usual(whom: &str) -> BTreeSet<Topic> {
    let topics: &[Topic] = match whom {
        "triager" => &[Topic::Requests, Topic::Queue, Topic::Attempts],
        "release-manager" => &[Topic::Plans, Topic::Releases, Topic::Exceptions],
        "break-glass" => &[Topic::Exceptions],
        "auditor" => &[Topic::Attempts, Topic::Exceptions, Topic::Policy],
        SPONSOR => &[Topic::Requests, Topic::Decisions, Topic::Plans, Topic::Deliveries],
        _ => &[Topic::Releases],
    };
    topics.iter().copied().collect()
}

struct Known<'a> {
    signers: &'a Signers,
    accounts: &'a BTreeMap<String, Account>,
}

impl Known<'_> {
    fn whom(&self, text: &str) -> Result<String, Refusal> {
        if text == SPONSOR || self.signers.knows(text) {
            return Ok(text.to_owned());
        }
        Err(self.signers.unknown(text))
    }

    fn account(&self, text: &str) -> Result<String, Refusal> {
        let name = text.to_ascii_lowercase();
        if self.accounts.contains_key(&name) {
            return Ok(name);
        }
        let cure = match nearest(&name, self.accounts.keys().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "define it under `accounts`, with its sponsor".to_owned(),
        };
        Err(Refusal::new(format!("names `{}`, which is no account of this file", shortened(text)), cure))
    }
}

pub(super) fn check(
    place: &Place<'_>,
    written: &[written::Notify],
    signers: &Signers,
    accounts: &BTreeMap<String, Account>,
) -> Vec<Notify> {
    let known = Known { signers, accounts };
    let mut kept: Vec<Notify> = vec![];
    for (index, written) in written.iter().enumerate() {
        let place = place.item(index);
        let Some(notify) = Notify::check(&place, written, &known) else { continue };
        if kept.iter().any(|earlier| earlier.name() == notify.name()) {
            place.refuse(Refusal::new(
                format!("tells `{}` the same people a second time", notify.to),
                "put both together in one entry",
            ));
        }
        kept.push(notify);
    }
    kept
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Requests => "requests",
            Self::Queue => "queue",
            Self::Decisions => "decisions",
            Self::Plans => "plans",
            Self::Deliveries => "deliveries",
            Self::Releases => "releases",
            Self::Attempts => "attempts",
            Self::Exceptions => "exceptions",
            Self::Policy => "policy",
        })
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about: Vec<String> = self.about.iter().map(ToString::to_string).collect();
        write!(f, "channel {} is told of {}", self.to, about.join(", "))?;
        if let Some(account) = &self.account {
            write!(f, ", as far as {account} asked for it")?;
        }
        match self.digest {
            Some(digest) => write!(f, ", {digest}")?,
            None => f.write_str(", at once")?,
        }
        let hours: Vec<String> = self.hours.iter().map(ToString::to_string).collect();
        if !hours.is_empty() {
            write!(f, ", only {}", one_of(&hours.iter().map(String::as_str).collect::<Vec<_>>()))?;
        }
        Ok(())
    }
}
