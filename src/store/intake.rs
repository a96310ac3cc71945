//! Writes deliveries down before they are acknowledged: many callers, one fsync.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, atomic::Ordering},
    time::{Duration, SystemTime},
};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row, any::AnyRow};
use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    task::JoinSet,
};
use ulid::Generator;

use crate::domain::{
    event::Event,
    ids::{RepoId, SubjectId, TenantId},
};

use super::{
    Due, Hint, Store, addressed,
    database::{Database, Work},
    dialect::{Dialect, Statement},
    error::{KeepError, StoreError},
    payload::Packed,
};

/// For so long somebody waits for a place among those who wait to be written, where very many come at once.
const PATIENCE: Duration = Duration::from_secs(5);
/// Deliveries that may wait to be written.
const QUEUE: usize = 1024;
/// Kibibytes (compressed) that may wait to be written.
const QUEUE_KIB: usize = 32 * 1024;
/// Deliveries in one transaction.
const GROUP: usize = 256;
/// Rows in one statement: more do not make it faster.
const MOST_ROWS: usize = 64;
/// Bytes (compressed) after which a transaction takes no more deliveries.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
/// The longest id and the longest event name that are stored, in bytes. GitHub's have 36 and 40.
const LONGEST_NAME: usize = 255;

/// A webhook that was proven genuine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// As GitHub names it; not always a GUID.
    pub id: String,
    /// GitHub's event name.
    pub event: String,
    /// The GitHub that sent it: `github.com`.
    pub host: String,
    pub received_at: Timestamp,
    pub body: Packed,
}

/// It is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// Seen for the first time.
    New,
    /// Seen before: its subjects are looked at again; a parked one is tried again.
    Repeated,
}

/// The way to the task that writes.
#[derive(Debug, Clone)]
pub(super) struct Intake {
    queue: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    /// How many wait to be written.
    waiting: watch::Sender<usize>,
    /// How long others give way to them.
    courtesy: Duration,
}

/// For so long those who deliver go before those who work on what was delivered: GitHub waits for an answer. Where several may
/// write at once, less is enough, and what is behind is worked off sooner.
const fn courtesy(dialect: Dialect) -> Duration {
    Duration::from_millis(match dialect {
        Dialect::Sqlite => 200,
        Dialect::Postgres => 50,
    })
}

/// Whom a delivery of our own concerns, where that is known as it is written down: nobody has to find it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Addressed {
    pub tenant: TenantId,
    pub repo: RepoId,
    pub subject: SubjectId,
    pub event: Box<Event>,
}

#[derive(Debug)]
pub(super) struct Waiting {
    /// Sorts in the order of arrival.
    pub(super) key: String,
    pub(super) delivery: NewDelivery,
    /// `None`: it is to be found out whom it concerns.
    pub(super) to: Option<Addressed>,
    answer: oneshot::Sender<Result<Kept, KeepError>>,
    _room: OwnedSemaphorePermit,
}

impl Store {
    /// Stores a delivery. When this returns `Ok`, it survives a crash.
    pub async fn keep(&self, delivery: NewDelivery) -> Result<Kept, KeepError> {
        self.keep_as(delivery, None).await
    }

    /// Stores a delivery and routes it, in one.
    pub async fn keep_routed(&self, delivery: NewDelivery, to: Addressed) -> Result<Kept, KeepError> {
        self.keep_as(delivery, Some(to)).await
    }

    async fn keep_as(&self, delivery: NewDelivery, to: Option<Addressed>) -> Result<Kept, KeepError> {
        let intake = self.inner.intake.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        intake.ok_or_else(|| KeepError::Busy("the store is closed".into()))?.keep(delivery, to).await
    }

    /// For whoever takes the next piece of work, before taking it: those who deliver go first, for a while.
    pub(super) async fn give_way(&self) {
        let intake = self.inner.intake.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(intake) = intake {
            intake.give_way().await;
        }
    }
}

