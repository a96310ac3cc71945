//! How each group stands: whether enough of it have signed, who has, and what stands in the way.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        facts::Membership,
        ids::{AccountId, Actor, IssueRef},
        policy::Who,
        revision::Difference,
    },
    Case, Group, Signature,
    seats::{Seat, Seats, Voice, Way},
    standing::Given,
    voices::{Admitted, Reach, Scene, Voices},
};

/// How a group stands.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupStand {
    pub group: String,
    pub needed: u16,
    /// How many of it have signed for each change, at least; never more than needed.
    pub count: u16,
    pub stand: Stand,
    /// The signatures that count for it.
    pub signed: Vec<Signature>,
    /// Who signed and worked on a part, and on which part that still lacks a signature.
    pub own_work: Vec<(Actor, Vec<IssueRef>)>,
    /// Who signed an earlier revision, and what has changed since then, where that is known.
    pub outdated: Vec<(Actor, Option<Difference>)>,
    /// Who signed before it was the group's turn.
    pub early: Vec<Actor>,
    /// Where it would be complete if they were in their groups: who signed of whom that is not known.
    pub unknown: Vec<Doubt>,
    /// Who can sign: `acme/qa`, `dana`.
    pub waits_for: Vec<String>,
}

/// Somebody of whom it is not known whether they are in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    pub by: Actor,
    pub group: String,
    pub why: String,
}

/// Whether a group is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stand {
    Complete,
    /// Too few have signed.
    Missing,
    /// Some who signed worked on a part.
    OwnWork,
    /// Who signed may be enough, if they are in the group.
    Unknown,
    /// Too few are there who could sign.
    OutOfReach,
}

/// How many people are named one by one.
const MOST: usize = 4;

/// How each group stands that must sign.
pub(super) fn of(case: &Case<'_>, given: &[Given]) -> Vec<GroupStand> {
    let scene = Scene::new(case, given);
    let known = Look::of(&scene, given, Reach::Known);
    let possible = Look::of(&scene, given, Reach::Possible);
    let all: Vec<usize> = (0..scene.groups.len()).collect();
    let reachable = if known.complete == all { all.clone() } else { reachable(&scene) };
    all.into_iter().filter_map(|at| known.stand(at, &possible, reachable.contains(&at))).collect()
}

/// Who is seated where, as far as it is known, or could be.
struct Look<'a> {
    scene: &'a Scene<'a>,
    given: &'a [Given],
    admitted: Vec<Admitted<'a>>,
    voices: Voices<'a>,
    complete: Vec<usize>,
    seats: Vec<Seat>,
}

impl<'a> Look<'a> {
    fn of(scene: &'a Scene<'a>, given: &'a [Given], reach: Reach) -> Self {
        let admitted = scene.admitted(given, reach);
        let voices = scene.voices(&admitted, reach);
        let (complete, seats) = scene.seats(&voices.voices).most();
        let seats = scene.seats(&voices.voices).with_the_rest(seats);
        Self { scene, given, admitted, voices, complete, seats }
    }

