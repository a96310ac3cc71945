//! Two commits, compared.

use serde_json::{Value, json};

use super::super::world::{Commit, Repo, World};
use super::{changed_files, commit_summary};

/// What `head` has and `base` has not, around these commits of all of them; `None`: they have no beginning in common.
/// The files come with the first page only.
pub(in crate::sandbox) fn comparison(
    world: &World,
    repo: &Repo,
    (base, head): (&Commit, &Commit),
    commits: &Value,
    files: bool,
) -> Option<Value> {
    let shared = repo.merge_base(&base.sha, &head.sha)?;
    let (ahead, behind) =
        (repo.between(&base.sha, &head.sha).len(), repo.between(&head.sha, &base.sha).len());
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        (..) => "diverged",
    };
    let (name, span) = (world.full_name(repo), format!("{}...{}", base.sha, head.sha));
    let (api, web) = (&world.urls.api, format!("{}/{name}/compare/{span}", world.urls.web));
    let mut compared = json!({
        "url": format!("{api}/repos/{name}/compare/{span}"),
        "html_url": web,
        "permalink_url": web,
        "diff_url": format!("{web}.diff"),
        "patch_url": format!("{web}.patch"),
        "base_commit": commit_summary(world, repo, base),
        "merge_base_commit": commit_summary(world, repo, shared),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": commits,
    });
    if files {
        compared["files"] = json!(changed_files(world, repo, Some(&**shared), head));
    }
    Some(compared)
}
