//! Which parts give a body away as that of an event.
//!
//! Whoever captures a signed body can send it again under another event's name. So each event has parts that it must
//! have and parts that it may have; any other part of the list below belongs to another event.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};

/// The parts at the top of a body that tell one event from another. Some are of events that we do not read.
pub(super) const TELLING: [&str; 71] = [
    "action",
    "after",
    "alert",
    "approver",
    "asked",
    "at_gate",
    "away",
    "before",
    "check_run",
    "check_suite",
    "client_payload",
    "comment",
    "commits",
    "declared",
    "deployment",
    "deployment_callback_url",
    "deployment_status",
    "discussion",
    "failed",
    "forkee",
    "hook",
    "hook_id",
    "installation",
    "issue",
    "judged",
    "kept",
    "key",
    "label",
    "master_branch",
    "meeting",
    "member",
    "membership",
    "merge_group",
    "milestone",
    "package",
    "pages",
    "parent_issue",
    "plan_drawn",
    "planned",
    "policy_moved",
    "project",
    "project_card",
    "project_column",
    "pull_request",
    "pusher_type",
    "recorded",
    "ref",
    "ref_type",
    "release",
    "reported",
    "repositories_added",
    "repositories_removed",
    "repository",
    "repository_ruleset",
    "review",
    "rule",
    "sealed",
    "shipped",
    "since",
    "starred_at",
    "sub_issue",
    "swept",
    "team",
    "thread",
    "watched",
    "went_by",
    "withheld",
    "workflow_job",
    "workflow_job_run",
    "workflow_run",
    "zen",
];

/// Which of the telling parts a body has.
#[derive(Debug)]
pub(super) struct Parts {
    named: Vec<&'static str>,
    /// Those of them that are not `null`.
    filled: Vec<&'static str>,
}

impl<'de> Deserialize<'de> for Parts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Top)
    }
}

struct Top;

impl<'de> Visitor<'de> for Top {
    type Value = Parts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut body: A) -> Result<Parts, A::Error> {
        let (mut named, mut filled) = (Vec::new(), Vec::new());
        while let Some(key) = body.next_key::<String>()? {
            let is_filled = body.next_value::<Option<de::IgnoredAny>>()?.is_some();
            let Some(part) = TELLING.into_iter().find(|part| *part == key) else { continue };
            if named.contains(&part) {
                return Err(de::Error::duplicate_field(part));
            }
            named.push(part);
            filled.extend(is_filled.then_some(part));
        }
        Ok(Parts { named, filled })
    }
}

/// Parts that almost any event may have; they give nothing away.
const PLAIN: [&str; 3] = ["action", "installation", "repository"];

/// What the body of one event looks like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected {
    must: &'static [&'static str],
    may: &'static [&'static str],
}

/// What the body of `event` looks like; `None`: we do not read it.
pub(super) fn expected(event: &str) -> Option<Expected> {
    let (must, may): (&'static [&'static str], &'static [&'static str]) = match event {
        "ping" => (&["zen"], &["hook", "hook_id"]),
        "installation" => (&["action", "installation"], &[]),
        "installation_repositories" => {
            (&["action", "installation", "repositories_added", "repositories_removed"], &[])
        }
        "repository" => (&["action", "repository"], &[]),
        "member" => (&["action", "member", "repository"], &[]),
        "membership" => (&["action", "member", "team"], &[]),
        "team" => (&["action", "team"], &[]),
        "issues" => (&["action", "issue", "repository"], &["label", "milestone"]),
        "issue_comment" => (&["action", "issue", "comment", "repository"], &[]),
        "milestone" => (&["action", "milestone", "repository"], &[]),
        "label" => (&["action", "label", "repository"], &[]),
        "pull_request" => {
            (&["action", "pull_request", "repository"], &["after", "before", "label", "milestone"])
        }
        "pull_request_review" => (&["action", "pull_request", "review", "repository"], &[]),
        "merge_group" => (&["action", "merge_group", "repository"], &[]),
        "check_run" => (&["action", "check_run", "repository"], &[]),
        "check_suite" => (&["action", "check_suite", "repository"], &[]),
        "push" => (&["ref", "before", "after", "repository"], &["commits"]),
        "create" => (&["ref", "ref_type", "master_branch", "repository"], &["pusher_type"]),
        "delete" => (&["ref", "ref_type", "repository"], &["pusher_type"]),
        "release" => (&["action", "release", "repository"], &[]),
        "deployment" => (&["action", "deployment", "repository"], &["workflow_run"]),
        "deployment_status" => {
            (&["deployment", "deployment_status", "repository"], &["check_run", "workflow_run"])
        }
        "deployment_protection_rule" => {
            (&["action", "repository"], &["deployment", "deployment_callback_url", "ref", "workflow_run"])
        }
        "deployment_review" => {
            (&["action", "since", "repository"], &["approver", "comment", "workflow_job_run", "workflow_run"])
        }
        super::sweep::RECORDED => (&["action", "recorded", "repository"], &[]),
        super::sweep::POLICY_MOVED => (&["action", "policy_moved", "repository"], &[]),
        super::sweep::WITHHELD => (&["action", "withheld", "repository"], &[]),
        super::sweep::SHIPPED => (&["action", "repository", "shipped"], &[]),
        super::sweep::ASKED => (&["action", "repository", "asked"], &[]),
        super::sweep::REPORTED => (&["action", "repository", "reported"], &[]),
        super::sweep::AWAY => (&["action", "away", "repository"], &[]),
        super::sweep::SEALED => (&["action", "repository", "sealed"], &[]),
        super::sweep::WENT_BY => (&["action", "repository", "went_by"], &[]),
        super::sweep::PLAN_DRAWN => (&["action", "repository", "plan_drawn"], &[]),
        super::sweep::MEETING => (&["action", "meeting", "repository"], &[]),
        super::sweep::JUDGED => (&["action", "judged", "repository"], &[]),
        super::sweep::AT_GATE => (&["action", "at_gate", "repository"], &[]),
        super::sweep::FAILED => (&["action", "failed", "repository"], &[]),
        super::sweep::PLANNED => (&["action", "planned", "repository"], &[]),
        super::sweep::DECLARED => (&["action", "declared", "repository"], &[]),
        super::sweep::KEPT => (&["action", "kept", "repository"], &[]),
        super::sweep::WATCHED => (&["action", "watched", "repository"], &[]),
        super::sweep::SWEPT => (&["action", "swept", "repository"], &[]),
        _ => return None,
    };
    Some(Expected { must, may })
}

impl Expected {
    /// Says what gives the body away as another event's, if anything does.
    pub(super) fn check(self, parts: &Parts) -> Result<(), String> {
        if let Some(missing) = self.must.iter().find(|part| !parts.filled.contains(part)) {
            return Err(format!("it has no `{missing}`"));
        }
        let fits = |part: &&str| self.must.contains(part) || self.may.contains(part) || PLAIN.contains(part);
        match parts.named.iter().find(|part| !fits(part)) {
            Some(foreign) => Err(format!("it has `{foreign}`")),
            None => Ok(()),
        }
    }
}
