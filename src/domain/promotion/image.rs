//! An image that a pull request moves: what merging deploys is the commit that it was built from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    super::{
        environment::Deployed,
        facts::{ComparisonStatus, Fact, Inquiry, ReferenceReading},
        finding::{Finding, Outcome, code},
        gate::{self, Candidate, Found, Points},
        gitops::{Built, Edit, Move, Named, Version, Why, resolve},
        ids::{RepoId, Sha, SubjectId},
        policy::{EffectivePolicy, GitOps},
        pull_request::PullRequestView,
        repository::RepositoryView,
        subject::{State, View},
    },
    Target,
    target::{Asking, Labels},
};

/// An image on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// What moves, and from where to where; `None`: that is not known.
    pub moved: Option<Move>,
    /// The repository that it is built from.
    pub repo: Option<RepoId>,
    /// The commit that it was built from.
    pub candidate: Option<Candidate>,
    /// When that ran there before, with an allow.
    pub ran: Option<Deployed>,
    /// The versions of which only a label says what they were built from.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub by_label: BTreeSet<Version>,
    /// Why it cannot be judged.
    pub problem: Option<Finding>,
}

/// What a pull request deploys to an environment by being merged: each image that it moves, and itself where it does anything else.
pub(super) fn targets(
    view: &PullRequestView,
    environment: &str,
    policy: &EffectivePolicy,
    repository: &RepositoryView,
) -> Vec<Target> {
    let itself = || Target::new(view, environment);
    let entries: Vec<&GitOps> = policy.base().gitops_in(&repository.name).collect();
    let is_synced = entries.iter().any(|entry| entry.environment == environment);
    if !is_synced || repository.default_branch.as_ref() != Some(&view.base_branch) {
        return vec![itself()];
    }
    let known = view.images.as_ref().filter(|images| images.head == view.head);
    let Some(edit) = known.map(|images| &images.edit).filter(|edit| edit.rules == Edit::rules(&entries))
    else {
        return vec![unknown(itself(), "its files have not been read yet")];
    };
    if let Some(why) = &edit.unknown {
        return vec![unknown(itself(), why), itself()];
    }
    let moves = edit.synced.iter().filter(|synced| synced.environment == environment);
    let moves = moves.flat_map(|synced| &synced.moves).filter(|moved| !moved.to.is_empty());
    let mut targets: Vec<Target> = moves.map(|moved| moving(itself(), Some(moved.clone()), None)).collect();
    if edit.others.is_some() || targets.is_empty() || policy.promotes_paths() {
        targets.push(itself());
    }
    targets
}

fn moving(target: Target, moved: Option<Move>, problem: Option<Finding>) -> Target {
    let by_label = BTreeSet::new();
    let image = Image { moved, repo: None, candidate: None, ran: None, by_label, problem };
    Target { image: Some(Box::new(image)), ..target }
}

fn unknown(target: Target, why: &str) -> Target {
    let sentence = format!("Which images move could not be told: {}.", why.trim_end_matches('.'));
    let finding = Finding::new("images_unknown", Outcome::Unknown, "which images move is known", sentence)
        .headline("which images move is not known")
        .cure("write each image so that its name and its version stand together in YAML, or leave the file out of `gitops.paths`");
    moving(target, None, Some(finding))
}

