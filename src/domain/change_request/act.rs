//! What people did to a change request, each act with its time and with the verdict on whether they may.
//!
//! Membership is judged when the act is first seen, and the verdict stays: a triager who leaves the team later has
//! still accepted. The acts in the order of their times, not of their arrival, say how triage stands.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{emergency::Done, note::Note};
use crate::domain::{
    ids::{Actor, CommentId, IssueRef},
    policy::Risk,
};

/// One act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// When it was done, not when it arrived.
    pub at: Timestamp,
    pub id: ActId,
    pub by: Option<Actor>,
    pub deed: Deed,
    pub verdict: Verdict,
    /// Judged where nothing is said on GitHub, or long after it was done: nothing will be said of it later either.
    pub quiet: bool,
    /// First seen when there was no policy, and so no prefix of commands either.
    pub before_policy: bool,
    /// Where it was said, when not on the issue itself: on one of its pull requests, a control record, or in a meeting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<IssueRef>,
    /// The limit that it met, where as many were there as may be: it was refused for it, or goes beyond it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<Met>,
    /// That is a meeting, which is told what becomes of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub in_meeting: bool,
}

/// A limit, and how many were there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Met {
    pub limit: u32,
    pub there: usize,
}

/// What makes an act the same when it is seen again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActId {
    /// A command: its comment, and which of the comment's commands, from 0.
    Comment(CommentId, usize),
    /// A label that is on the issue, and when it was set.
    Label(String, Timestamp),
    /// A label that was taken off, and when.
    Unlabel(String, Timestamp),
    /// The milestone that the issue has, and when it was set.
    Milestone(u64, Timestamp),
    /// Declared at the command line, by the operator's word.
    Operator(String),
    /// Nobody had answered what was asked since then.
    Silence(Timestamp),
    /// What was decided where the issue was before it was transferred: triage is 0, the plan 1.
    CameAlong(IssueRef, u8),
}

/// How triage can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruling {
    Accepted,
    NeedsInformation,
    Deferred,
    Declined,
    Duplicate,
    Withdrawn,
}

impl Ruling {
    /// As codes and the audit log write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::NeedsInformation => "needs_information",
            Self::Deferred => "deferred",
            Self::Declined => "declined",
            Self::Duplicate => "duplicate",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Triage was ended so, with this to say; of what is accepted, why over the limit.
    Rule { ruling: Ruling, said: Option<String> },
    /// A withdrawn request was brought back.
    Reopen,
    /// The label of this ruling was taken off.
    TakeBack(Ruling),
    /// Said to need no code.
    Infrastructure,
    /// Said to be a standard change or an emergency.
    Class,
    /// Planned for the release of this title.
    Plan(String),
    /// Planned for it by a command: `next` and `now` until the release is known that they mean.
    Schedule {
        title: String,
        why: Option<String>,
        /// The releases that `next` passed over because they carry no more.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        full: Vec<String>,
        /// Those that it passed over because what is left of them is kept for other accounts.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        kept: Vec<String>,
    },
    /// Taken out of its release by a command.
    Unschedule { why: Option<String> },
    /// Tried what was built, and it works or does not; in whose name that counts is judged where it is asked for.
    Try { works: bool, said: Option<String> },
    /// Said to be of this risk: by anybody, as far as that raises it; by a triager with a reason, otherwise.
    Risk { risk: Risk, why: Option<String> },
    /// Said to be an emergency.
    Emergency { why: String },
    /// Begun, where it needs no code.
    Start,
    /// Signed, where it is an emergency.
    Vouch,
    /// Looked back on, once it was done.
    LookBack { result: Done, said: String },
    /// Said to help planning it.
    Note(Note),
    /// A command that could not be followed, and what it takes behind it.
    Malformed { word: String, takes: String },
    /// A word behind our prefix that we don't know.
    Unheard(String),
}

/// Whether the person may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Allowed,
    Refused(Refusal),
    /// It could not be found out, and why. Never counts as allowed.
    Unknown(String),
}

