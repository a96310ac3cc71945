//! The world in which commits are judged, and what people see of it.

use super::*;
use crate::domain::{
    change_request::{Acceptance, ChangeRequestView, Stage},
    effect::{CHANGE_CHECK, Call, Effect, Lane},
    event::{
        CheckRunChange, CheckRunSnapshot, CheckSuiteChange, Event, MergeGroupChange, MergeGroupSnapshot, What,
    },
    ids::{IssueRef, RepoId},
    link::Link,
    pull_request::{PullRequestView, trial::*},
    subject::View,
};

const ENFORCE: &str = "
version: 1
mode: enforce
roles:
  triager: [acme/triage]
";

const OWN: &str = "
version: 1
mode: enforce
roles:
  triager: [acme/triage]
repositories:
  - match: \"*\"
    change: pull-request
    mode: enforce
";

fn subject() -> SubjectId {
    SubjectId::Commit(WEB, sha('a'))
}

fn pull_request(number: u64, links: &[IssueRef]) -> PullRequestView {
    PullRequestView {
        at: at(number),
        title: "Faster login".into(),
        open: true,
        draft: false,
        merged_at: None,
        head: sha('a'),
        base_branch: "main".into(),
        author: Some(actor("ana")),
        links: links.iter().map(|to| Link { to: *to, finishes: true }).collect(),
        lost_links: vec![],
        too_many_links: false,
        unknown: None,
        independent_approvals: vec![],
        unattributed_commits: vec![],
        policy_edit: None,
    }
}

fn change_request(number: u64, stage: Stage, acceptance: Acceptance) -> ChangeRequestView {
    ChangeRequestView {
        at: at(number),
        title: "Login is slow".into(),
        exists: true,
        taken_in: true,
        stage,
        acceptance,
        release: None,
        requester: Some(actor("dana")),
    }
}

fn accepted(number: u64) -> ChangeRequestView {
    change_request(number, Stage::Accepted, Acceptance::Accepted { by: Some(actor("kim")), at: time(60) })
}

fn waiting(number: u64) -> ChangeRequestView {
    change_request(number, Stage::Requested, Acceptance::Waiting { since: Some(time(0)) })
}

fn declined(number: u64) -> ChangeRequestView {
    let refused = Acceptance::Refused { by: Some(actor("kim")), why: Some("too risky this year".into()) };
    change_request(number, Stage::Declined, refused)
}

impl World {
    fn with(mut self, view: PullRequestView) -> Self {
        let subject = SubjectId::PullRequest(view.at);
        if view.open && view.head == sha('a') {
            let here = (SubjectId::Commit(WEB, sha('a')), Relation::At);
            self.pointing.entry(here).or_default().push(subject.clone());
        }
        self.views.insert(subject, View::PullRequest(Box::new(view)));
        self
    }

    fn and(mut self, view: ChangeRequestView) -> Self {
        self.views.insert(SubjectId::ChangeRequest(view.at), View::ChangeRequest(Box::new(view)));
        self
    }

    fn judged(&self) -> Decision {
        self.decide(&subject(), None, &[], time(100))
    }
}

fn enforcing() -> World {
    World::new(Some(ENFORCE))
}

/// The check run as people see it.
fn shown(decision: &Decision) -> String {
    match decision.effects.as_slice() {
        [] => "nothing".into(),
        [Effect { call: Call::CheckRun { name, status, title, summary, .. }, .. }] => {
            assert_eq!(name, CHANGE_CHECK);
            format!("{status:?}: {title}\n\n{}", summary.trim_end())
        }
        effects => panic!("{effects:?}"),
    }
}

fn status(decision: &Decision) -> Option<CheckStatus> {
    let effect = decision.effects.first()?;
    if let Call::CheckRun { status, .. } = effect.call { Some(status) } else { None }
}

fn group_event(change: MergeGroupChange) -> Event {
    let group = MergeGroupSnapshot {
        head_sha: sha('a'),
        head_ref: "refs/heads/gh-readonly-queue/main/pr-41-0".into(),
        base_sha: None,
        base_branch: "main".into(),
    };
    event(What::MergeGroup { change, group })
}

fn check_run(change: CheckRunChange, app: u64) -> Event {
    let check_run = CheckRunSnapshot {
        id: 1,
        name: CHANGE_CHECK.into(),
        head_sha: sha('a'),
        app: Some(app),
        conclusion: None,
    };
    event(What::CheckRun { change, check_run })
}

mod verdicts;
mod words;
