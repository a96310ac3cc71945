//! What GitHub and other systems must be told, complete: whoever performs an effect chooses nothing.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    announcement::Announcement,
    bell::Ring,
    event::{AtGate, CameTo, Failure, IssuePurpose, Judged, MilestoneSnapshot, Planning, Shipment, WentBy},
    gate::GateAnswer,
    ids::{CommentId, IssueRef, ReleaseId, RepoId, Sha, SubjectId},
    revision::RevisionHash,
};

/// One thing to tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// What it sets, in words: a newer effect with the same key replaces an older unsent one, and an effect equal
    /// to the last sent one is not sent again.
    pub key: String,
    /// Which effects go first when GitHub's budget is short.
    pub lane: Lane,
    /// The call.
    pub call: Call,
    /// To be sent even when it equals the last one sent, because somebody has changed what it sets since.
    pub again: bool,
}

impl Effect {
    /// The effect of this call, in the lane it belongs to.
    #[must_use]
    pub fn new(call: Call) -> Self {
        Self { key: call.key(), lane: call.lane(), again: call.is_asked_when_it_differs(), call }
    }

    /// The same, to be sent even when it equals the last one sent.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    /// How it is made safe to send twice.
    #[must_use]
    pub const fn class(&self) -> Class {
        self.call.class()
    }
}

/// In the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Gate answers and merge groups: somebody's pipeline waits.
    Gate = 0,
    /// Check runs.
    Check = 1,
    /// Comments, labels, milestones, reactions.
    Rest = 2,
    /// Announcements, which stand in a queue of their own: whoever hears them may be slow, and nobody waits for it.
    Announce = 3,
}

/// How a repeated sending is harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Sets a value; setting it twice is setting it once.
    Set,
    /// Creates something that is looked up first from the second attempt on; duplicates are removed.
    Find,
    /// Told at least once, with the same idempotency key each time: whoever hears it twice can tell.
    Fire,
}

/// The check that Changegate writes on pull requests and merge groups.
pub const CHANGE_CHECK: &str = "changegate/change";

/// The check that Changegate writes where merging is deploying, and on the commits of production tags.
pub const RELEASE_CHECK: &str = "changegate/release";

