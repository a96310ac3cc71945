//! The exception that opens when a version of the policy arrives without a signature: an issue in its repository, and
//! two entries of the audit log.

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, Effect},
        policy::{Fingerprint, PATH},
        pull_request::POLICY_GROUP,
    },
    Repository,
};

const TITLE: &str = "The policy was changed without a signature and is not used";

/// What the log is told when it opens.
pub(super) fn opened(repository: &Repository) -> AuditEntry {
    let unsigned = repository.policy.unsigned.as_ref();
    let text = unsigned.and_then(|unsigned| unsigned.text.as_ref());
    let version =
        text.map_or_else(|| "deleted".into(), |text| Fingerprint::of_text(text.as_str()).to_string());
    AuditEntry::new("exception.policy_unsigned").fact("repository", repository.id).fact("version", version)
}

/// What the log is told when it closes.
pub(super) fn closed(repository: &Repository) -> AuditEntry {
    AuditEntry::new("exception.policy_unsigned_closed").fact("repository", repository.id)
}

/// The issue that says what is not used, and how that is cured.
pub(super) fn issue(repository: &Repository, web_url: &str) -> Effect {
    let name = &repository.name;
    let deleted = repository.policy.unsigned.as_ref().is_some_and(|unsigned| unsigned.text.is_none());
    let done = if deleted { "was deleted from" } else { "was changed on" };
    let branch = repository.default_branch.as_deref().unwrap_or("the default branch");
    let history = format!("{web_url}/{name}/commits/{branch}/{PATH}");
    let body = format!(
        "`{PATH}` {done} `{branch}` ([history]({history})), and no approving review by group `{POLICY_GROUP}` of the pull request's last commit is known. **The version before stays in force.**\n\n\
         Cure, either of these:\n\
         - somebody of group `{POLICY_GROUP}` who wrote none of it approves the merged pull request; it is looked at again within minutes at first, later every hour,\n\
         - or revert the change, and propose it in a pull request that is signed before it is merged.\n\n\
         This issue is closed by itself when the policy in force and the file agree."
    );
    Effect::new(Call::Issue {
        repo: repository.id,
        purpose: purpose(),
        title: TITLE.into(),
        body,
        open: true,
        told: None,
    })
}

/// The issue is closed.
pub(super) fn end(repository: &Repository) -> Effect {
    let body = format!("The policy in force and `{PATH}` agree again.");
    Effect::new(Call::Issue {
        repo: repository.id,
        purpose: purpose(),
        title: TITLE.into(),
        body,
        open: false,
        told: None,
    })
}

fn purpose() -> String {
    "policy-unsigned".into()
}
