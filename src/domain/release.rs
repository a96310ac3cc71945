//! A release: one milestone title over the repositories of a train, and the change requests planned for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    audit::AuditEntry,
    decide::{Case, Decision, Judgement},
    facts::Inquiry,
    ids::{IssueRef, ReleaseId, RepoId, SubjectId},
    subject::{Relation, State, View},
};

/// What is known of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub id: ReleaseId,
    /// The repositories that have its milestone, with the milestone's number.
    pub milestones: Vec<(RepoId, u64)>,
    /// The earliest due day of its milestones.
    pub due_on: Option<Timestamp>,
    /// Whether any of its milestones is open.
    pub open: bool,
    /// The change requests planned for it.
    pub scope: Vec<IssueRef>,
}

/// Gathers the release from the milestones and change requests that point at it.
#[must_use]
pub fn judge(case: Case<'_>, id: &ReleaseId) -> Judgement {
    let subject = SubjectId::Release(id.clone());
    let mut inquiry = Inquiry::new(case.facts);
    let Some(members) = inquiry.pointing_at(subject, Relation::In) else {
        return Judgement::Needs(inquiry.into_missing());
    };
    let views: Vec<Option<&View>> =
        members.iter().filter_map(|member| inquiry.view(member.clone())).collect();
    if !inquiry.is_complete() {
        return Judgement::Needs(inquiry.into_missing());
    }
    let after = gather(id, views.into_iter().flatten());
    let before = match case.before {
        Some(State::Release(release)) => Some(release),
        Some(_) | None => None,
    };
    let audit = changes(before, &after);
    Decision { audit, ..Decision::quiet(State::Release(after)) }.into()
}

fn gather<'a>(id: &ReleaseId, members: impl Iterator<Item = &'a View>) -> Release {
    let mut release =
        Release { id: id.clone(), milestones: vec![], due_on: None, open: false, scope: vec![] };
    for member in members {
        if let Some(milestone) = member.as_milestone() {
            release.milestones.push((milestone.repo, milestone.number));
            release.open |= milestone.open;
            release.due_on = release.due_on.into_iter().chain(milestone.due_on).min();
        } else if let Some(change_request) = member.as_change_request() {
            release.scope.push(change_request.at);
        }
    }
    release
}

fn changes(before: Option<&Release>, after: &Release) -> Vec<AuditEntry> {
    let entry = |code: &str| {
        AuditEntry::new(code).fact("train", &after.id.train).text("title", after.id.title.clone())
    };
    let scope_before: &[IssueRef] = before.map_or(&[], |before| &before.scope);
    let joined = after.scope.iter().filter(|at| !scope_before.contains(at));
    let left = scope_before.iter().filter(|at| !after.scope.contains(at));
    joined
        .map(|at| entry("release.change_request_joined").fact("change_request", at))
        .chain(left.map(|at| entry("release.change_request_left").fact("change_request", at)))
        .collect()
}
