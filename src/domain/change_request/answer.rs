//! What GitHub is told of a change request: the status comment, answers to commands, and labels put right.
//!
//! An act is answered when its verdict is first known, and never again. Labels and the status comment are level:
//! they are told each time as they should be.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    command::Told,
    effect::{Call, Effect, Reaction},
    ids::{CommentId, IssueRef},
    report::{
        reply,
        status::{self, Setting},
    },
};

use super::{
    ChangeRequest,
    act::{self, Act, ActId, Deed, Ruling, Standing, Verdict},
    follow::Heard,
    log, note, planning,
    rules::same,
    silence,
    way_back::WayBack,
};

/// Of a delivery that is older nobody is told.
const RECENTLY: SignedDuration = SignedDuration::from_hours(24);

/// Everything to tell; notes what was said.
#[must_use]
pub fn effects(
    before: Option<&ChangeRequest>,
    after: &mut ChangeRequest,
    (heard, ways): (&Heard, &[WayBack]),
    setting: &Setting<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    if !setting.rules.speaks() {
        return vec![];
    }
    if after.gone.is_some() {
        // Only where people look back on it somebody can still be answered.
        return answered(before, after, (setting, ways), now);
    }
    let mut effects = vec![];
    if after.taken_in {
        effects.extend(asked(after.at, &heard.told, after));
    }
    effects.extend(answered(before, after, (setting, ways), now));
    if after.taken_in {
        effects.extend(labels(before, after, setting));
        effects.extend(in_production(before, after, setting, now));
        effects.extend(silence::effects(before, after, setting, now));
    }
    effects.extend(taking_in(after, setting));
    effects.extend(status(after, heard, setting));
    effects
}

/// Whoever asked for it is told once that it runs, and asked to try it.
fn in_production(
    before: Option<&ChangeRequest>,
    after: &mut ChangeRequest,
    setting: &Setting<'_>,
    now: Timestamp,
) -> Option<Effect> {
    let at = after.delivered.as_ref()?.at;
    let was = before.and_then(|before| before.delivered.as_ref()).map(|was| was.at);
    let is_news = was != Some(at) && now.duration_since(at) < RECENTLY;
    let requester = after.requester().filter(|requester| requester.person && is_news)?;
    let body = status::in_production(requester, at, setting);
    if !after.replies.take(now) {
        return None;
    }
    let purpose = format!("in-production/{}", at.as_second());
    Some(Effect::new(Call::Comment { on: after.at, purpose, body, was_on: BTreeSet::new() }))
}

/// An emergency takes in the issue on which it was declared, once: whoever takes the label off again has the last word.
fn taking_in(after: &ChangeRequest, setting: &Setting<'_>) -> Option<Effect> {
    let emergency = after.emergency.as_ref().filter(|_| !after.taken_in)?;
    let taken_in_since = after.versions.keys().next_back().is_some_and(|at| *at >= emergency.at);
    let on = after.at;
    let call = match setting.rules.marker() {
        ("label", label) => Call::Label { on, name: label.into(), present: true },
        (_, kind) => Call::Comment {
            on,
            purpose: "intake".into(),
            body: reply::lacks_type(&emergency.by, kind),
            was_on: BTreeSet::new(),
        },
    };
    (!taken_in_since).then(|| Effect::new(call))
}

fn status(after: &mut ChangeRequest, heard: &Heard, setting: &Setting<'_>) -> Option<Effect> {
    let open = after.seen.as_ref().is_some_and(|seen| seen.open);
    if !(after.commented || after.taken_in && open) {
        return None;
    }
    after.commented = true;
    let body = status::comment(after, setting);
    let (purpose, was_on) = ("status".into(), after.formerly());
    let effect = Effect::new(Call::Comment { on: after.at, purpose, body, was_on });
    Some(if heard.defaced { effect.again() } else { effect })
}

/// Who asks for help, the status or a second look sees that we have heard.
fn asked(at: IssueRef, told: &[Told], after: &ChangeRequest) -> Vec<Effect> {
    let only_asks =
        |told: &&Told| told.asks() && !after.acts.iter().any(|act| act.comment() == Some(told.comment));
    told.iter().filter(only_asks).map(|told| react(at, told.comment, Reaction::ThumbsUp)).collect()
}

fn react(at: IssueRef, comment: CommentId, content: Reaction) -> Effect {
    Effect::new(Call::Reaction { repo: at.repo, comment, content })
}

