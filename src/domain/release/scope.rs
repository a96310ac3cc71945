//! What a release consists of: its milestones, the change requests planned for it, and who worked on each.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        approval::Work,
        change_request::{ChangeRequestView, Stage, Tried},
        facts::Inquiry,
        ids::{Actor, IssueRef, RepoId, RepoName, SubjectId},
        link::WrittenLink,
        policy::Risk,
        pull_request::PullRequestView,
        revision::RevisionHash,
        subject::{Relation, View},
    },
    Release,
    act::Deed,
};

/// A change request of the scope, as far as the release goes by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub at: IssueRef,
    pub title: String,
    pub requester: Option<Actor>,
    /// The account that asks for it.
    #[serde(default)]
    pub account: Option<String>,
    pub stage: Stage,
    /// The hash of what of it is signed.
    pub text: Option<RevisionHash>,
    pub needs_no_code: bool,
    /// Since when it is planned for the release.
    #[serde(default)]
    pub planned_at: Option<Timestamp>,
    /// Who said so.
    #[serde(default)]
    pub planned_by: Option<Actor>,
    #[serde(default)]
    pub risk: Option<Risk>,
    /// What it says that it depends on.
    #[serde(default)]
    pub depends: Vec<WrittenLink>,
    /// What those who tried it said last.
    pub tried: Vec<Tried>,
    /// The pull requests that belong to it, in order.
    pub pulls: Vec<Pull>,
    pub work: Work,
}

/// A change that comes along and is none of the release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    pub change: Change,
    /// Who answers for that, and why.
    pub by: Actor,
    pub why: String,
}

/// A pull request of a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    pub at: IssueRef,
    pub open: bool,
    pub merged_at: Option<Timestamp>,
    /// What it says that it depends on.
    #[serde(default)]
    pub depends: Vec<WrittenLink>,
}

impl Change {
    /// Whether nothing is left to be built.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let accepted = !matches!(
            self.stage,
            Stage::Requested
                | Stage::NeedsInformation
                | Stage::Deferred
                | Stage::Declined
                | Stage::Duplicate
                | Stage::Withdrawn
        );
        let merged = self.stage.is_complete() || (self.needs_no_code && self.pulls.is_empty() && accepted);
        merged && !self.pulls.iter().any(|pull| pull.open)
    }

    /// Whether nobody has begun to build it.
    #[must_use]
    pub fn is_not_begun(&self) -> bool {
        self.pulls.is_empty() && !self.is_complete()
    }
}

impl Release {
    /// Gathers it from the milestones and change requests that point at it. `None`: something must be found out first.
    pub(super) fn gather(&mut self, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let members = inquiry.pointing_at(SubjectId::Release(self.id.clone()), Relation::In)?;
        let views: Vec<_> = members.iter().map(|member| inquiry.view(member.clone())).collect();
        let views: Vec<&View> =
            views.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
        (self.milestones, self.open, self.due_on) = (vec![], false, None);
        for milestone in views.iter().filter_map(|view| view.as_milestone()) {
            self.milestones.push((milestone.repo, milestone.number));
            self.open |= milestone.open;
            self.due_on = self.due_on.into_iter().chain(milestone.due_on).min();
        }
        let planned: Vec<&ChangeRequestView> =
            views.iter().filter_map(|view| view.as_change_request()).collect();
        self.scope = planned.iter().map(|request| request.at).collect();
        let changes: Vec<_> = planned.into_iter().map(|request| change(request, inquiry)).collect();
        self.changes = changes.into_iter().collect::<Option<_>>()?;
        Some(())
    }

