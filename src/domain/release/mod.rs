//! A release: one milestone title over the repositories of a train, the change requests planned for it, the commits that
//! it ships, and who has signed it.
//!
//! The parts, in the order in which a judgement uses them:
//!
//! - [`scope`]: its milestones, its change requests, and who worked on each,
//! - [`act`]: what people decided on its control record,
//! - [`swap`]: how its scope changes after the lock,
//! - [`candidate`]: the fixed commit of each repository that it ships,
//! - `slots`: how much of that it carries,
//! - `rules`: what policy demands of it,
//! - [`signing`]: who has to sign, and how that stands,
//! - [`substitutes`]: who may besides, where too few could,
//! - [`needs`]: what its changes depend on,
//! - [`notice`]: who is told what it ships before it goes,
//! - `recording`: where its control record is kept,
//! - `readiness`: whether it is ready for that,
//! - `apart`: whether one policy rules all of it,
//! - [`reminders`]: who is asked again,
//! - `renamed`: what it is called when its milestones are,
//! - `trials`: whether each of its changes was tried,
//! - `at_gate`: what keeps it back at a gate,
//! - [`outcome`]: where it runs, where it was taken back, and how that went,
//! - `answer`: what GitHub and the log are told.

pub mod act;
mod answer;
mod apart;
mod at_gate;
pub mod candidate;
mod moved;
pub mod needs;
pub mod notice;
pub mod outcome;
mod readiness;
mod recording;
pub mod reminders;
mod renamed;
mod rules;
pub mod scope;
pub mod signing;
pub mod slots;
pub mod substitutes;
pub mod swap;
mod trials;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    approval::{self, History, Ledger},
    command::{self, Told},
    decide::{Case, Decision, Judgement, READ_AGAIN},
    event::{AtGate, CommentedOn, Event, What},
    facts::Inquiry,
    finding::{Finding, Outcome},
    ids::{Actor, CommentId, IssueRef, ReleaseId, RepoId, Sha, SubjectId},
    named::Named,
    pairs,
    policy::{EffectivePolicy, Mode, Train, Zone},
    replies::Replies,
    revision::{Names, Parts, Revision},
    subject::{Relation, State, View},
};
use act::{Act, Deed, Verdict};
pub use candidate::{Candidate, Source};
pub use needs::{Need, Stands};
pub use notice::Notified;
pub use outcome::TakenBack;
use readiness::Setting;
use recording::Keeper;
pub use reminders::Reminders;
pub use renamed::Onward;
pub use scope::{Carried, Change, Pull};
pub use signing::{Signing, Wanted};
pub use substitutes::{Appointment, Substitute};
pub use swap::{AtLock, Swap};

