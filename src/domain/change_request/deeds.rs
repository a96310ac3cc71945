//! Which acts the events and GitHub's reading show.
//!
//! A command counts when a person has written it and the comment is as it was written; an act is the same act when it
//! is seen again. A label or a milestone counts while it is there, by whoever set it last.

use jiff::Timestamp;

use crate::domain::{
    command::{self, Command, Later, Told},
    event::{CommentedOn, Event, IssueChange, IssuePurpose, IssueSnapshot, Planning, Triaged, What},
    facts::SetBy,
    ids::IssueRef,
    policy::Risk,
    pull_request::PullRequestView,
};

use super::{
    ChangeRequest,
    act::{Act, ActId, Deed, Ruling, Verdict},
    emergency::Done,
    note::Note,
    rules::{Decides, Rules, same},
};

/// How many acts that do not count are remembered, so that they are answered once.
const REFUSED: usize = 200;

/// The comments with commands among the events on this issue, where it is in the register; elsewhere those that declare an
/// emergency, where there is a policy.
#[must_use]
pub fn told(at: IssueRef, events: &[Event], rules: &Rules) -> Vec<Told> {
    let heard = events.iter().filter_map(|event| {
        let What::Comment { on: CommentedOn::Issue(issue), .. } = &event.what else { return None };
        let told = command::told(event, rules.prefix.as_deref()).filter(|_| issue.at == at)?;
        let declares =
            rules.mode.is_some() && told.commands.iter().any(is_emergency) && !is_kept_by_us(issue);
        (rules.takes_in(issue) || declares).then_some(told)
    });
    heard.collect()
}

const fn is_emergency(command: &Command) -> bool {
    matches!(command, Command::Later(Later::Emergency(_)))
}

/// A control record, a retrospective, an exception: what is said there is no change request.
pub(super) fn is_kept_by_us(issue: &IssueSnapshot) -> bool {
    let by_a_bot = issue.author.as_ref().is_some_and(|author| !author.person);
    by_a_bot && issue.body.contains("<!-- changegate:")
}

impl ChangeRequest {
    /// Adds the acts that the events and the last reading show to those known, and what was said on its pull requests; the new
    /// ones are not judged yet.
    pub fn note_acts(
        &mut self,
        (events, told): (&[Event], &[Told]),
        elsewhere: &[Act],
        rules: &Rules,
        release: Option<&str>,
    ) {
        let known = std::mem::take(&mut self.acts);
        let stays = |act: &&Act| {
            matches!(
                act.id,
                ActId::Comment(..)
                    | ActId::Operator(_)
                    | ActId::Silence(_)
                    | ActId::Unlabel(..)
                    | ActId::CameAlong(..)
            )
        };
        let mut acts: Vec<Act> = known.iter().filter(stays).cloned().collect();
        // A label that was taken off has been there: it takes more than that to lower the risk.
        let raised = |act: &&Act| act.label().is_some() && matches!(act.deed, Deed::Risk { .. });
        acts.extend(known.iter().filter(raised).cloned());
        acts.extend(told.iter().flat_map(commanded).chain(elsewhere.iter().cloned()));
        acts.extend(events.iter().filter_map(planned_elsewhere));
        acts.extend(events.iter().filter_map(|event| taken_off(event, rules)));
        acts.extend(events.iter().filter_map(declared_by_operator));
        acts.extend(self.labels_set(rules, &acts, &known));
        acts.extend(release.and_then(|title| self.milestone_set(title, &acts)));
        for act in &mut acts {
            if let Some(before) = known.iter().find(|before| before.id == act.id) {
                act.verdict.clone_from(&before.verdict);
                (act.quiet, act.before_policy, act.met) = (before.quiet, before.before_policy, before.met);
            } else {
                act.before_policy = rules.mode.is_none();
            }
        }
        let meant_for_others =
            |act: &Act| act.before_policy && act.comment().is_some() && rules.prefix.is_some();
        acts.retain(|act| !meant_for_others(act));
        acts.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        acts.dedup_by(|one, other| one.id == other.id);
        self.acts = acts;
    }

