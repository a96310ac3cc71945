//! The App and its installations.

use serde_json::{Value, json};

use super::super::world::{AccountKind, Installation, Repo, World};
use super::{node_id, nullable_user, time, user};

/// The App, as it is shown with what it wrote and in `GET /app`.
pub(in crate::sandbox) fn app(world: &World) -> Value {
    let app = &world.app;
    json!({
        "id": app.id,
        "slug": app.slug,
        "client_id": format!("Iv23li{:014}", app.id),
        "node_id": node_id("A", app.id),
        "owner": user(world, app.owner),
        "name": app.slug,
        "description": "",
        "external_url": format!("{}/apps/{}", world.urls.web, app.slug),
        "html_url": format!("{}/apps/{}", world.urls.web, app.slug),
        "created_at": time(app.created_at),
        "updated_at": time(app.created_at),
        "permissions": app.permissions,
        "events": app.events,
    })
}

/// An installation in full.
pub(in crate::sandbox) fn installation(world: &World, installation: &Installation) -> Value {
    let url = format!("{}/app/installations/{}", world.urls.api, installation.id);
    let login = world.login(installation.account);
    let account = world.accounts.get(&installation.account);
    let organization = account.is_some_and(|account| account.kind == AccountKind::Organization);
    let settings =
        if organization { format!("organizations/{login}/settings") } else { "settings".to_owned() };
    json!({
        "id": installation.id,
        "client_id": format!("Iv23li{:014}", world.app.id),
        "account": user(world, installation.account),
        "repository_selection": selection(installation),
        "access_tokens_url": format!("{url}/access_tokens"),
        "repositories_url": format!("{}/installation/repositories", world.urls.api),
        "html_url": format!("{}/{settings}/installations/{}", world.urls.web, installation.id),
        "app_id": world.app.id,
        "app_slug": world.app.slug,
        "target_id": installation.account,
        "target_type": if organization { "Organization" } else { "User" },
        "permissions": installation.permissions,
        "events": world.app.events,
        "created_at": time(installation.created_at),
        "updated_at": time(installation.updated_at),
        "single_file_name": null,
        "has_multiple_single_files": false,
        "single_file_paths": [],
        "suspended_by": nullable_user(world, installation.suspended.map(|(_, by)| by)),
        "suspended_at": installation.suspended.map(|(at, _)| time(at)),
    })
}

pub(in crate::sandbox) fn selection(installation: &Installation) -> &'static str {
    if installation.repositories.is_some() { "selected" } else { "all" }
}

/// An installation as events of repositories carry it.
pub(in crate::sandbox) fn simple_installation(installation: &Installation) -> Value {
    json!({ "id": installation.id, "node_id": node_id("MDIzOkludGVncmF0aW9u", installation.id) })
}

/// The short form of repositories in installation events.
pub(in crate::sandbox) fn repository_names<'w>(
    world: &World,
    repos: impl IntoIterator<Item = &'w Repo>,
) -> Value {
    let short = |repo: &Repo| {
        json!({ "id": repo.id, "node_id": node_id("R", repo.id), "name": repo.name,
            "full_name": world.full_name(repo), "private": repo.private })
    };
    repos.into_iter().map(short).collect()
}