/// What is known of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    pub id: ReleaseId,
    /// The repositories that have its milestone, with the milestone's number.
    pub milestones: Vec<(RepoId, u64)>,
    /// The earliest due day of its milestones.
    pub due_on: Option<Timestamp>,
    /// Whether any of its milestones is open.
    pub open: bool,
    /// What it is called since its milestones were renamed.
    #[serde(default)]
    pub onward: Option<Onward>,
    /// The change requests planned for it.
    pub scope: Vec<IssueRef>,
    /// The same, with what the release needs to know of each.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// How many of them it carries, where that is limited.
    #[serde(default)]
    pub slots: Option<u16>,
    /// What comes along and is none of them.
    #[serde(default)]
    pub carried: Vec<Carried>,
    /// What its changes depend on.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The repository by whose policy it goes, once one was chosen.
    #[serde(default)]
    pub home: Option<RepoId>,
    /// The repository in which its control record was opened, where policy named one.
    #[serde(default)]
    pub recorded_in: Option<RepoId>,
    /// The control record, once GitHub has confirmed it.
    #[serde(default)]
    pub record: Option<IssueRef>,
    /// When GitHub confirmed it last.
    #[serde(default)]
    pub confirmed_at: Option<Timestamp>,
    /// When it was set back, within the last hour.
    #[serde(default)]
    pub set_back: Vec<Timestamp>,
    /// What people decided there, in order.
    #[serde(default)]
    pub acts: Vec<Act>,
    #[serde(default)]
    pub locked: Option<Locked>,
    /// What the scope was then.
    #[serde(default)]
    pub at_lock: AtLock,
    /// When go/no-go opened: the scope was locked, and each change complete.
    #[serde(default)]
    pub opened: Option<Timestamp>,
    /// The commit that each repository ships.
    #[serde(default, with = "pairs")]
    pub candidates: BTreeMap<RepoId, Candidate>,
    /// The repositories whose tag does not point at the candidate any more, and at what it does.
    #[serde(default, with = "pairs")]
    pub moved: BTreeMap<RepoId, Option<Sha>>,
    /// Why GitHub did not say what a branch is at, when it was last asked.
    #[serde(default)]
    pub unread: Option<String>,
    /// What there was to sign.
    #[serde(default)]
    pub history: History,
    /// What people did about signing.
    #[serde(default)]
    pub ledger: Ledger,
    /// Where its commits were deployed, by GitHub's number of the deployment.
    #[serde(default, with = "pairs")]
    pub deployed: BTreeMap<u64, Deployed>,
    /// Where something else was deployed since that lacks its work.
    #[serde(default)]
    pub taken_back: Vec<TakenBack>,
    /// What keeps it back at the gates, by what the environments of each repository said last.
    #[serde(default)]
    pub at_gates: Vec<(RepoId, AtGate)>,
    /// Whether it is ready to be signed and to go.
    #[serde(default)]
    pub readiness: Vec<Finding>,
    /// Whether each of its changes was tried, where policy asks for that.
    #[serde(default)]
    pub trials: Vec<Finding>,
    /// What those were told who have to know of it, in order.
    #[serde(default)]
    pub notices: Vec<Notified>,
    /// Who was reminded that a signature waits.
    #[serde(default)]
    pub reminded: Reminders,
    /// Enough people had signed when it was last judged.
    #[serde(default)]
    pub signed: bool,
    /// When we answered comments on its control record, within the last hour.
    #[serde(default)]
    pub replies: Replies,
}

/// Since when the scope is locked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Locked {
    pub at: Timestamp,
    /// `None`: its time had come.
    pub by: Option<Actor>,
}

/// A deployment of one of its commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployed {
    pub repo: RepoId,
    pub environment: String,
    pub sha: Sha,
    pub state: DeploymentState,
    /// It has begun to change what runs; one that we refused has failed and never begun.
    pub began: bool,
    /// What runs there is delivered; of a staging environment it is not.
    #[serde(default = "always")]
    pub delivers: bool,
    pub at: Timestamp,
    /// The pull requests that it brought, by number, once the environment has said so.
    #[serde(default)]
    pub brought: BTreeSet<u64>,
}

/// Of what was written down before anybody asked for it.
const fn always() -> bool {
    true
}

/// How far a deployment is; of two that are told, the later one counts, in whatever order they come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentState {
    Waits,
    InProgress,
    Failed,
    Succeeded,
}

impl DeploymentState {
    /// Of GitHub's word; `None`: it says nothing of that (`inactive`: another one has taken its place).
    fn of(word: &str) -> Option<Self> {
        match word {
            "pending" | "queued" | "waiting" => Some(Self::Waits),
            "in_progress" => Some(Self::InProgress),
            "failure" | "error" => Some(Self::Failed),
            "success" => Some(Self::Succeeded),
            _ => None,
        }
    }
}

/// How far a release is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ReleaseState)]
pub enum Phase {
    Planning,
    Locked,
    /// It can be signed.
    GoNoGo,
    Approved,
    /// Some of its repositories run it, or one is on the way.
    PartlyDeployed,
    Deployed,
    /// It ran, and was taken back everywhere.
    BackedOut,
    /// People have said how it went, or its milestones are closed.
    Closed,
}

