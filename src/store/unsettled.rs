//! Answers what rests on nothing that is published: all that is known of a subject, how many change requests are at a stage, and
//! whether something has arrived that is not settled yet, for what is to be decided and for what was and is to be sent.

use std::collections::BTreeSet;

use sqlx::Row;

use crate::domain::{
    event::GateAsk,
    facts::{Answer, Question},
    ids::{SubjectId, TenantId},
    subject::View,
};

use super::{
    Store, body,
    error::StoreError,
    published::{self, Answered},
};

/// Rows in one statement.
const ROWS: usize = 500;

impl Store {
    /// Leaves out the questions that are answered by what is published.
    pub(super) async fn answer_unpublished(
        &self,
        tenant: &TenantId,
        questions: &[Question],
    ) -> Result<Vec<Answered>, StoreError> {
        let known = questions.iter().filter_map(|question| known_of(question).cloned());
        let known: Vec<SubjectId> = known.collect();
        let mut states = self.states(tenant, &known).await?;
        let mut answers = vec![];
        for question in questions {
            let answer = if let Question::Known(subject) = question {
                Answer::Known(states.remove(subject).map(Box::new))
            } else if let Question::Unsettled(subjects) = question {
                Answer::Unsettled(self.is_unsettled(tenant, subjects).await?)
            } else if let Question::AtStage(stage) = question {
                Answer::AtStage(self.at_stage(tenant, *stage).await?)
            } else {
                continue;
            };
            answers.push(Answered { question: question.clone(), answer, read: vec![] });
        }
        Ok(answers)
    }

    /// Whether a delivery for this tenant waits to be routed, or one of these must look at something or was woken. A delivery of which
    /// it is not seen whose it is may be anybody's; one by which somebody asks at the gate is nobody's but that environment's, where
    /// it is judged after what was decided before it came.
    async fn is_unsettled(
        &self,
        tenant: &TenantId,
        subjects: &BTreeSet<SubjectId>,
    ) -> Result<bool, StoreError> {
        let account = Box::pin(self.views(&[(tenant.clone(), SubjectId::Account)])).await?;
        let account = account.values().find_map(View::as_account);
        let whose =
            account.and_then(|account| account.installation).map(|installation| installation.to_string());
        let text = "SELECT id FROM delivery
             WHERE waiting = 1 AND event <> $2 AND (whose = $1 OR whose = '' OR $1 = '') LIMIT 1";
        let statement =
            self.database().dialect.query(text).bind(whose.unwrap_or_default()).bind(GateAsk::EVENT);
        if !self.database().readers.fetch_all(statement).await?.is_empty() {
            return Ok(true);
        }
        let subjects: Vec<&SubjectId> = subjects.iter().collect();
        for some in subjects.chunks(ROWS) {
            let text = "SELECT delivery FROM subject_event WHERE (tenant, subject) IN ({rows}) LIMIT 1";
            let statement = self.database().dialect.rows(text, 2, some.len());
            let statement = some.iter().fold(statement, |statement, subject| {
                statement.bind(body::escape(tenant.as_str())).bind(published::id(subject))
            });
            if !self.database().readers.fetch_all(statement).await?.is_empty() {
                return Ok(true);
            }
            // What it reads has changed, and it has not looked at that yet; later times are its own.
            let text = "SELECT id FROM subject WHERE due_at <= 1 AND (tenant, id) IN ({rows}) LIMIT 1";
            let statement = self.database().dialect.rows(text, 2, some.len());
            let statement = some.iter().fold(statement, |statement, subject| {
                statement.bind(body::escape(tenant.as_str())).bind(published::id(subject))
            });
            if !self.database().readers.fetch_all(statement).await?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether anything has arrived for a subject, or for what it read when it was decided last, that is not settled.
    pub async fn is_moving(&self, tenant: &TenantId, subject: &SubjectId) -> Result<bool, StoreError> {
        let (owner, reader) = (body::escape(tenant.as_str()), published::id(subject));
        let text = "SELECT key FROM reading WHERE tenant = $1 AND reader = $2";
        let statement = self.database().dialect.query(text).bind(owner.clone()).bind(reader.clone());
        let mut subjects: BTreeSet<SubjectId> = [subject.clone()].into();
        for row in self.database().readers.fetch_all(statement).await? {
            // Names and relations are read too: whoever bears them is among the subjects.
            subjects.extend(published::subject(&row.try_get::<String, _>(0)?).ok());
        }
        if self.is_unsettled(tenant, &subjects).await? {
            return Ok(true);
        }
        let text = "SELECT fan_out.key FROM fan_out
             JOIN reading ON reading.tenant = fan_out.tenant AND reading.key = fan_out.key
             WHERE reading.tenant = $1 AND reading.reader = $2 LIMIT 1";
        let statement = self.database().dialect.query(text).bind(owner).bind(reader);
        Ok(!self.database().readers.fetch_all(statement).await?.is_empty())
    }
}

const fn known_of(question: &Question) -> Option<&SubjectId> {
    if let Question::Known(subject) = question { Some(subject) } else { None }
}