/// A call to GitHub, or an announcement, in domain words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
pub enum Call {
    /// The check run of this name on this commit says this.
    CheckRun {
        repo: RepoId,
        sha: Sha,
        name: String,
        status: CheckStatus,
        title: String,
        /// Markdown, at most 65,535 characters.
        summary: String,
        /// Somebody's merge queue waits for it.
        urgent: bool,
        /// A signature is missing that somebody can give with a button.
        #[serde(default)]
        signs: bool,
    },
    /// The one comment that we keep for this purpose says this. Created, edited in place, or restored.
    Comment {
        on: IssueRef,
        /// What the comment is for: `status`, or `reply/COMMENT` where it answers a comment.
        purpose: String,
        /// Markdown, at most 65,000 characters.
        body: String,
        /// The issue was transferred: where the comment may have been before it came along.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        was_on: BTreeSet<IssueRef>,
    },
    /// The one issue that we keep for this purpose in a repository says this, and is open or closed.
    Issue {
        repo: RepoId,
        purpose: String,
        title: String,
        /// Markdown, at most 65,000 characters.
        body: String,
        open: bool,
        /// Who is told, as a delivery, where it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<IssuePurpose>,
    },
    /// The control record of a release: the one issue where people see what ships and sign it. What came of it is told
    /// to the release, as a delivery: where the record is, and when it showed this revision.
    Record {
        repo: RepoId,
        release: ReleaseId,
        /// What there is to sign, where there is something.
        revision: Option<RevisionHash>,
        title: String,
        /// Markdown, at most 65,000 characters.
        body: String,
        open: bool,
    },
    /// This label is on the issue, or is not.
    Label { on: IssueRef, name: String, present: bool },
    /// The issue has this milestone, or none.
    Milestone { on: IssueRef, number: Option<u64> },
    /// The issue is assigned to this person, beside whom else it is assigned to.
    Assign { on: IssueRef, login: String },
    /// Nothing more is planned for a milestone.
    CloseMilestone { repo: RepoId, number: u64 },
    /// A milestone is called so.
    RenameMilestone {
        repo: RepoId,
        number: u64,
        title: String,
        /// As before: somebody else had given it another title.
        back: bool,
    },
    /// The repository has a milestone of this title. One that is there keeps its due day, if it has one.
    MakeMilestone { repo: RepoId, title: String, due: Timestamp },
    /// The issue has the milestone of this title, which is made where the repository has none.
    Schedule {
        on: IssueRef,
        title: String,
        /// The due day of a milestone that is made.
        due: Option<Timestamp>,
    },
    /// Our reaction on a comment.
    Reaction { repo: RepoId, comment: CommentId, content: Reaction },
    /// Our deployment protection rule lets a run's jobs into an environment, or does not. It cannot be taken back.
    ProtectionAnswer {
        repo: RepoId,
        run: u64,
        /// The answer is for this attempt of the run and for no later one.
        attempt: u64,
        environment: String,
        ruling: Ruling,
        /// Markdown, at most 1,024 characters.
        comment: String,
        /// Until when it may be sent: it rests on what was so a moment ago. `None`: at any time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Why our rule does not answer yet. GitHub takes ten of these for a deployment.
    ProtectionNote {
        repo: RepoId,
        run: u64,
        attempt: u64,
        environment: String,
        /// Markdown, at most 1,024 characters.
        comment: String,
    },
    /// These are read from GitHub once more: what is known of them is older than what it shows. Nobody outside is told;
    /// it comes back in as a delivery.
    ReadAnew {
        repo: RepoId,
        issues: BTreeSet<u64>,
        pull_requests: BTreeSet<u64>,
        /// The policy file, too.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        policy: bool,
        /// Milestones, as GitHub shows them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        milestones: Vec<MilestoneSnapshot>,
        /// Who waits for it.
        by: SubjectId,
    },
    /// Something else runs in an environment than before. Nobody outside is told; it comes back in as a delivery, to the pull
    /// requests and releases that it concerns.
    Ship { repo: RepoId, shipment: Shipment },
    /// What keeps a release back at a gate is another than before. Nobody outside is told; it comes back in as a delivery, to
    /// the release.
    AtGate { repo: RepoId, at_gate: AtGate },
    /// Something went wrong that was delivered from a repository, or was to be. Nobody outside is told; it comes back in as a
    /// delivery, to the repository.
    Fail { repo: RepoId, failure: Failure },
    /// Something went by while nobody was here. Nobody outside is told; it comes back in as a delivery, to the account.
    WentBy { repo: RepoId, went: Box<WentBy> },
    /// An issue is told what a command elsewhere says of it. Nobody outside is told; it comes back in as a delivery.
    Plan { on: IssueRef, planning: Planning },
    /// A meeting is told what became of a command there. Nobody outside is told; it comes back in as a delivery, to the account.
    Judged { judged: Box<Judged> },
    /// The one deployment that we keep for a run of a pipeline outside GitHub has come so far.
    Deployment {
        repo: RepoId,
        /// Which run it is of: a hash.
        run: String,
        environment: String,
        sha: Sha,
        came_to: CameTo,
        /// Of which run, for people.
        description: String,
    },
    /// What the gate answers a pipeline. Nobody outside is told: it is stored with the decision, and whoever asks reads it.
    GateAnswer { repo: RepoId, answer: Box<GateAnswer> },
    /// Whoever asked at the gate and does not wait is told by a status of the one deployment that we keep for that.
    Ring { repo: RepoId, ring: Box<Ring> },
    /// Another system is told.
    Announce { announcement: Announcement },
}

/// What our deployment protection rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    /// The jobs start.
    Approved,
    /// The jobs fail. A re-run asks again.
    Rejected,
}

/// What a check run says. Never `neutral` or `skipped`: both would satisfy a required check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// Facts are still being found out.
    InProgress,
    /// All rules are met (or the repository only advises).
    Success,
    /// A rule is not met.
    Failure,
    /// Somebody has to act before it can be decided.
    ActionRequired,
}

