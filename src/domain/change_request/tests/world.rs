//! The world around one issue: what GitHub shows, and how questions are answered from it.

use jiff::{SignedDuration, Timestamp};

use super::{APP, AT, OTHER, POLICY, REPO, SHARED, person, short};
use crate::domain::{
    change_request::{Acceptance, ChangeRequest, Stage},
    decide::{Case, Decision, Instance, Judgement},
    effect::Call,
    event::{
        CommentChange, CommentSnapshot, CommentedOn, Event, IssueChange, IssueSnapshot, RepositorySnapshot,
        What,
    },
    facts::{Answer, Fact, Facts, IssueReading, Question, SetBy},
    ids::{CommentId, IssueRef, RepoId, RepoName, Sha, SubjectId},
    link::Link,
    milestone::MilestoneView,
    policy::PolicyText,
    pull_request::PullRequestView,
    repository::RepositoryView,
    subject::{State, View},
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
}

impl World {
    /// An issue by sam, opened a second ago; nothing has been delivered.
    pub fn new() -> Self {
        let now: Timestamp = "2026-11-23T10:00:00Z".parse().unwrap();
        let issue = IssueSnapshot {
            at: AT,
            title: "Faster checkout".into(),
            body: "### Why\n\nMoney".into(),
            open: true,
            state_reason: None,
            labels: vec![],
            issue_type: None,
            milestone: None,
            assignees: vec![],
            author: Some(person("sam")),
            created_at: Some(now),
            updated_at: Some(now),
            closed_at: None,
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
        let name: RepoName = "acme/web".parse().unwrap();
        let repository =
            RepositorySnapshot { id: REPO, name, default_branch: None, private: None, archived: None };
        Event {
            account: None,
            installation: None,
            repository: Some(repository),
            actor: Some(person(by)),
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
        self.labels_set.push(SetBy { name: name.into(), by: Some(person(by)), at: Some(self.now) });
        event
    }

    pub fn unlabel(&mut self, by: &str, name: &str) -> Event {
        self.labels_set.retain(|set| set.name != name);
        self.change(by, IssueChange::Unlabeled(name.into()), |issue| {
            issue.labels.retain(|label| label != name)
        })
    }

    pub fn edit(&mut self, by: &str, body: &str) -> Event {
        self.change(by, IssueChange::Edited, |issue| issue.body = body.into())
    }

    pub fn milestone(&mut self, by: &str, number: u64) -> Event {
        let event = self.change(by, IssueChange::Milestoned, |issue| issue.milestone = Some(number));
        let name = title(number);
        self.milestone_set = Some(SetBy { name, by: Some(person(by)), at: Some(self.now) });
        event
    }

    pub fn close(&mut self, by: &str, reason: &str) -> Event {
        let closed_at = self.now + SignedDuration::from_secs(10);
        let event = self.change(by, IssueChange::Closed, |issue| {
            issue.open = false;
            issue.state_reason = Some(reason.into());
            issue.closed_at = Some(closed_at);
        });
        self.closed = Some(SetBy { name: reason.into(), by: Some(person(by)), at: Some(closed_at) });
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
            author: Some(person(by)),
            app: None,
            created_at: Some(now),
            updated_at: Some(now),
        };
        let on = CommentedOn::Issue(Box::new(self.issue().clone()));
        self.event(by, What::Comment { change: CommentChange::Created, on, comment })
    }

    /// A pull request for the issue; `merged_at` as given.
    pub fn pull(&mut self, number: u64, finishes: bool, open: bool, merged: bool) {
        let at = IssueRef { repo: if number < 20 { OTHER } else { REPO }, number };
        self.pulls.retain(|pull| pull.at != at);
        self.pulls.push(PullRequestView {
            at,
            title: "Make it faster".into(),
            open,
            draft: false,
            merged_at: merged.then_some(self.now),
            head: "a".repeat(40).parse::<Sha>().unwrap(),
            base_branch: "main".into(),
            author: Some(person("dev")),
            links: vec![Link { to: AT, finishes }],
            lost_links: vec![],
            too_many_links: false,
            unattributed_commits: vec![],
            unknown: None,
            independent_approvals: vec![],
            policy_edit: None,
        });
    }

    /// Judges the events together.
    pub fn deliver(&mut self, events: &[Event]) -> Decision {
        match self.judge(events) {
            Judgement::Decided(decision) => {
                self.state = Some(decision.after.clone());
                *decision
            }
            other => panic!("{other:?}"),
        }
    }

    /// Judges, and answers what is asked; at most four rounds.
    pub fn judge(&mut self, events: &[Event]) -> Judgement {
        let instance = Instance { web_url: "https://github.com".into(), app: APP };
        let subject = SubjectId::ChangeRequest(AT);
        let mut facts = Facts::default();
        for _round in 0..5 {
            let case = Case {
                subject: &subject,
                before: self.state.as_ref(),
                events,
                facts: &facts,
                now: self.now,
                instance: &instance,
            };
            let judgement = crate::domain::decide::judge(case);
            let Judgement::Needs(questions) = judgement else { return judgement };
            for question in questions {
                if !question.is_for_the_store() {
                    self.asked.push(question.clone());
                }
                let answer = self.answer(&question);
                facts.insert(question, answer);
            }
        }
        panic!("more than four rounds")
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
            Call::Label { .. }
            | Call::Milestone { .. }
            | Call::Comment { .. }
            | Call::Reaction { .. }
            | Call::CheckRun { .. } => None,
        }
    }

