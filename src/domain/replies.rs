//! Answers to whoever comments: so many an hour on one issue, and no more. A machine that poses as a person, or two that answer each other,
//! come to an end.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    effect::{Call, Effect},
    ids::IssueRef,
    pairs,
};

/// So many within an hour.
const AN_HOUR: usize = 10;

/// When answers were written on one issue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Replies(Vec<Timestamp>);

impl Replies {
    /// None was written yet.
    pub const NONE: Self = Self(Vec::new());

    /// Whether one more may be written now; then it is counted.
    pub fn take(&mut self, now: Timestamp) -> bool {
        self.forget(now);
        let has_room = self.0.len() < AN_HOUR;
        self.0.extend(has_room.then_some(now));
        has_room
    }

    fn forget(&mut self, now: Timestamp) {
        self.0.retain(|at| now.duration_since(*at) < SignedDuration::from_hours(1));
    }
}

/// The same of several issues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepliesOn(#[serde(with = "pairs")] BTreeMap<IssueRef, Replies>);

impl RepliesOn {
    /// Without the answers that would be too many; reactions, and all that is no answer, stay.
    #[must_use]
    pub fn limit(&mut self, effects: Vec<Effect>, now: Timestamp) -> Vec<Effect> {
        let mut limited = effects;
        limited.retain(|effect| answers(effect).is_none_or(|on| self.0.entry(on).or_default().take(now)));
        self.0.retain(|_, replies| {
            replies.forget(now);
            *replies != Replies::default()
        });
        limited
    }
}

/// The issue on which it answers a comment.
fn answers(effect: &Effect) -> Option<IssueRef> {
    let Call::Comment { on, purpose, .. } = &effect.call else { return None };
    purpose.starts_with("reply/").then_some(*on)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        effect::Reaction,
        ids::CommentId,
        trial::{at, time},
    };

    fn answer(number: u64) -> Vec<Effect> {
        let (purpose, body, was_on) = ("reply/1".into(), "No.".into(), Default::default());
        let reaction =
            Call::Reaction { repo: at(1).repo, comment: CommentId(1), content: Reaction::Confused };
        vec![Effect::new(reaction), Effect::new(Call::Comment { on: at(number), purpose, body, was_on })]
    }

    #[test]
    fn ten_an_hour_are_written_on_each_issue_and_every_comment_has_its_reaction() {
        let mut replies = RepliesOn::default();
        let mut told = |number, seconds| replies.limit(answer(number), time(seconds)).len();
        assert_eq!((0..10).map(|n| told(12, n)).collect::<Vec<_>>(), [2; 10]);
        assert_eq!((told(12, 100), told(13, 100)), (1, 2));
        assert_eq!((told(12, 3_599), told(12, 3_600), told(12, 3_600)), (1, 2, 1));
    }

    #[test]
    fn what_is_no_answer_is_not_counted() {
        let (purpose, body, was_on) = ("status".into(), "So.".into(), Default::default());
        let status = vec![Effect::new(Call::Comment { on: at(12), purpose, body, was_on }); 20];
        let mut replies = RepliesOn::default();
        assert_eq!(replies.limit(status, time(0)).len(), 20);
        assert_eq!(replies, RepliesOn::default());
    }

    #[test]
    fn what_was_counted_before_is_read_as_it_was_written() {
        let mut replies: Replies = serde_json::from_str("[]").unwrap();
        assert!(replies.take(time(0)));
        let text = serde_json::to_string(&replies).unwrap();
        assert_eq!(text, serde_json::to_string(&[time(0)]).unwrap());
        let mut on = RepliesOn::default();
        assert_eq!(on.limit(answer(12), time(0)).len(), 2);
        let text = serde_json::to_string(&on).unwrap();
        assert_eq!(serde_json::from_str::<RepliesOn>(&text).unwrap(), on);
    }
}
