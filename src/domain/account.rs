//! The account that installed the App: one per tenant.

use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    event::{AccountSnapshot, Event, InstallationChange, What},
    ids::InstallationId,
    subject::State,
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
}

impl Account {
    /// Whether a delivery from this account says nothing new about it.
    #[must_use]
    pub fn agrees_with(&self, event: &Event) -> bool {
        !matches!(event.what, What::Installation { .. })
            && (event.account.is_none() || event.account == self.seen)
            && (event.installation.is_none() || event.installation == self.installation)
    }

    fn take(&mut self, event: &Event) {
        if event.account.is_some() {
            self.seen.clone_from(&event.account);
        }
        let What::Installation { change, .. } = &event.what else {
            self.installation = event.installation.or(self.installation);
            return;
        };
        match change {
            InstallationChange::Deleted => {
                if event.installation.is_none() || event.installation == self.installation {
                    self.installation = None;
                }
            }
            InstallationChange::Suspended => self.suspended = true,
            InstallationChange::Created | InstallationChange::Unsuspended => {
                self.installation = event.installation.or(self.installation);
                self.suspended = false;
            }
            InstallationChange::PermissionsAccepted | InstallationChange::Other => {
                self.installation = event.installation.or(self.installation);
            }
        }
    }
}

/// Follows the installation; tells GitHub nothing.
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
    let audit = if (before.installation, before.suspended) == (after.installation, after.suspended) {
        vec![]
    } else {
        vec![installed(&after).by(case.events.last().and_then(|event| event.actor.as_ref()))]
    };
    Decision { audit, ..Decision::quiet(State::Account(after)) }.into()
}

fn installed(account: &Account) -> AuditEntry {
    match account.installation {
        Some(id) if account.suspended => AuditEntry::new("installation.suspended").fact("installation", id),
        Some(id) => AuditEntry::new("installation.active").fact("installation", id),
        None => AuditEntry::new("installation.removed"),
    }
}
