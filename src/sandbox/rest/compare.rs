//! Two commits, compared.

use serde_json::Value;

use super::route::Answered;
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::objects;
use crate::sandbox::state::State;

/// Without any page asked for, GitHub shows so many commits, and the newest is the last of them.
const MOST_COMMITS: usize = 250;

/// `base...head`, each of them a branch, a tag or a commit.
pub(super) fn compare(state: &State, call: &Call, repo: u64, span: &str) -> Answered {
    let repo = state.repo(repo).ok_or_else(Answer::not_found)?;
    let (base, head) = span.split_once("...").ok_or_else(Answer::not_found)?;
    let resolved = |name: &str| repo.resolve(name).ok_or_else(Answer::not_found);
    let (base, head) = (resolved(base)?, resolved(head)?);
    let between = repo.between(&base.sha, &head.sha);
    let paged = call.query("page").or_else(|| call.query("per_page")).is_some();
    let hidden = if paged { 0 } else { between.len().saturating_sub(MOST_COMMITS) };
    let shown = between.iter().skip(hidden);
    let commits: Vec<Value> =
        shown.map(|commit| objects::commit_summary(&state.world, repo, commit)).collect();
    let first = call.query("page").is_none_or(|page| page == "1");
    let frame = |shown: Value| objects::comparison(&state.world, repo, (base, head), &shown, first);
    let unrelated =
        || Answer::refused(404, &format!("No common ancestor between {} and {}.", base.sha, head.sha));
    if repo.merge_base(&base.sha, &head.sha).is_none() {
        return Err(unrelated());
    }
    if paged {
        Ok(page(call, &state.world.urls.api, &commits, |shown| frame(shown).unwrap_or_default()))
    } else {
        Ok(Answer::ok(&frame(Value::Array(commits)).unwrap_or_default()))
    }
}
