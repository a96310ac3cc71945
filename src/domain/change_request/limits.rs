//! How many may be accepted at once: whoever accepts beyond that says why, and it stays on record.

use jiff::Timestamp;

use crate::domain::{facts::Inquiry, policy::Limited};

use super::{
    Stage,
    act::{Act, Deed, Met, Refusal, Ruling, Standing, Verdict},
    judge::ANSWERED_FOR,
    rules::Rules,
};

/// The stage that a limit is for.
#[must_use]
pub const fn stage(limited: Limited) -> Stage {
    match limited {
        Limited::Accepted => Stage::Accepted,
        Limited::Scheduled => Stage::Scheduled,
        Limited::InWork => Stage::InWork,
        Limited::Ready => Stage::Merged,
    }
}

/// The verdict on an act of somebody who may do it, once those who are accepted were counted; notes the limit that it met. `None`:
/// they must be counted first.
///
/// What is accepted already takes no place again, and stays over the limit where it was. What was done where nobody heard of a
/// limit, or too long ago to know how many were accepted then, is not held to it.
pub(super) fn held(
    act: &mut Act,
    standing: Option<Standing<'_>>,
    rules: &Rules,
    now: Timestamp,
    inquiry: &mut Inquiry<'_>,
) -> Option<Verdict> {
    let accepted = standing.filter(|standing| standing.ruling == Ruling::Accepted && act.accepts());
    if let Some(accepted) = accepted {
        act.met = accepted.act.beyond();
        return Some(Verdict::Allowed);
    }
    let is_late = act.before_policy || now.duration_since(act.at) > ANSWERED_FOR;
    let limit = rules.limits.of(Limited::Accepted).filter(|_| act.accepts() && rules.speaks());
    let Some(limit) = limit.filter(|_| !is_late && !act.came_along()) else {
        return Some(Verdict::Allowed);
    };
    let Some(there) = inquiry.at_stage(stage(Limited::Accepted))? else {
        return Some(Verdict::Unknown("it could not be counted how many are accepted".into()));
    };
    let is_met = u32::try_from(there).is_ok_and(|there| there < limit);
    act.met = (!is_met).then_some(Met { limit, there });
    let says_why = matches!(act.deed, Deed::Rule { said: Some(_), .. });
    let is_refused = act.met.is_some() && !says_why;
    Some(if is_refused { Verdict::Refused(Refusal::LimitMet) } else { Verdict::Allowed })
}
