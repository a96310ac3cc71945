//! The world around one issue: what GitHub shows, and how questions are answered from it.

use jiff::{SignedDuration, Timestamp};

use super::{AT, BILLING, POLICY, SHARED, WEB, short};
use crate::domain::{
    change_request::{Acceptance, ChangeRequest, Stage},
    decide::{Decision, Judgement},
    effect::Call,
    event::{CommentChange, CommentSnapshot, CommentedOn, Event, IssueChange, IssueSnapshot, What},
    facts::{Answer, Fact, IssueReading, Question, SetBy},
    ids::{Actor, CommentId, IssueRef, RepoId, SubjectId},
    link::Link,
    milestone::MilestoneView,
    policy::PolicyText,
    pull_request::PullRequestView,
    subject::{Relation, State, View},
    trial::{self, actor},
};

#[derive(Debug, Clone)]
pub struct World {
    pub now: Timestamp,
    pub issue: Option<IssueSnapshot>,
    pub labels_set: Vec<SetBy>,
    pub milestone_set: Option<SetBy>,
    pub closed: Option<SetBy>,
    pub policy: Option<PolicyText>,
    /// Whether the policy is the organisation's.
    pub shared: bool,
    pub pulls: Vec<PullRequestView>,
    pub state: Option<State>,
    /// Why GitHub cannot be read.
    pub outage: Option<String>,
    /// Whether only teams cannot be read.
    pub of_teams: bool,
    /// What GitHub was asked so far.
    pub asked: Vec<Question>,
    pub comments: u64,
    /// How many others are accepted.
    pub accepted: usize,
}

impl World {
    /// An issue by sam, opened a second ago; nothing has been delivered.
    pub fn new() -> Self {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let issue = IssueSnapshot {
            body: "### Why\n\nMoney".into(),
            author: Some(actor("sam")),
            created_at: Some(now),
            updated_at: Some(now),
            ..trial::issue(AT.number)
        };
        Self {
            now,
            issue: Some(issue),
            labels_set: vec![],
            milestone_set: None,
            closed: None,
            policy: Some(POLICY.into()),
            shared: false,
            pulls: vec![],
            state: None,
            outage: None,
            of_teams: false,
            asked: vec![],
            comments: 0,
            accepted: 0,
        }
    }

    /// The same, taken in and settled.
    pub fn taken_in() -> Self {
        let mut world = Self::new();
        let labelled = world.label("sam", "change-request");
        world.deliver(&[labelled]);
        world
    }

    pub fn with_policy(mut self, policy: &str) -> Self {
        self.policy = Some(policy.into());
        self
    }

    pub fn tick(&mut self, seconds: i64) -> Timestamp {
        self.now += SignedDuration::from_secs(seconds);
        self.now
    }

    pub fn issue(&mut self) -> &mut IssueSnapshot {
        self.issue.as_mut().unwrap()
    }

    /// Somebody changes the issue, ten seconds later.
    pub fn change(&mut self, by: &str, change: IssueChange, how: impl FnOnce(&mut IssueSnapshot)) -> Event {
        let now = self.tick(10);
        let issue = self.issue();
        how(issue);
        issue.updated_at = Some(now);
        let issue = issue.clone();
        self.event(by, What::Issue { change, issue })
    }

    pub fn event(&self, by: &str, what: What) -> Event {
        Event {
            account: None,
            installation: None,
            repository: Some(trial::seen(WEB)),
            actor: Some(actor(by)),
            what,
        }
    }

    pub fn label(&mut self, by: &str, name: &str) -> Event {
        let event = self.change(by, IssueChange::Labeled(name.into()), |issue| {
            issue.labels.push(name.into());
            issue.labels.sort();
            issue.labels.dedup();
        });
        self.labels_set.retain(|set| set.name != name);
        self.labels_set.push(SetBy { name: name.into(), by: Some(actor(by)), at: Some(self.now) });
        event
    }

    pub fn unlabel(&mut self, by: &str, name: &str) -> Event {
        self.labels_set.retain(|set| set.name != name);
        self.change(by, IssueChange::Unlabeled(name.into()), |issue| {
            issue.labels.retain(|label| label != name);
        })
    }

    pub fn edit(&mut self, by: &str, body: &str) -> Event {
        self.change(by, IssueChange::Edited, |issue| issue.body = body.into())
    }

    pub fn milestone(&mut self, by: &str, number: u64) -> Event {
        let event = self.change(by, IssueChange::Milestoned, |issue| issue.milestone = Some(number));
        let name = title(number);
        self.milestone_set = Some(SetBy { name, by: Some(actor(by)), at: Some(self.now) });
        event
    }

