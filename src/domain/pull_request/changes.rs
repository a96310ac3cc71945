//! What the audit log says of a pull request.

use super::{
    super::{
        audit::AuditEntry,
        event::{Event, PullRequestChange, What},
        ids::Actor,
    },
    PullRequest,
};

/// Opened, merged, closed; belongs to other change requests than before.
pub(super) fn changes(
    before: Option<&PullRequest>,
    after: &PullRequest,
    events: &[Event],
) -> Vec<AuditEntry> {
    let (before, mut entries) = (before.filter(|before| !before.guessed), vec![]);
    if after.guessed {
        return entries;
    }
    if before.map(standing) != Some(standing(after)) {
        let by = who(events, |change| {
            matches!(
                change,
                PullRequestChange::Opened | PullRequestChange::Reopened | PullRequestChange::Closed
            )
        });
        let entry = entry(after, standing(after)).fact("head", &after.seen.head).by(by);
        entries.push(entry.text("title", after.seen.title.clone()));
    }
    if before.map_or(!after.links().is_empty(), |before| before.links() != after.links()) {
        let by = who(events, |change| {
            matches!(
                change,
                PullRequestChange::Opened | PullRequestChange::Edited | PullRequestChange::Synchronized
            )
        });
        let links: Vec<String> = after.links().iter().map(|link| link.to.to_string()).collect();
        entries.push(entry(after, "pull_request.links_changed").fact("links", links.join(" ")).by(by));
    }
    entries
}

fn entry(pull_request: &PullRequest, code: &str) -> AuditEntry {
    AuditEntry::new(code).fact("pull_request", pull_request.seen.at)
}

const fn standing(pull_request: &PullRequest) -> &'static str {
    if pull_request.seen.merged {
        "pull_request.merged"
    } else if pull_request.is_open() {
        "pull_request.opened"
    } else {
        "pull_request.closed"
    }
}

fn who(events: &[Event], did: impl Fn(PullRequestChange) -> bool) -> Option<&Actor> {
    let event = events
        .iter()
        .rev()
        .find(|event| matches!(event.what, What::PullRequest { change, .. } if did(change)));
    event.and_then(|event| event.actor.as_ref())
}
