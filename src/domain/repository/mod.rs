//! A repository: what it is called now, whether we may work there, and the policy file it holds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

mod ruled;
mod adopted;
mod declared;
mod departures;
mod failed;
mod policy_file;
mod straight;
mod tags;
mod unsigned;

pub use failed::Failed;
pub use policy_file::{PolicyFile, Unsigned};
pub use ruled::Ruled;
pub use straight::Straight;
pub use tags::Tags;

pub use declared::Declared;

use super::{
    account::Account,
    audit::AuditEntry,
    commit_range::Logged,
    decide::{Case, Decision, Judgement, READ_AGAIN},
    event::{Event, LabelChange, RepositoryChange, RepositoryNumber, RepositorySnapshot, What},
    facts::{Fact, Inquiry},
    ids::{Actor, InstallationId, RepoId, RepoName, Sha, SubjectId},
    policy::{self, PolicyText, Scope},
    replies::RepliesOn,
    subject::{State, View},
};

/// How many renamed and deleted labels are remembered.
const RELABELLED: usize = 200;

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
    /// Archived: nothing changes there until it is unarchived.
    pub archived: bool,
    /// Deleted, or taken out of the installation. What comes late from before does not bring it back.
    pub left: bool,
    /// The policy file: where it stands.
    pub policy: PolicyFile,
    /// Labels that were renamed or deleted, by the name that issues bore, and when we heard of it.
    #[serde(default)]
    pub relabelled: BTreeMap<String, Timestamp>,
    /// Failed deployments of standard changes.
    #[serde(default)]
    pub failed: Failed,
    /// Where it stood when its policy came or began to be enforced; `None`: it has none.
    #[serde(default)]
    pub ruled: Option<Ruled>,
    /// Commits without a pull request that a release manager answers for.
    #[serde(default)]
    pub adopted: BTreeMap<Sha, Logged>,
    /// Tags that were deployed.
    #[serde(default)]
    pub tags: Tags,
    /// How far the default branch was looked at, where it says which images run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub straight: Option<Straight>,
    /// The milestones that its policy made, by repository and title, with the due day of each.
    #[serde(default)]
    pub departures: Box<BTreeMap<String, Timestamp>>,
    /// What was declared at the command line, and what became of it.
    #[serde(default)]
    pub declared: Box<BTreeMap<String, Declared>>,
    /// When it was answered where.
    #[serde(default)]
    pub replies: Box<RepliesOn>,
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
    /// Labels that were renamed or deleted, by the name that issues bore, and when we heard of it: what was read of
    /// an issue with such a label before does not hold any more. GitHub tells of the label, not of the issues.
    #[serde(default)]
    pub relabelled: BTreeMap<String, Timestamp>,
    /// How many deployments of a standard change failed, by the version of its template.
    #[serde(default)]
    pub failed: BTreeMap<String, u16>,
    /// The head of the default branch when its policy came or began to be enforced; `None`: it has none.
    #[serde(default)]
    pub ruled_from: Option<Sha>,
    /// Commits without a pull request that a release manager answers for.
    #[serde(default)]
    pub adopted: BTreeMap<Sha, Logged>,
}

impl Repository {
    pub(super) fn new(seen: &RepositorySnapshot) -> Self {
        Self {
            id: seen.id,
            name: seen.name.clone(),
            default_branch: seen.default_branch.clone(),
            private: seen.private.unwrap_or(true),
            archived: seen.archived.unwrap_or(false),
            left: false,
            policy: PolicyFile::default(),
            relabelled: BTreeMap::new(),
            failed: Failed::default(),
            ruled: None,
            adopted: BTreeMap::new(),
            tags: Tags::default(),
            straight: None,
            departures: Box::default(),
            declared: Box::default(),
            replies: Box::default(),
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
            gone: self.is_gone(),
            policy: self.policy.good.clone().filter(|_| !self.is_gone()),
            relabelled: self.relabelled.clone(),
            failed: self.failed.counts(),
            adopted: self.adopted.clone(),
            ruled_from: self.ruled.as_ref().map(|ruled| ruled.head.clone()),
        }
    }

    const fn is_gone(&self) -> bool {
        self.archived || self.left
    }