    fn seats(&self) -> Seats<'_> {
        self.scene.seats(&self.voices.voices)
    }

    fn stand(&self, at: usize, possible: &Self, is_reachable: bool) -> Option<GroupStand> {
        let group = self.scene.groups.get(at)?;
        let with: Vec<usize> = self.complete.iter().copied().chain([at]).collect();
        let (own_work, unknown) = (self.own_work(at), possible.unknown(at));
        let stand = if self.complete.contains(&at) {
            Stand::Complete
        } else if !unknown.is_empty() && possible.seats().fit(&with).is_some() {
            Stand::Unknown
        } else if !is_reachable {
            Stand::OutOfReach
        } else if own_work.is_empty() {
            Stand::Missing
        } else {
            Stand::OwnWork
        };
        let covered = u16::try_from(self.seats().covered(at, &self.seats)).unwrap_or(u16::MAX);
        Some(GroupStand {
            group: group.name.clone(),
            needed: group.needed,
            count: covered.min(group.needed),
            stand,
            signed: self.signed(at, group),
            own_work,
            outdated: self.outdated(group),
            early: self.early(at, group),
            unknown: if stand == Stand::Unknown { unknown } else { vec![] },
            waits_for: self.waits_for(at, group),
        })
    }

    fn in_group(&self, at: usize) -> impl Iterator<Item = (Seat, &Way, &'a Actor)> {
        let way = move |seat: &Seat| Some(*seat).zip(self.voices.way(*seat));
        let found = self.seats.iter().filter_map(way).filter(move |(_, way)| way.group == at);
        found.filter_map(|(seat, way)| Some((seat, way, *self.voices.people.get(seat.0)?)))
    }

    /// Those who cover something.
    fn signed(&self, at: usize, group: &Group) -> Vec<Signature> {
        let changes = self.scene.changes.len();
        let of_use = self.in_group(at).filter(|(_, way, _)| changes == 0 || way.misses.len() < changes);
        let signature = |(voice, way): Seat| {
            let (given, instead_of) = self.voices.behind.get(voice)?.get(way)?;
            Some(Signature {
                by: given.by.clone(),
                instead_of: instead_of.clone(),
                group: group.name.clone(),
                revision: given.revision.clone(),
                at: given.at,
                source: given.source,
            })
        };
        let mut signed: Vec<Signature> = of_use.filter_map(|(seat, ..)| signature(seat)).collect();
        signed.sort_by_key(|signature| (signature.at, signature.source));
        signed
    }

    fn own_work(&self, at: usize) -> Vec<(Actor, Vec<IssueRef>)> {
        let needed = self.scene.needed.get(at).copied().unwrap_or_default();
        let lacks = |change: &usize| self.seats().covering(at, *change, &self.seats) < needed;
        let of = |(_, way, by): (Seat, &Way, &Actor)| {
            let missed = way.misses.iter().filter(|change| lacks(change));
            let missed = missed.filter_map(|change| self.scene.changes.get(*change));
            let changes: Vec<IssueRef> =
                missed.flat_map(|change| &change.work).map(|work| work.change).collect();
            (!changes.is_empty()).then(|| (by.clone(), changes))
        };
        self.in_group(at).filter_map(of).collect()
    }

    /// The last approvals for a group of those who could have given one.
    fn latest(&self, group: &Group) -> BTreeMap<AccountId, &'a Given> {
        let in_group = |given: &&Given| {
            let case = self.scene.case;
            given.speaks_for(group) && case.membership(group, given.by.id, given.at) != Membership::Stranger
        };
        self.given.iter().filter(in_group).map(|given| (given.by.id, given)).collect()
    }

    fn outdated(&self, group: &Group) -> Vec<(Actor, Option<Difference>)> {
        let case = self.scene.case;
        let old = self.latest(group).into_values().filter(|given| !case.is_fresh(given, group));
        old.map(|given| (given.by.clone(), case.history.changed_since(&given.revision))).collect()
    }

    fn early(&self, at: usize, group: &Group) -> Vec<Actor> {
        let admitted =
            |given: &Given| self.admitted.iter().any(|(it, to)| *to == at && it.by.id == given.by.id);
        let fresh = self.latest(group).into_values().filter(|given| self.scene.case.is_fresh(given, group));
        fresh.filter(|given| !admitted(given)).map(|given| given.by.clone()).collect()
    }

    /// Who may or may not be in this group; where there is nobody, in any.
    fn unknown(&self, at: usize) -> Vec<Doubt> {
        let mut doubts: BTreeMap<(bool, usize, AccountId), Doubt> = BTreeMap::new();
        for (given, to) in &self.admitted {
            let Some(group) = self.scene.groups.get(*to) else { continue };
            let membership = self.scene.case.membership(group, given.by.id, given.at);
            if let Membership::Unknown(why) = membership {
                let doubt = Doubt { by: given.by.clone(), group: group.name.clone(), why };
                doubts.insert((*to != at, *to, given.by.id), doubt);
            }
        }
        let here = doubts.first_key_value().is_some_and(|((elsewhere, ..), _)| !elsewhere);
        doubts
            .into_iter()
            .filter(|((elsewhere, ..), _)| !here || !elsewhere)
            .map(|(_, doubt)| doubt)
            .collect()
    }

    /// Who can still sign: the people, where they are few and known, or else whom the policy lists.
    fn waits_for(&self, at: usize, group: &Group) -> Vec<String> {
        let seated = |id: AccountId| {
            let counts = |seat: &Seat| {
                self.voices
                    .way(*seat)
                    .is_some_and(|way| way.group == at || self.complete.contains(&way.group))
            };
            self.seats
                .iter()
                .filter(|seat| counts(seat))
                .any(|(voice, _)| self.voices.people.get(*voice).is_some_and(|person| person.id == id))
        };
        let lacks = |change: &usize| {
            let needed = self.scene.needed.get(at).copied().unwrap_or_default();
            self.seats().covering(at, *change, &self.seats) < needed
        };
        let lacking: Vec<usize> = (0..self.scene.changes.len()).filter(lacks).collect();
        let can = |id: AccountId| {
            let own = self.scene.own_work(&[id]);
            !seated(id) && (lacking.is_empty() || lacking.iter().any(|change| !own.contains(change)))
        };
        let people = || group.people.values().filter(|(actor, _)| actor.person);
        let mut able: Vec<String> = people()
            .filter(|(actor, membership)| *membership == Membership::Member && can(actor.id))
            .map(|(actor, _)| actor.login.clone())
            .collect();
        able.sort();
        if group.whole && able.len() <= MOST {
            return able;
        }
        let unable: BTreeSet<String> = people()
            .filter(|(actor, _)| !can(actor.id))
            .map(|(actor, _)| actor.login.to_ascii_lowercase())
            .collect();
        let is_able = |who: &&Who| !unable.iter().any(|login| who.is_login(login));
        group.listed.iter().filter(is_able).map(ToString::to_string).collect()
    }
}

/// The groups that would be complete if everybody signed who can.
fn reachable(scene: &Scene<'_>) -> Vec<usize> {
    let case = scene.case;
    let members = scene.groups.iter().flat_map(|group| group.people.values()).map(|(actor, _)| actor);
    let delegates = case.delegations.iter().map(|delegation| &delegation.to);
    let people: BTreeSet<AccountId> =
        members.chain(delegates).filter(|actor| actor.person).map(|actor| actor.id).collect();
    let ways = |id: AccountId| {
        let places = scene.groups.iter().enumerate().flat_map(move |(group, it)| {
            case.places(it, id, case.now).into_iter().map(move |place| (group, place.holder))
        });
        let way = |(group, holder)| Way { group, holder, misses: scene.own_work(&[id, holder]) };
        places.map(way).collect()
    };
    let known = people.into_iter().map(|id| Voice { ways: ways(id) });
    let unnamed =
        scene.groups.iter().enumerate().filter(|(_, group)| !group.whole).flat_map(|(group, it)| {
            let somebody = move |number: u16| {
                let holder = AccountId(u64::MAX - u64::from(number));
                Voice { ways: vec![Way { group, holder, misses: vec![] }] }
            };
            (0..it.needed).map(somebody)
        });
    let voices: Vec<Voice> = known.chain(unnamed).collect();
    scene.seats(&voices).perhaps()
}
