//! What workflows have attested of one digest.

use serde_json::{Value, json};

use super::route::Answered;
use crate::sandbox::answer::Answer;
use crate::sandbox::state::State;

pub(super) fn list(state: &State, id: u64, digest: &str) -> Answered {
    let repo = state.repo(id).ok_or_else(Answer::not_found)?;
    let bundles = repo.attestations.get(digest).ok_or_else(Answer::not_found)?;
    let shown: Vec<Value> =
        bundles.iter().map(|bundle| json!({ "bundle": bundle, "repository_id": id })).collect();
    Ok(Answer::ok(&json!({ "attestations": shown })))
}
