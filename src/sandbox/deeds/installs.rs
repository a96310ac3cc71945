//! The App on accounts: installed, suspended, given and taken repositories, taken off.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::objects;
use super::super::state::State;
use super::super::world::{Installation, World};

impl State {
    /// Installs the App on an account, for all of its repositories or for some.
    pub fn install(&mut self, account: u64, actor: u64, repositories: Option<BTreeSet<u64>>) -> u64 {
        let (id, now) = (self.world.fresh_id(), self.now());
        let installation = Installation {
            id,
            account,
            repositories,
            permissions: self.world.app.permissions.clone(),
            created_at: now,
            updated_at: now,
            suspended: None,
        };
        self.world.installations.insert(id, installation.clone());
        let repositories = covered(&self.world, &installation);
        let more = json!({ "action": "created", "repositories": repositories, "requester": null });
        self.announce_installation(&installation, actor, "installation", more);
        id
    }

    pub fn uninstall(&mut self, account: u64, actor: u64) -> Option<()> {
        let id = self.installation_on(account)?;
        let installation = self.world.installations.get(&id)?.clone();
        let more = json!({ "action": "deleted", "repositories": covered(&self.world, &installation) });
        self.announce_installation(&installation, actor, "installation", more);
        self.world.installations.remove(&id);
        self.grants.retain(|_, grant| grant.installation != id);
        Some(())
    }

    pub fn installation_on(&self, account: u64) -> Option<u64> {
        self.world.installations.values().find(|it| it.account == account).map(|it| it.id)
    }

    pub fn set_suspended(&mut self, account: u64, actor: u64, suspended: bool) -> Option<()> {
        let (id, now) = (self.installation_on(account)?, self.now());
        let installation = self.world.installations.get_mut(&id)?;
        installation.suspended = suspended.then_some((now, actor));
        installation.updated_at = now;
        let (installation, action) = (installation.clone(), if suspended { "suspend" } else { "unsuspend" });
        let more = json!({ "action": action, "repositories": covered(&self.world, &installation) });
        self.announce_installation(&installation, actor, "installation", more);
        Some(())
    }

    /// The installation gets the permissions that the App asks for by now.
    pub fn accept_permissions(&mut self, account: u64, actor: u64) -> Option<()> {
        let (id, now) = (self.installation_on(account)?, self.now());
        let permissions = self.world.app.permissions.clone();
        let installation = self.world.installations.get_mut(&id)?;
        (installation.permissions, installation.updated_at) = (permissions, now);
        let installation = installation.clone();
        let more = json!({ "action": "new_permissions_accepted",
            "repositories": covered(&self.world, &installation) });
        self.announce_installation(&installation, actor, "installation", more);
        Some(())
    }

    /// Gives the installation a repository, or takes one away. From then on it has a selection.
    pub fn select(&mut self, account: u64, actor: u64, repo: u64, wanted: bool) -> Option<()> {
        let (id, now) = (self.installation_on(account)?, self.now());
        let installation = self.world.installations.get(&id)?;
        let all = self.world.covered_by(installation).into_iter().map(|repo| repo.id).collect();
        let installation = self.world.installations.get_mut(&id)?;
        installation.updated_at = now;
        let selected = installation.repositories.get_or_insert(all);
        let changed = if wanted { selected.insert(repo) } else { selected.remove(&repo) };
        let installation = installation.clone();
        if !changed {
            return Some(());
        }
        let named = objects::repository_names(&self.world, [self.repo(repo)?]);
        let (added, removed) = if wanted { (named, json!([])) } else { (json!([]), named) };
        let more = json!({ "action": if wanted { "added" } else { "removed" },
            "repository_selection": "selected", "repositories_added": added,
            "repositories_removed": removed, "requester": null });
        self.announce_installation(&installation, actor, "installation_repositories", more);
        Some(())
    }
}

fn covered(world: &World, installation: &Installation) -> Value {
    objects::repository_names(world, world.covered_by(installation))
}
