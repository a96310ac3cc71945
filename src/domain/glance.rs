//! A glance at an issue or a pull request: so little of it that a hundred fit into one read, and enough to see whether it
//! still is as it is known. What is not is read anew.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    change_request::{ChangeRequest, follow::Gone},
    event::{MilestoneSnapshot, ReviewState},
    ids::{IssueRef, RepoId, Sha},
    milestone::Milestone,
    pull_request::PullRequest,
    repository::Repository,
};

/// An issue. Whatever people do to it moves the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueGlance {
    pub updated_at: Option<Timestamp>,
    pub open: bool,
    pub state_reason: Option<String>,
    /// In alphabetical order.
    pub labels: Vec<String>,
    pub milestone: Option<MilestoneGlance>,
}

/// The milestone of an issue. Its title says of which release it is, and its day when that locks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MilestoneGlance {
    pub number: u64,
    pub title: String,
    pub open: bool,
    pub due_on: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

/// A pull request. A deleted branch or a mention moves its time too, so what counts is compared by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestGlance {
    pub updated_at: Option<Timestamp>,
    /// When its description was edited last; `None`: never.
    pub edited_at: Option<Timestamp>,
    pub title: String,
    pub open: bool,
    pub draft: bool,
    pub merge_commit: Option<Sha>,
    pub head: Sha,
    pub base_branch: String,
    /// The issues that GitHub links.
    pub closes: BTreeSet<IssueRef>,
    /// The last opinion of each reviewer, by the number of the review.
    pub reviews: BTreeMap<u64, ReviewState>,
}

/// How what GitHub shows compares with what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    Same,
    /// It must be read anew.
    Other,
    /// GitHub shows less than it had told already: a copy of its own lags behind.
    Older,
}

impl IssueGlance {
    /// `None`: nothing is known of it.
    #[must_use]
    pub fn compare(&self, known: Option<&ChangeRequest>) -> Compared {
        let Some(known) = known else { return Compared::Other };
        match known.gone {
            // What has left stays so, and counts for nothing.
            Some(Gone::Deleted | Gone::MovedTo(_)) => return Compared::Same,
            Some(Gone::NotFound) => return Compared::Other,
            None => {}
        }
        let Some(seen) = &known.seen else { return Compared::Other };
        let reason = |open: bool, reason: &Option<String>| reason.clone().filter(|_| !open);
        let same = self.open == seen.open
            && reason(self.open, &self.state_reason) == reason(seen.open, &seen.state_reason)
            && self.labels == seen.labels
            && self.milestone.as_ref().map(|milestone| milestone.number) == seen.milestone;
        by_time(self.updated_at.cmp(&seen.updated_at), same)
    }
}

impl MilestoneGlance {
    /// `None`: nothing is known of it.
    #[must_use]
    pub fn compare(&self, known: Option<&Milestone>) -> Compared {
        let Some(known) = known else { return Compared::Other };
        if known.deleted {
            // Its number is not given again: GitHub shows it as it was before.
            return Compared::Older;
        }
        let seen = &known.seen;
        let same = (&self.title, self.open, self.due_on) == (&seen.title, seen.open, seen.due_on);
        match by_time(self.updated_at.cmp(&seen.updated_at), same) {
            // How many issues it has moves its time too.
            Compared::Other if same => Compared::Same,
            compared @ (Compared::Same | Compared::Other | Compared::Older) => compared,
        }
    }

    /// As a delivery would show it.
    #[must_use]
    pub fn snapshot(&self, repo: RepoId) -> MilestoneSnapshot {
        let Self { number, title, open, due_on, updated_at } = self.clone();
        MilestoneSnapshot { repo, number, title, open, due_on, updated_at }
    }
}

/// The policy file that GitHub shows; `None`: there is none.
#[must_use]
pub fn policy_file(shown: Option<&str>, known: Option<&Repository>) -> Compared {
    let same = known.is_some_and(|known| known.policy.has_seen(shown));
    if same { Compared::Same } else { Compared::Other }
}

