//! What becomes different for others by a group of decisions: what they read, who points at whom, who is to be woken.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{AnyConnection, Row};

use crate::domain::{
    event::{Event, What},
    ids::SubjectId,
    subject::Relation,
};

use super::{
    super::{
        dialect::Dialect,
        error::StoreError,
        published::{self, Key},
        wake::{Changed, Wakes},
    },
    Place,
    checks::Published,
    prepared::{Decided, Prepared, Shown},
};

/// What becomes different by a group of decisions.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) published: BTreeMap<Place, Shown>,
    pub(super) changed: BTreeSet<Changed>,
    pub(super) wakes: Wakes,
    pub(super) new_edges: Vec<[String; 4]>,
    pub(super) old_edges: Vec<[String; 4]>,
    /// With the rank of the reader.
    pub(super) new_readings: Vec<(Place, i64, String)>,
    pub(super) old_readings: Vec<[String; 3]>,
}

/// Whether somebody may wait for it, even where nothing is another.
const fn is_read_anew(event: &Event) -> bool {
    matches!(event.what, What::Swept { .. })
}

/// Relation and target.
type Edges = BTreeSet<(String, String)>;

impl Changes {
    pub(super) async fn find(
        connection: &mut AnyConnection,
        dialect: Dialect,
        accepted: &[&Prepared<'_>],
        mut published: Published,
    ) -> Result<Self, StoreError> {
        let decided: Vec<(&Prepared<'_>, &Decided<'_>)> =
            accepted.iter().filter_map(|prepared| Some((*prepared, prepared.decided()?))).collect();
        let places: Vec<Place> = decided.iter().map(|(prepared, _)| prepared.place()).collect();
        let mut edges = edges(connection, dialect, &places).await?;
        let mut readings = readings(connection, dialect, &places).await?;
        let mut changes = Self::default();
        for ((prepared, decided), place) in decided.into_iter().zip(places) {
            let old_edges = edges.remove(&place).unwrap_or_default();
            let own = Key::view(&prepared.claim.subject);
            let is_new_face = changes.publish(prepared, &own, &decided.view, &mut published);
            if prepared.claim.events.iter().any(is_read_anew) {
                changes.wake_readers(prepared, &own);
            }
            changes.set_names(prepared, decided, &mut published);
            changes.set_edges(prepared, decided, &old_edges, is_new_face)?;
            changes.set_readings(prepared, decided, &readings.remove(&place).unwrap_or_default());
        }
        Ok(changes)
    }

    fn change(&mut self, prepared: &Prepared<'_>, key: &Key, shown: Shown) {
        self.published.insert((prepared.tenant.clone(), key.text.clone()), shown);
        self.wake_readers(prepared, key);
    }

    fn wake_readers(&mut self, prepared: &Prepared<'_>, key: &Key) {
        self.changed.insert(Changed {
            tenant: prepared.tenant.clone(),
            key: key.text.clone(),
            kind: prepared.claim.subject.kind().rank(),
            hops: prepared.claim.hops + 1,
        });
    }

    /// Whether it differs from what was shown.
    fn publish(
        &mut self,
        prepared: &Prepared<'_>,
        key: &Key,
        shown: &Shown,
        published: &mut Published,
    ) -> bool {
        let place = (prepared.tenant.clone(), key.text.clone());
        let differs = published.face(&place) != shown.face.as_ref();
        if differs {
            self.change(prepared, key, shown.clone());
            published.set_face(place, shown.face.clone());
        }
        differs
    }

    fn set_names(&mut self, prepared: &Prepared<'_>, decided: &Decided<'_>, published: &mut Published) {
        if let Some((key, mine)) = &decided.unnamed {
            let place = (prepared.tenant.clone(), key.text.clone());
            if published.face(&place) == mine.face.as_ref() {
                self.publish(prepared, key, &Shown::NOTHING, published);
            }
        }
        if let Some((key, mine)) = &decided.named {
            self.publish(prepared, key, mine, published);
        }
    }

    fn set_edges(
        &mut self,
        prepared: &Prepared<'_>,
        decided: &Decided<'_>,
        old: &Edges,
        is_new_face: bool,
    ) -> Result<(), StoreError> {
        let stored =
            |(relation, target): &(Relation, SubjectId)| (relation.as_str().into(), published::id(target));
        let new: Edges = decided.edges.iter().map(stored).collect();
        let row = |(relation, target): &(String, String)| {
            [prepared.tenant.clone(), prepared.id.clone(), relation.clone(), target.clone()]
        };
        self.new_edges.extend(new.difference(old).map(row));
        self.old_edges.extend(old.difference(&new).map(row));
        for (relation, target) in new.symmetric_difference(old) {
            self.change(prepared, &Key::pointing_at(relation, &published::subject(target)?), Shown::NOTHING);
        }
        if is_new_face || new != *old {
            for (_, target) in new.union(old) {
                let subject = published::subject(target)?;
                if subject.kind() > prepared.claim.subject.kind() {
                    self.wakes.add(&prepared.claim.tenant, &subject, prepared.claim.hops + 1);
                }
            }
        }
        Ok(())
    }

    fn set_readings(&mut self, prepared: &Prepared<'_>, decided: &Decided<'_>, old: &BTreeSet<String>) {
        let kind = prepared.claim.subject.kind().rank();
        let read: BTreeSet<&String> = decided.reads.keys().map(|key| &key.text).collect();
        let new = read.iter().filter(|key| !old.contains(**key));
        self.new_readings.extend(new.map(|key| (prepared.place(), kind, (*key).clone())));
        let gone = old.iter().filter(|key| !read.contains(key));
        self.old_readings.extend(gone.map(|key| [prepared.tenant.clone(), prepared.id.clone(), key.clone()]));
    }
}

async fn edges(
    connection: &mut AnyConnection,
    dialect: Dialect,
    places: &[Place],
) -> Result<BTreeMap<Place, BTreeSet<(String, String)>>, StoreError> {
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
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
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let text = "SELECT tenant, reader, {list_of_keys} FROM reading WHERE (tenant, reader) IN ({rows})
                GROUP BY tenant, reader";
    let mut readings: BTreeMap<Place, BTreeSet<String>> = BTreeMap::new();
    let statement = places.iter().fold(dialect.rows(text, 2, places.len()), |statement, (tenant, reader)| {
        statement.bind(tenant.clone()).bind(reader.clone())
    });
    for row in statement.fetch_all(connection).await? {
        // One row for each reader: each costs more than what is in it.
        let keys: String = row.try_get(2)?;
        readings.insert((row.try_get(0)?, row.try_get(1)?), serde_json::from_str(&keys)?);
    }
    Ok(readings)
}
