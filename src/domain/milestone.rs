//! A milestone of one repository: followed under any title, so that the releases of the trains know their due day.

mod renaming;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    event::{MilestoneChange, MilestoneSnapshot},
    facts::Inquiry,
    ids::{ReleaseId, RepoId, SubjectId},
    subject::{Relation, State},
};
pub use renaming::Renamed;
use renaming::{Rules, Told};

/// What is known of a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// As last seen.
    pub seen: MilestoneSnapshot,
    /// Deleted on GitHub.
    pub deleted: bool,
    /// The release it is a part of; `None`: nobody's, and never touched.
    pub release: Option<ReleaseId>,
    /// The title by which it counts, while GitHub shows another one that somebody gave it who may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called: Option<String>,
    /// The last title that a release manager gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<Renamed>,
    /// When its title was put back, within the last hour.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub put_back: Vec<Timestamp>,
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
    /// The last title that a release manager gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renamed: Option<Renamed>,
}

impl Milestone {
    /// As it is seen for the first time.
    #[must_use]
    pub const fn new(seen: MilestoneSnapshot) -> Self {
        Self { seen, deleted: false, release: None, called: None, renamed: None, put_back: vec![] }
    }

    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> MilestoneView {
        MilestoneView {
            repo: self.seen.repo,
            number: self.seen.number,
            title: self.title().to_owned(),
            open: self.seen.open,
            deleted: self.deleted,
            due_on: self.seen.due_on,
            release: self.release.clone(),
            renamed: self.renamed.clone(),
        }
    }

    /// The release it is in.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        self.release.iter().map(|release| (Relation::In, SubjectId::Release(release.clone()))).collect()
    }

    /// Whether it is not older than what is known.
    fn take(&mut self, change: MilestoneChange, seen: &MilestoneSnapshot) -> bool {
        let is_new = seen.updated_at >= self.seen.updated_at;
        if change == MilestoneChange::Deleted {
            self.deleted = true;
        } else if is_new {
            self.seen = seen.clone();
        }
        is_new
    }
}

