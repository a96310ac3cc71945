//! What is true on GitHub, as far as the model plays with it, and how GitHub shows it when it is asked.

use std::collections::BTreeMap;

use changegate::domain::{
    event::{
        DeploymentReport, DeploymentSnapshot, Event, PullRequestSnapshot, ReviewChange, ReviewSnapshot,
        ReviewState, RuleRequest, RunSnapshot, What,
    },
    facts::{
        Answer, CheckReading, CommitReading, ComparedCommit, Comparison, ComparisonStatus, DeploymentReading,
        DeploymentStatusReading, Fact, PendingDeployment, PolicyAtHead, PullRequestReading, Question,
        ReferenceReading, WorkflowRunReading,
    },
    ids::{AccountId, Actor, IssueRef, RepoId, Sha},
    pull_request::Files,
};
use jiff::{SignedDuration, Timestamp};

pub const WEB: RepoId = RepoId(7);
pub const ENVIRONMENT: &str = "production";
/// Ana's work, with which the model plays.
pub const OURS: u64 = 41;
/// Another pull request, which was merged after it and stands well.
pub const OTHER: u64 = 42;
/// The change request that both belong to.
pub const CHANGE: u64 = 12;
/// The one that the other belongs to where emergencies are played; it is accepted, and no emergency.
pub const OTHER_CHANGE: u64 = 13;

pub fn at(number: u64) -> IssueRef {
    IssueRef { repo: WEB, number }
}

pub fn sha(digit: char) -> Sha {
    digit.to_string().repeat(40).parse().expect("forty digits are a commit")
}

pub fn actor(id: u64, login: &str) -> Actor {
    Actor { id: AccountId(id), login: login.into(), person: true }
}

/// An hour lies between two phases.
pub fn time(phase: u8) -> Timestamp {
    let morning: Timestamp = "2026-11-23T09:00:00Z".parse().expect("a time");
    morning + SignedDuration::from_hours(i64::from(phase))
}

/// One attempt of a run that deploys: run 1 brings ours, run 2 the other on top of it, and run 1 may be started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    pub run: u64,
    pub attempt: u64,
    pub sha: char,
    pub deployment: u64,
}

pub const ATTEMPTS: [Attempt; 3] = [
    Attempt { run: 1, attempt: 1, sha: 'c', deployment: 11 },
    Attempt { run: 2, attempt: 1, sha: 'd', deployment: 12 },
    Attempt { run: 1, attempt: 2, sha: 'c', deployment: 13 },
];

/// How far an attempt has come on GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Job {
    /// It was not started.
    None,
    /// It waits for our rule.
    Waits,
    /// It was let through at this phase, and has not begun.
    Let(u8),
    Runs,
    Succeeded,
    Failed,
    /// It was refused or cancelled, and changed nothing.
    Gone,
}

/// Quinn's review of one head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Review {
    None,
    Approves,
    Dismissed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Check {
    Runs,
    Passed,
    Failed,
}

/// An emergency: declared at a phase, and what was paid for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Crisis {
    pub declared: Option<u8>,
    pub signed: bool,
    pub looked_back: bool,
}

impl Crisis {
    pub const NONE: Self = Self { declared: None, signed: false, looked_back: false };

    /// It lasts an hour, and until it was looked back on.
    pub fn lasts(self, phase: u8) -> bool {
        self.declared.is_some_and(|declared| phase == declared) && !self.looked_back
    }

    /// The signature is due after an hour, the look back after two.
    pub fn is_overdue(self, phase: u8) -> bool {
        let since = self.declared.map(|declared| phase - declared);
        since.is_some_and(|hours| (hours >= 1 && !self.signed) || (hours >= 2 && !self.looked_back))
    }
}

/// What is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Truth {
    /// Which of two heads our pull request has: somebody pushed.
    pub pushed: bool,
    /// Of each head.
    pub reviews: [Review; 2],
    pub merged: bool,
    /// The change request is accepted.
    pub accepted: bool,
    /// The policy file names a freeze, which ends before the third phase.
    pub frozen: bool,
    /// On what ours was merged as.
    pub check: Check,
    /// Of the change request that ours belongs to.
    pub crisis: Crisis,
    /// GitHub does not answer.
    pub down: bool,
    pub jobs: [Job; 3],
}

impl Truth {
    pub const START: Self = Self {
        pushed: false,
        reviews: [Review::None; 2],
        merged: false,
        accepted: false,
        frozen: false,
        check: Check::Runs,
        crisis: Crisis::NONE,
        down: false,
        jobs: [Job::None; 3],
    };

