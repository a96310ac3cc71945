//! What GitHub and the log are told of a release: its control record, and answers to those who commented there.

use super::{
    super::{
        approval::{self, Judged, Ruling},
        audit::AuditEntry,
        command::{Command, Told},
        effect::{Call, Effect, Reaction},
        event::{Event, What},
        ids::IssueRef,
        named::Named,
        policy::{EffectivePolicy, Notice, Train},
        report::{self, text},
    },
    Keeper, Release, Signing, TakenBack,
    act::{Act, Verdict},
    notice::Notifying,
    readiness::Setting,
};
use jiff::{SignedDuration, Timestamp};

/// Everything that is told rests on this.
pub(super) struct Telling<'a> {
    /// Who is told what it ships.
    pub notice: Option<&'a Notice>,
    pub before: Option<&'a Release>,
    pub keeper: &'a Keeper,
    pub policy: &'a EffectivePolicy,
    pub train: Option<&'a Train>,
    pub setting: &'a Setting<'a>,
    pub signing: &'a Signing,
    pub judged: &'a Judged,
    pub told: &'a [Told],
    pub web_url: &'a str,
    pub now: Timestamp,
}

/// What was answered to one comment.
#[derive(Default)]
struct Answer {
    counts: bool,
    unknown: bool,
    refusals: Vec<(String, Vec<Named>)>,
}

impl Answer {
    fn refuse(&mut self, act: &Act, why: &str) {
        self.refusals.push((format!("`/{}`: {why}.", act.deed.word()), vec![]));
    }
}

