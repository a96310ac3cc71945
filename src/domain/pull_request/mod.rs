//! A pull request: its head, and the change requests it belongs to.
//!
//! Deliveries say where it stands; its links, commits and reviews are only true as GitHub shows them when asked.
//! It is asked again whenever one of them may have changed, and until it answers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    claim::Claims,
    decide::{Case, Decision, Instance, Judgement, READ_AGAIN},
    effect::CHANGE_CHECK,
    event::{Event, PullRequestSnapshot, ReviewSnapshot, What},
    facts::{Fact, Inquiry, PullRequestReading},
    ids::{AccountId, Actor, IssueRef, Sha, SubjectId},
    link::{Link, WrittenLink, dependencies},
    replies::RepliesOn,
    repository::RepositoryView,
    subject::{Relation, State, View},
};
use asking::Asking;
pub use derived::{Derived, Kind, Proof};
use follow::Followed;
pub use images::Images;
pub use in_need::{Said, Words};
pub use linked::Linked;
pub use policy_edit::{POLICY_GROUP, PolicyEdit, Signature, signers};
pub use pressed::{InVain, Press, Pressed};
pub use promoted::goes_to;
pub use reading::{Reading, ReviewGiven};
pub use shipped::Shipped;
pub use standard::{Files, Fit, Standard};
pub use ties::Tie;

mod asking;
mod changes;
mod derived;
mod follow;
mod images;
mod in_need;
mod linked;
mod policy_edit;
mod pressed;
mod promoted;
mod reading;
mod recheck;
mod shipped;
mod standard;
mod ties;

#[cfg(test)]
mod tests;

/// What is known of a pull request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullRequest {
    /// As last seen.
    pub seen: PullRequestSnapshot,
    /// Nothing but a review has named it yet: `seen` holds no more than the commit that the review was given on.
    pub guessed: bool,
    /// GitHub was asked and says that there is none.
    pub gone: bool,
    /// What GitHub said of it when it last answered.
    pub read: Option<Reading>,
    /// Why GitHub's last answer does not count, as a sentence; `None`: it does.
    pub unread: Option<String>,
    /// On which commits each review was said to be given, by the number of the review.
    pub given: Vec<ReviewGiven>,
    /// The change requests it belongs to.
    pub linked: Linked,
    /// What it does to the policy file.
    pub policy_edit: Option<PolicyEdit>,
    /// When GitHub is asked again for a link that it tells nobody of, while nothing else is missing.
    #[serde(default)]
    pub asking: Option<Asking>,
    /// What it repeats, undoes or brings back.
    #[serde(default)]
    pub derived: Option<Derived>,
    /// The standard changes that it fits, or fitted when it was merged.
    #[serde(default)]
    pub standard: Standard,
    /// What was said here of an emergency, oldest first.
    #[serde(default)]
    pub said: Vec<Said>,
    /// Where it runs, or ran.
    #[serde(default)]
    pub shipped: Vec<Shipped>,
    /// What it says that it depends on.
    #[serde(default)]
    pub depends: Vec<WrittenLink>,
    /// An emergency was declared here, where it is its own change request.
    #[serde(default)]
    pub declared: bool,
    /// Since when it belongs to each of its change requests.
    #[serde(default)]
    pub ties: Vec<Tie>,
    /// The change requests that it was made part of at the command line.
    #[serde(default)]
    pub added: Vec<Tie>,
    /// Who signed by the button on our check run.
    #[serde(default)]
    pub pressed: Vec<Pressed>,
    /// It was deployed by being merged.
    #[serde(default)]
    pub promoted: bool,
    /// What it does to the images that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Box<Images>>,
    /// When somebody was answered here.
    #[serde(default)]
    pub replies: RepliesOn,
}

