//! What people do on GitHub. Each deed is recorded, so that a test can count what a path costs people, and tells
//! the App what GitHub would tell it.
//!
//! Repositories are named `owner/name`. Naming something that does not exist is a mistake of the caller, and
//! panics with what was named.

use jiff::Timestamp;

use super::Sandbox;
use super::state::{Numbered, State};

mod deployments;
mod issues;
mod owners;
mod pulls;

pub use issues::{CloseReason, Edit};
pub use pulls::{Entry, Verdict};

/// Something that a person did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub at: Timestamp,
    /// The login.
    pub who: String,
    /// The deed, as the method is named: `comment`, `label`, `merge`.
    pub what: &'static str,
    /// What it was done to: `acme/web#12`, `acme/web`, `acme`.
    pub on: String,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person<'s> {
    sandbox: &'s Sandbox,
    login: String,
}

impl<'s> Person<'s> {
    pub(super) fn new(sandbox: &'s Sandbox, login: &str) -> Self {
        let known = sandbox.shared.with(|state| state.world.account(login).is_some());
        let login = must(known.then(|| login.to_owned()), login);
        Self { sandbox, login }
    }

    /// Does something in a repository.
    #[track_caller]
    fn in_repo<T>(
        &self,
        what: &'static str,
        repo: &str,
        deed: impl FnOnce(&mut State, u64, u64) -> Option<T>,
    ) -> T {
        let done = self.sandbox.shared.with(|state| {
            let me = state.world.account(&self.login)?.id;
            let id = state.world.repo(repo)?.id;
            let done = deed(state, me, id)?;
            self.record(state, what, repo);
            Some(done)
        });
        must(done, repo)
    }

    /// Does something to an issue or a pull request.
    #[track_caller]
    fn to<T>(&self, what: &'static str, at: Numbered, deed: impl FnOnce(&mut State, u64) -> Option<T>) -> T {
        let done = self.sandbox.shared.with(|state| {
            let me = state.world.account(&self.login)?.id;
            let on = format!("{}#{}", state.world.full_name(state.repo(at.repo)?), at.number);
            let done = deed(state, me)?;
            self.record(state, what, &on);
            Some(done)
        });
        must(done, &format!("{what} on {at:?}"))
    }

    /// Does something to an account.
    #[track_caller]
    fn with_account<T>(
        &self,
        what: &'static str,
        account: &str,
        deed: impl FnOnce(&mut State, u64, u64) -> Option<T>,
    ) -> T {
        let done = self.sandbox.shared.with(|state| {
            let me = state.world.account(&self.login)?.id;
            let id = state.world.account(account)?.id;
            let done = deed(state, me, id)?;
            self.record(state, what, account);
            Some(done)
        });
        must(done, account)
    }

    fn record(&self, state: &mut State, what: &'static str, on: &str) {
        let action = Action { at: state.now(), who: self.login.clone(), what, on: on.to_owned() };
        state.actions.push(action);
    }
}

/// What must be there because the caller of the sandbox said so.
#[track_caller]
#[expect(
    clippy::panic,
    reason = "a story that names what does not exist is wrong, and must stop where it is"
)]
pub(super) fn must<T>(found: Option<T>, what: &str) -> T {
    found.unwrap_or_else(|| panic!("the sandbox has no such thing: {what}"))
}
