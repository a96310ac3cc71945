//! The milestones of the next releases: made in each repository of a train before anybody plans for them, by the repository whose
//! policy names the train.
//!
//! Each is made once. Whoever deletes one has the last word, and one that is there already keeps the day that people gave it.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        facts::Inquiry,
        ids::{RepoId, RepoName, SubjectId},
        policy::{EffectivePolicy, Mode, Scope, Train},
        subject::View,
    },
    Repository, RepositoryView,
};

/// So long it is known that one was made.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What GitHub and the log are told.
#[derive(Debug, Default)]
pub(super) struct Made {
    pub effects: Vec<Effect>,
    pub audit: Vec<AuditEntry>,
    /// When the next one comes into sight.
    pub look_again: Option<Timestamp>,
}

impl Repository {
    /// The milestones that are to be made. `None`: something must be found out first.
    pub(super) fn make_milestones(
        &mut self,
        view: &RepositoryView,
        case: &Case<'_>,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Made> {
        let policy = inquiry.policy_of(view)?.filter(|_| !view.gone);
        let is_shared = view.name.name() == ".github";
        // The organisation's policy names the trains of all; a repository's own only where there is no such.
        let names_trains = policy.as_ref().filter(|it| is_shared || it.base().scope() == Scope::Alone);
        let Some(policy) = names_trains else { return Some(Made::default()) };
        let zone = policy.zone();
        let now = zone.time_zone().to_datetime(case.now);
        self.departures.retain(|_, due| *due > case.now - KEPT);
        let mut made = Made::default();
        for (name, train) in policy.trains().iter().filter(|(_, train)| train.ahead > 0) {
            let next = train.departures(case.now, &zone).filter(|(_, leaves)| *leaves > now);
            let next: Vec<(String, DateTime)> = next.take(train.ahead.into()).collect();
            let first = next.first().and_then(|(_, leaves)| zone.time_zone().to_timestamp(*leaves).ok());
            made.look_again = made.look_again.into_iter().chain(first).min();
            let carried = carried(view, is_shared, (train, policy), inquiry)?;
            for (title, leaves) in &next {
                let Some(due) = noon(*leaves) else { continue };
                let new = carried.iter().filter(|repo| !self.departures.contains_key(&key(**repo, title)));
                let new: Vec<RepoId> = new.copied().collect();
                for repo in &new {
                    let call = Call::MakeMilestone { repo: *repo, title: title.clone(), due };
                    made.effects.push(Effect::new(call));
                    self.departures.insert(key(*repo, title), due);
                }
                if !new.is_empty() {
                    let numbers: Vec<String> = new.iter().map(ToString::to_string).collect();
                    let entry = AuditEntry::new("release.milestones_made").fact("due", due);
                    let entry = entry.fact("repositories", numbers.join(" "));
                    made.audit.push(entry.text("train", name).text("title", title));
                }
            }
        }
        Some(made)
    }
}

fn key(repo: RepoId, title: &str) -> String {
    format!("{repo}/{title}")
}

/// The repositories of a train that are there and in which something is said.
fn carried(
    view: &RepositoryView,
    is_shared: bool,
    (train, policy): (&Train, &EffectivePolicy),
    inquiry: &mut Inquiry<'_>,
) -> Option<Vec<RepoId>> {
    let is_one =
        |name: &RepoName| train.carries(name.as_str()) && policy.mode_for(name.as_str()) > Mode::Observe;
    if !is_shared {
        return Some(if is_one(&view.name) { vec![view.id] } else { vec![] });
    }
    let account = inquiry.view(SubjectId::Account)?.and_then(View::as_account);
    let all = account.into_iter().flat_map(|account| &account.repositories);
    let wanted: Vec<RepoId> = all.filter(|it| is_one(&it.name)).map(|it| it.id).collect();
    let views: Vec<_> = wanted.iter().map(|repo| (*repo, inquiry.repository(*repo))).collect();
    let there = views.into_iter().map(|(repo, view)| Some((repo, view?)));
    let there: Vec<(RepoId, Option<&RepositoryView>)> = there.collect::<Option<_>>()?;
    Some(
        there
            .into_iter()
            .filter(|(_, view)| view.is_none_or(|view| !view.gone))
            .map(|(repo, _)| repo)
            .collect(),
    )
}

/// GitHub keeps nothing but the day, in UTC: noon is the same day almost everywhere.
fn noon(leaves: DateTime) -> Option<Timestamp> {
    format!("{}T12:00:00Z", leaves.date()).parse().ok()
}