/// What others may read of a pull request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PullRequestView {
    pub at: IssueRef,
    pub title: String,
    pub open: bool,
    pub draft: bool,
    pub merged_at: Option<Timestamp>,
    pub head: Sha,
    pub base_branch: String,
    pub author: Option<Actor>,
    /// The change requests it belongs to, in order: its own, or else those of what it is derived from.
    pub links: Vec<Link>,
    /// Links whose repository we don't know, as written.
    pub lost_links: Vec<String>,
    /// More links are written than can be followed; the first 50 of them count.
    pub too_many_links: bool,
    /// Why its links could not be read, as a sentence; what is above is then incomplete.
    pub unknown: Option<String>,
    /// Who worked on it: who opened it, and the authors, co-authors and committers of its commits.
    #[serde(default)]
    pub people: BTreeSet<AccountId>,
    /// People who approved exactly this head and wrote none of it.
    pub independent_approvals: Vec<Actor>,
    /// Commits with an author, co-author or committer whom GitHub knows only by mail: anybody may have written
    /// them, so nobody is independent.
    pub unattributed_commits: Vec<Sha>,
    /// What it does to the policy file.
    pub policy_edit: Option<PolicyEdit>,
    /// What it repeats, undoes or brings back.
    #[serde(default)]
    pub derived: Option<Derived>,
    /// The commits that came with it, where it is merged.
    #[serde(default)]
    pub brought: Vec<Sha>,
    /// The standard changes that it fits, where it has no change request.
    #[serde(default)]
    pub standard: Standard,
    /// What was said here of an emergency: its change requests hear it.
    #[serde(default)]
    pub said: Vec<Said>,
    #[serde(default)]
    pub opened_at: Option<Timestamp>,
    /// Where it runs, or ran.
    #[serde(default)]
    pub shipped: Vec<Shipped>,
    /// What it says that it depends on.
    #[serde(default)]
    pub depends: Vec<WrittenLink>,
    /// As its own change request, where an emergency was declared here.
    #[serde(default)]
    pub own: Option<OwnChange>,
    /// Since when it belongs to each of its change requests.
    #[serde(default)]
    pub ties: Vec<Tie>,
    /// Who pressed the button on our check run last, since the last push.
    #[serde(default)]
    pub last_press: Option<Press>,
    /// What it does to the images that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<Box<Images>>,
}

/// What a pull request shows of itself as a change request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnChange {
    /// In alphabetical order.
    pub labels: Vec<String>,
    pub created_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
}

impl PullRequest {
    fn new(seen: PullRequestSnapshot) -> Self {
        Self {
            seen,
            guessed: false,
            gone: false,
            read: None,
            unread: None,
            given: vec![],
            linked: Linked::default(),
            policy_edit: None,
            asking: None,
            derived: None,
            standard: Standard::default(),
            said: vec![],
            shipped: vec![],
            depends: vec![],
            declared: false,
            ties: vec![],
            added: vec![],
            pressed: vec![],
            promoted: false,
            images: None,
            replies: RepliesOn::default(),
        }
    }

    /// What others may read of it.
    #[must_use]
    pub fn view(&self) -> PullRequestView {
        let read = self.read.as_ref();
        PullRequestView {
            at: self.seen.at,
            title: self.seen.title.clone(),
            open: self.is_open(),
            draft: self.seen.draft,
            merged_at: self.seen.merged_at,
            head: self.seen.head.clone(),
            base_branch: self.seen.base_branch.clone(),
            author: self.seen.author.clone(),
            links: self.links().to_vec(),
            lost_links: self.linked.lost.clone(),
            too_many_links: self.linked.too_many,
            unknown: self.unread.clone(),
            people: self.people(),
            independent_approvals: read.map(|read| read.independent_approvals(self)).unwrap_or_default(),
            unattributed_commits: read.map(|read| read.unattributed.clone()).unwrap_or_default(),
            policy_edit: self.policy_edit.clone(),
            derived: self.derived.clone(),
            brought: self.brought(),
            standard: self.standard.clone(),
            said: self.said.clone(),
            opened_at: self.seen.created_at,
            shipped: self.shipped.clone(),
            depends: self.depends.clone(),
            own: self.own_change(),
            ties: self.ties.clone(),
            last_press: self.last_press(),
            images: self.images.clone(),
        }
    }

