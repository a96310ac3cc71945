//! GraphQL documents: many questions in one, each under an alias of its own, every value a variable.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, value::RawValue};
use std::collections::BTreeMap;

use super::reference::qualified;
use crate::{
    domain::ids::RepoName,
    github::{access, auth::Scope, trouble::Trouble},
};

/// What weighs more than this goes out in the next document: GitHub gives each ten seconds.
pub(super) const FULL: usize = 100;
/// So many questions of any kind GitHub answers in time; where it gave up on more, they go out in documents of these.
pub(super) const FEW: usize = 25;

/// One part of a document.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// An issue.
    Issue { name: RepoName, number: u64 },
    /// A pull request, with the first page of everything.
    PullRequest { name: RepoName, number: u64 },
    /// The issues that a pull request closes, in any repository.
    Links { name: RepoName, number: u64 },
    /// A further page of a pull request's commits.
    Commits { name: RepoName, number: u64, after: String },
    /// A file in a commit.
    File { name: RepoName, commit: String, path: &'static str },
    /// The merge queue of a branch.
    MergeQueue { name: RepoName, branch: String },
    /// The pull requests of the last commit on the default branch that changed a file.
    PolicyOrigin { name: RepoName, path: &'static str },
    /// A page of a team's members.
    Team { organisation: String, slug: String, after: Option<String> },
    /// Who bears a login.
    Person { login: String },
    /// Which repository bears a name.
    Identity { name: RepoName },
    /// The pull requests that a commit came with.
    Origin { name: RepoName, commit: String },
    /// A page of the deployments to an environment, newest first.
    Deployments { name: RepoName, environment: String, after: Option<String> },
    /// An issue, at a glance.
    IssueGlance { name: RepoName, number: u64 },
    /// A pull request, at a glance.
    PullRequestGlance { name: RepoName, number: u64 },
    /// The branch and the tag of a name.
    Reference { name: RepoName, reference: String },
}

/// Parts of one kind fail together where GitHub (an older server, say) does not know a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Issue,
    PullRequest,
    Links,
    Commits,
    File,
    MergeQueue,
    PolicyOrigin,
    Team,
    Person,
    Identity,
    Origin,
    Deployments,
    Reference,
    IssueGlance,
    PullRequestGlance,
}

const ACTOR: &str = "fragment ActorParts on Actor { __typename login ... on User { databaseId } \
    ... on Bot { databaseId } ... on Mannequin { databaseId } ... on Organization { databaseId } }";

const ISSUE: &str = "fragment IssueParts on Issue { number title body state stateReason(enableDuplicate: true) \
    labels(first: 100) { nodes { name } } milestone { number title } \
    assignees(first: 50) { nodes { __typename databaseId login } } author { ...ActorParts } \
    createdAt updatedAt closedAt \
    timelineItems(last: 100, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, MILESTONED_EVENT, DEMILESTONED_EVENT, \
    CLOSED_EVENT]) { nodes { __typename \
    ... on LabeledEvent { createdAt actor { ...ActorParts } label { name } } \
    ... on UnlabeledEvent { createdAt label { name } } \
    ... on MilestonedEvent { createdAt actor { ...ActorParts } } \
    ... on DemilestonedEvent { createdAt } \
    ... on ClosedEvent { createdAt actor { ...ActorParts } \
    closer { __typename ... on PullRequest { number repository { databaseId } } } } } \
    pageInfo { hasPreviousPage } } }";

const PULL_REQUEST: &str = "fragment PullRequestParts on PullRequest { number title body state isDraft merged \
    mergedAt mergeCommit { oid } headRefOid headRefName headRepository { databaseId nameWithOwner } \
    baseRefOid baseRefName author { ...ActorParts } labels(first: 100) { nodes { name } } \
    milestone { number } createdAt updatedAt \
    commits(first: 100) { ...CommitParts } \
    files(first: 100) { nodes { path changeType } pageInfo { hasNextPage } } \
    reviews(last: 100, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) { nodes { fullDatabaseId \
    author { ...ActorParts } state commit { oid } submittedAt } pageInfo { hasPreviousPage } } }";

const COMMITS: &str = "fragment CommitParts on PullRequestCommitConnection { nodes { commit { oid message \
    committedViaWeb authors(first: 20) { totalCount nodes { email user { __typename databaseId login } } } \
    committer { user { __typename databaseId login } } \
    signature { isValid wasSignedByGitHub signer { databaseId login } } } } pageInfo { hasNextPage endCursor } }";