impl Telling<'_> {
    pub(super) fn effects(&self, after: &mut Release, events: &[Event]) -> Vec<Effect> {
        let notifying = self.notice.map(|wanted| Notifying {
            wanted,
            policy: self.policy,
            names: self.setting.names,
            web_url: self.web_url,
        });
        let mut effects: Vec<Effect> = notifying.and_then(|by| after.notify(&by)).into_iter().collect();
        if !after.scope.is_empty() || after.record.is_some() {
            after.recorded_in = self.keeper.chosen;
            effects.push(self.record(after, events));
        }
        effects.extend(Self::closes_milestones(after));
        if after.locked.is_some() && self.before.is_none_or(|before| before.locked.is_none()) {
            effects.extend(self.back_to_the_queue(after));
        }
        effects.extend(after.swap_effects(self.before));
        let name_of = |repo| self.setting.names.repositories.get(&repo).cloned();
        effects.extend(super::moved::issues((self.before, after), self.policy, name_of, self.web_url));
        if let Some(record) = after.record {
            effects.extend(self.asks_how_it_went(after, record));
            for told in self.told {
                effects.extend(self.answer(told, record, after));
            }
        }
        effects
    }

    /// What nobody has begun to build when the scope is locked goes back to the queue, and keeps its age.
    fn back_to_the_queue(&self, after: &Release) -> Vec<Effect> {
        let left = after.changes.iter().filter(|change| change.is_not_begun());
        left.map(|change| Effect::new(Call::Milestone { on: change.at, number: None })).collect()
    }

    /// Two days after it is deployed, or taken back.
    fn asks_how_it_went(&self, after: &Release, record: IssueRef) -> Option<Effect> {
        after.asked_at().filter(|at| *at <= self.now)?;
        let whom: Vec<String> =
            self.policy.release_managers().iter().map(|who| format!("@{}", who)).collect();
        let prefix = self.policy.command_prefix().map(|prefix| format!("{prefix} ")).unwrap_or_default();
        let body = format!(
            "{} How did it go? Comment `/{prefix}done worked`, or `/{prefix}done problems WHAT`, or `/{prefix}done backed-out WHY`. That closes the release.",
            whom.join(" ")
        );
        let (purpose, was_on) = ("close-out".into(), Default::default());
        Some(Effect::new(Call::Comment { on: record, purpose, body, was_on }))
    }

    /// Once people have said how it went nothing more is planned for it.
    fn closes_milestones(after: &Release) -> impl Iterator<Item = Effect> {
        let over = after.open && after.outcome().is_some();
        let milestones = after.milestones.iter().filter(move |_| over);
        milestones.map(|(repo, number)| Effect::new(Call::CloseMilestone { repo: *repo, number: *number }))
    }

    fn record(&self, after: &mut Release, events: &[Event]) -> Effect {
        let place = self.place(after);
        let findings =
            approval::findings(self.judged, &self.signing.case(after, self.now), &self.sign(&place));
        let stand_ins = self.signing.stand_ins(self.now);
        let shown = report::record::Record {
            stand_ins: &stand_ins,
            release: after,
            judged: self.judged,
            signatures: &findings,
            notice: self.notice,
            elsewhere: self.keeper.unknown.as_ref(),
            train: self.train,
            zone: self.setting.zone,
            names: self.setting.names,
            web_url: self.web_url,
        };
        let (title, body) = (format!("Release {}", after.id.title), report::record::body(&shown));
        let is_edited = events.iter().any(|event| after.is_edited(event, (&title, &body), self.now));
        let effect = Effect::new(Call::Record {
            repo: self.keeper.repo,
            release: after.id.clone(),
            revision: after.history.current().cloned(),
            title,
            body,
            open: after.open && after.outcome().is_none(),
        });
        if is_edited {
            after.set_back.push(self.now);
            effect.again()
        } else {
            effect
        }
    }

    /// The control record, as people name it.
    fn place(&self, after: &Release) -> Named {
        match after.record {
            Some(at) => self.setting.names.change(at),
            None => Named { text: "the control record".into(), page: None },
        }
    }

    fn sign<'a>(&'a self, place: &'a Named) -> approval::Setting<'a> {
        approval::Setting {
            names: self.setting.names,
            zone: self.setting.zone,
            place,
            release_managers: self.policy.release_managers(),
        }
    }

    /// A reaction, and where something was refused a sentence: so many an hour, and no more.
    fn answer(&self, told: &Told, record: IssueRef, after: &mut Release) -> Vec<Effect> {
        let answer = self.judge_comment(told, after);
        let content = if !answer.refusals.is_empty() {
            Reaction::Confused
        } else if answer.unknown {
            Reaction::Eyes
        } else if answer.counts {
            Reaction::ThumbsUp
        } else {
            return vec![];
        };
        let mut effects =
            vec![Effect::new(Call::Reaction { repo: record.repo, comment: told.comment, content })];
        if !answer.refusals.is_empty() && after.replies.take(self.now) {
            let who = text::mention(&told.by);
            let sentences = answer.refusals.iter().map(|(sentence, named)| {
                let pages: Vec<_> = named.iter().filter_map(|named| named.page.clone()).collect();
                report::check::markdown(sentence, &pages, self.web_url)
            });
            let body = format!("{who} {}", sentences.collect::<Vec<_>>().join("\n\n"));
            let purpose = format!("reply/{}", told.comment);
            let was_on = Default::default();
            effects.push(Effect::new(Call::Comment { on: record, purpose, body: text::cut(body), was_on }));
        }
        effects
    }

    fn judge_comment(&self, told: &Told, after: &Release) -> Answer {
        let mut answer = Answer::default();
        for act in after.acts.iter().filter(|act| act.comment == told.comment) {
            match &act.verdict {
                Verdict::Allowed => match after.in_vain(act) {
                    Some(why) => answer.refuse(act, &why),
                    None => answer.counts = true,
                },
                Verdict::Unknown(_) => answer.unknown = true,
                Verdict::Refused(why) => answer.refuse(act, why),
            }
        }
        let case = self.signing.case(after, self.now);
        let place = self.place(after);
        let setting = self.sign(&place);
        for (source, ruling) in &self.judged.standing.rulings {
            if !matches!(source, approval::Source::Comment(comment, _) if *comment == told.comment) {
                continue;
            }
            let Some(act) = after.ledger.acts().iter().find(|act| act.source == *source) else { continue };
            match ruling {
                Ruling::Taken => answer.counts = true,
                Ruling::Unknown(_) => answer.unknown = true,
                Ruling::Early { .. } | Ruling::Outdated(_) | Ruling::Refused(_) => {
                    answer.refusals.extend(approval::reply(act, ruling, &case, &setting));
                }
            }
        }
        answer.counts |= told
            .commands
            .iter()
            .any(|command| matches!(command, Command::Status | Command::Recheck | Command::Help));
        answer
    }

    pub(super) fn audit(&self, after: &Release) -> Vec<AuditEntry> {
        let mut entries = changes(self.before, after);
        let known = |act: &approval::Act| {
            self.before.is_some_and(|before| before.ledger.acts().iter().any(|it| it.source == act.source))
        };
        for act in after.ledger.acts().iter().filter(|act| !known(act)) {
            let ruling = self.judged.standing.rulings.iter().find(|(source, _)| *source == act.source);
            let became = ruling.map_or("not_judged", |(_, ruling)| ruling_code(ruling));
            let (code, why) = deed(&act.deed);
            let revision = after.history.current().map(ToString::to_string).unwrap_or_default();
            let comment = if let approval::Source::Comment(comment, _) = act.source { comment.0 } else { 0 };
            let entry = entry(after, code)
                .by(Some(&act.by))
                .fact("comment", comment)
                .fact("became", became)
                .fact("revision", revision);
            entries.push(if why.is_empty() { entry } else { entry.text("why", why) });
        }
        if after.signed != self.before.is_some_and(|before| before.signed) {
            let code = if after.signed { "release.approved" } else { "release.approval_void" };
            let revision = after.history.current().map(ToString::to_string).unwrap_or_default();
            entries.push(entry(after, code).fact("revision", revision));
        }
        entries
    }
}

