//! A pull request, its links, commits and reviews.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

use super::{
    Blob, InRepository, Reader,
    document::{Answers, Part},
    shapes::{Elsewhere, Named, Oid, Page, Who, names},
    writers::{self, Signature, Vouching, WEB_FLOW},
};
use crate::{
    domain::{
        event::{PullRequestSnapshot, ReviewSnapshot},
        facts::{CommitReading, PolicyAtHead, PullRequestReading},
        ids::{AccountId, Actor, IssueRef, RepoId, RepoName, Sha},
        policy::PATH,
        pull_request::Files,
    },
    github::{payload::review_state, trouble::Trouble},
};

/// GitHub lists no more commits of a pull request than these.
const MOST_COMMITS: usize = 250;

/// `PullRequestParts` of the document.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PullRequest {
    number: u64,
    title: String,
    body: Option<String>,
    state: String,
    is_draft: bool,
    merged: bool,
    merged_at: Option<Timestamp>,
    merge_commit: Option<Oid<Sha>>,
    head_ref_oid: Sha,
    head_ref_name: String,
    head_repository: Option<Head>,
    base_ref_oid: Sha,
    base_ref_name: String,
    author: Option<Who>,
    labels: Option<Page<Named>>,
    milestone: Option<Numbered>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    commits: Page<Listed>,
    files: Option<Page<Touched>>,
    reviews: Option<Page<Review>>,
}

/// A file that it touches.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Touched {
    path: String,
    change_type: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    database_id: Option<u64>,
    name_with_owner: Option<RepoName>,
}

#[derive(Debug, Deserialize)]
struct Numbered {
    number: u64,
}

/// A further page of commits.
#[derive(Debug, Deserialize)]
struct MoreCommits {
    commits: Page<Listed>,
}

/// The issues that it closes; absent where we may not see them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Links {
    closing_issues_references: Option<Page<Elsewhere>>,
}

/// A repository, of which one thing about a pull request was asked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct About<T> {
    database_id: Option<u64>,
    pull_request: Option<T>,
}

/// What lies around a pull request.
struct Surroundings {
    links: Option<Page<Elsewhere>>,
    policy: PolicyAtHead,
}

/// A commit in a pull request's list.
#[derive(Debug, Deserialize)]
struct Listed {
    commit: Commit,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Commit {
    oid: Sha,
    message: String,
    committed_via_web: Option<bool>,
    authors: Page<Signature>,
    committer: Option<Signature>,
    signature: Option<Vouching>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Review {
    #[serde(deserialize_with = "big_number")]
    full_database_id: u64,
    author: Option<Who>,
    state: String,
    commit: Option<Oid<Sha>>,
    submitted_at: Option<Timestamp>,
}

/// GraphQL's `BigInt` travels as a text.
fn big_number<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(from)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(de::Error::custom),
    }
}

/// Where the next page of commits begins, if we read that far.
fn next_commits(page: &Page<Listed>, read: usize) -> Option<String> {
    page.next().filter(|_| read < MOST_COMMITS).map(str::to_owned)
}

impl PullRequest {
    /// The commit at the head, and the repository that holds it, where it is another one.
    fn head(&self, repo: RepoId) -> (&Sha, Option<&RepoName>) {
        let other = self.head_repository.as_ref().filter(|head| head.database_id != Some(repo.0));
        (&self.head_ref_oid, other.and_then(|head| head.name_with_owner.as_ref()))
    }

    const fn base(&self) -> &Sha {
        &self.base_ref_oid
    }

