//! Commits and files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::super::world::{Commit, Repo, Signature, World};
use super::{changed_files, node_id, time, user, with};

fn git_user(signature: &Signature) -> Value {
    json!({ "name": signature.name, "email": signature.email, "date": time(signature.at) })
}

/// A commit as `GET /repos/{owner}/{repo}/commits/{ref}` answers.
pub(in crate::sandbox) fn commit(world: &World, repo: &Repo, commit: &Commit) -> Value {
    let before = commit.parents.first().and_then(|sha| repo.commits.get(sha));
    let files = changed_files(world, repo, before.map(|before| &**before), commit);
    let count = |what: &str| files.iter().filter_map(|file| file[what].as_u64()).sum::<u64>();
    let (additions, deletions) = (count("additions"), count("deletions"));
    let more = json!({ "files": files,
        "stats": { "total": additions + deletions, "additions": additions, "deletions": deletions } });
    with(commit_summary(world, repo, commit), more)
}

/// A commit as lists of commits show it.
pub(in crate::sandbox) fn commit_summary(world: &World, repo: &Repo, commit: &Commit) -> Value {
    let full_name = world.full_name(repo);
    let api = format!("{}/repos/{full_name}", world.urls.api);
    let page = format!("{}/{full_name}/commit", world.urls.web);
    let link = |sha: &String| json!({ "sha": sha, "url": format!("{api}/commits/{sha}"), "html_url": format!("{page}/{sha}") });
    let person =
        |signature: &Signature| signature.account.map_or(Value::Null, |account| user(world, account));
    json!({
        "sha": commit.sha,
        "node_id": node_id("C", repo.id) + &commit.sha,
        "url": format!("{api}/commits/{}", commit.sha),
        "html_url": format!("{page}/{}", commit.sha),
        "comments_url": format!("{api}/commits/{}/comments", commit.sha),
        "commit": {
            "url": format!("{api}/git/commits/{}", commit.sha),
            "author": git_user(&commit.author),
            "committer": git_user(&commit.committer),
            "message": commit.message,
            "tree": { "sha": commit.tree, "url": format!("{api}/git/trees/{}", commit.tree) },
            "comment_count": 0,
            "verification": { "verified": false, "reason": "unsigned", "signature": null, "payload": null,
                "verified_at": null },
        },
        "author": person(&commit.author),
        "committer": person(&commit.committer),
        "parents": commit.parents.iter().map(link).collect::<Value>(),
    })
}

/// A commit as check suites and merge groups carry it.
pub(in crate::sandbox) fn simple_commit(commit: &Commit) -> Value {
    let person = |signature: &Signature| json!({ "name": signature.name, "email": signature.email });
    json!({ "id": commit.sha, "tree_id": commit.tree, "message": commit.message,
        "timestamp": time(commit.committer.at), "author": person(&commit.author),
        "committer": person(&commit.committer) })
}

/// A commit as `push` carries it, with the paths that it touches.
pub(in crate::sandbox) fn pushed_commit(world: &World, repo: &Repo, commit: &Commit) -> Value {
    let before = commit.parents.first().and_then(|sha| repo.commits.get(sha));
    let [added, removed, modified] = commit.changes(before.map(|commit| &**commit));
    let person = |signature: &Signature| {
        let mut person =
            json!({ "name": signature.name, "email": signature.email, "date": time(signature.at) });
        if let Some(account) = signature.account {
            person["username"] = json!(world.login(account));
        }
        person
    };
    json!({
        "id": commit.sha,
        "tree_id": commit.tree,
        "distinct": true,
        "message": commit.message,
        "timestamp": time(commit.committer.at),
        "url": format!("{}/{}/commit/{}", world.urls.web, world.full_name(repo), commit.sha),
        "author": person(&commit.author),
        "committer": person(&commit.committer),
        "added": added,
        "removed": removed,
        "modified": modified,
    })
}

/// A file of a commit as `GET /repos/{owner}/{repo}/contents/{path}` answers.
pub(in crate::sandbox) fn file_blob(
    world: &World,
    repo: &Repo,
    at: &Commit,
    path: &str,
    text: &str,
) -> Value {
    let full_name = world.full_name(repo);
    let sha = super::super::world::blob_sha(text);
    let url = format!("{}/repos/{full_name}/contents/{path}?ref={}", world.urls.api, at.sha);
    let git = format!("{}/repos/{full_name}/git/blobs/{sha}", world.urls.api);
    let html = format!("{}/{full_name}/blob/{}/{path}", world.urls.web, at.sha);
    json!({
        "type": "file",
        "encoding": "base64",
        "size": text.len(),
        "name": path.rsplit('/').next(),
        "path": path,
        "content": STANDARD.encode(text),
        "sha": sha,
        "url": url,
        "git_url": git,
        "html_url": html,
        "download_url": format!("{}/{full_name}/raw/{}/{path}", world.urls.web, at.sha),
        "_links": { "self": url, "git": git, "html": html },
    })
}

/// What is directly in a folder (`""`, or with a slash at the end), files and folders.
pub(in crate::sandbox) fn folder(world: &World, repo: &Repo, at: &Commit, folder: &str) -> Vec<Value> {
    let mut entries: Vec<Value> = Vec::new();
    for (path, text) in &at.files {
        let Some(rest) = path.strip_prefix(folder) else { continue };
        let name = rest.split('/').next().unwrap_or(rest);
        if entries.last().is_some_and(|last| last["name"] == name) {
            continue;
        }
        let mut entry = file_blob(world, repo, at, &format!("{folder}{name}"), text);
        if let Some(object) = entry.as_object_mut() {
            object.remove("content");
            object.remove("encoding");
        }
        if rest != name {
            (entry["type"], entry["size"], entry["download_url"]) = (json!("dir"), json!(0), Value::Null);
        }
        entries.push(entry);
    }
    entries
}
