//! For which group each signature counts. Everybody counts once, for one group; each change must be covered by enough
//! people of each group who did not work on it. Of all ways to seat people, one is found that completes as many
//! groups as possible, so that a signature more never hurts.
//!
//! Who may cover every change is seated by a maximum matching, with augmenting paths. The few who worked on a part, or
//! share a place by delegation, are tried in each of their groups.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ids::AccountId;

/// Somebody who signed, and where that could count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Voice {
    pub ways: Vec<Way>,
}

/// One way for a signature to count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Way {
    pub group: usize,
    /// Whose place in the group it is; no place counts twice.
    pub holder: AccountId,
    /// The changes that it does not cover, in order.
    pub misses: Vec<usize>,
}

/// A voice that counts, and in which of its ways.
pub(super) type Seat = (usize, usize);

/// How often the few are tried. Beyond it nobody counts who would have to be tried; naming the group helps.
const TRIES: u32 = 1_024;

/// Who could be seated where.
#[derive(Debug)]
pub(super) struct Seats<'a> {
    /// How many each group needs.
    needed: &'a [usize],
    /// How many changes there are to cover.
    changes: usize,
    voices: &'a [Voice],
    /// Those who cover everything in each of their ways, and share no place.
    free: Vec<usize>,
    /// The others, each with whether it shares a place and may have to leave it to somebody else.
    tried: Vec<(usize, bool)>,
}

impl<'a> Seats<'a> {
    pub fn new(needed: &'a [usize], changes: usize, voices: &'a [Voice]) -> Self {
        let mut places: BTreeMap<(usize, AccountId), BTreeSet<usize>> = BTreeMap::new();
        for (voice, way) in
            voices.iter().enumerate().flat_map(|(at, voice)| voice.ways.iter().map(move |way| (at, way)))
        {
            places.entry((way.group, way.holder)).or_default().insert(voice);
        }
        let shares = |way: &Way| places.get(&(way.group, way.holder)).is_some_and(|voices| voices.len() > 1);
        let (mut free, mut tried) = (vec![], vec![]);
        for (at, voice) in voices.iter().enumerate() {
            let shares = voice.ways.iter().any(shares);
            if !shares && voice.ways.iter().all(|way| way.misses.is_empty()) {
                free.push(at);
            } else {
                tried.push((at, shares));
            }
        }
        Self { needed, changes, voices, free, tried }
    }

    /// The most groups that can be complete together, and the seats of those who make them so. Of equally many the
    /// groups that come first.
    pub fn most(&self) -> (Vec<usize>, Vec<Seat>) {
        let groups = self.grown(&|groups| self.fit(groups).is_some());
        let seats = self.fit(&groups).unwrap_or_default();
        (groups, seats)
    }

    /// The same groups; in doubt, those that were not tried to the end are among them.
    pub fn perhaps(&self) -> Vec<usize> {
        self.grown(&|groups| {
            let mut tries = TRIES;
            self.try_each(&self.tried, groups, &mut vec![], &mut tries) || tries == 0
        })
    }

    fn grown(&self, fits: &dyn Fn(&[usize]) -> bool) -> Vec<usize> {
        let alone: Vec<usize> = (0..self.needed.len()).filter(|group| fits(&[*group])).collect();
        grow(&[], &alone, fits)
    }

    /// Seats that complete all these groups, if there are such.
    pub fn fit(&self, groups: &[usize]) -> Option<Vec<Seat>> {
        let (mut seats, mut tries) = (vec![], TRIES);
        self.try_each(&self.tried, groups, &mut seats, &mut tries).then_some(seats)
    }

    fn try_each(
        &self,
        tried: &[(usize, bool)],
        groups: &[usize],
        seats: &mut Vec<Seat>,
        tries: &mut u32,
    ) -> bool {
        let Some(((voice, shares), rest)) = tried.split_first() else {
            *tries = tries.saturating_sub(1);
            return *tries > 0 && self.fill(groups, seats);
        };
        let mut is_of_use = false;
        for (at, way) in self.ways(*voice) {
            if *tries > 0 && groups.contains(&way.group) && !self.is_taken(way, seats) {
                is_of_use = true;
                seats.push((*voice, at));
                if self.try_each(rest, groups, seats, tries) {
                    return true;
                }
                seats.pop();
            }
        }
        (*shares || !is_of_use) && self.try_each(rest, groups, seats, tries)
    }

