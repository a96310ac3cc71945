//! Slots of each release that are kept for accounts: published, and never more than a fifth.

use super::error::Refusal;
use super::people::Account;
use super::place::Place;
use super::trains::{Slots, Train};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One slot of so many may be kept.
const OF: usize = 5;
/// Nobody keeps more.
const MOST: u16 = 100;

/// What is kept of each release, by account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reserved(BTreeMap<String, u16>);

/// Slots of a release that are kept for an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptFor {
    pub account: String,
    pub slots: usize,
    /// As many as policy says; more than are kept, where that is more than a fifth of what the release carries.
    pub wanted: usize,
}

impl Reserved {
    /// What policy says of these accounts.
    pub fn of<'a>(accounts: impl IntoIterator<Item = (&'a String, &'a Account)>) -> Self {
        let kept = accounts.into_iter().filter(|(_, account)| account.reserved > 0);
        Self(kept.map(|(name, account)| (name.clone(), account.reserved)).collect())
    }

    /// What is kept of a release that carries so many: where it is more than a fifth, whoever keeps most gives one back, and
    /// again, until it is not.
    #[must_use]
    pub fn of_slots(&self, slots: usize) -> Vec<KeptFor> {
        let kept = |(name, wanted): (&String, &u16)| KeptFor {
            account: name.clone(),
            slots: usize::from(*wanted),
            wanted: usize::from(*wanted),
        };
        let mut all: Vec<KeptFor> = self.0.iter().map(kept).collect();
        while all.iter().map(|kept| kept.slots).sum::<usize>() > slots / OF {
            let Some(largest) = all.iter_mut().max_by_key(|kept| kept.slots) else { break };
            largest.slots -= 1;
        }
        all
    }

    /// How many slots of a release that carries so many are still kept from an account, by the accounts of what is in it.
    #[must_use]
    pub fn kept_from<'a>(
        &self,
        account: Option<&str>,
        slots: usize,
        there: impl Iterator<Item = Option<&'a str>> + Clone,
    ) -> usize {
        let others = self.of_slots(slots).into_iter().filter(|kept| Some(&*kept.account) != account);
        let unused = |kept: KeptFor| {
            let used = there.clone().filter(|there| *there == Some(&kept.account)).count();
            kept.slots.saturating_sub(used)
        };
        others.map(unused).sum()
    }
}

/// The number of slots that an account keeps.
pub(super) fn number(written: Option<i64>) -> Result<u16, Refusal> {
    let Some(written) = written else { return Ok(0) };
    match u16::try_from(written) {
        Ok(0) => Err(Refusal::new("is 0", "write how many slots of each release are kept, or remove it")),
        Ok(reserved @ 1..=MOST) => Ok(reserved),
        Ok(_) | Err(_) => {
            Err(Refusal::new(format!("is {written}"), format!("write a whole number from 1 to {MOST}")))
        }
    }
}

/// Refuses what keeps more than a fifth of what a train carries, where policy says how much that is.
pub(super) fn check(
    place: &Place<'_>,
    accounts: &BTreeMap<String, Account>,
    trains: &BTreeMap<String, Train>,
) {
    for (train, slots) in trains.iter().filter_map(|(name, train)| Some((name, said(train)?))) {
        let mut kept = 0;
        for (name, account) in accounts {
            let before = kept;
            kept += usize::from(account.reserved);
            let most = slots / OF;
            if before <= most && kept > most {
                place.key(name).key("reserved").refuse(Refusal::new(
                    format!(
                        "is {}, and {kept} of the {slots} slots of `trains.{train}` are kept then",
                        account.reserved
                    ),
                    format!(
                        "no more than a fifth of a release may be kept, which is {most} here; keep fewer"
                    ),
                ));
            }
        }
    }
}

fn said(train: &Train) -> Option<usize> {
    match train.slots {
        Slots::AtMost(slots) => Some(slots.into()),
        Slots::Auto => None,
    }
}

