//! A milestone of one repository: followed under any title, so that the releases of the trains know their due day.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    event::{MilestoneChange, MilestoneSnapshot, What},
    facts::Inquiry,
    ids::{ReleaseId, RepoId, SubjectId},
    subject::{Relation, State},
};

/// What is known of a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// As last seen.
    pub seen: MilestoneSnapshot,
    /// Deleted on GitHub.
    pub deleted: bool,
    /// The release it is a part of; `None`: nobody's, and never touched.
    pub release: Option<ReleaseId>,
}

/// What others may read of a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneView {
    pub repo: RepoId,
    pub number: u64,
    pub title: String,
    pub open: bool,
    pub deleted: bool,
    /// Only its day is GitHub's.
    pub due_on: Option<Timestamp>,
    pub release: Option<ReleaseId>,
}

impl Milestone {
    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> MilestoneView {
        MilestoneView {
            repo: self.seen.repo,
            number: self.seen.number,
            title: self.seen.title.clone(),
            open: self.seen.open,
            deleted: self.deleted,
            due_on: self.seen.due_on,
            release: self.release.clone(),
        }
    }

    /// The release it is in.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        self.release.iter().map(|release| (Relation::In, SubjectId::Release(release.clone()))).collect()
    }

    fn take(&mut self, change: MilestoneChange, seen: &MilestoneSnapshot) {
        if change == MilestoneChange::Deleted {
            self.deleted = true;
        } else if seen.updated_at >= self.seen.updated_at {
            self.seen = seen.clone();
        }
    }
}

/// Follows the milestone; finds the release that its title names.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId, number: u64) -> Judgement {
    let before = case.before.and_then(State::as_milestone);
    let mut after = before.cloned();
    for event in case.events {
        let What::Milestone { change, milestone } = &event.what else { continue };
        let after =
            after.get_or_insert_with(|| Milestone { seen: milestone.clone(), deleted: false, release: None });
        after.take(*change, milestone);
    }
    let Some(mut after) = after else { return Judgement::Ignored("nothing has named this milestone yet") };
    let mut inquiry = Inquiry::new(case.facts);
    let (name, policy) = (inquiry.repository_name(repo), inquiry.policy(repo));
    let (Some(name), Some(policy)) = (name, policy) else { return Judgement::Needs(inquiry.into_missing()) };
    after.release = match (name, policy) {
        (Some(name), Some(policy)) if !after.deleted => policy.release_of(name.as_str(), &after.seen.title),
        (Some(_) | None, Some(_) | None) => None,
    };
    let audit = changes(before, &after, number);
    Decision { audit, ..Decision::quiet(State::Milestone(after)) }.into()
}

fn changes(before: Option<&Milestone>, after: &Milestone, number: u64) -> Vec<AuditEntry> {
    let said = |milestone: &Milestone| {
        (milestone.seen.title.clone(), milestone.seen.due_on, milestone.deleted, milestone.seen.open)
    };
    if before.map(said).as_ref() == Some(&said(after)) {
        return vec![];
    }
    let code = match before {
        _ if after.deleted => "milestone.deleted",
        None => "milestone.seen",
        Some(_) => "milestone.changed",
    };
    let entry = AuditEntry::new(code).fact("repository", after.seen.repo).fact("milestone", number);
    let due = after.seen.due_on.map_or_else(|| "none".into(), |due| due.to_string());
    vec![entry.fact("due", due).fact("open", after.seen.open).text("title", after.seen.title.clone())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{event::Event, trial::*};

    const SUBJECT: SubjectId = SubjectId::Milestone(WEB, 3);
    const POLICY: &str = "
trains:
  customer:
    repositories: [acme/web]
    title: \"{year}.{month}\"
";

    fn told(change: MilestoneChange, title: &str, seconds: i64) -> Event {
        let (due_on, updated_at) = (Some(time(0)), Some(time(seconds)));
        let milestone =
            MilestoneSnapshot { repo: WEB, number: 3, title: title.into(), open: true, due_on, updated_at };
        event(What::Milestone { change, milestone })
    }

    fn after(world: &World, before: Option<&State>, events: &[Event]) -> State {
        world.decide(&SUBJECT, before, events, time(0)).after
    }

    fn release(state: &State) -> Option<String> {
        let release = state.as_milestone().unwrap().release.as_ref();
        release.map(|release| format!("{}/{}", release.train, release.title))
    }

    #[test]
    fn it_is_a_release_while_its_title_fits_a_train_that_carries_its_repository() {
        let world = World::new(Some(POLICY));
        let mut state = None;
        for (seconds, title, expected) in [
            (0, "Backlog", None),
            (1, "2026.12", Some("customer/2026.12")),
            (2, "2027.01", Some("customer/2027.01")),
            (3, "Some day", None),
        ] {
            let next = after(&world, state.as_ref(), &[told(MilestoneChange::Edited, title, seconds)]);
            assert_eq!(release(&next).as_deref(), expected, "{title}");
            assert_eq!(next.relations().len(), usize::from(expected.is_some()), "{title}");
            state = Some(next);
        }
        let elsewhere = World::new(Some(&POLICY.replace("web", "billing")));
        let created = told(MilestoneChange::Created, "2026.12", 0);
        assert_eq!(release(&after(&elsewhere, None, std::slice::from_ref(&created))), None);
        let without = after(&World::new(None), None, &[created]);
        assert_eq!(release(&without), None);
        assert_eq!(release(&after(&world, Some(&without), &[])).as_deref(), Some("customer/2026.12"));
    }

    #[test]
    fn an_older_snapshot_is_dropped_and_what_is_deleted_stays_so() {
        let world = World::new(Some(POLICY));
        let (old, new) =
            (told(MilestoneChange::Created, "2026.11", 0), told(MilestoneChange::Edited, "2026.12", 5));
        let deleted = told(MilestoneChange::Deleted, "2026.12", 5);
        for events in [[old.clone(), new.clone()], [new.clone(), old.clone()]] {
            assert_eq!(release(&after(&world, None, &events)).as_deref(), Some("customer/2026.12"));
        }
        for events in [[deleted.clone(), new.clone()], [new, deleted.clone()], [old, deleted]] {
            let state = after(&world, None, &events);
            assert_eq!((release(&state), state.as_milestone().unwrap().view().deleted), (None, true));
        }
    }

    #[test]
    fn each_change_is_written_down_once() {
        let world = World::new(Some(POLICY));
        let mut state = None;
        for (change, title, seconds, codes) in [
            (MilestoneChange::Created, "2026.12", 0, vec!["milestone.seen"]),
            (MilestoneChange::Created, "2026.12", 0, vec![]),
            (MilestoneChange::Edited, "2027.01", 1, vec!["milestone.changed"]),
            (MilestoneChange::Deleted, "2027.01", 1, vec!["milestone.deleted"]),
            (MilestoneChange::Edited, "2027.01", 1, vec![]),
        ] {
            let decision = world.decide(&SUBJECT, state.as_ref(), &[told(change, title, seconds)], time(9));
            let told: Vec<&str> = decision.audit.iter().map(|entry| entry.code.as_str()).collect();
            assert_eq!(told, codes, "{change:?} {title}");
            state = Some(decision.after);
        }
        let unknown = world.ask(&SUBJECT, None, &[], time(0)).0;
        assert_eq!(unknown, Judgement::Ignored("nothing has named this milestone yet"));
    }
}
