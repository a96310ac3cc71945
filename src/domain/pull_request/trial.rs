//! A small GitHub and store on paper, for the tests of pull requests and commits.

use std::collections::BTreeMap;

use crate::domain::{
    decide::{Case, Decision, Instance, Judgement, judge},
    event::{Event, PullRequestChange, PullRequestSnapshot, ReviewSnapshot, ReviewState, What},
    facts::{Answer, CommitReading, Fact, Facts, PolicyAtHead, PullRequestReading, Question},
    ids::{AccountId, Actor, IssueRef, RepoId, Sha, SubjectId},
    policy::PolicyText,
    repository::RepositoryView,
    subject::{Relation, State, View},
};
use jiff::Timestamp;

pub const WEB: RepoId = RepoId(7);
pub const BILLING: RepoId = RepoId(8);

pub fn at(number: u64) -> IssueRef {
    IssueRef { repo: WEB, number }
}

/// Seconds after a Monday morning.
pub fn time(seconds: i64) -> Timestamp {
    "2026-11-23T09:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds)
}

pub fn sha(digit: char) -> Sha {
    digit.to_string().repeat(40).parse().unwrap()
}

pub fn actor(login: &str) -> Actor {
    let id = login.bytes().fold(1, |id, byte| id * 31 % 1_000_003 + u64::from(byte));
    Actor { id: AccountId(id), login: login.into(), person: !login.ends_with("[bot]") }
}

pub fn instance() -> Instance {
    Instance { web_url: "https://github.com".into(), app: 4711 }
}

pub fn snapshot(number: u64) -> PullRequestSnapshot {
    PullRequestSnapshot {
        at: at(number),
        title: "Faster login".into(),
        body: String::new(),
        open: true,
        draft: false,
        merged: false,
        merged_at: None,
        merge_commit: None,
        head: sha('a'),
        head_branch: "login".into(),
        head_repo: Some(WEB),
        base: sha('0'),
        base_branch: "main".into(),
        author: Some(actor("ana")),
        labels: vec![],
        milestone: None,
        created_at: Some(time(0)),
        updated_at: Some(time(0)),
    }
}

pub fn reading(pull_request: PullRequestSnapshot) -> PullRequestReading {
    let commit = CommitReading {
        sha: pull_request.head.clone(),
        message: "Work".into(),
        people: vec![Some(actor("ana"))],
    };
    PullRequestReading {
        pull_request,
        closes: vec![],
        commits: vec![commit],
        reviews: vec![],
        policy: PolicyAtHead::Same,
        complete: true,
    }
}

pub fn review(id: u64, by: &str, state: ReviewState, on: char, seconds: i64) -> ReviewSnapshot {
    ReviewSnapshot {
        id,
        author: Some(actor(by)),
        state,
        commit: Some(sha(on)),
        submitted_at: Some(time(seconds)),
    }
}

pub fn event(what: What) -> Event {
    Event { account: None, installation: None, repository: None, actor: Some(actor("ana")), what }
}

pub fn pull_request_event(change: PullRequestChange, pull_request: PullRequestSnapshot) -> Event {
    event(What::PullRequest { change, pull_request })
}

/// What the store and GitHub would answer.
#[derive(Debug, Default, Clone)]
pub struct World {
    pub views: BTreeMap<SubjectId, View>,
    pub pointing: BTreeMap<(SubjectId, Relation), Vec<SubjectId>>,
    pub readings: BTreeMap<IssueRef, PullRequestReading>,
    pub groups: BTreeMap<Sha, Vec<u64>>,
    /// GitHub does not answer.
    pub down: bool,
}

impl World {
    /// Two repositories of acme, `web` and `billing`; this is the policy file of `web`, if it has one.
    pub fn new(policy: Option<&str>) -> Self {
        let mut world = Self::default();
        for (repo, name, policy) in [(WEB, "acme/web", policy), (BILLING, "acme/billing", None)] {
            let view = RepositoryView {
                id: repo,
                name: name.parse().unwrap(),
                default_branch: Some("main".into()),
                gone: false,
                policy: policy.map(PolicyText::from),
            };
            world.views.insert(SubjectId::Repository(repo), View::Repository(view));
        }
        world
    }

    fn answer(&self, question: &Question) -> Fact<Answer> {
        if self.down && !question.is_for_the_store() {
            return Fact::Unknown("GitHub could not be reached since 09:00 UTC".into());
        }
        let answer = match question {
            Question::View(subject) => Answer::View(self.views.get(subject).cloned().map(Box::new)),
            Question::PointingAt(subject, relation) => Answer::PointingAt(
                self.pointing.get(&(subject.clone(), *relation)).cloned().unwrap_or_default(),
            ),
            Question::RepositoryNamed(name) => {
                let named = |view: &View| view.as_repository().is_some_and(|view| view.name == *name);
                let found = self.views.iter().find(|(_, view)| named(view));
                Answer::RepositoryNamed(found.and_then(|(subject, _)| subject.repo()))
            }
            Question::PullRequest(at) => Answer::PullRequest(self.readings.get(at).cloned().map(Box::new)),
            Question::MergeGroup(_, _, head) => {
                Answer::MergeGroup(self.groups.get(head).cloned().unwrap_or_default())
            }
            Question::Issue(_) => Answer::Issue(None),
            Question::PolicyFile(_) => Answer::PolicyFile(None),
            Question::Team(_) => Answer::Team(vec![]),
            Question::InstallationRepositories(_) => Answer::InstallationRepositories(vec![]),
        };
        Fact::Known(answer, time(0))
    }

    /// Judges, finding out what is asked in at most four rounds; says what GitHub was asked, too.
    pub fn ask(
        &self,
        subject: &SubjectId,
        before: Option<&State>,
        events: &[Event],
        now: Timestamp,
    ) -> (Judgement, Vec<Question>) {
        let (mut facts, mut asked, instance) = (Facts::default(), vec![], instance());
        for _ in 0..=4 {
            let case = Case { subject, before, events, facts: &facts, now, instance: &instance };
            match judge(case) {
                Judgement::Needs(questions) => {
                    assert!(!questions.is_empty(), "it asks nothing");
                    for question in questions {
                        facts.insert(question.clone(), self.answer(&question));
                        asked.push(question);
                    }
                }
                judgement @ (Judgement::Decided(_) | Judgement::Ignored(_)) => {
                    asked.retain(|question| !question.is_for_the_store());
                    return (judgement, asked);
                }
            }
        }
        panic!("more than four rounds: {asked:?}")
    }

    /// The same, where it must come to a decision.
    pub fn decide(
        &self,
        subject: &SubjectId,
        before: Option<&State>,
        events: &[Event],
        now: Timestamp,
    ) -> Decision {
        match self.ask(subject, before, events, now).0 {
            Judgement::Decided(decision) => *decision,
            judgement @ (Judgement::Ignored(_) | Judgement::Needs(_)) => panic!("not decided: {judgement:?}"),
        }
    }
}
