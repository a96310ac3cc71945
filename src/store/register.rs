//! The register in short: written with each decision, read a pile at a time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sqlx::{AnyConnection, Row, any::AnyRow};

use crate::domain::{
    change_request::Stage,
    ids::{IssueRef, SubjectId, SubjectKind, TenantId},
    planning::{Line, Pile, line::FORM},
    subject::State,
};

use super::{Store, body, database::Work, dialect::Dialect, error::StoreError, published};

/// Rows in one statement.
const ROWS: usize = 500;
/// Of what is in no register: it is kept so that it is known to have been looked at.
const OUT: &str = "out";

/// A line in the words of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewLine {
    pile: &'static str,
    at: i64,
    line: String,
}

impl NewLine {
    /// Of a decision; `None`: the register stands as it is.
    pub(super) fn of(before: Option<&State>, after: &State) -> Result<Option<Self>, StoreError> {
        let Some(change) = after.as_change_request() else { return Ok(None) };
        let line = Line::of(change);
        let before = before.and_then(State::as_change_request);
        if before.is_some_and(|before| before.listed == change.listed && Line::of(before) == line) {
            return Ok(None);
        }
        Ok(Some(match line {
            Some(line) => Self {
                pile: line.pile().as_str(),
                at: line.order().as_microsecond(),
                line: body::escape(&body::write(&line)?),
            },
            None => Self { pile: OUT, at: 0, line: String::new() },
        }))
    }
}

/// Writes lines, each with its tenant and subject.
pub(super) async fn store(
    connection: &mut AnyConnection,
    dialect: Dialect,
    lines: &[(&str, &str, &NewLine)],
) -> Result<(), StoreError> {
    for lines in lines.chunks(ROWS) {
        let text = "INSERT INTO register (tenant, id, form, pile, at, line) {rows}
                    ON CONFLICT (tenant, id) DO UPDATE SET
                      form = excluded.form, pile = excluded.pile, at = excluded.at, line = excluded.line";
        let mut statement = dialect.rows(text, 6, lines.len());
        for (tenant, id, line) in lines {
            statement = statement
                .bind((*tenant).to_owned())
                .bind((*id).to_owned())
                .bind(i64::from(FORM))
                .bind(line.pile)
                .bind(line.at)
                .bind(line.line.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

pub(super) const PAGE: &str = "SELECT line, id, at FROM register
    WHERE tenant = $1 AND pile = $2 AND (at, id) > ($3, $4) ORDER BY at, id LIMIT $5";
pub(super) const SINCE: &str = "SELECT line FROM register
    WHERE tenant = $1 AND pile = $2 AND at >= $3 ORDER BY at, id";

/// Where a page of a pile ended: the time in the order of the pile, and the id.
pub type Place = (i64, String);

impl Store {
    /// The lines of a pile, the oldest first, after a place; so many at most, each with its place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn pile(
        &self,
        tenant: &TenantId,
        pile: Pile,
        after: Option<Place>,
        most: usize,
    ) -> Result<Vec<(Line, Place)>, StoreError> {
        let (at, id) = after.unwrap_or((i64::MIN, String::new()));
        let statement = self.database().dialect.query(PAGE).bind(body::escape(tenant.as_str()));
        let statement = statement.bind(pile.as_str()).bind(at).bind(id);
        let statement = statement.bind(i64::try_from(most).unwrap_or(i64::MAX));
        let rows = statement.fetch_all(&self.database().reading).await?;
        rows.iter().map(|row| Ok((line(row)?, (row.try_get(2)?, row.try_get(1)?)))).collect()
    }

    /// The lines of piles, of each those from a moment on in its order, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lines(
        &self,
        tenant: &TenantId,
        piles: &[(Pile, Timestamp)],
    ) -> Result<Vec<Line>, StoreError> {
        let mut lines = vec![];
        for (pile, since) in piles {
            let statement = self.database().dialect.query(SINCE).bind(body::escape(tenant.as_str()));
            let statement = statement.bind(pile.as_str()).bind(since.as_microsecond());
            for row in statement.fetch_all(&self.database().reading).await? {
                lines.push(line(&row)?);
            }
        }
        Ok(lines)
    }

    /// The lines of change requests; of what is in no register there is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn lines_of(
        &self,
        tenant: &TenantId,
        asked: &[IssueRef],
    ) -> Result<BTreeMap<IssueRef, Line>, StoreError> {
        let mut lines = BTreeMap::new();
        for asked in asked.chunks(ROWS) {
            let text = "SELECT line FROM register WHERE (tenant, id) IN ({rows}) AND pile <> 'out'";
            let statement =
                asked.iter().fold(self.database().dialect.rows(text, 2, asked.len()), |it, at| {
                    it.bind(body::escape(tenant.as_str())).bind(published::id(&SubjectId::ChangeRequest(*at)))
                });
            for row in statement.fetch_all(&self.database().reading).await? {
                let line = line(&row)?;
                lines.insert(line.at, line);
            }
        }
        Ok(lines)
    }

    /// How many change requests are at a stage.
    pub(super) async fn at_stage(&self, tenant: &TenantId, stage: Stage) -> Result<usize, StoreError> {
        let lines = self.lines(tenant, &[(Pile::of(stage), Timestamp::MIN)]).await?;
        Ok(lines.iter().filter(|line| line.stage == stage).count())
    }

    /// Has every change request looked at that has no line yet, or one of an older form: when nobody else waits.
    pub(super) async fn complete_register(&self) -> Result<(), StoreError> {
        let work: Work<(), ()> = |connection, dialect, ()| {
            Box::pin(async move {
                let text = "UPDATE subject SET due_at = 1, wakes = wakes + 1
                    WHERE kind = $1 AND state IS NOT NULL AND (due_at IS NULL OR due_at > 1)
                      AND NOT EXISTS (SELECT 1 FROM register WHERE register.tenant = subject.tenant
                        AND register.id = subject.id AND register.form >= $2)";
                let statement = dialect.query(text).bind(SubjectKind::ChangeRequest.rank());
                statement.bind(i64::from(FORM)).execute(connection).await?;
                Ok(())
            })
        };
        self.database().write(&(), work).await
    }
}

fn line(row: &AnyRow) -> Result<Line, StoreError> {
    let text: String = row.try_get(0)?;
    body::read("a line of the register", &body::unescape(&text))
}
