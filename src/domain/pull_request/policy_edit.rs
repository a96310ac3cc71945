//! What a pull request does to the policy file: who gains or loses what, and whether group `policy` has signed it.
//!
//! Changing the rules is a change. The signature is an approving review of exactly the head by somebody of the group
//! that the policy in force names, who wrote none of it; whoever the edit itself adds to the group cannot sign it.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::{Inquiry, Membership, PolicyAtHead},
        ids::Actor,
        policy::{self, EffectivePolicy, Fingerprint, PATH, PolicyChange, Who},
        repository::RepositoryView,
    },
    PullRequest,
};

/// The group that signs changes of the policy.
pub const POLICY_GROUP: &str = "policy";

/// The edit of the policy file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyEdit {
    /// The errors of the file at its head, each with its cure on the next line.
    pub errors: Vec<String>,
    /// What it changes, what loosens first.
    pub changes: Vec<PolicyChange>,
    /// The version of the file at its head; `None`: it deletes the file.
    pub leaves: Option<Fingerprint>,
    pub signature: Signature,
}

/// Whether group `policy` has signed the edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// The policy in force demands none.
    NotNeeded,
    By(Actor),
    /// Nobody of these has approved its head.
    Missing(Vec<String>),
    /// It could not be found out who is in the group, and why.
    Unknown(String),
}

/// `None`: it leaves the file alone, or something has to be asked for first.
pub(super) fn look(
    pull_request: &PullRequest,
    repository: Option<&RepositoryView>,
    inquiry: &mut Inquiry<'_>,
) -> Option<PolicyEdit> {
    let mut edit = match &pull_request.read.as_ref()?.policy {
        // After the merge the base has the file too.
        PolicyAtHead::Same => merged(pull_request)?.clone(),
        PolicyAtHead::Deleted => PolicyEdit::of(None, repository, inquiry)?,
        PolicyAtHead::Changed(text) => PolicyEdit::of(Some(text), repository, inquiry)?,
        PolicyAtHead::NoText => PolicyEdit {
            errors: vec![format!(
                "{PATH} is not a text\nwrite it as a YAML file in UTF-8, without NUL bytes"
            )],
            changes: vec![],
            leaves: None,
            signature: Signature::NotNeeded,
        },
    };
    if edit.errors.is_empty() {
        edit.signature = signature(pull_request, repository, inquiry)?;
    }
    Some(edit)
}

fn merged(pull_request: &PullRequest) -> Option<&PolicyEdit> {
    pull_request.policy_edit.as_ref().filter(|_| pull_request.seen.merged_at.is_some())
}

impl PolicyEdit {
    fn of(
        text: Option<&str>,
        repository: Option<&RepositoryView>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Self> {
        let scope = match repository {
            Some(repository) => inquiry.policy_scope(&repository.name)?,
            None => policy::Scope::Alone,
        };
        let in_force = repository.and_then(|repository| repository.policy.as_ref()?.in_force(scope));
        let leaves = text.map(Fingerprint::of_text);
        let (errors, changes) = match text.map(|text| policy::parse(PATH, text, scope)).transpose() {
            Ok(after) => (vec![], policy::changes(in_force.as_deref(), after.as_ref())),
            Err(errors) => (errors.iter().map(ToString::to_string).collect(), vec![]),
        };
        Some(Self { errors, changes, leaves, signature: Signature::NotNeeded })
    }
}

/// `None`: something has to be asked for first.
fn signature(
    pull_request: &PullRequest,
    repository: Option<&RepositoryView>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Signature> {
    let base = Some(&pull_request.seen.base_branch);
    let in_default =
        |repository: &&RepositoryView| repository.default_branch.as_ref().is_none_or(|own| Some(own) == base);
    let Some(repository) = repository.filter(in_default) else { return Some(Signature::NotNeeded) };
    let policy = inquiry.policy(repository.id)?;
    let Some(group) = policy.as_ref().and_then(|policy| signers(policy, repository)) else {
        return Some(Signature::NotNeeded);
    };
    let approvals = pull_request.view().independent_approvals;
    let asked: Vec<(Actor, Option<Membership>)> =
        approvals.into_iter().map(|actor| (actor.clone(), inquiry.membership(group, &actor))).collect();
    let mut unknown = None;
    for (actor, membership) in asked {
        match membership? {
            Membership::Member => return Some(Signature::By(actor)),
            Membership::Stranger => {}
            Membership::Unknown(why) => unknown = Some(why),
        }
    }
    Some(match unknown {
        Some(why) => Signature::Unknown(why),
        None => Signature::Missing(group.iter().map(ToString::to_string).collect()),
    })
}

/// Who signs changes of a repository's policy file; `None`: nobody has to.
#[must_use]
pub fn signers<'a>(policy: &'a EffectivePolicy, repository: &RepositoryView) -> Option<&'a [Who]> {
    let group = policy.group(POLICY_GROUP).filter(|group| !group.is_empty())?;
    policy.is_enforced_through(&repository.name).then_some(group)
}