const fn by_time(shown: Ordering, same: bool) -> Compared {
    match (shown, same) {
        (Ordering::Less, _) => Compared::Older,
        (Ordering::Equal, true) => Compared::Same,
        (Ordering::Equal, false) | (Ordering::Greater, _) => Compared::Other,
    }
}

impl PullRequestGlance {
    /// `None`: nothing is known of it.
    #[must_use]
    pub fn compare(&self, known: Option<&PullRequest>) -> Compared {
        let Some(known) = known.filter(|known| !known.guessed && !known.gone) else { return Compared::Other };
        let seen = &known.seen;
        if self.updated_at < seen.updated_at {
            return Compared::Older;
        }
        let Some(read) = &known.read else { return Compared::Other };
        let reviews = read.reviews.iter().map(|review| (review.id, review.state));
        let same = self.edited_at <= seen.updated_at
            && self.title == seen.title
            && (self.open, self.draft) == (seen.open, seen.draft)
            && self.merge_commit == seen.merge_commit
            && self.head == seen.head
            && self.base_branch == seen.base_branch
            && self.closes == read.closes.iter().copied().collect()
            && self.reviews == reviews.collect();
        if same { Compared::Same } else { Compared::Other }
    }
}

/// GitHub says that there is no such issue.
#[must_use]
pub const fn no_issue(known: Option<&ChangeRequest>) -> Compared {
    match known {
        Some(ChangeRequest { gone: Some(_), .. }) => Compared::Same,
        Some(_) | None => Compared::Other,
    }
}

