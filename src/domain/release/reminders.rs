//! Reminders: a signature that waits is asked for again after four working hours, then of the whole group, then of the
//! release managers; each once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    super::{
        approval::{GroupStand, Judged, Stand},
        effect::{Call, Effect},
        finding::{Outcome, code},
        ids::IssueRef,
        policy::{EffectivePolicy, Zone, after_working_hours},
        report::text,
        revision::RevisionHash,
    },
    Release,
};

/// How many working hours lie between two steps.
const HOURS: u16 = 4;

/// Those who can sign, the whole group, the release managers.
const STEPS: u16 = 3;

/// How often a group was reminded of a revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    pub revision: RevisionHash,
    pub step: u16,
}

/// How often each group was reminded of the current revision.
pub type Reminders = BTreeMap<String, Reminded>;

/// What reminders go by.
pub(super) struct Reminding<'a> {
    pub judged: &'a Judged,
    pub policy: &'a EffectivePolicy,
    pub zone: &'a Zone,
    pub now: Timestamp,
}

impl Release {
    /// The reminders that are due, which are then noted; and when the next one is.
    pub(super) fn remind(&mut self, by: &Reminding<'_>) -> (Vec<Effect>, Option<Timestamp>) {
        let Some((revision, shown)) = self.history.shown_since() else { return (vec![], None) };
        let revision = revision.clone();
        self.reminded.retain(|_, reminded| reminded.revision == revision);
        let is_ready = self.readiness.iter().all(|finding| finding.outcome() == Outcome::Pass);
        let Some(record) = self.record.filter(|_| self.open && is_ready) else { return (vec![], None) };
        let (mut effects, mut next) = (vec![], None::<Timestamp>);
        let mut asked = shown;
        for (place, stand) in by.judged.groups.iter().enumerate() {
            if place > 0 && place < by.judged.ordered {
                let ahead = by.judged.groups.iter().take(place);
                if ahead.clone().any(|ahead| ahead.stand != Stand::Complete) {
                    break;
                }
                asked =
                    ahead.flat_map(|ahead| &ahead.signed).map(|it| it.at).max().unwrap_or(shown).max(shown);
            } else if place >= by.judged.ordered {
                asked = shown;
            }
            if !matches!(stand.stand, Stand::Missing | Stand::OwnWork) {
                continue;
            }
            let done = self.reminded.get(&stand.group).map_or(0, |reminded| reminded.step);
            let due = |step: u16| after_working_hours(asked, HOURS * step, by.zone);
            let step = (done + 1..=STEPS).take_while(|step| due(*step) <= by.now).last();
            if let Some(step) = step {
                let reminded = Reminded { revision: revision.clone(), step };
                self.reminded.insert(stand.group.clone(), reminded);
                effects.push(self.reminder((stand, step), (&revision, asked), record, by));
            }
            let done = step.unwrap_or(done);
            let following = (done < STEPS).then(|| due(done + 1));
            next = next.into_iter().chain(following).min();
        }
        (effects, next)
    }

    fn reminder(
        &self,
        (stand, step): (&GroupStand, u16),
        (revision, asked): (&RevisionHash, Timestamp),
        record: IssueRef,
        by: &Reminding<'_>,
    ) -> Effect {
        let policy = by.policy;
        let group = || policy.group(&stand.group).unwrap_or_default().iter().map(ToString::to_string);
        let whom: Vec<String> = match step {
            1 => stand.waits_for.clone(),
            2 => group().collect(),
            _ => policy.release_managers().iter().map(ToString::to_string).collect(),
        };
        let whom: Vec<String> = whom.iter().map(|who| format!("@{}", who.trim_start_matches('@'))).collect();
        let short = self.history.short(revision);
        let (name, since) = (code(&stand.group), by.zone.time(asked));
        let title = text::escape(&self.id.title, text::TITLE_LIMIT);
        let missing = stand.needed.saturating_sub(stand.count);
        let waits = format!("release **{title}** waits for {missing} of {name} since {since}");
        let command = code(&format!("/approve {} {short}", stand.group));
        let body = match step {
            1 => format!("{}: {waits}. Whoever agrees comments {command} here.", whom.join(" ")),
            2 => format!("{}: {waits}. Any other of {name} may sign, too: {command}.", whom.join(" ")),
            _ => format!(
                "{}: {waits}, and was reminded twice. Who can sign may let somebody stand in: `/delegate @x until DATE`.",
                whom.join(" ")
            ),
        };
        let purpose = format!("reminder/{short}/{}/{step}", stand.group);
        Effect::new(Call::Comment { on: record, purpose, body: text::cut(body), was_on: Default::default() })
    }
}
