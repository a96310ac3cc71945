//! In which repository the control record of a release is kept: the one that policy names, or by whose policy it goes.

use super::{
    super::{
        facts::Inquiry,
        ids::{RepoId, RepoName},
        policy::Train,
    },
    Release,
};

/// Where it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Keeper {
    pub repo: RepoId,
    /// The same, where policy had named one when it was opened.
    pub chosen: Option<RepoId>,
    /// What policy names and the installation does not cover.
    pub unknown: Option<RepoName>,
}

impl Release {
    /// Where its control record is kept, or will be: one that was opened stays where it is. `None`: something must be found out
    /// first.
    pub(super) fn keeper(
        &self,
        train: Option<&Train>,
        home: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Keeper> {
        let named = train.and_then(|train| train.record.as_ref());
        let covered = match named {
            Some(name) => covered(name, inquiry)?,
            None => None,
        };
        let unknown = named.filter(|_| covered.is_none()).cloned();
        let now = named.filter(|_| self.record.is_none()).map(|_| covered.unwrap_or(home));
        let chosen = self.recorded_in.or(now);
        Some(Keeper { repo: chosen.unwrap_or(home), chosen, unknown })
    }
}

/// The repository of this name, where the installation covers it.
fn covered(name: &RepoName, inquiry: &mut Inquiry<'_>) -> Option<Option<RepoId>> {
    let Some(repo) = inquiry.repository_named(name.clone())? else { return Some(None) };
    let view = inquiry.repository(repo)?;
    Some(view.filter(|view| !view.gone).map(|view| view.id))
}