impl Intake {
    /// Starts the task that writes; it ends when the last way to it is dropped.
    pub(super) fn start(tasks: &mut JoinSet<()>, database: Database, hint: Hint) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let courtesy = courtesy(database.dialect);
        let line = Arc::new(Mutex::new(Line { waiting, keys: Generator::new() }));
        for _ in 0..WRITERS {
            tasks.spawn(write(Arc::clone(&line), database.clone(), hint.clone()));
        }
        Self { queue, room: Arc::new(Semaphore::new(QUEUE_KIB)), waiting: watch::Sender::new(0), courtesy }
    }

    /// Returns when nobody waits to be written any more, or when that lasts too long.
    async fn give_way(&self) {
        let mut waiting = self.waiting.subscribe();
        tokio::time::timeout(self.courtesy, waiting.wait_for(|waiting| *waiting == 0)).await.ok();
    }

    async fn keep(&self, delivery: NewDelivery, to: Option<Addressed>) -> Result<Kept, KeepError> {
        let full = || KeepError::Busy("too many deliveries wait to be written".into());
        is_fit(&delivery)?;
        let kib = u32::try_from(delivery.body.length() / 1024 + 1).unwrap_or(u32::MAX);
        let entering = async {
            let room = Arc::clone(&self.room).acquire_many_owned(kib).await.ok()?;
            Some((room, self.queue.reserve().await.ok()?))
        };
        let entered = tokio::time::timeout(PATIENCE, entering).await;
        let (room, place) = entered.ok().flatten().ok_or_else(full)?;
        let (answer, answered) = oneshot::channel();
        place.send(Waiting { key: String::new(), delivery, to, answer, _room: room });
        let _waits = Waits::begin(&self.waiting);
        answered.await.map_err(|_| KeepError::Busy("the store was closed meanwhile".into()))?
    }
}

/// Somebody who waits, for as long as this lives.
struct Waits<'a>(&'a watch::Sender<usize>);

impl<'a> Waits<'a> {
    fn begin(waiting: &'a watch::Sender<usize>) -> Self {
        waiting.send_modify(|waiting| *waiting += 1);
        Self(waiting)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting = waiting.saturating_sub(1));
    }
}

fn is_fit(delivery: &NewDelivery) -> Result<(), KeepError> {
    for name in [&delivery.id, &delivery.event, &delivery.host] {
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains('\0') {
            return Err(KeepError::Unfit("its id or event name is empty, too long, or holds a NUL"));
        }
    }
    Ok(())
}

/// Those who wait, and the names that they get when their turn comes.
struct Line {
    waiting: mpsc::Receiver<Waiting>,
    keys: Generator,
}

impl Line {
    /// All who wait, as far as they fit into one transaction; `None` when nobody will come any more.
    async fn next(&mut self) -> Option<Vec<Waiting>> {
        let first = self.waiting.recv().await?;
        let mut bytes = first.delivery.body.length();
        let mut group = vec![first];
        while group.len() < GROUP && bytes < GROUP_BYTES {
            let Ok(next) = self.waiting.try_recv() else { break };
            bytes += next.delivery.body.length();
            group.push(next);
        }
        name(&mut self.keys, &mut group);
        tell_apart(&mut group);
        Some(group)
    }
}

/// One group is put together and written while another is on its way to the disk.
const WRITERS: usize = 2;

async fn write(line: Arc<Mutex<Line>>, database: Database, hint: Hint) {
    loop {
        let next = line.lock().await.next().await;
        let Some(group) = next else { return };
        let is_routed = group.iter().any(|waiting| waiting.to.is_some());
        commit(&database, group).await;
        hint.give(if is_routed { &[Due::Deliveries, Due::Subjects] } else { &[Due::Deliveries] });
    }
}

/// Keys that sort in the order of arrival.
fn name(keys: &mut Generator, group: &mut [Waiting]) {
    for waiting in group {
        let at = SystemTime::UNIX_EPOCH + since_epoch(waiting.delivery.received_at);
        let key = keys.generate_from_datetime(at).unwrap_or_else(ulid::Overflow::commit_overflow_increment);
        waiting.key = key.to_string();
    }
}

/// One id with two bodies stands for two deliveries: GitHub sends the same body again, others number anew after a
/// restart or not at all.
fn tell_apart(group: &mut [Waiting]) {
    let mut hashes: BTreeMap<String, String> = BTreeMap::new();
    for waiting in group {
        let hash = waiting.delivery.body.hash();
        if hashes.entry(waiting.delivery.id.clone()).or_insert_with(|| hash.to_owned()) != hash {
            waiting.give_own_id();
        }
    }
}

impl Waiting {
    /// The id that another body bears already, with the beginning of this body's hash.
    fn give_own_id(&mut self) {
        let hash = self.delivery.body.hash();
        let start = hash.get(..12).unwrap_or(hash);
        self.delivery.id = format!("{}~{start}", self.delivery.id);
    }
}

/// The smallest key of a delivery that arrived then, in microseconds.
pub(super) fn first_key(at: i64) -> String {
    ulid::Ulid::from_parts(u64::try_from(at / 1000).unwrap_or(0), 0).to_string()
}