    fn take(&mut self, event: &Event, now: Timestamp) {
        if let Some(name) = former_label(&event.what) {
            self.relabelled.insert(name.into(), now);
        }
        if let Some(seen) = event.repository.as_ref().filter(|seen| seen.id == self.id) {
            self.name = seen.name.clone();
            self.default_branch = seen.default_branch.clone().or_else(|| self.default_branch.take());
            self.private = seen.private.unwrap_or(self.private);
            self.archived = seen.archived.unwrap_or(false);
        }
        if let What::Repository { change } = event.what {
            // GitHub restores what was deleted, with its old number; and it tells of a transfer where the App is installed, after
            // the former account's installation has lost the repository.
            self.left = match change {
                RepositoryChange::Deleted => true,
                RepositoryChange::Created | RepositoryChange::Transferred { .. } => false,
                RepositoryChange::Renamed
                | RepositoryChange::Archived
                | RepositoryChange::Unarchived
                | RepositoryChange::Edited
                | RepositoryChange::Other => self.left,
            };
        }
        if let What::InstallationRepositories { added, removed } = &event.what {
            let in_list = |list: &[RepositoryNumber]| list.iter().any(|named| named.id == self.id);
            self.left = in_list(removed) || (self.left && !in_list(added));
        }
    }
}

impl Repository {
    /// Reads the policy file where it may have changed; whether GitHub did not answer. `None`: not answered yet.
    fn read_policy(
        &mut self,
        before: Option<&Self>,
        installation: Option<InstallationId>,
        case: &Case<'_>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<bool> {
        if installation.is_none() {
            self.policy.read = None;
        } else if !self.is_gone() && may_have_changed(before, self, installation, case.events) {
            let (scope, file) = (inquiry.policy_scope(&self.name), inquiry.policy_file(self.id));
            match (scope?, file?) {
                (scope, Fact::Known(text, _)) => {
                    self.policy.see(text, scope, case.now);
                    self.policy.read = installation;
                }
                (_, Fact::Unknown(_)) => {
                    self.policy.read = None;
                    return Some(true);
                }
            }
        }
        Some(false)
    }

    /// Puts the newest policy in force where it may be. `None`: something has to be asked for first.
    fn policy_signature(&mut self, inquiry: &mut Inquiry<'_>) -> Option<Option<Actor>> {
        let view = self.view();
        if view.gone { Some(None) } else { self.policy.use_signed(&view, inquiry) }
    }

    /// Keeps the newest; whoever bears one of the others is read with the next sweep.
    fn forget_relabelled(&mut self) {
        while self.relabelled.len() > RELABELLED {
            let oldest = self.relabelled.iter().min_by_key(|(_, at)| **at).map(|(name, _)| name.clone());
            oldest.and_then(|name| self.relabelled.remove(&name));
        }
    }
}

