//! Effects become calls. Whoever performs an effect chooses nothing; what is left to choose here is only how to say it
//! twice without harm.

mod check_run;
mod comment;
mod deployment;
mod issue;
mod protection;
mod ring;
mod set;

use http::{Method, StatusCode};
use jiff::{SignedDuration, Timestamp};

pub(super) use comment::markers;
use protection::Review;

use super::{
    GitHub, Place,
    access::Call as Asking,
    auth::{Access, Scope},
    budget::{Cost, Later},
    client::{Answer, Request},
    trouble::{Trouble, next_try},
};
use crate::domain::{
    effect::{Call, Effect, Lane},
    ids::{InstallationId, RepoName},
};

/// An effect is on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// GitHub's number of what was created or edited, where it has one that is needed again.
    pub remote: Option<String>,
    /// When GitHub wrote it, by GitHub's clock, where somebody must know.
    pub at: Option<Timestamp>,
}

impl Done {
    const fn of(remote: Option<String>) -> Self {
        Self { remote, at: None }
    }
}

/// An effect is not on GitHub, or nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Worth trying again, not before `at`. It may have been done.
    Later {
        /// The first moment to try again.
        at: Timestamp,
        /// As a sentence, without the full stop.
        why: String,
    },
    /// Trying again would change nothing.
    Refused {
        /// As a sentence, without the full stop.
        why: String,
    },
}

/// Fresh objects are not seen everywhere at once; after so many attempts (half a minute) they are.
const FRESH: u32 = 5;

/// Writes one effect.
struct Writer<'a> {
    github: &'a GitHub,
    installation: InstallationId,
    name: &'a RepoName,
    effect: &'a Effect,
    remote: Option<&'a str>,
    attempts: u32,
}

impl GitHub {
    /// Performs an effect that was tried `attempts` times before; `remote` is what [`Done`] said of it earlier.
    ///
    /// # Errors
    /// When it must be tried again later, or GitHub refuses it for good.
    pub async fn perform(
        &self,
        place: &Place,
        effect: &Effect,
        remote: Option<&str>,
        attempts: u32,
    ) -> Result<Done, Failure> {
        let writer = self.writer(place, effect, remote, attempts)?;
        writer.write().await.map_err(|trouble| writer.failure(&trouble))
    }

    /// Whether anybody waits for an answer of our protection rule.
    ///
    /// # Errors
    /// When GitHub does not say.
    pub async fn is_waited_for(&self, place: &Place, effect: &Effect) -> Result<bool, Failure> {
        let Call::ProtectionAnswer { run, attempt, environment, .. } = &effect.call else { return Ok(false) };
        let writer = self.writer(place, effect, None, 0)?;
        let waits = writer.waits((*run, *attempt), environment).await;
        waits.map_err(|trouble| writer.failure(&trouble))
    }

    fn writer<'a>(
        &'a self,
        place: &'a Place,
        effect: &'a Effect,
        remote: Option<&'a str>,
        attempts: u32,
    ) -> Result<Writer<'a>, Failure> {
        let refused = |why: String| Failure::Refused { why };
        let repo = effect.call.repo();
        let installation =
            place.installation.ok_or_else(|| refused("the App is not installed on this account".into()))?;
        let name = place
            .names
            .get(&repo)
            .ok_or_else(|| refused(format!("the name of repository {repo} is not known")))?;
        Ok(Writer { github: self, installation, name, effect, remote, attempts })
    }

    /// Until when nothing may be written in this lane, and why; `None`: one thing may be written now.
    #[must_use]
    pub fn closed_for(&self, installation: InstallationId, lane: Lane) -> Option<Later> {
        let cost = match lane {
            Lane::Gate | Lane::Check => Cost::Check,
            Lane::Rest | Lane::Announce => Cost::Content,
        };
        self.account(Some(installation)).budget().look(cost, lane, self.clock.now()).err()
    }
}

