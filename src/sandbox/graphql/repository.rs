//! Repositories, branches, commits and files.

use apollo_compiler::response::{JsonMap, JsonValue};

use super::deployment;
use super::node::{Resolved, Thing, View, leaf, moment, text, unknown, unresolved};
use crate::sandbox::objects::node_id;
use crate::sandbox::world::{AccountKind, Commit, Issue, Pull, Repo, Signature, blob_sha};

pub(super) fn repository<'a>(
    view: View<'a>,
    repo: &'a Repo,
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("R", repo.id)),
        "databaseId" => leaf(repo.id),
        "name" => leaf(repo.name.as_str()),
        "nameWithOwner" => leaf(view.state.world.full_name(repo)),
        "isPrivate" => leaf(repo.private),
        "owner" => view.account(repo.owner),
        "issue" | "issues" | "label" | "milestone" => {
            view.demand(repo, "issues")?;
            planned(view, repo, field, arguments)
        }
        "pullRequest" | "pullRequests" => {
            view.demand(repo, "pull_requests")?;
            pulls(view, repo, field, arguments)
        }
        "mergeQueue" => {
            view.demand(repo, "merge_queues")?;
            let branch = text(arguments, "branch").unwrap_or(&repo.default_branch);
            view.object(Thing::Queue(repo, branch.to_owned()))
        }
        "deployments" => {
            view.demand(repo, "deployments")?;
            view.page("DeploymentConnection", deployment::deployments(repo, arguments), arguments)
        }
        "defaultBranchRef" | "ref" | "object" => {
            view.demand(repo, "contents")?;
            git(view, repo, field, arguments)
        }
        _ => unknown(field),
    }
}

fn number(arguments: &JsonMap) -> u64 {
    arguments.get("number").and_then(JsonValue::as_u64).unwrap_or_default()
}

fn states(arguments: &JsonMap, name: &str) -> Vec<String> {
    let words = arguments.get(name).and_then(|states| states.as_array());
    words.into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn planned<'a>(view: View<'a>, repo: &'a Repo, field: &str, arguments: &JsonMap) -> Resolved<'a> {
    let number = number(arguments);
    match field {
        "issue" => match repo.issues.get(&number).filter(|issue| issue.pull.is_none()) {
            Some(issue) => view.object(Thing::Issue(repo, issue)),
            None => unresolved(&format!("an Issue with the number of {number}")),
        },
        "issues" => view.page("IssueConnection", issues(repo, arguments), arguments),
        "label" => {
            let label = repo.label(text(arguments, "name").unwrap_or_default());
            view.optional(label.map(|label| Thing::Label(label.id, &label.name)))
        }
        "milestone" => view.optional(repo.milestones.get(&number).map(Thing::Milestone)),
        _ => unknown(field),
    }
}

fn issues<'a>(repo: &'a Repo, arguments: &JsonMap) -> Vec<Thing<'a>> {
    let (wanted, labels) = (states(arguments, "states"), states(arguments, "labels"));
    let labels: Vec<_> = labels.iter().map(|name| repo.label(name).map(|label| label.id)).collect();
    let state = |issue: &&Issue| wanted.is_empty() || wanted.contains(&issue.state().to_uppercase());
    let labelled = |issue: &&Issue| {
        labels.is_empty() || labels.iter().flatten().any(|label| issue.labels.contains(label))
    };
    let issues = repo.issues.values().filter(|issue| issue.pull.is_none()).filter(state).filter(labelled);
    issues.map(|issue| Thing::Issue(repo, issue)).collect()
}

fn pulls<'a>(view: View<'a>, repo: &'a Repo, field: &str, arguments: &JsonMap) -> Resolved<'a> {
    let number = number(arguments);
    if field == "pullRequest" {
        let found = repo.issues.get(&number).and_then(|issue| Some((issue, issue.pull.as_ref()?)));
        return match found {
            Some((issue, pull)) => view.object(Thing::Pull(repo, issue, pull)),
            None => unresolved(&format!("a PullRequest with the number of {number}")),
        };
    }
    let (wanted, head) = (states(arguments, "states"), text(arguments, "headRefName"));
    let base = text(arguments, "baseRefName");
    let mut all = Vec::new();
    for issue in repo.issues.values() {
        let Some(pull) = &issue.pull else { continue };
        let state = super::pull::state(issue, pull).to_owned();
        let named =
            head.is_none_or(|head| pull.head_ref == head) && base.is_none_or(|base| pull.base_ref == base);
        if named && (wanted.is_empty() || wanted.contains(&state)) {
            all.push(Thing::Pull(repo, issue, pull));
        }
    }
    view.page("PullRequestConnection", all, arguments)
}

