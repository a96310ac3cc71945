//! What policy says for planning: the organisation's, or where there is none, each repository's own.

use std::{collections::BTreeMap, sync::Arc};

use crate::domain::{
    calendar::Waiver,
    ids::{RepoId, RepoName},
    planning::{queue::OVERDUE, ranking::Weights},
    policy::{Account, Length, Limits, Mode, Notify, Policy, Reserved, Scope, Train, Zone},
    repository::RepositoryView,
};

/// What the policies of one account of GitHub say.
#[derive(Debug)]
pub struct Rulebook {
    names: BTreeMap<RepoId, RepoName>,
    shared: Option<Arc<Policy>>,
    /// Where there is no shared one.
    own: BTreeMap<RepoId, Arc<Policy>>,
    trains: BTreeMap<String, Train>,
    zone: Zone,
}

impl Rulebook {
    pub(super) fn of<'a>(views: impl Iterator<Item = &'a RepositoryView>) -> Self {
        let views: Vec<&RepositoryView> = views.filter(|view| !view.gone).collect();
        let in_force = |view: &RepositoryView, scope| view.policy.as_ref()?.in_force(scope);
        let shared = views.iter().find(|view| view.name.name() == ".github");
        let shared = shared.and_then(|view| in_force(view, Scope::Organisation));
        let alone = views.iter().filter(|_| shared.is_none());
        let own: BTreeMap<RepoId, Arc<Policy>> =
            alone.filter_map(|view| Some((view.id, in_force(view, Scope::Alone)?))).collect();
        let mut book = Self {
            names: views.iter().map(|view| (view.id, view.name.clone())).collect(),
            zone: Zone::utc(),
            trains: BTreeMap::new(),
            shared,
            own,
        };
        // Of two trains of one name, the first repository's counts.
        let all: Vec<_> = book.policies().flat_map(|policy| policy.trains().clone()).collect();
        book.trains = all.into_iter().rev().collect();
        let zone = book.policies().next().map(Policy::zone);
        book.zone = zone.unwrap_or_else(Zone::utc);
        book
    }

    fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.shared.iter().chain(self.own.values()).map(AsRef::as_ref)
    }

    fn policy(&self, repo: RepoId) -> Option<&Policy> {
        self.shared.as_ref().or_else(|| self.own.get(&repo)).map(AsRef::as_ref)
    }

    /// What a repository is called; `None`: it is not known.
    #[must_use]
    pub fn name(&self, repo: RepoId) -> Option<&RepoName> {
        self.names.get(&repo)
    }

    /// How strict policy is with a repository.
    #[must_use]
    pub fn mode(&self, repo: RepoId) -> Mode {
        let name = self.name(repo);
        name.zip(self.policy(repo)).map_or(Mode::Observe, |(name, policy)| policy.mode_for(name.as_str()))
    }

    /// Whether anything is said to people in any repository.
    #[must_use]
    pub fn speaks(&self) -> bool {
        self.names.keys().any(|repo| self.mode(*repo) > Mode::Observe)
    }

    /// Who is told by chat or mail: by the shared policy, or by each repository's own, of that repository.
    pub fn notify(&self) -> impl Iterator<Item = (Option<RepoId>, &Notify)> {
        let shared = self.shared.iter().flat_map(|policy| policy.notify()).map(|notify| (None, notify));
        let own = self
            .own
            .iter()
            .flat_map(|(repo, policy)| policy.notify().iter().map(|notify| (Some(*repo), notify)));
        shared.chain(own)
    }

    /// Which repository is called so.
    pub(super) fn named(&self, name: &RepoName) -> Option<RepoId> {
        self.names.iter().find(|(_, known)| *known == name).map(|(repo, _)| *repo)
    }

    /// The train that carries a repository.
    pub(super) fn carrier(&self, repo: RepoId) -> Option<&str> {
        let name = self.names.get(&repo)?;
        self.trains.iter().find(|(_, train)| train.carries(name.as_str())).map(|(name, _)| name.as_str())
    }

    /// What commands begin with where the plan is published, if they do.
    pub(super) fn prefix(&self) -> Option<String> {
        let policy = self.publishes_in().and_then(|home| self.policy(home))?;
        policy.command_prefix().map(Into::into)
    }

    /// In which times are shown.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// How long a request may wait there.
    pub(super) fn overdue(&self, repo: RepoId) -> Length {
        self.policy(repo).and_then(|policy| policy.intake().overdue).unwrap_or(OVERDUE)
    }

    /// Where the plan is published.
    pub(super) fn publishes_in(&self) -> Option<RepoId> {
        self.policies().find_map(|policy| {
            let home = policy.intake().plan.as_ref()?;
            let speaks = policy.mode_for(home.as_str()) > Mode::Observe;
            self.names.iter().find(|(_, name)| *name == home && speaks).map(|(repo, _)| *repo)
        })
    }

    /// Any repository.
    pub(super) fn some(&self) -> Option<RepoId> {
        self.names.keys().next().copied()
    }

    /// The freezes that the policies plan, each once.
    pub(super) fn freezes(&self) -> Vec<Waiver> {
        let of = |policy: &Policy| {
            policy.freezes().iter().map(|it| Waiver::of(it, &policy.zone())).collect::<Vec<_>>()
        };
        let mut freezes: Vec<Waiver> = self.policies().flat_map(of).collect();
        freezes.sort_by(|one, other| (one.begins, &one.name).cmp(&(other.begins, &other.name)));
        freezes.dedup();
        freezes
    }

    pub(super) const fn trains(&self) -> &BTreeMap<String, Train> {
        &self.trains
    }

    /// How many may be in a stage at once: the lower limit, where several policies say one.
    pub(super) fn limits(&self) -> Limits {
        self.policies().fold(Limits::default(), |limits, policy| limits.and(&policy.intake().limits))
    }

    /// What is kept for accounts of each release.
    pub(super) fn reserved(&self) -> Reserved {
        Reserved::of(self.policies().flat_map(Policy::accounts))
    }

    /// What policy says of an account; of two, the last repository's, as where they are weighed.
    pub(super) fn account(&self, name: &str) -> Option<&Account> {
        self.policies().filter_map(|policy| policy.account(name)).last()
    }

    /// How much each account weighs in the merged order.
    pub(super) fn weights(&self) -> Weights {
        let accounts = self.policies().flat_map(Policy::accounts);
        accounts.map(|(name, account)| (name.clone(), account.weight)).collect()
    }
}
