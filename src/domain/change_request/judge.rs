//! One judgement: ask, follow, judge the acts, derive the rest.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    decide::{Case, Decision, Judgement, READ_AGAIN},
    effect::Effect,
    event::{Event, What},
    facts::{Inquiry, Membership},
    ids::{IssueRef, ReleaseId, RepoId, RepoName, SubjectId},
    link::dependencies,
    milestone::MilestoneView,
    planning::line::FORM,
    pull_request::PullRequestView,
    report::{
        retrospective,
        status::{Pull, Setting},
    },
    repository::RepositoryView,
    subject::{Relation, State, View},
};

use super::{
    ChangeRequest,
    act::{self, Act, ActId, Deed, Verdict},
    answer, deeds,
    delivered::{self, Known, Round},
    emergency::{Debt, Emergency, Terms},
    follow::{Gone, Heard},
    in_meeting, limits, log, news, people, planning,
    rules::Rules,
    stage::{self, Work},
    way_back::{self, WayBack},
    without_code,
};

/// How long after it was done an act is answered; one that we learn of later only counts.
pub(super) const ANSWERED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long a transferred issue waits for its former place to be settled.
const MOVING: SignedDuration = SignedDuration::from_secs(1);

/// What the store knows around the issue.
struct Around<'a> {
    repository: Option<&'a RepositoryView>,
    name: Option<&'a RepoName>,
    rules: Rules,
    pulls: Vec<Pull<'a>>,
}

/// Follows the issue; judges who set its labels; keeps its status comment up to date.
#[must_use]
pub fn judge(case: Case<'_>, at: IssueRef) -> Judgement {
    let before = case.before.and_then(State::as_change_request);
    let mut inquiry = Inquiry::new(case.facts);
    match decide(&case, at, before, &mut inquiry) {
        Some(judgement) if inquiry.is_complete() => judgement,
        Some(_) | None => Judgement::Needs(inquiry.into_missing()),
    }
}

/// `None`: something was asked that must be answered first.
fn decide(
    case: &Case<'_>,
    at: IssueRef,
    before: Option<&ChangeRequest>,
    inquiry: &mut Inquiry<'_>,
) -> Option<Judgement> {
    // Somebody points here, or our sweep has found it: nothing was ever heard of it.
    let is_found =
        before.is_none() && case.events.iter().all(|event| matches!(event.what, What::Swept { .. }));
    if is_found {
        let _ = inquiry.issue(at);
    }
    let around = look_around(case.events, at, inquiry)?;
    let rules = &around.rules;
    let mut after = before.cloned().unwrap_or_else(|| ChangeRequest::new(at));
    let mut heard = after.hear(case.events, rules, case.instance.app);
    heard.must_read |= after.bears_a_former_label(around.repository);
    let wanted = !around.pulls.is_empty() || is_found;
    // An emergency is heard on any issue: it takes the issue in.
    let known = before.is_some() || wanted || heard.declared || heard.overheard || !heard.told.is_empty();
    if !known && after.moved_from.is_none() && after.versions.is_empty() {
        return Some(Judgement::Ignored("the issue is no change request"));
    }
    let ways = around.ways_back(&after, &heard, inquiry);
    let own = around.own(at);
    let milestone = match own {
        Some(own) => after.take_own(own),
        None => read(&mut after, &heard, wanted, rules, inquiry)?,
    };
    if !known && after.versions.is_empty() {
        return Some(Judgement::Ignored("the issue is no change request"));
    }
    let is_moving = after.take_along(heard.moved_here, inquiry)?;
    judge_acts(&mut after, rules, inquiry, case.now)?;
    after.look(rules);
    after.look_for_needs(&case.instance.web_url);
    let release = milestone.and_then(|milestone| rules.release_for(at, &milestone.title));
    let elsewhere = around.said_elsewhere(&after, case.events);
    after.note_acts(
        (case.events, &heard.told),
        &elsewhere,
        rules,
        release.as_ref().map(|release| release.title.as_str()),
    );
    judge_acts(&mut after, rules, inquiry, case.now)?;
    after.forget_ours();
    if let Some(own) = own {
        after.look_at_own(own);
    }
    plan(&mut after, release);
    let verified_at = stand(&mut after, &around, case.now, inquiry)?;
    let emergency_ends = after.judge_emergency(&around, case.now);
    let parts_known = after.judge_parts(&around, inquiry)?;
    let due = milestone.and_then(|milestone| milestone.due_on);
    let (web_url, pulls) = (&case.instance.web_url, &around.pulls);
    let setting = Setting { web_url, name: around.name, rules, pulls, is_own: own.is_some(), due };
    let audit = log::entries(before, &after);
    let told = (&heard, &ways?[..]);
    let effects = if is_moving { vec![] } else { tell(before, &mut after, told, &setting, case) };
    after.forget_refused();
    let in_doubt = is_in_doubt(&after, rules)
        || !parts_known
        || (own.is_none() && after.bears_a_former_label(around.repository));
    let look_again =
        if is_moving { Some(case.now + MOVING) } else { in_doubt.then(|| case.now + READ_AGAIN) };
    let ends = [emergency_ends, verified_at, after.silence_ends()];
    let look_again = look_again.into_iter().chain(ends.into_iter().flatten()).min();
    Some(Decision { after: State::ChangeRequest(Box::new(after)), effects, audit, look_again }.into())
}

