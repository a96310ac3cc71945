//! Writes what was decided, and wakes whom it concerns.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::{AnyConnection, Row};

use super::{
    super::{
        audit, body,
        dialect::Dialect,
        effects,
        error::StoreError,
        published::{self, pointing_key},
        wake::{self, Changed, Wakes},
    },
    prepared::{Decided, Prepared, Shown, Written},
};

/// Rows in one statement.
const ROWS: usize = 500;

type Place = (String, String);

/// The log comes last: its head is the one row that all decisions of a tenant wait for.
pub(super) async fn write(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    if accepted.is_empty() {
        return Ok(());
    }
    set_subjects(connection, dialect, accepted, now).await?;
    delete_events(connection, dialect, accepted).await?;
    let decided: Vec<(&Prepared<'_>, &Decided<'_>)> =
        accepted.iter().filter_map(|prepared| Some((*prepared, prepared.decided()?))).collect();
    if decided.is_empty() {
        return Ok(());
    }
    let changes = Changes::find(connection, dialect, &decided).await?;
    changes.write(connection, dialect, now).await?;
    let mut new = vec![];
    let mut entries = vec![];
    for (prepared, decided) in &decided {
        new.extend(decided.effects.iter().map(|effect| (prepared.tenant.as_str(), effect)));
        let entry = |entry| (prepared.tenant.as_str(), prepared.id.as_str(), entry);
        entries.extend(decided.audit.iter().map(entry));
    }
    effects::store(connection, dialect, new, now).await?;
    audit::append(connection, dialect, &entries, now).await
}

/// Whoever was woken since the claim stays due.
async fn set_subjects(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut statement = dialect.rows(
        "WITH v (tenant, id, token, wakes, more, ended, decided, state, at, why, parked) AS ({rows})
         UPDATE subject SET
           version = subject.version + v.decided,
           state = coalesce(v.state, subject.state),
           look_again_at = CASE WHEN v.decided = 1 THEN v.at WHEN subject.look_again_at > $1 THEN subject.look_again_at END,
           due_at = CASE WHEN subject.wakes <> v.wakes OR v.more = 1 THEN 0
             WHEN v.decided = 1 OR v.ended = 0 THEN v.at
             WHEN subject.look_again_at > $1 THEN subject.look_again_at END,
           hops = CASE WHEN subject.wakes <> v.wakes THEN subject.hops ELSE 0 END,
           attempts = CASE WHEN v.ended = 1 THEN 0 ELSE subject.attempts END,
           last_why = v.why,
           parked_why = CASE WHEN subject.wakes = v.wakes THEN v.parked END,
           lease_until = 0,
           settled_lease = v.token
         FROM v WHERE subject.tenant = v.tenant AND subject.id = v.id",
        11,
        accepted.len(),
    );
    statement = statement.bind(now.as_microsecond());
    for prepared in accepted {
        let lease = &prepared.claim.lease;
        let (ended, decided, state, at, why, parked) = match &prepared.outcome {
            Written::Decided(decided) => (1, 1, Some(decided.state.clone()), decided.look_again, None, None),
            Written::Ignored(why) => (1, 0, None, None, Some(body::escape(why)), None),
            Written::Retry { at, why } => (0, 0, None, Some(*at), Some(body::escape(why)), None),
            Written::Parked(why) => (0, 0, None, None, None, Some(body::escape(why))),
        };
        statement = statement
            .bind(prepared.tenant.clone())
            .bind(prepared.id.clone())
            .bind(lease.token.clone())
            .bind(lease.wakes)
            .bind(i64::from(lease.more && ended == 1))
            .bind(i64::from(ended))
            .bind(i64::from(decided))
            .bind(state)
            .bind(at)
            .bind(why)
            .bind(parked);
    }
    statement.execute(connection).await?;
    Ok(())
}