    pub fn close(&mut self, by: &str, reason: &str) -> Event {
        let closed_at = self.now + SignedDuration::from_secs(10);
        let event = self.change(by, IssueChange::Closed, |issue| {
            issue.open = false;
            issue.state_reason = Some(reason.into());
            issue.closed_at = Some(closed_at);
        });
        self.closed = Some(SetBy { name: reason.into(), by: Some(actor(by)), at: Some(closed_at) });
        event
    }

    pub fn reopen(&mut self, by: &str) -> Event {
        self.closed = None;
        self.change(by, IssueChange::Reopened, |issue| {
            (issue.open, issue.closed_at, issue.state_reason) = (true, None, Some("reopened".into()));
        })
    }

    /// The comments are numbered from 1.
    pub fn comment(&mut self, by: &str, body: &str) -> Event {
        let now = self.tick(10);
        self.issue().updated_at = Some(now);
        self.comments += 1;
        let comment = CommentSnapshot {
            id: CommentId(self.comments),
            body: body.into(),
            author: Some(actor(by)),
            app: None,
            created_at: Some(now),
            updated_at: Some(now),
        };
        let on = CommentedOn::Issue(Box::new(self.issue().clone()));
        self.event(by, What::Comment { change: CommentChange::Created, on, comment })
    }

    /// A pull request for the issue; `merged_at` as given.
    pub fn pull(&mut self, number: u64, finishes: bool, open: bool, merged: bool) {
        let at = IssueRef { repo: if number < 20 { BILLING } else { WEB }, number };
        self.pulls.retain(|pull| pull.at != at);
        self.pulls.push(PullRequestView {
            open,
            merged_at: merged.then_some(self.now),
            links: vec![Link { to: AT, finishes }],
            ..trial::pull_request(at, &[])
        });
    }

    /// Judges the events together.
    pub fn deliver(&mut self, events: &[Event]) -> Decision {
        match self.judge(events) {
            Judgement::Decided(decision) => {
                self.state = Some(decision.after.clone());
                *decision
            }
            other @ (Judgement::Ignored(_) | Judgement::Needs(_)) => panic!("{other:?}"),
        }
    }

    /// Judges, and answers what is asked.
    pub fn judge(&mut self, events: &[Event]) -> Judgement {
        let (mut asked, subject) = (vec![], SubjectId::ChangeRequest(AT));
        let judgement = trial::judged(&subject, self.state.as_ref(), events, self.now, |question| {
            asked.extend((!question.is_for_the_store()).then(|| question.clone()));
            self.answer(question)
        });
        self.asked.extend(asked);
        judgement
    }

    /// Judges, does what was decided as GitHub would, and delivers what comes back, until nothing follows.
    pub fn settle(&mut self, events: &[Event]) -> Vec<String> {
        let mut told = vec![];
        let mut waiting = vec![events.to_vec()];
        while let Some(events) = waiting.pop() {
            assert!(told.len() < 50, "it never ends: {told:#?}");
            for effect in self.deliver(&events).effects {
                if !told.contains(&short(&effect.call)) {
                    told.push(short(&effect.call));
                }
                waiting.extend(self.perform(&effect.call).map(|event| vec![event]));
            }
        }
        told.retain(|told| !told.starts_with("comment status"));
        told
    }

    pub fn perform(&mut self, call: &Call) -> Option<Event> {
        match call {
            Call::Label { name, present, .. } if self.issue().labels.contains(name) != *present => {
                let name = name.clone();
                Some(if *present {
                    self.label("changegate[bot]", &name)
                } else {
                    self.unlabel("changegate[bot]", &name)
                })
            }
            Call::Milestone { number: None, .. } if self.issue().milestone.is_some() => {
                self.milestone_set = None;
                Some(
                    self.change("changegate[bot]", IssueChange::Demilestoned, |issue| issue.milestone = None),
                )
            }
            Call::Schedule { title: wanted, .. } => {
                let number = (1..100).find(|number| title(*number) == *wanted)?;
                (self.issue().milestone != Some(number)).then(|| self.milestone("changegate[bot]", number))
            }
            Call::Assign { login, .. } => {
                let person = actor(login);
                Some(self.change("changegate[bot]", IssueChange::Other, |issue| issue.assignees.push(person)))
            }
            Call::MakeMilestone { .. }
            | Call::Label { .. }
            | Call::Milestone { .. }
            | Call::Comment { .. }
            | Call::Issue { .. }
            | Call::Record { .. }
            | Call::Reaction { .. }
            | Call::CheckRun { .. }
            | Call::ProtectionAnswer { .. }
            | Call::ProtectionNote { .. }
            | Call::Plan { .. }
            | Call::Judged { .. }
            | Call::ReadAnew { .. }
            | Call::Ship { .. }
            | Call::GateAnswer { .. }
            | Call::Ring { .. }
            | Call::Deployment { .. }
            | Call::AtGate { .. }
            | Call::Fail { .. }
            | Call::WentBy { .. }
            | Call::CloseMilestone { .. }
            | Call::RenameMilestone { .. }
            | Call::Announce { .. } => None,
        }
    }

