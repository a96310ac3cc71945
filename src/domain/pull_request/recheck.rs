//! `/recheck` in a comment on a pull request: GitHub is read again, and whoever asked sees that we have heard.

use super::super::{
    command::{self, Told},
    effect::{Call, Effect, Reaction},
    event::{Event, What},
    facts::Inquiry,
    ids::{CommentId, IssueRef},
    policy::{EffectivePolicy, Mode},
};

/// The comments that ask for a second look.
#[derive(Debug, Default)]
pub(super) struct Recheck {
    pub wanted: bool,
    /// That they were heard, where Changegate speaks.
    pub answers: Vec<Effect>,
    /// All that people tell us here, and by which policy it is answered, where it is.
    pub told: Vec<Told>,
    pub policy: Option<EffectivePolicy>,
}

/// The policy is only asked for where somebody has commented: its prefix says which words are ours.
pub(super) fn heard(at: IssueRef, events: &[Event], inquiry: &mut Inquiry<'_>) -> Recheck {
    let is_comment = |event: &Event| matches!(event.what, What::Comment { .. });
    if !events.iter().any(is_comment) {
        return Recheck::default();
    }
    inquiry.foresee_policy(at.repo, events);
    let (name, policy) = (inquiry.repository_name(at.repo), inquiry.policy(at.repo));
    let (Some(name), Some(policy)) = (name, policy) else { return Recheck::default() };
    let prefix = policy.as_ref().and_then(EffectivePolicy::command_prefix);
    let told: Vec<Told> = events.iter().filter_map(|event| command::told(event, prefix)).collect();
    let speaks = policy
        .as_ref()
        .zip(name)
        .is_some_and(|(policy, name)| policy.mode_for(name.as_str()) > Mode::Observe);
    let seen = |comment: CommentId| {
        Effect::new(Call::Reaction { repo: at.repo, comment, content: Reaction::ThumbsUp })
    };
    let comments: Vec<CommentId> =
        told.iter().filter(|told| told.rechecks()).map(|told| told.comment).collect();
    Recheck {
        wanted: !comments.is_empty(),
        answers: comments.into_iter().filter(|_| speaks).map(seen).collect(),
        told,
        policy: policy.filter(|_| speaks),
    }
}
