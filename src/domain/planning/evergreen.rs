//! What never ends: a change request that goes on and on is no change request, and what comes next is asked for anew.

use std::collections::BTreeSet;

use super::{Line, Pile};

/// More pull requests than this are more than one change.
pub const PULLS: usize = 10;
/// In so many releases nothing ships that was asked for once.
pub const RELEASES: usize = 2;

/// Those that are open or came into production lately, the one with most pull requests first.
#[must_use]
pub fn evergreen(lines: &[Line]) -> Vec<&Line> {
    let lives = |line: &&Line| matches!(line.pile(), Pile::Open | Pile::Delivered);
    let mut found: Vec<&Line> = lines.iter().filter(lives).filter(|line| line.is_evergreen()).collect();
    found.sort_by_key(|line| (std::cmp::Reverse(line.pulls), line.at));
    found
}

impl Line {
    /// Whether it has had more pull requests, or has shipped in more releases, than one change does.
    #[must_use]
    pub fn is_evergreen(&self) -> bool {
        self.pulls > PULLS || self.shipped_in.len() >= RELEASES
    }

    /// `has had 14 pull requests and shipped in 2026.11 and 2026.12`.
    #[must_use]
    pub fn had(&self) -> String {
        let pulls = match self.pulls {
            1 => "has had 1 pull request".into(),
            pulls => format!("has had {pulls} pull requests"),
        };
        let titles: BTreeSet<&str> = self.shipped_in.iter().map(|release| &*release.title).collect();
        let titles: Vec<&str> = titles.into_iter().collect();
        match titles.split_last() {
            None | Some((_, [])) => pulls,
            Some((last, first)) => format!("{pulls} and shipped in {} and {last}", first.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{change_request::Stage, ids::ReleaseId, planning::tests::line};

    fn had(pulls: usize, releases: &[&str], stage: Stage) -> String {
        let release = |title: &&str| ReleaseId { train: "customer".into(), title: (*title).to_owned() };
        let shipped_in = releases.iter().map(release).collect();
        let lines = [Line { pulls, shipped_in, stage, ..line(1, None) }];
        evergreen(&lines).iter().map(|line| line.had()).collect()
    }

    #[test]
    fn more_than_ten_pull_requests_or_two_releases_are_more_than_one_change() {
        for (pulls, releases, stage, expected) in [
            (10, &["2026.11"][..], Stage::InWork, ""),
            (11, &[], Stage::InWork, "has had 11 pull requests"),
            (11, &["2026.11"], Stage::Verified, "has had 11 pull requests"),
            (
                1,
                &["2026.11", "2026.12"],
                Stage::Deployed,
                "has had 1 pull request and shipped in 2026.11 and 2026.12",
            ),
            (
                3,
                &["2026.10", "2026.11", "2026.12"],
                Stage::InWork,
                "has had 3 pull requests and shipped in 2026.10, 2026.11 and 2026.12",
            ),
            (40, &["2026.11", "2026.12"], Stage::Withdrawn, ""),
        ] {
            assert_eq!(had(pulls, releases, stage), expected, "{pulls} {releases:?} {stage:?}");
        }
    }

    #[test]
    fn whoever_has_had_most_stands_first() {
        let lines =
            [(1, 12), (2, 30), (3, 4), (4, 12)].map(|(number, pulls)| Line { pulls, ..line(number, None) });
        let numbers: Vec<u64> = evergreen(&lines).iter().map(|line| line.at.number).collect();
        assert_eq!(numbers, [2, 1, 4]);
    }
}
