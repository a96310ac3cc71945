//! The account that installed the App: one per tenant.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    event::{AccountSnapshot, Event, InstallationChange, RepositoryNumber, What},
    facts::{Fact, Inquiry},
    ids::{InstallationId, SubjectId},
    subject::{Relation, State},
};

/// What is known of an account. Its history outlives the installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name and kind, as last seen.
    pub seen: Option<AccountSnapshot>,
    /// The installation in force; a reinstalled App has a new one.
    pub installation: Option<InstallationId>,
    /// GitHub refuses our calls while it is suspended.
    pub suspended: bool,
    /// The repositories that the installation reaches.
    pub repositories: Vec<RepositoryNumber>,
    /// The installation whose repositories were read; until then only some are listed.
    pub listed: Option<InstallationId>,
}

impl Account {
    /// Whether a delivery from this account says nothing new about it.
    #[must_use]
    pub fn agrees_with(&self, event: &Event) -> bool {
        !matches!(event.what, What::Installation { .. } | What::InstallationRepositories { .. })
            && (event.account.is_none() || event.account == self.seen)
            && (event.installation.is_none() || event.installation == self.installation)
    }

    /// The repositories it has.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        self.repositories.iter().map(|named| (Relation::Has, SubjectId::Repository(named.id))).collect()
    }

    fn take(&mut self, event: &Event) {
        self.seen = event.account.clone().or_else(|| self.seen.take());
        if let What::Installation { change: InstallationChange::Deleted, .. } = &event.what {
            self.installation =
                self.installation.filter(|id| event.installation.is_some_and(|gone| gone != *id));
            return;
        }
        self.installation = event.installation.or(self.installation);
        if let What::Installation { change, .. } = &event.what {
            self.suspended = *change == InstallationChange::Suspended;
        }
        if let What::InstallationRepositories { added, removed } = &event.what {
            self.repositories.retain(|named| !removed.iter().chain(added).any(|other| other.id == named.id));
            self.repositories.extend(added.iter().cloned());
        }
    }
}

/// How long after a failed reading the repositories are asked for again.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// Follows the installation and the repositories it reaches; tells GitHub nothing.
#[must_use]
pub fn judge(case: Case<'_>) -> Judgement {
    let before = match case.before {
        Some(State::Account(account)) => account.clone(),
        Some(_) | None => Account::default(),
    };
    let mut after = before.clone();
    for event in case.events {
        after.take(event);
    }
    let mut look_again = None;
    let unread = after.installation.filter(|id| !after.suspended && after.listed != Some(*id));
    if let Some(installation) = unread {
        let mut inquiry = Inquiry::new(case.facts);
        match inquiry.installation_repositories(installation) {
            None => return Judgement::Needs(inquiry.into_missing()),
            Some(Fact::Unknown(_)) => look_again = Some(case.now + READ_AGAIN),
            Some(Fact::Known(found, _)) => {
                after.repositories = found.to_vec();
                after.listed = Some(installation);
            }
        }
    }
    let actor = case.events.last().and_then(|event| event.actor.as_ref());
    let audit = changed(&before, &after).map(|entry| entry.by(actor)).into_iter().collect();
    Decision { audit, look_again, ..Decision::quiet(State::Account(after)) }.into()
}

fn changed(before: &Account, after: &Account) -> Option<AuditEntry> {
    if (before.installation, before.suspended) == (after.installation, after.suspended) {
        return None;
    }
    Some(match after.installation {
        Some(id) if after.suspended => AuditEntry::new("installation.suspended").fact("installation", id),
        Some(id) => AuditEntry::new("installation.active").fact("installation", id),
        None => AuditEntry::new("installation.removed"),
    })
}
