//! Before anything is let through, all that it rests on (what it brings, and what rules it) is compared with what GitHub shows at that moment. What is another
//! than it is known is read anew first, and the answer waits for that.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    effect::{Call, Effect},
    facts::{Fact, Inquiry},
    glance::{self, Compared},
    ids::{IssueRef, RepoId, RepoName, SubjectId, SubjectKind},
    pull_request::PullRequestView,
    subject::{State, View},
};
pub use ruled::Moved;

mod ruled;

/// How old what GitHub said may be when something is let through because of it.
pub const FRESH: SignedDuration = SignedDuration::from_secs(10);
/// For how long nobody is told that something is being read anew.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(30);
/// When it is judged again, where nothing wakes it before: whoever was read anew does.
pub const SOON: SignedDuration = SignedDuration::from_secs(2);

/// Why something is not let through yet, although every rule is met by what is known.
#[derive(Debug)]
pub enum Doubt {
    /// These must be read anew; none: what was asked took too long, or something has arrived and is not settled.
    Anew(Moved),
    /// GitHub cannot be asked; why, as a sentence.
    Unknown(String),
}

/// What bringing these pull requests of a repository rests on: they, those that they repeat or undo, and the change requests
/// of all of them. `None`: not answered yet.
pub fn rests_on(
    repo: RepoId,
    numbers: &BTreeSet<u64>,
    inquiry: &mut Inquiry<'_>,
) -> Option<BTreeSet<SubjectId>> {
    let brought: Vec<IssueRef> = numbers.iter().map(|number| IssueRef { repo, number: *number }).collect();
    let views = views(&brought, inquiry)?;
    let from = views.iter().filter_map(|view| view.derived.as_ref()).flat_map(|derived| &derived.from);
    let from: Vec<IssueRef> = from.copied().collect();
    let pulls = brought.iter().chain(&from).map(|at| SubjectId::PullRequest(*at));
    let links = views.iter().flat_map(|view| &view.links);
    Some(pulls.chain(links.map(|link| SubjectId::ChangeRequest(link.to))).collect())
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

fn said<T>(fact: Fact<T>) -> Result<T, String> {
    match fact {
        Fact::Known(shown, _) => Ok(shown),
        Fact::Unknown(why) => Err(why),
    }
}

/// What GitHub shows at this moment, beside what is known.
#[derive(Debug)]
pub struct Glances {
    compared: BTreeMap<SubjectId, Result<Compared, String>>,
    /// What is shown otherwise of the policy files and the milestones.
    rules: Result<Moved, String>,
    /// Something has arrived that any of it must still look at, or what was asked took too long.
    is_late: bool,
}

impl Glances {
    /// Of these, and of what rules the repository where that `asks` anybody. `None`: not answered yet.
    pub fn of(
        subjects: &BTreeSet<SubjectId>,
        asks: bool,
        (repo, now): (RepoId, Timestamp),
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
        let (compared, unsettled) = (compared?, unsettled?);
        let is_late = unsettled || inquiry.oldest().is_some_and(|at| now.duration_since(at) > FRESH);
        Some(Self { compared, rules, is_late })
    }

    /// What stands against what rests on these; inner `None`: it asks nobody. `None`: all is as it is known.
    #[must_use]
    pub fn doubt(&self, subjects: Option<BTreeSet<SubjectId>>) -> Option<Doubt> {
        let mut anew = match (&subjects, &self.rules) {
            (None, _) => Moved::default(),
            (Some(_), Ok(rules)) => rules.clone(),
            (Some(_), Err(why)) => return Some(Doubt::Unknown(why.clone())),
        };
        for subject in subjects.into_iter().flatten() {
            match self.compared.get(&subject) {
                Some(Ok(Compared::Same)) | None => {}
                Some(Ok(Compared::Other)) => {
                    anew.subjects.insert(subject);
                }
                Some(Ok(Compared::Older)) => {
                    let why =
                        format!("GitHub shows {} as it was before what it had told of", named(&subject));
                    return Some(Doubt::Unknown(why));
                }
                Some(Err(why)) => return Some(Doubt::Unknown(why.clone())),
            }
        }
        (self.is_late || !anew.subjects.is_empty()).then_some(Doubt::Anew(anew))
    }
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

/// Why that is not known which was to be read anew.
#[must_use]
pub fn in_vain(subjects: &BTreeSet<SubjectId>) -> String {
    subjects.first().map_or_else(
        || "GitHub answers too slowly to say how it is at this moment".to_owned(),
        |first| format!("{} has changed on GitHub and could not be read again", named(first)),
    )
}

/// One for each repository: these are read anew.
#[must_use]
pub fn read_anew(Moved { subjects, milestones }: Moved, by: &SubjectId) -> Vec<Effect> {
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
