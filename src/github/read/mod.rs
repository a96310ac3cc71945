//! Questions become facts. What can be asked together goes out in one document.
//!
//! Reads serve decisions, so they may draw on the part of the budget that is kept for the gate.

mod alone;
mod changes;
mod checks;
mod compare;
mod deployments;
mod document;
mod environment;
mod file;
mod glance;
mod issue;
mod merge_queue;
mod policy_origin;
mod policy;
mod provenance;
mod pull_request;
mod reference;
mod remembered;
mod runs;
mod shapes;
mod tag_rules;
mod team;
mod user;
mod writers;

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::Pin,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use jiff::Timestamp;
use serde::Deserialize;

pub use policy::PolicyCache;
pub use remembered::Remembered;

use self::{
    changes::Origin,
    deployments::Deployed,
    document::{Answers, Document, FEW, FULL, Failed, Part},
    issue::Issue,
    merge_queue::MergeQueue,
    policy_origin::Branch,
    pull_request::PullRequest,
    reference::Pointer,
    shapes::Page,
};
use super::{
    GitHub, Place,
    access::Call,
    auth::{Access, Scope},
    budget::{Cost, Told},
    client::{Answer as Response, Request},
    trouble::Trouble,
    write::Failure,
};
use crate::domain::{
    effect::Lane,
    event::RepositoryNumber,
    facts::{Answer, Fact, Question},
    ids::{InstallationId, RepoId, RepoName},
    policy::PATH,
};

type Facts = Fact<Answer>;

/// How long GitHub may take for all that is asked at once: those who ask hold leases of a minute.
const PATIENCE: Duration = Duration::from_secs(25);

/// Finds out facts at one place.
struct Reader<'a> {
    github: &'a GitHub,
    place: &'a Place,
    installation: InstallationId,
}

/// What a repository answers; each document asks for one of these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InRepository {
    database_id: Option<u64>,
    issue: Option<Issue>,
    pull_request: Option<PullRequest>,
    object: Option<Blob>,
    merge_queue: Option<MergeQueue>,
    default_branch_ref: Option<Branch>,
    origin: Option<Origin>,
    deployments: Option<Page<Deployed>>,
    branch: Option<Pointer>,
    tag: Option<Pointer>,
}

/// A file; what is no file has no text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Blob {
    oid: Option<String>,
    text: Option<String>,
}

impl GitHub {
    /// Answers each question, in the order asked: known as of the time before it was asked, or unknown and why.
    pub async fn answer(&self, place: &Place, questions: &[Question]) -> Vec<(Question, Fact<Answer>)> {
        let Some(installation) = place.installation else {
            let why = "the App is not installed on this account";
            return questions.iter().map(|question| (question.clone(), Fact::Unknown(why.into()))).collect();
        };
        let reader = Reader { github: self, place, installation };
        let mut found = BTreeMap::new();
        let why = match tokio::time::timeout(PATIENCE, reader.answer(questions, &mut found)).await {
            Ok(()) => "this is no question for GitHub, or its repository has no name".into(),
            Err(_) => reader.unanswered(&format!("it is too slow, {} seconds are over", PATIENCE.as_secs())),
        };
        let answer =
            |question: &Question| found.get(question).cloned().unwrap_or_else(|| Fact::Unknown(why.clone()));
        questions.iter().map(|question| (question.clone(), answer(question))).collect()
    }

    fn policies(&self) -> MutexGuard<'_, PolicyCache> {
        self.policies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Batch<'q> = Vec<(&'q Question, Part)>;