    /// The reading, of a pull request of `repo`, with the further pages of commits.
    fn reading(self, repo: RepoId, more: Vec<Page<Listed>>, around: Surroundings) -> PullRequestReading {
        let Surroundings { links, policy } = around;
        let links_complete = links.as_ref().is_some_and(Page::is_all);
        let reviews_complete = self.reviews.as_ref().is_some_and(Page::is_all);
        let (commits, commits_complete) = commits(self.commits, more);
        PullRequestReading {
            closes: links.iter().flat_map(Page::iter).filter_map(Elsewhere::at).collect(),
            commits,
            reviews: last_opinions(self.reviews),
            files: files(self.files),
            policy,
            complete: links_complete && reviews_complete && commits_complete,
            pull_request: PullRequestSnapshot {
                at: IssueRef { repo, number: self.number },
                title: self.title,
                body: self.body.unwrap_or_default(),
                open: self.state == "OPEN",
                draft: self.is_draft,
                merged: self.merged,
                merged_at: self.merged_at,
                merge_commit: self.merge_commit.filter(|_| self.merged).map(|commit| commit.oid),
                head: self.head_ref_oid,
                head_branch: self.head_ref_name,
                head_repo: self.head_repository.and_then(|head| head.database_id).map(RepoId),
                base: self.base_ref_oid,
                base_branch: self.base_ref_name,
                author: self.author.and_then(Who::actor),
                labels: names(self.labels),
                milestone: self.milestone.map(|milestone| milestone.number),
                created_at: self.created_at,
                updated_at: self.updated_at,
            },
        }
    }
}

/// The commits of all pages, and whether these are all.
fn commits(first: Page<Listed>, more: Vec<Page<Listed>>) -> (Vec<CommitReading>, bool) {
    let last = more.last().unwrap_or(&first);
    let ends = last.next().is_none();
    let authors_complete = std::iter::once(&first)
        .chain(&more)
        .all(|page| page.iter().all(|listed| listed.commit.authors.is_all()));
    let pages = std::iter::once(first).chain(more);
    let read = pages.flat_map(Page::into_nodes).take(MOST_COMMITS).map(|listed| listed.commit.reading());
    (read.collect(), ends && authors_complete)
}

/// Of a renamed file GraphQL does not say where it was.
fn files(page: Option<Page<Touched>>) -> Files {
    let Some(page) = page.filter(Page::is_all) else { return Files::Part };
    if page.iter().any(|file| file.change_type == "RENAMED") {
        return Files::Part;
    }
    let mut paths: Vec<String> = page.into_nodes().map(|file| file.path).collect();
    paths.sort();
    Files::Whole(paths)
}

impl Commit {
    fn reading(self) -> CommitReading {
        let writers = writers::vouched(&self.authors, self.committer.as_ref(), self.signature.as_ref());
        // GitHub itself commits what people do on its pages; it is nobody.
        let web = self.committed_via_web == Some(true);
        let committer = self.committer.filter(|committer| !web || committer.user.is_some());
        let mut people: Vec<Option<Actor>> =
            self.authors.into_nodes().chain(committer).map(|by| by.user.and_then(Who::actor)).collect();
        if web {
            people.retain(|person| person.as_ref().is_none_or(|person| person.login != WEB_FLOW));
        }
        people.sort();
        people.dedup();
        CommitReading { sha: self.oid, message: self.message, people, writers }
    }
}

/// The last opinion of each; who was dismissed has none left, not an older one.
pub(super) fn last_opinions(page: Option<Page<Review>>) -> Vec<ReviewSnapshot> {
    let mut last: BTreeMap<AccountId, ReviewSnapshot> = BTreeMap::new();
    for review in page.into_iter().flat_map(Page::into_nodes) {
        let Some(author) = review.author.and_then(Who::actor) else { continue };
        let snapshot = ReviewSnapshot {
            id: review.full_database_id,
            state: review_state(&review.state),
            commit: review.commit.map(|commit| commit.oid),
            submitted_at: review.submitted_at,
            author: Some(author.clone()),
        };
        let newer = last
            .get(&author.id)
            .is_none_or(|before| (before.submitted_at, before.id) <= (snapshot.submitted_at, snapshot.id));
        if newer {
            last.insert(author.id, snapshot);
        }
    }
    last.into_values().collect()
}