/// Where it stands, and whether who wants to start it by hand may; when it will be known to work, if nobody says otherwise.
/// `None`: something must be asked first.
fn stand(
    after: &mut ChangeRequest,
    around: &Around<'_>,
    now: Timestamp,
    inquiry: &mut Inquiry<'_>,
) -> Option<Option<Timestamp>> {
    let verified_at = derive(after, around, now);
    let by_hand = after.needs_no_code() && around.pulls.is_empty();
    let is_news = after.judge_starts(by_hand, &around.rules, now, inquiry)?;
    let verified_at = if is_news { derive(after, around, now) } else { verified_at };
    Some(if after.follow_silence(&around.rules, now) { derive(after, around, now) } else { verified_at })
}

/// What GitHub and other systems are told.
fn tell(
    before: Option<&ChangeRequest>,
    after: &mut ChangeRequest,
    told: (&Heard, &[WayBack]),
    setting: &Setting<'_>,
    case: &Case<'_>,
) -> Vec<Effect> {
    let mut effects = answer::effects(before, after, told, setting, case.now);
    effects.extend(retrospective::effect(after, setting));
    effects.extend(in_meeting::effects(before, after, setting));
    effects.extend(news::effect(before, after, setting.rules, setting.name, case));
    effects
}

impl<'a> Around<'a> {
    /// What an emergency that is being declared is offered first. `None`: something has to be found out first.
    fn ways_back(
        &self,
        after: &ChangeRequest,
        heard: &Heard,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<Vec<WayBack>> {
        let views: Vec<&PullRequestView> = self.pulls.iter().map(|pull| pull.view).collect();
        if !after.is_being_declared(heard, &views) {
            return Some(vec![]);
        }
        let repos: BTreeSet<RepoId> = views.iter().map(|view| view.at.repo).chain([after.at.repo]).collect();
        way_back::find(&repos, inquiry)
    }

    /// What was said of it on its pull requests, and where people look back on its emergency.
    fn said_elsewhere(&self, after: &ChangeRequest, events: &[Event]) -> Vec<Act> {
        let pulls = self.pulls.iter().map(|pull| pull.view).filter(|view| after.hears(view));
        let there = deeds::said_on_retrospective(events, after.retrospective, &self.rules);
        pulls.flat_map(deeds::said_on).chain(there).collect()
    }

    /// The pull request that is this change request itself.
    fn own(&self, at: IssueRef) -> Option<&'a PullRequestView> {
        self.pulls.iter().map(|pull| pull.view).find(|view| view.at == at && view.own.is_some())
    }
}

