//! What a query can reach, and how it goes on from there.

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::connection::Page;
use super::{FORBIDDEN, UNRESOLVED, connection, deployment, issue, pull, repository};
use crate::sandbox::limits::Resource;
use crate::sandbox::objects::{node_id, time};
use crate::sandbox::rest::Level;
use crate::sandbox::state::{Grant, State};
use crate::sandbox::world::{
    AccountKind, Comment, Commit, Deployment, Issue, Milestone, Pull, QueueEntry, Repo, Review, Signature,
    Status, Team, TimelineEvent,
};

/// What is looked at, and with which rights.
#[derive(Clone, Copy)]
pub(super) struct View<'s> {
    pub state: &'s State,
    pub grant: &'s Grant,
}

/// Something that a query has reached.
#[derive(Clone)]
pub(super) enum Thing<'s> {
    Query,
    RateLimit,
    Account(u64),
    Team(&'s Team),
    Repository(&'s Repo),
    Ref(&'s Repo, String),
    Commit(&'s Repo, &'s Commit),
    Blob(&'s str),
    Tag(&'s Repo, &'s str),
    Deployment(&'s Repo, &'s Deployment),
    DeploymentStatus(&'s Status),
    GitActor(&'s Signature),
    /// GitHub's own signature over a commit.
    GitHubsSignature,
    /// An account as commits show it: a bot is a user there, with `[bot]` behind its name.
    GitUser(u64),
    Label(u64, &'s str),
    Milestone(&'s Milestone),
    Issue(&'s Repo, &'s Issue),
    Pull(&'s Repo, &'s Issue, &'s Pull),
    Comment(&'s Repo, &'s Comment),
    Event(&'s Repo, &'s TimelineEvent),
    PullCommit(&'s Repo, &'s Commit),
    Review(&'s Repo, &'s Review),
    File(&'s str, &'static str),
    Queue(&'s Repo, String),
    Entry(&'s Repo, &'s QueueEntry, usize),
    Page(&'static str, Box<Page<'s>>),
    PageInfo(Box<Page<'s>>),
}

/// A thing, looked at with rights.
pub(super) struct Node<'s> {
    pub view: View<'s>,
    pub thing: Thing<'s>,
}

/// A field of a thing.
pub(super) type Resolved<'a> = Result<ResolvedValue<'a>, FieldError>;

/// A plain value.
pub(super) fn leaf<'a>(value: impl Into<Value>) -> Resolved<'a> {
    Ok(ResolvedValue::leaf(value.into()))
}

pub(super) fn moment<'a>(at: Timestamp) -> Resolved<'a> {
    leaf(time(at))
}

pub(super) fn optional_moment<'a>(at: Option<Timestamp>) -> Resolved<'a> {
    leaf(at.map(time))
}

pub(super) fn text<'m>(arguments: &'m JsonMap, name: &str) -> Option<&'m str> {
    arguments.get(name)?.as_str()
}

pub(super) fn unresolved<'a>(what: &str) -> Resolved<'a> {
    Err(FieldError { message: format!("{UNRESOLVED} {what}.") })
}

/// A field that the schema has and the sandbox does not answer; a test finds those.
pub(super) fn unknown<'a>(field: &str) -> Resolved<'a> {
    Err(FieldError { message: format!("the sandbox does not answer {field}") })
}

impl<'s> View<'s> {
    pub fn object<'a>(self, thing: Thing<'s>) -> Resolved<'a>
    where
        's: 'a,
    {
        Ok(ResolvedValue::object(Node { view: self, thing }))
    }

    pub fn optional<'a>(self, thing: Option<Thing<'s>>) -> Resolved<'a>
    where
        's: 'a,
    {
        Ok(ResolvedValue::nullable_object(thing.map(|thing| Node { view: self, thing })))
    }

    pub fn account<'a>(self, account: u64) -> Resolved<'a>
    where
        's: 'a,
    {
        let known = self.state.world.accounts.contains_key(&account);
        self.optional(known.then_some(Thing::Account(account)))
    }

    /// Refuses what the token's permissions do not show. What is public shows without being covered.
    pub fn demand(self, repo: &Repo, permission: &str) -> Result<(), FieldError> {
        let covered = self.grant.covers(self.state, repo);
        if (!covered && !repo.private) || (covered && self.grant.allows(permission, Level::Read)) {
            Ok(())
        } else {
            Err(forbidden())
        }
    }

    pub fn page<'a>(self, name: &'static str, all: Vec<Thing<'s>>, arguments: &JsonMap) -> Resolved<'a>
    where
        's: 'a,
    {
        let page = Page::of(all, arguments)?;
        self.object(Thing::Page(name, Box::new(page)))
    }
}

pub(super) fn forbidden() -> FieldError {
    FieldError { message: FORBIDDEN.to_owned() }
}

impl ObjectValue for Node<'_> {
    fn type_name(&self) -> &str {
        match &self.thing {
            Thing::Query => "Query",
            Thing::RateLimit => "RateLimit",
            Thing::Account(account) => account_type(self.view.state, *account),
            Thing::Team(_) => "Team",
            Thing::Repository(_) => "Repository",
            Thing::Ref(..) => "Ref",
            Thing::Commit(..) => "Commit",
            Thing::Blob(_) => "Blob",
            Thing::Tag(..) => "Tag",
            Thing::Deployment(..) => "Deployment",
            Thing::DeploymentStatus(_) => "DeploymentStatus",
            Thing::GitActor(_) => "GitActor",
            Thing::GitHubsSignature => "GpgSignature",
            Thing::GitUser(_) => "User",
            Thing::Label(..) => "Label",
            Thing::Milestone(_) => "Milestone",
            Thing::Issue(..) => "Issue",
            Thing::Pull(..) => "PullRequest",
            Thing::Comment(..) => "IssueComment",
            Thing::Event(_, event) => issue::event_type(event),
            Thing::PullCommit(..) => "PullRequestCommit",
            Thing::Review(..) => "PullRequestReview",
            Thing::File(..) => "PullRequestChangedFile",
            Thing::Queue(..) => "MergeQueue",
            Thing::Entry(..) => "MergeQueueEntry",
            Thing::Page(name, _) => name,
            Thing::PageInfo(_) => "PageInfo",
        }
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Resolved<'a> {
        let (view, field, arguments) = (self.view, info.field_name(), info.arguments());
        match &self.thing {
            Thing::Query => query(view, field, arguments),
            Thing::RateLimit => rate_limit(view, field),
            Thing::Account(account) => account_field(view, *account, field, arguments),
            Thing::Team(team) => team_field(view, team, field, arguments),
            Thing::Repository(repo) => repository::repository(view, repo, field, arguments),
            Thing::Ref(repo, name) => repository::reference(view, repo, name, field),
            Thing::Commit(repo, commit) => repository::commit(view, repo, commit, field, arguments),
            Thing::Blob(text) => repository::blob(text, field),
            Thing::Tag(repo, oid) => deployment::tag(view, repo, oid, field),
            Thing::Deployment(repo, of) => deployment::deployment(view, repo, of, field),
            Thing::DeploymentStatus(status) => deployment::status(view, status, field),
            Thing::GitHubsSignature if field == "signer" => view.optional(None),
            Thing::GitHubsSignature => leaf(true),
            Thing::GitUser(account) if field == "login" => leaf(view.state.world.login(*account)),
            Thing::GitUser(account) => account_field(view, *account, field, arguments),
            Thing::GitActor(signature) => repository::git_actor(view, signature, field),
            Thing::Label(id, name) => issue::label(*id, name, field),
            Thing::Milestone(milestone) => issue::milestone(milestone, field),
            Thing::Issue(repo, it) => issue::issue(view, (repo, it), field, arguments),
            Thing::Pull(repo, it, pull) => pull::pull(view, (repo, it, pull), field, arguments),
            Thing::Comment(repo, comment) => issue::comment(view, repo, comment, field),
            Thing::Event(repo, event) => issue::event(view, repo, event, field),
            Thing::PullCommit(repo, commit) => view.object(Thing::Commit(repo, commit)),
            Thing::Review(repo, review) => pull::review(view, repo, review, field),
            Thing::File(path, status) => leaf(if field == "path" { *path } else { *status }),
            Thing::Queue(repo, base) => pull::queue(view, repo, base, field, arguments),
            Thing::Entry(repo, entry, position) => pull::entry(view, (repo, entry), *position, field),
            Thing::Page(_, page) => page.resolve(view, field),
            Thing::PageInfo(page) => connection::page_info(page, field),
        }
    }
}

fn query<'a>(view: View<'a>, field: &str, arguments: &JsonMap) -> Resolved<'a> {
    let login = text(arguments, "login").unwrap_or_default();
    let found = view.state.world.account(login);
    match field {
        "rateLimit" => view.object(Thing::RateLimit),
        "repository" => {
            let owner = text(arguments, "owner").unwrap_or_default();
            let name = text(arguments, "name").unwrap_or_default();
            named_repository(view, &format!("{owner}/{name}"))
        }
        "organization" => match found.filter(|found| found.kind == AccountKind::Organization) {
            Some(found) => view.account(found.id),
            None => unresolved(&format!("an Organization with the login of '{login}'")),
        },
        "user" => match found.filter(|found| found.kind == AccountKind::User) {
            Some(found) => view.account(found.id),
            None => unresolved(&format!("a User with the login of '{login}'")),
        },
        "node" => by_id(view, text(arguments, "id").unwrap_or_default()),
        _ => unknown(field),
    }
}

fn visible(view: View<'_>, repo: &Repo) -> bool {
    !repo.private || view.grant.covers(view.state, repo)
}

fn named_repository<'a>(view: View<'a>, full_name: &str) -> Resolved<'a> {
    let world = &view.state.world;
    let moved = || view.state.moved.get(&full_name.to_lowercase()).and_then(|id| world.repos.get(id));
    match world.repo(full_name).or_else(moved).filter(|repo| visible(view, repo)) {
        Some(repo) => view.object(Thing::Repository(repo)),
        None => unresolved(&format!("a Repository with the name '{full_name}'")),
    }
}