/// Reactions we give to commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// Done (GitHub's `+1`).
    ThumbsUp,
    /// Not done; a sentence beside says why (GitHub's `confused`).
    Confused,
    /// Seen (GitHub's `eyes`).
    Eyes,
}

/// The key of the comment that we keep on an issue for a purpose.
#[must_use]
pub fn comment_key(on: IssueRef, purpose: &str) -> String {
    format!("comment/{}/{}/{purpose}", on.repo, on.number)
}

impl Call {
    fn key(&self) -> String {
        match self {
            Self::CheckRun { repo, sha, name, .. } => format!("check/{repo}/{sha}/{name}"),
            Self::Comment { on, purpose, .. } => comment_key(*on, purpose),
            Self::Issue { repo, purpose, .. } => format!("issue/{repo}/{purpose}"),
            Self::Record { repo, release, .. } => {
                format!("record/{repo}/{}/{}", release.train, release.title)
            }
            Self::Label { on, name, .. } => format!("label/{}/{}/{name}", on.repo, on.number),
            Self::Assign { on, .. } => format!("contact/{}/{}", on.repo, on.number),
            Self::CloseMilestone { repo, number } => format!("milestone-state/{repo}/{number}"),
            Self::RenameMilestone { repo, number, back, .. } => {
                format!("milestone-title{}/{repo}/{number}", if *back { "-back" } else { "" })
            }
            Self::MakeMilestone { repo, title, .. } => format!("milestone-made/{repo}/{title}"),
            Self::Milestone { on, .. } | Self::Schedule { on, .. } => {
                format!("milestone/{}/{}", on.repo, on.number)
            }
            Self::Plan { on, planning } => {
                format!("plan/{}/{}/{}/{}", on.repo, on.number, planning.comment, planning.place)
            }
            Self::Judged { judged } => {
                let Judged { of, comment, place, .. } = &**judged;
                format!("judged/{}/{}/{comment}/{place}", of.repo, of.number)
            }
            Self::Reaction { repo, comment, content } => format!("reaction/{repo}/{comment}/{content:?}"),
            Self::ProtectionAnswer { repo, run, attempt, environment, .. } => {
                format!("protection/{repo}/{run}/{attempt}/{environment}")
            }
            Self::ProtectionNote { repo, run, attempt, environment, .. } => {
                format!("protection-note/{repo}/{run}/{attempt}/{environment}")
            }
            Self::ReadAnew { repo, by, .. } => format!("anew/{repo}/{by}"),
            Self::Ship { repo, shipment } => format!("shipped/{repo}/{}", shipment.deployment),
            Self::Deployment { repo, run, .. } => format!("deployment/{repo}/{run}"),
            Self::GateAnswer { answer, .. } => format!("gate/{}", answer.ask.id),
            Self::Ring { repo, ring } => format!("ring/{repo}/{}", ring.gate),
            Self::AtGate { repo, at_gate: AtGate { release, environment, .. } } => {
                format!("gate/{repo}/{environment}/{}/{}", release.train, release.title)
            }
            Self::Fail { repo, failure } => format!("failed/{repo}/{}", failure.of),
            Self::WentBy { repo, went } => {
                format!("went-by/{repo}/{}/{}", went.environment, went.deployment)
            }
            Self::Announce { announcement } => announcement.key(),
        }
    }

