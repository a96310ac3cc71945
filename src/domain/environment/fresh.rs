//! Before anything is let through, all that it rests on (what it brings, and what rules it) is compared with what GitHub shows at that moment. What is another
//! than it is known is read anew first, and the answer waits for that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        effect::{Call, Effect},
        facts::{Fact, Inquiry},
        gate::{Decision, Ruling, Verdict},
        glance::{self, Compared},
        ids::{IssueRef, RepoId, RepoName, SubjectId, SubjectKind},
        pull_request::PullRequestView,
        subject::{State, View},
    },
    Environment, Request, RunId,
    ruled::{self, Moved},
};

/// How old what GitHub said may be when something is let through because of it.
pub(super) const FRESH: SignedDuration = SignedDuration::from_secs(10);
/// For how long nobody is told that something is being read anew.
const PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// When it is judged again, where nothing wakes it before: whoever was read anew does.
pub(super) const SOON: SignedDuration = SignedDuration::from_secs(2);

/// Why a request is not let through yet, although every rule is met by what is known.
#[derive(Debug)]
pub(super) enum Doubt {
    /// These must be read anew; none: what was asked took too long, or something has arrived and is not settled.
    Anew(Moved),
    /// GitHub cannot be asked; why, as a sentence.
    Unknown(String),
}

/// What is waited for.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The requests that get no answer and no note yet.
    pub silent: BTreeSet<RunId>,
    /// What must be read anew.
    pub anew: Moved,
    /// Something else is known of the requests than when they were judged.
    pub is_news: bool,
}

/// The requests that would be let through.
pub(super) fn let_through(verdicts: &[(RunId, Verdict)]) -> BTreeSet<RunId> {
    verdicts.iter().filter(|(_, verdict)| verdict.lets_through()).map(|(run, _)| *run).collect()
}