type ByToken<'q> = BTreeMap<(Option<RepoId>, Scope), Batch<'q>>;
/// Some answers on their way.
type Answering<'s, 'q> = Pin<Box<dyn Future<Output = Vec<(&'q Question, Facts)>> + Send + 's>>;

impl<'a> Reader<'a> {
    /// What was remembered first; then everything else at once, as far as one installation may ask at once.
    async fn answer<'q>(&self, questions: &'q [Question], found: &mut BTreeMap<&'q Question, Facts>) {
        let (known, asked): (Vec<_>, Vec<_>) = questions
            .iter()
            .map(|question| (question, self.remembered(question)))
            .partition(|it| it.1.is_some());
        found.extend(known.into_iter().filter_map(|(question, fact)| Some((question, fact?))));
        let asked: Vec<&Question> = asked.into_iter().map(|(question, _)| question).collect();
        let alone = asked.iter().map(|question| self.begin_alone(question));
        let together = self.batches(&asked).into_iter().map(|((repo, ..), batch)| self.begin(repo, batch));
        let mut answers: FuturesUnordered<Answering<'_, 'q>> = alone.chain(together).collect();
        while let Some(facts) = answers.next().await {
            for (question, fact) in &facts {
                self.github.remembered.put(&self.place.tenant, question, fact);
            }
            found.extend(facts);
        }
    }

    fn remembered(&self, question: &Question) -> Option<Facts> {
        let answer = self.github.remembered.get(&self.place.tenant, question)?;
        Some(Fact::Known(answer, self.github.clock.now()))
    }

    fn begin_alone<'s, 'q: 's>(&'s self, question: &'q Question) -> Answering<'s, 'q> {
        Box::pin(async move { self.alone(question).await.map(|fact| (question, fact)).into_iter().collect() })
    }

    fn begin<'s, 'q: 's>(&'s self, repo: Option<RepoId>, batch: Batch<'q>) -> Answering<'s, 'q> {
        Box::pin(self.batch(repo, batch))
    }

    fn name(&self, repo: RepoId) -> Result<&'a RepoName, Trouble> {
        let unnamed = || Trouble::NotInstalled(format!("the name of repository {repo} is not known"));
        self.place.names.get(&repo).ok_or_else(unnamed)
    }

    /// By the token that asks, and by the number of the document.
    fn batches<'q>(&self, questions: &[&'q Question]) -> BTreeMap<(Option<RepoId>, Scope, usize), Batch<'q>> {
        let questions: BTreeSet<&Question> = questions.iter().copied().collect();
        let mut by_token = ByToken::new();
        let asked = questions.iter().find_map(|question| question.repo());
        let any = asked.or_else(|| self.place.names.keys().next().copied());
        for question in questions {
            let Some(part) = self.part(question) else { continue };
            let repo = if reaches_anywhere(question) { None } else { question.repo().or(any) };
            by_token.entry((repo, part.scope())).or_default().push((question, part));
        }
        let mut batches: BTreeMap<_, Batch<'q>> = BTreeMap::new();
        for ((repo, scope), batch) in travelling(by_token) {
            let (mut n, mut weight) = (0, 0);
            for (question, part) in batch {
                weight += part.weight();
                if weight > FULL {
                    (n, weight) = (n + 1, part.weight());
                }
                batches.entry((repo, scope, n)).or_default().push((question, part));
            }
        }
        batches
    }

    fn part(&self, question: &Question) -> Option<Part> {
        let name = |repo: &RepoId| self.place.names.get(repo).cloned();
        match question {
            Question::Issue(at) => Some(Part::Issue { name: name(&at.repo)?, number: at.number }),
            Question::PullRequest(at) => Some(Part::PullRequest { name: name(&at.repo)?, number: at.number }),
            Question::Links(at) => Some(Part::Links { name: name(&at.repo)?, number: at.number }),
            Question::Origins(repo, sha) => Some(Part::Origin { name: name(repo)?, commit: sha.to_string() }),
            Question::MergeGroup(repo, branch, _) => {
                Some(Part::MergeQueue { name: name(repo)?, branch: branch.clone() })
            }
            Question::PolicyOrigin(repo) => Some(Part::PolicyOrigin { name: name(repo)?, path: PATH }),
            Question::Team(team) => Some(Part::Team {
                organisation: team.organisation.clone(),
                slug: team.slug.clone(),
                after: None,
            }),
            Question::Person(login) => Some(Part::Person { login: login.clone() }),
            Question::Deployments(repo, environment) => {
                Some(Part::Deployments { name: name(repo)?, environment: environment.clone(), after: None })
            }
            Question::Reference(repo, reference) => {
                Some(Part::Reference { name: name(repo)?, reference: reference.clone() })
            }
            Question::IssueGlance(at) => Some(Part::IssueGlance { name: name(&at.repo)?, number: at.number }),
            Question::PullRequestGlance(at) => {
                Some(Part::PullRequestGlance { name: name(&at.repo)?, number: at.number })
            }
            Question::PolicyGlance(repo) => {
                Some(Part::File { name: name(repo)?, commit: "HEAD".into(), path: PATH })
            }
            Question::PolicyFile(_)
            | Question::Changes(_)
            | Question::CommitChanges(..)
            | Question::ChangesBetween(..)
            | Question::Checks(..)
            | Question::WorkflowRun(..)
            | Question::PendingDeployments(..)
            | Question::WaitingRuns(_)
            | Question::Compare(..)
            | Question::File(..)
            | Question::Provenance(..)
            | Question::ImageLabels(..)
            | Question::TagIsKept(..)
            | Question::EnvironmentRules(..)
            | Question::InstallationRepositories(_)
            | Question::View(_)
            | Question::PointingAt(..)
            | Question::RepositoryNamed(_)
            | Question::Known(_)
            | Question::Unsettled(_)
            | Question::AtStage(_) => None,
        }
    }

    /// One document; and where GitHub does not take it, one for each kind, so that only one kind is unknown.
    async fn batch<'q>(&self, repo: Option<RepoId>, batch: Batch<'q>) -> Vec<(&'q Question, Facts)> {
        let as_of = self.github.clock.now();
        let parts: Vec<Part> = batch.iter().map(|(_, part)| part.clone()).collect();
        let answers = match self.document(repo, &parts).await {
            Ok(Ok(answers)) => Ok(answers),
            Ok(Err(_)) if several_kinds(&parts) => return self.batch_by_kind(repo, batch).await,
            Ok(Err(why)) => Err(self.unanswered(&why)),
            Err(trouble) if trouble.is_too_much() && batch.len() > FEW => {
                return self.in_smaller_batches(repo, &batch).await;
            }
            Err(trouble) => Err(trouble.sentence(self.github.clock.now())),
        };
        let mut facts = Vec::new();
        for (n, (question, _)) in batch.into_iter().enumerate() {
            let fact = match &answers {
                Ok(answers) => self.read(question, answers, n).await,
                Err(why) => Err(why.clone()),
            };
            facts.push((question, fact.map_or_else(Fact::Unknown, |answer| Fact::Known(answer, as_of))));
        }
        facts
    }

    async fn in_smaller_batches<'q>(
        &self,
        repo: Option<RepoId>,
        batch: &[(&'q Question, Part)],
    ) -> Vec<(&'q Question, Facts)> {
        let mut facts = Vec::new();
        for few in batch.chunks(FEW) {
            facts.extend(Box::pin(self.batch(repo, few.to_vec())).await);
        }
        facts
    }

    async fn batch_by_kind<'q>(&self, repo: Option<RepoId>, batch: Batch<'q>) -> Vec<(&'q Question, Facts)> {
        let mut by_kind: BTreeMap<_, Batch<'q>> = BTreeMap::new();
        for (question, part) in batch {
            by_kind.entry(part.kind()).or_default().push((question, part));
        }
        let mut facts = Vec::new();
        for batch in by_kind.into_values() {
            facts.extend(Box::pin(self.batch(repo, batch)).await);
        }
        facts
    }

    async fn read(&self, question: &Question, answers: &Answers, n: usize) -> Result<Answer, String> {
        match question {
            Question::Issue(at) => {
                let found = self.in_repository(answers, n, at.repo)?;
                Ok(Answer::Issue(found.issue.map(|issue| Box::new(issue.reading(at.repo)))))
            }
            Question::PullRequest(at) => {
                let found = self.in_repository(answers, n, at.repo)?;
                let Some(pull_request) = found.pull_request else { return Ok(Answer::PullRequest(None)) };
                let reading = self.pull_request(*at, pull_request).await?;
                Ok(Answer::PullRequest(Some(Box::new(reading))))
            }
            Question::MergeGroup(repo, _, head) => {
                let found = self.in_repository(answers, n, *repo)?;
                let numbers = found.merge_queue.map_or(Ok(vec![]), |queue| queue.group(head));
                numbers.map(Answer::MergeGroup).map_err(|why| self.unanswered(why))
            }
            Question::PolicyOrigin(repo) => {
                let found = self.in_repository(answers, n, *repo)?;
                Ok(Answer::PolicyOrigin(found.default_branch_ref.map_or(vec![], Branch::origin)))
            }
            Question::Links(at) => self.links(*at, answers, n).map(Answer::Links),
            Question::Origins(repo, _) => self.origins(*repo, answers, n).map(Answer::Origins),
            Question::Team(name) => self.team(name, answers, n).await.map(Answer::Team),
            Question::Person(_) => self.person(answers, n).map(Answer::Person),
            Question::Deployments(repo, environment) => {
                self.deployments((*repo, environment), answers, n).await.map(Answer::Deployments)
            }
            Question::Reference(repo, name) => {
                let read = reference::reading(name, self.in_repository(answers, n, *repo)?);
                read.map(Answer::Reference).map_err(|why| self.unanswered(why))
            }
            Question::IssueGlance(at) => self.issue_glance(at.repo, answers, n),
            Question::PullRequestGlance(at) => self.pull_request_glance(at.repo, answers, n),
            Question::PolicyGlance(repo) => self.policy_glance(*repo, answers, n),
            Question::PolicyFile(_)
            | Question::Changes(_)
            | Question::CommitChanges(..)
            | Question::ChangesBetween(..)
            | Question::Checks(..)
            | Question::WorkflowRun(..)
            | Question::PendingDeployments(..)
            | Question::WaitingRuns(_)
            | Question::Compare(..)
            | Question::File(..)
            | Question::Provenance(..)
            | Question::ImageLabels(..)
            | Question::TagIsKept(..)
            | Question::EnvironmentRules(..)
            | Question::InstallationRepositories(_)
            | Question::View(_)
            | Question::PointingAt(..)
            | Question::RepositoryNamed(_)
            | Question::Known(_)
            | Question::Unsettled(_)
            | Question::AtStage(_) => Err("this is no question for a document".into()),
        }
    }

    /// What the repository answers, if it is still the one that we mean: names are recycled.
    fn in_repository(&self, answers: &Answers, n: usize, repo: RepoId) -> Result<InRepository, String> {
        let found = answers.part::<InRepository>(n).map_err(|why| self.unanswered(&why))?;
        let name = || self.place.names.get(&repo).map(ToString::to_string).unwrap_or_default();
        match found {
            Some(value) if value.database_id == Some(repo.0) => Ok(value),
            Some(_) => Err(format!("{} is the name of another repository now", name())),
            None => Err(self.unanswered(&format!("{} is not there, or not open to us", name()))),
        }
    }

    /// That a name still belongs to a repository.
    async fn confirm(&self, repo: RepoId, name: &RepoName) -> Result<(), Trouble> {
        let answers = match self.document(Some(repo), &[Part::Identity { name: name.clone() }]).await? {
            Ok(answers) => answers,
            Err(why) => return Err(Trouble::Strange(why)),
        };
        self.in_repository(&answers, 0, repo).map(|_| ()).map_err(Trouble::NotInstalled)
    }

    /// Sends a document. Inner error: GitHub does not take it.
    async fn document(
        &self,
        repo: Option<RepoId>,
        parts: &[Part],
    ) -> Result<Result<Answers, String>, Trouble> {
        let scope = parts.first().map_or(Scope::Read, Part::scope);
        let access = Access { installation: self.installation, repo, scope };
        let call = Call { access, cost: Cost::Query, lane: Lane::Gate };
        let answer = self.github.ask(call, &Request::query(&Document::of(parts))).await?;
        match Answers::read(&answer.body) {
            Ok(answers) => Ok(Ok(answers)),
            Err(Failed::Document(why)) => Ok(Err(why)),
            Err(Failed::Strange(trouble)) => Err(trouble),
            Err(Failed::Limited) => {
                let told = Told { limited: true, ..super::trouble::told(&answer) };
                let account = self.github.account(Some(self.installation));
                let later = account.budget().learn(Cost::Query, told, self.github.clock.now());
                Err(later.map_or(Trouble::Unauthorized, Trouble::Limited))
            }
        }
    }

    async fn ask(&self, repo: RepoId, request: &Request) -> Result<Response, Trouble> {
        let access = Access { installation: self.installation, repo: Some(repo), scope: Scope::Read };
        self.github.ask(Call { access, cost: Cost::Read, lane: Lane::Gate }, request).await
    }

    async fn repositories(&self, installation: InstallationId) -> Facts {
        let as_of = self.github.clock.now();
        match self.github.installation_repositories(installation).await {
            Ok(found) => {
                let named = found.into_iter().map(|seen| RepositoryNumber { id: seen.id, name: seen.name });
                Fact::Known(Answer::InstallationRepositories(named.collect()), as_of)
            }
            Err(Failure::Later { why, .. } | Failure::Refused { why }) => Fact::Unknown(why),
        }
    }

    fn fact(&self, answer: Result<Answer, Trouble>, as_of: Timestamp) -> Facts {
        match answer {
            Ok(answer) => Fact::Known(answer, as_of),
            Err(trouble) => Fact::Unknown(trouble.sentence(self.github.clock.now())),
        }
    }

    fn unanswered(&self, why: &str) -> String {
        let at = super::trouble::clock_time(self.github.clock.now());
        format!("GitHub did not answer this at {at}: {why}")
    }
}

