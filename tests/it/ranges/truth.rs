//! What the generator knows of each commit, against what the product says of it.

use std::collections::{BTreeMap, BTreeSet};

use changegate::domain::{
    commit_range::{Comparison, Doubt, Known, Logged, Origin, PullRequestFacts, Range, RangeKind, wanted},
    ids::{AccountId, Actor, Sha},
};
use jiff::Timestamp;

use super::{
    World,
    git::known,
    history::{Done, History, How, inverse},
};

/// Finds out what the product wants to know, until it wants no more.
pub fn find_out(history: &History, world: &World<'_>, told: &Comparison) -> Known {
    let old = history.enforced.iter().flat_map(|sha| world.graph.history(sha));
    let kim = Actor { id: AccountId(1), login: "kim".into(), person: true };
    let logged = Logged { by: kim, why: "known".into(), at: Timestamp::UNIX_EPOCH };
    let mut found = Known {
        before_enforcement: old.cloned().collect(),
        adoptions: history.adopted.iter().map(|sha| (sha.clone(), logged.clone())).collect(),
        ..Known::default()
    };
    for _ in 0..5 {
        let wants = wanted(told, &found);
        if wants.is_empty() {
            return found;
        }
        let numbers = |sha: &Sha| known(history.done[history.place(sha)].numbers.clone());
        found.origins.extend(wants.origins.into_iter().map(|sha| (sha.clone(), numbers(&sha))));
        let facts = |number| (number, pull_request(history, number));
        found.pull_requests.extend(wants.pull_requests.into_iter().map(facts));
        let of = |from: &super::Patches, sha: &Sha| known(from.get(sha).cloned().unwrap_or_else(nothing));
        found.changes.extend(wants.changes.into_iter().map(|sha| (sha.clone(), of(&world.changes, &sha))));
        found.merged.extend(wants.merged.into_iter().map(|sha| (sha.clone(), of(&world.merged, &sha))));
    }
    panic!("seed {}: it asks for more and more: {:?}", history.seed, wanted(told, &found));
}

fn nothing() -> changegate::domain::patch::Changes {
    changegate::domain::patch::Changes { files: vec![], complete: true }
}

/// A number that somebody only wrote down is that of an issue.
fn pull_request(history: &History, number: u64) -> PullRequestFacts {
    let facts = |merged, ships, brought| PullRequestFacts { merged, ships, brought, derived: None };
    let found = history.pull_requests.get(&number);
    found.map_or_else(|| facts(false, false, vec![]), |of| facts(of.merged, of.ships, of.brought.clone()))
}

/// One range, and all that is known about it.
pub struct Truth<'a> {
    pub history: &'a History,
    pub told: &'a Comparison,
    pub found: &'a Range,
    pub at: String,
}

