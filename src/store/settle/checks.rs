//! What must be so before anything is written: the lease is ours, and what was read still stands.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AnyConnection, Row};

use super::{
    super::{dialect::Dialect, error::StoreError, published::Key},
    Place,
    prepared::Prepared,
};

/// Rows in one statement.
const ROWS: usize = 500;

/// Whose a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    Held,
    /// This very claim was settled before; the answer was lost on the way.
    Done,
    Lost,
}

/// Marks and faces of what is published, and locked.
#[derive(Debug, Default)]
pub(super) struct Published(BTreeMap<Place, (i64, Option<String>)>);

impl Published {
    /// 0: nothing was ever shown.
    pub(super) fn mark(&self, tenant: &str, key: &Key) -> i64 {
        self.0.get(&(tenant.to_owned(), key.text.clone())).map_or(0, |(mark, _)| *mark)
    }

    pub(super) fn face(&self, place: &Place) -> Option<&String> {
        self.0.get(place).and_then(|(_, face)| face.as_ref())
    }

    pub(super) fn set_face(&mut self, place: Place, face: Option<String>) {
        self.0.entry(place).or_default().1 = face;
    }
}

/// Whether the claims still hold their subjects.
pub(super) async fn holdings(
    connection: &mut AnyConnection,
    dialect: Dialect,
    group: &[Prepared<'_>],
) -> Result<Vec<Holding>, StoreError> {
    if group.is_empty() {
        return Ok(vec![]);
    }
    let text = "SELECT tenant, id, lease, settled_lease FROM subject WHERE (tenant, id) IN ({rows})";
    let places = group.iter().map(Prepared::place);
    let statement = places
        .fold(dialect.rows(text, 2, group.len()), |statement, (tenant, id)| statement.bind(tenant).bind(id));
    let mut found: BTreeMap<Place, (Option<String>, Option<String>)> = BTreeMap::new();
    for row in statement.fetch_all(connection).await? {
        found.insert((row.try_get(0)?, row.try_get(1)?), (row.try_get(2)?, row.try_get(3)?));
    }
    let holding = |prepared: &Prepared<'_>| {
        let token = Some(&prepared.claim.lease.token);
        match found.get(&prepared.place()) {
            Some((_, settled)) if settled.as_ref() == token => Holding::Done,
            Some((lease, _)) if lease.as_ref() == token => Holding::Held,
            Some(_) | None => Holding::Lost,
        }
    };
    Ok(group.iter().map(holding).collect())
}

/// What is read or will be written and, as far as the claims know, does not exist yet.
pub(super) fn never_published(group: &[Prepared<'_>]) -> BTreeSet<Place> {
    let mut new = BTreeSet::new();
    for prepared in group {
        let Some(decided) = prepared.decided() else { continue };
        let read = decided.reads.iter().filter(|(_, mark)| **mark == 0).map(|(key, _)| key);
        let own = Key::view(&prepared.claim.subject);
        let written = prepared.writes().filter(|key| **key != own || prepared.claim.version == 0);
        new.extend(read.chain(written).map(|key| (prepared.tenant.clone(), key.text.clone())));
    }
    new
}

/// Gives rows to what does not exist, so that whoever reads it and whoever shows it first lock the same. In a transaction
/// of its own: within a larger one these rows would be locked out of order. (SQLite has one writer, who needs no locks.)
pub(super) async fn publish_nothing(
    connection: &mut AnyConnection,
    dialect: Dialect,
    new: &BTreeSet<Place>,
) -> Result<(), StoreError> {
    let new: Vec<&Place> = new.iter().collect();
    for rows in new.chunks(ROWS) {
        let text = "INSERT INTO published (tenant, key, mark) {rows} ON CONFLICT (tenant, key) DO NOTHING";
        let statement = rows.iter().fold(dialect.rows(text, 3, rows.len()), |statement, (tenant, key)| {
            statement.bind(tenant.clone()).bind(key.clone()).bind(0i64)
        });
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Locks what these read and write, in the order of waking: for writing where one of them writes there, else for reading.
pub(super) async fn lock_published(
    connection: &mut AnyConnection,
    dialect: Dialect,
    held: &[&Prepared<'_>],
) -> Result<Published, StoreError> {
    let mut ranks: BTreeMap<i64, (bool, BTreeSet<Place>)> = BTreeMap::new();
    for prepared in held {
        let Some(decided) = prepared.decided() else { continue };
        let own = Key::view(&prepared.claim.subject);
        for key in decided.reads.keys().chain([&own]) {
            let (_, places) = ranks.entry(key.rank).or_default();
            places.insert((prepared.tenant.clone(), key.text.clone()));
        }
        for key in prepared.writes() {
            let (is_written, places) = ranks.entry(key.rank).or_default();
            *is_written = true;
            places.insert((prepared.tenant.clone(), key.text.clone()));
        }
    }
    if dialect == Dialect::Sqlite {
        // One writer: there is nothing to lock, and all is read at once.
        let all = ranks.into_values().flat_map(|(_, places)| places).collect();
        ranks = [(0, (false, all))].into();
    }
    let mut published = Published::default();
    for (is_written, places) in ranks.into_values() {
        lock_rank(connection, dialect, is_written, places, &mut published).await?;
    }
    Ok(published)
}

async fn lock_rank(
    connection: &mut AnyConnection,
    dialect: Dialect,
    is_written: bool,
    places: BTreeSet<Place>,
    published: &mut Published,
) -> Result<(), StoreError> {
    let text = if is_written {
        "SELECT tenant, key, mark, face FROM published WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {lock}"
    } else {
        "SELECT tenant, key, mark, face FROM published WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {share}"
    };
    let places: Vec<Place> = places.into_iter().collect();
    for rows in places.chunks(ROWS) {
        let statement = rows.iter().fold(dialect.rows(text, 2, rows.len()), |statement, (tenant, key)| {
            statement.bind(tenant.clone()).bind(key.clone())
        });
        for row in statement.fetch_all(&mut *connection).await? {
            let place = (row.try_get(0)?, row.try_get(1)?);
            published.0.insert(place, (row.try_get(2)?, row.try_get(3)?));
        }
    }
    Ok(())
}

/// Locks these subjects, in order; `false` where a claim was overtaken since it was looked at. (In SQLite nothing happens
/// since.)
pub(super) async fn lock_subjects(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
    mut places: BTreeSet<Place>,
) -> Result<bool, StoreError> {
    if dialect == Dialect::Sqlite {
        return Ok(true);
    }
    let mut leases: BTreeMap<Place, Option<String>> = BTreeMap::new();
    places.extend(accepted.iter().map(|prepared| prepared.place()));
    let places: Vec<Place> = places.into_iter().collect();
    for rows in places.chunks(ROWS) {
        let text =
            "SELECT tenant, id, lease FROM subject WHERE (tenant, id) IN ({rows}) ORDER BY tenant, id {lock}";
        let statement = rows.iter().fold(dialect.rows(text, 2, rows.len()), |statement, (tenant, id)| {
            statement.bind(tenant.clone()).bind(id.clone())
        });
        for row in statement.fetch_all(&mut *connection).await? {
            leases.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
        }
    }
    Ok(accepted.iter().all(|prepared| {
        leases.get(&prepared.place()).and_then(Option::as_ref) == Some(&prepared.claim.lease.token)
    }))
}
