//! What happens on the issue of a meeting: somebody comments, somebody closes it; and what the change requests answer.

use jiff::Timestamp;

use crate::domain::{
    command,
    effect::Effect,
    event::{Event, IssueChange, IssueSnapshot, Judged, What},
    facts::Inquiry,
    ids::{Actor, CommentId, IssueRef},
    report::{heard::Heard, text},
};

use super::{Came, Closed, Decision, Meeting, ask, minutes, wish};

impl Meeting {
    /// Takes what happened to its issue. `None`: something must be found out first.
    pub(super) fn hear(
        &mut self,
        event: &Event,
        issue: &IssueSnapshot,
        heard: &mut Heard,
        inquiry: &mut Inquiry<'_>,
    ) -> Option<()> {
        if let What::Comment { .. } = &event.what {
            return self.hear_comment(event, heard, inquiry);
        }
        if self.closed.is_some() || self.past {
            return Some(());
        }
        let at = issue.closed_at.or(issue.updated_at).unwrap_or(self.opened);
        let by = event.actor.clone();
        let policy = inquiry.policy(self.home)?;
        let sponsors = policy.as_ref().map(minutes::sponsors).unwrap_or_default();
        if let (Some(by), Some(policy)) = (by.as_ref().filter(|by| by.person), &policy) {
            self.attend(by, policy, inquiry)?;
        }
        let count = |wanted: fn(&Came) -> bool| {
            self.decisions.iter().flat_map(|it| &it.of).filter(|asked| wanted(&asked.came)).count()
        };
        let (counts, refused) =
            (count(|came| matches!(came, Came::Counts(_))), count(|came| matches!(came, Came::Refused(_))));
        let entry = self.entry("planning.closed").by(by.as_ref()).fact("at", at);
        let entry = entry.fact("attended", self.attended.len()).fact("decided", counts);
        heard.audit.push(entry.fact("refused", refused));
        // Where its issue is gone, nobody can be told anything there.
        self.past = !matches!(event.what, What::Issue { change: IssueChange::Closed, .. });
        self.closed = Some(Closed { at, by, sponsors, told: false });
        Some(())
    }

    /// Whoever comments is there; what they decide is put to the change requests.
    fn hear_comment(&mut self, event: &Event, heard: &mut Heard, inquiry: &mut Inquiry<'_>) -> Option<()> {
        let Some((comment, by, at)) = command::written(event) else { return Some(()) };
        let Some(policy) = inquiry.policy(self.home)? else { return Some(()) };
        let words = command::words(&comment.body, policy.command_prefix());
        let is_late = self.closed.as_ref().is_some_and(|closed| at > closed.at);
        if self.past || is_late {
            let is_ours = words.iter().any(|(word, rest)| wish::read(word, rest).is_some());
            heard.effects.extend(is_ours.then(|| self.is_over(comment.id, by)).into_iter().flatten());
            return Some(());
        }
        let said = ask::Said { comment: comment.id, at, by };
        let (there, asked) = (
            self.attend(by, &policy, inquiry),
            self.put(&said, &words, &policy, &mut heard.effects, inquiry),
        );
        there.and(asked)
    }

    /// What somebody is told who decides when it is over.
    fn is_over(&self, comment: CommentId, by: &Actor) -> Vec<Effect> {
        let Some(on) = self.issue else { return vec![] };
        let body = format!(
            "{} This meeting is over, and commands here count no more. Say it on the change request itself, or in the next meeting.",
            text::mention(by)
        );
        ask::answered(on, comment, Some(body))
    }

    /// Takes what a change request makes of a command; `None`: it is known already.
    pub(super) fn take(&mut self, judged: &Judged, heard: &mut Heard) -> Option<Timestamp> {
        let on = self.issue?;
        let is_meant = |it: &&mut Decision| it.comment == judged.comment && it.place == judged.place;
        let decision = self.decisions.iter_mut().find(is_meant)?;
        let asked = decision.of.iter_mut().find(|it| it.at == judged.of && it.came == Came::Waits)?;
        let said = judged.said.clone();
        asked.came = if judged.counts { Came::Counts(said) } else { Came::Refused(said) };
        heard.effects.extend(self.answer(on, judged.comment));
        Some(self.opened)
    }

    /// The answer to a comment, once all of it is judged.
    pub(super) fn answer(&self, on: IssueRef, comment: CommentId) -> Vec<Effect> {
        let of: Vec<&Decision> = self.decisions.iter().filter(|it| it.comment == comment).collect();
        let waits = of.iter().flat_map(|it| &it.of).any(|asked| asked.came == Came::Waits);
        if waits { vec![] } else { ask::answered(on, comment, minutes::refusals(&of)) }
    }
}
