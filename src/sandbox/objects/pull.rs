//! Pull requests and reviews.

use serde_json::{Value, json};

use super::super::world::{Issue, Pull, Repo, Review, World};
use super::issue::{labels, milestone_of, users};
use super::{node_id, nullable_user, repository, time, user, with};

/// A pull request in full, as it is read one by one and as webhooks carry it.
pub(in crate::sandbox) fn pull(world: &World, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
    let commits = repo.between(&pull.base_sha, &pull.head_sha);
    let old = repo.merge_base(&pull.base_sha, &pull.head_sha).map(|commit| &**commit);
    let new = repo.commits.get(&pull.head_sha);
    let changes = new.map(|commit| commit.changes(old)).unwrap_or_default();
    let [added, removed, modified] = changes.map(|paths| paths.len());
    let open = issue.open;
    let more = json!({
        "merged": pull.merged.is_some(),
        "mergeable": open.then_some(true),
        "rebaseable": open.then_some(true),
        "mergeable_state": if open { "clean" } else { "unknown" },
        "merged_by": nullable_user(world, pull.merged.map(|(_, by)| by)),
        "comments": issue.comments.len(),
        "review_comments": 0,
        "maintainer_can_modify": false,
        "commits": commits.len(),
        "additions": added + modified,
        "deletions": removed + modified,
        "changed_files": added + removed + modified,
    });
    with(pull_summary(world, repo, issue, pull), more)
}

/// A pull request as lists show it.
pub(in crate::sandbox) fn pull_summary(world: &World, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
    let plain = json!({
        "id": pull.id,
        "node_id": node_id("PR", pull.id),
        "number": issue.number,
        "title": issue.title,
        "body": issue.body,
        "user": user(world, issue.author),
        "state": issue.state(),
        "locked": false,
        "active_lock_reason": null,
        "draft": pull.draft,
        "labels": labels(world, repo, issue),
        "milestone": milestone_of(world, repo, issue),
        "assignee": nullable_user(world, issue.assignees.first().copied()),
        "assignees": users(world, &issue.assignees),
        "requested_reviewers": [],
        "requested_teams": [],
        "created_at": time(issue.created_at),
        "updated_at": time(issue.updated_at),
        "closed_at": issue.closed.map(|(at, _)| time(at)),
        "merged_at": issue.merged_at().map(time),
        "merge_commit_sha": pull.merge_commit,
        "author_association": world.association(issue.author, repo),
        "auto_merge": null,
        "head": end(world, world.repos.get(&pull.head_repo), &pull.head_ref, &pull.head_sha),
        "base": end(world, Some(repo), &pull.base_ref, &pull.base_sha),
    });
    with(plain, urls(world, repo, issue, pull))
}

fn urls(world: &World, repo: &Repo, issue: &Issue, pull: &Pull) -> Value {
    let full_name = world.full_name(repo);
    let api = format!("{}/repos/{full_name}", world.urls.api);
    let page = format!("{}/{full_name}/pull/{}", world.urls.web, issue.number);
    let (url, about) = (format!("{api}/pulls/{}", issue.number), format!("{api}/issues/{}", issue.number));
    let statuses = format!("{api}/statuses/{}", pull.head_sha);
    let comment = format!("{api}/pulls/comments{{/number}}");
    json!({
        "url": url,
        "html_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "issue_url": about,
        "commits_url": format!("{url}/commits"),
        "review_comments_url": format!("{url}/comments"),
        "review_comment_url": comment,
        "comments_url": format!("{about}/comments"),
        "statuses_url": statuses,
        "_links": {
            "self": { "href": url },
            "html": { "href": page },
            "issue": { "href": about },
            "comments": { "href": format!("{about}/comments") },
            "review_comments": { "href": format!("{url}/comments") },
            "review_comment": { "href": comment },
            "commits": { "href": format!("{url}/commits") },
            "statuses": { "href": statuses },
        },
    })
}

fn end(world: &World, repo: Option<&Repo>, branch: &str, sha: &str) -> Value {
    let owner = repo.map_or("ghost", |repo| world.login(repo.owner));
    json!({
        "label": format!("{owner}:{branch}"),
        "ref": branch,
        "sha": sha,
        "user": nullable_user(world, repo.map(|repo| repo.owner)),
        "repo": repo.map(|repo| with(repository(world, repo), json!({
            "allow_squash_merge": true, "allow_merge_commit": true, "allow_rebase_merge": true,
            "allow_auto_merge": false, "allow_update_branch": false, "delete_branch_on_merge": false,
            "use_squash_pr_title_as_default": false, "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
            "squash_merge_commit_message": "COMMIT_MESSAGES", "merge_commit_title": "MERGE_MESSAGE",
            "merge_commit_message": "PR_TITLE",
        }))),
    })
}

/// A review as `pull_request_review` carries it: the state in small letters.
pub(in crate::sandbox) fn review(world: &World, repo: &Repo, issue: &Issue, review: &Review) -> Value {
    let full_name = world.full_name(repo);
    let page = format!("{}/{full_name}/pull/{}", world.urls.web, issue.number);
    let html = format!("{page}#pullrequestreview-{}", review.id);
    let url = format!("{}/repos/{full_name}/pulls/{}", world.urls.api, issue.number);
    json!({
        "id": review.id,
        "node_id": node_id("PRR", review.id),
        "user": user(world, review.author),
        "body": if review.body.is_empty() { Value::Null } else { json!(review.body) },
        "state": review.state.to_lowercase(),
        "commit_id": review.commit,
        "submitted_at": time(review.submitted_at),
        "updated_at": time(review.submitted_at),
        "author_association": world.association(review.author, repo),
        "html_url": html,
        "pull_request_url": url,
        "_links": { "html": { "href": html }, "pull_request": { "href": url } },
    })
}
