//! What a planning meeting is about, of one train: put together from the plan and the queue.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::{
    domain::{
        event::DrawnAgenda,
        ids::{IssueRef, RepoId, SubjectId},
        link::WrittenLink,
        planning::{Pile, load::Load, plan::Flow, queue::Filter},
        policy::Zone,
        release::Phase,
        subject::View,
    },
    store::StoreError,
};

use super::{
    Planner, agenda,
    drawn::{Column, Place, Plan, Shown, Waits},
    issue,
};

/// So many of each are listed; the rest is counted.
pub(super) const LISTED: usize = 50;

/// The points of a meeting.
#[derive(Debug)]
pub(super) struct Points {
    pub(super) train: String,
    pub(super) zone: Zone,
    /// With `cg`, commands are written `/cg schedule`.
    pub(super) prefix: Option<String>,
    pub(super) since: Timestamp,
    /// The next release that can still be planned for.
    pub(super) release: Option<Column>,
    /// Taken in since then, the oldest first.
    pub(super) new: Vec<Shown>,
    /// Accepted and in no release, in the merged order.
    pub(super) candidates: Vec<Place>,
    /// Where changes meet that are planned for the release, or have the next slots: by system.
    pub(super) clashes: Vec<(String, Vec<Shown>)>,
    /// What depends on something that is neither planned nor in production, and on what.
    pub(super) depends: Vec<(Shown, String)>,
    /// What has waited too long for a decision, and how many more.
    pub(super) overdue: (Vec<Waits>, usize),
    /// What is in each stage that has a limit.
    pub(super) loads: Vec<Load>,
    pub(super) flow: Vec<Flow>,
}

impl Points {
    /// How many of the candidates have a slot; `None`: no limit is known.
    pub(super) fn with_a_slot(&self) -> Option<usize> {
        self.release.as_ref().and_then(|release| release.free)
    }
}

impl Planner<'_> {
    /// The trains that the policy names.
    #[must_use]
    pub fn trains(&self) -> Vec<String> {
        self.rules.trains().keys().cloned().collect()
    }

    /// The agenda of a meeting of a train: what is new is what was asked for since then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn agenda(&self, train: &str, since: Timestamp) -> Result<DrawnAgenda, StoreError> {
        let plan = self.plan().await?;
        let places = issue::drawn(&plan).places;
        let points = self.points(plan, train, since).await?;
        let (at, zone) = (self.now, points.zone.clone());
        Ok(DrawnAgenda { at, train: train.to_owned(), zone, text: agenda::text(&points), places })
    }

    async fn points(&self, plan: Plan, train: &str, since: Timestamp) -> Result<Points, StoreError> {
        let release = self.release(plan.releases, train);
        let carried = |place: &Place| self.rules.carrier(place.change.line.at.repo) == Some(train);
        let candidates: Vec<Place> = plan.unplanned.into_iter().filter(carried).collect();
        let free = release.as_ref().and_then(|release| release.free).unwrap_or(candidates.len());
        let next = candidates.iter().take(free).map(|place| &place.change);
        let near: Vec<Shown> =
            release.iter().flat_map(|release| &release.changes).chain(next).cloned().collect();
        let filter = Filter { overdue: Some(true), ..Filter::default() };
        let mut waiting = self.waiting(&filter).await?;
        waiting.items.retain(|waits| self.concerns(waits.shown.line.at.repo, train));
        let more = waiting.items.len().saturating_sub(LISTED);
        waiting.items.truncate(LISTED);
        Ok(Points {
            train: train.to_owned(),
            zone: plan.zone,
            prefix: self.rules.prefix(),
            since,
            release,
            new: self.new_since(since, train).await?,
            clashes: clashes(&near),
            depends: self.depends(&near).await?,
            candidates,
            overdue: (waiting.items, more),
            loads: plan.loads,
            flow: plan.flow,
        })
    }

    /// The next release of the train that is neither locked nor full, or the next that is not locked.
    fn release(&self, releases: Vec<Column>, train: &str) -> Option<Column> {
        let is_to_come = |at: Option<Timestamp>| at.is_none_or(|at| at > self.now);
        let is_open = |column: &Column| {
            column.id.train == train
                && is_to_come(column.leaves)
                && is_to_come(column.locks)
                && column.phase.is_none_or(|phase| phase == Phase::Planning)
        };
        let mut open: Vec<Column> = releases.into_iter().filter(is_open).collect();
        let place = open.iter().position(|column| column.free != Some(0)).unwrap_or(0);
        (place < open.len()).then(|| open.swap_remove(place))
    }

    /// Whether a meeting of the train looks at what is asked for in a repository: its own, and what no train carries.
    fn concerns(&self, repo: RepoId, train: &str) -> bool {
        self.rules.carrier(repo).is_none_or(|carrier| carrier == train)
    }

    async fn new_since(&self, since: Timestamp, train: &str) -> Result<Vec<Shown>, StoreError> {
        let piles = [(Pile::Triage, since), (Pile::Deferred, since), (Pile::Open, since)];
        let mut lines = self.store.lines(self.tenant, &piles).await?;
        lines.retain(|line| line.asked >= since && self.concerns(line.at.repo, train));
        lines.sort_by_key(|line| (line.asked, line.at));
        Ok(lines.into_iter().map(|line| self.shown(line)).collect())
    }

    /// What these depend on that is neither planned nor in production.
    async fn depends(&self, near: &[Shown]) -> Result<Vec<(Shown, String)>, StoreError> {
        let asked = |at: &IssueRef| (self.tenant.clone(), SubjectId::ChangeRequest(*at));
        let own: Vec<_> = near.iter().map(|shown| asked(&shown.line.at)).collect();
        let views = self.store.views(&own).await?;
        let links = near.iter().flat_map(|shown| {
            let view = views.get(&asked(&shown.line.at)).and_then(View::as_change_request);
            let links = view.map(|view| &view.depends[..]).unwrap_or_default();
            links.iter().filter_map(move |link| Some((shown, self.linked(link, shown.line.at.repo)?, link)))
        });
        let links: Vec<(&Shown, IssueRef, &WrittenLink)> = links.collect();
        let others: Vec<_> = links.iter().map(|(_, at, _)| asked(at)).collect();
        let others = self.store.views(&others).await?;
        let is_sure = |at: &IssueRef| {
            let view = others.get(&asked(at)).and_then(View::as_change_request);
            view.is_some_and(|view| view.delivered.is_some() || view.release.is_some())
                || near.iter().any(|shown| shown.line.at == *at)
        };
        let unsure = links.into_iter().filter(|(_, at, _)| !is_sure(at));
        Ok(unsure.map(|(shown, at, _)| (shown.clone(), self.name_of(at))).collect())
    }

    fn linked(&self, link: &WrittenLink, here: RepoId) -> Option<IssueRef> {
        let repo = match &link.repo {
            Some(name) => self.rules.named(name)?,
            None => here,
        };
        Some(IssueRef { repo, number: link.number })
    }

    fn name_of(&self, at: IssueRef) -> String {
        let name = self.rules.name(at.repo).map_or_else(|| at.repo.to_string(), ToString::to_string);
        format!("{name}#{}", at.number)
    }
}

fn clashes(near: &[Shown]) -> Vec<(String, Vec<Shown>)> {
    let mut systems: BTreeMap<&String, Vec<Shown>> = BTreeMap::new();
    for shown in near {
        shown.line.systems.iter().for_each(|system| systems.entry(system).or_default().push(shown.clone()));
    }
    let met = systems.into_iter().filter(|(_, all)| all.len() > 1);
    met.map(|(system, all)| (system.clone(), all)).collect()
}