const ISSUE_GLANCE: &str = "fragment IssueGlance on Issue { updatedAt state stateReason(enableDuplicate: true) \
    labels(first: 100) { nodes { name } pageInfo { hasNextPage } } \
    milestone { number title state dueOn updatedAt } }";

const PULL_REQUEST_GLANCE: &str = "fragment PullRequestGlance on PullRequest { updatedAt lastEditedAt title state isDraft \
    merged mergeCommit { oid } headRefOid baseRefName \
    closingIssuesReferences(first: 100) { nodes { number repository { databaseId } } pageInfo { hasNextPage } } \
    reviews(last: 100, states: [APPROVED, CHANGES_REQUESTED, DISMISSED]) { nodes { fullDatabaseId \
    author { ...ActorParts } state commit { oid } submittedAt } pageInfo { hasPreviousPage } } }";

const TARGET: &str = "fragment TargetParts on GitObject { __typename oid \
    ... on Tag { target { __typename oid ... on Tag { target { __typename oid } } } } }";

impl Part {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Issue { .. } => Kind::Issue,
            Self::PullRequest { .. } => Kind::PullRequest,
            Self::Links { .. } => Kind::Links,
            Self::Commits { .. } => Kind::Commits,
            Self::File { .. } => Kind::File,
            Self::MergeQueue { .. } => Kind::MergeQueue,
            Self::PolicyOrigin { .. } => Kind::PolicyOrigin,
            Self::Team { .. } => Kind::Team,
            Self::Person { .. } => Kind::Person,
            Self::Identity { .. } => Kind::Identity,
            Self::Origin { .. } => Kind::Origin,
            Self::Deployments { .. } => Kind::Deployments,
            Self::Reference { .. } => Kind::Reference,
            Self::IssueGlance { .. } => Kind::IssueGlance,
            Self::PullRequestGlance { .. } => Kind::PullRequestGlance,
        }
    }

    /// What the token must be for.
    pub(super) const fn scope(&self) -> Scope {
        match self {
            Self::Deployments { .. } => Scope::Runs,
            Self::Issue { .. }
            | Self::PullRequest { .. }
            | Self::Links { .. }
            | Self::Commits { .. }
            | Self::File { .. }
            | Self::MergeQueue { .. }
            | Self::PolicyOrigin { .. }
            | Self::Team { .. }
            | Self::Person { .. }
            | Self::Identity { .. }
            | Self::Origin { .. }
            | Self::Reference { .. }
            | Self::IssueGlance { .. }
            | Self::PullRequestGlance { .. } => Scope::Read,
        }
    }

    /// A hundredth of what one document may ask, or more.
    pub(super) const fn weight(&self) -> usize {
        match self {
            Self::Issue { .. }
            | Self::Links { .. }
            | Self::File { .. }
            | Self::Person { .. }
            | Self::Identity { .. }
            | Self::Origin { .. }
            | Self::Reference { .. }
            | Self::IssueGlance { .. }
            | Self::PullRequestGlance { .. } => 1,
            Self::PullRequest { .. }
            | Self::Commits { .. }
            | Self::MergeQueue { .. }
            | Self::PolicyOrigin { .. }
            | Self::Deployments { .. }
            | Self::Team { .. } => FULL / FEW,
        }
    }

    const fn fragments(&self) -> &'static [&'static str] {
        match self {
            Self::Issue { .. } => &[ACTOR, ISSUE],
            Self::PullRequest { .. } => &[ACTOR, PULL_REQUEST, COMMITS],
            Self::Commits { .. } => &[COMMITS],
            Self::Deployments { .. } => &[ACTOR],
            Self::IssueGlance { .. } => &[ISSUE_GLANCE],
            Self::PullRequestGlance { .. } => &[ACTOR, PULL_REQUEST_GLANCE],
            Self::Reference { .. } => &[TARGET],
            Self::Links { .. }
            | Self::File { .. }
            | Self::MergeQueue { .. }
            | Self::PolicyOrigin { .. }
            | Self::Team { .. }
            | Self::Person { .. }
            | Self::Identity { .. }
            | Self::Origin { .. } => &[],
        }
    }

    /// Name, type and value of each variable, to which the alias' number is added.
    fn variables(&self) -> Vec<(&'static str, &'static str, Value)> {
        let repository = |name: &RepoName| {
            vec![("owner", "String!", name.owner().into()), ("name", "String!", name.name().into())]
        };
        let with = |name: &RepoName, more: Vec<(&'static str, &'static str, Value)>| {
            repository(name).into_iter().chain(more).collect()
        };
        match self {
            Self::Issue { name, number }
            | Self::PullRequest { name, number }
            | Self::Links { name, number }
            | Self::IssueGlance { name, number }
            | Self::PullRequestGlance { name, number } => {
                with(name, vec![("number", "Int!", (*number).into())])
            }
            Self::Commits { name, number, after } => with(
                name,
                vec![("number", "Int!", (*number).into()), ("after", "String", after.as_str().into())],
            ),
            Self::File { name, commit, path } => {
                with(name, vec![("file", "String!", format!("{commit}:{path}").into())])
            }
            Self::MergeQueue { name, branch } => {
                with(name, vec![("branch", "String", branch.as_str().into())])
            }
            Self::PolicyOrigin { name, path } => with(name, vec![("path", "String", (*path).into())]),
            Self::Team { organisation, slug, after } => vec![
                ("login", "String!", organisation.as_str().into()),
                ("slug", "String!", slug.as_str().into()),
                ("after", "String", after.clone().into()),
            ],
            Self::Person { login } => vec![("login", "String!", login.as_str().into())],
            Self::Identity { name } => repository(name),
            Self::Origin { name, commit } => {
                with(name, vec![("commit", "GitObjectID", commit.as_str().into())])
            }
            Self::Deployments { name, environment, after } => with(
                name,
                vec![
                    ("environments", "[String!]", vec![environment.as_str()].into()),
                    ("after", "String", after.clone().into()),
                ],
            ),
            Self::Reference { name, reference } => {
                let (branch, tag) = qualified(reference);
                with(name, vec![("branch", "String!", branch.into()), ("tag", "String!", tag.into())])
            }
        }
    }

    fn selection(&self, n: usize) -> String {
        let repository = |fields: String| {
            format!("q{n}: repository(owner: $owner{n}, name: $name{n}) {{ databaseId {fields} }}")
        };
        match self {
            Self::Issue { .. } => repository(format!("issue(number: $number{n}) {{ ...IssueParts }}")),
            Self::PullRequest { .. } => {
                repository(format!("pullRequest(number: $number{n}) {{ ...PullRequestParts }}"))
            }
            Self::Links { .. } => repository(format!(
                "pullRequest(number: $number{n}) {{ closingIssuesReferences(first: 100) {{ \
                 nodes {{ number repository {{ databaseId }} }} pageInfo {{ hasNextPage }} }} }}"
            )),
            Self::Commits { .. } => repository(format!(
                "pullRequest(number: $number{n}) {{ commits(first: 100, after: $after{n}) {{ ...CommitParts }} }}"
            )),
            Self::File { .. } => repository(format!(
                "object(expression: $file{n}) {{ __typename ... on Blob {{ oid text }} }}"
            )),
            Self::MergeQueue { .. } => repository(format!(
                "mergeQueue(branch: $branch{n}) {{ entries(first: 100) {{ \
                 nodes {{ position headCommit {{ oid }} pullRequest {{ number }} }} }} }}"
            )),
            Self::PolicyOrigin { .. } => repository(format!(
                "defaultBranchRef {{ target {{ ... on Commit {{ history(first: 1, path: $path{n}) {{ nodes {{ \
                 associatedPullRequests(first: 10) {{ nodes {{ number merged }} }} }} }} }} }} }}"
            )),
            Self::Team { .. } => format!(
                "q{n}: organization(login: $login{n}) {{ team(slug: $slug{n}) {{ members(first: 100, after: $after{n}) \
                 {{ nodes {{ __typename databaseId login }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
            ),
            Self::Person { .. } => {
                format!("q{n}: user(login: $login{n}) {{ __typename databaseId login }}")
            }
            Self::Identity { .. } => repository(String::new()),
            Self::Origin { .. } => repository(format!(
                "origin: object(oid: $commit{n}) {{ __typename ... on Commit {{ associatedPullRequests(first: 25) {{ \
                 nodes {{ merged number repository {{ databaseId }} }} pageInfo {{ hasNextPage }} }} }} }}"
            )),
            Self::Deployments { .. } => repository(format!(
                "deployments(environments: $environments{n}, first: 50, after: $after{n}, \
                 orderBy: {{ field: CREATED_AT, direction: DESC }}) {{ nodes {{ databaseId commitOid ref {{ name }} \
                 creator {{ ...ActorParts }} createdAt state \
                 latestStatus {{ state createdAt creator {{ ...ActorParts }} }} }} \
                 pageInfo {{ hasNextPage endCursor }} }}"
            )),
            Self::IssueGlance { .. } => repository(format!("issue(number: $number{n}) {{ ...IssueGlance }}")),
            Self::PullRequestGlance { .. } => {
                repository(format!("pullRequest(number: $number{n}) {{ ...PullRequestGlance }}"))
            }
            Self::Reference { .. } => repository(format!(
                "branch: ref(qualifiedName: $branch{n}) {{ target {{ ...TargetParts }} }} \
                 tag: ref(qualifiedName: $tag{n}) {{ target {{ ...TargetParts }} }}"
            )),
        }
    }
}

