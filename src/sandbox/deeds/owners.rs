//! Repositories, accounts and teams that are renamed, moved, joined and left.

use serde_json::json;

use super::super::objects;
use super::super::state::State;

impl State {
    pub fn rename_repo(&mut self, repo: u64, actor: u64, to: &str) -> Option<()> {
        let found = self.repo(repo)?;
        let former = self.world.full_name(found);
        self.moved.insert(former.to_lowercase(), repo);
        let from = std::mem::replace(&mut self.repo_mut(repo)?.name, to.to_owned());
        let changes = json!({ "repository": { "name": { "from": from } } });
        self.announce(repo, actor, "repository", json!({ "action": "renamed", "changes": changes }));
        Some(())
    }

    /// Moves a repository to another owner. An installation with a selection loses it; the new owner's
    /// installation hears of the transfer.
    pub fn transfer_repo(&mut self, repo: u64, actor: u64, owner: u64) -> Option<()> {
        let found = self.repo(repo)?;
        let (former, old) = (self.world.full_name(found), found.owner);
        let old_owner = match objects::member_organization(&self.world, old) {
            Some(organization) => json!({ "organization": organization }),
            None => json!({ "user": objects::user(&self.world, old) }),
        };
        if let Some(id) = self.installation_on(old) {
            self.drop_repo(id, actor, repo)?;
        }
        self.moved.insert(former.to_lowercase(), repo);
        self.repo_mut(repo)?.owner = owner;
        let changes = json!({ "owner": { "from": old_owner } });
        self.announce(repo, actor, "repository", json!({ "action": "transferred", "changes": changes }));
        Some(())
    }

    fn drop_repo(&mut self, installation: u64, actor: u64, repo: u64) -> Option<()> {
        let found = self.repo(repo)?;
        let installation = self.world.installations.get(&installation)?;
        if !installation.covers(found) {
            return Some(());
        }
        let more = json!({ "action": "removed", "repositories_added": [], "requester": null,
            "repository_selection": if installation.repositories.is_some() { "selected" } else { "all" },
            "repositories_removed": objects::repository_names(&self.world, [found]) });
        let mut installation = installation.clone();
        if let Some(selected) = &mut installation.repositories {
            selected.remove(&repo);
        }
        self.announce_installation(&installation, actor, "installation_repositories", more);
        self.world.installations.insert(installation.id, installation);
        Some(())
    }

    /// Renames an account that the App is installed on.
    pub fn rename_account(&mut self, account: u64, actor: u64, to: &str) -> Option<()> {
        let names = self.world.repos.values().filter(|repo| repo.owner == account);
        let former: Vec<_> = names.map(|repo| (self.world.full_name(repo).to_lowercase(), repo.id)).collect();
        self.moved.extend(former);
        let from = std::mem::replace(&mut self.world.accounts.get_mut(&account)?.login, to.to_owned());
        let installation = self.installation_on(account)?;
        let installation = self.world.installations.get(&installation)?.clone();
        let organization = objects::member_organization(&self.world, account);
        let mut more = json!({
            "action": "renamed",
            "account": objects::renamed_account(&self.world, account),
            "changes": { "login": { "from": from } },
            "target_type": if organization.is_some() { "Organization" } else { "User" },
            "installation": objects::simple_installation(&installation),
        });
        if let Some(organization) = organization {
            more["organization"] = organization;
        }
        self.announce_installation(&installation, actor, "installation_target", more);
        Some(())
    }

    /// Lets somebody outside the organisation write to a repository, or no longer.
    pub fn set_collaborator(&mut self, repo: u64, actor: u64, member: u64, inside: bool) -> Option<()> {
        let all = &mut self.repo_mut(repo)?.collaborators;
        let changed = if inside { all.insert(member) } else { all.remove(&member) };
        let action = if inside { "added" } else { "removed" };
        let member = objects::user(&self.world, member);
        if changed {
            self.announce(repo, actor, "member", json!({ "action": action, "member": member }));
        }
        Some(())
    }

    /// Puts somebody into a team, or out of it.
    pub fn set_membership(&mut self, team: u64, actor: u64, member: u64, inside: bool) -> Option<()> {
        let found = self.world.teams.get_mut(&team)?;
        let changed = if inside { found.members.insert(member) } else { found.members.remove(&member) };
        let found = self.world.teams.get(&team)?;
        let (org, payload) = (
            found.org,
            json!({ "action": if inside { "added" } else { "removed" }, "scope": "team",
                "member": objects::user(&self.world, member), "team": objects::team(&self.world, found) }),
        );
        if changed {
            self.announce_org(org, actor, "membership", payload);
        }
        Some(())
    }
}
