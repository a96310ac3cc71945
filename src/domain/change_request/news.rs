//! What other systems are told of a change request: how far it is, whenever that changes.

use crate::domain::{
    announcement::{Announcement, News},
    decide::Case,
    effect::{Call, Effect},
    ids::RepoName,
};

use super::{ChangeRequest, Stage, rules::Rules};

/// The announcement, where somebody listens and a policy is there.
#[must_use]
pub fn effect(
    before: Option<&ChangeRequest>,
    after: &ChangeRequest,
    rules: &Rules,
    name: Option<&RepoName>,
    case: &Case<'_>,
) -> Option<Effect> {
    let (was, stage) = (before.and_then(in_the_register), in_the_register(after));
    if !case.instance.announces || rules.mode.is_none() || was == stage {
        return None;
    }
    let since = stage.and_then(|_| after.stages.last()).map(|(_, since)| *since);
    let news = News::Stage { number: after.at.number, stage, was, since };
    let announcement =
        Announcement { at: case.now, repo: after.at.repo, name: name.cloned(), news, to: None };
    Some(Effect::new(Call::Announce { announcement }))
}

/// How far it is; `None`: it was not taken in, or left.
fn in_the_register(change: &ChangeRequest) -> Option<Stage> {
    (change.taken_in && change.gone.is_none()).then(|| change.stage())
}
