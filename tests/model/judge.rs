//! The real judgement: [`changegate::domain::decide::judge`] is asked what becomes of the environment and of the pull
//! request. It is pure, so what it said of a case once is remembered; states are kept by number.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
    sync::Mutex,
};

use changegate::domain::{
    change_request::{
        Acceptance, ChangeRequest, ChangeRequestView, Stage,
        emergency::{Done, Emergency, LookedBack, Signed},
        follow::Gone,
    },
    decide::{Case, Decision, Instance, Judgement, judge},
    effect::{Call, Ruling},
    environment::{Answered, Deployed, Environment, Phase, Request},
    event::Event,
    facts::{Answer, Fact, Facts, Question},
    finding::{Finding, Outcome},
    ids::{AccountId, IssueRef, SubjectId},
    policy::PolicyText,
    pull_request::{Linked, PullRequest, PullRequestView, Standard},
    repository::{Failed, PolicyFile, Repository, RepositoryView},
    subject::{Relation, State, View},
};
use jiff::{SignedDuration, Timestamp};

use crate::github::{
    ATTEMPTS, CHANGE, Crisis, ENVIRONMENT, OTHER, OTHER_CHANGE, OURS, Pile, Truth, WEB, actor, at, sha, time,
};

/// The number of a state.
pub type Id = u16;

/// What others have settled and the environment reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Told {
    pub pull_request: Id,
    pub accepted: bool,
    pub frozen: bool,
    pub crisis: Crisis,
}

/// Everything that a judgement of the environment rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sight {
    pub environment: Id,
    pub events: Pile,
    pub told: Told,
    pub truth: Truth,
    pub phase: u8,
}

/// Everything that a judgement of the pull request rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PullSight {
    pub pull_request: Id,
    pub events: Pile,
    pub truth: Truth,
}

/// What a job is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Said {
    Go,
    No,
}

/// When an environment is looked at again without being asked: within an hour, where it is at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Look {
    Never,
    /// Something was not to be read, or ends without a word to us: it is asked for again within half a minute.
    Soon,
    /// In its turn, or when a time has come.
    Later,
}

impl Look {
    fn of(decision: &Decision, now: Timestamp) -> Self {
        match decision.look_again {
            None => Self::Never,
            Some(at) if at <= now + SignedDuration::from_secs(30) => Self::Soon,
            Some(_) => Self::Later,
        }
    }
}

/// What a judgement decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Outcomes {
    pub environment: Id,
    pub looks_again: Look,
    /// What each attempt is answered.
    pub answers: [Option<Said>; 3],
}

/// How the requests of an environment stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Somebody waits.
    pub open: bool,
    /// Everybody who waits was told what to do about it.
    pub told_what_to_do: bool,
    /// Something could not be read, or may change without a word to us.
    pub must_ask_again: bool,
    /// Which attempts went by without an allow.
    pub went_by: [bool; 3],
}

/// Which rules the policy has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rules {
    pub change_accepted: bool,
    /// The environment knows emergencies, and the other pull request, which nobody has approved, belongs to a change that
    /// is none.
    pub emergencies: bool,
}

pub struct Judge {
    rules: Rules,
    known: Mutex<Known>,
    policies: [PolicyText; 2],
}

#[derive(Default)]
struct Known {
    environments: Numbered<Environment>,
    pull_requests: Numbered<Option<State>>,
    of_environment: HashMap<Sight, Outcomes>,
    of_pull_request: HashMap<PullSight, (Id, bool)>,
}

/// Values by number, each once.
struct Numbered<T> {
    all: Vec<T>,
    numbers: BTreeMap<String, Id>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { all: vec![], numbers: BTreeMap::new() }
    }
}

impl<T: std::fmt::Debug + Clone> Numbered<T> {
    fn number(&mut self, value: &T) -> Id {
        let all = &mut self.all;
        *self.numbers.entry(format!("{value:?}")).or_insert_with(|| {
            all.push(value.clone());
            Id::try_from(all.len() - 1).expect("few enough states")
        })
    }

    fn get(&self, id: Id) -> T {
        self.all[usize::from(id)].clone()
    }
}

impl Judge {
    pub fn new(rules: Rules) -> Self {
        let judge =
            Self { rules, known: Mutex::default(), policies: [false, true].map(|it| policy(rules, it)) };
        let mut known = judge.known.lock().expect("nobody fell over");
        known.environments.number(&start());
        known.pull_requests.number(&None);
        drop(known);
        judge
    }

    /// The number of states and judgements that are known.
    pub fn counts(&self) -> String {
        let known = self.known.lock().expect("nobody fell over");
        format!(
            "{} environments, {} pull requests, {} judgements",
            known.environments.all.len(),
            known.pull_requests.all.len(),
            known.of_environment.len() + known.of_pull_request.len()
        )
    }