/// Reactions to commands, and one comment for all that was refused at once.
fn answered(
    before: Option<&ChangeRequest>,
    after: &mut ChangeRequest,
    (setting, ways): (&Setting<'_>, &[WayBack]),
    now: Timestamp,
) -> Vec<Effect> {
    let mut together: BTreeMap<String, Vec<&Act>> = BTreeMap::new();
    let in_need = comments_in_need(after);
    let is_there =
        |act: &Act| after.gone.is_none() || act.on.is_some_and(|on| Some(on) == after.retrospective);
    let is_heard = |act: &&Act| {
        !act.quiet
            && !act.is_answered_there()
            && !act.came_along()
            && (after.taken_in || act.comment().map_or(act.by_operator(), |it| in_need.contains(&it)))
    };
    for act in after.acts.iter().filter(|act| {
        is_there(act) && (is_heard(act) || (after.gone.is_some() && !act.quiet && !act.is_answered_there()))
    }) {
        together.entry(purpose(act)).or_default().push(act);
    }
    let is_new = |acts: &[&Act]| {
        acts.iter().all(|act| act.is_judged()) && acts.iter().any(|act| !log::was_judged(before, act))
    };
    let mut effects = vec![];
    let mut replies = after.replies.clone();
    for (purpose, acts) in together.into_iter().filter(|(_, acts)| is_new(acts)) {
        let comment = acts.iter().find_map(|act| act.comment());
        let refused = acts.iter().any(|act| !act.counts());
        let content = if refused { Reaction::Confused } else { Reaction::ThumbsUp };
        let on = acts.iter().find_map(|act| act.on).unwrap_or(after.at);
        effects.extend(comment.map(|comment| react(on, comment, content)));
        let body = if refused {
            Some(reply::refused(&acts, after, setting))
        } else {
            acts.iter()
                .find(|act| act.deed.is_emergency())
                .and_then(|act| reply::goes_back(act, ways, setting))
        };
        if let Some(body) = body.filter(|_| replies.take(now)) {
            effects.push(Effect::new(Call::Comment { on, purpose, body, was_on: BTreeSet::new() }));
        }
    }
    after.replies = replies;
    effects
}

/// The comments that declare an emergency, or want to: they are answered wherever they stand.
fn comments_in_need(after: &ChangeRequest) -> BTreeSet<CommentId> {
    let wants_to = |deed: &Deed| matches!(deed, Deed::Malformed { word, .. } if word == "emergency");
    let declares = |act: &&Act| matches!(act.deed, Deed::Emergency { .. }) || wants_to(&act.deed);
    after.acts.iter().filter(declares).filter_map(Act::comment).collect()
}

/// What a comment that answers the act is for: commands of one comment, and what was set in one second, are
/// answered together.
fn purpose(act: &Act) -> String {
    match &act.id {
        ActId::Comment(comment, _) => format!("reply/{comment}"),
        ActId::Operator(id) => format!("operator/{id}"),
        ActId::Silence(since) => format!("silence/{}", since.as_second()),
        ActId::Label(..) | ActId::Unlabel(..) | ActId::Milestone(..) | ActId::CameAlong(..) => {
            format!("refused/{}", act.at.as_second())
        }
    }
}

/// Nothing is put right while it is not known who set what.
fn labels(before: Option<&ChangeRequest>, after: &ChangeRequest, setting: &Setting<'_>) -> Vec<Effect> {
    if after.unread.is_some() {
        return vec![];
    }
    let mut effects = if setting.rules.enforces() { put_back(after) } else { vec![] };
    let standing = act::standing(&after.acts, Timestamp::MAX);
    let commanded = standing.filter(|standing| standing.act.leads() && !standing.act.quiet);
    if let Some(standing) = commanded
        && (setting.rules.enforces() || !log::was_judged(before, standing.act))
    {
        effects.extend(as_commanded(after, standing, setting));
    }
    effects.extend(release(before, after, setting));
    effects.extend(risk(before, after, setting));
    effects.extend(emergency(before, after, setting));
    effects.extend(note::effects(before, after, setting));
    effects
}

/// The release that a command has just put it into, or none, where nothing later says otherwise.
fn release(before: Option<&ChangeRequest>, after: &ChangeRequest, setting: &Setting<'_>) -> Option<Effect> {
    let act = act::planning(&after.acts).filter(|act| act.comment().is_some())?;
    if log::was_judged(before, act) {
        return None;
    }
    let on = after.at;
    let is_there = after.release().is_some_and(|release| act.deed.plans_for(&release.title));
    if let Deed::Schedule { title, .. } = &act.deed {
        let due = planning::due_day(title, act.at, setting.rules);
        return (!is_there).then(|| Effect::new(Call::Schedule { on, title: title.clone(), due }));
    }
    let seen = after.seen.as_ref().and_then(|seen| seen.milestone);
    // It was in a release until now: its milestone is that of one.
    let was_in = after.release().or_else(|| before.and_then(ChangeRequest::release));
    (seen.is_some() && was_in.is_some()).then(|| Effect::new(Call::Milestone { on, number: None }))
}

/// The label of an emergency, while it lasts or something is owed for it; where rules are only advised, once.
fn emergency(before: Option<&ChangeRequest>, after: &ChangeRequest, setting: &Setting<'_>) -> Option<Effect> {
    let (seen, emergency) = (after.seen.as_ref()?, after.emergency.as_ref()?);
    let name = setting.rules.labels.emergency();
    let there = seen.labels.iter().any(|label| same(label, name));
    let wanted = emergency.in_force || !emergency.is_paid();
    let was = before.and_then(|before| before.emergency.as_ref());
    let is_news = was.is_none_or(|was| was.since != emergency.since);
    let differs = there != wanted && (!wanted || setting.rules.enforces() || is_news);
    differs.then(|| Effect::new(Call::Label { on: after.at, name: name.into(), present: wanted }))
}

/// The label of the risk that counts, and no other: where rules are enforced always, elsewhere after a command.
fn risk(before: Option<&ChangeRequest>, after: &ChangeRequest, setting: &Setting<'_>) -> Vec<Effect> {
    let (Some(seen), Some(risk)) = (&after.seen, act::risk(&after.acts)) else { return vec![] };
    let is_command = |act: &&Act| act.comment().is_some() && matches!(act.deed, Deed::Risk { .. });
    let mut commands = after.acts.iter().filter(|act| act.counts() && !act.quiet).filter(is_command);
    if !setting.rules.enforces() && !commands.any(|act| !log::was_judged(before, act)) {
        return vec![];
    }
    let labels = setting.rules.labels.risks().into_iter();
    let put_right = labels.filter_map(|(of, name)| {
        let there = seen.labels.iter().find(|label| same(label, &name));
        match (there, of == risk) {
            (None, true) => Some(Call::Label { on: after.at, name, present: true }),
            (Some(there), false) => Some(Call::Label { on: after.at, name: there.clone(), present: false }),
            (None, false) | (Some(_), true) => None,
        }
    });
    put_right.map(Effect::new).collect()
}

/// What is on the issue, set by somebody who may not.
fn put_back(after: &ChangeRequest) -> Vec<Effect> {
    let Some(seen) = &after.seen else { return vec![] };
    let refused = after.acts.iter().filter(|act| !act.quiet && matches!(act.verdict, Verdict::Refused(_)));
    let back = refused.filter_map(|act| match &act.id {
        ActId::Label(name, _) if seen.labels.contains(name) => {
            Some(Call::Label { on: after.at, name: name.clone(), present: false })
        }
        ActId::Milestone(number, _) if seen.milestone == Some(*number) => {
            Some(Call::Milestone { on: after.at, number: None })
        }
        ActId::Label(..)
        | ActId::Milestone(..)
        | ActId::Unlabel(..)
        | ActId::Comment(..)
        | ActId::Operator(_)
        | ActId::Silence(_)
        | ActId::CameAlong(..) => None,
    });
    back.map(Effect::new).collect()
}

/// The labels that a command stands for, here or where the issue was before: its own, and of the other rulings only what was set after it.
fn as_commanded(after: &ChangeRequest, standing: Standing<'_>, setting: &Setting<'_>) -> Vec<Effect> {
    let Some(seen) = &after.seen else { return vec![] };
    let set_later =
        |name: &str| after.acts.iter().any(|act| act.label() == Some(name) && act.at > standing.act.at);
    let label = |name: &str, present| Effect::new(Call::Label { on: after.at, name: name.into(), present });
    let mut effects = vec![];
    for (ruling, name) in setting.rules.labels.triage() {
        let there = seen.labels.iter().find(|label| same(label, name));
        match there {
            None if ruling == standing.ruling => effects.push(label(name, true)),
            Some(there) if ruling != standing.ruling && !set_later(there) => {
                effects.push(label(there, false));
            }
            None | Some(_) => {}
        }
    }
    effects
}

/// Whether a label of this ruling that was taken off is put on again.
#[must_use]
pub fn is_restored(after: &ChangeRequest, taken: Ruling, setting: &Setting<'_>) -> bool {
    let standing = act::standing(&after.acts, Timestamp::MAX);
    let by_command = standing.is_some_and(|standing| standing.ruling == taken && standing.act.leads());
    setting.rules.enforces() && by_command
}