/// Asks already now for what [`Image::read`] asks for in turn.
pub(super) fn foresee(
    view: &PullRequestView,
    environments: &[String],
    labels: &Labels<'_>,
    inquiry: &mut Inquiry<'_>,
) {
    let Some(images) = view.images.as_ref().filter(|images| images.head == view.head) else { return };
    let branch = inquiry.reference(view.at.repo, &format!("refs/heads/{}", view.base_branch));
    if let Some(Fact::Known(ReferenceReading { branch: Some(head), .. }, _)) = branch {
        let _ = inquiry.compare(view.at.repo, head, &view.head);
    }
    let synced = images.edit.synced.iter();
    for (moved, labels) in synced.flat_map(|synced| {
        synced.moves.iter().map(|moved| (moved, labels.of(&synced.environment, &moved.image)))
    }) {
        let Some(Some(repo)) = inquiry.repository_named(moved.source.clone()) else { continue };
        for environment in environments {
            let there = SubjectId::environment(repo, environment);
            let _ = (inquiry.view(there.clone()), inquiry.known(there));
        }
        let (view, _) = (inquiry.repository(repo).flatten(), inquiry.policy(repo));
        let (to, from) = [&moved.to, &moved.from].map(single).into();
        let (to, from) = [to, from]
            .map(|version| Some(Named { image: &moved.image, version: version?, labels }))
            .map(|named| named.and_then(|named| resolve(named, (repo, &moved.source), inquiry)))
            .map(|built| built.and_then(Result::ok))
            .into();
        let branch = view.and_then(|view| view.default_branch.as_ref());
        let head = branch.and_then(|branch| inquiry.reference(repo, &format!("refs/heads/{branch}")));
        let head = if let Some(Fact::Known(found, _)) = head { found.branch.as_ref() } else { None };
        let ruled = view.and_then(|view| view.ruled_from.as_ref());
        let Some(Built { commit: to, .. }) = to else { continue };
        let from = from.as_ref().map(|from: &Built| &from.commit);
        for base in [from, ruled, head].into_iter().flatten() {
            let _ = inquiry.compare(repo, base, &to);
        }
    }
}

impl Image {
    /// Whether it is about the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.moved == other.moved && (self.moved.is_some() || self.problem == other.problem)
    }

    /// Finds out what it was built from, what runs, and what lies between. `None`: something must be found out first.
    pub(super) fn read<'a>(
        &mut self,
        target: &mut Target,
        branch_head: &Sha,
        asking: &Asking<'_, 'a>,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<()> {
        let Some(moved) = self.moved.clone() else { return Some(()) };
        self.problem = moved_on(target, branch_head, asking.repo, inquiry)?;
        if self.problem.is_some() {
            return Some(());
        }
        let Some(repo) = inquiry.repository_named(moved.source.clone())? else {
            self.problem = Some(no_source(&moved));
            return Some(());
        };
        let (view, policy) = (inquiry.repository(repo)?, inquiry.policy(repo)?);
        let Some((view, policy)) = view.zip(policy) else {
            self.problem = Some(no_source(&moved));
            return Some(());
        };
        self.repo = Some(repo);
        let labels = asking.labels().of(&target.environment, &moved.image);
        let to = to((&moved, labels), repo, inquiry);
        let from = from((&moved, labels), (repo, &target.environment), inquiry);
        let built = match to? {
            Ok(built) => built,
            Err(problem) => return self.refuse(problem),
        };
        let (base, from_label) = match from? {
            Ok(Some(Runs { commit, by_label })) => (Some(commit), by_label),
            Ok(None) => (None, false),
            Err(problem) => return self.refuse(problem),
        };
        self.by_label = [(&moved.to, built.by_label), (&moved.from, from_label)]
            .into_iter()
            .filter(|(_, by_label)| *by_label)
            .flat_map(|(versions, _)| versions.iter().cloned())
            .collect();
        self.candidate = Some(candidate(target, &built, (asking.repo, repo, view), inquiry)?);
        let there = inquiry.known(SubjectId::environment(repo, &target.environment))?;
        let there = there.and_then(State::as_environment);
        self.ran = there.and_then(|there| there.runs.ran(&built.commit)).cloned();
        target.base = base;
        self.range(target, (&built.commit, repo), (view, &policy), asking, inquiry)
    }

    #[expect(clippy::unnecessary_wraps, reason = "it ends the reading")]
    fn refuse(&mut self, problem: Finding) -> Option<()> {
        self.problem = Some(problem);
        Some(())
    }

    /// What lies between what runs and what comes.
    fn range<'a>(
        &self,
        target: &mut Target,
        (commit, repo): (&Sha, RepoId),
        (view, policy): (&'a RepositoryView, &EffectivePolicy),
        asking: &Asking<'_, 'a>,
        inquiry: &mut Inquiry<'a>,
    ) -> Option<()> {
        let environment = target.environment.clone();
        let touched = target.touched.take();
        let ranging = gate::Asking {
            repo,
            view,
            policy,
            environment: &environment,
            now: asking.now,
            touched: touched.as_ref(),
            merging: None,
        };
        let known = target.brings.as_ref().filter(|_| !target.provisional && target.unread.is_none());
        if known.is_some_and(|brings| ranging.is_known(brings, target.base.as_ref(), commit)) {
            target.touched = touched;
            return Some(());
        }
        match ranging.brings(target.base.as_ref(), commit, self.ran.is_some(), inquiry)? {
            Ok(Found { brings, provisional, touched }) => {
                (target.brings, target.provisional, target.unread) = (Some(brings), provisional, None);
                target.touched = touched;
            }
            Err(why) => target.unread = Some(why),
        }
        Some(())
    }

    /// What is taken for granted because the policy accepts labels; `None`: nothing is.
    pub(super) fn trusting(&self) -> Option<Finding> {
        if self.by_label.is_empty() {
            return None;
        }
        let versions: Vec<String> = self.by_label.iter().map(|version| code(&version.to_string())).collect();
        let sentence = format!(
            "What {} was built from is said by its label alone, and nobody has signed that; the policy accepts it (`gitops.label`).",
            versions.join(" and ")
        );
        Some(Finding::new(
            "image_label_accepted",
            Outcome::Pass,
            "what the image was built from is known",
            sentence,
        ))
    }

    /// What moves, in words.
    pub(super) fn in_words(&self) -> Option<String> {
        let moved = self.moved.as_ref()?;
        let versions = |versions: &BTreeSet<Version>| {
            let all: Vec<String> = versions.iter().map(|version| code(&version.to_string())).collect();
            if all.is_empty() { "nothing".to_owned() } else { all.join(" and ") }
        };
        Some(format!(
            "{} of {} from {} to {}",
            code(&moved.image),
            moved.source,
            versions(&moved.from),
            versions(&moved.to)
        ))
    }
}

