//! Follows the issue: the newest snapshot counts, in whatever order snapshots arrive, and GitHub is read where a
//! snapshot cannot say what must be known: who set what, and which of two snapshots of one second is the newer.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{
    account,
    command::{self, Told},
    event::{CommentChange, CommentedOn, Event, IssueChange, IssuePurpose, IssueSnapshot, What},
    facts::{Fact, IssueReading, SetBy},
    ids::IssueRef,
    pull_request::PullRequestView,
    repository::RepositoryView,
};

use super::{
    ChangeRequest,
    act::Deed,
    deeds,
    rules::{Rules, same},
    stage::Own,
};

/// What GitHub said of an issue when it was asked, and of which snapshot that is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// When it was asked.
    pub as_of: Timestamp,
    /// The deciding labels it covers, in order.
    pub labels: Vec<String>,
    /// The milestone it covers.
    pub milestone: Option<u64>,
    /// The closing it covers.
    pub closed_at: Option<Timestamp>,
    /// Who set each of the deciding labels.
    pub labels_set: Vec<SetBy>,
    /// Who set the milestone.
    pub milestone_set: Option<SetBy>,
    /// Who closed it.
    pub closed: Option<SetBy>,
    pub closed_by_pull_request: Option<IssueRef>,
}

/// Why an issue is not where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    Deleted,
    /// Transferred; `None`: to where we see nothing.
    MovedTo(Option<IssueRef>),
    /// GitHub says there is none.
    NotFound,
}

/// What the events say beside their snapshots.
#[derive(Debug, Default)]
pub struct Heard {
    /// The comments with commands.
    pub told: Vec<Told>,
    /// GitHub must be read, whatever is known.
    pub must_read: bool,
    /// A person edited or deleted a comment of ours. (Our own edits come back to us too, and must not.)
    pub defaced: bool,
    /// The issue was transferred to here.
    pub moved_here: bool,
    /// Something was said on an issue that we keep ourselves.
    pub overheard: bool,
    /// It was opened for an emergency that was declared at the command line.
    pub declared: bool,
}

/// How much older than a reading a snapshot must be to be covered by it, as GitHub's copies lag behind each other.
const LAG: SignedDuration = SignedDuration::from_secs(10);

/// How much that was said on an issue of ours is remembered.
const OVERHEARD: usize = 50;

/// How many snapshots' stages are kept, as long as an older one may still arrive between them.
const VERSIONS: usize = 200;

impl ChangeRequest {
    /// Takes what the events show, in any order of arrival.
    pub fn hear(&mut self, events: &[Event], rules: &Rules, app: u64) -> Heard {
        let told = deeds::told(self.at, events, rules);
        let must_read = told.iter().any(Told::rechecks);
        let mut heard =
            Heard { told, must_read, defaced: false, moved_here: false, overheard: false, declared: false };
        for event in events {
            if let What::Issue { change, issue } = &event.what {
                self.hear_issue(change, issue, rules, &mut heard);
            } else if let What::Comment { change, on: CommentedOn::Issue(issue), comment } = &event.what
                && issue.at == self.at
            {
                let by_person = event.actor.as_ref().is_some_and(|actor| actor.person);
                let ours = comment.app == Some(app) && *change != CommentChange::Created;
                heard.defaced |= ours && by_person;
                if *change == CommentChange::Created
                    && comment.author.is_some()
                    && comment.author == issue.author
                {
                    self.answered = self.answered.max(comment.created_at);
                }
                heard.overheard |= self.overhear(event, issue, rules);
                heard.must_read |= self.take(issue, rules);
            } else if let What::Swept { .. } = &event.what {
                heard.must_read = true;
            } else if let What::Kept { issue, purpose } = &event.what {
                self.hear_kept(*issue, purpose, &mut heard);
            }
        }
        heard
    }

    /// Keeps what is said on an issue that is none of the register and that we keep ourselves.
    fn overhear(&mut self, event: &Event, issue: &IssueSnapshot, rules: &Rules) -> bool {
        let tells = command::told(event, rules.prefix.as_deref());
        let is_meant =
            |_: &Told| deeds::is_kept_by_us(issue) && !account::is_meeting(issue) && !rules.takes_in(issue);
        let Some(told) = tells.filter(is_meant) else {
            return false;
        };
        let is_known = self
            .overheard
            .iter()
            .any(|known| matches!(&known.what, What::Comment { comment, .. } if comment.id == told.comment));
        if rules.mode.is_some() && !is_known {
            self.overheard.push(event.clone());
            let surplus = self.overheard.len().saturating_sub(OVERHEARD);
            self.overheard.drain(..surplus);
        }
        rules.mode.is_some()
    }

