//! Subjects of one kind, in the order of their ids.

use sqlx::Row;

use super::{
    super::{Store, body, error::StoreError, published},
    Place, rows,
};
use crate::domain::{
    ids::{SubjectId, SubjectKind},
    subject::State,
};

pub(super) const PAGE: &str = "SELECT id, state FROM subject
    WHERE tenant = $1 AND id > $2 AND id < $3 AND state IS NOT NULL ORDER BY id LIMIT $4";

/// The ids of that kind that lie there: from the first, up to and without the second. (`0` follows the slash in the order of
/// bytes.)
fn range(place: &Place, kind: SubjectKind) -> (String, String) {
    let start = match place.repository {
        Some(repo) => format!("{}/{repo}", kind.as_str()),
        None => kind.as_str().to_owned(),
    };
    (format!("{start}/"), format!("{start}0"))
}

impl Store {
    /// What is known of the subjects of a kind that lie there, after one of them; so many at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn listed(
        &self,
        place: &Place,
        kind: SubjectKind,
        after: Option<&SubjectId>,
        most: usize,
    ) -> Result<Vec<(SubjectId, State)>, StoreError> {
        let (first, end) = range(place, kind);
        let after = after.map(published::id).unwrap_or_default().max(first);
        let statement = self.database().dialect.query(PAGE).bind(body::escape(place.tenant.as_str()));
        let statement = statement.bind(after).bind(end).bind(rows(most));
        let found = statement.fetch_all(&self.database().reading).await?;
        let read = |row| {
            let (id, state): (String, String) = (Row::try_get(row, 0)?, Row::try_get(row, 1)?);
            Ok((published::subject(&id)?, body::read(&id, &state)?))
        };
        found.iter().map(read).collect()
    }
}
