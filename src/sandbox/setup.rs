//! Sets the scene and looks at it: what was there before the story begins (nobody is told of it), what is seen on
//! the pages now, and what shall go wrong.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Sandbox;
use super::faults::{Fault, On};
use super::objects;
use super::people::must;
use super::state::{Numbered, State};
use super::world::{AccountKind, Label, Repo, Reviews, Team};

impl Sandbox {
    pub fn add_user(&self, login: &str) -> u64 {
        self.shared.with(|state| state.add_account(login, AccountKind::User))
    }

    /// Adds an organisation whose members are these logins; unknown ones become users.
    pub fn add_organization(&self, login: &str, members: &[&str]) -> u64 {
        self.shared.with(|state| {
            let members: BTreeSet<u64> = members.iter().map(|login| ensure_user(state, login)).collect();
            let id = state.add_account(login, AccountKind::Organization);
            if let Some(account) = state.world.accounts.get_mut(&id) {
                account.members = members;
            }
            id
        })
    }

    /// Adds the account of a bot, `name[bot]`.
    pub fn add_bot(&self, login: &str) -> u64 {
        self.shared.with(|state| state.add_account(login, AccountKind::Bot))
    }

    /// Another App ends a check of its own on a commit.
    pub fn foreign_check(&self, repository: &str, app: &str, name: &str, (sha, conclusion): (&str, &str)) {
        self.shared.with(|state| {
            let repo = state.world.repo(repository)?.id;
            state.foreign_run(repo, app, name, (sha, conclusion))
        });
    }

    /// Adds a team; its members become members of the organisation too.
    pub fn add_team(&self, org: &str, slug: &str, members: &[&str]) -> u64 {
        let team = self.shared.with(|state| {
            let members: BTreeSet<u64> = members.iter().map(|login| ensure_user(state, login)).collect();
            let org = state.world.account(org)?.id;
            state.world.accounts.get_mut(&org)?.members.extend(&members);
            let id = state.world.fresh_id();
            let (slug, name) = (slug.to_owned(), slug.to_owned());
            state.world.teams.insert(id, Team { id, org, slug, name, members });
            Some(id)
        });
        must(team, org)
    }

    /// Adds a private repository `owner/name` with a first commit on `main`.
    pub fn add_repository(&self, full_name: &str, files: &[(&str, &str)]) -> u64 {
        must(self.shared.with(|state| add_repo(state, full_name, files)), full_name)
    }

    pub fn make_public(&self, repo: &str) {
        let done = self.change_repo(repo, |repo| repo.private = false);
        must(done, repo);
    }

    /// Adds a public fork `owner/name` of a repository.
    pub fn add_fork(&self, of: &str, full_name: &str) -> u64 {
        let fork = self.shared.with(|state| {
            let parent = state.world.repo(of)?.clone();
            let id = add_repo(state, full_name, &[])?;
            let fork = state.repo_mut(id)?;
            (fork.parent, fork.private) = (Some(parent.id), false);
            (fork.commits, fork.refs) = (parent.commits, parent.refs);
            Some(id)
        });
        must(fork, of)
    }

    /// GitHub asks for so many reviews before something is merged into the default branch: by its own protection, or by a ruleset.
    pub fn require_reviews(&self, repo: &str, approvals: u64, by_ruleset: bool) {
        let done = self.shared.with(|state| {
            let id = state.world.fresh_id();
            let repo = state.world.repo(repo)?.id;
            let reviews = Reviews { id, approvals, code_owners: false, binds_administrators: false };
            let found = state.repo_mut(repo)?;
            *(if by_ruleset { &mut found.ruleset } else { &mut found.protection }) = Some(reviews);
            Some(())
        });
        must(done, repo);
    }

    /// A ruleset keeps tags from being moved and deleted: `refs/tags/v*`.
    pub fn keep_tags(&self, repo: &str, pattern: &str) {
        let done = self.shared.with(|state| {
            let (id, ruleset) = (state.world.repo(repo)?.id, state.world.fresh_id());
            state.repo_mut(id)?.kept_tags.insert(ruleset, pattern.to_owned());
            Some(())
        });
        must(done, repo);
    }

    /// A ruleset requires this check before something is merged into the default branch, by one App or by any.
    pub fn require_check(&self, repo: &str, name: &str, app: Option<u64>) {
        let done = self.shared.with(|state| {
            let repo = state.world.repo(repo)?.id;
            state.repo_mut(repo)?.required_checks.push((name.to_owned(), app));
            Some(())
        });
        must(done, repo);
    }

    /// These teams may bypass the ruleset that requires checks, and the App is shown them, as who may change rulesets is.
    pub fn show_bypassing(&self, repo: &str, teams: &[u64]) {
        let done = self.shared.with(|state| {
            let repo = state.world.repo(repo)?.id;
            state.repo_mut(repo)?.bypassing = Some(teams.to_vec());
            Some(())
        });
        must(done, repo);
    }