/// Why somebody may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Bots and apps never count.
    NotAPerson,
    /// GitHub does not say who did it.
    Nobody,
    NotATriager,
    /// Of the account that asks.
    NotTheSponsor,
    /// Neither who asked for it nor their sponsor.
    NotTheClient,
    /// It does not run in production yet.
    NotDelivered,
    /// Nor a triager.
    #[serde(alias = "neither_requester_nor_triager")]
    NeitherAskerNorTriager,
    NotAReleaseManager,
    /// Of those who are on call.
    NotOnCall,
    /// Policy knows no emergency.
    NoEmergencies,
    /// Neither on call nor a release manager.
    NeitherOnCallNorReleaseManager,
    /// Nobody may, by hand.
    NotByHand,
    NotUnderstood,
    /// Nor a release manager.
    NeitherContactNorOperations,
    /// It has code, and starts with its deployment.
    HasCode,
    /// The rules for a deployment are not met now.
    NotNow,
    /// No train carries the repository.
    NoTrain,
    /// No release of the train is called so.
    NoSuchRelease,
    /// The train says not when it leaves.
    NoNext,
    /// None that leaves soon carries more.
    AllFull,
    /// As many are accepted as may be.
    LimitMet,
    /// They asked for it themselves.
    TheirOwn,
}

impl Refusal {
    /// As the audit log writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAPerson => "not_a_person",
            Self::Nobody => "setter_not_named",
            Self::NotATriager => "not_a_triager",
            Self::NotTheSponsor => "not_the_sponsor",
            Self::NotTheClient => "not_the_client",
            Self::NotDelivered => "not_delivered",
            Self::NeitherAskerNorTriager => "neither_asker_nor_triager",
            Self::NotAReleaseManager => "not_a_release_manager",
            Self::NotOnCall => "not_on_call",
            Self::NoEmergencies => "no_emergencies",
            Self::NeitherOnCallNorReleaseManager => "neither_on_call_nor_release_manager",
            Self::NotByHand => "not_by_hand",
            Self::NotUnderstood => "not_understood",
            Self::NeitherContactNorOperations => "neither_contact_nor_operations",
            Self::HasCode => "has_code",
            Self::NotNow => "not_now",
            Self::NoTrain => "no_train",
            Self::NoSuchRelease => "no_such_release",
            Self::NoNext => "no_next",
            Self::AllFull => "all_full",
            Self::LimitMet => "limit_met",
            Self::TheirOwn => "their_own",
        }
    }
}

impl Act {
    /// Whether it is a command in a comment.
    #[must_use]
    pub const fn comment(&self) -> Option<CommentId> {
        match self.id {
            ActId::Comment(comment, _) => Some(comment),
            ActId::Label(..)
            | ActId::Unlabel(..)
            | ActId::Milestone(..)
            | ActId::Operator(_)
            | ActId::Silence(_)
            | ActId::CameAlong(..) => None,
        }
    }

    /// Whether it was done where the issue was before it was transferred.
    #[must_use]
    pub const fn came_along(&self) -> bool {
        matches!(self.id, ActId::CameAlong(..))
    }

    /// Whether it was declared at the command line.
    #[must_use]
    pub const fn by_operator(&self) -> bool {
        matches!(self.id, ActId::Operator(_))
    }

    /// Whether whoever said it is answered where it was said: on a control record, or in a meeting.
    #[must_use]
    pub const fn is_answered_there(&self) -> bool {
        self.on.is_some() && (self.deed.plans() || self.deed.rules())
    }

    /// Whether the labels follow it, rather than it a label.
    #[must_use]
    pub const fn leads(&self) -> bool {
        self.comment().is_some() || self.came_along() || matches!(self.id, ActId::Silence(_))
    }

    /// Whether it counts.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.verdict == Verdict::Allowed
    }

    /// Whether it accepts.
    #[must_use]
    pub const fn accepts(&self) -> bool {
        matches!(self.deed, Deed::Rule { ruling: Ruling::Accepted, .. })
    }

    /// The limit beyond which it accepted.
    #[must_use]
    pub fn beyond(&self) -> Option<Met> {
        self.met.filter(|_| self.counts() && self.accepts())
    }

    /// Whether the verdict will stay.
    #[must_use]
    pub const fn is_judged(&self) -> bool {
        match self.verdict {
            Verdict::Allowed | Verdict::Refused(_) => true,
            Verdict::Unknown(_) => false,
        }
    }

    /// The label of this name that it set; `None` for every other act.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match &self.id {
            ActId::Label(name, _) => Some(name),
            ActId::Comment(..)
            | ActId::Unlabel(..)
            | ActId::Milestone(..)
            | ActId::Operator(_)
            | ActId::Silence(_)
            | ActId::CameAlong(..) => None,
        }
    }
}

/// How triage stands: the last ruling that counts, and who gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    pub ruling: Ruling,
    pub said: Option<&'a str>,
    pub act: &'a Act,
}

