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
    let before = match case.before {
        Some(State::Milestone(milestone)) => Some(milestone),
        Some(_) | None => None,
    };
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