    fn answer(&self, question: &Question) -> Fact<Answer> {
        let reachable =
            question.is_for_the_store() || self.of_teams && !matches!(question, Question::Team(_));
        if let Some(why) = self.outage.as_ref().filter(|_| !reachable) {
            return Fact::Unknown(why.clone());
        }
        let view = |view: Option<View>| Answer::View(view.map(Box::new));
        let answer = match question {
            Question::View(SubjectId::Repository(repo)) => {
                view(Some(View::Repository(self.repository(*repo))))
            }
            Question::View(SubjectId::Milestone(repo, number)) => {
                view(Some(View::Milestone(milestone(*repo, *number))))
            }
            Question::View(SubjectId::PullRequest(at)) => {
                let pull = self.pulls.iter().find(|pull| pull.at == *at);
                view(pull.map(|pull| View::PullRequest(Box::new(pull.clone()))))
            }
            Question::View(_) => view(None),
            Question::PointingAt(..) => {
                Answer::PointingAt(self.pulls.iter().map(|pull| SubjectId::PullRequest(pull.at)).collect())
            }
            Question::RepositoryNamed(_) => Answer::RepositoryNamed(self.shared.then_some(SHARED)),
            Question::Issue(_) => {
                Answer::Issue(self.issue.as_ref().map(|issue| Box::new(self.reading(issue))))
            }
            Question::Team(team) => Answer::Team(match team.slug.as_str() {
                "triage" => vec![person("tara"), person("tom"), person("helper[bot]")],
                _ => vec![],
            }),
            Question::PullRequest(_)
            | Question::PolicyFile(_)
            | Question::MergeGroup(..)
            | Question::InstallationRepositories(_) => {
                panic!("a change request asks for {question:?}")
            }
        };
        Fact::Known(answer, self.now)
    }

    fn repository(&self, repo: RepoId) -> RepositoryView {
        let name = match repo {
            REPO => "acme/web",
            SHARED => "acme/.github",
            _ => "acme/billing",
        };
        RepositoryView {
            id: repo,
            name: name.parse().unwrap(),
            default_branch: Some("main".into()),
            gone: false,
            policy: self.policy.clone().filter(|_| self.shared == (repo == SHARED)),
        }
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

/// Milestones 1 to 9 are releases, others are nobody's.
fn title(number: u64) -> String {
    if number < 10 { format!("2026.{:02}", number + 10) } else { "Backlog".into() }
}

fn milestone(repo: RepoId, number: u64) -> MilestoneView {
    MilestoneView {
        repo,
        number,
        title: title(number),
        open: true,
        deleted: false,
        due_on: Some("2026-12-03T12:00:00Z".parse().unwrap()),
        release: None,
    }
}