fn since_epoch(at: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

/// Answers everybody in the group; where the data of one is refused, only that one is.
async fn commit(database: &Database, group: Vec<Waiting>) {
    let mut groups = vec![group];
    while let Some(mut group) = groups.pop() {
        let result = match insert_at_once(database, &group).await {
            Some(kept) => Ok(kept),
            None => {
                let work: Work<Vec<Waiting>, _> =
                    |connection, dialect, group| Box::pin(insert(connection, dialect, group));
                database.write(&group, work).await
            }
        };
        match result {
            Ok(kept) => {
                database.refusing.store(false, Ordering::Relaxed);
                let mut others = vec![];
                for (mut waiting, kept) in group.into_iter().zip(kept) {
                    if let Some(kept) = kept {
                        waiting.answer.send(Ok(kept)).ok();
                    } else {
                        waiting.give_own_id();
                        others.push(waiting);
                    }
                }
                groups.extend((!others.is_empty()).then_some(others));
            }
            Err(error) if error.is_about_the_data() && group.len() > 1 => {
                let half = group.split_off(group.len() / 2);
                groups.extend([half, group]);
            }
            Err(error) => {
                database.refusing.store(true, Ordering::Relaxed);
                tracing::error!(%error, deliveries = group.len(), "deliveries were not stored");
                for waiting in group {
                    waiting.answer.send(Err(KeepError::Busy(error.to_string()))).ok();
                }
            }
        }
    }
}

/// A delivery, and how often it stands in the group beside this once.
pub(super) type First<'a> = (&'a Waiting, i64);

fn firsts(rows: &[Waiting]) -> Vec<First<'_>> {
    let mut firsts: BTreeMap<&str, First<'_>> = BTreeMap::new();
    for row in rows {
        firsts.entry(&row.delivery.id).and_modify(|(_, repeats)| *repeats += 1).or_insert((row, 0));
    }
    firsts.into_values().collect()
}

/// What is usual, small bodies that are all new, is one statement that commits by itself: each that is waited for is a time in
/// which nobody writes. `None`: it is not usual, or it failed. What is there then is found by its key.
async fn insert_at_once(database: &Database, rows: &[Waiting]) -> Option<Vec<Option<Kept>>> {
    let firsts = firsts(rows);
    let is_usual = |(row, _): &First<'_>| row.delivery.body.has_one_part();
    if firsts.len() > MOST_ROWS || !firsts.iter().all(is_usual) {
        return None;
    }
    let is_addressed = firsts.iter().any(|(row, _)| row.to.is_some());
    let statement = match (is_addressed, database.dialect) {
        (false, dialect) => new(dialect, &firsts, true),
        (true, Dialect::Sqlite) => addressed::at_once(&firsts).ok()?,
        // Before it is looked who has moved, a lock must be held.
        (true, Dialect::Postgres) => return None,
    };
    let found = database.at_once(statement).await.and_then(|found| count(&found));
    let found =
        found.inspect_err(|error| tracing::debug!(%error, "deliveries are stored step by step")).ok()?;
    (found == firsts.len()).then(|| all_new(rows, &firsts))
}