    pub fn environment(&self, mut sight: Sight) -> Outcomes {
        sight.truth = sight.truth.as_deployments_see_it();
        if let Some(known) = self.known.lock().expect("nobody fell over").of_environment.get(&sight) {
            return *known;
        }
        let (before, pull_request) = {
            let known = self.known.lock().expect("nobody fell over");
            (known.environments.get(sight.environment), known.pull_requests.get(sight.told.pull_request))
        };
        let view = pull_request.map(|state| state.view());
        let before = State::Environment(Box::new(before));
        let events: Vec<Event> = sight.events.iter().map(|news| sight.truth.tells(news)).collect();
        let subject = SubjectId::Environment(WEB, ENVIRONMENT.into());
        let decision = decided(&subject, Some(&before), &events, sight.phase, |question| {
            self.answer(question, sight, view.as_ref())
        });
        let mut known = self.known.lock().expect("nobody fell over");
        let outcomes = match decision {
            None => Outcomes { environment: sight.environment, looks_again: Look::Never, answers: [None; 3] },
            Some(decision) => outcomes(&decision, time(sight.phase), &mut known.environments),
        };
        known.of_environment.insert(sight, outcomes);
        outcomes
    }

    /// The state after, and whether it is looked at again.
    pub fn pull_request(&self, sight: PullSight) -> (Id, bool) {
        let before = {
            let known = self.known.lock().expect("nobody fell over");
            if let Some(known) = known.of_pull_request.get(&sight) {
                return *known;
            }
            known.pull_requests.get(sight.pull_request)
        };
        let events: Vec<Event> = sight.events.iter().map(|news| sight.truth.tells(news)).collect();
        let told =
            Told { pull_request: sight.pull_request, accepted: true, frozen: false, crisis: Crisis::NONE };
        let environment = Sight { environment: 0, events: Pile::NONE, told, truth: sight.truth, phase: 0 };
        let subject = SubjectId::PullRequest(at(OURS));
        let decision = decided(&subject, before.as_ref(), &events, 0, |question| {
            self.answer(question, environment, None)
        });
        let mut known = self.known.lock().expect("nobody fell over");
        let after = decision.map_or((sight.pull_request, false), |decision| {
            (known.pull_requests.number(&Some(decision.after)), decision.look_again.is_some())
        });
        known.of_pull_request.insert(sight, after);
        after
    }

    /// Whether others read the same of both.
    pub fn looks_the_same(&self, one: Id, other: Id) -> bool {
        let known = self.known.lock().expect("nobody fell over");
        let view = |id| known.pull_requests.get(id).map(|state| state.view());
        one == other || view(one) == view(other)
    }

    /// Whether an answer that was stored still holds.
    pub fn lets_go(&self, environment: Id, place: usize) -> bool {
        let known = self.known.lock().expect("nobody fell over");
        let attempt = ATTEMPTS[place];
        known.environments.get(environment).lets_go(attempt.run, attempt.attempt)
    }

    pub fn standing(&self, environment: Id) -> Standing {
        let environment = self.known.lock().expect("nobody fell over").environments.get(environment);
        let open: Vec<&Request> = environment.requests.iter().filter(|request| request.is_open()).collect();
        let obstacles: Vec<&Finding> = open
            .iter()
            .filter_map(|request| request.verdict.as_ref())
            .flat_map(|verdict| verdict.findings.iter().flat_map(Finding::obstacles))
            .collect();
        Standing {
            open: !open.is_empty(),
            told_what_to_do: open.iter().all(|request| request.verdict.is_some())
                && obstacles.iter().all(|obstacle| obstacle.cure.is_some()),
            must_ask_again: obstacles
                .iter()
                .any(|obstacle| obstacle.own == Outcome::Unknown || obstacle.code == "check_missing"),
            went_by: ATTEMPTS.map(|attempt| environment.bypasses.contains(&attempt.deployment)),
        }
    }

