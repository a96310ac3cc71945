//! A large deployment on paper: what the store and GitHub would answer about it.

use std::collections::{BTreeMap, BTreeSet};

use changegate::domain::{
    change_request::{Acceptance, ChangeRequest, ChangeRequestView, Stage, follow::Gone},
    decide::{Case, Instance, Judgement, judge},
    environment::{Deployed, Environment, Phase, Request, Shipped},
    event::{Event, IssueSnapshot, PullRequestSnapshot, RuleRequest, What},
    facts::{
        Answer, CheckReading, ComparedCommit, Comparison, ComparisonStatus, DeploymentReading,
        DeploymentStatusReading, Fact, Facts, PolicyAtHead, Question, ReferenceReading, WorkflowRunReading,
    },
    ids::{AccountId, Actor, IssueRef, RepoId, Sha, SubjectId},
    link::Link,
    policy::PolicyText,
    pull_request::{Files, Linked, PullRequest, PullRequestView, Reading, Standard},
    repository::{Failed, PolicyFile, Repository, RepositoryView, Ruled},
    subject::{State, View},
};
use jiff::Timestamp;

pub const WEB: RepoId = RepoId(7);
pub const ENVIRONMENT: &str = "production";

/// A deployment that is allowed.
pub struct Material {
    /// Commits, change requests, rules.
    pub size: (usize, usize, usize),
    pub now: Timestamp,
    pub facts: Facts,
    subject: SubjectId,
    before: State,
    events: Vec<Event>,
    instance: Instance,
    policy: PolicyText,
}

fn sha(number: usize) -> Sha {
    format!("{number:040x}").parse().unwrap()
}

fn at(number: usize) -> IssueRef {
    IssueRef { repo: WEB, number: number as u64 }
}

fn actor(login: &str, id: u64) -> Actor {
    Actor { id: AccountId(id), login: login.into(), person: true }
}

