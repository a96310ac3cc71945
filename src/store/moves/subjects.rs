//! The subjects themselves, and what happened to them and is not settled yet.

use std::collections::BTreeMap;

use sqlx::{AnyConnection, Row};

use crate::domain::ids::SubjectId;

use super::{
    super::{dialect::Dialect, error::StoreError, published},
    Move, ranges, run, run_in, run_over,
};

/// What both sides know of the repository.
#[derive(Default)]
pub(super) struct Known {
    /// Those of the old tenant.
    carried: Vec<String>,
    /// Those of the new tenant alone.
    here: Vec<String>,
    /// Rows of the new tenant that give way to those that come.
    pub(super) overruled_here: Vec<String>,
    /// Rows that would come, and give way to those of the new tenant.
    pub(super) overruled_there: Vec<String>,
    has_overruled: bool,
}

impl Known {
    /// Locks and lists them.
    pub(super) async fn lock(
        connection: &mut AnyConnection,
        dialect: Dialect,
        moving: &Move<'_>,
    ) -> Result<Self, StoreError> {
        let (mut there, mut here) = (BTreeMap::new(), BTreeMap::new());
        for range in ranges::subjects(moving.repo) {
            let text =
                "SELECT tenant, id, version FROM subject WHERE tenant IN ($1, $2) AND id >= $3 AND id < $4
                        ORDER BY tenant, id {lock}";
            let statement = dialect.query(text).bind(moving.from.clone()).bind(moving.to.clone());
            for row in range.bind(statement).fetch_all(&mut *connection).await? {
                let side = if row.try_get::<String, _>(0)? == moving.from { &mut there } else { &mut here };
                side.insert(row.try_get(1)?, row.try_get(2)?);
            }
        }
        Ok(Self::of(there, &here))
    }

    fn of(there: BTreeMap<String, i64>, here: &BTreeMap<String, i64>) -> Self {
        let mut known = Self {
            here: here.keys().filter(|id| !there.contains_key(*id)).cloned().collect(),
            ..Self::default()
        };
        for (id, version) in there {
            match here.get(&id) {
                Some(other) if *other > version => known.overruled_there.push(id.clone()),
                Some(other) => {
                    known.overruled_here.push(id.clone());
                    known.has_overruled |= *other > 0;
                }
                None => {}
            }
            known.carried.push(id);
        }
        known
    }

    /// Whether the old tenant has nothing of it.
    pub(super) fn is_unknown(&self) -> bool {
        self.carried.is_empty()
    }

    /// Whether the new tenant had decided something that gives way.
    pub(super) fn has_overruled(&self) -> bool {
        self.has_overruled
    }

    /// How many subjects were the old tenant's.
    pub(super) fn carried(&self) -> usize {
        self.carried.len()
    }

    /// Those of either side.
    pub(super) fn all(&self) -> impl Iterator<Item = &String> {
        self.carried.iter().chain(&self.here)
    }
}

pub(super) async fn carry(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    known: &Known,
) -> Result<(), StoreError> {
    let text = "DELETE FROM subject WHERE tenant = $1 AND id IN ({rows})";
    run_over(connection, dialect, text, &moving.to, &known.overruled_here).await?;
    run_over(connection, dialect, text, &moving.from, &known.overruled_there).await?;
    forget_old_names(connection, dialect, moving).await?;
    for range in ranges::subjects(moving.repo) {
        let text = "UPDATE subject SET tenant = $2, lease = NULL, lease_until = 0, attempts = 0, hops = 0
                    WHERE tenant = $1 AND id >= $3 AND id < $4";
        run(connection, dialect, text, moving, &range).await?;
        let text = "INSERT INTO subject_event (tenant, subject, delivery, body)
                    SELECT $2, subject, delivery, body FROM subject_event
                    WHERE tenant = $1 AND subject >= $3 AND subject < $4
                    ON CONFLICT (tenant, subject, delivery) DO NOTHING";
        run(connection, dialect, text, moving, &range).await?;
        let text = "DELETE FROM subject_event WHERE tenant = $1 AND subject >= $2 AND subject < $3";
        run_in(connection, dialect, text, &moving.from, &range).await?;
    }
    Ok(())
}

/// What came through the old account after the transfer, and is still to be judged, knows only the old name.
async fn forget_old_names(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
) -> Result<(), StoreError> {
    let text = "DELETE FROM subject_event WHERE tenant = $1 AND subject = $2 AND delivery > $3";
    dialect
        .query(text)
        .bind(moving.from.clone())
        .bind(published::id(&SubjectId::Repository(moving.repo)))
        .bind(moving.delivery.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}