    /// GitHub lets one of these approve what is deployed to an environment, and not whoever started it; and waits so many minutes.
    pub fn guard_environment(&self, repo: &str, environment: &str, reviewers: &[&str], minutes: u64) {
        let done = self.shared.with(|state| {
            let reviewers = reviewers.iter().map(|login| ensure_user(state, login)).collect();
            let id = state.world.repo(repo)?.id;
            let found = state.ensure_environment(id, environment)?;
            (found.reviewers, found.prevents_self_review, found.wait_timer) = (reviewers, true, minutes);
            Some(())
        });
        must(done, repo);
    }

    /// Deletes a repository of which the App hears nothing, as a fork is.
    pub fn delete_repository(&self, full_name: &str) {
        let done = self.shared.with(|state| {
            let id = state.world.repo(full_name)?.id;
            state.world.repos.remove(&id)
        });
        must(done.map(|_| ()), full_name);
    }

    /// Adds somebody outside the organisation who may write to a repository.
    pub fn add_collaborator(&self, repo: &str, login: &str) {
        let done = self.shared.with(|state| {
            let person = ensure_user(state, login);
            let id = state.world.repo(repo)?.id;
            state.repo_mut(id)?.collaborators.insert(person);
            Some(())
        });
        must(done, repo);
    }

    pub fn add_label(&self, repo: &str, name: &str) {
        let done = self.shared.with(|state| {
            let label =
                Label { id: state.world.fresh_id(), name: name.to_owned(), color: "ededed".to_owned() };
            let id = state.world.repo(repo)?.id;
            state.repo_mut(id)?.labels.insert(label.id, label);
            Some(())
        });
        must(done, repo);
    }

    /// What the App asks for; an installation of before has it when its owner accepts.
    pub fn set_app_permissions(&self, permissions: &[(&str, &str)]) {
        let all = permissions.iter().map(|(name, level)| ((*name).to_owned(), (*level).to_owned()));
        let all: BTreeMap<String, String> = all.collect();
        self.shared.with(|state| state.world.app.permissions = all);
    }

    /// What the App hears of; installation events always.
    pub fn set_app_events(&self, events: &[&str]) {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        self.shared.with(|state| state.world.app.events = events);
    }

    /// What the App hears of besides.
    pub fn add_app_events(&self, events: &[&str]) {
        let events = events.iter().map(|event| (*event).to_owned());
        self.shared.with(|state| state.world.app.events.extend(events));
    }

    /// The merge queue of a branch lands its first entry, as it does when the checks have passed.
    pub fn land_first_of_queue(&self, repo: &str, base: &str) -> Numbered {
        let landed = self.shared.with(|state| {
            let id = state.world.repo(repo)?.id;
            state.land_first(id, base)
        });
        must(landed, repo)
    }

    /// Everything that runs in a run of the workflow ends, well or badly.
    pub fn finish_run(&self, repo: &str, run: u64, succeeds: bool) {
        let done = self.shared.with(|state| {
            let id = state.world.repo(repo)?.id;
            state.finish(id, run, succeeds)
        });
        must(done, repo);
    }

    /// A run of the workflow as REST shows it.
    pub fn run(&self, repo: &str, run: u64) -> Value {
        let found = self.shared.with(|state| {
            let repo = state.world.repo(repo)?;
            Some(objects::run(&state.world, repo, repo.runs.get(&run)?))
        });
        found.unwrap_or_default()
    }

    /// What the App reported while a job of a run waited for an environment, and what it answered in the end.
    pub fn notes(&self, repo: &str, run: u64, environment: &str) -> Vec<String> {
        let found = self.shared.with(|state| {
            let jobs = &state.world.repo(repo)?.runs.get(&run)?.jobs;
            let here = jobs.iter().filter(|job| job.environment.eq_ignore_ascii_case(environment));
            Some(here.flat_map(|job| job.notes.clone()).collect())
        });
        found.unwrap_or_default()
    }

    /// The deployments to an environment, oldest first, with each state that they came to and what was said beside it.
    pub fn statuses(&self, repo: &str, environment: &str) -> Vec<Value> {
        let found = self.shared.with(|state| {
            let deployments = state.world.repo(repo)?.deployments.values();
            let here = deployments.filter(|of| of.environment.eq_ignore_ascii_case(environment));
            let shown = here.map(|of| {
                let said = of.statuses.iter().map(|status| serde_json::json!([status.state, status.description]));
                serde_json::json!({ "ref": of.reference, "sha": of.sha, "task": of.task, "payload": of.payload,
                    "statuses": said.collect::<Vec<_>>() })
            });
            Some(shown.collect())
        });
        found.unwrap_or_default()
    }

    /// All that a repository holds: issues with their comments, pull requests, and the deployments to an environment with their times.
    pub fn dump(&self, repo: &str, environment: &str) -> Value {
        let found = self.shared.with(|state| {
            let world = &state.world;
            let repo = world.repo(repo)?;
            let (mut issues, mut pulls) = (vec![], vec![]);
            for issue in repo.issues.values() {
                if let Some(pull) = &issue.pull {
                    pulls.push(objects::pull(world, repo, issue, pull));
                    continue;
                }
                let comments = issue.comments.iter().map(|comment| objects::comment(world, repo, issue, comment));
                let mut shown = objects::issue(world, repo, issue);
                shown["all_comments"] = comments.collect();
                issues.push(shown);
            }
            let here = repo.deployments.values().filter(|of| of.environment.eq_ignore_ascii_case(environment));
            let deployments = here.map(|of| {
                let statuses = of.statuses.iter().map(|it| serde_json::json!([it.state, it.at]));
                serde_json::json!({ "sha": of.sha, "created_at": of.created_at, "statuses": statuses.collect::<Vec<_>>() })
            });
            Some(serde_json::json!({ "id": repo.id, "issues": issues, "pulls": pulls, "deployments": deployments.collect::<Vec<_>>() }))
        });
        found.unwrap_or_default()
    }

