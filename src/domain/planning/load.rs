//! How many change requests are in a stage, beside how many may be: a warning, for whoever starts the next.

use serde::{Deserialize, Serialize};

use super::Line;
use crate::domain::{
    change_request::limits::stage,
    policy::{Limited, Limits},
};

/// What is in a stage that has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Load {
    pub stage: Limited,
    pub there: usize,
    pub limit: u32,
}

/// Of each stage that has a limit, in the order of a change request's life.
#[must_use]
pub fn loads(lines: &[Line], limits: &Limits) -> Vec<Load> {
    let load = |(limited, limit)| {
        let there = lines.iter().filter(|line| line.stage == stage(limited)).count();
        Load { stage: limited, there, limit }
    };
    limits.all().map(load).collect()
}

impl Load {
    /// How many more are there than may be.
    #[must_use]
    pub fn too_many(&self) -> usize {
        self.there.saturating_sub(usize::try_from(self.limit).unwrap_or(usize::MAX))
    }

    /// `In work: 14 of 12, two more than the limit.`; `None`: there are no more than may be.
    #[must_use]
    pub fn warning(&self) -> Option<String> {
        let more = match self.too_many() {
            0 => return None,
            1 => "one".into(),
            2 => "two".into(),
            3 => "three".into(),
            more => more.to_string(),
        };
        let stage = match self.stage {
            Limited::Accepted => "Accepted",
            Limited::Scheduled => "Scheduled",
            Limited::InWork => "In work",
            Limited::Ready => "Ready",
        };
        Some(format!("{stage}: {} of {}, {more} more than the limit.", self.there, self.limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        change_request::Stage,
        planning::tests::line,
        policy::{self, Scope},
    };

    fn told(limits: &str, stages: &[(Stage, u64)]) -> String {
        let text = format!("intake: {{ limits: {{ {limits} }} }}\n");
        let policy = policy::parse(policy::PATH, &text, Scope::Organisation).unwrap();
        let lines = stages.iter().flat_map(|(stage, count)| {
            (0..*count).map(|number| Line { stage: *stage, ..line(number, None) })
        });
        let loads = loads(&lines.collect::<Vec<_>>(), &policy.intake().limits);
        loads.iter().filter_map(Load::warning).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_stage_with_more_than_may_be_there_is_told_and_no_other() {
        let there = [
            (Stage::Accepted, 40),
            (Stage::Scheduled, 3),
            (Stage::InWork, 14),
            (Stage::Merged, 9),
            (Stage::Requested, 99),
        ];
        for (limits, warning) in [
            ("accepted: 40, in-work: 14, ready: 9", ""),
            ("in-work: 12", "In work: 14 of 12, two more than the limit."),
            ("accepted: 39", "Accepted: 40 of 39, one more than the limit."),
            (
                "ready: 4, scheduled: 1",
                "Scheduled: 3 of 1, two more than the limit. Ready: 9 of 4, 5 more than the limit.",
            ),
        ] {
            assert_eq!(told(limits, &there), warning, "{limits}");
        }
        assert_eq!(told("in-work: 12", &[]), "");
    }

    #[test]
    fn of_two_policies_the_lower_limit_counts() {
        let limits = |text: &str| {
            let text = format!("intake: {{ limits: {{ {text} }} }}\n");
            policy::parse(policy::PATH, &text, Scope::Alone).unwrap().intake().limits.clone()
        };
        let both = limits("accepted: 5, ready: 2").and(&limits("accepted: 7, ready: 1, in-work: 3"));
        assert_eq!(both, limits("accepted: 5, ready: 1, in-work: 3"));
    }
}