    /// Gathers what comes along, by what a release manager has said. `None`: something must be found out first.
    pub(super) fn gather_carried(&mut self, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let mut said: BTreeMap<IssueRef, (Actor, String)> = BTreeMap::new();
        for act in self.acts.iter().filter(|act| act.counts()) {
            if let Deed::Carry { change, why } = &act.deed {
                said.insert(*change, (act.by.clone(), why.clone()));
            }
        }
        said.retain(|at, _| !self.scope.contains(at));
        let views: Vec<_> =
            said.into_iter().map(|(at, said)| (inquiry.view(SubjectId::ChangeRequest(at)), said)).collect();
        let mut carried = vec![];
        for (view, (by, why)) in views {
            // What is no change request carries nothing.
            let Some(view) = view?.and_then(View::as_change_request) else { continue };
            carried.push(change(view, inquiry).map(|change| Carried { change, by, why }));
        }
        self.carried = carried.into_iter().collect::<Option<_>>()?;
        Some(())
    }

    /// The repositories that ship something: those of the pull requests of its changes.
    #[must_use]
    pub fn ships(&self) -> BTreeSet<RepoId> {
        self.changes.iter().flat_map(|change| &change.pulls).map(|pull| pull.at.repo).collect()
    }

    /// How much the riskiest of its changes could break.
    #[must_use]
    pub fn risk(&self) -> Option<Risk> {
        self.changes.iter().filter_map(|change| change.risk).max()
    }

    /// What the repositories are called that it has to do with.
    pub fn names(&self, inquiry: &mut Inquiry<'_>) -> Option<BTreeMap<RepoId, RepoName>> {
        let carried = self.carried.iter().map(|carried| &carried.change);
        let scope = self.changes.iter().chain(carried).map(|change| change.at.repo);
        let swapped = self.swaps().flat_map(|(_, swap)| [swap.goes, swap.comes]).flatten();
        let needs = self.needs.iter().filter_map(|need| need.on).map(|on| on.repo);
        let left = self.at_lock.left.iter().map(|left| left.at).chain(swapped).map(|at| at.repo);
        let places = self.home.into_iter().chain(self.recorded_in);
        let all: BTreeSet<RepoId> =
            self.ships().into_iter().chain(scope).chain(left).chain(needs).chain(places).collect();
        let named: Vec<_> = all.into_iter().map(|repo| (repo, inquiry.repository_name(repo))).collect();
        let named = named.into_iter().map(|(repo, name)| Some((repo, name?.cloned())));
        let named: Vec<_> = named.collect::<Option<_>>()?;
        Some(named.into_iter().filter_map(|(repo, name)| Some((repo, name?))).collect())
    }
}

fn change(request: &ChangeRequestView, inquiry: &mut Inquiry<'_>) -> Option<Change> {
    let covering = inquiry.pointing_at(SubjectId::ChangeRequest(request.at), Relation::Covers)?;
    let views: Vec<_> = covering.iter().map(|subject| inquiry.view(subject.clone())).collect();
    let views = views.into_iter().collect::<Option<Vec<_>>>()?;
    let pulls: Vec<&PullRequestView> =
        views.into_iter().flatten().filter_map(View::as_pull_request).filter(|view| is_work(view)).collect();
    let mut work = Work { change: request.at, people: BTreeSet::new(), unattributed: vec![], unknown: None };
    for pull in &pulls {
        work.people.extend(&pull.people);
        work.unattributed.extend(pull.unattributed_commits.iter().cloned());
        work.unknown = work.unknown.or_else(|| pull.unknown.clone());
    }
    Some(Change {
        at: request.at,
        title: request.title.clone(),
        requester: request.requester.clone(),
        account: request.account.clone(),
        stage: request.stage,
        text: request.text.clone(),
        needs_no_code: request.needs_no_code,
        planned_at: request.planned_at,
        planned_by: request.planned_by.clone(),
        risk: request.risk,
        depends: request.depends.clone(),
        tried: request.tried.clone(),
        pulls: pulls
            .iter()
            .map(|pull| Pull {
                at: pull.at,
                open: pull.open,
                merged_at: pull.merged_at,
                depends: pull.depends.clone(),
            })
            .collect(),
        work,
    })
}

/// One that was closed without being merged is none.
fn is_work(view: &PullRequestView) -> bool {
    view.open || view.merged_at.is_some()
}
