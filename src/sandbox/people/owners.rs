//! What owners do: the App on their accounts, repositories, teams.

use super::Person;

impl Person<'_> {
    /// Installs the App on an account, for all its repositories or for these; answers the installation's id.
    pub fn install(&self, account: &str, repositories: Option<&[&str]>) -> u64 {
        self.with_account("install", account, |state, me, account| {
            let find = |name: &&str| state.world.repo(name).map(|repo| repo.id);
            let selected = match repositories {
                None => None,
                Some(names) => Some(names.iter().map(find).collect::<Option<_>>()?),
            };
            Some(state.install(account, me, selected))
        })
    }

    pub fn uninstall(&self, account: &str) {
        self.with_account("uninstall", account, |state, me, account| state.uninstall(account, me));
    }

    pub fn suspend(&self, account: &str) {
        self.with_account("suspend", account, |state, me, account| state.set_suspended(account, me, true));
    }

    pub fn unsuspend(&self, account: &str) {
        self.with_account("unsuspend", account, |state, me, account| state.set_suspended(account, me, false));
    }

    /// Gives the App a repository of its account.
    pub fn add_to_installation(&self, repo: &str) {
        self.in_repo("add_to_installation", repo, |state, me, repo| {
            let owner = state.repo(repo)?.owner;
            state.select(owner, me, repo, true)
        });
    }

    /// Takes a repository away from the App.
    pub fn remove_from_installation(&self, repo: &str) {
        self.in_repo("remove_from_installation", repo, |state, me, repo| {
            let owner = state.repo(repo)?.owner;
            state.select(owner, me, repo, false)
        });
    }

    pub fn rename_repository(&self, repo: &str, to: &str) {
        self.in_repo("rename_repository", repo, |state, me, repo| state.rename_repo(repo, me, to));
    }

    pub fn transfer_repository(&self, repo: &str, owner: &str) {
        self.in_repo("transfer_repository", repo, |state, me, repo| {
            let owner = state.world.account(owner)?.id;
            state.transfer_repo(repo, me, owner)
        });
    }

    /// Renames an account on which the App is installed.
    pub fn rename_account(&self, account: &str, to: &str) {
        self.with_account("rename_account", account, |state, me, account| {
            state.rename_account(account, me, to)
        });
    }

    pub fn add_collaborator(&self, repo: &str, login: &str) {
        self.in_repo("add_collaborator", repo, |state, me, repo| {
            let login = state.world.account(login)?.id;
            state.set_collaborator(repo, me, login, true)
        });
    }

    pub fn remove_collaborator(&self, repo: &str, login: &str) {
        self.in_repo("remove_collaborator", repo, |state, me, repo| {
            let login = state.world.account(login)?.id;
            state.set_collaborator(repo, me, login, false)
        });
    }

    /// Grants what the App asks for by now.
    pub fn accept_permissions(&self, account: &str) {
        self.with_account("accept_permissions", account, |state, me, account| {
            state.accept_permissions(account, me)
        });
    }

    pub fn add_to_team(&self, org: &str, team: &str, member: &str) {
        self.change_team("add_to_team", (org, team), member, true);
    }

    pub fn remove_from_team(&self, org: &str, team: &str, member: &str) {
        self.change_team("remove_from_team", (org, team), member, false);
    }

    fn change_team(&self, what: &'static str, (org, team): (&str, &str), member: &str, inside: bool) {
        self.with_account(what, org, |state, me, org| {
            let team = state.world.team(org, team)?.id;
            let member = state.world.account(member)?.id;
            state.set_membership(team, me, member, inside)
        });
    }
}
