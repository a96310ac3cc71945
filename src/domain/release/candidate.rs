//! The candidate: the fixed commit of each repository that a release ships, never a moving head.
//!
//! It is the head of the release's own branch where the train names one, and moves with a push to that branch; or else
//! the commit of its tag, or of the head of the default branch, as it stood when go/no-go opened, and stays there. `/candidate`
//! sets it by hand.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        event::{Event, What},
        facts::{Fact, Inquiry},
        ids::{Actor, RepoId, Sha},
        policy::Train,
    },
    Release,
    act::Deed,
};

/// The commit that a repository ships.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    pub sha: Sha,
    /// Since when it is the candidate, as far as we know.
    pub since: Timestamp,
    pub source: Source,
}

/// Where a candidate comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The head of the release's own branch.
    Branch(String),
    /// The head of the default branch when go/no-go opened.
    DefaultBranch(String),
    /// What this tag pointed at when go/no-go opened, or when it was made after that.
    Tag(String),
    /// Somebody said so.
    By(Actor),
}

impl Release {
    /// Finds the candidate of each repository that ships. `None`: something has to be read first.
    pub(super) fn find_candidates(
        &mut self,
        events: &[Event],
        train: Option<&Train>,
        now: Timestamp,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        let own = train.and_then(|train| train.branch_of(&self.id.title));
        let ships = self.ships();
        self.candidates.retain(|repo, _| ships.contains(repo));
        self.moved.retain(|repo, _| self.candidates.contains_key(repo));
        if let Some(tag) = train.and_then(|train| train.tag_of(&self.id.title)) {
            self.find_tags(&tag, events, now, inquiry)?;
            self.take_named(&ships);
            let is_tagged = |repo: &RepoId| {
                self.candidates.get(repo).is_some_and(|candidate| matches!(candidate.source, Source::Tag(_)))
            };
            self.moved.retain(|repo, _| is_tagged(repo));
            return Some(());
        }
        let mut read = vec![];
        for repo in &ships {
            let is_wanted =
                self.opened.is_some() && !self.candidates.contains_key(repo) && self.named(*repo).is_none();
            let has_moved =
                own.as_ref().is_some_and(|own| self.unread.is_some() || pushed(events, *repo, own));
            if !is_wanted && !has_moved {
                continue;
            }
            let default = inquiry.repository(*repo)?.and_then(|view| view.default_branch.clone());
            let branch = own.clone().or(default);
            let Some(branch) = branch else { continue };
            read.push((*repo, branch.clone(), inquiry.reference(*repo, &format!("refs/heads/{branch}"))));
        }
        self.unread = None;
        for (repo, branch, answer) in read {
            match answer? {
                Fact::Known(found, _) => {
                    let Some(sha) = found.branch.clone() else { continue };
                    let known = self.candidates.get(&repo);
                    if known.is_none_or(|known| known.sha != sha) {
                        let source = match own {
                            Some(_) => Source::Branch(branch),
                            None => Source::DefaultBranch(branch),
                        };
                        self.candidates.insert(repo, Candidate { sha, since: now, source });
                    }
                }
                Fact::Unknown(why) => self.unread = Some(why),
            }
        }
        self.take_named(&ships);
        Some(())
    }

    /// The last `/candidate` for a repository that counts.
    pub(super) fn named(&self, repo: RepoId) -> Option<(Timestamp, &Actor, &Sha)> {
        self.acts.iter().rev().filter(|act| act.counts()).find_map(|act| match &act.deed {
            Deed::Candidate { repo: of, sha } if *of == repo => Some((act.at, &act.by, sha)),
            Deed::Candidate { .. }
            | Deed::Lock
            | Deed::Carry { .. }
            | Deed::CloseOut { .. }
            | Deed::Substitute(_)
            | Deed::SubstituteNoMore { .. }
            | Deed::Swap(_)
            | Deed::Unclear { .. } => None,
        })
    }

    fn take_named(&mut self, ships: &BTreeSet<RepoId>) {
        for repo in ships {
            let Some((since, by, sha)) = self.named(*repo) else { continue };
            if self.candidates.get(repo).is_none_or(|known| known.since < since) {
                let candidate = Candidate { sha: sha.clone(), since, source: Source::By(by.clone()) };
                self.candidates.insert(*repo, candidate);
            }
        }
    }
}

/// Whether something was pushed to the branch: it is read anew, since deliveries come in any order.
fn pushed(events: &[Event], repo: RepoId, branch: &str) -> bool {
    events.iter().any(|event| {
        let here = event.repository.as_ref().is_some_and(|it| it.id == repo);
        let What::Push { reference, .. } = &event.what else { return false };
        here && reference.strip_prefix("refs/heads/") == Some(branch)
    })
}
