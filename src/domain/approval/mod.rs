//! Signatures: who approved, rejected or holds what, and whether that is enough.
//!
//! Subjects keep a [`Ledger`] of what people did and a [`History`] of what there was to sign, and ask [`judge`] what
//! counts now. Nothing is decided when a comment arrives: in whatever order deliveries come, the same acts and the
//! same history end in the same answer.
//!
//! - [`words`]: what `/approve` takes behind it,
//! - [`ledger`]: what people did,
//! - [`history`]: what there was to sign, and which of it an act is on,
//! - [`people`]: who is in which group, for whom they stand in, and who worked on what,
//! - [`standing`]: what stands of what people did,
//! - `voices`: for which groups each signature could count,
//! - `seats`: for which group each does count,
//! - [`groups`]: how each group stands,
//! - [`mod@findings`]: all of it as sentences; [`mod@reply`]: what is answered to whom an act does not help.

pub mod findings;
pub mod groups;
pub mod history;
pub mod ledger;
pub mod people;
pub mod reply;
mod reviews;
mod seats;
pub mod standing;
mod voices;
pub mod words;

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    ids::Actor,
    revision::{Resign, RevisionHash},
};

pub use findings::{Setting, findings};
pub use groups::{Doubt, GroupStand, Stand};
pub use history::History;
pub use ledger::{Act, Deed, Ledger, Source};
pub use people::{Delegation, Group, Work};
pub use reply::reply;
pub use reviews::{Lack, Reviewer, lacking};
pub use standing::{Refusal, Restrains, Restraint, Ruling, Standing};
pub use words::{Said, Unclear};

/// A signature that counts, and for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    pub by: Actor,
    /// Whose place was taken, by delegation.
    pub instead_of: Option<Actor>,
    pub group: String,
    /// What was signed; an earlier revision, where the policy does not ask this group to sign again.
    pub revision: RevisionHash,
    pub at: Timestamp,
    pub source: Source,
}

/// What policy says about signing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How long our record must have shown a revision before a comment that does not name it counts for it.
    pub patience: SignedDuration,
    /// How many of the groups, from the first, sign one after the other; those after them sign at any time.
    pub ordered: usize,
    pub resign: Resign,
}

impl Default for Terms {
    fn default() -> Self {
        Self { patience: SignedDuration::from_secs(60), ordered: 0, resign: Resign::default() }
    }
}

/// Everything that it depends on whether enough people have signed.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub ledger: &'a Ledger,
    pub history: &'a History,
    /// The groups that sign, in the order of the policy, and those that may only object.
    pub groups: &'a [Group],
    /// Who worked on each change that a signature covers.
    pub work: &'a [Work],
    pub delegations: &'a [Delegation],
    pub terms: &'a Terms,
    pub now: Timestamp,
}

/// Whether enough people have signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    /// What stands of what people did.
    pub standing: Standing,
    /// The groups that sign, in order; how they stand where it is known who worked on what.
    pub groups: Vec<GroupStand>,
    /// How many of them, from the first, sign one after the other.
    pub ordered: usize,
    /// There is something to sign, and it is known of every change who worked on it.
    pub is_known: bool,
}

impl Judged {
    /// Whether enough people have signed what there is to sign now, and nobody objects: all findings pass.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        let complete = |group: &GroupStand| group.stand == Stand::Complete;
        self.is_known && self.standing.restraints.is_empty() && self.groups.iter().all(complete)
    }

    /// The signatures that count for the current revision.
    pub fn signatures(&self) -> impl Iterator<Item = &Signature> {
        self.groups.iter().flat_map(|group| &group.signed)
    }
}

/// Judges what people did by the policy and the facts of now.
#[must_use]
pub fn judge(case: &Case<'_>) -> Judged {
    let mut standing = standing::of(case);
    let groups = groups::of(case, &standing.given);
    standing.note_early(&groups);
    let is_known = case.history.current().is_some() && case.work.iter().all(Work::is_known);
    Judged { standing, groups, ordered: case.terms.ordered, is_known }
}
