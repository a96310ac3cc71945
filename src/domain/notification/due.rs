//! When the next message leaves: at once within the hours that policy gives, or at the times of a digest.

use jiff::{Span, Timestamp};

use crate::domain::{
    calendar::Opening,
    policy::{Cadence, Notify, Zone},
};

/// How far back a digest is looked for: the rarest that policy can write comes once in so many days.
const LONGEST: i64 = 400;

/// Whether a message may leave now, where the last left at `last`.
#[must_use]
pub fn is_due(notify: &Notify, zone: &Zone, last: Timestamp, now: Timestamp) -> bool {
    let is_time = notify.digest.is_none_or(|digest| digest_at(digest, zone, now).is_some_and(|at| at > last));
    is_time && Opening::new(&notify.hours, zone.clone()).is_open(now)
}

/// The last time of a digest, up to now.
fn digest_at(digest: Cadence, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
    let today = zone.time_zone().to_datetime(now).date();
    let begins = today.saturating_sub(Span::new().days(LONGEST));
    let at = |wall| zone.time_zone().to_timestamp(wall).ok();
    digest.departures(begins, today).filter_map(at).filter(|at| *at <= now).last()
}
