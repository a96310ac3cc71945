//! Pull requests, reviews, changed files and the merge queue.

use apollo_compiler::response::{JsonMap, JsonValue};

use super::issue::{shared, timeline};
use super::node::{Resolved, Thing, View, association, leaf, moment, optional_moment, text, unknown};
use crate::sandbox::objects::node_id;
use crate::sandbox::state::Numbered;
use crate::sandbox::world::{Issue, Pull, QueueEntry, Repo, Review};

/// A pull request with the repository and the issue that it is.
type Whole<'a> = (&'a Repo, &'a Issue, &'a Pull);

pub(super) fn state(issue: &Issue, pull: &Pull) -> &'static str {
    match (issue.open, &pull.merged) {
        (true, _) => "OPEN",
        (false, Some(_)) => "MERGED",
        (false, None) => "CLOSED",
    }
}

pub(super) fn pull<'a>(
    view: View<'a>,
    (repo, issue, pull): Whole<'a>,
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("PR", pull.id)),
        "databaseId" => leaf(pull.id),
        "fullDatabaseId" => leaf(pull.id.to_string()),
        "state" => leaf(state(issue, pull)),
        "isDraft" => leaf(pull.draft),
        "merged" => leaf(pull.merged.is_some()),
        "lastEditedAt" => optional_moment(issue.edited_at),
        "mergedAt" => optional_moment(issue.merged_at()),
        "mergedBy" => match pull.merged {
            Some((_, by)) => view.account(by),
            None => view.optional(None),
        },
        "url" => {
            let (world, full_name) = (&view.state.world, view.state.world.full_name(repo));
            leaf(format!("{}/{full_name}/pull/{}", world.urls.web, issue.number))
        }
        "headRefOid" => leaf(pull.head_sha.as_str()),
        "headRefName" => leaf(pull.head_ref.as_str()),
        "baseRefOid" => leaf(pull.base_sha.as_str()),
        "baseRefName" => leaf(pull.base_ref.as_str()),
        "headRepository" => view.optional(view.state.repo(pull.head_repo).map(Thing::Repository)),
        "isCrossRepository" => leaf(pull.head_repo != repo.id),
        "mergeCommit" => {
            let commit = pull.merge_commit.as_ref().and_then(|sha| repo.commits.get(sha));
            view.optional(commit.map(|commit| Thing::Commit(repo, commit)))
        }
        "mergeQueueEntry" => {
            let mut waiting = repo.queue.iter().filter(|entry| entry.base_ref == pull.base_ref).zip(1..);
            let entry = waiting.find(|(entry, _)| entry.pull == issue.number);
            view.optional(entry.map(|(entry, position)| Thing::Entry(repo, entry, position)))
        }
        _ => lists(view, (repo, issue, pull), field, arguments),
    }
}

fn lists<'a>(
    view: View<'a>,
    (repo, issue, pull): Whole<'a>,
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "closingIssuesReferences" => {
            let at = Numbered { repo: repo.id, number: issue.number };
            let user_linked = arguments.get("userLinkedOnly").and_then(JsonValue::as_bool) == Some(true);
            let mut closing = view.state.closing_issues(at).unwrap_or_default();
            closing.retain(|at| !user_linked || pull.linked.contains(&(at.repo, at.number)));
            let found = closing.into_iter().filter_map(|at| view.state.issue(at));
            let visible = found.filter(|(repo, _)| view.demand(repo, "issues").is_ok());
            let things = visible.map(|(repo, issue)| Thing::Issue(repo, issue)).collect();
            view.page("IssueConnection", things, arguments)
        }
        "commits" => {
            let commits = repo.between(&pull.base_sha, &pull.head_sha).into_iter();
            let things = commits.map(|commit| Thing::PullCommit(repo, commit)).collect();
            view.page("PullRequestCommitConnection", things, arguments)
        }
        "latestOpinionatedReviews" => {
            let writers = arguments.get("writersOnly").and_then(JsonValue::as_bool) == Some(true);
            let reviews = pull.opinionated().into_iter();
            let reviews = reviews.filter(|it| !writers || view.state.world.writes(it.author, repo));
            let things = reviews.map(|review| Thing::Review(repo, review)).collect();
            view.page("PullRequestReviewConnection", things, arguments)
        }
        "reviews" => {
            view.page("PullRequestReviewConnection", reviews(view, repo, pull, arguments), arguments)
        }
        "files" => view.page("PullRequestChangedFileConnection", files(repo, pull), arguments),
        "timelineItems" => {
            view.page("PullRequestTimelineItemsConnection", timeline(repo, issue, arguments), arguments)
        }
        _ => shared(view, (repo, issue), field, arguments),
    }
}