/// Every rule but the other three is a check.
fn policy(rules: usize) -> PolicyText {
    let check = |number| format!("      - checks: [{{ name: check-{number}, app: github-actions }}]\n");
    let checks: String = (0..rules.saturating_sub(3)).map(check).collect();
    PolicyText::from(format!(
        "
version: 1
mode: enforce
roles: {{ triager: [kim], release-manager: [rosa] }}
groups: {{ qa: [quinn] }}
repositories: [{{ match: \"*\", ship: continuous, change: issue }}]
environments:
  production:
    names: [production]
    from: {{ branches: [default] }}
    require:
      - range: traced
      - change: accepted
{checks}    continuous:
      - approvals: {{ review: 1, qa: 1 }}
"
    ))
}

impl Material {
    pub fn of(commits: usize, changes: usize, rules: usize) -> Self {
        let now: Timestamp = "2026-11-23T09:00:00Z".parse().unwrap();
        let deployed = Deployed { sha: sha(0), phase: Phase::Succeeded, heard_at: now, allowed: true };
        let environment = Environment {
            name: ENVIRONMENT.into(),
            runs: [(1, deployed)].into_iter().collect(),
            // What the last deployment changed was told when it was heard of.
            shipped: Some(Shipped { deployment: 1, sha: sha(0) }),
            ..Environment::default()
        };
        let what = What::ProtectionRule(RuleRequest {
            environment: Some(ENVIRONMENT.into()),
            run: Some(1),
            ..RuleRequest::default()
        });
        let mut material = Self {
            size: (commits, changes, rules),
            now,
            facts: Facts::default(),
            subject: SubjectId::Environment(WEB, ENVIRONMENT.into()),
            before: State::Environment(Box::new(environment)),
            events: vec![Event { account: None, installation: None, repository: None, actor: None, what }],
            instance: Instance { web_url: "https://github.com".into(), app: 1, announces: false },
            policy: policy(rules),
        };
        material.gather();
        assert!(
            material.judged().verdict.as_ref().is_some_and(changegate::domain::gate::Verdict::lets_through)
        );
        material
    }

    pub fn case(&self) -> Case<'_> {
        Case {
            subject: &self.subject,
            before: Some(&self.before),
            events: &self.events,
            facts: &self.facts,
            now: self.now,
            instance: &self.instance,
        }
    }

    /// The request once it was judged.
    pub fn judged(&self) -> Request {
        let Judgement::Decided(decision) = judge(self.case()) else { panic!("it is not decided") };
        decision.after.as_environment().unwrap().requests.first().unwrap().clone()
    }

    fn gather(&mut self) {
        while let Judgement::Needs(questions) = judge(self.case()) {
            for question in questions {
                let answer = Fact::Known(self.answer(&question), self.now);
                self.facts.insert(question, answer);
            }
        }
    }

    /// What the store and GitHub would answer.
    pub fn answer(&self, question: &Question) -> Answer {
        let (commits, changes, _) = self.size;
        match question {
            Question::View(subject) => Answer::View(self.view(subject).map(Box::new)),
            Question::PointingAt(..) => Answer::PointingAt(vec![]),
            Question::RepositoryNamed(_) => Answer::RepositoryNamed(None),
            Question::WorkflowRun(..) => Answer::WorkflowRun(Some(Box::new(run(commits)))),
            Question::Deployments(..) => Answer::Deployments(vec![deployment(self.now)]),
            Question::Compare(..) => Answer::Compare(Some(Box::new(comparison(commits)))),
            Question::Origins(_, commit) => {
                let place = usize::from_str_radix(commit.as_str(), 16).unwrap();
                Answer::Origins(vec![1 + (place % changes) as u64])
            }
            Question::Checks(..) => Answer::Checks((0..self.size.2).map(check).collect()),
            Question::Reference(..) => {
                Answer::Reference(ReferenceReading { branch: Some(sha(commits)), tag: None })
            }
            Question::Known(subject) => Answer::Known(self.known(subject).map(Box::new)),
            Question::Unsettled(_) => Answer::Unsettled(false),
            // A glance shows what is known: neither of them anything.
            Question::IssueGlance(_) => Answer::IssueGlance(None),
            Question::PullRequestGlance(_) => Answer::PullRequestGlance(None),
            Question::PolicyGlance(_) => Answer::PolicyFile(Some(self.policy.as_str().to_owned())),
            other => panic!("nobody answers {other:?}"),
        }
    }

    fn view(&self, subject: &SubjectId) -> Option<View> {
        let changes = self.size.1;
        match subject {
            SubjectId::Repository(_) => Some(View::Repository(self.repository())),
            SubjectId::PullRequest(IssueRef { number, .. }) => {
                Some(View::PullRequest(Box::new(pull_request(*number as usize, changes))))
            }
            SubjectId::ChangeRequest(to) => {
                Some(View::ChangeRequest(Box::new(change_request(*to, self.now))))
            }
            _ => None,
        }
    }

    /// What is known of a subject, beside a glance that shows nothing of it.
    fn known(&self, subject: &SubjectId) -> Option<State> {
        match subject {
            SubjectId::Repository(_) => Some(State::Repository(self.stored_repository())),
            SubjectId::PullRequest(at) => {
                let known = stored_pull_request(at.number as usize, self.size.1);
                Some(State::PullRequest(Box::new(PullRequest { gone: true, ..known })))
            }
            SubjectId::ChangeRequest(to) => {
                let known = stored_change_request(*to, self.now);
                Some(State::ChangeRequest(Box::new(ChangeRequest { gone: Some(Gone::Deleted), ..known })))
            }
            _ => None,
        }
    }

    /// What a database holds: the repository, everything that the deployment brings, and so many change requests.
    pub fn stored(&self, requests: usize) -> Vec<(SubjectId, State)> {
        let changes = self.size.1;
        let repository = (SubjectId::Repository(WEB), State::Repository(self.stored_repository()));
        let pulls = (1..=changes).map(|number| {
            let state = State::PullRequest(Box::new(stored_pull_request(number, changes)));
            (SubjectId::PullRequest(at(number)), state)
        });
        let requests = (changes + 1..=changes + requests).map(|number| {
            let state = State::ChangeRequest(Box::new(stored_change_request(at(number), self.now)));
            (SubjectId::ChangeRequest(at(number)), state)
        });
        std::iter::once(repository).chain(pulls).chain(requests).collect()
    }

    fn stored_repository(&self) -> Repository {
        Repository {
            id: WEB,
            name: "acme/web".parse().unwrap(),
            default_branch: Some("main".into()),
            private: true,
            archived: false,
            left: false,
            policy: PolicyFile { good: Some(self.policy.clone()), ..PolicyFile::default() },
            relabelled: BTreeMap::new(),
            failed: Failed::default(),
            ruled: Some(Ruled { head: sha(0), at: self.now, enforced: true }),
            adopted: BTreeMap::new(),
            tags: Default::default(),
            declared: Default::default(),
            replies: Default::default(),
            straight: None,
            departures: Box::default(),
        }
    }

    fn repository(&self) -> RepositoryView {
        RepositoryView {
            id: WEB,
            name: "acme/web".parse().unwrap(),
            default_branch: Some("main".into()),
            gone: false,
            policy: Some(self.policy.clone()),
            relabelled: BTreeMap::new(),
            failed: BTreeMap::new(),
            ruled_from: Some(sha(0)),
            adopted: BTreeMap::new(),
        }
    }
}

fn check(number: usize) -> CheckReading {
    let name = format!("check-{number}");
    CheckReading { name, app: "github-actions".into(), conclusion: Some("success".into()) }
}

fn run(commits: usize) -> WorkflowRunReading {
    WorkflowRunReading {
        id: 1,
        attempt: 1,
        head_sha: sha(commits),
        head_branch: Some("main".into()),
        head_repo: Some(WEB),
        event: "push".into(),
        status: Some("waiting".into()),
        conclusion: None,
        actor: Some(actor("ana", 1)),
        triggering_actor: None,
        workflow: 1,
        path: ".github/workflows/deploy.yml".into(),
        started_at: None,
    }
}

fn deployment(now: Timestamp) -> DeploymentReading {
    let latest = DeploymentStatusReading { state: "success".into(), creator: None, created_at: now };
    DeploymentReading {
        id: 1,
        sha: sha(0),
        reference: None,
        creator: None,
        created_at: now,
        state: None,
        latest: Some(latest),
    }
}

fn comparison(commits: usize) -> Comparison {
    let commit = |number: usize| ComparedCommit {
        sha: sha(number),
        parents: vec![sha(number - 1)],
        message: format!("Change number {number}\n\nBecause somebody asked for it, with a few words more."),
        author: Some(actor("ana", 1)),
        committer: Some(actor("ana", 1)),
        committed_at: None,
    };
    Comparison {
        status: ComparisonStatus::Ahead,
        merge_base: sha(0),
        behind_by: 0,
        commits: (1..=commits).map(commit).collect(),
    }
}

fn pull_request(number: usize, changes: usize) -> PullRequestView {
    PullRequestView {
        images: None,
        at: at(number),
        title: format!("Change number {number}"),
        open: false,
        draft: false,
        merged_at: Some(Timestamp::UNIX_EPOCH),
        head: sha(1_000_000 + number),
        base_branch: "main".into(),
        author: Some(actor("ana", 1)),
        links: vec![Link { to: at(changes + number), finishes: true }],
        lost_links: vec![],
        too_many_links: false,
        unknown: None,
        people: BTreeSet::new(),
        independent_approvals: vec![actor("lee", 2), actor("quinn", 3)],
        unattributed_commits: vec![],
        policy_edit: None,
        derived: None,
        brought: vec![sha(1_000_000 + number)],
        standard: Standard::default(),
        said: vec![],
        opened_at: None,
        shipped: vec![],
        depends: vec![],
        own: None,
        ties: vec![],
        last_press: None,
    }
}

fn change_request(at: IssueRef, now: Timestamp) -> ChangeRequestView {
    ChangeRequestView {
        at,
        title: "Something is slow".into(),
        exists: true,
        taken_in: true,
        stage: Stage::Accepted,
        acceptance: Acceptance::Accepted { by: Some(actor("kim", 4)), at: now },
        release: None,
        emergency: None,
        risk: None,
        requester: None,
        account: None,
        text: None,
        delivered: None,
        underway: None,
        systems: [].into(),
        needs_no_code: false,
        depends: vec![],
        planned_at: None,
        planned_by: None,
        tried: vec![],
        goes_along: vec![],
        formerly: BTreeSet::new(),
        overheard: vec![],
    }
}

/// Merged, and reviewed by nobody.
fn stored_pull_request(number: usize, changes: usize) -> PullRequest {
    let head = sha(1_000_000 + number);
    let seen = PullRequestSnapshot {
        at: at(number),
        title: format!("Change number {number}"),
        body: "Because somebody asked for it, with a few words more.".into(),
        open: false,
        draft: false,
        merged: true,
        merged_at: Some(Timestamp::UNIX_EPOCH),
        merge_commit: Some(head.clone()),
        head: head.clone(),
        head_branch: format!("change-{number}"),
        head_repo: Some(WEB),
        base: sha(0),
        base_branch: "main".into(),
        author: Some(actor("ana", 1)),
        labels: vec![],
        milestone: None,
        created_at: None,
        updated_at: None,
    };
    let read = Reading {
        head,
        updated_at: None,
        closes: vec![],
        written: vec![],
        claims: Default::default(),
        commits: vec![],
        people: vec![AccountId(1)],
        writers: vec![],
        unproven: vec![],
        files: Files::Whole(vec!["src/main.rs".into()]),
        unattributed: vec![],
        reviews: vec![],
        policy: PolicyAtHead::Same,
    };
    let links = vec![Link { to: at(changes + number), finishes: true }];
    PullRequest {
        images: None,
        seen,
        guessed: false,
        gone: false,
        read: Some(read),
        unread: None,
        given: vec![],
        linked: Linked { links, ..Linked::default() },
        policy_edit: None,
        asking: None,
        derived: None,
        standard: Standard::default(),
        said: vec![],
        shipped: vec![],
        depends: vec![],
        declared: false,
        ties: vec![],
        added: vec![],
        pressed: vec![],
        promoted: false,
        replies: Default::default(),
    }
}

/// Accepted, and merged.
fn stored_change_request(at: IssueRef, now: Timestamp) -> ChangeRequest {
    let seen = IssueSnapshot {
        at,
        title: "Something is slow".into(),
        body: "Every page of the shop takes five seconds since Monday.\n\nPlease make it quick again.".into(),
        open: true,
        state_reason: None,
        labels: vec!["change-request".into()],
        issue_type: None,
        milestone: None,
        assignees: vec![],
        author: Some(actor("sam", 5)),
        created_at: Some(now),
        updated_at: Some(now),
        closed_at: None,
    };
    ChangeRequest {
        seen: Some(seen),
        taken_in: true,
        acceptance: Acceptance::Accepted { by: Some(actor("kim", 4)), at: now },
        stages: vec![(Stage::Accepted, now)],
        ..ChangeRequest::new(at)
    }
}
