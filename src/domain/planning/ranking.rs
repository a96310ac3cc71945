//! The order of all that was accepted and is not planned: each account ranks its own, and the orders are merged by a rule that
//! everybody can follow.
//!
//! **The rule.** Accounts take turns, by their weight. An account may have the next place when it has had fewer than its share of
//! the places up to that one; of those that may, the one has it whose next place is due first by its share, and of two whose
//! is due at once, the one whose first request has waited longer. So no account is ever a whole place ahead of its share or
//! behind it. When an account has nothing more, the others begin a new round without it.
//!
//! Within an account, what it ranked comes first, by rank (of two of one rank, the one that was ranked later: it was put there
//! on purpose), then the rest by age. What belongs to no account takes turns like one account of weight 1.
//!
//! The order depends on nothing but the lines and the weights: whoever works it out again comes to the same.

use std::collections::BTreeMap;

use super::Line;
use crate::domain::ids::IssueRef;

/// A place in the merged order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Placed<'a> {
    pub line: &'a Line,
    /// Its place in the whole order, from 1.
    pub overall: usize,
    /// Its place among what its account asks for, from 1.
    pub own: usize,
    /// How much its account asks for in this order.
    pub of: usize,
}

/// The share of each account; those that are not named weigh 1.
pub type Weights = BTreeMap<String, u16>;

/// One account's requests, in its own order.
struct Account<'a> {
    weight: u64,
    lines: Vec<&'a Line>,
    /// So many of them have their place.
    given: usize,
    /// The same in this round.
    had: u64,
}

impl<'a> Account<'a> {
    fn next(&self) -> Option<&'a Line> {
        self.lines.get(self.given).copied()
    }

    /// How long its next has waited.
    fn age(&self) -> Option<(jiff::Timestamp, IssueRef)> {
        self.next().map(|line| (line.asked, line.at))
    }
}

/// The merged order of these.
#[must_use]
pub fn merged<'a>(lines: impl IntoIterator<Item = &'a Line>, weights: &Weights) -> Vec<Placed<'a>> {
    let mut accounts: BTreeMap<Option<&str>, Account<'a>> = BTreeMap::new();
    for line in lines {
        let name = line.account.as_deref();
        let weight = name.and_then(|name| weights.get(name)).copied().unwrap_or(1).max(1);
        let account = accounts.entry(name);
        let new = || Account { weight: u64::from(weight), lines: vec![], given: 0, had: 0 };
        account.or_insert_with(new).lines.push(line);
    }
    let mut accounts: Vec<Account<'a>> = accounts.into_values().collect();
    accounts.iter_mut().for_each(|account| account.lines.sort_by_key(|line| own_place(line)));
    let mut order = vec![];
    loop {
        // A round: the accounts that have something left, until one of them has nothing more.
        accounts.retain(|account| account.next().is_some());
        let total: u64 = accounts.iter().map(|account| account.weight).sum();
        accounts.iter_mut().for_each(|account| account.had = 0);
        let mut place = 0;
        while accounts.iter().all(|account| account.next().is_some()) {
            place += 1;
            let Some(account) = next_of(&mut accounts, place, total) else { return order };
            let Some(line) = account.next() else { return order };
            (account.given, account.had) = (account.given + 1, account.had + 1);
            order.push(Placed {
                line,
                overall: order.len() + 1,
                own: account.given,
                of: account.lines.len(),
            });
        }
    }
}

/// What it is sorted by within its account.
fn own_place(line: &Line) -> impl Ord + use<> {
    let rank = line.rank.map_or((u16::MAX, std::cmp::Reverse(jiff::Timestamp::MIN)), |rank| {
        (rank.place, std::cmp::Reverse(rank.at))
    });
    (rank, line.asked, line.at)
}

/// Who has this place of the round.
fn next_of<'b, 'a>(accounts: &'b mut [Account<'a>], place: u64, total: u64) -> Option<&'b mut Account<'a>> {
    // Shares without fractions: had / place < weight / total.
    let may = |account: &&mut Account<'_>| account.had * total < account.weight * place;
    accounts.iter_mut().filter(may).min_by(|one, other| {
        let due = (one.had + 1) * other.weight;
        due.cmp(&((other.had + 1) * one.weight)).then_with(|| one.age().cmp(&other.age()))
    })
}