fn reviews<'a>(view: View<'a>, repo: &'a Repo, pull: &'a Pull, arguments: &JsonMap) -> Vec<Thing<'a>> {
    let states = arguments.get("states").and_then(|states| states.as_array());
    let author = text(arguments, "author").and_then(|login| view.state.world.account(login));
    let wanted = |review: &&Review| {
        let state = |word: &JsonValue| word.as_str() == Some(&review.state);
        states.is_none_or(|states| states.iter().any(state))
            && author.is_none_or(|author| author.id == review.author)
    };
    pull.reviews.iter().filter(wanted).map(|review| Thing::Review(repo, review)).collect()
}

fn files<'a>(repo: &'a Repo, pull: &'a Pull) -> Vec<Thing<'a>> {
    let old = repo.merge_base(&pull.base_sha, &pull.head_sha).map(|commit| &**commit);
    let Some(new) = repo.commits.get(&pull.head_sha) else { return Vec::new() };
    let named = new.changes(old).into_iter().zip(["ADDED", "DELETED", "MODIFIED"]);
    let mut all: Vec<(&str, &'static str)> =
        named.flat_map(|(paths, word)| paths.into_iter().map(move |path| (path, word))).collect();
    all.sort_unstable();
    all.into_iter().map(|(path, word)| Thing::File(path, word)).collect()
}

pub(super) fn review<'a>(view: View<'a>, repo: &'a Repo, review: &'a Review, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("PRR", review.id)),
        "databaseId" => leaf(review.id),
        "fullDatabaseId" => leaf(review.id.to_string()),
        "author" => view.account(review.author),
        "authorAssociation" => association(view, review.author, repo),
        "authorCanPushToRepository" => leaf(view.state.world.writes(review.author, repo)),
        "state" => leaf(review.state.as_str()),
        "body" => leaf(review.body.as_str()),
        "submittedAt" => moment(review.submitted_at),
        "commit" => {
            let commit = repo.commits.get(&review.commit);
            view.optional(commit.map(|commit| Thing::Commit(repo, commit)))
        }
        _ => unknown(field),
    }
}

pub(super) fn queue<'a>(
    view: View<'a>,
    repo: &'a Repo,
    base: &str,
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "id" => leaf(format!("MQ_{}_{base}", repo.id)),
        "entries" => {
            let waiting = repo.queue.iter().filter(|entry| entry.base_ref == base).zip(1..);
            let things = waiting.map(|(entry, position)| Thing::Entry(repo, entry, position)).collect();
            view.page("MergeQueueEntryConnection", things, arguments)
        }
        _ => unknown(field),
    }
}

pub(super) fn entry<'a>(
    view: View<'a>,
    (repo, entry): (&'a Repo, &'a QueueEntry),
    position: usize,
    field: &str,
) -> Resolved<'a> {
    let commit = |sha: &str| repo.commits.get(sha).map(|commit| Thing::Commit(repo, commit));
    match field {
        "id" => leaf(node_id("MQE", entry.id)),
        "position" => leaf(position),
        "state" => leaf("AWAITING_CHECKS"),
        "enqueuedAt" => moment(entry.enqueued_at),
        "headCommit" => view.optional(commit(&entry.head_sha)),
        "baseCommit" => view.optional(commit(&entry.base_sha)),
        "pullRequest" => {
            let issue = repo.issues.get(&entry.pull);
            let whole = issue.and_then(|issue| Some(Thing::Pull(repo, issue, issue.pull.as_ref()?)));
            view.optional(whole)
        }
        _ => unknown(field),
    }
}
