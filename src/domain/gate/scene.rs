//! Everything that a decision rests on, gathered before it is judged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        calendar::Freezes,
        change_request::{ChangeRequestView, emergency::Emergency},
        commit::CheckStand,
        environment::Deployed,
        facts::Membership,
        finding::Finding,
        ids::{AccountId, Actor, IssueRef, RepoId, RepoName, Sha},
        policy::{EffectivePolicy, Mode, RequiredCheck, Risk, Ship, Zone},
        release::{Release, Signing},
    },
    Basis, Brings, Points, Section,
};

/// What is to be deployed, as GitHub says when asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub attempt: u64,
    pub sha: Sha,
    /// The branch or tag that it comes from.
    pub reference: Option<String>,
    /// Who started it, by hand or by merging.
    pub by: Option<Actor>,
    /// Nobody started it by hand: a merge did, or a schedule.
    #[serde(default)]
    pub by_itself: bool,
    /// Whether it comes from the repository itself, not from a fork.
    pub from_here: bool,
    /// It is what merging a pull request would make, and no branch or tag holds it.
    #[serde(default)]
    pub proposed: bool,
    /// Whether the branch or tag still holds it.
    #[serde(default)]
    pub points: Points,
}

/// How a deployment stands to the others of its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order<'a> {
    Free,
    /// A newer one waits too.
    Superseded {
        /// GitHub's number of its run, where it has one.
        by: Option<u64>,
        sha: &'a Sha,
    },
    /// Another one is on its way.
    Running {
        sha: &'a Sha,
        since: Timestamp,
    },
}

/// What is asked: may this go there now?
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    pub now: Timestamp,
    pub repo: RepoId,
    /// As GitHub writes it.
    pub environment: &'a str,
    pub candidate: &'a Candidate,
    pub order: Order<'a>,
    /// What it brings, or why that is not known.
    pub brings: Result<&'a Brings, &'a str>,
    /// When the candidate ran there before, with an allow.
    pub ran: Option<&'a Deployed>,
}

/// All that a decision rests on.
#[derive(Debug)]
pub struct Scene<'a> {
    pub ask: Ask<'a>,
    pub name: RepoName,
    pub default_branch: Option<String>,
    pub mode: Mode,
    pub policy: EffectivePolicy,
    /// What was decided of freezes by command.
    pub freezes: Freezes,
    /// In which times are shown.
    pub zone: Zone,
    pub ship: Ship,
    /// The sections of each policy that rule here; all of them must be met.
    pub sections: Vec<Section>,
    pub pull_requests: Vec<PullRequestInRange>,
    /// How each check stands that a rule asks for.
    pub checks: Vec<(RequiredCheck, CheckStand)>,
    /// Whether those who approved are of the groups that must sign.
    pub members: BTreeMap<(String, AccountId), Membership>,
    /// The release that it belongs to; `None`: nobody asks for one here.
    pub shipping: Option<Shipping<'a>>,
    /// The changes that come along and have to be tried.
    pub tried: Vec<Trying<'a>>,
    /// Changes without code that are underway on a system which this touches, each with the name of its repository.
    pub underway: Vec<(&'a ChangeRequestView, Option<&'a RepoName>)>,
    /// The emergencies for which something is owed here.
    pub owed: Vec<(IssueRef, Emergency)>,
    /// The issues about what went by here while nobody was here, and until when people look back on it.
    pub outages: Vec<(IssueRef, Timestamp)>,
    /// What the repositories of emergencies and outages are called.
    pub names: BTreeMap<RepoId, RepoName>,
}

/// A change request of what comes along.
#[derive(Debug)]
pub struct Trying<'a> {
    pub request: &'a ChangeRequestView,
    /// When the last of its pull requests that come along was merged.
    pub merged_at: Option<Timestamp>,
    /// Who worked on those.
    pub people: BTreeSet<AccountId>,
}

/// The releases that ship from the repository.
#[derive(Debug)]
pub struct Shipping<'a> {
    /// The one that ships exactly this commit.
    pub release: Option<&'a Release>,
    /// All of them.
    pub others: Vec<&'a Release>,
    /// How the signatures on it are judged: by all the groups together that rules name, since everybody counts for one.
    pub signing: Option<Signing>,
    /// What the repositories are called that it has to do with.
    pub names: BTreeMap<RepoId, RepoName>,
}

/// A pull request that a deployment brings.
#[derive(Debug)]
pub struct PullRequestInRange {
    pub at: IssueRef,
    /// Whether it would pass by itself, as the check on it says.
    pub passes: Finding,
    /// The change requests that it belongs to.
    pub change_requests: Vec<IssueRef>,
    /// Who approved exactly what was merged, and wrote none of it.
    pub approved_by: Vec<Actor>,
    /// The emergencies that it belongs to; none, where one of its change requests is no emergency now.
    pub emergencies: Vec<(IssueRef, Emergency)>,
    /// Of the riskiest of its change requests.
    pub risk: Option<Risk>,
    /// The systems that the labels of its change requests name.
    pub systems: BTreeSet<String>,
    /// It is taken back by another one that comes along, or takes that back: nothing of both is left.
    pub comes_to_nothing: bool,
}

impl PullRequestInRange {
    /// The changes that it is: its change requests, or itself where it has none.
    #[must_use]
    pub fn changes(&self) -> Vec<IssueRef> {
        if self.change_requests.is_empty() { vec![self.at] } else { self.change_requests.clone() }
    }
}

impl Scene<'_> {
    /// Who deploys. Pressing Merge on the default branch is no work, also where it starts a deployment; pushing a tag or
    /// running a job once more is.
    #[must_use]
    pub fn deployer(&self) -> Option<&Actor> {
        let Candidate { by, by_itself, reference, .. } = self.ask.candidate;
        let is_default = reference.is_some() && *reference == self.default_branch;
        by.as_ref().filter(|_| !(*by_itself && is_default))
    }

    /// By which rules, and as part of what, it is decided.
    #[must_use]
    pub fn basis(&self) -> Basis {
        let release = self.shipping.as_ref().and_then(|shipping| shipping.release);
        let signed = |it: &Release| Some((it.id.title.clone(), it.history.current()?.clone()));
        Basis { policy: self.policy.fingerprint(), release: release.and_then(signed) }
    }

    /// The systems that are touched by what comes along.
    #[must_use]
    pub fn systems(&self) -> BTreeSet<String> {
        self.pull_requests.iter().flat_map(|pull| pull.systems.iter().cloned()).collect()
    }

    /// What a repository is called, where that is known.
    #[must_use]
    pub fn name_of(&self, repo: RepoId) -> Option<&RepoName> {
        let known = || self.shipping.as_ref().and_then(|shipping| shipping.names.get(&repo));
        let known = || known().or_else(|| self.names.get(&repo));
        if repo == self.ask.repo { Some(&self.name) } else { known() }
    }
}
