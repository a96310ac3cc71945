//! Where a repository's policy file stands: what is in force, what is wrong with the newest text, and what is not used
//! because nobody of group `policy` has signed it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::{Fact, Inquiry},
        ids::{Actor, InstallationId, IssueRef, SubjectId},
        policy::{Fingerprint, PolicyText, Scope},
        pull_request::{PullRequestView, Signature, signers},
        subject::View,
    },
    RepositoryView,
};

/// The last good text stays in force when a newer one cannot be read, or arrived unsigned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PolicyFile {
    /// Through which installation GitHub has told us; `None`: nothing newer than `good` is known, as pushes are not
    /// told while the App is suspended or removed.
    pub read: Option<InstallationId>,
    /// The text in force.
    pub good: Option<PolicyText>,
    /// The errors of the newest text, where it has some.
    pub errors: Vec<String>,
    /// The newest text, where it has no errors and is not used.
    #[serde(default)]
    pub unsigned: Option<Unsigned>,
    /// When the pull request was merged that brought the text in force, where that was signed. What was merged before
    /// is history, and moving the branch back to it signs nothing.
    #[serde(default)]
    pub signed_at: Option<Timestamp>,
}

/// Who signed, and when the pull request was merged.
type Signed = (Actor, Timestamp);

/// A version of the policy that arrived without the signature of group `policy`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsigned {
    /// `None`: the file was deleted.
    pub text: Option<PolicyText>,
    /// Since when it has been waiting.
    pub since: Timestamp,
    /// An exception is open.
    pub told: bool,
}

/// How long a signature may be on its way: the push, the merge and the review are told one by one.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(2);

/// How often a missing signature is looked for, by how long it has been missing.
const LOOKS: [(SignedDuration, SignedDuration); 3] = [
    (SignedDuration::from_secs(10), SignedDuration::from_secs(1)),
    (ON_ITS_WAY, SignedDuration::from_secs(15)),
    (SignedDuration::from_hours(1), SignedDuration::from_mins(5)),
];
const SELDOM: SignedDuration = SignedDuration::from_hours(1);

impl PolicyFile {
    /// Takes the newest text; what is neither wrong nor in force waits for its signature.
    pub(super) fn see(&mut self, text: Option<&str>, scope: Scope, now: Timestamp) {
        let text = text.map(PolicyText::from);
        let errors = text.as_ref().and_then(|text| text.read(scope).err()).unwrap_or_default();
        self.errors = errors.iter().map(ToString::to_string).collect();
        if text == self.good || !self.errors.is_empty() {
            self.unsigned = None;
        } else if self.unsigned.as_ref().is_none_or(|unsigned| unsigned.text != text) {
            self.unsigned = Some(Unsigned { text, since: now, told: false });
        }
    }

    /// Puts in force what is signed, or needs no signature; answers who signed. Outer `None`: something has to be
    /// asked for first.
    pub(super) fn use_signed(
        &mut self,
        view: &RepositoryView,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Actor>> {
        let Some(unsigned) = &self.unsigned else { return Some(None) };
        let policy = inquiry.policy_of(view)?;
        let demanded = policy.as_ref().is_some_and(|policy| signers(policy, view).is_some());
        let signed = if demanded { signed_by(unsigned, view, inquiry)? } else { None };
        let signed = signed.filter(|(_, at)| self.signed_at.is_none_or(|before| before <= *at));
        if !demanded || signed.is_some() {
            self.good = self.unsigned.take().and_then(|unsigned| unsigned.text);
        }
        let (actor, at) = signed.unzip();
        self.signed_at = at.or(self.signed_at);
        Some(actor)
    }

    /// Whether the newest text that was read is this one. Of a text with errors only these are remembered.
    #[must_use]
    pub fn has_seen(&self, text: Option<&str>) -> bool {
        let text = text.map(PolicyText::from);
        if self.errors.is_empty() {
            let newest = self.unsigned.as_ref().map_or(&self.good, |unsigned| &unsigned.text);
            return text == *newest;
        }
        let errors = |scope| text.as_ref().and_then(|text| text.read(scope).err()).unwrap_or_default();
        let said = |scope| errors(scope).iter().map(ToString::to_string).collect::<Vec<_>>();
        [Scope::Organisation, Scope::Repository, Scope::Alone]
            .into_iter()
            .any(|scope| said(scope) == self.errors)
    }

    /// Whether a newer text has come of which it is not settled whether it is signed.
    #[must_use]
    pub fn is_on_its_way(&self) -> bool {
        self.unsigned.as_ref().is_some_and(|unsigned| !unsigned.told)
    }

    /// Whether an exception is to be opened now; remembers that it was.
    pub(super) fn is_overdue(&mut self, now: Timestamp) -> bool {
        let overdue =
            |unsigned: &&mut Unsigned| !unsigned.told && now.duration_since(unsigned.since) >= ON_ITS_WAY;
        let Some(unsigned) = self.unsigned.as_mut().filter(overdue) else { return false };
        unsigned.told = true;
        true
    }

    /// Whether an exception is open.
    pub(super) fn is_told(&self) -> bool {
        self.unsigned.as_ref().is_some_and(|unsigned| unsigned.told)
    }

    /// When a missing signature is to be looked for again.
    pub(super) fn look_again(&self, now: Timestamp) -> Option<Timestamp> {
        let missing = now.duration_since(self.unsigned.as_ref()?.since);
        let wait = LOOKS.iter().find(|(until, _)| missing < *until).map_or(SELDOM, |(_, wait)| *wait);
        Some(now + wait)
    }
}

/// The person of group `policy` who signed the pull request that brought exactly this text.
fn signed_by(
    unsigned: &Unsigned,
    view: &RepositoryView,
    inquiry: &mut Inquiry<'_>,
) -> Option<Option<Signed>> {
    let Fact::Known(numbers, _) = inquiry.policy_origin(view.id)? else { return Some(None) };
    let pulls: Vec<Option<Option<&View>>> = numbers
        .iter()
        .map(|number| inquiry.view(SubjectId::PullRequest(IssueRef { repo: view.id, number: *number })))
        .collect();
    let pulls: Vec<Option<&View>> = pulls.into_iter().collect::<Option<_>>()?;
    let leaves = unsigned.text.as_ref().map(|text| Fingerprint::of_text(text.as_str()));
    let signed = |pull: &PullRequestView| {
        let here = view.default_branch.as_ref().is_none_or(|branch| *branch == pull.base_branch);
        let (edit, at) = pull.policy_edit.as_ref().filter(|_| here).zip(pull.merged_at)?;
        match &edit.signature {
            Signature::By(actor) if edit.errors.is_empty() && edit.leaves == leaves => {
                Some((actor.clone(), at))
            }
            Signature::By(_) | Signature::NotNeeded | Signature::Missing(_) | Signature::Unknown(_) => None,
        }
    };
    Some(pulls.into_iter().flatten().filter_map(View::as_pull_request).find_map(signed))
}