    /// The change requests it belongs to: its own, or else those of what it is derived from.
    fn links(&self) -> &[Link] {
        let inherited = self.derived.as_ref().filter(|derived| derived.is_proven());
        let own = &self.linked.links;
        inherited.filter(|_| own.is_empty()).map_or(own, |derived| &derived.inherits)
    }

    fn people(&self) -> BTreeSet<AccountId> {
        let author = self.seen.author.iter().filter(|author| author.person).map(|author| author.id);
        self.read.iter().flat_map(|read| &read.people).copied().chain(author).collect()
    }

    fn brought(&self) -> Vec<Sha> {
        let merge = self.seen.merge_commit.iter().filter(|_| self.seen.merged);
        let read = self.read.iter().filter(|read| self.seen.merged && read.head == self.seen.head);
        let mut brought: Vec<Sha> = read.flat_map(|read| &read.commits).chain(merge).cloned().collect();
        brought.sort();
        brought.dedup();
        brought
    }

    /// The commit it is at while it is open, the change requests it covers, and what it deployed by being merged.
    #[must_use]
    pub fn relations(&self) -> BTreeSet<(Relation, SubjectId)> {
        let at = (Relation::At, SubjectId::Commit(self.seen.at.repo, self.seen.head.clone()));
        let covers = |link: &Link| (Relation::Covers, SubjectId::ChangeRequest(link.to));
        let work = self.derived.iter().filter(|derived| derived.is_work());
        let links = self.linked.links.iter().chain(work.flat_map(|derived| &derived.inherits));
        let own = (Relation::Covers, SubjectId::ChangeRequest(self.seen.at));
        let own = self.declared.then_some(own);
        let promotion = SubjectId::Promotion(self.seen.at.repo, self.seen.head.clone());
        let promotes = self.promoted.then_some((Relation::Promotes, promotion));
        let at = self.is_open().then_some(at);
        at.into_iter().chain(links.map(covers)).chain(own).chain(promotes).collect()
    }

    fn own_change(&self) -> Option<OwnChange> {
        let seen = &self.seen;
        let (labels, created_at, updated_at) = (seen.labels.clone(), seen.created_at, seen.updated_at);
        self.declared.then_some(OwnChange { labels, created_at, updated_at })
    }

    pub(super) const fn is_open(&self) -> bool {
        self.seen.open && !self.gone
    }

    /// Finds out whether what it says of merged pull requests is true, where that may have changed. Of what is closed
    /// without being merged nobody asks.
    fn look_back(
        &mut self,
        asked: bool,
        repository: Option<&RepositoryView>,
        instance: &Instance,
        inquiry: &mut Inquiry<'_>,
    ) {
        let Some(read) = self.read.as_ref().filter(|_| self.is_open() || self.seen.merged) else { return };
        if !asked && !self.derived.as_ref().is_some_and(Derived::is_open) {
            return;
        }
        let own = repository.map(|repository| &repository.name);
        let mut claims = Claims::of_description(&self.seen.body, own, &instance.web_url);
        claims.extend(read.claims.clone());
        self.derived = derived::find(self, &claims, inquiry);
    }

    /// GitHub did not answer, and has to be asked again.
    fn is_unread(&self) -> bool {
        let unknown = |derived: &Derived| matches!(derived.proof, Proof::Unknown(_));
        let images = self.images.as_ref().is_some_and(|images| images.edit.unread);
        self.unread.is_some()
            || images
            || self.standard.unknown.is_some()
            || self.derived.as_ref().is_some_and(unknown)
    }

    /// Open, ready, read, and linked to nothing: only somebody's hand in GitHub's sidebar can change that unheard.
    fn lacks_only_a_link(&self) -> bool {
        self.is_open()
            && !self.seen.draft
            && !self.guessed
            && self.unread.is_none()
            && self.linked.links.is_empty()
            && self.linked.lost.is_empty()
            && !self.derived.as_ref().is_some_and(Derived::is_proven)
    }