/// Whether the answer may lie in any repository: with a token for one, a linked issue elsewhere would look like none. And
/// what is seen at a glance is asked together, wherever it is.
const fn reaches_anywhere(question: &Question) -> bool {
    matches!(
        question,
        Question::Links(_)
            | Question::IssueGlance(_)
            | Question::PullRequestGlance(_)
            | Question::PolicyGlance(_)
    )
}

/// What has a token of its own goes along where one for the same is asked for that reaches anywhere.
fn travelling(by_token: ByToken<'_>) -> ByToken<'_> {
    let anywhere: BTreeSet<Scope> =
        by_token.keys().filter(|(repo, _)| repo.is_none()).map(|(_, scope)| *scope).collect();
    let mut travelling = ByToken::new();
    for ((repo, scope), batch) in by_token {
        let repo = repo.filter(|_| !anywhere.contains(&scope));
        travelling.entry((repo, scope)).or_default().extend(batch);
    }
    travelling
}

fn several_kinds(parts: &[Part]) -> bool {
    parts.iter().map(Part::kind).collect::<BTreeSet<_>>().len() > 1
}

/// Every document that we send, by name; and one of everything together.
#[must_use]
pub fn queries() -> Vec<(&'static str, String)> {
    let Ok(name) = "acme/web".parse::<RepoName>() else { return vec![] };
    let (number, after) = (1, String::new());
    let parts = [
        ("issue", Part::Issue { name: name.clone(), number }),
        ("pull request", Part::PullRequest { name: name.clone(), number }),
        ("links", Part::Links { name: name.clone(), number }),
        ("commits", Part::Commits { name: name.clone(), number, after: after.clone() }),
        ("file", Part::File { name: name.clone(), commit: String::new(), path: PATH }),
        ("merge queue", Part::MergeQueue { name: name.clone(), branch: String::new() }),
        ("policy origin", Part::PolicyOrigin { name: name.clone(), path: PATH }),
        ("team", Part::Team { organisation: String::new(), slug: String::new(), after: Some(after) }),
        ("person", Part::Person { login: String::new() }),
        ("origin", Part::Origin { name: name.clone(), commit: String::new() }),
        (
            "deployments",
            Part::Deployments { name: name.clone(), environment: String::new(), after: Some(String::new()) },
        ),
        ("issue glance", Part::IssueGlance { name: name.clone(), number }),
        ("pull request glance", Part::PullRequestGlance { name: name.clone(), number }),
        ("reference", Part::Reference { name: name.clone(), reference: String::new() }),
        ("identity", Part::Identity { name }),
    ];
    let together: Vec<Part> = parts.iter().map(|(_, part)| part.clone()).collect();
    let single = parts.into_iter().map(|(name, part)| (name, Document::of(&[part]).query));
    single.chain([("together", Document::of(&together).query)]).collect()
}