impl Reader<'_> {
    /// All issues that GitHub links to a pull request.
    pub(super) fn links(&self, at: IssueRef, answers: &Answers, n: usize) -> Result<Vec<IssueRef>, String> {
        let found: Option<About<Links>> = answers.part(n).map_err(|why| self.unanswered(&why))?;
        let links = found.filter(|about| about.database_id == Some(at.repo.0));
        let links = links.and_then(|about| about.pull_request?.closing_issues_references);
        let links = links.filter(Page::is_all);
        let links = links.ok_or_else(|| self.unanswered("it does not show all linked issues"))?;
        Ok(links.iter().filter_map(Elsewhere::at).collect())
    }

    /// The reading of a pull request of which the first page of everything is here.
    pub(super) async fn pull_request(
        &self,
        at: IssueRef,
        pull_request: PullRequest,
    ) -> Result<PullRequestReading, String> {
        let now = || self.github.clock.now();
        let more = self.more_commits(at, &pull_request).await.map_err(|trouble| trouble.sentence(now()))?;
        let around = self.around(at, &pull_request).await.map_err(|trouble| trouble.sentence(now()))?;
        Ok(pull_request.reading(at.repo, more, around))
    }

    async fn more_commits(
        &self,
        at: IssueRef,
        pull_request: &PullRequest,
    ) -> Result<Vec<Page<Listed>>, Trouble> {
        let (mut pages, mut read) = (Vec::new(), pull_request.commits.iter().count());
        let mut next = next_commits(&pull_request.commits, read);
        while let Some(after) = next {
            let part = Part::Commits { name: self.name(at.repo)?.clone(), number: at.number, after };
            let answers = self.document(Some(at.repo), &[part]).await?.map_err(Trouble::Strange)?;
            let found: Option<About<MoreCommits>> = answers.part(0).map_err(Trouble::Strange)?;
            let page = found.and_then(|about| about.pull_request).map(|more| more.commits);
            let page = page.ok_or_else(|| Trouble::Strange("a page of commits is missing".into()))?;
            read += page.iter().count();
            next = next_commits(&page, read);
            pages.push(page);
        }
        Ok(pages)
    }

    /// The links, and the policy file at both ends. Linked issues and forks lie in other repositories, so this one
    /// document is asked with a token that reads whatever the installation opens: with a narrower one, a link to
    /// another private repository would look like no link.
    async fn around(&self, at: IssueRef, pull_request: &PullRequest) -> Result<Surroundings, Trouble> {
        let name = self.name(at.repo)?;
        let (head, fork) = pull_request.head(at.repo);
        let file = |name: &RepoName, commit: &Sha| Part::File {
            name: name.clone(),
            commit: commit.to_string(),
            path: PATH,
        };
        let links = Part::Links { name: name.clone(), number: at.number };
        let mut parts = vec![links, file(name, pull_request.base()), file(name, head)];
        parts.extend(fork.map(|fork| file(fork, head)));
        let answers = self.document(None, &parts).await?.map_err(Trouble::Strange)?;
        let links: Option<About<Links>> = answers.part(0).map_err(Trouble::Strange)?;
        let links =
            links.and_then(|about| about.pull_request).and_then(|links| links.closing_issues_references);
        Ok(Surroundings { links, policy: self.policy_at_head(at.repo, fork.is_some(), &answers)? })
    }

    /// The policy file at the head, where it is not the one at the base. GitHub keeps the head of a fork's pull
    /// request in the base repository too; that one serves where the fork is gone or not open to us.
    fn policy_at_head(
        &self,
        repo: RepoId,
        from_fork: bool,
        answers: &Answers,
    ) -> Result<PolicyAtHead, Trouble> {
        let here = |n| self.in_repository(answers, n, repo).map_err(Trouble::Strange);
        let (base, own) = (here(1)?.object, here(2)?.object);
        let in_fork = if from_fork { answers.part::<InRepository>(3).ok().flatten() } else { None };
        let at_head = match in_fork {
            Some(in_fork) => in_fork.object,
            None if from_fork && own.is_none() && base.is_some() => {
                return Err(Trouble::Strange("the fork of the pull request is not open to us".into()));
            }
            None => own,
        };
        let oid = |file: &Option<Blob>| file.as_ref().map(|file| file.oid.clone());
        Ok(match at_head {
            at_head if oid(&base) == oid(&at_head) => PolicyAtHead::Same,
            None => PolicyAtHead::Deleted,
            Some(file) => file.text.map_or(PolicyAtHead::NoText, PolicyAtHead::Changed),
        })
    }
}
