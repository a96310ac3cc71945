//! What a reading of a pull request leaves behind: who wrote it, who approved it, and what its commits say.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::super::{
    claim::Claims,
    event::{ReviewSnapshot, ReviewState},
    facts::{PolicyAtHead, PullRequestReading},
    ids::{AccountId, Actor, IssueRef, Sha},
    link::{WrittenLink, written_links},
};
use super::{Files, Pressed, PullRequest};

/// What GitHub said of a pull request when it last answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The head it was read at.
    pub head: Sha,
    /// When it had been changed last by then; `None`: it was read by a version that did not keep this.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// The issues that GitHub links.
    pub closes: Vec<IssueRef>,
    /// The links in its commit messages.
    pub written: Vec<WrittenLink>,
    /// What its commit messages say that it repeats or undoes.
    #[serde(default)]
    pub claims: Claims,
    /// Its commits, in order.
    #[serde(default)]
    pub commits: Vec<Sha>,
    /// Authors, co-authors and committers of its commits, each once.
    pub people: Vec<AccountId>,
    /// Who wrote its commits, as far as signatures vouch for it: logins in lower case, each once.
    #[serde(default)]
    pub writers: Vec<String>,
    /// Commits for whose writers no verified signature vouches.
    #[serde(default)]
    pub unproven: Vec<Sha>,
    /// The files that it touches.
    #[serde(default)]
    pub files: Files,
    /// Commits with somebody whom GitHub knows only by mail.
    pub unattributed: Vec<Sha>,
    /// Its reviews, in order of time.
    pub reviews: Vec<ReviewSnapshot>,
    /// What it does to the policy file.
    pub policy: PolicyAtHead,
}

/// On which commits a review was said to be given. GitHub moves that field after a push, and deliveries come in
/// any order: a review counts for a head only while no other commit was ever named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReviewGiven {
    /// GitHub's number of the review.
    pub review: u64,
    /// In order, each once.
    pub on: Vec<Sha>,
}

/// Remembers on which commit this review is said to be given.
pub(super) fn add(given: &mut Vec<ReviewGiven>, review: &ReviewSnapshot) {
    let Some(commit) = &review.commit else { return };
    let place = given.binary_search_by_key(&review.id, |given| given.review).unwrap_or_else(|place| {
        given.insert(place, ReviewGiven { review: review.id, on: vec![] });
        place
    });
    let Some(given) = given.get_mut(place) else { return };
    if let Err(place) = given.on.binary_search(commit) {
        given.on.insert(place, commit.clone());
    }
}

impl Reading {
    pub(super) fn of(reading: &PullRequestReading, web_url: &str) -> Self {
        let written: BTreeSet<WrittenLink> =
            reading.commits.iter().flat_map(|commit| written_links(&commit.message, web_url)).collect();
        let mut people: Vec<AccountId> = reading
            .commits
            .iter()
            .flat_map(|commit| &commit.people)
            .flatten()
            .map(|actor| actor.id)
            .collect();
        people.sort_unstable();
        people.dedup();
        let nameless = reading
            .commits
            .iter()
            .filter(|commit| commit.people.is_empty() || commit.people.iter().any(Option::is_none));
        let vouched = reading.commits.iter().filter_map(|commit| commit.writers.as_ref());
        let writers: BTreeSet<&String> = vouched.flatten().collect();
        let unproven = reading.commits.iter().filter(|commit| commit.writers.is_none());
        let mut claims = Claims::default();
        reading.commits.iter().for_each(|commit| claims.extend(Claims::of_message(&commit.message)));
        let mut reviews = reading.reviews.clone();
        reviews.sort_by_key(|review| (review.submitted_at, review.id));
        Self {
            head: reading.pull_request.head.clone(),
            updated_at: reading.pull_request.updated_at,
            closes: reading.closes.clone(),
            written: written.into_iter().collect(),
            claims,
            writers: writers.into_iter().cloned().collect(),
            unproven: unproven.map(|commit| commit.sha.clone()).collect(),
            files: reading.files.clone(),
            commits: reading.commits.iter().map(|commit| commit.sha.clone()).collect(),
            people,
            unattributed: nameless.map(|commit| commit.sha.clone()).collect(),
            reviews,
            policy: reading.policy.clone(),
        }
    }

    /// People who approved exactly this head, in a review or by the button on our check run, whose last opinion that is, and
    /// who wrote none of it.
    pub(super) fn independent_approvals(&self, pull_request: &PullRequest) -> Vec<Actor> {
        let PullRequest { seen, given, pressed, .. } = pull_request;
        if self.head != seen.head || self.people.is_empty() || !self.unattributed.is_empty() {
            return vec![];
        }
        let wrote = |actor: &Actor| {
            self.people.contains(&actor.id)
                || seen.author.as_ref().is_some_and(|author| author.id == actor.id)
        };
        let on_this_head = |review: &ReviewSnapshot| {
            given
                .iter()
                .find(|given| given.review == review.id)
                .is_some_and(|given| given.on.iter().all(|commit| *commit == seen.head))
        };
        let last: BTreeMap<AccountId, &ReviewSnapshot> = self.last_opinions().collect();
        let stands = |pressed: &&Pressed| {
            let later = |review: &ReviewSnapshot| review.submitted_at.is_some_and(|at| at > pressed.at);
            pressed.on == seen.head && last.get(&pressed.by.id).is_none_or(|review| !later(review))
        };
        let reviewed =
            last.values().filter(|review| review.state == ReviewState::Approved && on_this_head(review));
        let reviewed = reviewed.filter_map(|review| review.author.clone());
        let pressed = pressed.iter().filter(stands).map(|pressed| pressed.by.clone());
        let all: BTreeMap<AccountId, Actor> =
            pressed.chain(reviewed).map(|actor| (actor.id, actor)).collect();
        all.into_values().filter(|author| author.person && !wrote(author)).collect()
    }

    /// Of each reviewer the last review that approves, asks for changes, or was dismissed; in order of account.
    fn last_opinions(&self) -> impl Iterator<Item = (AccountId, &ReviewSnapshot)> {
        let mut last = BTreeMap::new();
        for review in &self.reviews {
            let opinion = match review.state {
                ReviewState::Approved | ReviewState::ChangesRequested | ReviewState::Dismissed => true,
                ReviewState::Commented | ReviewState::Pending | ReviewState::Other => false,
            };
            if let Some(author) = review.author.as_ref().filter(|_| opinion) {
                last.insert(author.id, review);
            }
        }
        last.into_iter()
    }
}