    /// A milestone that we set after a command is that command's, and no act of its own.
    pub fn forget_ours(&mut self) {
        let ours = |act: &Act| {
            let by_us = act.by.as_ref().is_some_and(|by| !by.person);
            let said =
                |it: &&Act| it.comment().is_some() && it.at <= act.at && it.counts() && it.deed.plans();
            let said = self.acts.iter().rev().find(said).map(|it| &it.deed);
            by_us && said.is_some_and(|said| matches!(&act.deed, Deed::Plan(title) if said.plans_for(title)))
        };
        let milestone = |act: &&Act| matches!(act.id, ActId::Milestone(..));
        if self.acts.iter().find(milestone).is_some_and(ours) {
            self.acts.retain(|act| !milestone(&act));
        }
    }

    /// Forgets the oldest of the acts that don't count, where there are too many.
    pub fn forget_refused(&mut self) {
        let refused = |act: &Act| act.is_judged() && !act.counts();
        let mut too_many = self.acts.iter().filter(|act| refused(act)).count().saturating_sub(REFUSED);
        self.acts.retain(|act| {
            let forget = too_many > 0 && refused(act);
            too_many -= usize::from(forget);
            !forget
        });
    }

    /// The deciding labels that are on the issue, by those who set them. A label that we set after a command is that
    /// command's, not an act of its own.
    fn labels_set(&self, rules: &Rules, acts: &[Act], known: &[Act]) -> Vec<Act> {
        let (Some(seen), Some(read)) = (&self.seen, &self.read) else { return vec![] };
        let set_by = |name: &String| read.labels_set.iter().find(|set| set.name == *name);
        let there = read.labels.iter().filter(|name| seen.labels.contains(name));
        let acts_of = there.filter_map(|name| {
            let nobody = SetBy { name: name.clone(), by: None, at: None };
            let set = set_by(name).unwrap_or(&nobody);
            let deed = label_deed(rules.labels.decides(name)?)?;
            let at = set.at.or(seen.created_at).unwrap_or_default();
            let ours = match &set.by {
                Some(by) if !by.person && same(name, rules.labels.emergency()) => self.emergency.is_some(),
                Some(by) => !by.person && is_explained(&deed, at, acts, known),
                None => acts.iter().any(|act| act.came_along() && act.counts() && act.deed.rules_as(&deed)),
            };
            let id = ActId::Label(name.clone(), at);
            (!ours).then(|| Act {
                at,
                id,
                by: set.by.clone(),
                deed,
                verdict: unjudged(),
                quiet: false,
                before_policy: false,
                on: None,
                met: None,
                in_meeting: false,
            })
        });
        acts_of.collect()
    }

    /// The milestone of a release, by whoever set it.
    fn milestone_set(&self, title: &str, acts: &[Act]) -> Option<Act> {
        let (seen, read) = (self.seen.as_ref()?, self.read.as_ref()?);
        let number = seen.milestone.filter(|number| read.milestone == Some(*number))?;
        let set = read.milestone_set.as_ref();
        let nobody = set.is_none_or(|set| set.by.is_none());
        let plan = Deed::Plan(title.into());
        if nobody && acts.iter().any(|act| act.came_along() && act.counts() && act.deed == plan) {
            return None;
        }
        let at = set.and_then(|set| set.at).or(seen.created_at).unwrap_or_default();
        Some(Act {
            at,
            id: ActId::Milestone(number, at),
            by: set.and_then(|set| set.by.clone()),
            deed: plan,
            verdict: unjudged(),
            quiet: false,
            before_policy: false,
            on: None,
            met: None,
            in_meeting: false,
        })
    }
}

/// Whether a command that counts, here or where the issue was before, has made us set the label at this time.
fn is_explained(deed: &Deed, at: Timestamp, acts: &[Act], known: &[Act]) -> bool {
    let counts = |act: &Act| known.iter().any(|before| before.id == act.id && before.counts());
    acts.iter().filter(|act| act.leads() && act.at <= at && counts(act)).any(|act| act.deed.rules_as(deed))
}

pub(super) fn unjudged() -> Verdict {
    Verdict::Unknown("it is being found out who may".into())
}