impl Release {
    /// One of which nothing is known.
    #[must_use]
    pub fn new(id: &ReleaseId) -> Self {
        Self {
            id: id.clone(),
            milestones: vec![],
            due_on: None,
            open: false,
            onward: None,
            scope: vec![],
            changes: vec![],
            slots: None,
            carried: vec![],
            needs: vec![],
            home: None,
            recorded_in: None,
            record: None,
            confirmed_at: None,
            set_back: vec![],
            acts: vec![],
            locked: None,
            at_lock: AtLock::default(),
            opened: None,
            candidates: BTreeMap::new(),
            moved: BTreeMap::new(),
            unread: None,
            history: History::default(),
            ledger: Ledger::default(),
            deployed: BTreeMap::new(),
            taken_back: vec![],
            at_gates: vec![],
            readiness: vec![],
            trials: vec![],
            notices: vec![],
            reminded: Reminders::new(),
            signed: false,
            replies: Replies::default(),
        }
    }

    /// What others may read of it. What a gate says of it is for people: nothing is judged by it.
    #[must_use]
    pub fn view(&self) -> Self {
        Self { at_gates: vec![], ..self.clone() }
    }

    /// Where it ships, and its control record.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        let ships = self.ships().into_iter().filter(|_| self.open);
        let ships = ships.map(|repo| (Relation::Ships, SubjectId::Repository(repo)));
        let record = self.record.map(|at| (Relation::Records, SubjectId::ChangeRequest(at)));
        let delivered = self.has_delivered().then_some((Relation::Delivered, SubjectId::Account));
        ships.chain(record).chain(delivered).collect()
    }

    /// Whether it is of one change that ships alone: locked from its beginning.
    #[must_use]
    pub fn is_alone(&self, train: &Train) -> bool {
        !train.title.matches(&self.id.title)
    }

    /// When its scope locks by itself.
    #[must_use]
    pub fn locks_at(&self, train: &Train, zone: &Zone) -> Option<Timestamp> {
        if self.is_alone(train) { None } else { Some(train.lock?.0.before(self.due(train, zone)?, zone)) }
    }

    /// When it is due: on the day that GitHub keeps, at the hour at which the train leaves.
    #[must_use]
    pub fn due(&self, train: &Train, zone: &Zone) -> Option<Timestamp> {
        let due = self.due_on?;
        let Some(cadence) = train.every.filter(|_| !self.is_alone(train)) else { return Some(due) };
        let day = due.strftime("%Y-%m-%d").to_string().parse().ok()?;
        zone.time_zone().to_timestamp(cadence.at().on(day)).ok()
    }

    /// How far it is; `signed`: whether enough people have signed it.
    #[must_use]
    pub fn phase(&self, signed: bool) -> Phase {
        let ships = self.ships();
        let runs: BTreeSet<RepoId> =
            self.running().filter(|it| it.state == DeploymentState::Succeeded).map(|it| it.repo).collect();
        if !self.open || self.outcome().is_some() {
            Phase::Closed
        } else if !ships.is_empty() && self.opened.is_some() && ships.is_subset(&runs) {
            Phase::Deployed
        } else if self.running().next().is_some() {
            Phase::PartlyDeployed
        } else if self.is_taken_back() {
            Phase::BackedOut
        } else if self.opened.is_some() && signed {
            Phase::Approved
        } else if self.opened.is_some() {
            Phase::GoNoGo
        } else if self.locked.is_some() {
            Phase::Locked
        } else {
            Phase::Planning
        }
    }

    /// Whether it is signed, and nothing stands in its way.
    #[must_use]
    pub fn may_go(&self) -> bool {
        let mut all = self.readiness.iter().chain(&self.trials);
        self.open && self.signed && all.all(|finding| finding.outcome() == Outcome::Pass)
    }

    /// Whether it ships this commit of the repository.
    #[must_use]
    pub fn has_candidate(&self, repo: RepoId, sha: &Sha) -> bool {
        self.candidates.get(&repo).is_some_and(|candidate| candidate.sha == *sha)
    }

    fn hear(&mut self, case: &Case<'_>) {
        for event in case.events {
            if let What::Recorded { record, revision, at, .. } = &event.what {
                self.record = Some(*record);
                self.confirmed_at = self.confirmed_at.max(Some(*at));
                if let Some(revision) = revision {
                    self.history.shown(revision, *at);
                }
            } else if let (What::Shipped(shipment), Some(here)) = (&event.what, &event.repository) {
                self.hear_shipment(here.id, shipment);
            } else if let (What::AtGate(at_gate), Some(here)) = (&event.what, &event.repository) {
                self.hear_gate(here.id, at_gate);
            } else if let What::DeploymentStatus { state: Some(state), deployment, .. } = &event.what {
                let repo = event.repository.as_ref().map(|it| it.id);
                let told = repo.zip(deployment.sha.clone()).zip(DeploymentState::of(state));
                if let Some(((repo, sha), state)) = told {
                    let environment = deployment.environment.clone().unwrap_or_default();
                    let began = matches!(state, DeploymentState::InProgress | DeploymentState::Succeeded);
                    let (delivers, at, brought) = (false, case.now, BTreeSet::new());
                    let told = Deployed { repo, environment, sha, state, began, delivers, at, brought };
                    self.hear_deployment(deployment.id, told);
                }
            }
        }
        self.hear_notices(case.events, case.instance.app);
    }

    fn hear_deployment(&mut self, id: u64, mut told: Deployed) {
        if !self.has_candidate(told.repo, &told.sha) {
            return;
        }
        if let Some(known) = self.deployed.get(&id) {
            told.delivers = known.delivers;
            told.began |= known.began;
            told.brought.extend(&known.brought);
            if known.state > told.state {
                (told.state, told.at) = (known.state, known.at);
            }
        }
        if told.began {
            self.leave_gate(told.repo, &told.environment);
        }
        self.deployed.insert(id, told);
    }

    /// The commands on the control record; those too that came before it was known to be one. `None`: what was heard there
    /// has to be asked for first.
    fn told(&self, events: &[Event], prefix: Option<&str>, inquiry: &mut Inquiry<'_>) -> Option<Vec<Told>> {
        let Some(record) = self.record else { return Some(vec![]) };
        let overheard = inquiry.view(SubjectId::ChangeRequest(record))?.and_then(View::as_change_request);
        let overheard = overheard.map_or(&[][..], |view| &view.overheard);
        let on_record = |event: &&Event| {
            let What::Comment { on: CommentedOn::Issue(issue), .. } = &event.what else { return false };
            issue.at == record
        };
        let mut told: Vec<Told> =
            events.iter().filter(on_record).filter_map(|event| command::told(event, prefix)).collect();
        for earlier in overheard.iter().filter_map(|event| command::told(event, prefix)) {
            let is_known =
                self.has_answered(earlier.comment) || told.iter().any(|it| it.comment == earlier.comment);
            if !is_known {
                told.push(earlier);
            }
        }
        Some(told)
    }

    /// Whether something that was said in a comment was taken before.
    fn has_answered(&self, comment: CommentId) -> bool {
        let signed =
            |act: &approval::Act| matches!(act.source, approval::Source::Comment(it, _) if it == comment);
        self.acts.iter().any(|act| act.comment == comment) || self.ledger.acts().iter().any(signed)
    }

    /// Locks the scope where its time has come or somebody who may has said so.
    fn lock(&mut self, train: Option<&Train>, zone: &Zone, now: Timestamp) {
        if self.locked.is_some() || !self.open {
            return;
        }
        let said = self.acts.iter().find(|act| act.counts() && act.deed == Deed::Lock);
        let due = train.and_then(|train| self.locks_at(train, zone)).filter(|at| *at <= now);
        let alone = self.changes.first().filter(|_| train.is_some_and(|train| self.is_alone(train)));
        self.locked = match said {
            None if alone.is_some() => alone
                .map(|change| Locked { at: change.planned_at.unwrap_or(now), by: change.planned_by.clone() }),
            Some(act) => Some(Locked { at: act.at, by: Some(act.by.clone()) }),
            None => due.map(|at| Locked { at, by: None }),
        };
    }

    /// Opens go/no-go once there is something to sign.
    fn open_go_no_go(&mut self, now: Timestamp) {
        let is_ready =
            self.locked.is_some() && !self.changes.is_empty() && self.changes.iter().all(Change::is_complete);
        if is_ready && self.opened.is_none() {
            self.opened = Some(now);
        }
    }

    /// Notes what there is to sign now.
    fn turn(&mut self, rules: rules::Fingerprint, now: Timestamp) {
        let ships = self.ships();
        let fixed = ships.iter().all(|repo| self.candidates.contains_key(repo));
        // Who signs what ships signs what comes along with it.
        let carried = self.carried.iter().map(|carried| &carried.change);
        let texts: Option<BTreeMap<_, _>> = self
            .changes
            .iter()
            .chain(carried)
            .map(|change| Some((change.at, change.text.clone()?)))
            .collect();
        let (Some(texts), true, Some(_)) = (texts, fixed && !ships.is_empty(), self.opened) else { return };
        let commits = self.candidates.iter().map(|(repo, it)| (*repo, it.sha.clone())).collect();
        self.history.turn(Revision::of(Parts::of_release(texts, commits, rules)), None, now);
    }
}

