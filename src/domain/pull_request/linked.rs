//! Finds the change requests that a pull request belongs to, from every place where that may be written.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        decide::Instance,
        facts::Inquiry,
        ids::IssueRef,
        link::{Link, WrittenLink, closing_links, written_links},
        repository::RepositoryView,
    },
    PullRequest,
};

/// How many written links are followed: each one is judged, and a description may hold thousands.
pub(super) const MOST: usize = 50;

/// The change requests that a pull request belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linked {
    /// In order, each once; one that finishes wins over one that is a part.
    pub links: Vec<Link>,
    /// Whose repository nobody knows here, as written.
    pub lost: Vec<String>,
    /// More are written than are followed.
    pub too_many: bool,
}

/// GitHub's own links, the lines in the description and in the commits, and closing keywords where GitHub does
/// not read them: on pull requests that do not go to the default branch, and while GitHub does not answer.
pub(super) fn find(
    pull_request: &PullRequest,
    repository: Option<&RepositoryView>,
    instance: &Instance,
    inquiry: &mut Inquiry<'_>,
) -> Linked {
    let (body, web_url) = (&pull_request.seen.body, &instance.web_url);
    let mut written: BTreeSet<WrittenLink> = written_links(body, web_url).into_iter().collect();
    let base = Some(&pull_request.seen.base_branch);
    let to_default = base == repository.and_then(|repository| repository.default_branch.as_ref());
    if pull_request.read.is_none() || !to_default {
        written.extend(closing_links(body, web_url));
    }
    let mut links = BTreeMap::new();
    if let Some(read) = &pull_request.read {
        written.extend(read.written.iter().cloned());
        links.extend(read.closes.iter().map(|to| (*to, true)));
    }
    let mut linked = Linked { too_many: written.len() > MOST, ..Linked::default() };
    for tie in &pull_request.added {
        links.entry(tie.to).or_insert(false);
    }
    for link in written.iter().take(MOST) {
        match place(link, pull_request.seen.at, repository, inquiry) {
            Some(to) => *links.entry(to).or_default() |= link.finishes,
            None => linked.lost.push(link.to_string()),
        }
    }
    linked.links = links.into_iter().map(|(to, finishes)| Link { to, finishes }).collect();
    linked
}

pub(super) fn place(
    link: &WrittenLink,
    from: IssueRef,
    repository: Option<&RepositoryView>,
    inquiry: &mut Inquiry<'_>,
) -> Option<IssueRef> {
    let repo = match &link.repo {
        None => from.repo,
        Some(name) if repository.is_some_and(|own| own.name == *name) => from.repo,
        Some(name) => inquiry.repository_named(name.clone()).flatten()?,
    };
    Some(IssueRef { repo, number: link.number })
}
