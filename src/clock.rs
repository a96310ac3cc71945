//! The only reader of the time. Everybody else is told.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Tells the time: the system's, or one that is held and moved by hand (the sandbox plays weeks in a second).
#[derive(Debug, Clone, Default)]
pub struct Clock {
    held: Option<Arc<Mutex<Timestamp>>>,
}

impl Clock {
    /// The system's time.
    #[must_use]
    pub const fn system() -> Self {
        Self { held: None }
    }

    /// A time that stands still until it is advanced. Clones are hands of the same clock.
    #[must_use]
    pub fn held(at: Timestamp) -> Self {
        Self { held: Some(Arc::new(Mutex::new(at))) }
    }

    /// The time at which it is held; `None` for the system's.
    #[must_use]
    pub fn held_at(&self) -> Option<Timestamp> {
        self.held.as_ref().map(|held| *held.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The time now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's time")]
    pub fn now(&self) -> Timestamp {
        self.held_at().unwrap_or_else(Timestamp::now)
    }

    /// A moment by which waiting is measured: it passes also while the time is held.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's time")]
    pub fn instant(&self) -> tokio::time::Instant {
        tokio::time::Instant::now()
    }

    /// Moves a held clock on; the system's time moves by itself.
    pub fn advance(&self, by: SignedDuration) {
        if let Some(held) = &self.held {
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            *held = held.saturating_add(by).unwrap_or(*held);
        }
    }
}