/// Gathers the release from what points at it; follows what is decided and signed on its control record.
#[must_use]
pub fn judge(case: Case<'_>, id: &ReleaseId) -> Judgement {
    let mut inquiry = Inquiry::new(case.facts);
    match decide(&case, id, &mut inquiry) {
        Some(judgement) if inquiry.is_complete() => judgement,
        Some(_) | None => Judgement::Needs(inquiry.into_missing()),
    }
}

/// `None`: something was asked that must be answered first.
fn decide(case: &Case<'_>, id: &ReleaseId, inquiry: &mut Inquiry<'_>) -> Option<Judgement> {
    let before = case.before.and_then(State::as_release);
    let mut after = before.cloned().unwrap_or_else(|| Release::new(id));
    let _ = inquiry.view(SubjectId::Account);
    after.gather(inquiry)?;
    // What will be asked in turn is asked at once.
    let _ = after.gather_needs(inquiry);
    after.hear(case);
    let followed = after.follow_environments(inquiry);
    let Some((policy, home)) = after.ruled(inquiry)? else {
        let audit = answer::changes(before, &after);
        return Some(Decision { audit, ..Decision::quiet(State::Release(Box::new(after))) }.into());
    };
    let zone = policy.zone();
    let train = policy.trains().get(&id.train).cloned();
    let retitled = after.follow_titles(before, train.as_ref(), inquiry)?;
    let keeper = after.keeper(train.as_ref(), home, inquiry)?;
    let told = after.told(case.events, policy.command_prefix(), inquiry)?;
    followed?;
    after.hear_acts(&told, &policy, inquiry)?;
    after.advance(case, (train.as_ref(), &zone), inquiry)?;
    let names = after.names(inquiry)?;
    let demanded = rules::demanded(&after, inquiry)?;
    after.turn(demanded.fingerprint, case.now);
    let groups: Vec<&str> = demanded.signing.approvals.keys().map(String::as_str).collect();
    told.iter().for_each(|told| after.ledger.hear(told, &groups));
    let signing = Signing::of(&after, &demanded.signing, &policy, None, inquiry)?;
    let judged = signing.judged(&after, case.now);
    after.remember(&judged);
    let managers: Vec<Named> =
        policy.release_managers().iter().map(|who| Named::who(&who.to_string())).collect();
    let names = Names { here: keeper.repo, repositories: &names };
    let setting = Setting { zone: &zone, names, managers: &managers };
    after.readiness = after.find_readiness(train.as_ref(), &setting);
    after.readiness.extend(after.apart(&policy, &setting));
    after.trials = after.find_trials(&demanded.accepters, &policy, names, inquiry)?;
    after.signed = judged.is_enough();
    let speaks =
        names.repositories.get(&home).is_some_and(|name| policy.mode_for(name.as_str()) > Mode::Observe);
    let reminding = reminders::Reminding { judged: &judged, policy: &policy, zone: &zone, now: case.now };
    let (reminders, next) = if speaks { after.remind(&reminding) } else { (vec![], None) };
    let telling = answer::Telling {
        notice: demanded.notice.as_ref(),
        before,
        keeper: &keeper,
        policy: &policy,
        train: train.as_ref(),
        setting: &setting,
        signing: &signing,
        judged: &judged,
        told: &told,
        web_url: &case.instance.web_url,
        now: case.now,
    };
    let effects = if speaks { telling.effects(&mut after, case.events) } else { vec![] };
    let retitled = if speaks { retitled } else { vec![] };
    let effects = [effects, reminders, retitled, after.failures()].concat();
    let audit = telling.audit(&after);
    let look_again = after.look_again(train.as_ref(), &zone, case.now);
    let look_again = look_again.into_iter().chain(signing.next_end(case.now)).chain(next).min();
    Some(Decision { effects, audit, look_again, after: State::Release(Box::new(after)) }.into())
}