    /// Takes the issues that GitHub links now; what it does not answer stays as it was.
    fn take_links(&mut self, answer: Option<Fact<&[IssueRef]>>) {
        if let (Some(read), Some(links)) = (&mut self.read, answer.and_then(Fact::known)) {
            read.closes = links.to_vec();
        }
    }

    /// Takes what GitHub answered, unless it is older than what it had told before.
    fn take(&mut self, answer: Fact<Option<&PullRequestReading>>, web_url: &str) {
        match answer {
            Fact::Unknown(why) => self.unread = Some(why),
            Fact::Known(None, _) => (self.gone, self.unread) = (true, None),
            Fact::Known(Some(reading), _) if reading.pull_request.updated_at < self.seen.updated_at => {
                self.unread = Some("GitHub answered with an older state than it had told before".into());
            }
            Fact::Known(Some(reading), _) => {
                self.seen = reading.pull_request.clone();
                (self.guessed, self.gone) = (false, false);
                self.unread = (!reading.complete)
                    .then(|| "GitHub did not show all of its links, commits and reviews".into());
                for review in &reading.reviews {
                    reading::add(&mut self.given, review);
                }
                self.read = Some(Reading::of(reading, web_url));
            }
        }
    }
}

/// Follows the pull request; reads its links, commits and reviews when they may have changed.
#[must_use]
pub fn judge(case: Case<'_>, at: IssueRef) -> Judgement {
    let before = case.before.and_then(State::as_pull_request);
    let mut inquiry = Inquiry::new(case.facts);
    let repository = inquiry.view(SubjectId::Repository(at.repo));
    let repository = repository.flatten().and_then(View::as_repository);
    let shown = before.filter(|before| !before.guessed).map(|before| &before.seen);
    let Followed { seen, ambiguous } = follow::follow(shown, at, case.events);
    let mut recheck = recheck::heard(at, case.events, &mut inquiry);
    let asked = ambiguous || recheck.wanted || must_be_read(before, seen.as_ref(), &case);
    let answer = if asked { inquiry.pull_request(at) } else { None };
    let Some(mut after) = start(before, seen, answer.as_ref()).or_else(|| guess(at, case.events)) else {
        return if inquiry.is_complete() {
            Judgement::Ignored("GitHub has not shown this pull request yet")
        } else {
            Judgement::Needs(inquiry.into_missing())
        };
    };
    for review in reviews(at, case.events) {
        reading::add(&mut after.given, review);
    }
    if let Some(answer) = answer {
        after.take(answer, &case.instance.web_url);
    } else if case.events.is_empty() && after.asking.is_some_and(|asking| asking.is_due(case.now)) {
        after.take_links(inquiry.links(at));
    }
    after.depends = dependencies(&after.seen.body, &case.instance.web_url);
    let pressed = after.hear_presses(&case);
    after.hear_added(case.events);
    after.linked = linked::find(&after, repository, case.instance, &mut inquiry);
    after.policy_edit = policy_edit::look(&after, repository, &mut inquiry);
    after.look_back(asked, repository, case.instance, &mut inquiry);
    after.images = images::look(&mut after, repository, &mut inquiry);
    after.promoted = promoted::was_promoted(before, &after, &mut inquiry);
    after.hear_in_need(&recheck.told);
    after.hear_shipments(case.events);
    after.ties = ties::find(before, &after, &case, repository, &mut inquiry);
    let own = own_changes(&after, repository, &mut inquiry);
    after.declared |= own && after.says_emergency();
    if let Some(policy) = recheck.policy.as_ref().filter(|_| !own) {
        recheck.answers.extend(after.unheard(&recheck.told, policy));
    }
    let lacking = after.lacks_only_a_link();
    let policy = if lacking { inquiry.policy(at.repo).flatten() } else { None };
    if !after.seen.merged {
        after.standard = Standard::default();
    }
    if let Some(policy) = &policy {
        after.standard = standard::find(&mut after, policy, &mut inquiry);
    }
    let wants_link = after.standard.fits.is_empty() && asking::counts_here(policy.as_ref(), repository);
    if !inquiry.is_complete() {
        return Judgement::Needs(inquiry.into_missing());
    }
    after.asking = wants_link.then(|| Asking::next(after.asking, !case.events.is_empty(), case.now));
    let unread = after.is_unread().then(|| case.now + READ_AGAIN);
    let look_again = unread.or(after.asking.map(|asking| asking.at));
    let audit = changes::changes(before, &after, case.events).into_iter().chain(pressed).collect();
    let effects = after.replies.limit(recheck.answers, case.now);
    Decision { after: State::PullRequest(Box::new(after)), effects, audit, look_again }.into()
}