/// The branch has changed one of the files since the pull request parted from it: what it says there is not what it leaves.
fn moved_on(
    target: &Target,
    branch_head: &Sha,
    repo: RepoId,
    inquiry: &mut Inquiry<'_>,
) -> Option<Option<Finding>> {
    let parted = match inquiry.compare(repo, branch_head, &target.head)? {
        Fact::Known(Some(compared), _) => compared.status == ComparisonStatus::Diverged,
        Fact::Known(None, _) | Fact::Unknown(_) => true,
    };
    let view = target.view(repo, inquiry)?;
    let files = view.and_then(|view| view.images.as_ref()).map(|images| &images.edit.files);
    let (true, Some(files)) = (parted, files) else { return Some(None) };
    const RULE: &str = "what it moves is what the branch holds";
    let changes = match inquiry.changes_between(repo, (&target.head, branch_head))? {
        Fact::Known(Some(changes), _) if changes.complete => changes,
        Fact::Known(..) | Fact::Unknown(_) => {
            let sentence = "What its branch has changed meanwhile could not be read.";
            let unknown = Finding::new("images_branch_unknown", Outcome::Unknown, RULE, sentence);
            return Some(Some(unknown.cure("update the branch of the pull request")));
        }
    };
    let mut both = changes.files.iter().flat_map(|file| file.before.iter().chain([&file.path]));
    let Some(path) = both.find(|path| files.contains(*path)) else { return Some(None) };
    let sentence = format!("{} was changed on its branch meanwhile.", code(path));
    let finding = Finding::new("images_branch_moved", Outcome::Fail, RULE, sentence)
        .headline("the files were changed on its branch meanwhile")
        .cure("update the branch of the pull request, so that it says what it moves from now");
    Some(Some(finding))
}

fn no_source(moved: &Move) -> Finding {
    let sentence = format!("{} is no repository here that a policy rules.", code(moved.source.as_str()));
    Finding::new("image_source_unknown", Outcome::Unknown, "what the image was built from is known", sentence)
        .headline(format!("what {} is built from is not known", code(&moved.image)))
        .cure("give the Changegate App access to that repository, or correct `gitops.images`")
}