impl Release {
    /// The policy by which it goes, and the repository whose that is. Outer `None`: not answered yet; inner: none rules it.
    fn ruled(&mut self, inquiry: &mut Inquiry<'_>) -> Option<Option<(EffectivePolicy, RepoId)>> {
        self.home = self.home.or_else(|| self.milestones.iter().map(|(repo, _)| *repo).min());
        let Some(home) = self.home else { return Some(None) };
        Some(inquiry.policy(home)?.map(|policy| (policy, home)))
    }

    /// Keeps of what people did, and of what there was to sign, only what is still asked for.
    fn remember(&mut self, judged: &approval::Judged) {
        for restraint in &judged.standing.restraints {
            self.ledger.remember(restraint.source, &restraint.groups);
        }
        self.ledger.forget(&judged.standing);
        let noticed = self.notices.last().map(|notified| notified.revision.clone());
        let given = |revision: &_| judged.standing.given.iter().any(|given| given.revision == *revision);
        self.history.forget(|revision| given(revision) || noticed.as_ref() == Some(revision));
    }

    /// What comes along, the lock, and what is fixed by it. `None`: something must be found out first.
    fn advance(
        &mut self,
        case: &Case<'_>,
        (train, zone): (Option<&Train>, &Zone),
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        self.gather_carried(inquiry)?;
        self.gather_needs(inquiry)?;
        let was_locked = self.locked.is_some();
        self.lock(train, zone, case.now);
        self.follow_scope(!was_locked && self.locked.is_some(), inquiry)?;
        self.open_go_no_go(case.now);
        self.find_slots(train, inquiry)?;
        self.find_candidates(case.events, train, case.now, inquiry)
    }

    /// When to look although nothing happens: its lock, and what could not be found out.
    fn look_again(&self, train: Option<&Train>, zone: &Zone, now: Timestamp) -> Option<Timestamp> {
        let locks = train.filter(|_| self.locked.is_none() && self.open && !self.scope.is_empty());
        let locks = locks.and_then(|train| self.locks_at(train, zone)).filter(|at| *at > now);
        let asked = self.asked_at().filter(|at| *at > now);
        let unread = self.unread.is_some()
            || self.acts.iter().any(|act| matches!(act.verdict, Verdict::Unknown(_)))
            || self.readiness.iter().chain(&self.trials).any(|finding| finding.outcome() == Outcome::Unknown);
        locks.into_iter().chain(asked).chain(unread.then(|| now + READ_AGAIN)).min()
    }
}
