//! Repositories.

use serde_json::{Map, Value, json};

use super::super::world::{Repo, World};
use super::{insert_urls, member_organization, node_id, time, user, with};

const API_URLS: [(&str, &str); 37] = [
    ("url", ""),
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

/// A repository with every field that any of GitHub's repository schemas asks for.
pub(in crate::sandbox) fn repository(world: &World, repo: &Repo) -> Value {
    let full_name = world.full_name(repo);
    let mut urls = Map::new();
    insert_urls(&mut urls, &format!("{}/repos/{full_name}", world.urls.api), &API_URLS);
    insert_urls(
        &mut urls,
        &format!("{}/{full_name}", world.urls.web),
        &[("html_url", ""), ("clone_url", ".git"), ("svn_url", "")],
    );
    let named = json!({
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": full_name,
        "owner": user(world, repo.owner),
        "private": repo.private,
        "visibility": if repo.private { "private" } else { "public" },
        "description": null,
        "fork": repo.parent.is_some(),
        "git_url": format!("git://sandbox.invalid/{full_name}.git"),
        "ssh_url": format!("git@sandbox.invalid:{full_name}.git"),
        "mirror_url": null,
        "default_branch": repo.default_branch,
        "created_at": time(repo.created_at),
        "updated_at": time(repo.updated_at),
        "pushed_at": time(repo.pushed_at),
    });
    with(with(named, Value::Object(urls)), counts_and_features(repo))
}

fn counts_and_features(repo: &Repo) -> Value {
    let open = repo.issues.values().filter(|issue| issue.open).count();
    json!({
        "homepage": null,
        "language": null,
        "license": null,
        "topics": [],
        "size": 0,
        "forks": 0,
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers": 0,
        "watchers_count": 0,
        "open_issues": open,
        "open_issues_count": open,
        "has_issues": true,
        "has_projects": true,
        "has_wiki": true,
        "has_pages": false,
        "has_downloads": true,
        "has_discussions": false,
        "archived": false,
        "disabled": false,
        "is_template": false,
        "allow_forking": true,
        "web_commit_signoff_required": false,
    })
}

/// A repository as `push` carries it: times are seconds, and a few fields exist nowhere else.
pub(in crate::sandbox) fn pushed_repository(world: &World, repo: &Repo) -> Value {
    let owner = world.login(repo.owner);
    let mut more = json!({
        "created_at": repo.created_at.as_second(),
        "pushed_at": repo.pushed_at.as_second(),
        "stargazers": 0,
        "master_branch": repo.default_branch,
        "url": format!("{}/{}", world.urls.web, world.full_name(repo)),
        "owner": with(user(world, repo.owner), json!({ "name": owner, "email": null })),
    });
    if member_organization(world, repo.owner).is_some() {
        more["organization"] = json!(owner);
    }
    with(repository(world, repo), more)
}
