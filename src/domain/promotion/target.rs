//! One pull request and the environment to which it goes by being merged, or one tag and the environment that takes it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{
    facts::{ComparisonStatus, Fact, Inquiry},
    finding::{Finding, Outcome, code, quoted},
    gate::{self, Ask, Brings, Candidate, Found, Order, Points, Touched, Verdict},
    ids::{IssueRef, RepoId, RepoName, Sha, SubjectId},
    named::Named,
    policy::EffectivePolicy,
    pull_request::PullRequestView,
    repository::RepositoryView,
    subject::View,
};
use super::image::{self, Image};

/// How a commit gets there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// This pull request is merged into this branch.
    Merging { pull_request: u64, branch: String },
    /// It is deployed from this tag.
    Tag(String),
}

/// A commit on its way to an environment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Target {
    pub door: Door,
    pub environment: String,
    /// The candidate.
    pub head: Sha,
    /// The baseline: what the branch holds, or what runs; `None`: it was not read yet, or nothing does.
    pub base: Option<Sha>,
    /// What merging brings, as far as it was found out.
    pub brings: Option<Brings>,
    /// Not all is known that the range rests on.
    pub provisional: bool,
    /// Why it could not be found out.
    pub unread: Option<String>,
    /// Which commits touch what runs there.
    #[serde(default)]
    pub touched: Option<Touched>,
    /// What was decided last, before it was merged.
    pub verdict: Option<Verdict>,
    /// The branch holds it already: what was decided stays.
    #[serde(default)]
    pub landed: bool,
    /// What it moves, where it is an image: the baseline and the range are then of the repository that it is built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Box<Image>>,
}

/// What is asked about one repository.
pub(super) struct Asking<'r, 'a> {
    pub repo: RepoId,
    pub view: &'a RepositoryView,
    pub policy: &'r EffectivePolicy,
    pub now: Timestamp,
    /// GitHub for people.
    pub web_url: &'r str,
}

/// Where labels of images count that files of a repository name.
pub(super) struct Labels<'r> {
    pub name: &'r RepoName,
    pub policy: &'r EffectivePolicy,
    pub web_url: &'r str,
}

impl Asking<'_, '_> {
    pub(super) const fn labels(&self) -> Labels<'_> {
        Labels { name: &self.view.name, policy: self.policy, web_url: self.web_url }
    }
}

impl<'r> Labels<'r> {
    /// GitHub for people, where they count.
    pub(super) fn of(&self, environment: &str, image: &str) -> Option<&'r str> {
        self.policy.accepts_label(self.name, environment, image).then_some(self.web_url)
    }
}

impl Door {
    fn of(view: &PullRequestView) -> Self {
        Self::Merging { pull_request: view.at.number, branch: view.base_branch.clone() }
    }
}

impl Target {
    pub(super) fn new(view: &PullRequestView, environment: &str) -> Self {
        Self { door: Door::of(view), ..Self::tagged("", environment, &view.head) }
    }

    pub(super) fn tagged(tag: &str, environment: &str, sha: &Sha) -> Self {
        Self {
            door: Door::Tag(tag.into()),
            environment: environment.into(),
            head: sha.clone(),
            base: None,
            brings: None,
            provisional: false,
            unread: None,
            touched: None,
            verdict: None,
            landed: false,
            image: None,
        }
    }

