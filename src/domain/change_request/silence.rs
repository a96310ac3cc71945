//! A request that lacks information and is not answered: who asked is reminded once, and in the end it is withdrawn. `/reopen`
//! brings it back.
//!
//! The time counts from when they were told, not from when it began: whoever switches this on withdraws nothing that nobody had
//! heard of.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{
    effect::{Call, Effect},
    report::{
        status::Setting,
        text::{self, TITLE_LIMIT},
    },
};

use super::{
    ChangeRequest, Stage,
    act::{Act, ActId, Deed, Ruling, Verdict},
    rules::Rules,
};

/// Since when it is not answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Since when it lacks information.
    pub since: Timestamp,
    /// Since when they know.
    pub told: Timestamp,
    /// When they are reminded.
    pub reminds: Timestamp,
    /// When it is withdrawn.
    pub ends: Timestamp,
    /// They were reminded.
    pub reminded: bool,
}

impl ChangeRequest {
    /// Follows the silence; whether it has just ended. Where nothing is said on GitHub, nobody is waited for.
    pub(super) fn follow_silence(&mut self, rules: &Rules, now: Timestamp) -> bool {
        let lacking = self.stages.last().filter(|(stage, _)| *stage == Stage::NeedsInformation);
        let is_waited_for = self.taken_in && self.gone.is_none() && rules.speaks() && self.unread.is_none();
        let lacking = lacking.filter(|_| is_waited_for && self.answer().is_none()).map(|(_, since)| *since);
        let (Some(since), Some(length)) = (lacking, rules.withdraw_after) else {
            self.silence = None;
            return false;
        };
        let silence = match self.silence {
            Some(silence) if silence.since == since => silence,
            Some(_) | None => {
                let ends = length.after(now, &rules.zone);
                let half = SignedDuration::from_secs(ends.duration_since(now).as_secs() / 2);
                Silence { since, told: now, reminds: now + half, ends, reminded: false }
            }
        };
        self.silence = Some(silence);
        if silence.ends > now {
            return false;
        }
        let said = Some(format!("nothing was answered for {length}"));
        self.acts.push(Act {
            at: silence.ends,
            id: ActId::Silence(since),
            by: None,
            deed: Deed::Rule { ruling: Ruling::Withdrawn, said },
            verdict: Verdict::Allowed,
            quiet: false,
            before_policy: false,
            on: None,
            met: None,
            in_meeting: false,
        });
        self.acts.sort_by(|one, other| (one.at, &one.id).cmp(&(other.at, &other.id)));
        self.silence = None;
        true
    }

    /// When whoever asked for it answered the question that was asked last; what the form lacks is answered in the form.
    #[must_use]
    pub fn answer(&self) -> Option<Timestamp> {
        let (stage, since) = self.stages.last()?;
        let is_asked = *stage == Stage::NeedsInformation && self.missing.is_empty();
        self.answered.filter(|answered| is_asked && answered > since)
    }

    /// When to look at it again.
    pub(super) fn silence_ends(&self) -> Option<Timestamp> {
        self.silence.map(|silence| if silence.reminded { silence.ends } else { silence.reminds })
    }
}

/// The reminder, once; and that it was withdrawn.
pub(super) fn effects(
    before: Option<&ChangeRequest>,
    after: &mut ChangeRequest,
    setting: &Setting<'_>,
    now: Timestamp,
) -> Vec<Effect> {
    let mut told = vec![];
    if let Some(silence) = after.silence.filter(|silence| !silence.reminded && silence.reminds <= now)
        && let Some(body) = reminder(after, silence, setting)
        && after.replies.take(now)
    {
        after.silence = Some(Silence { reminded: true, ..silence });
        told.push((format!("reminder/{}", silence.since.as_second()), body));
    }
    let is_new = |act: &&Act| {
        let known = before.is_some_and(|before| before.acts.iter().any(|known| known.id == act.id));
        matches!(act.id, ActId::Silence(_)) && !known
    };
    if let Some(act) = after.acts.iter().find(is_new)
        && let Some(body) = withdrawn(after, act, setting)
        && after.replies.take(now)
    {
        told.push((format!("withdrawn/{}", act.at.as_second()), body));
    }
    let on = after.at;
    let comment = |(purpose, body)| Call::Comment { on, purpose, body, was_on: BTreeSet::new() };
    told.into_iter().map(comment).map(Effect::new).collect()
}

fn reminder(request: &ChangeRequest, silence: Silence, setting: &Setting<'_>) -> Option<String> {
    let whom = request.requester().filter(|it| it.person).map(text::mention)?;
    let day = setting.rules.zone.day(silence.ends);
    let lacks = if request.missing.is_empty() {
        "the question that was asked here is not answered yet".to_owned()
    } else {
        let fields = request.missing.iter().map(|field| format!("**{}**", text::escape(field, TITLE_LIMIT)));
        format!("{} is still missing in the description above", fields.collect::<Vec<_>>().join(", "))
    };
    let reopen = setting.command("reopen");
    Some(format!(
        "{whom} This request still waits for you: {lacks}. It is withdrawn on {day} if nothing changes; {reopen} brings it back."
    ))
}

fn withdrawn(request: &ChangeRequest, act: &Act, setting: &Setting<'_>) -> Option<String> {
    let whom = request.requester().filter(|it| it.person).map(text::mention)?;
    let Deed::Rule { said: Some(said), .. } = &act.deed else { return None };
    let reopen = setting.command("reopen");
    Some(format!("{whom} This request is withdrawn: {said}. {reopen} brings it back, with its age."))
}
