//! What stands of what people did: approvals that were not taken back, rejections and holds that nobody lifted, and
//! what became of each act.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    super::{
        facts::Membership,
        ids::{AccountId, Actor},
        revision::RevisionHash,
    },
    Case, Group, GroupStand, Stand,
    history::Unbound,
    ledger::{Act, Deed, Source},
    words::{Said, Unclear},
};

/// What stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The approvals, each on its revision; for which group each counts is not decided yet. In order of time.
    pub given: Vec<Given>,
    /// The rejections and holds, in order of time.
    pub restraints: Vec<Restraint>,
    /// What became of each act.
    pub rulings: Vec<(Source, Ruling)>,
}

/// An approval of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub by: Actor,
    /// The group that was named; `None`: it counts where it is needed.
    pub group: Option<String>,
    pub revision: RevisionHash,
    pub at: Timestamp,
    pub source: Source,
}

/// A rejection or a hold: it blocks until the same person, or another of the same group, lifts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restraint {
    pub what: Restrains,
    pub by: Actor,
    pub why: String,
    pub at: Timestamp,
    pub source: Source,
    /// The groups in whose name it stands.
    pub groups: BTreeSet<String>,
    /// Why it is not known whether its author may; it blocks until that is known.
    pub unknown: Option<String>,
}

/// In which way something is restrained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Restrains {
    Rejection,
    Hold,
}

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It counts.
    Taken,
    /// It may count: it is not known whether its author may, and why.
    Unknown(String),
    /// It was given before the turn of its group, and these had not signed.
    Early {
        group: String,
        ahead: Vec<String>,
    },
    /// It is an approval of what is not current any more.
    Outdated(RevisionHash),
    Refused(Refusal),
}

/// Why an act does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Bots and apps never do.
    NotAPerson,
    /// There is no such group.
    NoSuchGroup(String),
    /// Not a member of the group that was named.
    NotInGroup(String),
    /// Not a member of any group that signs.
    InNoGroup,
    /// For this group only reviews count.
    OnlyInReview,
    Unclear(Unclear),
    Unbound(Unbound),
    /// Worked on all of it.
    OwnWork,
    /// A rejection or a hold without a reason.
    NoReason,
    /// There is nothing of the kind, or nothing that this person may lift.
    NothingToLift,
}

/// Goes through the acts in order.
pub(super) fn of(case: &Case<'_>) -> Standing {
    let mut walk = Walk { case, standing: Standing::default() };
    for act in case.ledger.acts() {
        let ruling = if act.by.person { walk.step(act) } else { Ruling::Refused(Refusal::NotAPerson) };
        walk.standing.rulings.push((act.source, ruling));
    }
    walk.standing
}

impl Standing {
    /// Says of the approvals that count for nothing because it was not their turn that it was not.
    pub(super) fn note_early(&mut self, groups: &[GroupStand]) {
        for given in &self.given {
            let counts = |stand: &GroupStand| stand.signed.iter().any(|it| it.source == given.source);
            let is_early = |stand: &&GroupStand| {
                let meant = given.group.as_ref().is_none_or(|group| *group == stand.group);
                meant && stand.early.iter().any(|by| by.id == given.by.id)
            };
            let Some(early) = groups.iter().find(is_early).filter(|_| !groups.iter().any(counts)) else {
                continue;
            };
            let before = groups.iter().take_while(|stand| stand.group != early.group);
            let ahead = before.filter(|stand| stand.stand != Stand::Complete);
            let ahead = ahead.map(|stand| stand.group.clone()).collect();
            let taken = self.rulings.iter_mut().find(|(source, _)| *source == given.source);
            if let Some((_, ruling)) = taken.filter(|(_, ruling)| *ruling == Ruling::Taken) {
                *ruling = Ruling::Early { group: early.group.clone(), ahead };
            }
        }
    }
}

struct Walk<'a> {
    case: &'a Case<'a>,
    standing: Standing,
}

