//! What was sent before a transfer may be delivered after it, in the name of the old account: it is told the new one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sqlx::{AnyConnection, Row};

use crate::domain::{
    event::Event,
    ids::{RepoId, SubjectId, TenantId},
};

use super::{
    super::{body, dialect::Dialect, error::StoreError, inbox::Routing, intake::first_key, published},
    Move, ROWS,
};

/// For so long GitHub delivers again; what names the old account later says that the repository is back there.
const LATE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// Lets many route at once, or one move: between looking for a move and routing, nothing may move.
///
/// (SQLite has one writer.)
pub(in crate::store) async fn hold(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moves: bool,
) -> Result<(), StoreError> {
    if dialect == Dialect::Postgres {
        // "moves" in ASCII; any number does that no other program on this database uses.
        let text = if moves {
            "SELECT count(*) FROM pg_advisory_xact_lock(470020908403)"
        } else {
            "SELECT count(*) FROM pg_advisory_xact_lock_shared(470020908403)"
        };
        dialect.query(text).execute(connection).await?;
    }
    Ok(())
}

/// Whom a delivery is told: its own tenant, or the one that the repository went to.
pub(in crate::store) struct Addressees(BTreeMap<(TenantId, RepoId), TenantId>);

impl Addressees {
    /// Looks up which of the repositories concerned have moved of late. A repository that an installation lists has
    /// come back.
    pub(in crate::store) async fn find<'a>(
        connection: &mut AnyConnection,
        dialect: Dialect,
        routed: impl Iterator<Item = &'a Routing> + Clone,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        forget(connection, dialect, routed.clone().flat_map(listed).collect()).await?;
        let asked: BTreeSet<(&TenantId, RepoId)> = routed.flat_map(concerned).collect();
        let asked: Vec<_> = asked.into_iter().collect();
        let after = now.saturating_sub(LATE).unwrap_or(Timestamp::MIN).as_microsecond();
        let mut moved = BTreeMap::new();
        for asked in asked.chunks(ROWS) {
            let text =
                "SELECT tenant, repo, to_tenant FROM moved WHERE at > $1 AND (tenant, repo) IN ({rows})";
            let statement = dialect.rows(text, 2, asked.len()).bind(after);
            let statement = asked.iter().fold(statement, |statement, (tenant, repo)| {
                statement.bind(body::escape(tenant.as_str())).bind(repo.to_string())
            });
            for row in statement.fetch_all(&mut *connection).await? {
                let repo: String = row.try_get(1)?;
                let repo =
                    repo.parse().map_err(|error| StoreError::unreadable("a moved repository", error))?;
                let [from, to] = [0, 2].map(|column| row.try_get::<String, _>(column));
                moved.insert((published::tenant(&from?)?, repo), published::tenant(&to?)?);
            }
        }
        Ok(Self(moved))
    }

    /// The tenants and subjects that a delivery concerns, and whether they are told what happened, or only look again.
    pub(in crate::store) fn of<'a>(
        &'a self,
        routing: &'a Routing,
    ) -> Vec<(&'a TenantId, &'a SubjectId, bool)> {
        let (tenant, subjects, is_told) = match routing {
            Routing::To { tenant, subjects, .. } | Routing::Moved { tenant, subjects, .. } => {
                (tenant, subjects, true)
            }
            Routing::Again { tenant, subjects } => (tenant, subjects, false),
            Routing::Ignored { .. } | Routing::Parked { .. } => return vec![],
        };
        let place = |subject: &'a SubjectId| {
            let moved = subject.repo().and_then(|repo| self.0.get(&(tenant.clone(), repo)));
            match (moved, subject) {
                // What it was called, and whether the old account's installation reached it, is of no interest.
                (Some(to), SubjectId::Repository(_)) => (to, subject, false),
                (Some(to), _) => (to, subject, is_told),
                (None, _) => (tenant, subject, is_told),
            }
        };
        subjects.iter().map(place).collect()
    }
}

fn concerned(routing: &Routing) -> Vec<(&TenantId, RepoId)> {
    match routing {
        Routing::To { tenant, subjects, .. } | Routing::Again { tenant, subjects } => {
            subjects.iter().filter_map(|subject| Some((tenant, subject.repo()?))).collect()
        }
        Routing::Moved { .. } | Routing::Ignored { .. } | Routing::Parked { .. } => vec![],
    }
}

fn listed(routing: &Routing) -> Vec<(String, RepoId)> {
    let of = |tenant: &TenantId, event: &Event| {
        let repositories = event.what.repositories().iter();
        repositories.map(|named| (body::escape(tenant.as_str()), named.id)).collect()
    };
    match routing {
        Routing::To { tenant, event, .. } => of(tenant, event),
        Routing::Moved { .. } | Routing::Again { .. } | Routing::Ignored { .. } | Routing::Parked { .. } => {
            vec![]
        }
    }
}

async fn forget(
    connection: &mut AnyConnection,
    dialect: Dialect,
    back: Vec<(String, RepoId)>,
) -> Result<(), StoreError> {
    for back in back.chunks(ROWS) {
        let text = "DELETE FROM moved WHERE (tenant, repo) IN ({rows})";
        let statement = back.iter().fold(dialect.rows(text, 2, back.len()), |statement, (tenant, repo)| {
            statement.bind(tenant.clone()).bind(repo.to_string())
        });
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Writes down where it went; those who came to the old tenant are led on.
pub(super) async fn remember(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    forget(connection, dialect, vec![(moving.to.clone(), moving.repo)]).await?;
    let statement = dialect
        .query("UPDATE moved SET to_tenant = $1 WHERE to_tenant = $2 AND repo = $3")
        .bind(moving.to.clone())
        .bind(moving.from.clone())
        .bind(moving.repo.to_string());
    statement.execute(&mut *connection).await?;
    let statement = dialect
        .query(
            "INSERT INTO moved (tenant, repo, to_tenant, at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (tenant, repo) DO UPDATE SET to_tenant = excluded.to_tenant, at = excluded.at",
        )
        .bind(moving.from.clone())
        .bind(moving.repo.to_string())
        .bind(moving.to.clone())
        .bind(now.as_microsecond());
    statement.execute(connection).await?;
    Ok(())
}

/// What the new tenant was told before the history came, and decided on its own: it is told once more, so that the
/// history knows of it. Repeated deliveries end in the same state; those about accounts and repositories are left out,
/// because their order matters and their subjects have nothing else.
pub(super) async fn tell_again(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let since = now.saturating_sub(LATE).unwrap_or(Timestamp::MIN).as_microsecond();
    let text = "UPDATE delivery SET waiting = 1, attempts = 0, state = 'kept', lease_until = 0
                WHERE tenant = $1 AND received_at > $2 AND id >= $3 AND id <> $4 AND state = 'routed'
                  AND event NOT IN ('installation', 'installation_repositories', 'installation_target', 'repository')
                  AND EXISTS (SELECT 1 FROM body WHERE body.id = delivery.id)";
    dialect
        .query(text)
        .bind(moving.to.clone())
        .bind(since)
        .bind(first_key(since))
        .bind(moving.delivery.to_owned())
        .execute(connection)
        .await?;
    Ok(())
}
