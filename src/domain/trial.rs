//! A small GitHub and store on paper, for the tests of every subject.

use std::collections::BTreeMap;

use crate::domain::{
    change_request::ChangeRequest,
    decide::{Case, Decision, Instance, Judgement, judge},
    event::{
        Event, IssueSnapshot, PullRequestChange, PullRequestSnapshot, RepositoryNumber, RepositorySnapshot,
        ReviewSnapshot, ReviewState, What,
    },
    facts::{
        Answer, CheckReading, CommitReading, Comparison, DeploymentReading, EnvironmentReading, Fact, Facts,
        ImageLabels, PendingDeployment, PolicyAtHead, PullRequestReading, Question, ReferenceReading,
        WorkflowRunReading,
    },
    glance::{IssueGlance, PullRequestGlance},
    ids::{AccountId, Actor, InstallationId, IssueRef, RepoId, RepoName, Sha, SubjectId},
    link::Link,
    patch::Changes,
    policy::PolicyText,
    pull_request::{Files, PullRequestView, Standard},
    repository::RepositoryView,
    subject::{Relation, State, View},
};
use jiff::Timestamp;

pub const WEB: RepoId = RepoId(7);
pub const BILLING: RepoId = RepoId(8);
/// The owner's `.github`.
pub const SHARED: RepoId = RepoId(9);
/// Our number as a GitHub App.
pub const APP: u64 = 4711;
pub const INSTALLATION: InstallationId = InstallationId(5);

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
    Instance { web_url: "https://github.com".into(), app: APP, announces: false }
}

pub fn name(repo: RepoId) -> RepoName {
    let name = match repo {
        WEB => "acme/web",
        BILLING => "acme/billing",
        SHARED => "acme/.github",
        other => panic!("repository {other} has no name here"),
    };
    name.parse().unwrap()
}

/// A repository as lists show it.
pub fn named(repo: RepoId) -> RepositoryNumber {
    RepositoryNumber { id: repo, name: name(repo) }
}

/// A repository as deliveries show it.
pub fn seen(repo: RepoId) -> RepositorySnapshot {
    RepositorySnapshot {
        id: repo,
        name: name(repo),
        default_branch: Some("main".into()),
        private: Some(true),
        archived: Some(false),
    }
}

/// A repository with this policy file.
pub fn repository(repo: RepoId, policy: Option<&PolicyText>) -> RepositoryView {
    let default_branch = Some("main".into());
    RepositoryView {
        id: repo,
        name: name(repo),
        default_branch,
        gone: false,
        policy: policy.cloned(),
        relabelled: BTreeMap::new(),
        ruled_from: None,
        adopted: BTreeMap::new(),
        failed: BTreeMap::new(),
    }
}

/// An open issue of which nobody has said anything.
pub fn issue(number: u64) -> IssueSnapshot {
    IssueSnapshot {
        at: at(number),
        title: "Faster checkout".into(),
        body: String::new(),
        open: true,
        state_reason: None,
        labels: vec![],
        issue_type: None,
        milestone: None,
        assignees: vec![],
        author: None,
        created_at: None,
        updated_at: None,
        closed_at: None,
    }
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
        writers: None,
    };
    PullRequestReading {
        pull_request,
        closes: vec![],
        commits: vec![commit],
        reviews: vec![],
        files: Files::Whole(vec!["src/login.rs".into()]),
        policy: PolicyAtHead::Same,
        complete: true,
    }
}

