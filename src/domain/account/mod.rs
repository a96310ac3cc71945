//! The account that installed the App: one per tenant.

mod away;
mod delegated;
mod freezing;
mod frozen;
mod looking_back;
mod meeting;
mod published;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use away::{Deployed, Outage};
pub use delegated::Delegated;
pub use frozen::Said;
pub use looking_back::Owed;
pub use meeting::{Meeting, is_held_on as is_meeting};
pub use published::PublishedPlan;

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement, READ_AGAIN},
    event::{AccountSnapshot, Event, InstallationChange, RepositoryNumber, What},
    facts::{Fact, Inquiry},
    ids::{InstallationId, RepoId, SubjectId},
    replies::RepliesOn,
    subject::{Relation, State},
};

/// What is known of an account. Its history outlives the installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name and kind, as last seen.
    pub seen: Option<AccountSnapshot>,
    /// The installation in force; a reinstalled App has a new one.
    pub installation: Option<InstallationId>,
    /// The last installation that was removed; numbers only grow, so what comes late from it says nothing.
    #[serde(default)]
    pub removed: Option<InstallationId>,
    /// GitHub refuses our calls while it is suspended.
    pub suspended: bool,
    /// The repositories that the installation reaches.
    pub repositories: Vec<RepositoryNumber>,
    /// The installation whose repositories were read; until then only some are listed.
    pub listed: Option<InstallationId>,
    /// What was decided of freezes by command, in order.
    #[serde(default)]
    pub said: Vec<Said>,
    /// What was said of who stands in for whom, in order.
    #[serde(default)]
    pub delegated: Vec<Delegated>,
    /// When nobody was here, and what went by then.
    #[serde(default)]
    pub outages: Vec<Outage>,
    /// The plan, as it was published last.
    #[serde(default)]
    pub plan: Option<Box<PublishedPlan>>,
    /// The planning meetings, in the order in which they were opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meetings: Vec<Meeting>,
    /// When it was answered where.
    #[serde(default)]
    pub replies: RepliesOn,
}

impl Account {
    /// Whether a delivery from this account says nothing new about it.
    #[must_use]
    pub fn agrees_with(&self, event: &Event) -> bool {
        !matches!(event.what, What::Installation { .. } | What::InstallationRepositories { .. })
            && !away::is_about(event)
            && !published::is_about(event)
            && !self.meets(event)
            && !self.looks_back(event)
            && !frozen::is_about(event)
            && !delegated::is_about(event)
            && (event.account.is_none() || event.account == self.seen)
            && (event.installation.is_none() || event.installation == self.installation)
    }

    /// What others may read of it: all but where it was answered, what went by while nobody was here, and what was said in meetings.
    #[must_use]
    pub fn view(&self) -> Self {
        let outages = self.outages.iter().map(Outage::view);
        let meetings = self.meetings.iter().map(Meeting::view);
        Self {
            replies: RepliesOn::default(),
            plan: None,
            outages: outages.collect(),
            meetings: meetings.collect(),
            ..self.clone()
        }
    }

    /// Whether this repository is listed.
    #[must_use]
    pub fn has(&self, repo: RepoId) -> bool {
        self.repositories.iter().any(|named| named.id == repo)
    }

    /// The repositories it has.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        self.repositories.iter().map(|named| (Relation::Has, SubjectId::Repository(named.id))).collect()
    }

    fn take(&mut self, event: &Event) {
        self.seen = event.account.clone().or_else(|| self.seen.take());
        if event.installation.is_some_and(|id| Some(id) <= self.removed || Some(id) < self.installation) {
            return;
        }
        if let What::Installation { change: InstallationChange::Deleted, .. } = &event.what {
            self.removed = event.installation.or(self.installation);
            (self.installation, self.suspended) = (None, false);
            return;
        }
        if event.installation > self.installation {
            (self.installation, self.suspended) = (event.installation, false);
        }
        if let What::Installation { change, .. } = &event.what {
            match change {
                InstallationChange::Suspended => self.suspended = true,
                InstallationChange::Unsuspended => self.suspended = false,
                InstallationChange::Created
                | InstallationChange::Deleted
                | InstallationChange::PermissionsAccepted
                | InstallationChange::Other => {}
            }
        }
        if let What::InstallationRepositories { added, removed } = &event.what {
            self.repositories.retain(|named| !removed.iter().chain(added).any(|other| other.id == named.id));
            self.repositories.extend(added.iter().cloned());
        }
    }
}

