//! How an exception stands: by the entries that close others of their kind, and by what is owed for an emergency or an outage.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::exceptions::ExceptionState;
use crate::{
    domain::{
        account::Outage,
        change_request::emergency::Emergency,
        ids::{IssueRef, RepoId, SubjectId},
        subject::State,
    },
    store::{AuditedEntry, Part, Place, Store, StoreError, Written},
};

/// What stands before the kind in a code.
const PREFIX: &str = "exception.";
/// Entries that are looked through for those that close others. Where there are more, something may be said to be open that is
/// not.
const LATER: usize = 2000;

/// How it stands.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) state: ExceptionState,
    pub(super) closed_at: Option<Timestamp>,
    /// The issue about it.
    pub(super) issue: Option<IssueRef>,
    pub(super) emergency: Option<Emergency>,
}

/// What is known of some exceptions.
#[derive(Debug, Default)]
pub(super) struct Standings {
    /// Entries that close others, the newest first.
    closing: Vec<AuditedEntry>,
    states: BTreeMap<SubjectId, State>,
    /// The issues that we keep, by the keys of what keeps them.
    issues: BTreeMap<String, u64>,
}

/// Its kind, as the code says.
pub(super) fn kind_of(entry: &AuditedEntry) -> &str {
    entry.entry.code.strip_prefix(PREFIX).unwrap_or(&entry.entry.code)
}

/// The kind that entries of this kind close.
fn closes(kind: &str) -> Option<&'static str> {
    match kind {
        "guarded_again" => Some("unguarded"),
        "policy_unsigned_closed" => Some("policy_unsigned"),
        "tag_is_back" => Some("tag_moved"),
        _ => None,
    }
}

/// Whether it is put right by another entry.
fn is_closed_by_another(kind: &str) -> bool {
    matches!(kind, "unguarded" | "policy_unsigned" | "tag_moved")
}

/// Whether the entry opens an exception.
pub(super) fn opens(entry: &AuditedEntry) -> bool {
    closes(kind_of(entry)).is_none()
}

fn subject_of(entry: &AuditedEntry) -> Option<SubjectId> {
    entry.subject.parse().ok()
}

fn fact<'a>(entry: &'a AuditedEntry, name: &str) -> Option<&'a str> {
    entry.entry.facts.get(name).map(String::as_str)
}

fn text<'a>(entry: &'a AuditedEntry, name: &str) -> Option<&'a str> {
    entry.entry.texts.get(name).map(String::as_str)
}

/// The repository in which the issue about it is, and the key of what keeps it.
fn issue_key(entry: &AuditedEntry) -> Option<(RepoId, String)> {
    let subject = subject_of(entry)?;
    let repo = fact(entry, "repository").and_then(|repo| repo.parse().ok()).or_else(|| subject.repo())?;
    let purpose = match (kind_of(entry), &subject) {
        ("bypass", _) => match fact(entry, "deployment") {
            Some(deployment) => format!("bypass/{deployment}"),
            None => {
                let (_, number) = fact(entry, "pull_request")?.split_once('#')?;
                format!("bypass/merged/{number}/{}", text(entry, "environment")?.to_lowercase())
            }
        },
        ("unguarded", SubjectId::Environment(_, name)) => format!("unguarded/{name}"),
        ("policy_unsigned", _) => "policy-unsigned".into(),
        ("tag_moved", SubjectId::Release(release)) => {
            format!("tag-moved/{}/{}", release.train, release.title)
        }
        ("tag_moved", _) => format!("tag-moved/{}", text(entry, "tag")?),
        ("seal_repeated", _) => format!("seal/{}", fact(entry, "id")?),
        _ => return None,
    };
    Some((repo, format!("issue/{repo}/{purpose}")))
}

impl Standings {
    /// Of these entries, the newest first.
    pub(super) async fn of(
        store: &Store,
        place: &Place,
        entries: &[AuditedEntry],
    ) -> Result<Self, StoreError> {
        let mut found = Self::default();
        let paired = entries.iter().rev().find(|entry| is_closed_by_another(kind_of(entry)));
        if let Some(oldest) = paired {
            let part = Part { after: None, since: Some(oldest.at), until: None, rows: LATER };
            let mut closing = store.entries_listed(place, Written::Exceptions, &part).await?;
            closing.retain(|entry| !opens(entry));
            found.closing = store.with_texts(&place.tenant, closing).await?;
        }
        let keys: Vec<String> = entries.iter().filter_map(issue_key).map(|(_, key)| key).collect();
        found.issues = store.kept_by(&place.tenant, &keys).await?;
        let owes = |entry: &&AuditedEntry| matches!(kind_of(entry), "emergency" | "outage");
        let about = entries.iter().filter(owes).filter_map(subject_of);
        let mut subjects: Vec<SubjectId> = about.collect();
        subjects.sort();
        subjects.dedup();
        found.states = store.states(&place.tenant, &subjects).await?;
        Ok(found)
    }

