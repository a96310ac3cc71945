//! How issues become change requests, which labels are read and set, and how commands are written.

use super::error::Refusal;
use super::lengths::Length;
use super::limits::Limits;
use super::names::{label, plain_name, repository, short_text};
use super::people::person;
use super::place::Place;
use super::written;
use crate::domain::ids::RepoName;
use serde::Serialize;

/// What makes an issue a change request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marker {
    Label(String),
    IssueType(String),
}

/// How an issue becomes a change request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Intake {
    pub marker: Marker,
    /// Where people ask who know no repository.
    pub repository: Option<RepoName>,
    /// Headings of the issue form that must have an answer.
    pub required: Vec<String>,
    /// In which repository the plan is published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<RepoName>,
    /// Who answers for what is accepted, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// How long a request may wait for a decision.
    pub overdue: Option<Length>,
    /// How long a request may lack information before it is withdrawn.
    pub withdraw_after: Option<Length>,
    /// How many may be in a stage at once.
    pub limits: Limits,
    /// Who asked for something may not accept it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub refuses_own: bool,
}

impl Intake {
    pub(super) fn check(place: &Place<'_>, written: &written::Intake) -> Self {
        if written.label.is_some() && written.r#type.is_some() {
            place.key("type").refuse(Refusal::new(
                "stands beside `label`",
                "one of the two makes an issue a change request; remove the other",
            ));
        }
        Self {
            marker: marker(place, written),
            repository: place.maybe("repository", written.repository.as_ref(), repository),
            required: required(&place.key("required"), &written.required),
            plan: place.maybe("plan", written.plan.as_ref(), repository),
            contacts: place.key("contacts").each_once(&written.contacts, person),
            overdue: place.maybe("overdue", written.overdue.as_ref(), Length::read),
            withdraw_after: place.maybe("withdraw-after", written.withdraw_after.as_ref(), Length::read),
            limits: Limits::check(&place.key("limits"), &written.limits),
            refuses_own: matches!(written.own, Some(written::Own::Refused)),
        }
    }
}

fn marker(place: &Place<'_>, written: &written::Intake) -> Marker {
    let by_type = place.maybe("type", written.r#type.as_ref(), short_text).map(Marker::IssueType);
    let by_label = place.maybe("label", written.label.as_ref(), label).map(Marker::Label);
    by_type.or(by_label).unwrap_or_else(|| Marker::Label("change-request".to_owned()))
}

fn required(place: &Place<'_>, written: &[String]) -> Vec<String> {
    let fields = place.each(written, |text| short_text(text.trim_end_matches('?')).map(|_| text.to_owned()));
    for (index, field) in written.iter().enumerate() {
        let before = written.iter().take(index);
        if before.clone().any(|earlier| same_field(earlier, field)) {
            place.item(index).refuse(Refusal::new(format!("names `{field}` twice"), "remove one of them"));
        }
    }
    fields
}

/// Are two headings of a form the same field? Case and a closing question mark do not matter.
pub fn same_field(one: &str, other: &str) -> bool {
    let bare = |text: &str| text.trim().trim_end_matches(['?', ':']).trim_end().to_lowercase();
    bare(one) == bare(other)
}

/// The labels that Changegate reads and sets. The last four are what stands before a value: `risk/` + `high`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Labels {
    pub accepted: String,
    pub needs_information: String,
    pub deferred: String,
    pub declined: String,
    pub duplicate: String,
    pub project: String,
    pub infrastructure: String,
    pub standard: String,
    pub emergency: String,
    pub risk: String,
    pub size: String,
    pub account: String,
    pub system: String,
}

impl Labels {
    pub(super) fn check(place: &Place<'_>, written: &written::Labels) -> Self {
        let named = |key: &str, written: &Option<String>, usual: &str| {
            place.maybe(key, written.as_ref(), label).unwrap_or_else(|| usual.to_owned())
        };
        let labels = Self {
            accepted: named("accepted", &written.accepted, "triage/accepted"),
            needs_information: named(
                "needs-information",
                &written.needs_information,
                "triage/needs-information",
            ),
            deferred: named("deferred", &written.deferred, "triage/deferred"),
            declined: named("declined", &written.declined, "triage/declined"),
            duplicate: named("duplicate", &written.duplicate, "triage/duplicate"),
            project: named("project", &written.project, "kind/project"),
            infrastructure: named("infrastructure", &written.infrastructure, "kind/infrastructure"),
            standard: named("standard", &written.standard, "change/standard"),
            emergency: named("emergency", &written.emergency, "change/emergency"),
            risk: named("risk", &written.risk, "risk/"),
            size: named("size", &written.size, "size/"),
            account: named("account", &written.account, "account/"),
            system: named("system", &written.system, "system/"),
        };
        labels.refuse_twins(place);
        labels
    }

    /// Every key of the file's `labels` with its label, in one order.
    pub fn all(&self) -> [(&'static str, &str); 13] {
        [
            ("accepted", &self.accepted),
            ("needs-information", &self.needs_information),
            ("deferred", &self.deferred),
            ("declined", &self.declined),
            ("duplicate", &self.duplicate),
            ("project", &self.project),
            ("infrastructure", &self.infrastructure),
            ("standard", &self.standard),
            ("emergency", &self.emergency),
            ("risk", &self.risk),
            ("size", &self.size),
            ("account", &self.account),
            ("system", &self.system),
        ]
    }

    fn refuse_twins(&self, place: &Place<'_>) {
        let all = self.all();
        for (index, (key, label)) in all.iter().enumerate() {
            let twin = all.iter().take(index).find(|(_, earlier)| earlier.eq_ignore_ascii_case(label));
            if let Some((earlier, _)) = twin {
                let (own, other) = if place.key(key).is_written() { (key, earlier) } else { (earlier, key) };
                place.key(own).refuse(Refusal::of(
                    label,
                    format!("this is the label for `{other}` too; give each its own"),
                ));
            }
        }
    }
}

/// How people write commands in comments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Commands {
    /// With `cg`, commands are written `/cg approve`.
    pub prefix: Option<String>,
}

impl Commands {
    pub(super) fn check(place: &Place<'_>, written: &written::Commands) -> Self {
        Self { prefix: place.maybe("prefix", written.prefix.as_ref(), prefix) }
    }
}

fn prefix(text: &str) -> Result<String, Refusal> {
    plain_name(text).map_err(|_| Refusal::of(text, "write a short word without the slash, like cg"))
}