    fn answer(&self, question: &Question) -> Fact<Answer> {
        let reachable =
            question.is_for_the_store() || self.of_teams && !matches!(question, Question::Team(_));
        if let Some(why) = self.outage.as_ref().filter(|_| !reachable) {
            return Fact::Unknown(why.clone());
        }
        let view = |view: Option<View>| Answer::View(view.map(Box::new));
        let reading = |issue| Box::new(self.reading(issue));
        let answer = match question {
            Question::View(SubjectId::Repository(repo)) => {
                let policy = self.policy.as_ref().filter(|_| self.shared == (*repo == SHARED));
                view(Some(View::Repository(trial::repository(*repo, policy))))
            }
            Question::View(SubjectId::Milestone(repo, number)) => {
                view(Some(View::Milestone(milestone(*repo, *number))))
            }
            Question::View(SubjectId::PullRequest(at)) => {
                let pull = self.pulls.iter().find(|pull| pull.at == *at);
                view(pull.map(|pull| View::PullRequest(Box::new(pull.clone()))))
            }
            Question::View(_) => view(None),
            Question::PointingAt(_, Relation::Underway) => Answer::PointingAt(vec![]),
            Question::PointingAt(..) => {
                Answer::PointingAt(self.pulls.iter().map(|pull| SubjectId::PullRequest(pull.at)).collect())
            }
            Question::RepositoryNamed(_) => Answer::RepositoryNamed(self.shared.then_some(SHARED)),
            Question::Issue(_) => Answer::Issue(self.issue.as_ref().map(reading)),
            Question::Person(login) => Answer::Person(Some(actor(login))),
            Question::AtStage(_) => Answer::AtStage(self.accepted),
            Question::Team(team) => Answer::Team(members(&team.slug)),
            Question::PullRequest(_)
            | Question::PolicyFile(_)
            | Question::PolicyOrigin(_)
            | Question::MergeGroup(..)
            | Question::InstallationRepositories(_)
            | Question::Links(_)
            | Question::Changes(_)
            | Question::CommitChanges(..)
            | Question::ChangesBetween(..)
            | Question::Origins(..)
            | Question::Checks(..)
            | Question::WorkflowRun(..)
            | Question::PendingDeployments(..)
            | Question::Deployments(..)
            | Question::Compare(..)
            | Question::File(..)
            | Question::Provenance(..)
            | Question::ImageLabels(..)
            | Question::TagIsKept(..)
            | Question::Reference(..)
            | Question::WaitingRuns(_)
            | Question::EnvironmentRules(..)
            | Question::Known(_)
            | Question::Unsettled(_)
            | Question::IssueGlance(_)
            | Question::PullRequestGlance(_)
            | Question::PolicyGlance(_) => {
                panic!("a change request asks for {question:?}")
            }
        };
        Fact::Known(answer, self.now)
    }

    fn reading(&self, issue: &IssueSnapshot) -> IssueReading {
        IssueReading {
            issue: issue.clone(),
            labels_set: self.labels_set.clone(),
            milestone_set: self.milestone_set.clone().filter(|_| issue.milestone.is_some()),
            closed: self.closed.clone(),
            closed_by_pull_request: None,
            complete: true,
        }
    }

    pub fn request(&self) -> &ChangeRequest {
        match &self.state {
            Some(State::ChangeRequest(request)) => request,
            other => panic!("{other:?}"),
        }
    }

    pub fn stage(&self) -> Stage {
        self.request().stage()
    }

    pub fn is_accepted(&self) -> bool {
        matches!(self.request().acceptance, Acceptance::Accepted { .. })
    }

    /// How often the issue was read from GitHub.
    pub fn readings(&self) -> usize {
        self.asked.iter().filter(|question| matches!(question, Question::Issue(_))).count()
    }
}

/// Milestones 1 to 9 are releases, 12 and 13 those of one change, others are nobody's.
fn title(number: u64) -> String {
    match number {
        0..10 => format!("2026.{:02}", number + 10),
        12 | 13 => format!("now-web-{number}"),
        _ => "Backlog".into(),
    }
}

fn milestone(repo: RepoId, number: u64) -> MilestoneView {
    MilestoneView {
        renamed: None,
        repo,
        number,
        title: title(number),
        open: true,
        deleted: false,
        due_on: Some("2026-12-03T12:00:00Z".parse().unwrap()),
        release: None,
    }
}

fn members(team: &str) -> Vec<Actor> {
    match team {
        "triage" => vec![actor("tara"), actor("tom"), actor("helper[bot]")],
        _ => vec![],
    }
}