/// GitHub says that there is no such pull request.
#[must_use]
pub const fn no_pull_request(known: Option<&PullRequest>) -> Compared {
    match known {
        Some(PullRequest { gone: true, .. }) => Compared::Same,
        Some(_) | None => Compared::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::trial::*;

    #[test]
    fn an_issue_is_another_when_it_is_newer_or_shows_something_else_and_older_when_a_copy_lags() {
        let seen = crate::domain::event::IssueSnapshot {
            updated_at: Some(time(10)),
            labels: vec!["change-request".into()],
            ..issue(12)
        };
        let known = ChangeRequest { seen: Some(seen), ..ChangeRequest::new(at(12)) };
        let shown = IssueGlance {
            updated_at: Some(time(10)),
            open: true,
            state_reason: None,
            labels: vec!["change-request".into()],
            milestone: None,
        };
        for (what, shown, compared) in [
            ("as it is known", shown.clone(), Compared::Same),
            (
                "reopened before",
                IssueGlance { state_reason: Some("reopened".into()), ..shown.clone() },
                Compared::Same,
            ),
            ("newer", IssueGlance { updated_at: Some(time(11)), ..shown.clone() }, Compared::Other),
            ("older", IssueGlance { updated_at: Some(time(9)), ..shown.clone() }, Compared::Older),
            ("closed", IssueGlance { open: false, ..shown.clone() }, Compared::Other),
            ("without its label", IssueGlance { labels: vec![], ..shown.clone() }, Compared::Other),
            ("planned", IssueGlance { milestone: Some(december()), ..shown.clone() }, Compared::Other),
        ] {
            assert_eq!(shown.compare(Some(&known)), compared, "{what}");
            assert_eq!(shown.compare(None), Compared::Other, "{what}");
        }
        for (gone, shown_again, not_shown) in [
            (None, Compared::Same, Compared::Other),
            (Some(Gone::Deleted), Compared::Same, Compared::Same),
            (Some(Gone::MovedTo(None)), Compared::Same, Compared::Same),
            (Some(Gone::NotFound), Compared::Other, Compared::Same),
        ] {
            let known = ChangeRequest { gone, ..known.clone() };
            assert_eq!(
                (shown.compare(Some(&known)), no_issue(Some(&known))),
                (shown_again, not_shown),
                "{gone:?}"
            );
        }
    }

    fn december() -> MilestoneGlance {
        let (due_on, updated_at) = (Some(time(0)), Some(time(10)));
        MilestoneGlance { number: 3, title: "2026.12".into(), open: true, due_on, updated_at }
    }

    #[test]
    fn a_milestone_is_another_when_its_title_its_day_or_its_end_is() {
        let shown = december();
        let known = Milestone::new(shown.snapshot(WEB));
        for (what, shown, compared) in [
            ("as it is known", shown.clone(), Compared::Same),
            (
                "with one issue more",
                MilestoneGlance { updated_at: Some(time(11)), ..december() },
                Compared::Same,
            ),
            ("older", MilestoneGlance { updated_at: Some(time(9)), ..december() }, Compared::Older),
            ("renamed", MilestoneGlance { title: "2027.01".into(), ..december() }, Compared::Other),
            ("closed", MilestoneGlance { open: false, ..december() }, Compared::Other),
            ("put off", MilestoneGlance { due_on: Some(time(99)), ..december() }, Compared::Other),
        ] {
            assert_eq!(shown.compare(Some(&known)), compared, "{what}");
            assert_eq!(shown.compare(None), Compared::Other, "{what}");
        }
        let deleted = Milestone { deleted: true, ..known };
        assert_eq!(shown.compare(Some(&deleted)), Compared::Older);
    }

    type Change<'a> = &'a dyn Fn(&mut PullRequestGlance);

    #[test]
    fn a_pull_request_is_another_when_anything_differs_that_counts() {
        let world = World::default();
        let mut world = world.holding(WEB, None);
        let reading = crate::domain::facts::PullRequestReading {
            closes: vec![at(12)],
            reviews: vec![review(4, "lee", ReviewState::Approved, 'a', 5)],
            ..reading(snapshot(41))
        };
        world.readings.insert(at(41), reading);
        let swept = event(crate::domain::event::What::Swept { issues: vec![], pull_requests: vec![at(41)] });
        let subject = crate::domain::ids::SubjectId::PullRequest(at(41));
        let after = world.decide(&subject, None, &[swept], time(0)).after;
        let known = after.as_pull_request().unwrap();
        let seen = &known.seen;
        let shown = PullRequestGlance {
            updated_at: seen.updated_at,
            edited_at: None,
            title: seen.title.clone(),
            open: seen.open,
            draft: seen.draft,
            merge_commit: seen.merge_commit.clone(),
            head: seen.head.clone(),
            base_branch: seen.base_branch.clone(),
            closes: [at(12)].into(),
            reviews: [(4, ReviewState::Approved)].into(),
        };
        let later = seen.updated_at.map(|at| at + jiff::SignedDuration::from_secs(1));
        let earlier = seen.updated_at.map(|at| at - jiff::SignedDuration::from_secs(1));
        let of = |change: Change<'_>| {
            let mut shown = shown.clone();
            change(&mut shown);
            shown.compare(Some(known))
        };
        assert_eq!(of(&|_| {}), Compared::Same);
        assert_eq!(of(&|it| it.updated_at = later), Compared::Same, "mentioned elsewhere");
        assert_eq!(of(&|it| it.updated_at = earlier), Compared::Older);
        assert_eq!(of(&|it| it.edited_at = earlier), Compared::Same);
        let others: [(&str, Change<'_>); 10] = [
            ("its description", &|it| it.edited_at = later),
            ("its title", &|it| it.title.push('!')),
            ("its state", &|it| it.open = !it.open),
            ("a draft", &|it| it.draft = !it.draft),
            ("merged", &|it| it.merge_commit = Some(sha('f'))),
            ("pushed to", &|it| it.head = sha('f')),
            ("retargeted", &|it| it.base_branch.push('x')),
            ("linked", &|it| assert!(it.closes.insert(at(13)))),
            ("dismissed", &|it| assert!(it.reviews.insert(4, ReviewState::Dismissed).is_some())),
            ("reviewed", &|it| assert!(it.reviews.insert(5, ReviewState::Approved).is_none())),
        ];
        for (what, change) in others {
            assert_eq!(of(change), Compared::Other, "{what}");
        }
        let gone = PullRequest { gone: true, ..known.clone() };
        assert_eq!(
            (no_pull_request(Some(known)), no_pull_request(Some(&gone))),
            (Compared::Other, Compared::Same)
        );
        assert_eq!((shown.compare(Some(&gone)), shown.compare(None)), (Compared::Other, Compared::Other));
    }
}
