//! Everything that the verdict on a commit rests on, gathered before it is judged.

use std::collections::BTreeSet;

use super::{
    super::{
        change_request::ChangeRequestView,
        facts::Inquiry,
        finding::Outcome,
        ids::{IssueRef, RepoId, RepoName, Sha, SubjectId},
        policy::{EffectivePolicy, Marker, Mode, RequiredCheck, StandardChange, Who, Zone},
        pull_request::PullRequestView,
        subject::View,
    },
    group::{self, MergeGroup, UnreadGroup},
    promotion, template,
};

/// The pull requests at a commit, with all that they are linked to.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub repo: RepoId,
    pub sha: &'a Sha,
    pub name: Option<&'a RepoName>,
    /// `None`: there is no policy.
    pub mode: Option<Mode>,
    /// In which times are shown.
    pub zone: Zone,
    /// A pull request may be its own change request here.
    pub own_changes: bool,
    /// The open ones whose head it is, and those of its merge groups; in order.
    pub pull_requests: Vec<PullRequestAt<'a>>,
    pub unread_groups: Vec<UnreadGroup>,
    /// The branches of the merge groups that it heads.
    pub branches: Vec<String>,
}

/// A pull request to be judged.
#[derive(Debug)]
pub(super) struct PullRequestAt<'a> {
    pub at: IssueRef,
    /// `None`: it was never read.
    pub view: Option<&'a PullRequestView>,
    pub links: Vec<LinkedChange<'a>>,
    /// What is known of it as its own change request, where an emergency was declared on it.
    pub own: Option<&'a ChangeRequestView>,
    /// Of what it is derived from, and has no change request to hand on: those that had not passed when merged.
    pub uncovered: Vec<IssueRef>,
    /// The standard changes that it fits, as the policy has them now.
    pub templates: Vec<Template>,
    /// What it deploys by being merged.
    pub promotes: Option<Promotes>,
}

/// What a pull request brings by whose merging something is deployed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Promotes {
    /// Nothing but what came with merged pull requests.
    OnlyMerged,
    /// Nothing but versions of images, written by these bots; or why it was not written by bots alone, as a sentence.
    Images(Result<Vec<String>, String>),
    /// This commit came with none before.
    More(Sha),
    /// That could not be found out; why, as a sentence.
    Unknown(String),
}

/// How a check stands at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckStand {
    Passed,
    Failed,
    Waiting,
    /// GitHub could not be asked, and why.
    Unknown(String),
}

/// A standard change, and what it still asks for.
#[derive(Debug)]
pub(super) struct Template {
    /// How many of its deployments failed here.
    pub failed: u16,
    pub change: StandardChange,
    /// Of each group that must sign: how many did, or why that is not known.
    pub signed: Vec<(String, u16, Result<u16, String>)>,
    /// The checks that must have passed: how each stands at this commit.
    pub checks: Vec<(RequiredCheck, CheckStand)>,
}

/// An issue that a pull request is linked to, and what its repository says of it.
#[derive(Debug)]
pub(super) struct LinkedChange<'a> {
    pub to: IssueRef,
    /// `None`: its repository was never seen.
    pub name: Option<&'a RepoName>,
    /// `None`: it was never read.
    pub view: Option<&'a ChangeRequestView>,
    /// What takes an issue in there; `None`: there is no policy there.
    pub marker: Option<Marker>,
    /// Who may accept there: `@acme/triage`, `@dana`.
    pub triagers: Vec<String>,
    /// Who may declare an emergency there.
    pub on_call: Vec<String>,
}

impl PullRequestAt<'_> {
    /// The change requests that have to be emergencies where it goes ahead as one. Of one that is its own change request
    /// ordinary issues don't count.
    pub fn in_need(&self) -> Vec<IssueRef> {
        let counts =
            |link: &&LinkedChange<'_>| self.own.is_none() || link.view.is_some_and(|view| view.taken_in);
        let links: Vec<IssueRef> = self.links.iter().filter(counts).map(|link| link.to).collect();
        if links.is_empty() { self.own.iter().map(|own| own.at).collect() } else { links }
    }
}

impl Scene<'_> {
    /// Whether something is deployed by merging one of its pull requests.
    pub fn is_promotion(&self) -> bool {
        self.pull_requests.iter().any(|pull_request| pull_request.promotes.is_some())
    }

    /// Whether a check run is written here.
    pub fn speaks(&self) -> bool {
        self.mode.is_some_and(|mode| match mode {
            Mode::Observe => false,
            Mode::Advise | Mode::Enforce => true,
        })
    }
}

impl Scene<'_> {
    /// Whether GitHub did not say what a standard change asks for.
    pub fn lacks_an_answer(&self) -> bool {
        let unknown = |it: &PullRequestAt<'_>| matches!(it.promotes, Some(Promotes::Unknown(_)));
        if self.pull_requests.iter().any(unknown) {
            return true;
        }
        let templates = self.pull_requests.iter().flat_map(|pull_request| &pull_request.templates);
        templates.into_iter().any(|template| {
            let unread = |(_, stand): &(RequiredCheck, CheckStand)| matches!(stand, CheckStand::Unknown(_));
            template.checks.iter().any(unread) || template.signed.iter().any(|(_, _, signed)| signed.is_err())
        })
    }
}

