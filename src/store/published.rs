//! What others may read, and at which mark: views of subjects, who points at whom, which repository bears a name.
//!
//! A question is answered with the marks that the answer rests on. Settling checks that they are still the same, and
//! remembers who read what, so that readers are woken when it changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::Row;

use crate::domain::{
    facts::{Answer, Question},
    ids::{RepoId, RepoName, SubjectId, SubjectKind, TenantId},
    subject::{Relation, View},
};

use super::{Store, body, connections::Connections, dialect::Dialect, error::StoreError};

/// Rows in one statement.
const ROWS: usize = 500;

/// Something that was read, and its mark then. Opaque: collect what the answers carry, and hand it in with the decision.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Read {
    pub(super) key: Key,
    pub(super) mark: i64,
}

/// Under which key something is published. The order is the one in which keys are locked: that of waking, then of bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) rank: i64,
    pub(super) text: String,
}

/// A question, its answer, and what the answer rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    pub question: Question,
    pub answer: Answer,
    pub read: Vec<Read>,
}

/// What stands before a name in its key.
const NAMED: &str = "named/";

/// A subject as stored.
pub(super) fn id(subject: &SubjectId) -> String {
    body::escape(&subject.to_string())
}

impl Key {
    /// The view of a subject.
    pub(super) fn view(subject: &SubjectId) -> Self {
        Self { rank: subject.kind().rank(), text: id(subject) }
    }

    /// Who points at a subject.
    pub(super) fn pointing_at(relation: &str, target: &SubjectId) -> Self {
        Self { rank: target.kind().rank(), text: format!("{relation}/{}", id(target)) }
    }

    /// Which repository bears a name; names have no case.
    pub(super) fn named(name: &RepoName) -> Self {
        let rank = SubjectKind::Repository.rank();
        Self { rank, text: format!("{NAMED}{}", name.as_str().to_ascii_lowercase()) }
    }

    fn of(question: &Question) -> Option<Self> {
        match question {
            Question::View(subject) => Some(Self::view(subject)),
            Question::PointingAt(target, relation) => Some(Self::pointing_at(relation.as_str(), target)),
            Question::RepositoryNamed(name) => Some(Self::named(name)),
            Question::Issue(_)
            | Question::PullRequest(_)
            | Question::PolicyFile(_)
            | Question::PolicyOrigin(_)
            | Question::Team(_)
            | Question::Person(_)
            | Question::MergeGroup(..)
            | Question::InstallationRepositories(_)
            | Question::Links(_)
            | Question::Changes(_)
            | Question::CommitChanges(..)
            | Question::ChangesBetween(..)
            | Question::Origins(..)
            | Question::Checks(..)
            | Question::WorkflowRun(..)
            | Question::PendingDeployments(..)
            | Question::Deployments(..)
            | Question::Compare(..)
            | Question::File(..)
            | Question::Provenance(..)
            | Question::ImageLabels(..)
            | Question::TagIsKept(..)
            | Question::Reference(..)
            | Question::WaitingRuns(_)
            | Question::EnvironmentRules(..)
            | Question::IssueGlance(_)
            | Question::PullRequestGlance(_)
            | Question::PolicyGlance(_)
            // These rest on nothing that is published.
            | Question::Known(_)
            | Question::Unsettled(_)
            | Question::AtStage(_) => None,
        }
    }
}

impl Store {
    /// Answers the questions that are for the store ([`Question::is_for_the_store`]); leaves out the others.
    pub async fn answer(
        &self,
        tenant: &TenantId,
        questions: &[Question],
    ) -> Result<Vec<Answered>, StoreError> {
        let unpublished = self.answer_unpublished(tenant, questions).await?;
        let (pool, dialect) = (&self.database().readers, self.database().dialect);
        let tenant = body::escape(tenant.as_str());
        // Marks first: who points at whom may only be newer than its mark, and settling then finds the mark outdated.
        let keys: BTreeSet<String> = questions.iter().filter_map(Key::of).map(|key| key.text).collect();
        let shown = shown(pool, dialect, &tenant, keys).await?;
        let sources = sources(pool, dialect, &tenant, pointing(questions)).await?;
        let published =
            questions.iter().filter_map(|question| answered(question, &shown, &sources).transpose());
        published.chain(unpublished.into_iter().map(Ok)).collect()
    }