fn by_id<'a>(view: View<'a>, id: &str) -> Resolved<'a> {
    for repo in view.state.world.repos.values().filter(|repo| visible(view, repo)) {
        if node_id("R", repo.id) == id {
            return view.object(Thing::Repository(repo));
        }
        for it in repo.issues.values() {
            match &it.pull {
                None if node_id("I", it.id) == id => {
                    view.demand(repo, "issues")?;
                    return view.object(Thing::Issue(repo, it));
                }
                Some(pull) if node_id("PR", pull.id) == id => {
                    view.demand(repo, "pull_requests")?;
                    return view.object(Thing::Pull(repo, it, pull));
                }
                _ => {}
            }
        }
    }
    unresolved(&format!("a node with the global id of '{id}'"))
}

fn rate_limit<'a>(view: View<'a>, field: &str) -> Resolved<'a> {
    let installation = view.grant.installation;
    let budget = view.state.limits.budget(installation, Resource::Graphql, view.state.now());
    match field {
        "cost" => leaf(1),
        "limit" => leaf(budget.limit),
        "remaining" => leaf(budget.remaining().saturating_sub(1)),
        "used" => leaf(budget.used + 1),
        "resetAt" => moment(budget.reset),
        _ => unknown(field),
    }
}

fn account_type(state: &State, account: u64) -> &'static str {
    match state.world.accounts.get(&account).map(|account| account.kind) {
        Some(AccountKind::Bot) => "Bot",
        Some(AccountKind::Organization) => "Organization",
        Some(AccountKind::User) | None => "User",
    }
}