    fn issue(&self, repo: RepoId, key: &str) -> Option<IssueRef> {
        self.issues.get(key).map(|number| IssueRef { repo, number: *number })
    }

    /// How this one stands.
    pub(super) fn find(&self, entry: &AuditedEntry) -> Standing {
        let issue = issue_key(entry).and_then(|(repo, key)| self.issue(repo, &key));
        let closed_at = match kind_of(entry) {
            "emergency" => return Self::of_emergency(entry, self.emergency(entry)),
            "outage" => return self.of_outage(entry),
            "seal_repeated" => return Self::told(issue),
            // Where nothing is enforced there is no issue: it is on record.
            "bypass" if fact(entry, "mode") == Some("enforce") => return Self::told(issue),
            kind if is_closed_by_another(kind) => self.closed_by_another(entry),
            _ => Some(entry.at),
        };
        let state = if closed_at.is_some() { ExceptionState::Closed } else { ExceptionState::Open };
        Standing { state, closed_at, issue, emergency: None }
    }

    fn told(issue: Option<IssueRef>) -> Standing {
        Standing { state: ExceptionState::Told, closed_at: None, issue, emergency: None }
    }

    /// It is open from when there is an issue about it until people have looked back on it.
    fn of_outage(&self, entry: &AuditedEntry) -> Standing {
        let outages = self.states.get(&SubjectId::Account).and_then(State::as_account);
        let is_it = |outage: &&Outage| fact(entry, "from") == Some(&*outage.gap.from.to_string());
        let outage = outages.and_then(|account| account.outages.iter().find(is_it));
        let issue = outage.and_then(|outage| outage.issue);
        let closed_at = match outage.filter(|_| issue.is_some()) {
            Some(outage) => outage.looked_back.as_ref().map(|looked_back| looked_back.at),
            None => Some(entry.at),
        };
        let state = if closed_at.is_some() { ExceptionState::Closed } else { ExceptionState::Open };
        Standing { state, closed_at, issue, emergency: None }
    }

    /// The emergency that it declared or renewed; `None`: another one was declared since.
    fn emergency(&self, entry: &AuditedEntry) -> Option<Emergency> {
        let emergency = self.states.get(&subject_of(entry)?)?.as_change_request()?.emergency.clone()?;
        let at: Timestamp = fact(entry, "at")?.parse().ok()?;
        (at >= emergency.since).then_some(emergency)
    }

    fn of_emergency(entry: &AuditedEntry, emergency: Option<Emergency>) -> Standing {
        let Some(emergency) = emergency else {
            let (state, closed_at) = (ExceptionState::Closed, None);
            return Standing { state, closed_at, issue: None, emergency: None };
        };
        let signed = emergency.signed.as_ref().map(|signed| signed.at);
        let looked_back = emergency.looked_back.as_ref().map(|it| it.at);
        let closed_at = signed.zip(looked_back).map(|(signed, looked_back)| signed.max(looked_back));
        let state = if closed_at.is_some() { ExceptionState::Closed } else { ExceptionState::Open };
        let closed_at = closed_at.map(|at| at.max(entry.at));
        Standing { state, closed_at, issue: None, emergency: Some(emergency) }
    }

    fn closed_by_another(&self, entry: &AuditedEntry) -> Option<Timestamp> {
        let of = |closing: &&AuditedEntry| {
            closes(kind_of(closing)) == Some(kind_of(entry))
                && closing.seq > entry.seq
                && closing.subject == entry.subject
                && fact(closing, "repository") == fact(entry, "repository")
                && text(closing, "tag") == text(entry, "tag")
        };
        self.closing.iter().rev().find(of).map(|closing| closing.at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{super::exceptions::ExceptionKind, *};

    /// The codes of exceptions that stand in the sources of the domain.
    fn written(folder: &std::path::Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                written(&path, found);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let kinds = text.split("\"exception.").skip(1).filter_map(|rest| rest.split('"').next());
            let is_kind = |kind: &&str| {
                !kind.is_empty() && kind.bytes().all(|it| it == b'_' || it.is_ascii_lowercase())
            };
            found.extend(kinds.filter(is_kind).map(str::to_owned));
        }
    }

    #[test]
    fn every_kind_of_exception_that_is_recorded_can_be_asked_for() {
        let mut kinds = BTreeSet::new();
        written(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain"), &mut kinds);
        kinds.retain(|kind| closes(kind).is_none());
        assert!(kinds.len() > 10, "{kinds:?}");
        let unknown: Vec<&String> = kinds
            .iter()
            .filter(|kind| serde_json::from_value::<ExceptionKind>((*kind).as_str().into()).is_err())
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }
}