    pub fn head(&self) -> char {
        if self.pushed { 'b' } else { 'a' }
    }

    /// Whether somebody approved exactly what was merged.
    pub fn is_approved(&self) -> bool {
        self.reviews[usize::from(self.pushed)] == Review::Approves
    }

    /// Whether ours runs already, or ran: then it is brought no more, and the way back to it is open.
    pub fn ran(&self) -> bool {
        ATTEMPTS.iter().zip(self.jobs).any(|(it, job)| it.sha == 'c' && job == Job::Succeeded)
    }

    /// Whether the other one runs already, or ran.
    pub fn other_ran(&self) -> bool {
        ATTEMPTS.iter().zip(self.jobs).any(|(it, job)| it.sha == 'd' && job == Job::Succeeded)
    }

    /// Without what a judgement of the environment does not ask GitHub about: it reads that from the store, and sees at a
    /// glance that it is so.
    pub fn as_deployments_see_it(self) -> Self {
        Self { check: self.check, down: self.down, jobs: self.jobs, ..Self::START }
    }

    pub fn pull_request(&self) -> PullRequestSnapshot {
        let merged = self.merged;
        PullRequestSnapshot {
            at: at(OURS),
            title: "Faster login".into(),
            body: String::new(),
            open: !merged,
            draft: false,
            merged,
            merged_at: merged.then(|| time(0)),
            merge_commit: merged.then(|| sha('c')),
            head: sha(self.head()),
            head_branch: "login".into(),
            head_repo: Some(WEB),
            base: sha('0'),
            base_branch: "main".into(),
            author: Some(actor(1, "ana")),
            labels: vec![],
            milestone: None,
            created_at: Some(time(0)),
            updated_at: Some(time(0)),
        }
    }

    fn review(&self, head: usize, on: char) -> ReviewSnapshot {
        ReviewSnapshot {
            id: 1 + head as u64,
            author: Some(actor(2, "quinn")),
            state: match self.reviews[head] {
                Review::Approves => ReviewState::Approved,
                Review::Dismissed => ReviewState::Dismissed,
                Review::None => ReviewState::Pending,
            },
            commit: Some(sha(on)),
            submitted_at: Some(time(0) + SignedDuration::from_secs(head as i64)),
        }
    }

    /// As GitHub shows it. After a push, it shows reviews at the new head.
    fn reading(&self) -> PullRequestReading {
        let given = (0..2).filter(|head| self.reviews[*head] != Review::None);
        PullRequestReading {
            pull_request: self.pull_request(),
            closes: vec![at(CHANGE)],
            commits: vec![CommitReading {
                sha: sha(self.head()),
                message: "Work".into(),
                people: vec![Some(actor(1, "ana"))],
                writers: None,
            }],
            reviews: given.map(|head| self.review(head, self.head())).collect(),
            files: Files::Whole(vec!["src/login.rs".into()]),
            policy: PolicyAtHead::Same,
            complete: true,
        }
    }

    pub fn answer(&self, question: &Question, phase: u8) -> Fact<Answer> {
        if self.down {
            return Fact::Unknown("GitHub could not be reached since 09:00 UTC".into());
        }
        let answer = match question {
            Question::PullRequest(number) if *number == at(OURS) => {
                Answer::PullRequest(Some(Box::new(self.reading())))
            }
            Question::Links(_) => Answer::Links(vec![at(CHANGE)]),
            Question::Checks(_, commit) => Answer::Checks(self.checks(commit)),
            Question::WorkflowRun(_, run) => Answer::WorkflowRun(self.run(*run).map(Box::new)),
            Question::WaitingRuns(_) => Answer::WaitingRuns(self.waiting()),
            Question::PendingDeployments(_, run) => Answer::PendingDeployments(self.pending(*run)),
            Question::Deployments(..) => Answer::Deployments(self.deployments(phase)),
            Question::Origins(_, commit) => Answer::Origins(origins(commit)),
            Question::Compare(_, base, head) => Answer::Compare(Some(Box::new(comparison(base, head)))),
            Question::Reference(..) => {
                Answer::Reference(ReferenceReading { branch: Some(sha('d')), tag: None })
            }
            other => return Fact::Unknown(format!("the model does not know {other:?}")),
        };
        Fact::Known(answer, time(phase))
    }

