//! What an entry of the log says to people, and whose business it is.

use super::{
    super::{audit::AuditEntry, policy::Topic},
    shown,
};

/// The topic and what happened, as the end of a line; `None`: nobody is told.
pub(super) fn of(entry: &AuditEntry) -> Option<(Topic, String)> {
    let (room, what) = entry.code.split_once('.')?;
    let by = By(entry);
    match room {
        "change_request" => change_request(what, &by),
        "release" | "approval" => release(what, &by).map(|said| (Topic::Releases, said)),
        "planning" => meeting(what, &by).map(|said| (Topic::Plans, said)),
        "freeze" => freeze(what, &by).map(|said| (Topic::Exceptions, said)),
        "exception" => Some((Topic::Exceptions, exception(what, &by))),
        "policy" => policy(what, &by).map(|said| (Topic::Policy, said)),
        _ => None,
    }
}

/// Who did it, and what they said.
struct By<'a>(&'a AuditEntry);

impl By<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.0.texts.get(name).map(|text| shown(text)).filter(|text| !text.is_empty())
    }

    fn fact(&self, name: &str) -> &str {
        self.0.facts.get(name).map(String::as_str).unwrap_or_default()
    }

    fn who(&self) -> Option<String> {
        let erased = self.0.actor.map(|_| "somebody whose name was erased".to_owned());
        self.text("actor").or(erased)
    }

    /// `accepted` by whom; by itself where nobody did it.
    fn did(&self, what: &str) -> String {
        self.who().map_or_else(|| what.to_owned(), |who| format!("{what} by {who}"))
    }

    /// Whoever did it, and what; with what was said.
    fn person(&self, what: &str) -> String {
        let who = self.who().unwrap_or_else(|| "somebody".into());
        let said = self.text("said").map(|said| format!(": {said}")).unwrap_or_default();
        format!("{who} {what}{said}")
    }

    /// The same, with what was said.
    fn said(&self, what: &str) -> String {
        self.with(what, "said")
    }

    /// The same, with why.
    fn why(&self, what: &str) -> String {
        self.with(what, "why")
    }

    fn with(&self, what: &str, name: &str) -> String {
        let did = self.did(what);
        self.text(name).map_or_else(|| did.clone(), |said| format!("{did}: {said}"))
    }

    /// What was said itself is part of what happened, and why comes last: `planned for 2026.12 by kim: it is small`.
    fn to(&self, what: &str) -> String {
        let Some(said) = self.text("said") else { return self.did(what) };
        match said.split_once(": ") {
            Some((said, why)) => format!("{}: {why}", self.did(&format!("{what} {said}"))),
            None => self.did(&format!("{what} {said}")),
        }
    }
}

fn change_request(what: &str, by: &By<'_>) -> Option<(Topic, String)> {
    Some(match what {
        "taken_in" => {
            let requester = by.text("requester");
            let asked = requester.map_or_else(|| "new".into(), |who| format!("new, asked for by {who}"));
            (Topic::Requests, asked)
        }
        "accepted" | "declined" | "withdrawn" | "reopened" => {
            let is_silence = what == "withdrawn" && !by.fact("silent_since").is_empty();
            let said = if is_silence { "withdrawn, because nobody answered".into() } else { by.said(what) };
            (Topic::Decisions, said)
        }
        "deferred" => (Topic::Decisions, by.to("put off until")),
        "duplicate" => (Topic::Decisions, by.to("marked as a duplicate of")),
        "needs_information" => (Topic::Decisions, by.person("asks")),
        "taken_back" => (Topic::Decisions, by.to("no longer")),
        "planned" | "scheduled" => (Topic::Plans, by.to("planned for")),
        "limit_overridden" => (Topic::Plans, by.said("accepted over the limit")),
        "unscheduled" => (Topic::Plans, by.said("taken out of its release")),
        "rank" => (Topic::Plans, by.to("ranked")),
        "needed-by" => (Topic::Plans, by.to("needed by")),
        "works" => (Topic::Deliveries, by.person("tried it, and it works")),
        "does_not_work" => (Topic::Deliveries, by.person("tried it, and it does not work")),
        "stage" => stage(by.fact("stage"))?,
        "refused_act" => {
            let (act, why) = (by.fact("act").replace('_', " "), by.fact("why").replace('_', " "));
            let said = by.text("said").map(|said| format!(" {said}")).unwrap_or_default();
            (Topic::Attempts, format!("{}, and refused: {why}", by.did(&format!("“{act}{said}” was tried"))))
        }
        _ => return None,
    })
}

