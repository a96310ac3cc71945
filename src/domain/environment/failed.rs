//! A deployment that failed, and the pull requests that it was to bring: the repository is told, which counts them against the
//! standard changes that came along.

use jiff::{SignedDuration, Timestamp};

use super::{
    super::{
        decide::READ_AGAIN,
        effect::{Call, Effect},
        event::{Failure, FailureOf},
        facts::Inquiry,
        ids::{RepoId, Sha},
    },
    Environment,
    answer::Told,
};

/// What failed earlier is not told any more.
const RECENT: SignedDuration = SignedDuration::from_hours(24);
/// For so long it is asked again what a deployment was to bring, where GitHub does not say.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);

impl Environment {
    /// Tells what failed, where policy counts that; when to look again, where it is not known yet what came along. `None`:
    /// something must be found out first.
    pub(super) fn fail(
        &mut self,
        (repo, now): (RepoId, Timestamp),
        told: &mut Told,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Option<Timestamp>> {
        let Some(watched_from) = self.watched_from else { return Some(None) };
        self.failed.retain(|deployment| self.runs.knows(*deployment));
        let is_news = |id: u64, heard_at: Timestamp| {
            !self.failed.contains(&id) && heard_at >= watched_from && now.duration_since(heard_at) < RECENT
        };
        let failed = self.runs.failed().filter(|(id, it)| is_news(*id, it.heard_at));
        let failed: Vec<(u64, Sha, Timestamp)> =
            failed.map(|(id, it)| (id, it.sha.clone(), it.heard_at)).collect();
        if failed.is_empty() || !inquiry.policy(repo)?.is_some_and(|policy| policy.counts_failures()) {
            return Some(None);
        }
        let asked = failed
            .into_iter()
            .map(|(id, sha, at)| (id, at, self.brought(repo, (self.runs.before_it(id), &sha), now, inquiry)));
        let asked: Vec<_> = asked.collect();
        let mut look_again = None;
        for (id, at, brings) in asked {
            let brought = match brings? {
                Ok(brings) => brings.pull_requests,
                Err(_) if now.duration_since(at) < PATIENCE => {
                    look_again = Some(now + READ_AGAIN);
                    continue;
                }
                Err(_) => Default::default(),
            };
            self.failed.insert(id);
            if !brought.is_empty() {
                let failure = Failure { of: FailureOf::Deployment(id), brought };
                told.effects.push(Effect::new(Call::Fail { repo, failure }));
            }
        }
        Some(look_again)
    }
}