/// Whether it is its own change request here, where that matters: where somebody speaks of an emergency.
fn own_changes(after: &PullRequest, repository: Option<&RepositoryView>, inquiry: &mut Inquiry<'_>) -> bool {
    if !after.says_emergency() {
        return false;
    }
    let policy = inquiry.policy(after.seen.at.repo).flatten();
    policy.zip(repository).is_some_and(|(policy, it)| policy.change_from_pull_request(it.name.as_str()))
}

/// The state to go on from: as it was, as first delivered, or as first read.
fn start(
    before: Option<&PullRequest>,
    seen: Option<PullRequestSnapshot>,
    answer: Option<&Fact<Option<&PullRequestReading>>>,
) -> Option<PullRequest> {
    let shown = match answer {
        Some(Fact::Known(Some(reading), _)) => Some(&reading.pull_request),
        Some(Fact::Known(None, _) | Fact::Unknown(_)) | None => None,
    };
    let seen = seen.or_else(|| shown.cloned());
    match (before, seen) {
        (Some(before), Some(seen)) => Some(PullRequest { seen, guessed: false, ..before.clone() }),
        (None, Some(seen)) => Some(PullRequest::new(seen)),
        (before, None) => before.cloned(),
    }
}

/// A pull request that only a review has named: kept, so that the commit which the review names is not forgotten,
/// and closed until it is shown.
fn guess(at: IssueRef, events: &[Event]) -> Option<PullRequest> {
    let head = reviews(at, events).find_map(|review| review.commit.clone())?;
    let seen = PullRequestSnapshot {
        at,
        title: String::new(),
        body: String::new(),
        open: false,
        draft: false,
        merged: false,
        merged_at: None,
        merge_commit: None,
        base: head.clone(),
        head,
        head_branch: String::new(),
        head_repo: None,
        base_branch: String::new(),
        author: None,
        labels: vec![],
        milestone: None,
        created_at: None,
        updated_at: None,
    };
    Some(PullRequest { guessed: true, ..PullRequest::new(seen) })
}

/// Until it was read, when what is linked or judged may have changed, and when somebody asks.
fn must_be_read(before: Option<&PullRequest>, seen: Option<&PullRequestSnapshot>, case: &Case<'_>) -> bool {
    let says = |seen: &PullRequestSnapshot| {
        (seen.head.clone(), seen.base_branch.clone(), seen.title.clone(), seen.body.clone(), seen.open)
    };
    before.is_none_or(|before| before.unread.is_some() || seen.map(says) != Some(says(&before.seen)))
        || case.events.iter().any(|event| {
            matches!(event.what, What::Review { .. } | What::Swept { .. })
                || event.what.asks_again(case.instance.app, CHANGE_CHECK)
        })
}

fn reviews(at: IssueRef, events: &[Event]) -> impl Iterator<Item = &ReviewSnapshot> {
    events.iter().filter_map(move |event| {
        let What::Review { pull_request, review, .. } = &event.what else { return None };
        (*pull_request == at).then_some(review)
    })
}