/// What the store knows. Everything that can be asked is asked before the first answer is looked at.
fn look_around<'a>(events: &[Event], at: IssueRef, inquiry: &mut Inquiry<'a>) -> Option<Around<'a>> {
    inquiry.foresee_policy(at.repo, events);
    let repository = inquiry.repository(at.repo);
    let policy = inquiry.policy(at.repo);
    let covering = inquiry.pointing_at(SubjectId::ChangeRequest(at), Relation::Covers);
    let pulls: Vec<Option<Pull<'a>>> =
        covering.into_iter().flatten().filter_map(|subject| pull(subject, inquiry)).collect();
    covering?;
    let (repository, policy) = (repository?, policy?);
    let name = repository.map(|repository| &repository.name);
    let rules = Rules::of(policy, name);
    Some(Around { repository, name, rules, pulls: pulls.into_iter().collect::<Option<_>>()? })
}

/// Inner `None`: not answered yet; outer: no pull request that was ever settled.
fn pull<'a>(subject: &SubjectId, inquiry: &mut Inquiry<'a>) -> Option<Option<Pull<'a>>> {
    let SubjectId::PullRequest(at) = subject else { return None };
    let (view, name) = (inquiry.view(subject.clone()), inquiry.repository_name(at.repo));
    let (Some(view), Some(name)) = (view, name) else { return Some(None) };
    let view: &'a PullRequestView = view.and_then(View::as_pull_request)?;
    Some(Some(Pull { view, name }))
}

/// Reads GitHub where that is needed, and finds the milestone. The teams are asked for along the way, so that no
/// further round is needed when the reading shows whom to look for.
fn read<'a>(
    after: &mut ChangeRequest,
    heard: &Heard,
    wanted: bool,
    rules: &Rules,
    inquiry: &mut Inquiry<'a>,
) -> Option<Option<&'a MilestoneView>> {
    let mut milestone = find_milestone(after, inquiry);
    if after.must_read(heard, wanted, rules) {
        let reading = inquiry.issue(after.at);
        if rules.mode.is_some() {
            let _ = inquiry.teams(&rules.triagers);
            let _ = inquiry.teams(&rules.release_managers);
        }
        after.take_reading(reading?, rules);
        milestone = find_milestone(after, inquiry);
    }
    milestone
}

/// Outer `None`: not answered yet; inner: it has none, or none that was ever settled.
fn find_milestone<'a>(after: &ChangeRequest, inquiry: &mut Inquiry<'a>) -> Option<Option<&'a MilestoneView>> {
    let Some(number) = after.seen.as_ref().and_then(|seen| seen.milestone) else { return Some(None) };
    let view = inquiry.view(SubjectId::Milestone(after.at.repo, number))?;
    Some(view.and_then(View::as_milestone).filter(|milestone| !milestone.deleted))
}

/// `None`: a team has to be asked for first.
fn judge_acts(
    after: &mut ChangeRequest,
    rules: &Rules,
    inquiry: &mut Inquiry<'_>,
    now: Timestamp,
) -> Option<()> {
    let (requester, contact, account) =
        (after.requester().cloned(), after.contact().cloned(), after.account.clone());
    let around = people::Around {
        requester: requester.as_ref(),
        contact: contact.as_ref(),
        account: account.as_deref(),
        delivered: after.delivered.is_some(),
    };
    let declared = after.acts.iter().any(|act| matches!(act.deed, Deed::Emergency { .. }));
    let ran = after.delivered.is_some() || after.underway.is_some() || after.needs_no_code();
    let (at, mut complete) = (after.at, Some(()));
    for place in 0..after.acts.len() {
        let (earlier, later) = after.acts.split_at_mut(place);
        let Some(act) = later.first_mut().filter(|act| !act.is_judged()) else { continue };
        let resolved = planning::resolve(act, (at, account.as_deref()), rules, inquiry);
        let may = people::verdict((act, at), rules, &around, inquiry).filter(|_| resolved.is_some());
        let verdict = match may {
            Some(Verdict::Allowed) => {
                limits::held(act, act::standing(earlier, Timestamp::MAX), rules, now, inquiry)
            }
            may => may,
        };
        match verdict {
            Some(verdict) => act.verdict = verdict,
            None => complete = None,
        }
        // What is owed for an emergency is not meant where there was none, nor is how it went before it ran.
        let beside = (!declared && act.deed == Deed::Vouch)
            || (!declared && !ran && matches!(act.deed, Deed::LookBack { .. }));
        // Who said it on a control record is answered there.
        let elsewhere = act.on.is_some() && act.deed.plans();
        act.quiet = elsewhere
            || beside
            || !rules.speaks()
            || (!act.came_along() && now.duration_since(act.at) > ANSWERED_FOR);
    }
    complete
}