/// A document and its variables, as GitHub takes them.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    pub(super) query: String,
    pub(super) variables: Map<String, Value>,
}

impl Document {
    /// The part at place `n` answers under the alias `q{n}`.
    pub(super) fn of(parts: &[Part]) -> Self {
        let (mut declared, mut variables) = (Vec::new(), Map::new());
        let mut fragments: Vec<&str> = Vec::new();
        for (n, part) in parts.iter().enumerate() {
            for (name, kind, value) in part.variables() {
                declared.push(format!("${name}{n}: {kind}"));
                variables.insert(format!("{name}{n}"), value);
            }
            fragments.extend(part.fragments());
        }
        fragments.sort_unstable();
        fragments.dedup();
        let selections: Vec<String> = parts.iter().enumerate().map(|(n, part)| part.selection(n)).collect();
        let query = format!(
            "query Changegate({}) {{ {} }} {}",
            declared.join(", "),
            selections.join(" "),
            fragments.join(" ")
        );
        Self { query, variables }
    }
}

#[derive(Deserialize)]
struct Response {
    data: Option<BTreeMap<String, Option<Box<RawValue>>>>,
    errors: Option<Vec<Complaint>>,
}

#[derive(Deserialize)]
struct Complaint {
    message: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    path: Option<Vec<Value>>,
}