/// Follows the milestone; finds the release that its title names.
#[must_use]
pub fn judge(case: Case<'_>, repo: RepoId, number: u64) -> Judgement {
    let before = case.before.and_then(State::as_milestone);
    let (after, wishes) = Milestone::hear(before, &case);
    let Some(mut after) = after else { return Judgement::Ignored("nothing has named this milestone yet") };
    let mut inquiry = Inquiry::new(case.facts);
    let (name, policy) = (inquiry.repository_name(repo), inquiry.policy(repo));
    let (Some(name), Some(policy)) = (name, policy) else { return Judgement::Needs(inquiry.into_missing()) };
    let mut told = Told::default();
    after.release = None;
    match name.zip(policy) {
        Some((name, policy)) => {
            let rules = Rules { name, policy: &policy };
            let Some(found) = after.follow_titles((before, &wishes), &rules, &case, &mut inquiry) else {
                return Judgement::Needs(inquiry.into_missing());
            };
            told = found;
            if !after.deleted {
                after.release = policy.release_of(name.as_str(), after.title());
            }
        }
        None => after.called = None,
    }
    let audit = [changes(before, &after, number), told.audit].concat();
    Decision { audit, effects: told.effects, ..Decision::quiet(State::Milestone(after)) }.into()
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
    use crate::domain::{
        effect::Call,
        event::{Event, What},
        trial::*,
    };

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
        event(What::Milestone { change, milestone, was: None })
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

    fn renamed(by: Option<&str>, from: &str, to: &str, seconds: i64) -> Event {
        let mut event = told(MilestoneChange::Edited, to, seconds);
        if let What::Milestone { was, .. } = &mut event.what {
            *was = Some(from.into());
        }
        Event { actor: by.map(actor), ..event }
    }

    fn titles(world: &World, batches: &[Vec<Event>]) -> String {
        let mut state: Option<State> = None;
        let mut effects = vec![];
        for events in batches {
            let decision = world.decide(&SUBJECT, state.as_ref(), events, time(60));
            effects = decision.effects;
            state = Some(decision.after);
        }
        let milestone = state.unwrap();
        let milestone = milestone.as_milestone().unwrap();
        let called = effects.iter().find_map(|effect| {
            let Call::RenameMilestone { title, .. } = &effect.call else { return None };
            Some(format!(", put back to {title}"))
        });
        format!("{}, shown {}{}", milestone.title(), milestone.seen.title, called.unwrap_or_default())
    }

    #[test]
    fn only_a_release_manager_renames_a_release_in_whatever_order_it_is_told() {
        let enforced = format!("mode: enforce\nroles: {{ release-manager: [rosa] }}{POLICY}");
        let world = World::new(Some(&enforced));
        let created = || told(MilestoneChange::Created, "2026.12", 0);
        let rosa = || renamed(Some("rosa"), "2026.12", "2027.01", 5);
        let (back, kept) = ("2026.12, shown 2027.01, put back to 2026.12", "2027.01, shown 2027.01");
        for (batches, expected) in [
            (vec![vec![created(), rosa()]], kept),
            (vec![vec![rosa()]], kept),
            (vec![vec![created()], vec![renamed(Some("ana"), "2026.12", "2027.01", 5)]], back),
            (vec![vec![renamed(Some("ana"), "2026.12", "2027.01", 5)]], back),
            (vec![vec![created()], vec![renamed(None, "2026.12", "2027.01", 5)]], back),
            // Swept: it is not known who it was.
            (vec![vec![created()], vec![told(MilestoneChange::Other, "2027.01", 5)]], back),
            // Somebody else's edit of the due day comes before what the release manager did.
            (vec![vec![created()], vec![told(MilestoneChange::Edited, "2027.01", 6)], vec![rosa()]], kept),
            (
                vec![
                    vec![created()],
                    vec![told(MilestoneChange::Edited, "2027.01", 6)],
                    vec![renamed(None, "2027.01", "2026.12", 8)],
                    vec![rosa()],
                ],
                "2027.01, shown 2026.12, put back to 2027.01",
            ),
            (
                vec![
                    vec![created(), rosa()],
                    vec![renamed(Some("ana"), "2027.01", "2026.12", 7)],
                    vec![rosa()],
                ],
                "2027.01, shown 2026.12, put back to 2027.01",
            ),
            (
                vec![vec![created()], vec![renamed(Some("ana"), "2026.12", "Some day", 5)]],
                "2026.12, shown Some day, put back to 2026.12",
            ),
            (
                vec![
                    vec![told(MilestoneChange::Created, "Backlog", 0)],
                    vec![renamed(Some("ana"), "Backlog", "Some day", 5)],
                ],
                "Some day, shown Some day",
            ),
        ] {
            assert_eq!(titles(&world, &batches), expected, "{batches:#?}");
        }
    }

    #[test]
    fn a_title_is_put_back_at_most_ten_times_an_hour() {
        let enforced = format!("mode: enforce\nroles: {{ release-manager: [rosa] }}{POLICY}");
        let world = World::new(Some(&enforced));
        let mut batches = vec![vec![told(MilestoneChange::Created, "2026.12", 0)]];
        batches.extend((1..=11).map(|n| vec![renamed(Some("ana"), "2026.12", &format!("Day {n}"), n)]));
        assert_eq!(titles(&world, &batches), "2026.12, shown Day 11");
    }

    #[test]
    fn each_change_is_written_down_once() {
        let world = World::new(Some(POLICY));
        let mut state = None;
        for (change, title, seconds, codes) in [
            (MilestoneChange::Created, "2026.12", 0, vec!["milestone.seen"]),
            (MilestoneChange::Created, "2026.12", 0, vec![]),
            (MilestoneChange::Edited, "2027.01", 1, vec!["milestone.changed", "milestone.renamed"]),
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
