//! For which groups each signature could count: by what it says, what it is on, who gave it and when.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        facts::Membership,
        ids::{AccountId, Actor},
    },
    Case, Group, Work,
    seats::{Seat, Seats, Voice, Way},
    standing::Given,
};

/// What counts as membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Only what is known.
    Known,
    /// What is not known, too: whether it could make a difference.
    Possible,
}

/// What is looked at, made small: the groups that sign, and the changes that differ in who worked on them.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub case: &'a Case<'a>,
    pub groups: Vec<&'a Group>,
    pub needed: Vec<usize>,
    /// Changes on which the same of those who matter here worked are one.
    pub changes: Vec<Change<'a>>,
}

/// Changes that are covered by the same people.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// Those who matter here and worked on them.
    pub people: BTreeSet<AccountId>,
    pub work: Vec<&'a Work>,
}

/// A voice with the people and approvals behind it.
#[derive(Debug, Default)]
pub(super) struct Voices<'a> {
    pub people: Vec<&'a Actor>,
    pub voices: Vec<Voice>,
    /// Behind each way of each voice: the approval, and whose place it takes.
    pub behind: Vec<Vec<Behind<'a>>>,
}

/// An approval, and for whom it stands in.
pub(super) type Behind<'a> = (&'a Given, Option<Actor>);

/// An approval that counts as given for a group.
pub(super) type Admitted<'a> = (&'a Given, usize);

impl<'a> Scene<'a> {
    /// Changes of which it is not known who worked on them are said apart, and nobody covers them.
    pub fn new(case: &'a Case<'a>, given: &[Given]) -> Self {
        let groups = case.signing();
        let needed = groups.iter().map(|group| usize::from(group.needed)).collect();
        let mut matter: BTreeSet<AccountId> = given.iter().map(|given| given.by.id).collect();
        matter.extend(case.delegations.iter().flat_map(|delegation| [delegation.from.id, delegation.to.id]));
        matter.extend(groups.iter().flat_map(|group| group.people.keys().copied()));
        let mut changes: BTreeMap<BTreeSet<AccountId>, Vec<&Work>> = BTreeMap::new();
        for work in case.work.iter().filter(|work| work.is_known()) {
            let people = work.people.intersection(&matter).copied().collect();
            changes.entry(people).or_default().push(work);
        }
        let changes = changes.into_iter().map(|(people, work)| Change { people, work }).collect();
        Self { case, groups, needed, changes }
    }

    pub fn seats<'s>(&'s self, voices: &'s [Voice]) -> Seats<'s> {
        Seats::new(&self.needed, self.changes.len(), voices)
    }

    /// The changes on which any of these worked.
    pub fn own_work(&self, people: &[AccountId]) -> Vec<usize> {
        let worked = |change: &Change<'_>| people.iter().any(|id| change.people.contains(id));
        (0..self.changes.len()).filter(|at| self.changes.get(*at).is_some_and(worked)).collect()
    }

    /// The approvals that are current, each with each group for which it is given. Where groups sign in order, one
    /// for a later group is given when it comes after the last that completes the earlier ones.
    pub fn admitted<'g>(&self, given: &'g [Given], reach: Reach) -> Vec<Admitted<'g>> {
        let mut admitted: Vec<Admitted<'g>> = vec![];
        for given in given {
            for (at, group) in self.groups.iter().enumerate() {
                let current = given.speaks_for(group) && self.case.is_fresh(given, group);
                if current && self.is_its_turn(at, &admitted, reach) {
                    admitted.push((given, at));
                }
            }
        }
        admitted
    }

    fn is_its_turn(&self, group: usize, before: &[Admitted<'_>], reach: Reach) -> bool {
        if group == 0 || group >= self.case.terms.ordered {
            return true;
        }
        let voices = self.voices(before, reach).voices;
        let earlier: Vec<usize> = (0..group).collect();
        self.seats(&voices).fit(&earlier).is_some()
    }

    /// Who signed, and where that could count.
    pub fn voices<'g>(&self, admitted: &[Admitted<'g>], reach: Reach) -> Voices<'g> {
        let mut found = Voices::default();
        for (given, at) in admitted {
            let Some(group) = self.groups.get(*at) else { continue };
            for place in self.case.places(group, given.by.id, given.at) {
                if place.membership == Membership::Member || reach == Reach::Possible {
                    let misses = self.own_work(&[given.by.id, place.holder]);
                    let way = Way { group: *at, holder: place.holder, misses };
                    found.add((given, place.instead_of), way);
                }
            }
        }
        found
    }
}

impl<'g> Voices<'g> {
    pub fn way(&self, (voice, way): Seat) -> Option<&Way> {
        self.voices.get(voice)?.ways.get(way)
    }

    fn add(&mut self, behind: Behind<'g>, way: Way) {
        let by = &behind.0.by;
        let place = self.people.iter().position(|person| person.id == by.id).unwrap_or(self.people.len());
        if place == self.people.len() {
            self.people.push(by);
            self.voices.push(Voice::default());
            self.behind.push(vec![]);
        }
        let (Some(voice), Some(approvals)) = (self.voices.get_mut(place), self.behind.get_mut(place)) else {
            return;
        };
        match voice.ways.iter().position(|known| *known == way) {
            Some(known) => {
                if let Some(approval) = approvals.get_mut(known) {
                    *approval = behind;
                }
            }
            None => {
                voice.ways.push(way);
                approvals.push(behind);
            }
        }
    }
}
