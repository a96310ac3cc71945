//! One policy as a whole: how a file becomes one, and the questions it answers.

use super::environments::{self, Environment};
use super::error::{PolicyError, Refusal};
use super::freezes::{self, Freeze};
use super::gitops::{self, GitOps};
use super::intake::{Commands, Intake, Labels};
use super::names::Who;
use super::notify::{self, Notify};
use super::people::{self, Account, Groups, Roles, Signers};
use super::pipelines::Pipelines;
use super::place::{Faults, Place};
use super::promotion;
use super::repositories::{self, Component, Mode, RepositoryRule, Ship};
use super::reserved;
use super::scope::Scope;
use super::standard_changes::{self, StandardChange};
use super::times::Zone;
use super::title::is_alone;
use super::trains::{self, Train};
use super::tree::Node;
use super::{schema, shape, tree, written};
use crate::domain::ids::ReleaseId;
use crate::domain::ids::RepoName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A policy whose every value was checked. There is no way to one but [`parse`].
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    scope: Scope,
    zone: Option<Zone>,
    mode: Option<Mode>,
    roles: Roles,
    groups: Groups,
    intake: Intake,
    labels: Labels,
    accounts: BTreeMap<String, Account>,
    trains: BTreeMap<String, Train>,
    repositories: Vec<RepositoryRule>,
    components: repositories::Components,
    environments: BTreeMap<String, Environment>,
    standard_changes: Vec<StandardChange>,
    freezes: Vec<Freeze>,
    commands: Commands,
    pipelines: Pipelines,
    gitops: Vec<GitOps>,
    notify: Vec<Notify>,
    #[serde(skip)]
    left_open: Vec<(String, PolicyError)>,
}

/// Reads a policy file.
///
/// `path` is how errors name the file; it is never opened. Errors come in the order of the file: YAML's own stop
/// at the first, those of shape and those of meaning are complete each.
pub fn parse(path: &str, text: &str, scope: Scope) -> Result<Policy, Vec<PolicyError>> {
    let tree = tree::read(path, text).map_err(|error| vec![error])?;
    let faults = Faults::new(path);
    let root = Place::root(&tree, &faults);
    shape::check(&root, &tree, schema::shared());
    if !faults.is_empty() {
        return Err(faults.into_sorted());
    }
    let policy = file(&root, &tree).map(|file| Policy::check(&root, &file, scope));
    match policy {
        Some(policy) if faults.is_empty() => Ok(policy),
        Some(_) | None => Err(faults.into_sorted()),
    }
}

fn file(root: &Place<'_>, tree: &Node) -> Option<written::File> {
    root.take(written::File::deserialize(tree.to_json()).map_err(|error| {
        Refusal::new(format!("cannot be read: {error}"), "compare it with the example in the reference")
    }))
}

impl Policy {
    fn check(root: &Place<'_>, file: &written::File, scope: Scope) -> Self {
        scope.check(root);
        if file.version.is_some_and(|version| version != 1) {
            root.key("version")
                .refuse(Refusal::new("is not 1", "this program reads version 1 of the file only"));
        }
        let elsewhere = scope == Scope::Repository;
        let roles = Roles::check(&root.key("roles"), &file.roles);
        let groups = people::check_groups(&root.key("groups"), &file.groups);
        let signers = Signers::new(&roles, &groups, file, elsewhere);
        let environments = environments::check(&root.key("environments"), &file.environments, &signers);
        let trains = trains::check(&root.key("trains"), &file.trains);
        let accounts = people::check_accounts(&root.key("accounts"), &file.accounts);
        reserved::check(&root.key("accounts"), &accounts, &trains);
        promotion::check_trains(&root.key("environments"), &environments, &trains);
        let freezes = freezes::check(&root.key("freezes"), &file.freezes, &file.environments, elsewhere);
        freezes::check_departures(&root.key("trains"), &trains, &environments, &freezes);
        Self {
            scope,
            zone: root.maybe("zone", file.zone.as_ref(), Zone::read),
            mode: file.mode.map(Mode::from),
            roles,
            groups,
            intake: Intake::check(&root.key("intake"), &file.intake),
            labels: Labels::check(&root.key("labels"), &file.labels),
            notify: notify::check(&root.key("notify"), &file.notify, &signers, &accounts),
            accounts,
            trains,
            repositories: repositories::check(&root.key("repositories"), &file.repositories),
            components: repositories::check_components(
                &root.key("components"),
                &file.components,
                &environments,
            ),
            gitops: gitops::check(&root.key("gitops"), &file.gitops, &environments),
            environments,
            standard_changes: standard_changes::check(
                &root.key("standard-changes"),
                &file.standard_changes,
                &signers,
            ),
            freezes,
            commands: Commands::check(&root.key("commands"), &file.commands),
            pipelines: Pipelines::check(&root.key("pipelines"), &file.pipelines),
            left_open: signers.left_open.into_inner(),
        }
    }

    /// Where its file stands.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// The zone of every time in the file; UTC if it names none.
    pub fn zone(&self) -> Zone {
        self.zone.clone().unwrap_or_else(Zone::utc)
    }

    /// The zone, if the file names one.
    pub(super) fn own_zone(&self) -> Option<&Zone> {
        self.zone.as_ref()
    }

    /// The mode where no entry of `repositories` says otherwise.
    pub fn mode(&self) -> Mode {
        self.mode.unwrap_or(Mode::Observe)
    }