impl Environment {
    /// What stands against letting these through; `just_read`: the runs that were read just now. `None`: something must be
    /// found out first.
    pub(super) fn doubts(
        &self,
        runs: &BTreeSet<RunId>,
        just_read: &BTreeSet<RunId>,
        (repo, now): (RepoId, Timestamp),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<BTreeMap<RunId, Doubt>> {
        if runs.is_empty() {
            return Some(BTreeMap::new());
        }
        let requests = self.requests.iter().filter(|it| it.is_open() && runs.contains(&it.run));
        let rest: Vec<_> =
            requests.map(|request| (request.run, self.rests_on(repo, request, inquiry))).collect();
        let rest: Vec<(RunId, Option<BTreeSet<SubjectId>>)> =
            rest.into_iter().map(|(run, subjects)| Some((run, subjects?))).collect::<Option<_>>()?;
        let all: BTreeSet<SubjectId> =
            rest.iter().flat_map(|(_, subjects)| subjects.iter().flatten()).cloned().collect();
        let asks = rest.iter().any(|(_, subjects)| subjects.is_some());
        let glances = Glances::of(&all, asks, repo, inquiry)?;
        let is_late = glances.unsettled || inquiry.oldest().is_some_and(|at| now.duration_since(at) > FRESH);
        let doubt = |(run, subjects): (RunId, Option<BTreeSet<SubjectId>>)| {
            let is_late = is_late || !just_read.contains(&run);
            Some((run, doubt(subjects, &glances, is_late)?))
        };
        Some(rest.into_iter().filter_map(doubt).collect())
    }

    /// The pull requests that a deployment brings, those that they repeat or undo, and the change requests of all of them.
    /// Inner `None`: what ran before goes back without anybody being asked.
    fn rests_on(
        &self,
        repo: RepoId,
        request: &Request,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<BTreeSet<SubjectId>>> {
        let Some(brings) = &request.brings else { return Some(None) };
        if brings.goes_back && self.runs.ran(&brings.to).is_some() {
            return Some(None);
        }
        let brought: Vec<IssueRef> =
            brings.pull_requests.iter().map(|number| IssueRef { repo, number: *number }).collect();
        let views = views(&brought, inquiry)?;
        let from = views.iter().filter_map(|view| view.derived.as_ref()).flat_map(|derived| &derived.from);
        let from: Vec<IssueRef> = from.copied().collect();
        let pulls = brought.iter().chain(&from).map(|at| SubjectId::PullRequest(*at));
        let links = views.iter().flat_map(|view| &view.links);
        Some(Some(pulls.chain(links.map(|link| SubjectId::ChangeRequest(link.to))).collect()))
    }

    /// The pull requests of a range of which nothing is known.
    pub(super) fn never_read(
        &self,
        verdicts: &[(RunId, Verdict)],
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> BTreeMap<RunId, Doubt> {
        let mut found = BTreeMap::new();
        for request in self.requests.iter().filter(|request| request.is_open()) {
            let numbers = request.brings.iter().flat_map(|brings| &brings.pull_requests);
            let pulls = numbers.map(|number| SubjectId::PullRequest(IssueRef { repo, number: *number }));
            let unread: BTreeSet<SubjectId> =
                pulls.filter(|pull| matches!(inquiry.view(pull.clone()), Some(None))).collect();
            if !unread.is_empty() && verdicts.iter().any(|(run, _)| *run == request.run) {
                found.insert(request.run, Doubt::Anew(Moved { subjects: unread, milestones: vec![] }));
            }
        }
        found
    }

    /// Lets those wait of which there is a doubt.
    pub(super) fn wait(
        &mut self,
        mut doubts: BTreeMap<RunId, Doubt>,
        verdicts: &[(RunId, Verdict)],
        now: Timestamp,
    ) -> Waiting {
        let mut waiting = Waiting::default();
        for request in self.requests.iter_mut().filter(|request| request.is_open()) {
            let verdict = verdicts.iter().find(|(run, _)| *run == request.run).map(|(_, verdict)| verdict);
            let Some(verdict) = verdict else { continue };
            match doubts.remove(&request.run) {
                None => request.anew_since = None,
                Some(Doubt::Unknown(why)) => {
                    (request.anew_since, request.unread) = (None, Some(why));
                    waiting.is_news = true;
                }
                Some(Doubt::Anew(moved)) => {
                    let since = *request.anew_since.get_or_insert(now);
                    let waits =
                        matches!(verdict.ruling, Ruling::Enforced(Decision::Allow | Decision::Unavailable));
                    let is_short = now.duration_since(since) < PATIENCE;
                    if is_short && waits {
                        waiting.silent.insert(request.run);
                    } else if verdict.lets_through() {
                        request.unread = Some(in_vain(&moved.subjects));
                        waiting.is_news = true;
                    }
                    waiting.anew = std::mem::take(&mut waiting.anew).and(moved);
                }
            }
        }
        waiting
    }
}

/// `None`: not answered yet.
fn views<'a>(at: &[IssueRef], inquiry: &mut Inquiry<'a>) -> Option<Vec<&'a PullRequestView>> {
    let asked: Vec<_> = at.iter().map(|at| inquiry.view(SubjectId::PullRequest(*at))).collect();
    let asked: Vec<Option<&View>> = asked.into_iter().collect::<Option<_>>()?;
    Some(asked.into_iter().flatten().filter_map(View::as_pull_request).collect())
}

/// The repositories whose policy files rule here.
fn ruling(repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Vec<RepoId>> {
    let shared = inquiry.repository_name(repo)?.and_then(shared);
    let shared = match shared {
        Some(name) => inquiry.repository_named(name)?,
        None => None,
    };
    Some([Some(repo), shared].into_iter().flatten().collect())
}

fn shared(name: &RepoName) -> Option<RepoName> {
    format!("{}/.github", name.owner()).parse().ok()
}

/// How what GitHub shows compares with what is known. Outer `None`: not answered yet; `Err`: GitHub does not say, and why.
fn compare(subject: &SubjectId, inquiry: &mut Inquiry<'_>) -> Option<Result<Compared, String>> {
    let known = inquiry.known(subject.clone());
    if let SubjectId::PullRequest(at) = subject {
        let (shown, known) = (inquiry.pull_request_glance(*at)?, known?.and_then(State::as_pull_request));
        return Some(said(shown).map(|shown| match shown {
            Some(shown) => shown.compare(known),
            None => glance::no_pull_request(known),
        }));
    }
    let SubjectId::ChangeRequest(at) = subject else { return Some(Ok(Compared::Same)) };
    let (shown, known) = (inquiry.issue_glance(*at)?, known?.and_then(State::as_change_request));
    Some(said(shown).map(|shown| match shown {
        Some(shown) => shown.compare(known),
        None => glance::no_issue(known),
    }))
}

pub(super) fn said<T>(fact: Fact<T>) -> Result<T, String> {
    match fact {
        Fact::Known(shown, _) => Ok(shown),
        Fact::Unknown(why) => Err(why),
    }
}

/// What GitHub shows at this moment, beside what is known.
struct Glances {
    compared: BTreeMap<SubjectId, Result<Compared, String>>,
    /// What is shown otherwise of the policy files and the milestones.
    rules: Result<Moved, String>,
    /// Something has arrived that any of it must still look at.
    unsettled: bool,
}

impl Glances {
    /// `None`: not answered yet.
    fn of(
        subjects: &BTreeSet<SubjectId>,
        asks: bool,
        repo: RepoId,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Self> {
        let compared: Vec<_> =
            subjects.iter().map(|subject| (subject.clone(), compare(subject, inquiry))).collect();
        let ruling = ruling(repo, inquiry);
        let policies = ruling.as_deref().and_then(|it| ruled::policies(if asks { it } else { &[] }, inquiry));
        let milestones = ruled::milestones(subjects.iter(), inquiry);
        let ruling = ruling?.into_iter().map(SubjectId::Repository);
        let read = inquiry.read_of_the_store();
        let unsettled = inquiry.unsettled(subjects.iter().cloned().chain(ruling).chain(read).collect());
        let compared = compared.into_iter().map(|(subject, compared)| Some((subject, compared?)));
        let (compared, milestones) = (compared.collect::<Option<_>>(), milestones?);
        let rules = policies?.and_then(|policies| Ok(policies.and(milestones?)));
        Some(Self { compared: compared?, rules, unsettled: unsettled? })
    }
}

/// `None`: all is as it is known.
fn doubt(
    subjects: Option<BTreeSet<SubjectId>>,
    Glances { compared, rules, .. }: &Glances,
    is_late: bool,
) -> Option<Doubt> {
    let mut anew = match (&subjects, rules) {
        (None, _) => Moved::default(),
        (Some(_), Ok(rules)) => rules.clone(),
        (Some(_), Err(why)) => return Some(Doubt::Unknown(why.clone())),
    };
    for subject in subjects.into_iter().flatten() {
        match compared.get(&subject) {
            Some(Ok(Compared::Same)) | None => {}
            Some(Ok(Compared::Other)) => {
                anew.subjects.insert(subject);
            }
            Some(Ok(Compared::Older)) => {
                let why = format!("GitHub shows {} as it was before what it had told of", named(&subject));
                return Some(Doubt::Unknown(why));
            }
            Some(Err(why)) => return Some(Doubt::Unknown(why.clone())),
        }
    }
    (is_late || !anew.subjects.is_empty()).then_some(Doubt::Anew(anew))
}

fn named(subject: &SubjectId) -> String {
    match subject {
        SubjectId::Repository(_) => "the policy file".into(),
        SubjectId::Milestone(_, number) => format!("milestone {number}"),
        SubjectId::PullRequest(_)
        | SubjectId::ChangeRequest(_)
        | SubjectId::Account
        | SubjectId::Commit(..)
        | SubjectId::Release(_)
        | SubjectId::Environment(..)
        | SubjectId::Promotion(..) => {
            subject.number().map_or_else(|| subject.to_string(), |number| format!("#{number}"))
        }
    }
}

fn in_vain(subjects: &BTreeSet<SubjectId>) -> String {
    subjects.first().map_or_else(
        || "GitHub answers too slowly to say how it is at this moment".to_owned(),
        |first| format!("{} has changed on GitHub and could not be read again", named(first)),
    )
}

/// One for each repository: these are read anew.
pub(super) fn read_anew(Moved { subjects, milestones }: Moved, by: &SubjectId) -> Vec<Effect> {
    let repositories: BTreeSet<RepoId> = subjects.iter().filter_map(SubjectId::repo).collect();
    let call = |repo| {
        let here = || subjects.iter().filter(move |subject| subject.repo() == Some(repo));
        let numbers = |kind| {
            here().filter(|it| it.kind() == kind).filter_map(SubjectId::number).collect::<BTreeSet<u64>>()
        };
        Call::ReadAnew {
            repo,
            issues: numbers(SubjectKind::ChangeRequest),
            pull_requests: numbers(SubjectKind::PullRequest),
            policy: subjects.contains(&SubjectId::Repository(repo)),
            milestones: milestones.iter().filter(|milestone| milestone.repo == repo).cloned().collect(),
            by: by.clone(),
        }
    };
    repositories.into_iter().map(call).map(Effect::new).collect()
}