/// `2 slots are kept for sales, 1 for support`; `None`: none is kept.
#[must_use]
pub fn kept_in_words(kept: &[KeptFor], name: impl Fn(&str) -> String) -> Option<String> {
    let mut words: Vec<String> = vec![];
    for KeptFor { account, slots, wanted } in kept {
        let many = match (words.is_empty(), slots) {
            (true, 1) => "1 slot is kept for".into(),
            (true, slots) => format!("{slots} slots are kept for"),
            (false, slots) => format!("{slots} for"),
        };
        let of = if slots < wanted { format!(" (of {wanted})") } else { String::new() };
        words.push(format!("{many} {}{of}", name(account)));
    }
    let is_cut = kept.iter().any(|kept| kept.slots < kept.wanted);
    let cut = if is_cut { ": no more than a fifth is kept" } else { "" };
    (!words.is_empty()).then(|| words.join(", ") + cut)
}

#[cfg(test)]
mod tests {
    use super::super::{PATH, Scope, parse};
    use super::*;

    fn reserved(accounts: &[(&str, u16)]) -> Reserved {
        Reserved(accounts.iter().map(|(name, slots)| ((*name).to_owned(), *slots)).collect())
    }

    #[test]
    fn no_more_than_a_fifth_is_kept_and_who_keeps_most_gives_back_first() {
        let accounts = [("finance", 1), ("sales", 3), ("support", 2)];
        for (slots, expected) in [(100, "3 slots"), (30, "3 slots"), (29, "2 slots")] {
            let kept = reserved(&accounts).of_slots(slots);
            let sales = kept.iter().find(|kept| kept.account == "sales").unwrap();
            assert_eq!(format!("{} slots", sales.slots), expected, "{slots}");
        }
        let words =
            |slots| kept_in_words(&reserved(&accounts).of_slots(slots), str::to_owned).unwrap_or_default();
        insta::assert_snapshot!([30, 20, 4].map(words).join("\n"), @"
        1 slot is kept for finance, 3 for sales, 2 for support
        1 slot is kept for finance, 2 for sales (of 3), 1 for support (of 2): no more than a fifth is kept
        0 slots are kept for finance (of 1), 0 for sales (of 3), 0 for support (of 2): no more than a fifth is kept
        ");
        assert_eq!(kept_in_words(&reserved(&[]).of_slots(10), str::to_owned), None);
    }

    #[test]
    fn what_is_kept_is_free_for_its_account_and_for_nobody_else_until_it_is_used() {
        let kept = reserved(&[("sales", 2), ("support", 1)]);
        let from =
            |account, there: &[&'static str]| kept.kept_from(account, 15, there.iter().map(|it| Some(*it)));
        for (account, there, still_kept) in [
            (None, &[][..], 3),
            (Some("finance"), &[], 3),
            (Some("sales"), &[], 1),
            (Some("support"), &["sales"], 1),
            (Some("finance"), &["sales", "sales", "sales", "finance"], 1),
            (Some("finance"), &["sales", "sales", "support"], 0),
        ] {
            assert_eq!(from(account, there), still_kept, "{account:?} {there:?}");
        }
    }

    #[test]
    fn a_policy_that_keeps_more_than_a_fifth_is_refused_where_the_slots_are_a_number() {
        let told = |accounts: &str, slots: &str| {
            let train = format!(
                "  customer: {{ repositories: [acme/web], title: \"{{year}}.{{month}}\", slots: {slots} }}\n"
            );
            let text = format!("accounts:\n{accounts}trains:\n{train}");
            let errors = parse(PATH, &text, Scope::Organisation).err().unwrap_or_default();
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let two = "  sales: { sponsor: dana, reserved: 2 }\n  support: { sponsor: lee, reserved: 1 }\n";
        assert_eq!((told(two, "15"), told(two, "auto")), (String::new(), String::new()));
        insta::assert_snapshot!(told(two, "14"), @"
        .github/changegate.yml:3:38: `accounts.support.reserved` is 1, and 3 of the 14 slots of `trains.customer` are kept then
          no more than a fifth of a release may be kept, which is 2 here; keep fewer
        ");
        insta::assert_snapshot!(told("  sales: { sponsor: dana, reserved: 0, tier: Key account }\n", "14"), @"
        .github/changegate.yml:2:37: `accounts.sales.reserved` is 0
          write how many slots of each release are kept, or remove it
        .github/changegate.yml:2:46: `accounts.sales.tier` is `Key account`
          write one short word in lower case, like key
        ");
    }
}