impl Truth<'_> {
    pub fn holds(&self, tally: &mut Tally) {
        let origins = self.origins();
        for (place, origin) in &origins {
            self.comes_from(*place, origin, &origins, tally);
        }
        tally.add(match self.found.kind {
            RangeKind::Identical => "identical",
            RangeKind::Ahead => "ahead",
            RangeKind::Behind => "behind",
            RangeKind::Diverged { .. } => "diverged",
            RangeKind::ForcePushed => "pushed over",
            _ => panic!("{}: {:?}", self.at, self.found.kind),
        });
        if matches!(self.found.kind, RangeKind::Diverged { .. } | RangeKind::ForcePushed) {
            self.loses_what_is_lost(&origins, tally);
        }
    }

    fn origins(&self) -> BTreeMap<usize, &Origin> {
        let found = self.found.commits.iter();
        found.map(|(commit, origin)| (self.history.place(&commit.sha), origin)).collect()
    }

    fn done(&self, place: usize) -> &Done {
        &self.history.done[place]
    }

    fn old(&self, place: usize) -> bool {
        let enforced = self.history.enforced.as_ref().map(|sha| self.history.place(sha));
        enforced.is_some_and(|enforced| self.done(enforced).history.has(place))
    }

    /// The merged pull request that it came with.
    fn number(&self, place: usize) -> Option<u64> {
        let numbers =
            self.done(place).numbers.iter().map(|number| (number, &self.history.pull_requests[number]));
        let merged = numbers.filter(|(_, pull_request)| pull_request.merged);
        merged.min_by_key(|(number, pull_request)| (!pull_request.ships, **number)).map(|(number, _)| *number)
    }

    /// The same of a commit that another one repeats.
    fn number_of_work(&self, place: usize, origins: &BTreeMap<usize, &Origin>) -> Option<u64> {
        origins.get(&place).map_or_else(|| self.number(place), |origin| origin.pull_request())
    }

    fn comes_from(
        &self,
        place: usize,
        found: &Origin,
        origins: &BTreeMap<usize, &Origin>,
        tally: &mut Tally,
    ) {
        let done = self.done(place);
        let at = format!("{}: {} {:?} is {found:?}", self.at, done.sha, done.how);
        if self.old(place) {
            assert_eq!(*found, Origin::BeforeEnforcement, "{at}");
            return tally.add("old");
        }
        if let Some(number) = self.number(place) {
            assert_eq!(*found, Origin::PullRequest(number), "{at}");
            return tally.add("pull request");
        }
        let adopted = self.history.adopted.contains(&done.sha);
        let is_adopted = matches!(found, Origin::Adopted(_));
        if let Some(expected) = self.proven(done, origins) {
            let leans =
                origins.iter().any(|(other, origin)| *other != place && matches!(origin, Origin::Adopted(_)));
            assert!(*found == expected || (adopted && is_adopted && leans), "{at}, not {expected:?}");
            return tally.add(match (found, done.how) {
                (Origin::CherryPick { .. }, _) => "pick",
                (Origin::Revert { pull_request: Some(_), .. }, _) => "revert",
                (Origin::Revert { .. }, _) => "revert of no pull request",
                (Origin::BackMerge, _) => "back-merge",
                _ => "adopted",
            });
        }
        if let Origin::CherryPick { of, pull_request } = found {
            let of = self.history.place(of);
            assert!(of != place && !done.change.is_empty() && self.done(of).change == done.change, "{at}");
            assert_eq!(self.number_of_work(of, origins), Some(*pull_request), "{at}");
            return tally.add("silent pick");
        }
        assert!(!self.must_be_seen_to_repeat(place, origins), "{at}");
        assert_eq!(is_adopted, adopted, "{at}");
        assert!(
            is_adopted || matches!(found, Origin::Untraced(Doubt::NoPullRequest | Doubt::Refuted(_))),
            "{at}"
        );
        tally.add(match done.how {
            _ if is_adopted => "adopted",
            How::Work => "pushed",
            How::Pick(_) => "false pick",
            How::Revert(_) => "false revert",
            How::Silent(_) => "pick of what nobody finds",
            How::Merge => "false merge",
        });
    }

    /// Where what it says of itself is so.
    fn proven(&self, done: &Done, origins: &BTreeMap<usize, &Origin>) -> Option<Origin> {
        if done.change.is_empty() {
            return None;
        }
        match done.how {
            How::Work | How::Silent(_) => None,
            How::Pick(of) => {
                let pull_request =
                    self.number_of_work(of, origins).filter(|_| self.done(of).change == done.change)?;
                Some(Origin::CherryPick { of: self.done(of).sha.clone(), pull_request })
            }
            How::Revert(of) => {
                let pull_request = self.number_of_work(of, origins);
                let traced = origins.get(&of).map_or(pull_request.is_some(), |origin| origin.is_traced());
                let just_that = traced && inverse(&self.done(of).change) == done.change;
                just_that.then(|| Origin::Revert { of: self.done(of).sha.clone(), pull_request })
            }
            How::Merge => {
                let had = self.done(done.parents[0]).history;
                let brought =
                    origins.iter().filter(|(place, _)| done.history.has(**place) && !had.has(**place));
                let own = self.history.place(&done.sha);
                let traced =
                    brought.filter(|(place, _)| **place != own).all(|(_, origin)| origin.is_traced());
                let adds_nothing = self.history.merged_change(done).as_ref() == Some(&done.change);
                (traced && adds_nothing).then_some(Origin::BackMerge)
            }
        }
    }

    /// It does what a commit did that runs, or one of the range with the same headline.
    fn must_be_seen_to_repeat(&self, place: usize, origins: &BTreeMap<usize, &Origin>) -> bool {
        let done = self.done(place);
        let headline = |done: &Done| done.message.lines().next().map(str::to_owned);
        let in_range = origins.keys().copied().filter(|other| headline(self.done(*other)) == headline(done));
        let runs = self.told.only_baseline().iter().map(|commit| self.history.place(&commit.sha));
        let same = |other: &usize| *other != place && self.done(*other).change == done.change;
        done.parents.len() == 1
            && !done.change.is_empty()
            && in_range.chain(runs).filter(same).any(|other| self.number_of_work(other, origins).is_some())
    }

    fn loses_what_is_lost(&self, origins: &BTreeMap<usize, &Origin>, tally: &mut Tally) {
        let lost: BTreeSet<usize> =
            self.found.lost.iter().map(|lost| self.history.place(&lost.commit.sha)).collect();
        let runs: Vec<usize> =
            self.told.only_baseline().iter().map(|commit| self.history.place(&commit.sha)).collect();
        for place in &runs {
            let done = self.done(*place);
            let same: Vec<usize> =
                origins.keys().copied().filter(|at| self.done(*at).change == done.change).collect();
            let at = format!("{}: {} {:?}", self.at, done.sha, done.how);
            let is_lost = lost.contains(place);
            if done.change.is_empty() || same.iter().any(|at| self.done(*at).parents.len() == 1) {
                assert!(!is_lost, "{at} is not lost");
                tally.add("not lost");
            }
            let named = origins.keys().any(|at| self.done(*at).how == How::Pick(*place));
            let reverted = runs.iter().any(|at| self.done(*at).how == How::Revert(*place));
            let picked = matches!(done.how, How::Pick(of) if origins.contains_key(&of));
            let plain =
                done.parents.len() == 1 && !matches!(done.how, How::Revert(_)) && !done.change.is_empty();
            if plain && same.is_empty() && !named && !reverted && !picked {
                assert!(is_lost, "{at} is lost");
                tally.add("lost");
            }
        }
    }
}

/// How often each thing was seen.
#[derive(Debug, Default)]
pub struct Tally(BTreeMap<&'static str, usize>);

impl Tally {
    fn add(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// A generator that never does something proves nothing about it.
    pub fn has_seen_everything(&self, rounds: u64) {
        println!("{:?}", self.0);
        let all = [
            "identical",
            "ahead",
            "behind",
            "diverged",
            "pushed over",
            "old",
            "pull request",
            "pick",
            "silent pick",
            "revert",
            "revert of no pull request",
            "back-merge",
            "adopted",
            "pushed",
            "false pick",
            "false revert",
            "pick of what nobody finds",
            "false merge",
            "lost",
            "not lost",
        ];
        let unseen: Vec<_> = all.iter().filter(|what| !self.0.contains_key(*what)).collect();
        assert!(rounds < 60 || unseen.is_empty(), "{unseen:?}");
    }
}
