//! What is asked for before something is merged into a branch: its protection, and rulesets.

use serde_json::{Value, json};

use super::super::world::{Repo, Reviews, World};

/// The rules that are in force for a branch.
pub(in crate::sandbox) fn branch_rules(world: &World, repo: &Repo, branch: &str) -> Vec<Value> {
    let ruleset = repo.ruleset.iter().filter(|_| branch == repo.default_branch);
    let rule = |reviews: &Reviews| {
        json!({
            "type": "pull_request",
            "parameters": parameters(reviews),
            "ruleset_source_type": "Repository",
            "ruleset_source": world.full_name(repo),
            "ruleset_id": reviews.id,
        })
    };
    let required = repo.required_checks.iter().filter(|_| branch == repo.default_branch);
    let required: Vec<Value> = required.map(check).collect();
    let checks = (!required.is_empty()).then(|| {
        json!({
            "type": "required_status_checks",
            "parameters": {
                "required_status_checks": required,
                "strict_required_status_checks_policy": false,
            },
            "ruleset_source_type": "Repository",
            "ruleset_source": world.full_name(repo),
            "ruleset_id": repo.id,
        })
    });
    ruleset.map(rule).chain(checks).collect()
}

fn check((name, app): &(String, Option<u64>)) -> Value {
    match app {
        Some(app) => json!({ "context": name, "integration_id": app }),
        None => json!({ "context": name }),
    }
}

fn parameters(reviews: &Reviews) -> Value {
    json!({
        "dismiss_stale_reviews_on_push": false,
        "require_code_owner_review": reviews.code_owners,
        "require_last_push_approval": false,
        "required_approving_review_count": reviews.approvals,
        "required_review_thread_resolution": false,
        "allowed_merge_methods": ["merge", "squash", "rebase"],
    })
}

/// A ruleset, as it is shown to whoever may not change it.
pub(in crate::sandbox) fn ruleset(world: &World, repo: &Repo, reviews: &Reviews) -> Value {
    json!({
        "id": reviews.id,
        "name": "Reviews",
        "target": "branch",
        "source_type": "Repository",
        "source": world.full_name(repo),
        "enforcement": "active",
        "node_id": super::node_id("RRS", reviews.id),
        "current_user_can_bypass": "never",
        "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH"], "exclude": [] } },
        "rules": [{ "type": "pull_request", "parameters": parameters(reviews) }],
        "created_at": super::time(repo.created_at),
        "updated_at": super::time(repo.updated_at),
    })
}

/// A ruleset that keeps tags.
pub(in crate::sandbox) fn tag_ruleset(world: &World, repo: &Repo, number: u64, pattern: &str) -> Value {
    json!({
        "id": number,
        "name": "Tags",
        "target": "tag",
        "source_type": "Repository",
        "source": world.full_name(repo),
        "enforcement": "active",
        "node_id": super::node_id("RRS", number),
        "current_user_can_bypass": "never",
        "conditions": { "ref_name": { "include": [pattern], "exclude": [] } },
        "rules": [{ "type": "deletion" }, { "type": "update" }],
        "created_at": super::time(repo.created_at),
        "updated_at": super::time(repo.updated_at),
    })
}

/// The ruleset that requires checks; who may bypass it is shown only where the App may change it.
pub(in crate::sandbox) fn checks_ruleset(world: &World, repo: &Repo) -> Value {
    let required: Vec<Value> = repo.required_checks.iter().map(check).collect();
    let mut shown = json!({
        "id": repo.id,
        "name": "Checks",
        "target": "branch",
        "source_type": "Repository",
        "source": world.full_name(repo),
        "enforcement": "active",
        "node_id": super::node_id("RRS", repo.id),
        "current_user_can_bypass": "never",
        "conditions": { "ref_name": { "include": ["~DEFAULT_BRANCH"], "exclude": [] } },
        "rules": [{ "type": "required_status_checks", "parameters": {
            "required_status_checks": required, "strict_required_status_checks_policy": false } }],
        "created_at": super::time(repo.created_at),
        "updated_at": super::time(repo.updated_at),
    });
    if let Some(teams) = &repo.bypassing {
        let actor = |id: &u64| json!({ "actor_id": id, "actor_type": "Team", "bypass_mode": "pull_request" });
        shown["bypass_actors"] = teams.iter().map(actor).collect();
    }
    shown
}

/// The protection of the default branch.
pub(in crate::sandbox) fn protection(world: &World, repo: &Repo, reviews: &Reviews) -> Value {
    let url = format!(
        "{}/repos/{}/branches/{}/protection",
        world.urls.api,
        world.full_name(repo),
        repo.default_branch
    );
    json!({
        "url": url,
        "required_pull_request_reviews": {
            "url": format!("{url}/required_pull_request_reviews"),
            "dismiss_stale_reviews": false,
            "require_code_owner_reviews": reviews.code_owners,
            "required_approving_review_count": reviews.approvals,
            "require_last_push_approval": false,
        },
        "enforce_admins": { "url": format!("{url}/enforce_admins"), "enabled": reviews.binds_administrators },
        "required_linear_history": { "enabled": false },
        "allow_force_pushes": { "enabled": false },
        "allow_deletions": { "enabled": false },
        "block_creations": { "enabled": false },
        "required_conversation_resolution": { "enabled": false },
        "lock_branch": { "enabled": false },
        "allow_fork_syncing": { "enabled": false },
    })
}
