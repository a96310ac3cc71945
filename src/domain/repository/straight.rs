//! A push straight to files that say which images run: whatever syncs them has taken it, and nobody was asked.
//!
//! The default branch is compared with what it held when it was looked at last, so that a push of which nothing was heard is found
//! with the next one. GitHub may say a moment later than of the push with which pull request a commit came, so it is asked twice.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        event::What,
        facts::{ComparisonStatus, Fact, Inquiry},
        finding::code,
        ids::Sha,
        patch::Changes,
        policy::{GitOps, Mode},
    },
    Repository, RepositoryView,
    ruled::before_a_push,
};

/// When GitHub is asked once more.
const ONCE_MORE: SignedDuration = SignedDuration::from_secs(20);

/// So many commits that came with no pull request are looked into; of what is more each counts as touching the files.
const MOST_READ: usize = 20;

/// How far the default branch was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Straight {
    /// What it held.
    pub looked: Sha,
    /// Since when it holds something that came straight, as it seems.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// GitHub did not answer.
    #[serde(default)]
    pub unread: bool,
}

/// What GitHub and the log are told.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
    pub look_again: Option<Timestamp>,
}

/// What came straight: the commits.
type Found = Result<Vec<Sha>, String>;

impl Repository {
    /// Looks at what was pushed to the default branch since. `None`: something must be found out first.
    pub(super) fn look_at_pushes(
        &mut self,
        view: &RepositoryView,
        case: &Case<'_>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Told> {
        let policy = inquiry.policy_of(view)?.filter(|_| !view.gone);
        let branch = view.default_branch.as_deref();
        let entries: Vec<&GitOps> =
            policy.iter().flat_map(|policy| policy.base().gitops_in(&view.name)).collect();
        let (Some(policy), Some(branch), false) = (&policy, branch, entries.is_empty()) else {
            self.straight = None;
            return Some(Told::default());
        };
        if !self.is_to_be_looked_at(case, branch) {
            return Some(Told::default());
        }
        let head = match inquiry.reference(view.id, &format!("refs/heads/{branch}"))? {
            Fact::Known(found, _) => found.branch.clone(),
            Fact::Unknown(_) => None,
        };
        let Some(head) = head else { return Some(self.unread(case.now)) };
        let first = || before_a_push(case.events, branch).cloned().unwrap_or_else(|| head.clone());
        let mut straight =
            self.straight.take().unwrap_or_else(|| Straight { looked: first(), since: None, unread: false });
        let found = came_straight(&entries, (view, &straight.looked, &head), inquiry);
        let told = match &found {
            None => None,
            Some(Err(_)) => {
                straight.unread = true;
                Some(Told { look_again: Some(case.now + super::READ_AGAIN), ..Told::default() })
            }
            Some(Ok(found)) => {
                let is_sure = straight.since.is_some_and(|since| case.now >= since + ONCE_MORE);
                straight.unread = false;
                if found.is_empty() || is_sure {
                    (straight.looked, straight.since) = (head, None);
                    let mode = policy.mode_for(view.name.as_str());
                    Some(told(view, found, (branch, mode, &case.instance.web_url)))
                } else {
                    let since = *straight.since.get_or_insert(case.now);
                    Some(Told { look_again: Some(since + ONCE_MORE), ..Told::default() })
                }
            }
        };
        self.straight = Some(straight);
        told
    }

    fn is_to_be_looked_at(&self, case: &Case<'_>, branch: &str) -> bool {
        let moves = |what: &What| {
            matches!(what, What::Watched { .. })
                || matches!(what, What::Push { reference, .. } if reference.strip_prefix("refs/heads/") == Some(branch))
        };
        let open = |straight: &Straight| straight.unread || straight.since.is_some();
        self.straight.as_ref().is_none_or(open) || case.events.iter().any(|event| moves(&event.what))
    }

    fn unread(&mut self, now: Timestamp) -> Told {
        if let Some(straight) = &mut self.straight {
            straight.unread = true;
        }
        Told { look_again: Some(now + super::READ_AGAIN), ..Told::default() }
    }
}

