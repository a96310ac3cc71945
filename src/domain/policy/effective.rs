//! The policy that counts in a repository: the organisation's and the repository's own, together.

use super::environments::Door;
use super::error::PolicyError;
use super::fingerprint::{Fingerprint, fingerprint};
use super::intake::{Intake, Labels, same_field};
use super::names::Who;
use super::pipelines::Pipelines;
use super::repositories::{Mode, Ship};
use super::scope::Scope;
use super::times::Zone;
use super::trains::Train;
use super::whole::Policy;
use crate::domain::ids::{ReleaseId, RepoName};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Both policies of a repository, of which a repository's own can only tighten.
///
/// - The stricter of the two modes counts, and the required fields of both.
/// - Rules, windows and freezes are judged for each of [`EffectivePolicy::parts`], and all must pass.
/// - Everything else is the organisation's alone.
/// - Without an organisation's policy, the repository's own is the whole policy.
/// - A policy that opens a gate for a repository is never the repository's own beside an organisation's: one that
///   was read as [`Scope::Alone`] adds only what a file of [`Scope::Repository`] could.
#[derive(Clone, Debug)]
pub struct EffectivePolicy {
    base: Arc<Policy>,
    added: Option<Arc<Policy>>,
}

impl EffectivePolicy {
    /// `None` where there is no policy at all: Changegate is silent there.
    pub fn of(organisation: Option<Arc<Policy>>, repository: Option<Arc<Policy>>) -> Option<Self> {
        match (organisation, repository) {
            (Some(base), added) => Some(Self { base, added }),
            (None, Some(base)) => Some(Self { base, added: None }),
            (None, None) => None,
        }
    }

    /// Each policy that must pass, the organisation's first.
    pub fn parts(&self) -> impl Iterator<Item = &Policy> {
        std::iter::once(self.base.as_ref()).chain(self.added.as_deref())
    }

    /// The policy that defines roles, groups, trains and intake.
    pub fn base(&self) -> &Policy {
        &self.base
    }

    /// What the repository's own file names and the organisation's does not define. Rules over such a group can
    /// not be met; the file should be refused with these errors.
    pub fn undefined(&self) -> Vec<PolicyError> {
        self.added
            .iter()
            .flat_map(|added| added.left_open())
            .filter(|(name, _)| self.base.group(name).is_none())
            .map(|(_, error)| error.clone())
            .collect()
    }

    /// The zone in which a part's times are meant: its own, or else the organisation's.
    pub fn zone_of(&self, part: &Policy) -> Zone {
        part.own_zone().cloned().unwrap_or_else(|| self.base.zone())
    }

    /// The zone in which times are shown to people.
    pub fn zone(&self) -> Zone {
        self.base.zone()
    }

    /// The stricter of both modes.
    pub fn mode_for(&self, repo: &str) -> Mode {
        let mode = |part: &Policy| match part.scope() {
            Scope::Organisation | Scope::Alone => part.mode_for(repo),
            Scope::Repository => part.mode(),
        };
        self.parts().map(mode).max().unwrap_or(Mode::Observe)
    }

    /// Whether anything is enforced through the policy file of a repository: there, or, where the file is the
    /// organisation's, anywhere.
    pub fn is_enforced_through(&self, name: &RepoName) -> bool {
        let rules = || self.base.repositories().iter().filter_map(|rule| rule.mode);
        let anywhere = || rules().chain([self.base.mode()]).any(|mode| mode == Mode::Enforce);
        let is_shared = self.base.scope() == Scope::Organisation && name.name() == ".github";
        self.mode_for(name.as_str()) == Mode::Enforce || (is_shared && anywhere())
    }

    /// How changes get out of a repository.
    pub fn ship_for(&self, repo: &str) -> Ship {
        self.base.ship_for(repo)
    }

    /// Whether what runs in an environment is delivered to whoever asked for it: policy guards it, and nowhere says otherwise.
    pub fn delivers_to(&self, environment: &str) -> bool {
        let mut sections = self.parts().filter_map(|part| part.environment_of(environment)).peekable();
        sections.peek().is_some() && sections.all(|(_, section)| section.delivers)
    }

    /// Whether pipelines ask at the gate before they deploy to an environment, instead of being held by GitHub: every section
    /// that rules there must say so.
    pub fn is_asked_by_pipeline(&self, environment: &str) -> bool {
        let mut sections = self.parts().filter_map(|part| part.environment_of(environment)).peekable();
        sections.peek().is_some() && sections.all(|(_, section)| section.door == Door::Pipeline)
    }

    /// Whether any standard change is suspended after so many failures.
    pub fn counts_failures(&self) -> bool {
        self.base.standard_changes().iter().any(|change| change.suspend_after.is_some())
    }

    /// Whether a pull request is its own change request in a repository.
    pub fn change_from_pull_request(&self, repo: &str) -> bool {
        self.base.change_from_pull_request(repo)
    }

    /// What makes an issue a change request, where, and how long it may wait.
    pub fn intake(&self) -> &Intake {
        self.base.intake()
    }

    /// The fields that must have an answer: the organisation's, then what the repository adds.
    pub fn required_fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = Vec::new();
        for field in self.parts().flat_map(|part| &part.intake().required) {
            if !fields.iter().any(|known| same_field(known, field)) {
                fields.push(field);
            }
        }
        fields
    }

    /// What the labels are called.
    pub fn labels(&self) -> &Labels {
        self.base.labels()
    }

    /// The clearing house.
    pub fn triagers(&self) -> &[Who] {
        self.base.triagers()
    }

    /// The people who plan releases.
    pub fn release_managers(&self) -> &[Who] {
        self.base.release_managers()
    }

    /// The people of a role by its name; nobody for a name that is no role.
    pub fn role(&self, name: &str) -> &[Who] {
        self.base.role(name)
    }

    /// The people whom a rule means by a group's or a role's name.
    pub fn group(&self, name: &str) -> Option<&[Who]> {
        self.base.group(name)
    }

    /// The trains, by name.
    pub fn trains(&self) -> &BTreeMap<String, Train> {
        self.base.trains()
    }

    /// The release that a milestone of a repository is, if it is one.
    pub fn release_of(&self, repo: &str, milestone_title: &str) -> Option<ReleaseId> {
        self.base.release_of(repo, milestone_title)
    }

    /// With `cg`, commands are written `/cg accept`.
    pub fn command_prefix(&self) -> Option<&str> {
        self.base.command_prefix()
    }

    /// Who may ask from a pipeline.
    pub fn pipelines(&self) -> &Pipelines {
        self.base.pipelines()
    }

    /// The version of both together.
    pub fn fingerprint(&self) -> Fingerprint {
        match &self.added {
            None => fingerprint(&self.base),
            Some(added) => fingerprint(&self.base).and(&fingerprint(added)),
        }
    }
}
