//! The plan, published: one issue that people read, with what has changed in it since.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        effect::{Call, Effect},
        event::{DrawnPlan, Event, IssuePurpose, PlannedAt, What},
        ids::{IssueRef, RepoId},
        report::text,
    },
    Account,
};

/// So many changes are told.
const TOLD: usize = 40;

/// What was published last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPlan {
    /// Where.
    pub home: RepoId,
    /// The text without what has changed: it is told again when it is another.
    pub text: String,
    /// Where each change request stood.
    pub places: Vec<PlannedAt>,
    /// What has changed, the last first: when, and what.
    #[serde(default)]
    pub changed: Vec<(Timestamp, String)>,
    /// When it was drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Its issue, once GitHub has confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<IssueRef>,
}

/// Whether a delivery is about the plan.
pub(super) fn is_about(event: &Event) -> bool {
    matches!(event.what, What::PlanDrawn(_) | What::Kept { purpose: IssuePurpose::Plan, .. })
}

impl Account {
    /// Publishes what was drawn, where it is news.
    pub(super) fn hear_plan(&mut self, events: &[Event]) -> (Vec<Effect>, Vec<AuditEntry>) {
        let (mut effects, mut audit) = (vec![], vec![]);
        for event in events {
            if let What::Kept { issue, purpose: IssuePurpose::Plan } = &event.what {
                self.plan.iter_mut().for_each(|plan| plan.issue = Some(*issue));
            }
            let (What::PlanDrawn(drawn), Some(here)) = (&event.what, &event.repository) else { continue };
            let before = self.plan.take();
            let news = before.as_ref().map(|before| moved(&before.places, &drawn.places)).unwrap_or_default();
            let mut changed: Vec<(Timestamp, String)> =
                news.iter().map(|news| (drawn.at, news.clone())).collect();
            let issue = before.as_ref().filter(|before| before.home == here.id).and_then(|it| it.issue);
            changed.extend(before.map(|before| before.changed).unwrap_or_default());
            changed.truncate(TOLD);
            if !news.is_empty() {
                audit.push(
                    AuditEntry::new("plan.changed").fact("changes", news.len()).text("what", news.join("\n")),
                );
            }
            let body = body(drawn, &changed);
            effects.push(Effect::new(Call::Issue {
                repo: here.id,
                purpose: "plan".into(),
                title: "Release plan".into(),
                body,
                open: true,
                told: Some(IssuePurpose::Plan),
            }));
            let (text, places) = (drawn.text.clone(), drawn.places.clone());
            let (home, at) = (here.id, Some(drawn.at));
            self.plan = Some(Box::new(PublishedPlan { home, text, places, changed, at, issue }));
        }
        (effects, audit)
    }
}

/// What stands elsewhere than before, in words.
pub(super) fn moved(before: &[PlannedAt], now: &[PlannedAt]) -> Vec<String> {
    let was = |at| before.iter().find(|it| it.at == at).map(|it| it.place.as_str());
    let is = |at| now.iter().any(|it| it.at == at);
    let came = now.iter().filter_map(|it| match was(it.at) {
        Some(place) if place == it.place => None,
        Some(place) => Some(format!("{} {}: {place} → {}", it.name, shown(it), it.place)),
        None => Some(format!("{} {}: new, {}", it.name, shown(it), it.place)),
    });
    let left = before.iter().filter(|it| !is(it.at));
    came.chain(
        left.map(|it| format!("{} {}: was {}, and is in the plan no more", it.name, shown(it), it.place)),
    )
    .collect()
}

fn shown(planned: &PlannedAt) -> String {
    text::escape(&planned.title, text::TITLE_LIMIT)
}

fn body(drawn: &DrawnPlan, changed: &[(Timestamp, String)]) -> String {
    let lines: Vec<String> =
        changed.iter().map(|(at, what)| format!("- {}: {what}", drawn.zone.day(*at))).collect();
    let changed = if lines.is_empty() {
        String::new()
    } else {
        format!("\n\n### Changed lately\n\n{}", lines.join("\n"))
    };
    text::cut(format!("{}{changed}", drawn.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        policy::Zone,
        trial::{WEB, at, event, seen, time},
    };

    fn drawn(places: &[(u64, &str)], text: &str) -> Event {
        let places = places.iter().map(|(number, place)| PlannedAt {
            at: at(*number),
            name: format!("acme/web#{number}"),
            title: "Ask @all".into(),
            place: (*place).into(),
        });
        let plan = DrawnPlan { at: time(0), zone: Zone::utc(), text: text.into(), places: places.collect() };
        Event { repository: Some(seen(WEB)), ..event(What::PlanDrawn(Box::new(plan))) }
    }

    #[test]
    fn the_plan_says_what_has_changed_since_and_calls_nobody() {
        let mut account = Account::default();
        let (effects, audit) =
            account.hear_plan(&[drawn(&[(1, "2026.11"), (2, "not planned")], "The plan.")]);
        assert_eq!((effects.len(), audit.len()), (1, 0), "nothing was known before");
        let (effects, audit) =
            account.hear_plan(&[drawn(&[(1, "2026.12"), (3, "not planned")], "The plan.")]);
        let [Effect { call: Call::Issue { body, .. }, .. }] = &effects[..] else { panic!("{effects:?}") };
        insta::assert_snapshot!(body, @"
        The plan.

        ### Changed lately

        - 23 Nov 2026: acme/web#1 Ask @&#8203;all: 2026.11 → 2026.12
        - 23 Nov 2026: acme/web#3 Ask @&#8203;all: new, not planned
        - 23 Nov 2026: acme/web#2 Ask @&#8203;all: was not planned, and is in the plan no more
        ");
        assert_eq!(audit.len(), 1);
        let (_, audit) =
            account.hear_plan(&[drawn(&[(1, "2026.12"), (3, "not planned")], "The plan, again.")]);
        assert!(audit.is_empty());
    }
}