/// The commits between that came with no merged pull request and touch what says which images run; where the branch does not hold any more
/// what it held, and that touched them, its head. `None`: something must be found out first.
fn came_straight(
    entries: &[&GitOps],
    (view, from, head): (&RepositoryView, &Sha, &Sha),
    inquiry: &mut Inquiry<'_>,
) -> Option<Found> {
    if from == head {
        return Some(Ok(vec![]));
    }
    let compared = match inquiry.compare(view.id, from, head)? {
        Fact::Known(Some(compared), _) => compared,
        // What it held is gone altogether.
        Fact::Known(None, _) => return Some(Ok(vec![head.clone()])),
        Fact::Unknown(why) => return Some(Err(why)),
    };
    let touches = |changes: Fact<Option<&Changes>>| match changes {
        Fact::Known(Some(changes), _) => {
            let mut paths = changes.files.iter().flat_map(|file| file.before.iter().chain([&file.path]));
            Ok(!changes.complete || paths.any(|path| entries.iter().any(|entry| entry.covers(path))))
        }
        Fact::Known(None, _) => Ok(true),
        Fact::Unknown(why) => Err(why),
    };
    let is_back = matches!(compared.status, ComparisonStatus::Behind | ComparisonStatus::Diverged);
    let lost = is_back.then(|| inquiry.changes_between(view.id, (head, from)));
    let origins: Vec<_> =
        compared.commits.iter().map(|it| (&it.sha, inquiry.origins(view.id, &it.sha))).collect();
    let mut alone = vec![];
    for (sha, origin) in origins {
        match origin? {
            Fact::Known([], _) => alone.push(sha),
            Fact::Known(..) => {}
            Fact::Unknown(why) => return Some(Err(why)),
        }
    }
    let read: Vec<_> = alone
        .into_iter()
        .enumerate()
        .map(|(place, sha)| (sha, (place < MOST_READ).then(|| inquiry.commit_changes(view.id, sha))))
        .collect();
    let mut found = vec![];
    for (sha, changes) in read {
        match changes.map_or(Some(Ok(true)), |changes| changes.map(touches))? {
            Ok(true) => found.push(sha.clone()),
            Ok(false) => {}
            Err(why) => return Some(Err(why)),
        }
    }
    match lost.map_or(Some(Ok(false)), |lost| lost.map(touches))? {
        Ok(true) if !found.contains(head) => found.push(head.clone()),
        Ok(_) => {}
        Err(why) => return Some(Err(why)),
    }
    Some(Ok(found))
}

fn told(view: &RepositoryView, found: &[Sha], (branch, mode, web_url): (&str, Mode, &str)) -> Told {
    let entry = |sha: &Sha| {
        AuditEntry::new("exception.bypass")
            .fact("repository", view.id)
            .fact("commit", sha)
            .fact("mode", mode)
            .text("branch", branch)
    };
    let issues = found.iter().filter(|_| mode == Mode::Enforce).map(|sha| issue(view, sha, branch, web_url));
    Told { effects: issues.collect(), audit: found.iter().map(entry).collect(), look_again: None }
}

fn issue(view: &RepositoryView, sha: &Sha, branch: &str, web_url: &str) -> Effect {
    let (short, shown) = (sha.short(), code(branch));
    let body = format!(
        "[`{short}`]({web_url}/{}/commit/{sha}) came to {shown} with no merged pull request, and touches files that say which images run. Whatever syncs them takes what they say now.\n\n\
         What usually leads to it:\n\
         - the branch takes pushes without a pull request, or from an App that may pass by that rule,\n\
         - an administrator pushed in spite of it.\n\n\
         See that what runs is what should run: revert it in a pull request, or have it judged by one that says the same. Find out which it was, write it here, and close this issue when it cannot happen again.",
        view.name
    );
    Effect::new(Call::Issue {
        repo: view.id,
        purpose: format!("bypass/straight/{sha}"),
        title: format!("Pushed straight to what runs: {short}"),
        body,
        open: true,
        told: None,
    })
}
