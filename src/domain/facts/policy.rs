//! The policy in force, put together from what the store shows of two repositories.

use std::sync::Arc;

use super::Inquiry;
use crate::domain::{
    event::Event,
    ids::{RepoId, RepoName, SubjectId},
    policy::{EffectivePolicy, Policy, Scope},
    repository::RepositoryView,
    subject::View,
};

/// The effective policy of a repository: what its organisation and it say.
pub type PolicyInForce = Option<EffectivePolicy>;

impl Inquiry<'_> {
    /// In which scope a repository's policy file is read: beside its owner's `.github`, or alone.
    pub fn policy_scope(&mut self, name: &RepoName) -> Option<Scope> {
        if name.name() == ".github" {
            return Some(Scope::Organisation);
        }
        let shared = self.shared_policy(name)?;
        Some(if shared.is_some() { Scope::Repository } else { Scope::Alone })
    }

    /// The policy in force in a repository: its own file and that of its owner's `.github` repository.
    pub fn policy(&mut self, repo: RepoId) -> Option<PolicyInForce> {
        let own = self.repository(repo)?;
        own.map_or(Some(None), |own| self.policy_of(own))
    }

    /// The same for a repository of which this is known.
    pub fn policy_of(&mut self, own: &RepositoryView) -> Option<PolicyInForce> {
        let is_shared = own.name.name() == ".github";
        let shared = if is_shared { None } else { self.shared_policy(&own.name)? };
        let scope = match &shared {
            None if is_shared => Scope::Organisation,
            None => Scope::Alone,
            Some(_) => Scope::Repository,
        };
        let repository = own.policy.as_ref().and_then(|policy| policy.in_force(scope));
        Some(EffectivePolicy::of(shared, repository))
    }

    /// Asks already now for what [`Inquiry::policy`] will ask later, where deliveries name the repository: its
    /// owner's policy need then not wait for the repository's view.
    pub fn foresee_policy(&mut self, repo: RepoId, events: &[Event]) {
        let here = events.iter().filter_map(|event| event.repository.as_ref()).find(|seen| seen.id == repo);
        let _ = here.map(|seen| self.shared_policy(&seen.name));
    }

    fn shared_policy(&mut self, name: &RepoName) -> Option<Option<Arc<Policy>>> {
        let Ok(shared) = format!("{}/.github", name.owner()).parse() else { return Some(None) };
        let Some(id) = self.repository_named(shared)? else { return Some(None) };
        let view = self.view(SubjectId::Repository(id))?.and_then(View::as_repository);
        let policy = view.and_then(|view| view.policy.as_ref());
        Some(policy.and_then(|policy| policy.in_force(Scope::Organisation)))
    }
}
