//! What the gate has answered: written with the decision that it is, and read by whoever asked.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::{
    domain::{
        effect::Call,
        gate::GateAnswer,
        ids::{GateId, SubjectId, TenantId},
    },
    together::Together,
};

use super::{
    Store, body,
    dialect::{Dialect, Statement},
    error::StoreError,
    published,
};

/// Rows in one statement.
const ROWS: usize = 500;
/// Replicas' clocks may differ by so much, and a transaction may take so long: what changed then is read once more.
const OVERLAP: SignedDuration = SignedDuration::from_secs(5);

/// What the gate answered, and whose it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate {
    pub tenant: TenantId,
    /// The environment that decided it.
    pub subject: SubjectId,
    pub answer: GateAnswer,
}

/// An answer in the words of the database.
#[derive(Debug, Clone)]
pub(super) struct NewGate {
    id: String,
    asked: String,
    turn: i64,
    body: String,
}

impl NewGate {
    /// Under which id it is asked for, and its number.
    pub(super) fn news(&self) -> Option<(GateId, i64)> {
        Some((self.id.parse().ok()?, self.turn))
    }

    /// `None`: the call is no answer of the gate.
    pub(super) fn of(call: &Call) -> Result<Option<Self>, StoreError> {
        let Call::GateAnswer { repo, answer } = call else { return Ok(None) };
        Ok(Some(Self {
            id: answer.ask.id.to_string(),
            asked: asked(&answer.ask.what(*repo)),
            turn: i64::try_from(answer.turn).unwrap_or(i64::MAX),
            body: body::write(answer)?,
        }))
    }
}

/// As it stands in its column.
fn asked(what: &str) -> String {
    body::hash(&[what.as_bytes()])
}

/// Stores answers, each with its tenant and subject; an earlier one does not take the place of a later one.
pub(super) async fn store(
    connection: &mut AnyConnection,
    dialect: Dialect,
    mut gates: Vec<(&str, &str, &NewGate)>,
    now: Timestamp,
) -> Result<(), StoreError> {
    gates.sort_by(|(.., a), (.., b)| (&a.id, b.turn).cmp(&(&b.id, a.turn)));
    gates.dedup_by(|(.., later), (.., first)| later.id == first.id);
    for gates in gates.chunks(ROWS) {
        let mut statement = dialect.rows(
            "INSERT INTO gate (id, tenant, subject, asked, since, turn, changed, body) {rows}
             ON CONFLICT (id) DO UPDATE SET turn = excluded.turn, changed = excluded.changed, body = excluded.body
             WHERE gate.turn < excluded.turn",
            8,
            gates.len(),
        );
        for (tenant, subject, gate) in gates {
            statement = statement
                .bind(gate.id.clone())
                .bind((*tenant).to_owned())
                .bind((*subject).to_owned())
                .bind(gate.asked.clone())
                .bind(now.as_microsecond())
                .bind(gate.turn)
                .bind(now.as_microsecond())
                .bind(gate.body.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) fn read(row: &AnyRow) -> Result<Gate, StoreError> {
    let [tenant, subject, answer] = [0, 1, 2].map(|column| row.try_get::<String, _>(column));
    Ok(Gate {
        tenant: published::tenant(&tenant?)?,
        subject: published::subject(&subject?)?,
        answer: body::read("an answer of the gate", &answer?)?,
    })
}

/// Each with the name by which it was asked for.
const NAMED: &str = "SELECT tenant, subject, body, id, '' FROM gate WHERE id IN ({rows})";
pub(super) const NEWEST: &str = "WITH v (tenant, asked) AS ({rows})
     SELECT tenant, subject, body, tenant, asked FROM gate WHERE id IN (
       SELECT (SELECT id FROM gate WHERE gate.tenant = v.tenant AND gate.asked = v.asked ORDER BY since DESC LIMIT 1)
       FROM v)";
pub(super) const CHANGED: &str = "SELECT id, turn, changed FROM gate WHERE changed > $1";
const CHANGED_OF: &str = "SELECT id, turn, changed FROM gate WHERE changed > $1 AND id IN ({rows})";

/// By what somebody asks: an id alone, or a tenant and what was asked.
type Name = (String, String);

/// Those who ask for answers, by id and by what was asked.
#[derive(Debug, Default)]
pub(super) struct Asking {
    by_id: Together<Name, Gate>,
    newest: Together<Name, Gate>,
}

impl Store {
    /// What was answered under this id; `None`: nothing yet.
    pub async fn gate(&self, id: &GateId) -> Result<Option<Gate>, StoreError> {
        let name = (id.to_string(), String::new());
        self.inner.asking.by_id.ask(&name, |names| self.gates_named(names)).await
    }

    /// The newest answer to this: see [`crate::domain::event::GateAsk::what`].
    pub async fn gate_asked(&self, tenant: &TenantId, what: &str) -> Result<Option<Gate>, StoreError> {
        let name = (body::escape(tenant.as_str()), asked(what));
        self.inner.asking.newest.ask(&name, |names| self.newest_gates(names)).await
    }

    async fn gates_named(&self, names: Vec<Name>) -> Result<HashMap<Name, Gate>, StoreError> {
        let statement = self.database().dialect.rows(NAMED, 1, names.len());
        self.told(names.into_iter().fold(statement, |statement, (id, _)| statement.bind(id))).await
    }

    async fn newest_gates(&self, names: Vec<Name>) -> Result<HashMap<Name, Gate>, StoreError> {
        let statement = self.database().dialect.rows(NEWEST, 2, names.len());
        let bind = |statement: Statement, (tenant, asked)| statement.bind(tenant).bind(asked);
        self.told(names.into_iter().fold(statement, bind)).await
    }

    /// What is told to a pipeline is on disk.
    async fn told(&self, statement: Statement) -> Result<HashMap<Name, Gate>, StoreError> {
        let rows = self.database().readers.fetch_all(statement).await?;
        if !rows.is_empty() {
            self.database().sync_what_was_read().await?;
        }
        rows.iter().map(|row| Ok(((row.try_get(3)?, row.try_get(4)?), read(row)?))).collect()
    }

    /// Which of these (where none is named: which of all) were answered since then, with the number of the answer; some of them are
    /// named again. And how far this is.
    pub(super) async fn gates_changed(
        &self,
        since: Timestamp,
        of: &[GateId],
    ) -> Result<(Vec<(GateId, i64)>, Timestamp), StoreError> {
        let (dialect, from) =
            (self.database().dialect, since.saturating_sub(OVERLAP).unwrap_or(Timestamp::MIN));
        let statement =
            if of.is_empty() { dialect.query(CHANGED) } else { dialect.rows(CHANGED_OF, 1, of.len()) };
        let statement = statement.bind(from.as_microsecond());
        let statement = of.iter().fold(statement, |statement, id| statement.bind(id.to_string()));
        let (mut changed, mut newest) = (vec![], since);
        for row in self.database().readers.fetch_all(statement).await? {
            let id: String = row.try_get(0)?;
            let id = id.parse().map_err(|error| StoreError::unreadable("the id of a gate", error))?;
            changed.push((id, row.try_get(1)?));
            newest = newest.max(Timestamp::from_microsecond(row.try_get(2)?).unwrap_or(newest));
        }
        Ok((changed, newest))
    }
}
