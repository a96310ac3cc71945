//! What the changes of a release depend on, by their `Depends-On:` lines: it is in the release, or runs already; and what
//! goes first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    super::{
        facts::Inquiry,
        finding::{Finding, Outcome, code},
        ids::{IssueRef, RepoId, SubjectId},
        link::WrittenLink,
        named::{Named, pages},
        subject::View,
    },
    DeploymentState, Release,
    readiness::Setting,
};

/// Something that a change depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// The change that says so, or whose pull request does.
    pub of: IssueRef,
    /// As it was written.
    pub written: String,
    /// `None`: its repository is not known here.
    pub on: Option<IssueRef>,
    pub stands: Stands,
    /// Where what depends on it ships.
    pub from: BTreeSet<RepoId>,
    /// Where it ships, as a part of this release.
    pub ships: BTreeSet<RepoId>,
}

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stands {
    /// It is in this release.
    Here,
    /// It runs already.
    Runs,
    Missing,
}

/// What is said to be depended on, before it is looked at.
struct Said {
    of: IssueRef,
    here: RepoId,
    link: WrittenLink,
    from: BTreeSet<RepoId>,
}

impl Release {
    /// Finds what its changes depend on. `None`: something must be asked first.
    pub(super) fn gather_needs(&mut self, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let mut said = vec![];
        for change in &self.changes {
            let ships: BTreeSet<RepoId> = change.pulls.iter().map(|pull| pull.at.repo).collect();
            let own = change.depends.iter().map(|link| (change.at.repo, link, ships.clone()));
            let pulls = change.pulls.iter().flat_map(|pull| {
                pull.depends.iter().map(|link| (pull.at.repo, link, BTreeSet::from([pull.at.repo])))
            });
            for (here, link, from) in own.chain(pulls) {
                said.push(Said { of: change.at, here, link: link.clone(), from });
            }
        }
        let found: Vec<Option<Need>> = said.into_iter().map(|said| self.need(said, inquiry)).collect();
        self.needs = found.into_iter().collect::<Option<_>>()?;
        Some(())
    }

    fn need(&self, said: Said, inquiry: &mut Inquiry<'_>) -> Option<Need> {
        let Said { of, here, link, from } = said;
        let written = link.to_string();
        let repo = match link.repo {
            Some(name) => inquiry.repository_named(name)?,
            None => Some(here),
        };
        let on = repo.map(|repo| IssueRef { repo, number: link.number });
        let (stands, ships) = match on {
            Some(on) => self.stands(on, inquiry)?,
            None => (Stands::Missing, BTreeSet::new()),
        };
        Some(Need { of, written, on, stands, from, ships })
    }

    /// Of an issue or a pull request: whether it is in here, and where it ships then.
    fn stands(&self, on: IssueRef, inquiry: &mut Inquiry<'_>) -> Option<(Stands, BTreeSet<RepoId>)> {
        let carried = self.carried.iter().map(|carried| &carried.change);
        let all: Vec<_> = self.changes.iter().chain(carried).collect();
        if all.iter().any(|change| change.pulls.iter().any(|pull| pull.at == on)) {
            return Some((Stands::Here, [on.repo].into()));
        }
        if let Some(change) = all.iter().find(|change| change.at == on) {
            return Some((Stands::Here, change.pulls.iter().map(|pull| pull.at.repo).collect()));
        }
        let pull = inquiry.view(SubjectId::PullRequest(on));
        let change = inquiry.view(SubjectId::ChangeRequest(on));
        let pull = pull?.and_then(View::as_pull_request);
        let change = change?.and_then(View::as_change_request);
        let runs = pull.is_some_and(|pull| pull.shipped.iter().any(|shipped| shipped.runs))
            || change.is_some_and(|change| change.delivered.is_some());
        Some((if runs { Stands::Runs } else { Stands::Missing }, BTreeSet::new()))
    }

    /// Whether a repository runs its candidate in one of these environments.
    fn runs_in(&self, repo: RepoId, counts: impl Fn(&str) -> bool) -> bool {
        let mut running = self.running().filter(|it| it.repo == repo && counts(&it.environment));
        running.any(|it| it.state == DeploymentState::Succeeded)
    }

    pub(super) fn need_findings(&self, setting: &Setting<'_>) -> Vec<Finding> {
        const RULE: &str = "what its changes depend on is in it, or runs";
        let missing = self.needs.iter().filter(|need| need.stands == Stands::Missing).map(|need| {
            let (of, manager) = (setting.names.change(need.of), setting.manager());
            let on = need.on.map(|on| setting.names.change(on));
            let on = on.unwrap_or_else(|| Named { text: code(&need.written), page: None });
            let (name, what) = (&of.text, &on.text);
            Finding::new(
                "dependency_missing",
                Outcome::Pending,
                RULE,
                format!("{name} depends on {what}, which neither is in this release nor runs."),
            )
            .headline(format!("{name} depends on {what}, which is not in the release"))
            .cure(format!(
                "{manager} takes {what} in as well (`/swap for #n WHY`), or takes {name} out; or {what} is deployed first"
            ))
            .names(pages(setting.managers))
            .names(pages([&of, &on]))
        });
        let circle = self.in_a_circle().map(|repos| {
            let names: Vec<String> = repos.iter().map(|repo| setting.repository(*repo)).collect();
            Finding::new(
                "dependency_circle",
                Outcome::Pending,
                RULE,
                format!("Each of {} waits for another of them to be deployed first.", names.join(", ")),
            )
            .headline("its repositories wait for each other")
            .cure("one of the lines `Depends-On` is taken out, so that it is clear what goes first")
        });
        missing.chain(circle).collect()
    }

    /// The repositories that must run it before this one.
    fn first(&self) -> BTreeMap<RepoId, BTreeSet<RepoId>> {
        let mut first: BTreeMap<RepoId, BTreeSet<RepoId>> = BTreeMap::new();
        for need in &self.needs {
            for from in &need.from {
                let others = need.ships.iter().filter(|repo| *repo != from);
                first.entry(*from).or_default().extend(others);
            }
        }
        first
    }

    /// Repositories that none of can go first.
    fn in_a_circle(&self) -> Option<BTreeSet<RepoId>> {
        let mut left = self.first();
        left.retain(|_, first| !first.is_empty());
        loop {
            let waiting: BTreeSet<RepoId> = left.keys().copied().collect();
            left.retain(|_, first| first.iter().any(|repo| waiting.contains(repo)));
            if left.len() == waiting.len() {
                return Some(waiting).filter(|waiting| !waiting.is_empty());
            }
        }
    }

    /// What has to run in one of these environments before a repository is deployed there: with whose need it is.
    pub fn goes_first(&self, repo: RepoId, counts: impl Fn(&str) -> bool) -> Vec<(&Need, RepoId)> {
        let needs = self.needs.iter().filter(|need| need.from.contains(&repo));
        let others = needs.flat_map(|need| need.ships.iter().map(move |first| (need, *first)));
        others.filter(|(_, first)| *first != repo && !self.runs_in(*first, &counts)).collect()
    }
}
