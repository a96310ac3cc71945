//! What a pull request does to the images that its repository's files say run.

use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::{Fact, Inquiry},
        gitops::{Edit, edit},
        ids::Sha,
        policy::GitOps,
        repository::RepositoryView,
    },
    Files, PullRequest,
    standard::all_paths,
};

/// What was read at a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Images {
    pub head: Sha,
    pub edit: Edit,
}

/// `None`: it touches nothing that says which images run, or something must be found out first.
pub(super) fn look(
    after: &mut PullRequest,
    repository: Option<&RepositoryView>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Box<Images>> {
    let repository = repository.filter(|it| it.default_branch.as_ref() == Some(&after.seen.base_branch))?;
    let policy = inquiry.policy(after.seen.at.repo)??;
    let entries: Vec<&GitOps> = policy.base().gitops_in(&repository.name).collect();
    let is_of_head = after.read.as_ref().is_some_and(|read| read.head == after.seen.head);
    if entries.is_empty() || after.guessed || after.gone || !is_of_head {
        return None;
    }
    let rules = Edit::rules(&entries);
    let is_known = |it: &Images| it.head == after.seen.head && it.edit.rules == rules && !it.edit.unread;
    if let Some(known) = after.images.as_ref().filter(|it| is_known(it)) {
        return Some(known.clone());
    }
    let head = after.seen.head.clone();
    let of = |edit| Some(Box::new(Images { head: head.clone(), edit }));
    let unknown = |why: &str, unread| Edit {
        rules: rules.clone(),
        unknown: Some(why.trim_end_matches('.').to_owned()),
        unread,
        ..Edit::default()
    };
    let paths = match paths(after, inquiry)? {
        Ok(Some(paths)) => paths,
        Ok(None) => return of(unknown("it touches more files than GitHub shows", false)),
        Err(why) => return of(unknown(&why, true)),
    };
    if !paths.iter().any(|path| entries.iter().any(|entry| entry.covers(path))) {
        return None;
    }
    let repo = after.seen.at.repo;
    match inquiry.compare(repo, &after.seen.base, &head)? {
        Fact::Known(Some(compared), _) => {
            of(edit(&entries, &paths, (repo, &compared.merge_base, &head), inquiry)?)
        }
        Fact::Known(None, _) => of(unknown("GitHub does not say where it parted from its branch", false)),
        Fact::Unknown(why) => of(unknown(&why, true)),
    }
}

/// All its files; inner `None`: there are more than GitHub shows. Outer `None`: not answered yet.
fn paths(after: &mut PullRequest, inquiry: &mut Inquiry<'_>) -> Option<Result<Option<Vec<String>>, String>> {
    let at = after.seen.at;
    let files = &mut after.read.as_mut()?.files;
    if *files == Files::Part {
        *files = match inquiry.changes(at)? {
            Fact::Unknown(why) => return Some(Err(why)),
            Fact::Known(Some(changes), _) if changes.complete => Files::Whole(all_paths(changes)),
            Fact::Known(..) => Files::TooMany,
        };
    }
    Some(Ok(match files {
        Files::Whole(paths) => Some(paths.clone()),
        Files::Part | Files::TooMany => None,
    }))
}