    fn hear_kept(&mut self, issue: IssueRef, purpose: &IssuePurpose, heard: &mut Heard) {
        match purpose {
            IssuePurpose::Retrospective { .. } => self.retrospective = Some(issue),
            IssuePurpose::Outage { .. } | IssuePurpose::Plan | IssuePurpose::Meeting { .. } => {}
            IssuePurpose::Emergency(_) => {
                heard.declared = true;
                heard.must_read |= self.seen.is_none();
            }
        }
    }

    fn hear_issue(&mut self, change: &IssueChange, issue: &IssueSnapshot, rules: &Rules, heard: &mut Heard) {
        match change {
            IssueChange::Transferred { to } if *to == Some(self.at) => {
                self.moved_from = Some(issue.at);
                (heard.must_read, heard.moved_here) = (true, true);
                return;
            }
            IssueChange::Transferred { to } => self.gone = Some(Gone::MovedTo(*to)),
            IssueChange::Deleted => self.gone = Some(Gone::Deleted),
            IssueChange::Labeled(name) | IssueChange::Unlabeled(name) => {
                heard.must_read |= rules.labels.decides(name).is_some() && !self.is_covered(issue);
            }
            IssueChange::Milestoned | IssueChange::Demilestoned => {
                heard.must_read |= !self.is_covered(issue);
            }
            IssueChange::Opened
            | IssueChange::Edited
            | IssueChange::Closed
            | IssueChange::Reopened
            | IssueChange::Other => {}
        }
        heard.must_read |= self.take(issue, rules);
    }

    /// Whether GitHub was read so long after this snapshot that the reading knows what it tells.
    fn is_covered(&self, issue: &IssueSnapshot) -> bool {
        self.read.as_ref().is_some_and(|read| issue.updated_at.is_some_and(|at| at + LAG <= read.as_of))
    }

    /// Takes a snapshot if it is newer; whether it and the one before are of the same second and differ.
    fn take(&mut self, issue: &IssueSnapshot, rules: &Rules) -> bool {
        if issue.at != self.at {
            return false;
        }
        self.note_version(issue, rules);
        let differs = self.seen.as_ref().is_some_and(|seen| seen != issue);
        let age = self.seen.as_ref().map(|seen| issue.updated_at.cmp(&seen.updated_at));
        if age.is_none_or(std::cmp::Ordering::is_gt) {
            self.seen = Some(issue.clone());
            self.gone = self.gone.filter(|gone| *gone != Gone::NotFound);
        }
        if let (Some(std::cmp::Ordering::Equal), Some(seen)) = (age, &mut self.seen) {
            // What the reading settles, but for the type, which only deliveries show.
            seen.issue_type = seen.issue_type.take().or_else(|| issue.issue_type.clone());
        }
        age.is_some_and(std::cmp::Ordering::is_eq) && differs && !self.is_covered(issue)
    }

    /// Of two snapshots of one second the one that is further counts here, until the newest is known. Where it was
    /// outside the register, its history stands still: what is no change request is not always kept.
    fn note_version(&mut self, issue: &IssueSnapshot, rules: &Rules) {
        let own = Own::of(issue, rules);
        if own == Own::Out {
            return;
        }
        let noted = self.versions.entry(issue.updated_at.unwrap_or_default()).or_insert(own);
        *noted = own.max(*noted);
    }

    /// Whether GitHub has to be read before anything is decided. `wanted`: somebody asks about this issue.
    #[must_use]
    pub fn must_read(&self, heard: &Heard, wanted: bool, rules: &Rules) -> bool {
        if matches!(self.gone, Some(Gone::Deleted | Gone::MovedTo(_))) {
            return false;
        }
        let known = match (&self.seen, &self.read) {
            (Some(seen), Some(read)) => read.covers(seen, rules),
            (Some(_), None) => !wanted && self.versions.is_empty(),
            (None, Some(_)) => true,
            (None, None) => !wanted,
        };
        heard.must_read || self.unread.is_some() || !known
    }

    /// Whether a label that it bears was renamed or deleted since GitHub was read, or so shortly before that GitHub's
    /// copies may lag. GitHub tells of the label, not of the issues.
    #[must_use]
    pub fn bears_a_former_label(&self, repository: Option<&RepositoryView>) -> bool {
        let (Some(seen), Some(read), Some(repository)) = (&self.seen, &self.read, repository) else {
            return false;
        };
        let told = seen.labels.iter().filter_map(|label| repository.relabelled.get(label));
        self.gone.is_none() && told.into_iter().any(|at| *at + LAG >= read.as_of)
    }

