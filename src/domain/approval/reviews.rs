//! Ordinary reviews of one pull request as signatures: N of each group, everybody for one group only.

use super::{
    super::{ids::AccountId, policy::Approvals},
    seats::{Seats, Voice, Way},
};

/// Somebody who approved exactly what counts, and wrote none of it.
#[derive(Debug, Clone)]
pub struct Reviewer<'a> {
    pub id: AccountId,
    /// The groups that they are in.
    pub groups: Vec<&'a str>,
    /// The groups that they may be in: that could not be found out.
    pub perhaps: Vec<&'a str>,
}

/// A group that has not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lack<'a> {
    pub group: &'a str,
    pub needed: u16,
    pub have: u16,
    /// It would have, if everybody were in the groups that they may be in.
    pub perhaps: bool,
}

/// The groups that lack somebody, in order. Of all ways to count each reviewer for one group, one is taken that completes
/// as many groups as possible.
#[must_use]
pub fn lacking<'a>(wanted: &'a Approvals, reviewers: &[Reviewer<'_>]) -> Vec<Lack<'a>> {
    let groups: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let needed: Vec<usize> = wanted.values().map(|needed| usize::from(*needed)).collect();
    let sure = voices(&groups, reviewers, |reviewer, group| reviewer.groups.contains(&group));
    let (complete, seats) = Seats::new(&needed, 1, &sure).most();
    if complete.len() == groups.len() {
        return vec![];
    }
    let hopeful = voices(&groups, reviewers, |reviewer, group| {
        reviewer.groups.contains(&group) || reviewer.perhaps.contains(&group)
    });
    let perhaps = Seats::new(&needed, 1, &hopeful).most().0;
    let seated = Seats::new(&needed, 1, &sure);
    let seats = seated.with_the_rest(seats);
    let open = wanted.iter().enumerate().filter(|(place, _)| !complete.contains(place));
    open.map(|(place, (group, needed))| Lack {
        group,
        needed: *needed,
        have: u16::try_from(seated.covered(place, &seats)).unwrap_or(u16::MAX),
        perhaps: perhaps.contains(&place),
    })
    .collect()
}

fn voices(
    groups: &[&str],
    reviewers: &[Reviewer<'_>],
    is_in: impl Fn(&Reviewer<'_>, &str) -> bool,
) -> Vec<Voice> {
    let way = |reviewer: &Reviewer<'_>, group: usize| Way { group, holder: reviewer.id, misses: vec![] };
    let ways = |reviewer: &Reviewer<'_>| {
        let of = groups.iter().enumerate().filter(|(_, group)| is_in(reviewer, group));
        of.map(|(place, _)| way(reviewer, place)).collect()
    };
    reviewers.iter().map(|reviewer| Voice { ways: ways(reviewer) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reviewer(id: u64, groups: &'static [&'static str]) -> Reviewer<'static> {
        Reviewer { id: AccountId(id), groups: groups.to_vec(), perhaps: vec![] }
    }

    fn wanted(groups: &[(&str, u16)]) -> Approvals {
        groups.iter().map(|(group, needed)| ((*group).to_owned(), *needed)).collect()
    }

    fn shown(wanted: &Approvals, reviewers: &[Reviewer<'_>]) -> String {
        let lack = |lack: Lack<'_>| {
            let mark = if lack.perhaps { "?" } else { "" };
            format!("{} {} of {}{mark}", lack.group, lack.have, lack.needed)
        };
        lacking(wanted, reviewers).into_iter().map(lack).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn everybody_counts_for_one_group_and_where_they_are_needed() {
        let both = wanted(&[("ops", 1), ("qa", 1)]);
        let (one, other) = (reviewer(1, &["ops", "qa"]), reviewer(2, &["ops"]));
        assert_eq!(shown(&both, &[]), "ops 0 of 1, qa 0 of 1");
        assert_eq!(shown(&both, std::slice::from_ref(&one)), "qa 0 of 1");
        assert_eq!(shown(&both, &[one.clone(), other.clone()]), "");
        assert_eq!(shown(&both, &[other, one]), "");
        assert_eq!(shown(&wanted(&[("qa", 2)]), &[reviewer(1, &["qa"])]), "qa 1 of 2");
    }

    #[test]
    fn who_may_be_of_a_group_does_not_count_for_it_and_that_is_said() {
        let unsure = Reviewer { perhaps: vec!["qa"], ..reviewer(1, &[]) };
        assert_eq!(shown(&wanted(&[("qa", 1)]), std::slice::from_ref(&unsure)), "qa 0 of 1?");
        assert_eq!(shown(&wanted(&[("qa", 2)]), &[unsure]), "qa 0 of 2");
    }
}
