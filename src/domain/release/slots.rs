//! How many change requests a release carries: what policy says, or what the last five of its train have carried.
//!
//! A number that is passed stops nothing: release managers plan, and it is said and written down.

use std::collections::BTreeSet;

use super::{
    super::{
        facts::Inquiry,
        finding::{Finding, Outcome},
        ids::{RepoId, SubjectId},
        policy::{Reserved, Slots, Train},
        subject::{Relation, View},
    },
    DeploymentState, Release,
};

/// So many releases have to be known before anything is learned of them,
const KNOWN: usize = 3;
/// and of so many the last are looked at.
const LEARNED_FROM: usize = 5;

/// What releases that were delivered teach of the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Learned {
    /// The middle one of what they carried; of two in the middle, the larger.
    pub slots: u16,
    pub fewest: usize,
    pub most: usize,
}

/// What the releases of a train teach, by what each has carried, the last first. `None`: they are too few.
#[must_use]
pub fn learned(carried: impl IntoIterator<Item = usize>) -> Option<Learned> {
    let mut carried: Vec<usize> = carried.into_iter().take(LEARNED_FROM).collect();
    carried.sort_unstable();
    if carried.len() < KNOWN {
        return None;
    }
    let slots = carried.get(carried.len() / 2).and_then(|middle| u16::try_from(*middle).ok());
    let slots = slots.filter(|slots| *slots > 0)?;
    Some(Learned { slots, fewest: *carried.first()?, most: *carried.last()? })
}

/// Whether something more fits into a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    Free,
    /// What is left is kept for other accounts.
    Kept,
    Full,
}

impl Release {
    /// Whether each of its repositories has run it, and it was not taken back everywhere.
    #[must_use]
    pub fn has_delivered(&self) -> bool {
        let ran: BTreeSet<RepoId> =
            self.running().filter(|it| it.state == DeploymentState::Succeeded).map(|it| it.repo).collect();
        let ships = self.ships();
        self.opened.is_some() && !ships.is_empty() && ships.is_subset(&ran)
    }

    /// How many it carries, where that is limited. `None`: something must be found out first.
    pub(super) fn find_slots(&mut self, train: Option<&Train>, inquiry: &mut Inquiry<'_>) -> Option<()> {
        // What is delivered was planned by what was known then.
        if self.has_delivered() {
            return Some(());
        }
        self.slots = match train.filter(|train| !self.is_alone(train)) {
            None => None,
            Some(Train { slots: Slots::AtMost(slots), .. }) => Some(*slots),
            Some(train) => self.learn(train, inquiry)?,
        };
        Some(())
    }

    /// The middle one of what the last five of the train have carried. Outer `None`: something must be found out first.
    fn learn(&self, train: &Train, inquiry: &mut Inquiry<'_>) -> Option<Option<u16>> {
        let delivered = inquiry.pointing_at(SubjectId::Account, Relation::Delivered)?;
        let mut known: Vec<_> = delivered
            .iter()
            .filter_map(|subject| {
                let SubjectId::Release(release) = subject else { return None };
                let of_train = release.train == self.id.train && release.title != self.id.title;
                Some((train.title.place(&release.title).filter(|_| of_train)?, subject))
            })
            .collect();
        known.sort();
        let last = known.iter().rev().take(LEARNED_FROM);
        let views: Vec<_> = last.map(|(_, subject)| inquiry.view((*subject).clone())).collect();
        let views: Vec<Option<&View>> = views.into_iter().collect::<Option<_>>()?;
        let releases = views.into_iter().flatten().filter_map(View::as_release);
        Some(learned(releases.map(|release| release.scope.len())).map(|learned| learned.slots))
    }

    /// Whether one more of an account fits in.
    #[must_use]
    pub fn room(&self, train: &Train, account: Option<&str>, reserved: &Reserved) -> Room {
        let slots = match train.slots {
            Slots::AtMost(slots) => Some(slots),
            Slots::Auto => self.slots,
        };
        let Some(slots) = slots.map(usize::from) else { return Room::Free };
        let there = self.changes.iter().map(|change| change.account.as_deref());
        match slots.saturating_sub(self.scope.len()) {
            0 => Room::Full,
            left if left <= reserved.kept_from(account, slots, there) => Room::Kept,
            _ => Room::Free,
        }
    }

    /// How many of its slots are taken, in words.
    #[must_use]
    pub fn slots_taken(&self) -> Option<String> {
        Some(format!("{} of {} slots taken", self.scope.len(), self.slots?))
    }

    /// Whether more is planned for it than it carries.
    #[must_use]
    pub fn is_overfull(&self) -> bool {
        self.slots.is_some_and(|slots| self.scope.len() > usize::from(slots))
    }

    /// That it is too much, which stops nothing.
    pub(super) fn slots_finding(&self) -> Option<Finding> {
        let taken = self.slots_taken().filter(|_| self.is_overfull())?;
        let sentence =
            format!("{taken}. It is more than a release of this train carries, and stops nothing.");
        Some(Finding::new("release_overfull", Outcome::Pass, "how much it carries is known", sentence))
    }
}
