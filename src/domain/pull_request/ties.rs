//! Since when a pull request belongs to each of its change requests, and who has linked it. GitHub keeps neither, so it is
//! what the first delivery says that shows the link; where none does, nobody is known to have made it, and it is new.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        decide::Case,
        event::{Event, IssuePurpose, PullRequestChange, PullRequestSnapshot, What},
        facts::Inquiry,
        ids::{Actor, IssueRef},
        link::{WrittenLink, closing_links, written_links},
        repository::RepositoryView,
    },
    PullRequest, linked,
};

/// A link to a change request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tie {
    pub to: IssueRef,
    pub since: Timestamp,
    /// `None`: it is not known who.
    pub by: Option<Actor>,
}

/// The ties of the links that it has now. What is not answered yet is missing in the inquiry.
pub(super) fn find(
    before: Option<&PullRequest>,
    after: &PullRequest,
    case: &Case<'_>,
    repository: Option<&RepositoryView>,
    inquiry: &mut Inquiry<'_>,
) -> Vec<Tie> {
    let written = in_snapshots(after.seen.at, case, repository, inquiry);
    let earlier = before.map_or(&[][..], |before| &before.ties);
    let of = |to: IssueRef| {
        let known = after.added.iter().chain(earlier).find(|tie| tie.to == to).cloned();
        let told = written.iter().filter(|tie| tie.to == to).min_by_key(|tie| tie.since).cloned();
        match (known, told) {
            (Some(known), Some(told)) if told.since < known.since => told,
            (Some(known), _) => known,
            (None, Some(told)) => told,
            (None, None) => unwritten(to, before, after, case),
        }
    };
    after.links().iter().map(|link| of(link.to)).collect()
}

impl PullRequest {
    /// Takes what an operator has made it part of.
    pub(super) fn hear_added(&mut self, events: &[Event]) {
        for event in events {
            let What::Kept { issue, purpose: IssuePurpose::Emergency(declaration) } = &event.what else {
                continue;
            };
            let is_meant =
                declaration.pull_request == Some(self.seen.at.number) && issue.repo == self.seen.at.repo;
            if is_meant && !self.added.iter().any(|tie| tie.to == *issue) {
                self.added.push(Tie { to: *issue, since: declaration.at, by: Some(declaration.by.clone()) });
            }
        }
    }
}

/// What is not in the description: it came with the commits, or was made by hand in GitHub's sidebar, which tells nobody.
fn unwritten(to: IssueRef, before: Option<&PullRequest>, after: &PullRequest, case: &Case<'_>) -> Tie {
    let was_linked = before.is_some_and(|before| before.links().iter().any(|link| link.to == to));
    if let Some(before) = before.filter(|_| was_linked) {
        // It was known before ties were kept.
        return Tie { to, since: before.seen.updated_at.unwrap_or(case.now), by: None };
    }
    let by_hand = after.read.as_ref().is_some_and(|read| read.closes.contains(&to));
    Tie { to, since: case.now, by: pusher(case.events).filter(|_| !by_hand) }
}

/// Whoever opened it or pushed to it, where that was one person.
fn pusher(events: &[Event]) -> Option<Actor> {
    let pushes = |change: PullRequestChange| {
        matches!(change, PullRequestChange::Opened | PullRequestChange::Synchronized)
    };
    let pushed = events
        .iter()
        .filter(|event| matches!(event.what, What::PullRequest { change, .. } if pushes(change)));
    let mut people = pushed.map(|event| event.actor.as_ref().filter(|actor| actor.person));
    let first = people.next()??;
    people.all(|other| other.is_some_and(|other| other.id == first.id)).then(|| first.clone())
}

/// The links in the descriptions that the deliveries show. Only who opened or edited it has written them.
fn in_snapshots(
    at: IssueRef,
    case: &Case<'_>,
    repository: Option<&RepositoryView>,
    inquiry: &mut Inquiry<'_>,
) -> Vec<Tie> {
    let mut ties = vec![];
    for event in case.events {
        let What::PullRequest { change, pull_request } = &event.what else { continue };
        if pull_request.at != at {
            continue;
        }
        let wrote = matches!(change, PullRequestChange::Opened | PullRequestChange::Edited);
        let by = event.actor.clone().filter(|actor| wrote && actor.person);
        let since = pull_request.updated_at.or(pull_request.created_at).unwrap_or(case.now);
        for link in links_of(pull_request, &case.instance.web_url) {
            if let Some(to) = linked::place(&link, at, repository, inquiry) {
                ties.push(Tie { to, since, by: by.clone() });
            }
        }
    }
    ties
}

fn links_of(snapshot: &PullRequestSnapshot, web_url: &str) -> Vec<WrittenLink> {
    let body = &snapshot.body;
    let mut links: Vec<WrittenLink> = written_links(body, web_url).into_iter().collect();
    links.extend(closing_links(body, web_url));
    links.sort();
    links.dedup();
    links.truncate(linked::MOST);
    links
}
