//! The minutes: who was there, what was decided and what was not, and what changed in the plan meanwhile. They are one comment, told
//! again when the last answers come in.

use std::collections::BTreeSet;

use crate::domain::{
    effect::{Call, Effect},
    event::PlannedAt,
    ids::IssueRef,
    policy::{EffectivePolicy, Who},
    report::text::{self, TEXT_LIMIT, TITLE_LIMIT, escape, mention},
};

use super::{
    super::published::{PublishedPlan, moved},
    Asked, Came, Closed, Decision, Meeting,
};

/// So many changes of the plan are listed.
const LISTED: usize = 100;

/// The sponsors of a policy, each once, so that they are called.
pub(super) fn sponsors(policy: &EffectivePolicy) -> Vec<String> {
    let login = |who: &Who| format!("@{who}");
    let all: BTreeSet<String> =
        policy.base().accounts().values().map(|account| login(&account.sponsor)).collect();
    all.into_iter().collect()
}

impl Meeting {
    /// The comment that says them. `None`: it is not over, or nobody knows where it was.
    pub(super) fn minutes(&self, plan: Option<&PublishedPlan>, web_url: &str) -> Option<Effect> {
        let (closed, on) = (self.closed.as_ref().filter(|_| !self.past)?, self.issue?);
        let body = text::cut(self.text(closed, plan, web_url));
        Some(Effect::new(Call::Comment { on, purpose: "minutes".into(), body, was_on: BTreeSet::new() }))
    }

    fn text(&self, closed: &Closed, plan: Option<&PublishedPlan>, web_url: &str) -> String {
        let time = |at| self.zone.time(at);
        let by = closed.by.as_ref().map(|by| {
            let there = self.attended.iter().find(|it| it.id == by.id);
            there.map_or_else(|| escape(&by.login, TITLE_LIMIT), super::Attendee::shown)
        });
        let by = by.map(|by| format!("; closed by {by}")).unwrap_or_default();
        let (opened, ended) = (time(self.opened), time(closed.at));
        let mut parts = vec![format!("## Minutes\n\nOpen from {opened} to {ended}{by}.")];
        if !self.attended.is_empty() {
            let attended: Vec<String> = self.attended.iter().map(super::Attendee::shown).collect();
            parts.push(format!("**Attended**: {}.", attended.join(", ")));
        }
        parts.extend(self.decided());
        parts.push(self.changed(plan));
        parts.push(sent(&closed.sponsors, &self.name.to_string(), plan, web_url));
        parts.join("\n\n")
    }

    fn decided(&self) -> Vec<String> {
        let list = |head: &str, lines: Vec<String>| format!("### {head}\n\n{}", lines.join("\n"));
        let of = |wanted: fn(&Came) -> bool| {
            let lines = self.decisions.iter().filter_map(move |decision| decision.line(wanted));
            lines.collect::<Vec<_>>()
        };
        let (counts, refused, waits) = (
            of(|came| matches!(came, Came::Counts(_))),
            of(|came| matches!(came, Came::Refused(_))),
            of(|came| matches!(came, Came::Waits)),
        );
        let mut parts = if counts.is_empty() {
            vec!["Nothing was decided.".to_owned()]
        } else {
            vec![list("Decided", counts)]
        };
        parts.extend((!refused.is_empty()).then(|| list("Refused", refused)));
        parts.extend((!waits.is_empty()).then(|| list("Not known yet whether it counts", waits)));
        parts
    }

    fn changed(&self, plan: Option<&PublishedPlan>) -> String {
        let now: &[PlannedAt] = plan.map(|plan| &plan.places[..]).unwrap_or_default();
        // What was published before it was opened is older than where everything stood then.
        let is_newer = plan.and_then(|plan| plan.at).is_some_and(|at| at > self.opened);
        let all = if is_newer { moved(&self.places, now) } else { vec![] };
        if all.is_empty() {
            return "Nothing changed in the plan while it was open.".into();
        }
        let shown: Vec<String> = all.iter().take(LISTED).map(|line| format!("- {line}")).collect();
        let more = all.len().saturating_sub(LISTED);
        let more = if more > 0 { format!("\n- and {more} more") } else { String::new() };
        format!("### Changed in the plan while it was open\n\n{}{more}", shown.join("\n"))
    }
}

impl Decision {
    /// Who said what, and what became of it, as far as that is `wanted`.
    fn line(&self, wanted: fn(&Came) -> bool) -> Option<String> {
        let who = escape(&self.by.login, TITLE_LIMIT);
        if let Some(why) = &self.refused {
            let is_wanted = wanted(&Came::Refused(String::new()));
            return is_wanted.then(|| format!("- `/{}` ({who}): {why}", self.word));
        }
        let each: Vec<String> =
            self.of.iter().filter(|it| wanted(&it.came)).map(|it| it.shown(&self.word, &who)).collect();
        let why = self.why.as_ref().map(|why| format!(". Why: {}", escape(why, TEXT_LIMIT)));
        (!each.is_empty()).then(|| format!("- {}{}", each.join("; "), why.unwrap_or_default()))
    }
}

impl Asked {
    fn shown(&self, word: &str, who: &str) -> String {
        let named = format!("{} {}", self.name, escape(&self.title, TITLE_LIMIT));
        match &self.came {
            Came::Counts(said) => format!("{named}: {said} ({who})"),
            Came::Refused(why) => format!("`/{word}` for {named} ({who}): {why}"),
            Came::Waits => format!("`/{word}` for {named} ({who})"),
        }
    }
}

/// Whom the plan is sent to.
fn sent(sponsors: &[String], home: &str, plan: Option<&PublishedPlan>, web_url: &str) -> String {
    let where_it_is = match plan.and_then(|plan| plan.issue) {
        Some(IssueRef { number, .. }) => format!("[Release plan]({web_url}/{home}/issues/{number})"),
        None => format!("the issue **Release plan** of {home}"),
    };
    if sponsors.is_empty() {
        return format!("The plan: {where_it_is}.");
    }
    format!("{} The plan as it is now: {where_it_is}.", sponsors.join(" "))
}

/// What somebody is told whose command does not count.
pub(super) fn refusals(decisions: &[&Decision]) -> Option<String> {
    let mut sentences: Vec<String> = vec![];
    for decision in decisions {
        let who = mention(&decision.by);
        let mut said = |about: &str, why: &str| {
            let sentence = format!("{who} wrote `/{}`{about}; {why}.", decision.word);
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        };
        if let Some(why) = &decision.refused {
            said("", why);
        }
        for asked in &decision.of {
            if let Came::Refused(why) = &asked.came {
                said(&format!(" for {}", asked.name), why);
            }
        }
    }
    (!sentences.is_empty()).then(|| text::cut(sentences.join("\n\n")))
}
