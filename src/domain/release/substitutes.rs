//! A substitute: where too few are in a group who could sign, a release manager lets somebody else count as one of it, for
//! this release only. It is recorded as an exception.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    super::{
        audit::AuditEntry,
        facts::{Fact, Inquiry, Membership},
        finding::code,
        ids::{AccountId, Actor},
        policy::EffectivePolicy,
    },
    Release,
    act::{Act, Deed, Verdict},
};

/// Somebody who is to count as one of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Substitute {
    pub login: String,
    /// Who that is, once GitHub has said so.
    pub who: Option<Actor>,
    pub group: String,
    pub why: String,
}

/// Who worked on what the release ships.
pub(super) struct Workers {
    people: BTreeSet<AccountId>,
    /// Why that is not known, where it is not.
    unknown: Option<String>,
}

/// `@x for GROUP WHY`.
pub(super) fn read(words: &str) -> Deed {
    let word = |text: &str| {
        let (first, rest) = text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        (first.trim_end_matches([',', ':', '.']).to_owned(), rest.trim().to_owned())
    };
    let (login, rest) = word(words);
    let (by, rest) = word(&rest);
    let (group, why) = word(&rest);
    let login = login.strip_prefix('@').unwrap_or(&login).to_owned();
    let is_login = (1..=39).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if is_login && by.eq_ignore_ascii_case("for") && !group.is_empty() && !why.is_empty() {
        return Deed::Substitute(Substitute { login, who: None, group, why });
    }
    Deed::Unclear {
        word: "substitute".into(),
        takes: "somebody, a group and a reason (`@x for GROUP WHY`)".into(),
    }
}

/// Whether they may be appointed. `None`: something has to be found out first.
pub(super) fn verdict(
    wish: &mut Substitute,
    by: &Actor,
    workers: &Workers,
    policy: &EffectivePolicy,
    inquiry: &mut Inquiry<'_>,
) -> Option<Verdict> {
    let managers = policy.release_managers();
    let (may, found) = (inquiry.membership(managers, by), inquiry.person(&wish.login));
    let refused = |why: String| Some(Verdict::Refused(why));
    match may? {
        Membership::Member => {}
        Membership::Unknown(why) => return Some(Verdict::Unknown(why)),
        Membership::Stranger => {
            let names: Vec<String> = managers.iter().map(ToString::to_string).collect();
            return refused(format!("only a release manager ({}) decides that", names.join(", ")));
        }
    }
    if policy.group(&wish.group).is_none() {
        return refused(format!("the policy knows no group {}", code(&wish.group)));
    }
    let who = match found? {
        Fact::Known(Some(who), _) if who.person => who.clone(),
        Fact::Known(..) => return refused("there is no such person on GitHub".into()),
        Fact::Unknown(why) => return Some(Verdict::Unknown(why)),
    };
    if who.id == by.id {
        return refused("nobody appoints themselves".into());
    }
    if workers.people.contains(&who.id) {
        return refused(format!("{} worked on what it ships, and nobody signs for that", who.login));
    }
    if let Some(why) = &workers.unknown {
        return Some(Verdict::Unknown(format!("who worked on what it ships: {why}")));
    }
    wish.who = Some(who);
    Some(Verdict::Allowed)
}

impl Release {
    pub(super) fn workers(&self) -> Workers {
        let carried = self.carried.iter().map(|carried| &carried.change);
        let work = || self.changes.iter().chain(carried.clone()).map(|change| &change.work);
        Workers {
            people: work().flat_map(|work| work.people.iter().copied()).collect(),
            unknown: work().find_map(|work| work.unknown.clone()),
        }
    }

    /// Those who count as one of a group besides, each with the act that says so.
    pub fn substitutes(&self) -> impl Iterator<Item = (&Act, &Substitute, &Actor)> {
        self.acts.iter().filter(|act| act.counts()).filter_map(|act| {
            let Deed::Substitute(substitute) = &act.deed else { return None };
            Some((act, substitute, substitute.who.as_ref()?))
        })
    }

    /// Who was appointed since then.
    pub(super) fn appointed(&self, before: Option<&Self>) -> Vec<AuditEntry> {
        let news = self.substitutes().filter(|(act, ..)| !act.counted(before));
        news.map(|(act, substitute, who)| {
            let entry = AuditEntry::new("exception.substitute").fact("train", &self.id.train);
            let entry = entry.by(Some(&act.by)).fact("comment", act.comment).fact("to", who.id);
            let entry = entry.text("title", self.id.title.clone()).text("login", who.login.clone());
            entry.text("group", substitute.group.clone()).text("why", substitute.why.clone())
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_somebody_a_group_and_a_reason() {
        let shown = |words: &str| {
            let deed = read(words);
            let Deed::Substitute(Substitute { login, group, why, .. }) = deed else {
                return format!("{} not understood", deed.word());
            };
            format!("{login} | {group} | {why}")
        };
        for (words, expected) in [
            ("@lee for qa Quinn is away", "lee | qa | Quinn is away"),
            ("lee For qa: away", "lee | qa | away"),
            ("@lee qa away", "substitute not understood"),
            ("@lee for qa", "substitute not understood"),
            ("@acme/ops for qa away", "substitute not understood"),
            ("", "substitute not understood"),
        ] {
            assert_eq!(shown(words), expected, "{words}");
        }
    }
}
