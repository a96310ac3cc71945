//! What the gate has answered, the newest question first.

use jiff::Timestamp;
use sqlx::Row;

use super::{
    super::{
        Store, body,
        error::StoreError,
        gates::{self, Gate},
        inbox::time,
    },
    Part, Place, beginning, oldest, rows,
};
use crate::domain::ids::GateId;

pub(super) const EVERYWHERE: &str = "SELECT tenant, subject, body, since, id FROM gate
    WHERE tenant = $1 AND (since, id) < ($2, $3) AND since >= $4
    ORDER BY since DESC, id DESC LIMIT $5";
// The `+` keeps SQLite from the index that does not know the repository.
pub(super) const THERE: &str = "SELECT tenant, subject, body, since, id FROM gate
    WHERE tenant = $1 AND (since, id) < ($2, $3) AND +since >= $4 AND {repository_of_gate} = $6
    ORDER BY since DESC, id DESC LIMIT $5";

/// An answer, and when it was asked for first.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedGate {
    pub since: Timestamp,
    pub id: GateId,
    pub gate: Gate,
}

impl Store {
    /// What was answered there, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn gates_listed(
        &self,
        place: &Place,
        part: &Part<GateId>,
    ) -> Result<Vec<ListedGate>, StoreError> {
        let (at, id) = beginning(part, GateId::nothing());
        let text = if place.repository.is_some() { THERE } else { EVERYWHERE };
        let statement = self.database().dialect.query(text).bind(body::escape(place.tenant.as_str()));
        let statement = statement.bind(at).bind(id.to_string()).bind(oldest(part)).bind(rows(part.rows));
        let statement = match place.repository {
            Some(repo) => statement.bind(repo.to_string()),
            None => statement,
        };
        let found = statement.fetch_all(&self.database().reading).await?;
        let read = |row| {
            let id: String = Row::try_get(row, 4)?;
            let id = id.parse().map_err(|error| StoreError::unreadable("the id of a gate", error))?;
            Ok(ListedGate { since: time(Row::try_get(row, 3)?)?, id, gate: gates::read(row)? })
        };
        found.iter().map(read).collect()
    }
}
