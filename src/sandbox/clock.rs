//! The sandbox's own time: it stands still until it is moved, or follows a clock it is given.

use jiff::{SignedDuration, Timestamp};

/// Where the sandbox's time comes from.
#[derive(Clone, Copy, Debug)]
pub enum SandboxClock {
    /// Stands at this time until [`super::Sandbox::advance`].
    Stopped(Timestamp),
    /// Follows a clock; `advance` adds to it.
    Following(fn() -> Timestamp),
}

/// A clock with what was added to it.
#[derive(Debug)]
pub(super) struct Clock {
    source: SandboxClock,
    ahead: SignedDuration,
}

impl Clock {
    pub fn new(source: SandboxClock) -> Self {
        Self { source, ahead: SignedDuration::ZERO }
    }

    pub fn now(&self) -> Timestamp {
        let base = match self.source {
            SandboxClock::Stopped(at) => at,
            SandboxClock::Following(source) => source(),
        };
        base.saturating_add(self.ahead).unwrap_or(base)
    }

    pub fn advance(&mut self, span: SignedDuration) {
        self.ahead = self.ahead.saturating_add(span);
    }
}
