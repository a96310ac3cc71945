//! A webhook's body becomes an event of ours.
//!
//! Small structs of our own read only what we use, and every foreign field is optional unless the event would mean
//! nothing without it. The event's name is not signed: a body that does not look like its event is refused.

mod checks;
mod code;
mod deployments;
mod installations;
mod issues;
mod people;
mod protection;
mod pull_requests;
mod shape;
mod sweep;

pub(in crate::github) use issues::{Issue, Milestone};
pub(in crate::github) use people::User;
pub(in crate::github) use protection::Reviewer;
pub(in crate::github) use pull_requests::review_state;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;
pub use sweep::Whereabouts;

use crate::domain::{
    event::{Event, What},
    ids::InstallationId,
};

/// A delivery, read.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// Understood.
    Event(Box<Event>),
    /// Nothing that we read: an unknown event, or an action that means nothing here.
    Unknown {
        /// As a sentence.
        why: String,
    },
}

/// A body that cannot be read. It is parked and visible, never lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not JSON, or a field that we use is not what GitHub describes.
    #[error("the body is not what GitHub describes as `{event}`: {why}")]
    Malformed {
        /// The event's name.
        event: String,
        /// What is wrong, with line and column.
        why: String,
    },
    /// It is a body of another event: the name is not signed, so it may have been changed on the way.
    #[error("shape mismatch: the body is not that of a `{event}` event: {why}")]
    ShapeMismatch {
        /// The event's name.
        event: String,
        /// What gives it away.
        why: String,
    },
}

/// Reads the body of a delivery of `event` (the `X-GitHub-Event` header).
///
/// # Errors
/// When the body is not JSON, is not what GitHub describes, or belongs to another event.
pub fn read(event: &str, body: &[u8]) -> Result<Reading, Unreadable> {
    let Some(expected) = shape::expected(event) else {
        return Ok(Reading::Unknown { why: format!("`{}` is not an event that we read", shorten(event)) });
    };
    expected
        .check(&parse(event, body)?)
        .map_err(|why| Unreadable::ShapeMismatch { event: event.into(), why })?;
    let envelope: Envelope = parse(event, body)?;
    let what = what(event, body, &envelope)?;
    Ok(match what {
        Understood::As(what) => Reading::Event(Box::new(envelope.event(*what))),
        Understood::Not(why) => Reading::Unknown { why },
    })
}

/// What the body of one event says.
enum Understood {
    As(Box<What>),
    Not(String),
}

