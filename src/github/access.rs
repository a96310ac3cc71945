//! One call to GitHub, with all that belongs to it: the budget is asked, a token is fetched, the answer is sorted.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;

use super::{
    GitHub,
    auth::{Access, Token},
    budget::{Budget, Cost},
    client::{Answer, Request},
    trouble::{self, Trouble},
};
use crate::domain::{effect::Lane, ids::InstallationId};

/// GitHub allows a hundred at a time; a third is enough and leaves the rest to others.
const AT_ONCE: usize = 30;
/// A read that went wrong is tried once more, after this time.
const PAUSE: Duration = Duration::from_millis(250);

/// What one installation may do, and does now. `None` in the map of them is the App itself.
#[derive(Debug)]
pub(super) struct Account {
    budget: Mutex<Budget>,
    at_once: Semaphore,
}

impl Default for Account {
    fn default() -> Self {
        Self { budget: Mutex::default(), at_once: Semaphore::new(AT_ONCE) }
    }
}

/// A call: what it costs, and who waits for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) access: Access,
    pub(super) cost: Cost,
    pub(super) lane: Lane,
}

impl GitHub {
    /// Asks with an installation token. A token that GitHub does not know any more is replaced once; a read that went
    /// wrong on the way is repeated once.
    #[expect(
        clippy::disallowed_methods,
        reason = "a breath before the one repetition; it blocks nobody else"
    )]
    pub(super) async fn ask(&self, call: Call, request: &Request) -> Result<Answer, Trouble> {
        let token = self.token(call.access, None).await?;
        match self.ask_paid(call, &token, request).await {
            Err(Trouble::Unauthorized) if !token.is_young(self.clock.now()) => {
                let token = self.token(call.access, Some(&token)).await?;
                self.ask_paid(call, &token, request).await
            }
            Err(Trouble::Unauthorized | Trouble::Failed(_) | Trouble::Lost(_)) if request.only_reads() => {
                tokio::time::sleep(PAUSE).await;
                self.ask_paid(call, &token, request).await
            }
            answer => answer,
        }
    }

    async fn ask_paid(&self, call: Call, token: &Token, request: &Request) -> Result<Answer, Trouble> {
        self.ask_with(Some((call.access.installation, call.cost, call.lane)), &token.value, request).await
    }

    /// `None`: as the App, which has a budget of its own.
    pub(super) async fn ask_with(
        &self,
        payer: Option<(InstallationId, Cost, Lane)>,
        token: &SecretString,
        request: &Request,
    ) -> Result<Answer, Trouble> {
        let (installation, cost, lane) =
            payer.map_or((None, Cost::Read, Lane::Gate), |(payer, cost, lane)| (Some(payer), cost, lane));
        let account = self.account(installation);
        let _slot = account.at_once.acquire().await;
        account.budget().take(cost, lane, self.clock.now()).map_err(Trouble::Limited)?;
        let answer = self.client.send(request, token).await?;
        self.standing.heard(&answer, self.clock.now());
        let later = account.budget().learn(cost, trouble::told(&answer), self.clock.now());
        trouble::sort(answer, later)
    }

    /// The installations that were asked.
    pub(super) fn accounts(&self) -> Vec<(InstallationId, Arc<Account>)> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts
            .iter()
            .filter_map(|(installation, account)| Some(((*installation)?, account.clone())))
            .collect()
    }

    pub(super) fn account(&self, installation: Option<InstallationId>) -> Arc<Account> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.entry(installation).or_default().clone()
    }
}

impl Account {
    pub(super) fn budget(&self) -> std::sync::MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads an answer's body.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Trouble> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        Trouble::Strange(format!("it is not what GitHub describes (line {line}, column {column})"))
    })
}
