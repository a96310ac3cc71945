//! Who is in which group, who stands in for whom, and who worked on what.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::Membership,
        ids::{AccountId, Actor, IssueRef, Sha},
        policy::{REVIEW, Who},
    },
    Case, Source,
};

/// A group that signs, or may object.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    pub name: String,
    /// How many of it must sign; 0: it may only reject and hold.
    pub needed: u16,
    /// The people and teams that the policy lists.
    pub listed: Vec<Who>,
    /// Whether each of these is in it: at least everybody who did something or delegated.
    pub people: BTreeMap<AccountId, (Actor, Membership)>,
    /// From when on somebody is in it, where that is by an appointment: what they did before was not done as one of it.
    pub since: BTreeMap<AccountId, Timestamp>,
    /// Everybody who is in it is among these people.
    pub whole: bool,
    /// When its members were asked to sign.
    pub asked: Option<Timestamp>,
}

/// Somebody signs instead of somebody else for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delegation {
    pub from: Actor,
    pub to: Actor,
    pub since: Timestamp,
    pub until: Timestamp,
}

/// Who worked on a change, so that they cannot sign for it: its authors, co-authors, committers, who pushed last,
/// who deploys it and, where policy says so, who asked for it. Pressing Merge, an update that leaves the diff as it
/// is, and an applied suggestion are no work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The change request, or the pull request that is its own.
    pub change: IssueRef,
    pub people: BTreeSet<AccountId>,
    /// Commits with somebody whom GitHub knows only by mail: it could be anybody.
    pub unattributed: Vec<Sha>,
    /// Why it is not known who worked on it.
    pub unknown: Option<String>,
}

impl Work {
    /// Whether it is known of everybody whether they worked on it.
    pub(super) fn is_known(&self) -> bool {
        self.unattributed.is_empty() && self.unknown.is_none()
    }
}

/// A place in a group: one's own, or that of somebody who is away.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    pub holder: AccountId,
    pub instead_of: Option<Actor>,
    pub membership: Membership,
}

impl Group {
    /// Whether somebody is in it at a time.
    #[must_use]
    pub fn membership(&self, id: AccountId, at: Timestamp) -> Membership {
        match self.people.get(&id) {
            Some((actor, _)) if !actor.person => Membership::Stranger,
            Some(_) if self.since.get(&id).is_some_and(|since| at < *since) => Membership::Stranger,
            Some((_, membership)) => membership.clone(),
            None if self.whole => Membership::Stranger,
            None => Membership::Unknown("GitHub has not been asked yet".into()),
        }
    }

    /// Only reviews on GitHub count for it.
    pub(super) fn takes(&self, source: Source) -> bool {
        self.name != REVIEW || matches!(source, Source::Review(_))
    }
}

impl<'a> Case<'a> {
    /// The group of this name.
    pub(super) fn group(&self, name: &str) -> Option<&'a Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// The groups that must sign, in order.
    pub(super) fn signing(&self) -> Vec<&'a Group> {
        self.groups.iter().filter(|group| group.needed > 0).collect()
    }

    /// The places in a group in which somebody may act at a time, strangers' left out. Who is in it oneself does not
    /// need anybody else's.
    pub(super) fn places(&self, group: &Group, by: AccountId, at: Timestamp) -> Vec<Place> {
        let place = |holder, instead_of: Option<&Actor>| {
            let membership = group.membership(holder, at);
            let place = Place { holder, instead_of: instead_of.cloned(), membership };
            (place.membership != Membership::Stranger).then_some(place)
        };
        let own = place(by, None);
        if own.as_ref().is_some_and(|own| own.membership == Membership::Member) {
            return own.into_iter().collect();
        }
        let lasts = |delegation: &&Delegation| {
            delegation.to.id == by && delegation.since <= at && at < delegation.until
        };
        let delegated = self.delegations.iter().filter(lasts);
        own.into_iter().chain(delegated.filter_map(|it| place(it.from.id, Some(&it.from)))).collect()
    }

    /// Whether somebody may act in the name of a group at a time.
    pub(super) fn membership(&self, group: &Group, by: AccountId, at: Timestamp) -> Membership {
        let places = self.places(group, by, at);
        let member = places.iter().find(|place| place.membership == Membership::Member);
        let place = member.or_else(|| places.first());
        place.map_or(Membership::Stranger, |place| place.membership.clone())
    }

    /// Whether somebody is known to have worked on nothing of it.
    pub(super) fn is_independent(&self, id: AccountId) -> bool {
        self.work.iter().all(|work| work.is_known() && !work.people.contains(&id))
    }
}
