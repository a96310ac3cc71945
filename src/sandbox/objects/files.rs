//! The files of a pull request, or between two commits, with their patches.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::world::{Commit, Pull, Repo, World, blob_sha};

/// Lines around what is changed.
const AROUND: usize = 3;

/// As `GET /repos/{owner}/{repo}/pulls/{number}/files` answers. A renamed file is shown as one that went and one that
/// came.
pub(in crate::sandbox) fn pull_files(world: &World, repo: &Repo, pull: &Pull) -> Vec<Value> {
    let old = repo.merge_base(&pull.base_sha, &pull.head_sha).map(|commit| &**commit);
    let Some(new) = repo.commits.get(&pull.head_sha) else { return Vec::new() };
    changed_files(world, repo, old, new)
}

/// What differs from one commit to another, file by file.
pub(in crate::sandbox) fn changed_files(
    world: &World,
    repo: &Repo,
    old: Option<&Commit>,
    new: &Commit,
) -> Vec<Value> {
    let named = ["added", "removed", "modified"].into_iter().zip(new.changes(old));
    let mut files: Vec<(&str, &str)> =
        named.flat_map(|(status, paths)| paths.into_iter().map(move |path| (path, status))).collect();
    files.sort_unstable();
    let text = |commit: Option<&Commit>, path: &str| {
        commit.and_then(|commit| commit.files.get(path)).map(ToString::to_string).unwrap_or_default()
    };
    let page = format!("{}/{}", world.urls.web, world.full_name(repo));
    let api = format!("{}/repos/{}", world.urls.api, world.full_name(repo));
    let file = |(path, status): (&str, &str)| {
        let (before, after) = (text(old, path), text(Some(new), path));
        let (patch, added, removed) = patch(&before, &after);
        let blob = if status == "removed" { &before } else { &after };
        let mut file = json!({ "sha": blob_sha(blob), "filename": path, "status": status, "additions": added,
            "deletions": removed, "changes": added + removed, "blob_url": format!("{page}/blob/{}/{path}", new.sha),
            "raw_url": format!("{page}/raw/{}/{path}", new.sha),
            "contents_url": format!("{api}/contents/{path}?ref={}", new.sha) });
        if added + removed > 0 {
            file["patch"] = json!(patch);
        }
        file
    };
    files.into_iter().map(file).collect()
}

/// One hunk from the first line that differs to the last one, and how many lines come and go.
fn patch(before: &str, after: &str) -> (String, usize, usize) {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let start = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
    let (old_rest, new_rest) = (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
    let end =
        old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(one, other)| one == other).count();
    let (goes, tail) = old_rest.split_at(old_rest.len() - end);
    let (comes, _) = new_rest.split_at(new_rest.len() - end);
    let from = start.saturating_sub(AROUND);
    let head = old.get(from..start).unwrap_or_default();
    let tail = tail.get(..end.min(AROUND)).unwrap_or_default();
    let around = head.len() + tail.len();
    let place = |changed: usize| format!("{},{}", from + usize::from(changed + around > 0), changed + around);
    let mut text = format!("@@ -{} +{} @@", place(goes.len()), place(comes.len()));
    for (sign, lines) in [(' ', head), ('-', goes), ('+', comes), (' ', tail)] {
        for line in lines {
            let _ = write!(text, "\n{sign}{line}");
        }
    }
    (text, comes.len(), goes.len())
}