/// The commit that comes. `None`: something must be found out first.
fn to(
    (moved, labels): (&Move, Option<&str>),
    repo: RepoId,
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Built, Finding>> {
    match single(&moved.to) {
        Some(version) => {
            let named = Named { image: &moved.image, version, labels };
            let built = resolve(named, (repo, &moved.source), inquiry)?;
            Some(built.map_err(|why| why.finding(&moved.image)))
        }
        None => Some(Err(several(moved, "come"))),
    }
}

/// The commit that runs.
struct Runs {
    commit: Sha,
    by_label: bool,
}

/// What the old image was built from, or what was reported to run; inner `None`: nothing does. Outer `None`: something must be found
/// out first.
fn from(
    (moved, labels): (&Move, Option<&str>),
    (repo, environment): (RepoId, &str),
    inquiry: &mut Inquiry<'_>,
) -> Option<Result<Option<Runs>, Finding>> {
    let there = inquiry.view(SubjectId::environment(repo, environment))?.and_then(View::as_environment);
    let reported = there.and_then(|there| there.baseline.clone());
    let reported = reported.map(|commit| Runs { commit, by_label: false });
    if moved.from.is_empty() {
        return Some(Ok(reported));
    }
    let Some(version) = single(&moved.from) else { return Some(Err(several(moved, "go"))) };
    let named = Named { image: &moved.image, version, labels };
    let built = resolve(named, (repo, &moved.source), inquiry)?;
    Some(match (built, reported) {
        (Ok(Built { commit, by_label, .. }), _) => Ok(Some(Runs { commit, by_label })),
        (Err(why), Some(reported)) if !why.is_unknown() => Ok(Some(reported)),
        (Err(why), _) => Err(nothing_reported(moved, &why)),
    })
}

fn nothing_reported(moved: &Move, why: &Why) -> Finding {
    let outcome = if why.is_unknown() { Outcome::Unknown } else { Outcome::Fail };
    let sentence = format!("It is not known what runs now. {}", why.sentence());
    Finding::new("image_baseline_unknown", outcome, "what runs now is known", sentence)
        .headline(format!("what runs now of {} is not known", code(&moved.image)))
        .cure("report what runs after a sync (`changegate gate report`), once by hand where nothing was synced since")
}

fn several(moved: &Move, how: &str) -> Finding {
    let sentence = format!("Several versions of {} {how} at once.", code(&moved.image));
    Finding::new("image_ambiguous", Outcome::Fail, "one version of the image moves", sentence)
        .headline(format!("several versions of {} {how} at once", code(&moved.image)))
        .cure("move one version in each pull request")
}

fn single(versions: &BTreeSet<Version>) -> Option<&Version> {
    versions.first().filter(|_| versions.len() == 1)
}

/// What is deployed, and for whom: whoever opened the pull request. It comes from the default branch where that holds it, or else
/// from the tag that says it. `None`: something must be found out first.
fn candidate(
    target: &Target,
    built: &Built,
    (here, repo, view): (RepoId, RepoId, &RepositoryView),
    inquiry: &mut Inquiry<'_>,
) -> Option<Candidate> {
    let by = target.view(here, inquiry)?.and_then(|view| view.author.clone());
    let branch = match &view.default_branch {
        Some(branch) => holds(branch, &built.commit, repo, inquiry)?.then(|| branch.clone()),
        None => None,
    };
    let reference = branch.or_else(|| built.tag.clone());
    Some(Candidate {
        attempt: 1,
        sha: built.commit.clone(),
        reference,
        by,
        by_itself: false,
        from_here: true,
        proposed: false,
        points: Points::Here,
    })
}

fn holds(branch: &str, commit: &Sha, repo: RepoId, inquiry: &mut Inquiry<'_>) -> Option<bool> {
    let head = match inquiry.reference(repo, &format!("refs/heads/{branch}"))? {
        Fact::Known(found, _) => found.branch.clone(),
        Fact::Unknown(_) => None,
    };
    let Some(head) = head else { return Some(false) };
    let status = match inquiry.compare(repo, &head, commit)? {
        Fact::Known(found, _) => found.map(|found| found.status),
        Fact::Unknown(_) => None,
    };
    Some(matches!(status, Some(ComparisonStatus::Behind | ComparisonStatus::Identical)))
}

/// The section's words: the pull request, and what it moves.
pub(super) fn heading(named: &str, title: &str, environment: &str, image: Option<&Image>) -> String {
    let moves = image.and_then(Image::in_words).map(|words| format!(": {words}")).unwrap_or_default();
    format!("{named}{title} to {}{moves}", code(environment))
}