/// Each of these is in the table by now, and was not before.
fn all_new(rows: &[Waiting], firsts: &[First<'_>]) -> Vec<Option<Kept>> {
    let keys: BTreeSet<&str> = firsts.iter().map(|(row, _)| row.key.as_str()).collect();
    let kept = |row: &Waiting| if keys.contains(row.key.as_str()) { Kept::New } else { Kept::Repeated };
    rows.iter().map(kept).map(Some).collect()
}

/// Whoever's key is in the table was the first; the others repeat it. `None`: another body bears its id.
async fn insert(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[Waiting],
) -> Result<Vec<Option<Kept>>, StoreError> {
    let firsts = firsts(rows);
    let before = addressed::hold(connection, dialect, &firsts).await?;
    let mut inserted = 0;
    for some in firsts.chunks(MOST_ROWS) {
        inserted += count(&new(dialect, some, false).fetch_all(&mut *connection).await?)?;
    }
    if inserted == firsts.len() {
        write_rest(connection, dialect, &firsts).await?;
        addressed::route(connection, dialect, &firsts, &before).await?;
        return Ok(all_new(rows, &firsts));
    }
    let there = lock(connection, dialect, &firsts).await?;
    let is_new = |row: &Waiting| there.get(&row.delivery.id).is_some_and(|there| there.key == row.key);
    let is_other = |row: &Waiting| {
        let there = there.get(&row.delivery.id).and_then(|there| there.body.as_deref());
        there.is_some_and(|hash| hash != row.delivery.body.hash())
    };
    let firsts: Vec<First<'_>> = firsts.into_iter().filter(|(row, _)| !is_other(row)).collect();
    let (new, repeated): (Vec<First<'_>>, Vec<First<'_>>) =
        firsts.iter().copied().partition(|(row, _)| is_new(row));
    write_rest(connection, dialect, &new).await?;
    addressed::route(connection, dialect, &new, &before).await?;
    repeat(connection, dialect, &repeated).await?;
    let bodies: Vec<(&str, &Packed)> = repeated
        .iter()
        .filter_map(|(row, _)| Some((there.get(&row.delivery.id)?.key.as_str(), &row.delivery.body)))
        .collect();
    let written = insert_missing_bodies(connection, dialect, &bodies).await?;
    let is_back =
        |row: &Waiting| there.get(&row.delivery.id).is_some_and(|there| written.contains(&there.key));
    let back: Vec<&Waiting> = repeated.iter().map(|(row, _)| *row).filter(|row| is_back(row)).collect();
    describe(connection, dialect, &back).await?;
    let kept = |row: &Waiting| if is_new(row) { Kept::New } else { Kept::Repeated };
    Ok(rows.iter().map(|row| (!is_other(row)).then(|| kept(row))).collect())
}

/// What is written of deliveries that are not there yet, each with its body; it answers how many. What has no id is a place
/// that was not needed.
const NEW_SQLITE: &str =
    "INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose)
    SELECT * FROM ({deliveries}) WHERE column1 IS NOT NULL
    ON CONFLICT (delivery_id) DO NOTHING;
    INSERT INTO body (id, body)
    SELECT * FROM ({bodies}) WHERE column1 IN (SELECT id FROM delivery)
    ON CONFLICT (id) DO NOTHING;
    SELECT changes();";
const NEW_POSTGRES: &str = "WITH given (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose, body) AS ({rows}),
    new AS (
      INSERT INTO delivery (id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose)
      SELECT id, delivery_id, event, host, received_at, body_hash, body_size, repeats, whose FROM given
      WHERE id IS NOT NULL ON CONFLICT (delivery_id) DO NOTHING RETURNING id),
    bodies AS (
      INSERT INTO body (id, body) SELECT id, body FROM given WHERE id IN (SELECT id FROM new) RETURNING id)
    SELECT count(*) FROM bodies";

/// `alone`: it is a transaction by itself.
fn new(dialect: Dialect, rows: &[First<'_>], alone: bool) -> Statement {
    let places = round_number(rows.len());
    let all = || rows.iter().map(Some).chain(std::iter::repeat(None)).take(places);
    match dialect {
        Dialect::Sqlite => {
            let texts = [("{deliveries}", 9), ("{bodies}", 2)];
            let parts: &[&str] =
                if alone { &["BEGIN IMMEDIATE; ", NEW_SQLITE, " COMMIT"] } else { &[NEW_SQLITE] };
            let statement = all().fold(dialect.several(&parts.concat(), &texts, places), bind_delivery);
            all().fold(statement, |statement, row| {
                bind_body(statement.bind(row.map(|(row, _)| row.key.clone())), row)
            })
        }
        Dialect::Postgres => all().fold(dialect.rows(NEW_POSTGRES, 10, places), |statement, row| {
            bind_body(bind_delivery(statement, row), row)
        }),
    }
}

fn count(found: &[AnyRow]) -> Result<usize, StoreError> {
    let count: i64 = found.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Statements are prepared once for each number of rows: there are few numbers, so that there are few statements. The
/// smallest of 1, 2, 3, 4, 6, 8, 12 and so on that is not smaller than this.
pub(super) fn round_number(rows: usize) -> usize {
    let power = rows.next_power_of_two();
    let smaller = power / 4 * 3;
    if smaller >= rows { smaller } else { power }
}

pub(super) fn bind_delivery(statement: Statement, row: Option<&First<'_>>) -> Statement {
    let delivery = row.map(|(row, _)| &row.delivery);
    statement
        .bind(row.map(|(row, _)| row.key.clone()))
        .bind(delivery.map(|delivery| delivery.id.clone()))
        .bind(delivery.map(|delivery| delivery.event.clone()))
        .bind(delivery.map(|delivery| delivery.host.clone()))
        .bind(delivery.map(|delivery| delivery.received_at.as_microsecond()))
        .bind(delivery.map(|delivery| delivery.body.hash().to_owned()))
        .bind(delivery.map(|delivery| delivery.body.size()))
        .bind(row.map(|(_, repeats)| *repeats))
        .bind(delivery.map(|delivery| delivery.body.whose().to_owned()))
}

pub(super) fn bind_body(statement: Statement, row: Option<&First<'_>>) -> Statement {
    statement.bind(row.map(|(row, _)| row.delivery.body.first()))
}

/// The parts of large bodies that have no place in the first row.
async fn write_rest(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[First<'_>],
) -> Result<(), StoreError> {
    for (row, _) in rows {
        row.delivery.body.write_rest(connection, dialect, &row.key).await?;
    }
    Ok(())
}

fn bind_bodies(statement: Statement, bodies: &[(&str, &Packed)]) -> Statement {
    bodies
        .iter()
        .fold(statement, |statement, (key, body)| statement.bind((*key).to_owned()).bind(body.first()))
}

/// What is in the table under an id.
struct There {
    key: String,
    /// The hash of its body; `None`: the body is not there, or was forgotten.
    body: Option<String>,
}

/// What is in the table under these ids. All replicas lock them in the same order.
async fn lock(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[First<'_>],
) -> Result<BTreeMap<String, There>, StoreError> {
    let text = "SELECT delivery_id, id,
                  CASE WHEN EXISTS (SELECT 1 FROM body WHERE body.id = delivery.id)
                    THEN body_hash END
                FROM delivery WHERE delivery_id IN ({rows}) ORDER BY delivery_id {lock}";
    let statement = dialect.rows(text, 1, rows.len());
    let statement = rows.iter().fold(statement, |statement, (row, _)| statement.bind(&row.delivery.id));
    let found = statement.fetch_all(connection).await?;
    let there = |row: &AnyRow| -> Result<(String, There), sqlx::Error> {
        Ok((row.try_get(0)?, There { key: row.try_get(1)?, body: row.try_get(2)? }))
    };
    Ok(found.iter().map(there).collect::<Result<_, _>>()?)
}

async fn repeat(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[First<'_>],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = "WITH v (delivery_id, repeats) AS ({rows})
                UPDATE delivery SET
                  waiting = 1,
                  repeats = delivery.repeats + 1 + v.repeats,
                  attempts = CASE WHEN delivery.waiting = 1 THEN delivery.attempts ELSE 0 END,
                  state = CASE WHEN delivery.state = 'parked' THEN 'kept' ELSE delivery.state END
                FROM v WHERE delivery.delivery_id = v.delivery_id";
    let statement = rows.iter().fold(dialect.rows(text, 2, rows.len()), |statement, (row, repeats)| {
        statement.bind(&row.delivery.id).bind(*repeats)
    });
    statement.execute(connection).await?;
    Ok(())
}

/// Answers the keys of those that had none.
async fn insert_missing_bodies(
    connection: &mut AnyConnection,
    dialect: Dialect,
    bodies: &[(&str, &Packed)],
) -> Result<BTreeSet<String>, StoreError> {
    if bodies.is_empty() {
        return Ok(BTreeSet::new());
    }
    let text = "INSERT INTO body (id, body) {rows} ON CONFLICT (id) DO NOTHING RETURNING id";
    let statement = bind_bodies(dialect.rows(text, 2, bodies.len()), bodies);
    let written = statement.fetch_all(&mut *connection).await?;
    let written: BTreeSet<String> =
        written.iter().map(|row| row.try_get(0)).collect::<Result<_, sqlx::Error>>()?;
    for (key, body) in bodies.iter().filter(|(key, _)| written.contains(*key)) {
        body.write_rest(connection, dialect, key).await?;
    }
    Ok(written)
}

/// A body that takes the place of a forgotten one need not be the same: size and hash are those of what is stored.
async fn describe(
    connection: &mut AnyConnection,
    dialect: Dialect,
    rows: &[&Waiting],
) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let text = "WITH v (delivery_id, hash, size) AS ({rows})
                UPDATE delivery SET body_hash = v.hash, body_size = v.size
                FROM v WHERE delivery.delivery_id = v.delivery_id";
    let statement = rows.iter().fold(dialect.rows(text, 3, rows.len()), |statement, row| {
        statement
            .bind(&row.delivery.id)
            .bind(row.delivery.body.hash().to_owned())
            .bind(row.delivery.body.size())
    });
    statement.execute(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_group_is_written_with_few_sizes_of_statements() {
        let sizes: BTreeSet<usize> = (1..=MOST_ROWS)
            .map(|rows| {
                let places = round_number(rows);
                assert!((rows..=rows + rows / 2).contains(&places), "{places} for {rows}");
                places
            })
            .collect();
        assert_eq!(sizes.into_iter().collect::<Vec<_>>(), [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]);
    }
}