    /// What these subjects asked when they were decided last, and what is answered now: mostly they ask it again.
    pub async fn foresee(
        &self,
        tenant: &TenantId,
        subjects: &[SubjectId],
    ) -> Result<Vec<Answered>, StoreError> {
        let (pool, dialect) = (&self.database().readers, self.database().dialect);
        let tenant = body::escape(tenant.as_str());
        let mut shown = Shown::new();
        for subjects in subjects.chunks(ROWS) {
            let text = "SELECT asked.key, coalesce(published.mark, 0), published.shown
                        FROM (SELECT DISTINCT tenant, key FROM reading WHERE (tenant, reader) IN ({rows})) AS asked
                        LEFT JOIN published ON published.tenant = asked.tenant AND published.key = asked.key";
            let statement =
                subjects.iter().fold(dialect.rows(text, 2, subjects.len()), |statement, subject| {
                    statement.bind(tenant.clone()).bind(id(subject))
                });
            for row in pool.fetch_all(statement).await? {
                shown.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
            }
        }
        let questions: Vec<Question> = shown.keys().filter_map(|key| question(key)).collect();
        let sources = sources(pool, dialect, &tenant, pointing(&questions)).await?;
        questions.iter().filter_map(|question| answered(question, &shown, &sources).transpose()).collect()
    }

    /// What others may read of these subjects; those that were never settled are missing.
    pub async fn views(
        &self,
        asked: &[(TenantId, SubjectId)],
    ) -> Result<HashMap<(TenantId, SubjectId), View>, StoreError> {
        let mut views = HashMap::new();
        let mut by_tenant: BTreeMap<&TenantId, Vec<&SubjectId>> = BTreeMap::new();
        for (tenant, subject) in asked {
            by_tenant.entry(tenant).or_default().push(subject);
        }
        for (tenant, subjects) in by_tenant {
            let questions: Vec<Question> = subjects.into_iter().cloned().map(Question::View).collect();
            for answered in self.answer(tenant, &questions).await? {
                if let (Question::View(subject), Answer::View(Some(view))) =
                    (answered.question, answered.answer)
                {
                    views.insert((tenant.clone(), subject), *view);
                }
            }
        }
        Ok(views)
    }
}

type Shown = BTreeMap<String, (i64, Option<String>)>;
type Sources = BTreeMap<(String, String), Vec<SubjectId>>;

fn answered(question: &Question, shown: &Shown, sources: &Sources) -> Result<Option<Answered>, StoreError> {
    let Some(key) = Key::of(question) else { return Ok(None) };
    let (mark, text) = shown.get(&key.text).map_or((0, None), |(mark, text)| (*mark, text.as_deref()));
    let answer = if let Question::PointingAt(target, relation) = question {
        let place = (id(target), relation.as_str().to_owned());
        Answer::PointingAt(sources.get(&place).cloned().unwrap_or_default())
    } else if matches!(question, Question::View(_)) {
        Answer::View(text.map(|text| body::read::<View>(&key.text, text)).transpose()?.map(Box::new))
    } else {
        let found = text.map(|text| body::read::<Option<RepoId>>(&key.text, text)).transpose()?;
        Answer::RepositoryNamed(found.flatten())
    };
    Ok(Some(Answered { question: question.clone(), answer, read: vec![Read { key, mark }] }))
}

