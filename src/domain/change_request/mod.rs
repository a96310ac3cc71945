//! An issue, taken in as a change request: who asked, who decided, and how far it is.
//!
//! The parts, in the order in which a judgement uses them:
//!
//! - [`rules`]: what the policy says,
//! - [`follow`]: the newest snapshot, and when GitHub has to be read,
//! - [`act`]: what people did; [`deeds`]: where it is seen; [`people`]: whether they may; `planning`: which release they mean,
//! - [`limits`]: how many may be accepted at once,
//! - [`emergency`]: what somebody on call declared, and what is owed for it; [`way_back`]: what is quicker,
//! - [`delivered`]: whether it runs in production,
//! - [`without_code`]: what is done by hand,
//! - [`note`]: what helps planning it, and decides nothing; [`silence`]: that nobody answers,
//! - [`moved`]: what goes along when the issue is transferred,
//! - [`stage`]: how far it is, and since when,
//! - `in_meeting`: what a planning meeting is told,
//! - [`answer`]: what GitHub is told; [`log`]: what the audit log is told; [`news`]: what other systems are told.

pub mod act;
pub mod answer;
pub mod deeds;
pub mod delivered;
pub mod emergency;
pub mod follow;
mod in_meeting;
pub mod limits;
pub mod log;
pub mod moved;
pub mod news;
pub mod people;
pub mod note;
mod planning;
pub mod rules;
pub mod silence;
pub mod stage;
pub mod way_back;
pub mod without_code;

mod judge;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    event::{Event, IssueSnapshot},
    finding::Finding,
    ids::{AccountId, Actor, IssueRef, ReleaseId, RepoId, SubjectId},
    link::WrittenLink,
    policy::Risk,
    replies::Replies,
    revision::RevisionHash,
    subject::Relation,
};

use act::{Act, Deed};
use delivered::Delivered;
use emergency::Emergency;
use follow::{Gone, Read};
use note::Size;
use silence::Silence;
use stage::{Own, Work};
use without_code::Underway;

pub use judge::judge;

/// What is known of an issue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRequest {
    pub at: IssueRef,
    /// As last seen.
    pub seen: Option<IssueSnapshot>,
    /// What GitHub said when it was last asked.
    pub read: Option<Read>,
    /// Why GitHub has to be asked and could not be; `None`: what is known of it covers the snapshot.
    pub unread: Option<String>,
    /// It is not there any more.
    pub gone: Option<Gone>,
    /// Where it was before it was transferred to here.
    pub moved_from: Option<IssueRef>,
    /// Where it was before that.
    #[serde(default)]
    pub earlier: BTreeSet<IssueRef>,
    /// What people did, in the order of the times at which they did it.
    pub acts: Vec<Act>,
    /// What the newest snapshot says by itself of how far it is.
    pub own: Own,
    /// What each snapshot in the register said so, by the snapshot's `updated_at`.
    pub versions: BTreeMap<Timestamp, Own>,
    /// The pull requests that belong to it, as they stood from each of these times on.
    pub work: Vec<(Timestamp, Work)>,
    /// The release it was planned for, from each of these times on.
    pub planned: Vec<(Timestamp, Option<ReleaseId>)>,
    /// It has the intake label or type.
    pub taken_in: bool,
    /// The required fields without an answer.
    pub missing: Vec<String>,
    /// The hash of what of it is signed, while it is in the register.
    #[serde(default)]
    pub text: Option<RevisionHash>,
    /// What it says that it depends on.
    #[serde(default)]
    pub depends: Vec<WrittenLink>,
    /// The systems that its labels name.
    #[serde(default)]
    pub systems: BTreeSet<String>,
    /// The account that asks for it: the department or customer, in lower case.
    #[serde(default)]
    pub account: Option<String>,
    /// How large it is, as a label says.
    #[serde(default)]
    pub labelled_size: Option<Size>,
    /// A label says that it is a project.
    #[serde(default)]
    pub labelled_project: bool,
    /// When whoever asked for it wrote something here last.
    #[serde(default)]
    pub answered: Option<Timestamp>,
    /// It lacks information, and nobody answers.
    #[serde(default)]
    pub silence: Option<Silence>,
    /// What it has had so far.
    #[serde(default)]
    pub had: Had,
    /// In which form the register shows it; 0: not yet.
    #[serde(default)]
    pub listed: u8,
    /// The stages it went through, each with the time at which it came there.
    pub stages: Vec<(Stage, Timestamp)>,
    pub acceptance: Acceptance,
    /// The last that was declared.
    #[serde(default)]
    pub emergency: Option<Emergency>,
    /// Where something is owed for it: the repositories that its pull requests, and the issue itself, are in.
    #[serde(default)]
    pub owes: BTreeSet<RepoId>,
    /// It runs in production.
    #[serde(default)]
    pub delivered: Option<Delivered>,
    /// Since when it is known to work.
    #[serde(default)]
    pub verified: Option<Timestamp>,
    /// Somebody is at it, where it needs no code.
    #[serde(default)]
    pub underway: Option<Underway>,
    /// What stood against starting it when somebody wanted to last.
    #[serde(default)]
    pub hindrances: Vec<Finding>,
    /// The issue in which people look back on its emergency, once GitHub has confirmed it.
    #[serde(default)]
    pub retrospective: Option<IssueRef>,
    /// What was said there while it was not known to be an issue that we keep: whoever keeps it hears it.
    #[serde(default)]
    pub overheard: Vec<Event>,
    /// We keep a status comment on it.
    pub commented: bool,
    /// When we wrote a comment that is not the status comment, within the last hour.
    pub replies: Replies,
}