    /// The deployments to an environment, oldest first: commit and latest state.
    pub fn deployments(&self, repo: &str, environment: &str) -> Vec<(String, String)> {
        let found = self.shared.with(|state| {
            let deployments = state.world.repo(repo)?.deployments.values();
            let here = deployments.filter(|of| of.environment.eq_ignore_ascii_case(environment));
            Some(here.map(|of| (of.sha.clone(), of.state().to_owned())).collect())
        });
        found.unwrap_or_default()
    }

    /// The next `times` requests that this describes go wrong.
    pub fn fault(&self, on: On, fault: Fault, times: u32) {
        self.shared.with(|state| {
            let State { faults, world, .. } = state;
            faults.add(on, fault, times, world);
        });
    }

    pub fn clear_faults(&self) {
        self.shared.with(|state| state.faults.clear());
    }

    /// An issue or a pull request as REST shows it among issues.
    pub fn issue(&self, at: Numbered) -> Value {
        self.shared.with(|state| {
            state.issue(at).map_or(Value::Null, |(repo, issue)| objects::issue(&state.world, repo, issue))
        })
    }

    /// GitHub's number of a repository; 0: there is none of this name.
    pub fn repository_id(&self, repo: &str) -> u64 {
        self.shared.with(|state| state.world.repo(repo).map_or(0, |repo| repo.id))
    }

    /// The milestones of a repository, in the order of their numbers.
    pub fn milestones(&self, repo: &str) -> Vec<Value> {
        self.shared.with(|state| {
            let repo = state.world.repo(repo);
            let of = |repo: &Repo| {
                let all = repo.milestones.values();
                all.map(|it| objects::milestone(&state.world, repo, it)).collect()
            };
            repo.map(of).unwrap_or_default()
        })
    }

    /// The issues of a repository as REST shows them, oldest first.
    pub fn issues(&self, repo: &str) -> Vec<Value> {
        self.shared.with(|state| {
            let repo = state.world.repo(repo);
            let of = |repo: &Repo| {
                let issues = repo.issues.values().filter(|issue| issue.pull.is_none());
                issues.map(|issue| objects::issue(&state.world, repo, issue)).collect()
            };
            repo.map(of).unwrap_or_default()
        })
    }

    /// A pull request as REST shows it.
    pub fn pull_request(&self, at: Numbered) -> Value {
        let found = self.shared.with(|state| {
            let (repo, issue) = state.issue(at)?;
            Some(objects::pull(&state.world, repo, issue, issue.pull.as_ref()?))
        });
        found.unwrap_or_default()
    }

    /// The comments of an issue or a pull request, oldest first, as REST shows them.
    pub fn comments(&self, at: Numbered) -> Vec<Value> {
        let found = self.shared.with(|state| {
            let (repo, issue) = state.issue(at)?;
            let object = |comment| objects::comment(&state.world, repo, issue, comment);
            Some(issue.comments.iter().map(object).collect())
        });
        found.unwrap_or_default()
    }

    /// The check runs of a commit, oldest first, as REST shows them.
    pub fn check_runs(&self, repo: &str, sha: &str) -> Vec<Value> {
        let found = self.shared.with(|state| {
            let repo = state.world.repo(repo)?;
            let here = repo.check_runs.values().filter(|run| run.head_sha == sha);
            Some(here.map(|run| objects::check_run(&state.world, repo, run)).collect())
        });
        found.unwrap_or_default()
    }

    /// The commit at the end of a branch.
    pub fn head(&self, repo: &str, branch: &str) -> Option<String> {
        self.shared.with(|state| state.world.repo(repo)?.branch(branch).map(str::to_owned))
    }

    fn change_repo(&self, repo: &str, change: impl FnOnce(&mut Repo)) -> Option<()> {
        self.shared.with(|state| {
            let id = state.world.repo(repo)?.id;
            change(state.repo_mut(id)?);
            Some(())
        })
    }
}

fn ensure_user(state: &mut State, login: &str) -> u64 {
    match state.world.account(login) {
        Some(account) => account.id,
        None => state.add_account(login, AccountKind::User),
    }
}

fn add_repo(state: &mut State, full_name: &str, files: &[(&str, &str)]) -> Option<u64> {
    let (owner, name) = full_name.split_once('/')?;
    let owner = state.world.account(owner)?.id;
    let (id, now) = (state.world.fresh_id(), state.now());
    state.world.repos.insert(id, Repo::new(id, owner, name, now));
    state.first_commit(id, owner, files)?;
    Some(id)
}
