//! What becomes of a command in a comment: a reaction, a sentence to whoever may not, and what the log is told.

use crate::domain::{
    audit::AuditEntry,
    command::{self, Told},
    effect::{Call, Effect, Reaction},
    event::{CommentedOn, Event, What},
    ids::IssueRef,
};

use super::text::{self, TEXT_LIMIT};

/// What GitHub and the log are told of commands.
#[derive(Debug, Default)]
pub struct Heard {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
}

/// Where a comment stands; `None`: it is none.
#[must_use]
pub fn place(event: &Event) -> Option<IssueRef> {
    let What::Comment { on, .. } = &event.what else { return None };
    Some(match on {
        CommentedOn::Issue(issue) => issue.at,
        CommentedOn::PullRequest(at) => *at,
    })
}

/// The same, and what it tells us; `None`: nothing.
#[must_use]
pub fn comment(event: &Event, prefix: Option<&str>) -> Option<(IssueRef, Told)> {
    Some((place(event)?, command::told(event, prefix)?))
}

/// That it was heard and counts.
#[must_use]
pub fn taken(on: IssueRef, told: &Told) -> Effect {
    reaction(on, told, Reaction::ThumbsUp)
}

/// That it was heard, and that it is being found out whether it counts.
#[must_use]
pub fn waits(on: IssueRef, told: &Told) -> Effect {
    reaction(on, told, Reaction::Eyes)
}

/// That it does not count: what the person `did` ("wrote `/adopt`"), and `why` not, in words that need no more care.
#[must_use]
pub fn refused(on: IssueRef, told: &Told, did: &str, why: &str) -> Vec<Effect> {
    let sentence = format!("{} {did}; {why}.", text::mention(&told.by));
    vec![reaction(on, told, Reaction::Confused), said(on, told, sentence)]
}

/// The same of a reason in which strangers' words may stand.
#[must_use]
pub fn refused_with_care(on: IssueRef, told: &Told, did: &str, why: &str) -> Vec<Effect> {
    refused(on, told, did, &text::escape(why, TEXT_LIMIT))
}

/// A sentence in answer to it.
#[must_use]
pub fn said(on: IssueRef, told: &Told, body: String) -> Effect {
    let purpose = format!("reply/{}", told.comment);
    Effect::new(Call::Comment { on, purpose, body, was_on: Default::default() })
}

fn reaction(on: IssueRef, told: &Told, content: Reaction) -> Effect {
    Effect::new(Call::Reaction { repo: on.repo, comment: told.comment, content })
}