fn git<'a>(view: View<'a>, repo: &'a Repo, field: &str, arguments: &JsonMap) -> Resolved<'a> {
    if field == "object" {
        let expression = text(arguments, "expression").or(text(arguments, "oid")).unwrap_or_default();
        return view.optional(object(repo, expression));
    }
    let name = match text(arguments, "qualifiedName") {
        None => format!("refs/heads/{}", repo.default_branch),
        Some(name) if name.starts_with("refs/") => name.to_owned(),
        Some(name) => format!("refs/heads/{name}"),
    };
    let known = repo.refs.contains_key(&name);
    view.optional(known.then_some(Thing::Ref(repo, name)))
}

/// What `main`, a SHA, or `main:path/to/file` names.
fn object<'a>(repo: &'a Repo, expression: &str) -> Option<Thing<'a>> {
    match expression.split_once(':') {
        None => repo.resolve(expression).map(|commit| Thing::Commit(repo, commit)),
        Some((reference, path)) => {
            let text = repo.resolve(reference)?.files.get(path)?;
            Some(Thing::Blob(text))
        }
    }
}

pub(super) fn reference<'a>(view: View<'a>, repo: &'a Repo, name: &str, field: &str) -> Resolved<'a> {
    let (prefix, short) = name.match_indices('/').nth(1).map_or(("", name), |(at, _)| name.split_at(at + 1));
    match field {
        "id" => leaf(format!("REF_{}_{name}", repo.id)),
        "name" => leaf(short),
        "prefix" => leaf(prefix),
        "target" => view.optional(repo.refs.get(name).and_then(|sha| deployment::pointed_at(repo, sha))),
        _ => unknown(field),
    }
}

pub(super) fn blob<'a>(text: &str, field: &str) -> Resolved<'a> {
    match field {
        "id" => leaf(format!("B_{}", blob_sha(text))),
        "oid" => leaf(blob_sha(text)),
        "text" => leaf(text),
        "byteSize" => leaf(text.len()),
        "isBinary" => leaf(false),
        _ => unknown(field),
    }
}

pub(super) fn commit<'a>(
    view: View<'a>,
    repo: &'a Repo,
    commit: &'a Commit,
    field: &str,
    arguments: &JsonMap,
) -> Resolved<'a> {
    match field {
        "id" => leaf(format!("C_{}", commit.sha)),
        "oid" => leaf(commit.sha.as_str()),
        "message" => leaf(commit.message.as_str()),
        "author" => view.object(Thing::GitActor(&commit.author)),
        "committer" => view.object(Thing::GitActor(&commit.committer)),
        // People of the sandbox commit by pushing or through the API, never in an editor on a page.
        "committedViaWeb" => leaf(false),
        "signature" => view.optional(commit.signed.then_some(Thing::GitHubsSignature)),
        "authoredDate" => moment(commit.author.at),
        "committedDate" => moment(commit.committer.at),
        "authors" => {
            let authors = std::iter::once(&commit.author).chain(&commit.co_authors);
            view.page("GitActorConnection", authors.map(Thing::GitActor).collect(), arguments)
        }
        "history" => {
            let history = match text(arguments, "path") {
                Some(path) => repo.history(&commit.sha, path),
                None => repo.between("", &commit.sha).into_iter().rev().collect(),
            };
            let things = history.into_iter().map(|it| Thing::Commit(repo, it)).collect();
            view.page("CommitHistoryConnection", things, arguments)
        }
        "associatedPullRequests" => {
            view.demand(repo, "pull_requests")?;
            view.page("PullRequestConnection", came_with(repo, commit), arguments)
        }
        "parents" => {
            let parents = commit.parents.iter().filter_map(|sha| repo.commits.get(sha));
            view.page("CommitConnection", parents.map(|it| Thing::Commit(repo, it)).collect(), arguments)
        }
        _ => unknown(field),
    }
}

/// The pull requests that a commit is in.
fn came_with<'a>(repo: &'a Repo, commit: &Commit) -> Vec<Thing<'a>> {
    let pulls = repo.issues.values().filter_map(|issue| Some((issue, issue.pull.as_ref()?)));
    let holds = |pull: &Pull| {
        let own = repo.between(&pull.base_sha, &pull.head_sha);
        pull.merge_commit.as_ref() == Some(&commit.sha) || own.iter().any(|own| own.sha == commit.sha)
    };
    pulls.filter(|(_, pull)| holds(pull)).map(|(issue, pull)| Thing::Pull(repo, issue, pull)).collect()
}

pub(super) fn git_actor<'a>(view: View<'a>, signature: &'a Signature, field: &str) -> Resolved<'a> {
    match field {
        "name" => leaf(signature.name.as_str()),
        "email" => leaf(signature.email.as_str()),
        "date" => moment(signature.at),
        "user" => {
            let account = signature.account.and_then(|id| view.state.world.accounts.get(&id));
            let user = account.filter(|account| account.kind != AccountKind::Organization);
            view.optional(user.map(|user| Thing::GitUser(user.id)))
        }
        _ => unknown(field),
    }
}
