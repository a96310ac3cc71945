//! Looks at how Changegate is set up, from the App's registration to each repository, and says what is wrong and how it is cured.

use std::sync::Arc;

use crate::{
    config::Config,
    domain::{
        doctor::{self, Asked, Line},
        event::RepositorySnapshot,
        ids::RepoName,
        policy::{EffectivePolicy, Policy, Scope},
    },
    github::{Failure, GitHub, Installation, Look},
};

/// Where the policy of an organisation is.
const SHARED: &str = ".github";

/// Looks at everything; of the repositories at these alone, where any are named.
pub async fn examine(github: &GitHub, config: &Config, only: &[RepoName]) -> Vec<Line> {
    let mut lines = vec![Line::ok("settings", "they can be read, and none is missing")];
    let registered = match github.registered().await {
        Ok(registered) => registered,
        Err(failure) => {
            let cure = "compare CHANGEGATE_APP_ID and the private key with the App's settings page, and the clock of this machine";
            lines.push(Line::fail("app", why(failure), cure));
            return lines;
        }
    };
    lines.extend(doctor::app(&registered));
    match github.webhook().await {
        Ok(webhook) => lines.extend(doctor::webhook(&webhook, config.public_url.as_deref())),
        Err(failure) => lines.push(unread("webhook", failure)),
    }
    match github.installations().await {
        Ok(installations) if installations.is_empty() => {
            let cure = "install it on an account (the App's settings, Install App)";
            lines.push(Line::fail("app", "it is installed nowhere", cure));
        }
        Ok(installations) => {
            for installation in &installations {
                account(github, &config.github_host(), (installation, &registered), only, &mut lines).await;
            }
        }
        Err(failure) => lines.push(unread("app", failure)),
    }
    lines
}

async fn account(
    github: &GitHub,
    host: &str,
    (installation, app): (&Installation, &Asked),
    only: &[RepoName],
    lines: &mut Vec<Line>,
) {
    let account = &installation.account.login;
    lines.push(doctor::installation(account, installation.suspended, &installation.permissions, app));
    if installation.suspended {
        return;
    }
    let repositories = match github.installation_repositories(installation.id).await {
        Ok(repositories) => repositories,
        Err(failure) => return lines.push(unread(account, failure)),
    };
    let look = |repository| Look { host, installation, repository };
    let shared = repositories.iter().find(|repository| repository.name.name() == SHARED);
    let shared = match shared {
        Some(repository) => policy(github, look(repository), Scope::Organisation, lines).await,
        None => Ok(None),
    };
    let Ok(shared) = shared else { return };
    let wanted = |repository: &&RepositorySnapshot| {
        repository.archived != Some(true) && (only.is_empty() || only.contains(&repository.name))
    };
    for repository in repositories.iter().filter(wanted) {
        let is_shared = repository.name.name() == SHARED;
        let scope = if shared.is_some() { Scope::Repository } else { Scope::Alone };
        let own = if is_shared { Ok(None) } else { policy(github, look(repository), scope, lines).await };
        let Ok(own) = own else { continue };
        let seen = github.examine(look(repository), EffectivePolicy::of(shared.clone(), own)).await;
        lines.extend(doctor::repository(&seen, github.app_id()));
    }
}

/// The policy file of a repository, where it has one. An error is told as a line.
async fn policy(
    github: &GitHub,
    look: Look<'_>,
    scope: Scope,
    lines: &mut Vec<Line>,
) -> Result<Option<Arc<Policy>>, ()> {
    let name = look.repository.name.to_string();
    match github.policy_of(look, scope).await {
        Ok(None) => Ok(None),
        Ok(Some(Ok(policy))) => Ok(Some(policy)),
        Ok(Some(Err(error))) => {
            let what = format!("its policy file has mistakes: {error}");
            lines.push(Line::fail(name, what, "mend it; `changegate policy check FILE` says where"));
            Err(())
        }
        Err(why) => {
            lines.push(Line::fail(name, format!("its policy file was not shown: {why}"), "try again"));
            Err(())
        }
    }
}

fn why(failure: Failure) -> String {
    match failure {
        Failure::Later { why, .. } | Failure::Refused { why } => why,
    }
}

fn unread(about: &str, failure: Failure) -> Line {
    Line::fail(about, why(failure), "try again; GitHub has to be asked")
}