    fn checks(&self, commit: &Sha) -> Vec<CheckReading> {
        let ended = if *commit == sha('c') { self.check } else { Check::Passed };
        let conclusion = match ended {
            Check::Runs => None,
            Check::Passed => Some("success".into()),
            Check::Failed => Some("failure".into()),
        };
        vec![CheckReading { name: "ci".into(), app: "github-actions".into(), conclusion }]
    }

    /// The latest attempt of a run.
    fn run(&self, run: u64) -> Option<WorkflowRunReading> {
        let (it, job) = self.started(run)?;
        let (status, conclusion) = match job {
            Job::None | Job::Waits | Job::Let(_) => ("waiting", None),
            Job::Runs => ("in_progress", None),
            Job::Succeeded => ("completed", Some("success")),
            Job::Failed => ("completed", Some("failure")),
            Job::Gone => ("completed", Some("cancelled")),
        };
        Some(WorkflowRunReading {
            id: run,
            attempt: it.attempt,
            head_sha: sha(it.sha),
            head_branch: Some("main".into()),
            head_repo: Some(WEB),
            event: "workflow_dispatch".into(),
            status: Some(status.into()),
            conclusion: conclusion.map(str::to_owned),
            actor: Some(actor(1, "ana")),
            triggering_actor: Some(actor(1, "ana")),
            workflow: 1,
            path: ".github/workflows/deploy.yml".into(),
            started_at: None,
        })
    }

    /// The runs that wait for our rule.
    fn waiting(&self) -> Vec<u64> {
        let waits = |run: &u64| self.started(*run).is_some_and(|(_, job)| job == Job::Waits);
        [1, 2].into_iter().filter(waits).collect()
    }

    fn pending(&self, run: u64) -> Vec<PendingDeployment> {
        let pending = PendingDeployment {
            environment: ENVIRONMENT.into(),
            answerable: true,
            reviewers: vec![],
            wait_timer: 0,
            waits_since: None,
        };
        if self.waiting().contains(&run) { vec![pending] } else { vec![] }
    }

    fn started(&self, run: u64) -> Option<(Attempt, Job)> {
        let of_run = |(it, job): &(Attempt, Job)| it.run == run && *job != Job::None;
        ATTEMPTS.into_iter().zip(self.jobs).rfind(of_run)
    }

    fn deployments(&self, phase: u8) -> Vec<DeploymentReading> {
        // When we are asked for it, it has been so for a while.
        let before = |phase| time(phase) - SignedDuration::from_mins(1);
        let reading = |id: u64, commit: char, state: &str, phase: u8| DeploymentReading {
            id,
            sha: sha(commit),
            reference: Some("main".into()),
            creator: Some(actor(1, "ana")),
            created_at: before(phase),
            state: None,
            latest: Some(DeploymentStatusReading {
                state: state.into(),
                creator: None,
                created_at: before(phase),
            }),
        };
        let begun = ATTEMPTS.iter().zip(self.jobs).filter_map(|(it, job)| {
            let state = state(job)?;
            Some(reading(it.deployment, it.sha, state, phase))
        });
        let mut all: Vec<DeploymentReading> =
            [reading(10, '0', "success", 0)].into_iter().chain(begun).collect();
        all.reverse();
        all
    }

    /// What a delivery tells that is sent now.
    pub fn tells(&self, news: News) -> Event {
        let what = match news {
            News::Review(head) => What::Review {
                change: ReviewChange::Submitted,
                pull_request: at(OURS),
                review: self.review(head, ['a', 'b'][head]),
            },
            News::Pull | News::Change | News::Policy => What::Swept { issues: vec![], pull_requests: vec![] },
            News::Asks(run) => What::ProtectionRule(RuleRequest {
                environment: Some(ENVIRONMENT.into()),
                run: Some(run),
                deployment: self.started(run).map(|(it, _)| deployment(it)),
                ..RuleRequest::default()
            }),
            News::Withheld(place) => What::Withheld {
                environment: ENVIRONMENT.into(),
                run: ATTEMPTS[place].run,
                attempt: ATTEMPTS[place].attempt,
            },
            News::Began(place) => told(place, "in_progress"),
            News::Ended(place) => told(place, state(self.jobs[place]).unwrap_or("failure")),
        };
        Event { account: None, installation: None, repository: None, actor: None, what }
    }
}