/// The release counts when somebody who may has set the milestone, and since then.
fn plan(after: &mut ChangeRequest, release: Option<ReleaseId>) {
    let set_here = after.acts.iter().find(|act| matches!(act.id, ActId::Milestone(..)));
    let came_along = || {
        let same = |title: &str| release.as_ref().is_some_and(|release| release.title == title);
        let is_plan = |act: &&Act| act.came_along() && matches!(&act.deed, Deed::Plan(title) if same(title));
        after.acts.iter().find(is_plan)
    };
    let commanded = || {
        let title = release.as_ref().map(|release| release.title.as_str())?;
        act::commanded(&after.acts, |deed| deed.plans_for(title))
    };
    let planned =
        set_here.or_else(commanded).or_else(came_along).filter(|act| act.counts()).map(|act| act.at);
    match planned.zip(release) {
        Some((at, release)) => stage::note_from(&mut after.planned, at, Some(release)),
        None if after.planned.is_empty() => {}
        None => {
            let taken_out = act::commanded(&after.acts, |deed| matches!(deed, Deed::Unschedule { .. }));
            let since = taken_out.map(|act| act.at);
            let seen = || after.seen.as_ref().and_then(|seen| seen.updated_at);
            let since = since.or_else(seen).unwrap_or_default();
            stage::note_from(&mut after.planned, since, None);
        }
    }
}

/// Everything that follows from what is known; when it will be known to work, if nobody says otherwise.
fn derive(after: &mut ChangeRequest, around: &Around<'_>, now: Timestamp) -> Option<Timestamp> {
    let views: Vec<&PullRequestView> = around.pulls.iter().map(|pull| pull.view).collect();
    let reopened = after.acts.iter().filter(|act| act.counts() && act.deed == Deed::Reopen);
    let reopened: Vec<Timestamp> = reopened.map(|act| act.at).collect();
    let by_hand = after.needs_no_code() && views.is_empty();
    let (round, underway) = if by_hand {
        without_code::round(&after.acts)
    } else {
        (delivered::round(after.at, &views, &reopened), None)
    };
    let Round { work, since, delivered } = round;
    after.underway = underway;
    let (work, since) = match work {
        Work::None | Work::Part if !by_hand => {
            closed_by_pull_request(after, &views, reopened.last()).unwrap_or((work, since))
        }
        Work::None | Work::Part | Work::Open | Work::Finished | Work::Delivered => (work, since),
    };
    after.delivered = delivered;
    let verified = after.delivered.as_ref();
    let verified = verified.and_then(|it| {
        let known = delivered::known(&after.acts, it, (after.requester(), &around.rules.zone));
        if let Known::Works(at) = known { Some(at) } else { None }
    });
    after.verified = verified.filter(|at| *at <= now);
    if work != Work::None || !after.work.is_empty() {
        stage::note(&mut after.work, since.unwrap_or(now), work);
    }
    after.acceptance = after.judge_acceptance();
    after.stages = after.history();
    after.had = after.has_had(&views);
    after.listed = FORM;
    verified.filter(|at| *at > now)
}

impl ChangeRequest {
    /// What its text says that it depends on.
    fn look_for_needs(&mut self, web_url: &str) {
        let body = self.seen.as_ref().map(|seen| seen.body.as_str()).unwrap_or_default();
        self.depends = dependencies(body, web_url);
    }