/// Follows the installation and the repositories it reaches, what is decided of freezes and delegations, and planning meetings.
#[must_use]
pub fn judge(case: Case<'_>) -> Judgement {
    let before = case.before.and_then(State::as_account).cloned().unwrap_or_default();
    let mut after = before.clone();
    for event in case.events {
        after.take(event);
    }
    let mut inquiry = Inquiry::new(case.facts);
    let heard = (after.hear_freezes(&case, &mut inquiry), after.hear_delegations(&case, &mut inquiry));
    let (Some(heard), Some(delegated)) = heard else {
        return Judgement::Needs(inquiry.into_missing());
    };
    let away = after.hear_away(case.events, &case.instance.web_url);
    let (published, planned) = after.hear_plan(case.events);
    let heard_there = (after.hear_looks(&case, &mut inquiry), after.hear_meetings(&case, &mut inquiry));
    let (Some(looked), Some(met)) = heard_there else {
        return Judgement::Needs(inquiry.into_missing());
    };
    let mut look_again = after.doubts_freezes().then(|| case.now + READ_AGAIN);
    let due = after.minutes_are_due();
    let unread = after.installation.filter(|id| !after.suspended && after.listed != Some(*id));
    if let Some(installation) = unread {
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
    let changed = changed(&before, &after).map(|entry| entry.by(actor));
    let audit = changed
        .into_iter()
        .chain(heard.audit)
        .chain(delegated.audit)
        .chain(away.audit)
        .chain(looked.audit)
        .chain(met.audit)
        .chain(planned)
        .collect();
    let effects =
        [heard.effects, delegated.effects, away.effects, looked.effects, met.effects, published].concat();
    let effects = after.replies.limit(effects, case.now);
    let look_again = look_again.into_iter().chain(due).min();
    Decision { audit, look_again, effects, ..Decision::quiet(State::Account(after)) }.into()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::*;

    const SUBJECT: SubjectId = SubjectId::Account;

    fn acme() -> AccountSnapshot {
        AccountSnapshot { id: crate::domain::ids::AccountId(1), login: "acme".into(), organisation: true }
    }

    /// Something that happened to the account, told through this installation.
    fn told(installation: u64, what: What) -> Event {
        Event { account: Some(acme()), installation: Some(InstallationId(installation)), ..event(what) }
    }

    fn installation(id: u64, change: InstallationChange) -> Event {
        told(id, What::Installation { change, repositories: vec![] })
    }

    fn world() -> World {
        World { reaches: vec![named(WEB), named(BILLING)], ..World::default() }
    }

    fn account(decision: &Decision) -> &Account {
        decision.after.as_account().unwrap()
    }

    #[test]
    fn an_installation_is_followed_through_its_life_and_each_step_is_written_down() {
        use InstallationChange::{Created, Deleted, PermissionsAccepted, Suspended, Unsuspended};
        let mut state = None;
        for (id, change, active, readings, codes) in [
            (5, Created, Some(5), 1, vec!["installation.active"]),
            (5, PermissionsAccepted, Some(5), 0, vec![]),
            (5, Suspended, None, 0, vec!["installation.suspended"]),
            (5, PermissionsAccepted, None, 0, vec![]),
            (5, Unsuspended, Some(5), 0, vec!["installation.active"]),
            (5, Deleted, None, 0, vec!["installation.removed"]),
            (6, Created, Some(6), 1, vec!["installation.active"]),
            (5, Unsuspended, Some(6), 0, vec![]),
            (5, Deleted, Some(6), 0, vec![]),
        ] {
            let events = [installation(id, change)];
            let (judgement, asked) = world().ask(&SUBJECT, state.as_ref(), &events, time(0));
            let Judgement::Decided(decision) = judgement else { panic!("{judgement:?}") };
            let after = account(&decision);
            let in_force = after.installation.filter(|_| !after.suspended);
            assert_eq!(in_force, active.map(InstallationId), "{id} {change:?}");
            assert_eq!(asked.len(), readings, "{id} {change:?}");
            let told: Vec<&str> = decision.audit.iter().map(|entry| entry.code.as_str()).collect();
            assert_eq!(told, codes, "{id} {change:?}");
            state = Some(decision.after);
        }
    }

    #[test]
    fn what_comes_late_from_a_removed_installation_brings_it_not_back() {
        let (created, removed) =
            (installation(5, InstallationChange::Created), installation(5, InstallationChange::Deleted));
        for events in [[created.clone(), removed.clone()], [removed, created]] {
            let decision = world().decide(&SUBJECT, None, &events, time(0));
            assert_eq!(account(&decision).installation, None);
            let late = [told(5, What::Ping)];
            let decision = world().decide(&SUBJECT, Some(&decision.after), &late, time(0));
            assert_eq!(account(&decision).installation, None);
        }
    }

    #[test]
    fn it_has_the_repositories_that_github_lists_and_those_that_join_later() {
        let created =
            world().decide(&SUBJECT, None, &[installation(5, InstallationChange::Created)], time(0));
        let has = |repo| (Relation::Has, SubjectId::Repository(repo));
        assert_eq!(created.after.relations(), BTreeSet::from([has(WEB), has(BILLING)]));
        let change = What::InstallationRepositories { added: vec![named(SHARED)], removed: vec![named(WEB)] };
        let events = [told(5, change.clone()), told(5, change)];
        let changed = world().decide(&SUBJECT, Some(&created.after), &events, time(0));
        assert_eq!(changed.after.relations(), BTreeSet::from([has(BILLING), has(SHARED)]));
    }

    #[test]
    fn repositories_that_cannot_be_listed_are_asked_for_again() {
        let down = World { down: true, ..world() };
        let first = down.decide(&SUBJECT, None, &[told(5, What::Ping)], time(0));
        assert_eq!((account(&first).listed, first.look_again), (None, Some(time(30))));
        let second = world().decide(&SUBJECT, Some(&first.after), &[], time(30));
        assert_eq!((account(&second).listed, second.look_again), (Some(InstallationId(5)), None));
    }

    #[test]
    fn a_delivery_is_news_only_where_it_shows_something_else() {
        let state = world().decide(&SUBJECT, None, &[told(5, What::Ping)], time(0)).after;
        let known = state.as_account().unwrap();
        let renamed = AccountSnapshot { login: "acme-inc".into(), ..acme() };
        for (event, agrees) in [
            (told(5, What::Ping), true),
            (event(What::Ping), true),
            (told(6, What::Ping), false),
            (Event { account: Some(renamed), ..told(5, What::Ping) }, false),
            (installation(5, InstallationChange::Other), false),
        ] {
            assert_eq!(known.agrees_with(&event), agrees, "{event:?}");
        }
    }
}