/// The record is set back at most so often within an hour: another App may do the same.
const SET_BACK: usize = 10;
/// How much older than its confirmation something may be that shows the record as it was before.
const LAG: SignedDuration = SignedDuration::from_secs(10);

impl Release {
    /// Whether a delivery shows the record otherwise than we write it, and not by our own hand. A person has edited it;
    /// another App has, where it shows something else after what was confirmed last.
    fn is_edited(&mut self, event: &Event, (title, body): (&str, &str), now: Timestamp) -> bool {
        self.set_back.retain(|at| now.duration_since(*at) < SignedDuration::from_hours(1));
        let What::Issue { issue, .. } = &event.what else { return false };
        if Some(issue.at) != self.record {
            return false;
        }
        if event.actor.as_ref().is_some_and(|actor| actor.person) {
            return true;
        }
        let shown =
            issue.body.rsplit_once("<!-- changegate:").map_or(issue.body.as_str(), |(shown, _)| shown);
        let differs = issue.title != title || shown.trim() != body.trim() || issue.open != self.open;
        let is_new = self.confirmed_at.is_some_and(|at| issue.updated_at.is_some_and(|it| it + LAG >= at));
        differs && is_new && self.set_back.len() < SET_BACK
    }
}

fn deed(deed: &approval::Deed) -> (&'static str, &str) {
    match deed {
        approval::Deed::Approve(_) | approval::Deed::ApproveInReview(_) => ("approval.given", ""),
        approval::Deed::TakeBack => ("approval.taken_back", ""),
        approval::Deed::Reject(why) => ("approval.rejected", why),
        approval::Deed::RejectNoMore => ("approval.rejected_no_more", ""),
        approval::Deed::Hold(why) => ("approval.held", why),
        approval::Deed::HoldNoMore => ("approval.held_no_more", ""),
        approval::Deed::Unclear(_) => ("approval.not_understood", ""),
    }
}

const fn ruling_code(ruling: &Ruling) -> &'static str {
    match ruling {
        Ruling::Taken => "taken",
        Ruling::Unknown(_) => "unknown",
        Ruling::Early { .. } => "early",
        Ruling::Outdated(_) => "outdated",
        Ruling::Refused(_) => "refused",
    }
}

fn entry(release: &Release, code: &str) -> AuditEntry {
    AuditEntry::new(code).fact("train", &release.id.train).text("title", release.id.title.clone())
}