    /// Takes GitHub's answer.
    pub fn take_reading(&mut self, reading: Fact<Option<&IssueReading>>, rules: &Rules) {
        self.unread = None;
        match reading {
            Fact::Unknown(why) => self.unread = Some(why),
            Fact::Known(None, as_of) => {
                self.gone = Some(Gone::NotFound);
                self.read.get_or_insert_with(|| Read::nothing(as_of)).as_of = as_of;
            }
            Fact::Known(Some(reading), as_of) => {
                // Deliveries show the issue's type, readings do not.
                let known_type = self.seen.as_ref().and_then(|seen| seen.issue_type.clone());
                let issue_type = reading.issue.issue_type.clone().or(known_type);
                let issue = IssueSnapshot { at: self.at, issue_type, ..reading.issue.clone() };
                if self.seen.as_ref().is_some_and(|seen| issue.updated_at < seen.updated_at) {
                    self.unread =
                        Some("GitHub showed an older version of the issue than it had announced".into());
                    return;
                }
                self.note_version(&issue, rules);
                self.seen = Some(issue);
                self.gone = self.gone.filter(|gone| *gone != Gone::NotFound);
                self.read = Some(Read::of(reading, as_of, rules));
            }
        }
    }

    /// What a pull request shows that is this change request itself: there is nothing else to read, and no milestone.
    pub fn take_own<T>(&mut self, own: &PullRequestView) -> Option<T> {
        let shown = own.own.as_ref()?;
        self.seen = Some(IssueSnapshot {
            at: self.at,
            title: own.title.clone(),
            body: String::new(),
            open: own.open,
            state_reason: None,
            labels: shown.labels.clone(),
            issue_type: None,
            milestone: None,
            assignees: vec![],
            author: own.author.clone(),
            created_at: shown.created_at,
            updated_at: shown.updated_at,
            closed_at: None,
        });
        (self.unread, self.read, self.gone) = (None, None, None);
        None
    }

    /// It is in the register where an emergency was declared there.
    pub fn look_at_own(&mut self, own: &PullRequestView) {
        self.taken_in =
            self.acts.iter().any(|act| act.counts() && matches!(act.deed, Deed::Emergency { .. }));
        (self.own, self.missing, self.text) = (Own::Open, vec![], None);
        if self.taken_in {
            let since = own.own.as_ref().and_then(|shown| shown.created_at).unwrap_or_default();
            self.versions.insert(since, Own::Open);
        }
    }

    /// What the newest snapshot says; keeps what older ones said of the stage.
    pub fn look(&mut self, rules: &Rules) {
        let Some(seen) = self.seen.as_ref() else { return };
        self.own = Own::of(seen, rules);
        self.taken_in = self.gone.is_none() && self.own != Own::Out;
        self.missing = rules.missing(seen);
        self.text = self.taken_in.then(|| rules.text(seen));
        self.systems = seen.labels.iter().filter_map(|label| rules.labels.system_of(label)).collect();
        self.account = rules.account_of(seen);
        self.labelled_size = seen.labels.iter().find_map(|label| rules.labels.size_of(label));
        self.labelled_project = seen.labels.iter().any(|label| same(label, rules.labels.project()));
        if self.own != Own::Out {
            self.versions.insert(seen.updated_at.unwrap_or_default(), self.own);
        }
        self.forget_versions();
    }

    /// Where there are too many, keeps only those that changed something, and of those the newest.
    fn forget_versions(&mut self) {
        if self.versions.len() <= VERSIONS {
            return;
        }
        let mut last = None;
        self.versions.retain(|_, own| last.replace(*own) != Some(*own));
        while self.versions.len() > VERSIONS {
            self.versions.pop_first();
        }
    }
}

impl Read {
    fn of(reading: &IssueReading, as_of: Timestamp, rules: &Rules) -> Self {
        let deciding = |set: &&SetBy| rules.labels.decides(&set.name).is_some();
        Self {
            as_of,
            labels: deciding_labels(&reading.issue, rules),
            milestone: reading.issue.milestone,
            closed_at: reading.issue.closed_at,
            labels_set: reading.labels_set.iter().filter(deciding).cloned().collect(),
            milestone_set: reading.milestone_set.clone(),
            closed: reading.closed.clone(),
            closed_by_pull_request: reading.closed_by_pull_request,
        }
    }

    const fn nothing(as_of: Timestamp) -> Self {
        Self {
            as_of,
            labels: vec![],
            milestone: None,
            closed_at: None,
            labels_set: vec![],
            milestone_set: None,
            closed: None,
            closed_by_pull_request: None,
        }
    }

    fn covers(&self, seen: &IssueSnapshot, rules: &Rules) -> bool {
        self.labels == deciding_labels(seen, rules)
            && self.milestone == seen.milestone
            && self.closed_at == seen.closed_at
    }
}

fn deciding_labels(issue: &IssueSnapshot, rules: &Rules) -> Vec<String> {
    let mut labels: Vec<String> = rules.labels.deciding(&issue.labels).into_iter().cloned().collect();
    labels.sort();
    labels
}