fn state(job: Job) -> Option<&'static str> {
    match job {
        Job::None | Job::Waits | Job::Let(_) | Job::Gone => None,
        Job::Runs => Some("in_progress"),
        Job::Succeeded => Some("success"),
        Job::Failed => Some("failure"),
    }
}

fn told(place: usize, state: &str) -> What {
    let Attempt { run, attempt, .. } = ATTEMPTS[place];
    What::DeploymentStatus {
        state: Some(state.into()),
        deployment: deployment(ATTEMPTS[place]),
        report: DeploymentReport::default(),
        run: Some(RunSnapshot { id: run, attempt: Some(attempt) }),
    }
}

fn deployment(of: Attempt) -> DeploymentSnapshot {
    DeploymentSnapshot {
        id: of.deployment,
        environment: Some(ENVIRONMENT.into()),
        sha: Some(sha(of.sha)),
        reference: Some("main".into()),
        creator: None,
        app: None,
        created_at: None,
    }
}

/// With which merged pull request a commit came.
fn origins(commit: &Sha) -> Vec<u64> {
    let came: BTreeMap<Sha, u64> = [(sha('c'), OURS), (sha('d'), OTHER)].into();
    came.get(commit).copied().into_iter().collect()
}

/// The history is a line: `0`, `c`, `d`.
fn comparison(base: &Sha, head: &Sha) -> Comparison {
    const LINE: [char; 3] = ['0', 'c', 'd'];
    let place = |of: &Sha| LINE.iter().position(|it| sha(*it) == *of).unwrap_or_default();
    let (from, to) = (place(base), place(head));
    let commit = |place: usize| ComparedCommit {
        sha: sha(LINE[place]),
        parents: vec![sha(LINE[place - 1])],
        message: "Work".into(),
        author: Some(actor(1, "ana")),
        committer: Some(actor(1, "ana")),
        committed_at: None,
    };
    let status = match from.cmp(&to) {
        std::cmp::Ordering::Less => ComparisonStatus::Ahead,
        std::cmp::Ordering::Equal => ComparisonStatus::Identical,
        std::cmp::Ordering::Greater => ComparisonStatus::Behind,
    };
    Comparison {
        status,
        merge_base: sha(LINE[from.min(to)]),
        behind_by: from.saturating_sub(to) as u64,
        commits: (from + 1..=to).map(commit).collect(),
    }
}

/// What a delivery is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum News {
    /// Of one of the heads.
    Review(usize),
    /// A push, or that it was merged.
    Pull,
    Change,
    Policy,
    /// A run asks our rule.
    Asks(u64),
    /// An answer to this attempt was not sent: we say so ourselves.
    Withheld(usize),
    Began(usize),
    Ended(usize),
}

impl News {
    pub const ALL: [Self; 16] = [
        Self::Review(0),
        Self::Review(1),
        Self::Pull,
        Self::Change,
        Self::Policy,
        Self::Asks(1),
        Self::Asks(2),
        Self::Withheld(0),
        Self::Withheld(1),
        Self::Withheld(2),
        Self::Began(0),
        Self::Began(1),
        Self::Began(2),
        Self::Ended(0),
        Self::Ended(1),
        Self::Ended(2),
    ];
}

/// Several, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Pile(u32);

impl Pile {
    pub const NONE: Self = Self(0);

    fn bit(news: News) -> u32 {
        News::ALL.iter().position(|it| *it == news).map_or(0, |place| 1 << place)
    }

    pub fn of(all: &[News]) -> Self {
        Self(all.iter().fold(0, |bits, news| bits | Self::bit(*news)))
    }

    pub fn has(self, news: News) -> bool {
        self.0 & Self::bit(news) != 0
    }

    pub fn add(&mut self, news: News) {
        self.0 |= Self::bit(news);
    }

    pub fn take(&mut self, news: News) {
        self.0 &= !Self::bit(news);
    }

    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = News> {
        News::ALL.into_iter().filter(move |news| self.has(*news))
    }

    pub fn about_ours() -> Self {
        Self::of(&[News::Review(0), News::Review(1), News::Pull])
    }

    /// What the environment itself hears.
    pub fn of_deploying() -> Self {
        Self(0).with_all(
            News::ALL.into_iter().filter(|it| {
                matches!(it, News::Asks(_) | News::Withheld(_) | News::Began(_) | News::Ended(_))
            }),
        )
    }

    fn with_all(mut self, all: impl Iterator<Item = News>) -> Self {
        all.for_each(|news| self.add(news));
        self
    }
}