/// What is answered under a key.
fn question(key: &str) -> Option<Question> {
    if let Some(name) = key.strip_prefix(NAMED) {
        return name.parse().ok().map(Question::RepositoryNamed);
    }
    if let Ok(subject) = subject(key) {
        return Some(Question::View(subject));
    }
    let (relation, target) = key.split_once('/')?;
    let relation = Relation::ALL.into_iter().find(|it| it.as_str() == relation)?;
    Some(Question::PointingAt(subject(target).ok()?, relation))
}

fn pointing(questions: &[Question]) -> BTreeSet<(String, Relation)> {
    let asked = questions.iter().filter_map(|question| {
        let Question::PointingAt(target, relation) = question else { return None };
        Some((id(target), *relation))
    });
    asked.collect()
}

async fn shown(
    pool: &Connections,
    dialect: Dialect,
    tenant: &str,
    keys: BTreeSet<String>,
) -> Result<Shown, StoreError> {
    let keys: Vec<String> = keys.into_iter().collect();
    let mut shown = Shown::new();
    for keys in keys.chunks(ROWS) {
        let text = "SELECT key, mark, shown FROM published WHERE (tenant, key) IN ({rows})";
        let statement = keys.iter().fold(dialect.rows(text, 2, keys.len()), |statement, key| {
            statement.bind(tenant.to_owned()).bind(key.clone())
        });
        for row in pool.fetch_all(statement).await? {
            shown.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
        }
    }
    Ok(shown)
}

async fn sources(
    pool: &Connections,
    dialect: Dialect,
    tenant: &str,
    asked: BTreeSet<(String, Relation)>,
) -> Result<Sources, StoreError> {
    let asked: Vec<(String, Relation)> = asked.into_iter().collect();
    let mut sources = Sources::new();
    for asked in asked.chunks(ROWS) {
        let text = "SELECT target, relation, source FROM edge
                    WHERE (tenant, target, relation) IN ({rows})";
        let mut statement = dialect.rows(text, 3, asked.len());
        for (target, relation) in asked {
            statement = statement.bind(tenant.to_owned()).bind(target.clone()).bind(relation.as_str());
        }
        for row in pool.fetch_all(statement).await? {
            let source: String = row.try_get(2)?;
            let subject = subject(&source)?;
            sources.entry((row.try_get(0)?, row.try_get(1)?)).or_default().push(subject);
        }
    }
    sources.values_mut().for_each(|sources| sources.sort());
    Ok(sources)
}

/// A stored subject.
pub(super) fn subject(text: &str) -> Result<SubjectId, StoreError> {
    body::unescape(text).parse().map_err(|error| StoreError::unreadable(text, error))
}

/// A stored tenant.
pub(super) fn tenant(text: &str) -> Result<TenantId, StoreError> {
    body::unescape(text).parse().map_err(|error| StoreError::unreadable(text, error))
}

/// The face of a name that this repository bears.
pub(super) fn bearer_face(repo: RepoId) -> Result<String, StoreError> {
    Ok(body::hash(&[body::write(&Some(repo))?.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::IssueRef;

    #[test]
    fn what_was_asked_is_known_by_the_key_of_its_answer() {
        let at = IssueRef { repo: RepoId(7), number: 3 };
        let subjects = [
            SubjectId::Account,
            SubjectId::Repository(RepoId(7)),
            SubjectId::ChangeRequest(at),
            SubjectId::environment(RepoId(7), "prod/\\ a\0b"),
        ];
        let names = [Question::RepositoryNamed("Acme/.github".parse().unwrap())];
        let pointing = |subject: &SubjectId| {
            Relation::ALL.map(|relation| Question::PointingAt(subject.clone(), relation)).to_vec()
        };
        let views = subjects.iter().cloned().map(Question::View);
        for asked in subjects.iter().flat_map(pointing).chain(views).chain(names) {
            assert_eq!(question(&Key::of(&asked).unwrap().text), Some(asked));
        }
        assert_eq!(question("something/else"), None);
    }
}