    /// What was declared and what is owed for it; when it ends.
    fn judge_emergency(&mut self, around: &Around<'_>, now: Timestamp) -> Option<Timestamp> {
        let views = || around.pulls.iter().map(|pull| pull.view);
        let workers = views().flat_map(|view| view.people.iter().copied()).collect();
        self.emergency = Emergency::of(&self.acts, &workers);
        // What is owed goes along with an issue that is transferred.
        let went = matches!(self.gone, Some(Gone::MovedTo(Some(_))));
        let owes = !went && self.emergency.as_ref().is_some_and(|emergency| !emergency.is_paid());
        let repositories = views().map(|view| view.at.repo).chain([self.at.repo]);
        self.owes = repositories.filter(|_| owes).collect();
        let emergency = self.emergency.as_mut()?;
        let ends = around.rules.emergencies.iter().map(|(rules, zone)| emergency.ends(rules, zone)).max();
        let lasts = emergency.looked_back.is_none() && ends.is_some_and(|ends| now < ends);
        emergency.in_force = self.taken_in && lasts && !emergency.came_along;
        let rules = &around.rules.emergencies;
        let owed = |debt| {
            let all = rules.iter().flat_map(|(rules, zone)| emergency.debts(rules, zone));
            all.filter(|(owed, _)| *owed == debt).map(|(_, due)| due).min()
        };
        let (signature, retrospective) = (owed(Debt::Signature), owed(Debt::Retrospective));
        emergency.terms = ends.map(|lasts_until| Terms { lasts_until, signature, retrospective });
        ends.filter(|_| emergency.in_force)
    }

    /// Which of the pull requests are part of the emergency: whoever links one while it lasts does not ride along. Whether
    /// all is known of that. `None`: something has to be found out first.
    fn judge_parts(&mut self, around: &Around<'_>, inquiry: &mut Inquiry<'_>) -> Option<bool> {
        let Some(emergency) = self.emergency.as_ref() else { return Some(true) };
        let trusted = [&around.rules.on_call[..], &around.rules.release_managers].concat();
        let mut asked = vec![];
        for view in around.pulls.iter().map(|pull| pull.view) {
            let is_part = view.at == self.at || emergency.takes_in(view, self.at, &self.acts);
            let by = view.ties.iter().find(|tie| tie.to == self.at).and_then(|tie| tie.by.as_ref());
            let membership = match by.filter(|_| !is_part && emergency.in_force) {
                Some(by) => inquiry.membership(&trusted, by),
                None if is_part => Some(Membership::Member),
                None => Some(Membership::Stranger),
            };
            asked.push((view.at, membership));
        }
        let (mut parts, mut all_known) = (BTreeSet::new(), true);
        for (at, membership) in asked {
            match membership? {
                Membership::Member => drop(parts.insert(at)),
                Membership::Stranger => {}
                Membership::Unknown(_) => all_known = false,
            }
        }
        self.emergency.as_mut()?.parts = parts;
        Some(all_known)
    }

    /// Whether what is said of an emergency on this pull request is meant for it: one that is its own change request keeps
    /// it for itself, where it only names an ordinary issue.
    fn hears(&self, pull: &PullRequestView) -> bool {
        pull.own.is_none() || self.taken_in || pull.at == self.at
    }
}

/// GitHub may know of a pull request that we don't see. One that was taken back finishes nothing, nor does one after which it was
/// reopened.
fn closed_by_pull_request(
    after: &ChangeRequest,
    views: &[&PullRequestView],
    reopened: Option<&Timestamp>,
) -> Option<(Work, Option<Timestamp>)> {
    let seen = after.seen.as_ref().filter(|seen| !seen.open)?;
    let read = after.read.as_ref().filter(|read| read.closed_at == seen.closed_at)?;
    if reopened.is_some_and(|at| Some(*at) > seen.closed_at) {
        return None;
    }
    let closer = views.iter().find(|view| Some(view.at) == read.closed_by_pull_request);
    let undone = closer.is_some_and(|closer| stage::undone_by(closer, views).is_some());
    read.closed_by_pull_request.filter(|_| !undone).map(|_| (Work::Finished, seen.closed_at))
}

/// Whether looking again may find out more. Where there is no policy, its arrival wakes us.
fn is_in_doubt(after: &ChangeRequest, rules: &Rules) -> bool {
    after.unread.is_some() || (rules.mode.is_some() && after.acts.iter().any(|act| !act.is_judged()))
}
