//! A substitute: where too few are in a group who could sign, a release manager lets somebody else count as one of it, for
//! this release only. It is recorded as an exception.
//!
//! What they sign counts from the appointment on, and until it is taken back: what they had said before was not said as one
//! of the group, whatever it named. Who is appointed again signs again.

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

/// Somebody of one group, by their login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whom {
    pub login: String,
    pub group: String,
}

/// An appointment: the act, what it says, and who that is.
pub type Appointment<'a> = (&'a Act, &'a Substitute, &'a Actor);

/// Who worked on what the release ships.
pub(super) struct Workers {
    people: BTreeSet<AccountId>,
    /// Why that is not known, where it is not.
    unknown: Option<String>,
}

/// `@x for GROUP WHY`, `cancel @x for GROUP`, or `cancel`.
pub(super) fn read(words: &str) -> Deed {
    let unclear = |takes: &str| Deed::Unclear { word: "substitute".into(), takes: takes.into() };
    let (first, rest) = word(words);
    if first.eq_ignore_ascii_case("cancel") {
        let whom = whom(rest).map(|(whom, _)| whom);
        return match (whom, rest.is_empty()) {
            (whom @ Some(_), _) | (whom, true) => Deed::SubstituteNoMore { whom },
            (None, false) => unclear("`cancel` alone, or with somebody and a group (`cancel @x for GROUP`)"),
        };
    }
    match whom(words) {
        Some((Whom { login, group }, why)) if !why.is_empty() => {
            Deed::Substitute(Substitute { login, who: None, group, why: why.into() })
        }
        Some(_) | None => unclear("somebody, a group and a reason (`@x for GROUP WHY`)"),
    }
}

/// `@x for GROUP`, and what stands behind it.
fn whom(words: &str) -> Option<(Whom, &str)> {
    let (login, rest) = word(words);
    let (by, rest) = word(rest);
    let (group, rest) = word(rest);
    let login = login.strip_prefix('@').unwrap_or(login);
    let is_login = (1..=39).contains(&login.len())
        && login.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let is_whole = is_login && by.eq_ignore_ascii_case("for") && !group.is_empty();
    is_whole.then(|| (Whom { login: login.into(), group: group.into() }, rest))
}

/// The first word, without a mark behind it, and the rest.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (first.trim_end_matches([',', ':', '.']), rest.trim())
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
    pub fn substitutes(&self) -> impl Iterator<Item = Appointment<'_>> {
        self.appointments().0.into_iter()
    }

    /// The appointments that stand; and each act that took some back, with these.
    #[must_use]
    pub fn appointments(&self) -> (Vec<Appointment<'_>>, Vec<(&Act, Vec<Appointment<'_>>)>) {
        let (mut stand, mut ended) = (vec![], vec![]);
        for act in self.acts.iter().filter(|act| act.counts()) {
            if let Deed::Substitute(substitute) = &act.deed {
                stand.extend(substitute.who.as_ref().map(|who| (act, substitute, who)));
            } else if let Deed::SubstituteNoMore { whom } = &act.deed {
                let is_meant = |it: &Appointment<'_>| whom.as_ref().is_none_or(|whom| whom.is_of(it));
                let (goes, stays) = stand.into_iter().partition(is_meant);
                stand = stays;
                ended.push((act, goes));
            }
        }
        (stand, ended)
    }

    /// Why an act that counts changes nothing: it takes back what is not there.
    pub(super) fn in_vain(&self, act: &Act) -> Option<String> {
        let Deed::SubstituteNoMore { whom } = &act.deed else { return None };
        let (_, ended) = self.appointments();
        let took = |(by, gone): &(&Act, Vec<_>)| std::ptr::eq(*by, act) && !gone.is_empty();
        if ended.iter().any(took) {
            return None;
        }
        Some(match whom {
            None => "there is no substitute here".into(),
            Some(Whom { login, group }) => {
                format!("{login} is no substitute for {} here; the record names those who are", code(group))
            }
        })
    }

    /// Who was appointed since then, and whose appointment was taken back.
    pub(super) fn appointed(&self, before: Option<&Self>) -> Vec<AuditEntry> {
        let (stand, ended) = self.appointments();
        let entry = |name: &str, act: &Act, (_, substitute, who): &Appointment<'_>| {
            let entry = AuditEntry::new(name).fact("train", &self.id.train);
            let entry = entry.by(Some(&act.by)).fact("comment", act.comment).fact("to", who.id);
            let entry = entry.text("title", self.id.title.clone()).text("login", who.login.clone());
            entry.text("group", substitute.group.clone())
        };
        let is_new = |act: &Act| !act.counted(before);
        let gone = ended.iter().flat_map(|(_, gone)| gone);
        let mut all: Vec<&Appointment<'_>> = stand.iter().chain(gone).filter(|it| is_new(it.0)).collect();
        all.sort_by_key(|(act, ..)| (act.at, act.comment, act.place));
        let appointed = all.into_iter().map(|it| {
            let why = it.1.why.clone();
            entry("exception.substitute", it.0, it).text("why", why)
        });
        let ended = ended.iter().filter(|(act, _)| is_new(act));
        let ended = ended
            .flat_map(|(act, gone)| gone.iter().map(|it| entry("release.substitute_taken_back", act, it)));
        appointed.chain(ended).collect()
    }
}