    fn answer(&self, question: &Question, sight: Sight, ours: Option<&View>) -> Fact<Answer> {
        let view = |view: Option<View>| Answer::View(view.map(Box::new));
        let answer = match question {
            Question::View(SubjectId::Repository(_)) => {
                view(Some(View::Repository(self.repository(sight.told.frozen))))
            }
            Question::View(SubjectId::PullRequest(number)) if *number == at(OURS) => view(ours.cloned()),
            Question::View(SubjectId::PullRequest(number)) if *number == at(OTHER) => {
                let other =
                    if self.rules.emergencies { other(OTHER_CHANGE, &[]) } else { other(CHANGE, &[2]) };
                view(Some(View::PullRequest(Box::new(other))))
            }
            Question::View(SubjectId::ChangeRequest(number)) => {
                view(Some(View::ChangeRequest(Box::new(change_request(*number, sight.told)))))
            }
            Question::View(_) => view(None),
            Question::PointingAt(_, Relation::Owes) if owes(sight.told.crisis) => {
                Answer::PointingAt(vec![SubjectId::ChangeRequest(at(CHANGE))])
            }
            Question::PointingAt(..) => Answer::PointingAt(vec![]),
            // The shell of the model waits for what was acknowledged itself.
            Question::Unsettled(_) => Answer::Unsettled(false),
            Question::Known(subject) => Answer::Known(as_shown(subject).map(Box::new)),
            Question::PullRequestGlance(_) if !sight.truth.down => Answer::PullRequestGlance(None),
            Question::IssueGlance(_) if !sight.truth.down => Answer::IssueGlance(None),
            Question::PolicyGlance(_) if !sight.truth.down => Answer::PolicyFile(None),
            Question::RepositoryNamed(_) => Answer::RepositoryNamed(None),
            question => return sight.truth.answer(question, sight.phase),
        };
        Fact::Known(answer, time(sight.phase))
    }

    fn repository(&self, frozen: bool) -> RepositoryView {
        RepositoryView {
            id: WEB,
            name: "acme/web".parse().expect("a name"),
            default_branch: Some("main".into()),
            gone: false,
            policy: Some(self.policies[usize::from(frozen)].clone()),
            relabelled: BTreeMap::new(),
            failed: BTreeMap::new(),
            ruled_from: Some(sha('0')),
            adopted: BTreeMap::new(),
        }
    }

    pub const fn rules(&self) -> Rules {
        self.rules
    }
}