/// What a change request has had so far: more than one change has, where it goes on and on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Had {
    /// The pull requests that belong to it and are open or merged.
    pub pulls: usize,
    /// The releases with which any of them came into production, as it was planned then.
    pub shipped_in: BTreeSet<ReleaseId>,
}

impl Had {
    /// Nothing yet.
    pub const NONE: Self = Self { pulls: 0, shipped_in: BTreeSet::new() };
}

/// How far a change request is. Derived from facts, never set by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ChangeState)]
pub enum Stage {
    Requested,
    NeedsInformation,
    Deferred,
    Declined,
    Duplicate,
    Withdrawn,
    Accepted,
    Scheduled,
    InWork,
    /// A finishing pull request is merged and no linked one is open: the code is complete. Not delivered.
    Merged,
    /// It runs in an environment that policy guards.
    Deployed,
    /// And is known to work there.
    Verified,
}

impl Stage {
    /// Whether nothing is left to be built.
    #[must_use]
    pub const fn is_complete(self) -> bool {
        matches!(self, Self::Merged | Self::Deployed | Self::Verified)
    }

    /// As stored and as the audit log writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::NeedsInformation => "needs_information",
            Self::Deferred => "deferred",
            Self::Declined => "declined",
            Self::Duplicate => "duplicate",
            Self::Withdrawn => "withdrawn",
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::InWork => "in_work",
            Self::Merged => "merged",
            Self::Deployed => "deployed",
            Self::Verified => "verified",
        }
    }
}

/// Whether it was accepted by somebody who may, and if not, why not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acceptance {
    /// Accepted.
    Accepted { by: Option<Actor>, at: Timestamp },
    /// Nobody has accepted it; the time since when it waits.
    Waiting { since: Option<Timestamp> },
    /// Deferred, declined, duplicate or withdrawn, as its stage says; and the reason in the person's words.
    Refused { by: Option<Actor>, why: Option<String> },
    /// It could not be found out, and why.
    Unknown(String),
}

/// What others may read of a change request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChangeRequestView {
    pub at: IssueRef,
    pub title: String,
    /// Whether GitHub has such an issue.
    pub exists: bool,
    /// Whether it was taken in: it has the intake label or type.
    pub taken_in: bool,
    pub stage: Stage,
    pub acceptance: Acceptance,
    pub release: Option<ReleaseId>,
    pub requester: Option<Actor>,
    /// The account that asks for it, in lower case.
    #[serde(default)]
    pub account: Option<String>,
    /// The last emergency that was declared.
    #[serde(default)]
    pub emergency: Option<Emergency>,
    /// How much it could break, as far as anybody has said.
    #[serde(default)]
    pub risk: Option<Risk>,
    /// The hash of what of it is signed, while it is in the register.
    #[serde(default)]
    pub text: Option<RevisionHash>,
    /// Where it runs, once it does.
    #[serde(default)]
    pub delivered: Option<Delivered>,
    /// Somebody is at it, where it needs no code.
    #[serde(default)]
    pub underway: Option<Underway>,
    /// The systems that its labels name, in lower case.
    #[serde(default)]
    pub systems: BTreeSet<String>,
    /// A triager has said that it needs no code.
    #[serde(default)]
    pub needs_no_code: bool,
    /// Since when it is in its release, or in none.
    #[serde(default)]
    pub planned_at: Option<Timestamp>,
    /// Who said so, where somebody did.
    #[serde(default)]
    pub planned_by: Option<Actor>,
    /// What it says that it depends on.
    #[serde(default)]
    pub depends: Vec<WrittenLink>,
    /// What those who tried it said last, one of each person.
    #[serde(default)]
    pub tried: Vec<Tried>,
    /// Once it was transferred: what was decided here and goes along.
    #[serde(default)]
    pub goes_along: Vec<Act>,
    /// Where it was before it was transferred to here, each place.
    #[serde(default)]
    pub formerly: BTreeSet<IssueRef>,
    /// What was said on an issue that we keep ourselves.
    #[serde(default)]
    pub overheard: Vec<Event>,
}