fn label_deed(decides: Decides) -> Option<Deed> {
    match decides {
        Decides::Triage(ruling) => Some(Deed::Rule { ruling, said: None }),
        Decides::Infrastructure => Some(Deed::Infrastructure),
        Decides::Class => Some(Deed::Class),
        Decides::Risk(risk) => risk.map(|risk| Deed::Risk { risk, why: None }),
    }
}

/// What was said of an emergency on a pull request.
pub(super) fn said_on(pull: &PullRequestView) -> impl Iterator<Item = Act> {
    pull.said.iter().filter_map(|said| {
        Some(Act {
            at: said.at,
            id: ActId::Comment(said.comment, said.place),
            by: Some(said.by.clone()),
            deed: in_need(&said.words.command())?,
            verdict: unjudged(),
            quiet: false,
            before_policy: false,
            on: Some(pull.at),
            met: None,
            in_meeting: false,
        })
    })
}

/// What was said of an emergency on the issue in which people look back on it.
pub(super) fn said_on_retrospective(events: &[Event], at: Option<IssueRef>, rules: &Rules) -> Vec<Act> {
    let heard = events.iter().filter_map(|event| {
        let What::Comment { on: CommentedOn::Issue(issue), .. } = &event.what else { return None };
        let told = command::told(event, rules.prefix.as_deref())?;
        (Some(issue.at) == at).then_some((issue.at, told))
    });
    let of_told = |(on, told): (IssueRef, Told)| {
        let meant =
            |act: &Act| matches!(act.deed, Deed::Emergency { .. } | Deed::Vouch | Deed::LookBack { .. });
        commanded(&told).into_iter().filter(meant).map(|act| Act { on: Some(on), ..act }).collect::<Vec<_>>()
    };
    heard.flat_map(of_told).collect()
}

fn declared_by_operator(event: &Event) -> Option<Act> {
    let What::Kept { purpose: IssuePurpose::Emergency(declaration), .. } = &event.what else { return None };
    Some(Act {
        at: declaration.at,
        id: ActId::Operator(declaration.id.clone()),
        by: Some(declaration.by.clone()),
        deed: Deed::Emergency { why: declaration.why.clone() },
        verdict: unjudged(),
        quiet: false,
        before_policy: false,
        on: None,
        met: None,
        in_meeting: false,
    })
}

fn commanded(told: &Told) -> Vec<Act> {
    let deeds = told.commands.iter().enumerate().filter_map(|(index, command)| Some((index, deed(command)?)));
    let act = |(index, deed)| Act {
        at: told.at,
        id: ActId::Comment(told.comment, index),
        by: Some(told.by.clone()),
        deed,
        verdict: unjudged(),
        quiet: false,
        before_policy: false,
        on: None,
        met: None,
        in_meeting: false,
    };
    deeds.map(act).collect()
}

fn deed(command: &Command) -> Option<Deed> {
    let rule = |ruling, said: &Option<String>| Some(Deed::Rule { ruling, said: said.clone() });
    match command {
        Command::Accept => rule(Ruling::Accepted, &None),
        Command::AcceptOver(why) => rule(Ruling::Accepted, &Some(why.clone())),
        Command::Defer(until) => rule(Ruling::Deferred, until),
        Command::Decline(why) => rule(Ruling::Declined, why),
        Command::NeedInformation(what) => rule(Ruling::NeedsInformation, what),
        Command::Duplicate(of) => rule(Ruling::Duplicate, of),
        Command::Withdraw => rule(Ruling::Withdrawn, &None),
        Command::Reopen => Some(Deed::Reopen),
        Command::Malformed(malformed) => {
            Some(Deed::Malformed { word: malformed.word.into(), takes: malformed.takes.into() })
        }
        Command::Unknown(word) => Some(Deed::Unheard(word.clone())),
        // Answered with a reaction, and forgotten.
        Command::Status | Command::Recheck | Command::Help => None,
        Command::Later(Later::Started) => Some(Deed::Start),
        Command::Later(later) => {
            tried(later).or_else(|| planned(later)).or_else(|| in_need(later)).or_else(|| noted(later))
        }
    }
}