/// Asks for everything; what is not answered yet is missing in the inquiry, and the scene is then not whole.
pub(super) fn look<'a>(
    (repo, sha): (RepoId, &'a Sha),
    here: &[SubjectId],
    (groups, only_merged): (&mut [MergeGroup], &mut BTreeSet<u64>),
    inquiry: &mut Inquiry<'a>,
) -> Scene<'a> {
    let name = inquiry.repository_name(repo).flatten();
    let policy = inquiry.policy(repo).flatten();
    let unread_groups = group::read(groups, repo, sha, inquiry);
    let live = || groups.iter().filter(|group| !group.destroyed);
    let queued: BTreeSet<IssueRef> =
        live().flat_map(|group| &group.members).map(|number| IssueRef { repo, number: *number }).collect();
    let heads = here.iter().filter_map(pull_request).filter(|at| !queued.contains(at));
    let heads: BTreeSet<IssueRef> = heads.filter(|at| is_up_for_merging(*at, sha, inquiry)).collect();
    let mut pull_requests: Vec<PullRequestAt<'_>> =
        queued.union(&heads).map(|at| look_at(*at, (repo, sha), policy.as_ref(), inquiry)).collect();
    for pull_request in &mut pull_requests {
        pull_request.promotes = promotion::look(pull_request, policy.as_ref(), only_merged, inquiry);
    }
    Scene {
        repo,
        sha,
        name,
        mode: policy.as_ref().zip(name).map(|(policy, name)| policy.mode_for(name.as_str())),
        zone: policy.as_ref().map_or_else(Zone::utc, EffectivePolicy::zone),
        own_changes: policy
            .zip(name)
            .is_some_and(|(policy, name)| policy.change_from_pull_request(name.as_str())),
        pull_requests,
        unread_groups,
        branches: live().map(|group| group.branch.clone()).collect(),
    }
}

const fn pull_request(subject: &SubjectId) -> Option<IssueRef> {
    if let SubjectId::PullRequest(at) = subject { Some(*at) } else { None }
}

/// Drafts cannot be merged; what is closed or has moved on does not count here any more.
fn is_up_for_merging(at: IssueRef, sha: &Sha, inquiry: &mut Inquiry<'_>) -> bool {
    let view = inquiry.view(SubjectId::PullRequest(at)).flatten().and_then(View::as_pull_request);
    view.is_none_or(|view| view.open && !view.draft && view.head == *sha)
}

pub(super) fn look_at<'a>(
    at: IssueRef,
    commit: (RepoId, &Sha),
    policy: Option<&EffectivePolicy>,
    inquiry: &mut Inquiry<'a>,
) -> PullRequestAt<'a> {
    let view = inquiry.view(SubjectId::PullRequest(at)).flatten().and_then(View::as_pull_request);
    let links = view.map_or(&[][..], |view| &view.links).iter();
    let links = links.map(|link| look_behind(link.to, inquiry)).collect();
    let derived = view.and_then(|view| view.derived.as_ref()).filter(|derived| derived.is_proven());
    let from = derived.into_iter().flat_map(|derived| &derived.from);
    let uncovered = from.copied().filter(|from| !hands_on(*from, inquiry)).collect();
    let templates = view.zip(policy).map(|(view, policy)| template::of(view, policy, commit, inquiry));
    let own = view.filter(|view| view.own.is_some());
    let own = own.and_then(|_| inquiry.view(SubjectId::ChangeRequest(at)).flatten());
    let own = own.and_then(View::as_change_request);
    let templates = templates.unwrap_or_default();
    PullRequestAt { at, view, links, own, uncovered, templates, promotes: None }
}

/// Whether a merged pull request belongs to change requests, or had passed without: as its own, or a standard change.
fn hands_on(from: IssueRef, inquiry: &mut Inquiry<'_>) -> bool {
    let view = inquiry.view(SubjectId::PullRequest(from)).flatten().and_then(View::as_pull_request);
    let Some(view) = view else { return false };
    if !view.links.is_empty() {
        return true;
    }
    let head = inquiry.view(SubjectId::Commit(from.repo, view.head.clone())).flatten();
    let verdict = head.and_then(View::as_commit).and_then(|commit| commit.verdict.as_ref());
    verdict.is_some_and(|verdict| verdict.outcome == Outcome::Pass)
}

fn look_behind<'a>(to: IssueRef, inquiry: &mut Inquiry<'a>) -> LinkedChange<'a> {
    let view = inquiry.view(SubjectId::ChangeRequest(to)).flatten();
    let name = inquiry.repository_name(to.repo).flatten();
    let policy = inquiry.policy(to.repo).flatten();
    let names = |people: &[Who]| people.iter().map(ToString::to_string).collect();
    LinkedChange {
        to,
        name,
        view: view.and_then(View::as_change_request),
        marker: policy.as_ref().map(|policy| policy.intake().marker.clone()),
        triagers: policy.as_ref().map(|policy| names(policy.triagers())).unwrap_or_default(),
        on_call: policy.as_ref().map(|policy| names(policy.role("break-glass"))).unwrap_or_default(),
    }
}