fn account_field<'a>(view: View<'a>, account: u64, field: &str, arguments: &JsonMap) -> Resolved<'a> {
    let login = view.state.world.login(account);
    match field {
        "id" => leaf(node_id("U", account)),
        "databaseId" => leaf(account),
        // Here a bot has no `[bot]` behind its name, unlike in REST.
        "login" => leaf(login.trim_end_matches("[bot]")),
        "team" => {
            let ours = view.state.world.installations.get(&view.grant.installation);
            let ours = ours.is_some_and(|installation| installation.account == account);
            if !ours || !view.grant.allows("members", Level::Read) {
                return Err(forbidden());
            }
            let slug = text(arguments, "slug").unwrap_or_default();
            view.optional(view.state.world.team(account, slug).map(Thing::Team))
        }
        _ => unknown(field),
    }
}

fn team_field<'a>(view: View<'a>, team: &'a Team, field: &str, arguments: &JsonMap) -> Resolved<'a> {
    match field {
        "id" => leaf(node_id("T", team.id)),
        "databaseId" => leaf(team.id),
        "slug" => leaf(team.slug.as_str()),
        "name" => leaf(team.name.as_str()),
        "members" => {
            let members = team.members.iter().map(|member| Thing::Account(*member)).collect();
            view.page("TeamMemberConnection", members, arguments)
        }
        _ => unknown(field),
    }
}

/// The association of an author, as an enum of the schema.
pub(super) fn association<'a>(view: View<'a>, author: u64, repo: &Repo) -> Resolved<'a> {
    leaf(json!(view.state.world.association(author, repo)))
}