/// A release, as people name it: `2026.12`, `next` or `now`.
fn planned(later: &Later) -> Option<Deed> {
    if *later == Later::Unschedule {
        return Some(Deed::Unschedule { why: None });
    }
    let Later::Schedule(title) = later else { return None };
    Some(if title.trim().is_empty() {
        Deed::Malformed { word: "schedule".into(), takes: "a release or `next`".into() }
    } else {
        Deed::Schedule { title: title.trim().into(), why: None, full: vec![], kept: vec![] }
    })
}

/// What helps planning it.
fn noted(later: &Later) -> Option<Deed> {
    Some(match Note::read(later)? {
        Ok(note) => Deed::Note(note),
        Err((word, takes)) => Deed::Malformed { word: word.into(), takes: takes.into() },
    })
}

/// What a command on a control record or in a meeting says of it.
fn planned_elsewhere(event: &Event) -> Option<Act> {
    let What::Planned { planning, .. } = &event.what else { return None };
    let Planning { release, triage, why, by, at, comment, place, on, in_meeting } = planning.clone();
    let deed = match (triage, release) {
        (Some(triage), _) => Deed::Rule { ruling: ruling(triage), said: why },
        (None, Some(title)) => Deed::Schedule { title, why, full: vec![], kept: vec![] },
        (None, None) => Deed::Unschedule { why },
    };
    let (id, by, on) = (ActId::Comment(comment, place), Some(by), Some(on));
    let (verdict, quiet, before_policy) = (unjudged(), false, false);
    Some(Act { at, id, by, deed, verdict, quiet, before_policy, on, in_meeting, met: None })
}

const fn ruling(triage: Triaged) -> Ruling {
    match triage {
        Triaged::Accepted => Ruling::Accepted,
        Triaged::Deferred => Ruling::Deferred,
        Triaged::Declined => Ruling::Declined,
    }
}

/// The risk; an emergency, and what is owed for it.
fn in_need(later: &Later) -> Option<Deed> {
    let malformed =
        |word: &str, takes: &str| Some(Deed::Malformed { word: word.into(), takes: takes.into() });
    if let Later::Risk(words) = later {
        let (word, why) = words.split_once(char::is_whitespace).unwrap_or((words, ""));
        let why = Some(why.trim().to_owned()).filter(|why| !why.is_empty());
        return match Risk::read(word) {
            Some(risk) if risk == Risk::High || why.is_some() => Some(Deed::Risk { risk, why }),
            Some(_) | None => malformed("risk", "`high`, or `medium` or `low` and a reason"),
        };
    }
    if let Later::Emergency(why) = later {
        let why = why.trim();
        return if why.is_empty() {
            malformed("emergency", "a reason")
        } else {
            Some(Deed::Emergency { why: why.into() })
        };
    }
    if let Later::Done(words) = later {
        return match Done::read(words) {
            Some((result, said)) => Some(Deed::LookBack { result, said: said.into() }),
            None => malformed("done", "`worked`, `problems` or `backed-out`"),
        };
    }
    let Later::Approve(group) = later else { return None };
    (group.is_empty() || group.eq_ignore_ascii_case("release-manager")).then_some(Deed::Vouch)
}

/// Signatures of releases, delivery and ranking are judged elsewhere; on an issue in triage they are passed
/// over in silence.
fn tried(later: &Later) -> Option<Deed> {
    if *later == Later::Works {
        return Some(Deed::Try { works: true, said: None });
    }
    let Later::DoesNotWork(why) = later else { return None };
    Some(if why.is_empty() {
        Deed::Malformed { word: "does-not-work".into(), takes: "what does not".into() }
    } else {
        Deed::Try { works: false, said: Some(why.clone()) }
    })
}

/// A triage label that a person took off.
fn taken_off(event: &Event, rules: &Rules) -> Option<Act> {
    let What::Issue { change: IssueChange::Unlabeled(name), issue } = &event.what else { return None };
    let Some(Decides::Triage(ruling)) = rules.labels.decides(name) else { return None };
    let by = event.actor.as_ref().filter(|actor| actor.person)?;
    let at = issue.updated_at?;
    rules.takes_in(issue).then(|| Act {
        at,
        id: ActId::Unlabel(name.clone(), at),
        by: Some(by.clone()),
        deed: Deed::TakeBack(ruling),
        verdict: unjudged(),
        quiet: false,
        before_policy: false,
        on: None,
        met: None,
        in_meeting: false,
    })
}
