//! The planning meeting: one issue with an agenda, in which people decide by commands. Each change request judges for itself whether
//! somebody may; the meeting keeps what was said and what became of it, and its minutes say so when somebody has closed the issue.
//!
//! - `hear`: what happens on its issue; `wish`: what a command asks for; `ask`: whom it is put to,
//! - `attendance`: who is there,
//! - `minutes`: what is told in the end.

mod ask;
mod attendance;
mod hear;
mod minutes;
mod wish;

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        decide::Case,
        effect::{Call, Effect},
        event::{
            CommentChange, CommentedOn, DrawnAgenda, Event, IssueChange, IssuePurpose, IssueSnapshot,
            PlannedAt, RepositorySnapshot, What,
        },
        facts::Inquiry,
        ids::{Actor, CommentId, IssueRef, RepoId, RepoName},
        policy::Zone,
        report::{heard::Heard, text},
    },
    Account,
    published::PublishedPlan,
};

pub use attendance::Attendee;

/// So many meetings are remembered.
const MOST: usize = 12;
/// So long after its end the plan may still follow from what was decided last; its minutes wait no longer for it.
const SETTLES: SignedDuration = SignedDuration::from_mins(15);
/// One whose issue could not be opened for so long is none.
const OPENS_WITHIN: SignedDuration = SignedDuration::from_hours(1);
/// What the mark of its issue begins with.
const MARK: &str = "<!-- changegate:meeting/";

/// A meeting, open or over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    pub opened: Timestamp,
    pub train: String,
    /// In which repository its issue is.
    pub home: RepoId,
    pub name: RepoName,
    pub zone: Zone,
    /// Its issue, once GitHub has confirmed it.
    #[serde(default)]
    pub issue: Option<IssueRef>,
    /// Where each change request stood in the plan when it was opened.
    #[serde(default)]
    pub places: Vec<PlannedAt>,
    #[serde(default)]
    pub attended: Vec<Attendee>,
    /// In the order of the times at which it was said.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    #[serde(default)]
    pub closed: Option<Closed>,
    /// A later one was opened: its minutes are as they are.
    #[serde(default)]
    pub past: bool,
}

/// Something that somebody decided there, or wanted to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub at: Timestamp,
    pub comment: CommentId,
    /// The how manyth command of the comment.
    pub place: usize,
    pub by: Actor,
    /// The command, as it is written there, without its slash.
    pub word: String,
    pub why: Option<String>,
    /// Of which change requests, and what each makes of it.
    pub of: Vec<Asked>,
    /// Why none was asked, as the rest of a sentence.
    pub refused: Option<String>,
}

/// A change request that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub at: IssueRef,
    /// `acme/web#12`.
    pub name: String,
    /// In the words of whoever asked for it.
    pub title: String,
    pub came: Came,
}

/// What became of it, in Markdown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Came {
    Waits,
    Counts(String),
    Refused(String),
}

/// The end of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    pub at: Timestamp,
    pub by: Option<Actor>,
    /// Whom the plan is sent to, as they are called.
    pub sponsors: Vec<String>,
    /// The minutes are written.
    #[serde(default)]
    pub told: bool,
}

/// Whether a planning meeting is held on an issue of ours.
#[must_use]
pub fn is_held_on(issue: &IssueSnapshot) -> bool {
    let by_a_bot = issue.author.as_ref().is_some_and(|author| !author.person);
    by_a_bot && issue.body.contains(MARK)
}

impl Meeting {
    fn of(agenda: &DrawnAgenda, here: &RepositorySnapshot) -> Self {
        Self {
            opened: agenda.at,
            train: agenda.train.clone(),
            home: here.id,
            name: here.name.clone(),
            zone: agenda.zone.clone(),
            issue: None,
            places: agenda.places.clone(),
            attended: vec![],
            decisions: vec![],
            closed: None,
            past: false,
        }
    }

    /// Whether it lasts. One that never had an issue lasts no longer than a while.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.closed.is_none() && (self.issue.is_some() || now.duration_since(self.opened) < OPENS_WITHIN)
    }

    /// As others may read it: where it is.
    pub(super) fn view(&self) -> Self {
        let (name, zone, train) = (self.name.clone(), self.zone.clone(), self.train.clone());
        let (places, attended, decisions) = (vec![], vec![], vec![]);
        Self { name, zone, train, places, attended, decisions, closed: None, past: false, ..*self }
    }

    fn purpose(&self) -> String {
        format!("meeting/{}", self.opened.as_microsecond())
    }

    /// Whether that is its issue; as long as GitHub has not confirmed which it is, its mark says so.
    fn is_on(&self, issue: &IssueSnapshot) -> bool {
        let is_marked =
            || is_held_on(issue) && issue.body.contains(&format!("<!-- changegate:{}:", self.purpose()));
        self.issue.map_or_else(|| issue.at.repo == self.home && is_marked(), |at| at == issue.at)
    }

    fn agenda(&self, body: &str) -> Effect {
        let day = self.zone.day(self.opened);
        Effect::new(Call::Issue {
            repo: self.home,
            purpose: self.purpose(),
            title: format!("Planning meeting: {}, {day}", self.train),
            body: text::cut(body.to_owned()),
            open: true,
            told: Some(IssuePurpose::Meeting { opened: self.opened }),
        })
    }

    /// Whether its minutes can be written, and were not: the plan was drawn since its end, or is waited for no longer.
    fn is_due(&self, plan: Option<&PublishedPlan>, now: Timestamp) -> bool {
        let Some(closed) = self.closed.as_ref().filter(|closed| !closed.told) else { return false };
        let is_drawn = plan.and_then(|plan| plan.at).is_some_and(|at| at > closed.at);
        is_drawn || now.duration_since(closed.at) >= SETTLES
    }

    fn entry(&self, code: &str) -> AuditEntry {
        let entry = AuditEntry::new(code).fact("train", &self.train).fact("opened", self.opened);
        match self.issue {
            Some(issue) => entry.fact("issue", issue),
            None => entry.fact("in", self.home),
        }
    }
}

