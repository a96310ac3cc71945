//! A repository that is transferred to another account takes its history along: in one transaction, all that is known of
//! it becomes the new tenant's.
//!
//! The log stays where it was written; an entry in each of the two chains names the other, with the hash of its end.
//!
//! What the new tenant knew already (deliveries overtake each other) is joined with what comes: of two rows about one
//! subject that stays which was decided more often, and what the other had been told is told once more. Everything that
//! moved is woken: it stands under another policy now. So is everything that read it, or was pointed at, on both sides.
//!
//! Rows are locked in the order of [`super::settle`], so that whoever settles meanwhile finds that it holds nothing.

mod late;

mod pointers;

mod ranges;

mod shown;

mod subjects;

mod told;

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use crate::domain::{
    audit::AuditEntry,
    ids::{RepoId, SubjectId, TenantId},
};

pub(super) use self::late::{Addressees, hold};
use self::{ranges::Range, subjects::Known};
use super::{
    audit, body,
    dialect::{Dialect, Statement},
    error::StoreError,
    published,
    wake::{self, Changed, Wakes},
};

/// Rows in one statement.
const ROWS: usize = 500;

/// From whom to whom, and what.
pub(super) struct Move<'a> {
    from_tenant: &'a TenantId,
    to_tenant: &'a TenantId,
    repo: RepoId,
    /// As stored.
    from: String,
    to: String,
    /// The key of the delivery that told it.
    delivery: &'a str,
}

/// Who must look again because of a move.
#[derive(Default)]
struct Woken {
    wakes: Wakes,
    changed: Vec<Changed>,
}

impl<'a> Move<'a> {
    pub(super) fn new(
        from_tenant: &'a TenantId,
        to_tenant: &'a TenantId,
        repo: RepoId,
        delivery: &'a str,
    ) -> Self {
        let (from, to) = (body::escape(from_tenant.as_str()), body::escape(to_tenant.as_str()));
        Self { from_tenant, to_tenant, repo, from, to, delivery }
    }
}

/// Carries the repository over. To be done before what the delivery tells is written down.
pub(super) async fn carry(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    shown::lock(connection, dialect, moving).await?;
    let freed = shown::lock_name(connection, dialect, moving).await?;
    pointers::lock_targets(connection, dialect, moving).await?;
    let known = Known::lock(connection, dialect, moving).await?;
    if known.is_unknown() {
        return late::remember(connection, dialect, moving, now).await;
    }
    let mut woken = Woken::default();
    woken.readers(connection, dialect, moving).await?;
    pointers::carry(connection, dialect, moving, &known, &mut woken).await?;
    shown::carry(connection, dialect, moving, &known).await?;
    if let Some(name) = freed {
        shown::free_name(connection, dialect, moving, &name).await?;
        woken.readers_of(&moving.from, name);
    }
    subjects::carry(connection, dialect, moving, &known).await?;
    for id in known.all() {
        woken.wakes.add(moving.to_tenant, &published::subject(id)?, 0);
    }
    let Woken { mut wakes, changed } = woken;
    wake::add_readers(connection, dialect, &mut wakes, &changed).await?;
    wake::wake(connection, dialect, wakes, now).await?;
    told::carry(connection, dialect, moving).await?;
    late::remember(connection, dialect, moving, now).await?;
    if known.has_overruled() {
        late::tell_again(connection, dialect, moving, now).await?;
    }
    log(connection, dialect, moving, known.carried(), now).await
}

impl Woken {
    /// Those elsewhere who read what moves, on both sides.
    async fn readers(
        &mut self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        moving: &Move<'_>,
    ) -> Result<(), StoreError> {
        let sides = [(moving.from_tenant, &moving.from), (moving.to_tenant, &moving.to)];
        for ((tenant, stored), range) in ranges::pairs(&sides, &ranges::published(moving.repo)) {
            let text = "SELECT DISTINCT reader FROM reading WHERE tenant = $1 AND key >= $2 AND key < $3";
            let statement = range.bind(dialect.query(text).bind((*stored).clone()));
            for row in statement.fetch_all(&mut *connection).await? {
                let reader = published::subject(&row.try_get::<String, _>(0)?)?;
                if reader.repo() != Some(moving.repo) {
                    self.wakes.add(tenant, &reader, 0);
                }
            }
        }
        Ok(())
    }

    /// Those elsewhere who read this key, in one tenant.
    fn readers_of(&mut self, tenant: &str, key: String) {
        self.changed.push(Changed { tenant: tenant.into(), key, kind: -1, hops: 0 });
    }
}

/// An entry at the end of each chain; the later one holds the hash of the earlier.
async fn log(
    connection: &mut AnyConnection,
    dialect: Dialect,
    moving: &Move<'_>,
    subjects: usize,
    now: Timestamp,
) -> Result<(), StoreError> {
    let subject = published::id(&SubjectId::Repository(moving.repo));
    let heads = audit::lock_heads(connection, dialect, &[&moving.from, &moving.to]).await?;
    let entry = |code: &str, side: &str, other: &TenantId, head: Option<&audit::Head>| {
        let entry = AuditEntry::new(code)
            .fact("repository", moving.repo)
            .fact("subjects", subjects)
            .fact(side, other);
        match head {
            Some((seq, hash)) => entry.fact("their_entries", seq).fact("their_head", hash),
            None => entry,
        }
    };
    let away = entry("repository.transferred_away", "to", moving.to_tenant, heads.get(&moving.to));
    audit::append(connection, dialect, &[(&moving.from, &subject, &away)], now).await?;
    let heads = audit::lock_heads(connection, dialect, &[&moving.from]).await?;
    let here = entry("repository.transferred_here", "from", moving.from_tenant, heads.get(&moving.from));
    audit::append(connection, dialect, &[(&moving.to, &subject, &here)], now).await
}

/// Runs a statement with `$1` and `$2`, the tenants, over a range of keys, `$3` to `$4`.
async fn run(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    moving: &Move<'_>,
    range: &Range,
) -> Result<(), StoreError> {
    let statement = dialect.query(text).bind(moving.from.clone()).bind(moving.to.clone());
    range.bind(statement).execute(connection).await?;
    Ok(())
}

/// Runs a statement of one tenant, `$1`, over a range of keys, `$2` to `$3`.
async fn run_in(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    tenant: &str,
    range: &Range,
) -> Result<(), StoreError> {
    range.bind(dialect.query(text).bind(tenant.to_owned())).execute(connection).await?;
    Ok(())
}

/// Runs a statement of one tenant, `$1`, over these ids, some at a time.
async fn run_over(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    tenant: &str,
    ids: &[String],
) -> Result<(), StoreError> {
    for ids in ids.chunks(ROWS) {
        let statement: Statement = dialect.rows(text, 1, ids.len()).bind(tenant.to_owned());
        let statement = ids.iter().fold(statement, |statement, id| statement.bind(id.clone()));
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}