/// What nobody did by a word.
fn stage(stage: &str) -> Option<(Topic, String)> {
    let (topic, said) = match stage {
        "needs_information" => (Topic::Decisions, "information is missing"),
        "withdrawn" => (Topic::Decisions, "withdrawn"),
        "deployed" => (Topic::Deliveries, "in production"),
        _ => return None,
    };
    Some((topic, said.into()))
}

fn release(what: &str, by: &By<'_>) -> Option<String> {
    if !matches!(by.fact("became"), "" | "taken") {
        return None;
    }
    Some(match what {
        "locked" => by.did("locked"),
        "go_no_go" => "go or no-go: whoever signs is asked for it now".into(),
        "approved" => "approved: everybody who has to sign has signed".into(),
        "approval_void" => "approved no longer: what was signed has changed".into(),
        "rejected" => by.why("rejected"),
        "held" => by.why("held"),
        "held_no_more" => by.did("held no longer, released"),
        "taken_back" => format!("taken back in {}", by.text("environment").unwrap_or_default()),
        "closed_out" => {
            let said = by.text("said").map(|said| format!(", {said}")).unwrap_or_default();
            format!("{}: {}{said}", by.did("closed"), by.fact("result").replace('_', " "))
        }
        "overfull" => format!("{} change requests for {} slots", by.fact("taken"), by.fact("slots")),
        "renamed" => by.with("renamed", "to"),
        _ => return None,
    })
}

fn meeting(what: &str, by: &By<'_>) -> Option<String> {
    Some(match what {
        "opened" => by.did("opened"),
        "closed" => format!("{}; its minutes follow", by.did("closed")),
        _ => return None,
    })
}

fn freeze(what: &str, by: &By<'_>) -> Option<String> {
    Some(match what {
        "opened" => by.why("frozen"),
        "lifted" => by.why("a freeze was lifted"),
        _ => return None,
    })
}

/// Exceptions that are nowhere listed are told all the same.
fn exception(what: &str, by: &By<'_>) -> String {
    match what {
        "emergency" => by.said("an emergency was declared"),
        "bypass" => {
            let place = by.text("environment").map(|place| format!(" in {place}")).unwrap_or_default();
            by.did(&format!("deployed past change control{place}"))
        }
        "unguarded" => "an environment is not guarded any more".into(),
        "guarded_again" => "an environment is guarded again".into(),
        "policy_loosened" => "the policy was loosened".into(),
        "policy_unsigned" => {
            "the policy was changed without a signature, and the last good one stays in force".into()
        }
        "policy_unsigned_closed" => "the unsigned change of the policy is settled".into(),
        "commit_adopted" => by.why("a commit was adopted that no pull request brought"),
        "freeze_waived" => by.why("a freeze was set aside"),
        "outage" => "something ran while Changegate was away".into(),
        "tag_moved" => "a tag that was deployed was moved".into(),
        "tag_is_back" => "a tag that was moved is back".into(),
        "carried" => by.why("carried along without being ready"),
        "joined_after_lock" => by.why("the scope was changed after the lock"),
        "substitute" => by.why("a substitute signs"),
        "seal_repeated" => "a sealed permit was used twice".into(),
        other => by.did(&other.replace('_', " ")),
    }
}

fn policy(what: &str, by: &By<'_>) -> Option<String> {
    Some(match what {
        "in_force" => by.did("another policy is in force, signed"),
        "removed" => by.did("the policy was removed"),
        "refused" => "a policy was refused, and the last good one stays in force".into(),
        _ => return None,
    })
}
