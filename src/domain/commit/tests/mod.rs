//! The world in which commits are judged, and what people see of it.

use super::*;
use crate::domain::{
    change_request::{Acceptance, ChangeRequestView, Stage},
    effect::{CHANGE_CHECK, Call, Effect, Lane},
    event::{
        CheckRunChange, CheckRunSnapshot, CheckSuiteChange, Event, MergeGroupChange, MergeGroupSnapshot, What,
    },
    ids::{IssueRef, RepoId},
    pull_request::PullRequestView,
    subject::View,
    trial::{self, APP, BILLING, WEB, World, actor, at, event, sha, time},
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
    trial::pull_request(at(number), links)
}

fn change_request(number: u64, stage: Stage, acceptance: Acceptance) -> ChangeRequestView {
    ChangeRequestView {
        depends: vec![],
        planned_at: None,
        planned_by: None,
        at: at(number),
        title: "Login is slow".into(),
        exists: true,
        taken_in: true,
        stage,
        acceptance,
        release: None,
        emergency: None,
        risk: None,
        requester: Some(actor("dana")),
        account: None,
        text: None,
        delivered: None,
        underway: None,
        systems: [].into(),
        needs_no_code: false,
        tried: vec![],
        goes_along: vec![],
        formerly: BTreeSet::new(),
        overheard: vec![],
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
        let pull_request = SubjectId::PullRequest(view.at);
        if view.open && view.head == sha('a') {
            self.pointing.entry((subject(), Relation::At)).or_default().push(pull_request.clone());
        }
        self.showing(pull_request, View::PullRequest(Box::new(view)))
    }

    fn and(self, view: ChangeRequestView) -> Self {
        self.showing(SubjectId::ChangeRequest(view.at), View::ChangeRequest(Box::new(view)))
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
