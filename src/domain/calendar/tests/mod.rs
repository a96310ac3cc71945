//! A place with its policies and freezes, and what its calendar says there.

use std::sync::Arc;

use super::*;
use crate::domain::{
    finding::Outcome,
    policy::{Scope, parse},
    trial::{WEB, actor, at},
};

mod answers;
mod changes;
mod freezing;
mod openings;
mod scopes;

/// Times are in Berlin; production opens from Tuesday to Thursday.
const POLICY: &str = "
zone: Europe/Berlin
roles: { release-manager: [acme/release-managers] }
environments:
  production:
    names: [production, \"prod-*\"]
    window: [\"Tue-Thu 09:00-16:00\"]
    finish-within: 2 hours
    emergency: { lasts: 4 hours, approved: within 1 working day, retrospective: 5 working days }
freezes:
  - { name: quarter end, from: 2026-12-28 00:00, to: 2027-01-04 08:00, environments: [production] }
";

fn read(text: &str, scope: Scope) -> Arc<Policy> {
    Arc::new(parse("p.yml", text, scope).unwrap_or_else(|errors| panic!("{text}: {errors:?}")))
}

fn policy(text: &str) -> EffectivePolicy {
    EffectivePolicy::of(Some(read(text, Scope::Organisation)), None).unwrap()
}

/// Beside a file of the repository's own.
fn policies(organisation: &str, repository: &str) -> EffectivePolicy {
    let repository = read(repository, Scope::Repository);
    EffectivePolicy::of(Some(read(organisation, Scope::Organisation)), Some(repository)).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A freeze that Rita opened of everything, on Wednesday 2 December at noon in Berlin.
fn opened(why: &str, until: Option<&str>) -> OpenedFreeze {
    OpenedFreeze {
        why: why.into(),
        by: actor("rita"),
        since: instant("2026-12-02T11:00:00Z"),
        until: until.map(instant),
        scope: FreezeScope::default(),
        except: vec![],
        stop: false,
        lifted: None,
    }
}

fn lifted(at: &str) -> Option<Lifted> {
    Some(Lifted { by: actor("rita"), at: instant(at), why: "all is well".into() })
}

/// Who wants to deploy what, where.
#[derive(Clone)]
struct Scene {
    policy: EffectivePolicy,
    freezes: Freezes,
    target: Target<'static>,
    systems: Vec<String>,
    change_requests: Vec<IssueRef>,
    started: Option<Timestamp>,
}

impl Scene {
    fn of(policy: EffectivePolicy) -> Self {
        Self {
            policy,
            freezes: Freezes::default(),
            target: Target::Environment("prod-eu"),
            systems: vec![],
            change_requests: vec![at(1), at(2)],
            started: None,
        }
    }

    fn usual() -> Self {
        Self::of(policy(POLICY))
    }

    fn with(mut self, freeze: OpenedFreeze) -> Self {
        self.freezes.opened.push(freeze);
        self
    }

    fn started(self, at: &str) -> Self {
        Self { started: Some(instant(at)), ..self }
    }

    fn asking<T>(&self, ask: impl FnOnce(&Calendar<'_>, &Departure<'_>) -> T) -> T {
        let place = Place { target: self.target, repo: WEB, systems: &self.systems };
        let departure = Departure { change_requests: &self.change_requests, started: self.started };
        ask(&Calendar::new(&self.policy, &place, &self.freezes), &departure)
    }

    fn judge(&self, now: Timestamp) -> Judged {
        self.asking(|calendar, departure| calendar.judge(departure, now))
    }

    fn allowed_from(&self, from: &str) -> Option<Timestamp> {
        self.asking(|calendar, departure| calendar.allowed_from(departure.change_requests, instant(from)))
    }

    /// The codes of all findings; those that do not pass with a `!`.
    fn codes(&self, now: &str) -> String {
        let mark = |finding: &Finding| if finding.own == Outcome::Pass { "" } else { "!" };
        let codes = self.judge(instant(now)).findings.into_iter().map(|f| format!("{}{}", f.code, mark(&f)));
        codes.collect::<Vec<_>>().join(" ")
    }

    /// Everything that people are told.
    fn told(&self, now: &str) -> String {
        let judged = self.judge(instant(now));
        let mut lines = vec![];
        for finding in judged.findings {
            lines.push(format!("{} ({:?}): {}", finding.code, finding.own, finding.sentence));
            lines.extend(finding.headline.map(|headline| format!("  {headline}")));
            lines.extend(finding.cure.map(|cure| format!("  cure: {cure}")));
        }
        lines.push(format!("again: {}", judged.look_again.map_or("never".into(), |at| at.to_string())));
        lines.join("\n")
    }
}
