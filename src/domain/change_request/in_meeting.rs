//! What a planning meeting is told of what was said there: whether it counts, and what it is now. It is told once, when that is first
//! known.

use crate::domain::{
    effect::{Call, Effect},
    event::Judged,
    report::{
        reply,
        status::Setting,
        text::{TEXT_LIMIT, TITLE_LIMIT, escape},
    },
};

use super::{
    ChangeRequest,
    act::{Act, ActId, Deed, Ruling, Verdict},
    log,
};

/// What is told of those that were judged just now.
pub(super) fn effects(
    before: Option<&ChangeRequest>,
    after: &ChangeRequest,
    setting: &Setting<'_>,
) -> Vec<Effect> {
    let is_news = |act: &&Act| act.in_meeting && act.is_judged() && !log::was_judged(before, act);
    let judged = after.acts.iter().filter(is_news).filter_map(|act| judged(act, after, setting));
    judged.map(|judged| Effect::new(Call::Judged { judged: Box::new(judged) })).collect()
}

fn judged(act: &Act, after: &ChangeRequest, setting: &Setting<'_>) -> Option<Judged> {
    let (ActId::Comment(comment, place), Some(on)) = (&act.id, act.on) else { return None };
    let said = match &act.verdict {
        Verdict::Refused(refusal) => reply::why(act, *refusal, after, setting),
        Verdict::Allowed if setting.rules.speaks() => became(&act.deed)?,
        Verdict::Allowed => {
            format!("{}; where policy says `observe`, it is only recorded", became(&act.deed)?)
        }
        Verdict::Unknown(_) => return None,
    };
    Some(Judged { of: after.at, on, comment: *comment, place: *place, counts: act.counts(), said })
}

/// What it is now. `None`: nothing that is said in a meeting.
fn became(deed: &Deed) -> Option<String> {
    let words = |words: &Option<String>, before: &str| {
        let words = words.as_ref().map(|words| format!("{before}{}", escape(words, TEXT_LIMIT)));
        words.unwrap_or_default()
    };
    if let Deed::Schedule { title, full, kept, .. } = deed {
        let passed = |titles: &[String], why: &str| {
            let each =
                titles.iter().map(|title| format!(", because {} is {why}", escape(title, TITLE_LIMIT)));
            each.collect::<String>()
        };
        let passed = passed(full, "full") + &passed(kept, "kept for other accounts");
        return Some(format!("planned for **{}**{passed}", escape(title, TITLE_LIMIT)));
    }
    if let Deed::Unschedule { .. } = deed {
        return Some("taken out of its release".into());
    }
    let Deed::Rule { ruling, said } = deed else { return None };
    match ruling {
        Ruling::Accepted => Some("accepted".into()),
        Ruling::Deferred => Some(format!("deferred{}", words(said, " until "))),
        Ruling::Declined => Some(format!("declined{}", words(said, ": "))),
        Ruling::NeedsInformation | Ruling::Duplicate | Ruling::Withdrawn => None,
    }
}