    /// Seats as many of the free as are missing; `false`: there are not enough.
    fn fill(&self, groups: &[usize], seats: &mut Vec<Seat>) -> bool {
        let missing = |group: &usize| std::iter::repeat_n(*group, self.missing(*group, seats));
        let missing: Vec<usize> = groups.iter().flat_map(missing).collect();
        let mut holds: Vec<Option<usize>> = vec![None; self.free.len()];
        for slot in 0..missing.len() {
            if !self.augment(slot, &missing, &mut holds, &mut vec![false; self.free.len()]) {
                return false;
            }
        }
        for (voice, slot) in self.free.iter().zip(holds) {
            let group = slot.and_then(|slot| missing.get(slot));
            let way = group.and_then(|group| self.ways(*voice).find(|(_, way)| way.group == *group));
            seats.extend(way.map(|(at, _)| (*voice, at)));
        }
        true
    }

    /// Finds somebody for a slot, whose own slot somebody else may take over.
    fn augment(
        &self,
        slot: usize,
        missing: &[usize],
        holds: &mut [Option<usize>],
        seen: &mut [bool],
    ) -> bool {
        for (place, voice) in self.free.iter().enumerate() {
            let fits = self.ways(*voice).any(|(_, way)| Some(&way.group) == missing.get(slot));
            if !fits || seen.get(place).copied().unwrap_or(true) {
                continue;
            }
            if let Some(seen) = seen.get_mut(place) {
                *seen = true;
            }
            let held = holds.get(place).copied().flatten();
            if held.is_none_or(|held| self.augment(held, missing, holds, seen)) {
                if let Some(holds) = holds.get_mut(place) {
                    *holds = Some(slot);
                }
                return true;
            }
        }
        false
    }

    fn ways(&self, voice: usize) -> impl Iterator<Item = (usize, &Way)> {
        self.voices.get(voice).into_iter().flat_map(|voice| voice.ways.iter().enumerate())
    }

    pub fn way(&self, (voice, way): Seat) -> Option<&Way> {
        self.voices.get(voice)?.ways.get(way)
    }

    fn in_group<'s>(&'s self, group: usize, seats: &'s [Seat]) -> impl Iterator<Item = &'s Way> {
        seats.iter().filter_map(|seat| self.way(*seat)).filter(move |way| way.group == group)
    }

    fn is_taken(&self, way: &Way, seats: &[Seat]) -> bool {
        self.in_group(way.group, seats).any(|taken| taken.holder == way.holder)
    }

    /// How many of a group cover a change.
    pub fn covering(&self, group: usize, change: usize, seats: &[Seat]) -> usize {
        self.in_group(group, seats).filter(|way| way.misses.binary_search(&change).is_err()).count()
    }

    /// How many of a group cover each change, at least.
    pub fn covered(&self, group: usize, seats: &[Seat]) -> usize {
        let least = (0..self.changes).map(|change| self.covering(group, change, seats)).min();
        least.unwrap_or_else(|| self.in_group(group, seats).count())
    }

    fn missing(&self, group: usize, seats: &[Seat]) -> usize {
        self.needed.get(group).map_or(0, |needed| needed.saturating_sub(self.covered(group, seats)))
    }

    /// With those who have no seat yet: in a group that is not complete, where they can be of use, or else in one of
    /// theirs. So it can be said of everybody what their signature is for.
    pub fn with_the_rest(&self, mut seats: Vec<Seat>) -> Vec<Seat> {
        for voice in 0..self.voices.len() {
            if seats.iter().any(|(seated, _)| *seated == voice) {
                continue;
            }
            let open = |way: &Way| self.missing(way.group, &seats) > 0;
            let ways = || self.ways(voice).filter(|(_, way)| !self.is_taken(way, &seats));
            let best = ways().find(|(_, way)| open(way)).or_else(|| ways().next());
            if let Some((at, _)) = best {
                seats.push((voice, at));
            }
        }
        seats
    }
}

/// The longest list that begins with `chosen`, goes on with some of `rest`, and fits.
fn grow(chosen: &[usize], rest: &[usize], fits: &dyn Fn(&[usize]) -> bool) -> Vec<usize> {
    let Some((next, rest)) = rest.split_first() else { return chosen.to_vec() };
    let with = [chosen, &[*next]].concat();
    if !fits(&with) {
        return grow(chosen, rest, fits);
    }
    let with = grow(&with, rest, fits);
    if with.len() >= chosen.len() + rest.len() {
        return with;
    }
    let without = grow(chosen, rest, fits);
    if without.len() > with.len() { without } else { with }
}