impl Complaint {
    fn names(&self) -> Vec<&str> {
        self.path.iter().flatten().filter_map(Value::as_str).collect()
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    fn text(&self) -> String {
        let message = self.message.as_deref().unwrap_or("no reason given");
        message.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
    }
}

/// What came back for a document, in the order of its parts.
pub(super) struct Answers {
    aliased: BTreeMap<String, Option<Box<RawValue>>>,
    complaints: Vec<Complaint>,
}

/// Why a document has no answers.
#[derive(Debug, Clone)]
pub(super) enum Failed {
    /// GitHub's limit, told in the body.
    Limited,
    /// GitHub takes no such document; one of its kinds may be to blame.
    Document(String),
    /// The answer cannot be read.
    Strange(Trouble),
}

impl Answers {
    /// Reads the body of an answer.
    pub(super) fn read(body: &[u8]) -> Result<Self, Failed> {
        let response: Response = access::parse(body).map_err(Failed::Strange)?;
        let complaints = response.errors.unwrap_or_default();
        if complaints.iter().any(|complaint| complaint.is("RATE_LIMITED")) {
            return Err(Failed::Limited);
        }
        let aliased = response.data.unwrap_or_default();
        let about_all = |complaint: &&Complaint| {
            complaint.names().first().is_none_or(|first| !aliased.contains_key(*first))
        };
        match complaints.iter().find(about_all) {
            Some(complaint) => Err(Failed::Document(complaint.text())),
            None if aliased.is_empty() => Err(Failed::Document("it has neither data nor errors".into())),
            None => Ok(Self { aliased, complaints }),
        }
    }

    /// Whether GitHub says that there is no such thing as the part at place `n` names.
    pub(super) fn is_absent(&self, n: usize) -> bool {
        let alias = format!("q{n}");
        self.complaints.iter().any(|complaint| complaint.names() == [&alias] && complaint.is("NOT_FOUND"))
    }

    /// The answer to the part at place `n`; `None`: GitHub says there is none.
    ///
    /// An error anywhere in it makes it unknown, with two exceptions: that there is none, and that a linked issue is
    /// hidden from us (it is `null` in its list then, which is not all of the list).
    pub(super) fn part<T: DeserializeOwned>(&self, n: usize) -> Result<Option<T>, String> {
        let alias = format!("q{n}");
        for complaint in &self.complaints {
            let names = complaint.names();
            if names.first() != Some(&alias.as_str()) {
                continue;
            }
            match names.as_slice() {
                [_, "issue" | "pullRequest"] if complaint.is("NOT_FOUND") => {}
                [_, "pullRequest", "closingIssuesReferences", ..] => {}
                _ => return Err(complaint.text()),
            }
        }
        let raw = self.aliased.get(&alias).and_then(Option::as_ref);
        let value = raw.map(|raw| serde_json::from_str(raw.get())).transpose();
        value.map_err(|_| "it is not what GitHub describes".to_owned())
    }
}
