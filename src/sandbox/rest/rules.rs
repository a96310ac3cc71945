//! What GitHub itself asks for before something is merged.

use super::route::Answered;
use crate::sandbox::answer::{Answer, Call, page};
use crate::sandbox::objects;
use crate::sandbox::state::State;
use crate::sandbox::world::Repo;

fn found(state: &State, id: u64) -> Result<&Repo, Answer> {
    state.repo(id).ok_or_else(Answer::not_found)
}

/// `/rules/branches/{branch}`.
pub(super) fn branch(state: &State, call: &Call, repo: u64, branch: &str) -> Answered {
    let rules = objects::branch_rules(&state.world, found(state, repo)?, branch);
    Ok(page(call, &state.world.urls.api, &rules, |rules| rules))
}

/// `/rulesets`, of tags.
pub(super) fn of_tags(state: &State, call: &Call, repo: u64) -> Answered {
    let repo = found(state, repo)?;
    let shown = repo.kept_tags.iter().map(|(number, pattern)| {
        let mut ruleset = objects::tag_ruleset(&state.world, repo, *number, pattern);
        ruleset.as_object_mut().map(|keys| (keys.remove("rules"), keys.remove("conditions")));
        ruleset
    });
    let shown: Vec<_> = shown.collect();
    Ok(page(call, &state.world.urls.api, &shown, |shown| shown))
}

/// `/rulesets/{id}`.
pub(super) fn ruleset(state: &State, repo: u64, id: &str) -> Answered {
    let repo = found(state, repo)?;
    let kept = repo.kept_tags.iter().find(|(number, _)| number.to_string() == id);
    if let Some((number, pattern)) = kept {
        return Ok(Answer::ok(&objects::tag_ruleset(&state.world, repo, *number, pattern)));
    }
    if repo.id.to_string() == id && !repo.required_checks.is_empty() {
        return Ok(Answer::ok(&objects::checks_ruleset(&state.world, repo)));
    }
    let ruleset = repo.ruleset.as_ref().filter(|it| it.id.to_string() == id).ok_or_else(Answer::not_found)?;
    Ok(Answer::ok(&objects::ruleset(&state.world, repo, ruleset)))
}

/// `/branches/{branch}/protection`.
pub(super) fn protection(state: &State, repo: u64, branch: &str) -> Answered {
    let repo = found(state, repo)?;
    let protection = repo.protection.as_ref().filter(|_| branch == repo.default_branch);
    let protection = protection.ok_or_else(|| Answer::refused(404, "Branch not protected"))?;
    Ok(Answer::ok(&objects::protection(&state.world, repo, protection)))
}