/// What was decided or ignored is done; what arrived since the claim stays.
async fn delete_events(
    connection: &mut AnyConnection,
    dialect: Dialect,
    accepted: &[&Prepared<'_>],
) -> Result<(), StoreError> {
    let done = accepted.iter().filter(|prepared| match prepared.outcome {
        Written::Decided(_) | Written::Ignored(_) => true,
        Written::Retry { .. } | Written::Parked(_) => false,
    });
    let rows: Vec<[String; 3]> = done
        .flat_map(|prepared| {
            let deliveries = prepared.claim.lease.deliveries.iter();
            deliveries.map(|delivery| [prepared.tenant.clone(), prepared.id.clone(), delivery.clone()])
        })
        .collect();
    run(connection, dialect, "DELETE FROM subject_event WHERE (tenant, subject, delivery) IN ({rows})", rows)
        .await
}

/// What becomes different by a group of decisions.
#[derive(Default)]
struct Changes {
    published: BTreeMap<Place, Shown>,
    changed: Vec<Changed>,
    wakes: Wakes,
    new_edges: Vec<[String; 4]>,
    old_edges: Vec<[String; 4]>,
    new_readings: Vec<(Place, i64, String)>,
    old_readings: Vec<[String; 3]>,
}

impl Changes {
    async fn find(
        connection: &mut AnyConnection,
        dialect: Dialect,
        decided: &[(&Prepared<'_>, &Decided<'_>)],
    ) -> Result<Self, StoreError> {
        let places: Vec<Place> =
            decided.iter().map(|(prepared, _)| (prepared.tenant.clone(), prepared.id.clone())).collect();
        let mut faces = faces(connection, dialect, decided).await?;
        let mut edges = edges(connection, dialect, &places).await?;
        let mut readings = readings(connection, dialect, &places).await?;
        let mut changes = Self::default();
        for ((prepared, decided), place) in decided.iter().zip(&places) {
            let old_edges = edges.remove(place).unwrap_or_default();
            let is_new_face = changes.publish(prepared, &prepared.id, &decided.view, &mut faces);
            changes.set_names(prepared, decided, &mut faces);
            changes.set_edges(prepared, decided, &old_edges, is_new_face)?;
            changes.set_readings(prepared, decided, place, &readings.remove(place).unwrap_or_default());
        }
        Ok(changes)
    }

    fn change(&mut self, prepared: &Prepared<'_>, key: &str, shown: Shown) {
        self.published.insert((prepared.tenant.clone(), key.into()), shown);
        self.changed.push(Changed {
            tenant: prepared.tenant.clone(),
            key: key.into(),
            kind: prepared.claim.subject.kind().rank(),
            hops: prepared.claim.hops + 1,
        });
    }

    /// Whether it differs from what was shown.
    fn publish(&mut self, prepared: &Prepared<'_>, key: &str, shown: &Shown, faces: &mut Faces) -> bool {
        let place = (prepared.tenant.clone(), key.to_owned());
        let differs = faces.get(&place).and_then(Option::as_ref) != shown.face.as_ref();
        if differs {
            self.change(prepared, key, shown.clone());
            faces.insert(place, shown.face.clone());
        }
        differs
    }

    fn set_names(&mut self, prepared: &Prepared<'_>, decided: &Decided<'_>, faces: &mut Faces) {
        if let Some((key, mine)) = &decided.unnamed {
            let place = (prepared.tenant.clone(), key.clone());
            if faces.get(&place).and_then(Option::as_ref) == mine.face.as_ref() {
                self.publish(prepared, key, &Shown::NOTHING, faces);
            }
        }
        if let Some((key, mine)) = &decided.named {
            self.publish(prepared, key, mine, faces);
        }
    }

    fn set_edges(
        &mut self,
        prepared: &Prepared<'_>,
        decided: &Decided<'_>,
        old: &BTreeSet<(String, String)>,
        is_new_face: bool,
    ) -> Result<(), StoreError> {
        let row = |(relation, target): &(String, String)| {
            [prepared.tenant.clone(), prepared.id.clone(), relation.clone(), target.clone()]
        };
        self.new_edges.extend(decided.edges.difference(old).map(row));
        self.old_edges.extend(old.difference(&decided.edges).map(row));
        for (relation, target) in decided.edges.symmetric_difference(old) {
            self.change(prepared, &pointing_key(relation, target), Shown::NOTHING);
        }
        if is_new_face || decided.edges != *old {
            for (_, target) in decided.edges.union(old) {
                let subject = published::subject(target)?;
                if subject.kind() > prepared.claim.subject.kind() {
                    self.wakes.add(&prepared.claim.tenant, &subject, prepared.claim.hops + 1);
                }
            }
        }
        Ok(())
    }

    fn set_readings(
        &mut self,
        prepared: &Prepared<'_>,
        decided: &Decided<'_>,
        place: &Place,
        old: &BTreeSet<String>,
    ) {
        let kind = prepared.claim.subject.kind().rank();
        let new = decided.reads.keys().filter(|key| !old.contains(*key));
        self.new_readings.extend(new.map(|key| (place.clone(), kind, key.clone())));
        let gone = old.iter().filter(|key| !decided.reads.contains_key(*key));
        self.old_readings.extend(gone.map(|key| [place.0.clone(), place.1.clone(), key.clone()]));
    }

    async fn write(
        mut self,
        connection: &mut AnyConnection,
        dialect: Dialect,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        publish(connection, dialect, self.published.into_iter().collect()).await?;
        let text = "DELETE FROM edge WHERE (tenant, source, relation, target) IN ({rows})";
        run(connection, dialect, text, self.old_edges).await?;
        let text = "INSERT INTO edge (tenant, source, relation, target) {rows}
                    ON CONFLICT (tenant, source, relation, target) DO NOTHING";
        run(connection, dialect, text, self.new_edges).await?;
        let text = "DELETE FROM reading WHERE (tenant, reader, key) IN ({rows})";
        run(connection, dialect, text, self.old_readings).await?;
        insert_readings(connection, dialect, self.new_readings).await?;
        // Only now: whoever read it while it changed has either waited for this, or is seen here.
        self.changed.sort();
        self.changed.dedup();
        wake::add_readers(connection, dialect, &mut self.wakes, &self.changed).await?;
        wake::wake(connection, dialect, self.wakes, now).await
    }
}

/// The hash of what is shown under a key, where something was ever shown.
type Faces = BTreeMap<Place, Option<String>>;

async fn faces(
    connection: &mut AnyConnection,
    dialect: Dialect,
    decided: &[(&Prepared<'_>, &Decided<'_>)],
) -> Result<Faces, StoreError> {
    let mut places = BTreeSet::new();
    for (prepared, decided) in decided {
        let names = decided.named.iter().chain(&decided.unnamed).map(|(key, _)| key.clone());
        places.extend(names.chain([prepared.id.clone()]).map(|key| (prepared.tenant.clone(), key)));
    }
    let mut statement = dialect.rows(
        "SELECT tenant, key, face FROM published WHERE (tenant, key) IN ({rows}) ORDER BY tenant, key {lock}",
        2,
        places.len(),
    );
    for (tenant, key) in places {
        statement = statement.bind(tenant).bind(key);
    }
    let mut faces = Faces::new();
    for row in statement.fetch_all(connection).await? {
        faces.insert((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?);
    }
    Ok(faces)
}

async fn edges(
    connection: &mut AnyConnection,
    dialect: Dialect,
    places: &[Place],
) -> Result<BTreeMap<Place, BTreeSet<(String, String)>>, StoreError> {
    let text = "SELECT tenant, source, relation, target FROM edge WHERE (tenant, source) IN ({rows})";
    let mut edges: BTreeMap<Place, BTreeSet<(String, String)>> = BTreeMap::new();
    let statement = places.iter().fold(dialect.rows(text, 2, places.len()), |statement, (tenant, source)| {
        statement.bind(tenant.clone()).bind(source.clone())
    });
    for row in statement.fetch_all(connection).await? {
        let place = (row.try_get(0)?, row.try_get(1)?);
        edges.entry(place).or_default().insert((row.try_get(2)?, row.try_get(3)?));
    }
    Ok(edges)
}

async fn readings(
    connection: &mut AnyConnection,
    dialect: Dialect,
    places: &[Place],
) -> Result<BTreeMap<Place, BTreeSet<String>>, StoreError> {
    let text = "SELECT tenant, reader, key FROM reading WHERE (tenant, reader) IN ({rows})";
    let mut readings: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    let statement = places.iter().fold(dialect.rows(text, 2, places.len()), |statement, (tenant, reader)| {
        statement.bind(tenant.clone()).bind(reader.clone())
    });
    for row in statement.fetch_all(connection).await? {
        readings.entry((row.try_get(0)?, row.try_get(1)?)).or_default().insert(row.try_get(2)?);
    }
    Ok(readings)
}

async fn publish(
    connection: &mut AnyConnection,
    dialect: Dialect,
    shown: Vec<(Place, Shown)>,
) -> Result<(), StoreError> {
    for rows in shown.chunks(ROWS) {
        let mut statement = dialect.rows(
            "INSERT INTO published (tenant, key, mark, face, shown) {rows}
             ON CONFLICT (tenant, key) DO UPDATE SET
               mark = published.mark + 1, face = excluded.face, shown = excluded.shown",
            5,
            rows.len(),
        );
        for ((tenant, key), shown) in rows {
            statement = statement
                .bind(tenant.clone())
                .bind(key.clone())
                .bind(1i64)
                .bind(shown.face.clone())
                .bind(shown.text.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_readings(
    connection: &mut AnyConnection,
    dialect: Dialect,
    readings: Vec<(Place, i64, String)>,
) -> Result<(), StoreError> {
    for rows in readings.chunks(ROWS) {
        let mut statement = dialect.rows(
            "INSERT INTO reading (tenant, reader, kind, key) {rows}
             ON CONFLICT (tenant, reader, key) DO NOTHING",
            4,
            rows.len(),
        );
        for ((tenant, reader), kind, key) in rows {
            statement = statement.bind(tenant.clone()).bind(reader.clone()).bind(*kind).bind(key.clone());
        }
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Runs a statement over rows of text, some at a time.
async fn run<const N: usize>(
    connection: &mut AnyConnection,
    dialect: Dialect,
    text: &'static str,
    rows: Vec<[String; N]>,
) -> Result<(), StoreError> {
    for rows in rows.chunks(ROWS) {
        let statement = rows
            .iter()
            .flatten()
            .fold(dialect.rows(text, N, rows.len()), |statement, value| statement.bind(value.clone()));
        statement.execute(&mut *connection).await?;
    }
    Ok(())
}