/// The issue that a delivery is about, if it may be a meeting's.
fn issue_of(event: &Event) -> Option<&IssueSnapshot> {
    if let What::Issue { change, issue } = &event.what {
        let ends =
            matches!(change, IssueChange::Closed | IssueChange::Deleted | IssueChange::Transferred { .. });
        return ends.then_some(issue);
    }
    let What::Comment { change: CommentChange::Created, on: CommentedOn::Issue(issue), comment } =
        &event.what
    else {
        return None;
    };
    let by_a_person = comment.author.as_ref().is_some_and(|author| author.person);
    by_a_person.then_some(issue)
}

impl Account {
    /// Whether a delivery is about a meeting.
    pub(super) fn meets(&self, event: &Event) -> bool {
        let is_told = matches!(
            event.what,
            What::MeetingOpened(_)
                | What::Judged(_)
                | What::Kept { purpose: IssuePurpose::Meeting { .. }, .. }
        );
        is_told
            || issue_of(event).is_some_and(|issue| self.meetings.iter().any(|meeting| meeting.is_on(issue)))
    }

    /// Follows the meetings. `None`: something must be found out first.
    pub(super) fn hear_meetings(&mut self, case: &Case<'_>, inquiry: &mut Inquiry<'_>) -> Option<Heard> {
        let mut heard = Heard::default();
        let (mut known, mut told) = (Some(()), vec![]);
        for event in case.events {
            if let (What::MeetingOpened(agenda), Some(here)) = (&event.what, &event.repository) {
                self.open_meeting(agenda, here, &case.instance.web_url, &mut heard);
            } else if let What::Kept { issue, purpose: IssuePurpose::Meeting { opened } } = &event.what {
                let meeting = self.meetings.iter_mut().find(|meeting| meeting.opened == *opened);
                meeting.into_iter().for_each(|meeting| meeting.issue = Some(*issue));
            } else if let What::PlanDrawn(_) | What::Kept { purpose: IssuePurpose::Plan, .. } = &event.what {
                let drawn = self.plan.as_ref().and_then(|plan| plan.at);
                let follows = |over: &Closed| drawn.is_some_and(|at| at.duration_since(over.at) < SETTLES);
                let just_over = |it: &&Meeting| it.closed.as_ref().is_some_and(follows);
                told.extend(self.meetings.iter().filter(just_over).map(|meeting| meeting.opened));
            } else if let What::Judged(judged) = &event.what {
                let meeting = self.meetings.iter_mut().find(|it| it.issue == Some(judged.on));
                told.extend(meeting.and_then(|meeting| meeting.take(judged, &mut heard)));
            } else if let Some(issue) = issue_of(event)
                && let Some(meeting) = self.meetings.iter_mut().find(|meeting| meeting.is_on(issue))
            {
                meeting.issue = Some(issue.at);
                match meeting.hear(event, issue, &mut heard, inquiry) {
                    Some(()) => told.push(meeting.opened),
                    None => known = None,
                }
            }
        }
        known?;
        let (plan, web_url) = (self.plan.as_deref(), &case.instance.web_url);
        for meeting in &mut self.meetings {
            let is_due = meeting.is_due(plan, case.now);
            let Some(closed) = &mut meeting.closed else { continue };
            closed.told |= is_due;
            if is_due || (closed.told && told.contains(&meeting.opened)) {
                heard.effects.extend(meeting.minutes(plan, web_url));
            }
        }
        Some(heard)
    }

    /// Whether the minutes of a meeting wait for the plan.
    #[must_use]
    pub fn waits_for_the_plan(&self) -> bool {
        self.minutes_are_due().is_some()
    }

    /// By when the minutes that wait for the plan are written without it.
    pub(super) fn minutes_are_due(&self) -> Option<Timestamp> {
        let waiting =
            self.meetings.iter().filter(|meeting| !meeting.past).filter_map(|it| it.closed.as_ref());
        waiting.filter(|closed| !closed.told).map(|closed| closed.at + SETTLES).min()
    }

    /// One for each train at a time. The minutes of the one before are as they are from now on.
    fn open_meeting(
        &mut self,
        agenda: &DrawnAgenda,
        here: &RepositorySnapshot,
        web_url: &str,
        heard: &mut Heard,
    ) {
        let is_same = |it: &Meeting| it.opened == agenda.at;
        let is_open = |it: &Meeting| it.train == agenda.train && it.is_open(agenda.at);
        if self.meetings.iter().any(|it| is_same(it) || is_open(it)) {
            return;
        }
        let plan = self.plan.as_deref();
        for earlier in self.meetings.iter_mut().filter(|it| it.train == agenda.train) {
            let waits = earlier.closed.as_ref().is_some_and(|closed| !closed.told);
            heard.effects.extend(waits.then(|| earlier.minutes(plan, web_url)).flatten());
            (earlier.past, earlier.places, earlier.decisions) = (true, vec![], vec![]);
        }
        let meeting = Meeting::of(agenda, here);
        heard.effects.push(meeting.agenda(&agenda.text));
        heard.audit.push(meeting.entry("planning.opened"));
        self.meetings.push(meeting);
        let surplus = self.meetings.len().saturating_sub(MOST);
        self.meetings.drain(..surplus);
    }
}