fn policy(rules: Rules, frozen: bool) -> PolicyText {
    let accepted = if rules.change_accepted { "- change: accepted" } else { "" };
    let emergency = if rules.emergencies {
        "emergency: { lasts: 1 hour, approved: within 1 hour, retrospective: 2 hours }"
    } else {
        ""
    };
    let freezes = if frozen {
        "freezes: [{ name: quarter end, from: 2026-11-23 08:00, to: 2026-11-23 10:30 }]"
    } else {
        ""
    };
    PolicyText::from(format!(
        "
version: 1
mode: enforce
roles: {{ triager: [kim], release-manager: [rosa] }}
repositories: [{{ match: \"*\", ship: continuous, change: issue }}]
environments:
  production:
    names: [production]
    from: {{ branches: [default] }}
    require:
      - range: traced
      - checks: [{{ name: ci, app: github-actions }}]
      {accepted}
    continuous:
      - approvals: {{ review: 1 }}
    {emergency}
{freezes}
"
    ))
}

/// Nothing waits; `0` runs.
fn start() -> Environment {
    let deployed = Deployed { sha: sha('0'), phase: Phase::Succeeded, heard_at: time(0), allowed: true };
    Environment {
        name: ENVIRONMENT.into(),
        runs: [(10, deployed)].into_iter().collect(),
        ..Environment::default()
    }
}

/// A glance shows what is known, neither of them anything: that what is unheard is seen at a glance is the matter of other
/// tests. Here everything is heard in the end, and the model looks at what may happen until then.
fn as_shown(subject: &SubjectId) -> Option<State> {
    if let SubjectId::ChangeRequest(at) = subject {
        let known = ChangeRequest { gone: Some(Gone::Deleted), ..ChangeRequest::new(*at) };
        return Some(State::ChangeRequest(Box::new(known)));
    }
    if let SubjectId::Repository(id) = subject {
        return Some(State::Repository(Repository {
            straight: None,
            departures: Box::default(),
            id: *id,
            name: "acme/web".parse().expect("a name"),
            default_branch: Some("main".into()),
            private: true,
            archived: false,
            left: false,
            policy: PolicyFile::default(),
            relabelled: BTreeMap::new(),
            failed: Failed::default(),
            ruled: None,
            adopted: BTreeMap::new(),
            tags: Default::default(),
            declared: Default::default(),
            replies: Default::default(),
        }));
    }
    let SubjectId::PullRequest(_) = subject else { return None };
    let known = PullRequest {
        images: None,
        seen: Truth::START.pull_request(),
        guessed: false,
        gone: true,
        read: None,
        unread: None,
        given: vec![],
        linked: Linked::default(),
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
    };
    Some(State::PullRequest(Box::new(known)))
}

/// Whether something is owed for it.
fn owes(crisis: Crisis) -> bool {
    crisis.declared.is_some() && !(crisis.signed && crisis.looked_back)
}

fn emergency(crisis: Crisis) -> Option<Emergency> {
    let since = time(crisis.declared?);
    let signed = crisis.signed.then(|| Signed { by: actor(5, "rosa"), at: since });
    let looked_back = crisis.looked_back.then(|| LookedBack {
        by: actor(2, "quinn"),
        at: since,
        result: Done::Worked,
        said: "The pool was too small.".into(),
    });
    Some(Emergency {
        since,
        by: actor(2, "quinn"),
        at: since,
        why: "nobody can pay".into(),
        declared_by: [AccountId(2)].into(),
        signed,
        in_force: looked_back.is_none(),
        looked_back,
        came_along: false,
        terms: None,
        parts: [at(OURS)].into(),
    })
}

/// That the time of an emergency is over is told late here: the gate looks at the time itself.
fn change_request(place: IssueRef, told: Told) -> ChangeRequestView {
    let is_ours = place == at(CHANGE);
    let accepted = !is_ours || told.accepted;
    let acceptance = if accepted {
        Acceptance::Accepted { by: Some(actor(3, "kim")), at: time(0) }
    } else {
        Acceptance::Waiting { since: Some(time(0)) }
    };
    ChangeRequestView {
        at: place,
        title: "Login is slow".into(),
        exists: true,
        taken_in: true,
        stage: if accepted { Stage::Accepted } else { Stage::Requested },
        acceptance,
        release: None,
        requester: None,
        account: None,
        emergency: emergency(told.crisis).filter(|_| is_ours),
        risk: None,
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
        formerly: std::collections::BTreeSet::new(),
        overheard: vec![],
    }
}

/// The other pull request: merged, approved by these people, linked to this change request.
fn other(change: u64, approved_by: &[u64]) -> PullRequestView {
    PullRequestView {
        images: None,
        at: at(OTHER),
        title: "Faster logout".into(),
        open: false,
        draft: false,
        merged_at: Some(time(0)),
        head: sha('e'),
        base_branch: "main".into(),
        author: Some(actor(4, "sam")),
        links: vec![changegate::domain::link::Link { to: at(change), finishes: false }],
        lost_links: vec![],
        too_many_links: false,
        unknown: None,
        people: std::collections::BTreeSet::new(),
        independent_approvals: approved_by.iter().map(|id| actor(*id, "quinn")).collect(),
        unattributed_commits: vec![],
        policy_edit: None,
        derived: None,
        brought: vec![sha('d'), sha('e')],
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

/// Judges, finding out what is asked. `None`: there was nothing to decide.
fn decided(
    subject: &SubjectId,
    before: Option<&State>,
    events: &[Event],
    phase: u8,
    answer: impl Fn(&Question) -> Fact<Answer>,
) -> Option<Decision> {
    let instance = Instance { web_url: "https://github.com".into(), app: 1, announces: false };
    let mut facts = Facts::default();
    for _ in 0..16 {
        match judge(Case { subject, before, events, facts: &facts, now: time(phase), instance: &instance }) {
            Judgement::Needs(questions) => {
                questions.into_iter().for_each(|question| {
                    let found = answer(&question);
                    facts.insert(question, found);
                });
            }
            Judgement::Decided(decision) => return Some(*decision),
            Judgement::Ignored(_) => return None,
        }
    }
    panic!("{subject} asks for ever")
}

fn outcomes(decision: &Decision, now: Timestamp, environments: &mut Numbered<Environment>) -> Outcomes {
    let after = decision.after.as_environment().expect("an environment stays one").clone();
    let mut answers = [None; 3];
    for effect in &decision.effects {
        let Call::ProtectionAnswer { run, attempt, ruling, .. } = &effect.call else { continue };
        let place = ATTEMPTS.iter().position(|it| (it.run, it.attempt) == (*run, *attempt));
        answers[place.expect("an attempt that was started")] = Some(match ruling {
            Ruling::Approved => Said::Go,
            Ruling::Rejected => Said::No,
        });
    }
    Outcomes {
        environment: environments.number(&projected(after)),
        looks_again: Look::of(decision, now),
        answers,
    }
}

/// Without what only counts or tells when: two states that differ in nothing else are one.
fn projected(mut environment: Environment) -> Environment {
    for request in &mut environment.requests {
        request.notes = 0;
        request.asked_at = time(0);
        if let Some(verdict) = &mut request.verdict {
            verdict.at = time(0);
        }
        request.answered = request.answered.map(|answered| match answered {
            Answered::Approved { at } => Answered::Approved { at },
            Answered::Rejected { .. } => Answered::Rejected { at: time(0) },
            Answered::Ended { .. } => Answered::Ended { at: time(0) },
        });
    }
    environment
}