    /// How strict Changegate is in a repository (`owner/name`).
    pub fn mode_for(&self, repo: &str) -> Mode {
        self.rule_for(repo).and_then(|rule| rule.mode).unwrap_or(self.mode())
    }

    /// How changes get out of a repository. Where no entry says so: by train if one carries it.
    pub fn ship_for(&self, repo: &str) -> Ship {
        let carried = self.train_of(repo).is_some();
        let usual = if carried { Ship::Train } else { Ship::Continuous };
        self.rule_for(repo).and_then(|rule| rule.ship).unwrap_or(usual)
    }

    /// Is a pull request its own change request here? Only where the file says `change: pull-request`, or
    /// `ship: continuous` and nothing else about it; never in a repository that no entry matches.
    pub fn change_from_pull_request(&self, repo: &str) -> bool {
        self.rule_for(repo).is_some_and(|rule| rule.change_is_pull_request)
    }

    /// The entry of `repositories` that counts for a repository: the first that matches.
    fn rule_for(&self, repo: &str) -> Option<&RepositoryRule> {
        self.repositories.iter().find(|rule| rule.matches(repo))
    }

    /// The people of all roles.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The people of a role by its name; nobody for a name that is no role.
    pub fn role(&self, name: &str) -> &[Who] {
        self.roles.named(name)
    }

    /// The clearing house.
    pub fn triagers(&self) -> &[Who] {
        &self.roles.triager
    }

    /// The people who plan releases.
    pub fn release_managers(&self) -> &[Who] {
        &self.roles.release_manager
    }

    /// The groups that sign, by name.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The people whom a rule means by a group's or a role's name. The group `policy`, which signs changes of
    /// the rules, is the release managers where the file does not define it.
    pub fn group(&self, name: &str) -> Option<&[Who]> {
        match self.groups.get(name) {
            Some(people) => Some(people),
            None if people::ROLES.contains(&name) => Some(self.role(name)),
            None if name == "policy" => Some(self.release_managers()),
            None => None,
        }
    }

    /// What makes an issue a change request, where, and how long it may wait.
    pub fn intake(&self) -> &Intake {
        &self.intake
    }

    /// What the labels are called.
    pub fn labels(&self) -> &Labels {
        &self.labels
    }

    /// The accounts, by name in lower case.
    pub fn accounts(&self) -> &BTreeMap<String, Account> {
        &self.accounts
    }

    /// An account by its name, in any case.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.get(&name.to_ascii_lowercase())
    }

    /// The trains, by name.
    pub fn trains(&self) -> &BTreeMap<String, Train> {
        &self.trains
    }

    /// The first train, by name, that carries a repository.
    pub fn train_of(&self, repo: &str) -> Option<(&str, &Train)> {
        self.trains.iter().find(|(_, train)| train.carries(repo)).map(|(name, train)| (name.as_str(), train))
    }

    /// The release that a milestone of a repository is. A title that fits no pattern (`Backlog`, `Q3`) is
    /// nobody's release, unless it is that of a change that ships alone.
    pub fn release_of(&self, repo: &str, milestone_title: &str) -> Option<ReleaseId> {
        self.trains
            .iter()
            .find(|(_, train)| train.carries(repo) && train.title.matches(milestone_title))
            .or_else(|| {
                self.trains.iter().find(|(_, train)| train.carries(repo) && is_alone(repo, milestone_title))
            })
            .map(|(name, _)| ReleaseId { train: name.clone(), title: milestone_title.to_owned() })
    }

    /// The entries of `repositories`, of which the first that matches counts.
    pub fn repositories(&self) -> &[RepositoryRule] {
        &self.repositories
    }

    /// What a deployment carries, by repository and by the name of the component.
    pub fn components(&self) -> &BTreeMap<RepoName, BTreeMap<String, Component>> {
        &self.components
    }

    /// The environments, by name.
    pub fn environments(&self) -> &BTreeMap<String, Environment> {
        &self.environments
    }

    /// The section of `environments` that covers a GitHub environment, with its name.
    pub fn environment_of(&self, environment: &str) -> Option<(&str, &Environment)> {
        self.environments
            .iter()
            .find(|(_, section)| section.covers(environment))
            .map(|(name, section)| (name.as_str(), section))
    }

    /// Whether it says anything of deployments.
    pub fn rules_environments(&self) -> bool {
        !self.environments.is_empty()
    }

    /// What is approved in advance.
    pub fn standard_changes(&self) -> &[StandardChange] {
        &self.standard_changes
    }

    /// When nothing changes.
    pub fn freezes(&self) -> &[Freeze] {
        &self.freezes
    }

    /// The word that stands before every command: `cg` for `/cg approve`.
    pub fn command_prefix(&self) -> Option<&str> {
        self.commands.prefix.as_deref()
    }

    /// The repositories whose files say which images run.
    pub fn gitops(&self) -> &[GitOps] {
        &self.gitops
    }

    /// Who is told by chat or mail.
    pub fn notify(&self) -> &[Notify] {
        &self.notify
    }

    /// Who may ask from a pipeline.
    pub fn pipelines(&self) -> &Pipelines {
        &self.pipelines
    }

    /// The groups that a repository's own file names and leaves to the organisation's, each with the error
    /// that it is if that one does not have it.
    pub(super) fn left_open(&self) -> &[(String, PolicyError)] {
        &self.left_open
    }
}