    /// Which call it is, as counters name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CheckRun { .. } => "check_run",
            Self::Comment { .. } => "comment",
            Self::Issue { .. } => "issue",
            Self::Record { .. } => "record",
            Self::Label { .. } => "label",
            Self::Assign { .. } => "assignee",
            Self::Milestone { .. } | Self::Schedule { .. } => "milestone",
            Self::CloseMilestone { .. } | Self::RenameMilestone { .. } | Self::MakeMilestone { .. } => {
                "milestone_state"
            }
            Self::Reaction { .. } => "reaction",
            Self::ProtectionAnswer { .. } => "protection_answer",
            Self::ProtectionNote { .. } => "protection_note",
            Self::ReadAnew { .. } => "read_anew",
            Self::Ship { .. } => "ship",
            Self::AtGate { .. } => "at_gate",
            Self::Fail { .. } => "fail",
            Self::WentBy { .. } => "went_by",
            Self::Deployment { .. } => "deployment",
            Self::GateAnswer { .. } => "gate_answer",
            Self::Ring { .. } => "ring",
            Self::Plan { .. } => "plan",
            Self::Judged { .. } => "judged",
            Self::Announce { .. } => "announcement",
        }
    }

    const fn lane(&self) -> Lane {
        match self {
            Self::CheckRun { urgent: true, .. }
            | Self::ProtectionAnswer { .. }
            | Self::ProtectionNote { .. }
            | Self::ReadAnew { .. }
            | Self::Ship { .. }
            | Self::GateAnswer { .. }
            | Self::Ring { .. }
            | Self::Deployment { .. }
            | Self::Judged { .. }
            | Self::Plan { .. } => Lane::Gate,
            Self::AtGate { .. } | Self::Fail { .. } | Self::WentBy { .. } => Lane::Rest,
            Self::CheckRun { urgent: false, .. } => Lane::Check,
            Self::Comment { .. }
            | Self::Issue { .. }
            | Self::Record { .. }
            | Self::Label { .. }
            | Self::Assign { .. }
            | Self::Milestone { .. }
            | Self::CloseMilestone { .. }
            | Self::RenameMilestone { .. }
            | Self::MakeMilestone { .. }
            | Self::Schedule { .. }
            | Self::Reaction { .. } => Lane::Rest,
            Self::Announce { .. } => Lane::Announce,
        }
    }

    const fn class(&self) -> Class {
        match self {
            Self::CheckRun { .. }
            | Self::Comment { .. }
            | Self::Issue { .. }
            | Self::Record { .. }
            | Self::Ring { .. }
            | Self::Deployment { .. } => Class::Find,
            Self::Label { .. }
            | Self::Assign { .. }
            | Self::Milestone { .. }
            | Self::CloseMilestone { .. }
            | Self::RenameMilestone { .. }
            | Self::MakeMilestone { .. }
            | Self::Schedule { .. }
            | Self::Plan { .. }
            | Self::Judged { .. }
            | Self::Reaction { .. }
            | Self::ProtectionAnswer { .. }
            | Self::ProtectionNote { .. }
            | Self::ReadAnew { .. }
            | Self::GateAnswer { .. }
            | Self::Ship { .. }
            | Self::AtGate { .. }
            | Self::WentBy { .. }
            | Self::Fail { .. } => Class::Set,
            Self::Announce { .. } => Class::Fire,
        }
    }

    /// Labels and milestones are people's too: they are only set where the snapshot shows another value. What was read anew
    /// once may have to be so again.
    const fn is_asked_when_it_differs(&self) -> bool {
        matches!(
            self,
            Self::Label { .. }
                | Self::Assign { .. }
                | Self::Milestone { .. }
                | Self::Schedule { .. }
                | Self::ReadAnew { .. }
        )
    }

    /// The repository it is about.
    #[must_use]
    pub const fn repo(&self) -> RepoId {
        match self {
            Self::CheckRun { repo, .. }
            | Self::Issue { repo, .. }
            | Self::Record { repo, .. }
            | Self::CloseMilestone { repo, .. }
            | Self::RenameMilestone { repo, .. }
            | Self::MakeMilestone { repo, .. }
            | Self::Reaction { repo, .. }
            | Self::ProtectionAnswer { repo, .. }
            | Self::ProtectionNote { repo, .. }
            | Self::ReadAnew { repo, .. }
            | Self::GateAnswer { repo, .. }
            | Self::Ring { repo, .. }
            | Self::Deployment { repo, .. }
            | Self::Ship { repo, .. }
            | Self::AtGate { repo, .. }
            | Self::WentBy { repo, .. }
            | Self::Fail { repo, .. } => *repo,
            Self::Comment { on, .. }
            | Self::Label { on, .. }
            | Self::Assign { on, .. }
            | Self::Milestone { on, .. }
            | Self::Schedule { on, .. }
            | Self::Plan { on, .. } => on.repo,
            Self::Judged { judged } => judged.on.repo,
            Self::Announce { announcement } => announcement.repo,
        }
    }
}