/// An open pull request at commit `a` that finishes these issues.
pub fn pull_request(at: IssueRef, links: &[IssueRef]) -> PullRequestView {
    PullRequestView {
        at,
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
        people: [actor("ana").id].into(),
        independent_approvals: vec![],
        unattributed_commits: vec![],
        policy_edit: None,
        derived: None,
        brought: vec![],
        standard: Standard::default(),
        said: vec![],
        opened_at: None,
        shipped: vec![],
        depends: vec![],
        own: None,
        ties: vec![],
        last_press: None,
        images: None,
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
    /// What each pull request changes.
    pub changes: BTreeMap<IssueRef, Changes>,
    /// What each commit changes.
    pub commit_changes: BTreeMap<Sha, Changes>,
    /// The merged pull requests that a commit came with.
    pub origins: BTreeMap<Sha, Vec<u64>>,
    /// The check runs on a commit.
    pub checks: BTreeMap<Sha, Vec<CheckReading>>,
    /// The policy file that every repository has on GitHub.
    pub file: Option<String>,
    /// The pull requests through which that file came.
    pub origin: Vec<u64>,
    /// The repositories that the installation reaches.
    pub reaches: Vec<RepositoryNumber>,
    /// The runs of workflows.
    pub runs: BTreeMap<u64, WorkflowRunReading>,
    /// What waits in a run.
    pub waiting: BTreeMap<u64, Vec<PendingDeployment>>,
    /// The deployments to an environment, newest first.
    pub deployments: BTreeMap<String, Vec<DeploymentReading>>,
    /// What lies between two commits.
    pub comparisons: BTreeMap<(Sha, Sha), Comparison>,
    /// The files at each commit.
    pub files: BTreeMap<(Sha, String), String>,
    /// What workflows have signed that every image was built from.
    pub provenance: Vec<Sha>,
    /// The server trusts no attestations.
    pub trusts_nothing: bool,
    /// The labels of images, by name and digest.
    pub image_labels: BTreeMap<(String, String), Vec<ImageLabels>>,
    /// What a name stands for.
    pub references: BTreeMap<String, ReferenceReading>,
    /// How an environment is guarded.
    pub environments: BTreeMap<String, EnvironmentReading>,
    /// What is known of subjects.
    pub states: BTreeMap<SubjectId, State>,
    /// What GitHub shows of issues and pull requests at a glance.
    pub issue_glances: BTreeMap<IssueRef, IssueGlance>,
    pub pull_request_glances: BTreeMap<IssueRef, PullRequestGlance>,
    /// Something has arrived and is not settled.
    pub unsettled: bool,
    /// GitHub does not answer.
    pub down: bool,
}

impl World {
    /// Two repositories of acme, `web` and `billing`; this is the policy file of `web`, if it has one.
    pub fn new(policy: Option<&str>) -> Self {
        let policy = policy.map(PolicyText::from);
        Self::default().holding(WEB, policy.as_ref()).holding(BILLING, None)
    }

    /// With this repository, and this policy file in it.
    pub fn holding(self, repo: RepoId, policy: Option<&PolicyText>) -> Self {
        self.showing(SubjectId::Repository(repo), View::Repository(repository(repo, policy)))
    }

    /// With what others may read of this subject.
    pub fn showing(mut self, subject: SubjectId, view: View) -> Self {
        self.views.insert(subject, view);
        self
    }

    /// GitHub shows #41 and #12 at a glance as they are known.
    pub fn shown_as_it_is_known(self) -> Self {
        let mut world = self;
        let read = What::Swept { issues: vec![], pull_requests: vec![at(41)] };
        world.readings.insert(at(41), reading(snapshot(41)));
        let known = world.decide(&SubjectId::PullRequest(at(41)), None, &[event(read)], time(0)).after;
        let seen = known.as_pull_request().unwrap().seen.clone();
        let shown = PullRequestGlance {
            updated_at: seen.updated_at,
            edited_at: None,
            title: seen.title,
            open: seen.open,
            draft: seen.draft,
            merge_commit: seen.merge_commit,
            head: seen.head,
            base_branch: seen.base_branch,
            closes: known
                .as_pull_request()
                .unwrap()
                .read
                .iter()
                .flat_map(|read| read.closes.clone())
                .collect(),
            reviews: BTreeMap::new(),
        };
        world.pull_request_glances.insert(at(41), shown);
        world.states.insert(SubjectId::PullRequest(at(41)), known);
        let seen = IssueSnapshot { updated_at: Some(time(0)), ..issue(12) };
        let shown = IssueGlance {
            updated_at: Some(time(0)),
            open: true,
            state_reason: None,
            labels: seen.labels.clone(),
            milestone: None,
        };
        let known = ChangeRequest { seen: Some(seen), ..ChangeRequest::new(at(12)) };
        world.states.insert(SubjectId::ChangeRequest(at(12)), State::ChangeRequest(Box::new(known)));
        world.issue_glances.insert(at(12), shown);
        world
    }

    fn file_at(&self, sha: &Sha, path: &str) -> Option<String> {
        self.files.get(&(sha.clone(), path.to_owned())).cloned()
    }

    /// What is known of images.
    fn of_images(&self, question: &Question) -> Fact<Answer> {
        let Question::ImageLabels(image, digest) = question else {
            let signed = Answer::Provenance(self.provenance.clone());
            return Fact::Known(if self.trusts_nothing { Answer::NoTrust } else { signed }, time(0));
        };
        match self.image_labels.get(&(image.clone(), digest.clone())) {
            Some(found) => Fact::Known(Answer::ImageLabels(found.clone()), time(0)),
            None => Fact::Unknown(format!("{image} is not found")),
        }
    }

    pub fn answer(&self, question: &Question) -> Fact<Answer> {
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
            Question::PolicyFile(_) | Question::PolicyGlance(_) => Answer::PolicyFile(self.file.clone()),
            Question::PolicyOrigin(_) => Answer::PolicyOrigin(self.origin.clone()),
            Question::Team(_) => Answer::Team(vec![]),
            Question::Person(login) => Answer::Person((login != "nobody").then(|| actor(login))),
            Question::Links(at) => {
                Answer::Links(self.readings.get(at).map(|it| it.closes.clone()).unwrap_or_default())
            }
            Question::Changes(at) => Answer::Changes(self.changes.get(at).cloned()),
            Question::CommitChanges(_, sha) => Answer::Changes(self.commit_changes.get(sha).cloned()),
            Question::ChangesBetween(_, _, head) => Answer::Changes(self.commit_changes.get(head).cloned()),
            Question::Origins(_, sha) => Answer::Origins(self.origins.get(sha).cloned().unwrap_or_default()),
            Question::Checks(_, sha) => Answer::Checks(self.checks.get(sha).cloned().unwrap_or_default()),
            Question::InstallationRepositories(_) => Answer::InstallationRepositories(self.reaches.clone()),
            Question::WorkflowRun(_, run) => Answer::WorkflowRun(self.runs.get(run).cloned().map(Box::new)),
            Question::PendingDeployments(_, run) => {
                Answer::PendingDeployments(self.waiting.get(run).cloned().unwrap_or_default())
            }
            Question::Deployments(_, environment) => {
                Answer::Deployments(self.deployments.get(environment).cloned().unwrap_or_default())
            }
            Question::Compare(_, base, head) => {
                Answer::Compare(self.comparisons.get(&(base.clone(), head.clone())).cloned().map(Box::new))
            }
            Question::TagIsKept(..) => Answer::TagIsKept(false),
            Question::Provenance(..) | Question::ImageLabels(..) => return self.of_images(question),
            Question::File(_, sha, path) => Answer::File(self.file_at(sha, path)),
            Question::Reference(_, name) => {
                Answer::Reference(self.references.get(name).cloned().unwrap_or_default())
            }
            Question::WaitingRuns(_) => Answer::WaitingRuns(self.waiting.keys().copied().collect()),
            Question::Known(subject) => Answer::Known(self.states.get(subject).cloned().map(Box::new)),
            Question::Unsettled(_) => Answer::Unsettled(self.unsettled),
            Question::AtStage(_) => Answer::AtStage(0),
            Question::IssueGlance(at) => Answer::IssueGlance(self.issue_glances.get(at).cloned()),
            Question::PullRequestGlance(at) => {
                Answer::PullRequestGlance(self.pull_request_glances.get(at).cloned().map(Box::new))
            }
            Question::EnvironmentRules(_, name) => {
                Answer::EnvironmentRules(self.environments.get(name).cloned().map(Box::new))
            }
        };
        Fact::Known(answer, time(0))
    }

    /// Judges; says what GitHub was asked, too.
    pub fn ask(
        &self,
        subject: &SubjectId,
        before: Option<&State>,
        events: &[Event],
        now: Timestamp,
    ) -> (Judgement, Vec<Question>) {
        let mut asked = vec![];
        let judgement = judged(subject, before, events, now, |question| {
            asked.extend((!question.is_for_the_store()).then(|| question.clone()));
            self.answer(question)
        });
        (judgement, asked)
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

/// Judges, finding out what is asked in at most four rounds; releases and environments put much together, and may ask in
/// twelve.
pub fn judged(
    subject: &SubjectId,
    before: Option<&State>,
    events: &[Event],
    now: Timestamp,
    mut answer: impl FnMut(&Question) -> Fact<Answer>,
) -> Judgement {
    let (mut facts, instance) = (Facts::default(), instance());
    let rounds = match subject {
        SubjectId::Release(_) | SubjectId::Environment(..) | SubjectId::Promotion(..) => 12,
        SubjectId::Account
        | SubjectId::Repository(_)
        | SubjectId::Milestone(..)
        | SubjectId::PullRequest(_)
        | SubjectId::ChangeRequest(_)
        | SubjectId::Commit(..) => 4,
    };
    for _ in 0..=rounds {
        match judge(Case { subject, before, events, facts: &facts, now, instance: &instance }) {
            Judgement::Needs(questions) => {
                assert!(!questions.is_empty(), "it asks nothing");
                for question in questions {
                    let found = answer(&question);
                    facts.insert(question, found);
                }
            }
            judgement @ (Judgement::Decided(_) | Judgement::Ignored(_)) => return judgement,
        }
    }
    panic!("more than {rounds} rounds for {subject}")
}

/// Every order of the numbers below `count`.
pub fn orders(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else { return vec![vec![]] };
    let with_last = |order: Vec<usize>| {
        (0..count).map(move |place| {
            let mut order = order.clone();
            order.insert(place, last);
            order
        })
    };
    orders(last).into_iter().flat_map(with_last).collect()
}