impl Walk<'_> {
    fn step(&mut self, act: &Act) -> Ruling {
        match &act.deed {
            Deed::Approve(said) => self.approve(act, said),
            Deed::ApproveInReview(commit) => {
                let patience = self.case.terms.patience;
                let revision = self.case.history.reviewed(commit.as_ref(), act.at, patience).cloned();
                self.sign(act, None, revision)
            }
            Deed::TakeBack => lifted(self.take_back(act.by.id)),
            Deed::Reject(why) => self.restrain(act, Restrains::Rejection, why),
            Deed::Hold(why) => self.restrain(act, Restrains::Hold, why),
            Deed::RejectNoMore => self.lift(act, Restrains::Rejection),
            Deed::HoldNoMore => self.lift(act, Restrains::Hold),
            Deed::Unclear(unclear) => Ruling::Refused(Refusal::Unclear(unclear.clone())),
        }
    }

    fn approve(&mut self, act: &Act, said: &Said) -> Ruling {
        let history = self.case.history;
        let revision = match &said.revision {
            Some(prefix) => history.named(prefix, act.at),
            None => history.seen(act.at, self.case.terms.patience),
        };
        self.sign(act, said.group.as_deref(), revision.cloned())
    }

    fn sign(&mut self, act: &Act, group: Option<&str>, revision: Result<RevisionHash, Unbound>) -> Ruling {
        let by_its_kind = |group: &&Group| group.takes(act.source);
        if group.and_then(|name| self.case.group(name)).is_some_and(|group| !by_its_kind(&group)) {
            return Ruling::Refused(Refusal::OnlyInReview);
        }
        let membership = match self.may(act, group, by_its_kind) {
            Ok(membership) => membership,
            Err(refusal) => return Ruling::Refused(refusal),
        };
        let revision = match revision {
            Ok(revision) => revision,
            Err(unbound) => return Ruling::Refused(Refusal::Unbound(unbound)),
        };
        let is_own =
            |restraint: &Restraint| restraint.by.id == act.by.id && restraint.what == Restrains::Rejection;
        self.standing.restraints.retain(|restraint| !is_own(restraint));
        let given = Given {
            by: act.by.clone(),
            group: group.map(Into::into),
            revision,
            at: act.at,
            source: act.source,
        };
        let ruling = self.ruling(&given, membership);
        self.standing.given.push(given);
        ruling
    }

    fn ruling(&self, given: &Given, membership: Membership) -> Ruling {
        let (case, by) = (self.case, given.by.id);
        let is_own = !case.work.is_empty() && case.work.iter().all(|work| work.people.contains(&by));
        let is_current = |group: &Group| {
            let may = case.membership(group, by, given.at) != Membership::Stranger;
            may && given.speaks_for(group) && case.is_fresh(given, group)
        };
        if !case.groups.iter().any(is_current) {
            Ruling::Outdated(given.revision.clone())
        } else if is_own {
            Ruling::Refused(Refusal::OwnWork)
        } else if let Membership::Unknown(why) = membership {
            Ruling::Unknown(why)
        } else {
            Ruling::Taken
        }
    }

    /// Whether somebody may act in the name of this group, or of any.
    fn may(
        &self,
        act: &Act,
        group: Option<&str>,
        of: impl Fn(&&Group) -> bool,
    ) -> Result<Membership, Refusal> {
        let case = self.case;
        let groups: Vec<&Group> = match group {
            Some(name) => vec![case.group(name).ok_or_else(|| Refusal::NoSuchGroup(name.into()))?],
            None => case.groups.iter().filter(of).collect(),
        };
        let memberships = groups.into_iter().map(|group| case.membership(group, act.by.id, act.at));
        let best = memberships.fold(Membership::Stranger, |best, found| match (&best, &found) {
            (Membership::Member, _)
            | (Membership::Unknown(_), Membership::Stranger | Membership::Unknown(_)) => best,
            (Membership::Stranger, _) | (Membership::Unknown(_), Membership::Member) => found,
        });
        match (best, group) {
            (Membership::Stranger, Some(name)) => Err(Refusal::NotInGroup(name.into())),
            (Membership::Stranger, None) => Err(Refusal::InNoGroup),
            (found, _) => Ok(found),
        }
    }

    fn take_back(&mut self, by: AccountId) -> bool {
        let before = self.standing.given.len();
        self.standing.given.retain(|given| given.by.id != by);
        self.standing.given.len() < before
    }

    fn restrain(&mut self, act: &Act, what: Restrains, why: &str) -> Ruling {
        let case = self.case;
        let in_group = |group: &&Group| case.membership(group, act.by.id, act.at) == Membership::Member;
        let mut groups: BTreeSet<String> =
            case.groups.iter().filter(in_group).map(|group| group.name.clone()).collect();
        groups.extend(act.groups.iter().cloned());
        let unknown = match self.may(act, None, |_| true) {
            _ if !groups.is_empty() => None,
            Err(refusal) => return Ruling::Refused(refusal),
            Ok(Membership::Unknown(why)) => Some(why),
            Ok(Membership::Member | Membership::Stranger) => None,
        };
        if why.trim().is_empty() {
            return Ruling::Refused(Refusal::NoReason);
        }
        if what == Restrains::Rejection {
            self.take_back(act.by.id);
        }
        let is_same = |known: &Restraint| known.by.id == act.by.id && known.what == what;
        self.standing.restraints.retain(|known| !is_same(known));
        let ruling = unknown.clone().map_or(Ruling::Taken, Ruling::Unknown);
        let (by, why, at, source) = (act.by.clone(), why.to_owned(), act.at, act.source);
        self.standing.restraints.push(Restraint { what, by, why, at, source, groups, unknown });
        ruling
    }

    fn lift(&mut self, act: &Act, what: Restrains) -> Ruling {
        let before = self.standing.restraints.len();
        let case = self.case;
        let lifts = |restraint: &Restraint| restraint.what == what && case.may_lift(act, restraint);
        self.standing.restraints.retain(|restraint| !lifts(restraint));
        lifted(self.standing.restraints.len() < before)
    }
}

const fn lifted(something: bool) -> Ruling {
    if something { Ruling::Taken } else { Ruling::Refused(Refusal::NothingToLift) }
}

impl Given {
    /// Whether it could count for a group, by what it says and where.
    pub(super) fn speaks_for(&self, group: &Group) -> bool {
        self.group.as_ref().is_none_or(|named| *named == group.name) && group.takes(self.source)
    }
}

impl Case<'_> {
    /// Whether an approval is on what is to be signed now, as far as this group is to sign again.
    pub(super) fn is_fresh(&self, given: &Given, group: &Group) -> bool {
        let kept = || {
            let difference = self.history.changed_since(&given.revision);
            difference.is_some_and(|difference| !self.terms.resign.asks(&group.name, &difference))
        };
        self.history.current() == Some(&given.revision) || kept()
    }

    /// Oneself; or another member of the group in whose name it stands, who worked on none of it.
    fn may_lift(&self, act: &Act, restraint: &Restraint) -> bool {
        let in_group = |group: &Group| {
            let in_its_name = restraint.groups.contains(&group.name)
                || (restraint.unknown.is_some()
                    && self.membership(group, restraint.by.id, restraint.at) != Membership::Stranger);
            in_its_name && self.membership(group, act.by.id, act.at) == Membership::Member
        };
        act.by.id == restraint.by.id || (self.is_independent(act.by.id) && self.groups.iter().any(in_group))
    }
}