impl Writer<'_> {
    async fn write(&self) -> Result<Done, Trouble> {
        match &self.effect.call {
            Call::CheckRun { sha, name, status, title, summary, signs, .. } => {
                let run = check_run::CheckRun::new(&self.effect.key, sha, name, *status, title, summary);
                self.check_run(&run.signing(*signs)).await
            }
            Call::Comment { on, purpose, body, was_on } => self.comment(*on, was_on, purpose, body).await,
            Call::Issue { purpose, title, body, open, .. } => self.issue(purpose, title, body, *open).await,
            Call::Record { release, title, body, open, .. } => {
                self.issue(&issue::record_purpose(release), title, body, *open).await
            }
            Call::Label { on, name, present: true } => self.set_label(*on, name).await,
            Call::Label { on, name, present: false } => self.remove_label(*on, name).await,
            Call::Assign { on, login } => self.assign(*on, login).await,
            Call::Milestone { on, number } => self.set_milestone(*on, *number).await,
            Call::CloseMilestone { number, .. } => self.close_milestone(*number).await,
            Call::RenameMilestone { number, title, .. } => self.rename_milestone(*number, title).await,
            Call::MakeMilestone { title, due, .. } => self.make_milestone(title, *due).await,
            Call::Schedule { on, title, due } => self.schedule(*on, title, *due).await,
            Call::Reaction { comment, content, .. } => self.react(*comment, *content).await,
            Call::ProtectionAnswer { run, attempt, environment, ruling, comment, .. } => {
                self.protection((*run, *attempt), &Review::answer(environment, *ruling, comment)).await
            }
            Call::ProtectionNote { run, attempt, environment, comment, .. } => {
                self.protection((*run, *attempt), &Review::note(environment, comment)).await
            }
            Call::Deployment { run, environment, sha, came_to, description, .. } => {
                let of = deployment::Of { run, environment, sha, description };
                self.deployment(of, *came_to).await
            }
            Call::Ring { ring, .. } => self.ring(ring).await,
            Call::ReadAnew { .. }
            | Call::Ship { .. }
            | Call::Plan { .. }
            | Call::Judged { .. }
            | Call::GateAnswer { .. }
            | Call::AtGate { .. }
            | Call::Fail { .. }
            | Call::WentBy { .. }
            | Call::Announce { .. } => Err(Trouble::NotInstalled("this is not for GitHub".into())),
        }
    }

    /// `/repos/acme/web` and the rest.
    fn path(&self, rest: &str) -> String {
        format!("/repos/{}/{}{rest}", self.name.owner(), self.name.name())
    }

    async fn get(&self, rest: &str) -> Result<Answer, Trouble> {
        self.ask(Cost::Read, &Request::get(self.path(rest))).await
    }

    async fn send(
        &self,
        method: Method,
        rest: &str,
        body: Option<&impl serde::Serialize>,
    ) -> Result<Answer, Trouble> {
        let cost = match self.effect.call {
            Call::CheckRun { .. }
            | Call::ProtectionAnswer { .. }
            | Call::ProtectionNote { .. }
            | Call::Ring { .. }
            | Call::Deployment { .. } => Cost::Check,
            Call::Comment { .. }
            | Call::Issue { .. }
            | Call::Record { .. }
            | Call::Label { .. }
            | Call::Assign { .. }
            | Call::Milestone { .. }
            | Call::CloseMilestone { .. }
            | Call::RenameMilestone { .. }
            | Call::MakeMilestone { .. }
            | Call::Reaction { .. }
            | Call::Schedule { .. }
            | Call::Plan { .. }
            | Call::Judged { .. }
            | Call::ReadAnew { .. }
            | Call::Ship { .. }
            | Call::GateAnswer { .. }
            | Call::AtGate { .. }
            | Call::Fail { .. }
            | Call::WentBy { .. }
            | Call::Announce { .. } => Cost::Content,
        };
        let request = Request::new(method, self.path(rest));
        self.ask(
            cost,
            &match body {
                Some(body) => request.with(body),
                None => request,
            },
        )
        .await
    }

    async fn ask(&self, cost: Cost, request: &Request) -> Result<Answer, Trouble> {
        let repo = Some(self.effect.call.repo());
        let is_about_deployments = self.answers_for_our_rule()
            || matches!(self.effect.call, Call::Deployment { .. } | Call::Ring { .. });
        let scope = if is_about_deployments { Scope::Answer } else { Scope::Write };
        let access = Access { installation: self.installation, repo, scope };
        self.github.ask(Asking { access, cost, lane: self.effect.lane }, request).await
    }

    const fn answers_for_our_rule(&self) -> bool {
        matches!(self.effect.call, Call::ProtectionAnswer { .. } | Call::ProtectionNote { .. })
    }

    fn failure(&self, trouble: &Trouble) -> Failure {
        let now = self.github.clock.now();
        let why = trouble.sentence(now);
        match trouble {
            Trouble::NotFound | Trouble::Unprocessable(_)
                if self.answers_for_our_rule() && self.attempts < protection::PATIENT =>
            {
                Failure::Later { at: self.soon(now), why }
            }
            Trouble::Limited(later) => Failure::Later { at: later.at, why },
            Trouble::Failed(_) | Trouble::Lost(_) | Trouble::Strange(_) | Trouble::Unauthorized => {
                Failure::Later { at: next_try(&self.effect.key, self.attempts, now), why }
            }
            Trouble::Refused(StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT, _) => {
                Failure::Later { at: next_try(&self.effect.key, self.attempts, now), why }
            }
            Trouble::NotFound if self.attempts < FRESH => Failure::Later { at: self.soon(now), why },
            Trouble::Unprocessable(said) if self.attempts < FRESH && is_not_yet(said) => {
                Failure::Later { at: self.soon(now), why }
            }
            Trouble::Forbidden(_) if self.attempts == 0 => Failure::Later { at: self.soon(now), why },
            Trouble::Forbidden(_)
            | Trouble::NotFound
            | Trouble::Gone
            | Trouble::Unprocessable(_)
            | Trouble::Refused(..)
            | Trouble::NotInstalled(_) => Failure::Refused { why },
        }
    }

    /// One second, two, four, eight, sixteen, sixteen.
    fn soon(&self, now: Timestamp) -> Timestamp {
        now.saturating_add(SignedDuration::from_secs(1 << self.attempts.min(FRESH - 1))).unwrap_or(now)
    }
}

/// A pushed commit may be known to webhooks before it is known to the API.
fn is_not_yet(said: &str) -> bool {
    said.to_lowercase().contains("no commit found")
}

/// At most so many characters, the last of which say that something is missing.
fn cut(text: &str, most: usize) -> String {
    const END: &str = " […]";
    if text.chars().count() <= most {
        return text.into();
    }
    let kept = most - END.chars().count();
    text.chars().take(kept).chain(END.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_ends_where_github_would_refuse_it() {
        assert_eq!(cut("short", 5), "short");
        assert_eq!(cut("too long", 7), "too […]");
        assert_eq!(cut(&"ä".repeat(70_000), 65_535).chars().count(), 65_535);
    }
}
