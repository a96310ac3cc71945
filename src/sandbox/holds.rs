//! Requests that are held up on their way, until somebody lets them go: so the other side can be stopped, killed or
//! overtaken while they are in flight.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::{Sandbox, faults::On};

/// Where a request is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Before anything is done.
    Before,
    /// After the work, before the answer.
    After,
}

#[derive(Debug)]
struct Rule {
    on: On,
    hold: Hold,
    /// How many such requests pass first.
    skip: usize,
}

/// The requests to be held, and how many are.
#[derive(Debug, Default)]
pub(super) struct Holds {
    rules: Mutex<Vec<Rule>>,
    held: watch::Sender<usize>,
    released: watch::Sender<u64>,
}

/// Counts a request for as long as it is held, even if its sender goes away.
struct Held<'a>(&'a watch::Sender<usize>);

impl<'a> Held<'a> {
    fn count(held: &'a watch::Sender<usize>) -> Self {
        held.send_modify(|held| *held += 1);
        Self(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|held| *held -= 1);
    }
}

impl Holds {
    /// Where this request is to be held; a rule is used up by the request that it holds.
    pub fn of(&self, method: &str, path: &str) -> Option<Hold> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let place = rules.iter().position(|rule| rule.on.hits(method, path, None))?;
        let rule = rules.get_mut(place)?;
        if rule.skip > 0 {
            rule.skip -= 1;
            return None;
        }
        Some(rules.remove(place).hold)
    }

    /// Returns when held requests are let go.
    pub async fn wait(&self) {
        let mut released = self.released.subscribe();
        let _held = Held::count(&self.held);
        // The sender lives in `self`: waiting cannot fail.
        drop(released.changed().await);
    }
}

impl Sandbox {
    /// Of the requests that this describes, `skip` pass, and the next one is held.
    pub fn hold(&self, on: On, hold: Hold, skip: usize) {
        let rule = Rule { on, hold, skip };
        self.shared.holds.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// How many requests are held at this moment.
    pub fn held(&self) -> usize {
        *self.shared.holds.held.borrow()
    }

    /// Lets all held requests go, and holds no more.
    pub fn release(&self) {
        self.shared.holds.rules.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.shared.holds.released.send_modify(|times| *times += 1);
    }
}