impl Whom {
    fn is_of(&self, (_, substitute, who): &Appointment<'_>) -> bool {
        let is_name = |name: &str| name.eq_ignore_ascii_case(&self.login);
        self.group.eq_ignore_ascii_case(&substitute.group)
            && (is_name(&substitute.login) || is_name(&who.login))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::{CommentId, ReleaseId},
        trial::{actor, time},
    };

    fn december(said: &[&str]) -> Release {
        let mut release = Release::new(&ReleaseId { train: "customer".into(), title: "2026.12".into() });
        release.acts = said.iter().zip(1..).map(|(words, second)| rosa_says(words, second)).collect();
        release
    }

    /// The login names whoever is meant.
    fn rosa_says(words: &str, second: u32) -> Act {
        let mut deed = read(words);
        if let Deed::Substitute(substitute) = &mut deed {
            substitute.who = Some(actor(&substitute.login));
        }
        let (at, comment) = (time(second.into()), CommentId(second.into()));
        Act { at, comment, place: 0, by: actor("rosa"), deed, verdict: Verdict::Allowed }
    }

    fn who_stands(release: &Release) -> String {
        let stands: Vec<String> =
            release.substitutes().map(|(_, it, who)| format!("{} for {}", who.login, it.group)).collect();
        stands.join(", ")
    }

    #[test]
    fn an_appointment_stands_until_it_is_taken_back_whoever_else_was_appointed() {
        let (lee, max) = ("@lee for qa away", "@max for qa away");
        for (said, stands) in [
            (vec![lee, max], "lee for qa, max for qa"),
            (vec![lee, "@lee for ops away", "cancel @LEE for QA"], "lee for ops"),
            (vec![lee, max, "cancel @max for qa"], "lee for qa"),
            (vec![lee, max, "cancel @lee for ops"], "lee for qa, max for qa"),
            (vec![lee, max, "cancel"], ""),
            (vec!["cancel", lee], "lee for qa"),
            (vec![lee, "cancel", lee], "lee for qa"),
            (vec![lee, lee, "cancel @lee for qa"], ""),
        ] {
            assert_eq!(who_stands(&december(&said)), stands, "{said:?}");
        }
        let mut by_a_stranger = december(&[lee, "cancel"]);
        by_a_stranger.acts[1].verdict = Verdict::Refused("only a release manager decides that".into());
        assert_eq!(who_stands(&by_a_stranger), "lee for qa");
    }

    #[test]
    fn each_appointment_and_its_end_is_written_down_once() {
        let written = |before: &[&str], after: &[&str]| {
            let entries = december(after).appointed(Some(&december(before)));
            let told = |entry: &AuditEntry| {
                format!("{} {} {}", entry.code, entry.texts["login"], entry.texts["group"])
            };
            entries.iter().map(told).collect::<Vec<_>>().join(", ")
        };
        let (lee, max) = ("@lee for qa away", "@max for ops away");
        assert_eq!(written(&[], &[lee]), "exception.substitute lee qa");
        assert_eq!(written(&[lee], &[lee]), "");
        assert_eq!(written(&[lee], &[lee, "cancel"]), "release.substitute_taken_back lee qa");
        assert_eq!(written(&[lee, "cancel"], &[lee, "cancel", "cancel"]), "");
        let at_once = "exception.substitute lee qa, exception.substitute max ops, \
            release.substitute_taken_back lee qa";
        assert_eq!(written(&[], &[lee, max, "cancel @lee for qa"]), at_once);
    }

    #[test]
    fn whoever_takes_back_what_is_not_there_is_told_so() {
        let in_vain = |said: &[&str]| {
            let release = december(said);
            release.acts.last().and_then(|act| release.in_vain(act)).unwrap_or_default()
        };
        let lee = "@lee for qa away";
        assert_eq!(in_vain(&[lee]), "");
        assert_eq!(in_vain(&[lee, "cancel @lee for qa"]), "");
        assert_eq!(in_vain(&["cancel"]), "there is no substitute here");
        let not_there = "lee is no substitute for `ops` here; the record names those who are";
        assert_eq!(in_vain(&[lee, "cancel @lee for ops"]), not_there);
    }

    #[test]
    fn it_names_somebody_a_group_and_a_reason() {
        let shown = |words: &str| {
            let deed = read(words);
            if let Deed::SubstituteNoMore { whom } = deed {
                let whom = whom.map(|it| format!(" {} | {}", it.login, it.group));
                return format!("no more:{}", whom.unwrap_or_default());
            }
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
            ("cancel", "no more:"),
            ("Cancel @lee for qa", "no more: lee | qa"),
            ("cancel lee for qa: she is back", "no more: lee | qa"),
            ("cancel @lee", "substitute not understood"),
            ("cancel please", "substitute not understood"),
            ("cancel for qa away", "substitute not understood"),
            ("@cancel for qa Quinn is away", "cancel | qa | Quinn is away"),
        ] {
            assert_eq!(shown(words), expected, "{words}");
        }
    }
}
