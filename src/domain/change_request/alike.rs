//! What a request looks like that was asked for before: found when it is taken in or is called otherwise, and proposed while somebody has
//! to decide about it. A person decides.

use serde::{Deserialize, Serialize};

use crate::domain::{
    facts::Inquiry,
    ids::{IssueRef, RepoName},
};

use super::{ChangeRequest, Stage, rules::Rules};

/// What was found under a title.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alike {
    /// What the request was called then.
    pub title: String,
    /// The most alike first.
    pub found: Vec<Like>,
}

/// A change request that it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Like {
    pub at: IssueRef,
    /// What its repository was called then.
    pub name: RepoName,
    pub title: String,
}

impl ChangeRequest {
    /// Looks for it while somebody has to decide, once for each title. Whoever reads of it here may read it there: it is in the same
    /// repository, or in one that everybody may read. `None`: something must be found out first.
    pub(super) fn look_for_alike(&mut self, rules: &Rules, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let waits = matches!(self.stage(), Stage::Requested | Stage::NeedsInformation);
        let seen = self.seen.as_ref().filter(|_| self.taken_in && self.gone.is_none());
        let Some(seen) = seen.filter(|_| waits && rules.speaks()) else {
            self.alike = None;
            return Some(());
        };
        if self.alike.as_ref().is_some_and(|alike| alike.title == seen.title) {
            return Some(());
        }
        let title = seen.title.clone();
        let found = inquiry.alike(self.at, &title)?;
        let named = found.iter().map(|(at, title)| {
            let repository = inquiry.repository(at.repo)?;
            let open = repository.filter(|it| !it.gone && (it.public || at.repo == self.at.repo));
            Some(open.map(|it| Like { at: *at, name: it.name.clone(), title: title.clone() }))
        });
        let named: Vec<Option<Option<Like>>> = named.collect();
        let found = named.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        self.alike = Some(Alike { title, found });
        Some(())
    }
}