/// How triage stood at `until`, by those of the acts that count; they are in the order of their times.
#[must_use]
pub fn standing(acts: &[Act], until: Timestamp) -> Option<Standing<'_>> {
    let before = acts.iter().take_while(|act| act.at <= until).filter(|act| act.counts());
    before.fold(None, |stands, act| match &act.deed {
        Deed::Rule { ruling, said } => Some(Standing { ruling: *ruling, said: said.as_deref(), act }),
        Deed::Reopen => stands.filter(|standing| standing.ruling != Ruling::Withdrawn),
        Deed::TakeBack(ruling) => stands.filter(|standing| standing.ruling != *ruling),
        Deed::Infrastructure
        | Deed::Class
        | Deed::Plan(_)
        | Deed::Schedule { .. }
        | Deed::Unschedule { .. }
        | Deed::Try { .. }
        | Deed::Risk { .. }
        | Deed::Emergency { .. }
        | Deed::Start
        | Deed::Vouch
        | Deed::LookBack { .. }
        | Deed::Note(_)
        | Deed::Malformed { .. }
        | Deed::Unheard(_) => stands,
    })
}

/// How risky it is, by those of the acts that count: a label raises it, and stays counted when it is taken off; only a command
/// lowers it.
#[must_use]
pub fn risk(acts: &[Act]) -> Option<Risk> {
    acts.iter().filter(|act| act.counts()).fold(None, |stands, act| match (&act.deed, act.comment()) {
        (Deed::Risk { risk, .. }, Some(_)) => Some(*risk),
        (Deed::Risk { risk, .. }, None) => stands.max(Some(*risk)),
        _ => stands,
    })
}

/// The last that was said of its release, by hand or by a command, of what counts.
#[must_use]
pub fn planning(acts: &[Act]) -> Option<&Act> {
    acts.iter().rev().find(|act| act.counts() && act.deed.plans())
}

/// The command since which it is planned like this, where the last that was said is a command and says so.
#[must_use]
pub fn commanded(acts: &[Act], says: impl Fn(&Deed) -> bool) -> Option<&Act> {
    let planning = acts.iter().rev().filter(|act| act.counts() && act.deed.plans());
    planning.take_while(|act| act.comment().is_some() && says(&act.deed)).last()
}

/// Why it is not known how triage stands, where an act that could change it is not judged.
#[must_use]
pub fn doubt(acts: &[Act]) -> Option<&str> {
    let settled = |act: &&Act| act.counts() && matches!(act.deed, Deed::Rule { .. });
    acts.iter().rev().take_while(|act| !settled(act)).find_map(|act| match &act.verdict {
        Verdict::Unknown(why) if act.deed.rules() => Some(why.as_str()),
        Verdict::Unknown(_) | Verdict::Allowed | Verdict::Refused(_) => None,
    })
}

impl Deed {
    /// Whether it declares an emergency.
    #[must_use]
    pub const fn is_emergency(&self) -> bool {
        matches!(self, Self::Emergency { .. })
    }

    /// Whether it is about an emergency.
    #[must_use]
    pub const fn is_in_need(&self) -> bool {
        matches!(self, Self::Emergency { .. } | Self::Vouch | Self::LookBack { .. })
    }

    /// Whether both end triage in the same way.
    #[must_use]
    pub fn rules_as(&self, other: &Self) -> bool {
        let ruling = |deed: &Self| if let Self::Rule { ruling, .. } = deed { Some(*ruling) } else { None };
        ruling(self).is_some_and(|this| ruling(other) == Some(this))
    }

    /// Whether it says in which release it is.
    #[must_use]
    pub const fn plans(&self) -> bool {
        matches!(self, Self::Plan(_) | Self::Schedule { .. } | Self::Unschedule { .. })
    }

    /// The release of this title is what it says.
    #[must_use]
    pub fn plans_for(&self, title: &str) -> bool {
        if let Self::Plan(of) | Self::Schedule { title: of, .. } = self { of == title } else { false }
    }

    /// Whether it can change how triage stands.
    #[must_use]
    pub const fn rules(&self) -> bool {
        match self {
            Self::Rule { .. } | Self::Reopen | Self::TakeBack(_) => true,
            Self::Infrastructure
            | Self::Class
            | Self::Plan(_)
            | Self::Schedule { .. }
            | Self::Unschedule { .. }
            | Self::Try { .. }
            | Self::Risk { .. }
            | Self::Emergency { .. }
            | Self::Start
            | Self::Vouch
            | Self::LookBack { .. }
            | Self::Note(_)
            | Self::Malformed { .. }
            | Self::Unheard(_) => false,
        }
    }
}