    /// Whether it is about the same as another one.
    pub(super) fn is(&self, other: &Self) -> bool {
        let image = match (&self.image, &other.image) {
            (Some(one), Some(other)) => one.is(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        image && self.door == other.door && self.environment == other.environment && self.head == other.head
    }

    /// Whether it might be merged. Of an image the mode of the repository counts in which it moves.
    pub(super) fn is_allowed(&self) -> bool {
        let allows = |verdict: &Verdict| match &self.image {
            Some(_) => verdict.ruling.decision() == gate::Decision::Allow,
            None => verdict.lets_through(),
        };
        self.verdict.as_ref().is_some_and(allows)
    }

    /// The repository whose commits it brings.
    pub(super) fn repo(&self, here: RepoId) -> RepoId {
        self.image.as_ref().and_then(|image| image.repo).unwrap_or(here)
    }

    /// Why an image cannot be judged.
    pub(super) fn obstacle(&self) -> Option<Finding> {
        let image = self.image.as_ref().filter(|_| !self.landed)?;
        let unread = || {
            let why = self.unread.as_deref().unwrap_or("it is being found out").trim_end_matches('.');
            let sentence = format!("What it brings could not be found out: {why}.");
            Finding::new("image_unread", Outcome::Unknown, "what the image was built from is known", sentence)
                .headline("what it brings is not known")
                .cure("it is read again by itself")
        };
        image.problem.clone().or_else(|| image.candidate.is_none().then(unread))
    }

    /// Finds out what the branch holds now, and what merging brings to it. `None`: something must be found out first.
    pub(super) fn read<'a>(&mut self, asking: &Asking<'_, 'a>, inquiry: &mut Inquiry<'a>) -> Option<()> {
        match self.baseline(asking.repo, inquiry)? {
            Ok(base) => {
                self.landed = self.is_in(base.as_ref(), asking.repo, inquiry)?;
                if self.landed {
                    return Some(());
                }
                if let (Some(mut image), Some(head)) = (self.image.take(), &base) {
                    let read = image.read(self, head, asking, inquiry);
                    self.image = Some(image);
                    return read;
                }
                self.base = base;
            }
            Err(why) => {
                self.unread = Some(why);
                return Some(());
            }
        }
        let base = self.base.clone();
        let ranging = gate::Asking {
            repo: asking.repo,
            view: asking.view,
            policy: asking.policy,
            environment: &self.environment,
            now: asking.now,
            touched: self.touched.as_ref(),
            merging: self.pull_request(),
        };
        let is_of = |brings: &Brings| ranging.is_known(brings, base.as_ref(), &self.head);
        if !self.provisional && self.unread.is_none() && self.brings.as_ref().is_some_and(is_of) {
            return Some(());
        }
        match ranging.brings(base.as_ref(), &self.head, false, inquiry)? {
            Ok(Found { brings, provisional, touched }) => {
                (self.brings, self.provisional, self.unread) = (Some(brings), provisional, None);
                self.touched = touched;
            }
            Err(why) => self.unread = Some(why),
        }
        Some(())
    }

    /// Whether a branch with this head holds it. It may be told before the merge is. `None`: not answered yet.
    fn is_in(&self, head: Option<&Sha>, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<bool> {
        let Some(head) = head.filter(|_| self.pull_request().is_some()) else { return Some(false) };
        let status = match inquiry.compare(repo, head, &self.head)? {
            Fact::Known(found, _) => found.map(|found| found.status),
            Fact::Unknown(_) => None,
        };
        Some(matches!(status, Some(ComparisonStatus::Behind | ComparisonStatus::Identical)))
    }

    /// What it is compared with. Outer `None`: not answered yet; `Err`: it is not known, and why.
    fn baseline(&self, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Result<Option<Sha>, String>> {
        let Door::Merging { branch, .. } = &self.door else {
            let there = SubjectId::environment(repo, &self.environment);
            let there = inquiry.view(there)?.and_then(View::as_environment);
            return Some(Ok(there.and_then(|there| there.baseline.clone())));
        };
        Some(match inquiry.reference(repo, &format!("refs/heads/{branch}"))? {
            Fact::Known(found, _) => match &found.branch {
                Some(head) => Ok(Some(head.clone())),
                None => Err(format!("GitHub knows no branch {}", code(branch))),
            },
            Fact::Unknown(why) => Err(why),
        })
    }

    /// What is to be deployed, and for whom: whoever opened the pull request. `None`: not answered yet.
    pub(super) fn candidate(&self, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<Candidate> {
        if let Some(candidate) = self.image.as_ref().and_then(|image| image.candidate.clone()) {
            return Some(candidate);
        }
        let by = self.view(repo, inquiry)?.and_then(|view| view.author.clone());
        let reference = Some(match &self.door {
            Door::Merging { branch, .. } => branch.clone(),
            Door::Tag(tag) => tag.clone(),
        });
        Some(Candidate {
            attempt: 1,
            sha: self.head.clone(),
            reference,
            by,
            by_itself: false,
            from_here: true,
            proposed: false,
            points: Points::Here,
        })
    }

    /// `doubt`: why what it brings is not known, although it was found out.
    pub(super) fn ask<'a>(
        &'a self,
        candidate: &'a Candidate,
        (repo, now): (RepoId, Timestamp),
        doubt: Option<&'a str>,
    ) -> Ask<'a> {
        let brings = match (&self.brings, doubt.or(self.unread.as_deref())) {
            (_, Some(why)) => Err(why),
            (Some(brings), None) => Ok(brings),
            (None, None) => Err("it is being found out"),
        };
        let (environment, order, repo) = (self.environment.as_str(), Order::Free, self.repo(repo));
        let ran = self.image.as_ref().and_then(|image| image.ran.as_ref());
        Ask { now, repo, environment, candidate, order, brings, ran }
    }

    /// The pull request that is merged.
    pub(super) const fn pull_request(&self) -> Option<u64> {
        if let Door::Merging { pull_request, .. } = self.door { Some(pull_request) } else { None }
    }

    /// Outer `None`: not answered yet.
    pub(super) fn view<'a>(
        &self,
        repo: RepoId,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<Option<&'a PullRequestView>> {
        let Some(number) = self.pull_request() else { return Some(None) };
        let view = inquiry.view(SubjectId::PullRequest(IssueRef { repo, number }))?;
        Some(view.and_then(View::as_pull_request))
    }

    /// What is to be said of it. Outer `None`: not answered yet; inner: nothing was decided before it was merged.
    pub(super) fn section(
        &self,
        repo: RepoId,
        name: Option<&RepoName>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Finding>> {
        let findings = match (&self.verdict, self.obstacle()) {
            (_, Some(obstacle)) => vec![obstacle],
            (Some(verdict), None) => {
                let trusting = self.image.as_ref().and_then(|image| image.trusting());
                trusting.into_iter().chain(verdict.findings.clone()).collect()
            }
            (None, None) => return Some(None),
        };
        let view = self.view(repo, inquiry)?;
        let named = match &self.door {
            Door::Merging { pull_request: number, .. } => {
                Named::pull_request(IssueRef { repo, number: *number }, repo, name)
            }
            Door::Tag(tag) => Named { text: code(tag), page: None },
        };
        let title = view.map(|view| format!(" {}", quoted(&view.title))).unwrap_or_default();
        let sentence = image::heading(&named.text, &title, &self.environment, self.image.as_deref());
        let section = Finding::new("promotion", Outcome::Pass, "", sentence).names(named.page);
        Some(Some(section.because(findings)))
    }
}
