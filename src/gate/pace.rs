//! How often somebody may ask: so many requests a minute, whoever they are, so that one pipeline that has lost its mind
//! leaves room for the others. What waits counts once. Each replica counts for itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::domain::{
    asker::{Asker, Kind},
    ids::TenantId,
};

/// Askers that are remembered; who has asked for nothing in a minute need not be.
const MOST: usize = 10_000;

/// Who asks, as far as it is counted: a token of ours, or all jobs of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(TenantId, String);

impl From<&Asker> for Key {
    fn from(asker: &Asker) -> Self {
        let who = match &asker.kind {
            Kind::Actions(_) | Kind::Outsider(_) => format!("jobs of {}", asker.repository()),
            Kind::Token(grant) => format!("token {}", grant.id),
        };
        Self(asker.tenant.clone(), who)
    }
}

/// Counts. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct Pace {
    /// Between two requests, where somebody asks without end.
    every: Duration,
    /// When each would have asked for all that they have, had they asked evenly.
    until: Arc<Mutex<HashMap<Key, Instant>>>,
}

impl Pace {
    /// So many requests a minute.
    #[must_use]
    pub fn of(per_minute: u32) -> Self {
        Self { every: MINUTE / per_minute.max(1), until: Arc::default() }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// When it is too much: how long to wait.
    pub fn count(&self, key: Key, now: Instant) -> Result<(), Duration> {
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= MOST {
            until.retain(|_, until| *until > now);
        }
        if until.len() >= MOST && !until.contains_key(&key) {
            return Err(self.every);
        }
        let asked = until.get(&key).copied().unwrap_or(now).max(now) + self.every;
        let ahead = asked.duration_since(now);
        if ahead > MINUTE {
            return Err(ahead - MINUTE);
        }
        until.insert(key, asked);
        Ok(())
    }
}

const MINUTE: Duration = Duration::from_secs(60);

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "any moment does")]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;

    fn key(who: usize) -> Key {
        Key(TenantId::new("github.com", AccountId(1)), who.to_string())
    }

    #[test]
    fn so_many_a_minute_pass_and_then_one_at_a_time() {
        let (pace, begin) = (Pace::of(60), Instant::now());
        let asked = |who, second| pace.count(key(who), begin + Duration::from_secs(second));
        assert!((0..60).all(|_| asked(1, 0).is_ok()));
        assert_eq!(asked(1, 0), Err(Duration::from_secs(1)));
        assert_eq!(asked(2, 0), Ok(()), "each has a pace of their own");
        assert_eq!(asked(1, 1), Ok(()));
        assert_eq!(asked(1, 1), Err(Duration::from_secs(1)));
        assert!((0..60).all(|_| asked(1, 120).is_ok()), "after a minute of silence all is as before");
        assert_eq!(asked(1, 120), Err(Duration::from_secs(1)));
    }

    #[test]
    fn not_more_is_remembered_than_there_is_room_for_and_who_is_silent_is_forgotten() {
        let (pace, begin) = (Pace::of(60), Instant::now());
        assert!((0..MOST).all(|who| pace.count(key(who), begin).is_ok()));
        assert!(pace.count(key(MOST), begin).is_err());
        assert_eq!(pace.count(key(0), begin), Ok(()), "who is known goes on");
        assert_eq!(pace.count(key(MOST), begin + MINUTE), Ok(()));
        assert_eq!(pace.until.lock().unwrap().len(), 1);
    }
}