/// What has changed of the release itself.
pub(super) fn changes(before: Option<&Release>, after: &Release) -> Vec<AuditEntry> {
    let scope_before: &[IssueRef] = before.map_or(&[], |before| &before.scope);
    let locked = after.locked.is_some();
    let of_change =
        |code: &str, at: &IssueRef| entry(after, code).fact("change_request", at).fact("after_lock", locked);
    let joined = after.scope.iter().filter(|at| !scope_before.contains(at));
    let left = scope_before.iter().filter(|at| !after.scope.contains(at));
    let mut entries: Vec<AuditEntry> = joined
        .map(|at| of_change("release.change_request_joined", at))
        .chain(left.map(|at| of_change("release.change_request_left", at)))
        .collect();
    if let Some(locked) =
        after.locked.as_ref().filter(|_| before.is_none_or(|before| before.locked.is_none()))
    {
        entries.push(entry(after, "release.locked").by(locked.by.as_ref()).fact("at", locked.at));
    }
    if after.opened.is_some() && before.is_none_or(|before| before.opened.is_none()) {
        entries.push(entry(after, "release.go_no_go"));
    }
    entries.extend(ended(before, after));
    entries.extend(planned_anew(before, after));
    for (repo, candidate) in &after.candidates {
        let known = before.and_then(|before| before.candidates.get(repo));
        if known.map(|known| &known.sha) != Some(&candidate.sha) {
            let entry =
                entry(after, "release.candidate").fact("repository", repo).fact("commit", &candidate.sha);
            let was = known.map_or_else(String::new, |known| known.sha.to_string());
            entries.push(entry.fact("was", was));
        }
    }
    entries.extend(super::moved::entries(before, after));
    let is_new = |act: &&Act| {
        before.is_none_or(|before| {
            !before.acts.iter().any(|it| it.comment == act.comment && it.place == act.place)
        })
    };
    for act in after.acts.iter().filter(is_new) {
        let became = match &act.verdict {
            Verdict::Allowed => "allowed",
            Verdict::Refused(_) => "refused",
            Verdict::Unknown(_) => "unknown",
        };
        let entry = entry(after, "release.commanded").by(Some(&act.by)).fact("command", act.deed.word());
        entries.push(entry.fact("comment", act.comment).fact("became", became));
    }
    entries.extend(swapped(before, after));
    entries.extend(after.appointed(before));
    let was_carried = |at: IssueRef| {
        before.is_some_and(|before| before.carried.iter().any(|carried| carried.change.at == at))
    };
    for carried in after.carried.iter().filter(|carried| !was_carried(carried.change.at)) {
        let entry = entry(after, "exception.carried").by(Some(&carried.by));
        entries.push(entry.fact("change_request", carried.change.at).text("why", carried.why.clone()));
    }
    entries
}

/// That more is planned for it than it carries, and what it is called since it was renamed.
fn planned_anew(before: Option<&Release>, after: &Release) -> Vec<AuditEntry> {
    let mut entries = vec![];
    if after.is_overfull() && !before.is_some_and(Release::is_overfull) {
        let slots = after.slots.unwrap_or_default();
        entries.push(entry(after, "release.overfull").fact("taken", after.scope.len()).fact("slots", slots));
    }
    let onward =
        after.onward.as_ref().filter(|it| before.and_then(|before| before.onward.as_ref()) != Some(*it));
    entries.extend(onward.map(|it| {
        entry(after, "release.renamed").by(Some(&it.by)).fact("at", it.at).text("to", it.title.clone())
    }));
    entries
}

/// Where it was taken back, and how people say that it went.
fn ended(before: Option<&Release>, after: &Release) -> Vec<AuditEntry> {
    let mut entries = vec![];
    let taken = |before: &Release, back: &TakenBack| before.taken_back.contains(back);
    for back in after.taken_back.iter().filter(|back| before.is_none_or(|before| !taken(before, back))) {
        let entry = entry(after, "release.taken_back").fact("repository", back.repo);
        let entry = entry.fact("deployment", back.deployment).fact("at", back.at);
        entries.push(entry.text("environment", back.environment.clone()));
    }
    let was = before.and_then(Release::outcome);
    if let Some(outcome) = after.outcome().filter(|outcome| was != Some(*outcome)) {
        let entry = entry(after, "release.closed_out").by(Some(outcome.by)).fact("at", outcome.at);
        entries.push(entry.fact("result", outcome.result.as_str()).text("said", outcome.said));
    }
    entries
}

/// How the scope was changed after the lock since then.
fn swapped(before: Option<&Release>, after: &Release) -> Vec<AuditEntry> {
    let named = |at: Option<IssueRef>| at.map_or_else(String::new, |at| at.to_string());
    let news = after.swapped_late().filter(|(act, _)| !act.counted(before));
    news.map(|(act, swap)| {
        let code = if swap.goes.is_some() { "release.swapped" } else { "exception.joined_after_lock" };
        let entry = entry(after, code).by(Some(&act.by)).fact("comment", act.comment);
        let entry = entry.fact("goes", named(swap.goes)).fact("comes", named(swap.comes));
        swap.why.iter().fold(entry, |entry, why| entry.text("why", why.clone()))
    })
    .collect()
}
