//! Users, bots, organisations and teams.

use serde_json::{Map, Value, json};

use super::super::world::{AccountKind, Team, World};
use super::{insert_urls, node_id, time, with};

const USER_URLS: [(&str, &str); 9] = [
    ("url", ""),
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
];

/// A "simple user": a person, a bot, or an organisation where it owns something.
pub(in crate::sandbox) fn user(world: &World, id: u64) -> Value {
    let login = world.login(id);
    let kind = world.accounts.get(&id).map_or(AccountKind::User, |account| account.kind);
    let (word, node) = match kind {
        AccountKind::User => ("User", "U"),
        AccountKind::Organization => ("Organization", "O"),
        AccountKind::Bot => ("Bot", "BOT"),
    };
    let path = login.replace('[', "%5B").replace(']', "%5D");
    let mut urls = Map::new();
    insert_urls(&mut urls, &format!("{}/users/{path}", world.urls.api), &USER_URLS);
    let plain = json!({
        "login": login,
        "id": id,
        "node_id": node_id(node, id),
        "avatar_url": format!("{}/avatars/{id}", world.urls.web),
        "gravatar_id": "",
        "html_url": format!("{}/{}", world.urls.web, web_path(world, kind, login)),
        "received_events_url": format!("{}/users/{path}/received_events", world.urls.api),
        "type": word,
        "user_view_type": "public",
        "site_admin": false,
    });
    with(plain, Value::Object(urls))
}

/// A user by login, with what GitHub tells everybody.
pub(in crate::sandbox) fn public_user(world: &World, id: u64) -> Value {
    let public = json!({
        "name": null, "company": null, "blog": "", "location": null, "email": null, "hireable": null, "bio": null,
        "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
        "created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z",
    });
    with(user(world, id), public)
}

fn web_path(world: &World, kind: AccountKind, login: &str) -> String {
    match kind {
        AccountKind::Bot => format!("apps/{}", world.app.slug),
        AccountKind::User | AccountKind::Organization => login.to_owned(),
    }
}

/// An organisation as webhooks carry it beside the repository.
pub(in crate::sandbox) fn organization(world: &World, id: u64) -> Value {
    let login = world.login(id);
    let url = format!("{}/orgs/{login}", world.urls.api);
    json!({
        "login": login,
        "id": id,
        "node_id": node_id("O", id),
        "url": url,
        "repos_url": format!("{url}/repos"),
        "events_url": format!("{url}/events"),
        "hooks_url": format!("{url}/hooks"),
        "issues_url": format!("{url}/issues"),
        "members_url": format!("{url}/members{{/member}}"),
        "public_members_url": format!("{url}/public_members{{/member}}"),
        "avatar_url": format!("{}/avatars/{id}", world.urls.web),
        "description": "",
    })
}

/// The organisation that owns something, or nothing where a person owns it.
pub(in crate::sandbox) fn member_organization(world: &World, owner: u64) -> Option<Value> {
    let account = world.accounts.get(&owner)?;
    (account.kind == AccountKind::Organization).then(|| organization(world, owner))
}

/// The account of an `installation_target.renamed` event.
pub(in crate::sandbox) fn renamed_account(world: &World, id: u64) -> Value {
    let created = world.accounts.get(&id).map(|account| time(account.created_at));
    let slug = world.login(id).to_lowercase();
    let more = json!({ "created_at": created, "updated_at": created, "slug": slug, "public_repos": 0,
        "public_gists": 0, "followers": 0, "following": 0, "is_verified": false,
        "has_organization_projects": true, "has_repository_projects": true, "description": null,
        "archived_at": null });
    let organization = member_organization(world, id).unwrap_or_else(|| json!({}));
    with(with(organization, user(world, id)), more)
}

/// A team of an organisation.
pub(in crate::sandbox) fn team(world: &World, team: &Team) -> Value {
    let url = format!("{}/organizations/{}/team/{}", world.urls.api, team.org, team.id);
    json!({
        "name": team.name,
        "id": team.id,
        "node_id": node_id("T", team.id),
        "slug": team.slug,
        "description": "",
        "privacy": "closed",
        "notification_setting": "notifications_enabled",
        "url": url,
        "html_url": format!("{}/orgs/{}/teams/{}", world.urls.web, world.login(team.org), team.slug),
        "members_url": format!("{url}/members{{/member}}"),
        "repositories_url": format!("{url}/repos"),
        "type": "organization",
        "organization_id": team.org,
        "permission": "pull",
        "parent": null,
    })
}
