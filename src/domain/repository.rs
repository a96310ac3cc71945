//! A repository: what it is called now, whether we may work there, and the policy file it holds.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    event::{Event, RepositoryChange, RepositoryNumber, RepositorySnapshot, What},
    facts::{Fact, Inquiry},
    ids::{RepoId, RepoName, SubjectId},
    policy::{PolicyText, Scope},
    subject::{State, View},
};

/// What is known of a repository. Its history outlives its name, its owner and the installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repository {
    pub id: RepoId,
    /// Owner and name, as last seen.
    pub name: RepoName,
    /// The branch that people develop on, once a delivery has named it.
    pub default_branch: Option<String>,
    /// Whether it is private; so assumed until a delivery says otherwise.
    pub private: bool,
    /// Deleted, archived or taken out of the installation.
    pub gone: bool,
    /// The policy file: where it stands.
    pub policy: PolicyFile,
}

/// Where a repository's policy file stands. The last good one stays in force when a newer one cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Whether GitHub has told us; until then nothing is known of it.
    pub read: bool,
    /// The last text without errors.
    pub good: Option<PolicyText>,
    /// The errors of the newest text, where it has some.
    pub errors: Vec<String>,
}

/// What others may read of a repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepositoryView {
    pub id: RepoId,
    pub name: RepoName,
    pub default_branch: Option<String>,
    pub gone: bool,
    /// The policy in force, from this repository's file.
    pub policy: Option<PolicyText>,
}

impl Repository {
    fn new(seen: &RepositorySnapshot) -> Self {
        Self {
            id: seen.id,
            name: seen.name.clone(),
            default_branch: seen.default_branch.clone(),
            private: seen.private.unwrap_or(true),
            gone: false,
            policy: PolicyFile::default(),
        }
    }

    fn named(named: &RepositoryNumber) -> Self {
        let (id, name) = (named.id, named.name.clone());
        Self::new(&RepositorySnapshot { id, name, default_branch: None, private: None, archived: None })
    }

    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> RepositoryView {
        RepositoryView {
            id: self.id,
            name: self.name.clone(),
            default_branch: self.default_branch.clone(),
            gone: self.gone,
            policy: self.policy.good.clone().filter(|_| !self.gone),
        }
    }

    fn take(&mut self, event: &Event) {
        if let Some(seen) = event.repository.as_ref().filter(|seen| seen.id == self.id) {
            self.name = seen.name.clone();
            self.default_branch = seen.default_branch.clone().or_else(|| self.default_branch.take());
            self.private = seen.private.unwrap_or(self.private);
            self.gone = seen.archived.unwrap_or(false);
        }
        if let What::Repository { change: RepositoryChange::Deleted } = event.what {
            self.gone = true;
        }
        if let What::InstallationRepositories { added, removed } = &event.what {
            let in_list = |list: &[RepositoryNumber]| list.iter().any(|named| named.id == self.id);
            self.gone = in_list(removed) || (self.gone && !in_list(added));
        }
    }
}

impl RepositoryView {
    /// Whether a delivery's repository object says nothing new.
    #[must_use]
    pub fn agrees_with(&self, seen: &RepositorySnapshot) -> bool {
        self.name.as_str() == seen.name.as_str()
            && self.gone == seen.archived.unwrap_or(false)
            && (seen.default_branch.is_none() || seen.default_branch == self.default_branch)
    }
}

/// Follows the repository; reads its policy file when that may have changed.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId) -> Judgement {
    let before = match case.before {
        Some(State::Repository(repository)) => Some(repository),
        Some(_) | None => None,
    };
    let mut inquiry = Inquiry::new(case.facts);
    let mut after = match before.cloned().or_else(|| first_sight(case.events, repo)) {
        Some(repository) => repository,
        None => match inquiry.view(SubjectId::Account).map(|view| listed(view, repo)) {
            None => return Judgement::Needs(inquiry.into_missing()),
            Some(None) => return Judgement::Ignored("nothing has named this repository yet"),
            Some(Some(named)) => named,
        },
    };
    for event in case.events {
        after.take(event);
    }
    let mut look_again = None;
    if !after.gone && may_have_changed(before, &after, case.events) {
        let scope = inquiry.policy_scope(&after.name);
        match (scope, inquiry.policy_file(repo)) {
            (Some(scope), Some(Fact::Known(text, _))) => after.policy.take(text, scope),
            (Some(_), Some(Fact::Unknown(_))) => look_again = Some(case.now + READ_AGAIN),
            (Some(_) | None, Some(_) | None) => return Judgement::Needs(inquiry.into_missing()),
        }
    }
    let audit = changes(before, &after);
    Decision { audit, look_again, ..Decision::quiet(State::Repository(after)) }.into()
}

/// How long after a failed reading the policy file is asked for again.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// Until it was read; when the default branch moved or is another one; when the repository came back.
fn may_have_changed(before: Option<&Repository>, after: &Repository, events: &[Event]) -> bool {
    let pushed = |event: &Event| match (&event.what, &after.default_branch) {
        (What::Push { reference, .. }, Some(branch)) => reference.strip_prefix("refs/heads/") == Some(branch),
        (What::Push { .. }, None) => true,
        (_, Some(_) | None) => false,
    };
    !after.policy.read
        || before.is_none_or(|before| before.gone || before.default_branch != after.default_branch)
        || events.iter().any(pushed)
}

fn first_sight(events: &[Event], repo: RepoId) -> Option<Repository> {
    let seen = events.iter().filter_map(|event| event.repository.as_ref()).find(|seen| seen.id == repo);
    seen.map(Repository::new).or_else(|| {
        let named =
            events.iter().flat_map(|event| event.what.repositories()).find(|named| named.id == repo)?;
        Some(Repository::named(named))
    })
}

fn listed(account: Option<&View>, repo: RepoId) -> Option<Repository> {
    let repositories = &account?.as_account()?.repositories;
    repositories.iter().find(|named| named.id == repo).map(Repository::named)
}

impl PolicyFile {
    fn take(&mut self, text: Option<&str>, scope: Scope) {
        self.read = true;
        let Some(text) = text.map(PolicyText::from) else {
            (self.good, self.errors) = (None, vec![]);
            return;
        };
        self.errors = text.read(scope).err().unwrap_or_default().iter().map(ToString::to_string).collect();
        if self.errors.is_empty() {
            self.good = Some(text);
        }
    }
}

fn changes(before: Option<&Repository>, after: &Repository) -> Vec<AuditEntry> {
    let mut entries = vec![];
    if let Some(before) = before.filter(|before| before.name.as_str() != after.name.as_str()) {
        let renamed = AuditEntry::new("repository.renamed").fact("repository", after.id);
        entries.push(renamed.text("from", before.name.as_str()).text("to", after.name.as_str()));
    }
    let policy_before = before.map(|before| &before.policy);
    if policy_before.and_then(|p| p.good.as_ref()) != after.policy.good.as_ref() {
        let code = if after.policy.good.is_some() { "policy.in_force" } else { "policy.removed" };
        entries.push(
            AuditEntry::new(code)
                .fact("repository", after.id)
                .text("text", after.policy.good.as_ref().map_or("", PolicyText::as_str)),
        );
    }
    if policy_before.is_none_or(|p| p.errors != after.policy.errors) && !after.policy.errors.is_empty() {
        let refused = AuditEntry::new("policy.refused").fact("repository", after.id);
        entries.push(refused.text("errors", after.policy.errors.join("\n")));
    }
    entries
}
