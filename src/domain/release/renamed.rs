//! Its title: where a release manager renames one of its milestones, the others follow, and it goes on under the new title.
//!
//! A release is known by its title: under another one it is planned, locked and signed anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        effect::{Call, Effect},
        facts::Inquiry,
        ids::{Actor, SubjectId},
        milestone::Renamed,
        policy::Train,
        subject::View,
    },
    Release,
};

/// What it is called now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Onward {
    pub title: String,
    pub by: Actor,
    pub at: Timestamp,
}

impl Release {
    /// Follows those of its milestones that were renamed, and lets the others follow. `None`: something must be found out first.
    pub(super) fn follow_titles(
        &mut self,
        before: Option<&Self>,
        train: Option<&Train>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<Effect>> {
        let known = before.map_or(&[][..], |before| &before.milestones);
        if self.milestones.iter().any(|milestone| !known.contains(milestone)) {
            self.onward = None;
        }
        let gone = known.iter().filter(|milestone| !self.milestones.contains(milestone));
        let views: Vec<_> =
            gone.map(|(repo, number)| inquiry.view(SubjectId::Milestone(*repo, *number))).collect();
        let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
        let renamed = views.into_iter().flatten().filter_map(|view| view.as_milestone()?.renamed.as_ref());
        let is_of_train = |title: &str| train.is_some_and(|train| train.title.matches(title));
        let last =
            renamed.filter(|it| it.from == self.id.title && is_of_train(&it.to)).max_by_key(|it| it.at);
        let Some(Renamed { to, by, at, .. }) = last.cloned() else { return Some(vec![]) };
        let others = self.milestones.iter().map(|(repo, number)| Call::RenameMilestone {
            repo: *repo,
            number: *number,
            title: to.clone(),
            back: false,
        });
        let others = others.map(Effect::new).collect();
        self.onward = Some(Onward { title: to, by, at });
        Some(others)
    }
}