fn what(event: &str, body: &[u8], envelope: &Envelope) -> Result<Understood, Unreadable> {
    let repo = || {
        let why = || Unreadable::ShapeMismatch { event: event.into(), why: "it names no repository".into() };
        envelope.repository.as_ref().map(|repository| repository.id).ok_or_else(why)
    };
    let what = match event {
        "ping" => What::Ping,
        "installation" => parse::<installations::Installation>(event, body)?.what(),
        "installation_repositories" => parse::<installations::Repositories>(event, body)?.what(),
        "repository" => parse::<installations::Repository>(event, body)?.what(),
        "member" => parse::<installations::Member>(event, body)?.what(),
        "membership" => return Ok(parse::<installations::Membership>(event, body)?.what()),
        "team" => parse::<installations::Team>(event, body)?.what(),
        "issues" => return Ok(parse::<issues::Issues>(event, body)?.what(repo()?)),
        "issue_comment" => parse::<issues::Comment>(event, body)?.what(repo()?),
        "milestone" => parse::<issues::MilestoneEvent>(event, body)?.what(repo()?),
        "label" => parse::<issues::LabelEvent>(event, body)?.what(),
        "pull_request" => parse::<pull_requests::PullRequest>(event, body)?.what(repo()?),
        "pull_request_review" => parse::<pull_requests::Review>(event, body)?.what(repo()?),
        "merge_group" => parse::<pull_requests::MergeGroup>(event, body)?.what(),
        "check_run" => parse::<checks::CheckRun>(event, body)?.what(),
        "check_suite" => parse::<checks::CheckSuite>(event, body)?.what(),
        "push" => parse::<code::Push>(event, body)?.what(),
        "create" => parse::<code::Reference>(event, body)?.created(),
        "delete" => parse::<code::Reference>(event, body)?.deleted(),
        "release" => parse::<code::Release>(event, body)?.what(),
        "deployment" => parse::<deployments::Deployment>(event, body)?.what(),
        "deployment_status" => parse::<deployments::Status>(event, body)?.what(),
        "deployment_protection_rule" => {
            let here = envelope.repository.as_ref().map(|repository| &repository.full_name);
            return Ok(parse::<protection::Rule>(event, body)?.what(here));
        }
        "deployment_review" => parse::<protection::Review>(event, body)?.what(),
        sweep::RECORDED => parse::<sweep::Record>(event, body)?.what(repo()?),
        sweep::POLICY_MOVED => What::PolicyMoved,
        sweep::WITHHELD => parse::<sweep::Withhold>(event, body)?.what(),
        sweep::SHIPPED => parse::<sweep::Ship>(event, body)?.what(),
        sweep::ASKED => parse::<sweep::Ask>(event, body)?.what(),
        sweep::REPORTED => parse::<sweep::Report>(event, body)?.what(),
        sweep::AWAY => parse::<sweep::Away>(event, body)?.what(),
        sweep::SEALED => parse::<sweep::Seal>(event, body)?.what(),
        sweep::PLAN_DRAWN => parse::<sweep::Drawn>(event, body)?.what(),
        sweep::MEETING => parse::<sweep::Meeting>(event, body)?.what(),
        sweep::JUDGED => parse::<sweep::Verdict>(event, body)?.what(),
        sweep::WENT_BY => parse::<sweep::Passed>(event, body)?.what(),
        sweep::AT_GATE => parse::<sweep::Gate>(event, body)?.what(),
        sweep::FAILED => parse::<sweep::Fail>(event, body)?.what(),
        sweep::PLANNED => parse::<sweep::Plan>(event, body)?.what(repo()?),
        sweep::DECLARED => parse::<sweep::Declared>(event, body)?.what(),
        sweep::KEPT => parse::<sweep::Keeping>(event, body)?.what(repo()?),
        sweep::WATCHED => parse::<sweep::Watch>(event, body)?.what(),
        sweep::SWEPT => parse::<sweep::Sweep>(event, body)?.what(repo()?),
        other => return Ok(Understood::Not(format!("`{other}` is not an event that we read"))),
    };
    Ok(Understood::As(Box::new(what)))
}

fn parse<T: DeserializeOwned>(event: &str, body: &[u8]) -> Result<T, Unreadable> {
    let malformed = |why: String| Unreadable::Malformed { event: event.into(), why };
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("it is empty".into()));
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => malformed(shorten(&error.to_string())),
        Category::Eof => malformed(format!("it is cut off: {}", shorten(&error.to_string()))),
        Category::Syntax | Category::Io => {
            malformed(format!("it is not JSON: {}", shorten(&error.to_string())))
        }
    })
}

/// A parser's complaint quotes what it met, which may be megabytes; its end says where.
fn shorten(text: &str) -> String {
    let (all, kept) = (text.chars().count(), 120);
    if all <= 2 * kept {
        return text.into();
    }
    let (start, end): (String, String) =
        (text.chars().take(kept).collect(), text.chars().skip(all - kept).collect());
    format!("{start} … {end}")
}

/// What every event may carry.
#[derive(Deserialize)]
struct Envelope {
    repository: Option<people::Repository>,
    organization: Option<people::Organization>,
    installation: Option<people::Installation>,
    sender: Option<User>,
}

impl Envelope {
    fn event(self, what: What) -> Event {
        let account = self
            .repository
            .as_ref()
            .and_then(people::Repository::account)
            .or_else(|| self.installation.as_ref().and_then(people::Installation::account))
            .or_else(|| self.organization.map(people::Organization::account));
        Event {
            account,
            installation: self.installation.map(|installation| InstallationId(installation.id)),
            repository: self.repository.map(people::Repository::snapshot),
            actor: self.sender.and_then(User::actor),
            what,
        }
    }
}

#[cfg(test)]
mod tests;