/// Somebody tried what was built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    pub by: Actor,
    pub at: Timestamp,
    pub works: bool,
    /// What does not, in the person's words.
    pub said: Option<String>,
}

impl ChangeRequest {
    /// An issue of which nothing is known.
    #[must_use]
    pub const fn new(at: IssueRef) -> Self {
        Self {
            at,
            seen: None,
            read: None,
            unread: None,
            gone: None,
            moved_from: None,
            earlier: BTreeSet::new(),
            acts: vec![],
            own: Own::Out,
            versions: BTreeMap::new(),
            work: vec![],
            planned: vec![],
            taken_in: false,
            missing: vec![],
            text: None,
            depends: vec![],
            systems: BTreeSet::new(),
            account: None,
            labelled_size: None,
            labelled_project: false,
            answered: None,
            silence: None,
            had: Had::NONE,
            listed: 0,
            stages: vec![],
            acceptance: Acceptance::Waiting { since: None },
            emergency: None,
            owes: BTreeSet::new(),
            delivered: None,
            verified: None,
            underway: None,
            hindrances: vec![],
            retrospective: None,
            overheard: vec![],
            commented: false,
            replies: Replies::NONE,
        }
    }

    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> ChangeRequestView {
        ChangeRequestView {
            at: self.at,
            title: self.seen.as_ref().map(|seen| seen.title.clone()).unwrap_or_default(),
            exists: self.seen.is_some() && self.gone.is_none(),
            taken_in: self.taken_in,
            stage: self.stage(),
            acceptance: self.acceptance.clone(),
            release: self.release().cloned(),
            requester: self.requester().cloned(),
            account: self.account.clone(),
            emergency: self.emergency.clone(),
            risk: act::risk(&self.acts),
            text: self.text.clone(),
            delivered: self.delivered.clone(),
            underway: self.underway.clone(),
            systems: self.systems.clone(),
            needs_no_code: self.needs_no_code(),
            depends: self.depends.clone(),
            planned_at: self.planned.last().map(|(at, _)| *at),
            planned_by: act::planning(&self.acts).and_then(|act| act.by.clone()),
            tried: self.tried(),
            goes_along: self.goes_along(),
            formerly: self.formerly(),
            overheard: self.overheard.clone(),
        }
    }

    /// Whether a triager has said that it needs no code.
    #[must_use]
    pub fn needs_no_code(&self) -> bool {
        self.acts.iter().any(|act| act.counts() && act.deed == Deed::Infrastructure)
    }

    fn tried(&self) -> Vec<Tried> {
        let mut last: BTreeMap<AccountId, Tried> = BTreeMap::new();
        for act in self.acts.iter().filter(|act| act.counts()) {
            if let (Deed::Try { works, said }, Some(by)) = (&act.deed, &act.by) {
                let (by, at, said) = (by.clone(), act.at, said.clone());
                last.insert(by.id, Tried { by, at, works: *works, said });
            }
        }
        last.into_values().collect()
    }

    /// The release it is planned for, and where it owes something.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        let release = self.release().filter(|_| self.taken_in);
        let release = release.map(|release| (Relation::In, SubjectId::Release(release.clone())));
        let owes = self.owes.iter().map(|repo| (Relation::Owes, SubjectId::Repository(*repo)));
        let underway = self.underway.iter().map(|_| (Relation::Underway, SubjectId::Account));
        let of_system = (!self.owes.is_empty() && !self.systems.is_empty()).then_some(SubjectId::Account);
        let of_system = of_system.map(|account| (Relation::Owes, account));
        let record = self.retrospective.map(|at| (Relation::Records, SubjectId::ChangeRequest(at)));
        release.into_iter().chain(owes).chain(underway).chain(of_system).chain(record).collect()
    }

    /// How far it is; the last stage it had, where it has left the register.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stages.last().map_or(Stage::Requested, |(stage, _)| *stage)
    }

    /// The release it is planned for, by somebody who may.
    #[must_use]
    pub fn release(&self) -> Option<&ReleaseId> {
        self.planned.last().and_then(|(_, release)| release.as_ref())
    }

    /// Who asked for it: the author of the issue. What a bot wrote is asked for by nobody who could be answered.
    #[must_use]
    pub fn requester(&self) -> Option<&Actor> {
        self.seen.as_ref().and_then(|seen| seen.author.as_ref()).filter(|author| author.person)
    }
}