/// The name that issues bore, of a label that was renamed or deleted.
fn former_label(what: &What) -> Option<&str> {
    let What::Label { change, name } = what else { return None };
    match change {
        LabelChange::Edited { from } => from.as_deref(),
        LabelChange::Deleted => Some(name),
        LabelChange::Created | LabelChange::Other => None,
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
    let mut inquiry = Inquiry::new(case.facts);
    decide(&case, repo, &mut inquiry).unwrap_or_else(|| Judgement::Needs(inquiry.into_missing()))
}

/// `None`: something was asked that must be answered first.
fn decide(case: &Case<'_>, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Judgement> {
    let before = case.before.and_then(State::as_repository);
    let known = before.cloned().or_else(|| first_sight(case.events, repo));
    let Some(mut after) = known.or(listed(inquiry.view(SubjectId::Account)?, repo)) else {
        return Some(Judgement::Ignored("nothing has named this repository yet"));
    };
    for event in case.events {
        after.take(event, case.now);
    }
    after.forget_relabelled();
    let heard_failures = after.failed.hear(repo, case.events, inquiry);
    after.tags.hear(case.events, case.now);
    let account = inquiry.view(SubjectId::Account)?.and_then(View::as_account);
    if !case.events.iter().any(|event| shows(event, repo)) {
        // Woken by its account alone: an account that was renamed takes its repositories along.
        let owner = account.and_then(|account| account.seen.as_ref());
        after.name = owner.map_or_else(|| after.name.clone(), |owner| after.name.owned_by(&owner.login));
    }
    let installation = through(account, repo, case.events);
    let unread = after.read_policy(before, installation, case, inquiry)?;
    let signed_by = after.policy_signature(inquiry)?;
    let unseen = installation.is_some() && after.note_ruled(case.events, case.now, inquiry)?;
    let heard = after.hear_adoptions(case, inquiry)?;
    let declared = after.hear_declared(case, inquiry)?;
    let view = after.view();
    let tagged = after.look_at_tags(&view, &case.instance.web_url, inquiry);
    let pushed = after.look_at_pushes(&view, case, inquiry);
    let departing = after.make_milestones(&view, case, inquiry);
    heard_failures?;
    let uncounted = after.failed.count(&view, inquiry)?;
    let (tagged, pushed, departing) = (tagged?, pushed?, departing?);
    let mut audit = changes(before, &after, signed_by.as_ref());
    audit.extend(heard.audit.into_iter().chain(declared.audit).chain(tagged.audit).chain(pushed.audit));
    audit.extend(departing.audit);
    let answers = after.replies.limit(heard.effects, case.now);
    let effects = [answers, declared.effects, tagged.effects, pushed.effects, departing.effects];
    let mut effects: Vec<_> = effects.into_iter().flatten().collect();
    if after.policy.is_overdue(case.now) {
        audit.push(unsigned::opened(&after));
        effects.push(unsigned::issue(&after, &case.instance.web_url));
    } else if before.is_some_and(|before| before.policy.is_told()) && !after.policy.is_told() {
        audit.push(unsigned::closed(&after));
        effects.push(unsigned::end(&after));
    }
    let reads_again = unread || uncounted || unseen || tagged.unread || after.doubts_declared();
    let read_again = reads_again.then(|| case.now + READ_AGAIN);
    let look_again = [read_again, pushed.look_again, departing.look_again, after.policy.look_again(case.now)];
    let look_again = look_again.into_iter().flatten().min();
    Some(Decision { audit, effects, look_again, after: State::Repository(after) }.into())
}

fn shows(event: &Event, repo: RepoId) -> bool {
    event.repository.as_ref().is_some_and(|seen| seen.id == repo)
}

/// The installation that reaches the repository now: the account's, or what the deliveries show of one that is new.
fn through(account: Option<&Account>, repo: RepoId, events: &[Event]) -> Option<InstallationId> {
    let shown = |event: &&Event| shows(event, repo);
    match account {
        Some(account) => account.installation.filter(|id| {
            let told = || events.iter().filter(shown).any(|event| event.installation == Some(*id));
            !account.suspended && (account.listed != Some(*id) || account.has(repo) || told())
        }),
        None => events.iter().filter_map(|event| event.installation).max(),
    }
}

/// Until it was read through this installation; when the default branch moved or is another one; when the repository
/// came back.
fn may_have_changed(
    before: Option<&Repository>,
    after: &Repository,
    installation: Option<InstallationId>,
    events: &[Event],
) -> bool {
    let pushed = |event: &Event| match (&event.what, &after.default_branch) {
        (What::Push { reference, .. }, Some(branch)) => reference.strip_prefix("refs/heads/") == Some(branch),
        (What::Push { .. }, None) => true,
        (what, Some(_) | None) => matches!(what, What::PolicyMoved),
    };
    after.policy.read != installation
        || before.is_none_or(|before| before.is_gone() || before.default_branch != after.default_branch)
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

fn changes(before: Option<&Repository>, after: &Repository, signed_by: Option<&Actor>) -> Vec<AuditEntry> {
    let mut entries = vec![];
    if let Some(before) = before.filter(|before| before.name.as_str() != after.name.as_str()) {
        let renamed = AuditEntry::new("repository.renamed").fact("repository", after.id);
        entries.push(renamed.text("from", before.name.as_str()).text("to", after.name.as_str()));
    }
    let policy_before = before.map(|before| &before.policy);
    if policy_before.and_then(|p| p.good.as_ref()) != after.policy.good.as_ref() {
        let code = if after.policy.good.is_some() { "policy.in_force" } else { "policy.removed" };
        let text = after.policy.good.as_ref().map_or("", PolicyText::as_str);
        entries.push(AuditEntry::new(code).by(signed_by).fact("repository", after.id).text("text", text));
        entries.extend(loosened(policy_before.and_then(|policy| policy.good.as_ref()), after));
    }
    if policy_before.is_none_or(|p| p.errors != after.policy.errors) && !after.policy.errors.is_empty() {
        let refused = AuditEntry::new("policy.refused").fact("repository", after.id);
        entries.push(refused.text("errors", after.policy.errors.join("\n")));
    }
    entries
}

/// What loosens is an exception, signed or not.
fn loosened(before: Option<&PolicyText>, after: &Repository) -> Option<AuditEntry> {
    let read = |text: &PolicyText| text.in_force(Scope::Organisation).or_else(|| text.in_force(Scope::Alone));
    let (was, is) = (before.and_then(read)?, after.policy.good.as_ref().and_then(read));
    let changes = policy::changes(Some(&was), is.as_deref());
    let words: Vec<String> =
        changes.into_iter().filter(|change| change.loosens).map(|change| change.words).collect();
    let entry = || AuditEntry::new("exception.policy_loosened").fact("repository", after.id);
    (!words.is_empty()).then(|| entry().text("loosens", words.join("\n")))
}

#[cfg(test)]
mod tests;
